"""`Protocol` and `Vault`: what there is, by name and by number."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

import catenary
from catenary import Clock, Terms
from catenary.errors import UnknownName
from tests.helpers.protocol import DAY, ETHER, ZERO_ADDRESS
from tests.helpers.scene import Scene

SEED = 10**6


def test_protocol__says_how_it_stands(
    sdk: catenary.Protocol, scene: Scene, registry: ContractInstance, owner: AccountAPI, guardian: AccountAPI
) -> None:
    assert sdk.clock == Clock(registry.GENESIS(), 7 * DAY, 4 * DAY, 2 * DAY, DAY)
    assert (sdk.epoch, sdk.owner, sdk.guardian, sdk.paused) == (4, owner.address, guardian.address, False)
    registry.pause(sender=guardian)
    assert sdk.paused is True
    assert sdk.clock.start_of(4) + 3_600 == scene_time(scene)


def scene_time(scene: Scene) -> int:
    """An hour into epoch 4."""
    return int(scene.protocol.registry.startOf(4)) + 3_600


def test_protocol__pinned__stays_at_its_block(sdk: catenary.Protocol, scene: Scene) -> None:
    pinned = sdk.pinned
    assert pinned.pinned is pinned
    assert pinned.chain.number == ape.chain.blocks.height
    scene.protocol.to_epoch(5)
    assert (pinned.epoch, sdk.epoch) == (4, 5)


def test_protocol__lists_vaults_operators_and_avss(
    sdk: catenary.Protocol, scene: Scene, at_once: int, with_veto: int, shared: int
) -> None:
    listed = list(scene.protocol.registry.vaults(0, 100))  # fixtures of other folders may have listed some
    assert scene.vault.address in listed
    assert [vault.address for vault in sdk.vaults] == listed
    assert [operator.address for operator in sdk.operators] == [scene.operator.address]
    assert [avs.number for avs in sdk.avss] == list(range(1, shared + 1))
    assert sdk.avs_count == shared
    assert sdk.terms([with_veto, at_once]) == {
        with_veto: terms(scene, veto=DAY, recipient=ape.accounts.test_accounts[10].address),
        at_once: terms(scene),
    }


def terms(scene: Scene, veto: int = 0, recipient: str = ZERO_ADDRESS) -> Terms:
    return Terms(
        slasher=scene.slasher.address,
        owner=scene.avs_owner.address,
        veto_period=veto,
        resolver=scene.resolver.address if veto else ZERO_ADDRESS,
        recipient=recipient,
    )


@pytest.mark.parametrize("number", [0, -1, 99])
def test_avs__there_is_none_of__is_refused(sdk: catenary.Protocol, shared: int, number: int) -> None:
    with pytest.raises(UnknownName, match=f"there is no AVS {number}: there are {shared}, and their ids count from 1"):
        sdk.avs(number)


def test_address__of_an_account_or_a_text__has_its_checksum(sdk: catenary.Protocol, alice: AccountAPI) -> None:
    assert sdk.address(alice) == sdk.address(alice.address) == alice.address
    for wrong in (alice.address.lower(), alice.address[:-1], "alice", "", ZERO_ADDRESS[:-1] + "g"):
        with pytest.raises(UnknownName, match="is not an address with its checksum"):
            sdk.address(wrong)


def test_vault__by_symbol_or_address(sdk: catenary.Protocol, vault: ContractInstance) -> None:
    assert sdk.vault("cAST").address == sdk.vault(vault.address).address == vault.address
    with pytest.raises(UnknownName, match="no vault of that name, 'AST': choose from cAST"):
        sdk.vault("AST")


def test_request__by_its_id(sdk: catenary.Protocol, scene: Scene, with_veto: int) -> None:
    filed = scene.request(with_veto, 10**17)
    raw = scene.protocol.slashing.requestId(filed)
    request = sdk.request(f"0x{bytes(raw).hex()}")
    assert (request.plain, bytes.fromhex(request.id[2:])) == (filed, bytes(raw))
    assert request.pool.operator == scene.operator.address
    for wrong in ("", "0x", "nonsense", "0x" + "11" * 32, "0x" + "11" * 31):
        with pytest.raises(UnknownName, match=f"there is no slash request '{wrong}'"):
            sdk.request(wrong)


# --- vaults ---


def test_vault__says_what_it_is(
    sdk: catenary.Protocol, scene: Scene, asset: ContractInstance, alice: AccountAPI, owner: AccountAPI
) -> None:
    vault = sdk.vault("cAST")
    assert (vault.name, vault.symbol, vault.native) == ("Catenary AST", "cAST", False)
    assert vault.asset.address == asset.address
    assert (vault.unit, vault.asset_unit, vault.pool_unit) == (
        catenary.Unit("cAST", 18),
        catenary.Unit("AST", 18),
        catenary.Unit("pool shares", 18),
    )
    assert (vault.total_assets, vault.total_supply, vault.cap) == (100 * ETHER + SEED, 100 * ETHER + SEED, 10**27)
    vault.deposit("5 AST", alice).send(alice)
    assert (vault.balance(alice.address), vault.balance(owner.address)) == (5 * ETHER, 0)
    assert [pool.operator for pool in vault.pools] == [scene.operator.address]


def test_vault__after_yield__turns_shares_into_assets_rounded_down(
    sdk: catenary.Protocol, scene: Scene, asset: ContractInstance, owner: AccountAPI
) -> None:
    vault = sdk.vault("cAST")
    asset.mint(scene.vault, 50 * ETHER, sender=owner)
    held, supply = 150 * ETHER + SEED, 100 * ETHER + SEED
    assert vault.assets(7 * ETHER) == 7 * ETHER * (held + 1) // (supply + 1)
    assert vault.shares(7 * ETHER) == 7 * ETHER * (supply + 1) // (held + 1)


def test_vault__deposit_delegate_undelegate_redeem__by_the_sdk(
    sdk: catenary.Protocol, scene: Scene, bob: AccountAPI
) -> None:
    vault = sdk.vault("cAST")
    pool = vault.pool(scene.operator.address)
    mandate = pool.loosest_mandate
    accepted = catenary.Accepted(mandate.loss_budget, mandate.commission, mandate.veto_period)
    vault.deposit_and_delegate("10 AST", scene.operator, accepted).send(bob)
    vault.deposit("3 AST", bob).send(bob)
    pool.delegate("1 cAST", accepted).send(bob)
    pool.undelegate(4 * ETHER).send(bob)
    vault.redeem("2 cAST", bob, bob).send(bob)
    assert vault.balance(bob.address) == 0
    assert pool.position(bob.address) == catenary.Position(7 * ETHER, 7 * ETHER)
    (ticket,) = pool.tickets(bob.address)
    assert (ticket.epoch, ticket.pool_shares, ticket.value, ticket.matured) == (4, 4 * ETHER, 4 * ETHER, False)
    assert ticket.matures_at == sdk.clock.start_of(6)
