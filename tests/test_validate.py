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
