"""The contracts that docs/avs-base.md and docs/oracle.md show are those of the project, and their Python runs."""

import json
import re
from typing import Any

import ape
import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from deployer.contracts import ZERO_ADDRESS
from tests.helpers import Protocol, reverts
from tests.helpers.oracle import REPORT, SIGNING_KEY
from tests.helpers.pages import ROOT, table
from tests.helpers.protocol import ANY_MANDATE, ETHER
from tests.helpers.typed_data import domain, message


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "contract"), [("avs-base.md", "examples/Notary.sol"), ("oracle.md", "mocks/PriceConsumer.sol")]
)
def test_contract__that_a_page_shows__is_the_one_of_the_project(page: str, contract: str) -> None:
    assert (ROOT / "contracts" / contract).read_text() in _blocks(page, "solidity")


@pytest.fixture
def operators(
    protocol: Protocol, vault: ContractInstance, alice: AccountAPI, accounts: list[AccountAPI]
) -> dict[AccountAPI, LocalAccount]:
    """Four with 200 vault shares each, in ascending order, and their keys."""
    found = sorted((accounts[index] for index in range(13, 17)), key=lambda operator: int(operator.address, 16))
    for operator in found:
        protocol.registry.registerOperator("", sender=operator)
        protocol.registry.openPool(vault, 5_000, 1_000, 0, sender=operator)
        vault.depositAndDelegate(200 * ETHER, operator, 0, ANY_MANDATE, sender=alice)
    return {operator: Account.create() for operator in found}


@pytest.fixture
def names(
    protocol: Protocol,
    vault: ContractInstance,
    asset: ContractInstance,
    owner: AccountAPI,
    operators: dict[AccountAPI, LocalAccount],
) -> dict[str, Any]:
    """What the pages take for granted."""
    asset.mint(owner, 4_000 * ETHER, sender=owner)
    return {
        "project": project,
        "chain": ape.chain,
        "ZERO_ADDRESS": ZERO_ADDRESS,
        "encode": encode,
        "encode_typed_data": encode_typed_data,
        "registry": protocol.registry,
        "slashing": protocol.slashing,
        "rewards": protocol.rewards,
        "vault": vault,
        "token": asset,
        "owner": owner,
        "keys": operators,
    }


def _begin(protocol: Protocol, avs: ContractInstance, owner: AccountAPI) -> None:
    """Goes on to where the operators weigh something."""
    protocol.skip_epochs(3)
    avs.takeSnapshot(100, sender=owner)
    ape.chain.mine(timestamp=ape.chain.pending_timestamp + 60)


def test_oracle_md__what_it_costs() -> None:
    """docs/oracle.md, "What it costs": as measured."""
    gas = json.loads((ROOT / "bench/gas.json").read_text())
    rows = (
        "report_10",
        "report_50",
        "report_late_3",
        "snapshot_10",
        "snapshot_50",
        "pay_operators_10",
        "prove_equivocation",
        "set_key",
    )
    assert [cells[2] for cells in table("oracle.md", "What it costs")] == [f"{gas[row]:,}" for row in rows]


def test_avs_base_md__deploying(protocol: Protocol, owner: AccountAPI, names: dict[str, Any]) -> None:
    """docs/avs-base.md, "Deploying": four operators certify a statement."""
    names |= {"subject": b"\x01" * 32, "statement": b"\x02" * 32}
    deploy, opt_in, certify = _blocks("avs-base.md", "python")

    exec(deploy + opt_in, names)
    _begin(protocol, names["notary"], owner)
    exec(certify, names)

    assert names["notary"].certificateOf(names["subject"]) == (names["statement"], names["time"])


def test_oracle_md__reading_a_feed(
    protocol: Protocol,
    vault: ContractInstance,
    owner: AccountAPI,
    operators: dict[AccountAPI, LocalAccount],
    names: dict[str, Any],
) -> None:
    """docs/oracle.md, "Deploying" and "Reading a feed": of 200 vault shares of each operator, 20 can be slashed and 12
    are safe; a group with a third of all that is safe can set the price."""
    [deploy] = _blocks("oracle.md", "python")
    exec(deploy, names)
    oracle, feed = names["oracle"], names["feed"]
    at = domain("Catenary Oracle", oracle)
    consumer = owner.deploy(project.PriceConsumer, feed, 3_600)
    for operator, key in operators.items():
        proof = key.sign_message(message(at, SIGNING_KEY, (operator.address,))).signature
        data = encode(["address", "bytes"], [key.address, proof])
        protocol.registry.optIn(oracle.AVS(), vault, 1_000, 0, data, sender=operator)
    _begin(protocol, oracle, owner)
    at_stake = 4 * 12 * ETHER * 6_667 // 10_000 // 2

    number, time = oracle.currentRound(), ape.chain.blocks.head.timestamp
    prices = [2_001, 1_999, 2_000, 5_000]
    reports = [
        (price, time, key.sign_message(message(at, REPORT, (1, number, price, time))).signature)
        for price, key in zip(prices, operators.values(), strict=True)
    ]
    answered = oracle.submit(1, number, 2_000, reports, sender=owner)
    assert consumer.price(at_stake) == 2_000
    with reverts(consumer.PriceTooCheap, cost=at_stake, atRisk=at_stake + 1):
        consumer.price(at_stake + 1)

    ape.chain.mine(timestamp=answered.timestamp + 3_600)
    assert consumer.price(0) == 2_000
    ape.chain.mine(timestamp=answered.timestamp + 3_601)
    with reverts(consumer.PriceTooOld, updatedAt=answered.timestamp):
        consumer.price(0)
