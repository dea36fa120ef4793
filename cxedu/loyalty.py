"""Loyalty and what it is worth: who stays and for how long, why, and what treating each alike costs.

Conventions: a rate is *per period* and the period is named; a lifetime is counted in whole periods
(first one now, see `expected_lifetime`) or measured as a span of time (`kaplan_meier`); money is
contribution margin in euros (€). A number gives a number, an array an array, and a Series a Series
with the same index.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from cxedu import validate
from cxedu.value import FIRST_MARGIN, FirstMargin, margin_multiple

__all__ = [
    "LOYALTIES",
    "PERIODS_PER_YEAR",
    "TreatmentProfit",
    "churn_rate",
    "cohort_table",
    "convert_churn",
    "convert_retention",
    "decompose_growth",
    "differential_profit",
    "expected_lifetime",
    "kaplan_meier",
    "loyalty_matrix",
    "market_share",
    "preference_learning",
    "project_base",
    "retention_elasticity",
    "retention_rate",
    "update_preference",
]

#: Dick and Basu's four kinds of loyalty, in the order in which `loyalty_matrix` lists them.
LOYALTIES = ("true", "latent", "spurious", "none")

#: Periods in a year, by pandas' letters: a week is 7 days and a year 365.25, on average.
PERIODS_PER_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Q": 4.0, "Y": 1.0}


# Rates ----------------------------------------------------------------------------------------


def retention_rate(start: Any, kept: Any) -> Any:
    """Share of the customers at the start of a period who are still customers at its end.

    Parameters
    ----------
    start : float or array, greater than 0
        Customers at the start of the period.
    kept : float or array, from 0 to `start`
        How many *of these* are customers at the end. Those who joined meanwhile don't count.

    Returns
    -------
    float, array or Series
        kept / start, 0 to 1 per period.

    Raises
    ------
    ValueError
        If a number is outside its range or more were kept than there were.

    Notes
    -----
    The usual mistake is to divide all customers at the end by those at the start: new customers then
    hide the lost ones. Definition: Farris, Bendle, Pfeifer and Reibstein (2010, ch. 5).

    Examples
    --------
    >>> retention_rate(start=400, kept=340)
    0.85
    >>> retention_rate([400, 500], [340, 450])
    array([0.85, 0.9 ])
    """
    validate.broadcastable(start=start, kept=kept)
    n = validate.numbers("start", start, 0, low_open=True)
    k = validate.numbers("kept", kept, 0)
    if np.any(k > n):
        a, b = (np.ravel(x) for x in np.broadcast_arrays(k, n))
        at = int(np.argmax(a > b))
        where = f"[{at}]" if a.size > 1 else ""
        raise ValueError(
            f"kept{where} is {a[at]:g}, more than start {b[at]:g}; count only those of the start."
        )
    return validate.like(np.asarray(k / n), start, kept)


def churn_rate(start: Any, kept: Any) -> Any:
    """Share of the customers at the start of a period who leave before its end.

    Parameters
    ----------
    start : float or array, greater than 0
        Customers at the start of the period.
    kept : float or array, from 0 to `start`
        How many of these are customers at the end.

    Returns
    -------
    float, array or Series
        1 − kept / start, 0 to 1 per period.

    Raises
    ------
    ValueError
        If a number is outside its range or more were kept than there were.

    Notes
    -----
    Also called defection or attrition rate: Reichheld and Sasser (1990).

    Examples
    --------
    >>> round(churn_rate(start=400, kept=340), 6)
    0.15
    """
    return validate.like(np.asarray(1.0 - retention_rate(start, kept)), start, kept)


def convert_retention(rate: Any, per: str, to: str) -> Any:
    """Turn a retention rate per month into one per year, or between any two periods.

    Parameters
    ----------
    rate : float or array, 0 to 1
        Retention rate per period `per`.
    per, to : {"D", "W", "M", "Q", "Y"}
        Day, week, month, quarter or year.

    Returns
    -------
    float, array or Series
        Retention rate per period `to`: rate ^ (periods `per` in a year / periods `to` in a year).

    Raises
    ------
    ValueError
        If the rate is outside 0 to 1 or the period unknown.

    Notes
    -----
    Who stays a year has stayed twelve months in a row, so rates multiply: 98 % a month is 78 % a
    year. The conversion takes the chance of leaving to be the same in every month of the year.
    Rates per period: Farris, Bendle, Pfeifer and Reibstein (2010, ch. 5).

    Examples
    --------
    >>> round(convert_retention(0.98, per="M", to="Y"), 4)
    0.7847
    >>> round(convert_retention(0.80, per="Y", to="M"), 4)
    0.9816
    """
    r = validate.numbers("rate", rate, 0, 1)
    return validate.like(np.asarray(r ** _ratio(per, to)), rate)


def convert_churn(rate: Any, per: str, to: str) -> Any:
    """Turn a churn rate per month into one per year, or between any two periods.

    Parameters
    ----------
    rate : float or array, 0 to 1
        Churn rate per period `per`.
    per, to : {"D", "W", "M", "Q", "Y"}
        Day, week, month, quarter or year.

    Returns
    -------
    float, array or Series
        Churn rate per period `to`: 1 − (1 − rate) ^ (periods `per` / periods `to` in a year).

    Raises
    ------
    ValueError
        If the rate is outside 0 to 1 or the period unknown.

    Notes
    -----
    Twelve times the monthly rate is not the yearly one: who has left cannot leave again. 2 % a month
    is 21.5 % a year, not 24 %; and 10 % a month is 71.8 %, not 120 %. See `convert_retention`.

    Examples
    --------
    >>> round(convert_churn(0.02, per="M", to="Y"), 4)
    0.2153
    """
    c = validate.numbers("rate", rate, 0, 1)
    with np.errstate(divide="ignore"):  # everybody leaves: the logarithm is −∞ and the result 1
        converted = -np.expm1(_ratio(per, to) * np.log1p(-c))
    return validate.like(np.asarray(converted), rate)


def _ratio(per: str, to: str) -> float:
    validate.choice("per", per, PERIODS_PER_YEAR)
    validate.choice("to", to, PERIODS_PER_YEAR)
    return PERIODS_PER_YEAR[per] / PERIODS_PER_YEAR[to]


def expected_lifetime(retention: Any, count_current: bool = True) -> Any:
    """How many periods a customer is expected to stay, at a constant retention rate.

    Parameters
    ----------
    retention : float or array, at least 0 and less than 1
        Retention rate per period.
    count_current : bool
        Whether the period that has begun counts as one (default), or only renewals still to come do.

    Returns
    -------
    float, array or Series
        Periods of the rate: 1 / (1 − r), or r / (1 − r) without the current one.

    Raises
    ------
    ValueError
        If retention is outside its range; at 1 the lifetime is infinite.

    Notes
    -----
    The mean of a geometric distribution. Where customers differ, the mean retention rate makes the
    lifetime come out *too short*: those who stay are those who leave less (Fader and Hardie 2010).

    Examples
    --------
    >>> round(expected_lifetime(0.8), 6)
    5.0
    >>> expected_lifetime([0.5, 0.75], count_current=False)
    array([1., 3.])
    """
    validate.flag("count_current", count_current)
    r = validate.numbers("retention", retention, 0, 1, high_open=True)
    return validate.like(np.asarray((1.0 if count_current else r) / (1 - r)), retention)


def retention_elasticity(
    retention: Any,
    discount: Any,
    horizon: Any = None,
    first_margin: FirstMargin = "end",
    growth: Any = 0.0,
) -> Any:
    """By how many per cent lifetime value rises when retention rises by one per cent.

    Parameters
    ----------
    retention : float or array, 0 to 1
        Retention rate per period.
    discount : float or array, at least 0
        Discount rate per period.
    horizon : int or array of int, optional
        How many margins are counted at most. None, the default, counts them all, for ever.
    first_margin : {"end", "now", "assured"}
        When the first margin comes and whether it can be lost: see `cxedu.value.margin_multiple`.
    growth : float or array, greater than -1
        Growth of the margin per period.

    Returns
    -------
    float, array or Series
        (dV / V) / (dr / r), a pure number.

    Raises
    ------
    ValueError
        If an argument is outside its range or the value is infinite.

    Notes
    -----
    With q = r(1 + g) / (1 + i) and all margins counted, q / (1 − q), plus 1 for first_margin "end",
    because then retention stands before the first margin as well: (1 + i) / (1 + i − r) without
    growth, that is 1 + the margin multiple. A horizon of n takes n qⁿ / (1 − qⁿ) away. A per cent of
    the rate is not a point of it: from 80 %, one per cent leads to 80.8 %. Gupta, Lehmann and Stuart
    (2004) find that one per cent of retention moves the value of a firm's customers by 3 to 7 %, far
    more than one per cent of margin or of acquisition cost.

    Examples
    --------
    >>> round(retention_elasticity(0.8, 0.12), 2)
    3.5
    >>> retention_elasticity([0.6, 0.8, 0.9], 0.12).round(2)
    array([2.15, 3.5 , 5.09])
    """
    validate.broadcastable(retention=retention, discount=discount, horizon=horizon, growth=growth)
    margin_multiple(0.0, discount, first_margin, growth)  # its checks and messages are ours
    r = validate.numbers("retention", retention, 0, 1)
    q = r * (1 + np.asarray(growth, dtype=float)) / (1 + np.asarray(discount, dtype=float))
    if horizon is None:
        margin_multiple(retention, discount, first_margin, growth)  # says where it is infinite
        terms = q / (1 - q)
    else:
        n = validate.numbers("horizon", horizon, 1)
        if np.any(n != np.floor(n)):
            raise ValueError(f"horizon is {horizon!r}; it must be a whole number of periods.")
        terms = _elasticity_of_sum(*np.broadcast_arrays(q, n))
    own = 1.0 if first_margin == FIRST_MARGIN[0] else 0.0
    return validate.like(np.asarray(own + terms), retention, discount, horizon, growth)


def _elasticity_of_sum(q: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Σ k qᵏ / Σ qᵏ for k = 0 … n − 1, the mean number of renewals weighted by present value."""
    log = np.log(np.where(q > 0, q, 1.0))
    near = np.abs(n * log) < 1e-3  # here both fractions below are huge and nearly equal
    x = np.where(near, 1.0, log)
    with np.errstate(over="ignore"):
        apart = 1 / np.expm1(-x) - n / np.expm1(-n * x)
    series = (n - 1) / 2 + (n**2 - 1) * log / 12
    return np.where(q > 0, np.where(near, series, apart), 0.0)


def loyalty_matrix(
    attitude: Any,
    behaviour: Any,
    attitude_cut: float | None = None,
    behaviour_cut: float | None = None,
) -> pd.Categorical:
    """Sort customers into four kinds of loyalty by what they feel and what they do.

    Parameters
    ----------
    attitude : array, one entry per customer
        Relative attitude: liking us more than others, say an average survey answer.
    behaviour : array, one entry per customer
        Repeat patronage, say the share of purchases in the category that are ours.
    attitude_cut, behaviour_cut : float, optional
        Above which the one (the other) is high; the median by default. A customer exactly at the
        cut-off is not high.

    Returns
    -------
    pandas.Categorical
        One of `LOYALTIES` for each customer, in the order given: "true" (both high), "latent" (likes
        us but buys elsewhere), "spurious" (buys from us without liking us), "none".

    Raises
    ------
    ValueError
        If lengths differ or a value is missing.

    Notes
    -----
    High is attitude > attitude_cut, and behaviour > behaviour_cut. Dick and Basu (1994): the cure
    for latent loyalty is to remove obstacles, for spurious loyalty to give a reason beyond habit,
    price or lack of choice. Cut-offs are the analyst's.

    Examples
    --------
    >>> loyalty_matrix([5, 5, 2, 1], [0.9, 0.1, 0.8, 0.2], attitude_cut=3, behaviour_cut=0.5).tolist()
    ['true', 'latent', 'spurious', 'none']
    """
    a = validate.vector("attitude", attitude)
    b = validate.vector("behaviour", behaviour)
    validate.same_length(attitude=a, behaviour=b)
    validate.broadcastable(attitude=attitude, behaviour=behaviour)
    cuts = {"attitude_cut": (attitude_cut, a), "behaviour_cut": (behaviour_cut, b)}
    likes, buys = (
        x > (np.median(x) if cut is None else validate.number(name, cut))
        for name, (cut, x) in cuts.items()
    )
    codes = np.where(likes, np.where(buys, 0, 1), np.where(buys, 2, 3))
    categories: Any = list(LOYALTIES)
    return pd.Categorical.from_codes(codes.tolist(), categories=categories)


# Survival and cohorts ---------------------------------------------------------------------------


def kaplan_meier(
    durations: Any,
    left: Any,
    level: float = 0.95,
    interval: Literal["log-log", "plain"] = "log-log",
) -> pd.DataFrame:
    """Survival curve of customers, some of whom are still here.

    Parameters
    ----------
    durations : array, one entry per customer, greater than 0
        Time from start to end, or to the day of observation for who is still here. Any unit.
    left : array of bool (or 0 and 1), same length
        Whether the customer has left; False where the end isn't known yet (censored).
    level : float, between 0 and 1
        Level of the pointwise interval.
    interval : {"log-log", "plain"}
        "log-log" (default) stays within 0 and 1; "plain" is S ± z × standard error, cut there.

    Returns
    -------
    DataFrame, index `time`: 0 and every duration that occurs, ascending
        at_risk (customers who reach this time), left, censored (numbers at this time), survival,
        standard_error, low, high. Survival holds from its time up to the next row. Where nobody has
        left yet (survival 1) or everybody (0), the standard error is 0 and the interval has no width.

    Raises
    ------
    ValueError
        If a duration isn't positive, `left` isn't yes or no, or lengths differ.

    Notes
    -----
    S(t) = Π (1 − dⱼ / nⱼ) over times up to t, with dⱼ leaving of nⱼ at risk; who is censored at a
    time is still at risk in it. Kaplan and Meier (1958). Variance S² Σ dⱼ / (nⱼ(nⱼ − dⱼ)): Greenwood
    (1926). Leaving censored customers out, or counting them as lost, makes lifetimes too short.

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 2, 3], left=[True, True, False, False])
    >>> curve[["at_risk", "left", "censored", "survival"]].reset_index()
       time  at_risk  left  censored  survival
    0   0.0        4     0         0      1.00
    1   1.0        4     1         0      0.75
    2   2.0        3     1         1      0.50
    3   3.0        1     0         1      0.50
    """
    t = validate.vector("durations", durations, 0, low_open=True)
    gone = _yes_no("left", left)
    validate.same_length(durations=t, left=gone)
    validate.broadcastable(durations=durations, left=left)
    share = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    validate.choice("interval", interval, ["log-log", "plain"])
    times, place = np.unique(t, return_inverse=True)
    d = np.bincount(place, weights=gone, minlength=times.size).astype(int)
    all_ends = np.bincount(place, minlength=times.size)
    n = t.size - np.concatenate([[0], np.cumsum(all_ends)[:-1]])
    survival = np.cumprod(1 - d / n)
    greenwood = np.cumsum(np.where(d < n, d / (n * np.maximum(n - d, 1)), 0.0))
    error = survival * np.sqrt(greenwood)
    z = stats.norm.ppf((1 + share) / 2)
    low, high = survival - z * error, survival + z * error
    if interval == "log-log":
        inside = (survival > 0) & (survival < 1)
        s = np.where(inside, survival, 0.5)
        width = z * np.sqrt(greenwood) / np.abs(np.log(s))
        low = np.where(inside, s ** np.exp(width), survival)
        high = np.where(inside, s ** np.exp(-width), survival)
    rows = pd.DataFrame(
        {
            "at_risk": n,
            "left": d,
            "censored": all_ends - d,
            "survival": survival,
            "standard_error": error,
            "low": np.clip(low, 0, 1),
            "high": np.clip(high, 0, 1),
        },
        index=pd.Index(times, name="time"),
    )
    origin = pd.DataFrame(
        [[t.size, 0, 0, 1.0, 0.0, 1.0, 1.0]],
        columns=rows.columns,
        index=pd.Index([0.0], name="time"),
    )
    return pd.concat([origin.astype(rows.dtypes.to_dict()), rows])


def _yes_no(name: str, values: Any, empty: bool = False) -> np.ndarray:
    """0 and 1 from booleans or 0 and 1."""
    try:
        raw = np.asarray(values)
    except ValueError:  # a list of lists of different lengths
        raise ValueError(f"{name} must hold True or False only.") from None
    if raw.dtype == object and all(isinstance(x, (bool, np.bool_)) for x in raw.flat):
        raw = raw.astype(bool)
    x = validate.vector(name, raw.astype(float) if raw.dtype == bool else values, empty=empty)
    bad = np.flatnonzero((x != 0) & (x != 1))
    if bad.size:
        raise ValueError(f"{name}[{bad[0]}] is {x[bad[0]]:g}; every value must be True or False.")
    return x


def cohort_table(
    start: Any,
    end: Any,
    as_of: Any,
    period: Literal["M", "Q", "Y"] = "Y",
    counts: bool = False,
    partial: bool = False,
) -> pd.DataFrame:
    """Retention by cohort and age: of those who joined together, who is still here after 1, 2, … periods?

    Parameters
    ----------
    start : array of dates (or ISO texts, "2025-12-29"), one entry per customer
        When the customer joined.
    end : array of dates, NaT while the customer is still here
        When the customer left, not before `start`.
    as_of : date
        Last day of observation. Who starts later is left out; an end that comes later isn't known yet.
    period : {"M", "Q", "Y"}
        Calendar month, quarter or year; both the width of a cohort and the unit of age.
    counts : bool
        Whether to return numbers of customers instead of shares.
    partial : bool
        Whether to fill the cells that only a part of the cohort has reached, with the share among that
        part. A row may then rise, because its cells are not about the same customers.

    Returns
    -------
    DataFrame, index `cohort` (PeriodIndex), columns `age` 0, 1, 2, …
        Share of the cohort still here `age` periods after *their own* start, 1 at age 0. NaN where the
        youngest of the cohort (if `partial`, the oldest) haven't reached that age at `as_of`: that cell
        lies in the future.

    Raises
    ------
    ValueError
        If dates are missing or no dates, an end is before its start, lengths differ, nobody started by
        `as_of`, or counts are asked for parts of cohorts.

    Notes
    -----
    share = customers of the cohort still here at that age / customers who joined. A customer whose
    contract ends on the very day of the anniversary is not here at that age. Read along a row how a
    cohort shrinks, down a column whether newer cohorts stay better. See Fader and Hardie (2010) for
    why rates rise with age even if nobody becomes more loyal.

    Examples
    --------
    >>> cohort_table(
    ...     start=["2023-02-01", "2023-03-01", "2024-05-01"],
    ...     end=["2024-01-31", None, None],
    ...     as_of="2025-12-31",
    ... ).reset_index()
    age cohort    0    1    2
    0     2023  1.0  0.5  0.5
    1     2024  1.0  1.0  NaN
    """
    validate.choice("period", period, ["M", "Q", "Y"])
    validate.flag("counts", counts)
    validate.flag("partial", partial)
    if counts and partial:
        raise ValueError("counts and partial are both True; counts of parts can't be compared.")
    try:
        now = pd.Timestamp(as_of)
    except (TypeError, ValueError):
        now = pd.NaT  # type: ignore[assignment]
    if pd.isna(now) or now.tzinfo is not None or isinstance(as_of, (bool, int, float, np.number)):
        raise ValueError(
            f"as_of is {validate.shown(as_of)}; it must be a date without a time zone."
        )
    begin, finish = _dates("start", start), _dates("end", end)
    validate.same_length(start=begin, end=finish)
    if begin.isna().any():
        raise ValueError(f"start[{int(np.argmax(begin.isna()))}] is missing.")
    early = np.asarray(finish < begin)
    if early.any():
        at = int(np.argmax(early))
        raise ValueError(
            f"end[{at}] is {finish[at].date()}, before start {begin[at].date()}; nobody leaves first."
        )
    seen = begin <= now
    if not seen.any():
        raise ValueError(f"nobody starts on or before as_of {now.date()}.")
    begin, finish = begin[seen], finish[seen]
    cohort = begin.to_period(period)
    index = pd.period_range(cohort.min(), cohort.max(), freq=period, name="cohort")
    row = index.get_indexer(cohort)
    size = np.bincount(row, minlength=len(index))
    months = {"M": 1, "Q": 3, "Y": 12}[period]
    columns: dict[int, np.ndarray] = {}
    age = 0
    while True:
        birthday = begin + pd.DateOffset(months=months * age)
        reached = np.asarray(birthday <= now)
        if not reached.any():
            break
        here = reached & np.asarray(finish.isna() | (finish > birthday) | (age == 0))
        observed = np.bincount(row[reached], minlength=len(index))
        known = (observed > 0) & (partial | (observed == size))
        base = observed if partial else size
        number = np.bincount(row[here], minlength=len(index))
        columns[age] = np.where(known, number / (1 if counts else np.maximum(base, 1)), np.nan)
        age += 1
    return pd.DataFrame(columns, index=index).rename_axis(columns="age").dropna(axis=1, how="all")


def _dates(name: str, values: Any) -> pd.DatetimeIndex:
    try:
        # A plain list stays as it is: as an array its numbers would turn into texts, "-1" into a year.
        raw = np.asarray(values, dtype=None if hasattr(values, "dtype") else object)
        if raw.ndim != 1 or (raw.dtype.kind in "biufc" and not pd.isna(raw).all()):
            raise TypeError
        mixed = raw.dtype.kind != "M"  # texts, dates and gaps
        dates = pd.DatetimeIndex(
            validate.dates(pd.Series(list(raw), dtype=object), format="ISO8601") if mixed else raw
        )
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a list of dates.") from None
    if len(dates) == 0:
        raise ValueError(f"{name} is empty; it must hold at least one date.")
    if dates.tz is not None:
        raise ValueError(f"{name} has a time zone; give dates without one.")
    return dates


# The base and its market --------------------------------------------------------------------------


def decompose_growth(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Split the change in the value of the customer base into customers got, kept (or not) and grown.

    Parameters
    ----------
    before, after : Series indexed by customer
        Value (or margin, or revenue) of each customer at the start and at the end, €. Who isn't in the
        index isn't a customer then; a customer may be worth 0 or less.

    Returns
    -------
    DataFrame, index "start", "get", "keep", "grow", "end"
        value (€) and customers. "get": what new customers are worth at the end; "keep": minus what lost
        customers were worth at the start (0 if all were kept); "grow": change in the value of those who
        stayed. In both columns start + get + keep + grow = end.

    Raises
    ------
    ValueError
        If these aren't Series of numbers, a customer appears twice, or both are empty.

    Notes
    -----
    Get, keep and grow are the three levers of Peppers and Rogers (2017, ch. 1); the decomposition is
    bookkeeping and holds for any values. The parts are rounded sums, exact to the last digits of a
    float and exactly equal for whole numbers.

    Examples
    --------
    >>> before = pd.Series({"ann": 100, "ben": 50, "cem": 80})
    >>> after = pd.Series({"ann": 130, "cem": 70, "dora": 60})
    >>> decompose_growth(before, after)
           value  customers
    start  230.0          3
    get     60.0          1
    keep   -50.0         -1
    grow    20.0          0
    end    260.0          3
    """
    old, new = _by_customer("before", before), _by_customer("after", after)
    if old.empty and new.empty:
        raise ValueError("before and after are both empty; there must be at least one customer.")
    was_here, still_here = new.index.isin(old.index), old.index.isin(new.index)
    stayed = old.index[still_here]
    change = (new.loc[stayed].to_numpy() - old.loc[stayed].to_numpy()).tolist()
    value = [
        math.fsum(old.tolist()),
        math.fsum(new[~was_here].tolist()),
        -math.fsum(old[~still_here].tolist()) + 0.0,  # 0, not −0, if nobody is lost
        math.fsum(change),
        math.fsum(new.tolist()),
    ]
    customers = [len(old), int((~was_here).sum()), -int((~still_here).sum()), 0, len(new)]
    return pd.DataFrame(
        {"value": value, "customers": customers}, index=["start", "get", "keep", "grow", "end"]
    )


def _by_customer(name: str, values: Any) -> pd.Series:
    if not isinstance(values, pd.Series):
        raise ValueError(
            f"{name} is a {type(values).__name__}; it must be a Series indexed by customer."
        )
    if values.index.hasnans or values.index.has_duplicates:
        wrong = "a missing customer" if values.index.hasnans else "a customer twice"
        raise ValueError(f"{name} has {wrong} in its index; every customer must be there once.")
    return pd.Series(validate.vector(name, values, empty=True), index=values.index)


def market_share(sales: Any, market: Any = None) -> Any:
    """Share of all that is sold in a market, the product manager's yardstick.

    Parameters
    ----------
    sales : float, array or Series, at least 0
        Sales of a firm, € (or units) per period; if `market` is None, of *all* firms of the market.
    market : float or array, greater than 0, at least `sales`
        Sales of the whole market, ours included, in the same unit and period.

    Returns
    -------
    float, array or Series
        sales / market, 0 to 1.

    Raises
    ------
    ValueError
        If sales are negative or exceed the market, or the market sells nothing.

    Notes
    -----
    A market share says how many customers buy a product; `cxedu.value.share_of_customer` how much of
    what one customer needs is bought from us. Peppers and Rogers (1993).

    Examples
    --------
    >>> market_share(30, 120)
    0.25
    >>> market_share(pd.Series({"Meridian": 30, "Summit": 60, "Fern": 30}))
    Meridian    0.25
    Summit      0.50
    Fern        0.25
    dtype: float64
    """
    ours = validate.numbers("sales", sales, 0)
    if market is None:
        total = np.asarray(ours.sum())
        if total <= 0:
            raise ValueError("sales are all 0; a market must sell something.")
    else:
        validate.broadcastable(sales=sales, market=market)
        total = validate.numbers("market", market, 0, low_open=True)
    if np.any(ours > total):
        a, b = (np.ravel(x) for x in np.broadcast_arrays(ours, total))
        at = int(np.argmax(a > b))
        where = f"[{at}]" if a.size > 1 else ""
        raise ValueError(f"sales{where} is {a[at]:g}, more than market {b[at]:g}.")
    return validate.like(np.asarray(ours / total), sales, market)


def project_base(
    customers: float,
    acquired: Any,
    retention: Any,
    margin: float,
    growth: Any = 0.0,
    discount: float = 0.02,
    periods: int = 24,
) -> pd.DataFrame:
    """Customers and their value over the coming periods, from three levers: get, keep, grow.

    Parameters
    ----------
    customers : float, at least 0
        Customers now.
    acquired : float or array of `periods`, at least 0
        New customers per period; they are counted at the end of the period in which they join.
    retention : float or array of `periods`, 0 to 1
        Retention rate per period.
    margin : float
        Contribution margin per customer and period now, €.
    growth : float or array of `periods`, greater than -1
        Growth of the margin per customer and period.
    discount : float, at least 0
        Discount rate per period (0.02 a quarter is 8.2 % a year).
    periods : int, at least 1
        How many periods; 24 quarters by default.

    Returns
    -------
    DataFrame, index `period` 0 (now) to `periods`
        customers (expected number), margin (€ per customer and period), value (€: customers × margin ×
        margin multiple at the retention of the period to come, in the last row of the last one; growth
        still to come is not counted ahead).

    Raises
    ------
    ValueError
        If a number is outside its range, an array has another length, or the value is infinite.

    Notes
    -----
    Nₜ = Nₜ₋₁ rₜ + aₜ, mₜ = mₜ₋₁ (1 + gₜ), Vₜ = Nₜ mₜ rₜ₊₁ / (1 + i − rₜ₊₁). At constant levers the base comes
    to a / (1 − r) customers, whatever it was: only keeping raises that ceiling. The multiple: Gupta and
    Lehmann (2005).

    Examples
    --------
    >>> project_base(1000, 100, retention=0.9, margin=20, discount=0.1, periods=2).round(6).reset_index()
       period  customers  margin    value
    0       0     1000.0    20.0  90000.0
    1       1     1000.0    20.0  90000.0
    2       2     1000.0    20.0  90000.0
    """
    n = validate.number("customers", customers, 0)
    m = validate.number("margin", margin)
    validate.number("discount", discount)
    count = validate.whole("periods", periods, 1, 10_000)
    levers: dict[str, np.ndarray] = {
        "acquired": validate.vector("acquired", acquired, 0),
        "retention": validate.vector("retention", retention, 0, 1),
        "growth": validate.vector("growth", growth, -1, low_open=True),
    }
    for name, x in levers.items():
        if x.size not in (1, count):
            raise ValueError(
                f"{name} has {x.size} values; give one number or {count}, one a period."
            )
        levers[name] = np.broadcast_to(x, count)
    base = [n]
    for a, r in zip(levers["acquired"], levers["retention"], strict=True):
        base.append(base[-1] * r + a)
    with np.errstate(over="ignore"):
        margins = m * np.concatenate([[1.0], np.cumprod(1 + levers["growth"])])
    multiple = margin_multiple(levers["retention"], discount)
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.array(base) * margins * np.concatenate([multiple, multiple[-1:]])
    if not np.all(np.isfinite(value)):
        raise ValueError(f"growth is too fast: the value overflows within {count} periods.")
    return pd.DataFrame(
        {"customers": base, "margin": margins, "value": value},
        index=pd.RangeIndex(count + 1, name="period"),
    )


# The Learning Relationship --------------------------------------------------------------------------


def update_preference(
    answers: Any, prior: tuple[float, float] = (1, 1), level: float = 0.9
) -> pd.DataFrame:
    """What a firm believes about one preference of one customer, answer by answer.

    Parameters
    ----------
    answers : array of bool (or 0 and 1)
        Each interaction in turn: did the customer choose the first of two alternatives? May be empty.
    prior : (a, b), both greater than 0
        Beta distribution of the preference over all customers; (1, 1) knows nothing.
    level : float, between 0 and 1
        Level of the credible interval (equal tails).

    Returns
    -------
    DataFrame, index `interactions` 0, 1, … n
        a, b (of the Beta distribution after so many answers), mean (probability that the customer
        chooses the first next time), low, high.

    Raises
    ------
    ValueError
        If an answer isn't yes or no, or the prior isn't positive.

    Notes
    -----
    After k yes and n − k no, Beta(a, b) becomes Beta(a + k, b + n − k), with mean
    (a + k) / (a + b + n). Gelman and others (2013, ch. 2).

    Examples
    --------
    >>> update_preference([1, 1, 0])[["a", "b", "mean"]].round(3).reset_index()
       interactions    a    b   mean
    0             0  1.0  1.0  0.500
    1             1  2.0  1.0  0.667
    2             2  3.0  1.0  0.750
    3             3  3.0  2.0  0.600
    """
    a, b = _beta_prior(prior)
    share = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    yes = _yes_no("answers", answers, empty=True)
    ups = a + np.concatenate([[0.0], np.cumsum(yes)])
    downs = b + np.concatenate([[0.0], np.cumsum(1 - yes)])
    return pd.DataFrame(
        {
            "a": ups,
            "b": downs,
            "mean": ups / (ups + downs),
            "low": stats.beta.ppf((1 - share) / 2, ups, downs),
            "high": stats.beta.ppf((1 + share) / 2, ups, downs),
        },
        index=pd.RangeIndex(ups.size, name="interactions"),
    )


def _beta_prior(prior: Any) -> tuple[float, float]:
    try:
        a, b = (validate.number("prior", x, 1e-6, 1e9) for x in prior)
    except (TypeError, ValueError):
        raise ValueError(
            f"prior is {validate.shown(prior)}; it must be two numbers (a, b), both greater than 0."
        ) from None
    return a, b


def preference_learning(
    interactions: int,
    prior: tuple[float, float] = (1, 1),
    match_value: float = 1.0,
    horizon: int = 50,
    discount: float = 0.0,
) -> pd.DataFrame:
    """How well a firm that remembers serves a customer, and what leaving it would cost that customer.

    Parameters
    ----------
    interactions : int, at least 0
        Up to how many interactions to look.
    prior : (a, b), both greater than 0
        Beta distribution over customers of the probability to prefer the first of two alternatives.
    match_value : float, at least 0
        What one matched interaction is worth to the customer, €.
    horizon : int, at least 1
        How many future interactions the customer has in mind.
    discount : float, at least 0
        Discount rate *per interaction*.

    Returns
    -------
    DataFrame, index `interactions` 0, 1, … n
        match_rate: probability that the next offer is what the customer wants, expected over customers;
        of_possible: the same as a share of the way from knowing nothing (0) to knowing all (1);
        switching_cost: € the customer gives up by going to a firm just as able that starts with no memory.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    The firm offers the alternative that is likelier in its eyes (`update_preference`). Over k ~
    beta-binomial(n, a, b) yes answers, the match rate is M(n) = E[max(a + k, b + n − k)] / (a + b + n),
    from max(a, b) / (a + b) towards E[max(θ, 1 − θ)] (3/4 for a uniform prior): memory cannot make up
    for a customer who changes their mind. The cost of switching after n interactions is
    v Σ [M(n + t) − M(t)] / (1 + i)ᵗ over t = 0 … horizon − 1: it rises with n although the customer
    pays nothing, the Learning Relationship of Pine, Peppers and Rogers (1995). The model is ours.
    `of_possible` is 0 throughout if knowing all is no better than the prior.

    Examples
    --------
    >>> preference_learning(3, horizon=10).round(3).reset_index()
       interactions  match_rate  of_possible  switching_cost
    0             0       0.500        0.000           0.000
    1             1       0.667        0.667           0.227
    2             2       0.667        0.667           0.291
    3             3       0.700        0.800           0.355
    """
    n = validate.whole("interactions", interactions, 0, 2000)
    a, b = _beta_prior(prior)
    worth = validate.number("match_value", match_value, 0)
    ahead = validate.whole("horizon", horizon, 1, 2000)
    i = validate.number("discount", discount, 0)
    rates = np.array([_match_rate(j, a, b) for j in range(n + ahead)])
    # E[max(θ, 1 − θ)], by E[θ; θ > ½] = a/(a + b) × P(Beta(a + 1, b) > ½) and its mirror image
    perfect = (a * stats.beta.sf(0.5, a + 1, b) + b * stats.beta.cdf(0.5, a, b + 1)) / (a + b)
    weights = (1 + i) ** -np.arange(ahead, dtype=float)
    fresh = float(weights @ rates[:ahead])
    cost = [worth * (float(weights @ rates[j : j + ahead]) - fresh) for j in range(n + 1)]
    gap = perfect - rates[0]
    way = (rates[: n + 1] - rates[0]) / gap if gap > 1e-12 else np.zeros(n + 1)
    return pd.DataFrame(
        {
            "match_rate": rates[: n + 1],
            "of_possible": np.clip(way, 0, 1),
            "switching_cost": np.maximum(cost, 0.0),
        },
        index=pd.RangeIndex(n + 1, name="interactions"),
    )


def _match_rate(n: int, a: float, b: float) -> float:
    k = np.arange(n + 1)
    best = np.maximum(a + k, b + n - k) / (a + b + n)
    return float(stats.betabinom.pmf(k, n, a, b) @ best)


# Treating different customers differently -------------------------------------------------------------


@dataclass(frozen=True)
class TreatmentProfit:
    """What `differential_profit` returns; everything but the name in € per period of the profits.

    Parameters
    ----------
    uniform_treatment : str
        The one treatment that earns most if everybody gets it.
    uniform : float
        What it earns.
    differential : float
        What treating customers as assigned earns, before the cost of doing so.
    ceiling : float
        What the best treatment for everyone would earn.
    cost : float
        What telling customers apart and treating them differently costs.
    gain : float
        differential − cost − uniform.

    Examples
    --------
    >>> TreatmentProfit("mail", uniform=100.0, differential=130.0, ceiling=150.0, cost=10.0, gain=20.0).gain
    20.0
    """

    uniform_treatment: str
    uniform: float
    differential: float
    ceiling: float
    cost: float
    gain: float


def differential_profit(
    profit: pd.DataFrame,
    assigned: Any = None,
    size: Any = 1,
    cost: float = 0.0,
) -> TreatmentProfit:
    """What is gained by treating different customers differently instead of all alike.

    Parameters
    ----------
    profit : DataFrame, one row per customer (or segment), one column per treatment
        Profit from a customer of that row under that treatment, € per period.
    assigned : array of column names, one per row, optional
        The treatment that each row gets, from what the firm believes; the best one for each by default.
    size : float or array, one entry per row, at least 0
        Customers in the row.
    cost : float, at least 0
        Cost of telling customers apart, € per customer and period.

    Returns
    -------
    TreatmentProfit
        uniform_treatment, uniform, differential, ceiling, cost, gain.

    Raises
    ------
    ValueError
        If a profit is missing, a treatment unknown, or lengths differ.

    Notes
    -----
    uniform = maxₜ Σᵢ sᵢ πᵢₜ, ceiling = Σᵢ sᵢ maxₜ πᵢₜ, gain = Σᵢ sᵢ πᵢ,ₐ₍ᵢ₎ − c Σᵢ sᵢ − uniform. Without
    cost and mistakes the gain is never negative, and is the expected value of perfect information (Raiffa
    and Schlaifer 1961) about who is who; it is 0 when one treatment suits everybody. With mistakes it can
    be negative: treating people differently for wrong reasons is worse than not at all.

    Examples
    --------
    >>> profit = pd.DataFrame({"discount": [8, 2], "service": [3, 12]}, index=["bargain", "expert"])
    >>> differential_profit(profit, size=[100, 50], cost=1.0)
    TreatmentProfit(uniform_treatment='discount', uniform=900.0, differential=1400.0, ceiling=1400.0, cost=150.0, gain=350.0)
    """
    table = validate.frame("profit", profit)
    if table.shape[1] == 0:
        raise ValueError("profit has no column; it must have one per treatment.")
    pay = np.column_stack(
        [validate.vector(f"profit[{name!r}]", table[name]) for name in table.columns]
    )
    people = validate.vector("size", size, 0)
    if people.size not in (1, len(table)):
        raise ValueError(
            f"size has {people.size} values; give one number or {len(table)}, one a row."
        )
    people = np.broadcast_to(people, len(table))
    each = validate.number("cost", cost, 0)
    totals = people @ pay
    best = int(np.argmax(totals))
    ceiling = float(people @ pay.max(axis=1))
    reached = ceiling
    if assigned is not None:
        names = list(np.atleast_1d(np.asarray(assigned, dtype=object)))
        validate.same_length(assigned=names, profit=table)
        for at, name in enumerate(names):
            validate.choice(f"assigned[{at}]", name, table.columns)
            if np.ndim(name):
                raise ValueError(f"assigned[{at}] is {validate.shown(name)}; it must be one name.")
        column = table.columns.get_indexer(pd.Index(names))
        reached = float(people @ pay[np.arange(len(table)), column])
    spent = each * float(people.sum())
    return TreatmentProfit(
        uniform_treatment=str(table.columns[best]),
        uniform=float(totals[best]),
        differential=reached,
        ceiling=ceiling,
        cost=spent,
        gain=reached - spent - float(totals[best]),
    )
