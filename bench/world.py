"""The protocol as each row of the gas table finds it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ape
from ape import project
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from bench.chain import START
from deployer.contracts import Timing, container, deploy_core, deploy_vault
from tests.helpers.protocol import DAY, ETHER, Protocol

AMOUNT = 10_123456789123456789  # no amount is round, for zero bytes of calldata cost less
PART = 3_123456789123456789  # what a staker takes out of its position
LOSS_BUDGET, COMMISSION = 5_000, 1_000  # of every pool [bps]
GUARANTEED = 2_000  # of an AVS with a recipient [bps]
ACCEPTED = (LOSS_BUDGET, COMMISSION, 0, False)  # what a staker states who has looked at the pool

# Goes through a range and shows how far it got, under a name.
Track = Callable[[range, str], Iterable[int]]


@dataclass(frozen=True)
class World:
    """
    The start of epoch 5. Alice and Bob staked in epoch 1, with the operator and with the second one, over a plain
    token and over WETH; all allocations are in force; nobody was ever slashed, nobody ever left, and nobody has moved
    in this epoch. The third operator has a pool without stakers or AVSs. Everyone holds the token and has
    given the vault an infinite allowance; the payer has given one to the distributor.
    """

    protocol: Protocol
    asset: ContractInstance
    vault: ContractInstance
    native: ContractInstance  # the vault over WETH
    alice: AccountAPI
    bob: AccountAPI
    newcomer: AccountAPI  # holds the token, never staked
    operator: AccountAPI
    second_operator: AccountAPI
    third_operator: AccountAPI
    slasher: AccountAPI
    resolver: AccountAPI
    recipient: AccountAPI  # of all slashed stake that is not burnt
    stranger: AccountAPI
    payer: AccountAPI  # of rewards, in the token
    at_once: int  # AVS without a veto period, with a recipient; of the operator and the second one
    with_veto: int  # AVS with a veto period and a recipient; of the operator
    elastic: int  # AVS that burns; of the operator and the second one, with an elastic part
    joinable: int  # AVS that burns; of the second operator
    unused: int  # AVS that nobody ever opted in to, that burns
    track: Track

    @property
    def registry(self) -> ContractInstance:
        return self.protocol.registry

    @property
    def delegation(self) -> ContractInstance:
        return self.protocol.delegation

    @property
    def now(self) -> int:
        """The time of the last block [s, Unix time]."""
        return int(ape.chain.blocks.head.timestamp)

    def stake(self, staker: AccountAPI, operator: AccountAPI | None = None) -> ReceiptAPI:
        """Stakes the token with the operator, or another one."""
        return self.vault.depositAndDelegate(AMOUNT, operator or self.operator, AMOUNT, ACCEPTED, sender=staker)

    def stake_native(self, staker: AccountAPI) -> ReceiptAPI:
        """Stakes ether with the operator."""
        return self.native.depositNativeAndDelegate(self.operator, AMOUNT, ACCEPTED, value=AMOUNT, sender=staker)

    def undelegate(self, staker: AccountAPI, vault: ContractInstance | None = None) -> ReceiptAPI:
        """Undelegates a part from the operator."""
        return self.delegation.undelegate(self.operator, vault or self.vault, PART, sender=staker)

    def touch(self) -> None:
        """Bob delegates and undelegates: the pools are no longer as the epoch found them."""
        self.stake(self.bob)
        self.stake_native(self.bob)
        self.undelegate(self.bob)
        self.undelegate(self.bob, self.native)

    def next_epoch(self, count: int = 1) -> None:
        """Goes on to the start of a later epoch, in which Bob has already moved."""
        self.protocol.skip_epochs(count)
        self.touch()


def open_pools(registry: ContractInstance, operator: AccountAPI, vaults: Sequence[ContractInstance]) -> None:
    registry.registerOperator("", sender=operator)
    for vault in vaults:
        registry.openPool(vault, LOSS_BUDGET, COMMISSION, 0, sender=operator)


def create_world(track: Track) -> World:
    """Deploys the protocol on a chain that has just started, and lets it live for four epochs."""
    accounts = ape.accounts.test_accounts
    owner, guardian, alice, bob, newcomer, first, second, third = accounts[:8]
    avs_owner, slasher, resolver, recipient, stranger, payer = accounts[8:14]

    core = deploy_core(owner, Timing(genesis=START), owner, guardian)
    protocol = Protocol(core.registry, core.slashing, core.delegation, core.rewards, owner, guardian)
    asset = owner.deploy(project.TestToken, "Asset", "AST", 18)
    weth = owner.deploy(container("WETH9"))
    vault = deploy_vault(owner, protocol, asset, native=False, name="Catenary AST", symbol="cAST")
    native = deploy_vault(owner, protocol, weth, native=True, name="Catenary Ether", symbol="cETH")
    weth.deposit(value=ETHER, sender=owner)
    weth.approve(native, ETHER, sender=owner)
    for holder in (owner, alice, bob, newcomer):
        asset.mint(holder, 1_000 * ETHER, sender=owner)
        asset.approve(vault, 2**256 - 1, sender=holder)
    asset.mint(payer, 1_000_000 * ETHER, sender=owner)
    asset.approve(protocol.rewards, 2**256 - 1, sender=payer)
    protocol.list_vault(vault, owner)
    protocol.list_vault(native, owner)
    for operator in (first, second, third):
        open_pools(protocol.registry, operator, [vault, native])

    def register(**terms: Any) -> int:
        return protocol.register_avs(avs_owner, slasher, vaults=[vault], **terms)

    world = World(
        protocol,
        asset,
        vault,
        native,
        alice,
        bob,
        newcomer,
        first,
        second,
        third,
        slasher,
        resolver,
        recipient,
        stranger,
        payer,
        at_once=register(recipient=recipient),
        with_veto=register(recipient=recipient, resolver=resolver, veto=DAY),
        elastic=register(),
        joinable=register(),
        unused=register(),
        track=track,
    )

    def opt_in(operator: AccountAPI, avs: int, guaranteed: int, elastic: int = 0) -> None:
        protocol.registry.optIn(avs, vault, guaranteed, elastic, b"", sender=operator)

    opt_in(first, world.at_once, GUARANTEED)
    opt_in(first, world.with_veto, GUARANTEED)
    opt_in(first, world.elastic, 300, 4_000)
    opt_in(second, world.at_once, GUARANTEED)
    opt_in(second, world.elastic, 300, 4_000)
    opt_in(second, world.joinable, 500)
    for staker in (alice, bob):
        world.stake(staker)
        world.stake(staker, second)
        world.stake_native(staker)
    protocol.to_epoch(5)
    return world
