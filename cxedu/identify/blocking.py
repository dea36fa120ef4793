"""Step 2: which pairs of records are worth comparing."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.identify.inputs import normalised_records

#: Blocking keys: two records are candidates if all columns of at least one key are equal.
BLOCKS: tuple[tuple[str, ...], ...] = (
    ("email",),
    ("phone",),
    ("birth_date",),
    ("last_name", "first_name"),
    ("last_name", "postcode"),
    ("first_name", "postcode"),
    ("street", "postcode"),
)

LARGEST_BLOCK = 500  # a value shared by more records than that tells nobody apart


def candidate_pairs(
    records: pd.DataFrame,
    keys: Sequence[Sequence[str]] = BLOCKS,
    largest: int = LARGEST_BLOCK,
) -> pd.DataFrame:
    """Pairs of records worth comparing: those that share all of at least one blocking key.

    Parameters
    ----------
    records : DataFrame, one row per record
        As `normalise` returns them.
    keys : sequence of keys, each a sequence of columns
        A record with a missing value in a key's column takes no part in that key.
    largest : int, at least 2
        A group of more records than that which share a key is left out: the value (a placeholder, say)
        tells nobody apart, and its pairs would be too many.

    Returns
    -------
    DataFrame, one row per pair
        left, right (index labels of `records`, left the earlier row), each pair once.

    Raises
    ------
    ValueError
        If a key has no column or one that `records` lacks.

    Notes
    -----
    n records have n (n − 1) / 2 pairs; blocking leaves about as many as there are records. What no key
    brings together is never found (Christen 2012, ch. 4).

    Examples
    --------
    >>> records = pd.DataFrame({"email": ["a@x", "b@x", "a@x", None], "phone": ["1", "2", "3", "2"]})
    >>> candidate_pairs(records, [["email"], ["phone"]])
       left  right
    0     0      2
    1     1      3
    """
    records = normalised_records(records)
    for key in blocking_keys(keys):
        validate.frame("records", records, key, empty=True)
    most = validate.whole("largest", largest, 2)
    left, right = candidates(records, keys, most)
    return pd.DataFrame({"left": records.index[left], "right": records.index[right]})


def blocking_keys(keys: Any) -> list[list[str]]:
    rule = f"keys is {validate.shown(keys)}; it must be a list of lists of column names."
    if not isinstance(keys, (list, tuple)) or not keys:
        raise ValueError(rule)
    if not all(isinstance(key, (list, tuple)) and key for key in keys):
        raise ValueError(rule)
    return [list(key) for key in keys]


def candidates(
    records: pd.DataFrame, keys: Iterable[Sequence[str]], most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Candidate pairs by row number, left < right, sorted."""
    n = len(records)
    found = [np.empty(0, dtype=np.int64)]
    for key in keys:
        group = np.zeros(n, dtype=np.int64)
        known = np.ones(n, dtype=bool)
        for column in key:
            codes, values = pd.factorize(records[column])
            known &= codes >= 0
            group = group * (len(values) + 1) + codes
            group = np.unique(group, return_inverse=True)[1]  # small numbers: no overflow
        rows = np.flatnonzero(known)
        left, right = _pairs_within(group[rows], most)
        left, right = rows[left], rows[right]
        found.append(np.minimum(left, right) * n + np.maximum(left, right))
    pairs = np.sort(np.concatenate(found))
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])] if pairs.size else pairs
    return pairs // max(n, 1), pairs % max(n, 1)


def _pairs_within(group: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of places with the same group number, for groups of 2 to `most`."""
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    size = size[size > 0]
    start = np.cumsum(size) - size
    # Each member pairs with those after it in its group: `behind` of them.
    place = np.arange(group.size) - np.repeat(start, size)
    behind = np.repeat(size, size) - 1 - place
    behind[np.repeat(size > most, size)] = 0
    left = np.repeat(np.arange(group.size), behind)
    step = np.arange(left.size) - np.repeat(np.cumsum(behind) - behind, behind) + 1
    return order[left], order[left + step]
