"""Stakers by the thousand, each with an address, an amount and transactions of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import ape
from ape.contracts.base import ContractMethodHandler
from ape_ethereum.provider import Web3Provider
from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.providers import HTTPProvider
from web3.types import RPCEndpoint

from bench.world import Track

GAS = 200_000  # limit of a transaction
BATCH = 150  # transactions that fill a block of 30 million gas, or calls in one request to the node


@dataclass(frozen=True)
class Staker:
    address: str
    amount: int  # what it delegates, 9.3 to 13.8 vault shares
    part: int  # what it undelegates first, if it does [pool shares]


@dataclass(frozen=True)
class Call:
    staker: str
    to: Any
    data: bytes
    value: int = 0  # [wei]


@dataclass(frozen=True)
class Sent:
    gas: int
    time: int  # [s, Unix time]


def stakers(count: int) -> list[Staker]:
    """No byte of an address or amount is zero, for these cost less, and would hide whether all cost the same."""
    found = []
    for i in range(count):
        digest = bytes(byte or 1 for byte in keccak(text=f"staker {i}"))
        amount = int.from_bytes(bytes([digest[24] & 0xBF | 0x81]) + digest[25:])
        found.append(Staker(to_checksum_address(digest[:20]), amount, amount - 2**63))
    assert len({staker.address for staker in found}) == len({staker.amount for staker in found}) == count
    return found


def send(calls: Sequence[Call], track: Track, text: str, gas: int = GAS) -> list[Sent]:
    """Each call as a transaction of its own with a limit of `gas`, in this order, as many to a block as fill it."""
    provider = ape.chain.provider
    provider.make_request("anvil_autoImpersonateAccount", [True])
    provider.make_request("evm_setAutomine", [False])
    sent = []
    for batch in _batches(calls, track, text, GAS * BATCH // gas):
        _request("anvil_setBalance", [[call.staker, hex(call.value + gas * BATCH)] for call in batch])
        # The node takes the best paid first.
        _request("eth_sendTransaction", [[_transaction(call, BATCH - i, gas)] for i, call in enumerate(batch)])
        provider.make_request("evm_mine", [])
        time = int(ape.chain.blocks.head.timestamp)
        receipts = provider.make_request("eth_getBlockReceipts", ["latest"])
        assert [to_checksum_address(each["from"]) for each in receipts] == [call.staker for call in batch]
        assert all(each["status"] == "0x1" for each in receipts), f"{text}: a call reverted"
        sent += [Sent(int(each["gasUsed"], 16), time) for each in receipts]
    provider.make_request("evm_setAutomine", [True])
    provider.make_request("anvil_autoImpersonateAccount", [False])
    return sent


def read(
    method: ContractMethodHandler, arguments: Sequence[tuple[Any, ...]], types: Sequence[str], track: Track, text: str
) -> list[Any]:
    """What a view tells for each of `arguments`; of several values, as a tuple."""
    found: list[Any] = []
    for batch in _batches(arguments, track, text):
        data = [method.encode_input(*each) for each in batch]
        calls = [[{"to": method.contract.address, "data": each.to_0x_hex()}, "latest"] for each in data]
        values = [decode(types, bytes.fromhex(each[2:])) for each in _request("eth_call", calls)]
        found += values if len(types) > 1 else [value for (value,) in values]
    return found


def _batches(items: Sequence[Any], track: Track, text: str, size: int = BATCH) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in track(range(0, len(items), size), text))


def _transaction(call: Call, gas_price: int, gas: int) -> dict[str, str]:
    return {
        "from": call.staker,
        "to": call.to.address,
        "data": "0x" + call.data.hex(),
        "value": hex(call.value),
        "gas": hex(gas),
        "gasPrice": hex(gas_price),
    }


def _request(method: str, parameters: Iterable[Any]) -> list[Any]:
    """Many requests in one, and what they answer."""
    node = cast(HTTPProvider, cast(Web3Provider, ape.chain.provider).web3.provider)
    answers = cast(list[dict[str, Any]], node.make_batch_request([(RPCEndpoint(method), each) for each in parameters]))
    failed = [answer["error"] for answer in answers if "error" in answer]
    assert not failed, f"{method}: {failed[0]}"
    return [answer["result"] for answer in answers]
