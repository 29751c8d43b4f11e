"""The site has every page, and every page leads somewhere."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def test_site__has_every_page_once() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    pages = [page for part in nav for entry in part.values() for page in _listed(entry)]
    assert sorted(pages) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_site__builds_with_no_warning() -> None:
    command = ["make", "site"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "No issues found" in built.stdout + built.stderr


def _listed(entry: Any) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry)
