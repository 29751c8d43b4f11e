"""The stories of docs/, run as they stand: each section on a devnet of its own moment, in an empty folder."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catenary.anvil import Anvil, ask
from catenary.devnet import devnet

ROOT = Path(__file__).parents[2]
STORIES = ("staker", "operator", "avs-builder", "integrator")
PATIENCE = 600  # [s]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def kept_devnet() -> Iterator[Anvil]:
    with devnet() as node:
        yield node


@pytest.fixture
def fresh_devnet(kept_devnet: Anvil) -> Iterator[Anvil]:
    before = ask(kept_devnet.web3, "evm_snapshot")
    yield kept_devnet
    assert ask(kept_devnet.web3, "evm_revert", before)


def _lines(story: str, section: str) -> str:
    """What the section shows to copy."""
    page = (ROOT / "docs" / f"{story}.md").read_text()
    text = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return "".join(block for _, block in BLOCK.findall(text))


def _run(command: list[str], node: Anvil, folder: Path, told: str | None = None) -> str:
    path = f"{Path(sys.executable).parent}:{ROOT / 'node_modules/.bin'}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("APE_", "CATENARY_"))}
    environment = kept | {
        "PATH": path,
        "CATENARY_NETWORK": node.address,
        "APE_FOUNDRY_HOST": node.address,
        "APE_DATA_FOLDER": str(folder / "ape"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        command,
        input=told,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return done.stdout


@pytest.mark.parametrize("story", STORIES)
def test_story__in_the_command_line__runs(story: str, fresh_devnet: Anvil, tmp_path: Path) -> None:
    assert _run(["bash", "-euo", "pipefail", "-c", _lines(story, "Command line")], fresh_devnet, tmp_path)


@pytest.mark.parametrize("story", STORIES)
def test_story__in_the_sdk__runs(story: str, fresh_devnet: Anvil, tmp_path: Path) -> None:
    script = _lines(story, "SDK").replace("http://127.0.0.1:8545", fresh_devnet.address)
    assert _run([sys.executable, "-c", script], fresh_devnet, tmp_path)


@pytest.mark.parametrize("story", STORIES)
def test_story__in_the_console__runs(story: str, fresh_devnet: Anvil, tmp_path: Path) -> None:
    (tmp_path / "ape_console_extras.py").write_text((ROOT / "ape_console_extras.py").read_text())
    ape = Path(sys.executable).parent / "ape"
    said = _run(
        [str(ape), "console", "--network", "ethereum:local:foundry"], fresh_devnet, tmp_path, _lines(story, "Console")
    )
    assert "Error" not in said, said
