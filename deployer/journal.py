"""
`deployments/<network>.json`: what was deployed, and while it is being deployed, how far it got.

Each transaction is signed, written down and only then sent. So whatever interrupts a deployment, the next run knows
every transaction that may be on the chain. It sends the very same again, which cannot count twice, and nothing else
before that one is in a block.
"""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI, TransactionAPI
from ape.contracts import ContractContainer, ContractInstance
from ape.exceptions import AccountsError
from ape_accounts import KeyfileAccount
from eth_abi.abi import decode
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from ethpm_types import ContractType
from hexbytes import HexBytes
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError
from web3.types import TxReceipt

from deployer.contracts import container, create_address
from deployer.errors import DeployError
from deployer.network import reason, waiting_nonces

# The registry predicts where the next three will be, by the deployer's nonce.
CORE = ("AVSRegistry", "SlashingManager", "DelegationManager", "RewardsDistributor")
VAULT = "StakingVault"

# Of a deployment file: contracts by name, vaults by symbol, and calls by description.
SECTIONS = ("contracts", "vaults", "calls")

DYNAMIC_FEE = 2

Entry = dict[str, Any]


def read_deployment(path: Path) -> dict[str, Any]:
    """The content of a deployment file."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise DeployError(f"there is no {path}: deploy first") from None
    except (OSError, ValueError) as error:
        raise DeployError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict) or not content.keys() >= {*SECTIONS, "complete"}:
        raise DeployError(f"{path} is not a deployment file")
    return content


def contract_at(entry: Mapping[str, Any]) -> ContractInstance:
    """The contract of an entry of a deployment file."""
    return container(entry["contract"]).at(entry["address"], fetch_from_explorer=False, detect_proxy=False)


class Journal:
    """A deployment file under way, and the account that sends. It deploys what is not yet there."""

    def __init__(self, path: Path, account: AccountAPI, content: dict[str, Any]) -> None:
        self.path = path
        self.content = content
        self._account = account
        self._provider: Any = account.provider
        self._unlocked = False

    @classmethod
    def open(cls, path: Path, account: AccountAPI, head: Mapping[str, Any], *, force: bool, replace: bool) -> "Journal":
        """
        Begins a deployment, or goes on with the one that was interrupted. `head` says what is deployed where; an
        interrupted deployment of anything else is not taken up. With `replace`, what waits gets a higher fee.
        """
        head = json.loads(json.dumps(head))
        new = {
            "complete": False,
            **head,
            **_commit(),
            **{section: {} for section in SECTIONS},
            "ownerCalls": [],
        }
        if force or not path.exists():
            return cls(path, account, new)
        old = read_deployment(path)
        if old["complete"]:
            raise DeployError(f"{path} exists: --check reads it back, --force deploys anew and overwrites it")
        for key, value in head.items():
            if old.get(key) != value:
                raise DeployError(
                    f"{path} was begun with another {key}: restore it and run again, or begin anew with --force"
                )
        journal = cls(path, account, old)
        journal._settle(replace)
        return journal

    # --- what an account does, but at most once ---

    @property
    def sender(self) -> str:
        return str(self._account.address)

    @property
    def address(self) -> str:
        """Who deploys the core."""
        return str(self.begun["sender"]) if self.begun else self.sender

    @property
    def nonce(self) -> int:
        """The nonce from which the core is deployed."""
        return int(self.begun["nonce"]) if self.begun else self._next_nonce()

    @property
    def begun(self) -> Entry | None:
        """The registry, if it was deployed or is about to be."""
        entry: Entry | None = self.content["contracts"].get(CORE[0])
        return entry

    def deploy(self, contract: ContractContainer, *args: Any, key: str = "") -> ContractInstance:
        """Deploys a contract, unless it was with the same arguments. It goes by its name, or by `key`."""
        name = str(contract.contract_type.name)
        arguments = _named(contract, args)
        section, key = ("vaults", arguments["symbol"]) if name == VAULT else ("contracts", key or name)
        entry = self.content[section].get(key)
        if entry is None or entry["arguments"] != arguments:
            entry = {"contract": name, "arguments": arguments}
            self._send(contract(*args), contract.contract_type, section, key, entry)
        return contract_at(entry)

    def call(self, description: str, method: Any, *args: Any, value: int = 0) -> None:
        """Makes a call. Whether it is still to be made is for the caller to see from the chain."""
        txn = method.as_transaction(*args, sender=self._account, value=value)
        self._send(txn, method.contract.contract_type, "calls", description, {})

    def forget_lost_core(self) -> bool:
        """
        Whether the addresses that an interrupted deployment predicted can no longer be had, since the deployer's nonce
        has gone past them. Then the core is to be deployed anew.
        """
        contracts = self.content["contracts"]
        missing = [i for i, name in enumerate(CORE) if name not in contracts]
        if len(missing) in (0, len(CORE)):
            return False
        if self.begun:
            if self.sender != self.address:
                raise DeployError(f"{self.path} was begun by {self.address}: go on with that account, or use --force")
            if self._next_nonce() == self.nonce + missing[0]:
                return False
        for name in CORE:
            contracts.pop(name, None)
        return True

    def wait_for_owner(self, calls: Sequence[Mapping[str, str]]) -> None:
        """Writes down what the owner has to do before the deployment can go on."""
        self.content["ownerCalls"] = calls
        self._write()

    def finish(self) -> None:
        """Marks the deployment as complete and checked."""
        self.content |= {"complete": True, "ownerCalls": []}
        self._write()

    # --- inside ---

    def _send(self, txn: TransactionAPI, contract_type: ContractType, section: str, key: str, entry: Entry) -> None:
        nonce = self._next_nonce()
        self._refuse_strangers(nonce)
        txn.sender, txn.nonce = self._account.address, nonce
        txn.gas_limit = self._estimate(key, txn, contract_type)
        if "contract" in entry:
            entry["address"] = create_address(self.sender, nonce)
        entry |= {"sender": self.sender, "nonce": nonce}
        self._sign(key, entry, self._account.prepare_transaction(txn))
        self.content[section][key] = entry
        self._write()
        self._broadcast(key, entry)
        self._await(section, key)

    def _next_nonce(self) -> int:
        """After all that is known to be on the chain, even if this node lags behind the one that said so."""
        own = [int(entry["nonce"]) + 1 for _, _, entry in self._entries() if entry["sender"] == self.sender]
        return max([int(self._account.nonce), *own])

    def _refuse_strangers(self, nonce: int) -> None:
        """A transaction of something else that waits would take a nonce that the registry counts on."""
        if others := waiting_nonces(self._provider, self.sender, nonce):
            raise DeployError(
                f"{self.sender} has other transactions waiting, of nonce {', '.join(map(str, others))}, and {nonce} is "
                "next: nothing sent. Wait until they are in a block, or cancel them, and run again"
            )

    def _estimate(self, key: str, txn: TransactionAPI, contract_type: ContractType) -> int:
        """What to allow, with a quarter for what changes meanwhile [gas]. Says what it would revert with."""
        call = {"from": txn.sender, "value": txn.value, "data": txn.data}
        call |= {"to": txn.receiver} if txn.receiver else {}
        # Until its first block Anvil estimates as at the time 1, but not so if asked for the pending block; and public
        # nodes may have none.
        block = "pending" if self._provider.network.is_dev else "latest"
        try:
            estimate: int = self._provider.web3.eth.estimate_gas(call, block)
        except ContractLogicError as error:
            raise DeployError(f"{key} would revert, nothing sent: {_revert(contract_type, error)}") from None
        return estimate * 5 // 4

    def _sign(self, key: str, entry: Entry, txn: TransactionAPI) -> None:
        """Notes the transaction as it goes to the node. The passphrase of a keyfile is asked for once."""
        if not self._unlocked:
            _unlock(self._account)
            self._unlocked = True
        signed = self._account.sign_transaction(txn)
        if signed is None:
            raise DeployError(f"{key}: {self.sender} did not sign")
        raw = HexBytes(signed.serialize_transaction())
        entry["signed"] = [*entry.get("signed", []), raw.to_0x_hex()]
        entry["transaction"] = _hash(raw)

    def _broadcast(self, key: str, entry: Entry) -> None:
        """Sends what was signed last. To send the same again is harmless."""
        try:
            self._provider.web3.eth.send_raw_transaction(entry["signed"][-1])
        except Web3RPCError as error:
            message = reason(error)
            if "already" not in message:  # "already known" to Geth, "already imported" by Anvil
                raise DeployError(
                    f"{key}: the node refused transaction {entry['transaction']} of nonce {entry['nonce']}, as it "
                    f"says: {message}. Run again to send the same, or with --replace to send it with a higher fee"
                ) from None

    def _await(self, section: str, key: str) -> None:
        """Waits until one of what was signed for this entry is in a block."""
        entry = self.content[section][key]
        timeout = self._provider.network.transaction_acceptance_timeout
        deadline, pause = time.monotonic() + timeout, 0.01
        while (receipt := self._receipt(entry)) is None:
            if time.monotonic() > deadline:
                raise DeployError(
                    f"{key}: transaction {entry['transaction']} of nonce {entry['nonce']} is in no block after "
                    f"{timeout} s, and nothing else is sent until it is. Run again to go on waiting, or with "
                    "--replace to send it again with a higher fee"
                )
            time.sleep(pause)
            pause = min(2 * pause, 2)
        if not self._note(section, key, receipt):
            raise DeployError(f"{key}: transaction {entry['transaction']} failed in block {entry['block']}")

    def _receipt(self, entry: Entry) -> TxReceipt | None:
        for txn_hash in map(_hash, entry["signed"]) if "signed" in entry else [entry["transaction"]]:
            try:
                receipt: TxReceipt = self._provider.web3.eth.get_transaction_receipt(txn_hash)
            except TransactionNotFound:
                continue
            return receipt
        return None

    def _note(self, section: str, key: str, receipt: TxReceipt) -> bool:
        """Writes down what became of a transaction, and tells whether it worked. If not, it came to nothing."""
        entry = self.content[section][key]
        entry.pop("signed", None)
        entry |= {"transaction": receipt["transactionHash"].to_0x_hex(), "block": receipt["blockNumber"]}
        if receipt["status"]:
            at = f" at {entry['address']}" if "address" in entry else ""
            click.echo(f"block {entry['block']}: {key}{at}")
        else:
            del self.content[section][key]
        self._write()
        return bool(receipt["status"])

    def _settle(self, replace: bool) -> None:
        """
        Finds out what became of the transactions that were written down. One that can still get into a block is waited
        for, and sent again as it was signed; one that cannot is forgotten.
        """
        for section, key, entry in sorted(self._entries(), key=lambda item: int(item[2]["nonce"])):
            if (receipt := self._receipt(entry)) is None and self._waits(entry):
                if replace and "signed" in entry:
                    self._replace(key, entry)
                if "signed" in entry:
                    self._broadcast(key, entry)
                self._await(section, key)
            elif receipt := receipt or self._receipt(entry):
                self._note(section, key, receipt)
            else:
                del self.content[section][key]
        self._write()

    def _waits(self, entry: Entry) -> bool:
        """Whether a transaction without a block can still get into one."""
        if "signed" not in entry:  # it was in a block, before a reorganisation
            try:
                self._provider.web3.eth.get_transaction(entry["transaction"])
            except TransactionNotFound:
                return False
            return True
        nonce = self._provider.get_nonce(entry["sender"])
        if entry["nonce"] < nonce:
            # Another one took its nonce, or the node lags behind the one that was asked for the nonce.
            time.sleep(self._provider.network.block_time)
        return bool(entry["nonce"] == nonce)

    def _replace(self, key: str, entry: Entry) -> None:
        """Signs a transaction again with a higher fee. Both have the same nonce, so only one of them can count."""
        if self.sender != entry["sender"]:
            raise DeployError(f"{key} was sent by {entry['sender']}: only that account can replace it")
        raw = HexBytes(entry["signed"][-1])
        if raw[0] != DYNAMIC_FEE:
            raise DeployError(f"{key} cannot be replaced: only a transaction of type {DYNAMIC_FEE} can be")
        old = TypedTransaction.from_bytes(raw).as_dict()
        tip = max(_raised(old["maxPriorityFeePerGas"]), self._provider.priority_fee)
        market = int(self._provider.base_fee * self._provider.network.base_fee_multiplier) + tip
        txn = self._provider.network.ecosystem.create_transaction(
            **{name: old[name] for name in ("type", "chainId", "nonce", "gas", "value", "data")},
            to=to_checksum_address(old["to"]) if old["to"] else None,
            sender=self.sender,
            max_fee=max(_raised(old["maxFeePerGas"]), market),
            max_priority_fee=tip,
        )
        self._sign(key, entry, txn)
        self._write()

    def _entries(self) -> list[tuple[str, str, Entry]]:
        return [(section, key, entry) for section in SECTIONS for key, entry in self.content[section].items()]

    def _write(self) -> None:
        """Replaces the file in one step, so that there is always a whole one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.content, indent=2) + "\n")
        draft.replace(self.path)


def _unlock(account: AccountAPI) -> None:
    """Has a keyfile sign all that follows, rather than ask for each transaction."""
    if not isinstance(account, KeyfileAccount):
        return
    try:
        account.set_autosign(True)
    except (AccountsError, click.Abort) as error:
        raise DeployError(
            f"{account.alias} stays locked, nothing sent: {str(error) or 'no passphrase'}. Type it, or have it in "
            f"APE_ACCOUNTS_{account.alias}_PASSPHRASE"
        ) from None


def _revert(contract_type: ContractType, error: ContractLogicError) -> str:
    """A revert with the name and the arguments that the contract gives it."""
    data = HexBytes(str(error.data)) if str(error.data).startswith("0x") else HexBytes("")
    for abi in contract_type.errors:
        if data[:4] == keccak(text=abi.selector)[:4]:
            values = decode([item.canonical_type for item in abi.inputs], data[4:])
            return f"{abi.name}({', '.join(map(str, values))})"
    return str(error.message)


def _hash(signed: str | HexBytes) -> str:
    return HexBytes(keccak(HexBytes(signed))).to_0x_hex()


def _raised(fee: int) -> int:
    """A fee for which nodes take a replacement: they ask for 10 % more at least [wei]."""
    return fee * 5 // 4 + 1


def _named(contract: ContractContainer, args: tuple[Any, ...]) -> dict[str, Any]:
    """Constructor arguments by name, as JSON keeps them."""
    inputs = contract.constructor.abi.inputs
    return {str(item.name).strip("_"): _plain(item, value) for item, value in zip(inputs, args, strict=True)}


def _plain(item: Any, value: Any) -> Any:
    if item.components:
        return {field.name: _plain(field, part) for field, part in zip(item.components, value, strict=True)}
    return str(getattr(value, "address", value)) if item.type == "address" else value


def _commit() -> dict[str, Any]:
    """The commit that is deployed, and whether anything but deployments differs from it."""

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(Path(__file__).parent.parent), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.stdout.strip() if result.returncode == 0 else None

    return {
        "commit": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--", ".", ":!deployments")),
    }
