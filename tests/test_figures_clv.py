"""The model behind chapter 11's harvest explorer says what the chapter says of it."""

import pytest

from cxedu.figures.clv import (
    CUSTOMERS,
    DISCOUNT,
    MARGIN,
    USUAL_CARE,
    USUAL_RETENTION,
    harvest_or_invest,
    value_created,
)
from cxedu.value import margin_multiple


def test_a_quarter_without_surprises_earns_the_discount_rate() -> None:
    usual = harvest_or_invest(care=USUAL_CARE, lost_without_care=0.06)
    assert usual["roc"].iloc[1:].to_numpy() == pytest.approx(DISCOUNT)
    assert value_created(usual) == pytest.approx(0, abs=1e-6)


def test_waste_may_be_cut_and_care_that_holds_customers_may_not() -> None:
    assert value_created(harvest_or_invest(care=0, lost_without_care=0)) > 0
    assert value_created(harvest_or_invest(care=0, lost_without_care=0.06)) < 0


def test_a_harvested_quarter_shows_more_profit_and_less_return() -> None:
    usual, harvest = (harvest_or_invest(care, 0.06).iloc[1] for care in (USUAL_CARE, 0))
    assert harvest["profit"] > usual["profit"]
    assert harvest["roc"] < usual["roc"]


def test_the_chapters_break_even_is_where_one_quarter_turns() -> None:
    value = margin_multiple(USUAL_RETENTION, DISCOUNT, "assured") * (MARGIN - USUAL_CARE)
    break_even = USUAL_CARE / value
    assert round(break_even * CUSTOMERS) == 213
    for lost, sign in ((break_even - 1e-4, 1), (break_even + 1e-4, -1)):
        assert value_created(harvest_or_invest(0, lost, changed=1)) * sign > 0


def test_nonsense_is_named() -> None:
    with pytest.raises(ValueError, match="care is -1"):
        harvest_or_invest(-1, 0.03)
    with pytest.raises(ValueError, match="lost_without_care is 3"):
        harvest_or_invest(0, 3)
