"""`cxedu.experience`: published numbers, closed forms, independent calculations, bad input."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from cxedu import experience
from cxedu.experience import Comparison

# A busy machine must not fail a test: only what is computed counts, not how long it takes.
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ratings = st.lists(st.integers(0, 10), min_size=1, max_size=60)


# Net Promoter Score ---------------------------------------------------------------------------


def sample(promoters: int, passives: int, detractors: int) -> list[int]:
    return [10] * promoters + [7] * passives + [0] * detractors


def test_every_rating_is_in_its_class() -> None:
    by_rating = [experience.net_promoter_score([x]).score for x in range(11)]
    assert by_rating == [-100] * 7 + [0] * 2 + [100] * 2


@pytest.mark.parametrize("method", ["score", "wald"])
@quick
@given(x=ratings)
def test_nps_is_bounded_and_knows_no_order(method: str, x: list) -> None:
    got = experience.net_promoter_score(x, method=method)
    assert -100 <= got.low <= got.score + 1e-6
    assert got.score - 1e-6 <= got.high <= 100
    assert experience.net_promoter_score(x[::-1], method=method) == got
    assert got.n == len(x)
    # promoters and detractors changed over: the mirror image
    mirror = {10: 0, 9: 0, 8: 8, 7: 7}
    other = experience.net_promoter_score([mirror.get(r, 10) for r in x], method=method)
    assert other.score == pytest.approx(-got.score)
    assert (other.low, other.high) == (pytest.approx(-got.high), pytest.approx(-got.low))
    wider = experience.net_promoter_score(x, level=0.99, method=method)
    assert wider.low <= got.low + 1e-6
    assert wider.high >= got.high - 1e-6


@quick
@given(x=ratings)
def test_standard_error_is_that_of_the_mean_of_three_values(x: list) -> None:
    """A rating counts +100, 0 or −100, so the score is a mean and its variance that of a mean."""
    counts = np.select([np.array(x) >= 9, np.array(x) <= 6], [100.0, -100.0], 0.0)
    got = experience.net_promoter_score(x)
    assert got.score == pytest.approx(counts.mean())
    assert got.standard_error == pytest.approx(counts.std() / math.sqrt(len(x)), abs=1e-9)


def test_multinomial_variance_is_exact() -> None:
    """Var over all samples of 4 from (.5, .2, .3), summed one by one."""
    chances, n = np.array([0.5, 0.2, 0.3]), 4
    law = stats.multinomial(n, chances)
    moments = np.zeros(2)
    for p in range(n + 1):
        for d in range(n + 1 - p):
            score = 100 * (p - d) / n
            moments += law.pmf([p, n - p - d, d]) * np.array([score, score**2])
    exact = math.sqrt(moments[1] - moments[0] ** 2)
    got = experience.net_promoter_score(sample(50, 20, 30)).standard_error * math.sqrt(100 / n)
    assert got == pytest.approx(exact, rel=1e-12)


def test_score_interval_of_tango() -> None:
    """Airway hyper-responsiveness, 1 against 7 of 21 children (Bentur and others 2009), whose interval
    Fagerland, Lydersen and Laake (2014) give as −0.517 to −0.026."""
    got = experience.net_promoter_score(sample(1, 13, 7))
    assert got.score == pytest.approx(-600 / 21)
    assert round(got.low / 100, 3) == -0.517
    assert round(got.high / 100, 3) == -0.026
    wald = experience.net_promoter_score(sample(1, 13, 7), method="wald")  # there: −0.520 to −0.052
    assert (round(wald.low / 100, 3), round(wald.high / 100, 3)) == (-0.520, -0.052)


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_agreement_is_no_certainty(n: int) -> None:
    """If all are promoters the interval ends at (n − z²) / (n + z²); all passive, ± z² / (n + z²)."""
    z2 = stats.norm.ppf(0.975) ** 2
    all_for = experience.net_promoter_score([10] * n)
    assert all_for.high == 100
    assert all_for.low == pytest.approx(100 * (n - z2) / (n + z2), abs=1e-6)
    neither = experience.net_promoter_score([8] * n)
    assert neither.high == pytest.approx(100 * z2 / (n + z2), abs=1e-6)
    assert neither.low == pytest.approx(-neither.high, abs=1e-6)
    wald = experience.net_promoter_score([10] * n, method="wald")
    assert wald.low == wald.high == 100  # what the documentation warns of


def test_intervals_agree_in_large_samples_and_cover() -> None:
    large = sample(5000, 2000, 3000)
    a, b = (experience.net_promoter_score(large, method=m) for m in ("score", "wald"))
    assert a.low == pytest.approx(b.low, abs=0.02)
    assert a.high == pytest.approx(b.high, abs=0.02)
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        p, _, d = draw = rng.multinomial(30, [0.6, 0.3, 0.1])
        assert p + d <= 30
        got = experience.net_promoter_score(sample(*draw), level=0.9)
        hits += got.low <= 50 <= got.high
    assert stats.binomtest(hits, 400, 0.9).pvalue > 0.001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratings": [9, math.nan]}, r"ratings\[1\] is nan"),
        ({"ratings": [11]}, r"ratings\[0\] is 11; .* at most 10"),
        ({"ratings": [7.5]}, r"ratings\[0\] is 7.5; every value must be a whole number"),
        ({"ratings": []}, "ratings is empty"),
        ({"ratings": ["ten"]}, "ratings is .*numbers only"),
        ({"level": 95}, "level is 95; .* less than 1"),
        ({"method": "exact"}, "method is 'exact'; it must be one of 'score', 'wald'"),
    ],
)
def test_bad_input_of_nps(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experience.net_promoter_score(**({"ratings": [9, 3]} | arguments))


# Satisfaction and effort ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_of_newcombe(k: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998, Statistics in Medicine 17, 857–872), table I, score method."""
    got = experience.wilson_interval(k, n)
    assert (round(got[0], 4), round(got[1], 4)) == (low, high)


@quick
@given(n=st.integers(1, 500), share=st.floats(0, 1), level=st.floats(0.5, 0.999))
def test_wilson_agrees_with_scipy(n: int, share: float, level: float) -> None:
    k = round(share * n)
    got = experience.wilson_interval(k, n, level)
    oracle = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert got == (pytest.approx(oracle.low, abs=1e-12), pytest.approx(oracle.high, abs=1e-12))


def test_wilson_of_many_shares_at_once() -> None:
    k = pd.Series([0, 3, 20, 7], index=["a", "b", "c", "d"])
    low, high = experience.wilson_interval(k, 20, 0.9)
    assert low.index.equals(k.index)
    for name, count in k.items():
        oracle = stats.binomtest(count, 20).proportion_ci(0.9, method="wilson")
        assert (low[name], high[name]) == pytest.approx((oracle.low, oracle.high), abs=1e-12)
    with pytest.raises(ValueError, match=r"successes\[1\] is 5; it must be at most n, 4"):
        experience.wilson_interval([1, 5], [2, 4])
    with pytest.raises(ValueError, match="shapes do not fit: successes has"):
        experience.wilson_interval([1, 5], [2, 4, 6])


@quick
@given(x=st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_csat_is_a_share(x: list) -> None:
    got = experience.customer_satisfaction(x)
    assert got.score == pytest.approx((np.array(x) >= 4).mean())
    assert 0 <= got.low <= got.score <= got.high <= 1
    assert experience.customer_satisfaction(x, top=3).score >= got.score
    moved = experience.customer_satisfaction([v + 2 for v in x], scale=(3, 7))
    assert moved == got
    assert got.better == "higher"


def test_ces_is_a_mean_with_t_interval() -> None:
    x = [7, 6, 5, 6, 2, 7, 4, 6]
    got = experience.customer_effort_score(x, level=0.9)
    oracle = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    assert (got.low, got.high) == (pytest.approx(oracle.low), pytest.approx(oracle.high))
    assert got.standard_error == pytest.approx(stats.sem(x))
    assert got.better == "higher"
    hard = experience.customer_effort_score(x, level=0.9, high_is="hard")
    assert hard.score == got.score  # nothing is turned round; the label says how to read it
    assert hard.better == "lower"


def test_ces_stays_on_its_scale() -> None:
    got = experience.customer_effort_score([7, 7, 7, 1])
    assert got.high == 7
    assert experience.customer_effort_score([1, 1, 2], scale=(1, 5)).low == 1


def test_estimates_make_a_table_and_a_sentence() -> None:
    rows = [
        experience.net_promoter_score([10, 3]),
        experience.customer_satisfaction([5, 2]),
        experience.customer_effort_score([5, 2]),
    ]
    table = pd.DataFrame(rows).set_index("measure")
    assert table.index.tolist() == ["NPS", "CSAT", "CES"]
    assert {"score", "low", "high", "n", "level"} <= set(table.columns)
    assert str(rows[1]).startswith("CSAT 0.5 share (95 % interval 0.09453 to 0.9055, n = 2")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("customer_satisfaction", {"answers": [6]}, r"answers\[0\] is 6; .* at most 5"),
        ("customer_satisfaction", {"answers": [3.5]}, "whole number"),
        ("customer_satisfaction", {"answers": []}, "answers is empty"),
        ("customer_satisfaction", {"answers": [3], "top": 5}, "top is 5; .* at most 4"),
        ("customer_satisfaction", {"answers": [3], "top": 0}, "top is 0"),
        ("customer_satisfaction", {"answers": [3], "scale": (5, 1)}, r"scale is \(5, 1\)"),
        ("customer_satisfaction", {"answers": [3], "scale": 5}, "scale is 5; it must be"),
        ("customer_satisfaction", {"answers": [3], "level": 0}, "level is 0"),
        ("customer_effort_score", {"answers": [3]}, "answers has 1 value; .* at least 2"),
        ("customer_effort_score", {"answers": [3, math.nan]}, r"answers\[1\] is nan"),
        ("customer_effort_score", {"answers": [3, 8]}, r"answers\[1\] is 8"),
        ("customer_effort_score", {"answers": [3, 4], "high_is": "good"}, "high_is is 'good'"),
        ("wilson_interval", {"successes": 3, "n": 2}, "successes is 3; .* at most 2"),
        ("wilson_interval", {"successes": 0, "n": 0}, "n is 0"),
    ],
)
def test_bad_input_of_scores(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(experience, name)(**arguments)


# Funnel ---------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from("abcx"), st.integers(0, 6)), max_size=40
)


def log_of(rows: list) -> pd.DataFrame:
    base = [(0, "a", 0), (0, "b", 1), (0, "c", 2)]  # every step is known
    return pd.DataFrame(base + rows, columns=["case", "step", "time"])


@quick
@given(rows=events)
def test_funnel_case_by_case(rows: list) -> None:
    log = log_of(rows)
    expected = [0, 0, 0]
    for _, own in log.groupby("case"):
        since = -math.inf
        for k, name in enumerate("abc"):
            later = [
                t for s, t in zip(own["step"], own["time"], strict=True) if s == name and t >= since
            ]
            if not later:
                break
            since = min(later)
            expected[k] += 1
    got = experience.funnel(log, list("abc"))
    assert got["entered"].tolist() == expected
    anyhow = experience.funnel(log, list("abc"), time=None)
    sets = [set(log.loc[log["step"] == s, "case"]) for s in "abc"]
    nested = [sets[0], sets[0] & sets[1], sets[0] & sets[1] & sets[2]]
    assert anyhow["entered"].tolist() == [len(s) for s in nested]
    shuffled = log.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(experience.funnel(shuffled, list("abc")), got)


@quick
@given(counts=st.lists(st.integers(0, 1000), min_size=1, max_size=6))
def test_funnel_adds_up(counts: list) -> None:
    counts = sorted(counts, reverse=True)
    got = experience.funnel({f"s{k}": n for k, n in enumerate(counts)})
    assert got["left"].sum() + counts[-1] == counts[0]
    if counts[-1] > 0:
        assert got["conversion"].iloc[-1] == pytest.approx((1 - got["drop_off"]).prod())
        assert got["drop_off"].between(0, 1).all()


def test_funnel_of_an_empty_shop_has_no_shares() -> None:
    got = experience.funnel(pd.Series({"visit": 3, "basket": 0, "order": 0}))
    assert got["conversion"].tolist() == [1, 0, 0]
    assert got["drop_off"].isna().tolist() == [False, True, True]
    assert experience.funnel({"visit": 0})["conversion"].isna().all()
    picked = experience.funnel({"order": 5, "visit": 10}, steps=["visit", "order"])
    assert picked["entered"].tolist() == [10, 5]


def test_funnel_takes_dates_and_categories() -> None:
    log = pd.DataFrame(
        {
            "id": [1, 1, 2, 2],
            "what": pd.Categorical(["visit", "buy", "buy", "visit"]),
            "when": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-01", "2025-01-02"]),
        },
        index=[9, 9, 8, 7],
    )
    got = experience.funnel(log, ["visit", "buy"], case="id", step="what", time="when")
    assert got["entered"].tolist() == [2, 1]  # the second bought before the visit


GOOD_LOG = pd.DataFrame(
    {"case": [1, 1, 2], "step": ["a", "b", "a"], "time": [0, 1, 0], "effort": [1.0, 2.0, 3.0]}
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": None}, "steps is None; it must list the steps"),
        ({"steps": "ab"}, "steps is 'ab'; it must list the steps"),
        ({"steps": []}, "steps is empty"),
        ({"steps": ["a", "a"]}, "steps has 'a' twice"),
        ({"steps": ["a", pd.NA]}, r"steps\[1\] is <NA>; it must be the name of a step"),
        ({"steps": [["a"], ["b"]]}, r"steps\[0\] is \['a'\]; it must be the name"),
        ({"steps": ["a", "z"]}, r"steps\[1\] is 'z'; it must be one of 'a', 'b'"),
        ({"events": [1, 2]}, "events is a list"),
        ({"events": {"a": 1, "b": 2}}, "2 enter 'b' but only 1 'a' before it"),
        ({"events": {"a": 1.5, "b": 1}}, r"events\['a'\] is 1.5"),
        ({"events": GOOD_LOG.drop(columns="time")}, "events lacks the column 'time'"),
        ({"events": GOOD_LOG.iloc[:0]}, "events has no rows"),
        ({"events": GOOD_LOG.assign(case=[1, None, 2])}, r"events\['case'\] is missing in row 1"),
        ({"events": GOOD_LOG.assign(time=["x", "y", "z"])}, r"events\['time'\] holds"),
        ({"events": GOOD_LOG.assign(case=[1, "b", 2]), "time": None}, "mixes texts and numbers"),
        (
            {"events": pd.DataFrame([[1, 2, 3, 4]], columns=["case", "case", "step", "time"])},
            "events has the column 'case' twice",
        ),
    ],
)
def test_bad_input_of_funnel(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        experience.funnel(**({"events": GOOD_LOG, "steps": ["a", "b"]} | arguments))


# Effort and pain ------------------------------------------------------------------------------


def test_effort_by_hand() -> None:
    log = pd.DataFrame(
        {
            "case": [2, 1, 1, 1],
            "step": ["order", "call", "order", "call"],
            "channel": ["app", "phone", "web", "phone"],
            "time": pd.to_datetime(
                ["2025-01-01 08:00", "2025-01-01 10:30", "2025-01-01 10:00", "2025-01-02 10:00"]
            ),
            "effort": [1, 5, 2, 3],
        }
    )
    got = experience.journey_effort(log, channel="channel")
    assert got.index.tolist() == [1, 2]
    assert got.loc[1].to_dict() == {
        "events": 3,
        "repeats": 1,
        "total": 10,
        "peak": 5,
        "end": 3,
        "peak_end": 4,
        "duration": 24,
        "switches": 1,
    }
    assert got.loc[2, ["repeats", "duration", "switches"]].tolist() == [0, 0, 0]
    by_row = experience.journey_effort(log, time=None)
    assert "duration" not in by_row
    assert by_row.loc[1, "end"] == 3
    # whatever the order of rows, time decides
    pd.testing.assert_frame_equal(experience.journey_effort(log.iloc[::-1], channel="channel"), got)


steps_of_effort = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from("abc"), st.integers(1, 7)), min_size=1, max_size=40
)


@quick
@given(rows=steps_of_effort, k=st.sampled_from([0.5, 2.0, 8.0]))
def test_effort_adds_up_and_scales(rows: list, k: float) -> None:
    log = pd.DataFrame(rows, columns=["case", "step", "effort"])
    got = experience.journey_effort(log, time=None)
    assert got["events"].sum() == len(log)
    assert got["total"].sum() == log["effort"].sum()
    assert (got["peak"] >= got["peak_end"]).all()
    assert (got["repeats"] < got["events"]).all()
    scaled = experience.journey_effort(log.assign(effort=log["effort"] * k), time=None)
    np.testing.assert_allclose(scaled["peak_end"], k * got["peak_end"])


@quick
@given(rows=steps_of_effort, limit=st.integers(0, 7))
def test_priorities_sum_to_the_mean_pain_of_a_journey(rows: list, limit: int) -> None:
    log = pd.DataFrame(rows, columns=["case", "step", "effort"])
    got = experience.pain_points(log, limit)
    worst = (log["effort"] - limit).clip(lower=0).groupby([log["case"], log["step"]]).max()
    per_case = worst.groupby(level="case").sum()
    assert got["priority"].sum() == pytest.approx(per_case.mean())
    np.testing.assert_allclose(got["priority"], got["impact"] * got["prevalence"])
    assert got["priority"].is_monotonic_decreasing
    assert got["share"].sum() == pytest.approx(1 if got["painful"].any() else 0)
    assert (got["painful"] <= got["cases"]).all()
    shuffled = log.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(experience.pain_points(shuffled, limit), got)
    # a scale turned round hurts on its low side
    turned = log.assign(emotion=8 - log["effort"])
    other = experience.pain_points(turned, 8 - limit, measure="emotion", hurts="low")
    pd.testing.assert_frame_equal(other, got)


def test_planted_friction_is_found() -> None:
    """Returns hurt most, but paying hurts many: the index puts paying first."""
    rng = np.random.default_rng(2)
    rows = []
    for case in range(500):
        rows += [(case, "browse", rng.integers(1, 3)), (case, "pay", rng.integers(3, 7))]
        if rng.random() < 0.05:
            rows.append((case, "return", 7))
    got = experience.pain_points(pd.DataFrame(rows, columns=["case", "step", "effort"]), 3)
    assert got.index.tolist() == ["pay", "return", "browse"]
    assert got["impact"].idxmax() == "return"
    assert got.loc["browse", ["painful", "impact", "share"]].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("journey_effort", {"effort": "pain"}, "log lacks the column 'pain'"),
        ("journey_effort", {"log": GOOD_LOG.assign(effort=-1)}, r"log\['effort'\]\[0\] is -1"),
        (
            "journey_effort",
            {"log": GOOD_LOG.assign(effort=math.nan)},
            r"log\['effort'\]\[0\] is nan",
        ),
        ("journey_effort", {"log": GOOD_LOG.assign(effort="hard")}, "numbers only"),
        (
            "journey_effort",
            {"log": GOOD_LOG.assign(time=[0, None, 1])},
            r"log\['time'\] is missing",
        ),
        ("journey_effort", {"channel": "channel"}, "log lacks the column 'channel'"),
        ("journey_effort", {"log": 3}, "log is a int"),
        ("pain_points", {"threshold": math.nan}, "threshold is nan"),
        ("pain_points", {"threshold": 2, "hurts": "both"}, "hurts is 'both'"),
        ("pain_points", {"threshold": 2, "measure": "emotion"}, "lacks the column 'emotion'"),
        ("pain_points", {"threshold": 2, "log": GOOD_LOG.iloc[:0]}, "log has no rows"),
    ],
)
def test_bad_input_of_journeys(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(experience, name)(**({"log": GOOD_LOG} | arguments))


# Bootstrap ------------------------------------------------------------------------------------

# Efron and Tibshirani (1993, table 2.1): days that 7 treated and 9 other mice survived surgery.
TREATED = [94, 197, 16, 38, 99, 141, 23]
CONTROL = [52, 104, 146, 10, 51, 30, 40, 27, 46]


def test_the_mice_of_efron_and_tibshirani() -> None:
    """Means 86.86 and 56.22, difference 30.63 (table 2.1); the standard error of the mean of the treated
    is 23.36 and of their median 37.83 for endless draws (table 2.2)."""
    got = experience.bootstrap_difference(TREATED, CONTROL, 1, draws=20_000)
    assert round(got.first, 2) == 86.86
    assert round(got.second, 2) == 56.22
    assert got.difference == pytest.approx(30.63, abs=0.01)
    exact = math.sqrt(np.var(TREATED) / 7 + np.var(CONTROL) / 9)  # of the bootstrap, in closed form
    assert got.standard_error == pytest.approx(exact, rel=0.02)
    alone = experience.bootstrap_difference(TREATED, [0, 0], 2, draws=20_000)
    assert alone.standard_error == pytest.approx(23.36, rel=0.02)
    median = experience.bootstrap_difference(TREATED, [0, 0], 3, "median", draws=20_000)
    assert median.standard_error == pytest.approx(37.83, rel=0.02)
    assert median.first == 94


def test_the_same_seed_gives_the_same_and_nothing_global_moves() -> None:
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (experience.bootstrap_difference(TREATED, CONTROL, 5) for _ in range(2))
    assert one == two
    assert one == experience.bootstrap_difference(TREATED, CONTROL, np.random.default_rng(5))
    assert one != experience.bootstrap_difference(TREATED, CONTROL, 6)
    assert one != "a word"
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@quick
@given(
    a=st.lists(st.integers(-50, 50), min_size=2, max_size=12),
    b=st.lists(st.integers(-50, 50), min_size=2, max_size=12),
    move=st.integers(-20, 20),
)
def test_bootstrap_moves_and_stretches_with_the_data(a: list, b: list, move: int) -> None:
    got = experience.bootstrap_difference(a, b, 1, draws=200)
    assert got.low <= got.high
    assert len(got.draws) == 200
    moved = experience.bootstrap_difference([x + move for x in a], b, 1, draws=200)
    assert moved.difference == pytest.approx(got.difference + move, abs=1e-9)
    np.testing.assert_allclose(moved.draws, got.draws + move, atol=1e-9)
    double = experience.bootstrap_difference(np.array(a) * 2, np.array(b) * 2, 1, draws=200)
    assert double.standard_error == pytest.approx(2 * got.standard_error)


def test_any_statistic_and_large_groups() -> None:
    def top(x: np.ndarray) -> np.ndarray:
        return np.quantile(x, 0.9, axis=1)

    rng = np.random.default_rng(3)
    a, b = rng.normal(1, 1, 3000), rng.normal(0, 1, 3000)
    got = experience.bootstrap_difference(a, b, 4, top, draws=1500)  # more than one block
    assert got.low < 1 < got.high
    assert len(got.draws) == 1500


def test_interval_covers() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(200):
        a, b = rng.normal(1, 1, 40), rng.normal(0, 2, 60)
        got = experience.bootstrap_difference(a, b, rng, draws=300, level=0.9)
        hits += got.low <= 1 <= got.high
    assert stats.binomtest(hits, 200, 0.88).pvalue > 0.001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": [1]}, "first has 1 value; resampling needs at least 2"),
        ({"second": [1, math.nan]}, r"second\[1\] is nan"),
        ({"first": []}, "first is empty"),
        ({"rng": None}, "rng is None"),
        ({"statistic": "mode"}, "statistic is 'mode'; it must be one of 'mean', 'median'"),
        ({"statistic": np.mean}, r"statistic returns shape \(\)"),
        ({"statistic": lambda x: x[:, 99]}, "statistic fails on .* out of bounds"),
        ({"statistic": lambda x: ["?"] * len(x)}, "statistic fails on an array"),
        ({"draws": 10}, "draws is 10; .* at least 100"),
        ({"level": 1}, "level is 1"),
    ],
)
def test_bad_input_of_bootstrap(arguments: dict, message: str) -> None:
    base = {"first": [1, 2, 3], "second": [1, 2], "rng": 1}
    with pytest.raises(ValueError, match=message):
        experience.bootstrap_difference(**(base | arguments))


# Portfolios -----------------------------------------------------------------------------------


def market(
    rng: np.random.Generator, firms: int = 400, years: int = 8
) -> tuple[pd.DataFrame, np.ndarray]:
    """Leaders gamble: the same expected return (0), but more spread and more deaths."""
    leader = np.arange(firms) < firms // 2
    spread = np.where(leader, 0.35, 0.1)[:, None]
    r = np.exp(spread * rng.standard_normal((firms, years)) - spread**2 / 2) - 1
    worth = np.cumprod(1 + r, axis=1)
    dead = np.cumsum(worth < 0.3, axis=1) > 0
    gone = np.hstack([np.zeros((firms, 1), bool), dead[:, :-1]])  # the deadly year is still seen
    return pd.DataFrame(np.where(gone, np.nan, r)), leader


def test_survivorship_makes_a_winner_of_a_gambler() -> None:
    returns, leader = market(np.random.default_rng(9), firms=3000)
    kept = experience.compare_portfolios(returns, leader, 1, draws=500)
    dropped = experience.compare_portfolios(returns, leader, 1, dead="drop", draws=500)
    assert kept.low < 0 < kept.high  # nothing to see
    assert dropped.low > 0.1  # a triumph, made by looking only at who is left
    assert dropped.first > kept.first
    assert dropped.n_first < kept.n_first == 1500


def test_portfolio_returns_by_hand() -> None:
    returns = pd.DataFrame(
        {"y1": [0.5, 0.0, -1.0, 0.1], "y2": [0.5, 0.2, np.nan, -0.1]}, index=list("abcd")
    )
    leader = pd.Series([True, True, False, False], index=list("abcd"))
    got = experience.compare_portfolios(returns, leader, 1)
    assert isinstance(got, Comparison)
    assert got.first == pytest.approx((1.25 + 0.2) / 2)
    assert got.second == pytest.approx((-1 - 0.01) / 2)
    assert str(got).startswith("difference 1.23 (95 % interval ")
    # all lost in the last year, or earlier with zeros written for it, is dead too
    lost = returns.fillna(0.0)
    assert experience.compare_portfolios(lost, leader, 1) == got
    with pytest.raises(ValueError, match="others are 1 firms here"):
        experience.compare_portfolios(lost, leader, 1, dead="drop")


RETURNS = pd.DataFrame({"y1": [0.1, 0.2, 0.3, 0.4], "y2": [0.1, 0.2, 0.3, np.nan]})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"returns": [[0.1]]}, "returns is a list"),
        ({"returns": RETURNS.assign(y1=-1.5)}, r"returns\[0\] is -1.5; .* at least -1"),
        ({"returns": RETURNS.assign(y1=np.inf)}, r"returns\[0\] is inf"),
        ({"returns": RETURNS[["y2", "y1"]]}, "firm 3 comes back after a gap"),
        ({"returns": RETURNS.assign(y1=[0, 0, 0, np.nan])}, "firm 3 has no return at all"),
        ({"returns": RETURNS.assign(y1="up")}, "returns must hold numbers only"),
        ({"returns": RETURNS[[]]}, "returns has no"),
        ({"leader": [1, 0, 1, 0]}, "leader must hold True or False"),
        ({"leader": [True, False]}, "lengths differ: returns has 4, leader has 2"),
        ({"leader": [True, False, False, False]}, "leaders are 1 firms here"),
        ({"leader": pd.Series([True, True, False, False], index=list("abcd"))}, "rows of leader"),
        ({"dead": "bury"}, "dead is 'bury'; it must be one of 'keep', 'drop'"),
        ({"rng": "seed"}, "rng is 'seed'"),
    ],
)
def test_bad_input_of_portfolios(arguments: dict, message: str) -> None:
    base = {"returns": RETURNS, "leader": [True, True, False, False], "rng": 1}
    with pytest.raises(ValueError, match=message):
        experience.compare_portfolios(**(base | arguments))


def test_every_public_name_is_documented() -> None:
    for name in experience.__all__:
        for section in ("Parameters", "Examples"):
            assert section in getattr(experience, name).__doc__, (name, section)
