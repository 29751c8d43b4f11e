"""Prints the runtime size of the contracts and fails if one has reached its limit."""

import json
import sys
from pathlib import Path

CORE = ("StakingVault", "AVSRegistry", "DelegationManager", "SlashingManager", "RewardsDistributor")
LIMITS = {**dict.fromkeys(CORE, 20_000), "OracleAVS": 24_576}  # to stay below; the last is EIP-170's [bytes]
MANIFEST = Path(__file__).parent.parent / ".build" / "__local__.json"


def runtime_size(contract_type: dict[str, dict[str, str]]) -> int:
    return len(contract_type["runtimeBytecode"]["bytecode"].removeprefix("0x")) // 2


def main() -> int:
    types = json.loads(MANIFEST.read_text())["contractTypes"]
    missing = [name for name in LIMITS if name not in types]
    if missing:
        print(f"not compiled: {', '.join(missing)}", file=sys.stderr)
        return 1
    failed = False
    for name, limit in LIMITS.items():
        size = runtime_size(types[name])
        too_large = size >= limit
        failed |= too_large
        print(f"{name:20} {size:6,} of {limit:,} bytes{'  TOO LARGE' if too_large else ''}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
