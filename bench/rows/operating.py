"""What operators and owners of AVSs do: register, open pools, opt in, allocate."""

from ape.api import AccountAPI

from bench.row import gas, row
from bench.world import ACCEPTED, AMOUNT, COMMISSION, GUARANTEED, LOSS_BUDGET, World
from deployer.contracts import ZERO_ADDRESS
from tests.helpers.protocol import DAY


@row
def register_operator(w: World) -> int:
    """No URI."""
    return gas(w.registry.registerOperator("", sender=w.stranger))


@row
def open_pool(w: World) -> int:
    """A registered operator opens a pool."""
    w.registry.registerOperator("", sender=w.stranger)
    return gas(w.registry.openPool(w.vault, LOSS_BUDGET, COMMISSION, 0, sender=w.stranger))


@row
def new_operator(w: World) -> int:
    """Registers, opens a pool and opts in, in one transaction, after which the operator's stake comes to count."""
    w.registry.optIn(w.unused, w.vault, 500, 0, b"", sender=w.second_operator)
    operator = w.stranger
    calls = [
        w.registry.registerOperator.encode_input(""),
        w.registry.openPool.encode_input(w.vault, LOSS_BUDGET, COMMISSION, 0),
        w.registry.optIn.encode_input(w.unused, w.vault, GUARANTEED, 0, b""),
    ]
    receipt = w.registry.multicall(calls, sender=operator)
    w.vault.depositAndDelegate(AMOUNT, operator, AMOUNT, ACCEPTED, sender=w.alice)
    w.protocol.skip_epochs(3)
    stake = w.protocol.slashing.stake(w.unused, operator, w.vault)
    assert stake.shares.slashableGuaranteed == AMOUNT * GUARANTEED // 10_000, "the stake does not count"
    return gas(receipt)


@row
def register_avs(w: World) -> int:
    """All terms but a hook: slasher, resolver, veto period, recipient, owner. No URI."""
    terms = (w.slasher, DAY, False, w.recipient, w.stranger, w.resolver, ZERO_ADDRESS)
    return gas(w.registry.registerAVS(terms, "", sender=w.stranger))


@row
def count_vault(w: World) -> int:
    """The owner of an AVS says that a vault counts."""
    owner = w.registry.terms(w.unused).owner
    return gas(w.registry.setVault(w.unused, w.native, True, sender=owner))


def _opt_in(w: World, operator: AccountAPI, avs: int, elastic: int = 0) -> int:
    return gas(w.registry.optIn(avs, w.vault, 500, elastic, b"", sender=operator))


@row
def opt_in_and_allocate(w: World) -> int:
    """Guaranteed only; the pool has another AVS and the AVS another pool."""
    return _opt_in(w, w.operator, w.joinable)


@row
def opt_in_and_allocate_elastic(w: World) -> int:
    """As opt_in_and_allocate, with an elastic part too."""
    return _opt_in(w, w.operator, w.joinable, 4_000)


@row
def opt_in_and_allocate_first_of_pool(w: World) -> int:
    """The pool's first AVS; the AVS has another pool."""
    return _opt_in(w, w.third_operator, w.joinable)


@row
def opt_in_and_allocate_first_of_both(w: World) -> int:
    """The pool's first AVS and the AVS's first pool."""
    return _opt_in(w, w.third_operator, w.unused)


@row
def raise_allocation(w: World) -> int:
    """An allocation in force, announced in an earlier epoch."""
    return gas(w.registry.allocate(w.at_once, w.vault, GUARANTEED + 500, 0, sender=w.operator))


@row
def lower_allocation(w: World) -> int:
    """An allocation in force, announced in an earlier epoch."""
    return gas(w.registry.allocate(w.at_once, w.vault, GUARANTEED - 500, 0, sender=w.operator))


@row
def opt_out(w: World) -> int:
    """An allocation in force, announced in an earlier epoch."""
    return gas(w.registry.optOut(w.at_once, w.vault, sender=w.operator))
