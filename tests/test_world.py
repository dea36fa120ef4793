"""World: the contract of its tables, and whether its truth is true."""

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxedu import World
from cxedu.clv import BetaGeoNBD, GammaGamma, ShiftedBetaGeometric, lifetime_value, rfm_summary
from cxedu.trust import cronbach_alpha
from cxedu.world import DICTIONARY, MERIDIAN, chance, people, purchases
from cxedu.world.memberships import anniversaries
from cxedu.world.surveys import NEED_ITEMS, TERMS, TRUST_ITEMS


@pytest.fixture(scope="module")
def small():
    return World(seed=1, n_customers=2000)


@pytest.fixture(scope="module")
def large():
    return World(seed=2, n_customers=60_000)  # more than one chunk


def every_table(world):
    """All tables, observed and hidden, by the names of the dictionary."""
    tables = {name: getattr(world, name) for name in world.tables}
    return tables | {f"truth.{name}": getattr(world.truth, name) for name in world.truth.tables}


def digest(table):
    """A hash that last-bit differences between processors leave alone."""
    return hashlib.sha256(table.to_csv(index=False, float_format="%.8g").encode()).hexdigest()[:16]


def exact(table):
    return int(pd.util.hash_pandas_object(table, index=True).sum())


# --- the contract of the columns ---------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 2000])
def test_every_table_is_as_the_dictionary_says(n):
    tables = every_table(World(seed=5, n_customers=n))
    assert set(tables) == set(DICTIONARY)
    for name, table in tables.items():
        assert list(table.columns) == list(DICTIONARY[name]), name
        types = {column: str(dtype) for column, dtype in table.dtypes.items()}
        assert types == {column: about[0] for column, about in DICTIONARY[name].items()}, name
        assert isinstance(table.index, pd.RangeIndex)


def test_every_column_has_unit_and_meaning(small):
    for name in DICTIONARY:
        about = small.describe(name)
        assert list(about.columns) == ["type", "unit", "meaning"]
        assert about["meaning"].str.len().min() > 5
        numbers = about.index[about["type"].eq("float64")]
        assert about.loc[numbers, "unit"].ne("").all(), name


def test_the_categories_are_the_named_ones(small):
    assert list(small.customers["region"].cat.categories) == ["north", "south", "east", "west"]
    for table in (small.customers, small.transactions):
        assert list(table["channel"].cat.categories) == ["store", "web", "call centre", "app"]
    for table in (small.transactions, small.wallet, small.truth.wallet):
        assert list(table["category"].cat.categories) == list(people.CATEGORIES)
    segments = small.truth.customers["needs_segment"].cat.categories
    assert list(segments) == ["explorer", "family", "athlete", "style"]


def test_observed_tables_hold_no_truth(small):
    hidden = set().union(*(getattr(small.truth, t).columns for t in small.truth.tables))
    keys = {"customer_id", "category", "campaign", "record_id", "transaction_id", "step", "channel"}
    keys |= {"product_id", "firm_id", "year"}
    latent = small.truth.customers.set_index("customer_id").select_dtypes("number")
    for name in small.tables:
        table = getattr(small, name)
        assert not hidden & set(table.columns) - keys, name
        if "customer_id" not in table:
            continue
        truth = latent.loc[table["customer_id"]].to_numpy()
        for column in table.select_dtypes("number").drop(columns="customer_id"):
            told = table[column].to_numpy(float)
            assert not np.isclose(truth.T, told).mean(axis=1).max() > 0.5, (name, column)


def test_keys_match_and_are_unique(small):
    tables = every_table(small)
    ids = tables["customers"]["customer_id"]
    assert ids.tolist() == list(range(1, 2001))
    for name, table in tables.items():
        if "customer_id" in table:
            assert table["customer_id"].isin(ids).all(), name
        key = {
            "transactions": ["transaction_id"],
            "wallet": ["customer_id", "category"],
            "contacts": ["record_id"],
            "campaigns": ["campaign", "customer_id"],
            "referrals": ["referrer_id", "referred_id"],
            "truth.referrals": ["customer_id"],
            "interactions": ["interaction_id"],
            "journeys": ["case", "step"],
            "truth.failures": ["transaction_id"],
            "truth.friction": ["step", "channel"],
            "ratings": ["customer_id", "product_id"],
            "truth.ratings": ["customer_id", "product_id"],
            "products": ["product_id"],
            "firms": ["firm_id", "year"],
            "truth.firms": ["firm_id", "year"],
        }
        key = key.get(name) or key.get(name.removeprefix("truth."), ["customer_id"])
        assert not table.duplicated(key).any(), name
    for name in ("memberships", "surveys"):
        assert tables[name]["customer_id"].equals(tables[f"truth.{name}"]["customer_id"])
    assert tables["transactions"]["transaction_id"].tolist() == list(
        range(1, len(tables["transactions"]) + 1)
    )


def test_dates_lie_within_the_observation(small):
    assert small.start == pd.Timestamp("2022-01-03")
    assert small.today == pd.Timestamp("2025-12-29")
    assert small.today - small.start == pd.Timedelta(weeks=208)
    for name in small.tables:
        for column, dates in getattr(small, name).select_dtypes("datetime").items():
            assert dates.dropna().between(small.start, small.today).all(), (name, column)
    assert small.customers["since"].max() < small.today


def test_customers_arrive_over_the_years_and_a_little_more_each_year(large):
    since = large.customers["since"]
    a_year = since.dt.year.value_counts().sort_index()
    assert a_year.index.tolist() == [2022, 2023, 2024, 2025]
    assert a_year.is_monotonic_increasing
    assert a_year.iloc[-1] < 2 * a_year.iloc[0]
    assert (since > large.today - pd.Timedelta(weeks=4)).any()


def test_orders_start_with_since_and_are_sorted_one_a_day(large):
    orders = large.transactions
    assert not orders.duplicated(["customer_id", "date"]).any()
    assert orders["customer_id"].is_monotonic_increasing
    assert (orders.groupby("customer_id")["date"].diff().dropna() > pd.Timedelta(0)).all()
    first = orders.drop_duplicates("customer_id").reset_index(drop=True)
    seen = large.customers
    assert first["customer_id"].equals(seen["customer_id"])
    assert (first["date"] == seen["since"]).all()
    assert (first["channel"] == seen["channel"]).all()
    assert (orders["revenue"] > 0).all()
    for money in ("revenue", "margin"):
        assert np.allclose(orders[money], orders[money].round(2))


def test_memberships_begin_as_customer_and_end_on_an_anniversary(large):
    contracts = large.memberships.merge(large.customers[["customer_id", "since"]])
    assert (contracts["start"] >= contracts["since"]).all()
    assert contracts["start"].dt.year.nunique() == 4
    assert (contracts["fee"] == 49).all()
    start = contracts["start"].to_numpy().astype("datetime64[D]")
    next_one = anniversaries(start, contracts["renewals"].to_numpy() + 1)
    ended = contracts["end"].notna().to_numpy()
    assert (contracts["end"].to_numpy()[ended] == next_one[ended]).all()
    assert (next_one[~ended] > large.today.to_numpy()).all()


def test_anniversary_of_a_leap_day():
    start = np.array(["2024-02-29", "2024-02-29", "2022-12-31"], dtype="datetime64[D]")
    dates = anniversaries(start, np.array([1, 4, 1]))
    assert dates.astype(str).tolist() == ["2025-02-28", "2028-02-29", "2023-12-31"]


def test_answers_stay_on_their_scales(large):
    answers = large.surveys
    scales = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
    scales |= dict.fromkeys([*TRUST_ITEMS.index, *NEED_ITEMS.index], (1, 5))
    for item, (low, high) in scales.items():
        told = answers[item].dropna()
        assert set(told) == set(range(low, high + 1)), item
    missing = answers[list(TRUST_ITEMS.index)].isna().to_numpy().mean()
    assert missing == pytest.approx(0.03, abs=0.002)


def test_items_say_their_term_and_which_are_reversed():
    assert list(TRUST_ITEMS.index) == [f"trust_{i:02d}" for i in range(1, 13)]
    assert list(NEED_ITEMS.index) == [f"need_{i:02d}" for i in range(1, 7)]
    assert TRUST_ITEMS["term"].tolist() == [term for term in TERMS for _ in range(3)]
    assert TRUST_ITEMS.index[TRUST_ITEMS["reverse"]].tolist() == ["trust_03", "trust_08"]
    for items in (TRUST_ITEMS, NEED_ITEMS):
        assert items["wording"].is_unique


# --- the same seed gives the same bytes --------------------------------------------------------

GOLDEN = {
    "customers": "32d4774f10a972c2",
    "transactions": "cdea74a5df5edde0",
    "memberships": "147fee1e6bf0a0a9",
    "surveys": "6f1cfa6497b13311",
    "wallet": "0ffbea6e05250535",
    "truth.customers": "0a69cd87d8003a97",
    "truth.memberships": "80fd7d3ff04962be",
    "truth.surveys": "e579c80ce0137793",
    "truth.wallet": "921b1706355e3780",
    "campaigns": "b9dac70184154b5a",
    "truth.campaigns": "a6004922567bfcfd",
    "referrals": "c313b4cedd9f7c57",
    "truth.referrals": "6a6b850a3010b8e3",
    "contacts": "a6029031f3d3025e",
    "truth.contacts": "c23fa6cebd257401",
    "interactions": "982d8987f3ce366e",
    "journeys": "8e62c11098642534",
    "truth.failures": "caaa6a4dc851bab2",
    "truth.friction": "d5c779dd0ae49960",
    "ratings": "50ca344d4aad01cb",
    "products": "2b5f10e57b921ee8",
    "truth.ratings": "ff02fb21ed840b9e",
    "firms": "51312016cda69df6",
    "truth.firms": "e8cdf9f6f2814174",
}


@pytest.mark.parametrize("name", DICTIONARY)
def test_a_seed_means_the_same_company_for_ever(name):
    assert digest(every_table(World(seed=42, n_customers=300))[name]) == GOLDEN[name]


def test_another_process_makes_the_same_bytes():
    code = (
        "import pandas as pd; from cxedu import World; w = World(seed=3, n_customers=500)\n"
        "for t in [*(getattr(w.truth, t) for t in reversed(w.truth.tables)), w.wallet, w.surveys,"
        " w.memberships, w.transactions, w.customers]:\n"
        "    print(int(pd.util.hash_pandas_object(t, index=True).sum()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    world = World(seed=3, n_customers=500)
    names = ["customers", "transactions", "memberships", "surveys", "wallet"]
    here = [getattr(world, name) for name in names]
    here += [getattr(world.truth, name) for name in world.truth.tables]
    assert [int(line) for line in done.stdout.split()] == [exact(t) for t in reversed(here)]


def test_a_table_does_not_depend_on_which_others_were_made():
    alone = World(seed=9, n_customers=400).surveys
    world = World(seed=9, n_customers=400)
    every_table(world)
    pd.testing.assert_frame_equal(world.surveys, alone)


def test_chunks_do_not_depend_on_each_other():
    """The first 50,000 customers are the same whatever comes after them."""
    full, more = World(4, chance.CHUNK), World(4, chance.CHUNK + 7)
    others = every_table(more)
    for name, table in every_table(full).items():
        other = others[name]
        if name in ("truth.friction", "products", "firms", "truth.firms"):  # whatever the customers
            pd.testing.assert_frame_equal(other, table)
            continue
        owner = {"referrals": "referred_id", "contacts": "record_id"}.get(name, "customer_id")
        last = len(table) if name == "contacts" else chance.CHUNK
        other = other[other[owner] <= last].reset_index(drop=True)
        pd.testing.assert_frame_equal(other, table)


def test_different_seeds_make_different_companies():
    assert exact(World(1, 100).transactions) != exact(World(2, 100).transactions)


def test_child_seeds_are_named():
    first = chance.child(1, "people", 0).random()
    others = [chance.child(*names).random() for names in
              [(2, "people", 0), (1, "orders", 0), (1, "people", 1)]]  # fmt: skip
    assert first == chance.child(1, "people", 0).random()
    assert first not in others


def test_numpy_global_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    every_table(World(seed=8, n_customers=50))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_what_a_caller_changes_stays_with_the_caller(small):
    before = small.transactions["revenue"].sum()
    orders = small.transactions
    orders["week"] = 1
    orders.loc[:, "revenue"] = 0.0
    assert "week" not in small.transactions
    assert small.transactions["revenue"].sum() == before
    truth = small.truth.customers
    truth["alive"] = False
    assert small.truth.customers["alive"].any()


def test_a_student_gets_an_own_company():
    world = World.for_student("ada", "ps06")
    assert world.n_customers == 2000
    assert World.for_student("  ADA ", "PS06").seed == world.seed
    assert World.for_student("zo\u00eb", "ps06").seed == World.for_student("zoe\u0308", "ps06").seed
    seeds = {World.for_student(f"s{i}", p).seed for i in range(200) for p in ("ps04", "ps06")}
    assert len(seeds) == 400
    assert World.for_student("ada", "ps06", n_customers=50).n_customers == 50


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [0, -5, 2000.5, "2000", "9" * 100_000, None, True, float("nan"), 10**9, [2000]]
)
def test_bad_number_of_customers(value):
    with pytest.raises(
        ValueError, match=r"n_customers is .*must be a whole number at least 1"
    ) as told:
        World(seed=1, n_customers=value)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("value", [-1, None, "one", 1.5, float("inf"), 10**19])
def test_bad_seed(value):
    with pytest.raises(ValueError, match=r"seed is .*must be a whole number at least 0"):
        World(seed=value)


@pytest.mark.parametrize("value", ["", "   ", None, 7])
def test_bad_student(value):
    with pytest.raises(ValueError, match=r"student_id is .*; it must be a text that is not empty"):
        World.for_student(value, "ps06")
    with pytest.raises(ValueError, match=r"problem_set is .*; it must be a text that is not empty"):
        World.for_student("ada", value)


def test_unknown_tables_are_answered_with_the_known(small):
    with pytest.raises(AttributeError, match=r"'gossip'; it has customers, memberships, surveys"):
        small.truth.gossip  # noqa: B018
    with pytest.raises(AttributeError, match="gossip"):
        small.gossip  # noqa: B018
    with pytest.raises(ValueError, match=r"table is 'gossip'; it must be one of 'customers'"):
        small.describe("gossip")


def test_it_says_what_it_is(small):
    text = "World(seed=1, n_customers=2000): Meridian Outfitters, 3 Jan 2022 – 29 Dec 2025"
    assert repr(small) == text
    assert "customers, memberships, surveys, wallet" in repr(small.truth)
    for name in small.tables:
        assert getattr(World, name).__doc__.startswith("One row per ")


# --- is the truth true? ------------------------------------------------------------------------


def test_fast_quantiles_are_as_good_as_scipy():
    scores = np.linspace(-7, 7, 20_011)
    r, a, b = MERIDIAN["r"], MERIDIAN["a"], MERIDIAN["b"]
    q, alpha = MERIDIAN["q"], MERIDIAN["alpha"]
    pairs = [
        (chance.Quantile.gamma(r, 1 / alpha), stats.gamma(r, scale=1 / alpha)),
        (chance.Quantile.beta(a, b), stats.beta(a, b)),
        (chance.Quantile.inverse_gamma(q, 324.0), stats.invgamma(q, scale=324.0)),
        (chance.Quantile.lognormal(0.85, 3.4), stats.lognorm(0.85, scale=3.4)),
    ]
    for quantile, distribution in pairs:
        fast = quantile(scores)
        low = distribution.ppf(stats.norm.cdf(scores))
        high = distribution.isf(stats.norm.sf(scores))
        assert np.allclose(fast, np.where(scores < 0, low, high), rtol=1e-5, atol=0)
        assert (np.diff(fast) >= 0).all()
    far, edge = (pairs[0][0](np.array([-x, x])) for x in (50.0, 8.0))
    assert far.tolist() == pytest.approx(edge)


def test_marginals_are_those_of_the_models(large):
    m, truth = MERIDIAN, large.truth.customers
    expected = {
        "purchase_rate": stats.gamma(m["r"], scale=1 / m["alpha"]),
        "dropout_probability": stats.beta(m["a"], m["b"]),
        "spend_mean": stats.invgamma(m["q"], scale=m["p"] * m["gamma"]),
        "trust_disposition": stats.norm(),
    }
    for name, distribution in expected.items():
        values = truth[name]
        error = distribution.std() / np.sqrt(len(values))
        assert abs(values.mean() - distribution.mean()) < 4 * error, name
        assert stats.kstest(values, distribution.cdf).pvalue > 1e-4, name
    churn = large.truth.memberships["churn_probability"]
    beta = stats.beta(m["churn_alpha"], m["churn_beta"])
    assert stats.kstest(churn, beta.cdf).pvalue > 1e-4


def test_rate_dropout_and_spend_are_independent(large):
    truth = large.truth.customers
    names = ["purchase_rate", "dropout_probability", "spend_mean"]
    ranks = truth[names].rank().corr().to_numpy()
    assert np.abs(ranks[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(len(truth))


def test_orders_follow_the_true_rates(large):
    """Repeat orders, one-time buyers and the living, against what BG/NBD expects given the truth."""
    truth, since = large.truth.customers, large.customers["since"]
    weeks = (large.today - since).dt.days / 7
    repeat = large.transactions.groupby("customer_id").size().to_numpy() - 1
    rate, drop = truth["purchase_rate"], truth["dropout_probability"]
    assert_mean(repeat - (1 - np.exp(-rate * drop * weeks)) / drop)
    assert_mean((repeat == 0) - np.exp(-rate * weeks), shift=2e-3)  # rounding at the last day
    assert_mean(truth["alive"] - np.exp(-rate * drop * weeks))  # dropout comes at the rate λp
    assert truth.loc[repeat == 0, "alive"].all()


def assert_mean(difference, shift=0.0):
    """The mean difference is zero within 4 standard errors."""
    error = np.std(difference) / np.sqrt(len(difference))
    assert abs(np.mean(difference)) < 4 * error + shift


def test_revenue_and_margin_follow_the_truth(large):
    orders = large.transactions.merge(large.truth.customers, on="customer_id")
    assert_mean(orders["revenue"] - orders["spend_mean"])
    assert_mean(orders["margin"] - orders["spend_mean"] * orders["margin_rate"])
    assert_mean((orders["revenue"] / orders["spend_mean"] - 1) ** 2 - 1 / MERIDIAN["p"])
    gross = large.truth.customers["gross_margin_rate"]
    assert gross.between(0.25, 0.5).all()
    assert gross.skew() > 0


def test_lifetime_value_is_what_the_future_brings():
    """Twenty thousand futures of three customers, played order by order."""
    rng = np.random.default_rng(1)
    rates, drops, n = [0.05, 0.2, 1.0], [0.3, 0.1, 0.02], 20_000
    ones = np.ones(3)
    who = people.People(
        **{f: ones for f in people.People.__dataclass_fields__}
        | {"rate": np.array(rates), "dropout": np.array(drops), "segment": np.zeros(3, int)}
        | {"spend": np.full(3, 80.0), "base_rate": np.full(3, 0.3)}
        | {"returns": np.zeros(3), "service": np.full(3, 4.0)}
    )
    value = purchases.lifetime_value(who, np.array([True, True, True]))
    orders = purchases.expected_orders(who, np.array([True, True, False]), 364)
    margin = 80.0 * purchases.margin_rate(who)
    assert orders[2] == 0
    for i in range(2):
        age = np.cumsum(rng.exponential(1 / rates[i], (n, 400)), axis=1)
        real = np.arange(1, 401) <= rng.geometric(drops[i], n)[:, None]
        worth = (real * 1.1 ** (-age * 7 / 365.25)).sum(axis=1) * margin[i]
        assert_mean(worth - value[i])
        assert_mean((real & (age <= 52)).sum(axis=1) - orders[i])


def test_lifetime_value_agrees_with_the_models(large):
    """Over all customers, truth is what the model with the true parameters expects given the data."""
    history = rfm_summary(large.transactions, large.today)
    model = BetaGeoNBD.from_params(**{k: MERIDIAN[k] for k in ("r", "alpha", "a", "b")})
    x, tx, age = history["frequency"], history["recency"], history["T"]
    truth = large.truth.customers
    assert_mean(truth["expected_orders_52"] - model.expected_purchases(52, x, tx, age).to_numpy())
    assert_mean(truth["alive"] - model.probability_alive(x, tx, age).to_numpy())
    model_value = lifetime_value(model, 1.0, x, tx, age, margin=1.0, discount_rate=0.10)
    discounted = truth["lifetime_value"] / (truth["spend_mean"] * truth["margin_rate"])
    assert_mean(discounted.to_numpy() - model_value.to_numpy())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_models_recover_the_parameters(seed):
    world = World(seed=seed, n_customers=30_000)
    history = rfm_summary(world.transactions, world.today)
    timing = BetaGeoNBD().fit(history["frequency"], history["recency"], history["T"])
    recovered(timing, {k: MERIDIAN[k] for k in ("r", "alpha", "a", "b")})
    repeat = history[history["frequency"] > 0]
    spend = GammaGamma().fit(repeat["frequency"], repeat["monetary_value"])
    recovered(spend, {k: MERIDIAN[k] for k in ("p", "q", "gamma")})
    cohort = world.memberships[world.memberships["start"] < "2022-12-29"]  # three anniversaries
    left = [int((cohort["renewals"] >= k).sum()) for k in (0, 1, 2, 3)]
    churn = ShiftedBetaGeometric().fit(left)
    recovered(churn, {"alpha": MERIDIAN["churn_alpha"], "beta": MERIDIAN["churn_beta"]})


def recovered(model, truth):
    """Every parameter lies within 3 standard errors of the truth."""
    found = model.summary()
    for name, value in truth.items():
        z = (found.loc[name, "estimate"] - value) / found.loc[name, "standard_error"]
        assert abs(z) < 3, (name, value, found)


# --- the story: what the chapters rely on ------------------------------------------------------


def test_trust_makes_people_stay(large):
    truth = large.truth.customers
    rank = truth["trust_disposition"].corr(truth["dropout_probability"], method="spearman")
    theory = 6 / np.pi * np.arcsin(people.TRUST_ON_DROPOUT / 2)
    assert rank == pytest.approx(theory, abs=0.02)
    contracts = large.memberships.merge(large.truth.memberships).merge(truth)
    rank = contracts["trust_disposition"].corr(contracts["churn_probability"], method="spearman")
    assert rank == pytest.approx(6 / np.pi * np.arcsin(people.TRUST_ON_CHURN / 2), abs=0.03)
    third = pd.qcut(contracts["trust_disposition"], 3, labels=["low", "middle", "high"])
    left = contracts["end"].notna().groupby(third, observed=True).mean()
    assert left["low"] > left["high"] + 0.15


def test_survey_answers_show_trust_and_satisfaction(large):
    answers, truth = large.surveys, large.truth.surveys
    items = answers[list(TRUST_ITEMS.index)].copy()
    items[["trust_03", "trust_08"]] = 6 - items[["trust_03", "trust_08"]]
    for number, term in enumerate(TERMS):
        own = items.iloc[:, 3 * number : 3 * number + 3]
        assert own.mean(axis=1).corr(truth[term]) > 0.8, term
        assert own.mean().sub(truth[term].mean()).abs().max() < 0.1
        assert 0.7 < cronbach_alpha(own.dropna()) < 0.9
    raw = answers[["trust_01", "trust_02", "trust_03"]].dropna()
    assert cronbach_alpha(raw) < 0.4  # forgetting to turn item 03 round is seen
    assert truth["self_orientation"].corr(truth["trust"]) < -0.5
    assert truth["satisfaction"].corr(truth["trust"]) > 0.5
    for score in ("nps", "csat", "ces"):
        assert answers[score].corr(truth["satisfaction"]) > 0.7


def test_about_three_in_ten_of_the_active_answer(large):
    last = large.transactions.groupby("customer_id")["date"].max()
    active = (last >= pd.Timestamp("2023-11-13")).sum()
    assert len(large.surveys) / active == pytest.approx(0.30, abs=0.02)


def test_needs_tell_the_segments_apart(large):
    needs = large.surveys.merge(large.truth.customers, on="customer_id")
    means = needs.groupby("needs_segment", observed=True)[list(NEED_ITEMS.index)].mean()
    assert means["need_03"].idxmax() == "family"
    assert means["need_04"].idxmax() == "athlete"
    assert means["need_05"].idxmax() == "style"
    assert means["need_02"].idxmax() == "explorer"
    mix = large.transactions.merge(large.truth.customers, on="customer_id")
    mix = pd.crosstab(mix["needs_segment"], mix["category"], normalize="index")
    wanted = pd.DataFrame(purchases.CATEGORY_MIX, index=list(people.CATEGORIES)).T / 100
    assert np.abs(mix.to_numpy() - wanted.to_numpy()).max() < 0.02


def test_wallet_is_right_on_average_and_holds_what_was_spent(large):
    orders = large.transactions
    recent = orders[orders["date"] > large.today - pd.Timedelta(weeks=52)]
    spent = recent.groupby(["customer_id", "category"], observed=True)["revenue"].sum()
    told = large.wallet.set_index(["customer_id", "category"])
    real = spent.reindex(told.index).fillna(0.0)
    assert_mean(told["spend_with_us"] - real)
    wallet = large.truth.wallet.set_index(["customer_id", "category"])["wallet"]
    assert len(wallet) == 6 * large.n_customers
    assert (wallet.loc[told.index] >= real - 0.01).all()
    assert_mean(told["spend_with_rivals"] + real - wallet.loc[told.index])
    assert large.wallet["customer_id"].nunique() / large.n_customers == pytest.approx(
        0.25, abs=0.01
    )


def test_share_of_wallet_varies_widely(large):
    spent = large.wallet.groupby("customer_id")[["spend_with_us", "spend_with_rivals"]].sum()
    spent = spent[spent["spend_with_us"] > 0]
    share = spent["spend_with_us"] / spent.sum(axis=1)
    assert share.quantile(0.1) < 0.15
    assert share.quantile(0.9) > 0.65


@pytest.mark.parametrize("student", ["ada", "ben", "cho", "dee", "eva"])
def test_each_student_meets_an_interesting_company(student):
    world = World.for_student(student, "ps06")
    orders = world.transactions.groupby("customer_id")
    margin = orders["margin"].sum().sort_values(ascending=False)
    whale = margin.cumsum() / margin.sum()
    assert 1.1 < whale.max() < 1.4
    assert 0.1 < (margin < 0).mean() < 0.25
    assert 4 < len(world.transactions) / world.n_customers < 6
    assert 0.35 < orders.size().eq(1).mean() < 0.5
    assert 70 < world.transactions["revenue"].mean() < 90
    assert 0.3 < len(world.memberships) / world.n_customers < 0.45
    assert len(world.surveys) > 350
    value = world.truth.customers["lifetime_value"]
    assert value.median() < value.mean() / 5
    assert (value < 0).any()
    worth = world.customers.merge(world.truth.customers, on="customer_id")
    more = worth.groupby("email_consent")["trust_disposition"].mean()
    assert more[True] > more[False]
