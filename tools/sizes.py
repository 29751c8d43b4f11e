"""Prints the runtime size of the core contracts and fails if one has reached the limit."""

import json
import sys
from pathlib import Path

LIMIT = 20_000  # [bytes]
CORE = ("StakingVault", "AVSRegistry", "DelegationManager", "SlashingManager", "RewardsDistributor")
MANIFEST = Path(__file__).parent.parent / ".build" / "__local__.json"


def runtime_size(contract_type: dict[str, dict[str, str]]) -> int:
    return len(contract_type["runtimeBytecode"]["bytecode"].removeprefix("0x")) // 2


def main() -> int:
    types = json.loads(MANIFEST.read_text())["contractTypes"]
    missing = [name for name in CORE if name not in types]
    if missing:
        print(f"not compiled: {', '.join(missing)}", file=sys.stderr)
        return 1
    sizes = {name: runtime_size(types[name]) for name in CORE}
    for name, size in sizes.items():
        print(f"{name:20} {size:6,} of {LIMIT:,} bytes{'  TOO LARGE' if size >= LIMIT else ''}")
    return int(max(sizes.values()) >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
