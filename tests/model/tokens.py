"""The assets and the vaults over them: ERC-4626 with what the protocol adds."""

from collections import defaultdict

from tests.model.refused import refuse
from tests.model.world import CAP, SEED, WEALTH

WAD = 10**18
BPS = 10_000


class Token:
    """Balances, which all change at once when the asset rebases."""

    def __init__(self) -> None:
        self.index = WAD
        self.ledger: dict[str, int] = defaultdict(int)

    def balance(self, holder: str) -> int:
        return self.ledger[holder] * self.index // WAD

    def mint(self, holder: str, amount: int) -> None:
        self.ledger[holder] += amount * WAD // self.index

    def transfer(self, sender: str, receiver: str, amount: int) -> None:
        moved = amount * WAD // self.index
        refuse("ERC20InsufficientBalance", moved > self.ledger[sender])
        self.ledger[sender] -= moved
        self.ledger[receiver] += moved

    def rebase(self, bps: int) -> None:
        self.index = self.index * (BPS + bps) // BPS


class Vault(Token):
    """Its shares are a token too, and never rebase."""

    def __init__(self, name: str, stakers: list[str]) -> None:
        super().__init__()
        self.name = f"vault {name}"
        self.asset = Token()
        for staker in stakers:
            self.asset.mint(staker, WEALTH[name])
        self.asset.mint(self.name, SEED)
        self.mint("burn", SEED)
        self.supply = SEED

    @property
    def assets(self) -> int:
        return self.asset.balance(self.name)

    def shares_of(self, assets: int) -> int:
        return assets * (self.supply + 1) // (self.assets + 1)

    def assets_of(self, shares: int) -> int:
        return shares * (self.assets + 1) // (self.supply + 1)

    def deposit(self, staker: str, assets: int, receiver: str) -> int:
        """Mints what arrived is worth at the price before it arrived."""
        refuse("ZeroAmount", assets == 0)
        refuse("ERC4626ExceededMaxDeposit", assets > max(0, CAP - self.assets))
        before, supply = self.assets, self.supply
        self.asset.transfer(staker, self.name, assets)
        arrived = min(self.assets - before, assets)
        refuse("AssetShort", arrived + 2 < assets)
        shares = arrived * (supply + 1) // (self.assets - arrived + 1)
        refuse("TooFewShares", shares == 0)
        self.supply += shares
        self.mint(receiver, shares)
        return shares

    def redeem(self, owner: str, shares: int, receiver: str) -> None:
        refuse("ZeroAmount", shares == 0)
        refuse("ERC4626ExceededMaxRedeem", shares > self.balance(owner))
        assets = self.assets_of(shares)
        self.supply -= shares
        self.ledger[owner] -= shares
        self.asset.transfer(self.name, receiver, assets)
