"""What every column of Meridian's tables is: its type, its unit and its meaning."""

from collections.abc import Mapping
from types import MappingProxyType

from cxedu.world.firms import FIRM_ITEMS
from cxedu.world.surveys import NEED_ITEMS, TRUST_ITEMS

About = tuple[str, str, str]  # type, unit, meaning

_ID: About = ("int64", "", "number of the customer, from 1")
_RECORD: About = ("int64", "", "number of the record in a silo, from 1")
_PRODUCT: About = ("int64", "", "number of the product in the catalogue, from 1")
_CATEGORY: About = ("category", "", "footwear, clothing, tents, packs, climbing or cycling")

_items = {
    item: ("float64", "1–5", f"agreement: “{wording}” ({term.replace('_', '-')})")
    for item, term, wording in TRUST_ITEMS[["term", "wording"]].itertuples()
}
_items |= {
    item: ("int64", "1–5", f"importance: “{wording}”")
    for item, wording in NEED_ITEMS["wording"].items()
}

_asked = {
    item: ("float64", "1–5", f"agreement: “{wording}” ({group})")
    if published != published
    else ("bool", "", f"agrees, or good or excellent at it: “{wording}” ({group})")
    for item, group, wording, published in FIRM_ITEMS.itertuples()
}
_FIRM: About = ("int64", "", "number of the firm, from 1")

#: table → column → (type, unit, meaning); hidden tables are called "truth.…".
DICTIONARY: Mapping[str, Mapping[str, About]] = MappingProxyType(
    {
        "customers": {
            "customer_id": _ID,
            "since": ("datetime64[s]", "date", "day of the first order"),
            "region": ("category", "", "north, south, east or west"),
            "channel": ("category", "", "channel of the first order: store, web, call centre or app"),
            "email_consent": ("bool", "", "may be written to"),
            "profiling_consent": ("bool", "", "data may be combined into a profile"),
        },
        "transactions": {
            "transaction_id": ("int64", "", "number of the order, from 1"),
            "customer_id": _ID,
            "date": ("datetime64[s]", "date", "day of the order; at most one a day and customer"),
            "channel": ("category", "", "store, web, call centre or app"),
            "category": _CATEGORY,
            "revenue": ("float64", "€", "price of the order as invoiced, before any return"),
            "margin": (
                "float64",
                "€",
                "contribution margin of the order, after its return (if any) and the cost of serving it; can be negative",
            ),
        },
        "memberships": {
            "customer_id": _ID,
            "start": ("datetime64[s]", "date", "day on which the customer joined the Trail Club"),
            "renewals": ("int64", "count", "yearly renewals so far"),
            "end": ("datetime64[s]", "date", "anniversary at which the member left; NaT while active"),
            "fee": ("float64", "€ per year", "membership fee"),
        },
        "surveys": {
            "customer_id": _ID,
            "date": ("datetime64[s]", "date", "day of the answer, in the wave of November 2025"),
            "nps": ("int64", "0–10", "how likely to recommend Meridian"),
            "csat": ("int64", "1–5", "satisfaction, 5 = very satisfied"),
            "ces": ("int64", "1–7", "how easy Meridian makes it, 7 = very easy"),
            **_items,
        },
        "wallet": {
            "customer_id": _ID,
            "category": _CATEGORY,
            "spend_with_us": ("float64", "€ per year", "said to be spent with us in the last 52 weeks"),
            "spend_with_rivals": (
                "float64",
                "€ per year",
                "said to be spent with rivals in the last 52 weeks",
            ),
        },
        "campaigns": {
            "campaign": ("category", "", "randomised (a coin decided who was treated) or targeted (a rule did)"),
            "customer_id": _ID,
            "date": ("datetime64[s]", "date", "first day of the offer"),
            "treated": ("bool", "", "got the offer: a card with a voucher; the others are the control group"),
            "cost": ("float64", "€", "card and postage; 0 for the untreated"),
            "responded": (
                "bool",
                "",
                "bought within 28 days in the offer's own test shop (such purchases are not in transactions)",
            ),
            "margin": (
                "float64",
                "€",
                "contribution margin in those 28 days in the test shop, after the voucher and before the cost of the card",
            ),
        },
        "referrals": {
            "referrer_id": ("int64", "", "number of the customer who recommended Meridian"),
            "referred_id": ("int64", "", "number of the newcomer; each has at most one referrer"),
            "date": ("datetime64[s]", "date", "day of the newcomer's first order"),
            "reward": ("float64", "€", "paid to the referrer on that day"),
        },
        "interactions": {
            "interaction_id": ("int64", "", "number of the contact, from 1"),
            "case": ("int64", "", "number of the case: contacts about one matter of one customer"),
            "contact": ("int64", "count", "1 for the first contact of the case, 2 for the next …"),
            "customer_id": _ID,
            "transaction_id": ("int64", "", "order that the case is about"),
            "date": ("datetime64[s]", "date", "day of the contact"),
            "channel": ("category", "", "store, web chat, call centre or app"),
            "reason": ("category", "", "delivery, product, return, advice, billing or membership"),
            "minutes": ("float64", "minutes", "time of staff spent on the contact"),
            "cost": ("float64", "€", "cost of the contact, by channel and minutes, without refunds"),
            "resolved": ("bool", "", "recorded by staff as settled with this contact (not always so)"),
            "resolved_first_time": ("bool", "", "settled at the first contact: recorded so, and nobody came back"),
            "complaint": ("bool", "", "the customer complained"),
            "recovery": ("category", "", "what was offered: none, apology, refund, or refund and apology"),
        },
        "journeys": {
            "case": ("int64", "", "number of the journey, from 1"),
            "customer_id": _ID,
            "step": ("category", "", "search, compare, basket, checkout, delivery, use or help"),
            "channel": ("category", "", "store, web, call centre or app"),
            "time": ("datetime64[s]", "date and time", "when the step began"),
            "effort": ("int64", "1–7", "effort it took, 7 = very hard"),
            "emotion": ("int64", "−2 … 2", "feeling at the step, −2 = awful, 2 = delighted"),
        },
        "contacts": {
            "record_id": _RECORD,
            "silo": ("category", "", "web, store, call centre or loyalty: the system that keeps it"),
            "first_name": ("str", "", "given name or nickname; empty in the call centre"),
            "last_name": ("str", "", "surname; in the call centre “LAST, FIRST”"),
            "email": ("str", "", "e-mail address; some families share one"),
            "phone": ("str", "", "phone number, in the silo's own form"),
            "street": ("str", "", "street and house number"),
            "city": ("str", "", "name of the town"),
            "postcode": ("str", "", "five digits"),
            "birth_date": ("str", "date", "date of birth, in the silo's own form"),
            "created": ("datetime64[s]", "date", "day on which the record was made"),
        },
        "ratings": {
            "customer_id": _ID,
            "product_id": _PRODUCT,
            "date": ("datetime64[s]", "date", "day of the rating, some time after an order in the product's category"),
            "rating": ("int64", "1–5 stars", "how the customer rates the product, 5 = excellent"),
        },
        "products": {
            "product_id": _PRODUCT,
            "name": ("str", "", "name in the catalogue"),
            "category": _CATEGORY,
            "price": ("float64", "€", "catalogue price"),
        },
        "firms": {
            "firm_id": _FIRM,
            "year": ("int64", "year", "year of the answers and of the results"),
            "industry": (
                "category",
                "",
                "retail, banking, telecoms, insurance, travel or manufacturing",
            ),
            "size": ("category", "", "small, medium or large"),
            **_asked,
            "revenue_growth": ("float64", "share per year", "growth of revenue over the year before"),
            "operating_margin": ("float64", "share of revenue", "operating profit ÷ revenue"),
            "customer_retention": ("float64", "share per year", "customers kept over the year"),
            "shareholder_return": (
                "float64",
                "share per year",
                "total return to shareholders: dividends and change of the share price",
            ),
        },
        "truth.customers": {
            "customer_id": _ID,
            "needs_segment": ("category", "", "explorer, family, athlete or style"),
            "purchase_rate": ("float64", "orders per week", "mean order rate while alive (λ)"),
            "dropout_probability": (
                "float64",
                "per repeat order",
                "probability of dropping out after a repeat order (p)",
            ),
            "spend_mean": ("float64", "€ per order", "mean revenue of an order"),
            "margin_rate": (
                "float64",
                "share of revenue",
                "expected contribution margin of an order ÷ its expected revenue, after returns and servicing",
            ),
            "trust_disposition": ("float64", "z-score", "lasting readiness to trust"),
            "alive": ("bool", "", "has not dropped out by today"),
            "lifetime_value": (
                "float64",
                "€",
                "expected contribution margin of all orders after today, discounted at 10 % per year",
            ),
            "expected_orders_52": ("float64", "orders", "expected orders in the next 52 weeks"),
            "gross_margin_rate": (
                "float64",
                "share of revenue",
                "expected margin of an order that is kept, before servicing",
            ),
            "return_propensity": ("float64", "share of orders", "probability that an order is returned"),
            "service_cost": ("float64", "€ per order", "cost of serving an order"),
        },
        "truth.memberships": {
            "customer_id": _ID,
            "churn_probability": (
                "float64",
                "per yearly renewal",
                "probability of leaving at a renewal (θ)",
            ),
        },
        "truth.surveys": {
            "customer_id": _ID,
            "satisfaction": ("float64", "z-score", "satisfaction behind nps, csat and ces"),
            "trust": ("float64", "z-score", "overall trust at the time of the survey"),
            "credibility": ("float64", "1–5", "true level behind trust_01 to trust_03"),
            "reliability": ("float64", "1–5", "true level behind trust_04 to trust_06"),
            "intimacy": ("float64", "1–5", "true level behind trust_07 to trust_09"),
            "self_orientation": ("float64", "1–5", "true level behind trust_10 to trust_12"),
        },
        "truth.wallet": {
            "customer_id": _ID,
            "category": _CATEGORY,
            "wallet": ("float64", "€ per year", "spent with us and with rivals in the last 52 weeks"),
        },
        "truth.campaigns": {
            "campaign": ("category", "", "randomised or targeted"),
            "customer_id": _ID,
            "treatment_probability": ("float64", "probability", "to be treated, by the rule of the offer"),
            "probability_without": ("float64", "probability", "to respond if untreated"),
            "probability_with": ("float64", "probability", "to respond if treated"),
            "uplift": ("float64", "difference of probabilities", "probability_with − probability_without"),
            "margin_uplift": (
                "float64",
                "€",
                "expected margin if treated − if untreated, before the cost of the card",
            ),
            "response_type": (
                "category",
                "",
                "persuadable, sure thing, lost cause or sleeping dog: what the customer would do with and without",
            ),
        },
        "truth.referrals": {
            "customer_id": _ID,
            "referral_propensity": (
                "float64",
                "1 = average",
                "readiness to recommend: relative probability to be the referrer of a given newcomer",
            ),
            "would_have_joined": (
                "bool",
                "",
                "had become a customer without a referral too (true for all who came alone)",
            ),
        },
        "truth.failures": {
            "customer_id": _ID,
            "transaction_id": ("int64", "", "number of the order"),
            "failed": ("bool", "", "something went wrong with the order"),
            "severity": ("category", "", "none, minor or major"),
            "voiced": ("bool", "", "the customer complains about it; a failure not voiced was swallowed"),
            "recovered": ("bool", "", "the complaint was answered so that the customer is made whole"),
            "leave_probability": (
                "float64",
                "probability",
                "to drop out after this order, given what happened; 0 at a first order",
            ),
            "effect": (
                "float64",
                "difference of probabilities",
                "leave_probability − what it had been if nothing had failed at this order",
            ),
            "left": ("bool", "", "dropped out after this order"),
        },
        "truth.friction": {
            "step": ("category", "", "search, compare, basket, checkout, delivery, use or help"),
            "channel": ("category", "", "store, web, call centre or app"),
            "friction": ("bool", "", "friction is planted here"),
            "drop_off": ("float64", "share", "of those at this step who give up"),
            "drop_off_without": ("float64", "share", "who would give up without the friction"),
            "effort_level": ("float64", "1–7", "mean effort before it is rounded to the scale"),
        },
        "truth.contacts": {
            "record_id": _RECORD,
            "customer_id": _ID,
            "typo": ("category", "", "field with a typo: none, first_name, … or birth_date"),
            "nickname": ("bool", "", "first_name is a nickname"),
            "former_address": ("bool", "", "made before the customer moved house"),
            "former_surname": ("bool", "", "made before the customer's surname changed"),
            "family_email": ("bool", "", "email is one that a household shares"),
            "missing": ("int64", "fields", "how many of the eight fields were not asked for"),
            "duplicate": ("bool", "", "a second record of the same customer in the same silo"),
        },
        "truth.firms": {
            "firm_id": _FIRM,
            "year": ("int64", "year", "until the firm fails, that year included"),
            "management": ("float64", "z-score", "quality of management: the confounder"),
            "culture": ("float64", "z-score", "customer culture behind the orientation items"),
            "capability": ("float64", "z-score", "capability behind all other items"),
            "growth_from_capability": (
                "float64",
                "share per year",
                "what capability adds to growth, against a firm of average capability",
            ),
            "actual_growth": ("float64", "share per year", "growth, also where the panel lost the firm"),
            "actual_return": ("float64", "share per year", "return, also where the panel lost the firm"),
            "failed": ("bool", "", "failed in this year"),
            "in_panel": ("bool", "", "answered, so that firms has this row"),
        },
        "truth.ratings": {
            "customer_id": _ID,
            "product_id": _PRODUCT,
            "utility": ("float64", "stars", "rating to be expected, before noise and rounding"),
        },
    }
)  # fmt: skip
