"""One pool with its AVSs, and short words for what tests about slashing do again and again."""

from dataclasses import dataclass
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from deployer.contracts import ZERO_ADDRESS
from tests.helpers.protocol import ANYTHING, ASSETS, ETHER, EVIDENCE, Protocol, Request

REQUEST_TYPE = "(uint32,address,address,uint256,uint48,uint48,bytes32)"


@dataclass(frozen=True)
class Scene:
    """The operator's pool in one vault, and the AVSs of one owner and one slasher."""

    protocol: Protocol
    vault: ContractInstance
    operator: AccountAPI
    avs_owner: AccountAPI
    slasher: AccountAPI
    resolver: AccountAPI

    # --- actors ---

    def avs(
        self, guaranteed: int, elastic: int = 0, *, veto: int = 0, slasher: Any = None, recipient: Any = None
    ) -> int:
        """Registers an AVS and announces the pool's allocation to it, in force three epochs later."""
        avs = self.protocol.register_avs(
            self.avs_owner,
            slasher or self.slasher,
            vaults=[self.vault],
            resolver=self.resolver if veto else ZERO_ADDRESS,
            veto=veto,
            recipient=recipient or ZERO_ADDRESS,
        )
        self.opt_in(avs, guaranteed, elastic)
        return avs

    def opt_in(self, avs: int, guaranteed: int, elastic: int = 0) -> None:
        self.protocol.registry.optIn(avs, self.vault, guaranteed, elastic, b"", sender=self.operator)

    def allocate(self, avs: int, guaranteed: int, elastic: int = 0) -> None:
        self.protocol.registry.allocate(avs, self.vault, guaranteed, elastic, sender=self.operator)

    def opt_out(self, avs: int) -> None:
        self.protocol.registry.optOut(avs, self.vault, sender=self.operator)

    def set_budget(self, loss_budget: int) -> None:
        self.protocol.registry.setMandate(self.vault, loss_budget, 0, sender=self.operator)

    def stake(self, staker: AccountAPI, assets: int = 100 * ETHER) -> None:
        self.vault.depositAndDelegate(assets, self.operator, 0, ANYTHING, sender=staker)

    def undelegate(self, staker: AccountAPI, pool_shares: int) -> int:
        """Names the epoch of the ticket."""
        receipt = self.protocol.delegation.undelegate(self.operator, self.vault, pool_shares, sender=staker)
        return int(self.protocol.registry.epochAt(receipt.timestamp))

    def complete(self, staker: AccountAPI, epoch: int) -> ReceiptAPI:
        return self.protocol.delegation.complete(
            self.operator, self.vault, staker, epoch, staker, ASSETS, sender=staker
        )

    def request(self, avs: int, amount: int, *, sender: Any = None, offence_at: int | None = None) -> Request:
        """Files a slash request and gives it back as later calls repeat it."""
        return self.file(avs, amount, sender=sender, offence_at=offence_at)[1]

    def file(
        self, avs: int, amount: int, *, sender: Any = None, offence_at: int | None = None
    ) -> tuple[ReceiptAPI, Request]:
        """The same, with the receipt."""
        return self.protocol.request(
            avs, self.operator, self.vault, amount, sender=sender or self.slasher, offence_at=offence_at
        )

    def veto(self, request: Request) -> ReceiptAPI:
        return self.protocol.slashing.veto(request, sender=self.resolver)

    def take_back(self, request: Request) -> ReceiptAPI:
        return self.protocol.slashing.takeBack(request, sender=self.slasher)

    def execute(self, request: Request, *, sender: Any = None) -> ReceiptAPI:
        return self.protocol.slashing.execute(request, sender=sender or self.operator)

    def arguments(self, avs: int, amount: int, offence_at: int, evidence: bytes = EVIDENCE) -> tuple[Any, ...]:
        """Of `SlashingManager.request`."""
        return (avs, self.operator, self.vault, amount, offence_at, evidence, "")

    # --- views ---

    @property
    def retained(self) -> int:
        return int(self.protocol.delegation.retained(self.operator, self.vault))

    @property
    def pool_shares(self) -> tuple[int, int]:
        live, leaving = self.protocol.delegation.poolShares(self.operator, self.vault)
        return int(live), int(leaving)

    def slashable(self, avs: int) -> tuple[int, int]:
        guaranteed, elastic = self.protocol.slashing.slashable(avs, self.operator, self.vault)
        return int(guaranteed), int(elastic)

    def safe(self, avs: int) -> tuple[int, int]:
        guaranteed, elastic = self.protocol.slashing.safe(avs, self.operator, self.vault)
        return int(guaranteed), int(elastic)

    def position(self, staker: Any) -> tuple[int, int]:
        shares, value = self.protocol.delegation.position(self.operator, self.vault, staker)
        return int(shares), int(value)

    def ticket(self, staker: Any, epoch: int) -> tuple[int, int]:
        """Its pool shares and their value."""
        ticket = self.protocol.delegation.ticket(self.operator, self.vault, staker, epoch)
        return int(ticket.poolShares), int(ticket.value)

    @property
    def has_open_request(self) -> bool:
        return bool(self.protocol.delegation.hasOpenRequest(self.operator, self.vault))

    def open_amount(self, request: Request) -> int:
        return int(self.protocol.slashing.openAmount(request))


def request_id(request: Request) -> bytes:
    """What `requestId` must say: the hash of the ABI encoding of all that the request says."""
    return bytes(keccak(encode([REQUEST_TYPE], [request])))


def at(timestamp: int) -> int:
    """The next block comes at exactly `timestamp`."""
    ape.chain.pending_timestamp = timestamp
    return timestamp


def look_at(timestamp: int) -> None:
    """Views see exactly `timestamp`."""
    ape.chain.mine(timestamp=timestamp)
