"""Each thing that is wrong with a config is said in one line, and nothing is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ape.api import AccountAPI

from deployer.config import load_config
from deployer.errors import DeployError
from tests.deployment.conftest import CONFIG, WETH_VAULT, Command

ADDRESS = "an address with its checksum, in quotes"
ASSET = f"{ADDRESS} or 'WETH9' or 'LiquidStakingToken'"
LOWER = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
ZERO = "0x" + "00" * 20


@pytest.fixture(autouse=True)
def nothing_sent(owner: AccountAPI, command: Command) -> Iterator[None]:
    nonce = owner.nonce
    yield
    assert owner.nonce == nonce
    assert not command.file.exists()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"chain_id": "1", "vaults": []}, "chain_id is '1', but must be a positive integer"),
        ({"chain_id": True, "vaults": []}, "chain_id is True, but must be a positive integer"),
        ({"chain_id": 0, "vaults": []}, "chain_id is 0, but must be a positive integer"),
        ({"owner": LOWER}, f"owner is '{LOWER}', but must be {ADDRESS}, or 'deployer'"),
        ({"owner": ZERO}, f"owner is '{ZERO}', but must be {ADDRESS}, or 'deployer'"),
        ({"owner": 0xF39}, f"owner is {0xF39}, but must be {ADDRESS}, or 'deployer'"),
        ({"owner": "none"}, f"owner is 'none', but must be {ADDRESS}, or 'deployer'"),
        ({"guardian": None}, f"guardian is None, but must be {ADDRESS}, 'deployer' or 'none'"),
        ({"guardian": LOWER}, f"guardian is '{LOWER}', but must be {ADDRESS}, 'deployer' or 'none'"),
        ({"guard": 1}, "guard is unknown"),
        ({"vaults": {}}, "vaults is {}, but must be a list"),
        ({"timing": 300}, "timing must be a mapping with genesis, epoch, report_window, max_veto, execute_window"),
    ],
)
def test_config__bad_value__is_named(command: Command, changes: dict[str, Any], problem: str) -> None:
    command.configure(**changes)

    assert command.fail() == f"~/config/local.yaml: {problem}"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"genesis": "later"}, "timing.genesis is 'later', but must be Unix time [s], or 'now'"),
        ({"genesis": 0}, "timing.genesis is 0, but must be Unix time [s], or 'now'"),
        ({"genesis": 2**48}, f"timing.genesis is {2**48}, but must be Unix time [s], or 'now'"),
        ({"epoch": 59}, "timing.epoch is 59, but must be from 60 to 2592000 [s]"),
        ({"epoch": 2_592_001}, "timing.epoch is 2592001, but must be from 60 to 2592000 [s]"),
        ({"epoch": 300.0}, "timing.epoch is 300.0, but must be from 60 to 2592000 [s]"),
        ({"report_window": 0}, "timing.report_window is 0, but must be from 1 to 2592000 [s]"),
        ({"max_veto": -1}, "timing.max_veto is -1, but must be from 0 to 2592000 [s]"),
        ({"execute_window": 0}, "timing.execute_window is 0, but must be from 1 to 2592000 [s]"),
        ({"delay": 1}, "timing.delay is unknown"),
        (
            {"report_window": 181},
            "timing.report_window + max_veto + execute_window are 301 s, but must fit into an epoch of 300 s",
        ),
    ],
)
def test_config__bad_timing__is_named(command: Command, changes: dict[str, Any], problem: str) -> None:
    command.configure(timing={**CONFIG["timing"], **changes})

    assert command.fail() == f"~/config/local.yaml: {problem}"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"asset": LOWER}, f"vaults[0].asset is '{LOWER}', but must be {ASSET}"),
        ({"asset": "TestToken"}, f"vaults[0].asset is 'TestToken', but must be {ASSET}"),
        ({"native": "yes"}, "vaults[0].native is 'yes', but must be true or false"),
        ({"name": ""}, "vaults[0].name is '', but must be a text"),
        ({"symbol": 5}, "vaults[0].symbol is 5, but must be a text"),
        ({"cap": -1}, "vaults[0].cap is -1, but must be an integer from 0 on [asset]"),
        ({"cap": 1e24}, "vaults[0].cap is 1e+24, but must be an integer from 0 on [asset]"),
        ({"cap": 2**256}, f"vaults[0].cap is {2**256}, but must be an integer from 0 on [asset]"),
        ({"fee": 1}, "vaults[0].fee is unknown"),
    ],
)
def test_config__bad_vault__is_named(command: Command, changes: dict[str, Any], problem: str) -> None:
    command.configure(vaults=[{**WETH_VAULT, **changes}])

    assert command.fail() == f"~/config/local.yaml: {problem}"


def test_config__vault_that_is_no_mapping__is_named(command: Command) -> None:
    command.configure(vaults=[WETH_VAULT, "cWETH"])

    assert command.fail() == ("~/config/local.yaml: vaults[1] must be a mapping with asset, native, name, symbol, cap")


def test_config__two_vaults_with_one_symbol__are_named(command: Command) -> None:
    command.configure(vaults=[WETH_VAULT, {**WETH_VAULT, "cap": 1}])

    assert command.fail() == (
        "~/config/local.yaml: vaults[1].symbol is 'cWETH', as that of another vault; vaults go by their symbol"
    )


def test_config__stand_in_asset_on_another_chain__is_named(command: Command) -> None:
    command.configure(chain_id=1)

    assert command.fail().splitlines()[-1] == f"~/config/local.yaml: vaults[0].asset is 'WETH9', but must be {ADDRESS}"


def test_config__epoch_below_a_day_on_another_chain__is_named(command: Command) -> None:
    command.configure(chain_id=1, vaults=[])

    assert command.fail() == "~/config/local.yaml: timing.epoch is 300, but must be from 86400 to 2592000 [s]"


def test_config__many_problems__are_all_named(command: Command) -> None:
    command.config_file.write_text("timing: {epoch: 1}\nvaults: [{asset: WETH9}]\nextra: 1\n")
    where = "~/config/local.yaml: "

    assert command.fail().splitlines() == [
        f"{where}{problem}"
        for problem in [
            "chain_id is missing",
            "owner is missing",
            "guardian is missing",
            "extra is unknown",
            "timing.genesis is missing",
            "timing.report_window is missing",
            "timing.max_veto is missing",
            "timing.execute_window is missing",
            "timing.epoch is 1, but must be from 60 to 2592000 [s]",
            "vaults[0].native is missing",
            "vaults[0].name is missing",
            "vaults[0].symbol is missing",
            "vaults[0].cap is missing",
            f"vaults[0].asset is 'WETH9', but must be {ADDRESS}",
        ]
    ]


def test_config__empty_file__is_named(command: Command) -> None:
    command.config_file.write_text("")

    assert command.fail() == (
        "~/config/local.yaml: the file must be a mapping with chain_id, owner, guardian, timing, vaults"
    )


def test_config__no_yaml__is_named_in_one_line(command: Command) -> None:
    command.config_file.write_text("chain_id: [1\nowner: x")
    error = command.fail()

    assert error.startswith("~/config/local.yaml cannot be read: while parsing a flow sequence")
    assert "\n" not in error


def test_config__no_file__is_named(command: Command) -> None:
    command.config_file.unlink()

    assert command.fail() == "there is no ~/config/local.yaml: write it, or name another with --config"


@pytest.mark.parametrize("path", sorted(Path("config").glob("*.yaml")), ids=str)
def test_config__of_this_repository__is_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEPOLIA_TIMELOCK", "SEPOLIA_SAFE", "HOODI_TIMELOCK", "HOODI_SAFE"):
        monkeypatch.setenv(name, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")

    load_config(path)


def test_config__without_the_timelock_and_the_safe_in_the_environment__names_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SEPOLIA_TIMELOCK", "SEPOLIA_SAFE"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(DeployError) as error:
        load_config(Path("config/sepolia.yaml"))
    assert error.value.message.splitlines() == [
        f"config/sepolia.yaml: owner is '$SEPOLIA_TIMELOCK', but must be {ADDRESS}, or 'deployer'",
        f"config/sepolia.yaml: guardian is '$SEPOLIA_SAFE', but must be {ADDRESS}, 'deployer' or 'none'",
    ]


@pytest.mark.parametrize("network", ["sepolia", "hoodi"])
def test_config__of_a_testnet__has_the_clock_of_production(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (f"{network.upper()}_TIMELOCK", f"{network.upper()}_SAFE"):
        monkeypatch.setenv(name, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    day = 86_400

    assert load_config(Path(f"config/{network}.yaml")).timing == {
        "genesis": "now",
        "epoch": 7 * day,
        "report_window": 4 * day,
        "max_veto": 2 * day,
        "execute_window": day,
    }
