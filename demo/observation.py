"""What the chain says, as plain numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from demo.ledger import LineKey, PoolKey


@dataclass(frozen=True)
class SeenTicket:
    pool_shares: int
    value: int  # [vault shares]
    matured: bool


@dataclass(frozen=True)
class SeenPool:
    retained: int  # [wad]
    live: int  # [pool shares]
    leaving: int  # [pool shares]
    positions: Mapping[str, tuple[int, int]]  # by staker: [pool shares], worth in [vault shares]
    tickets: Mapping[tuple[str, int], SeenTicket]  # by staker and epoch
    slashable: Mapping[str, tuple[int, int]]  # by AVS: guaranteed, elastic [wad]


@dataclass(frozen=True)
class SeenVault:
    supply: int  # [vault shares]
    assets: int  # [asset]
    booked: int  # held for the pools [vault shares]
    held: Mapping[str, int]  # by staker, undelegated [vault shares]
    slashed: Mapping[str, int]  # by receiver [vault shares]


@dataclass(frozen=True)
class SeenRewards:
    due: Mapping[tuple[LineKey, str], tuple[int, int]]  # by line and staker: claimable, accruing [token]
    commission: Mapping[LineKey, int]  # [token]
    held: Mapping[str, int]  # by token


@dataclass(frozen=True)
class Observation:
    """Keyed like the ledger."""

    epoch: int
    pools: Mapping[PoolKey, SeenPool]
    vaults: Mapping[str, SeenVault]
    rewards: SeenRewards
