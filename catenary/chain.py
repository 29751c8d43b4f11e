"""Reading a chain at one block, many things in one round trip; and calls that are not sent yet."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import ape
import requests
from ape.api import AccountAPI, ReceiptAPI
from ape.exceptions import (
    ApeException,
    ContractLogicError,
    ProviderNotConnectedError,
    TransactionError,
    TransactionNotFoundError,
)
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS, MULTICALL3_CODE
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak
from ethpm_types.abi import EventABI, MethodABI
from hexbytes import HexBytes
from web3 import Web3
from web3._utils.rpc_abi import RPC
from web3.exceptions import ContractLogicError as RevertedError
from web3.exceptions import Web3Exception, Web3RPCError

from catenary.contracts import calldata, event, function, log_words, topic, words
from catenary.errors import BadAmount, CatenaryError, NotConnected, NotMined, TransactionFailed, contract_error

T = TypeVar("T")
ANSWER = 30  # how long a node may take to answer [s]
LOCAL_NODE = "http://127.0.0.1:8545"
Block = int | str  # a number, or "latest", "pending", "safe", "finalized", "earliest"

_AGGREGATE = keccak(text="aggregate3((address,bool,bytes)[])")[:4]
_AT_ONCE = 500  # views in one call: nodes limit its gas

_other_node: ContextVar[Web3 | None] = ContextVar("other node", default=None)


@contextmanager
def asking(node: Web3) -> Iterator[None]:
    """What is read within is read from another node than the one that Ape is connected to."""
    before = _other_node.set(node)
    try:
        yield
    finally:
        _other_node.reset(before)


@contextmanager
def connected(network: str = LOCAL_NODE) -> Iterator[None]:
    """
    Connects Ape to a local node that is up, by its address, or to a network of Ape's such as "ethereum:sepolia:node".
    Raises `NotConnected`.
    """
    is_node = network.startswith("http")
    if is_node:
        os.environ.pop("APE_FOUNDRY_HOST", None)  # Foundry's provider would take it rather than the node named
    settings = {"host": network, "manage_process": False} if is_node else {}
    try:
        context = ape.networks.parse_network_choice("ethereum:local:foundry" if is_node else network, settings)
        provider: Any = context.__enter__()
        http: Any = getattr(provider.web3.provider, "_active_provider", provider.web3.provider)
        if hasattr(http, "_request_kwargs"):  # Ape would wait for half an hour for an answer
            http._request_kwargs["timeout"] = min(ANSWER, provider.network.transaction_acceptance_timeout)
    except (ApeException, requests.RequestException, ValueError) as error:
        raise NotConnected(f"cannot connect to {line(network)}: {line(error)}") from error
    try:
        yield
    finally:
        context.__exit__(None, None, None)


def local_account(index: int) -> Any:
    """An account of Anvil's own; Ape knows ten of them at first."""
    accounts = ape.accounts.test_accounts
    while len(accounts) <= index:
        accounts.generate_test_account()
    return accounts[index]


def web3() -> Web3:
    """The node that Ape is connected to."""
    other = _other_node.get()
    if other is not None:
        return other
    try:
        provider: Any = ape.chain.provider
    except ProviderNotConnectedError:
        raise NotConnected("there is no node: connect to one, as with --network ethereum:local:foundry") from None
    connected: Web3 = provider.web3
    # web3 asks for the chain id before every call: once is enough, or each read would be three round trips.
    connected.provider.cacheable_requests = {RPC.eth_chainId}
    connected.provider.cache_allowed_requests = True
    return connected


@dataclass(frozen=True)
class Read(Generic[T]):
    """A view to be asked, and what to make of its answer."""

    to: str
    abi: MethodABI
    data: bytes
    make: Callable[..., T]  # takes what the view returns

    def answer(self, data: bytes) -> T:
        try:
            answers = words(self.abi.outputs, data) if data else None  # the decoder takes nothing for zeros
        except DecodingError:
            answers = None
        if answers is None:
            raise CatenaryError(f"{self.to} does not answer {self.abi.name}: it is not what it is taken for")
        return self.make(*answers)


class Chain:
    """The chain at one block."""

    def __init__(self, block: Block = "latest") -> None:
        self.block = block

    def get(self, one: Read[T]) -> T:
        """Asks one view. Raises a `ContractError` if it refuses."""
        return one.answer(_call({"to": one.to, "data": HexBytes(one.data)}, self.block))

    def all(self, reads: Iterable[Read[T]]) -> list[T]:
        """Asks many views, all at the same block, with one round trip for each 500 of them. Raises as `get`."""
        many = list(reads)
        block = self.number if len(many) > _AT_ONCE else self.block
        parts = [many[start : start + _AT_ONCE] for start in range(0, len(many), _AT_ONCE)]
        return [answer for part in parts for answer in _together(part, block)]

    def logs(self, event: EventABI, address: str, first: int, **indexed: Any) -> list[dict[str, Any]]:
        """
        What the logs of an event say, from block `first` to the block that is read, with `blockNumber` and
        `transactionHash`; only those with these values of indexed arguments. A range that the node finds too long is
        halved.
        """
        topics: list[Any] = [HexBytes(topic(event))]
        for item in event.inputs:
            if item.indexed:
                value = indexed.get(str(item.name))
                topics.append(None if value is None else HexBytes(encode([item.canonical_type], [value])))
        found = []
        ranges = [(first, self.number)]
        while ranges:
            low, high = ranges.pop()
            query: Any = {"address": address, "topics": topics, "fromBlock": low, "toBlock": high}
            try:
                logs: Any = asked(partial(web3().eth.get_logs, query)) if low <= high else ()
            except NotConnected:
                raise
            except CatenaryError:
                if low == high:
                    raise
                ranges += [((low + high) // 2 + 1, high), (low, (low + high) // 2)]
                continue
            for log in logs:
                place = {"blockNumber": log["blockNumber"], "transactionHash": log["transactionHash"].to_0x_hex()}
                found.append(log_words(event, log["topics"], log["data"]) | place)
        return found

    @property
    def number(self) -> int:
        """The number of the block that is read."""
        return self.block if isinstance(self.block, int) else int(self.head["number"])

    @property
    def time(self) -> int:
        """The time of the block that is read [s, Unix time]."""
        return int(self.head["timestamp"])

    @property
    def head(self) -> Any:
        """The block that is read, as web3 gives it."""
        return asked(lambda: web3().eth.get_block(self.block))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Contract:
    """A contract by its ABI and address: what can be read of it, and called."""

    name: str
    address: str

    def read(self, view: str, *arguments: Any, make: Callable[..., T]) -> Read[T]:
        abi = function(self.name, view)
        return Read(self.address, abi, _encoded(abi, arguments), make)

    def pages(self, view: str, *arguments: Any, count: int, size: int = 100) -> list[Read[list[Any]]]:
        """All pages of a view of `count` things, which takes after `arguments` where a page starts, and its size."""
        return [self.read(view, *arguments, start, size, make=list) for start in range(0, count, size)]

    def call(self, name: str, *arguments: Any, value: int = 0) -> "Call":
        """A call of it that is not sent yet; `value` in wei."""
        return Call(self, function(self.name, name), arguments, value)

    def said(self, name: str, receipt: ReceiptAPI) -> list[dict[str, Any]]:
        """What the logs of an event of it in a receipt say."""
        abi = event(self.name, name)
        logs = [(log["address"], [HexBytes(each) for each in log["topics"]], log["data"]) for log in receipt.logs]
        return [
            log_words(abi, topics, HexBytes(data))
            for address, topics, data in logs
            if address == self.address and topics[0] == topic(abi)
        ]


@dataclass(frozen=True)
class Call:
    """A call that is not sent yet. `check` tries it, `send` sends it, `data` is for a timelock or a Safe."""

    contract: Contract
    abi: MethodABI
    arguments: tuple[Any, ...]
    value: int = 0  # [wei]

    @property
    def to(self) -> str:
        return self.contract.address

    @property
    def data(self) -> bytes:
        return _encoded(self.abi, self.arguments)

    def check(self, sender: AccountAPI | str, block: Block = "latest") -> Any:
        """Makes the call without sending it, and gives back what it returns. Raises the `ContractError` it ends in."""
        address = str(getattr(sender, "address", sender))
        back = _call({"from": address, "to": self.to, "data": HexBytes(self.data), "value": self.value}, block)
        values = words(self.abi.outputs, back)
        return values[0] if len(values) == 1 else tuple(values)

    def send(self, sender: AccountAPI, **options: Any) -> ReceiptAPI:
        """
        Checks, signs, sends, and waits for the receipt, as long as the network's `transaction_acceptance_timeout` in
        Ape's config says: 120 s by default, 20 s on a local node. `options` are Ape's, such as `gas_limit` or `nonce`.

        Raises the `ContractError` of a call that is refused: then nothing was sent. Raises `TransactionFailed` where a
        transaction failed on the chain, `NotMined` where no block held it in time, and `NotConnected` where it is not
        known what became of it.
        """
        self.check(sender)
        provider = ape.chain.provider
        if "nonce" not in options:
            _require_no_waiting(str(sender.address))
        try:
            transaction = provider.network.ecosystem.create_transaction(
                sender=sender.address, receiver=self.to, data=self.data, value=self.value, **options
            )
            signed = sender.sign_transaction(sender.prepare_transaction(transaction))
        except (ApeException, Web3Exception, requests.RequestException, ConnectionError) as error:
            raise CatenaryError(f"{self.abi.name} could not be signed, and nothing was sent: {line(error)}") from error
        if signed is None:
            raise CatenaryError(f"{self.abi.name} was not signed: nothing was sent")
        try:
            receipt = provider.send_transaction(signed)
            # Foundry's provider does not wait for a node that mines in intervals, and says block -1.
            return receipt if receipt.block_number >= 0 else _mined(receipt.txn_hash)
        except TransactionNotFoundError as error:
            raise NotMined(
                f"{self.abi.name} is on its way as {signed.txn_hash.to_0x_hex()}, but no block held it in time: see "
                "what becomes of it before you send it again"
            ) from error
        except (ContractLogicError, TransactionError) as error:
            if isinstance(error.__cause__, Web3RPCError):
                raise CatenaryError(f"the node did not take {self.abi.name}: {line(error)}") from error
            raise TransactionFailed(f"{self.abi.name} failed on the chain: {line(error)}") from error
        except KeyboardInterrupt as error:
            error.args = (f"{self.abi.name} may be on its way as {signed.txn_hash.to_0x_hex()}: see what became of it",)
            raise
        except (ApeException, Web3Exception, requests.RequestException, ConnectionError) as error:
            raise NotConnected(
                f"the node stopped answering. {self.abi.name} may be on its way as {signed.txn_hash.to_0x_hex()}: "
                f"see what became of it before you send it again ({line(error)})"
            ) from error

    def __repr__(self) -> str:
        return f"<{self.abi.name} of {self.contract.name}, not sent yet: .send(account) sends it>"


def check_in_turn(calls: Sequence[Call], sender: AccountAPI | str, block: Block = "latest") -> None:
    """
    Tries calls without sending them, each on what those before it did. None of them can carry ether. Raises the
    `ContractError` of the first that is refused.
    """
    address = str(getattr(sender, "address", sender))
    _aggregate(address, [(call.to, call.data) for call in calls], block)


def asked(question: Callable[[], T]) -> T:
    """Asks the node something; what goes wrong is an error of this package."""
    try:
        return question()
    except RevertedError as error:
        data = error.data if isinstance(error.data, str) and error.data.startswith("0x") else "0x"
        raise contract_error(bytes(HexBytes(data))) from error
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        raise NotConnected(f"the node does not answer: {line(error)}") from error
    except json.JSONDecodeError as error:  # such as a page that says that it is down
        raise NotConnected("the node does not answer: what it says is no JSON") from error
    except Web3Exception as error:
        raise CatenaryError(f"the node refuses: {line(error)}") from error


def line(error: Exception | str) -> str:
    """What an error says, in one line, without what may be a key: of a node's URL, all but the host is left out."""
    text = re.sub(r"(?<=url: )/\S+", "(hidden)", " ".join(str(error).split()))
    return re.sub(r"(\w+://)(?:[^@/\s]+@)?([^/\s'\")]+)/[^\s'\")]+", r"\1\2/(hidden)", text)


def _encoded(abi: MethodABI, arguments: Sequence[Any]) -> bytes:
    try:
        return calldata(abi, arguments)
    except EncodingError as error:
        raise BadAmount(f"{abi.name} cannot take this: {line(error)}") from error


def _require_no_waiting(address: str) -> None:
    """A transaction that waits has the next nonce: whatever is sent then would replace it, or be refused."""
    count = web3().eth.get_transaction_count
    mined, known = (asked(partial(count, address, block)) for block in ("latest", "pending"))  # type: ignore[arg-type]
    if known > mined:
        raise NotMined(
            f"{known - mined} of {address}'s transactions, from nonce {mined} on, wait for a block, and nothing was "
            "sent: wait too, or replace them by others with their nonces"
        )


def _mined(transaction: str) -> ReceiptAPI:
    receipt: ReceiptAPI = ape.chain.provider.get_receipt(transaction)
    receipt.raise_for_status()
    return receipt


def _call(call: Any, block: Block, override: Any = None) -> bytes:
    return bytes(asked(lambda: web3().eth.call(call, block, override)))  # type: ignore[arg-type]


def _together(reads: Sequence[Read[T]], block: Block) -> list[T]:
    answers = _aggregate(MULTICALL3_ADDRESS, [(one.to, one.data) for one in reads], block)
    return [one.answer(back) for one, back in zip(reads, answers, strict=True)]


def _aggregate(caller: str, calls: Sequence[tuple[str, bytes]], block: Block) -> list[bytes]:
    """
    What calls return that `caller` makes: Multicall3 stands at its address for the time of one round trip, so this
    works on every chain and at every block.
    """
    data = _AGGREGATE + encode(["(address,bool,bytes)[]"], [[(to, True, data) for to, data in calls]])
    override = {caller: {"code": MULTICALL3_CODE}}
    (answers,) = decode(["(bool,bytes)[]"], _call({"to": caller, "data": HexBytes(data)}, block, override))
    for success, back in answers:
        if not success:
            raise contract_error(back)
    return [back for _, back in answers]
