"""EIP-712 messages, built and signed without the contracts."""

from collections.abc import Mapping
from typing import Any

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account.messages import encode_typed_data

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
    """The signature by `signer` of a message of the first of `types`, with the fields in their order."""
    message = encode_typed_data(
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
            "message": _message(next(iter(types)), types, values),
        }
    )
    return signer.sign_message(message)


def _field(field: str) -> dict[str, str]:
    kind, name = field.split()
    return {"name": name, "type": kind}


def _message(name: str, types: Types, values: tuple[Any, ...]) -> dict[str, Any]:
    message = {}
    for field, value in zip(types[name], values, strict=True):
        kind, key = field.split()
        if kind in types:
            value = _message(kind, types, value)
        elif kind == "address":
            value = str(getattr(value, "address", value))
        message[key] = value
    return message
