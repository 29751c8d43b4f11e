"""Tokens that do not behave: whatever they do, nobody else's exit suffers."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.delegating import delegate
from tests.helpers.protocol import ANY_MANDATE, ASSETS, ETHER, VAULT_SHARES
from tests.helpers.vaults import SEED, open_vault

AMOUNT = 100 * ETHER


class TestFeeOnTransfer:
    @pytest.fixture
    def token(self, owner: AccountAPI, alice: AccountAPI) -> ContractInstance:
        token = owner.deploy(project.ShortToken)
        token.mint(alice, 1_000 * ETHER, sender=owner)
        return token

    @pytest.fixture
    def short_vault(self, protocol: Protocol, token: ContractInstance, alice: AccountAPI) -> ContractInstance:
        return open_vault(protocol, token, [alice])

    @pytest.mark.parametrize("short", [1, 2])
    def test_deposit__that_arrives_up_to_two_wei_short__mints_for_what_arrived(
        self,
        short_vault: ContractInstance,
        token: ContractInstance,
        owner: AccountAPI,
        alice: AccountAPI,
        short: int,
    ) -> None:
        token.setShort(short, sender=owner)
        receipt = short_vault.deposit(AMOUNT, alice, sender=alice)
        assert_event(
            receipt, short_vault.Deposit, sender=alice, owner=alice, assets=AMOUNT - short, shares=AMOUNT - short
        )
        assert receipt.return_value == AMOUNT - short
        assert short_vault.balanceOf(alice) == AMOUNT - short
        assert short_vault.totalAssets() == SEED + AMOUNT - short

    def test_deposit__that_arrives_three_wei_short__reverts(
        self, short_vault: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> None:
        token.setShort(3, sender=owner)
        with reverts(short_vault.AssetShort, arrived=AMOUNT - 3, asked=AMOUNT):
            short_vault.deposit(AMOUNT, alice, sender=alice)

    @pytest.mark.parametrize("short", [1, 2])
    def test_mint__that_arrives_short__reverts(
        self,
        short_vault: ContractInstance,
        token: ContractInstance,
        owner: AccountAPI,
        alice: AccountAPI,
        short: int,
    ) -> None:
        token.setShort(short, sender=owner)
        with reverts(short_vault.AssetShort, arrived=AMOUNT - short, asked=AMOUNT):
            short_vault.mint(AMOUNT, alice, sender=alice)

    def test_deposit__of_which_nothing_arrives__reverts(
        self, short_vault: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> None:
        token.setShort(2, sender=owner)
        with reverts(short_vault.TooFewShares, shares=0, minShares=1):
            short_vault.deposit(2, alice, sender=alice)

    def test_redeem__of_a_token_that_turned_to_take_a_fee__never_compares(
        self, short_vault: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> None:
        short_vault.deposit(AMOUNT, alice, sender=alice)
        before = token.balanceOf(alice)
        token.setShort(5, sender=owner)
        receipt = short_vault.redeem(AMOUNT, alice, alice, sender=alice)
        assert receipt.return_value == AMOUNT
        assert token.balanceOf(alice) == before + AMOUNT - 5


class TestNoReturnWithSixDecimals:
    """A token that returns nothing, with 6 decimals, goes through a whole life."""

    UNIT = 10**6

    def test_life__is_exact_to_the_wei(
        self, protocol: Protocol, owner: AccountAPI, alice: AccountAPI, runner: AccountAPI
    ) -> None:
        token = owner.deploy(project.NoReturnToken)
        vault = open_vault(protocol, token, [alice], amount=1_000 * self.UNIT)
        delegation = protocol.delegation
        protocol.registry.openPool(vault, 5_000, 0, 0, sender=runner)
        assert vault.decimals() == 6

        vault.deposit(300 * self.UNIT, alice, sender=alice)
        vault.depositAndDelegate(700 * self.UNIT, runner, 700 * self.UNIT, ANY_MANDATE, sender=alice)
        vault.redeem(100 * self.UNIT, alice, alice, sender=alice)
        vault.withdraw(200 * self.UNIT, alice, alice, sender=alice)
        assert token.balanceOf(alice) == 300 * self.UNIT

        delegation.undelegate(runner, vault, 700 * self.UNIT, sender=alice)
        opened = protocol.epoch
        protocol.skip_epochs(2)
        delegation.complete(runner, vault, alice, opened, alice, ASSETS, sender=alice)
        assert token.balanceOf(alice) == 1_000 * self.UNIT
        assert vault.totalSupply() == SEED
        assert vault.totalAssets() == SEED


class TestFalseReturning:
    @pytest.fixture
    def token(self, owner: AccountAPI) -> ContractInstance:
        return owner.deploy(project.FalseToken)

    @pytest.fixture
    def false_vault(self, protocol: Protocol, token: ContractInstance, alice: AccountAPI) -> ContractInstance:
        vault = open_vault(protocol, token, [alice])
        vault.deposit(AMOUNT, alice, sender=alice)
        return vault

    def test_deposit__that_returns_false__reverts(
        self, false_vault: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> None:
        token.setFailing(True, sender=owner)
        with reverts(false_vault.SafeERC20FailedOperation, token=token):
            false_vault.deposit(AMOUNT, alice, sender=alice)
        with reverts(false_vault.SafeERC20FailedOperation, token=token):
            false_vault.mint(AMOUNT, alice, sender=alice)

    def test_redeem__that_returns_false__reverts_and_keeps_the_shares(
        self, false_vault: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI
    ) -> None:
        token.setFailing(True, sender=owner)
        with reverts(false_vault.SafeERC20FailedOperation, token=token):
            false_vault.redeem(AMOUNT, alice, alice, sender=alice)
        token.setFailing(False, sender=owner)
        before = token.balanceOf(alice)
        false_vault.redeem(AMOUNT, alice, alice, sender=alice)
        assert token.balanceOf(alice) == before + AMOUNT

    def test_complete_into_vault_shares__does_not_need_the_asset(
        self,
        protocol: Protocol,
        false_vault: ContractInstance,
        token: ContractInstance,
        owner: AccountAPI,
        alice: AccountAPI,
        runner: AccountAPI,
    ) -> None:
        delegation = protocol.delegation
        protocol.registry.openPool(false_vault, 5_000, 0, 0, sender=runner)
        delegate(delegation, runner, false_vault, AMOUNT, ANY_MANDATE, sender=alice)
        delegation.undelegate(runner, false_vault, AMOUNT, sender=alice)
        opened = protocol.epoch
        protocol.skip_epochs(2)
        token.setFailing(True, sender=owner)
        with reverts(false_vault.SafeERC20FailedOperation, token=token):
            delegation.complete(runner, false_vault, alice, opened, alice, ASSETS, sender=alice)
        delegation.complete(runner, false_vault, alice, opened, alice, VAULT_SHARES, sender=alice)
        assert false_vault.balanceOf(alice) == AMOUNT


class TestBlocklist:
    @pytest.fixture
    def token(self, owner: AccountAPI) -> ContractInstance:
        return owner.deploy(project.BlocklistToken)

    @pytest.fixture
    def block_pool(
        self,
        protocol: Protocol,
        token: ContractInstance,
        runner: AccountAPI,
        alice: AccountAPI,
        bob: AccountAPI,
    ) -> ContractInstance:
        """Alice and bob both hold shares, and tickets that they opened in this epoch."""
        vault = open_vault(protocol, token, [alice, bob])
        protocol.registry.openPool(vault, 5_000, 0, 0, sender=runner)
        for staker in (alice, bob):
            vault.deposit(AMOUNT, staker, sender=staker)
            vault.depositAndDelegate(AMOUNT, runner, 0, ANY_MANDATE, sender=staker)
            protocol.delegation.undelegate(runner, vault, AMOUNT, sender=staker)
        return vault

    def test_exit__of_a_blocked_staker__works_to_another_receiver(
        self,
        protocol: Protocol,
        block_pool: ContractInstance,
        token: ContractInstance,
        owner: AccountAPI,
        runner: AccountAPI,
        alice: AccountAPI,
        stranger: AccountAPI,
    ) -> None:
        """Promise 9: free exit, though the asset blocks the staker."""
        opened = protocol.epoch
        protocol.skip_epochs(2)
        token.setBlocked(alice, True, sender=owner)
        delegation = protocol.delegation
        with reverts(token.Blocked, account=alice):
            block_pool.redeem(AMOUNT, alice, alice, sender=alice)
        with reverts(token.Blocked, account=alice):
            delegation.complete(runner, block_pool, alice, opened, alice, ASSETS, sender=alice)

        block_pool.redeem(AMOUNT, stranger, alice, sender=alice)
        delegation.complete(runner, block_pool, alice, opened, stranger, ASSETS, sender=alice)
        assert token.balanceOf(stranger) == 2 * AMOUNT

    def test_exit__of_everyone_else__is_not_affected(
        self,
        protocol: Protocol,
        block_pool: ContractInstance,
        token: ContractInstance,
        owner: AccountAPI,
        runner: AccountAPI,
        alice: AccountAPI,
        bob: AccountAPI,
    ) -> None:
        opened = protocol.epoch
        protocol.skip_epochs(2)
        token.setBlocked(alice, True, sender=owner)
        before = token.balanceOf(bob)
        block_pool.redeem(AMOUNT, bob, bob, sender=bob)
        protocol.delegation.complete(runner, block_pool, bob, opened, bob, ASSETS, sender=bob)
        assert token.balanceOf(bob) == before + 2 * AMOUNT


class TestWipedToNothing:
    """The asset itself was slashed to nothing, and refuses to move nothing."""

    @pytest.fixture
    def token(self, owner: AccountAPI) -> ContractInstance:
        return owner.deploy(project.NoZeroToken)

    @pytest.fixture
    def wiped(
        self,
        protocol: Protocol,
        token: ContractInstance,
        owner: AccountAPI,
        runner: AccountAPI,
        alice: AccountAPI,
    ) -> ContractInstance:
        vault = open_vault(protocol, token, [alice])
        protocol.registry.openPool(vault, 5_000, 0, 0, sender=runner)
        vault.deposit(AMOUNT, alice, sender=alice)
        vault.depositAndDelegate(AMOUNT, runner, 0, ANY_MANDATE, sender=alice)
        token.wipe(vault, sender=owner)
        return vault

    def test_redeem__completes_with_nothing(self, wiped: ContractInstance, alice: AccountAPI) -> None:
        receipt = wiped.redeem(AMOUNT, alice, alice, sender=alice)
        assert_event(receipt, wiped.Withdraw, sender=alice, receiver=alice, owner=alice, assets=0, shares=AMOUNT)
        assert wiped.balanceOf(alice) == 0

    def test_complete__completes_with_nothing(
        self, protocol: Protocol, wiped: ContractInstance, runner: AccountAPI, alice: AccountAPI
    ) -> None:
        delegation = protocol.delegation
        delegation.undelegate(runner, wiped, AMOUNT, sender=alice)
        opened = protocol.epoch
        protocol.skip_epochs(2)
        receipt = delegation.complete(runner, wiped, alice, opened, alice, ASSETS, sender=alice)
        assert_event(
            receipt,
            delegation.Completed,
            operator=runner,
            vault=wiped,
            staker=alice,
            epoch=opened,
            shares=AMOUNT,
            receiver=alice,
            payout=ASSETS,
        )
        assert wiped.balanceOf(delegation) == 0

    def test_max_deposit__is_what_buys_the_shares_that_may_still_be_minted(
        self, wiped: ContractInstance, alice: AccountAPI
    ) -> None:
        supply = 2 * AMOUNT + SEED
        assert wiped.maxDeposit(alice) == (2**96 - 1 - supply) // (supply + 1)

    def test_deposit__is_refused_by_the_bound_on_shares(self, wiped: ContractInstance, alice: AccountAPI) -> None:
        supply = 2 * AMOUNT + SEED
        minted = 10**12 * (supply + 1)
        with reverts(wiped.SupplyTooLarge, supply=supply + minted, max=2**96 - 1):
            wiped.deposit(10**12, alice, sender=alice)
