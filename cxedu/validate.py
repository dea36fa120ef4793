"""Bad input gets a `ValueError` that names the parameter, the value and the rule.

Every public function of `cxedu` checks what it is given with the functions below, so that the
messages read alike everywhere and nobody meets a traceback from inside numpy.
"""

import warnings
from collections.abc import Iterable
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

#: No amount of anything is larger: what is, is a slip, and its square or product would overflow.
LARGEST = 1e100

#: No count is larger, unless a function says so: what is, would fill the memory.
MOST = 10**9


def _rule(low: float, high: float, low_open: bool, high_open: bool) -> str:
    """The allowed range in words."""
    parts = []
    if low > -LARGEST:
        parts.append(f"{'greater than' if low_open else 'at least'} {low:,.10g}")
    if high < LARGEST:
        parts.append(f"{'less than' if high_open else 'at most'} {high:,.10g}")
    return " and ".join(parts) or "that is finite"


def _absurd(value: float) -> str:
    """The rule that a finite number of absurd size breaks."""
    if 0 < abs(value) < 1 / LARGEST:
        return f", not smaller than {1 / LARGEST:g}."
    return f", not larger than {LARGEST:g}." if LARGEST < abs(value) < np.inf else "."


def _outside(
    values: np.ndarray, low: float, high: float, low_open: bool, high_open: bool
) -> np.ndarray:
    too_low = values <= low if low_open else values < low
    if low_open and low == 0:  # what is divided by must not be as good as nothing
        too_low |= values < 1 / LARGEST
    too_high = values >= high if high_open else values > high
    return ~(np.abs(values) <= LARGEST) | too_low | too_high


def number(
    name: str,
    value: Any,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """Return `value` as a finite float between `low` and `high`, or say what is wrong.

    >>> number("retention", 0.8, 0, 1)
    0.8
    >>> number("retention", 1.2, 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: retention is 1.2; it must be a number at least 0 and at most 1.
    """
    rule = f"it must be a number {_rule(low, high, low_open, high_open)}"
    try:
        if isinstance(value, (bool, np.bool_, str, bytes)) or np.ndim(value) != 0:
            raise TypeError
        if np.iscomplexobj(value) or np.ma.is_masked(value):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {shown(value)}; {rule}.") from None
    if _outside(np.array(result), low, high, low_open, high_open):
        raise ValueError(f"{name} is {shown(value)}; {rule}{_absurd(result)}")
    return result


def whole(name: str, value: Any, low: int = 0, high: float = MOST) -> int:
    """Return `value` as an int between `low` and `high`, or say what is wrong.

    >>> whole("n_customers", 2000, 1)
    2000
    >>> whole("n_customers", 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: n_customers is 0; it must be a whole number at least 1.
    """
    not_whole = (bool, np.bool_, np.timedelta64)  # to numpy a length of time is an integer
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, not_whole)
    is_whole = is_whole or (isinstance(value, (float, np.floating)) and float(value).is_integer())
    if not is_whole or not low <= value <= high:
        said = high if high != MOST or (is_whole and value > high) else np.inf
        rule = _rule(low, said, False, False)
        raise ValueError(f"{name} is {shown(value)}; it must be a whole number {rule}.")
    return int(value)


def vector(
    name: str,
    values: Any,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    low_open: bool = False,
    high_open: bool = False,
    empty: bool = False,
    size: int | None = None,
) -> np.ndarray:
    """Return `values` as a 1-d float array whose every entry is finite and between `low` and `high`.

    A single number becomes an array of one. `size` is the length that is wanted; `empty=True`
    lets an empty array through.

    >>> vector("margin", [10, 12.5])
    array([10. , 12.5])
    >>> vector("margin", [10, float("nan")])
    Traceback (most recent call last):
    ...
    ValueError: margin[1] is nan; every value must be a number that is finite.
    """
    try:
        if np.ma.is_masked(values):
            raise TypeError
        raw = np.asarray(values)
        if raw.dtype == bool or raw.dtype.kind in "SUMc":
            raise TypeError
        array = np.atleast_1d(raw.astype(float))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {shown(values)}; it must hold numbers only.") from None
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}; it must have one dimension.")
    if not empty and array.size == 0:
        raise ValueError(f"{name} is empty; it must hold at least one number.")
    if size is not None and array.size != size:
        raise ValueError(f"{name} has {array.size} values; it must have {size}.")
    bad = np.flatnonzero(_outside(array, low, high, low_open, high_open))
    if bad.size:
        rule = _rule(low, high, low_open, high_open)
        raise ValueError(
            f"{name}[{bad[0]}] is {array[bad[0]]:g}; every value must be a number "
            f"{rule}{_absurd(array[bad[0]])}"
        )
    return array


def numbers(
    name: str,
    values: Any,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    low_open: bool = False,
    high_open: bool = False,
) -> np.ndarray:
    """Return a number or an array of any shape as a float array of the same shape, checked like `vector`.

    >>> numbers("retention", 0.8, 0, 1)
    array(0.8)
    >>> numbers("retention", [[0.8, 1.8]], 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: retention[1] is 1.8; every value must be a number at least 0 and at most 1.
    """
    try:
        shape = np.shape(values)
    except ValueError:  # a list of lists of different lengths
        raise ValueError(f"{name} is {shown(values)}; it must hold numbers only.") from None
    if shape == ():
        return np.asarray(number(name, values, low, high, low_open=low_open, high_open=high_open))
    flat = values if len(shape) == 1 else np.ravel(values)
    checked = vector(name, flat, low, high, low_open=low_open, high_open=high_open)
    return checked.reshape(shape)


def broadcastable(**given: Any) -> None:
    """Say which of the named arguments do not fit together: their shapes, or the rows of their Series.

    >>> broadcastable(margin=[1, 2, 3], retention=[0.8, 0.9])
    Traceback (most recent call last):
    ...
    ValueError: shapes do not fit: margin has (3,), retention has (2,); give one number or as many as the others.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for name, v in given.items():
        try:
            shapes[name] = np.shape(v)
        except ValueError:  # a list of lists of different lengths
            raise ValueError(f"{name} is {shown(v)}; its rows differ in length.") from None
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} has {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(
            f"shapes do not fit: {listed}; give one number or as many as the others."
        ) from None
    series = [(name, v) for name, v in given.items() if isinstance(v, pd.Series)]
    for name, v in series[1:]:
        if not v.index.equals(series[0][1].index):
            raise ValueError(
                f"the rows of {name} are not those of {series[0][0]}; give Series with the same index."
            )


def like(result: np.ndarray, *given: Any) -> Any:
    """Return `result` in the form of what was given: a Series for a Series, a float for a number.

    >>> like(np.array(2.5), 2, 3)
    2.5
    >>> like(np.array([1.0, 2.0]), pd.Series([3, 4], index=["a", "b"]))
    a    1.0
    b    2.0
    dtype: float64
    """
    if np.ndim(result) == 0:
        return float(result)
    for v in given:
        if isinstance(v, pd.Series) and np.shape(result) == v.shape:
            return pd.Series(result, index=v.index)
    return result


def same_length(**vectors: Any) -> None:
    """Say which of the named arrays differ in length.

    >>> same_length(frequency=[1, 2], recency=[3])
    Traceback (most recent call last):
    ...
    ValueError: lengths differ: frequency has 2, recency has 1; they must be the same.
    """
    lengths = {name: len(v) for name, v in vectors.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ValueError(f"lengths differ: {listed}; they must be the same.")


def scale(value: Any, *, positive: bool = False) -> tuple[float, float]:
    """Return the scale of a survey as (lowest, highest), with `positive=True` only one that starts above 0.

    >>> scale((5, 1))
    Traceback (most recent call last):
    ...
    ValueError: scale is (5, 1); it must be (lowest, highest) with lowest < highest.
    """
    try:
        low, high = value
    except (TypeError, ValueError):
        raise ValueError(f"scale is {shown(value)}; it must be (lowest, highest).") from None
    low, high = number("scale[0]", low), number("scale[1]", high)
    if low >= high or (positive and low <= 0):
        rule = "0 < lowest < highest" if positive else "lowest < highest"
        raise ValueError(f"scale is {shown(value)}; it must be (lowest, highest) with {rule}.")
    return low, high


def choice(name: str, value: Any, valid: Iterable[Any]) -> Any:
    """Return `value` if it is one of `valid`, else list the valid choices.

    >>> choice("unit", "Y", ["D", "W"])
    Traceback (most recent call last):
    ...
    ValueError: unit is 'Y'; it must be one of 'D', 'W'.
    """
    options = list(valid)
    try:
        known = bool(value in options)
    except (TypeError, ValueError):  # a table or a missing value can't even be compared
        known = False
    if not known:
        raise ValueError(
            f"{name} is {shown(value)}; it must be one of {', '.join(map(repr, options))}."
        )
    return value


def frame(
    name: str, table: Any, columns: Iterable[Any] = (), *, empty: bool = False
) -> pd.DataFrame:
    """Return `table` if it is a DataFrame with rows and with all of `columns`.

    >>> frame("transactions", pd.DataFrame({"date": ["2025-01-01"]}), ["date", "revenue"])
    Traceback (most recent call last):
    ...
    ValueError: transactions lacks the column 'revenue'; it has 'date'.
    """
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{name} is a {type(table).__name__}; it must be a pandas DataFrame.")
    if not all(map(_hashable, table.columns)):
        raise ValueError(f"{name} has a list for a column's name; it must be a text or a number.")
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"{name} has the column {twice!r} twice; every column must be there once.")
    for c in columns:
        if not _hashable(c) or isinstance(c, (slice, tuple)):
            raise ValueError(
                f"{name} can't have a column {shown(c)}; name it by a text or a number."
            )
    missing = [c for c in columns if c not in table.columns]
    if missing:
        has = ", ".join(map(repr, table.columns)) or "no column"
        lacks = "the column" if len(missing) == 1 else "the columns"
        raise ValueError(f"{name} lacks {lacks} {', '.join(map(repr, missing))}; it has {has}.")
    if not empty and table.empty:
        raise ValueError(f"{name} has no rows; it must have at least one.")
    return table


def column(name: str, value: Any) -> str:
    """Return `value` if it is a text, as the name of a column must be."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}; it must be the name of a column, a text.")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool if it is True or False: no 0, no None, no text.

    >>> flag("paired", "yes")
    Traceback (most recent call last):
    ...
    ValueError: paired is 'yes'; it must be True or False.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} is {shown(value)}; it must be True or False.")
    return bool(value)


def listed(name: str, values: Any) -> list[Any]:
    """Return `values` as a list of names; a text, a table or a single thing is none."""
    single = isinstance(values, (str, bytes, pd.DataFrame)) or getattr(values, "ndim", 1) != 1
    if not single and isinstance(values, Iterable):
        return list(values)
    raise ValueError(f"{name} is {shown(values)}; it must be a list of names.")


def floats(values: Any) -> np.ndarray:
    """Return numbers and gaps of any shape as floats, NaN for a gap; a `TypeError` says that it can't be.

    The caller names the parameter and the rule, since what a gap means differs.

    >>> floats(pd.Series([1, None], dtype="Int64"))
    array([ 1., nan])
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that complex numbers lose a part
        try:
            if isinstance(values, (pd.Series, pd.DataFrame)):
                return values.to_numpy(dtype=float, na_value=np.nan)
            return np.asarray(values, dtype=float)
        except (TypeError, ValueError, OverflowError, Warning) as problem:
            raise TypeError(str(problem)) from None


def dates(values: pd.Series, format: str | None = None) -> pd.Series:
    """Return dates, or texts that can be read as dates, as dates; a `TypeError` says that they can't.

    >>> dates(pd.Series(["2025-12-29", None])).isna().tolist()
    [False, True]
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        raise TypeError("numbers are no dates")
    if values.dtype == object and any(isinstance(v, Number) and v == v for v in values):
        raise TypeError("numbers among texts are no dates either")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a date that pandas can only guess at is none
        try:
            result = pd.to_datetime(values, format=format)
            if (result.dt.year < 1).any():  # such as "-1"
                raise TypeError("no calendar of ours has a year 0")
            return result
        except (TypeError, ValueError, OverflowError, Warning) as problem:
            raise TypeError(str(problem)) from None


def _hashable(label: Any) -> bool:
    try:
        hash(label)
    except TypeError:
        return False
    return True


def labels(name: str, values: pd.Series) -> pd.Series:
    """Return `values` if they can name groups and be put in order: texts, or numbers, or dates.

    >>> labels("step", pd.Series(["pay", ["return"]]))
    Traceback (most recent call last):
    ...
    ValueError: step must hold labels of one kind, such as texts or numbers.
    """
    try:
        if values.dtype.kind == "c":
            raise TypeError
        if values.dtype == object:
            pd.factorize(values, sort=True)
    except TypeError:
        raise ValueError(
            f"{name} must hold labels of one kind, such as texts or numbers."
        ) from None
    return values


def generator(name: str, rng: Any) -> np.random.Generator:
    """Return `rng` as a numpy Generator; a whole number is taken as its seed.

    Nothing in `cxedu` touches numpy's global random state, so a missing `rng` is an error.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if (
        isinstance(rng, (int, np.integer))
        and not isinstance(rng, (bool, np.bool_, np.timedelta64))
        and rng >= 0
    ):
        return np.random.default_rng(int(rng))
    raise ValueError(
        f"{name} is {shown(rng)}; it must be a numpy.random.Generator or a seed (0, 1, 2 …)."
    )


def shown(value: Any) -> str:
    """A value as one would type it, short: 7, not np.int64(7).

    >>> shown(np.int64(7))
    '7'
    """
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
    except (TypeError, ValueError):  # pandas can't print every table, nor Python every number
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "…"
