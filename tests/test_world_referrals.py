"""Who brought whom: is the network a network, alike friends alike, and is the model the one it says?"""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxedu import World, value
from cxedu.world import chance, people, referrals

N = 20_000  # customers at which the choice model is fitted: about 5,000 referrals


@pytest.fixture(scope="module")
def world():
    return World(1, N)


@pytest.fixture(scope="module")
def large():
    return World(2, 60_000)  # more than one chunk


def pairs(world):
    """One row per referral, with what is true of both (…_by: the referrer)."""
    known = world.truth.customers.merge(world.truth.referrals).merge(world.customers)
    known["quarter"] = referrals.spend_quarter(known["spend_mean"].to_numpy())
    known["last"] = world.transactions.groupby("customer_id")["date"].max().to_numpy()
    known["until"] = known["last"].mask(known["alive"], world.today)
    known = known.set_index("customer_id")
    both = world.referrals.join(known, on="referred_id")
    both = both.join(known.add_suffix("_by"), on="referrer_id")
    return both, known


# --- the contract --------------------------------------------------------------------------------


def test_everybody_has_at_most_one_referrer_and_it_is_someone_else(large):
    network, ids = large.referrals, large.customers["customer_id"]
    assert network["referred_id"].is_unique
    assert network["referred_id"].is_monotonic_increasing
    assert network["referrer_id"].isin(ids).all()
    assert network["referred_id"].isin(ids).all()
    assert (network["referrer_id"] != network["referred_id"]).all()
    assert (network["reward"] == referrals.REWARD).all()
    assert large.truth.referrals["customer_id"].tolist() == ids.tolist()


def test_the_referrer_was_there_earlier_and_still_active(large):
    both, _ = pairs(large)
    assert (both["date"] == both["since"]).all()
    assert (both["since_by"] < both["date"]).all()  # so there is no cycle
    assert (both["until_by"] >= both["date"]).all()


def test_the_network_has_no_cycle(world):
    """Followed upwards from everybody at once, every chain ends at somebody who came alone."""
    parent = np.zeros(N + 1, dtype=int)
    parent[world.referrals["referred_id"]] = world.referrals["referrer_id"]
    at, steps = np.arange(N + 1), 0
    while at.any():
        at, steps = parent[at], steps + 1
        assert steps < 60
    assert steps > 4  # and some were brought by those who were brought


def test_referrers_come_from_the_same_chunk(large):
    network = large.referrals
    district = (network[["referrer_id", "referred_id"]] - 1) // chance.CHUNK
    assert (district["referrer_id"] == district["referred_id"]).all()
    assert district["referred_id"].nunique() == 2


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_tiny_companies(n):
    for seed in range(20):
        small = World(seed, n)
        assert len(small.referrals) < n
        alone = ~small.customers["customer_id"].isin(small.referrals["referred_id"])
        assert small.truth.referrals.loc[alone, "would_have_joined"].all()


def test_somebody_who_is_nobody_s_friend_is_never_chosen():
    """A referrer of weight zero, and uniforms at both ends: the boundaries are right."""
    fields = {f: np.zeros(5) for f in people.People.__dataclass_fields__}
    fields |= {"since": np.array([0, 0, 0, 30, 30]), "spend": np.full(5, 60.0)}
    fields |= {"segment": np.array([0, 0, 1, 0, 2]), "customer_id": np.arange(1, 6)}
    who, last = people.People(**fields), np.full(5, 5000)
    weight = np.array([0.0, 2.0, 0.0, 1.0, 1.0])
    referred = np.array([True] * 5)
    for u in (0.0, 0.5, np.nextafter(1, 0), 1.0):
        chosen = referrals._choose(who, weight, last, referred, np.full((5, 2), u))
        assert chosen.tolist() == [-1, -1, -1, 1, 1]


# --- the story -----------------------------------------------------------------------------------


def test_about_a_quarter_is_referred_and_trusts_more(large):
    trust = large.truth.customers["trust_disposition"]
    brought = large.customers["customer_id"].isin(large.referrals["referred_id"])
    expected = 1 / (1 + np.exp(-referrals.REFERRED - referrals.TRUST_ON_REFERRED * trust))
    settled = large.customers["since"] > large.start + pd.Timedelta(weeks=8)
    gap = (brought - expected)[settled]
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(gap.size)
    assert 0.22 < brought.mean() < 0.28
    assert trust[brought].mean() - trust[~brought].mean() > 0.2


def test_the_referred_stay_longer(large):
    """What follows from trust: they drop out less (60,000 customers)."""
    drop = large.truth.customers["dropout_probability"]
    brought = large.customers["customer_id"].isin(large.referrals["referred_id"])
    a, b = drop[brought], drop[~brought]
    assert b.mean() - a.mean() > 4 * np.hypot(a.sem(), b.sem())


def test_the_network_grows(large):
    a_year = large.referrals["date"].dt.year.value_counts().sort_index()
    assert a_year.is_monotonic_increasing
    assert large.referrals["date"].min() < large.start + pd.Timedelta(weeks=4)


def test_few_bring_many(large):
    brought = large.referrals.groupby("referrer_id").size()
    brought = brought.reindex(large.customers["customer_id"], fill_value=0)
    assert brought.var() / brought.mean() > 2  # one by pure chance (Poisson)
    top = brought.nlargest(len(brought) // 10).sum() / brought.sum()
    assert 0.5 < top < 0.8  # the best tenth bring more than half
    assert (brought == 0).mean() > 0.75
    assert brought.max() >= 15


def test_friends_are_alike(large):
    """Each newcomer against all who could have brought him: by the model and in the counts."""
    both, known = pairs(large)
    same = (both["needs_segment"] == both["needs_segment_by"]).mean()
    # Expected if likeness were nothing: the share of the segment among propensities.
    weight = known["referral_propensity"].groupby(known["needs_segment"], observed=True).sum()
    base = both["needs_segment"].map(weight / weight.sum()).astype(float)
    assert base.mean() < 0.3
    odds = referrals.SAME_SEGMENT * base / (1 + (referrals.SAME_SEGMENT - 1) * base)
    assert same == pytest.approx(odds.mean(), abs=0.03)
    assert same > 2 * base.mean()
    near = (both["quarter"] == both["quarter_by"]).mean()
    assert 1.4 * 0.25 < near < 2 * 0.25
    assert both["spend_mean"].corr(both["spend_mean_by"], method="spearman") > 0.15


def test_trust_makes_referrers(large):
    known = large.truth.customers.merge(large.truth.referrals)
    log = np.log(known["referral_propensity"])
    slope = np.cov(log, known["trust_disposition"])[0, 1] / known["trust_disposition"].var()
    error = referrals.PROPENSITY_SPREAD / np.sqrt(len(known))
    assert abs(slope - referrals.TRUST_ON_PROPENSITY) < 4 * error
    propensity = known["referral_propensity"]
    assert abs(propensity.mean() - 1) < 4 * propensity.sem()
    brought = large.referrals.groupby("referrer_id").size()
    brought = brought.reindex(known["customer_id"], fill_value=0).to_numpy()
    fifth = pd.qcut(known["trust_disposition"], 5, labels=False)
    means = pd.Series(brought).groupby(fifth.to_numpy()).mean()
    assert means.is_monotonic_increasing
    assert means.iloc[-1] > 3 * means.iloc[0]


def fit_choice(world):
    """Maximum likelihood of the conditional logit of the referrer (McFadden 1974), with errors.

    Features of a pair: log propensity of the referrer, same segment, same quarter of spend. The choice
    set is everybody who could have been the referrer in the newcomer's week; it is summed cell by cell
    (segment and quarter), because a cell's members differ by their propensity only.
    """
    both, known = pairs(world)
    log = np.log(known["referral_propensity"].to_numpy())
    codes = known["needs_segment"].cat.codes.to_numpy().astype(int)
    cell = 4 * codes + known["quarter"].to_numpy()
    day = {c: (known[c] - world.start).dt.days.to_numpy() for c in ("since", "until")}
    until = np.where(known["alive"], 10_000, day["until"])
    monday = np.arange(0, 208 * 7, 7)[:, None]
    can = ((day["since"] < monday) & (until >= monday + 6)).astype(float)  # week × customer
    member = (cell[:, None] == np.arange(16)).astype(float)  # customer × cell

    new, by = both["referred_id"].to_numpy() - 1, both["referrer_id"].to_numpy() - 1
    week, segments, quarters = day["since"][new] // 7, np.arange(16) // 4, np.arange(16) % 4
    alike = [segments == segments[cell[new]][:, None], quarters == quarters[cell[new]][:, None]]
    alike = [same.astype(float) for same in alike]  # newcomer × cell of the referrer
    rows = np.arange(new.size)
    chosen = np.column_stack([log[by], *(same[rows, cell[by]] for same in alike)])

    beta = np.zeros(3)
    for _ in range(15):
        each = np.exp(beta[0] * log)[:, None] * member
        pull = np.exp(beta[1] * alike[0] + beta[2] * alike[1])
        s0, s1, s2 = (pull * (can @ (each * log[:, None] ** k))[week] for k in range(3))
        total = s0.sum(axis=1, keepdims=True)
        s0, s1, s2 = s0 / total, s1 / total, s2 / total
        mean = np.column_stack([s1.sum(axis=1), *((s0 * same).sum(axis=1) for same in alike)])
        square = np.empty((3, 3))
        square[0, 0] = s2.sum()
        for i in (0, 1):
            square[0, i + 1] = square[i + 1, 0] = (s1 * alike[i]).sum()
            for j in (0, 1):
                square[i + 1, j + 1] = (s0 * alike[i] * alike[j]).sum()
        information = square - mean.T @ mean
        beta = beta + np.linalg.solve(information, (chosen - mean).sum(axis=0))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def test_the_choice_model_is_recovered():
    """Eight companies together: 24 estimates, so each has 4 standard errors and their mean has 3."""
    truth = np.array([1.0, np.log(referrals.SAME_SEGMENT), np.log(referrals.SAME_SPEND)])
    found = [fit_choice(World(seed, N)) for seed in range(1, 9)]
    scores = np.array([(estimate - truth) / error for estimate, error in found])
    assert all((error < 0.05).all() for _, error in found)
    assert np.abs(scores).max() < 4, scores
    assert (np.abs(scores.mean(axis=0)) * np.sqrt(len(found)) < 3).all(), scores
    assert stats.chi2(scores.size).sf((scores**2).sum()) > 1e-3, scores


def test_keen_buyers_had_come_anyway(large):
    both, _ = pairs(large)
    anyway = both["would_have_joined"]
    score = (both["purchase_rate"].rank() - 0.5) / len(both)
    assert 0.33 < anyway.mean() < 0.45
    high, low = anyway[score > 0.5], anyway[score <= 0.5]
    assert high.mean() - low.mean() > 0.1
    alone = ~large.truth.referrals["customer_id"].isin(large.referrals["referred_id"])
    assert large.truth.referrals.loc[alone, "would_have_joined"].all()


# --- what it is for ------------------------------------------------------------------------------


def test_referral_value_runs_on_it(world):
    both, _ = pairs(world)
    margin = world.transactions.groupby("customer_id")["margin"].sum()
    arguments = {
        "margin": margin.loc[both["referred_id"]].to_numpy(),
        "acquisition_saving": 20.0,
        "reward": both["reward"].to_numpy(),
        "referrer": both["referrer_id"].to_numpy(),
    }
    anyway = both["would_have_joined"].to_numpy()
    right = value.referral_value(would_have_joined=anyway, **arguments)
    assert right.index.isin(both["referrer_id"]).all()
    assert len(right) == both["referrer_id"].nunique()
    by_hand = np.where(anyway, 0.0, arguments["margin"]) + 20.0 - referrals.REWARD
    assert right.sum() == pytest.approx(by_hand.sum())
    wrong = value.referral_value(would_have_joined=False, **arguments)
    assert wrong.sum() > 1.3 * right.sum()  # counting every margin is the usual mistake


# --- seeds and speed -----------------------------------------------------------------------------


def test_same_seed_same_network_and_nothing_else_moves():
    one, other = World(6, 700), World(6, 700)
    before = one.transactions, one.customers
    pd.testing.assert_frame_equal(one.referrals, other.referrals)
    pd.testing.assert_frame_equal(one.truth.referrals, other.truth.referrals)
    pd.testing.assert_frame_equal(one.transactions, before[0])
    pd.testing.assert_frame_equal(one.customers, before[1])
    assert not World(7, 700).referrals.equals(one.referrals)


def test_a_hundred_thousand_customers_are_quick():
    company = World(3, 100_000)
    company.transactions  # noqa: B018  (made before the clock starts)
    start = time.perf_counter()
    assert len(company.referrals) > 20_000
    assert time.perf_counter() - start < 3
