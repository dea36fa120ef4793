"""Step 5: all steps in a row, and pairs joined up to customers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

from cxedu import validate
from cxedu.identify.blocking import BLOCKS, LARGEST_BLOCK, blocking_keys, candidates
from cxedu.identify.comparing import COMPARED, agreement, similarities
from cxedu.identify.inputs import FIELDS, contact_records, places
from cxedu.identify.normalising import normalise
from cxedu.identify.weighing import Weights, estimate_weights, is_weights

_RANDOM_PAIRS = 200_000

#: Where estimation starts, and what it leans on when there are few pairs: levels 0, 1, 2.
_PRIOR_M = {
    "first_name": (0.01, 0.09, 0.90),
    "last_name": (0.04, 0.03, 0.93),
    "email": (0.08, 0.04, 0.88),
    "phone": (0.06, 0.04, 0.90),
    "address": (0.08, 0.05, 0.87),
    "birth_date": (0.005, 0.035, 0.96),
}

_PRIOR_U = {
    "first_name": (0.975, 0.015, 0.01),
    "last_name": (0.985, 0.01, 0.005),
    "email": (1 - 2e-5, 1e-5, 1e-5),
    "phone": (1 - 2e-5, 1e-5, 1e-5),
    "address": (1 - 2e-4, 1e-4, 1e-4),
    "birth_date": (1 - 1e-3, 9.4e-4, 6e-5),
}


def score_pairs(
    contacts: pd.DataFrame,
    keys: Sequence[Sequence[str]] = BLOCKS,
    weights: Weights | None = None,
    rng: Any = 0,
) -> pd.DataFrame:
    """Normalise, block, compare and weigh: every candidate pair with its probability of being one person.

    Parameters
    ----------
    contacts : DataFrame, one row per record
        As `normalise` takes them.
    keys : sequence of keys
        As in `candidate_pairs`.
    weights : Weights, optional
        By default estimated from these contacts (`estimate_weights`).
    rng : numpy.random.Generator or seed
        Draws the random pairs.

    Returns
    -------
    DataFrame, one row per candidate pair
        left, right (record labels), a level of agreement per field (NaN where one record lacks the field:
        that tells nothing, 0 bits), weight (bits), probability.

    Raises
    ------
    ValueError
        As `normalise`, `candidate_pairs` and `fellegi_sunter`.

    Notes
    -----
    probability = odds ÷ (1 + odds), odds = λ ÷ (1 − λ) × 2^weight with λ the share of all pairs that are
    one person's (Fellegi & Sunter 1969; λ, m and u from `estimate_weights`).

    Examples
    --------
    >>> records = pd.DataFrame({"first_name": ["Ann", "Ann", "Bo"], "last_name": ["Lee", "Lee", "Lee"],
    ...     "email": ["a@example.org", "a@example.org", "b@example.org"]})
    >>> score_pairs(records)[["left", "right", "probability"]].round(2)
       left  right  probability
    0     0      1          1.0
    """
    for key in blocking_keys(keys):
        for column in key:
            validate.choice("keys", column, FIELDS)
    is_weights("weights", weights)
    records = normalise(contacts, unreadable="missing")
    return _score(records, keys, weights, validate.generator("rng", rng))


def _score(
    records: pd.DataFrame,
    keys: Sequence[Sequence[str]],
    weights: Weights | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n = len(records)
    has = [key for key in keys if set(key) <= set(records.columns)]
    left, right = candidates(records, has, LARGEST_BLOCK)
    levels = agreement(pd.DataFrame(similarities(records, left, right)))
    if weights is None:
        one, other = _random_pairs(n, rng)
        others = agreement(pd.DataFrame(similarities(records, one, other)))
        weights = _weights(levels, others, n)
    labels = records.index
    pairs = pd.DataFrame({"left": labels[left], "right": labels[right]})
    pairs = pd.concat([pairs, levels], axis=1)
    pairs["weight"] = weights.weight(levels)
    pairs["probability"] = weights.probability(levels)
    return pairs


def _weights(levels: pd.DataFrame, others: pd.DataFrame, n: int) -> Weights:
    fields = list(levels.columns)
    all_pairs = max(n * (n - 1) / 2, 1)
    start = Weights(
        {f: np.array(_PRIOR_M[f]) for f in fields},
        {f: np.array(_PRIOR_U[f]) for f in fields},
        min(0.5, 0.5 * max(len(levels), 1) / all_pairs),
    )
    if levels.empty:
        return start
    return estimate_weights(levels, others, max(all_pairs, len(levels)), start)


def _random_pairs(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if n < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    size = int(min(_RANDOM_PAIRS, n * (n - 1) // 2))
    one = rng.integers(0, n, size)
    other = (one + rng.integers(1, n, size)) % n
    return one, other


def link(
    contacts: pd.DataFrame,
    threshold: float = 0.99,
    keys: Sequence[Sequence[str]] = BLOCKS,
    weights: Weights | None = None,
    must_not_differ: Sequence[str] = ("first_name", "birth_date"),
    rng: Any = 0,
) -> pd.Series:
    """Link records that are one person's: from contacts in silos to one cluster id per record.

    Parameters
    ----------
    contacts : DataFrame, one row per record
        As `normalise` takes them; a birth date or phone number that cannot be read counts as missing.
    threshold : float, 0 to 1
        Pairs are linked from this probability of being one person on.
    keys : sequence of keys
        As in `candidate_pairs`; keys with a column that `contacts` lacks are left out.
    weights : Weights, optional
        By default estimated from these contacts (`estimate_weights`).
    must_not_differ : sequence out of `COMPARED`
        Pairs in which one of these is clearly different are never linked, whatever else agrees. That
        keeps a family apart, which shares surname, address and sometimes an e-mail address.
    rng : numpy.random.Generator or seed
        Draws the random pairs for the weights.

    Returns
    -------
    Series of int, index record_id (or that of `contacts`), name cluster
        0, 1, 2 … in the order of first appearance. Linked pairs are joined up: if a is linked with b and
        b with c, all three are one cluster (connected components).

    Raises
    ------
    ValueError
        If `threshold` is outside 0 to 1, contacts are not as `normalise` takes them, or
        `must_not_differ` names something that is not compared.

    Notes
    -----
    Pairs with probability ≥ threshold are linked. A pair's probability rests on a prior as well:
    among a hundred times as many customers, the same name is a hundred times less telling. Evidence
    counts as independent (Fellegi & Sunter 1969), which families are not; hence `must_not_differ`.

    Examples
    --------
    >>> records = pd.DataFrame({
    ...     "record_id": [11, 12, 13], "first_name": ["Katarzyna", "Kasia", "Jan"],
    ...     "last_name": ["Nowak", "Nowak", "Nowak"], "phone": ["0612 345 678", "+999612345678", None],
    ...     "birth_date": ["1984-05-07", "07/05/1984", "1982-01-30"]})
    >>> link(records).to_dict()
    {11: 0, 12: 0, 13: 1}
    """
    cut = validate.number("threshold", threshold, 0, 1)
    vetoes(must_not_differ)
    pairs = score_pairs(contacts, keys, weights, rng)
    keep = pairs["probability"].to_numpy() >= cut
    for field in must_not_differ:
        if field in pairs:
            keep &= pairs[field].to_numpy() != 0
    table = contact_records(contacts)
    return clusters_of(table.index, pairs[keep])


def vetoes(must_not_differ: Any) -> None:
    if not isinstance(must_not_differ, (list, tuple, set, frozenset)):
        raise ValueError(
            f"must_not_differ is {validate.shown(must_not_differ)}; it must be a list of names."
        )
    for field in must_not_differ:
        validate.choice("must_not_differ", field, COMPARED)


def clusters_of(labels: pd.Index, pairs: pd.DataFrame) -> pd.Series:
    """Connected components, numbered in the order of first appearance."""
    n = len(labels)
    left, right = (places(labels, pairs[side]) for side in ("left", "right"))
    graph = sparse.coo_matrix((np.ones(left.size, dtype=np.int8), (left, right)), shape=(n, n))
    component = csgraph.connected_components(graph, directed=False)[1]
    return pd.Series(pd.factorize(component)[0].astype(np.int64), index=labels, name="cluster")
