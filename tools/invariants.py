"""
Runs the invariants with Forge and shows its output. Fails too if a kind of call never got anywhere, which would prove
nothing of it: Forge counts as discards the calls that the protocol refused.
"""

import os
import re
import subprocess
import sys

ROW = re.compile(r"^\| (\w+)\s+\| (\w+)\s+\| (\d+)\s+\| (\d+)\s+\| (\d+)\s+\|$")


def main() -> int:
    runs = sys.argv[1]
    command = ["forge", "test", "--match-test", "invariant_", "--match-path", "tests/forge/*"]
    environment = {**os.environ, "FOUNDRY_INVARIANT_RUNS": runs}
    succeeded: dict[str, int] = {}
    refused = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as forge:
        assert forge.stdout is not None
        for line in forge.stdout:
            sys.stdout.write(line)
            if row := ROW.match(line):
                succeeded[f"{row[1]}.{row[2]}"] = int(row[3]) - int(row[5])
                refused += int(row[5])

    print(f"{sum(succeeded.values()):,} calls succeeded, {refused:,} were refused.")
    stuck = [kind for kind, count in succeeded.items() if count == 0]
    if stuck or not succeeded:
        print(f"Never got anywhere: {', '.join(stuck) or 'all'}", file=sys.stderr)
    return int(forge.returncode != 0 or bool(stuck) or not succeeded)


if __name__ == "__main__":
    sys.exit(main())
