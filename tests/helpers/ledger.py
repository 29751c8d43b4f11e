"""What every party has, before an attack and after it."""

from collections.abc import Mapping
from typing import Any

from ape.contracts import ContractInstance

from tests.helpers.scene import Scene

EPOCHS = 32  # in which tickets are looked for


class Ledger:
    """
    The wealth of all parties, in assets: the asset itself, vault shares, positions, tickets and, counted one for one,
    what they hold of a token of rewards. What the protocol still owes in that token counts as soon as it is accruing.
    """

    def __init__(
        self,
        scene: Scene,
        asset: ContractInstance,
        parties: Mapping[str, Any],
        *,
        operators: tuple[Any, ...] = (),
        token: ContractInstance | None = None,
    ) -> None:
        self._scene = scene
        self._asset = asset
        self._parties = parties
        self._operators = operators or (scene.operator,)
        self._token = token
        self._before = self._wealth()

    def gains(self) -> dict[str, int]:
        """Who has more or less than at first, and by how much. Whoever is not named has the same to the wei."""
        after = self._wealth()
        return {name: after[name] - had for name, had in self._before.items() if after[name] != had}

    def _wealth(self) -> dict[str, int]:
        return {name: self._of(party) for name, party in self._parties.items()}

    def _of(self, party: Any) -> int:
        delegation, vault = self._scene.protocol.delegation, self._scene.vault
        shares = int(vault.balanceOf(party))
        for operator in self._operators:
            shares += int(delegation.position(operator, vault, party)[1])
            tickets = delegation.tickets(operator, vault, party, 1, EPOCHS)
            shares += sum(int(ticket.value) for ticket in tickets)
        return int(self._asset.balanceOf(party)) + int(vault.convertToAssets(shares)) + self._rewards(party)

    def _rewards(self, party: Any) -> int:
        if self._token is None:
            return 0
        rewards, vault, token = self._scene.protocol.rewards, self._scene.vault, self._token
        owed = int(token.balanceOf(party))
        for operator in self._operators:
            claimable, accruing = rewards.due(party, [(operator, vault, token, 0)])
            owed += int(claimable[0]) + int(accruing[0])
            if party == operator:
                owed += int(rewards.commission(operator, vault, token))
        return owed
