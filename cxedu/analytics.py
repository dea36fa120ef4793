"""Customer analytics: judge predictions and campaigns, test ideas, and keep chance in mind.

Conventions, the same in every function: an *outcome* is 1 (or True) where the customer responded,
bought or left, and 0 where not; a *score* ranks customers, the highest first; a *probability* is a
score that claims to be true as a number. Customers with equal scores cannot be told apart, so they
share what they did among themselves: every result is what a random order among them gives on
average, and never depends on the order of the rows. Money is contribution margin in euros (€).
"""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import special, stats

from cxedu import validate
from cxedu.experience import wilson_interval

__all__ = [
    "ABTest",
    "ab_test",
    "ab_test_means",
    "auc",
    "bayes_posterior",
    "brier_decomposition",
    "brier_score",
    "calibration_table",
    "gains_curve",
    "incremental_profit",
    "lift_table",
    "next_best_offer",
    "peeking_false_positive_rate",
    "positive_predictive_value",
    "power",
    "qini_coefficient",
    "qini_curve",
    "regression_to_the_mean",
    "sample_size",
    "simpson_table",
    "uplift_by_decile",
]

# A model that predicts -------------------------------------------------------------------------


def lift_table(outcome: Any, score: Any, groups: int = 10) -> pd.DataFrame:
    """How much better than chance a score finds responders, tenth by tenth.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether the customer responded.
    score : array of n numbers
        The higher, the sooner the customer would be targeted.
    groups : int, 2 to n
        How many groups. Where n is not divisible the first groups have one customer more.

    Returns
    -------
    DataFrame, index `decile` 1 (highest scores) to 10
        customers, responses, response_rate, lift (rate ÷ overall rate), gain (share of all responses
        found so far), cumulative_lift (gain ÷ share of customers so far). Responses are fractions
        where equal scores lie across a boundary.

    Raises
    ------
    ValueError
        If nobody responded, lengths differ or there are fewer customers than groups.

    Notes
    -----
    A score that says nothing has a lift of 1 everywhere on average; the highest lift possible is
    1 ÷ overall rate. Lift as a yardstick of churn models: Neslin, Gupta, Kamakura, Lu and Mason (2006).

    Examples
    --------
    >>> table = lift_table([1, 1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.4, 0.2, 0.1], groups=3)
    >>> table.reset_index()[["decile", "responses", "lift", "gain"]].round(2)
       decile  responses  lift  gain
    0       1        2.0   2.0  0.67
    1       2        1.0   1.0  1.00
    2       3        0.0   0.0  1.00
    """
    y, s = _scored(outcome, score)
    _some("outcome", y)
    sizes = _sizes(y.size, groups)
    (responses,) = _by_group(s, sizes, y)
    rate, overall = responses / sizes, y.mean()
    gain = np.cumsum(responses) / y.sum()
    return pd.DataFrame(
        {
            "customers": sizes,
            "responses": responses,
            "response_rate": rate,
            "lift": rate / overall,
            "gain": gain,
            "cumulative_lift": gain / (np.cumsum(sizes) / y.size),
        },
        index=pd.RangeIndex(1, sizes.size + 1, name="decile"),
    )


def gains_curve(outcome: Any, score: Any) -> pd.DataFrame:
    """Share of the responders found against share of the customers contacted, best scores first.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether the customer responded.
    score : array of n numbers
        The higher, the sooner the customer would be contacted.

    Returns
    -------
    DataFrame, one row per distinct score and one for the origin
        share_of_customers, share_of_responses, both from 0 to 1. Between two rows the curve is
        straight.

    Raises
    ------
    ValueError
        If nobody responded or lengths differ.

    Notes
    -----
    The diagonal is a random choice. The area under the curve is ½ + (1 − π)(AUC − ½), with π the
    response rate. Neslin, Gupta, Kamakura, Lu and Mason (2006) judge churn models by lift and by the
    Gini coefficient of this curve.

    Examples
    --------
    >>> gains_curve([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])
       share_of_customers  share_of_responses
    0                0.00                 0.0
    1                0.25                 0.5
    2                0.75                 1.0
    3                1.00                 1.0
    """
    y, s = _scored(outcome, score)
    _some("outcome", y)
    n, found = _cumulate(s, y)
    return pd.DataFrame({"share_of_customers": n / n[-1], "share_of_responses": found / found[-1]})


def auc(outcome: Any, score: Any) -> float:
    """Area under the ROC curve: how often a responder scores higher than one who did not respond.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether the customer responded; both must occur.
    score : array of n numbers
        Only its order matters.

    Returns
    -------
    float
        0 to 1. 1 tells all apart, ½ is chance, below ½ has the order the wrong way round.

    Raises
    ------
    ValueError
        If all outcomes are equal or lengths differ.

    Notes
    -----
    AUC = P(score of a responder > score of another) + ½ P(equal) = U / (n₁ n₀), with U the statistic of
    Mann and Whitney (1947); Hanley and McNeil (1982). It says nothing about calibration or money.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    >>> auc([0, 1, 1], [0.5, 0.5, 0.5])
    0.5
    """
    y, s = _scored(outcome, score)
    _both("outcome", y)
    ones = y.sum()
    u = stats.rankdata(s)[y == 1].sum() - ones * (ones + 1) / 2
    return float(u / (ones * (y.size - ones)))


def brier_score(outcome: Any, probability: Any) -> float:
    """Mean squared distance between the predicted probability and what happened.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether it happened.
    probability : array of n, 0 to 1
        Predicted probability that it would.

    Returns
    -------
    float
        0 (certain and right) to 1 (certain and wrong). Whoever always says ½ gets ¼; whoever always
        says the base rate π gets π(1 − π).

    Raises
    ------
    ValueError
        If a probability is outside 0 to 1 or lengths differ.

    Notes
    -----
    Σ (p − y)² / n: half of the score of Brier (1950), who also counts the squared distance of
    "it does not happen". `brier_decomposition` says where it comes from.

    Examples
    --------
    >>> brier_score([1, 0], [0.75, 0.5])
    0.15625
    """
    y, p = _predicted(outcome, probability)
    return float(np.mean((p - y) ** 2))


def brier_decomposition(outcome: Any, probability: Any, bins: int | None = None) -> pd.Series:
    """Brier score in three parts: calibration, power to tell apart, and what nobody can help.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether it happened.
    probability : array of n, 0 to 1
        Predicted probability.
    bins : int, at least 1, optional
        Into how many classes of equal width the probabilities are put. None, the default, takes every
        distinct probability as a class, which is exact but says little if nearly all are distinct.

    Returns
    -------
    Series
        brier, reliability (0 is perfectly calibrated), resolution (the more the better), uncertainty
        (π(1 − π)), within_bins (what the classes hide; 0 if bins is None).

    Raises
    ------
    ValueError
        If a probability is outside 0 to 1, lengths differ or `bins` is not a whole number.

    Notes
    -----
    brier = reliability − resolution + uncertainty + within_bins, with
    reliability = Σ nₖ (p̄ₖ − ȳₖ)² / n and resolution = Σ nₖ (ȳₖ − ȳ)² / n (Murphy 1973). Where
    probabilities differ inside a class, two more terms arise (Stephenson, Coelho and Jolliffe 2008);
    within_bins is their sum.

    Examples
    --------
    >>> brier_decomposition([1, 1, 0, 0, 0, 1], [0.8, 0.8, 0.8, 0.2, 0.2, 0.2]).round(4).to_dict()
    {'brier': 0.24, 'reliability': 0.0178, 'resolution': 0.0278, 'uncertainty': 0.25, 'within_bins': 0.0}
    """
    y, p = _predicted(outcome, probability)
    if bins is None:
        group = np.unique(p, return_inverse=True)[1]
    else:
        group = _widths(p, validate.whole("bins", bins, 1, 10**6))
    _, group = np.unique(group, return_inverse=True)
    n = np.bincount(group)
    predicted, observed = np.bincount(group, p) / n, np.bincount(group, y) / n
    reliability = float(n @ (predicted - observed) ** 2) / y.size
    resolution = float(n @ (observed - y.mean()) ** 2) / y.size
    uncertainty = float(y.mean() * (1 - y.mean()))
    within = np.mean((p - predicted[group]) ** 2)
    within -= 2 * np.mean((p - predicted[group]) * (y - observed[group]))
    return pd.Series(
        {
            "brier": float(np.mean((p - y) ** 2)),
            "reliability": reliability,
            "resolution": resolution,
            "uncertainty": uncertainty,
            "within_bins": 0.0 if bins is None else float(within),
        }
    )


def calibration_table(
    outcome: Any,
    probability: Any,
    groups: int = 10,
    by: Literal["quantile", "width"] = "quantile",
    level: float = 0.95,
) -> pd.DataFrame:
    """Predicted against observed: do 20 % of those happen that were given 20 %?

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether it happened.
    probability : array of n, 0 to 1
        Predicted probability.
    groups : int, at least 1
        How many groups at most; empty ones are left out.
    by : {"quantile", "width"}
        Groups of about equal size, or classes of equal width from 0 to 1. Equal probabilities are never
        parted.
    level : float, between 0 and 1
        Confidence level of the interval of the observed share.

    Returns
    -------
    DataFrame, index `group` from 1 (lowest probabilities)
        customers, predicted (mean probability), observed (share of outcomes), low, high (interval of
        observed). A calibrated model has predicted between low and high in most groups.

    Raises
    ------
    ValueError
        If a probability is outside 0 to 1, lengths differ or an argument is out of its range.

    Notes
    -----
    predicted = Σ p / n and observed = Σ y / n in each group. The interval is the score interval of
    Wilson (1927). The table is what a reliability diagram draws (Murphy and Winkler 1977).

    Examples
    --------
    >>> calibration_table([0, 0, 0, 1, 1, 0, 1, 1], [0.2] * 4 + [0.7] * 4, 2).reset_index().round(2)
       group  customers  predicted  observed   low  high
    0      1          4        0.2      0.25  0.05  0.70
    1      2          4        0.7      0.75  0.30  0.95
    """
    y, p = _predicted(outcome, probability)
    count = validate.whole("groups", groups, 1, 10**6)
    validate.choice("by", by, ["quantile", "width"])
    validate.number("level", level, 0, 1, low_open=True, high_open=True)
    if by == "width":
        group = _widths(p, count)
    else:
        group = np.searchsorted(np.sort(p), p, side="left") * count // p.size
    used, group = np.unique(group, return_inverse=True)
    n = np.bincount(group)
    happened = np.bincount(group, y)
    low, high = wilson_interval(happened, n, level)
    return pd.DataFrame(
        {
            "customers": n,
            "predicted": np.bincount(group, p) / n,
            "observed": happened / n,
            "low": low,
            "high": high,
        },
        index=pd.Index(used + 1, name="group"),
    )


# A campaign that changes behaviour -------------------------------------------------------------


def qini_curve(outcome: Any, treated: Any, score: Any) -> pd.DataFrame:
    """Responses that a campaign *caused*, against the share of the customers it goes to.

    Parameters
    ----------
    outcome : array of n, 0 or 1
        Whether the customer responded.
    treated : array of n, 0 or 1
        Whether the customer was treated or held back as control, at random; both must occur.
    score : array of n numbers
        Predicted uplift (or any other score to be judged); the highest is targeted first.

    Returns
    -------
    DataFrame, one row per distinct score and one for the origin
        share_of_customers; treated, control (customers so far); incremental (responses among the
        treated so far that would not have come without the treatment); incremental_rate (÷ all treated:
        ends at the average effect); random (the straight line to that end).

    Raises
    ------
    ValueError
        If there is no treated or no control customer, or lengths differ.

    Notes
    -----
    incremental = Rₜ − R꜀ Nₜ / N꜀ of the customers so far (Radcliffe 2007); as long as no control is
    among them R꜀ is 0 and the second term is taken as 0. It is an estimate of an effect only where
    treatment was random.

    Examples
    --------
    >>> qini_curve([1, 0, 1, 1], [1, 0, 1, 0], [4, 4, 1, 1])[["share_of_customers", "incremental", "random"]]
       share_of_customers  incremental  random
    0                 0.0          0.0    0.00
    1                 0.5          1.0    0.25
    2                 1.0          1.0    0.50
    """
    y, t, s = _campaign(outcome, treated, score)
    n, n_t, r_t, r_c = _cumulate(s, t, t * y, (1 - t) * y)
    n_c = n - n_t
    incremental = r_t - r_c * n_t / np.maximum(n_c, 1)
    rate = incremental / n_t[-1]
    return pd.DataFrame(
        {
            "share_of_customers": n / n[-1],
            "treated": n_t.astype(int),
            "control": n_c.astype(int),
            "incremental": incremental,
            "incremental_rate": rate,
            "random": n / n[-1] * rate[-1],
        }
    )


def qini_coefficient(
    outcome: Any,
    treated: Any,
    score: Any,
    normalise: Literal["optimum", "zero downlift", "none"] = "optimum",
) -> float:
    """How well a score finds those whom the campaign changes: one number for the Qini curve.

    Parameters
    ----------
    outcome, treated, score : arrays of n
        As in `qini_curve`.
    normalise : {"optimum", "zero downlift", "none"}
        By what the area between curve and random line is divided:

        - "optimum": the same area of the best curve that the two response rates pₜ and p꜀ allow. It
          rises to u = min(pₜ, 1 − p꜀) over the share u, stays, and falls by d = min(p꜀, 1 − pₜ) over the
          last share d, those whom the campaign puts off. The area is [u(1 − u) + d(1 − d)] / 2.
        - "zero downlift": the same if nobody is put off: u is the average effect a = pₜ − p꜀, which must
          be greater than 0, and d is 0. The area is a(1 − a) / 2.
        - "none": nothing. The area itself, in shares of customers × responses per treated customer.

    Returns
    -------
    float
        0 is random, 1 the best curve; negative if the score has it the wrong way round. In small samples
        chance can bring it above 1.

    Raises
    ------
    ValueError
        If there is no treated or no control customer, lengths differ, or the normalising area is 0.

    Notes
    -----
    (area under the curve − area under the random line) / the area chosen by `normalise`. The idea,
    a Gini coefficient for campaigns, and the ratio to an optimum with or without downlift are
    Radcliffe's (2007); the areas of the optima are written down here as stated above. Others divide
    by other areas or not at all: compare coefficients only if they were made alike.

    Examples
    --------
    >>> y, t, s = [1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 1, 1, 0, 0], [2, 2, 2, 2, 1, 1, 1, 1]
    >>> qini_coefficient(y, t, s, "none")  # half of the customers are the half that is moved
    0.125
    >>> qini_coefficient(y, t, s)
    1.0
    """
    curve = qini_curve(outcome, treated, score)
    y, t, _ = _campaign(outcome, treated, score)
    validate.choice("normalise", normalise, ["optimum", "zero downlift", "none"])
    above = curve["incremental_rate"] - curve["random"]
    area = float(np.trapezoid(above, curve["share_of_customers"]))
    if normalise == "none":
        return area
    p_t, p_c = float(y[t == 1].mean()), float(y[t == 0].mean())
    if normalise == "optimum":
        up, down = min(p_t, 1 - p_c), min(p_c, 1 - p_t)
    else:
        up, down = p_t - p_c, 0.0
        if up <= 0:
            raise ValueError(
                f"the average effect is {up:g}; normalise='zero downlift' needs one greater than 0."
            )
    best = (up * (1 - up) + down * (1 - down)) / 2
    if best <= 0:
        raise ValueError(
            f"response rates are {p_t:g} and {p_c:g}; no order of customers is better than another, "
            "so only normalise='none' has a result."
        )
    return area / best


def uplift_by_decile(
    outcome: Any, treated: Any, score: Any, groups: int = 10, level: float = 0.95
) -> pd.DataFrame:
    """Response of treated and control customers and the difference, tenth by tenth.

    Parameters
    ----------
    outcome, treated, score : arrays of n
        As in `qini_curve`.
    groups : int, 2 to n
        How many groups; each must hold treated and control customers.
    level : float, between 0 and 1
        Confidence level of the interval of the uplift.

    Returns
    -------
    DataFrame, index `decile` 1 (highest scores) to 10
        customers, treated, control, treated_rate, control_rate, uplift (difference of the rates), low,
        high (its interval). Counts are fractions where equal scores lie across a boundary.

    Raises
    ------
    ValueError
        If a group has no treated or no control customer, or lengths differ.

    Notes
    -----
    uplift = Rₜ / Nₜ − R꜀ / N꜀ within each group; its interval as in `ab_test`. That a model must be
    judged so, because nobody's own uplift is ever observed: Radcliffe (2007).

    Examples
    --------
    >>> y, t, s = [1, 1, 0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1, 0, 0], [2, 2, 2, 2, 1, 1, 1, 1]
    >>> uplift_by_decile(y, t, s, groups=2)["uplift"].tolist()
    [1.0, -1.0]
    """
    y, t, s = _campaign(outcome, treated, score)
    validate.number("level", level, 0, 1, low_open=True, high_open=True)
    sizes = _sizes(y.size, groups)
    n_t, r_t, r_c = _by_group(s, sizes, t, t * y, (1 - t) * y)
    n_c = sizes - n_t
    for name, n in (("treated", n_t), ("control", n_c)):
        if n.min() < 1e-9:
            raise ValueError(
                f"decile {int(np.argmin(n)) + 1} has no {name} customer; take fewer groups than {sizes.size}."
            )
    r_t, r_c = np.clip(r_t, 0, n_t), np.clip(r_c, 0, n_c)
    p_t, p_c = r_t / n_t, r_c / n_c
    low, high = _newcombe(r_c, n_c, r_t, n_t, level)
    return pd.DataFrame(
        {
            "customers": sizes,
            "treated": n_t,
            "control": n_c,
            "treated_rate": p_t,
            "control_rate": p_c,
            "uplift": p_t - p_c,
            "low": low,
            "high": high,
        },
        index=pd.RangeIndex(1, sizes.size + 1, name="decile"),
    )


def incremental_profit(
    outcome: Any,
    treated: Any,
    score: Any,
    margin: float,
    cost: float,
    fixed_cost: float = 0.0,
    steps: int = 10,
) -> pd.DataFrame:
    """What a campaign earns beyond what would have come anyway, by how deep it goes.

    Parameters
    ----------
    outcome, treated, score : arrays of n
        As in `qini_curve`: a randomised test on n customers.
    margin : float
        Contribution margin of one response, €, before the cost of the contact.
    cost : float, at least 0
        € per customer contacted, whether he responds or not.
    fixed_cost : float, at least 0
        € once, if anybody is contacted.
    steps : int, 1 to n
        Into how many depths the way from nobody to everybody is divided.

    Returns
    -------
    DataFrame, steps + 1 rows
        share_of_customers (0 to 1), customers (contacted), uplift (mean effect on them),
        incremental_responses, profit (€). The row with the highest profit says how deep to go.

    Raises
    ------
    ValueError
        If there are no treated or no control customers down to the first depth, or lengths differ.

    Notes
    -----
    With the x best customers contacted: uplift = Rₜ / Nₜ − R꜀ / N꜀ among them, profit =
    x (margin × uplift − cost) − fixed cost. Compared with the Qini curve (Radcliffe 2007), counts are
    those of a campaign to all x customers and not only to the treated share of them. Choosing the depth
    where the *same* data show the highest profit flatters it: check on other customers.

    Examples
    --------
    >>> y, t, s = [1, 1, 0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1, 0, 0], [2, 2, 2, 2, 1, 1, 1, 1]
    >>> incremental_profit(y, t, s, margin=50, cost=10, steps=2)
       share_of_customers  customers  uplift  incremental_responses  profit
    0                 0.0        0.0     0.0                    0.0     0.0
    1                 0.5        4.0     1.0                    4.0   160.0
    2                 1.0        8.0     0.0                    0.0   -80.0
    """
    y, t, s = _campaign(outcome, treated, score)
    euro = validate.number("margin", margin)
    each, once = validate.number("cost", cost, 0), validate.number("fixed_cost", fixed_cost, 0)
    count = validate.whole("steps", steps, 1, y.size)
    n, *columns = _cumulate(s, t, t * y, (1 - t) * y)
    depth = np.linspace(0, y.size, count + 1)
    n_t, r_t, r_c = (np.interp(depth, n, column)[1:] for column in columns)
    n_c = depth[1:] - n_t
    for name, group in (("treated", n_t), ("control", n_c)):
        if group[0] < 1e-9:
            raise ValueError(
                f"the first {depth[1]:g} customers have no {name} one; take fewer steps than {count}."
            )
    uplift = np.concatenate([[0.0], r_t / n_t - r_c / n_c])
    with np.errstate(over="ignore", invalid="ignore"):
        profit = np.where(depth > 0, depth * (euro * uplift - each) - once, 0.0)
    if not np.isfinite(profit).all():
        raise ValueError("margin or cost is so large that the profit overflows.")
    return pd.DataFrame(
        {
            "share_of_customers": depth / y.size,
            "customers": depth,
            "uplift": uplift,
            "incremental_responses": depth * uplift,
            "profit": profit,
        }
    )


# Tests -----------------------------------------------------------------------------------------


class ABTest(NamedTuple):
    """Result of an A/B test: both estimates, their difference with its interval, and the p-value.

    Parameters
    ----------
    a, b : float
        Estimates of the two groups: shares, or means in their unit.
    difference : float
        b − a.
    low, high : float
        Confidence interval of the difference.
    p_value : float
        Two-sided: probability of a difference at least this large if in truth there is none.

    Notes
    -----
    Made by `ab_test` (Newcombe 1998) and `ab_test_means` (Welch 1947), which give the formulas. An
    interval says how large the effect may be; a p-value alone does not.

    Examples
    --------
    >>> result = ab_test(50, 1000, 80, 1000)
    >>> result.difference > 0 and result.low > 0
    True
    """

    a: float
    b: float
    difference: float
    low: float
    high: float
    p_value: float


def ab_test(successes_a: int, n_a: int, successes_b: int, n_b: int, level: float = 0.95) -> ABTest:
    """Compare two shares: did variant B do better than A?

    Parameters
    ----------
    successes_a, successes_b : int, 0 to n
        Customers who responded in each group.
    n_a, n_b : int, at least 1
        Customers in each group.
    level : float, between 0 and 1
        Confidence level of the interval.

    Returns
    -------
    ABTest
        a, b (shares), difference (b − a), low, high, p_value.

    Raises
    ------
    ValueError
        If a count is not whole or there are more successes than customers.

    Notes
    -----
    Interval: Newcombe (1998), method 10, from the score intervals of the two shares (Wilson 1927).
    p-value: z = (b − a) / √(p(1 − p)(1/n_a + 1/n_b)) with p the share of both together, the test that is
    also Pearson's χ² without correction; 1 if nobody or everybody responded. Interval and test are made
    differently and may disagree by a hair at the border.

    Examples
    --------
    >>> result = ab_test(successes_a=48, n_a=80, successes_b=56, n_b=70)
    >>> [round(x, 4) for x in result]
    [0.6, 0.8, 0.2, 0.0524, 0.3339, 0.008]
    """
    count_a = validate.whole("n_a", n_a, 1, 1e15)
    count_b = validate.whole("n_b", n_b, 1, 1e15)
    won_a = validate.whole("successes_a", successes_a, 0, count_a)
    won_b = validate.whole("successes_b", successes_b, 0, count_b)
    a, b = won_a / count_a, won_b / count_b
    low, high = _newcombe(won_a, count_a, won_b, count_b, level)
    pooled = (won_a + won_b) / (count_a + count_b)
    error = math.sqrt(pooled * (1 - pooled) * (1 / count_a + 1 / count_b))
    p_value = float(2 * stats.norm.sf(abs(b - a) / error)) if error > 0 else 1.0
    return ABTest(a, b, b - a, float(low), float(high), p_value)


def ab_test_means(a: Any, b: Any, level: float = 0.95) -> ABTest:
    """Compare two means, such as € per customer, without assuming equal spread.

    Parameters
    ----------
    a, b : arrays of at least 2 numbers
        One value per customer of each group, those who bought nothing included as 0.
    level : float, between 0 and 1
        Confidence level of the interval.

    Returns
    -------
    ABTest
        a, b (means), difference (b − a), low, high, p_value.

    Raises
    ------
    ValueError
        If a group has fewer than 2 values or all values within both groups are equal.

    Notes
    -----
    t = (b̄ − ā) / √(s²_a/n_a + s²_b/n_b) with the degrees of freedom of Welch (1947). Spend is skewed:
    with few customers or a few giants among them the interval is too optimistic.

    Examples
    --------
    >>> [round(x, 3) for x in ab_test_means([1, 2, 3, 4], [3, 4, 5, 6])]
    [2.5, 4.5, 2.0, -0.234, 4.234, 0.071]
    """
    x, y = validate.vector("a", a), validate.vector("b", b)
    for name, values in (("a", x), ("b", y)):
        if values.size < 2:
            raise ValueError(f"{name} has {values.size} value; a spread needs at least 2.")
    p = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    with np.errstate(over="ignore", invalid="ignore"):
        mean_a, mean_b = float(x.mean()), float(y.mean())
        part_a, part_b = float(x.var(ddof=1)) / x.size, float(y.var(ddof=1)) / y.size
    if not math.isfinite(part_a + part_b) or max(part_a, part_b) > 1e150:
        raise ValueError("the values of a or b are so large that their variance overflows.")
    # Equal values can leave a variance of rounding errors only.
    size = max(float(np.abs(x).max()), float(np.abs(y).max()))
    if part_a + part_b <= (1e-14 * size) ** 2 or max(part_a, part_b) < 1e-150:
        raise ValueError(
            "the values of a and of b do not differ within the groups; a test needs spread."
        )
    error = math.sqrt(part_a + part_b)
    share = part_a / (part_a + part_b)
    freedom = 1 / (share**2 / (x.size - 1) + (1 - share) ** 2 / (y.size - 1))
    difference = mean_b - mean_a
    reach = float(stats.t.ppf((1 + p) / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(difference) / error, freedom))
    return ABTest(mean_a, mean_b, difference, difference - reach, difference + reach, p_value)


def sample_size(
    p_a: Any, p_b: Any, power: Any = 0.8, alpha: Any = 0.05, sides: Literal[1, 2] = 2
) -> Any:
    """How many customers each group needs to find a difference of two shares.

    Parameters
    ----------
    p_a, p_b : float or array, between 0 and 1
        Shares expected without and with the change; they must differ.
    power : float or array, between alpha and 1
        Probability of a significant result if the difference is real.
    alpha : float or array, between 0 and 1
        Probability of a significant result if it is not.
    sides : {2, 1}
        Two-sided test, or one-sided in the expected direction.

    Returns
    -------
    int, array of int or Series
        Customers per group, rounded up.

    Raises
    ------
    ValueError
        If a probability is outside its range, the shares are equal or the size beyond 10¹⁵.

    Notes
    -----
    n = [z₁ √(2p̄(1 − p̄)) + z₂ √(p_a(1 − p_a) + p_b(1 − p_b))]² / (p_b − p_a)², with p̄ the mean of both
    shares, z₁ the normal quantile of 1 − alpha/sides and z₂ that of the power (Fleiss, Levin and Paik
    2003, ch. 4; without continuity correction). Halving the difference takes four times the customers.

    Examples
    --------
    >>> sample_size(0.50, 0.75, power=0.9)
    77
    >>> sample_size(0.05, [0.06, 0.055])
    array([ 8158, 31234])
    """
    validate.broadcastable(p_a=p_a, p_b=p_b, power=power, alpha=alpha)
    a, b, level, z = _two_shares(p_a, p_b, alpha, sides)
    wanted = validate.numbers("power", power, 0, 1, low_open=True, high_open=True)
    if np.any(wanted < level):
        raise ValueError(f"power is {power}; it must be at least alpha, {alpha}.")
    if np.any(a == b):
        raise ValueError(f"p_a is {p_a} and p_b is {p_b}; they must differ to be told apart.")
    pooled = (a + b) / 2
    null, real = np.sqrt(2 * pooled * (1 - pooled)), np.sqrt(a * (1 - a) + b * (1 - b))
    root = np.maximum(z * null + special.ndtri(wanted) * real, 0)
    with np.errstate(over="ignore"):
        n = np.asarray((root / np.abs(b - a)) ** 2)
    if np.any(n > 1e15):
        raise ValueError(f"p_a is {p_a} and p_b is {p_b}; so close that no sample would be enough.")
    n = np.maximum(np.ceil(n - 1e-9), 1).astype(int)
    if n.ndim == 0:
        return int(n)
    return validate.like(n, p_a, p_b, power, alpha)


def power(p_a: Any, p_b: Any, n: Any, alpha: Any = 0.05, sides: Literal[1, 2] = 2) -> Any:
    """Probability that a test of n customers per group finds the difference of two shares.

    Parameters
    ----------
    p_a, p_b : float or array, between 0 and 1
        True shares without and with the change.
    n : float or array, at least 1
        Customers per group.
    alpha : float or array, between 0 and 1
        Probability of a significant result if there is no difference.
    sides : {2, 1}
        Two-sided test, or one-sided in the direction of the true difference.

    Returns
    -------
    float, array or Series
        0 to 1: a significant result in the right direction.

    Raises
    ------
    ValueError
        If an argument is outside its range or shapes do not fit.

    Notes
    -----
    Φ([|p_b − p_a| √n − z₁ √(2p̄(1 − p̄))] / √(p_a(1 − p_a) + p_b(1 − p_b))): the formula of `sample_size`
    solved for the power. Without any difference it is alpha / sides.

    Examples
    --------
    >>> round(power(0.50, 0.75, n=50), 3)
    0.74
    >>> power(0.05, 0.06, [1000, 8158]).round(2)
    array([0.16, 0.8 ])
    """
    validate.broadcastable(p_a=p_a, p_b=p_b, n=n, alpha=alpha)
    a, b, _, z = _two_shares(p_a, p_b, alpha, sides)
    size = validate.numbers("n", n, 1)
    pooled = (a + b) / 2
    null, real = np.sqrt(2 * pooled * (1 - pooled)), np.sqrt(a * (1 - a) + b * (1 - b))
    found = np.asarray(special.ndtr((np.abs(b - a) * np.sqrt(size) - z * null) / real))
    return validate.like(found, p_a, p_b, n, alpha)


def peeking_false_positive_rate(
    looks: Any, rng: np.random.Generator, alpha: float = 0.05, simulations: int = 20_000
) -> Any:
    """How often a test without any effect turns "significant" if one looks again and again.

    Parameters
    ----------
    looks : int or array of int, 1 to 10,000
        How many times the result is looked at, after equal numbers of further customers; the test is
        stopped at the first significant look.
    rng : numpy.random.Generator
        Source of chance.
    alpha : float, between 0 and 1
        Level at which each single look is called significant (two-sided).
    simulations : int, at least 100
        How many tests are simulated; the standard error of a rate p is √(p(1 − p) / simulations).

    Returns
    -------
    float or array
        Share of the tests that were ever significant; with several numbers of looks all come from the
        same simulated tests, so that the share never falls with more looks.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    At look k the statistic is (x₁ + … + xₖ) / √k with independent standard normal x. Armitage,
    McPherson and Rowe (1969) computed the rates: at 5 %, 5 looks give 14 %, 10 give 19 %, 50 give 32 %;
    for ever gives 1.

    Examples
    --------
    >>> rates = peeking_false_positive_rate([1, 5, 10], np.random.default_rng(1))
    >>> rates.round(2)
    array([0.05, 0.14, 0.19])
    """
    wanted = validate.numbers("looks", looks, 1, 10_000)
    if np.any(wanted != np.floor(wanted)):
        raise ValueError(f"looks is {looks}; it must hold whole numbers.")
    limit = -special.ndtri(validate.number("alpha", alpha, 0, 1, low_open=True, high_open=True) / 2)
    count = validate.whole("simulations", simulations, 100, 10**7)
    chance = validate.generator("rng", rng)
    total, ever = np.zeros(count), np.zeros(count, dtype=bool)
    rates = []
    for k in range(1, int(wanted.max()) + 1):
        total += chance.standard_normal(count)
        ever |= np.abs(total) > limit * math.sqrt(k)
        rates.append(ever.mean())
    return validate.like(np.asarray(np.array(rates)[wanted.astype(int) - 1]), looks)


# Likelihood, probability and reality -----------------------------------------------------------


def bayes_posterior(prior: Any, likelihood: Any) -> Any:
    """What to believe after the evidence: Bayes' rule for any number of hypotheses.

    Parameters
    ----------
    prior : array of k numbers, at least 0
        How probable each hypothesis was before; only the ratios matter.
    likelihood : array of k numbers, at least 0
        How probable the evidence is if the hypothesis is true.

    Returns
    -------
    array or Series of k
        Probability of each hypothesis after the evidence; they add up to 1.

    Raises
    ------
    ValueError
        If lengths differ or the evidence is impossible under every hypothesis with a prior.

    Notes
    -----
    P(h | e) = P(h) P(e | h) / Σ P(h′) P(e | h′) (Bayes 1763).

    Examples
    --------
    >>> bayes_posterior([0.01, 0.99], [0.8, 0.1]).round(3)
    array([0.075, 0.925])
    """
    p, q = validate.vector("prior", prior, 0), validate.vector("likelihood", likelihood, 0)
    _aligned(prior=prior, likelihood=likelihood)
    # Scaled first, so that neither tiny nor huge numbers vanish or overflow.
    joint = (p / max(p.max(), 1e-300)) * (q / max(q.max(), 1e-300))
    total = joint.sum()
    if not total > 0:
        raise ValueError(
            "prior × likelihood is 0 everywhere; the evidence must be possible under a hypothesis."
        )
    return validate.like(joint / total, prior, likelihood)


def positive_predictive_value(base_rate: Any, sensitivity: Any, specificity: Any) -> Any:
    """Of those whom a test (or a churn model) flags, how many are what it says?

    Parameters
    ----------
    base_rate : float or array, 0 to 1
        Share of all customers who are what is looked for.
    sensitivity : float or array, 0 to 1
        Share of those who are flagged.
    specificity : float or array, 0 to 1
        Share of the others who are *not* flagged.

    Returns
    -------
    float, array or Series
        0 to 1.

    Raises
    ------
    ValueError
        If a number is outside 0 to 1, shapes do not fit, or nobody would be flagged.

    Notes
    -----
    π s / [π s + (1 − π)(1 − c)], Bayes' rule with base rate π, sensitivity s and specificity c. That
    even professionals take s for it: Eddy (1982).

    Examples
    --------
    >>> round(positive_predictive_value(0.01, 0.792, 0.904), 3)
    0.077
    """
    validate.broadcastable(base_rate=base_rate, sensitivity=sensitivity, specificity=specificity)
    rate = validate.numbers("base_rate", base_rate, 0, 1)
    right = rate * validate.numbers("sensitivity", sensitivity, 0, 1)
    wrong = (1 - rate) * (1 - validate.numbers("specificity", specificity, 0, 1))
    flagged = np.asarray(right + wrong)
    if np.any(flagged == 0):
        raise ValueError(
            "with this base_rate, sensitivity and specificity nobody is flagged, so no share exists."
        )
    return validate.like(np.asarray(right / flagged), base_rate, sensitivity, specificity)


def regression_to_the_mean(first: Any, mean: Any, reliability: Any) -> Any:
    """Expected second measurement of those whose first was this, if nothing is done.

    Parameters
    ----------
    first : float or array
        First measurement (spend, satisfaction, calls handled …).
    mean : float or array
        Mean of everybody, same unit.
    reliability : float or array, 0 to 1
        Correlation of two measurements of the same people: the share of the variance that is real.

    Returns
    -------
    float, array or Series
        Same unit.

    Raises
    ------
    ValueError
        If a number is missing, `reliability` is outside 0 to 1 or shapes do not fit.

    Notes
    -----
    mean + reliability × (first − mean), for two measurements with the same mean and spread and a linear
    relation. Galton (1886) found it in the heights of families, with a reliability of two thirds. The
    best of last year do worse and the worst better with no help from anybody: compare with a control
    group, not with last year.

    Examples
    --------
    >>> regression_to_the_mean([20, 50, 80], mean=50, reliability=0.6)
    array([32., 50., 68.])
    """
    validate.broadcastable(first=first, mean=mean, reliability=reliability)
    x, centre = validate.numbers("first", first), validate.numbers("mean", mean)
    r = validate.numbers("reliability", reliability, 0, 1)
    # A weighted mean, and not mean + r (first − mean): it stays between the two and cannot overflow.
    return validate.like(np.asarray(r * x + (1 - r) * centre), first, mean, reliability)


def simpson_table(frame: pd.DataFrame, outcome: str, treatment: str, group: str) -> pd.DataFrame:
    """The same comparison within each group and for all together: does it turn round?

    Parameters
    ----------
    frame : DataFrame
        One row per customer.
    outcome : str
        Column of numbers (or True and False) whose mean is compared.
    treatment : str
        Column with exactly two values, a and b in sorted (or category) order; every group has both.
    group : str
        Column that parts the customers.

    Returns
    -------
    DataFrame, one row per group and a last row "all"
        n_a, n_b (customers), mean_a, mean_b, difference (b − a), reversed: in a group's row whether its
        difference has the opposite sign of that of all; in the last row whether this holds for every
        group, which is Simpson's paradox. `.attrs["a"]` and `.attrs["b"]` name the two values.

    Raises
    ------
    ValueError
        If a column or a value is missing, `treatment` has not two values, a group lacks one of them, or a
        group is called "all".

    Notes
    -----
    Simpson (1951). Which of the two comparisons answers the question is not in the table: compare within
    groups that are a common cause of treatment and outcome, not within what the treatment brings about.

    Examples
    --------
    >>> visits = pd.DataFrame({"offer": list("aaaaabbbbb"), "loyal": [1, 1, 1, 1, 0, 1, 0, 0, 0, 0],
    ...                        "bought": [1, 1, 1, 0, 0, 1, 1, 0, 0, 0]})
    >>> table = simpson_table(visits, "bought", "offer", "loyal").reset_index()
    >>> table[["loyal", "mean_a", "mean_b", "difference", "reversed"]]
      loyal  mean_a  mean_b  difference  reversed
    0     0    0.00    0.25        0.25      True
    1     1    0.75    1.00        0.25      True
    2   all    0.60    0.40       -0.20      True
    """
    names = [outcome, treatment, group]
    for name, column in zip(("outcome", "treatment", "group"), names, strict=True):
        validate.column(name, column)
    table = validate.frame("frame", frame, names)
    if len(set(names)) < 3 or any(isinstance(table[name], pd.DataFrame) for name in names):
        raise ValueError(f"outcome, treatment and group are {names}; they must be three columns.")
    y = table[outcome]
    values = validate.vector(f"frame[{outcome!r}]", y.astype(float) if y.dtype == bool else y)
    arms, arm_names = _codes(table, treatment)
    codes, group_names = _codes(table, group)
    if len(arm_names) != 2:
        raise ValueError(
            f"frame[{treatment!r}] has {len(arm_names)} different values; it must have two to compare."
        )
    if "all" in list(group_names):
        raise ValueError(f'frame[{group!r}] has a group "all"; that is the name of the last row.')
    k = len(group_names)
    cell = 2 * codes + arms
    n = np.bincount(cell, minlength=2 * k).reshape(k, 2)
    if (n == 0).any():
        g, arm = (int(x) for x in np.argwhere(n == 0)[0])
        raise ValueError(
            f"group {group_names[g]!r} has nobody with {treatment} {arm_names[arm]!r}; "
            "every group needs both."
        )
    sums = np.bincount(cell, values, minlength=2 * k).reshape(k, 2)
    n, sums = np.vstack([n, n.sum(axis=0)]), np.vstack([sums, sums.sum(axis=0)])
    means = sums / n
    difference = means[:, 1] - means[:, 0]
    difference[np.abs(difference) <= 1e-12 * np.abs(values).max()] = 0  # rounding has no sign
    turned = np.sign(difference) * np.sign(difference[-1]) < 0
    turned[-1] = turned[:-1].all()
    result = pd.DataFrame(
        {
            "n_a": n[:, 0],
            "n_b": n[:, 1],
            "mean_a": means[:, 0],
            "mean_b": means[:, 1],
            "difference": difference,
            "reversed": turned,
        },
        index=pd.Index([*group_names, "all"], name=group, dtype=object),
    )
    result.attrs.update(a=arm_names[0], b=arm_names[1])
    return result


def next_best_offer(
    probability: Any, margin: Any, cost: Any = 0.0, eligible: Any = None, nothing: str = "no offer"
) -> pd.DataFrame:
    """The offer from which most profit is expected, for each customer.

    Parameters
    ----------
    probability : DataFrame or array, n customers × k offers, 0 to 1
        Probability that the customer accepts the offer if it is made.
    margin : number, array of k, or n × k
        Contribution margin of an accepted offer, €.
    cost : number, array of k, or n × k, at least 0
        € for making the offer, accepted or not.
    eligible : DataFrame or array of bool, n × k, optional
        Whether the offer may be made: consent, stock, age, contact rules. Everything may by default.
    nothing : str
        Name of the decision to make no offer.

    Returns
    -------
    DataFrame, one row per customer
        offer (column name or number of the best offer, or `nothing` where no eligible offer is expected
        to earn more than 0), expected_profit (€, 0 with no offer).

    Raises
    ------
    ValueError
        If shapes do not fit, a probability is outside 0 to 1, or an offer is called as `nothing`.

    Notes
    -----
    argmax of probability × margin − cost over the eligible offers and 0; the first of equals. If the
    customer might buy without the offer, put the *uplift* in place of the probability (at least 0):
    Radcliffe (2007).

    Examples
    --------
    >>> p = pd.DataFrame({"tent": [0.1, 0.02, 0.1], "socks": [0.5, 0.1, 0.5]}, index=["ann", "ben", "cem"])
    >>> next_best_offer(p, margin=[80, 6], cost=2, eligible=[[True, True], [True, True], [False, True]])
            offer  expected_profit
    ann      tent              6.0
    ben  no offer              0.0
    cem     socks              1.0
    """
    p = _matrix("probability", probability, None, 0, 1)
    labelled = isinstance(probability, pd.DataFrame)
    names: list[Any] = list(probability.columns if labelled else range(p.shape[1]))
    if not isinstance(nothing, str):
        raise ValueError(f"nothing is a {type(nothing).__name__}; it must be text.")
    if nothing in names:
        raise ValueError(f"an offer is called {nothing!r}; choose another name for `nothing`.")
    _same_labels(probability, margin=margin, cost=cost, eligible=eligible)
    with np.errstate(over="ignore", invalid="ignore"):
        profit = p * _matrix("margin", margin, p.shape) - _matrix("cost", cost, p.shape, 0)
    if not np.isfinite(profit).all():
        raise ValueError("margin or cost is so large that the expected profit overflows.")
    if eligible is not None:
        validate.broadcastable(eligible=eligible)  # no ragged lists
        allowed = np.asarray(eligible)
        if allowed.dtype != bool or allowed.shape != p.shape:
            raise ValueError(
                f"eligible has shape {allowed.shape} and type {allowed.dtype}; it must hold True or "
                f"False for each of {p.shape[0]} customers and {p.shape[1]} offers."
            )
        profit = np.where(allowed, profit, -np.inf)
    best = np.argmax(profit, axis=1)
    expected = profit[np.arange(len(p)), best]
    worth = expected > 0
    labels = pd.Series([*names, nothing], dtype=object).to_numpy()
    return pd.DataFrame(
        {
            "offer": labels[np.where(worth, best, len(names))],
            "expected_profit": np.where(worth, expected, 0.0),
        },
        index=probability.index if labelled else None,
    )


# Arguments -------------------------------------------------------------------------------------


def _binary(name: str, values: Any) -> np.ndarray:
    """0 and 1 as floats, from numbers or from True and False."""
    try:
        raw = np.asarray(values)
    except ValueError:
        raw = np.empty(0)
    x = validate.vector(name, raw.astype(float) if raw.dtype == bool else values)
    bad = np.flatnonzero((x != 0) & (x != 1))
    if bad.size:
        raise ValueError(f"{name}[{bad[0]}] is {x[bad[0]]:g}; every value must be 0 or 1.")
    return x


def _aligned(**given: Any) -> None:
    """As many values each, and the same rows where they are Series."""
    validate.same_length(**{name: np.atleast_1d(np.asarray(v)) for name, v in given.items()})
    validate.broadcastable(**given)


def _some(name: str, y: np.ndarray) -> None:
    if not y.any():
        raise ValueError(f"{name} is 0 everywhere; at least one value must be 1.")


def _both(name: str, y: np.ndarray) -> None:
    _some(name, y)
    if y.all():
        raise ValueError(f"{name} is 1 everywhere; at least one value must be 0.")


def _scored(outcome: Any, score: Any) -> tuple[np.ndarray, np.ndarray]:
    y, s = _binary("outcome", outcome), validate.vector("score", score)
    _aligned(outcome=outcome, score=score)
    return y, s


def _predicted(outcome: Any, probability: Any) -> tuple[np.ndarray, np.ndarray]:
    y, p = _binary("outcome", outcome), validate.vector("probability", probability, 0, 1)
    _aligned(outcome=outcome, probability=probability)
    return y, p


def _campaign(outcome: Any, treated: Any, score: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, t = _binary("outcome", outcome), _binary("treated", treated)
    s = validate.vector("score", score)
    _aligned(outcome=outcome, treated=treated, score=score)
    _both("treated", t)
    return y, t, s


def _two_shares(
    p_a: Any, p_b: Any, alpha: Any, sides: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both shares, alpha, and the normal quantile that a significant result must reach."""
    a = validate.numbers("p_a", p_a, 0, 1, low_open=True, high_open=True)
    b = validate.numbers("p_b", p_b, 0, 1, low_open=True, high_open=True)
    level = validate.numbers("alpha", alpha, 0, 1, low_open=True, high_open=True)
    validate.choice("sides", sides, [1, 2])
    return a, b, level, -special.ndtri(level / sides)


def _matrix(
    name: str,
    values: Any,
    shape: tuple[int, ...] | None,
    low: float = -np.inf,
    high: float = np.inf,
) -> np.ndarray:
    """Numbers for customers × offers; with a `shape`, one number or one per offer will also do."""
    array = validate.numbers(
        name, values.to_numpy() if hasattr(values, "to_numpy") else values, low, high
    )
    if shape is None:
        if array.ndim != 2:
            raise ValueError(
                f"{name} has shape {array.shape}; it must have a row per customer and a column per offer."
            )
        return array
    if array.shape not in ((), shape[1:], shape):
        raise ValueError(
            f"{name} has shape {array.shape}; it must be one number, one for each of {shape[1]} offers, "
            f"or {shape[0]} × {shape[1]}."
        )
    return array


def _same_labels(probability: Any, **others: Any) -> None:
    """Where labels are given they must be those of `probability`, in the same order."""
    if not isinstance(probability, pd.DataFrame):
        return
    for name, other in others.items():
        offers = other.columns if isinstance(other, pd.DataFrame) else None
        offers = other.index if isinstance(other, pd.Series) else offers
        if offers is not None and list(offers) != list(probability.columns):
            raise ValueError(f"the offers of {name} are not those of probability, in that order.")
        if isinstance(other, pd.DataFrame) and not other.index.equals(probability.index):
            raise ValueError(f"the rows of {name} are not those of probability.")


def _codes(table: pd.DataFrame, column: str) -> tuple[np.ndarray, list[Any]]:
    """Whole numbers for the values of a column and the values, in category or sorted order."""
    values = table[column]
    if values.isna().any():
        at = int(np.argmax(values.isna()))
        raise ValueError(f"frame[{column!r}] is missing in row {at}; every row needs a value.")
    try:
        codes, names = pd.factorize(values, sort=True)
    except TypeError:
        raise ValueError(f"frame[{column!r}] holds values of different types; use one.") from None
    return codes, list(names)


# Arithmetic ------------------------------------------------------------------------------------


def _cumulate(score: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    """Customers and the sums of columns so far, after each distinct score from the top, from 0 on."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    sums = [np.cumsum(column[order])[ends] for column in (np.ones(score.size), *columns)]
    return [np.concatenate([[0.0], column]) for column in sums]


def _by_group(score: np.ndarray, sizes: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    """Sums of columns in groups by rank; who is cut by a boundary between equals counts in part."""
    n, *sums = _cumulate(score, *columns)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    return [np.diff(np.interp(bounds, n, column)) for column in sums]


def _sizes(n: int, groups: int) -> np.ndarray:
    """Sizes of groups as equal as can be, larger ones first."""
    count = validate.whole("groups", groups, 2, 10**6)
    if n < count:
        raise ValueError(f"score has {n} customers; {count} groups need at least {count}.")
    return n // count + (np.arange(count) < n % count)


def _widths(p: np.ndarray, count: int) -> np.ndarray:
    """Number of the class of equal width on 0 to 1; exactly 1 belongs to the last."""
    return np.minimum((p * count).astype(int), count - 1)


def _newcombe(k_a: Any, n_a: Any, k_b: Any, n_b: Any, level: float) -> tuple[Any, Any]:
    """Interval of k_b/n_b − k_a/n_a from the score intervals of both (Newcombe 1998, method 10)."""
    (low_a, high_a), (low_b, high_b) = (
        wilson_interval(k, n, level) for k, n in ((k_a, n_a), (k_b, n_b))
    )
    a, b = k_a / n_a, k_b / n_b
    low = b - a - np.sqrt((b - low_b) ** 2 + (high_a - a) ** 2)
    high = b - a + np.sqrt((high_b - b) ** 2 + (a - low_a) ** 2)
    return low, high
