"""Undelegating, and completing what has matured."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.delegation.conftest import Pool
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.protocol import ANY_MANDATE, ASSETS, DAY, ETHER, NATIVE, VAULT_SHARES, WAD

AMOUNT = 100 * ETHER
START = 1_000 * ETHER


@pytest.fixture
def staked(exposed: Pool, alice: AccountAPI, bob: AccountAPI) -> Pool:
    """100 ether of alice's and 50 of bob's."""
    exposed.delegate(alice, AMOUNT)
    exposed.delegate(bob, AMOUNT // 2)
    return exposed


class TestUndelegate:
    def test_part__opens_a_ticket(self, delegation: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
        epoch = staked.protocol.epoch
        receipt = delegation.undelegate(staked.operator, staked.vault, 30 * ETHER, sender=alice)
        assert_event(
            receipt,
            delegation.Undelegated,
            operator=staked.operator,
            vault=staked.vault,
            staker=alice,
            epoch=epoch,
            poolShares=30 * ETHER,
        )
        assert receipt.return_value == epoch
        assert delegation.position(staked.operator, staked.vault, alice) == (70 * ETHER, 70 * ETHER)
        assert delegation.poolShares(staked.operator, staked.vault) == (120 * ETHER, 30 * ETHER)
        ticket = delegation.ticket(staked.operator, staked.vault, alice, epoch)
        assert tuple(ticket) == (epoch, 30 * ETHER, 30 * ETHER, False)
        assert staked.vault.balanceOf(delegation) == 150 * ETHER

    def test_all__leaves_nothing_behind(self, delegation: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
        staked.undelegate(alice, AMOUNT)
        assert delegation.position(staked.operator, staked.vault, alice) == (0, 0)

    def test_nothing__reverts(self, delegation: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
        with reverts(delegation.ZeroShares):
            delegation.undelegate(staked.operator, staked.vault, 0, sender=alice)

    def test_more_than_held__reverts(self, delegation: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
        with reverts(delegation.InsufficientPoolShares, staker=alice, held=AMOUNT, asked=AMOUNT + 1):
            delegation.undelegate(staked.operator, staked.vault, AMOUNT + 1, sender=alice)

    def test_of_a_pool_that_does_not_exist__reverts(
        self, delegation: ContractInstance, staked: Pool, alice: AccountAPI, stranger: AccountAPI
    ) -> None:
        with reverts(delegation.InsufficientPoolShares, staker=alice, held=0, asked=1):
            delegation.undelegate(staked.operator, stranger, 1, sender=alice)

    def test_twice_in_an_epoch__is_one_ticket(
        self, delegation: ContractInstance, staked: Pool, alice: AccountAPI
    ) -> None:
        epoch = staked.undelegate(alice, 30 * ETHER)
        ape.chain.pending_timestamp = delegation.startOf(epoch + 1) - 1
        assert staked.undelegate(alice, 20 * ETHER) == epoch
        ticket = delegation.ticket(staked.operator, staked.vault, alice, epoch)
        assert tuple(ticket) == (epoch, 50 * ETHER, 50 * ETHER, False)

    def test_at_the_first_second_of_an_epoch__is_another_ticket(
        self, delegation: ContractInstance, staked: Pool, alice: AccountAPI
    ) -> None:
        epoch = staked.undelegate(alice, 30 * ETHER)
        ape.chain.pending_timestamp = delegation.startOf(epoch + 1)
        assert staked.undelegate(alice, 20 * ETHER) == epoch + 1
        assert delegation.ticket(staked.operator, staked.vault, alice, epoch).poolShares == 30 * ETHER
        assert delegation.ticket(staked.operator, staked.vault, alice, epoch + 1).poolShares == 20 * ETHER

    def test_while_paused__works(
        self, delegation: ContractInstance, staked: Pool, guardian: AccountAPI, alice: AccountAPI
    ) -> None:
        """Promise 9: free exit, whatever the guardian does."""
        staked.protocol.registry.pause(sender=guardian)
        epoch = staked.undelegate(alice, AMOUNT)
        staked.protocol.skip_epochs(2)
        delegation.complete(staked.operator, staked.vault, alice, epoch, alice, ASSETS, sender=alice)
        assert delegation.poolShares(staked.operator, staked.vault) == (AMOUNT // 2, 0)


def test_leaving_pool_shares__count_until_they_mature(
    protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, bob: AccountAPI
) -> None:
    def leaving() -> int:
        return int(delegation.poolShares(staked.operator, staked.vault)[1])

    first = staked.undelegate(alice, 10)
    staked.undelegate(bob, 3)
    assert leaving() == 13
    protocol.to_epoch(first + 1)
    assert leaving() == 13
    staked.undelegate(alice, 20)
    assert leaving() == 33
    protocol.to_epoch(first + 2)
    assert leaving() == 20
    staked.undelegate(bob, 5)
    assert leaving() == 25
    protocol.to_epoch(first + 3)
    assert leaving() == 5
    protocol.to_epoch(first + 4)
    assert leaving() == 0
    staked.undelegate(alice, 7)
    protocol.to_epoch(first + 7)
    assert leaving() == 0
    staked.undelegate(alice, 9)
    assert leaving() == 9


class TestComplete:
    @pytest.fixture
    def ticket(self, staked: Pool, alice: AccountAPI) -> int:
        """The epoch of a ticket of 40 ether of alice's, opened now."""
        return staked.undelegate(alice, 40 * ETHER)

    def test_into_assets__pays_the_receiver(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        asset: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        receipt = delegation.complete(staked.operator, staked.vault, alice, ticket, stranger, ASSETS, sender=alice)
        assert_event(
            receipt,
            delegation.Completed,
            operator=staked.operator,
            vault=staked.vault,
            staker=alice,
            epoch=ticket,
            shares=40 * ETHER,
            receiver=stranger,
            payout=ASSETS,
        )
        assert_event(
            receipt,
            staked.vault.Withdraw,
            sender=delegation,
            receiver=stranger,
            owner=delegation,
            assets=40 * ETHER,
            shares=40 * ETHER,
        )
        assert receipt.return_value == 40 * ETHER
        assert asset.balanceOf(stranger) == 40 * ETHER
        assert staked.vault.balanceOf(delegation) == 110 * ETHER

    def test_into_vault_shares__moves_them(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        receipt = delegation.complete(
            staked.operator, staked.vault, alice, ticket, stranger, VAULT_SHARES, sender=alice
        )
        assert_event(
            receipt,
            delegation.Completed,
            operator=staked.operator,
            vault=staked.vault,
            staker=alice,
            epoch=ticket,
            shares=40 * ETHER,
            receiver=stranger,
            payout=VAULT_SHARES,
        )
        assert staked.vault.balanceOf(stranger) == 40 * ETHER
        assert staked.vault.balanceOf(delegation) == 110 * ETHER

    def test_into_ether__of_another_asset__reverts(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        asset: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        with reverts(staked.vault.NotNative, asset=asset):
            delegation.complete(staked.operator, staked.vault, alice, ticket, alice, NATIVE, sender=alice)

    def test_a_second_early__reverts(
        self, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        matures = delegation.startOf(ticket + 2)
        ape.chain.pending_timestamp = matures - 1
        with reverts(delegation.TicketNotMatured, epoch=ticket, maturesAt=matures):
            delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)
        ape.chain.pending_timestamp = matures
        receipt = delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)
        assert receipt.return_value == 40 * ETHER

    def test_years_late__pays_the_same(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 500)
        receipt = delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)
        assert receipt.return_value == 40 * ETHER

    def test_twice__reverts(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 2)
        delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=alice, epoch=ticket):
            delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)

    def test_of_an_epoch_without_a_ticket__reverts(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=alice, epoch=ticket + 1):
            delegation.complete(staked.operator, staked.vault, alice, ticket + 1, alice, ASSETS, sender=alice)

    def test_by_a_stranger__reverts(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        for receiver in (alice, stranger):
            with reverts(delegation.NotCompleter, staker=alice, caller=stranger):
                delegation.complete(staked.operator, staked.vault, alice, ticket, receiver, ASSETS, sender=stranger)

    def test_of_a_foreign_ticket_as_ones_own__reverts(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, bob: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=bob, epoch=ticket):
            delegation.complete(staked.operator, staked.vault, bob, ticket, bob, ASSETS, sender=bob)

    @pytest.mark.parametrize("payout", [ASSETS, VAULT_SHARES])
    def test_to_nobody__reverts(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        ticket: int,
        payout: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.ZeroReceiver):
            delegation.complete(staked.operator, staked.vault, alice, ticket, ZERO_ADDRESS, payout, sender=alice)

    @pytest.mark.parametrize("payout", [ASSETS, VAULT_SHARES])
    def test_by_an_approved_completer__pays_the_owner(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        asset: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
        payout: int,
    ) -> None:
        delegation.setCompleter(stranger, True, sender=alice)
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.OnlyToOwner, staker=alice, receiver=stranger):
            delegation.complete(staked.operator, staked.vault, alice, ticket, stranger, payout, sender=stranger)
        delegation.complete(staked.operator, staked.vault, alice, ticket, alice, payout, sender=stranger)
        paid = asset.balanceOf(alice) - (START - AMOUNT) + staked.vault.balanceOf(alice)
        assert paid == 40 * ETHER

    def test_completer__is_approved_and_revoked(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        bob: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        receipt = delegation.setCompleter(stranger, True, sender=alice)
        assert_event(receipt, delegation.CompleterSet, staker=alice, completer=stranger, approved=True)
        assert delegation.isCompleter(alice, stranger)
        assert not delegation.isCompleter(bob, stranger)
        assert not delegation.isCompleter(stranger, alice)
        receipt = delegation.setCompleter(stranger, False, sender=alice)
        assert_event(receipt, delegation.CompleterSet, staker=alice, completer=stranger, approved=False)
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.NotCompleter, staker=alice, caller=stranger):
            delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=stranger)

    def test_of_a_slashed_ticket__pays_what_was_retained_at_maturity_and_later_slashes_do_not_touch_it(
        self,
        delegation: ContractInstance,
        staked: Pool,
        alice: AccountAPI,
        recipient: AccountAPI,
        ticket: int,
    ) -> None:
        """Promise 6: no late loss; and all slashes up to the last second before it are borne."""
        staked.slash(WAD // 10)
        ape.chain.pending_timestamp = delegation.startOf(ticket + 2) - 1
        staked.slash(WAD // 5)
        retained = WAD * 7 // 10
        value = 40 * ETHER * 7 // 10
        assert tuple(delegation.ticket(staked.operator, staked.vault, alice, ticket))[1:3] == (40 * ETHER, value)
        before = staked.vault.balanceOf(recipient)
        assert before == 45 * ETHER  # 30 % of 150
        ape.chain.pending_timestamp = delegation.startOf(ticket + 2)
        staked.slash(WAD // 2)
        assert staked.retained == retained - WAD // 2
        assert staked.vault.balanceOf(recipient) - before == 55 * ETHER  # half of the 110 that are left
        assert tuple(delegation.ticket(staked.operator, staked.vault, alice, ticket)) == (
            ticket,
            40 * ETHER,
            value,
            True,
        )
        receipt = delegation.complete(staked.operator, staked.vault, alice, ticket, alice, ASSETS, sender=alice)
        assert receipt.return_value == value

    def test_of_a_ticket_worth_one_share__pays_it(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, bob: AccountAPI
    ) -> None:
        epoch = staked.undelegate(bob, 1)
        protocol.to_epoch(epoch + 2)
        before = staked.vault.balanceOf(bob)
        delegation.complete(staked.operator, staked.vault, bob, epoch, bob, VAULT_SHARES, sender=bob)
        assert staked.vault.balanceOf(bob) == before + 1

    def test_of_a_ticket_worth_nothing__completes_and_is_gone(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, bob: AccountAPI
    ) -> None:
        epoch = staked.undelegate(bob, 1)
        staked.slash(1)  # of 150 ether, 150 wei of pool shares: retained is no longer one
        protocol.to_epoch(epoch + 2)
        receipt = delegation.complete(staked.operator, staked.vault, bob, epoch, bob, NATIVE, sender=bob)
        assert_event(
            receipt,
            delegation.Completed,
            operator=staked.operator,
            vault=staked.vault,
            staker=bob,
            epoch=epoch,
            shares=0,
            receiver=bob,
            payout=NATIVE,
        )
        assert receipt.return_value == 0
        assert_events(receipt, staked.vault.Transfer)
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=bob, epoch=epoch):
            delegation.complete(staked.operator, staked.vault, bob, epoch, bob, ASSETS, sender=bob)


class TestRedelegate:
    @pytest.fixture
    def ticket(self, pool: ContractInstance, staked: Pool, alice: AccountAPI) -> int:
        """The epoch of a ticket of 40 ether of alice's, opened now."""
        assert pool == staked.vault
        return staked.undelegate(alice, 40 * ETHER)

    def test_into_another_pool__for_any_receiver(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        operator: AccountAPI,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        receipt = delegation.redelegate(
            staked.operator, staked.vault, ticket, operator, stranger, ANY_MANDATE, sender=alice
        )
        assert_event(
            receipt,
            delegation.Redelegated,
            operator=staked.operator,
            vault=staked.vault,
            staker=alice,
            epoch=ticket,
            shares=40 * ETHER,
            receiver=stranger,
            newOperator=operator,
        )
        assert_event(
            receipt,
            delegation.Delegated,
            operator=operator,
            vault=staked.vault,
            staker=stranger,
            shares=40 * ETHER,
            poolShares=40 * ETHER,
        )
        assert_events(receipt, staked.vault.Transfer)
        assert receipt.return_value == 40 * ETHER
        assert delegation.position(operator, staked.vault, stranger) == (40 * ETHER, 40 * ETHER)
        assert delegation.poolShares(operator, staked.vault) == (40 * ETHER, 0)
        assert staked.vault.balanceOf(delegation) == 150 * ETHER
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=alice, epoch=ticket):
            delegation.redelegate(staked.operator, staked.vault, ticket, operator, alice, ANY_MANDATE, sender=alice)

    def test_back_into_the_same_slashed_pool__buys_at_what_is_retained_now(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 2)
        staked.slash(WAD // 3)
        retained = WAD - WAD // 3
        bought = 40 * ETHER * WAD // retained
        receipt = delegation.redelegate(
            staked.operator, staked.vault, ticket, staked.operator, alice, ANY_MANDATE, sender=alice
        )
        assert receipt.return_value == bought
        shares, value = delegation.position(staked.operator, staked.vault, alice)
        assert (shares, value) == (60 * ETHER + bought, (60 * ETHER + bought) * retained // WAD)

    def test_a_second_early__reverts(
        self, delegation: ContractInstance, staked: Pool, operator: AccountAPI, alice: AccountAPI, ticket: int
    ) -> None:
        matures = delegation.startOf(ticket + 2)
        ape.chain.pending_timestamp = matures - 1
        with reverts(delegation.TicketNotMatured, epoch=ticket, maturesAt=matures):
            delegation.redelegate(staked.operator, staked.vault, ticket, operator, alice, ANY_MANDATE, sender=alice)

    def test_to_nobody__reverts(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        operator: AccountAPI,
        alice: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.ZeroReceiver):
            delegation.redelegate(
                staked.operator, staked.vault, ticket, operator, ZERO_ADDRESS, ANY_MANDATE, sender=alice
            )

    def test_by_an_approved_completer__finds_no_ticket(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        operator: AccountAPI,
        alice: AccountAPI,
        stranger: AccountAPI,
        ticket: int,
    ) -> None:
        delegation.setCompleter(stranger, True, sender=alice)
        protocol.to_epoch(ticket + 2)
        with reverts(delegation.NoTicket, operator=staked.operator, vault=staked.vault, staker=stranger, epoch=ticket):
            delegation.redelegate(staked.operator, staked.vault, ticket, operator, alice, ANY_MANDATE, sender=stranger)

    def test_under_a_looser_mandate_than_accepted__reverts(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        registry: ContractInstance,
        staked: Pool,
        operator: AccountAPI,
        alice: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        accepted = (4_999, 1_000, 0, False)
        with reverts(registry.MandateTooLoose, mandate=(5_000, 1_000, 0), accepted=accepted):
            delegation.redelegate(staked.operator, staked.vault, ticket, operator, alice, accepted, sender=alice)

    def test_into_a_pool_with_an_open_request__reverts(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, ticket: int
    ) -> None:
        protocol.to_epoch(ticket + 2)
        staked.open_request()
        with reverts(delegation.OpenSlashRequest, operator=staked.operator, vault=staked.vault):
            delegation.redelegate(
                staked.operator, staked.vault, ticket, staked.operator, alice, ANY_MANDATE, sender=alice
            )

    def test_while_paused__reverts_but_completing_works(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        operator: AccountAPI,
        guardian: AccountAPI,
        alice: AccountAPI,
        ticket: int,
    ) -> None:
        protocol.to_epoch(ticket + 2)
        protocol.registry.pause(sender=guardian)
        with reverts(protocol.registry.ProtocolPaused):
            delegation.redelegate(staked.operator, staked.vault, ticket, operator, alice, ANY_MANDATE, sender=alice)
        delegation.complete(staked.operator, staked.vault, alice, ticket, alice, VAULT_SHARES, sender=alice)
        assert staked.vault.balanceOf(alice) == 40 * ETHER

    def test_of_a_ticket_worth_nothing__delegates_nothing(
        self,
        protocol: Protocol,
        delegation: ContractInstance,
        staked: Pool,
        pool: ContractInstance,
        operator: AccountAPI,
        bob: AccountAPI,
    ) -> None:
        assert pool == staked.vault
        epoch = staked.undelegate(bob, 1)
        staked.slash(1)
        protocol.to_epoch(epoch + 2)
        receipt = delegation.redelegate(staked.operator, staked.vault, epoch, operator, bob, ANY_MANDATE, sender=bob)
        assert_event(
            receipt,
            delegation.Redelegated,
            operator=staked.operator,
            vault=staked.vault,
            staker=bob,
            epoch=epoch,
            shares=0,
            receiver=bob,
            newOperator=operator,
        )
        assert_events(receipt, delegation.Delegated)
        assert receipt.return_value == 0


class TestViews:
    def test_tickets__are_those_of_the_span_that_are_open(
        self, protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI
    ) -> None:
        first = staked.undelegate(alice, 1 * ETHER)
        protocol.to_epoch(first + 2)
        staked.undelegate(alice, 2 * ETHER)
        staked.slash(WAD // 2)
        protocol.to_epoch(first + 3)
        staked.undelegate(alice, 3 * ETHER)

        def tickets(start: int, count: int) -> list[tuple[int, int, int, bool]]:
            page = delegation.tickets(staked.operator, staked.vault, alice, start, count)
            return [tuple(ticket) for ticket in page]

        every = [
            (first, 1 * ETHER, 1 * ETHER, True),
            (first + 2, 2 * ETHER, 1 * ETHER, False),
            (first + 3, 3 * ETHER, 3 * ETHER // 2, False),
        ]
        assert tickets(first, 4) == every
        assert tickets(0, 50) == every
        assert tickets(first, 3) == every[:2]
        assert tickets(first + 1, 3) == every[1:]
        assert tickets(first + 1, 1) == []
        assert tickets(first, 0) == []
        delegation.complete(staked.operator, staked.vault, alice, first, alice, ASSETS, sender=alice)
        assert tickets(first, 4) == every[1:]

    def test_ticket__that_does_not_exist__is_empty(
        self, delegation: ContractInstance, staked: Pool, alice: AccountAPI
    ) -> None:
        assert tuple(delegation.ticket(staked.operator, staked.vault, alice, 1)) == (1, 0, 0, True)


class TestDayOne:
    """Promise 12: all of it from the first epoch of a fresh protocol on."""

    def test_life__of_the_first_epoch__completes_at_the_start_of_the_third(
        self, protocol: Protocol, delegation: ContractInstance, opened: Pool, asset: ContractInstance, alice: AccountAPI
    ) -> None:
        assert protocol.epoch == 1
        assert delegation.retainedAtEndOf(opened.operator, opened.vault, 0) == WAD
        opened.delegate(alice, AMOUNT)
        assert opened.undelegate(alice, AMOUNT) == 1
        assert delegation.poolShares(opened.operator, opened.vault) == (0, AMOUNT)
        assert delegation.retainedAtEndOf(opened.operator, opened.vault, 0) == WAD
        ape.chain.pending_timestamp = delegation.startOf(3) - 1
        with reverts(delegation.TicketNotMatured, epoch=1, maturesAt=delegation.startOf(3)):
            delegation.complete(opened.operator, opened.vault, alice, 1, alice, ASSETS, sender=alice)
        ape.chain.pending_timestamp = delegation.startOf(3)
        delegation.complete(opened.operator, opened.vault, alice, 1, alice, ASSETS, sender=alice)
        assert asset.balanceOf(alice) == START

    def test_slash__in_the_first_epoch__is_borne_by_its_tickets(
        self,
        delegation: ContractInstance,
        slashing: ContractInstance,
        opened: Pool,
        alice: AccountAPI,
        recipient: AccountAPI,
        accounts: dict[str, AccountAPI],
    ) -> None:
        """No allocation is in force so early: the manager's own call stands for one."""
        opened.delegate(alice, AMOUNT)
        opened.undelegate(alice, AMOUNT // 2)
        delegation.slash(opened.operator, opened.vault, WAD // 4, recipient, sender=accounts[slashing.address])
        assert opened.vault.balanceOf(recipient) == 25 * ETHER
        assert delegation.retainedAtEndOf(opened.operator, opened.vault, 0) == WAD
        assert delegation.retainedAtEndOf(opened.operator, opened.vault, 1) == WAD * 3 // 4
        assert delegation.ticket(opened.operator, opened.vault, alice, 1).value == AMOUNT * 3 // 8


def test_retained_at_the_end_of_any_epoch__is_found_in_a_long_history(
    protocol: Protocol, delegation: ContractInstance, staked: Pool
) -> None:
    """Slashes in epochs with gaps, one or several each, against a list that the test keeps."""
    first = protocol.epoch
    at_end: dict[int, int] = {}
    retained = WAD
    epoch = first
    for gap, slashes in [(0, 1), (1, 2), (1, 1), (3, 3), (2, 1), (1, 1), (5, 2)]:
        for past in range(epoch, epoch + gap):
            at_end[past] = retained
        epoch += gap
        if gap:
            protocol.to_epoch(epoch)
        for number in range(slashes):
            amount = retained // (7 + number)
            staked.slash(amount)
            retained -= amount
        assert staked.retained == retained
        at_end[epoch] = retained
    for past in range(epoch, epoch + 4):
        at_end[past] = retained

    for past, expected in at_end.items():
        assert delegation.retainedAtEndOf(staked.operator, staked.vault, past) == expected, past
    for before in (0, 1, first - 1):
        assert delegation.retainedAtEndOf(staked.operator, staked.vault, before) == WAD


def test_offence__within_the_last_day_before_leaving__is_borne_by_the_ticket(
    protocol: Protocol, delegation: ContractInstance, staked: Pool, alice: AccountAPI, stranger: AccountAPI
) -> None:
    """Promise 5: no escape by undelegating, nor by an undelegation just after the offence."""
    protocol.to_epoch(protocol.epoch, 7 * DAY - 100)
    offence = ape.chain.pending_timestamp
    epoch = staked.undelegate(alice, AMOUNT)
    ape.chain.pending_timestamp = offence + 4 * DAY
    receipt, request = protocol.request(
        staked.slow_avs, staked.operator, staked.vault, WAD // 10_000, sender=staked.slasher, offence_at=offence
    )
    ape.chain.pending_timestamp = receipt.timestamp + 3 * DAY
    protocol.slashing.execute(request, sender=stranger)
    protocol.to_epoch(epoch + 2)
    value = AMOUNT - AMOUNT // 10_000
    assert tuple(delegation.ticket(staked.operator, staked.vault, alice, epoch)) == (epoch, AMOUNT, value, True)
