"""A history follows the chain, over reorganisations and interruptions."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from catenary.chain import Contract
from catenary.deployment import Deployment
from catenary.errors import CatenaryError
from catenary.history import History, events
from tests.catenary.history.views import differences
from tests.catenary.history.world import deployment_of, history_of, names, rpc
from tests.helpers.protocol import ANYTHING, ETHER, Protocol

DEPOSIT = ["Transfer", "Deposit"]


def agrees(history: History, tokens: list[str] | None = None) -> bool:
    accounts = [str(account.address) for account in ape.accounts.test_accounts[:6]]
    assert differences(history.deployment, history.state(), accounts, tokens or []) == []
    return True


def test_follow__of_new_blocks__says_what_happened_in_them(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI, tmp_path: Path
) -> None:
    with history_of(protocol, tmp_path) as history:
        news = history.follow(every=0)
        deposited = pool.deposit(ETHER, alice, sender=alice)
        one = next(news)
        delegated = protocol.delegation.delegateShares(operator, pool, ETHER, ANYTHING, sender=alice)
        other = next(news)

        assert (one.block, one.time, one.rolled_back) == (deposited.block_number, deposited.timestamp, None)
        assert names(one.events) == DEPOSIT
        assert (other.block, other.rolled_back) == (delegated.block_number, None)
        assert names(other.events) == ["Delegated", "Transfer"]
        assert other.state.position(operator.address, pool.address, alice.address) == (ETHER, ETHER)


def test_follow__with_confirmations__waits_for_them(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    with history_of(protocol, tmp_path) as history:
        deposited = pool.deposit(ETHER, alice, sender=alice)
        ape.chain.mine(2)
        news = next(history.follow(confirmations=2, every=0))
        assert (news.block, names(news.events)) == (deposited.block_number, DEPOSIT)


def test_follow__of_a_chain_that_is_reorganised__takes_back_what_is_void(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    with history_of(protocol, tmp_path) as history:
        news = history.follow(every=0)
        pool.deposit(ETHER, alice, sender=alice)
        before = next(news)
        for _ in range(2):
            pool.deposit(ETHER, alice, sender=alice)
        assert next(news).state.vaults[pool.address].balances[alice.address] == 3 * ETHER

        rpc("anvil_reorg", 2, [])
        after = next(news)

        assert (after.block, after.rolled_back, after.events) == (before.block + 2, before.block, [])
        assert after.state.vaults[pool.address].balances[alice.address] == ETHER
        assert agrees(history)

        pool.deposit(5 * ETHER, alice, sender=alice)
        later = next(news)
        assert (later.rolled_back, names(later.events)) == (None, DEPOSIT)
        assert later.state.vaults[pool.address].balances[alice.address] == 6 * ETHER


def test_sync__of_a_chain_that_became_shorter__follows_it(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    with history_of(protocol, tmp_path) as history:
        common = history.tip
        snapshot = rpc("evm_snapshot")
        for _ in range(5):
            pool.deposit(ETHER, alice, sender=alice)
        history.sync()
        rpc("evm_revert", snapshot)
        other = pool.deposit(7 * ETHER, alice, sender=alice)

        assert history.sync() == common
        assert history.tip == other.block_number
        assert history.state().vaults[pool.address].balances[alice.address] == 7 * ETHER
        assert agrees(history)


def test_sync__of_a_chain_that_changes_while_it_is_read__reads_again(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, changes = events._logs, iter([None])

    def changing(*arguments: Any) -> Any:
        logs = plain(*arguments)
        for _ in changes:
            rpc("anvil_reorg", 1, [])
        return logs

    pool.deposit(ETHER, alice, sender=alice)
    monkeypatch.setattr(events, "_logs", changing)
    with history_of(protocol, tmp_path) as history:
        assert history.state().vaults[pool.address].balances.get(alice.address, 0) == 0
        assert agrees(history)


def test_sync__of_a_node_that_was_started_anew__begins_anew(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    pool.deposit(ETHER, alice, sender=alice)
    with history_of(protocol, tmp_path) as history:
        everything = list(history.events())
        history.store._db.execute("UPDATE blocks SET hash = '0x' || number")
        history.store.note(timing=[0, 0, 0, 0, 0])

        assert history.sync() == -1
        assert list(history.events()) == everything
        assert agrees(history)


def test_sync__of_a_chain_that_never_stands_still__gives_up(
    protocol: Protocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(*_: Any) -> Any:
        raise events.ReorganisedError

    monkeypatch.setattr(events.Source, "read", changing)
    with pytest.raises(CatenaryError, match=r"^the chain changes as fast as it is read: wait, or ask another node$"):
        history_of(protocol, tmp_path).__enter__()


# --- interruptions ---


def test_sync__interrupted_between_batches__resumes_where_it_stopped(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    pool.deposit(ETHER, alice, sender=alice)
    reports = []

    def stop(read: int, of: int, found: int) -> None:
        reports.append((read, of, found))
        if len(reports) == 3:
            raise KeyboardInterrupt

    with history_of(protocol, tmp_path) as whole:
        everything, tip = list(whole.events()), whole.tip
    with History(tmp_path / "interrupted.db", deployment_of(protocol)) as history:
        history._source.width = 2
        with pytest.raises(KeyboardInterrupt):
            history.sync(progress=stop)
        stopped = history.tip
        history.sync()

        assert [(read, of) for read, of, _ in reports] == [(2, tip + 1), (6, tip + 1), (14, tip + 1)]
        assert stopped == 13
        assert list(history.events()) == everything
        assert agrees(history)


KILLED = """
import json, os, signal, sys
from pathlib import Path
from types import SimpleNamespace
import ape
from catenary.chain import Contract
from catenary.contracts import CORE
from catenary.deployment import Deployment
from catenary.history import History, store

path, node, chain_id, *core = sys.argv[1:]
written = []

def die(value):
    written.append(value)
    if len(written) == 25:
        os.kill(os.getpid(), signal.SIGKILL)
    return json.dumps(value)

store.json = SimpleNamespace(dumps=die, loads=json.loads)
with ape.networks.parse_network_choice(node):
    contracts = [Contract(name, address) for name, address in zip(CORE, core)]
    history = History(Path(path), Deployment(int(chain_id), 0, *contracts))
    history._source.width = 2
    history.sync()
"""


def test_sync__killed_in_the_middle_of_writing__resumes_without_loss_or_duplicates(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    for _ in range(10):
        pool.deposit(ETHER, alice, sender=alice)
    path, node = tmp_path / "killed.db", ape.chain.provider.http_uri
    core = [each.address for each in (protocol.registry, protocol.delegation, protocol.slashing, protocol.rewards)]
    arguments = [sys.executable, "-c", KILLED, str(path), node, str(ape.chain.chain_id), *core]
    killed = subprocess.run(arguments, env=os.environ, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    with history_of(protocol, tmp_path) as whole, History(path, deployment_of(protocol)) as history:
        stopped, everything = history.tip, list(whole.events())
        part = list(history.events())
        assert 0 < len(part) < len(everything)
        assert part == [each for each in everything if each["block"] <= stopped]
        history.sync()
        assert list(history.events()) == everything
        assert agrees(history)


def test_sync__of_two_at_once__writes_everything_once(
    protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path
) -> None:
    pool.deposit(ETHER, alice, sender=alice)
    with history_of(protocol, tmp_path) as whole:
        everything = list(whole.events())
    path, deployment = tmp_path / "shared.db", deployment_of(protocol)
    with History(path, deployment) as one, History(path, deployment) as other:
        one._source.width = other._source.width = 2
        interrupted = iter([None])

        def meanwhile(*_: int) -> None:
            for _ in interrupted:
                other.sync()

        one.sync(progress=meanwhile)
        assert list(one.events()) == list(other.events()) == everything


# --- the file ---


def test_file__of_another_chain__is_refused(protocol: Protocol, tmp_path: Path) -> None:
    path, ours = tmp_path / "history.db", deployment_of(protocol)
    History(path, ours).close()
    elsewhere = Deployment(1, ours.block, ours.registry, ours.delegation, ours.slashing, ours.rewards)
    with pytest.raises(CatenaryError) as refused:
        History(path, elsewhere)
    assert str(refused.value) == f"{path} is a history with the chain id 31337, and not 1: name another file"


def test_file__of_another_deployment__is_refused(protocol: Protocol, alice: AccountAPI, tmp_path: Path) -> None:
    path, ours = tmp_path / "history.db", deployment_of(protocol)
    History(path, ours).close()
    registry = Contract("AVSRegistry", alice.address)
    other = Deployment(ours.chain_id, ours.block, registry, ours.delegation, ours.slashing, ours.rewards)
    with pytest.raises(CatenaryError) as refused:
        History(path, other)
    assert str(refused.value) == (
        f"{path} is a history with the registry {ours.registry.address}, and not {alice.address}: name another file"
    )


def test_file__of_something_else__is_refused(protocol: Protocol, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a history\n" * 100)
    with pytest.raises(CatenaryError) as refused:
        History(path, deployment_of(protocol))
    assert str(refused.value) == (
        f"{path} cannot be used as a history (file is not a database): name another file, or see who holds it"
    )


def test_file__after_many_blocks_without_events__keeps_only_the_last_of_them(
    protocol: Protocol, tmp_path: Path
) -> None:
    with history_of(protocol, tmp_path) as history:
        with_events = {each["block"] for each in history.events()}
        for _ in range(30):
            ape.chain.mine(20)
            history.sync()
        empty = [number for number in history.store.numbers() if number not in with_events]
        assert history.tip is not None
        assert empty == [history.tip - 20 * i for i in range(6, -1, -1)]
        assert agrees(history)


def test_state__of_a_block_that_is_not_synced__is_refused(protocol: Protocol, tmp_path: Path) -> None:
    with history_of(protocol, tmp_path) as history:
        tip = history.tip
        with pytest.raises(CatenaryError) as refused:
            history.state(tip + 1)
        assert str(refused.value) == (
            f"{tmp_path / 'history.db'} has blocks 0 to {tip}, and not block {tip + 1}: sync it, or name another block"
        )
