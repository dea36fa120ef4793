"""`cxedu.analytics`: published numbers, closed forms, slow but plain calculations, bad input."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import analytics

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

shares = st.floats(0.01, 0.99)
# Few different scores, so that ties are the rule.
judged = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(y for y, _ in rows) < len(rows)
)
forecasts = st.lists(
    st.tuples(
        st.integers(0, 1), st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    ),
    min_size=1,
    max_size=60,
)
tested = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 6)), min_size=4, max_size=60
).filter(lambda rows: 0 < sum(t for _, t, _ in rows) < len(rows))


def columns(rows: list) -> list[np.ndarray]:
    return [np.array(column) for column in zip(*rows, strict=True)]


# A model that predicts ------------------------------------------------------------------------


@quick
@given(rows=judged)
def test_auc_is_the_share_of_pairs_and_mann_whitney(rows: list) -> None:
    y, s = columns(rows)
    ones, zeros = s[y == 1], s[y == 0]
    pairs = np.sign(ones[:, None] - zeros[None, :])
    got = analytics.auc(y, s)
    assert got == pytest.approx((pairs.mean() + 1) / 2)
    u = stats.mannwhitneyu(ones, zeros).statistic
    assert got == pytest.approx(u / (ones.size * zeros.size))
    assert 0 <= got <= 1
    assert analytics.auc(y, -s) == pytest.approx(1 - got)
    assert analytics.auc(y, np.exp(s) * 3 + 1) == got  # only the order of the scores counts
    assert analytics.auc(y[::-1] == 1, s[::-1]) == pytest.approx(got)


def test_auc_of_two_normals() -> None:
    """Scores normal, one standard deviation apart: Φ(1/√2)."""
    grid = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    y = np.repeat([0, 1], 2000)
    got = analytics.auc(y, np.concatenate([grid, grid + 1]))
    assert got == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=1e-4)


@quick
@given(rows=judged)
def test_gains_curve_rises_to_one_and_its_area_is_that_of_auc(rows: list) -> None:
    y, s = columns(rows)
    curve = analytics.gains_curve(y, s)
    x, found = curve["share_of_customers"].to_numpy(), curve["share_of_responses"].to_numpy()
    assert (x[0], found[0], x[-1], found[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) > 0).all()
    assert (np.diff(found) >= 0).all()
    assert len(curve) == np.unique(s).size + 1
    expected = 0.5 + (1 - y.mean()) * (analytics.auc(y, s) - 0.5)
    assert np.trapezoid(found, x) == pytest.approx(expected)


@quick
@given(rows=judged, data=st.data())
def test_lift_table_adds_up_and_knows_no_order_of_rows(rows: list, data: st.DataObject) -> None:
    y, s = columns(rows)
    groups = data.draw(st.integers(2, len(rows)))
    table = analytics.lift_table(y, s, groups)
    assert table["customers"].sum() == len(rows)
    assert table["customers"].max() - table["customers"].min() <= 1
    assert table["responses"].sum() == pytest.approx(y.sum())
    assert table["response_rate"].between(0, 1 + 1e-12).all()
    assert table["gain"].iloc[-1] == pytest.approx(1)
    assert table["cumulative_lift"].iloc[-1] == pytest.approx(1)
    assert np.average(table["lift"], weights=table["customers"]) == pytest.approx(1)
    again = analytics.lift_table(y[::-1], s[::-1], groups)
    pd.testing.assert_frame_equal(table, again)


def test_lift_table_by_hand() -> None:
    y = [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]
    table = analytics.lift_table(y, np.arange(10, 0, -1), groups=5)
    assert table["responses"].tolist() == [2, 1, 1, 0, 0]
    assert table["lift"].tolist() == [2.5, 1.25, 1.25, 0, 0]
    assert table["gain"].tolist() == [0.5, 0.75, 1, 1, 1]
    assert table["cumulative_lift"].round(9).tolist() == [2.5, 1.875, 1.666666667, 1.25, 1]
    assert table.index.tolist() == [1, 2, 3, 4, 5]
    # nobody can be told apart: every tenth gets its share
    assert analytics.lift_table(y, [7] * 10)["responses"].tolist() == pytest.approx([0.4] * 10)


@quick
@given(rows=forecasts)
def test_murphy_decomposition_adds_up(rows: list) -> None:
    y, p = columns(rows)
    exact = analytics.brier_decomposition(y, p)
    assert exact["brier"] == pytest.approx(analytics.brier_score(y, p))
    sum_of_parts = exact["reliability"] - exact["resolution"] + exact["uncertainty"]
    assert exact["brier"] == pytest.approx(sum_of_parts, abs=1e-12)
    for bins in (1, 3, 10):
        parts = analytics.brier_decomposition(y, p, bins)
        total = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
        assert parts["brier"] == pytest.approx(total + parts["within_bins"], abs=1e-12)
        assert parts["uncertainty"] == pytest.approx(y.mean() * (1 - y.mean()))
        assert (parts[["reliability", "resolution"]] >= 0).all()
        assert parts["resolution"] <= parts["uncertainty"] + 1e-12


def test_brier_of_known_forecasters() -> None:
    y = np.array([1, 0, 0, 0])
    assert analytics.brier_score(y, [0.5] * 4) == 0.25
    assert analytics.brier_score(y, [0.25] * 4) == 0.25 * 0.75
    assert analytics.brier_score(y, y) == 0
    assert analytics.brier_score(y, 1 - y) == 1
    base_rate = analytics.brier_decomposition(y, [0.25] * 4)
    assert base_rate["reliability"] == base_rate["resolution"] == 0
    oracle = analytics.brier_decomposition(y, y)
    assert oracle["resolution"] == oracle["uncertainty"] == 0.1875


@quick
@given(rows=forecasts, groups=st.integers(1, 12), by=st.sampled_from(["quantile", "width"]))
def test_calibration_table_holds_everybody(rows: list, groups: int, by: str) -> None:
    y, p = columns(rows)
    table = analytics.calibration_table(y, p, groups, by)
    assert table["customers"].sum() == len(rows)
    assert 1 <= len(table) <= groups
    assert table.index.isin(range(1, groups + 1)).all()
    assert (table["customers"] @ table["observed"]) == pytest.approx(y.sum())
    assert (table["customers"] @ table["predicted"]) == pytest.approx(p.sum())
    assert table["predicted"].is_monotonic_increasing
    assert (table["low"] <= table["observed"]).all()
    assert (table["observed"] <= table["high"]).all()
    assert table["low"].between(0, 1).all()
    assert table["high"].between(0, 1).all()


def test_calibration_interval_is_wilsons() -> None:
    table = analytics.calibration_table([1] * 3 + [0] * 17, [0.2] * 20, level=0.9)
    wilson = stats.binomtest(3, 20).proportion_ci(0.9, method="wilson")
    assert table.loc[1, ["low", "high"]].tolist() == pytest.approx([wilson.low, wilson.high])


def test_a_calibrated_model_is_inside_its_intervals() -> None:
    rng = np.random.default_rng(5)
    p = rng.beta(1, 4, 20_000)
    y = rng.random(p.size) < p
    table = analytics.calibration_table(y, p, level=0.999)
    assert table["predicted"].between(table["low"], table["high"]).all()
    shouting = analytics.calibration_table(y, np.clip(p * 1.5, 0, 1), level=0.999)
    assert (~shouting["predicted"].between(shouting["low"], shouting["high"])).sum() >= 8


@pytest.mark.parametrize("function", [analytics.auc, analytics.lift_table, analytics.gains_curve])
@pytest.mark.parametrize(
    ("outcome", "score", "message"),
    [
        ([0, 0], [1, 2], "outcome is 0 everywhere"),
        ([0, 2], [1, 2], r"outcome\[1\] is 2; every value must be 0 or 1"),
        ([0.0, math.nan], [1, 2], r"outcome\[1\] is nan"),
        (["yes", "no"], [1, 2], "outcome is .* numbers only"),
        ([0, 1], [1, math.inf], r"score\[1\] is inf"),
        ([0, 1], [1, 2, 3], "lengths differ: outcome has 2, score has 3"),
        ([], [], "outcome is empty"),
        ([[0, 1], [1]], [1, 2], "outcome is"),
        (pd.Series([0, 1]), pd.Series([1, 2], index=[1, 0]), "rows of score are not those of outc"),
    ],
)
def test_bad_input_of_scores(function, outcome, score, message) -> None:
    with pytest.raises(ValueError, match=message):
        function(outcome, score)


def test_other_bad_input_of_predictions() -> None:
    with pytest.raises(ValueError, match="outcome is 1 everywhere"):
        analytics.auc([1, 1], [1, 2])
    with pytest.raises(ValueError, match="score has 3 customers; 10 groups need at least 10"):
        analytics.lift_table([0, 1, 1], [1, 2, 3])
    with pytest.raises(ValueError, match=r"probability\[0\] is 20; .* at most 1"):
        analytics.brier_score([1, 0], [20, 30])
    with pytest.raises(ValueError, match="bins is 0"):
        analytics.brier_decomposition([1, 0], [0.2, 0.3], bins=0)
    with pytest.raises(ValueError, match="by is 'tens'; it must be one of 'quantile', 'width'"):
        analytics.calibration_table([1, 0], [0.2, 0.3], by="tens")
    with pytest.raises(ValueError, match="level is 95"):
        analytics.calibration_table([1, 0], [0.2, 0.3], level=95)


# A campaign that changes behaviour ------------------------------------------------------------


@quick
@given(rows=tested)
def test_qini_curve_is_radcliffes_count(rows: list) -> None:
    y, t, s = columns(rows)
    curve = analytics.qini_curve(y, t, s)
    for at, least in enumerate(np.unique(s)[::-1], start=1):
        top = s >= least
        n_t, n_c = (top & (t == 1)).sum(), (top & (t == 0)).sum()
        r_t, r_c = y[top & (t == 1)].sum(), y[top & (t == 0)].sum()
        expected = r_t - (r_c * n_t / n_c if n_c else 0)
        row = curve.loc[at]
        assert row["incremental"] == pytest.approx(expected)
        assert (row["treated"], row["control"]) == (n_t, n_c)
    effect = y[t == 1].mean() - y[t == 0].mean()
    assert curve["incremental_rate"].iloc[-1] == pytest.approx(effect)
    assert curve["random"].iloc[-1] == pytest.approx(effect)
    pd.testing.assert_frame_equal(curve, analytics.qini_curve(y[::-1], t[::-1], s[::-1]))


def crowd(persuadable: int, sure: int, lost: int, put_off: int) -> tuple[np.ndarray, ...]:
    """A test in which everybody occurs twice, once treated and once not, and their true uplift."""
    kinds = np.repeat([0, 1, 2, 3], [persuadable, sure, lost, put_off])
    if_treated, if_not = np.array([1, 1, 0, 0])[kinds], np.array([0, 1, 0, 1])[kinds]
    outcome = np.concatenate([if_treated, if_not])
    treated = np.repeat([1, 0], kinds.size)
    return outcome, treated, np.tile(if_treated - if_not, 2)


def test_qini_coefficient_of_the_best_score_is_one() -> None:
    y, t, best = crowd(
        20, 0, 65, 15
    )  # pₜ = 0.2, p꜀ = 0.15: nobody but those who can be moved responds
    assert analytics.qini_coefficient(y, t, best) == pytest.approx(1)
    assert analytics.qini_coefficient(y, t, -best) == pytest.approx(-1)
    assert analytics.qini_coefficient(y, t, best * 0) == pytest.approx(0)
    area = (0.2 * 0.8 + 0.15 * 0.85) / 2
    assert analytics.qini_coefficient(y, t, best, "none") == pytest.approx(area)
    small = analytics.qini_coefficient(y, t, best, "zero downlift")
    assert small == pytest.approx(area / (0.05 * 0.95 / 2))
    # Without anybody put off the two normalisations are one.
    y, t, best = crowd(20, 0, 80, 0)
    for normalise in ("optimum", "zero downlift"):
        assert analytics.qini_coefficient(y, t, best, normalise) == pytest.approx(1)


def test_a_response_model_finds_the_sure_things() -> None:
    """Who responds most need not be who is moved: high AUC, negative Qini."""
    y, t, uplift = crowd(10, 30, 50, 10)
    response = np.where(uplift == 0, 2 * y, 0) + (uplift < 0)
    assert analytics.auc(y[t == 0], response[t == 0]) > 0.9
    assert analytics.qini_coefficient(y, t, response, "none") < 0
    assert analytics.qini_coefficient(y, t, uplift, "none") > 0


@quick
@given(rows=tested)
def test_qini_coefficient_knows_only_the_order(rows: list) -> None:
    y, t, s = columns(rows)
    q = analytics.qini_coefficient(y, t, s, "none")
    assert analytics.qini_coefficient(y, t, 10.0 * s - 3, "none") == pytest.approx(q)
    assert -1 <= q <= 1


@pytest.mark.parametrize(
    ("rows", "normalise", "message"),
    [
        ([(1, 1, 1), (1, 1, 2)], "none", "treated is 1 everywhere"),
        ([(1, 0, 1), (1, 0, 2)], "none", "treated is 0 everywhere"),
        ([(1, 1, 1), (1, 0, 2)], "optimum", "response rates are 1 and 1; no order"),
        ([(0, 1, 1), (1, 0, 2)], "zero downlift", "average effect is -1; .* greater than 0"),
        ([(0, 1, 1), (1, 0, 2)], "q0", "normalise is 'q0'; it must be one of 'optimum'"),
    ],
)
def test_bad_input_of_qini(rows: list, normalise: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics.qini_coefficient(*columns(rows), normalise)


def test_uplift_by_decile_recovers_the_effect() -> None:
    rng = np.random.default_rng(3)
    n = 40_000
    score = rng.random(n)
    treated = rng.random(n) < 0.5
    y = rng.random(n) < 0.1 + 0.2 * score * treated
    table = analytics.uplift_by_decile(y, treated, score, level=0.999)
    truth = 0.2 * (np.arange(10)[::-1] + 0.5) / 10
    assert ((table["low"] < truth) & (truth < table["high"])).all()
    assert table["treated"].sum() == treated.sum()
    assert (table["treated"] + table["control"]).tolist() == table["customers"].tolist()
    one = analytics.ab_test(
        int((y & ~treated).sum()),
        int((~treated).sum()),
        int((y & treated).sum()),
        int(treated.sum()),
    )
    flat = analytics.uplift_by_decile(y, treated, score * 0, groups=2)
    assert flat["uplift"].tolist() == pytest.approx([one.difference] * 2)
    with pytest.raises(ValueError, match="decile 2 has no treated customer; take fewer groups"):
        analytics.uplift_by_decile([1, 0, 1, 0], [1, 1, 0, 0], [4, 3, 2, 1], groups=2)


@quick
@given(rows=tested, margin=st.floats(-100, 100), cost=st.floats(0, 10), steps=st.integers(1, 3))
def test_incremental_profit_by_plain_arithmetic(rows, margin, cost, steps) -> None:
    y, t, s = columns(rows)
    assume(np.unique(s).size > 1)
    s = np.zeros(s.size)  # all alike: every depth has the average effect
    table = analytics.incremental_profit(y, t, s, margin, cost, 5.0, steps)
    effect = y[t == 1].mean() - y[t == 0].mean()
    depth = np.linspace(0, len(rows), steps + 1)
    expected = np.where(depth > 0, depth * (margin * effect - cost) - 5, 0)
    assert table["profit"].tolist() == pytest.approx(expected.tolist(), abs=1e-9)
    assert table["share_of_customers"].iloc[-1] == 1


def test_incremental_profit_has_its_peak_where_uplift_pays() -> None:
    y, t, best = crowd(20, 30, 40, 10)
    table = analytics.incremental_profit(y, t, best, margin=50, cost=4)
    assert table["profit"].idxmax() == 2  # 20 % can be moved
    assert table.loc[2, "profit"] == pytest.approx(40 * (50 - 4))
    assert table.loc[10, "incremental_responses"] == pytest.approx(20 - 0)
    with pytest.raises(ValueError, match="cost is -1"):
        analytics.incremental_profit(y, t, best, 50, -1)
    with pytest.raises(ValueError, match="the first 2 customers have no control one"):
        analytics.incremental_profit([1, 0, 1, 0], [1, 1, 0, 0], [4, 3, 2, 1], 1, 1, steps=2)


# Tests ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("b", "n_b", "a", "n_a", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (5, 56, 0, 29, -0.0381, 0.1926),
    ],
)
def test_interval_of_newcombe(b: int, n_b: int, a: int, n_a: int, low: float, high: float) -> None:
    """Newcombe (1998), table II, method 10."""
    result = analytics.ab_test(a, n_a, b, n_b)
    assert (round(result.low, 4), round(result.high, 4)) == (low, high)


@quick
@given(a=st.integers(0, 40), b=st.integers(0, 60), level=st.floats(0.5, 0.99))
def test_ab_test_is_pearsons_and_symmetric(a: int, b: int, level: float) -> None:
    got, back = analytics.ab_test(a, 40, b, 60, level), analytics.ab_test(b, 60, a, 40, level)
    assert -1 <= got.low <= got.difference <= got.high <= 1
    assert (back.low, back.high) == pytest.approx((-got.high, -got.low), abs=1e-12)
    assert back.p_value == pytest.approx(got.p_value)
    if 0 < a + b < 100:
        chi2 = stats.chi2_contingency([[a, 40 - a], [b, 60 - b]], correction=False)
        assert got.p_value == pytest.approx(chi2.pvalue)
    else:
        assert got.p_value == 1


@quick
@given(
    a=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20),
    b=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20),
)
def test_means_as_welch(a: list, b: list) -> None:
    assume(np.std(a) > 1e-3)
    assume(np.std(b) > 1e-3)
    got = analytics.ab_test_means(a, b)
    welch = stats.ttest_ind(b, a, equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert got.p_value == pytest.approx(welch.pvalue, abs=1e-12)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (analytics.ab_test, (11, 10, 1, 10), "successes_a is 11; .* at most 10"),
        (analytics.ab_test, (1, 0, 1, 10), "n_a is 0"),
        (analytics.ab_test, (0.1, 10, 1, 10), "successes_a is 0.1; .* whole number"),
        (analytics.ab_test, (1, 10, 1, 10, 95), "level is 95"),
        (analytics.ab_test_means, ([1], [1, 2]), "a has 1 value"),
        (analytics.ab_test_means, ([1, 1], [2, 2]), "do not differ within the groups"),
        (analytics.ab_test_means, ([0.1] * 3, [0.2] * 3), "do not differ within the groups"),
        (analytics.ab_test_means, ([1e100, -1e100], [1, 2]), "overflows"),
        (analytics.ab_test_means, ([1, math.nan], [1, 2]), r"a\[1\] is nan"),
    ],
)
def test_bad_input_of_ab_tests(function, arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_sample_size_as_in_rs_manual() -> None:
    """Examples of R's power.prop.test: n = 76.7, and power 0.740 with 50."""
    assert analytics.sample_size(0.50, 0.75, power=0.90) == 77
    assert analytics.power(0.50, 0.75, 50) == pytest.approx(0.740, abs=5e-4)
    assert analytics.power(0.50, 0.75, 76.7) == pytest.approx(0.90, abs=5e-4)
    assert analytics.power(0.50, 0.8026, 50) == pytest.approx(0.90, abs=5e-4)


def test_sample_size_by_the_formula() -> None:
    z1, z2 = stats.norm.ppf([0.975, 0.8])
    by_hand = (z1 * math.sqrt(2 * 0.65 * 0.35) + z2 * math.sqrt(0.24 + 0.21)) ** 2 / 0.01
    assert analytics.sample_size(0.6, 0.7) == math.ceil(by_hand) == 356
    one = analytics.sample_size(0.6, 0.7, sides=1)
    assert one == analytics.sample_size(0.6, 0.7, alpha=0.1) < 356


@quick
@given(a=shares, b=shares, wanted=st.floats(0.1, 0.99), alpha=st.floats(0.001, 0.1))
def test_sample_size_and_power_are_inverse(a, b, wanted, alpha) -> None:
    assume(abs(a - b) > 1e-3)
    n = analytics.sample_size(a, b, wanted, alpha)
    assert analytics.power(a, b, n, alpha) >= wanted - 1e-6
    if n > 1:
        assert analytics.power(a, b, n - 1, alpha) < wanted + 1e-9
    assert (
        n
        == analytics.sample_size(b, a, wanted, alpha)
        == analytics.sample_size(1 - a, 1 - b, wanted, alpha)
    )
    assert analytics.power(a, b, 2 * n, alpha) >= analytics.power(a, b, n, alpha)


def test_power_against_simulation_and_without_effect() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.binomial(400, 0.10, 20_000), rng.binomial(400, 0.16, 20_000)
    pooled = (a + b) / 800
    z = (b - a) / 400 / np.sqrt(pooled * (1 - pooled) * 2 / 400)
    assert analytics.power(0.10, 0.16, 400) == pytest.approx((z > 1.96).mean(), abs=0.015)
    assert analytics.power(0.3, 0.3, 100) == pytest.approx(0.025)
    assert analytics.power(0.3, 0.3, 100, sides=1) == pytest.approx(0.05)
    table = analytics.power(pd.Series([0.1, 0.2], index=["x", "y"]), 0.3, 100)
    assert table.index.tolist() == ["x", "y"]
    sizes = analytics.sample_size(pd.Series([0.1, 0.2], index=["x", "y"]), 0.3)
    assert sizes.dtype.kind == "i"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p_a": 0}, "p_a is 0; .* greater than 0"),
        ({"p_b": 5}, "p_b is 5; .* less than 1"),
        ({"p_b": 0.1}, "they must differ"),
        ({"p_b": 0.1 + 1e-13}, "no sample would be enough"),
        ({"power": 0.01}, "power is 0.01; it must be at least alpha"),
        ({"sides": 3}, "sides is 3; it must be one of 1, 2"),
        ({"p_a": [0.1, 0.2], "p_b": [0.3, 0.4, 0.5]}, "shapes do not fit"),
    ],
)
def test_bad_input_of_sample_size(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics.sample_size(**({"p_a": 0.1, "p_b": 0.2} | arguments))


def test_peeking_as_armitage_mcpherson_and_rowe() -> None:
    """Their table 2, nominal level 5 %: the false positives grow with the number of looks."""
    published = {1: 0.050, 2: 0.083, 3: 0.107, 4: 0.126, 5: 0.142, 10: 0.193, 20: 0.248, 50: 0.320}
    rng = np.random.default_rng(11)
    rates = analytics.peeking_false_positive_rate(list(published), rng, simulations=60_000)
    assert rates.tolist() == pytest.approx(list(published.values()), abs=0.007)
    assert (np.diff(rates) >= 0).all()
    again = analytics.peeking_false_positive_rate(5, np.random.default_rng(11), simulations=60_000)
    assert isinstance(again, float)
    assert again == rates[4]  # the same chance, the same tests


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"looks": 0}, "looks is 0"),
        ({"looks": 2.5}, "looks is 2.5; it must hold whole numbers"),
        ({"rng": None}, "rng is None"),
        ({"alpha": 5}, "alpha is 5"),
        ({"simulations": 10}, "simulations is 10"),
    ],
)
def test_bad_input_of_peeking(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics.peeking_false_positive_rate(**({"looks": 2, "rng": 1} | arguments))


# Likelihood, probability and reality ----------------------------------------------------------


def test_base_rates_in_the_literature() -> None:
    """Eddy (1982), mammography: 7.7 %. Casscells et al. (1978): 1 in 1,000, 5 % false alarms: 2 %."""
    assert analytics.positive_predictive_value(0.01, 0.792, 0.904) == pytest.approx(0.077, abs=5e-4)
    assert analytics.positive_predictive_value(0.001, 1, 0.95) == pytest.approx(0.0196, abs=5e-5)


@quick
@given(rate=shares, hit=shares, spared=shares)
def test_predictive_value_is_bayes(rate: float, hit: float, spared: float) -> None:
    got = analytics.positive_predictive_value(rate, hit, spared)
    posterior = analytics.bayes_posterior([rate, 1 - rate], [hit, 1 - spared])
    assert got == pytest.approx(posterior[0])
    assert posterior.sum() == pytest.approx(1)
    assert (got >= rate) == (hit + spared >= 1) or got == pytest.approx(rate)
    again = analytics.bayes_posterior([7 * rate, 7 * (1 - rate)], [hit / 3, (1 - spared) / 3])
    assert again == pytest.approx(posterior)  # only ratios matter


def test_bayes_keeps_its_labels_and_says_what_is_impossible() -> None:
    prior = pd.Series([0.2, 0.8], index=["loyal", "leaving"])
    assert analytics.bayes_posterior(prior, [0.5, 0.125]).to_dict() == pytest.approx(
        {"loyal": 0.5, "leaving": 0.5}
    )
    assert analytics.bayes_posterior([1e-290, 1e-290], [1e-290, 1e-290]).tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="prior × likelihood is 0 everywhere"):
        analytics.bayes_posterior([1, 0], [0, 1])
    with pytest.raises(ValueError, match=r"prior\[0\] is -1"):
        analytics.bayes_posterior([-1, 2], [1, 1])
    with pytest.raises(ValueError, match="lengths differ"):
        analytics.bayes_posterior([1, 2], [1])
    with pytest.raises(ValueError, match="nobody is flagged"):
        analytics.positive_predictive_value(0.0, 0.9, 1.0)
    with pytest.raises(ValueError, match="base_rate is 30"):
        analytics.positive_predictive_value(30, 0.9, 0.9)


def test_regression_to_the_mean_in_simulated_pairs() -> None:
    rng = np.random.default_rng(4)
    real = rng.normal(50, math.sqrt(0.6) * 10, 200_000)
    first, second = (real + rng.normal(0, math.sqrt(0.4) * 10, real.size) for _ in range(2))
    best = first > np.quantile(first, 0.9)
    expected = analytics.regression_to_the_mean(first[best], 50, 0.6).mean()
    assert second[best].mean() == pytest.approx(expected, abs=0.25)
    assert first[best].mean() - second[best].mean() > 6
    assert analytics.regression_to_the_mean(69.0, 66.0, 2 / 3) == pytest.approx(68)  # Galton


@quick
@given(x=st.floats(-1e100, 1e100), m=st.floats(-1e100, 1e100), r=st.floats(0, 1))
def test_regression_stays_between_both(x: float, m: float, r: float) -> None:
    got = analytics.regression_to_the_mean(x, m, r)
    slack = 1e-12 * max(abs(x), abs(m))
    assert min(x, m) - slack <= got <= max(x, m) + slack
    with pytest.raises(ValueError, match=r"reliability is 1\.5"):
        analytics.regression_to_the_mean(x, m, 1.5)


def stones() -> pd.DataFrame:
    """Charig et al. (1986): success of two treatments for small and large kidney stones."""
    counts = [("open", "small", 81, 87), ("open", "large", 192, 263)]
    counts += [("puncture", "small", 234, 270), ("puncture", "large", 55, 80)]
    rows = []
    for treatment, size, won, n in counts:
        rows += [(treatment, size, True)] * won + [(treatment, size, False)] * (n - won)
    return pd.DataFrame(rows, columns=["treatment", "size", "success"])


def test_simpsons_paradox_of_the_kidney_stones() -> None:
    table = analytics.simpson_table(stones(), "success", "treatment", "size")
    assert table["mean_a"].round(2).to_dict() == {"large": 0.73, "small": 0.93, "all": 0.78}
    assert table["mean_b"].round(2).to_dict() == {"large": 0.69, "small": 0.87, "all": 0.83}
    assert table["reversed"].tolist() == [True, True, True]
    assert table.loc["all", ["n_a", "n_b"]].tolist() == [350, 350]
    assert table.attrs == {"a": "open", "b": "puncture"}
    shuffled = stones().sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        analytics.simpson_table(shuffled, "success", "treatment", "size"), table
    )


def test_no_paradox_is_not_flagged() -> None:
    """Of three groups one goes with the total: rows say so, the table as a whole is not reversed."""
    table = stones()
    extra = pd.DataFrame(
        {"treatment": ["open", "puncture"] * 5, "size": "tiny", "success": [False, True] * 5}
    )
    got = analytics.simpson_table(pd.concat([table, extra]), "success", "treatment", "size")
    assert got["reversed"].to_dict() == {"large": True, "small": True, "tiny": False, "all": False}
    equal = pd.DataFrame({"t": [0, 1] * 4, "g": [0, 0, 1, 1] * 2, "y": [0.1 + 0.2, 0.3] * 4})
    assert not analytics.simpson_table(equal, "y", "t", "g")["reversed"].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "all"}, 'has a group "all"'),
        ({"treatment": "open"}, r"frame\['treatment'\] has 1 different values"),
        ({"success": "yes"}, "numbers only"),
        ({"success": math.nan}, r"frame\['success'\]\[0\] is nan"),
        ({"size": None}, r"frame\['size'\] is missing in row 0"),
    ],
)
def test_bad_input_of_simpson_table(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics.simpson_table(stones().assign(**change), "success", "treatment", "size")


def test_simpson_table_needs_both_in_every_group() -> None:
    table = stones()
    gone = (table["size"] == "large") & (table["treatment"] == "puncture")
    with pytest.raises(ValueError, match="group 'large' has nobody with treatment 'puncture'"):
        analytics.simpson_table(table[~gone], "success", "treatment", "size")
    with pytest.raises(ValueError, match="frame lacks the column 'won'"):
        analytics.simpson_table(table, "won", "treatment", "size")
    with pytest.raises(ValueError, match=r"group is \['size'\]; it must be the name of a column"):
        analytics.simpson_table(table, "success", "treatment", ["size"])
    with pytest.raises(ValueError, match="they must be three columns"):
        analytics.simpson_table(table, "success", "size", "size")


@quick
@given(data=st.data(), n=st.integers(1, 6), k=st.integers(1, 4))
def test_next_best_offer_by_trying_all(data: st.DataObject, n: int, k: int) -> None:
    def draw(elements: st.SearchStrategy, *shape: int) -> np.ndarray:
        flat = data.draw(st.lists(elements, min_size=math.prod(shape), max_size=math.prod(shape)))
        return np.array(flat).reshape(shape)

    p, margin, cost = (
        draw(st.floats(0, 1), n, k),
        draw(st.floats(-9, 99), k),
        draw(st.floats(0, 9), k),
    )
    eligible = draw(st.booleans(), n, k)
    got = analytics.next_best_offer(p, margin, cost, eligible)
    for i in range(n):
        options = [(p[i, j] * margin[j] - cost[j], -j) for j in range(k) if eligible[i, j]]
        best = max(options, default=(0, 0))
        if best[0] <= 0:
            assert got.loc[i].tolist() == ["no offer", 0.0]
        else:
            assert got.loc[i].tolist() == [-best[1], pytest.approx(best[0])]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probability": [0.1, 0.2]}, r"probability has shape \(2,\)"),
        ({"probability": [[0.1, 1.2]]}, "is 1.2; .* at most 1"),
        ({"margin": [1, 2, 3]}, r"margin has shape \(3,\); .* one for each of 2 offers"),
        ({"cost": -1}, "cost is -1"),
        ({"eligible": [[1, 0]]}, "eligible has shape .* True or False"),
        ({"eligible": [True, False]}, r"eligible has shape \(2,\)"),
        (
            {"probability": pd.DataFrame({"no offer": [0.1], "b": [0.2]})},
            "an offer is called 'no offer'",
        ),
        (
            {
                "probability": pd.DataFrame({"a": [0.1], "b": [0.2]}),
                "margin": pd.Series([1, 2], index=["b", "a"]),
            },
            "the offers of margin are not those of probability",
        ),
    ],
)
def test_bad_input_of_next_best_offer(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics.next_best_offer(**({"probability": [[0.1, 0.2]], "margin": 10} | arguments))
