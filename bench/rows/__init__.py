"""The rows, in the order of the table. A module more is a group of rows more."""

from bench.rows import staking, operating, slashing, rewarding, quorums, reporting  # noqa: I001

__all__ = ["operating", "quorums", "reporting", "rewarding", "slashing", "staking"]
