"""The events of the five contracts: which there are, what their logs say, and how a node is asked for them."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

import requests
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType, EventABI
from web3.types import RPCEndpoint

from catenary.chain import asked, line, web3
from catenary.contracts import CORE, VAULT, contract_type
from catenary.errors import CatenaryError

Header = tuple[str, int]  # hash and time [s, Unix time]
_Field = tuple[str, Callable[[str], Any]]

_WORD = 64  # hexadecimal digits
_FEW, _MANY = 1_000, 5_000  # events in one answer: fewer, and the next range is doubled; more, and it is halved
_HEADERS = 100  # in one request


class Event(NamedTuple):
    """What a contract emitted."""

    block: int
    place: int  # of the log in its block
    time: int  # of the block [s, Unix time]
    transaction: str  # its hash
    contract: str  # its address
    name: str
    arguments: dict[str, Any]  # addresses have their checksum, bytes are hexadecimal, a struct is a dict


# --- what a log says ---


@cache
def decoders() -> dict[str, "Decoder"]:
    """By the first topic. No two contracts have different events of one name."""
    events = [event for name in (*CORE, VAULT) for event in contract_type(name).events]
    return {f"0x{keccak(text=event.selector).hex()}": Decoder(event) for event in events}


class Decoder:
    """
    Of one event, for hexadecimal digits as a node answers them, and what the events of Catenary consist of: single
    words, texts and flat structs. A tenth of the time that a decoder of all types takes.
    """

    def __init__(self, event: EventABI) -> None:
        self.name = event.name
        self._topics: list[_Field] = [(str(item.name), _word(item)) for item in event.inputs if item.indexed]
        self._data: list[tuple[str, int, Callable[[str], Any] | None, list[_Field]]] = []
        at = 0
        for item in event.inputs:
            if item.indexed:
                continue
            parts = [(str(part.name), _word(part)) for part in item.components or []]
            of_words = None if parts or item.type == "string" else _word(item)
            self._data.append((str(item.name), at, of_words, parts))
            at += _WORD * max(1, len(parts))

    def __call__(self, topics: list[str], data: str) -> dict[str, Any]:
        """What a log with these topics and these data says, both with their 0x."""
        arguments = {name: word(topic[2:]) for (name, word), topic in zip(self._topics, topics[1:], strict=True)}
        data = data[2:]
        for name, at, word, parts in self._data:
            if word is not None:
                arguments[name] = word(data[at : at + _WORD])
            elif parts:
                words = (data[start : start + _WORD] for start in range(at, at + _WORD * len(parts), _WORD))
                arguments[name] = {part: word(each) for (part, word), each in zip(parts, words, strict=True)}
            else:
                arguments[name] = _text(data, at)
        return arguments


def _word(item: ABIType) -> Callable[[str], Any]:
    kind = item.canonical_type
    if kind == "address":
        return _address
    if kind == "bool":
        return _flag
    if kind == "bytes32":
        return "0x{}".format
    assert kind.startswith("uint"), f"no event of Catenary has {kind}"
    return _number


def _address(word: str) -> str:
    return _checksum(word[24:])


@cache
def _checksum(digits: str) -> str:
    return to_checksum_address(f"0x{digits}")


def _flag(word: str) -> bool:
    return word[-1] == "1"


def _number(word: str) -> int:
    return int(word, 16)


def _text(data: str, at: int) -> str:
    """Anybody may have written it, so it need not be UTF-8."""
    start = 2 * int(data[at : at + _WORD], 16)
    length = 2 * int(data[start : start + _WORD], 16)
    return bytes.fromhex(data[start + _WORD : start + _WORD + length]).decode(errors="replace")


# --- asking a node ---


class ReorganisedError(Exception):
    """The chain changed while it was asked."""


class Source:
    """
    The events of one deployment, out of the node that Ape is connected to. Ranges of blocks are as wide as makes a
    fair answer, and narrower where the node refuses.
    """

    def __init__(self, core: Iterable[str]) -> None:
        self.core = list(core)
        self.width = 1_000  # blocks
        self._widest = 100_000  # that the node does not refuse, as far as is known

    def headers(self, numbers: Iterable[int]) -> list[Header | None]:
        """Hash and time of each block; None for one that there is not."""
        many = list(numbers)
        answers: list[Any] = []
        for at in range(0, len(many), _HEADERS):
            answers += _blocks(many[at : at + _HEADERS])
        return [answer and (answer["hash"], int(answer["timestamp"], 16)) for answer in answers]

    def read(
        self, tip: tuple[int, Header] | None, first: int, last: int, vaults: Iterable[str]
    ) -> tuple[list[Event], dict[int, Header]]:
        """
        The events from `first` on, up to `last` at most, of the core, of `vaults` and of those listed meanwhile. Gives
        the headers of all blocks with events, and of the last one looked at.

        Raises `ReorganisedError` if the chain changed meanwhile, or is another than that of `tip`, the block before.
        """
        until, header, logs = self._narrowing(first, last, [*self.core, *vaults])
        listed = {_address(log["topics"][1][2:]): _place(log) for log in logs if _name(log) == "VaultListed"}
        if new := sorted(listed.keys() - set(vaults)):
            # From its listing on, before which nothing can happen in a vault: it could not take the lock.
            logs += [log for log in _logs(first, until, new) if _place(log) > listed[_emitter(log)]]
            logs.sort(key=_place)
        headers = self._headers_of(logs)
        known = {until: header} | ({tip[0]: tip[1]} if tip else {})
        if headers.get(until, header) != header or self.headers(known) != list(known.values()):
            raise ReorganisedError
        if len(logs) > _MANY:
            self.width = max(1, self.width // 2)
        elif len(logs) < _FEW and until - first + 1 == self.width:
            self.width = min(self._widest, 2 * self.width)
        return [_event(log, headers) for log in logs if _name(log)], {**headers, until: header}

    def _narrowing(self, first: int, last: int, addresses: list[str]) -> tuple[int, Header, list[Any]]:
        """Nodes bound how many blocks or logs they give at once, each in words of its own."""
        while True:
            until = min(last, first + self.width - 1)
            (header,) = self.headers([until])
            if header is None:
                raise ReorganisedError
            try:
                return until, header, _logs(first, until, addresses)
            except _RefusedError as error:
                if until == first:
                    raise CatenaryError(f"the node does not give the logs of block {first}: {error}") from error
                self.width = self._widest = (until - first + 1) // 2

    def _headers_of(self, logs: list[Any]) -> dict[int, Header]:
        """Of the blocks with logs. Most nodes say the time of its block with a log."""
        blocks: dict[int, Any] = {int(log["blockNumber"], 16): log for log in logs}
        missing = [number for number, log in blocks.items() if not log.get("blockTimestamp")]
        asked_for = dict(zip(missing, self.headers(missing), strict=True))
        headers = {}
        for number, log in blocks.items():
            header = asked_for[number] if number in asked_for else (log["blockHash"], int(log["blockTimestamp"], 16))
            if header is None or header[0] != log["blockHash"]:
                raise ReorganisedError
            headers[number] = header
        return headers


class _RefusedError(Exception):
    """What the node says instead of logs."""


def _name(log: Any) -> str | None:
    """None for an event that is not of Catenary."""
    decoder = decoders().get(log["topics"][0]) if log["topics"] else None
    return decoder.name if decoder else None


def _place(log: Any) -> tuple[int, int]:
    return int(log["blockNumber"], 16), int(log["logIndex"], 16)


def _emitter(log: Any) -> str:
    return _checksum(log["address"][2:].lower())


def _event(log: Any, headers: dict[int, Header]) -> Event:
    (number, place), decoder = _place(log), decoders()[log["topics"][0]]
    arguments = decoder(log["topics"], log["data"])
    return Event(number, place, headers[number][1], log["transactionHash"], _emitter(log), decoder.name, arguments)


def _logs(first: int, last: int, addresses: list[str]) -> list[Any]:
    query: Any = [{"fromBlock": hex(first), "toBlock": hex(last), "address": addresses}]

    def question() -> Any:
        try:
            return web3().provider.make_request(RPCEndpoint("eth_getLogs"), query)
        except (requests.ReadTimeout, requests.HTTPError) as error:
            raise _RefusedError(line(error)) from error

    answer = asked(question)
    if answer.get("error"):
        raise _RefusedError(_said(answer))
    return list(answer["result"])


def _blocks(numbers: list[int]) -> list[Any]:
    many: Any = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
    provider: Any = web3().provider
    if len(many) < 3:  # some nodes take no batches
        answers = asked(lambda: [provider.make_request(*each) for each in many])
    else:
        answers = asked(lambda: provider.make_batch_request(many))
        if not isinstance(answers, list):
            answers = [answers]  # an error
        answers.sort(key=lambda answer: int(answer.get("id") or 0))
    for answer in answers:
        if answer.get("error"):
            raise CatenaryError(f"the node refuses: {_said(answer)}")
    return [answer["result"] for answer in answers]


def _said(answer: Any) -> str:
    error = answer["error"]
    return " ".join(str(error.get("message") if isinstance(error, dict) else error).split())
