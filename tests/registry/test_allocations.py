"""Changing an allocation, opting out, and being ejected."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.protocol import BPS


@pytest.fixture
def opted_in(
    protocol: Protocol, registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> int:
    """The epoch in which the first allocation of the operator's pool, 20 % and 30 %, comes into force."""
    registry.optIn(avs, pool, 2_000, 3_000, b"", sender=operator)
    return protocol.skip_epochs(3)


def _allocations(
    registry: ContractInstance, avs: int, operator: AccountAPI, vault: ContractInstance, *epochs: int
) -> list[tuple[int, int]]:
    return [tuple(registry.allocationAt(avs, operator, vault, epoch)) for epoch in epochs]


# --- another allocation ---


def test_allocate__more__rises_at_the_third_epoch(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, opted_in: int
) -> None:
    e = opted_in
    receipt = registry.allocate(avs, pool, 5_000, BPS, sender=operator)
    assert_event(
        receipt,
        registry.AllocationAnnounced,
        avs=avs,
        operator=operator,
        vault=pool,
        guaranteed=5_000,
        elastic=BPS,
    )
    assert_events(receipt, registry.OptedIn)
    assert _allocations(registry, avs, operator, pool, e - 1, e, e + 1, e + 2, e + 3, e + 4) == [
        (0, 0),
        *[(2_000, 3_000)] * 3,
        *[(5_000, BPS)] * 2,
    ]


def test_allocate__less__falls_at_the_second_epoch(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, opted_in: int
) -> None:
    e = opted_in
    registry.allocate(avs, pool, 1_000, 0, sender=operator)
    assert _allocations(registry, avs, operator, pool, e, e + 1, e + 2, e + 3) == [
        (2_000, 3_000),
        (2_000, 3_000),
        (1_000, 0),
        (1_000, 0),
    ]


def test_allocate__from_one_part_to_the_other__is_never_more_of_both(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, opted_in: int
) -> None:
    e = opted_in
    registry.allocate(avs, pool, 3_000, 2_000, sender=operator)
    assert _allocations(registry, avs, operator, pool, e + 1, e + 2, e + 3) == [
        (2_000, 3_000),
        (2_000, 2_000),
        (3_000, 2_000),
    ]


def test_allocate__not_opted_in__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.NotOptedIn, avs=avs, operator=operator, vault=pool):
        registry.allocate(avs, pool, 1, 0, sender=operator)


@pytest.mark.usefixtures("opted_in")
def test_allocate__after_opting_out__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    registry.optOut(avs, pool, sender=operator)
    with reverts(registry.NotOptedIn, avs=avs, operator=operator, vault=pool):
        registry.allocate(avs, pool, 1, 0, sender=operator)


@pytest.mark.usefixtures("opted_in")
def test_allocate__nothing__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.NothingAllocated):
        registry.allocate(avs, pool, 0, 0, sender=operator)


@pytest.mark.parametrize(("guaranteed", "elastic"), [(BPS + 1, 0), (0, BPS + 1)])
@pytest.mark.usefixtures("opted_in")
def test_allocate__more_than_the_whole__reverts(
    registry: ContractInstance,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    guaranteed: int,
    elastic: int,
) -> None:
    with reverts(registry.FractionTooLarge, fraction=BPS + 1):
        registry.allocate(avs, pool, guaranteed, elastic, sender=operator)


def test_allocate__an_elastic_part_to_an_avs_with_a_recipient__reverts(
    registry: ContractInstance, paid_avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    registry.optIn(paid_avs, pool, 1_000, 0, b"", sender=operator)
    with reverts(registry.ElasticWithRecipient, avs=paid_avs, elastic=1):
        registry.allocate(paid_avs, pool, 1_000, 1, sender=operator)


def test_allocate__what_another_avs_still_has__reverts(
    registry: ContractInstance,
    avs: int,
    second_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    opted_in: int,
) -> None:
    with reverts(registry.LossBudgetExceeded, epoch=opted_in + 3, guaranteed=5_001, lossBudget=5_000):
        registry.allocate(avs, pool, 5_001, 0, sender=operator)
    registry.optOut(avs, pool, sender=operator)
    registry.optIn(second_avs, pool, 5_000, 0, b"", sender=operator)  # rises after the other has fallen
    assert registry.partsAt(second_avs, operator, pool, opted_in + 1) == (0, 0, 5_000, 2_000, 3_000)
    assert registry.partsAt(second_avs, operator, pool, opted_in + 2) == (0, 0, 5_000, 0, 0)
    assert registry.partsAt(second_avs, operator, pool, opted_in + 3) == (5_000, 0, 5_000, 5_000, 0)


def test_allocate__while_the_budget_is_about_to_fall__must_fit_the_smaller_one(
    registry: ContractInstance,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    opted_in: int,
) -> None:
    pool.depositAndDelegate(1, operator, 0, (BPS, BPS, 0, False), sender=alice)
    registry.setMandate(pool, 3_000, 0, sender=operator)
    with reverts(registry.LossBudgetExceeded, epoch=opted_in + 3, guaranteed=3_001, lossBudget=3_000):
        registry.allocate(avs, pool, 3_001, 0, sender=operator)
    registry.allocate(avs, pool, 3_000, 0, sender=operator)


# --- room ---


@pytest.mark.usefixtures("opted_in")
def test_room__is_what_the_announced_budget_leaves(
    registry: ContractInstance,
    avs: int,
    second_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    assert registry.room(operator, pool) == 3_000
    pool.depositAndDelegate(1, operator, 0, (BPS, BPS, 0, False), sender=alice)
    registry.setMandate(pool, 4_000, 0, sender=operator)
    assert registry.room(operator, pool) == 2_000
    registry.optIn(second_avs, pool, 2_000, BPS, b"", sender=operator)
    assert registry.room(operator, pool) == 0
    registry.optOut(avs, pool, sender=operator)
    assert registry.room(operator, pool) == 2_000


# --- opting out ---


def test_opt_out__falls_to_nothing_at_the_second_epoch(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, opted_in: int
) -> None:
    e = opted_in
    receipt = registry.optOut(avs, pool, sender=operator)
    assert_event(receipt, registry.OptedOut, avs=avs, operator=operator, vault=pool, ejected=False)
    assert_event(receipt, registry.AllocationAnnounced, avs=avs, operator=operator, vault=pool, guaranteed=0, elastic=0)
    assert not registry.isOptedIn(avs, operator, pool)
    assert _allocations(registry, avs, operator, pool, e, e + 1, e + 2, e + 3) == [(2_000, 3_000)] * 2 + [(0, 0)] * 2


def test_opt_out__before_the_first_allocation_is_in_force__calls_it_off(
    protocol: Protocol, registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    registry.optIn(avs, pool, 2_000, 3_000, b"", sender=operator)
    protocol.skip_epochs(2)
    registry.optOut(avs, pool, sender=operator)
    assert _allocations(registry, avs, operator, pool, e + 2, e + 3, e + 4, e + 5) == [(0, 0)] * 4
    assert registry.partsAt(avs, operator, pool, e + 3) == (0, 0, 5_000, 0, 0)


def test_opt_out__not_opted_in__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.NotOptedIn, avs=avs, operator=operator, vault=pool):
        registry.optOut(avs, pool, sender=operator)


@pytest.mark.usefixtures("opted_in")
def test_opt_out__twice__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    registry.optOut(avs, pool, sender=operator)
    with reverts(registry.NotOptedIn, avs=avs, operator=operator, vault=pool):
        registry.optOut(avs, pool, sender=operator)


def test_opt_out__leaves_other_avss_alone(
    registry: ContractInstance,
    avs: int,
    second_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    opted_in: int,
) -> None:
    registry.optIn(second_avs, pool, 1_000, 500, b"", sender=operator)
    registry.optOut(avs, pool, sender=operator)
    e = opted_in
    assert registry.partsAt(second_avs, operator, pool, e + 1) == (0, 0, 5_000, 2_000, 3_000)
    assert registry.partsAt(second_avs, operator, pool, e + 3) == (1_000, 500, 5_000, 1_000, 500)


# --- ejection ---


def test_eject__falls_to_nothing_at_the_second_epoch(
    registry: ContractInstance,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    opted_in: int,
) -> None:
    e = opted_in
    receipt = registry.eject(avs, operator, pool, sender=avs_owner)
    assert_event(receipt, registry.OptedOut, avs=avs, operator=operator, vault=pool, ejected=True)
    assert_event(receipt, registry.AllocationAnnounced, avs=avs, operator=operator, vault=pool, guaranteed=0, elastic=0)
    assert_events(receipt, registry.AdmissionSet)
    assert not registry.isOptedIn(avs, operator, pool)
    assert _allocations(registry, avs, operator, pool, e + 1, e + 2) == [(2_000, 3_000), (0, 0)]


def test_eject__of_an_admitted_operator__opts_it_out_and_ends_its_admission(
    registry: ContractInstance,
    selective_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    registry.setAdmitted(selective_avs, operator, True, sender=avs_owner)
    registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)
    receipt = registry.eject(selective_avs, operator, pool, sender=avs_owner)
    assert_event(receipt, registry.AdmissionSet, avs=selective_avs, operator=operator, admitted=False)
    assert_event(receipt, registry.OptedOut, avs=selective_avs, operator=operator, vault=pool, ejected=True)
    assert not registry.isAdmitted(selective_avs, operator)
    assert not registry.isOptedIn(selective_avs, operator, pool)
    with reverts(registry.NotAdmitted, avs=selective_avs, operator=operator):
        registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)


def test_eject__of_an_operator_no_longer_admitted__works(
    registry: ContractInstance,
    selective_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    registry.setAdmitted(selective_avs, operator, True, sender=avs_owner)
    registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)
    registry.setAdmitted(selective_avs, operator, False, sender=avs_owner)
    receipt = registry.eject(selective_avs, operator, pool, sender=avs_owner)
    assert_events(receipt, registry.AdmissionSet)
    assert not registry.isOptedIn(selective_avs, operator, pool)


@pytest.mark.usefixtures("opted_in")
def test_eject__by_another_than_the_avs_owner__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, slasher: AccountAPI
) -> None:
    with reverts(registry.NotAVSOwner, avs=avs, caller=slasher):
        registry.eject(avs, operator, pool, sender=slasher)


def test_eject__of_an_operator_that_opted_out_ahead_of_it__ends_its_admission(
    registry: ContractInstance,
    selective_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    registry.setAdmitted(selective_avs, operator, True, sender=avs_owner)
    registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)
    registry.optOut(selective_avs, pool, sender=operator)
    receipt = registry.eject(selective_avs, operator, pool, sender=avs_owner)
    assert_event(receipt, registry.AdmissionSet, avs=selective_avs, operator=operator, admitted=False)
    assert_events(receipt, registry.OptedOut)
    with reverts(registry.NotAdmitted, avs=selective_avs, operator=operator):
        registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)


@pytest.mark.usefixtures("opted_in")
def test_eject__with_neither_allocation_nor_admission__reverts(
    registry: ContractInstance,
    selective_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    with reverts(registry.NotOptedIn, avs=selective_avs, operator=operator, vault=pool):
        registry.eject(selective_avs, operator, pool, sender=avs_owner)


def test_eject__from_an_unknown_avs__reverts(
    registry: ContractInstance, pool: ContractInstance, operator: AccountAPI, avs_owner: AccountAPI
) -> None:
    unknown = registry.avsCount() + 1
    with reverts(registry.UnknownAVS, avs=unknown):
        registry.eject(unknown, operator, pool, sender=avs_owner)
