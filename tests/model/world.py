"""Who and what there is in each history. Steps name them; times are counted from genesis [s]."""

from dataclasses import dataclass

DAY = 86_400
EPOCH, REPORT_WINDOW, MAX_VETO, EXECUTE_WINDOW = 7 * DAY, 4 * DAY, 2 * DAY, DAY
BEGIN = 3_600  # when a history begins
SEED = 10**6  # of each vault [asset, vault shares]
CAP = 10**27  # of each vault [asset]
PLENTY = 2**250

OPERATORS = ["one", "two"]
VAULTS = ["six", "rebasing"]  # over an asset of 6 decimals, and over one of 18 whose balances change
POOLS = [(operator, vault) for operator in OPERATORS for vault in VAULTS]
STAKERS = ["alice", "bob", "carol"]
PAYERS = ["payer", "other payer"]
TOKENS = ["coin", "fee"]  # to pay in; the second keeps 1 % of each transfer
LINES = [(pool, token) for pool in POOLS for token in TOKENS]
WEALTH = {"six": 10**15, "rebasing": 10**27}  # of each staker [asset]
FEE_TOKEN = "fee"


@dataclass(frozen=True)
class Mandate:
    loss_budget: int  # [bps]
    commission: int  # [bps]
    veto_period: int  # [s]


MANDATES = {
    ("one", "six"): Mandate(5_000, 1_000, 0),
    ("one", "rebasing"): Mandate(10_000, 0, 0),
    ("two", "six"): Mandate(3_000, 10_000, 3_600),
    ("two", "rebasing"): Mandate(6_000, 333, 0),
}


@dataclass(frozen=True)
class Terms:
    slasher: str
    veto_period: int = 0  # [s]
    recipient: str | None = None
    by_admission: bool = False


AVSS = [
    Terms("shared slasher"),
    Terms("shared slasher", DAY),
    Terms("slasher", recipient="recipient"),
    Terms("slasher", MAX_VETO, by_admission=True),
]
SLASHERS = ["shared slasher", "slasher"]
ACTORS = [
    "owner",
    "guardian",
    "avs owner",
    "resolver",
    "recipient",
    *OPERATORS,
    *STAKERS,
    *PAYERS,
    *SLASHERS,
]
