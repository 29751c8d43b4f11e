"""The hook of an AVS hears of an opt-in and may refuse it, and nothing else."""

from collections.abc import Callable

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from tests.helpers import Protocol, assert_event, assert_events, reverts

ACCEPT, REFUSE, BURN_GAS, RETURN_BOMB = range(4)  # HostileHook.Mode
HARM = pytest.mark.parametrize("harm", [REFUSE, BURN_GAS, RETURN_BOMB], ids=["refuses", "burns gas", "returns a bomb"])
GAS = 5_000_000


@pytest.fixture(scope="session")
def recording_hook(owner: AccountAPI) -> ContractInstance:
    return owner.deploy(project.RecordingHook)


@pytest.fixture(scope="session")
def hook(owner: AccountAPI) -> ContractInstance:
    return owner.deploy(project.HostileHook)


@pytest.fixture(scope="session")
def hooked_avs(
    protocol: Protocol, pool: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI, hook: ContractInstance
) -> int:
    return protocol.register_avs(avs_owner, slasher, vaults=[pool], hook=hook)


def test_hook__at_an_opt_in__hears_exactly_what_was_announced(
    protocol: Protocol,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recording_hook: ContractInstance,
) -> None:
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], hook=recording_hook)
    receipt = registry.optIn(avs, pool, 2_000, 3_000, b"key and proof", sender=operator)
    assert_event(
        receipt,
        recording_hook.Told,
        avs=avs,
        operator=operator,
        vault=pool,
        guaranteed=2_000,
        elastic=3_000,
        data=b"key and proof",
    )


def test_hooks__of_two_opt_ins_in_one_transaction__hear_each_of_its_own(
    protocol: Protocol,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recording_hook: ContractInstance,
) -> None:
    first, second = (protocol.register_avs(avs_owner, slasher, vaults=[pool], hook=recording_hook) for _ in range(2))
    calls = [registry.optIn.encode_input(avs, pool, 100, 0, b"") for avs in (first, second)]
    receipt = registry.multicall(calls, sender=operator)
    told = {"operator": operator, "vault": pool, "guaranteed": 100, "elastic": 0, "data": b""}
    assert_events(receipt, recording_hook.Told, {"avs": first, **told}, {"avs": second, **told})


def test_hook__after_an_opt_in__hears_nothing(
    protocol: Protocol,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recording_hook: ContractInstance,
) -> None:
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], hook=recording_hook)
    registry.optIn(avs, pool, 2_000, 3_000, b"", sender=operator)
    for receipt in (
        registry.allocate(avs, pool, 3_000, 0, sender=operator),
        registry.optOut(avs, pool, sender=operator),
    ):
        assert recording_hook.address not in {log["address"] for log in receipt.logs}


def test_hook__that_refuses__refuses_the_opt_in(
    registry: ContractInstance,
    hooked_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    hook: ContractInstance,
) -> None:
    hook.setMode(REFUSE, sender=operator)
    with reverts(hook.Refused):
        registry.optIn(hooked_avs, pool, 1, 0, b"", sender=operator)
    assert not registry.isOptedIn(hooked_avs, operator, pool)
    assert registry.poolCount(hooked_avs) == registry.allocationCount(operator, pool) == 0


@pytest.mark.parametrize("harm", [BURN_GAS, RETURN_BOMB], ids=["burns gas", "returns a bomb"])
def test_hook__that_does_harm__costs_only_the_caller_of_the_opt_in(
    registry: ContractInstance,
    hooked_avs: int,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    hook: ContractInstance,
    harm: int,
) -> None:
    hook.setMode(harm, sender=operator)
    assert _fails(registry, registry.optIn.encode_input(hooked_avs, pool, 1, 0, b""), operator)
    assert registry.poolCount(hooked_avs) == registry.allocationCount(operator, pool) == 0
    registry.optIn(avs, pool, 5_000, 0, b"", sender=operator)


Act = Callable[[ContractInstance, int, ContractInstance, AccountAPI, AccountAPI], object]
LEAVING: dict[str, tuple[Act, tuple[int, int]]] = {
    "allocate": (
        lambda registry, avs, vault, operator, _: registry.allocate(avs, vault, 500, 0, sender=operator),
        (500, 0),
    ),
    "opt out": (lambda registry, avs, vault, operator, _: registry.optOut(avs, vault, sender=operator), (0, 0)),
    "eject": (
        lambda registry, avs, vault, operator, avs_owner: registry.eject(avs, operator, vault, sender=avs_owner),
        (0, 0),
    ),
}


@HARM
@pytest.mark.parametrize(("act", "left"), LEAVING.values(), ids=LEAVING)
def test_hook__that_does_harm__cannot_hold_up_a_fall(
    protocol: Protocol,
    registry: ContractInstance,
    hooked_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    hook: ContractInstance,
    harm: int,
    act: Act,
    left: tuple[int, int],
) -> None:
    registry.optIn(hooked_avs, pool, 1_000, 1_000, b"", sender=operator)
    e = protocol.skip_epochs(3)
    hook.setMode(harm, sender=operator)
    act(registry, hooked_avs, pool, operator, avs_owner)
    assert registry.allocationAt(hooked_avs, operator, pool, e + 1) == (1_000, 1_000)
    assert registry.allocationAt(hooked_avs, operator, pool, e + 2) == left


def test_hook__without_code__refuses_the_opt_in(
    protocol: Protocol,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    stranger: AccountAPI,
) -> None:
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], hook=stranger)
    assert _fails(registry, registry.optIn.encode_input(avs, pool, 1, 0, b""), operator)
    assert registry.poolCount(avs) == 0


def _fails(contract: ContractInstance, data: bytes, sender: AccountAPI) -> bool:
    """Sends a transaction past Ape, which would trace the failed one step by step."""
    eth = ape.chain.provider.web3.eth
    sent = eth.send_transaction({"from": sender.address, "to": contract.address, "data": data, "gas": GAS})
    return eth.wait_for_transaction_receipt(sent)["status"] == 0


# --- a hook that calls back; `tests/test_access_matrix.py` tries every function ---


def test_hook__that_undelegates__meets_the_lock(
    registry: ContractInstance,
    delegation: ContractInstance,
    hooked_avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    hook: ContractInstance,
) -> None:
    hook.setCallback(delegation, delegation.undelegate.encode_input(operator, pool, 1), sender=operator)
    registry.optIn(hooked_avs, pool, 1, 0, b"", sender=operator)
    assert not hook.succeeded()
    assert hook.result() == keccak(text="Reentered()")[:4]
    assert registry.isOptedIn(hooked_avs, operator, pool)


def test_hook__that_has_the_operator_open_the_lock__is_refused(
    protocol: Protocol,
    registry: ContractInstance,
    delegation: ContractInstance,
    vault: ContractInstance,
    stranger: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    hook: ContractInstance,
) -> None:
    wallet = stranger.deploy(project.Wallet, stranger)
    avs = protocol.register_avs(avs_owner, slasher, vaults=[vault], hook=hook)
    give_back = delegation.giveBack.encode_input()
    hook.setCallback(wallet, wallet.call.encode_input(delegation, 0, give_back), sender=stranger)
    for data in (
        registry.registerOperator.encode_input(""),
        registry.openPool.encode_input(vault, 5_000, 0, 0),
        registry.optIn.encode_input(avs, vault, 1, 0, b""),
    ):
        wallet.call(registry, 0, data, sender=stranger)
    assert registry.isOptedIn(avs, wallet, vault)
    assert not hook.succeeded()
    assert hook.result()[:4] == keccak(text="NotProtocol(address)")[:4]
