"""What customers buy from Meridian, and what they buy elsewhere.

Timing is BG/NBD (Fader, Hardie & Lee 2005), simulated in continuous time: after the first order a
living customer orders at an exponential rate and, after each such repeat order, drops out with
the dropout probability. No coin is tossed after the first order: who never came back is alive.

Dates are days. A time is rounded to the nearest day, and an order that falls on a day that
already has one moves to the next day. So there is at most one order a day and customer, counting
repeat *days* loses none, and ages are not biased by rounding. What remains of the grid: an order
pushed beyond the end of observation is lost (about two in a million).

There is no seasonality: the models of chapters 6 and 11 know none, and estimates could then not
be held against the truth.
"""

import numpy as np

from cxedu.world.chance import by_segment
from cxedu.world.people import (
    CATEGORIES,
    CHANNEL_MIX,
    DAYS,
    DAYS_PER_YEAR,
    DISCOUNT,
    MERIDIAN,
    SEGMENTS,
    People,
)

RETURN_LOSS = 0.45  # a returned order earns nothing and costs this share of its price
STICKY = 60  # per cent of repeat orders that come through the channel of the first

CATEGORY_MIX = {  # per cent of orders: footwear, clothing, tents, packs, climbing, cycling
    "explorer": (22, 20, 22, 22, 10, 4),
    "family": (24, 30, 20, 12, 2, 12),
    "athlete": (28, 16, 4, 8, 20, 24),
    "style": (26, 52, 3, 13, 2, 4),
}
#: What a category adds to the customer's own gross margin rate.
CATEGORY_MARGIN = np.array([0.01, 0.04, -0.03, 0.00, -0.01, -0.03])

#: What a segment spends with rivals, euros per year and category, on average.
RIVAL_SPEND = {
    "explorer": (110, 90, 120, 90, 60, 20),
    "family": (160, 220, 90, 50, 10, 110),
    "athlete": (170, 90, 20, 30, 120, 240),
    "style": (130, 320, 10, 50, 10, 30),
}
#: Per cent of a segment who buy nothing at all from rivals in a category.
NO_RIVAL = {
    "explorer": (15, 15, 30, 20, 50, 75),
    "family": (10, 5, 45, 35, 90, 40),
    "athlete": (10, 20, 75, 50, 35, 20),
    "style": (15, 5, 90, 40, 90, 75),
}
WALLET_SHARE = 0.25  # of all customers are asked about their wallet

_category = by_segment(CATEGORY_MIX)
_channel = by_segment(CHANNEL_MIX)
_MEAN_MARGIN = _category.shares @ CATEGORY_MARGIN
_RIVAL_SPEND = np.array([RIVAL_SPEND[s] for s in SEGMENTS], dtype=float)
_NO_RIVAL = np.array([NO_RIVAL[s] for s in SEGMENTS]) / 100

_FOREVER = 10_000  # days: longer than any observation, short enough for exact sums


def margin_rate(people: People) -> np.ndarray:
    """Return the expected contribution margin of an order as a share of its revenue.

    (1 − returns) × gross margin − returns × loss − servicing ÷ mean revenue; it can be negative.
    """
    kept = (1 - people.returns) * gross_margin_rate(people)
    return kept - people.returns * RETURN_LOSS - people.service / people.spend


def gross_margin_rate(people: People) -> np.ndarray:
    """Return the expected margin rate before returns and servicing, over the category mix."""
    return people.base_rate + _MEAN_MARGIN[people.segment]


def expected_orders(people: People, alive: np.ndarray, days: int) -> np.ndarray:
    """Return the expected number of orders in the next `days`, given the true rate and dropout.

    alive × (1 − exp(−λpt)) ÷ p with t in weeks (Fader, Hardie & Lee 2005, given λ and p).
    """
    weeks = days / 7
    return alive * -np.expm1(-people.rate * people.dropout * weeks) / people.dropout


def lifetime_value(people: People, alive: np.ndarray) -> np.ndarray:
    """Return the expected discounted contribution margin of all future orders, in euros.

    alive × λ ÷ (λp + δ) × mean revenue × margin rate: orders t weeks from today come at the rate
    λ exp(−λpt) and count exp(−δt); δ = ln(1 + discount) × 7 ÷ 365.25 per week.
    """
    force = np.log1p(DISCOUNT) * 7 / 365.25
    orders = people.rate / (people.rate * people.dropout + force)
    return alive * orders * people.spend * margin_rate(people)


def draw_days(
    people: People, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw every order day: (row of the customer, days since the first order) and who is alive.

    Orders come sorted by customer and day. All of a customer's likely gaps are drawn at once and
    cut at the end of observation; the few who need more get another round.
    """
    n = people.since.size
    left = (DAYS - people.since).astype(float)  # days in which a repeat order can fall
    a_day = people.rate / 7
    with np.errstate(divide="ignore"):  # a rate or probability of zero waits for ever
        gap_scale = 1 / a_day
        coin_scale = -1 / np.log1p(-people.dropout)
    # The repeat order after which the customer drops out: geometric, by inverting its tail.
    last = np.maximum(np.ceil(rng.standard_exponential(n) * coin_scale), 1)
    done = np.zeros(n)
    now = np.zeros(n)
    rows, days = [np.arange(n, dtype=np.int32)], [np.zeros(n)]
    open_ = np.arange(n, dtype=np.int32)
    while open_.size:
        expected = (left[open_] - now[open_]) * a_day[open_]
        tries = np.minimum(last[open_] - done[open_], np.ceil(expected + np.sqrt(expected)) + 1)
        tries = tries.astype(np.int64)
        row = np.repeat(open_, tries)
        gaps = rng.standard_exponential(row.size) * gap_scale[row]
        day = np.cumsum(np.minimum(gaps, _FOREVER))
        end = np.cumsum(tries)
        before = np.where(end > tries, day[end - tries - 1], 0.0)
        day += np.repeat(now[open_] - before, tries)
        inside = day <= left[row]
        kept = np.diff(np.concatenate([[0], np.cumsum(inside)[end - 1]]))
        done[open_] += kept
        now[open_] = day[end - 1]
        rows.append(row[inside])
        days.append(day[inside])
        open_ = open_[(kept == tries) & (done[open_] < last[open_])]
    row, time = np.concatenate(rows), np.concatenate(days)
    order = np.argsort(row.astype(np.uint16), kind="stable")  # 16 bits: sorted by radix
    row = row[order]
    day = one_a_day(row, np.rint(time[order]).astype(np.int64))
    inside = day <= left[row]
    return row[inside], day[inside].astype(np.int32), done < last


def one_a_day(row: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Move each order to the first free day: dayₖ ← max(dayₖ, dayₖ₋₁ + 1) within a customer.

    `row` is sorted. With k, the order's place, taken off, that is a running maximum.

    >>> one_a_day(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0]))
    array([0, 1, 2, 0])
    """
    place = np.arange(row.size)
    shelf = row.astype(np.int64) * (1 << 40)  # keeps the customers apart
    return np.maximum.accumulate(day - place + shelf) - shelf + place


def draw_purchases(people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw all orders of `people`: one row per order, and `alive`, `last_day` per customer."""
    row, day, alive = draw_days(people, rng)
    n = row.size
    first = day == 0
    segment = people.segment[row]
    category = _category(segment, rng)
    own = rng.integers(0, 100, n, dtype=np.uint8) < STICKY
    channel = np.where(first | own, people.channel[row], _channel(segment, rng))
    shape = MERIDIAN["p"]
    revenue = rng.standard_gamma(shape, n) * (people.spend / shape)[row]
    revenue = np.maximum(np.round(revenue, 2), 0.01)
    returned = rng.random(n) < people.returns[row]
    rate = np.where(returned, -RETURN_LOSS, people.base_rate[row] + CATEGORY_MARGIN[category])
    date = people.since[row] + day
    return {
        "customer_id": people.customer_id[row],
        "date": date,
        "channel": channel,
        "category": category,
        "revenue": revenue,
        "margin": np.round(revenue * rate - people.service[row], 2),
        "alive": alive,
        "last_day": date[np.append(np.flatnonzero(first)[1:], n) - 1],
    }


def spent_last_year(people: People, orders: dict[str, np.ndarray]) -> np.ndarray:
    """Return revenue (customer × category) of the 52 weeks before today, from order arrays."""
    recent = orders["date"] > DAYS - DAYS_PER_YEAR
    row = orders["customer_id"][recent] - people.customer_id[0]
    cell = row * len(CATEGORIES) + orders["category"][recent]
    size = people.customer_id.size * len(CATEGORIES)
    spent = np.bincount(cell, weights=orders["revenue"][recent], minlength=size)
    return spent.reshape(-1, len(CATEGORIES))


def draw_wallet(
    people: People, spent: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw true wallets of all customers and the answers of those who were asked.

    A wallet is what was really spent with us in the last 52 weeks plus what went to rivals:
    a segment's mean, times the customer's own appetite (lognormal, mean one given trust; whoever
    trusts us spends less elsewhere), times chance, or nothing at all. Answers carry lognormal noise
    with mean one, so they are right on average; they are given in whole euros.
    """
    n, k = spent.shape
    appetite = np.exp(0.9 * rng.standard_normal(n) - 0.9**2 / 2 - 0.25 * people.trust)
    buys = rng.random((n, k)) >= _NO_RIVAL[people.segment]
    chance = rng.standard_gamma(2.0, (n, k)) / 2
    mean = _RIVAL_SPEND[people.segment] / (1 - _NO_RIVAL[people.segment])
    rivals = buys * mean * appetite[:, None] * chance
    asked = rng.random(n) < WALLET_SHARE

    def answers(truth: np.ndarray, noise: float) -> np.ndarray:
        wobble = np.exp(noise * rng.standard_normal(truth.shape) - noise**2 / 2)
        return np.round(truth * wobble)[asked].ravel()

    categories = np.tile(np.arange(k, dtype=np.int8), n)
    return {
        "customer_id": np.repeat(people.customer_id[asked], k),
        "category": categories[: int(np.count_nonzero(asked)) * k],
        "spend_with_us": answers(spent, 0.15),
        "spend_with_rivals": answers(rivals, 0.30),
        "truth.customer_id": np.repeat(people.customer_id, k),
        "truth.category": categories,
        "truth.wallet": np.round((spent + rivals).ravel(), 2),
    }
