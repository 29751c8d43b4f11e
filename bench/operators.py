"""Operators by the ten, each with keys of its own, that sign for one AVS and weigh the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from bench.crowd import Call, send, stakers
from bench.world import ACCEPTED, AMOUNT, COMMISSION, GUARANTEED, LOSS_BUDGET, World
from tests.helpers.oracle import SIGNING_KEY
from tests.helpers.typed_data import domain, message

BATCH = 50  # delegations in one transaction


@dataclass(frozen=True)
class Operator:
    address: str
    account: LocalAccount  # its ECDSA key
    secret: int  # its BLS key, small, which py_ecc takes less time for

    def proof(self, avs: ContractInstance, account: LocalAccount | None = None) -> bytes:
        """Of its ECDSA key, or another one."""
        typed = message(domain(avs.eip712Domain().name, avs), SIGNING_KEY, (self.address,))
        return bytes((account or self.account).sign_message(typed).signature)


def some_operators(count: int) -> list[Operator]:
    """In ascending order."""
    found = (
        Operator(each.address, Account.from_key(keccak(text=f"key {i}")), 1_000 + i)
        for i, each in enumerate(stakers(count))
    )
    return sorted(found, key=lambda operator: int(operator.address, 16))


def enlist(w: World, avs: ContractInstance, operators: Sequence[Operator]) -> None:
    """All register and opt in, Alice stakes with each of them, and it is the epoch in which that is in force."""

    def calls(operator: Operator) -> bytes:
        data = encode(["address", "bytes"], [operator.account.address, operator.proof(avs)])
        calls = [
            w.registry.registerOperator.encode_input(""),
            w.registry.openPool.encode_input(w.vault, LOSS_BUDGET, COMMISSION, 0),
            w.registry.optIn.encode_input(number, w.vault, GUARANTEED, 0, data),
        ]
        return bytes(w.registry.multicall.encode_input(calls))

    number = avs.AVS()
    send_all(w, operators, w.registry, calls, "operators opt in")
    w.asset.mint(w.alice, AMOUNT * len(operators), sender=w.protocol.owner)
    for start in range(0, len(operators), BATCH):
        delegations = [
            w.vault.depositAndDelegate.encode_input(AMOUNT, operator.address, AMOUNT, ACCEPTED)
            for operator in operators[start : start + BATCH]
        ]
        w.vault.multicall(delegations, sender=w.alice)
    w.protocol.skip_epochs(3)


def join(w: World, avs: ContractInstance, operators: Sequence[Operator]) -> None:
    send_all(w, operators, avs, lambda operator: bytes(avs.join.encode_input(operator.address)), "operators join")


def take_snapshot(w: World, avs: ContractInstance) -> None:
    while not avs.snapshotOf(avs.epoch()).takenAt:
        avs.takeSnapshot(BATCH, sender=w.stranger)


def send_all(
    w: World, operators: Sequence[Operator], to: ContractInstance, data: Callable[[Operator], bytes], text: str
) -> None:
    """A transaction of each operator."""
    send([Call(each.address, to, data(each)) for each in operators], w.track, text, gas=600_000)
