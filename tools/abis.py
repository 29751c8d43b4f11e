"""Writes the ABIs that the package `catenary` ships, from what was compiled: `make abis`."""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHIPPED = ("AVSRegistry", "DelegationManager", "OracleAVS", "RewardsDistributor", "SlashingManager", "StakingVault")


def compiled() -> dict[str, str]:
    """The text of each ABI file, by the contract's name."""
    types = json.loads((ROOT / ".build" / "__local__.json").read_text())["contractTypes"]
    return {name: json.dumps(types[name]["abi"], separators=(",", ":")) + "\n" for name in SHIPPED}


def main() -> None:
    for name, text in compiled().items():
        (ROOT / "catenary" / "abi" / f"{name}.json").write_text(text)


if __name__ == "__main__":
    main()
