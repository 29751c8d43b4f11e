"""Lists that grow are read in pages."""

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers import Protocol

LARGEST = 2**256 - 1

# offset, limit, and which of three entries are on the page
PAGES = pytest.mark.parametrize(
    ("offset", "limit", "entries"),
    [
        (0, 3, [0, 1, 2]),
        (0, LARGEST, [0, 1, 2]),
        (0, 2, [0, 1]),
        (1, 1, [1]),
        (1, 5, [1, 2]),
        (2, LARGEST, [2]),
        (0, 0, []),
        (2, 0, []),
        (3, 1, []),
        (4, LARGEST, []),
        (LARGEST, LARGEST, []),
    ],
)


@pytest.fixture
def vaults(protocol: Protocol, asset: ContractInstance, owner: AccountAPI) -> list[ContractInstance]:
    """Three listed vaults; whatever else is listed comes before them."""
    more = [deploy_vault(owner, protocol, asset, native=False, name="More", symbol="M") for _ in range(3)]
    for vault in more:
        protocol.registry.listVault(vault, sender=owner)
    return more


@PAGES
def test_vaults__are_paged_in_the_order_of_listing(
    registry: ContractInstance, vaults: list[ContractInstance], offset: int, limit: int, entries: list[int]
) -> None:
    before = registry.vaultCount() - 3
    start = min(before + offset, LARGEST)
    assert registry.vaults(start, limit) == [vaults[i].address for i in entries]


@PAGES
def test_pools__are_paged_in_the_order_of_opting_in(
    protocol: Protocol,
    registry: ContractInstance,
    vaults: list[ContractInstance],
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    offset: int,
    limit: int,
    entries: list[int],
) -> None:
    avs = protocol.register_avs(avs_owner, slasher, vaults=vaults)
    if not registry.isOperator(operator):
        registry.registerOperator("", sender=operator)
    order = [vaults[2], vaults[0], vaults[1]]
    for vault in order:
        registry.openPool(vault, 5_000, 0, 0, sender=operator)
        registry.optIn(avs, vault, 1, 0, b"", sender=operator)
    registry.optOut(avs, order[0], sender=operator)  # who opted in once stays listed
    assert registry.poolCount(avs) == 3
    assert registry.pools(avs, offset, limit) == [(operator, order[i]) for i in entries]


@PAGES
def test_allocations__are_paged_in_the_order_of_opting_in(
    protocol: Protocol,
    registry: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    offset: int,
    limit: int,
    entries: list[int],
) -> None:
    e = protocol.epoch
    avss = [protocol.register_avs(avs_owner, slasher, vaults=[pool]) for _ in range(3)]
    allocated = [(avss[1], 300, 0), (avss[2], 100, 50), (avss[0], 0, 200)]
    for avs, guaranteed, elastic in allocated:
        registry.optIn(avs, pool, guaranteed, elastic, b"", sender=operator)
    assert registry.allocationCount(operator, pool) == 3
    assert registry.allocations(operator, pool, e + 3, offset, limit) == [allocated[i] for i in entries]
    assert registry.allocations(operator, pool, e, offset, limit) == [(allocated[i][0], 0, 0) for i in entries]


def test_lists__of_nobody__are_empty(registry: ContractInstance, vault: ContractInstance, stranger: AccountAPI) -> None:
    assert registry.poolCount(0) == registry.allocationCount(stranger, vault) == 0
    assert registry.pools(0, 0, 9) == registry.allocations(stranger, vault, 1, 0, 9) == []
