"""`AVS`: one set of terms under which operators can be slashed, and its `SlashRequest`s."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from eth_utils.crypto import keccak

from catenary.chain import Call, Contract, Read
from catenary.pool import Pool
from catenary.values import Amounts, Terms

if TYPE_CHECKING:
    from catenary.protocol import Protocol

T = TypeVar("T")

PAGE = 50


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

    # --- what its owner does ---

    def admit(self, operator: str, admitted: bool = True) -> Call:
        """Says whether an operator may opt in."""
        return self.protocol.registry.call("setAdmitted", self.number, self.protocol.address(operator), admitted)

    def count(self, vault: str, counts: bool = True) -> Call:
        """Says whether a vault counts."""
        return self.protocol.registry.call("setVault", self.number, vault, counts)

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

    # --- inside ---

    def _read(self, view: str, *arguments: Any, make: Callable[..., T]) -> Read[T]:
        return self.protocol.registry.read(view, self.number, *arguments, make=make)

    def _paged(self, contract: Contract, view: str) -> list[dict[str, Any]]:
        count = self.protocol.chain.get(self._read("poolCount", make=int))
        reads: list[Read[list[dict[str, Any]]]] = [
            contract.read(view, self.number, start, PAGE, make=list) for start in range(0, count, PAGE)
        ]
        return [one for page in self.protocol.chain.all(reads) for one in page]


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
        return self.protocol.chain.get(self.protocol.slashing.read("requestId", self._plain, make=str))

    @property
    def open_amount(self) -> int:
        """What it may still take of `retained`; 0 if it is not open [wad]."""
        return self.protocol.chain.get(self.protocol.slashing.read("openAmount", self._plain, make=int))

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
        return self.protocol.slashing.call("veto", self._plain)

    def take_back(self) -> Call:
        """Takes it back. Only the AVS's slasher."""
        return self.protocol.slashing.call("takeBack", self._plain)

    def execute(self) -> Call:
        """Executes it once its veto period is over, as far as the budget of this epoch goes. Anyone."""
        return self.protocol.slashing.call("execute", self._plain)

    @property
    def _plain(self) -> tuple[Any, ...]:
        return (
            self.avs,
            self.operator,
            self.vault,
            self.amount,
            self.offence_at,
            self.requested_at,
            bytes.fromhex(self.evidence.removeprefix("0x")),
        )


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
