"""Vault shares into a pool."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.delegation.conftest import Pool
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.delegating import delegate, delegate_call
from tests.helpers.protocol import ANY_MANDATE, ANYTHING, BPS, ETHER, WAD

AMOUNT = 10 * ETHER


@pytest.fixture
def held(vault: ContractInstance, alice: AccountAPI) -> int:
    """What alice holds of the vault."""
    vault.deposit(3 * AMOUNT, alice, sender=alice)
    return 3 * AMOUNT


def test_delegate__moves_the_shares_without_allowance(
    delegation: ContractInstance, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI, held: int
) -> None:
    receipt = delegate(delegation, operator, pool, AMOUNT, ANY_MANDATE, sender=alice)
    assert_event(
        receipt,
        delegation.Delegated,
        operator=operator,
        vault=pool,
        staker=alice,
        shares=AMOUNT,
        poolShares=AMOUNT,
    )
    assert_event(receipt, pool.Transfer, **{"from": alice, "to": delegation, "value": AMOUNT})
    assert receipt.return_value == AMOUNT
    assert pool.balanceOf(alice) == held - AMOUNT
    assert pool.balanceOf(delegation) == AMOUNT
    assert delegation.position(operator, pool, alice) == (AMOUNT, AMOUNT)
    assert delegation.poolShares(operator, pool) == (AMOUNT, 0)


def test_delegate__again__adds_up(
    delegation: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    held: int,
) -> None:
    assert held
    pool.depositAndDelegate(5, operator, 0, ANY_MANDATE, sender=bob)
    delegate(delegation, operator, pool, 7, ANY_MANDATE, sender=alice)
    delegate(delegation, operator, pool, 11, ANY_MANDATE, sender=alice)
    assert delegation.position(operator, pool, alice) == (18, 18)
    assert delegation.position(operator, pool, bob) == (5, 5)
    assert delegation.poolShares(operator, pool) == (23, 0)


def test_delegate__of_nothing__reverts(
    delegation: ContractInstance, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    with reverts(delegation.ZeroShares):
        delegate(delegation, operator, pool, 0, ANY_MANDATE, sender=alice)


def test_delegate__of_more_than_held__reverts_and_books_nothing(
    delegation: ContractInstance, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI, held: int
) -> None:
    with reverts(pool.ERC20InsufficientBalance, sender=alice, balance=held, needed=held + 1):
        delegate(delegation, operator, pool, held + 1, ANY_MANDATE, sender=alice)
    assert delegation.position(operator, pool, alice) == (0, 0)
    assert not delegation.everDelegated(operator, pool)


def test_delegate__to_a_pool_that_is_not_open__reverts(
    delegation: ContractInstance,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    stranger: AccountAPI,
) -> None:
    with reverts(registry.UnknownPool, operator=stranger, vault=pool):
        delegate(delegation, stranger, pool, 1, ANY_MANDATE, sender=alice)
    with reverts(registry.UnknownPool, operator=operator, vault=stranger):
        delegate(delegation, operator, stranger, 1, ANY_MANDATE, sender=alice)


def test_delegate__while_paused__reverts(
    protocol: Protocol,
    delegation: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    guardian: AccountAPI,
    alice: AccountAPI,
    held: int,
) -> None:
    protocol.registry.pause(sender=guardian)
    with reverts(protocol.registry.ProtocolPaused):
        delegate(delegation, operator, pool, held, ANY_MANDATE, sender=alice)


def test_ever_delegated__turns_true_for_good(
    protocol: Protocol, delegation: ContractInstance, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    assert not delegation.everDelegated(operator, pool)
    pool.depositAndDelegate(5, operator, 0, ANY_MANDATE, sender=alice)
    assert delegation.everDelegated(operator, pool)
    delegation.undelegate(operator, pool, 5, sender=alice)
    protocol.skip_epochs(3)
    assert delegation.everDelegated(operator, pool)


def test_multicall__leaves_one_pool_and_enters_another_at_once(
    delegation: ContractInstance,
    pool: ContractInstance,
    exposed: Pool,
    operator: AccountAPI,
    alice: AccountAPI,
    held: int,
) -> None:
    assert held
    delegation.multicall(
        [
            delegate_call(delegation, operator, pool, 5, ANY_MANDATE),
            delegate_call(delegation, exposed.operator, pool, 6, ANY_MANDATE),
            delegation.undelegate.encode_input(operator, pool, 2),
        ],
        sender=alice,
    )
    assert delegation.position(operator, pool, alice) == (3, 3)
    assert delegation.position(exposed.operator, pool, alice) == (6, 6)


class TestConsent:
    """The mandate is 50 % and 10 %, with a veto period of a day: current and announced must be accepted."""

    DAY = 86_400
    MANDATE = (5_000, 1_000, DAY)

    @pytest.fixture
    def careful(
        self,
        registry: ContractInstance,
        vault: ContractInstance,
        accounts: list[AccountAPI],
        alice: AccountAPI,
    ) -> AccountAPI:
        """An operator to whose pool somebody has delegated, so that its mandate changes by the rule of time."""
        operator = accounts[18]
        registry.registerOperator("", sender=operator)
        registry.openPool(vault, *self.MANDATE, sender=operator)
        vault.depositAndDelegate(AMOUNT, operator, 0, ANY_MANDATE, sender=alice)
        vault.deposit(AMOUNT, alice, sender=alice)
        return operator

    def test_delegate__under_exactly_what_is_accepted__works(
        self, delegation: ContractInstance, vault: ContractInstance, careful: AccountAPI, alice: AccountAPI
    ) -> None:
        delegate(delegation, careful, vault, 5, (5_000, 1_000, self.DAY, False), sender=alice)
        assert delegation.position(careful, vault, alice) == (AMOUNT + 5, AMOUNT + 5)

    @pytest.mark.parametrize(
        "accepted",
        [(4_999, 1_000, DAY, False), (5_000, 999, DAY, False), (5_000, 1_000, DAY + 1, False)],
        ids=["loss_budget", "commission", "veto_period"],
    )
    def test_delegate__under_a_looser_mandate__reverts(
        self,
        delegation: ContractInstance,
        registry: ContractInstance,
        vault: ContractInstance,
        careful: AccountAPI,
        alice: AccountAPI,
        accepted: tuple[int, int, int, bool],
    ) -> None:
        with reverts(registry.MandateTooLoose, mandate=self.MANDATE, accepted=accepted):
            delegate(delegation, careful, vault, 5, accepted, sender=alice)

    @pytest.mark.parametrize(
        ("announced", "loosest"),
        [((5_001, 1_000), (5_001, 1_000, DAY)), ((5_000, 1_001), (5_000, 1_001, DAY))],
        ids=["loss_budget", "commission"],
    )
    def test_delegate__under_a_looser_mandate_that_is_announced__reverts(
        self,
        delegation: ContractInstance,
        registry: ContractInstance,
        vault: ContractInstance,
        careful: AccountAPI,
        alice: AccountAPI,
        announced: tuple[int, int],
        loosest: tuple[int, int, int],
    ) -> None:
        """Promise 7: consent, also to what is only announced."""
        registry.setMandate(vault, *announced, sender=careful)
        accepted = (*self.MANDATE, False)
        with reverts(registry.MandateTooLoose, mandate=loosest, accepted=accepted):
            delegate(delegation, careful, vault, 5, accepted, sender=alice)

    @pytest.mark.parametrize(
        ("announced", "tighter"),
        [((4_000, 1_000), (4_000, 1_000, DAY, False)), ((5_000, 500), (5_000, 500, DAY, False))],
        ids=["loss_budget", "commission"],
    )
    def test_delegate__under_a_tighter_mandate_that_is_announced__works_once_it_is_in_force(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        registry: ContractInstance,
        vault: ContractInstance,
        careful: AccountAPI,
        alice: AccountAPI,
        announced: tuple[int, int],
        tighter: tuple[int, int, int, bool],
    ) -> None:
        registry.setMandate(vault, *announced, sender=careful)
        falls = protocol.epoch + 2
        ape.chain.pending_timestamp = registry.startOf(falls) - 1
        with reverts(registry.MandateTooLoose, mandate=self.MANDATE, accepted=tighter):
            delegate(delegation, careful, vault, 5, tighter, sender=alice)
        ape.chain.pending_timestamp = registry.startOf(falls)
        delegate(delegation, careful, vault, 5, tighter, sender=alice)


class TestPoolShares:
    """v · 1e18 / retained, rounded down."""

    def test_delegate__after_a_slash__gets_pool_shares_at_what_is_retained(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        exposed.delegate(alice, 100 * ETHER)
        exposed.slash(WAD // 3)
        retained = WAD - WAD // 3
        assert exposed.retained == retained

        value = 7 * ETHER + 1
        pool_shares = value * WAD // retained
        assert exposed.delegate(bob, value) == pool_shares
        assert delegation.position(exposed.operator, exposed.vault, bob) == (
            pool_shares,
            pool_shares * retained // WAD,
        )
        assert pool_shares * retained // WAD == value - 1  # dust stays in the pool

    def test_delegate__after_a_slash__tells_of_both_kinds_of_shares(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI
    ) -> None:
        exposed.delegate(alice, AMOUNT)
        exposed.slash(WAD // 2)
        receipt = exposed.vault.depositAndDelegate(7, exposed.operator, 0, ANYTHING, sender=alice)
        assert_event(
            receipt,
            delegation.Delegated,
            operator=exposed.operator,
            vault=exposed.vault,
            staker=alice,
            shares=7,
            poolShares=14,
        )

    @pytest.mark.parametrize("value", [1, 2, 3, 10**18 - 1, 10**18, 10**18 + 1])
    def test_delegate__of_any_value__is_worth_no_more_and_a_wei_less_at_most(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI, bob: AccountAPI, value: int
    ) -> None:
        exposed.delegate(alice, 100 * ETHER)
        exposed.slash(987_654_321_987_654_321)
        retained = WAD - 987_654_321_987_654_321
        pool_shares = exposed.delegate(bob, value)
        assert pool_shares == value * WAD // retained
        worth = delegation.position(exposed.operator, exposed.vault, bob)[1]
        assert worth == pool_shares * retained // WAD
        assert value - 1 <= worth <= value

    def test_slash__moves_the_value_of_all_pool_shares_rounded_down(
        self,
        delegation: ContractInstance,
        slashing: ContractInstance,
        exposed: Pool,
        alice: AccountAPI,
        bob: AccountAPI,
        recipient: AccountAPI,
    ) -> None:
        exposed.delegate(alice, 10)
        exposed.delegate(bob, 9)
        request = exposed.slash(WAD // 3)
        shares = 19 * (WAD // 3) // WAD
        assert shares == 6
        assert exposed.vault.balanceOf(recipient) == shares
        assert exposed.vault.balanceOf(delegation) == 19 - shares
        retained = WAD - WAD // 3
        assert delegation.position(exposed.operator, exposed.vault, alice) == (10, 10 * retained // WAD)
        assert delegation.position(exposed.operator, exposed.vault, bob) == (9, 9 * retained // WAD)
        assert slashing.openAmount(request) == 0

    def test_slash__that_rounds_to_nothing__takes_nothing(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI, recipient: AccountAPI
    ) -> None:
        exposed.delegate(alice, 2)
        exposed.slash(WAD // 2 - 1)
        assert exposed.retained == WAD
        assert exposed.vault.balanceOf(recipient) == 0
        assert delegation.position(exposed.operator, exposed.vault, alice) == (2, 2)

    def test_slash__of_one_wei_of_value__takes_it(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI, recipient: AccountAPI
    ) -> None:
        exposed.delegate(alice, 2)
        exposed.slash(WAD // 2)
        assert exposed.retained == WAD // 2
        assert exposed.vault.balanceOf(recipient) == 1
        assert delegation.position(exposed.operator, exposed.vault, alice) == (2, 1)

    def test_slash__of_a_pool_that_nobody_delegated_to__takes_nothing(
        self, delegation: ContractInstance, exposed: Pool
    ) -> None:
        exposed.slash(WAD // 2)
        assert exposed.retained == WAD
        assert not delegation.everDelegated(exposed.operator, exposed.vault)

    def test_delegate__right_before_a_slash_and_after_it__gains_nothing(
        self, delegation: ContractInstance, exposed: Pool, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
    ) -> None:
        """Promise 11: no sandwich around a slash. Bob enters after it, and takes nothing from alice's rest."""
        exposed.delegate(alice, 90 * ETHER)
        exposed.slash(WAD * 7 // 10)
        exposed.delegate(bob, 31 * ETHER)
        assert delegation.position(exposed.operator, exposed.vault, alice)[1] == 27 * ETHER
        assert 31 * ETHER - 1 <= delegation.position(exposed.operator, exposed.vault, bob)[1] <= 31 * ETHER
        assert asset.balanceOf(bob) == 1_000 * ETHER - 31 * ETHER


class TestSpentPool:
    """Under a thousandth of retained, a pool can only be left."""

    @pytest.mark.parametrize(("left", "taken"), [(WAD // 1000, True), (WAD // 1000 - 1, False)])
    def test_delegate__at_the_bound(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI, bob: AccountAPI, left: int, taken: bool
    ) -> None:
        exposed.delegate(alice, 100 * ETHER)
        exposed.slash(WAD - left)
        exposed.vault.deposit(ETHER, bob, sender=bob)
        if taken:
            delegate(delegation, exposed.operator, exposed.vault, ETHER, ANY_MANDATE, sender=bob)
            assert delegation.position(exposed.operator, exposed.vault, bob) == (1000 * ETHER, ETHER)
        else:
            with reverts(delegation.PoolSpent, operator=exposed.operator, vault=exposed.vault, retained=left):
                delegate(delegation, exposed.operator, exposed.vault, ETHER, ANY_MANDATE, sender=bob)

    def test_deposit_and_delegate__to_a_spent_pool__reverts(
        self, delegation: ContractInstance, exposed: Pool, alice: AccountAPI
    ) -> None:
        exposed.delegate(alice, 100 * ETHER)
        exposed.slash(WAD * (BPS - 1) // BPS)
        with reverts(delegation.PoolSpent, operator=exposed.operator, vault=exposed.vault, retained=WAD // BPS):
            exposed.vault.depositAndDelegate(ETHER, exposed.operator, 0, ANYTHING, sender=alice)

    def test_leaving__a_pool_slashed_to_nothing__works(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        slashing: ContractInstance,
        exposed: Pool,
        alice: AccountAPI,
        stranger: AccountAPI,
    ) -> None:
        """Promise 9: free exit, of a ticket worth nothing too."""
        exposed.delegate(alice, 100 * ETHER)
        request = exposed.open_request()
        protocol.to_epoch(protocol.epoch, 3 * 86_400)
        exposed.slash(WAD * (BPS - 1) // BPS)
        ape.chain.pending_timestamp = request[5] + 2 * 86_400 + 86_400
        slashing.execute(request, sender=stranger)
        assert exposed.retained == 0
        assert exposed.vault.balanceOf(delegation) == 0

        opened = exposed.undelegate(alice, 100 * ETHER)
        protocol.skip_epochs(2)
        receipt = delegation.complete(exposed.operator, exposed.vault, alice, opened, alice, 0, sender=alice)
        assert_event(
            receipt,
            delegation.Completed,
            operator=exposed.operator,
            vault=exposed.vault,
            staker=alice,
            epoch=opened,
            shares=0,
            receiver=alice,
            payout=0,
        )
        with reverts(delegation.PoolSpent, operator=exposed.operator, vault=exposed.vault, retained=0):
            exposed.vault.depositAndDelegate(ETHER, exposed.operator, 0, ANYTHING, sender=alice)


def test_position__of_nobody__is_empty(delegation: ContractInstance, pool: ContractInstance) -> None:
    assert delegation.position(ZERO_ADDRESS, pool, ZERO_ADDRESS) == (0, 0)
    assert delegation.retained(ZERO_ADDRESS, pool) == WAD
