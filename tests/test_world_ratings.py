"""Ratings: do needs drive the stars, is the choice skewed by popularity and liking, can it be seen?"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from cxedu import World
from cxedu.world import people, ratings

SEEDS = [1, 2, 3]


@pytest.fixture(scope="module")
def large():
    return World(2, 60_000)  # more than one chunk


@pytest.fixture(scope="module")
def companies():
    return {seed: World(seed, 6000) for seed in SEEDS}


def full(world):
    """The ratings with their truth, their product and who gave them."""
    table = world.ratings.assign(utility=world.truth.ratings["utility"])
    return table.merge(world.products, on="product_id").merge(
        world.truth.customers[["customer_id", "needs_segment", "trust_disposition"]],
        on="customer_id",
    )


# --- the contract --------------------------------------------------------------------------------


def test_the_catalogue():
    products = World(1, 1).products
    assert products["product_id"].tolist() == list(range(1, 121))
    assert (products["category"].value_counts() == 20).all()
    assert products["name"].is_unique
    assert products["price"].between(5, 500).all()
    pd.testing.assert_frame_equal(products, World(7, 3).products)
    kinds = np.argmax(ratings._loading, axis=1).reshape(6, 20)
    for own in kinds:  # every category has something for everybody
        assert np.bincount(own, minlength=4).min() >= 4


def test_rows_are_customers_and_products(large):
    seen, truth = large.ratings, large.truth.ratings
    keys = ["customer_id", "product_id"]
    assert not seen.duplicated(keys).any()
    pd.testing.assert_frame_equal(seen[keys], truth[keys])
    assert set(seen["product_id"]) == set(large.products["product_id"])
    assert set(seen["rating"]) == {1, 2, 3, 4, 5}
    ordered = seen.sort_values(["customer_id", "date", "product_id"], kind="stable")
    assert ordered.index.equals(seen.index)


def test_every_rating_follows_an_order_in_its_category(large):
    table = full(large)
    orders = large.transactions[["customer_id", "category", "date"]]
    first = orders.groupby(["customer_id", "category"], observed=True)["date"].min()
    bought = table.merge(
        first.rename("bought").reset_index(), on=["customer_id", "category"], how="left"
    )
    assert bought["bought"].notna().all()
    waited = (bought["date"] - bought["bought"]).dt.days
    assert waited.min() == ratings.TRIED
    assert (table["date"] <= large.today).all()


def test_about_four_in_ten_rate_and_who_orders_more_rates_more(large):
    count = large.ratings.groupby("customer_id").size()
    orders = large.transactions.groupby("customer_id").size()
    share = len(count) / large.n_customers
    assert share == pytest.approx(0.40, abs=0.02)
    assert 5 < count.mean() < 8
    rank = pd.DataFrame({"count": count, "orders": orders.reindex(count.index)}).rank()
    assert rank["count"].corr(rank["orders"]) > 0.6
    trust = large.truth.customers.set_index("customer_id")["trust_disposition"]
    others = trust.drop(count.index)
    error = np.hypot(trust.std() / np.sqrt(len(count)), trust.std() / np.sqrt(len(others)))
    assert trust.reindex(count.index).mean() - others.mean() > 5 * error


def test_counts_are_poisson_about_eagerness_and_orders(large):
    """Ratings of an order long ago: mean 1.8 × share who rate, and the chance of none by theory.

    Only customers with one order, which is old, so that no rating is late; a product chosen twice counts
    once, which takes away less than a fifth.
    """
    orders = large.transactions.groupby("customer_id")["date"].agg(["size", "max"])
    old = orders["max"] < large.today - pd.Timedelta(days=400)
    alone = orders.index[old & orders["size"].eq(1)]
    count = large.ratings.groupby("customer_id").size().reindex(alone, fill_value=0)
    trust = large.truth.customers.set_index("customer_id")["trust_disposition"][alone]
    rates = 1 / (1 + np.exp(-ratings.RATES - ratings.TRUST_ON_RATES * trust))
    # None: a gamma mixture of Poissons is negative binomial, P(0) = (k / (k + m))^k.
    k, m = ratings.EAGERNESS, ratings.A_RATING_AN_ORDER
    none = 1 - rates * (1 - (k / (k + m)) ** k)
    difference = count.eq(0) - none
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(alone))
    mean = m * rates.mean()
    assert 0.8 * mean < count.mean() < mean


# --- utility, noise, choice ----------------------------------------------------------------------


def test_half_of_the_variance_is_noise(large):
    utility = large.truth.ratings["utility"]
    assert utility.var() / (utility.var() + ratings.NOISE**2) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_stars_are_utility_plus_noise_rounded(companies, seed):
    """Probability of each number of stars given utility: normal areas between the roundings."""
    table = full(companies[seed])
    edges = np.array([-np.inf, 1.5, 2.5, 3.5, 4.5, np.inf])
    below = stats.norm.cdf((edges - table["utility"].to_numpy()[:, None]) / ratings.NOISE)
    for star, chance in enumerate(np.diff(below).T, start=1):
        off = (table["rating"] == star) - chance
        assert abs(off.mean()) < 4 * off.std() / np.sqrt(len(off)), star


def test_utility_is_taste_times_loading(large):
    """Within a segment the mean utility of a product is the formula's, plus what choice adds."""
    table = full(large)
    # The deviation is the only latent left: its spread follows from utilities of well-known raters.
    expected = ratings.utilities(np.array([ratings.TASTE[s] for s in people.SEGMENTS]))
    segment = table["needs_segment"].cat.codes.to_numpy()
    off = table["utility"] - expected[segment, table["product_id"] - 1]
    by = off.groupby(table["product_id"]).agg(["mean", "std", "sem"])
    # Choosing by liking with strength 1 shifts normal utilities by their variance, at most.
    variance = ratings.DEVIATION**2 * (ratings._loading**2).sum(axis=1)
    assert (by["mean"] > 0).mean() > 0.9
    assert (by["mean"] < ratings.LIKING * variance + 4 * by["sem"]).all()
    assert by["std"].to_numpy() == pytest.approx(np.sqrt(variance), rel=0.2)


def test_segments_like_different_things(large):
    table = full(large)
    main = np.argmax(ratings._loading, axis=1)[table["product_id"] - 1]
    table["kind"] = main
    stars = table.pivot_table("rating", "needs_segment", "kind", observed=True)
    assert stars.idxmax(axis=1).tolist() == [0, 1, 2, 3]
    assert (stars.max(axis=1) - stars.min(axis=1) > 1).all()


def test_choice_is_skewed_by_popularity_and_by_liking(large):
    table = full(large)
    count = table["product_id"].value_counts()
    top = count.head(24).sum() / count.sum()  # a fifth of the catalogue
    assert 0.4 < top < 0.7
    # Given segment and category, log counts are linear in log popularity and in utility, slopes 1 and LIKING.
    segment = table["needs_segment"].cat.codes.to_numpy()
    cells = np.zeros((4, 120))
    np.add.at(cells, (segment, table["product_id"].to_numpy() - 1), 1)
    taste = np.array([ratings.TASTE[s] for s in people.SEGMENTS])
    utility = ratings.utilities(taste)
    # A normal deviation adds half its variance to the mean of the exponential.
    utility = utility + 0.5 * ratings.DEVIATION**2 * (ratings._loading**2).sum(axis=1)
    popularity = np.tile(np.log(ratings._popularity), (4, 1))
    rows = []
    for values in (np.log(cells), popularity, utility):
        blocks = values.reshape(4, 6, 20)
        rows.append((blocks - blocks.mean(axis=2, keepdims=True)).ravel())
    slopes = np.linalg.lstsq(np.column_stack(rows[1:]), rows[0], rcond=None)[0]
    # Whoever rates a lot can't rate a product twice: that flattens both a little.
    assert 0.8 < slopes[0] <= 1.02
    assert 0.8 * ratings.LIKING < slopes[1] <= 1.05 * ratings.LIKING


def test_ratings_are_not_missing_at_random(large):
    """The mean of what is rated flatters: it lies above that of all pairs of rater and product."""
    truth = large.truth.customers.set_index("customer_id")["needs_segment"]
    raters = truth[large.ratings["customer_id"].unique()].cat.codes.to_numpy()
    taste = np.array([ratings.TASTE[s] for s in people.SEGMENTS])
    everything = ratings.utilities(taste)[raters].mean()
    assert large.truth.ratings["utility"].mean() > everything + 0.4


# --- what a firm can see in it -------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_ratings_alone_recover_the_needs_segments(companies, seed):
    """6,000 customers, about 530 of them with 8 ratings or more: adjusted Rand index above 0.7."""
    world = companies[seed]
    table = world.ratings
    stars = table.pivot_table("rating", "customer_id", "product_id")
    stars = stars[stars.notna().sum(axis=1) >= 8]
    profile = (stars - 2).fillna(0).to_numpy()
    profile = profile / np.linalg.norm(profile, axis=1, keepdims=True)
    u, s, _ = np.linalg.svd(profile - profile.mean(axis=0), full_matrices=False)
    found = KMeans(4, n_init=10, random_state=0).fit_predict(u[:, :4] * s[:4])
    truth = world.truth.customers.set_index("customer_id")["needs_segment"][stars.index]
    assert adjusted_rand_score(truth, found) > 0.7


# --- seeds ---------------------------------------------------------------------------------------


def test_same_seed_same_ratings_and_nothing_else_moves():
    world, other = World(6, 700), World(6, 700)
    before = world.transactions
    pd.testing.assert_frame_equal(world.ratings, other.ratings)
    pd.testing.assert_frame_equal(world.truth.ratings, other.truth.ratings)
    pd.testing.assert_frame_equal(world.transactions, before)
    assert not World(7, 700).ratings.equals(world.ratings)


def test_what_a_caller_changes_stays_with_the_caller():
    world = World(6, 100)
    table, products = world.ratings, world.products
    table["rating"], products["price"] = 5, 0.0
    assert world.ratings["rating"].min() < 5
    assert world.products["price"].min() > 0


def test_a_company_too_small_to_have_ratings_has_empty_tables():
    empty = [w for w in (World(seed, 1) for seed in range(20)) if w.ratings.empty]
    assert empty
    assert list(empty[0].ratings.dtypes.astype(str)) == [
        "int64",
        "int64",
        "datetime64[s]",
        "int64",
    ]
