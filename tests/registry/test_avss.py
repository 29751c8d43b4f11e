"""Registering AVSs, admitting operators, and the vaults that count."""

import ape
import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, Timing, deploy_core
from tests.helpers import Protocol, assert_event, reverts
from tests.helpers.protocol import DAY, WAD

Terms = dict[str, object]
UNKNOWN = 1_000


@pytest.fixture
def terms(avs_owner: AccountAPI, slasher: AccountAPI, resolver: AccountAPI, recipient: AccountAPI) -> Terms:
    return {
        "slasher": slasher.address,
        "vetoPeriod": 2 * DAY,
        "byAdmission": True,
        "recipient": recipient.address,
        "owner": avs_owner.address,
        "resolver": resolver.address,
        "hook": ZERO_ADDRESS,
    }


# --- registration ---


def test_register_avs__by_anyone__keeps_the_terms(
    registry: ContractInstance, terms: Terms, stranger: AccountAPI
) -> None:
    avs = registry.avsCount() + 1
    receipt = registry.registerAVS(terms, "ipfs://avs", sender=stranger)
    assert_event(receipt, registry.AVSRegistered, avs=avs, terms=terms, uri="ipfs://avs")
    assert registry.avsCount() == avs
    assert registry.terms(avs) == tuple(terms.values())
    assert registry.termsToSlash(avs, stranger, stranger, 1) == (terms["slasher"], 2 * DAY, terms["recipient"], 0, 0)


def test_register_avs__counts_from_one(owner: AccountAPI, guardian: AccountAPI, terms: Terms) -> None:
    registry = deploy_core(owner, Timing(genesis=ape.chain.pending_timestamp - 1), owner, guardian).registry
    assert registry.avsCount() == 0
    assert [registry.registerAVS(terms, "", sender=owner).return_value for _ in range(2)] == [1, 2]
    assert registry.avsCount() == 2


@pytest.mark.parametrize("role", ["owner", "slasher"])
def test_register_avs__without_owner_or_slasher__reverts(
    registry: ContractInstance, terms: Terms, role: str, stranger: AccountAPI
) -> None:
    with reverts(registry.ZeroAddress):
        registry.registerAVS(terms | {role: ZERO_ADDRESS}, "", sender=stranger)


def test_register_avs__with_a_veto_period_above_the_longest__reverts(
    registry: ContractInstance, terms: Terms, stranger: AccountAPI
) -> None:
    with reverts(registry.VetoPeriodTooLong, vetoPeriod=2 * DAY + 1, max=2 * DAY):
        registry.registerAVS(terms | {"vetoPeriod": 2 * DAY + 1}, "", sender=stranger)


def test_register_avs__with_a_veto_period_and_no_resolver__reverts(
    registry: ContractInstance, terms: Terms, stranger: AccountAPI
) -> None:
    with reverts(registry.ResolverMismatch, resolver=ZERO_ADDRESS, vetoPeriod=1):
        registry.registerAVS(terms | {"resolver": ZERO_ADDRESS, "vetoPeriod": 1}, "", sender=stranger)


def test_register_avs__with_a_resolver_and_no_veto_period__reverts(
    registry: ContractInstance, terms: Terms, stranger: AccountAPI, resolver: AccountAPI
) -> None:
    with reverts(registry.ResolverMismatch, resolver=resolver, vetoPeriod=0):
        registry.registerAVS(terms | {"vetoPeriod": 0}, "", sender=stranger)


@pytest.mark.parametrize("contract", ["registry", "delegation", "slashing", "vault"])
def test_register_avs__with_a_contract_of_the_protocol_as_recipient__reverts(
    registry: ContractInstance,
    terms: Terms,
    contract: str,
    request: pytest.FixtureRequest,
    stranger: AccountAPI,
) -> None:
    recipient = request.getfixturevalue(contract)
    with reverts(registry.RecipientIsProtocol, recipient=recipient):
        registry.registerAVS(terms | {"recipient": recipient.address}, "", sender=stranger)


@pytest.mark.usefixtures("avs")
def test_terms__of_an_unknown_avs__revert(registry: ContractInstance, owner: AccountAPI) -> None:
    for unknown in (0, registry.avsCount() + 1):
        with reverts(registry.UnknownAVS, avs=unknown):
            registry.terms(unknown)
        with reverts(registry.UnknownAVS, avs=unknown):
            registry.termsToSlash(unknown, owner, owner, 1)


# --- admission ---


def test_set_admitted__of_an_operator__admits_and_takes_it_back(
    registry: ContractInstance, selective_avs: int, avs_owner: AccountAPI, operator: AccountAPI
) -> None:
    for admitted in (True, False):
        receipt = registry.setAdmitted(selective_avs, operator, admitted, sender=avs_owner)
        assert_event(receipt, registry.AdmissionSet, avs=selective_avs, operator=operator, admitted=admitted)
        assert registry.isAdmitted(selective_avs, operator) == admitted


def test_set_admitted__by_another_than_the_avs_owner__reverts(
    registry: ContractInstance, selective_avs: int, operator: AccountAPI, slasher: AccountAPI
) -> None:
    with reverts(registry.NotAVSOwner, avs=selective_avs, caller=slasher):
        registry.setAdmitted(selective_avs, operator, True, sender=slasher)


def test_set_admitted__where_nobody_is_admitted__reverts(
    registry: ContractInstance, avs: int, avs_owner: AccountAPI, operator: AccountAPI
) -> None:
    with reverts(registry.AdmissionNotRequired, avs=avs):
        registry.setAdmitted(avs, operator, True, sender=avs_owner)


def test_set_admitted__of_an_unknown_operator__reverts(
    registry: ContractInstance, selective_avs: int, avs_owner: AccountAPI, stranger: AccountAPI
) -> None:
    with reverts(registry.UnknownOperator, operator=stranger):
        registry.setAdmitted(selective_avs, stranger, True, sender=avs_owner)


def test_set_admitted__of_an_unknown_avs__reverts(
    registry: ContractInstance, operator: AccountAPI, avs_owner: AccountAPI
) -> None:
    with reverts(registry.UnknownAVS, avs=UNKNOWN):
        registry.setAdmitted(UNKNOWN, operator, True, sender=avs_owner)


# --- vaults that count ---


def test_set_vault__of_the_protocol__counts_and_no_longer_counts(
    protocol: Protocol, registry: ContractInstance, vault: ContractInstance, avs_owner: AccountAPI, slasher: AccountAPI
) -> None:
    avs = protocol.register_avs(avs_owner, slasher)
    assert not registry.isCounted(avs, vault)
    for counts in (True, False):
        receipt = registry.setVault(avs, vault, counts, sender=avs_owner)
        assert_event(receipt, registry.VaultCounted, avs=avs, vault=vault, counts=counts)
        assert registry.isCounted(avs, vault) == counts


def test_set_vault__by_another_than_the_avs_owner__reverts(
    registry: ContractInstance, avs: int, pool: ContractInstance, slasher: AccountAPI
) -> None:
    with reverts(registry.NotAVSOwner, avs=avs, caller=slasher):
        registry.setVault(avs, pool, False, sender=slasher)


def test_set_vault__unknown__reverts(
    registry: ContractInstance, avs: int, asset: ContractInstance, avs_owner: AccountAPI
) -> None:
    with reverts(registry.UnknownVault, vault=asset):
        registry.setVault(avs, asset, True, sender=avs_owner)


def test_set_vault__of_an_unknown_avs__reverts(
    registry: ContractInstance, vault: ContractInstance, avs_owner: AccountAPI
) -> None:
    with reverts(registry.UnknownAVS, avs=UNKNOWN):
        registry.setVault(UNKNOWN, vault, True, sender=avs_owner)


def test_set_vault__no_longer_counted__binds_no_pool_that_opted_in(
    protocol: Protocol,
    registry: ContractInstance,
    avs: int,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
) -> None:
    registry.optIn(avs, pool, 2_000, 0, b"", sender=operator)
    e = protocol.skip_epochs(3)
    registry.setVault(avs, pool, False, sender=avs_owner)
    registry.allocate(avs, pool, 3_000, 0, sender=operator)
    assert registry.isOptedIn(avs, operator, pool)
    assert registry.allocationAt(avs, operator, pool, e) == (2_000, 0)
    assert registry.allocationAt(avs, operator, pool, e + 3) == (3_000, 0)
    assert protocol.slashing.slashable(avs, operator, pool) == (WAD // 5, 0)
