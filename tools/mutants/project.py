"""The copy of the project that the tests run in: its contracts hold all mutants."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping

from tools.mutants.solidity import ROOT

STATE = ROOT / ".mutants"
PROJECT = STATE / "project"  # not under `.build`, where Ape does not compile
COPIED = ("tests", "deployer", "bench", "demo", "config", "docs", "scripts", "tools")
FILES = ("ape-config.yaml", "pyproject.toml", "ape_console_extras.py", "Makefile", "README.md")


def prepare(contracts: Mapping[str, bytes]) -> str:
    """Copies the project, compiles it if the contracts changed, and names these contracts."""
    PROJECT.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.rmtree(PROJECT / name, ignore_errors=True)
        shutil.copytree(ROOT / name, PROJECT / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, PROJECT / name)
    config = (ROOT / "ape-config.yaml").read_text()
    # Runs do not matter here: the smallest code compiles fastest.
    (PROJECT / "ape-config.yaml").write_text(config.replace("optimization_runs: 10000", "optimization_runs: 1"))
    for name in ("node_modules", ".venv"):
        if not (PROJECT / name).is_symlink():
            (PROJECT / name).symlink_to(ROOT / name)
    digest = hashlib.sha256(json.dumps({name: text.decode() for name, text in sorted(contracts.items())}).encode())
    name = digest.hexdigest()[:12]
    stamp = PROJECT / ".build" / "stamp"
    if stamp.is_file() and stamp.read_text() == name:
        return name
    shutil.rmtree(PROJECT / "contracts", ignore_errors=True)
    shutil.rmtree(PROJECT / ".build", ignore_errors=True)
    for file, text in contracts.items():
        (PROJECT / file).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / file).write_bytes(text)
    subprocess.run(["ape", "compile", "--verbosity", "WARNING"], cwd=PROJECT, check=True, env=os.environ)
    shutil.rmtree(PROJECT / "contracts" / ".cache", ignore_errors=True)
    stamp.write_text(name)
    return name
