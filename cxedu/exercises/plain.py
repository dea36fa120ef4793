"""A student's answer as plain data: what JSON can hold, and nothing that runs.

Only this crosses from the student's side to the judge's: numbers, text, lists, dictionaries,
arrays, Series and DataFrames (with their dtypes), limited in size. Anything else travels as the
name of its type. Nothing is pickled, so reading an answer never executes anything.
"""

import contextlib
import datetime as dt
import math
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MAX_ENTRIES = 1_000_000  # single values in one answer
MAX_TEXT = 10_000  # characters in one text
_TAG = "$"


class TooLarge(ValueError):
    """The answer holds more than the judge is willing to read."""


@dataclass(frozen=True)
class Opaque:
    """Stands for an answer that isn't data: a module, a model, a figure …"""

    type: str


class _Budget:
    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, entries: int) -> None:
        self.left -= entries
        if self.left < 0:
            raise TooLarge(f"an answer can hold at most {MAX_ENTRIES:,} values.")


def encode(value: Any, limit: int = MAX_ENTRIES) -> Any:
    """Turn `value` into data that strict JSON can hold.

    Parameters
    ----------
    value : any
        A student's answer.
    limit : int
        The largest number of single values.

    Returns
    -------
    JSON-able data
        Read it back with `decode`.

    Raises
    ------
    TooLarge
        If the answer holds more than `limit` values.

    Examples
    --------
    >>> encode([1, np.float64(0.5), float("nan")])
    [1, 0.5, {'$': 'float', 'v': 'nan'}]
    """
    return _encode(value, _Budget(limit), 0)


def _encode(value: Any, budget: _Budget, depth: int) -> Any:
    budget.spend(1)
    if depth > 20:
        raise TooLarge("an answer can be nested at most 20 deep.")
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    if isinstance(value, str):
        return str(value[:MAX_TEXT])
    if value is Ellipsis or value is NotImplemented:
        return {_TAG: "blank"}
    if value is pd.NaT:
        return {_TAG: "time", "v": "NaT"}
    if value is pd.NA:
        return {_TAG: "float", "v": "nan"}
    if isinstance(value, numbers.Integral):
        whole = int(value)
        return whole if whole.bit_length() < 1000 else {_TAG: "float", "v": "inf"}
    if isinstance(value, (float, np.floating)) or _is_real(value):
        real = float(value)
        return real if math.isfinite(real) else {_TAG: "float", "v": repr(real)}
    if isinstance(value, (dt.date, np.datetime64)):  # a Timestamp is a date, too
        return {_TAG: "time", "v": pd.Timestamp(value).isoformat()}
    if isinstance(value, (dt.timedelta, np.timedelta64)):
        return {_TAG: "timedelta", "v": pd.Timedelta(value).isoformat()}
    if isinstance(value, (list, tuple)):
        return [_encode(v, budget, depth + 1) for v in value]
    if isinstance(value, (set, frozenset)):
        return {_TAG: "set", "v": [_encode(v, budget, depth + 1) for v in value]}
    if isinstance(value, dict):
        pairs = [[_encode(x, budget, depth + 1) for x in pair] for pair in value.items()]
        return {_TAG: "dict", "v": pairs}
    if isinstance(value, np.ndarray):
        flat = _column(pd.Series(value.reshape(-1)), budget, depth)
        return {_TAG: "array", "shape": list(value.shape), "v": flat}
    if isinstance(value, pd.Series):
        return {
            _TAG: "series",
            "index": _index(value.index, budget, depth),
            "name": _label(value.name),
            "v": _column(value, budget, depth),
        }
    if isinstance(value, pd.DataFrame):
        return {
            _TAG: "frame",
            "index": _index(value.index, budget, depth),
            "columns": [_label(c) for c in value.columns],
            "v": [_column(value.iloc[:, i], budget, depth) for i in range(value.shape[1])],
        }
    if isinstance(value, pd.Index):
        return {
            _TAG: "array",
            "shape": [len(value)],
            "v": _column(value.to_series(), budget, depth),
        }
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return {_TAG: "array", "shape": [len(value)], "v": _column(pd.Series(value), budget, depth)}
    if isinstance(value, (pd.Interval, pd.Period)):
        return str(value)
    return {_TAG: "opaque", "type": type(value).__name__[:100]}


def _is_real(value: Any) -> bool:
    """Decimal and Fraction count as numbers, complex numbers don't."""
    import decimal

    return isinstance(value, (numbers.Real, decimal.Decimal))


def _label(name: Any) -> Any:
    if isinstance(name, tuple):
        return [_label(n) for n in name]
    if name is None or isinstance(name, (bool, int, str)):
        return name
    return int(name) if isinstance(name, np.integer) else str(name)


def _index(index: pd.Index, budget: _Budget, depth: int) -> dict[str, Any]:
    levels = [index.get_level_values(i) for i in range(index.nlevels)]
    return {
        "names": [_label(level.name) for level in levels],
        "levels": [
            _column(pd.Series(np.asarray(x) if x.dtype != "category" else x), budget, depth)
            for x in levels
        ],
    }


def _column(column: pd.Series, budget: _Budget, depth: int) -> dict[str, Any]:
    """One column with its dtype, quick for numbers."""
    budget.spend(len(column))
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, pd.CategoricalDtype):
        inner = _column(pd.Series(column.cat.categories), budget, depth)
        return {
            "dtype": "category",
            "ordered": bool(column.cat.ordered),
            "categories": inner,
            "v": column.cat.codes.tolist(),
        }
    if kind == "b" and not column.isna().any():
        return {"dtype": "bool", "v": [bool(v) for v in column.tolist()]}
    if kind in "iu" and not column.isna().any():
        return {"dtype": "int64", "v": [int(v) for v in column.tolist()]}
    if kind in "iuf":
        floats = column.astype("float64").tolist()
        return {"dtype": "float64", "v": [v if math.isfinite(v) else repr(v) for v in floats]}
    if kind == "M" and getattr(column.dtype, "tz", None) is None:
        return {
            "dtype": str(column.dtype),
            "v": [None if t is pd.NaT else t.isoformat() for t in column.tolist()],
        }
    if kind == "m":
        return {
            "dtype": str(column.dtype),
            "v": [None if t is pd.NaT else t.isoformat() for t in column.tolist()],
        }
    dtype = "str" if isinstance(column.dtype, pd.StringDtype) else "object"
    return {"dtype": dtype, "v": [_encode(v, budget, depth + 1) for v in column.tolist()]}


def decode(data: Any) -> Any:
    """Read back what `encode` wrote.

    >>> decode(encode(pd.Series([1.0, 2.0], index=["a", "b"]))).to_dict()
    {'a': 1.0, 'b': 2.0}
    """
    if isinstance(data, list):
        return [decode(v) for v in data]
    if not isinstance(data, dict):
        return data
    tag = data.get(_TAG)
    if tag == "float":
        return float(data["v"])
    if tag == "blank":
        return None
    if tag == "time":
        return pd.Timestamp(data["v"])
    if tag == "timedelta":
        return pd.Timedelta(data["v"])
    if tag == "set":
        return {_hashable(decode(v)) for v in data["v"]}
    if tag == "dict":
        return {_hashable(decode(k)): decode(v) for k, v in data["v"]}
    if tag == "array":
        return np.asarray(_read_column(data["v"])).reshape(data["shape"])
    if tag == "series":
        values = _read_column(data["v"])
        values.index = _read_index(data["index"])
        values.name = _hashable(data["name"])
        return values
    if tag == "frame":
        columns = [_read_column(c) for c in data["v"]]
        frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
        frame.columns = pd.Index([_hashable(c) for c in data["columns"]], tupleize_cols=False)
        index = _read_index(data["index"])
        return frame.set_axis(index, axis=0) if columns else pd.DataFrame(index=index)
    return Opaque(str(data.get("type", "thing")))


def _hashable(value: Any) -> Any:
    return tuple(_hashable(v) for v in value) if isinstance(value, list) else value


def _read_column(data: dict[str, Any]) -> pd.Series:
    dtype, values = data["dtype"], data["v"]
    if dtype == "category":
        categories = pd.Index(_read_column(data["categories"]))
        codes = np.array(values, dtype="int64")
        made = pd.Categorical.from_codes(codes, categories=categories, ordered=data["ordered"])
        return pd.Series(made)
    if dtype == "float64":
        return pd.Series(np.array([float(v) for v in values], dtype="float64"))
    if dtype in ("object", "str"):
        decoded = [decode(v) for v in values]
        series = pd.Series(decoded, dtype="object")
        if dtype == "str":
            with contextlib.suppress(TypeError, ValueError):
                return (
                    series.astype("str")
                    if not series.isna().any()
                    else pd.Series(decoded, dtype="str")
                )
        return series
    if dtype.startswith("timedelta"):
        return pd.Series(pd.to_timedelta(values)).astype(dtype)
    if dtype.startswith("datetime"):
        return pd.Series(pd.to_datetime(values, format="ISO8601")).astype(dtype)
    if dtype not in ("bool", "int64"):  # nothing else is written; a made-up one may take gigabytes
        raise ValueError(f"no column has the type {dtype[:20]!r}.")
    return pd.Series(values, dtype=dtype)


def _read_index(data: dict[str, Any]) -> pd.Index:
    levels = [_read_column(level) for level in data["levels"]]
    names = [_hashable(n) for n in data["names"]]
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)
