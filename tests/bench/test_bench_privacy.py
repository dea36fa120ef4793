"""Speed of `cxedu.privacy` on a million rows: `pytest tests/bench/test_bench_privacy.py -s`.

It prints the time and judges only the result: a second is the aim for each.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxedu import privacy

ROWS = 1_000_000


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    codes = np.array([str(code) for code in range(10_000, 90_000, 10)])
    return pd.DataFrame(
        {
            "postcode": codes[rng.integers(0, codes.size, ROWS)],
            "age": rng.integers(18, 90, ROWS),
            "sex": pd.Categorical(rng.choice(["f", "m"], ROWS)),
            "region": rng.choice(["north", "south", "east", "west"], ROWS),
            "need": rng.integers(0, 20, ROWS),
        }
    )


@pytest.fixture
def timed(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(label: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        result = function(*arguments, **named)
        with capsys.disabled():
            print(f"\n{label}, {ROWS:,} rows: {time.perf_counter() - start:.2f} s", end="")
        return result

    return run


@pytest.mark.parametrize(
    "names",
    [["age", "sex"], ["postcode", "age", "sex"], ["postcode", "age", "sex", "region", "need"]],
)
def test_k_anonymity(timed: Callable[..., Any], people: pd.DataFrame, names: list[str]) -> None:
    k = timed(f"k_anonymity of {', '.join(names)}", privacy.k_anonymity, people, names)
    assert k == people.groupby(names, observed=True, sort=False).size().min()


def test_l_diversity(timed: Callable[..., Any], people: pd.DataFrame) -> None:
    names = ["age", "sex", "region"]
    l_distinct = timed("l_diversity", privacy.l_diversity, people, names, "need")
    assert 1 <= l_distinct <= 20


def test_generalise(timed: Callable[..., Any], people: pd.DataFrame) -> None:
    coarse = timed("generalise by prefix", privacy.generalise, people["postcode"], prefix=2)
    assert coarse.nunique() == 80
