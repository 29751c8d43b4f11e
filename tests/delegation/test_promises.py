"""Random histories against a model in exact fractions."""

import random
from fractions import Fraction

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.delegation.conftest import Pool
from tests.helpers import Protocol
from tests.helpers.protocol import ASSETS, BPS, DAY, ETHER, VAULT_SHARES, WAD

STEPS = 45


class Model:
    """Positions and tickets of one pool, with what was retained after each slash."""

    def __init__(self) -> None:
        self.retained = WAD
        self.base = WAD  # when the epoch began
        self.at_end: dict[int, int] = {}  # retained at the end of each epoch that is over
        self.positions: dict[str, int] = {}
        self.tickets: dict[tuple[str, int], int] = {}
        self.deposited = self.withdrawn = self.slashed = 0  # [vault shares]

    def enter(self, epoch: int, new: int) -> None:
        for past in range(epoch, new):
            self.at_end[past] = self.retained
        if new > epoch:
            self.base = self.retained

    def kept(self, opened: int) -> int:
        """Retained as a ticket opened in that epoch has it."""
        return self.at_end.get(opened + 1, self.retained)

    def exact(self) -> Fraction:
        """The value of all positions and tickets, not rounded."""
        of_positions = sum(shares * self.retained for shares in self.positions.values())
        of_tickets = sum(shares * self.kept(opened) for (_, opened), shares in self.tickets.items())
        return Fraction(of_positions + of_tickets, WAD)

    def exposed(self, epoch: int) -> int:
        """Pool shares that a slash in `epoch` falls on."""
        open_tickets = sum(shares for (_, opened), shares in self.tickets.items() if opened >= epoch - 1)
        return sum(self.positions.values()) + open_tickets


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_promises_1_6_8__over_a_random_history__hold_after_every_call(
    protocol: Protocol,
    delegation: ContractInstance,
    exposed: Pool,
    alice: AccountAPI,
    bob: AccountAPI,
    carol: AccountAPI,
    recipient: AccountAPI,
    seed: int,
) -> None:
    """
    Promise 1, solvency: the vault shares held cover all positions and tickets, with less than one wei of dust a call.
    Promise 6, no late loss: a ticket is worth what was retained at its maturity, to the end.
    Promise 8, conservation: deposited = held + withdrawn + slashed, to the wei.
    """
    chance = random.Random(seed)
    operator, vault = exposed.operator, exposed.vault
    stakers = {str(account.address): account for account in (alice, bob, carol)}
    model = Model()
    epoch = protocol.epoch
    time = ape.chain.pending_timestamp
    held_by_recipient = 0
    for calls in range(1, STEPS + 1):
        time += chance.choice([10, 3600, 2 * DAY, 5 * DAY])
        new = int(protocol.registry.epochAt(time))
        model.enter(epoch, new)
        epoch = new
        ape.chain.pending_timestamp = time
        who = chance.choice(list(stakers))
        matured = [key for key in model.tickets if key[1] + 2 <= epoch]
        held = model.positions.get(who, 0)
        action = chance.random()
        if matured and action < 0.4:
            owner, opened = chance.choice(matured)
            value = model.tickets.pop((owner, opened)) * model.kept(opened) // WAD
            payout = chance.choice([ASSETS, VAULT_SHARES])
            receipt = delegation.complete(operator, vault, owner, opened, owner, payout, sender=stakers[owner])
            assert receipt.return_value == value
            model.withdrawn += value
        elif held and action < 0.65:
            shares = chance.choice([held, chance.randint(1, held)])
            assert exposed.undelegate(stakers[who], shares) == epoch
            model.positions[who] = held - shares
            model.tickets[who, epoch] = model.tickets.get((who, epoch), 0) + shares
        elif action < 0.85 and model.retained * 50 > WAD:
            amount = chance.choice([chance.randint(1, 10), chance.randint(1, model.retained // 3)])
            moved = model.exposed(epoch) * amount // WAD
            taken = model.base - model.retained
            if amount <= model.base * (BPS - 1) // BPS - taken:
                exposed.slash(amount)
                if moved:
                    model.retained -= amount
                    model.slashed += moved
                held_by_recipient += moved
                assert vault.balanceOf(recipient) == held_by_recipient
        else:
            shares = chance.choice([chance.randint(1, 9), chance.randint(1, 10 * ETHER)])
            bought = exposed.delegate(stakers[who], shares)
            assert bought == shares * WAD // model.retained
            model.positions[who] = held + bought
            model.deposited += shares

        balance = int(vault.balanceOf(delegation))
        assert balance == model.deposited - model.withdrawn - model.slashed
        dust = balance - model.exact()
        assert 0 <= dust < calls
        assert exposed.retained == model.retained
        values = 0
        for staker in stakers:
            shares = model.positions.get(staker, 0)
            value = shares * model.retained // WAD
            assert delegation.position(operator, vault, staker) == (shares, value)
            values += value
        for (owner, opened), shares in model.tickets.items():
            value = shares * model.kept(opened) // WAD
            ticket = delegation.ticket(operator, vault, owner, opened)
            assert tuple(ticket) == (opened, shares, value, epoch >= opened + 2)
            values += value
        assert values <= balance

    # Promise 9: and in the end everyone is out.
    for who, shares in model.positions.items():
        if shares:
            exposed.undelegate(stakers[who], shares)
            model.tickets[who, protocol.epoch] = model.tickets.get((who, protocol.epoch), 0) + shares
    protocol.skip_epochs(2)
    for owner, opened in model.tickets:
        delegation.complete(operator, vault, owner, opened, owner, ASSETS, sender=stakers[owner])
    assert delegation.poolShares(operator, vault) == (0, 0)
    assert vault.balanceOf(delegation) <= 2 * STEPS


def test_promise_9__an_exit__is_free_of_owner_guardian_operator_avs_and_recipient(
    protocol: Protocol,
    delegation: ContractInstance,
    exposed: Pool,
    asset: ContractInstance,
    owner: AccountAPI,
    guardian: AccountAPI,
    avs_owner: AccountAPI,
    alice: AccountAPI,
) -> None:
    """All of them do what they can in the meantime."""
    exposed.delegate(alice, 10 * ETHER)
    opened = exposed.undelegate(alice, 10 * ETHER)
    exposed.open_request()
    exposed.vault.setCap(0, sender=owner)
    protocol.registry.setVault(exposed.avs, exposed.vault, False, sender=avs_owner)
    protocol.registry.setMandate(exposed.vault, BPS, BPS, sender=exposed.operator)
    protocol.registry.pause(sender=guardian)
    protocol.to_epoch(opened + 1)
    protocol.registry.eject(exposed.avs, exposed.operator, exposed.vault, sender=avs_owner)
    ape.chain.pending_timestamp = delegation.startOf(opened + 2)
    delegation.complete(exposed.operator, exposed.vault, alice, opened, alice, ASSETS, sender=alice)
    assert asset.balanceOf(alice) == 1_000 * ETHER


@pytest.mark.parametrize("parts", [1, 9])
def test_promise_11__splitting_calls__gains_nothing(
    protocol: Protocol,
    delegation: ContractInstance,
    exposed: Pool,
    asset: ContractInstance,
    alice: AccountAPI,
    bob: AccountAPI,
    parts: int,
) -> None:
    """In at an uneven `retained` and out again, in one or many calls: a wei a call is lost at most, none gained."""
    exposed.delegate(alice, 10 * ETHER)
    exposed.slash(WAD // 3)
    amount = 9_000_000_000_000_000_009
    bought = sum(exposed.delegate(bob, amount // parts) for _ in range(parts))
    for _ in range(parts - 1):
        exposed.undelegate(bob, bought // parts)
    opened = exposed.undelegate(bob, bought - bought // parts * (parts - 1))
    protocol.skip_epochs(2)
    delegation.complete(exposed.operator, exposed.vault, bob, opened, bob, ASSETS, sender=bob)
    lost = 1_000 * ETHER - asset.balanceOf(bob)
    assert 0 <= lost <= parts
    assert delegation.position(exposed.operator, exposed.vault, alice)[1] == 10 * ETHER * (WAD - WAD // 3) // WAD
