"""The command that deploys an oracle over a vault of a deployment."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from click.testing import CliRunner

import scripts.oracle
from deployer.config import load_config
from deployer.journal import contract_at
from deployer.oracle import load_oracle_config
from tests.deployment.conftest import Command
from tests.helpers.protocol import ZERO_ADDRESS

FEED = {"description": "ETH / USD", "decimals": 8, "heartbeat": 120, "deviation": 50, "quorum": 6_667}

NO_ROUND = "round is {} s, but must divide an epoch of 300 s and fit twice into the report window of 120 s"

ORACLE: Mapping[str, Any] = {
    "chain_id": 31_337,
    "vault": "cWETH",
    "owner": "deployer",
    "by_admission": True,
    "recipient": "none",
    "min_stake": 10**18,
    "max_share": 5_000,
    "penalty": 10**17,
    "uri": "https://oracle.example",
    "token": "TestToken",
    "reward": 10**20,
    "bounty": 10**15,
    "round": 30,
    "feeds": [FEED],
}


@dataclass(frozen=True)
class OracleCommand:
    """`ape run oracle` over what `Command` has deployed."""

    home: Path

    @property
    def config_file(self) -> Path:
        return self.home / "config" / "oracle" / "local.yaml"

    @property
    def contracts(self) -> dict[str, ContractInstance]:
        content = json.loads((self.home / "deployments" / "local-oracle.json").read_text())
        return {name: contract_at(entry) for name, entry in content["contracts"].items()}

    def configure(self, **changes: Any) -> None:
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.config_file.write_text(yaml.safe_dump({**ORACLE, **changes}))

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        """What it printed, with `~` for its folder."""
        connection = ("--network", "ethereum:local:foundry", "--account", "TEST::0")
        result = CliRunner().invoke(scripts.oracle.cli, [*connection, *arguments], catch_exceptions=False)
        assert result.exit_code == exit_code, result.output
        return result.output.replace(str(self.home), "~").strip()

    def fail(self, *arguments: str) -> str:
        output = self.run(*arguments, exit_code=1)
        return output[output.index("Error: ") :].removeprefix("Error: ")


@pytest.fixture
def oracle_command(deployed: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[OracleCommand]:
    monkeypatch.setattr(scripts.oracle, "HOME", deployed.home)
    command = OracleCommand(deployed.home)
    command.configure()
    return command


def test_oracle__is_deployed_with_its_feeds(
    oracle_command: OracleCommand, deployed: Command, owner: AccountAPI
) -> None:
    output = oracle_command.run()

    assert output.splitlines()[-1] == "~/deployments/local-oracle.json: deployed and checked"
    oracle, feed = oracle_command.contracts["OracleAVS"], oracle_command.contracts["ETH / USD"]
    core = deployed.deployment
    assert oracle.VAULT() == core["vaults"]["cWETH"]["address"]
    assert oracle.SLASHING() == core["contracts"]["SlashingManager"]["address"]
    assert oracle.REWARDS() == core["contracts"]["RewardsDistributor"]["address"]
    assert oracle.TOKEN() == oracle_command.contracts["TestToken"].address
    assert (oracle.owner(), oracle.ROUND(), oracle.REWARD(), oracle.BOUNTY()) == (owner.address, 30, 10**20, 10**15)
    assert (oracle.MIN_STAKE(), oracle.MAX_SHARE(), oracle.PENALTY()) == (10**18, 5_000, 10**17)
    assert (feed.ORACLE(), feed.FEED(), feed.description(), feed.decimals()) == (oracle.address, 1, "ETH / USD", 8)
    assert tuple(oracle.feedOf(1)) == (8, 120, 50, 6_667)
    terms = contract_at(core["contracts"]["AVSRegistry"]).terms(oracle.AVS())
    assert (terms.slasher, terms.owner, terms.hook) == (oracle.address,) * 3
    assert (terms.vetoPeriod, terms.resolver, terms.recipient) == (0, ZERO_ADDRESS, ZERO_ADDRESS)


def test_oracle__twice__is_refused(oracle_command: OracleCommand) -> None:
    oracle_command.run()

    assert oracle_command.fail() == (
        "~/deployments/local-oracle.json exists: --check reads it back, --force deploys anew and overwrites it"
    )


def test_oracle__of_another_owner__waits_for_its_calls(oracle_command: OracleCommand, accounts: Any) -> None:
    oracle_command.configure(owner=accounts[1].address)
    output = oracle_command.run()

    oracle = oracle_command.contracts["OracleAVS"]
    data = oracle.addFeed.encode_input((8, 120, 50, 6_667), "ETH / USD").to_0x_hex()
    assert f"the owner has to add ETH / USD: to {oracle.address}, data {data}" in output
    assert output.splitlines()[-1] == "~/deployments/local-oracle.json: run again after the owner's calls"

    oracle.addFeed((8, 120, 50, 6_667), "ETH / USD", sender=accounts[1])
    assert oracle_command.run().splitlines()[-1] == "~/deployments/local-oracle.json: deployed and checked"
    assert oracle_command.contracts["ETH / USD"].FEED() == 1


def test_check__of_what_is_there__passes(oracle_command: OracleCommand) -> None:
    oracle_command.run()

    assert oracle_command.run("--check") == "~/deployments/local-oracle.json: all is as it should be"


def test_check__feed_added_since__is_named(oracle_command: OracleCommand, owner: AccountAPI) -> None:
    oracle_command.run()
    oracle_command.contracts["OracleAVS"].addFeed((6, 90, 1, 10_000), "BTC / USD", sender=owner)

    assert oracle_command.fail("--check") == "feed 2 is ('BTC / USD', 6, 90, 1, 10000), not None"


def test_check__owner_changed__is_named(oracle_command: OracleCommand, owner: AccountAPI, accounts: Any) -> None:
    oracle_command.run()
    oracle = oracle_command.contracts["OracleAVS"]
    oracle.transferOwnership(accounts[1], sender=owner)
    oracle.acceptOwnership(sender=accounts[1])

    assert oracle_command.fail("--check") == f"OracleAVS.owner is {accounts[1].address}, not {owner.address}"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"owner": "none"}, "owner is 'none', but must be an address with its checksum, in quotes, or 'deployer'"),
        ({"by_admission": 1}, "by_admission is 1, but must be true or false"),
        ({"by_admission": False}, "max_share is 5000, but a cap takes by_admission: true"),
        ({"min_stake": 0}, f"min_stake is 0, but must be from 1 to {2**96 - 1}"),
        ({"max_share": 10_001}, "max_share is 10001, but must be from 1 to 10000"),
        ({"penalty": 10**18 + 1}, f"penalty is {10**18 + 1}, but must be from 1 to {10**18}"),
        ({"round": 0}, f"round is 0, but must be from 1 to {2**48 - 1}"),
        ({"token": "WETH9"}, "token is 'WETH9', but must be an address with its checksum, in quotes, or 'TestToken'"),
        ({"feeds": []}, "feeds is [], but must be a list of feeds"),
        ({"feeds": [FEED, FEED]}, "feeds has 'ETH / USD' twice, but feeds go by their description"),
        (
            {"feeds": [{**FEED, "quorum": 6_666}]},
            "feeds[0].quorum is 6666, but must be from 6667 to 10000",
        ),
        (
            {"feeds": [{**FEED, "description": "x" * 32}]},
            f"feeds[0].description is {'x' * 32!r}, but must be a text of 1 to 31 bytes",
        ),
        ({"feeds": [{**FEED, "heartbeat": 89}]}, "feeds[0].heartbeat is 89 s, but must be three rounds at least"),
        ({"fees": 1}, "fees is unknown"),
    ],
)
def test_oracle__bad_value__is_named_and_nothing_sent(
    oracle_command: OracleCommand, owner: AccountAPI, changes: dict[str, Any], problem: str
) -> None:
    oracle_command.configure(**changes)
    nonce = owner.nonce

    assert oracle_command.fail() == f"~/config/oracle/local.yaml: {problem}"
    assert owner.nonce == nonce


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"vault": "cDAI"}, "~/deployments/local.json has no vault cDAI, but cWETH"),
        ({"round": 75, "feeds": [{**FEED, "heartbeat": 225}]}, NO_ROUND.format(75)),
        ({"round": 7}, NO_ROUND.format(7)),
        (
            {"chain_id": 1, "token": ZERO_ADDRESS[:-1] + "1"},
            "this network's chain id is 31337, but the config is for 1: nothing sent",
        ),
    ],
)
def test_oracle__that_does_not_fit_the_deployment__sends_nothing(
    oracle_command: OracleCommand, owner: AccountAPI, changes: dict[str, Any], problem: str
) -> None:
    oracle_command.configure(**changes)
    nonce = owner.nonce

    assert oracle_command.fail() == problem
    assert owner.nonce == nonce


def test_config__of_a_local_node__fits_that_of_the_protocol() -> None:
    root = Path(project.path)
    oracle = load_oracle_config(root / "config" / "oracle" / "local.yaml")
    protocol = load_config(root / "config" / "local.yaml")

    assert oracle.vault in [vault.symbol for vault in protocol.vaults]
    assert protocol.timing["epoch"] % oracle.round == 0
