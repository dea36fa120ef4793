"""How customers rate what they bought: stars that follow needs, and a catalogue to rate.

The story. What somebody thinks of a product hangs on four latent factors: how rugged it is, how easy
(made for everybody, kind to the budget), how light and fast, how smart it looks. A customer's taste for
the four is that of the needs segment plus an own deviation, and the expected stars are

    utility = 3.45 + quality of the product + Σ taste × loading,   four factors.

The stars given are utility plus normal noise, rounded to 1 … 5. Over the ratings in the table utility
and noise vary equally: half of the variance before rounding is noise, so no recommender can ever be
exact, not even one that knows the truth.

Who rates what is not chance. About four in ten customers rate at all, somewhat more often if they
trust. How many ratings come from an order is a Poisson number with the customer's own eagerness as
its mean, so that who orders more rates more. A rated product belongs to the category of an order of that customer, and
is rated some days or weeks after it. Within the category, people choose by popularity (Zipf: the r-th
most popular product has the weight r^−0.8) *and by liking*:

    P(product j | customer i, category) ∝ popularity_j × exp(1.0 × utility_ij).

So ratings are **not missing at random**: what is rated is what somebody expected to like. Means of stars
are flattering, products that nobody likes are hardly rated, and which products somebody chose says as
much about the taste as the stars do.

Orders are not itemised: `transactions` has one category and one revenue for each, and the revenue is not
a sum of catalogue prices. The catalogue is the same for every seed; its names are invented.
"""

import numpy as np
import pandas as pd

from cxedu.world.people import CATEGORIES, DAYS, SEGMENTS, People

FACTORS = ("rugged", "easy", "light", "smart")

#: By category: name, price in euros, and what it is above all (and also): Rugged, Easy, Light, Smart.
_CATALOGUE = {
    "footwear": (
        ("Harrow Fell mountain boot", 189, "R"), ("Mirefoot wading boot", 119, "R"),
        ("First Pitch approach shoe", 129, "RL"), ("Long Winter boot", 149, "RE"),
        ("Quarryman hiker", 109, "R"), ("Sunday Loop walking shoe", 59, "E"),
        ("Puddle rubber boot", 29, "E"), ("Little Legs junior hiker", 49, "E"),
        ("Field Path all-round shoe", 69, "ER"), ("Tideline sandal", 35, "ES"),
        ("Chamois trail runner", 119, "L"), ("Downwind race shoe", 139, "L"),
        ("Swift speed hiker", 99, "LR"), ("Beck drainage shoe", 89, "L"),
        ("Tinder spike shoe", 129, "LS"), ("Avenue suede boot", 139, "S"),
        ("Quayside canvas shoe", 65, "SE"), ("Drawing Room leather hiker", 159, "S"),
        ("Lantern chelsea boot", 145, "S"), ("Suburb sneaker", 89, "SL"),
    ),
    "clothing": (
        ("Gale Nine shell jacket", 199, "R"), ("Stonewall trousers", 99, "R"),
        ("Polar Night down parka", 229, "RS"), ("Thornbush overshirt", 79, "R"),
        ("Cottongrass base layer", 69, "RL"), ("Rainy Day family poncho", 25, "E"),
        ("Two for All fleece", 39, "E"), ("Growing Up kids' jacket", 45, "E"),
        ("Drizzle rain trousers", 29, "ER"), ("Picnic sun shirt", 25, "ES"),
        ("Feather wind jacket", 89, "L"), ("Pulse running tee", 35, "L"),
        ("Split Second race shorts", 45, "L"), ("Draught vest", 79, "LS"),
        ("Morning Round tights", 55, "L"), ("Boulevard trench", 169, "S"),
        ("Atelier knit", 89, "S"), ("Roof Garden linen shirt", 69, "SE"),
        ("Contour softshell", 129, "SL"), ("Signal colour-block anorak", 119, "S"),
    ),
    "tents": (
        ("Bivouac Black storm tent", 349, "R"), ("High Camp expedition dome", 459, "R"),
        ("Rook's Nest double-wall", 279, "R"), ("Forest Edge canvas tent", 299, "RE"),
        ("Guyline tarp", 89, "RL"), ("Full House tunnel", 249, "E"),
        ("Holiday Farm cabin tent", 219, "E"), ("Two Minutes pop-up", 79, "E"),
        ("Garden Party shelter", 59, "ES"), ("Rascals kids' tepee", 39, "E"),
        ("Half Kilo solo tent", 329, "L"), ("Haze mesh bivy", 119, "L"),
        ("Blink fast tent", 259, "L"), ("Breath tarp", 139, "LR"),
        ("Windchime two-person", 289, "LS"), ("Midsummer bell tent", 319, "S"),
        ("Copper Roof glamping tent", 399, "S"), ("Stripe retro ridge", 179, "S"),
        ("Sunsail awning", 99, "SE"), ("Moonshine clear dome", 239, "S"),
    ),
    "packs": (
        ("Packhorse 65 trekking pack", 179, "R"), ("Coalface haul bag", 139, "R"),
        ("Creel canvas rucksack", 119, "RS"), ("Wanderlust 45", 149, "R"),
        ("Armour guide pack", 159, "RL"), ("Sandwich day pack", 39, "E"),
        ("Piggyback child carrier", 129, "E"), ("School Trip junior pack", 29, "E"),
        ("All of It duffel", 59, "ER"), ("Class Outing bag", 45, "ES"),
        ("Nil Point race vest", 99, "L"), ("Thread ultralight 30", 159, "L"),
        ("Stage running belt", 29, "L"), ("Leap 18 fast pack", 89, "L"),
        ("Hummingbird foldable", 35, "LE"), ("Counting House roll-top", 99, "S"),
        ("Stroller city pack", 89, "S"), ("Gallery tote", 59, "S"),
        ("Brass leather pack", 189, "SR"), ("Pastel mini pack", 49, "SE"),
    ),
    "climbing": (
        ("Granite alpine harness", 89, "R"), ("Frostbeard ice axe", 129, "R"),
        ("Roped Party 60 m rope", 159, "R"), ("Chimney cam set", 249, "R"),
        ("Last Resort rescue kit", 69, "RE"), ("First Wall starter set", 99, "E"),
        ("Kestrel kids' harness", 45, "E"), ("Good Grip chalk ball", 9, "E"),
        ("Indoors all-in-one shoe", 59, "E"), ("Both Hands belay device", 79, "ER"),
        ("Gecko competition shoe", 139, "L"), ("Spider feather harness", 79, "L"),
        ("Hairline micro nuts", 89, "LR"), ("Eider alpine helmet", 85, "L"),
        ("Snap wire draws", 75, "L"), ("Mosaic chalk bag", 25, "S"),
        ("Chalk Age bouldering trousers", 79, "S"), ("Neon Wall print shoe", 119, "SL"),
        ("Coral colour rope", 149, "S"), ("Good Manners brush set", 19, "SE"),
    ),
    "cycling": (
        ("Gravel Road tyre pair", 89, "R"), ("Mule pannier set", 149, "R"),
        ("Weatherproof commuter jacket", 119, "R"), ("Yard Dog lock", 79, "RE"),
        ("Lighthouse touring light", 69, "R"), ("Caboose child trailer", 299, "E"),
        ("Ding bell and mirror", 19, "E"), ("Outing basket", 35, "ES"),
        ("Steady kids' helmet", 29, "E"), ("Roadside tool set", 25, "ER"),
        ("Slipstream aero helmet", 179, "L"), ("Wattage power pedals", 399, "L"),
        ("Sprocket race cassette", 99, "L"), ("Cadence bib shorts", 109, "L"),
        ("Gramme carbon cage", 39, "LS"), ("Velour saddle", 89, "S"),
        ("Corso wool jersey", 99, "S"), ("Ribbon bar tape", 29, "S"),
        ("Chrome retro bottle", 25, "SE"), ("Piazza city helmet", 79, "SL"),
    ),
}  # fmt: skip
_LETTERS = "RELS"
_PER_CATEGORY = 20

_ENTRIES = [(*entry, category) for category in CATEGORIES for entry in _CATALOGUE[category]]

#: The catalogue, 20 products in each category: product_id, name, category, price (€).
PRODUCTS = pd.DataFrame(
    {
        "product_id": np.arange(1, len(_ENTRIES) + 1, dtype=np.int64),
        "name": [name for name, _, _, _ in _ENTRIES],
        "category": pd.Categorical([category for *_, category in _ENTRIES], list(CATEGORIES)),
        "price": [float(price) for _, price, _, _ in _ENTRIES],
    }
).astype({"name": "str"})

MEAN = 3.45  # stars for an average product and taste, before anybody chooses
SECOND = 0.4  # loading on what a product is also; on what it is above all it is 1
QUALITY = 0.3  # product qualities are spread evenly from −QUALITY to QUALITY
#: A segment's taste for rugged, easy, light, smart: stars per unit of loading.
TASTE = {
    "explorer": (1.1, -0.1, 0.1, -1.0),
    "family": (-0.1, 1.1, -0.9, -0.1),
    "athlete": (0.1, -1.0, 1.1, -0.1),
    "style": (-0.9, 0.0, -0.1, 1.1),
}
DEVIATION = 0.30  # standard deviation of a customer's own taste, each factor
NOISE = 0.77  # standard deviation of the stars given, around utility

RATES = -0.08  # log-odds to be somebody who rates at trust 0 …
TRUST_ON_RATES = 0.3  # … and what a unit of trust adds
A_RATING_AN_ORDER = 1.8  # mean eagerness of those who rate: ratings per order
EAGERNESS = 2.0  # shape of the gamma distribution of eagerness
ZIPF = 0.8  # weight of the r-th most popular product of a category: r^−ZIPF
LIKING = 1.0  # how strongly expected stars pull the choice (0: not at all)
TRIED, WAIT = (
    3,
    21,
)  # a rating comes TRIED days after the order at the earliest, WAIT later on average

_place = np.arange(len(_ENTRIES))
_loading = np.array(
    [
        [1.0 if kind[0] == letter else SECOND if letter in kind else 0.0 for letter in _LETTERS]
        for _, _, kind, _ in _ENTRIES
    ]
)
_quality = QUALITY * (2 * (0.6180339887498949 * (_place + 1) % 1) - 1)
# The place in the list says nothing: 7 and 20 have no common factor, so that ranks are well mixed.
_popularity = ((7 * (_place % _PER_CATEGORY) + 3) % _PER_CATEGORY + 1.0) ** -ZIPF
_taste = np.array([TASTE[s] for s in SEGMENTS])


def utilities(taste: np.ndarray) -> np.ndarray:
    """Return the expected stars (customers × products) for tastes (customers × factors)."""
    stars = np.tile(MEAN + _quality, (len(taste), 1))
    for factor in range(len(FACTORS)):  # term by term: the same bits on every processor
        stars += taste[:, factor, None] * _loading[:, factor]
    return stars


def draw_ratings(
    people: People, orders: dict[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw all ratings, sorted by customer and date; "truth.utility" is hidden.

    Parameters
    ----------
    people
        Customers (one chunk).
    orders
        Their orders, sorted by customer: arrays `customer_id`, `date` (days from the start), `category`.
    """
    n = people.since.size
    rates = rng.random(n) < 1 / (1 + np.exp(-RATES - TRUST_ON_RATES * people.trust))
    eager = rng.standard_gamma(EAGERNESS, n) * (A_RATING_AN_ORDER / EAGERNESS) * rates
    deviation = DEVIATION * rng.standard_normal((n, len(FACTORS)))

    row = (orders["customer_id"] - people.customer_id[0]).astype(np.int64)
    count = rng.poisson(eager[row])
    row, category = np.repeat(row, count), np.repeat(orders["category"], count).astype(np.int64)
    day = np.repeat(orders["date"], count) + TRIED
    day = day + np.floor(WAIT * rng.standard_exponential(row.size)).astype(np.int32)
    aim, noise = rng.random(row.size), rng.standard_normal(row.size)
    inside = day <= DAYS
    row, category, day = row[inside], category[inside], day[inside]
    aim, noise = aim[inside], noise[inside]

    # Only those who rate have a row in the table of utilities.
    raters, at = np.unique(row, return_inverse=True)
    stars = utilities(_taste[people.segment[raters]] + deviation[raters])
    weight = _popularity * np.exp(LIKING * stars)
    cumulated = np.cumsum(weight.reshape(raters.size, len(CATEGORIES), _PER_CATEGORY), axis=2)
    share = cumulated[at, category]
    chosen = (share <= (aim * share[:, -1])[:, None]).sum(axis=1)
    product = category * _PER_CATEGORY + np.minimum(chosen, _PER_CATEGORY - 1)

    # A product is rated once, the first time: whoever buys it again has said it all.
    order = np.lexsort((product, day, row))
    key = row[order] * _place.size + product[order]
    first = np.sort(order[np.unique(key, return_index=True)[1]])
    first = first[np.lexsort((product[first], day[first], row[first]))]
    utility = stars[at[first], product[first]]
    return {
        "customer_id": people.customer_id[row[first]],
        "product_id": product[first] + 1,
        "date": day[first].astype(np.int32),
        "rating": np.clip(np.rint(utility + NOISE * noise[first]), 1, 5).astype(np.int64),
        "truth.utility": utility,
    }
