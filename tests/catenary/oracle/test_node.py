"""What a node does, block by block: nodes in this process, which look when a test says so."""

import sqlite3
from dataclasses import replace
from typing import Any

import pytest
import requests

from catenary.chain import asking
from catenary.errors import ConfigError, JournalDamaged, JournalError, NotConnected, WrongNetwork
from catenary.oracle.config import Config
from catenary.oracle.health import application
from catenary.oracle.node import Node
from catenary.oracle.report import Report, Signed
from tests.catenary.oracle.keys import STRANGER
from tests.catenary.oracle.prepare import BOUNTY, EPOCH, REWARD
from tests.catenary.oracle.server import serving
from tests.catenary.oracle.world import BLOCK, PRICE, Nodes, World
from tests.helpers.protocol import ETHER, WAD

ALL = range(5)
WHOLE = 4 * 21 + 14  # what all weigh [ETH]


@pytest.fixture
def begun(nodes: Nodes) -> int:
    """All five nodes run, in the first block of a round that all have reported. Gives the round."""
    return nodes.begin(*ALL)


@pytest.fixture
def two(nodes: Nodes) -> int:
    """The same with the first two nodes, which are no quorum."""
    return nodes.begin(0, 1)


@pytest.fixture
def alone(nodes: Nodes) -> int:
    """The same with the first node."""
    return nodes.begin(0)


def reported(world: World, round_: int) -> dict[str, int]:
    """Who was counted in a round, and with which price."""
    return {each["operator"]: each["price"] for each in world.events("Reported") if each["round"] == round_}


def signed_by(world: World, index: int, round_: int, price: int = PRICE, time: int | None = None) -> Signed:
    at = world.begin_of(round_) if time is None else time
    return world.domain.sign(Report(1, round_, price, at), world.key(index))


def waiting(world: World) -> list[dict[str, Any]]:
    """The transactions that wait for a block."""
    pool = world.chain.ask("txpool_content")["pending"]
    return [each for many in pool.values() for each in many.values()]


# --- members, snapshots, answers ---


def test_node__that_is_no_member__joins(world: World, nodes: Nodes) -> None:
    assert world.view("members", 0, 9) == world.operators[1:]
    nodes.start(0)
    nodes.tick()
    nodes.step()
    assert sorted(world.view("members", 0, 9)) == sorted(world.operators)
    assert [each["operator"] for each in world.events("Joined")][-1] == world.operators[0]


def test_node__where_the_epoch_has_no_snapshot__takes_it_in_turn(world: World, nodes: Nodes) -> None:
    nodes.start(*ALL)
    nodes.step(2)
    while not world.view("snapshotOf", 4)["takenAt"]:
        nodes.step()
    assert [(each["epoch"], each["weight"]) for each in world.events("SnapshotTaken")] == [(4, WHOLE * ETHER)]


def test_nodes__with_a_quorum__answer_with_one_transaction(world: World, nodes: Nodes, begun: int) -> None:
    assert len(waiting(world)) == 1
    nodes.step()
    assert world.answer() == (begun, PRICE)
    assert reported(world, begun) == dict.fromkeys(world.operators, PRICE)
    assert waiting(world) == []


def test_node__in_the_round_of_the_snapshot__reports_nothing(world: World, nodes: Nodes) -> None:
    """What it signed would not count."""
    world.send("join", world.operators[0])
    nodes.start(0)
    round_ = world.round + 1
    world.to(world.begin_of(round_))
    world.send("takeSnapshot", 100)
    nodes.tick()
    assert (world.round, nodes.nodes[0].signed) == (round_, 0)
    nodes.to_round(round_ + 1)
    assert nodes.nodes[0].signed == 1


def test_nodes__in_a_round_in_which_nothing_is_due__report_nothing(nodes: Nodes, begun: int) -> None:
    nodes.step()
    nodes.say(PRICE + PRICE * 49 // 10_000)
    nodes.to_round(begun + 1)
    assert (begun + 1) not in {round_ for _, round_ in nodes.nodes[0].reports}


def test_nodes__once_the_price_moved_by_the_deviation__answer(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    nodes.say(PRICE + PRICE * 50 // 10_000)
    nodes.to_round(begun + 1)
    nodes.step()
    assert world.answer() == (begun + 1, PRICE + PRICE * 50 // 10_000)


def test_nodes__where_one_sees_the_deviation__all_report(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    nodes.say(PRICE + PRICE // 100, 0)
    nodes.to_round(begun + 1)
    said = nodes.nodes[1].reports[1, begun + 1]
    assert {operator: each.report.price for operator, each in said.items()} == {
        operator: PRICE + PRICE // 100 if operator == world.operators[0] else PRICE for operator in world.operators
    }
    nodes.step(3)
    assert world.answer() == (begun, PRICE)


def test_nodes__when_the_heartbeat_is_near__answer(world: World, nodes: Nodes, begun: int) -> None:
    """Of 20 minutes: what is not done in the 18th round may be done in the last second of the 20th, and too late."""
    nodes.step()
    assert world.view("answerOf", 1, begun)["updatedAt"] == world.begin_of(begun) + BLOCK
    nodes.to_round(begun + 17)
    assert (1, begun + 17) not in nodes.nodes[0].reports
    nodes.to_round(begun + 18)
    nodes.step()
    assert world.answer() == (begun + 18, PRICE)


def test_nodes__without_the_one_whose_turn_it_is__answer_a_block_or_more_later(
    world: World, nodes: Nodes, begun: int
) -> None:
    nodes.step()
    order = sorted(world.operators, key=lambda operator: int(operator, 16))
    first = world.operators.index(order[(begun + 1 + 1) % 5])
    nodes.stop(first)
    nodes.say(PRICE * 2)
    nodes.to_round(begun + 1)
    nodes.step()
    assert waiting(world) == []  # the others wait for its report
    nodes.step()
    assert len(waiting(world)) == 1  # and the next one for its transaction
    nodes.step()
    assert world.answer()[0] == begun + 1
    assert len(reported(world, begun + 1)) == 4


def test_nodes__two_of_which_are_down__answer_nothing(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    nodes.stop(0)
    nodes.stop(1)
    nodes.say(PRICE * 2)
    nodes.to_round(begun + 1)
    nodes.step(4)
    assert world.answer() == (begun, PRICE)


def test_node__that_comes_late__has_its_report_counted_too(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    nodes.stop(3)
    nodes.say(PRICE * 2)
    nodes.to_round(begun + 1)
    nodes.step(4, seconds=2)
    assert world.answer()[0] == begun + 1
    assert world.operators[3] not in reported(world, begun + 1)
    nodes.start(3)
    nodes.step(2, seconds=2)
    assert reported(world, begun + 1) == dict.fromkeys(world.operators, PRICE * 2)


def test_nodes__with_one_that_says_another_price__answer_with_the_median(
    world: World, nodes: Nodes, begun: int
) -> None:
    nodes.step()
    nodes.say(PRICE * 2)
    nodes.say(PRICE * 20, 2)
    nodes.to_round(begun + 1)
    nodes.step()
    assert world.answer() == (begun + 1, PRICE * 2)
    assert reported(world, begun + 1)[world.operators[2]] == PRICE * 20


# --- payment ---


@pytest.mark.usefixtures("begun")
def test_nodes__in_the_next_epoch__pay_all_once(world: World, nodes: Nodes) -> None:
    nodes.step()
    world.to(world.scene["genesis"] + 4 * EPOCH)
    nodes.tick()
    nodes.step(7)
    paid = {each["operator"]: each["amount"] for each in world.events("Paid", "RewardsDistributor")}
    weights = {each: (14 if each == world.operators[4] else 21) for each in world.operators}
    assert paid == {operator: REWARD * weight // WHOLE for operator, weight in weights.items()}
    assert len(world.events("Paid", "RewardsDistributor")) == 5


# --- faults ---


def test_nodes__that_hear_two_reports_of_one_operator__have_it_slashed(world: World, nodes: Nodes, two: int) -> None:
    nodes.relay.take([signed_by(world, 4, two), signed_by(world, 4, two, PRICE + 1)])
    nodes.step(4)
    (fault,) = world.events("FaultProved")
    assert (fault["feed"], fault["round"], fault["operator"], fault["bounty"]) == (1, two, world.operators[4], BOUNTY)
    retained = world.ask(
        "DelegationManager", world.scene["delegation"], "retained", world.operators[4], world.scene["vault"]
    )
    assert retained == WAD * 7 // 10


def test_nodes__that_see_another_report_on_the_chain__have_its_operator_slashed(
    world: World, nodes: Nodes, begun: int
) -> None:
    """It tells the relay one thing, and has another counted by itself."""
    nodes.step()
    other = signed_by(world, 4, begun, PRICE + 1)
    world.send("submitLate", 1, begun, [(other.report.price, other.report.time, other.signature)])
    nodes.stop(4)
    nodes.tick()
    nodes.step(5)
    (fault,) = world.events("FaultProved")
    assert (fault["round"], fault["operator"]) == (begun, world.operators[4])


def test_nodes__once_a_fault_is_proved_for_good__forget_it(world: World, nodes: Nodes, two: int) -> None:
    nodes.relay.take([signed_by(world, 4, two), signed_by(world, 4, two, PRICE + 1)])
    nodes.step(6)
    assert [len(node.journal.evidence) for node in nodes.nodes.values()] == [1, 1]
    nodes.step(14)
    assert [len(node.journal.evidence) for node in nodes.nodes.values()] == [0, 0]


def test_node__that_was_killed_with_evidence__proves_it_when_it_is_back(world: World, nodes: Nodes, two: int) -> None:
    nodes.relay.take([signed_by(world, 4, two), signed_by(world, 4, two, PRICE + 1)])
    nodes.tick(0)
    for index in (0, 1):
        nodes.stop(index)
    world.chain.ask("anvil_dropAllTransactions")
    nodes.relay._reports.clear()
    nodes.relay._signers.clear()
    nodes.start(0)
    nodes.step(6)
    assert [each["operator"] for each in world.events("FaultProved")] == [world.operators[4]]


def test_nodes__that_hear_a_report_of_before_its_round__have_it_slashed(world: World, nodes: Nodes, two: int) -> None:
    nodes.relay.take([signed_by(world, 4, two - 1, time=world.begin_of(two - 1) - 1)])
    nodes.step(5)
    (fault,) = world.events("FaultProved")
    assert (fault["round"], fault["operator"]) == (two - 1, world.operators[4])


def test_nodes__that_hear_a_report_for_a_round_to_come__have_it_slashed(world: World, nodes: Nodes, two: int) -> None:
    nodes.relay.take([signed_by(world, 4, two + 20)])
    nodes.step(6)
    (fault,) = world.events("FaultProved")
    assert (fault["round"], fault["operator"]) == (two + 20, world.operators[4])


def test_node__that_is_blocks_behind__does_not_take_a_report_for_a_fault(
    world: World, nodes: Nodes, alone: int
) -> None:
    """What it hears is for rounds that have begun for all others."""
    nodes.relay.take([signed_by(world, 4, alone + 1), signed_by(world, 3, alone + 2)])
    nodes.tick()
    assert nodes.nodes[0].journal.evidence == {}
    nodes.to_round(alone + 1)
    nodes.to_round(alone + 2)
    assert nodes.nodes[0].journal.evidence == {}
    assert world.operators[4] in nodes.nodes[0].reports[1, alone + 1]


def test_nodes__that_hear_of_a_fault_too_late__forget_it(world: World, nodes: Nodes, alone: int) -> None:
    """The report window is half an hour."""
    node = nodes.nodes[0]
    node._keep(f"equivocation 1 {alone} {world.operators[4]}", [signed_by(world, 4, alone, price) for price in (1, 2)])
    world.to(world.begin_of(alone) + 1_801)
    nodes.tick()
    assert node.journal.evidence == {}


def test_nodes__that_hear_nonsense__go_on(world: World, nodes: Nodes, alone: int) -> None:
    """As from a relay that checks nothing."""
    node = nodes.nodes[0]
    stranger = world.domain.sign(Report(1, alone, PRICE, 0), STRANGER)
    bad = [
        stranger,
        Signed(stranger.report, b"\x00" * 65),
        Signed(replace(stranger.report, price=5), stranger.signature),
        signed_by(world, 1, 1),
    ]
    node._heard = bad
    with asking(node.web3):
        assert node._take() is False
    assert node.journal.evidence == {}


# --- restarts ---


def test_node__that_starts_again__sends_the_same_report(world: World, nodes: Nodes, alone: int) -> None:
    before = nodes.nodes[0].reports[1, alone][world.operators[0]]
    nodes.stop(0)
    nodes.relay._reports.clear()
    nodes.relay._signers.clear()
    nodes.say(PRICE * 3, 0)
    nodes.start(0)
    nodes.tick(0)
    assert nodes.nodes[0].reports[1, alone][world.operators[0]] == before
    assert before in nodes.relay.after("", 0)[1]


def test_node__with_a_new_journal__reports_from_the_next_round_on(nodes: Nodes, alone: int) -> None:
    nodes.stop(0)
    (nodes.folders[0] / "journal.db").unlink()
    nodes.start(0)
    nodes.tick()
    assert nodes.nodes[0].signed == 0
    nodes.to_round(alone + 1)
    assert nodes.nodes[0].signed == 1


@pytest.mark.usefixtures("alone")
def test_node__twice_with_one_journal__is_refused(nodes: Nodes) -> None:
    with pytest.raises(JournalError, match="another process uses the journal"):
        nodes.start(0)


def test_node__whose_key_somebody_else_signs_with__ends(world: World, nodes: Nodes, alone: int) -> None:
    nodes.relay.take([signed_by(world, 0, alone, PRICE + 7)])
    with pytest.raises(JournalDamaged, match=f"somebody else signs with the key {world.key(0).address}"):
        nodes.tick(0)


@pytest.mark.usefixtures("alone")
def test_node__whose_journal_was_changed_under_it__signs_nothing(nodes: Nodes) -> None:
    nodes.stop(0)
    with sqlite3.connect(nodes.folders[0] / "journal.db") as database:
        database.execute("UPDATE reports SET price = '5'")
    database.close()
    with pytest.raises(JournalDamaged, match="is not what was signed"):
        nodes.start(0)


# --- trouble ---


def test_nodes__after_a_reorganisation__answer_the_round_again(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    assert world.answer() == (begun, PRICE)
    world.chain.ask("anvil_rollback", 1)
    assert world.answer()[0] == 0
    world.chain.ask("anvil_dropAllTransactions")
    nodes.step(3)
    assert world.answer() == (begun, PRICE)


def test_node__while_the_chain_is_away__waits_and_goes_on(nodes: Nodes) -> None:
    nodes.begin(*ALL)
    nodes.step()
    node = nodes.nodes[0]
    away = node.web3.provider.endpoint_uri  # type: ignore[attr-defined]
    node.web3.provider.endpoint_uri = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    nodes.tick(0)
    assert node.problems["node"].startswith("the node does not answer")
    node.web3.provider.endpoint_uri = away  # type: ignore[attr-defined]
    nodes.step()
    assert node.wrong == []


def test_node__of_a_chain_that_is_ahead_of_its_clock__signs_nothing(world: World, nodes: Nodes) -> None:
    """As if the chain's node lied about the time."""
    folder = nodes.folders[0] = world.folder(0, [nodes.relay_url])
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace(f"ahead = {10**9}", "ahead = 60"))
    round_ = nodes.begin(0)
    node = nodes.nodes[0]
    assert (node.signed, node.journal.report(1, round_)) == (0, None)
    (wrong,) = node.wrong
    assert wrong.startswith("report, feed 1: the block is ")
    assert wrong.endswith(" s ahead of this machine's clock: nothing is signed; the config's `ahead` allows more")


def test_node__without_a_price__reports_nothing_and_says_so(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    (nodes.folders[0] / "price.json").unlink()
    nodes.say(PRICE * 2, 1, 2, 3, 4)
    nodes.to_round(begun + 1)
    nodes.step(2)
    assert world.operators[0] not in reported(world, begun + 1)
    assert nodes.nodes[0].wrong == [
        "feed 1, file price.json: there is no such file",
        "feed 1: 0 sources have a price, and 1 must",
    ]


@pytest.mark.usefixtures("alone")
def test_node__whose_relay_is_away__says_so(nodes: Nodes) -> None:
    nodes.nodes[0].gossip._relays[0].url = "http://127.0.0.1:9"
    nodes.tick(0)
    assert nodes.nodes[0].wrong == ["relay http://127.0.0.1:9: it cannot be reached (ClientConnectorError)"]


@pytest.mark.usefixtures("alone")
def test_node__with_little_ether__says_so(world: World, nodes: Nodes) -> None:
    world.chain.ask("anvil_setBalance", world.key(0).address, hex(10**15))
    world.mine()
    nodes.tick(0)
    assert nodes.nodes[0].wrong == [f"{world.key(0).address} has {10**15} wei left for transactions"]


def test_node__whose_transaction_waits_too_long__sends_it_again_for_more(world: World, nodes: Nodes) -> None:
    """Its transactions are dropped from the pool and never mined, as where fees rose."""
    nodes.start(0)
    nodes.tick()
    (first,) = waiting(world)
    for _ in range(5):
        world.chain.ask("anvil_dropAllTransactions")
        nodes.step()
    again = [each for each in waiting(world) if each["nonce"] == first["nonce"]]
    assert len(again) == 1
    assert int(again[0]["maxPriorityFeePerGas"], 16) == int(first["maxPriorityFeePerGas"], 16) * 5 // 4


def test_node__of_another_chain__is_refused(world: World, nodes: Nodes) -> None:
    folder = world.folder(0, [nodes.relay_url])
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace("chain_id = 31337", "chain_id = 1"))
    config = Config.load(folder / "node.toml")
    with pytest.raises(WrongNetwork, match="the node's chain id is 31337 and not 1: name another node"):
        Node(config, config.key())


def test_node__without_a_chain__is_refused(world: World, nodes: Nodes) -> None:
    folder = world.folder(0, [nodes.relay_url])
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace(world.chain.url, "http://127.0.0.1:9"))
    config = Config.load(folder / "node.toml")
    with pytest.raises(NotConnected, match="the node does not answer"):
        Node(config, config.key())


def test_node__with_a_feed_that_there_is_none_of__is_refused(world: World, nodes: Nodes) -> None:
    folder = world.folder(0, [nodes.relay_url])
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace("id = 1", "id = 7"))
    config = Config.load(folder / "node.toml")
    with pytest.raises(ConfigError, match="there is no feed 7 of this oracle: it has 1"):
        Node(config, config.key())


# --- health and metrics ---


def test_health__of_a_node_that_is_well__is_200(world: World, nodes: Nodes, alone: int) -> None:
    with serving(application(nodes.nodes[0])) as url:
        answer = requests.get(f"{url}/health", timeout=10)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ok": True,
            "wrong": [],
            "signer": world.key(0).address,
            "operator": world.operators[0],
            "block": world.chain.block,
            "round": alone,
            "epoch": 4,
        },
    )


def test_health__of_a_node_that_is_not__is_503_with_what_is_wrong(world: World, nodes: Nodes) -> None:
    nodes.start(0)
    nodes.tick()
    with serving(application(nodes.nodes[0])) as url:
        answer = requests.get(f"{url}/health", timeout=10)
    assert (answer.status_code, answer.json()["wrong"]) == (503, [f"{world.operators[0]} is no member"])


@pytest.mark.usefixtures("alone")
def test_health__without_a_new_block__says_so(nodes: Nodes) -> None:
    nodes.nodes[0].alive_at -= 10_000
    (wrong,) = nodes.nodes[0].wrong
    assert wrong.startswith("no new block came for 10")


def test_metrics__say_what_the_node_knows(world: World, nodes: Nodes, begun: int) -> None:
    nodes.step()
    with serving(application(nodes.nodes[0])) as url:
        lines = requests.get(f"{url}/metrics", timeout=10).text.splitlines()
    for line in (
        "catenary_oracle_wrong 0.0",
        "catenary_oracle_reports_signed_total 1.0",
        f"catenary_oracle_round {float(begun)}",
        "catenary_oracle_epoch 4.0",
        'catenary_oracle_price{feed="1"} 2000.0',
        'catenary_oracle_answer{feed="1"} 2000.0',
        'catenary_oracle_source_up{feed="1",source="0 file price.json"} 1.0',
        f'catenary_oracle_report{{feed="1",operator="{world.operators[3]}"}} 2000.0',
    ):
        assert line in lines


def test_journal__of_a_node__has_what_it_signed(world: World, nodes: Nodes, alone: int) -> None:
    nodes.stop(0)
    with sqlite3.connect(nodes.folders[0] / "journal.db") as database:
        rows = database.execute("SELECT feed, round, price, time FROM reports").fetchall()
    database.close()
    assert rows == [(1, alone, str(PRICE), world.begin_of(alone))]
