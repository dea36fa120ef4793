"""Interact: what contacts cost and settle, complaints unheard, recovery, golden questions, bargains, reach.

Money is in euros (€); a share or probability is between 0 and 1. The tables of contacts have one row
per contact; the names of their columns are arguments, and their defaults are Meridian's. Published
measures and our own small models stand side by side and say which they are.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.experience import wilson_interval

__all__ = [
    "SilentComplaints",
    "advocacy_reach",
    "bargain_value",
    "channel_cost",
    "complaint_discovery_rate",
    "cost_per_resolution",
    "expected_value_of_information",
    "first_contact_resolution",
    "golden_question",
    "posterior",
    "recovery_paradox",
    "recovery_value",
    "silent_complaints",
    "value_of_perfect_information",
]

Bargain = Literal["explicit", "implicit"]


# Contacts ---------------------------------------------------------------------------------------


def first_contact_resolution(
    interactions: pd.DataFrame,
    by: str | None = None,
    *,
    case: str = "case",
    contact: str = "contact",
    resolved: str = "resolved",
    believe_flag: bool = False,
) -> Any:
    """Share of cases that were settled at the first contact.

    Parameters
    ----------
    interactions : DataFrame, one row per contact
        With the columns named by the next arguments.
    by : str, optional
        Column to report by, such as "channel"; what it says at the *first* contact of a case counts.
    case : str
        Column that says which contacts belong to one matter of one customer.
    contact : str
        Column with the order of the contacts within a case (1, 2, … or a date), no two alike in one case.
    resolved : str
        Column with True (or 1) where the contact was recorded as having settled the matter.
    believe_flag : bool
        False, the default: a case that came back was not settled, whatever was recorded at first. True:
        the record at the first contact is believed.

    Returns
    -------
    float or Series indexed by `by`
        0 to 1.

    Raises
    ------
    ValueError
        If a column is missing or holds missing values, or two contacts of a case have the same place.

    Notes
    -----
    Cases whose first contact was recorded as resolved and that have no second contact, ÷ all cases. Cases
    that began shortly before the data end may still come back, which flatters the latest period. First-contact
    resolution as the aim of service, against delight: Dixon, Freeman and Toman (2010).

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "case": [1, 2, 2, 3],
    ...         "contact": [1, 1, 2, 1],
    ...         "resolved": [True, True, True, False],
    ...     }
    ... )
    >>> round(first_contact_resolution(calls), 3)  # case 2 came back, case 3 is open
    0.333
    >>> round(first_contact_resolution(calls, believe_flag=True), 3)
    0.667
    """
    extra = [] if by is None else [by]
    table = _contacts(interactions, case, contact, resolved, extra)
    if by is not None:
        validate.labels(f"interactions[{by!r}]", table[by])
    first = table[~table["_case"].duplicated()]
    settled = first["_resolved"].to_numpy()
    if not validate.flag("believe_flag", believe_flag):
        settled = settled & ~table["_case"].duplicated(keep=False).loc[first.index].to_numpy()
    if by is None:
        return float(settled.mean())
    rates = pd.Series(settled.astype(float), index=first.index)
    return rates.groupby(first[by], observed=True).mean().rename("first_contact_resolution")


def cost_per_resolution(
    interactions: pd.DataFrame,
    *,
    case: str = "case",
    contact: str = "contact",
    resolved: str = "resolved",
    channel: str = "channel",
    cost: str = "cost",
    charge: Literal["first", "own"] = "first",
) -> pd.DataFrame:
    """What it costs, channel by channel, to have a case settled.

    Parameters
    ----------
    interactions : DataFrame, one row per contact
        With the columns named by the next arguments; `cost` in €, at least 0.
    case, contact, resolved, channel, cost : str
        Names of the columns; the first three as in `first_contact_resolution`.
    charge : {"first", "own"}
        - "first" (default): a case and *all* its contacts are charged to the channel where it began, so that
          a cheap channel pays for the calls that it causes.
        - "own": each contact is charged to its own channel, and so is the resolution it brought.

    Returns
    -------
    DataFrame indexed by channel
        cases (or contacts with "own"), resolutions (at most one per case), cost (€), cost_per_case
        (cost_per_contact) and cost_per_resolution (€; inf where nothing was settled).

    Raises
    ------
    ValueError
        If a column is missing or holds missing values, a cost is negative, or the order in a case is not
        clear.

    Notes
    -----
    Cost per resolution is the sum of the costs ÷ the number of cases settled. A case counts as settled once:
    with "own" by its last contact that is recorded as resolved. Activity-based costing of customers:
    Kaplan and Narayanan (2001).

    Examples
    --------
    >>> contacts = pd.DataFrame(
    ...     {
    ...         "case": [1, 2, 2, 3],
    ...         "contact": [1, 1, 2, 1],
    ...         "channel": ["web", "web", "phone", "phone"],
    ...         "cost": [1.0, 1.0, 8.0, 8.0],
    ...         "resolved": [True, False, True, True],
    ...     }
    ... )
    >>> cost_per_resolution(contacts)["cost_per_resolution"].to_dict()  # the web caused a call
    {'phone': 8.0, 'web': 5.0}
    >>> cost_per_resolution(contacts, charge="own")["cost_per_resolution"].to_dict()
    {'phone': 8.0, 'web': 2.0}
    """
    validate.choice("charge", charge, ["first", "own"])
    table = _contacts(interactions, case, contact, resolved, [channel, cost])
    validate.labels(f"interactions[{channel!r}]", table[channel])
    spent = validate.vector(f"interactions[{cost!r}]", table[cost].to_numpy(), 0)
    # The last contact that was recorded as resolved is the one that settled the case.
    last = table.index[table["_resolved"]][
        ~table.loc[table["_resolved"], "_case"].duplicated(keep="last")
    ]
    if charge == "first":
        unit, where = "case", table.groupby("_case")[channel].transform("first")
        counted = ~table["_case"].duplicated()
    else:
        unit, where = "contact", table[channel]
        counted = pd.Series(True, index=table.index)
    parts = pd.DataFrame(
        {f"{unit}s": counted.astype(int), "resolutions": table.index.isin(last).astype(int)}
    ).assign(cost=spent)
    sums = parts.groupby(where.rename(channel), observed=True).sum()
    sums[f"cost_per_{unit}"] = sums["cost"] / sums[f"{unit}s"]
    some = sums["cost"] / sums["resolutions"].clip(lower=1)
    sums["cost_per_resolution"] = some.where(sums["resolutions"] > 0, np.inf)
    return sums


def _contacts(
    interactions: Any, case: str, contact: str, resolved: str, extra: list[str]
) -> pd.DataFrame:
    """The contacts in the order of their cases, checked; `_case` and `_resolved` are ours."""
    used = [case, contact, resolved, *extra]
    for name in used:
        if not isinstance(name, Hashable):
            raise ValueError(f"{validate.shown(name)} is no name of a column of interactions.")
    table = validate.frame("interactions", interactions, used)
    for name in used:
        if table[name].isna().any():
            at = int(np.argmax(table[name].isna()))
            raise ValueError(
                f"interactions[{name!r}] is missing in row {at}; fill or drop it first."
            )
    flag = _flags(f"interactions[{resolved!r}]", table[resolved])
    try:
        # pandas sorts a mixture of types by several keys without a word, in an order of its own.
        if pd.api.types.infer_dtype(table[contact]).startswith("mixed"):
            raise TypeError
        again = table.duplicated([case, contact])
        ordered = table.assign(_case=table[case], _resolved=flag).sort_values(
            [case, contact], kind="stable", ignore_index=True
        )
    except TypeError:
        raise ValueError(
            f"interactions cannot be put in order by {case!r} and {contact!r}; each must hold one type."
        ) from None
    if again.any():
        twice = table.loc[again, case].iloc[0]
        raise ValueError(
            f"interactions has two contacts of case {twice} with the same {contact!r}; "
            "the order within a case must be clear."
        )
    return ordered


def _flags(name: str, values: Any) -> np.ndarray:
    """True and False, or 1 and 0, as a boolean array."""
    array = np.atleast_1d(np.asarray(values))
    if array.dtype != bool:
        if array.dtype == object and all(isinstance(v, (bool, np.bool_)) for v in array.ravel()):
            array = array.astype(bool)
        else:
            given = validate.vector(name, array, 0, 1)
            if np.any((given != 0) & (given != 1)):
                raise ValueError(f"{name} must hold True and False (or 1 and 0) only.")
            array = given == 1
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}; it must be one column with values.")
    return array


def channel_cost(
    contacts: Any,
    minutes: Any,
    cost_per_hour: Any,
    occupancy: Any = 1.0,
    fixed: Any = 0.0,
) -> Any:
    """What a channel costs in a period: the people's time, paid idle time included, and the fixed part.

    Parameters
    ----------
    contacts : float or array, at least 0
        Contacts per period.
    minutes : float or array, at least 0
        An employee's time per contact, work afterwards included; 0 for self-service.
    cost_per_hour : float or array, at least 0
        € per paid hour of an employee.
    occupancy : float or array, greater than 0, at most 1
        Share of the paid time that is spent on contacts. Short waits need idle hands: see
        `cxedu.organise.queue_wait`.
    fixed : float or array, at least 0
        € per period whatever the number of contacts: software, rooms.

    Returns
    -------
    float, array or Series
        € per period. Divide by contacts for the cost of one.

    Raises
    ------
    ValueError
        If an argument is outside its range or shapes do not fit.

    Notes
    -----
    fixed + contacts × minutes ÷ 60 × cost per hour ÷ occupancy: time-driven activity-based costing
    (Kaplan and Anderson 2004) of one activity.

    Examples
    --------
    >>> channel_cost([1000, 9000], minutes=[6, 0], cost_per_hour=30, occupancy=0.75, fixed=[500, 1800])
    array([4500., 1800.])
    """
    validate.broadcastable(
        contacts=contacts,
        minutes=minutes,
        cost_per_hour=cost_per_hour,
        occupancy=occupancy,
        fixed=fixed,
    )
    n = validate.numbers("contacts", contacts, 0)
    time = validate.numbers("minutes", minutes, 0)
    wage = validate.numbers("cost_per_hour", cost_per_hour, 0)
    busy = validate.numbers("occupancy", occupancy, 0, 1, low_open=True)
    rest = validate.numbers("fixed", fixed, 0)
    total = np.asarray(rest + n * time / 60 * wage / busy)
    return validate.like(total, contacts, minutes, cost_per_hour, occupancy, fixed)


# Complaints and recovery --------------------------------------------------------------------------


class SilentComplaints(NamedTuple):
    """What a survey says about those who never complained: see `silent_complaints`.

    Parameters
    ----------
    rate, low, high : float
        Complaint discovery rate and its interval, 0 to 1.
    dissatisfied, silent : float
        Estimated numbers of customers.
    standard_error : float
        Of both numbers.

    Examples
    --------
    >>> silent_complaints(10, 15, 5)._fields
    ('rate', 'low', 'high', 'dissatisfied', 'silent', 'standard_error')
    """

    rate: float
    low: float
    high: float
    dissatisfied: float
    silent: float
    standard_error: float


def complaint_discovery_rate(voiced: Any, dissatisfied: Any) -> Any:
    """Share of all dissatisfied customers that the firm hears from.

    Parameters
    ----------
    voiced : float or array, at least 0
        Dissatisfied customers who complained to the firm.
    dissatisfied : float or array, at least `voiced`
        All dissatisfied customers, silent ones included. Unknown in real firms: `silent_complaints`
        estimates it.

    Returns
    -------
    float, array or Series
        0 to 1; NaN where nobody is dissatisfied, because no rate exists then.

    Raises
    ------
    ValueError
        If a number is negative or more complain than are dissatisfied.

    Notes
    -----
    Voiced ÷ (voiced + silent). Fewer complaints may mean fewer reasons or fewer people who bother: exit and
    voice are two answers to the same decline (Hirschman 1970). Defensive marketing therefore seeks *more*
    complaints from the same dissatisfaction (Fornell and Wernerfelt 1987).

    Examples
    --------
    >>> complaint_discovery_rate(5, 100)
    0.05
    """
    validate.broadcastable(voiced=voiced, dissatisfied=dissatisfied)
    v = validate.numbers("voiced", voiced, 0)
    d = validate.numbers("dissatisfied", dissatisfied, 0)
    if np.any(v > d):
        a, b = (np.ravel(x) for x in np.broadcast_arrays(v, d))
        at = int(np.argmax(a > b))
        raise ValueError(
            f"voiced[{at}] is {a[at]:g}, more than dissatisfied {b[at]:g}; "
            "those who complained are among the dissatisfied."
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.asarray(np.where(d > 0, v / d, np.nan))
    return validate.like(rate, voiced, dissatisfied)


def silent_complaints(
    voiced: int, surveyed_dissatisfied: int, of_whom_voiced: int, level: float = 0.95
) -> SilentComplaints:
    """How many are dissatisfied and silent, estimated from a survey that asks who had complained.

    Parameters
    ----------
    voiced : int
        Dissatisfied customers who complained to the firm in the period (from the complaints file).
    surveyed_dissatisfied : int, at least 1
        Dissatisfied customers in a random survey of all customers about the same period.
    of_whom_voiced : int, at most `surveyed_dissatisfied` and `voiced`
        Those of them who are in the complaints file too.
    level : float, between 0 and 1
        Confidence level of the interval.

    Returns
    -------
    SilentComplaints
        - rate, low, high: complaint discovery rate and its Wilson interval, 0 to 1
        - dissatisfied: estimated number of dissatisfied customers, silent ones included
        - silent: dissatisfied − voiced
        - standard_error: of `dissatisfied` and `silent`

    Raises
    ------
    ValueError
        If a number is not a whole one or the survey finds complainers who are not in the file.

    Notes
    -----
    Capture and recapture: the complaints file marks n₁ customers, the survey catches n₂, m of them marked. Rate
    = m / n₂; dissatisfied = (n₁ + 1)(n₂ + 1) / (m + 1) − 1 (Chapman 1951), unbiased if n₁ + n₂ is at least the
    number sought; squared error (n₁ + 1)(n₂ + 1)(n₁ − m)(n₂ − m) / [(m + 1)² (m + 2)] (Seber 1982, ch. 3).
    It holds if complainers answer the survey as readily as silent customers. If the
    silent have also turned away from surveys, there are more of them than this says.

    Examples
    --------
    >>> found = silent_complaints(voiced=200, surveyed_dissatisfied=50, of_whom_voiced=10)
    >>> found.rate, round(found.dissatisfied), round(found.silent)
    (0.2, 931, 731)
    """
    n1 = validate.whole("voiced", voiced, 0, 1e12)
    n2 = validate.whole("surveyed_dissatisfied", surveyed_dissatisfied, 1, 1e12)
    m = validate.whole("of_whom_voiced", of_whom_voiced, 0, min(n1, n2))
    p = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    low, high = wilson_interval(m, n2, p)
    total = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
    return SilentComplaints(
        rate=m / n2,
        low=low,
        high=high,
        dissatisfied=total,
        silent=total - n1,
        standard_error=float(np.sqrt(variance)),
    )


def recovery_value(
    value: Any,
    kept_unrecovered: Any,
    kept_recovered: Any,
    cost: Any,
    success: Any = 1.0,
    voiced: Any = 1.0,
) -> Any:
    """What a policy of making good is worth per customer who met a failure.

    Parameters
    ----------
    value : float or array
        Lifetime value of a customer who stays, € from now on.
    kept_unrecovered, kept_recovered : float or array, 0 to 1
        Probability of staying after a failure that was left as it was, and after one that was made good.
    cost : float or array, at least 0
        € per attempt to make good: apology, replacement, refund, time.
    success : float or array, 0 to 1
        Share of attempts that satisfy the customer. A failed attempt leaves retention as it was.
    voiced : float or array, 0 to 1
        Share of failures that the firm hears of, see `complaint_discovery_rate`. Nothing is spent or won
        on the silent ones.

    Returns
    -------
    float, array or Series
        € per failure; below 0 the policy costs more than it keeps.

    Raises
    ------
    ValueError
        If an argument is outside its range or shapes do not fit.

    Notes
    -----
    voiced × [success × (kept recovered − kept unrecovered) × value − cost]. Our own arithmetic; the evidence
    that recovery keeps customers is in Smith, Bolton and Wagner (1999) and Tax, Brown and Chandrashekaran
    (1998). The same cost for everybody is worth it for some customers only: compare along `value`.

    Examples
    --------
    >>> round(recovery_value(300.0, 0.4, 0.8, cost=30.0, success=0.75), 2)
    60.0
    >>> recovery_value([50.0, 100.0, 300.0], 0.4, 0.8, 30.0, 0.75).round(2)
    array([-15.,   0.,  60.])
    """
    given = (value, kept_unrecovered, kept_recovered, cost, success, voiced)
    validate.broadcastable(
        value=value,
        kept_unrecovered=kept_unrecovered,
        kept_recovered=kept_recovered,
        cost=cost,
        success=success,
        voiced=voiced,
    )
    v = validate.numbers("value", value)
    before = validate.numbers("kept_unrecovered", kept_unrecovered, 0, 1)
    after = validate.numbers("kept_recovered", kept_recovered, 0, 1)
    c = validate.numbers("cost", cost, 0)
    s = validate.numbers("success", success, 0, 1)
    heard = validate.numbers("voiced", voiced, 0, 1)
    return validate.like(np.asarray(heard * (s * (after - before) * v - c)), *given)


def recovery_paradox(
    kept_without_failure: Any,
    kept_unrecovered: Any,
    kept_recovered: Any,
    success: Any = 1.0,
    voiced: Any = 1.0,
) -> Any:
    """Retention after failures minus retention without: above 0 the recovery paradox holds.

    Parameters
    ----------
    kept_without_failure : float or array, 0 to 1
        Probability of staying of customers to whom nothing happened.
    kept_unrecovered, kept_recovered : float or array, 0 to 1
        Probability of staying after a failure left as it was, and after one made good.
    success : float or array, 0 to 1
        Share of attempts that satisfy the customer.
    voiced : float or array, 0 to 1
        Share of failures that the firm hears of.

    Returns
    -------
    float, array or Series
        −1 to 1. With success = voiced = 1 it is the paradox as defined, for those who were made whole;
        with real shares it is the paradox for everybody who met a failure, which needs much more.

    Raises
    ------
    ValueError
        If an argument is outside 0 to 1 or shapes do not fit.

    Notes
    -----
    k₁ = kept_unrecovered + voiced × success × (kept_recovered − kept_unrecovered); result k₁ − k₀. It is
    positive only if voiced × success > (k₀ − unrecovered) / (recovered − unrecovered). The name is from McCollough
    and Bharadwaj (1992). The meta-analysis of de Matos, Henrique and Rossi (2007) finds it for satisfaction and
    not for repurchase; a second failure ends it (Maxham and Netemeyer 2002). It is no reason to fail: failure
    and recovery both cost.

    Examples
    --------
    >>> round(recovery_paradox(0.8, 0.4, 0.85), 3)  # those who were made whole
    0.05
    >>> round(recovery_paradox(0.8, 0.4, 0.85, success=0.75, voiced=0.3), 3)  # all who met a failure
    -0.299
    """
    given = (kept_without_failure, kept_unrecovered, kept_recovered, success, voiced)
    validate.broadcastable(
        kept_without_failure=kept_without_failure,
        kept_unrecovered=kept_unrecovered,
        kept_recovered=kept_recovered,
        success=success,
        voiced=voiced,
    )
    k0 = validate.numbers("kept_without_failure", kept_without_failure, 0, 1)
    low = validate.numbers("kept_unrecovered", kept_unrecovered, 0, 1)
    high = validate.numbers("kept_recovered", kept_recovered, 0, 1)
    s = validate.numbers("success", success, 0, 1)
    heard = validate.numbers("voiced", voiced, 0, 1)
    return validate.like(np.asarray(low + heard * s * (high - low) - k0), *given)


# Golden questions ---------------------------------------------------------------------------------


def posterior(prior: Any, likelihood: Any, answer: int) -> np.ndarray:
    """What an answer says about the segment: Bayes' rule.

    Parameters
    ----------
    prior : array of K probabilities that sum to 1
        Shares of the needs segments, or what is believed of this customer so far.
    likelihood : array, K × answers
        Probability of each answer in each segment; every row sums to 1.
    answer : int
        Which answer was given: 0, 1, …

    Returns
    -------
    array of K probabilities

    Raises
    ------
    ValueError
        If probabilities do not sum to 1, shapes do not fit, or nobody would give this answer.

    Notes
    -----
    P(segment | answer) = P(segment) P(answer | segment) / P(answer) (Bayes 1763).

    Examples
    --------
    >>> posterior([0.5, 0.5], [[0.9, 0.1], [0.3, 0.7]], answer=0)
    array([0.75, 0.25])
    """
    p = _distribution("prior", prior)
    table = _likelihood("likelihood", likelihood, p.size)
    a = validate.whole("answer", answer, 0, table.shape[1] - 1)
    joint = p * table[:, a]
    if joint.sum() == 0:
        raise ValueError(f"answer is {a}; with this prior and likelihood nobody gives it.")
    return joint / joint.sum()


def expected_value_of_information(prior: Any, likelihood: Any, payoff: Any) -> float:
    """What asking one question is worth before the answer is known.

    Parameters
    ----------
    prior : array of K probabilities that sum to 1
        Shares of the needs segments.
    likelihood : array, K × answers
        Probability of each answer in each segment; every row sums to 1.
    payoff : array, K × actions
        € earned when a customer of that segment gets that treatment.

    Returns
    -------
    float
        € per customer asked, at least 0 and at most `value_of_perfect_information`. The cost of asking is
        not in it.

    Raises
    ------
    ValueError
        If probabilities do not sum to 1 or shapes do not fit.

    Notes
    -----
    Σₐ max_d Σₖ P(k) P(a | k) payoff(k, d) − max_d Σₖ P(k) payoff(k, d): the expected value of sample
    information (Raiffa and Schlaifer 1961). It is 0 when no answer would change what is done, however
    interesting the question. It takes the best action and true answers for granted, and counts € on average,
    not risk.

    Examples
    --------
    An oil driller's test (Raiffa 1968), in $ 1,000: dry, wet, soaking; drill or not.

    >>> prior, payoff = [0.5, 0.3, 0.2], [[-70, 0], [50, 0], [200, 0]]
    >>> test = [[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.1, 0.4, 0.5]]
    >>> round(expected_value_of_information(prior, test, payoff), 3)
    12.5
    """
    p, gain = _decision(prior, payoff)
    table = _likelihood("likelihood", likelihood, p.size)
    return _information_value(p, table, gain)


def value_of_perfect_information(prior: Any, payoff: Any) -> float:
    """What it would be worth to know every customer's segment for certain.

    Parameters
    ----------
    prior : array of K probabilities that sum to 1
        Shares of the needs segments.
    payoff : array, K × actions
        € earned when a customer of that segment gets that treatment.

    Returns
    -------
    float
        € per customer, at least 0: the most that any question, or any number of them, can be worth.

    Raises
    ------
    ValueError
        If probabilities do not sum to 1 or shapes do not fit.

    Notes
    -----
    Σₖ P(k) max_d payoff(k, d) − max_d Σₖ P(k) payoff(k, d) (Raiffa and Schlaifer 1961).

    Examples
    --------
    >>> round(value_of_perfect_information([0.5, 0.3, 0.2], [[-70, 0], [50, 0], [200, 0]]), 3)
    35.0
    """
    p, gain = _decision(prior, payoff)
    return _information_value(p, np.eye(p.size), gain)


def golden_question(
    prior: Any, questions: Mapping[str, Any], payoff: Any, cost: Any = 0.0
) -> pd.DataFrame:
    """Which question to ask next: the one whose answer is worth most.

    Parameters
    ----------
    prior : array of K probabilities that sum to 1
        Shares of the needs segments, or what is believed of this customer so far (`posterior`).
    questions : mapping question → likelihood
        For each question an array K × answers, every row summing to 1.
    payoff : array, K × actions
        € earned when a customer of that segment gets that treatment.
    cost : float, or mapping question → float, at least 0
        € that asking costs, the customer's patience included.

    Returns
    -------
    DataFrame indexed by question, best first
        value (€ per customer asked), cost (€), net (€; below 0: don't ask) and share_of_perfect (value ÷
        value of perfect information, 0 to 1; 0 if even that is worth nothing).

    Raises
    ------
    ValueError
        If there is no question, probabilities do not sum to 1, or shapes do not fit.

    Notes
    -----
    Golden questions: Peppers and Rogers (2017). Computing them as expected value of information is our way. One
    step ahead only: two questions may be worth more together than each alone.

    Examples
    --------
    >>> questions = {
    ...     "With children?": [[0.9, 0.1], [0.2, 0.8]],
    ...     "Favourite colour?": [[0.5, 0.5], [0.5, 0.5]],
    ... }
    >>> table = golden_question([0.4, 0.6], questions, payoff=[[30, 0], [0, 20]], cost=0.5)
    >>> table["net"].round(2).to_dict()
    {'With children?': 7.9, 'Favourite colour?': -0.5}
    """
    p, gain = _decision(prior, payoff)
    if not isinstance(questions, Mapping) or not questions:
        raise ValueError(
            "questions must be a mapping from at least one question to its likelihood."
        )
    if isinstance(cost, Mapping):
        lacking = [name for name in questions if name not in cost]
        if lacking:
            raise ValueError(f"cost lacks the question {lacking[0]!r}.")
        costs = [validate.number(f"cost[{name!r}]", cost[name], 0) for name in questions]
    else:
        costs = [validate.number("cost", cost, 0)] * len(questions)
    values = [
        _information_value(p, _likelihood(f"questions[{name!r}]", table, p.size), gain)
        for name, table in questions.items()
    ]
    perfect = _information_value(p, np.eye(p.size), gain)
    result = pd.DataFrame(
        {"value": values, "cost": costs}, index=pd.Index(list(questions), name="question")
    )
    result["net"] = result["value"] - result["cost"]
    result["share_of_perfect"] = result["value"] / perfect if perfect > 0 else 0.0
    return result.sort_values("net", ascending=False, kind="stable")


def _information_value(p: np.ndarray, likelihood: np.ndarray, payoff: np.ndarray) -> float:
    blind = int(np.argmax(p @ payoff))
    by_answer = (p[:, None] * likelihood).T @ payoff
    # Summing the gains over the blind choice: exactly 0 where no answer changes it, never below.
    return float((by_answer.max(axis=1) - by_answer[:, blind]).sum())


def _decision(prior: Any, payoff: Any) -> tuple[np.ndarray, np.ndarray]:
    p = _distribution("prior", prior)
    return p, _matrix("payoff", payoff, p.size)


def _distribution(name: str, values: Any) -> np.ndarray:
    p = validate.vector(name, _unit(values), 0, 1)
    if abs(p.sum() - 1) > 1e-8:
        raise ValueError(f"{name} sums to {p.sum():g}; probabilities must sum to 1.")
    return p


def _unit(values: Any) -> Any:
    """Probabilities that rounding has put a hair above 1 are 1; anything else is left as it is."""
    try:
        array = np.asarray(values)
    except ValueError:
        return values
    if array.dtype.kind != "f":
        return values
    return np.where((array > 1) & (array <= 1 + 1e-9), 1.0, array)


def _likelihood(name: str, values: Any, rows: int) -> np.ndarray:
    table = _matrix(name, _unit(values), rows, 0, 1)
    off = np.flatnonzero(np.abs(table.sum(axis=1) - 1) > 1e-8)
    if off.size:
        total = table[off[0]].sum()
        raise ValueError(
            f"{name}[{off[0]}] sums to {total:g}; the answers of a segment must sum to 1."
        )
    return table


def _matrix(
    name: str, values: Any, rows: int, low: float = -np.inf, high: float = np.inf
) -> np.ndarray:
    """A table of numbers with a row per segment and at least one column."""
    try:
        shape = np.shape(values)
    except ValueError:
        raise ValueError(f"{name} has rows of different length; it must be a table.") from None
    if len(shape) != 2 or shape[0] != rows or shape[1] < 1:
        raise ValueError(
            f"{name} has shape {shape}; it must have {rows} rows, one per segment, and columns."
        )
    return validate.numbers(name, np.asarray(values), low, high)


# Bargains and advocates ---------------------------------------------------------------------------


def bargain_value(
    information: Any,
    reward: Any,
    response: Any,
    bargain: Bargain = "explicit",
    offer_cost: Any = 0.0,
) -> Any:
    """What a bargain for a customer's information or attention is worth to the firm.

    Parameters
    ----------
    information : float or array
        What the information (or permission, or attention) of one customer earns, €.
    reward : float or array, at least 0
        What the customer gets for it, € of cost to the firm.
    response : float or array, 0 to 1
        Share of customers who give the information.
    bargain : {"explicit", "implicit"}
        - "explicit" (default): the reward goes only to those who give the information, as agreed.
        - "implicit": everybody gets the reward, in the hope that some give it, as with free content
          paid for by advertisements.
    offer_cost : float or array, at least 0
        € per customer to whom the bargain is offered.

    Returns
    -------
    float, array or Series
        € per customer offered; below 0 the firm pays more than it learns.

    Raises
    ------
    ValueError
        If an argument is outside its range or shapes do not fit.

    Notes
    -----
    Explicit: response × (information − reward) − offer cost. Implicit: response × information − reward − offer
    cost. The difference, (1 − response) × reward, is what is given for nothing. Implicit and explicit bargains
    are Peppers and Rogers' (2017) words, the arithmetic is ours. What the customer thinks of the bargain shows in
    `response`: it belongs on the curve that a test has measured, not among the assumptions.

    Examples
    --------
    >>> round(bargain_value(information=12.0, reward=5.0, response=0.3), 2)
    2.1
    >>> round(bargain_value(12.0, 5.0, 0.3, "implicit"), 2)
    -1.4
    """
    validate.choice("bargain", bargain, ["explicit", "implicit"])
    given = (information, reward, response, offer_cost)
    validate.broadcastable(
        information=information, reward=reward, response=response, offer_cost=offer_cost
    )
    worth = validate.numbers("information", information)
    paid = validate.numbers("reward", reward, 0)
    share = validate.numbers("response", response, 0, 1)
    offer = validate.numbers("offer_cost", offer_cost, 0)
    rewarded = share if bargain == "explicit" else np.ones_like(share)
    return validate.like(np.asarray(share * worth - rewarded * paid - offer), *given)


def advocacy_reach(advocates: Any, branching: Any, generations: Any = None) -> Any:
    """Customers whom advocates are expected to bring, those brought by the brought included.

    Parameters
    ----------
    advocates : float or array, at least 0
        Customers who start; not counted in the result.
    branching : float or array, at least 0
        Expected number of new customers that one customer brings: people told × share of them who come.
    generations : int or array of int, at least 0, optional
        How many generations are counted. None, the default: all, which needs a branching factor below 1.

    Returns
    -------
    float, array or Series
        Expected number of customers reached.

    Raises
    ------
    ValueError
        If an argument is outside its range, shapes do not fit, or the number is infinite.

    Notes
    -----
    advocates × (b + b² + … + bᴳ) = advocates × b (1 − bᴳ) / (1 − b), and advocates × b / (1 − b) without end: the
    mean of a branching process (Harris 1963). It forgets that acquaintances overlap and that markets are
    finite, so it is too high wherever reach is no longer small against the market.

    Examples
    --------
    >>> advocacy_reach(100, branching=0.5, generations=2)
    75.0
    >>> advocacy_reach(100, [0.5, 0.75, 0.875])  # close to 1, a little more branching is a lot
    array([100., 300., 700.])
    """
    validate.broadcastable(advocates=advocates, branching=branching, generations=generations)
    n = validate.numbers("advocates", advocates, 0)
    b = validate.numbers("branching", branching, 0)
    if generations is None:
        if np.any(b >= 1):
            raise ValueError(
                f"branching is {float(b.max()):g}; without a number of generations it must be less than 1, "
                "or the reach is infinite."
            )
        return validate.like(np.asarray(n * b / (1 - b)), advocates, branching)
    g = validate.numbers("generations", generations, 0)
    if np.any(g != np.floor(g)):
        raise ValueError(f"generations is {generations!r}; it must be a whole number.")
    with np.errstate(all="ignore"):
        chain = np.where(b == 1, g, b * np.expm1(g * np.log(np.where(b > 0, b, 1))) / (b - 1))
        reach = np.asarray(n * np.where(b == 0, 0.0, chain))
    if not np.all(np.isfinite(reach)):
        raise ValueError(
            f"generations is {generations!r}, too many: with this branching the reach overflows."
        )
    return validate.like(reach, advocates, branching, generations)
