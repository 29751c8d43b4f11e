"""
The state of the protocol, folded out of its events alone.

Its methods are the views of the contracts, equal to the wei, but for those that no event tells: what depends on what a
vault holds of its asset, as a rebase or a donation moves it (`totalAssets`, prices, limits of deposits, and what stake
is worth in assets); allowances and nonces, which change silently; how far streams are booked (`earned`). And `due` can
be more by 1 wei for each claim that sent nothing since the last one that did: it emits nothing, and forgoes what it had
of a wei (and of a staker with more than 256 holdings since then, moves on to others of them).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from catenary.errors import CatenaryError, UnknownAVS, UnknownStream
from catenary.history.events import Event
from catenary.history.pools import Allocation, Amounts, Pool, Record
from catenary.history.rewards import Line, Stream, claimable_until, rest_down
from catenary.units import WAD

ZERO_ADDRESS = "0x" + 40 * "0"
PoolKey = tuple[str, str]  # operator and vault


class Timing(NamedTuple):
    """The clock and the windows, fixed at deployment and in no event [s]."""

    genesis: int  # start of epoch 1 [Unix time]
    epoch: int
    report_window: int
    max_veto: int
    execute_window: int


@dataclass
class Vault:
    cap: int = 0  # [asset]
    seeded_by: str | None = None
    supply: int = 0  # [vault shares]
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # [vault shares]

    def transfer(self, sender: str, receiver: str, shares: int) -> None:
        if sender == ZERO_ADDRESS:
            self.supply += shares
        else:
            self.balances[sender] -= shares
        if receiver == ZERO_ADDRESS:
            self.supply -= shares
        else:
            self.balances[receiver] += shares


@dataclass
class AVS:
    terms: dict[str, Any]  # as `IAVSRegistry.Terms`
    uri: str
    admitted: set[str] = field(default_factory=set)  # operators
    counted: set[str] = field(default_factory=set)  # vaults
    pools: list[PoolKey] = field(default_factory=list)  # that ever opted in, in that order


@dataclass
class Request:
    """A slash request."""

    id: str
    avs: int
    operator: str
    vault: str
    amount: int  # [wad]
    offence_at: int  # [s, Unix time]
    requested_at: int  # likewise
    evidence: str
    uri: str
    executable_at: int  # likewise
    lapses_at: int  # the last second in which it can be executed; likewise
    remaining: int  # what it may still take, unless it has lapsed [wad]
    ended: str | None = None  # "executed", "vetoed" or "taken back"

    def status(self, time: int) -> str:
        """At `time`: "executed", "vetoed", "taken back", "lapsed", or "open"."""
        return self.ended or ("lapsed" if time > self.lapses_at else "open")


class State:
    """After all events up to a block, and at its time."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.block = 0
        self.time = timing.genesis  # [s, Unix time]
        self.owner = self.pending_owner = self.guardian = ZERO_ADDRESS
        self.paused = False
        self.vaults: dict[str, Vault] = {}  # in the order of listing
        self.operators: dict[str, str] = {}  # and their URI
        self.avss: dict[int, AVS] = {}
        self.pools: dict[PoolKey, Pool] = {}
        self.completers: set[tuple[str, str]] = set()  # (staker, completer)
        self.requests: dict[str, Request] = {}  # slash requests by id
        self.lines: dict[tuple[str, str, str], Line] = {}  # by operator, vault and token
        self.streams: dict[int, Stream] = {}
        self._requested: tuple[Any, ...] = ()  # the last slash request, and how things were before

    # --- the fold ---

    def apply(self, event: Event) -> None:
        """Goes on to the next event. Raises a `CatenaryError` if one is missing before it, as far as that shows."""
        self.block, self.time = event.block, event.time
        handler = self._HANDLERS.get(event.name)
        if handler is not None:
            handler(self, event, event.arguments)

    def at(self, block: int, time: int) -> "State":
        """Goes on to a block in which nothing happened, and its time [s, Unix time]."""
        self.block, self.time = block, time
        return self

    def _expect(self, event: Event, is_: int, should_be: int) -> None:
        if is_ != should_be:
            raise CatenaryError(
                f"{event.name} in block {event.block} says {is_} where the events before it make {should_be}: the node "
                "left some out. Build the history anew, from another node"
            )

    # --- governance ---

    def _vault_listed(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.vaults[a["vault"]] = Vault()

    def _guardian_set(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.guardian = a["guardian"]

    def _ownership_started(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.pending_owner = a["newOwner"]

    def _ownership_transferred(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.owner, self.pending_owner = a["newOwner"], ZERO_ADDRESS

    def _paused(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.paused = event.name == "Paused"

    # --- vaults ---

    def _cap_set(self, event: Event, a: dict[str, Any]) -> None:
        self.vaults[event.contract].cap = a["cap"]

    def _seeded(self, event: Event, a: dict[str, Any]) -> None:
        self.vaults[event.contract].seeded_by = a["by"]

    def _transfer(self, event: Event, a: dict[str, Any]) -> None:
        self.vaults[event.contract].transfer(a["from"], a["to"], a["value"])

    # --- operators and AVSs ---

    def _operator_registered(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.operators[a["operator"]] = a["uri"]

    def _pool_opened(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.pools[a["operator"], a["vault"]] = Pool(a["operator"], a["vault"], a["vetoPeriod"])

    def _mandate_announced(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self._pool(a).announce_mandate(self.epoch, a["lossBudget"], a["commission"], a["atOnce"])

    def _avs_registered(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.avss[a["avs"]] = AVS(a["terms"], a["uri"])

    def _admission_set(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        admitted = self.avss[a["avs"]].admitted
        (admitted.add if a["admitted"] else admitted.discard)(a["operator"])

    def _vault_counted(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        counted = self.avss[a["avs"]].counted
        (counted.add if a["counts"] else counted.discard)(a["vault"])

    def _allocation_announced(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        pool, avs = self._pool(a), a["avs"]
        if avs not in pool.allocations:
            self.avss[avs].pools.append((a["operator"], a["vault"]))
        allocation = pool.allocations.setdefault(avs, Allocation())
        allocation.guaranteed = allocation.guaranteed.announced(self.epoch, a["guaranteed"])
        allocation.elastic = allocation.elastic.announced(self.epoch, a["elastic"])

    # --- stakers ---

    def _delegated(self, event: Event, a: dict[str, Any]) -> None:
        pool, pool_shares = self._pool(a), a["poolShares"]
        self._expect(event, pool_shares, a["shares"] * WAD // pool.retained)
        self._move(pool, a["staker"], pool_shares)

    def _undelegated(self, event: Event, a: dict[str, Any]) -> None:
        pool, staker, pool_shares, epoch = self._pool(a), a["staker"], a["poolShares"], a["epoch"]
        self._expect(event, epoch, self.epoch)
        self._move(pool, staker, -pool_shares)
        pool.undelegated[epoch] += pool_shares
        pool.tickets[staker, epoch] = pool.tickets.get((staker, epoch), 0) + pool_shares

    def _move(self, pool: Pool, staker: str, pool_shares: int) -> None:
        epoch, length = self.epoch, self.timing.epoch
        left = self.start_of(epoch + 1) - self.time
        pool.positions[staker].move(pool_shares, epoch, left, length)
        pool.total.move(pool_shares, epoch, left, length)

    def _completed(self, event: Event, a: dict[str, Any]) -> None:
        """Or redelegated."""
        pool, ticket = self._pool(a), (a["staker"], a["epoch"])
        self._expect(event, a["shares"], pool.ticket_value(*ticket))
        del pool.tickets[ticket]

    def _completer_set(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        (self.completers.add if a["approved"] else self.completers.discard)((a["staker"], a["completer"]))

    # --- slashing ---

    def _slash_requested(self, event: Event, a: dict[str, Any]) -> None:
        pool, id_, requested_at = self._pool(a), a["id"], a["requestedAt"]
        ends = requested_at + self.avss[a["avs"]].terms["vetoPeriod"]
        before = self.requests.get(id_)
        remaining = before.remaining if before else 0
        self._requested = id_, event.block, event.place, pool.open_requests, pool.open_until, remaining
        lapses_at = ends + self.timing.execute_window
        what = a["avs"], a["operator"], a["vault"], a["amount"], a["offenceAt"], requested_at, a["evidence"], a["uri"]
        self.requests[id_] = Request(id_, *what, ends, lapses_at, a["amount"])
        self._request_opened(pool, lapses_at)

    def _request_opened(self, pool: Pool, until: int) -> None:
        pool.open_requests = 1 if self.time > pool.open_until else pool.open_requests + 1
        pool.open_until = max(pool.open_until, until)

    def _slashed(self, event: Event, a: dict[str, Any]) -> None:
        pool, request = self._pool(a), self.requests[a["id"]]
        granted = a["guaranteed"] + a["elastic"]
        self._expect(event, a["shares"], pool.take(request.avs, self.epoch, a["guaranteed"], a["elastic"]))
        request.remaining -= granted
        if self._requested[:3] == (request.id, event.block, event.place - 2):
            # At once: nothing but the transfer of the shares in between. So it was opened only now, if at all; and one
            # of the same second that says the same, and found nothing to take, is still open.
            pool.open_requests, pool.open_until, before = self._requested[3:]
            if request.remaining:
                self._request_opened(pool, request.lapses_at)
            request.remaining = request.remaining or before
        elif not request.remaining:
            pool.open_requests -= 1
        if not request.remaining:
            request.ended = "executed"

    def _request_ended(self, event: Event, a: dict[str, Any]) -> None:
        request = self.requests[a["id"]]
        request.remaining = 0
        request.ended = "vetoed" if event.name == "SlashVetoed" else "taken back"
        self.pools[request.operator, request.vault].open_requests -= 1

    # --- rewards ---

    def _paid(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self._line(a).pay(a["epoch"], a["amount"], a["commission"])

    def _stream_opened(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        names = "payer", "amount", "operator", "first", "until", "floor", "vault", "token"
        stream = self.streams[a["id"]] = Stream(**{name: a[name] for name in names})
        self._line(a).schedule(stream.first, stream.until, stream.floor, stream.amount)

    def _stream_cancelled(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        stream = self.streams[a["id"]]
        line = self.lines[stream.operator, stream.vault, stream.token]
        line.schedule(stream.until, a["until"], stream.floor, stream.amount)
        stream.until = a["until"]

    def _rest_returned(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self.streams[a["id"]].first = a["until"]

    def _claimed(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self._line(a).claim(a["staker"], a["amount"], self.epoch)

    def _commission_claimed(self, event: Event, a: dict[str, Any]) -> None:  # noqa: ARG002
        self._line(a).fees_claimed += a["amount"]

    _HANDLERS: ClassVar[dict[str, Callable[["State", Event, dict[str, Any]], None]]] = {
        "VaultListed": _vault_listed,
        "GuardianSet": _guardian_set,
        "OwnershipTransferStarted": _ownership_started,
        "OwnershipTransferred": _ownership_transferred,
        "Paused": _paused,
        "Unpaused": _paused,
        "CapSet": _cap_set,
        "Seeded": _seeded,
        "Transfer": _transfer,
        "OperatorRegistered": _operator_registered,
        "PoolOpened": _pool_opened,
        "MandateAnnounced": _mandate_announced,
        "AVSRegistered": _avs_registered,
        "AdmissionSet": _admission_set,
        "VaultCounted": _vault_counted,
        "AllocationAnnounced": _allocation_announced,
        "Delegated": _delegated,
        "Undelegated": _undelegated,
        "Completed": _completed,
        "Redelegated": _completed,
        "CompleterSet": _completer_set,
        "SlashRequested": _slash_requested,
        "Slashed": _slashed,
        "SlashVetoed": _request_ended,
        "SlashTakenBack": _request_ended,
        "Paid": _paid,
        "StreamOpened": _stream_opened,
        "StreamCancelled": _stream_cancelled,
        "RestReturned": _rest_returned,
        "Claimed": _claimed,
        "CommissionClaimed": _commission_claimed,
    }

    def _pool(self, a: dict[str, Any]) -> Pool:
        return self.pools[a["operator"], a["vault"]]

    def _line(self, a: dict[str, Any]) -> Line:
        key = a["operator"], a["vault"], a["token"]
        line = self.lines.get(key)
        if line is None:
            # A payment is for the epoch before, so nothing is paid for the one before that.
            line = self.lines[key] = Line(self._pool(a), self.timing.epoch, self.epoch - 2)
        return line

    # --- views: time ---

    @property
    def epoch(self) -> int:
        """The current one."""
        return self.epoch_at(self.time)

    def epoch_at(self, time: int) -> int:
        """Of a time [s, Unix time]; 0 before genesis."""
        return max(0, 1 + (time - self.timing.genesis) // self.timing.epoch)

    def start_of(self, epoch: int) -> int:
        """Its first second [s, Unix time]."""
        return self.timing.genesis + (epoch - 1) * self.timing.epoch

    # --- views: pools ---

    def pool(self, operator: str, vault: str) -> Pool:
        """Also one that is not open, as the views answer for it."""
        return self.pools.get((operator, vault)) or Pool(operator, vault)

    def has_open_request(self, operator: str, vault: str) -> bool:
        pool = self.pool(operator, vault)
        return pool.open_requests != 0 and self.time <= pool.open_until

    def pool_shares(self, operator: str, vault: str) -> tuple[int, int]:
        """Live, and leaving in tickets that have not matured."""
        pool = self.pool(operator, vault)
        return pool.total.shares, pool.leaving(self.epoch)

    def position(self, operator: str, vault: str, staker: str) -> tuple[int, int]:
        """Pool shares, and what they are worth now [vault shares]."""
        pool = self.pool(operator, vault)
        record = pool.positions.get(staker)
        shares = record.shares if record else 0
        return shares, shares * pool.retained // WAD

    def ticket(self, operator: str, vault: str, staker: str, epoch: int) -> tuple[int, int, int, bool]:
        """Its epoch, pool shares, value [vault shares], and whether it has matured."""
        pool = self.pool(operator, vault)
        value = pool.ticket_value(staker, epoch)
        return epoch, pool.tickets.get((staker, epoch), 0), value, self.epoch >= epoch + 2

    def tickets(self, operator: str, vault: str, staker: str) -> list[tuple[int, int, int, bool]]:
        """All that the staker has not completed, as `ticket`."""
        epochs = sorted(epoch for owner, epoch in self.pool(operator, vault).tickets if owner == staker)
        return [self.ticket(operator, vault, staker, epoch) for epoch in epochs]

    def worst_case(self, operator: str, vault: str, pool_shares: int) -> tuple[int, int, int]:
        """What they are worth now, at the end of this epoch at worst, and of the next one [vault shares]."""
        return self.pool(operator, vault).worst_case(pool_shares, self.epoch)

    # --- views: AVSs ---

    def avs(self, avs: int) -> AVS:
        """Raises `UnknownAVS`."""
        if avs not in self.avss:
            raise UnknownAVS(avs=avs)
        return self.avss[avs]

    def is_counted(self, avs: int, vault: str) -> bool:
        return avs in self.avss and vault in self.avss[avs].counted

    def slashable(self, avs: int, operator: str, vault: str) -> tuple[int, int]:
        """Guaranteed and elastic [wad]."""
        amounts = self.pool(operator, vault).seen_by(avs, self.epoch)
        return amounts.slashable_guaranteed, amounts.slashable_elastic

    def safe(self, avs: int, operator: str, vault: str) -> tuple[int, int]:
        """Guaranteed and elastic [wad]."""
        amounts = self.pool(operator, vault).seen_by(avs, self.epoch)
        return amounts.safe_guaranteed, amounts.safe_elastic

    def stake(self, avs: int, operator: str, vault: str) -> Amounts:
        """One pool as the AVS sees it; zero while it does not count the vault [vault shares]."""
        if not self.is_counted(avs, vault):
            return Amounts(0, 0, 0, 0, 0)
        amounts = self.pool(operator, vault).seen_by(avs, self.epoch)
        live, leaving = self.pool_shares(operator, vault)
        everything = live + leaving
        of = everything, everything, live, live, everything
        return Amounts(*(shares * part // WAD for shares, part in zip(of, amounts, strict=True)))

    def average(self, avs: int, operator: str, vault: str) -> tuple[int, int, int, int]:
        """
        What the AVS could slash in the epoch just finished, guaranteed and elastic, and what of it was safe, for the
        average of the pool shares [vault shares].
        """
        pool, epoch = self.pool(operator, vault), self.epoch - 1
        shares = pool.total.collected(epoch, self.timing.epoch) // self.timing.epoch
        if shares == 0 or not self.is_counted(avs, vault):
            return 0, 0, 0, 0
        guaranteed, elastic, safe, safe_elastic, _ = pool.seen_by(avs, epoch, untouched=True)
        return shares * guaranteed // WAD, shares * elastic // WAD, shares * safe // WAD, shares * safe_elastic // WAD

    def open_amount(self, id_: str) -> int:
        """What a slash request may still take of `retained`; 0 if it is not open [wad]."""
        request = self.requests.get(id_)
        return request.remaining if request and self.time <= request.lapses_at else 0

    # --- views: rewards ---

    def due(self, staker: str, operator: str, vault: str, token: str) -> tuple[int, int]:
        """
        What a claim would send now; and what else there is from the last epoch and the current one, if nobody moves and
        nothing more is paid before it can be claimed [token].
        """
        line, now = self.lines.get((operator, vault, token)), self.epoch
        if line is None:
            return 0, 0
        claimable, _ = line.due(staker, claimable_until(now), now)
        return claimable, line.due(staker, now, now)[0] - claimable

    def commission(self, operator: str, vault: str, token: str) -> int:
        """What the operator can claim [token]."""
        line = self.lines.get((operator, vault, token))
        return line.commission(self.epoch) if line else 0

    def rate(self, operator: str, vault: str, token: str) -> tuple[int, int]:
        """What streams are to pay for the current epoch, and what of it they will pay if nobody moves [token]."""
        line = self.lines.get((operator, vault, token))
        if line is None:
            return 0, 0
        sums = line.sums(self.epoch, self.epoch)
        return sums.funded, sums.streamed

    def stream(self, id_: int) -> Stream:
        """Raises `UnknownStream`."""
        if id_ not in self.streams:
            raise UnknownStream(id=id_)
        return self.streams[id_]

    def held(self, id_: int) -> tuple[int, int]:
        """What a stream holds: the rest of finished epochs, and for the current one and those to come [token]."""
        stream = self.stream(id_)
        total: Record = self.pool(stream.operator, stream.vault).total
        finished = range(stream.first, max(stream.first, min(self.epoch, stream.until)))
        length = self.timing.epoch
        rest = sum(rest_down(stream.amount, total.collected(epoch, length), stream.floor) for epoch in finished)
        return rest, stream.amount * max(0, stream.until - max(self.epoch, stream.first))
