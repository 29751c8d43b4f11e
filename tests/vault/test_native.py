"""Ether in and out of the vault over the real WETH9."""

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import ANY_MANDATE, ETHER, NATIVE
from tests.helpers.vaults import SEED

AMOUNT = 3 * ETHER


def ether_of(account: object) -> int:
    return ape.chain.provider.get_balance(str(getattr(account, "address", account)))


@pytest.fixture
def native_pool(registry: ContractInstance, native: ContractInstance, runner: AccountAPI) -> ContractInstance:
    registry.openPool(native, 5_000, 0, 0, sender=runner)
    return native


def test_deposit_native__mints_for_the_ether_sent(
    native: ContractInstance, weth: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    receipt = native.depositNative(bob, value=AMOUNT, sender=alice)
    assert_event(receipt, native.Deposit, sender=alice, owner=bob, assets=AMOUNT, shares=AMOUNT)
    assert receipt.return_value == AMOUNT
    assert native.balanceOf(bob) == AMOUNT
    assert weth.balanceOf(native) == SEED + AMOUNT
    assert ether_of(native) == 0


def test_deposit_native__mints_at_the_price_rounded_down(
    native: ContractInstance, weth: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    native.depositNative(alice, value=7 * ETHER, sender=alice)
    weth.deposit(value=3 * ETHER, sender=alice)
    weth.transfer(native, 3 * ETHER, sender=alice)
    native.depositNative(bob, value=AMOUNT, sender=bob)
    assert native.balanceOf(bob) == AMOUNT * (7 * ETHER + SEED + 1) // (10 * ETHER + SEED + 1)


def test_deposit_native__of_nothing__reverts(native: ContractInstance, alice: AccountAPI) -> None:
    with reverts(native.ZeroAmount):
        native.depositNative(alice, value=0, sender=alice)


def test_deposit_native__worth_less_than_a_share__reverts(
    native: ContractInstance, weth: ContractInstance, alice: AccountAPI
) -> None:
    weth.deposit(value=SEED, sender=alice)
    weth.transfer(native, SEED, sender=alice)
    with reverts(native.TooFewShares, shares=0, minShares=1):
        native.depositNative(alice, value=1, sender=alice)


def test_deposit_native__to_nobody__reverts(native: ContractInstance, alice: AccountAPI) -> None:
    with reverts(native.ERC20InvalidReceiver, receiver=ZERO_ADDRESS):
        native.depositNative(ZERO_ADDRESS, value=1, sender=alice)


def test_deposit_native__of_which_less_arrives__reverts(
    protocol: Protocol, owner: AccountAPI, alice: AccountAPI
) -> None:
    """The owner listed as WETH what is none."""
    token = owner.deploy(project.ShortWETH)
    vault = deploy_vault(owner, protocol, token, native=True, name="Short", symbol="S")
    token.mint(owner, SEED, sender=owner)
    token.approve(vault, SEED, sender=owner)
    protocol.list_vault(vault, owner)
    with reverts(vault.AssetShort, arrived=AMOUNT - AMOUNT // 10, asked=AMOUNT):
        vault.depositNative(alice, value=AMOUNT, sender=alice)


def test_deposit_native__while_paused__reverts(
    protocol: Protocol, native: ContractInstance, guardian: AccountAPI, alice: AccountAPI
) -> None:
    protocol.registry.pause(sender=guardian)
    with reverts(native.ProtocolPaused):
        native.depositNative(alice, value=5, sender=alice)


def test_deposit_native_and_delegate__delegates_all_it_mints(
    native_pool: ContractInstance, delegation: ContractInstance, runner: AccountAPI, alice: AccountAPI
) -> None:
    receipt = native_pool.depositNativeAndDelegate(runner, AMOUNT, ANY_MANDATE, value=AMOUNT, sender=alice)
    assert_event(receipt, native_pool.Deposit, sender=alice, owner=delegation, assets=AMOUNT, shares=AMOUNT)
    assert_event(
        receipt,
        delegation.Delegated,
        operator=runner,
        vault=native_pool,
        staker=alice,
        shares=AMOUNT,
        poolShares=AMOUNT,
    )
    assert tuple(receipt.return_value) == (AMOUNT, AMOUNT)
    assert delegation.position(runner, native_pool, alice) == (AMOUNT, AMOUNT)
    assert native_pool.balanceOf(delegation) == AMOUNT


def test_deposit_native_and_delegate__for_fewer_shares_than_accepted__reverts(
    native_pool: ContractInstance, runner: AccountAPI, alice: AccountAPI
) -> None:
    with reverts(native_pool.TooFewShares, shares=AMOUNT, minShares=AMOUNT + 1):
        native_pool.depositNativeAndDelegate(runner, AMOUNT + 1, ANY_MANDATE, value=AMOUNT, sender=alice)


def test_deposit_native_and_delegate__under_a_looser_mandate__reverts(
    registry: ContractInstance, native_pool: ContractInstance, runner: AccountAPI, alice: AccountAPI
) -> None:
    accepted = (4_999, 0, 0, False)
    with reverts(registry.MandateTooLoose, mandate=(5_000, 0, 0), accepted=accepted):
        native_pool.depositNativeAndDelegate(runner, 0, accepted, value=AMOUNT, sender=alice)


def test_redeem_native__pays_ether(native: ContractInstance, weth: ContractInstance, alice: AccountAPI) -> None:
    native.depositNative(alice, value=AMOUNT, sender=alice)
    receiver = "0x" + "42" * 20
    receipt = native.redeemNative(AMOUNT - 1, receiver, alice, sender=alice)
    assert_event(
        receipt,
        native.Withdraw,
        sender=alice,
        receiver=receiver,
        owner=alice,
        assets=AMOUNT - 1,
        shares=AMOUNT - 1,
    )
    assert receipt.return_value == AMOUNT - 1
    assert ether_of(receiver) == AMOUNT - 1
    assert weth.balanceOf(native) == SEED + 1
    assert ether_of(native) == 0


def test_redeem_native__pays_at_the_price_rounded_down(
    native: ContractInstance, weth: ContractInstance, alice: AccountAPI
) -> None:
    native.depositNative(alice, value=7 * ETHER, sender=alice)
    weth.deposit(value=3 * ETHER, sender=alice)
    weth.transfer(native, 3 * ETHER, sender=alice)
    receiver = "0x" + "42" * 20
    assets = AMOUNT * (10 * ETHER + SEED + 1) // (7 * ETHER + SEED + 1)
    receipt = native.redeemNative(AMOUNT, receiver, alice, sender=alice)
    assert_event(receipt, native.Withdraw, sender=alice, receiver=receiver, owner=alice, assets=assets, shares=AMOUNT)
    assert ether_of(receiver) == assets


def test_redeem_native__of_nothing__reverts(native: ContractInstance, alice: AccountAPI) -> None:
    with reverts(native.ZeroAmount):
        native.redeemNative(0, alice, alice, sender=alice)


def test_redeem_native__to_nobody__reverts(native: ContractInstance, alice: AccountAPI) -> None:
    with reverts(native.ZeroReceiver):
        native.redeemNative(1, ZERO_ADDRESS, alice, sender=alice)


def test_redeem_native__of_more_than_held__reverts(native: ContractInstance, alice: AccountAPI) -> None:
    native.depositNative(alice, value=5, sender=alice)
    with reverts(native.ERC20InsufficientBalance, sender=alice, balance=5, needed=6):
        native.redeemNative(6, alice, alice, sender=alice)


def test_redeem_native__of_another_without_allowance__reverts(
    native: ContractInstance, alice: AccountAPI, stranger: AccountAPI
) -> None:
    native.depositNative(alice, value=5, sender=alice)
    with reverts(native.ERC20InsufficientAllowance, spender=stranger, allowance=0, needed=5):
        native.redeemNative(5, stranger, alice, sender=stranger)


def test_redeem_native__of_another_with_allowance__uses_it_up(
    native: ContractInstance, alice: AccountAPI, stranger: AccountAPI
) -> None:
    native.depositNative(alice, value=5, sender=alice)
    native.approve(stranger, 5, sender=alice)
    receiver = "0x" + "42" * 20
    native.redeemNative(5, receiver, alice, sender=stranger)
    assert ether_of(receiver) == 5
    assert native.allowance(alice, stranger) == 0


def test_redeem_native__to_a_wallet_that_takes_no_ether__reverts(
    native: ContractInstance, wallet: ContractInstance, alice: AccountAPI
) -> None:
    native.depositNative(alice, value=AMOUNT, sender=alice)
    with reverts(native.NativeFailed, receiver=wallet, assets=AMOUNT):
        native.redeemNative(AMOUNT, wallet, alice, sender=alice)


def test_redeem__for_a_wallet_that_takes_no_ether__pays_weth(
    native: ContractInstance, weth: ContractInstance, wallet: ContractInstance, alice: AccountAPI
) -> None:
    native.depositNative(alice, value=AMOUNT, sender=alice)
    native.redeem(AMOUNT, wallet, alice, sender=alice)
    assert weth.balanceOf(wallet) == AMOUNT


def test_redeem_native__to_a_wallet_that_takes_ether__pays_it(
    native: ContractInstance, wallet: ContractInstance, alice: AccountAPI
) -> None:
    wallet.setTakesEther(True, sender=alice)
    native.depositNative(alice, value=AMOUNT, sender=alice)
    native.redeemNative(AMOUNT, wallet, alice, sender=alice)
    assert ether_of(wallet) == AMOUNT


def test_complete__into_ether__pays_it(
    protocol: Protocol,
    native_pool: ContractInstance,
    delegation: ContractInstance,
    runner: AccountAPI,
    alice: AccountAPI,
) -> None:
    native_pool.depositNativeAndDelegate(runner, 0, ANY_MANDATE, value=AMOUNT, sender=alice)
    delegation.undelegate(runner, native_pool, AMOUNT, sender=alice)
    opened = protocol.epoch
    protocol.skip_epochs(2)
    receiver = "0x" + "42" * 20
    receipt = delegation.complete(runner, native_pool, alice, opened, receiver, NATIVE, sender=alice)
    assert_event(
        receipt,
        delegation.Completed,
        operator=runner,
        vault=native_pool,
        staker=alice,
        epoch=opened,
        shares=AMOUNT,
        receiver=receiver,
        payout=NATIVE,
    )
    assert ether_of(receiver) == AMOUNT


def test_ether__of_a_stranger__is_refused(native: ContractInstance, stranger: AccountAPI) -> None:
    with reverts(native.UnexpectedNative, sender=stranger):
        stranger.transfer(native, 1)


def test_ether__sent_to_a_vault_of_a_token__is_refused(vault: ContractInstance, stranger: AccountAPI) -> None:
    with reverts(vault.UnexpectedNative, sender=stranger):
        stranger.transfer(vault, 1)


def test_native_calls__of_a_vault_of_a_token__revert(
    vault: ContractInstance, asset: ContractInstance, alice: AccountAPI, operator: AccountAPI
) -> None:
    with reverts(vault.NotNative, asset=asset):
        vault.depositNative(alice, value=1, sender=alice)
    with reverts(vault.NotNative, asset=asset):
        vault.depositNativeAndDelegate(operator, 0, ANY_MANDATE, value=1, sender=alice)
    with reverts(vault.NotNative, asset=asset):
        vault.redeemNative(1, alice, alice, sender=alice)


def test_multicall__cannot_spend_the_same_ether_twice(native: ContractInstance, alice: AccountAPI) -> None:
    call = native.depositNative.encode_input(alice)
    with reverts(native.ZeroAmount):
        native.multicall([call, call], sender=alice)


def test_deposit__of_weth__is_worth_the_same_as_ether(
    native: ContractInstance, weth: ContractInstance, alice: AccountAPI
) -> None:
    weth.deposit(value=AMOUNT, sender=alice)
    weth.approve(native, AMOUNT, sender=alice)
    native.deposit(AMOUNT, alice, sender=alice)
    assert native.balanceOf(alice) == AMOUNT
