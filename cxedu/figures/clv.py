"""The charts of chapter 11: what customers are worth, how sure we are, and what a quarter does to it.

Each function takes what the chapter has computed and returns a matplotlib Figure. The explorer of
the last section also needs a small model of a firm (`harvest_or_invest`); it lives here because
nothing else uses it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from scipy import stats

from cxedu.figures.style import COLORS, FONT_SIZE, INK, new_figure
from cxedu.validate import frame, number, same_length, vector
from cxedu.value import margin_multiple, return_on_customer

PERCENT = PercentFormatter(1, decimals=0, symbol=" %")
EUROS = FuncFormatter(lambda value, _: f"{value:,.0f}")
LINES = ("solid", (0, (5, 2)), (0, (1.5, 1.5)))


def equity_by_year(table: pd.DataFrame) -> Figure:
    """Stack, year by year, the discounted margin of present customers and of those yet to come.

    Parameters
    ----------
    table : DataFrame, indexed by year
        Columns `present` and `future`: discounted contribution margin of that year, in euros.

    Examples
    --------
    >>> table = pd.DataFrame({"present": [60.0, 38.0], "future": [10.0, 15.0]}, index=[1, 2])
    >>> len(equity_by_year(table).axes)
    1
    """
    frame("table", table, ["present", "future"])
    fig, ax = new_figure(height=3.3)
    thousand = table / 1000
    now, later = thousand["present"], thousand["future"]
    ax.bar(table.index, now, width=0.75, color=COLORS["blue"], label="customers of today")
    ax.bar(
        table.index,
        later,
        width=0.75,
        bottom=now.where(later > 0, 0),
        color=COLORS["orange"],
        label="customers not won yet",
    )
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.legend(loc="upper right")
    ax.set(xlabel="Year from now", ylabel="Margin, discounted\n(€ thousand per year)")
    ax.set_xticks(table.index)
    return fig


def renewals(observed: Sequence[float], model: Any, horizon: int = 8) -> Figure:
    """Draw the share who renew, each time it is due, and whose renewals they are.

    Parameters
    ----------
    observed : sequence of float
        Members left after 0, 1, 2 … renewals.
    model : ShiftedBetaGeometric
        Fitted to them (`params_` with alpha and beta).
    horizon : int
        How many renewals the curve shows.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(params_={"alpha": 0.7, "beta": 1.2})
    >>> len(renewals([100, 63, 47, 38], model).axes)
    2
    """
    left_over = vector("observed", observed, 0, low_open=True)
    alpha, beta = model.params_["alpha"], model.params_["beta"]
    fig, (ax, mix) = new_figure(ncols=2, height=3.3)
    due = np.arange(1, horizon + 1)
    ax.plot(due, (beta + due - 1) / (alpha + beta + due - 1), color=COLORS["blue"])
    seen = np.arange(1, left_over.size)
    ax.plot(seen, left_over[1:] / left_over[:-1], "o", color=INK, markersize=6)
    ax.set(xlabel="Renewal", ylim=(0, 1), xticks=due, title="Share of members who renew")
    ax.yaxis.set_major_formatter(PERCENT)
    _note(ax, (0.06, 0.16), "dots: Trail Club\nline: model", color=INK)

    last = left_over.size - 1
    edges = np.array([0, 0.1, 0.3, 0.5, 1])
    places = np.arange(edges.size - 1)
    for done, shift, color, name in (
        (0, -0.2, "orange", "at the start"),
        (last, 0.2, "blue", f"after {last} renewals"),
    ):
        shares = np.diff(stats.beta(alpha, beta + done).cdf(edges))
        mix.bar(places + shift, shares, width=0.36, color=COLORS[color], label=name)
        for place, share in zip(places, shares, strict=True):
            mix.annotate(
                f"{100 * share:.0f}",
                (place + shift, share),
                (0, 3),
                textcoords="offset points",
                ha="center",
            )
    mix.set_xticks(places, ["0–10", "10–30", "30–50", "50+"])
    mix.set(
        xlabel="Own churn probability (% per year)",
        ylim=(0, 1),
        title="Who is in the club (% of members)",
    )
    mix.yaxis.set_major_formatter(PERCENT)
    mix.legend(loc="upper right")
    return fig


def tracking(
    actual: Sequence[float], forecasts: Mapping[str, Sequence[float]], split: int
) -> Figure:
    """Draw repeat orders per week beside what each model expected, before and after the split.

    Parameters
    ----------
    actual : sequence of float, one per week
        Repeat orders of the customers known at the split.
    forecasts : mapping of str to sequence of float
        Expected repeat orders in the same weeks, by the name of the model.
    split : int
        The number of weeks that were used for fitting.

    Examples
    --------
    >>> fig = tracking([5.0] * 20, {"BG/NBD": [5.2] * 20}, split=12)
    >>> len(fig.axes)
    1
    """
    seen = vector("actual", actual, 0)
    fig, ax = new_figure(height=3.6)
    weeks = np.arange(1, seen.size + 1)
    ax.axvspan(split + 0.5, seen.size + 0.5, color=INK, alpha=0.06, linewidth=0)
    ax.plot(weeks, seen, color=INK, alpha=0.45, linewidth=0.9)
    colors = ("blue", "red", "green")
    for (name, expected), color, line in zip(forecasts.items(), colors, LINES, strict=False):
        same_length(actual=seen, **{name.replace("/", "_"): expected})
        ax.plot(weeks, expected, color=COLORS[color], linestyle=line, label=name)
    ax.set(
        xlabel="Week since 3 January 2022",
        ylabel="Repeat orders per week",
        ylim=(0, None),
        xlim=(0, seen.size + 1),
    )
    ax.text(split - 2, 0.03, "fitted here", transform=ax.get_xaxis_transform(), ha="right")
    ax.text(split + 3, 0.03, "forecast here", transform=ax.get_xaxis_transform())
    ax.plot([], [], color=INK, alpha=0.45, linewidth=0.9, label="what happened")
    ax.legend(loc="upper left")
    return fig


def by_frequency(table: pd.DataFrame) -> Figure:
    """Draw mean orders in the held-back weeks by frequency in the fitted weeks.

    Parameters
    ----------
    table : DataFrame, indexed by frequency group
        Column `actual` and one column for each model: mean orders per customer.

    Examples
    --------
    >>> table = pd.DataFrame({"actual": [0.4, 1.1], "BG/NBD": [0.5, 1.0]}, index=["0", "1"])
    >>> len(by_frequency(table).axes)
    1
    """
    frame("table", table, ["actual"])
    fig, ax = new_figure(height=3.4)
    places = np.arange(len(table))
    ax.bar(places, table["actual"], width=0.7, color=INK, alpha=0.22, label="what happened")
    models = [name for name in table.columns if name != "actual"]
    for name, color, mark, shift in zip(models, ("blue", "red"), "os", (-0.12, 0.12), strict=False):
        ax.plot(places + shift, table[name], mark, color=COLORS[color], markersize=6, label=name)
    ax.set_xticks(places, [str(name) for name in table.index])
    ax.set(
        xlabel="Repeat orders in the 130 fitted weeks",
        ylabel="Orders per customer\nin the next 78 weeks",
    )
    ax.legend(loc="upper left")
    return fig


def alive(models: Mapping[str, Any], repeats: int, silence: float, age: float = 104) -> Figure:
    """Draw one customer's orders, and how P(alive) falls while nothing comes.

    Parameters
    ----------
    models : mapping of str to fitted model
        With `probability_alive(frequency, recency, T)`, time in weeks.
    repeats : int
        Repeat orders so far, spread evenly between the first order and the last.
    silence : float
        Weeks since the last order (for a one-time buyer always `age`).
    age : float
        Weeks since the first order.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> half = SimpleNamespace(probability_alive=lambda x, t_x, T: 0.5 + 0 * T)
    >>> len(alive({"BG/NBD": half}, repeats=3, silence=20).axes)
    2
    """
    number("silence", silence, 0, age)
    silence = age if repeats == 0 else silence
    fig, (line, ax) = new_figure(
        height=4.0, nrows=2, gridspec_kw={"height_ratios": [1, 3.4]}, sharex=True
    )
    _fixed(fig, bottom=0.13, top=0.99, hspace=0.05)
    last = age - silence
    line.plot(np.linspace(0, last, repeats + 1), [0] * (repeats + 1), "o", color=INK, markersize=8)
    line.plot([0, age], [0, 0], color=INK, linewidth=1, alpha=0.5, zorder=1)
    line.plot([last, age], [0, 0], color=COLORS["red"], linewidth=5, alpha=0.6, zorder=1)
    line.set(ylim=(-1, 1.4), yticks=[])
    line.spines[["left", "bottom"]].set_visible(False)
    line.tick_params(bottom=False)
    line.grid(False)
    line.text(0, 0.75, "orders", fontsize=FONT_SIZE - 0.5)
    if silence:
        line.text(age, 0.75, f"{silence:g} weeks of silence", color=COLORS["red"], ha="right")

    # The life so far ended at `last`; from there on each further week says a little more.
    watched = np.linspace(last, age, 60) if silence else np.array([age])
    for (name, model), color, style in zip(models.items(), ("blue", "red"), LINES, strict=False):
        many = np.ones_like(watched)
        p = model.probability_alive(repeats * many, last * many, np.maximum(watched, 1e-9))
        ax.plot(watched, p, color=COLORS[color], linestyle=style)
        ax.plot(age, p[-1], "o", color=COLORS[color], markersize=8, clip_on=False)
        ax.plot([], [], "o", color=COLORS[color], linestyle=style, label=f"{name}: {p[-1]:.2f}")
    ax.set(
        xlim=(-2, age + 2), ylim=(0, 1.05), xlabel="Week since the first order", ylabel="P(alive)"
    )
    ax.legend(loc="lower left", title="P(alive) today", title_fontsize=FONT_SIZE - 0.5)
    return fig


def alive_sentence(
    models: Mapping[str, Any], repeats: int, silence: float, age: float = 104
) -> str:
    """Say in numbers what `alive` shows.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(
    ...     probability_alive=lambda x, t_x, T: 0.5, expected_purchases=lambda t, x, t_x, T: 1.2)
    >>> alive_sentence({"BG/NBD": model}, repeats=3, silence=20)
    '3 repeat orders, then 20 weeks of silence. BG/NBD: P(alive) 0.50, 1.2 orders expected in the \
next 52 weeks.'
    """
    silence = age if repeats == 0 else silence
    history = float(repeats), float(age - silence), float(age)
    orders = f"{repeats} repeat order{'' if repeats == 1 else 's'}"
    past = (
        f"{orders}, then {silence:g} weeks of silence."
        if repeats
        else f"One order {age:g} weeks ago and none since."
    )
    said = [
        f"{name}: P(alive) {model.probability_alive(*history):.2f}, "
        f"{model.expected_purchases(52.0, *history):.1f} orders expected in the next 52 weeks."
        for name, model in models.items()
    ]
    return " ".join([past, *said])


def spend_checks(rfm: pd.DataFrame, model: Any) -> Figure:
    """Draw mean spend by frequency, and how far the model believes a customer's own mean.

    Parameters
    ----------
    rfm : DataFrame
        Columns `frequency` and `monetary_value`, repeat customers only.
    model : GammaGamma
        Fitted to them, with `expected_spend(frequency, monetary_value)`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rfm = pd.DataFrame({"frequency": [1, 1, 2, 9], "monetary_value": [50, 70, 60, 65]})
    >>> believer = SimpleNamespace(expected_spend=lambda x, z: z)
    >>> len(spend_checks(rfm, believer).axes)
    2
    """
    frame("rfm", rfm, ["frequency", "monetary_value"])
    fig, (ax, shrink) = new_figure(ncols=2, height=3.4)
    edges, names = [0, 1, 2, 3, 5, 8, 13, np.inf], ["1", "2", "3", "4–5", "6–8", "9–13", "14+"]
    group = pd.cut(rfm["frequency"], edges, labels=names)
    spend = rfm["monetary_value"].groupby(group, observed=True)
    boxes = pd.DataFrame({q: spend.quantile(q) for q in (0.25, 0.5, 0.75)})
    places = np.arange(len(boxes))
    ax.vlines(places, boxes[0.25], boxes[0.75], color=COLORS["blue"], linewidth=6, alpha=0.35)
    ax.plot(places, boxes[0.5], "o", color=COLORS["blue"], markersize=6)
    ax.set_xticks(places, boxes.index)
    ax.set(xlabel="Repeat orders", ylabel="Mean spend (€ per order)", ylim=(0, None))
    ax.set_title("Spend does not follow frequency")
    _note(ax, (0.04, 0.06), "dot: median\nbar: middle half", color=INK)

    own = np.linspace(10, 200, 60)
    shrink.plot(own, own, color=INK, alpha=0.4, linewidth=1, linestyle=LINES[2])
    for repeats, color, style in zip((1, 3, 15), ("orange", "green", "blue"), LINES, strict=True):
        expected = model.expected_spend(np.full(own.size, repeats), own)
        shrink.plot(own, expected, color=COLORS[color], linestyle=style, label=f"{repeats}")
    shrink.legend(title="Repeat orders", loc="upper left", title_fontsize=FONT_SIZE - 0.5)
    shrink.set(xlabel="Own mean so far (€ per order)", ylabel="Expected (€ per order)")
    shrink.set_title("One order is a weak witness")
    return fig


def return_on_customer_chart(table: pd.DataFrame) -> Figure:
    """Draw cash and the change in customer equity, and the return that they make, row by row.

    Parameters
    ----------
    table : DataFrame, indexed by what a row is about (a year, a group of customers)
        Columns `cash`, `change` (euros) and `roc` (share of the equity at the start).

    Examples
    --------
    >>> table = pd.DataFrame({"cash": [3e5], "change": [2e5], "roc": [0.125]}, index=["2025"])
    >>> len(return_on_customer_chart(table).axes)
    1
    """
    frame("table", table, ["cash", "change", "roc"])
    fig, ax = new_figure(height=3.5)
    places = np.arange(len(table))
    for name, shift, color, words in (
        ("cash", -0.19, "blue", "cash from customers"),
        ("change", 0.19, "orange", "change in customer equity"),
    ):
        thousand = table[name] / 1000
        ax.bar(places + shift, thousand, width=0.34, color=COLORS[color], label=words)
        for place, value in zip(places, thousand, strict=True):
            ax.annotate(
                f"{value:+,.0f}".replace("-", "−"),
                (place + shift, value),
                (0, 4 if value >= 0 else -4),
                textcoords="offset points",
                ha="center",
                va="bottom" if value >= 0 else "top",
            )
    names = [
        f"{name}\nROC {roc:.0%}".replace("%", " %")
        for name, roc in zip(table.index, table["roc"], strict=True)
    ]
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_xticks(places, names)
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)
    ax.set(ylabel="€ thousand")
    ax.margins(y=0.15)
    ax.legend(loc="upper left")
    return fig


def worst_and_best(
    people: pd.DataFrame, truth: pd.DataFrame, signals: Mapping[str, str]
) -> pd.DataFrame:
    """Compare, for each signal, the third of customers in which it is worst and that in which it is best.

    Parameters
    ----------
    people : DataFrame, one row per customer
        A column for each signal, in which more is better.
    truth : DataFrame, same index
        `alive` (bool), `dropout_probability` (per repeat order), `lifetime_value` (€).
    signals : mapping of column to the name that the chart shows

    Returns
    -------
    DataFrame, indexed by the signals' names
        `value_worst`, `value_best`: mean true lifetime value; `gone_worst`, `gone_best`: shares
        who have left; `leave_worst`, `leave_best`: mean dropout
        probability of those who haven't.

    Examples
    --------
    >>> people = pd.DataFrame({"trust": [1.0, 2.0, 3.0]})
    >>> truth = pd.DataFrame({"alive": [False, True, True], "dropout_probability": [0.3, 0.2, 0.1],
    ...                       "lifetime_value": [0.0, 40.0, 90.0]})
    >>> worst_and_best(people, truth, {"trust": "Trust"})[["gone_worst", "gone_best"]]
           gone_worst  gone_best
    Trust         1.0        0.0
    """
    frame("people", people, signals)
    frame("truth", truth, ["alive", "dropout_probability", "lifetime_value"])
    rows = {}
    for column, name in signals.items():
        rank = people[column].rank(method="first", pct=True)
        worst, best = truth[rank <= 1 / 3], truth[rank > 2 / 3]
        rows[name] = {
            f"{outcome}_{which}": value
            for which, third in (("worst", worst), ("best", best))
            for outcome, value in (
                ("value", third["lifetime_value"].mean()),
                ("gone", 1 - third["alive"].mean()),
                ("leave", third["dropout_probability"][third["alive"]].mean()),
            )
        }
    return pd.DataFrame(rows).T


def signals(table: pd.DataFrame) -> Figure:
    """Draw what an early signal tells: who has left, and who is about to leave.

    Parameters
    ----------
    table : DataFrame, indexed by the name of the signal
        Shares of the third of customers whose signal looks worst and best: `gone_worst`,
        `gone_best` (left already) and `leave_worst`, `leave_best` (of those still there: chance of
        leaving after the next order).

    Examples
    --------
    >>> row = {"gone_worst": 0.7, "gone_best": 0.1, "leave_worst": 0.08, "leave_best": 0.04}
    >>> len(signals(pd.DataFrame([row], index=["NPS"])).axes)
    2
    """
    frame("table", table, ["gone_worst", "gone_best", "leave_worst", "leave_best"])
    fig, (left, right) = new_figure(ncols=2, height=0.42 * len(table) + 1.7, sharey=True)
    places = np.arange(len(table))[::-1]
    for ax, outcome, digits in ((left, "gone", 0), (right, "leave", 1)):
        worst, best = table[f"{outcome}_worst"], table[f"{outcome}_best"]
        ax.hlines(places, worst, best, color=INK, alpha=0.35, linewidth=2)
        ax.plot(worst, places, "o", color=COLORS["red"], markersize=8)
        ax.plot(best, places, "D", color=COLORS["blue"], markersize=7)
        for place, bad, good in zip(places, worst, best, strict=True):
            sign = 1 if bad >= good else -1
            for value, side in ((bad, sign), (good, -sign)):
                ax.annotate(
                    f"{100 * value:.{digits}f}",
                    (value, place),
                    (9 * side, 0),
                    textcoords="offset points",
                    ha="left" if side > 0 else "right",
                    va="center",
                )
        ax.set(ylim=(-0.6, len(table) - 0.4))
        most = max(worst.max(), best.max())
        ax.set_xlim(-0.12 * most, 1.2 * most)
        ax.grid(axis="y", visible=False)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_formatter(PERCENT)
    left.set_yticks(places, table.index)
    left.set_title("Left already")
    left.set_xlabel("Share of customers")
    right.set_title("Will leave")
    right.set_xlabel("Of those still here: chance of\nleaving after the next order")
    for color, mark, words in (("red", "o", "worst third"), ("blue", "D", "best third")):
        left.plot([], [], mark, color=COLORS[color], label=f"signal in its {words}")
    fig.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=FONT_SIZE)
    return fig


def calibration(probability: Sequence[float], outcome: Sequence[bool], bins: int = 10) -> Figure:
    """Draw the share who are alive in each tenth of P(alive); the diagonal is perfect calibration.

    Parameters
    ----------
    probability : sequence of float
        P(alive) of each customer.
    outcome : sequence of bool
        Whether each of them is alive.
    bins : int
        Number of equal intervals.

    Examples
    --------
    >>> fig = calibration([0.1, 0.2, 0.9], [False, False, True])
    >>> len(fig.axes)
    1
    """
    p = vector("probability", probability, 0, 1)
    truth = vector("outcome", np.asarray(outcome, dtype=float), 0, 1)
    same_length(probability=p, outcome=truth)
    fig, ax = new_figure(height=4.2)
    ax.plot([0, 1], [0, 1], color=INK, alpha=0.4, linewidth=1, linestyle=LINES[2])
    group = np.minimum((p * bins).astype(int), bins - 1)
    for number_of in np.unique(group):
        rows = group == number_of
        share, n = truth[rows].mean(), int(rows.sum())
        reach = 1.96 * np.sqrt(max(share * (1 - share), 1e-9) / n)
        low, high = max(share - reach, 0), min(share + reach, 1)
        ax.plot([p[rows].mean()] * 2, [low, high], color=COLORS["blue"], alpha=0.5, linewidth=3)
        ax.plot(p[rows].mean(), share, "o", color=COLORS["blue"], markersize=6)
        ax.annotate(
            f"{n:,}",
            (p[rows].mean(), share),
            (8, -9),
            textcoords="offset points",
            fontsize=FONT_SIZE - 1.5,
        )
    ax.set(
        xlabel="P(alive), mean of the group",
        ylabel="Share truly alive",
        xlim=(0, 1.06),
        ylim=(0, 1.06),
    )
    ax.xaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_formatter(PERCENT)
    ax.text(
        0.04,
        0.94,
        "number: customers in the group\nbar: 95 % interval",
        va="top",
        transform=ax.transAxes,
        fontsize=FONT_SIZE - 0.5,
    )
    return fig


def estimate_and_truth(
    estimate: Sequence[float], truth: Sequence[float], most: int = 900
) -> Figure:
    """Draw each customer's estimated lifetime value against the true one, on logarithmic scales.

    Parameters
    ----------
    estimate, truth : sequence of float
        Euros per customer. Values below €1 are drawn at €1.
    most : int
        How many customers are drawn (every n-th), so that the page stays light.

    Examples
    --------
    >>> len(estimate_and_truth([50.0, 80.0], [0.0, 120.0]).axes)
    1
    """
    x, y = vector("estimate", estimate, 0), vector("truth", truth)
    same_length(estimate=x, truth=y)
    fig, ax = new_figure(height=4.8)
    step = max(1, -(-x.size // most))
    x, y = np.maximum(x[::step], 1), np.maximum(y[::step], 1)
    ax.plot([1, 4000], [1, 4000], color=INK, alpha=0.5, linewidth=1, label="estimate = truth")
    gone = y <= 1
    for rows, color, name in ((~gone, "blue", None), (gone, "red", "gone, or worth less than €1")):
        ax.plot(
            x[rows],
            y[rows],
            "o",
            color=COLORS[color],
            markersize=3,
            alpha=0.6,
            mew=0,
            label=name,
        )
    ax.set(xscale="log", yscale="log", xlim=(0.9, 4000), ylim=(0.8, 4000))
    ax.set(xlabel="Estimated lifetime value (€)", ylabel="True lifetime value (€)")
    ax.xaxis.set_major_formatter(EUROS)
    ax.yaxis.set_major_formatter(EUROS)
    ax.minorticks_off()
    ax.legend(loc="upper left", markerscale=2)
    return fig


# --- harvest or invest -------------------------------------------------------------------------

CUSTOMERS = 7500  # at the start; 92 % retention and 600 newcomers a quarter keep it there
NEWCOMERS = 600  # per quarter
COST_TO_WIN = 70.0  # € per newcomer
MARGIN = 14.0  # € per customer and quarter, before care
USUAL_CARE = 3.0  # € per customer and quarter
USUAL_RETENTION = 0.92  # per quarter, with the usual care
DISCOUNT = 1.10**0.25 - 1  # per quarter: 10 % a year


def harvest_or_invest(
    care: float, lost_without_care: float, changed: int = 4, quarters: int = 8
) -> pd.DataFrame:
    """Follow a retailer that changes for a year what it spends on care, then goes back.

    Customers at the start of a quarter bring margin less care; at its end a share of them stays
    and newcomers join. Retention hangs on care with diminishing returns: no care at all costs
    `lost_without_care`, twice the usual care wins a good third of that.

    Parameters
    ----------
    care : float
        Spending on care while the policy lasts, € per customer and quarter (usual: 3).
    lost_without_care : float
        Retention lost per quarter with no care at all, as a share (0.04 is four points).
    changed, quarters : int
        How many quarters the policy lasts; how many are followed.

    Returns
    -------
    DataFrame, indexed by quarter 0, 1 … (0 is the start)
        `customers`, `equity` (at the end of the quarter: present and future customers, with the
        usual care from then on, €), `profit` (€ per quarter) and `roc` (share per quarter).

    Raises
    ------
    ValueError
        If care is negative or `lost_without_care` is not between 0 and 0.5.

    Notes
    -----
    With N customers, margin m, care c, retention ρ(c), A newcomers at a each and discount rate d
    per quarter: π = N (m − c) − A a; a present customer is worth v = (m − c₀) / (1 + d − ρ₀) with
    the usual care c₀, those yet to come A (v − a) / d. Without any change ROC = d.

    Examples
    --------
    >>> harvest_or_invest(care=3, lost_without_care=0.04).round(4).iloc[1][["profit", "roc"]]
    profit    40500.0000
    roc           0.0241
    Name: 1, dtype: float64
    """
    number("care", care, 0)
    number("lost_without_care", lost_without_care, 0, 0.5)
    diminishing = np.expm1(1 - care / USUAL_CARE) / np.expm1(1)
    retention = USUAL_RETENTION - lost_without_care * diminishing
    value = margin_multiple(USUAL_RETENTION, DISCOUNT, "assured") * (MARGIN - USUAL_CARE)
    yet_to_come = NEWCOMERS * (value - COST_TO_WIN) / DISCOUNT
    rows = [{"customers": float(CUSTOMERS), "profit": np.nan}]
    for quarter in range(1, quarters + 1):
        here = rows[-1]["customers"]
        spent, stay = (care, retention) if quarter <= changed else (USUAL_CARE, USUAL_RETENTION)
        profit = here * (MARGIN - spent) - NEWCOMERS * COST_TO_WIN
        rows.append({"customers": here * stay + NEWCOMERS, "profit": profit})
    path = pd.DataFrame(rows).rename_axis("quarter")
    path["equity"] = path["customers"] * value + yet_to_come
    later = path.iloc[1:]
    path["roc"] = return_on_customer(
        later["profit"], path["equity"].shift().iloc[1:], later["equity"]
    )
    return path


def value_created(path: pd.DataFrame) -> float:
    """What a path is worth today beyond the equity at its start, € (0 for the usual care).

    Examples
    --------
    >>> abs(value_created(harvest_or_invest(care=3, lost_without_care=0.04))) < 0.01
    True
    """
    worth = path["profit"].fillna(0).copy()
    worth.iloc[-1] += path["equity"].iloc[-1]
    return float((worth / (1 + DISCOUNT) ** path.index).sum() - path["equity"].iloc[0])


def harvest_chart(care: float, lost_without_care: float) -> Figure:
    """Draw profit and customer equity, quarter by quarter, beside the usual care.

    Parameters
    ----------
    care, lost_without_care : float
        See `harvest_or_invest`.

    Examples
    --------
    >>> len(harvest_chart(0, 0.04).axes)
    2
    """
    path = harvest_or_invest(care, lost_without_care)
    usual = harvest_or_invest(USUAL_CARE, lost_without_care)
    fig, (cash, equity) = new_figure(ncols=2, height=3.5)
    _fixed(fig, bottom=0.15, top=0.90, wspace=0.2)
    for ax, name, color, unit, limits in (
        (cash, "profit", "blue", 1e3, (0, 72)),
        (equity, "equity", "orange", 1e6, (1.4, 1.85)),
    ):
        ax.axvspan(0.5, 4.5, color=INK, alpha=0.06, linewidth=0)
        before = usual[name] / unit
        ax.plot(before.index, before, color=INK, alpha=0.5, linewidth=1.2, linestyle=LINES[1])
        if name == "profit":
            ax.bar(path.index[1:], path[name].iloc[1:] / unit, color=COLORS[color], width=0.7)
        else:
            ax.plot(path.index, path[name] / unit, "o-", color=COLORS[color], markersize=5)
        ax.set(xlim=(-0.5, 8.6), ylim=limits, xticks=range(1, 9), xlabel="Quarter")
    cash.set_title("Profit (€ thousand per quarter)")
    equity.set_title("Customer equity (€ million)")
    _note(cash, (0.08, 0.965), "policy lasts", color=INK, va="top")
    _note(equity, (0.97, 0.04), "dashed: usual care", color=INK, ha="right")
    return fig


def harvest_sentence(care: float, lost_without_care: float) -> str:
    """Say in numbers what `harvest_chart` shows.

    Examples
    --------
    >>> harvest_sentence(3, 0.04)
    'This is the usual care: €162 thousand of profit in the first year, equity steady at €1.68 million, ROC 2.4 % in every quarter, which is the discount rate.'
    """
    path = harvest_or_invest(care, lost_without_care)
    year = path["profit"].iloc[1:5].sum()
    if care == USUAL_CARE:
        return (
            f"This is the usual care: €{year / 1e3:,.0f} thousand of profit in the first year, equity "
            f"steady at €{path['equity'].iloc[0] / 1e6:.2f} million, ROC {path['roc'].iloc[1]:.1%} "
            "in every quarter, which is the discount rate."
        ).replace("%", " %")
    usual = harvest_or_invest(USUAL_CARE, lost_without_care)
    more = year - usual["profit"].iloc[1:5].sum()
    change = path["equity"].iloc[4] - path["equity"].iloc[0]
    created = value_created(path)
    return (
        f"Profit of the first year: {_signed(more)} against the usual care. Customer equity at the end "
        f"of that year: {_signed(change)}. ROC in quarter 1: {path['roc'].iloc[1]:.1%}. "
        f"All in all the policy {'creates' if created > 0 else 'destroys'} "
        f"€{abs(created) / 1e3:,.0f} thousand."
    ).replace("%", " %")


def _signed(euros: float) -> str:
    return f"{'+' if euros >= 0 else '−'}€{abs(euros) / 1e3:,.0f} thousand"


def _fixed(fig: Figure, **margins: float) -> None:
    """Set the axes of an explorer in place: they must not jump, and fitting each frame costs time."""
    fig.set_layout_engine(None)
    fig.subplots_adjust(**{"left": 0.08, "right": 0.985, **margins})


def _note(ax: Any, at: tuple[float, float], words: str, **style: Any) -> None:
    """A few words inside the axes, instead of a legend."""
    ax.text(*at, words, transform=ax.transAxes, fontsize=FONT_SIZE, **style)
