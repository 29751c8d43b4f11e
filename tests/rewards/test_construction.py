"""How the rewards distributor is wired."""

from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import Protocol, reverts
from tests.helpers.protocol import DAY


def test_deploy__elsewhere_than_its_registry_names__reverts(registry: ContractInstance, owner: AccountAPI) -> None:
    with reverts(project.RewardsDistributor.Miswired, registry=registry):
        owner.deploy(project.RewardsDistributor, registry)


def test_deploy__takes_its_wiring_and_clock_from_the_registry(
    registry: ContractInstance, delegation: ContractInstance, rewards: ContractInstance
) -> None:
    assert rewards.REGISTRY() == registry
    assert rewards.DELEGATION() == delegation
    assert rewards.GENESIS() == registry.GENESIS()
    assert rewards.EPOCH() == registry.EPOCH() == 7 * DAY
    assert registry.REWARDS() == rewards


def test_deploy__begins_without_streams(rewards: ContractInstance) -> None:
    assert rewards.streamCount() == 0


def test_clock__is_the_time_of_the_block(protocol: Protocol, rewards: ContractInstance) -> None:
    protocol.to_epoch(3, 5)
    assert rewards.epoch() == rewards.epochAt(rewards.clock()) == 3
    assert rewards.clock() == rewards.startOf(3) + 5
    assert rewards.CLOCK_MODE() == "mode=timestamp"


def test_register_avs__with_the_distributor_as_recipient_of_slashed_stake__reverts(
    registry: ContractInstance, rewards: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI
) -> None:
    """It could not tell vault shares that were slashed to it from those that it holds as rewards."""
    terms = (slasher, 0, False, rewards, avs_owner, ZERO_ADDRESS, ZERO_ADDRESS)
    with reverts(registry.RecipientIsProtocol, recipient=rewards):
        registry.registerAVS(terms, "", sender=avs_owner)
