"""
Rewards: one pool, a payer, and tokens to pay in.

Alice holds 60 and bob 40 pool shares [1e18] from the start of epoch 2 on; commission is 10 %. Tests begin there.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import ANYTHING, ETHER, Protocol

FLOOR = 16  # the lowest there is
PLENTY = 2**255
PAID = 1_000 * ETHER


def below(exact: Fraction) -> int:
    """What a staker gets of an exact part: a share-second's is rounded down, so a whole number of wei is one short."""
    return max(0, ceil(exact) - 1)


@dataclass(frozen=True)
class Earning:
    """A pool that earns, and short words for what tests about rewards do again and again."""

    protocol: Protocol
    operator: AccountAPI
    vault: ContractInstance
    token: ContractInstance
    payer: AccountAPI

    # --- payers ---

    def pay(
        self, amount: int = PAID, *, floor: int = FLOOR, token: Any = None, payer: AccountAPI | None = None
    ) -> ReceiptAPI:
        """Pays the pool for the epoch just finished."""
        payment = (self.operator, self.vault, amount, floor)
        epoch = self.protocol.epoch - 1
        return self.protocol.rewards.pay(token or self.token, epoch, [payment], sender=payer or self.payer)

    def stream(
        self,
        amount: int = PAID,
        epochs: int = 3,
        *,
        floor: int = FLOOR,
        token: Any = None,
        payer: AccountAPI | None = None,
    ) -> int:
        """Opens a stream from the next epoch on, and names its id."""
        self.protocol.rewards.openStream(
            self.operator, self.vault, token or self.token, amount, floor, epochs, sender=payer or self.payer
        )
        return int(self.protocol.rewards.streamCount())

    # --- stakers ---

    def delegate(self, staker: AccountAPI, shares: int, *, at: int | None = None) -> None:
        if at is not None:
            ape.chain.pending_timestamp = at
        self.vault.depositAndDelegate(shares, self.operator, 0, ANYTHING, sender=staker)

    def undelegate(self, staker: AccountAPI, pool_shares: int, *, at: int | None = None) -> int:
        """Names the epoch of the ticket."""
        if at is not None:
            ape.chain.pending_timestamp = at
        receipt = self.protocol.delegation.undelegate(self.operator, self.vault, pool_shares, sender=staker)
        return int(receipt.return_value)

    def what(self, *tokens: Any, hint: int = 0) -> list[tuple[Any, ...]]:
        """What to claim: this pool, in each of `tokens`."""
        return [(self.operator, self.vault, token, hint) for token in tokens or (self.token,)]

    def claim(self, staker: AccountAPI, *tokens: Any, hint: int = 0) -> ReceiptAPI:
        return self.protocol.rewards.claim(staker, self.what(*tokens, hint=hint), staker, sender=staker)

    # --- views ---

    def claimable(self, staker: AccountAPI, token: Any = None) -> int:
        return int(self._due(staker, token)[0])

    def accruing(self, staker: AccountAPI, token: Any = None) -> int:
        return int(self._due(staker, token)[1])

    def _due(self, staker: AccountAPI, token: Any) -> tuple[int, int]:
        claimable, accruing = self.protocol.rewards.due(staker, self.what(token or self.token))
        return claimable[0], accruing[0]

    def commission(self, token: Any = None) -> int:
        return int(self.protocol.rewards.commission(self.operator, self.vault, token or self.token))


@pytest.fixture(scope="session")
def reward_token(
    protocol: Protocol, owner: AccountAPI, avs_owner: AccountAPI, stranger: AccountAPI
) -> ContractInstance:
    """What the payers, `avs_owner` and `stranger`, have plenty of, and have approved."""
    token = owner.deploy(project.TestToken, "Reward", "RWD", 18)
    for payer in (avs_owner, stranger):
        token.mint(payer, PLENTY // 4, sender=owner)
        token.approve(protocol.rewards, PLENTY, sender=payer)
    return token


@pytest.fixture(scope="session")
def earner(registry: ContractInstance, accounts: list[AccountAPI]) -> AccountAPI:
    """The operator of the pool that earns, of this folder alone."""
    registry.registerOperator("", sender=accounts[15])
    return accounts[15]


@pytest.fixture
def unstaked(
    protocol: Protocol,
    vault: ContractInstance,
    earner: AccountAPI,
    reward_token: ContractInstance,
    avs_owner: AccountAPI,
) -> Earning:
    """The pool in epoch 1, before anybody delegated to it."""
    protocol.registry.openPool(vault, 5_000, 1_000, 0, sender=earner)
    return Earning(protocol, earner, vault, reward_token, avs_owner)


@pytest.fixture
def earning(unstaked: Earning, alice: AccountAPI, bob: AccountAPI) -> Earning:
    """At the start of epoch 2, in which nothing was paid yet."""
    start = int(unstaked.protocol.registry.startOf(2))
    unstaked.delegate(alice, 60 * ETHER, at=start)
    unstaked.delegate(bob, 40 * ETHER, at=start)
    return unstaked
