"""Problem set 11: What will they still be worth?"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from cxedu import clv, value
from cxedu.exercises import Choice, Function, Number, Table, Task, Wrong

WEEKS = 208  # of observation
CONSULTANT = {"r": 0.33, "alpha": 4.9, "a": 0.2, "b": 6.0}  # per week
ADA = {"r": 0.33, "alpha": 4.9, "a": 0.62, "b": 4.5}  # per week
SPEND = {"p": 5.9, "q": 4.9, "gamma": 54.5}  # gamma in €
DISCOUNT = 0.10  # per year
WEEKS_PER_YEAR = 365.25 / 7
TREES = ["Alder", "Birch", "Cedar", "Elm", "Fir"]

survival = Task(
    "ps11.1",
    points=2,
    outcome="11.2",
    answer=Function(
        returns=Number(unit="share", low=0, high=1),
        parameters=("t", "alpha", "beta"),
        own_code=True,
    ),
    title="Who is left of a hundred members",
)
histories = Task(
    "ps11.2",
    points=3,
    outcome="11.2",
    answer=Table(key="customer_id", columns=("frequency", "recency", "T"), low=0),
    title="Three numbers per customer",
)
estimates = Task(
    "ps11.3",
    points=2,
    outcome="11.2",
    # every sound optimiser comes this close; the estimates of another data set don't
    answer=Table(key="parameter", low=0, tolerance=0.02),
    title="Fit on three years",
)
forecast_error = Task(
    "ps11.4",
    points=2,
    outcome="11.2",
    answer=Number(unit="share", low=-1, high=15),
    title="Parameters from a stranger",
)
p_alive = Task(
    "ps11.5",
    points=2,
    outcome="11.3",
    answer=Table(key="customer_id", unit="probability", low=0, high=1, tolerance=1e-4),
    title="Three silent customers",
)
worth = Task(
    "ps11.6",
    points=3,
    outcome="11.1",
    # discounting from the end of a week, or all orders from mid-year, is no mistake
    answer=Table(key="customer_id", unit="€", low=0, tolerance=0.008),
    title="What five customers will bring",
)
funded = Task(
    "ps11.7",
    points=2,
    outcome="11.4",
    answer=Choice(*TREES, several=True),
    title="Five plans and one yardstick",
)
gap = Task(
    "ps11.8",
    points=2,
    outcome="11.5",
    # which side of the median one or two customers fall on may hang on the last digit
    answer=Table(key="signal", low=-1, high=1, absolute=0.008),
    title="Which silence to listen to",
)


# --- the data that the notebook gives ----------------------------------------------------------


def one_year_ago(meridian):
    return meridian.today - pd.Timedelta(weeks=52)


def orders_since(meridian, day):
    return meridian.transactions[meridian.transactions["date"] > day]


def history_until(meridian, day, unit="W"):
    return clv.rfm_summary(meridian.transactions, day, unit=unit)


def three_customers(meridian):
    """Many orders and few orders with about the same silence, and a one-time buyer."""
    now = history_until(meridian, meridian.today)
    off = (now["T"] - now["recency"] - 40).abs()  # how far the silence is from 40 weeks
    busy = off[now["frequency"].between(8, 15)].idxmin()
    slow = off[now["frequency"].between(1, 2) & (now["recency"] >= 40)].idxmin()
    once = now["T"][now["frequency"] == 0].idxmax()
    return now.loc[[busy, slow, once], ["frequency", "recency", "T"]]


def five_customers(meridian):
    """From a one-time buyer to the busiest customer of all."""
    now = history_until(meridian, meridian.today)
    return now.sort_values(["frequency", "recency"]).iloc[[0, 1000, 1500, 1900, 1999]]


def equity_today(meridian):
    scale = orders_since(meridian, one_year_ago(meridian))["margin"].sum()
    return pd.Series({"present": 3 * scale, "future": 9 * scale}).round(-2)


def five_plans(meridian):
    """Cash in 2026 and equity at its end; which plan has which figures is drawn by lot."""
    scale = orders_since(meridian, one_year_ago(meridian))["margin"].sum()
    return (
        pd.DataFrame(
            {
                "cash": [1.45, 0.55, 0.80, 0.70, 0.35],
                "present": [2.60, 3.30, 3.10, 3.05, 3.70],
                "future": [8.90, 9.50, 9.32, 9.20, 7.90],
            },
            index=np.random.default_rng(meridian.seed).permutation(TREES),
        )
        .mul(scale)
        .round(-2)
        .sort_index()
    )


def regular_customers(meridian):
    """Who had ordered at least three times a year ago, times in days, and who came back."""
    day = one_year_ago(meridian)
    then = history_until(meridian, day, unit="D").query("frequency >= 2")
    later = orders_since(meridian, day)["customer_id"]
    return then.assign(came_back=then.index.isin(later))[["frequency", "recency", "T", "came_back"]]


# --- task 1 ------------------------------------------------------------------------------------


@survival.inputs
def _(meridian):
    return [(0, 1.0, 2.0), (1, 1.0, 2.0), (3, 1.0, 2.0)]


@survival.visible
def _(answer, meridian):
    if abs(answer(0, 1.0, 2.0) - 1) > 1e-9:
        raise Wrong(
            "Before the first renewal everybody is still there: survival(0, …) is 1. A product of "
            "no factors is 1 as well."
        )
    if abs(answer(1, 1.0, 2.0) - 2 / 3) > 1e-9:
        raise Wrong(
            "With α = 1 and β = 2 two thirds make the first renewal, so survival(1, 1, 2) is 2/3; "
            f"your function gives {answer(1, 1.0, 2.0):.4f}. Which t does your first factor have?"
        )
    if abs(answer(3, 1.0, 2.0) - 0.4) > 1e-9:
        raise Wrong("Try the worked example by hand: survival(3, 1, 2) is 2/3 · 3/4 · 4/5 = 0.4.")


@survival.misconception(
    "You let everybody renew at the rate of the first renewal for ever. Each renewal has its own "
    "rate, because those who leave easily have left."
)
def _(meridian):
    return lambda t, alpha, beta: (beta / (alpha + beta)) ** t


@survival.misconception(
    "That is the retention rate of one renewal: the share of those who could renew. Survival is "
    "the share of those who joined; it can't rise."
)
def _(meridian):
    return lambda t, alpha, beta: (beta + t - 1) / (alpha + beta + t - 1)



# --- task 2 ------------------------------------------------------------------------------------


@histories.visible
def _(answer, meridian):
    table = histories.answer.read(answer)
    for name, column in table.items():
        if any(isinstance(entry, pd.Timedelta) for entry in column.values()):
            raise Wrong(
                f"Your {name} is a span of time; the model needs a number of weeks. `.dt.days` makes "
                "days of it."
            )
    frequency, recency, age = table["frequency"], table["recency"], table["T"]
    if len(frequency) != meridian.n_customers:
        raise Wrong(
            f"There is one row for each of the {meridian.n_customers:,} customers, the one-time "
            f"buyers included; your table has {len(frequency):,}."
        )
    if max(age.values()) > WEEKS + 1e-6:
        raise Wrong(
            f"Nobody can be older than the {WEEKS} weeks of observation. Which unit are you in?"
        )
    if any(recency[k] > age[k] + 1e-6 for k in age):
        raise Wrong("Recency can't be larger than T: both count from the first order.")
    if min(frequency.values()) > 0:
        raise Wrong(
            "Nobody has frequency 0 in your table, though many have ordered once only. What does "
            "frequency count?"
        )
    if any(recency[k] > 1e-6 for k in frequency if frequency[k] == 0):
        raise Wrong(
            "Somebody with no repeat order has a recency above 0. From where to where is recency "
            "measured?"
        )



# --- task 3 ------------------------------------------------------------------------------------


@estimates.visible
def _(answer, meridian):
    found = next(iter(estimates.answer.read(answer).values()))
    if set(found) != set(CONSULTANT):
        raise Wrong(
            "BG/NBD has the four parameters 'r', 'alpha', 'a' and 'b'; your entries are "
            f"{', '.join(map(repr, list(found)[:6]))}."
        )
    if not min(found.values()) > 0:
        raise Wrong("All four parameters are greater than 0.")
    if found["alpha"] > 15:
        raise Wrong(
            "Alpha is a time, and yours is very long for weeks. In which unit are your recency and T?"
        )



# --- task 4 ------------------------------------------------------------------------------------


@forecast_error.visible
def _(answer, meridian):
    if answer < -0.9:
        raise Wrong(
            "Your forecast is next to nothing. The model counts in weeks: how long is a year?"
        )
    if answer > 2:
        raise Wrong(
            "By your answer the forecast was more than three times what happened. Do both numbers "
            "count orders, and of whom? (Or did you give a percentage?)"
        )



# --- task 5 ------------------------------------------------------------------------------------


@p_alive.visible
def _(answer, meridian):
    found = next(iter(p_alive.answer.read(answer).values()))
    wanted = [int(k) for k in three_customers(meridian).index]
    if set(found) != set(wanted):
        raise Wrong(
            f"The keys are the customer ids of the three: {', '.join(map(str, wanted))}; yours are "
            f"{', '.join(map(str, list(found)[:5]))}."
        )
    if min(found.values()) < 1e-6:
        raise Wrong("A 0 says that somebody has certainly left. No silence can prove that.")



# --- task 6 ------------------------------------------------------------------------------------


@worth.visible
def _(answer, meridian):
    found = next(iter(worth.answer.read(answer).values()))
    wanted = [int(k) for k in five_customers(meridian).index]
    if set(found) != set(wanted):
        raise Wrong(
            f"The keys are the customer ids of the five: {', '.join(map(str, wanted))}; yours are "
            f"{', '.join(map(str, list(found)[:7]))}."
        )
    if found[wanted[0]] < 1e-6:
        raise Wrong(
            "The one-time buyer is worth exactly nothing in your answer. Whoever has not ordered again may "
            "still do so. What does the gamma-gamma model expect when it knows of no repeat order?"
        )



# --- task 7 ------------------------------------------------------------------------------------


@funded.visible
def _(answer, meridian):
    if not answer:
        raise Wrong(
            "An empty list finances nothing, and at least one plan deserves it. What belongs to a "
            "return besides the change of equity?"
        )


@funded.misconception(
    "You held cash alone against equity. Return on Customer also counts what happened to the "
    "equity: who pays out by selling the herd has not earned it."
)
def _(meridian):
    plans = five_plans(meridian)
    return plans.index[plans["cash"] / equity_today(meridian).sum() >= DISCOUNT].tolist()


@funded.misconception(
    "You looked at the change of equity alone. The cash of the year belongs to the return as well, "
    "and the yardstick isn't 0."
)
def _(meridian):
    plans = five_plans(meridian)
    after = plans["present"] + plans["future"]
    return plans.index[after > equity_today(meridian).sum()].tolist()



# --- task 8 ------------------------------------------------------------------------------------


@gap.visible
def _(answer, meridian):
    found = next(iter(gap.answer.read(answer).values()))
    if set(found) != {"silence", "rhythm", "number"}:
        raise Wrong(
            "The entries are 'silence', 'rhythm' and 'number'; yours are "
            f"{', '.join(map(repr, list(found)[:5]))}."
        )
    if found["silence"] < 0:
        raise Wrong(
            "In your answer those who had been silent for long came back more often than the "
            "others. Does your silence start at her last order? And which of the two shares is "
            "subtracted from which?"
        )
    if abs(found["number"]) > 0.2:
        raise Wrong(
            "A customer number can't foretell much, yet your gap is large. Is it the difference of "
            "two shares of came_back?"
        )
