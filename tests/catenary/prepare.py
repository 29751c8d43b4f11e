"""
Deploys to the node of APE_FOUNDRY_HOST and builds the scene there: `python -m tests.catenary.prepare FOLDER`.

A process of its own: Ape remembers contracts by address, and the node of the tests has others at the same addresses.

The scene is that of tests/slashing/conftest.py, with the production clock, an hour into epoch 4: Alice delegated 100
ether to the operator's pool in cWETH, loss budget 50 %, commission 10 %. Besides, there is a vault cSIX over a token
of 6 decimals, of which everybody has 1,000, and the reward token ARC, of which Carol has 10,000.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import ape
import yaml
from ape import project

import scripts.deploy
from deployer.journal import contract_at, read_deployment
from tests.conftest import ROLES
from tests.helpers.protocol import ANYTHING, DAY, ETHER, ZERO_ADDRESS

NETWORK = "ethereum:local:foundry"
TIMING = {
    "genesis": "now",
    "epoch": 7 * DAY,
    "report_window": 4 * DAY,
    "max_veto": 2 * DAY,
    "execute_window": DAY,
}


def main(home: Path) -> None:
    node = os.environ["APE_FOUNDRY_HOST"]
    with ape.networks.parse_network_choice(NETWORK, {"host": node, "manage_process": False}):
        accounts = dict(zip(ROLES, ape.accounts.test_accounts, strict=False))
        owner = accounts["owner"]
        six = owner.deploy(project.TestToken, "Six", "SIX", 6)
        arc = owner.deploy(project.TestToken, "Arc", "ARC", 6)
        for account in accounts.values():
            six.mint(account, 1_000 * 10**6, sender=owner)
        arc.mint(accounts["carol"], 10_000 * 10**6, sender=owner)
        contracts = _deploy(home, six.address)
        avss = _scene(contracts, accounts)
        vaults = {symbol: contracts[symbol].address for symbol in ("cWETH", "cSIX")}
        content = {"avss": avss, "vaults": vaults, "tokens": {"SIX": six.address, "ARC": arc.address}}
        (home / "scene.json").write_text(json.dumps(content))


def _deploy(home: Path, six: str) -> dict[str, Any]:
    common = {"cap": 10**24}
    weth = {"asset": "WETH9", "native": True, "name": "Catenary WETH", "symbol": "cWETH", **common}
    six_vault = {"asset": six, "native": False, "name": "Catenary SIX", "symbol": "cSIX", **common}
    config = {
        "chain_id": 31_337,
        "owner": "deployer",
        "guardian": "none",
        "timing": TIMING,
        "vaults": [weth, six_vault],
    }
    (home / "config").mkdir()
    (home / "config" / "local.yaml").write_text(yaml.safe_dump(config))
    scripts.deploy.HOME = home
    scripts.deploy.cli.main(["--network", NETWORK, "--account", "TEST::0"], standalone_mode=False)
    deployment = read_deployment(home / "deployments" / "local.json")
    vaults = {symbol: contract_at(entry) for symbol, entry in deployment["vaults"].items()}
    return {"registry": contract_at(deployment["contracts"]["AVSRegistry"]), **vaults}


def _scene(contracts: dict[str, Any], accounts: dict[str, Any]) -> dict[str, int]:
    registry, vault, operator = contracts["registry"], contracts["cWETH"], accounts["operator"]
    registry.registerOperator("", sender=operator)
    registry.openPool(vault, 5_000, 1_000, 0, sender=operator)

    def avs(guaranteed: int, elastic: int, veto: int, recipient: str) -> int:
        owner, resolver = accounts["avs_owner"], accounts["resolver"] if veto else ZERO_ADDRESS
        terms = (accounts["slasher"], veto, False, recipient, owner, resolver, ZERO_ADDRESS)
        registry.registerAVS(terms, "", sender=owner)
        number = int(registry.avsCount())
        registry.setVault(number, vault, True, sender=owner)
        registry.optIn(number, vault, guaranteed, elastic, b"", sender=operator)
        return number

    avss = {
        "at_once": avs(2_000, 1_000, 0, ZERO_ADDRESS),
        "with_veto": avs(1_000, 0, DAY, accounts["recipient"].address),
        "shared": avs(0, 4_000, DAY, ZERO_ADDRESS),
    }
    vault.depositNativeAndDelegate(operator, 0, ANYTHING, value=100 * ETHER, sender=accounts["alice"])
    ape.chain.mine(timestamp=registry.startOf(4) + 3_600)
    return avss


if __name__ == "__main__":
    main(Path(sys.argv[1]))
