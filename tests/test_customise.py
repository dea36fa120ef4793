"""`cxedu.customise`: configurations, cost of variety, matching, rules, health, revenue retention."""

import itertools
import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxedu import customise, value
from cxedu.customise import Rule

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
euros = st.floats(0, 1e6)


# Configuration --------------------------------------------------------------------------------


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[dict, list[dict]]:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    modules = {f"m{k}": list(range(n)) for k, n in enumerate(sizes)}
    names = st.lists(st.sampled_from(list(modules)), min_size=1, max_size=3, unique=True)
    forbidden = [
        {name: draw(st.sampled_from(modules[name])) for name in draw(names)}
        for _ in range(draw(st.integers(0, 6)))
    ]
    return modules, forbidden


@quick
@given(catalogues())
def test_counting_and_listing_against_brute_force(case: tuple) -> None:
    modules, forbidden = case
    every = [dict(zip(modules, row, strict=True)) for row in itertools.product(*modules.values())]
    valid = [row for row in every if not any(bad.items() <= row.items() for bad in forbidden)]
    assert customise.count_variants(modules, forbidden) == len(valid)
    listed = customise.configurations(modules, forbidden)
    assert listed.columns.tolist() == list(modules)
    assert listed.to_dict("records") == valid  # in the same order too
    backwards = dict(reversed(modules.items()))
    assert customise.count_variants(backwards, forbidden[::-1]) == len(valid)


def test_counting_does_not_list() -> None:
    """40 modules of 10: 10⁴⁰ products, and a forbidden chain of neighbours has a closed form."""
    modules = {f"m{k:02}": range(10) for k in range(40)}
    assert customise.count_variants(modules) == 10**40
    pairs = list(itertools.pairwise(modules))
    chain = [{a: 0, b: 0} for a, b in pairs]  # no two neighbours both 0
    with_zero, without = 1, 9
    for _ in pairs:
        with_zero, without = without, 9 * (with_zero + without)
    assert customise.count_variants(modules, chain) == with_zero + without


def test_listing_keeps_no_dead_ends() -> None:
    """20 modules of 2 whose last forbids all but one: a million beginnings would lead nowhere."""
    modules = {f"m{k:02}": [0, 1] for k in range(20)} | {"z": [0]}
    forbidden = [{f"m{k:02}": 0, "z": 0} for k in range(20)]
    assert customise.configurations(modules, forbidden).to_numpy().tolist() == [[1] * 20 + [0]]
    assert customise.configurations({"a": [1]}, [{"a": 1}]).shape == (0, 1)


@pytest.mark.parametrize(
    ("modules", "forbidden", "message"),
    [
        ({}, [], "modules must be a mapping from at least one module"),
        (["a"], [], "modules must be a mapping"),
        ({"a": []}, [], r"modules\['a'\] must have at least one option"),
        ({"a": "xyz"}, [], r"modules\['a'\] is 'xyz'; it must be a list"),
        ({"a": [[1], [2]]}, [], r"modules\['a'\] must have at least one option, such"),
        ({"a": [1, 1]}, [], r"modules\['a'\] has an option twice"),
        ({"a": [1, 2]}, {"a": 1}, "forbidden must be a list"),
        ({"a": [1, 2]}, [{}], r"forbidden\[0\] must map at least one module"),
        ({"a": [1, 2]}, [{"b": 1}], r"a module of forbidden\[0\] is 'b'; it must be one of 'a'"),
        ({"a": [1, 2]}, [{"a": 3}], r"forbidden\[0\]\['a'\] is 3; it must be one of 1, 2"),
    ],
)
def test_bad_modules(modules: object, forbidden: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        customise.count_variants(modules, forbidden)
    with pytest.raises(ValueError, match=message):
        customise.configurations(modules, forbidden)


def test_too_many_to_list() -> None:
    with pytest.raises(
        ValueError, match="there are 1,024 configurations, more than the limit of 1,0"
    ):
        customise.configurations({f"m{k}": [0, 1] for k in range(10)})
    with pytest.raises(ValueError, match="limit is 0"):
        customise.configurations({"a": [1]}, limit=0)


def test_cost_of_variety() -> None:
    table = customise.production_cost(
        1000,
        [2, 3, 5],
        craft_unit=9,
        standard_unit=2,
        standard_setup=100,
        modular_unit=3,
        modular_setup=50,
    )
    assert table["total"].to_dict() == {"craft": 9000, "standard": 5000, "modular": 3500}
    assert (table["per_unit"] * 1000).tolist() == table["total"].tolist()
    fewer = customise.production_cost(1000, [2, 3, 5], variants=4)
    assert fewer.loc["standard", "setup"] == 4 * 20_000
    one = customise.production_cost(1e6, [1])
    assert one["total"].idxmin() == "standard"  # no variety: mass production wins
    few = customise.production_cost(10, [4, 3, 5, 2])
    assert few["total"].idxmin() == "craft"  # few pieces: craft wins


@quick
@given(units=st.floats(1, 1e6), options=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_one_more_option_costs_a_setup_or_a_multiple(units: float, options: list[int]) -> None:
    before = customise.production_cost(units, options)
    after = customise.production_cost(units, [options[0] + 1, *options[1:]])
    extra = after["total"] - before["total"]
    assert extra["craft"] == 0
    assert extra["modular"] == pytest.approx(8000)
    assert extra["standard"] == pytest.approx(20_000 * math.prod(options[1:]), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 0}, "units is 0; .* greater than 0"),
        ({"options": []}, "options is empty"),
        ({"options": 5}, "options is 5; it must be a list"),
        ({"options": [[1], [2, 3]]}, r"options\[0\] is \[1\]"),
        ({"options": [2, 0]}, r"options\[1\] is 0"),
        ({"options": [10] * 200}, "more than 1e100 products"),
        ({"variants": 7}, "variants is 7; .* at most 6"),
        ({"craft_unit": -1}, "craft_unit is -1"),
    ],
)
def test_bad_production_cost(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        customise.production_cost(**({"units": 10, "options": [2, 3]} | arguments))


# Matching -------------------------------------------------------------------------------------

rows = st.lists(st.floats(1, 5), min_size=3, max_size=3)


@quick
@given(need=rows, offer=rows, weights=st.lists(st.floats(0.01, 10), min_size=3, max_size=3))
def test_match_quality_properties(need: list, offer: list, weights: list) -> None:
    got = customise.match_quality(need, offer, weights)
    by_hand = 1 - sum(w * abs(n - o) for w, n, o in zip(weights, need, offer, strict=True)) / (
        4 * sum(weights)
    )
    assert got == pytest.approx(by_hand, abs=1e-9)
    assert 0 <= got <= 1
    assert customise.match_quality(offer, need, weights) == pytest.approx(got)
    assert customise.match_quality(need, offer, weights, miss="shortfall") >= got - 1e-12
    assert customise.match_quality(need, need, weights) == 1
    tenfold = [10 * w for w in weights]
    assert customise.match_quality(need, offer, tenfold) == pytest.approx(got)


def test_match_shapes_and_best() -> None:
    needs, offers = [[1, 1], [5, 5], [2, 4]], [[5, 5], [1, 1]]
    table = customise.match_quality(needs, offers)
    assert table.shape == (3, 2)
    assert table.tolist() == [[0, 1], [1, 0], [0.5, 0.5]]
    assert customise.match_quality(needs[0], offers).tolist() == [0, 1]
    assert customise.match_quality(needs, offers[0]).tolist() == [0, 1, 0.5]
    frame = pd.DataFrame(needs, index=[11, 12, 13])
    best = customise.best_configuration(frame, pd.DataFrame(offers, index=["big", "small"]))
    assert best["configuration"].to_dict() == {11: "small", 12: "big", 13: "big"}  # tie: the first
    assert best["quality"].tolist() == [1, 1, 0.5]
    assert customise.best_configuration([1, 1], offers)["configuration"].tolist() == [1]
    # strength beyond need does no harm
    assert customise.match_quality([1, 1], [5, 5], miss="shortfall") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"needs": [1, 6]}, r"needs\[1\] is 6; .* at most 5"),
        ({"needs": [1, math.nan]}, r"needs\[1\] is nan"),
        ({"needs": [1, 2, 3]}, "needs has 3 attributes and configuration 2"),
        ({"needs": []}, r"needs has shape \(0,\)"),
        ({"needs": [[1], [1, 2]]}, "needs has rows of different length"),
        ({"configuration": ["a", "b"]}, "configuration is .* numbers only"),
        ({"weights": [0, 0]}, "weights are all 0"),
        ({"weights": [1]}, "weights has 1 values; it must have 2"),
        ({"scale": (5, 1)}, "lowest < highest"),
        ({"miss": "both"}, "miss is 'both'"),
    ],
)
def test_bad_match(arguments: dict, message: str) -> None:
    base = {"needs": [1, 2], "configuration": [3, 4]}
    with pytest.raises(ValueError, match=message):
        customise.match_quality(**(base | arguments))
    with pytest.raises(ValueError, match=message.replace(r"\(0,\)", r"\(1, 0\)")):
        customise.best_configuration(**(base | arguments))


# Rules ----------------------------------------------------------------------------------------

PEOPLE = pd.DataFrame(
    {
        "tier": pd.Categorical(["gold", "silver", None, "gold"]),
        "value": [900.0, 100.0, math.nan, 500.0],
        "since": pd.to_datetime(["2022-01-03", "2024-05-01", "2025-01-01", None]),
    },
    index=[4, 3, 2, 1],
)


@pytest.mark.parametrize(
    ("field", "op", "given", "expected"),
    [
        ("tier", "is", "gold", [True, False, False, True]),
        ("tier", "is not", "gold", [False, True, False, False]),
        ("tier", "one of", ["gold", "silver"], [True, True, False, True]),
        ("value", "at least", 500, [True, False, False, True]),
        ("value", "more than", 500, [True, False, False, False]),
        ("value", "at most", 500, [False, True, False, True]),
        ("value", "less than", 500, [False, True, False, False]),
        ("since", "less than", pd.Timestamp("2024-06-01"), [True, True, False, False]),
        ("value", "is", "500", [False] * 4),
    ],
)
def test_operators(field: str, op: str, given: object, expected: list[bool]) -> None:
    got = Rule(field, op, given, "act").applies(PEOPLE)
    assert got.tolist() == expected
    assert got.index.tolist() == [4, 3, 2, 1]
    assert got.dtype == bool


def test_rules_by_priority_then_order() -> None:
    rules = [
        Rule("value", "more than", 0, "write", 1, "all"),
        Rule("tier", "is", "gold", "call", 5, "gold"),
        Rule("value", "at least", 600, "visit", 5, "rich"),
        Rule("value", "at least", 600, "call", 5, "rich too"),
    ]
    got = customise.apply_rules(rules, PEOPLE, otherwise="wait")
    assert got["action"].tolist() == ["call", "write", "wait", "call"]
    assert got["rule"].tolist() == ["gold", "all", "", "gold"]
    assert got["rules_met"].tolist() == [4, 1, 0, 2]
    assert got["conflict"].tolist() == [True, False, False, False]
    pairs = customise.rule_conflicts(rules, PEOPLE)
    assert pairs.to_numpy().tolist() == [["gold", "rich", 1], ["rich", "rich too", 1]]
    # A higher rule settles the quarrel of two lower ones; the table's order changes nothing.
    rules.append(Rule("value", "at least", 900, "dine", 9))
    assert not customise.apply_rules(rules, PEOPLE)["conflict"].any()
    turned = customise.apply_rules(rules, PEOPLE.iloc[::-1])
    pd.testing.assert_frame_equal(turned.iloc[::-1], customise.apply_rules(rules, PEOPLE))
    assert customise.apply_rules([], PEOPLE)["action"].eq("nothing").all()


def test_rules_are_sentences() -> None:
    rule = Rule("tier", "one of", ["gold", "silver"], "call")
    assert str(rule) == "if tier one of gold, silver, then call (priority 0)"
    assert customise.apply_rules([rule], PEOPLE)["rule"].iloc[0] == str(rule)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("tier", "equals", "gold", "call"),
            "operator is 'equals'; it must be one of 'is', 'is not'",
        ),
        (("", "is", "gold", "call"), "field is ''"),
        (("tier", "is", "gold", 5), "action is 5"),
        (("tier", "is", ["gold"], "call"), "'is' needs a single value"),
        (("tier", "is", math.nan, "call"), "value is nan"),
        (("tier", "one of", "gold", "call"), "'one of' needs a list"),
        (("tier", "is", "gold", "call", "high"), "priority is 'high'"),
        (("tier", "is", "gold", "call", 1, None), "name is None"),
    ],
)
def test_bad_rules(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rule(*arguments)


def test_rules_that_do_not_fit_the_table() -> None:
    with pytest.raises(ValueError, match="customers lacks the column 'city'"):
        customise.apply_rules([Rule("city", "is", "Graz", "call")], PEOPLE)
    for field, other in (("tier", 5), ("value", "a"), ("since", 3)):
        with pytest.raises(ValueError, match=rf"customers\['{field}'\] cannot be compared with"):
            customise.apply_rules([Rule(field, "at least", other, "call")], PEOPLE)
    with pytest.raises(ValueError, match="it must be a list of Rule"):
        customise.apply_rules(Rule("tier", "is", "gold", "call"), PEOPLE)
    with pytest.raises(ValueError, match=r"rules\[0\] is 'call'; it must be a Rule"):
        customise.rule_conflicts(["call"], PEOPLE)


# Health and retention -------------------------------------------------------------------------

RANGES = {"logins": (0, 10), "idle": (30, 0), "nps": (0, 10)}


def test_health_by_hand_and_its_missing_rule() -> None:
    nan = math.nan
    signals = pd.DataFrame(
        {
            "logins": [5, 5, nan, nan, 99],
            "idle": [15, nan, 0, nan, -5],
            "nps": [10, nan, nan, nan, 11],
        },
        index=list("abcde"),
    )
    got = customise.health_score(signals, RANGES, {"logins": 1, "idle": 1, "nps": 2})
    assert got["a"] == pytest.approx(100 * (0.5 + 0.5 + 2) / 4)
    assert math.isnan(got["b"])  # a quarter of the weight is known, less than half
    assert math.isnan(got["d"])
    assert got["e"] == 100
    lenient = customise.health_score(
        signals, RANGES, {"logins": 1, "idle": 1, "nps": 2}, at_least=0
    )
    assert lenient[["b", "c"]].tolist() == [50, 100]
    assert math.isnan(lenient["d"])  # nothing known is never a score


@quick
@given(
    x=st.lists(st.floats(-50, 50), min_size=3, max_size=3),
    w=st.lists(st.floats(0, 10), min_size=3, max_size=3).filter(lambda w: sum(w) > 0.01),
    which=st.integers(0, 2),
    step=st.floats(0, 20),
)
def test_health_never_falls_when_a_signal_improves(
    x: list, w: list, which: int, step: float
) -> None:
    names = list(RANGES)
    weights = dict(zip(names, w, strict=True))
    before = pd.DataFrame([x], columns=names)
    after = before.copy()
    after[names[which]] += -step if names[which] == "idle" else step
    low = customise.health_score(before, RANGES, weights).iloc[0]
    high = customise.health_score(after, RANGES, weights).iloc[0]
    assert 0 <= low <= high + 1e-9 <= 100 + 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ranges": {}}, "ranges must be a mapping"),
        ({"ranges": {"x": (0, 1)}}, "signals lacks the column 'x'"),
        (
            {"ranges": {"logins": (1, 1)}},
            r"ranges\['logins'\] is \(1, 1\); worst and best must differ",
        ),
        ({"ranges": {"logins": 5}}, r"ranges\['logins'\] is 5; it must be \(worst, best\)"),
        ({"weights": {"nps": 1}}, "weights must name the same signals"),
        ({"weights": {"logins": 0}}, "weights are all 0"),
        ({"weights": {"logins": -1}}, r"weights\['logins'\] is -1"),
        ({"at_least": 2}, "at_least is 2"),
        (
            {"signals": pd.DataFrame({"logins": ["many"]})},
            r"signals\['logins'\] is .* numbers only",
        ),
        ({"signals": pd.DataFrame({"logins": [math.inf]})}, r"signals\['logins'\]\[0\] is inf"),
    ],
)
def test_bad_health(arguments: dict, message: str) -> None:
    base = {"signals": pd.DataFrame({"logins": [5]}), "ranges": {"logins": (0, 10)}}
    with pytest.raises(ValueError, match=message):
        customise.health_score(**(base | arguments))


@quick
@given(start=st.floats(1, 1e6), more=euros, less=st.floats(0, 0.5), gone=st.floats(0, 0.5))
def test_revenue_retention(start: float, more: float, less: float, gone: float) -> None:
    gross = customise.gross_revenue_retention(start, less * start, gone * start)
    net = customise.net_revenue_retention(start, more, less * start, gone * start)
    assert 0 <= gross <= 1
    assert net == pytest.approx(gross + more / start)
    assert net >= gross
    in_cents = customise.net_revenue_retention(
        100 * start, 100 * more, 100 * less * start, 100 * gone * start
    )
    assert in_cents == pytest.approx(net)


def test_revenue_retention_of_many_periods() -> None:
    table = pd.DataFrame(
        {"start": [100, 200], "expansion": [30, 0], "contraction": [5, 0], "churn": [10, 200]},
        index=["Q1", "Q2"],
    )
    assert customise.net_revenue_retention(**table).to_dict() == {"Q1": 1.15, "Q2": 0}
    gross = customise.gross_revenue_retention(**table.drop(columns="expansion"))
    assert gross.to_dict() == {"Q1": 0.85, "Q2": 0}
    with pytest.raises(ValueError, match=r"contraction \+ churn is 110, more than start 100"):
        customise.gross_revenue_retention([200, 100], 10, 100)
    with pytest.raises(ValueError, match=r"start is 0; .* greater than 0"):
        customise.net_revenue_retention(0, 0, 0, 0)
    with pytest.raises(ValueError, match="expansion is -1"):
        customise.net_revenue_retention(10, -1, 0, 0)


@quick
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 10, 50, 99.5]), st.sampled_from([0, 20, 50])), min_size=1
    )
)
def test_revenue_movements_add_up(pairs: list) -> None:
    moved = customise.revenue_movements(*zip(*pairs, strict=True))
    assert (moved >= 0).all()
    change = moved["expansion"] - moved["contraction"] - moved["churn"] + moved["new"]
    assert moved["end"] == pytest.approx(moved["start"] + change)


def test_bad_movements() -> None:
    with pytest.raises(ValueError, match="lengths differ: before has 2, after has 1"):
        customise.revenue_movements([1, 2], [1])
    with pytest.raises(ValueError, match=r"after\[0\] is -1"):
        customise.revenue_movements([1], [-1])


def test_value_stream_is_the_sum_of_lifetime_values() -> None:
    """One service that everybody takes is the margin multiple of Gupta and Lehmann: 2.5 × 40."""
    table = customise.value_stream(10, {"care": (1, 40, 0.8)}, 0.12)
    assert table["value"].round(9).to_dict() == {"product": 10, "care": 100, "total": 110}
    short = customise.value_stream(
        10, {"care": (0.5, 40, 0.8)}, 0.12, horizon=3, first_margin="now"
    )
    assert short.loc["care", "value"] == pytest.approx(
        0.5 * value.lifetime_value(40, 0.8, 0.12, 3, "now")
    )
    assert customise.value_stream(10, {}, 0.1)["value"].tolist() == [10, 10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, [1], 0.1), "services must be a mapping"),
        ((1, {"total": (1, 1, 1)}, 0.1), "services has 'total'"),
        ((1, {"s": (1, 1)}, 0.1), r"services\['s'\] is \(1, 1\)"),
        ((1, {"s": (2, 1, 0.5)}, 0.1), r"services\['s'\]\[0\] \(attach\) is 2"),
        ((1, {"s": (1, 1, 1)}, 0), "below 1"),
        ((1, {}, -0.1), "discount is -0.1"),
        ((math.nan, {}, 0.1), "product_margin is nan"),
    ],
)
def test_bad_value_stream(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        customise.value_stream(*arguments)
