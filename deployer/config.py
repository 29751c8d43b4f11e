"""Reads `config/<network>.yaml`, and says all that is wrong with it before anything is sent."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from eth_utils.address import is_checksum_address

from deployer.errors import DeployError

LOCAL_CHAIN = 31_337
STAND_INS = ("WETH9", "LiquidStakingToken")  # assets that are deployed along, on the local chain only
DEPLOYER = "deployer"
NONE = "none"
NOW = "now"

# As `AVSRegistry` has them [s].
MIN_LOCAL_EPOCH = 60
MAX_EPOCH = 30 * 86_400
# On other chains, so that a history of moves wraps after 179 years at least: see docs/decisions.md [s].
MIN_EPOCH = 86_400

T = TypeVar("T")

_KEYS = ("chain_id", "owner", "guardian", "timing", "vaults")
_TIMING_KEYS = ("genesis", "epoch", "report_window", "max_veto", "execute_window")
_VAULT_KEYS = ("asset", "native", "name", "symbol", "cap")


@dataclass(frozen=True)
class VaultConfig:
    """A vault: its asset by address, or the name of a stand-in."""

    asset: str
    native: bool
    name: str
    symbol: str
    cap: int


@dataclass(frozen=True)
class Config:
    """What to deploy. `owner` may be "deployer", `guardian` also "none", and `genesis` "now"."""

    chain_id: int
    owner: str
    guardian: str
    timing: Mapping[str, Any]
    vaults: tuple[VaultConfig, ...]


def load_config(path: Path) -> Config:
    """
    Reads and checks a config file, with variables of the environment put in. Raises a `DeployError` with one line for
    each thing that is wrong.
    """
    return checked(path, _config)


def checked(path: Path, read: Callable[[Any, "Problems"], T]) -> T:
    """What `read` makes of a YAML file, unless it finds problems."""
    try:
        raw = yaml.safe_load(os.path.expandvars(path.read_text()))
    except FileNotFoundError:
        raise DeployError(f"there is no {path}: write it, or name another with --config") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeployError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    problems = Problems()
    config = read(raw, problems)
    if problems.lines:
        raise DeployError("\n".join(f"{path}: {line}" for line in problems.lines))
    return config


class Problems:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def fields(self, where: str, raw: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
        """The values of a mapping that has exactly these keys."""
        if not isinstance(raw, dict):
            self.lines.append(f"{where or 'the file'} must be a mapping with {', '.join(keys)}")
            return {}
        prefix = f"{where}." if where else ""
        self.lines += [f"{prefix}{key} is missing" for key in keys if key not in raw]
        self.lines += [f"{prefix}{key} is unknown" for key in raw if key not in keys]
        return raw

    def expect(self, values: Mapping[str, Any], key: str, valid: bool, rule: str, where: str = "") -> None:
        """Complains of a value that is there and not valid."""
        if key in values and not valid:
            self.lines.append(f"{where}{key} is {values[key]!r}, but must be {rule}")


def _config(raw: Any, problems: Problems) -> Config:
    fields = problems.fields("", raw, _KEYS)
    chain_id, owner, guardian = (fields.get(key, "") for key in ("chain_id", "owner", "guardian"))
    problems.expect(fields, "chain_id", is_int(chain_id, 1), "a positive integer")
    problems.expect(fields, "owner", owner == DEPLOYER or is_address(owner), f"{ADDRESS}, or {DEPLOYER!r}")
    problems.expect(
        fields,
        "guardian",
        guardian in (DEPLOYER, NONE) or is_address(guardian),
        f"{ADDRESS}, {DEPLOYER!r} or {NONE!r}",
    )
    vaults = fields.get("vaults")
    problems.expect(fields, "vaults", isinstance(vaults, list), "a list")
    assets = (*STAND_INS,) if chain_id == LOCAL_CHAIN else ()
    public = is_int(chain_id, 1) and chain_id != LOCAL_CHAIN
    return Config(
        chain_id=chain_id,
        owner=str(owner),
        guardian=str(guardian),
        timing=_timing(
            fields.get("timing", {}), "timing" in fields, MIN_EPOCH if public else MIN_LOCAL_EPOCH, problems
        ),
        vaults=_vaults(vaults if isinstance(vaults, list) else [], assets, problems),
    )


def _timing(raw: Any, given: bool, min_epoch: int, problems: Problems) -> Mapping[str, Any]:
    if not given:
        return {}
    timing = problems.fields("timing", raw, _TIMING_KEYS)
    bounds = {
        "epoch": (min_epoch, MAX_EPOCH),
        "report_window": (1, MAX_EPOCH),
        "max_veto": (0, MAX_EPOCH),
        "execute_window": (1, MAX_EPOCH),
    }
    genesis = timing.get("genesis")
    problems.expect(
        timing, "genesis", genesis == NOW or is_int(genesis, 1, 2**48 - 1), f"Unix time [s], or {NOW!r}", "timing."
    )
    before = len(problems.lines)
    for key, (low, high) in bounds.items():
        problems.expect(timing, key, is_int(timing.get(key), low, high), f"from {low} to {high} [s]", "timing.")
    if len(problems.lines) == before and all(key in timing for key in bounds):
        windows = timing["report_window"] + timing["max_veto"] + timing["execute_window"]
        if windows > timing["epoch"]:
            problems.lines.append(
                f"timing.report_window + max_veto + execute_window are {windows} s, but must fit into an epoch of "
                f"{timing['epoch']} s"
            )
    return timing


def _vaults(raw: list[Any], stand_ins: tuple[str, ...], problems: Problems) -> tuple[VaultConfig, ...]:
    vaults = []
    for index, item in enumerate(raw):
        where = f"vaults[{index}]"
        fields = problems.fields(where, item, _VAULT_KEYS)
        asset, native, cap = (fields.get(key) for key in ("asset", "native", "cap"))
        rule = " or ".join([ADDRESS, *map(repr, stand_ins)])
        problems.expect(fields, "asset", asset in stand_ins or is_address(asset), rule, f"{where}.")
        problems.expect(fields, "native", isinstance(native, bool), "true or false", f"{where}.")
        problems.expect(fields, "cap", is_int(cap, 0, 2**96 - 1), "an integer from 0 on [asset]", f"{where}.")
        for key in ("name", "symbol"):
            text = fields.get(key)
            problems.expect(fields, key, isinstance(text, str) and bool(text), "a text", f"{where}.")
        if set(fields) == set(_VAULT_KEYS):
            vaults.append(VaultConfig(**fields))
    symbols = [vault.symbol for vault in vaults]
    problems.lines += [
        f"vaults[{index}].symbol is {symbol!r}, as that of another vault; vaults go by their symbol"
        for index, symbol in enumerate(symbols)
        if symbol in symbols[:index]
    ]
    return tuple(vaults)


ADDRESS = "an address with its checksum, in quotes"


def is_address(value: Any) -> bool:
    return isinstance(value, str) and is_checksum_address(value) and int(value, 16) != 0


def is_int(value: Any, low: int, high: int | None = None) -> bool:
    return type(value) is int and low <= value and (high is None or value <= high)
