"""Vaults over any token, and the real WETH9."""

from collections.abc import Sequence

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import container, deploy_vault
from tests.helpers.protocol import ETHER, Protocol

SEED = 10**6  # [asset, vault shares]


def deploy_weth(deployer: AccountAPI) -> ContractInstance:
    return deployer.deploy(container("WETH9"))


def open_vault(
    protocol: Protocol, token: ContractInstance, holders: Sequence[AccountAPI], *, amount: int = 1_000 * ETHER
) -> ContractInstance:
    """A listed vault over a mintable `token`, of which each of `holders` gets `amount` and has approved it all."""
    vault = deploy_vault(protocol.owner, protocol, token, native=False, name="Catenary Token", symbol="cTKN")
    token.mint(protocol.owner, SEED, sender=protocol.owner)
    token.approve(vault, SEED, sender=protocol.owner)
    for holder in holders:
        token.mint(holder, amount, sender=protocol.owner)
        token.approve(vault, 2**256 - 1, sender=holder)
    protocol.list_vault(vault, protocol.owner)
    return vault
