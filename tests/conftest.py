"""
Fixtures shared by all tests. Whatever deploys is session-scoped: Ape goes back to it before each test.

The world that the tests start from: one protocol with the production clock, one vault over a plain token, three
stakers who hold the token and have approved the vault, and one operator with an open pool.
"""

from functools import partialmethod

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape_foundry import FoundryProvider
from web3.eth import Eth

from deployer.contracts import Timing, deploy_core, deploy_vault
from tests.helpers.protocol import ETHER, Protocol

# Anvil keeps old states on disk, half a gigabyte for the suite, and leaves them there.
_build_command = FoundryProvider.build_command
FoundryProvider.build_command = lambda provider: [*_build_command(provider), "--max-persisted-states", "0"]

# Anvil often answers before the block is there, and web3 would then wait 100 ms before it looks again.
Eth.wait_for_transaction_receipt = partialmethod(Eth.wait_for_transaction_receipt, poll_latency=0.002)

ROLES = [
    "owner",
    "guardian",
    "alice",
    "bob",
    "carol",
    "operator",
    "second_operator",
    "avs_owner",
    "slasher",
    "resolver",
    "recipient",
    "stranger",
]


def _role(index: int) -> object:
    @pytest.fixture(scope="session", name=ROLES[index])
    def role(accounts: list[AccountAPI]) -> AccountAPI:
        return accounts[index]

    return role


for _index, _name in enumerate(ROLES):
    globals()[_name] = _role(_index)


@pytest.fixture(scope="session")
def protocol(owner: AccountAPI, guardian: AccountAPI) -> Protocol:
    core = deploy_core(owner, Timing(genesis=ape.chain.pending_timestamp - 1), owner, guardian)
    return Protocol(core.registry, core.slashing, core.delegation, core.rewards, owner, guardian)


@pytest.fixture(scope="session")
def registry(protocol: Protocol) -> ContractInstance:
    return protocol.registry


@pytest.fixture(scope="session")
def delegation(protocol: Protocol) -> ContractInstance:
    return protocol.delegation


@pytest.fixture(scope="session")
def slashing(protocol: Protocol) -> ContractInstance:
    return protocol.slashing


@pytest.fixture(scope="session")
def rewards(protocol: Protocol) -> ContractInstance:
    return protocol.rewards


@pytest.fixture(scope="session")
def asset(owner: AccountAPI) -> ContractInstance:
    return owner.deploy(project.TestToken, "Asset", "AST", 18)


@pytest.fixture(scope="session")
def vault(
    protocol: Protocol,
    asset: ContractInstance,
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
) -> ContractInstance:
    vault = deploy_vault(owner, protocol, asset, native=False, name="Catenary AST", symbol="cAST")
    for holder in (owner, alice, bob, carol):
        asset.mint(holder, 1_000 * ETHER, sender=owner)
        asset.approve(vault, 2**256 - 1, sender=holder)
    protocol.list_vault(vault, owner)
    return vault


@pytest.fixture(scope="session")
def pool(registry: ContractInstance, vault: ContractInstance, operator: AccountAPI) -> ContractInstance:
    """The operator's pool in the vault: loss budget 50 %, commission 10 %, any veto period. Gives the vault."""
    registry.registerOperator("", sender=operator)
    registry.openPool(vault, 5_000, 1_000, 0, sender=operator)
    return vault
