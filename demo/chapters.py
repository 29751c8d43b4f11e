"""The story. Each chapter is a function: its first line is the title, the rest says why it is told."""

from collections.abc import Callable
from inspect import cleandoc

from demo.ledger import WAD, PoolKey
from demo.life import Life
from demo.quotes import Quotes
from demo.world import DAY, ETHER, GUARDIAN, LST, PASSER_BY, QUOTES, TOKENS, WETH

AURORA = PoolKey("Aurora", WETH)
AURORA_LST = PoolKey("Aurora", LST)
BOREALIS = PoolKey("Borealis", WETH)
CIRRUS = PoolKey("Cirrus", LST)
DRACO, EOS = PoolKey("Draco", WETH), PoolKey("Eos", WETH)

USD = 10**8  # of a price
ARC, USDX = (10**decimals for decimals in TOKENS.values())
EVERYTHING = WAD  # of retained


def deploy(life: Life) -> None:
    """
    A fresh chain

    Restaking lets one deposit back many services. Whoever stakes wants to know how much they can lose.
    """
    world = life.world
    life.tell(f"two assets: {WETH}, with the bytecode of mainnet, and {LST}, a liquid staking token")
    life.tell(
        f"registry {_short(world.core.registry)}, slashing {_short(world.core.slashing)}, "
        f"delegation {_short(world.core.delegation)}, rewards {_short(world.core.rewards)}"
    )
    vaults = " and ".join(f"{vault.symbol()} {_short(vault)}" for vault in world.vaults.values())
    life.tell(f"two vaults, {vaults}, whose shares are delegated")


def register(life: Life) -> None:
    """
    Who is there

    Operators run the software of services, called AVSs, and promise stakers a loss budget: the most that all
    AVSs together can slash of a pool in one epoch of 7 days. An AVS fixes its terms once and for all.
    """
    life.register_operator("Aurora", "cautious")
    life.register_operator("Borealis", "in the middle")
    life.register_operator("Cirrus", "bold")
    life.open_pool(AURORA, 1_000, 500, DAY)
    life.open_pool(AURORA_LST, 1_000, 500, DAY)
    life.open_pool(BOREALIS, 3_000, 1_000, 0)
    life.open_pool(CIRRUS, 5_000, 1_500, 0)
    life.register_avs("Oracle", "slashes at once, and gives what it slashes to its users")
    life.register_avs("Bridge", "slashes after 2 days in which its Council may veto, and burns")
    life.register_avs("Archive", "slashes at once, and burns")
    life.register_avs("Sequencer", "slashes at once, burns, and admits operators one by one")


def delegate(life: Life) -> None:
    """
    Stakers delegate

    A staker picks a pool, an operator in a vault, and states the loosest mandate that they accept.
    """
    life.stake("Alice", AURORA, 64 * ETHER)
    life.stake("Bob", BOREALIS, 100 * ETHER)
    life.stake("Erin", BOREALIS, 50 * ETHER)
    life.stake("Frank", BOREALIS, 100 * ETHER // 3)
    life.stake("Carol", CIRRUS, 80 * ETHER)
    life.stake("Dave", CIRRUS, 60 * ETHER)
    life.deposit("Grace", 10 * ETHER)


def allocate(life: Life) -> None:
    """
    Exclusive and shared stake

    Of a pool each AVS gets a guaranteed part, which no other AVS can touch, and an elastic part out of what the
    loss budget leaves for all to share: Borealis lends its shared 10 % three times. What rises counts from the
    third epoch on, so that every staker can leave ahead of it.
    """
    life.opt_in(AURORA, "Bridge", 400, 600)
    life.opt_in(BOREALIS, "Oracle", 800, 0)
    life.opt_in(BOREALIS, "Bridge", 400, 600)
    life.opt_in(BOREALIS, "Archive", 400, 800)
    life.admit("Sequencer", "Borealis")
    life.opt_in(BOREALIS, "Sequencer", 400, 1_000)
    life.opt_in(CIRRUS, "Archive", 1_000, 2_000)
    life.opt_in(CIRRUS, "Bridge", 0, 500)


def earn(life: Life) -> None:
    """
    One deposit, three incomes

    Restaked lsETH earns its base yield as before, and AVSs pay for what secures them: the Bridge by streams, funded
    ahead, the Archive after an epoch, by what was guaranteed to it. Less the operator's commission, an epoch's sum is
    split by share-seconds and can be claimed two epochs later. Heidi, who comes on the fourth day, earns from then on.
    """
    life.to_epoch(4)
    life.earn(10)
    life.open_stream("Bridge", AURORA, 50 * USDX, 9)
    life.open_stream("Bridge", CIRRUS, 90 * USDX, 9)
    life.wait(3 * DAY)
    life.stake("Heidi", CIRRUS, 40 * ETHER)


def slash_at_once(life: Life) -> None:
    """
    A slash at once, and an exit after it

    Borealis signed a wrong price. A slash lowers what the pool retains, for all of its stakers alike, and the
    shares it takes go to the Oracle's users. Erin has seen enough: what she undelegates is out after the next
    epoch.
    """
    life.slash("Oracle", BOREALIS, WAD // 30)
    life.undelegate("Erin", BOREALIS)


def veto(life: Life) -> None:
    """
    A slash vetoed

    The Bridge blames Aurora by mistake. Its Council has two days to say no.
    """
    request = life.request("Bridge", AURORA, 4 * WAD // 100)
    life.wait(DAY)
    life.veto(request)


def slash_after_veto_period(life: Life) -> None:
    """
    A slash after its veto period, and an exit during it

    This time Aurora is guilty. Alice sees the request and leaves with half of her stake, but a ticket bears
    every slash until it matures: nobody escapes from a request by leaving.
    """
    life.to_epoch(5)
    life.pay("Archive", 1_000 * ARC)
    life.earn(10)
    request = life.request("Bridge", AURORA, 5 * WAD // 100)
    life.undelegate("Alice", AURORA, 50)
    life.wait(2 * DAY)
    life.execute(request, PASSER_BY)


def budget(life: Life) -> None:
    """
    A request that the budget does not cover

    The Archive asks for 30 %. It has 4 % guaranteed and 8 % elastic, and gets no more. Erin's ticket of epoch 4
    has matured: no slash can reach it any more, and she takes it out as ether. What she earned until she left is
    still there to claim.
    """
    life.to_epoch(6)
    life.pay("Archive", 1_000 * ARC)
    request = life.slash("Archive", BOREALIS, 30 * WAD // 100)
    life.complete("Erin", BOREALIS, 4)
    life.claim("Erin", BOREALIS)
    life.lapse(request)


def hostile(life: Life) -> None:
    """
    An AVS goes hostile

    The Sequencer's key is stolen, and the thief asks for everything. The thief gets the Sequencer's own parts;
    what is guaranteed to the others is still there, and the Oracle uses it. Frank leaves and Borealis opts out,
    but both still bear what comes in the next epoch: two loss budgets are the most that a leaver can lose.
    """
    life.to_epoch(7)
    life.complete("Alice", AURORA, 5)
    before = life.seen
    life.slash("Sequencer", BOREALIS, EVERYTHING)
    life.still_there(BOREALIS, before, "Sequencer")
    life.slash("Oracle", BOREALIS, life.ledger.pools[BOREALIS].left_guaranteed("Oracle", 7))
    life.undelegate("Frank", BOREALIS)
    life.opt_out(BOREALIS, "Sequencer")
    life.to_epoch(8)
    life.slash("Sequencer", BOREALIS, EVERYTHING)
    life.to_epoch(9)
    life.complete("Frank", BOREALIS, 7)


def come_after_a_slash(life: Life) -> None:
    """
    Coming after a slash

    Erin comes back, to Aurora. What that pool lost before is not charged to who comes later: she gets as many more
    pool shares as each of them is worth less. Nor does she earn for the two days before.
    """
    life.wait(2 * DAY)
    life.stake("Erin", AURORA, 20 * ETHER)


def found_an_oracle(life: Life) -> None:
    """
    An oracle that slashes by proof

    The Oracle slashes on the word of whoever holds its key. Quotes is a contract: operators sign prices with keys that
    they hand over as they opt in, and only what two signatures prove is slashed, by whoever shows them.
    """
    life.quotes = Quotes(life)
    life.quotes.opt_in(BOREALIS, 600, 0)
    life.quotes.enlist(DRACO, 2_000, 1_000, {QUOTES: (600, 200), "Bridge": (400, 200)})
    life.quotes.enlist(EOS, 2_000, 1_000, {QUOTES: (800, 0)})
    life.stake("Frank", DRACO, 80 * ETHER)
    life.stake("Heidi", EOS, 40 * ETHER)


def turn(life: Life) -> None:
    """
    An operator turns, and stakers leave ahead of it

    Cirrus is bribed: it announces 40 % of its pool to the hostile Sequencer. The chain makes it wait until the
    third epoch, so Carol and Heidi, who watch, are out before, and the Bridge takes back what it has not paid yet.
    Dave does not watch. Even so he is promised that no epoch takes more than the loss budget of 50 %.
    """
    life.earn(40)
    life.admit("Sequencer", "Cirrus")
    life.opt_in(CIRRUS, "Sequencer", 4_000, 0)
    life.claim("Carol", CIRRUS)
    life.undelegate("Carol", CIRRUS)
    life.to_epoch(10)
    life.undelegate("Heidi", CIRRUS)
    life.cancel_stream("Bridge", CIRRUS)
    life.to_epoch(12)
    life.slash("Sequencer", CIRRUS, EVERYTHING)
    life.undelegate("Dave", CIRRUS)
    life.redelegate("Carol", CIRRUS, 9, AURORA_LST)
    life.complete("Heidi", CIRRUS, 10)
    life.to_epoch(13)
    life.slash("Sequencer", CIRRUS, EVERYTHING)
    life.slash("Archive", CIRRUS, EVERYTHING)
    life.to_epoch(14)
    life.complete("Dave", CIRRUS, 12)


def report(life: Life) -> None:
    """
    A price, and a lie that can be proved

    What operators weigh is read before a round begins, so stake that comes in it changes nothing. Eos is far off: that
    is shown, and moves nothing. Draco signs two prices for one round: its weight is gone for the epoch, its pool is
    slashed, and what the Bridge was given of it is still there. The next round goes on without it.
    """
    life.quotes.snapshot()
    life.quotes.begin_round()
    life.stake("Frank", DRACO, 100 * ETHER)
    life.quotes.answer({"Borealis": 3_000 * USD, "Draco": 3_001 * USD, "Eos": 3_450 * USD})
    before = life.seen
    life.quotes.prove_equivocation("Draco", (3_001 * USD, 2_700 * USD))
    life.still_there(DRACO, before, QUOTES)
    life.quotes.begin_round()
    life.quotes.answer({"Borealis": 3_030 * USD, "Eos": 3_031 * USD})
    life.to_epoch(15)
    life.quotes.pay()
    life.quotes.take_bounty()


def leave(life: Life) -> None:
    """
    Everybody leaves

    The guardian pauses the protocol. That stops deposits, but nobody can pause an exit.
    """
    life.pause(GUARDIAN)
    life.redeem("Grace")
    life.undelegate("Alice", AURORA)
    life.undelegate("Erin", AURORA)
    life.undelegate("Bob", BOREALIS)
    life.undelegate("Carol", AURORA_LST)
    life.undelegate("Frank", DRACO)
    life.undelegate("Heidi", EOS)
    life.to_epoch(17)
    life.complete("Alice", AURORA, 15)
    life.complete("Erin", AURORA, 15)
    life.complete("Bob", BOREALIS, 15)
    life.complete("Carol", AURORA_LST, 15)
    life.complete("Frank", DRACO, 15)
    life.complete("Heidi", EOS, 15)


def claim(life: Life) -> None:
    """
    Everybody claims

    Rewards wait for those who left long ago. Dave still does not watch: somebody whom he approved claims for him, and
    can send them to nobody else. Operators get their commission.
    """
    life.claim("Alice", AURORA)
    life.claim("Erin", AURORA)
    life.claim("Bob", BOREALIS)
    life.claim("Frank", BOREALIS)
    life.claim("Carol", CIRRUS)
    life.claim("Dave", CIRRUS, PASSER_BY)
    life.claim("Heidi", CIRRUS)
    life.claim("Heidi", EOS)
    life.claim_commission(AURORA)
    life.claim_commission(BOREALIS)
    life.claim_commission(CIRRUS)
    life.claim_commission(EOS)


CHAPTERS: tuple[Callable[[Life], None], ...] = (
    deploy,
    register,
    delegate,
    allocate,
    earn,
    slash_at_once,
    veto,
    slash_after_veto_period,
    budget,
    hostile,
    come_after_a_slash,
    found_an_oracle,
    turn,
    report,
    leave,
    claim,
)


def tell(life: Life) -> None:
    """Plays all chapters."""
    for number, chapter in enumerate(CHAPTERS, 1):
        title, _, why = cleandoc(chapter.__doc__ or "").partition("\n")
        life.output.chapter(f"{number}/{len(CHAPTERS)}", title, " ".join(why.split()))
        chapter(life)


def _short(contract: object) -> str:
    address = str(contract.address)  # type: ignore[attr-defined]
    return f"{address[:6]}…{address[-4:]}"
