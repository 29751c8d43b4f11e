"""What the tool asks the compiler: syntax trees with types, and whether a text type-checks."""

import json
import posixpath
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOLC = ROOT / "tools" / "solc" / "solc-v0.8.36"
IMPORT = re.compile(rb'(?:import|from)\s+"([^"]+)"')

Node = dict[str, Any]


def project_sources() -> dict[str, bytes]:
    """The contracts of the project, by path."""
    paths = sorted(path for path in (ROOT / "contracts").rglob("*.sol") if ".cache" not in path.parts)
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}


def analysed(sources: Mapping[str, bytes]) -> tuple[dict[str, Node], list[Node]]:
    """The trees of these sources and of all that they import, and the errors of the compiler."""
    everything = dict(sources)
    todo = list(everything)
    while todo:
        name = todo.pop()
        for match in IMPORT.finditer(everything[name]):
            path = match[1].decode()
            if path.startswith("."):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if path not in everything:
                everything[path] = (ROOT / "node_modules" / path).read_bytes()
                todo.append(path)
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text.decode()} for name, text in everything.items()},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}, "evmVersion": "prague"},
    }
    run = subprocess.run(
        [SOLC, "--standard-json"], input=json.dumps(request), capture_output=True, text=True, check=True, cwd=ROOT
    )
    output = json.loads(run.stdout)
    errors = [error for error in output.get("errors", []) if error["severity"] == "error"]
    return {name: source["ast"] for name, source in output["sources"].items() if "ast" in source}, errors


def children(node: Node) -> Iterator[Node]:
    for value in node.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and "nodeType" in item:
                yield item


def span(node: Node) -> tuple[int, int]:
    """Where a node stands in its source [byte]."""
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length
