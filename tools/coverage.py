"""
Measures with Forge how much of the contracts the unit tests in tests/forge/units reach, prints it for each contract and
names every gap. Fails below the limits, and on a gap without a reason.

`forge coverage` switches the optimizer off and via-IR with it, which our contracts do not compile without ("stack too
deep"). `--ir-minimum` keeps via-IR with as little optimization as it needs.
"""

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / ".build" / "coverage"
UNITS = "tests/forge/units"

LIMITS = {"lines": 99, "functions": 100, "branches": 98}  # of what Forge sees; the rest is named below [%]

# Gaps by kind, file and source line: what reaches the line nevertheless. Forge does not see it, as it
# compiles in a way that makes the source map inexact. Each test named was seen to fail when the line was deleted.
REGISTRY, GOVERNANCE = "contracts/AVSRegistry.sol", "contracts/base/Governance.sol"
DELEGATION, REWARDS = "contracts/DelegationManager.sol", "contracts/RewardsDistributor.sol"
REASONS = {
    ("lines", REGISTRY, "_requireNotPaused();"): "test_check_consent__paused_or_closed__reverts",
    (
        "branches",
        REGISTRY,
        "if (guaranteed > old.guaranteed.settled() || elastic > old.elastic.settled()) _requireNotPaused();",
    ): "test_allocate__paused__takes_what_does_not_rise",
    ("lines", GOVERNANCE, "_requireNotPaused();"): "test_pause__twice__reverts",
    ("lines", DELEGATION, "Delegation calldata d = delegation;"): "every test_delegate_by_sig: it has no code",
    ("lines", DELEGATION, "mstore(page, found) // shortens the array to what was found"): (
        "test_tickets__lists_the_open_ones"
    ),
    ("branches", DELEGATION, "if (payout == Payout.VaultShares) IERC20(vault).transfer(receiver, shares);"): (
        "test_complete__pays_vault_shares"
    ),
    (
        "branches",
        DELEGATION,
        "else if (payout == Payout.Native) IStakingVault(vault).redeemNative(shares, receiver, address(this));",
    ): "test_complete__native__pays_ether",
    **{
        ("lines", "contracts/libraries/BLS.sol", line): "testFuzz_points__add_up_as_their_secrets"
        for line in (
            "let input := mload(0x40)",
            "mcopy(input, self, 128)",
            "mcopy(add(input, 128), other, 128)",
            "success := staticcall(ADD_G1_GAS, precompile, input, 256, sum, 128)",
            "success := and(success, eq(returndatasize(), 128))",
        )
    },
    ("lines", REWARDS, "_take();"): "test_pay__in_the_middle_of_it__everything_is_locked",
    ("lines", REWARDS, "_giveBack();"): "test_pay__in_the_middle_of_it__everything_is_locked",
    ("lines", REWARDS, "amount = 0;"): "test_claim__token_refuses__can_be_claimed_again",
    ("lines", "contracts/StakingVault.sol", "if (!nested) DELEGATION.giveBack();"): (
        "every test: nothing could follow the seed of the scene"
    ),
}


@dataclass
class Contract:
    """By kind, how often each place was reached. A place starts with its line."""

    hits: dict[str, dict[tuple[int, ...], int]] = field(default_factory=lambda: {kind: {} for kind in LIMITS})

    def reached(self, kind: str) -> tuple[int, int]:
        return sum(hits > 0 for hits in self.hits[kind].values()), len(self.hits[kind])


def measure() -> str:
    """Runs Forge, and gives what it wrote."""
    report = BUILD / "lcov.info"
    BUILD.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    environment = {
        "FOUNDRY_TEST": UNITS,
        "FOUNDRY_SCRIPT": UNITS,
        "FOUNDRY_OUT": str(BUILD / "out"),
        "FOUNDRY_CACHE_PATH": str(BUILD / "cache"),
    }
    command = ["forge", "coverage", "--ir-minimum", "--report", "lcov", "--report-file", str(report)]
    run = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False
    )
    # Forge says success of tests that failed, and of what does not compile.
    if run.returncode or "[FAIL" in run.stdout or not report.is_file():
        sys.exit(run.stdout)
    return report.read_text()


def read(report: str) -> dict[str, Contract]:
    """Our contracts in an lcov report, by path; mocks are not among them."""
    contracts: dict[str, Contract] = defaultdict(Contract)
    path = ""
    lines: dict[str, int] = {}
    for entry in report.splitlines():
        kind, _, rest = entry.partition(":")
        if kind == "SF":
            path = rest
            lines = {}
        if not path.startswith("contracts/") or path.startswith("contracts/mocks/"):
            continue
        values = rest.split(",")
        hits = contracts[path].hits
        if kind == "DA":
            hits["lines"][(int(values[0]),)] = int(values[1])
        elif kind == "FN":
            lines[values[1]] = int(values[0])
        elif kind == "FNDA":
            hits["functions"][(lines[values[1]],)] = int(values[0])
        elif kind == "BRDA":
            line, block, branch, taken = values
            hits["branches"][(int(line), int(block), int(branch))] = 0 if taken == "-" else int(taken)
    return dict(contracts)


def main() -> int:
    contracts = read(measure())
    width = max(len(path) for path in contracts)
    print(f"{'':{width}}" + "".join(f"{kind:>14}" for kind in LIMITS))
    for path, contract in sorted(contracts.items()):
        cells = ["{}/{}".format(*contract.reached(kind)) for kind in LIMITS]
        print(f"{path:{width}}" + "".join(f"{cell:>14}" for cell in cells))

    failed = False
    unused = set(REASONS)
    for kind, limit in LIMITS.items():
        reached, all_ = (sum(counts) for counts in zip(*(c.reached(kind) for c in contracts.values()), strict=True))
        print(f"\n{kind}: {reached} of {all_} seen, {reached / all_:.2%}; {limit} % are asked for.")
        for path, contract in sorted(contracts.items()):
            source = (ROOT / path).read_text().splitlines()
            for place in sorted(place for place, hits in contract.hits[kind].items() if hits == 0):
                gap = (kind, path, source[place[0] - 1].strip())
                unused.discard(gap)
                failed |= gap not in REASONS
                print(f"  {path}:{place[0]}: {gap[2]}\n    reached by {REASONS.get(gap, 'NOTHING')}")
        failed |= 100 * reached < limit * all_

    for gap in sorted(unused):
        failed = True
        print(f"No gap any more: {gap}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
