"""Speed of `cxedu.value` on a million rows. Run by `make bench`, not by `make test`."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxedu import value

ROWS = 1_000_000


@pytest.fixture(scope="module")
def transactions() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = rng.integers(0, 1456, ROWS).astype("timedelta64[D]").astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "customer_id": rng.integers(1, 200_001, ROWS),
            "date": np.datetime64("2022-01-03", "s") + days,
            "revenue": rng.gamma(2, 40, ROWS),
        }
    )


def test_rfm(benchmark: Any, transactions: pd.DataFrame) -> None:
    """At most a second for a million orders of 200,000 customers."""
    table = benchmark.pedantic(value.rfm, (transactions, "2025-12-29"), rounds=3)
    assert len(table) > 190_000
    if not benchmark.disabled:
        assert benchmark.stats["min"] <= 1.0


@pytest.mark.parametrize(
    "function", [value.gini, value.lorenz, value.whale_curve, value.decile_table]
)
def test_one_sort(benchmark: Any, function: Any) -> None:
    """Inequality of a million customers costs about a sort."""
    profit = np.random.default_rng(2).gamma(0.5, 100, ROWS)
    benchmark.pedantic(function, (profit,), rounds=3)
    if not benchmark.disabled:
        assert benchmark.stats["min"] <= 1.0


def test_lifetime_value(benchmark: Any) -> None:
    rng = np.random.default_rng(3)
    margin, retention = rng.gamma(2, 50, ROWS), rng.beta(8, 2, ROWS)
    benchmark.pedantic(value.lifetime_value, (margin, retention, 0.1), rounds=3)
