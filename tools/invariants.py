"""
Runs the invariants with Forge, and shows how many calls of each kind succeeded and how many were refused. Fails too if
a kind of call never succeeded, which would prove nothing of it: Forge counts refused calls as discards.
"""

import os
import re
import subprocess
import sys
from collections import Counter

ROW = re.compile(r"^\| \w+\s+\| (\w+)\s+\| (\d+)\s+\| (\d+)\s+\| (\d+)\s+\|$")
TABLE = re.compile(r"^[|╭╰+]")


def main() -> int:
    runs = sys.argv[1]
    command = ["forge", "test", "--match-contract", "Invariants$", "--match-path", "tests/forge/*"]
    environment = {**os.environ, "FOUNDRY_INVARIANT_RUNS": runs}
    calls: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as forge:
        assert forge.stdout is not None
        for line in forge.stdout:
            if row := ROW.match(line):
                calls[row[1]] += int(row[2])
                refused[row[1]] += int(row[3]) + int(row[4])
            elif not TABLE.match(line):
                sys.stdout.write(line)

    print(f"{'call':20}{'succeeded':>12}{'refused':>12}")
    for kind in sorted(calls):
        print(f"{kind:20}{calls[kind] - refused[kind]:12,}{refused[kind]:12,}")
    print(f"{'all':20}{calls.total() - refused.total():12,}{refused.total():12,}")
    stuck = [kind for kind in sorted(calls) if calls[kind] == refused[kind]]
    if stuck or not calls:
        print(f"Never succeeded: {', '.join(stuck) or 'any'}", file=sys.stderr)
    return int(forge.returncode != 0 or bool(stuck) or not calls)


if __name__ == "__main__":
    sys.exit(main())
