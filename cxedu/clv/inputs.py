"""Purchase histories as the models take them: checked, scaled, equal rows put together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxedu.validate import same_length, vector

UNITS_PER_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
DAYS_PER_UNIT = {unit: 365.25 / per_year for unit, per_year in UNITS_PER_YEAR.items()}


@dataclass(frozen=True)
class Histories:
    """Repeat purchases x, age at the last one t_x and age T of each customer, with weights."""

    x: np.ndarray
    tx: np.ndarray
    T: np.ndarray
    weights: np.ndarray

    def every(self, k: int) -> "Histories":
        """Each k-th row: a part that stands for the whole, since rows are sorted."""
        return Histories(self.x[::k], self.tx[::k], self.T[::k], self.weights[::k])

    def scaled(self, scale: float) -> "Histories":
        """Time divided by `scale`."""
        return Histories(self.x, self.tx / scale, self.T / scale, self.weights)


def aligned(**arguments: Any) -> None:
    """Series that are given together must have the same index: nothing is matched silently."""
    series = [(k, v.index) for k, v in arguments.items() if isinstance(v, pd.Series)]
    for name, index in series[1:]:
        first, other = series[0]
        if len(index) == len(other) and not index.equals(other):
            raise ValueError(
                f"{first} and {name} have different indexes; they must list the same customers "
                "in the same order."
            )


def like(values: np.ndarray, *arguments: Any) -> Any:
    """Answer as asked: Series for Series, number for numbers, array otherwise."""
    for argument in arguments:
        if isinstance(argument, pd.Series) and len(argument) == len(values):
            return pd.Series(values, index=argument.index)
    if all(np.ndim(argument) == 0 for argument in arguments):
        return float(values[0])
    return values


def spread(**vectors: np.ndarray) -> list[np.ndarray]:
    """Bring arrays of one value to the length of the others."""
    longest = max(v.size for v in vectors.values())
    same_length(**{name: v for name, v in vectors.items() if v.size > 1 or longest == 1})
    return [np.broadcast_to(v, longest) for v in vectors.values()]


def check_counts(frequency: np.ndarray) -> None:
    """Repeat purchases are whole numbers."""
    bad = np.flatnonzero(frequency != np.floor(frequency))
    if bad.size:
        raise ValueError(
            f"frequency[{bad[0]}] is {frequency[bad[0]]:g}; repeat purchases are counted in whole "
            "numbers."
        )


def check_weights(weights: Any, size: int) -> np.ndarray:
    """Weights, 1 for everybody if none are given."""
    if weights is None:
        return np.ones(size)
    array = vector("weights", weights, 0, size=size)
    if not array.any():
        raise ValueError("weights are all 0; at least one customer must count.")
    return array


def check_history(x: np.ndarray, tx: np.ndarray, T: np.ndarray) -> None:
    """No purchase after the end, none before the first, and a last one if there is a repeat."""
    check_counts(x)
    bad = np.flatnonzero(tx > T * (1 + 1e-12))
    if bad.size:
        i = bad[0]
        raise ValueError(
            f"recency[{i}] is {tx[i]:g}, T[{i}] is {T[i]:g}; recency is the age at the last "
            "purchase and must be at most T, the age at the end of the observation."
        )
    bad = np.flatnonzero((x > 0) & (tx <= 0))
    if bad.size:
        i = bad[0]
        raise ValueError(
            f"recency[{i}] is 0, frequency[{i}] is {x[i]:g}; with a repeat purchase recency must "
            "be greater than 0."
        )
    bad = np.flatnonzero((x == 0) & (tx > 0))
    if bad.size:
        i = bad[0]
        raise ValueError(
            f"recency[{i}] is {tx[i]:g}, frequency[{i}] is 0; without a repeat purchase recency "
            "must be 0."
        )


def collapse(columns: list[np.ndarray], weights: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Sort the rows and put equal ones together, adding their weights.

    Hashing is several times faster than sorting all rows, and dates give few different ones.
    """
    key = np.zeros(weights.size, dtype=np.int64)
    levels = []
    for column in columns:
        codes, values = pd.factorize(column, sort=True)
        key = key * len(values) + codes
        levels.append(values)
    codes, keys = pd.factorize(key)
    total = np.bincount(codes, weights=weights)
    order = np.argsort(keys)
    keys, total = keys[order], total[order]
    result = []
    for values in reversed(levels):
        keys, code = np.divmod(keys, len(values))
        result.append(values[code])
    return result[::-1], total


def pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different pairs, and which of them each row is."""
    codes, ones = pd.factorize(first, sort=True)
    more, others = pd.factorize(second, sort=True)
    which, keys = pd.factorize(codes.astype(np.int64) * len(others) + more)
    one, other = np.divmod(keys, len(others))
    return ones[one], others[other], which


def histories(frequency: Any, recency: Any, T: Any, weights: Any) -> Histories:
    """Check what `fit` was given and put equal customers together."""
    aligned(frequency=frequency, recency=recency, T=T)
    x = vector("frequency", frequency, 0)
    tx = vector("recency", recency, 0)
    age = vector("T", T, 0)
    same_length(frequency=x, recency=tx, T=age)
    check_history(x, tx, age)
    w = check_weights(weights, x.size)
    if not (age[w > 0] > 0).any():
        raise ValueError("T is 0 for every customer; nobody was observed for any time.")
    if not (x[w > 0] > 0).any():
        raise ValueError(
            "frequency is 0 for every customer; without repeat purchases neither how often "
            "customers buy nor when they leave can be learned."
        )
    if weights is not None and not (w > 0).all():
        keep = w > 0
        x, tx, age, w = x[keep], tx[keep], age[keep], w[keep]
    (x, tx, age), w = collapse([x, tx, age], w)
    return Histories(x, tx, age, w)


def one_history(
    frequency: Any, recency: Any, T: Any, **more: Any
) -> tuple[list[np.ndarray], tuple[Any, ...]]:
    """Check histories to predict from; numbers are repeated to the length of the arrays."""
    aligned(**more, frequency=frequency, recency=recency, T=T)
    arrays = {k: vector(k, v, 0) for k, v in more.items()}
    arrays |= {
        "frequency": vector("frequency", frequency, 0),
        "recency": vector("recency", recency, 0),
        "T": vector("T", T, 0),
    }
    result = spread(**arrays)
    check_history(*result[-3:])
    return result, (*more.values(), frequency, recency, T)


def horizon_of(t: Any) -> np.ndarray:
    """The times ahead to predict for."""
    return vector("t", t, 0)
