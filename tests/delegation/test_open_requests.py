"""While a slash request is open, a delegation is taken only if the caller says that it accepts that."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.delegation.conftest import VETO, Pool
from tests.helpers import Protocol, reverts
from tests.helpers.delegating import delegate
from tests.helpers.protocol import ANY_MANDATE, ANYTHING, BPS, DAY, ETHER, WAD, Request

AMOUNT = 10 * ETHER


@pytest.fixture
def staked(exposed: Pool, alice: AccountAPI) -> Pool:
    exposed.delegate(alice, AMOUNT)
    exposed.vault.deposit(AMOUNT, alice, sender=alice)
    return exposed


def lapses_at(request: Request) -> int:
    """The last second at which it can be executed."""
    return request[5] + VETO + DAY


def assert_refused(staked: Pool, alice: AccountAPI) -> None:
    delegation = staked.protocol.delegation
    assert delegation.hasOpenRequest(staked.operator, staked.vault)
    with reverts(delegation.OpenSlashRequest, operator=staked.operator, vault=staked.vault):
        delegate(delegation, staked.operator, staked.vault, 1, ANY_MANDATE, sender=alice)


def assert_taken(staked: Pool, alice: AccountAPI) -> None:
    delegation = staked.protocol.delegation
    assert not delegation.hasOpenRequest(staked.operator, staked.vault)
    delegate(delegation, staked.operator, staked.vault, 1, ANY_MANDATE, sender=alice)


def test_request__that_is_open__stops_delegations(staked: Pool, alice: AccountAPI) -> None:
    assert_taken(staked, alice)
    staked.open_request()
    assert_refused(staked, alice)


def test_request__that_is_open__stops_deposits_with_delegation(
    delegation: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    staked.open_request()
    with reverts(delegation.OpenSlashRequest, operator=staked.operator, vault=staked.vault):
        staked.vault.depositAndDelegate(1, staked.operator, 0, ANY_MANDATE, sender=alice)


def test_request__that_is_open_and_accepted__does_not(
    delegation: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    staked.open_request()
    delegate(delegation, staked.operator, staked.vault, 1, ANYTHING, sender=alice)
    assert delegation.position(staked.operator, staked.vault, alice) == (AMOUNT + 1, AMOUNT + 1)


def test_request__on_another_pool__does_not(
    delegation: ContractInstance, pool: ContractInstance, staked: Pool, operator: AccountAPI, alice: AccountAPI
) -> None:
    staked.open_request()
    assert not delegation.hasOpenRequest(operator, pool)
    delegate(delegation, operator, pool, 1, ANY_MANDATE, sender=alice)


def test_request__granted_whole_at_once__does_not(staked: Pool, alice: AccountAPI) -> None:
    staked.slash(WAD // 2)
    assert_taken(staked, alice)


def test_request__of_which_a_part_is_granted_at_once__does(staked: Pool, alice: AccountAPI) -> None:
    staked.slash(WAD * (BPS - 1) // BPS - WAD // 2)
    staked.slash(WAD // 2 + 1)
    assert staked.retained == WAD // BPS
    delegation = staked.protocol.delegation
    assert delegation.hasOpenRequest(staked.operator, staked.vault)
    with reverts(delegation.OpenSlashRequest, operator=staked.operator, vault=staked.vault):
        delegate(delegation, staked.operator, staked.vault, 1, ANY_MANDATE, sender=alice)


def test_request__that_was_vetoed__does_not(slashing: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
    slashing.veto(staked.open_request(), sender=staked.resolver)
    assert_taken(staked, alice)


def test_request__that_was_taken_back__does_not(slashing: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
    slashing.takeBack(staked.open_request(), sender=staked.slasher)
    assert_taken(staked, alice)


def test_request__that_was_executed__does_not(
    slashing: ContractInstance, staked: Pool, alice: AccountAPI, stranger: AccountAPI
) -> None:
    request = staked.open_request()
    ape.chain.pending_timestamp = request[5] + VETO
    slashing.execute(request, sender=stranger)
    assert staked.retained == WAD - WAD // BPS
    assert_taken(staked, alice)


def test_request__that_was_executed_in_part__still_does(
    slashing: ContractInstance, staked: Pool, alice: AccountAPI, stranger: AccountAPI
) -> None:
    request = staked.open_request(WAD // BPS + 1)
    ape.chain.pending_timestamp = request[5] + VETO
    slashing.execute(request, sender=stranger)
    assert slashing.openAmount(request) == 1
    assert_refused(staked, alice)


def test_request__lapses_to_the_second(delegation: ContractInstance, staked: Pool, alice: AccountAPI) -> None:
    request = staked.open_request()
    ape.chain.pending_timestamp = lapses_at(request)
    with reverts(delegation.OpenSlashRequest, operator=staked.operator, vault=staked.vault):
        delegate(delegation, staked.operator, staked.vault, 1, ANY_MANDATE, sender=alice)
    ape.chain.pending_timestamp = lapses_at(request) + 1
    delegate(delegation, staked.operator, staked.vault, 1, ANY_MANDATE, sender=alice)
    assert not delegation.hasOpenRequest(staked.operator, staked.vault)


def test_requests__several_at_once__all_have_to_end(
    slashing: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    first, second, third = (staked.open_request(amount) for amount in (1, 2, 3))
    slashing.veto(second, sender=staked.resolver)
    assert_refused(staked, alice)
    slashing.takeBack(first, sender=staked.slasher)
    assert_refused(staked, alice)
    slashing.veto(third, sender=staked.resolver)
    assert_taken(staked, alice)


def test_requests__opened_later__count_until_the_last_lapses(staked: Pool, alice: AccountAPI) -> None:
    first = staked.open_request(1)
    ape.chain.pending_timestamp = lapses_at(first)
    second = staked.open_request(2)
    ape.chain.mine(timestamp=lapses_at(first) + 1)
    assert_refused(staked, alice)
    ape.chain.mine(timestamp=lapses_at(second) + 1)
    assert_taken(staked, alice)


def test_requests__opened_in_the_last_second_of_another__both_have_to_end(
    slashing: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    first = staked.open_request(1)
    ape.chain.pending_timestamp = lapses_at(first)
    second = staked.open_request(2)
    ape.chain.pending_timestamp = lapses_at(first)
    slashing.veto(second, sender=staked.resolver)
    assert_refused(staked, alice)


def test_requests__that_lapsed_before_the_next__do_not_count(
    slashing: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    """The first has lapsed, so that the end of the second leaves none."""
    first = staked.open_request(1)
    ape.chain.pending_timestamp = lapses_at(first) + 1
    second = staked.open_request(2)
    assert_refused(staked, alice)
    slashing.veto(second, sender=staked.resolver)
    assert_taken(staked, alice)


def test_requests__one_that_lapses_sooner__does_not_shorten_the_other(protocol: Protocol, staked: Pool) -> None:
    """The rest of a request that executed at once lapses a day later, that of the other two days after it."""
    slow = staked.open_request()
    staked.slash(WAD)
    ape.chain.mine(timestamp=slow[5] + DAY + 100)
    assert protocol.delegation.hasOpenRequest(staked.operator, staked.vault)
    ape.chain.mine(timestamp=lapses_at(slow))
    assert protocol.delegation.hasOpenRequest(staked.operator, staked.vault)
    ape.chain.mine(timestamp=lapses_at(slow) + 1)
    assert not protocol.delegation.hasOpenRequest(staked.operator, staked.vault)


def test_request__on_a_pool_that_nobody_delegated_to__is_noted_and_its_first_delegation_retains_all(
    delegation: ContractInstance, exposed: Pool, alice: AccountAPI
) -> None:
    exposed.open_request()
    assert exposed.retained == WAD
    with reverts(delegation.OpenSlashRequest, operator=exposed.operator, vault=exposed.vault):
        exposed.vault.depositAndDelegate(1, exposed.operator, 0, ANY_MANDATE, sender=alice)
    exposed.vault.depositAndDelegate(5, exposed.operator, 0, ANYTHING, sender=alice)
    assert exposed.retained == WAD
    assert delegation.hasOpenRequest(exposed.operator, exposed.vault)


def test_undelegate__while_a_request_is_open__works(
    delegation: ContractInstance, staked: Pool, alice: AccountAPI
) -> None:
    """Promise 9: free exit, whatever an AVS asks for."""
    staked.open_request()
    staked.undelegate(alice, AMOUNT)
    assert delegation.poolShares(staked.operator, staked.vault) == (0, AMOUNT)
