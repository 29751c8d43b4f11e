"""What happened, one sentence for each event: that of its alert where there is one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catenary.history.events import Event, decoders
from catenary.history.follow import History
from catenary.history.state import State
from catenary.units import Unit
from catenary.watch.rules import Alert, Interest, alerts

_QUIET = ("Transfer", "Approval")  # of vault shares: almost all come with something else that is told


@dataclass(frozen=True)
class Told:
    """An event, for people and for machines."""

    event: Event
    epoch: int
    sentence: str
    alerts: list[Alert] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        return {
            "block": self.event.block,
            "time": self.event.time,
            "epoch": self.epoch,
            "transaction": self.event.transaction,
            "event": self.event.name,
            "contract": self.event.contract,
            "arguments": self.event.arguments,
            "sentence": self.sentence,
            "alerts": [{"kind": one.kind, "sentence": one.sentence, "data": one.data} for one in self.alerts],
        }


def kinds() -> dict[str, str]:
    """The names of all events, by these names in lower case."""
    return {decoder.name.lower(): decoder.name for decoder in decoders().values()}


def tell(
    history: History,
    units: Mapping[str, Unit],
    interest: Interest,
    *,
    vault: str | None = None,
    names: frozenset[str] = frozenset(),
    from_epoch: int = 0,
) -> Iterator[Told]:
    """
    What happened to those of `interest`, in order. To a staker also happens what happens to a pool in which it has
    stake, with what it lost. Transfers and approvals of vault shares are left out if they are not asked for by name.
    """
    state = history.nothing()
    for event in history.store.events():
        epoch = state.epoch_at(event.time)
        if epoch >= from_epoch and (event.name in names if names else event.name not in _QUIET):
            told = alerts(event, state, units, interest)
            if _concerns(event, state, interest, vault, told=bool(told)):
                sentence = "; ".join(each.sentence for each in told) or _plain(event, units, state)
                yield Told(event, epoch, sentence, told)
        state.apply(event)


def _concerns(event: Event, state: State, interest: Interest, vault: str | None, *, told: bool) -> bool:
    what = dict(event.arguments)
    if event.name in ("SlashVetoed", "SlashTakenBack"):
        request = state.requests[what["id"]]
        what |= {"operator": request.operator, "vault": request.vault, "avs": request.avs}
    elif event.name in ("StreamCancelled", "RestReturned"):
        stream = state.streams[what["id"]]
        what |= {"operator": stream.operator, "vault": stream.vault}
    told = told and "operator" in what  # of the protocol only what names them
    return (
        (vault is None or vault in (what.get("vault"), event.contract))
        and (interest.operator is None or interest.operator == what.get("operator"))
        and (interest.avs is None or told or interest.avs == what.get("avs"))
        and (interest.staker is None or told or interest.staker in what.values())
    )


def _plain(event: Event, units: Mapping[str, Unit], state: State) -> str:
    """Its name and arguments; vaults by their symbol, vault shares with their unit."""
    what = event.arguments
    vault = what.get("vault", event.contract)
    unit = units[vault] if vault in state.vaults else None

    def word(name: str, value: Any) -> str:
        if name == "vault" and unit is not None:
            return unit.symbol
        if name == "shares" and unit is not None:
            return unit.show(value)
        return f"{value}"

    return f"{event.name}: " + ", ".join(f"{name} {word(name, value)}" for name, value in what.items())
