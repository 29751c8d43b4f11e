"""What `ape console` opens with."""

import json

import ape
import pytest
from ape.api import AccountAPI

from ape_console_extras import ape_init_extras
from catenary.console import show
from catenary.protocol import Protocol
from tests.deployment.conftest import Command

HELP = "`catenary devnet` keeps a node that has one; `make deploy` deploys one\n"


class Project:
    """As much of Ape's as the extras need."""

    def __init__(self, command: Command) -> None:
        self.path = command.home


def test_console__without_a_deployment__says_what_to_do(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert ape_init_extras(Project(command)) == {}
    assert capsys.readouterr().out == (
        "no protocol here: there is no deployments/local.json: deploy, or name the file of a deployment\n" + HELP
    )


def test_console__with_a_deployment_of_another_chain__says_what_to_do(
    deployed: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = deployed.deployment
    deployment["contracts"]["AVSRegistry"]["address"] = "0x" + "42" * 20
    deployed.file.write_text(json.dumps(deployment))

    assert ape_init_extras(Project(deployed)) == {}
    assert capsys.readouterr().out == (
        f"no protocol here: there is no contract at 0x{'42' * 20}: the deployment file is of another chain, as of a "
        "node that was started anew. Deploy again, or name another file\n" + HELP
    )


def test_console__with_a_deployment__knows_protocol_and_contracts_by_name(deployed: Command) -> None:
    found = ape_init_extras(Project(deployed))

    addresses = {name: entry["address"] for name, entry in deployed.deployment["contracts"].items()}
    vault = deployed.deployment["vaults"]["cWETH"]["address"]
    assert {name: found[name].address for name in ("registry", "delegation", "slashing", "rewards", "WETH9")} == {
        "registry": addresses["AVSRegistry"],
        "delegation": addresses["DelegationManager"],
        "slashing": addresses["SlashingManager"],
        "rewards": addresses["RewardsDistributor"],
        "WETH9": addresses["WETH9"],
    }
    assert found["protocol"].vault("cWETH").address == found["cWETH"].address == vault
    assert {symbol: contract.address for symbol, contract in found["vaults"].items()} == {"cWETH": vault}
    assert found["account"] == ape.accounts.test_accounts[0]
    assert "people" not in found  # this is not the devnet


def test_console__banner__says_what_is_there(deployed: Command, capsys: pytest.CaptureFixture[str]) -> None:
    found = ape_init_extras(Project(deployed))

    banner = capsys.readouterr().out
    assert banner.startswith("Catenary on chain 31337, in epoch 1.\n")
    assert [name for name in found if name not in banner and name != "WETH9"] == []


def test_console__skip_epochs__moves_a_local_node(deployed: Command) -> None:
    found = ape_init_extras(Project(deployed))

    assert (found["epoch"](), found["skip_epochs"](2), found["epoch"]()) == (1, 3, 3)


def test_console__contract__takes_what_its_functions_take(deployed: Command) -> None:
    """As the README has it."""
    found = ape_init_extras(Project(deployed))
    vault, account = found["cWETH"], found["account"]
    vault.depositNative(account, value="1 ether", sender=account)

    assert found["protocol"].vault("cWETH").balance(account.address) == vault.balanceOf(account) == 10**18


def test_show__of_a_thing__prints_what_it_says_of_itself(
    deployed: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, alice: AccountAPI
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    protocol: Protocol = ape_init_extras(Project(deployed))["protocol"]
    capsys.readouterr()
    show(protocol.vault("cWETH").pool(alice))

    rows = [line.strip("│ ").split("│") for line in capsys.readouterr().out.splitlines() if "│" in line]
    said = {name.strip(): value.strip() for name, value in (row for row in rows if len(row) == 2)}
    assert (said["is_open"], said["operator"]) == ("False", repr(alice.address))
