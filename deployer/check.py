"""Reads a deployment back from the chain and compares it with its file and its config."""

from collections.abc import Mapping
from typing import Any

import ape
from ape.contracts import ContractInstance
from hexbytes import HexBytes
from web3.exceptions import TransactionNotFound

from deployer.config import DEPLOYER, NONE, NOW, STAND_INS, Config
from deployer.contracts import ZERO_ADDRESS, container
from deployer.errors import DeployError
from deployer.journal import CORE, contract_at

BURN = "0x000000000000000000000000000000000000dEaD"


def check_chain(expected: int) -> None:
    """The node must be of the chain that the config is for."""
    found = ape.chain.chain_id
    if found != expected:
        raise DeployError(f"this network's chain id is {found}, but the config is for {expected}: nothing sent")


def differences(config: Config, deployment: Mapping[str, Any]) -> list[str]:
    """What on the chain is not as it should be, in one line each."""
    contracts, vaults = deployment["contracts"], deployment["vaults"]
    stand_ins = {vault.asset for vault in config.vaults} & {*STAND_INS}
    missing = sorted({*CORE, *stand_ins} - {*contracts}) + sorted({vault.symbol for vault in config.vaults} - {*vaults})
    broken = [f"{name} is not deployed" for name in missing] + differences_of_source(deployment)
    # What was not created from this source cannot be asked for more.
    return broken or _wiring(config, contracts, vaults)


def differences_of_source(deployment: Mapping[str, Any]) -> list[str]:
    """What was not created as the file says and from this source, in one line each."""
    entries = (*deployment["contracts"].items(), *deployment["vaults"].items())
    return [line for name, entry in entries for line in _creation(name, entry)]


def _creation(name: str, entry: Mapping[str, Any]) -> list[str]:
    """The transaction that created a contract says it all: its code and its constructor's arguments."""
    provider: Any = ape.chain.provider
    try:
        txn = provider.web3.eth.get_transaction(entry["transaction"])
        receipt = provider.web3.eth.get_transaction_receipt(entry["transaction"])
    except TransactionNotFound:
        return [f"{name}: this chain has no transaction {entry['transaction']}"]
    found = _Comparison(name)
    found.equal("address", receipt["contractAddress"], entry["address"])
    found.equal("block", receipt["blockNumber"], entry.get("block"))
    found.equal("sender", txn["from"], entry["sender"])
    if txn["input"] != HexBytes(container(entry["contract"])(*entry["arguments"].values()).data):
        found.lines.append(f"{name} was deployed from another source or with other arguments")
    if not provider.get_code(entry["address"]):
        found.lines.append(f"{name} has no code at {entry['address']}")
    return found.lines


def _wiring(config: Config, contracts: Mapping[str, Any], entries: Mapping[str, Any]) -> list[str]:
    registry, slashing, delegation, rewards = (contract_at(contracts[name]) for name in CORE)
    vaults = {vault.symbol: contract_at(entries[vault.symbol]) for vault in config.vaults}
    accounts = {DEPLOYER: contracts[CORE[0]]["sender"], NONE: ZERO_ADDRESS}
    timing = dict(config.timing)
    if timing["genesis"] == NOW:
        timing["genesis"] = contracts[CORE[0]]["arguments"]["timing"]["genesis"]

    found = _Comparison("AVSRegistry")
    found.views(
        registry,
        GENESIS=timing["genesis"],
        EPOCH=timing["epoch"],
        REPORT_WINDOW=timing["report_window"],
        MAX_VETO=timing["max_veto"],
        EXECUTE_WINDOW=timing["execute_window"],
        DELEGATION=delegation.address,
        SLASHING=slashing.address,
        REWARDS=rewards.address,
        owner=accounts.get(config.owner, config.owner),
        pendingOwner=ZERO_ADDRESS,
        guardian=accounts.get(config.guardian, config.guardian),
        paused=False,
    )
    # The order in which an owner lists them is free.
    listed = registry.vaults(0, registry.vaultCount())
    found.equal("vaults", sorted(listed), sorted(vault.address for vault in vaults.values()))
    clock = {"REGISTRY": registry.address, "GENESIS": timing["genesis"], "EPOCH": timing["epoch"]}
    found.views(slashing, "SlashingManager", DELEGATION=delegation.address, **clock)
    found.views(delegation, "DelegationManager", SLASHING=slashing.address, **clock)
    found.views(rewards, "RewardsDistributor", DELEGATION=delegation.address, **clock)
    for expected in config.vaults:
        asset = contracts[expected.asset]["address"] if expected.asset in STAND_INS else expected.asset
        vault = vaults[expected.symbol]
        found.views(
            vault,
            expected.symbol,
            asset=asset,
            REGISTRY=registry.address,
            DELEGATION=delegation.address,
            NATIVE=expected.native,
            name=expected.name,
            symbol=expected.symbol,
            cap=expected.cap,
        )
        if vault.balanceOf(BURN) < vault.SEED():
            found.lines.append(f"{expected.symbol} is not seeded")
    return found.lines


class _Comparison:
    """Collects differences."""

    def __init__(self, name: str) -> None:
        self.lines: list[str] = []
        self._name = name

    def equal(self, what: str, found: Any, expected: Any) -> None:
        if found != expected:
            self.lines.append(f"{self._name}.{what} is {found}, not {expected}")

    def views(self, contract: ContractInstance, name: str = "", /, **expected: Any) -> None:
        self._name = name or self._name
        for view, value in expected.items():
            self.equal(view, getattr(contract, view)(), value)
