"""Step 4: what agreement tells, by Fellegi and Sunter, and how to learn it by EM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate


def fellegi_sunter(agreement: Any, m: Any, u: Any) -> Any:
    """Fellegi–Sunter weight of pairs: how much their agreement speaks for one person, in bits.

    Parameters
    ----------
    agreement : DataFrame or array, n pairs × k fields
        Level of agreement: 0 different, 1 the same; or 0, 1 … L − 1. NaN where a value is missing.
    m, u : mapping field → probability, or sequence of k
        Probability that the field agrees among pairs of one person (m) and of two different people (u),
        between 0 and 1. With more than two levels, L probabilities that sum to 1, for level 0, 1 …

    Returns
    -------
    Series (for a DataFrame) or array of n
        Sum over fields of log₂(m ÷ u) for the level seen; a missing value adds 0.

    Raises
    ------
    ValueError
        If m or u lacks a field, holds something else than probabilities between 0 and 1, or a level is
        none of those that m and u have.

    Notes
    -----
    Agreement adds log₂(m ÷ u), disagreement log₂((1 − m) ÷ (1 − u)) (Fellegi & Sunter 1969;
    Newcombe, Kennedy, Axford & James 1959 before them). Fields are taken to agree independently of each
    other, given whether it is one person. Ten bits are odds of about a thousand to one.

    Examples
    --------
    >>> pairs = pd.DataFrame({"surname": [1, 1, 0], "birth_year": [1, 0, None]})
    >>> fellegi_sunter(pairs, m={"surname": 0.9, "birth_year": 0.8}, u={"surname": 0.1, "birth_year": 0.2})
    0    5.169925
    1    1.169925
    2   -3.169925
    dtype: float64
    """
    levels, fields = _levels("agreement", agreement)
    weight = np.zeros(len(levels))
    for k, field in enumerate(fields):
        chances = _both_chances(m, u, field, k, len(fields))
        _known_levels(field, levels[:, k], chances[0].size)
        weight += _gain(levels[:, k], *chances)
    return (
        pd.Series(weight, index=agreement.index) if isinstance(agreement, pd.DataFrame) else weight
    )


def _gain(level: np.ndarray, m: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Bits that each level adds; 0 where it is missing."""
    bits = np.append(np.log2(m / u), 0.0)
    return bits[np.where(np.isnan(level), m.size, level).astype(np.int64)]


def _levels(name: str, given: Any) -> tuple[np.ndarray, list[Any]]:
    """Levels as a float matrix, and the names of its columns."""
    table = given if isinstance(given, pd.DataFrame) else None
    try:
        if table is not None:
            validate.frame(name, table, empty=True)
        values = validate.floats(given)
    except TypeError:
        raise ValueError(
            f"{name} must hold levels 0, 1 … only, with NaN for what is missing."
        ) from None
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name} has shape {values.shape}; it must be pairs × fields.")
    seen = values[~np.isnan(values)]
    fine = (seen >= 0) & (seen == np.floor(seen)) & np.isfinite(seen)
    if not fine.all():
        raise ValueError(f"{name} holds {seen[~fine][0]:g}; it must hold levels 0, 1 … only.")
    return values, list(table.columns) if table is not None else list(range(values.shape[1]))


def _known_levels(field: Any, level: np.ndarray, count: int) -> None:
    highest = np.nanmax(level, initial=0)
    if highest >= count:
        raise ValueError(
            f"agreement[{field!r}] holds level {highest:g}; m and u have levels 0 to {count - 1}."
        )


def _both_chances(m: Any, u: Any, field: Any, k: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the levels of one field, by m and by u."""
    ours, theirs = (_chances(name, given, field, k, count) for name, given in (("m", m), ("u", u)))
    if ours.size != theirs.size:
        raise ValueError(
            f"m[{field!r}] has {ours.size} levels, u[{field!r}] has {theirs.size}; "
            "they must have the same."
        )
    return ours, theirs


def _chances(name: str, given: Any, field: Any, k: int, count: int) -> np.ndarray:
    """Probabilities of the levels of one field: two or more, all above 0, sum 1."""
    if isinstance(given, (Mapping, pd.Series)):
        if field not in given:
            raise ValueError(
                f"{name} lacks {field!r}; it has {', '.join(map(repr, given.keys()))}, unlike agreement."
            )
        value = given[field]
    elif isinstance(given, (list, tuple, np.ndarray)) and np.ndim(np.asarray(given, object)):
        if len(given) != count:
            raise ValueError(
                f"{name} has {len(given)} entries; it must have one per field, {count}."
            )
        value = given[k]
    else:
        raise ValueError(
            f"{name} is {validate.shown(given)}; it must map each field to a probability."
        )
    label = f"{name}[{field!r}]"
    if not isinstance(value, (list, tuple, np.ndarray, pd.Series)):
        agree = validate.number(label, value, 0, 1, low_open=True, high_open=True)
        return np.array([1 - agree, agree])
    chances = validate.vector(label, value, 0, 1, low_open=True, high_open=True)
    if abs(chances.sum() - 1) > 1e-6:
        raise ValueError(
            f"{label} sums to {chances.sum():g}; probabilities of all levels sum to 1."
        )
    return chances


@dataclass(frozen=True)
class Weights:
    """What a field's agreement tells: m and u probabilities, and how many pairs match at all.

    Attributes
    ----------
    m, u : dict field → array
        Probability of each level among pairs of one person and of two people.
    match_share : float
        Share of all pairs (compared or not) that are one person's.
    log_likelihood : float
        Of the pairs compared, at the estimates (natural logarithm); NaN if nothing was estimated.
    iterations : int
        Steps of the EM algorithm.

    Raises
    ------
    ValueError
        If m and u have different fields or levels, or something is no probability between 0 and 1
        or else not the number it should be.

    Notes
    -----
    Made by `estimate_weights`. Agreement at a level adds log₂(m / u) bits, see `fellegi_sunter`.

    Examples
    --------
    >>> weights = Weights({"phone": np.array([0.1, 0.9])}, {"phone": np.array([0.999, 0.001])}, 0.01)
    >>> weights.probability(pd.DataFrame({"phone": [1, 0]})).round(3).tolist()
    [0.901, 0.001]
    """

    m: Mapping[str, np.ndarray]
    u: Mapping[str, np.ndarray]
    match_share: float
    log_likelihood: float = float("nan")
    iterations: int = 0

    def __post_init__(self) -> None:
        for name, given in (("m", self.m), ("u", self.u)):
            if not isinstance(given, Mapping) or not given:
                raise ValueError(
                    f"{name} is {validate.shown(given)}; it must map fields to probabilities."
                )
        for field in self.m:
            _both_chances(self.m, self.u, field, 0, len(self.m))
        if set(self.u) - set(self.m):
            surplus = (set(self.u) - set(self.m)).pop()
            raise ValueError(f"m lacks {surplus!r}; m and u must have the same fields.")
        validate.number("match_share", self.match_share, 0, 1, low_open=True, high_open=True)
        nothing = isinstance(self.log_likelihood, float) and np.isnan(self.log_likelihood)
        if not nothing:
            validate.number("log_likelihood", self.log_likelihood)
        validate.whole("iterations", self.iterations)

    @property
    def table(self) -> pd.DataFrame:
        """One row per field and level: m, u and the weight in bits.

        Examples
        --------
        >>> Weights({"phone": np.array([0.2, 0.8])}, {"phone": np.array([0.9, 0.1])}, 0.01).table.round(2)
           field  level    m    u  weight
        0  phone      0  0.2  0.9   -2.17
        1  phone      1  0.8  0.1    3.00
        """
        rows = [
            (field, level, m, u, np.log2(m / u))
            for field in self.m
            for level, (m, u) in enumerate(zip(self.m[field], self.u[field], strict=True))
        ]
        return pd.DataFrame(rows, columns=["field", "level", "m", "u", "weight"])

    def weight(self, agreement: Any) -> Any:
        """Weight of each pair in bits, as `fellegi_sunter`.

        Parameters
        ----------
        agreement : DataFrame or array, n pairs × k fields
            Levels of agreement, NaN where a value is missing.

        Returns
        -------
        Series or array of n
            Bits.

        Raises
        ------
        ValueError
            If a field is missing or a level unknown.

        Examples
        --------
        >>> weights = Weights({"phone": np.array([0.2, 0.8])}, {"phone": np.array([0.9, 0.1])}, 0.01)
        >>> weights.weight(pd.DataFrame({"phone": [1, None]})).tolist()
        [3.0, 0.0]
        """
        return fellegi_sunter(agreement, self.m, self.u)

    def probability(self, agreement: Any) -> Any:
        """Probability that each pair is one person: prior odds × 2^weight, as a probability.

        Parameters
        ----------
        agreement : DataFrame or array, n pairs × k fields
            Levels of agreement, NaN where a value is missing.

        Returns
        -------
        Series or array of n
            0 to 1: odds / (1 + odds), with prior odds match_share / (1 − match_share).

        Raises
        ------
        ValueError
            If a field is missing or a level unknown.
        """
        prior = np.log2(self.match_share / (1 - self.match_share))
        bits = np.clip(self.weight(agreement) + prior, -1000, 1000)
        return 1 / (1 + 2.0**-bits)


def is_weights(name: str, weights: Any) -> None:
    if weights is not None and not isinstance(weights, Weights):
        raise ValueError(
            f"{name} is {validate.shown(weights)}; it must be what estimate_weights returns."
        )


_MATCH_SHARE_LIMIT = 0.5  # with a prior: no more than half of all pairs are matches
_PRIOR_MATCHES, _PRIOR_RANDOM = 20.0, 2_000.0  # how many pairs the prior counts for


def estimate_weights(
    agreement: pd.DataFrame,
    random_agreement: Any,
    n_pairs: float | None = None,
    prior: Weights | None = None,
    tolerance: float = 1e-7,
) -> Weights:
    """Estimate m by the EM algorithm from pairs compared, and u from pairs taken at random.

    Parameters
    ----------
    agreement : DataFrame, pairs × fields
        Levels of agreement of the pairs that were compared, NaN where a value is missing.
    random_agreement : DataFrame with the same columns
        The same for pairs of records taken at random: hardly any is one person, so their levels
        show u.
    n_pairs : number, at least the number of pairs compared; optional
        How many pairs there were before blocking, n (n − 1) / 2 for n records. By default nothing was
        blocked.
    prior : Weights, optional
        Where to start, and what a few pairs count for (20 for m, 2,000 for u), so that little data and
        levels never seen give no infinite weights. By default every level counts for half a pair.
    tolerance : float, greater than 0
        Steps end when no m and no match share changes by more.

    Returns
    -------
    Weights
        With `match_share` as a share of `n_pairs`.

    Raises
    ------
    ValueError
        If tables do not fit each other, are empty, or hold anything but levels.

    Notes
    -----
    P(levels) = λ Π m + (1 − λ) Π u. Two kinds of pairs are mixed: with probability λ one person's,
    whose fields show level j with probability mⱼ, else two people's, with uⱼ; fields are
    independent within each kind. EM goes to and fro between each pair's probability of being a
    match and the m and λ that follow from those probabilities (Winkler 1988; Herzog, Scheuren &
    Winkler 2007, ch. 9). u stays as estimated from random pairs. Pairs that blocking left out count
    as no match, which is why candidates need not be like random pairs.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> same = rng.random(5000) < 0.2
    >>> agree = lambda m, u, same: (rng.random(same.size) < np.where(same, m, u)) * 1.0
    >>> fields = {"name": (0.9, 0.05), "phone": (0.8, 0.01), "city": (0.85, 0.1)}
    >>> pairs = pd.DataFrame({f: agree(m, u, same) for f, (m, u) in fields.items()})
    >>> others = pd.DataFrame({f: agree(m, u, np.zeros(5000, bool)) for f, (m, u) in fields.items()})
    >>> found = estimate_weights(pairs, others)
    >>> round(found.match_share, 1), found.m["name"].round(1).tolist(), found.u["city"].round(1).tolist()
    (0.2, [0.1, 0.9], [0.9, 0.1])
    """
    validate.frame("agreement", agreement)
    validate.frame("random_agreement", random_agreement, agreement.columns)
    fields = list(agreement.columns)
    levels, _ = _levels("agreement", agreement)
    others, _ = _levels("random_agreement", random_agreement[fields])
    total = validate.number("n_pairs", len(levels) if n_pairs is None else n_pairs, len(levels))
    step = validate.number("tolerance", tolerance, 0, low_open=True)
    is_weights("prior", prior)

    m_counts, u_counts = [], []  # what the prior counts for
    for k, field in enumerate(fields):
        top = int(max(np.nanmax(levels[:, k], initial=1), np.nanmax(others[:, k], initial=1))) + 1
        if prior is None:
            m_counts.append(np.full(top, 0.5))
            u_counts.append(np.full(top, 0.5))
            continue
        if field not in prior.m or len(prior.m[field]) < top:
            raise ValueError(
                f"prior lacks {field!r} with {top} levels; give m and u for every field."
            )
        m_counts.append(np.asarray(prior.m[field]) * _PRIOR_MATCHES)
        u_counts.append(np.asarray(prior.u[field]) * _PRIOR_RANDOM)
    u = [c + _counted(others[:, k], c.size) for k, c in enumerate(u_counts)]
    u = [c / c.sum() for c in u]

    patterns, count = _patterns(levels, [c.size for c in m_counts])
    if prior is None:
        m = [_start(c.size) for c in m_counts]
        share = 0.1 * len(levels) / total
    else:
        m = [c / c.sum() for c in m_counts]
        share = prior.match_share
    likelihood, steps = -np.inf, 0
    for steps in range(1, 1001):  # noqa: B007
        bits = sum(_gain(patterns[:, k], m[k], u[k]) for k in range(len(fields)))
        odds = np.exp2(np.clip(bits, -900, 900)) * share / (1 - share)
        chance = odds / (1 + odds)
        found = count * chance
        new = []
        for k, c in enumerate(m_counts):
            weighed = c + _counted(patterns[:, k], c.size, found)
            new.append(weighed / weighed.sum())
        new_share = float(
            np.clip(found.sum() / total, 1e-15, _MATCH_SHARE_LIMIT if prior else 0.999)
        )
        change = max(np.abs(a - b).max() for a, b in zip(m, new, strict=True))
        change = max(change, abs(new_share - share) * total / len(levels))
        m, share = new, new_share
        if change < step:
            break
    base = sum(_log(patterns[:, k], u[k]) for k in range(len(fields)))
    bits = sum(_gain(patterns[:, k], m[k], u[k]) for k in range(len(fields)))
    mixed = np.logaddexp(np.log(share) + bits * np.log(2), np.log1p(-share))
    likelihood = float(np.sum(count * (base + mixed)))
    return Weights(
        dict(zip(fields, m, strict=True)),
        dict(zip(fields, u, strict=True)),
        share,
        likelihood,
        steps,
    )


def _start(size: int) -> np.ndarray:
    """Where m starts without a prior: the highest level most often."""
    start = np.full(size, 0.2 / (size - 1))
    start[-1] = 0.8
    return start


def _log(level: np.ndarray, chances: np.ndarray) -> np.ndarray:
    return np.append(np.log(chances), 0.0)[
        np.where(np.isnan(level), chances.size, level).astype(np.int64)
    ]


def _counted(level: np.ndarray, size: int, weights: np.ndarray | None = None) -> np.ndarray:
    seen = ~np.isnan(level)
    w = None if weights is None else weights[seen]
    return np.bincount(level[seen].astype(np.int64), w, minlength=size)[:size]


def _patterns(levels: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of `levels` and how often each comes: EM then takes no time."""
    code = np.zeros(len(levels), dtype=np.int64)
    for k, size in enumerate(sizes):
        code = code * (size + 1) + np.where(np.isnan(levels[:, k]), size, levels[:, k]).astype(
            np.int64
        )
        code = np.unique(code, return_inverse=True)[1] if k % 20 == 19 else code
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return levels[first], count
