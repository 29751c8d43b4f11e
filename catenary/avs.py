"""`AVS`: one set of terms under which operators can be slashed, and its `SlashRequest`s."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from catenary.chain import Call, Contract, Read
from catenary.contracts import TOKEN
from catenary.pool import Pool
from catenary.units import BPS, WAD
from catenary.values import Amounts, Terms

if TYPE_CHECKING:
    from catenary.protocol import Protocol

T = TypeVar("T")

PAGE = 50
_REQUEST_TYPE = "(uint32,address,address,uint256,uint48,uint48,bytes32)"
FLOORS = (16, 59)  # the lowest and the highest


@dataclass(frozen=True)
class Stake:
    """A pool as one AVS sees it. All amounts are zero while the AVS does not count the vault."""

    operator: str
    vault: str
    shares: Amounts  # [vault shares]
    assets: Amounts  # [asset]


@dataclass(frozen=True)
class Average:
    """A pool as one AVS saw it in the epoch just finished, for the average of its pool shares [vault shares]."""

    operator: str
    vault: str
    guaranteed: int
    elastic: int
    safe_guaranteed: int
    safe_elastic: int


@dataclass(frozen=True)
class Payment:
    """What a pool is to get for the epoch just finished."""

    operator: str
    vault: str
    amount: int  # [token]
    floor: int  # the pool gets no more than amount / 4^floor for a share-second; from 16 to 59


@dataclass(frozen=True)
class Taking:
    """What a slash would take now, if nobody else is faster."""

    guaranteed: int  # of `retained`, out of the AVS's own part [wad]
    elastic: int  # and out of what is shared [wad]
    shares: int  # moved [vault shares]
    from_others: dict[int, int]  # by how much it lowers what other AVSs could take of what is shared [wad]


@dataclass(frozen=True)
class AVS:
    """An AVS, by its id."""

    protocol: "Protocol"
    number: int

    # --- how it stands ---

    @property
    def terms(self) -> Terms:
        return self.protocol.terms([self.number])[self.number]

    @property
    def pools(self) -> list[Pool]:
        """Every pool that ever opted in, in that order."""
        vaults = {vault.address: vault for vault in self.protocol.vaults}
        return [vaults[one["vault"]].pool(one["operator"]) for one in self._paged(self.protocol.registry, "pools")]

    @property
    def stakes(self) -> list[Stake]:
        """What it could slash of each pool now, and what of it is safe. Base duties on what is safe."""
        return [stake_of(one) for one in self._paged(self.protocol.slashing, "stakes")]

    @property
    def averages(self) -> list[Average]:
        """What it could slash of each pool in the epoch just finished: to pay by."""
        return [Average(*one.values()) for one in self._paged(self.protocol.slashing, "averages")]

    def is_admitted(self, operator: str) -> bool:
        return self.protocol.chain.get(self._read("isAdmitted", operator, make=bool))

    def counts(self, vault: str) -> bool:
        """Whether a vault counts, which binds at opt-in and in views."""
        return self.protocol.chain.get(self._read("isCounted", vault, make=bool))

    @property
    def requests(self) -> list["SlashRequest"]:
        """Every slash request that it filed, by their events."""
        return self.protocol.requests(avs=self.number)

    @property
    def open_requests(self) -> dict["SlashRequest", int]:
        """What each of them that is open may still take of `retained` [wad]."""
        return self.protocol.open_amounts(self.requests)

    def taking(self, pool: Pool, amount: int) -> Taking:
        """
        What a slash of `amount` of a pool's `retained` would take if it were executed now [wad].

        What is shared is (F - Σg)·B, less what all took of it in this epoch; and that is all that was taken, less what
        each took out of its guaranteed part: g·B less what it could still take of it (design, "Slashing").
        """
        protocol = self.protocol.pinned
        if protocol is not self.protocol:
            return AVS(protocol, self.number).taking(Pool(protocol, pool.vault, pool.operator), amount)
        allocations, mandate, retained = pool.allocations, pool.mandate, pool.retained
        slashable = pool.slashable(list(allocations))
        base = pool.retained_at_end_of(protocol.epoch - 1)
        taken_guaranteed = sum(base * one.guaranteed // BPS - slashable[avs][0] for avs, one in allocations.items())
        unguaranteed = mandate.loss_budget - sum(one.guaranteed for one in allocations.values())
        shared = max(0, base * unguaranteed // BPS - (base - retained - taken_guaranteed))

        own_guaranteed, own_elastic = slashable.get(self.number, (0, 0))
        guaranteed = min(amount, own_guaranteed)
        elastic = min(amount - guaranteed, own_elastic)
        shares = sum(pool.pool_shares) * (guaranteed + elastic) // WAD
        if not shares:
            return Taking(0, 0, 0, {})
        others = {
            avs: possible - min(possible, shared - elastic)
            for avs, (_, possible) in slashable.items()
            if avs != self.number
        }
        return Taking(guaranteed, elastic, shares, {avs: taken for avs, taken in others.items() if taken})

    # --- what its owner does ---

    def admit(self, operator: str, admitted: bool = True) -> Call:
        """Says whether an operator may opt in."""
        return self.protocol.registry.call("setAdmitted", self.number, self.protocol.address(operator), admitted)

    def count(self, vault: str, counts: bool = True) -> Call:
        """Says whether a vault, by its symbol or address, counts."""
        return self.protocol.registry.call("setVault", self.number, self.protocol.vault(vault).address, counts)

    def eject(self, pool: Pool) -> Call:
        """Announces that a pool leaves the AVS, and ends the operator's admission."""
        return self.protocol.registry.call("eject", self.number, pool.operator, pool.vault.address)

    # --- what its slasher does ---

    def slash(self, pool: Pool, amount: int, offence_at: int, evidence: bytes, uri: str = "") -> Call:
        """
        Asks for `amount` of a pool's `retained` [wad], for an offence at a Unix time within REPORT_WINDOW. Without a
        veto period it executes at once. `evidence` is hashed; `uri` says where to find it. Returns the request's id and
        what was granted at once.
        """
        return self.protocol.slashing.call(
            "request", self.number, pool.operator, pool.vault.address, amount, offence_at, keccak(evidence), uri
        )

    # --- payers ---

    def pay(self, token: str, epoch: int, payments: Sequence[Payment]) -> Call:
        """Pays pools for `epoch`, the one just finished, out of the caller's allowance to the distributor."""
        plain = [(one.operator, one.vault, one.amount, one.floor) for one in payments]
        return self.protocol.rewards.call("pay", token, epoch, plain)

    def approve(self, token: str, amount: int) -> Call:
        """Lets the distributor take a token of the caller, as a payment needs."""
        return Contract(TOKEN, token).call("approve", self.protocol.rewards.address, amount)

    def stream(self, pool: Pool, token: str, amount: int, floor: int, epochs: int) -> Call:
        """Pays a pool `amount` for each of so many epochs, from the next one on [token]. Returns the stream's id."""
        return self.protocol.rewards.call("openStream", pool.operator, pool.vault.address, token, amount, floor, epochs)

    def cancel_stream(self, stream: int, receiver: str) -> Call:
        """Ends the caller's stream with the current epoch. Returns what it gave back [token]."""
        return self.protocol.rewards.call("cancelStream", stream, self.protocol.address(receiver))

    # --- inside ---

    def _read(self, view: str, *arguments: Any, make: Callable[..., T]) -> Read[T]:
        return self.protocol.registry.read(view, self.number, *arguments, make=make)

    def _paged(self, contract: Contract, view: str) -> list[dict[str, Any]]:
        count = self.protocol.chain.get(self._read("poolCount", make=int))
        pages = self.protocol.chain.all(contract.pages(view, self.number, count=count, size=PAGE))
        return [one for page in pages for one in page]


@dataclass(frozen=True)
class SlashRequest:
    """What an AVS asks for. Whoever vetoes, takes back or executes it repeats it."""

    protocol: "Protocol"
    avs: int
    operator: str
    vault: str
    amount: int  # of the pool's `retained` [wad]
    offence_at: int  # [Unix time]
    requested_at: int  # [Unix time]
    evidence: str  # hash of the evidence
    uri: str = ""  # where to find it

    @classmethod
    def of(cls, protocol: "Protocol", log: dict[str, Any]) -> "SlashRequest":
        """That of a `SlashRequested` event."""
        names = ("avs", "operator", "vault", "amount", "offenceAt", "requestedAt", "evidence", "uri")
        return cls(protocol, *(log[name] for name in names))

    @property
    def id(self) -> str:
        """The hash of all that it says."""
        return f"0x{keccak(encode([_REQUEST_TYPE], [self.plain])).hex()}"

    @property
    def open_amount(self) -> int:
        """What it may still take of `retained`; 0 if it is not open [wad]."""
        return self.protocol.chain.get(self.protocol.slashing.read("openAmount", self.plain, make=int))

    @property
    def pool(self) -> Pool:
        return self.protocol.vault(self.vault).pool(self.operator)

    @property
    def veto_until(self) -> int:
        """From then on anyone may execute it [Unix time]."""
        return self.requested_at + self.protocol.terms([self.avs])[self.avs].veto_period

    @property
    def lapses_after(self) -> int:
        """The last second at which it can be executed [Unix time]."""
        return self.veto_until + self.protocol.clock.execute_window

    def veto(self) -> Call:
        """Ends it within its veto period. Only the AVS's resolver."""
        return self.protocol.slashing.call("veto", self.plain)

    def take_back(self) -> Call:
        """Takes it back. Only the AVS's slasher."""
        return self.protocol.slashing.call("takeBack", self.plain)

    def execute(self) -> Call:
        """Executes it once its veto period is over, as far as the budget of this epoch goes. Anyone."""
        return self.protocol.slashing.call("execute", self.plain)

    @property
    def plain(self) -> tuple[Any, ...]:
        return (
            self.avs,
            self.operator,
            self.vault,
            self.amount,
            self.offence_at,
            self.requested_at,
            bytes.fromhex(self.evidence.removeprefix("0x")),
        )


def full_floor(share_seconds: int) -> int:
    """
    The highest floor with which a pool that collects so many share-seconds is still paid in full: the largest f with
    4^f <= share-seconds, from 16 to 59 (docs/rewards-distributor.md, "The floor").
    """
    lowest, highest = FLOORS
    return min(max((share_seconds.bit_length() - 1) // 2, lowest), highest)


def stake_of(words: dict[str, Any]) -> Stake:
    """A stake as the SlashingManager gives it."""
    shares, assets = (Amounts(*words[unit].values()) for unit in ("shares", "assets"))
    return Stake(words["operator"], words["vault"], shares, assets)


def terms_of(words: dict[str, Any]) -> Terms:
    """The terms as the registry gives them."""
    return Terms(
        slasher=words["slasher"],
        owner=words["owner"],
        veto_period=words["vetoPeriod"],
        resolver=words["resolver"],
        recipient=words["recipient"],
        by_admission=words["byAdmission"],
        hook=words["hook"],
    )
