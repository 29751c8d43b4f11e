"""Deploys an oracle over a vault of a deployment, with its feeds, and checks it: config/oracle/<network>.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

import click
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

from deployer.check import differences_of_source
from deployer.config import ADDRESS, DEPLOYER, LOCAL_CHAIN, NONE, Problems, checked, is_address, is_int
from deployer.contracts import ZERO_ADDRESS, Setup
from deployer.errors import DeployError
from deployer.journal import Journal, contract_at, read_deployment
from deployer.timelock import OwnerCall, owner_call

STAND_IN = "TestToken"  # a token that is deployed along, on the local chain only

_WAD, _BPS = 10**18, 10_000

# Each number with its bounds, as the contracts have them.
_NUMBERS = {
    "min_stake": (1, 2**96 - 1),
    "max_share": (1, _BPS),
    "penalty": (1, _WAD),
    "reward": (0, 2**96 - 1),
    "bounty": (0, 2**96 - 1),
    "round": (1, 2**48 - 1),
}
_FEED_NUMBERS = {
    "decimals": (0, 18),
    "heartbeat": (3, 2**48 - 1),
    "deviation": (1, 2**16 - 1),
    "quorum": (6_667, _BPS),
}
_KEYS = ("chain_id", "vault", "owner", "by_admission", "recipient", "uri", "token", "feeds", *_NUMBERS)


@dataclass(frozen=True)
class FeedConfig:
    """A feed, as `IOracleAVS.Feed` has it, after its description."""

    description: str
    decimals: int
    heartbeat: int
    deviation: int
    quorum: int

    @property
    def terms(self) -> tuple[int, ...]:
        return astuple(self)[1:]


@dataclass(frozen=True)
class OracleConfig:
    """What to deploy, as `IAVSBase.Setup` and the constructor of `OracleAVS` name it. `vault` is a symbol."""

    chain_id: int
    vault: str
    owner: str
    by_admission: bool
    recipient: str
    min_stake: int
    max_share: int
    penalty: int
    uri: str
    token: str
    reward: int
    bounty: int
    round: int
    feeds: tuple[FeedConfig, ...]


def load_oracle_config(path: Path) -> OracleConfig:
    """Reads and checks a config file, as `load_config`."""
    fields = checked(path, _fields)
    return OracleConfig(**{**fields, "feeds": tuple(FeedConfig(**feed) for feed in fields["feeds"])})


def deploy_oracle(
    config: OracleConfig, protocol: Path, account: AccountAPI, path: Path, *, force: bool, replace: bool
) -> Sequence[OwnerCall]:
    """
    Deploys what `config` says over the deployment in the file `protocol`, or goes on with it, and checks the result.
    Returns the calls that the owner has to make before the next run can go on.
    """
    core = _core(config, protocol)
    head = {"config": asdict(config), "registry": core["contracts"]["AVSRegistry"]["address"]}
    journal = Journal.open(path, account, head, force=force, replace=replace)
    token = journal.deploy(project.TestToken, "Test reward", "TEST", 18) if config.token == STAND_IN else config.token
    oracle = journal.deploy(project.OracleAVS, *_arguments(config, core, str(journal.sender), token))
    owner, calls = str(oracle.owner()), list[OwnerCall]()
    for index, feed in enumerate(config.feeds):
        added = oracle.feedCount()
        if index < added:
            journal.deploy(project.OracleFeed, oracle, index + 1, key=feed.description)
        elif journal.sender == owner:
            journal.call(f"add {feed.description}", oracle.addFeed, feed.terms, feed.description)
            journal.deploy(project.OracleFeed, oracle, index + 1, key=feed.description)
        else:
            data = oracle.addFeed.encode_input(feed.terms, feed.description).to_0x_hex()
            calls.append(owner_call(owner, f"add {feed.description}", oracle.address, data))
    if calls:
        journal.wait_for_owner([call.as_entry() for call in calls])
        return calls
    if mismatches := oracle_differences(config, journal.content):
        raise DeployError("\n".join(mismatches))
    journal.finish()
    click.echo(f"the oracle is AVS {oracle.AVS()}")
    return []


def oracle_differences(config: OracleConfig, deployment: Mapping[str, Any]) -> list[str]:
    """What on the chain is not as it should be, in one line each."""
    contracts = deployment["contracts"]
    missing = [name for name in ("OracleAVS", *(feed.description for feed in config.feeds)) if name not in contracts]
    if broken := [f"{name} is not deployed" for name in missing] + differences_of_source(deployment):
        return broken  # what was not created from this source cannot be asked for more
    oracle = contract_at(contracts["OracleAVS"])
    found = {int(i): (oracle.descriptionOf(i), *oracle.feedOf(i)) for i in range(1, oracle.feedCount() + 1)}
    wanted = {i: astuple(feed) for i, feed in enumerate(config.feeds, start=1)}
    lines = [
        f"feed {i} is {found.get(i)}, not {wanted.get(i)}" for i in {**found, **wanted} if found.get(i) != wanted.get(i)
    ]
    owner = contracts["OracleAVS"]["sender"] if config.owner == DEPLOYER else config.owner
    if oracle.owner() != owner:
        lines.append(f"OracleAVS.owner is {oracle.owner()}, not {owner}")
    return lines


def _core(config: OracleConfig, path: Path) -> dict[str, Any]:
    core = read_deployment(path)
    if not core["complete"]:
        raise DeployError(f"{path} is not complete: finish that deployment first")
    if config.vault not in core["vaults"]:
        raise DeployError(f"{path} has no vault {config.vault}, but {', '.join(core['vaults'])}")
    if problems := differences_of_source(core):
        raise DeployError("\n".join(problems))
    timing = core["contracts"]["AVSRegistry"]["arguments"]["timing"]
    epoch, window = timing["epoch"], timing["reportWindow"]
    if epoch % config.round or 2 * config.round > window:
        raise DeployError(
            f"round is {config.round} s, but must divide an epoch of {epoch} s and fit twice into the report window of "
            f"{window} s"
        )
    return core


def _arguments(
    config: OracleConfig, core: Mapping[str, Any], sender: str, token: ContractInstance | str
) -> tuple[Any, ...]:
    """The arguments of the constructor of `OracleAVS`."""
    contracts = core["contracts"]
    setup = Setup(  # without a veto period: nobody vetoes what is proved
        slashing=contracts["SlashingManager"]["address"],
        vault=core["vaults"][config.vault]["address"],
        owner=sender if config.owner == DEPLOYER else config.owner,
        by_admission=config.by_admission,
        recipient=ZERO_ADDRESS if config.recipient == NONE else config.recipient,
        min_stake=config.min_stake,
        max_share=config.max_share,
        penalty=config.penalty,
        uri=config.uri,
    )
    rewards = contracts["RewardsDistributor"]["address"]
    return astuple(setup), rewards, token, config.reward, config.bounty, config.round


def _fields(raw: Any, problems: Problems) -> Mapping[str, Any]:
    fields = problems.fields("", raw, _KEYS)
    local = fields.get("chain_id") == LOCAL_CHAIN
    problems.expect(fields, "chain_id", is_int(fields.get("chain_id"), 1), "a positive integer")
    for key in ("vault", "uri"):
        problems.expect(fields, key, isinstance(fields.get(key), str), "a text")
    problems.expect(fields, "by_admission", isinstance(fields.get("by_admission"), bool), "true or false")
    for key, name in (("owner", DEPLOYER), ("recipient", NONE)):
        value = fields.get(key)
        problems.expect(fields, key, value == name or is_address(value), f"{ADDRESS}, or {name!r}")
    token = fields.get("token")
    stand_in = f", or {STAND_IN!r}" if local else ""
    problems.expect(fields, "token", (local and token == STAND_IN) or is_address(token), f"{ADDRESS}{stand_in}")
    _expect_numbers(fields, _NUMBERS, "", problems)
    share = fields.get("max_share")
    if is_int(share, 1, _BPS - 1) and fields.get("by_admission") is False:
        problems.lines.append(f"max_share is {share}, but a cap takes by_admission: true")
    feeds = fields.get("feeds")
    problems.expect(fields, "feeds", isinstance(feeds, list) and len(feeds) > 0, "a list of feeds")
    for index, feed in enumerate(feeds if isinstance(feeds, list) else []):
        _check_feed(f"feeds[{index}]", feed, fields.get("round"), problems)
    if not problems.lines:
        names = [feed["description"] for feed in fields["feeds"]]
        twice = sorted({name for name in names if names.count(name) > 1})
        problems.lines += [f"feeds has {name!r} twice, but feeds go by their description" for name in twice]
    return fields


def _check_feed(where: str, raw: Any, round_: Any, problems: Problems) -> None:
    fields = problems.fields(where, raw, ("description", *_FEED_NUMBERS))
    text, heartbeat = fields.get("description"), fields.get("heartbeat")
    fits = isinstance(text, str) and 0 < len(text.encode()) < 32
    problems.expect(fields, "description", fits, "a text of 1 to 31 bytes", f"{where}.")
    _expect_numbers(fields, _FEED_NUMBERS, f"{where}.", problems)
    if is_int(heartbeat, 3) and is_int(round_, 1) and heartbeat < 3 * round_:
        problems.lines.append(f"{where}.heartbeat is {heartbeat} s, but must be three rounds at least")


def _expect_numbers(
    fields: Mapping[str, Any], bounds: Mapping[str, tuple[int, int]], where: str, problems: Problems
) -> None:
    for key, (low, high) in bounds.items():
        problems.expect(fields, key, is_int(fields.get(key), low, high), f"from {low} to {high}", where)
