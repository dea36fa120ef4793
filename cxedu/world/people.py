"""Who the customers of Meridian are: what the firm sees of them, and what it never sees.

Nobody's purchase rate, dropout probability and spend are drawn on their own: all start as
standard normal scores that a Gaussian copula may correlate, and each becomes what it is by its
quantile function. So every marginal is exactly the one that the models of chapters 6 and 11
assume, rate, dropout and spend are independent of each other as those models also assume, and
still trust does what trust does: it makes people stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType

import numpy as np

from cxedu.world.chance import Percentages, Quantile, by_segment, correlated

START = np.datetime64("2022-01-03", "D")  # a Monday
TODAY = np.datetime64("2025-12-29", "D")  # the Monday 208 weeks later
DAYS = int((TODAY - START).astype(int))
DISCOUNT = 0.10  # per year, in the true lifetime values
DAYS_PER_YEAR = 364  # 52 weeks: “the last year” and “the next year” of the tables

REGIONS = ("north", "south", "east", "west")
CHANNELS = ("store", "web", "call centre", "app")
CATEGORIES = ("footwear", "clothing", "tents", "packs", "climbing", "cycling")
SEGMENTS = ("explorer", "family", "athlete", "style")

#: The true parameters of Meridian's customers, by the names of the papers. Time is in weeks and
#: money in euros.
MERIDIAN: Mapping[str, float] = MappingProxyType(
    {
        # purchase rate ~ gamma(r, alpha): orders per week (BG/NBD)
        "r": 0.34,
        "alpha": 5.0,
        # dropout probability after a repeat order ~ beta(a, b) (BG/NBD)
        "a": 0.60,
        "b": 4.40,
        # an order ~ gamma(p, ν), ν ~ gamma(q, gamma): euros (gamma-gamma)
        "p": 6.0,
        "q": 5.0,
        "gamma": 54.0,
        # churn at each yearly renewal of the Trail Club ~ beta (shifted-beta-geometric)
        "churn_alpha": 0.80,
        "churn_beta": 2.60,
    }
)

TRUST_ON_DROPOUT = -0.5  # correlation of the normal scores behind trust and dropout
TRUST_ON_CHURN = -0.5  # … and behind trust and Trail Club churn
GROWTH = 0.5  # arrivals at the end of the four years, over those at the start: (1 + ½g) ÷ (1 − ½g)

# Per cent of explorer, family, athlete, style in each quarter of mean spend, lowest first. The
# segment hangs on spend alone, so that rate, dropout and spend stay independent of each other.
_SEGMENT_BY_SPEND = Percentages(
    [[25, 40, 10, 25], [30, 35, 15, 20], [32, 28, 22, 18], [33, 17, 33, 17]]
)
CHANNEL_MIX = {
    "explorer": (50, 30, 8, 12),
    "family": (45, 35, 12, 8),
    "athlete": (25, 45, 5, 25),
    "style": (20, 40, 5, 35),
}
_FIRST_CHANNEL = by_segment(CHANNEL_MIX)
_REGION = Percentages([[30, 25, 20, 25]])


@cache
def quantiles() -> Mapping[str, Quantile]:
    """Return the quantile function behind each latent variable (made once, on first use)."""
    m = MERIDIAN
    return {
        "rate": Quantile.gamma(m["r"], scale=1 / m["alpha"]),
        "dropout": Quantile.beta(m["a"], m["b"]),
        "spend": Quantile.inverse_gamma(m["q"], scale=m["p"] * m["gamma"]),
        "churn": Quantile.beta(m["churn_alpha"], m["churn_beta"]),
        "gross": Quantile.beta(1.6, 2.4),
        "returns": Quantile.beta(0.30, 1.9),
        "service": Quantile.lognormal(0.85, scale=3.4),
    }


@dataclass(frozen=True)
class People:
    """The customers' latent variables, one array each (all of the same length).

    `since` counts days from the start of observation; `channel` and `segment` are codes.
    """

    customer_id: np.ndarray
    since: np.ndarray
    channel: np.ndarray
    segment: np.ndarray
    trust: np.ndarray
    rate_score: np.ndarray
    rate: np.ndarray
    dropout: np.ndarray
    spend: np.ndarray
    base_rate: np.ndarray
    returns: np.ndarray
    service: np.ndarray

    def part(self, rows: slice) -> "People":
        """Return the customers of `rows`."""
        return People(*(getattr(self, f.name)[rows] for f in fields(self)))


def arrivals(uniform: np.ndarray) -> np.ndarray:
    """Return the day of the first order: staggered over the years, a little more every year.

    The density on (0, 1) is 1 + g(x − ½) with g = `GROWTH`; its inverse turns uniforms into days.
    """
    half = 1 - GROWTH / 2
    share = (np.sqrt(half**2 + 2 * GROWTH * uniform) - half) / GROWTH
    return np.minimum(share * DAYS, DAYS - 1).astype(np.int32)


def draw_people(first_id: int, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the latent variables of `n` customers, numbered from `first_id`."""
    q = quantiles()
    trust = rng.standard_normal(n)
    rate_score = rng.standard_normal(n)
    spend_score = rng.standard_normal(n)
    quarter = np.searchsorted([-0.6744897501960817, 0.0, 0.6744897501960817], spend_score)
    segment = _SEGMENT_BY_SPEND(quarter, rng)
    return {
        "customer_id": np.arange(first_id, first_id + n, dtype=np.int64),
        "since": arrivals(rng.random(n)),
        "channel": _FIRST_CHANNEL(segment, rng),
        "segment": segment,
        "trust": trust,
        "rate_score": rate_score,
        "rate": q["rate"](rate_score),
        "dropout": q["dropout"](correlated(trust, TRUST_ON_DROPOUT, rng)),
        "spend": q["spend"](spend_score),
        "base_rate": 0.28 + 0.18 * q["gross"](rng.standard_normal(n)),
        "returns": q["returns"](rng.standard_normal(n)),
        "service": q["service"](rng.standard_normal(n)),
    }


def draw_customers(people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw what the firm sees of its customers; whoever trusts it more consents more often."""
    n = people.customer_id.size
    email, profiling = rng.random(n), rng.random(n)
    return {
        "customer_id": people.customer_id,
        "since": people.since,
        "region": _REGION(np.zeros(n, dtype=np.int8), rng),
        "channel": people.channel,
        "email_consent": email < _logistic(0.8 + 0.5 * people.trust),
        "profiling_consent": profiling < _logistic(-0.5 + 0.8 * people.trust),
    }


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
