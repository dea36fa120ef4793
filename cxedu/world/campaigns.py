"""Two offers with a voucher: one sent by the toss of a coin, one sent to the best customers.

An offer goes to customers who bought before its date and may be written to (`email_consent`). It
runs in a test shop of its own: what is bought there within 28 days is in `campaigns` and not in
`transactions`, and neither offer changes the other or anything else. So both questions have an
answer for everybody: would this customer have bought without the offer, and with it?

Without the offer a customer buys by the old rhythm: an exponential waiting time with the own order
rate λ while active, and a small chance to look in for everybody, also for those who have left:

    p₀ = 1 − (1 − 0.01) exp(−4 λ active),  four weeks, λ per week.

The offer persuades some who would not have bought and puts off some who would have:

    p₁ = p₀ + (1 − p₀) persuasion − p₀ annoyance.

Both hang on the needs segment (families look for value, explorers dislike being bargained with) and
on trust: the same card is a favour from a firm one trusts and pressure from one that one doesn't.
Who has left is persuaded a third as often.

One uniform number u decides both answers: buys without the offer if u < p₀, with it if u < p₁. So
p₁ − p₀ is the probability of being a persuadable where it is positive, p₀ − p₁ that of being a
sleeping dog where that is, and nobody can be either. That is an assumption about a pair that nobody ever sees together: data on
one answer per customer could not tell it from others.

The targeted offer is treated by a rule that everybody in the firm knows (`treatment_probability`):
the more orders in the 52 weeks before its date, the likelier the card. Who orders often would have
bought anyway, so the naive difference between treated and untreated is mostly not the offer's work.
Given the count of orders treatment is still chance, and weighting by the rule repairs it.
"""

import numpy as np
import pandas as pd

from cxedu import validate
from cxedu.world.people import DAYS_PER_YEAR, MERIDIAN, START, People
from cxedu.world.purchases import RETURN_LOSS, gross_margin_rate, margin_rate

CAMPAIGNS = ("randomised", "targeted")
DATES = {"randomised": "2025-03-03", "targeted": "2025-09-01"}  # both end long before today
TYPES = ("persuadable", "sure thing", "lost cause", "sleeping dog")
WINDOW = 28  # days in which a response counts
COST = 0.60  # euros per customer treated: card and postage
VOUCHER = 5.0  # euros off the order of everybody who responds to the card

LOOKS_IN = 0.01  # buys in four weeks although the own rhythm doesn't say so
LAPSED_EAR = 1 / 3  # persuasion of those who have left, over that of the active
# explorer, family, athlete, style
PERSUASION = np.array([0.04, 0.20, 0.07, 0.13])  # at trust 0, of those who would not have bought
ANNOYANCE = np.array([0.40, 0.05, 0.25, 0.10])  # at trust 0, of those who would have bought
TRUST_SLOPE = 0.8  # in the logistic curve by which both change with trust

_DAYS = {name: int((np.datetime64(day, "D") - START).astype(int)) for name, day in DATES.items()}


def treatment_probability(orders: np.ndarray | pd.Series) -> np.ndarray | pd.Series:
    """Return the targeted offer's rule: the probability to be treated, from recent orders.

    min(0.1 + 0.2 × orders, 0.9), where `orders` counts the customer's orders in the 364 days
    before the offer's date (that day not included). The randomised offer's is 0.5 for everybody.

    Parameters
    ----------
    orders : number or array of them, at least 0
        Orders in those 52 weeks.

    Raises
    ------
    ValueError
        If a count is negative or not a number.

    >>> treatment_probability(np.array([0, 2, 9]))
    array([0.1, 0.5, 0.9])
    """
    counted = validate.numbers("orders", orders, 0)
    return validate.like(np.minimum(0.1 + 0.2 * counted, 0.9), orders)


def response_probabilities(people: People, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities to respond without and with the offer (formulas above)."""
    without = 1 - (1 - LOOKS_IN) * np.exp(-people.rate * (WINDOW / 7) * active)
    tilt = 2 / (1 + np.exp(-TRUST_SLOPE * people.trust))  # 0 to 2, and 1 at trust 0
    persuasion = PERSUASION[people.segment] * tilt * np.where(active, 1.0, LAPSED_EAR)
    annoyance = ANNOYANCE[people.segment] * (2 - tilt)
    return without, without + (1 - without) * persuasion - without * annoyance


def draw_campaigns(
    people: People,
    orders: dict[str, np.ndarray],
    alive: np.ndarray,
    last_day: np.ndarray,
    consent: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw both offers, sorted by customer; keys that start with "truth." are hidden.

    Parameters
    ----------
    people
        Customers (one chunk).
    orders
        Their orders: arrays `customer_id` and `date` (days from the start).
    alive, last_day
        Of each customer: not dropped out by today, and the day of the last order.
    consent
        Of each customer: may be written to.
    """
    offers = []
    for code, name in enumerate(CAMPAIGNS):
        day = _DAYS[name]
        recent = (orders["date"] >= day - DAYS_PER_YEAR) & (orders["date"] < day)
        row = orders["customer_id"][recent] - people.customer_id[0]
        count = np.bincount(row, minlength=people.since.size)
        rule = np.full(count.size, 0.5) if name == "randomised" else treatment_probability(count)
        # Somebody drops out with an order, so a later one proves that he was still there.
        offer = _offer(people, alive | (last_day >= day), np.asarray(rule), rng)
        offer["campaign"] = np.full(count.size, code, dtype=np.int8)
        offer["date"] = np.full(count.size, day, dtype=np.int32)
        inside = consent & (people.since < day)
        offers.append({key: values[inside] for key, values in offer.items()})
    made = {key: np.concatenate([offer[key] for offer in offers]) for key in offers[0]}
    order = np.argsort(made["customer_id"], kind="stable")
    made = {key: values[order] for key, values in made.items()}
    for key in ("campaign", "customer_id"):
        made[f"truth.{key}"] = made[key]
    return made


def _offer(
    people: People, active: np.ndarray, rule: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    n = rule.size
    without, with_ = response_probabilities(people, active)
    treated = rng.random(n) < rule
    fate = rng.random(n)
    buys_without, buys_with = fate < without, fate < with_
    responded = np.where(treated, buys_with, buys_without)
    shape = MERIDIAN["p"]
    revenue = rng.standard_gamma(shape, n) * people.spend / shape
    returned = rng.random(n) < people.returns
    rate = np.where(returned, -RETURN_LOSS, gross_margin_rate(people))
    margin = revenue * rate - people.service - VOUCHER * treated
    expected = people.spend * margin_rate(people)
    # Codes in the order of TYPES, by (buys without, buys with).
    kind = np.array([[2, 0], [3, 1]], dtype=np.int8)[buys_without * 1, buys_with * 1]
    return {
        "customer_id": people.customer_id,
        "treated": treated,
        "cost": np.where(treated, COST, 0.0),
        "responded": responded,
        "margin": np.where(responded, np.round(margin, 2), 0.0),
        "truth.treatment_probability": rule,
        "truth.probability_without": without,
        "truth.probability_with": with_,
        "truth.uplift": with_ - without,
        "truth.margin_uplift": with_ * (expected - VOUCHER) - without * expected,
        "truth.response_type": kind,
    }
