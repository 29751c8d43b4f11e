"""Nobody gains by moving the price: not as the first depositor, not by a donation, not around a rebase."""

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import Protocol, reverts
from tests.helpers.protocol import ETHER
from tests.helpers.vaults import SEED, open_vault

FUNDS = 1_000 * ETHER


def shares_for(assets: int, supply: int, held: int) -> int:
    return assets * (supply + 1) // (held + 1)


def assets_for(shares: int, supply: int, held: int) -> int:
    return shares * (held + 1) // (supply + 1)


class TestDonation:
    """Alice attacks, bob is the victim. The stories with all balances are in `tests/attacks/test_price_games.py`."""

    def test_inflation__that_would_leave_the_victim_nothing__reverts(
        self, vault: ContractInstance, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        asset.transfer(vault, FUNDS, sender=alice)
        less_than_a_share = FUNDS // (SEED + 1)
        with reverts(vault.TooFewShares, shares=0, minShares=1):
            vault.deposit(less_than_a_share, bob, sender=bob)

    @pytest.mark.parametrize("parts", [1, 7])
    def test_round_trip__in_one_or_many_parts__gains_nothing(
        self, priced: ContractInstance, asset: ContractInstance, bob: AccountAPI, parts: int
    ) -> None:
        """Promise 11: neither the order nor the splitting of calls gains more than dust, here one wei a call."""
        amount = 7_777_777_777_777_777_777
        for _ in range(parts):
            priced.deposit(amount // parts, bob, sender=bob)
        for _ in range(parts):
            priced.redeem(priced.balanceOf(bob) // parts, bob, bob, sender=bob)
        if priced.balanceOf(bob):
            priced.redeem(priced.balanceOf(bob), bob, bob, sender=bob)
        # Alice, who holds all other shares, gets no wei less for the many roundings.
        assert priced.previewRedeem(7 * ETHER) >= assets_for(7 * ETHER, 7 * ETHER + SEED, 10 * ETHER + SEED)
        lost = FUNDS - asset.balanceOf(bob)
        assert 0 <= lost <= 2 * parts + 1

    def test_round_trip__through_mint_and_withdraw__gains_nothing(
        self, priced: ContractInstance, asset: ContractInstance, bob: AccountAPI
    ) -> None:
        priced.mint(3 * ETHER + 1, bob, sender=bob)
        priced.withdraw(priced.maxWithdraw(bob), bob, bob, sender=bob)
        assert priced.balanceOf(bob) == 0
        assert 0 <= FUNDS - asset.balanceOf(bob) <= 2


class TestRebase:
    @pytest.fixture
    def token(self, owner: AccountAPI) -> ContractInstance:
        return owner.deploy(project.LiquidStakingToken)

    @pytest.fixture
    def staked(
        self, protocol: Protocol, token: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> ContractInstance:
        """100 ether of alice's."""
        vault = open_vault(protocol, token, [alice, bob])
        vault.deposit(100 * ETHER, alice, sender=alice)
        return vault

    def test_rebase_up__raises_the_price_for_who_is_in(
        self, staked: ContractInstance, token: ContractInstance, owner: AccountAPI
    ) -> None:
        token.rebase(500, sender=owner)
        held = (100 * ETHER + SEED) * 105 // 100
        assert staked.totalAssets() == held
        assert staked.previewRedeem(100 * ETHER) == assets_for(100 * ETHER, 100 * ETHER + SEED, held)

    def test_rebase_down__lowers_the_price_and_all_exits_complete(
        self, staked: ContractInstance, token: ContractInstance, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        staked.deposit(50 * ETHER, bob, sender=bob)
        token.rebase(-1_000, sender=owner)
        supply, held = 150 * ETHER + SEED, (150 * ETHER + SEED) * 9 // 10
        assert staked.totalAssets() == held
        paid = staked.redeem(100 * ETHER, alice, alice, sender=alice).return_value
        assert paid == assets_for(100 * ETHER, supply, held)
        rest = staked.redeem(50 * ETHER, bob, bob, sender=bob).return_value
        assert rest == pytest.approx(45 * ETHER, abs=10**7)  # the seed bears what is rounded
        assert staked.totalSupply() == SEED

    def test_deposit__right_before_a_rebase__earns_what_holding_the_token_earns(
        self, staked: ContractInstance, token: ContractInstance, owner: AccountAPI, bob: AccountAPI
    ) -> None:
        """Promise 11: no sandwich around a rebase."""
        staked.deposit(900 * ETHER, bob, sender=bob)
        token.rebase(500, sender=owner)
        staked.redeem(900 * ETHER, bob, bob, sender=bob)
        assert FUNDS * 105 // 100 - 10 <= token.balanceOf(bob) <= FUNDS * 105 // 100

    def test_deposit__at_an_uneven_index__mints_for_what_arrived(
        self, staked: ContractInstance, token: ContractInstance, owner: AccountAPI, bob: AccountAPI
    ) -> None:
        token.rebase(333, sender=owner)
        held, supply, amount = staked.totalAssets(), staked.totalSupply(), 10 * ETHER
        staked.deposit(amount, bob, sender=bob)
        arrived = staked.totalAssets() - held
        assert arrived in (amount - 1, amount)
        assert staked.balanceOf(bob) == shares_for(arrived, supply, held)


class TestRebaseOnTheWay:
    """A rebase in the middle of the transfer of a deposit is not the depositor's."""

    def test_deposit__mints_no_more_than_for_what_was_asked(
        self, protocol: Protocol, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        token = owner.deploy(project.LazyRebaseToken)
        vault = open_vault(protocol, token, [alice, bob])
        vault.deposit(100 * ETHER, alice, sender=alice)
        token.setHolder(vault, sender=owner)
        receipt = vault.deposit(50 * ETHER, bob, sender=bob)
        assert receipt.return_value <= 50 * ETHER
        assert receipt.events.filter(vault.Deposit)[0].assets == 50 * ETHER

    def test_deposit__that_books_a_fall__reverts(
        self, protocol: Protocol, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        token = owner.deploy(project.AccruingToken)
        vault = open_vault(protocol, token, [alice, bob])
        vault.deposit(100 * ETHER, alice, sender=alice)
        token.setDue(-1_000, sender=owner)
        held = (100 * ETHER + SEED) * 9 // 10
        arrived = held + 50 * ETHER - 1 - (100 * ETHER + SEED)  # the token itself loses a wei
        with reverts(vault.AssetShort, arrived=arrived, asked=50 * ETHER):
            vault.deposit(50 * ETHER, bob, sender=bob)
