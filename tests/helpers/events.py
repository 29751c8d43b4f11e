"""Strict checks of events, on the raw logs of a receipt."""

from collections.abc import Mapping
from typing import Any

from ape.api import ReceiptAPI
from ape.contracts import ContractEvent, ContractInstance
from eth_utils.crypto import keccak
from ethpm_types.abi import EventABI, EventABIType
from hexbytes import HexBytes

from tests.helpers.abi import decoded, describe, encoded, ordered, selector


def assert_event(receipt: ReceiptAPI, event: ContractEvent, /, **arguments: Any) -> None:
    """The receipt holds one such event of this contract: `assert_event(tx, vault.Deposit, name=value)`."""
    assert_events(receipt, event, arguments)


def assert_events(receipt: ReceiptAPI, event: ContractEvent, /, *expected: Mapping[str, Any]) -> None:
    """The receipt holds exactly these events of this kind and contract, in this order."""
    abi = event.abi
    emitter = event.contract
    assert isinstance(emitter, ContractInstance), "take the event from an instance"
    values = [ordered(abi, arguments) for arguments in expected]
    wanted = [(_topics(abi, each), _data(abi, each)) for each in values]
    topic = selector(abi)
    found = [
        ([bytes(HexBytes(item)) for item in log["topics"]], bytes(HexBytes(log["data"])))
        for log in receipt.logs
        if log["address"] == emitter.address and log["topics"] and HexBytes(log["topics"][0]) == topic
    ]
    assert found == wanted, (
        f"expected {[describe(abi, each) for each in values]}, but {emitter} emitted "
        f"{[_describe(abi, *each) for each in found]}"
    )


def _indexed(abi: EventABI, indexed: bool) -> list[EventABIType]:
    return [item for item in abi.inputs if item.indexed == indexed]


def _topics(abi: EventABI, values: list[Any]) -> list[bytes]:
    indexed = [(item, value) for item, value in zip(abi.inputs, values, strict=True) if item.indexed]
    return [selector(abi), *(_topic(item, value) for item, value in indexed)]


def _topic(item: EventABIType, value: Any) -> bytes:
    if item.type == "string":
        return keccak(text=value)
    if item.type == "bytes":
        return keccak(HexBytes(value))
    return encoded([item], [value])


def _data(abi: EventABI, values: list[Any]) -> bytes:
    plain = [value for item, value in zip(abi.inputs, values, strict=True) if not item.indexed]
    return encoded(_indexed(abi, False), plain)


def _describe(abi: EventABI, topics: list[bytes], data: bytes) -> str:
    hashed = iter(topics[1:])
    plain = iter(decoded(_indexed(abi, False), data))
    return describe(abi, [_value(item, next(hashed)) if item.indexed else next(plain) for item in abi.inputs])


def _value(item: EventABIType, topic: bytes) -> Any:
    return topic if item.type in ("string", "bytes") else decoded([item], topic)[0]
