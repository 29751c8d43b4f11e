"""Delegation by an EIP-712 signature, which the tests build without the contracts."""

from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers import assert_event, reverts
from tests.helpers.protocol import ANY_MANDATE, ETHER
from tests.helpers.typed_data import DELEGATION, domain, sign

AMOUNT = 10 * ETHER
NEVER = 2**48 - 1

Signed = tuple[tuple[Any, ...], bytes]


@pytest.fixture
def message(pool: ContractInstance, operator: AccountAPI, alice: AccountAPI) -> tuple[Any, ...]:
    """A delegation of alice, who holds more than it needs."""
    pool.deposit(3 * AMOUNT, alice, sender=alice)
    return (alice, operator, pool, AMOUNT, ANY_MANDATE, 0, NEVER)


def signature(signer: AccountAPI, delegation: ContractInstance, message: tuple[Any, ...], **other: Any) -> bytes:
    """Of `signer` under the manager's domain, except for what `other` says."""
    return bytes(sign(signer, domain("Catenary", delegation) | other, DELEGATION, message).encode_rsv())


def test_signed__is_brought_by_anyone(
    delegation: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    stranger: AccountAPI,
    message: tuple[Any, ...],
) -> None:
    receipt = delegation.delegateBySig(message, signature(alice, delegation, message), sender=stranger)
    assert_event(
        receipt,
        delegation.Delegated,
        operator=operator,
        vault=pool,
        staker=alice,
        shares=AMOUNT,
        poolShares=AMOUNT,
    )
    assert receipt.return_value == AMOUNT
    assert delegation.nonces(alice) == 1
    assert delegation.position(operator, pool, alice) == (AMOUNT, AMOUNT)
    assert pool.balanceOf(alice) == 2 * AMOUNT


def test_signed__again_with_the_next_nonce__works(
    delegation: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    stranger: AccountAPI,
    message: tuple[Any, ...],
) -> None:
    delegation.delegateBySig(message, signature(alice, delegation, message), sender=stranger)
    second = (*message[:5], 1, NEVER)
    delegation.delegateBySig(second, signature(alice, delegation, second), sender=stranger)
    assert delegation.position(operator, pool, alice) == (2 * AMOUNT, 2 * AMOUNT)


def test_signed__and_replayed__reverts(
    delegation: ContractInstance, alice: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    signed = signature(alice, delegation, message)
    delegation.delegateBySig(message, signed, sender=stranger)
    with reverts(delegation.InvalidAccountNonce, account=alice, currentNonce=1):
        delegation.delegateBySig(message, signed, sender=stranger)


def test_signed__for_a_later_nonce__reverts(
    delegation: ContractInstance, alice: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    later = (*message[:5], 1, NEVER)
    with reverts(delegation.InvalidAccountNonce, account=alice, currentNonce=0):
        delegation.delegateBySig(later, signature(alice, delegation, later), sender=stranger)


def test_signed__and_voided__reverts(
    delegation: ContractInstance, alice: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    assert delegation.voidNonce(sender=alice).return_value == 0
    with reverts(delegation.InvalidAccountNonce, account=alice, currentNonce=1):
        delegation.delegateBySig(message, signature(alice, delegation, message), sender=stranger)


@pytest.mark.parametrize("late", [0, 1])
def test_signed__expires_to_the_second(
    delegation: ContractInstance, alice: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...], late: int
) -> None:
    deadline = ape.chain.pending_timestamp + 100
    message = (*message[:6], deadline)
    signed = signature(alice, delegation, message)
    ape.chain.pending_timestamp = deadline + late
    if late:
        with reverts(delegation.SignatureExpired, deadline=deadline):
            delegation.delegateBySig(message, signed, sender=stranger)
    else:
        delegation.delegateBySig(message, signed, sender=stranger)
        assert delegation.nonces(alice) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Catenary2"},
        {"version": "2"},
        {"chainId": 1},
        {"verifyingContract": "0x" + "42" * 20},
    ],
    ids=["name", "version", "chain", "contract"],
)
def test_signed__for_another_domain__reverts(
    delegation: ContractInstance,
    alice: AccountAPI,
    stranger: AccountAPI,
    message: tuple[Any, ...],
    other: dict[str, Any],
) -> None:
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(message, signature(alice, delegation, message, **other), sender=stranger)


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (1, "0x" + "42" * 20),
        (2, "0x" + "42" * 20),
        (3, AMOUNT + 1),
        (4, (9_999, 10_000, 0, False)),
        (4, (10_000, 9_999, 0, False)),
        (4, (10_000, 10_000, 1, False)),
        (4, (10_000, 10_000, 0, True)),
        (6, NEVER - 1),
    ],
    ids=[
        "operator",
        "vault",
        "shares",
        "loss_budget",
        "commission",
        "veto_period",
        "open_requests",
        "deadline",
    ],
)
def test_signed__and_tampered_with__reverts(
    delegation: ContractInstance,
    alice: AccountAPI,
    stranger: AccountAPI,
    message: tuple[Any, ...],
    index: int,
    value: Any,
) -> None:
    signed = signature(alice, delegation, message)
    tampered = (*message[:index], value, *message[index + 1 :])
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(tampered, signed, sender=stranger)
    assert delegation.nonces(alice) == 0


def test_signed__for_another_staker__reverts(
    delegation: ContractInstance, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    tampered = (bob, *message[1:])
    with reverts(delegation.InvalidSignature, staker=bob):
        delegation.delegateBySig(tampered, signature(alice, delegation, message), sender=stranger)


def test_signed__by_another__reverts(
    delegation: ContractInstance, alice: AccountAPI, bob: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(message, signature(bob, delegation, message), sender=stranger)


def test_signed__by_nobody__reverts(
    delegation: ContractInstance, alice: AccountAPI, stranger: AccountAPI, message: tuple[Any, ...]
) -> None:
    with reverts(delegation.InvalidSignature, staker=alice):
        delegation.delegateBySig(message, b"", sender=stranger)


def test_signed__under_a_looser_mandate_than_accepted__reverts(
    delegation: ContractInstance,
    registry: ContractInstance,
    alice: AccountAPI,
    stranger: AccountAPI,
    message: tuple[Any, ...],
) -> None:
    accepted = (4_999, 1_000, 0, False)
    message = (*message[:4], accepted, 0, NEVER)
    with reverts(registry.MandateTooLoose, mandate=(5_000, 1_000, 0), accepted=accepted):
        delegation.delegateBySig(message, signature(alice, delegation, message), sender=stranger)


class TestWallet:
    """A staker that is a contract says by ERC-1271 what it signed."""

    @pytest.fixture
    def contract_staker(self, pool: ContractInstance, alice: AccountAPI) -> ContractInstance:
        wallet = alice.deploy(project.Wallet, alice)
        pool.deposit(AMOUNT, wallet, sender=alice)
        return wallet

    def test_signed_by_its_owner__is_taken(
        self,
        delegation: ContractInstance,
        pool: ContractInstance,
        contract_staker: ContractInstance,
        operator: AccountAPI,
        alice: AccountAPI,
        stranger: AccountAPI,
    ) -> None:
        message = (contract_staker, operator, pool, AMOUNT, ANY_MANDATE, 0, NEVER)
        delegation.delegateBySig(message, signature(alice, delegation, message), sender=stranger)
        assert delegation.position(operator, pool, contract_staker) == (AMOUNT, AMOUNT)
        assert pool.balanceOf(contract_staker) == 0

    def test_signed_by_another__reverts(
        self,
        delegation: ContractInstance,
        pool: ContractInstance,
        contract_staker: ContractInstance,
        operator: AccountAPI,
        bob: AccountAPI,
        stranger: AccountAPI,
    ) -> None:
        message = (contract_staker, operator, pool, AMOUNT, ANY_MANDATE, 0, NEVER)
        with reverts(delegation.InvalidSignature, staker=contract_staker):
            delegation.delegateBySig(message, signature(bob, delegation, message), sender=stranger)
