"""Runs Slither and holds what it finds against docs/static-analysis.md: a row for each finding, and no other rows."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = Path("docs/static-analysis.md")

Finding = tuple[str, str]  # the detector, and the place such as `StakingVault.deposit`


def ours(element: dict[str, Any]) -> bool:
    """Slither's own filter would leave out whatever so much as calls OpenZeppelin."""
    file = str(element["source_mapping"]["filename_relative"])
    return file.startswith("contracts/") and not file.startswith("contracts/mocks/")


def place(element: dict[str, Any]) -> str:
    fields: dict[str, Any] = element.get("type_specific_fields", {})
    parent = fields.get("parent")
    return f"{place(parent)}.{element['name']}" if parent and parent["type"] != "file" else str(element["name"])


def found() -> set[Finding]:
    slither = Path(".venv-audit/bin/slither")
    said = subprocess.run([slither, ".", "--json", "-"], capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(said.stdout) if said.stdout else {"success": False, "error": said.stderr}
    if not report["success"]:
        sys.exit(f"Slither failed: {report['error']}")
    results = report["results"].get("detectors", [])
    return {(each["check"], place(each["elements"][0])) for each in results if any(map(ours, each["elements"]))}


def explained(page: str) -> set[Finding]:
    """Rows of the page: | `detector` | `place`, `place` | why |"""
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \|", page, re.MULTILINE)
    return {(check, where) for check, places in rows for where in re.findall(r"`([^`]+)`", places)}


def unmatched(findings: set[Finding], rows: set[Finding]) -> tuple[set[Finding], set[Finding]]:
    """Findings without a row, and rows without a finding. The place of a row stands for all that is in it."""
    matches = {
        (finding, row)
        for finding in findings
        for row in rows
        if finding[0] == row[0] and f"{finding[1]}.".startswith(f"{row[1]}.")
    }
    return findings - {finding for finding, _ in matches}, rows - {row for _, row in matches}


def main() -> None:
    findings = found()
    new, stale = unmatched(findings, explained(PAGE.read_text()))
    for title, these in (("not explained", new), ("explained, but no longer found", stale)):
        for check, where in sorted(these):
            sys.stderr.write(f"{title}: {check} {where}\n")
    sys.stdout.write(f"slither: {len(findings)} findings, {len(new)} of them not explained\n")
    sys.exit(bool(new or stale))


if __name__ == "__main__":
    main()
