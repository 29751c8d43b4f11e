"""What happened, and who lost what."""

from pathlib import Path

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from catenary.errors import UnknownName
from tests.catenary.history.views import differences
from tests.catenary.history.world import history_of, names
from tests.helpers.protocol import ANYTHING, ETHER, Protocol
from tests.helpers.scene import Scene

FLOOR = 16


@pytest.fixture
def slashed(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> Scene:
    """
    Alice has 60 of 100 pool shares and Bob 30, and 10 in a ticket. An AVS takes a tenth of it all at once; another's
    request is vetoed.
    """
    scene = Scene(protocol, pool, operator, avs_owner, slasher, resolver)
    scene.stake(alice, 60 * ETHER)
    scene.stake(bob, 40 * ETHER)
    at_once, with_veto = scene.avs(2_000), scene.avs(1_000, veto=3_600)
    protocol.to_epoch(protocol.epoch + 3, 60)
    scene.undelegate(bob, 10 * ETHER)
    scene.request(at_once, 10**17)
    scene.veto(scene.request(with_veto, 10**17))
    return scene


def test_slashes__of_a_pool__say_what_each_staker_lost(
    slashed: Scene, alice: AccountAPI, bob: AccountAPI, tmp_path: Path
) -> None:
    with history_of(slashed.protocol, tmp_path) as history:
        (slash,) = history.slashes(slashed.operator.address, slashed.vault.address)
    assert slash["arguments"]["guaranteed"] == 10**17
    assert slash["arguments"]["shares"] == 10 * ETHER
    assert slash["losses"] == {alice.address: 6 * ETHER, bob.address: 4 * ETHER}


def test_slashes__after_a_ticket_matured__take_nothing_of_it(
    slashed: Scene, alice: AccountAPI, bob: AccountAPI, tmp_path: Path
) -> None:
    slashed.protocol.to_epoch(slashed.protocol.epoch + 2, 60)
    slashed.request(1, 10**17)
    with history_of(slashed.protocol, tmp_path) as history:
        _, slash = history.slashes(slashed.operator.address, slashed.vault.address)
    assert slash["losses"] == {alice.address: 6 * ETHER, bob.address: 3 * ETHER}


def test_events__of_a_staker__are_those_it_was_part_of(slashed: Scene, bob: AccountAPI, tmp_path: Path) -> None:
    with history_of(slashed.protocol, tmp_path) as history:
        found = list(history.events(of=bob.address.lower(), kinds=["Delegated", "Undelegated", "Slashed"]))
        epoch = history.state().epoch
    assert names(found) == ["Delegated", "Undelegated"]
    last = found[-1]
    assert (last["epoch"], last["contract"]) == (epoch, slashed.protocol.delegation.address)
    assert last["arguments"] == {
        "operator": slashed.operator.address,
        "vault": slashed.vault.address,
        "staker": bob.address,
        "epoch": epoch,
        "poolShares": 10 * ETHER,
    }


def test_events__of_an_avs__name_its_requests_and_what_became_of_them(slashed: Scene, tmp_path: Path) -> None:
    with history_of(slashed.protocol, tmp_path) as history:
        life = ["AVSRegistered", "VaultCounted", "OptedIn", "AllocationAnnounced", "SlashRequested"]
        assert names(history.events(of=1)) == [*life, "Slashed"]
        assert names(history.events(of=2)) == [*life, "SlashVetoed"]


def test_events__of_a_pool__are_those_of_its_operator_in_its_vault(slashed: Scene, tmp_path: Path) -> None:
    pool = slashed.operator.address, slashed.vault.address
    with history_of(slashed.protocol, tmp_path) as history:
        found = list(history.events(of=pool))
        vetoed = found[-1]["block"]
        late = list(history.events(of=pool, from_block=vetoed))
        early = list(history.events(of=pool, to_block=vetoed - 1))
    opted_in = ["OptedIn", "AllocationAnnounced"]
    assert names(found) == [
        *("PoolOpened", "MandateAnnounced", "Delegated", "Delegated", *opted_in, *opted_in),
        *("Undelegated", "SlashRequested", "Slashed", "SlashRequested", "SlashVetoed"),
    ]
    assert (names(late), early) == (["SlashVetoed"], found[:-1])


def test_events__of_what_is_no_address__are_refused(protocol: Protocol, tmp_path: Path) -> None:
    with history_of(protocol, tmp_path) as history, pytest.raises(UnknownName) as refused:
        list(history.events(of="alice"))
    assert str(refused.value) == "alice is not an address: name one of 0x and 40 hexadecimal digits"


# --- what no event tells ---


def test_due__after_a_claim_that_sent_nothing__is_a_wei_more_until_the_next_that_does(
    protocol: Protocol,
    asset: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    tmp_path: Path,
) -> None:
    """Bob has a third. Of 2 wei he earns two thirds of a wei, and a claim of that forgoes it; so again."""
    where = operator.address, pool.address
    for staker, amount in [(alice, 2 * ETHER), (bob, ETHER)]:
        pool.depositAndDelegate(amount, operator, 0, ANYTHING, sender=staker)
    asset.approve(protocol.rewards, ETHER, sender=owner)
    claim = [(*where, asset.address, 0)]

    def earn_two_thirds() -> None:
        epoch = protocol.skip_epochs()
        protocol.rewards.pay(asset, epoch - 1, [(*where, 2, FLOOR)], sender=owner)

    def due() -> tuple[int, int]:
        """As the chain says, and as rebuilt."""
        history.sync()
        (said,), _ = protocol.rewards.due(bob, claim)
        return said, history.state().due(bob.address, *where, asset.address)[0]

    protocol.skip_epochs()
    with history_of(protocol, tmp_path) as history:
        earn_two_thirds()
        protocol.skip_epochs()
        protocol.rewards.claim(bob, claim, bob, sender=bob)
        earn_two_thirds()
        protocol.skip_epochs()
        assert due() == (0, 1)
        earn_two_thirds()
        protocol.skip_epochs()
        assert due() == (1, 1)
        protocol.rewards.claim(bob, claim, bob, sender=bob)
        assert due() == (0, 0)
        earn_two_thirds()
        earn_two_thirds()
        protocol.skip_epochs()
        assert due() == (1, 1)
        accounts = [alice.address, bob.address]
        assert differences(history.deployment, history.state(), accounts, [asset.address]) == []
