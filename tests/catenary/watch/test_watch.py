"""A watch says and posts everything once, over failures, interruptions and reorganisations."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ape.api import AccountAPI

from catenary.history import History
from catenary.watch import Interest, Watch, Webhook, outbox, rules, watch
from tests.catenary.history.world import deployment_of, rpc
from tests.catenary.watch.receiver import Receiver
from tests.helpers.protocol import Protocol
from tests.helpers.scene import Scene

WAD = 10**18


@contextmanager
def watching(protocol: Protocol, path: Path, url: str = "", interest: Interest = rules.EVERYTHING) -> Iterator[Watch]:
    """Of what happens from now on, or since this folder was watched last."""
    with History(path / "history.db", deployment_of(protocol)) as history:
        watcher = Watch(history, interest, Webhook(url) if url else None)
        watcher.look()
        yield watcher
        watcher.close()


def kinds(messages: list[outbox.Message]) -> list[str]:
    return [message["kind"] for message in messages]


SLASH = ["slash requested", "slashed"]


def test_look__says_what_is_new_with_where_it_happened(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path
) -> None:
    with watching(protocol, tmp_path) as watcher:
        assert watcher.look() == []
        receipt, _ = scene.file(at_once, WAD // 10)

        news = watcher.look()

        block = rpc("eth_getBlockByNumber", hex(receipt.block_number), False)
        assert kinds(news) == SLASH
        assert {key: news[1][key] for key in ("chain_id", "block", "block_hash", "time", "epoch", "transaction")} == {
            "chain_id": 31_337,
            "block": receipt.block_number,
            "block_hash": block["hash"],
            "time": receipt.timestamp,
            "epoch": 4,
            "transaction": receipt.txn_hash,
        }
        assert len({message["id"] for message in news}) == 2
        assert watcher.look() == []


def test_look__after_an_interruption__goes_on_where_it_stopped(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path
) -> None:
    with watching(protocol, tmp_path) as watcher:
        scene.file(at_once, WAD // 100)
        watcher.look()
    scene.file(at_once, WAD // 100)
    with History(tmp_path / "history.db", deployment_of(protocol)) as history:
        history.sync()  # as `catenary history` does meanwhile
        watcher = Watch(history)
        assert [message["block"] for message in watcher.look()] == 2 * [history.tip]
        watcher.close()


def test_look__with_two_on_the_same_files__says_everything_once(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path
) -> None:
    with watching(protocol, tmp_path) as one, watching(protocol, tmp_path) as other:
        scene.file(at_once, WAD // 100)
        assert (kinds(one.look()), other.look()) == (SLASH, [])


def test_look__for_different_people__tells_each(
    protocol: Protocol, scene: Scene, at_once: int, alice: AccountAPI, tmp_path: Path
) -> None:
    with (
        watching(protocol, tmp_path) as one,
        watching(protocol, tmp_path, interest=Interest(staker=alice.address)) as other,
    ):
        scene.file(at_once, WAD // 100)
        assert (kinds(one.look()), kinds(other.look())) == (SLASH, SLASH)


def test_begin__says_anew_what_happened_since(protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path) -> None:
    with watching(protocol, tmp_path) as watcher:
        receipt, _ = scene.file(at_once, WAD // 100)
        first = watcher.look()
        watcher.begin(receipt.block_number - 1)
        assert watcher.look() == first


def test_look__after_a_reorganisation__says_what_is_void(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver
) -> None:
    with watching(protocol, tmp_path, receiver.url) as watcher:
        receipt, _ = scene.file(at_once, WAD // 10)
        said = watcher.look()
        rpc("anvil_reorg", 1, [])

        notices = watcher.look()

        assert [(notice["kind"], notice["data"]) for notice in notices] == [
            ("void", {"void": message["id"]}) for message in said
        ]
        assert [notice["sentence"] for notice in notices] == [
            f"block {receipt.block_number} is gone in a reorganisation, and with it: {message['sentence']}"
            for message in said
        ]
        assert watcher.look() == []
        assert watcher.post() is None
        assert receiver.got == said + notices

        again, _ = scene.file(at_once, WAD // 5)
        assert {message["block"] for message in watcher.look()} == {again.block_number}


def test_look__block_that_comes_back__is_said_again(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the node that was asked meanwhile is behind the others, or a reorganisation is taken back."""
    with watching(protocol, tmp_path) as watcher:
        receipt, _ = scene.file(at_once, WAD // 10)
        said = watcher.look()
        for times in (1, 2):
            with monkeypatch.context() as behind:
                behind.setattr(watcher.history, "sync", lambda **_: None)
                watcher.history.store.roll_back(receipt.block_number - 1)
                assert kinds(watcher.look()) == ["void", "void"]
            assert watcher.look() == [{**one, "id": f"{one['id']}-again-{times}"} for one in said]
            assert watcher.look() == []


def test_look__after_a_reorganisation_that_another_process_found__says_what_is_void(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path
) -> None:
    with watching(protocol, tmp_path) as watcher:
        scene.file(at_once, WAD // 10)
        watcher.look()
        rpc("anvil_reorg", 1, [])
        with History(tmp_path / "history.db", watcher.history.deployment) as other:
            other.sync()
        assert kinds(watcher.look()) == ["void", "void"]


# --- posting ---


def test_post__to_a_webhook_that_fails__is_tried_again_in_order_and_nothing_is_lost(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [500, 0, 429, 200, 302]
    with watching(protocol, tmp_path, receiver.url) as watcher:
        scene.file(at_once, WAD // 10)
        said = watcher.look()

        wrong = [watcher.post(at_once=True) for _ in range(5)]

        assert wrong == [
            "the webhook answers 500",
            "the webhook cannot be reached (ConnectionError)",
            "the webhook answers 429",
            "the webhook answers 302",
            None,
        ]
        assert (receiver.got, watcher.waiting) == (said, 0)
        assert receiver.keys == receiver.tried


def test_post__after_a_failure__waits_before_it_tries_again(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    receiver.down = True
    with watching(protocol, tmp_path, receiver.url) as watcher:
        scene.file(at_once, WAD // 10)
        watcher.look()
        tries = []
        for _ in range(200):
            if watcher.post():
                tries.append(int(now[0] - 1_000))
            now[0] += 1
        assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_post__of_an_alert_that_is_refused__does_not_hold_up_others(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [400]
    with watching(protocol, tmp_path, receiver.url) as watcher:
        scene.file(at_once, WAD // 10)
        said = watcher.look()
        assert watcher.post() == "the webhook answers 400"
        assert (receiver.got, watcher.waiting) == (said[1:], 1)


def test_post__after_an_interruption__posts_what_waited(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.down = True
    with watching(protocol, tmp_path, receiver.url) as watcher:
        scene.file(at_once, WAD // 10)
        said = watcher.look()
        watcher.post()
    receiver.down = False
    with watching(protocol, tmp_path, receiver.url) as watcher:
        assert (watcher.post(), receiver.got) == (None, said)


def test_post__with_two_on_the_same_files__posts_once(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver
) -> None:
    with watching(protocol, tmp_path, receiver.url) as one, watching(protocol, tmp_path, receiver.url) as other:
        scene.file(at_once, WAD // 10)
        said = one.look()
        (first, _), *_ = one.outbox.waiting()
        assert one.outbox.claim(first)  # and is about to post it
        assert (other.post(), receiver.got) == (None, said[1:])
        one.outbox.release(first, posted=False)
        assert (other.post(), other.post(), receiver.got) == (None, None, [said[1], said[0]])


def test_outbox__of_one_that_ended_in_the_middle_of_a_post__is_taken_over_after_a_minute(
    protocol: Protocol, scene: Scene, at_once: int, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(outbox.time, "time", lambda: now[0])
    with watching(protocol, tmp_path, receiver.url) as watcher:
        scene.file(at_once, WAD // 10)
        said = watcher.look()
        assert all(watcher.outbox.claim(number) for number, _ in watcher.outbox.waiting())
        now[0] += 60
        assert (watcher.post(), receiver.got) == (None, [])
        now[0] += 1
        assert (watcher.post(), receiver.got) == (None, said)
