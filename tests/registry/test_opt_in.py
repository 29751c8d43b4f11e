"""Opting in to an AVS with a first allocation."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import BPS, DAY


def test_opt_in__to_an_avs_that_takes_everyone__allocates_from_the_third_epoch(
    protocol: Protocol, registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    receipt = registry.optIn(avs, pool, 2_000, 3_000, b"", sender=operator)
    assert_event(receipt, registry.OptedIn, avs=avs, operator=operator, vault=pool)
    assert_event(
        receipt,
        registry.AllocationAnnounced,
        avs=avs,
        operator=operator,
        vault=pool,
        guaranteed=2_000,
        elastic=3_000,
    )
    assert registry.isOptedIn(avs, operator, pool)
    assert registry.allocationAt(avs, operator, pool, e + 2) == (0, 0)
    assert registry.allocationAt(avs, operator, pool, e + 3) == (2_000, 3_000)
    assert registry.partsAt(avs, operator, pool, e + 2) == (0, 0, 5_000, 0, 0)
    assert registry.partsAt(avs, operator, pool, e + 3) == (2_000, 3_000, 5_000, 2_000, 3_000)


@pytest.mark.parametrize(("guaranteed", "elastic"), [(1, 0), (0, 1), (5_000, BPS)])
def test_opt_in__at_the_bounds__is_taken(
    protocol: Protocol,
    registry: ContractInstance,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    guaranteed: int,
    elastic: int,
) -> None:
    registry.optIn(avs, pool, guaranteed, elastic, b"", sender=operator)
    assert registry.allocationAt(avs, operator, pool, protocol.epoch + 3) == (guaranteed, elastic)


def test_opt_in__to_an_unknown_avs__reverts(
    registry: ContractInstance, pool: ContractInstance, operator: AccountAPI
) -> None:
    unknown = registry.avsCount() + 1
    with reverts(registry.UnknownAVS, avs=unknown):
        registry.optIn(unknown, pool, 1, 0, b"", sender=operator)


def test_opt_in__without_a_pool__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, second_operator: AccountAPI
) -> None:
    with reverts(registry.UnknownPool, operator=second_operator, vault=pool):
        registry.optIn(avs, pool, 1, 0, b"", sender=second_operator)


def test_opt_in__in_a_vault_that_does_not_count__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, avs_owner: AccountAPI
) -> None:
    registry.setVault(avs, pool, False, sender=avs_owner)
    with reverts(registry.VaultNotCounted, avs=avs, vault=pool):
        registry.optIn(avs, pool, 1, 0, b"", sender=operator)


def test_opt_in__not_admitted__reverts(
    registry: ContractInstance, selective_avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.NotAdmitted, avs=selective_avs, operator=operator):
        registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)


def test_opt_in__admitted__is_taken(
    registry: ContractInstance,
    selective_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    registry.setAdmitted(selective_avs, operator, True, sender=avs_owner)
    registry.optIn(selective_avs, pool, 1, 0, b"", sender=operator)
    assert registry.isOptedIn(selective_avs, operator, pool)


def test_opt_in__twice__reverts(
    protocol: Protocol, registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    registry.optIn(avs, pool, 0, 1, b"", sender=operator)
    for _ in range(2):
        with reverts(registry.AlreadyOptedIn, avs=avs, operator=operator, vault=pool):
            registry.optIn(avs, pool, 1, 0, b"", sender=operator)
        protocol.skip_epochs(5)


@pytest.mark.parametrize(("veto", "refused"), [(DAY - 1, True), (DAY, False), (2 * DAY, False)])
def test_opt_in__with_a_veto_period_below_the_mandate__reverts(
    protocol: Protocol,
    registry: ContractInstance,
    vault: ContractInstance,
    second_operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    veto: int,
    refused: bool,
) -> None:
    registry.registerOperator("", sender=second_operator)
    registry.openPool(vault, 5_000, 0, DAY, sender=second_operator)
    avs = protocol.register_avs(avs_owner, slasher, vaults=[vault], resolver=resolver, veto=veto)
    if refused:
        with reverts(registry.VetoPeriodTooShort, vetoPeriod=veto, min=DAY):
            registry.optIn(avs, vault, 1, 0, b"", sender=second_operator)
    else:
        registry.optIn(avs, vault, 1, 0, b"", sender=second_operator)
    assert registry.isOptedIn(avs, second_operator, vault) != refused


def test_opt_in__with_nothing__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.NothingAllocated):
        registry.optIn(avs, pool, 0, 0, b"", sender=operator)
    assert registry.poolCount(avs) == 0


@pytest.mark.parametrize(("guaranteed", "elastic"), [(BPS + 1, 0), (0, BPS + 1), (2**255, 0), (0, 2**255)])
def test_opt_in__with_more_than_the_whole__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI, guaranteed: int, elastic: int
) -> None:
    with reverts(registry.FractionTooLarge, fraction=guaranteed + elastic):
        registry.optIn(avs, pool, guaranteed, elastic, b"", sender=operator)


def test_opt_in__with_an_elastic_part_for_an_avs_with_a_recipient__reverts(
    registry: ContractInstance, paid_avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    with reverts(registry.ElasticWithRecipient, avs=paid_avs, elastic=1):
        registry.optIn(paid_avs, pool, 1, 1, b"", sender=operator)
    registry.optIn(paid_avs, pool, 1, 0, b"", sender=operator)


def test_opt_in__over_the_loss_budget__reverts(
    protocol: Protocol,
    registry: ContractInstance,
    avs: int,
    second_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
) -> None:
    e = protocol.epoch
    registry.optIn(avs, pool, 2_000, BPS, b"", sender=operator)
    with reverts(registry.LossBudgetExceeded, epoch=e + 3, guaranteed=5_001, lossBudget=5_000):
        registry.optIn(second_avs, pool, 3_001, 0, b"", sender=operator)
    registry.optIn(second_avs, pool, 3_000, BPS, b"", sender=operator)
    assert registry.partsAt(second_avs, operator, pool, e + 3) == (3_000, BPS, 5_000, 5_000, 2 * BPS)


def test_opt_in__again__lists_the_pool_once(
    protocol: Protocol, registry: ContractInstance, avs: int, pool: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    for _ in range(2):
        registry.optIn(avs, pool, 2_000, 0, b"", sender=operator)
        registry.optOut(avs, pool, sender=operator)
    protocol.skip_epochs(5)
    registry.optIn(avs, pool, 1_000, 0, b"", sender=operator)
    assert registry.poolCount(avs) == registry.allocationCount(operator, pool) == 1
    assert registry.pools(avs, 0, 9) == [(operator, pool)]
    assert registry.allocations(operator, pool, e + 8, 0, 9) == [(avs, 1_000, 0)]


def test_opt_in__of_one_pool__opts_in_no_other(
    registry: ContractInstance,
    avs: int,
    second_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    second_operator: AccountAPI,
) -> None:
    registry.optIn(avs, pool, 1, 0, b"", sender=operator)
    assert not registry.isOptedIn(second_avs, operator, pool)
    assert not registry.isOptedIn(avs, second_operator, pool)
