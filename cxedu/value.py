"""Differentiate customers by value: what each is worth, how unequal they are, what the base is worth.

Conventions, the same in every function: money is contribution margin in euros (€) unless an
argument says revenue; a rate (retention, discount, growth) is *per period*, and all rates of one
call use the same period; lifetime value looks forward; the cost of acquiring a customer is never
subtracted from lifetime value (compare the two afterwards). A number gives a number, an array an
array, and a Series a Series with the same index.
"""

from typing import Any, Literal

import numpy as np
import pandas as pd

from cxedu import validate

__all__ = [
    "FIRST_MARGIN",
    "TIERS",
    "customer_equity",
    "decile_table",
    "gini",
    "hill_exponent",
    "lifetime_value",
    "lorenz",
    "margin_multiple",
    "referral_value",
    "return_on_customer",
    "rfm",
    "share_of_customer",
    "tail_fits",
    "top_share",
    "unrealised_value",
    "value_tiers",
    "whale_curve",
]

FirstMargin = Literal["end", "now", "assured"]

#: When the first margin comes: see `margin_multiple`.
FIRST_MARGIN = ("end", "now", "assured")

#: Peppers and Rogers' five kinds of customer, in the order in which `value_tiers` lists them.
TIERS = ("most valuable", "super-growth", "most growable", "low-maintenance", "below zero")


def lifetime_value(
    margin: Any,
    retention: Any,
    discount: Any,
    horizon: Any = None,
    first_margin: FirstMargin = "end",
    growth: Any = 0.0,
) -> Any:
    """Expected discounted contribution margin of a customer, from now on.

    Parameters
    ----------
    margin : float or array
        First margin, € per period while the customer stays; later ones grow by `growth`.
    retention : float or array, 0 to 1
        Probability that a customer of this period is one in the next.
    discount : float or array, at least 0
        Discount rate per period (0.12 is 12 %).
    horizon : int or array of int, optional
        How many margins are counted at most. None, the default, counts them all, for ever.
    first_margin : {"end", "now", "assured"}
        When the first margin comes and whether it can be lost; see `margin_multiple`.
    growth : float or array, greater than -1
        Growth of the margin per period (0.02 is 2 %).

    Returns
    -------
    float, array or Series
        € of today. Shapes are broadcast against each other.

    Raises
    ------
    ValueError
        If an argument is outside its range, if shapes do not fit, or if the sum over an unlimited
        horizon does not converge: retention × (1 + growth) must be below 1 + discount.

    Notes
    -----
    With m the margin, r retention, i discount, g growth, n the horizon and q = r(1 + g) / (1 + i),
    the value is the first term times 1 + q + q² + … + qⁿ⁻¹ = (1 − qⁿ) / (1 − q); the first term is
    m r / (1 + i) at the "end", m "now" and m / (1 + i) when "assured". Berger and Nasr (1998) list
    such cases; the limit n → ∞ is the margin multiple of Gupta and Lehmann (2005).
    What it cost to win the customer is not in it: compare afterwards.

    Examples
    --------
    >>> round(lifetime_value(100, retention=0.8, discount=0.12), 2)
    250.0
    >>> round(lifetime_value(100, 0.8, 0.12, first_margin="now"), 2)  # plus the margin of today
    350.0
    >>> round(lifetime_value(100, 0.8, 0.12, horizon=5), 2)
    203.52
    >>> lifetime_value(100, [0.5, 0.8, 0.9], 0.0).round(1)
    array([100., 400., 900.])
    """
    validate.broadcastable(
        margin=margin, retention=retention, discount=discount, horizon=horizon, growth=growth
    )
    m = validate.numbers("margin", margin)
    multiple = _multiple(retention, discount, horizon, first_margin, growth)
    return validate.like(m * multiple, margin, retention, discount, horizon, growth)


def margin_multiple(
    retention: Any,
    discount: Any,
    first_margin: FirstMargin = "end",
    growth: Any = 0.0,
) -> Any:
    """How many times its yearly (or monthly) margin a customer is worth.

    Parameters
    ----------
    retention : float or array, 0 to 1
        Probability that a customer of this period is one in the next.
    discount : float or array, at least 0
        Discount rate per period.
    first_margin : {"end", "now", "assured"}
        - "end" (default): one period from now, if the customer is still there. r / (1 + i − r).
        - "now": at once, so the margin of today is added. 1 + r / (1 + i − r) = (1 + i) / (1 + i − r).
        - "assured": one period from now, certain because it is contracted; only the second and later
          ones can be lost. 1 / (1 + i − r).
    growth : float or array, greater than -1
        Growth of the margin per period; r / (1 + i − r(1 + g)).

    Returns
    -------
    float, array or Series
        A pure number: € of value per € of margin per period.

    Raises
    ------
    ValueError
        If an argument is outside its range or the multiple is infinite.

    Notes
    -----
    Formula and the value 2.50 for 80 % retention at 12 %: Gupta and Lehmann (2005, ch. 2). The
    three conventions differ by a factor: "now" is (1 + i) / r times "end", and "assured" is 1 / r
    times "end". Say which you use; most contradictions between textbooks are only this.

    Examples
    --------
    >>> round(margin_multiple(0.8, 0.12), 2)
    2.5
    >>> round(margin_multiple(0.8, 0.12, first_margin="now"), 2)
    3.5
    >>> round(margin_multiple(0.8, 0.12, first_margin="assured"), 3)
    3.125
    """
    validate.broadcastable(retention=retention, discount=discount, growth=growth)
    multiple = _multiple(retention, discount, None, first_margin, growth)
    return validate.like(multiple, retention, discount, growth)


def _multiple(
    retention: Any, discount: Any, horizon: Any, first_margin: str, growth: Any
) -> np.ndarray:
    """Present value of 1 € per period for at most `horizon` periods."""
    r = validate.numbers("retention", retention, 0, 1)
    i = validate.numbers("discount", discount, 0)
    g = validate.numbers("growth", growth, -1, low_open=True)
    validate.choice("first_margin", first_margin, FIRST_MARGIN)
    first = {"end": r / (1 + i), "now": np.ones_like(r), "assured": 1 / (1 + i)}[first_margin]
    gap = (1 + i - r * (1 + g)) / (1 + i)  # 1 − q, written so that q near 1 loses no digits
    if horizon is None:
        if np.any(gap <= 0):
            at = np.unravel_index(int(np.argmax(gap <= 0)), np.shape(gap))
            worst = [float(np.broadcast_to(x, np.shape(gap))[at]) for x in (r, g, i)]
            raise ValueError(
                "without a horizon retention × (1 + growth) must be below 1 + discount, or the value is "
                f"infinite; here retention is {worst[0]:g}, growth {worst[1]:g}, discount {worst[2]:g}."
            )
        return np.asarray(first / gap)
    n = validate.numbers("horizon", horizon, 1)
    if np.any(n != np.floor(n)):
        raise ValueError(f"horizon is {horizon!r}; it must be a whole number of periods.")
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        terms = np.where(gap == 0, n, -np.expm1(n * np.log1p(-gap)) / gap)
    if not np.all(np.isfinite(terms)):
        raise ValueError(f"horizon is {horizon!r}, too long: with this growth the value overflows.")
    return np.asarray(first * terms)


def customer_equity(
    present: Any,
    new_customers: Any = 0,
    new_value: Any = 0.0,
    discount: float = 0.0,
    acquisition_cost: Any = 0.0,
) -> float:
    """Value of all customers, those of today and those still to come.

    Parameters
    ----------
    present : array, one entry per customer
        Lifetime values of today's customers, € (their sum as one number does too).
    new_customers : float or array, one entry per future period
        How many customers join 1, 2, … periods from now. One number means one cohort, next period.
    new_value : float or array like `new_customers`
        Lifetime value of one new customer at the moment of joining, €.
    discount : float, at least 0
        Discount rate per period.
    acquisition_cost : float or array like `new_customers`
        What winning one new customer will cost in that period, €. It lowers the value of cohorts
        still to come, never that of present customers, for whom it is spent.

    Returns
    -------
    float
        €: Σ present + Σₖ nₖ (vₖ − cₖ) / (1 + i)ᵏ for k = 1, 2, …

    Raises
    ------
    ValueError
        If a number is missing or negative where it can't be, or lengths do not fit.

    Notes
    -----
    Customer equity: Blattberg and Deighton (1996); Rust, Lemon and Zeithaml (2004). With future
    cohorts as the value of a firm: Gupta, Lehmann and Stuart (2004).

    Examples
    --------
    >>> customer_equity([250.0, 90.0, 160.0])
    500.0
    >>> round(customer_equity([250.0, 90.0, 160.0], new_customers=[2, 2], new_value=100, discount=0.1), 2)
    847.11
    """
    today = validate.vector("present", present, empty=True).sum()
    n = validate.vector("new_customers", new_customers, 0, empty=True)
    v = validate.vector("new_value", new_value)
    c = validate.vector("acquisition_cost", acquisition_cost, 0)
    for name, x in (("new_value", v), ("acquisition_cost", c)):
        if x.size not in (1, n.size):
            raise ValueError(
                f"{name} has {x.size} values and new_customers has {n.size}; "
                "give one number or one per future period."
            )
    i = validate.number("discount", discount, 0)
    periods = np.arange(1, n.size + 1)
    return float(today + np.sum(n * (v - c) / (1 + i) ** periods))


def return_on_customer(cash_flow: Any, equity_start: Any, equity_end: Any) -> Any:
    """Return on Customer: what the customer base yielded in a period, as a share of its value before.

    Parameters
    ----------
    cash_flow : float or array
        Cash flow from customers in the period, π, € (negative: they cost more than they brought).
    equity_start, equity_end : float or array
        Customer equity at the start (greater than 0) and at the end of the period, €.

    Returns
    -------
    float, array or Series
        ROC = (π + CE₁ − CE₀) / CE₀ per period; 0.1 is 10 %.

    Raises
    ------
    ValueError
        If `equity_start` is not positive or shapes do not fit.

    Notes
    -----
    Peppers and Rogers (2005). When customers are the only source of value, so that the value of the
    firm is customer equity and all cash flow is paid out, ROC equals total shareholder return.
    Return on Customer and ROC are service marks of their owner.

    Examples
    --------
    >>> round(return_on_customer(cash_flow=120, equity_start=1000, equity_end=980), 3)
    0.1
    >>> round(return_on_customer(150, 1000, 800), 3)  # a good quarter, harvested from the base
    -0.05
    """
    validate.broadcastable(cash_flow=cash_flow, equity_start=equity_start, equity_end=equity_end)
    flow = validate.numbers("cash_flow", cash_flow)
    start = validate.numbers("equity_start", equity_start, 0, low_open=True)
    end = validate.numbers("equity_end", equity_end)
    roc = np.asarray((flow + end - start) / start)
    return validate.like(roc, cash_flow, equity_start, equity_end)


def share_of_customer(spend_with_us: Any, spend_total: Any) -> Any:
    """Share of what customers spend in our category that they spend with us.

    Parameters
    ----------
    spend_with_us : float or array, at least 0
        € per period spent with us.
    spend_total : float or array, at least `spend_with_us`
        € per period spent in the category with everybody, us included.

    Returns
    -------
    float, array or Series
        0 to 1; NaN where a customer spends nothing at all, because no share exists then.

    Raises
    ------
    ValueError
        If spend is negative or somebody spends more with us than in total.

    Notes
    -----
    spend with us / spend in total, also called share of wallet. The share of a group is the ratio
    of the sums, not the mean of the shares. Source of the idea: Peppers and Rogers (1993).

    Examples
    --------
    >>> share_of_customer([30, 50], [120, 50])
    array([0.25, 1.  ])
    >>> round(share_of_customer(30 + 50, 120 + 50), 3)
    0.471
    """
    validate.broadcastable(spend_with_us=spend_with_us, spend_total=spend_total)
    ours = validate.numbers("spend_with_us", spend_with_us, 0)
    total = validate.numbers("spend_total", spend_total, 0)
    if np.any(ours > total):
        a, b = (np.ravel(x) for x in np.broadcast_arrays(ours, total))
        at = int(np.argmax(a > b))
        raise ValueError(
            f"spend_with_us[{at}] is {a[at]:g}, more than spend_total {b[at]:g}; "
            "the total includes what is spent with us."
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(np.where(total > 0, ours / total, np.nan))
    return validate.like(share, spend_with_us, spend_total)


def unrealised_value(actual: Any, potential: Any) -> Any:
    """What a customer could be worth to us beyond what is already on its way.

    Parameters
    ----------
    actual : float or array
        Actual value: lifetime value if nothing changes, €.
    potential : float or array, at least `actual`
        Potential value: lifetime value if we won everything that we could win, €. It includes the
        actual value.

    Returns
    -------
    float, array or Series
        potential − actual, €, at least 0.

    Raises
    ------
    ValueError
        If a potential is below its actual value.

    Notes
    -----
    Actual, potential and unrealised value: Peppers and Rogers (2017, ch. 5).

    Examples
    --------
    >>> unrealised_value([200.0, 50.0], [260.0, 400.0])
    array([ 60., 350.])
    """
    validate.broadcastable(actual=actual, potential=potential)
    a = validate.numbers("actual", actual)
    p = validate.numbers("potential", potential)
    if np.any(p < a):
        low, high = (np.ravel(x) for x in np.broadcast_arrays(a, p))
        at = int(np.argmax(high < low))
        raise ValueError(
            f"potential[{at}] is {high[at]:g}, below actual[{at}] {low[at]:g}; potential includes actual "
            "value. If yours is an estimate, give np.maximum(actual, potential)."
        )
    return validate.like(np.asarray(p - a), actual, potential)


def value_tiers(
    actual: Any,
    potential: Any,
    actual_cut: float = 0.8,
    unrealised_cut: float = 0.8,
    cut: Literal["quantile", "value"] = "quantile",
    floor: float = 0.0,
) -> pd.Categorical:
    """Sort customers into Peppers and Rogers' five kinds by actual and unrealised value.

    Parameters
    ----------
    actual : array, one entry per customer
        Actual value: lifetime value if nothing changes, €.
    potential : array, one entry per customer, at least `actual`
        Potential value, € (see `unrealised_value`).
    actual_cut, unrealised_cut : float
        Above which actual (unrealised) value counts as high: a quantile of all customers, 0 to 1, or
        an amount in €. A customer exactly at the cut-off is not high.
    cut : {"quantile", "value"}
        What the two cut-offs are.
    floor : float
        € below which a customer never pays: 0 by default.

    Returns
    -------
    pandas.Categorical
        One of `TIERS` for each customer, in the order given.

    Raises
    ------
    ValueError
        If lengths differ, a potential is below its actual value, or a cut-off is outside its range.

    Notes
    -----
    Peppers and Rogers (2017, ch. 5) describe the kinds in words. This rule is our way to compute them:

    ==================  =====================================================
    below zero          potential < floor: no effort makes this customer pay
    super-growth        actual high, unrealised high
    most valuable       actual high, unrealised not high
    most growable       actual not high, unrealised high
    low-maintenance     neither
    ==================  =====================================================

    The first line that holds decides, so that every customer is in exactly one tier. One with a negative
    actual and a positive potential value is not below zero: something could be done.

    Examples
    --------
    >>> value_tiers([900, 800, 40, 30, -60], [950, 1900, 700, 60, -10], 100, 500, cut="value").tolist()
    ['most valuable', 'super-growth', 'most growable', 'low-maintenance', 'below zero']
    """
    a = validate.vector("actual", actual)
    p = validate.vector("potential", potential)
    validate.same_length(actual=a, potential=p)
    validate.broadcastable(actual=actual, potential=potential)
    validate.choice("cut", cut, ["quantile", "value"])
    extra = unrealised_value(a, p)
    limit = validate.number("floor", floor)
    if cut == "quantile":
        high = a > np.quantile(a, validate.number("actual_cut", actual_cut, 0, 1))
        more = extra > np.quantile(extra, validate.number("unrealised_cut", unrealised_cut, 0, 1))
    else:
        high = a > validate.number("actual_cut", actual_cut)
        more = extra > validate.number("unrealised_cut", unrealised_cut)
    rules = [p < limit, high & more, high, more]
    names = ["below zero", "super-growth", "most valuable", "most growable"]
    codes = np.select(rules, [TIERS.index(name) for name in names], TIERS.index("low-maintenance"))
    categories: Any = list(TIERS)
    return pd.Categorical.from_codes(codes.tolist(), categories=categories)


def lorenz(values: Any) -> pd.DataFrame:
    """Lorenz curve: which share of the value the least valuable customers hold.

    Parameters
    ----------
    values : array of n numbers, at least 0
        Value, revenue or orders per customer.

    Returns
    -------
    DataFrame, n + 1 rows
        share_of_customers (0 to 1, least valuable first) and share_of_value (0 to 1, cumulative);
        the first row is the origin.

    Raises
    ------
    ValueError
        If a value is negative (the curve would dip below 0 and Gini's coefficient could exceed 1: draw
        `whale_curve` instead) or if all are 0.

    Notes
    -----
    After the k least valuable of n customers: k / n, and Σ of their values / Σ of all. Lorenz (1905).
    Cost: one sort.

    Examples
    --------
    >>> lorenz([1, 1, 2])
       share_of_customers  share_of_value
    0            0.000000            0.00
    1            0.333333            0.25
    2            0.666667            0.50
    3            1.000000            1.00
    """
    x = np.sort(_shares("values", values))
    cumulative = np.concatenate([[0.0], np.cumsum(x / x[-1])])  # huge values must not overflow
    return pd.DataFrame(
        {
            "share_of_customers": np.linspace(0, 1, x.size + 1),
            "share_of_value": cumulative / cumulative[-1],
        }
    )


def gini(values: Any) -> float:
    """Gini coefficient: 0 when all customers are worth the same, near 1 when one holds everything.

    Parameters
    ----------
    values : array of n numbers, at least 0
        Value, revenue or orders per customer.

    Returns
    -------
    float
        0 to 1 − 1/n: twice the area between the diagonal and the `lorenz` curve.

    Raises
    ------
    ValueError
        If a value is negative or if all are 0, as in `lorenz`.

    Notes
    -----
    G = 2 Σ j x₍ⱼ₎ / (n Σ x) − (n + 1) / n with x₍₁₎ ≤ … ≤ x₍ₙ₎, which equals the mean absolute
    difference of two customers divided by twice the mean (Gini 1912). Cost: one sort.
    In large samples 1/3 for the uniform from 0, 1/2 for the exponential, 1 / (2α − 1) for Pareto(α).

    Examples
    --------
    >>> gini([5, 5, 5])
    0.0
    >>> gini([0, 0, 0, 8])
    0.75
    """
    x = np.sort(_shares("values", values))
    x = x / x[-1]  # the sum of huge values must not overflow
    n = x.size
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return max(0.0, float(ranks @ x / (n * x.sum())))


def _shares(name: str, values: Any) -> np.ndarray:
    """Values that have shares: none negative, not all 0."""
    x = validate.vector(name, values)
    if x.min() < 0:
        at = int(np.argmin(x))
        raise ValueError(
            f"{name}[{at}] is {x[at]:g}; Lorenz and Gini need values of at least 0. "
            "For profits that may be negative use whale_curve."
        )
    if x.max() == 0:
        raise ValueError(f"all {name} are 0; shares of nothing do not exist.")
    return x


def whale_curve(profit: Any) -> pd.DataFrame:
    """Cumulative profit with the most profitable customers first.

    Parameters
    ----------
    profit : array of n numbers
        € per customer, gains and losses; the total must be greater than 0.

    Returns
    -------
    DataFrame, n + 1 rows
        share_of_customers (0 to 1), profit (€ of the customer added in this row, 0 at the origin),
        cumulative (€), share_of_profit (cumulative ÷ total: above 1 where losses are still to come,
        exactly 1 in the last row).

    Raises
    ------
    ValueError
        If the total is not positive: a share of a loss means nothing.

    Notes
    -----
    The highest point says what the firm would earn without the customers on whom it loses, with costs
    that disappear with them. Cooper and Kaplan (1991) show it for the customers of a manufacturer.

    Examples
    --------
    >>> whale_curve([50, -40, 90, 0])
       share_of_customers  profit  cumulative  share_of_profit
    0                0.00     0.0         0.0              0.0
    1                0.25    90.0        90.0              0.9
    2                0.50    50.0       140.0              1.4
    3                0.75     0.0       140.0              1.4
    4                1.00   -40.0       100.0              1.0
    """
    x = np.sort(validate.vector("profit", profit))[::-1]
    steps = np.concatenate([[0.0], x])
    cumulative = np.cumsum(steps)
    total = cumulative[-1]
    if total <= 0:
        raise ValueError(f"profit sums to {total:g} €; the total must be greater than 0.")
    return pd.DataFrame(
        {
            "share_of_customers": np.linspace(0, 1, steps.size),
            "profit": steps,
            "cumulative": cumulative,
            "share_of_profit": cumulative / total,
        }
    )


def top_share(values: Any, top: float = 0.2) -> float:
    """Share of the value that the most valuable customers hold, the "80" in 80/20.

    Parameters
    ----------
    values : array of n numbers, at least 0
        Value, revenue or orders per customer.
    top : float, 0 to 1
        Which share of customers counts as the top. Where top × n is not whole, the last customer
        counts in part, as on the `lorenz` curve.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If a value is negative, all are 0, or `top` is not between 0 and 1.

    Notes
    -----
    1 − L(1 − top), with L the curve of Lorenz (1905): see `lorenz`.

    Examples
    --------
    >>> round(top_share([10, 10, 10, 10, 160], top=0.2), 6)
    0.8
    """
    part = validate.number("top", top, 0, 1)
    curve = lorenz(values)
    below = np.interp(1 - part, curve["share_of_customers"], curve["share_of_value"])
    return float(1 - below)


def decile_table(values: Any, groups: int = 10) -> pd.DataFrame:
    """Customers in ten groups of equal size, the most valuable first.

    Parameters
    ----------
    values : array of n numbers
        Value per customer, €; the total must be greater than 0.
    groups : int, 2 to n
        How many groups. Where n is not divisible the first groups have one customer more.

    Returns
    -------
    DataFrame, index `decile` 1 (top) to 10
        customers, total (€), mean (€), lowest (€, the smallest value in the group), share (of the
        total), cumulative_share.

    Raises
    ------
    ValueError
        If there are fewer customers than groups or the total is not positive.

    Notes
    -----
    share = Σ values of the group / Σ all values. Customers are cut by rank, so equal values can end
    up in two neighbouring groups; the table is the same whichever of them goes where. Groups of
    equal size are how direct marketers read a customer file: Hughes (1994).

    Examples
    --------
    >>> decile_table([1, 2, 3, 4], groups=2).reset_index()
       decile  customers  total  mean  lowest  share  cumulative_share
    0       1          2    7.0   3.5     3.0    0.7               0.7
    1       2          2    3.0   1.5     1.0    0.3               1.0
    """
    x = np.sort(validate.vector("values", values))[::-1]
    count = validate.whole("groups", groups, 2)
    if x.size < count:
        raise ValueError(f"values has {x.size} customers; {count} groups need at least {count}.")
    if x.sum() <= 0:
        raise ValueError(f"values sum to {x.sum():g}; the total must be greater than 0.")
    parts = np.array_split(x, count)
    table = pd.DataFrame(
        {
            "customers": [part.size for part in parts],
            "total": [part.sum() for part in parts],
            "mean": [part.mean() for part in parts],
            "lowest": [part[-1] for part in parts],
        },
        index=pd.RangeIndex(1, count + 1, name="decile"),
    )
    table["share"] = table["total"] / table["total"].sum()
    table["cumulative_share"] = table["share"].cumsum()
    return table


def hill_exponent(values: Any, minimum: float) -> float:
    """Exponent of a power-law tail, by maximum likelihood.

    Parameters
    ----------
    values : array of numbers
        Value per customer; only those of at least `minimum` are used.
    minimum : float, greater than 0
        Where the tail starts. The answer depends on it: try several.

    Returns
    -------
    float
        α in P(X > x) = (minimum / x)^α; its standard error is about α / √n for n values in the tail.
        The density falls as x^−(α+1), so the exponent of Newman (2005) is α + 1.

    Raises
    ------
    ValueError
        If fewer than two values reach `minimum` or none exceeds it.

    Notes
    -----
    α = n / Σ ln(xⱼ / minimum) (Hill 1975; eq. 5 of Newman 2005 is the density's exponent, α + 1). For a Pareto the Gini
    coefficient is 1 / (2α − 1): α = 1.16 makes 80/20.

    Examples
    --------
    >>> round(hill_exponent([1, 2, 4, 8], minimum=1), 4)
    0.9618
    """
    x, least = _tail(values, minimum)
    return float(x.size / np.log(x / least).sum())


def tail_fits(values: Any, minimum: float) -> pd.DataFrame:
    """Which describes the tail better, a power law or an exponential?

    Parameters
    ----------
    values : array of numbers
        Value per customer; only those of at least `minimum` are used.
    minimum : float, greater than 0
        Where the tail starts.

    Returns
    -------
    DataFrame, index "power law", "exponential"
        parameter (α of `hill_exponent`; decay rate per €), standard_error, log_likelihood. Both have
        one parameter, so the higher log-likelihood wins; customers, the number in the tail.

    Raises
    ------
    ValueError
        If fewer than two values reach `minimum` or none exceeds it.

    Notes
    -----
    Densities above the minimum m: α m^α x^−(α+1), and λ exp(−λ(x − m)) with λ = 1 / (mean − m).
    Clauset, Shalizi and Newman (2009) explain why a straight line on double-logarithmic paper is no
    proof of a power law.

    Examples
    --------
    >>> fits = tail_fits(np.random.default_rng(1).exponential(50, 5000), minimum=20)
    >>> fits["log_likelihood"].idxmax()
    'exponential'
    """
    x, least = _tail(values, minimum)
    n = x.size
    alpha = hill_exponent(x, least)
    rate = 1 / float(np.mean(x - least))
    power = n * np.log(alpha / least) - (alpha + 1) * np.log(x / least).sum()
    return pd.DataFrame(
        {
            "parameter": [alpha, rate],
            "standard_error": [alpha / np.sqrt(n), rate / np.sqrt(n)],
            "log_likelihood": [power, n * np.log(rate) - n],
            "customers": [n, n],
        },
        index=pd.Index(["power law", "exponential"], name="tail"),
    )


def _tail(values: Any, minimum: float) -> tuple[np.ndarray, float]:
    least = validate.number("minimum", minimum, 0, low_open=True)
    x = validate.vector("values", values)
    x = x[x >= least]
    if x.size < 2 or x.max() == least:
        raise ValueError(
            f"minimum is {least:g}; at least two values must reach it and one exceed it."
        )
    return x, least


def rfm(
    transactions: pd.DataFrame,
    as_of: Any,
    bins: int = 5,
    value: str = "revenue",
) -> pd.DataFrame:
    """Recency, frequency and monetary value of every customer, with scores.

    Parameters
    ----------
    transactions : DataFrame
        One row per order: customer_id, date and the column named by `value` (€).
    as_of : date
        The day from which one looks back; orders after it are ignored.
    bins : int, 2 to 9
        Scores run from 1 (worst) to `bins` (best).
    value : str
        Which column is money: "revenue" or "margin".

    Returns
    -------
    DataFrame, index customer_id, sorted
        recency_days (whole days from the last order to `as_of`), frequency (orders so far, *the first
        one included*), monetary (€ in total), r, f, m (scores, int) and rfm (the three digits as text,
        "555" is best). Customers without an order by `as_of` do not appear.

    Raises
    ------
    ValueError
        If a column is missing, a date or an amount is, or there is no order by `as_of`.

    Notes
    -----
    Score = 1 + ⌊bins × share of customers who are strictly worse⌋: quantile scores in which equal
    customers always get equal scores and the order of rows does not matter. With many ties some scores
    stay empty. In repeat-buying models (`cxedu.clv`) *frequency* and *recency* mean something else.
    Scores of this kind: Hughes (1994).

    Examples
    --------
    >>> orders = pd.DataFrame({
    ...     "customer_id": [1, 1, 2, 3],
    ...     "date": pd.to_datetime(["2025-01-10", "2025-12-20", "2025-06-30", "2025-12-01"]),
    ...     "revenue": [80.0, 40.0, 300.0, 20.0],
    ... })
    >>> rfm(orders, as_of="2025-12-31", bins=3).reset_index()
       customer_id  recency_days  frequency  monetary  r  f  m  rfm
    0            1            11          2     120.0  3  3  2  332
    1            2           184          1     300.0  1  1  3  113
    2            3            30          1      20.0  2  1  1  211
    """
    table = validate.frame("transactions", transactions, ["customer_id", "date", value])
    count = validate.whole("bins", bins, 2, 9)
    try:
        now = pd.Timestamp(as_of).normalize()
        dates = validate.dates(table["date"]).dt.normalize()
        past = (dates <= now).to_numpy()
    except (TypeError, ValueError, AttributeError):
        raise ValueError(
            f"as_of is {validate.shown(as_of)}; it and transactions['date'] must be dates, both with a time zone or both without."
        ) from None
    for column, values in (("customer_id", table["customer_id"]), ("date", dates)):
        if values.isna().any():
            raise ValueError(
                f"transactions has no {column} in row {int(np.argmax(values.isna()))}."
            )
    validate.labels("transactions['customer_id']", table["customer_id"])
    money = validate.vector(f"transactions[{value!r}]", table[value])
    if not past.any():
        raise ValueError(f"no transaction is on or before as_of {now.date()}.")
    rows = pd.DataFrame({"id": table["customer_id"], "date": dates, "money": money})[past]
    grouped = rows.groupby("id", sort=True, observed=True)
    result = pd.DataFrame(
        {
            "recency_days": (now - grouped["date"].max()).dt.days,
            "frequency": grouped.size(),
            "monetary": grouped["money"].sum(),
        }
    ).rename_axis("customer_id")
    result["r"] = _score(-result["recency_days"].to_numpy(), count)
    result["f"] = _score(result["frequency"].to_numpy(), count)
    result["m"] = _score(result["monetary"].to_numpy(), count)
    codes = [f"{r}{f}{m}" for r in range(10) for f in range(10) for m in range(10)]
    digits = 100 * result["r"] + 10 * result["f"] + result["m"]
    result["rfm"] = pd.array(codes, dtype="str").take(digits.to_numpy())
    return result


def _score(values: np.ndarray, bins: int) -> np.ndarray:
    worse = np.searchsorted(np.sort(values), values, side="left")
    return 1 + worse * bins // values.size


def referral_value(
    margin: Any,
    acquisition_saving: Any,
    would_have_joined: Any,
    period: Any = 0,
    discount: float = 0.0,
    reward: Any = 0.0,
    referrer: Any = None,
) -> Any:
    """Customer referral value: what the people a customer brought are worth to the firm.

    Parameters
    ----------
    margin : float or array, one entry per person referred
        Contribution margin of that person, €, as of the period of joining.
    acquisition_saving : float or array, at least 0
        What winning the person otherwise would have cost, €.
    would_have_joined : bool, float from 0 to 1, or array of them
        Whether the person would have come without the referral, or the probability of it.
    period : float or array, at least 0
        How many periods from now the person joins.
    discount : float, at least 0
        Discount rate per period.
    reward : float or array, at least 0
        What the firm pays for the referral, €, when the person joins, needed or not.
    referrer : array, optional
        Who referred that person.

    Returns
    -------
    float, or Series indexed by referrer if `referrer` is given
        €: Σ [(1 − w) margin + saving − reward] / (1 + i)ᵗ.

    Raises
    ------
    ValueError
        If a number is outside its range or lengths differ.

    Notes
    -----
    Kumar, Petersen and Leone (2007): somebody who came only because of the referral counts with margin
    and saved acquisition cost; somebody who would have come anyway with the saved cost alone. Counting
    every margin is the usual mistake. The reward, for those who would have come as well, is our addition.

    Examples
    --------
    >>> referral_value([100, 100], acquisition_saving=20, would_have_joined=[False, True])
    140.0
    >>> round(referral_value(100, 20, False, period=1, discount=0.2), 2)
    100.0
    """
    anyway = would_have_joined
    validate.broadcastable(would_have_joined=anyway)  # no ragged lists
    if np.asarray(anyway).dtype == bool:
        anyway = np.asarray(anyway, dtype=float)
    given: dict[str, Any] = {
        "margin": validate.numbers("margin", margin),
        "acquisition_saving": validate.numbers("acquisition_saving", acquisition_saving, 0),
        "would_have_joined": validate.numbers("would_have_joined", anyway, 0, 1),
        "period": validate.numbers("period", period, 0),
        "reward": validate.numbers("reward", reward, 0),
    }
    validate.broadcastable(
        margin=margin,
        acquisition_saving=acquisition_saving,
        would_have_joined=would_have_joined,
        period=period,
        reward=reward,
        referrer=referrer,
    )
    i = validate.number("discount", discount, 0)
    counted = (1 - given["would_have_joined"]) * given["margin"]
    value = counted + given["acquisition_saving"] - given["reward"]
    value = np.asarray(value * (1 + i) ** -given["period"])
    if referrer is None:
        return float(value.sum())
    value, who = np.broadcast_arrays(value, np.atleast_1d(np.asarray(referrer)))
    if value.ndim > 1:
        raise ValueError(
            f"margin and the others have shape {value.shape}; with referrer, give lists."
        )
    if who.dtype.kind == "V":
        raise ValueError("referrer holds records; it must hold labels, such as texts or numbers.")
    validate.labels("referrer", pd.Series(who))
    if pd.isna(who).any():
        raise ValueError(f"referrer[{int(np.argmax(pd.isna(who)))}] is missing.")
    sums = pd.DataFrame({"referrer": who, "referral_value": value}).groupby("referrer")
    return sums["referral_value"].sum()
