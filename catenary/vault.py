"""`Vault`: what is staked."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from catenary.chain import Call, Contract
from catenary.contracts import TOKEN, VAULT
from catenary.pool import Pool
from catenary.units import ETHER, Unit
from catenary.values import Accepted

if TYPE_CHECKING:
    from catenary.protocol import Protocol


@dataclass(frozen=True)
class Vault:
    """A staking vault: ERC-4626 over one asset, whose shares are the unit of all stake."""

    protocol: "Protocol"
    address: str

    @property
    def contract(self) -> Contract:
        return Contract(VAULT, self.address)

    # --- what it is ---

    @cached_property
    def _words(self) -> tuple[str, str, str, int, bool]:
        read = self.contract.read
        name, symbol, asset, decimals, native = self.protocol.chain.all(
            [read(view, make=lambda value: value) for view in ("name", "symbol", "asset", "decimals", "NATIVE")]
        )
        return name, symbol, asset, decimals, native

    @property
    def name(self) -> str:
        return self._words[0]

    @property
    def symbol(self) -> str:
        return self._words[1]

    @property
    def asset(self) -> Contract:
        """The ERC-20 that is staked."""
        return Contract(TOKEN, self._words[2])

    @property
    def native(self) -> bool:
        """Whether the asset is WETH, and ether is taken and given."""
        return self._words[4]

    @property
    def unit(self) -> Unit:
        """Of vault shares."""
        return Unit(self.symbol, self._words[3])

    @property
    def pool_unit(self) -> Unit:
        """Of pool shares, which have the decimals of vault shares."""
        return Unit("pool shares", self._words[3])

    @cached_property
    def asset_unit(self) -> Unit:
        symbol = self.protocol.chain.get(self.asset.read("symbol", make=str))
        return Unit(symbol, self._words[3])

    # --- how it stands ---

    @property
    def total_assets(self) -> int:
        """[asset]"""
        return self.protocol.chain.get(self.contract.read("totalAssets", make=int))

    @property
    def total_supply(self) -> int:
        """[vault shares]"""
        return self.protocol.chain.get(self.contract.read("totalSupply", make=int))

    @property
    def cap(self) -> int:
        """The most assets that it takes by deposits [asset]."""
        return self.protocol.chain.get(self.contract.read("cap", make=int))

    def balance(self, owner: str) -> int:
        """Vault shares that are not delegated: never at risk, and redeemed at once [vault shares]."""
        return self.protocol.chain.get(self.contract.read("balanceOf", owner, make=int))

    def assets(self, shares: int) -> int:
        """What vault shares are worth, rounded down [asset]."""
        return self.protocol.chain.get(self.contract.read("convertToAssets", shares, make=int))

    def shares(self, assets: int) -> int:
        """What assets are worth in vault shares, rounded down."""
        return self.protocol.chain.get(self.contract.read("convertToShares", assets, make=int))

    # --- pools ---

    def pool(self, operator: str) -> Pool:
        """The pool of an operator in this vault."""
        return Pool(self.protocol, self, self.protocol.address(operator))

    @property
    def pools(self) -> list[Pool]:
        """All that were ever opened, by their events."""
        found = self.protocol.logs(self.protocol.registry, "PoolOpened", vault=self.address)
        return [self.pool(log["operator"]) for log in found]

    # --- what stakers do ---

    def approve(self, assets: int | str) -> Call:
        """Lets this vault take assets of the caller, as a deposit needs."""
        return self.asset.call("approve", self.address, self.asset_unit.parse(assets))

    def deposit(self, assets: int | str, receiver: str) -> Call:
        """Deposits assets, which are approved, for vault shares to `receiver`."""
        return self.contract.call("deposit", self.asset_unit.parse(assets), self.protocol.address(receiver))

    def deposit_ether(self, ether: int | str, receiver: str) -> Call:
        """The same with ether, where the asset is WETH."""
        value = ETHER.parse(ether)
        return self.contract.call("depositNative", self.protocol.address(receiver), value=value)

    def deposit_and_delegate(
        self, assets: int | str, operator: str, accepted: Accepted, min_shares: int | str = 1
    ) -> Call:
        """Deposits and delegates in one call. Refused below `min_shares` or under a looser mandate."""
        return self.contract.call(
            "depositAndDelegate",
            self.asset_unit.parse(assets),
            self.protocol.address(operator),
            self.unit.parse(min_shares),
            accepted.plain(),
        )

    def deposit_ether_and_delegate(
        self, ether: int | str, operator: str, accepted: Accepted, min_shares: int | str = 1
    ) -> Call:
        """The same with ether, where the asset is WETH."""
        return self.contract.call(
            "depositNativeAndDelegate",
            self.protocol.address(operator),
            self.unit.parse(min_shares),
            accepted.plain(),
            value=ETHER.parse(ether),
        )

    def redeem(self, shares: int | str, receiver: str, owner: str, *, ether: bool = False) -> Call:
        """Redeems vault shares of `owner` that are not delegated, at once, into assets or ether."""
        return self.contract.call(
            "redeemNative" if ether else "redeem",
            self.unit.parse(shares),
            self.protocol.address(receiver),
            self.protocol.address(owner),
        )

    def __repr__(self) -> str:
        return f"<Vault {self.address}>"
