"""`cxedu.loyalty`: textbook numbers, closed forms, properties that hold for any data, bad input."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from cxedu import loyalty, value
from cxedu.loyalty import TreatmentProfit

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
rates = st.floats(0, 1)
units = st.sampled_from(list(loyalty.PERIODS_PER_YEAR))


# Rates ----------------------------------------------------------------------------------------


@quick
@given(start=st.integers(1, 10**6), share=rates)
def test_retention_and_churn_make_one(start: int, share: float) -> None:
    kept = math.floor(share * start)
    assert loyalty.retention_rate(start, kept) + loyalty.churn_rate(start, kept) == pytest.approx(1)


def test_rates_of_series_keep_their_index() -> None:
    table = pd.DataFrame({"start": [100, 50], "kept": [90, 50]}, index=["north", "south"])
    assert loyalty.retention_rate(**table).to_dict() == {"north": 0.9, "south": 1.0}
    assert loyalty.churn_rate(**table).round(9).to_dict() == {"north": 0.1, "south": 0.0}


@pytest.mark.parametrize(
    ("start", "kept", "message"),
    [
        (0, 0, "start is 0; .* greater than 0"),
        (10, 11, "kept is 11, more than start 10; count only those of the start"),
        ([10, 10], [5, 12], r"kept\[1\] is 12, more than start 10"),
        (10, -1, "kept is -1"),
        (math.nan, 1, "start is nan"),
        ([1, 2], [1, 2, 3], "shapes do not fit"),
        ("many", 1, "start is 'many'"),
        (pd.Series([5], index=[1]), pd.Series([5], index=[2]), "rows of kept are not those of"),
        ([], [], "start is empty"),
    ],
)
def test_bad_input_of_rates(start: object, kept: object, message: str) -> None:
    for function in (loyalty.retention_rate, loyalty.churn_rate):
        with pytest.raises(ValueError, match=message):
            function(start, kept)


@quick
@given(r=st.floats(0.5, 1), per=units, to=units, via=units)
def test_conversion_goes_there_and_back_and_by_any_way(
    r: float, per: str, to: str, via: str
) -> None:
    assert loyalty.convert_retention(r, per, per) == r
    assume(per != "Y" or r > 0.9)
    direct = loyalty.convert_retention(r, per, to)
    assume(direct > 1e-200)
    assert loyalty.convert_retention(direct, to, per) == pytest.approx(r, abs=1e-9)
    around = loyalty.convert_retention(loyalty.convert_retention(r, per, via), via, to)
    assert around == pytest.approx(direct, rel=1e-6, abs=1e-12)


@quick
@given(c=rates, per=units, to=units)
def test_converted_churn_is_one_minus_converted_retention(c: float, per: str, to: str) -> None:
    got = loyalty.convert_churn(c, per, to)
    assert 0 <= got <= 1
    assert got == pytest.approx(1 - loyalty.convert_retention(1 - c, per, to), abs=1e-9)


def test_twelve_months_are_a_year() -> None:
    assert loyalty.convert_retention(0.9, "M", "Y") == pytest.approx(0.9**12, rel=1e-12)
    assert loyalty.convert_retention(0.9, "W", "D") == pytest.approx(0.9 ** (1 / 7), rel=1e-12)
    assert loyalty.convert_churn(0.1, "M", "Q") == pytest.approx(0.271, rel=1e-12)
    assert loyalty.convert_churn([0, 1], "M", "Y").tolist() == [0, 1]
    # so small a rate that 1 − (1 − c) would lose its digits
    assert loyalty.convert_churn(1e-12, "D", "W") == pytest.approx(7e-12, rel=1e-9)


def test_bad_input_of_conversions() -> None:
    for function in (loyalty.convert_retention, loyalty.convert_churn):
        with pytest.raises(ValueError, match=r"rate is 98; .* at most 1"):
            function(98, "M", "Y")
        with pytest.raises(ValueError, match="per is 'month'; it must be one of 'D', 'W', 'M'"):
            function(0.9, "month", "Y")
        with pytest.raises(ValueError, match="to is None; it must be one of"):
            function(0.9, "M", None)


# Lifetime and elasticity ----------------------------------------------------------------------


@quick
@given(r=st.floats(0, 0.99))
def test_lifetime_is_the_mean_of_a_geometric(r: float) -> None:
    now = loyalty.expected_lifetime(r)
    k = np.arange(1, 4000)
    assert now == pytest.approx(float(k @ stats.geom.pmf(k, 1 - r)), rel=1e-9)
    assert loyalty.expected_lifetime(r, count_current=False) == pytest.approx(now - 1, abs=1e-9)
    # undiscounted lifetime value at 1 € is the lifetime
    assert now == pytest.approx(value.lifetime_value(1, r, 0, first_margin="now"), rel=1e-9)


def test_halving_defections_doubles_the_lifetime() -> None:
    """Reichheld and Sasser (1990): a defection rate of 10 % is ten years, of 5 % twenty."""
    assert loyalty.expected_lifetime([0.9, 0.95]).round(9).tolist() == [10, 20]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"retention": 1}, "retention is 1; .* less than 1"),
        ({"retention": -0.1}, "retention is -0.1"),
        ({"retention": [0.5, math.nan]}, r"retention\[1\] is nan"),
        ({"retention": 0.5, "count_current": "yes"}, "count_current is 'yes'"),
    ],
)
def test_bad_input_of_lifetime(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.expected_lifetime(**arguments)


@pytest.mark.parametrize("first", value.FIRST_MARGIN)
@pytest.mark.parametrize("horizon", [None, 1, 2, 10])
@quick
@given(r=st.floats(0.05, 0.95), i=st.floats(0.01, 0.5), g=st.floats(-0.2, 0.01))
def test_elasticity_is_the_derivative(
    first: str, horizon: int | None, r: float, i: float, g: float
) -> None:
    def log_value(x: float) -> float:
        return math.log(value.lifetime_value(1, x, i, horizon, first, g))

    h = 1e-5
    assume(r * (1 + h) <= 1)
    numeric = (log_value(r * math.exp(h)) - log_value(r * math.exp(-h))) / (2 * h)
    got = loyalty.retention_elasticity(r, i, horizon, first, g)
    assert got == pytest.approx(numeric, rel=1e-5, abs=1e-6)


def test_elasticity_is_one_plus_the_margin_multiple() -> None:
    r = np.array([0.6, 0.7, 0.8, 0.9])
    got = loyalty.retention_elasticity(r, 0.12)
    np.testing.assert_allclose(got, 1 + value.margin_multiple(r, 0.12), rtol=1e-12)
    assert got.round(2).tolist() == [2.15, 2.67, 3.5, 5.09]  # 1 + Gupta and Lehmann's table


def test_edges_of_elasticity() -> None:
    assert loyalty.retention_elasticity(0, 0.1) == 1  # the first margin alone, proportional to r
    assert loyalty.retention_elasticity(0, 0.1, first_margin="now") == 0
    assert loyalty.retention_elasticity(1, 0, horizon=5, first_margin="now") == 2  # (n − 1) / 2
    near = loyalty.retention_elasticity(1 - 1e-7, 0, horizon=5, first_margin="now")
    assert near == pytest.approx(2, abs=1e-6)
    # both branches of the sum meet
    q = np.exp(-np.array([0.99e-4, 1.01e-4]))
    a, b = loyalty.retention_elasticity(q, 0, horizon=10, first_margin="now")
    assert a - b == pytest.approx((10**2 - 1) / 12 * 2e-6, rel=1e-2)
    # a horizon beyond sight is none
    assert loyalty.retention_elasticity(0.8, 0.1, horizon=10**5) == pytest.approx(
        loyalty.retention_elasticity(0.8, 0.1), rel=1e-12
    )
    series = loyalty.retention_elasticity(pd.Series([0.5], index=["ann"]), 0.1)
    assert series.index.tolist() == ["ann"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"retention": 80}, "retention is 80"),
        ({"discount": -1}, "discount is -1"),
        ({"horizon": 1.5}, "horizon is 1.5; .* whole number"),
        ({"horizon": 0}, "horizon is 0"),
        ({"first_margin": "later"}, "first_margin is 'later'"),
        ({"growth": -2}, "growth is -2"),
        ({"retention": 1, "discount": 0}, "must be below 1 . discount"),
        ({"retention": [0.1, 0.2], "discount": [0.1, 0.2, 0.3]}, "shapes do not fit"),
    ],
)
def test_bad_input_of_elasticity(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.retention_elasticity(**({"retention": 0.8, "discount": 0.1} | arguments))


# Loyalty matrix -------------------------------------------------------------------------------


@quick
@given(
    pairs=st.lists(st.tuples(st.floats(1, 5), rates), min_size=1, max_size=30),
    stretch=st.floats(0.5, 8),
)
def test_every_customer_has_one_loyalty_whatever_the_unit(pairs: list, stretch: float) -> None:
    a, b = (np.array(x).round(3) for x in zip(*pairs, strict=True))
    got = loyalty.loyalty_matrix(a, b)
    assert len(got) == len(a)
    assert got.categories.tolist() == list(loyalty.LOYALTIES)
    assert not got.isna().any()
    assert (got == loyalty.loyalty_matrix(a[::-1], b[::-1])[::-1]).all()
    power = 2.0 ** round(stretch)  # a power of two: scaling is exact
    assert (got == loyalty.loyalty_matrix(a * power, b * power)).all()


def test_a_customer_at_the_cut_is_not_high() -> None:
    got = loyalty.loyalty_matrix([3, 3.1, 3, 3.1], [0.5, 0.5, 0.6, 0.6], 3, 0.5)
    assert got.tolist() == ["none", "latent", "spurious", "true"]
    by_median = loyalty.loyalty_matrix([1, 2, 3, 4], [4, 3, 2, 1])
    assert by_median.tolist() == ["spurious", "spurious", "latent", "latent"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"attitude": [1, math.nan]}, r"attitude\[1\] is nan"),
        ({"behaviour": [1]}, "lengths differ: attitude has 2, behaviour has 1"),
        ({"attitude": [], "behaviour": []}, "attitude is empty"),
        ({"attitude_cut": "high"}, "attitude_cut is 'high'"),
        ({"behaviour_cut": math.nan}, "behaviour_cut is nan"),
        ({"attitude": ["a", "b"]}, "attitude is .*numbers only"),
    ],
)
def test_bad_input_of_loyalty_matrix(arguments: dict, message: str) -> None:
    base = {"attitude": [1, 2], "behaviour": [0.1, 0.2]}
    with pytest.raises(ValueError, match=message):
        loyalty.loyalty_matrix(**(base | arguments))


# Kaplan–Meier ---------------------------------------------------------------------------------

# Freireich and others (1963): weeks of remission of 21 children on 6-MP; + is still in remission.
SIX_MP = [
    6,
    6,
    6,
    "6+",
    7,
    "9+",
    10,
    "10+",
    "11+",
    13,
    16,
    "17+",
    "19+",
    "20+",
    22,
    23,
    "25+",
    "32+",
    "32+",
    "34+",
    "35+",
]
WEEKS = [float(str(x).rstrip("+")) for x in SIX_MP]
RELAPSED = [isinstance(x, int) for x in SIX_MP]


def test_the_textbook_example() -> None:
    """Survival and Greenwood's standard error of 6-MP, as printed in Klein and Moeschberger (ch. 4)."""
    curve = loyalty.kaplan_meier(WEEKS, RELAPSED).query("left > 0")
    assert curve.index.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve["left"].tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert curve["survival"].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve["standard_error"].round(3).tolist() == [
        0.076,
        0.087,
        0.096,
        0.107,
        0.114,
        0.128,
        0.135,
    ]


def test_the_example_of_kaplan_and_meier() -> None:
    """Eight lives in the paper of 1958: deaths at .8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1."""
    curve = loyalty.kaplan_meier(
        [0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1], [1, 0, 0, 1, 1, 0, 1, 0]
    )
    got = curve.loc[curve["left"] > 0, "survival"]
    np.testing.assert_allclose(got, [0.875, 0.7, 0.525, 0.2625], rtol=1e-12)


@pytest.mark.parametrize("interval", ["log-log", "plain"])
def test_agrees_with_scipy(interval: str) -> None:
    rng = np.random.default_rng(3)
    t = rng.integers(1, 30, 200).astype(float)
    left = rng.random(200) < 0.6
    left[t == t.max()] = False
    curve = loyalty.kaplan_meier(t, left, level=0.9, interval=interval).loc[1:]
    data = stats.CensoredData.right_censored(t, ~left)
    oracle = stats.ecdf(data).sf
    np.testing.assert_allclose(curve["survival"], oracle.probabilities, rtol=1e-10)
    method = "log-log" if interval == "log-log" else "linear"
    bounds = oracle.confidence_interval(0.9, method=method)
    np.testing.assert_allclose(curve["low"], bounds.low.probabilities, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(curve["high"], bounds.high.probabilities, rtol=1e-8, atol=1e-10)


histories = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=30)


@quick
@given(rows=histories, unit=st.sampled_from([0.25, 1.0, 512.0]))
def test_survival_falls_and_knows_no_order_or_unit(rows: list, unit: float) -> None:
    t, left = (np.array(x) for x in zip(*rows, strict=True))
    curve = loyalty.kaplan_meier(t, left)
    assert curve.index[0] == 0
    assert curve.iloc[0]["survival"] == 1
    assert (curve["survival"].diff().dropna() <= 1e-12).all()
    assert ((curve["low"] <= curve["survival"] + 1e-12) & (curve["low"] >= 0)).all()
    assert ((curve["high"] >= curve["survival"] - 1e-12) & (curve["high"] <= 1)).all()
    assert curve["left"].sum() + curve["censored"].sum() == len(t)
    assert not curve.isna().any(axis=None)
    other = loyalty.kaplan_meier(t[::-1] * unit, left[::-1])
    np.testing.assert_allclose(other.to_numpy(), curve.to_numpy(), rtol=1e-12)


@quick
@given(t=st.lists(st.integers(1, 12), min_size=1, max_size=30))
def test_without_censoring_survival_is_the_share_left(t: list) -> None:
    curve = loyalty.kaplan_meier(t, [True] * len(t))
    share = [(np.array(t) > x).mean() for x in curve.index]
    np.testing.assert_allclose(curve["survival"], share, atol=1e-12)
    binomial = np.sqrt(np.array(share) * (1 - np.array(share)) / len(t))  # Greenwood without losses
    np.testing.assert_allclose(curve["standard_error"], binomial, atol=1e-12)


def test_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        life, seen = rng.exponential(10, 80), rng.uniform(2, 25, 80)
        curve = loyalty.kaplan_meier(np.minimum(life, seen), life <= seen, level=0.9)
        row = curve.loc[:7.0].iloc[-1]
        hits += row["low"] <= math.exp(-0.7) <= row["high"]
    assert stats.binomtest(hits, 200, 0.9).pvalue > 0.001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"durations": [1, 0]}, r"durations\[1\] is 0; .* greater than 0"),
        ({"durations": [1, math.nan]}, r"durations\[1\] is nan"),
        ({"left": [True]}, "lengths differ: durations has 2, left has 1"),
        ({"left": [1, 2]}, r"left\[1\] is 2; every value must be True or False"),
        ({"left": ["yes", "no"]}, "left is .*numbers only"),
        ({"left": [True, None]}, r"left\[1\] is nan|left is .*numbers only"),
        ({"durations": [], "left": []}, "durations is empty"),
        ({"level": 95}, "level is 95; .* less than 1"),
        ({"interval": "log"}, "interval is 'log'; it must be one of 'log-log', 'plain'"),
    ],
)
def test_bad_input_of_kaplan_meier(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.kaplan_meier(**({"durations": [1, 2], "left": [True, False]} | arguments))


def test_booleans_of_any_kind() -> None:
    expected = loyalty.kaplan_meier([1, 2], [True, False])
    for left in (pd.Series([True, False]), np.array([True, False], dtype=object), [1, 0]):
        pd.testing.assert_frame_equal(loyalty.kaplan_meier([1, 2], left), expected)


# Cohorts --------------------------------------------------------------------------------------


def test_cohorts_by_hand() -> None:
    got = loyalty.cohort_table(
        start=["2024-01-10", "2024-01-20", "2024-02-05", "2024-04-30"],
        end=["2024-02-10", None, "2024-03-31", pd.NaT],
        as_of="2024-04-30",
        period="M",
    )
    assert got.index.astype(str).tolist() == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert got.columns.tolist() == [0, 1, 2, 3]
    assert got.loc["2024-01"].tolist() == [
        1,
        0.5,
        0.5,
        0.5,
    ]  # gone on the day of the month: not here
    assert got.loc["2024-02", [0, 1]].tolist() == [1, 1]
    assert got.loc["2024-02", 2] == 0
    assert got.loc["2024-02", 3:].isna().all()  # the future
    assert got.loc["2024-03"].isna().all()  # nobody joined
    assert got.loc["2024-04", 0] == 1


def test_counts_divided_by_the_first_are_shares() -> None:
    rng = np.random.default_rng(5)
    start = pd.Timestamp("2022-01-03") + pd.to_timedelta(rng.integers(0, 1400, 300), unit="D")
    end = start + pd.to_timedelta(rng.integers(0, 900, 300), unit="D")
    now = pd.Timestamp("2025-12-29")
    end = end.where(end <= now)
    counts = loyalty.cohort_table(start, end, now, "Q", counts=True)
    shares = loyalty.cohort_table(start, end, now, "Q")
    pd.testing.assert_frame_equal(counts.div(counts[0], axis=0), shares)
    assert counts[0].sum() == 300
    assert (shares.diff(axis=1).iloc[:, 1:].fillna(0) <= 0).all(axis=None)
    shuffled = rng.permutation(300)
    pd.testing.assert_frame_equal(
        loyalty.cohort_table(start[shuffled], end[shuffled], now, "Q"), shares
    )
    nobody_left = loyalty.cohort_table(start, np.full(300, np.nan), now, "Q")
    assert (nobody_left.isna() | (nobody_left == 1)).all(axis=None)
    # what comes after the day of observation changes nothing
    later = end.fillna(now + pd.Timedelta(days=3))
    pd.testing.assert_frame_equal(loyalty.cohort_table(start, later, now, "Q"), shares)


def test_cells_that_a_part_of_the_cohort_has_reached() -> None:
    start, end = ["2024-01-10", "2024-12-30"], ["2024-08-01", None]
    assert loyalty.cohort_table(start, end, "2025-12-29").columns.tolist() == [0]
    part = loyalty.cohort_table(start, end, "2025-12-29", partial=True)
    assert part.loc["2024"].tolist() == [1, 0]  # of the one who could be a year old
    whole = loyalty.cohort_table(start, end, "2025-12-30", partial=True)
    assert whole.loc["2024"].tolist() == [1, 0.5]
    pd.testing.assert_frame_equal(whole, loyalty.cohort_table(start, end, "2025-12-30"))


def test_cohorts_of_constant_churn_are_powers() -> None:
    """80 of 100 renew each year, exactly: 1, .8, .64."""
    years = [1] * 20 + [2] * 16 + [9] * 64
    start = pd.DatetimeIndex(["2022-06-01"] * 100)
    end = [pd.Timestamp(2022 + y, 6, 1) for y in years]
    got = loyalty.cohort_table(start, end, "2024-12-31")
    np.testing.assert_allclose(got.loc["2022"], [1, 0.8, 0.64])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": ["2024-01-01", None]}, r"start\[1\] is missing"),
        ({"end": ["2023-12-31", None]}, r"end\[0\] is 2023-12-31, before start 2024-01-01"),
        ({"end": [None]}, "lengths differ: start has 2, end has 1"),
        ({"start": ["soon", "2024-01-01"]}, "start must be a list of dates"),
        ({"start": [1, 2]}, "start must be a list of dates"),
        ({"start": [-1, "2024-01-01"]}, "start must be a list of dates"),
        ({"start": "2024-01-01"}, "start must be a list of dates"),
        ({"start": [], "end": []}, "start is empty"),
        ({"as_of": "2020-01-01"}, "nobody starts on or before as_of 2020-01-01"),
        ({"as_of": None}, "as_of is None"),
        ({"as_of": "never"}, "as_of is 'never'"),
        ({"as_of": 2024}, "as_of is 2024"),
        ({"period": "W"}, "period is 'W'; it must be one of 'M', 'Q', 'Y'"),
        ({"counts": 1}, "counts is 1"),
        ({"partial": "yes"}, "partial is 'yes'"),
        ({"counts": True, "partial": True}, "counts and partial are both True"),
        (
            {"start": pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True)},
            "start has a time zone",
        ),
    ],
)
def test_bad_input_of_cohorts(arguments: dict, message: str) -> None:
    base = {"start": ["2024-01-01", "2024-02-01"], "end": [None, None], "as_of": "2025-01-01"}
    with pytest.raises(ValueError, match=message):
        loyalty.cohort_table(**(base | arguments))


# Growth and share -----------------------------------------------------------------------------

bases = st.dictionaries(st.integers(1, 12), st.floats(-1e4, 1e4), max_size=10)


@quick
@given(before=bases, after=bases)
def test_parts_sum_to_the_change(before: dict, after: dict) -> None:
    assume(before or after)
    old, new = (pd.Series(x, dtype=float) for x in (before, after))
    got = loyalty.decompose_growth(old, new)
    change = got.loc[["get", "keep", "grow"]].sum()
    assert change["value"] == pytest.approx(
        got.loc["end", "value"] - got.loc["start", "value"], abs=1e-8
    )
    assert got.loc["start", "customers"] + change["customers"] == got.loc["end", "customers"]
    mixed = loyalty.decompose_growth(old.iloc[::-1], new.iloc[::-1])
    pd.testing.assert_frame_equal(mixed, got)
    # looked at backwards, who was got is lost
    back = loyalty.decompose_growth(new, old)["value"]
    assert back["keep"] == -got.loc["get", "value"]
    assert back["grow"] == -got.loc["grow", "value"]


@quick
@given(before=st.dictionaries(st.integers(1, 9), st.integers(-100, 100), min_size=1))
def test_whole_euros_sum_exactly(before: dict) -> None:
    got = loyalty.decompose_growth(pd.Series(before), pd.Series({5: 7, 10: 3}))["value"]
    assert got["start"] + got["get"] + got["keep"] + got["grow"] == got["end"] == 10


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([1, 2], pd.Series([1.0]), "before is a list; it must be a Series indexed by customer"),
        (pd.Series([1.0]), pd.Series([math.nan]), r"after\[0\] is nan"),
        (pd.Series([1.0, 2.0], index=[7, 7]), pd.Series([1.0]), "before has a customer twice"),
        (pd.Series([1.0], index=[None]), pd.Series([1.0]), "before has a missing customer"),
        (pd.Series([], dtype=float), pd.Series([], dtype=float), "both empty"),
        (pd.Series(["a"]), pd.Series([1.0]), "it must hold numbers only"),
    ],
)
def test_bad_input_of_decomposition(before: object, after: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.decompose_growth(before, after)


@quick
@given(sales=st.lists(st.floats(0.01, 1e6), min_size=1, max_size=20), k=st.floats(0.1, 10))
def test_market_shares_sum_to_one(sales: list, k: float) -> None:
    shares = loyalty.market_share(sales)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(loyalty.market_share(np.array(sales) * k), shares)
    np.testing.assert_allclose(loyalty.market_share(sales, market=2 * sum(sales)), shares / 2)


@pytest.mark.parametrize(
    ("sales", "market", "message"),
    [
        (5, 4, "sales is 5, more than market 4"),
        ([1, 5], 4, r"sales\[1\] is 5, more than market 4"),
        ([0, 0], None, "sales are all 0"),
        (-1, 4, "sales is -1"),
        (1, 0, "market is 0; .* greater than 0"),
        ([1, math.nan], None, r"sales\[1\] is nan"),
        ([], None, "sales is empty"),
        ([1, 2], [1, 2, 3], "shapes do not fit"),
    ],
)
def test_bad_input_of_market_share(sales: object, market: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.market_share(sales, market)


def test_the_base_comes_to_its_ceiling() -> None:
    small, large = (
        loyalty.project_base(n, 50, 0.8, 10, periods=200)["customers"].iloc[-1] for n in (0, 10_000)
    )
    assert small == pytest.approx(50 / 0.2)
    assert large == pytest.approx(50 / 0.2)


@quick
@given(
    n=st.floats(0, 1e5), a=st.floats(0, 1e4), r=rates, m=st.floats(0, 100), g=st.floats(-0.1, 0.1)
)
def test_projection_in_closed_form(n: float, a: float, r: float, m: float, g: float) -> None:
    got = loyalty.project_base(n, a, r, m, g, discount=0.1, periods=6)
    for t in range(7):
        heads = n * r**t + a * math.fsum(r**k for k in range(t))
        assert got.loc[t, "customers"] == pytest.approx(heads, rel=1e-9)
        worth = value.lifetime_value(m * (1 + g) ** t, r, 0.1)
        assert got.loc[t, "value"] == pytest.approx(heads * worth, rel=1e-9, abs=1e-9)


def test_levers_may_change_and_value_looks_ahead() -> None:
    steady = loyalty.project_base(100, 10, 0.9, 10, periods=3, discount=0.1)
    worse = loyalty.project_base(100, 10, [0.9, 0.5, 0.9], 10, periods=3, discount=0.1)
    assert worse["customers"].round(6).tolist() == [100, 100, 60, 64]
    assert worse.loc[0, "value"] == steady.loc[0, "value"]
    assert worse.loc[1, "value"] < steady.loc[1, "value"]  # what period 2 will lose is known in 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"customers": -1}, "customers is -1"),
        ({"acquired": [1, 2]}, "acquired has 2 values; give one number or 24"),
        ({"retention": 1.1}, r"retention\[0\] is 1.1"),
        ({"margin": math.inf}, "margin is inf"),
        ({"growth": -1}, r"growth\[0\] is -1"),
        ({"growth": 1e100, "periods": 5}, "growth is too fast"),
        ({"retention": 1, "discount": 0}, "is infinite|infinite"),
        ({"periods": 0}, "periods is 0"),
        ({"discount": -0.1}, "discount is -0.1"),
    ],
)
def test_bad_input_of_projection(arguments: dict, message: str) -> None:
    base = {"customers": 100, "acquired": 10, "retention": 0.9, "margin": 10}
    with pytest.raises(ValueError, match=message):
        loyalty.project_base(**(base | arguments))


# Learning -------------------------------------------------------------------------------------


@quick
@given(answers=st.lists(st.booleans(), max_size=20), a=st.floats(0.1, 5), b=st.floats(0.1, 5))
def test_updating_is_conjugate_and_forgets_the_order(answers: list, a: float, b: float) -> None:
    got = loyalty.update_preference(answers, (a, b))
    assert len(got) == len(answers) + 1
    last = got.iloc[-1]
    k, n = sum(answers), len(answers)
    assert last["mean"] == pytest.approx((a + k) / (a + b + n))
    assert last["low"] <= last["high"]
    reverse = loyalty.update_preference(answers[::-1], (a, b)).iloc[-1]
    np.testing.assert_allclose(reverse, last)
    other = loyalty.update_preference([not x for x in answers], (b, a)).iloc[-1]
    assert other["mean"] == pytest.approx(1 - last["mean"])


def test_posterior_against_bayes_rule_on_a_grid() -> None:
    theta = np.linspace(0, 1, 200_001)
    posterior = stats.beta.pdf(theta, 2, 3) * theta**4 * (1 - theta) ** 2
    posterior /= integrate.trapezoid(posterior, theta)
    row = loyalty.update_preference([1, 1, 0, 1, 0, 1], (2, 3)).iloc[-1]
    assert row["mean"] == pytest.approx(integrate.trapezoid(theta * posterior, theta), abs=1e-6)
    inside = (theta >= row["low"]) & (theta <= row["high"])
    assert integrate.trapezoid(posterior[inside], theta[inside]) == pytest.approx(0.9, abs=1e-4)


def test_match_rate_by_hand() -> None:
    """Uniform prior: all k are equally likely, so M(1) = M(2) = 2/3, M(3) = .7, M(10) = 8/11."""
    got = loyalty.preference_learning(10, horizon=1)["match_rate"]
    np.testing.assert_allclose(got[[0, 1, 2, 3, 10]], [1 / 2, 2 / 3, 2 / 3, 0.7, 8 / 11])
    cost = loyalty.preference_learning(1, horizon=10)["switching_cost"]
    assert cost[1] == pytest.approx(8 / 11 - 1 / 2)  # the sums differ by their ends only


def test_match_rate_against_simulation() -> None:
    rng = np.random.default_rng(6)
    theta = rng.beta(0.7, 1.2, 200_000)
    got = loyalty.preference_learning(8, (0.7, 1.2))["match_rate"]
    for n in (0, 3, 8):
        k = rng.binomial(n, theta)
        offer_first = (0.7 + k) / (1.9 + n) > 0.5
        match = np.where(offer_first, theta, 1 - theta)
        assert got[n] == pytest.approx(match.mean(), abs=5 * match.std() / math.sqrt(200_000))


@quick
@given(a=st.floats(0.05, 20), b=st.floats(0.05, 20), v=st.floats(0, 100), i=st.floats(0, 0.5))
def test_learning_never_hurts_and_binds(a: float, b: float, v: float, i: float) -> None:
    got = loyalty.preference_learning(12, (a, b), v, horizon=20, discount=i)
    assert (got["match_rate"].diff().dropna() >= -1e-12).all()
    assert (got["switching_cost"].diff().dropna() >= -1e-9 * (1 + v)).all()
    assert got["match_rate"].between(0.5 - 1e-12, 1).all()
    assert got["of_possible"].between(0, 1).all()
    assert got.loc[0, "switching_cost"] == 0
    assert not got.isna().any(axis=None)
    mirror = loyalty.preference_learning(12, (b, a), v, horizon=20, discount=i)
    np.testing.assert_allclose(mirror, got, atol=1e-6)


def test_memory_comes_to_what_can_be_known() -> None:
    perfect = integrate.quad(lambda x: max(x, 1 - x) * stats.beta.pdf(x, 2, 3), 0, 1, points=[0.5])
    got = loyalty.preference_learning(1500, (2, 3), horizon=1).iloc[-1]
    assert got["match_rate"] == pytest.approx(perfect[0], abs=1e-3)
    assert got["of_possible"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"interactions": -1}, "interactions is -1"),
        ({"interactions": 2.5}, "interactions is 2.5"),
        ({"prior": (0, 1)}, r"prior is \(0, 1\); it must be two numbers"),
        ({"prior": 1}, "prior is 1; it must be two numbers"),
        ({"prior": (1, 2, 3)}, r"prior is \(1, 2, 3\)"),
        ({"match_value": -5}, "match_value is -5"),
        ({"horizon": 0}, "horizon is 0"),
        ({"discount": math.nan}, "discount is nan"),
    ],
)
def test_bad_input_of_learning(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.preference_learning(**({"interactions": 3} | arguments))


def test_bad_input_of_updating() -> None:
    with pytest.raises(ValueError, match=r"answers\[1\] is 2; every value must be True or False"):
        loyalty.update_preference([1, 2])
    with pytest.raises(ValueError, match=r"answers.*numbers only"):
        loyalty.update_preference(["yes"])
    with pytest.raises(ValueError, match=r"answers.*one dimension"):
        loyalty.update_preference([[1, 0]])
    with pytest.raises(ValueError, match=r"answers\[0\] is nan"):
        loyalty.update_preference(None)
    with pytest.raises(ValueError, match="level is 1"):
        loyalty.update_preference([1], level=1)


# Differential treatment -----------------------------------------------------------------------

matrices = st.lists(
    st.lists(st.integers(-100, 100), min_size=3, max_size=3), min_size=1, max_size=12
)


@quick
@given(rows=matrices, cost=st.floats(0, 10), k=st.integers(1, 9))
def test_knowing_who_is_who_never_hurts(rows: list, cost: float, k: int) -> None:
    profit = pd.DataFrame(rows, columns=["a", "b", "c"])
    got = loyalty.differential_profit(profit)
    assert got.uniform == profit.sum().max()
    assert got.ceiling == got.differential == profit.max(axis=1).sum()
    assert got.gain >= 0
    paid = loyalty.differential_profit(profit, cost=cost)
    assert paid.gain == pytest.approx(got.gain - cost * len(profit))
    larger = loyalty.differential_profit(profit, size=k)
    assert larger.gain == pytest.approx(k * got.gain)
    everybody = loyalty.differential_profit(profit, [got.uniform_treatment] * len(profit))
    assert everybody.gain == 0
    wrong = loyalty.differential_profit(profit, profit.idxmin(axis=1))
    assert wrong.differential == profit.min(axis=1).sum() <= wrong.uniform
    mixed = loyalty.differential_profit(profit.iloc[::-1, ::-1])
    assert (mixed.uniform, mixed.ceiling) == (got.uniform, got.ceiling)


def test_segments_weighted_by_size_are_their_customers() -> None:
    profit = pd.DataFrame({"mail": [5, -2], "call": [1, 30]}, index=["many", "few"])
    segments = loyalty.differential_profit(profit, ["mail", "mail"], [90, 10], 0.5)
    each = profit.loc[["many"] * 90 + ["few"] * 10]
    assert segments == loyalty.differential_profit(each, ["mail"] * 100, 1, 0.5)
    assert isinstance(segments, TreatmentProfit)
    assert segments.cost == 50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profit": [[1, 2]]}, "profit is a list"),
        ({"profit": pd.DataFrame({"a": [1, math.nan]})}, r"profit\['a'\]\[1\] is nan"),
        ({"profit": pd.DataFrame({"a": []})}, "profit has no rows"),
        ({"profit": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "has the column 'a' twice"),
        ({"assigned": ["a", "z"]}, r"assigned\[1\] is 'z'; it must be one of 'a', 'b'"),
        ({"assigned": ["a"]}, "lengths differ: assigned has 1, profit has 2"),
        ({"size": [1, 2, 3]}, "size has 3 values; give one number or 2"),
        ({"size": -1}, r"size\[0\] is -1"),
        ({"cost": -1}, "cost is -1"),
    ],
)
def test_bad_input_of_differential_profit(arguments: dict, message: str) -> None:
    base = {"profit": pd.DataFrame({"a": [1, 2], "b": [2, 1]})}
    with pytest.raises(ValueError, match=message):
        loyalty.differential_profit(**(base | arguments))


def test_every_public_name_is_documented() -> None:
    named = [getattr(loyalty, name) for name in loyalty.__all__]
    for function in filter(callable, named):
        for section in ("Parameters", "Examples"):
            assert section in function.__doc__, (function.__name__, section)
