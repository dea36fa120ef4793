"""What other people's libraries compute for the same quantity: scikit-learn, lifelines, statsmodels
and recordlinkage are oracles here, and nothing in `cxedu` that is tested here uses them.

Where a library defines a quantity otherwise, the test says by what it differs and demands that too.
"""

import re
import warnings
from pathlib import Path

import jellyfish
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.metrics.cluster import pair_confusion_matrix
from sklearn.metrics.pairwise import manhattan_distances
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import NearestNeighbors
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.regression.linear_model import OLS
from statsmodels.stats import proportion
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from cxedu import World, analytics, customise, experience, identify, interact, loyalty, organise
from cxedu import value as worth

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import recordlinkage
    from recordlinkage.algorithms.string import jarowinkler_similarity

# recordlinkage was last written for an older pandas.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:recordlinkage")

close = pytest.approx
SEEDS = [1, 2, 3]


# scikit-learn: predictions --------------------------------------------------------------------


def forecasts(seed: int, n: int = 400, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and probabilities that know something, but not as much as they claim."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 3, n)
    p = np.round(p, 1) if ties else p
    return (rng.random(n) < 0.5 * p + 0.1).astype(int), p


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_auc_and_gains_curve_are_scikit_learns(seed: int, ties: bool) -> None:
    y, p = forecasts(seed, ties=ties)
    assert analytics.auc(y, p) == close(metrics.roc_auc_score(y, p), abs=1e-12)
    wrong, right, _ = metrics.roc_curve(y, p, drop_intermediate=False)
    curve = analytics.gains_curve(y, p)
    # The same points: gains curves have all customers on the axis, ROC curves those who said no.
    assert curve["share_of_responses"].to_numpy() == close(right, abs=1e-12)
    everybody = y.mean() * right + (1 - y.mean()) * wrong
    assert curve["share_of_customers"].to_numpy() == close(everybody, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_cumulative_lift_is_precision_over_the_base_rate(seed: int) -> None:
    y, p = forecasts(seed)
    table = analytics.lift_table(y, p, groups=8)
    cut = np.sort(p)[::-1][np.cumsum(table["customers"]) - 1]
    for row, threshold in zip(table.itertuples(), cut, strict=True):
        chosen = p >= threshold
        assert row.cumulative_lift == close(metrics.precision_score(y, chosen) / y.mean())
        assert row.gain == close(metrics.recall_score(y, chosen))


@pytest.mark.parametrize("seed", SEEDS)
def test_brier_score_and_calibration_are_scikit_learns(seed: int) -> None:
    y, p = forecasts(seed)
    assert analytics.brier_score(y, p) == close(metrics.brier_score_loss(y, p), abs=1e-14)
    # Brier's own score has both classes in it; ours is the half of it, as the docstring says.
    both = metrics.brier_score_loss(y, p, scale_by_half=False)
    assert 2 * analytics.brier_score(y, p) == close(both, abs=1e-14)
    table = analytics.calibration_table(y, p, groups=7, by="width")
    observed, predicted = calibration_curve(y, p, n_bins=7, strategy="uniform")
    assert table["observed"].to_numpy() == close(observed)
    assert table["predicted"].to_numpy() == close(predicted)
    table = analytics.calibration_table(y, p, groups=8)  # 400 / 8: quantiles cut where we cut
    observed, predicted = calibration_curve(y, p, n_bins=8, strategy="quantile")
    assert table["observed"].to_numpy() == close(observed)
    assert table["predicted"].to_numpy() == close(predicted)


@pytest.mark.parametrize("seed", SEEDS)
def test_bayes_is_naive_bayes_with_one_question(seed: int) -> None:
    rng = np.random.default_rng(seed)
    segment = rng.integers(0, 3, 300)
    said = (rng.random(300) < np.array([0.2, 0.5, 0.9])[segment]).astype(int)
    learnt = BernoulliNB(alpha=1.0).fit(said[:, None], segment)
    prior, yes = np.exp(learnt.class_log_prior_), np.exp(learnt.feature_log_prob_[:, 0])
    table = np.column_stack([1 - yes, yes])
    for answer in (0, 1):
        theirs = learnt.predict_proba([[answer]])[0]
        assert analytics.bayes_posterior(prior, table[:, answer]) == close(theirs)
        assert interact.posterior(prior, table, answer) == close(theirs)


def test_predictive_value_is_precision() -> None:
    for rate, hit, spared in [(0.01, 0.8, 0.904), (0.3, 0.6, 0.7), (0.5, 1.0, 0.2)]:
        people = [rate * hit, rate * (1 - hit), (1 - rate) * (1 - spared), (1 - rate) * spared]
        theirs = metrics.precision_score([1, 1, 0, 0], [1, 0, 1, 0], sample_weight=people)
        assert analytics.positive_predictive_value(rate, hit, spared) == close(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_match_quality_is_manhattan_distance_turned_round(seed: int) -> None:
    rng = np.random.default_rng(seed)
    needs, offers = rng.integers(1, 6, (40, 4)), rng.integers(1, 6, (7, 4))
    weights = rng.random(4) + 0.1
    far = manhattan_distances(needs * weights, offers * weights) / (4 * weights.sum())
    assert customise.match_quality(needs, offers, weights) == close(1 - far)
    nearest = NearestNeighbors(n_neighbors=1, metric="manhattan").fit(offers * weights)
    distance, _ = nearest.kneighbors(needs * weights)
    best = customise.match_quality(needs, offers, weights).max(axis=1)
    assert 1 - best == close(distance[:, 0] / (4 * weights.sum()))


@pytest.mark.parametrize("seed", SEEDS)
def test_gini_from_the_area_under_lorenz(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(3, 1, 500)
    curve = worth.lorenz(values).to_numpy()
    assert worth.gini(values) == close(1 - 2 * metrics.auc(curve[:, 0], curve[:, 1]))


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_clusters_are_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 60, 300)
    found = np.where(rng.random(300) < 0.8, true, rng.integers(0, 80, 300))
    (_, wrong), (missed, right) = pair_confusion_matrix(true, found)
    scores = identify.pairwise_scores(true, found)
    assert scores.precision == close(right / (right + wrong))
    assert scores.recall == close(right / (right + missed))
    assert scores.f1 == close(2 * right / (2 * right + wrong + missed))
    costs = identify.cost_of_errors(true, found, false_merge=1.0, missed_match=1.0)
    assert [costs.false_merges, costs.missed_matches] == [wrong // 2, missed // 2]


# lifelines and statsmodels: survival ----------------------------------------------------------


def lifetimes(seed: int, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Durations with and without ties, a third of them censored."""
    rng = np.random.default_rng(seed)
    life, watched = rng.weibull(1.4, 250) * 10, rng.uniform(0, 20, 250)
    t = np.minimum(life, watched)
    return (np.ceil(t) if whole else t), life <= watched


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("seed", SEEDS)
def test_survival_curve_is_that_of_lifelines(seed: int, level: float, whole: bool) -> None:
    t, left = lifetimes(seed, whole)
    ours = loyalty.kaplan_meier(t, left, level=level)
    theirs = KaplanMeierFitter(alpha=1 - level).fit(t, left)
    at = theirs.survival_function_.index
    assert ours.index.to_numpy() == close(at.to_numpy())
    assert ours["survival"].to_numpy() == close(theirs.survival_function_.iloc[:, 0].to_numpy())
    events = theirs.event_table.loc[at]
    assert ours["at_risk"].tolist() == events["at_risk"].tolist()
    assert ours["left"].tolist() == events["observed"].tolist()
    assert ours["censored"].tolist() == events["censored"].tolist()
    # log(−log S) ± z √Greenwood / |log S|; where S is 0 or 1 there is no logarithm to compare
    inside = ours["survival"].between(0, 1, inclusive="neither").to_numpy()
    assert inside.sum() > 10
    bounds = theirs.confidence_interval_.to_numpy()[inside]
    assert ours[["low", "high"]].to_numpy()[inside] == close(bounds)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_greenwoods_error_is_that_of_statsmodels(seed: int, whole: bool) -> None:
    t, left = lifetimes(seed, whole)
    theirs = SurvfuncRight(t, left)
    ours = loyalty.kaplan_meier(t, left, interval="plain").loc[theirs.surv_times]
    assert ours["survival"].to_numpy() == close(theirs.surv_prob)
    some = ours["survival"].to_numpy() > 0
    assert ours["standard_error"].to_numpy()[some] == close(theirs.surv_prob_se[some])
    low = theirs.surv_prob - 1.959963985 * theirs.surv_prob_se
    assert ours["low"].to_numpy()[some] == close(np.clip(low, 0, 1)[some], abs=1e-8)


def test_a_row_of_the_cohort_table_is_a_survival_curve() -> None:
    """Where all of a cohort are watched long enough, the share left is Kaplan and Meier's."""
    rng = np.random.default_rng(1)
    months = np.ceil(rng.exponential(15, 300)).astype(int)  # ends after so many whole months
    start = pd.to_datetime(["2020-01-01"] * 300)
    end = pd.Series([pd.Timestamp("2020-01-01") + pd.DateOffset(months=int(m)) for m in months])
    seen = end.where(end <= "2023-12-31")
    row = loyalty.cohort_table(start, seen, "2023-12-31", period="M").iloc[0].dropna()
    watched = np.where(seen.isna(), 47, months)
    curve = KaplanMeierFitter().fit(watched, seen.notna())
    assert row.to_numpy() == close(curve.predict(row.index.to_numpy(dtype=float)).to_numpy())
    assert len(row) == 48


# statsmodels: shares, means, sizes of samples -------------------------------------------------


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 7), (1, 20), (7, 10), (30, 30), (413, 2000)])
def test_wilson_intervals_are_statsmodels(k: int, n: int, level: float) -> None:
    theirs = proportion.proportion_confint(k, n, 1 - level, method="wilson")
    low, high = experience.wilson_interval(k, n, level)
    assert (low, high) == close(theirs, abs=1e-12)
    csat = experience.customer_satisfaction([5] * k + [1] * (n - k), level=level)
    assert (csat.low, csat.high) == close(theirs, abs=1e-12)
    table = analytics.calibration_table([1] * k + [0] * (n - k), [0.5] * n, level=level)
    assert (table["low"].item(), table["high"].item()) == close(theirs, abs=1e-12)
    if k:
        survey = interact.silent_complaints(n + 50, n, k, level)
        assert (survey.low, survey.high) == close(theirs, abs=1e-12)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(
    ("a", "n_a", "b", "n_b"), [(48, 80, 56, 70), (0, 15, 5, 30), (9, 10, 9, 12), (50, 900, 81, 950)]
)
def test_ab_test_is_statsmodels(a: int, n_a: int, b: int, n_b: int, level: float) -> None:
    ours = analytics.ab_test(a, n_a, b, n_b, level)
    _, p_value = proportion.proportions_ztest([a, b], [n_a, n_b])
    assert ours.p_value == close(p_value)
    theirs = proportion.confint_proportions_2indep(b, n_b, a, n_a, "newcomb", alpha=1 - level)
    assert (ours.low, ours.high) == close(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_uplift_intervals_decile_by_decile(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score, treated = rng.random(600), rng.random(600) < 0.4
    outcome = (rng.random(600) < 0.2 + 0.3 * score * treated).astype(int)
    group = np.argsort(np.argsort(-score)) // 100
    table = analytics.uplift_by_decile(outcome, treated, score, groups=6, level=0.9)
    for at, row in enumerate(table.itertuples()):
        y, t = outcome[group == at], treated[group == at]
        counts = y[t].sum(), t.sum(), y[~t].sum(), (~t).sum()
        theirs = proportion.confint_proportions_2indep(*counts, method="newcomb", alpha=0.1)
        assert (row.low, row.high) == close(theirs)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize(("a", "b"), [(0.05, 0.06), (0.5, 0.75), (0.3, 0.1)])
def test_power_and_sample_size_are_statsmodels(a: float, b: float, sides: int) -> None:
    gap, base = abs(b - a), min(a, b)
    for n in (50, 400, 8000):
        ours = analytics.power(a, b, n, alpha=0.04, sides=sides)
        right = proportion.power_proportions_2indep(
            gap, base, n, alpha=0.04 / sides, alternative="larger", return_results=False
        )
        assert ours == close(right)
        # Their two-sided power also counts as found what is significant in the wrong direction.
        both = proportion.power_proportions_2indep(gap, base, n, alpha=0.04, return_results=False)
        wrong = proportion.power_proportions_2indep(
            gap, base, n, alpha=0.02, alternative="smaller", return_results=False
        )
        assert analytics.power(a, b, n, alpha=0.04) == close(both - wrong)
    for wanted in (0.5, 0.8, 0.95):
        ours = analytics.sample_size(a, b, wanted, alpha=0.04, sides=sides)
        theirs = proportion.samplesize_proportions_2indep_onetail(
            gap, base, wanted, alpha=0.04 / sides, alternative="larger"
        )
        assert ours == np.ceil(theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_means_are_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.exponential(20, 40), rng.exponential(28, 25)
    ours = analytics.ab_test_means(a, b, level=0.9)
    both = CompareMeans(DescrStatsW(b), DescrStatsW(a))
    assert ours.p_value == close(both.ttest_ind(usevar="unequal")[1])
    theirs = both.tconfint_diff(alpha=0.1, usevar="unequal")
    assert (ours.low, ours.high) == close(theirs)
    ease = rng.integers(2, 7, 30)  # far enough from the ends of the scale that nothing is cut
    effort = experience.customer_effort_score(ease, level=0.9)
    assert (effort.low, effort.high) == close(DescrStatsW(ease).tconfint_mean(alpha=0.1))
    assert effort.standard_error == close(DescrStatsW(ease).std_mean)
    ratings = rng.integers(0, 11, 200)
    nps = experience.net_promoter_score(ratings, level=0.9, method="wald")
    sign = DescrStatsW(100.0 * ((ratings >= 9).astype(int) - (ratings <= 6)))
    # statsmodels divides by n − 1, the multinomial variance by n
    assert nps.standard_error == close(sign.std_mean * np.sqrt(199 / 200))
    half = (nps.high - nps.low) / 2
    assert half == close(np.ptp(sign.zconfint_mean(alpha=0.1)) / 2 * np.sqrt(199 / 200))


# statsmodels: difference in differences -------------------------------------------------------


def pilot(seed: int) -> list[np.ndarray]:
    """Before and after of 30 treated and 45 control customers who stay alike; spreads differ."""
    rng = np.random.default_rng(seed)
    groups = []
    for n, change, spread in ((30, 5.0, 6.0), (45, 2.0, 2.0)):
        before = rng.normal(50, 10, n)
        groups += [before, before + change + rng.normal(0, spread, n)]
    return groups


def stacked(groups: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, design (constant, treated, after, both) and customer of each row."""
    sizes = [len(x) for x in groups]
    treated, after = np.repeat([1, 1, 0, 0], sizes), np.repeat([0, 1, 0, 1], sizes)
    design = np.column_stack([np.ones(len(treated)), treated, after, treated * after])
    customer = np.concatenate([np.arange(n) + 1000 * (at // 2) for at, n in enumerate(sizes)])
    return np.concatenate(groups), design, customer


@pytest.mark.parametrize("seed", SEEDS)
def test_pilot_is_a_regression_with_robust_errors(seed: int) -> None:
    groups = pilot(seed)
    ours = organise.difference_in_differences(*groups)
    y, design, _ = stacked(groups)
    theirs = OLS(y, design).fit(cov_type="HC2")  # HC2 is s² / n of each group of its own
    assert ours.estimate == close(theirs.params[3])
    assert ours.standard_error == close(theirs.bse[3])
    # HC1 divides all groups by one n − k instead, HC3 overdoes it: neither is the textbook's s² / n.
    assert OLS(y, design).fit(cov_type="HC3").bse[3] > ours.standard_error


@pytest.mark.parametrize("seed", SEEDS)
def test_pilot_with_the_same_customers_clusters_by_customer(seed: int) -> None:
    groups = pilot(seed)
    ours = organise.difference_in_differences(*groups, paired=True, level=0.9)
    y, design, customer = stacked(groups)
    theirs = OLS(y, design).fit(
        cov_type="cluster", cov_kwds={"groups": customer, "use_correction": False}
    )
    assert ours.estimate == close(theirs.params[3])
    # Without correction clusters count as n; a sample variance of changes divides by n − 1.
    parts = [DescrStatsW(groups[at + 1] - groups[at]) for at in (0, 2)]
    assert theirs.bse[3] ** 2 == close(sum(part.var / part.nobs for part in parts))
    corrected = sum(part.var / (part.nobs - 1) for part in parts)
    assert ours.standard_error == close(np.sqrt(corrected))
    changes = CompareMeans(*parts)
    assert (ours.low, ours.high) == close(changes.tconfint_diff(alpha=0.1, usevar="unequal"))
    assert ours.standard_error < organise.difference_in_differences(*groups).standard_error


# recordlinkage: from pairs to links -----------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    return identify.normalise(World(seed=3, n_customers=400).contacts)


@pytest.fixture(autouse=True)
def _old_name_of_jellyfish(monkeypatch: pytest.MonkeyPatch) -> None:
    """recordlinkage 0.14 calls a function by a name that jellyfish has since dropped."""
    monkeypatch.setattr(jellyfish, "jaro_winkler", jellyfish.jaro_winkler_similarity, raising=False)


def theirs_of(records: pd.DataFrame, keys: tuple[tuple[str, ...], ...]) -> pd.MultiIndex:
    pairs = None
    for key in keys:
        index = recordlinkage.Index()
        index.block(list(key))
        found = index.index(records.dropna(subset=list(key)))
        pairs = found if pairs is None else pairs.union(found)
    assert pairs is not None
    return pairs


def test_candidates_are_those_of_recordlinkage(records: pd.DataFrame) -> None:
    ours = identify.candidate_pairs(records, largest=10**6)
    theirs = {frozenset(pair) for pair in theirs_of(records, identify.BLOCKS)}
    assert {frozenset(pair) for pair in zip(ours["left"], ours["right"], strict=True)} == theirs
    assert len(ours) == len(theirs) > 500


def test_similarities_are_those_of_recordlinkage(records: pd.DataFrame) -> None:
    pairs = identify.candidate_pairs(records)
    ours = identify.compare(records, pairs)
    index = pd.MultiIndex.from_frame(pairs)
    tool = recordlinkage.Compare()
    tool.string("last_name", "last_name", "jarowinkler", missing_value=np.nan, label="last_name")
    tool.string("first_name", "first_name", "jarowinkler", missing_value=np.nan, label="first_name")
    for field in ("email", "phone"):
        tool.string(field, field, "damerau_levenshtein", missing_value=np.nan, label=field)
    theirs = tool.compute(index, records).reset_index(drop=True)
    names = ours["last_name"].to_numpy()
    assert names == close(theirs["last_name"].to_numpy(), nan_ok=True)
    # Ours adds to first names what it knows of nicknames and single slips, and takes nothing away.
    gain = ours["first_name"] - theirs["first_name"]
    assert gain.min() > -1e-12
    assert set(ours["first_name"][gain > 1e-12].round(4)) <= {0.9, 0.95}
    # Theirs lets a swapped pair be edited again, so it never counts more edits, and seldom fewer.
    for field in ("email", "phone"):
        less = (theirs[field] - ours[field]).dropna()
        assert less.min() > -1e-12
        assert (less > 1e-12).mean() < 0.01


def test_names_of_winkler_by_both() -> None:
    """The two libraries beneath, rapidfuzz and jellyfish, on pairs that Winkler's papers made famous."""
    one = pd.Series(["martha", "dixon", "dwayne", "jeraldine", "shackleford", "abroms", "itman"])
    two = pd.Series(["marhta", "dicksonx", "duane", "geraldine", "shackelford", "abrams", "smith"])
    table = pd.DataFrame({"last_name": pd.concat([one, two], ignore_index=True)})
    pairs = pd.DataFrame({"left": range(7), "right": range(7, 14)})
    ours = identify.compare(table, pairs)["last_name"].to_numpy()
    assert ours == close(jarowinkler_similarity(one, two).to_numpy())


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_and_probabilities_are_those_of_recordlinkage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, truth = 20_000, {"name": (0.9, 0.05), "phone": (0.8, 0.02), "city": (0.85, 0.15)}
    same = rng.random(n) < 0.25

    def levels(one: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(
            {f: (rng.random(one.size) < np.where(one, m, u)) * 1 for f, (m, u) in truth.items()}
        )

    pairs, others = levels(same), levels(np.zeros(n, dtype=bool))
    theirs = recordlinkage.ECMClassifier(max_iter=5000, atol=1e-9)
    table = pairs.set_axis(pd.MultiIndex.from_arrays([range(n), range(n)]))
    theirs.fit(table)
    m = {f: float(theirs.m_probs[f][1]) for f in truth}
    u = {f: float(theirs.u_probs[f][1]) for f in truth}
    # The same m, u and share of matches give the same weights and probabilities, to the last digit.
    bits = identify.fellegi_sunter(pairs, m, u)
    expected = sum(
        np.where(pairs[f] == 1, theirs.log_weights[f][1], theirs.log_weights[f][0]) for f in truth
    )
    assert bits.to_numpy() == close(expected / np.log(2), abs=1e-6)
    weights = identify.Weights(
        {f: np.array([1 - m[f], m[f]]) for f in truth},
        {f: np.array([1 - u[f], u[f]]) for f in truth},
        float(theirs.p),
    )
    assert weights.probability(pairs).to_numpy() == close(theirs.prob(table).to_numpy(), abs=1e-6)
    # Estimates: theirs finds u in the pairs compared, ours in pairs taken at random. Both near.
    ours = identify.estimate_weights(pairs, others)
    assert ours.match_share == close(float(theirs.p), abs=0.02)
    for field in truth:
        assert ours.m[field][1] == close(m[field], abs=0.03)
        assert ours.u[field][1] == close(u[field], abs=0.02)


def test_links_as_well_as_recordlinkage_on_the_same_pairs() -> None:
    world = World(seed=3, n_customers=400)
    records = identify.normalise(world.contacts)
    owner = world.truth.contacts.set_index("record_id")["customer_id"].loc[records.index]
    pairs = identify.candidate_pairs(records)
    agree = identify.compare(records, pairs).ge(pd.Series(identify.CLOSE)).astype(int)
    theirs = recordlinkage.ECMClassifier(max_iter=500)
    # Its EM knows no missing values: they count as disagreement, as its manual has it.
    matches = theirs.fit_predict(agree.set_axis(pd.MultiIndex.from_frame(pairs)))
    left, right = (records.index.get_indexer(matches.get_level_values(at)) for at in (0, 1))
    graph = coo_array((np.ones(len(matches)), (left, right)), shape=(len(records),) * 2)
    found = pd.Series(connected_components(graph, directed=False)[1], index=records.index)
    theirs_f1 = identify.pairwise_scores(owner, found).f1
    ours_f1 = identify.pairwise_scores(owner, identify.link(world.contacts)).f1
    assert theirs_f1 > 0.8  # a linkage worth comparing with
    assert ours_f1 >= theirs_f1 - 0.01


def test_no_module_tested_here_leans_on_its_oracle() -> None:
    oracles = re.compile(
        r"^\s*(?:from|import) (?:sklearn|lifelines|statsmodels|recordlinkage)\b", re.M
    )
    for module in (analytics, customise, experience, identify, interact, loyalty, organise, worth):
        file = Path(str(module.__file__))
        for source in file.parent.glob("*.py") if file.name == "__init__.py" else [file]:
            assert not oracles.search(source.read_text(encoding="utf-8")), source
