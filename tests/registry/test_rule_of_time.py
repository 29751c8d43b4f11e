"""The rule of time: the contract against a literal model, over random histories of announcements."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import decode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.helpers import Protocol, reverts
from tests.helpers.isolation import isolated
from tests.helpers.protocol import ANY_MANDATE, BPS, ETHER
from tests.helpers.rule_of_time import Number, total

# Few values, so that they meet often; zero opts out.
PARTS = [0, 1, 1_000, 2_500, 5_000, BPS]


# --- the model itself, by hand: one line for each sentence of the design ---


@pytest.mark.parametrize(
    ("start", "announced", "values"),
    [
        (0, {}, [0, 0, 0, 0, 0, 0, 0, 0]),
        (5, {1: [9]}, [5, 5, 5, 9, 9, 9, 9, 9]),  # rises at e + 3
        (5, {1: [2]}, [5, 5, 2, 2, 2, 2, 2, 2]),  # falls at e + 2
        (5, {1: [2, 9]}, [5, 5, 2, 9, 9, 9, 9, 9]),  # an announced fall stands until e + 3
        (5, {1: [9, 2]}, [5, 5, 2, 2, 2, 2, 2, 2]),  # a rise is called off
        (5, {1: [2], 2: [9]}, [5, 5, 2, 2, 9, 9, 9, 9]),
        (5, {1: [9], 2: [7]}, [5, 5, 5, 7, 7, 7, 7, 7]),  # a rise gives way to a smaller one
        (5, {1: [9], 3: [7]}, [5, 5, 5, 7, 7, 7, 7, 7]),  # in the last epoch before it too
        (5, {1: [9], 3: [2]}, [5, 5, 5, 5, 2, 2, 2, 2]),  # or to a fall, which bites no sooner than any other
        (5, {1: [9], 4: [2]}, [5, 5, 5, 9, 9, 2, 2, 2]),  # in force, it stays for a full epoch
        (5, {1: [4], 2: [3], 3: [2], 4: [1]}, [5, 5, 4, 3, 2, 1, 1, 1]),  # falls one after the other
        (5, {1: [6], 2: [7], 3: [8], 4: [9]}, [5, 5, 5, 6, 7, 8, 9, 9]),  # and rises
    ],
)
def test_model__moves_as_the_design_says(start: int, announced: dict[int, list[int]], values: list[int]) -> None:
    number = Number(start)
    for epoch, announcements in announced.items():
        for value in announcements:
            number.announce(epoch, value)
    assert [number.at(epoch + 1) for epoch in range(8)] == values


# --- the contract against the model ---


@dataclass(frozen=True)
class World:
    """A pool that was delegated to, and AVSs that it may opt in to."""

    protocol: Protocol
    vault: ContractInstance
    operator: AccountAPI
    avss: tuple[int, ...]

    def views(self, *calls: tuple[str, tuple[Any, ...]]) -> list[list[int]]:
        """Many views in one request. All of them give numbers."""
        registry = self.protocol.registry
        data = [registry._view_methods_[name].encode_input(*arguments) for name, arguments in calls]
        answers = registry.multicall.call(data)
        return [list(decode(["uint256"] * (len(answer) // 32), answer)) for answer in answers]


@pytest.fixture
def world(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
) -> World:
    pool.depositAndDelegate(ETHER, operator, 0, ANY_MANDATE, sender=alice)
    avss = tuple(protocol.register_avs(avs_owner, slasher, vaults=[pool]) for _ in range(3))
    return World(protocol, pool, operator, avss)


@dataclass
class History:
    """The pool as the model has it."""

    loss_budget: Number = field(default_factory=lambda: Number(5_000))
    commission: Number = field(default_factory=lambda: Number(1_000))
    guaranteed: list[Number] = field(default_factory=lambda: [Number() for _ in range(3)])
    elastic: list[Number] = field(default_factory=lambda: [Number() for _ in range(3)])

    def overrun(self, epoch: int) -> tuple[int, int, int] | None:
        """The first epoch from `epoch` on in which the guaranteed parts do not fit."""
        for e in range(epoch, epoch + 4):
            sum_, budget = total(self.guaranteed, e), self.loss_budget.at(e)
            if sum_ > budget:
                return e, sum_, budget
        return None


MANDATES = st.tuples(st.just("mandate"), st.sampled_from(PARTS[1:]), st.sampled_from(PARTS))
ALLOCATIONS = st.tuples(st.integers(0, 2), st.sampled_from(PARTS[:5]), st.sampled_from(PARTS))
LATER = st.tuples(st.just("later"), st.sampled_from([1, 1, 1, 2, 5]), st.just(0))


@given(st.lists(st.one_of(MANDATES, ALLOCATIONS, ALLOCATIONS, LATER, LATER), min_size=8, max_size=16))
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink a failure takes minutes, and it is short as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_numbers__after_any_announcements__are_what_the_rule_of_time_says(
    world: World, steps: list[tuple[Any, int, int]]
) -> None:
    with isolated():
        history = History()
        epoch = world.protocol.epoch
        for what, first, second in steps:
            if what == "later":
                _compare(world, history, epoch)
                epoch = world.protocol.skip_epochs(first)
            elif what == "mandate":
                history = _set_mandate(world, history, epoch, first, second)
            else:
                history = _allocate(world, history, epoch, what, first, second)
        _compare(world, history, epoch)


def _set_mandate(world: World, history: History, epoch: int, loss_budget: int, commission: int) -> History:
    after = History(history.loss_budget.copy(), history.commission.copy(), history.guaranteed, history.elastic)
    after.loss_budget.announce(epoch, loss_budget)
    after.commission.announce(epoch, commission)
    registry = world.protocol.registry
    return _announce(
        world,
        history,
        after,
        epoch,
        lambda: registry.setMandate(world.vault, loss_budget, commission, sender=world.operator),
    )


def _allocate(world: World, history: History, epoch: int, index: int, guaranteed: int, elastic: int) -> History:
    after = History(history.loss_budget, history.commission, list(history.guaranteed), list(history.elastic))
    after.guaranteed[index], after.elastic[index] = history.guaranteed[index].copy(), history.elastic[index].copy()
    after.guaranteed[index].announce(epoch, guaranteed)
    after.elastic[index].announce(epoch, elastic)
    registry, avs, sender = world.protocol.registry, world.avss[index], world.operator
    opted_in = history.guaranteed[index].settled + history.elastic[index].settled != 0
    if guaranteed + elastic == 0:
        if not opted_in:
            return history
        registry.optOut(avs, world.vault, sender=sender)  # whatever was announced before, and without a check
        return after
    call = (
        (lambda: registry.allocate(avs, world.vault, guaranteed, elastic, sender=sender))
        if opted_in
        else (lambda: registry.optIn(avs, world.vault, guaranteed, elastic, b"", sender=sender))
    )
    return _announce(world, history, after, epoch, call)


def _announce(world: World, before: History, after: History, epoch: int, call: Any) -> History:
    """The announcement is taken unless the guaranteed parts outgrow the loss budget in some epoch."""
    overrun = after.overrun(epoch)
    if overrun is None:
        call()
        return after
    error = world.protocol.registry.LossBudgetExceeded
    with reverts(error, epoch=overrun[0], guaranteed=overrun[1], lossBudget=overrun[2]):
        call()
    return before


def _compare(world: World, history: History, epoch: int) -> None:
    operator, vault = world.operator, world.vault
    calls: list[tuple[str, tuple[Any, ...]]] = []
    expected: list[list[int]] = []
    for e in range(epoch - 1):  # a mandate is told of any epoch
        calls.append(("mandateAt", (operator, vault, e)))
        expected.append([history.loss_budget.at(e), history.commission.at(e), 0])
    for e in range(epoch - 1, epoch + 5):
        loss_budget = history.loss_budget.at(e)
        all_guaranteed, all_elastic = total(history.guaranteed, e), total(history.elastic, e)
        assert all_guaranteed <= loss_budget
        calls.append(("mandateAt", (operator, vault, e)))
        expected.append([loss_budget, history.commission.at(e), 0])
        for avs, guaranteed, elastic in zip(world.avss, history.guaranteed, history.elastic, strict=True):
            parts = [guaranteed.at(e), elastic.at(e)]
            calls.append(("allocationAt", (avs, operator, vault, e)))
            expected.append(parts)
            calls.append(("partsAt", (avs, operator, vault, e)))
            expected.append([*parts, loss_budget, all_guaranteed, all_elastic])
    numbers = (history.loss_budget, history.commission)
    calls.append(("loosestMandate", (operator, vault)))
    expected.append([*(max(number.at(e) for e in range(epoch, epoch + 4)) for number in numbers), 0])
    calls.append(("room", (operator, vault)))
    expected.append([history.loss_budget.settled - sum(number.settled for number in history.guaranteed)])
    assert dict(zip(calls, world.views(*calls), strict=True)) == dict(zip(calls, expected, strict=True))


# --- what follows from it, by name ---


def test_opt_out__by_an_operator_that_announces_falls_in_every_epoch__bites_in_the_second(world: World) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    registry.optIn(avs, world.vault, 5_000, 0, b"", sender=world.operator)
    e = world.protocol.skip_epochs(3)
    for i in range(4):
        registry.allocate(avs, world.vault, 4_999 - i, 0, sender=world.operator)
        world.protocol.skip_epochs(1)
    registry.allocate(avs, world.vault, 4_000, 0, sender=world.operator)
    registry.optOut(avs, world.vault, sender=world.operator)
    assert world.views(*[("allocationAt", (avs, world.operator, world.vault, e + i)) for i in (3, 4, 5, 6, 7)]) == [
        [4_998, 0],
        [4_997, 0],
        [4_996, 0],
        [0, 0],
        [0, 0],
    ]


def test_ejection__of_an_operator_that_announces_changes_in_every_epoch__bites_in_the_second(
    world: World, avs_owner: AccountAPI
) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    registry.optIn(avs, world.vault, 2_000, 2_000, b"", sender=world.operator)
    world.protocol.skip_epochs(3)
    for guaranteed in (1_999, 3_000, 1_998):
        registry.allocate(avs, world.vault, guaranteed, 5_000, sender=world.operator)
        world.protocol.skip_epochs(1)
    e = world.protocol.epoch
    registry.allocate(avs, world.vault, 5_000, BPS, sender=world.operator)
    registry.eject(avs, world.operator, world.vault, sender=avs_owner)
    assert registry.allocationAt(avs, world.operator, world.vault, e + 2) == (0, 0)
    assert registry.allocationAt(avs, world.operator, world.vault, e + 3) == (0, 0)


def test_fall__announced__stands_whatever_is_announced_after_it(world: World) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    registry.optIn(avs, world.vault, 2_000, 0, b"", sender=world.operator)
    e = world.protocol.skip_epochs(3)
    registry.allocate(avs, world.vault, 500, 0, sender=world.operator)
    registry.allocate(avs, world.vault, 3_000, 0, sender=world.operator)
    world.protocol.skip_epochs(1)
    registry.allocate(avs, world.vault, 5_000, 0, sender=world.operator)
    assert world.views(*[("allocationAt", (avs, world.operator, world.vault, e + i)) for i in (1, 2, 3, 4)]) == [
        [2_000, 0],
        [500, 0],
        [3_000, 0],
        [5_000, 0],
    ]


def test_opt_out_and_in_again__in_one_epoch__has_nothing_for_one_epoch(world: World) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    registry.optIn(avs, world.vault, 2_000, 1_000, b"", sender=world.operator)
    e = world.protocol.skip_epochs(3)
    registry.optOut(avs, world.vault, sender=world.operator)
    registry.optIn(avs, world.vault, 2_000, 1_000, b"", sender=world.operator)
    assert world.views(*[("allocationAt", (avs, world.operator, world.vault, e + i)) for i in (1, 2, 3)]) == [
        [2_000, 1_000],
        [0, 0],
        [2_000, 1_000],
    ]


def test_epochs_before_the_one_before_the_last_announcement__revert(world: World) -> None:
    registry = world.protocol.registry
    e = world.protocol.skip_epochs(5)
    registry.setMandate(world.vault, 4_000, 0, sender=world.operator)
    registry.optIn(world.avss[0], world.vault, 1, 2, b"", sender=world.operator)
    assert registry.partsAt(world.avss[0], world.operator, world.vault, e - 1) == (0, 0, 5_000, 0, 0)
    with reverts(registry.EpochTooOld, epoch=e - 2, oldest=e - 1):
        registry.partsAt(world.avss[0], world.operator, world.vault, e - 2)
    assert registry.mandateAt(world.operator, world.vault, e + 1) == (5_000, 1_000, 0)
    assert registry.mandateAt(world.operator, world.vault, 2**24 - 1) == (4_000, 0, 0)


def test_numbers__of_the_epoch_before_an_announcement__are_told_however_long_they_stood(world: World) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    registry.optIn(avs, world.vault, 1_001, 3_333, b"", sender=world.operator)
    e = world.protocol.skip_epochs(5)
    registry.allocate(avs, world.vault, 1_000, 1, sender=world.operator)
    for epoch in (e - 1, e, e + 1):
        parts = (1_001, 3_333, 5_000, 1_001, 3_333)
        assert registry.partsAt(avs, world.operator, world.vault, epoch) == parts
    assert registry.partsAt(avs, world.operator, world.vault, e + 2) == (1_000, 1, 5_000, 1_000, 1)


def test_allocation__that_was_never_announced__is_zero_in_every_epoch(world: World) -> None:
    registry, (avs, *_) = world.protocol.registry, world.avss
    for epoch in (0, 1, 2, 3, 4, 5, 2**24 - 1):
        assert registry.allocationAt(avs, world.operator, world.vault, epoch) == (0, 0)
        assert registry.partsAt(avs, world.operator, world.vault, epoch) == (0, 0, 5_000, 0, 0)
