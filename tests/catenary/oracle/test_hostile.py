"""What somebody who means ill cannot do to a node."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from catenary.chain import Chain, asking
from catenary.contracts import ORACLE, calldata, function
from catenary.errors import CatenaryError, NotConnected
from catenary.oracle import node as module
from catenary.oracle.node import Node
from catenary.oracle.report import Report, Signed
from tests.catenary.oracle.server import answering
from tests.catenary.oracle.world import PRICE, Nodes, World

ALL = range(5)
SECOND: LocalAccount = Account.from_key(b"\x05" * 32)


def signed_by(world: World, key: LocalAccount, round_: int, price: int = PRICE) -> Signed:
    return world.domain.sign(Report(1, round_, price, world.begin_of(round_)), key)


def call(world: World, sender: str, data: bytes) -> None:
    """Somebody calls the oracle, in the next block."""
    world.chain.ask("anvil_impersonateAccount", sender)
    world.chain.ask("anvil_setBalance", sender, hex(10**20))
    sent = {"from": sender, "to": world.scene["oracle"], "data": f"0x{data.hex()}", "gas": hex(10**7)}
    world.chain.ask("eth_sendTransaction", sent)


def set_key(world: World, operator: str) -> None:
    proof = world.domain.key_proof(operator, SECOND)
    call(world, operator, calldata(function(ORACLE, "setKey"), [SECOND.address, proof]))


def refused(*_: Any) -> None:
    raise CatenaryError("the node refuses")


def test_nodes__that_hear_a_report_whose_key_is_replaced_before_the_round__answer_without_it(
    world: World, nodes: Nodes
) -> None:
    """Signed less than a minute before its round, it is no fault."""
    round_ = nodes.begin(*ALL) + 1
    nodes.stop(4)
    nodes.say(PRICE * 2)
    world.to(world.begin_of(round_) - 20)
    nodes.relay.take([signed_by(world, world.key(4), round_)])
    nodes.tick()
    set_key(world, world.operators[4])
    world.to(world.begin_of(round_) - 10)
    nodes.to_round(round_)
    nodes.step(4)
    assert world.answer() == (round_, PRICE * 2)
    assert world.events("FaultProved") == []


def test_nodes__hear_what_was_submitted_in_a_block_that_took_the_place_of_another(world: World, nodes: Nodes) -> None:
    round_ = nodes.begin(*ALL)
    nodes.stop(4)
    nodes.step(3)
    world.chain.ask("anvil_rollback", 1)
    signed = signed_by(world, world.key(4), round_, PRICE + 1)
    report = signed.report.price, signed.report.time, signed.signature
    call(world, world.operators[4], calldata(function(ORACLE, "submitLate"), [1, round_, [report]]))
    world.mine()
    world.mine()
    nodes.tick(0)
    (evidence,) = nodes.nodes[0].journal.evidence.values()
    assert [each.report.price for each in evidence] == [PRICE, PRICE + 1]


@pytest.fixture
def outsider(world: World) -> str:
    """No operator at all, with a key."""
    address = Account.from_key(b"\x06" * 32).address
    set_key(world, address)
    world.mine()
    return str(address)


@pytest.mark.usefixtures("outsider")
def test_node__that_hears_somebody_who_is_no_member__does_not_pass_it_on(world: World, nodes: Nodes) -> None:
    """A relay refuses all that comes with it."""
    round_ = nodes.begin(0)
    node = nodes.nodes[0]
    node._heard.append(signed_by(world, SECOND, round_))
    nodes.tick(0)
    assert list(node.reports[1, round_]) == [world.operators[0]]
    assert node.wrong == []


@pytest.mark.usefixtures("outsider")
def test_node__that_hears_two_reports_of_somebody_who_is_no_member__spends_nothing_on_them(
    world: World, nodes: Nodes
) -> None:
    round_ = nodes.begin(0)
    node = nodes.nodes[0]
    node._heard += [signed_by(world, SECOND, round_, price) for price in (1, 2)]
    nodes.tick(0)
    assert node.journal.evidence == {}


def test_node__that_cannot_learn_what_became_of_a_transaction__goes_on_with_the_price_of_now(
    world: World, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.begin(0)
    node = nodes.nodes[0]
    monkeypatch.setattr(node.sender, "settle", refused)
    nodes.say(PRICE * 2)
    nodes.to_round(world.round + 1)
    assert node.journal.report(1, world.round).report.price == PRICE * 2  # type: ignore[union-attr]
    assert node.wrong == ["transactions: the node refuses"]


def test_node__whose_sources_cannot_be_read_at_a_block__signs_nothing(world: World, nodes: Nodes) -> None:
    """Rather than the price of a block before."""
    nodes.begin(0)
    node = nodes.nodes[0]
    world.to(world.begin_of(world.round + 1))
    with asking(node.web3):
        node._look()
    nodes.tick(0)
    assert node.journal.report(1, world.round) is None


def test_nodes__that_read_a_submission_written_in_an_odd_way__go_on(world: World, nodes: Nodes) -> None:
    """The contract does not look at what fills up the last word of a signature."""
    round_ = nodes.begin(*ALL)
    nodes.stop(4)
    nodes.step(3)
    signed = signed_by(world, world.key(4), round_, PRICE + 1)
    report = signed.report.price, signed.report.time, signed.signature
    data = calldata(function(ORACLE, "submitLate"), [1, round_, [report]])
    call(world, world.operators[4], data[:-1] + b"\x01")
    world.mine()
    assert {each["operator"] for each in world.events("Reported")} == set(world.operators)
    nodes.say(PRICE * 2)
    nodes.to_round(round_ + 1)
    nodes.step(4)
    assert world.answer() == (round_ + 1, PRICE * 2)


def test_node__that_sees_somebody_who_is_no_member_on_the_chain__does_not_look_closer(
    world: World, nodes: Nodes, outsider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a key can have as many reports counted for nothing as blocks hold."""
    round_ = nodes.begin(*ALL)
    nodes.step(3)
    signed = signed_by(world, SECOND, round_)
    report = signed.report.price, signed.report.time, signed.signature
    call(world, outsider, calldata(function(ORACLE, "submitLate"), [1, round_, [report]]))
    world.mine()
    assert outsider in {each["operator"] for each in world.events("Reported")}
    node = nodes.nodes[0]
    monkeypatch.setattr(type(node.web3.eth), "get_transaction", refused)
    nodes.tick(0)
    assert node.wrong == []


def test_nodes__with_another_fault_of_somebody_who_lost_everything__forget_it(world: World, nodes: Nodes) -> None:
    round_ = nodes.begin(0, 1)
    for each in (round_ - 1, round_):
        nodes.relay.take([signed_by(world, world.key(4), each, price) for price in (1, 2)])
    nodes.step(6)
    assert len(world.events("FaultProved")) == 1
    assert [len(node.journal.evidence) for node in nodes.nodes.values()] == [1, 1]
    assert [node.problems for node in nodes.nodes.values()] == [{}, {}]


# --- the node of the chain ---


def test_node__whose_chain_says_fees_beyond_measure__pays_no_more_than_its_config_says(
    world: World, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.start(0)
    eth = type(nodes.nodes[0].web3.eth)
    monkeypatch.setattr(eth, "max_priority_fee", property(lambda _: 10**15))
    nodes.tick()
    pool = world.chain.ask("txpool_content")["pending"]
    ((sent,),) = [list(each.values()) for each in pool.values()]
    assert (int(sent["maxFeePerGas"], 16), int(sent["maxPriorityFeePerGas"], 16)) == (2 * 10**11, 2 * 10**11)


def test_chain__that_answers_with_a_page__is_not_connected() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="<html>down for maintenance</html>")

    with answering(handler) as url, asking(Web3(HTTPProvider(url))), pytest.raises(NotConnected, match="no JSON"):
        _ = Chain().head


def test_node__with_a_new_journal_and_a_chain_that_is_behind__reports_in_no_round_before_its_clocks(
    world: World, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have reported in those before the journal was lost."""
    clock = world.begin_of(world.round + 3)
    monkeypatch.setattr(module.time, "time", lambda: clock)
    round_ = nodes.begin(0)
    node = nodes.nodes[0]
    assert node.journal.floor == round_ + 2
    assert node.wrong == [f"report, feed 1: up to round {round_ + 2} nothing is signed, as it may have been before"]
    nodes.to_round(round_ + 3)
    assert node.journal.report(1, round_ + 3) is not None
    assert node.wrong == []


# --- sources ---


def test_node__whose_source_is_slow_after_a_long_pause__signs_no_old_price(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.begin(0)
    node = nodes.nodes[0]
    (reading,) = node.feeds[1].readings

    async def slow() -> None:
        await asyncio.sleep(5)

    monkeypatch.setattr(reading, "again", slow)
    monkeypatch.setattr(module, "_GRACE", 0.01)
    reading.at -= 121
    nodes.to_round(nodes.world.round + 1)
    assert node.journal.report(1, nodes.world.round) is None
    assert node.wrong[0] == "feed 1, file price.json: it did not answer yet, and what it said before is too old"


# --- many small members ---


def test_nodes__with_more_members_before_them_than_blocks__take_the_snapshot_and_answer(
    world: World, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Node, "_turn", staticmethod(lambda *_: 100))
    world.send("join", world.operators[0])
    nodes.start(*ALL)
    nodes.step(4)
    assert len(world.events("SnapshotTaken")) == 1
    round_ = world.round + 1
    nodes.to_round(round_)
    nodes.step(4)
    assert world.answer() == (round_, PRICE)
