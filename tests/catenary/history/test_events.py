"""What a log says, and how a node is asked for logs."""

from pathlib import Path
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types.abi import ABIType, EventABI

from catenary.contracts import CORE, VAULT, contract_type
from catenary.errors import CatenaryError
from catenary.history import History, events
from deployer.contracts import deploy_vault
from tests.catenary.history.world import deployment_of, names
from tests.helpers.protocol import Protocol
from tests.helpers.vaults import SEED

EVENTS = {event.name: event for name in (*CORE, VAULT) for event in contract_type(name).events}


def value(item: ABIType, salt: int) -> Any:
    """What to encode, and what it must be decoded to."""
    digest = keccak(text=f"{item.name} {salt}")
    if item.components:
        parts = [value(part, salt) for part in item.components]
        named = {str(part.name): decoded for part, (_, decoded) in zip(item.components, parts, strict=True)}
        return tuple(encoded for encoded, _ in parts), named
    kind = item.canonical_type
    if kind == "address":
        return (address := to_checksum_address(digest[:20])), address
    if kind == "bool":
        return salt % 2 == 1, salt % 2 == 1
    if kind == "bytes32":
        return digest, f"0x{digest.hex()}"
    if kind == "string":
        return ("ü" * 50 * salt, "ü" * 50 * salt)
    number = int.from_bytes(digest) >> (256 - int(kind.removeprefix("uint")))
    return number, number


@pytest.mark.parametrize("salt", [0, 1, 2])
@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_decoder__of_an_event__says_what_was_encoded(event: EventABI, salt: int) -> None:
    values = [(item, *value(item, salt)) for item in event.inputs]
    topics = [keccak(text=event.selector)]
    topics += [encode([item.canonical_type], [encoded]) for item, encoded, _ in values if item.indexed]
    data = [(item.canonical_type, encoded) for item, encoded, _ in values if not item.indexed]
    decoder = events.decoders()[f"0x{topics[0].hex()}"]
    encoded = encode([kind for kind, _ in data], [each for _, each in data])
    assert decoder.name == event.name
    assert decoder([f"0x{topic.hex()}" for topic in topics], f"0x{encoded.hex()}") == {
        str(item.name): decoded for item, _, decoded in values
    }


def test_decoder__of_a_text_that_is_not_utf_8__marks_what_it_cannot_read() -> None:
    decoder = events.Decoder(EVENTS["OperatorRegistered"])
    data = "".join(word.ljust(64, "0") if word == "61ff62" else word.rjust(64, "0") for word in ("20", "3", "61ff62"))
    assert decoder(["", "0x" + "00" * 32], "0x" + data)["uri"] == "a\ufffdb"


@pytest.fixture
def everything(protocol: Protocol, pool: ContractInstance, alice: AccountAPI, tmp_path: Path) -> list[Any]:
    """All events of a short life, by a plain sync."""
    pool.deposit(10**18, alice, sender=alice)
    return synced(protocol, tmp_path / "plain.db")


def synced(protocol: Protocol, path: Path, width: int = 1_000) -> list[Any]:
    with History(path, deployment_of(protocol)) as history:
        history._source.width = width
        history.sync()
        return list(history.events())


def test_sync__from_a_node_that_gives_few_blocks_at_once__finds_the_same(
    protocol: Protocol, everything: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = events._logs

    refused = []

    def narrow(first: int, last: int, addresses: list[str]) -> Any:
        if last - first > 2:
            refused.append(last - first + 1)
            raise events._RefusedError("query returned more than 3 blocks")
        return plain(first, last, addresses)

    monkeypatch.setattr(events, "_logs", narrow)
    assert synced(protocol, tmp_path / "narrow.db", 12) == everything
    assert refused == [12, 6]


def test_sync__from_a_node_that_says_no_times_with_logs__finds_the_same(
    protocol: Protocol, everything: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = events._logs
    without = ("blockTimestamp",)

    def timeless(*arguments: Any) -> Any:
        return [{key: each for key, each in log.items() if key not in without} for log in plain(*arguments)]

    monkeypatch.setattr(events, "_logs", timeless)
    assert synced(protocol, tmp_path / "timeless.db") == everything


def test_sync__with_every_vault_listed_in_another_range__finds_the_same(
    protocol: Protocol, everything: list[Any], tmp_path: Path
) -> None:
    assert synced(protocol, tmp_path / "one by one.db", width=1) == everything


def test_sync__of_a_vault__begins_with_its_listing(
    protocol: Protocol, asset: ContractInstance, owner: AccountAPI, alice: AccountAPI, tmp_path: Path
) -> None:
    vault = deploy_vault(owner, protocol, asset, native=False, name="Late", symbol="LATE")
    vault.approve(alice, 1, sender=owner)
    asset.approve(vault, SEED, sender=owner)
    protocol.list_vault(vault, owner)
    vault.approve(alice, 2, sender=owner)
    for width in (1, 1_000):
        found = [
            each for each in synced(protocol, tmp_path / f"{width}.db", width) if each["contract"] == vault.address
        ]
        assert names(found) == ["Transfer", "Seeded", "CapSet", "Approval"]


def test_sync__from_a_node_that_gives_no_logs__says_so(
    protocol: Protocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise events._RefusedError("the method eth_getLogs does not exist")

    monkeypatch.setattr(events, "_logs", refuse)
    with pytest.raises(CatenaryError) as refused:
        synced(protocol, tmp_path / "refused.db")
    assert str(refused.value) == "the node does not give the logs of block 0: the method eth_getLogs does not exist"
