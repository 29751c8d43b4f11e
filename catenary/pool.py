"""`Pool`: the stake delegated to one operator in one vault, its stakers' positions and `Ticket`s."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from catenary.chain import Call, Contract, Read
from catenary.errors import BadAmount
from catenary.units import WAD
from catenary.values import Accepted, Allocation, Change, Exposure, Mandate, Position, Threat

if TYPE_CHECKING:
    from catenary.avs import SlashRequest
    from catenary.protocol import Protocol
    from catenary.vault import Vault

T = TypeVar("T")

AHEAD = 3  # epochs after the current one for which something may be announced: the rule of time


class Payout(IntEnum):
    """Into what a matured ticket completes."""

    ASSETS = 0
    ETHER = 1  # where the asset is WETH
    VAULT_SHARES = 2


@dataclass(frozen=True)
class Pool:
    """An operator's pool in a vault."""

    protocol: "Protocol"
    vault: "Vault"
    operator: str

    # --- how it stands ---

    @property
    def is_open(self) -> bool:
        return self._get(self.protocol.registry, "isOpen", make=bool)

    @property
    def retained(self) -> int:
        """Its remaining fraction after all slashes [wad]."""
        return self._get(self.protocol.delegation, "retained", make=int)

    def retained_at_end_of(self, epoch: int) -> int:
        """`retained` as it stood at the end of an epoch, or stands now if that is to come [wad]."""
        return self._get(self.protocol.delegation, "retainedAtEndOf", epoch, make=int)

    @property
    def pool_shares(self) -> tuple[int, int]:
        """Those of its stakers, and those in tickets that have not matured [pool shares]."""
        return self._get(self.protocol.delegation, "poolShares", make=lambda live, leaving: (live, leaving))

    @property
    def ever_delegated(self) -> bool:
        """Whether anyone ever delegated to it: until then its mandate may be set at once."""
        return self._get(self.protocol.delegation, "everDelegated", make=bool)

    @property
    def has_open_request(self) -> bool:
        """Whether a slash request on it may be open."""
        return self._get(self.protocol.delegation, "hasOpenRequest", make=bool)

    @property
    def mandate(self) -> Mandate:
        """In this epoch."""
        return self.mandate_at(self.protocol.epoch)

    def mandate_at(self, epoch: int) -> Mandate:
        """In an epoch, as far as it is announced."""
        return self.protocol.chain.get(self._mandate(epoch))

    @property
    def mandates(self) -> list[Mandate]:
        """In this epoch and the next three: what is announced is in force in the last of them."""
        epoch = self.protocol.epoch
        return self.protocol.chain.all([self._mandate(each) for each in range(epoch, epoch + AHEAD + 1)])

    @property
    def loosest_mandate(self) -> Mandate:
        """The loosest that is current or announced: what one who delegates has to accept."""
        return self._get(self.protocol.registry, "loosestMandate", make=_mandate)

    @property
    def room(self) -> int:
        """How much more of it can be guaranteed by an announcement made now [bps]."""
        return self._get(self.protocol.registry, "room", make=int)

    @property
    def allocations(self) -> dict[int, Allocation]:
        """Of each AVS that it ever opted in to, in this epoch, by the AVS's id."""
        return self.allocations_at(self.protocol.epoch)[0]

    def allocations_at(self, *epochs: int) -> list[dict[int, Allocation]]:
        """The same in each of some epochs, as far as they are announced."""
        count = self._get(self.protocol.registry, "allocationCount", make=int)
        where = self.operator, self.vault.address
        pages = [self.protocol.registry.pages("allocations", *where, epoch, count=count) for epoch in epochs]
        answers = iter(self.protocol.chain.all([read for reads in pages for read in reads]))
        return [
            {one["avs"]: Allocation(one["guaranteed"], one["elastic"]) for _ in reads for one in next(answers)}
            for reads in pages
        ]

    @property
    def changes(self) -> list[Change]:
        """All that is announced to change, the soonest first."""
        if self.protocol.pinned is not self.protocol:
            return replace(self, protocol=self.protocol.pinned).changes
        epoch, clock = self.protocol.epoch, self.protocol.clock
        epochs = range(epoch, epoch + AHEAD + 1)
        tables = [
            {"loss budget": mandate.loss_budget, "commission": mandate.commission}
            | {f"guaranteed part of AVS {avs}": one.guaranteed for avs, one in allocations.items()}
            | {f"elastic part of AVS {avs}": one.elastic for avs, one in allocations.items()}
            for mandate, allocations in zip(self.mandates, self.allocations_at(*epochs), strict=True)
        ]
        return [
            Change(what, when, before[what], after[what], clock.start_of(when), clock.start_of(when - 1))
            for when, before, after in zip(epochs[1:], tables, tables[1:], strict=False)
            for what in after
            if before[what] != after[what]
        ]

    def slashable(self, avss: Sequence[int]) -> dict[int, tuple[int, int]]:
        """What each of some AVSs could take of `retained` now: its guaranteed and its elastic part [wad]."""
        return dict(zip(avss, self.protocol.chain.all([self._slashable(avs) for avs in avss]), strict=True))

    @property
    def requests(self) -> list["SlashRequest"]:
        """Every slash request on it, by their events."""
        found = self.protocol.requests(operator=self.operator)
        return [request for request in found if request.vault == self.vault.address]

    # --- rewards ---

    @property
    def reward_tokens(self) -> list[str]:
        """Every token that it was ever paid in, or streamed, by their events."""
        found = [
            log["token"]
            for name in ("Paid", "StreamOpened")
            for log in self.protocol.logs(self.protocol.rewards, name, operator=self.operator, vault=self.vault.address)
        ]
        return list(dict.fromkeys(found))

    @property
    def commission(self) -> dict[str, int]:
        """What its operator could claim now, of each token in which there is some [token]."""
        tokens = self.reward_tokens
        amounts = self.protocol.chain.all(
            [self._read(self.protocol.rewards, "commission", token, make=int) for token in tokens]
        )
        return {token: amount for token, amount in zip(tokens, amounts, strict=True) if amount}

    def collected(self, epoch: int) -> int:
        """What all its stakers collect in an epoch, the current one or an earlier one [pool shares x s]."""
        return self._get(self.protocol.delegation, "collected", epoch, make=int)

    # --- stakers ---

    def position(self, staker: str) -> Position:
        """What a staker has in it, tickets apart."""
        return self._get(self.protocol.delegation, "position", self.protocol.address(staker), make=Position)

    def tickets(self, staker: str) -> list["Ticket"]:
        """A staker's tickets that are not completed, the oldest first."""
        owner = self.protocol.address(staker)
        opened, *ended = (
            [
                log["epoch"]
                for log in self.protocol.logs(
                    self.protocol.delegation, name, operator=self.operator, vault=self.vault.address, staker=owner
                )
            ]
            for name in ("Undelegated", "Completed", "Redelegated")
        )
        epochs = sorted({*opened} - {epoch for each in ended for epoch in each})
        return self.protocol.chain.all(
            [
                self._read(self.protocol.delegation, "ticket", owner, epoch, make=self._ticket_of(owner))
                for epoch in epochs
            ]
        )

    def exposure(self, pool_shares: int) -> Exposure:
        """What can be lost of so many pool shares in it, to whom, and by when one can be out."""
        if self.protocol.pinned is not self.protocol:
            return replace(self, protocol=self.protocol.pinned).exposure(pool_shares)
        clock = self.protocol.clock
        answers: list[Any] = self.protocol.chain.all(
            [
                self.protocol.registry.read("epoch", make=int),
                self._read(self.protocol.delegation, "retained", make=int),
                self._read(self.protocol.delegation, "hasOpenRequest", make=bool),
                self._read(self.protocol.slashing, "worstCase", pool_shares, make=lambda *all_three: all_three),
            ]
        )
        epoch, retained, open_request, (value, worst_this_epoch, worst_leaving) = answers
        allocations = self.allocations
        terms = self.protocol.terms(list(allocations))
        threats = tuple(
            Threat(avs, terms[avs], allocations[avs], *(pool_shares * part // WAD for part in parts))
            for avs, parts in self.slashable(list(allocations)).items()
            if allocations[avs] != Allocation(0, 0)
        )
        return Exposure(
            mandate=self.mandate_at(epoch),
            retained=retained,
            open_request=open_request,
            value=value,
            worst_this_epoch=worst_this_epoch,
            worst_leaving=worst_leaving,
            out_at=clock.start_of(epoch + 2),
            threats=threats,
            changes=tuple(self.changes),
        )

    # --- what stakers do ---

    def delegate(self, shares: int | str, accepted: Accepted) -> Call:
        """Moves vault shares of the caller into the pool; no allowance is needed."""
        return self.protocol.delegation.call(
            "delegateShares", self.operator, self.vault.address, self.vault.unit.parse(shares), accepted.plain()
        )

    def undelegate(self, pool_shares: int) -> Call:
        """Starts to take pool shares out: they can be slashed until the end of the next epoch."""
        return self.protocol.delegation.call("undelegate", self.operator, self.vault.address, pool_shares)

    def pool_shares_of(self, shares: int | str) -> int:
        """The fewest pool shares that are worth so many vault shares now. Raises `BadAmount` if none are."""
        retained = self.retained
        if not retained:
            raise BadAmount(f"the pool of {self.operator} was slashed to nothing: no pool shares are worth {shares!r}")
        return -(-self.vault.unit.parse(shares) * WAD // retained)

    # --- inside ---

    def _read(self, contract: Contract, view: str, *arguments: Any, make: Callable[..., T]) -> Read[T]:
        return contract.read(view, self.operator, self.vault.address, *arguments, make=make)

    def _get(self, contract: Contract, view: str, *arguments: Any, make: Callable[..., T]) -> T:
        return self.protocol.chain.get(self._read(contract, view, *arguments, make=make))

    def _mandate(self, epoch: int) -> Read[Mandate]:
        return self._read(self.protocol.registry, "mandateAt", epoch, make=_mandate)

    def _slashable(self, avs: int) -> Read[tuple[int, int]]:
        return self.protocol.slashing.read(
            "slashable", avs, self.operator, self.vault.address, make=lambda guaranteed, elastic: (guaranteed, elastic)
        )

    def _ticket_of(self, staker: str) -> Any:
        return lambda t: Ticket(self, staker, t["epoch"], t["poolShares"], t["value"], t["matured"])

    def __repr__(self) -> str:
        return f"<Pool of {self.operator} in {self.vault.address}>"


@dataclass(frozen=True)
class Ticket:
    """Stake on its way out."""

    pool: Pool
    staker: str
    epoch: int  # in which it was opened; it matures at the end of the next one
    pool_shares: int
    value: int  # final if matured, otherwise if no slash comes any more [vault shares]
    matured: bool

    @property
    def matures_at(self) -> int:
        """[Unix time]"""
        return self.pool.protocol.clock.start_of(self.epoch + 2)

    def complete(self, receiver: str | None = None, payout: Payout = Payout.ASSETS) -> Call:
        """Pays it out: its owner to anyone, whom the owner approved to the owner."""
        return self.pool.protocol.delegation.call(
            "complete",
            self.pool.operator,
            self.pool.vault.address,
            self.staker,
            self.epoch,
            self.pool.protocol.address(receiver or self.staker),
            int(payout),
        )

    def redelegate(self, operator: str, accepted: Accepted, receiver: str | None = None) -> Call:
        """Turns it into a delegation to another pool of the vault. WARNING: for another receiver it is a gift."""
        protocol = self.pool.protocol
        return protocol.delegation.call(
            "redelegate",
            self.pool.operator,
            self.pool.vault.address,
            self.epoch,
            protocol.address(operator),
            protocol.address(receiver or self.staker),
            accepted.plain(),
        )


def _mandate(words: dict[str, int]) -> Mandate:
    return Mandate(words["lossBudget"], words["commission"], words["vetoPeriod"])
