"""What somebody who means ill cannot do to a node."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from catenary.chain import asking
from catenary.contracts import ORACLE, calldata, function
from catenary.errors import CatenaryError
from catenary.oracle.report import Report, Signed
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
