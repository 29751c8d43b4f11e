"""Quorums: whose signatures count, how much they weigh, and to the wei how much is enough."""

import random

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import Signature

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import assert_event, reverts
from tests.helpers.oracle import STATEMENT, Scene, deploy_notary, key, key_of
from tests.helpers.protocol import ETHER, Protocol
from tests.helpers.scene import at, look_at

SUBJECT = b"\x01" * 32
STATED = b"\x02" * 32
OTHER = b"\x03" * 32
NEEDED = -(-TOTAL * 6_667 // 10_000)  # rounded up


def signed(notary: Scene, time: int, *signers: LocalAccount) -> list[bytes]:
    return [notary.sign(signer, STATEMENT, SUBJECT, STATED, time) for signer in signers]


def by(notary: Scene, operators: list[AccountAPI], time: int) -> list[bytes]:
    """The operators' signatures, in ascending order."""
    return signed(notary, time, *(key_of(operator) for operator in notary.ascending(operators)))


@pytest.fixture
def time(notary: Scene) -> int:
    """After the snapshot, in the second before the next block."""
    taken = int(notary.contract.snapshotOf(notary.protocol.epoch).takenAt)
    return at(taken + 61) - 1


def test_quorum__of_enough_weight__certifies(notary: Scene, members: list[AccountAPI], time: int) -> None:
    four = members[:4]  # 5 of 6 parts
    receipt = notary.contract.certify(SUBJECT, STATED, time, by(notary, four, time), sender=notary.owner)
    assert tuple(notary.contract.certificateOf(SUBJECT)) == (STATED, time)
    assert_event(receipt, notary.contract.Certified, subject=SUBJECT, statement=STATED)


@pytest.mark.parametrize("missing", [[0], [1, 2], [0, 1, 2, 3, 4]])
def test_quorum__of_too_little_weight__reverts(
    notary: Scene, members: list[AccountAPI], time: int, missing: list[int]
) -> None:
    """Four parts of six are 66.66 %, which is short of 66.67 %."""
    signers = [member for index, member in enumerate(members) if index not in missing]
    weight = sum(2 * WEIGHT if member == members[0] else WEIGHT for member in signers)
    with reverts(notary.contract.QuorumMissed, weight=weight, needed=NEEDED):
        notary.contract.certify(SUBJECT, STATED, time, by(notary, signers, time), sender=notary.owner)


@pytest.mark.parametrize("short", [0, 1])
def test_quorum__is_exact_to_the_wei(
    protocol: Protocol,
    vault: ContractInstance,
    avs_owner: AccountAPI,
    carol: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    short: int,
) -> None:
    """Two operators, of which one alone has 66.67 % of all weight, or a wei less."""
    notary = deploy_notary(protocol, vault, avs_owner, [operator, second_operator])
    notary.enlist(operator, carol, stake=200 * ETHER, guaranteed=5_000, elastic=0)
    # Safe is a half of 200 ETH and of what makes the rest 33.33 %.
    rest = 100 * ETHER * 3_333 // 6_667 + short
    notary.enlist(second_operator, carol, stake=2 * rest, guaranteed=5_000, elastic=0)
    epoch = notary.begin()
    weight, other = notary.weight(epoch, operator), notary.weight(epoch, second_operator)
    assert (weight, other) == (100 * ETHER, rest)
    needed = -(-(weight + other) * 6_667 // 10_000)
    assert needed == weight + short
    now = at(int(notary.contract.snapshotOf(epoch).takenAt) + 2) - 1
    signatures = by(notary, [operator], now)
    if short:
        with reverts(notary.contract.QuorumMissed, weight=weight, needed=needed):
            notary.contract.certify(SUBJECT, STATED, now, signatures, sender=avs_owner)
    else:
        notary.contract.certify(SUBJECT, STATED, now, signatures, sender=avs_owner)
        assert notary.contract.certificateOf(SUBJECT).certifiedAt == now


def test_quorum__where_nobody_weighs_anything__is_none(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI
) -> None:
    notary = deploy_notary(protocol, vault, avs_owner)
    taken = notary.take_snapshot().timestamp
    at(taken + 2)
    with reverts(notary.contract.QuorumMissed, weight=0, needed=1):
        notary.contract.certify(SUBJECT, STATED, taken + 1, [], sender=avs_owner)


def test_quorum__in_any_other_order__reverts(notary: Scene, members: list[AccountAPI], time: int) -> None:
    first, second, *rest = notary.ascending(members)
    signatures = signed(notary, time, *(key_of(each) for each in (second, first, *rest)))
    with reverts(notary.contract.OperatorsNotAscending, before=second, operator=first):
        notary.contract.certify(SUBJECT, STATED, time, signatures, sender=notary.owner)


def test_quorum__of_one_operator_twice__reverts(notary: Scene, members: list[AccountAPI], time: int) -> None:
    first = notary.ascending(members)[0]
    signatures = by(notary, members, time)
    with reverts(notary.contract.OperatorsNotAscending, before=first, operator=first):
        notary.contract.certify(SUBJECT, STATED, time, [signatures[0], *signatures], sender=notary.owner)


def test_quorum__with_a_signature_of_a_stranger__reverts(notary: Scene, members: list[AccountAPI], time: int) -> None:
    signatures = [*by(notary, members, time), *signed(notary, time, key("stranger"))]
    with reverts(notary.contract.KeyNotInForce, signer=key("stranger").address, time=time):
        notary.contract.certify(SUBJECT, STATED, time, signatures, sender=notary.owner)


def test_quorum__with_a_signature_of_something_else__reverts(
    notary: Scene, members: list[AccountAPI], time: int
) -> None:
    """It recovers to an address that is nobody's key."""
    signatures = by(notary, members, time)
    digest = bytes(notary.contract.digestOf(SUBJECT, OTHER, time))
    first = Signature(signatures[0][:64] + bytes([signatures[0][64] - 27]))
    recovered = first.recover_public_key_from_msg_hash(digest)
    with reverts(notary.contract.KeyNotInForce, signer=recovered.to_checksum_address(), time=time):
        notary.contract.certify(SUBJECT, OTHER, time, signatures, sender=notary.owner)


def test_quorum__with_a_malformed_signature__reverts(notary: Scene, members: list[AccountAPI], time: int) -> None:
    with reverts(notary.contract.ECDSAInvalidSignatureLength, length=64):
        notary.contract.certify(SUBJECT, STATED, time, [by(notary, members, time)[0][:64]], sender=notary.owner)


def test_quorum__counts_who_is_no_member_for_nothing(
    notary: Scene, members: list[AccountAPI], stranger: AccountAPI, time: int
) -> None:
    notary.set_key(stranger, key("stranger"))
    now = at(time + 60) - 1
    signatures = {member: signed(notary, now, key_of(member))[0] for member in members[1:]}
    signatures[stranger] = signed(notary, now, key("stranger"))[0]
    ordered = [signatures[each] for each in notary.ascending(list(signatures))]
    with reverts(notary.contract.QuorumMissed, weight=4 * WEIGHT, needed=NEEDED):
        notary.contract.certify(SUBJECT, STATED, now, ordered, sender=notary.owner)


def test_quorum__before_the_snapshot_is_complete__reverts(notary: Scene, members: list[AccountAPI]) -> None:
    epoch = notary.protocol.skip_epochs()
    notary.take_snapshot(4)
    now = at(int(notary.protocol.registry.startOf(epoch)) + 60) - 1
    with reverts(notary.contract.SnapshotIncomplete, epoch=epoch):
        notary.contract.certify(SUBJECT, STATED, now, by(notary, members, now), sender=notary.owner)


def test_quorum__of_any_signers__is_as_the_weights_say(notary: Scene, members: list[AccountAPI], time: int) -> None:
    """All 32 groups."""
    look_at(time + 1)
    rng = random.Random(0)
    signatures = {member: signed(notary, time, key_of(member))[0] for member in members}
    for group in range(32):
        signers = [member for index, member in enumerate(members) if group >> index & 1]
        rng.shuffle(signers)
        ordered = [signatures[each] for each in notary.ascending(signers)]
        weight = sum(2 * WEIGHT if member == members[0] else WEIGHT for member in signers)
        certify = notary.contract.certify.call
        if weight < NEEDED:
            with reverts(notary.contract.QuorumMissed, weight=weight, needed=NEEDED):
                certify(SUBJECT, STATED, time, ordered, sender=notary.owner)
        else:
            certify(SUBJECT, STATED, time, ordered, sender=notary.owner)
