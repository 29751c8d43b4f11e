"""Deposit and delegation in one call."""

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.protocol import ANY_MANDATE, ETHER
from tests.helpers.vaults import SEED

AMOUNT = 3 * ETHER


def test_deposit_and_delegate__delegates_all_it_mints(
    pool: ContractInstance,
    asset: ContractInstance,
    delegation: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    before = asset.balanceOf(alice)

    receipt = pool.depositAndDelegate(AMOUNT, operator, AMOUNT, ANY_MANDATE, sender=alice)

    assert_event(receipt, pool.Deposit, sender=alice, owner=delegation, assets=AMOUNT, shares=AMOUNT)
    assert_events(receipt, pool.Transfer, {"from": ZERO_ADDRESS, "to": delegation, "value": AMOUNT})
    assert_event(
        receipt,
        delegation.Delegated,
        operator=operator,
        vault=pool,
        staker=alice,
        shares=AMOUNT,
        poolShares=AMOUNT,
    )
    assert tuple(receipt.return_value) == (AMOUNT, AMOUNT)
    assert asset.balanceOf(alice) == before - AMOUNT
    assert pool.balanceOf(alice) == 0
    assert pool.balanceOf(delegation) == AMOUNT
    assert delegation.position(operator, pool, alice) == (AMOUNT, AMOUNT)


def test_deposit_and_delegate__under_the_mandate_it_accepts_exactly__works(
    pool: ContractInstance, delegation: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    pool.depositAndDelegate(AMOUNT, operator, 0, (5_000, 1_000, 0, False), sender=alice)
    assert delegation.position(operator, pool, alice) == (AMOUNT, AMOUNT)


def test_deposit_and_delegate__under_a_looser_mandate__reverts(
    pool: ContractInstance, registry: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    accepted = (4_999, 1_000, 0, False)
    with reverts(registry.MandateTooLoose, mandate=(5_000, 1_000, 0), accepted=accepted):
        pool.depositAndDelegate(AMOUNT, operator, 0, accepted, sender=alice)


def test_deposit_and_delegate__for_fewer_shares_than_accepted__reverts(
    pool: ContractInstance, asset: ContractInstance, operator: AccountAPI, owner: AccountAPI, alice: AccountAPI
) -> None:
    pool.deposit(7 * ETHER, alice, sender=alice)
    asset.transfer(pool, 3 * ETHER, sender=owner)
    shares = AMOUNT * (7 * ETHER + SEED + 1) // (10 * ETHER + SEED + 1)
    with reverts(pool.TooFewShares, shares=shares, minShares=shares + 1):
        pool.depositAndDelegate(AMOUNT, operator, shares + 1, ANY_MANDATE, sender=alice)
    receipt = pool.depositAndDelegate(AMOUNT, operator, shares, ANY_MANDATE, sender=alice)
    assert tuple(receipt.return_value) == (shares, shares)


def test_deposit_and_delegate__of_nothing__reverts(
    pool: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    with reverts(pool.ZeroAmount):
        pool.depositAndDelegate(0, operator, 0, ANY_MANDATE, sender=alice)


def test_deposit_and_delegate__to_a_pool_that_is_not_open__reverts(
    pool: ContractInstance, registry: ContractInstance, stranger: AccountAPI, alice: AccountAPI
) -> None:
    with reverts(registry.UnknownPool, operator=stranger, vault=pool):
        pool.depositAndDelegate(AMOUNT, stranger, 0, ANY_MANDATE, sender=alice)


def test_deposit_and_delegate__while_paused__reverts(
    protocol: Protocol,
    pool: ContractInstance,
    guardian: AccountAPI,
    operator: AccountAPI,
    alice: AccountAPI,
) -> None:
    protocol.registry.pause(sender=guardian)
    with reverts(pool.ProtocolPaused):
        pool.depositAndDelegate(AMOUNT, operator, 0, ANY_MANDATE, sender=alice)
