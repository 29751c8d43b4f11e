"""
A pool that can be slashed to nothing.

Its operator and AVS are of this folder alone, so that no other test finds them registered.
"""

from dataclasses import dataclass

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import ANYTHING, BPS, DAY, WAD, Protocol, Request

VETO = 2 * DAY


@dataclass(frozen=True)
class Pool:
    """One pool, the AVS that may slash all but 1 bps of it at once, and one with that 1 bps that must wait."""

    protocol: Protocol
    operator: AccountAPI
    vault: ContractInstance
    avs: int
    slow_avs: int
    slasher: AccountAPI
    resolver: AccountAPI

    @property
    def retained(self) -> int:
        return int(self.protocol.delegation.retained(self.operator, self.vault))

    def delegate(self, staker: AccountAPI, shares: int) -> int:
        """Deposits and delegates, whatever request is open, and gives the pool shares."""
        receipt = self.vault.depositAndDelegate(shares, self.operator, 0, ANYTHING, sender=staker)
        return int(receipt.return_value[1])

    def undelegate(self, staker: AccountAPI, pool_shares: int) -> int:
        """Opens a ticket and names its epoch."""
        receipt = self.protocol.delegation.undelegate(self.operator, self.vault, pool_shares, sender=staker)
        return int(receipt.return_value)

    def slash(self, amount: int) -> Request:
        """Takes `amount` of `retained` at once [wad]."""
        return self.protocol.request(self.avs, self.operator, self.vault, amount, sender=self.slasher)[1]

    def open_request(self, amount: int = WAD // BPS) -> Request:
        """Leaves a request open for its veto period and a day to execute it."""
        return self.protocol.request(self.slow_avs, self.operator, self.vault, amount, sender=self.slasher)[1]


@pytest.fixture(scope="session")
def runner(registry: ContractInstance, accounts: list[AccountAPI]) -> AccountAPI:
    registry.registerOperator("", sender=accounts[17])
    return accounts[17]


@pytest.fixture(scope="session")
def opened(
    protocol: Protocol,
    vault: ContractInstance,
    runner: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    recipient: AccountAPI,
) -> Pool:
    """In the first epoch, with its allocations announced: nothing can be slashed yet."""
    protocol.registry.openPool(vault, BPS, 1_000, 0, sender=runner)
    avs = protocol.register_avs(avs_owner, slasher, vaults=[vault], recipient=recipient)
    slow_avs = protocol.register_avs(
        avs_owner, slasher, vaults=[vault], resolver=resolver, veto=VETO, recipient=recipient
    )
    protocol.registry.optIn(avs, vault, BPS - 1, 0, b"", sender=runner)
    protocol.registry.optIn(slow_avs, vault, 1, 0, b"", sender=runner)
    return Pool(protocol, runner, vault, avs, slow_avs, slasher, resolver)


@pytest.fixture
def exposed(protocol: Protocol, opened: Pool) -> Pool:
    """In the first epoch with allocations in force, late enough for an offence. Nobody has delegated yet."""
    protocol.to_epoch(protocol.epoch + 3, 100)
    return opened
