"""A protocol of its own, whose genesis is of just now."""

import ape
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import Timing, deploy_core
from tests.helpers.protocol import Protocol
from tests.helpers.vaults import open_vault


def young_protocol(
    owner: AccountAPI, guardian: AccountAPI, staker: AccountAPI
) -> tuple[Protocol, ContractInstance, ContractInstance]:
    """With epochs of a minute, an asset that the staker has, and a listed vault over it."""
    timing = Timing(ape.chain.pending_timestamp - 1, epoch=60, report_window=40, max_veto=10, execute_window=10)
    core = deploy_core(owner, timing, owner, guardian)
    protocol = Protocol(core.registry, core.slashing, core.delegation, core.rewards, owner, guardian)
    asset = owner.deploy(project.TestToken, "Young", "YNG", 18)
    return protocol, asset, open_vault(protocol, asset, [staker])
