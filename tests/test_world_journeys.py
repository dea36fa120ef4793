"""Journeys: friction loses what it says, finished journeys are orders, and orders stay as they were."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxedu import World
from cxedu.experience import funnel, journey_effort
from cxedu.world import chance, journeys, people
from cxedu.world.journeys import FRICTION, FUNNEL, STEPS


@pytest.fixture(scope="module")
def world():
    return World(seed=2, n_customers=60_000)  # more than one chunk


@pytest.fixture(scope="module")
def log(world):
    return world.journeys


def lost(log):
    """Step × channel: how many came, and the share that has no later step."""
    reached = log[log["step"].isin(FUNNEL)]
    code = reached["step"].cat.codes
    last = code.groupby(reached["case"]).transform("max") == code
    gone = reached.assign(gone=last).query("step != 'use'")
    return gone.groupby(["step", "channel"], observed=True)["gone"].agg(["mean", "size"])


# --- the table ---------------------------------------------------------------------------------


def test_every_case_is_one_customer_in_order(log, world):
    assert log["case"].drop_duplicates().tolist() == list(range(1, log["case"].max() + 1))
    assert log["case"].is_monotonic_increasing
    assert log["customer_id"].is_monotonic_increasing
    cases = log.groupby("case")
    assert len(log[["case", "customer_id"]].drop_duplicates()) == len(cases)
    assert not log.duplicated(["case", "step"]).any()
    assert (cases["time"].diff().dropna() >= pd.Timedelta(0)).all()
    start = cases["time"].min()
    by_customer = start.groupby(log.drop_duplicates("case").set_index("case")["customer_id"])
    assert (by_customer.diff().dropna() >= pd.Timedelta(0)).all()


def test_steps_are_complete_up_to_the_last(log):
    steps = log[log["step"] != "help"]
    place = steps.groupby("case").cumcount()
    assert (steps["step"].cat.codes == place).all()
    helped = log.loc[log["step"] == "help", "case"]
    assert helped.isin(log.loc[log["step"] == "delivery", "case"]).all()


def test_times_lie_in_the_last_year(log, world):
    bought = log[log["step"] == "checkout"]["time"]
    assert bought.min() >= world.today - pd.Timedelta(weeks=52)
    assert bought.max() < world.today - pd.Timedelta(weeks=4)
    assert log["time"].between(world.today - pd.Timedelta(weeks=55), world.today).all()


def test_answers_stay_on_their_scales(log):
    assert set(log["effort"]) == set(range(1, 8))
    assert set(log["emotion"]) == {-2, -1, 0, 1, 2}


def test_only_customers_who_agreed_are_followed(log, world):
    agreed = world.customers.set_index("customer_id")["profiling_consent"]
    assert agreed.loc[log["customer_id"].unique()].all()


def test_finished_journeys_are_the_orders(log, world):
    """Same customers, days and channels, one to one."""
    orders = world.transactions
    day = (orders["date"] - world.start).dt.days
    covered = (day >= journeys.FIRST_DAY) & (day < journeys.END_DAY)
    agreed = world.customers.set_index("customer_id")["profiling_consent"]
    covered &= orders.duplicated("customer_id") & agreed.loc[orders["customer_id"]].to_numpy()
    expected = orders.loc[covered, ["customer_id", "date", "channel"]]
    done = log["case"].isin(log.loc[log["step"] == "delivery", "case"])
    bought = log[(log["step"] == "checkout") & done]
    found = pd.DataFrame(
        {
            "customer_id": bought["customer_id"],
            "date": bought["time"].dt.normalize(),
            "channel": bought["channel"],
        }
    )
    key = ["customer_id", "date"]
    pd.testing.assert_frame_equal(
        found.sort_values(key, ignore_index=True), expected.sort_values(key, ignore_index=True)
    )


def test_help_is_a_contact_with_the_firm(log, world):
    helped = log[log["step"] == "help"]
    seen = world.interactions
    days = set(zip(seen["customer_id"], seen["date"], strict=True))
    mine = set(zip(helped["customer_id"], helped["time"].dt.normalize(), strict=True))
    assert len(helped) > 1000
    assert mine <= days


def test_nobody_is_followed_after_dropping_out(log, world):
    truth = world.truth.customers.set_index("customer_id")
    last = world.transactions.groupby("customer_id")["date"].max()
    given_up = log.groupby("case").agg(customer_id=("customer_id", "first"), last=("time", "max"))
    given_up = given_up[~truth.loc[given_up["customer_id"], "alive"].to_numpy()]
    bought = log.loc[log["step"] == "delivery", "case"]
    given_up = given_up[~given_up.index.isin(bought)]
    end = last.loc[given_up["customer_id"]].to_numpy() + np.timedelta64(1, "D")
    assert (given_up["last"].to_numpy() <= end).all()


# --- the friction ------------------------------------------------------------------------------


def test_the_truth_names_the_planted_cells(world):
    truth = world.truth.friction.set_index(["step", "channel"])
    assert len(truth) == len(STEPS) * len(people.CHANNELS)
    assert set(truth.index[truth["friction"]]) == set(FRICTION)
    raised = truth["drop_off"] / truth["drop_off_without"]
    for cell, times in FRICTION.items():
        assert raised.loc[cell] == pytest.approx(times)
    calm = truth[~truth["friction"]]
    assert (calm["drop_off"] == calm["drop_off_without"]).all()
    assert truth["effort_level"].between(1, 7).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_cell_loses_the_stated_share(seed):
    world = World(seed=seed, n_customers=40_000)
    found = lost(world.journeys)
    truth = world.truth.friction.set_index(["step", "channel"]).loc[found.index, "drop_off"]
    error = np.sqrt(truth * (1 - truth) / found["size"])
    z = (found["mean"] - truth) / error
    assert len(z) == 20
    assert z.abs().max() < 3.5, z
    assert stats.chi2.sf((z**2).sum(), 20) > 1e-3


def test_friction_loses_as_many_times_as_many_as_stated(log):
    found = lost(log)
    calm = found[[cell not in FRICTION for cell in found.index]].reset_index()
    for (step, channel), times in FRICTION.items():
        here, base = found.loc[(step, channel)], calm[calm["step"] == step]
        mean = np.average(base["mean"], weights=base["size"])
        ratio = here["mean"] / mean
        relative = (1 - here["mean"]) / (here["mean"] * here["size"])
        relative += (1 - mean) / (mean * base["size"].sum())
        assert abs(np.log(ratio / times)) < 4 * np.sqrt(relative), (step, channel)
        assert ratio > 1.4


def test_friction_takes_effort_and_costs_good_mood(log):
    cell = log.groupby(["step", "channel"], observed=True)[["effort", "emotion"]].mean()
    for step, channel in FRICTION:
        others = cell.loc[step].drop(index=channel)
        others = others[[(step, other) not in FRICTION for other in others.index]]
        extra = cell.loc[(step, channel), "effort"] - others["effort"]
        assert extra.between(1.3, 1.8).all()
        assert (others["emotion"] > cell.loc[(step, channel), "emotion"] + 0.3).all()


def test_the_friction_is_found_in_a_company_of_two_thousand():
    """One-sided tests of 20 cells at 5 % together (z > 2.81): planted cells found, few false alarms."""
    found, false_alarms, seeds = 0, 0, (1, 2, 3, 4, 5)
    for seed in seeds:
        cells = lost(World(seed=seed).journeys).reset_index()
        base = cells["step"].map(journeys.DROP_OFF).astype(float)
        z = (cells["mean"] - base) / np.sqrt(base * (1 - base) / cells["size"])
        alarms = {tuple(c) for c in cells.loc[z > 2.81, ["step", "channel"]].to_numpy()}
        found += len(alarms & set(FRICTION))
        false_alarms += len(alarms - set(FRICTION))
    assert found >= 0.9 * len(FRICTION) * len(seeds)
    assert false_alarms <= 2  # expected: 0.2 among 80 calm cells


def test_the_funnel_only_narrows(log):
    table = funnel(log, list(FUNNEL))
    assert table["entered"].is_monotonic_decreasing
    assert table["entered"].iloc[0] == log["case"].nunique()
    assert table.loc["delivery", "entered"] < table.loc["checkout", "entered"]
    assert 0.3 < table.loc["delivery", "conversion"] < 0.4
    effort = journey_effort(log, channel="channel")
    assert effort["repeats"].max() == 0
    assert 0.1 < (effort["switches"] > 0).mean() < 0.7


def test_abandoned_journeys_come_at_the_rate_of_the_living():
    """As many as (1 − q) ÷ q per expected order, customer by customer, over the time alive."""
    world = World(seed=6, n_customers=40_000)
    log, truth = world.journeys, world.truth.customers
    bought = log.loc[log["step"] == "delivery", "case"]
    cases = log.drop_duplicates("case").set_index("case")
    given_up = cases[~cases.index.isin(bought)].groupby("customer_id").size()
    given_up = given_up.reindex(truth["customer_id"], fill_value=0).to_numpy()
    who, alive = world._people, truth["alive"].to_numpy()
    last = world._orders["last_day"]
    end = np.minimum(np.where(alive, journeys.END_DAY, last), journeys.END_DAY - 0.5)
    days = np.maximum(end - np.maximum(who.since, journeys.FIRST_DAY - 0.5), 0)
    days = days * world.customers["profiling_consent"].to_numpy()
    finished = journeys.abandonment()[:, :, 4]
    lost = (journeys._BROWSES.shares * ((1 - finished) / finished).T).sum(axis=1)
    mix = np.array([people.CHANNEL_MIX[s] for s in people.SEGMENTS]) / 100
    rate = 0.6 * lost[who.channel] + 0.4 * mix[who.segment] @ lost
    gap = given_up - who.rate / 7 * days * rate
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(gap.size)


def test_where_journeys_end_is_a_distribution():
    ends = journeys.abandonment()
    assert np.allclose(ends.sum(axis=2), 1)
    web = people.CHANNELS.index("web")
    assert ends[web, web, 4] == pytest.approx(0.78 * 0.75 * 0.80 * (1 - 0.24))


def test_failures_hurt_the_mood_after_delivery(log, world):
    orders = world.transactions.merge(world.truth.failures, on=["transaction_id", "customer_id"])
    used = log[log["step"] == "delivery"]
    checkout = log[log["step"] == "checkout"].set_index("case")["time"].dt.normalize()
    used = used.assign(date=checkout.loc[used["case"]].to_numpy())
    joined = used.merge(orders, on=["customer_id", "date"])
    assert len(joined) == len(used)
    mood = joined.groupby(joined["failed"] & ~joined["recovered"])["emotion"].mean()
    assert mood[False] > mood[True] + 0.6


# --- chance ------------------------------------------------------------------------------------


def test_the_same_seed_means_the_same_and_other_tables_do_not_matter():
    alone = World(seed=9, n_customers=400).journeys
    other = World(seed=9, n_customers=400)
    _ = other.surveys, other.wallet, other.interactions, other.truth.failures
    pd.testing.assert_frame_equal(other.journeys, alone)
    assert not World(seed=10, n_customers=400).journeys.equals(alone)


def test_first_chunk_stays_when_more_customers_come():
    here, there = World(4, chance.CHUNK).journeys, World(4, chance.CHUNK + 7).journeys
    there = there[there["customer_id"] <= chance.CHUNK].reset_index(drop=True)
    pd.testing.assert_frame_equal(there, here)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_smallest_companies_have_well_formed_tables(n):
    for seed in range(8):
        log = World(seed, n).journeys
        assert list(log["step"].cat.categories) == list(STEPS)
        assert str(log["time"].dtype) == "datetime64[s]"


def test_what_a_caller_changes_stays_with_the_caller(world):
    mine, cells = world.journeys, world.truth.friction
    mine["effort"] = 1
    cells["friction"] = True
    assert world.journeys["effort"].max() == 7
    assert not world.truth.friction["friction"].all()
