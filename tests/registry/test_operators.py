"""Operators and their pools."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import BPS, DAY


@pytest.fixture
def newcomer(registry: ContractInstance, second_operator: AccountAPI) -> AccountAPI:
    """An operator without a pool."""
    registry.registerOperator("", sender=second_operator)
    return second_operator


def test_register_operator__for_the_first_time__registers(
    registry: ContractInstance, second_operator: AccountAPI
) -> None:
    assert not registry.isOperator(second_operator)
    receipt = registry.registerOperator("ipfs://operator", sender=second_operator)
    assert_event(receipt, registry.OperatorRegistered, operator=second_operator, uri="ipfs://operator")
    assert registry.isOperator(second_operator)


def test_register_operator__twice__reverts(registry: ContractInstance, newcomer: AccountAPI) -> None:
    with reverts(registry.OperatorAlreadyRegistered, operator=newcomer):
        registry.registerOperator("", sender=newcomer)


def test_open_pool__in_a_listed_vault__is_in_force_at_once(
    protocol: Protocol, registry: ContractInstance, vault: ContractInstance, newcomer: AccountAPI
) -> None:
    assert not registry.isOpen(newcomer, vault)
    receipt = registry.openPool(vault, 4_000, 700, DAY, sender=newcomer)
    assert_event(receipt, registry.PoolOpened, operator=newcomer, vault=vault, vetoPeriod=DAY)
    assert_event(
        receipt,
        registry.MandateAnnounced,
        operator=newcomer,
        vault=vault,
        lossBudget=4_000,
        commission=700,
        atOnce=True,
    )
    assert registry.isOpen(newcomer, vault)
    e = protocol.epoch
    assert [registry.mandateAt(newcomer, vault, e + i) for i in range(5)] == [(4_000, 700, DAY)] * 5


@pytest.mark.parametrize(("loss_budget", "commission", "veto"), [(0, 0, 0), (BPS, BPS, 2 * DAY)])
def test_open_pool__at_the_bounds__is_taken(
    registry: ContractInstance,
    vault: ContractInstance,
    newcomer: AccountAPI,
    loss_budget: int,
    commission: int,
    veto: int,
) -> None:
    registry.openPool(vault, loss_budget, commission, veto, sender=newcomer)
    assert registry.loosestMandate(newcomer, vault) == (loss_budget, commission, veto)


def test_open_pool__not_an_operator__reverts(
    registry: ContractInstance, vault: ContractInstance, stranger: AccountAPI
) -> None:
    with reverts(registry.UnknownOperator, operator=stranger):
        registry.openPool(vault, 1_000, 0, 0, sender=stranger)


def test_open_pool__in_an_unknown_vault__reverts(
    registry: ContractInstance, asset: ContractInstance, newcomer: AccountAPI
) -> None:
    with reverts(registry.UnknownVault, vault=asset):
        registry.openPool(asset, 1_000, 0, 0, sender=newcomer)


def test_open_pool__twice__reverts(registry: ContractInstance, pool: ContractInstance, operator: AccountAPI) -> None:
    with reverts(registry.PoolAlreadyOpen, operator=operator, vault=pool):
        registry.openPool(pool, 1_000, 0, 0, sender=operator)
    assert registry.loosestMandate(operator, pool) == (5_000, 1_000, 0)


def test_open_pool__with_a_veto_period_above_the_longest__reverts(
    registry: ContractInstance, vault: ContractInstance, newcomer: AccountAPI
) -> None:
    with reverts(registry.VetoPeriodTooLong, vetoPeriod=2 * DAY + 1, max=2 * DAY):
        registry.openPool(vault, 1_000, 0, 2 * DAY + 1, sender=newcomer)


@pytest.mark.parametrize(("loss_budget", "commission"), [(BPS + 1, 0), (0, BPS + 1), (2**256 - 1, 0), (0, 2**256 - 1)])
def test_open_pool__with_more_than_the_whole__reverts(
    registry: ContractInstance, vault: ContractInstance, newcomer: AccountAPI, loss_budget: int, commission: int
) -> None:
    with reverts(registry.FractionTooLarge, fraction=max(loss_budget, commission)):
        registry.openPool(vault, loss_budget, commission, 0, sender=newcomer)
    assert not registry.isOpen(newcomer, vault)


def test_open_pool__of_one_operator__opens_no_other(
    registry: ContractInstance, pool: ContractInstance, newcomer: AccountAPI
) -> None:
    assert not registry.isOpen(newcomer, pool)
