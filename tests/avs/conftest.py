"""
An oracle with one feed and five operators, of which four weigh the same and one twice as much.

| operator | stake [ETH] | guaranteed | elastic | safe stake [ETH] |
|---|---:|---:|---:|---:|

It is built once for each file: a test changes it as it likes.
"""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.oracle import Oracle, deploy_oracle
from tests.helpers.protocol import ETHER, Protocol


@pytest.fixture(scope="session")
def members(accounts: list[AccountAPI]) -> list[AccountAPI]:
    """Five operators."""
    return [accounts[index] for index in range(13, 18)]


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
    for number, member in enumerate(members):
        oracle.enlist(member, alice, stake=(200 if number == 0 else 100) * ETHER)
    oracle.begin()
    return oracle
