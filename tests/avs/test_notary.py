"""The small AVS: one statement for each subject, and what it costs to sign two."""

from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from tests.avs.conftest import TOTAL, WEIGHT
from tests.helpers import Protocol, assert_event, assert_events, reverts
from tests.helpers.oracle import STATEMENT, Scene, deploy_notary, key, key_of
from tests.helpers.protocol import DAY, WAD, Request
from tests.helpers.scene import at, request_id

SUBJECT = b"\x01" * 32
ONE, TWO = b"\x02" * 32, b"\x03" * 32


def sign(notary: Scene, signer: LocalAccount, statement: bytes, time: int, subject: bytes = SUBJECT) -> bytes:
    return notary.sign(signer, STATEMENT, subject, statement, time)


def certify(notary: Scene, statement: bytes, time: int, signers: list[AccountAPI] | None = None) -> Any:
    signatures = [sign(notary, key_of(each), statement, time) for each in notary.ascending(signers or notary.operators)]
    return notary.contract.certify(SUBJECT, statement, time, signatures, sender=notary.owner)


def conflict(
    notary: Scene,
    operator: AccountAPI,
    times: tuple[int, int],
    *,
    statements: tuple[bytes, bytes] = (ONE, TWO),
    signers: tuple[LocalAccount, LocalAccount] | None = None,
) -> tuple[Any, ...]:
    """Arguments of `proveConflict`."""
    pair = signers or (key_of(operator), key_of(operator))
    signatures = [sign(notary, *each) for each in zip(pair, statements, times, strict=True)]
    return SUBJECT, list(statements), list(times), signatures


@pytest.fixture
def now(notary: Scene) -> int:
    """An hour after the snapshot, in the second before the next block."""
    return at(int(notary.contract.snapshotOf(notary.protocol.epoch).takenAt) + 3_600) - 1


# --- certify ---


def test_certify__twice__reverts(notary: Scene, now: int) -> None:
    certify(notary, ONE, now)
    with reverts(notary.contract.AlreadyCertified, subject=SUBJECT):
        certify(notary, ONE, now)


def test_certify__signed_in_this_second__takes_it(notary: Scene, now: int) -> None:
    certify(notary, ONE, now + 1)
    assert tuple(notary.contract.certificateOf(SUBJECT)) == (ONE, now + 1)


def test_certify__signed_in_the_future__reverts(notary: Scene, now: int) -> None:
    with reverts(notary.contract.TimeOutOfBounds, time=now + 2):
        certify(notary, ONE, now + 2)


@pytest.mark.parametrize("late", [0, 1])
def test_certify__takes_what_was_signed_after_the_snapshot(notary: Scene, now: int, late: int) -> None:
    taken = int(notary.contract.snapshotOf(notary.protocol.epoch).takenAt)
    assert taken < now
    if late:
        certify(notary, ONE, taken + 1)
        assert notary.contract.certificateOf(SUBJECT).certifiedAt == taken + 1
    else:
        with reverts(notary.contract.TimeOutOfBounds, time=taken):
            certify(notary, ONE, taken)


@pytest.mark.parametrize("late", [0, 1])
def test_certify__leaves_half_of_the_report_window_to_prove_a_conflict(notary: Scene, now: int, late: int) -> None:
    at(now + 2 * DAY + late)
    if late:
        with reverts(notary.contract.TimeOutOfBounds, time=now):
            certify(notary, ONE, now)
    else:
        certify(notary, ONE, now)
        assert notary.contract.certificateOf(SUBJECT).certifiedAt == now


def test_certify__signed_in_the_epoch_before__reverts(notary: Scene, now: int) -> None:
    """Its stake may have left since."""
    notary.protocol.skip_epochs()
    notary.take_snapshot()
    with reverts(notary.contract.TimeOutOfBounds, time=now):
        certify(notary, ONE, now)


# --- proveConflict ---


def test_prove_conflict__slashes_and_strikes_the_operator(
    notary: Scene, members: list[AccountAPI], stranger: AccountAPI, now: int
) -> None:
    """A half of the 30 % that the AVS can slash now."""
    epoch = notary.protocol.epoch
    receipt = notary.contract.proveConflict(*conflict(notary, members[1], (now, now - 60)), sender=stranger)
    assert notary.retained(members[1]) == WAD - 15 * WAD // 100
    assert_event(receipt, notary.contract.FaultProved, subject=SUBJECT, operator=members[1])
    assert_event(receipt, notary.contract.Struck, epoch=epoch, operator=members[1], weight=WEIGHT)
    assert notary.weight(epoch, members[1]) == 0
    assert notary.contract.snapshotOf(epoch).weight == TOTAL - WEIGHT


def test_prove_conflict__of_the_later_of_both_times__asks_for_the_slash(
    notary: Scene, members: list[AccountAPI], now: int
) -> None:
    """The offence was committed when the second was signed, whichever is named first."""
    for operator, times in ((members[1], (now, now - 60)), (members[2], (now - 60, now))):
        receipt = notary.contract.proveConflict(*conflict(notary, operator, times), sender=notary.owner)
        requests = list(receipt.decode_logs(notary.protocol.slashing.SlashRequested))
        assert [request.offenceAt for request in requests] == [now]


def test_prove_conflict__after_the_statement_was_certified__slashes(
    notary: Scene, members: list[AccountAPI], now: int
) -> None:
    certify(notary, ONE, now)
    notary.contract.proveConflict(*conflict(notary, members[1], (now, now)), sender=notary.owner)
    assert notary.contract.certificateOf(SUBJECT).statement == ONE
    assert notary.retained(members[1]) == WAD - 15 * WAD // 100


def test_prove_conflict__of_one_statement__reverts(notary: Scene, members: list[AccountAPI], now: int) -> None:
    """At two times, it is still one statement."""
    same = conflict(notary, members[1], (now, now - 60), statements=(ONE, ONE))
    with reverts(notary.contract.NoFault):
        notary.contract.proveConflict(*same, sender=notary.owner)


def test_prove_conflict__of_two_operators__reverts(notary: Scene, members: list[AccountAPI], now: int) -> None:
    two = conflict(notary, members[1], (now, now), signers=(key_of(members[1]), key_of(members[2])))
    with reverts(notary.contract.NoFault):
        notary.contract.proveConflict(*two, sender=notary.owner)


def test_prove_conflict__again_in_the_epoch__reverts(notary: Scene, members: list[AccountAPI], now: int) -> None:
    """Of whatever subject: who weighs nothing commits no fault."""
    notary.contract.proveConflict(*conflict(notary, members[1], (now, now)), sender=notary.owner)
    again = conflict(notary, members[1], (now, now - 1), statements=(TWO, b"\x04" * 32))
    with reverts(notary.contract.NoFault):
        notary.contract.proveConflict(*again, sender=notary.owner)


def test_prove_conflict__of_who_weighs_nothing__reverts(notary: Scene, stranger: AccountAPI, now: int) -> None:
    notary.set_key(stranger, key("stranger"))
    later = at(now + 60) - 1
    two = conflict(notary, stranger, (later, later), signers=(key("stranger"), key("stranger")))
    with reverts(notary.contract.NoFault):
        notary.contract.proveConflict(*two, sender=notary.owner)


def test_prove_conflict__in_the_next_epoch__slashes_again(notary: Scene, members: list[AccountAPI], now: int) -> None:
    """A half of 30 % of the 85 % that are left."""
    notary.contract.proveConflict(*conflict(notary, members[1], (now, now)), sender=notary.owner)
    notary.protocol.skip_epochs()
    later = notary.take_snapshot().timestamp + 60
    at(later)
    again = conflict(notary, members[1], (later, later))
    notary.contract.proveConflict(*again, sender=notary.owner)
    assert notary.retained(members[1]) == 85 * WAD // 100 * 85 // 100


def test_prove_conflict__with_two_keys_of_an_operator__slashes(
    notary: Scene, members: list[AccountAPI], now: int
) -> None:
    """Each signed while it was in force."""
    changed = notary.set_key(members[1], key("new")).timestamp
    at(changed + 10)
    two = conflict(notary, members[1], (now, changed + 5), signers=(key_of(members[1]), key("new")))
    notary.contract.proveConflict(*two, sender=notary.owner)
    assert notary.retained(members[1]) == WAD - 15 * WAD // 100


def test_prove_conflict__with_a_key_that_was_replaced__reverts(
    notary: Scene, members: list[AccountAPI], now: int
) -> None:
    """Whoever finds an old key can say what it likes of the time after it."""
    changed = notary.set_key(members[1], key("new")).timestamp
    at(changed + 10)
    with reverts(notary.contract.KeyNotInForce, signer=key_of(members[1]).address, time=changed + 1):
        notary.contract.proveConflict(*conflict(notary, members[1], (now, changed + 1)), sender=notary.owner)


@pytest.mark.parametrize("late", [0, 1])
def test_prove_conflict__within_the_report_window__slashes(
    notary: Scene, members: list[AccountAPI], now: int, late: int
) -> None:
    proof = conflict(notary, members[1], (now, now))
    reported = at(now + 4 * DAY + late)
    if late:
        with reverts(notary.protocol.slashing.OffenceOutOfWindow, offenceAt=now, reportedAt=reported):
            notary.contract.proveConflict(*proof, sender=notary.owner)
    else:
        notary.contract.proveConflict(*proof, sender=notary.owner)
        assert notary.retained(members[1]) == WAD - 15 * WAD // 100


def test_prove_conflict__of_the_future__reverts(notary: Scene, members: list[AccountAPI], now: int) -> None:
    """It can be proved once it has come."""
    proof = conflict(notary, members[1], (now, now + 100))
    with reverts(notary.protocol.slashing.OffenceOutOfWindow, offenceAt=now + 100, reportedAt=now + 1):
        notary.contract.proveConflict(*proof, sender=notary.owner)


# --- with a veto ---


@pytest.fixture
def vetoed(
    protocol: Protocol,
    vault: ContractInstance,
    avs_owner: AccountAPI,
    operator: AccountAPI,
    bob: AccountAPI,
    resolver: AccountAPI,
) -> Scene:
    """A notary with one operator, whose slash requests a resolver may veto for a day."""
    vetoed = deploy_notary(protocol, vault, avs_owner, [operator], veto_period=DAY, resolver=resolver.address)
    vetoed.enlist(operator, bob)
    vetoed.begin()
    return vetoed


def file(vetoed: Scene) -> Request:
    """Proves, a minute later, a fault that the operator commits just now, and gives the request back."""
    (operator,) = vetoed.operators
    now = ape.chain.pending_timestamp
    at(now + 60)
    arguments = conflict(vetoed, operator, (now, now))
    receipt = vetoed.contract.proveConflict(*arguments, sender=vetoed.owner)
    evidence = keccak(vetoed.contract.proveConflict.encode_input(*arguments))
    return vetoed.avs, operator.address, vetoed.vault.address, 15 * WAD // 100, now, receipt.timestamp, evidence


def test_veto_period__leaves_the_request_open(vetoed: Scene, operator: AccountAPI) -> None:
    """The strike does not wait."""
    request = file(vetoed)
    assert vetoed.retained(operator) == WAD
    assert vetoed.protocol.slashing.openAmount(request) == 15 * WAD // 100
    assert vetoed.weight(vetoed.protocol.epoch, operator) == 0


def test_veto_period__over__anyone_executes(vetoed: Scene, operator: AccountAPI, stranger: AccountAPI) -> None:
    request = file(vetoed)
    at(request[5] + DAY)
    vetoed.protocol.slashing.execute(request, sender=stranger)
    assert vetoed.retained(operator) == 85 * WAD // 100


def test_veto__by_the_resolver__slashes_nothing(
    vetoed: Scene, operator: AccountAPI, stranger: AccountAPI, resolver: AccountAPI
) -> None:
    request = file(vetoed)
    vetoed.protocol.slashing.veto(request, sender=resolver)
    at(request[5] + DAY)
    with reverts(vetoed.protocol.slashing.RequestNotOpen, id=request_id(request)):
        vetoed.protocol.slashing.execute(request, sender=stranger)
    assert vetoed.retained(operator) == WAD


def test_veto_period__keeps_the_operator_from_weighing_in_this_epoch_and_the_next(
    vetoed: Scene, operator: AccountAPI, stranger: AccountAPI
) -> None:
    """What the request takes when it executes is not there for an offence after it. It stays a member."""
    protocol, epoch = vetoed.protocol, vetoed.protocol.epoch
    protocol.to_epoch(epoch + 1, -DAY)
    request = file(vetoed)
    protocol.to_epoch(epoch + 1)
    receipt = vetoed.take_snapshot()
    assert_events(receipt, vetoed.contract.Dropped)
    at(request[5] + 2 * DAY)  # the last second
    protocol.slashing.execute(request, sender=stranger)
    assert [vetoed.weight(each, operator) for each in (epoch, epoch + 1)] == [0, 0]
    assert vetoed.contract.snapshotOf(epoch + 1).weight == 0
    protocol.to_epoch(epoch + 2)
    vetoed.take_snapshot()
    assert vetoed.weight(epoch + 2, operator) == WEIGHT * 85 // 100


def test_veto_period__of_a_fault_before_the_snapshot__keeps_the_operator_out_of_it(
    vetoed: Scene, operator: AccountAPI
) -> None:
    protocol, epoch = vetoed.protocol, vetoed.protocol.epoch
    protocol.to_epoch(epoch + 1, -30)
    file(vetoed)
    assert protocol.epoch == epoch + 1
    vetoed.take_snapshot()
    assert vetoed.contract.isMember(operator)
    assert vetoed.weight(epoch + 1, operator) == 0
