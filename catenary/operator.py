"""`Operator`: who runs the software of AVSs, and what it may still take on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catenary.chain import Call
from catenary.pool import Pool
from catenary.values import Mandate

if TYPE_CHECKING:
    from catenary.protocol import Protocol


@dataclass(frozen=True)
class Operator:
    """An operator, by its address. What it does is sent by its own account."""

    protocol: "Protocol"
    address: str

    @property
    def is_registered(self) -> bool:
        return self.protocol.chain.get(self.protocol.registry.read("isOperator", self.address, make=bool))

    @property
    def pools(self) -> list[Pool]:
        """All that it opened, by their events."""
        found = self.protocol.logs(self.protocol.registry, "PoolOpened", operator=self.address)
        return [self.pool(log["vault"]) for log in found]

    def pool(self, vault: str) -> Pool:
        """Its pool in a vault, by the vault's symbol or address."""
        return self.protocol.vault(vault).pool(self.address)

    # --- what it does; vaults by symbol or address ---

    def open_pool(self, vault: str, mandate: Mandate) -> Call:
        """Opens a pool under a mandate, at once. Its veto period is fixed for good."""
        return self.protocol.registry.call(
            "openPool", self._vault(vault), mandate.loss_budget, mandate.commission, mandate.veto_period
        )

    def announce(self, vault: str, loss_budget: int, commission: int) -> Call:
        """Announces a mandate [bps]: what falls is in force in two epochs, what rises in three."""
        return self.protocol.registry.call("setMandate", self._vault(vault), loss_budget, commission)

    def opt_in(self, avs: int, vault: str, guaranteed: int, elastic: int, data: bytes = b"") -> Call:
        """Opts a pool in to an AVS with a first allocation [bps]; `data` is for the AVS's hook."""
        return self.protocol.registry.call("optIn", avs, self._vault(vault), guaranteed, elastic, data)

    def allocate(self, avs: int, vault: str, guaranteed: int, elastic: int) -> Call:
        """Announces another allocation [bps]: what falls is in force in two epochs, what rises in three."""
        return self.protocol.registry.call("allocate", avs, self._vault(vault), guaranteed, elastic)

    def opt_out(self, avs: int, vault: str) -> Call:
        """Announces that a pool leaves an AVS. Nobody can refuse it."""
        return self.protocol.registry.call("optOut", avs, self._vault(vault))

    def claim_commission(self, vault: str, token: str, receiver: str | None = None) -> Call:
        """Claims its commission of one pool and token."""
        return self.protocol.rewards.call(
            "claimCommission", self._vault(vault), token, self.protocol.address(receiver or self.address)
        )

    def _vault(self, name: str) -> str:
        """The address of a vault by its symbol or address."""
        return self.protocol.vault(name).address
