"""The worked examples of docs/, played on chain. Tables are read from the pages, so what they say is what is tested."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.contracts import deploy_vault
from tests.helpers import Protocol, reverts
from tests.helpers.pages import ROOT, pair, section, table, units
from tests.helpers.protocol import ANY_MANDATE, ETHER, VAULT_SHARES


def _next_block_at(protocol: Protocol, epoch: int, left: int) -> None:
    """The next block has `left` seconds of `epoch` to go."""
    ape.chain.pending_timestamp = protocol.registry.startOf(epoch + 1) - left


# ------------------------------------------------------------------------------------------------- staking-vault.md


@pytest.fixture(scope="session")
def six_decimals(owner: AccountAPI, alice: AccountAPI, bob: AccountAPI) -> ContractInstance:
    token = owner.deploy(project.TestToken, "Six", "SIX", 6)
    for holder in (owner, alice, bob):
        token.mint(holder, 1_000 * 10**6, sender=owner)
    return token


@pytest.fixture(scope="session")
def six_vault(
    protocol: Protocol, six_decimals: ContractInstance, owner: AccountAPI, alice: AccountAPI, bob: AccountAPI
) -> ContractInstance:
    vault = deploy_vault(owner, protocol, six_decimals, native=False, name="Catenary SIX", symbol="cSIX")
    for holder in (owner, alice, bob):
        six_decimals.approve(vault, 2**256 - 1, sender=holder)
    return vault


def test_staking_vault_md__worked_example(
    protocol: Protocol,
    six_decimals: ContractInstance,
    six_vault: ContractInstance,
    owner: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    """docs/staking-vault.md, "Worked example", first part."""
    rows = table("staking-vault.md", "Worked example")
    steps: dict[str, Callable[[], object]] = {
        "`seed`": lambda: protocol.list_vault(six_vault, owner),
        "Alice deposits 99": lambda: six_vault.deposit(99 * 10**6, alice, sender=alice),
        "the asset yields 10": lambda: six_decimals.mint(six_vault, 10 * 10**6, sender=owner),
        "Bob deposits 11": lambda: six_vault.deposit(11 * 10**6, bob, sender=bob),
        "Bob redeems 10 shares": lambda: six_vault.redeem(10 * 10**6, bob, bob, sender=bob),
    }
    assert [row[0] for row in rows] == list(steps)

    for step, *numbers in rows:
        steps[step]()
        seen = (six_vault.totalAssets(), six_vault.totalSupply(), six_vault.balanceOf(alice), six_vault.balanceOf(bob))
        assert seen == tuple(units(number, 6) for number in numbers), step
    assert six_decimals.balanceOf(bob) == (1_000 - 11) * 10**6 + units("10.999999", 6)


def test_staking_vault_md__donation(
    asset: ContractInstance, vault: ContractInstance, alice: AccountAPI, bob: AccountAPI
) -> None:
    """docs/staking-vault.md, "Worked example", the donor."""
    asset.transfer(vault, 1 * ETHER, sender=alice)

    vault.deposit(1 * ETHER, bob, sender=bob)
    assert vault.balanceOf(bob) == 1_000_000
    vault.redeem(1_000_000, bob, bob, sender=bob)

    assert asset.balanceOf(bob) == 999 * ETHER + units("0.99999950000075")


# -------------------------------------------------------------------------------------------------- avs-registry.md


def test_avs_registry_md__rule_of_time(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, avs_owner: AccountAPI, slasher: AccountAPI
) -> None:
    """docs/avs-registry.md, "Worked example: the rule of time"."""
    registry = protocol.registry
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool])
    rows = table("avs-registry.md", "Worked example: the rule of time")
    assert len(rows) == 4

    for announced_in, value, *by_epoch in rows:
        epoch = int(announced_in)
        if epoch != protocol.epoch:
            protocol.to_epoch(epoch)
        if value == "opt-out":
            registry.optOut(avs, pool, sender=operator)
        elif registry.isOptedIn(avs, operator, pool):
            registry.allocate(avs, pool, units(value, 0), 0, sender=operator)
        else:
            registry.optIn(avs, pool, units(value, 0), 0, b"", sender=operator)

        seen = [registry.allocationAt(avs, operator, pool, each)[0] for each in range(epoch, 9)]
        assert by_epoch == [""] * (epoch - 1) + [f"{number:,}" for number in seen], f"announced in {epoch}"


@pytest.fixture
def two_avss(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, avs_owner: AccountAPI, slasher: AccountAPI
) -> tuple[int, int]:
    """A has 3,000 bps in force, B counts the vault. The pool was delegated to, so its mandate takes its time."""
    a, b = (protocol.register_avs(avs_owner, slasher, vaults=[pool]) for _ in range(2))
    protocol.registry.optIn(a, pool, 3_000, 0, b"", sender=operator)
    return a, b


def test_avs_registry_md__loss_budget(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI, two_avss: tuple[int, int]
) -> None:
    """docs/avs-registry.md, "Worked example: the loss budget"."""
    registry = protocol.registry
    a, b = two_avss
    pool.depositAndDelegate(ETHER, operator, 0, ANY_MANDATE, sender=alice)
    now = protocol.skip_epochs(3)

    registry.allocate(a, pool, 1_000, 0, sender=operator)
    with reverts(registry.LossBudgetExceeded, epoch=now + 3, guaranteed=5_001, lossBudget=5_000):
        registry.optIn(b, pool, 4_001, 0, b"", sender=operator)
    registry.optIn(b, pool, 4_000, 0, b"", sender=operator)

    seen = [registry.partsAt(b, operator, pool, now + i) for i in range(4)]
    assert table("avs-registry.md", "Worked example: the loss budget") == [
        ["guaranteed to A", *(f"{registry.allocationAt(a, operator, pool, now + i)[0]:,}" for i in range(4))],
        ["guaranteed to B", *(f"{each.guaranteed:,}" for each in seen)],
        ["Σ guaranteed", *(f"{each.allGuaranteed:,}" for each in seen)],
        ["loss budget", *(f"{each.lossBudget:,}" for each in seen)],
    ]
    assert registry.room(operator, pool) == 0

    with reverts(registry.LossBudgetExceeded, epoch=now + 3, guaranteed=5_000, lossBudget=4_000):
        registry.setMandate(pool, 4_000, 1_000, sender=operator)
    registry.setMandate(pool, 6_000, 1_000, sender=operator)
    registry.allocate(b, pool, 5_000, 0, sender=operator)
    with reverts(registry.LossBudgetExceeded, epoch=now + 3, guaranteed=6_000, lossBudget=5_000):
        registry.setMandate(pool, 5_000, 1_000, sender=operator)


# -------------------------------------------------------------------------------------------- delegation-manager.md


def test_delegation_manager_md__slash_at_each_stage_of_an_exit(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    recipient: AccountAPI,
) -> None:
    """docs/delegation-manager.md, "Worked example: a slash at each stage of an exit"."""
    delegation = protocol.delegation
    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool], recipient=recipient)
    protocol.registry.optIn(avs, pool, 3_000, 0, b"", sender=operator)
    e = protocol.skip_epochs(3)
    protocol.to_epoch(e, 60)  # an offence of a second ago was in this epoch
    before = 0

    def slash(amount: str) -> Callable[[], object]:
        return lambda: protocol.request(avs, operator, pool, units(amount), sender=slasher)

    def deposit(staker: AccountAPI, amount: int) -> Callable[[], object]:
        return lambda: pool.depositAndDelegate(amount * ETHER, operator, 0, ANY_MANDATE, sender=staker)

    steps: list[tuple[str, int, Callable[[], object]]] = [
        ("Alice delegates 100", e, deposit(alice, 100)),
        ("slash of 0.2", e, slash("0.2")),
        ("Bob delegates 40", e, deposit(bob, 40)),
        ("Alice undelegates 50", e, lambda: delegation.undelegate(operator, pool, 50 * ETHER, sender=alice)),
        ("slash of 0.2", e + 1, slash("0.2")),
        ("slash of 0.1", e + 2, slash("0.1")),
        (
            "Alice completes",
            e + 2,
            lambda: delegation.complete(operator, pool, alice, e, alice, VAULT_SHARES, sender=alice),
        ),
    ]
    rows = table("delegation-manager.md", "Worked example: a slash at each stage of an exit")
    assert [row[:2] for row in rows] == [[name, f"e + {epoch - e}" if epoch > e else "e"] for name, epoch, _ in steps]

    for (_, epoch, step), (name, _, *numbers) in zip(steps, rows, strict=True):
        if epoch != protocol.epoch:
            protocol.to_epoch(epoch, 60)
        step()
        ticket = delegation.ticket(operator, pool, alice, e)
        out = pool.balanceOf(recipient) + pool.balanceOf(alice)
        assert [
            delegation.retained(operator, pool),
            *delegation.position(operator, pool, alice),
            *delegation.position(operator, pool, bob),
            ticket.poolShares,
            ticket.value,
            out - before,
        ] == [units(number) for number in numbers], name
        before = out

    assert pool.balanceOf(recipient) == 60 * ETHER
    assert pool.balanceOf(alice) == 30 * ETHER
    assert pool.balanceOf(delegation) == 50 * ETHER


def test_delegation_manager_md__share_seconds(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, alice: AccountAPI
) -> None:
    """docs/delegation-manager.md, "Worked example: share-seconds"."""
    e = protocol.epoch + 1
    _next_block_at(protocol, e, 453_600)
    pool.depositAndDelegate(100 * ETHER, operator, 0, ANY_MANDATE, sender=alice)
    _next_block_at(protocol, e, 151_200)
    protocol.delegation.undelegate(operator, pool, 40 * ETHER, sender=alice)
    assert protocol.delegation.holding(operator, pool, alice) == (60 * ETHER, 39_312_000 * ETHER, e, 0)

    # A move in the last second of the next epoch shows what that collects: one wei less for one second.
    _next_block_at(protocol, e + 1, 1)
    protocol.delegation.undelegate(operator, pool, 1, sender=alice)
    assert protocol.delegation.holding(operator, pool, alice) == (60 * ETHER - 1, 36_288_000 * ETHER - 1, e + 1, 1)


# ---------------------------------------------------------------------------------------------- slashing-manager.md


@pytest.fixture
def three_avss(
    protocol: Protocol,
    pool: ContractInstance,
    operator: AccountAPI,
    alice: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
) -> dict[str, int]:
    """A, B and C with the parts that the page gives them, in force, and 100 vault shares of Alice."""
    avss = {}
    for name, guaranteed, elastic, *_ in table("slashing-manager.md", "Worked example: what is safe"):
        avss[name] = protocol.register_avs(avs_owner, slasher, vaults=[pool])
        protocol.registry.optIn(avss[name], pool, units(guaranteed, 0), units(elastic, 0), b"", sender=operator)
    pool.depositAndDelegate(100 * ETHER, operator, 0, ANY_MANDATE, sender=alice)
    protocol.skip_epochs(3)
    return avss


def test_slashing_manager_md__what_is_safe(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, three_avss: dict[str, int]
) -> None:
    """docs/slashing-manager.md, "Worked example: what is safe"."""
    slashing = protocol.slashing
    rows = table("slashing-manager.md", "Worked example: what is safe")
    assert [row[0] for row in rows] == ["A", "B", "C"]

    for name, _, _, slashable, safe, others in rows:
        assert slashing.slashable(three_avss[name], operator, pool) == pair(slashable), name
        assert slashing.safe(three_avss[name], operator, pool) == pair(safe), name
        shares = slashing.stake(three_avss[name], operator, pool).shares
        in_shares = [100 * fraction for fraction in (*pair(slashable), *pair(safe), units(others))]
        assert list(shares) == in_shares, name
    assert slashing.worstCase(operator, pool, 100 * ETHER) == (100 * ETHER, 50 * ETHER, 25 * ETHER)


def test_slashing_manager_md__all_take_what_they_can(
    protocol: Protocol, pool: ContractInstance, operator: AccountAPI, slasher: AccountAPI, three_avss: dict[str, int]
) -> None:
    """docs/slashing-manager.md, "Worked example: all take what they can"."""
    slashing = protocol.slashing
    e = protocol.epoch
    protocol.to_epoch(e, 604_800 - 3_600)
    requests = {}

    def ask(name: str, amount: str) -> Callable[[], object]:
        def file() -> object:
            receipt, requests[name] = protocol.request(three_avss[name], operator, pool, units(amount), sender=slasher)
            return receipt

        return file

    steps: dict[str, Callable[[], object]] = {
        "C, hostile, asks for 1": ask("C", "1"),
        "B asks for 0.35": ask("B", "0.35"),
        "A asks for 0.20": ask("A", "0.20"),
        "the next epoch begins": lambda: protocol.to_epoch(e + 1),
        "anyone executes the rest of B's": lambda: slashing.execute(requests["B"], sender=slasher),
    }
    rows = table("slashing-manager.md", "Worked example: all take what they can")
    assert [row[0] for row in rows] == list(steps)

    for step, guaranteed, elastic, retained, moved, *slashable in rows:
        held = pool.balanceOf(protocol.delegation)
        receipt = steps[step]()
        slashed = list(slashing.Slashed.from_receipt(receipt)) if receipt else []
        assert [(log.guaranteed, log.elastic) for log in slashed] == (
            [(units(guaranteed), units(elastic))] if moved != "0" else []
        ), step
        assert protocol.delegation.retained(operator, pool) == units(retained), step
        assert held - pool.balanceOf(protocol.delegation) == units(moved), step
        seen = [slashing.slashable(three_avss[name], operator, pool) for name in "ABC"]
        assert seen == [pair(each) for each in slashable], step
        if step.startswith("A asks"):
            assert slashing.openAmount(requests["B"]) == units("0.15")


# ------------------------------------------------------------------------------------------- rewards-distributor.md

WEEK = 604_800


@pytest.fixture
def dollar(
    protocol: Protocol,
    six_decimals: ContractInstance,
    owner: AccountAPI,
    avs_owner: AccountAPI,
    stranger: AccountAPI,
) -> ContractInstance:
    """What the page pays in. The payers are `avs_owner` and `stranger`."""
    for payer in (avs_owner, stranger):
        six_decimals.mint(payer, 100_000 * 10**6, sender=owner)
        six_decimals.approve(protocol.rewards, 2**256 - 1, sender=payer)
    return six_decimals


def test_rewards_distributor_md__paying_by_stake(
    protocol: Protocol,
    pool: ContractInstance,
    dollar: ContractInstance,
    operator: AccountAPI,
    second_operator: AccountAPI,
    avs_owner: AccountAPI,
    slasher: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    """docs/rewards-distributor.md, "How an AVS pays" and "Worked example: paying by stake"."""
    (code,) = re.findall(r"```python\n(.*?)```", section("rewards-distributor.md", "How an AVS pays"), flags=re.DOTALL)
    rows = table("rewards-distributor.md", "Worked example: paying by stake")
    assert [row[0] for row in rows] == ["first", "second"]

    avs = protocol.register_avs(avs_owner, slasher, vaults=[pool])
    protocol.registry.registerOperator("", sender=second_operator)
    protocol.registry.openPool(pool, 5_000, 1_000, 0, sender=second_operator)
    for each, row in zip((operator, second_operator), rows, strict=True):
        protocol.registry.optIn(avs, pool, units(row[3], 0), 0, b"", sender=each)
    pool.depositAndDelegate(units(rows[0][1]), operator, 0, ANY_MANDATE, sender=alice)
    e = protocol.epoch + 3
    _next_block_at(protocol, e, WEEK // 2)
    pool.depositAndDelegate(units(rows[1][1]), second_operator, 0, ANY_MANDATE, sender=bob)
    protocol.to_epoch(e + 1)
    names: dict[str, Any] = {
        "slashing": protocol.slashing,
        "rewards": protocol.rewards,
        "avs": avs,
        "token": dollar,
        "amount": 1_000 * 10**6,
        "floor": 40,
        "payer": avs_owner,
    }
    exec(code, names)

    averages = protocol.slashing.averages(avs, 0, 100)
    paid = list(protocol.rewards.Paid.from_receipt(names["receipt"]))
    for each, log, row in zip(averages, paid, rows, strict=True):
        _, _, average, guaranteed, in_shares, amount = row
        assert each.guaranteed == units(average) * units(guaranteed, 0) // 10_000 == units(in_shares)
        assert (log.operator, log.epoch, log.amount) == (each.operator, e, units(amount, 6))


@pytest.mark.parametrize(("column", "shares"), [(2, 100 * ETHER), (3, ETHER), (4, 1)])
def test_rewards_distributor_md__the_floor(
    protocol: Protocol,
    pool: ContractInstance,
    dollar: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    alice: AccountAPI,
    column: int,
    shares: int,
) -> None:
    """docs/rewards-distributor.md, "The floor" and its worked example."""
    assert f"{math.log(WEEK * ETHER, 4):.1f}" == "39.5"
    e = protocol.epoch + 1
    _next_block_at(protocol, e, WEEK)
    pool.depositAndDelegate(shares, operator, 0, ANY_MANDATE, sender=alice)
    protocol.to_epoch(e + 1)

    for row in table("rewards-distributor.md", "Worked example: the floor"):
        floor = int(row[0])
        assert row[1] == f"{4**floor / (WEEK * ETHER):,.2f}"
        receipt = protocol.rewards.pay(
            dollar, protocol.epoch - 1, [(operator, pool, 1_000 * 10**6, floor)], sender=avs_owner
        )
        paid = sum(log.amount for log in protocol.rewards.Paid.from_receipt(receipt))
        assert paid == units(row[column], 6), floor


def test_rewards_distributor_md__four_epochs(
    protocol: Protocol,
    pool: ContractInstance,
    dollar: ContractInstance,
    operator: AccountAPI,
    avs_owner: AccountAPI,
    stranger: AccountAPI,
    alice: AccountAPI,
    bob: AccountAPI,
) -> None:
    """docs/rewards-distributor.md, "Worked example: four epochs"."""
    delegation, rewards = protocol.delegation, protocol.rewards
    claims = [(operator, pool, dollar, 0)]
    rows = table("rewards-distributor.md", "Worked example: four epochs")
    assert [row[0] for row in rows] == ["e", "e + 1", "e + 2", "e + 3"]
    before = {account: dollar.balanceOf(account) for account in (operator, stranger, alice, bob)}

    def gained(account: AccountAPI) -> int:
        """Since it was last asked for."""
        gain = dollar.balanceOf(account) - before[account]
        before[account] += gain
        return int(gain)

    def share_seconds(staker: AccountAPI, epoch: int) -> int:
        holdings = delegation.holdings(operator, pool, staker, 0, 10)
        last = [holding for holding in holdings if holding.epoch <= epoch][-1]
        return int(last.shareSeconds if last.epoch == epoch else last.shares * WEEK)

    e = protocol.epoch + 1
    _next_block_at(protocol, e, WEEK)
    pool.depositAndDelegate(60 * ETHER, operator, 0, ANY_MANDATE, sender=alice)
    _next_block_at(protocol, e, WEEK // 2)
    pool.depositAndDelegate(40 * ETHER, operator, 0, ANY_MANDATE, sender=bob)
    rewards.openStream(operator, pool, dollar, 500 * 10**6, 40, 5, sender=stranger)
    protocol.registry.setMandate(pool, 5_000, 2_000, sender=operator)
    assert gained(stranger) == -2_500 * 10**6

    seen: list[list[int]] = []
    for now in range(e + 1, e + 6):
        protocol.to_epoch(now)
        if now < e + 5:
            payment = (operator, pool, units(rows[now - e - 1][3], 6), 40)
            receipts = [
                rewards.pay(dollar, now - 1, [payment], sender=avs_owner),
                rewards.claimCommission(pool, dollar, operator, sender=operator),
            ]
            paid = sum(log.amount for each in receipts for log in rewards.Paid.from_receipt(each))
            streamed = [log for each in receipts for log in rewards.Streamed.from_receipt(each)]
            assert all(log.epoch == now - 1 for log in streamed)
            in_share_seconds = [share_seconds(staker, now - 1) for staker in (alice, bob)]
            seen.append([*in_share_seconds, paid, sum(log.amount for log in streamed), gained(operator)])
        if now > e + 1:
            rewards.claim(alice, claims, alice, sender=alice)
            seen[now - e - 2] += [gained(alice), rewards.due(bob, claims).claimable[0]]
        if now == e + 3:
            rewards.cancelStream(rewards.streamCount(), stranger, sender=stranger)
            assert gained(stranger) == 1_000 * 10**6
            _next_block_at(protocol, now, WEEK // 2)
            delegation.undelegate(operator, pool, 60 * ETHER, sender=alice)
    rewards.claim(bob, claims, bob, sender=bob)

    decimals = (18, 18, 6, 6, 6, 6, 6)
    assert seen == [[units(cell, each) for cell, each in zip(row[1:], decimals, strict=True)] for row in rows]
    assert sum(row[5] for row in seen) == units("1,926.428568", 6)
    assert gained(bob) == units("1,173.571428", 6)
    assert dollar.balanceOf(rewards) == units("0.000004", 6)


def test_rewards_distributor_md__booking() -> None:
    """docs/rewards-distributor.md and docs/decisions.md: what each epoch that nobody booked costs, as measured."""
    gas = json.loads((ROOT / "bench/gas.json").read_text())
    rows = ("claim_stream_quiet", "claim_stream_busy", "claim_stream_every_floor")
    quiet, busy, every_floor = (f"{round((gas[row] - gas['claim_1']) / 52, -3):,.0f}" for row in rows)
    page = " ".join((ROOT / "docs/rewards-distributor.md").read_text().split())
    assert f"about {quiet} gas for an epoch without a move in the pool and {busy} for one with a move" in page
    assert f"with streams of all 44 floors {every_floor} without a move" in page
    decisions = " ".join((ROOT / "docs/decisions.md").read_text().split())
    assert f"some {quiet} to {busy} gas [an epoch]" in decisions
    assert f"raise an epoch without a move to {every_floor} gas" in decisions
