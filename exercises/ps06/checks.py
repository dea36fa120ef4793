"""Problem set 6: What is a customer worth?"""

import numpy as np
import pandas as pd

from cxedu import value
from cxedu.exercises import Choice, Function, Number, Table, Task, Wrong

KINDS = value.TIERS
REFERRERS = ("Aino", "Bram", "Chiara", "Dario", "Esi")
DISCOUNT = 0.10  # per year
WINNABLE, MARGIN_RATE, MULTIPLE = 1 / 3, 0.20, 0.9

lifetime_value = Task(
    "ps06.1",
    points=3,
    outcome="6.1",
    answer=Function(
        returns=Number(unit="€"), parameters=("margin", "retention", "discount", "years")
    ),
    title="From margins to a value",
)
member_value = Task(
    "ps06.2",
    points=2,
    outcome="6.1",
    answer=Number(unit="€", low=0),
    title="What Ylva is worth",
)
gini_of_margin = Task(
    "ps06.3",
    points=2,
    outcome="6.3",
    answer=Number(unit="share", low=0, high=1),
    title="How unequal customers are",
)
whale = Task(
    "ps06.4",
    points=2,
    outcome="6.3",
    # one customer more or less at the peak: somebody may be at zero to the cent
    answer=Table(key="entry", low=0, absolute=0.001),
    title="The top of the whale",
)
wallets = Task(
    "ps06.5",
    points=3,
    outcome="6.2",
    answer=Table(key="customer_id", columns=("share", "unrealised"), low=0, missing=True),
    title="What goes elsewhere",
)
kinds = Task(
    "ps06.6",
    points=2,
    outcome="6.2",
    answer=Table(key="kind", unit="customers", low=0),
    title="Five kinds of customers",
)
holdout = Task(
    "ps06.7",
    points=2,
    outcome="6.4",
    answer=Table(key="list", unit="€ per customer"),
    title="Two lists, one year later",
)
invited = Task(
    "ps06.8",
    points=2,
    outcome="6.5",
    answer=Choice(*REFERRERS, several=True),
    title="Whom to invite",
)


# --- the data that the notebook gives ----------------------------------------------------------


def one_year_ago(meridian):
    return meridian.today - pd.Timedelta(weeks=52)


def recent_orders(meridian):
    orders = meridian.transactions
    return orders[orders["date"] > one_year_ago(meridian)]


def earlier_orders(meridian):
    orders = meridian.transactions
    return orders[orders["date"] <= one_year_ago(meridian)]


def club_member(meridian):
    """An average member of the Trail Club."""
    club = meridian.memberships
    due = club["renewals"].sum() + club["end"].notna().sum()
    members = club.loc[
        club["end"].isna() & (club["start"] <= one_year_ago(meridian)), "customer_id"
    ]
    recent = recent_orders(meridian)
    bought = recent[recent["customer_id"].isin(members)]
    return pd.Series(
        {
            "margin": round(49 + bought["margin"].sum() / len(members), 2),
            "revenue": round(49 + bought["revenue"].sum() / len(members), 2),
            "retention": round(club["renewals"].sum() / due, 3),
            "discount": DISCOUNT,
            "welcome_gift": 25.0,
        }
    )


def ada_estimates(meridian):
    """Ada's estimates for everybody who ordered in the last 52 weeks."""
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    growth = np.random.default_rng(meridian.seed).gamma(0.6, 60, len(margin))
    return pd.DataFrame({"actual": 0.9 * margin, "potential": 0.9 * margin + growth}).round(2)


def referral_list(meridian):
    """Who brought whom."""
    rng = np.random.default_rng(meridian.seed)
    a, b, c, d, e = rng.permutation(REFERRERS)
    friends = pd.DataFrame(
        {
            "referrer": [a, a, b, b, b, b, c, c, d, d, d, e],
            "value": [110, 120, 110, 115, 100, 60, 80, 95, 135, 90, 95, 100],
            "years": [0, 1, 0, 0, 1, 1, 3, 4, 0, 0, 1, 0],
            "anyway": [x == "y" for x in "nnyyynnnnyyn"],
        }
    )
    friends["value"] = (friends["value"] * rng.uniform(0.97, 1.03, len(friends))).round(2)
    return friends.sort_values(["referrer", "years"], ignore_index=True)


def entries(answer, wanted):
    """The entries of a dict, a Series or a frame of one column, if all that are wanted are there."""
    if isinstance(answer, pd.DataFrame):
        columns = list(answer.columns)
        answer = (
            answer.set_index(columns[0])[columns[1]] if len(columns) > 1 else answer[columns[0]]
        )
    found = dict(answer)
    lacking = [w for w in wanted if w not in found]
    if lacking:
        raise Wrong(
            f"The entries must be called {', '.join(map(repr, wanted))}; "
            f"missing: {', '.join(map(repr, lacking))}."
        )
    return found


# --- task 1 ------------------------------------------------------------------------------------


@lifetime_value.inputs
def _(meridian):
    return [(60.0, 0.75, 0.08, 2), (100.0, 1.0, 0.0, 4), (100.0, 0.0, 0.1, 3)]


@lifetime_value.visible
def _(answer, meridian):
    if abs(answer(100.0, 0.0, 0.1, 3)) > 1e-9:
        raise Wrong(
            "With a retention of 0 nobody is there when the first margin would come, a year from "
            "now, so the value is 0. Your function gives "
            f"{answer(100.0, 0.0, 0.1, 3):.2f}. With which year does your sum start?"
        )
    if abs(answer(100.0, 1.0, 0.0, 4) - 400) > 1e-6:
        raise Wrong(
            "If nobody leaves and waiting costs nothing, four margins of €100 are worth €400; "
            f"your function gives {answer(100.0, 1.0, 0.0, 4):.2f}. How many margins do you count?"
        )
    if abs(answer(60.0, 0.75, 0.08, 2) - 70.601852) > 1e-4:
        raise Wrong(
            "The worked example, lifetime_value(60, 0.75, 0.08, 2), is €70.60; your function gives "
            f"{answer(60.0, 0.75, 0.08, 2):.2f}. Go through the two years with pencil and paper."
        )


@lifetime_value.misconception(
    "You add up margins as if every customer stayed and money later were money now. Retention and "
    "discount belong into every term."
)
def _(meridian):
    return lambda margin, retention, discount, years: margin * years


@lifetime_value.misconception(
    "That is the multiple without end. `years` must matter: the board asked for a finite horizon."
)
def _(meridian):
    return lambda margin, retention, discount, years: (
        margin * retention / (1 + discount - retention)
    )



# --- task 2 ------------------------------------------------------------------------------------


@member_value.visible
def _(answer, meridian):
    if answer < club_member(meridian)["margin"]:
        raise Wrong(
            "That is less than one yearly margin. With her retention the margin multiple is above "
            "1: see what you divide by."
        )


@member_value.misconception(
    "That is the margin times the years for which she stays on average. Money in ten years counts "
    "as much as money now: the discount is missing."
)
def _(meridian):
    return club_member(meridian)["margin"] / (1 - club_member(meridian)["retention"])



# --- task 3 ------------------------------------------------------------------------------------


@gini_of_margin.visible
def _(answer, meridian):
    if answer < 0.05:
        raise Wrong(
            "A coefficient near 0 would mean that all customers bring about the same. Try your "
            "method on 0, 20, 20 and 60: it must give 0.45."
        )


@gini_of_margin.misconception(
    "That is the Gini coefficient of single orders. Add up the orders of each customer first: a "
    "row must be a customer."
)
def _(meridian):
    margin = recent_orders(meridian)["margin"]
    return value.gini(margin[margin > 0])



# --- task 4 ------------------------------------------------------------------------------------


@whale.visible
def _(answer, meridian):
    if entries(answer, ["peak", "share_of_customers"])["peak"] < 1:
        raise Wrong("The curve ends at 1, so its highest point can't be below 1.")


@whale.misconception(
    "That is the end of the curve, where it has come down to the total. Look for the highest point "
    "on the way. (If yours never rises above 1: do you add up margin, and start with the best?)"
)
def _(meridian):
    return {"peak": 1.0, "share_of_customers": 1.0}



# --- task 5 ------------------------------------------------------------------------------------


@wallets.visible
def _(answer, meridian):
    asked = meridian.wallet["customer_id"].nunique()
    if len(pd.DataFrame(answer)) != asked:
        raise Wrong(
            f"The survey asked {asked} customers; your table has {len(pd.DataFrame(answer))} rows. The survey has "
            "a row per customer and category: add up the categories first."
        )
    table = pd.DataFrame(answer)
    table = table.set_index("customer_id") if "customer_id" in table.columns else table
    if table["share"].max() > 1 + 1e-9:
        raise Wrong(
            "A share of customer can't exceed 1. The whole is what goes to us and to rivals "
            "together; and give shares, not percentages."
        )
    spend = meridian.wallet.groupby("customer_id")[["spend_with_us", "spend_with_rivals"]].sum()
    silent = spend.index[spend["spend_with_us"] == 0]
    if table["share"].reindex(silent).max() > 0:
        raise Wrong("Somebody who spends nothing with us must have a share of customer of 0.")
    if (table["unrealised"] - spend["spend_with_rivals"]).abs().max() < 0.01:
        raise Wrong(
            "As unrealised value you give what goes to rivals. That is revenue, all of it, of one "
            "year: go through the three assumptions."
        )



# --- task 6 ------------------------------------------------------------------------------------


@kinds.visible
def _(answer, meridian):
    total, there = sum(entries(answer, KINDS).values()), len(ada_estimates(meridian))
    if 0.99 < total < 1.01:
        raise Wrong("Your entries add up to 1: give numbers of customers, not shares.")
    if round(total) != there:
        raise Wrong(
            f"Every customer is of exactly one kind, so the five numbers add up to {there}; yours "
            f"add up to {total:g}. The first rule that holds decides."
        )


@kinds.misconception(
    "These are equal fifths. The cut-offs are amounts in euros, and they split customers as they "
    "fall."
)
def _(meridian):
    parts = np.array_split(np.arange(len(ada_estimates(meridian))), 5)
    return dict(zip(KINDS, map(len, parts), strict=True))



# --- task 7 ------------------------------------------------------------------------------------


@holdout.visible
def _(answer, meridian):
    found = entries(answer, ["revenue", "margin"])
    if found["revenue"] == found["margin"]:
        raise Wrong("Both lists give the same mean: are they really two different lists?")


@holdout.misconception(
    "That is the mean over all customers of a year ago. Only the 100 on each list count."
)
def _(meridian):
    known = earlier_orders(meridian)["customer_id"].unique()
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    mean = margin.reindex(known, fill_value=0).mean()
    return {"revenue": mean, "margin": mean}



# --- task 8 ------------------------------------------------------------------------------------


@invited.visible
def _(answer, meridian):
    if not answer:
        raise Wrong("An empty list invites nobody. At least one of them is worth the weekend.")


@invited.misconception(
    "You would invite everybody. Each of them brought something; the question is who brought more "
    "than the weekend costs."
)
def _(meridian):
    return list(REFERRERS)
