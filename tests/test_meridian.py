"""The page that says what is true at Meridian quotes the code, and what is computed from it."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxedu import World
from cxedu.clv import BetaGeoNBD, GammaGamma, rfm_summary
from cxedu.world import (
    campaigns,
    contacts,
    firms,
    interactions,
    journeys,
    memberships,
    people,
    purchases,
    ratings,
    referrals,
    surveys,
)

PAGE = Path(__file__).parents[1] / "book" / "meridian.md"
TEXT = PAGE.read_text(encoding="utf-8")
MODULES = {
    module.__name__.rsplit(".", 1)[1]: module
    for module in (
        campaigns,
        contacts,
        firms,
        interactions,
        journeys,
        memberships,
        people,
        purchases,
        ratings,
        referrals,
        surveys,
    )
}
SIZES = (2_000, 8_000, 40_000)


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"(?<![\w.])[−-]?\d+(?:\.\d+)?", text)]


def quotes():
    """Rows of the page's tables whose last cell names something in the code: (strength, names)."""
    rows = re.findall(r"^\|.*\|([^|]*)\|((?: ?`[a-zA-Z][^`]*`,?)+ ?)\|$", TEXT, re.M)
    found = [(told, re.findall(r"`([^`]+)`", names)) for told, names in rows]
    return [(told, names) for told, names in found if all("." in name for name in names)]


@pytest.mark.parametrize(("told", "names"), quotes(), ids=lambda value: str(value)[:40])
def test_a_quoted_strength_is_that_of_the_code(told, names):
    values = [eval(name, MODULES | {"list": list}) for name in names]
    told = numbers(told)
    for mapping in (value for value in values if isinstance(value, Mapping)):
        if {type(value) for value in mapping.values()} == {float}:
            assert set(told) <= set(mapping.values())  # which is which: see the facts below
        return
    if any(callable(value) for value in values):  # numbers stand in the function's own lines
        source = "".join(inspect.getsource(value) for value in values)
        there = [abs(n) for n in numbers(source.replace("- ", "-"))]
        assert [n for n in told if abs(n) not in there] == []
        return
    if told and all(np.asarray(value).dtype.kind in "fi" for value in values):
        assert told == pytest.approx(np.concatenate([np.ravel(v) for v in values]).tolist())


def test_there_are_many_quotes():
    assert len(quotes()) > 35
    assert sum(bool(numbers(told)) for told, _ in quotes()) > 30


def percents(shares):
    *first, last = (f"{100 * share:.0f}" for share in shares)
    return f"{', '.join(first)} and {last} %"


def test_averages_are_those_of_the_distributions():
    m = people.MERIDIAN
    share = people._SEGMENT_BY_SPEND.shares
    for fact in (
        f"| purchase rate (orders a week) | gamma | r = {m['r']}, α = {m['alpha']} |",
        f"| beta | a = {m['a']}, b = {m['b']} |",
        f"| p = {m['p']}, q = {m['q']}, γ = {m['gamma']} |",
        f"| beta | α = {m['churn_alpha']}, β = {m['churn_beta']} |",
        f"| capability → yearly growth, per unit | {firms.EFFECT['revenue_growth']} |",
        f"at the same capability | {firms.MANAGEMENT_EFFECT['revenue_growth']} |",
        f"orders {52 * m['r'] / m['alpha']:.1f} times a year",
        f"at {m['p'] * m['gamma'] / (m['q'] - 1):.0f} € an order",
        f"a probability of {100 * m['a'] / (m['a'] + m['b']):.0f} % for the average customer",
        f"{100 * m['churn_alpha'] / (m['churn_alpha'] + m['churn_beta']):.0f} % of members",
        f"Families are {percents(share[:, people.SEGMENTS.index('family')])} of",
        f"athletes are {percents(share[:, people.SEGMENTS.index('athlete')])}.",
        f"panel of {firms.FIRMS} other companies over five years, asked {len(firms.FIRM_ITEMS)} questions",
    ):
        assert fact in TEXT


def test_every_table_is_on_the_page():
    seen = re.search(r"\| Seen \|.*?\n\n", TEXT, re.S).group(0).strip()
    assert all(f"`{name}`" in seen for name in World.tables)
    hidden = "".join(row.split("|")[3] for row in seen.splitlines()[2:])
    assert all(f"`{name}`" in hidden for name in World(1, 1).truth.tables)


def test_the_firms_that_say_most_outgrow_those_that_say_least():
    world = World(seed=1)
    both = world.firms.merge(world.truth.firms, on=["firm_id", "year"])
    items = firms.FIRM_ITEMS.query("published.isna() and group != 'orientation'").index
    score = both[list(items)].mean(axis=1)
    low, high = (both[score <= score.quantile(1 / 3)], both[score >= score.quantile(2 / 3)])
    naive = high["revenue_growth"].mean() / low["revenue_growth"].mean()
    average, effect = firms.MEAN["revenue_growth"], firms.EFFECT["revenue_growth"]
    causal = (average + effect * high["capability"].mean()) / (
        average + effect * low["capability"].mean()
    )
    assert f"{naive:.1f} times as fast" in TEXT
    assert f"{causal:.1f} times" in TEXT
    seen, whole = (
        100 * both["actual_return"].mean(),
        100 * world.truth.firms["actual_return"].mean(),
    )
    assert f"{seen:.1f} % a year on average, all firms {whole:.1f} %" in TEXT


# --- what one can find out -----------------------------------------------------------------------


def share_with_error(hits):
    return hits.mean(), np.sqrt(hits.mean() * (1 - hits.mean()) / hits.size)


def offer(world, name):
    """Difference in response between treated and untreated, with its standard error."""
    rows = world.campaigns.query("campaign == @name")
    groups = [rows.loc[rows["treated"] == t, "responded"].to_numpy() for t in (True, False)]
    (high, e), (low, f) = (share_with_error(group) for group in groups)
    return high - low, np.hypot(e, f)


def estimates(world):
    """What each question's estimate is, with its standard error, on one company."""
    seen = rfm_summary(world.transactions, world.today)
    timing = BetaGeoNBD().fit(seen["frequency"], seen["recency"], seen["T"]).summary()
    repeat = seen[seen["frequency"] > 0]
    spend = GammaGamma().fit(repeat["frequency"], repeat["monetary_value"]).summary()
    club = world.memberships
    due = club[club["start"] + np.timedelta64(366, "D") <= world.today]
    left = ((due["renewals"] == 0) & due["end"].notna()).to_numpy()
    found = {f"purchase rate: {k}": timing.loc[k] for k in ("r", "alpha")}
    found |= {f"dropout: {k}": timing.loc[k] for k in ("a", "b")}
    found |= {"spend: q": spend.loc["q"]}
    found = {k: (v["estimate"], v["standard_error"]) for k, v in found.items()}
    found["leave the club at the first renewal, %"] = tuple(100 * x for x in share_with_error(left))
    for name in campaigns.CAMPAIGNS:
        found[name] = tuple(100 * x for x in offer(world, name))
    return found


def rows_of_recovery():
    labels = {
        "purchase rate: alpha": "purchase rate: α",
        "randomised": "effect of the offer sent by coin, percentage points",
        "targeted": "treated minus untreated, offer sent by rule, percentage points",
    }
    worlds = [World(seed=1, n_customers=n) for n in SIZES]
    found = [estimates(world) for world in worlds]
    m = people.MERIDIAN
    uplift = worlds[-1].truth.campaigns.groupby("campaign", observed=True)["uplift"].mean() * 100
    truth = {
        "purchase rate: r": m["r"],
        "purchase rate: alpha": m["alpha"],
        "dropout: a": m["a"],
        "dropout: b": m["b"],
        "spend: q": m["q"],
        "leave the club at the first renewal, %": 100 * m["churn_alpha"]
        / (m["churn_alpha"] + m["churn_beta"]),
        **{name: uplift[name] for name in campaigns.CAMPAIGNS},
    }  # fmt: skip
    rows = []
    for name, true in truth.items():
        digits = 1 if true > 5.5 else 3 if true < 0.5 else 2
        cells = [f"{f[name][0]:.{digits}f}\u00a0±\u00a0{f[name][1]:.{digits}f}" for f in found]
        rows.append(f"| {labels.get(name, name)} | {' | '.join(cells)} | {true:.{digits}f} |")
    return rows


def test_what_one_can_find_out_is_what_one_finds():
    for row in rows_of_recovery():
        assert row in TEXT


# --- arrows that are missing ---------------------------------------------------------------------


def test_what_is_said_to_be_independent_is():
    world = World(seed=4, n_customers=40_000)
    truth = world.truth.customers.merge(world.customers, on="customer_id")
    latent = ["purchase_rate", "dropout_probability", "spend_mean", "trust_disposition"]
    score = truth[[*latent, "return_propensity", "service_cost"]].rank()
    base = truth["gross_margin_rate"] - purchases._MEAN_MARGIN[truth["needs_segment"].cat.codes]
    score["gross_margin"] = base.rank()
    for column, known in (("needs_segment", "spend_mean"), ("region", None)):
        for label in truth[column].cat.categories:
            inside = (truth[column] == label).to_numpy(float)
            apart = score.drop(columns=[known] if known else [])
            assert apart.corrwith(pd.Series(inside)).abs().max() < 4.5 / np.sqrt(len(truth))
    found = score.corr().to_numpy().copy()
    np.fill_diagonal(found, 0)
    one, other = (score.columns.get_loc(c) for c in ("dropout_probability", "trust_disposition"))
    assert found[one, other] == pytest.approx(6 / np.pi * np.arcsin(-0.5 / 2), abs=0.02)
    found[one, other] = found[other, one] = 0
    assert np.abs(found).max() < 4.5 / np.sqrt(len(truth))
