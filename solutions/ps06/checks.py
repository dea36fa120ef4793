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


### BEGIN HIDDEN
@lifetime_value.hidden_inputs
def _(meridian):
    her = club_member(meridian)
    return [
        (100.0, 0.8, 0.12, 3),
        (float(her["margin"]), float(her["retention"]), 0.1, 5),
        (80.0, 0.9, 0.05, 30),
        (45.5, 0.6, 0.0, 1),
        (-20.0, 0.7, 0.1, 6),
    ]


@lifetime_value.reference
def _(meridian):
    def by_years(margin, retention, discount, years):
        total = 0.0
        for t in range(1, years + 1):
            total += margin * retention**t / (1 + discount) ** t
        return total

    return by_years


@lifetime_value.misconception(
    "The short formula is right until it divides by zero: with a retention of 1 and a discount of "
    "0 every term equals the margin. Treat that case by itself, or add the terms up in a loop.",
    earns=2,
)
def _(meridian):
    def short(margin, retention, discount, years):
        q = retention / (1 + discount)
        return margin * q * (1 - q**years) / (1 - q)

    return short


@lifetime_value.misconception(
    "Your first margin comes today and for certain. In the task it comes one year from now, and "
    "only if she is still a customer then."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * (r / (1 + d)) ** t for t in range(years))


@lifetime_value.misconception(
    "Your first margin comes in one year for certain, as if it were under contract. In the task "
    "she may already have left by then."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * r ** (t - 1) / (1 + d) ** t for t in range(1, years + 1))


@lifetime_value.misconception(
    "The discount is missing: a margin in three years counts as much as one in a year."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * r**t for t in range(1, years + 1))


@lifetime_value.misconception(
    "Retention works only once in your sum. To be there in year t she must have stayed t times."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * r / (1 + d) ** t for t in range(1, years + 1))


@lifetime_value.misconception(
    "Retention is missing: you value a customer who is certain to stay, discounted."
)
def _(meridian):
    return lambda m, r, d, years: sum(m / (1 + d) ** t for t in range(1, years + 1))


@lifetime_value.misconception(
    "You discount by 1 + t × d. Discounting compounds: each year divides once more by 1 + d."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * r**t / (1 + d * t) for t in range(1, years + 1))


@lifetime_value.misconception(
    "Your sum stops one year early: `range(1, years)` leaves out the last year."
)
def _(meridian):
    return lambda m, r, d, years: sum(m * r**t / (1 + d) ** t for t in range(1, years))


@lifetime_value.other_way
def _(meridian):
    def with_arrays(margin, retention, discount, years):
        t = np.arange(1, years + 1)
        return (margin * (retention / (1 + discount)) ** t).sum()

    return with_arrays


@lifetime_value.other_way
def _(meridian):
    def guarded(margin, retention, discount, years):
        if retention == 1 and discount == 0:
            return margin * years
        q = retention / (1 + discount)
        return margin * retention / (1 + discount - retention) * (1 - q**years)

    return guarded


### END HIDDEN

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


### BEGIN HIDDEN
@member_value.reference
def _(meridian):
    her = club_member(meridian)
    return her["margin"] * her["retention"] / (1 + her["discount"] - her["retention"])


@member_value.misconception(
    "You took off the welcome gift. It was spent when she joined, whatever happens now: it belongs "
    "beside lifetime value when the campaign is judged, not into it."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.1) - 25


@member_value.misconception(
    "You valued her revenue. Most of it pays for goods, parcels and returns; a customer is worth "
    "the margin that she brings."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["revenue"], her["retention"], 0.1)


@member_value.misconception(
    "Your formula adds a margin today. This year's is already in the books; the next one comes in a "
    "year, if she renews."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.1, first_margin="now")


@member_value.misconception(
    "Your formula treats the margin of next year as certain. It comes only if she renews."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.1, first_margin="assured")


@member_value.misconception(
    "Your horizon ends after five years. With an infinite horizon later years count as well."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.1, horizon=5)


@member_value.misconception(
    "Your horizon ends after ten years. With an infinite horizon later years count as well."
)
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.1, horizon=10)


@member_value.misconception("That misses the discount: r / (1 − r) is the multiple at 0 %.")
def _(meridian):
    her = club_member(meridian)
    return value.lifetime_value(her["margin"], her["retention"], 0.0)


@member_value.misconception("You subtracted the discount rate. Waiting makes money smaller.")
def _(meridian):
    her = club_member(meridian)
    return her["margin"] * her["retention"] / (1 - her["discount"] - her["retention"])


@member_value.other_way
def _(meridian):
    her = club_member(meridian)
    return value.margin_multiple(her["retention"], her["discount"]) * her["margin"]


@member_value.other_way
def _(meridian):
    her = club_member(meridian)
    t = np.arange(1, 400)
    return her["margin"] * np.sum((her["retention"] / (1 + her["discount"])) ** t)


### END HIDDEN

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


### BEGIN HIDDEN
def year_margin(meridian):
    return recent_orders(meridian).groupby("customer_id")["margin"].sum()


@gini_of_margin.reference
def _(meridian):
    x = np.sort(year_margin(meridian).to_numpy())
    x = x[x > 0]
    curve = np.concatenate([[0], np.cumsum(x) / x.sum()])
    return 1 - (curve[1:] + curve[:-1]).sum() / x.size


@gini_of_margin.misconception("That is the Gini coefficient of revenue; the task asks for margin.")
def _(meridian):
    sums = recent_orders(meridian).groupby("customer_id")[["revenue", "margin"]].sum()
    return value.gini(sums.loc[sums["margin"] > 0, "revenue"])


@gini_of_margin.misconception(
    "That is the revenue of everybody who ordered. The task asks for margin, of customers whose "
    "margin is above zero."
)
def _(meridian):
    return value.gini(recent_orders(meridian).groupby("customer_id")["revenue"].sum())


@gini_of_margin.misconception(
    "That is the margin since the records began; the task asks for the last 52 weeks."
)
def _(meridian):
    sums = meridian.transactions.groupby("customer_id")["margin"].sum()
    return value.gini(sums[sums > 0])


@gini_of_margin.misconception(
    "Customers without an order or with a loss are in your data as zeros. The task leaves them out."
)
def _(meridian):
    everybody = meridian.customers["customer_id"]
    return value.gini(year_margin(meridian).reindex(everybody, fill_value=0).clip(lower=0))


@gini_of_margin.misconception(
    "Customers with a loss are in your data as zeros. The task leaves them out."
)
def _(meridian):
    return value.gini(year_margin(meridian).clip(lower=0))


@gini_of_margin.misconception(
    "You dropped the orders with a negative margin before adding up. A customer's bad orders "
    "belong to her sum; drop customers, not orders."
)
def _(meridian):
    orders = recent_orders(meridian)
    return value.gini(orders[orders["margin"] > 0].groupby("customer_id")["margin"].sum())


@gini_of_margin.misconception(
    "That is the area between the diagonal and the Lorenz curve; the coefficient is twice as large."
)
def _(meridian):
    sums = year_margin(meridian)
    return value.gini(sums[sums > 0]) / 2


@gini_of_margin.misconception(
    "That is the area below the Lorenz curve. The coefficient is twice the area between the curve "
    "and the diagonal."
)
def _(meridian):
    sums = year_margin(meridian)
    return (1 - value.gini(sums[sums > 0])) / 2


@gini_of_margin.misconception(
    "That is the share of the best fifth, one point of the curve. Gini sums up the whole curve."
)
def _(meridian):
    sums = year_margin(meridian)
    return value.top_share(sums[sums > 0], 0.2)


@gini_of_margin.other_way
def _(meridian):
    sums = recent_orders(meridian).pivot_table(index="customer_id", values="margin", aggfunc="sum")
    return value.gini(sums.query("margin > 0")["margin"])


@gini_of_margin.other_way
def _(meridian):
    x = year_margin(meridian).to_numpy()
    x = x[x > 0]
    return np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())


### END HIDDEN

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


### BEGIN HIDDEN
@whale.reference
def _(meridian):
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum().round(2)
    gains = margin[margin > 0]
    return {
        "peak": gains.sum() / margin.sum(),
        "share_of_customers": len(gains) / len(margin),
    }


@whale.misconception(
    "The height is right. The share isn't: you count customers without an order in the 52 weeks "
    "as well.",
    earns=1,
)
def _(meridian):
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    share = (margin > 0).sum() / len(meridian.customers)
    return {"peak": margin[margin > 0].sum() / margin.sum(), "share_of_customers": share}


@whale.misconception(
    "The height is right. For the position, give the share of the customers instead of their "
    "number.",
    earns=1,
)
def _(meridian):
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    return {
        "peak": margin[margin > 0].sum() / margin.sum(),
        "share_of_customers": (margin > 0).sum(),
    }


@whale.misconception(
    "The position is right. Give the height as a share of the total margin, not in euros.", earns=1
)
def _(meridian):
    curve = value.whale_curve(recent_orders(meridian).groupby("customer_id")["margin"].sum())
    top = curve.loc[curve["cumulative"].idxmax()]
    return {"peak": top["cumulative"], "share_of_customers": top["share_of_customers"]}


@whale.misconception(
    "You lined up orders. A customer's good and bad orders belong together: add them up first."
)
def _(meridian):
    curve = value.whale_curve(recent_orders(meridian)["margin"])
    top = curve.loc[curve["share_of_profit"].idxmax()]
    return {"peak": top["share_of_profit"], "share_of_customers": top["share_of_customers"]}


@whale.misconception(
    "That is the curve since the records began; the task asks for the last 52 weeks."
)
def _(meridian):
    curve = value.whale_curve(meridian.transactions.groupby("customer_id")["margin"].sum())
    top = curve.loc[curve["share_of_profit"].idxmax()]
    return {"peak": top["share_of_profit"], "share_of_customers": top["share_of_customers"]}


@whale.misconception(
    "That is how much of the margin is taken away again after the peak, and by how many. The task "
    "asks for the peak itself."
)
def _(meridian):
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    return {
        "peak": 1 - margin[margin < 0].sum() / margin.sum(),
        "share_of_customers": (margin < 0).mean(),
    }


@whale.other_way
def _(meridian):
    curve = value.whale_curve(recent_orders(meridian).groupby("customer_id")["margin"].sum())
    top = curve["share_of_profit"].idxmax()
    chosen = curve.loc[top, ["share_of_profit", "share_of_customers"]]
    return chosen.rename({"share_of_profit": "peak"})


@whale.other_way
def _(meridian):
    margin = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    rising = margin.sort_values(ascending=False).cumsum() / margin.sum()
    found = [rising.max(), (np.argmax(rising.to_numpy()) + 1) / len(rising)]
    return pd.DataFrame({"whale": found}, index=["peak", "share_of_customers"])


### END HIDDEN

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


### BEGIN HIDDEN
@once
def spending(meridian):
    return meridian.wallet.groupby("customer_id")[["spend_with_us", "spend_with_rivals"]].sum()


def wallet_table(spend, share, unrealised):
    return pd.DataFrame({"share": share, "unrealised": unrealised}, index=spend.index)


def right_share(spend):
    return spend["spend_with_us"] / (spend["spend_with_us"] + spend["spend_with_rivals"])


def right_unrealised(spend):
    return spend["spend_with_rivals"] * WINNABLE * MARGIN_RATE * MULTIPLE


@wallets.reference
def _(meridian):
    spend = spending(meridian)
    return wallet_table(spend, right_share(spend), right_unrealised(spend))


@wallets.misconception(
    "The unrealised value is right. The share isn't: you took the mean of the shares of the "
    "categories. A customer's share is her sum with us over her sum with everybody.",
    earns=1.5,
)
def _(meridian):
    survey = meridian.wallet.copy()
    survey["share"] = survey["spend_with_us"] / survey[["spend_with_us", "spend_with_rivals"]].sum(
        axis=1
    )
    spend = spending(meridian)
    return wallet_table(
        spend, survey.groupby("customer_id")["share"].mean(), right_unrealised(spend)
    )


@wallets.misconception(
    "The unrealised value is right. As share you give what goes to rivals; share of customer is "
    "our part.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    return wallet_table(spend, 1 - right_share(spend), right_unrealised(spend))


@wallets.misconception(
    "The unrealised value is right. For the share you divided us by rivals; divide by the whole "
    "wallet, us included.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    ratio = spend["spend_with_us"] / spend["spend_with_rivals"]
    return wallet_table(spend, ratio, right_unrealised(spend))


@wallets.misconception(
    "The share is right. As unrealised value you give the revenue to be won in a year; the task "
    "asks for lifetime value, which is made of margins.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    return wallet_table(spend, right_share(spend), spend["spend_with_rivals"] * WINNABLE)


@wallets.misconception(
    "The share is right. Your unrealised value counts the revenue to be won in full; only the "
    "margin rate of it is margin.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    return wallet_table(spend, right_share(spend), spend["spend_with_rivals"] * WINNABLE * MULTIPLE)


@wallets.misconception(
    "The share is right. Your unrealised value is the margin of one year; the multiple makes a "
    "lifetime value of it.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    return wallet_table(
        spend, right_share(spend), spend["spend_with_rivals"] * WINNABLE * MARGIN_RATE
    )


@wallets.misconception(
    "The share is right. Your unrealised value wins everything that goes to rivals; Ines believes "
    "that a third of it can be won.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    return wallet_table(
        spend, right_share(spend), spend["spend_with_rivals"] * MARGIN_RATE * MULTIPLE
    )


@wallets.misconception(
    "The share is right. Your unrealised value starts from the whole wallet; what she spends with "
    "us is not left to be won.",
    earns=1.5,
)
def _(meridian):
    spend = spending(meridian)
    all_of_it = spend.sum(axis=1) * WINNABLE * MARGIN_RATE * MULTIPLE
    return wallet_table(spend, right_share(spend), all_of_it)


@wallets.other_way
def _(meridian):
    spend = spending(meridian)
    total = spend["spend_with_us"] + spend["spend_with_rivals"]
    actual = spend["spend_with_us"] * 0
    more = total - spend["spend_with_us"]
    return pd.DataFrame(
        {
            "customer_id": spend.index,
            "unrealised": value.unrealised_value(
                actual, actual + more / 3 * MARGIN_RATE * MULTIPLE
            ).to_numpy(),
            "share": value.share_of_customer(spend["spend_with_us"], total).to_numpy(),
        }
    )


@wallets.other_way
def _(meridian):
    rows = {}
    for customer, survey in meridian.wallet.groupby("customer_id"):
        ours, rivals = survey["spend_with_us"].sum(), survey["spend_with_rivals"].sum()
        share = ours / (ours + rivals) if ours + rivals > 0 else float("nan")
        rows[customer] = {"share": share, "unrealised": rivals / 3 * 0.2 * 0.9, "rivals": rivals}
    return pd.DataFrame(rows).T


### END HIDDEN

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


### BEGIN HIDDEN
@kinds.reference
def _(meridian):
    table = ada_estimates(meridian)
    tiers = value.value_tiers(table["actual"], table["potential"], 60, 60, cut="value")
    return pd.Series(tiers).value_counts()


def count_kinds(below, high, more):
    """Numbers by kind, the first rule that holds deciding."""
    return {
        "below zero": int(below.sum()),
        "super-growth": int((~below & high & more).sum()),
        "most valuable": int((~below & high & ~more).sum()),
        "most growable": int((~below & ~high & more).sum()),
        "low-maintenance": int((~below & ~high & ~more).sum()),
    }


@kinds.misconception(
    "You held potential value against the second cut-off. What counts is what is still to be won: "
    "potential less actual value."
)
def _(meridian):
    table = ada_estimates(meridian)
    return count_kinds(table["potential"] < 0, table["actual"] > 60, table["potential"] > 60)


@kinds.misconception(
    "You call everybody below zero whose actual value is negative. Below zero are those who would "
    "stay so if everything worked: look at potential value."
)
def _(meridian):
    table = ada_estimates(meridian)
    unrealised = table["potential"] - table["actual"]
    return count_kinds(table["actual"] < 0, table["actual"] > 60, unrealised > 60)


@kinds.misconception(
    "Most valuable and most growable have changed places: the most valuable have a high actual "
    "value, the most growable a high unrealised one."
)
def _(meridian):
    table = ada_estimates(meridian)
    unrealised = table["potential"] - table["actual"]
    return count_kinds(table["potential"] < 0, unrealised > 60, table["actual"] > 60)


@kinds.misconception(
    "Super-growth customers are counted among the most valuable and the most growable as well. "
    "Everybody is of one kind only."
)
def _(meridian):
    table = ada_estimates(meridian)
    below, high = table["potential"] < 0, table["actual"] > 60
    more = table["potential"] - table["actual"] > 60
    counts = count_kinds(below, high, more)
    return counts | {"most valuable": int(high.sum()), "most growable": int((~below & more).sum())}


@kinds.misconception(
    "Nobody is below zero in your count. Ask about potential value before anything else."
)
def _(meridian):
    table = ada_estimates(meridian)
    unrealised = table["potential"] - table["actual"]
    return count_kinds(table["actual"].isna(), table["actual"] > 60, unrealised > 60)


@kinds.other_way
def _(meridian):
    table = ada_estimates(meridian)
    table["kind"] = "low-maintenance"
    more = table["potential"] - table["actual"] > 60
    table.loc[more, "kind"] = "most growable"
    table.loc[table["actual"] > 60, "kind"] = "most valuable"
    table.loc[(table["actual"] > 60) & more, "kind"] = "super-growth"
    table.loc[table["potential"] < 0, "kind"] = "below zero"
    return table.groupby("kind").size().to_dict()


### END HIDDEN

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


### BEGIN HIDDEN
def two_lists(orders, meridian, outcome="margin", missing=0.0):
    """What each list of 100 brought, per customer and list."""
    later = recent_orders(meridian).groupby("customer_id")[outcome].sum()
    totals = orders.groupby("customer_id")[["revenue", "margin"]].sum()
    lists = {name: totals[name].nlargest(100).index for name in ("revenue", "margin")}
    return pd.DataFrame(
        {name: later.reindex(who, fill_value=missing).to_numpy() for name, who in lists.items()}
    )


@holdout.reference
def _(meridian):
    return two_lists(earlier_orders(meridian), meridian).mean()


@holdout.misconception(
    "Your lists already know the year that they are to forecast: they are made from all orders. A "
    "year ago there was nothing but `before`."
)
def _(meridian):
    return two_lists(meridian.transactions, meridian).mean()


@holdout.misconception(
    "Your lists are made from the year that they are to forecast. Draw them from `before`, and look "
    "at `this_year` afterwards."
)
def _(meridian):
    return two_lists(recent_orders(meridian), meridian).mean()


@holdout.misconception(
    "You left out customers on the list who did not order again. They brought 0, and a list that "
    "names them has to answer for it."
)
def _(meridian):
    return two_lists(earlier_orders(meridian), meridian, missing=np.nan).mean()


@holdout.misconception(
    "That is the revenue which the lists brought. Both lists are judged by margin."
)
def _(meridian):
    return two_lists(earlier_orders(meridian), meridian, outcome="revenue").mean()


@holdout.misconception(
    "The margin list is right. You judge the revenue list by revenue, though: hold both lists "
    "against the same thing, the margin that came after.",
    earns=1,
)
def _(meridian):
    by_margin = two_lists(earlier_orders(meridian), meridian).mean()
    by_revenue = two_lists(earlier_orders(meridian), meridian, outcome="revenue").mean()
    return {"revenue": by_revenue["revenue"], "margin": by_margin["margin"]}


@holdout.misconception(
    "Your lists hold the 100 largest orders. The task asks for the customers with the highest "
    "totals: add up the orders of each of them before you rank."
)
def _(meridian):
    before = earlier_orders(meridian)
    later = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    return {
        name: later.reindex(before.nlargest(100, name)["customer_id"], fill_value=0).mean()
        for name in ("revenue", "margin")
    }


@holdout.misconception("That is the sum over the list; the task asks for the mean per customer.")
def _(meridian):
    return two_lists(earlier_orders(meridian), meridian).sum()


@holdout.misconception(
    "That is the mean per order. Add up the orders of each customer, then take the mean over the "
    "100 customers."
)
def _(meridian):
    totals = earlier_orders(meridian).groupby("customer_id")[["revenue", "margin"]].sum()
    later = recent_orders(meridian)
    return {
        name: later.loc[
            later["customer_id"].isin(totals[name].nlargest(100).index), "margin"
        ].mean()
        for name in ("revenue", "margin")
    }


@holdout.misconception(
    "That is what the lists brought before, the past that put them there. Ask what came after."
)
def _(meridian):
    totals = earlier_orders(meridian).groupby("customer_id")[["revenue", "margin"]].sum()
    return {name: totals.nlargest(100, name)["margin"].mean() for name in ("revenue", "margin")}


@holdout.other_way
def _(meridian):
    later, means = recent_orders(meridian), {}
    for name in ("margin", "revenue"):
        ranked = earlier_orders(meridian).groupby("customer_id")[name].sum().sort_values()
        best = ranked.tail(100).index
        means[name] = later.loc[later["customer_id"].isin(best), "margin"].sum() / 100
    return means


@holdout.other_way
def _(meridian):
    later = recent_orders(meridian).groupby("customer_id")["margin"].sum()
    then = value.rfm(earlier_orders(meridian), one_year_ago(meridian))
    by_margin = value.rfm(earlier_orders(meridian), one_year_ago(meridian), value="margin")
    lists = {"revenue": then, "margin": by_margin}
    return pd.DataFrame(
        {
            "list": list(lists),
            "mean": [
                later.reindex(x["monetary"].nlargest(100).index).fillna(0).mean()
                for x in lists.values()
            ],
        }
    )


### END HIDDEN

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


### BEGIN HIDDEN
# Two mistakes lead to the same names.
NO_SAVING = (
    "The saved acquisition cost is missing. Every friend saves the advertising that would have "
    "been spent to win him, and so does one who would have come anyway."
)


def worth_it(values):
    return [name for name, worth in dict(values).items() if worth > 180]


@invited.reference
def _(meridian):
    friends = referral_list(meridian)
    friends["new"] = friends["value"].where(~friends["anyway"], 0) + 25
    friends["today"] = friends["new"] / (1 + DISCOUNT) ** friends["years"]
    return worth_it(friends.groupby("referrer")["today"].sum())


@invited.misconception(
    "You credit referrers with friends who would have come anyway. Of those only the saved "
    "acquisition cost is their doing."
)
def _(meridian):
    friends = referral_list(meridian)
    friends["today"] = (friends["value"] + 25) / 1.1 ** friends["years"]
    return worth_it(friends.groupby("referrer")["today"].sum())


@invited.misconception(
    "The discount is missing: a friend who will join in four years counts as if he joined today."
)
def _(meridian):
    friends = referral_list(meridian)
    friends["new"] = friends["value"].where(~friends["anyway"], 0) + 25
    return worth_it(friends.groupby("referrer")["new"].sum())


@invited.misconception(NO_SAVING)
def _(meridian):
    friends = referral_list(meridian)
    friends["new"] = friends["value"].where(~friends["anyway"], 0)
    friends["today"] = friends["new"] / 1.1 ** friends["years"]
    return worth_it(friends.groupby("referrer")["today"].sum())


@invited.misconception(NO_SAVING)
def _(meridian):
    friends = referral_list(meridian)
    only = friends[~friends["anyway"]]
    today = (only["value"] + 25) / 1.1 ** only["years"]
    return worth_it(today.groupby(only["referrer"]).sum())


@invited.misconception(WRONG_FRIENDS)
def _(meridian):
    friends = referral_list(meridian)
    friends["today"] = (friends["value"] * friends["anyway"] + 25) / 1.1 ** friends["years"]
    return worth_it(friends.groupby("referrer")["today"].sum())


@invited.other_way
def _(meridian):
    friends = referral_list(meridian)
    values = value.referral_value(
        friends["value"],
        25,
        friends["anyway"],
        friends["years"],
        DISCOUNT,
        referrer=friends["referrer"],
    )
    return values.index[values > 180].str.upper().to_series()


@invited.other_way
def _(meridian):
    found = set()
    for name, friends in referral_list(meridian).groupby("referrer"):
        total = 0
        for friend in friends.itertuples():
            counted = 25 if friend.anyway else 25 + friend.value
            total += counted * 1.1**-friend.years
        if total > 180:
            found.add(name)
    return found


### END HIDDEN
