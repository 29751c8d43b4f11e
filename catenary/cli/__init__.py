"""`catenary ...`, which is also `ape catenary ...`."""

from catenary.cli import avs, operators, stakers, watch
from catenary.cli.group import cli

__all__ = ["avs", "cli", "operators", "stakers", "watch"]
