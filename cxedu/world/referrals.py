"""Who brought whom: a network that grows with the customers.

The causal story: customers recommend Meridian, the trusting ones more often; a friend is like oneself
(same needs, similar spend); a friend's word lends trust, so that whoever was referred trusts a little
more than whoever came alone. Some of the referred would have come anyway, the keen buyers above all.

The customers exist already when this table is drawn, and nothing about them may change. So the story
is told backwards, by Bayes' rule. Given the newcomer, chance decides first whether he was referred
(the likelier, the more he trusts), and then by whom, among all who were customers at that time:

    P(referrer j) ∝ propensity_j × likeness(newcomer, j).

The likeness is 4 for the same needs segment (else 1), times 2 for the same quarter of mean spend
(else 1). Whoever looks at pairs finds that friends are alike; whoever looks at customers one by one
finds every distribution as it was.

A referrer became a customer before the Monday of the newcomer's week and was still active at its
end. So a referrer is always the earlier one of the two, and there is no cycle. The first weeks have
few to be referred by; a newcomer without any possible referrer came alone.

A chunk of 50,000 customers (in the order of their numbers) is a district of its own: referrers come
from the newcomer's chunk. That bounds the work and the memory, and no chunk depends on another. All
times of arrival occur in every chunk, so nothing else is lost but friends in another district.
"""

import numpy as np

from cxedu.world.people import DAYS, SEGMENTS, People, quantiles

REWARD = 15.0  # euros to the referrer, when the newcomer places the first order
REFERRED = -1.1  # log-odds to be referred at trust 0 …
TRUST_ON_REFERRED = 0.3  # … and what a unit of the newcomer's trust adds

TRUST_ON_PROPENSITY = 0.6  # log propensity per unit of the referrer's trust
PROPENSITY_SPREAD = 0.8  # standard deviation of log propensity given trust
SAME_SEGMENT = 4.0  # how much likelier a referrer of the same needs segment is
SAME_SPEND = 2.0  # … and of the same quarter of mean spend

ANYWAY = -0.5  # log-odds that a referred newcomer of average rate had come anyway …
RATE_ON_ANYWAY = 0.5  # … and what a unit of the normal score of the purchase rate adds

_QUARTERS = np.array([-0.6744897501960817, 0.0, 0.6744897501960817])
_CELLS = 4 * len(SEGMENTS)


def spend_quarter(spend: np.ndarray) -> np.ndarray:
    """Return the quarter of the distribution of mean spend that each value is in: 0 to 3.

    >>> spend_quarter(np.array([20.0, 70.0, 500.0]))
    array([0, 2, 3])
    """
    return np.searchsorted(quantiles()["spend"](_QUARTERS), spend)


def likeness() -> np.ndarray:
    """Return the factor for each pair of cells (4 × segment + quarter): newcomer × referrer."""
    segment, quarter = np.divmod(np.arange(_CELLS), 4)
    same_segment = np.where(segment[:, None] == segment, SAME_SEGMENT, 1.0)
    return same_segment * np.where(quarter[:, None] == quarter, SAME_SPEND, 1.0)


def draw_referrals(
    people: People, alive: np.ndarray, last_day: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw who referred whom among `people`; keys that start with "truth." are per customer.

    Parameters
    ----------
    people
        Customers (one chunk).
    alive, last_day
        Of each customer: not dropped out by today, and the day of the last order.
    """
    n = people.since.size
    log_propensity = TRUST_ON_PROPENSITY * people.trust
    log_propensity += PROPENSITY_SPREAD * rng.standard_normal(n)
    mean = (TRUST_ON_PROPENSITY**2 + PROPENSITY_SPREAD**2) / 2  # takes it to 1 on average
    propensity = np.exp(log_propensity - mean)
    referred = rng.random(n) < _logistic(REFERRED + TRUST_ON_REFERRED * people.trust)
    anyway = rng.random(n) < _logistic(ANYWAY + RATE_ON_ANYWAY * people.rate_score)
    last = np.where(alive, DAYS + 7, last_day)  # active until then

    referrer = _choose(people, propensity, last, referred, rng.random((n, 2)))
    found = referrer >= 0
    return {
        "referrer_id": people.customer_id[referrer[found]],
        "referred_id": people.customer_id[found],
        "date": people.since[found],
        "truth.customer_id": people.customer_id,
        "truth.referral_propensity": propensity,
        "truth.would_have_joined": ~found | anyway,
    }


def _choose(
    people: People,
    propensity: np.ndarray,
    last: np.ndarray,
    referred: np.ndarray,
    uniform: np.ndarray,
) -> np.ndarray:
    """Return the row of each referred customer's referrer, −1 for nobody.

    Week by week, all newcomers at once: first the referrer's cell (segment and quarter of spend), by
    its sum of propensities times likeness, then the referrer in it, by cumulative propensities.
    """
    cell = 4 * people.segment.astype(np.int64) + spend_quarter(people.spend)
    order = np.argsort(cell, kind="stable")  # candidates lie cell by cell
    ends = np.searchsorted(cell[order], np.arange(_CELLS + 1))
    weight, since, until = propensity[order], people.since[order], last[order]
    factor = likeness()
    chosen = np.full(cell.size, -1)

    new = np.flatnonzero(referred)
    new = new[np.argsort(people.since[new], kind="stable")]
    weeks = np.arange(0, DAYS + 7, 7)
    starts = np.searchsorted(people.since[new], weeks)
    for monday, first, end in zip(weeks[:-1], starts[:-1], starts[1:], strict=True):
        who = new[first:end]
        can = (since < monday) & (until >= monday + 6)
        if not who.size or not can.any():
            continue
        total = np.concatenate([[0.0], np.cumsum(weight * can)])
        share = np.cumsum(factor[cell[who]] * np.diff(total[ends]), axis=1)
        # A uniform × the sum can round up to the sum itself: never beyond the last possible one.
        aim = uniform[who, 0] * share[:, -1]
        into = np.minimum((share <= aim[:, None]).sum(axis=1), np.argmax(share, axis=1))
        low, high = total[ends[into]], total[ends[into + 1]]
        aim = np.minimum(low + uniform[who, 1] * (high - low), np.nextafter(high, 0))
        chosen[who] = order[np.searchsorted(total, aim, side="right") - 1]
    return chosen


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
