"""
An oracle with one feed and five operators; loss budgets are 50 %.

| operator | stake [ETH] | guaranteed | elastic | safe stake [ETH] |
|---|---:|---:|---:|---:|
| first | 200 | 20 % | 10 % | 28 + 14 |
| the others | 100 | 20 % | 10 % | 14 + 7 |

Safe is what the next epoch has at worst: 20 % and 10 % of 1 - 50 % + 20 %. So the first weighs 2 of 6 parts, and it
takes 5 of them for a quorum of 66.67 %. The token of rewards is the asset, of which the oracle has enough.

The oracle is built once for each file, and is left in the epoch of the snapshot, a round before the first answer.
"""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.oracle import Oracle, Scene, deploy_notary, deploy_oracle
from tests.helpers.protocol import ETHER, Protocol

GUARANTEED = 14 * ETHER  # safe, of each operator but the first, which has twice as much
ELASTIC = 7 * ETHER
WEIGHT = GUARANTEED + ELASTIC
TOTAL = 6 * WEIGHT


@pytest.fixture(scope="session")
def members(accounts: list[AccountAPI]) -> list[AccountAPI]:
    """Five operators, the first of which has twice the stake."""
    return [accounts[index] for index in range(13, 18)]


@pytest.fixture(scope="session", autouse=True)
def _roles_first(
    pool: ContractInstance,
    bob: AccountAPI,
    carol: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    recipient: AccountAPI,
    stranger: AccountAPI,
) -> None:
    """Whatever is of the session comes before what is of a file, or Ape builds that again."""


@pytest.fixture(scope="module")
def oracle(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    avs_owner: AccountAPI,
    alice: AccountAPI,
    members: list[AccountAPI],
) -> Oracle:
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, members)
    oracle.add_feed()
    oracle.fund(10_000 * ETHER)
    for member in members:
        oracle.enlist(member, alice, stake=(200 if member == members[0] else 100) * ETHER)
    oracle.begin()
    return oracle


@pytest.fixture(scope="module")
def notary(
    protocol: Protocol, vault: ContractInstance, avs_owner: AccountAPI, alice: AccountAPI, members: list[AccountAPI]
) -> Scene:
    """The notary with the same operators."""
    notary = deploy_notary(protocol, vault, avs_owner, members)
    for member in members:
        notary.enlist(member, alice, stake=(200 if member == members[0] else 100) * ETHER)
    notary.begin()
    return notary


@pytest.fixture
def newcomer(oracle: Oracle, accounts: list[AccountAPI]) -> AccountAPI:
    """An operator with a pool without stake, which has not opted in."""
    newcomer = accounts[18]
    oracle.protocol.registry.registerOperator("", sender=newcomer)
    oracle.protocol.registry.openPool(oracle.vault, 5_000, 1_000, 0, sender=newcomer)
    return newcomer
