"""The Trail Club: yearly contracts whose churn follows the shifted-beta-geometric model.

Each member has a constant churn probability at every yearly renewal, and those probabilities
are beta distributed over members (Fader & Hardie 2007). Trust lowers them through the copula.
Who joins depends on the purchase rate, not on trust, so that the members' churn probabilities
keep the exact distribution.
"""

import numpy as np

from cxedu.world.chance import correlated
from cxedu.world.people import DAYS, START, TODAY, TRUST_ON_CHURN, People, quantiles

FEE = 49.0  # euros per year


def anniversaries(start: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Return the dates `years` after `start` (29 February becomes 28 February)."""
    month = start.astype("datetime64[M]")
    day = (start - month.astype("datetime64[D]")).astype(np.int64)
    target = month + (12 * years).astype("timedelta64[M]")
    first, following = (
        m.astype("datetime64[D]") for m in (target, target + np.timedelta64(1, "M"))
    )
    last = (following - first).astype(np.int64) - 1  # day of the month, from 0
    return first + np.minimum(day, last).astype("timedelta64[D]")


def draw_memberships(people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the contracts: half of the joiners join with their first order, others later."""
    n = people.since.size
    joins = rng.random(n) < 1 / (1 + np.exp(0.4 - 0.6 * people.rate_score))
    later = np.where(rng.random(n) < 0.5, 0.0, 1 + rng.standard_exponential(n) * 180)
    churn = quantiles()["churn"](correlated(people.trust, TRUST_ON_CHURN, rng))
    lives = rng.standard_exponential(n)

    begins = people.since + np.minimum(np.floor(later), DAYS).astype(np.int32)
    member = joins & (begins < DAYS)
    start = START + begins[member].astype("timedelta64[D]")
    churn = churn[member]
    # The renewal at which the member leaves: geometric, by inverting its tail.
    leaves = np.maximum(np.ceil(lives[member] / -np.log1p(-churn)), 1)
    full_years = np.zeros(start.size, dtype=np.int64)  # anniversaries up to today
    for year in range(1, DAYS // 365 + 2):
        full_years += anniversaries(start, np.full(start.size, year)) <= TODAY
    ended = leaves <= full_years
    years = np.where(ended, leaves, full_years).astype(np.int64)
    end = np.where(ended, anniversaries(start, years), np.datetime64("NaT", "D"))
    return {
        "customer_id": people.customer_id[member],
        "start": start,
        "renewals": years - ended,
        "end": end,
        "churn": churn,
    }
