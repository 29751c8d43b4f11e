"""`Staker`: what one has, where, and what it earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catenary.chain import Call
from catenary.pool import Pool, Ticket
from catenary.values import Position

if TYPE_CHECKING:
    from catenary.protocol import Protocol


@dataclass(frozen=True)
class Reward:
    """What a staker earned in one pool and token."""

    pool: Pool
    token: str
    claimable: int  # now [token]
    accruing: int  # besides, from the last epoch and the current one, if nobody moves and nothing more is paid [token]


@dataclass(frozen=True)
class Staker:
    """A staker, by its address. What it does is sent by its own account."""

    protocol: "Protocol"
    address: str

    @property
    def pools(self) -> list[Pool]:
        """Every pool that it ever delegated to, by its events."""
        found = self.protocol.logs(self.protocol.delegation, "Delegated", staker=self.address)
        vaults = {vault.address: vault for vault in self.protocol.vaults}
        return [
            vaults[vault].pool(operator)
            for vault, operator in dict.fromkeys((x["vault"], x["operator"]) for x in found)
        ]

    @property
    def positions(self) -> dict[Pool, Position]:
        """What it has in each pool, tickets apart."""
        pools = self.pools
        reads = [
            self.protocol.delegation.read("position", pool.operator, pool.vault.address, self.address, make=Position)
            for pool in pools
        ]
        found = zip(pools, self.protocol.chain.all(reads), strict=True)
        return {pool: position for pool, position in found if position.pool_shares}

    @property
    def tickets(self) -> list[Ticket]:
        """Its tickets that are not completed, in all pools."""
        return [ticket for pool in self.pools for ticket in pool.tickets(self.address)]

    @property
    def rewards(self) -> list[Reward]:
        """What it earned and has not claimed, in each pool and token that was paid there."""
        pools = {(pool.operator, pool.vault.address): pool for pool in self.pools}
        claims = [(*key, token) for key, pool in pools.items() for token in pool.reward_tokens]
        if not claims:
            return []
        claimable, accruing = self.protocol.chain.get(
            self.protocol.rewards.read(
                "due", self.address, [(*claim, 0) for claim in claims], make=lambda now, later: (now, later)
            )
        )
        return [
            Reward(pools[operator, vault], token, now, later)
            for (operator, vault, token), now, later in zip(claims, claimable, accruing, strict=True)
            if now or later
        ]

    # --- what it does ---

    def claim(self, rewards: Sequence[Reward], receiver: str | None = None) -> Call:
        """Claims rewards, each to the end of the last epoch but one."""
        claims = [(each.pool.operator, each.pool.vault.address, each.token, 0) for each in rewards]
        return self.protocol.rewards.call(
            "claim", self.address, claims, self.protocol.address(receiver or self.address)
        )

    def approve_completer(self, completer: str, approved: bool = True) -> Call:
        """Lets someone complete its tickets and claim its rewards, to the staker only."""
        return self.protocol.delegation.call("setCompleter", self.protocol.address(completer), approved)

    def void_nonce(self) -> Call:
        """Voids what it signed for its next nonce."""
        return self.protocol.delegation.call("voidNonce")
