"""Publishes the sources of what was deployed on Etherscan, which compiles them and compares."""

import os
import posixpath
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ape
import click
from ape_etherscan import Etherscan
from ape_etherscan.client import ClientFactory, ContractClient
from ape_etherscan.exceptions import EtherscanResponseError
from ape_etherscan.types import EtherscanInstance

from deployer.contracts import ARTIFACTS, container
from deployer.errors import DeployError

KEY = "ETHERSCAN_API_KEY"
MIT = 3  # of https://etherscan.io/contract-license-types

_IMPORT = re.compile(r'^import\b[^;"]*"([^"]+)";', re.MULTILINE)
_PAUSE = 3  # between two questions for the result [s]


def verify(deployment: Mapping[str, Any]) -> None:
    """Verifies the contracts of a deployment that this project compiled. Raises a `DeployError` for those that fail."""
    explorer = ape.chain.provider.network.explorer
    if not isinstance(explorer, Etherscan):
        raise DeployError("Etherscan does not know this network: see `etherscan` in ape-config.yaml")
    if not os.environ.get(KEY):
        raise DeployError(f"set {KEY} to a key of https://etherscan.io/apidashboard: nothing verified")
    entries = {**deployment["contracts"], **deployment["vaults"]}
    failed = []
    for name, entry in entries.items():
        if entry["contract"] in ARTIFACTS:
            continue
        result = _verify(_client(explorer, entry["address"]), entry)
        if result.startswith("Pass") or "already verified" in result.lower():
            click.echo(f"{name}: {result}, {explorer.get_address_url(entry['address'])}#code")
        else:
            failed.append(f"{name} at {entry['address']} is not verified: {result}")
    if failed:
        raise DeployError("\n".join(failed))


def standard_json(source_id: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    The compiler's input for one source, with all that it imports and under the names by which it was compiled, as
    names are part of the bytecode. ape-etherscan leaves imports out, and does not end where two import each other.
    """
    prefix, folder = settings["remappings"][0].split("=")
    home = ape.project.path
    sources: dict[str, dict[str, str]] = {}
    missing = [source_id]
    while missing:
        name = missing.pop()
        if name in sources:
            continue
        package = Path("node_modules") / prefix / posixpath.relpath(name, folder)
        content = (home / (package if name.startswith(folder) else name)).read_text()
        sources[name] = {"content": content}
        for path in _IMPORT.findall(content):
            relative = path.startswith(".")
            missing.append(
                posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
                if relative
                else path.replace(prefix, folder, 1)
            )
    return {"language": "Solidity", "sources": dict(sorted(sources.items())), "settings": dict(settings)}


def _verify(client: ContractClient, entry: Mapping[str, Any]) -> str:
    """What Etherscan says in the end."""
    contract = container(entry["contract"])
    compiler = ape.project.manifest.get_contract_compiler(entry["contract"])
    settings = {**compiler.settings, "outputSelection": {"*": {"*": ["evm.bytecode", "evm.deployedBytecode", "abi"]}}}
    source_id = contract.contract_type.source_id
    creation = contract(*entry["arguments"].values()).data.hex()
    bytecode = contract.contract_type.deployment_bytecode.bytecode.removeprefix("0x")
    try:
        guid = client.verify_source_code(
            standard_json(source_id, settings),
            compiler.version,
            contract_name=f"{source_id}:{entry['contract']}",
            optimization_used=settings["optimizer"]["enabled"],
            optimization_runs=settings["optimizer"]["runs"],
            constructor_arguments=creation.removeprefix("0x").removeprefix(bytecode),
            evm_version=settings["evmVersion"],
            license_type=MIT,
            via_ir=settings["viaIR"],
        )
        deadline = time.monotonic() + ape.chain.provider.network.transaction_acceptance_timeout
        while "pending" in (result := client.check_verify_status(guid)).lower():
            if time.monotonic() > deadline:
                break
            time.sleep(_PAUSE)
    except EtherscanResponseError as error:
        return " ".join(str(error).split())
    return result


def _client(explorer: Etherscan, address: str) -> ContractClient:
    network = explorer.network
    instance = EtherscanInstance(
        network.ecosystem.name, network.name, explorer.etherscan_uri, explorer.etherscan_api_uri
    )
    return ClientFactory(instance).get_contract_client(address)
