"""A token that calls back in the middle of a transfer enters nothing, and gains nothing."""

from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from ethpm_types import MethodABI

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import Protocol
from tests.helpers.protocol import ANY_MANDATE, ASSETS, ETHER, EVIDENCE, WAD
from tests.helpers.vaults import open_vault

AMOUNT = 100 * ETHER

CONTRACTS = ["StakingVault", "AVSRegistry", "DelegationManager", "SlashingManager"]

# Everything else that changes state is guarded. These move no stake, or are for contracts of the protocol only, or are
# guarded by those: the registry when it calls a hook, the slashing manager when it slashes.
UNGUARDED = {
    "StakingVault": {"approve", "transfer", "transferFrom", "permit", "permitAsset", "setCap", "multicall"},
    "AVSRegistry": {
        "registerOperator",
        "registerAVS",
        "setAdmitted",
        "setVault",
        "listVault",
        "setGuardian",
        "pause",
        "unpause",
        "transferOwnership",
        "acceptOwnership",
        "openPool",
        "setMandate",
        "optIn",
        "allocate",
        "optOut",
        "eject",
        "multicall",
    },
    "DelegationManager": {
        "voidNonce",
        "setCompleter",
        "delegateMinted",
        "slash",
        "requestOpened",
        "requestEnded",
        "take",
        "giveBack",
        "multicall",
    },
    "SlashingManager": {"request", "takeBack", "veto", "execute", "multicall"},
}
GUARDED = {
    "StakingVault": {
        "seed",
        "deposit",
        "mint",
        "depositAndDelegate",
        "depositNative",
        "depositNativeAndDelegate",
        "withdraw",
        "redeem",
        "redeemNative",
    },
    "AVSRegistry": set(),
    "DelegationManager": {"delegateShares", "delegateBySig", "undelegate", "complete", "redelegate"},
    "SlashingManager": set(),
}
ENTRIES = [(contract, entry) for contract, entries in GUARDED.items() for entry in sorted(entries)]


def error(text: str) -> bytes:
    return keccak(text=text)[:4]


def calldata(method: MethodABI) -> bytes:
    """A call with zeros for arguments: the guard comes before any of them is looked at."""
    types = [item.canonical_type for item in method.inputs]
    return keccak(text=method.selector)[:4] + encode(types, [_zero(item) for item in method.inputs])


def _zero(item: Any) -> Any:
    kind = str(item.type)
    if kind == "tuple":
        return [_zero(field) for field in item.components]
    if kind == "address":
        return ZERO_ADDRESS
    if kind.startswith("bytes"):
        return bytes(int(kind[5:] or 0))
    return {"string": "", "bool": False}.get(kind, 0)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_functions_that_change_state__are_guarded_or_known_not_to_be(contract: str) -> None:
    methods = {method.name for method in getattr(project, contract).contract_type.mutable_methods}
    assert methods == GUARDED[contract] | UNGUARDED[contract]


@pytest.fixture(scope="session")
def callback(owner: AccountAPI) -> ContractInstance:
    return owner.deploy(project.CallbackToken)


@pytest.fixture(scope="session")
def callback_pool(
    protocol: Protocol,
    callback: ContractInstance,
    runner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> ContractInstance:
    """A vault over the token, and a pool in it, with some stake of bob's in both."""
    vault = open_vault(protocol, callback, [alice, bob])
    protocol.registry.openPool(vault, 5_000, 0, 0, sender=runner)
    vault.deposit(AMOUNT, bob, sender=bob)
    vault.depositAndDelegate(AMOUNT, runner, 0, ANY_MANDATE, sender=bob)
    return vault


@pytest.fixture(scope="session")
def targets(
    protocol: Protocol, callback_pool: ContractInstance, native: ContractInstance
) -> dict[str, ContractInstance]:
    return {
        "StakingVault": callback_pool,
        "Native": native,
        "AVSRegistry": protocol.registry,
        "DelegationManager": protocol.delegation,
        "SlashingManager": protocol.slashing,
    }


@pytest.mark.parametrize("afterwards", [False, True], ids=["before_the_move", "after_the_move"])
@pytest.mark.parametrize(("contract", "entry"), ENTRIES)
def test_reentering__in_mid_transfer__is_refused_and_changes_nothing(
    callback: ContractInstance,
    callback_pool: ContractInstance,
    targets: dict[str, ContractInstance],
    owner: AccountAPI,
    alice: AccountAPI,
    contract: str,
    entry: str,
    afterwards: bool,
) -> None:
    target = targets["Native" if "Native" in entry else contract]
    call = calldata(target.contract_type.mutable_methods[entry])

    callback.setCallback(target, call, afterwards, sender=owner)
    callback_pool.deposit(AMOUNT, alice, sender=alice)
    assert not callback.succeeded()
    assert callback.result() == error("Reentered()")
    assert callback_pool.balanceOf(alice) == AMOUNT

    callback.setCallback(target, call, afterwards, sender=owner)
    callback_pool.redeem(AMOUNT, alice, alice, sender=alice)
    assert not callback.succeeded()
    assert callback.result() == error("Reentered()")
    assert callback.balanceOf(alice) == 1_000 * ETHER


@pytest.mark.parametrize("afterwards", [False, True], ids=["before_the_move", "after_the_move"])
def test_reentering__in_every_other_call_that_moves_the_asset__is_refused(
    protocol: Protocol,
    callback: ContractInstance,
    callback_pool: ContractInstance,
    owner: AccountAPI,
    runner: AccountAPI,
    alice: AccountAPI,
    afterwards: bool,
) -> None:
    delegation = protocol.delegation
    call = callback_pool.redeem.encode_input(1, alice, alice)

    def refused() -> None:
        assert not callback.succeeded()
        assert callback.result() == error("Reentered()")
        callback.setCallback(callback_pool, call, afterwards, sender=owner)

    callback.setCallback(callback_pool, call, afterwards, sender=owner)
    callback_pool.mint(AMOUNT, alice, sender=alice)
    refused()
    callback_pool.withdraw(AMOUNT, alice, alice, sender=alice)
    refused()
    callback_pool.depositAndDelegate(AMOUNT, runner, 0, ANY_MANDATE, sender=alice)
    refused()
    delegation.undelegate(runner, callback_pool, AMOUNT, sender=alice)
    opened = protocol.epoch
    protocol.skip_epochs(2)
    delegation.complete(runner, callback_pool, alice, opened, alice, ASSETS, sender=alice)
    refused()
    assert callback.balanceOf(alice) == 1_000 * ETHER


@pytest.mark.parametrize("call", ["take", "giveBack"])
def test_lock__in_mid_transfer__is_out_of_reach(
    protocol: Protocol,
    callback: ContractInstance,
    callback_pool: ContractInstance,
    owner: AccountAPI,
    alice: AccountAPI,
    call: str,
) -> None:
    callback.setCallback(protocol.delegation, getattr(protocol.delegation, call).encode_input(), False, sender=owner)
    callback_pool.deposit(AMOUNT, alice, sender=alice)
    assert not callback.succeeded()
    assert callback.result() == error("NotProtocol(address)") + encode(["address"], [callback.address])


def test_slash__in_mid_transfer__is_refused(
    protocol: Protocol,
    callback: ContractInstance,
    callback_pool: ContractInstance,
    owner: AccountAPI,
    avs_owner: AccountAPI,
    runner: AccountAPI,
    alice: AccountAPI,
) -> None:
    """The token is the slasher of an AVS, which could otherwise slash at once."""
    slasher = ape.accounts[callback.address]
    avs = protocol.register_avs(avs_owner, slasher, vaults=[callback_pool])
    protocol.registry.optIn(avs, callback_pool, 1_000, 0, b"", sender=runner)
    callback_pool.depositAndDelegate(AMOUNT, runner, 0, ANY_MANDATE, sender=alice)
    protocol.skip_epochs(3)
    offence_at = ape.chain.pending_timestamp
    request = (avs, runner, callback_pool, WAD // 100, offence_at, EVIDENCE, "")
    callback.setCallback(protocol.slashing, protocol.slashing.request.encode_input(*request), False, sender=owner)
    callback_pool.deposit(AMOUNT, alice, sender=alice)
    assert not callback.succeeded()
    assert callback.result() == error("Reentered()")
    assert protocol.delegation.retained(runner, callback_pool) == WAD
    slasher.balance = ETHER
    protocol.slashing.request(*request, sender=slasher)
    assert protocol.delegation.retained(runner, callback_pool) == WAD * 99 // 100


def test_reentering__through_multicall__is_refused(
    protocol: Protocol,
    callback: ContractInstance,
    callback_pool: ContractInstance,
    owner: AccountAPI,
    runner: AccountAPI,
    alice: AccountAPI,
) -> None:
    inner = protocol.delegation.undelegate.encode_input(runner, callback_pool, 1)
    callback.setCallback(protocol.delegation, protocol.delegation.multicall.encode_input([inner]), False, sender=owner)
    callback_pool.deposit(AMOUNT, alice, sender=alice)
    assert not callback.succeeded()
    assert callback.result() == error("Reentered()")


def test_lock__after_a_call__is_free_again(
    callback: ContractInstance, callback_pool: ContractInstance, alice: AccountAPI
) -> None:
    """Two guarded calls in one transaction: the second meets no lock of the first."""
    deposit = callback_pool.deposit.encode_input(AMOUNT, alice)
    redeem = callback_pool.redeem.encode_input(AMOUNT, alice, alice)
    callback_pool.multicall([deposit, redeem], sender=alice)
    assert callback_pool.balanceOf(alice) == 0
    assert callback.balanceOf(alice) == 1_000 * ETHER
