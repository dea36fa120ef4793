"""Charts of chapter 4: the IDIC audit, the trust equation and its survey, breach and recovery."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binomtest

from cxedu.figures.style import COLORS, INK, PAPER, new_figure
from cxedu.trust import TERMS, TrustDynamics
from cxedu.validate import frame, number, same_length, vector, whole

TERM_COLORS = dict(zip(TERMS, ("blue", "sky", "green", "red"), strict=True))
QUARTERS = ("lowest", "second", "third", "highest")


def _percent(share: float, digits: int = 0) -> str:
    """A share as the text writes it, 0.25 as 25 % (the gap does not break)."""
    return f"{100 * share:.{digits}f}\u00a0%"


def _fix(fig: Figure, **margins: float) -> None:
    """Set the margins by hand: an explorer's frames must not shift, and draw faster so."""
    fig.set_layout_engine(None)
    fig.subplots_adjust(**margins)


def _bare(ax: Axes, axis: str = "y") -> None:
    """Leave only the axis that is read: no rule, no line, no ticks on the other."""
    ax.grid(False)
    ax.spines["left" if axis == "y" else "bottom"].set_visible(False)
    ax.tick_params(axis=axis, length=0)  # type: ignore[arg-type]


def idic_audit(audit: pd.DataFrame) -> Figure:
    """Bars of an IDIC audit: each task alone (outline) and with all tasks before it (filled).

    Parameters
    ----------
    audit : DataFrame
        One row a task, in order; columns `alone` and `with all before`, shares from 0 to 1.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a column is missing or a share lies outside 0 to 1.

    Examples
    --------
    >>> shares = {"alone": [0.8, 0.5], "with all before": [0.8, 0.4]}
    >>> fig = idic_audit(pd.DataFrame(shares, index=["identify", "differentiate"]))
    """
    frame("audit", audit, ["alone", "with all before"])
    alone = vector("audit['alone']", audit["alone"], 0, 1)
    nested = vector("audit['with all before']", audit["with all before"], 0, 1)
    fig, ax = new_figure(height=0.66 * len(audit) + 0.7)
    rows = np.arange(len(audit))
    ax.barh(rows, alone, height=0.5, facecolor="none", edgecolor=COLORS["blue"], linewidth=1.1)
    ax.barh(rows, nested, height=0.5, color=COLORS["blue"])
    for row, (single, both) in enumerate(zip(alone, nested, strict=True)):
        inside = both > 0.12
        ax.annotate(
            _percent(both),
            (both, row),
            (-5 if inside else 5, 0),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            color=PAPER if inside else INK,
            fontweight="bold",
        )
        if single - both > 0.04:
            ax.annotate(
                f"{_percent(single)} alone",
                (single, row),
                (5, 0),
                textcoords="offset points",
                va="center",
                color=COLORS["blue"],
            )
    for row, name in enumerate(audit.index):
        ax.annotate(str(name), (0, row - 0.25), (0, 4), textcoords="offset points")
    ax.set_yticks([])
    ax.set_ylim(len(audit) - 0.6, -0.75)
    ax.set_xlim(0, 1.12)
    ax.set_xticks(np.arange(0, 1.01, 0.25), [_percent(x) for x in np.arange(0, 1.01, 0.25)])
    ax.set_xlabel("Share of the customers who ordered in the past year")
    _bare(ax)
    return fig


def trust_equation(
    credibility: float,
    reliability: float,
    intimacy: float,
    self_orientation: float,
    scores: Any = None,
) -> Figure:
    """The four terms of the trust equation as bars, and the score they make.

    Parameters
    ----------
    credibility, reliability, intimacy, self_orientation : float
        The terms, from 1 to 5.
    scores : array-like, optional
        Trust scores of real customers (0.6 to 15), drawn behind the score as a yardstick.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a term lies outside 1 to 5.

    Examples
    --------
    >>> fig = trust_equation(4, 4.5, 3.5, 2.5, scores=[2, 3, 5, 8])
    """
    terms = dict(zip(TERMS, (credibility, reliability, intimacy, self_orientation), strict=True))
    for name, value in terms.items():
        number(name, value, 1, 5)
    above = credibility + reliability + intimacy
    score = above / self_orientation
    fig, (top, bottom) = new_figure(height=4.0, nrows=2, height_ratios=[1, 1.1])
    _fix(fig, left=0.18, right=0.985, bottom=0.13, top=0.99, hspace=0.06)
    for row, (name, value) in enumerate(terms.items()):
        top.barh(row, value, height=0.66, color=COLORS[TERM_COLORS[name]])
        top.text(value + 0.08, row, f"{value:g}", va="center")
    top.axhline(2.5, color=INK, linewidth=1.2)  # the line of the fraction
    top.text(7, 1, f"together {above:g}", ha="right", va="center", fontweight="bold")
    top.text(7, 3, f"÷ {self_orientation:g}", ha="right", va="center", fontweight="bold")
    top.set(xlim=(0, 7), ylim=(3.5, -0.5), xticks=[])
    top.set_yticks(range(4), [name.replace("_", "-") for name in TERMS])
    top.spines["bottom"].set_visible(False)
    _bare(top)
    if scores is not None:
        values = vector("scores", scores, 0.6, 15)
        heights, edges = np.histogram(values, bins=np.arange(0, 15.1, 0.5))
        bottom.stairs(heights, edges, fill=True, color=COLORS["grey"], alpha=0.45)
        high = float(heights.max())
    else:
        high = 1.0
    bottom.axvline(score, color=COLORS["orange"], linewidth=3)
    bottom.annotate(
        f"{above:g} ÷ {self_orientation:g} = {score:.1f}",
        (score, high * 1.12),
        (6 if score < 11 else -6, 0),
        textcoords="offset points",
        ha="left" if score < 11 else "right",
        va="center",
        fontweight="bold",
    )
    bottom.set(xlim=(0, 15), ylim=(0, high * 1.25), yticks=[])
    bottom.set_xlabel(
        "Trust score" if scores is None else "Trust score (grey: who answered the survey)"
    )
    bottom.grid(False)
    bottom.spines["left"].set_visible(False)
    return fig


def trust_terms(scores: pd.Series, terms: pd.DataFrame) -> Figure:
    """Left, how trust scores are spread; right, the four terms of the lowest and the highest quarter.

    Parameters
    ----------
    scores : Series, n respondents
        Trust scores, 0.6 to 15.
    terms : DataFrame, n respondents
        The four terms, 1 to 5, with the index of `scores`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a term is missing or the lengths differ.

    Examples
    --------
    >>> answers = pd.DataFrame({name: [2.0, 3, 4, 3] for name in TERMS})
    >>> fig = trust_terms(pd.Series([3.0, 3, 3, 4]), answers)
    """
    frame("terms", terms, TERMS)
    same_length(scores=scores, terms=terms)
    values = vector("scores", scores, 0.6, 15)
    fig, (left, right) = new_figure(height=3.5, ncols=2, width_ratios=[1, 1.15])
    left.hist(values, bins=np.arange(0, 15.1, 0.5).tolist(), color=COLORS["grey"], alpha=0.6)
    middle = float(np.median(values))
    left.axvline(middle, color=INK, linewidth=1.2)
    high = left.get_ylim()[1]
    left.annotate(f"median {middle:.1f}", (middle, high * 0.95), (5, 0), textcoords="offset points")
    left.set(xlabel="Trust score", ylabel="Customers", xlim=(0, 15), title="The score")
    low, up = np.quantile(values, [0.25, 0.75])
    ends = terms.loc[values <= low, list(TERMS)].mean(), terms.loc[values >= up, list(TERMS)].mean()
    for row, name in enumerate(TERMS):
        a, b = ends[0][name], ends[1][name]
        color = COLORS[TERM_COLORS[name]]
        right.plot([a, b], [row, row], color=color, linewidth=2.5, zorder=2)
        right.plot(a, row, "o", markersize=9, markerfacecolor=PAPER, color=color, zorder=3)
        right.plot(b, row, "o", markersize=9, color=color, zorder=3)
        for x, left_side in ((min(a, b), True), (max(a, b), False)):
            right.annotate(
                f"{x:.1f}",
                (x, row),
                (-9 if left_side else 9, 0),
                textcoords="offset points",
                ha="right" if left_side else "left",
                va="center",
                fontsize=9,
            )
    for x, label in (
        (ends[0]["credibility"], "lowest\nquarter"),
        (ends[1]["credibility"], "highest\nquarter"),
    ):
        right.annotate(label, (x, 0), (0, 12), textcoords="offset points", ha="center", fontsize=9)
    right.set_yticks(range(4), [name.replace("_", "-") for name in TERMS])
    right.set(
        xlim=(1, 5), ylim=(3.5, -1.0), xlabel="Mean of the term, 1 to 5", title="Its four terms"
    )
    _bare(right)
    return fig


def alpha_comparison(alphas: pd.DataFrame) -> Figure:
    """Cronbach's alpha of several scales, before and after reverse-coded items were turned round.

    Parameters
    ----------
    alphas : DataFrame
        One row a scale; columns `as answered` and `turned round`, at most 1.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> fig = alpha_comparison(pd.DataFrame({"as answered": [-0.4], "turned round": [0.7]}, ["C"]))
    """
    frame("alphas", alphas, ["as answered", "turned round"])
    fig, ax = new_figure(height=0.48 * len(alphas) + 1.1)
    right = vector("alphas['turned round']", alphas["turned round"], high=1)
    wrong = vector("alphas['as answered']", alphas["as answered"], high=1)
    lowest = min(0.0, float(wrong.min()))
    ax.axvline(0, color=INK, linewidth=0.8, alpha=0.5)
    ax.axvspan(0.7, 1, color=COLORS["green"], alpha=0.12, linewidth=0)
    ax.text(1, -0.8, "above 0.7: usually called acceptable", ha="right", va="center", fontsize=9)
    for row, (a, b) in enumerate(zip(wrong, right, strict=True)):
        if abs(a - b) > 0.005:
            ax.plot([a, b], [row, row], color=COLORS["red"], linewidth=1.6)
            ax.plot(a, row, "o", markersize=9, markerfacecolor=PAPER, color=COLORS["red"])
            ax.annotate(
                f"{a:.2f} as answered".replace("-", "−"),
                (a, row),
                (-4, 10),
                textcoords="offset points",
                ha="left",
                va="center",
                fontsize=9,
                color=COLORS["red"],
            )
        ax.plot(b, row, "o", markersize=9, color=COLORS["blue"])
        ax.annotate(
            f"{b:.2f}", (b, row), (9, 0), textcoords="offset points", va="center", fontsize=9
        )
    ax.set_yticks(range(len(alphas)), [str(name) for name in alphas.index])
    ax.set(xlim=(lowest - 0.1, 1.0), ylim=(len(alphas) - 0.4, -1.1), xlabel="Cronbach's alpha")
    _bare(ax)
    return fig


def shares_by_quarter(scores: pd.Series, outcome: pd.Series) -> pd.DataFrame:
    """Share of customers for whom something is true, by quarter of their score.

    Parameters
    ----------
    scores : Series, indexed by customer
        What the customers are sorted by; the quarters are those of all scores.
    outcome : Series of bool, indexed by customer
        What is counted. Customers without a score or an outcome are left out.

    Returns
    -------
    DataFrame, index lowest … highest
        `share`, `low`, `high` (95 % Wilson interval) from 0 to 1, and `customers`.

    Raises
    ------
    ValueError
        If a quarter is empty.

    Examples
    --------
    >>> answers = pd.Series([True, False, True, True])
    >>> shares_by_quarter(pd.Series([1.0, 2, 3, 4]), answers)["share"].tolist()
    [1.0, 0.0, 1.0, 1.0]
    """
    quarter = pd.qcut(scores, 4, labels=list(QUARTERS)).reindex(outcome.index)
    rows = []
    for name in QUARTERS:
        yes = outcome[quarter == name]
        if yes.empty:
            raise ValueError(f"the {name} quarter is empty; it must have at least one customer.")
        test = binomtest(int(yes.sum()), len(yes))
        low, high = test.proportion_ci(method="wilson")
        rows.append((yes.mean(), low, high, len(yes)))
    return pd.DataFrame(rows, index=list(QUARTERS), columns=["share", "low", "high", "customers"])


def rate_by_quarter(
    rates: Mapping[str, pd.DataFrame], colors: Sequence[str] = ("blue", "red")
) -> Figure:
    """Shares with 95 % intervals by quarter of the trust score, one panel a question.

    Parameters
    ----------
    rates : mapping title → DataFrame
        Each with one row a quarter and columns `share`, `low`, `high` (0 to 1).
    colors : sequence of str
        A colour's name for each panel.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a column is missing or a share lies outside 0 to 1.

    Examples
    --------
    >>> table = pd.DataFrame({"share": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.5]}, ["a", "b"])
    >>> fig = rate_by_quarter({"Agreed to profiling": table})
    """
    fig, axes = new_figure(height=3.3, ncols=len(rates), sharey=True)
    top = min(1.0, 1.15 * max(float(table["high"].max()) for table in rates.values()))
    for ax, (title, table), color in zip(np.atleast_1d(axes), rates.items(), colors, strict=False):
        frame(title, table, ["share", "low", "high"])
        share = vector("share", table["share"], 0, 1)
        x = np.arange(len(table))
        ends = np.abs(np.array([table["low"], table["high"]]) - share)
        ax.errorbar(x, share, yerr=ends, fmt="none", ecolor=COLORS[color], linewidth=2, alpha=0.55)
        ax.plot(x, share, "o", color=COLORS[color], markersize=8)
        for at, value in zip(x, share, strict=True):
            ax.annotate(
                _percent(value),
                (at, value),
                (8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
            )
        ax.set_xticks(x, [str(name) for name in table.index])
        ticks = np.arange(0, top + 0.001, 0.2)
        ax.set_yticks(ticks, [_percent(t) for t in ticks])
        ax.set(xlim=(-0.4, len(table) - 0.3), ylim=(0, top), title=title)
        ax.set_xlabel("Trust score, in quarters")
    return fig


def sleeping_members(weeks: Any, threshold: int = 52) -> Figure:
    """How long running memberships have been without an order; those beyond `threshold` stand out.

    Parameters
    ----------
    weeks : array-like, one number a running membership
        Weeks since the member's last order.
    threshold : int
        From how many weeks on a membership counts as asleep.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a number of weeks is negative or missing.

    Examples
    --------
    >>> fig = sleeping_members([3, 20, 80, 120])
    """
    values = vector("weeks", weeks, 0)
    fig, ax = new_figure(height=3.2)
    awake, asleep = values[values < threshold], values[values >= threshold]
    width = threshold / 4
    edges = np.arange(0, max(values.max(), threshold) + width, width)
    ax.hist(awake, bins=edges[edges <= threshold].tolist(), color=COLORS["blue"], alpha=0.85)
    ax.hist(asleep, bins=edges[edges >= threshold].tolist(), color=COLORS["orange"])
    top = ax.get_ylim()[1] * 1.15
    ax.axvline(threshold, color=INK, linewidth=1)
    for x, side, words in (
        (-4, "right", f"{awake.size} bought"),
        (4, "left", f"{asleep.size} bought nothing for {threshold} weeks"),
    ):
        ax.text(threshold + x, top * 0.97, words, ha=side, va="top", fontweight="bold")
    ax.set(
        xlabel="Weeks since the last order",
        ylabel="Running memberships",
        xlim=(0, None),
        ylim=(0, top),
    )
    return fig


def recovery_paths(
    model: TrustDynamics, proofs: int = 1, start: float = 0.2, good: int = 15, after: int = 10
) -> pd.DataFrame:
    """Trust over a slow rise, a breach, one of four answers to it, and good experiences again.

    Parameters
    ----------
    model : TrustDynamics
        How trust moves.
    proofs : int
        How many proofs follow apology and amends in the last column.
    start : float, 0 to 1
        Trust at first.
    good, after : int
        Good experiences before the breach, and after the answer to it.

    Returns
    -------
    DataFrame
        Index: experience; columns `no answer`, `apology`, `with amends`, `with proof`. While one company
        answers, the others' customers have no experience, so that only the answers differ.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> recovery_paths(TrustDynamics()).iloc[[15, 16, -1]].round(2)
        no answer  apology  with amends  with proof
    15       0.84     0.84         0.84        0.84
    16       0.42     0.42         0.42        0.42
    29       0.73     0.75         0.79        0.83
    """
    whole("proofs", proofs, 1)
    answers = {
        "no answer": [],
        "apology": ["apology"],
        "with amends": ["apology", "amends"],
        "with proof": ["apology", "amends", *["proof"] * proofs],
    }
    paths = {}
    for name, answer in answers.items():
        quiet = ["quiet"] * (2 + proofs - len(answer))
        events = ["good"] * good + ["breach", *answer, *quiet] + ["good"] * after
        paths[name] = model.run(events, start=start)["trust"]
    return pd.DataFrame(paths)


def recovery_sentence(paths: pd.DataFrame, breach: int = 16) -> str:
    """Say in words how far each answer to a breach has brought trust back.

    Parameters
    ----------
    paths : DataFrame
        As `recovery_paths` returns it.
    breach : int
        The experience that is the breach.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If `breach` is not inside the paths.

    Examples
    --------
    >>> recovery_sentence(recovery_paths(TrustDynamics()))
    'Trust was 0.84 and fell to 0.42. In the end it is 0.73 (no answer), 0.75 (apology), 0.79 (with amends), 0.83 (with proof).'
    """
    whole("breach", breach, 1, len(paths) - 1)
    before, after = paths.iloc[breach - 1 : breach + 1, 0]
    ends = ", ".join(f"{end:.2f} ({answer})" for answer, end in paths.iloc[-1].items())
    return f"Trust was {before:.2f} and fell to {after:.2f}. In the end it is {ends}."


def recovery(paths: pd.DataFrame, breach: int = 16) -> Figure:
    """Trust before and after a breach, one line for each way of answering it.

    Parameters
    ----------
    paths : DataFrame
        As `recovery_paths` returns it: trust from 0 to 1, one column an answer.
    breach : int
        The experience that is the breach.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If `breach` is not inside the paths, or a value lies outside 0 to 1.

    Examples
    --------
    >>> fig = recovery(recovery_paths(TrustDynamics()))
    """
    whole("breach", breach, 1, len(paths) - 1)
    fig, ax = new_figure(height=3.6)
    _fix(fig, left=0.085, right=0.99, bottom=0.145, top=0.98)
    before = float(paths.iloc[:, 0].to_numpy()[breach - 1])
    length = len(paths) - 1
    ax.plot([0, length], [before, before], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    ax.annotate(
        f"before the breach: {before:.2f}",
        (0.2, before),
        (0, 5),
        textcoords="offset points",
        fontsize=9,
    )
    ax.plot(paths.iloc[: breach + 1, 0], color=INK, linewidth=2.2)
    ends = []
    for name, color in zip(paths, ("grey", "orange", "blue", "green"), strict=True):
        values = vector(str(name), paths[name], 0, 1)
        ax.plot(np.arange(breach, length + 1), values[breach:], color=COLORS[color], linewidth=2.2)
        ends.append((values[-1], f"{values[-1]:.2f} {name}", COLORS[color]))
    at = -np.inf
    for height, label, color in sorted(ends):
        at = max(height, at + 0.062)
        ax.text(
            length * 1.015, at, label, va="center", fontsize=9.5, color=color, fontweight="bold"
        )
    ax.axvline(breach, color=COLORS["red"], linewidth=1, alpha=0.6)
    ax.annotate(
        "breach",
        (breach, 0.03),
        (-5, 0),
        textcoords="offset points",
        ha="right",
        color=COLORS["red"],
        fontsize=9,
    )
    ax.set(
        xlim=(0, length * 1.27),
        ylim=(0, 1.05),
        xlabel="Experiences with the company",
        ylabel="Trust (0 to 1)",
    )
    ax.set_xticks(range(0, length + 1, 5))
    return fig


def tax_on_returns(table: pd.DataFrame) -> Figure:
    """What distrust adds to one transaction: checks and waiting, for several levels of trust.

    Parameters
    ----------
    table : DataFrame
        As `cxedu.trust.trust_tax` returns it.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> from cxedu.trust import trust_tax
    >>> fig = tax_on_returns(trust_tax([0.2, 0.5, 0.9]))
    """
    frame("table", table, ["trust", "checking", "delay", "total", "tax"])
    fig, ax = new_figure(height=0.55 * len(table) + 1.2)
    rows = np.arange(len(table))
    ax.barh(rows, table["checking"], height=0.6, color=COLORS["blue"])
    ax.barh(rows, table["delay"], left=table["checking"], height=0.6, color=COLORS["orange"])
    for row, (total, tax) in enumerate(zip(table["total"], table["tax"], strict=True)):
        ax.annotate(
            f"€{total:.2f} = {_percent(tax, 1)}",
            (total, row),
            (6, 0),
            textcoords="offset points",
            va="center",
        )
    checks, wait = table["checking"].iloc[0], table["delay"].iloc[0]
    for x, label, color in ((0, "checks", "blue"), (checks, "waiting", "orange")):
        ax.annotate(
            label,
            (x, -0.32),
            (1, 4),
            textcoords="offset points",
            color=COLORS[color],
            fontweight="bold",
        )
    ax.set_yticks(rows, [f"trust {trust:g}" for trust in table["trust"]])
    ax.set(
        ylim=(len(table) - 0.5, -0.85),
        xlim=(0, (checks + wait) * 1.45),
        xlabel="€ per return, and share of its value",
    )
    _bare(ax)
    return fig


def measured_and_true(measures: Mapping[str, pd.Series], true: pd.Series) -> Figure:
    """A dot for each respondent: true trust against one or more ways of measuring it.

    Parameters
    ----------
    measures : mapping name → Series
        The measured values; each is drawn in a panel of its own.
    true : Series
        True trust, in standard deviations from the mean of all customers, on the same index.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a number is missing or the lengths differ.

    Examples
    --------
    >>> true = pd.Series([-0.5, 0.1, 1.2])
    >>> fig = measured_and_true({"mean": pd.Series([3.1, 3.6, 4.2])}, true)
    """
    x = vector("true", true)
    fig, axes = new_figure(height=3.4, ncols=len(measures))
    for ax, (name, values), color in zip(
        np.atleast_1d(axes), measures.items(), ("red", "blue", "green"), strict=False
    ):
        y = vector(name, values)
        same_length(true=x, measured=y)
        ax.plot(x, y, "o", markersize=4, alpha=0.4, color=COLORS[color], markeredgewidth=0)
        ax.text(
            0.03,
            0.94,
            f"correlation {np.corrcoef(x, y)[0, 1]:.2f}",
            transform=ax.transAxes,
            color=COLORS[color],
            fontweight="bold",
        )
        ax.set(xlabel="True trust (standard deviations)", ylabel="Measured", title=name)
    return fig


def who_answers(groups: Mapping[str, Any]) -> Figure:
    """True trust of several groups of customers as smooth hills, with their means marked.

    Parameters
    ----------
    groups : mapping label → array-like
        True trust of each group (in standard deviations), most people first.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a group is empty or has a missing value.

    Examples
    --------
    >>> fig = who_answers({"all": [-1.0, 0, 1, 0.2], "answered": [0.1, 0.9, 0.4]})
    """
    fig, axes = new_figure(height=1.15 * len(groups) + 0.7, nrows=len(groups), sharex=True)
    grid = np.linspace(-3, 3, 121)
    colors = ["grey", "blue", "orange", "red"]
    for ax, (label, values), color in zip(
        np.atleast_1d(axes), groups.items(), colors, strict=False
    ):
        x = vector(label, values)
        width = 0.9 * max(float(np.std(x)), 0.1) * len(x) ** -0.2
        height = np.exp(-0.5 * ((grid[:, None] - x) / width) ** 2).mean(axis=1)
        mean = float(np.mean(x))
        ax.fill_between(grid, height / height.max(), color=COLORS[color], alpha=0.35, linewidth=0)
        ax.plot(grid, height / height.max(), color=COLORS[color], linewidth=1.5)
        ax.plot([mean, mean], [0, 1.05], color=INK, linewidth=1.4)
        ax.annotate(
            f"mean {mean:+.2f}".replace("-", "−"),
            (mean, 1.12),
            (4, 0),
            textcoords="offset points",
            fontsize=9,
        )
        ax.text(-3, 0.72, f"{label}\n({len(x):,} customers)", va="center", fontsize=9.5)
        ax.set(ylim=(0, 1.35), yticks=[], xlim=(-3, 3))
        ax.axvline(0, color=INK, linewidth=0.7, alpha=0.4)
        ax.grid(False)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="x", length=3.5 if ax is np.atleast_1d(axes)[-1] else 0)
    np.atleast_1d(axes)[-1].set_xlabel(
        "True trust (standard deviations from the mean of all customers)"
    )
    return fig
