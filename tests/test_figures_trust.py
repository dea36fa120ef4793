"""Charts of chapter 4: what they compute, and what they refuse."""

import pandas as pd
import pytest

from cxedu import World
from cxedu.figures import trust as charts
from cxedu.trust import TrustDynamics


def test_shares_are_those_of_the_quarter() -> None:
    scores = pd.Series(range(100), dtype=float)
    table = charts.shares_by_quarter(scores, scores >= 50)
    assert table["share"].tolist() == [0, 0, 1, 1]
    assert table["customers"].tolist() == [25] * 4
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()


def test_customers_without_a_score_are_not_counted() -> None:
    outcome = pd.Series(True, index=range(8))
    table = charts.shares_by_quarter(pd.Series([1.0, 2, 3, 4]), outcome)
    assert table["customers"].tolist() == [1, 1, 1, 1]


def test_answers_to_a_breach_differ_only_after_it() -> None:
    paths = charts.recovery_paths(TrustDynamics(), proofs=2)
    assert paths.iloc[:17].eq(paths["no answer"].iloc[:17], axis=0).all(axis=None)
    assert paths.iloc[-1].is_monotonic_increasing


def test_trust_rises_slowly_and_falls_fast() -> None:
    path = charts.recovery_paths(TrustDynamics(scar=0))["no answer"]
    assert path[15] - path[16] > 5 * (path[2] - path[1])


def test_only_proof_undoes_deceit() -> None:
    end = charts.recovery_paths(TrustDynamics(scar=0.3), proofs=4, after=40).iloc[-1]
    assert end["with proof"] > 0.84 > 0.71 > end["with amends"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: charts.trust_equation(6, 3, 3, 3), "credibility is 6"),
        (lambda: charts.idic_audit(pd.DataFrame({"alone": [0.5]})), "with all before"),
        (lambda: charts.sleeping_members([-1]), r"weeks|values"),
        (lambda: charts.recovery_paths(TrustDynamics(), proofs=0), "proofs is 0"),
        (lambda: charts.shares_by_quarter(pd.Series([1.0, 2]), pd.Series([True])), "quarter"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_the_chapter_says_what_its_company_shows() -> None:
    """The figures that chapter 4 quotes in words; if one moves, the text must follow."""
    world = World(seed=1, n_customers=2000)
    running = world.memberships[world.memberships["end"].isna()]
    year_ago = world.today - pd.Timedelta(weeks=52)
    full = running.loc[running["start"] <= year_ago, "customer_id"]
    last = full.map(world.transactions.groupby("customer_id")["date"].max())
    assert (len(full), int((last <= year_ago).sum())) == (355, 192)
    assert len(world.surveys) == 446
    gone = world.truth.customers.loc[~world.truth.customers["alive"], "customer_id"]
    assert (len(gone), int(gone.isin(world.surveys["customer_id"]).sum())) == (450, 80)
