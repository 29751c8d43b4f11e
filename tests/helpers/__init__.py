"""What the tests share: strict checks of reverts and events, and the words of the design."""

from tests.helpers.events import assert_event, assert_events
from tests.helpers.protocol import Protocol
from tests.helpers.reverts import panics, reverts

__all__ = ["Protocol", "assert_event", "assert_events", "panics", "reverts"]
