"""What AVSs do by the command line, and what it shows them."""

from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from catenary.cli.app import moment
from tests.catenary.shell import Scene, Shell, Who
from tests.helpers.protocol import BURN, DAY, ETHER, WAD

EPOCH = 7 * DAY
ARC = 10**6
SHARES = 100 * ETHER  # in the pool
PERCENT = WAD // 100
# What the pool collects in an epoch is 6.048e25 share-seconds: 4^42 is 1.93e25 and 4^43 is 7.74e25.
FLOOR = 42


@pytest.fixture
def place(who: dict[str, Who]) -> tuple[str, ...]:
    return ("--vault", "cWETH", "--operator", who["operator"].address)


@pytest.fixture
def pool(cli_scene: Scene, who: dict[str, Who]) -> dict[str, str]:
    return {"vault": cli_scene.vaults["cWETH"], "symbol": "cWETH", "operator": who["operator"].address}


# --- reading ---


def test_stake__says_what_can_be_slashed_and_what_is_safe(shell: Shell, cli_scene: Scene, pool: dict[str, str]) -> None:
    """The numbers of tests/slashing/test_views.py."""
    columns = ("slashable_guaranteed", "slashable_elastic", "safe_guaranteed", "safe_elastic", "others_elastic")
    expected = {"at_once": (20, 10, 14, 0, 20), "with_veto": (10, 0, 6, 0, 20), "shared": (0, 20, 0, 5, 10)}
    for name, numbers in expected.items():
        amounts = dict(zip(columns, (number * ETHER for number in numbers), strict=True))
        assert shell.run("avs", "stake", str(cli_scene.avss[name]), "--json").json == {
            "avs": cli_scene.avss[name],
            "block": shell.node.block,
            "time": shell.node.time,
            "stakes": [{**pool, "shares": amounts, "assets": amounts}],
        }


def test_stake__for_people__is_in_vault_shares_and_in_assets(
    shell: Shell, cli_scene: Scene, who: dict[str, Who]
) -> None:
    lines = shell.run("avs", "stake", str(cli_scene.avss["at_once"])).out.splitlines()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    assert rows == [
        [who["operator"].address, "cWETH", "20", "10", "14", "0", "20"],
        ["", "WETH", "20", "10", "14", "0", "20"],
    ]


def test_stake__of_an_avs_without_pools__says_so(shell: Shell, who: dict[str, Who]) -> None:
    number = shell.send(who["bob"], "avs", "register").json["avs"]
    assert shell.run("avs", "stake", str(number)).out == f"no pool has opted in to AVS {number}\n"
    assert shell.run("avs", "operators", str(number)).out == f"Pools of AVS {number}: none\n"
    assert shell.run("avs", "requests", str(number)).out == f"Open slash requests of AVS {number}: none\n"


# --- owners ---


def test_story__new_avs(shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str]) -> None:
    owner, operator, recipient = who["avs_owner"], who["operator"], who["recipient"].address
    words = ("--slasher", who["slasher"].address, "--veto-period", "1.5 d", "--resolver", who["resolver"].address)
    done = shell.send(owner, "avs", "register", *words, "--recipient", recipient, "--by-admission")
    avs = len(cli_scene.avss) + 1
    assert done.json == shell.sent("registerAVS", avs=avs)
    assert done.err.splitlines() == [
        f"register an AVS of {owner.address}, on terms that are fixed for good:",
        f"{who['slasher'].address} slashes; {who['resolver'].address} may veto it for 1 d 12 h; slashed stake goes to "
        f"{recipient}",
        "it can have a guaranteed part of pools only, as slashed stake goes to a recipient",
        "its owner admits operators one by one",
        "no hook is asked",
        "then `catenary avs vault` says which vaults count: none does so far",
    ]
    number = str(avs)
    opt_in = (operator, "operator", "opt-in", number, "--vault", "cWETH", "--guaranteed", "5 %")

    assert shell.send(*opt_in).error == (
        f"AVS {avs} does not count {pool['vault']}: choose another vault, or ask its owner."
    )
    done = shell.send(owner, "avs", "vault", number, "cWETH")
    assert done.json == shell.sent("setVault")
    assert done.err == f"cWETH counts for AVS {avs}: its pools may opt in\n"

    assert shell.send(*opt_in).error == (
        f"AVS {avs} admits operators one by one, and not {operator.address} so far: ask its owner."
    )
    done = shell.send(owner, "avs", "admit", number, operator.address)
    assert done.json == shell.sent("setAdmitted")
    assert done.err == f"{operator.address} may opt in to AVS {avs}\n"

    assert shell.send(*opt_in).json == shell.sent("optIn")
    listed = {
        "avs": avs,
        "by_admission": True,
        "pools": [
            {
                **pool,
                "now": {"guaranteed": 0, "elastic": 0},
                "announced": {"guaranteed": 500, "elastic": 0},
                "admitted": True,
            }
        ],
    }
    assert shell.run("avs", "operators", number, "--json").json == listed | {"block": shell.node.block}

    shell.node.move_to(cli_scene.start_of(7))
    done = shell.send(owner, "avs", "eject", number, "--vault", "cWETH", "--operator", operator.address)
    assert done.json == shell.sent("eject")
    assert done.err.splitlines() == [
        f"announce that the pool of {operator.address} in cWETH leaves AVS {avs}; its admission ends",
        f"it has 5 % guaranteed and 0 % elastic, which the AVS can slash until {moment(cli_scene.start_of(9))}",
    ]
    (seen,) = shell.run("avs", "operators", number, "--json").json["pools"]
    assert (seen["now"], seen["announced"], seen["admitted"]) == (
        {"guaranteed": 500, "elastic": 0},
        {"guaranteed": 0, "elastic": 0},
        False,
    )
    assert shell.send(owner, "avs", "admit", number, operator.address).json
    done = shell.send(owner, "avs", "admit", number, operator.address, "--revoke")
    assert done.json == shell.sent("setAdmitted")
    assert done.err == f"{operator.address} may no longer opt in to AVS {avs}\n"
    done = shell.send(owner, "avs", "vault", number, "cWETH", "--ignore")
    assert done.json == shell.sent("setVault")
    assert done.err.startswith(f"cWETH no longer counts for AVS {avs}: ")


# --- slashing ---


def request_id(done: Any) -> str:
    found: str = done.json["request"]
    return found


def test_slash__at_once__explains_who_loses_what_and_takes_it(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], place: tuple[str, ...]
) -> None:
    """Of 25 %, 20 are its own; 5 of the 20 that are shared are no longer there for `shared`. 5 stay open of 35."""
    avs, shared = cli_scene.avss["at_once"], cli_scene.avss["shared"]
    offence = shell.node.time - 60
    words = ("--offence-at", "1 min ago", "--evidence", "it signed twice")
    done = shell.send(who["slasher"], "avs", "slash", str(avs), "25 %", *place, *words)
    taken = {"guaranteed": 20 * PERCENT, "elastic": 5 * PERCENT, "shares": 25 * ETHER, "recipient": BURN}
    assert done.json == shell.sent("request", request=request_id(done), taken=[taken])
    assert done.err.splitlines() == [
        f"ask to lower `retained` of the pool of {who['operator'].address} in cWETH, 1 now, by 0.25, for an offence on "
        f"{moment(offence)}",
        "its evidence is the text 'it signed twice', 15 bytes, of which the hash is written to the chain",
        f"0.25 of `retained` is granted: 0.2 of `retained` out of the guaranteed part of AVS {avs}, 0.05 of `retained` "
        "out of what is shared",
        "of 100 cWETH in the pool and its open tickets 25 cWETH is burnt",
        f"AVS {shared} can take 5 cWETH less of what is shared in this epoch",
    ]
    stake = shell.run("avs", "stake", str(shared), "--json").json["stakes"][0]["shares"]
    assert stake["slashable_elastic"] == 15 * ETHER

    # Of what the pool retains, 75 %, 20 % are 15 %: no more than 5 % are left for this AVS.
    done = shell.send(who["slasher"], "avs", "slash", str(avs), "20 %", *place, *words)
    assert done.err.splitlines()[2:] == [
        f"0.05 of `retained` is granted: 0 of `retained` out of the guaranteed part of AVS {avs}, 0.05 of `retained` "
        "out of what is shared",
        "of 75 cWETH in the pool and its open tickets 5 cWETH is burnt",
        "0.1 of `retained` stays open until the request lapses",
        f"AVS {shared} can take 5 cWETH less of what is shared in this epoch",
    ]
    (left,) = shell.run("avs", "requests", str(avs), "--json").json["requests"]
    assert (left["id"], left["amount"], left["open_amount"]) == (request_id(done), 15 * PERCENT, 10 * PERCENT)


def test_slash__in_vault_shares__takes_no_fewer(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], place: tuple[str, ...]
) -> None:
    words = ("--offence-at", str(shell.node.time), "--evidence", "a lie")
    number = str(cli_scene.avss["at_once"])
    (taken,) = shell.send(who["slasher"], "avs", "slash", number, "7 cWETH", *place, *words).json["taken"]
    assert (taken["guaranteed"], taken["shares"]) == (7 * PERCENT, 7 * ETHER)
    (taken,) = shell.send(who["slasher"], "avs", "slash", number, "1 wei", *place, *words).json["taken"]
    assert taken["shares"] == 100  # the least that `retained` can fall by


def test_story__requests(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], place: tuple[str, ...], tmp_path: Path
) -> None:
    """One is vetoed, one is taken back, one is executed."""
    slasher, resolver, avs = who["slasher"], who["resolver"], cli_scene.avss["with_veto"]
    evidence = tmp_path / "evidence.json"
    evidence.write_text("signed twice")
    offence = cli_scene.start_of(4) + 60
    words = (*place, "--offence-at", str(offence), "--evidence", str(evidence), "--uri", "ipfs://evidence")
    done = shell.send(slasher, "avs", "slash", str(avs), "10 %", *words)
    first = request_id(done)
    assert done.json == shell.sent("request", request=first, taken=[])
    filed = shell.node.time
    expected = {
        "id": first,
        "avs": avs,
        "operator": who["operator"].address,
        "vault": cli_scene.vaults["cWETH"],
        "amount": 10 * PERCENT,
        "offence_at": offence,
        "requested_at": filed,
        "evidence": f"0x{keccak(b'signed twice').hex()}",
        "uri": "ipfs://evidence",
        "open_amount": 10 * PERCENT,
        "veto_until": filed + DAY,
        "lapses_after": filed + 2 * DAY,
    }
    shown = {"avs": avs, "block": shell.node.block, "time": filed, "requests": [expected]}
    assert shell.run("avs", "requests", str(avs), "--json").json == shown
    (request,) = shell.run("operator", "status", who["operator"].address, "--json").json["pools"][0]["open_requests"]
    assert request == {"id": first, "avs": avs, "amount": 10 * PERCENT}

    told = f"the request of AVS {avs} for 0.1 of `retained` of the pool of {who['operator'].address} in cWETH"
    done = shell.send(resolver, "avs", "veto", first)
    assert done.json == shell.sent("veto")
    assert done.err == f"veto {told}: it ends, and takes nothing\n"

    second = request_id(shell.send(slasher, "avs", "slash", str(avs), "10 %", *words))
    done = shell.send(slasher, "avs", "take-back", second)
    assert done.json == shell.sent("takeBack")
    assert done.err == f"take back {told}: it ends, and takes nothing more\n"
    assert shell.run("avs", "requests", str(avs), "--json").json["requests"] == []

    third = request_id(shell.send(slasher, "avs", "slash", str(avs), "10 %", *words))
    filed = shell.node.time
    assert shell.send(who["bob"], "avs", "execute", third).error == (
        f"The veto period of {third} ends at Unix time {filed + DAY}: execute it then."
    )
    shell.node.move_to(filed + DAY)
    done = shell.send(who["bob"], "avs", "execute", third)
    recipient = who["recipient"].address
    taken = {"guaranteed": 10 * PERCENT, "elastic": 0, "shares": 10 * ETHER, "recipient": recipient}
    assert done.json == shell.sent("execute", taken=[taken])
    assert done.err.splitlines() == [
        f"execute {told}, as far as the loss budget of this epoch goes",
        f"0.1 of `retained` is granted: 0.1 of `retained` out of the guaranteed part of AVS {avs}, 0 of `retained` out "
        "of what is shared",
        f"of 100 cWETH in the pool and its open tickets 10 cWETH is sent to {recipient}",
    ]
    assert shell.send(who["bob"], "avs", "execute", third).error == (
        f"The slash request {third} is not open: it was executed in full, vetoed, taken back, has lapsed, or never was."
    )


# --- paying ---


def earned(amount: int, share_seconds: int) -> int:
    """What all share-seconds earn of a payment: docs/rewards-distributor.md, "The sum"."""
    return share_seconds * (amount * 2**118 // share_seconds) // 2**118


def test_story__pay_by_stake(shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str]) -> None:
    """Bob's pool has a third of the stake, and 10 % of it are guaranteed: a sixth of what the other has."""
    payer, arc, avs = who["carol"], cli_scene.tokens["ARC"], cli_scene.avss["at_once"]
    other = who["second_operator"]
    terms = ("--vault", "cWETH", "--loss-budget", "20 %", "--commission", "0 %")
    assert shell.send(other, "operator", "register").json
    assert shell.send(other, "operator", "open-pool", *terms).json
    opt_in = ("operator", "opt-in", str(avs), "--vault", "cWETH", "--guaranteed", "10 %")
    assert shell.send(other, *opt_in).json
    words = ("deposit", "40 ether", "--vault", "cWETH", "--operator", other.address, "--ether")
    assert shell.send(who["bob"], *words).json
    shell.node.move_to(cli_scene.start_of(8))

    pay = ("avs", "pay", str(avs), "120 ARC", "--token", arc, "--vault", "cWETH")
    done = shell.send(payer, *pay)
    named = {"vault": pool["vault"], "token": arc, "epoch": 7}
    paid = [
        {"operator": pool["operator"], **named, "amount": 100 * ARC, "commission": 10 * ARC},
        {"operator": other.address, **named, "amount": 20 * ARC, "commission": 0},
    ]
    assert done.json == shell.sent("approve", "pay", paid=paid)
    assert done.err.splitlines() == [
        "pay for epoch 7, which is over; whoever had stake in it is paid by how much and how long:",
        f"100 ARC to the pool of {pool['operator']}; with floor {FLOOR} it is paid in full, and a share-second earns "
        f"at most a 4^{FLOOR}th of it",
        f"20 ARC to the pool of {other.address}; with floor {FLOOR} it is paid in full, and a share-second earns at "
        f"most a 4^{FLOOR}th of it",
    ]

    # One pool of both: 100 shares for a week are 78.1685677 % of 4^43.
    done = shell.send(payer, *pay, "--operator", pool["operator"], "--floor", "43")
    amount = 120 * ARC * (SHARES * EPOCH) // 4**43
    assert done.json["paid"] == [{"operator": pool["operator"], **named, "amount": amount, "commission": amount // 10}]
    assert "with floor 43 it is paid 78.1686% of it" in done.err

    shell.node.move_to(cli_scene.start_of(9))
    due = [earned(90 * ARC, SHARES * EPOCH), earned(amount - amount // 10, SHARES * EPOCH)]
    (reward,) = shell.run("positions", who["alice"].address, "--json").json["rewards"]
    assert {**reward, "claimable": None} == {**pool, "token": arc, "claimable": None, "accruing": 0}
    assert sum(due) <= reward["claimable"] <= sum(due) + 1  # both are one sum
    done = shell.send(who["alice"], "claim", "--receiver", who["resolver"].address)
    claimed = {**pool, "token": arc, "amount": reward["claimable"]}
    del claimed["symbol"]
    assert done.json == shell.sent("claim", claimed=[claimed], refused=[])
    assert shell.run("positions", who["alice"].address, "--json").json["rewards"] == []


HOSTILE = "[/]:bomb:\x1b[2J\nWETH"


def make_hostile(shell: Shell, token: str) -> None:
    """To whatever it is asked it answers with this text, and so it is not sent either."""
    answer = encode(["string"], [HOSTILE])
    shell.node.ask("anvil_setCode", token, f"0x60{len(answer):02x}600a5f3960{len(answer):02x}5ff3{answer.hex()}")


def test_story__pay_in_a_token_that_turns_hostile(shell: Shell, cli_scene: Scene, who: dict[str, Who]) -> None:
    """Anybody may pay a pool in a token that steers terminals and cannot be sent: nothing else suffers from it."""
    alice, operator, arc, six = who["alice"].address, who["operator"], cli_scene.tokens["ARC"], cli_scene.tokens["SIX"]
    shell.node.move_to(cli_scene.start_of(5))
    pay = ("avs", "pay", str(cli_scene.avss["at_once"]))
    for amount, token in (("100 ARC", arc), ("10 SIX", six)):
        assert shell.send(who["carol"], *pay, amount, "--token", token, "--vault", "cWETH").json
    shell.node.move_to(cli_scene.start_of(6))
    make_hostile(shell, arc)

    shown = shell.run("positions", alice).out
    assert "[/]:bomb:\ufffd[2J\ufffdWETH" in shown
    assert arc in shown
    assert "\x1b" not in shown

    done = shell.send(who["alice"], "claim")
    assert [(one["token"], one["amount"]) for one in done.json["claimed"]] == [(six, 9 * 10**6 - 1)]
    assert f"token {arc} of the pool of {operator.address} refuses to be sent to {alice}: it is left out" in done.err
    done = shell.send(who["alice"], "claim")
    assert done.error.endswith("and nothing is left to claim: try later, or another --receiver")

    done = shell.send(operator, "operator", "claim-commission")
    assert done.json == shell.sent("claimCommission")
    assert done.err.splitlines()[0].startswith(f"token {arc} cannot be claimed to {operator.address}, and is left out")

    shell.node.ask("anvil_setCode", arc, "0x5f5ffd")
    assert f" wei of {arc}" in shell.run("positions", alice).out


def test_story__stream(
    shell: Shell, cli_scene: Scene, who: dict[str, Who], pool: dict[str, str], place: tuple[str, ...]
) -> None:
    payer, arc, avs = who["carol"], cli_scene.tokens["ARC"], str(cli_scene.avss["at_once"])
    done = shell.send(payer, "avs", "stream", avs, "50 ARC", "--token", arc, *place, "--epochs", "4")
    assert done.json == shell.sent("approve", "openStream", stream=1)
    assert done.err.splitlines() == [
        f"pay 50 ARC to the pool of {pool['operator']} in cWETH for each of 4 epochs, from epoch 5 on, which begins on "
        f"{moment(cli_scene.start_of(5))}: 200 ARC in all are taken now",
        f"if the stake stays as it is: with floor {FLOOR} it is paid in full, and a share-second earns at most a "
        f"4^{FLOOR}th of it",
        "it can be cancelled from the next epoch on, by `catenary avs cancel-stream`",
    ]
    shell.node.move_to(cli_scene.start_of(6))
    done = shell.send(payer, "avs", "cancel-stream", avs, "1")
    assert done.json == shell.sent("cancelStream", returned=100 * ARC)
    assert done.err == f"end stream 1 with the current epoch; what was for later ones goes to {payer.address}\n"


# --- what is refused ---


@pytest.mark.parametrize(
    ("role", "words", "error"),
    [
        ("bob", ["stake", "99"], "there is no AVS 99: there are 3, and their ids count from 1"),
        ("bob", ["vault", "{at_once}", "cWETH"], "{bob} is not the owner of AVS {at_once}: use the owner's account."),
        (
            "avs_owner",
            ["admit", "{at_once}", "{operator}"],
            "AVS {at_once} takes any operator: there is nobody to admit.",
        ),
        (
            "bob",
            ["register", "--veto-period", "1 d"],
            "With a veto period of 86400 s the resolver is 0x0000000000000000000000000000000000000000: name a resolver "
            "if and only if there is a veto period.",
        ),
        (
            "bob",
            ["register", "--veto-period", "3 d", "--resolver", "{bob}"],
            "A veto period of 259200 s is more than the 172800 s there can be: choose a shorter one.",
        ),
        (
            "bob",
            ["register", "--veto-period", "99999999999 d", "--resolver", "{bob}"],
            "registerAVS cannot take this: Value `8639999999913600` of type <class 'int'> cannot be encoded by "
            "UnsignedIntegerEncoder: Cannot be encoded in 48 bits. Must be bounded between [0, 281474976710655].",
        ),
        (
            "bob",
            ["slash", "{at_once}", "1 %", "{place}", "--offence-at", "1 s ago", "--evidence", "a lie"],
            "{bob} is not the slasher of AVS {at_once}: use the slasher's account.",
        ),
        (
            "slasher",
            ["slash", "{at_once}", "101 cWETH", "{place}", "--offence-at", "1 s ago", "--evidence", "a lie"],
            "'101 cWETH' is more than the 100 cWETH that the pool and its open tickets are worth: ask for less",
        ),
        *(
            (
                "slasher",
                ["slash", "{at_once}", "1 %", "{place}", "--offence-at", time, "--evidence", "a lie"],
                f"'{time}' is not a time: write it as a Unix time, or as in '2 h ago'",
            )
            for time in ("1795000000000", "99999999 d ago")
        ),
        (
            "slasher",
            ["slash", "{at_once}", "1 %", "{place}", "--offence-at", "yesterday", "--evidence", "a lie"],
            "'yesterday' is not a time: write it as a Unix time, or as in '2 h ago'",
        ),
        (
            "slasher",
            ["slash", "{at_once}", "1 %", "{place}", "--offence-at", "2 h ago", "--evidence", "a lie"],
            "In epoch 3, when the offence was committed, AVS {at_once} had no allocation of the pool of {operator}: it "
            "cannot slash for it.",
        ),
        (
            "resolver",
            ["veto", "0x12"],
            "there is no slash request '0x12': `catenary avs requests` shows those that are open",
        ),
        (
            "resolver",
            ["veto", "0x" + 64 * "1"],
            "there is no slash request '0x" + 64 * "1" + "': `catenary avs requests` shows those that are open",
        ),
        (
            "bob",
            ["pay", "{with_veto}", "1 ARC", "--token", "{ARC}", "--vault", "cWETH"],
            "AVS {with_veto} had no guaranteed stake in cWETH in epoch 3: name an --operator",
        ),
        (
            "bob",
            ["pay", "{at_once}", "1 ARC", "--token", "{cWETH}", "--vault", "cWETH"],
            "'1 ARC' is counted in ARC: it must be in cWETH, or in wei",
        ),
        (
            "bob",
            ["pay", "{at_once}", "1 ARC", "--token", "{bob}", "--vault", "cWETH"],
            "{bob} does not answer symbol: it is not what it is taken for",
        ),
        ("bob", ["cancel-stream", "{at_once}", "1"], "There is no stream 1: ids count from 1."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused__says_what_and_what_to_do(
    shell: Shell,
    cli_scene: Scene,
    who: dict[str, Who],
    place: tuple[str, ...],
    role: str,
    words: list[str],
    error: str,
) -> None:
    names: dict[str, Any] = {name: account.address for name, account in who.items()}
    names |= {**cli_scene.avss, **cli_scene.tokens, **cli_scene.vaults}
    account = who[role]
    said = [each for word in words for each in (place if word == "{place}" else [word.format(**names)])]
    nonce = shell.node.nonce(account.address)
    reads = said[0] == "stake"
    done = shell.run("avs", *said) if reads else shell.send(account, "avs", *said)
    assert (done.code, done.error) == (1, error.format(**names))
    assert shell.node.nonce(account.address) == nonce
