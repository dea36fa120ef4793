"""`cxedu.value`: published numbers, closed forms, properties that hold for any data, bad input."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cxedu import value

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

rates = st.floats(0, 1)
discounts = st.floats(0.01, 1)
euros = st.floats(-1e4, 1e4)
amounts = st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda x: max(x) > 1e-3)
profits = st.lists(euros, min_size=1, max_size=40).filter(lambda x: math.fsum(x) > 1)


# Lifetime value -------------------------------------------------------------------------------


def test_margin_multiple_of_gupta_and_lehmann() -> None:
    """Gupta and Lehmann (2005): 80 % retention at 12 % is 2.50; 90 % is 4.09, 60 % is 1.15."""
    assert value.margin_multiple([0.6, 0.7, 0.8, 0.9], 0.12).round(2).tolist() == [
        1.15,
        1.67,
        2.5,
        4.09,
    ]
    assert value.margin_multiple(0.8, 0.12) == pytest.approx(2.5, rel=1e-12)


def by_hand(m: float, r: float, i: float, n: int, first: str, g: float = 0.0) -> float:
    """The sum, term by term: `lost` renewals must have succeeded and `wait` periods have passed."""
    lost, wait = {"end": (1, 1), "now": (0, 0), "assured": (0, 1)}[first]
    return math.fsum(m * (1 + g) ** k * r ** (k + lost) / (1 + i) ** (k + wait) for k in range(n))


@pytest.mark.parametrize("first", value.FIRST_MARGIN)
@quick
@given(m=euros, r=rates, i=st.floats(0, 1), g=st.floats(-0.5, 0.5), n=st.integers(1, 40))
def test_lifetime_value_is_the_sum_of_its_terms(
    first: str, m: float, r: float, i: float, g: float, n: int
) -> None:
    got = value.lifetime_value(m, r, i, horizon=n, first_margin=first, growth=g)
    assert got == pytest.approx(by_hand(m, r, i, n, first, g), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("first", value.FIRST_MARGIN)
@quick
@given(m=euros, r=st.floats(0, 0.95), i=discounts)
def test_a_long_horizon_comes_to_the_infinite_one(first: str, m: float, r: float, i: float) -> None:
    for_ever = value.lifetime_value(m, r, i, first_margin=first)
    long = value.lifetime_value(m, r, i, horizon=5000, first_margin=first)
    assert for_ever == pytest.approx(long, rel=1e-9, abs=1e-9)
    assert for_ever == pytest.approx(m * value.margin_multiple(r, i, first), rel=1e-12)


@quick
@given(r=st.floats(0.01, 1), i=discounts)
def test_the_three_conventions_differ_by_known_factors(r: float, i: float) -> None:
    end, now, assured = (value.margin_multiple(r, i, first) for first in ("end", "now", "assured"))
    assert now == pytest.approx(1 + end)
    assert now == pytest.approx(end * (1 + i) / r)
    assert assured == pytest.approx(end / r)


@quick
@given(r=st.floats(0.01, 0.9), i=discounts, step=st.floats(0.001, 0.1))
def test_value_rises_with_retention_and_falls_with_discount(
    r: float, i: float, step: float
) -> None:
    base = value.lifetime_value(100, r, i)
    assert value.lifetime_value(100, r + step, i) > base
    assert value.lifetime_value(100, r, i + step) < base
    assert value.lifetime_value(100, r, i, horizon=3) < base


def test_edges_of_lifetime_value() -> None:
    assert value.lifetime_value(100, 1, 0, horizon=7) == 700  # nobody leaves, nothing discounted
    assert value.lifetime_value(100, 0, 0.1) == 0
    assert value.lifetime_value(100, 0, 0.1, first_margin="now") == 100
    assert value.lifetime_value(100, 1, 0.1) == pytest.approx(1000)  # a perpetuity
    # retention and discount so close to 1 and 0 that a naive 1 − q would lose all digits
    assert value.lifetime_value(1, 1 - 1e-9, 0, horizon=10, first_margin="now") == pytest.approx(
        10 - 45e-9, rel=1e-12
    )


def test_growth_as_in_gupta_and_lehmann() -> None:
    """r / (1 + i − r(1 + g)), and growth may be as fast as the sum still converges."""
    assert value.margin_multiple(0.8, 0.12, growth=0.05) == pytest.approx(0.8 / (1.12 - 0.84))
    with pytest.raises(ValueError, match=r"retention is 0.9, growth 0.25, discount 0.1"):
        value.margin_multiple([0.5, 0.9], 0.1, growth=0.25)


def test_what_goes_in_comes_out() -> None:
    assert isinstance(value.lifetime_value(100, 0.8, 0.1), float)
    grid = value.lifetime_value(100, np.linspace(0.1, 0.9, 9)[:, None], np.array([0.1, 0.2]))
    assert grid.shape == (9, 2)
    customers = pd.DataFrame({"m": [10, 20], "r": [0.5, 0.9]}, index=[7, 3])
    got = value.lifetime_value(customers["m"], customers["r"], 0.1)
    assert got.index.tolist() == [7, 3]
    assert got.tolist() == value.lifetime_value([10, 20], [0.5, 0.9], 0.1).tolist()
    horizons = value.lifetime_value(100, 0.8, 0.1, horizon=[1, 2, 3])
    assert (np.diff(horizons) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"retention": 1.2}, r"retention is 1.2; .* at least 0 and at most 1"),
        ({"retention": 80}, "retention is 80"),
        ({"discount": -0.1}, "discount is -0.1; .* at least 0"),
        ({"margin": math.nan}, "margin is nan"),
        ({"margin": "ten"}, "margin is 'ten'"),
        ({"margin": [1, math.nan]}, r"margin\[1\] is nan"),
        ({"margin": [1, 2], "retention": [0.5, 0.6, 0.7]}, "shapes do not fit: margin has"),
        ({"horizon": 0}, "horizon is 0"),
        ({"horizon": 2.5}, "horizon is 2.5; .* whole number"),
        ({"first_margin": "start"}, "first_margin is 'start'; it must be one of 'end', 'now'"),
        ({"growth": -1}, "growth is -1"),
        ({"growth": 9, "horizon": 400}, "overflows"),
        ({"retention": 1, "discount": 0}, r"retention × \(1 \+ growth\) must be below"),
    ],
)
def test_bad_input_of_lifetime_value(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value.lifetime_value(**({"margin": 100, "retention": 0.8, "discount": 0.1} | arguments))


def test_series_with_other_rows_are_not_mixed() -> None:
    a, b = pd.Series([1.0, 2.0], index=[1, 2]), pd.Series([0.5, 0.6], index=[2, 1])
    with pytest.raises(ValueError, match="rows of retention are not those of margin"):
        value.lifetime_value(a, b, 0.1)


# The base -------------------------------------------------------------------------------------


def test_customer_equity_of_constant_cohorts_is_a_perpetuity() -> None:
    cohorts = np.full(2000, 5.0)
    got = value.customer_equity(
        [100, 200], cohorts, new_value=80, discount=0.1, acquisition_cost=30
    )
    assert got == pytest.approx(300 + 5 * (80 - 30) / 0.1)


def test_customer_equity_by_hand() -> None:
    got = value.customer_equity(1000, [10, 20], [50, 60], 0.25, [10, 0])
    assert got == pytest.approx(1000 + 10 * 40 / 1.25 + 20 * 60 / 1.25**2)
    assert value.customer_equity([], [10], 5, 0.0) == 50
    assert value.customer_equity(pd.Series([5.0, -2.0], index=[9, 8])) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"present": [math.nan]}, r"present\[0\] is nan"),
        ({"new_customers": [-1]}, r"new_customers\[0\] is -1"),
        ({"new_customers": [1, 2], "new_value": [1, 2, 3]}, "new_value has 3 values and new_cu"),
        ({"acquisition_cost": -5}, "acquisition_cost"),
        ({"discount": -0.1}, "discount is -0.1"),
    ],
)
def test_bad_input_of_customer_equity(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value.customer_equity(**({"present": [1.0]} | arguments))


def test_return_on_customer() -> None:
    assert value.return_on_customer(50, 500, 500) == 0.1
    assert value.return_on_customer(20, 400, 500) == pytest.approx(
        0.3
    )  # ÷ equity before, not after
    assert value.return_on_customer([50, 50], 500, [500, 450]).tolist() == [0.1, 0.0]
    for start in (0, -100):
        with pytest.raises(ValueError, match=r"equity_start is .* greater than 0"):
            value.return_on_customer(1, start, 1)


@quick
@given(start=st.floats(1, 1e6), i=st.floats(0, 0.5))
def test_a_base_that_only_ages_returns_the_discount_rate(start: float, i: float) -> None:
    """Equity that pays out what it earns and comes true as expected yields i: the yardstick of ROC."""
    assert value.return_on_customer(i * start, start, start) == pytest.approx(i, abs=1e-12)


def test_share_of_customer() -> None:
    got = value.share_of_customer(pd.Series([0, 20, 0], index=list("abc")), [10, 20, 0])
    assert got["a"] == 0
    assert got["b"] == 1
    assert math.isnan(got["c"])
    with pytest.raises(ValueError, match=r"spend_with_us\[1\] is 30, more than spend_total 20"):
        value.share_of_customer([1, 30], [10, 20])
    with pytest.raises(ValueError, match="spend_with_us is -1"):
        value.share_of_customer(-1, 20)


# Tiers ----------------------------------------------------------------------------------------

pairs = st.lists(st.tuples(euros, st.floats(0, 1e4)), min_size=1, max_size=40)


@quick
@given(pairs=pairs, a=rates, u=rates)
def test_tiers_partition_the_customers(pairs: list, a: float, u: float) -> None:
    actual = np.array([x for x, _ in pairs])
    potential = actual + np.array([y for _, y in pairs])
    tiers = value.value_tiers(actual, potential, a, u)
    assert list(tiers.categories) == list(value.TIERS)
    assert len(tiers) == len(pairs)
    assert not tiers.isna().any()
    np.testing.assert_array_equal(np.asarray(tiers) == "below zero", potential < 0)
    shuffled = np.random.default_rng(0).permutation(len(pairs))
    again = value.value_tiers(actual[shuffled], potential[shuffled], a, u)
    assert np.asarray(again).tolist() == np.asarray(tiers)[shuffled].tolist()


def test_tiers_at_the_cut_offs() -> None:
    """Exactly at the cut-off is not high; a loss that could turn into a gain is not below zero."""
    got = value.value_tiers([100, 101, 100, -5, -5], [150, 151, 151, 3, -1], 100, 50, cut="value")
    assert got.tolist() == [
        "low-maintenance",
        "most valuable",
        "most growable",
        "low-maintenance",
        "below zero",
    ]
    assert value.value_tiers([5], [9], 10, 10, "value", floor=10).tolist() == ["below zero"]


def test_tiers_with_many_equal_values() -> None:
    """Where 90 % have no unrealised value, those are not "high" because a quantile is 0."""
    got = value.value_tiers(np.arange(10.0), np.arange(10.0) + np.eye(10)[0] * 50)
    assert got[0] == "most growable"
    assert (got == "most growable").sum() == 1
    alike = value.value_tiers([7.0] * 5, [9.0] * 5)
    assert set(alike) == {"low-maintenance"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"potential": [5, 1]}, r"potential\[1\] is 1, below actual\[1\] 2; .* np.maximum"),
        ({"potential": [5]}, "lengths differ"),
        ({"actual_cut": 80}, "actual_cut is 80; .* at most 1"),
        ({"cut": "percent"}, "cut is 'percent'; it must be one of 'quantile', 'value'"),
        ({"actual": [1, math.inf]}, r"actual\[1\] is inf"),
    ],
)
def test_bad_input_of_value_tiers(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        value.value_tiers(**({"actual": [1, 2], "potential": [3, 4]} | arguments))


# Inequality -----------------------------------------------------------------------------------


def grid(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n


@pytest.mark.parametrize(
    ("values", "closed_form", "within"),
    [
        (grid(200_000), 1 / 3, 1e-9),  # uniform on 0 to 1
        (-np.log1p(-grid(200_000)), 1 / 2, 1e-4),  # exponential
        ((1 - grid(200_000)) ** (-1 / 3), 1 / 5, 1e-4),  # Pareto, α = 3
        ((1 - grid(200_000)) ** (-1 / 2.5), 1 / 4, 5e-4),  # Pareto, α = 2.5
    ],
)
def test_gini_of_known_distributions(values: np.ndarray, closed_form: float, within: float) -> None:
    assert value.gini(values) == pytest.approx(closed_form, abs=within)


@quick
@given(x=amounts)
def test_gini_is_the_mean_difference_over_twice_the_mean(x: list) -> None:
    values = np.array(x)
    slow = np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean())
    assert value.gini(values) == pytest.approx(slow, abs=1e-9)


@quick
@given(x=amounts, factor=st.floats(1e-3, 1e3))
def test_gini_knows_neither_unit_nor_order(x: list, factor: float) -> None:
    g = value.gini(x)
    assert 0 <= g <= 1 - 1 / len(x) + 1e-12
    assert value.gini(np.array(x) * factor) == pytest.approx(g, abs=1e-9)
    assert value.gini(x[::-1]) == pytest.approx(g, abs=1e-12)
    assert value.gini(x + x) == pytest.approx(g, abs=1e-9)  # nor the size of the population


@quick
@given(x=amounts)
def test_lorenz_is_convex_and_below_the_diagonal(x: list) -> None:
    curve = value.lorenz(x)
    p, share = curve["share_of_customers"].to_numpy(), curve["share_of_value"].to_numpy()
    assert (p[0], share[0], p[-1], share[-1]) == (0, 0, 1, 1)
    assert (share <= p + 1e-12).all()
    assert (np.diff(share, n=2) >= -1e-12).all()
    area = np.trapezoid(share, p)
    assert value.gini(x) == pytest.approx(1 - 2 * area, abs=1e-9)


def test_huge_values_do_not_overflow() -> None:
    assert value.gini([1e100, 1e100, 1e100]) == pytest.approx(0)
    assert value.lorenz([1e100, 1e100])["share_of_value"].tolist() == [0, 0.5, 1]
    with pytest.raises(ValueError, match=r"values\[0\] is 1e\+308; .* not larger than 1e\+100"):
        value.gini([1e308, 1e308])


@pytest.mark.parametrize("function", [value.gini, value.lorenz, value.top_share])
def test_bad_input_of_inequality(function) -> None:
    with pytest.raises(ValueError, match=r"values\[1\] is -2; .* use whale_curve"):
        function([1, -2])
    with pytest.raises(ValueError, match="all values are 0"):
        function([0, 0])
    with pytest.raises(ValueError, match="values is empty"):
        function([])
    with pytest.raises(ValueError, match=r"values\[0\] is nan"):
        function([math.nan])


def test_top_share() -> None:
    pareto = (1 - grid(200_000)) ** (-1 / 1.5)
    # Lorenz of a Pareto: the top p hold p^(1 − 1/α)
    assert value.top_share(pareto, 0.2) == pytest.approx(0.2 ** (1 / 3), abs=0.01)
    assert value.top_share([1, 1, 1], 0.5) == pytest.approx(0.5)
    assert value.top_share([1, 2, 3], 0) == pytest.approx(0)
    assert value.top_share([1, 2, 3], 1) == 1
    with pytest.raises(ValueError, match=r"top is 20; .* at most 1"):
        value.top_share([1, 2], 20)


@quick
@given(x=profits)
def test_whale_curve_ends_at_one_and_peaks_at_the_gains(x: list) -> None:
    curve = value.whale_curve(x)
    assert curve["share_of_profit"].iloc[-1] == 1
    assert curve["share_of_customers"].iloc[-1] == 1
    assert curve.iloc[0].tolist() == [0, 0, 0, 0]
    assert (np.diff(curve["profit"].to_numpy()[1:]) <= 0).all()
    gains = sum(v for v in x if v > 0)
    assert curve["cumulative"].max() == pytest.approx(gains, rel=1e-9)


def test_whale_curve_needs_a_profit() -> None:
    with pytest.raises(ValueError, match="profit sums to -1 €"):
        value.whale_curve([1, -2])
    with pytest.raises(ValueError, match=r"profit\[0\] is nan"):
        value.whale_curve([math.nan, 1])


@quick
@given(x=st.lists(st.floats(0.01, 1e4), min_size=10, max_size=60))
def test_deciles_hold_everybody_once(x: list) -> None:
    table = value.decile_table(x)
    assert table.index.tolist() == list(range(1, 11))
    assert table["customers"].sum() == len(x)
    assert table["customers"].max() - table["customers"].min() <= 1
    assert table["total"].sum() == pytest.approx(sum(x))
    assert table["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert (table["mean"].diff().dropna() <= 1e-9).all()


def test_bad_input_of_deciles() -> None:
    with pytest.raises(ValueError, match="values has 3 customers; 10 groups need at least 10"):
        value.decile_table([1, 2, 3])
    with pytest.raises(ValueError, match="values sum to -1"):
        value.decile_table([1, -2], groups=2)
    with pytest.raises(ValueError, match=r"groups is 1; .* at least 2"):
        value.decile_table([1, 2], groups=1)


def test_hill_on_a_pareto() -> None:
    pareto = 10 * (1 - grid(100_000)) ** (-1 / 1.8)
    assert value.hill_exponent(pareto, 10) == pytest.approx(1.8, rel=1e-4)
    # A Pareto cut off anywhere is the same Pareto.
    assert value.hill_exponent(pareto, 50) == pytest.approx(1.8, rel=1e-2)
    # every value is e times the minimum: Σ ln = n, so α = 1
    assert value.hill_exponent([math.e, math.e], 1) == pytest.approx(1)
    rng = np.random.default_rng(1)
    drawn = (1 - rng.random(20_000)) ** (-1 / 2.2)
    assert abs(value.hill_exponent(drawn, 1) - 2.2) < 3 * 2.2 / math.sqrt(20_000)


def test_tails_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    pareto, exponential = (1 - rng.random(5000)) ** (-1 / 1.5), 1 + rng.exponential(3, 5000)
    assert value.tail_fits(pareto, 1)["log_likelihood"].idxmax() == "power law"
    fits = value.tail_fits(exponential, 1)
    assert fits["log_likelihood"].idxmax() == "exponential"
    rate = fits.loc["exponential"]
    assert abs(rate["parameter"] - 1 / 3) < 4 * rate["standard_error"]
    assert fits["customers"].tolist() == [5000, 5000]


def test_log_likelihoods_of_the_tails() -> None:
    from scipy import stats

    x = np.array([2.0, 3.0, 5.0, 11.0])
    fits = value.tail_fits(x, 2)
    alpha, rate = fits["parameter"]
    assert fits.loc["power law", "log_likelihood"] == pytest.approx(
        stats.pareto(alpha, scale=2).logpdf(x).sum()
    )
    assert fits.loc["exponential", "log_likelihood"] == pytest.approx(
        stats.expon(2, 1 / rate).logpdf(x).sum()
    )


def test_bad_input_of_tails() -> None:
    for function in (value.hill_exponent, value.tail_fits):
        with pytest.raises(ValueError, match=r"minimum is 0; .* greater than 0"):
            function([1, 2], 0)
        with pytest.raises(ValueError, match="at least two values must reach it"):
            function([1, 2], 1.5)
        with pytest.raises(ValueError, match="one exceed it"):
            function([1, 1], 1)


# RFM ------------------------------------------------------------------------------------------


def orders(n: int = 400, customers: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    return pd.DataFrame(
        {
            "customer_id": rng.integers(1, customers + 1, n),
            "date": pd.Timestamp("2024-01-01") + days,
            "revenue": rng.gamma(2, 40, n).round(2),
        }
    )


def test_rfm_by_hand() -> None:
    table = orders()
    got = value.rfm(table, "2025-06-30")
    past = table[table["date"] <= "2025-06-30"]
    assert got.index.tolist() == sorted(past["customer_id"].unique())
    for customer, own in past.groupby("customer_id"):
        row = got.loc[customer]
        assert row["recency_days"] == (pd.Timestamp("2025-06-30") - own["date"].max()).days
        assert row["frequency"] == len(own)
        assert row["monetary"] == pytest.approx(own["revenue"].sum())
    for column, score, sign in (
        ("recency_days", "r", -1),
        ("frequency", "f", 1),
        ("monetary", "m", 1),
    ):
        worse = [(sign * got[column] < sign * x).mean() for x in got[column]]
        assert got[score].tolist() == [1 + math.floor(5 * w + 1e-12) for w in worse]
    assert got["rfm"].tolist() == [f"{r}{f}{m}" for r, f, m in got[["r", "f", "m"]].to_numpy()]


def test_rfm_scores_are_fifths_without_ties_and_equal_with_ties() -> None:
    table = pd.DataFrame(
        {
            "customer_id": range(100),
            "date": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(100), unit="D"),
            "revenue": np.arange(100) + 1.0,
        }
    )
    got = value.rfm(table, "2025-12-31")
    assert got["r"].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    assert got["m"].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    assert got["f"].eq(1).all()  # all bought once: nobody is strictly worse than anybody
    assert got.loc[99, "rfm"] == "515"


def test_rfm_ignores_order_of_rows_and_the_future() -> None:
    table = orders()
    got = value.rfm(table, "2025-06-30")
    pd.testing.assert_frame_equal(
        got, value.rfm(table.sample(frac=1, random_state=1), "2025-06-30")
    )
    early = table[table["date"] <= "2025-06-30"]
    pd.testing.assert_frame_equal(got, value.rfm(early, "2025-06-30"))


def test_rfm_takes_the_whole_last_day_margin_and_categories() -> None:
    table = pd.DataFrame(
        {
            "customer_id": pd.Categorical(["a", "b"], categories=["a", "b", "never"]),
            "date": pd.to_datetime(["2025-01-02 18:30", "2025-01-01 09:00"]),
            "margin": [10.0, -2.0],
        }
    )
    got = value.rfm(table, "2025-01-02", value="margin")
    assert got.index.tolist() == ["a", "b"]
    assert got["recency_days"].tolist() == [0, 1]
    assert got["monetary"].tolist() == [10, -2]


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"as_of": "2020-01-01"}, "no transaction is on or before as_of 2020-01-01"),
        ({}, {"as_of": "soon"}, "as_of is 'soon'"),
        ({}, {"as_of": None}, "as_of is None"),
        ({}, {"as_of": pd.Timestamp("2025-01-01", tz="UTC")}, "time zone"),
        ({}, {"bins": 10}, "bins is 10; .* at most 9"),
        ({}, {"value": "margin"}, "transactions lacks the column 'margin'"),
        ({"revenue": math.nan}, {}, r"transactions\['revenue'\]\[0\] is nan"),
        ({"date": pd.NaT}, {}, "transactions has no date in row 0"),
        ({"customer_id": None}, {}, "transactions has no customer_id in row 0"),
    ],
)
def test_bad_input_of_rfm(change: dict, arguments: dict, message: str) -> None:
    table = orders(20).assign(**change)
    with pytest.raises(ValueError, match=message):
        value.rfm(table, **({"as_of": "2025-12-31"} | arguments))


def test_rfm_of_nothing() -> None:
    with pytest.raises(ValueError, match="transactions has no rows"):
        value.rfm(orders().iloc[:0], "2025-12-31")
    with pytest.raises(ValueError, match="transactions is a list"):
        value.rfm([], "2025-12-31")


# Referrals ------------------------------------------------------------------------------------


def test_referral_value_by_hand() -> None:
    got = value.referral_value(
        margin=[100, 60, 80],
        acquisition_saving=[20, 20, 10],
        would_have_joined=[False, True, False],
        period=[0, 1, 2],
        discount=0.1,
        reward=5,
    )
    assert got == pytest.approx((100 + 20 - 5) + (20 - 5) / 1.1 + (80 + 10 - 5) / 1.21)


@quick
@given(margin=euros, saving=st.floats(0, 100), p=rates)
def test_a_probability_mixes_the_two_cases(margin: float, saving: float, p: float) -> None:
    sure, anyway = (value.referral_value(margin, saving, w) for w in (False, True))
    assert anyway == saving
    assert value.referral_value(margin, saving, p) == pytest.approx(
        (1 - p) * sure + p * anyway, abs=1e-9
    )


def test_referral_value_per_referrer() -> None:
    referred = pd.DataFrame(
        {"by": ["eva", "tom", "eva"], "margin": [10.0, 20.0, 30.0], "anyway": [True, False, False]}
    )
    got = value.referral_value(referred["margin"], 5, referred["anyway"], referrer=referred["by"])
    assert got.to_dict() == {"eva": 5 + 35, "tom": 25}
    assert value.referral_value(10, 5, False, referrer=["eva", "eva"]).to_dict() == {"eva": 30}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"would_have_joined": 2}, "would_have_joined is 2; .* at most 1"),
        ({"would_have_joined": "no"}, "would_have_joined"),
        ({"acquisition_saving": -1}, "acquisition_saving is -1"),
        ({"period": -1}, "period is -1"),
        ({"margin": [1, 2], "reward": [1, 2, 3]}, "shapes do not fit: margin has"),
        ({"margin": [1, 2], "referrer": ["eva", "tom", "ann"]}, "shapes do not fit"),
        ({"referrer": [None]}, r"referrer\[0\] is missing"),
    ],
)
def test_bad_input_of_referral_value(arguments: dict, message: str) -> None:
    base = {"margin": 100, "acquisition_saving": 10, "would_have_joined": False}
    with pytest.raises(ValueError, match=message):
        value.referral_value(**(base | arguments))


def test_every_public_name_is_documented() -> None:
    functions = [getattr(value, name) for name in value.__all__ if callable(getattr(value, name))]
    for function in functions:
        for section in ("Parameters", "Returns", "Raises", "Examples"):
            assert section in function.__doc__, (function.__name__, section)


@quick
@given(x=profits)
def test_input_is_never_changed(x: list) -> None:
    assume(len(x) > 1)
    array = np.array(x)
    before = array.copy()
    value.whale_curve(array)
    value.decile_table(array, groups=2)
    np.testing.assert_array_equal(array, before)
