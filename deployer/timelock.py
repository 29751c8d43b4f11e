"""What only the owner can call, and how that goes through a timelock: OpenZeppelin's `TimelockController`."""

from dataclasses import asdict, dataclass
from typing import Any

import ape
from ape.contracts import ContractInstance
from eth_utils.abi import function_signature_to_4byte_selector
from web3.exceptions import ContractLogicError

from deployer.contracts import container

NO_PREDECESSOR = NO_SALT = b"\0" * 32


@dataclass(frozen=True)
class OwnerCall:
    """A call that only the owner can make, where that is not the deployer."""

    description: str
    to: str
    data: str
    schedule: str = ""  # what a proposer sends to the timelock that is the owner
    execute: str = ""  # and what an executor sends to it after the delay

    def as_entry(self) -> dict[str, str]:
        """As a deployment file keeps it."""
        return {key: value for key, value in asdict(self).items() if value}


def owner_call(owner: str, description: str, to: str, data: str) -> OwnerCall:
    """A call of the owner, with what it takes if that is a timelock."""
    delay = min_delay(owner)
    if delay is None:
        return OwnerCall(description, to, data)
    timelock: ContractInstance = container("TimelockController").at(
        owner, fetch_from_explorer=False, detect_proxy=False
    )
    operation = (to, 0, data, NO_PREDECESSOR, NO_SALT)
    return OwnerCall(
        description,
        to,
        data,
        schedule=timelock.schedule.encode_input(*operation, delay).to_0x_hex(),
        execute=timelock.execute.encode_input(*operation).to_0x_hex(),
    )


def min_delay(owner: str) -> int | None:
    """The shortest delay of a timelock [s], or None if `owner` is none."""
    provider: Any = ape.chain.provider
    call = {"to": owner, "data": function_signature_to_4byte_selector("getMinDelay()")}
    try:
        answer: bytes = provider.web3.eth.call(call)
    except ContractLogicError:
        return None
    return int.from_bytes(answer, "big") if len(answer) == 32 else None
