"""`cxedu.organise`: the case, assignment, pilots, capabilities, the frontier and the queue."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import organise

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
series = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=12)


# The financial case ---------------------------------------------------------------------------


def test_net_present_value_of_the_spreadsheet_manual() -> None:
    """Examples of Excel's NPV(): its first flow is one period from now, the other's outlay now."""
    got = organise.net_present_value([-10_000, 3000, 4200, 6800], 0.10, first=1)
    assert got == pytest.approx(1188.44, abs=0.005)
    flows = [-40_000, 8000, 9200, 10_000, 12_000, 14_500]
    assert organise.net_present_value(flows, 0.08) == pytest.approx(1922.06, abs=0.005)


def test_internal_rate_of_return_of_the_spreadsheet_manual() -> None:
    """Example of Excel's IRR(): after two years −44.4 %, after four −2.1 %, after five 8.7 %."""
    flows = [-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]
    rates = [round(organise.internal_rate_of_return(flows[:n]), 3) for n in (3, 5, 6)]
    assert rates == [-0.444, -0.021, 0.087]


def test_projects_of_the_corporate_finance_textbook() -> None:
    """Projects S and L of Brigham and Ehrhardt at 10 %."""
    s, long = [-1000, 500, 400, 300, 100], [-1000, 100, 300, 400, 600]
    assert organise.net_present_value([s, long], 0.10).round(2).tolist() == [78.82, 49.18]
    assert round(organise.internal_rate_of_return(s), 3) == 0.145
    assert round(organise.internal_rate_of_return(long), 3) == 0.118
    assert round(organise.payback_period(s), 2) == 2.33
    assert round(organise.payback_period(long), 2) == 3.33
    assert round(organise.payback_period(s, 0.10), 2) == 2.95
    assert round(organise.payback_period(long, 0.10), 2) == 3.88


@quick
@given(flows=series, rate=st.floats(-0.5, 2), first=st.integers(0, 5))
def test_net_present_value_is_the_sum_of_its_terms(flows: list, rate: float, first: int) -> None:
    expected = math.fsum(x / (1 + rate) ** (first + t) for t, x in enumerate(flows))
    scale = math.fsum(abs(x) / (1 + rate) ** (first + t) for t, x in enumerate(flows))
    got = organise.net_present_value(flows, rate, first)
    assert got == pytest.approx(expected, abs=1e-11 * scale + 1e-300)
    later = organise.net_present_value([0.0, *flows], rate, first)
    assert later * (1 + rate) == pytest.approx(got, abs=1e-11 * scale + 1e-300)


def test_net_present_value_of_many() -> None:
    flows = np.arange(6.0).reshape(2, 3)
    assert organise.net_present_value(flows, 0).tolist() == [3, 12]
    assert organise.net_present_value([1.0, 1.0], [0, 1]).tolist() == [2, 1.5]
    assert organise.net_present_value(flows, [0, 1]).tolist() == [3, 3 + 2 + 1.25]
    annuity = organise.net_present_value(np.full(5000, 7.0), 0.05, first=1)
    assert annuity == pytest.approx(7 / 0.05)  # a perpetuity
    assert organise.net_present_value([1, *[0] * 5000], -0.5) == 1


@quick
@given(outlay=st.floats(1, 1e4), back=st.lists(st.floats(0, 1e4), min_size=1, max_size=30))
def test_the_internal_rate_makes_the_value_nothing(outlay: float, back: list) -> None:
    assume(max(back) > 1)
    rate = organise.internal_rate_of_return([-outlay, *back])
    terms = np.array([-outlay, *back]) / (1 + rate) ** np.arange(len(back) + 1)
    assert abs(terms.sum()) <= 1e-6 * np.abs(terms).sum()
    assert organise.internal_rate_of_return([outlay, *(-np.array(back))]) == pytest.approx(rate)
    assert organise.internal_rate_of_return([0, -outlay, *back]) == pytest.approx(rate)


def test_internal_rates_that_do_not_exist_or_are_many() -> None:
    for flows in ([1, 2], [-1, -2], [0, 0], [5]):
        with pytest.raises(ValueError, match="never change sign"):
            organise.internal_rate_of_return(flows)
    with pytest.raises(ValueError, match=r"2 internal rates of return \(0.25, 4\)"):
        organise.internal_rate_of_return([-1600, 10_000, -10_000])  # Lorie and Savage's pump
    with pytest.raises(ValueError, match="no discount rate from"):
        organise.internal_rate_of_return([1, -1, 1])
    with pytest.raises(ValueError, match=r"cash_flows\[1\] is nan"):
        organise.internal_rate_of_return([1, math.nan])
    # 30 years of months: a polynomial of degree 360
    loan = np.array([-200_000] + [200_000 * 0.004 / (1 - 1.004**-360)] * 360)
    assert organise.internal_rate_of_return(loan) == pytest.approx(0.004, rel=1e-9)


def test_payback_at_the_edges() -> None:
    assert organise.payback_period([5, -1]) == 0
    assert organise.payback_period([0, 1]) == 0
    assert organise.payback_period([-10, 5]) == math.inf
    assert organise.payback_period([-10, 5, 5]) == 2
    assert organise.payback_period([-0.3, 0.1, 0.1, 0.1, 9]) == pytest.approx(3)
    assert organise.payback_period([-100, 110], 0.10) == pytest.approx(1)


@quick
@given(back=st.lists(st.floats(0, 100), min_size=1, max_size=10), rate=st.floats(0, 1))
def test_payback_is_never_quicker_when_discounted(back: list, rate: float) -> None:
    flows = [-100, *back]
    assert organise.payback_period(flows, rate) >= organise.payback_period(flows) - 1e-9
    if organise.net_present_value(flows, rate) > 1e-6:
        assert organise.payback_period(flows, rate) <= len(back)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 0.1), r"cash_flows has shape \(0,\)"),
        (([1, [2]], 0.1), "rows of different length"),
        (([1, math.nan], 0.1), r"cash_flows\[1\] is nan"),
        ((["a"], 0.1), "cash_flows is .* numbers only"),
        (([1], -1), "discount is -1; .* greater than -1"),
        (([[1], [2]], [0.1, 0.2, 0.3]), r"discount has shape \(3,\)"),
        (([1], 0.1, -1), "first is -1"),
        (([10**400], 0.1), "cash_flows is .* numbers only"),
        (([1], 0.1, 1e308), "first is 1e"),
        (([1e100] * 250, -0.9), "too large"),
    ],
)
def test_bad_net_present_value(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.net_present_value(*arguments)


def test_tornado() -> None:
    def case(outlay: float, margin: float, years: float) -> float:
        return margin * years - outlay

    base = {"outlay": 100, "margin": 40, "years": 3}
    ranges = {"outlay": (90, 120), "margin": (30, 50), "years": (3, 3)}
    table = organise.tornado(case, base, ranges)
    assert table.index.tolist() == ["margin", "outlay", "years"]
    assert table.loc["margin"].tolist() == [30, 50, -10, 50, 20, 60]
    assert table.loc["outlay", ["at_low", "at_high"]].tolist() == [30, 0]
    assert table.loc["years", "swing"] == 0


@pytest.mark.parametrize(
    ("function", "base", "ranges", "message"),
    [
        (abs, {"x": 1}, {}, "ranges must be a mapping from at least one"),
        (lambda x: x, {"x": 1}, {"y": (0, 1)}, "a name in ranges is 'y'; it must be one of 'x'"),
        (lambda x: x, {"x": 1}, {"x": 5}, r"ranges\['x'\] is 5; it must be \(low, high\)"),
        (lambda x: x, {"x": 1}, {"x": (2, 3)}, r"around the base 1"),
        (lambda x: x, {"x": "a"}, {"x": (2, 3)}, r"base\['x'\] is 'a'"),
        (lambda x: math.nan, {"x": 1}, {"x": (0, 3)}, "what function returns is nan"),
        (5, {"x": 1}, {"x": (0, 3)}, "function is 5"),
        (abs, [1], {"x": (0, 3)}, "base must be a mapping"),
    ],
)
def test_bad_tornado(function: object, base: object, ranges: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.tornado(function, base, ranges)


def test_simulation_finds_what_theory_says() -> None:
    """The sum of two normal flows is normal: mean, quantiles and P(> 0) are known."""
    found = organise.simulate_case(
        lambda a, b, outlay: a + b - outlay,
        {
            "a": lambda rng, n: rng.normal(60, 30, n),
            "b": lambda rng, n: rng.normal(60, 40, n),
            "outlay": 100,
        },
        np.random.default_rng(4),
        n=4000,
    )
    truth = stats.norm(20, 50)
    assert abs(found.mean - 20) < 4 * found.standard_error
    assert found.standard_error == pytest.approx(50 / math.sqrt(4000), rel=0.1)
    assert found.probability_positive == pytest.approx(truth.sf(0), abs=0.03)
    got = found.quantiles([0.1, 0.5, 0.9])
    np.testing.assert_allclose(got, truth.ppf([0.1, 0.5, 0.9]), atol=5)
    assert found.draws.columns.tolist() == ["a", "b", "outlay"]
    np.testing.assert_array_equal(found.values, found.draws["a"] + found.draws["b"] - 100)


def test_simulation_repeats_itself() -> None:
    def run(seed: int) -> np.ndarray:
        what = {"x": lambda rng, n: rng.random(n)}
        return organise.simulate_case(lambda x: x, what, np.random.default_rng(seed), 50).values

    np.testing.assert_array_equal(run(1), run(1))
    assert not np.array_equal(run(1), run(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"assumptions": [1]}, "assumptions must be a mapping"),
        ({"assumptions": {"x": "a"}}, r"assumptions\['x'\] is 'a'"),
        (
            {"assumptions": {"x": lambda rng, n: rng.random(3)}},
            r"draws has 3 values; it must have 10",
        ),
        ({"assumptions": {"x": lambda rng, n: np.full(n, np.nan)}}, r"draws\[0\] is nan"),
        ({"function": lambda x: None}, "what function returns is None"),
        ({"n": 1}, "n is 1"),
        ({"rng": None}, "rng is None; it must be a numpy.random.Generator"),
    ],
)
def test_bad_simulation(arguments: dict, message: str) -> None:
    base = {"function": lambda x: x, "assumptions": {"x": 1}, "rng": 1, "n": 10}
    with pytest.raises(ValueError, match=message):
        organise.simulate_case(**(base | arguments))
    with pytest.raises(ValueError, match=r"at\[0\] is 2"):
        organise.simulate_case(**base).quantiles([2])


# Assignment -----------------------------------------------------------------------------------


def best_by_brute_force(
    gain: np.ndarray, room: np.ndarray, work: np.ndarray, serve_all: bool
) -> float:
    n, m = gain.shape
    best = -math.inf
    for plan in itertools.product(range(0 if serve_all else -1, m), repeat=n):
        load = [sum(work[i] for i in range(n) if plan[i] == j) for j in range(m)]
        if all(used <= have + 1e-9 for used, have in zip(load, room, strict=True)):
            best = max(best, sum(gain[i, j] for i, j in enumerate(plan) if j >= 0))
    return best


@pytest.mark.parametrize("unequal", [False, True])
@quick
@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 5), m=st.integers(1, 3), serve_all=st.booleans()
)
def test_assignment_is_optimal(unequal: bool, seed: int, n: int, m: int, serve_all: bool) -> None:
    rng = np.random.default_rng(seed)
    gain = rng.normal(20, 40, (n, m)).round(2)
    room = rng.integers(0, 4, m).astype(float)
    work = rng.integers(0, 4, n).astype(float) if unequal else np.ones(n)
    best = best_by_brute_force(gain, room, work, serve_all)
    ask = {"workload": work} if unequal else {}
    if best == -math.inf:
        with pytest.raises(ValueError, match="capacity is too small to serve all"):
            organise.assign_customers(gain, room, serve_all=serve_all, **ask)
        return
    got = organise.assign_customers(gain, room, serve_all=serve_all, **ask)
    assert got["value"].sum() == pytest.approx(best, abs=1e-6)
    served = got["manager"].notna().to_numpy()
    assert served.all() or not serve_all
    for j in range(m):
        assert work[(got["manager"] == j).to_numpy()].sum() <= room[j]
    for i in np.flatnonzero(served):
        assert got["value"].iloc[i] == gain[i, int(got["manager"].iloc[i])]


def test_assignment_speaks_the_callers_names_and_equal_work_is_work_of_one() -> None:
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(10, 5, (30, 3)), index=range(100, 130), columns=["A", "B", "C"])
    got = organise.assign_customers(table, [5, 10, 8])
    assert got.index.tolist() == table.index.tolist()
    assert got["manager"].value_counts().to_dict() == {"B": 10, "C": 8, "A": 5}
    again = organise.assign_customers(table, [5, 10, 8], workload=np.ones(30))
    assert again["value"].sum() == pytest.approx(got["value"].sum())
    more = organise.assign_customers(table, [6, 10, 8])
    assert more["value"].sum() >= got["value"].sum()  # one more place never hurts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": [1, 2]}, r"value has shape \(2,\)"),
        ({"value": [[1], [2, 3]]}, "value has rows of different length"),
        ({"value": [[1, math.nan]]}, r"value\[1\] is nan"),
        ({"capacity": [1]}, "capacity has 1 values; it must have 2"),
        ({"capacity": [1, -1]}, r"capacity\[1\] is -1"),
        ({"capacity": [1, 1.5]}, "capacity must hold whole numbers"),
        ({"workload": [1]}, "workload has 1 values; it must have 2"),
        ({"serve_all": True, "capacity": [1, 0]}, "capacity is too small"),
        ({"serve_all": True, "workload": [2, 2], "capacity": [3, 1]}, "capacity is too small"),
    ],
)
def test_bad_assignment(arguments: dict, message: str) -> None:
    base = {"value": [[1, 2], [3, 4]], "capacity": [1, 1]}
    with pytest.raises(ValueError, match=message):
        organise.assign_customers(**(base | arguments))


# Picket fence, base ---------------------------------------------------------------------------


@quick
@given(
    pairs=st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0, 50)), min_size=1, max_size=30),
    budget=st.floats(0, 500),
    more=st.floats(0, 100),
)
def test_the_fence_keeps_the_ranking(pairs: list, budget: float, more: float) -> None:
    value, cost = (np.array(x) for x in zip(*pairs, strict=True))
    inside = organise.picket_fence(value, cost, budget)
    assert cost[inside].sum() <= budget * (1 + 1e-9)
    if inside.any() and not inside.all():
        assert value[inside].min() >= value[~inside].max()
    wider = organise.picket_fence(value, cost, budget + more)
    assert (wider | ~inside).all()  # nobody is put out when the fence moves outwards


def test_the_fence_at_the_edges() -> None:
    got = organise.picket_fence(pd.Series([1.0, 9.0, 9.0], index=list("abc")), 0.1, 0.1 + 0.1)
    assert got.to_dict() == {"a": False, "b": True, "c": True}
    assert organise.picket_fence([9, 8], [10, 1], 5).tolist() == [False, False]  # the first ends it
    with pytest.raises(ValueError, match="lengths differ: value has 2, cost has 1"):
        organise.picket_fence([1, 2], [1], 5)
    with pytest.raises(ValueError, match="cost has rows of different length"):
        organise.picket_fence([1, 2], [[1], [2, 3]], 5)
    with pytest.raises(ValueError, match="budget is -5"):
        organise.picket_fence([1, 2], 1, -5)
    with pytest.raises(ValueError, match=r"value\[0\] is nan"):
        organise.picket_fence([math.nan], 1, 5)


@quick
@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 4)), min_size=1, max_size=40))
def test_the_base_is_divided_in_three(pairs: list) -> None:
    contacted = [math.nan if c < 0 else c for c, _ in pairs]
    converted = [math.nan if c < 0 or d < 0 else c + d for c, d in pairs]
    table = organise.base_used_up(contacted, converted)
    shares = table[["untouched", "used_up", "converted"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all(axis=None)
    assert table["contacted"].is_monotonic_increasing
    for period, row in table.iterrows():
        told = [d for c, d in zip(contacted, converted, strict=True) if c == period]
        if told:
            assert row["new_yield"] == pytest.approx(np.mean([not math.isnan(d) for d in told]))
        else:
            assert math.isnan(row["new_yield"])
        assert row["contacted"] == pytest.approx(np.mean([c <= period for c in contacted]))
    assert len(organise.base_used_up(contacted, converted, periods=3)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [0]), "lengths differ"),
        (([2.0], [1.0]), r"converted\[0\] is 1; it needs a contact"),
        (([math.nan], [1.0]), r"converted\[0\] is 1; it needs a contact"),
        (([0.5], [math.nan]), "contacted must hold whole periods"),
        (([-1], [math.nan]), r"contacted\[0\] is -1"),
        ((["a"], [1]), "contacted must hold numbers of periods only"),
        (([], []), r"contacted has shape \(0,\)"),
        (([1e9], [math.nan]), "at most 99,999"),
        (([1], [1], 0), "periods is 0"),
    ],
)
def test_bad_base(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.base_used_up(*arguments)


# Difference in differences --------------------------------------------------------------------


def test_card_and_krueger() -> None:
    """Table 3 (1994), employment per store: change 0.59 (0.54) against −2.16 (1.25), effect 2.76 (1.36).

    The printed effect comes from unrounded means; the rounded ones give 2.75.
    """
    got = organise.difference_in_differences(
        20.44, 21.03, 23.33, 21.17, standard_errors=(0.54, 1.25)
    )
    assert got.treated_change == pytest.approx(0.59, abs=1e-9)
    assert got.control_change == pytest.approx(-2.16, abs=1e-9)
    assert got.estimate == pytest.approx(2.76, abs=0.011)
    assert round(got.standard_error, 2) == 1.36
    assert got.low == pytest.approx(got.estimate - 1.959964 * got.standard_error)
    four = organise.difference_in_differences(
        20.44, 21.03, 23.33, 21.17, standard_errors=(0.51, 0.52, 1.35, 0.94)
    )
    assert four.standard_error == pytest.approx(math.hypot(0.51, 0.52, 1.35, 0.94))
    bare = organise.difference_in_differences(20.44, 21.03, 23.33, 21.17)
    assert (bare.standard_error, bare.low, bare.high) == (None, None, None)


def test_against_least_squares_with_an_interaction() -> None:
    """The coefficient of treated × after in an ordinary regression is the same number."""
    rng = np.random.default_rng(2)
    groups = [rng.normal(mean, 2, size) for mean, size in ((5, 30), (8, 25), (4, 40), (5, 35))]
    got = organise.difference_in_differences(*groups)
    y = np.concatenate(groups)
    treated = np.repeat([1, 1, 0, 0], [len(g) for g in groups])
    after = np.repeat([0, 1, 0, 1], [len(g) for g in groups])
    design = np.column_stack([np.ones_like(y), treated, after, treated * after])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    assert got.estimate == pytest.approx(beta[3])


def test_paired_changes_are_welchs_test() -> None:
    rng = np.random.default_rng(3)
    before_t, before_c = rng.normal(50, 20, 40), rng.normal(45, 20, 60)
    after_t, after_c = before_t + rng.normal(4, 2, 40), before_c + rng.normal(1, 3, 60)
    got = organise.difference_in_differences(before_t, after_t, before_c, after_c, paired=True)
    test = stats.ttest_ind(after_t - before_t, after_c - before_c, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert got.estimate / got.standard_error == pytest.approx(test.statistic)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high))
    loose = organise.difference_in_differences(before_t, after_t, before_c, after_c)
    assert loose.estimate == pytest.approx(got.estimate)
    assert loose.standard_error > 3 * got.standard_error


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((1, 2, [3], [4]), {}, "four means or four arrays"),
        (([1, 2], [1], [1, 2], [1, 2]), {"paired": True}, "lengths differ: treated_before has 2"),
        (([1, 2], [1], [1, 2], [1, 2]), {}, "treated_after has 1 customer"),
        (([1, 2], [1, math.nan], [1, 2], [1, 2]), {}, r"treated_after\[1\] is nan"),
        (
            (1, 2, 3, 4),
            {"standard_errors": [1]},
            "standard_errors has 1 values; it must have 2 or 4",
        ),
        (([1, 2],) * 4, {"standard_errors": [1, 1]}, "standard_errors is for means"),
        ((1, 2, 3, math.inf), {}, "control_after is inf"),
        ((1, 2, 3, 4), {"level": 95}, "level is 95"),
    ],
)
def test_bad_difference(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.difference_in_differences(*arguments, **options)


# Capabilities ---------------------------------------------------------------------------------


def test_capability_index_by_hand() -> None:
    nan = math.nan
    answers = pd.DataFrame(
        {"a": [5, 1, nan], "b": [3, nan, nan], "c": [2, 5, 5], "name": ["x", "y", "z"]},
        index=[7, 8, 9],
    )
    got = organise.capability_index(answers, {"a": "know", "b": "know", "c": "act"})
    assert got.loc[7].tolist() == [75, 25, 50]
    assert got.loc[8].tolist() == [0, 100, 50]  # one of two is half
    assert got.loc[9].isna().tolist() == [True, False, True]
    strict = organise.capability_index(answers, {"a": "know", "b": "know", "c": "act"}, at_least=1)
    assert math.isnan(strict.loc[8, "know"])
    alone = organise.capability_index(answers[["c"]])
    assert alone["index"].tolist() == [25, 100, 100]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"answers": [1]}, "it must be a pandas DataFrame"),
        ({"groups": {}}, "groups must be a mapping"),
        ({"groups": {"z": "g"}}, "answers lacks the column 'z'"),
        ({"groups": {"a": "index"}}, "groups has a group 'index'"),
        ({"groups": {"a": math.nan}}, "groups leaves a column without a group"),
        ({"scale": (1, 3)}, r"answers\['a'\]\[0\] is 5; .* at most 3"),
        ({"scale": 5}, "scale is 5"),
        ({"scale": (5, 1)}, "lowest < highest"),
        ({"at_least": -1}, "at_least is -1"),
        ({"answers": pd.DataFrame({"a": ["yes"]})}, r"answers\['a'\] is .* numbers only"),
    ],
)
def test_bad_capability_index(arguments: dict, message: str) -> None:
    base = {"answers": pd.DataFrame({"a": [5, 2]})}
    with pytest.raises(ValueError, match=message):
        organise.capability_index(**(base | arguments))


def paired(
    both: int, only_first: int, only_second: int, neither: int
) -> tuple[np.ndarray, np.ndarray]:
    counts = [both, only_first, only_second, neither]
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


def test_paired_interval_of_published_data() -> None:
    """Airway reactivity of 21 children, 1 · 1 · 7 · 12: −0.286 (−0.507 to −0.026) by Newcombe's method.

    Fagerland, Lydersen and Laake (2014, table on the paired difference).
    """
    got = organise.capability_gap(*paired(1, 1, 7, 12))
    assert round(got.gap, 3) == -0.286
    assert (round(got.low, 3), round(got.high, 3)) == (-0.507, -0.026)


@quick
@given(st.tuples(*[st.integers(0, 30)] * 4).filter(lambda t: sum(t) >= 2))
def test_gap_properties(table: tuple) -> None:
    a, b = paired(*table)
    got = organise.capability_gap(a, b)
    assert got.gap == pytest.approx((table[1] - table[2]) / sum(table))
    assert -1 <= got.low <= got.gap + 1e-12
    assert got.gap - 1e-12 <= got.high <= 1
    back = organise.capability_gap(b.astype(bool), a.astype(bool))
    assert (back.low, back.high) == pytest.approx((-got.high, -got.low))
    wide = organise.capability_gap(a, b, level=0.99)
    assert wide.low <= got.low + 1e-12
    assert wide.high >= got.high - 1e-12
    # what the worst case of the shares allows is at least the error of these very answers
    shares = organise.capability_gap(got.agree, got.can, n=sum(table))
    n, b_, c_ = sum(table), table[1], table[2]
    error = math.sqrt(max(b_ + c_ - (b_ - c_) ** 2 / n, 0)) / n
    assert shares.gap - shares.low >= min(1.959 * error, shares.gap + 1) - 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.6, 0.3), "n is None; with shares it must be the number"),
        ((0.6, [0, 1]), "not a mixture"),
        (([0, 1], [0, 1], 2), "n is 2; with arrays of answers it must be left out"),
        (([0, 1], [0]), "lengths differ"),
        (([0, 0.5], [0, 1]), "agree must hold True and False"),
        (([0, math.nan], [0, 1]), r"agree\[1\] is nan"),
        ((1.2, 0.3, 10), "agree is 1.2"),
        ((0.6, 0.3, 1), "n is 1"),
        ((0.6, 0.3, 10, 0), "level is 0"),
        (([], []), "agree is empty"),
    ],
)
def test_bad_gap(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.capability_gap(*arguments)


points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25)


@quick
@given(points)
def test_frontier_against_the_definition(pairs: list) -> None:
    x, y = (np.array(z, dtype=float) for z in zip(*pairs, strict=True))
    beaten = [
        bool(np.any((x >= a) & (y >= b) & ((x > a) | (y > b)))) for a, b in zip(x, y, strict=True)
    ]
    got = organise.frontier(x, y)
    assert got.tolist() == [not it for it in beaten]
    assert organise.frontier(y, x).tolist() == got.tolist()
    assert organise.frontier(np.exp(x), 3 * y - 1).tolist() == got.tolist()


def test_frontier_of_series_and_bad_input() -> None:
    got = organise.frontier(
        pd.Series([1, 2], index=["a", "b"]), pd.Series([2, 2], index=["a", "b"])
    )
    assert got.to_dict() == {"a": False, "b": True}
    with pytest.raises(ValueError, match="lengths differ: efficiency has 1, intimacy has 2"):
        organise.frontier([1], [1, 2])
    with pytest.raises(ValueError, match=r"intimacy\[0\] is nan"):
        organise.frontier([1], [math.nan])


# Waiting --------------------------------------------------------------------------------------


def test_queue_of_the_eye_clinic() -> None:
    """Gross and Harris's clinic: 6 patients an hour, 20 minutes each, 3 doctors: 28.9 minutes in all."""
    clinic = organise.queue_wait(6, 3, 3)
    assert clinic.mean_queue == pytest.approx(8 / 9, rel=1e-12)
    assert round(60 * (clinic.mean_wait + 1 / 3), 1) == 28.9
    assert clinic.probability_of_waiting == pytest.approx(4 / 9)


@quick
@given(mu=st.floats(0.1, 50), rho=st.floats(0, 0.99), t=st.floats(0, 5))
def test_one_server_in_closed_form(mu: float, rho: float, t: float) -> None:
    lam = rho * mu
    got = organise.queue_wait(lam, mu, 1, target=t)
    assert got.occupancy == pytest.approx(rho)
    assert got.probability_of_waiting == pytest.approx(rho)
    assert got.mean_wait == pytest.approx(rho / (mu - lam), rel=1e-9)
    assert got.mean_queue == pytest.approx(rho**2 / (1 - rho), rel=1e-9)
    assert got.answered_in_time == pytest.approx(1 - rho * math.exp(-(mu - lam) * t))


@quick
@given(c=st.integers(1, 40), rho=st.floats(0.01, 0.98))
def test_erlangs_c_against_the_sum(c: int, rho: float) -> None:
    """aᶜ/c! · c/(c − a) ÷ [Σ aᵏ/k! + aᶜ/c! · c/(c − a)], and Little's law."""
    a = c * rho
    last = a**c / math.factorial(c) / (1 - rho)
    expected = last / (math.fsum(a**k / math.factorial(k) for k in range(c)) + last)
    got = organise.queue_wait(2 * a, 2, c)
    assert got.probability_of_waiting == pytest.approx(expected, rel=1e-9)
    assert got.mean_queue == pytest.approx(2 * a * got.mean_wait)
    assert organise.queue_wait(2 * a, 2, c + 1).mean_wait < got.mean_wait
    assert organise.queue_wait(120 * a, 120, c).mean_wait == pytest.approx(got.mean_wait / 60)
    pooled = organise.queue_wait(4 * a, 2, 2 * c)  # two queues made one
    assert pooled.mean_wait < got.mean_wait


def test_large_and_empty_queues() -> None:
    assert 0 < organise.queue_wait(990, 1, 1000).probability_of_waiting < 1
    assert organise.queue_wait(0, 1, 3) == (0, 0, 0, 0, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((6, 3, 2), "arrival_rate is 6 and 2 servers can serve 6; it must be less"),
        ((-1, 3, 2), "arrival_rate is -1"),
        ((1, 0, 2), "service_rate is 0; .* greater than 0"),
        ((1, 3, 0), "servers is 0"),
        ((1, 3, 1.5), "servers is 1.5"),
        ((1, 3, 1, -1), "target is -1"),
    ],
)
def test_bad_queue(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        organise.queue_wait(*arguments)
