"""The ABIs that ship inside the package, so neither sources nor a compiler are needed; and how words become bytes."""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from eth_abi.abi import encode
from eth_abi.codec import ABIDecoder
from eth_abi.decoding import StringDecoder
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as types
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types import ContractType
from ethpm_types.abi import ABIType, EventABI, MethodABI

CORE = ("AVSRegistry", "DelegationManager", "SlashingManager", "RewardsDistributor")
VAULT, TOKEN, ORACLE = "StakingVault", "ERC20", "OracleAVS"

# Anybody may write a text, as the URI of a slash request, so it need not be UTF-8; it would hide all others.
_lenient = types.copy()  # type: ignore[no-untyped-call]
_lenient.unregister_decoder("string")
_lenient.register_decoder(
    BaseEquals("string"),  # type: ignore[no-untyped-call]
    StringDecoder(handle_string_errors="replace"),  # type: ignore[no-untyped-call]
    label="string",
)
_decoder = ABIDecoder(_lenient)


@cache
def contract_type(name: str) -> ContractType:
    """The type of a contract, with nothing but its ABI."""
    abi = json.loads(resources.files("catenary").joinpath("abi", f"{name}.json").read_text())
    return ContractType.model_validate({"contractName": name, "abi": abi})


@cache
def function(contract: str, name: str) -> MethodABI:
    """A function of a contract; no contract has two of one name."""
    abi: MethodABI
    (abi,) = (abi for abi in contract_type(contract).methods if abi.name == name)
    return abi


@cache
def event(contract: str, name: str) -> EventABI:
    """An event of a contract."""
    abi: EventABI
    (abi,) = (abi for abi in contract_type(contract).events if abi.name == name)
    return abi


@cache
def topic(abi: EventABI) -> bytes:
    """The first topic of its logs."""
    return keccak(text=abi.selector)


@cache
def selector(abi: MethodABI) -> bytes:
    return keccak(text=abi.selector)[:4]


def calldata(abi: MethodABI, arguments: Sequence[Any]) -> bytes:
    """Selector and arguments. A struct is a tuple; an account may stand for its address."""
    types = [item.canonical_type for item in abi.inputs]
    return selector(abi) + encode(types, [_plain(value) for value in arguments])


def words(items: Sequence[ABIType], data: bytes) -> list[Any]:
    """What `data` says. A struct is a dict, bytes are hexadecimal, addresses have their checksum."""
    values = _decoder.decode([item.canonical_type for item in items], data)
    return [_word(item, value) for item, value in zip(items, values, strict=True)]


def log_words(abi: EventABI, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    """What a log says, by the names of the event's arguments."""
    indexed = [item for item in abi.inputs if item.indexed]
    others = [item for item in abi.inputs if not item.indexed]
    values = dict(zip((item.name for item in others), words(others, data), strict=True))
    for item, word in zip(indexed, topics[1:], strict=True):
        values[item.name] = words([item], word)[0]
    return {str(item.name): values[item.name] for item in abi.inputs}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return getattr(value, "address", value)


def _word(item: ABIType, value: Any, depth: int = 0) -> Any:
    kind = item.canonical_type
    brackets = kind.count("[") if not item.components else str(item.type).count("[")
    if depth < brackets:
        return [_word(item, each, depth + 1) for each in value]
    if item.components:
        return {str(part.name): _word(part, each) for part, each in zip(item.components, value, strict=True)}
    if kind.startswith("address"):
        return to_checksum_address(value)
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
