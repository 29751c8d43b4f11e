"""The config of a node: what it says, and all that is wrong with it at once."""

import json
from pathlib import Path

import pytest
from eth_account import Account

from catenary.errors import ConfigError
from catenary.oracle.config import Config
from tests.catenary.oracle.keys import KEY, ORACLE

GOOD = f"""
node = "http://127.0.0.1:8545"
chain_id = 31337
oracle = "{ORACLE.lower()}"
relays = ["http://127.0.0.1:9465"]
journal = "journal.db"

[key]
file = "key.json"
passphrase_file = "passphrase"

[[feeds]]
id = 1
least = 1
max_age = 60

[[feeds.sources]]
kind = "file"
path = "eth.json"
price = "data.price"
time = "data.time"

[[feeds.sources]]
kind = "http"
url = "https://prices.example/eth"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "node.toml").write_text(GOOD)
    (tmp_path / "passphrase").write_text("a word\n")
    (tmp_path / "key.json").write_text(json.dumps(Account.encrypt(KEY.key, "a word", iterations=2)))
    return tmp_path


def wrong(folder: Path, text: str) -> str:
    (folder / "node.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        Config.load(folder / "node.toml")
    return str(refused.value).removeprefix(f"{folder / 'node.toml'}: ")


def test_load__says_all(folder: Path) -> None:
    config = Config.load(folder / "node.toml")
    assert (config.node, config.domain.chain_id, config.domain.oracle) == ("http://127.0.0.1:8545", 31_337, ORACLE)
    assert (config.relays, config.journal) == (("http://127.0.0.1:9465",), folder / "journal.db")
    (feed,) = config.feeds
    assert (feed.number, feed.least, feed.most_age) == (1, 1, 60)
    assert [each.name for each in feed.sources] == ["file eth.json", "http prices.example"]


def test_load__without_what_may_be_left_out__takes_the_majority_of_sources(folder: Path) -> None:
    (folder / "node.toml").write_text(GOOD.replace("least = 1\nmax_age = 60\n", ""))
    config = Config.load(folder / "node.toml")
    assert (config.feeds[0].least, config.feeds[0].most_age) == (2, 120)
    assert (config.port, config.every, config.silence, config.ahead) == (9_464, 1, 120, 30)
    assert (config.least_balance, config.most_fee) == (10**16, 2 * 10**11)


def test_key__is_that_of_the_file(folder: Path) -> None:
    assert Config.load(folder / "node.toml").key().address == KEY.address


def test_key__with_the_passphrase_of_a_variable__is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORACLE_PASSPHRASE", "a word")
    (folder / "node.toml").write_text(
        GOOD.replace('passphrase_file = "passphrase"', 'passphrase_env = "ORACLE_PASSPHRASE"')
    )
    assert Config.load(folder / "node.toml").key().address == KEY.address


def test_key__with_another_passphrase__is_refused_without_a_word_of_it(folder: Path) -> None:
    (folder / "passphrase").write_text("another")
    with pytest.raises(ConfigError) as refused:
        Config.load(folder / "node.toml").key()
    assert str(refused.value) == (
        f"the key {folder / 'key.json'} cannot be unlocked (ValueError): see that it is an Ethereum keyfile, and its "
        "passphrase"
    )


def test_load__of_an_empty_file__names_all_that_is_missing(folder: Path) -> None:
    assert wrong(folder, "").split("; ") == [
        "node must be a URL that begins with http:// or https://",
        "oracle must be an address",
        "chain_id must be a number from 1 to 9223372036854775807",
        "key.file must be a path",
        "key.passphrase_env or passphrase_file must be named",
        "journal must be a path",
        "feeds must be one feed or more, and at most 120",
        "relays must be one relay or more",
    ]


def test_load__of_many_mistakes__names_each_by_its_place(folder: Path) -> None:
    text = (
        GOOD.replace('relays = ["http://127.0.0.1:9465"]', 'relays = ["127.0.0.1", "http://ok"]\nport = 70000')
        .replace('"passphrase"', '"none"')
        .replace("least = 1", 'least = 3\nname = "ETH"')
        .replace('"https://prices.example/eth"', "7")
    )
    assert wrong(folder, text).split("; ") == [
        "relays[0] must be a URL that begins with http:// or https://",
        "key.passphrase_file must be a file that can be read",
        "port must be a number from 0 to 65535",
        "feeds[0].sources[1]: url must be a text",
        "feeds[0].least must be a number from 1 to 2",
        "feeds[0].name has no meaning here",
    ]


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("chain_id = 31337", "chain_id = true", "chain_id must be a number from 1 to 9223372036854775807"),
        ("chain_id = 31337", "chain_id = 31337\nevery = nan", "every must be a number from 0.1 to 60"),
        ("max_age = 60", "max_age = 0", "feeds[0].max_age must be a number from 1 to 86400"),
        ("[[feeds]]\nid = 1", "feeds = 7\n[x]", "key.feeds has no meaning here"),
        ('file = "key.json"', 'file = "key.json"\npassphrase = "a word"', "key.passphrase has no meaning here"),
        ('passphrase_file = "passphrase"', 'passphrase_env = "NO_SUCH"', "key.passphrase_env must be a variable that"),
    ],
)
def test_load__of_one_mistake__names_it(folder: Path, before: str, after: str, what: str) -> None:
    assert what in wrong(folder, GOOD.replace(before, after))


def test_load__of_two_feeds_with_one_id__is_refused(folder: Path) -> None:
    feed = GOOD[GOOD.index("[[feeds]]") :]
    assert wrong(folder, GOOD + feed) == "feeds must be feeds with different ids"


def test_load__of_no_file_or_no_toml__is_refused(folder: Path) -> None:
    assert wrong(folder, "= 7").startswith(f"{folder / 'node.toml'} is no TOML")
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load(folder / "none.toml")


@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{}", '{"version": 9}', '{"version": 3, "crypto": 5}'])
def test_key__of_a_file_that_is_no_keyfile__is_refused(folder: Path, text: str) -> None:
    (folder / "key.json").write_text(text)
    with pytest.raises(ConfigError, match="cannot be unlocked"):
        Config.load(folder / "node.toml").key()
