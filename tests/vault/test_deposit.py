"""Assets in, shares out."""

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


def test_deposit__of_a_fresh_vault__mints_one_share_per_wei(vault: ContractInstance, alice: AccountAPI) -> None:
    vault.deposit(AMOUNT, alice, sender=alice)
    assert vault.balanceOf(alice) == AMOUNT
    assert vault.totalAssets() == SEED + AMOUNT


def test_deposit__mints_at_the_price_rounded_down(
    priced: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    shares = AMOUNT * SUPPLY // HELD
    before = asset.balanceOf(alice)

    receipt = priced.deposit(AMOUNT, bob, sender=alice)

    assert_event(receipt, priced.Deposit, sender=alice, owner=bob, assets=AMOUNT, shares=shares)
    assert_event(receipt, priced.Transfer, **{"from": ZERO_ADDRESS, "to": bob, "value": shares})
    assert receipt.return_value == shares
    assert priced.balanceOf(bob) == shares
    assert asset.balanceOf(alice) == before - AMOUNT


def test_deposit__gives_what_its_preview_said(priced: ContractInstance, bob: AccountAPI) -> None:
    preview = priced.previewDeposit(AMOUNT)
    assert preview == AMOUNT * SUPPLY // HELD
    assert priced.deposit(AMOUNT, bob, sender=bob).return_value == preview


def test_deposit__of_nothing__reverts(vault: ContractInstance, alice: AccountAPI) -> None:
    with reverts(vault.ZeroAmount):
        vault.deposit(0, alice, sender=alice)


def test_deposit__to_nobody__reverts(vault: ContractInstance, alice: AccountAPI) -> None:
    with reverts(vault.ERC20InvalidReceiver, receiver=ZERO_ADDRESS):
        vault.deposit(1, ZERO_ADDRESS, sender=alice)


def test_deposit__worth_less_than_a_share__reverts(priced: ContractInstance, bob: AccountAPI) -> None:
    with reverts(priced.TooFewShares, shares=0, minShares=1):
        priced.deposit(1, bob, sender=bob)  # 1 wei is 0.7 of a share


def test_deposit__without_allowance__reverts(
    vault: ContractInstance, asset: ContractInstance, stranger: AccountAPI, owner: AccountAPI
) -> None:
    asset.mint(stranger, 5, sender=owner)
    with reverts(asset.ERC20InsufficientAllowance, spender=vault, allowance=0, needed=5):
        vault.deposit(5, stranger, sender=stranger)


def test_deposit__while_paused__reverts(
    protocol: Protocol, vault: ContractInstance, guardian: AccountAPI, alice: AccountAPI
) -> None:
    protocol.registry.pause(sender=guardian)
    assert vault.maxDeposit(alice) == 0
    assert vault.maxMint(alice) == 0
    with reverts(vault.ProtocolPaused):
        vault.deposit(5, alice, sender=alice)
    with reverts(vault.ProtocolPaused):
        vault.mint(5, alice, sender=alice)


def test_deposit__after_a_pause__works(
    protocol: Protocol, vault: ContractInstance, owner: AccountAPI, guardian: AccountAPI, alice: AccountAPI
) -> None:
    protocol.registry.pause(sender=guardian)
    protocol.registry.unpause(sender=owner)
    vault.deposit(5, alice, sender=alice)
    assert vault.balanceOf(alice) == 5


def test_mint__takes_the_price_rounded_up(
    priced: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    assets = -(-AMOUNT * HELD // SUPPLY)
    before = asset.balanceOf(alice)

    receipt = priced.mint(AMOUNT, bob, sender=alice)

    assert_event(receipt, priced.Deposit, sender=alice, owner=bob, assets=assets, shares=AMOUNT)
    assert receipt.return_value == assets
    assert priced.balanceOf(bob) == AMOUNT
    assert asset.balanceOf(alice) == before - assets


def test_mint__takes_what_its_preview_said(priced: ContractInstance, bob: AccountAPI) -> None:
    preview = priced.previewMint(AMOUNT)
    assert preview == -(-AMOUNT * HELD // SUPPLY)
    assert priced.mint(AMOUNT, bob, sender=bob).return_value == preview


def test_mint__of_nothing__reverts(vault: ContractInstance, alice: AccountAPI) -> None:
    with reverts(vault.ZeroAmount):
        vault.mint(0, alice, sender=alice)


def test_mint__to_nobody__reverts(vault: ContractInstance, alice: AccountAPI) -> None:
    with reverts(vault.ERC20InvalidReceiver, receiver=ZERO_ADDRESS):
        vault.mint(1, ZERO_ADDRESS, sender=alice)


def test_max_deposit__of_room_for_less_than_a_share__is_zero(
    protocol: Protocol, vault: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
) -> None:
    asset.mint(vault, 4 * SEED, sender=owner)  # a share costs five
    vault.setCap(5 * SEED + 4, sender=protocol.owner)
    assert vault.maxDeposit(alice) == vault.maxMint(alice) == 0
    vault.setCap(5 * SEED + 5, sender=protocol.owner)
    assert vault.maxDeposit(alice) == 5
    vault.deposit(5, alice, sender=alice)
    assert vault.balanceOf(alice) == 1


class TestSupplyBound:
    """Vault shares in existence stay below 2^96."""

    LIMIT = 2**96

    @pytest.fixture
    def wide(
        self, vault: ContractInstance, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> ContractInstance:
        asset.mint(alice, self.LIMIT, sender=owner)
        vault.setCap(self.LIMIT - 1, sender=owner)
        return vault

    def test_deposit__up_to_the_bound__is_taken(self, wide: ContractInstance, alice: AccountAPI) -> None:
        wide.deposit(self.LIMIT - 1 - SEED, alice, sender=alice)
        assert wide.totalSupply() == self.LIMIT - 1

    def test_deposit__over_the_bound__reverts(self, wide: ContractInstance, alice: AccountAPI) -> None:
        most = self.LIMIT - 1 - SEED
        assert wide.maxDeposit(alice) == most
        with reverts(wide.ERC4626ExceededMaxDeposit, receiver=alice, assets=most + 1, max=most):
            wide.deposit(most + 1, alice, sender=alice)

    def test_mint__over_the_bound__reverts(self, wide: ContractInstance, alice: AccountAPI) -> None:
        most = self.LIMIT - 1 - SEED
        assert wide.maxMint(alice) == most
        with reverts(wide.ERC4626ExceededMaxDeposit, receiver=alice, assets=most + 1, max=most):
            wide.mint(most + 1, alice, sender=alice)
