"""Who and what there is: people, contracts, and how to read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ape import accounts, project
from ape.api import AccountAPI, EcosystemAPI
from ape.contracts import ContractInstance
from hexbytes import HexBytes

from demo.ledger import EPOCH, SEED, Ledger, PoolKey
from demo.node import Node
from demo.observation import Observation, SeenPool, SeenRewards, SeenTicket, SeenVault
from deployer.contracts import ZERO_ADDRESS, Core, Timing, container, deploy_core, deploy_vault

ETHER = 10**18
DAY = 86_400
BURN = "0x000000000000000000000000000000000000dEaD"
BURNT = "burnt"

OPERATORS = ("Aurora", "Borealis", "Cirrus")
STAKERS = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi")
AVSS = ("Oracle", "Bridge", "Archive", "Sequencer")
QUOTES, NEWCOMERS = "Quotes", ("Draco", "Eos")  # an AVS that is a contract, and operators that come for it
COUNCIL = "Council"  # vetoes for the Bridge
FUND = "users"  # of the Oracle, who receive what it slashes
PASSER_BY = "a passer-by"
OWNER, GUARDIAN = "owner", "guardian"
PEOPLE = (OWNER, GUARDIAN, *OPERATORS, *STAKERS, *AVSS, COUNCIL, FUND, PASSER_BY)

WETH, LST = "WETH", "lsETH"
PURSE = 10_000 * ETHER  # what each of them has at first [wei]
TOKENS = {"ARC": 18, "USDX": 6}  # that AVSs pay in, with their decimals
PAYS_IN = {"Archive": "ARC", "Bridge": "USDX"}
QUOTES_PAYS_IN = "ARC"


@dataclass(frozen=True)
class Terms:
    """On which terms an AVS slashes."""

    veto: int = 0  # [s]
    resolver: str | None = None
    recipient: str | None = None  # burns without one
    by_admission: bool = False

    @property
    def receiver(self) -> str:
        """Of what is slashed."""
        return self.recipient or BURNT


TERMS = {
    "Oracle": Terms(recipient=FUND),
    "Bridge": Terms(veto=2 * DAY, resolver=COUNCIL),
    "Archive": Terms(),
    "Sequencer": Terms(by_admission=True),
    QUOTES: Terms(),
}


@dataclass(frozen=True)
class World:
    node: Node
    people: dict[str, AccountAPI]
    timing: Timing
    core: Core
    assets: dict[str, ContractInstance]
    vaults: dict[str, ContractInstance]  # by the asset's name
    tokens: dict[str, ContractInstance]

    def avs(self, name: str) -> int:
        """Registered in this order on a fresh deployment."""
        return (*AVSS, QUOTES).index(name) + 1

    def start_of(self, epoch: int) -> int:
        """[s, Unix time]"""
        return self.timing.genesis + (epoch - 1) * self.timing.epoch

    def observe(self, ledger: Ledger) -> Observation:
        """Everything that the ledger knows of, as the chain has it."""
        delegation, slashing, places = self.core.delegation, self.core.slashing, self.places(ledger)
        told = iter(
            read(
                delegation,
                [
                    asked
                    for key, place in places.items()
                    for asked in (
                        (delegation.retained, place),
                        (delegation.poolShares, place),
                        *(
                            (view, (*place, self.people[name], *page))
                            for name in ledger.pools[key].entries  # nobody else can have come in: `poolShares` tells
                            for view, page in ((delegation.position, ()), (delegation.tickets, (0, ledger.epoch + 1)))
                        ),
                    )
                ],
            )
        )
        given = [(key, avs) for key, pool in ledger.pools.items() for avs in pool.allocations]
        parts = read(slashing, [(slashing.slashable, (self.avs(avs), *places[key])) for key, avs in given])
        slashable = dict(zip(given, parts, strict=True))

        pools = {}
        for key in places:
            retained, (live, leaving) = next(told), next(told)
            positions, tickets = {}, {}
            for name in ledger.pools[key].entries:
                position, opened = next(told), next(told)
                if position[0]:
                    positions[name] = (position[0], position[1])
                for each in opened:
                    tickets[name, each.epoch] = SeenTicket(each.poolShares, each.value, each.matured)
            own = {avs: (seen[0], seen[1]) for (place, avs), seen in slashable.items() if place == key}
            pools[key] = SeenPool(retained, live, leaving, positions, tickets, own)
        vaults = {name: self._observe_vault(name) for name in ledger.vaults}
        [epoch] = read(self.core.registry, [(self.core.registry.epoch, ())])
        return Observation(epoch, pools, vaults, self._observe_rewards(ledger))

    def places(self, ledger: Ledger) -> dict[PoolKey, tuple[str, str]]:
        """How the chain names each pool."""
        return {key: (self.people[key.operator].address, self.vaults[key.vault].address) for key in ledger.pools}

    def balance(self, token: str, account: Any) -> int:
        contract = self.tokens[token]
        return int.from_bytes(_call(contract, contract.balanceOf.encode_input(account)))

    def _observe_vault(self, name: str) -> SeenVault:
        vault = self.vaults[name]
        holders = {staker: self.people[staker] for staker in STAKERS}
        receivers = {FUND: self.people[FUND], BURNT: BURN}
        supply, assets, booked, *balances = read(
            vault,
            [
                (vault.totalSupply, ()),
                (vault.totalAssets, ()),
                (vault.balanceOf, (self.core.delegation,)),
                *((vault.balanceOf, (account,)) for account in (*holders.values(), *receivers.values())),
            ],
        )
        held = dict(zip(holders, balances, strict=False))
        slashed = dict(zip(receivers, balances[len(holders) :], strict=True))
        slashed[BURNT] -= SEED  # locked there
        return SeenVault(
            supply,
            assets,
            booked,
            {staker: shares for staker, shares in held.items() if shares},
            {receiver: shares for receiver, shares in slashed.items() if shares},
        )

    def _observe_rewards(self, ledger: Ledger) -> SeenRewards:
        rewards, places = self.core.rewards, self.places(ledger)
        lines = {(key, token): (*places[key], self.tokens[token].address) for key, token in ledger.lines}
        earners = [(line, staker) for line in lines for staker in ledger.pools[line[0]].entries]
        seen = read(
            rewards,
            [
                *((rewards.due, (self.people[staker], [(*lines[line], 0)])) for line, staker in earners),
                *((rewards.commission, place) for place in lines.values()),
            ],
        )
        due = {earner: (claimable, accruing) for earner, ([claimable], [accruing]) in zip(earners, seen, strict=False)}
        commission = dict(zip(lines, seen[len(earners) :], strict=True))
        return SeenRewards(due, commission, {token: self.balance(token, rewards) for token in ledger.put_in})


def read(contract: ContractInstance, calls: Iterable[tuple[Any, Sequence[Any]]]) -> list[Any]:
    """Reads many views of one contract in one request. Ape would send five."""
    ecosystem: EcosystemAPI = contract.provider.network.ecosystem
    asked = [(method.abis[0], method.encode_input(*arguments)) for method, arguments in calls]
    multicall = contract.multicall
    answer = _call(contract, multicall.encode_input([data for _, data in asked]))
    [answers] = ecosystem.decode_returndata(multicall.abis[0], answer)
    decoded = (ecosystem.decode_returndata(abi, data) for (abi, _), data in zip(asked, answers, strict=True))
    return [values[0] if len(values) == 1 else values for values in decoded]


def _call(contract: ContractInstance, data: HexBytes) -> HexBytes:
    call = {"to": contract.address, "data": data.to_0x_hex()}
    return HexBytes(contract.provider.make_request("eth_call", [call, "latest"]))


def build(node: Node) -> World:
    """Deploys the assets, the core and a vault for each asset, with the production clock, and the tokens of rewards."""
    people = dict(zip(PEOPLE, accounts.test_accounts[: len(PEOPLE)], strict=True))
    for person in people.values():
        node.give(person.address, PURSE)
    owner = people[OWNER]
    assets = {WETH: owner.deploy(container("WETH9")), LST: owner.deploy(project.LiquidStakingToken)}
    timing = Timing(genesis=node.now, epoch=EPOCH)
    core = deploy_core(owner, timing, owner, people[GUARDIAN])
    vaults = {
        name: deploy_vault(owner, core, asset, native=name == WETH, name=f"Catenary {name}", symbol=f"c{name}")
        for name, asset in assets.items()
    }
    assets[WETH].deposit(value=SEED, sender=owner)
    assets[LST].mint(owner, SEED, sender=owner)
    for name, vault in vaults.items():
        assets[name].approve(vault, SEED, sender=owner)
        core.registry.listVault(vault, sender=owner)
        vault.seed(sender=owner)
        vault.setCap(PURSE, sender=owner)
    for name in STAKERS:
        assets[LST].mint(people[name], PURSE, sender=owner)
        assets[LST].approve(vaults[LST], PURSE, sender=people[name])
    tokens = {name: owner.deploy(project.TestToken, name, name, decimals) for name, decimals in TOKENS.items()}
    for avs, name in PAYS_IN.items():
        tokens[name].mint(people[avs], PURSE, sender=owner)
        tokens[name].approve(core.rewards, PURSE, sender=people[avs])
    return World(node, people, timing, core, assets, vaults, tokens)


def terms_on_chain(world: World, name: str) -> tuple[Any, ...]:
    """`IAVSRegistry.Terms`"""
    terms, person = TERMS[name], world.people[name]
    recipient = world.people[terms.recipient] if terms.recipient else ZERO_ADDRESS
    resolver = world.people[terms.resolver] if terms.resolver else ZERO_ADDRESS
    return (person, terms.veto, terms.by_admission, recipient, person, resolver, ZERO_ADDRESS)
