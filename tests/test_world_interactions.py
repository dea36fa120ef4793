"""Contacts and failures: the causal story, and that it leaves the orders' model exact."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from cxedu import World
from cxedu.interact import first_contact_resolution
from cxedu.world import chance, interactions, people
from cxedu.world.interactions import LEAVE_ODDS, OUTCOMES, VOICE, VOICE_TRUST


@pytest.fixture(scope="module")
def world():
    return World(seed=2, n_customers=60_000)  # more than one chunk


@pytest.fixture(scope="module")
def told(world):
    """Orders with what happened at them, and the customer's truth."""
    return with_truth(world)


def with_truth(world):
    failures = world.truth.failures.drop(columns="customer_id")
    orders = world.transactions.merge(failures, on="transaction_id", validate="1:1")
    orders["repeat"] = orders.duplicated("customer_id")
    ended = np.select(
        [~orders["failed"], ~orders["voiced"], ~orders["recovered"]],
        ["ok", "swallowed", "unresolved"],
        "recovered",
    )
    names = pd.Series(range(len(OUTCOMES)), index=[" ".join(o) for o in OUTCOMES])
    orders["outcome"] = names[orders["severity"].astype(str) + " " + ended].to_numpy()
    return orders.merge(world.truth.customers, on="customer_id")


def assert_mean(difference, errors=4.0):
    difference = np.asarray(difference, dtype=float)
    assert abs(difference.mean()) < errors * difference.std() / np.sqrt(difference.size)


# --- the tables --------------------------------------------------------------------------------


def test_contacts_fit_orders_cases_and_customers(world):
    seen, orders = world.interactions, world.transactions.set_index("transaction_id")
    assert seen["interaction_id"].tolist() == list(range(1, len(seen) + 1))
    about = orders.loc[seen["transaction_id"]]
    assert (about["customer_id"].to_numpy() == seen["customer_id"]).all()
    assert (seen["date"].to_numpy() > about["date"].to_numpy()).all()
    assert seen["date"].max() <= world.today
    cases = seen.groupby("case")
    same = ["case", "customer_id", "transaction_id", "reason", "complaint"]
    assert len(seen[same].drop_duplicates()) == len(cases)
    assert not seen.groupby("transaction_id")["case"].nunique().gt(1).any()
    assert seen["case"].drop_duplicates().tolist() == list(range(1, len(cases) + 1))
    assert (seen["contact"] == cases.cumcount() + 1).all()
    assert seen["contact"].max() == interactions.MOST_CONTACTS
    assert (cases["date"].diff().dropna() > pd.Timedelta(0)).all()
    assert seen["customer_id"].is_monotonic_increasing
    assert (seen.groupby("customer_id")["date"].diff().dropna() >= pd.Timedelta(0)).all()


def test_cost_follows_channel_and_minutes(world):
    seen = world.interactions
    code = seen["channel"].cat.codes
    cost = interactions.COST_CONTACT[code] + interactions.COST_MINUTE[code] * seen["minutes"]
    assert np.allclose(seen["cost"], cost.round(2), atol=0.0051)
    assert (seen["minutes"] >= 0.5).all()
    for number, channel in enumerate(interactions.CONTACT_CHANNELS):
        here = seen[seen["channel"].eq(channel)]
        factor = np.where(here["complaint"], interactions.COMPLAINT_MINUTES, 1.0)
        mean = interactions.MINUTES[number] * factor
        assert here["minutes"].mean() == pytest.approx(mean.mean(), rel=0.02)


def test_settled_first_time_means_that_nobody_came_back(world):
    seen = world.interactions
    once = seen[seen["resolved_first_time"]]
    assert (once["contact"] == 1).all()
    assert once["resolved"].all()
    assert (seen["case"].value_counts()[once["case"]] == 1).all()
    honest = first_contact_resolution(seen)
    assert honest == pytest.approx(seen.loc[seen["contact"] == 1, "resolved_first_time"].mean())
    assert first_contact_resolution(seen, believe_flag=True) > honest + 0.03


def test_complaints_are_the_voiced_failures_seen_so_far(world, told):
    seen = world.interactions
    complained = set(seen.loc[seen["complaint"], "transaction_id"])
    voiced = told.loc[told["voiced"], ["transaction_id", "date"]]
    assert complained <= set(voiced["transaction_id"])
    settled = voiced["date"] < world.today - pd.Timedelta(days=interactions.LONGEST_WAIT)
    assert set(voiced.loc[settled, "transaction_id"]) <= complained
    assert not (told["voiced"] & ~told["failed"]).any()
    assert not (told["recovered"] & ~told["voiced"]).any()
    assert (told["severity"].eq("none") == ~told["failed"]).all()


def test_recovery_is_offered_in_complaints_only_and_at_their_end(world, told):
    seen = world.interactions
    offered = seen[seen["recovery"] != "none"]
    assert offered["complaint"].all()
    assert not offered["case"].duplicated().any()
    whole = told.set_index("transaction_id").loc[offered["transaction_id"], "recovered"].to_numpy()
    assert whole[offered["recovery"].str.contains("refund")].all()
    sorry = whole[offered["recovery"] == "apology"].mean()
    assert 0.2 < sorry < 0.9  # an apology is not always enough


def test_only_members_ask_about_their_membership(world):
    seen = world.interactions
    asking = seen.loc[seen["reason"] == "membership", "customer_id"]
    assert asking.isin(world.memberships["customer_id"]).all()
    assert len(asking) > 500


def test_a_return_is_asked_about_only_when_an_order_lost_money(world):
    seen = world.interactions.query("reason == 'return' and not complaint")
    orders = world.transactions.set_index("transaction_id")
    assert (orders.loc[seen["transaction_id"], "margin"] < 0).all()


# --- the probabilities of leaving --------------------------------------------------------------

SHARES = st.lists(st.floats(1e-6, 1.0), min_size=7, max_size=7)


@settings(deadline=None, max_examples=200)
@given(st.floats(1e-12, 1 - 1e-9), SHARES)
def test_mixing_gives_back_the_dropout_probability(dropout, shares):
    share = np.array(shares)[:, None] / sum(shares)
    chances = interactions.leaving(np.array([dropout]), share)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (share * chances).sum() == pytest.approx(dropout, rel=1e-9)
    if 1e-9 < dropout < 0.99:
        odds = chances[:, 0] / (1 - chances[:, 0])
        assert odds / odds[0] == pytest.approx(LEAVE_ODDS, rel=1e-6)


def test_the_truth_table_is_such_a_mixture(world, told):
    """Recomputed order by order, for every repeat order of the large company."""
    service = told["service_cost"].to_numpy()
    shares = interactions.outcome_shares(
        told["category"].cat.codes.to_numpy(),
        told["channel"].cat.codes.to_numpy(),
        (told["margin"] + service < 0).to_numpy(),
        told["trust_disposition"].to_numpy(),
    )
    assert np.allclose(shares.sum(axis=0), 1)
    chances = interactions.leaving(told["dropout_probability"].to_numpy(), shares)
    mixed = (shares * chances).sum(axis=0)
    assert np.allclose(mixed, told["dropout_probability"], rtol=1e-10)
    repeat = told["repeat"].to_numpy()
    mine = chances[told["outcome"], np.arange(len(told))]
    assert np.allclose(told["leave_probability"], np.where(repeat, mine, 0), rtol=1e-12)
    assert np.allclose(told["effect"], np.where(repeat, mine - chances[0], 0), atol=1e-12)
    # What happened has the stated shares: over all orders, whatever the coin said.
    for outcome in range(len(OUTCOMES)):
        assert_mean(told["outcome"].eq(outcome).to_numpy() - shares[outcome])


def test_backwards_is_as_good_as_forwards():
    """Outcome then coin, or coin then outcome given the coin: the same joint distribution."""
    n, rng = 400_000, np.random.default_rng(4)
    dropout = rng.beta(0.6, 4.4, n)
    who = rng.integers(0, 6, n), rng.integers(0, 4, n), rng.random(n) < 0.2, rng.standard_normal(n)
    shares = interactions.outcome_shares(*who)
    chances = interactions.leaving(dropout, shares)
    yes = np.ones(n, dtype=bool)
    forward = interactions.draw_outcomes(shares, chances, ~yes, yes, rng)
    forward_left = rng.random(n) < chances[forward, np.arange(n)]
    left = rng.random(n) < dropout
    backward = interactions.draw_outcomes(shares, chances, yes, left, rng)
    for part in (yes, dropout > 0.3):  # everybody, and those most likely to leave
        forwards = np.bincount((2 * forward + forward_left)[part], minlength=14)
        backwards = np.bincount((2 * backward + left)[part], minlength=14)
        assert stats.chi2_contingency([forwards, backwards]).pvalue > 1e-4


# --- the causal links --------------------------------------------------------------------------


def test_who_left_left_at_the_last_repeat_order(told):
    last = ~told.duplicated("customer_id", keep="last")
    assert (told["left"] == (last & told["repeat"] & ~told["alive"])).all()
    assert (told.loc[~told["repeat"], "leave_probability"] == 0).all()


def test_people_leave_as_often_as_the_table_says(told):
    """Within each outcome, and over all of them, against the true probability of each order."""
    repeat = told[told["repeat"]]
    for outcome, orders in repeat.groupby("outcome"):
        assert len(orders) > 1000, outcome
        assert_mean(orders["left"] - orders["leave_probability"])
    assert_mean(repeat["left"] - repeat["dropout_probability"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_odds_of_leaving_are_recovered(seed):
    """Maximum likelihood, with everybody's odds at an order without failure known."""
    orders = with_truth(World(seed=seed, n_customers=30_000)).query("repeat")
    base = logit(orders["leave_probability"]) - np.log(LEAVE_ODDS[orders["outcome"]])
    for outcome in range(1, len(OUTCOMES)):
        here = orders["outcome"] == outcome
        beta = 0.0
        for _ in range(30):
            p = expit(base[here] + beta)
            information = (p * (1 - p)).sum()
            beta += (orders.loc[here, "left"] - p).sum() / information
        z = (beta - np.log(LEAVE_ODDS[outcome])) * np.sqrt(information)
        assert abs(z) < 3, (OUTCOMES[outcome], z)


def test_an_unresolved_failure_makes_leaving_likelier(told):
    repeat = told[told["repeat"]]
    fine = repeat.loc[~repeat["failed"], "left"]
    unresolved = repeat.loc[repeat["failed"] & ~repeat["recovered"], "left"]
    wronged = repeat.loc[repeat["severity"].eq("major") & ~repeat["recovered"], "left"]
    error = unresolved.std() / np.sqrt(len(unresolved))
    assert unresolved.mean() > fine.mean() + 4 * error
    assert 1.5 < unresolved.mean() / fine.mean() < 2.5
    assert 2.2 < wronged.mean() / fine.mean() < 3.5


def test_the_paradox_holds_for_minor_failures_only(told):
    recovered = told[told["repeat"] & told["recovered"]]
    minor, major = (recovered[recovered["severity"] == s] for s in ("minor", "major"))
    assert (minor["effect"] < 0).all()
    assert (major["effect"] > 0).all()
    assert (told.loc[told["repeat"] & told["failed"] & ~told["recovered"], "effect"] > 0).all()


def test_trust_speaks_up(told):
    failed = told[told["failed"]]
    at_rest = np.where(failed["severity"].eq("major"), VOICE[1], VOICE[0])
    expected = expit(at_rest + VOICE_TRUST * failed["trust_disposition"])
    third = pd.qcut(failed["trust_disposition"], 3, labels=["low", "middle", "high"])
    for level in third.cat.categories:
        assert_mean((failed["voiced"] - expected)[third == level])
    voiced = failed.groupby(third, observed=True)["voiced"].mean()
    assert voiced["low"] + 0.1 < voiced["middle"] < voiced["high"] - 0.1
    assert 0.25 < failed["voiced"].mean() < 0.45
    assert 0.07 < told["failed"].mean() < 0.11
    at_severity = failed.groupby("severity", observed=True)["voiced"].mean()
    assert at_severity["major"] > at_severity["minor"] + 0.15


def test_the_firm_can_see_it_too(world):
    """In observed tables alone: complaints without a refund are followed by silence more often."""
    seen = world.interactions.query("complaint")
    refunded = seen.groupby("transaction_id")["recovery"].agg(
        lambda r: r.astype(str).str.contains("refund").any()
    )
    orders = world.transactions
    orders = orders.assign(last=~orders.duplicated("customer_id", keep="last"))
    early = orders["date"] < world.today - pd.Timedelta(weeks=52)
    orders = orders[early & orders.duplicated("customer_id")].set_index("transaction_id")
    joined = orders.join(refunded, how="inner")
    silent = joined.groupby("recovery")["last"].agg(["mean", "size"])
    error = np.sqrt((silent["mean"] * (1 - silent["mean"]) / silent["size"]).sum())
    assert silent.loc[False, "mean"] > silent.loc[True, "mean"] + 3 * error


# --- chance ------------------------------------------------------------------------------------


def test_the_same_seed_means_the_same_and_other_tables_do_not_matter():
    alone = World(seed=9, n_customers=400).interactions
    other = World(seed=9, n_customers=400)
    _ = other.surveys, other.journeys, other.truth.failures
    pd.testing.assert_frame_equal(other.interactions, alone)
    assert not World(seed=10, n_customers=400).interactions.equals(alone)


def test_first_chunk_stays_when_more_customers_come():
    full, more = World(4, chance.CHUNK), World(4, chance.CHUNK + 7)
    for name in ("interactions", "truth.failures"):
        here, there = (
            w.truth.failures if name.startswith("truth") else w.interactions for w in (full, more)
        )
        there = there[there["customer_id"] <= chance.CHUNK].reset_index(drop=True)
        pd.testing.assert_frame_equal(there, here)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_smallest_companies_have_well_formed_tables(n):
    for seed in range(5):
        world = World(seed, n)
        assert len(world.truth.failures) == len(world.transactions)
        assert list(world.interactions["channel"].cat.categories) == [
            *interactions.CONTACT_CHANNELS
        ]


def test_what_a_caller_changes_stays_with_the_caller(world):
    mine = world.interactions
    mine["cost"] = 0.0
    assert world.interactions["cost"].sum() > 0
    truth = world.truth.failures
    truth["failed"] = True
    assert not world.truth.failures["failed"].all()


def test_codes_are_those_of_the_other_tables():
    assert len(interactions.FAILURE) == len(people.CATEGORIES)
    assert len(interactions.FAILURE_CHANNEL) == len(people.CHANNELS)
    assert len(LEAVE_ODDS) == len(OUTCOMES)
