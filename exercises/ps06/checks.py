"""Problem set 6: What is a customer worth?"""

import numpy as np
import pandas as pd

from cxedu import value
from cxedu.exercises import Choice, Function, Number, Table, Task, Wrong, once

KINDS = value.TIERS
REFERRERS = ("Aino", "Bram", "Chiara", "Dario", "Esi")
DISCOUNT = 0.10  # per year
WINNABLE, MARGIN_RATE, MULTIPLE = 1 / 3, 0.20, 0.9

lifetime_value = Task(
    "ps06.1",
    points=3,
    outcome="6.1",
    answer=Function(
        returns=Number(unit="€"),
        parameters=("margin", "retention", "discount", "years"),
        own_code=True,
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


@once
def recent_orders(meridian):
    orders = meridian.transactions
    return orders[orders["date"] > one_year_ago(meridian)]


@once
def earlier_orders(meridian):
    orders = meridian.transactions
    return orders[orders["date"] <= one_year_ago(meridian)]


@once
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


@once
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
            "value": [110, 120, 110, 115, 100, 60, 80, 95, 135, 90, 95, rng.choice([100, 170])],
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
    example = answer(60.0, 0.75, 0.08, 2)
    if example in (70.6, 71.0):
        raise Wrong("Your function rounds. Leave all decimals; who reads the number can round it.")
    if abs(example - 70.601852) > 1e-4:
        raise Wrong(
            "The worked example, lifetime_value(60, 0.75, 0.08, 2), is €70.60; your function gives "
            f"{example:.2f}. Go through the two years with pencil and paper."
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
    if answer > club_member(meridian)["margin"] / (1 - club_member(meridian)["retention"]) + 0.01:
        raise Wrong(
            "That is more than she would bring if money in ten years counted as much as money now. "
            "Is it margin that you value, and is it discounted?"
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
    found = entries(answer, ["peak", "share_of_customers"])
    if found["peak"] < 1:
        raise Wrong("The curve ends at 1, so its highest point can't be below 1.")
    if found["peak"] > 10:
        raise Wrong(
            "Give the height as a share of the total margin, where 1 is the total: neither in euros "
            "nor in per cent."
        )
    if found["share_of_customers"] > 1:
        raise Wrong("Give the position as a share of the customers in the line, from 0 to 1.")
    line = recent_orders(meridian)["customer_id"].nunique()
    place = line * found["share_of_customers"]
    if abs(place - round(place)) > 0.01:
        raise Wrong(
            f"{line} customers ordered in the last 52 weeks, and your share makes {place:.2f} of "
            "them, which isn't a whole number. Who stands in your line? (Or did you round?)"
        )


@whale.misconception(
    "That is the end of the curve, where it has come down to the total. Look for the highest point "
    "on the way. (If yours never rises above 1: do you add up margin, and start with the best?)"
)
def _(meridian):
    return {"peak": 1.0, "share_of_customers": 1.0}



# --- task 5 ------------------------------------------------------------------------------------


@wallets.visible
def _(answer, meridian):
    asked, table = meridian.wallet["customer_id"].nunique(), pd.DataFrame(answer)
    if len(table) < asked:
        raise Wrong(
            f"The survey asked {asked} customers; your table has {len(table)} rows. Customers who "
            "spend nothing with us, or nothing anywhere, stay in the table."
        )
    if len(table) != asked:
        raise Wrong(
            f"The survey asked {asked} customers; your table has {len(table)} rows. The survey has "
            "a row per customer and category: add up the categories first."
        )
    table = table.set_index("customer_id") if "customer_id" in table.columns else table
    if table["share"].max() > 1 + 1e-9:
        raise Wrong(
            "A share of customer can't exceed 1. The whole is what goes to us and to rivals "
            "together; and give shares, not percentages."
        )
    spend = meridian.wallet.groupby("customer_id")[["spend_with_us", "spend_with_rivals"]].sum()
    nowhere = spend.index[spend.sum(axis=1) == 0]
    if table["share"].reindex(nowhere).notna().any():
        raise Wrong(
            "Somebody has spent nothing anywhere. A share of nothing doesn't exist: leave it NaN."
        )
    silent = spend.index[spend["spend_with_us"] == 0]
    if table["share"].reindex(silent).max() > 0:
        raise Wrong("Somebody who spends nothing with us must have a share of customer of 0.")
    if (table["unrealised"] - MARGIN_RATE * spend["spend_with_rivals"]).max() > 0.01:
        raise Wrong(
            "Your unrealised value is higher than the margin would be if everything that goes to "
            "rivals were won. Go through the three assumptions one by one."
        )



# --- task 6 ------------------------------------------------------------------------------------


@kinds.visible
def _(answer, meridian):
    there = len(ada_estimates(meridian))
    if len(answer) == there:
        raise Wrong("That is the kind of each customer. Count how many there are of each kind.")
    found = dict(answer) if isinstance(answer, (dict, pd.Series)) else {}
    nobody = [kind for kind in KINDS if kind not in found]
    if found and set(found) < set(KINDS) and round(sum(found.values())) == there:
        raise Wrong(
            f"By your count nobody is {' or '.join(map(repr, nobody))}. Read the rules once more: "
            "which value does each of them look at?"
        )
    total = sum(entries(answer, KINDS).values())
    if 0.99 < total < 1.01:
        raise Wrong("Your entries add up to 1: give numbers of customers, not shares.")
    if round(total) != there:
        raise Wrong(
            f"Every customer is of exactly one kind, so the five numbers add up to {there}; yours "
            f"add up to {total:g}. The first rule that holds decides."
        )


@kinds.misconception(
    "Your cut-offs are quantiles (the best fifth). The board has set amounts: €60 on each axis."
)
def _(meridian):
    table = ada_estimates(meridian)
    return pd.Series(value.value_tiers(table["actual"], table["potential"])).value_counts()



# --- task 7 ------------------------------------------------------------------------------------


@holdout.visible
def _(answer, meridian):
    found = entries(answer, ["revenue", "margin"])
    if found["revenue"] == found["margin"]:
        raise Wrong("Both lists give the same mean: are they really two different lists?")
    totals = [100 * mean for mean in found.values()]  # of amounts in whole cents
    if any(abs(100 * total - round(100 * total)) > 0.01 for total in totals):
        raise Wrong(
            "100 times your mean isn't an amount in whole cents, so it can't be the mean over 100 "
            "customers. By how many do you divide? (Or did you round?)"
        )


@holdout.misconception(
    "That is the mean over all customers of a year ago. Only the 100 on each list count."
)
def _(meridian):
    known = earlier_orders(meridian)["customer_id"].unique()
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    mean = margin.reindex(known, fill_value=0).mean()
    return {"revenue": mean, "margin": mean}



# --- task 8 ------------------------------------------------------------------------------------


# Two mistakes lead to the same names.
WRONG_FRIENDS = (
    "You prefer those who brought many friends, or friends who would have come anyway. Value counts "
    "for friends who would not have come otherwise."
)


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


@invited.misconception(WRONG_FRIENDS)
def _(meridian):
    friends = referral_list(meridian).groupby("referrer").size()
    return list(friends.index[friends >= 3])
