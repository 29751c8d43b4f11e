"""The command in a folder of its own, on the node of the tests."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ape
import pytest
import yaml
from click.testing import CliRunner, Result

import scripts.deploy

WETH_VAULT = {"asset": "WETH9", "native": True, "name": "Catenary WETH", "symbol": "cWETH", "cap": 10**24}

CONFIG: Mapping[str, Any] = {
    "chain_id": 31_337,
    "owner": "deployer",
    "guardian": "none",
    "timing": {"genesis": "now", "epoch": 300, "report_window": 120, "max_veto": 60, "execute_window": 60},
    "vaults": [WETH_VAULT],
}


@dataclass(frozen=True)
class Command:
    """`ape run deploy` with the config and the deployment file of its folder."""

    home: Path

    @property
    def config_file(self) -> Path:
        return self.home / "config" / "local.yaml"

    @property
    def file(self) -> Path:
        return self.home / "deployments" / "local.json"

    @property
    def deployment(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.file.read_text())
        return content

    def configure(self, **changes: Any) -> None:
        """Writes the config, with these keys changed."""
        self.config_file.parent.mkdir(exist_ok=True)
        self.config_file.write_text(yaml.safe_dump({**CONFIG, **changes}))

    def run(self, *arguments: str, account: str | None = "TEST::0") -> Result:
        sender = ("--account", account) if account else ()
        return CliRunner().invoke(
            scripts.deploy.cli, ["--network", "ethereum:local:foundry", *sender, *arguments], catch_exceptions=False
        )

    def succeed(self, *arguments: str, account: str | None = "TEST::0") -> str:
        """What it printed."""
        result = self.run(*arguments, account=account)
        assert result.exit_code == 0, result.output
        return result.output

    def fail(self, *arguments: str, account: str | None = "TEST::0") -> str:
        """Its error, with `~` for its folder."""
        result = self.run(*arguments, account=account)
        assert result.exit_code == 1, result.output
        return (
            result.output[result.output.index("Error: ") :].removeprefix("Error: ").strip().replace(str(self.home), "~")
        )


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    with _command(tmp_path) as command:
        yield command


@pytest.fixture(scope="session")
def deployed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the command has deployed."""
    with _command(tmp_path_factory.mktemp("deployed")) as command:
        command.succeed()
        return command.home


@pytest.fixture
def deployed(deployed_home: Path, command: Command) -> Command:
    """The command after it has deployed, with files that the test may change."""
    shutil.copytree(deployed_home, command.home, dirs_exist_ok=True)
    return command


@contextmanager
def _command(home: Path) -> Iterator[Command]:
    provider: Any = ape.chain.provider
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APE_FOUNDRY_HOST", provider.uri)
        patch.setattr(scripts.deploy, "HOME", home)
        command = Command(home)
        command.configure()
        yield command
