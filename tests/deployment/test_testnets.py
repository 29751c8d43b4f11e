"""
`make deploy` on the public testnets, as docs/testnets.md tells: the configs of this repository, Ape's provider for
nodes, and a keyfile. The nodes are Anvil with the chain ids of the testnets and with code where the assets stand.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from ape import project
from eth_account import Account
from eth_utils.crypto import keccak

from deployer.contracts import container, create_address
from tests.deployment.etherscan import Etherscan, etherscan
from tests.helpers.protocol import ETHER, ZERO_ADDRESS

ROOT = Path(__file__).parents[2]

# What Ape needs of this project, besides its config.
PARTS = (".build", "config", "contracts", "demo", "deployer", "node_modules", "pyproject.toml", "scripts")

CHAIN_IDS = {"sepolia": 11_155_111, "hoodi": 560_048}
SEED = 1_000_000
DELAY = 2 * 86_400  # of the timelock [s]
TIMEOUT = 5  # after which a transaction without a block is given up [s]
CORE = ["AVSRegistry", "SlashingManager", "DelegationManager", "RewardsDistributor"]

deployer, proposer, safe = (Account.create() for _ in range(3))
PASSPHRASE = "correct horse battery staple"
KEYFILE = json.dumps(Account.encrypt(deployer.key, PASSPHRASE, kdf="scrypt", iterations=2))


@dataclass(frozen=True)
class Node:
    """An Anvil, and what the deployer has on it."""

    url: str
    process: subprocess.Popen[bytes]

    def ask(self, method: str, *parameters: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = requests.post(self.url, json=request, timeout=30).json()
        assert "error" not in answer, answer
        return answer["result"]

    @property
    def nonce(self) -> int:
        return self.count(deployer.address)

    @property
    def waiting(self) -> list[dict[str, Any]]:
        """The deployer's transactions that are in no block."""
        return [
            transaction
            for part in self.ask("txpool_content").values()
            for sender, transactions in part.items()
            if sender.lower() == deployer.address.lower()
            for transaction in transactions.values()
        ]

    def await_waiting(self, process: subprocess.Popen[str]) -> None:
        """Returns when one of the command's transactions waits."""
        while not self.waiting:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)

    def stop_blocks(self) -> None:
        self.ask("evm_setAutomine", False)

    def resume_blocks(self) -> None:
        self.ask("evm_setAutomine", True)
        self.ask("evm_mine")

    def count(self, address: str) -> int:
        """How many transactions of `address` are in blocks: the next nonce."""
        return int(self.ask("eth_getTransactionCount", address, "latest"), 16)

    def send(self, account: Any, to: str | None, data: str) -> None:
        """Returns when it is in a block: Anvil mines it only after it answered."""
        nonce = self.count(account.address)
        self.submit(account, to, data, nonce)
        until = time.monotonic() + 30
        while self.count(account.address) == nonce:
            assert time.monotonic() < until, "the transaction is in no block"
            time.sleep(0.01)

    def submit(self, account: Any, to: str | None, data: str, nonce: int) -> None:
        transaction = {
            "type": 2,
            "chainId": int(self.ask("eth_chainId"), 16),
            "nonce": nonce,
            "value": 0,
            "data": data,
            "gas": 5_000_000,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
            **({"to": to} if to else {}),
        }
        self.ask("eth_sendRawTransaction", account.sign_transaction(transaction).raw_transaction.to_0x_hex())


@dataclass(frozen=True)
class Command:
    """The command for a testnet, in a folder and with a data folder of Ape of its own."""

    network: str
    home: Path
    node: Node
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.home / "deployments" / f"{self.network}.json"

    @property
    def deployment(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.file.read_text())
        return content

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        """All that was sent."""
        return {
            k: entry for section in ("contracts", "vaults", "calls") for k, entry in self.deployment[section].items()
        }

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        sender = () if {"--check", "--verify"} & {*arguments} else ("--account", "deployer")
        return subprocess.Popen(
            ["ape", "run", "deploy", "--network", f"ethereum:{self.network}:node", *sender, *arguments],
            cwd=self.home,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int | None, str, str]:
        with self.start(*arguments, environment=environment) as process:
            out, err = process.communicate()
        assert "Traceback" not in out + err
        return process.returncode, out.replace(str(self.home), "~"), err.replace(str(self.home), "~")

    def succeed(self, *arguments: str, environment: Mapping[str, str] | None = None) -> list[str]:
        """The lines that it printed."""
        code, out, err = self.run(*arguments, environment=environment)
        assert code == 0, out + err
        return out.splitlines()

    def fail(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Its error."""
        code, out, err = self.run(*arguments, environment=environment)
        assert code == 1, out + err
        return err[err.index("Error: ") :].removeprefix("Error: ").strip()


@contextmanager
def running(chain_id: int, log: Path) -> Iterator[Node]:
    """A node on a port that was free. It has made a block: before that Anvil estimates gas at the time 1."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["anvil", "--port", "0", "--chain-id", str(chain_id)], stdout=out, start_new_session=True
        )
    try:
        while not (lines := [line for line in log.read_text().splitlines() if line.startswith("Listening on ")]):
            assert process.poll() is None
            time.sleep(0.02)
        node = Node(f"http://{lines[0].split()[-1]}", process)
        node.ask("evm_mine")
        yield node
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a node at once. What npm calls `anvil` starts the real one as its child."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def prepare(network: str, home: Path, node: Node, etherscan_url: str = "http://127.0.0.1:1") -> Command:
    """What there is on a testnet and on the deployer's machine before it begins."""
    for part in PARTS:
        (home / part).symlink_to(ROOT / part)
    config = (ROOT / "ape-config.yaml").read_text()
    for old, new in {
        "transaction_acceptance_timeout: 120": f"transaction_acceptance_timeout: {TIMEOUT}",
        "block_time: 12": "block_time: 0",
        "https://api.etherscan.io": etherscan_url,
    }.items():
        assert old in config
        config = config.replace(old, new)
    (home / "ape-config.yaml").write_text(config)
    accounts = home / ".ape" / "accounts"
    accounts.mkdir(parents=True)
    (accounts / "deployer.json").write_text(KEYFILE)

    for account in (deployer, proposer):
        node.ask("anvil_setBalance", account.address, hex(ETHER))
    for vault in yaml.safe_load((ROOT / "config" / f"{network}.yaml").read_text())["vaults"]:
        put_asset(node, vault["asset"], vault["native"])

    names = ("PYTHONPATH", "WEB3_PROVIDER_URI", "ETHERSCAN_API_KEY", "SEPOLIA_RPC_URL", "HOODI_RPC_URL")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in names},
        "APE_DATA_FOLDER": str(home / ".ape"),
        "APE_ACCOUNTS_deployer_PASSPHRASE": PASSPHRASE,
        f"{network.upper()}_RPC_URL": node.url,
        f"{network.upper()}_TIMELOCK": deployer.address,
        f"{network.upper()}_SAFE": safe.address,
    }
    return Command(network, home, node, environment)


def put_asset(node: Node, address: str, native: bool) -> None:
    """Puts WETH, or a liquid staking token of which the deployer has a seed, at an address."""

    def word(number: int) -> str:
        return f"0x{number:064x}"

    name = "WETH9" if native else "LiquidStakingToken"
    node.ask("anvil_setCode", address, str(container(name).contract_type.runtime_bytecode.bytecode))
    if native:
        node.ask("anvil_setStorageAt", address, word(2), word(18))  # decimals
    else:
        balance = keccak(bytes.fromhex(f"{int(deployer.address, 16):064x}{0:064x}"))
        node.ask("anvil_setStorageAt", address, "0x" + balance.hex(), word(SEED))
        node.ask("anvil_setStorageAt", address, word(2), word(SEED))  # supply
        node.ask("anvil_setStorageAt", address, word(5), word(ETHER))  # index


@pytest.fixture
def sepolia(tmp_path: Path) -> Iterator[Command]:
    with running(CHAIN_IDS["sepolia"], tmp_path / "anvil.log") as node:
        yield prepare("sepolia", tmp_path, node)


@pytest.fixture
def core(sepolia: Command) -> str:
    """A config without vaults, where they do not matter."""
    path = sepolia.home / "core.yaml"
    path.write_text((ROOT / "config/sepolia.yaml").read_text().split("vaults:")[0] + "vaults: []")
    return f"--config={path}"


# -------------------------------------------------------------------------------------------------- whole deployments


def test_testnets__sepolia_owned_by_a_timelock__is_deployed_through_it(sepolia: Command) -> None:
    node = sepolia.node
    roles = [proposer.address]
    node.send(proposer, None, container("TimelockController")(DELAY, roles, roles, ZERO_ADDRESS).data.to_0x_hex())
    timelock = create_address(proposer.address, 0)
    sepolia.environment["SEPOLIA_TIMELOCK"] = timelock

    lines = sepolia.succeed()
    calls = sepolia.deployment["ownerCalls"]
    assert [call["description"] for call in calls] == [
        "list cWETH",
        f"set the cap of cWETH to {1_000 * ETHER}",
        "list cwstETH",
        f"set the cap of cwstETH to {1_000 * ETHER}",
    ]
    assert lines[0] == f"deploying to sepolia (chain id 11155111) from {deployer.address}"
    assert lines[-13:] == [
        *(
            line
            for call in calls
            for line in (
                f"the owner has to {call['description']}: to {call['to']}, data {call['data']}",
                f"  a proposer schedules it: to {timelock}, data {call['schedule']}",
                f"  an executor executes it after the delay: to {timelock}, data {call['execute']}",
            )
        ),
        "~/deployments/sepolia.json: run again after the owner's calls",
    ]
    assert node.nonce == 6  # the core and two vaults

    for call in calls:
        node.send(proposer, timelock, call["schedule"])
    node.ask("evm_increaseTime", DELAY)
    for call in (calls[0], calls[2]):
        node.send(proposer, timelock, call["execute"])
    sepolia.succeed()
    assert sepolia.deployment["ownerCalls"] == [calls[1], calls[3]]
    assert node.nonce == 11  # wrap, approve, seed; approve, seed

    for call in (calls[1], calls[3]):
        node.send(proposer, timelock, call["execute"])
    assert sepolia.succeed()[-1] == "~/deployments/sepolia.json: deployed and checked"
    assert node.nonce == 11
    assert sepolia.succeed("--check") == ["~/deployments/sepolia.json: all is as it should be"]
    sent = [node.ask("eth_getTransactionByHash", entry["transaction"]) for entry in sepolia.entries.values()]
    assert [(int(txn["nonce"], 16), txn["type"]) for txn in sorted(sent, key=lambda txn: int(txn["nonce"], 16))] == [
        (nonce, "0x2") for nonce in range(11)
    ]


@pytest.fixture(scope="module")
def explorer() -> Iterator[Etherscan]:
    with etherscan() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def hoodi(tmp_path_factory: pytest.TempPathFactory, explorer: Etherscan) -> Iterator[Command]:
    """Hoodi with everything deployed by its owner."""
    home = tmp_path_factory.mktemp("hoodi")
    with running(CHAIN_IDS["hoodi"], home / "anvil.log") as node:
        command = prepare("hoodi", home, node, explorer.url)
        assert command.succeed()[-1] == "~/deployments/hoodi.json: deployed and checked"
        yield command


def test_testnets__hoodi_owned_by_the_deployer__is_deployed_at_once(hoodi: Command) -> None:
    assert hoodi.node.nonce == 15
    assert sorted(entry["nonce"] for entry in hoodi.entries.values()) == [*range(15)]
    assert hoodi.succeed("--check") == ["~/deployments/hoodi.json: all is as it should be"]
    assert hoodi.node.nonce == 15


# -------------------------------------------------------------------------------------- interrupted, stuck, out of turn


def test_testnets__killed_while_a_transaction_waits__goes_on_and_sends_none_twice(sepolia: Command, core: str) -> None:
    node = sepolia.node
    node.stop_blocks()
    with sepolia.start(core) as process:
        for _ in range(2):
            node.await_waiting(process)
            node.ask("evm_mine")
        node.await_waiting(process)
        process.kill()
    [waiting] = node.waiting
    assert sepolia.deployment["contracts"]["DelegationManager"]["transaction"] == waiting["hash"]
    node.resume_blocks()
    sepolia.succeed(core)

    assert node.nonce == 4
    assert [(name, entry["nonce"]) for name, entry in sepolia.entries.items()] == [*zip(CORE, range(4), strict=True)]
    assert sepolia.entries["DelegationManager"]["transaction"] == waiting["hash"]


@pytest.mark.parametrize("mined", [0, 1], ids=["the first", "the replacement"])
def test_testnets__stuck_and_replaced__goes_on_with_the_one_that_got_into_a_block(
    sepolia: Command, core: str, mined: int
) -> None:
    node = sepolia.node
    node.stop_blocks()
    error = sepolia.fail(core)
    [first] = node.waiting
    assert error == stuck(first["hash"])

    error = sepolia.fail(core, "--replace")
    [second] = node.waiting
    assert error == stuck(second["hash"])
    for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
        assert int(second[fee], 16) == int(first[fee], 16) * 5 // 4 + 1
    for same in ("nonce", "input", "value", "to", "gas", "type"):
        assert second[same] == first[same]

    signed = sepolia.deployment["contracts"]["AVSRegistry"]["signed"]
    node.ask("anvil_dropTransaction", second["hash"])
    node.ask("eth_sendRawTransaction", signed[mined])
    node.resume_blocks()
    sepolia.succeed(core)
    assert sepolia.entries["AVSRegistry"]["transaction"] == (first, second)[mined]["hash"]
    assert node.nonce == 4


def stuck(transaction: str) -> str:
    return (
        f"AVSRegistry: transaction {transaction} of nonce 0 is in no block after {TIMEOUT} s, and nothing else is sent "
        "until it is. Run again to go on waiting, or with --replace to send it again with a higher fee"
    )


def test_testnets__later_transaction_of_the_deployer_waits__is_refused_and_nothing_sent(sepolia: Command) -> None:
    sepolia.node.submit(deployer, deployer.address, "0x", nonce=2)

    assert sepolia.fail() == (
        f"{deployer.address} has other transactions waiting, of nonce 2, and 0 is next: nothing sent. Wait until they "
        "are in a block, or cancel them, and run again"
    )
    assert sepolia.node.nonce == 0
    assert not sepolia.file.exists()


def test_testnets__node_that_dies_under_way__is_said(sepolia: Command, core: str) -> None:
    sepolia.node.stop_blocks()
    with sepolia.start(core) as process:
        sepolia.node.await_waiting(process)
        end(sepolia.node.process)
        out, err = process.communicate()

    assert process.returncode == 1
    assert err.splitlines()[-1] == "Error: deploying failed: the node does not answer; run again to go on"
    assert "Traceback" not in out + err


# ----------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("uri", [None, ""])
def test_testnets__no_node_named__is_refused(sepolia: Command, uri: str | None) -> None:
    del sepolia.environment["SEPOLIA_RPC_URL"]

    assert sepolia.fail(environment={} if uri is None else {"SEPOLIA_RPC_URL": uri}) == (
        "no node of sepolia is named: set SEPOLIA_RPC_URL to its URL"
    )


def test_testnets__node_that_web3_would_prefer__is_refused(sepolia: Command, hoodi: Command) -> None:
    assert sepolia.fail(environment={"WEB3_PROVIDER_URI": hoodi.node.url}) == (
        "unset WEB3_PROVIDER_URI: its node would be asked, whatever --network says"
    )


def test_testnets__node_not_there__is_said_without_its_url(sepolia: Command) -> None:
    error = sepolia.fail(environment={"SEPOLIA_RPC_URL": "http://127.0.0.1:1/v2/key-of-mine"})

    assert error.startswith("cannot connect to sepolia: ")
    assert "key-of-mine" not in error
    assert "\n" not in error


def test_testnets__node_of_another_chain__is_refused(sepolia: Command, hoodi: Command) -> None:
    error = sepolia.fail(environment={"SEPOLIA_RPC_URL": hoodi.node.url})

    assert error == (
        "cannot connect to sepolia: Provider connected to chain ID '560048', which does not match network chain ID "
        "'11155111'. Are you connected to 'sepolia'?"
    )
    assert not sepolia.file.exists()


@pytest.mark.parametrize(
    ("passphrase", "problem"), [("wrong", "Invalid password"), ("", "no passphrase")], ids=["wrong", "none"]
)
def test_testnets__locked_keyfile__is_refused_and_nothing_sent(sepolia: Command, passphrase: str, problem: str) -> None:
    error = sepolia.fail(environment={"APE_ACCOUNTS_deployer_PASSPHRASE": passphrase})

    assert error.splitlines()[-1] == (
        f"deployer stays locked, nothing sent: {problem}. Type it, or have it in APE_ACCOUNTS_deployer_PASSPHRASE"
    )
    assert sepolia.node.nonce == 0
    assert not sepolia.file.exists()


# ---------------------------------------------------------------------------------------------------------- Etherscan


def test_testnets__verified__posts_what_compiles_to_what_is_on_the_chain(hoodi: Command, explorer: Etherscan) -> None:
    explorer.posted.clear()
    explorer.results[:] = ["Pending in queue"]
    lines = hoodi.succeed("--verify", environment={"ETHERSCAN_API_KEY": "key-of-mine"})

    expected = [*CORE, "cWETH", "cwstETH"]
    assert lines == [
        *(
            f"{name}: Pass - Verified, https://hoodi.etherscan.io/address/{hoodi.entries[name]['address']}#code"
            for name in expected
        ),
        "~/deployments/hoodi.json: all is verified",
    ]
    metadata = compiled_metadata(explorer.posted)
    for name, post in zip(expected, explorer.posted, strict=True):
        entry = hoodi.entries[name]
        creation = hoodi.node.ask("eth_getTransactionByHash", entry["transaction"])["input"]
        source_id = f"contracts/{entry['contract']}.sol"
        assert post["chainid"] == "560048"
        assert post["contractaddress"] == entry["address"]
        assert post["codeformat"] == "solidity-standard-json-input"
        assert post["contractname"] == f"{source_id}:{entry['contract']}"
        assert post["compilerversion"] == "v0.8.36+commit.8a079791"
        bytecode = project.get_contract(entry["contract"]).contract_type.deployment_bytecode.bytecode
        assert bytecode + post["constructorArguements"] == creation
        # The bytecode ends with the hash of the metadata, which has the hash of every source and all settings.
        described = metadata[source_id]
        assert [*json.loads(post["sourceCode"])["sources"]] == sorted(json.loads(described)["sources"])
        assert ipfs_hash(described.encode()) in bytecode


def compiled_metadata(posts: list[dict[str, str]]) -> dict[str, str]:
    """The compiler's metadata for the contracts that were posted, by source, of one run for all."""
    inputs = [json.loads(post["sourceCode"]) for post in posts]
    names = [post["contractname"].split(":") for post in posts]
    outputs = {source_id: {name: ["metadata"]} for source_id, name in names}
    union = {
        "language": "Solidity",
        "sources": {name: source for item in inputs for name, source in item["sources"].items()},
        "settings": {**inputs[0]["settings"], "outputSelection": outputs},
    }
    compiler = subprocess.run(
        [ROOT / "tools/solc/solc-v0.8.36", "--standard-json"],
        input=json.dumps(union),
        capture_output=True,
        text=True,
        check=True,
    )
    contracts = json.loads(compiler.stdout)["contracts"]
    return {source_id: contracts[source_id][name]["metadata"] for source_id, name in names}


def ipfs_hash(content: bytes) -> str:
    """SHA-256 of a file of one block as IPFS keeps it: a dag-pb node around a UnixFS file."""

    def varint(number: int) -> bytes:
        return (bytes([number & 127 | 128]) + varint(number >> 7)) if number > 127 else bytes([number])

    size = varint(len(content))
    file = b"\x08\x02\x12" + size + content + b"\x18" + size
    return sha256(b"\x0a" + varint(len(file)) + file).hexdigest()


def test_testnets__verified_without_a_key__says_so(hoodi: Command, explorer: Etherscan) -> None:
    explorer.posted.clear()

    assert hoodi.fail("--verify") == (
        "set ETHERSCAN_API_KEY to a key of https://etherscan.io/apidashboard: nothing verified"
    )
    assert explorer.posted == []


def test_testnets__verified_and_one_is_already_and_one_fails__names_that_and_goes_on(
    hoodi: Command, explorer: Etherscan
) -> None:
    explorer.posted.clear()
    explorer.replies[:] = ["Contract source code already verified"]
    explorer.results[:] = ["Fail - Unable to verify"]
    address = hoodi.entries["SlashingManager"]["address"]

    assert hoodi.fail("--verify", environment={"ETHERSCAN_API_KEY": "key-of-mine"}) == (
        f"SlashingManager at {address} is not verified: Fail - Unable to verify"
    )
    assert len(explorer.posted) == 6
