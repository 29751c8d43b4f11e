"""What `ape console` opens with."""

import json
from pathlib import Path

import ape
import pytest

from ape_console_extras import ape_init_extras
from deployer.console import names
from tests.deployment.conftest import Command


def test_console__without_a_deployment__says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "local.json"

    assert names(path) == {}
    assert capsys.readouterr().out == f"no contracts by name: there is no {path}, see `make deploy`\n"


def test_console__with_a_deployment__knows_its_contracts_by_name(
    deployed: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    found = names(deployed.file)

    assert capsys.readouterr().out == (
        "contracts by name: cWETH, WETH9, registry, slashing, delegation, rewards, vaults, epoch, account\n"
    )
    deployment = deployed.deployment
    addresses = {name: entry["address"] for name, entry in deployment["contracts"].items()}
    vault = deployment["vaults"]["cWETH"]["address"]
    assert found.pop("epoch")() == 1
    assert found.pop("account") == ape.accounts.test_accounts[0]
    assert {symbol: contract.address for symbol, contract in found.pop("vaults").items()} == {"cWETH": vault}
    assert {name: contract.address for name, contract in found.items()} == {
        "cWETH": vault,
        "WETH9": addresses["WETH9"],
        "registry": addresses["AVSRegistry"],
        "slashing": addresses["SlashingManager"],
        "rewards": addresses["RewardsDistributor"],
        "delegation": addresses["DelegationManager"],
    }


def test_console__with_a_deployment_of_another_chain__says_so(
    deployed: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deployed.deployment
    deployment["contracts"]["AVSRegistry"]["address"] = "0x" + "42" * 20
    deployed.file.write_text(json.dumps(deployment))

    assert names(deployed.file) == {}
    assert capsys.readouterr().out == (
        f"no contracts by name: {deployed.file} is of another chain. Deploy anew: make deploy ARGS=--force\n"
    )


def test_console__extras__are_of_the_connected_network(deployed: Command) -> None:
    class Project:
        path = deployed.home

    class Network:
        name = "local"

    class Provider:
        network = Network

    class Chain:
        provider = Provider

    assert [*ape_init_extras(Project, Chain)] == [*names(deployed.file)] != []
