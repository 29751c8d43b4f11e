"""What goes between the tool and its workers."""

from dataclasses import dataclass, field

COVER, NONE = 0, -1  # in place of a mutant: record what is reached; no mutant
CHECK = 300.0  # for a test that failed, with no mutant on [s]


@dataclass(frozen=True)
class Order:
    """Tests to run with a mutant on until the first one fails."""

    mutant: int
    tests: list[str]
    limits: list[float]  # [s]
    fresh: bool = False  # whether the fixtures are made with the mutant on, too


@dataclass
class Outcome:
    failed: str = ""  # the first test that failed
    why: str = ""
    sound: bool = True  # whether it passes with no mutant on
    seconds: list[float] = field(default_factory=list)  # of each test that ran
    reached: list[set[int]] = field(default_factory=list)  # by each test, if recorded
    fixtures: set[int] = field(default_factory=set)  # reached while fixtures were made
