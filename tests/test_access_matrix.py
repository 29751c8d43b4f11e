"""
Every state-changing function of the core and of the AVSs against every role: who may call it, and how all others are
refused.

The functions come from the ABIs, so that one which is missing in the table below fails. Calls are simulated on one
world, in which each of them goes through for whoever may make it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from deployer.contracts import ZERO_ADDRESS, container, deploy_vault
from tests.helpers import Protocol, reverts
from tests.helpers.bls import key_proof, public_key
from tests.helpers.oracle import STATEMENT, Scene, deploy_notary, deploy_oracle, key, key_of, setup
from tests.helpers.protocol import ANYTHING, DAY, ETHER, EVIDENCE, VAULT_SHARES
from tests.helpers.typed_data import DELEGATION, PERMIT, domain, sign

NAMES = (
    *("AVSRegistry", "DelegationManager", "SlashingManager", "RewardsDistributor", "StakingVault"),
    *("OracleAVS", "Notary", "BLSQuorum"),
)
FUNCTIONS = [
    f"{name}.{method.name}" for name in NAMES for method in getattr(project, name).contract_type.mutable_methods
]

CONTRACTS = {"registry", "delegation", "slashing", "rewards", "vault"}
PEOPLE = {
    *("owner", "guardian", "operator", "avs owner", "slasher", "resolver", "recipient"),
    *("staker", "completer", "stranger"),
}
EVERYONE = PEOPLE | CONTRACTS
NOBODY: set[str] = set()

CALLER = object()  # in the arguments of an error: whoever was refused

# What cannot be entered while code that is not ours runs in a call of the protocol.
LOCKED = {
    *(f"DelegationManager.{name}" for name in ("delegateShares", "delegateBySig", "undelegate")),
    *(f"DelegationManager.{name}" for name in ("complete", "redelegate")),
    *(f"StakingVault.{name}" for name in ("seed", "deposit", "mint", "withdraw", "redeem", "depositAndDelegate")),
    *(f"StakingVault.{name}" for name in ("depositNative", "depositNativeAndDelegate", "redeemNative")),
    *(f"RewardsDistributor.{name}" for name in ("pay", "openStream", "cancelStream", "takeRest")),
    *(f"RewardsDistributor.{name}" for name in ("claim", "claimCommission", "book")),
    *(f"OracleAVS.{name}" for name in ("pay", "provePremature")),  # by what they call
}


@dataclass(frozen=True)
class Rule:
    """One call: whoever is in `callers` may make it, and `error` refuses all others."""

    contract: ContractInstance
    arguments: tuple[Any, ...]
    callers: set[str]
    error: Any = None
    named: dict[str, Any] = field(default_factory=dict)
    value: int = 0
    given: Callable[[], object] = lambda: None  # what must have happened before


@dataclass(frozen=True)
class World:
    roles: dict[str, AccountAPI]
    rules: dict[str, Rule]
    hook: ContractInstance
    opt_in: Callable[[], object]  # in which the hook is called


@pytest.fixture(scope="module")
def matrix(
    protocol: Protocol,
    asset: ContractInstance,
    vault: ContractInstance,
    accounts: list[AccountAPI],
    owner: AccountAPI,
    guardian: AccountAPI,
    operator: AccountAPI,
    second_operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    resolver: AccountAPI,
    recipient: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    stranger: AccountAPI,
) -> World:
    registry, delegation, slashing = protocol.registry, protocol.delegation, protocol.slashing
    rewards = protocol.rewards
    staker, completer = alice, bob
    roles = {
        "owner": owner,
        "guardian": guardian,
        "operator": operator,
        "avs owner": avs_owner,
        "slasher": slasher,
        "resolver": resolver,
        "recipient": recipient,
        "staker": staker,
        "completer": completer,
        "stranger": stranger,
        "registry": accounts[registry.address],
        "delegation": accounts[delegation.address],
        "slashing": accounts[slashing.address],
        "rewards": accounts[rewards.address],
        "vault": accounts[vault.address],
    }
    for name in CONTRACTS:
        roles[name].balance = ETHER

    # Vaults: one in use, one of WETH, one that is not seeded, one that is not listed.
    weth = owner.deploy(container("WETH9"))
    native, unseeded, unlisted = (
        deploy_vault(owner, protocol, token, native=token is weth, name="Vault", symbol="V")
        for token in (weth, asset, asset)
    )
    weth.deposit(value=ETHER, sender=owner)
    weth.approve(native, ETHER, sender=owner)
    protocol.list_vault(native, owner)
    native.depositNative(staker, value=ETHER, sender=staker)
    registry.listVault(unseeded, sender=owner)
    asset.approve(unseeded, ETHER, sender=staker)

    # Pools, AVSs, and an allocation in force.
    for account, where in ((operator, vault), (second_operator, native)):
        if not registry.isOperator(account):
            registry.registerOperator("", sender=account)
        if not registry.isOpen(account, where):
            registry.openPool(where, 5_000, 1_000, 0, sender=account)
    hook = owner.deploy(project.HostileHook)
    avs = protocol.register_avs(
        avs_owner, slasher, vaults=[vault], resolver=resolver, veto=DAY, recipient=recipient, by_admission=True
    )
    other_avs = protocol.register_avs(avs_owner, slasher, vaults=[vault], hook=hook)
    registry.setAdmitted(avs, operator, True, sender=avs_owner)
    registry.optIn(avs, vault, 1_000, 0, b"", sender=operator)

    # Three AVSs with the operator as their one member, and an operator that may join.
    newcomer = accounts[13]
    oracle = deploy_oracle(protocol, vault, asset, avs_owner, [operator], by_admission=True)
    oracle.add_feed()
    oracle.fund(ETHER)
    notary = deploy_notary(protocol, vault, avs_owner, [operator], by_admission=True)
    mock = avs_owner.deploy(project.BlsNotary, setup(protocol, vault, avs_owner.address, by_admission=True))
    heir = ContractInstance(mock.address, project.BLSQuorum.contract_type)  # only what it has of the quorum
    quorum = Scene(protocol, heir, vault, avs_owner, [operator], "BLS Notary")
    bls_domain = domain(quorum.name, mock)
    for member, secret in ((operator, 1_001), (newcomer, 1_002)):
        mock.setBlsKey(public_key(secret), key_proof(secret, bls_domain, member), sender=member)
    for each, guaranteed, elastic in ((oracle, 2_000, 1_000), (notary, 0, 500), (quorum, 0, 500)):
        each.enlist(operator, staker, guaranteed=guaranteed, elastic=elastic)
        each.enlist(newcomer, staker, stake=ETHER, guaranteed=guaranteed, elastic=elastic)
    vault.depositAndDelegate(97 * ETHER, newcomer, 0, ANYTHING, sender=staker)

    # A staker with vault shares, a position and a matured ticket.
    vault.deposit(3 * ETHER, staker, sender=staker)
    delegation.delegateShares(operator, vault, 2 * ETHER, ANYTHING, sender=staker)
    delegation.setCompleter(completer, True, sender=staker)
    opened = protocol.epoch
    delegation.undelegate(operator, vault, ETHER, sender=staker)
    protocol.to_epoch(opened + 3, second=60)

    # A payer with a stream that has not begun, and something left to pay with.
    asset.mint(avs_owner, ETHER, sender=owner)
    asset.approve(rewards, ETHER, sender=avs_owner)
    rewards.openStream(operator, vault, asset, 1, 16, 2, sender=avs_owner)
    stream = rewards.streamCount()

    # A slash request within its veto period.
    receipt, request = protocol.request(avs, operator, vault, 1, sender=slasher)
    offence_at = receipt.timestamp

    # What the staker signed.
    deadline = receipt.timestamp + DAY
    signed = (staker, operator, vault, 1, ANYTHING, 0, deadline)
    signature = bytes(sign(staker, domain("Catenary", delegation), DELEGATION, signed).encode_rsv())
    permit = sign(staker, domain(vault.name(), vault), PERMIT, (staker, stranger, 1, 0, deadline))
    permit_arguments = (staker, stranger, 1, deadline, permit.v, permit.r, permit.s)
    terms = (slasher, 0, False, ZERO_ADDRESS, avs_owner, ZERO_ADDRESS, ZERO_ADDRESS)

    # What the operator signs in the next round, and two keys more.
    round_ = oracle.round + 1
    first, second = (oracle.report(operator, round_, price) for price in (1, 2))
    subject, statements, time = b"\xcc" * 32, (b"\xaa" * 32, b"\xbb" * 32), oracle.begin_of(round_)
    signatures = [notary.sign(key_of(operator), STATEMENT, subject, each, time) for each in statements]
    signer, bls_secret = key("another"), 2_001

    def rules(contract: ContractInstance, **table: tuple[Any, ...]) -> dict[str, Rule]:
        kind = contract.contract_type.name
        return {f"{kind}.{name}": _rule(contract, *row) for name, row in table.items()}

    unauthorised = (registry.OwnableUnauthorizedAccount, {"account": CALLER})
    no_operator = (registry.UnknownOperator, {"operator": CALLER})
    no_pool = (registry.UnknownPool, {"operator": CALLER, "vault": vault})
    not_opted_in = (registry.NotOptedIn, {"avs": avs, "operator": CALLER, "vault": vault})
    not_avs_owner = (registry.NotAVSOwner, {"avs": avs, "caller": CALLER})
    not_protocol = (delegation.NotProtocol, {"caller": CALLER})
    not_slashing = (delegation.NotSlashingManager, {"caller": CALLER})
    not_slasher = (slashing.NotSlasher, {"avs": avs, "caller": CALLER})
    no_position = (delegation.InsufficientPoolShares, {"staker": CALLER, "held": 0, "asked": 1})
    no_ticket = (
        delegation.NoTicket,
        {"operator": operator, "vault": vault, "staker": CALLER, "epoch": opened},
    )
    no_shares = (vault.ERC20InsufficientBalance, {"sender": CALLER, "balance": 0, "needed": 1})
    no_allowance = (vault.ERC20InsufficientAllowance, {"spender": CALLER, "allowance": 0, "needed": 1})
    no_asset = (asset.ERC20InsufficientAllowance, {"spender": vault, "allowance": 0, "needed": 1})
    no_reward = (asset.ERC20InsufficientAllowance, {"spender": rewards, "allowance": 0, "needed": 1})
    not_payer = (rewards.NotPayer, {"id": stream, "caller": CALLER})
    no_seed = (asset.ERC20InsufficientAllowance, {"spender": unseeded, "allowance": 0, "needed": vault.SEED()})

    asset_holders = {"staker", "completer", "owner"}
    share_holders = {"staker", "delegation"}  # the manager holds what is delegated
    staker_or_manager = {"staker", "delegation"}  # the manager needs no allowance

    def pause() -> None:
        registry.pause(sender=guardian)

    def offer_ownership() -> None:
        registry.transferOwnership(stranger, sender=owner)

    def end_veto_period() -> None:
        ape.chain.mine(timestamp=receipt.timestamp + DAY)

    def begin_round() -> None:
        oracle.take_snapshot()
        notary.take_snapshot()
        oracle.to_round(round_)

    def answer() -> None:
        begin_round()
        oracle.submit(round_, 1, [first])

    def prove() -> None:
        begin_round()
        oracle.contract.proveEquivocation(1, round_, first, second, sender=stranger)

    def base_rules(scene: Scene) -> dict[str, Rule]:
        """Of what every AVS has by `AVSBase`."""
        contract = scene.contract
        return rules(
            contract,
            setKey=(
                (signer.address, scene.prove(signer, operator)),
                {"operator"},
                contract.InvalidKeyProof,
                {"operator": CALLER, "signer": signer.address},
            ),
            onOptIn=(
                (scene.avs, operator, vault, 1, 0, b""),
                {"registry"},
                contract.NotRegistry,
                {"caller": CALLER},
            ),
            join=((newcomer,), EVERYONE),
            takeSnapshot=((1,), EVERYONE),
            setAdmitted=((second_operator, True), {"avs owner"}, *unauthorised),
            eject=((operator,), {"avs owner"}, *unauthorised),
            transferOwnership=((stranger,), {"avs owner"}, *unauthorised),
            renounceOwnership=((), {"avs owner"}, *unauthorised),
            acceptOwnership=(
                (),
                {"stranger"},
                *unauthorised,
                0,
                lambda: contract.transferOwnership(stranger, sender=avs_owner),
            ),
        )

    table = {
        **rules(
            registry,
            # function            arguments                              callers, and how others are refused
            registerOperator=(("",), EVERYONE - {"operator"}, registry.OperatorAlreadyRegistered, no_operator[1]),
            openPool=((native, 0, 0, 0), {"operator"}, *no_operator),
            setMandate=((vault, 3_000, 0), {"operator"}, *no_pool),
            optIn=((other_avs, vault, 1, 0, b""), {"operator"}, *no_pool),
            allocate=((avs, vault, 1, 0), {"operator"}, *not_opted_in),
            optOut=((avs, vault), {"operator"}, *not_opted_in),
            registerAVS=((terms, ""), EVERYONE),
            setAdmitted=((avs, operator, True), {"avs owner"}, *not_avs_owner),
            setVault=((avs, vault, True), {"avs owner"}, *not_avs_owner),
            eject=((avs, operator, vault), {"avs owner"}, *not_avs_owner),
            listVault=((unlisted,), {"owner"}, *unauthorised),
            setGuardian=((stranger,), {"owner"}, *unauthorised),
            transferOwnership=((stranger,), {"owner"}, *unauthorised),
            acceptOwnership=((), {"stranger"}, *unauthorised, 0, offer_ownership),
            pause=((), {"owner", "guardian"}, registry.NotGuardian, {"caller": CALLER}),
            unpause=((), {"owner"}, *unauthorised, 0, pause),
            multicall=(([],), EVERYONE),
        ),
        **rules(
            delegation,
            delegateShares=((operator, vault, 1, ANYTHING), share_holders, *no_shares),
            delegateBySig=((signed, signature), EVERYONE),
            voidNonce=((), EVERYONE),
            undelegate=((operator, vault, 1), {"staker"}, *no_position),
            complete=(
                (operator, vault, staker, opened, staker, VAULT_SHARES),
                {"staker", "completer"},
                delegation.NotCompleter,
                {"staker": staker, "caller": CALLER},
            ),
            redelegate=((operator, vault, opened, operator, staker, ANYTHING), {"staker"}, *no_ticket),
            setCompleter=((stranger, True), EVERYONE),
            delegateMinted=(
                (staker, operator, 1, ANYTHING),
                {"vault"},
                registry.UnknownPool,
                {"operator": operator, "vault": CALLER},
            ),
            slash=((operator, vault, 1, recipient), {"slashing"}, *not_slashing),
            requestOpened=((operator, vault, deadline), {"slashing"}, *not_slashing),
            requestEnded=((operator, vault), {"slashing"}, *not_slashing),
            take=((), {"registry", "rewards", "vault"}, *not_protocol),
            giveBack=((), NOBODY, *not_protocol),
            multicall=(([],), EVERYONE),
        ),
        **rules(
            slashing,
            request=((avs, operator, vault, 1, offence_at, EVIDENCE, ""), {"slasher"}, *not_slasher),
            takeBack=((request,), {"slasher"}, *not_slasher),
            veto=((request,), {"resolver"}, slashing.NotResolver, {"avs": avs, "caller": CALLER}),
            execute=((request,), EVERYONE, None, {}, 0, end_veto_period),
            multicall=(([],), EVERYONE),
        ),
        **rules(
            rewards,
            pay=((asset, protocol.epoch - 1, [(operator, vault, 1, 16)]), {"avs owner"}, *no_reward),
            openStream=((operator, vault, asset, 1, 16, 1), {"avs owner"}, *no_reward),
            cancelStream=((stream, avs_owner), {"avs owner"}, *not_payer),
            takeRest=((stream, 1, avs_owner), {"avs owner"}, *not_payer),
            claim=(
                (staker, [(operator, vault, asset, 0)], staker),
                {"staker", "completer"},
                rewards.NotCompleter,
                {"staker": staker, "caller": CALLER},
            ),
            claimCommission=((vault, asset, stranger), EVERYONE),  # each of its own pool
            book=((operator, vault, asset, opened), EVERYONE),
            send=((asset, stranger, 1), {"rewards"}, rewards.NotSelf, {"caller": CALLER}),
            multicall=(([],), EVERYONE),
        ),
        **rules(
            vault,
            deposit=((1, stranger), asset_holders, *no_asset),
            mint=((1, stranger), asset_holders, *no_asset),
            depositAndDelegate=((1, operator, 0, ANYTHING), asset_holders, *no_asset),
            withdraw=((1, stranger, staker), staker_or_manager, *no_allowance),
            redeem=((1, stranger, staker), staker_or_manager, *no_allowance),
            transfer=((stranger, 1), share_holders, *no_shares),
            transferFrom=((staker, stranger, 1), {"delegation"}, *no_allowance),
            approve=((stranger, 1), EVERYONE),
            permit=(permit_arguments, EVERYONE),
            permitAsset=((1, deadline, 0, b"", b""), EVERYONE),
            setCap=((1,), {"owner"}, vault.NotOwner, {"caller": CALLER}),
            multicall=(([],), EVERYONE),
        ),
        **rules(
            native,
            depositNative=((stranger,), EVERYONE, None, {}, 1),
            depositNativeAndDelegate=((second_operator, 0, ANYTHING), EVERYONE, None, {}, 1),
            redeemNative=((1, stranger, staker), staker_or_manager, *no_allowance),
        ),
        **rules(unseeded, seed=((), {"staker"}, *no_seed)),
        **base_rules(oracle),
        **rules(
            oracle.contract,
            addFeed=(((8, 3_600, 50, 6_667), "BTC / USD"), {"avs owner"}, *unauthorised),
            submit=((1, round_, 1, [first]), EVERYONE, None, {}, 0, begin_round),
            submitLate=((1, round_, [first]), EVERYONE, None, {}, 0, answer),
            pay=(([operator],), EVERYONE),
            proveEquivocation=((1, round_, first, second), EVERYONE, None, {}, 0, begin_round),
            provePremature=((1, round_ + 1, oracle.report(operator, round_ + 1, 1)), EVERYONE),
            takeBounty=((stranger,), {"stranger"}, oracle.contract.NoBounty, {"reporter": CALLER}, 0, prove),
        ),
        **base_rules(notary),
        **rules(
            notary.contract,
            certify=((subject, statements[0], time, signatures[:1]), EVERYONE, None, {}, 0, begin_round),
            proveConflict=((subject, statements, (time, time), signatures), EVERYONE, None, {}, 0, begin_round),
        ),
        **base_rules(quorum),
        **rules(
            quorum.contract,
            setBlsKey=(
                (public_key(bls_secret), key_proof(bls_secret, bls_domain, operator)),
                {"operator"},
                quorum.contract.InvalidBlsProof,
                {"operator": CALLER},
            ),
        ),
    }

    def opt_in() -> None:
        registry.optIn(other_avs, vault, 1, 0, b"", sender=operator)

    return World(roles, table, hook, opt_in)


def _rule(
    contract: ContractInstance,
    arguments: tuple[Any, ...],
    callers: set[str],
    error: Any = None,
    named: dict[str, Any] | None = None,
    value: int = 0,
    given: Callable[[], object] = lambda: None,
) -> Rule:
    return Rule(contract, arguments, callers, error, named or {}, value, given)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function__can_be_called_by_those_who_may_and_nobody_else(matrix: World, function: str) -> None:
    rule = matrix.rules[function]
    rule.given()
    call = rule.contract._mutable_methods_[function.split(".")[1]].call
    for role, account in matrix.roles.items():
        if role in rule.callers:
            call(*rule.arguments, sender=account, value=rule.value)
        else:
            named = {name: account if value is CALLER else value for name, value in rule.named.items()}
            with reverts(rule.error, **named):
                call(*rule.arguments, sender=account, value=rule.value)


def test_table__names_every_function_and_role(matrix: World) -> None:
    assert set(matrix.rules) == set(FUNCTIONS)
    assert set(matrix.roles) == EVERYONE
    assert set(FUNCTIONS) >= LOCKED


def test_table__names_every_contract_that_is_deployed() -> None:
    types = project.manifest.contract_types
    sources = {name: each.source_id for name, each in types.items() if each.deployment_bytecode.bytecode != "0x"}
    ours = {name for name, source in sources.items() if not source.startswith("contracts/mocks/")}
    # Of BLSQuorum only heirs are deployed.
    assert {name for name in ours if types[name].mutable_methods} | {"BLSQuorum"} == set(NAMES)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function__called_back_in_the_middle_of_another__meets_the_lock_if_it_has_one(
    matrix: World, function: str, stranger: AccountAPI
) -> None:
    rule = matrix.rules[function]
    data = rule.contract._mutable_methods_[function.split(".")[1]].encode_input(*rule.arguments)
    matrix.hook.setCallback(rule.contract, data, sender=stranger)
    matrix.opt_in()
    met_the_lock = not matrix.hook.succeeded() and matrix.hook.result() == keccak(text="Reentered()")[:4]
    assert met_the_lock == (function in LOCKED)
