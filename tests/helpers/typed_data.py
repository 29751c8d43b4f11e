"""EIP-712 messages, built and signed without the contracts."""

from collections.abc import Mapping
from typing import Any

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

Types = Mapping[str, tuple[str, ...]]

PERMIT: Types = {
    "Permit": ("address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"),
}
DELEGATION: Types = {
    "Delegation": (
        "address staker",
        "address operator",
        "address vault",
        "uint256 shares",
        "Accepted accepted",
        "uint256 nonce",
        "uint48 deadline",
    ),
    "Accepted": ("uint16 lossBudget", "uint16 commission", "uint48 vetoPeriod", "bool openRequests"),
}


def domain(name: str, contract: ContractInstance) -> dict[str, Any]:
    return {
        "name": name,
        "version": "1",
        "chainId": ape.chain.chain_id,
        "verifyingContract": str(contract.address),
    }


def sign(signer: AccountAPI, domain: Mapping[str, Any], types: Types, values: tuple[Any, ...]) -> Any:
    """The signature by `signer` of such a message."""
    return signer.sign_message(message(domain, types, values))


def message(domain: Mapping[str, Any], types: Types, values: tuple[Any, ...]) -> SignableMessage:
    """A message of the first of `types`, with the fields in their order."""
    return encode_typed_data(
        full_message={
            "domain": dict(domain),
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                **{name: [_field(field) for field in fields] for name, fields in types.items()},
            },
            "primaryType": next(iter(types)),
            "message": _fields(next(iter(types)), types, values),
        }
    )


def digest(domain: Mapping[str, Any], types: Types, values: tuple[Any, ...]) -> bytes:
    """What is signed of such a message."""
    typed = message(domain, types, values)
    return keccak(b"\x19" + typed.version + typed.header + typed.body)


def _field(field: str) -> dict[str, str]:
    kind, name = field.split()
    return {"name": name, "type": kind}


def _fields(name: str, types: Types, values: tuple[Any, ...]) -> dict[str, Any]:
    fields = {}
    for field, value in zip(types[name], values, strict=True):
        kind, key = field.split()
        if kind in types:
            value = _fields(kind, types, value)
        elif kind == "address":
            value = str(getattr(value, "address", value))
        fields[key] = value
    return fields
