"""`--check` reads a deployment back, and says in one line each what is not as it should be."""

import json
from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI

from deployer.console import names
from tests.deployment.conftest import CONFIG, WETH_VAULT, Command
from tests.helpers.protocol import ETHER, ZERO_ADDRESS


@pytest.fixture
def contracts(deployed: Command) -> dict[str, Any]:
    return names(deployed.home)


def rewrite(command: Command, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Changes the deployment file."""
    deployment = command.deployment
    change(deployment)
    command.file.write_text(json.dumps(deployment))
    return deployment


def test_check__of_what_was_deployed__passes_and_sends_nothing(deployed: Command, owner: AccountAPI) -> None:
    nonce, before = owner.nonce, deployed.file.read_text()

    assert deployed.succeed("--check", account=None) == f"{deployed.file}: all is as it should be\n"
    assert (owner.nonce, deployed.file.read_text()) == (nonce, before)


def test_check__paused__is_said(deployed: Command, contracts: dict[str, Any], owner: AccountAPI) -> None:
    contracts["registry"].pause(sender=owner)

    assert deployed.fail("--check") == "AVSRegistry.paused is True, not False"


def test_check__another_guardian_and_owner_to_be__are_said(
    deployed: Command, contracts: dict[str, Any], owner: AccountAPI, stranger: AccountAPI
) -> None:
    contracts["registry"].setGuardian(stranger, sender=owner)
    contracts["registry"].transferOwnership(stranger, sender=owner)

    assert deployed.fail("--check").splitlines() == [
        f"AVSRegistry.pendingOwner is {stranger.address}, not {ZERO_ADDRESS}",
        f"AVSRegistry.guardian is {stranger.address}, not {ZERO_ADDRESS}",
    ]


def test_check__another_owner__is_said(
    deployed: Command, contracts: dict[str, Any], owner: AccountAPI, stranger: AccountAPI
) -> None:
    contracts["registry"].transferOwnership(stranger, sender=owner)
    contracts["registry"].acceptOwnership(sender=stranger)

    assert deployed.fail("--check") == f"AVSRegistry.owner is {stranger.address}, not {owner.address}"


def test_check__another_cap__is_said(deployed: Command, contracts: dict[str, Any], owner: AccountAPI) -> None:
    contracts["cWETH"].setCap(ETHER, sender=owner)

    assert deployed.fail("--check") == f"cWETH.cap is {ETHER}, not {10**24}"


def test_check__another_vault_listed__is_said(deployed: Command, contracts: dict[str, Any], owner: AccountAPI) -> None:
    registry, vault, weth = contracts["registry"], contracts["cWETH"], contracts["WETH9"]
    other = owner.deploy(project.StakingVault, weth, registry, True, "Other", "OTHER")
    registry.listVault(other, sender=owner)

    listed = sorted([vault.address, other.address])
    assert deployed.fail("--check") == f"AVSRegistry.vaults is {listed}, not {[vault.address]}"


def test_check__config_that_says_something_else__is_said(
    deployed: Command, contracts: dict[str, Any], owner: AccountAPI, guardian: AccountAPI
) -> None:
    deployed.configure(
        owner=guardian.address,
        guardian="deployer",
        timing={"genesis": 1, "epoch": 400, "report_window": 121, "max_veto": 61, "execute_window": 62},
        vaults=[{**WETH_VAULT, "native": False, "name": "Other", "cap": 1}],
    )
    genesis = contracts["registry"].GENESIS()
    windows = CONFIG["timing"]

    assert deployed.fail("--check").splitlines() == [
        f"AVSRegistry.GENESIS is {genesis}, not 1",
        f"AVSRegistry.EPOCH is {windows['epoch']}, not 400",
        f"AVSRegistry.REPORT_WINDOW is {windows['report_window']}, not 121",
        f"AVSRegistry.MAX_VETO is {windows['max_veto']}, not 61",
        f"AVSRegistry.EXECUTE_WINDOW is {windows['execute_window']}, not 62",
        f"AVSRegistry.owner is {owner.address}, not {guardian.address}",
        f"AVSRegistry.guardian is {ZERO_ADDRESS}, not {owner.address}",
        f"SlashingManager.GENESIS is {genesis}, not 1",
        f"SlashingManager.EPOCH is {windows['epoch']}, not 400",
        f"DelegationManager.GENESIS is {genesis}, not 1",
        f"DelegationManager.EPOCH is {windows['epoch']}, not 400",
        f"RewardsDistributor.GENESIS is {genesis}, not 1",
        f"RewardsDistributor.EPOCH is {windows['epoch']}, not 400",
        "cWETH.NATIVE is True, not False",
        "cWETH.name is Catenary WETH, not Other",
        f"cWETH.cap is {10**24}, not 1",
    ]


def test_check__vault_and_asset_of_the_config_missing__are_said(deployed: Command) -> None:
    other = {**WETH_VAULT, "asset": "LiquidStakingToken", "native": False, "symbol": "clsETH"}
    deployed.configure(vaults=[WETH_VAULT, other])

    assert deployed.fail("--check") == "LiquidStakingToken is not deployed\nclsETH is not deployed"


def test_check__another_address_block_or_sender_in_the_file__is_said(
    deployed: Command, owner: AccountAPI, stranger: AccountAPI
) -> None:
    entry = deployed.deployment["vaults"]["cWETH"]
    rewrite(
        deployed,
        lambda deployment: deployment["vaults"]["cWETH"].update(
            address=stranger.address, block=entry["block"] + 1, sender=stranger.address
        ),
    )

    assert deployed.fail("--check").splitlines() == [
        f"cWETH.address is {entry['address']}, not {stranger.address}",
        f"cWETH.block is {entry['block']}, not {entry['block'] + 1}",
        f"cWETH.sender is {owner.address}, not {stranger.address}",
        f"cWETH has no code at {stranger.address}",
    ]


def test_check__another_argument_in_the_file__is_said(deployed: Command) -> None:
    rewrite(deployed, lambda deployment: deployment["vaults"]["cWETH"]["arguments"].update(name="Other"))

    assert deployed.fail("--check") == "cWETH was deployed from another source or with other arguments"


def test_check__another_source__is_said(deployed: Command) -> None:
    rewrite(deployed, lambda deployment: deployment["contracts"]["WETH9"].update(contract="LiquidStakingToken"))

    assert deployed.fail("--check") == "WETH9 was deployed from another source or with other arguments"


def test_check__of_another_chain__is_said(command: Command) -> None:
    snapshot = ape.chain.snapshot()
    command.configure(vaults=[])
    command.succeed()
    ape.chain.restore(snapshot)

    assert command.fail("--check").splitlines() == [
        f"{name}: this chain has no transaction {entry['transaction']}"
        for name, entry in command.deployment["contracts"].items()
    ]


def test_check__no_file__is_said(command: Command) -> None:
    assert command.fail("--check") == "there is no ~/deployments/local.json: deploy first"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", " cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{}", " is not a deployment file"),
        ("[]", " is not a deployment file"),
    ],
)
def test_check__file_that_is_none__is_said(command: Command, content: str, problem: str) -> None:
    command.file.parent.mkdir()
    command.file.write_text(content)

    assert command.fail("--check") == f"~/deployments/local.json{problem}"
    assert command.fail() == f"~/deployments/local.json{problem}"
