"""The commands as a user types them, on an Anvil of their own."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What Ape needs of this project. The rest of the folder, with `deployments/`, is the test's own.
PARTS = (
    "ape-config.yaml",
    "ape_console_extras.py",
    ".build",
    "config",
    "contracts",
    "deployer",
    "node_modules",
    "pyproject.toml",
    "scripts",
)

Run = Callable[..., subprocess.CompletedProcess[str]]

DEPLOY = ("run", "deploy", "--network", "ethereum:local:foundry")


@pytest.fixture(scope="module")
def anvil() -> Iterator[str]:
    """The address of a node on a port that was free."""
    process = subprocess.Popen(["anvil", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    listening = next(line for line in process.stdout if line.startswith("Listening on "))
    yield f"http://{listening.split()[-1]}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    for part in PARTS:
        (home / part).symlink_to(ROOT / part)
    return home


@pytest.fixture(scope="module")
def run(anvil: str, home: Path) -> Run:
    """Runs a command of Ape in the folder, on the node."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # Not from PYTHONPATH: `scripts` would be those of this folder, and so the deployment file.
        environment = {**os.environ, "PYTHONPATH": "", "APE_FOUNDRY_HOST": anvil}
        result = subprocess.run(
            ["ape", *arguments], cwd=home, env=environment, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return run


def test_smoke__deploy_check_and_console(run: Run, home: Path) -> None:
    deployed = run(*DEPLOY, "--account", "TEST::0")
    assert deployed.returncode == 0, deployed.stderr
    assert deployed.stdout.endswith("local.json: deployed and checked\n")
    deployment = json.loads((home / "deployments/local.json").read_text())

    checked = run(*DEPLOY, "--check")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith("local.json: all is as it should be\n")

    console = run("console", "--code", "print(registry.vaults(0, 9), cWETH, vaults['clsETH'], epoch())")
    cweth, clseth = (deployment["vaults"][symbol]["address"] for symbol in ("cWETH", "clsETH"))
    lines = console.stdout.splitlines()
    assert lines[0] == "Catenary on chain 31337, in epoch 1."
    assert lines[-1] == f"['{cweth}', '{clseth}'] {cweth} {clseth} 1"
