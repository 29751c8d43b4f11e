"""What the package works out as the contract does. The contract takes what it says: see `test_node.py`."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.errors import CatenaryError
from catenary.oracle.contract import (
    Answer,
    Credit,
    Feed,
    Key,
    Oracle,
    Rounds,
    Snapshot,
    cost_to_move,
    is_due,
    lower_median,
    quorum_up,
)
from catenary.values import Clock
from tests.catenary.oracle.keys import DOMAIN, STRANGER, signed
from tests.helpers.protocol import WAD

CLOCK = Clock(genesis=1_000, length=600, report_window=300, max_veto=200, execute_window=100)
ROUNDS = Rounds(CLOCK, length=60)
FEED = Feed(1, "ETH / USD", decimals=8, heartbeat=600, deviation=50, quorum=6_667)
LAST = Answer(round=10, price=20_000, updated_at=1_545)  # round 10 is from 1,540 to 1,599
SNAPSHOT = Snapshot(weight=100, cap=2**96 - 1, taken_at=1, guaranteed=70, elastic=30)


@pytest.mark.parametrize(
    ("time", "round_", "epoch"), [(1_000, 1, 1), (1_059, 1, 1), (1_060, 2, 1), (1_599, 10, 1), (1_600, 11, 2)]
)
def test_rounds__count_from_genesis(time: int, round_: int, epoch: int) -> None:
    assert (ROUNDS.round_at(time), CLOCK.epoch_at(time)) == (round_, epoch)
    assert ROUNDS.begin_of(round_) <= time < ROUNDS.begin_of(round_ + 1)


@pytest.mark.parametrize(
    ("price", "due"), [(20_000, False), (20_099, False), (20_100, True), (19_901, False), (19_900, True)]
)
def test_due__by_the_deviation__from_exactly_that_on(price: int, due: bool) -> None:
    assert is_due(ROUNDS, FEED, LAST, 11, price) is due


def test_due__by_the_heartbeat__unless_two_more_rounds_fit() -> None:
    """It is over at 2,145, in round 20, so what is not done in round 18 may be done too late in that one."""
    assert [is_due(ROUNDS, FEED, LAST, round_, LAST.price) for round_ in (16, 17, 18)] == [False, False, True]


def test_due__without_an_answer_or_in_its_round() -> None:
    assert is_due(ROUNDS, FEED, Answer(0, 0, 0), 1, 5)
    assert not is_due(ROUNDS, FEED, LAST, 10, 10 * LAST.price)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 9)), min_size=1, max_size=9))
def test_median__is_what_the_contract_takes(reports: list[tuple[int, int]]) -> None:
    price = lower_median(reports)
    below = sum(weight for each, weight in reports if each < price)
    up_to = sum(weight for each, weight in reports if each <= price)
    whole = sum(weight for _, weight in reports)
    assert 2 * below < whole <= 2 * up_to


@pytest.mark.parametrize(("weight", "needed"), [(100, 67), (3, 3), (0, 1), (10_000, 6_667)])
def test_quorum__is_rounded_up(weight: int, needed: int) -> None:
    assert quorum_up(replace(SNAPSHOT, weight=weight), FEED) == needed


@pytest.mark.parametrize(
    ("elastic", "penalty", "cost"),
    [(30, WAD, (3, 30)), (0, WAD, (33, 0)), (50, WAD, (0, 33)), (30, WAD // 2, (1, 15))],
)
def test_cost__is_half_of_a_quorum(elastic: int, penalty: int, cost: tuple[int, int]) -> None:
    assert cost_to_move(replace(SNAPSHOT, elastic=elastic), FEED, penalty) == cost


@pytest.mark.parametrize(("time", "holds"), [(9, False), (10, True), (19, True), (20, False)])
def test_key__is_in_force_until_before_its_end(time: int, holds: bool) -> None:
    assert Key(STRANGER.address, 10, 20).in_force(time) is holds


def test_credit__counts_feeds_of_its_round_only() -> None:
    credit = Credit(epoch=1, reports=2, before=0, round=7, feeds=0b101)
    assert [credit.counts(feed, 7) for feed in (1, 2, 3)] == [True, False, True]
    assert not credit.counts(1, 6)


def test_calls__of_reports_for_several_rounds__are_refused() -> None:
    with pytest.raises(CatenaryError, match="not for one feed and round"):
        Oracle(DOMAIN).prove([signed(), signed(round=71)])
