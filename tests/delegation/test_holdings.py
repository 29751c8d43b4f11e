"""Share-seconds of an epoch, exactly: what the rewards are split by."""

import random
from collections.abc import Iterable
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.delegation.conftest import Pool
from tests.helpers import Protocol
from tests.helpers.protocol import DAY, ETHER

WEEK = 7 * DAY


class Ledger:
    """What somebody held from when on, and its integral over an epoch, added up piece by piece."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []  # (time, shares from then on)

    def now(self) -> int:
        return self.steps[-1][1] if self.steps else 0

    def move(self, time: int, by: int) -> None:
        self.steps.append((time, self.now() + by))

    def integral(self, start: int, end: int) -> int:
        total = 0
        for (time, shares), (until, _) in zip(self.steps, [*self.steps[1:], (end, 0)], strict=True):
            total += shares * max(0, min(until, end) - max(time, start))
        return total

    def entries(self, protocol: Protocol) -> list[tuple[int, int, int, int]]:
        """One holding for each epoch with a move: what is held at its end, its share-seconds, the epoch, the place."""
        epochs = sorted({int(protocol.registry.epochAt(time)) for time, _ in self.steps})
        found = []
        for place, epoch in enumerate(epochs):
            start = int(protocol.registry.startOf(epoch))
            held = [shares for time, shares in self.steps if time < start + WEEK][-1]
            found.append((held, self.integral(start, start + WEEK), epoch, place))
        return found


def entries(page: Iterable[Any]) -> list[tuple[int, ...]]:
    return [tuple(holding) for holding in page]


def test_holding__of_nobody__is_empty(delegation: ContractInstance, pool: ContractInstance) -> None:
    assert tuple(delegation.holding(ZERO_ADDRESS, pool, ZERO_ADDRESS)) == (0, 0, 0, 0)
    assert delegation.holdings(ZERO_ADDRESS, pool, ZERO_ADDRESS, 0, 10) == []
    assert entries(delegation.poolHoldings(ZERO_ADDRESS, pool, 0, 2)) == [(0, 0, 0, 0), (0, 0, 0, 0)]


@pytest.mark.parametrize(("second", "left"), [(0, WEEK), (1, WEEK - 1), (WEEK - 1, 1)])
def test_holding__counts_the_seconds_to_the_end_of_the_epoch(
    delegation: ContractInstance,
    opened: Pool,
    alice: AccountAPI,
    second: int,
    left: int,
) -> None:
    ape.chain.pending_timestamp = delegation.startOf(2) + second
    opened.delegate(alice, 10)
    assert tuple(delegation.holding(opened.operator, opened.vault, alice)) == (10, 10 * left, 2, 0)
    assert entries(delegation.poolHoldings(opened.operator, opened.vault, 1, 3)) == [
        (0, 0, 0, 0),
        (10, 10 * left, 2, 0),
        (10, 10 * left, 2, 0),
    ]


def test_holding__after_an_epoch_without_a_move__has_collected_all_of_it(
    delegation: ContractInstance, opened: Pool, alice: AccountAPI
) -> None:
    ape.chain.pending_timestamp = delegation.startOf(2) + 100
    opened.delegate(alice, 10)
    ape.chain.pending_timestamp = delegation.startOf(5) + 200
    opened.undelegate(alice, 4)
    holding = delegation.holding(opened.operator, opened.vault, alice)
    assert tuple(holding) == (6, 10 * 200 + 6 * (WEEK - 200), 5, 1)
    first = (10, 10 * (WEEK - 100), 2, 0)
    assert entries(delegation.holdings(opened.operator, opened.vault, alice, 0, 10)) == [first, tuple(holding)]


@pytest.mark.parametrize("seed", [1, 2])
def test_holdings__over_random_moves__are_the_integral_of_what_was_held(
    protocol: Protocol,
    delegation: ContractInstance,
    opened: Pool,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
    seed: int,
) -> None:
    chance = random.Random(seed)
    stakers = [alice, bob, carol]
    ledgers = [Ledger() for _ in stakers]
    whole = Ledger()
    time = int(delegation.startOf(2))
    for _ in range(40):
        time += chance.choice([1, 2, 3600, DAY, WEEK // 2, WEEK, 3 * WEEK, WEEK - time % 7])
        who = chance.randrange(3)
        held = ledgers[who].now()
        ape.chain.pending_timestamp = time
        if held and chance.random() < 0.5:
            by = -chance.choice([held, chance.randint(1, held)])
            opened.undelegate(stakers[who], -by)
        else:
            by = chance.choice([1, chance.randint(1, 10 * ETHER)])
            opened.delegate(stakers[who], by)
        ledgers[who].move(time, by)
        whole.move(time, by)

    for staker, ledger in zip(stakers, ledgers, strict=True):
        expected = ledger.entries(protocol)
        assert tuple(delegation.holding(opened.operator, opened.vault, staker)) == expected[-1]
        for offset in range(len(expected) + 1):
            page = delegation.holdings(opened.operator, opened.vault, staker, offset, 5)
            assert entries(page) == expected[offset : offset + 5]
    now = protocol.epoch + 1
    moves = whole.entries(protocol)
    by_epoch = [max((m for m in moves if m[2] <= e), key=lambda m: m[2], default=(0, 0, 0, 0)) for e in range(now)]
    for start in range(now):
        assert entries(delegation.poolHoldings(opened.operator, opened.vault, start, now - start)) == by_epoch[start:]
    for epoch in range(1, now):
        start = int(delegation.startOf(epoch))
        collected = whole.integral(start, start + WEEK)
        assert delegation.collected(opened.operator, opened.vault, epoch) == collected


def test_slash__moves_no_pool_shares_and_no_share_seconds(
    delegation: ContractInstance, exposed: Pool, alice: AccountAPI
) -> None:
    exposed.delegate(alice, 10 * ETHER)
    before = tuple(delegation.holding(exposed.operator, exposed.vault, alice))
    exposed.slash(10**17)
    assert tuple(delegation.holding(exposed.operator, exposed.vault, alice)) == before
    assert entries(delegation.poolHoldings(exposed.operator, exposed.vault, before[2], 1)) == [before]
