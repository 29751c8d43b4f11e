"""
One strict check of reverts. `ape.reverts` also passes on string reverts, bare reverts, panics and failing
views, and ignores misspelt arguments; this one compares the raw revert data with the expected error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import ape
from ape.exceptions import ContractLogicError, CustomError
from ape_foundry import FoundryProvider
from eth_pydantic_types import HexBytes
from eth_utils.crypto import keccak
from ethpm_types.abi import ErrorABI

from tests.helpers.abi import decoded, describe, encoded, ordered, selector

_PANIC = keccak(text="Panic(uint256)")[:4]
_STRING = keccak(text="Error(string)")[:4]


class _RevertedError(ContractLogicError):
    """A refused call with the data it returned, or `None` if it failed without any, as for lack of gas."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error), set_ape_traceback=False)
        data = getattr(error, "data", None)
        self.data = None if data is None else bytes(HexBytes(data))


def _eth_call(provider: FoundryProvider, arguments: list[Any], **_: Any) -> HexBytes:
    """Ape's own drops the revert data of a view; that of web3 keeps it."""
    try:
        return HexBytes(provider.web3.eth.call(*arguments))
    except Exception as error:
        raise _RevertedError(error) from error


def _virtual_machine_error(_provider: FoundryProvider, error: Exception, **_: Any) -> _RevertedError:
    """Ape's own traces each revert to print it, which takes most of the time."""
    return _RevertedError(error)


@contextmanager
def _revert_data(expected: str) -> Iterator[list[bytes]]:
    """A list that holds, after the block, the data that the block reverted with."""
    data: list[bytes] = []
    with (
        patch.object(FoundryProvider, "_eth_call", _eth_call),
        patch.object(FoundryProvider, "get_virtual_machine_error", _virtual_machine_error),
    ):
        try:
            yield data
        except _RevertedError as error:
            if error.data is None:
                raise AssertionError(f"expected {expected}, but the call failed with: {error}") from error
            data.append(error.data)
    assert data, f"expected {expected}, but nothing reverted"


@contextmanager
def reverts(error: type[CustomError] | ErrorABI, /, **arguments: Any) -> Iterator[None]:
    """
    The block must revert with exactly this custom error: `with reverts(vault.ZeroAmount, name=value, ...)`.

    All arguments must be named. Where it was raised does not matter: in the called contract, one called by
    it, a library or a constructor. Without an instance, take it from the type: `project.Vault.ZeroAmount`.
    """
    abi = error if isinstance(error, ErrorABI) else vars(error)["abi"]
    values = ordered(abi, arguments)
    expected = selector(abi)[:4] + encoded(abi.inputs, values)
    with _revert_data(describe(abi, values)) as data:
        yield
    assert data[0] == expected, f"expected {describe(abi, values)}, but got {_describe(data[0], abi)}"


@contextmanager
def panics(code: int) -> Iterator[None]:
    """The block must revert with this panic of the compiler, such as 0x11 for an overflow."""
    with _revert_data(f"Panic({code:#x})") as data:
        yield
    assert data[0] == _PANIC + code.to_bytes(32), f"expected Panic({code:#x}), but got {_describe(data[0])}"


def _describe(data: bytes, *known: ErrorABI) -> str:
    """Revert data in words, for the message of a failing test."""
    if not data:
        return "a revert without data"
    if data[:4] == _PANIC:
        return f"Panic({int.from_bytes(data[4:]):#x})"
    if data[:4] == _STRING:
        return f"the string {data[68:].rstrip(bytes(1)).decode(errors='replace')!r}"
    types = ape.project.manifest.contract_types or {}  # `project.contracts` would compile
    project_errors = [abi for contract_type in types.values() for abi in contract_type.errors]
    for abi in (*known, *project_errors):
        if selector(abi)[:4] == data[:4]:
            return describe(abi, decoded(abi.inputs, data[4:]))
    return f"the unknown error 0x{data.hex()}"
