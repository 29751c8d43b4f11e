"""A Markdown extension for the site: a link that leaves docs/ leads to nothing there, so the path it names is shown."""

import re
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

ROOT = Path(__file__).parent.parent
_LEAVING = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)")


class _Leaving(Preprocessor):  # type: ignore[misc]
    def run(self, lines: list[str]) -> list[str]:
        return [_LEAVING.sub(_path, line) for line in lines]


class _Extension(Extension):  # type: ignore[misc]
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        md.preprocessors.register(_Leaving(md), "leaving", 30)


def _path(match: re.Match[str]) -> str:
    if not (ROOT / match[2]).exists():
        raise FileNotFoundError(f"a page links to ../{match[2]}, which is not there")
    return f"{match[1]} (`{match[2]}`)"


def makeExtension(**settings: Any) -> Extension:  # noqa: N802
    """By which Markdown finds it."""
    return _Extension(**settings)
