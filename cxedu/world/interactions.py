"""Service at Meridian: what goes wrong with orders, who says so, what is done, who leaves over it.

The causal story, in its own order: an order fails with a probability that hangs on its category, its
channel and whether it was sent back. A failure is minor or major. Whoever trusts the firm more is
readier to speak up; the others swallow it. Some of those who speak up are made whole. Then the customer
stays or leaves, and what happened multiplies the *odds* of leaving by `LEAVE_ODDS`, compared with an
order at which nothing failed. (Odds, because a probability of leaving of 0.4 can't be made five times
as large.) A minor failure made good even helps: the recovery paradox; a major one never does.

Each customer's own dropout probability p is the average over everything that can happen at an order:
p = Σ share of outcome × probability of leaving after it. `leaving` solves that for the probabilities.

The orders, however, exist already, and who dropped out at which order is settled: the coin said "leave"
at the last repeat order of whoever is no longer alive, and "stay" at all other repeat orders. So the
outcome of each order is drawn afterwards, given the coin, by Bayes' rule: its share times the
probability that this outcome gives to what the coin said, divided by the sum of these products. Failures
and coins then have the same joint distribution as if failures had come first, and the orders keep the
exact distribution of their model. At a first order no coin is thrown (in that model nobody leaves before
the first repeat order), so its failures have no effect and come by their shares alone.

Contacts follow: every voiced failure opens a case, and so do questions about orders at which nothing
failed. What would come after the last day of observation is not seen.
"""

import numpy as np

from cxedu.world.chance import Percentages
from cxedu.world.people import DAYS, People

CONTACT_CHANNELS = ("store", "web chat", "call centre", "app")
REASONS = ("delivery", "product", "return", "advice", "billing", "membership")
RECOVERIES = ("none", "apology", "refund", "refund and apology")
SEVERITIES = ("none", "minor", "major")

#: Share of orders that fail, by category (footwear, clothing, tents, packs, climbing, cycling) …
FAILURE = np.array([0.08, 0.07, 0.10, 0.06, 0.05, 0.11])
#: … times this by channel (store, web, call centre, app), and doubled if the order was sent back.
FAILURE_CHANNEL = np.array([0.7, 1.2, 1.0, 1.1])
FAILURE_RETURNED = 2.0
MAJOR = 0.35  # share of failures that are major

#: Log-odds of speaking up after a minor and a major failure, at average trust, and per unit of trust.
VOICE = (-1.1, 0.1)
VOICE_TRUST = 0.7
RECOVERED = (0.65, 0.50)  # share of voiced failures that are made good: minor, major

#: What can happen at an order: severity and what became of it.
OUTCOMES = (
    ("none", "ok"),
    ("minor", "swallowed"),
    ("minor", "unresolved"),
    ("minor", "recovered"),
    ("major", "swallowed"),
    ("major", "unresolved"),
    ("major", "recovered"),
)
#: What each outcome does to the odds of leaving, against an order at which nothing failed.
LEAVE_ODDS = np.array([1.0, 1.8, 2.5, 0.6, 3.0, 5.0, 1.5])
_SEVERITY = np.array([0, 1, 1, 1, 2, 2, 2], dtype=np.int8)
_VOICED = np.array([False, False, True, True, False, True, True])
_RECOVERED = np.array([False, False, False, True, False, False, True])

#: Euros per contact and per minute, by contact channel (a chat agent serves several at a time).
COST_CONTACT = np.array([1.00, 0.80, 1.50, 0.20])
COST_MINUTE = np.array([0.55, 0.30, 0.75, 0.10])
MINUTES = np.array([9.0, 11.0, 8.0, 6.0])  # mean of a contact that is no complaint
COMPLAINT_MINUTES = 1.8  # a complaint takes that many times as long
MOST_CONTACTS = 4  # in a case
_BLOCK, _MOST_STEPS = 4096, 20  # orders solved together (they fit the processor's cache), steps
LONGEST_WAIT = 21  # days from an order to the first contact about it

#: Share of orders followed by a question, by reason; a return is announced more often.
_ASKS = {"delivery": 0.07, "advice": 0.05, "billing": 0.03, "membership": 0.05}
_RETURN_ASKS = 0.5
#: Share of cases settled at the first contact, by its channel; then what becomes of it.
_SETTLED = np.array([0.90, 0.75, 0.80, 0.70])
_SETTLED_LATER = 0.7
_SAID_SETTLED = 0.25  # recorded as settled although the customer came back

_PLACE = Percentages([[55, 5, 30, 10], [8, 40, 35, 17], [5, 5, 85, 5], [5, 20, 20, 55]])
_WHAT_FAILED = Percentages(  # delivery, product, return, advice, billing, membership
    [
        [28, 42, 8, 12, 10, 0],
        [35, 30, 12, 12, 11, 0],
        [25, 50, 6, 10, 9, 0],
        [38, 36, 6, 8, 12, 0],
        [25, 45, 6, 14, 10, 0],
        [22, 52, 6, 11, 9, 0],
    ]
)
_MADE_GOOD = Percentages([[100, 0, 0, 0], [0, 50, 25, 25], [0, 10, 40, 50]])  # by severity
_NOT_MADE_GOOD = Percentages([[75, 25, 0, 0]])


def outcome_shares(
    category: np.ndarray, channel: np.ndarray, returned: np.ndarray, trust: np.ndarray
) -> np.ndarray:
    """Return how likely each of `OUTCOMES` is at an order (rows: outcomes), before the coin."""
    fails = FAILURE[category] * FAILURE_CHANNEL[channel] * np.where(returned, FAILURE_RETURNED, 1.0)
    shares = np.empty((len(OUTCOMES), fails.size))
    shares[0] = 1 - fails
    for first, severe, at_rest, made_good in zip(
        (1, 4), (1 - MAJOR, MAJOR), VOICE, RECOVERED, strict=True
    ):
        speaks = 1 / (1 + np.exp(-at_rest - VOICE_TRUST * trust))
        shares[first] = fails * severe * (1 - speaks)
        shares[first + 1] = fails * severe * speaks * (1 - made_good)
        shares[first + 2] = fails * severe * speaks * made_good
    return shares


def leaving(dropout: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the probability of leaving after each outcome, so that their mixture is `dropout`.

    With t the odds of leaving after an order at which nothing failed and θₛ = `LEAVE_ODDS`, outcome s
    gives t θₛ ÷ (1 + t θₛ). Newton's method on the log-odds of the mixture, which is nearly a straight
    line in log t, finds t to the last digits in a few steps.

    >>> shares = np.full((7, 1), 1 / 7)
    >>> chances = leaving(np.array([0.3]), shares)
    >>> round(float((shares * chances).sum()), 12)
    0.3
    """
    chances = np.empty_like(shares)
    for first in range(0, dropout.size, _BLOCK):
        here = slice(first, first + _BLOCK)
        chances[:, here] = _leaving(dropout[here], shares[:, here])
    return chances


def _leaving(dropout: np.ndarray, shares: np.ndarray) -> np.ndarray:
    target = np.log(dropout) - np.log1p(-dropout)
    theta = LEAVE_ODDS[:, None]
    log_t = target - np.log(LEAVE_ODDS @ shares)
    for _ in range(_MOST_STEPS):
        odds = np.exp(log_t) * theta
        stays = 1 / (1 + odds)
        left, stayed = odds * stays, shares * stays
        total_leave, total_stay = (shares * left).sum(axis=0), stayed.sum(axis=0)
        slope = (stayed * left).sum(axis=0) / (total_leave * total_stay)
        step = (np.log(total_leave) - np.log(total_stay) - target) / slope
        log_t -= step
        if np.abs(step).max() < 1e-9:  # the error is squared at each step: this was the last digit
            break
    odds = np.exp(log_t) * theta
    return odds / (1 + odds)


def draw_outcomes(
    shares: np.ndarray,
    chances: np.ndarray,
    coin: np.ndarray,
    left: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the outcome of each order given what the coin said (by shares alone where none was thrown)."""
    likely = np.where(left, chances, 1 - chances)
    weights = np.cumsum(shares * np.where(coin, likely, 1.0), axis=0)
    mark = rng.random(left.size) * weights[-1]
    return (mark >= weights[:-1]).sum(axis=0).astype(np.int8)


def draw_interactions(
    people: People,
    orders: dict[str, np.ndarray],
    alive: np.ndarray,
    member: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw the outcome of every order ("truth." keys) and the contacts that follow.

    Parameters
    ----------
    people
        Customers (one chunk).
    orders
        All their orders, sorted by customer and date: transaction_id, customer_id, date (days from the
        start of observation), channel, category, revenue, margin.
    alive
        Whether each customer is alive today.
    member
        First and last day of each customer's Trail Club membership (the first after the last if none).

    Returns
    -------
    dict
        Columns of `interactions`, those of truth.failures, and per order the day and channel of the
        first contact about it ("order." keys; −1 where there is none).
    """
    row = (orders["customer_id"] - people.customer_id[0]).astype(np.int64)
    n = row.size
    first = np.append(True, row[1:] != row[:-1])
    last = np.append(row[1:] != row[:-1], True)
    coin, left = ~first, last & ~first & ~alive[row]
    # Only an order that was sent back loses money before the cost of serving it.
    returned = orders["margin"] + people.service[row] < 0
    shares = outcome_shares(orders["category"], orders["channel"], returned, people.trust[row])
    chances = leaving(people.dropout[row], shares)
    outcome = draw_outcomes(shares, chances, coin, left, rng)
    failed = outcome > 0
    chance = np.where(coin, chances[outcome, np.arange(n)], 0.0)
    day = orders["date"].astype(np.int64)
    in_club = (member[0][row] <= day) & (day <= member[1][row])
    made = _contacts(people, orders, day, outcome, returned, in_club, rng)
    return made | {
        "truth.customer_id": orders["customer_id"],
        "truth.transaction_id": orders["transaction_id"],
        "truth.failed": failed,
        "truth.severity": _SEVERITY[outcome],
        "truth.voiced": _VOICED[outcome],
        "truth.recovered": _RECOVERED[outcome],
        "truth.leave_probability": chance,
        "truth.effect": np.where(coin, chance - chances[0], 0.0),
        "truth.left": left,
    }


def _contacts(
    people: People,
    orders: dict[str, np.ndarray],
    day: np.ndarray,
    outcome: np.ndarray,
    returned: np.ndarray,
    in_club: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw the contacts: cases opened by voiced failures and by questions, and how often each came back."""
    n = day.size
    asked = _questions(returned, in_club, outcome > 0, rng)
    voiced = _VOICED[outcome]
    about = np.flatnonzero(voiced | (asked >= 0))  # at most one case per order
    complaint = voiced[about]
    reason = np.where(complaint, _WHAT_FAILED(orders["category"][about], rng), asked[about])
    channel = _PLACE(orders["channel"][about], rng).astype(np.int64)
    opened = day[about] + np.minimum(1 + rng.geometric(0.2, about.size), LONGEST_WAIT)

    whole = _RECOVERED[outcome[about]]
    settled = _SETTLED[channel] * np.where(complaint, np.where(whole, 0.8, 0.45), 1.0)
    contacts = 1 + (rng.random(about.size) >= settled) * np.minimum(
        rng.geometric(_SETTLED_LATER, about.size), MOST_CONTACTS - 1
    )
    # A failure that was not made good is often closed all the same, as far as the firm knows.
    closed = ~complaint | whole | (rng.random(about.size) < 0.4)

    case = np.repeat(np.arange(about.size), contacts)
    m = case.size
    place = np.arange(m) - np.repeat(np.cumsum(contacts) - contacts, contacts)
    wait = np.where(place > 0, rng.geometric(0.25, m), 0)
    waited = np.cumsum(wait)
    date = opened[case] + waited - waited[np.flatnonzero(place == 0)][case] if m else waited
    final = place + 1 == contacts[case]
    channel = np.where((place > 0) & (rng.random(m) < 0.5), 2, channel[case])  # many then call
    longer = np.where(complaint[case], COMPLAINT_MINUTES, 1.0)
    minutes = rng.standard_gamma(2.5, m) / 2.5 * MINUTES[channel] * longer
    minutes = np.maximum(np.round(minutes, 1), 0.5)
    severity = _SEVERITY[outcome[about]][case]
    good, bad = _MADE_GOOD(severity, rng), _NOT_MADE_GOOD(np.zeros(m, dtype=np.int8), rng)
    offered = np.where(whole[case], good, bad)
    resolved = np.where(final, closed[case], rng.random(m) < _SAID_SETTLED)

    seen = np.flatnonzero(date <= DAYS)
    count = np.bincount(case[seen], minlength=about.size)  # contacts of the case so far
    customer = orders["customer_id"][about][case]
    seen = seen[np.lexsort((date[seen], customer[seen]))]
    alone = (place == 0) & resolved & (count[case] == 1)
    answered = opened <= DAYS
    order_day, order_channel = np.full(n, -1, dtype=np.int32), np.full(n, -1, dtype=np.int8)
    order_day[about[answered]] = opened[answered]
    order_channel[about[answered]] = channel[place == 0][answered]
    return {
        "case": case[seen],
        "contact": place[seen] + 1,
        "customer_id": customer[seen],
        "transaction_id": orders["transaction_id"][about][case][seen],
        "date": date[seen],
        "channel": channel[seen],
        "reason": reason[case][seen],
        "minutes": minutes[seen],
        "cost": np.round(COST_CONTACT[channel] + COST_MINUTE[channel] * minutes, 2)[seen],
        "resolved": resolved[seen],
        "resolved_first_time": alone[seen],
        "complaint": complaint[case][seen],
        "recovery": np.where(final & complaint[case], offered, 0)[seen],
        "order.day": order_day,
        "order.channel": order_channel,
    }


def _questions(
    returned: np.ndarray, in_club: np.ndarray, failed: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the reason of a question about each order, −1 for none."""
    mark = rng.random(returned.size)
    asked = np.full(returned.size, -1, dtype=np.int8)
    edge = np.zeros(returned.size)
    for reason, share in _ASKS.items():
        above = edge + share * (in_club if reason == "membership" else 1.0)
        asked[(mark >= edge) & (mark < above)] = REASONS.index(reason)
        edge = above
    asked[failed] = -1  # whoever was let down and says nothing has no other question either …
    sent_back = returned & (rng.random(returned.size) < _RETURN_ASKS)
    asked[sent_back] = REASONS.index("return")  # … but still announces what comes back
    return asked
