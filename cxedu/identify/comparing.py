"""Step 3: how alike the two records of a pair are, field by field."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from cxedu import validate
from cxedu.identify.inputs import FIELDS, normalised_records, places
from cxedu.identify.normalising import plain_words
from cxedu.world.names import NICKNAMES

#: What is compared: the fields, with street and postcode taken together as the address.
COMPARED = ("first_name", "last_name", "email", "phone", "address", "birth_date")

#: From which similarity on two values that differ count as close.
CLOSE: Mapping[str, float] = {
    "first_name": 0.85,
    "last_name": 0.88,
    "email": 0.93,
    "phone": 0.85,
    "address": 0.85,
    "birth_date": 0.90,
}


def compare(records: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Similarity of the two records of each pair, field by field.

    Parameters
    ----------
    records : DataFrame, one row per record
        As `normalise` returns them.
    pairs : DataFrame
        Columns left and right: index labels of `records`.

    Returns
    -------
    DataFrame, index of `pairs`
        One column for each of `COMPARED` that `records` has: 1 where the values are equal, less the more
        they differ, NaN where one is missing.

    Raises
    ------
    ValueError
        If a label of `pairs` is not in `records`, or nothing can be compared.

    Notes
    -----
    Names by Jaro–Winkler similarity (Winkler 1990), 0.95 where one is a nickname of the other; all else by
    1 − edits ÷ length of the longer text, where a swap of neighbours is one edit (optimal string
    alignment); 0.95 where day and month are swapped. Address is that of the street times that of the
    postcode if both records have one. Similarities come from rapidfuzz.

    Examples
    --------
    >>> records = pd.DataFrame({"first_name": ["kasia", "katarzyna"], "last_name": ["nowak", "nwoak"]})
    >>> compare(records, pd.DataFrame({"left": [0], "right": [1]})).round(2)
       first_name  last_name
    0        0.95       0.94
    """
    records = normalised_records(records)
    validate.frame("pairs", pairs, ["left", "right"], empty=True)
    sides = []
    for side in ("left", "right"):
        rows = places(records.index, pairs[side])
        if (rows < 0).any():
            label = pairs[side].iloc[int(np.argmin(rows))]
            raise ValueError(
                f"pairs[{side!r}] has {validate.shown(label)}; it must be an index label of records."
            )
        sides.append(rows)
    return pd.DataFrame(similarities(records, sides[0], sides[1]), index=pairs.index)


def similarities(
    records: pd.DataFrame, left: np.ndarray, right: np.ndarray
) -> dict[str, np.ndarray]:
    made = {}
    for field in COMPARED:
        column = "street" if field == "address" else field
        if column not in records:
            continue
        similarity = _similarity(records[column], left, right, _MEASURES[field])
        if field == "address" and "postcode" in records:
            post = _similarity(records["postcode"], left, right, _edits)
            similarity = similarity * np.where(np.isnan(post), 1, post)
        made[field] = similarity
    if not made:
        raise ValueError(
            f"records has none of the columns {', '.join(FIELDS)}; nothing to compare."
        )
    return made


def _similarity(
    column: pd.Series,
    left: np.ndarray,
    right: np.ndarray,
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Similarity of the texts at `left` and `right`, measured once for every two distinct texts."""
    codes, values = pd.factorize(column)
    texts = np.asarray(values, dtype=object)
    one, other = codes[left].astype(np.int64), codes[right].astype(np.int64)
    made = np.ones(left.size)
    made[(one < 0) | (other < 0)] = np.nan
    differ = np.flatnonzero((one != other) & ~np.isnan(made))
    low, high = np.minimum(one, other)[differ], np.maximum(one, other)[differ]
    both, back = np.unique(low * max(len(texts), 1) + high, return_inverse=True)
    if both.size:
        made[differ] = measure(texts[both // len(texts)], texts[both % len(texts)])[back]
    return made


def _jaro_winkler(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return process.cpdist(one, other, scorer=JaroWinkler.similarity, dtype=np.float64)


def _edits(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return process.cpdist(one, other, scorer=OSA.normalized_similarity, dtype=np.float64)


def _first_names(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    known = _nicknames()
    alone: frozenset[str] = frozenset()
    related = np.array(
        [
            not (known.get(a, alone) | {a}).isdisjoint(known.get(b, alone) | {b})
            for a, b in zip(one.tolist(), other.tolist(), strict=True)
        ]
    )
    slip = process.cpdist(one, other, scorer=OSA.distance, dtype=np.int64) <= 1
    similarity = np.maximum(_jaro_winkler(one, other), np.where(slip, 0.9, 0))
    return np.where(related, np.maximum(similarity, 0.95), similarity)


@cache
def _nicknames() -> Mapping[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for nick, formal in NICKNAMES.items():
        known.setdefault(plain_words(nick), set()).update(plain_words(name) for name in formal)
    return {nick: frozenset(formal) for nick, formal in known.items()}


def _day_as_month(date: str) -> str:
    year, *rest = date.split("-")
    return "-".join([year, *rest[::-1]]) if len(rest) == 2 else date


def _birth_dates(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    swapped = np.array([_day_as_month(date) for date in one.tolist()], dtype=object) == other
    similarity = _edits(one, other)
    return np.where(swapped, np.maximum(similarity, 0.95), similarity)


_MEASURES = {
    "first_name": _first_names,
    "last_name": _jaro_winkler,
    "email": _edits,
    "phone": _edits,
    "address": _edits,
    "birth_date": _birth_dates,
}


def agreement(similarity: pd.DataFrame, close: Mapping[str, float] = CLOSE) -> pd.DataFrame:
    """Three levels out of similarities: 2 the same, 1 close, 0 different.

    Parameters
    ----------
    similarity : DataFrame, n pairs × fields
        As `compare` returns it: 0 to 1, NaN where a value is missing.
    close : mapping field → similarity, above 0, at most 1
        From where on two values that differ count as close.

    Returns
    -------
    DataFrame, same index and columns
        2.0, 1.0 or 0.0, NaN where the similarity is missing.

    Raises
    ------
    ValueError
        If a similarity is outside 0 to 1 or `close` lacks a field.

    Notes
    -----
    2 where similarity = 1, 1 where close ≤ similarity < 1, else 0. Three levels keep what a typo leaves
    of the evidence (Winkler 1990); more would need more matches to learn from.

    Examples
    --------
    >>> agreement(pd.DataFrame({"phone": [1, 0.89, 0.1, None]}))["phone"].tolist()
    [2.0, 1.0, 0.0, nan]
    """
    validate.frame("similarity", similarity, empty=True)
    if not isinstance(close, Mapping):
        raise ValueError(f"close is {validate.shown(close)}; it must map a field to a similarity.")
    levels = {}
    for field in similarity.columns:
        if field not in close:
            raise ValueError(f"close lacks {field!r}; it has {', '.join(map(repr, close))}.")
        cut = validate.number(f"close[{field!r}]", close[field], 0, 1, low_open=True)
        values = _with_gaps(f"similarity[{field!r}]", similarity[field], 0, 1)
        levels[field] = np.where(np.isnan(values), np.nan, (values >= cut) * 1.0 + (values == 1))
    return pd.DataFrame(levels, index=similarity.index)


def _with_gaps(name: str, values: Any, low: float, high: float) -> np.ndarray:
    """A float array in which NaN is allowed, everything else from `low` to `high`."""
    try:
        array = validate.floats(values)
    except TypeError:
        raise ValueError(f"{name} must hold numbers only, with NaN for what is missing.") from None
    validate.vector(name, array[~np.isnan(array)], low, high, empty=True)
    return array
