"""What the functions of this package are given: checked, and in the form in which they compute."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from cxedu import validate

LARGEST = 1e50  # numbers of a profile: so that sums of squares stay finite


def names_of(name: str, columns: Any, *, empty: bool = False) -> list[Any]:
    """The names of columns as a list without repetition."""
    if isinstance(columns, (str, bytes, dict, pd.DataFrame)) or not isinstance(columns, Iterable):
        raise ValueError(
            f"{name} is a {type(columns).__name__}; it must be a list of column names."
        )
    if isinstance(columns, np.ndarray) and columns.ndim != 1:
        raise ValueError(f"{name} has shape {columns.shape}; it must have one dimension.")
    listed = list(columns)
    if not listed and not empty:
        raise ValueError(f"{name} is empty; it must name at least one column.")
    for entry in listed:
        if not isinstance(entry, str):
            raise ValueError(f"{name} has {entry!r}; every name must be a text.")
    if len(set(listed)) < len(listed):
        raise ValueError(f"{name} names a column twice; once is enough.")
    return listed


def answers_of(name: str, column: pd.Series, low: float, high: float) -> np.ndarray:
    """One item's answers as floats; NaN is a missing answer, anything else must be on the scale."""
    try:
        if column.dtype.kind in "bMm" or isinstance(column.dtype, pd.StringDtype):
            raise TypeError
        values = validate.floats(column)
    except TypeError:
        raise ValueError(f"{name} must hold numbers only, with NaN for a missing answer.") from None
    validate.vector(name, values[~np.isnan(values)], low, high, empty=True)
    return values


def matrix(name: str, table: Any) -> np.ndarray:
    """A DataFrame of finite numbers as an array."""
    validate.frame(name, table)
    return np.column_stack(
        [validate.vector(f"{name}[{c!r}]", table[c], -LARGEST, LARGEST) for c in table.columns]
    )


def wholes(name: str, values: Any, low: int) -> list[int]:
    """Whole numbers, ascending, each once."""
    flat = isinstance(values, Iterable) and getattr(values, "ndim", 1) == 1
    if isinstance(values, (str, bytes, dict)) or not flat:
        raise ValueError(
            f"{name} is a {type(values).__name__}; it must be a list of whole numbers."
        )
    listed = sorted({validate.whole(f"{name}[{i}]", v, low) for i, v in enumerate(values)})
    if not listed:
        raise ValueError(f"{name} is empty; it must hold at least one number.")
    return listed


def fitted(model: Any, attribute: str) -> None:
    """A model answers only after `fit`."""
    if not hasattr(model, attribute):
        raise ValueError(f"{type(model).__name__} has not learnt anything yet; call fit first.")


def keys(name: str, values: Any, *, empty: bool = False) -> pd.Index:
    """Names or numbers of customers, products or segments, none of them missing."""
    if isinstance(values, (str, bytes, dict, pd.DataFrame)) or not isinstance(values, Iterable):
        raise ValueError(
            f"{name} is a {type(values).__name__}; it must be a list of names or numbers."
        )
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; it must have one dimension.")
    raw = values if isinstance(values, (pd.Series, pd.Index, np.ndarray)) else list(values)
    try:
        index = pd.Index(raw)
        plain = not isinstance(index, pd.MultiIndex) and isinstance(set(index), set)  # hashable
    except (TypeError, ValueError):
        plain = False
    if not plain:
        raise ValueError(f"{name} must hold names or numbers, one for each.")
    if not len(index) and not empty:
        raise ValueError(f"{name} is empty; it must hold at least one.")
    missing = np.flatnonzero(index.isna() | index.isin([np.inf, -np.inf]))
    if missing.size:
        raise ValueError(f"{name} is missing at place {missing[0]}; every one must be given.")
    return index


def codes_of(
    name: str, values: Any, table: pd.DataFrame | None = None
) -> tuple[np.ndarray, list[Any]]:
    """Codes 0, 1, 2 … of segments, and their names: in the order of the categories, or sorted."""
    index = keys(name, values)
    if table is not None:
        if len(index) != len(table):
            raise ValueError(f"{name} has {len(index)} values; it must have {len(table)}.")
        if isinstance(values, pd.Series) and not values.index.equals(table.index):
            raise ValueError(f"the rows of {name} are not those of the table; give the same index.")
    if isinstance(index, pd.CategoricalIndex):
        used = [c for c in index.categories if c in set(index)]
    else:
        try:
            used = sorted(set(index))
        except TypeError:  # names and numbers mixed
            used = sorted(set(index), key=lambda v: (type(v).__name__, str(v)))
    return pd.Index(used, dtype=object).get_indexer(index.astype(object)), used


def two_codes(labels: Any, truth: Any) -> tuple[np.ndarray, np.ndarray]:
    """Codes of two groupings of the same customers."""
    found, right = codes_of("labels", labels)[0], codes_of("truth", truth)[0]
    validate.same_length(labels=found, truth=right)
    if isinstance(labels, pd.Series) and isinstance(truth, pd.Series):
        same_rows("labels", labels, "truth", truth)
    return found, right


def same_rows(name: str, one: pd.Series, other_name: str, other: pd.Series) -> None:
    """Series that are given together must have the same index: nothing is matched silently."""
    if not one.index.equals(other.index):
        raise ValueError(
            f"the rows of {name} are not those of {other_name}; give Series with the same index."
        )


def stars_of(name: str, table: Any) -> np.ndarray:
    """The stars of a table of ratings that is as it should be."""
    validate.frame(name, table, ["customer_id", "product_id", "rating"])
    for key in ("customer_id", "product_id"):
        keys(f"{name}[{key!r}]", table[key])
    stars = validate.vector(f"{name}['rating']", table["rating"], -1e6, 1e6)
    if table.duplicated(["customer_id", "product_id"]).any():
        raise ValueError(f"{name} has a customer and product twice; keep one rating of each pair.")
    return stars


def sorted_codes(name: str, column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Codes 0, 1, 2 … of customers or products, and these in order."""
    try:
        codes, names = pd.factorize(column, sort=True)
    except TypeError:
        raise ValueError(
            f"{name} mixes what can't be put in order; give all numbers or all names."
        ) from None
    return codes, pd.Index(names)
