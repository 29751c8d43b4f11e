"""
Whatever is wrong ends in one line that says what and what to do, with its exit code, and nothing is sent twice.

What has to do with nodes, files, accounts and exit codes runs as a process of its own.
"""

import json
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.catenary.shell import COMMAND, Done, Node, Proxy, Scene, Shell, Who, anvil, ended
from tests.helpers.protocol import ETHER

REFUSED, UNREADABLE, UNREACHABLE, DECLINED = 1, 2, 3, 4
DEPOSIT = ("deposit", "1 ether", "--vault", "cWETH", "--ether", "--account")
PAY = ["avs", "pay", "1", "1 ARC", "--token", "0x", "--vault", "cWETH", "--floor", "60"]
NO_NODE = "http://127.0.0.1:1"
PASSPHRASE = "correct horse"


def end(done: Done) -> tuple[int, str]:
    return done.code, done.error


def last_line(done: Done) -> str:
    """The line that a command which has explained itself ended with, and the only one that tells of an error."""
    lines = done.err.splitlines()
    assert (done.out, [line.startswith("Error: ") for line in lines].index(True)) == ("", len(lines) - 1), done
    return lines[-1].removeprefix("Error: ")


@pytest.fixture
def elsewhere(shell: Shell, tmp_path: Path) -> Shell:
    """Another folder, with a copy of the deployment."""
    shutil.copytree(shell.home / "deployments", tmp_path / "deployments")
    return replace(shell, home=tmp_path)


# --- what it prints ---


def test_catenary__json__prints_nothing_else_and_explains_on_the_other_stream(
    shell: Shell, who: dict[str, Who]
) -> None:
    done = shell.call(*DEPOSIT, who["bob"].alias, "--yes", "--json")
    assert done.json == shell.sent("depositNative")
    assert done.err.splitlines() == [
        "deposit 1 ether into cWETH",
        "its vault shares are yours, not delegated: never at risk, and redeemed at once",
    ]


def test_ape_catenary__is_the_same_command(shell: Shell, cli_scene: Scene) -> None:
    words = ("avs", "requests", str(cli_scene.avss["shared"]), "--json")
    done = shell.call("catenary", *words, command=(COMMAND.with_name("ape"),))
    assert done.json == shell.run(*words).json


def test_question__answered_with_yes__sends(shell: Shell, who: dict[str, Who]) -> None:
    bob = who["bob"]
    done = shell.run(*DEPOSIT, bob.alias, stdin="y\n")
    (sent,) = shell.sent("depositNative")["sent"]
    assert (done.code, done.out) == (0, f"depositNative: block {sent['block']}, transaction {sent['transaction']}\n")
    assert done.err.splitlines()[-1].startswith(f"Send it from {bob.address}? [y/N]: ")


def test_question__answered_with_no__sends_nothing(shell: Shell, who: dict[str, Who]) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    done = shell.run(*DEPOSIT, who["bob"].alias, stdin="n\n")
    assert (done.code, done.out, done.err.splitlines()[-1]) == (DECLINED, "", "nothing was sent")
    assert shell.node.nonce(who["bob"].address) == nonce


def test_question__nobody_there_to_answer__sends_nothing(shell: Shell, who: dict[str, Who]) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    done = shell.call(*DEPOSIT, who["bob"].alias, "--json")
    assert (done.code, done.out, done.err.splitlines()[-1]) == (DECLINED, "", "nothing was sent")
    assert shell.node.nonce(who["bob"].address) == nonce


# --- words ---


@pytest.mark.parametrize("words", [["depsoit"], ["deposit"], ["positions", "--colour"], ["deposit", "-1 ether"], PAY])
def test_words__that_cannot_be_read__end_with_2(shell: Shell, words: list[str]) -> None:
    assert shell.run(*words).code == UNREADABLE


@pytest.mark.parametrize(
    ("amount", "vault", "error"),
    [
        ("1.0000001 SIX", "cSIX", "'1.0000001 SIX' has more decimals than the 6 of SIX: leave out what is beyond"),
        ("1 WETH", "cSIX", "'1 WETH' is counted in WETH: it must be in SIX, or in wei"),
        ("1", "cSIX", "'1' has no unit: it must be in SIX, or in wei"),
        ("1.5 wei", "cSIX", "'1.5 wei' has more decimals than the 0 of wei: leave out what is beyond"),
        ("0 SIX", "cSIX", "'0 SIX' is not an amount: it must be positive"),
        ("much", "cSIX", "'much' is not an amount: write it as in '1.5 SIX'"),
        ("1e18 wei", "cSIX", "'1e18 wei' is counted in e18 wei: it must be in SIX, or in wei"),
    ],
)
def test_amount__that_is_wrong__is_refused(
    shell: Shell, who: dict[str, Who], amount: str, vault: str, error: str
) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    assert end(shell.send(who["bob"], "deposit", amount, "--vault", vault)) == (REFUSED, error)
    assert shell.node.nonce(who["bob"].address) == nonce


def test_amount__with_too_many_decimals__ends_the_process_with_1(shell: Shell, who: dict[str, Who]) -> None:
    done = shell.call("deposit", "1.0000001 SIX", "--vault", "cSIX", "--account", who["bob"].alias, "--yes")
    assert end(done) == (
        REFUSED,
        "'1.0000001 SIX' has more decimals than the 6 of SIX: leave out what is beyond",
    )


# --- addresses and accounts ---


def test_address__that_is_none__is_refused(shell: Shell, who: dict[str, Who]) -> None:
    wrong = who["bob"].address.lower()
    done = shell.call("exposure", wrong)
    assert end(done) == (REFUSED, f"'{wrong}' is not an address with its checksum: copy it as it is shown elsewhere")


@pytest.mark.parametrize(
    ("account", "error"),
    [
        (None, "name an account by --account, as one of those that `ape accounts list` shows"),
        ("nobody", "there is no account 'nobody': `ape accounts list` shows those there are"),
        ("TEST::20", "there is no account TEST::20: choose from TEST::0 to TEST::19"),
        ("TEST::x", "there is no account TEST::x: choose from TEST::0 to TEST::19"),
        ("0x" + 40 * "1", f"there is no account '0x{40 * '1'}': `ape accounts list` shows those there are"),
    ],
)
def test_account__that_there_is_none_of__is_refused(shell: Shell, account: str | None, error: str) -> None:
    words = ("--account", account) if account else ()
    assert end(shell.run("deposit", "1 ether", "--vault", "cWETH", "--ether", "--yes", *words)) == (REFUSED, error)


@pytest.fixture
def keyfile(shell: Shell) -> Who:
    """An account of Ape's with 10 ether, which a passphrase locks."""
    account = Account.create()
    folder = shell.home / ".ape" / "accounts"
    folder.mkdir(parents=True, exist_ok=True)
    content = Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=1)
    (folder / "fund.json").write_text(json.dumps(content))
    shell.node.ask("anvil_setBalance", account.address, hex(10 * ETHER))
    return Who("fund", account.address)


def with_passphrase(shell: Shell, passphrase: str) -> Shell:
    return replace(shell, environment={"APE_ACCOUNTS_fund_PASSPHRASE": passphrase})


def test_account__wrong_passphrase__stays_locked_and_sends_nothing(shell: Shell, keyfile: Who) -> None:
    done = with_passphrase(shell, "wrong").call(*DEPOSIT, keyfile.alias, "--yes")
    assert (done.code, last_line(done)) == (
        REFUSED,
        "fund stays locked, and nothing was sent: type its passphrase when asked, or put it into "
        "APE_ACCOUNTS_fund_PASSPHRASE (Invalid password)",
    )
    assert shell.node.nonce(keyfile.address) == 0


def test_account__no_passphrase_and_nobody_to_ask__stays_locked_and_sends_nothing(shell: Shell, keyfile: Who) -> None:
    done = shell.call(*DEPOSIT, keyfile.alias, "--yes", "--json")
    assert done.code == REFUSED
    assert last_line(done).startswith("fund stays locked, and nothing was sent: ")
    assert shell.node.nonce(keyfile.address) == 0


def test_account__right_passphrase__sends(shell: Shell, keyfile: Who) -> None:
    done = with_passphrase(shell, PASSPHRASE).call(*DEPOSIT, keyfile.alias, "--yes", "--json")
    assert done.json == shell.sent("depositNative")
    assert PASSPHRASE not in done.err
    assert shell.node.nonce(keyfile.address) == 1


# --- deployment files and networks ---


def test_no_node__is_said(shell: Shell, who: dict[str, Who]) -> None:
    done = shell.call("positions", who["bob"].address, "--network", NO_NODE)
    assert end(done) == (
        UNREACHABLE,
        f"cannot connect to {NO_NODE}: Failed to connect to remote Anvil node at '{NO_NODE}'.",
    )


def test_deployment_file__missing__is_said(shell: Shell, who: dict[str, Who], tmp_path: Path) -> None:
    done = replace(shell, home=tmp_path).call("positions", who["bob"].address)
    assert end(done) == (REFUSED, "there is no deployments/local.json: deploy, or name the file of a deployment")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"complete": False}, "{file} is of a deployment that was interrupted: run the deployment again"),
        ({"contracts": {}}, "{file} is not a deployment file: KeyError 'AVSRegistry'"),
        (None, "{file} is not a deployment file: JSONDecodeError Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_deployment_file__broken__is_said(
    elsewhere: Shell, who: dict[str, Who], change: dict[str, Any] | None, error: str
) -> None:
    file = elsewhere.home / "deployments/local.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change) if change else "words")
    assert end(elsewhere.run("positions", who["bob"].address)) == (REFUSED, error.format(file=file))


@pytest.fixture
def new_node() -> Iterator[Node]:
    with anvil() as node:
        yield node


def test_deployment_file__of_a_node_that_was_started_anew__is_stale(
    shell: Shell, who: dict[str, Who], new_node: Node
) -> None:
    registry = json.loads((shell.home / "deployments/local.json").read_text())["contracts"]["AVSRegistry"]["address"]
    done = replace(shell, node=new_node).call(*DEPOSIT, who["bob"].alias, "--yes")
    assert end(done) == (
        REFUSED,
        f"there is no contract at {registry}: the deployment file is of another chain, as of a node that was started "
        "anew. Deploy again, or name another file",
    )
    assert new_node.nonce(who["bob"].address) == 0


def test_network__with_another_chain_id__is_refused(shell: Shell, who: dict[str, Who]) -> None:
    with anvil("--chain-id", "17000") as node:
        done = replace(shell, node=node).call(*DEPOSIT, who["bob"].alias, "--yes")
        assert end(done) == (
            REFUSED,
            "the node's chain id is 17000 and the deployment's 31337: connect to another network",
        )
        assert node.nonce(who["bob"].address) == 0


# --- a node that stops answering ---


@pytest.fixture
def proxy(shell: Shell) -> Iterator[Proxy]:
    with Proxy(shell.node) as proxy:
        yield proxy


def last_transaction(node: Node) -> str:
    transaction: str = node.ask("eth_getBlockByNumber", "latest", False)["transactions"][0]
    return transaction


def test_node__dies_while_it_is_read__sends_nothing(shell: Shell, who: dict[str, Who], proxy: Proxy) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    proxy.dies_at("eth_call", after=2)
    done = shell.call(*DEPOSIT, who["bob"].alias, "--yes", "--json", "--network", proxy.url)
    assert (done.code, done.out) == (UNREACHABLE, "")
    assert done.error.startswith("the node does not answer: ")
    assert shell.node.nonce(who["bob"].address) == nonce


@pytest.mark.parametrize("reached", [False, True], ids=["before the node has it", "once the node has it"])
def test_node__dies_as_the_transaction_is_sent__names_it_and_does_not_send_it_again(
    shell: Shell, who: dict[str, Who], proxy: Proxy, reached: bool
) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    proxy.dies_at("eth_sendRawTransaction", passes_on=reached)
    done = shell.call(*DEPOSIT, who["bob"].alias, "--yes", "--json", "--network", proxy.url)
    assert done.code == UNREACHABLE
    assert proxy.asked.count("eth_sendRawTransaction") == 1
    assert shell.node.nonce(who["bob"].address) == nonce + reached
    assert "the node stopped answering. depositNative may be on its way as 0x" in last_line(done)
    if reached:
        assert f"as {last_transaction(shell.node)}: see what became of it before you send it again" in last_line(done)


def test_node__dies_before_the_receipt__names_the_transaction(shell: Shell, who: dict[str, Who], proxy: Proxy) -> None:
    nonce = shell.node.nonce(who["bob"].address)
    proxy.dies_at("eth_getTransactionReceipt")
    done = shell.call(*DEPOSIT, who["bob"].alias, "--yes", "--json", "--network", proxy.url)
    assert done.code == UNREACHABLE
    assert f"may be on its way as {last_transaction(shell.node)}: see what" in last_line(done)
    assert shell.node.nonce(who["bob"].address) == nonce + 1


def test_node__dies_between_two_calls__names_what_was_sent(shell: Shell, who: dict[str, Who], proxy: Proxy) -> None:
    """The approval is on the chain, the deposit is not. The same command then goes on with the deposit."""
    carol = who["carol"]
    nonce = shell.node.nonce(carol.address)
    proxy.dies_at("eth_sendRawTransaction", after=1)
    words = ("deposit", "5 SIX", "--vault", "cSIX", "--account", carol.alias, "--yes", "--json")
    done = shell.call(*words, "--network", proxy.url)
    assert done.code == UNREACHABLE
    assert last_line(done).endswith(f" (sent before: {last_transaction(shell.node)})")
    assert shell.node.nonce(carol.address) == nonce + 1
    assert shell.run(*words).json == shell.sent("deposit")


def test_node__killed_while_the_command_waits__names_the_transaction(
    shell: Shell, who: dict[str, Who], new_node: Node
) -> None:
    """A node that mines nothing; it is killed once it has the transaction."""
    new_node.ask("anvil_loadState", shell.node.ask("anvil_dumpState"))
    new_node.move_to(shell.node.time + 1)
    new_node.ask("evm_setAutomine", False)
    nonce = new_node.nonce(who["bob"].address)
    process = replace(shell, node=new_node).start(*DEPOSIT, who["bob"].alias, "--yes", "--json")
    while new_node.nonce(who["bob"].address) == nonce:
        assert process.poll() is None, ended(process)
    (waiting,) = new_node.ask("eth_getBlockByNumber", "pending", False)["transactions"]
    new_node.kill()
    done = ended(process)
    assert done.code == UNREACHABLE
    assert f"the node stopped answering. depositNative may be on its way as {waiting}: see what" in last_line(done)


def test_node__mines_nothing__ends_after_the_time_that_the_config_says(elsewhere: Shell, who: dict[str, Who]) -> None:
    """And what waits is not sent twice."""
    (elsewhere.home / "ape-config.yaml").write_text("ethereum: {local: {transaction_acceptance_timeout: 1}}")
    node, bob = elsewhere.node, who["bob"]
    nonce = node.nonce(bob.address)
    node.ask("evm_setAutomine", False)
    try:
        done = elsewhere.call(*DEPOSIT, bob.alias, "--yes", "--json")
        (waiting,) = node.ask("eth_getBlockByNumber", "pending", False)["transactions"]
        assert (done.code, last_line(done)) == (
            UNREACHABLE,
            f"depositNative is on its way as {waiting}, but no block held it in time: see what becomes of it "
            "before you send it again",
        )
        done = elsewhere.run(*DEPOSIT, bob.alias, "--yes", "--json")
        assert (done.code, last_line(done)) == (
            UNREACHABLE,
            f"1 of {bob.address}'s transactions, from nonce {nonce} on, wait for a block, and nothing was sent: wait "
            "too, or replace them by others with their nonces",
        )
        assert node.nonce(bob.address) == nonce + 1
    finally:
        node.ask("evm_setAutomine", True)
        node.ask("evm_mine")


def test_command__interrupted_while_it_waits__names_the_transaction(shell: Shell, who: dict[str, Who]) -> None:
    node, bob = shell.node, who["bob"].address
    nonce = node.nonce(bob)
    node.ask("evm_setAutomine", False)
    try:
        process = shell.start(*DEPOSIT, who["bob"].alias, "--yes", "--json")
        while node.nonce(bob) == nonce:
            assert process.poll() is None, ended(process)
        (waiting,) = node.ask("eth_getBlockByNumber", "pending", False)["transactions"]
        process.send_signal(signal.SIGINT)
        done = ended(process)
        assert (done.code, last_line(done)) == (
            UNREACHABLE,
            f"interrupted. depositNative may be on its way as {waiting}: see what became of it",
        )
    finally:
        node.ask("evm_setAutomine", True)
        node.ask("evm_mine")


def test_node__that_mines_in_intervals__is_waited_for(shell: Shell, who: dict[str, Who]) -> None:
    shell.node.ask("evm_setIntervalMining", 1)
    try:
        done = shell.send(who["bob"], *DEPOSIT[:-1])
        (sent,) = done.json["sent"]
        block = shell.node.ask("eth_getBlockByNumber", hex(sent["block"]), False)
        assert block["transactions"] == [sent["transaction"]]
    finally:
        shell.node.ask("evm_setIntervalMining", 0)
        shell.node.ask("evm_setAutomine", True)
