"""What a registry can be deployed with."""

from dataclasses import astuple, replace

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, Timing
from tests.helpers import assert_event, reverts
from tests.helpers.protocol import DAY, Protocol

DELEGATION = "0x" + "d1" * 20
SLASHING = "0x" + "51" * 20
REWARDS = "0x" + "4e" * 20
LONGEST = 2**48 - 1


@pytest.fixture
def timing() -> Timing:
    """One that starts in the very block of the deployment."""
    now = ape.chain.pending_timestamp + 100
    ape.chain.pending_timestamp = now
    return Timing(genesis=now)


def _deploy(timing: Timing, owner: AccountAPI, guardian: object = ZERO_ADDRESS) -> ContractInstance:
    return owner.deploy(project.AVSRegistry, astuple(timing), owner, guardian, DELEGATION, SLASHING, REWARDS)


def test_registry__deployed__says_what_it_was_given(
    protocol: Protocol, registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI
) -> None:
    assert registry.EPOCH() == 7 * DAY
    assert registry.REPORT_WINDOW() == 4 * DAY
    assert registry.MAX_VETO() == 2 * DAY
    assert registry.EXECUTE_WINDOW() == DAY
    assert registry.DELEGATION() == protocol.delegation
    assert registry.SLASHING() == protocol.slashing
    assert registry.REWARDS() == protocol.rewards
    assert registry.owner() == owner
    assert registry.guardian() == guardian
    assert registry.pendingOwner() == ZERO_ADDRESS
    assert not registry.paused()


def test_registry__deployed__announces_owner_and_guardian(
    timing: Timing, owner: AccountAPI, guardian: AccountAPI
) -> None:
    registry = _deploy(timing, owner, guardian)
    receipt = registry.creation_metadata.receipt
    assert_event(receipt, registry.OwnershipTransferred, previousOwner=ZERO_ADDRESS, newOwner=owner)
    assert_event(receipt, registry.GuardianSet, guardian=guardian)


def test_registry__without_guardian__is_deployed(timing: Timing, owner: AccountAPI) -> None:
    assert _deploy(timing, owner).guardian() == ZERO_ADDRESS


@pytest.mark.parametrize(
    "bounds",
    [
        {"epoch": 60, "report_window": 1, "max_veto": 0, "execute_window": 1},
        {"epoch": 30 * DAY},
        {"epoch": 7 * DAY, "report_window": 4 * DAY, "max_veto": 2 * DAY, "execute_window": DAY},
        {"report_window": 1},
        {"max_veto": 0},
        {"execute_window": 1},
    ],
    ids=str,
)
def test_timing__at_its_bounds__is_taken(timing: Timing, bounds: dict[str, int], owner: AccountAPI) -> None:
    taken = replace(timing, **bounds)
    registry = _deploy(taken, owner)
    assert registry.GENESIS() == taken.genesis
    assert registry.EPOCH() == taken.epoch
    assert registry.REPORT_WINDOW() == taken.report_window
    assert registry.MAX_VETO() == taken.max_veto
    assert registry.EXECUTE_WINDOW() == taken.execute_window
    assert registry.epoch() == 1


@pytest.mark.parametrize(
    "bounds",
    [
        {"epoch": 59, "report_window": 1, "max_veto": 0, "execute_window": 1},
        {"epoch": 30 * DAY + 1},
        {"report_window": 0},
        {"execute_window": 0},
        {"report_window": 4 * DAY + 1},
        {"max_veto": 2 * DAY + 1},
        {"execute_window": DAY + 1},
        {"report_window": LONGEST, "max_veto": LONGEST, "execute_window": LONGEST},
        {"epoch": 0},
    ],
    ids=str,
)
def test_timing__out_of_bounds__reverts(timing: Timing, bounds: dict[str, int], owner: AccountAPI) -> None:
    _refuses(replace(timing, **bounds), owner)


def test_timing__with_its_genesis_in_the_future__reverts(timing: Timing, owner: AccountAPI) -> None:
    _refuses(replace(timing, genesis=timing.genesis + 1), owner)


def test_timing__with_its_genesis_as_long_ago_as_the_longest_epoch__is_taken(timing: Timing, owner: AccountAPI) -> None:
    assert _deploy(replace(timing, genesis=timing.genesis - 30 * DAY), owner).epoch() == 5


def test_timing__with_its_genesis_longer_ago__reverts(timing: Timing, owner: AccountAPI) -> None:
    _refuses(replace(timing, genesis=timing.genesis - 30 * DAY - 1), owner)


def _refuses(timing: Timing, owner: AccountAPI) -> None:
    with reverts(project.AVSRegistry.TimingOutOfBounds, timing=astuple(timing)):
        _deploy(timing, owner)


@pytest.mark.parametrize("missing", range(3))
def test_contract__at_the_zero_address__reverts(timing: Timing, missing: int, owner: AccountAPI) -> None:
    others = [DELEGATION, SLASHING, REWARDS]
    others[missing] = ZERO_ADDRESS
    with reverts(project.AVSRegistry.ZeroAddress):
        owner.deploy(project.AVSRegistry, astuple(timing), owner, ZERO_ADDRESS, *others)


def test_owner__at_the_zero_address__reverts(timing: Timing, owner: AccountAPI) -> None:
    with reverts(project.AVSRegistry.OwnableInvalidOwner, owner=ZERO_ADDRESS):
        owner.deploy(project.AVSRegistry, astuple(timing), ZERO_ADDRESS, ZERO_ADDRESS, DELEGATION, SLASHING, REWARDS)
