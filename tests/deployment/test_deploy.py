"""What the command deploys, writes and refuses."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ape
import pytest
import requests
from ape import project
from ape.api import AccountAPI, NetworkAPI
from web3.eth import Eth
from web3.exceptions import Web3RPCError

from deployer.console import names
from deployer.contracts import create_address
from deployer.journal import Journal, contract_at
from tests.deployment.conftest import CONFIG, WETH_VAULT, Command
from tests.helpers.protocol import ZERO_ADDRESS

CORE_TRANSACTIONS = 4
TRANSACTIONS = 11  # the core, WETH9, the vault; list, wrap, approve, seed, set the cap


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_deploy__writes_addresses_arguments_blocks_and_commit(command: Command, owner: AccountAPI) -> None:
    nonce, head = owner.nonce, ape.chain.blocks.head
    output = command.succeed()
    registry, slashing, delegation, rewards, weth, vault = (create_address(owner.address, nonce + i) for i in range(6))

    assert output.splitlines()[-1] == f"{command.file}: deployed and checked"
    deployment = command.deployment
    assert deployment["complete"] is True
    assert deployment["network"] == "local"
    assert deployment["config"]["chain_id"] == 31_337
    assert deployment["commit"] == git("rev-parse", "HEAD")
    assert deployment["dirty"] == bool(git("status", "--porcelain", "--", ".", ":!deployments"))
    assert deployment["ownerCalls"] == []
    entries = {**deployment["contracts"], **deployment["vaults"]}
    assert {key: (entry["contract"], entry["address"], entry["arguments"]) for key, entry in entries.items()} == {
        "AVSRegistry": (
            "AVSRegistry",
            registry,
            {
                "timing": {
                    "genesis": head.timestamp,
                    "epoch": 300,
                    "reportWindow": 120,
                    "maxVeto": 60,
                    "executeWindow": 60,
                },
                "owner": owner.address,
                "guardian": ZERO_ADDRESS,
                "delegation": delegation,
                "slashing": slashing,
                "rewards": rewards,
            },
        ),
        "SlashingManager": ("SlashingManager", slashing, {"registry": registry}),
        "DelegationManager": ("DelegationManager", delegation, {"registry": registry}),
        "RewardsDistributor": ("RewardsDistributor", rewards, {"registry": registry}),
        "WETH9": ("WETH9", weth, {}),
        "cWETH": (
            "StakingVault",
            vault,
            {"asset": weth, "registry": registry, "native": True, "name": "Catenary WETH", "symbol": "cWETH"},
        ),
    }
    sent = [*entries.items(), *deployment["calls"].items()]
    assert [(key, entry["block"], entry["nonce"]) for key, entry in sent] == [
        (key, head.number + 1 + i, nonce + i)
        for i, key in enumerate(
            [
                "AVSRegistry",
                "SlashingManager",
                "DelegationManager",
                "RewardsDistributor",
                "WETH9",
                "cWETH",
                "list cWETH",
                "wrap the seed of cWETH",
                "approve the seed of cWETH",
                "seed cWETH",
                f"set the cap of cWETH to {10**24}",
            ]
        )
    ]
    for _, entry in sent:
        receipt = ape.chain.provider.get_receipt(entry["transaction"])
        assert (receipt.sender, receipt.nonce, receipt.block_number) == (owner, entry["nonce"], entry["block"])


def test_deploy__existing_file__is_refused_and_nothing_sent(deployed: Command, owner: AccountAPI) -> None:
    before, nonce = deployed.file.read_text(), owner.nonce
    error = deployed.fail()

    assert error == "~/deployments/local.json exists: --check reads it back, --force deploys anew and overwrites it"
    assert (deployed.file.read_text(), owner.nonce) == (before, nonce)


def test_deploy__existing_file_and_force__deploys_anew(deployed: Command, owner: AccountAPI) -> None:
    nonce = owner.nonce
    deployed.succeed("--force")

    assert owner.nonce == nonce + TRANSACTIONS
    assert deployed.deployment["contracts"]["AVSRegistry"]["address"] == create_address(owner.address, nonce)


def test_deploy__wrong_chain_id__is_refused_and_nothing_sent(command: Command, owner: AccountAPI) -> None:
    command.configure(chain_id=11_155_111, vaults=[], timing={**CONFIG["timing"], "epoch": 86_400})
    nonce = owner.nonce

    for arguments in ([], ["--check"], ["--force"]):
        assert command.fail(*arguments) == (
            "this network's chain id is 31337, but the config is for 11155111: nothing sent"
        )
    assert owner.nonce == nonce
    assert not command.file.exists()


def test_deploy__no_account__is_refused(command: Command) -> None:
    assert command.fail(account=None) == (
        "name who deploys, as --account TEST::0 on a local node or by a keyfile of `ape accounts`"
    )


def test_deploy__owner_guardian_and_genesis_of_the_config__are_deployed(
    command: Command, guardian: AccountAPI, stranger: AccountAPI
) -> None:
    genesis = ape.chain.blocks.head.timestamp - 1_000
    timing = {"genesis": genesis, "epoch": 600, "report_window": 300, "max_veto": 0, "execute_window": 300}
    command.configure(owner=stranger.address, guardian=guardian.address, timing=timing, vaults=[])
    command.succeed()
    registry = names(command.home)["registry"]

    assert (registry.owner(), registry.guardian(), registry.paused()) == (stranger, guardian, False)
    views = [registry.GENESIS, registry.EPOCH, registry.REPORT_WINDOW, registry.MAX_VETO, registry.EXECUTE_WINDOW]
    assert [view() for view in views] == [genesis, 600, 300, 0, 300]


def test_deploy__other_config_file__is_read(command: Command) -> None:
    command.configure(vaults=[])
    other = command.config_file.rename(command.home / "other.yaml")
    command.succeed("--config", str(other))

    assert command.deployment["complete"] is True


def test_deploy__node_that_went_away__says_to_run_again(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command.configure(vaults=[])

    def send(*_: Any) -> None:
        raise requests.ConnectionError("refused")

    with monkeypatch.context() as patch:
        patch.setattr(Eth, "send_raw_transaction", send)
        assert command.fail() == "deploying failed: refused; run again to go on"
    command.succeed()


def test_deploy__account_without_ether__says_so(command: Command, stranger: AccountAPI) -> None:
    stranger.balance = 999_999  # a wei less than the seed; gas is for nothing here

    assert command.fail(account="TEST::11") == (
        f"deploying failed: Transfer value meets or exceeds account balance for account '{stranger.address}' on chain "
        "'31337' using provider 'foundry'. Are you using the correct account / chain / provider combination? "
        "(transfer_value=1000000, balance=999999); run again to go on"
    )


def test_deploy__result_is_not_as_it_should_be__fails_and_is_not_complete(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(command, monkeypatch, TRANSACTIONS - 1, sent=False)
    registry = contract_at(command.deployment["contracts"]["AVSRegistry"])
    registry.pause(sender=owner)

    assert command.fail() == "AVSRegistry.paused is True, not False"
    assert command.deployment["complete"] is False
    registry.unpause(sender=owner)
    command.succeed()
    assert command.deployment["complete"] is True


# ----------------------------------------------------------------------------------------------------- another owner


def test_deploy__owner_is_another__gives_out_the_owners_calls_until_they_are_made(
    command: Command, owner: AccountAPI, stranger: AccountAPI
) -> None:
    lst_vault = {
        "asset": "LiquidStakingToken",
        "native": False,
        "name": "Catenary lsETH",
        "symbol": "clsETH",
        "cap": 5,
    }
    command.configure(owner=stranger.address, vaults=[WETH_VAULT, lst_vault])

    def owner_makes(calls: list[Mapping[str, str]]) -> None:
        for call in calls:
            stranger.transfer(call["to"], 0, data=call["data"])

    output = command.succeed()
    deployment = command.deployment
    registry = deployment["contracts"]["AVSRegistry"]["address"]
    vaults = [entry["address"] for entry in deployment["vaults"].values()]
    listings = [
        {
            "description": f"list {symbol}",
            "to": registry,
            "data": project.AVSRegistry.at(registry).listVault.encode_input(vault).to_0x_hex(),
        }
        for symbol, vault in zip(("cWETH", "clsETH"), vaults, strict=True)
    ]
    caps = [
        {
            "description": f"set the cap of {symbol} to {cap}",
            "to": vault,
            "data": project.StakingVault.at(vault).setCap.encode_input(cap).to_0x_hex(),
        }
        for symbol, vault, cap in zip(("cWETH", "clsETH"), vaults, (10**24, 5), strict=True)
    ]
    calls = [listings[0], caps[0], listings[1], caps[1]]
    assert deployment["ownerCalls"] == calls
    assert deployment["complete"] is False
    assert output.splitlines()[-5:] == [
        *(f"the owner has to {call['description']}: to {call['to']}, data {call['data']}" for call in calls),
        f"{command.file}: run again after the owner's calls",
    ]
    assert command.fail("--check") == (
        f"AVSRegistry.vaults is [], not {sorted(vaults)}\n"
        f"cWETH.cap is 0, not {10**24}\ncWETH is not seeded\nclsETH.cap is 0, not 5\nclsETH is not seeded"
    )

    owner_makes(listings[::-1])  # in any order
    command.succeed()
    assert command.deployment["ownerCalls"] == caps

    owner_makes(caps)
    nonce = owner.nonce
    command.succeed()
    assert owner.nonce == nonce
    assert command.deployment["complete"] is True
    assert command.deployment["ownerCalls"] == []
    command.succeed("--check", account=None)


def test_deploy__owner_is_a_contract_but_no_timelock__gives_out_the_calls_alone(
    command: Command, owner: AccountAPI
) -> None:
    contract = owner.deploy(project.TestToken, "Asset", "AST", 18)
    command.configure(owner=contract.address)
    command.succeed()

    assert [[*call] for call in command.deployment["ownerCalls"]] == [["description", "to", "data"]] * 2


def test_deploy__owner_goes_on_with_its_own_account__makes_its_calls(
    command: Command, owner: AccountAPI, stranger: AccountAPI
) -> None:
    command.configure(owner=stranger.address, guardian="deployer")
    command.succeed()
    command.succeed(account="TEST::11")

    assert command.deployment["complete"] is True
    registry = names(command.home)["registry"]
    assert (registry.owner(), registry.guardian()) == (stranger, owner)


# ------------------------------------------------------------------------------------------------------------ assets


def test_deploy__seed_is_missing__says_so_and_goes_on_when_it_is_there(command: Command, owner: AccountAPI) -> None:
    asset = owner.deploy(project.TestToken, "Asset", "AST", 6)
    asset.mint(owner, 400_000, sender=owner)
    command.configure(
        vaults=[{"asset": asset.address, "native": False, "name": "Catenary AST", "symbol": "cAST", "cap": 10**12}]
    )

    assert command.fail() == (
        f"{owner.address} needs 1000000 of the asset of cAST, {asset.address}, to seed the vault, and lacks 600000: "
        "send them and run again"
    )
    asset.mint(owner, 600_000, sender=owner)
    command.succeed()
    assert asset.balanceOf(owner) == 0
    assert asset.balanceOf(names(command.home)["cAST"]) == 1_000_000


@pytest.mark.parametrize("decimals", [5, 19])
def test_deploy__asset_with_other_decimals__is_refused_and_nothing_sent(
    command: Command, owner: AccountAPI, decimals: int
) -> None:
    asset = owner.deploy(project.TestToken, "Asset", "AST", decimals)
    command.configure(vaults=[{**WETH_VAULT, "asset": asset.address}])
    nonce = owner.nonce

    assert command.fail() == f"the asset of cWETH has {decimals} decimals, but must have from 6 to 18"
    assert owner.nonce == nonce


def test_deploy__asset_without_code__is_refused_and_nothing_sent(
    command: Command, owner: AccountAPI, stranger: AccountAPI
) -> None:
    command.configure(vaults=[{**WETH_VAULT, "asset": stranger.address}])
    nonce = owner.nonce

    assert command.fail() == f"the asset of cWETH, {stranger.address}, is not a contract of this chain"
    assert owner.nonce == nonce


def test_deploy__genesis_in_the_future__is_refused_and_nothing_sent(command: Command, owner: AccountAPI) -> None:
    head = ape.chain.blocks.head.timestamp
    timing = {"genesis": head + 1, "epoch": 300, "report_window": 120, "max_veto": 60, "execute_window": 60}
    command.configure(timing=timing)
    nonce = owner.nonce

    assert command.fail() == f"timing.genesis is {head + 1}, but must not be after the last block's time, {head}"
    assert owner.nonce == nonce


# ------------------------------------------------------------------------------------------------------ interruption


def test_deploy__interrupted_before_each_transaction_is_sent__goes_on(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = owner.nonce
    interrupt(command, monkeypatch, 0, sent=False)
    assert owner.nonce == nonce
    for i in range(1, TRANSACTIONS):
        interrupt(command, monkeypatch, 1, sent=False)  # after one more
        assert owner.nonce == nonce + i
    command.succeed()

    assert_complete(command, owner, nonce)


def test_deploy__interrupted_after_each_transaction_was_sent__goes_on_and_sends_none_twice(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = owner.nonce
    for i in range(TRANSACTIONS):
        interrupt(command, monkeypatch, 0, sent=True)
        assert owner.nonce == nonce + i + 1
    command.succeed()

    assert_complete(command, owner, nonce)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "after it was sent"])
def test_deploy__nonce_gap_within_the_core__deploys_the_core_anew(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch, at: int, sent: bool
) -> None:
    command.configure(vaults=[])
    interrupt(command, monkeypatch, at - sent, sent)
    lost = command.deployment["contracts"]["AVSRegistry"]["address"]
    owner.transfer(owner, 0)
    nonce = owner.nonce
    output = command.succeed()

    assert (
        f"{owner.address} has sent other transactions since: the contracts can no longer be deployed where the "
        "registry expects them. The core is deployed anew.\n" in output
    )
    registry = command.deployment["contracts"]["AVSRegistry"]["address"]
    assert registry == create_address(owner.address, nonce) != lost
    assert owner.nonce == nonce + CORE_TRANSACTIONS
    command.succeed("--check", account=None)


def test_deploy__transaction_of_the_core_lost_later__deploys_the_vaults_anew_too(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(command, monkeypatch, 5, sent=True)
    deployment = command.deployment
    deployment["contracts"]["DelegationManager"]["transaction"] = "0x" + "00" * 32  # as after a reorganisation
    command.file.write_text(json.dumps(deployment))
    nonce = owner.nonce
    command.succeed()

    registry = create_address(owner.address, nonce)
    vault = command.deployment["vaults"]["cWETH"]
    assert command.deployment["contracts"]["AVSRegistry"]["address"] == registry
    assert (vault["address"], vault["arguments"]["registry"]) == (create_address(owner.address, nonce + 4), registry)
    assert owner.nonce == nonce + TRANSACTIONS - 1  # WETH9 is still good
    command.succeed("--check", account=None)


def test_deploy__nonce_gap_after_the_core__goes_on_with_the_core(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = owner.nonce
    interrupt(command, monkeypatch, 4, sent=False)
    owner.transfer(owner, 0)
    command.succeed()

    assert command.deployment["contracts"]["AVSRegistry"]["address"] == create_address(owner.address, nonce)
    assert owner.nonce == nonce + TRANSACTIONS + 1
    command.succeed("--check", account=None)


def test_deploy__interrupted_within_the_core__is_refused_to_another_account(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch, stranger: AccountAPI
) -> None:
    command.configure(vaults=[])
    interrupt(command, monkeypatch, 1, sent=False)
    nonce = stranger.nonce

    assert command.fail(account="TEST::11") == (
        f"~/deployments/local.json was begun by {owner.address}: go on with that account, or use --force"
    )
    assert stranger.nonce == nonce


def test_deploy__interrupted_and_config_changed__is_refused(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(command, monkeypatch, 4, sent=True)
    command.configure(guardian="deployer")
    nonce = owner.nonce

    assert command.fail() == (
        "~/deployments/local.json was begun with another config: restore it and run again, or begin anew with --force"
    )
    assert owner.nonce == nonce


def test_deploy__interrupted_and_node_begun_anew__begins_anew(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.configure(vaults=[])
    snapshot = ape.chain.snapshot()
    interrupt(command, monkeypatch, 2, sent=True)
    ape.chain.restore(snapshot)
    owner.transfer(owner, 0)
    nonce = owner.nonce
    command.succeed()

    assert command.deployment["contracts"]["AVSRegistry"]["address"] == create_address(owner.address, nonce)
    assert owner.nonce == nonce + CORE_TRANSACTIONS


# ------------------------------------------------------------------------------------------------------- in no block


@pytest.fixture
def no_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The node makes no block until what this gives is called, and the command does not wait for one."""
    request: Any = ape.chain.provider.make_request
    monkeypatch.setattr(NetworkAPI, "transaction_acceptance_timeout", property(lambda _: 0))
    request("evm_setAutomine", [False])

    def resume() -> None:
        monkeypatch.undo()
        request("evm_setAutomine", [True])
        request("evm_mine", [])

    yield resume
    request("anvil_dropAllTransactions", [])
    request("evm_setAutomine", [True])


def waiting(account: AccountAPI) -> int:
    """How many transactions of an account are in no block, as far as they follow each other."""
    provider: Any = ape.chain.provider
    return int(provider.get_nonce(account.address, block_id="pending")) - account.nonce


def stuck(transaction: str, nonce: int) -> str:
    return (
        f"AVSRegistry: transaction {transaction} of nonce {nonce} is in no block after 0 s, and nothing else is sent "
        "until it is. Run again to go on waiting, or with --replace to send it again with a higher fee"
    )


def test_deploy__transaction_in_no_block__is_waited_for_and_nothing_else_sent(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    error = command.fail()
    transaction = command.deployment["contracts"]["AVSRegistry"]["transaction"]

    assert error == stuck(transaction, nonce)
    assert command.fail() == stuck(transaction, nonce)
    assert waiting(owner) == 1
    no_blocks()
    command.succeed()
    assert command.deployment["contracts"]["AVSRegistry"]["transaction"] == transaction
    assert_complete(command, owner, nonce)


def test_deploy__transaction_that_the_node_dropped__is_sent_again_as_it_was_signed(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    command.fail()
    transaction = command.deployment["contracts"]["AVSRegistry"]["transaction"]
    ape.chain.provider.make_request("anvil_dropTransaction", [transaction])
    assert waiting(owner) == 0
    no_blocks()
    command.succeed()

    assert command.deployment["contracts"]["AVSRegistry"]["transaction"] == transaction
    assert_complete(command, owner, nonce)


def test_deploy__transaction_that_a_reorganisation_put_back__is_waited_for(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    command.fail()
    deployment = command.deployment
    transaction = deployment["contracts"]["AVSRegistry"]["transaction"]
    del deployment["contracts"]["AVSRegistry"]["signed"]  # as it is once there was a block
    command.file.write_text(json.dumps(deployment))

    assert command.fail() == stuck(transaction, nonce)
    assert waiting(owner) == 1
    no_blocks()
    command.succeed()
    assert_complete(command, owner, nonce)


def test_deploy__transaction_that_another_one_replaced__is_sent_anew(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    command.fail()
    transaction = command.deployment["contracts"]["AVSRegistry"]["transaction"]
    ape.chain.provider.make_request("anvil_dropTransaction", [transaction])
    no_blocks()
    owner.transfer(owner, 0)
    command.succeed()

    assert_complete(command, owner, nonce + 1)


def test_deploy__replaced_where_fees_are_not_of_type_2__is_refused(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    command.fail()

    assert command.fail("--replace") == "AVSRegistry cannot be replaced: only a transaction of type 2 can be"
    assert waiting(owner) == 1
    no_blocks()


def test_deploy__replaced_by_another_account__is_refused(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    command.fail()

    assert command.fail("--replace", account="TEST::11") == (
        f"AVSRegistry was sent by {owner.address}: only that account can replace it"
    )
    no_blocks()


def test_deploy__account_with_a_transaction_of_another_tool_waiting__is_refused_and_nothing_sent(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    owner.transfer(owner, 0, required_confirmations=0)

    assert command.fail() == others_waiting(owner, nonce, nonce)
    assert waiting(owner) == 1
    assert not command.file.exists()
    no_blocks()


def test_deploy__account_with_a_later_transaction_waiting__is_refused_and_nothing_sent(
    command: Command, owner: AccountAPI, no_blocks: Callable[[], None]
) -> None:
    nonce = owner.nonce
    owner.transfer(owner, 0, nonce=nonce + 2, required_confirmations=0)

    assert command.fail() == others_waiting(owner, nonce + 2, nonce)
    assert waiting(owner) == 0
    assert not command.file.exists()
    no_blocks()


def others_waiting(account: AccountAPI, nonce: int, expected: int) -> str:
    return (
        f"{account.address} has other transactions waiting, of nonce {nonce}, and {expected} is next: nothing sent. "
        "Wait until they are in a block, or cancel them, and run again"
    )


def test_deploy__transaction_that_the_node_refuses__says_why_and_goes_on(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce = owner.nonce

    def refuse(*_: Any) -> None:
        raise Web3RPCError(
            "", rpc_response={"jsonrpc": "2.0", "error": {"code": -32_000, "message": "transaction underpriced"}}
        )

    with monkeypatch.context() as patch:
        patch.setattr(Eth, "send_raw_transaction", refuse)
        error = command.fail()

    transaction = command.deployment["contracts"]["AVSRegistry"]["transaction"]
    assert error == (
        f"AVSRegistry: the node refused transaction {transaction} of nonce {nonce}, as it says: transaction "
        "underpriced. Run again to send the same, or with --replace to send it with a higher fee"
    )
    command.succeed()
    assert_complete(command, owner, nonce)


def test_deploy__transaction_that_fails_in_its_block__is_said_and_sent_anew(
    command: Command, owner: AccountAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonce, head = owner.nonce, ape.chain.blocks.head.number
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_estimate", lambda *_: 1_000_000)  # too little
        error = command.fail()

    [transaction] = ape.chain.blocks[head + 1].transactions
    assert error == f"AVSRegistry: transaction {transaction.txn_hash.to_0x_hex()} failed in block {head + 1}"
    assert command.deployment["contracts"] == {}
    command.succeed()
    assert_complete(command, owner, nonce + 1)


def test_deploy__transaction_that_would_revert__is_not_sent(command: Command, owner: AccountAPI) -> None:
    command.configure(timing={**CONFIG["timing"], "genesis": 1})
    nonce = owner.nonce

    assert command.fail() == ("AVSRegistry would revert, nothing sent: TimingOutOfBounds((1, 300, 120, 60, 60))")
    assert owner.nonce == nonce


def assert_complete(command: Command, owner: AccountAPI, nonce: int) -> None:
    """One transaction each from `nonce` on, all of them in the file with their blocks, and all as it should be."""
    assert owner.nonce == nonce + TRANSACTIONS
    deployment = command.deployment
    assert deployment["complete"] is True
    entries = [entry for section in ("contracts", "vaults", "calls") for entry in deployment[section].values()]
    assert [entry["nonce"] for entry in entries] == [nonce + i for i in range(TRANSACTIONS)]
    for entry in entries:
        assert ape.chain.provider.get_receipt(entry["transaction"]).block_number == entry["block"]
    command.succeed("--check", account=None)


def interrupt(command: Command, monkeypatch: pytest.MonkeyPatch, at: int, sent: bool) -> None:
    """Runs the command, and interrupts it at the transaction `at`, before it is sent or before the answer."""
    send, count = Eth.send_raw_transaction, iter(range(TRANSACTIONS))

    def interrupted(eth: Eth, signed: str) -> Any:
        if next(count) != at:
            return send(eth, signed)
        if sent:
            eth.wait_for_transaction_receipt(send(eth, signed))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Eth, "send_raw_transaction", interrupted)
        result = command.run()
    assert result.exit_code == 1
    assert result.output.endswith("Aborted!\n")
