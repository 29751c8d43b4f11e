"""Reports as EIP-712 messages and as JSON. The typed data of eth_account is the oracle."""

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from catenary.errors import BadReport
from catenary.oracle.report import MOST_PRICE, Report, Signed
from tests.catenary.oracle.keys import DOMAIN, KEY, ORACLE, OTHER_DOMAIN, REPORT, STRANGER, signed

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def typed(primary: str, fields: list[tuple[str, str]], message: dict[str, Any]) -> Any:
    return encode_typed_data(
        domain_data={"name": "Catenary Oracle", "version": "1", "chainId": 31_337, "verifyingContract": ORACLE},
        message_types={primary: [{"name": name, "type": kind} for kind, name in fields]},
        message_data=message,
    )


def typed_report(report: Report) -> Any:
    fields = [("uint32", "feed"), ("uint48", "round"), ("int192", "price"), ("uint48", "time")]
    return typed("Report", fields, vars(report))


@pytest.mark.parametrize("report", [REPORT, Report(2**32 - 1, 2**48 - 1, -(2**191), 2**48 - 1)])
def test_sign__gives_what_a_wallet_signs(report: Report) -> None:
    assert DOMAIN.sign(report, KEY).signature == KEY.sign_message(typed_report(report)).signature


def test_signer__is_who_signed() -> None:
    assert DOMAIN.signer(signed(STRANGER)) == STRANGER.address


def test_signer__of_another_oracle__is_somebody_else() -> None:
    assert DOMAIN.signer(OTHER_DOMAIN.sign(REPORT, KEY)) != KEY.address


def test_signer__of_a_high_s__is_refused() -> None:
    signature = signed().signature
    high = ORDER - int.from_bytes(signature[32:64])
    other = signature[:32] + high.to_bytes(32) + bytes([55 - signature[64]])
    assert Account.recover_message(typed_report(REPORT), signature=other) == KEY.address
    with pytest.raises(BadReport, match="of a kind that the oracle does not take"):
        DOMAIN.signer(Signed(REPORT, other))


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_signer__of_another_v__is_refused(v: int) -> None:
    with pytest.raises(BadReport, match="of a kind that the oracle does not take"):
        DOMAIN.signer(Signed(REPORT, signed().signature[:64] + bytes([v])))


def test_signer__of_nobody__is_refused() -> None:
    with pytest.raises(BadReport, match="of nobody"):
        DOMAIN.signer(Signed(REPORT, b"\xff" * 32 + b"\x01" * 32 + b"\x1b"))


def test_key_proof__is_the_typed_data_signed_by_the_key() -> None:
    message = typed("SigningKey", [("address", "operator")], {"operator": STRANGER.address})
    assert DOMAIN.key_proof(STRANGER.address, KEY) == KEY.sign_message(message).signature


def test_json__says_all_with_the_price_as_a_text() -> None:
    assert signed().data() == {
        "feed": 1,
        "round": 70,
        "price": "300012345678",
        "time": 1_800_000_000,
        "signature": f"0x{signed().signature.hex()}",
    }


def test_json__read_again__is_the_same() -> None:
    many = [signed(), signed(price=MOST_PRICE), signed(price=-1)]
    assert DOMAIN.load(json.dumps(DOMAIN.dump(many)), 3)[0] == many


@pytest.mark.parametrize(
    "changes",
    [
        {"feed": 0},
        {"feed": 2**32},
        {"feed": True},
        {"feed": "1"},
        {"round": 0},
        {"round": 2**48},
        {"price": 5},
        {"price": "5.0"},
        {"price": "05"},
        {"price": "+5"},
        {"price": "-0"},
        {"price": "1_0"},
        {"price": str(2**191)},
        {"price": "9" * 5_000},
        {"time": -1},
        {"time": 1.5},
        {"signature": "0x00"},
        {"signature": "0x" + "zz" * 65},
        {"signature": "0x" + "AB" * 65},
        {"signature": None},
        {"more": 1},
    ],
)
def test_json__of_no_report__is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadReport):
        Signed.of(signed().data() | changes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('["]",' * 300 + "1" + "]" * 300, "this is no JSON"),
        ("{", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        ("[]", "reports are written as"),
        (json.dumps(OTHER_DOMAIN.dump([])), f"these reports are not for oracle {ORACLE} of chain 31337"),
        (json.dumps(DOMAIN.dump([signed()] * 4)), "there are more than 3 reports"),
        (json.dumps(DOMAIN.dump([]) | {"reports": [7]}), "a report has feed, round, price, time and signature"),
    ],
)
def test_load__of_something_else__says_what_it_is(text: str, why: str) -> None:
    with pytest.raises(BadReport, match=why):
        DOMAIN.load(text, 3)
