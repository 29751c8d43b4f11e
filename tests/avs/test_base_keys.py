"""The keys that operators sign with: proved, one operator's for good, and in force from when to when."""

from typing import Any

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account.signers.local import LocalAccount

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import assert_event, assert_events, reverts
from tests.helpers.oracle import Oracle, deploy_oracle, key, key_of, opt_in_data
from tests.helpers.scene import at

FOREVER = 2**48 - 1
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1

NEW = key("new")
OTHER = key("other")


def assert_key(oracle: Oracle, signer: LocalAccount, operator: Any, since: int, until: int) -> None:
    assert tuple(oracle.contract.keyOf(signer.address)) == (getattr(operator, "address", operator), since, until)


def malleable(signature: bytes) -> bytes:
    """The other signature that the same key gives for the same digest."""
    s = ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + s.to_bytes(32) + bytes([27 + 28 - signature[64]])


# --- setKey ---


def test_set_key__is_in_force_from_the_next_second_on(oracle: Oracle, newcomer: AccountAPI) -> None:
    receipt = oracle.set_key(newcomer, NEW)
    assert oracle.contract.signerOf(newcomer) == NEW.address
    assert_key(oracle, NEW, newcomer, receipt.timestamp + 1, FOREVER)
    assert_event(receipt, oracle.contract.KeySet, operator=newcomer, signer=NEW.address)


def test_set_key__again__ends_the_key_before(oracle: Oracle, members: list[AccountAPI]) -> None:
    before = key_of(members[0])
    since = oracle.contract.keyOf(before.address).since
    receipt = oracle.set_key(members[0], NEW)
    assert oracle.contract.signerOf(members[0]) == NEW.address
    assert_key(oracle, before, members[0], since, receipt.timestamp + 1)
    assert_key(oracle, NEW, members[0], receipt.timestamp + 1, FOREVER)


def test_set_key__a_third_one__leaves_the_first_as_it_ended(oracle: Oracle, members: list[AccountAPI]) -> None:
    oracle.set_key(members[0], NEW)
    ended = oracle.contract.keyOf(key_of(members[0]).address).until
    third = oracle.set_key(members[0], OTHER)
    assert oracle.contract.keyOf(key_of(members[0]).address).until == ended
    assert oracle.contract.keyOf(NEW.address).until == third.timestamp + 1


def test_set_key__the_first_one__ends_none(oracle: Oracle, newcomer: AccountAPI) -> None:
    """Nor writes what nobody reads."""
    oracle.set_key(newcomer, NEW)
    assert tuple(oracle.contract.keyOf(ZERO_ADDRESS)) == (ZERO_ADDRESS, 0, 0)


def test_set_key__by_anyone__takes_it(oracle: Oracle, stranger: AccountAPI) -> None:
    """A key of whoever is no operator signs for nobody."""
    receipt = oracle.set_key(stranger, NEW)
    assert_key(oracle, NEW, stranger, receipt.timestamp + 1, FOREVER)


def test_key_of__who_never_was_one__is_zero(oracle: Oracle) -> None:
    assert_key(oracle, NEW, ZERO_ADDRESS, 0, 0)


def test_set_key__of_another_operator__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    taken = key_of(members[1])
    with reverts(oracle.contract.KeyTaken, signer=taken.address, operator=members[1]):
        oracle.set_key(members[0], taken)


def test_set_key__that_is_in_force__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Otherwise its `since` would move past what it has to answer for."""
    with reverts(oracle.contract.KeyTaken, signer=key_of(members[0]).address, operator=members[0]):
        oracle.set_key(members[0], key_of(members[0]))


def test_set_key__that_was_replaced__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    oracle.set_key(members[0], NEW)
    with reverts(oracle.contract.KeyTaken, signer=key_of(members[0]).address, operator=members[0]):
        oracle.set_key(members[0], key_of(members[0]))


def test_set_key__replaced_by_another_operators_key__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    oracle.set_key(members[0], NEW)
    with reverts(oracle.contract.KeyTaken, signer=key_of(members[0]).address, operator=members[0]):
        oracle.set_key(members[1], key_of(members[0]))


def test_set_key__proved_by_another_key__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    proof = oracle.prove(OTHER, members[0])
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=NEW.address):
        oracle.contract.setKey(NEW.address, proof, sender=members[0])


def test_set_key__proved_for_another_operator__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Nobody takes a key by repeating its proof first."""
    proof = oracle.prove(NEW, members[1])
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=NEW.address):
        oracle.contract.setKey(NEW.address, proof, sender=members[0])


def test_set_key__proved_to_another_avs__reverts(
    oracle: Oracle, asset: ContractInstance, members: list[AccountAPI]
) -> None:
    other = deploy_oracle(oracle.protocol, oracle.vault, asset, oracle.owner)
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=NEW.address):
        oracle.contract.setKey(NEW.address, other.prove(NEW, members[0]), sender=members[0])


@pytest.mark.parametrize(
    "change", [lambda _: b"", lambda s: s[:64], lambda s: s + b"\0", malleable, lambda _: bytes(65)]
)
def test_set_key__malformed_proof__reverts(oracle: Oracle, members: list[AccountAPI], change: Any) -> None:
    proof = change(oracle.prove(NEW, members[0]))
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=NEW.address):
        oracle.contract.setKey(NEW.address, proof, sender=members[0])


def test_set_key__nobody__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    """A signature that recovers to nobody proves nothing."""
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=ZERO_ADDRESS):
        oracle.contract.setKey(ZERO_ADDRESS, bytes(65), sender=members[0])


def test_set_key__a_wallet_that_signs__reverts(oracle: Oracle, owner: AccountAPI, members: list[AccountAPI]) -> None:
    """What a contract calls its signature now it may deny later: that proves no fault."""
    wallet = owner.deploy(project.Wallet, NEW.address)
    with reverts(oracle.contract.InvalidKeyProof, operator=members[0], signer=wallet):
        oracle.contract.setKey(wallet, oracle.prove(NEW, members[0]), sender=members[0])


# --- at opt-in ---


def test_opt_in__with_a_key__sets_it(oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI) -> None:
    data = opt_in_data(NEW, oracle.prove(NEW, newcomer))
    receipt = registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, data, sender=newcomer)
    assert oracle.contract.signerOf(newcomer) == NEW.address
    assert_key(oracle, NEW, newcomer, receipt.timestamp + 1, FOREVER)
    assert_event(receipt, oracle.contract.KeySet, operator=newcomer, signer=NEW.address)


def test_opt_in__with_another_key_than_before__changes_it(
    oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI
) -> None:
    oracle.set_key(newcomer, OTHER)
    data = opt_in_data(NEW, oracle.prove(NEW, newcomer))
    receipt = registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, data, sender=newcomer)
    assert oracle.contract.signerOf(newcomer) == NEW.address
    assert oracle.contract.keyOf(OTHER.address).until == receipt.timestamp + 1


def test_opt_in__without_data__keeps_the_key_set_before(
    oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI
) -> None:
    oracle.set_key(newcomer, NEW)
    receipt = registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=newcomer)
    assert oracle.contract.signerOf(newcomer) == NEW.address
    assert_events(receipt, oracle.contract.KeySet)


def test_opt_in__without_any_key__reverts(oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI) -> None:
    with reverts(oracle.contract.NoKey, operator=newcomer):
        registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, b"", sender=newcomer)


def test_opt_in__with_a_proof_for_another__reverts(
    oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI, stranger: AccountAPI
) -> None:
    data = opt_in_data(NEW, oracle.prove(NEW, stranger))
    with reverts(oracle.contract.InvalidKeyProof, operator=newcomer, signer=NEW.address):
        registry.optIn(oracle.avs, oracle.vault, 2_000, 1_000, data, sender=newcomer)


def test_on_opt_in__by_anyone_but_the_registry__reverts(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Otherwise anyone could change an operator's key with a proof that it once gave."""
    data = opt_in_data(NEW, oracle.prove(NEW, members[0]))
    with reverts(oracle.contract.NotRegistry, caller=members[0]):
        oracle.contract.onOptIn(oracle.avs, members[0], oracle.vault, 2_000, 0, data, sender=members[0])


def test_on_opt_in__to_another_avs_with_this_hook__reverts(
    oracle: Oracle, registry: ContractInstance, newcomer: AccountAPI, slasher: AccountAPI
) -> None:
    other = oracle.protocol.register_avs(oracle.owner, slasher, vaults=[oracle.vault], hook=oracle.contract)
    data = opt_in_data(NEW, oracle.prove(NEW, newcomer))
    with reverts(oracle.contract.NotThisAVS, avs=other):
        registry.optIn(other, oracle.vault, 2_000, 0, data, sender=newcomer)


# --- since and until ---


def test_key__signs_for_rounds_that_begin_in_its_first_second(oracle: Oracle, members: list[AccountAPI]) -> None:
    """Which is the one after it was set, so that nothing that was signed in that second is nobody's."""
    first, *others = members
    round_ = oracle.round + 1
    at(oracle.begin_of(round_) - 1)
    oracle.set_key(first, NEW)

    old = oracle.report(first, round_, 2_000)
    begin = oracle.begin_of(oracle.to_round(round_, 60))
    rest = {other: oracle.report(other, round_, 2_000) for other in others}
    with reverts(oracle.contract.KeyNotInForce, signer=key_of(first).address, time=begin):
        oracle.submit(round_, 2_000, [(rest | {first: old})[each] for each in oracle.ascending(members)])
    new = oracle.report(first, round_, 2_000, signer=NEW)
    oracle.submit(round_, 2_000, [(rest | {first: new})[each] for each in oracle.ascending(members)])
    assert oracle.contract.latestRound(1) == round_


def test_key__that_was_replaced_in_a_round__signs_for_that_round(oracle: Oracle, members: list[AccountAPI]) -> None:
    """The new one does not, so the operator has one key in each round."""
    first, *others = members
    round_ = oracle.round + 1
    begin = oracle.begin_of(round_)
    at(begin)
    oracle.set_key(first, NEW)

    new = oracle.report(first, round_, 2_000, signer=NEW)
    rest = {other: oracle.report(other, round_, 2_000) for other in others}
    with reverts(oracle.contract.KeyNotInForce, signer=NEW.address, time=begin):
        oracle.submit(round_, 2_000, [(rest | {first: new})[each] for each in oracle.ascending(members)])
    oracle.submit(round_, 2_000, dict.fromkeys(members, 2_000))
    assert oracle.contract.latestRound(1) == round_


def test_key__replaced_in_the_second_in_which_it_was_set__was_never_in_force(
    oracle: Oracle, members: list[AccountAPI]
) -> None:
    now = at(oracle.begin_of(oracle.round + 1))
    oracle.set_key(members[0], NEW)
    at(now)
    oracle.set_key(members[0], OTHER)
    assert_key(oracle, NEW, members[0], now + 1, now + 1)
    assert_key(oracle, OTHER, members[0], now + 1, FOREVER)
