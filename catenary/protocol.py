"""`Protocol`: where everything begins."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_utils.address import is_checksum_address

from catenary.avs import AVS, SlashRequest, terms_of
from catenary.chain import Block, Call, Chain, Contract
from catenary.contracts import event
from catenary.deployment import Deployment
from catenary.errors import UnknownName
from catenary.operator import Operator
from catenary.staker import Staker
from catenary.values import Clock, Terms
from catenary.vault import Vault


class Protocol:
    """
    One deployment, read at one block; what is sent goes to the latest, of course.

        protocol = Protocol.connect()       # of the network that Ape is connected to
        vault = protocol.vault("cWETH")
        vault.pool(operator).exposure(shares)
        vault.deposit("2 WETH", receiver=me).send(me)
    """

    def __init__(self, deployment: Deployment, block: Block = "latest") -> None:
        self.deployment = deployment
        self.chain = Chain(block)

    @classmethod
    def connect(cls, path: Path | None = None, block: Block = "latest") -> "Protocol":
        """The deployment of the connected network, or of a deployment file; see `Deployment.find`."""
        return cls(Deployment.find(path), block)

    def at(self, block: Block) -> "Protocol":
        """The same protocol, read at another block."""
        return Protocol(self.deployment, block)

    @property
    def pinned(self) -> "Protocol":
        """The same protocol, read at the block that is the latest now, so that several reads fit together."""
        return self if isinstance(self.chain.block, int) else self.at(self.chain.number)

    # --- contracts ---

    @property
    def registry(self) -> Contract:
        return self.deployment.registry

    @property
    def delegation(self) -> Contract:
        return self.deployment.delegation

    @property
    def slashing(self) -> Contract:
        return self.deployment.slashing

    @property
    def rewards(self) -> Contract:
        return self.deployment.rewards

    # --- how it stands ---

    @cached_property
    def clock(self) -> Clock:
        return clock_of(self.registry, self.chain)

    @property
    def epoch(self) -> int:
        """The current epoch, as of the block that is read."""
        return self.chain.get(self.registry.read("epoch", make=int))

    @property
    def owner(self) -> str:
        return self.chain.get(self.registry.read("owner", make=str))

    @property
    def guardian(self) -> str:
        return self.chain.get(self.registry.read("guardian", make=str))

    @property
    def paused(self) -> bool:
        """Whether deposits, delegations, opt-ins and raised allocations are paused. Exits never are."""
        return self.chain.get(self.registry.read("paused", make=bool))

    # --- who and what there is ---

    @property
    def vaults(self) -> list[Vault]:
        """The listed vaults, in the order of listing."""
        count = self.chain.get(self.registry.read("vaultCount", make=int))
        pages = self.chain.all(self.registry.pages("vaults", count=count))
        return [Vault(self, address) for page in pages for address in page]

    def vault(self, name: str) -> Vault:
        """A listed vault by its symbol or address. Raises `UnknownName`."""
        vaults = self.vaults
        symbols = self.chain.all([vault.contract.read("symbol", make=str) for vault in vaults])
        found = [vault for vault, symbol in zip(vaults, symbols, strict=True) if name in (symbol, vault.address)]
        if len(found) != 1:
            known = ", ".join(symbols) or "none is listed"
            raise UnknownName(f"{'two vaults' if found else 'no vault'} of that name, {name!r}: choose from {known}")
        return found[0]

    @property
    def avs_count(self) -> int:
        return self.chain.get(self.registry.read("avsCount", make=int))

    @property
    def avss(self) -> list[AVS]:
        """All AVSs; their ids count from 1."""
        return [AVS(self, number) for number in range(1, self.avs_count + 1)]

    def avs(self, number: int) -> AVS:
        """An AVS by its id. Raises `UnknownName`."""
        count = self.avs_count
        if not 1 <= number <= count:
            raise UnknownName(f"there is no AVS {number}: there are {count}, and their ids count from 1")
        return AVS(self, number)

    def terms(self, numbers: Iterable[int]) -> dict[int, Terms]:
        """The terms of AVSs, in one round trip."""
        ids = list(numbers)
        found = self.chain.all([self.registry.read("terms", number, make=terms_of) for number in ids])
        return dict(zip(ids, found, strict=True))

    def operator(self, address: str) -> Operator:
        return Operator(self, self.address(address))

    @property
    def operators(self) -> list[Operator]:
        """All that registered, by their events."""
        return [Operator(self, log["operator"]) for log in self.logs(self.registry, "OperatorRegistered")]

    def staker(self, address: str) -> Staker:
        return Staker(self, self.address(address))

    def requests(self, **indexed: Any) -> list[SlashRequest]:
        """Every slash request, by their events: all, or those of an `avs` or an `operator`."""
        found = self.logs(self.slashing, "SlashRequested", **indexed)
        return [SlashRequest.of(self, log) for log in found]

    def request(self, id: str) -> SlashRequest:  # noqa: A002
        """The slash request of an id. Raises `UnknownName`."""
        try:
            raw = bytes.fromhex(id.removeprefix("0x"))
        except ValueError:
            raw = b""
        found = self.requests(id=raw) if len(raw) == 32 else []
        if not found:
            raise UnknownName(f"there is no slash request {id!r}: `catenary avs requests` shows those that are open")
        return found[0]

    def open_amounts(self, requests: Iterable[SlashRequest]) -> dict[SlashRequest, int]:
        """What each of some requests that is open may still take of `retained` [wad]."""
        all_of_them = list(dict.fromkeys(requests))
        amounts = self.chain.all([self.slashing.read("openAmount", one.plain, make=int) for one in all_of_them])
        return {one: amount for one, amount in zip(all_of_them, amounts, strict=True) if amount}

    def logs(self, contract: Contract, name: str, **indexed: Any) -> list[dict[str, Any]]:
        """What the logs of an event of a contract say, up to the block that is read; see `Chain.logs`."""
        return self.chain.logs(event(contract.name, name), contract.address, self.deployment.block, **indexed)

    def address(self, value: Any) -> str:
        """The address of an account, or the text of one with its checksum. Raises `UnknownName`."""
        text = str(getattr(value, "address", value))
        if not is_checksum_address(text):
            raise UnknownName(f"{text!r} is not an address with its checksum: copy it as it is shown elsewhere")
        return text

    # --- what newcomers do ---

    def register_operator(self, uri: str = "") -> Call:
        """Registers the caller as an operator; `uri` says where to read about it."""
        return self.registry.call("registerOperator", uri)

    def register_avs(self, terms: Terms, uri: str = "") -> Call:
        """Registers an AVS. Its terms are fixed for good. Raises `UnknownName` for an address without its checksum."""
        for named in (terms.slasher, terms.owner, terms.resolver, terms.recipient, terms.hook):
            self.address(named)
        return self.registry.call("registerAVS", terms.plain(), uri)


def clock_of(registry: Contract, chain: Chain) -> Clock:
    """The clock that the registry keeps."""
    views = ("GENESIS", "EPOCH", "REPORT_WINDOW", "MAX_VETO", "EXECUTE_WINDOW")
    return Clock(*chain.all([registry.read(view, make=int) for view in views]))
