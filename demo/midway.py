"""A point in the middle of the life, where all that can be asked of the protocol has an answer: for the devnet."""

from demo import chapters
from demo.chapters import AURORA, BOREALIS, CIRRUS
from demo.ledger import WAD
from demo.life import Life
from demo.world import DAY, PASSER_BY

BEFORE = (
    chapters.deploy,
    chapters.register,
    chapters.delegate,
    chapters.allocate,
    chapters.earn,
    chapters.slash_at_once,
    chapters.veto,
)


def tell(life: Life) -> None:
    """
    Plays to the second day of epoch 6: three pools that were slashed, rewards to claim, a matured ticket (Erin's), one
    on its way out (Alice's), a slash request in its veto period (the Bridge's on Aurora), one that the budget covered
    only in part (the Archive's on Borealis), and an announced rise (40 % of Cirrus to the Sequencer).
    """
    for chapter in BEFORE:
        chapter(life)
    life.to_epoch(5)
    life.pay("Archive", 1_000 * chapters.ARC)
    life.earn(10)
    request = life.request("Bridge", AURORA, 5 * WAD // 100)
    life.undelegate("Alice", AURORA, 50)
    life.wait(2 * DAY)
    life.execute(request, PASSER_BY)
    life.to_epoch(6)
    life.pay("Archive", 1_000 * chapters.ARC)
    life.wait(DAY)
    life.slash("Archive", BOREALIS, 30 * WAD // 100)
    life.admit("Sequencer", "Cirrus")
    life.opt_in(CIRRUS, "Sequencer", 4_000, 0)
    life.request("Bridge", AURORA, 2 * WAD // 100)
