"""
Four operators, A to D in ascending order, weigh 5, 10, 15 and 20 of 50 in epoch 4, in which all is in force, and later.

Two thirds are 33.335, so that C can be missing, but D cannot.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode

from deployer.contracts import ZERO_ADDRESS
from tests.helpers.bls import (
    BLS_KEY,
    G1_INFINITY,
    G2_INFINITY,
    PROOF,
    SIGNATURE,
    Point,
    encoded,
    key_proof,
    public_key,
    sign,
)
from tests.helpers.events import assert_event, assert_events
from tests.helpers.oracle import SIGNING_KEY, setup
from tests.helpers.protocol import ANY_MANDATE, ETHER, WAD, Protocol
from tests.helpers.reverts import reverts
from tests.helpers.typed_data import Types, digest, domain
from tests.helpers.typed_data import sign as sign_typed

from .test_bls_library import PAIRING, outside_g1, outside_g2, raised

STATEMENT: Types = {"Statement": ("uint48 time", "bytes32 document")}

QUORUM = 6_667  # [bps]
DOCUMENT, OTHER_DOCUMENT = b"\xaa" * 32, b"\xbb" * 32
SECRETS = A, B, C, D = 1_001, 1_002, 1_003, 1_004
NEW = 2_001  # of an operator that rotates
STAKES = [amount * ETHER for amount in (10, 20, 30, 40)]  # half of it is guaranteed


@dataclass(frozen=True)
class Notary:
    protocol: Protocol
    contract: ContractInstance
    operators: list[AccountAPI]

    def digest(self, types: Types, *values: Any) -> bytes:
        return digest(domain("BLS Notary", self.contract), types, values)

    def statement(self, time: int, document: bytes = DOCUMENT) -> bytes:
        return self.digest(STATEMENT, time, document)

    def proof(self, operator: AccountAPI, secret: int, dst: bytes = PROOF) -> Point:
        return key_proof(secret, domain("BLS Notary", self.contract), operator, dst)

    def set_bls_key(self, operator: AccountAPI, secret: int) -> ReceiptAPI:
        return self.contract.setBlsKey(public_key(secret), self.proof(operator, secret), sender=operator)

    def opt_in(self, operator: AccountAPI) -> None:
        proof = sign_typed(operator, domain("BLS Notary", self.contract), SIGNING_KEY, (operator,))
        data = encode(["address", "bytes"], [operator.address, proof.encode_rsv()])
        vault = self.contract.VAULT()
        self.protocol.registry.optIn(self.contract.AVS(), vault, 5_000, 0, data, sender=operator)

    def aggregate(
        self,
        time: int,
        signers: Iterable[int],
        non_signers: Iterable[int] = (),
        document: bytes = DOCUMENT,
    ) -> tuple[Point, list[Point]]:
        return sign(signers, self.statement(time, document)), [public_key(each) for each in non_signers]

    def attest(self, time: int, signers: Iterable[int], non_signers: Iterable[int] = ()) -> ReceiptAPI:
        """Attests the document by anyone."""
        sender = self.operators[0]
        aggregate = self.aggregate(time, signers, non_signers)
        return self.contract.attestBls(time, DOCUMENT, QUORUM, aggregate, sender=sender)

    def snapshot(self) -> int:
        """Takes the snapshot and names its time."""
        return int(self.contract.takeSnapshot(100, sender=self.operators[0]).timestamp)


@pytest.fixture(scope="module")
def bls_operators(accounts: list[AccountAPI]) -> list[AccountAPI]:
    return sorted(accounts[12:16], key=lambda account: int(account.address, 16))


@pytest.fixture(scope="module")
def deploy_notary(protocol: Protocol, vault: ContractInstance, owner: AccountAPI) -> Callable[[], ContractInstance]:
    def deploy() -> ContractInstance:
        return owner.deploy(project.BlsNotary, setup(protocol, vault, owner.address, min_stake=ETHER))

    return deploy


@pytest.fixture(scope="module")
def keyless_notary(
    protocol: Protocol,
    vault: ContractInstance,
    alice: AccountAPI,
    bls_operators: list[AccountAPI],
    deploy_notary: Callable[[], ContractInstance],
) -> Notary:
    """In epoch 4, without any BLS key or member."""
    notary = Notary(protocol, deploy_notary(), bls_operators)
    for operator, stake in zip(bls_operators, STAKES, strict=True):
        protocol.registry.registerOperator("", sender=operator)
        protocol.registry.openPool(vault, 5_000, 0, 0, sender=operator)
        notary.opt_in(operator)
        vault.depositAndDelegate(stake, operator, 0, ANY_MANDATE, sender=alice)
    protocol.to_epoch(4)
    return notary


@pytest.fixture
def bls_notary(keyless_notary: Notary) -> Notary:
    """With the keys of all, who are members; no snapshot is taken."""
    for operator, secret in zip(keyless_notary.operators, SECRETS, strict=True):
        keyless_notary.set_bls_key(operator, secret)
        keyless_notary.contract.join(operator, sender=operator)
    return keyless_notary


@pytest.fixture
def time(bls_notary: Notary) -> int:
    """When the snapshot of epoch 4 was taken."""
    return bls_notary.snapshot()


# --- keys ---


def test_set_bls_key__is_read_by_the_next_snapshot(keyless_notary: Notary) -> None:
    contract = keyless_notary.contract
    operator = keyless_notary.operators[0]
    receipt = keyless_notary.set_bls_key(operator, A)
    assert_event(receipt, contract.BlsKeySet, operator=operator, key=public_key(A))
    assert tuple(contract.blsKeyOf(operator)) == public_key(A)
    assert contract.blsOperatorOf(public_key(A)) == operator
    assert contract.isBlsKeyAt(4, public_key(A)) is False


def test_bls_key_of__nobody__is_infinity(keyless_notary: Notary) -> None:
    assert tuple(keyless_notary.contract.blsKeyOf(keyless_notary.operators[0])) == G1_INFINITY
    assert keyless_notary.contract.blsOperatorOf(public_key(A)) == ZERO_ADDRESS


def test_set_bls_key__with_the_proof_of_another_operator__reverts(keyless_notary: Notary) -> None:
    victim, thief = keyless_notary.operators[:2]
    proof = keyless_notary.proof(victim, A)
    with reverts(keyless_notary.contract.InvalidBlsProof, operator=thief):
        keyless_notary.contract.setBlsKey(public_key(A), proof, sender=thief)


def test_set_bls_key__made_of_the_key_of_another__reverts(keyless_notary: Notary) -> None:
    """With the key B - A, and A's beside it, B would sign for both. But nobody has its secret, to prove it."""
    thief = keyless_notary.operators[1]
    rogue = public_key(B - A)
    digest = keyless_notary.digest(BLS_KEY, thief, encoded(rogue))
    with reverts(keyless_notary.contract.InvalidBlsProof, operator=thief):
        keyless_notary.contract.setBlsKey(rogue, sign(B, digest, PROOF), sender=thief)


def test_set_bls_key__with_a_proof_in_the_scheme_of_signatures__reverts(keyless_notary: Notary) -> None:
    operator = keyless_notary.operators[0]
    proof = keyless_notary.proof(operator, A, dst=SIGNATURE)
    with reverts(keyless_notary.contract.InvalidBlsProof, operator=operator):
        keyless_notary.contract.setBlsKey(public_key(A), proof, sender=operator)


def test_set_bls_key__at_infinity__reverts(keyless_notary: Notary) -> None:
    operator = keyless_notary.operators[0]
    with reverts(keyless_notary.contract.InvalidBlsProof, operator=operator):
        keyless_notary.contract.setBlsKey(G1_INFINITY, G2_INFINITY, sender=operator)


@pytest.mark.parametrize(
    "key",
    [
        (*public_key(A)[:3], public_key(A)[3] ^ 1),
        outside_g1(),
        raised(public_key(A), 0),
        (public_key(A)[0], public_key(A)[1], public_key(A)[2] | 1 << 128, public_key(A)[3]),
    ],
    ids=["off the curve", "outside the subgroup", "above the modulus", "with a bit too many"],
)
def test_set_bls_key__that_is_no_point__reverts(keyless_notary: Notary, key: Point) -> None:
    operator = keyless_notary.operators[0]
    proof = keyless_notary.proof(operator, A)
    with reverts(keyless_notary.contract.PrecompileFailed, precompile=PAIRING):
        keyless_notary.contract.setBlsKey(key, proof, sender=operator)


def test_set_bls_key__with_a_proof_that_is_no_point__reverts(keyless_notary: Notary) -> None:
    with reverts(keyless_notary.contract.PrecompileFailed, precompile=PAIRING):
        keyless_notary.contract.setBlsKey(public_key(A), outside_g2(), sender=keyless_notary.operators[0])


def test_set_bls_key__of_another_operator__reverts(bls_notary: Notary) -> None:
    """Even if its owner proves it for both: one signature would weigh as two."""
    first, second = bls_notary.operators[:2]
    with reverts(bls_notary.contract.BlsKeyTaken, operator=first):
        bls_notary.set_bls_key(second, A)


@pytest.mark.parametrize("between", [[], [NEW]], ids=["in use", "replaced"])
def test_set_bls_key__a_second_time__reverts(bls_notary: Notary, between: list[int]) -> None:
    operator = bls_notary.operators[0]
    for secret in between:
        bls_notary.set_bls_key(operator, secret)
    with reverts(bls_notary.contract.BlsKeyTaken, operator=operator):
        bls_notary.set_bls_key(operator, A)


def test_join__without_a_bls_key__reverts(keyless_notary: Notary) -> None:
    operator = keyless_notary.operators[0]
    with reverts(keyless_notary.contract.NotEligible, operator=operator, stake=5 * ETHER, min=ETHER):
        keyless_notary.contract.join(operator, sender=operator)


# --- snapshots ---


@pytest.mark.parametrize("limits", [[4], [1, 2, 3], [3, 3]])
def test_take_snapshot__sums_up_the_keys(bls_notary: Notary, limits: list[int]) -> None:
    for limit in limits:
        bls_notary.contract.takeSnapshot(limit, sender=bls_notary.operators[0])
    assert tuple(bls_notary.contract.blsSumOf(4)) == public_key(A + B + C + D)
    assert all(bls_notary.contract.isBlsKeyAt(4, public_key(secret)) for secret in SECRETS)
    assert not any(bls_notary.contract.isBlsKeyAt(epoch, public_key(A)) for epoch in (3, 5))
    assert bls_notary.contract.isBlsKeyAt(4, public_key(7)) is False


def test_take_snapshot__takes_the_key_that_it_finds(bls_notary: Notary) -> None:
    """D, the last member, is read first, and A last. Both rotate in between."""
    contract = bls_notary.contract
    contract.takeSnapshot(1, sender=bls_notary.operators[0])
    bls_notary.set_bls_key(bls_notary.operators[3], NEW)
    bls_notary.set_bls_key(bls_notary.operators[0], NEW + 1)
    contract.takeSnapshot(3, sender=bls_notary.operators[0])
    assert tuple(contract.blsSumOf(4)) == public_key(NEW + 1 + B + C + D)
    assert [contract.isBlsKeyAt(4, public_key(secret)) for secret in (D, NEW, A, NEW + 1)] == [True, False, False, True]


def test_take_snapshot__leaves_out_who_joins_while_it_is_taken(keyless_notary: Notary) -> None:
    contract, operators = keyless_notary.contract, keyless_notary.operators
    for operator, secret in zip(operators, SECRETS, strict=True):
        keyless_notary.set_bls_key(operator, secret)
    for operator in operators[:3]:
        contract.join(operator, sender=operator)
    contract.takeSnapshot(1, sender=operators[0])
    contract.join(operators[3], sender=operators[3])
    contract.takeSnapshot(100, sender=operators[0])
    assert tuple(contract.blsSumOf(4)) == public_key(A + B + C)
    assert contract.isBlsKeyAt(4, public_key(D)) is False


def test_take_snapshot__in_the_next_epoch__sums_up_anew(bls_notary: Notary, time: int) -> None:
    bls_notary.set_bls_key(bls_notary.operators[0], NEW)
    assert tuple(bls_notary.contract.blsSumOf(4)) == public_key(A + B + C + D)
    bls_notary.protocol.to_epoch(5)
    assert tuple(bls_notary.contract.blsSumOf(5)) == G1_INFINITY
    later = bls_notary.snapshot()
    assert tuple(bls_notary.contract.blsSumOf(5)) == public_key(NEW + B + C + D)
    assert tuple(bls_notary.contract.blsSumOf(4)) == public_key(A + B + C + D)
    bls_notary.attest(later, [NEW, B, C, D])
    bls_notary.attest(time, SECRETS)  # for the epoch before, with the key of then


# --- quorums ---


@pytest.mark.parametrize("missing", [[], [A], [B], [C], [A, B]])
def test_require_bls_quorum__of_two_thirds__is_taken(bls_notary: Notary, time: int, missing: list[int]) -> None:
    receipt = bls_notary.attest(time, set(SECRETS) - set(missing), missing)
    assert_event(receipt, bls_notary.contract.Attested, time=time, document=DOCUMENT, quorum=QUORUM)


@pytest.mark.parametrize(("missing", "weight"), [([D], 30), ([A, C], 30), ([A, B, C], 20), ([B, C, D], 5)])
def test_require_bls_quorum__of_less__reverts(bls_notary: Notary, time: int, missing: list[int], weight: int) -> None:
    with reverts(bls_notary.contract.QuorumMissed, weight=weight * ETHER, needed=33_335 * ETHER // 1000):
        bls_notary.attest(time, set(SECRETS) - set(missing), missing)


def test_require_quorum__misses_what_the_other_scheme_misses(bls_notary: Notary, time: int) -> None:
    signatures = [
        sign_typed(operator, domain("BLS Notary", bls_notary.contract), STATEMENT, (time, DOCUMENT)).encode_rsv()
        for operator in bls_notary.operators
    ]
    sender = bls_notary.operators[0]
    with reverts(bls_notary.contract.QuorumMissed, weight=30 * ETHER, needed=33_335 * ETHER // 1000):
        bls_notary.contract.attest(time, DOCUMENT, QUORUM, signatures[:3], sender=sender)
    bls_notary.contract.attest(time, DOCUMENT, QUORUM, [signatures[i] for i in (0, 1, 3)], sender=sender)


@pytest.mark.parametrize(
    ("signers", "missing"),
    [
        ([A, B, C], []),
        ([A, B, C, D], [A]),
        ([A, A, B, C, D], []),
        ([B, C, D], [B]),
        ([NEW], []),
    ],
    ids=["one did not sign", "a signer is named", "one signed twice", "another is named", "a stranger signed"],
)
def test_require_bls_quorum__signed_by_others__reverts(
    bls_notary: Notary, time: int, signers: list[int], missing: list[int]
) -> None:
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.attest(time, signers, missing)


def test_require_bls_quorum__of_another_document__reverts(bls_notary: Notary, time: int) -> None:
    aggregate = bls_notary.aggregate(time, SECRETS, document=OTHER_DOCUMENT)
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.contract.attestBls(time, DOCUMENT, QUORUM, aggregate, sender=bls_notary.operators[0])


def test_require_bls_quorum__with_a_signature_that_is_no_point__reverts(bls_notary: Notary, time: int) -> None:
    with reverts(bls_notary.contract.PrecompileFailed, precompile=PAIRING):
        bls_notary.contract.attestBls(time, DOCUMENT, QUORUM, (outside_g2(), []), sender=bls_notary.operators[0])


@pytest.mark.parametrize("quorum", [0, QUORUM])
def test_require_bls_quorum__of_nobody__reverts(bls_notary: Notary, time: int, quorum: int) -> None:
    """All are named, and infinity is the sum of no signatures."""
    aggregate = (G2_INFINITY, [public_key(secret) for secret in SECRETS])
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.contract.attestBls(time, DOCUMENT, quorum, aggregate, sender=bls_notary.operators[0])


def test_require_bls_quorum__of_keys_that_cancel_out__reverts(keyless_notary: Notary) -> None:
    """C and D have opposite keys, with proofs. Infinity would be their signature on everything."""
    contract, operators = keyless_notary.contract, keyless_notary.operators
    for operator, secret in zip(operators, (A, B, C, -C), strict=True):
        keyless_notary.set_bls_key(operator, secret)
        contract.join(operator, sender=operator)
    time = keyless_notary.snapshot()
    assert tuple(contract.blsSumOf(4)) == public_key(A + B)
    with reverts(contract.InvalidBlsSignature, digest=keyless_notary.statement(time)):
        keyless_notary.attest(time, [0], [A, B])
    keyless_notary.attest(time, [A, B])


@pytest.mark.parametrize("missing", [[B, A], [A, A]], ids=["descending", "twice"])
def test_require_bls_quorum__with_non_signers_not_ascending__reverts(
    bls_notary: Notary, time: int, missing: list[int]
) -> None:
    first, second = (bls_notary.operators[SECRETS.index(secret)] for secret in missing)
    with reverts(bls_notary.contract.OperatorsNotAscending, before=first, operator=second):
        bls_notary.attest(time, [C, D], missing)


@pytest.mark.parametrize("secret", [7, NEW], ids=["nobody's key", "a key of later"])
def test_require_bls_quorum__naming_a_key_not_in_the_snapshot__reverts(
    bls_notary: Notary, time: int, secret: int
) -> None:
    bls_notary.set_bls_key(bls_notary.operators[0], NEW)
    with reverts(bls_notary.contract.BlsKeyNotInSnapshot, epoch=4, key=public_key(secret)):
        bls_notary.attest(time, [B, C, D], [secret])


def test_require_bls_quorum__naming_a_key_in_another_encoding__reverts(bls_notary: Notary, time: int) -> None:
    key = raised(public_key(A), 0)
    aggregate = (sign([B, C, D], bls_notary.statement(time)), [key])
    with reverts(bls_notary.contract.BlsKeyNotInSnapshot, epoch=4, key=key):
        bls_notary.contract.attestBls(time, DOCUMENT, QUORUM, aggregate, sender=bls_notary.operators[0])


def test_require_bls_quorum__before_all_members_are_read__reverts(bls_notary: Notary) -> None:
    bls_notary.contract.takeSnapshot(3, sender=bls_notary.operators[0])
    with reverts(bls_notary.contract.SnapshotIncomplete, epoch=4):
        bls_notary.attest(ape.chain.pending_timestamp, [B, C, D])


def test_require_bls_quorum__signed_for_another_contract__reverts(
    bls_notary: Notary, time: int, deploy_notary: Callable[[], ContractInstance]
) -> None:
    other = Notary(bls_notary.protocol, deploy_notary(), bls_notary.operators)
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.contract.attestBls(
            time, DOCUMENT, QUORUM, other.aggregate(time, SECRETS), sender=bls_notary.operators[0]
        )


# --- faults ---


def strike(notary: Notary, time: int, secret: int) -> ReceiptAPI:
    """Proves that the owner of the secret signed two documents alone."""
    signed = [(document, sign(secret, notary.statement(time, document))) for document in (DOCUMENT, OTHER_DOCUMENT)]
    return notary.contract.proveAlone(time, public_key(secret), *signed, sender=notary.operators[0])


def test_require_signed__with_two_documents__slashes(bls_notary: Notary, time: int) -> None:
    receipt = strike(bls_notary, time, B)
    assert_event(receipt, bls_notary.contract.Struck, epoch=4, operator=bls_notary.operators[1], weight=10 * ETHER)
    assert bls_notary.protocol.delegation.retained(bls_notary.operators[1], bls_notary.contract.VAULT()) == WAD * 3 // 4


def test_require_signed__with_a_key_replaced_since__slashes(bls_notary: Notary, time: int) -> None:
    bls_notary.set_bls_key(bls_notary.operators[1], NEW)
    receipt = strike(bls_notary, time, B)
    assert_event(receipt, bls_notary.contract.Struck, epoch=4, operator=bls_notary.operators[1], weight=10 * ETHER)


def test_require_signed__with_a_key_of_later__reverts(bls_notary: Notary, time: int) -> None:
    bls_notary.set_bls_key(bls_notary.operators[1], NEW)
    with reverts(bls_notary.contract.BlsKeyNotInSnapshot, epoch=4, key=public_key(NEW)):
        strike(bls_notary, time, NEW)


def test_require_signed__by_another__reverts(bls_notary: Notary, time: int) -> None:
    signed = [(document, sign(A, bls_notary.statement(time, document))) for document in (DOCUMENT, OTHER_DOCUMENT)]
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.contract.proveAlone(time, public_key(B), *signed, sender=bls_notary.operators[0])


@pytest.mark.parametrize("signs", [False, True], ids=["it is named", "it signs"])
def test_require_bls_quorum__of_a_struck_operator__counts_without_it(
    bls_notary: Notary, time: int, signs: bool
) -> None:
    """Without D, 20 of 30 are two thirds, and too little for 66.67 %. D's key is still in the sum."""
    strike(bls_notary, time, D)
    d = {D} if signs else set()
    named = [] if signs else [D]
    bls_notary.attest(time, {A, B, C} | d, named)
    bls_notary.attest(time, {B, C} | d, [A, *named])
    with reverts(bls_notary.contract.QuorumMissed, weight=20 * ETHER, needed=20_001 * ETHER // 1000):
        bls_notary.attest(time, {A, C} | d, [B, *named])
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time)):
        bls_notary.attest(time, {A, B, C} | d, [] if not signs else [D])


def test_require_bls_quorum__of_all_struck__reverts(bls_notary: Notary, time: int) -> None:
    for secret in SECRETS:
        strike(bls_notary, time, secret)
    with reverts(bls_notary.contract.QuorumMissed, weight=0, needed=1):
        bls_notary.attest(time, SECRETS)


def contradiction(notary: Notary, time: int, keys: list[int]) -> tuple[Any, ...]:
    """D is missing in one document, A in the other."""
    return (
        time,
        (DOCUMENT, notary.aggregate(time, [A, B, C], [D])),
        (OTHER_DOCUMENT, notary.aggregate(time, [B, C, D], [A], OTHER_DOCUMENT)),
        [public_key(secret) for secret in keys],
    )


def test_require_signer__of_two_aggregates__slashes_who_is_in_both(bls_notary: Notary, time: int) -> None:
    b, c = bls_notary.operators[1:3]
    receipt = bls_notary.contract.proveTogether(
        *contradiction(bls_notary, time, [C, B]), sender=bls_notary.operators[0]
    )
    assert_events(
        receipt,
        bls_notary.contract.Struck,
        {"epoch": 4, "operator": c, "weight": 15 * ETHER},
        {"epoch": 4, "operator": b, "weight": 10 * ETHER},
    )


@pytest.mark.parametrize("secret", [A, D])
def test_require_signer__missing_in_one__reverts(bls_notary: Notary, time: int, secret: int) -> None:
    operator = bls_notary.operators[SECRETS.index(secret)]
    with reverts(bls_notary.contract.DidNotSign, operator=operator):
        bls_notary.contract.proveTogether(*contradiction(bls_notary, time, [B, secret]), sender=operator)


def test_require_signer__not_in_the_snapshot__reverts(bls_notary: Notary, time: int) -> None:
    bls_notary.set_bls_key(bls_notary.operators[1], NEW)
    with reverts(bls_notary.contract.BlsKeyNotInSnapshot, epoch=4, key=public_key(NEW)):
        bls_notary.contract.proveTogether(*contradiction(bls_notary, time, [NEW]), sender=bls_notary.operators[0])


def test_require_aggregate__not_signed__reverts(bls_notary: Notary, time: int) -> None:
    """One aggregate is genuine, the other shown for another document."""
    signed = bls_notary.aggregate(time, SECRETS)
    with reverts(bls_notary.contract.InvalidBlsSignature, digest=bls_notary.statement(time, OTHER_DOCUMENT)):
        bls_notary.contract.proveTogether(
            time, (DOCUMENT, signed), (OTHER_DOCUMENT, signed), [public_key(B)], sender=bls_notary.operators[0]
        )
