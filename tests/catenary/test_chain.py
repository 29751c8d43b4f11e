"""Reading at a block, many things in one round trip, logs, and calls: tried, sent, encoded."""

from itertools import pairwise
from typing import Any

import ape
import pytest
import requests
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from web3 import HTTPProvider
from web3.exceptions import Web3RPCError

import catenary
from catenary import Accepted, Mandate, Payment, Terms
from catenary.chain import Chain, Contract, check_in_turn, line, web3
from catenary.contracts import event
from catenary.errors import (
    BadAmount,
    CatenaryError,
    ERC20InsufficientAllowance,
    ERC20InsufficientBalance,
    NotConnected,
    OperatorAlreadyRegistered,
    TransactionFailed,
    UnknownAVS,
    UnknownName,
    UnknownRevert,
)
from tests.helpers.protocol import DAY, ETHER
from tests.helpers.scene import Scene


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of all that is sent to the node; its chain id is known."""
    methods: list[str] = []
    _ = web3().eth.chain_id
    make_request = HTTPProvider._make_request

    def note(provider: HTTPProvider, method: Any, data: bytes) -> bytes:
        methods.append(str(method))
        return make_request(provider, method, data)

    monkeypatch.setattr(HTTPProvider, "_make_request", note)
    return methods


# --- reading ---


def test_all__600_reads__take_two_round_trips_at_one_block(
    sdk: catenary.Protocol, registry: ContractInstance, asked: list[str]
) -> None:
    reads = [sdk.registry.read("startOf", epoch, make=int) for epoch in range(1, 601)]
    starts = sdk.chain.all(reads)
    assert asked == ["eth_getBlockByNumber", "eth_call", "eth_call"]
    genesis = registry.GENESIS()
    assert starts == [genesis + 7 * DAY * index for index in range(600)]


def test_all__500_reads__take_one_round_trip(sdk: catenary.Protocol, asked: list[str]) -> None:
    sdk.chain.all([sdk.registry.read("startOf", epoch, make=int) for epoch in range(1, 501)])
    assert asked == ["eth_call"]


def test_all__nothing__asks_nothing(sdk: catenary.Protocol, asked: list[str]) -> None:
    assert sdk.chain.all([]) == []
    assert asked == []


def test_all__one_is_refused__raises_its_error(sdk: catenary.Protocol) -> None:
    reads = [sdk.registry.read("terms", number, make=dict) for number in (99,)]
    with pytest.raises(UnknownAVS) as raised:
        sdk.chain.all([sdk.registry.read("epoch", make=int), *reads])
    assert raised.value.arguments == {"avs": 99}


def test_all__one_is_no_contract__is_refused(sdk: catenary.Protocol, alice: AccountAPI) -> None:
    stranger = Contract("AVSRegistry", alice.address)
    with pytest.raises(CatenaryError, match=f"{alice.address} does not answer epoch: it is not what it is taken for"):
        sdk.chain.all([stranger.read("epoch", make=int)])
    with pytest.raises(CatenaryError, match="it is not what it is taken for"):
        sdk.chain.get(stranger.read("epoch", make=int))


def test_get__answer_that_is_none__is_refused(sdk: catenary.Protocol) -> None:
    """A number, where a text is asked for."""
    read = Contract("ERC20", sdk.registry.address).read("symbol", make=str)
    word = catenary.chain.Read(read.to, read.abi, sdk.registry.read("EPOCH", make=int).data, str)
    with pytest.raises(CatenaryError, match="does not answer symbol: it is not what it is taken for"):
        sdk.chain.get(word)


def test_logs__text_that_is_no_utf_8__hides_nothing(sdk: catenary.Protocol, stranger: AccountAPI) -> None:
    """Anybody may write one: by hand, as the encoder would refuse."""
    call = sdk.register_operator("ab")
    raw = call.data.replace(b"ab" + bytes(30), b"\xff\xfe" + bytes(30))
    stranger.transfer(sdk.registry.address, data=raw, value=0)
    assert stranger.address in [operator.address for operator in sdk.operators]
    (said,) = sdk.logs(sdk.registry, "OperatorRegistered", operator=stranger.address)
    assert said["uri"] == "\ufffd\ufffd"


def test_get__refused__raises_its_error(sdk: catenary.Protocol) -> None:
    with pytest.raises(UnknownAVS) as raised:
        sdk.chain.get(sdk.registry.read("terms", 99, make=dict))
    assert raised.value.arguments == {"avs": 99}


def test_get__refused_by_another_contract__says_what_it_knows(sdk: catenary.Protocol) -> None:
    """A contract that has no such function."""
    with pytest.raises(UnknownRevert) as raised:
        sdk.chain.get(Contract("StakingVault", sdk.registry.address).read("cap", make=int))
    assert raised.value.arguments == {"reason": "it gave no reason"}


def test_get__argument_that_does_not_fit__is_refused(sdk: catenary.Protocol) -> None:
    with pytest.raises(BadAmount, match="terms cannot take this: "):
        sdk.registry.read("terms", 2**32, make=dict)


def test_chain__at_an_old_block__reads_what_was_then(
    sdk: catenary.Protocol, scene: Scene, at_once: int, with_veto: int
) -> None:
    before = ape.chain.blocks.head
    scene.request(at_once, 10**17)
    pool = sdk.vault("cAST").pool(scene.operator.address)
    assert pool.retained == 9 * 10**17

    then = sdk.at(before.number)
    assert (then.chain.number, then.chain.time) == (before.number, before.timestamp)
    old = then.vault("cAST").pool(scene.operator.address)
    assert old.retained == 10**18
    assert old.slashable([at_once, with_veto]) == {at_once: (2 * 10**17, 10**17), with_veto: (10**17, 0)}
    assert pool.slashable([at_once, with_veto]) == {at_once: (10**17, 10**17), with_veto: (10**17, 0)}
    assert (old.requests, [request.amount for request in pool.requests]) == ([], [10**17])


# --- logs ---


@pytest.fixture
def limited_logs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """A node that gives logs of 5 blocks at most. The ranges that it was asked for."""
    ranges: list[tuple[int, int]] = []
    eth = web3().eth
    get_logs = eth.get_logs

    def limited(query: Any) -> Any:
        ranges.append((query["fromBlock"], query["toBlock"]))
        if query["toBlock"] - query["fromBlock"] >= 5:
            raise Web3RPCError("range too long")
        return get_logs(query)

    monkeypatch.setattr(eth, "get_logs", limited)
    return ranges


def test_logs__range_too_long__is_halved_until_it_is_not(
    sdk: catenary.Protocol, scene: Scene, at_once: int, with_veto: int, shared: int, limited_logs: list[tuple[int, int]]
) -> None:
    found = sdk.logs(sdk.registry, "AVSRegistered")
    assert [log["avs"] for log in found] == [*range(1, at_once), at_once, with_veto, shared]
    granted = sorted(each for each in limited_logs if each[1] - each[0] < 5)
    assert granted[0][0] == 0
    assert granted[-1][1] == ape.chain.blocks.height
    assert all(before[1] + 1 == after[0] for before, after in pairwise(granted))
    assert found[-1]["terms"]["slasher"] == scene.slasher.address


def test_logs__one_block_too_long__is_refused(sdk: catenary.Protocol, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> Any:
        raise Web3RPCError("never")

    monkeypatch.setattr(web3().eth, "get_logs", refuse)
    with pytest.raises(CatenaryError, match="the node refuses: never"):
        sdk.logs(sdk.registry, "AVSRegistered")


def test_logs__node_that_does_not_answer__is_not_asked_again(
    sdk: catenary.Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Any) -> Any:
        asked.append(1)
        raise requests.ConnectionError("gone")

    asked: list[int] = []
    monkeypatch.setattr(web3().eth, "get_logs", silent)
    with pytest.raises(NotConnected, match="the node does not answer: gone"):
        sdk.logs(sdk.registry, "AVSRegistered")
    assert asked == [1]


def test_logs__by_an_indexed_argument__are_those_only(
    sdk: catenary.Protocol, scene: Scene, with_veto: int, alice: AccountAPI
) -> None:
    found = sdk.logs(sdk.registry, "OptedIn", avs=with_veto)
    assert [(log["avs"], log["operator"]) for log in found] == [(with_veto, scene.operator.address)]
    receipt = ape.chain.provider.get_receipt(found[0]["transactionHash"])
    assert receipt.block_number == found[0]["blockNumber"]
    assert sdk.logs(sdk.registry, "OptedIn", operator=alice.address) == []


def test_logs__from_a_block_to_come__are_none(sdk: catenary.Protocol, scene: Scene) -> None:
    opted = event("AVSRegistry", "OptedIn")
    assert Chain().logs(opted, sdk.registry.address, ape.chain.blocks.height + 1) == []
    assert len(Chain().logs(opted, sdk.registry.address, 0, operator=scene.operator.address)) >= 3


# --- calls ---


def test_check__gives_back_what_the_call_returns(sdk: catenary.Protocol, scene: Scene, at_once: int) -> None:
    pool = sdk.vault("cAST").pool(scene.operator.address)
    call = sdk.avs(at_once).slash(pool, 25 * 10**16, ape.chain.blocks.head.timestamp, b"a lie")
    _, granted = call.check(scene.slasher)
    assert granted == 25 * 10**16
    assert call.check(scene.slasher.address)[1] == granted  # nothing changed, and an address will do
    assert sdk.register_operator().check(scene.slasher) == ()


def test_check_in_turn__each_on_what_those_before_it_did(
    sdk: catenary.Protocol, asset: ContractInstance, stranger: AccountAPI, owner: AccountAPI
) -> None:
    vault = sdk.vault("cAST")
    asset.mint(stranger, 5, sender=owner)
    check_in_turn([vault.approve(5), vault.deposit(5, stranger)], stranger)
    with pytest.raises(ERC20InsufficientAllowance):
        check_in_turn([vault.approve(4), vault.deposit(5, stranger)], stranger)
    with pytest.raises(ERC20InsufficientBalance):
        check_in_turn([vault.approve(6), vault.deposit(6, stranger)], stranger.address)
    assert (asset.allowance(stranger, vault.address), vault.balance(stranger.address)) == (0, 0)


@pytest.mark.usefixtures("scene")
def test_claim__receiver_without_checksum__is_refused(sdk: catenary.Protocol, alice: AccountAPI) -> None:
    """It may be mistyped, and what is sent there is lost."""
    typed = "0x" + 40 * "a"
    with pytest.raises(UnknownName, match="is not an address with its checksum"):
        sdk.staker(alice.address).claim([], typed)
    with pytest.raises(UnknownName, match="is not an address with its checksum"):
        sdk.operator(alice.address).claim_commission("cAST", alice.address, typed)


def test_send__sends_and_waits(sdk: catenary.Protocol, stranger: AccountAPI) -> None:
    receipt = sdk.register_operator("https://example.org").send(stranger)
    assert sdk.operator(stranger.address).is_registered
    assert sdk.registry.said("OperatorRegistered", receipt) == [
        {"operator": stranger.address, "uri": "https://example.org"}
    ]


def test_send__refused__raises_the_error_and_sends_nothing(sdk: catenary.Protocol, scene: Scene) -> None:
    nonce = scene.operator.nonce
    with pytest.raises(OperatorAlreadyRegistered) as raised:
        sdk.register_operator().send(scene.operator)
    assert raised.value.arguments == {"operator": scene.operator.address}
    assert scene.operator.nonce == nonce


def test_send__fails_on_the_chain__says_so(
    sdk: catenary.Protocol, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a call that was fine when it was tried."""
    nonce = scene.operator.nonce
    monkeypatch.setattr(catenary.Call, "check", lambda *_: None)
    with pytest.raises(TransactionFailed, match="registerOperator failed on the chain: "):
        sdk.register_operator().send(scene.operator)
    assert scene.operator.nonce == nonce + 1


def test_send__node_does_not_take_it__says_so(sdk: catenary.Protocol, stranger: AccountAPI) -> None:
    nonce = stranger.nonce
    with pytest.raises(CatenaryError, match="the node did not take registerOperator: ") as raised:
        sdk.register_operator().send(stranger, gas_limit=10**12)
    assert not isinstance(raised.value, TransactionFailed)
    assert stranger.nonce == nonce


def test_send__is_not_signed__sends_nothing(
    sdk: catenary.Protocol, stranger: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = stranger.nonce
    monkeypatch.setattr(type(stranger), "sign_transaction", lambda *_, **__: None)
    with pytest.raises(CatenaryError, match="registerOperator was not signed: nothing was sent"):
        sdk.register_operator().send(stranger)
    assert stranger.nonce == nonce


def test_call__repr__says_how_to_send_it(sdk: catenary.Protocol) -> None:
    assert repr(sdk.register_operator()) == ("<registerOperator of AVSRegistry, not sent yet: .send(account) sends it>")


@pytest.fixture
def every_call(
    sdk: catenary.Protocol,
    scene: Scene,
    at_once: int,
    with_veto: int,
    alice: AccountAPI,
    bob: AccountAPI,
    asset: ContractInstance,
) -> list[tuple[catenary.Call, bytes]]:
    """Each call of the package, and what Ape makes of the same."""
    protocol, vault = scene.protocol, scene.vault
    registry, delegation, slashing, rewards = (
        protocol.registry,
        protocol.delegation,
        protocol.slashing,
        protocol.rewards,
    )
    mine = sdk.vault("cAST")
    pool, operator, avs = mine.pool(scene.operator), sdk.operator(scene.operator.address), sdk.avs(at_once)
    staker = sdk.staker(alice.address)
    accepted = Accepted(5_000, 1_000, 60, open_requests=True)
    plain = accepted.plain()
    epoch = scene.undelegate(alice, 10 * ETHER)
    protocol.to_epoch(epoch + 2)
    (ticket,) = staker.tickets
    filed = scene.request(with_veto, 10**17)
    (request,) = sdk.avs(with_veto).requests
    terms = Terms(bob.address, alice.address, 60, bob.address, by_admission=True)
    place = (scene.operator, vault)
    payments = [Payment(scene.operator.address, str(vault.address), 5, 40)]
    reward = catenary.Reward(pool, str(asset.address), 1, 2)
    return [
        (sdk.register_operator("x"), registry.registerOperator.encode_input("x")),
        (sdk.register_avs(terms, "y"), registry.registerAVS.encode_input(terms.plain(), "y")),
        (operator.open_pool("cAST", Mandate(1, 2, 3)), registry.openPool.encode_input(vault, 1, 2, 3)),
        (operator.announce("cAST", 1, 2), registry.setMandate.encode_input(vault, 1, 2)),
        (operator.opt_in(3, "cAST", 1, 2, b"z"), registry.optIn.encode_input(3, vault, 1, 2, b"z")),
        (operator.allocate(3, mine.address, 1, 2), registry.allocate.encode_input(3, vault, 1, 2)),
        (operator.opt_out(3, "cAST"), registry.optOut.encode_input(3, vault)),
        (
            operator.claim_commission("cAST", str(asset.address)),
            rewards.claimCommission.encode_input(vault, asset, scene.operator),
        ),
        (avs.admit(bob.address), registry.setAdmitted.encode_input(at_once, bob, True)),
        (avs.count("cAST", counts=False), registry.setVault.encode_input(at_once, vault, False)),
        (avs.eject(pool), registry.eject.encode_input(at_once, *place)),
        (
            avs.slash(pool, 7, 8, b"lie", "uri"),
            slashing.request.encode_input(at_once, *place, 7, 8, keccak(b"lie"), "uri"),
        ),
        (
            avs.pay(str(asset.address), 4, payments),
            rewards.pay.encode_input(asset, 4, [(scene.operator, vault, 5, 40)]),
        ),
        (avs.approve(str(asset.address), 9), asset.approve.encode_input(rewards, 9)),
        (
            avs.stream(pool, str(asset.address), 5, 40, 6),
            rewards.openStream.encode_input(*place, asset, 5, 40, 6),
        ),
        (avs.cancel_stream(1, bob.address), rewards.cancelStream.encode_input(1, bob)),
        (request.veto(), slashing.veto.encode_input(filed)),
        (request.take_back(), slashing.takeBack.encode_input(filed)),
        (request.execute(), slashing.execute.encode_input(filed)),
        (mine.approve("2 AST"), asset.approve.encode_input(vault, 2 * ETHER)),
        (mine.deposit("2 AST", bob), vault.deposit.encode_input(2 * ETHER, bob)),
        (mine.deposit_ether("2 ether", bob), vault.depositNative.encode_input(bob)),
        (
            mine.deposit_and_delegate("2 AST", scene.operator, accepted, "1 cAST"),
            vault.depositAndDelegate.encode_input(2 * ETHER, scene.operator, ETHER, plain),
        ),
        (
            mine.deposit_ether_and_delegate("2 ether", scene.operator, accepted),
            vault.depositNativeAndDelegate.encode_input(scene.operator, 1, plain),
        ),
        (mine.redeem("1 cAST", bob, alice), vault.redeem.encode_input(ETHER, bob, alice)),
        (mine.redeem(5, bob, alice, ether=True), vault.redeemNative.encode_input(5, bob, alice)),
        (pool.delegate("1 cAST", accepted), delegation.delegateShares.encode_input(*place, ETHER, plain)),
        (pool.undelegate(6), delegation.undelegate.encode_input(*place, 6)),
        (ticket.complete(), delegation.complete.encode_input(*place, alice, epoch, alice, 0)),
        (
            ticket.complete(bob.address, catenary.Payout.VAULT_SHARES),
            delegation.complete.encode_input(*place, alice, epoch, bob, 2),
        ),
        (
            ticket.redelegate(bob.address, accepted),
            delegation.redelegate.encode_input(*place, epoch, bob, alice, plain),
        ),
        (staker.claim([reward]), rewards.claim.encode_input(alice, [(*place, asset, 0)], alice)),
        (staker.approve_completer(bob.address), delegation.setCompleter.encode_input(bob, True)),
        (staker.void_nonce(), delegation.voidNonce.encode_input()),
    ]


def test_call__data__is_what_ape_encodes(every_call: list[tuple[catenary.Call, bytes]]) -> None:
    assert [(str(call), call.data) for call, _ in every_call] == [(str(call), bytes(data)) for call, data in every_call]


def test_call__value__is_that_of_ether_only(every_call: list[tuple[catenary.Call, bytes]]) -> None:
    assert {call.abi.name: call.value for call, _ in every_call if call.value} == {
        "depositNative": 2 * ETHER,
        "depositNativeAndDelegate": 2 * ETHER,
    }


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no\n answer", "no answer"),
        ("at 'https://node.example/v3/secret'.", "at 'https://node.example/(hidden)'."),
        ("at https://me:secret@node.example/rpc", "at https://node.example/(hidden)"),
        ("Max retries exceeded with url: /v3/secret (Caused by", "Max retries exceeded with url: (hidden) (Caused by"),
        ("at http://127.0.0.1:8545", "at http://127.0.0.1:8545"),
    ],
)
def test_line__of_an_error__hides_what_may_be_a_key(said: str, told: str) -> None:
    assert line(Exception(said)) == told
