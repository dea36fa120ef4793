"""The two offers: is the coin fair, does the rule mislead as it should, and is the uplift true?"""

import numpy as np
import pandas as pd
import pytest

from cxedu import World
from cxedu.analytics import qini_coefficient
from cxedu.world import campaigns

SEEDS = [1, 2, 3]
N = 20_000  # customers at which the claims about bias and recovery are made, unless said otherwise


@pytest.fixture(scope="module")
def companies():
    return {seed: World(seed, N) for seed in SEEDS}


@pytest.fixture(scope="module")
def large():
    return World(2, 60_000)  # more than one chunk


def offer(world, name):
    """One offer with its truth and what is known of the customers (same rows)."""
    seen, truth = world.campaigns, world.truth.campaigns
    both = pd.concat([seen, truth.drop(columns=["campaign", "customer_id"])], axis=1)
    both = both[both["campaign"] == name]
    return both.merge(world.truth.customers, on="customer_id").merge(
        world.customers[["customer_id", "since", "email_consent"]], on="customer_id"
    )


def recent_orders(world, table):
    """Orders in the 364 days before the offer, counted from the observed transactions."""
    day, orders = table["date"].iloc[0], world.transactions
    window = (orders["date"] >= day - pd.Timedelta(days=364)) & (orders["date"] < day)
    count = orders[window].groupby("customer_id").size()
    return count.reindex(table["customer_id"], fill_value=0).to_numpy()


def naive(table, outcome="responded"):
    """Difference in means and its standard error."""
    a, b = (table.loc[table["treated"] == t, outcome].to_numpy(float) for t in (True, False))
    return a.mean() - b.mean(), np.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)


def weighted(table, probability, outcome="responded"):
    """Inverse-propensity weighting with shares that sum to one (Hájek), and its standard error."""
    y, t = table[outcome].to_numpy(float), table["treated"].to_numpy(float)
    effect, variance = 0.0, 0.0
    for sign, weight in ((1, t / probability), (-1, (1 - t) / (1 - probability))):
        weight = weight / weight.sum()
        mean = weight @ y
        effect += sign * mean
        variance += (weight**2) @ (y - mean) ** 2
    return effect, np.sqrt(variance)


def assert_mean(difference):
    """The mean difference is zero within 4 standard errors."""
    assert abs(np.mean(difference)) < 4 * np.std(difference) / np.sqrt(len(difference))


# --- the contract --------------------------------------------------------------------------------


def test_rows_are_customers_in_an_offer(large):
    seen, truth = large.campaigns, large.truth.campaigns
    assert list(seen["campaign"].cat.categories) == ["randomised", "targeted"]
    assert not seen.duplicated(["campaign", "customer_id"]).any()
    keys = ["campaign", "customer_id"]
    pd.testing.assert_frame_equal(seen[keys], truth[keys])
    assert seen["customer_id"].is_monotonic_increasing
    assert not {"uplift", "response_type", "treatment_probability"} & set(seen)


def test_an_offer_goes_to_earlier_customers_with_consent(large):
    known = large.customers
    for name, day in campaigns.DATES.items():
        table = offer(large, name)
        day = pd.Timestamp(day)
        assert (table["date"] == day).all()
        assert day + pd.Timedelta(days=campaigns.WINDOW) <= large.today
        able = known[known["email_consent"] & (known["since"] < day)]
        assert table["customer_id"].tolist() == able["customer_id"].tolist()


def test_money(large):
    seen = large.campaigns
    assert (seen["cost"] == np.where(seen["treated"], campaigns.COST, 0)).all()
    assert (seen.loc[~seen["responded"], "margin"] == 0).all()
    assert (seen.loc[seen["responded"], "margin"] != 0).mean() > 0.999
    assert np.allclose(seen["margin"], seen["margin"].round(2))
    assert (seen["margin"] < 0).any()


def test_probabilities_and_types_agree(large):
    truth, seen = large.truth.campaigns, large.campaigns
    for column in ("treatment_probability", "probability_without", "probability_with"):
        assert truth[column].between(0, 1).all(), column
    assert np.allclose(truth["uplift"], truth["probability_with"] - truth["probability_without"])
    kind = truth["response_type"]
    assert tuple(kind.cat.categories) == campaigns.TYPES
    buys_without = kind.isin(["sure thing", "sleeping dog"])
    buys_with = kind.isin(["sure thing", "persuadable"])
    told = np.where(seen["treated"], buys_with, buys_without)
    assert (seen["responded"] == told).all()
    assert (truth.loc[kind == "persuadable", "uplift"] > 0).all()
    assert (truth.loc[kind == "sleeping dog", "uplift"] < 0).all()
    for name in campaigns.CAMPAIGNS:  # the offers' chances are independent: one test each
        own = truth["campaign"] == name
        assert_mean((buys_without - truth["probability_without"])[own])
        assert_mean((buys_with - truth["probability_with"])[own])


def test_each_type_occurs_in_a_small_company():
    for seed in SEEDS:
        truth = World(seed, 2000).truth.campaigns
        assert truth.groupby(["campaign", "response_type"], observed=False).size().min() >= 3


def test_without_the_offer_one_buys_as_the_true_rate_says(large):
    """What the test shop would sell anyway, against orders really placed in the four weeks."""
    table = offer(large, "randomised")
    orders = large.transactions
    day = table["date"].iloc[0]
    window = (orders["date"] > day) & (orders["date"] <= day + pd.Timedelta(days=28))
    really = table["customer_id"].isin(orders.loc[window, "customer_id"])
    rhythm = (table["probability_without"] - campaigns.LOOKS_IN) / (1 - campaigns.LOOKS_IN)
    assert_mean(really - rhythm)


# --- the coin and the rule -----------------------------------------------------------------------


def test_the_rule_can_be_computed_from_the_transactions(large):
    table = offer(large, "targeted")
    count = recent_orders(large, table)
    rule = campaigns.treatment_probability(count)
    assert np.array_equal(rule, table["treatment_probability"])
    for orders in range(5):
        own = count == orders
        share, expected = table.loc[own, "treated"].mean(), rule[own][0]
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / own.sum()), orders
    assert (offer(large, "randomised")["treatment_probability"] == 0.5).all()


def test_the_coin_balances_what_the_rule_does_not(large):
    features = ["purchase_rate", "trust_disposition", "spend_mean", "probability_without"]
    coin, rule = offer(large, "randomised"), offer(large, "targeted")
    for column in features:
        difference, error = naive(coin, column)
        assert abs(difference) < 4 * error, column
    difference, error = naive(rule, "probability_without")
    assert difference > 20 * error


@pytest.mark.parametrize("seed", SEEDS)
def test_randomised_difference_in_means_recovers_the_effect(companies, seed):
    table = offer(companies[seed], "randomised")
    for outcome, effect in (("responded", "uplift"), ("margin", "margin_uplift")):
        difference, error = naive(table, outcome)
        assert abs(difference - table[effect].mean()) < 3 * error, outcome


@pytest.mark.parametrize("seed", SEEDS)
def test_targeted_naive_difference_lies_and_weighting_repairs_it(companies, seed):
    """20,000 customers, about 12,000 of them in the offer: some 16 standard errors off."""
    assert_lie_and_repair(companies[seed], "responded", "uplift")


def test_targeted_margin_lies_too_and_weighting_repairs_it(large):
    """60,000 customers: some 9 standard errors off. Margins scatter so much that 20,000 give 4 to 7."""
    assert_lie_and_repair(large, "margin", "margin_uplift")


def assert_lie_and_repair(world, outcome, effect):
    table = offer(world, "targeted")
    rule = campaigns.treatment_probability(recent_orders(world, table))
    true = table[effect].mean()
    difference, error = naive(table, outcome)
    assert difference - true > 5 * error
    repaired, error = weighted(table, rule, outcome)
    assert abs(repaired - true) < 3 * error


def test_the_lie_shows_in_a_student_s_company():
    """2,000 customers, about 1,200 of them in the offer: 5 standard errors on average, seldom below 3."""
    for student in ("ada", "ben", "cho"):
        table = offer(World.for_student(student, "ps12"), "targeted")
        difference, error = naive(table)
        assert difference - table["uplift"].mean() > 3 * error


# --- the story: whom it moves --------------------------------------------------------------------


def test_trust_raises_the_uplift(large):
    """Seen in the randomised data alone: 60,000 customers, about 31,000 of them in the offer."""
    table = offer(large, "randomised")
    high = table["trust_disposition"] > table["trust_disposition"].median()
    (up, a), (low, b) = naive(table[high]), naive(table[~high])
    assert up - low > 5 * np.hypot(a, b)


def test_needs_segment_changes_the_uplift(companies):
    """Seen in the randomised data alone: 20,000 customers, about 10,000 of them in the offer."""
    for world in companies.values():
        table = offer(world, "randomised")
        by = {s: naive(part) for s, part in table.groupby("needs_segment", observed=True)}
        order = sorted(by, key=lambda s: by[s][0])
        assert order[-1] == "family"
        gap = by["family"][0] - by["explorer"][0]
        assert gap > 5 * np.hypot(by["family"][1], by["explorer"][1])


def test_the_average_offer_hardly_pays_but_the_best_tenths_do(large):
    table = offer(large, "randomised")
    profit = table["margin_uplift"] - campaigns.COST
    assert profit.mean() < 0
    best = table["uplift"] >= table["uplift"].quantile(0.8)
    assert profit[best].mean() > 0
    # Whoever would have bought anyway costs a voucher: not the ones to send it to.
    likely = table["probability_without"] >= table["probability_without"].quantile(0.9)
    assert profit[likely].mean() < profit.mean()


def test_true_uplift_beats_the_response_model_in_the_qini(large):
    table = offer(large, "randomised")
    answer, treated = table["responded"].astype(int), table["treated"].astype(int)
    uplift = qini_coefficient(answer, treated, table["uplift"], "none")
    response = qini_coefficient(answer, treated, table["probability_without"], "none")
    assert uplift > 0.005
    assert uplift > response + 0.005


# --- seeds and bad input -------------------------------------------------------------------------


def test_same_seed_same_offers_and_nothing_else_moves():
    world, other = World(6, 700), World(6, 700)
    before = world.transactions
    pd.testing.assert_frame_equal(world.campaigns, other.campaigns)
    pd.testing.assert_frame_equal(world.truth.campaigns, other.truth.campaigns)
    pd.testing.assert_frame_equal(world.transactions, before)
    assert not World(7, 700).campaigns.equals(world.campaigns)


def test_what_a_caller_changes_stays_with_the_caller():
    world = World(6, 100)
    table = world.campaigns
    table["treated"] = True
    assert not world.campaigns["treated"].all()


@pytest.mark.parametrize("orders", [-1, [1, -2], float("nan"), "two", None])
def test_bad_number_of_orders(orders):
    with pytest.raises(ValueError, match="orders"):
        campaigns.treatment_probability(orders)


def test_the_rule_keeps_the_form_of_what_it_is_given():
    assert campaigns.treatment_probability(1) == pytest.approx(0.3)
    told = campaigns.treatment_probability(pd.Series([0, 4], index=["a", "b"]))
    assert told.to_dict() == pytest.approx({"a": 0.1, "b": 0.9})
