"""Charts of what customers are worth: for chapter 6, and wherever value is told apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cxedu.figures.style import COLORS, FONT_SIZE, INK, new_figure
from cxedu.validate import frame, number, same_length, vector, whole
from cxedu.value import decile_table, gini, lorenz, tail_fits, whale_curve

#: One colour for each kind of customer, the same in every chart.
TIER_COLORS = {
    "most valuable": COLORS["blue"],
    "super-growth": COLORS["purple"],
    "most growable": COLORS["orange"],
    "low-maintenance": COLORS["grey"],
    "below zero": COLORS["red"],
}
#: And one marker, so that nobody needs the colours.
TIER_MARKERS = {
    "most valuable": "s",
    "super-growth": "*",
    "most growable": "^",
    "low-maintenance": "o",
    "below zero": "v",
}


def _euros(ax: Axes, axis: str = "y") -> None:
    """Thousands with a thin space, as in €1 200."""
    getattr(ax, f"{axis}axis").set_major_formatter(lambda x, _: f"{x:,.0f}".replace(",", "\u2009"))


def _percent(ax: Axes, axis: str = "y") -> None:
    getattr(ax, f"{axis}axis").set_major_formatter(lambda x, _: f"{100 * x:.0f} %")


def _lines(
    ax: Axes,
    lines: Sequence[str],
    at: tuple[float, float],
    shift: tuple[float, float],
    align: str,
    color: str = INK,
) -> None:
    """Lines of text above a point, each aligned by the browser, whose font is not matplotlib's."""
    for i, line in enumerate(reversed(lines)):
        ax.annotate(
            line,
            at,
            xytext=(shift[0], shift[1] + i * 1.25 * FONT_SIZE),
            textcoords="offset points",
            ha=align,
            va="bottom",
            color=color,
            fontsize=FONT_SIZE - 0.5 if color == INK else FONT_SIZE,
            fontweight="normal" if color == INK else "bold",
        )


def two_futures(
    transactions: pd.DataFrame,
    truth: pd.DataFrame,
    names: Mapping[int, str],
    today: Any,
    years: int = 5,
) -> Figure:
    """Margin so far, and margin to be expected, of customers with the same past.

    Parameters
    ----------
    transactions : DataFrame
        Orders: customer_id, date, margin (€).
    truth : DataFrame
        `World.truth.customers`.
    names : mapping of customer_id to name
        Who is drawn, at most four.
    today : date
        Where the past ends.
    years : int
        How far the future is drawn.

    Returns
    -------
    Figure
        Steps for the past; for the future m (1 − exp(−λ p t)) / p, the expected margin of a
        living customer with known order rate λ and dropout p (Fader, Hardie & Lee 2005).

    Examples
    --------
    >>> from cxedu import World
    >>> world = World(seed=1, n_customers=50)
    >>> names = {1: "Elif", 2: "Martin"}
    >>> fig = two_futures(world.transactions, world.truth.customers, names, world.today)
    """
    frame("transactions", transactions, ["customer_id", "date", "margin"])
    who = frame("truth", truth, ["customer_id", "purchase_rate", "alive"]).set_index("customer_id")
    weeks = np.linspace(0, whole("years", years, 1) * 52, 61)
    now = pd.Timestamp(today)
    ahead = now + pd.to_timedelta(weeks * 7, unit="D")
    fig, ax = new_figure(height=3.8)
    for (customer, name), color in zip(
        names.items(), ("blue", "orange", "green", "purple"), strict=False
    ):
        past = transactions[transactions["customer_id"] == customer].sort_values("date")
        total = past["margin"].sum()
        days = pd.concat([past["date"].iloc[:1], past["date"], pd.Series([now])])
        ax.step(days, [0.0, *past["margin"].cumsum(), total], where="post", color=COLORS[color])
        one = who.loc[customer]
        margin, p = one["spend_mean"] * one["margin_rate"], one["dropout_probability"]
        to_come = margin * one["alive"] * -np.expm1(-one["purchase_rate"] * p * weeks) / p
        ax.plot(ahead, total + to_come, color=COLORS[color], linestyle=(0, (4, 2)))
        ax.annotate(
            name,
            (ahead[-1], total + to_come[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=COLORS[color],
            fontsize=FONT_SIZE,
            fontweight="bold",
        )
    ax.axvline(now, color=INK, alpha=0.5, linewidth=0.8)
    top = ax.get_ylim()[1] * 1.06
    for text, shift, side in (("so far", -7, "right"), ("to be expected", 7, "left")):
        ax.annotate(
            text,
            (now, top),
            xytext=(shift, -2),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=FONT_SIZE,
            color=INK,
        )
    ax.set_ylim(top=top)
    ax.set_xlim(right=ahead[-1] + pd.Timedelta(weeks=40))
    ax.set_ylabel("Contribution margin, cumulated (€)")
    _euros(ax)
    return fig


def lifetime_bars(
    margin: float, retention: float, discount: float, years: int = 15, top: float | None = None
) -> Figure:
    """Lifetime value year by year: the margin promised, what chance leaves of it, what waiting leaves.

    Parameters
    ----------
    margin : float
        Contribution margin (€ per year), first due in one year if the customer stays.
    retention, discount : float
        Per year.
    years : int
        Bars drawn.
    top : float, optional
        Upper end of the axis (€), so that frames can be compared.

    Examples
    --------
    >>> fig = lifetime_bars(100, 0.8, 0.12)
    """
    number("margin", margin)
    number("retention", retention, 0, 1)
    number("discount", discount, -1, low_open=True)
    t = np.arange(1, whole("years", years, 1) + 1)
    expected = margin * retention**t
    present = expected / (1 + discount) ** t
    fig, ax = new_figure(height=3.7)
    ceiling = (top or margin) * 1.28
    ax.bar(t, expected, width=0.72, color="none", edgecolor=COLORS["grey"], linewidth=1.0)
    ax.bar(t, present, width=0.72, color=COLORS["blue"])
    ax.axhline(margin, color=INK, alpha=0.6, linewidth=1, linestyle=(0, (2, 2)))
    right = years + 0.7
    ax.annotate(
        f"€{margin:g} in each year in which she stays",
        (right, margin),
        xytext=(-2, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=FONT_SIZE - 0.5,
        color=INK,
    )
    value, soon = present.sum(), present[:3].sum()
    if retention < 1 + discount:
        value = margin * retention / (1 + discount - retention)
    for text, height, size, color, weight in (
        (f"lifetime value €{value:,.0f}", 0.985, FONT_SIZE + 2.5, COLORS["blue"], "bold"),
        (f"€{soon:,.0f} of it in the first three years", 0.9, FONT_SIZE, INK, "normal"),
    ):
        ax.text(
            0.99,
            height,
            text,
            transform=ax.transAxes,
            ha="right",
            va="top",
            fontsize=size,
            color=color,
            fontweight=weight,
        )
    ax.set_ylim(0, ceiling)
    ax.set_xlim(0.3, right)
    ax.set_xticks([1, *range(3, years + 1, 2)])
    ax.set_xlabel("Years from now")
    ax.set_ylabel("€ per year")
    return fig


def wallets(with_us: Any, with_rivals: Any) -> Figure:
    """Spend with us against spend with rivals, with rays of equal share of customer.

    Both axes are stretched near zero (square roots), because wallets are so unequal; a ray stays
    straight.

    Parameters
    ----------
    with_us, with_rivals : array-like of float, shape (n,)
        € per year.

    Examples
    --------
    >>> fig = wallets([300, 200], [100, 800])
    """
    us, rivals = vector("with_us", with_us, 0), vector("with_rivals", with_rivals, 0)
    same_length(with_us=us, with_rivals=rivals)
    fig, ax = new_figure(height=4.3)
    ax.set_xscale("function", functions=(_root, _square))
    ax.set_yscale("function", functions=(_root, _square))
    x_top, y_top = us.max() * 1.08, rivals.max() * 1.08
    ax.scatter(us, rivals, s=14, color=COLORS["blue"], alpha=0.55, linewidths=0)
    for share in (0.1, 0.25, 0.5, 0.75):
        x = min(x_top, y_top * share / (1 - share))
        end = (x, x * (1 - share) / share)
        ax.plot([0, x], [0, end[1]], color=INK, alpha=0.45, linewidth=0.9)
        at_top = x < x_top
        ax.annotate(
            f"share {100 * share:.0f} %",
            end,
            xytext=(0, 3) if at_top else (4, 0),
            textcoords="offset points",
            ha="center" if at_top else "left",
            va="bottom" if at_top else "center",
            fontsize=FONT_SIZE - 0.5,
            color=INK,
        )
    ax.set_xlim(0, x_top)
    ax.set_ylim(0, y_top)
    ticks = (0, 20, 100, 250, 500, 1000, 2000, 4000, 6000)
    ax.set_xticks([tick for tick in ticks if tick < x_top])
    ax.set_yticks([tick for tick in ticks if tick < y_top])
    ax.set_xlabel("Spend with Meridian (€ per year)")
    ax.set_ylabel("Spend with rivals (€ per year)")
    ax.grid(visible=False)
    _euros(ax, "x")
    _euros(ax)
    return fig


def value_matrix(
    actual: Any,
    unrealised: Any,
    tiers: Sequence[str],
    cut_actual: float,
    cut_unrealised: float,
) -> Figure:
    """The value matrix: actual value across, unrealised value up, one marker for each customer.

    Both axes are stretched near zero (square roots), because values are so unequal.

    Parameters
    ----------
    actual, unrealised : array-like of float, shape (n,)
        € of lifetime value; unrealised value is never negative.
    tiers : sequence of str, length n
        Kind of each customer, from `cxedu.value.value_tiers`.
    cut_actual, cut_unrealised : float
        Where the lines are drawn (€).

    Examples
    --------
    >>> fig = value_matrix([500, 20], [30, 400], ["most valuable", "most growable"], 200, 200)
    """
    x, y = vector("actual", actual), vector("unrealised", unrealised, 0)
    kinds = np.asarray([str(kind) for kind in tiers])
    same_length(actual=x, unrealised=y, tiers=kinds)
    left, right, top = min(x.min(), 0.0) * 1.1, x.max() * 1.05, y.max() * 1.08
    fig, ax = new_figure(height=4.5)
    ax.set_xscale("function", functions=(_root, _square))
    ax.set_yscale("function", functions=(_root, _square))
    for kind, color in TIER_COLORS.items():
        here, size = kinds == kind, 42 if kind == "super-growth" else 15
        ax.scatter(
            x[here],
            y[here],
            s=size,
            color=color,
            marker=TIER_MARKERS[kind],
            linewidths=0,
            alpha=0.8,
        )
    ax.axvline(cut_actual, color=INK, linewidth=1, alpha=0.7)
    ax.axhline(cut_unrealised, color=INK, linewidth=1, alpha=0.7)
    counts = {kind: int(np.sum(kinds == kind)) for kind in TIER_COLORS}
    for kind, across, up in (
        ("most growable", 0.0, 1.02),
        ("super-growth", 1.0, 1.02),
        ("below zero", 0.0, -0.215),
        ("low-maintenance", 0.5, -0.215),
        ("most valuable", 1.0, -0.215),
    ):
        ax.text(
            across,
            up,
            f"{kind}: {counts[kind]}",
            transform=ax.transAxes,
            ha={0.0: "left", 0.5: "center", 1.0: "right"}[across],
            va="bottom",
            color=TIER_COLORS[kind],
            fontsize=FONT_SIZE,
            fontweight="bold",
        )
    ax.set_xlim(left, right)
    ax.set_ylim(0, top)
    ax.set_xticks([tick for tick in (-400, -100, -25, 0, 25, 100, 250, 500) if left < tick < right])
    ax.set_yticks([tick for tick in (0, 10, 50, 100, 200, 300, 400) if tick < top])
    ax.grid(visible=False)
    ax.set_xlabel("Actual value (€)")
    ax.set_ylabel("Unrealised value (€)")
    _euros(ax, "x")
    _euros(ax)
    return fig


def _root(x: Any) -> Any:
    return np.sign(x) * np.sqrt(np.abs(x))


def _square(x: Any) -> Any:
    return np.sign(x) * np.square(x)


def deciles_and_lorenz(values: Any) -> Figure:
    """Share of each tenth of the customers, and the Lorenz curve.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        What each customer brought (€), not negative.

    Examples
    --------
    >>> fig = deciles_and_lorenz([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    """
    shares = decile_table(values)["share"].to_numpy()
    curve = lorenz(values)
    people, held = curve["share_of_customers"], curve["share_of_value"]
    fig, (left, right) = new_figure(height=3.7, ncols=2)
    left.bar(range(1, 11), shares, width=0.78, color=[COLORS["blue"]] * 2 + [COLORS["sky"]] * 8)
    for place, share in enumerate(shares, 1):
        if share >= 0.005:
            _lines(left, [f"{100 * share:.0f}"], (place, share), (0, 3), "center")
    left.set_xticks(range(1, 11))
    left.set_xlabel("Tenth of the customers, best first")
    left.set_ylabel("Share of revenue (%)")
    left.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}")
    right.plot(people, held, color=COLORS["blue"])
    right.plot([0, 1], [0, 1], color=INK, linewidth=0.9, alpha=0.6)
    right.fill_between(people, held, people, color=COLORS["blue"], alpha=0.12, linewidth=0)
    at = float(np.interp(0.8, people, held))
    right.plot([0.8], [at], "o", color=COLORS["blue"], markersize=5)
    words = ["80 % of", "customers", f"bring {100 * at:.0f} %"]
    _lines(right, words, (0.8, at), (-9, 2), "right")
    right.text(0.06, 0.9, f"Gini {gini(values):.2f}", transform=right.transAxes,
               color=COLORS["blue"], fontsize=FONT_SIZE + 1.5, fontweight="bold")  # fmt: skip
    right.set_xlabel("Share of customers, smallest first")
    right.set_ylabel("Share of revenue")
    _percent(right, "x")
    _percent(right)
    right.set_xlim(0, 1)
    right.set_ylim(0, 1.01)
    return fig


def whale(profit: Any, floor: float = 0.0) -> Figure:
    """Whale curve: cumulative profit, the most profitable customers first.

    Parameters
    ----------
    profit : array-like of float, shape (n,)
        € per customer; may be negative.
    floor : float
        Lower end of the axis, as a share of the total.

    Examples
    --------
    >>> fig = whale([50, -40, 90, 0])
    """
    curve = whale_curve(profit)
    people, share = curve["share_of_customers"].to_numpy(), curve["share_of_profit"].to_numpy()
    gains, loses = float(np.mean(curve["profit"][1:] > 0)), float(np.mean(curve["profit"][1:] < 0))
    fig, ax = new_figure(height=3.8)
    ax.axhline(1, color=INK, linewidth=0.9, alpha=0.6)
    ax.plot(people, share, color=COLORS["grey"])
    for chosen, color in ((people <= gains, "blue"), (people >= 1 - loses, "red")):
        ax.plot(people[chosen], share[chosen], color=COLORS[color], linewidth=2.6)
    top = float(share.max())
    ax.fill_between(
        people, share, 1, where=share > 1, color=COLORS["blue"], alpha=0.12, linewidth=0
    )
    earners = [f"{100 * gains:.0f} % of customers", f"earn {100 * top:.0f} %"]
    _lines(ax, earners, (gains / 2, top * 0.6), (0, 0), "left", COLORS["blue"])
    losers = [f"{100 * loses:.0f} % lose", f"{100 * (top - 1):.0f} %"]
    _lines(ax, losers, (1 - loses / 2, 0.83), (0, 0), "center", COLORS["red"])
    ax.set_xlim(0, 1)
    ax.set_ylim(floor, top * 1.06)
    ax.set_xlabel("Share of customers, most profitable first")
    ax.set_ylabel("Share of the year’s profit, cumulated")
    _percent(ax, "x")
    _percent(ax)
    return fig


def tails(values: Any, minimum: float) -> Figure:
    """Share of customers who bring more than x, on double-logarithmic axes, with two fitted tails.

    Parameters
    ----------
    values : array-like of float, shape (n,)
        What each customer brought (€); zeros are left out.
    minimum : float
        Where the tail starts (€): a power law and an exponential are fitted to what lies above.

    Examples
    --------
    >>> fig = tails(np.random.default_rng(1).exponential(50, 500), 40)
    """
    v = np.sort(vector("values", values))[::-1]
    v = v[v > 0]
    fits = tail_fits(v, minimum)["parameter"]
    fig, ax = new_figure(height=4.0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ranks = np.arange(1, v.size + 1)
    thin = np.unique(np.concatenate([np.arange(60), np.geomspace(60, v.size, 80)]).astype(int))
    thin = thin[thin < v.size]
    ax.plot(v[thin], ranks[thin] / v.size, "o", color=COLORS["blue"], markersize=3.6, alpha=0.8)
    above = float(np.mean(v >= minimum))
    x = np.geomspace(minimum, v[0] * 2.2, 120)
    power = above * (minimum / x) ** fits["power law"]
    thinner = above * np.exp(-fits["exponential"] * (x - minimum))
    ax.plot(x, power, color=COLORS["orange"])
    ax.plot(x, thinner, color=COLORS["green"], linestyle=(0, (4, 2)))
    low, high = 0.45 / v.size, 1.6
    for text, y, color, where in (
        (f"power law, α = {fits['power law']:.2f}", power, "orange", 0.62),
        ("exponential", thinner, "green", 0.0),
    ):
        at = int(where * (x.size - 1)) if where else int(np.argmax(y < 3.2 * low)) - 1
        shift, side = ((6, 2), "left") if where else ((-7, 0), "right")
        ax.annotate(text, (x[at], y[at]), xytext=shift, textcoords="offset points", ha=side,
                    va="bottom", color=COLORS[color], fontsize=FONT_SIZE,
                    fontweight="bold")  # fmt: skip
    ax.axvline(minimum, color=INK, alpha=0.4, linewidth=0.8)
    ax.set_xlim(max(v[-1], minimum / 40), x[-1])
    ax.set_ylim(low, high)
    ax.set_xlabel("Revenue x (€ per year)")
    ax.set_ylabel("Share of buyers with more than x")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\u2009"))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.minorticks_off()
    return fig


def captured(found: Mapping[str, int], size: int, chance: float, best: str = "") -> Figure:
    """How many of those who matter each list finds, beside what chance would find.

    Parameters
    ----------
    found : mapping of list to number
        How many of the truly best customers stand on each list, drawn in this order.
    size : int
        How many truly best customers there are.
    chance : float
        How many a list drawn by lot would find.
    best : str
        Which list is drawn in blue.

    Examples
    --------
    >>> fig = captured({"past margin": 100, "simple forecast": 120}, 200, 20, "simple forecast")
    """
    number("chance", chance, 0, whole("size", size, 1))
    numbers = vector("found", list(found.values()), 0, size)
    fig, ax = new_figure(height=0.62 + 0.52 * len(found))
    places = np.arange(len(found))[::-1]
    colors = [COLORS["blue"] if name == best else COLORS["sky"] for name in found]
    ax.barh(places, numbers, height=0.62, color=colors)
    for place, count in zip(places, numbers, strict=True):
        ax.annotate(
            f"{count:.0f}",
            (count, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=FONT_SIZE,
            color=INK,
        )
    ax.axvline(chance, color=COLORS["red"], linewidth=1.4, linestyle=(0, (3, 2)))
    ax.annotate(
        "drawn by lot",
        (chance, len(found) - 0.52),
        xytext=(4, 0),
        textcoords="offset points",
        va="bottom",
        color=COLORS["red"],
        fontsize=FONT_SIZE - 0.5,
    )
    ax.set_yticks(places, list(found))
    ax.tick_params(axis="y", length=0, labelsize=FONT_SIZE)
    ax.grid(visible=False)
    ax.set_xlim(0, size)
    ax.set_ylim(-0.5, len(found) - 0.1)
    ax.set_xlabel(f"Of the {size} truly most valuable customers, on the list")
    ax.set_ylabel(" ")  # room for the larger letters of narrow screens
    return fig
