"""What gets into a call by mistake, and what counts as an answer of ours. Used by test_garbage.py."""

import dis
import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

#: Things that may stand where a number, a list, a table, a name or a function belongs.
GARBAGE: dict[str, Any] = {
    "None": None,
    "NaN": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "-1": -1,
    "0": 0,
    "0.5": 0.5,
    "2": 2,
    "1e308": 1e308,
    "1e-308": 1e-308,
    "10**30": 10**30,
    "-10**400": -(10**400),
    "10**400": 10**400,
    "True": True,
    "text": "x",
    "no text": "",
    "bytes": b"x",
    "complex": 1 + 2j,
    "object": object(),
    "a class": int,
    "a function": len,
    "pd.NA": pd.NA,
    "NaT": pd.NaT,
    "a day": pd.Timestamp("2025-01-01"),
    "a length of time": np.timedelta64(3, "D"),
    "slice": slice(1),
    "empty list": [],
    "empty dict": {},
    "empty set": set(),
    "a set": {1, 2},
    "generator": (x for x in ()),
    "range": range(4),
    "dict": {"a": 1},
    "list of None": [None],
    "list of text": ["a", "b"],
    "days as text": ["2025-01-01", "2025-02-01"],
    "no days": ["someday", "2025-13-45"],
    "numbers": [1, 2],
    "four numbers": [1.0, 2.0, 3.0, 4.0],
    "four NaN": [math.nan] * 4,
    "four huge": [1e308] * 4,
    "huge of both signs": [1e308, -1e308, 1e308, -1e308],
    "four tiny": [5e-324] * 4,
    "huge whole numbers": [10**400, 1, 1, 1],
    "one NaN": [1, math.nan],
    "mixed": [1, "a", None, 2.5],
    "ragged": [[1], [2, 3]],
    "nested": [[[1]]],
    "list of lists": [["a"], ["b"]],
    "list of dicts": [{"a": 1}],
    "square": np.ones((2, 2)),
    "cube": np.zeros((2, 2, 2)),
    "no shape": np.array(2.0),
    "no rows": np.empty((0, 3)),
    "complex numbers": np.array([1 + 1j, 2]),
    "days": np.array(["2025-01-01", "NaT"], dtype="datetime64[D]"),
    "texts": np.array(["a", "b"]),
    "structured": np.zeros(2, dtype=[("a", int)]),
    "masked": np.ma.masked_array([1.0, 2.0], [False, True]),
    "series": pd.Series([1.0, 2.0]),
    "empty series": pd.Series(dtype=float),
    "series of text": pd.Series(["a", "b"]),
    "series of objects": pd.Series([object(), None]),
    "series with a gap": pd.Series([1, None], dtype="Int64"),
    "categories": pd.Series(["a", None], dtype="category"),
    "index twice": pd.Series([1.0, 2.0], index=[1, 1]),
    "months": pd.Series(pd.period_range("2025-01", periods=2, freq="M")),
    "days with a zone": pd.Series(pd.to_datetime(["2025-01-01", "2025-02-01"], utc=True)),
    "empty table": pd.DataFrame(),
    "table": pd.DataFrame({"a": [1, 2]}),
    "table of text": pd.DataFrame({"a": ["x", "y"]}),
    "table of NaN": pd.DataFrame(np.full((2, 2), np.nan)),
    "table without rows": pd.DataFrame({"a": []}),
    "column twice": pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
    "unhashable columns": pd.DataFrame([[1, 2]], columns=pd.Index([["a"], {}], dtype=object)),
    "columns of columns": pd.DataFrame([[1, 2]], columns=[["a", "a"], ["b", "c"]]),
}

#: What one cell of a list or a column may hold by mistake.
CELLS: dict[str, Any] = {
    "None": None,
    "NaN": math.nan,
    "infinity": math.inf,
    "-1": -1,
    "1e308": 1e308,
    "1e-308": 1e-308,
    "10**400": 10**400,
    "text": "x",
    "list": [1],
    "complex": 1j,
    "object": object(),
    "a day": pd.Timestamp("2025-01-01"),
    "pd.NA": pd.NA,
}


def damaged(value: Any) -> Iterator[tuple[str, Any]]:
    """A valid value with one thing wrong: an element, a column, its length, its type."""
    if isinstance(value, pd.DataFrame):
        yield from _tables(value)
    elif isinstance(value, pd.Series):
        yield from _columns(value)
        yield "index twice", value.set_axis([0] * len(value))
        yield "another index", value.set_axis([f"row {i}" for i in range(len(value))])
        yield "as a list", value.tolist()
    elif isinstance(value, Mapping):
        yield "one more key", {**value, "surplus": 1}
        yield "keys are numbers", dict(enumerate(value.values()))
        for key in list(value)[:2]:
            yield f"no {key!r}", {k: v for k, v in value.items() if k != key}
            for name in (
                "None",
                "NaN",
                "-1",
                "text",
                "1e308",
                "object",
                "numbers",
                "ragged",
                "day",
            ):
                if name in GARBAGE:
                    yield f"{key!r} is {name}", {**value, key: GARBAGE[name]}
    elif isinstance(value, (list, tuple)) and value:
        make = type(value)
        yield "one too few", value[:-1]
        yield "one too many", make([*value, value[-1]])
        yield "all the same", make([value[0]] * len(value))
        yield "turned round", value[::-1]
        yield "as objects", np.array([*value, None], dtype=object)[:-1]
        yield "nested", [value]
        yield "as a column", pd.DataFrame({"a": pd.Series(value)})
        yield "as categories", pd.Series(value[:1] * len(value)).astype("str").astype("category")
        yield "as text", make([str(v) for v in value])
        for name, cell in CELLS.items():
            yield f"first is {name}", make([cell, *value[1:]])
            yield f"last is {name}", make([*value[:-1], cell])
        if isinstance(value[0], (list, tuple)):
            for name, inner in damaged(value[0]):
                yield f"inside, {name}", make([inner, *value[1:]])
    elif isinstance(value, np.ndarray):
        yield from damaged(value.tolist())


def _columns(column: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Columns of the same length that hold something else."""
    size = len(column)
    yield "all NaN", pd.Series([math.nan] * size, column.index)
    yield "all None", pd.Series([None] * size, column.index, dtype=object)
    yield "objects", column.astype(object)
    yield "text", pd.Series(["x"] * size, column.index)
    yield "categories", column.astype("category")
    yield "days", pd.Series(pd.Timestamp("2025-01-01"), column.index)
    yield "booleans", pd.Series([True] * size, column.index)
    yield "complex", pd.Series([1j] * size, column.index)
    yield "huge", pd.Series([1e308] * size, column.index)
    yield "negative", pd.Series([-1.0] * size, column.index)
    for name, cell in CELLS.items():
        made = column.astype(object)
        made.iloc[-1:] = pd.Series([cell], dtype=object, index=column.index[-1:])
        yield f"last is {name}", made


def _tables(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    names = list(table.columns)
    yield "no rows", table.iloc[:0]
    yield "one row", table.iloc[:1]
    yield "index twice", table.set_axis([0] * len(table))
    yield "turned round", table.iloc[::-1]
    yield "transposed", table.T
    yield "every row twice", pd.concat([table, table])
    yield "columns are numbers", table.set_axis(range(len(names)), axis=1)
    yield "columns of columns", table.set_axis(pd.MultiIndex.from_product([["top"], names]), axis=1)
    unhashable = [[name] for name in names]
    yield "unhashable columns", table.set_axis(pd.Index(unhashable, dtype=object), axis=1)
    for at, name in enumerate(names):
        yield f"no {name}", table.drop(columns=name)
        yield f"{name} twice", pd.concat([table, table[[name]]], axis=1)
        gap = [*names[:at], math.nan, *names[at + 1 :]]
        yield f"{name} without name", table.set_axis(pd.Index(gap, dtype=object), axis=1)
        for kind, column in _columns(table[name]):
            yield (
                f"{name}: {kind}",
                table.assign(**{name: column})
                if isinstance(name, str)
                else pd.DataFrame({k: column if k == name else table[k] for k in names}),
            )


def trouble(function: Callable, arguments: dict[str, Any], missing_is_right: bool = False) -> str:
    """What is wrong with the answer to this call; nothing if it is a sentence of ours or a result.

    A sentence of ours is a `ValueError` or `TypeError` that a `raise` in `cxedu` raised and that
    names a parameter or a column. A result holds no missing or infinite number (unless
    `missing_is_right`) and comes without a warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = function(**arguments)
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:
            return _fault(error, function, arguments)
    if not missing_is_right and not finite(result):
        return f"a silent gap: {result!r}"[:300]
    return ""


def _fault(error: Exception, function: Callable, arguments: dict[str, Any]) -> str:
    tail: TracebackType | None = error.__traceback__
    assert tail is not None
    while tail.tb_next is not None:
        tail = tail.tb_next
    code = tail.tb_frame.f_code
    where = f"{type(error).__name__} in {code.co_filename}:{tail.tb_lineno}: {error}"[:400]
    if type(error) not in (ValueError, TypeError):
        return where
    if "/cxedu/" not in code.co_filename.replace("\\", "/"):
        return where
    if dis.opname[code.co_code[tail.tb_lasti]] != "RAISE_VARARGS":
        return f"not raised by us: {where}"
    if any(name in str(error) for name in arguments):
        return ""
    named = set(inspect.signature(function).parameters)
    for value in arguments.values():
        named |= set(map(str, value.columns)) if isinstance(value, pd.DataFrame) else set()
    return "" if any(name in str(error) for name in named) else f"names no parameter: {where}"


def finite(result: Any) -> bool:
    """No number in it is missing or infinite, however deep."""
    if isinstance(result, pd.DataFrame):
        return all(finite(result.iloc[:, at]) for at in range(result.shape[1]))
    if isinstance(result, (pd.Series, pd.Index)):
        if result.dtype.kind in "OMmU" or isinstance(result.dtype, pd.CategoricalDtype):
            return True
        if result.dtype.kind == "c":
            return bool(np.isfinite(result.to_numpy()).all())
        return bool(np.isfinite(result.to_numpy(float, na_value=np.nan)).all())
    if isinstance(result, Mapping):
        return all(map(finite, result.values()))
    if isinstance(result, (list, tuple)):
        return all(map(finite, result))
    if isinstance(result, (np.ndarray, np.generic)):
        return result.dtype.kind not in "fc" or bool(np.isfinite(result).all())
    if isinstance(result, float):
        return math.isfinite(result)
    ours = type(result).__module__.startswith("cxedu.")
    return all(map(finite, vars(result).values())) if ours and hasattr(result, "__dict__") else True
