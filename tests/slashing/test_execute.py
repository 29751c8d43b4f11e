"""Executing a request: when, by whom, how much, and to whom it goes."""

from typing import Any

import pytest
from ape.api import AccountAPI

from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.protocol import ANYTHING, BPS, BURN, DAY, ETHER, WAD, Request
from tests.helpers.scene import Scene, at, look_at, request_id


@pytest.fixture
def ripe(scene: Scene, with_veto: int) -> Request:
    """A request for a tenth whose veto period is over."""
    taken = scene.request(with_veto, WAD // 10)
    look_at(taken[5] + DAY)
    return taken


# --- when ---


def test_execute__in_the_last_second_of_the_veto_period__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + DAY - 1)
    with reverts(scene.protocol.slashing.VetoPeriodRunning, id=request_id(taken), endsAt=taken[5] + DAY):
        scene.execute(taken)


def test_execute__in_the_first_second_after_the_veto_period__slashes(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + DAY)
    scene.execute(taken)
    assert scene.retained == WAD * 9 // 10


def test_execute__in_the_last_second_of_the_window__slashes(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + 2 * DAY)
    scene.execute(taken)
    assert scene.retained == WAD * 9 // 10


def test_execute__one_second_after_the_window__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + 2 * DAY + 1)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.execute(taken)
    assert scene.retained == WAD


def test_execute__twice__reverts(scene: Scene, ripe: Request) -> None:
    scene.execute(ripe)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(ripe)):
        scene.execute(ripe)
    assert scene.retained == WAD * 9 // 10


def test_execute__of_what_was_executed_at_once__reverts(scene: Scene, at_once: int) -> None:
    taken = scene.request(at_once, WAD // 10)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.execute(taken)


def test_execute__after_a_veto__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.veto(taken)
    at(taken[5] + DAY)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.execute(taken)


def test_execute__after_it_was_taken_back__reverts(scene: Scene, ripe: Request) -> None:
    scene.take_back(ripe)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(ripe)):
        scene.execute(ripe)


@pytest.mark.parametrize("field", [3, 4, 5])
def test_execute__of_a_request_that_nobody_made__reverts(scene: Scene, ripe: Request, field: int) -> None:
    other: Any = list(ripe)
    other[field] += 1
    at(ripe[5] + DAY + 60)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(tuple(other))):
        scene.execute(tuple(other))


def test_execute__of_an_unknown_avs__reverts(scene: Scene, ripe: Request) -> None:
    with reverts(scene.protocol.registry.UnknownAVS, avs=2**32 - 1):
        scene.execute((2**32 - 1, *ripe[1:]))


# --- by whom ---


@pytest.mark.parametrize("role", ["slasher", "resolver", "operator", "alice", "stranger"])
def test_execute__by_anyone__slashes(scene: Scene, ripe: Request, role: str, request: pytest.FixtureRequest) -> None:
    scene.execute(ripe, sender=request.getfixturevalue(role))
    assert scene.retained == WAD * 9 // 10


# --- how much ---


def test_execute__ends_the_request(scene: Scene, ripe: Request) -> None:
    scene.execute(ripe)
    assert scene.open_amount(ripe) == 0
    assert scene.has_open_request is False


def test_execute__returns_what_was_granted(scene: Scene, ripe: Request) -> None:
    assert scene.protocol.slashing.execute.call(ripe, sender=scene.operator) == WAD // 10


def test_execute__in_part__returns_that_part(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 2)
    look_at(taken[5] + DAY)
    assert scene.protocol.slashing.execute.call(taken, sender=scene.operator) == WAD // 10


def test_execute__in_part__leaves_the_rest_open(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 2)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    assert scene.retained == WAD * 9 // 10
    assert scene.open_amount(taken) == WAD * 4 // 10
    assert scene.has_open_request is True


def test_execute__in_part_and_again_in_the_next_epoch__grants_of_the_new_budget(scene: Scene, with_veto: int) -> None:
    scene.protocol.to_epoch(5, 3_600 - 2 * DAY)  # so it lapses an hour into epoch 5
    taken = scene.request(with_veto, WAD // 2)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    scene.protocol.to_epoch(5)
    scene.execute(taken)
    # A tenth of 1, then a tenth of 0.9.
    assert scene.retained == WAD * 81 // 100
    assert scene.open_amount(taken) == WAD // 2 - WAD // 10 - WAD * 9 // 100
    assert scene.has_open_request is True


def test_execute__in_part_until_it_lapses__loses_the_rest(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 2)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    look_at(taken[5] + 2 * DAY + 1)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.execute(taken)


def test_execute__when_nothing_is_left__changes_nothing(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 2)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    receipt = scene.execute(taken)
    assert_events(receipt, scene.protocol.slashing.Slashed)
    assert scene.retained == WAD * 9 // 10
    assert scene.open_amount(taken) == WAD * 4 // 10
    assert scene.has_open_request is True


def test_execute__takes_the_guaranteed_part_first(scene: Scene, at_once: int) -> None:
    receipt, taken = scene.file(at_once, WAD // 4)
    assert_event(
        receipt,
        scene.protocol.slashing.Slashed,
        id=request_id(taken),
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=WAD // 5,
        elastic=WAD // 20,
        shares=25 * ETHER,
        recipient=BURN,
    )


def test_execute__out_of_the_elastic_part_alone__says_so(scene: Scene, shared: int) -> None:
    taken = scene.request(shared, WAD // 20)
    look_at(taken[5] + DAY)
    assert_event(
        scene.execute(taken),
        scene.protocol.slashing.Slashed,
        id=request_id(taken),
        avs=shared,
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=0,
        elastic=WAD // 20,
        shares=5 * ETHER,
        recipient=BURN,
    )


def test_execute__out_of_the_smallest_elastic_part_there_is__takes_all_of_it(
    empty_scene: Scene, alice: AccountAPI
) -> None:
    avs = empty_scene.avs(0, 1)
    empty_scene.stake(alice)
    empty_scene.protocol.to_epoch(4, 60)
    empty_scene.request(avs, WAD)
    assert empty_scene.retained == WAD - WAD // BPS


def test_execute__takes_of_positions_and_open_tickets_alike(
    scene: Scene, ripe: Request, alice: AccountAPI, recipient: AccountAPI
) -> None:
    epoch = scene.undelegate(alice, 40 * ETHER)
    scene.execute(ripe)
    assert scene.vault.balanceOf(recipient) == 10 * ETHER
    assert scene.position(alice) == (60 * ETHER, 54 * ETHER)
    assert scene.ticket(alice, epoch) == (40 * ETHER, 36 * ETHER)


def test_execute__does_not_take_of_a_matured_ticket(
    scene: Scene, with_veto: int, alice: AccountAPI, recipient: AccountAPI
) -> None:
    epoch = scene.undelegate(alice, 40 * ETHER)
    scene.protocol.to_epoch(6)
    taken = scene.request(with_veto, WAD // 10)
    look_at(taken[5] + DAY)
    scene.execute(taken)
    assert scene.vault.balanceOf(recipient) == 6 * ETHER
    assert scene.ticket(alice, epoch) == (40 * ETHER, 40 * ETHER)


# --- to whom ---


def test_execute__with_a_recipient__moves_vault_shares_to_it(
    scene: Scene, ripe: Request, recipient: AccountAPI
) -> None:
    burnt = scene.vault.balanceOf(BURN)
    receipt = scene.execute(ripe)
    assert_event(
        receipt,
        scene.protocol.slashing.Slashed,
        id=request_id(ripe),
        avs=ripe[0],
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=WAD // 10,
        elastic=0,
        shares=10 * ETHER,
        recipient=recipient,
    )
    assert_events(
        receipt, scene.vault.Transfer, {"from": scene.protocol.delegation, "to": recipient, "value": 10 * ETHER}
    )
    assert scene.vault.balanceOf(recipient) == 10 * ETHER
    assert scene.vault.balanceOf(BURN) == burnt
    assert scene.vault.balanceOf(scene.protocol.delegation) == 90 * ETHER


def test_execute__without_a_recipient__burns_and_leaves_them_in_the_supply(scene: Scene, at_once: int) -> None:
    burnt, supply = scene.vault.balanceOf(BURN), scene.vault.totalSupply()
    scene.request(at_once, WAD // 10)
    assert scene.vault.balanceOf(BURN) == burnt + 10 * ETHER
    assert scene.vault.totalSupply() == supply
    assert scene.vault.balanceOf(scene.protocol.delegation) == 90 * ETHER


def test_execute__rounds_what_is_moved_down(scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI) -> None:
    """What is reported, moved and booked is the same; the dust stays with the pool."""
    scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(7)
    scene.vault.depositAndDelegate(999, scene.operator, 0, ANYTHING, sender=bob)
    burnt = scene.vault.balanceOf(BURN)
    receipt, taken = scene.file(at_once, WAD // 100)  # 9.99 vault shares
    assert_event(
        receipt,
        scene.protocol.slashing.Slashed,
        id=request_id(taken),
        avs=at_once,
        operator=scene.operator,
        vault=scene.vault,
        guaranteed=WAD // 100,
        elastic=0,
        shares=9,
        recipient=BURN,
    )
    assert scene.vault.balanceOf(BURN) == burnt + 9
    assert scene.retained == WAD * 99 // 100
    assert scene.position(bob) == (999, 989)


# --- nothing to take ---


def test_execute__on_a_pool_that_nobody_ever_delegated_to__grants_nothing(empty_scene: Scene) -> None:
    avs = empty_scene.avs(2_000)
    empty_scene.protocol.to_epoch(4, 60)
    receipt, taken = empty_scene.file(avs, WAD // 10)
    assert_events(receipt, empty_scene.protocol.slashing.Slashed)
    assert empty_scene.retained == WAD
    assert empty_scene.slashable(avs) == (WAD // 5, 0)
    assert empty_scene.open_amount(taken) == WAD // 10


def test_execute__when_all_have_left__grants_nothing_and_draws_nothing(
    scene: Scene, at_once: int, alice: AccountAPI
) -> None:
    scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(6)
    receipt, taken = scene.file(at_once, WAD // 10)
    assert_events(receipt, scene.protocol.slashing.Slashed)
    assert scene.retained == WAD
    assert scene.slashable(at_once) == (WAD // 5, WAD // 10)
    assert scene.open_amount(taken) == WAD // 10


def test_execute__that_rounds_to_nothing__grants_nothing_and_draws_nothing(
    scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI
) -> None:
    """A tenth of 9 vault shares is less than one: a pool of dust loses nothing rather than `retained` for nothing."""
    scene.undelegate(alice, 100 * ETHER)
    scene.protocol.to_epoch(6)
    scene.vault.depositAndDelegate(9, scene.operator, 0, ANYTHING, sender=bob)
    _, taken = scene.file(at_once, WAD // 10)
    assert scene.retained == WAD
    assert scene.slashable(at_once) == (WAD // 5, WAD // 10)
    assert scene.open_amount(taken) == WAD // 10


def test_execute__on_an_empty_pool_within_a_batch__does_not_fail_the_others(
    scene: Scene, with_veto: int, second_operator: AccountAPI, alice: AccountAPI, recipient: AccountAPI
) -> None:
    registry, slashing = scene.protocol.registry, scene.protocol.slashing
    registry.registerOperator("", sender=second_operator)
    registry.openPool(scene.vault, 5_000, 1_000, 0, sender=second_operator)
    registry.optIn(with_veto, scene.vault, 1_000, 0, b"", sender=second_operator)
    scene.protocol.to_epoch(7, 60)
    empty = scene.protocol.request(with_veto, second_operator, scene.vault, WAD // 10, sender=scene.slasher)[1]
    full = scene.request(with_veto, WAD // 10)
    look_at(full[5] + DAY)
    slashing.multicall([slashing.execute.encode_input(each) for each in (empty, full)], sender=alice)
    assert scene.open_amount(empty) == WAD // 10
    assert scene.open_amount(full) == 0
    assert scene.retained == WAD * 9 // 10
    assert scene.vault.balanceOf(recipient) == 10 * ETHER


def test_execute__a_batch_of_one_pool__draws_one_budget(scene: Scene, with_veto: int) -> None:
    slashing = scene.protocol.slashing
    now = at(scene.protocol.registry.startOf(4) + DAY)
    calls = [
        slashing.request.encode_input(*scene.arguments(with_veto, WAD * 6 // 100, now, bytes([i]) * 32)) for i in (1, 2)
    ]
    slashing.multicall(calls, sender=scene.slasher)
    requests = [
        (with_veto, scene.operator.address, scene.vault.address, WAD * 6 // 100, now, now, bytes([i]) * 32)
        for i in (1, 2)
    ]
    look_at(now + DAY)
    slashing.multicall([slashing.execute.encode_input(each) for each in requests], sender=scene.operator)
    assert scene.retained == WAD * 9 // 10
    assert [scene.open_amount(each) for each in requests] == [0, WAD * 2 // 100]
