"""What operators do by the command line, and what it shows them."""

from typing import Any

import pytest

from catenary.cli.app import moment
from tests.catenary.shell import Scene, Shell, Who
from tests.helpers.protocol import DAY, ETHER

NO_PART = {"guaranteed": 0, "elastic": 0}


def part(guaranteed: int, elastic: int) -> dict[str, int]:
    return {"guaranteed": guaranteed, "elastic": elastic}


def mandate(loss_budget: int, commission: int, veto_period: int = 0) -> dict[str, int]:
    return {"loss_budget": loss_budget, "commission": commission, "veto_period": veto_period}


def change(scene: Scene, what: str, epoch: int, before: int, after: int) -> dict[str, Any]:
    return {
        "what": what,
        "epoch": epoch,
        "before": before,
        "after": after,
        "at": scene.start_of(epoch),
        "leave_before": scene.start_of(epoch - 1),
        "loosens": after > before,
    }


@pytest.fixture
def untouched(cli_scene: Scene, who: dict[str, Who]) -> dict[str, Any]:
    """What `status` says of the operator's pool in the scene."""
    allocations = {"at_once": part(2_000, 1_000), "with_veto": part(1_000, 0), "shared": part(0, 4_000)}
    return {
        "vault": cli_scene.vaults["cWETH"],
        "symbol": "cWETH",
        "operator": who["operator"].address,
        "mandate": mandate(5_000, 1_000),
        "announced": mandate(5_000, 1_000),
        "room": 2_000,
        "allocations": [
            {"avs": cli_scene.avss[name], "now": one, "announced": one} for name, one in allocations.items()
        ],
        "changes": [],
        "retained": 10**18,
        "pool_shares": 100 * ETHER,
        "value": 100 * ETHER,
        "leaving_pool_shares": 0,
        "leaving_value": 0,
        "open_requests": [],
        "commission_to_claim": [],
    }


def status(shell: Shell, operator: Who, epoch: int = 4) -> list[dict[str, Any]]:
    seen = shell.run("operator", "status", operator.address, "--json").json
    pools: list[dict[str, Any]] = seen.pop("pools")
    assert seen == {"operator": operator.address, "block": shell.node.block, "time": shell.node.time, "epoch": epoch}
    return pools


def test_status__of_the_scene(shell: Shell, who: dict[str, Who], untouched: dict[str, Any]) -> None:
    assert status(shell, who["operator"]) == [untouched]


def test_story__newcomer(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    new, shared, burnt = who["second_operator"], cli_scene.avss["shared"], who["slasher"].address
    done = shell.send(new, "operator", "register")
    assert done.json == shell.sent("registerOperator")
    assert done.err == f"register {new.address} as an operator; then it can open pools\n"
    assert status(shell, new) == []

    words = ("--vault", "cWETH", "--loss-budget", "20 %", "--commission", "500 bps", "--veto-period", "12 h")
    done = shell.send(new, "operator", "open-pool", *words)
    assert done.json == shell.sent("openPool")
    assert done.err.splitlines() == [
        "open a pool in cWETH: loss budget 20 % an epoch, all AVSs together, commission 5 %; both can be changed at "
        "once until somebody delegates to it",
        "it accepts AVSs with veto periods of 12 h or more: that is fixed for good",
    ]

    done = shell.send(new, "operator", "mandate", "--vault", "cWETH", "--loss-budget", "30 %")
    assert done.json == shell.sent("setMandate")
    assert done.err.splitlines()[1] == ("nobody has delegated to the pool: loss budget 30 % and commission 5 % at once")

    done = shell.send(new, "operator", "opt-in", str(shared), "--vault", "cWETH", "--elastic", "25 %")
    assert done.json == shell.sent("optIn")
    assert done.err.splitlines() == [
        f"opt the pool in cWETH in to AVS {shared}",
        f"its terms are fixed for good: {burnt} slashes; {who['resolver'].address} may veto it for 1 d; slashed stake "
        "is burnt",
        "guaranteed part: 0 % now, and no change announced",
        f"elastic part: 0 % now, 25 % from {moment(cli_scene.start_of(7))} on",
        f"who undelegates before {moment(cli_scene.start_of(6))} is out before anything rises",
    ]
    (pool,) = status(shell, new)
    assert pool == {
        "vault": cli_scene.vaults["cWETH"],
        "symbol": "cWETH",
        "operator": new.address,
        "mandate": mandate(3_000, 500, DAY // 2),
        "announced": mandate(3_000, 500, DAY // 2),
        "room": 3_000,
        "allocations": [{"avs": shared, "now": NO_PART, "announced": part(0, 2_500)}],
        "changes": [change(cli_scene, f"elastic part of AVS {shared}", 7, 0, 2_500)],
        "retained": 10**18,
        "pool_shares": 0,
        "value": 0,
        "leaving_pool_shares": 0,
        "leaving_value": 0,
        "open_requests": [],
        "commission_to_claim": [],
    }


def test_story__changes(shell: Shell, cli_scene: Scene, who: dict[str, Who], untouched: dict[str, Any]) -> None:
    """What falls does so at e + 2, what rises at e + 3."""
    operator, (first, second, _) = who["operator"], cli_scene.avss.values()
    falls, rises, out = (moment(cli_scene.start_of(epoch)) for epoch in (6, 7, 6))
    words = ("--vault", "cWETH", "--loss-budget", "40 %", "--commission", "15 %")
    done = shell.send(operator, "operator", "mandate", *words)
    assert done.json == shell.sent("setMandate")
    assert done.err.splitlines() == [
        "announce a mandate for the pool in cWETH",
        f"loss budget: 50 % now, 40 % from {falls} on",
        f"commission: 10 % now, 15 % from {rises} on",
        f"who undelegates before {out} is out before anything rises",
    ]
    done = shell.send(operator, "operator", "allocate", str(first), "--vault", "cWETH", "--guaranteed", "15.5 %")
    assert done.json == shell.sent("allocate")
    assert done.err.splitlines() == [
        f"announce an allocation of the pool in cWETH to AVS {first}",
        f"guaranteed part: 20 % now, 15.5 % from {falls} on",
        "elastic part: 10 % now, and no change announced",
    ]
    done = shell.send(operator, "operator", "opt-out", str(second), "--vault", "cWETH")
    assert done.json == shell.sent("optOut")
    assert done.err.splitlines() == [
        f"announce that the pool in cWETH leaves AVS {second}",
        f"guaranteed part: 10 % now, 0 % from {falls} on",
        "elastic part: 0 % now, and no change announced",
        f"until {falls} it can slash as before",
    ]
    (pool,) = status(shell, operator)
    one, two, three = untouched["allocations"]
    assert pool == untouched | {
        "announced": mandate(4_000, 1_500),
        "room": 4_000 - 1_550,
        "allocations": [one | {"announced": part(1_550, 1_000)}, two | {"announced": NO_PART}, three],
        "changes": [
            change(cli_scene, "loss budget", 6, 5_000, 4_000),
            change(cli_scene, f"guaranteed part of AVS {first}", 6, 2_000, 1_550),
            change(cli_scene, f"guaranteed part of AVS {second}", 6, 1_000, 0),
            change(cli_scene, "commission", 7, 1_000, 1_500),
        ],
    }


def test_claim_commission__claims_that_of_all_tokens(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    operator, arc = who["operator"], cli_scene.tokens["ARC"]
    assert shell.send(operator, "operator", "claim-commission").error == (
        f"{operator.address} has no commission to claim: that of an epoch can be claimed once it is over"
    )
    shell.node.move_to(cli_scene.start_of(5))
    number = str(cli_scene.avss["at_once"])
    assert shell.send(who["carol"], "avs", "pay", number, "100 ARC", "--token", arc, "--vault", "cWETH").json
    (pool,) = status(shell, operator, 5)
    assert pool["commission_to_claim"] == [{"token": arc, "amount": 10 * 10**6}]
    done = shell.send(operator, "operator", "claim-commission", "--receiver", who["bob"].address)
    assert done.json == shell.sent("claimCommission")
    assert done.err == f"claim 10 ARC, token {arc}, of commission of the pool in cWETH to {who['bob'].address}\n"
    assert status(shell, operator, 5)[0]["commission_to_claim"] == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["register"], "{operator} is registered as an operator already: go on with opening a pool."),
        (["mandate", "--vault", "cWETH"], "name what to announce, by --loss-budget or --commission"),
        (["allocate", "{at_once}", "--vault", "cWETH"], "name what to announce, by --guaranteed or --elastic"),
        (
            ["allocate", "{at_once}", "--vault", "cWETH", "--guaranteed", "41 %"],
            "In epoch 7 5100 bps would be guaranteed out of a loss budget of 5000 bps: guarantee less, or announce a "
            "larger loss budget and wait until it is in force.",
        ),
        (
            ["opt-in", "{at_once}", "--vault", "cWETH", "--guaranteed", "1 %"],
            "The pool of {operator} is opted in to AVS {at_once}: change its allocation.",
        ),
        (
            ["opt-in", "99", "--vault", "cWETH", "--guaranteed", "1 %"],
            "there is no AVS 99: there are 3, and their ids count from 1",
        ),
        (
            ["mandate", "--vault", "cWETH", "--loss-budget", "40"],
            "'40' is not a fraction: write it as in '25.5 %' or '2550 bps'",
        ),
        (
            ["mandate", "--vault", "cWETH", "--loss-budget", "101 %"],
            "'101 %' must be a whole number of bps from 0 to 10,000",
        ),
        (
            ["open-pool", "--vault", "cSIX", "--loss-budget", "1 %", "--commission", "1 %", "--veto-period", "1 week"],
            "'1 week' is not a length of time: write it as in '2 d', '12 h', '90 min' or '30 s'",
        ),
        (
            ["opt-in", "{at_once}", "--vault", "cWETH", "--data", "words"],
            "'words' is not hexadecimal: write --data as in 0x01ff",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused__says_what_and_what_to_do(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], words: list[str], error: str
) -> None:
    operator = who["operator"]
    names = {"operator": operator.address, **cli_scene.avss}
    nonce = shell.node.nonce(operator.address)
    done = shell.send(operator, "operator", *(word.format(**names) for word in words))
    assert (done.code, done.error) == (1, error.format(**names))
    assert shell.node.nonce(operator.address) == nonce


def test_status__of_one_who_is_none__is_refused(shell: Shell, who: dict[str, Who]) -> None:
    done = shell.run("operator", "status", who["bob"].address)
    bob = who["bob"].address
    assert done.error == f"{bob} is not registered as an operator: `catenary operator register` does it"


def test_open_pool__simulated__says_that_it_would_be_opened(shell: Shell, who: dict[str, Who]) -> None:
    words = ("--vault", "cSIX", "--loss-budget", "20 %", "--commission", "0 %", "--simulate")
    done = shell.send(who["operator"], "operator", "open-pool", *words)
    assert [event["name"] for event in done.json["events"]][:1] == ["PoolOpened"]
