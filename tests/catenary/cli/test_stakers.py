"""What stakers do by the command line, and what it shows them."""

from typing import Any

import pytest

from catenary.cli.app import moment, span
from tests.catenary.shell import Scene, Shell, Who
from tests.helpers.protocol import ETHER

SIX = 10**6


@pytest.fixture
def in_six(shell: Shell, who: dict[str, Who]) -> dict[str, str]:
    """The operator's pool in the vault of 6 decimals, and the words that name it."""
    assert shell.send(
        who["operator"], "operator", "open-pool", "--vault", "cSIX", "--loss-budget", "20 %", "--commission", "0 %"
    ).json
    return {"symbol": "cSIX", "operator": who["operator"].address}


@pytest.fixture
def pool(cli_scene: Scene, who: dict[str, Who]) -> dict[str, str]:
    """The pool of the scene, as JSON names it."""
    return {"vault": cli_scene.vaults["cWETH"], "symbol": "cWETH", "operator": who["operator"].address}


def positions(shell: Shell, account: Who) -> dict[str, Any]:
    seen: dict[str, Any] = shell.run("positions", account.address, "--json").json
    assert (seen.pop("staker"), seen.pop("block")) == (account.address, shell.node.block)
    return seen


def ticket(scene: Scene, pool: dict[str, str], epoch: int, amount: int, matured: bool) -> dict[str, Any]:
    return {
        **pool,
        "epoch": epoch,
        "pool_shares": amount,
        "value": amount,
        "matured": matured,
        "matures_at": scene.start_of(epoch + 2),
    }


def test_story__ether_in_and_out(shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str]) -> None:
    bob = who["bob"]
    place = ("--vault", "cWETH", "--operator", who["operator"].address)
    nothing: dict[str, list[Any]] = {"undelegated": [], "delegated": [], "tickets": [], "rewards": []}
    assert positions(shell, bob) == nothing

    done = shell.send(bob, "deposit", "10 ether", "--vault", "cWETH", "--ether")
    assert done.json == shell.sent("depositNative")
    undelegated = {"vault": pool["vault"], "symbol": "cWETH"}
    assert positions(shell, bob) == nothing | {"undelegated": [{**undelegated, "shares": 10 * ETHER}]}

    done = shell.send(bob, "delegate", "4 cWETH", *place)
    assert done.json == shell.sent("delegateShares")
    assert done.err.splitlines() == [
        "delegate 4 cWETH",
        f"delegate it to the pool of {pool['operator']}, whose mandate, current or announced, is: loss budget 50 % an "
        "epoch, commission 10 %, veto periods of 0 s or more",
        "whatever happens, in an epoch at most 50 % of it can be lost, and 75 % by one who leaves at once: of 4 cWETH "
        "at least 1 cWETH is left",
    ]
    assert positions(shell, bob) == nothing | {
        "undelegated": [{**undelegated, "shares": 6 * ETHER}],
        "delegated": [{**pool, "pool_shares": 4 * ETHER, "value": 4 * ETHER}],
    }

    assert shell.send(bob, "undelegate", "1 cWETH", *place).json == shell.sent("undelegate")
    done = shell.send(bob, "undelegate", "all", *place)
    assert done.json == shell.sent("undelegate")
    assert done.err.splitlines() == [
        f"take 3 pool shares, worth 3 cWETH, out of the pool of {pool['operator']}",
        f"until {moment(cli_scene.start_of(6))} they can still be slashed: at worst 0.75 cWETH is left",
        "then `catenary complete` pays them out",
    ]
    seen = positions(shell, bob)
    assert (seen["delegated"], seen["tickets"]) == ([], [ticket(cli_scene, pool, 4, 4 * ETHER, False)])

    shell.node.move_to(cli_scene.start_of(6))
    assert positions(shell, bob)["tickets"] == [ticket(cli_scene, pool, 4, 4 * ETHER, True)]
    assert shell.send(bob, "complete", "--as", "shares").json == shell.sent("complete")
    assert positions(shell, bob) == nothing | {"undelegated": [{**undelegated, "shares": 10 * ETHER}]}
    done = shell.send(bob, "redeem", "all", "--vault", "cWETH", "--ether", "--receiver", who["carol"].address)
    assert done.json == shell.sent("redeemNative")
    assert done.err == f"redeem 10 cWETH for about 10 ether to {who['carol'].address}, at once\n"
    assert positions(shell, bob) == nothing


def test_story__asset_of_6_decimals(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], in_six: dict[str, str]
) -> None:
    """Its pool shares have 6 decimals too."""
    carol, operator = who["carol"], who["operator"].address
    place = ("--vault", "cSIX", "--operator", operator)
    done = shell.send(carol, "deposit", "10.5 SIX", *place)
    assert done.json == shell.sent("approve", "depositAndDelegate")
    assert done.err.splitlines()[:2] == ["let cSIX take 10.5 SIX", "deposit 10.5 SIX into cSIX"]
    named = {"vault": cli_scene.vaults["cSIX"], **in_six}
    assert positions(shell, carol)["delegated"] == [
        {**named, "pool_shares": 10_500_000, "value": 10_500_000},
    ]
    assert "10.5 pool shares" in shell.run("positions", carol.address).out
    done = shell.send(carol, "undelegate", "0.000001 cSIX", *place)
    assert done.err.splitlines()[0] == f"take 0.000001 pool shares, worth 0.000001 cSIX, out of the pool of {operator}"
    assert positions(shell, carol)["tickets"] == [ticket(cli_scene, named, 4, 1, False)]


def test_positions__for_people__says_none_where_there_is_none(shell: Shell, who: dict[str, Who]) -> None:
    assert shell.run("positions", who["bob"].address).out.splitlines() == [
        "Undelegated, which is never at risk and redeemed at once: none",
        "Delegated: none",
        "Tickets: none",
        "Rewards: none",
    ]


# --- exposure ---


def threat(scene: Scene, who: dict[str, Who], avs: str, now: tuple[int, int], takes: tuple[int, int]) -> dict[str, Any]:
    zero = "0x" + 40 * "0"
    at_once = avs == "at_once"
    return {
        "avs": scene.avss[avs],
        "terms": {
            "slasher": who["slasher"].address,
            "owner": who["avs_owner"].address,
            "veto_period": 0 if at_once else 86_400,
            "resolver": zero if at_once else who["resolver"].address,
            "recipient": who["recipient"].address if avs == "with_veto" else zero,
            "by_admission": False,
            "hook": zero,
        },
        "now": {"guaranteed": now[0], "elastic": now[1]},
        "guaranteed": takes[0],
        "shared": takes[1],
    }


@pytest.mark.parametrize("stake", [100, 10])
def test_exposure__of_a_stake_or_before_one(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str], stake: int
) -> None:
    """Alice's 100 of the scene; or 10 that one would delegate."""
    before = ("--operator", pool["operator"], "--vault", "cWETH", "--shares", "10 cWETH")
    seen = shell.run("exposure", *((who["alice"].address,) if stake == 100 else before), "--json").json
    unit = stake * ETHER // 100
    assert seen == {
        "block": shell.node.block,
        "time": shell.node.time,
        "pools": [
            {
                **pool,
                "mandate": {"loss_budget": 5_000, "commission": 1_000, "veto_period": 0},
                "retained": 10**18,
                "open_request": False,
                "value": 100 * unit,
                "worst_this_epoch": 50 * unit,
                "worst_leaving": 25 * unit,
                "out_at": cli_scene.start_of(6),
                "threats": [
                    threat(cli_scene, who, "at_once", (2_000, 1_000), (20 * unit, 10 * unit)),
                    threat(cli_scene, who, "with_veto", (1_000, 0), (10 * unit, 0)),
                    threat(cli_scene, who, "shared", (0, 4_000), (0, 20 * unit)),
                ],
                "changes": [],
            }
        ],
        "tickets": [],
    }


def test_deposit__delegated__is_refused_below_99_percent_of_the_shares_that_are_shown(
    shell: Shell, who: dict[str, Who], pool: dict[str, str]
) -> None:
    """The second word of the call: the first is the operator."""
    done = shell.send(who["bob"], "deposit", "10 ether", "--vault", "cWETH", "--operator", pool["operator"], "--ether")
    sent = shell.node.ask("eth_getTransactionByHash", done.json["sent"][0]["transaction"])
    assert int(sent["input"][10 + 64 : 10 + 128], 16) == 99 * ETHER // 10
    assert done.err.splitlines()[1] == "if it gives fewer than 9.9 cWETH, it is refused"


def test_exposure__of_tickets__says_what_is_left_at_worst(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str]
) -> None:
    """The loss budget is 50 %: a ticket opened in this epoch faces two of them, and one of the last epoch one."""
    alice, place = who["alice"], ("--vault", "cWETH", "--operator", pool["operator"])
    assert shell.send(alice, "undelegate", "40 cWETH", *place).json
    shell.node.move_to(cli_scene.start_of(5))
    assert shell.send(alice, "undelegate", "all", *place).json
    seen = shell.run("exposure", alice.address, "--json").json
    assert seen["pools"] == []
    assert seen["tickets"] == [
        {**ticket(cli_scene, pool, 4, 40 * ETHER, False), "worst": 20 * ETHER},
        {**ticket(cli_scene, pool, 5, 60 * ETHER, False), "worst": 15 * ETHER},
    ]
    assert (
        shell.run("exposure", alice.address)
        .out.splitlines()[0]
        .startswith(
            f"40 cWETH on its way out of the pool of {pool['operator']} in cWETH: at worst 20 cWETH is left on "
            f"{moment(cli_scene.start_of(6))}, in "
        )
    )


def test_exposure__announced_loosening__says_how_long_there_is_to_leave(
    shell: Shell, cli_scene: Scene, who: dict[str, Who]
) -> None:
    assert shell.send(who["operator"], "operator", "mandate", "--vault", "cWETH", "--loss-budget", "60 %").json
    (pool,) = shell.run("exposure", who["alice"].address, "--json").json["pools"]
    assert pool["changes"] == [
        {
            "what": "loss budget",
            "epoch": 7,
            "before": 5_000,
            "after": 6_000,
            "at": cli_scene.start_of(7),
            "leave_before": cli_scene.start_of(6),
            "loosens": True,
        }
    ]
    told = shell.run("exposure", who["alice"].address).out.splitlines()[-1]
    at, leave = moment(cli_scene.start_of(7)), moment(cli_scene.start_of(6))
    left = span(cli_scene.start_of(6) - shell.node.time)  # the time of the scene's blocks is not always the same
    assert told == f"  loss budget: 50 % to 60 % on {at}; undelegate before {leave}, in {left}, to be out ahead of it"


def test_exposure__of_nobody__says_that_nothing_can_be_slashed(shell: Shell, who: dict[str, Who]) -> None:
    told = shell.run("exposure", who["bob"].address).out
    assert told == "nothing is delegated or on its way out: nothing can be slashed\n"


# --- completing ---


@pytest.fixture
def tickets(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    """Alice has tickets of 10 and 20 ether, of epochs 4 and 5, and both have matured."""
    place = ("--vault", "cWETH", "--operator", who["operator"].address)
    assert shell.send(who["alice"], "undelegate", "10 cWETH", *place).json
    shell.node.move_to(cli_scene.start_of(5))
    assert shell.send(who["alice"], "undelegate", "20 cWETH", *place).json
    shell.node.move_to(cli_scene.start_of(7))


@pytest.mark.usefixtures("tickets")
def test_complete__many_tickets__pays_each_out(shell: Shell, who: dict[str, Who]) -> None:
    assert shell.send(who["alice"], "complete").json == shell.sent("complete", "complete")
    assert positions(shell, who["alice"])["tickets"] == []


@pytest.mark.usefixtures("tickets")
def test_complete__of_an_epoch__leaves_the_others(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str]
) -> None:
    words = ("--vault", "cWETH", "--operator", pool["operator"], "--epoch", "5")
    assert shell.send(who["alice"], "complete", *words).json == shell.sent("complete")
    assert positions(shell, who["alice"])["tickets"] == [ticket(cli_scene, pool, 4, 10 * ETHER, True)]


@pytest.mark.usefixtures("tickets")
def test_complete__one_would_fail__sends_none_and_names_it(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    """The vault takes no ether but from WETH."""
    alice, nonce = who["alice"], shell.node.nonce(who["alice"].address)
    vault = cli_scene.vaults["cWETH"]
    done = shell.send(alice, "complete", "--as", "ether", "--receiver", vault)
    assert (done.code, shell.node.nonce(alice.address)) == (1, nonce)
    assert done.error == (
        f"pay out the ticket of epoch 4 with {who['operator'].address} in cWETH, worth 10 cWETH, in ether to {vault}: "
        f"{vault} refused {10 * ETHER} wei of ether: name a receiver that takes ether, or take WETH. Nothing was sent"
    )


@pytest.mark.usefixtures("tickets")
def test_complete__by_another__is_refused_until_the_staker_approves_it(shell: Shell, who: dict[str, Who]) -> None:
    alice, bob = who["alice"], who["bob"]
    words = ("complete", alice.address, "--epoch", "4")
    assert shell.send(bob, *words).error == (
        f"{bob.address} is not approved to complete and claim for {alice.address}: the staker can approve it."
    )
    assert shell.send(alice, "approve-completer", bob.address).json == shell.sent("setCompleter")
    assert shell.send(bob, *words).json == shell.sent("complete")
    assert shell.send(alice, "approve-completer", bob.address, "--revoke").json == shell.sent("setCompleter")
    assert shell.send(bob, "complete", alice.address).code == 1


def test_complete__worthless_ticket__ends_it(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    bob, operator = who["bob"], who["operator"].address
    place = ("--vault", "cWETH", "--operator", operator)
    assert shell.send(bob, "deposit", "1 wei", *place, "--ether").json
    assert shell.send(bob, "undelegate", "all", *place).json
    words = ("--offence-at", "1 s ago", "--evidence", "a lie")
    number = str(cli_scene.avss["at_once"])
    assert shell.send(who["slasher"], "avs", "slash", number, "10 %", *place, *words).json
    shell.node.move_to(cli_scene.start_of(6))
    done = shell.send(bob, "complete")
    assert done.json == shell.sent("complete")
    assert (
        done.err
        == f"pay out the ticket of epoch 4 with {operator} in cWETH, worth 0 cWETH, in assets to {bob.address}\n"
    )
    assert positions(shell, bob)["tickets"] == []


# --- what is refused ---


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["complete"], "{bob} has no such matured ticket: `catenary positions` shows those there are"),
        (["claim"], "{bob} has nothing to claim: `catenary positions` shows what accrues"),
        (
            ["undelegate", "all", "--vault", "cWETH", "--operator", "{operator}"],
            "{bob} has nothing in this pool: `catenary positions` shows what there is",
        ),
        (
            ["redeem", "1 cWETH", "--vault", "cWETH"],
            "{bob} has 0 cWETH that are not delegated: redeem no more than that",
        ),
        (["redeem", "all", "--vault", "cWETH"], "{bob} has 0 cWETH that are not delegated: redeem no more than that"),
        (
            ["delegate", "1 cWETH", "--vault", "cWETH", "--operator", "{bob}"],
            "{bob} has no pool in {cWETH}: see that both addresses are right; the operator opens a pool.",
        ),
        (
            ["deposit", "1 ether", "--vault", "cSIX", "--ether"],
            "The asset {SIX} of this vault is not WETH, so it takes and gives no ether: deposit the asset.",
        ),
        (
            ["deposit", "1001 SIX", "--vault", "cSIX"],
            "{bob} holds 1000000000 and needs 1001000000: use less, or undelegate and complete first.",
        ),
        (["deposit", "1 WETH", "--vault", "WETH"], "no vault of that name, 'WETH': choose from cWETH, cSIX"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_refused__says_what_and_what_to_do(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], words: list[str], error: str
) -> None:
    names = {name: account.address for name, account in who.items()} | cli_scene.vaults | cli_scene.tokens
    nonce = shell.node.nonce(who["bob"].address)
    done = shell.send(who["bob"], *(word.format(**names) for word in words))
    assert (done.code, done.error) == (1, error.format(**names))
    assert shell.node.nonce(who["bob"].address) == nonce
