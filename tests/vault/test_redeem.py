"""Shares in, assets out: at once, whatever anybody does."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import ETHER
from tests.helpers.vaults import SEED

# Of `priced`, with the one that ERC-4626 adds to each against inflation.
SUPPLY = 7 * ETHER + SEED + 1
HELD = 10 * ETHER + SEED + 1
AMOUNT = 1_234_567_890_123_456_789


def test_redeem__pays_the_price_rounded_down(
    priced: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    assets = AMOUNT * HELD // SUPPLY
    before = asset.balanceOf(bob)

    receipt = priced.redeem(AMOUNT, bob, alice, sender=alice)

    assert_event(receipt, priced.Withdraw, sender=alice, receiver=bob, owner=alice, assets=assets, shares=AMOUNT)
    assert receipt.return_value == assets
    assert asset.balanceOf(bob) == before + assets
    assert priced.balanceOf(alice) == 7 * ETHER - AMOUNT


def test_redeem__pays_what_its_preview_said(priced: ContractInstance, alice: AccountAPI) -> None:
    preview = priced.previewRedeem(AMOUNT)
    assert preview == AMOUNT * HELD // SUPPLY
    assert priced.redeem(AMOUNT, alice, alice, sender=alice).return_value == preview


def test_withdraw__burns_the_price_rounded_up(
    priced: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    shares = -(-AMOUNT * SUPPLY // HELD)
    before = asset.balanceOf(bob)

    receipt = priced.withdraw(AMOUNT, bob, alice, sender=alice)

    assert_event(receipt, priced.Withdraw, sender=alice, receiver=bob, owner=alice, assets=AMOUNT, shares=shares)
    assert receipt.return_value == shares
    assert asset.balanceOf(bob) == before + AMOUNT
    assert priced.balanceOf(alice) == 7 * ETHER - shares


def test_withdraw__burns_what_its_preview_said(priced: ContractInstance, alice: AccountAPI) -> None:
    preview = priced.previewWithdraw(AMOUNT)
    assert preview == -(-AMOUNT * SUPPLY // HELD)
    assert priced.withdraw(AMOUNT, alice, alice, sender=alice).return_value == preview


def test_redeem__of_nothing__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    with reverts(priced.ZeroAmount):
        priced.redeem(0, alice, alice, sender=alice)


def test_withdraw__of_nothing__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    with reverts(priced.ZeroAmount):
        priced.withdraw(0, alice, alice, sender=alice)


def test_redeem__to_nobody__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    with reverts(priced.ZeroReceiver):
        priced.redeem(1, ZERO_ADDRESS, alice, sender=alice)


def test_withdraw__to_nobody__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    with reverts(priced.ZeroReceiver):
        priced.withdraw(1, ZERO_ADDRESS, alice, sender=alice)


def test_redeem__of_more_than_held__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    held = 7 * ETHER
    with reverts(priced.ERC4626ExceededMaxRedeem, owner=alice, shares=held + 1, max=held):
        priced.redeem(held + 1, alice, alice, sender=alice)


def test_withdraw__of_more_than_held__reverts(priced: ContractInstance, alice: AccountAPI) -> None:
    worth = 7 * ETHER * HELD // SUPPLY
    assert priced.maxWithdraw(alice) == worth
    with reverts(priced.ERC4626ExceededMaxWithdraw, owner=alice, assets=worth + 1, max=worth):
        priced.withdraw(worth + 1, alice, alice, sender=alice)


@pytest.mark.parametrize("method", ["redeem", "withdraw"])
def test_exit_of_another__without_allowance__reverts(
    vault: ContractInstance, alice: AccountAPI, stranger: AccountAPI, method: str
) -> None:
    vault.deposit(10, alice, sender=alice)
    with reverts(vault.ERC20InsufficientAllowance, spender=stranger, allowance=0, needed=10):
        getattr(vault, method)(10, stranger, alice, sender=stranger)


@pytest.mark.parametrize("method", ["redeem", "withdraw"])
def test_exit_of_another__with_allowance__uses_it_up(
    vault: ContractInstance, asset: ContractInstance, alice: AccountAPI, stranger: AccountAPI, method: str
) -> None:
    vault.deposit(10, alice, sender=alice)
    vault.approve(stranger, 7, sender=alice)
    receipt = getattr(vault, method)(7, stranger, alice, sender=stranger)
    assert_event(receipt, vault.Withdraw, sender=stranger, receiver=stranger, owner=alice, assets=7, shares=7)
    assert vault.allowance(alice, stranger) == 0
    assert asset.balanceOf(stranger) == 7
    with reverts(vault.ERC20InsufficientAllowance, spender=stranger, allowance=0, needed=3):
        getattr(vault, method)(3, stranger, alice, sender=stranger)


def test_allowance__of_the_delegation_manager__has_no_limit(
    vault: ContractInstance, delegation: ContractInstance, alice: AccountAPI
) -> None:
    assert vault.allowance(alice, delegation) == 2**256 - 1


def test_allowance__of_anyone_else__is_what_was_approved(
    vault: ContractInstance,
    registry: ContractInstance,
    slashing: ContractInstance,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    vault.approve(bob, 5, sender=alice)
    assert vault.allowance(alice, bob) == 5
    for other in (registry, slashing, vault):
        assert vault.allowance(alice, other) == 0


def test_exit__while_paused__works(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    guardian: AccountAPI,
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """Promise 9: undelegated vault shares redeem at once, whatever the guardian does."""
    vault.deposit(10, alice, sender=alice)
    protocol.registry.pause(sender=guardian)
    vault.redeem(4, stranger, alice, sender=alice)
    vault.withdraw(6, stranger, alice, sender=alice)
    assert asset.balanceOf(stranger) == 10
    assert vault.balanceOf(alice) == 0
