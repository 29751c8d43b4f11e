"""Keys and reports that tests share."""

from dataclasses import replace

from eth_account import Account
from eth_account.signers.local import LocalAccount

from catenary.oracle.report import Report, Signed, domain

ORACLE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
DOMAIN = domain(31_337, ORACLE)
OTHER_DOMAIN = domain(1, ORACLE)

KEY: LocalAccount = Account.from_key(b"\x01" * 32)
SECOND_KEY: LocalAccount = Account.from_key(b"\x02" * 32)
STRANGER: LocalAccount = Account.from_key(b"\x03" * 32)

REPORT = Report(feed=1, round=70, price=3_000_12345678, time=1_800_000_000)


def signed(key: LocalAccount = KEY, **changes: int) -> Signed:
    return DOMAIN.sign(replace(REPORT, **changes), key)
