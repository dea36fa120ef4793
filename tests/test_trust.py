"""`cxedu.trust`: the trust equation, survey scales, trustability, its tax and its dynamics."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import trust
from cxedu.trust import TrustDynamics
from cxedu.world.surveys import TRUST_ITEMS

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ratings = st.floats(1, 5)
shares = st.floats(0, 1)

ITEMS = {
    "a1": ("credibility", "What they say is true.", False),
    "a2": ("credibility", "They know their trade.", False),
    "a3": ("credibility", "I doubt what they say.", True),
    "b1": ("self_orientation", "They mind their own profit.", False),
    "b2": ("self_orientation", "They mind my interest.", True),
}


# Trust equation -------------------------------------------------------------------------------


def test_trust_equation_by_hand() -> None:
    assert trust.trust_score(5, 5, 5, 1, scale=(1, 5)) == 15
    assert trust.trust_score(1, 1, 1, 5, scale=(1, 5)) == pytest.approx(0.6)
    assert trust.trust_score(10, 10, 10, 1) == 30
    table = pd.DataFrame(
        {
            "credibility": [8, 4],
            "reliability": [7, 4],
            "intimacy": [6, 4],
            "self_orientation": [3, 4],
        },
        index=["ann", "ben"],
    )
    got = trust.trust_score(**table)
    assert got.to_dict() == {"ann": 7.0, "ben": 3.0}


@quick
@given(c=ratings, r=ratings, i=ratings, s=ratings, more=st.floats(0.01, 4))
def test_trust_rises_with_three_terms_and_falls_with_the_fourth(
    c: float, r: float, i: float, s: float, more: float
) -> None:
    score = trust.trust_score(c, r, i, s)
    assert trust.trust_score(c + more, r, i, s) > score
    assert trust.trust_score(c, r + more, i, s) > score
    assert trust.trust_score(c, r, i + more, s) > score
    assert trust.trust_score(c, r, i, s + more) < score
    assert trust.trust_score(r, i, c, s) == pytest.approx(score)  # the three are exchangeable


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"self_orientation": 0}, "self_orientation is 0; .* at least 1"),
        ({"credibility": 11}, "credibility is 11; .* at most 10"),
        ({"intimacy": [5, math.nan]}, r"intimacy\[1\] is nan"),
        ({"reliability": True}, "reliability is True"),
        ({"intimacy": [5, 6], "reliability": [5, 6, 7]}, "shapes do not fit"),
        ({"scale": (0, 10)}, r"scale is \(0, 10\); .* 0 < lowest < highest"),
        ({"scale": (5, 1)}, r"scale is \(5, 1\)"),
        ({"scale": 5}, "scale is 5; it must be"),
    ],
)
def test_bad_input_of_trust_score(arguments: dict, message: str) -> None:
    base = {"credibility": 5, "reliability": 5, "intimacy": 5, "self_orientation": 5}
    with pytest.raises(ValueError, match=message):
        trust.trust_score(**(base | arguments))


# Survey items ---------------------------------------------------------------------------------


def test_items_become_terms() -> None:
    answers = pd.DataFrame(
        {"a1": [5, 1], "a2": [4, 1], "a3": [1, 5], "b1": [2, 5], "b2": [4, 1], "nps": [9, 0]},
        index=[17, 4],
    )
    got = trust.score_items(answers, ITEMS)
    assert got.columns.tolist() == ["credibility", "self_orientation"]
    assert got.index.tolist() == [17, 4]
    assert got.loc[17].tolist() == [pytest.approx(14 / 3), 2]
    assert got.loc[4].tolist() == [1, 5]


def test_missing_answers_follow_the_rule() -> None:
    """A term is scored when at least half of its items are answered, and open otherwise."""
    nan = math.nan
    answers = pd.DataFrame(
        [[5, 4, nan, 2, nan], [5, nan, nan, nan, nan], [nan] * 5], columns=list(ITEMS)
    )
    got = trust.score_items(answers, ITEMS)
    assert got.loc[0].tolist() == [4.5, 2]  # 2 of 3 and 1 of 2
    assert got.loc[1].isna().all()  # 1 of 3 is less than half
    assert got.loc[2].isna().all()
    strict = trust.score_items(answers, ITEMS, at_least=1)
    assert strict.isna().all(axis=None)
    lenient = trust.score_items(answers, ITEMS, at_least=0)
    assert lenient.loc[1, "credibility"] == 5
    assert lenient.loc[2].isna().all()  # nothing answered is never a score


def test_items_as_a_table_say_the_same() -> None:
    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.integers(1, 6, (30, 5)), columns=list(ITEMS))
    table = pd.DataFrame(ITEMS, index=["term", "wording", "reverse"]).T
    expected = trust.score_items(answers, ITEMS)
    pd.testing.assert_frame_equal(trust.score_items(answers, table), expected)
    with_column = table.rename_axis("item").reset_index()
    pd.testing.assert_frame_equal(trust.score_items(answers, with_column), expected)
    nullable = answers.astype("Int64")
    pd.testing.assert_frame_equal(trust.score_items(nullable, ITEMS), expected)


def test_reverse_code_keeps_form_and_gaps() -> None:
    frame = pd.DataFrame({"x": [1.0, math.nan]}, index=["p", "q"])
    got = trust.reverse_code(frame)
    assert got.loc["p", "x"] == 5
    assert math.isnan(got.loc["q", "x"])
    series = trust.reverse_code(pd.Series([7, 1], name="ces"), scale=(1, 7))
    assert series.name == "ces"
    assert series.tolist() == [1, 7]
    assert trust.reverse_code(2) == 4.0
    pd.testing.assert_frame_equal(trust.reverse_code(got), frame)  # twice is as before


@pytest.mark.parametrize(
    ("answers", "items", "message"),
    [
        (pd.DataFrame({"a1": [1]}), ITEMS, "answers lacks the columns 'a2', 'a3'"),
        (pd.DataFrame({"a1": [6]}), {"a1": ("credibility", "…", False)}, r"answers\[0\] is 6"),
        (pd.DataFrame({"a1": ["x"]}), {"a1": ("credibility", "…", False)}, "answers must hold num"),
        ([[1]], ITEMS, "answers is a list"),
        (pd.DataFrame({"a1": [1]}), {}, r"items is \{\}; it must map an item"),
        (pd.DataFrame({"a1": [1]}), {"a1": "credibility"}, r"items\['a1'\] is 'credibility'"),
        (pd.DataFrame({"a1": [1]}), pd.DataFrame({"term": ["x"]}), "items lacks the column 'rev"),
    ],
)
def test_bad_input_of_items(answers: object, items: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trust.score_items(answers, items)


def test_meridians_survey_can_be_scored() -> None:
    answers = pd.DataFrame(np.full((2, len(TRUST_ITEMS)), 3), columns=TRUST_ITEMS.index)
    got = trust.score_items(answers, TRUST_ITEMS)
    assert got.columns.tolist() == list(trust.TERMS)
    assert trust.trust_score(**got, scale=(1, 5)).tolist() == [3, 3]


# Cronbach's alpha -----------------------------------------------------------------------------


def parallel(n: int, k: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Items of equal variance that share one thing and correlate by ρ."""
    common = rng.standard_normal((n, 1)) * math.sqrt(rho)
    return common + rng.standard_normal((n, k)) * math.sqrt(1 - rho)


def exactly(correlation: np.ndarray, n: int = 50) -> np.ndarray:
    """Data whose *sample* correlation is exactly the one given."""
    x = np.random.default_rng(5).standard_normal((n, len(correlation)))
    x -= x.mean(axis=0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return white @ np.linalg.cholesky(correlation).T


@pytest.mark.parametrize("k", [2, 3, 12])
@pytest.mark.parametrize("rho", [-0.05, 0.0, 0.3, 0.9])
def test_alpha_of_parallel_items_is_spearman_brown(k: int, rho: float) -> None:
    correlation = np.full((k, k), rho) + (1 - rho) * np.eye(k)
    expected = k * rho / (1 + (k - 1) * rho)
    assert trust.cronbach_alpha(exactly(correlation)) == pytest.approx(expected, abs=1e-10)


def test_alpha_by_hand() -> None:
    """Variances 10/3, 11/12 and 11/3, of the total 259/12: α = 3/2 · (1 − 95/259)."""
    items = [[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]]
    assert trust.cronbach_alpha(items) == pytest.approx(1.5 * (1 - 95 / 259), rel=1e-12)


@quick
@given(
    x=st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=20),
    move=st.floats(-3, 3),
    stretch=st.floats(0.1, 10),
)
def test_alpha_is_at_most_one_and_knows_no_unit(x: list, move: float, stretch: float) -> None:
    items = np.array(x, dtype=float)
    assume(items.sum(axis=1).std() > 0)
    alpha = trust.cronbach_alpha(items)
    assert alpha <= 1 + 1e-12
    assert trust.cronbach_alpha(items * stretch + move) == pytest.approx(alpha, rel=1e-6, abs=1e-6)
    assert trust.cronbach_alpha(items[::-1, ::-1]) == pytest.approx(alpha, abs=1e-9)


def test_alpha_one_for_copies_and_below_zero_for_an_item_not_turned() -> None:
    x = np.arange(6.0)
    assert trust.cronbach_alpha(np.column_stack([x, x + 1, x])) == pytest.approx(1)
    assert trust.cronbach_alpha(np.column_stack([x, 5 - x, x + np.eye(6)[0]])) < 0


def test_alpha_leaves_out_who_skipped_an_item() -> None:
    items = pd.DataFrame({"a": [1, 5, 3, None], "b": [2, 5, 3, 1], "c": [1, 4, 4, 5]})
    assert trust.cronbach_alpha(items) == trust.cronbach_alpha(items.dropna())


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([1, 2, 3], r"items has shape \(3,\)"),
        ([[1], [2]], "at least 2 columns"),
        ([[1, 2]], "items has 1 respondents who answered every item"),
        ([[1, math.nan], [2, 3]], "items has 1 respondents"),
        ([[1, 5], [5, 1]], "same total for everybody"),
        ([[3, 3], [3, 3]], "same total for everybody"),
        ([[0.1, 0.2, 0.6], [0.6, 0.1, 0.2]], "same total for everybody"),
        ([["a", "b"], ["c", "d"]], "items must hold numbers only"),
        ([[1, math.inf], [2, 3]], "items.* is inf"),
    ],
)
def test_bad_input_of_alpha(items: list, message: str) -> None:
    for function in (trust.cronbach_alpha, trust.cronbach_interval):
        with pytest.raises(ValueError, match=message):
            function(items)


def test_interval_is_that_of_feldt_and_covers() -> None:
    """In nine of ten samples the 90 % interval holds the true alpha."""
    rng = np.random.default_rng(11)
    true = 4 * 0.4 / (1 + 3 * 0.4)
    hits = 0
    for _ in range(400):
        low, high = trust.cronbach_interval(parallel(40, 4, 0.4, rng), level=0.9)
        hits += low <= true <= high
    assert stats.binomtest(hits, 400, 0.9).pvalue > 0.001


def test_interval_from_a_printed_table_of_f() -> None:
    """4 people and 3 items: F(3, 6) is 6.60 at 97.5 %, and 1 / 14.73 at 2.5 %."""
    items = [[2, 3, 3], [4, 4, 5], [1, 2, 1], [5, 4, 5]]
    rest = 1 - 1.5 * (1 - 95 / 259)
    low, high = trust.cronbach_interval(items)
    assert low == pytest.approx(1 - rest * 6.60, abs=2e-4)
    assert high == pytest.approx(1 - rest / 14.73, abs=1e-5)


def test_interval_holds_the_estimate_and_narrows() -> None:
    rng = np.random.default_rng(12)
    few, many = parallel(20, 5, 0.5, rng), parallel(2000, 5, 0.5, rng)
    for items in (few, many):
        low, high = trust.cronbach_interval(items)
        assert low < trust.cronbach_alpha(items) < high <= 1
    widths = [np.ptp(trust.cronbach_interval(items)) for items in (few, many)]
    assert widths[1] < widths[0] / 5
    with pytest.raises(ValueError, match=r"level is 95; .* less than 1"):
        trust.cronbach_interval(few, level=95)


# Trustability and tax -------------------------------------------------------------------------

points = st.floats(0, 100)


@quick
@given(a=points, b=points, c=points, t=st.floats(0.1, 5))
def test_trustability_is_a_geometric_mean(a: float, b: float, c: float, t: float) -> None:
    index = trust.trustability_index(a, b, c)
    assert min(a, b, c) - 1e-9 <= index <= (a + b + c) / 3 + 1e-9
    assert index == pytest.approx((a * b * c) ** (1 / 3), abs=1e-6)
    assert trust.trustability_index(c, a, b) == pytest.approx(index)
    assert trust.trustability_index(a, b, c, weights=[t, t, t]) == pytest.approx(index)
    assert trust.trustability_index(0, b, c) == 0


def test_trustability_with_weights_and_tables() -> None:
    assert trust.trustability_index(100, 25, 50, weights=[1, 1, 0]) == pytest.approx(50)
    assert trust.trustability_index(0, 64, 64, weights=[0, 1, 1]) == pytest.approx(64)
    firms = pd.DataFrame({"a": [100, 80], "b": [100, 80], "c": [100, 0]}, index=["x", "y"])
    got = trust.trustability_index(firms["a"], firms["b"], firms["c"])
    assert got.to_dict() == {"x": pytest.approx(100), "y": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"proactive": 101}, "proactive is 101; .* at most 100"),
        ({"do_right_thing": [1, -1]}, r"do_right_thing\[1\] is -1"),
        ({"weights": [1, 2]}, "weights has 2 values; it must have 3"),
        ({"weights": [1, -2, 1]}, r"weights\[1\] is -2"),
        ({"weights": [0, 0, 0]}, "weights are all 0"),
    ],
)
def test_bad_input_of_trustability(arguments: dict, message: str) -> None:
    base = {"do_things_right": 50, "do_right_thing": 50, "proactive": 50}
    with pytest.raises(ValueError, match=message):
        trust.trustability_index(**(base | arguments))


@quick
@given(t=st.lists(shares, min_size=1, max_size=10), check=points, days=points, per_day=points)
def test_tax_falls_with_trust(t: list, check: float, days: float, per_day: float) -> None:
    table = trust.trust_tax(sorted(t), 200, check, days, per_day)
    assert (table["total"].diff().dropna() <= 1e-9).all()
    np.testing.assert_allclose(table["total"], table["checking"] + table["delay"])
    np.testing.assert_allclose(table["tax"], table["total"] / 200)
    ends = trust.trust_tax([0, 1], 200, check, days, per_day)["total"]
    assert ends.tolist() == [pytest.approx(check + days * per_day), 0]


def test_dividend_is_what_the_usual_would_cost_more() -> None:
    table = trust.trust_tax(pd.Series([0.3, 0.7], index=["us", "them"]), usual=0.3)
    assert table.index.tolist() == ["us", "them"]
    assert table.loc["us", "dividend"] == 0
    assert table.loc["them", "dividend"] == pytest.approx(
        table.loc["us", "total"] - table.loc["them", "total"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trust": 1.5}, r"trust\[0\] is 1.5"),
        ({"trust": []}, "trust is empty"),
        ({"transaction_value": 0}, "transaction_value is 0; .* greater than 0"),
        ({"delay_days": -1}, "delay_days is -1"),
        ({"usual": 50}, "usual is 50"),
    ],
)
def test_bad_input_of_trust_tax(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trust.trust_tax(**({"trust": 0.5} | arguments))


# Dynamics -------------------------------------------------------------------------------------

events = st.lists(st.sampled_from(trust.EVENTS), max_size=30)
models = st.builds(
    lambda gain, more, apology, amends, proof, scar: TrustDynamics(
        gain, min(1.0, gain + more), apology, amends, proof, scar
    ),
    *[shares] * 6,
)


@quick
@given(start=shares, gain=st.floats(0, 0.5), n=st.integers(0, 50))
def test_good_experiences_have_a_closed_form(start: float, gain: float, n: int) -> None:
    path = TrustDynamics(gain=gain).run(["good"] * n, start=start)["trust"]
    expected = 1 - (1 - start) * (1 - gain) ** np.arange(n + 1)
    np.testing.assert_allclose(path, expected, atol=1e-12)


@quick
@given(model=models, happened=events, start=shares)
def test_trust_stays_between_zero_and_its_ceiling(
    model: TrustDynamics, happened: list, start: float
) -> None:
    path = model.run(happened, start=start)
    assert path["period"].tolist() == list(range(len(happened) + 1))
    assert path["event"].tolist() == ["start", *happened]
    assert path["trust"].between(0, 1).all()
    assert (path["trust"] <= path["ceiling"] + 1e-12).all()
    steps = path["trust"].diff()[1:]
    breach = path["event"][1:] == "breach"
    assert (steps[breach] <= 1e-12).all()
    assert (steps[~breach] >= -1e-12).all()
    assert (steps[path["event"][1:] == "quiet"] == 0).all()


@quick
@given(model=models, happened=events, low=shares, more=shares)
def test_more_trust_at_the_start_is_never_less_later(
    model: TrustDynamics, happened: list, low: float, more: float
) -> None:
    """True of good experiences and breaches; remedies mend more for whom more was lost."""
    plain = [event for event in happened if event in ("good", "breach")]
    less, equal_or_more = (
        model.run(plain, start=start)["trust"].to_numpy() for start in (low, min(1, low + more))
    )
    assert (equal_or_more >= less - 1e-12).all()


@quick
@given(start=shares)
def test_the_order_of_events_matters(start: float) -> None:
    model = TrustDynamics()
    mended = model.run(["breach", "proof"], start)["trust"].iloc[-1]
    in_vain = model.run(["proof", "breach"], start)["trust"].iloc[-1]
    only = model.run(["breach"], start)["trust"].iloc[-1]
    assert mended >= in_vain == only
    # what one breach takes, one good experience does not bring back
    high = max(start, 0.5)
    assert model.run(["good", "breach"], high)["trust"].iloc[-1] < high
    assert model.run(["breach", "good"], high)["trust"].iloc[-1] < high


@quick
@given(
    model=models, start=shares, remedies=st.lists(st.sampled_from(["apology", "amends", "proof"]))
)
def test_remedies_never_lift_above_what_was_lost(
    model: TrustDynamics, start: float, remedies: list
) -> None:
    path = model.run(["breach", *remedies], start)
    assert (path["trust"] <= start + 1e-12).all()


def test_an_apology_works_once_per_breach_and_proof_goes_on_working() -> None:
    model = TrustDynamics(scar=0)
    for remedy in ("apology", "amends"):
        path = model.run(["breach", remedy, remedy, "breach", remedy], 0.8)["trust"].tolist()
        assert path[1] < path[2] == path[3]
        assert path[5] > path[4]
    path = model.run(["breach"] + ["proof"] * 60, 0.8)["trust"].tolist()
    assert (np.diff(path[1:30]) > 0).all()
    assert path[-1] == pytest.approx(0.8, abs=1e-6)


def test_a_second_breach_leaves_the_first_one_open() -> None:
    """What is to be won back is the trust before the first of two breaches in a row."""
    path = TrustDynamics(scar=0).run(["breach", "breach", *["proof"] * 80], 0.8)["trust"]
    assert path.iloc[-1] == pytest.approx(0.8, abs=1e-6)


def test_scars_stay_until_proof_lifts_them() -> None:
    model = TrustDynamics(scar=0.2)
    assert model.run(["breach"] + ["good"] * 500, 0.9)["trust"].iloc[-1] == pytest.approx(0.8)
    twice = model.run(["breach", "breach"], 0.9)
    assert twice["ceiling"].iloc[-1] == pytest.approx(0.64)
    proved = model.run(["breach", "proof", "proof"], 0.9)
    assert proved["ceiling"].iloc[-1] == pytest.approx(1 - 0.2 * 0.75**2)
    best = TrustDynamics(scar=0.4, amends=1).run(["breach", "amends"], 0.9)
    assert best["trust"].iloc[-1] == pytest.approx(0.6)  # amends mend up to the scar, not beyond
    sorry = model.run(["breach", "apology", "amends"], 0.9)
    assert sorry["ceiling"].iloc[-1] == pytest.approx(0.8)


@quick
@given(
    gain=st.floats(0.02, 0.6),
    more=st.floats(0, 0.4),
    scar=st.floats(0, 0.3),
    start=st.floats(0.05, 0.95),
    remedies=st.lists(st.sampled_from(["apology", "amends", "proof"]), max_size=4),
)
def test_periods_to_recover_are_those_that_run_shows(
    gain: float, more: float, scar: float, start: float, remedies: list
) -> None:
    model = TrustDynamics(gain=gain, loss=gain + more, scar=scar)
    n = model.periods_to_recover(start, remedies)
    if math.isinf(n) or n > 500:
        path = model.run(["breach", *remedies] + ["good"] * 500, start)["trust"]
        assert path.iloc[-1] < start
        return
    path = model.run(["breach", *remedies] + ["good"] * int(n), start)["trust"]
    assert path.iloc[-1] >= start - 1e-9
    if n >= 1:
        assert path.iloc[-2] < start


def test_edges_of_recovery() -> None:
    assert TrustDynamics(loss=0.5, proof=1, scar=0).periods_to_recover(0.8, ["proof"]) == 0
    assert TrustDynamics().periods_to_recover(0.0) == 0
    assert TrustDynamics(gain=0).periods_to_recover(0.5) == math.inf
    assert TrustDynamics(gain=1, loss=1, scar=0).periods_to_recover(0.5) == 1
    assert TrustDynamics(scar=0).periods_to_recover(1.0) == math.inf  # approached, never reached


def test_simulation_agrees_with_the_closed_form_of_the_mean() -> None:
    model = TrustDynamics(gain=0.1, loss=0.5, scar=0)
    paths = model.simulate(4000, 120, 0.05, np.random.default_rng(1), start=0.5)
    assert paths.shape == (4000, 121)
    final = paths[:, -1]
    error = final.std() / math.sqrt(len(final))
    assert abs(final.mean() - model.long_run_trust(0.05)) < 4 * error
    assert model.long_run_trust(0) == 1
    assert model.long_run_trust(1) == 0


def test_simulation_is_run_for_many() -> None:
    model = TrustDynamics()
    never = model.simulate(3, 10, 0, np.random.default_rng(1), start=0.4)
    np.testing.assert_allclose(never[0], model.run(["good"] * 10, 0.4)["trust"])
    always = model.simulate(2, 4, 1, np.random.default_rng(1), 0.9, ["apology", "proof"])
    path = model.run(["breach", "apology", "proof"] * 4, 0.9)["trust"].to_numpy()
    np.testing.assert_allclose(always[1], path[::3])
    # one after the other, each customer on a path of its own
    first, second = (model.simulate(50, 30, 0.2, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    mended = model.simulate(2000, 60, 0.1, np.random.default_rng(2), remedies=["proof"])
    plain = model.simulate(2000, 60, 0.1, np.random.default_rng(2))
    assert mended[:, -1].mean() > plain[:, -1].mean() + 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gain": 1.5}, "gain is 1.5; .* at most 1"),
        ({"gain": 0.4, "loss": 0.3}, "loss is 0.3, below gain 0.4"),
        ({"scar": -0.1}, "scar is -0.1"),
        ({"proof": math.nan}, "proof is nan"),
    ],
)
def test_bad_parameters_of_dynamics(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrustDynamics(**arguments)


def test_bad_input_of_dynamics() -> None:
    model = TrustDynamics()
    rng = np.random.default_rng(1)
    with pytest.raises(
        ValueError, match=r"events\[1\] is 'sorry'; it must be one of 'good', 'breach'"
    ):
        model.run(["good", "sorry"])
    with pytest.raises(ValueError, match="events is 'good'; it must be a list"):
        model.run("good")
    with pytest.raises(ValueError, match="start is 2"):
        model.run([], start=2)
    with pytest.raises(ValueError, match="remedies is 'proof'; it must be a list"):
        model.periods_to_recover(0.5, "proof")
    with pytest.raises(ValueError, match=r"remedies\[0\] is 'breach'; it must be one of 'apology'"):
        model.simulate(5, 5, 0.1, rng, remedies=["breach"])
    with pytest.raises(ValueError, match="failure_rate is 5"):
        model.simulate(5, 5, 5, rng)
    with pytest.raises(ValueError, match=r"n is 0; .* at least 1"):
        model.simulate(0, 5, 0.1, rng)
    with pytest.raises(ValueError, match="rng is None"):
        model.simulate(5, 5, 0.1, None)
    with pytest.raises(ValueError, match=r"scar is 0\.1; it must be 0"):
        model.long_run_trust(0.1)
    with pytest.raises(ValueError, match="trust never moves"):
        TrustDynamics(gain=0, scar=0).long_run_trust(0)


def test_every_public_name_is_documented() -> None:
    named = [getattr(trust, name) for name in trust.__all__ if callable(getattr(trust, name))]
    methods = [getattr(TrustDynamics, name) for name in vars(TrustDynamics) if name[0] != "_"]
    for function in [*named, *(m for m in methods if callable(m))]:
        for section in ("Parameters", "Raises", "Examples"):
            assert section in function.__doc__, (function.__name__, section)
