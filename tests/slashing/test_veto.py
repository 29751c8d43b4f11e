"""Ending a request before it executes: by the resolver's veto, or taken back by the slasher."""

from typing import Any

import pytest
from ape.api import AccountAPI

from tests.helpers import assert_event, reverts
from tests.helpers.protocol import DAY, WAD
from tests.helpers.scene import Scene, at, look_at, request_id

OTHERS = ["avs_owner", "operator", "owner", "guardian", "recipient", "stranger"]
CHANGED = [1, None, None, WAD // 10 + 1, 1, 1, b"\x22" * 32]


# --- veto ---


def test_veto__ends_the_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.veto(taken)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False
    assert scene.retained == WAD


def test_veto__tells_which_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    assert_event(scene.veto(taken), scene.protocol.slashing.SlashVetoed, id=request_id(taken))


@pytest.mark.parametrize("role", [*OTHERS, "slasher"])
def test_veto__by_anyone_but_the_resolver__reverts(
    scene: Scene, with_veto: int, role: str, request: pytest.FixtureRequest
) -> None:
    caller = request.getfixturevalue(role)
    taken = scene.request(with_veto, WAD // 10)
    with reverts(scene.protocol.slashing.NotResolver, avs=with_veto, caller=caller):
        scene.protocol.slashing.veto(taken, sender=caller)


def test_veto__of_an_avs_without_veto_period__reverts(scene: Scene, at_once: int, resolver: AccountAPI) -> None:
    """It has no resolver, so not even what is left of a request can be vetoed."""
    taken = scene.request(at_once, WAD)
    with reverts(scene.protocol.slashing.NotResolver, avs=at_once, caller=resolver):
        scene.veto(taken)


def test_veto__of_an_unknown_avs__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    with reverts(scene.protocol.registry.UnknownAVS, avs=2**32 - 1):
        scene.veto((2**32 - 1, *taken[1:]))


def test_veto__in_the_last_second_of_the_period__ends_the_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + DAY - 1)
    scene.veto(taken)
    assert scene.open_amount(taken) == 0


def test_veto__when_the_period_is_over__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    ended = at(taken[5] + DAY)
    with reverts(scene.protocol.slashing.VetoPeriodOver, id=request_id(taken), endedAt=ended):
        scene.veto(taken)


def test_veto__of_a_lapsed_request__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + 2 * DAY + 1)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.veto(taken)


def test_veto__twice__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.veto(taken)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.veto(taken)


def test_veto__of_what_was_taken_back__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.take_back(taken)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.veto(taken)


@pytest.mark.parametrize("field", [3, 4, 5, 6])
def test_veto__of_a_request_that_nobody_made__reverts(scene: Scene, with_veto: int, field: int) -> None:
    taken: Any = list(scene.request(with_veto, WAD // 10))
    taken[field] = CHANGED[field] if isinstance(CHANGED[field], bytes) else taken[field] + 1
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(tuple(taken))):
        scene.veto(tuple(taken))


def test_veto__leaves_other_requests_open(scene: Scene, with_veto: int, shared: int) -> None:
    first, second = scene.request(with_veto, WAD // 10), scene.request(shared, WAD // 10)
    scene.veto(first)
    assert scene.open_amount(second) == WAD // 10
    assert scene.has_open_request is True


# --- taking back ---


def test_take_back__ends_the_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.take_back(taken)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False
    assert scene.retained == WAD


def test_take_back__tells_which_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    assert_event(scene.take_back(taken), scene.protocol.slashing.SlashTakenBack, id=request_id(taken))


@pytest.mark.parametrize("role", [*OTHERS, "resolver"])
def test_take_back__by_anyone_but_the_slasher__reverts(
    scene: Scene, with_veto: int, role: str, request: pytest.FixtureRequest
) -> None:
    caller = request.getfixturevalue(role)
    taken = scene.request(with_veto, WAD // 10)
    with reverts(scene.protocol.slashing.NotSlasher, avs=with_veto, caller=caller):
        scene.protocol.slashing.takeBack(taken, sender=caller)


def test_take_back__of_an_unknown_avs__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    with reverts(scene.protocol.registry.UnknownAVS, avs=2**32 - 1):
        scene.take_back((2**32 - 1, *taken[1:]))


def test_take_back__of_what_was_left_of_a_slash_at_once__ends_the_request(scene: Scene, at_once: int) -> None:
    taken = scene.request(at_once, WAD)
    scene.take_back(taken)
    assert scene.open_amount(taken) == 0
    assert scene.has_open_request is False
    assert scene.retained == WAD * 7 // 10


def test_take_back__in_the_last_second__ends_the_request(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    look_at(taken[5] + 2 * DAY - 60)
    at(taken[5] + 2 * DAY)
    scene.take_back(taken)
    assert scene.has_open_request is False


def test_take_back__of_a_lapsed_request__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    at(taken[5] + 2 * DAY + 1)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.take_back(taken)


def test_take_back__twice__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.take_back(taken)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.take_back(taken)


def test_take_back__after_a_veto__reverts(scene: Scene, with_veto: int) -> None:
    taken = scene.request(with_veto, WAD // 10)
    scene.veto(taken)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.take_back(taken)


def test_take_back__of_what_was_executed_whole__reverts(scene: Scene, at_once: int) -> None:
    taken = scene.request(at_once, WAD // 10)
    with reverts(scene.protocol.slashing.RequestNotOpen, id=request_id(taken)):
        scene.take_back(taken)
