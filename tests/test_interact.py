"""`cxedu.interact`: contacts, complaints, recovery, golden questions, bargains, advocates."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import interact

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
shares = st.floats(0, 1)
euros = st.floats(-1e4, 1e4)

CONTACTS = pd.DataFrame(
    {
        "case": [7, 7, 7, 8, 9, 9, 10],
        "contact": [1, 2, 3, 1, 1, 2, 1],
        "channel": ["web", "phone", "phone", "web", "phone", "web", "store"],
        "cost": [1.0, 8.0, 8.0, 1.0, 8.0, 1.0, 5.0],
        "resolved": [True, False, True, True, False, True, False],
    }
)


# Contacts -------------------------------------------------------------------------------------


def test_first_contact_resolution_by_hand() -> None:
    """Case 7 was flagged but came back, 8 was settled, 9 took two contacts, 10 is open."""
    assert interact.first_contact_resolution(CONTACTS) == 0.25
    assert interact.first_contact_resolution(CONTACTS, believe_flag=True) == 0.5
    got = interact.first_contact_resolution(CONTACTS, by="channel")
    assert got.to_dict() == {"phone": 0, "store": 0, "web": 0.5}


@quick
@given(st.data())
def test_first_contact_resolution_against_a_loop(data: st.DataObject) -> None:
    cases = data.draw(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), min_size=1))
    rows = [(c, k, flag) for c, flags in enumerate(cases) for k, flag in enumerate(flags)]
    table = pd.DataFrame(rows, columns=["case", "contact", "resolved"])
    table = table.sample(frac=1, random_state=data.draw(st.integers(0, 99)))  # order is irrelevant
    expected = sum(flags == [True] for flags in cases) / len(cases)
    believed = sum(flags[0] for flags in cases) / len(cases)
    assert interact.first_contact_resolution(table) == pytest.approx(expected)
    got = interact.first_contact_resolution(table, believe_flag=True)
    assert got == pytest.approx(believed)
    as_numbers = table.assign(resolved=table["resolved"].astype(int))
    assert interact.first_contact_resolution(as_numbers) == pytest.approx(expected)


def test_cost_per_resolution_by_hand() -> None:
    first = interact.cost_per_resolution(CONTACTS)
    assert first.loc["web"].tolist() == [2, 2, 18, 9, 9]  # 17 of case 7 and 1 of case 8
    assert first.loc["phone"].tolist() == [1, 1, 9, 9, 9]
    assert first.loc["store"].tolist() == [1, 0, 5, 5, math.inf]
    own = interact.cost_per_resolution(CONTACTS, charge="own")
    assert own.loc["web", "cost_per_resolution"] == 1.5  # 3 € for cases 8 and 9
    assert own.loc["phone", "cost_per_resolution"] == 24
    for table in (first, own):
        assert table["cost"].sum() == CONTACTS["cost"].sum()
        assert table["resolutions"].sum() == 3  # a case is settled once
    names = {
        "case": "fall",
        "contact": "nr",
        "channel": "weg",
        "cost": "preis",
        "resolved": "ok",
    }
    renamed = interact.cost_per_resolution(
        CONTACTS.rename(columns=names).iloc[::-1],
        case="fall",
        contact="nr",
        channel="weg",
        cost="preis",
        resolved="ok",
    )
    np.testing.assert_array_equal(renamed.to_numpy(), first.to_numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolved": [math.nan] * 7}, r"interactions\['resolved'\] is missing in row 0"),
        ({"resolved": [2] * 7}, r"interactions\['resolved'\]\[0\] is 2"),
        ({"resolved": [0.5] * 7}, "must hold True and False"),
        ({"resolved": ["yes"] * 7}, "must hold numbers only"),
        ({"contact": [1] * 7}, "two contacts of case 7 with the same 'contact'"),
        ({"contact": [1, "b", 3, 4, 5, 6, 7]}, "cannot be put in order"),
        ({"case": [[1]] * 7}, "cannot be put in order"),
        ({"cost": [-1.0] * 7}, r"interactions\['cost'\]\[0\] is -1"),
        ({"channel": [None] * 7}, r"interactions\['channel'\] is missing"),
    ],
)
def test_bad_contacts(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interact.cost_per_resolution(CONTACTS.assign(**change))


def test_more_bad_contacts() -> None:
    with pytest.raises(ValueError, match="interactions has no rows"):
        interact.first_contact_resolution(CONTACTS.iloc[:0])
    with pytest.raises(ValueError, match="lacks the column 'resolved'"):
        interact.first_contact_resolution(CONTACTS.drop(columns="resolved"))
    with pytest.raises(ValueError, match="it must be a pandas DataFrame"):
        interact.first_contact_resolution([1, 2])
    with pytest.raises(ValueError, match="charge is 'all'; it must be one of 'first', 'own'"):
        interact.cost_per_resolution(CONTACTS, charge="all")


def test_channel_cost() -> None:
    assert interact.channel_cost(60, 10, 24) == 240  # ten hours
    assert interact.channel_cost(60, 10, 24, occupancy=0.5, fixed=7) == 487
    got = interact.channel_cost(
        pd.Series({"phone": 60, "web": 600}), pd.Series({"phone": 10, "web": 0}), 24
    )
    assert got.to_dict() == {"phone": 240, "web": 0}
    for name, bad in {
        "contacts": -1,
        "minutes": math.nan,
        "cost_per_hour": "x",
        "occupancy": 0,
    }.items():
        with pytest.raises(ValueError, match=name):
            interact.channel_cost(
                **({"contacts": 1, "minutes": 1, "cost_per_hour": 1} | {name: bad})
            )


# Complaints -----------------------------------------------------------------------------------


def test_complaint_discovery_rate() -> None:
    assert interact.complaint_discovery_rate(4, 100) == 0.04
    got = interact.complaint_discovery_rate([0, 5, 0], [10, 5, 0])
    assert got[:2].tolist() == [0, 1]
    assert math.isnan(got[2])
    with pytest.raises(ValueError, match=r"voiced\[1\] is 6, more than dissatisfied 5"):
        interact.complaint_discovery_rate([1, 6], [10, 5])


def test_chapman_on_the_turtles() -> None:
    """10 marked, 15 caught, 5 of them marked: 11 · 16 / 6 − 1 = 28.3; by Lincoln and Petersen, 30."""
    got = interact.silent_complaints(10, 15, 5)
    assert got.dissatisfied == pytest.approx(11 * 16 / 6 - 1, rel=1e-12)
    assert got.silent == pytest.approx(got.dissatisfied - 10)
    assert got.rate == pytest.approx(1 / 3)
    # Seber (1982): (n₁+1)(n₂+1)(n₁−m)(n₂−m) / [(m+1)²(m+2)]
    assert got.standard_error == pytest.approx(math.sqrt(11 * 16 * 5 * 10 / (36 * 7)))


@quick
@given(total=st.integers(4, 60), data=st.data())
def test_chapman_is_unbiased(total: int, data: st.DataObject) -> None:
    """Exactly so over the hypergeometric distribution, if the two samples together are large enough."""
    n1 = data.draw(st.integers(2, total))
    n2 = data.draw(st.integers(max(1, total - n1), total))
    overlap = range(max(0, n1 + n2 - total), min(n1, n2) + 1)
    chance = stats.hypergeom(total, n1, n2).pmf(list(overlap))
    estimates = [interact.silent_complaints(n1, n2, m) for m in overlap]
    mean = sum(p * e.dissatisfied for p, e in zip(chance, estimates, strict=True))
    assert mean == pytest.approx(total)
    variance = sum(
        p * (e.dissatisfied - total) ** 2 for p, e in zip(chance, estimates, strict=True)
    )
    estimated = sum(p * e.standard_error**2 for p, e in zip(chance, estimates, strict=True))
    assert estimated == pytest.approx(variance, rel=1e-6, abs=1e-6)  # unbiased too
    assert all(0 <= e.low <= e.rate + 1e-12 <= e.high + 2e-12 <= 1 + 3e-12 for e in estimates)


def test_wilson_interval_of_the_discovery_rate() -> None:
    """Newcombe (1998, table I): 81 of 263 gives 0.2553 to 0.3662 by the score method."""
    got = interact.silent_complaints(1000, 263, 81)
    assert (round(got.low, 4), round(got.high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 10, 0), "voiced is -1"),
        ((10, 0, 0), "surveyed_dissatisfied is 0; .* at least 1"),
        ((10, 15, 11), "of_whom_voiced is 11; .* at most 10"),
        ((10, 15.5, 5), "surveyed_dissatisfied is 15.5"),
        ((10, 15, 5, 1), "level is 1"),
    ],
)
def test_bad_survey(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interact.silent_complaints(*arguments)


# Recovery -------------------------------------------------------------------------------------


@quick
@given(v=euros, low=shares, high=shares, cost=st.floats(0, 1e3), s=shares, heard=shares)
def test_recovery_value_is_policy_minus_no_policy(
    v: float, low: float, high: float, cost: float, s: float, heard: float
) -> None:
    without = low * v
    with_it = (1 - heard) * low * v + heard * (s * high * v + (1 - s) * low * v - cost)
    got = interact.recovery_value(v, low, high, cost, s, heard)
    assert got == pytest.approx(with_it - without, abs=1e-8)


def test_recovery_breaks_even_at_a_known_value() -> None:
    """cost ÷ (success × lift) is the lifetime value from which recovery pays."""
    assert interact.recovery_value(30 / (0.75 * 0.4), 0.4, 0.8, 30, 0.75) == pytest.approx(0)
    series = interact.recovery_value(pd.Series([50.0, 500.0], index=["a", "b"]), 0.4, 0.8, 30)
    assert series["a"] < 0 < series["b"]


@quick
@given(k0=shares, low=shares, high=shares, s=shares, heard=shares)
def test_paradox_condition(k0: float, low: float, high: float, s: float, heard: float) -> None:
    got = interact.recovery_paradox(k0, low, high, s, heard)
    assert -1 - 1e-12 <= got <= 1 + 1e-12
    if high > low + 1e-6 and abs(got) > 1e-9:
        assert (got > 0) == (heard * s > (k0 - low) / (high - low))
    if k0 >= max(low, high):  # recovery that only repairs is no paradox
        assert got <= 1e-12


@pytest.mark.parametrize("name", ["kept_unrecovered", "kept_recovered", "success", "voiced"])
@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan, "often", True])
def test_bad_recovery(name: str, bad: object) -> None:
    base = {"kept_unrecovered": 0.4, "kept_recovered": 0.8}
    with pytest.raises(ValueError, match=f"{name} is "):
        interact.recovery_value(**({"value": 100, "cost": 1} | base | {name: bad}))
    with pytest.raises(ValueError, match=f"{name} is "):
        interact.recovery_paradox(**({"kept_without_failure": 0.9} | base | {name: bad}))


# Golden questions -----------------------------------------------------------------------------

WILDCATTER = ([0.5, 0.3, 0.2], [[-70, 0], [50, 0], [200, 0]])
SEISMIC = [[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.1, 0.4, 0.5]]


def test_the_oil_wildcatter() -> None:
    """Raiffa (1968): drill at once 20; after a test 32.5 − 10 = 22.5; all known 55, $ 1,000 each."""
    prior, payoff = WILDCATTER
    worth = interact.expected_value_of_information(prior, SEISMIC, payoff)
    assert worth == pytest.approx(12.5, rel=1e-12)
    assert interact.value_of_perfect_information(prior, payoff) == pytest.approx(35, rel=1e-12)
    table = interact.golden_question(prior, {"seismic": SEISMIC}, payoff, cost=10)
    assert 20 + table.loc["seismic", "net"] == pytest.approx(22.5)
    assert interact.posterior(prior, SEISMIC, 0) == pytest.approx(np.array([30, 9, 2]) / 41)


@st.composite
def decisions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k, answers, actions = (draw(st.integers(1, 4)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    prior = rng.dirichlet(np.full(k, draw(st.sampled_from([0.3, 1, 5]))))
    likelihood = rng.dirichlet(np.full(answers, draw(st.sampled_from([0.1, 1]))), size=k)
    return prior, likelihood, rng.normal(0, 100, (k, actions))


@quick
@given(decisions())
def test_a_question_is_worth_something_between_nothing_and_everything(case: tuple) -> None:
    prior, likelihood, payoff = case
    worth = interact.expected_value_of_information(prior, likelihood, payoff)
    perfect = interact.value_of_perfect_information(prior, payoff)
    assert 0 <= worth <= perfect + 1e-9
    # all plans, one action per answer, by brute force
    joint = prior[:, None] * likelihood
    best = max(
        sum(joint[:, a] @ payoff[:, d] for a, d in enumerate(plan))
        for plan in itertools.product(range(payoff.shape[1]), repeat=likelihood.shape[1])
    )
    assert worth == pytest.approx(best - (prior @ payoff).max(), abs=1e-8)
    # in cents the same, and by the order of the answers and a sure sum for everybody unchanged
    assert interact.expected_value_of_information(
        prior, likelihood[:, ::-1], 100 * payoff + 7
    ) == pytest.approx(100 * worth, abs=1e-6)
    # answers lumped together never tell more
    lumped = np.column_stack([likelihood[:, :2].sum(axis=1), likelihood[:, 2:]])
    assert interact.expected_value_of_information(prior, lumped, payoff) <= worth + 1e-9


def test_a_question_that_changes_nothing_is_worth_nothing() -> None:
    prior, payoff = WILDCATTER
    alike = [[0.2, 0.8]] * 3
    assert interact.expected_value_of_information(prior, alike, payoff) == pytest.approx(
        0, abs=1e-12
    )
    dominated = [[5, 1], [7, 2], [9, 3]]
    assert interact.expected_value_of_information(prior, SEISMIC, dominated) == 0
    table = interact.golden_question(prior, {"any": SEISMIC}, dominated)
    assert table.loc["any", "share_of_perfect"] == 0
    whole = interact.expected_value_of_information(prior, np.eye(3), payoff)
    assert whole == pytest.approx(interact.value_of_perfect_information(prior, payoff))


def test_golden_question_ranks_by_net_value() -> None:
    prior, payoff = WILDCATTER
    questions = {"alike": [[1.0], [1.0], [1.0]], "test": SEISMIC, "all": np.eye(3)}
    table = interact.golden_question(prior, questions, payoff, {"alike": 0, "test": 1, "all": 30})
    assert table.index.tolist() == ["test", "all", "alike"]
    assert table["share_of_perfect"].round(6).tolist() == [round(12.5 / 35, 6), 1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prior": [0.5, 0.3, 0.3]}, "prior sums to 1.1"),
        ({"prior": [0.5, 0.7, -0.2]}, r"prior\[2\] is -0.2"),
        ({"prior": [0.5, 0.5]}, r"payoff has shape \(3, 2\); it must have 2 rows"),
        ({"likelihood": [[0.6, 0.3]] * 3}, r"likelihood\[0\] sums to 0.9"),
        ({"likelihood": [0.6, 0.4]}, r"likelihood has shape \(2,\)"),
        ({"likelihood": [[1], [0.5, 0.5], [1]]}, "likelihood has rows of different length"),
        ({"payoff": [[1, math.nan]] * 3}, r"payoff\[1\] is nan"),
        ({"payoff": [["a"]] * 3}, "payoff is .* numbers only"),
    ],
)
def test_bad_decisions(arguments: dict, message: str) -> None:
    base = {"prior": WILDCATTER[0], "likelihood": SEISMIC, "payoff": WILDCATTER[1]}
    with pytest.raises(ValueError, match=message):
        interact.expected_value_of_information(**(base | arguments))


def test_bad_questions() -> None:
    prior, payoff = WILDCATTER
    with pytest.raises(ValueError, match="questions must be a mapping"):
        interact.golden_question(prior, {}, payoff)
    with pytest.raises(ValueError, match=r"questions\['q'\] has shape"):
        interact.golden_question(prior, {"q": [[1.0]]}, payoff)
    with pytest.raises(ValueError, match="cost lacks the question 'q'"):
        interact.golden_question(prior, {"q": SEISMIC}, payoff, cost={})
    with pytest.raises(ValueError, match="cost is -1"):
        interact.golden_question(prior, {"q": SEISMIC}, payoff, cost=-1)
    with pytest.raises(ValueError, match=r"answer is 1; .* nobody gives it"):
        interact.posterior([0.5, 0.5], [[1, 0], [1, 0]], 1)
    with pytest.raises(ValueError, match="answer is 2"):
        interact.posterior([0.5, 0.5], [[1, 0], [1, 0]], 2)


# Bargains and advocates -----------------------------------------------------------------------


@quick
@given(worth=euros, reward=st.floats(0, 1e4), share=shares, offer=st.floats(0, 10))
def test_bargains(worth: float, reward: float, share: float, offer: float) -> None:
    explicit = interact.bargain_value(worth, reward, share, "explicit", offer)
    implicit = interact.bargain_value(worth, reward, share, "implicit", offer)
    assert explicit - implicit == pytest.approx((1 - share) * reward, abs=1e-7)
    assert explicit >= implicit - 1e-7
    assert explicit == pytest.approx(share * (worth - reward) - offer, abs=1e-7)


def test_bad_bargains() -> None:
    with pytest.raises(
        ValueError, match="bargain is 'tacit'; it must be one of 'explicit', 'implicit'"
    ):
        interact.bargain_value(1, 1, 1, "tacit")
    with pytest.raises(ValueError, match=r"response is 1\.5"):
        interact.bargain_value(1, 1, 1.5)
    with pytest.raises(ValueError, match="reward is -1"):
        interact.bargain_value(1, -1, 0.5)


@quick
@given(n=st.floats(0, 1e3), b=st.floats(0, 3), g=st.integers(0, 12))
def test_reach_is_the_sum_of_the_generations(n: float, b: float, g: int) -> None:
    expected = math.fsum(n * b**k for k in range(1, g + 1))
    got = interact.advocacy_reach(n, b, g)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert interact.advocacy_reach(n, b, g + 1) >= got
    if b < 1:
        assert interact.advocacy_reach(n, b) >= got - 1e-9


def test_reach_at_the_edges() -> None:
    assert interact.advocacy_reach(5, 1, 4) == 20
    assert interact.advocacy_reach(5, 0) == 0
    assert interact.advocacy_reach(5, 0, 3) == 0
    assert interact.advocacy_reach(5, 1 - 1e-12, 4) == pytest.approx(20)
    assert interact.advocacy_reach(5, 0.9) == pytest.approx(interact.advocacy_reach(5, 0.9, 2000))


def test_reach_is_the_mean_of_a_branching_process() -> None:
    rng = np.random.default_rng(3)
    alive, reached = np.full(20_000, 3), np.zeros(20_000)
    for _ in range(4):
        alive = rng.poisson(0.8 * alive)
        reached += alive
    error = reached.std(ddof=1) / math.sqrt(reached.size)
    assert abs(reached.mean() - interact.advocacy_reach(3, 0.8, 4)) < 4 * error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 1), "branching is 1; .* less than 1"),
        ((1, [0.5, 2.5]), "branching is 2.5"),
        ((-1, 0.5), "advocates is -1"),
        ((1, -0.5), "branching is -0.5"),
        ((1, 0.5, 1.5), "generations is 1.5; it must be a whole number"),
        ((1, 10, 10_000), "overflows"),
        (([1, 2], [0.1, 0.2, 0.3]), "shapes do not fit"),
    ],
)
def test_bad_reach(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        interact.advocacy_reach(*arguments)
