"""
What an event means to whom. Everything is taken from the event and the state before it, so the same is said of what
happens now and of what happened years ago, and no node has to keep old states.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from catenary.history.events import Event
from catenary.history.lanes import Number
from catenary.history.pools import Allocation, Pool
from catenary.history.state import State
from catenary.pool import AHEAD
from catenary.units import BPS, WAD, Unit, moment, percent
from catenary.values import ZERO_ADDRESS, Change

INFO, WARNING, CRITICAL = "info", "warning", "critical"


@dataclass(frozen=True)
class Alert:
    """What somebody should know. Amounts in `data` are integers in the smallest unit, times are Unix times."""

    kind: str
    severity: (
        str  # "info"; "warning": something can still be done; "critical": stake is gone, or may go within an epoch
    )
    sentence: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Interest:
    """Whom alerts are for: of those of pools only these, all of them if nobody is named."""

    staker: str | None = None  # with stake in the pool, open tickets included; it is said what the staker loses
    operator: str | None = None  # of the pool
    avs: int | None = None  # named by the alert, or with an allocation of the pool, now or to come

    def includes(self, event: Event, pool: Pool, state: State, avs: int | None) -> bool:
        epoch = state.epoch_at(event.time)
        own = pool.allocations.get(self.avs or 0, Allocation())
        return (
            self.operator in (None, pool.operator)
            and (self.staker is None or at_risk(pool, self.staker, epoch) > 0)
            and (self.avs in (None, avs) or own.opted_in or pool.parts(self.avs or 0, epoch)[:2] != (0, 0))
        )


EVERYTHING = Interest()


def alerts(event: Event, state: State, units: Mapping[str, Unit], interest: Interest = EVERYTHING) -> list[Alert]:
    """
    What is to be said of `event` after all before it, whose `state` is not changed; `units` are those of the shares of
    each vault, by its address.
    """
    rule = _RULES.get(event.name)
    if rule is None:
        return []
    subject = _subject(event, state)
    if subject is None:
        return list(rule(_Case(event, state, Unit("", 0), None, None)))
    pool, avs = subject
    if not interest.includes(event, pool, state, avs):
        return []
    return list(rule(_Case(event, state, units[pool.vault], pool, interest.staker)))


def at_risk(pool: Pool, staker: str, epoch: int) -> int:
    """Of a staker, in the position and in tickets that have not matured in `epoch` [pool shares]."""
    record = pool.positions.get(staker)
    tickets = (pool.tickets.get((staker, opened), 0) for opened in (epoch - 1, epoch))
    return (record.shares if record else 0) + sum(tickets)


def _subject(event: Event, state: State) -> tuple[Pool, int | None] | None:
    """The pool that an event is of, and the AVS; None if it is of the whole protocol."""
    what = event.arguments
    if event.name in ("SlashVetoed", "SlashTakenBack"):
        request = state.requests[what["id"]]
        return state.pool(request.operator, request.vault), request.avs
    return (state.pool(what["operator"], what["vault"]), what.get("avs")) if "operator" in what else None


# --- words ---


def _of_retained(amount: int) -> str:
    return f"{amount / WAD:.6g} of `retained`"


class _Case:
    """An event, with the words for it."""

    def __init__(self, event: Event, state: State, unit: Unit, pool: Pool | None, staker: str | None) -> None:
        self.state, self.unit, self.staker = state, unit, staker
        self.what = event.arguments
        self.name = event.name
        self.epoch = state.epoch_at(event.time)
        self._pool = pool

    @property
    def pool(self) -> Pool:
        assert self._pool is not None, f"{self.name} is of no pool"
        return self._pool

    @property
    def named(self) -> str:
        return f"the pool of {self.pool.operator} in {self.unit.symbol}"

    @property
    def data(self) -> dict[str, Any]:
        """What each alert on a pool has."""
        return {"operator": self.pool.operator, "vault": self.pool.vault, "symbol": self.unit.symbol}

    @property
    def whole(self) -> int:
        """In the pool and its open tickets [pool shares]."""
        return self.pool.total.shares + self.pool.leaving(self.epoch)

    def worth(self, pool_shares: int, retained: int | None = None) -> int:
        """[vault shares]"""
        return pool_shares * (self.pool.retained if retained is None else retained) // WAD

    def told(
        self, kind: str, severity: str, sentence: str, data: Mapping[str, Any], *, lost: int = 0, would: str = "loses"
    ) -> Alert:
        """With what the staker has, and `lost` of `retained` takes [wad]."""
        data = {**self.data, **data}
        if self.staker is not None:
            shares = at_risk(self.pool, self.staker, self.epoch)
            has, left = self.worth(shares), self.worth(shares, self.pool.retained - lost)
            data["staker"] = {"address": self.staker, "value": has, "lost": has - left}
            of = f"{self.unit.show(has - left)} of {self.unit.show(has)}"
            sentence += f"; {self.staker} " + (f"{would} {of}" if lost else f"has {self.unit.show(has)} in it")
        return Alert(kind, severity, sentence, data)

    def changes(self, numbers: Mapping[str, Number]) -> list[Change]:
        """All that is announced of some numbers, the soonest first."""
        epochs = range(self.epoch, self.epoch + AHEAD + 1)
        start = self.state.start_of
        return [
            Change(what, when, number.at(before), number.at(when), start(when), start(when - 1))
            for before, when in pairwise(epochs)
            for what, number in numbers.items()
            if number.at(before) != number.at(when)
        ]


def _told_change(change: Change) -> str:
    told = f"{change.what} {percent(change.before)} to {percent(change.after)} on {moment(change.at)}"
    if not change.loosens:
        return told
    return f"{told}, and who undelegates before {moment(change.leave_before)} is out ahead of it"


def _told_changes(changes: Iterable[Change], otherwise: str) -> str:
    return "; ".join(_told_change(change) for change in changes) or otherwise


def _changes_data(changes: list[Change]) -> dict[str, Any]:
    loosens = [change for change in changes if change.loosens]
    return {
        "changes": [{**asdict(change), "loosens": change.loosens} for change in changes],
        "loosens": bool(loosens),
        "leave_before": min((change.leave_before for change in loosens), default=None),
    }


# --- slashing ---


def _slash_requested(case: _Case) -> Iterable[Alert]:
    what, pool, show = case.what, case.pool, case.unit.show
    terms = case.state.avss[what["avs"]].terms
    until = what["requestedAt"] + terms["vetoPeriod"]
    lapses = until + case.state.timing.execute_window
    wanted = min(what["amount"], pool.retained)
    asked = case.whole * wanted // WAD
    course = (
        f"{terms['resolver']} may veto it until {moment(until)}, from then on anyone may execute it, and after "
        f"{moment(lapses)} it has lapsed"
        if terms["vetoPeriod"]
        else f"it executes at once, and what is not granted can be executed until {moment(lapses)}"
    )
    yield case.told(
        "slash requested",
        WARNING,
        f"AVS {what['avs']} asks to slash {case.named} by {_of_retained(what['amount'])}: {show(asked)} of the "
        f"{show(case.worth(case.whole))} in it and its open tickets; {course}",
        {
            "request": what["id"],
            "avs": what["avs"],
            "amount": what["amount"],
            "retained": pool.retained,
            "shares": asked,
            "staked": case.worth(case.whole),
            "offence_at": what["offenceAt"],
            "requested_at": what["requestedAt"],
            "evidence": what["evidence"],
            "uri": what["uri"],
            "resolver": terms["resolver"],
            "veto_until": until,
            "lapses_after": lapses,
        },
        lost=wanted,
        would="could lose",
    )


def _request_ended(case: _Case) -> Iterable[Alert]:
    request = case.state.requests[case.what["id"]]
    vetoed = case.name == "SlashVetoed"
    resolver = case.state.avss[request.avs].terms["resolver"]
    yield case.told(
        "slash vetoed" if vetoed else "slash taken back",
        INFO,
        f"the request of AVS {request.avs} to slash {case.named} by {_of_retained(request.remaining)} is "
        + (f"vetoed by {resolver}" if vetoed else "taken back"),
        {"request": request.id, "avs": request.avs, "amount": request.remaining},
    )


def _slashed(case: _Case) -> Iterable[Alert]:
    what, pool, show = case.what, case.pool, case.unit.show
    request, granted = case.state.requests[what["id"]], what["guaranteed"] + what["elastic"]
    burnt = case.state.avss[what["avs"]].terms["recipient"] == ZERO_ADDRESS
    rest = request.remaining - granted
    yield case.told(
        "slashed",
        CRITICAL,
        f"AVS {what['avs']} slashed {case.named} by {_of_retained(granted)}: {show(what['shares'])} of the "
        f"{show(case.worth(case.whole))} in it and its open tickets "
        + ("are burnt" if burnt else f"went to {what['recipient']}")
        + (f"; {_of_retained(rest)} can be executed until {moment(request.lapses_at)}" if rest else ""),
        {
            "request": what["id"],
            "avs": what["avs"],
            "guaranteed": what["guaranteed"],
            "elastic": what["elastic"],
            "shares": what["shares"],
            "staked": case.worth(case.whole),
            "recipient": what["recipient"],
            "retained": pool.retained - granted,
            "open": rest,
        },
        lost=granted,
    )
    yield from _budget_used(case, granted)


def _budget_used(case: _Case, granted: int) -> Iterable[Alert]:
    """The loss budget is F·B, of which a slash crosses four fifths (design, "Slashing")."""
    pool = case.pool
    base = pool.retained_at_end_of(case.epoch - 1)
    budget = base * pool.mandate(case.epoch).loss_budget // BPS
    before = base - pool.retained
    used = before + granted
    if not 5 * before < 4 * budget <= 5 * used:
        return
    ends = case.state.start_of(case.epoch + 1)
    left = case.whole * (budget - used) // WAD
    yield case.told(
        "budget used",
        CRITICAL,
        f"{100 * used / budget:.4g} % of the loss budget of epoch {case.epoch} is used in {case.named}: at most "
        f"{case.unit.show(left)} more can be slashed before {moment(ends)}",
        {"epoch": case.epoch, "budget": budget, "used": used, "left": left, "ends": ends},
        lost=granted,
        would="lost",
    )


# --- what operators and AVSs announce ---


def _mandate_announced(case: _Case) -> Iterable[Alert]:
    what, pool = case.what, case.pool
    loss_budget, commission = what["lossBudget"], what["commission"]
    settled = f"loss budget {percent(loss_budget)}, commission {percent(commission)}"
    data = {"loss_budget": loss_budget, "commission": commission, "at_once": what["atOnce"]}
    numbers: dict[str, Number]
    if what["atOnce"]:
        numbers = {}
        sentence = f"the mandate of {case.named}, to which nobody ever delegated, is now: {settled}"
    else:
        old = pool.mandates[-1]
        numbers = {
            "loss budget": old[0].announced(case.epoch, loss_budget),
            "commission": old[1].announced(case.epoch, commission),
        }
        sentence = f"a mandate is announced for {case.named}: " + _told_changes(
            case.changes(numbers), f"{settled}, as it is"
        )
    changes = _changes_data(case.changes(numbers))
    yield case.told("mandate announced", WARNING if changes["loosens"] else INFO, sentence, {**data, **changes})


def _allocation_announced(case: _Case) -> Iterable[Alert]:
    """Those of nothing are told with `OptedOut`, which alone says whether it is an ejection."""
    what, avs = case.what, case.what["avs"]
    old = case.pool.allocations.get(avs, Allocation())
    if not what["guaranteed"] and not what["elastic"]:
        return
    if old.opted_in:
        kind, sentence = "allocation announced", f"an allocation of {case.named} to AVS {avs} is announced"
    else:
        kind, sentence = "opt-in", f"{case.named} is opted in to AVS {avs}"
    yield _allocation(case, kind, sentence, what["guaranteed"], what["elastic"])


def _opted_out(case: _Case) -> Iterable[Alert]:
    avs = case.what["avs"]
    if case.what["ejected"]:
        yield _allocation(case, "ejection", f"AVS {avs} ejects {case.named}", 0, 0)
    else:
        yield _allocation(case, "opt-out", f"{case.named} is opted out of AVS {avs}", 0, 0)


def _allocation(case: _Case, kind: str, sentence: str, guaranteed: int, elastic: int) -> Alert:
    avs = case.what["avs"]
    old = case.pool.allocations.get(avs, Allocation())
    changes = case.changes(
        {
            "guaranteed part": old.guaranteed.announced(case.epoch, guaranteed),
            "elastic part": old.elastic.announced(case.epoch, elastic),
        }
    )
    data = _changes_data(changes)
    as_it_is = f"guaranteed part {percent(guaranteed)}, elastic part {percent(elastic)}, as it is"
    return case.told(
        kind,
        WARNING if data["loosens"] else INFO,
        f"{sentence}: {_told_changes(changes, as_it_is)}",
        {"avs": avs, "guaranteed": guaranteed, "elastic": elastic, **data},
    )


# --- governance ---


def _paused(case: _Case) -> Iterable[Alert]:
    by = case.what["by"]
    yield Alert(
        "paused",
        WARNING,
        f"the protocol is paused by {by}: no deposits, delegations, opt-ins and raised allocations until its owner "
        "ends that; exits go on",
        {"by": by},
    )


def _unpaused(case: _Case) -> Iterable[Alert]:  # noqa: ARG001
    yield Alert("unpaused", INFO, "the pause of the protocol is over")


def _guardian_set(case: _Case) -> Iterable[Alert]:
    guardian = case.what["guardian"]
    whom = "nobody" if guardian == ZERO_ADDRESS else guardian
    yield Alert("guardian set", WARNING, f"the guardian is now {whom}", {"guardian": guardian})


def _ownership(case: _Case) -> Iterable[Alert]:
    before, new = case.what["previousOwner"], case.what["newOwner"]
    if case.name == "OwnershipTransferred":
        yield Alert("owner changed", WARNING, f"the owner is now {new}, and was {before}", {"owner": new})
    else:
        yield Alert(
            "owner named", WARNING, f"the owner names {new} as the next, who has to accept", {"next_owner": new}
        )


_RULES: dict[str, Callable[[_Case], Iterable[Alert]]] = {
    "SlashRequested": _slash_requested,
    "SlashVetoed": _request_ended,
    "SlashTakenBack": _request_ended,
    "Slashed": _slashed,
    "MandateAnnounced": _mandate_announced,
    "AllocationAnnounced": _allocation_announced,
    "OptedOut": _opted_out,
    "Paused": _paused,
    "Unpaused": _unpaused,
    "GuardianSet": _guardian_set,
    "OwnershipTransferStarted": _ownership,
    "OwnershipTransferred": _ownership,
}
