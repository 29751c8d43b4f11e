"""The words of `design.md` for tests: epochs, mandates, terms, requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from deployer.contracts import ZERO_ADDRESS, Core

WAD = 10**18
BPS = 10_000
ETHER = 10**18
DAY = 86_400
BURN = "0x000000000000000000000000000000000000dEaD"
ASSETS, NATIVE, VAULT_SHARES = range(3)  # IDelegationManager.Payout
EVIDENCE = b"\x11" * 32

# The loosest mandate there is, and no open request.
ANY_MANDATE = (BPS, BPS, 0, False)
ANYTHING = (BPS, BPS, 0, True)


@dataclass(frozen=True)
class Protocol(Core):
    """A deployment with its roles."""

    owner: AccountAPI
    guardian: AccountAPI

    @property
    def epoch(self) -> int:
        """The epoch of the next block."""
        return int(self.registry.epochAt(ape.chain.pending_timestamp))

    def to_epoch(self, epoch: int, second: int = 0) -> None:
        """Mines a block in `epoch`, `second` seconds after its start."""
        ape.chain.mine(timestamp=self.registry.startOf(epoch) + second)

    def skip_epochs(self, count: int = 1) -> int:
        """Goes to the start of the epoch `count` epochs later and names it."""
        epoch = self.epoch + count
        self.to_epoch(epoch)
        return epoch

    def list_vault(self, vault: ContractInstance, seeder: AccountAPI, cap: int = 10**27) -> None:
        """Lists and opens `vault`. `seeder` has approved the seed."""
        self.registry.listVault(vault, sender=self.owner)
        vault.seed(sender=seeder)
        vault.setCap(cap, sender=self.owner)

    def register_avs(
        self,
        owner: AccountAPI,
        slasher: AccountAPI,
        *,
        vaults: Sequence[ContractInstance] = (),
        resolver: Any = ZERO_ADDRESS,
        veto: int = 0,
        recipient: Any = ZERO_ADDRESS,
        by_admission: bool = False,
        hook: Any = ZERO_ADDRESS,
    ) -> int:
        """Registers an AVS that counts `vaults`, and names its id."""
        terms = (slasher, veto, by_admission, recipient, owner, resolver, hook)
        self.registry.registerAVS(terms, "", sender=owner)
        avs = int(self.registry.avsCount())
        for vault in vaults:
            self.registry.setVault(avs, vault, True, sender=owner)
        return avs

    def request(
        self,
        avs: int,
        operator: Any,
        vault: Any,
        amount: int,
        *,
        sender: AccountAPI,
        offence_at: int | None = None,
    ) -> tuple[ReceiptAPI, "Request"]:
        """Files a slash request, for an offence of just now, and gives it back as later calls repeat it."""
        if offence_at is None:
            offence_at = ape.chain.pending_timestamp - 1
        receipt = self.slashing.request(avs, operator, vault, amount, offence_at, EVIDENCE, "", sender=sender)
        return receipt, (
            avs,
            str(operator.address),
            str(vault.address),
            amount,
            offence_at,
            receipt.timestamp,
            EVIDENCE,
        )


Request = tuple[int, str, str, int, int, int, bytes]
