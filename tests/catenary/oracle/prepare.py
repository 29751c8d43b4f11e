"""
Deploys an oracle to the node of APE_FOUNDRY_HOST: `python -m tests.catenary.oracle.prepare FOLDER`. As
`tests.catenary.prepare`, a process of its own.

An epoch is an hour, a round a minute. Five operators have opted in with their keys (`tests.helpers.oracle.key_of`),
each with 100 ETH and a loss budget of 50 %. The first one opted in with too little stake, and so did not join by that.
The last one secures another AVS too, which burns what it slashes. It is the first minute of epoch 4, in which all
allocations are in force.

| AVS | guaranteed | elastic |
|---|---:|---:|
| the oracle | 20 % | 10 % |
| the other one | 20 % | 10 % |

So of the first four the oracle has 14 + 7 ETH that are safe, and of the last 14 + 0: the other AVS may take what is
shared. For a fault the oracle slashes all that it can.
"""

import json
import os
import sys
from pathlib import Path

import ape
from ape import project

from deployer.contracts import Timing, deploy_core, deploy_vault
from tests.catenary.prepare import NETWORK
from tests.conftest import ROLES
from tests.helpers.oracle import deploy_feed, deploy_oracle, key_of
from tests.helpers.protocol import ANYTHING, ETHER, WAD, Protocol

EPOCH, ROUND, HEARTBEAT = 3_600, 60, 1_200  # [s]
REWARD = 700 * ETHER  # for each epoch
BOUNTY = ETHER
COUNT = 5  # operators


def main(home: Path) -> None:
    node = os.environ["APE_FOUNDRY_HOST"]
    with ape.networks.parse_network_choice(NETWORK, {"host": node, "manage_process": False}):
        accounts = ape.accounts.test_accounts
        roles = dict(zip(ROLES, accounts, strict=False))
        owner, alice = roles["owner"], roles["alice"]
        members = [accounts[index] for index in range(13, 13 + COUNT)]

        timing = Timing(ape.chain.pending_timestamp - 1, EPOCH, report_window=1_800, max_veto=600, execute_window=600)
        core = deploy_core(owner, timing, owner, owner)
        protocol = Protocol(core.registry, core.slashing, core.delegation, core.rewards, owner, owner)
        asset = owner.deploy(project.TestToken, "Asset", "AST", 18)
        vault = deploy_vault(owner, protocol, asset, native=False, name="Catenary AST", symbol="cAST")
        for holder in (owner, alice):
            asset.mint(holder, 1_000 * ETHER, sender=owner)
            asset.approve(vault, 2**256 - 1, sender=holder)
        protocol.list_vault(vault, owner)

        oracle = deploy_oracle(
            protocol, vault, asset, owner, members, reward=REWARD, bounty=BOUNTY, round_length=ROUND, penalty=WAD
        )
        oracle.add_feed(heartbeat=HEARTBEAT)
        feed = deploy_feed(oracle)
        oracle.fund(10_000 * ETHER)
        oracle.enlist(members[0], alice, stake=ETHER)
        vault.depositAndDelegate(99 * ETHER, members[0], 0, ANYTHING, sender=alice)
        for member in members[1:]:
            oracle.enlist(member, alice)
        other = protocol.register_avs(roles["avs_owner"], roles["slasher"], vaults=[vault])
        protocol.registry.optIn(other, vault, 2_000, 1_000, b"", sender=members[-1])
        protocol.to_epoch(4)
        content = {
            "oracle": oracle.contract.address,
            "feed": feed.address,
            "vault": vault.address,
            "token": asset.address,
            "registry": core.registry.address,
            "slashing": core.slashing.address,
            "delegation": core.delegation.address,
            "rewards": core.rewards.address,
            "other": other,
            "operators": [str(each.address) for each in members],
            "keys": [key_of(each).key.hex() for each in members],
            "staker": str(alice.address),
            "genesis": timing.genesis,
        }
        (home / "scene.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
