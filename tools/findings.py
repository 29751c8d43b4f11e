"""Runs Slither and holds what it finds against docs/static-analysis.md: a row for each finding, and no other rows."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PAGE = Path("docs/static-analysis.md")


def place(element: dict[str, Any]) -> str:
    """Such as `StakingVault.deposit`."""
    fields: dict[str, Any] = element.get("type_specific_fields", {})
    parent = fields.get("parent")
    return f"{place(parent)}.{element['name']}" if parent and parent["type"] != "file" else str(element["name"])


def found() -> set[tuple[str, str]]:
    slither = Path(".venv-audit/bin/slither")
    said = subprocess.run([slither, ".", "--json", "-"], capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(said.stdout) if said.stdout else {"success": False, "error": said.stderr}
    if not report["success"]:
        sys.exit(f"Slither failed: {report['error']}")
    results = report["results"].get("detectors", [])
    return {(each["check"], place(each["elements"][0])) for each in results if each["elements"]}


def explained() -> set[tuple[str, str]]:
    """Rows of the page: | `detector` | `place`, `place` | why |; the place `*` stands for all."""
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    return {(check, where) for check, places in rows for where in re.findall(r"`([^`]+)`", places)}


def main() -> None:
    findings, rows = found(), explained()
    everywhere = {check for check, where in rows if where == "*"}
    new = {each for each in findings - rows if each[0] not in everywhere}
    stale = {each for each in rows - findings if each[1] != "*"} | {
        (check, "*") for check in everywhere if check not in {each[0] for each in findings}
    }
    for title, these in (("not explained", new), ("explained, but no longer found", stale)):
        for check, where in sorted(these):
            sys.stderr.write(f"{title}: {check} {where}\n")
    sys.stdout.write(f"slither: {len(findings)} findings, {len(new)} of them not explained\n")
    sys.exit(bool(new or stale))


if __name__ == "__main__":
    main()
