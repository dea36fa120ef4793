"""The kinds of answers that a task can ask for, and what makes two of them the same.

A kind reads plain data (see `plain`), says in words what is wrong with its type, shape or range,
compares two answers, and guesses from a wrong one where it came from. It never utters the right
answer.
"""

import functools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxedu.exercises.plain import Opaque


class Wrong(Exception):
    """Raised by a check: the message is what the student reads."""


def _type_of(value: Any) -> str:
    """What the student gave, in words."""
    if isinstance(value, Opaque):
        return "a function" if value.type == "function" else f"an object of type {value.type}"
    if isinstance(value, str):
        return f"text ({value[:30]!r})"
    if isinstance(value, bool):
        return f"the truth value {value}"
    if isinstance(value, pd.Series):
        return f"a Series with {len(value)} {'entry' if len(value) == 1 else 'entries'}"
    if isinstance(value, pd.DataFrame):
        return f"a DataFrame with {len(value)} rows and {value.shape[1]} columns"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, dict, set, tuple)):
        return f"a {type(value).__name__} with {len(value)} entries"
    if value is None:
        return "nothing (None)"
    return f"{value!r}"[:40]


class Answer:
    """What every kind of answer can do; `Number`, `Choice`, `Table` and `Function` are the kinds."""

    def asks(self) -> str:
        """What is asked for, in words."""
        raise NotImplementedError

    def read(self, value: Any) -> Any:
        """`value` in the form that `same` compares; raises Wrong for a wrong type or shape."""
        raise NotImplementedError

    def outside(self, value: Any) -> str:
        """Why a value that was read can't be right whatever the data are, or ''."""
        return ""

    def same(self, one: Any, other: Any) -> bool:
        raise NotImplementedError

    def hint(self, value: Any, expected: Any) -> str:
        """Where a wrong value may come from; never the expected one."""
        return ""


_PERIODS = {
    12: "months and years",
    52: "weeks and years",
    4: "quarters and years",
    7: "days and weeks",
}


@dataclass(frozen=True, kw_only=True)
class Number(Answer):
    """One number.

    Parameters
    ----------
    unit : str
        What it is measured in ("share", "€ per year"). With "share", a percentage is recognised.
    low, high : float
        The range that any right answer lies in, whatever the data.
    tolerance : float
        Relative: 1e-6 is a millionth of the expected value.
    absolute : float
        Absolute, in `unit`; the larger of the two tolerances counts.

    Examples
    --------
    >>> Number(unit="share", low=0, high=1).same(0.25, 0.2500000001)
    True
    """

    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    tolerance: float = 1e-6
    absolute: float = 1e-9

    def asks(self) -> str:
        words = "a number"
        if self.unit:
            words += f" ({self.unit})"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{words} from {self.low:g} to {self.high:g}"
        if math.isfinite(self.low):
            return f"{words}, at least {self.low:g}"
        return f"{words}, at most {self.high:g}" if math.isfinite(self.high) else words

    def read(self, value: Any) -> float:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            words = f"The task asks for {self.asks()}; your answer is {_type_of(value)}."
            if isinstance(value, str) and _parses(value):
                words += " Leave out the quotation marks."
            elif isinstance(value, (pd.Series, np.ndarray, list, tuple)) and len(value) == 1:
                words += " Take the single value out of it, for instance with `.item()`."
            raise Wrong(words)
        if math.isnan(value):
            raise Wrong(
                f"The task asks for {self.asks()}; your answer is NaN (not a number). "
                "Look for missing values, or for zero divided by zero."
            )
        if math.isinf(value):
            raise Wrong(
                f"The task asks for {self.asks()}; your answer is infinite. "
                "Look for a division by zero."
            )
        return float(value)

    def outside(self, value: float) -> str:
        slack = max(self.absolute, 1e-12)
        if self.low - slack <= value <= self.high + slack:
            return ""
        words = f"The task asks for {self.asks()}; your answer is outside that range."
        if self.unit == "share" and 1 < value <= 100:
            words += " It looks like a percentage: give the share, so that one half is 0.5."
        return words

    def same(self, one: float, other: float) -> bool:
        return abs(one - other) <= max(self.tolerance * abs(other), self.absolute)

    def hint(self, value: float, expected: float) -> str:
        if expected == 0 or value == 0:
            return ""
        if self.same(-value, expected):
            return "The sign is the wrong way round."
        if self.same(value / 100, expected):
            return (
                "This looks like a percentage; the task asks for a share, so that one half is 0.5."
            )
        if self.same(value * 100, expected):
            return "This looks like a share where a percentage is asked for (one half is 50)."
        for factor, periods in _PERIODS.items():
            if self.same(value / factor, expected) or self.same(value * factor, expected):
                return f"Look at the period: you seem to have mixed up {periods}."
        if self.same(1 / value, expected):
            return "It is upside down: what you divided by should be divided."
        if 0 < expected < 1 and self.same(1 - value, expected):
            return "This is the rest: what is missing to the whole, not the part that is asked for."
        fewest = 0 if abs(expected) >= 1 else 1  # 1 is a value of its own, not 0.83 rounded
        if any(value == round(expected, digits) for digits in range(fewest, 7)):
            return "It seems to be rounded: leave all decimals."
        if abs(value - expected) <= 0.01 * abs(expected):
            return (
                "You are close. Look at the edges: is a first or last period, a boundary "
                "(> or ≥) or a missing value handled as the task says?"
            )
        return ""


def _parses(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Choice(Answer):
    """A decision among listed options (text; upper or lower case doesn't matter).

    Parameters
    ----------
    *options : str
        The options, as the task words them.
    several : bool
        The answer is a set or list of options.

    Examples
    --------
    >>> Choice("keep", "drop").read(" Keep ")
    'keep'
    """

    options: tuple[str, ...]
    several: bool = False

    def __init__(self, *options: str, several: bool = False) -> None:
        if len(options) < 2 or len({o.strip().lower() for o in options}) < len(options):
            raise ValueError(f"options are {options!r}; they must be at least two different texts.")
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "several", several)

    def asks(self) -> str:
        listed = ", ".join(repr(o) for o in self.options)
        return f"{'some' if self.several else 'one'} of {listed}"

    def _one(self, value: Any) -> str:
        if isinstance(value, str):
            for option in self.options:
                if value.strip().lower() == option.strip().lower():
                    return option
        raise Wrong(f"The task asks for {self.asks()}; your answer is {_type_of(value)}.")

    def read(self, value: Any) -> Any:
        if not self.several:
            return self._one(value)
        if isinstance(value, str):
            value = [value]
        if isinstance(value, (pd.Series, np.ndarray)):
            value = value.tolist()
        if not isinstance(value, (list, tuple, set)):
            raise Wrong(
                f"The task asks for a list with {self.asks()}; your answer is {_type_of(value)}."
            )
        return frozenset(self._one(v) for v in value)

    def same(self, one: Any, other: Any) -> bool:
        return bool(one == other)


Columns = dict[str, dict[Hashable, Any]]  # column → key → value


@dataclass(frozen=True, kw_only=True)
class Table(Answer):
    """Values by key: a Series, a DataFrame or a dict. The order doesn't matter.

    Parameters
    ----------
    key : str
        What identifies an entry ("customer_id"): the index, or a column of this name.
    columns : sequence of str
        The columns that a DataFrame must have; none when one value belongs to each key.
    unit, low, high, tolerance, absolute
        As in `Number`, for every numeric entry.
    labels : sequence of str
        The labels that may occur, where the entries are labels instead of numbers.
    missing : bool
        Whether NaN may be a right entry.

    Examples
    --------
    >>> tiers = Table(key="customer_id", labels=("low", "high"))
    >>> tiers.same(tiers.read({1: "low", 2: "high"}), tiers.read(pd.Series({2: "high", 1: "low"})))
    True
    """

    key: str = "key"
    columns: Sequence[str] = ()
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    tolerance: float = 1e-6
    absolute: float = 1e-9
    labels: Sequence[str] = ()
    missing: bool = False

    @functools.cached_property
    def _number(self) -> Number:
        return Number(
            unit=self.unit,
            low=self.low,
            high=self.high,
            tolerance=self.tolerance,
            absolute=self.absolute,
        )

    def asks(self) -> str:
        if self.columns:
            return f"a DataFrame with the columns {', '.join(map(repr, self.columns))}, one row per {self.key}"
        what = "label" if self.labels else "number"
        return f"a Series with one {what} per {self.key}"

    def read(self, value: Any) -> Columns:
        if isinstance(value, dict) and any(
            isinstance(v, (dict, pd.Series)) for v in value.values()
        ):
            value = pd.DataFrame(value)
        if isinstance(value, pd.DataFrame):
            return self._read_frame(value)
        if self.columns:
            raise Wrong(f"The task asks for {self.asks()}; your answer is {_type_of(value)}.")
        if isinstance(value, dict):
            return {"": {_key(k): _leaf(v) for k, v in value.items()}}
        if isinstance(value, pd.Series):
            return {"": self._read_series(value.index, value)}
        words = f"The task asks for {self.asks()}; your answer is {_type_of(value)}."
        if isinstance(value, (np.ndarray, list)):
            words += f" Keep the {self.key} as the index, so that each entry says whose it is."
        raise Wrong(words)

    def _read_frame(self, frame: pd.DataFrame) -> Columns:
        if self.key in frame.columns and self.key not in self.columns:
            frame = frame.set_index(self.key)
        if not self.columns:
            if frame.shape[1] != 1:
                raise Wrong(f"The task asks for {self.asks()}; your answer is {_type_of(frame)}.")
            return {"": self._read_series(frame.index, frame.iloc[:, 0])}
        lacking = [c for c in self.columns if c not in frame.columns]
        if lacking:
            has = ", ".join(map(repr, frame.columns)) or "none"
            raise Wrong(
                f"The task asks for {self.asks()}. Missing: "
                f"{', '.join(map(repr, lacking))}; your columns: {has[:200]}."
            )
        return {c: self._read_series(frame.index, frame[c]) for c in self.columns}

    def _read_series(self, index: pd.Index, values: pd.Series) -> dict[Hashable, Any]:
        keys = [_key(k) for k in index.tolist()]
        if len(set(keys)) < len(keys):
            twice = next(k for k in keys if keys.count(k) > 1)
            raise Wrong(
                f"Each {self.key} may occur once; {twice!r} occurs {keys.count(twice)} times."
            )
        return dict(zip(keys, map(_leaf, values.tolist()), strict=True))

    def outside(self, value: Columns) -> str:
        for column, entries in value.items():
            where = f" in column {column!r}" if column else ""
            for key, entry in entries.items():
                at = f"{self.key} {key!r}{where}"
                if self.labels and not (isinstance(entry, str) and entry in self.labels):
                    listed = ", ".join(map(repr, self.labels))
                    return (
                        f"The entries must be among {listed}; at {at} there is {_type_of(entry)}."
                    )
                if isinstance(entry, float) and math.isnan(entry):
                    if not self.missing:
                        return f"At {at} there is NaN (a missing value); every entry must have one."
                elif isinstance(entry, float) and not self.low - 1e-9 <= entry <= self.high + 1e-9:
                    return f"Every entry must be {self._number.asks()}; the one at {at} is outside."
        return ""

    def _differing(self, one: Columns, other: Columns) -> list[tuple[str, Hashable]]:
        return [
            (column, key)
            for column, entries in other.items()
            for key, entry in entries.items()
            if key in one.get(column, {}) and not self._same_entry(one[column][key], entry)
        ]

    def _same_entry(self, one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            if math.isnan(one) or math.isnan(other) or math.isinf(one) or math.isinf(other):
                return (math.isnan(one) and math.isnan(other)) or one == other
            return self._number.same(one, other)
        return type(one) is type(other) and bool(one == other)

    def same(self, one: Columns, other: Columns) -> bool:
        keys = [set(next(iter(x.values()), {})) for x in (one, other)]
        return keys[0] == keys[1] and not self._differing(one, other)

    def hint(self, value: Columns, expected: Columns) -> str:
        mine, theirs = (next(iter(x.values()), {}) for x in (value, expected))
        lacking = [k for k in theirs if k not in mine]
        extra = [k for k in mine if k not in theirs]
        differing = self._differing(value, expected)
        words = []
        if lacking:
            words.append(
                f"Missing: {len(lacking)} of {len(theirs)}, for instance {self.key} {lacking[0]!r}."
            )
        if extra:
            words.append(f"Too many: {len(extra)}, for instance {self.key} {extra[0]!r}.")
        if differing:
            total = sum(len(e) for e in expected.values())
            column, key = differing[0]
            where = f" (column {column!r})" if column else ""
            words.append(
                f"Not right yet: {len(differing)} of {total} entries, "
                f"for instance at {self.key} {key!r}{where}."
            )
            hints = set()
            for column, key in differing:
                pair = value[column][key], expected[column][key]
                numeric = all(isinstance(x, float) and math.isfinite(x) for x in pair)
                hints.add(self._number.hint(*pair) if numeric else "")
            if len(hints) == 1:  # all of them went wrong in the same way
                words.extend(h for h in hints if h)
        return " ".join(words)


def _key(key: Any) -> Hashable:
    """Keys compare as people read them: 1 and 1.0 are one customer, an interval is its text."""
    if isinstance(key, (tuple, list)):
        return tuple(_key(k) for k in key)
    if isinstance(key, float) and key.is_integer():
        return int(key)
    if isinstance(key, (bool, int, float, str, pd.Timestamp)):
        return key
    return str(key)


def _leaf(value: Any) -> Any:
    """An entry: every number is a float, every missing value NaN, text has no stray blanks."""
    if value is None or value is pd.NaT or value is pd.NA:
        return math.nan
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return float(value)
    return value.strip() if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Call:
    """What came of one call of the student's function."""

    value: Any = None  # what `returns.read` made of the result
    problem: str = ""  # why there is no value
    blank: bool = False
    changed: bool = False  # the function changed what it was given


@dataclass(frozen=True, kw_only=True)
class Function(Answer):
    """A function, judged by what it returns for the task's inputs.

    Parameters
    ----------
    returns : Answer
        What the function returns (`Number` unless said otherwise).
    parameters : sequence of str
        The parameters, in order; only used to say what is expected.
    pure : bool
        If true, a function that changes its arguments earns nothing; otherwise it is only told.
    own_code : bool
        If true, a function that calls cxedu's metrics earns nothing. It is noticed where the
        function runs, so this keeps honest people honest; it is no proof against a forger.

    Examples
    --------
    >>> Function(parameters=("margin", "retention")).asks()
    'a function of (margin, retention) that returns a number'
    """

    returns: Answer = field(default_factory=Number)
    parameters: Sequence[str] = ()
    pure: bool = False
    own_code: bool = False

    def asks(self) -> str:
        of = f" of ({', '.join(self.parameters)})" if self.parameters else ""
        return f"a function{of} that returns {self.returns.asks()}"

    def read(self, value: Any) -> list[Call]:
        if not isinstance(value, list) or not all(isinstance(c, Call) for c in value):
            raise Wrong(f"The task asks for {self.asks()}; your answer is {_type_of(value)}.")
        return value

    def outside(self, value: list[Call]) -> str:
        problems = [c.problem for c in value if c.problem]
        if problems:
            count = len(problems)
            often = "" if count == len(value) == 1 else f" (in {count} of {len(value)} calls)"
            return f"{problems[0]}{often}"
        if self.pure and any(c.changed for c in value):
            return "Your function changes what it is given; work on a copy instead."
        return next(filter(None, (self.returns.outside(c.value) for c in value)), "")

    def same(self, one: list[Call], other: list[Call]) -> bool:
        return len(one) == len(other) and all(
            self._same_call(a, b) for a, b in zip(one, other, strict=True)
        )

    def _same_call(self, one: Call, other: Call) -> bool:
        if one.problem or other.problem:
            return bool(one.problem) and one.problem == other.problem
        return self.returns.same(one.value, other.value)

    def right(self, value: list[Call], expected: list[Call]) -> list[bool]:
        return [self._same_call(a, b) for a, b in zip(value, expected, strict=True)]

    def hint(self, value: list[Call], expected: list[Call]) -> str:
        right = self.right(value, expected)
        words = [f"{sum(right)} of {len(right)} calls return what they should."]
        hints = {
            self.returns.hint(a.value, b.value)
            for a, b, ok in zip(value, expected, right, strict=True)
            if not ok and not a.problem and not b.problem
        }
        if len(hints) == 1:
            words.extend(h for h in hints if h)
        return " ".join(words)
