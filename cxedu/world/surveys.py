"""What customers answer when Meridian asks: recommendation, satisfaction, effort, trust, needs.

The yearly survey went out in November 2025 to customers who had bought within two years. Trust at
the time of the survey is the customer's disposition plus experience; the four terms of the trust
equation (Maister, Green & Galford 2000) and satisfaction follow it, and the answers follow those.
The wordings are our own.
"""

import numpy as np
import pandas as pd

from cxedu.world.chance import correlated
from cxedu.world.people import SEGMENTS, START, People

WAVE = np.datetime64("2025-11-10", "D")  # first day of the latest survey wave
WAVE_DAYS = 14  # answers come in within two weeks
ACTIVE_DAYS = 728  # invited: last order at most 104 weeks before the wave
MISSING = 0.03  # of trust answers are left blank

TERMS = ("credibility", "reliability", "intimacy", "self_orientation")
_LEVEL = {  # mean on the scale 1–5, and correlation with overall trust
    "credibility": (3.7, 0.80),
    "reliability": (3.5, 0.75),
    "intimacy": (3.1, 0.65),
    "self_orientation": (2.7, -0.70),
}
_LEVEL_SPREAD, _ITEM_NOISE = 0.75, 0.60

#: The trust items: what each asks, the term it measures, whether agreement means *less* of it.
TRUST_ITEMS = pd.DataFrame(
    [
        ("trust_01", "credibility", "The people at Meridian know their gear.", False),
        ("trust_02", "credibility", "What Meridian says about a product turns out to be so.", False),
        ("trust_03", "credibility", "I double-check elsewhere what Meridian tells me.", True),
        ("trust_04", "reliability", "Orders arrive when Meridian said they would.", False),
        ("trust_05", "reliability", "If Meridian promises to call back, it calls back.", False),
        ("trust_06", "reliability", "Meridian is as good on a busy Saturday as on a quiet day.", False),
        ("trust_07", "intimacy", "I can admit to Meridian that I bought the wrong thing.", False),
        ("trust_08", "intimacy", "I would rather not tell Meridian much about myself.", True),
        ("trust_09", "intimacy", "Meridian handles what it knows about me with care.", False),
        ("trust_10", "self_orientation", "Meridian recommends what earns it most.", False),
        ("trust_11", "self_orientation", "When something goes wrong, Meridian protects itself first.", False),
        ("trust_12", "self_orientation", "Meridian contacts me only when it wants to sell.", False),
    ],
    columns=["item", "term", "wording", "reverse"],
).set_index("item")  # fmt: skip

#: The needs items, answered from 1 (not important to me) to 5 (very important to me).
NEED_ITEMS = pd.DataFrame(
    [
        ("need_01", "performance", "Gear that still works when conditions turn hard", False),
        ("need_02", "advice", "Advice from someone who has been there", False),
        ("need_03", "value", "Something for all of us, at a price that fits the budget", False),
        ("need_04", "progress", "Getting faster, lighter, further than last year", False),
        ("need_05", "looks", "Looking good in it, outdoors and in town", False),
        ("need_06", "durability", "Things that last and can be repaired", False),
    ],
    columns=["item", "term", "wording", "reverse"],
).set_index("item")

_NEED_LEVEL = {
    "explorer": (4.2, 4.3, 2.7, 2.6, 2.0, 4.4),
    "family": (2.8, 3.7, 4.5, 2.0, 2.6, 3.8),
    "athlete": (4.4, 2.8, 2.3, 4.5, 2.7, 2.9),
    "style": (2.4, 2.4, 2.9, 2.3, 4.5, 2.7),
}
_needs = np.array([_NEED_LEVEL[s] for s in SEGMENTS])


def _answer(level: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the box on the scale low … high that is nearest to `level`."""
    return np.clip(np.rint(level), low, high)


def draw_surveys(
    people: People, last_day: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw the answers of those who answer, and the true levels behind them ("truth." keys).

    Parameters
    ----------
    people
        Customers (one chunk).
    last_day
        Day of each customer's last order, counted like `people.since`.
    """
    wave = int((WAVE - START).astype(int))
    invited = (people.since < wave) & (last_day >= wave - ACTIVE_DAYS)
    trust = correlated(people.trust, 0.85, rng)
    # Who trusts the firm bothers a little more often: non-response is not random.
    answers = invited & (rng.random(trust.size) < 1 / (1 + np.exp(0.85 - 0.3 * trust)))
    trust, segment = trust[answers], people.segment[answers]
    n = trust.size
    satisfaction = correlated(trust, 0.65, rng)
    table = {
        "customer_id": people.customer_id[answers],
        "date": (wave + rng.integers(0, WAVE_DAYS, n)).astype(np.int32),
        "nps": _answer(7.8 + 1.9 * satisfaction + 0.9 * rng.standard_normal(n), 0, 10),
        "csat": _answer(3.8 + 0.75 * satisfaction + 0.5 * rng.standard_normal(n), 1, 5),
        "ces": _answer(5.0 + 1.1 * satisfaction + 0.8 * rng.standard_normal(n), 1, 7),
    }
    levels = {}
    for term, (mean, loading) in _LEVEL.items():
        score = correlated(trust, loading, rng)
        levels[term] = np.clip(mean + _LEVEL_SPREAD * score, 1, 5)
    for item, term, reverse in TRUST_ITEMS[["term", "reverse"]].itertuples():
        agreed = _answer(levels[term] + _ITEM_NOISE * rng.standard_normal(n), 1, 5)
        told = 6 - agreed if reverse else agreed
        table[item] = np.where(rng.random(n) < MISSING, np.nan, told)
    style = 0.25 * rng.standard_normal(n)  # some tick high boxes everywhere
    for column, item in enumerate(NEED_ITEMS.index):
        level = _needs[segment, column] + style + 0.85 * rng.standard_normal(n)
        table[item] = _answer(level, 1, 5)
    truth = {"customer_id": table["customer_id"], "satisfaction": satisfaction, "trust": trust}
    return table | {f"truth.{name}": values for name, values in (truth | levels).items()}
