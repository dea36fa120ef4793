"""Judge the clusters against the truth: precision, recall, and what errors cost."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.identify.inputs import places, two_labellings
from cxedu.identify.linking import clusters_of, vetoes

_THRESHOLDS = (
    0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
)  # fmt: skip


class PairScores(NamedTuple):
    """Precision, recall and F1 over pairs of records (see `pairwise_scores`).

    Parameters
    ----------
    precision, recall, f1 : float
        0 to 1.

    Examples
    --------
    >>> pairwise_scores(["ann", "ann", "bo"], [1, 1, 2]).f1
    1.0
    """

    precision: float
    recall: float
    f1: float


class BCubed(NamedTuple):
    """Precision, recall and F1 over records (see `b_cubed`).

    Parameters
    ----------
    precision, recall, f1 : float
        0 to 1.

    Examples
    --------
    >>> b_cubed(["ann", "ann", "bo"], [1, 1, 2]).f1
    1.0
    """

    precision: float
    recall: float
    f1: float


class ErrorCost(NamedTuple):
    """Wrong and missing pairs and what they cost in € (see `cost_of_errors`).

    Parameters
    ----------
    false_merges, missed_matches : int
        Pairs of records.
    cost : float
        € of both.

    Examples
    --------
    >>> cost_of_errors(["ann", "ann", "bo"], [1, 2, 2], false_merge=50, missed_match=2).cost
    52.0
    """

    false_merges: int
    missed_matches: int
    cost: float


def pairwise_scores(true: Any, predicted: Any) -> PairScores:
    """Precision, recall and F1 of clusters, counted over pairs of records.

    Parameters
    ----------
    true : Series or array of n
        Whose record it is: any label per customer.
    predicted : Series or array of n
        Cluster of each record. Two Series are matched by their index, whatever its order.

    Returns
    -------
    PairScores
        precision: of the pairs put together, the share that are one customer's. recall: of the pairs
        that are one customer's, the share put together. f1: their harmonic mean. Precision is 1 where
        nothing was put together, recall is 1 where there was nothing to put together.

    Raises
    ------
    ValueError
        If a label is missing, lengths differ, two Series have different records, or n is 0.

    Notes
    -----
    With TP, FP, FN counted over all n (n − 1) / 2 pairs: TP ÷ (TP + FP), TP ÷ (TP + FN),
    2 TP ÷ (2 TP + FP + FN) (Christen 2012, ch. 7). A cluster of s records counts s (s − 1) / 2 times:
    large clusters weigh most; `b_cubed` weighs every record alike.

    Examples
    --------
    >>> pairwise_scores(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3])
    PairScores(precision=0.5, recall=0.25, f1=0.3333333333333333)
    """
    both, ours, theirs = _pair_counts(*two_labellings(true, predicted))
    precision = both / ours if ours else 1.0
    recall = both / theirs if theirs else 1.0
    f1 = 2 * both / (ours + theirs) if ours + theirs else 1.0
    return PairScores(precision, recall, f1)


def b_cubed(true: Any, predicted: Any) -> BCubed:
    """B-cubed precision, recall and F1: how pure and how complete the average record's cluster is.

    Parameters
    ----------
    true, predicted : Series or array of n
        As in `pairwise_scores`.

    Returns
    -------
    BCubed
        Means over records of: the share of its cluster that is its customer's (precision), the share of
        its customer's records that are in its cluster (recall); and their harmonic mean.

    Raises
    ------
    ValueError
        As `pairwise_scores`.

    Notes
    -----
    Precision is the mean of |cluster ∩ customer| / |cluster| over records, recall that of
    |cluster ∩ customer| / |customer|: Bagga and Baldwin (1998). A record always finds itself, so both
    are above 0.

    Examples
    --------
    >>> b_cubed(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3])
    BCubed(precision=0.8, recall=0.5333333333333333, f1=0.64)
    """
    truth, found = two_labellings(true, predicted)
    cell, count = cells(truth, found)
    inside = count[cell]  # records of the same customer in the same cluster
    precision = float((inside / np.bincount(found)[found]).mean())
    recall = float((inside / np.bincount(truth)[truth]).mean())
    return BCubed(precision, recall, 2 * precision * recall / (precision + recall))


def cost_of_errors(true: Any, predicted: Any, false_merge: float, missed_match: float) -> ErrorCost:
    """What wrong links cost: mixing up two customers against not recognising one.

    Parameters
    ----------
    true, predicted : Series or array of n
        As in `pairwise_scores`.
    false_merge : float, at least 0
        € per pair of records that were put together but belong to two customers: one reads the other's
        orders, or the other's data are given away.
    missed_match : float, at least 0
        € per pair of records of one customer that stay apart: two catalogues, a question asked again.

    Returns
    -------
    ErrorCost
        false_merges and missed_matches (pairs), cost (€).

    Raises
    ------
    ValueError
        As `pairwise_scores`, or if a cost is negative.

    Notes
    -----
    cost = false merges × their cost + missed matches × theirs. The linear loss behind the decision
    rule of Fellegi and Sunter (1969); the best threshold links a pair where
    probability ≥ false_merge ÷ (false_merge + missed_match), links taken one by one.

    Examples
    --------
    >>> cost_of_errors(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3], 50.0, 2.0)
    ErrorCost(false_merges=1, missed_matches=3, cost=56.0)
    """
    wrong = validate.number("false_merge", false_merge, 0)
    missed = validate.number("missed_match", missed_match, 0)
    both, ours, theirs = _pair_counts(*two_labellings(true, predicted))
    return ErrorCost(ours - both, theirs - both, (ours - both) * wrong + (theirs - both) * missed)


def threshold_curve(
    pairs: pd.DataFrame,
    true: pd.Series,
    thresholds: Any = None,
    false_merge: float = 50.0,
    missed_match: float = 2.0,
    must_not_differ: Sequence[str] = ("first_name", "birth_date"),
) -> pd.DataFrame:
    """Precision, recall and cost at every threshold.

    Parameters
    ----------
    pairs : DataFrame
        As `score_pairs` returns them: left, right, probability.
    true : Series, index record labels
        Whose record it is, for every record (linked or not).
    thresholds : array of numbers from 0 to 1, optional
        By default 0.01 to 0.9999, closer together towards 1, where the choice matters.
    false_merge, missed_match : float, at least 0
        € per pair, as in `cost_of_errors`. The default amounts are invented.
    must_not_differ : sequence of fields
        As in `link`; fields that `pairs` lacks are ignored.

    Returns
    -------
    DataFrame, one row per threshold
        threshold, clusters, precision, recall, f1 (over pairs), false_merges, missed_matches, cost (€).

    Raises
    ------
    ValueError
        If a threshold or probability is outside 0 to 1 or a pair has a record that `true` lacks.

    Notes
    -----
    Clusters at each threshold join the pairs with probability ≥ threshold, as `link` does. Raising
    it never adds a link, so recall falls; precision mostly rises (Christen 2012, ch. 7). One wrong
    link can join two large clusters, which is why the cheapest threshold lies higher than counting
    links one by one would say.

    Examples
    --------
    >>> pairs = pd.DataFrame({"left": [1, 2], "right": [2, 3], "probability": [0.9, 0.6]})
    >>> curve = threshold_curve(pairs, pd.Series(["ann", "ann", "bo"], index=[1, 2, 3]), [0.5, 0.8])
    >>> curve[["threshold", "precision", "recall", "cost"]].round(2)
       threshold  precision  recall   cost
    0        0.5       0.33     1.0  100.0
    1        0.8       1.00     1.0    0.0
    """
    validate.frame("pairs", pairs, ["left", "right", "probability"], empty=True)
    if not isinstance(true, pd.Series):
        raise ValueError(
            f"true is a {type(true).__name__}; it must be a Series with record labels."
        )
    chance = validate.vector("pairs['probability']", pairs["probability"], 0, 1, empty=True)
    cuts = validate.vector("thresholds", _THRESHOLDS if thresholds is None else thresholds, 0, 1)
    if not true.index.is_unique:
        raise ValueError("true has a record twice; every record must be there once.")
    for side in ("left", "right"):
        rows = places(true.index, pairs[side])
        if (rows < 0).any():
            label = pairs[side].iloc[int(np.argmin(rows))]
            raise ValueError(f"true lacks the record {validate.shown(label)}, which pairs has.")
    vetoes(must_not_differ)
    fine = np.ones(len(pairs), dtype=bool)
    for field in set(must_not_differ) & set(pairs.columns):
        fine &= pairs[field].to_numpy() != 0
    table = []
    for cut in cuts:
        found = clusters_of(true.index, pairs[fine & (chance >= cut)])
        scores = pairwise_scores(true, found)
        costs = cost_of_errors(true, found, false_merge, missed_match)
        table.append((cut, int(found.max()) + 1, *scores, *costs))
    columns = ["threshold", "clusters", *PairScores._fields, *ErrorCost._fields]
    return pd.DataFrame(table, columns=columns)


def cells(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cell of the cross-table in which each record is, and the size of each cell."""
    _, cell, count = np.unique(
        truth * (found.max() + 1) + found, return_inverse=True, return_counts=True
    )
    return cell, count


def _pair_counts(truth: np.ndarray, found: np.ndarray) -> tuple[int, int, int]:
    """Pairs that are together in both, in `found`, in `truth`."""

    def pairs(sizes: np.ndarray) -> int:
        return int((sizes * (sizes - 1) // 2).sum())

    return pairs(cells(truth, found)[1]), pairs(np.bincount(found)), pairs(np.bincount(truth))
