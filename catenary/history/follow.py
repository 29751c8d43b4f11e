"""The history of one deployment: brought up to date, followed, and asked."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from catenary.chain import Block, Chain
from catenary.deployment import Deployment
from catenary.errors import CatenaryError, UnknownName
from catenary.history.events import Event, ReorganisedError, Source
from catenary.history.state import State, Timing
from catenary.history.store import Store
from catenary.units import WAD

Progress = Callable[[int, int, int], None]  # blocks read, of how many, and events found

_ATTEMPTS = 10  # to read a range while the chain keeps changing


@dataclass(frozen=True)
class News:
    """What came since the news before."""

    block: int
    time: int  # of the block [s, Unix time]
    events: list[Event]  # since the news before, or since `rolled_back`
    state: State  # at the block; goes on with the next news
    rolled_back: int | None  # after a reorganisation the last block that still stands: what came after it is void


class History:
    """
    All events of a deployment, in one file. `sync` and `follow` need a node, what else there is does not.

    A file is written by whoever syncs it, and read by any number meanwhile.
    """

    def __init__(self, path: Path, deployment: Deployment) -> None:
        """Opens the file, or makes it. Raises a `CatenaryError` if it is of another chain or deployment."""
        self.deployment = deployment
        about = {"chain id": deployment.chain_id, "registry": deployment.registry.address}
        self.store = Store(path, about)
        core = deployment.registry, deployment.delegation, deployment.slashing, deployment.rewards
        self._source = Source(contract.address for contract in core)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- bringing it up to date ---

    @property
    def tip(self) -> int | None:
        """The last block looked at, up to which all events are there."""
        tip = self.store.tip
        return tip[0] if tip else None

    def sync(self, to: Block = "latest", *, confirmations: int = 0, progress: Progress | None = None) -> int | None:
        """
        Reads what happened up to block `to`, less `confirmations`. What was read stays there whatever happens next.

        Gives the last block that still stands if the chain was reorganised since, and what came after it was read anew:
        -1 if none does, as on a node that was started anew. Raises as `Chain.get`.
        """
        rolled_back, attempts = None, 0
        last = Chain(to).number - confirmations
        begun: int | None = None
        count = 0
        while True:
            if (ancestor := self._roll_back()) is not None:
                rolled_back = ancestor if rolled_back is None else min(rolled_back, ancestor)
            tip = self.store.tip
            first = tip[0] + 1 if tip else self.deployment.block
            if first > last:
                return rolled_back
            begun = first if begun is None else min(begun, first)
            if tip is None:
                self.store.note(timing=self._timing())
            try:
                found, headers = self._source.read(tip, first, last, self.store.vaults())
            except ReorganisedError:
                attempts += 1
                if attempts == _ATTEMPTS:
                    raise CatenaryError("the chain changes as fast as it is read: wait, or ask another node") from None
                continue
            if self.store.extend(tip, found, headers):
                count += len(found)
                if progress is not None:
                    progress(max(headers) + 1 - begun, last + 1 - begun, count)

    def _roll_back(self) -> int | None:
        """Forgets what is no longer of the chain, and names the last block that is; None if all of it is."""
        tip = self.store.tip
        if tip is None or self._source.headers([tip[0]]) == [tip[1]]:
            return None
        numbers = self.store.numbers()
        low, high = 0, len(numbers) - 1  # how many still stand; the tip does not
        while low < high:
            middle = (low + high + 1) // 2
            number = numbers[middle - 1]
            if self._source.headers([number]) == [self.store.header(number)]:
                low = middle
            else:
                high = middle - 1
        ancestor = numbers[low - 1] if low else -1
        self.store.roll_back(ancestor)
        return ancestor

    def _timing(self) -> list[int]:
        names = "GENESIS", "EPOCH", "REPORT_WINDOW", "MAX_VETO", "EXECUTE_WINDOW"
        return Chain().all(self.deployment.registry.read(name, make=int) for name in names)

    def follow(self, *, confirmations: int = 0, every: float = 2.0, progress: Progress | None = None) -> Iterator[News]:
        """
        Syncs, and goes on to do so `every` so many seconds. The first news are those since the file was last synced;
        after them, whenever there are new blocks, what happened in them. Ends when it is closed; then, and after an
        error, following goes on from there.
        """
        before = self.tip
        state: State | None = None
        while True:
            rolled_back = self.sync(confirmations=confirmations, progress=progress)
            tip = self.store.tip
            if tip is not None and (tip[0] != before or rolled_back is not None):
                events = self._between(before if rolled_back is None else rolled_back, tip[0])
                if state is None or rolled_back is not None:
                    state = self.state()
                else:
                    for event in events:
                        state.apply(event)
                    state.at(tip[0], tip[1][1])
                before = tip[0]
                yield News(tip[0], tip[1][1], events, state, rolled_back)
            else:
                time.sleep(every)

    def _between(self, after: int | None, last: int) -> list[Event]:
        return list(self.store.events("block > ? AND block <= ?", [-1 if after is None else after, last]))

    # --- asking it ---

    def state(self, block: int | None = None) -> State:
        """
        After `block`, at its time; without one, after the last block synced. Raises a `CatenaryError` for a block that
        is not synced.
        """
        number, at = self._time_of(block)
        state = self.nothing()
        for event in self.store.events("block <= ?", [number]):
            state.apply(event)
        return state.at(number, at)

    def events(
        self,
        *,
        of: str | int | tuple[str, str] | None = None,
        kinds: Collection[str] | None = None,
        from_block: int = 0,
        to_block: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """
        What happened, in order, as dicts.

        `of` is an address, of a staker, operator, vault, token or whoever else was part of it; the number of an AVS; or
        a pool, an operator and a vault. `kinds` are names of events.
        """
        state = self.nothing()
        for event in self._select(of, kinds, from_block, to_block):
            yield _as_dict(event, state)

    def slashes(self, operator: str, vault: str) -> list[dict[str, Any]]:
        """
        The slashes of a pool, in order, as `events`, each with what every staker lost in it, as `losses`: by address,
        position and open tickets together [vault shares].
        """
        pool = _address(operator), _address(vault)
        state, slashes = self.nothing(), []  # type: tuple[State, list[dict[str, Any]]]
        for event in self.store.events():
            what = event.arguments
            if event.name != "Slashed" or (what["operator"], what["vault"]) != pool:
                state.apply(event)
                continue
            before = _worth(state, event.time, *pool)
            state.apply(event)
            after = _worth(state, event.time, *pool)
            losses = {staker: worth - after[staker] for staker, worth in before.items() if worth}
            slashes.append(_as_dict(event, state) | {"losses": losses})
        return slashes

    def nothing(self) -> State:
        """Before the first event. Raises a `CatenaryError` if nothing is synced."""
        timing = self.store.about("timing")
        if timing is None:
            raise CatenaryError(f"{self.store.path} is empty: sync it first")
        return State(Timing(*timing))

    def _time_of(self, block: int | None) -> tuple[int, int]:
        """Number and time. A block without events may have to be asked for."""
        tip = self.store.tip
        if tip is None or (block is not None and not self.deployment.block <= block <= tip[0]):
            known = f"blocks {self.deployment.block} to {tip[0]}" if tip else "nothing"
            raise CatenaryError(f"{self.store.path} has {known}, and not block {block}: sync it, or name another block")
        if block is None:
            return tip[0], tip[1][1]
        header = self.store.header(block) or self._source.headers([block])[0]
        if header is None:
            raise CatenaryError(f"the node has no block {block}")
        return block, header[1]

    def _select(
        self,
        of: str | int | tuple[str, str] | None,
        kinds: Collection[str] | None,
        from_block: int,
        to_block: int | None,
    ) -> Iterator[Event]:
        where, values = "block >= ?", [from_block]  # type: tuple[str, list[Any]]
        if to_block is not None:
            where += " AND block <= ?"
            values.append(to_block)
        if kinds is not None:
            where += f" AND name IN ({', '.join('?' for _ in kinds)})"
            values += kinds
        if of is not None:
            about, whom = _about(of)
            where += f" AND ({about} OR {_OF_ITS.format(about=about)})"
            values += 2 * whom
        return self.store.events(where, values)


# What names only a request or a stream is of whom that is of.
_OF_ITS = """
name IN ('SlashVetoed', 'SlashTakenBack', 'StreamCancelled', 'RestReturned') AND json_extract(arguments, '$.id') IN (
    SELECT json_extract(arguments, '$.id') FROM events WHERE name IN ('SlashRequested', 'StreamOpened') AND {about}
)
"""


def _about(of: str | int | tuple[str, str]) -> tuple[str, list[Any]]:
    """A condition of SQL, and its values."""
    if isinstance(of, int):
        return "json_extract(arguments, '$.avs') = ?", [of]
    if isinstance(of, tuple):
        pool = "json_extract(arguments, '$.operator') = ? AND json_extract(arguments, '$.vault') = ?"
        return f"({pool})", [_address(each) for each in of]
    address = _address(of)
    return "(contract = ? OR instr(arguments, ?) != 0)", [address, f'"{address}"']


def _address(text: str) -> str:
    if not is_address(text):
        raise UnknownName(f"{text} is not an address: name one of 0x and 40 hexadecimal digits")
    return to_checksum_address(text)


def _as_dict(event: Event, state: State) -> dict[str, Any]:
    return {
        "block": event.block,
        "time": event.time,
        "epoch": state.epoch_at(event.time),
        "transaction": event.transaction,
        "contract": event.contract,
        "event": event.name,
        "arguments": event.arguments,
    }


def _worth(state: State, time: int, operator: str, vault: str) -> dict[str, int]:
    """What each staker has at risk, in its position and in tickets that have not matured [vault shares]."""
    pool, epoch = state.pool(operator, vault), state.epoch_at(time)
    worth = {staker: record.shares * pool.retained // WAD for staker, record in pool.positions.items()}
    for (staker, opened), shares in pool.tickets.items():
        if opened + 2 > epoch:
            worth[staker] += shares * pool.retained // WAD
    return worth
