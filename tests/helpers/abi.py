"""Encoding of expected arguments, so that they are compared with what the chain returned byte by byte."""

from collections.abc import Mapping, Sequence
from typing import Any

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.types import AddressType
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType, ErrorABI, EventABI


def selector(abi: ErrorABI | EventABI) -> bytes:
    """The whole hash of an error's or an event's signature."""
    return keccak(text=abi.selector)


def ordered(abi: ErrorABI | EventABI, arguments: Mapping[str, Any]) -> list[Any]:
    """The arguments in the order of the ABI. Every one must be named, and no other."""
    names = [str(item.name) for item in abi.inputs]
    assert set(arguments) == set(names), (
        f"{abi.name} takes ({', '.join(names)}), but the test names ({', '.join(arguments)})"
    )
    return [arguments[name] for name in names]


def encoded(types: Sequence[ABIType], values: Sequence[Any]) -> bytes:
    converted = [_convert(item, value) for item, value in zip(types, values, strict=True)]
    return bytes(encode([item.canonical_type for item in types], converted))


def describe(abi: ErrorABI | EventABI, values: Sequence[Any]) -> str:
    named = zip(abi.inputs, values, strict=True)
    return f"{abi.name}({', '.join(f'{item.name}={_show(value)}' for item, value in named)})"


def decoded(types: Sequence[ABIType], data: bytes) -> list[Any]:
    return list(decode([item.canonical_type for item in types], data))


def _convert(item: ABIType, value: Any) -> Any:
    kind = str(item.type)
    if kind.endswith("]"):
        inner = item.model_copy(update={"type": kind[: kind.rindex("[")]})
        return [_convert(inner, element) for element in value]
    if kind == "tuple":
        fields = item.components or []
        if isinstance(value, Mapping):
            assert set(value) == {field.name for field in fields}, f"{item.name} has other fields"
            value = [value[field.name] for field in fields]
        return [_convert(field, element) for field, element in zip(fields, value, strict=True)]
    if kind == "address":
        return ape.convert(value, AddressType)
    if kind.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value


def _show(value: Any) -> str:
    if isinstance(value, AccountAPI | ContractInstance):
        return str(value.address)
    return f"0x{value.hex()}" if isinstance(value, bytes) else repr(value)
