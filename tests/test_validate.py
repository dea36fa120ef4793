"""The rules for bad input: every message names the parameter, the value and the rule."""

import numpy as np
import pandas as pd
import pytest

from cxedu import validate


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: validate.number("rate", "0.5"), "rate is '0.5'; it must be a number"),
        (lambda: validate.number("rate", True), "rate is True"),
        (lambda: validate.number("rate", np.nan, 0), "rate is nan; it must be a number at least 0"),
        (lambda: validate.number("rate", 0, 0, low_open=True), "rate is 0; .* greater than 0"),
        (lambda: validate.whole("n", 2.5, 1), "n is 2.5; it must be a whole number at least 1"),
        (lambda: validate.whole("n", np.timedelta64(1, "D"), 1), "n is .*; it must be a whole"),
        (lambda: validate.vector("x", []), "x is empty"),
        (lambda: validate.vector("x", [1, -1], 0), r"x\[1\] is -1; every value must be"),
        (lambda: validate.vector("x", [[1], [2]]), r"x has shape \(2, 1\)"),
        (lambda: validate.vector("x", ["a"]), r"x is \['a'\]; it must hold numbers only"),
        (lambda: validate.vector("x", [1, 2], size=3), "x has 2 values; it must have 3"),
        (lambda: validate.frame("t", [1]), "t is a list; it must be a pandas DataFrame"),
        (lambda: validate.frame("t", pd.DataFrame({"a": []}), ["a"]), "t has no rows"),
        (lambda: validate.generator("rng", None), "rng is None; it must be a numpy.random"),
        (lambda: validate.generator("rng", -1), "rng is -1"),
        (lambda: validate.generator("rng", np.timedelta64(1, "D")), "rng is "),
        (lambda: validate.number("cost", 1e101), "cost is 1e.101; .* not larger than 1e.100"),
        (lambda: validate.vector("cost", [1, -1e308]), r"cost\[1\] is .*, not larger than"),
        (lambda: validate.number("n", 1e-308, 0, low_open=True), "n is .*, not smaller than"),
        (lambda: validate.number("rate", np.array(1j)), "rate is array"),
        (lambda: validate.whole("n", 10**30), "n is 1.* at least 0 and at most 1,000,000,000"),
        (lambda: validate.whole("n", -1), "n is -1; it must be a whole number at least 0[.]"),
        (lambda: validate.flag("paired", 1), "paired is 1; it must be True or False"),
        (lambda: validate.column("by", ["a"]), r"by is \['a'\]; it must be the name of a column"),
        (lambda: validate.listed("steps", "pay"), "steps is 'pay'; it must be a list of names"),
        (lambda: validate.listed("steps", np.array("a")), "steps is .*; it must be a list"),
        (lambda: validate.labels("id", pd.Series([1, ["a"]])), "id must hold labels of one kind"),
        (lambda: validate.frame("t", pd.DataFrame([[1, 2]], columns=["a", "a"])), "'a' twice"),
        (
            lambda: validate.frame(
                "t", pd.DataFrame([[1]], columns=pd.Index([["a"]], dtype=object))
            ),
            "t has a list for a column's name",
        ),
        (lambda: validate.frame("t", pd.DataFrame({"a": [1]}), [["a"]]), "t can't have a column"),
    ],
)
def test_message(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_right_comes_back() -> None:
    assert validate.number("rate", np.float32(0.5), 0, 1) == 0.5
    assert validate.whole("n", 3.0) == 3
    assert validate.vector("x", pd.Series([1, 2])).tolist() == [1.0, 2.0]
    assert validate.generator("rng", 7).random() == np.random.default_rng(7).random()
    assert validate.number("n", 0, 0) == 0
    assert validate.number("cost", 1e100) == 1e100
    assert validate.flag("paired", np.True_) is True
    assert validate.listed("steps", pd.Index(["a", "b"])) == ["a", "b"]
    assert np.isnan(validate.floats([[1, None]])).tolist() == [[False, True]]
    assert validate.dates(pd.Series(["2025-12-29"]))[0] == pd.Timestamp("2025-12-29")


@pytest.mark.parametrize("values", [["a"], [1j], [10**400], [[1], [2, 3]], pd.Series([1j])])
def test_what_is_no_number_is_a_type_error(values: object) -> None:
    with pytest.raises(TypeError):
        validate.floats(values)


@pytest.mark.parametrize(
    "values", [[1, 2], ["2025-12-29", 1], ["-1"], ["someday"], [1e308], ["2025-13-45"]]
)
def test_what_is_no_date_is_a_type_error(values: list) -> None:
    with pytest.raises(TypeError):
        validate.dates(pd.Series(values))
