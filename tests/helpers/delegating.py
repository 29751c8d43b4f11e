"""The call `delegate` of the delegation manager, which a property of every Ape contract (EIP-7702) hides."""

from typing import Any

from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from ape.types import HexBytes

Accepted = tuple[int, int, int, bool]


def delegate(
    delegation: ContractInstance, operator: Any, vault: Any, shares: int, accepted: Accepted, *, sender: AccountAPI
) -> ReceiptAPI:
    return delegation.delegateShares(operator, vault, shares, accepted, sender=sender)


def delegate_call(delegation: ContractInstance, operator: Any, vault: Any, shares: int, accepted: Accepted) -> HexBytes:
    """The call to put into a multicall."""
    return delegation._mutable_methods_["delegateShares"].encode_input(operator, vault, shares, accepted)
