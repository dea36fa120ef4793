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


### BEGIN HIDDEN
@survival.hidden_inputs
def _(meridian):
    return [(7, 0.704, 1.182), (12, 0.668, 3.806), (2, 0.8, 2.6), (1, 3.0, 0.5)]


@survival.reference
def _(meridian):
    def left(t, alpha, beta):
        share = 1.0
        for renewal in range(1, t + 1):
            share = share * (beta + renewal - 1) / (alpha + beta + renewal - 1)
        return share

    return left


@survival.misconception(
    "Your first renewal already has the rate of the second. Which number does `range` begin with, "
    "and which t belongs to the first renewal?"
)
def _(meridian):
    return lambda t, alpha, beta: float(
        np.prod([(beta + k) / (alpha + beta + k) for k in range(1, t + 1)])
    )


@survival.misconception(
    "One renewal is missing: after t renewals t rates have been multiplied, and `range(1, t)` "
    "stops before t."
)
def _(meridian):
    return lambda t, alpha, beta: float(
        np.prod([(beta + k - 1) / (alpha + beta + k - 1) for k in range(1, t)])
    )


@survival.misconception(
    "Alpha and beta are swapped: you multiply the shares of those who leave. A larger alpha means "
    "more churn."
)
def _(meridian):
    return lambda t, alpha, beta: float(
        np.prod([(alpha + k - 1) / (alpha + beta + k - 1) for k in range(1, t + 1)])
    )


@survival.misconception(
    "That is the share that has left by then. Survival is the share that is still there."
)
def _(meridian):
    return lambda t, alpha, beta: 1 - np.exp(betaln(alpha, beta + t) - betaln(alpha, beta))


@survival.other_way
def _(meridian):
    def recursive(t, alpha, beta):
        if t == 0:
            return 1
        return recursive(t - 1, alpha, beta) * (beta + t - 1) / (alpha + beta + t - 1)

    return recursive


@survival.other_way
def _(meridian):
    return lambda t, alpha, beta: np.exp(betaln(alpha, beta + t) - betaln(alpha, beta))


### END HIDDEN

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


### BEGIN HIDDEN
@histories.reference
def _(meridian):
    return history_until(meridian, meridian.today)[["frequency", "recency", "T"]]


@histories.misconception(
    "You counted the first order. Frequency counts *repeat* orders: a one-time buyer has 0.",
    earns=2,
)
def _(meridian):
    right = history_until(meridian, meridian.today)
    return right.assign(frequency=right["frequency"] + 1)


@histories.misconception(
    "Your recency is the silence: the time from the last order until now. Here recency is her age "
    "at the last order, from the first order to the last. (The R of RFM has it the other way.)",
    earns=2,
)
def _(meridian):
    right = history_until(meridian, meridian.today)
    return right.assign(recency=right["T"] - right["recency"])


@histories.misconception(
    "Your times are in days. A model takes any unit, but all rates come out per that unit; this "
    "course counts in weeks of 7 days.",
    earns=2,
)
def _(meridian):
    return history_until(meridian, meridian.today, unit="D")


@histories.misconception(
    "Two mistakes at once: you counted the first order as a repeat order, and your recency is the "
    "silence since the last order.",
    earns=1,
)
def _(meridian):
    right = history_until(meridian, meridian.today)
    return right.assign(frequency=right["frequency"] + 1, recency=right["T"] - right["recency"])


@histories.misconception(
    "Your T ends at the last order of each customer. T runs until today: that nothing came since "
    "is just what the model must know.",
    earns=2,
)
def _(meridian):
    right = history_until(meridian, meridian.today)
    return right.assign(T=right["recency"])


@histories.misconception(
    "Your T is the same for all, or counts from the first day of the company. Each customer's T "
    "starts with her own first order.",
    earns=2,
)
def _(meridian):
    return history_until(meridian, meridian.today).assign(T=float(WEEKS))


@histories.misconception(
    "Your weeks are rounded down to whole ones. Divide the days by 7 and keep the decimals.",
    earns=2,
)
def _(meridian):
    right = history_until(meridian, meridian.today)
    return right.assign(recency=np.floor(right["recency"]), T=np.floor(right["T"]))


@histories.other_way
def _(meridian):
    orders = meridian.transactions
    dates = orders.groupby("customer_id")["date"].agg(["min", "max", "size"])
    week = pd.Timedelta(days=7)
    return pd.DataFrame(
        {
            "frequency": dates["size"] - 1,
            "recency": (dates["max"] - dates["min"]) / week,
            "T": (meridian.today - dates["min"]) / week,
        }
    )


@histories.other_way
def _(meridian):
    rows = []
    for customer, dates in meridian.transactions.groupby("customer_id")["date"]:
        first = dates.iloc[0]
        rows.append(
            {
                "customer_id": customer,
                "T": (meridian.today - first).days / 7,
                "recency": (dates.iloc[-1] - first).days / 7,
                "frequency": float(dates.nunique() - 1),
                "note": "a column more does no harm",
            }
        )
    return pd.DataFrame(rows)


### END HIDDEN

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


### BEGIN HIDDEN
@estimates.reference
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian))
    return clv.BetaGeoNBD().fit(early["frequency"], early["recency"], early["T"]).params_


@estimates.misconception(
    "You fitted all four years, the held-back one included. A model that has seen the answers "
    "passes every test."
)
def _(meridian):
    full = history_until(meridian, meridian.today)
    return clv.BetaGeoNBD().fit(full["frequency"], full["recency"], full["T"]).params_


@estimates.misconception(
    "You fitted in days. All times in this set are in weeks of 7 days, and alpha carries the unit."
)
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian), unit="D")
    return clv.BetaGeoNBD().fit(early["frequency"], early["recency"], early["T"]).params_


@estimates.misconception(
    "Your orders end a year ago, but T runs on until today. So the model sees a year of silence "
    "for everybody that never was. Both end on the same day: look at `observation_end`."
)
def _(meridian):
    orders = meridian.transactions
    orders = orders[orders["date"] <= one_year_ago(meridian)]
    mixed = clv.rfm_summary(orders, meridian.today)
    return clv.BetaGeoNBD().fit(mixed["frequency"], mixed["recency"], mixed["T"]).params_


@estimates.misconception(
    "You left out the one-time buyers. That they did not come again is part of the evidence; only "
    "gamma-gamma does without them."
)
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian)).query("frequency > 0")
    return clv.BetaGeoNBD().fit(early["frequency"], early["recency"], early["T"]).params_


@estimates.other_way
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian))
    x, tx, T = (early[name].to_numpy() for name in ("frequency", "recency", "T"))

    def loss(theta):
        r, alpha, a, b = np.exp(theta)
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stay = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
        left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)
        left = np.where(x > 0, left - (r + x) * np.log(alpha + tx), -np.inf)
        return -np.mean(common + np.logaddexp(stay, left))

    options = {"xatol": 1e-5, "fatol": 1e-11, "maxiter": 2000, "maxfev": 2000}
    best = minimize(loss, [-1.0, 1.5, -0.5, 1.5], method="Nelder-Mead", options=options)
    return pd.Series(np.exp(best.x), index=["r", "alpha", "a", "b"])


@estimates.other_way
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian), unit="D")
    found = clv.BetaGeoNBD().fit(early["frequency"], early["recency"] / 7, early["T"] / 7)
    return found.summary()[["estimate"]]


### END HIDDEN

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


### BEGIN HIDDEN
def expected_in_2025(meridian, t=52.0):
    early = history_until(meridian, one_year_ago(meridian))
    model = clv.BetaGeoNBD.from_params(**CONSULTANT)
    return model.expected_purchases(t, early["frequency"], early["recency"], early["T"]).sum()


def orders_in_2025(meridian, newcomers=False):
    later = orders_since(meridian, one_year_ago(meridian))
    known = history_until(meridian, one_year_ago(meridian)).index
    return len(later) if newcomers else int(later["customer_id"].isin(known).sum())


@forecast_error.reference
def _(meridian):
    return expected_in_2025(meridian) / orders_in_2025(meridian) - 1


@forecast_error.misconception(
    "You counted the orders of the newcomers of 2025 as well. The forecast is about the customers "
    "in `early`; nobody else was in it."
)
def _(meridian):
    return expected_in_2025(meridian) / orders_in_2025(meridian, newcomers=True) - 1


@forecast_error.misconception(
    "You divided by the forecast. An error is measured against what really happened."
)
def _(meridian):
    return 1 - orders_in_2025(meridian) / expected_in_2025(meridian)


@forecast_error.misconception(
    "You compared the wrong way round: what happened with what was forecast. A forecast that is "
    "too high has an error above 0."
)
def _(meridian):
    return orders_in_2025(meridian) / expected_in_2025(meridian) - 1


@forecast_error.misconception(
    "That is the ratio of forecast and truth. Take 1 off: a perfect forecast has the error 0."
)
def _(meridian):
    return expected_in_2025(meridian) / orders_in_2025(meridian)


@forecast_error.misconception(
    "You asked for the orders of customers who start today. These have a history: give the model "
    "frequency, recency and T as well."
)
def _(meridian):
    model = clv.BetaGeoNBD.from_params(**CONSULTANT)
    known = len(history_until(meridian, one_year_ago(meridian)))
    return known * model.expected_purchases(52.0) / orders_in_2025(meridian) - 1


@forecast_error.misconception(
    "You compared the forecast with the number of customers who came back. It counts orders."
)
def _(meridian):
    later = orders_since(meridian, one_year_ago(meridian))["customer_id"]
    back = history_until(meridian, one_year_ago(meridian)).index.isin(later).sum()
    return expected_in_2025(meridian) / back - 1


@forecast_error.misconception(
    "You gave the model the histories until today. Then 2025 lies behind, not ahead."
)
def _(meridian):
    full = history_until(meridian, meridian.today)
    model = clv.BetaGeoNBD.from_params(**CONSULTANT)
    ahead = model.expected_purchases(52.0, full["frequency"], full["recency"], full["T"]).sum()
    return ahead / orders_in_2025(meridian) - 1


@forecast_error.other_way
def _(meridian):
    early = history_until(meridian, one_year_ago(meridian), unit="D")
    now = history_until(meridian, meridian.today)["frequency"].loc[early.index]
    happened = now.sum() - early["frequency"].sum()
    in_days = clv.BetaGeoNBD.from_params(**{**CONSULTANT, "alpha": 7 * CONSULTANT["alpha"]})
    ahead = in_days.expected_purchases(364.0, early["frequency"], early["recency"], early["T"])
    return float((ahead.sum() - happened) / happened)


### END HIDDEN

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


### BEGIN HIDDEN
def alive_by_formula(meridian, *, one_time=True, shift=1.0, silence=False, upside_down=False):
    trio = three_customers(meridian)
    r, alpha, a, b = ADA.values()
    x, tx, T = trio["frequency"], trio["recency"], trio["T"]
    tx = T - tx if silence else tx
    ratio = (alpha + tx) / (alpha + T) if upside_down else (alpha + T) / (alpha + tx)
    p = 1 / (1 + a / (b + x - shift) * ratio ** (r + x))
    return p.where(x > 0, 1.0) if one_time else p


@p_alive.reference
def _(meridian):
    return alive_by_formula(meridian)


@p_alive.misconception(
    "Two are right. The formula holds from one repeat order on. In the story of BG/NBD, after "
    "which orders can somebody leave, and how many of these has the one-time buyer made?",
    earns=1,
)
def _(meridian):
    return alive_by_formula(meridian, one_time=False)


@p_alive.misconception(
    "You took t_x for the silence since the last order. It is her age at the last order, as the "
    "column `recency` has it."
)
def _(meridian):
    return alive_by_formula(meridian, silence=True)


@p_alive.misconception(
    "Two mistakes at once: t_x is her age at the last order and not the silence since, and the "
    "formula holds from one repeat order on only."
)
def _(meridian):
    return alive_by_formula(meridian, silence=True, one_time=False)


@p_alive.misconception(
    "That is the probability of having left. P(alive) is the probability of still being there."
)
def _(meridian):
    return 1 - alive_by_formula(meridian)


@p_alive.misconception(
    "Look at the denominator: b + x − 1, since the last order of each customer had to be survived "
    "or not."
)
def _(meridian):
    return alive_by_formula(meridian, shift=0.0)


@p_alive.misconception(
    "Your fraction is upside down, so that a longer silence makes people more alive. T stands above."
)
def _(meridian):
    return alive_by_formula(meridian, upside_down=True)


@p_alive.misconception(
    "You used the consultant's parameters. Task 4 has shown what they think of leaving; this task "
    "gives Ada's."
)
def _(meridian):
    trio = three_customers(meridian)
    model = clv.BetaGeoNBD.from_params(**CONSULTANT)
    return model.probability_alive(trio["frequency"], trio["recency"], trio["T"])


@p_alive.other_way
def _(meridian):
    trio = three_customers(meridian)
    model = clv.BetaGeoNBD.from_params(**ADA)
    return model.probability_alive(trio["frequency"], trio["recency"], trio["T"])


@p_alive.other_way
def _(meridian):
    r, alpha, a, b = 0.33, 4.9, 0.62, 4.5
    answer = {}
    for customer in three_customers(meridian).itertuples():
        x = customer.frequency
        if x == 0:
            answer[customer.Index] = 1
        else:
            odds = a / (b + x - 1) * ((alpha + customer.T) / (alpha + customer.recency)) ** (r + x)
            answer[customer.Index] = 1 / (1 + odds)
    return answer


### END HIDDEN

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


### BEGIN HIDDEN
def margin_share(meridian):
    return meridian.transactions["margin"].sum() / meridian.transactions["revenue"].sum()


def spend_expected(five):
    model = clv.GammaGamma.from_params(**SPEND)
    return model.expected_spend(five["frequency"], five["monetary_value"])


def value_of_five(meridian, spend=None, margin=None, discount=DISCOUNT, horizon=52, unit="W"):
    five = five_customers(meridian)
    return clv.lifetime_value(
        clv.BetaGeoNBD.from_params(**ADA),
        spend_expected(five) if spend is None else spend,
        five["frequency"],
        five["recency"],
        five["T"],
        margin=margin_share(meridian) if margin is None else margin,
        discount_rate=discount,
        horizon=horizon,
        unit=unit,
    )


@worth.reference
def _(meridian):
    return value_of_five(meridian)


@worth.misconception(
    "You did not discount. An order in December is paid in December, and money has a price of 10 % "
    "a year.",
    earns=2,
)
def _(meridian):
    return value_of_five(meridian, discount=0.0)


@worth.misconception(
    "You discounted 10 % every week. It is 10 % a *year*: a week is only 1/52 of the way."
)
def _(meridian):
    return value_of_five(meridian, discount=1.10**WEEKS_PER_YEAR - 1)


@worth.misconception(
    "You discounted everything by a whole year. The orders come throughout the year; each week's "
    "are discounted by the time until then.",
    earns=2,
)
def _(meridian):
    return value_of_five(meridian, discount=0.0) / 1.10


@worth.misconception(
    "That is revenue. Most of it pays for goods and parcels; multiply by the margin share."
)
def _(meridian):
    return value_of_five(meridian, margin=1.0)


@worth.misconception(
    "You averaged the margin shares of single orders, so that small orders weigh as much as large "
    "ones. The company's share is all margin divided by all revenue.",
    earns=2,
)
def _(meridian):
    orders = meridian.transactions
    return value_of_five(meridian, margin=(orders["margin"] / orders["revenue"]).mean())


@worth.misconception(
    "You took each customer's own mean spend. With few orders it is mostly luck, and with none it "
    "is 0: the gamma-gamma model pulls it towards the mean of all."
)
def _(meridian):
    return value_of_five(meridian, spend=five_customers(meridian)["monetary_value"])


@worth.misconception(
    "You gave everybody the mean spend of a customer of whom nothing is known. These have a "
    "history: give gamma-gamma `frequency` and `monetary_value`."
)
def _(meridian):
    return value_of_five(meridian, spend=clv.GammaGamma.from_params(**SPEND).expected_spend(0, 0))


@worth.misconception(
    "Your horizon has no end: that is the whole lifetime value. The bank asks about 52 weeks."
)
def _(meridian):
    return value_of_five(meridian, horizon=None)


@worth.misconception(
    "Your horizon is a single week. `horizon` counts in the unit of the model: a year is 52 weeks."
)
def _(meridian):
    return value_of_five(meridian, horizon=1)


@worth.misconception(
    'With `unit="Y"` the model, whose times are in weeks, takes one week for a year. Keep '
    '`unit="W"` and count 52 of them.'
)
def _(meridian):
    return value_of_five(meridian, horizon=1, unit="Y")


@worth.misconception(
    "You multiplied by P(alive) once more. The expected orders of a customer with a history "
    "already allow for it that she may have left."
)
def _(meridian):
    five = five_customers(meridian)
    model = clv.BetaGeoNBD.from_params(**ADA)
    alive = model.probability_alive(five["frequency"], five["recency"], five["T"])
    return value_of_five(meridian) * alive


@worth.misconception(
    "These are the orders of somebody who starts today. Give the model the history of each "
    "customer."
)
def _(meridian):
    five = five_customers(meridian)
    model = clv.BetaGeoNBD.from_params(**ADA)
    new = clv.lifetime_value(model, 1, 0, 0.0, 0.0, margin=1, discount_rate=DISCOUNT, horizon=52)
    return new * spend_expected(five) * margin_share(meridian)


@worth.misconception(
    "That is what they have brought so far. Lifetime value looks forward: what is still to come?"
)
def _(meridian):
    margin = meridian.transactions.groupby("customer_id")["margin"].sum()
    return margin.loc[five_customers(meridian).index].clip(lower=0.01)


@worth.other_way
def _(meridian):
    five = five_customers(meridian)
    model = clv.BetaGeoNBD.from_params(**ADA)
    history = five["frequency"], five["recency"], five["T"]
    orders, before = 0.0, 0.0
    for week in range(1, 53):
        until = model.expected_purchases(float(week), *history)
        orders = orders + (until - before) / 1.10 ** ((week - 0.5) / 52)
        before = until
    return (orders * spend_expected(five) * margin_share(meridian)).rename("worth").to_frame()


@worth.other_way
def _(meridian):
    five = five_customers(meridian)
    p, q, gamma = SPEND.values()
    x, mean = five["frequency"], five["monetary_value"]
    spend = p * (gamma + x * mean) / (p * x + q - 1)
    return value_of_five(meridian, spend=spend * margin_share(meridian), margin=1).to_dict()


### END HIDDEN

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


### BEGIN HIDDEN
def roc_of(meridian, parts=("present", "future")):
    plans, now = five_plans(meridian), equity_today(meridian)
    end = plans[list(parts)].sum(axis="columns")
    start = now[list(parts)].sum()
    return (plans["cash"] + end - start) / start


@funded.reference
def _(meridian):
    roc = roc_of(meridian)
    return roc.index[roc >= DISCOUNT].tolist()


@funded.misconception(
    "You took every plan with a return above 0. Equity grows by 10 % a year just because its "
    "future comes nearer: a plan that returns less has destroyed value."
)
def _(meridian):
    roc = roc_of(meridian)
    return roc.index[roc > 0].tolist()


@funded.misconception(
    "You left out the customers not won yet. Then every newcomer of the year looks like a windfall, "
    "and every plan like a triumph."
)
def _(meridian):
    roc = roc_of(meridian, ["present"])
    return roc.index[roc >= DISCOUNT].tolist()


@funded.misconception(
    "You divided by the equity at the end. A return is measured against what was there at the start."
)
def _(meridian):
    plans = five_plans(meridian)
    end = plans["present"] + plans["future"]
    roc = (plans["cash"] + end - equity_today(meridian).sum()) / end
    return roc.index[roc >= DISCOUNT].tolist()


@funded.misconception(
    "These are the plans that earn less than the cost of capital. Finance the others."
)
def _(meridian):
    roc = roc_of(meridian)
    return roc.index[roc < DISCOUNT].tolist()


@funded.other_way
def _(meridian):
    plans, start = five_plans(meridian), equity_today(meridian).sum()
    return np.array(
        [
            name
            for name, plan in plans.iterrows()
            if value.return_on_customer(plan["cash"], start, plan["present"] + plan["future"])
            >= 0.10
        ]
    )


@funded.other_way
def _(meridian):
    needed = 1.10 * equity_today(meridian).sum()
    rich = five_plans(meridian).sum(axis="columns").ge(needed)
    return {name.lower() for name in rich.index[rich]}


### END HIDDEN

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


### BEGIN HIDDEN
def gaps(meridian, *, age=False, cut=pd.Series.median):
    then = regular_customers(meridian)
    silence = then["recency"] if age else then["T"] - then["recency"]
    signals = {
        "silence": silence,
        "rhythm": silence / (then["recency"] / then["frequency"]),
        "number": then.index.to_series(),
    }
    late = {name: signal > cut(signal) for name, signal in signals.items()}
    back = then["came_back"]
    return pd.Series({name: back[~who].mean() - back[who].mean() for name, who in late.items()})


@gap.reference
def _(meridian):
    return gaps(meridian)


@gap.misconception(
    "The sign is the wrong way round: take the share of those on time and subtract the share of "
    "those who are late."
)
def _(meridian):
    return -gaps(meridian)


@gap.misconception(
    "Your silence is the column `recency`. That is her age at the last order; the silence is what "
    "has passed since."
)
def _(meridian):
    return gaps(meridian, age=True)


@gap.misconception(
    "You split at the mean. A few very long silences pull it up, so that the two groups are not "
    "halves. Split at the median."
)
def _(meridian):
    return gaps(meridian, cut=pd.Series.mean)


@gap.misconception(
    "Your rhythm is upside down: it is the mean gap divided by the silence. The larger the signal, "
    "the later the customer: silence stands above.",
    earns=1,
)
def _(meridian):
    then = regular_customers(meridian)
    speed = then["recency"] / then["frequency"] / (then["T"] - then["recency"] + 1e-9)
    late = speed > speed.median()
    back = then["came_back"]
    return {**gaps(meridian), "rhythm": back[~late].mean() - back[late].mean()}


@gap.misconception(
    "Your mean gap is T / frequency, so that the silence itself counts as a gap. The gaps between "
    "orders end with the last order: recency / frequency.",
    earns=1,
)
def _(meridian):
    then = regular_customers(meridian)
    rhythm = (then["T"] - then["recency"]) / (then["T"] / then["frequency"])
    late = rhythm > rhythm.median()
    back = then["came_back"]
    return {**gaps(meridian), "rhythm": back[~late].mean() - back[late].mean()}


@gap.misconception(
    "You gave the share of those who were late and came back all the same. The gap is the "
    "difference between the two halves."
)
def _(meridian):
    then = regular_customers(meridian)
    silence = then["T"] - then["recency"]
    rhythm = silence / (then["recency"] / then["frequency"])
    signals = {"silence": silence, "rhythm": rhythm, "number": then.index.to_series()}
    return {name: then["came_back"][s > s.median()].mean() for name, s in signals.items()}


@gap.other_way
def _(meridian):
    then = regular_customers(meridian).reset_index()
    then["silence"] = then["T"] - then["recency"]
    then["rhythm"] = then["silence"] * then["frequency"] / then["recency"]
    then["number"] = then["customer_id"]
    answer = {}
    for name in ["silence", "rhythm", "number"]:
        late = then[name] > then[name].median()
        shares = then.groupby(late)["came_back"].mean()
        answer[name] = shares[False] - shares[True]
    return answer


@gap.other_way
def _(meridian):
    then = regular_customers(meridian)
    weeks = (then["T"] - then["recency"]) / 7
    signals = pd.DataFrame(
        {
            "silence": weeks,
            "rhythm": weeks / (then["recency"] / 7 / then["frequency"]),
            "number": then.index,
        }
    )
    late = signals > signals.median()
    back = then["came_back"].to_numpy(dtype=float)[:, None]
    return (back * ~late).sum() / (~late).sum() - (back * late).sum() / late.sum()


### END HIDDEN
