"""Trust that can be measured: the trust equation, survey scales, trustability, its tax, its dynamics.

Two kinds of functions stand side by side and say which they are: published measures (trust equation,
Cronbach's alpha) and our own illustrative models of ideas that their authors put in words
(`trustability_index`, `trust_tax`, `TrustDynamics`). The numbers of the latter are for thinking, not
for quoting.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxedu import validate

__all__ = [
    "EVENTS",
    "TERMS",
    "TrustDynamics",
    "cronbach_alpha",
    "cronbach_interval",
    "reverse_code",
    "score_items",
    "trust_score",
    "trust_tax",
    "trustability_index",
]

#: The four terms of the trust equation, in the order of its arguments.
TERMS = ("credibility", "reliability", "intimacy", "self_orientation")

#: What can happen to a relationship in `TrustDynamics`.
EVENTS = ("good", "breach", "apology", "amends", "proof", "quiet")


def trust_score(
    credibility: Any,
    reliability: Any,
    intimacy: Any,
    self_orientation: Any,
    scale: tuple[float, float] = (1, 10),
) -> Any:
    """Trust equation: (credibility + reliability + intimacy) ÷ self-orientation.

    Parameters
    ----------
    credibility, reliability, intimacy : float or array
        Whether words can be believed, deeds relied upon, confidences shared; in points of `scale`.
    self_orientation : float or array
        How much the other side minds its own interest, in points of `scale`. High is bad.
    scale : (lowest, highest)
        The scale that all four are rated on, lowest above 0. (1, 10) by default; (1, 5) for Meridian's
        survey.

    Returns
    -------
    float, array or Series
        From 3 × lowest ÷ highest to 3 × highest ÷ lowest: 0.3 to 30 for (1, 10), 0.6 to 15 for (1, 5).

    Raises
    ------
    ValueError
        If a rating is missing or outside the scale, or the scale allows 0 or less.

    Notes
    -----
    Maister, Green and Galford (2000, ch. 8). The score has no unit, depends on the scale, and is only
    comparable between people rated on the same one. Because self-orientation divides, lowering it from
    2 to 1 doubles trust, while one more point on any other term never does as much.

    Examples
    --------
    >>> trust_score(8, 7, 6, 3)
    7.0
    >>> trust_score([4, 4], [5, 5], [3, 3], [2, 4], scale=(1, 5))
    array([6., 3.])
    """
    low, high = validate.scale(scale, positive=True)
    validate.broadcastable(
        credibility=credibility,
        reliability=reliability,
        intimacy=intimacy,
        self_orientation=self_orientation,
    )
    c = validate.numbers("credibility", credibility, low, high)
    r = validate.numbers("reliability", reliability, low, high)
    i = validate.numbers("intimacy", intimacy, low, high)
    s = validate.numbers("self_orientation", self_orientation, low, high)
    score = np.asarray((c + r + i) / s)
    return validate.like(score, credibility, reliability, intimacy, self_orientation)


def reverse_code(answers: Any, scale: tuple[float, float] = (1, 5)) -> Any:
    """Turn the answers to a reverse-coded item round: the lowest becomes the highest.

    Parameters
    ----------
    answers : number, array, Series or DataFrame
        Answers in points of `scale`; missing ones (NaN) stay missing.
    scale : (lowest, highest)
        The scale of the item.

    Returns
    -------
    The same form as `answers`
        lowest + highest − answer.

    Raises
    ------
    ValueError
        If an answer is outside the scale.

    Notes
    -----
    Likert (1932) already scores statements for and against a thing in opposite directions.

    Examples
    --------
    >>> reverse_code([1, 2, 5])
    array([5., 4., 1.])
    """
    low, high = validate.scale(scale)
    table = isinstance(answers, (pd.Series, pd.DataFrame))
    values = _answers("answers", answers, low, high)
    turned = low + high - values
    if table:
        return answers.__class__(turned, index=answers.index, **_labels(answers))
    return float(turned) if turned.ndim == 0 else turned


def _labels(table: pd.Series | pd.DataFrame) -> dict[str, Any]:
    return {"columns": table.columns} if isinstance(table, pd.DataFrame) else {"name": table.name}


def score_items(
    answers: pd.DataFrame,
    items: Mapping[str, Any] | pd.DataFrame,
    scale: tuple[float, float] = (1, 5),
    at_least: float = 0.5,
) -> pd.DataFrame:
    """From answers to survey items to one score per term, for every respondent.

    Parameters
    ----------
    answers : DataFrame, one row per respondent
        One column per item, in points of `scale`, NaN where there is no answer. Other columns are ignored.
    items : mapping item → (term, wording, reverse), or DataFrame with columns term and reverse
        Such as `cxedu.world.surveys.TRUST_ITEMS`. `reverse` is True where agreement speaks against the
        term.
    scale : (lowest, highest)
        The scale of all items.
    at_least : float, 0 to 1
        Share of a term's items that must be answered for the term to be scored.

    Returns
    -------
    DataFrame, same index as `answers`
        One column per term in the order in which the terms come in `items`: the mean of the answered
        items, in points of `scale`, NaN where too few were answered.

    Raises
    ------
    ValueError
        If an item has no column, an answer is outside the scale, or `items` has another form.

    Notes
    -----
    score = Σ answers / items answered; reverse-coded items are turned round first. The mean of what
    is there stands for what is missing (person-mean imputation); with less than half of the items
    that is a guess, so the term is left open. Use ``.dropna()`` before `trust_score`.

    Examples
    --------
    >>> items = {"q1": ("credibility", "They know their trade.", False),
    ...          "q2": ("credibility", "I doubt what they say.", True)}
    >>> score_items(pd.DataFrame({"q1": [5, 4], "q2": [2, None]}), items)
       credibility
    0          4.5
    1          4.0
    """
    low, high = validate.scale(scale)
    share = validate.number("at_least", at_least, 0, 1)
    key = _items(items)
    validate.frame("answers", answers, key.index, empty=True)
    values = _answers("answers", answers[key.index.tolist()], low, high)
    reverse = key["reverse"].to_numpy(bool)
    values = np.where(reverse, low + high - values, values)
    scores = {}
    for term in dict.fromkeys(key["term"]):
        block = values[:, (key["term"] == term).to_numpy()]
        given = ~np.isnan(block)
        n = given.sum(axis=1)
        enough = (n >= share * block.shape[1]) & (n > 0)
        mean = np.where(given, block, 0).sum(axis=1) / np.maximum(n, 1)
        scores[term] = np.where(enough, mean, np.nan)
    return pd.DataFrame(scores, index=answers.index)


def _items(items: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
    """Items as a DataFrame with columns term and reverse."""
    if isinstance(items, pd.DataFrame):
        table = items
        if "item" in table.columns and table.index.name != "item":
            table = table.set_index("item")
        return validate.frame("items", table, ["term", "reverse"])
    if not isinstance(items, Mapping) or not items:
        raise ValueError(f"items is {items!r}; it must map an item to (term, wording, reverse).")
    for item, entry in items.items():
        if not (isinstance(entry, Sequence) and not isinstance(entry, str) and len(entry) == 3):
            raise ValueError(f"items[{item!r}] is {entry!r}; it must be (term, wording, reverse).")
    rows = {item: {"term": entry[0], "reverse": bool(entry[2])} for item, entry in items.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def cronbach_alpha(items: Any) -> float:
    """Cronbach's alpha: how well several items measure one thing.

    Parameters
    ----------
    items : DataFrame or array, n respondents × k items
        Answers, reverse-coded items already turned round. A respondent with a missing answer is left
        out altogether (listwise deletion).

    Returns
    -------
    float
        At most 1. Above about 0.7 is commonly called acceptable; below 0 means that items contradict
        each other, most often because one was not reverse-coded.

    Raises
    ------
    ValueError
        If there are fewer than 2 items or 2 complete respondents, or if all totals are equal.

    Notes
    -----
    α = k / (k − 1) · (1 − Σ var(item) / var(total)) (Cronbach 1951, eq. 2). For parallel items with
    correlation ρ it is the Spearman–Brown value kρ / (1 + (k − 1)ρ): more items raise it, so a high alpha
    is no proof that there is one dimension.

    Examples
    --------
    >>> round(cronbach_alpha([[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]]), 3)
    0.95
    """
    table = _complete(items)
    k = table.shape[1]
    total = table.sum(axis=1).var(ddof=1)
    parts = table.var(axis=0, ddof=1).sum()
    if total <= 1e-12 * parts or parts == 0:
        raise ValueError("items give the same total for everybody; alpha needs people who differ.")
    return float(k / (k - 1) * (1 - parts / total))


def cronbach_interval(items: Any, level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of Cronbach's alpha.

    Parameters
    ----------
    items : DataFrame or array, n respondents × k items
        As in `cronbach_alpha`.
    level : float, between 0 and 1
        Confidence level.

    Returns
    -------
    (float, float)
        Lower and upper end.

    Raises
    ------
    ValueError
        As `cronbach_alpha`, or if `level` is not between 0 and 1.

    Notes
    -----
    (1 − α) / (1 − α̂) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom (Feldt 1965), if people
    and errors are normal and items essentially parallel.

    Examples
    --------
    >>> low, high = cronbach_interval([[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]])
    >>> round(low, 2), round(high, 2)
    (0.67, 1.0)
    """
    p = validate.number("level", level, 0, 1, low_open=True, high_open=True)
    n, k = _complete(items).shape
    alpha = cronbach_alpha(items)
    tails = stats.f.ppf([(1 + p) / 2, (1 - p) / 2], n - 1, (n - 1) * (k - 1))
    low, high = 1 - (1 - alpha) * tails
    return float(low), float(high)


def trustability_index(
    do_things_right: Any,
    do_right_thing: Any,
    proactive: Any,
    weights: Sequence[float] | None = None,
) -> Any:
    """Trustability from 0 to 100: competent, well-meaning and proactive, all three.

    Parameters
    ----------
    do_things_right : float or array, 0 to 100
        Competence: how reliably products, service and promises work.
    do_right_thing : float or array, 0 to 100
        Good intentions: how consistently the firm acts in the customer's interest.
    proactive : float or array, 0 to 100
        How often the firm acts, warns or refunds before the customer has to ask.
    weights : three numbers, at least 0, optional
        Relative importance; equal by default. Only their ratios matter.

    Returns
    -------
    float, array or Series
        Weighted geometric mean, 0 to 100.

    Raises
    ------
    ValueError
        If a part is outside 0 to 100 or there are not three weights with a positive sum.

    Notes
    -----
    Π part ^ weight, with weights that sum to 1. The three parts of trustability are those of
    Peppers and Rogers (2012). Putting them into one number is *our* operationalisation: a geometric
    mean, so that a zero in one part cannot be bought back by the others, and so that the weakest
    part pays most for an improvement.

    Examples
    --------
    >>> round(trustability_index(80, 80, 80), 6)
    80.0
    >>> round(trustability_index(90, 90, 10), 1)  # the arithmetic mean would say 63.3
    43.3
    >>> trustability_index(100, 0, 100)
    0.0
    """
    validate.broadcastable(
        do_things_right=do_things_right, do_right_thing=do_right_thing, proactive=proactive
    )
    w = validate.vector("weights", [1, 1, 1] if weights is None else weights, 0, size=3)
    if w.sum() == 0:
        raise ValueError("weights are all 0; at least one must be greater than 0.")
    parts = [
        validate.numbers(name, value, 0, 100)
        for name, value in (
            ("do_things_right", do_things_right),
            ("do_right_thing", do_right_thing),
            ("proactive", proactive),
        )
    ]
    index = 100 * np.prod(
        [(x / 100) ** y for x, y in zip(np.broadcast_arrays(*parts), w / w.sum(), strict=True)],
        axis=0,
    )
    return validate.like(np.asarray(index), do_things_right, do_right_thing, proactive)


def trust_tax(
    trust: Any,
    transaction_value: float = 100.0,
    checking_cost: float = 6.0,
    delay_days: float = 4.0,
    cost_per_day: float = 1.5,
    usual: float = 0.5,
) -> pd.DataFrame:
    """What distrust adds to the cost of a transaction.

    Parameters
    ----------
    trust : float or array of n numbers, 0 to 1
        Trust between the parties: 0 checks everything, 1 nothing.
    transaction_value : float, greater than 0
        € that change hands in one transaction.
    checking_cost : float, at least 0
        € per transaction for checks, contracts and approvals when there is no trust at all.
    delay_days : float, at least 0
        Days a transaction waits for them when there is no trust at all.
    cost_per_day : float, at least 0
        € that a day of waiting costs.
    usual : float, 0 to 1
        Trust that is usual in the trade, from which tax and dividend are told apart.

    Returns
    -------
    DataFrame, n rows
        trust; days (of delay); checking, delay, total (€ per transaction); tax (total ÷ transaction value);
        dividend (€ per transaction saved against the usual trust, negative where it is lower).

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    Our own illustrative model of an idea of Covey and Merrill (2006): low trust taxes speed and cost, high
    trust pays a dividend. Each check is made with probability 1 − trust, so
    total = (1 − trust) × (checking cost + delay days × cost per day). The default amounts are invented.

    Examples
    --------
    >>> trust_tax([0.2, 0.5, 0.9]).round(3)
       trust  days  checking  delay  total    tax  dividend
    0    0.2   3.2       4.8    4.8    9.6  0.096      -3.6
    1    0.5   2.0       3.0    3.0    6.0  0.060       0.0
    2    0.9   0.4       0.6    0.6    1.2  0.012       4.8
    """
    t = validate.vector("trust", trust, 0, 1)
    amount = validate.number("transaction_value", transaction_value, 0, low_open=True)
    checks = validate.number("checking_cost", checking_cost, 0)
    wait = validate.number("delay_days", delay_days, 0)
    per_day = validate.number("cost_per_day", cost_per_day, 0)
    reference = validate.number("usual", usual, 0, 1)
    days = (1 - t) * wait
    checking, delay = (1 - t) * checks, days * per_day
    full = checks + wait * per_day
    return pd.DataFrame(
        {
            "trust": t,
            "days": days,
            "checking": checking,
            "delay": delay,
            "total": checking + delay,
            "tax": (checking + delay) / amount,
            "dividend": (t - reference) * full,
        },
        index=trust.index if isinstance(trust, pd.Series) else None,
    )


@dataclass(frozen=True)
class TrustDynamics:
    """Trust that grows slowly, breaks fast and can be mended in part.

    Trust is a number from 0 to 1 under a ceiling that starts at 1. What an event does:

    - **good**: trust rises by `gain` × (ceiling − trust).
    - **breach**: trust falls by `loss` × trust, and the ceiling by `scar` × ceiling.
    - **apology**, **amends**: trust rises by that share of the distance to where it was before the breach
      (or to the ceiling, if that is lower). Each works once per breach: sorry said twice is said once.
    - **proof** (a promise visibly kept, a cause visibly removed): the same with its own share, as often as it
      is given, after it has lifted the ceiling by the same share of what is missing to 1.
    - **quiet**: nothing.

    Remedies without a breach to mend do nothing.

    Parameters
    ----------
    gain : float, 0 to 1
        Share of the missing trust that one good experience adds.
    loss : float, `gain` to 1
        Share of the trust there is that one breach destroys.
    apology, amends, proof : float, 0 to 1
        Share of the lost trust that the remedy brings back.
    scar : float, 0 to 1
        Share of the ceiling that one breach takes away.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or `loss` is below `gain`.

    Notes
    -----
    An illustrative model of our own, not an estimated one. That trust is harder to gain than to lose:
    Slovic (1993). That remedies differ in what they repair: Kim, Ferrin, Cooper and Dirks (2004);
    Gillespie and Dietz (2009). The default numbers are invented.

    Examples
    --------
    >>> TrustDynamics().run(["good", "breach", "apology", "proof"], start=0.6).round(3)
       period    event  trust  ceiling
    0       0    start  0.600    1.000
    1       1     good  0.640    1.000
    2       2   breach  0.320    0.900
    3       3  apology  0.368    0.900
    4       4    proof  0.436    0.925
    """

    gain: float = 0.1
    loss: float = 0.5
    apology: float = 0.15
    amends: float = 0.3
    proof: float = 0.25
    scar: float = 0.1

    def __post_init__(self) -> None:
        for name in ("gain", "loss", "apology", "amends", "proof", "scar"):
            validate.number(name, getattr(self, name), 0, 1)
        if self.loss < self.gain:
            raise ValueError(
                f"loss is {self.loss:g}, below gain {self.gain:g}; trust is lost at least as fast as won."
            )

    def run(self, events: Iterable[str], start: float = 0.5) -> pd.DataFrame:
        """Trust after each of a list of events.

        Parameters
        ----------
        events : list of n names out of `EVENTS`
            What happens, one event per period.
        start : float, 0 to 1
            Trust before the first event.

        Returns
        -------
        DataFrame, n + 1 rows
            period (0 to n), event ("start" in row 0), trust and ceiling after the event, 0 to 1.

        Raises
        ------
        ValueError
            If an event is unknown or `start` is outside 0 to 1.

        Notes
        -----
        After n good experiences and nothing else trust is 1 − (1 − start)(1 − gain)ⁿ.

        Examples
        --------
        >>> TrustDynamics(gain=0.5).run(["good", "good"], start=0.0)["trust"].tolist()
        [0.0, 0.5, 0.75]
        """
        names = validate.listed("events", events)
        for at, name in enumerate(names):
            validate.choice(f"events[{at}]", name, EVENTS)
        state = _State(np.array([validate.number("start", start, 0, 1)]))
        trust, ceiling = [state.trust[0]], [state.ceiling[0]]
        everybody = np.array([True])
        for name in names:
            self._happen(state, name, everybody)
            trust.append(state.trust[0])
            ceiling.append(state.ceiling[0])
        return pd.DataFrame(
            {
                "period": range(len(names) + 1),
                "event": ["start", *names],
                "trust": trust,
                "ceiling": ceiling,
            }
        )

    def simulate(
        self,
        n: int,
        periods: int,
        failure_rate: float,
        rng: np.random.Generator,
        start: float = 0.5,
        remedies: Sequence[str] = (),
    ) -> np.ndarray:
        """Trust of many customers of a firm that fails at random.

        Parameters
        ----------
        n, periods : int
            How many customers, over how many periods.
        failure_rate : float, 0 to 1
            Probability that an experience is a breach; all others are good.
        rng : numpy.random.Generator
            Source of chance.
        start : float, 0 to 1
            Trust of everybody at first.
        remedies : sequence out of "apology", "amends", "proof"
            What the firm does in the same period after each breach, in this order.

        Returns
        -------
        array, n × (periods + 1)
            Trust from 0 to 1; column 0 is the start.

        Raises
        ------
        ValueError
            If a number is outside its range or a remedy unknown.

        Examples
        --------
        >>> paths = TrustDynamics().simulate(1000, 52, 0.05, np.random.default_rng(1))
        >>> paths.shape
        (1000, 53)
        """
        count, length = validate.whole("n", n, 1), validate.whole("periods", periods, 1)
        rate = validate.number("failure_rate", failure_rate, 0, 1)
        given = _remedies(remedies)
        rng = validate.generator("rng", rng)
        state = _State(np.full(count, validate.number("start", start, 0, 1)))
        paths = np.empty((count, length + 1))
        paths[:, 0] = state.trust
        for t in range(1, length + 1):
            failed = rng.random(count) < rate
            self._happen(state, "good", ~failed)
            for event in ("breach", *given):
                self._happen(state, event, failed)
            paths[:, t] = state.trust
        return paths

    def long_run_trust(self, failure_rate: float) -> float:
        """Mean trust in the long run, without scars and remedies.

        Parameters
        ----------
        failure_rate : float, 0 to 1
            Probability that an experience is a breach; all others are good.

        Returns
        -------
        float
            0 to 1: where the expected gain and loss of a period balance,
            (1 − f) gain / [(1 − f) gain + f loss].

        Raises
        ------
        ValueError
            If `scar` is not 0 (the ceiling would sink for ever) or both terms are 0.

        Examples
        --------
        >>> round(TrustDynamics(gain=0.1, loss=0.5, scar=0).long_run_trust(0.05), 3)
        0.792
        """
        f = validate.number("failure_rate", failure_rate, 0, 1)
        if self.scar > 0:
            raise ValueError(
                f"scar is {self.scar:g}; it must be 0, for scars without remedies bring trust down to 0."
            )
        up, down = (1 - f) * self.gain, f * self.loss
        if up + down == 0:
            raise ValueError("trust never moves with these parameters; it stays where it starts.")
        return up / (up + down)

    def periods_to_recover(self, trust: float, remedies: Sequence[str] = ()) -> float:
        """Good experiences needed after one breach to be trusted as before.

        Parameters
        ----------
        trust : float, 0 to 1
            Trust before the breach, in a relationship without scars.
        remedies : sequence out of "apology", "amends", "proof"
            What is done after the breach, before the good experiences begin; not counted in the result.

        Returns
        -------
        float
            A whole number, or inf where the scar keeps trust below its former level for ever.

        Raises
        ------
        ValueError
            If `trust` is outside 0 to 1 or a remedy unknown.

        Notes
        -----
        With T the trust after breach and remedies and C the ceiling, the smallest n with
        C − (C − T)(1 − gain)ⁿ ≥ trust.

        Examples
        --------
        >>> model = TrustDynamics(gain=0.1, loss=0.5, scar=0)
        >>> model.periods_to_recover(0.8)
        11.0
        >>> model.periods_to_recover(0.8, ["apology", "amends", "proof"])
        7.0
        >>> TrustDynamics(scar=0.3).periods_to_recover(0.8)
        inf
        """
        before = validate.number("trust", trust, 0, 1)
        after = self.run(["breach", *_remedies(remedies)], start=before).iloc[-1]
        now, ceiling = float(after["trust"]), float(after["ceiling"])
        if before - now <= 1e-12:
            return 0.0
        if self.gain == 1:
            return 1.0 if ceiling >= before else math.inf
        if self.gain == 0 or ceiling <= before:
            return math.inf
        exact = math.log((ceiling - before) / (ceiling - now)) / math.log1p(-self.gain)
        return float(math.ceil(exact - 1e-9))

    def _happen(self, state: "_State", event: str, who: np.ndarray) -> None:
        """Let one event happen to those customers for whom `who` is True."""
        if event == "good":
            rise = self.gain * np.maximum(state.ceiling - state.trust, 0)
            state.trust = np.where(who, state.trust + rise, state.trust)
        elif event == "breach":
            # With an older breach still open, what was lost then is still to be won back.
            state.before = np.where(who, np.maximum(state.before, state.trust), state.before)
            state.trust = np.where(who, state.trust * (1 - self.loss), state.trust)
            state.ceiling = np.where(who, state.ceiling * (1 - self.scar), state.ceiling)
            state.trust = np.minimum(state.trust, state.ceiling)
            for used in state.used.values():
                used[who] = False
        elif event in ("apology", "amends", "proof"):
            share = getattr(self, event)
            open_breach = who & (state.before > state.trust)
            if event == "proof":
                lifted = state.ceiling + share * (1 - state.ceiling)
                state.ceiling = np.where(open_breach, lifted, state.ceiling)
            else:
                open_breach = open_breach & ~state.used[event]
                state.used[event][open_breach] = True
            rise = share * np.maximum(np.minimum(state.before, state.ceiling) - state.trust, 0)
            state.trust = np.where(open_breach, state.trust + rise, state.trust)


class _State:
    """Where a number of customers stand: trust, ceiling, trust before the breach that is still open."""

    def __init__(self, trust: np.ndarray) -> None:
        self.trust = trust
        self.ceiling = np.ones_like(trust)
        self.before = np.zeros_like(trust)
        self.used = {name: np.zeros(trust.shape, dtype=bool) for name in ("apology", "amends")}


def _remedies(remedies: Sequence[str]) -> list[str]:
    names = validate.listed("remedies", remedies)
    for at, name in enumerate(names):
        validate.choice(f"remedies[{at}]", name, ("apology", "amends", "proof"))
    return names


def _answers(name: str, answers: Any, low: float, high: float) -> np.ndarray:
    """Answers as a float array; NaN is a missing answer, anything else must be on the scale."""
    try:
        values = validate.floats(answers)
    except TypeError:
        raise ValueError(f"{name} must hold numbers only, with NaN for a missing answer.") from None
    given = values[~np.isnan(values)]
    if given.size:
        validate.vector(name, given, low, high)
    return values


def _complete(items: Any) -> np.ndarray:
    """The respondents who answered every item."""
    values = _answers("items", items, -math.inf, math.inf)
    if values.ndim != 2 or values.shape[1] < 2:
        raise ValueError(
            f"items has shape {values.shape}; it must have a row per respondent and at least 2 columns."
        )
    complete = values[~np.isnan(values).any(axis=1)]
    if len(complete) < 2:
        raise ValueError(
            f"items has {len(complete)} respondents who answered every item; it must have at least 2."
        )
    return complete
