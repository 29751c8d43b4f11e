"""First-depositor inflation, donation to the vault, share-price games around a slash or a rebase."""

from dataclasses import replace
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.managers.project import ProjectManager

from tests.helpers.ledger import Ledger
from tests.helpers.protocol import ANYTHING, ETHER, WAD
from tests.helpers.scene import Scene
from tests.helpers.vaults import SEED, open_vault

PERCENT = WAD // 100


def shares_for(assets: int, supply: int, held: int) -> int:
    return assets * (supply + 1) // (held + 1)


def assets_for(shares: int, supply: int, held: int) -> int:
    return shares * (held + 1) // (supply + 1)


def test_attack__first_depositor__loses_a_million_times_what_it_takes(
    scene: Scene, ledger: Ledger, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    """One share, then a donation, then the victim, then out. Alice attacks, bob is the victim."""
    vault = scene.vault
    vault.deposit(1, alice, sender=alice)
    asset.transfer(vault, 900 * ETHER, sender=alice)
    vault.deposit(500 * ETHER, bob, sender=bob)
    bobs = vault.balanceOf(bob)
    vault.redeem(1, alice, alice, sender=alice)
    vault.redeem(bobs, bob, bob, sender=bob)

    supply, held = SEED + 1, SEED + 1 + 900 * ETHER
    assert bobs == shares_for(500 * ETHER, supply, held)
    alices_back = assets_for(1, supply + bobs, held + 500 * ETHER)
    bobs_back = assets_for(bobs, SEED + bobs, held + 500 * ETHER - alices_back)
    left = held + 500 * ETHER - alices_back - bobs_back
    gains = ledger.gains()
    assert gains == {
        "alice": alices_back - 1 - 900 * ETHER,
        "bob": bobs_back - 500 * ETHER,
        "burnt": assets_for(SEED, SEED, left) - SEED,  # the donation ends up with the locked shares
    }
    assert -gains["bob"] * SEED <= 900 * ETHER


def test_attack__donation_to_the_vault__before_its_seed_is_lost_to_the_donor(
    scene: Scene,
    fresh: ContractInstance,
    asset: ContractInstance,
    parties: dict[str, Any],
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    ledger = Ledger(replace(scene, vault=fresh), asset, parties)
    asset.transfer(fresh, 900 * ETHER, sender=alice)
    fresh.seed(sender=owner)
    fresh.setCap(10**27, sender=owner)
    supply, held = SEED, 900 * ETHER + SEED
    paid = {alice: 100 * ETHER, bob: 500 * ETHER}
    for depositor, amount in paid.items():
        asset.approve(fresh, amount, sender=depositor)
        fresh.deposit(amount, depositor, sender=depositor)
    for depositor in paid:
        fresh.redeem(fresh.balanceOf(depositor), depositor, depositor, sender=depositor)

    shares, back = {}, {}
    for depositor, amount in paid.items():
        shares[depositor] = shares_for(amount, supply, held)
        supply, held = supply + shares[depositor], held + amount
    for depositor in paid:
        back[depositor] = assets_for(shares[depositor], supply, held)
        supply, held = supply - shares[depositor], held - back[depositor]
    gains = ledger.gains()
    assert gains == {
        "owner": -SEED,
        "alice": back[alice] - 1_000 * ETHER,
        "bob": back[bob] - 500 * ETHER,
        "burnt": assets_for(SEED, supply, held),
    }
    assert -gains["bob"] * SEED <= 2 * 900 * ETHER  # a share of the vault at most, on the way in and on the way out


def test_attack__donation_to_the_vault__between_deposit_and_exit_is_shared_by_all_who_hold(
    scene: Scene, ledger: Ledger, asset: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Bob delegates, so that the donation raises what his pool shares are worth."""
    vault = scene.vault
    scene.stake(bob)
    vault.deposit(100 * ETHER, alice, sender=alice)
    asset.transfer(vault, 10 * ETHER, sender=alice)
    vault.redeem(100 * ETHER, alice, alice, sender=alice)

    supply, held = 200 * ETHER + SEED, 210 * ETHER + SEED
    back = assets_for(100 * ETHER, supply, held)
    assert ledger.gains() == {
        "alice": back - 110 * ETHER,
        "bob": assets_for(100 * ETHER, supply - 100 * ETHER, held - back) - 100 * ETHER,
        "burnt": assets_for(SEED, supply - 100 * ETHER, held - back) - SEED,
    }
    assert back - 110 * ETHER < -4 * ETHER  # the donor pays for the others


def test_attack__price_game_around_a_slash__the_vault_has_one_price_before_and_after_it(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    """Bob deposits nine times as much right before stake is burnt, and redeems right after."""
    avs = scene.avs(2_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.vault.deposit(900 * ETHER, bob, sender=bob)
    scene.request(avs, 20 * PERCENT)
    scene.vault.redeem(900 * ETHER, bob, bob, sender=bob)
    assert ledger.gains() == {"alice": -20 * ETHER, "burnt": 20 * ETHER}


def test_attack__price_game_around_a_slash__delegating_right_after_it_buys_nothing_of_what_is_left(
    scene: Scene, ledger: Ledger, alice: AccountAPI, bob: AccountAPI
) -> None:
    """At 0.7 retained, in odd parts, and out again through a ticket."""
    avs = scene.avs(3_000)
    scene.stake(alice)
    scene.protocol.to_epoch(4, 60)
    scene.request(avs, 30 * PERCENT)
    for part in (333 * ETHER + 1, 77 * ETHER + 77, 3):
        scene.vault.depositAndDelegate(part, scene.operator, 0, ANYTHING, sender=bob)
    opened = scene.undelegate(bob, scene.position(bob)[0])
    scene.protocol.to_epoch(6)
    scene.complete(bob, opened)
    # 3 vault shares buy 4 pool shares, and so on: what three roundings cost, bob loses.
    pool_shares = sum(part * 10 // 7 for part in (333 * ETHER + 1, 77 * ETHER + 77, 3))
    lost = 410 * ETHER + 81 - pool_shares * 7 // 10
    assert ledger.gains() == {"alice": -30 * ETHER, "bob": -lost, "burnt": 30 * ETHER}
    assert 0 < lost <= 3


@pytest.mark.parametrize(("bps", "inside"), [(500, True), (-1_000, False)], ids=["in for a rise", "out for a fall"])
def test_attack__price_game_around_a_rebase__earns_and_bears_what_holding_the_asset_does(
    scene: Scene,
    parties: dict[str, Any],
    project: ProjectManager,
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    bps: int,
    inside: bool,
) -> None:
    """Bob comes in just for a rise, or goes out just for a fall. Alice stays."""
    token = owner.deploy(project.LiquidStakingToken)
    vault = open_vault(scene.protocol, token, [alice, bob])
    vault.deposit(100 * ETHER, alice, sender=alice)
    if not inside:
        vault.deposit(900 * ETHER, bob, sender=bob)
    ledger = Ledger(replace(scene, vault=vault), token, parties)
    if inside:
        vault.deposit(900 * ETHER, bob, sender=bob)
        token.rebase(bps, sender=owner)
        vault.redeem(900 * ETHER, bob, bob, sender=bob)
    else:
        vault.redeem(900 * ETHER, bob, bob, sender=bob)
        token.rebase(bps, sender=owner)
        vault.deposit(token.balanceOf(bob) - 100 * ETHER, bob, sender=bob)
    gains = ledger.gains()
    share = 1_000 * ETHER * bps // 10_000
    dust = 10  # the asset rounds each transfer, the vault each price
    assert set(gains) == {"alice", "bob", "burnt"}
    assert share - dust <= gains["alice"] <= share + dust
    assert share - dust <= gains["bob"] <= share
