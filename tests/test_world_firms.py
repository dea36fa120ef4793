"""The panel of firms: published marginals, causal strength, naive comparison, halo, survivors."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxedu import World
from cxedu.world import chance, firms
from cxedu.world.firms import EFFECT, FIRM_ITEMS, FIRMS, GROUPS, QUESTIONS, RESULTS, YEARS

SEEDS = range(1, 31)
SCALED = FIRM_ITEMS.index[FIRM_ITEMS["published"].isna()]
CAPABILITY_ITEMS = [item for item in SCALED if not item.startswith("orientation")]
KEY = ["firm_id", "year"]


@pytest.fixture(scope="module")
def panels():
    """Answers and results, and the truth, of thirty panels (one per seed)."""
    made = []
    for seed in SEEDS:
        world = World(seed, n_customers=1)
        made.append((world.firms, world.truth.firms))
    return made


@pytest.fixture(scope="module")
def pooled(panels):
    """Every panel's rows with their truth; firms numbered apart."""
    parts = []
    for seed, (seen, truth) in zip(SEEDS, panels, strict=True):
        both = seen.merge(truth, on=KEY, validate="one_to_one")
        both["firm_id"] += 1000 * seed
        parts.append(both)
    return pd.concat(parts, ignore_index=True)


def ols(y, *columns):
    """Coefficients (constant first) and their standard errors."""
    x = np.column_stack([np.ones(len(y)), *columns])
    found, *_ = np.linalg.lstsq(x, y, rcond=None)
    rest = y - x @ found
    scale = rest @ rest / (len(y) - x.shape[1])
    return found, np.sqrt(np.diag(scale * np.linalg.inv(x.T @ x)))


def maturity(table):
    """What a study sees of capability: the mean of the questions and of the 1–5 items, together."""
    asked = table[list(QUESTIONS.index)].mean(axis=1)
    scaled = table[CAPABILITY_ITEMS].mean(axis=1)
    return stats.zscore(asked.to_numpy()) * 0.2 + stats.zscore(scaled.to_numpy()) * 0.8


def thirds(table):
    score = maturity(table)
    low, high = np.quantile(score, [1 / 3, 2 / 3])
    return table[score <= low], table[score >= high]


# --- the contract ------------------------------------------------------------------------------


def test_there_are_58_items_in_four_groups_nine_of_them_published():
    assert len(FIRM_ITEMS) == 58
    assert tuple(FIRM_ITEMS["group"].unique()) == GROUPS
    assert FIRM_ITEMS["wording"].is_unique
    assert QUESTIONS.to_dict() == {
        "treats_differently": 0.60,
        "profiles_current": 0.28,
        "needs_captured": 0.31,
        "interactions_adapted": 0.21,
        "metrics_for_firm": 0.43,
        "incentives_aligned": 0.31,
        "metrics_for_people": 0.30,
        "campaign_roi": 0.41,
        "mix_roi": 0.30,
    }


def test_the_panel_starts_whole_and_only_shrinks(panels):
    for seen, truth in panels[:5]:
        waves = seen.groupby("firm_id")["year"].agg(["min", "max", "size"])
        assert waves.index.tolist() == list(range(1, FIRMS + 1))
        assert (waves["min"] == YEARS[0]).all()
        assert (waves["max"] - waves["min"] + 1 == waves["size"]).all()  # no gaps
        assert seen[KEY].equals(seen[KEY].sort_values(KEY))
        a_year = seen["year"].value_counts().sort_index()
        assert a_year.index.tolist() == list(YEARS)
        assert a_year.is_monotonic_decreasing
        assert not seen.duplicated(KEY).any()
        assert seen.groupby("firm_id")[["industry", "size"]].nunique().eq(1).all(axis=None)
        assert not truth.duplicated(KEY).any()


def test_absence_is_either_failure_or_silence(panels):
    for seen, truth in panels[:5]:
        there = truth.loc[truth["in_panel"], KEY].reset_index(drop=True)
        pd.testing.assert_frame_equal(there, seen[KEY])
        last = truth.drop_duplicates("firm_id", keep="last").set_index("firm_id")
        assert (last["failed"] | (last["year"] == YEARS[-1])).all()
        assert truth.groupby("firm_id")["failed"].sum().max() == 1
        assert not truth.loc[truth["year"] == YEARS[0], "failed"].any()
        assert not (truth["failed"] & truth["in_panel"]).any()
        silent = ~truth["in_panel"] & ~truth["failed"]
        assert silent.any()
        assert truth["failed"].any()
        both = seen.merge(truth, on=KEY)
        assert both["revenue_growth"].equals(both["actual_growth"])
        assert both["shareholder_return"].equals(both["actual_return"])
        assert (truth.loc[truth["failed"], "actual_return"] == firms.FAILED_RETURN).all()


def test_answers_and_results_stay_in_their_bounds(pooled):
    told = pooled[list(SCALED)]
    boxes = np.unique(told.to_numpy())
    assert boxes[~np.isnan(boxes)].tolist() == [1, 2, 3, 4, 5]
    blank = told.isna().to_numpy().mean()
    n = told.size
    assert blank == pytest.approx(firms.MISSING, abs=4 * np.sqrt(0.04 * 0.96 / n))
    assert pooled["customer_retention"].between(0.3, firms._MOST_RETENTION).all()
    assert (pooled["customer_retention"] == firms._MOST_RETENTION).mean() < 0.001
    assert (pooled["shareholder_return"] > -1).all()
    assert not pooled[list(RESULTS)].isna().any(axis=None)


# --- the published marginals -------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS.index)
def test_first_wave_says_yes_as_often_as_published(panels, question):
    share = np.array([seen.loc[seen["year"] == YEARS[0], question].mean() for seen, _ in panels])
    published = QUESTIONS[question]
    error = np.sqrt(published * (1 - published) / (FIRMS * len(panels)))
    assert share.mean() == pytest.approx(published, abs=4 * error)
    # The firms of one panel answer each for itself: no more spread than a binomial's.
    assert share.std(ddof=1) < 1.6 * np.sqrt(published * (1 - published) / FIRMS)


def test_later_waves_drift_upwards_because_the_weak_are_gone(panels):
    said = [s.groupby("year")[list(QUESTIONS.index)].mean().mean(axis=1) for s, _ in panels]
    drift = np.array([share[2024] - share[2020] for share in said])
    assert drift.mean() > 3 * drift.std(ddof=1) / np.sqrt(len(drift))
    able = np.array([(t[t["in_panel"]].groupby("year")["capability"].mean()) for _, t in panels])
    gain = able[:, -1] - able[:, 0]
    assert gain.mean() > 4 * gain.std(ddof=1) / np.sqrt(len(gain))


def test_scores_are_standard_and_correlate_as_stated(panels):
    truth = pd.concat([t[t["year"] == YEARS[0]] for _, t in panels])
    n = len(truth)
    for score in ("management", "culture", "capability"):
        assert truth[score].mean() == pytest.approx(0, abs=4 / np.sqrt(n))
        assert truth[score].var() == pytest.approx(1, abs=4 * np.sqrt(2 / n))
    found = truth[["management", "culture", "capability"]].corr()
    assert found.loc["management", "culture"] == pytest.approx(0.5, abs=4 * 0.75 / np.sqrt(n))
    assert found.loc["management", "capability"] == pytest.approx(
        firms.CONFOUNDING, abs=4 * 0.64 / np.sqrt(n)
    )
    assert truth["actual_growth"].std() == pytest.approx(
        firms.growth_spread(), abs=4 * firms.growth_spread() / np.sqrt(2 * n)
    )
    expected = EFFECT["revenue_growth"] * truth["capability"]
    assert np.allclose(truth["growth_from_capability"], expected)


def test_items_of_a_group_go_together(pooled):
    first = pooled[pooled["year"] == YEARS[0]]
    by_group = {g: first[[i for i in SCALED if i.startswith(g)]].mean(axis=1) for g in GROUPS}
    found = pd.DataFrame(by_group).corr()
    others = found.loc[list(GROUPS[1:]), list(GROUPS[1:])].to_numpy()
    assert others[np.triu_indices(3, 1)].min() > 0.8  # one capability behind three groups
    assert 0.3 < found.loc["orientation", "insight"] < 0.7  # culture is another thing


# --- what capability causes, and what it seems to cause ----------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("result", RESULTS)
def test_the_causal_strength_is_recovered_once_management_is_known(panels, seed, result):
    seen, truth = panels[seed - 1]
    if result == "revenue_growth":  # the truth has every firm that exists
        y, by = truth["actual_growth"].to_numpy(), truth
        extra = []
    else:  # failing hangs on growth and return: the first wave has all firms
        both = seen.merge(truth, on=KEY)
        by = both[both["year"] == YEARS[0]]
        y = by[result].to_numpy()
        y = np.log1p(y) if result == "shareholder_return" else y
        industry = pd.get_dummies(by["industry"], drop_first=True, dtype=float)
        extra = [by["culture"], *industry.to_numpy().T]
    found, error = ols(y, by["capability"], by["management"], *extra)
    assert found[1] == pytest.approx(EFFECT[result], abs=3 * error[1])
    assert found[2] == pytest.approx(firms.MANAGEMENT_EFFECT[result], abs=3 * error[2])


def test_the_causal_strength_is_found_over_all_panels_and_the_naive_one_is_not(panels):
    truth = pd.concat([t for _, t in panels])
    found, error = ols(truth["actual_growth"].to_numpy(), truth["capability"], truth["management"])
    assert found[1] == pytest.approx(EFFECT["revenue_growth"], abs=3 * error[1])
    assert found[1] > 10 * error[1]
    naive, error = ols(truth["actual_growth"].to_numpy(), truth["capability"])
    expected = EFFECT["revenue_growth"] + 0.6 * firms.MANAGEMENT_EFFECT["revenue_growth"]
    assert naive[1] == pytest.approx(expected, abs=4 * error[1])
    assert naive[1] > 2 * EFFECT["revenue_growth"]


def test_the_naive_advantage_is_two_to_threefold_and_the_causal_one_much_smaller(panels):
    naive, causal = [], []
    average, effect = firms.MEAN["revenue_growth"], EFFECT["revenue_growth"]
    for seen, truth in panels:
        low, high = thirds(seen.merge(truth, on=KEY))
        naive.append(high["revenue_growth"].mean() / low["revenue_growth"].mean())
        gain = [average + effect * third["capability"].mean() for third in (low, high)]
        causal.append(gain[1] / gain[0])
    assert 2.0 < np.mean(naive) < 3.0
    assert np.mean(np.array(naive) > 2.0) > 0.9
    assert 1.1 < np.mean(causal) < 1.4
    assert max(causal) < 1.5 < min(naive)


def test_success_colours_the_answers(pooled):
    """At the same capability, who grew more says more often yes; without the halo it would not."""
    first = pooled[pooled["year"] == YEARS[0]]
    luck = first["revenue_growth"] - (
        EFFECT["revenue_growth"] * first["capability"]
        + firms.MANAGEMENT_EFFECT["revenue_growth"] * first["management"]
    )
    for items in (CAPABILITY_ITEMS, [i for i in SCALED if i.startswith("orientation")]):
        mean = first[items].mean(axis=1).to_numpy()
        found, error = ols(mean, luck, first["capability"], first["culture"], first["management"])
        expected = firms.HALO / firms.growth_spread()  # points per unit of growth, before rounding
        assert found[1] > 10 * error[1]
        assert found[1] == pytest.approx(expected, rel=0.15)


def test_changes_within_a_firm_find_the_effect_without_knowing_management(panels):
    """Management stays, so differences between years take it out."""
    parts = []
    for seed, (_, truth) in enumerate(panels):
        both = truth[truth["year"].isin(YEARS[:2])].copy()
        both["firm_id"] += 1000 * seed
        parts.append(both.pivot_table(index="firm_id", columns="year"))
    both = pd.concat(parts).dropna(subset=[("actual_growth", YEARS[1])])
    growth, capability = (
        (both[c, YEARS[1]] - both[c, YEARS[0]]).to_numpy(float)
        for c in ("actual_growth", "capability")
    )
    found, error = ols(growth, capability)
    assert found[1] == pytest.approx(EFFECT["revenue_growth"], abs=3 * error[1])
    assert found[1] > 4 * error[1]


# --- who is left -------------------------------------------------------------------------------


def test_survivors_return_more_than_all(panels):
    seen = np.array([s["shareholder_return"].mean() for s, _ in panels])
    whole = np.array([t["actual_return"].mean() for _, t in panels])
    assert (seen > whole).all()
    assert 0.015 < (seen - whole).mean() < 0.035
    stayed = np.array(
        [
            s[s.groupby("firm_id")["year"].transform("size") == 5]["shareholder_return"].mean()
            for s, _ in panels
        ]
    )
    assert (stayed > seen).mean() > 0.8


def test_failure_follows_results_and_silence_does_not(panels):
    truth = pd.concat([t for _, t in panels])
    later = truth[truth["year"] > YEARS[0]]
    failed = later[later["failed"]]
    assert 0.025 < later["failed"].mean() < 0.045
    assert failed["management"].mean() < -0.3
    # Only the first year of silence counts: later on the silent may fail, too.
    second = truth[(truth["year"] == YEARS[1]) & ~truth["failed"]]
    silent = second[~second["in_panel"]]
    n, share = len(second), firms.STOPS
    assert len(silent) / n == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))
    gap = silent["actual_growth"].mean() - second["actual_growth"].mean()
    assert abs(gap) < 4 * second["actual_growth"].std() / np.sqrt(len(silent))


# --- the same for ever, whatever the customers ---------------------------------------------------


def test_the_firms_do_not_hang_on_the_customers():
    few, many = World(7, n_customers=1), World(7, n_customers=700)
    many.transactions  # noqa: B018
    pd.testing.assert_frame_equal(few.firms, many.firms)
    pd.testing.assert_frame_equal(few.truth.firms, many.truth.firms)
    assert not World(8, n_customers=1).firms.equals(few.firms)


def test_draws_come_from_the_generator_alone():
    one, two = (firms.draw_firms(chance.child(3, "firms")) for _ in range(2))
    assert all(np.array_equal(one[k], two[k], equal_nan=k in SCALED) for k in one)


def test_golden():
    world = World(seed=1)
    made = world.firms.to_csv(index=False, float_format="%.8g")
    made += world.truth.firms.to_csv(index=False, float_format="%.8g")
    assert hashlib.sha256(made.encode()).hexdigest()[:16] == "35e0c25c74deeefe"
