"""
What the two quorum schemes of an AVS cost: many ECDSA signatures, or one of BLS.

All operators weigh the same, and 66.67 % of the weight is asked for.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from ape import project
from ape.contracts import ContractContainer, ContractInstance
from eth_account import Account
from eth_typing import Hash32
from eth_utils.crypto import keccak

from bench.operators import Operator, enlist, join, send_all, some_operators, take_snapshot
from bench.row import gas, row
from bench.world import World
from deployer.contracts import Setup
from tests.helpers.bls import key_proof, public_key, sign
from tests.helpers.protocol import BPS, EVIDENCE, WAD
from tests.helpers.typed_data import domain

QUORUM = 6_667  # [bps]


@dataclass(frozen=True)
class Quorum:
    """An AVS whose first snapshot was just taken, and its operators in ascending order."""

    world: World
    notary: ContractInstance
    operators: Sequence[Operator]
    time: int  # of the snapshot [s, Unix time]

    @property
    def needed(self) -> int:
        """How many operators are enough."""
        return -(-len(self.operators) * QUORUM // BPS)

    @property
    def digest(self) -> Hash32:
        return Hash32(self.notary.digestOf(self.time, EVIDENCE))

    def snapshot(self) -> int:
        """Of all operators, in the next epoch."""
        self.world.protocol.skip_epochs()
        return gas(self.notary.takeSnapshot(len(self.operators), sender=self.world.stranger))

    def ecdsa(self) -> int:
        """Of as many operators as are needed."""
        digest = self.digest
        signatures = [
            bytes(operator.account.unsafe_sign_hash(digest).signature) for operator in self.operators[: self.needed]
        ]
        return gas(self.notary.attest(self.time, EVIDENCE, QUORUM, signatures, sender=self.world.stranger))

    def bls(self, signers: int) -> int:
        """Of this many operators."""
        signature = sign([operator.secret for operator in self.operators[:signers]], self.digest)
        missing = [public_key(operator.secret) for operator in self.operators[signers:]]
        aggregate = (signature, missing)
        return gas(self.notary.attestBls(self.time, EVIDENCE, QUORUM, aggregate, sender=self.world.stranger))


def quorum(w: World, count: int, contract: ContractContainer | None = None) -> Quorum:
    operators = some_operators(count)
    owner = w.protocol.owner
    setup = Setup(
        slashing=w.protocol.slashing.address, vault=w.vault.address, owner=owner.address, min_stake=1, penalty=WAD
    )
    notary = owner.deploy(contract or project.BlsNotary, astuple(setup))
    enlist(w, notary, operators)
    if not contract:
        send_all(w, operators, notary, lambda operator: _set_bls_key(notary, operator), "BLS keys")
    join(w, notary, operators)
    take_snapshot(w, notary)
    return Quorum(w, notary, operators, w.now)


def _set_bls_key(notary: ContractInstance, operator: Operator) -> bytes:
    return bytes(notary.setBlsKey.encode_input(public_key(operator.secret), _bls_proof(notary, operator)))


def _bls_proof(notary: ContractInstance, operator: Operator) -> tuple[int, ...]:
    return key_proof(operator.secret, domain("BLS Notary", notary), operator.address)


@row
def quorum_ecdsa_10(w: World) -> int:
    """7 signatures of 10 operators, as many as are needed."""
    return quorum(w, 10).ecdsa()


@row
def quorum_bls_10(w: World) -> int:
    """One signature of all 10 operators."""
    return quorum(w, 10).bls(10)


@row
def quorum_bls_10_missing(w: World) -> int:
    """One signature of 7 of 10 operators, as many as are needed."""
    return quorum(w, 10).bls(7)


@row
def quorum_ecdsa_50(w: World) -> int:
    """34 signatures of 50 operators, as many as are needed."""
    return quorum(w, 50).ecdsa()


@row
def quorum_bls_50(w: World) -> int:
    """One signature of all 50 operators."""
    return quorum(w, 50).bls(50)


@row
def quorum_bls_50_missing(w: World) -> int:
    """One signature of 34 of 50 operators, as many as are needed."""
    return quorum(w, 50).bls(34)


@row
def quorum_ecdsa_200(w: World) -> int:
    """134 signatures of 200 operators, as many as are needed."""
    return quorum(w, 200).ecdsa()


@row
def quorum_bls_200(w: World) -> int:
    """One signature of all 200 operators."""
    return quorum(w, 200).bls(200)


@row
def quorum_bls_200_missing(w: World) -> int:
    """One signature of 134 of 200 operators, as many as are needed."""
    return quorum(w, 200).bls(134)


@row
def snapshot_10(w: World) -> int:
    """As snapshot_50, of 10 members."""
    return quorum(w, 10, project.Notary).snapshot()


@row
def snapshot_50(w: World) -> int:
    """Of 50 members with ECDSA keys, in one call, in another epoch than the first."""
    return quorum(w, 50, project.Notary).snapshot()


@row
def snapshot_bls_50(w: World) -> int:
    """As snapshot_50, of members with BLS keys too."""
    return quorum(w, 50).snapshot()


@row
def set_bls_key(w: World) -> int:
    """A first key with its proof, not the first of the AVS."""
    q = quorum(w, 10)
    operator = Operator(str(w.stranger.address), Account.from_key(keccak(text="key")), 999)
    return gas(q.notary.setBlsKey(public_key(operator.secret), _bls_proof(q.notary, operator), sender=w.stranger))
