"""`catenary ...`, which is also `ape catenary ...`."""

from catenary.cli import avs, devnet, operators, simulate, stakers, watch
from catenary.cli.group import cli

__all__ = ["avs", "cli", "devnet", "operators", "simulate", "stakers", "watch"]
