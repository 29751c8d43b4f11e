"""Asking for a slash: what is refused, what executes at once, and what stays open."""

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.protocol import BURN, DAY, ETHER, EVIDENCE, WAD
from tests.helpers.scene import Scene, at, look_at, request_id

REPORT_WINDOW = 4 * DAY
EXECUTE_WINDOW = DAY


@pytest.mark.parametrize("role", ["avs_owner", "resolver", "operator", "owner", "recipient", "stranger"])
def test_request__by_anyone_but_the_slasher__reverts(
    scene: Scene, at_once: int, role: str, request: pytest.FixtureRequest
) -> None:
    caller = request.getfixturevalue(role)
    with reverts(scene.protocol.slashing.NotSlasher, avs=at_once, caller=caller):
        scene.request(at_once, WAD, sender=caller)


def test_request__by_the_slasher_of_another_avs__reverts(scene: Scene, at_once: int, stranger: AccountAPI) -> None:
    other = scene.avs(100, slasher=stranger)
    with reverts(scene.protocol.slashing.NotSlasher, avs=at_once, caller=stranger):
        scene.request(at_once, WAD, sender=stranger)
    with reverts(scene.protocol.slashing.NotSlasher, avs=other, caller=scene.slasher):
        scene.request(other, WAD)


@pytest.mark.parametrize("amount", [0, WAD + 1, 2**256 - 1])
def test_request__of_nothing_or_more_than_the_whole__reverts(scene: Scene, at_once: int, amount: int) -> None:
    with reverts(scene.protocol.slashing.AmountOutOfBounds, amount=amount):
        scene.request(at_once, amount)


def test_request__for_an_offence_to_come__reverts(scene: Scene, at_once: int) -> None:
    now = at(ape.chain.pending_timestamp + 60)
    with reverts(scene.protocol.slashing.OffenceOutOfWindow, offenceAt=now + 1, reportedAt=now):
        scene.request(at_once, WAD, offence_at=now + 1)


def test_request__for_an_offence_one_second_older_than_the_window__reverts(scene: Scene, at_once: int) -> None:
    now = at(scene.protocol.registry.startOf(5))
    offence = now - REPORT_WINDOW - 1
    with reverts(scene.protocol.slashing.OffenceOutOfWindow, offenceAt=offence, reportedAt=now):
        scene.request(at_once, WAD, offence_at=offence)


def test_request__for_an_offence_in_the_epoch_before_the_allocation_came_into_force__reverts(
    scene: Scene, at_once: int
) -> None:
    before = scene.protocol.registry.startOf(4) - 1
    with reverts(
        scene.protocol.slashing.AllocationNotInForce,
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        epoch=3,
    ):
        scene.request(at_once, WAD, offence_at=before)


def test_request__for_an_offence_in_the_first_second_after_an_opt_out_came_into_force__reverts(
    scene: Scene, at_once: int
) -> None:
    scene.opt_out(at_once)  # announced in epoch 4, in force from 6 on
    out = scene.protocol.registry.startOf(6)
    scene.protocol.to_epoch(6)
    with reverts(
        scene.protocol.slashing.AllocationNotInForce,
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        epoch=6,
    ):
        scene.request(at_once, WAD, offence_at=out)


def test_request__for_an_allocation_announced_but_not_in_force__reverts(scene: Scene) -> None:
    young = scene.avs(100)
    with reverts(
        scene.protocol.slashing.AllocationNotInForce,
        avs=young,
        operator=scene.operator,
        vault=scene.vault,
        epoch=4,
    ):
        scene.request(young, WAD)


@pytest.mark.parametrize("unknown", [0, 1_000, 2**32 - 1])
def test_request__of_an_unknown_avs__reverts(scene: Scene, unknown: int) -> None:
    with reverts(scene.protocol.registry.UnknownAVS, avs=unknown):
        scene.request(unknown, WAD)


def test_request__on_a_pool_that_is_not_open__reverts(scene: Scene, at_once: int, stranger: AccountAPI) -> None:
    with reverts(
        scene.protocol.slashing.AllocationNotInForce, avs=at_once, operator=stranger, vault=scene.vault, epoch=4
    ):
        scene.protocol.request(at_once, stranger, scene.vault, WAD, sender=scene.slasher)


def test_request__on_a_vault_that_is_not_one__reverts(scene: Scene, at_once: int, asset: ContractInstance) -> None:
    with reverts(
        scene.protocol.slashing.AllocationNotInForce, avs=at_once, operator=scene.operator, vault=asset, epoch=4
    ):
        scene.protocol.request(at_once, scene.operator, asset, WAD, sender=scene.slasher)


def test_request__twice_in_one_second__reverts(scene: Scene, with_veto: int) -> None:
    now = at(ape.chain.pending_timestamp + 60)
    call = scene.protocol.slashing.request.encode_input(*scene.arguments(with_veto, WAD // 10, now))
    expected = (with_veto, scene.operator.address, scene.vault.address, WAD // 10, now, now, EVIDENCE)
    with reverts(scene.protocol.slashing.RequestExists, id=request_id(expected)):
        scene.protocol.slashing.multicall([call, call], sender=scene.slasher)


def test_request__refused__changes_nothing(scene: Scene, at_once: int) -> None:
    with reverts(scene.protocol.slashing.AmountOutOfBounds, amount=WAD + 1):
        scene.request(at_once, WAD + 1)
    assert scene.retained == WAD
    assert scene.has_open_request is False


def test_request__for_an_offence_of_this_very_second__is_taken(scene: Scene, at_once: int) -> None:
    now = at(ape.chain.pending_timestamp + 60)
    scene.request(at_once, WAD // 10, offence_at=now)
    assert scene.retained == WAD * 9 // 10


def test_request__for_an_offence_at_the_last_second_of_the_window__is_taken(scene: Scene, at_once: int) -> None:
    now = at(scene.protocol.registry.startOf(5))
    scene.request(at_once, WAD // 10, offence_at=now - REPORT_WINDOW)
    assert scene.retained == WAD * 9 // 10


def test_request__for_an_offence_in_the_first_second_of_the_allocation__is_taken(scene: Scene, at_once: int) -> None:
    scene.request(at_once, WAD // 10, offence_at=scene.protocol.registry.startOf(4))
    assert scene.retained == WAD * 9 // 10


def test_request__for_an_offence_in_the_last_second_before_an_opt_out_came_into_force__is_taken(
    scene: Scene, with_veto: int
) -> None:
    """It is a request like any other, but there is nothing left that it could be granted."""
    scene.opt_out(with_veto)
    scene.protocol.to_epoch(6)
    taken = scene.request(with_veto, WAD // 10, offence_at=scene.protocol.registry.startOf(6) - 1)
    assert scene.open_amount(taken) == WAD // 10
    look_at(taken[5] + DAY)
    scene.execute(taken)
    assert scene.open_amount(taken) == WAD // 10
    assert scene.retained == WAD


@pytest.mark.parametrize("amount", [1, WAD])
def test_request__of_the_smallest_and_the_largest_amount__is_taken(scene: Scene, with_veto: int, amount: int) -> None:
    assert scene.open_amount(scene.request(with_veto, amount)) == amount


def test_request__twice_in_one_second_with_other_evidence__is_taken(scene: Scene, with_veto: int) -> None:
    now = at(ape.chain.pending_timestamp + 60)
    calls = [
        scene.protocol.slashing.request.encode_input(*scene.arguments(with_veto, WAD // 10, now, evidence))
        for evidence in (b"\x01" * 32, b"\x02" * 32)
    ]
    scene.protocol.slashing.multicall(calls, sender=scene.slasher)
    for evidence in (b"\x01" * 32, b"\x02" * 32):
        r = (with_veto, scene.operator.address, scene.vault.address, WAD // 10, now, now, evidence)
        assert scene.open_amount(r) == WAD // 10


def test_request__for_an_offence_under_an_elastic_allocation_alone__is_taken(scene: Scene, shared: int) -> None:
    assert scene.open_amount(scene.request(shared, WAD // 10)) == WAD // 10


def test_request__without_veto_period__executes_at_once(scene: Scene, at_once: int) -> None:
    taken = scene.request(at_once, WAD // 10)
    assert scene.retained == WAD * 9 // 10
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False


def test_request__without_veto_period__tells_what_it_did(scene: Scene, at_once: int) -> None:
    receipt, taken = scene.file(at_once, WAD // 10)
    assert_event(
        receipt,
        scene.protocol.slashing.SlashRequested,
        id=request_id(taken),
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        amount=WAD // 10,
        offenceAt=taken[4],
        requestedAt=receipt.timestamp,
        evidence=EVIDENCE,
        uri="",
    )
    assert_event(
        receipt,
        scene.protocol.slashing.Slashed,
        id=request_id(taken),
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=WAD // 10,
        elastic=0,
        shares=10 * ETHER,
        recipient=BURN,
    )


def test_request__without_veto_period__returns_the_id_and_what_was_granted(scene: Scene, at_once: int) -> None:
    offence = scene.protocol.registry.startOf(4)
    identity, granted = scene.protocol.slashing.request.call(
        *scene.arguments(at_once, WAD // 10, offence), sender=scene.slasher
    )
    # The block of a simulated call is not known beforehand, so its id is found among the next seconds.
    now = ape.chain.blocks.head.timestamp
    expected = [
        request_id((at_once, scene.operator.address, scene.vault.address, WAD // 10, offence, second, EVIDENCE))
        for second in range(now, now + 60)
    ]
    assert bytes(identity) in expected
    assert granted == WAD // 10


def test_request__without_veto_period__of_more_than_the_budget_has__takes_what_there_is_and_stays_open(
    scene: Scene, at_once: int
) -> None:
    receipt, taken = scene.file(at_once, WAD // 2)
    assert_event(
        receipt,
        scene.protocol.slashing.Slashed,
        id=request_id(taken),
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=WAD // 5,
        elastic=WAD // 10,
        shares=30 * ETHER,
        recipient=BURN,
    )
    assert scene.retained == WAD * 7 // 10
    assert scene.open_amount(taken) == WAD // 5
    assert scene.has_open_request is True


def test_request__without_veto_period__granted_in_part__is_executed_further_in_the_next_epoch(
    scene: Scene, at_once: int
) -> None:
    scene.protocol.to_epoch(5, -3_600)
    taken = scene.request(at_once, WAD // 2)
    scene.protocol.to_epoch(5)
    scene.execute(taken)
    # 20 % of 0.7 is guaranteed, and 6 % of what was asked is left for the elastic part.
    assert scene.retained == WAD * 7 // 10 - WAD // 5
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False


def test_request__without_veto_period__granted_in_part__lapses_after_the_execute_window(
    scene: Scene, at_once: int
) -> None:
    taken = scene.request(at_once, WAD // 2)
    lapses = taken[5] + EXECUTE_WINDOW
    look_at(lapses)
    assert scene.open_amount(taken) == WAD // 5
    assert scene.has_open_request is True
    look_at(lapses + 1)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False


def test_request__without_veto_period__when_nothing_is_left__stays_open_and_tells_of_no_slash(
    scene: Scene, at_once: int
) -> None:
    scene.request(at_once, WAD * 3 // 10)
    receipt, taken = scene.file(at_once, WAD // 10)
    assert_events(receipt, scene.protocol.slashing.Slashed)
    assert scene.retained == WAD * 7 // 10
    assert scene.open_amount(taken) == WAD // 10
    assert scene.has_open_request is True


def test_request__with_veto_period__changes_no_stake(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    assert scene.retained == WAD
    assert scene.open_amount(taken) == WAD // 10
    assert scene.has_open_request is True


def test_request__with_veto_period__tells_what_was_asked(scene: Scene, with_veto: int) -> None:
    receipt = scene.protocol.slashing.request(
        *scene.arguments(with_veto, WAD // 10, scene.protocol.registry.startOf(4))[:-1],
        "ipfs://evidence",
        sender=scene.slasher,
    )
    offence = scene.protocol.registry.startOf(4)
    taken = (
        with_veto,
        scene.operator.address,
        scene.vault.address,
        WAD // 10,
        offence,
        receipt.timestamp,
        EVIDENCE,
    )
    assert_event(
        receipt,
        scene.protocol.slashing.SlashRequested,
        id=request_id(taken),
        avs=with_veto,
        operator=scene.operator,
        vault=scene.vault,
        amount=WAD // 10,
        offenceAt=offence,
        requestedAt=receipt.timestamp,
        evidence=EVIDENCE,
        uri="ipfs://evidence",
    )
    assert_events(receipt, scene.protocol.slashing.Slashed)


def test_request__with_veto_period__returns_that_nothing_was_granted(scene: Scene, with_veto: int) -> None:
    _, granted = scene.protocol.slashing.request.call(
        *scene.arguments(with_veto, WAD // 10, scene.protocol.registry.startOf(4)), sender=scene.slasher
    )
    assert granted == 0


def test_request__with_veto_period__lapses_after_veto_period_and_execute_window(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    lapses = taken[5] + DAY + EXECUTE_WINDOW
    look_at(lapses)
    assert scene.open_amount(taken) == WAD // 10
    assert scene.has_open_request is True
    look_at(lapses + 1)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False


def test_request_id__is_the_hash_of_all_that_the_request_says(scene: Scene) -> None:
    r = (7, scene.operator.address, scene.vault.address, 3, 5, 11, b"\x22" * 32)
    assert bytes(scene.protocol.slashing.requestId(r)) == request_id(r)


@pytest.mark.parametrize("field", range(7))
def test_request_id__differs_with_every_field(scene: Scene, stranger: AccountAPI, field: int) -> None:
    r = [7, scene.operator.address, scene.vault.address, 3, 5, 11, b"\x22" * 32]
    other = list(r)
    other[field] = [8, stranger.address, stranger.address, 4, 6, 12, b"\x23" * 32][field]
    ids = [bytes(scene.protocol.slashing.requestId(each)) for each in (r, other)]
    assert ids[0] != ids[1]


def test_open_requests__are_counted_until_the_last_one_has_ended(
    scene: Scene, with_veto: int, shared: int, resolver: AccountAPI
) -> None:
    first = scene.request(with_veto, WAD // 10)
    second = scene.request(shared, WAD // 10)
    scene.protocol.slashing.veto(first, sender=resolver)
    assert scene.has_open_request is True
    scene.protocol.slashing.veto(second, sender=resolver)
    assert scene.has_open_request is False


def test_open_requests__that_lapsed__are_not_counted_with_later_ones(
    scene: Scene, with_veto: int, resolver: AccountAPI
) -> None:
    first = scene.request(with_veto, WAD // 10)
    look_at(first[5] + 2 * DAY + 1)
    assert scene.has_open_request is False
    second = scene.request(with_veto, WAD // 10)
    assert scene.has_open_request is True
    scene.protocol.slashing.veto(second, sender=resolver)
    assert scene.has_open_request is False


def test_open_requests__that_lapsed_while_another_was_open__count_until_that_one_would_have_lapsed(
    scene: Scene, with_veto: int
) -> None:
    """Stricter for stakers than it need be, and never for longer than the windows."""
    first = scene.request(with_veto, WAD // 10)
    at(first[5] + DAY)
    last = scene.request(with_veto, WAD // 10)
    look_at(first[5] + 2 * DAY + 1)
    assert scene.open_amount(first) == 0
    scene.protocol.slashing.takeBack(last, sender=scene.slasher)
    look_at(last[5] + 2 * DAY)
    assert scene.has_open_request is True
    look_at(last[5] + 2 * DAY + 1)
    assert scene.has_open_request is False


def test_open_requests__of_a_short_veto_period_after_a_long_one__do_not_shorten_it(
    scene: Scene, with_veto: int, at_once: int
) -> None:
    """The pool has an open request until the later of the two has lapsed."""
    long = scene.request(with_veto, WAD // 10)
    at(long[5] + 1)
    scene.request(at_once, WAD)  # granted in part, lapses a day earlier
    look_at(long[5] + 2 * DAY)
    assert scene.has_open_request is True
    look_at(long[5] + 2 * DAY + 1)
    assert scene.has_open_request is False


def test_wired_to_a_registry_that_names_another__is_refused(scene: Scene, owner: AccountAPI) -> None:
    with reverts(project.SlashingManager.Miswired, registry=scene.protocol.registry):
        owner.deploy(project.SlashingManager, scene.protocol.registry)


def test_constants_come_from_the_registry(scene: Scene) -> None:
    slashing, registry = scene.protocol.slashing, scene.protocol.registry
    assert slashing.REGISTRY() == registry.address
    assert slashing.DELEGATION() == scene.protocol.delegation.address
    assert (slashing.GENESIS(), slashing.EPOCH()) == (registry.GENESIS(), 7 * DAY)
    assert ZERO_ADDRESS not in (slashing.REGISTRY(), slashing.DELEGATION())
