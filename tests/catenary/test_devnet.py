"""The node that `catenary devnet` keeps, as a process of its own in an empty folder."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from catenary import devnet
from catenary.chain import Chain, asking
from catenary.deployment import Deployment
from catenary.pool import Pool
from catenary.protocol import Protocol
from tests.helpers.protocol import ETHER, WAD

COMMAND = Path(sys.executable).parent / "catenary"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def process(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`catenary devnet ...`, ended afterwards as a terminal ends it."""
    with subprocess.Popen(
        [COMMAND, "devnet", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What it says, as JSON, while it runs."""
    with process(tmp_path_factory.mktemp("devnet"), "--port", str(free_port()), "--json") as running:
        assert running.stdout
        yield json.loads(running.stdout.readline())


@pytest.fixture
def there(kept: dict[str, Any]) -> Iterator[Protocol]:
    """Its protocol."""
    with asking(Web3(HTTPProvider(kept["node"]))):
        yield Protocol(devnet.deployment())


def pool_of(protocol: Protocol, name: str, vault: str = "cWETH") -> Pool:
    return protocol.vault(vault).pool(address_of(name))


def address_of(name: str) -> str:
    return next(each.address for each in devnet.people() if each.name == name)


def test_devnet__node__is_in_the_middle_of_the_story(there: Protocol, kept: dict[str, Any]) -> None:
    assert (there.deployment.chain_id, there.epoch, kept["epoch"]) == (31_337, 6, 6)
    assert there.deployment.stands


@pytest.mark.usefixtures("there")
def test_devnet__time__goes_on_from_where_the_story_stopped(kept: dict[str, Any]) -> None:
    """Not from the time of this computer."""
    pending = Chain("pending").time - kept["time"]
    assert 0 <= pending < 600


def test_devnet__pools__were_slashed(there: Protocol) -> None:
    """Aurora's by 5 %, Borealis' by a thirtieth and by 4 % and 8 % of what was left, Cirrus' not."""
    vaults = {"Aurora": "cWETH", "Borealis": "cWETH", "Cirrus": "clsETH"}
    retained = {name: pool_of(there, name, vault).retained for name, vault in vaults.items()}
    left = WAD - WAD // 30
    assert retained == {"Aurora": 95 * WAD // 100, "Borealis": left - left * 4 // 100 - left * 8 // 100, "Cirrus": WAD}


def test_devnet__avss__have_guaranteed_and_elastic_parts(there: Protocol) -> None:
    allocations = pool_of(there, "Borealis").allocations
    assert {avs: (each.guaranteed, each.elastic) for avs, each in allocations.items()} == {
        1: (800, 0),
        2: (400, 600),
        3: (400, 800),
        4: (400, 1_000),
    }


def test_devnet__tickets__one_is_open_and_one_has_matured(there: Protocol) -> None:
    alice, erin = (there.staker(address_of(name)).tickets for name in ("Alice", "Erin"))
    assert [(ticket.epoch, ticket.pool_shares, ticket.matured) for ticket in (*alice, *erin)] == [
        (5, 32 * ETHER, False),
        (4, 50 * ETHER, True),
    ]


def test_devnet__slash_request__is_in_its_veto_period(there: Protocol) -> None:
    [open_one] = [each for each in pool_of(there, "Aurora").requests if each.open_amount]
    assert (open_one.avs, open_one.open_amount) == (2, 2 * WAD // 100)
    assert open_one.veto_until > there.chain.time


def test_devnet__rewards__can_be_claimed_and_accrue(there: Protocol) -> None:
    """What the Archive paid for epoch 4, and for epoch 5, which is not claimable yet."""
    [carol] = [each for each in there.staker(address_of("Carol")).rewards if each.claimable]
    assert carol.accruing > 0


def test_devnet__rise__is_announced(there: Protocol) -> None:
    [change] = pool_of(there, "Cirrus", "clsETH").changes
    assert (change.what, change.before, change.after, change.epoch) == ("guaranteed part of AVS 4", 0, 4_000, 9)


def test_devnet__earlier_blocks__can_be_read(there: Protocol) -> None:
    """Before anything was slashed."""
    assert pool_of(there.at(there.deployment.block + 60), "Borealis").retained == WAD


def test_find__file_of_another_node_in_the_folder__does_not_hide_the_devnet(
    there: Protocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its registry stands where the devnet has something else: whoever deploys first on a local node does it there."""
    content = json.loads(Deployment.shipped("local").read_text())
    content["contracts"]["AVSRegistry"] = content["contracts"]["WETH9"]
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "local.json").write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)

    assert Deployment.find() == there.deployment


def test_devnet__command__finds_it_in_any_folder_and_ends_it_with_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    with process(tmp_path, "--port", str(port)) as running:
        assert running.stdout
        said = [running.stdout.readline() for _ in range(len(devnet.people()) + 1)]
        environment = {**os.environ, "CATENARY_NETWORK": f"http://127.0.0.1:{port}"}
        told = subprocess.run(
            [COMMAND, "positions", "--account", "TEST::12", "--json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        taken = subprocess.run([COMMAND, "devnet", "--port", str(port)], capture_output=True, text=True, check=False)

    assert f"http://127.0.0.1:{port} is up until Ctrl-C." in said[-1]
    assert json.loads(told.stdout)["staker"] == address_of("Heidi")
    assert (taken.returncode, taken.stderr) == (
        1,
        f"Error: port {port} cannot be had, Address already in use: name another by --port\n",
    )
    assert running.returncode == 0
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
    assert [*tmp_path.iterdir()] == []  # it writes no deployment file
