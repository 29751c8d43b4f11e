"""
Signs two reports for the current round and posts both, as no node does: `python -m tests.catenary.oracle.equivocator
RELAY NODE ORACLE GENESIS ROUND`, with the operator's key in EQUIVOCATOR_KEY.
"""

import os
import sys

import requests
from eth_account import Account
from web3 import HTTPProvider, Web3

from catenary.oracle.report import Report, domain

PRICES = 2_100_00000000, 2_100_00000001


def main(relay: str, node: str, oracle: str, genesis: int, length: int) -> None:
    head = Web3(HTTPProvider(node)).eth.get_block("latest")
    round_ = 1 + (head["timestamp"] - genesis) // length
    of, key = domain(31_337, oracle), Account.from_key(os.environ["EQUIVOCATOR_KEY"])
    both = [of.sign(Report(1, round_, price, head["timestamp"]), key) for price in PRICES]
    requests.post(f"{relay}/reports", json=of.dump(both), timeout=10).raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
