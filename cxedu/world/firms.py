"""A panel of firms: what they say they can do for customers, and what they earn.

Five yearly waves ask the same 400 firms 58 questions, in the four groups of the Customer Experience
Maturity Monitor (CEMM; Peppers & Rogers Group, SAS Institute and Jubelirer Research, first report “The
State of Customer Experience Capabilities and Competencies”), and write the year's results beside the
answers. Nine questions are answered yes or no (yes: agrees, or rates itself
good or excellent). They ask for what the published summary of that study reports, and so many firms
answer yes as it reports (`published`). The other 49 are answered from 1 to 5; how the 58 divide over
the groups is ours, since the summary does not say, and so is every wording.

What causes what, all in standard scores (mean 0, spread 1):

- good *management* builds a customer *culture* and makes a firm *capable* of treating different
  customers differently; culture helps with that, and the rest of capability changes slowly from
  year to year;
- capability raises growth, margin, customer retention and return a little (`EFFECT`); management
  raises them more (`MANAGEMENT_EFFECT`), for a hundred reasons that have nothing to do with
  customers; culture raises retention (`CULTURE_ON_RETENTION`);
- answers about culture (orientation) follow culture, all others follow capability, and all are
  coloured by this year's growth: the *halo* of success. A firm also has a way of answering of its own.

So the capable firms outgrow the others two- to threefold, as the study says of its mature firms, and
most of that is management and halo. Who knows `truth.firms` can take management out.

Every score is normal and the spreads are known exactly, so a threshold at the normal quantile of a
published share makes every firm answer yes with that probability on average: exactly, in the first wave.

The panel is recruited at its first wave, so everybody is alive then. In later years a firm fails with a
probability that rises as its growth and return fall; its owners lose `FAILED_RETURN`, and the firm
isn't there to answer any more. Others stop answering for no reason that matters. Both simply have no
more rows: the panel's average return is that of the survivors, and its answers drift upwards.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

FIRMS = 400  # whatever the number of customers: these are other companies
YEARS = (2020, 2021, 2022, 2023, 2024)
INDUSTRIES = ("retail", "banking", "telecoms", "insurance", "travel", "manufacturing")
SIZES = ("small", "medium", "large")
_INDUSTRY_SHARES = np.array([0.25, 0.18, 0.12, 0.13, 0.12, 0.20])
_SIZE_SHARES = np.array([0.35, 0.40, 0.25])

GROUPS = ("orientation", "insight", "interaction", "improvement")

#: The 58 items: group, our wording, and the published share of firms that say yes (NaN: a 1–5 item).
FIRM_ITEMS = pd.DataFrame(
    [
        ("treats_differently", "orientation", "Knowing what each customer needs, we treat different ones differently.", 0.60),
        ("orientation_01", "orientation", "Meetings about products begin with the customers who use them.", np.nan),
        ("orientation_02", "orientation", "We would rather lose a sale than sell what a customer won't need.", np.nan),
        ("orientation_03", "orientation", "Somebody at the top is answerable for what customers go through.", np.nan),
        ("orientation_04", "orientation", "Whoever serves a customer may put things right without asking.", np.nan),
        ("orientation_05", "orientation", "We tell customers of our mistakes before they notice.", np.nan),
        ("orientation_06", "orientation", "New people spend their first weeks with customers.", np.nan),
        ("orientation_07", "orientation", "A customer's long-term worth counts more here than this quarter's sales.", np.nan),
        ("orientation_08", "orientation", "Departments help each other when a customer needs both.", np.nan),
        ("orientation_09", "orientation", "We would be at ease if customers read our internal mail.", np.nan),
        ("orientation_10", "orientation", "People who stand up for customers get ahead.", np.nan),
        ("orientation_11", "orientation", "We use what we know about customers only in their interest.", np.nan),
        ("orientation_12", "orientation", "Our leaders talk to customers every month.", np.nan),
        ("orientation_13", "orientation", "Everybody here can say what we promise our customers.", np.nan),
        ("profiles_current", "insight", "Whatever a customer does, and whatever we send, is in the profile at once.", 0.28),
        ("insight_01", "insight", "One record brings together what all channels know of a customer.", np.nan),
        ("insight_02", "insight", "We recognise a customer in whichever channel he or she appears.", np.nan),
        ("insight_03", "insight", "We know which customers are worth most over the years.", np.nan),
        ("insight_04", "insight", "We know which customers cost more than they bring.", np.nan),
        ("insight_05", "insight", "We estimate what a customer spends with our rivals.", np.nan),
        ("insight_06", "insight", "Customers are grouped by what they need, not only by what they buy.", np.nan),
        ("insight_07", "insight", "Models tell us who is about to leave.", np.nan),
        ("insight_08", "insight", "Answers to surveys are kept with the customer who gave them.", np.nan),
        ("insight_09", "insight", "We check how complete and how correct customer data are.", np.nan),
        ("insight_10", "insight", "Those who serve customers see what analysts find out.", np.nan),
        ("insight_11", "insight", "We know who recommends us, and to whom.", np.nan),
        ("insight_12", "insight", "Complaints are searched for causes, not only counted.", np.nan),
        ("insight_13", "insight", "We know at which step of a purchase people give up.", np.nan),
        ("insight_14", "insight", "Each customer's permissions are known and kept.", np.nan),
        ("needs_captured", "interaction", "What a customer says he or she needs is written down while we talk.", 0.31),
        ("interactions_adapted", "interaction", "When a profile changes, so does the way we deal with that customer.", 0.21),
        ("interaction_01", "interaction", "A conversation begun in one channel goes on in another.", np.nan),
        ("interaction_02", "interaction", "Nobody has to tell us the same thing twice.", np.nan),
        ("interaction_03", "interaction", "Most matters are settled at the first contact.", np.nan),
        ("interaction_04", "interaction", "We stop sending what a customer never reads.", np.nan),
        ("interaction_05", "interaction", "The web shop shows each visitor what suits him or her.", np.nan),
        ("interaction_06", "interaction", "The call centre knows what was bought yesterday.", np.nan),
        ("interaction_07", "interaction", "Campaigns of different departments don't collide at the customer.", np.nan),
        ("interaction_08", "interaction", "We ask one good question at a time instead of sending long forms.", np.nan),
        ("interaction_09", "interaction", "Products can be put together to suit one customer.", np.nan),
        ("interaction_10", "interaction", "Unhappy customers find it easy to say so.", np.nan),
        ("interaction_11", "interaction", "A complaint gets an answer within a day.", np.nan),
        ("interaction_12", "interaction", "Good customers feel that they are recognised.", np.nan),
        ("interaction_13", "interaction", "We contact people when it suits them, not when it suits us.", np.nan),
        ("metrics_for_firm", "improvement", "Measures of customers are used to judge how the company does.", 0.43),
        ("incentives_aligned", "improvement", "Bonuses depend on measures of customers.", 0.31),
        ("metrics_for_people", "improvement", "Measures of customers are used to judge how each employee does.", 0.30),
        ("campaign_roi", "improvement", "We measure what a campaign returns on its cost.", 0.41),
        ("mix_roi", "improvement", "We measure what the whole marketing mix returns on its cost.", 0.30),
        ("improvement_01", "improvement", "Offers are tested against a group that doesn't get them.", np.nan),
        ("improvement_02", "improvement", "What a test shows is put to use within weeks.", np.nan),
        ("improvement_03", "improvement", "We follow how the value of our customers changes.", np.nan),
        ("improvement_04", "improvement", "Failed ideas are written down so that nobody repeats them.", np.nan),
        ("improvement_05", "improvement", "Results for customers are reported as often as results for sales.", np.nan),
        ("improvement_06", "improvement", "We ask those who left why they left.", np.nan),
        ("improvement_07", "improvement", "Promises made to customers are checked against what they got.", np.nan),
        ("improvement_08", "improvement", "We can say what a rise in satisfaction is worth in money.", np.nan),
        ("improvement_09", "improvement", "Every process has somebody who makes it easier for customers.", np.nan),
    ],
    columns=["item", "group", "wording", "published"],
).set_index("item")  # fmt: skip

#: The nine questions answered yes or no, with the published shares.
QUESTIONS = FIRM_ITEMS["published"].dropna()

# Where culture and capability come from; correlations and loadings of standard scores.
MANAGEMENT_ON_CULTURE = 0.5
MANAGEMENT_ON_CAPABILITY = 0.5
CULTURE_ON_CAPABILITY = 0.2
CAPABILITY_STAYS = 0.8  # year-to-year correlation of what is left of capability
#: Correlation of capability with management: the direct way and the way through culture.
CONFOUNDING = MANAGEMENT_ON_CAPABILITY + CULTURE_ON_CAPABILITY * MANAGEMENT_ON_CULTURE

RESULTS = ("revenue_growth", "operating_margin", "customer_retention", "shareholder_return")
#: Of an average firm, a year. The return's effects and spread are those of its logarithm, 1 + return.
MEAN = {"revenue_growth": 0.06, "operating_margin": 0.09, "customer_retention": 0.74, "shareholder_return": 0.0}  # fmt: skip
#: What one standard deviation of capability adds: the causal strength that the chapters look for …
EFFECT = {"revenue_growth": 0.006, "operating_margin": 0.005, "customer_retention": 0.012, "shareholder_return": 0.020}  # fmt: skip
#: … and what one of management adds, at the same capability: the confounder.
MANAGEMENT_EFFECT = {"revenue_growth": 0.012, "operating_margin": 0.015, "customer_retention": 0.010, "shareholder_return": 0.050}  # fmt: skip
CULTURE_ON_RETENTION = 0.010
SPREAD = {"revenue_growth": 0.045, "operating_margin": 0.030, "customer_retention": 0.025, "shareholder_return": 0.22}  # fmt: skip
MARKET = (0.06, -0.08, 0.12, 0.04, 0.10)  # log return of the market, year by year
#: Added by industry to margin and to retention (in the order of INDUSTRIES).
INDUSTRY_MARGIN = np.array([-0.04, 0.06, 0.02, 0.03, -0.03, 0.0])
INDUSTRY_RETENTION = np.array([-0.04, 0.06, 0.0, 0.05, -0.06, 0.02])
_MOST_RETENTION = 0.99  # four standard deviations above the best industry's mean

FAILURE = -3.9  # log-odds to fail in a year (from the second on), at average growth and return
GROWTH_ON_FAILURE = -0.9  # per standard deviation of growth
RETURN_ON_FAILURE = -0.6  # per unit of the standard deviation of chance in the log return
FAILED_RETURN = -0.90  # what the owners of a failed firm make in that year
STOPS = 0.04  # of firms stop answering each year (from the second on), for no reason that matters

LOADING = 0.6  # of an item on culture (orientation) or capability (the others)
HALO = 0.2  # of an item on the standard score of this year's growth
STYLE = 0.2  # of an item on the firm's own way of answering
MISSING = 0.04  # of the 1–5 answers are left blank
_LEVEL = dict(zip(GROUPS, (3.5, 2.9, 3.0, 2.8), strict=True))  # mean 1–5 answer …
_EASE = 0.3  # … and how far the easiest and the hardest item of a group are from it


def growth_spread() -> float:
    """Return the standard deviation of yearly growth over all firms that could be in the panel."""
    c, m = EFFECT["revenue_growth"], MANAGEMENT_EFFECT["revenue_growth"]
    return float(np.sqrt(c**2 + m**2 + 2 * c * m * CONFOUNDING + SPREAD["revenue_growth"] ** 2))


def _answer_noise(group: str) -> float:
    """Return what an item's own chance must be so that the whole has a spread of exactly 1."""
    # Correlation of growth with what the group measures, through capability and through management.
    capability, management = 1.0, CONFOUNDING
    if group == "orientation":
        management = MANAGEMENT_ON_CULTURE
        capability = MANAGEMENT_ON_CAPABILITY * MANAGEMENT_ON_CULTURE + CULTURE_ON_CAPABILITY
    both = EFFECT["revenue_growth"] * capability + MANAGEMENT_EFFECT["revenue_growth"] * management
    known = LOADING**2 + HALO**2 + STYLE**2 + 2 * LOADING * HALO * both / growth_spread()
    return float(np.sqrt(1 - known))


def item_levels() -> pd.Series:
    """Return the mean of each 1–5 item before it is rounded to the scale."""
    scaled = FIRM_ITEMS["group"][FIRM_ITEMS["published"].isna()]
    place = scaled.groupby(scaled).cumcount()
    last = scaled.map(scaled.value_counts()) - 1
    # Item 5k of a group's n is the k-th easiest, so that easy and hard ones take turns.
    turn = (5 * place) % (last + 1) / last
    return scaled.map(_LEVEL) + _EASE * (1 - 2 * turn)


def draw_firms(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the panel: a row per firm and year; keys that start with "truth." are hidden.

    The truth goes on until a firm fails, that year included; the panel ends the year before, or
    when the firm stops answering.
    """
    n, years = FIRMS, len(YEARS)
    industry = rng.choice(len(INDUSTRIES), n, p=_INDUSTRY_SHARES)
    size = rng.choice(len(SIZES), n, p=_SIZE_SHARES)
    management, culture, capability = _draw_scores(n, years, rng)

    result = {}
    for name in RESULTS:
        chance = SPREAD[name] * rng.standard_normal((n, years))
        causes = EFFECT[name] * capability + MANAGEMENT_EFFECT[name] * management[:, None]
        result[name] = MEAN[name] + causes + chance
        if name == "shareholder_return":  # so far a logarithm, without the market's
            luck = chance + causes
    result["operating_margin"] += INDUSTRY_MARGIN[industry][:, None]
    stay = INDUSTRY_RETENTION[industry] + CULTURE_ON_RETENTION * culture
    result["customer_retention"] += stay[:, None]
    result["customer_retention"] = np.clip(result["customer_retention"], 0, _MOST_RETENTION)
    growth = (result["revenue_growth"] - MEAN["revenue_growth"]) / growth_spread()

    odds = np.exp(
        FAILURE
        + GROWTH_ON_FAILURE * growth
        + RETURN_ON_FAILURE * luck / SPREAD["shareholder_return"]
    )
    fails = rng.random((n, years)) < odds / (1 + odds)
    stops = rng.random((n, years)) < STOPS
    fails[:, 0] = stops[:, 0] = False  # recruited at the first wave: all are there
    exists = np.cumsum(fails, axis=1) - fails == 0
    answers = exists & ~fails & (np.cumsum(stops, axis=1) == 0)
    log_return = result["shareholder_return"] + np.array(MARKET)
    result["shareholder_return"] = np.where(fails, FAILED_RETURN, np.expm1(log_return))

    style = rng.standard_normal(n)
    latent = {group: capability for group in GROUPS}
    latent["orientation"] = np.broadcast_to(culture[:, None], (n, years))
    levels = item_levels()
    told = {}
    for item, group, published in FIRM_ITEMS[["group", "published"]].itertuples():
        noise = _answer_noise(group) * rng.standard_normal((n, years))
        score = LOADING * latent[group] + HALO * growth + STYLE * style[:, None] + noise
        if np.isnan(published):
            box = np.clip(np.rint(levels[item] + score), 1, 5)
            told[item] = np.where(rng.random((n, years)) < MISSING, np.nan, box)
        else:
            told[item] = score > -ndtri(published)

    firm, wave = np.indices((n, years))
    key = {"firm_id": firm + 1, "year": np.array(YEARS)[wave]}
    about = {"industry": industry[firm], "size": size[firm]}
    truth = key | {
        "management": management[firm],
        "culture": culture[firm],
        "capability": capability,
        "growth_from_capability": EFFECT["revenue_growth"] * capability,
        "actual_growth": result["revenue_growth"],
        "actual_return": result["shareholder_return"],
        "failed": fails,
        "in_panel": answers,
    }
    seen = {name: values[answers] for name, values in (key | about | told | result).items()}
    return seen | {f"truth.{name}": values[exists] for name, values in truth.items()}


def _draw_scores(
    n: int, years: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw management and culture (one number per firm) and capability (one per firm and year)."""
    management = rng.standard_normal(n)
    by_m, by_k = MANAGEMENT_ON_CAPABILITY, CULTURE_ON_CAPABILITY
    rest = np.sqrt(1 - MANAGEMENT_ON_CULTURE**2)
    culture = MANAGEMENT_ON_CULTURE * management + rest * rng.standard_normal(n)
    own = rng.standard_normal((n, years))
    for year in range(1, years):
        own[:, year] *= np.sqrt(1 - CAPABILITY_STAYS**2)
        own[:, year] += CAPABILITY_STAYS * own[:, year - 1]
    known = by_m**2 + by_k**2 + 2 * by_m * by_k * MANAGEMENT_ON_CULTURE
    inherited = by_m * management + by_k * culture
    return management, culture, inherited[:, None] + np.sqrt(1 - known) * own
