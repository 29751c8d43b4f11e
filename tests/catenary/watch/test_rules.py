"""
What is said of an event to whom. Sentences are written out from the scene of tests/slashing/conftest.py: 100 cAST of
Alice's in the operator's pool, loss budget 50 %; AVS `at_once` burns up to 30 %, `with_veto` sends 10 % to someone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

import catenary
from catenary.history import History
from catenary.units import WAD, moment
from catenary.watch import EVERYTHING, Alert, Interest, alerts
from catenary.watch.watch import Units
from tests.catenary.history.world import deployment_of
from tests.helpers.protocol import DAY, ETHER, Protocol
from tests.helpers.scene import Scene, request_id

Said = Callable[..., list[Alert]]
TENTH = WAD // 10


@pytest.fixture
def said(protocol: Protocol, tmp_path: Path) -> Said:
    """Alerts on what happened since the last call, the first time on what happened in the last block."""
    deployment = deployment_of(protocol)
    since = [ape.chain.blocks.height]

    def said(interest: Interest = EVERYTHING) -> list[Alert]:
        found = []
        with History(tmp_path / "history.db", deployment) as history:
            history.sync()
            state, units = history.nothing(), Units(catenary.Protocol(deployment))
            for event in history.store.events():
                if event.block > since[0]:
                    found += alerts(event, state, units, interest)
                state.apply(event)
        return found

    return said


def start(protocol: Protocol, epoch: int) -> int:
    return int(protocol.registry.startOf(epoch))


def pool_of(scene: Scene) -> dict[str, Any]:
    return {"operator": scene.operator.address, "vault": scene.vault.address, "symbol": "cAST"}


def name(scene: Scene) -> str:
    return f"the pool of {scene.operator.address} in cAST"


# --- slashing ---


def test_alerts__of_a_slash_request__say_what_is_asked_and_until_when_what_can_be_done(
    scene: Scene, with_veto: int, said: Said
) -> None:
    receipt, request = scene.file(with_veto, TENTH // 2)

    (alert,) = said()

    until = receipt.timestamp + DAY
    lapses = until + DAY
    assert (alert.kind, alert.severity) == ("slash requested", "warning")
    assert alert.sentence == (
        f"AVS {with_veto} asks to slash {name(scene)} by 0.05 of `retained`: 5 cAST of the 100 cAST in it and its open "
        f"tickets; {scene.resolver.address} may veto it until {moment(until)}, from then on anyone may execute it, and "
        f"after {moment(lapses)} it has lapsed"
    )
    assert alert.data == {
        **pool_of(scene),
        "request": f"0x{request_id(request).hex()}",
        "avs": with_veto,
        "amount": TENTH // 2,
        "retained": WAD,
        "shares": 5 * ETHER,
        "staked": 100 * ETHER,
        "offence_at": request[4],
        "requested_at": receipt.timestamp,
        "evidence": "0x" + "11" * 32,
        "uri": "",
        "resolver": scene.resolver.address,
        "veto_until": until,
        "lapses_after": lapses,
    }


def test_alerts__of_a_slash_at_once__say_what_was_burnt_and_what_stays_open(
    scene: Scene, at_once: int, said: Said
) -> None:
    receipt, _ = scene.file(at_once, 4 * TENTH)

    requested, slashed = said()

    lapses = receipt.timestamp + DAY
    assert requested.sentence == (
        f"AVS {at_once} asks to slash {name(scene)} by 0.4 of `retained`: 40 cAST of the 100 cAST in it and its open "
        f"tickets; it executes at once, and what is not granted can be executed until {moment(lapses)}"
    )
    assert (slashed.kind, slashed.severity) == ("slashed", "critical")
    assert slashed.sentence == (
        f"AVS {at_once} slashed {name(scene)} by 0.3 of `retained`: 30 cAST of the 100 cAST in it and its open tickets "
        f"are burnt; 0.1 of `retained` can be executed until {moment(lapses)}"
    )
    assert slashed.data == {
        **pool_of(scene),
        "request": requested.data["request"],
        "avs": at_once,
        "guaranteed": 2 * TENTH,
        "elastic": TENTH,
        "shares": 30 * ETHER,
        "staked": 100 * ETHER,
        "recipient": "0x000000000000000000000000000000000000dEaD",
        "retained": 7 * TENTH,
        "open": TENTH,
    }


def test_alerts__of_a_slash_that_is_executed__say_who_got_it(
    scene: Scene, with_veto: int, recipient: AccountAPI, said: Said
) -> None:
    request = scene.request(with_veto, TENTH)
    ape.chain.pending_timestamp += DAY
    scene.execute(request)
    assert said()[-1].sentence == (
        f"AVS {with_veto} slashed {name(scene)} by 0.1 of `retained`: 10 cAST of the 100 cAST in it and its open "
        f"tickets went to {recipient.address}"
    )


def test_alerts__of_a_veto_and_of_what_is_taken_back__say_what_is_off(
    scene: Scene, with_veto: int, shared: int, said: Said
) -> None:
    scene.veto(scene.request(with_veto, TENTH))
    scene.take_back(scene.request(shared, 2 * TENTH))

    _, vetoed, _, taken_back = said()

    assert (vetoed.kind, vetoed.severity) == ("slash vetoed", "info")
    assert vetoed.sentence == (
        f"the request of AVS {with_veto} to slash {name(scene)} by 0.1 of `retained` is vetoed by "
        f"{scene.resolver.address}"
    )
    assert taken_back.kind == "slash taken back"
    assert taken_back.sentence == (
        f"the request of AVS {shared} to slash {name(scene)} by 0.2 of `retained` is taken back"
    )


def test_alerts__of_a_slash__tell_a_staker_what_it_lost_tickets_included(
    scene: Scene, at_once: int, bob: AccountAPI, said: Said
) -> None:
    scene.stake(bob, 50 * ETHER)
    scene.undelegate(bob, 20 * ETHER)
    scene.file(at_once, TENTH)

    requested, slashed = said(Interest(staker=bob.address))

    assert requested.sentence.endswith(f"; {bob.address} could lose 5 cAST of 50 cAST")
    assert slashed.sentence.endswith(f"are burnt; {bob.address} loses 5 cAST of 50 cAST")
    assert slashed.data["staker"] == {"address": bob.address, "value": 50 * ETHER, "lost": 5 * ETHER}
    assert slashed.data["shares"] == 15 * ETHER


def test_alerts__of_a_slash_after_a_ticket_matured__are_not_for_its_staker(
    scene: Scene, at_once: int, alice: AccountAPI, bob: AccountAPI, said: Said
) -> None:
    scene.undelegate(alice, 100 * ETHER)
    scene.stake(bob)
    scene.protocol.to_epoch(6, 3_600)
    scene.file(at_once, TENTH)
    assert said(Interest(staker=alice.address)) == []
    assert [each.kind for each in said(Interest(staker=bob.address))] == ["slash requested", "slashed"]


# --- budgets ---


def test_alerts__of_a_budget__come_when_four_fifths_are_reached_and_once(
    scene: Scene, at_once: int, with_veto: int, shared: int, said: Said
) -> None:
    open_requests = [scene.request(with_veto, TENTH), scene.request(shared, TENTH)]
    ape.chain.pending_timestamp += DAY
    scene.file(at_once, 3 * TENTH)
    kinds = [each.kind for each in said()]
    assert kinds == ["slash requested", "slash requested", "slash requested", "slashed"]

    scene.execute(open_requests[0])
    scene.execute(open_requests[1])

    *_, used, slashed = said()[4:]
    assert (used.kind, used.severity, slashed.kind) == ("budget used", "critical", "slashed")
    assert used.sentence == (
        f"80 % of the loss budget of epoch 4 is used in {name(scene)}: at most 10 cAST more can be slashed before "
        f"{moment(start(scene.protocol, 5))}"
    )
    assert used.data == {
        **pool_of(scene),
        "epoch": 4,
        "budget": 5 * TENTH,
        "used": 4 * TENTH,
        "left": 10 * ETHER,
        "ends": start(scene.protocol, 5),
    }


def test_alerts__of_a_budget__begin_anew_in_each_epoch_with_what_is_retained_by_then(
    scene: Scene, at_once: int, with_veto: int, said: Said
) -> None:
    scene.file(at_once, 3 * TENTH)
    scene.protocol.to_epoch(5, 3_600)
    scene.opt_out(with_veto)
    scene.set_budget(2_000)
    scene.protocol.to_epoch(7, 3_600)
    scene.file(at_once, 12 * TENTH // 10)
    used = said()[-1]
    # B is 0.7 now and F 20 %, so 0.14 is the budget, of which 0.12 is 85.71 %.
    assert used.kind == "budget used"
    assert (used.data["budget"], used.data["used"]) == (14 * WAD // 100, 12 * WAD // 100)
    assert used.sentence.startswith("85.71 % of the loss budget of epoch 7 is used")
    assert used.data["left"] == 2 * ETHER


# --- what is announced ---


def test_alerts__of_a_looser_mandate__say_until_when_one_must_undelegate(scene: Scene, said: Said) -> None:
    scene.protocol.registry.setMandate(scene.vault, 6_000, 500, sender=scene.operator)

    (alert,) = said()

    at, leave_before = start(scene.protocol, 7), start(scene.protocol, 6)
    assert (alert.kind, alert.severity) == ("mandate announced", "warning")
    assert alert.sentence == (
        f"a mandate is announced for {name(scene)}: commission 10 % to 5 % on {moment(start(scene.protocol, 6))}; "
        f"loss budget 50 % to 60 % on {moment(at)}, and who undelegates before {moment(leave_before)} is out ahead of "
        "it"
    )
    assert alert.data == {
        **pool_of(scene),
        "loss_budget": 6_000,
        "commission": 500,
        "at_once": False,
        "changes": [
            {
                "what": "commission",
                "epoch": 6,
                "before": 1_000,
                "after": 500,
                "at": start(scene.protocol, 6),
                "leave_before": start(scene.protocol, 5),
                "loosens": False,
            },
            {
                "what": "loss budget",
                "epoch": 7,
                "before": 5_000,
                "after": 6_000,
                "at": at,
                "leave_before": leave_before,
                "loosens": True,
            },
        ],
        "loosens": True,
        "leave_before": leave_before,
    }


def test_alerts__of_a_tighter_mandate__are_no_warning(scene: Scene, alice: AccountAPI, said: Said) -> None:
    scene.protocol.registry.setMandate(scene.vault, 4_000, 1_000, sender=scene.operator)
    (alert,) = said(Interest(staker=alice.address))
    assert alert.severity == "info"
    assert alert.sentence == (
        f"a mandate is announced for {name(scene)}: loss budget 50 % to 40 % on {moment(start(scene.protocol, 6))}; "
        f"{alice.address} has 100 cAST in it"
    )


def test_alerts__of_a_rise_that_is_called_off__say_that_all_stays(scene: Scene, said: Said) -> None:
    for loss_budget in (6_000, 5_000):
        scene.protocol.registry.setMandate(scene.vault, loss_budget, 1_000, sender=scene.operator)
    assert said()[-1].sentence == (
        f"a mandate is announced for {name(scene)}: loss budget 50 %, commission 10 %, as it is"
    )


def test_alerts__of_a_mandate_of_a_pool_that_nobody_delegated_to__say_that_it_is_in_force(
    empty_scene: Scene, said: Said
) -> None:
    empty_scene.protocol.registry.setMandate(empty_scene.vault, 9_000, 0, sender=empty_scene.operator)
    (alert,) = said()
    assert alert.severity == "info"
    assert alert.sentence == (
        f"the mandate of {name(empty_scene)}, to which nobody ever delegated, is now: loss budget 90 %, commission 0 %"
    )


def test_alerts__of_an_opt_in__come_once_and_say_what_is_given(scene: Scene, said: Said) -> None:
    new = scene.avs(1_500, 500)

    (alert,) = said()

    at, leave_before = moment(start(scene.protocol, 7)), moment(start(scene.protocol, 6))
    assert (alert.kind, alert.severity) == ("opt-in", "warning")
    assert alert.sentence == (
        f"{name(scene)} is opted in to AVS {new}: "
        f"guaranteed part 0 % to 15 % on {at}, and who undelegates before {leave_before} is out ahead of it; "
        f"elastic part 0 % to 5 % on {at}, and who undelegates before {leave_before} is out ahead of it"
    )
    assert (alert.data["avs"], alert.data["guaranteed"], alert.data["elastic"]) == (new, 1_500, 500)


def test_alerts__of_an_allocation__say_what_rises_and_what_falls(scene: Scene, at_once: int, said: Said) -> None:
    scene.allocate(at_once, 2_500, 500)
    (alert,) = said()
    assert (alert.kind, alert.severity) == ("allocation announced", "warning")
    assert alert.sentence == (
        f"an allocation of {name(scene)} to AVS {at_once} is announced: "
        f"elastic part 10 % to 5 % on {moment(start(scene.protocol, 6))}; "
        f"guaranteed part 20 % to 25 % on {moment(start(scene.protocol, 7))}, and who undelegates before "
        f"{moment(start(scene.protocol, 6))} is out ahead of it"
    )


def test_alerts__of_an_opt_out__and_of_an_ejection__come_once(
    scene: Scene, at_once: int, with_veto: int, said: Said
) -> None:
    scene.opt_out(at_once)
    scene.protocol.registry.eject(with_veto, scene.operator, scene.vault, sender=scene.avs_owner)

    out, ejected = said()

    at = moment(start(scene.protocol, 6))
    assert (out.kind, out.severity) == ("opt-out", "info")
    assert out.sentence == (
        f"{name(scene)} is opted out of AVS {at_once}: guaranteed part 20 % to 0 % on {at}; elastic part 10 % to 0 % "
        f"on {at}"
    )
    assert (ejected.kind, ejected.severity) == ("ejection", "info")
    assert ejected.sentence == f"AVS {with_veto} ejects {name(scene)}: guaranteed part 10 % to 0 % on {at}"


# --- governance ---


def test_alerts__of_who_governs__are_for_everybody(
    protocol: Protocol, owner: AccountAPI, guardian: AccountAPI, bob: AccountAPI, said: Said
) -> None:
    registry = protocol.registry
    registry.pause(sender=guardian)
    registry.unpause(sender=owner)
    registry.setGuardian("0x" + "00" * 20, sender=owner)
    registry.transferOwnership(bob, sender=owner)
    registry.acceptOwnership(sender=bob)

    found = said(Interest(staker=bob.address, operator=bob.address, avs=1))

    assert [(each.kind, each.severity, each.sentence) for each in found] == [
        (
            "paused",
            "warning",
            f"the protocol is paused by {guardian.address}: no deposits, delegations, opt-ins and raised allocations "
            "until its owner ends that; exits go on",
        ),
        ("unpaused", "info", "the pause of the protocol is over"),
        ("guardian set", "warning", "the guardian is now nobody"),
        ("owner named", "warning", f"the owner names {bob.address} as the next, who has to accept"),
        ("owner changed", "warning", f"the owner is now {bob.address}, and was {owner.address}"),
    ]


# --- whom it is for ---


def test_alerts__for_an_operator__are_those_of_its_pools(
    scene: Scene, at_once: int, operator: AccountAPI, second_operator: AccountAPI, said: Said
) -> None:
    scene.file(at_once, TENTH)
    assert len(said(Interest(operator=operator.address))) == 2
    assert said(Interest(operator=second_operator.address)) == []


def test_alerts__for_an_avs__are_those_of_pools_that_secure_it(
    scene: Scene, at_once: int, with_veto: int, said: Said
) -> None:
    scene.file(at_once, TENTH)
    other = scene.protocol.register_avs(scene.avs_owner, scene.slasher, vaults=[scene.vault])
    assert len(said(Interest(avs=at_once))) == 2
    assert len(said(Interest(avs=with_veto))) == 2
    assert said(Interest(avs=other)) == []


def test_alerts__on_what_nobody_has_to_do_something_about__are_none(
    scene: Scene, vault: ContractInstance, alice: AccountAPI, said: Said
) -> None:
    vault.deposit(ETHER, alice, sender=alice)
    scene.undelegate(alice, ETHER)
    assert said() == []
