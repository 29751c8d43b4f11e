"""The node that the life is played on: one that Ape starts and stops, or one that is already up."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partialmethod

from ape import networks
from ape.api import ProviderContextManager
from ape.exceptions import ApeException
from ape_foundry import FoundryProvider
from click import ClickException
from web3.eth import Eth

CHAIN_ID = 31_337
OWN_NODE = "ethereum:local:foundry"
_RUNNING_NODE = re.compile(r"(?:ethereum:local:)?(https?://.+)")

# Anvil often answers before the block is there, and web3 would then wait 100 ms before it looks again.
Eth.wait_for_transaction_receipt = partialmethod(Eth.wait_for_transaction_receipt, poll_latency=0.002)  # type: ignore


class Node:
    """A node whose time can be moved."""

    def __init__(self, provider: FoundryProvider) -> None:
        self._provider = provider

    @property
    def now(self) -> int:
        """The time of the last block [s, Unix time]."""
        return int(self._provider.get_block("latest").timestamp)

    def move_to(self, time: int) -> None:
        """Mines a block at `time`."""
        self._provider.set_timestamp(time)
        self._provider.make_request("evm_mine", [])

    def give(self, account: str, balance: int) -> None:
        """Sets what `account` has [wei]."""
        self._provider.set_balance(account, balance)

    def balance(self, account: str) -> int:
        return int(self._provider.get_balance(account))


@contextmanager
def connected(choice: str) -> Iterator[Node]:
    """Connects to the node that `--network` names, or refuses it in one line. What was started is stopped."""
    with ExitStack() as stack:
        try:
            provider = stack.enter_context(ProviderContextManager(provider=_provider(choice), disconnect_after=True))
        except ApeException as error:
            raise ClickException(f"cannot connect to {choice}: {error}") from error
        node = Node(provider)
        _require_suitable(choice, provider, node)
        yield node


def _provider(choice: str) -> FoundryProvider:
    running = _RUNNING_NODE.fullmatch(choice)
    settings = {"host": running[1], "manage_process": False} if running else {}
    try:
        provider = networks.get_provider_from_choice(OWN_NODE if running else choice, provider_settings=settings)
    except ApeException as error:
        raise ClickException(f"{choice} names no network") from error
    if not isinstance(provider, FoundryProvider) or provider.network.name != "local":
        raise ClickException(f"{choice} is not a local Anvil node: the demo moves time and spends what is not its own")
    return provider


def _require_suitable(choice: str, provider: FoundryProvider, node: Node) -> None:
    if provider.chain_id != CHAIN_ID:
        raise ClickException(f"{choice} has chain id {provider.chain_id}: the demo runs on {CHAIN_ID} only")
    try:
        mines_at_once = provider.auto_mine
        target = node.now + 60
        if mines_at_once:
            node.move_to(target)
    except (ApeException, ValueError) as error:
        raise ClickException(f"the time of {choice} cannot be moved: {error}") from error
    if not mines_at_once:
        raise ClickException(f"{choice} does not mine each transaction at once")
    if node.now != target:
        raise ClickException(f"the time of {choice} cannot be moved: it stands at {node.now}, not at {target}")
