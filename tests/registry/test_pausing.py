"""A pause stops what adds risk, never what takes it away, and never slashing."""

from collections.abc import Callable
from dataclasses import dataclass

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import ANYTHING, ASSETS, DAY, ETHER, Request

# --- who pauses ---


@pytest.mark.parametrize("role", ["guardian", "owner"])
def test_pause__by_guardian_or_owner__pauses(
    registry: ContractInstance, role: str, request: pytest.FixtureRequest
) -> None:
    sender = request.getfixturevalue(role)
    assert_event(registry.pause(sender=sender), registry.Paused, by=sender)
    assert registry.paused()


def test_pause__by_another__reverts(registry: ContractInstance, stranger: AccountAPI) -> None:
    with reverts(registry.NotGuardian, caller=stranger):
        registry.pause(sender=stranger)


def test_pause__twice__reverts(registry: ContractInstance, guardian: AccountAPI) -> None:
    registry.pause(sender=guardian)
    with reverts(registry.ProtocolPaused):
        registry.pause(sender=guardian)


def test_unpause__by_the_owner__ends_the_pause(
    registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI
) -> None:
    registry.pause(sender=guardian)
    assert_event(registry.unpause(sender=owner), registry.Unpaused)
    assert not registry.paused()
    registry.pause(sender=guardian)


def test_unpause__by_the_guardian__reverts(registry: ContractInstance, guardian: AccountAPI) -> None:
    registry.pause(sender=guardian)
    with reverts(registry.OwnableUnauthorizedAccount, account=guardian):
        registry.unpause(sender=guardian)


def test_unpause__not_paused__reverts(registry: ContractInstance, owner: AccountAPI) -> None:
    with reverts(registry.NotPaused):
        registry.unpause(sender=owner)


# --- what a pause does ---


@dataclass(frozen=True)
class World:
    """A paused protocol in which, but for the pause, all that follows goes through."""

    protocol: Protocol
    asset: ContractInstance
    vault: ContractInstance
    operator: AccountAPI
    newcomer: AccountAPI
    alice: AccountAPI
    avs_owner: AccountAPI
    slasher: AccountAPI
    resolver: AccountAPI
    avs: int
    other_avs: int
    ticket: int  # matured
    request: Request  # within its veto period
    unlisted: ContractInstance

    @property
    def registry(self) -> ContractInstance:
        return self.protocol.registry


@pytest.fixture
def world(
    protocol: Protocol,
    registry: ContractInstance,
    asset: ContractInstance,
    pool: ContractInstance,
    owner: AccountAPI,
    guardian: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    alice: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
) -> World:
    unlisted = deploy_vault(owner, protocol, asset, native=False, name="Unlisted", symbol="U")
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], resolver=resolver, veto=DAY, by_admission=True)
    other_avs = protocol.register_avs(avs_owner, slasher, vaults=[pool])
    registry.setAdmitted(avs, operator, True, sender=avs_owner)
    registry.optIn(avs, pool, 2_000, 2_000, b"", sender=operator)
    pool.deposit(ETHER, alice, sender=alice)
    pool.depositAndDelegate(2 * ETHER, operator, 0, ANYTHING, sender=alice)
    ticket = protocol.epoch
    protocol.delegation.undelegate(operator, pool, ETHER, sender=alice)
    protocol.to_epoch(ticket + 3, second=60)
    _, request = protocol.request(avs, operator, pool, 1, sender=slasher)
    registry.pause(sender=guardian)
    return World(
        *(protocol, asset, pool, operator, second_operator, alice, avs_owner, slasher, resolver),
        *(avs, other_avs, ticket, request, unlisted),
    )


Call = Callable[[World], object]

STOPPED: dict[str, Call] = {
    "deposit": lambda w: w.vault.deposit(1, w.alice, sender=w.alice),
    "mint": lambda w: w.vault.mint(1, w.alice, sender=w.alice),
    "deposit and delegate": lambda w: w.vault.depositAndDelegate(1, w.operator, 0, ANYTHING, sender=w.alice),
    "delegate": lambda w: w.protocol.delegation.delegateShares(w.operator, w.vault, 1, ANYTHING, sender=w.alice),
    "redelegate": lambda w: w.protocol.delegation.redelegate(
        w.operator, w.vault, w.ticket, w.operator, w.alice, ANYTHING, sender=w.alice
    ),
    "opt in": lambda w: w.registry.optIn(w.other_avs, w.vault, 1, 0, b"", sender=w.operator),
    "raise guaranteed": lambda w: w.registry.allocate(w.avs, w.vault, 2_001, 0, sender=w.operator),
    "raise elastic": lambda w: w.registry.allocate(w.avs, w.vault, 0, 2_001, sender=w.operator),
}

NEVER_STOPPED: dict[str, Call] = {
    "redeem": lambda w: w.vault.redeem(1, w.alice, w.alice, sender=w.alice),
    "withdraw": lambda w: w.vault.withdraw(1, w.alice, w.alice, sender=w.alice),
    "transfer": lambda w: w.vault.transfer(w.operator, 1, sender=w.alice),
    "undelegate": lambda w: w.protocol.delegation.undelegate(w.operator, w.vault, 1, sender=w.alice),
    "complete": lambda w: w.protocol.delegation.complete(
        w.operator, w.vault, w.alice, w.ticket, w.alice, ASSETS, sender=w.alice
    ),
    "request": lambda w: w.protocol.slashing.request(
        w.avs, w.operator, w.vault, 1, w.request[4], bytes(32), "", sender=w.slasher
    ),
    "take back": lambda w: w.protocol.slashing.takeBack(w.request, sender=w.slasher),
    "veto": lambda w: w.protocol.slashing.veto(w.request, sender=w.resolver),
    "execute": lambda w: _execute(w),
    "allocate less": lambda w: w.registry.allocate(w.avs, w.vault, 1_999, 0, sender=w.operator),
    "allocate the same": lambda w: w.registry.allocate(w.avs, w.vault, 2_000, 2_000, sender=w.operator),
    "opt out": lambda w: w.registry.optOut(w.avs, w.vault, sender=w.operator),
    "eject": lambda w: w.registry.eject(w.avs, w.operator, w.vault, sender=w.avs_owner),
    "set mandate": lambda w: w.registry.setMandate(w.vault, 6_000, 0, sender=w.operator),
    "register operator": lambda w: w.registry.registerOperator("", sender=w.newcomer),
    "register AVS": lambda w: w.protocol.register_avs(w.avs_owner, w.slasher, vaults=[w.vault]),
    "end admission": lambda w: w.registry.setAdmitted(w.avs, w.operator, False, sender=w.avs_owner),
    "list vault": lambda w: w.registry.listVault(w.unlisted, sender=w.protocol.owner),
    "set cap": lambda w: w.vault.setCap(0, sender=w.protocol.owner),
    "set guardian": lambda w: w.registry.setGuardian(w.newcomer, sender=w.protocol.owner),
}


def _execute(world: World) -> None:
    ape.chain.mine(timestamp=world.request[5] + DAY)
    world.protocol.slashing.execute(world.request, sender=world.alice)


@pytest.mark.parametrize("call", STOPPED.values(), ids=STOPPED)
def test_pause__stops_what_adds_risk(world: World, call: Call) -> None:
    with reverts(world.registry.ProtocolPaused):
        call(world)
    world.registry.unpause(sender=world.protocol.owner)
    call(world)


def test_pause__leaves_no_room_in_a_vault(world: World) -> None:
    assert world.vault.maxDeposit(world.alice) == world.vault.maxMint(world.alice) == 0


@pytest.mark.parametrize("call", NEVER_STOPPED.values(), ids=NEVER_STOPPED)
def test_pause__stops_nothing_else(world: World, call: Call) -> None:
    call(world)
    assert world.registry.paused()


def test_pause__over_an_allocation_about_to_rise__lets_it_fall_short_of_what_was_announced(world: World) -> None:
    registry = world.registry
    registry.unpause(sender=world.protocol.owner)
    registry.allocate(world.avs, world.vault, 4_000, 2_000, sender=world.operator)
    registry.pause(sender=world.protocol.owner)
    registry.allocate(world.avs, world.vault, 3_000, 2_000, sender=world.operator)
    with reverts(registry.ProtocolPaused):
        registry.allocate(world.avs, world.vault, 3_001, 2_000, sender=world.operator)
    assert registry.allocationAt(world.avs, world.operator, world.vault, world.protocol.epoch + 3) == (3_000, 2_000)
