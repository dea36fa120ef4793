"""Step 1: one form for the names, addresses, numbers and dates of all silos."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.identify.inputs import FIELDS, contact_records
from cxedu.world.names import ABBREVIATIONS, DIALLING_CODE, fold


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
    records = contact_records(contacts)
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
                f"{field} of record {validate.shown(records.index[at])} is {records[field].iloc[at]!r}; it cannot be read. "
                'Correct it, or use unreadable="missing".'
            )
    kept = {column: records[column] for column in ("silo", "created") if column in records}
    order = [field for field in FIELDS if field in done]
    return pd.DataFrame(kept | {field: done[field] for field in order}, index=records.index)


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


def plain_words(text: str) -> str:
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
    "first_name": plain_words,
    "last_name": _name,
    "email": _email,
    "phone": _phone,
    "street": _street,
    "city": plain_words,
    "postcode": lambda text: re.sub(r"\W", "", text.lower()),
    "birth_date": _date,
}
