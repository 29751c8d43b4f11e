"""
Unbounded loops: operators of an AVS, AVSs of an operator, tickets, payments. The same gas to the last unit; `bench/`
measures larger numbers.
"""

import ape
import pytest
from ape.api import AccountAPI
from ape.managers.accounts import TestAccountManager

from tests.helpers.isolation import isolated
from tests.helpers.protocol import ANYTHING, DAY, ETHER, WAD
from tests.helpers.scene import Scene, at, look_at
from tests.rewards.conftest import Earning

PERCENT = WAD // 100


class TestConstantCost:
    @pytest.fixture
    def base(self, scene: Scene, alice: AccountAPI) -> int:
        avs = scene.avs(100, 100)
        scene.stake(alice)
        return avs

    def newcomer(self, accounts: TestAccountManager) -> AccountAPI:
        """An account beyond those of the roles."""
        account = accounts.generate_test_account()
        ape.chain.set_balance(account, ETHER)
        return account

    def stake_for(self, scene: Scene, payer: AccountAPI, staker: AccountAPI, shares: int) -> None:
        scene.vault.deposit(shares, staker, sender=payer)
        arguments = (scene.operator, scene.vault, shares, ANYTHING)
        # Ape has a `delegate` of its own on every contract.
        scene.protocol.delegation.delegateShares(*arguments, sender=staker)

    def gas(self, scene: Scene, avs: int) -> int:
        """Of a slash in epoch 5, in one and the same second, so that the calldata is the same."""
        second = scene.protocol.registry.startOf(5) + DAY
        look_at(second - 1)
        at(second)
        return int(scene.file(avs, PERCENT // 2, offence_at=second)[0].gas_used)

    def test_attack__unbounded_loop_over_avss__a_slash_costs_the_same_with_1_and_50(
        self, scene: Scene, base: int
    ) -> None:
        with isolated():
            alone = self.gas(scene, base)
        for _ in range(49):
            scene.avs(50, 10)
        assert scene.protocol.registry.allocationCount(scene.operator, scene.vault) == 50
        assert self.gas(scene, base) == alone

    def test_attack__unbounded_loop_over_operators__a_slash_costs_the_same_with_1_and_20(
        self, scene: Scene, base: int, accounts: TestAccountManager
    ) -> None:
        registry = scene.protocol.registry
        with isolated():
            alone = self.gas(scene, base)
        for _ in range(19):
            operator = self.newcomer(accounts)
            registry.registerOperator("", sender=operator)
            registry.openPool(scene.vault, 5_000, 0, 0, sender=operator)
            registry.optIn(base, scene.vault, 100, 100, b"", sender=operator)
        assert registry.poolCount(base) == 20
        assert self.gas(scene, base) == alone

    def test_attack__unbounded_loop_over_stakers__a_slash_costs_the_same_with_1_and_30(
        self, scene: Scene, base: int, alice: AccountAPI, accounts: TestAccountManager
    ) -> None:
        with isolated():
            alone = self.gas(scene, base)
        for _ in range(29):
            staker = self.newcomer(accounts)
            self.stake_for(scene, alice, staker, ETHER)
        assert scene.pool_shares == (129 * ETHER, 0)
        assert self.gas(scene, base) == alone

    def test_attack__unbounded_loop_over_tickets__a_slash_costs_the_same_with_2_and_30(
        self, scene: Scene, base: int, alice: AccountAPI, accounts: TestAccountManager
    ) -> None:
        """Two of one staker against 30 of fifteen, and against none."""
        with isolated():
            none = self.gas(scene, base)
        with isolated():
            scene.protocol.to_epoch(4)
            scene.undelegate(alice, ETHER)
            scene.protocol.to_epoch(5)
            scene.undelegate(alice, ETHER)
            few = self.gas(scene, base)
        stakers = [self.newcomer(accounts) for _ in range(14)]
        for staker in stakers:
            self.stake_for(scene, alice, staker, 2 * ETHER)
        for epoch in (4, 5):
            scene.protocol.to_epoch(epoch)
            for staker in (alice, *stakers):
                scene.undelegate(staker, ETHER)
        assert scene.pool_shares == (98 * ETHER, 30 * ETHER)
        assert self.gas(scene, base) == few
        assert abs(none - few) < 500  # a branch, and no storage


class TestClaims:
    @pytest.fixture
    def paid(self, earning: Earning, alice: AccountAPI) -> Earning:
        """In epoch 2, with epoch 1 paid for once."""
        earning.delegate(alice, 100 * ETHER)
        earning.protocol.to_epoch(2)
        earning.pay()
        return earning

    def gas(self, paid: Earning, staker: AccountAPI, epoch: int, hint: int = 0) -> int:
        with isolated():
            at(int(paid.protocol.registry.startOf(epoch)))
            return int(paid.claim(staker, hint=hint).gas_used)

    def test_attack__unbounded_loop_over_payments__a_claim_costs_the_same_after_1_and_30_of_an_epoch(
        self, paid: Earning, alice: AccountAPI
    ) -> None:
        alone = self.gas(paid, alice, 3)
        for _ in range(29):
            paid.pay(ETHER)
        assert self.gas(paid, alice, 3) == alone

    def test_attack__unbounded_loop_over_payments__a_claim_after_20_epochs_costs_no_more_than_the_search(
        self, paid: Earning, alice: AccountAPI
    ) -> None:
        """An entry for each epoch, of which the search reads one for each time that their number doubles."""
        alone = self.gas(paid, alice, 3)
        for epoch in range(3, 22):
            paid.protocol.to_epoch(epoch)
            paid.pay()
        assert self.gas(paid, alice, 23) - alone < 5 * 3_000

    def test_attack__unbounded_loop_over_payments__the_worst_hint_costs_no_more_than_the_search(
        self, paid: Earning, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        """
        40 entries. Alice claimed, and moved at their end; bob joined at their beginning. The search reads two of them
        for each time that their number doubles.
        """
        for epoch in range(3, 42):
            paid.protocol.to_epoch(epoch)
            paid.pay()
            if epoch == 3:
                paid.delegate(bob, ETHER)
            if epoch == 5:
                paid.claim(alice)
            if epoch == 40:
                paid.delegate(alice, ETHER)
        hints = ((alice, 39, 0), (bob, 2, 2**256 - 1))
        more = [self.gas(paid, who, 43, worst) - self.gas(paid, who, 43, right) for who, right, worst in hints]
        assert max(more) < 12 * 3_000
