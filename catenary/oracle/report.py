"""Reports: what an operator says of a feed in a round, signed by EIP-712."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from catenary.errors import BadReport
from catenary.oracle.strangers import parsed

_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_NAME, _VERSION = keccak(text="Catenary Oracle"), keccak(text="1")
_REPORT = keccak(text="Report(uint32 feed,uint48 round,int192 price,uint48 time)")
_SIGNING_KEY = keccak(text="SigningKey(address operator)")

MOST_PRICE = 2**191 - 1
_BOUNDS = {
    "feed": (1, 2**32 - 1),
    "round": (1, 2**48 - 1),
    "price": (-MOST_PRICE - 1, MOST_PRICE),
    "time": (0, 2**48 - 1),
}


@dataclass(frozen=True, order=True)
class Report:
    """What an operator says."""

    feed: int  # id, from 1
    round: int  # a slot of time, from 1
    price: int  # [10^-decimals of the feed]
    time: int  # when that was the price [Unix time]


@dataclass(frozen=True)
class Signed:
    """A report with the signature of whoever said it."""

    report: Report
    signature: bytes

    def data(self) -> dict[str, Any]:
        """As JSON; the price is a text, as it has more digits than a number in JSON."""
        return {**asdict(self.report), "price": str(self.report.price), "signature": f"0x{self.signature.hex()}"}

    @classmethod
    def of(cls, data: Any) -> "Signed":
        """What `data` says. Raises `BadReport` for whatever `data()` would not give."""
        if not isinstance(data, Mapping) or set(data) != {*_BOUNDS, "signature"}:
            raise BadReport(f"a report has {', '.join(_BOUNDS)} and signature, and nothing else")
        values = {name: data[name] for name in _BOUNDS}
        if not isinstance(values["price"], str) or len(values["price"]) > 60:
            raise BadReport("the price of a report is an integer, written as a text")
        try:
            values["price"] = int(values["price"])
        except ValueError:
            raise BadReport("the price of a report is an integer, written as a text") from None
        for name, (least, most) in _BOUNDS.items():
            if type(values[name]) is not int or not least <= values[name] <= most:
                raise BadReport(f"the {name} of a report is an integer from {least} to {most}")
        signature = data["signature"]
        if not isinstance(signature, str) or len(signature) != 132 or not signature.startswith("0x"):
            raise BadReport("the signature of a report is 65 bytes, in hexadecimal")
        try:
            made = cls(Report(**values), bytes.fromhex(signature[2:]))
        except ValueError:
            raise BadReport("the signature of a report is 65 bytes, in hexadecimal") from None
        if made.data() != dict(data):
            raise BadReport("a report is written in one way only: small letters, and no needless zero")
        return made


@dataclass(frozen=True)
class Domain:
    """One oracle on one chain: what is signed for it is good for no other."""

    chain_id: int
    oracle: str

    @cached_property
    def separator(self) -> bytes:
        words = [_DOMAIN, _NAME, _VERSION, self.chain_id, self.oracle]
        return keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], words))

    def sign(self, report: Report, key: LocalAccount) -> Signed:
        return Signed(report, self._signature(_hash(report), key))

    def signer(self, signed: Signed) -> str:
        """Who signed it. Raises `BadReport` if nobody did, or in another way than the contract takes."""
        half_order, v = SECPK1_N // 2, signed.signature[64]
        if int.from_bytes(signed.signature[32:64]) > half_order or v not in (27, 28):
            raise BadReport("the signature of a report is of a kind that the oracle does not take")
        try:
            return str(Account.recover_message(self._message(_hash(signed.report)), signature=signed.signature))
        except (BadSignature, ValueError):  # of no point of the curve
            raise BadReport("the signature of a report is of nobody") from None

    def key_proof(self, operator: str, key: LocalAccount) -> bytes:
        """With it the operator may make the key its own."""
        return self._signature(keccak(encode(["bytes32", "address"], [_SIGNING_KEY, operator])), key)

    # --- as files and the relay have them ---

    def dump(self, reports: Sequence[Signed]) -> dict[str, Any]:
        """Reports as JSON, with what they are for."""
        return {"chain_id": self.chain_id, "oracle": self.oracle, "reports": [each.data() for each in reports]}

    def load(self, text: str | bytes, most: int) -> tuple[list[Signed], dict[str, Any]]:
        """Reports as `dump` gives them, at most so many, and the whole document. Raises `BadReport` for all else."""
        try:
            content = parsed(text)
        except ValueError:
            raise BadReport("this is no JSON") from None
        if not isinstance(content, dict) or not isinstance(content.get("reports"), list):
            raise BadReport("reports are written as {chain_id, oracle, reports: [...]}")
        if content.get("chain_id") != self.chain_id or content.get("oracle") != self.oracle:
            raise BadReport(f"these reports are not for oracle {self.oracle} of chain {self.chain_id}")
        if len(content["reports"]) > most:
            raise BadReport(f"there are more than {most} reports")
        return [Signed.of(each) for each in content["reports"]], content

    def _message(self, struct: bytes) -> SignableMessage:
        return SignableMessage(HexBytes(1), HexBytes(self.separator), HexBytes(struct))

    def _signature(self, struct: bytes, key: LocalAccount) -> bytes:
        return bytes(key.sign_message(self._message(struct)).signature)


def domain(chain_id: int, oracle: str) -> Domain:
    """With the address as it is written everywhere here."""
    return Domain(chain_id, to_checksum_address(oracle))


def _hash(report: Report) -> bytes:
    words = [_REPORT, report.feed, report.round, report.price, report.time]
    return keccak(encode(["bytes32", "uint32", "uint48", "int192", "uint48"], words))
