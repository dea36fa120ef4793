"""Journeys at Meridian: what customers went through on the way to an order, and after it.

A journey is a case with up to seven steps: search, compare, basket, checkout, delivery, use, and help
where it was needed. At each step from search to delivery some give up, with a probability that hangs
on step and channel (`drop_off`) and nothing else; who gives up has no later steps. In a few cells,
step × channel, friction is planted (`FRICTION`): they lose more people and take more effort.

Journeys that end in an order are the repeat orders of `transactions`: checked out on the same day, in
the same channel. Those that were given up are added so that both make one story. Repeat orders of a
living customer are a Poisson process (that is the model behind `transactions`). If journeys start as a
Poisson process and each is finished with probability q, the finished ones and the abandoned ones are two
*independent* Poisson processes whose rates are in the proportion q : 1 − q. So, given the orders,
abandoned journeys come at (1 − q) ÷ q times the order rate, while the customer is alive, and nothing
about the orders needs to change. One consequence: friction shows in abandoned journeys on top of
the orders that exist; without it the same demand would have brought more orders.

The log covers the customers who agreed to profiling (so it leans towards those who trust the firm), and
journeys whose planned day of purchase lies in the 48 weeks that end four weeks before today: by today
none of them can still be under way.
"""

import numpy as np
import pandas as pd

from cxedu.world.chance import Percentages
from cxedu.world.people import CHANNEL_MIX, CHANNELS, DAYS, DAYS_PER_YEAR, People
from cxedu.world.purchases import STICKY

STEPS = ("search", "compare", "basket", "checkout", "delivery", "use", "help")
FUNNEL = STEPS[:6]  # the steps everybody should go through; help is a detour
FIRST_DAY, END_DAY = DAYS - DAYS_PER_YEAR, DAYS - 28  # planned days: the first, one after the last

#: Share that gives up at each step where there is no friction, and the effort it takes (1–7).
DROP_OFF = {"search": 0.22, "compare": 0.25, "basket": 0.20, "checkout": 0.08, "delivery": 0.10}
EFFORT = {
    "search": 2.6, "compare": 3.0, "basket": 2.2, "checkout": 2.8,
    "delivery": 2.3, "use": 2.0, "help": 3.8,
}  # fmt: skip
#: Where friction is planted, and how many times as many give up there.
FRICTION = {
    ("compare", "app"): 1.8,
    ("basket", "call centre"): 2.0,
    ("checkout", "web"): 3.0,
    ("delivery", "web"): 2.0,
}
FRICTION_EFFORT = 1.6  # points of effort on top, where friction is planted

#: Per cent of journeys to an order in store, web, call centre, app that search and compare in each.
_BROWSES = Percentages([[45, 35, 0, 20], [5, 75, 0, 20], [15, 45, 25, 15], [5, 20, 0, 75]])
_MOOD = np.array([0.3, 0.1, 0.4, 0.2, 0.9, 0.9, -0.4])  # mean emotion at a step that is no effort
_MIX = np.array(list(CHANNEL_MIX.values())) / 100  # segment × channel, where not that of the first
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60  # seconds


def cells() -> pd.DataFrame:
    """Return every step × channel: is friction planted, the share that gives up, the mean effort."""
    rows = []
    for step in STEPS:
        for channel in CHANNELS:
            base, times = DROP_OFF.get(step, 0.0), FRICTION.get((step, channel), 1.0)
            extra = FRICTION_EFFORT * ((step, channel) in FRICTION)
            rows.append((step, channel, extra > 0, base * times, base, EFFORT[step] + extra))
    columns = ["step", "channel", "friction", "drop_off", "drop_off_without", "effort_level"]
    return pd.DataFrame(rows, columns=columns)


def _by_cell(column: str) -> np.ndarray:
    return cells()[column].to_numpy().reshape(len(STEPS), len(CHANNELS))


def abandonment() -> np.ndarray:
    """Return where journeys to an order end: browsing channel × buying channel × step (the last: order).

    The steps are search, compare, basket, checkout; the first two happen in the browsing channel.
    """
    drop = _by_cell("drop_off")
    k = len(CHANNELS)
    ends, stays = np.empty((k, k, 5)), np.ones((k, k))
    for step in range(4):
        gives_up = drop[step][:, None] if step < 2 else drop[step][None, :]
        ends[:, :, step] = stays * gives_up
        stays = stays * (1 - gives_up)
    ends[:, :, 4] = stays
    return ends


def draw_journeys(
    people: People,
    observed: np.ndarray,
    alive: np.ndarray,
    last_day: np.ndarray,
    orders: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw the event log of the customers who are `observed`.

    Parameters
    ----------
    people
        Customers (one chunk).
    observed
        Whether each may be followed.
    alive, last_day
        Whether each is alive today, and the day of the last order.
    orders
        All their orders, sorted by customer and date: customer_id, date, channel; what happened to them:
        failed, recovered; and day and channel of the first contact about them (−1 if none).
    """
    bought = _finished(people, observed, orders)
    row, day, channel = _abandoned(people, observed, alive, last_day, rng)
    done = np.repeat([True, False], [bought.size, row.size])
    buyer = (orders["customer_id"][bought] - people.customer_id[0]).astype(np.int64)
    row = np.concatenate([buyer, row])
    day = np.concatenate([orders["date"][bought].astype(np.int64), day])
    buys = np.concatenate([orders["channel"][bought].astype(np.int64), channel])
    none = np.full(row.size - bought.size, -1)
    help_day = np.concatenate([orders["contact_day"][bought], none])
    help_channel = np.concatenate([orders["contact_channel"][bought], none])
    let_down = np.concatenate(
        [orders["failed"][bought] & ~orders["recovered"][bought], np.zeros(none.size, dtype=bool)]
    )
    n = row.size

    # Where each journey was browsed, and at which step it ended. Among orders, browsing channels come
    # by `_BROWSES`; among abandoned journeys in proportion to what that channel loses per order.
    ends = abandonment()
    lost = (1 - ends[:, :, 4]) / ends[:, :, 4]
    shares = np.where(done[:, None], _BROWSES.shares[buys], _BROWSES.shares[buys] * lost.T[buys])
    browses = _pick(shares, rng)
    ended = np.where(done, 4, _pick(ends[browses, buys, :4], rng))
    uses = done & (rng.random(n) >= _by_cell("drop_off")[4, buys])

    reached = np.empty((n, len(STEPS)), dtype=bool)
    reached[:, :4] = ended[:, None] >= np.arange(4)
    reached[:, 4], reached[:, 5], reached[:, 6] = done, uses, help_day >= 0
    helped_in = np.maximum(help_channel, 0)
    where = np.stack([browses, browses, buys, buys, buys, buys, helped_in], axis=1)
    times = _times(day, buys, help_day, rng)

    ease = 0.4 * rng.standard_normal(n)  # some find everything harder
    effort = _by_cell("effort_level")[np.arange(len(STEPS)), where] + ease[:, None]
    effort = effort + 0.8 * rng.standard_normal(effort.shape)
    mood = _MOOD + 0.2 * people.trust[row][:, None] + 0.7 * rng.standard_normal(effort.shape)
    mood -= 0.35 * (effort - np.array([EFFORT[s] for s in STEPS]))
    mood[:, 4:] -= 1.2 * let_down[:, None]

    start = np.where(reached, times, np.iinfo(np.int64).max).min(axis=1)
    by_start = np.lexsort((start, row))
    case, step = np.nonzero(reached[by_start])
    chosen = by_start[case]
    time = times[chosen, step]
    sorted_ = np.lexsort((step, time, case))
    chosen, step, time = chosen[sorted_], step[sorted_], time[sorted_]
    return {
        "new": np.append(True, chosen[1:] != chosen[:-1])[: chosen.size],
        "customer_id": people.customer_id[row[chosen]],
        "step": step.astype(np.int8),
        "channel": where[chosen, step].astype(np.int8),
        "time": time,
        "effort": np.clip(np.rint(effort[chosen, step]), 1, 7).astype(np.int64),
        "emotion": np.clip(np.rint(mood[chosen, step]), -2, 2).astype(np.int64),
    }


def _finished(people: People, observed: np.ndarray, orders: dict[str, np.ndarray]) -> np.ndarray:
    """Return the places of the repeat orders that the log covers."""
    row, day = orders["customer_id"] - people.customer_id[0], orders["date"]
    covered = (day >= FIRST_DAY) & (day < END_DAY) & (day > people.since[row])
    return np.flatnonzero(covered & observed[row])


def _abandoned(
    people: People,
    observed: np.ndarray,
    alive: np.ndarray,
    last_day: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the journeys that ended before an order: customer's row, planned day, planned channel."""
    begin = np.maximum(people.since, FIRST_DAY - 0.5)  # orders are dated by the nearest midnight
    end = np.minimum(np.where(alive, END_DAY, last_day), END_DAY - 0.5)
    days = np.maximum(end - begin, 0.0) * observed
    finished = abandonment()[:, :, 4]
    lost = (_BROWSES.shares * ((1 - finished) / finished).T).sum(axis=1)  # per order in a channel
    own = np.arange(len(CHANNELS)) == people.channel[:, None]
    sticky = STICKY / 100
    rates = (sticky * own + (1 - sticky) * _MIX[people.segment]) * lost  # channels of repeat orders
    count = rng.poisson(people.rate / 7 * days * rates.sum(axis=1))
    row = np.repeat(np.arange(count.size), count)
    day = np.rint(begin[row] + days[row] * rng.random(row.size)).astype(np.int64)
    return row, np.clip(day, FIRST_DAY, END_DAY - 1), _pick(rates[row], rng)


def _times(
    day: np.ndarray, buys: np.ndarray, help_day: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return when each step of each journey is (or would have been), in seconds from the start."""
    n = day.size
    times = np.empty((n, len(STEPS)), dtype=np.int64)
    wait = rng.standard_exponential((3, n))
    times[:, 3] = day * _DAY + rng.integers(9 * _HOUR, 21 * _HOUR, n)
    typical, longest = (8 * _MINUTE, 6 * _HOUR, 18 * _HOUR), (_HOUR, 5 * _DAY, 9 * _DAY)
    for step in (2, 1, 0):
        before = np.minimum(_MINUTE + wait[2 - step] * typical[2 - step], longest[2 - step])
        times[:, step] = times[:, step + 1] - before.astype(np.int64)
    carried = rng.integers(5 * _MINUTE, 20 * _MINUTE, n)  # handed over in the store
    posted = (rng.integers(1, 6, n) + day) * _DAY + rng.integers(8 * _HOUR, 19 * _HOUR, n)
    times[:, 4] = np.where(buys == CHANNELS.index("store"), times[:, 3] + carried, posted)
    times[:, 5] = times[:, 4] + rng.integers(_HOUR, 12 * _DAY, n)
    times[:, 6] = help_day * np.int64(_DAY) + rng.integers(9 * _HOUR, 20 * _HOUR, n)
    return times


def _pick(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one column number per row of `weights`, with probability in proportion to them."""
    edges = np.cumsum(weights, axis=1)
    mark = rng.random(len(edges)) * edges[:, -1]
    return (mark[:, None] >= edges[:, :-1]).sum(axis=1)
