"""Sends a node's transactions, without waiting for any: several may be on their way at once."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound

from catenary.chain import Call, asked
from catenary.errors import CatenaryError, NotConnected

log = logging.getLogger(__name__)

PATIENCE = 5  # blocks that a transaction may wait
_GWEI = 10**9
_RAISE = 5, 4  # of the fees, each time that transactions waited too long; nodes ask for a tenth
_MOST_RAISES = 12  # up to 14 times the fees


@dataclass(frozen=True)
class _Sent:
    nonce: int
    transaction: HexBytes
    block: int


class Sender:
    """The transactions of one key, which nobody else may send from. Each has a name, under which it is sent once."""

    def __init__(self, node: Web3, key: LocalAccount, chain_id: int, most_fee: int) -> None:
        self._node, self._key, self._chain_id = node, key, chain_id
        self._most_fee = most_fee  # for a unit of gas, whatever the node says of fees [wei]
        self._waiting: dict[str, _Sent] = {}
        self._raises = 0
        self.outcomes = {"mined": 0, "failed": 0, "refused": 0, "late": 0}  # how many ended so

    def settle(self, block: int) -> None:
        """Looks what became of those on their way, as of a new block. Raises a `CatenaryError`."""
        if not self._waiting:
            return
        count = asked(partial(self._node.eth.get_transaction_count, self._key.address))
        for name, sent in list(self._waiting.items()):
            if sent.nonce < count:
                self._told(name, sent)
                del self._waiting[name]
        if any(block - sent.block >= PATIENCE for sent in self._waiting.values()):
            # What is sent next has their nonces and higher fees, and takes their place.
            log.warning("%s waited for %s blocks: the fees are raised", ", ".join(self._waiting), PATIENCE)
            self.outcomes["late"] += len(self._waiting)
            self._waiting.clear()
            self._raises = min(self._raises + 1, _MOST_RAISES)

    def send(self, name: str, call: Call, head: Any) -> None:
        """
        Sends a call, unless one of that name is on its way. Raises the `ContractError` that it would end in, or another
        `CatenaryError`; then nothing was sent, unless the node stopped answering.
        """
        if name in self._waiting:
            return
        call.check(self._key.address)
        eth = self._node.eth
        nonce = max(
            asked(partial(eth.get_transaction_count, self._key.address)),
            *(sent.nonce + 1 for sent in self._waiting.values()),
            0,
        )
        transaction: Any = {"from": self._key.address, "to": call.to, "data": call.data, "value": 0}
        gas = asked(partial(eth.estimate_gas, transaction))
        tip = max(asked(lambda: eth.max_priority_fee), _GWEI // 100)
        up, down = _RAISE[0] ** self._raises, _RAISE[1] ** self._raises
        transaction |= {
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": gas * 3 // 2,  # others may be faster, and then it takes more or less
            "maxPriorityFeePerGas": min(tip * up // down, self._most_fee),
            "maxFeePerGas": min((2 * head["baseFeePerGas"] + tip) * up // down, self._most_fee),
        }
        raw = self._key.sign_transaction(transaction).raw_transaction
        try:
            sent = asked(partial(eth.send_raw_transaction, raw))
        except NotConnected:
            raise
        except CatenaryError as error:
            self._raises = min(self._raises + 1, _MOST_RAISES)  # as one of before a restart may have the nonce
            raise CatenaryError(f"the node did not take {name}: {error}") from error
        self._waiting[name] = _Sent(nonce, sent, int(head["number"]))
        log.info("%s: sent as %s", name, sent.to_0x_hex())

    def _told(self, name: str, sent: _Sent) -> None:
        receipt = asked(partial(self._receipt, sent))
        if receipt is None:  # another one has its nonce
            log.warning("%s: replaced", name)
            self.outcomes["late"] += 1
            return
        self._raises = 0
        if receipt["status"]:
            log.info("%s: in block %s, %s gas", name, receipt["blockNumber"], receipt["gasUsed"])
            self.outcomes["mined"] += 1
        else:  # somebody else was faster
            log.warning("%s: failed in block %s", name, receipt["blockNumber"])
            self.outcomes["failed"] += 1

    def _receipt(self, sent: _Sent) -> Any:
        try:
            return self._node.eth.get_transaction_receipt(sent.transaction)
        except TransactionNotFound:
            return None
