"""An AVS on `AVSBase` with operators that sign for it, and the oracle. Signed without the package `catenary`."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import ape
from ape import project
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import Signature
from eth_utils.crypto import keccak

from deployer.contracts import Setup
from tests.helpers.protocol import ANYTHING, ETHER, WAD, Protocol
from tests.helpers.typed_data import Types, domain, message

SIGNING_KEY: Types = {"SigningKey": ("address operator",)}
REPORT: Types = {"Report": ("uint32 feed", "uint48 round", "int192 price", "uint48 time")}
STATEMENT: Types = {"Statement": ("bytes32 subject", "bytes32 statement", "uint48 time")}

ROUND = 600  # [s]
HEARTBEAT = 3_600  # [s]
DEVIATION = 50  # [bps]
QUORUM = 6_667  # [bps]
REWARD = 700 * ETHER  # for each epoch
BOUNTY = ETHER // 10
MIN_STAKE = 21 * ETHER // 10  # what is safe of 10 ETH, as operators are enlisted
PENALTY = WAD // 2
UNCAPPED = 2**96 - 1

Report = tuple[int, int, bytes]  # price, time, signature


def key(name: str) -> LocalAccount:
    """The key of that name, the same in every run."""
    signer: LocalAccount = Account.from_key(keccak(text=name))
    return signer


def key_of(operator: AccountAPI) -> LocalAccount:
    """The key that an operator is enlisted with."""
    return key(str(operator.address))


def setup(protocol: Protocol, vault: ContractInstance, owner: str, **changes: Any) -> tuple[Any, ...]:
    """`IAVSBase.Setup`: what `Setup` has without changes, and half of the stake slashed."""
    usual = Setup(
        slashing=protocol.slashing.address, vault=vault.address, owner=owner, min_stake=MIN_STAKE, penalty=PENALTY
    )
    return astuple(replace(usual, **changes))


@dataclass(frozen=True)
class Scene:
    """An AVS. `operators` act where a test names nobody."""

    protocol: Protocol
    contract: ContractInstance
    vault: ContractInstance
    owner: AccountAPI
    operators: Sequence[AccountAPI]
    name: str  # of the EIP-712 domain

    # --- actors ---

    def enlist(
        self,
        operator: AccountAPI,
        staker: AccountAPI,
        *,
        stake: int = 100 * ETHER,
        guaranteed: int = 2_000,
        elastic: int = 1_000,
    ) -> None:
        """
        `staker` stakes with the operator, which opts in with its key and so joins; in force three epochs later. A pool
        that is not open yet gets a loss budget of 50 %, a commission of 10 % and any veto period.
        """
        registry = self.protocol.registry
        if not registry.isOperator(operator):
            registry.registerOperator("", sender=operator)
        if not registry.isOpen(operator, self.vault):
            registry.openPool(self.vault, 5_000, 1_000, 0, sender=operator)
        self.vault.depositAndDelegate(stake, operator, 0, ANYTHING, sender=staker)
        if registry.terms(self.avs).byAdmission:
            self.contract.setAdmitted(operator, True, sender=self.owner)
        signer = key_of(operator)
        data = opt_in_data(signer, self.prove(signer, operator))
        registry.optIn(self.avs, self.vault, guaranteed, elastic, data, sender=operator)

    def set_key(self, operator: AccountAPI, signer: LocalAccount) -> ReceiptAPI:
        return self.contract.setKey(signer.address, self.prove(signer, operator), sender=operator)

    def join(self, operator: AccountAPI) -> ReceiptAPI:
        """For who had too little stake when it opted in."""
        return self.contract.join(operator, sender=self.owner)

    def take_snapshot(self, limit: int = 1_000) -> ReceiptAPI:
        return self.contract.takeSnapshot(limit, sender=self.owner)

    def begin(self) -> int:
        """Goes to the epoch in which the allocations are in force, and takes the snapshot."""
        epoch = self.protocol.skip_epochs(3)
        self.take_snapshot()
        return epoch

    # --- signatures ---

    def sign(self, signer: LocalAccount, types: Types, *values: Any) -> bytes:
        return bytes(signer.sign_message(message(domain(self.name, self.contract), types, values)).signature)

    def prove(self, signer: LocalAccount, operator: Any) -> bytes:
        """That the key belongs to the operator."""
        return self.sign(signer, SIGNING_KEY, operator)

    # --- views ---

    @property
    def avs(self) -> int:
        return int(self.contract.AVS())

    def ascending(self, operators: Sequence[AccountAPI]) -> list[AccountAPI]:
        """In the order in which the contracts take their signatures."""
        return sorted(operators, key=lambda operator: int(operator.address, 16))

    def weight(self, epoch: int, operator: Any) -> int:
        return int(self.contract.weightOf(epoch, operator))

    def safe_stake(self, operator: Any) -> tuple[int, int]:
        """Guaranteed and elastic, as the core says [vault shares]."""
        shares = self.protocol.slashing.stake(self.avs, operator, self.vault).shares
        return int(shares.safeGuaranteed), int(shares.safeElastic)

    def retained(self, operator: Any) -> int:
        return int(self.protocol.delegation.retained(operator, self.vault))


@dataclass(frozen=True)
class Oracle(Scene):
    """The oracle. Where a test names no feed, its first one."""

    token: ContractInstance  # of rewards and bounties

    # --- actors ---

    def add_feed(
        self,
        description: str = "ETH / USD",
        *,
        decimals: int = 8,
        heartbeat: int = HEARTBEAT,
        deviation: int = DEVIATION,
        quorum: int = QUORUM,
    ) -> int:
        self.contract.addFeed((decimals, heartbeat, deviation, quorum), description, sender=self.owner)
        return int(self.contract.feedCount())

    def fund(self, amount: int) -> None:
        self.token.mint(self.contract, amount, sender=self.owner)

    def to_round(self, round_: int, second: int = 0) -> int:
        """Mines a block `second` seconds into a round, and names the round."""
        ape.chain.mine(timestamp=self.begin_of(round_) + second)
        return round_

    def next_round(self, second: int = 60) -> int:
        return self.to_round(self.round + 1, second)

    def submit(
        self,
        round_: int,
        price: int,
        reports: Mapping[AccountAPI, int] | Sequence[Report],
        *,
        feed: int = 1,
        sender: AccountAPI | None = None,
    ) -> ReceiptAPI:
        """Submits reports, or one of each operator with the price that it is given."""
        if isinstance(reports, Mapping):
            reports = self.reports(round_, reports, feed=feed)
        return self.contract.submit(feed, round_, price, reports, sender=sender or self.owner)

    def answer(self, price: int = 2_000, *, feed: int = 1) -> int:
        """All operators answer the next round with one price. Names the round."""
        round_ = self.next_round()
        self.submit(round_, price, dict.fromkeys(self.operators, price), feed=feed)
        return round_

    # --- signatures ---

    def report(
        self,
        operator: AccountAPI,
        round_: int,
        price: int,
        time: int | None = None,
        *,
        feed: int = 1,
        signer: LocalAccount | None = None,
    ) -> Report:
        """Signed by the operator, as of the first second of the round."""
        time = self.begin_of(round_) if time is None else time
        return (price, time, self.sign(signer or key_of(operator), REPORT, feed, round_, price, time))

    def reports(self, round_: int, prices: Mapping[AccountAPI, int], *, feed: int = 1) -> list[Report]:
        """One of each operator, in ascending order."""
        return [self.report(each, round_, prices[each], feed=feed) for each in self.ascending(list(prices))]

    def recover(self, feed: int, round_: int, report: Report) -> str:
        """Whose signature the contract takes this for."""
        price, time, signature = report
        digest = bytes(self.contract.digestOf(feed, round_, price, time))
        recovered = Signature(signature[:64] + bytes([signature[64] - 27])).recover_public_key_from_msg_hash(digest)
        return str(recovered.to_checksum_address())

    # --- views ---

    @property
    def genesis(self) -> int:
        return int(self.protocol.registry.GENESIS())

    @property
    def round(self) -> int:
        """The round of the next block, worked out from the clock."""
        return int(1 + (ape.chain.pending_timestamp - self.genesis) // ROUND)

    def begin_of(self, round_: int) -> int:
        return int(self.genesis + (round_ - 1) * ROUND)


def opt_in_data(signer: LocalAccount, proof: bytes) -> bytes:
    """What an operator that opts in hands over: `abi.encode(signer, proof)`."""
    return bytes(encode(["address", "bytes"], [signer.address, proof]))


def deploy_oracle(
    protocol: Protocol,
    vault: ContractInstance,
    token: ContractInstance,
    owner: AccountAPI,
    operators: Sequence[AccountAPI] = (),
    *,
    reward: int = REWARD,
    bounty: int = BOUNTY,
    round_length: int = ROUND,
    **changes: Any,
) -> Oracle:
    """Deploys an oracle without feeds, operators or funds. It pays in `token`."""
    contract = owner.deploy(
        project.OracleAVS,
        setup(protocol, vault, owner.address, **changes),
        protocol.rewards,
        token,
        reward,
        bounty,
        round_length,
    )
    return Oracle(protocol, contract, vault, owner, operators, "Catenary Oracle", token)


def deploy_notary(
    protocol: Protocol, vault: ContractInstance, owner: AccountAPI, operators: Sequence[AccountAPI] = (), **changes: Any
) -> Scene:
    contract = owner.deploy(project.Notary, setup(protocol, vault, owner.address, **changes))
    return Scene(protocol, contract, vault, owner, operators, "Catenary Notary")


def deploy_feed(oracle: Oracle, feed: int = 1) -> ContractInstance:
    """A reader of one feed of the oracle."""
    return oracle.owner.deploy(project.OracleFeed, oracle.contract, feed)
