"""Mandates: what an operator promises, and which delegations it allows."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import ANY_MANDATE, BPS, DAY, ETHER


@pytest.fixture
def backed(pool: ContractInstance, operator: AccountAPI, alice: AccountAPI) -> ContractInstance:
    """The operator's pool after a first delegation. Gives the vault."""
    pool.depositAndDelegate(ETHER, operator, 0, ANY_MANDATE, sender=alice)
    return pool


def _mandates(protocol: Protocol, operator: AccountAPI, vault: ContractInstance, *epochs: int) -> list[tuple[int, int]]:
    mandates = [protocol.registry.mandateAt(operator, vault, epoch) for epoch in epochs]
    return [(mandate.lossBudget, mandate.commission) for mandate in mandates]


def test_set_mandate__never_delegated_to__is_in_force_at_once(
    protocol: Protocol, registry: ContractInstance, pool: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.skip_epochs(1)
    receipt = registry.setMandate(pool, 6_000, 2_000, sender=operator)
    assert_event(
        receipt,
        registry.MandateAnnounced,
        operator=operator,
        vault=pool,
        lossBudget=6_000,
        commission=2_000,
        atOnce=True,
    )
    assert _mandates(protocol, operator, pool, e, e + 1, e + 2, e + 3) == [(6_000, 2_000)] * 4


def test_set_mandate__delegated_to__rises_at_the_third_epoch(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.skip_epochs(1)
    receipt = registry.setMandate(backed, 6_000, 2_000, sender=operator)
    assert_event(
        receipt,
        registry.MandateAnnounced,
        operator=operator,
        vault=backed,
        lossBudget=6_000,
        commission=2_000,
        atOnce=False,
    )
    assert _mandates(protocol, operator, backed, e - 1, e, e + 1, e + 2) == [(5_000, 1_000)] * 4
    assert _mandates(protocol, operator, backed, e + 3, e + 4) == [(6_000, 2_000)] * 2


def test_set_mandate__delegated_to__falls_at_the_second_epoch(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    registry.setMandate(backed, 4_000, 0, sender=operator)
    assert _mandates(protocol, operator, backed, e - 1, e, e + 1) == [(5_000, 1_000)] * 3
    assert _mandates(protocol, operator, backed, e + 2, e + 3) == [(4_000, 0)] * 2


def test_set_mandate__each_number__moves_by_itself(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    registry.setMandate(backed, 4_000, 2_000, sender=operator)
    assert _mandates(protocol, operator, backed, e + 1, e + 2, e + 3) == [
        (5_000, 1_000),
        (4_000, 1_000),
        (4_000, 2_000),
    ]


def test_set_mandate__once_all_have_left__still_moves_by_the_rule_of_time(
    protocol: Protocol,
    registry: ContractInstance,
    delegation: ContractInstance,
    backed: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    delegation.undelegate(operator, backed, ETHER, sender=alice)
    e = protocol.skip_epochs(3)
    registry.setMandate(backed, BPS, BPS, sender=operator)
    assert _mandates(protocol, operator, backed, e, e + 2, e + 3) == [(5_000, 1_000)] * 2 + [(BPS, BPS)]


def test_set_mandate__of_a_pool_that_is_not_open__reverts(
    registry: ContractInstance, vault: ContractInstance, stranger: AccountAPI
) -> None:
    with reverts(registry.UnknownPool, operator=stranger, vault=vault):
        registry.setMandate(vault, 1_000, 0, sender=stranger)


@pytest.mark.parametrize(("loss_budget", "commission"), [(BPS + 1, 0), (0, BPS + 1)])
def test_set_mandate__with_more_than_the_whole__reverts(
    registry: ContractInstance, backed: ContractInstance, operator: AccountAPI, loss_budget: int, commission: int
) -> None:
    with reverts(registry.FractionTooLarge, fraction=BPS + 1):
        registry.setMandate(backed, loss_budget, commission, sender=operator)
    assert registry.loosestMandate(operator, backed) == (5_000, 1_000, 0)


def test_set_mandate__at_once_below_what_is_guaranteed__reverts(
    protocol: Protocol, registry: ContractInstance, pool: ContractInstance, avs: int, operator: AccountAPI
) -> None:
    e = protocol.epoch
    registry.optIn(avs, pool, 2_000, 0, b"", sender=operator)
    with reverts(registry.LossBudgetExceeded, epoch=e + 3, guaranteed=2_000, lossBudget=1_999):
        registry.setMandate(pool, 1_999, 0, sender=operator)
    registry.setMandate(pool, 2_000, 0, sender=operator)


def test_set_mandate__at_once_below_what_is_guaranteed_in_this_epoch_only__reverts(
    protocol: Protocol, registry: ContractInstance, pool: ContractInstance, avs: int, operator: AccountAPI
) -> None:
    registry.optIn(avs, pool, 2_000, 0, b"", sender=operator)
    protocol.skip_epochs(3)
    registry.optOut(avs, pool, sender=operator)
    e = protocol.skip_epochs(1)
    with reverts(registry.LossBudgetExceeded, epoch=e, guaranteed=2_000, lossBudget=1_999):
        registry.setMandate(pool, 1_999, 0, sender=operator)
    protocol.skip_epochs(1)
    registry.setMandate(pool, 0, 0, sender=operator)


def test_set_mandate__announced_below_what_is_guaranteed__reverts(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, avs: int, operator: AccountAPI
) -> None:
    registry.optIn(avs, backed, 2_000, 0, b"", sender=operator)
    e = protocol.skip_epochs(3)
    with reverts(registry.LossBudgetExceeded, epoch=e + 2, guaranteed=2_000, lossBudget=1_999):
        registry.setMandate(backed, 1_999, 0, sender=operator)
    assert registry.loosestMandate(operator, backed) == (5_000, 1_000, 0)


def test_set_mandate__as_soon_as_the_guaranteed_part_falls__fits(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, avs: int, operator: AccountAPI
) -> None:
    registry.optIn(avs, backed, 2_000, 0, b"", sender=operator)
    e = protocol.skip_epochs(3)
    registry.optOut(avs, backed, sender=operator)
    registry.setMandate(backed, 0, 0, sender=operator)
    assert registry.partsAt(avs, operator, backed, e + 1) == (2_000, 0, 5_000, 2_000, 0)
    assert registry.partsAt(avs, operator, backed, e + 2) == (0, 0, 0, 0, 0)


def test_mandate__of_a_pool_that_is_not_open__is_unknown(
    registry: ContractInstance, vault: ContractInstance, stranger: AccountAPI
) -> None:
    with reverts(registry.UnknownPool, operator=stranger, vault=vault):
        registry.mandateAt(stranger, vault, 1)
    with reverts(registry.UnknownPool, operator=stranger, vault=vault):
        registry.loosestMandate(stranger, vault)
    with reverts(registry.UnknownPool, operator=stranger, vault=vault):
        registry.room(stranger, vault)


# --- the loosest mandate ---


def test_loosest_mandate__with_a_rise_announced__is_the_announced_one(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    registry.setMandate(backed, 6_000, 2_000, sender=operator)
    assert registry.loosestMandate(operator, backed) == (6_000, 2_000, 0)
    protocol.skip_epochs(5)
    assert registry.loosestMandate(operator, backed) == (6_000, 2_000, 0)


def test_loosest_mandate__with_a_fall_announced__is_the_current_one_until_it_falls(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    registry.setMandate(backed, 4_000, 500, sender=operator)
    assert registry.loosestMandate(operator, backed) == (5_000, 1_000, 0)
    protocol.skip_epochs(1)
    assert registry.loosestMandate(operator, backed) == (5_000, 1_000, 0)
    protocol.skip_epochs(1)
    assert registry.loosestMandate(operator, backed) == (4_000, 500, 0)


def test_loosest_mandate__with_a_peak_to_come__is_the_peak(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.epoch
    registry.setMandate(backed, 8_000, 3_000, sender=operator)
    protocol.skip_epochs(2)
    registry.setMandate(backed, 1_000, 0, sender=operator)  # too late to stop what comes at e + 3 at its old value
    assert registry.loosestMandate(operator, backed) == (5_000, 1_000, 0)
    assert _mandates(protocol, operator, backed, e + 2, e + 3, e + 4) == [(5_000, 1_000), (5_000, 1_000), (1_000, 0)]


# --- what delegations a pool takes ---

MANDATE = (5_000, 1_000, DAY)


@pytest.fixture
def careful(registry: ContractInstance, vault: ContractInstance, second_operator: AccountAPI) -> AccountAPI:
    """An operator whose pool has the mandate above."""
    registry.registerOperator("", sender=second_operator)
    registry.openPool(vault, *MANDATE, sender=second_operator)
    return second_operator


@pytest.mark.parametrize("accepted", [(*MANDATE, False), (*MANDATE, True), (BPS, BPS, 0, False)])
def test_check_delegation__under_an_accepted_mandate__passes(
    registry: ContractInstance, vault: ContractInstance, careful: AccountAPI, accepted: tuple[int, int, int, bool]
) -> None:
    registry.checkConsent(careful, vault, accepted)


@pytest.mark.parametrize(
    "accepted", [(4_999, 1_000, DAY, False), (5_000, 999, DAY, False), (5_000, 1_000, DAY + 1, True)]
)
def test_check_delegation__under_a_looser_mandate__reverts(
    registry: ContractInstance, vault: ContractInstance, careful: AccountAPI, accepted: tuple[int, int, int, bool]
) -> None:
    with reverts(registry.MandateTooLoose, mandate=MANDATE, accepted=accepted):
        registry.checkConsent(careful, vault, accepted)


def test_check_delegation__under_a_looser_mandate_announced__reverts(
    registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    accepted = (5_000, 1_000, 0, False)
    registry.setMandate(backed, 5_001, 0, sender=operator)
    with reverts(registry.MandateTooLoose, mandate=(5_001, 1_000, 0), accepted=accepted):
        registry.checkConsent(operator, backed, accepted)


def test_check_delegation__to_a_pool_that_is_not_open__reverts(
    registry: ContractInstance, vault: ContractInstance, stranger: AccountAPI
) -> None:
    with reverts(registry.UnknownPool, operator=stranger, vault=vault):
        registry.checkConsent(stranger, vault, ANY_MANDATE)


def test_check_delegation__paused__reverts(
    registry: ContractInstance, pool: ContractInstance, operator: AccountAPI, guardian: AccountAPI
) -> None:
    registry.pause(sender=guardian)
    with reverts(registry.ProtocolPaused):
        registry.checkConsent(operator, pool, ANY_MANDATE)


def test_mandate__of_an_epoch_before_the_pool_was_opened__is_zero(
    protocol: Protocol, registry: ContractInstance, vault: ContractInstance, second_operator: AccountAPI
) -> None:
    e = protocol.skip_epochs(5)
    registry.registerOperator("", sender=second_operator)
    registry.openPool(vault, 4_000, 700, DAY, sender=second_operator)
    protocol.skip_epochs(1)
    registry.setMandate(vault, 3_000, 600, sender=second_operator)
    assert [registry.mandateAt(second_operator, vault, epoch) for epoch in (0, e - 2)] == [(0, 0, 0)] * 2
    assert registry.mandateAt(second_operator, vault, e - 1) == (4_000, 700, DAY)


def test_mandate__announced_twice_in_an_epoch__keeps_those_of_earlier_epochs(
    protocol: Protocol, registry: ContractInstance, backed: ContractInstance, operator: AccountAPI
) -> None:
    e = protocol.skip_epochs(1)
    registry.setMandate(backed, 4_000, 500, sender=operator)
    protocol.skip_epochs(4)
    registry.setMandate(backed, 3_000, 400, sender=operator)
    registry.setMandate(backed, 2_000, 300, sender=operator)
    assert _mandates(protocol, operator, backed, e + 1, e + 2, e + 3) == [(5_000, 1_000), (4_000, 500), (4_000, 500)]
    assert _mandates(protocol, operator, backed, e + 5, e + 6) == [(4_000, 500), (2_000, 300)]


def test_mandate__of_an_epoch_before_it_was_announced_anew__has_its_veto_period(
    protocol: Protocol, registry: ContractInstance, vault: ContractInstance, second_operator: AccountAPI
) -> None:
    registry.registerOperator("", sender=second_operator)
    registry.openPool(vault, 4_000, 700, DAY, sender=second_operator)
    e = protocol.skip_epochs(3)
    registry.setMandate(vault, 3_000, 600, sender=second_operator)
    assert registry.mandateAt(second_operator, vault, e - 2) == (4_000, 700, DAY)
