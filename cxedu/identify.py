"""Identify: find the records of one customer among all silos, and measure how well that went.

The steps of record linkage are one function each: `normalise` → `candidate_pairs` → `compare` →
`agreement` → `fellegi_sunter` (with weights from `estimate_weights`) → `link`. A *record* is a row
of contacts; a *pair* is two records; a *cluster* is what the firm takes for one customer.
Probabilities are between 0 and 1, weights are in bits, costs in euros (€).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler
from scipy import sparse
from scipy.sparse import csgraph

from cxedu import validate
from cxedu.world.names import ABBREVIATIONS, DIALLING_CODE, NICKNAMES, fold

__all__ = [
    "BLOCKS",
    "CLOSE",
    "COMPARED",
    "FIELDS",
    "BCubed",
    "ErrorCost",
    "PairScores",
    "Weights",
    "agreement",
    "b_cubed",
    "candidate_pairs",
    "compare",
    "cost_of_errors",
    "duplicate_rate",
    "estimate_weights",
    "fellegi_sunter",
    "link",
    "normalise",
    "pairwise_scores",
    "profile_completeness",
    "recognition_rate",
    "score_pairs",
    "threshold_curve",
]

#: What a contact record may say about a person.
FIELDS = (
    "first_name", "last_name", "email", "phone", "street", "city", "postcode", "birth_date",
)  # fmt: skip

#: What is compared: the fields, with street and postcode taken together as the address.
COMPARED = ("first_name", "last_name", "email", "phone", "address", "birth_date")

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

#: From which similarity on two values that differ count as close.
CLOSE: Mapping[str, float] = {
    "first_name": 0.85,
    "last_name": 0.88,
    "email": 0.93,
    "phone": 0.85,
    "address": 0.85,
    "birth_date": 0.90,
}

_THRESHOLDS = (
    0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
)  # fmt: skip
_LARGEST_BLOCK = 500  # a value shared by more records than that tells nobody apart
_RANDOM_PAIRS = 200_000
_MATCH_SHARE_LIMIT = 0.5


# Normalise ------------------------------------------------------------------------------------


def normalise(contacts: pd.DataFrame, unreadable: str = "raise") -> pd.DataFrame:
    """One form for names, e-mail addresses, phone numbers, addresses and dates of all silos.

    Parameters
    ----------
    contacts : DataFrame, one row per record
        Texts in any of the columns of `FIELDS`, missing where unknown. A column record_id, if there,
        becomes the index; silo and created are kept; other columns are dropped.
    unreadable : "raise" or "missing"
        What becomes of a birth date or phone number that cannot be read: an error, or a missing value.

    Returns
    -------
    DataFrame, one row per record, index record_id (or that of `contacts`)
        Names, e-mail and address in small plain letters: accents, full stops and doubled blanks are gone,
        “LAST, FIRST” is parted, words such as “street” are shortened, the house number comes last.
        Phone as digits, without dialling code and leading zero. Birth date as year-month-day.

    Raises
    ------
    ValueError
        If no column of `FIELDS` is there, record_id repeats, a column holds something else than text,
        or a value is unreadable.

    Notes
    -----
    Dates are read as 1984-05-07, 07.05.1984, 07/05/1984 (the day first) or 7 May 1984. The dialling
    code is +999, that of Meridian's invented country. Normalising is most of what makes linkage work
    (Christen 2012, ch. 3).

    Examples
    --------
    >>> records = pd.DataFrame({
    ...     "last_name": ["MUELLER, ZOE", "Mueller"], "first_name": [None, "Zoë"],
    ...     "phone": ["00999-612345678", "0612 345 678"], "birth_date": ["07/05/1984", "7 May 1984"],
    ...     "street": ["12 MILL LANE", "12 Mill Ln"]})
    >>> normalise(records).loc[0].tolist() == normalise(records).loc[1].tolist()
    True
    >>> normalise(records).loc[0].tolist()
    ['zoe', 'mueller', '612345678', 'mill ln 12', '1984-05-07']
    """
    records = _contacts(contacts)
    validate.choice("unreadable", unreadable, ("raise", "missing"))
    given = [field for field in FIELDS if field in records]
    done = {field: _by_value(records[field], _READERS[field]) for field in given}
    if "last_name" in done and done["last_name"].str.contains(",").any():
        whole = done["last_name"].str.split(",", n=1, expand=True)
        first = done.get("first_name", pd.Series(np.nan, index=records.index, dtype="str"))
        done["first_name"] = first.fillna(_nothing(whole[1]))
        done["last_name"] = _nothing(whole[0])
    for field in set(given) & {"phone", "birth_date"}:
        bad = records[field].notna() & done[field].isna()
        if unreadable == "raise" and bad.any():
            at = int(np.argmax(bad.to_numpy()))
            raise ValueError(
                f"{field} of record {_shown(records.index[at])} is {records[field].iloc[at]!r}; it cannot be read. "
                'Correct it, or use unreadable="missing".'
            )
    kept = {column: records[column] for column in ("silo", "created") if column in records}
    order = [field for field in FIELDS if field in done]
    return pd.DataFrame(kept | {field: done[field] for field in order}, index=records.index)


def _contacts(contacts: Any) -> pd.DataFrame:
    """Check that `contacts` are records of text and give them their index."""
    table = validate.frame("contacts", contacts, empty=True)
    given = [field for field in FIELDS if field in table.columns]
    if not given:
        has = ", ".join(map(repr, table.columns)) or "no column"
        raise ValueError(f"contacts has {has}; it must have at least one of {', '.join(FIELDS)}.")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(
            f"contacts has the column {twice!r} twice; every column must be there once."
        )
    if "record_id" in table.columns:
        table = table.set_index("record_id")
    _hashable(table.index)
    if not table.index.is_unique or table.index.hasnans:
        at = table.index[table.index.duplicated()].tolist()[:1] or [None]
        raise ValueError(f"record_id {_shown(at[0])} is there twice or missing; it must be unique.")
    table = table.copy(deep=False)
    for field in given:
        _only_texts(f"contacts[{field!r}]", table[field])
        table[field] = table[field].astype("str")
    return table


def _hashable(index: pd.Index) -> None:
    for label in index if index.dtype == object else ():
        if isinstance(label, (list, dict, set, np.ndarray)):
            raise ValueError(f"record_id {label!r} is no label; it must be a number or a text.")


def _only_texts(name: str, column: pd.Series) -> None:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in ("string", "empty") and column.notna().any():
        example = next(value for value in column.dropna() if not isinstance(value, str))
        raise ValueError(f"{name} holds {_shown(example)}; it must hold texts only.")


def _shown(value: Any) -> str:
    """A value as one would type it: 7, not np.int64(7)."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "…"


def _by_value(column: pd.Series, read: Callable[[str], str]) -> pd.Series:
    """Apply `read` once to every distinct text; an empty result is missing."""
    codes, values = pd.factorize(column)
    made = np.empty(len(values) + 1, dtype=object)
    made[:-1] = [read(value) or None for value in np.asarray(values, dtype=object).tolist()]
    made[-1] = None
    return pd.Series(made[codes], index=column.index, dtype="str", name=column.name)


def _nothing(column: pd.Series) -> pd.Series:
    """Strip blanks; nothing at all is missing."""
    text = column.str.strip()
    return text.where(text != "").astype("str")


_GAPS = re.compile(r"[^0-9a-z]+")
_ENDING = [k.lower() for k in ABBREVIATIONS if k[0].islower()]
_SHORT = {
    _GAPS.sub("", fold(word).lower()): _GAPS.sub("", fold(short).lower())
    for word, short in ABBREVIATIONS.items()
}
_ENDINGS = re.compile(rf"({'|'.join(fold(word) for word in _ENDING)})\b")
_WORDS = re.compile(rf"\b({'|'.join(w for w in _SHORT if w not in map(fold, _ENDING))})\b")
_NUMBER_FIRST = re.compile(r"^(\d+\w?) (.+)$")


def _name(text: str) -> str:
    parts = fold(text).lower().replace("'", "").replace("’", "").split(",", 1)
    return ",".join(_GAPS.sub(" ", part).strip() for part in parts)


def _words(text: str) -> str:
    plain = fold(text).lower().replace("'", "").replace("’", "")
    return _GAPS.sub(" ", plain).strip()


def _email(text: str) -> str:
    return text.strip().lower()


def _phone(text: str) -> str:
    international = text.strip().startswith(("+", "00"))
    digits = re.sub(r"\D", "", text)
    if international:
        return digits.lstrip("0").removeprefix(DIALLING_CODE)
    return digits.removeprefix("0")


def _street(text: str) -> str:
    plain = fold(text).lower().replace("'", "").replace("’", "")
    plain = re.sub(r"\.(?=\w)", "", plain)  # “P.za” is one word
    plain = _GAPS.sub(" ", plain).strip()
    plain = _ENDINGS.sub(lambda found: _SHORT[found[1]], plain)
    plain = _WORDS.sub(lambda found: _SHORT[found[1]], plain)
    return _NUMBER_FIRST.sub(r"\2 \1", plain)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_WORDED = re.compile(r"(\d{1,2})\.? ([a-z]{3})[a-z]*\.? (\d{4})")
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _date(text: str) -> str:
    text = text.strip().lower()
    if found := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    elif (found := _WORDED.fullmatch(text)) and found[2] in _MONTHS:
        day, month, year = int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3])
    else:
        return ""
    real = 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not real or ((month, day) == (2, 29) and not leap):
        return ""
    return f"{year:04d}-{month:02d}-{day:02d}"


_READERS: Mapping[str, Callable[[str], str]] = {
    "first_name": _words,
    "last_name": _name,
    "email": _email,
    "phone": _phone,
    "street": _street,
    "city": _words,
    "postcode": lambda text: re.sub(r"\W", "", text.lower()),
    "birth_date": _date,
}


# Block ----------------------------------------------------------------------------------------


def candidate_pairs(
    records: pd.DataFrame,
    keys: Sequence[Sequence[str]] = BLOCKS,
    largest: int = _LARGEST_BLOCK,
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
    records = _records(records)
    for key in _keys(keys):
        validate.frame("records", records, key, empty=True)
    most = validate.whole("largest", largest, 2)
    left, right = _candidates(records, keys, most)
    return pd.DataFrame({"left": records.index[left], "right": records.index[right]})


def _keys(keys: Any) -> list[list[str]]:
    rule = f"keys is {_shown(keys)}; it must be a list of lists of column names."
    if not isinstance(keys, (list, tuple)) or not keys:
        raise ValueError(rule)
    if not all(isinstance(key, (list, tuple)) and key for key in keys):
        raise ValueError(rule)
    return [list(key) for key in keys]


def _records(records: Any) -> pd.DataFrame:
    table = validate.frame("records", records, empty=True)
    if not table.index.is_unique:
        raise ValueError("records has an index label twice; use what normalise returns.")
    for field in FIELDS:
        if field in table.columns:
            _only_texts(f"records[{field!r}]", table[field])
    return table


def _candidates(
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


# Compare --------------------------------------------------------------------------------------


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
    records = _records(records)
    validate.frame("pairs", pairs, ["left", "right"], empty=True)
    sides = []
    for side in ("left", "right"):
        rows = _places(records.index, pairs[side])
        if (rows < 0).any():
            label = pairs[side].iloc[int(np.argmin(rows))]
            raise ValueError(
                f"pairs[{side!r}] has {_shown(label)}; it must be an index label of records."
            )
        sides.append(rows)
    return pd.DataFrame(_similarities(records, sides[0], sides[1]), index=pairs.index)


def _places(index: pd.Index, wanted: pd.Series) -> np.ndarray:
    """Row number of each label, -1 where the index lacks it."""
    try:
        return index.get_indexer(pd.Index(wanted))
    except TypeError:
        return np.full(len(wanted), -1)


def _similarities(
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
        known.setdefault(_words(nick), set()).update(_words(name) for name in formal)
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
        raise ValueError(f"close is {_shown(close)}; it must map a field to a similarity.")
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
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers only, with NaN for what is missing.") from None
    validate.vector(name, array[~np.isnan(array)], low, high, empty=True)
    return array


# Weigh ----------------------------------------------------------------------------------------


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
        chances = [
            _chances(name, given, field, k, len(fields)) for name, given in (("m", m), ("u", u))
        ]
        if chances[0].size != chances[1].size:
            raise ValueError(
                f"m[{field!r}] has {chances[0].size} levels, u[{field!r}] has {chances[1].size}; "
                "they must have the same."
            )
        _known_levels(field, levels[:, k], chances[0].size)
        weight += _gain(levels[:, k], chances[0], chances[1])
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
        values = np.asarray(
            given.to_numpy(float, na_value=np.nan) if table is not None else given, float
        )
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must hold levels 0, 1 … only, with NaN for what is missing."
        ) from None
    if values.ndim != 2 or values.shape[1] == 0:
        raise ValueError(f"{name} has shape {values.shape}; it must be pairs × fields.")
    seen = values[~np.isnan(values)]
    if seen.size and not ((seen >= 0) & (seen == np.floor(seen)) & np.isfinite(seen)).all():
        bad = seen[~((seen >= 0) & (seen == np.floor(seen)))][0]
        raise ValueError(f"{name} holds {bad:g}; it must hold levels 0, 1 … only.")
    return values, list(table.columns) if table is not None else list(range(values.shape[1]))


def _known_levels(field: Any, level: np.ndarray, count: int) -> None:
    highest = np.nanmax(level, initial=0)
    if highest >= count:
        raise ValueError(
            f"agreement[{field!r}] holds level {highest:g}; m and u have levels 0 to {count - 1}."
        )


def _chances(name: str, given: Any, field: Any, k: int, count: int) -> np.ndarray:
    """Probabilities of the levels of one field: two or more, all above 0, sum 1."""
    if isinstance(given, (Mapping, pd.Series)):
        if field not in given:
            raise ValueError(
                f"{name} lacks {field!r}; it has {', '.join(map(repr, given.keys()))}."
            )
        value = given[field]
    elif isinstance(given, (list, tuple, np.ndarray)) and np.size(np.asarray(given, object)):
        if len(given) != count:
            raise ValueError(
                f"{name} has {len(given)} entries; it must have one per field, {count}."
            )
        value = given[k]
    else:
        raise ValueError(f"{name} is {_shown(given)}; it must map each field to a probability.")
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
        Of the pairs compared, at the estimates (natural logarithm).
    iterations : int
        Steps of the EM algorithm.

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

    @property
    def table(self) -> pd.DataFrame:
        """One row per field and level: m, u and the weight in bits."""
        rows = [
            (field, level, m, u, np.log2(m / u))
            for field in self.m
            for level, (m, u) in enumerate(zip(self.m[field], self.u[field], strict=True))
        ]
        return pd.DataFrame(rows, columns=["field", "level", "m", "u", "weight"])

    def weight(self, agreement: Any) -> Any:
        """Weight of each pair in bits, as `fellegi_sunter`."""
        return fellegi_sunter(agreement, self.m, self.u)

    def probability(self, agreement: Any) -> Any:
        """Probability that each pair is one person: prior odds × 2^weight, as a probability."""
        prior = np.log2(self.match_share / (1 - self.match_share))
        bits = np.clip(self.weight(agreement) + prior, -1000, 1000)
        return 1 / (1 + 2.0**-bits)


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
    Two kinds of pairs are mixed: with probability λ one person's, whose fields show level j with
    probability mⱼ, else two people's, with uⱼ; fields are independent within each kind. EM goes to
    and fro between each pair's probability of being a match and the m and λ that follow from those
    probabilities (Winkler 1988; Herzog, Scheuren & Winkler 2007, ch. 9). u stays as estimated from
    random pairs. Pairs that blocking left out count as no match, which is why candidates need not be
    like random pairs.

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
    _is_weights("prior", prior)

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


# Link -----------------------------------------------------------------------------------------


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
        left, right (record labels), a level of agreement per field, weight (bits), probability.

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
    for key in _keys(keys):
        for column in key:
            validate.choice("keys", column, FIELDS)
    _is_weights("weights", weights)
    records = normalise(contacts, unreadable="missing")
    return _score(records, keys, weights, validate.generator("rng", rng))


def _is_weights(name: str, weights: Any) -> None:
    if weights is not None and not isinstance(weights, Weights):
        raise ValueError(f"{name} is {_shown(weights)}; it must be what estimate_weights returns.")


def _score(
    records: pd.DataFrame,
    keys: Sequence[Sequence[str]],
    weights: Weights | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n = len(records)
    has = [key for key in keys if set(key) <= set(records.columns)]
    left, right = _candidates(records, has, _LARGEST_BLOCK)
    levels = agreement(pd.DataFrame(_similarities(records, left, right)))
    if weights is None:
        one, other = _random_pairs(n, rng)
        others = agreement(pd.DataFrame(_similarities(records, one, other)))
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
    A pair's probability rests on a prior as well: among a hundred times as many customers, the same
    name is a hundred times less telling. Evidence counts as independent (Fellegi & Sunter 1969), which
    families are not; hence `must_not_differ`.

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
    _vetoes(must_not_differ)
    pairs = score_pairs(contacts, keys, weights, rng)
    keep = pairs["probability"].to_numpy() >= cut
    for field in must_not_differ:
        if field in pairs:
            keep &= pairs[field].to_numpy() != 0
    table = _contacts(contacts)
    return _clusters(table.index, pairs[keep])


def _vetoes(must_not_differ: Any) -> None:
    if not isinstance(must_not_differ, (list, tuple, set, frozenset)):
        raise ValueError(
            f"must_not_differ is {_shown(must_not_differ)}; it must be a list of names."
        )
    for field in must_not_differ:
        validate.choice("must_not_differ", field, COMPARED)


def _clusters(labels: pd.Index, pairs: pd.DataFrame) -> pd.Series:
    """Connected components, numbered in the order of first appearance."""
    n = len(labels)
    left, right = (_places(labels, pairs[side]) for side in ("left", "right"))
    graph = sparse.coo_matrix((np.ones(left.size, dtype=np.int8), (left, right)), shape=(n, n))
    component = csgraph.connected_components(graph, directed=False)[1]
    return pd.Series(pd.factorize(component)[0].astype(np.int64), index=labels, name="cluster")


# Judge against the truth ----------------------------------------------------------------------


class PairScores(NamedTuple):
    """Precision, recall and F1 over pairs of records (see `pairwise_scores`)."""

    precision: float
    recall: float
    f1: float


class BCubed(NamedTuple):
    """Precision, recall and F1 over records (see `b_cubed`)."""

    precision: float
    recall: float
    f1: float


class ErrorCost(NamedTuple):
    """Wrong and missing pairs and what they cost in € (see `cost_of_errors`)."""

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
    both, ours, theirs = _pair_counts(*_two_labellings(true, predicted))
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
    Bagga and Baldwin (1998). A record always finds itself, so both are above 0.

    Examples
    --------
    >>> b_cubed(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3])
    BCubed(precision=0.8, recall=0.5333333333333333, f1=0.64)
    """
    truth, found = _two_labellings(true, predicted)
    cell, count = _cells(truth, found)
    inside = count[cell]  # records of the same customer in the same cluster
    precision = float((inside / np.bincount(found)[found]).mean())
    recall = float((inside / np.bincount(truth)[truth]).mean())
    return BCubed(precision, recall, 2 * precision * recall / (precision + recall))


def _two_labellings(true: Any, predicted: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as codes 0, 1 … of the same length, matched by index where both have one."""
    if isinstance(true, pd.Series) and isinstance(predicted, pd.Series):
        if not (true.index.is_unique and predicted.index.is_unique):
            raise ValueError(
                "true or predicted has a record twice; every record must be there once."
            )
        where = predicted.index.get_indexer(true.index)
        if len(true) != len(predicted) or (where < 0).any():
            raise ValueError(
                "true and predicted hold different records; give both for the same ones."
            )
        predicted = predicted.iloc[where]
    codes = []
    for name, labels in (("true", true), ("predicted", predicted)):
        codes.append(_codes(name, labels))
    validate.same_length(true=codes[0], predicted=codes[1])
    return codes[0], codes[1]


def _is_list(values: Any) -> bool:
    """A sequence of single things: a list, a tuple, a 1-d array, a Series or the like."""
    if isinstance(values, (list, tuple)):
        return not any(isinstance(v, (list, tuple, dict, set, np.ndarray)) for v in values)
    return not isinstance(values, (str, bytes)) and getattr(values, "ndim", 0) == 1


def _codes(name: str, labels: Any) -> np.ndarray:
    if not _is_list(labels):
        raise ValueError(f"{name} must be one label per record, in one dimension.")
    if len(labels) == 0:
        raise ValueError(f"{name} is empty; it must hold at least one label.")
    try:
        codes = pd.factorize(labels if isinstance(labels, pd.Series) else pd.Series(labels))[0]
    except (TypeError, OverflowError):
        raise ValueError(f"{name} must hold labels such as numbers or texts.") from None
    if (codes < 0).any():
        raise ValueError(f"{name}[{int(np.argmin(codes))}] is missing; every record needs a label.")
    return codes.astype(np.int64)


def _cells(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cell of the cross-table in which each record is, and the size of each cell."""
    _, cell, count = np.unique(
        truth * (found.max() + 1) + found, return_inverse=True, return_counts=True
    )
    return cell, count


def _pair_counts(truth: np.ndarray, found: np.ndarray) -> tuple[int, int, int]:
    """Pairs that are together in both, in `found`, in `truth`."""

    def pairs(sizes: np.ndarray) -> int:
        return int((sizes * (sizes - 1) // 2).sum())

    return pairs(_cells(truth, found)[1]), pairs(np.bincount(found)), pairs(np.bincount(truth))


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
    cost = false merges × their cost + missed matches × theirs. The linear loss of Fellegi and Sunter's
    decision rule (1969); the best threshold links a pair where
    probability ≥ false_merge ÷ (false_merge + missed_match), links taken one by one.

    Examples
    --------
    >>> cost_of_errors(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3], 50.0, 2.0)
    ErrorCost(false_merges=1, missed_matches=3, cost=56.0)
    """
    wrong = validate.number("false_merge", false_merge, 0)
    missed = validate.number("missed_match", missed_match, 0)
    both, ours, theirs = _pair_counts(*_two_labellings(true, predicted))
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
    Clusters at each threshold are those of `link`. Raising it never adds a link, so recall falls;
    precision mostly rises (Christen 2012, ch. 7). One wrong link can join two large clusters, which is
    why the cheapest threshold lies higher than counting links one by one would say.

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
        rows = _places(true.index, pairs[side])
        if (rows < 0).any():
            label = pairs[side].iloc[int(np.argmin(rows))]
            raise ValueError(f"true lacks the record {_shown(label)}, which pairs has.")
    _vetoes(must_not_differ)
    fine = np.ones(len(pairs), dtype=bool)
    for field in set(must_not_differ) & set(pairs.columns):
        fine &= pairs[field].to_numpy() != 0
    table = []
    for cut in cuts:
        found = _clusters(true.index, pairs[fine & (chance >= cut)])
        scores = pairwise_scores(true, found)
        costs = cost_of_errors(true, found, false_merge, missed_match)
        table.append((cut, int(found.max()) + 1, *scores, *costs))
    columns = ["threshold", "clusters", *PairScores._fields, *ErrorCost._fields]
    return pd.DataFrame(table, columns=columns)


# What the firm gets out of it ------------------------------------------------------------------


def recognition_rate(true: Any, predicted: Any, order: Any = None) -> float:
    """Of all times that a known customer turned up again, the share in which the firm noticed.

    Parameters
    ----------
    true, predicted : Series or array of n
        As in `pairwise_scores`.
    order : array of n numbers or dates, optional
        When each record was made (such as contacts["created"]), in the order of `true`; by default records come in
        the order of their rows.

    Returns
    -------
    float
        0 to 1: of the records that are not their customer's first, the share that are in the cluster
        of an earlier record of the same customer. 1 where nobody turned up again.

    Raises
    ------
    ValueError
        As `pairwise_scores`, or if `order` has another length or misses a value.

    Notes
    -----
    Our own operationalisation of recognition at every contact. It forgives false merges, which
    `pairwise_scores` and `cost_of_errors` count.

    Examples
    --------
    >>> recognition_rate(["ann", "ann", "ann", "bo", "bo"], [1, 1, 2, 2, 3])
    0.3333333333333333
    """
    truth, found = _two_labellings(true, predicted)
    if order is not None:
        when = _codes_in_order(order)
        validate.same_length(true=truth, order=when)
        turn = np.argsort(when, kind="stable")
        truth, found = truth[turn], found[turn]
    new_customer = ~pd.Series(truth).duplicated().to_numpy()
    cell = _cells(truth, found)[0]
    noticed = pd.Series(cell).duplicated().to_numpy()
    again = ~new_customer
    return float(noticed[again].mean()) if again.any() else 1.0


def _codes_in_order(order: Any) -> np.ndarray:
    if not _is_list(order):
        raise ValueError("order must be one number or date per record, in one dimension.")
    try:
        codes = pd.factorize(pd.Series(np.asarray(order)), sort=True)[0]
    except (TypeError, OverflowError):
        raise ValueError("order must hold numbers or dates that can be put in order.") from None
    if (codes < 0).any():
        raise ValueError(f"order[{int(np.argmin(codes))}] is missing; every record needs one.")
    return codes


def duplicate_rate(clusters: Any, silo: Any = None) -> float:
    """Share of records that are one too many.

    Parameters
    ----------
    clusters : Series or array of n
        Customer of each record: the truth, or clusters as `link` finds them.
    silo : array of n, optional
        System that keeps the record. If given, one record per customer *and silo* is right; otherwise one
        per customer.

    Returns
    -------
    float
        (records − distinct customers) ÷ records; at least 0 and below 1.

    Raises
    ------
    ValueError
        If a label is missing, lengths differ, or n is 0.

    Notes
    -----
    Our own operationalisation of a usual count of data quality (Herzog, Scheuren & Winkler 2007).
    Without `silo` it says how much shorter the mailing list gets; with it, how well each system keeps
    order in its own house.

    Examples
    --------
    >>> duplicate_rate([1, 1, 2, 2, 3])
    0.4
    >>> duplicate_rate([1, 1, 2, 2, 3], ["web", "store", "web", "web", "web"])
    0.2
    """
    codes = _codes("clusters", clusters)
    if silo is not None:
        system = _codes("silo", silo)
        validate.same_length(clusters=codes, silo=system)
        codes = _cells(codes, system)[0]
    return float((codes.size - np.unique(codes).size) / codes.size)


def profile_completeness(
    contacts: pd.DataFrame, clusters: Any = None, fields: Sequence[str] | None = None
) -> pd.Series:
    """How much of a customer's profile is filled in, per record or per customer.

    Parameters
    ----------
    contacts : DataFrame, one row per record
        Missing values, and texts that are empty or blank, count as not filled in. Normalise first, so
        that “LAST, FIRST” counts as two names.
    clusters : Series or array of n, optional
        Customer of each record, such as `link` finds. A Series is matched by its index with that of
        `contacts` (or its record_id).
    fields : sequence of columns, optional
        Those of `FIELDS` that are there by default.

    Returns
    -------
    Series
        Share of fields filled in (by any of the customer's records), 0 to 1, per record or per cluster.

    Raises
    ------
    ValueError
        If a field is no column, or clusters don't fit.

    Notes
    -----
    Mean over fields of 1 where one record at least has a value, 0 where none has: completeness as a
    dimension of data quality (Herzog, Scheuren & Winkler 2007). What linking is for: the four silos' records of a customer know more together than each alone.

    Examples
    --------
    >>> records = pd.DataFrame({"email": ["a@example.org", None], "phone": [None, "612345678"]})
    >>> profile_completeness(records).tolist(), profile_completeness(records, [7, 7]).tolist()
    ([0.5, 0.5], [1.0])
    """
    table = validate.frame("contacts", contacts)
    if fields is None:
        wanted = [field for field in FIELDS if field in table.columns]
        if not wanted:
            raise ValueError(
                f"contacts has none of the columns {', '.join(FIELDS)}; name the fields."
            )
    else:
        if not _is_list(fields) or not len(fields):
            raise ValueError(f"fields is {_shown(fields)}; it must be a list of columns.")
        wanted = list(fields)
        validate.frame("contacts", table, wanted)
    labels = pd.Index(table["record_id"]) if "record_id" in table.columns else table.index
    filled = pd.DataFrame(
        {
            field: table[field].notna().to_numpy()
            & (table[field].astype("str").str.strip().to_numpy() != "")
            for field in wanted
        },
        index=labels,
    )
    _hashable(filled.index)
    if clusters is None:
        return filled.mean(axis=1).rename("completeness")
    if isinstance(clusters, pd.Series):
        if not clusters.index.is_unique or set(clusters.index) != set(labels):
            raise ValueError(
                "clusters and contacts hold different records; give both for the same."
            )
        clusters = clusters.loc[labels].to_numpy()
    _codes("clusters", clusters)
    validate.same_length(contacts=filled, clusters=clusters)
    known = filled.groupby(pd.Series(np.asarray(clusters), index=labels, name="cluster")).any()
    return known.mean(axis=1).rename("completeness")
