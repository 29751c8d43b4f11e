"""Whole lives across the contracts."""

from ape.api import AccountAPI
from ape.contracts import ContractInstance

from tests.helpers.protocol import ANY_MANDATE, ASSETS, ETHER, WAD, Protocol


def test_stake__slashed_while_leaving__is_worth_what_was_retained_at_maturity(
    protocol: Protocol,
    asset: ContractInstance,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recipient: AccountAPI,
) -> None:
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], recipient=recipient)
    protocol.registry.optIn(avs, pool, 2_000, 0, b"", sender=operator)
    pool.depositAndDelegate(100 * ETHER, operator, 0, ANY_MANDATE, sender=alice)
    opened = protocol.skip_epochs(3)
    protocol.delegation.undelegate(operator, pool, 40 * ETHER, sender=alice)

    protocol.skip_epochs(1)
    protocol.request(avs, operator, pool, WAD // 10, sender=slasher)  # 10 % of all that is there
    protocol.skip_epochs(1)
    protocol.request(avs, operator, pool, WAD // 10, sender=slasher)  # too late for the ticket
    protocol.delegation.complete(operator, pool, alice, opened, alice, ASSETS, sender=alice)

    assert asset.balanceOf(alice) == 900 * ETHER + 36 * ETHER
    assert protocol.delegation.position(operator, pool, alice) == (60 * ETHER, 48 * ETHER)
    assert pool.balanceOf(recipient) == 10 * ETHER + 6 * ETHER
    assert pool.balanceOf(protocol.delegation) == 48 * ETHER
