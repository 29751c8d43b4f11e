"""What strangers say over HTTP and in files, so bounded that it can do no harm."""

import json
import re
from typing import Any

from aiohttp import ClientResponse

_DEEPEST = 200  # brackets in brackets
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)  # those in strings do not count


async def body(answer: ClientResponse, most: int) -> bytes:
    """What an answer says; if that is more than `most` bytes, only so much that it is seen."""
    text = b""
    async for part in answer.content.iter_chunked(8_192):
        text += part
        if len(text) > most:
            break
    return text


def parsed(text: str | bytes, **options: Any) -> Any:
    """
    JSON of strangers. Raises `ValueError`. What is too deep is refused here, as a package that raises Python's limit of
    recursion, as py_ecc does when it is imported, would let it end the process.
    """
    text = text.decode() if isinstance(text, bytes) else text
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > _DEEPEST:
            raise ValueError("too deep")
    return json.loads(text, **options)
