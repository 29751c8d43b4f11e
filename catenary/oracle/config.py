"""The config of a node: a TOML file. All that is wrong with it is said at once, before anything starts."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address

from catenary.errors import ConfigError
from catenary.oracle.report import Domain, domain
from catenary.oracle.sources import MOST_AGE, Source, source

MOST_FEEDS = 120


@dataclass(frozen=True)
class FeedConfig:
    """Where the price of a feed comes from."""

    number: int  # id
    sources: tuple[Source, ...]
    least: int  # sources that must have a price
    most_age: int  # of what they say, where they say its time [s]


@dataclass(frozen=True)
class Config:
    """What a node needs to know."""

    node: str  # URI
    domain: Domain
    relays: tuple[str, ...]
    keyfile: Path
    passphrase: str
    journal: Path
    port: int  # of health and metrics; 0 takes any that is free
    every: float  # how often to look at the chain and the relays [s]
    silence: int  # without a new block for so long, the node of the chain is in trouble [s]
    ahead: int  # nothing is signed while the chain's clock is so far ahead of this machine's [s]
    least_balance: int  # [wei]
    most_fee: int  # for a unit of gas [wei]
    feeds: tuple[FeedConfig, ...]

    @classmethod
    def load(cls, path: Path) -> "Config":
        """Reads the file. Raises a `ConfigError` that names every mistake by its place."""
        try:
            content = tomllib.loads(path.read_text())
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror}): name a config file") from None
        except ValueError as error:
            raise ConfigError(f"{path} is no TOML: {error}") from None
        reader = _Reader(path.parent, content)
        made = reader.config()
        if reader.wrong:
            raise ConfigError(f"{path}: {'; '.join(reader.wrong)}")
        return made

    def key(self) -> LocalAccount:
        """Unlocks the key, which takes a second. Raises `ConfigError`."""
        try:
            key: LocalAccount = Account.from_key(Account.decrypt(self.keyfile.read_text(), self.passphrase))
            return key
        except (OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
            raise ConfigError(
                f"the key {self.keyfile} cannot be unlocked ({type(error).__name__}): see that it is an Ethereum "
                "keyfile, and its passphrase"
            ) from None


class _Reader:
    """Takes the keys out of the tables, and notes what is wrong."""

    def __init__(self, folder: Path, content: dict[str, Any]) -> None:
        self.wrong: list[str] = []
        self._folder, self._content = folder, content

    def config(self) -> Config:
        table = _Table(self, "", self._content)
        key = _Table(self, "key.", table.take("key", dict, {}, "a table"))
        made = Config(
            node=table.url("node"),
            domain=self._domain(table),
            relays=tuple(
                each
                for index, each in enumerate(table.take("relays", list, [], "a list of URLs"))
                if self.check(_is_url(each), f"relays[{index}]", "a URL that begins with http:// or https://")
            ),
            keyfile=self._path(key, "file"),
            passphrase=self._passphrase(key),
            journal=self._path(table, "journal"),
            port=table.number("port", 0, 65_535, 9_464),
            every=table.number("every", 0.1, 60, 1),
            silence=table.number("silence", 1, 86_400, 120),
            ahead=table.number("ahead", 0, 2**40, 30),  # half of what the oracle forgives
            least_balance=table.number("least_balance", 0, 10**27, 10**16),
            most_fee=table.number("most_fee", 1, 10**18, 2 * 10**11),
            feeds=self._feeds(table),
        )
        self.check(bool(made.relays), "relays", "one relay or more")
        key.end()
        table.end()
        return made

    def check(self, good: bool, where: str, what: str) -> bool:
        if not good and not any(each.startswith(f"{where} ") for each in self.wrong):
            self.wrong.append(f"{where} must be {what}")
        return good

    def _domain(self, table: "_Table") -> Domain:
        oracle = table.take("oracle", str, "", "an address")
        good = self.check(is_address(oracle), "oracle", "an address")
        chain_id = table.number("chain_id", 1, 2**63 - 1)
        return domain(chain_id, oracle) if good else Domain(chain_id, oracle)

    def _path(self, table: "_Table", name: str) -> Path:
        """Relative to the config."""
        path: str = table.take(name, str, None, "a path")
        return self._folder / path

    def _passphrase(self, key: "_Table") -> str:
        """From a variable of the environment or a file: never from the config itself, or an argument."""
        variable: str = key.take("passphrase_env", str, "", "the name of a variable")
        file: str = key.take("passphrase_file", str, "", "a path")
        where = f"{key.place}passphrase_{'env' if variable else 'file'}"
        if not self.check(bool(variable) != bool(file), f"{key.place}passphrase_env or passphrase_file", "named"):
            return ""
        if variable:
            self.check(variable in os.environ, where, "a variable that is set")
            return os.environ.get(variable, "")
        try:
            return (self._folder / file).read_text().rstrip("\r\n")
        except (OSError, ValueError):
            self.check(False, where, "a file that can be read")
            return ""

    def _feeds(self, table: "_Table") -> tuple[FeedConfig, ...]:
        made = []
        for index, content in enumerate(table.take("feeds", list, [], "a list of tables")):
            place = f"feeds[{index}]"
            if self.check(isinstance(content, dict), place, "a table"):
                made.append(self._feed(_Table(self, f"{place}.", content)))
        numbers = [each.number for each in made]
        self.check(0 < len(made) <= MOST_FEEDS, "feeds", f"one feed or more, and at most {MOST_FEEDS}")
        self.check(len(set(numbers)) == len(numbers), "feeds", "feeds with different ids")
        return tuple(made)

    def _feed(self, table: "_Table") -> FeedConfig:
        number = table.number("id", 1, 2**32 - 1)
        sources = []
        tables = table.take("sources", list, [], "a list of tables")
        for index, content in enumerate(tables):
            place = f"{table.place}sources[{index}]"
            if self.check(isinstance(content, dict), place, "a table"):
                options = dict(content)
                if options.get("kind") == "file" and isinstance(options.get("path"), str):
                    options["path"] = str(self._folder / options["path"])
                try:
                    sources.append(source(options))
                except ConfigError as error:
                    self.wrong.append(f"{place}: {error}")
        self.check(bool(tables), f"{table.place}sources", "one source or more")
        count = max(1, len(tables))
        least = table.number("least", 1, count, count // 2 + 1)
        most_age = table.number("max_age", 1, 86_400, MOST_AGE)
        table.end()
        return FeedConfig(number, tuple(sources), least, most_age)


@dataclass
class _Table:
    """A table of the file; what is left at its end has no meaning."""

    reader: _Reader
    place: str
    content: dict[str, Any]

    def take(self, name: str, kind: type, default: Any, what: str) -> Any:
        value = self.content.pop(name, default)
        good = self.reader.check(isinstance(value, kind), f"{self.place}{name}", what)
        return value if good else default if default is not None else kind()

    def number(self, name: str, least: float, most: float, default: float | None = None) -> Any:
        """Whole, unless a bound is not."""
        value = self.content.pop(name, default)
        kinds: tuple[type, ...] = (int, float) if isinstance(least, float) else (int,)
        good = type(value) in kinds and least <= value <= most
        self.reader.check(good, f"{self.place}{name}", f"a number from {least} to {most}")
        return value if good else least

    def url(self, name: str) -> str:
        value: str = self.take(name, str, "", "a URL")
        self.reader.check(_is_url(value), f"{self.place}{name}", "a URL that begins with http:// or https://")
        return value

    def end(self) -> None:
        self.reader.wrong += [f"{self.place}{name} has no meaning here" for name in self.content]


def _is_url(value: Any) -> bool:
    try:
        return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).hostname)
    except ValueError:
        return False
