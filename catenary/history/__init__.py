"""The whole state of the protocol out of its events alone, at any block, in one local file."""

from catenary.history.events import Event
from catenary.history.follow import History, News, Progress
from catenary.history.state import State

__all__ = ["Event", "History", "News", "Progress", "State"]
