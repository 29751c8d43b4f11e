"""Plays a part of the demo and writes what `catenary devnet` starts with: `make devnet` and `make wheel` do."""

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

from ape.logging import LogLevel, logger
from hexbytes import HexBytes

from catenary.anvil import Anvil, ask, running
from catenary.devnet import PEOPLE
from demo.life import Life
from demo.midway import tell
from demo.node import CHAIN_ID, connected
from demo.output import Output
from demo.world import AVSS, COUNCIL, FUND, GUARDIAN, OPERATORS, OWNER, PASSER_BY, STAKERS, World, build

PACKAGE = Path(__file__).parent.parent / "catenary"
STATE, DEPLOYMENT = PACKAGE / "devnet.json.xz", PACKAGE / "deployments" / "local.json"
BEGINNING = 1_767_225_600  # 2026-01-01, so that the files do not depend on the day [Unix time]


def main() -> None:
    logger.set_level(LogLevel.WARNING)
    with running("--accounts", str(PEOPLE), "--timestamp", str(BEGINNING)) as anvil:
        with connected(anvil.address) as node:
            life = Life(build(node), Output())
            tell(life)
            deployment = _deployment(life.world, _created(anvil))
        state = gzip.decompress(HexBytes(ask(anvil.web3, "anvil_dumpState", True)))
    STATE.write_bytes(lzma.compress(state))
    DEPLOYMENT.parent.mkdir(exist_ok=True)
    DEPLOYMENT.write_text(json.dumps(deployment, indent=2) + "\n")


def _created(anvil: Anvil) -> dict[str, dict[str, Any]]:
    """Every contract, by its address: in which block and by which transaction."""
    eth = anvil.web3.eth
    found = {}
    for number in range(eth.block_number + 1):
        for receipt in eth.get_block_receipts(number):
            if address := receipt["contractAddress"]:
                found[str(address)] = {"block": number, "transaction": receipt["transactionHash"].to_0x_hex()}
    return found


def _deployment(world: World, created: dict[str, dict[str, Any]]) -> dict[str, Any]:
    def entry(contract: Any) -> dict[str, Any]:
        address = str(contract.address)
        return {"contract": contract.contract_type.name, "address": address, **created[address]}

    core = world.core
    contracts = (core.registry, core.slashing, core.delegation, core.rewards, *world.assets.values())
    return {
        "complete": True,
        "network": "local",
        "config": {"chain_id": CHAIN_ID},
        "contracts": {each.contract_type.name: entry(each) for each in contracts}
        | {name: entry(token) for name, token in world.tokens.items()},
        "vaults": {f"c{name}": entry(vault) for name, vault in world.vaults.items()},
        "calls": {},
        "people": [
            {"account": f"TEST::{index}", "name": name, "role": _role(world, name), "address": person.address}
            for index, (name, person) in enumerate(world.people.items())
        ],
    }


def _role(world: World, name: str) -> str:
    if name in AVSS:
        return f"AVS {world.avs(name)}: its owner and slasher"
    if name in OPERATORS:
        return "operator"
    if name in STAKERS:
        return "staker"
    return {
        OWNER: "owner of the protocol",
        GUARDIAN: "guardian of the protocol",
        COUNCIL: "resolver of the Bridge",
        FUND: "receives what the Oracle slashes",
        PASSER_BY: "anyone",
    }[name]


if __name__ == "__main__":
    main()
