"""Customer experience, measured: survey scores with their uncertainty, funnels, effort, pain, results.

Survey scores come as an `Estimate`: no score without its interval. An event log is a DataFrame with
one row per event and the columns case, step, channel, time, effort and emotion, as in Meridian's
`journeys`; other names can be given. Missing effort or emotion is an error here: decide first whether
those rows are left out (`log.dropna(subset=["emotion"])`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from cxedu import validate

__all__ = [
    "Comparison",
    "Estimate",
    "bootstrap_difference",
    "compare_portfolios",
    "customer_effort_score",
    "customer_satisfaction",
    "funnel",
    "journey_effort",
    "net_promoter_score",
    "pain_points",
    "wilson_interval",
]


@dataclass(frozen=True)
class Estimate:
    """A score from a survey, with its interval.

    Parameters
    ----------
    measure : str
        "NPS", "CSAT" or "CES".
    score : float
        The score in `unit`.
    low, high : float
        Interval that holds the score of all customers in a share `level` of such samples.
    standard_error : float
        Of the score, in `unit`.
    n : int
        Answers.
    level : float
        Level of the interval.
    unit : str
        What the score is counted in.
    better : {"higher", "lower"}
        Which direction is good news.

    Notes
    -----
    Made by `net_promoter_score`, `customer_satisfaction` and `customer_effort_score`, which give
    formula and source. The interval covers sampling alone: who was not asked, or did not answer, is
    beyond it. `pandas.DataFrame([one, another])` makes a table of several.

    Examples
    --------
    >>> print(Estimate("NPS", 20.0, 5.0, 34.2, 7.5, 120, 0.95, "points", "higher"))
    NPS 20 points (95 % interval 5 to 34.2, n = 120, higher is better)
    """

    measure: str
    score: float
    low: float
    high: float
    standard_error: float
    n: int
    level: float
    unit: str
    better: str

    def __str__(self) -> str:
        return (
            f"{self.measure} {self.score:.4g} {self.unit} ({100 * self.level:.4g} % interval "
            f"{self.low:.4g} to {self.high:.4g}, n = {self.n}, {self.better} is better)"
        )


# Survey scores --------------------------------------------------------------------------------


def net_promoter_score(
    ratings: Any, level: float = 0.95, method: Literal["score", "wald"] = "score"
) -> Estimate:
    """Net Promoter Score: per cent of promoters (9, 10) minus per cent of detractors (0 to 6).

    Parameters
    ----------
    ratings : array of whole numbers 0 to 10
        How likely each respondent is to recommend us.
    level : float, between 0 and 1
        Level of the interval.
    method : {"score", "wald"}
        "score" (default) asks which true scores the ratings do not contradict; it stays within ±100 and
        keeps its width when everybody agrees. "wald" is score ± z × standard error, cut at ±100; it has no
        width then, and is too narrow for small n.

    Returns
    -------
    Estimate
        In points from −100 (all detractors) to 100 (all promoters).

    Raises
    ------
    ValueError
        If a rating is missing, not whole, or outside 0 to 10.

    Notes
    -----
    With p and d the shares of promoters and detractors the score is 100 (p − d), and its variance, because
    the three classes are multinomial, 100² [p + d − (p − d)²] / n. It is noisy: at n = 100 and as many
    promoters as detractors, 30 % each, ± 15 points. Score from Reichheld (2003); that it does not predict
    growth better than satisfaction: Keiningham and others (2007). p − d is a difference of two shares of
    one sample, for which the score interval is that of Tango (1998).

    Examples
    --------
    >>> nps = net_promoter_score([10] * 50 + [8] * 20 + [3] * 30)
    >>> print(nps)
    NPS 20 points (95 % interval 2.488 to 36.22, n = 100, higher is better)
    >>> round(nps.standard_error, 2)
    8.72
    """
    x = _whole_answers("ratings", ratings, 0, 10)
    share = _level(level)
    validate.choice("method", method, ["score", "wald"])
    n, promoters, detractors = x.size, int((x >= 9).sum()), int((x <= 6).sum())
    p, d = promoters / n, detractors / n
    error = float(np.sqrt(max(p + d - (p - d) ** 2, 0.0) / n))
    if method == "wald":
        z = stats.norm.ppf((1 + share) / 2)
        low, high = p - d - z * error, p - d + z * error
    else:
        low, high = _tango(promoters, detractors, n, share)
    low, high = max(low, -1.0), min(high, 1.0)
    return Estimate(
        "NPS", 100 * (p - d), 100 * low, 100 * high, 100 * error, n, share, "points", "higher"
    )


def _tango(b: int, c: int, n: int, level: float) -> tuple[float, float]:
    """Score interval of (b − c) / n for two classes of one multinomial sample: Tango (1998)."""
    z = float(stats.norm.ppf((1 + level) / 2))

    def away(delta: float) -> float:
        """How much further than z² standard errors the data are from a true difference delta."""
        linear = -b - c + (2 * n - b + c) * delta
        root = np.sqrt(max(linear**2 + 8 * n * c * delta * (1 - delta), 0.0))
        smaller = (root - linear) / (4 * n)  # most likely share of the class c, given delta
        variance = n * (2 * smaller + delta * (1 - delta))
        return float((b - c - n * delta) ** 2 - z**2 * max(variance, 0.0))

    estimate = (b - c) / n
    aside = 1e-9  # if everybody agrees, the estimate itself is a root, and not the one wanted
    low = -1.0 if c == n else estimate - aside
    if low > -1 and away(low) < 0:
        low = optimize.brentq(away, -1.0, low, xtol=1e-12)
    high = 1.0 if b == n else estimate + aside
    if high < 1 and away(high) < 0:
        high = optimize.brentq(away, high, 1.0, xtol=1e-12)
    return float(low), float(high)


def customer_satisfaction(
    answers: Any, scale: tuple[int, int] = (1, 5), top: int = 2, level: float = 0.95
) -> Estimate:
    """CSAT: the share of respondents who are satisfied, those in the top boxes of the scale.

    Parameters
    ----------
    answers : array of whole numbers within `scale`
        Satisfaction of each respondent.
    scale : (lowest, highest)
        (1, 5) by default.
    top : int
        How many of the highest points count as satisfied: 2 by default (4 and 5).
    level : float, between 0 and 1
        Level of the interval.

    Returns
    -------
    Estimate
        In shares, 0 to 1.

    Raises
    ------
    ValueError
        If an answer is missing, not whole or outside the scale, or all points would count.

    Notes
    -----
    k / n with the interval of Wilson (1927), see `wilson_interval`. Top-two-box throws away how
    dissatisfied the others are; look at the whole distribution as well. The same share of an effort
    question: `customer_satisfaction(ces, scale=(1, 7), top=3)`.

    Examples
    --------
    >>> print(customer_satisfaction([5, 4, 4, 3, 5, 2, 4, 5, 1, 4]))
    CSAT 0.7 share (95 % interval 0.3968 to 0.8922, n = 10, higher is better)
    """
    lowest, highest = _whole_scale(scale)
    boxes = validate.whole("top", top, 1, highest - lowest)
    x = _whole_answers("answers", answers, lowest, highest)
    satisfied = int((x > highest - boxes).sum())
    p = satisfied / x.size
    low, high = wilson_interval(satisfied, x.size, level)
    error = float(np.sqrt(p * (1 - p) / x.size))
    return Estimate("CSAT", p, low, high, error, x.size, _level(level), "share", "higher")


def wilson_interval(successes: Any, n: Any, level: float = 0.95) -> tuple[Any, Any]:
    """Interval of a share, good for few answers and for shares near 0 or 1 as well.

    Parameters
    ----------
    successes : number or array, 0 to `n`
        How many said yes. A fraction is allowed: customers who can't be told apart may share a yes.
    n : number or array, greater than 0
        How many answered.
    level : float, between 0 and 1
        Level of the interval.

    Returns
    -------
    (low, high)
        Shares, 0 to 1: two numbers, or two arrays (Series) in the form of what was given.

    Raises
    ------
    ValueError
        If a number is outside its range, or shapes don't fit each other.

    Notes
    -----
    All shares π with |p − π| ≤ z √(π(1 − π) / n), that is
    (k + z²/2 ± z √(k(1 − p) + z²/4)) / (n + z²) with p = k / n. Wilson (1927).

    Examples
    --------
    >>> [round(x, 4) for x in wilson_interval(7, 10)]
    [0.3968, 0.8922]
    >>> low, high = wilson_interval([0, 7], 10)
    >>> high.round(4)
    array([0.2775, 0.8922])
    """
    validate.broadcastable(successes=successes, n=n)
    size = validate.numbers("n", n, 0, 2**53, low_open=True)
    if size.ndim == 0:
        k = validate.numbers("successes", successes, 0, float(size))
    else:
        k = validate.numbers("successes", successes, 0)
    k, size = np.broadcast_arrays(k, size)
    if (k > size).any():
        at = int(np.argmax(k > size))
        raise ValueError(
            f"successes[{at}] is {k.flat[at]:g}; it must be at most n, {size.flat[at]:g}."
        )
    z = stats.norm.isf((1 - _level(level)) / 2)
    reach = z * np.sqrt(k * (1 - k / size) + z**2 / 4)
    low, high = ((k + z**2 / 2 + side) / (size + z**2) for side in (-reach, reach))
    low, high = np.where(k == 0, 0.0, low), np.where(k == size, 1.0, high)
    return validate.like(low, successes, n), validate.like(high, successes, n)


def customer_effort_score(
    answers: Any,
    scale: tuple[int, int] = (1, 7),
    high_is: Literal["easy", "hard"] = "easy",
    level: float = 0.95,
) -> Estimate:
    """CES: mean answer to how easy (or how hard) it was to get something done.

    Parameters
    ----------
    answers : array of at least 2 whole numbers within `scale`
        Answer of each respondent.
    scale : (lowest, highest)
        (1, 7) by default.
    high_is : {"easy", "hard"}
        What a high answer means. Meridian asks for ease (7 is very easy), the original question of 2010
        for effort (5 was very high). The score is not turned round: `better` of the result says which
        direction is good.
    level : float, between 0 and 1
        Level of the interval.

    Returns
    -------
    Estimate
        In points of the scale.

    Raises
    ------
    ValueError
        If an answer is missing, not whole or outside the scale, or there are fewer than 2.

    Notes
    -----
    x̄ ± t s / √n with n − 1 degrees of freedom, cut at the ends of the scale; it has no width if all
    answers are the same. Dixon, Freeman and Toman (2010).

    Examples
    --------
    >>> print(customer_effort_score([7, 6, 5, 6, 2, 7, 4, 6]))
    CES 5.375 points of 1–7 (95 % interval 3.966 to 6.784, n = 8, higher is better)
    """
    lowest, highest = _whole_scale(scale)
    validate.choice("high_is", high_is, ["easy", "hard"])
    x = _whole_answers("answers", answers, lowest, highest)
    share = _level(level)
    if x.size < 2:
        raise ValueError(f"answers has {x.size} value; an interval needs at least 2.")
    mean, error = float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size))
    half = float(stats.t.ppf((1 + share) / 2, x.size - 1)) * error
    return Estimate(
        measure="CES",
        score=mean,
        low=max(mean - half, float(lowest)),
        high=min(mean + half, float(highest)),
        standard_error=error,
        n=x.size,
        level=share,
        unit=f"points of {lowest}–{highest}",
        better="higher" if high_is == "easy" else "lower",
    )


def _level(level: Any) -> float:
    return validate.number("level", level, 0, 1, low_open=True, high_open=True)


def _whole_scale(scale: Any) -> tuple[int, int]:
    try:
        low, high = (validate.whole("scale", x, -1000, 1000) for x in scale)
    except (TypeError, ValueError):
        low, high = 0, 0
    if low >= high:
        raise ValueError(
            f"scale is {validate.shown(scale)}; it must be (lowest, highest), whole numbers with lowest < highest."
        )
    return low, high


def _whole_answers(name: str, values: Any, low: float, high: float) -> np.ndarray:
    x = validate.vector(name, values, low, high)
    odd = np.flatnonzero(x != np.floor(x))
    if odd.size:
        raise ValueError(f"{name}[{odd[0]}] is {x[odd[0]]:g}; every value must be a whole number.")
    return x


# Journeys -------------------------------------------------------------------------------------


def funnel(
    events: pd.DataFrame | Mapping[str, Any] | pd.Series,
    steps: Sequence[str] | None = None,
    case: str = "case",
    step: str = "step",
    time: str | None = "time",
) -> pd.DataFrame:
    """How many get from step to step, and where the others are lost.

    Parameters
    ----------
    events : DataFrame (event log), or mapping or Series step → cases that entered it
        A log has the columns named by `case`, `step` and `time`; counts come in the order of the funnel.
    steps : list of steps
        The funnel, in order. Needed for a log, whose other steps are ignored; with counts it picks and
        orders them.
    case, step, time : str
        Names of columns. time=None ignores the order of events: a case need only have been everywhere.

    Returns
    -------
    DataFrame, index `step` in the order of the funnel
        entered (cases), left (cases that entered this step but not the next; 0 in the last), drop_off
        (left / entered), conversion (entered / entered the first step). Shares are NaN where nobody
        entered, because no share exists then.

    Raises
    ------
    ValueError
        If steps are missing, unknown or twice there, a time or a case is missing, or more cases enter a
        step than the one before.

    Notes
    -----
    A case enters a step when it has been through all steps before, in this order; it may take detours,
    repeat steps, and be in two steps at the same time stamp. Who skips a step is lost in it, so leave
    optional steps out of `steps`. Σ left + entered the last = entered the first. The rule is ours.

    Examples
    --------
    >>> funnel({"visit": 1000, "basket": 200, "order": 50}).reset_index()
         step  entered  left  drop_off  conversion
    0   visit     1000   800      0.80        1.00
    1  basket      200   150      0.75        0.20
    2   order       50     0      0.00        0.05
    """
    if isinstance(events, pd.DataFrame):
        names = _steps(steps)
        log = _log("events", events, case, step, time)
        entered = _entered(log, names, timed=time is not None)
    else:
        names, entered = _counts(events, steps)
    rising = np.flatnonzero(np.diff(entered) > 0)
    if rising.size:
        at = int(rising[0])
        raise ValueError(
            f"{entered[at + 1]} enter {names[at + 1]!r} but only {entered[at]} {names[at]!r} before it; "
            "a funnel can't widen."
        )
    count = np.array(entered, dtype=np.int64)
    left = np.append(count[:-1] - count[1:], 0)
    with np.errstate(invalid="ignore"):
        return pd.DataFrame(
            {
                "entered": count,
                "left": left,
                "drop_off": left / np.where(count > 0, count, np.nan),
                "conversion": count / (count[0] if count[0] else np.nan),
            },
            index=pd.Index(names, name="step"),
        )


def _steps(steps: Any) -> list[Any]:
    if steps is None or isinstance(steps, str) or not np.iterable(steps):
        raise ValueError(f"steps is {steps!r}; it must list the steps of the funnel in order.")
    names = list(steps)
    if not names:
        raise ValueError("steps is empty; it must list the steps of the funnel in order.")
    for at, name in enumerate(names):
        if not isinstance(name, (str, int, float, np.integer)) or name != name:
            raise ValueError(f"steps[{at}] is {name!r}; it must be the name of a step.")
    twice = [name for at, name in enumerate(names) if name in names[:at]]
    if twice:
        raise ValueError(f"steps has {twice[0]!r} twice; every step must be there once.")
    return names


def _counts(events: Any, steps: Any) -> tuple[list[Any], list[int]]:
    if not isinstance(events, (Mapping, pd.Series)):
        raise ValueError(
            f"events is a {type(events).__name__}; it must be an event log (DataFrame) or counts by step."
        )
    if isinstance(events, pd.Series) and events.index.has_duplicates:
        raise ValueError("events has a step twice; every step must be there once.")
    given = dict(events)
    names = _steps(list(given) if steps is None else steps)
    for at, name in enumerate(names):
        validate.choice(f"steps[{at}]", name, given)
    return names, [validate.whole(f"events[{name!r}]", given[name], 0, 2**53) for name in names]


def _log(
    name: str, table: Any, case: str, step: str, time: str | None, **more: str
) -> pd.DataFrame:
    """The columns that are needed, by our own names, sorted by case and time (ties as given)."""
    columns = {"case": case, "step": step} | ({"time": time} if time is not None else {})
    for parameter, column in (*columns.items(), *more.items()):
        validate.column(parameter, column)
    log = validate.frame(name, table, [*columns.values(), *more.values()])
    for column in columns.values():
        gap = log[column].isna()
        if gap.any():
            raise ValueError(f"{name}[{column!r}] is missing in row {int(np.argmax(gap))}.")
    for ours in ("case", "step"):
        validate.labels(f"{name}[{columns[ours]!r}]", log[columns[ours]])
    rows = pd.DataFrame({ours: log[theirs].to_numpy() for ours, theirs in columns.items()})
    for column in more.values():
        rows[column] = validate.vector(f"{name}[{column!r}]", log[column])
    order = ["case"]
    if time is not None:
        order.append("time")
        if rows["time"].dtype.kind not in "Mmiuf":
            raise ValueError(
                f"{name}[{time!r}] holds {rows['time'].dtype}; it must be dates (no time zone) or numbers."
            )
    try:
        return rows.sort_values(order, kind="stable", ignore_index=True)
    except TypeError:
        raise ValueError(f"{name}[{case!r}] mixes texts and numbers; use one kind.") from None


def _entered(log: pd.DataFrame, names: list[Any], timed: bool) -> list[int]:
    known = set(log["step"])
    for at, name in enumerate(names):
        validate.choice(f"steps[{at}]", name, sorted(known, key=str))
    entered = []
    since: pd.Series | None = (
        None  # when each case that is still in the funnel entered the last step
    )
    for name in names:
        here = log[log["step"] == name]
        if since is not None:
            here = here[here["case"].isin(since.index)]
            if timed:
                here = here[here["time"].to_numpy() >= since.reindex(here["case"]).to_numpy()]
        first = here.drop_duplicates("case")  # sorted by time: the earliest that counts
        since = pd.Series(first["time" if timed else "step"].to_numpy(), index=first["case"])
        entered.append(len(since))
    return entered


def journey_effort(
    log: pd.DataFrame,
    effort: str = "effort",
    case: str = "case",
    step: str = "step",
    time: str | None = "time",
    channel: str | None = None,
) -> pd.DataFrame:
    """What each journey cost the customer: events, repeats, effort, time.

    Parameters
    ----------
    log : DataFrame, one row per event
        With the columns named by the other arguments.
    effort : str
        Column with the effort of each event, higher is harder, at least 0 in any unit (points, minutes).
    case, step, time, channel : str
        Names of columns. time=None takes events in the order of rows and leaves duration out; without
        `channel` (the default) switches are left out.

    Returns
    -------
    DataFrame, index `case`, sorted
        events, repeats (events at a step where the case had been before), total, peak (hardest event), end
        (last event), peak_end (mean of these two), duration (hours from first to last event where `time`
        holds dates, else in units of `time`), switches (changes of channel from one event to the next).

    Raises
    ------
    ValueError
        If a column lacks or a value is missing or negative.

    Notes
    -----
    peak_end = (peak + end) / 2. People judge an episode by its worst and last moments more than by
    its sum: Kahneman, Fredrickson, Schreiber and Redelmeier (1993). Total effort is what the
    customer spends, peak_end what they will remember; a repair of the last step can improve the
    second and not the first.

    Examples
    --------
    >>> log = pd.DataFrame({
    ...     "case": [1, 1, 1, 2], "step": ["order", "call", "call", "order"],
    ...     "time": [0, 2, 5, 1], "effort": [1, 4, 2, 1],
    ... })
    >>> journey_effort(log).reset_index()
       case  events  repeats  total  peak  end  peak_end  duration
    0     1       3        1    7.0   4.0  2.0       3.0       5.0
    1     2       1        0    1.0   1.0  1.0       1.0       0.0
    """
    rows = _log("log", log, case, step, time, effort=effort)
    hard = validate.vector(f"log[{effort!r}]", rows[effort], 0)
    rows = rows.assign(effort_=hard, repeat=rows.duplicated(["case", "step"]))
    grouped = rows.groupby("case", sort=True, observed=True)
    result = pd.DataFrame(
        {
            "events": grouped.size(),
            "repeats": grouped["repeat"].sum().astype(int),
            "total": grouped["effort_"].sum(),
            "peak": grouped["effort_"].max(),
            "end": grouped["effort_"].last(),
        }
    )
    result["peak_end"] = (result["peak"] + result["end"]) / 2
    if time is not None:
        span = grouped["time"].max() - grouped["time"].min()
        dates = span.dtype.kind == "m"
        result["duration"] = span.dt.total_seconds() / 3600 if dates else span.astype(float)
    if channel is not None:
        where = _log("log", log, case, channel, time)  # same order of rows, channels for steps
        same = where["case"].eq(where["case"].shift())
        moved = same & where["step"].ne(where["step"].shift())
        result["switches"] = (
            moved.groupby(where["case"], sort=True, observed=True).sum().astype(int)
        )
    return result.rename_axis("case")


def pain_points(
    log: pd.DataFrame,
    threshold: float,
    measure: str = "effort",
    hurts: Literal["high", "low"] = "high",
    case: str = "case",
    step: str = "step",
) -> pd.DataFrame:
    """Which step of the journey to repair first: pain points by impact × prevalence.

    Parameters
    ----------
    log : DataFrame, one row per event
        With the columns named by `case`, `step` and `measure`.
    threshold : float
        Where pain starts, in points of the measure; the threshold itself does not hurt.
    measure : str
        Column that says how bad an event was: "effort" (default), "emotion", or another.
    hurts : {"high", "low"}
        Which side of the threshold hurts: "high" for effort, "low" for emotion.
    case, step : str
        Names of columns.

    Returns
    -------
    DataFrame, index `step`, worst first
        cases (that came to the step), painful (cases it hurt), prevalence (painful / *all* cases of the
        log), impact (mean points beyond the threshold among those hurt, 0 if none), priority (impact ×
        prevalence), share (of the priorities of all steps, 0 if nothing hurts). Equal priorities: in the
        order of the steps' names.

    Raises
    ------
    ValueError
        If a column lacks, a value is missing, or an argument is unknown.

    Notes
    -----
    Where a case came to a step more than once, its worst time counts. Because everybody in the log is
    counted in the prevalence, priority is the mean pain per journey that the step causes, and priorities
    can be summed over steps: what repairing several would save. A step that hurts much where hardly
    anybody comes ranks below a nuisance for all. What pain costs in sales is another question
    (`funnel`): people who gave up earlier never come to the later steps. The index is ours.

    Examples
    --------
    >>> log = pd.DataFrame({
    ...     "case": [1, 1, 2, 2, 3, 4], "step": ["pay", "return"] * 2 + ["pay", "pay"],
    ...     "effort": [5, 7, 5, 2, 5, 1],
    ... })
    >>> pain_points(log, threshold=4).reset_index()
         step  cases  painful  prevalence  impact  priority  share
    0     pay      4        3        0.75     1.0      0.75    0.5
    1  return      2        1        0.25     3.0      0.75    0.5
    """
    limit = validate.number("threshold", threshold)
    validate.choice("hurts", hurts, ["high", "low"])
    rows = _log("log", log, case, step, None, measure=measure)
    beyond = rows[measure] - limit if hurts == "high" else limit - rows[measure]
    rows = rows.assign(pain=beyond.clip(lower=0))
    worst = rows.groupby(["case", "step"], observed=True)["pain"].max().reset_index()
    worst["hurt"] = worst["pain"] > 0
    grouped = worst.groupby("step", sort=True, observed=True)
    everybody = worst["case"].nunique()
    table = pd.DataFrame({"cases": grouped.size(), "painful": grouped["hurt"].sum().astype(int)})
    total = grouped["pain"].sum()
    table["prevalence"] = table["painful"] / everybody
    table["impact"] = total / table["painful"].clip(lower=1)
    table["priority"] = total / everybody
    pain = table["priority"].sum()
    table["share"] = table["priority"] / pain if pain > 0 else 0.0
    return table.sort_values("priority", ascending=False, kind="stable").rename_axis("step")


# Does it pay? ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """A difference between two groups, with its bootstrap interval.

    Parameters
    ----------
    first, second : float
        The statistic in each group.
    difference : float
        first − second.
    low, high : float
        Percentile interval of the difference.
    standard_error : float
        Standard deviation of the bootstrap differences.
    n_first, n_second : int
        Sizes of the groups.
    level : float
        Level of the interval.
    draws : array
        The bootstrap differences, for a histogram.

    Notes
    -----
    Made by `bootstrap_difference` and `compare_portfolios`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> print(bootstrap_difference([5.0, 5.0, 5.0], [2.0, 2.0], rng))
    difference 3 (95 % interval 3 to 3; 5 in 3 against 2 in 2)
    """

    first: float
    second: float
    difference: float
    low: float
    high: float
    standard_error: float
    n_first: int
    n_second: int
    level: float
    draws: np.ndarray

    def __str__(self) -> str:
        return (
            f"difference {self.difference:.4g} ({100 * self.level:.4g} % interval {self.low:.4g} to "
            f"{self.high:.4g}; {self.first:.4g} in {self.n_first} against {self.second:.4g} in {self.n_second})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Comparison):
            return NotImplemented
        return all(np.array_equal(getattr(self, x), getattr(other, x)) for x in vars(self))

    __hash__ = None  # type: ignore[assignment]


def bootstrap_difference(
    first: Any,
    second: Any,
    rng: np.random.Generator | int,
    statistic: Literal["mean", "median"] | Callable[[np.ndarray], Any] = "mean",
    draws: int = 2000,
    level: float = 0.95,
) -> Comparison:
    """How sure is it that one group differs from another? Ask the samples themselves.

    Parameters
    ----------
    first, second : arrays of numbers, at least 2 each
        What was measured in two independent groups, in the same unit.
    rng : numpy.random.Generator or seed
        Source of chance; the same seed gives the same answer.
    statistic : {"mean", "median"} or function
        What is compared. A function gets an array (draws × n) and returns one number per row.
    draws : int, at least 100
        How many bootstrap samples.
    level : float, between 0 and 1
        Level of the interval.

    Returns
    -------
    Comparison
        In the unit of the data.

    Raises
    ------
    ValueError
        If a value is missing, a group has fewer than 2, or the statistic doesn't return numbers.

    Notes
    -----
    difference = statistic(first) − statistic(second). Both groups are drawn anew with replacement,
    each at its own size; the interval is between the (1 ∓ level)/2 quantiles of the differences.
    Efron (1979); Efron and Tibshirani (1993, ch. 8 and 13). With fewer than about ten in a group
    the interval is too narrow, and no bootstrap repairs a sample in which the wrong firms are
    missing: see `compare_portfolios`.

    Examples
    --------
    >>> got = bootstrap_difference([3, 4, 5, 6, 7], [1, 2, 3, 4, 5], rng=1)
    >>> got.difference
    2.0
    >>> got == bootstrap_difference([3, 4, 5, 6, 7], [1, 2, 3, 4, 5], rng=1)
    True
    """
    a, b = validate.vector("first", first), validate.vector("second", second)
    for name, x in (("first", a), ("second", b)):
        if x.size < 2:
            raise ValueError(f"{name} has {x.size} value; resampling needs at least 2.")
    chance = validate.generator("rng", rng)
    count = validate.whole("draws", draws, 100, 10**7)
    share = _level(level)
    if callable(statistic):
        measure: Callable[[np.ndarray], Any] = statistic
    else:
        kind = validate.choice("statistic", statistic, ["mean", "median"])
        measure = _mean if kind == "mean" else _median
    differences = _resample(a, measure, count, chance) - _resample(b, measure, count, chance)
    whole_a, whole_b = (float(_measured(measure, x[None, :])[0]) for x in (a, b))
    low, high = np.quantile(differences, [(1 - share) / 2, (1 + share) / 2])
    return Comparison(
        first=whole_a,
        second=whole_b,
        difference=whole_a - whole_b,
        low=float(low),
        high=float(high),
        standard_error=float(differences.std(ddof=1)),
        n_first=a.size,
        n_second=b.size,
        level=share,
        draws=differences,
    )


def _mean(x: np.ndarray) -> Any:
    return x.mean(axis=1)


def _median(x: np.ndarray) -> Any:
    return np.median(x, axis=1)


def _measured(measure: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    try:
        got = np.asarray(measure(x), dtype=float)
    except Exception as error:  # the caller's own function: whatever went wrong in it is told
        raise ValueError(f"statistic fails on an array of shape {x.shape}: {error}") from error
    if got.shape != (len(x),) or not np.all(np.isfinite(got)):
        raise ValueError(
            f"statistic returns shape {got.shape} for {x.shape}; it must return one finite number per row."
        )
    return got


def _resample(
    x: np.ndarray, measure: Callable[[np.ndarray], Any], draws: int, rng: np.random.Generator
) -> np.ndarray:
    rows = max(1, 2_000_000 // x.size)  # in blocks, so that memory stays small for large groups
    parts = []
    for start in range(0, draws, rows):
        pick = rng.integers(0, x.size, (min(rows, draws - start), x.size))
        parts.append(_measured(measure, x[pick]))
    return np.concatenate(parts)


def compare_portfolios(
    returns: pd.DataFrame,
    leader: Any,
    rng: np.random.Generator | int,
    dead: Literal["keep", "drop"] = "keep",
    draws: int = 2000,
    level: float = 0.95,
) -> Comparison:
    """Would a portfolio of customer-experience leaders have beaten the others, dead firms included?

    Parameters
    ----------
    returns : DataFrame, one row per firm, one column per period in order
        Total return per period, at least −1 (0.08 is 8 %; −1 is all lost). NaN from the period on in which
        the firm no longer exists.
    leader : array of bool, one entry per firm
        Whether the firm was called a leader *before* the first period. Who is called one afterwards was
        chosen for what is to be proved.
    rng : numpy.random.Generator or seed
        Source of chance for the bootstrap.
    dead : {"keep", "drop"}
        "keep" (default) holds what was left of a firm as cash without interest; "drop" looks only at firms
        that exist to the end and are worth something, as a list made today does. That is the mistake to see.
    draws : int, at least 100
        How many bootstrap samples of firms.
    level : float, between 0 and 1
        Level of the interval.

    Returns
    -------
    Comparison
        Total return over all periods of leaders (first) and others (second); 0.5 is 50 %.

    Raises
    ------
    ValueError
        If a return is below −1, a firm comes back from the dead or was never there, or fewer than 2 firms
        are left in a group.

    Notes
    -----
    Each portfolio puts the same sum in each firm at the start and never trades: its return is the mean
    over firms of Π (1 + rₜ) − 1. Dropping the dead raises both groups, and raises the riskier group more:
    Brown, Goetzmann, Ibbotson and Ross (1992). A difference that is left is still no proof of cause;
    leaders may differ in much else.

    Examples
    --------
    >>> returns = pd.DataFrame([[0.5, 0.5], [-1.0, np.nan], [0.1, 0.1], [0.1, 0.1]])
    >>> leader = [True, True, False, False]
    >>> round(compare_portfolios(returns, leader, rng=1).difference, 3)  # one leader went bankrupt
    -0.085
    """
    table = validate.frame("returns", returns)
    if table.shape[1] == 0:
        raise ValueError("returns has no columns; it must have one per period.")
    try:
        r = validate.floats(table)
    except TypeError:
        raise ValueError("returns must hold numbers only.") from None
    gone = np.isnan(r)
    validate.vector("returns", r[~gone], -1, empty=True)
    validate.choice("dead", dead, ["keep", "drop"])
    back = (gone[:, :-1] & ~gone[:, 1:]).any(axis=1)
    wrong = back | gone.all(axis=1)
    if wrong.any():
        at = int(np.argmax(wrong))
        why = "comes back after a gap" if back[at] else "has no return at all"
        raise ValueError(
            f"returns: firm {table.index[at]!r} {why}; NaN may only follow the last one."
        )
    validate.broadcastable(leader=leader)  # no ragged lists
    chosen = np.asarray(leader)
    if chosen.dtype == object and all(isinstance(x, (bool, np.bool_)) for x in chosen.flat):
        chosen = chosen.astype(bool)
    if chosen.dtype != bool or chosen.ndim != 1:
        raise ValueError("leader must hold True or False for each firm.")
    validate.same_length(returns=table, leader=chosen)
    if isinstance(leader, pd.Series) and not leader.index.equals(table.index):
        raise ValueError("the rows of leader are not those of returns; give both the same index.")
    with np.errstate(over="ignore"):
        total = np.prod(np.where(gone, 1.0, 1.0 + r), axis=1) - 1
    if not np.all(np.isfinite(total)):
        raise ValueError("returns are too large: what a firm is worth at the end overflows.")
    stays = ~gone[:, -1] & (total > -1) if dead == "drop" else np.ones(len(r), dtype=bool)
    groups = {"leaders": total[chosen & stays], "others": total[~chosen & stays]}
    for name, x in groups.items():
        if x.size < 2:
            raise ValueError(f"{name} are {x.size} firms here; each group needs at least 2.")
    return bootstrap_difference(groups["leaders"], groups["others"], rng, "mean", draws, level)
