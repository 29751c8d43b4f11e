"""
`deployments/<network>.json`: what was deployed, and while it is being deployed, how far it got.

Each transaction is signed, written down and only then sent. So whatever interrupts a deployment, the next run knows
every transaction that may be on the chain, and sends none of them twice.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI, ReceiptAPI, TransactionAPI
from ape.contracts import ContractContainer, ContractInstance
from web3.exceptions import TransactionNotFound

from deployer.contracts import container, create_address
from deployer.errors import DeployError

# The registry predicts where the next three will be, by the deployer's nonce.
CORE = ("AVSRegistry", "SlashingManager", "DelegationManager", "RewardsDistributor")
VAULT = "StakingVault"

# Of a deployment file: contracts by name, vaults by symbol, and calls by description.
SECTIONS = ("contracts", "vaults", "calls")

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

    @classmethod
    def open(cls, path: Path, account: AccountAPI, head: Mapping[str, Any], force: bool) -> "Journal":
        """
        Begins a deployment, or goes on with the one that was interrupted. `head` says what is deployed where; an
        interrupted deployment of anything else is not taken up.
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
        journal._settle()
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
        return int(self.begun["nonce"] if self.begun else self._account.nonce)

    @property
    def begun(self) -> Entry | None:
        """The registry, if it was deployed or is about to be."""
        entry: Entry | None = self.content["contracts"].get(CORE[0])
        return entry

    def deploy(self, contract: ContractContainer, *args: Any) -> ContractInstance:
        """Deploys a contract, unless it was with the same arguments."""
        name = str(contract.contract_type.name)
        arguments = _named(contract, args)
        section, key = ("vaults", arguments["symbol"]) if name == VAULT else ("contracts", name)
        entry = self.content[section].get(key)
        if entry is None or entry["arguments"] != arguments:
            entry = {"contract": name, "arguments": arguments}
            self._send(contract(*args), section, key, entry)
        return contract_at(entry)

    def call(self, description: str, method: Any, *args: Any, value: int = 0) -> None:
        """Makes a call. Whether it is still to be made is for the caller to see from the chain."""
        txn = method.as_transaction(*args, sender=self._account, value=value)
        self._send(txn, "calls", description, {})

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
            if self._account.nonce == self.nonce + missing[0]:
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

    def _send(self, txn: TransactionAPI, section: str, key: str, entry: Entry) -> None:
        signed = self._account.sign_transaction(self._account.prepare_transaction(txn))
        if signed is None:
            raise DeployError(f"{key}: {self.sender} did not sign")
        if "contract" in entry:
            entry["address"] = create_address(self.sender, int(signed.nonce or 0))
        entry |= {"sender": self.sender, "nonce": signed.nonce, "transaction": signed.txn_hash.to_0x_hex()}
        self.content[section][key] = entry
        self._write()
        self._confirm(key, entry, self._account.provider.send_transaction(signed))
        self._write()

    def _settle(self) -> None:
        """Finds out what became of the transactions that were written down, and forgets those that came to nothing."""
        provider: Any = self._account.provider
        for section in SECTIONS:
            for key, entry in list(self.content[section].items()):
                try:
                    provider.web3.eth.get_transaction(entry["transaction"])
                except TransactionNotFound:
                    del self.content[section][key]
                    continue
                receipt = provider.get_receipt(entry["transaction"])
                if receipt.failed:
                    del self.content[section][key]
                else:
                    self._confirm(key, entry, receipt)
        self._write()

    def _confirm(self, key: str, entry: Entry, receipt: ReceiptAPI) -> None:
        entry["block"] = receipt.block_number
        click.echo(f"block {receipt.block_number}: {key}" + (f" at {entry['address']}" if "address" in entry else ""))

    def _write(self) -> None:
        """Replaces the file in one step, so that there is always a whole one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.content, indent=2) + "\n")
        draft.replace(self.path)


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
