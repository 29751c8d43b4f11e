"""A life on what the command deployed, with the contracts by the names that the console gives them."""

from typing import Any

import ape
from ape.api import AccountAPI

from deployer.console import names
from tests.deployment.conftest import Command
from tests.helpers.protocol import ANY_MANDATE, ETHER, EVIDENCE, NATIVE, WAD, ZERO_ADDRESS


def test_life__on_what_was_deployed__from_deposit_to_exit(
    deployed: Command,
    operator: AccountAPI,
    alice: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recipient: AccountAPI,
) -> None:
    contracts: dict[str, Any] = names(deployed.home)
    registry, delegation, slashing, vault = (
        contracts[name] for name in ("registry", "delegation", "slashing", "cWETH")
    )
    assert contracts["epoch"]() == 1

    def skip_epochs(count: int) -> int:
        epoch = int(registry.epoch()) + count
        ape.chain.mine(timestamp=registry.startOf(epoch))
        return epoch

    registry.registerOperator("", sender=operator)
    registry.openPool(vault, 5_000, 1_000, 0, sender=operator)
    registry.registerAVS((slasher, 0, False, recipient, avs_owner, ZERO_ADDRESS, ZERO_ADDRESS), "", sender=avs_owner)
    registry.setVault(1, vault, True, sender=avs_owner)
    registry.optIn(1, vault, 1_000, 0, b"", sender=operator)
    registry.allocate(1, vault, 2_000, 0, sender=operator)
    vault.depositNativeAndDelegate(operator, 0, ANY_MANDATE, value=100 * ETHER, sender=alice)

    opened = skip_epochs(3)
    assert (opened, registry.allocationAt(1, operator, vault, opened)) == (4, (2_000, 0))
    delegation.undelegate(operator, vault, 40 * ETHER, sender=alice)
    now = ape.chain.blocks.head.timestamp
    slashing.request(1, operator, vault, WAD // 10, now, EVIDENCE, "", sender=slasher)  # 10 % of all that is there
    skip_epochs(2)
    before = alice.balance
    receipt = delegation.complete(operator, vault, alice, opened, alice, NATIVE, sender=alice)

    assert alice.balance == before + 36 * ETHER - receipt.total_fees_paid
    assert delegation.position(operator, vault, alice) == (60 * ETHER, 54 * ETHER)
    assert vault.balanceOf(recipient) == 10 * ETHER
    assert vault.balanceOf(delegation) == 54 * ETHER
    assert contracts["WETH9"].balanceOf(vault) == 64 * ETHER + 1_000_000
