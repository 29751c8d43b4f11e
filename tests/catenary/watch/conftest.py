"""The command line's scene, on a node of its own, and a webhook."""

from collections.abc import Iterator

import pytest

from tests.catenary.cli.conftest import cli_scene, prepared_shell, shell, who
from tests.catenary.watch.receiver import Receiver, receiving

__all__ = ["cli_scene", "prepared_shell", "shell", "who"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
