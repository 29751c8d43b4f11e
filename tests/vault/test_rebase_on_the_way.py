"""Promise 11: who deposits in the very call in which a rebase is booked earns nothing of what others held before."""

from ape import project
from ape.api import AccountAPI

from tests.helpers import Protocol, reverts
from tests.helpers.protocol import ETHER
from tests.helpers.vaults import SEED, open_vault


def test_deposit__that_books_a_rebase_of_the_vault__gains_the_depositor_nothing(
    protocol: Protocol, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    """The rebase is the vault's alone: bob, who comes with it, must leave with no more than he brought."""
    token = owner.deploy(project.LazyRebaseToken)
    vault = open_vault(protocol, token, [alice, bob])
    vault.deposit(100 * ETHER, alice, sender=alice)
    token.setHolder(vault, sender=owner)
    vault.deposit(900 * ETHER, bob, sender=bob)
    token.setHolder(owner, sender=owner)
    paid = vault.redeem(vault.balanceOf(bob), bob, bob, sender=bob).return_value
    assert 900 * ETHER - 2 <= paid <= 900 * ETHER


def test_deposit__that_books_a_rebase_of_the_token__earns_what_holding_the_token_earns(
    protocol: Protocol, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    """
    5 % are due to all holders alike: bob, who pays 900 of his 1,000 ether in, has 1,050 in the end, as if he had not
    come, and alice's 100 are worth 105.
    """
    token = owner.deploy(project.AccruingToken)
    vault = open_vault(protocol, token, [alice, bob])
    vault.deposit(100 * ETHER, alice, sender=alice)
    token.setDue(500, sender=owner)
    vault.deposit(900 * ETHER, bob, sender=bob)
    vault.redeem(vault.balanceOf(bob), bob, bob, sender=bob)
    assert 1_050 * ETHER - 10 <= token.balanceOf(bob) <= 1_050 * ETHER
    assert 105 * ETHER - 10 <= vault.previewRedeem(100 * ETHER) <= 105 * ETHER


def test_mint__that_books_a_rebase_of_the_vault__reverts(
    protocol: Protocol, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> None:
    """The shares asked for would cost more than was taken for them: 1 % of all that is there came on the way."""
    token = owner.deploy(project.LazyRebaseToken)
    vault = open_vault(protocol, token, [alice, bob])
    vault.deposit(100 * ETHER, alice, sender=alice)
    token.setHolder(vault, sender=owner)
    supply = 100 * ETHER + SEED
    rest = supply + (supply + 50 * ETHER) // 100
    worth = 50 * ETHER * (supply + 1) // (rest + 1)
    with reverts(vault.TooFewShares, shares=worth, minShares=50 * ETHER):
        vault.mint(50 * ETHER, bob, sender=bob)
