"""
Catenary, the elastic restaking protocol, from Python.

`Protocol.connect()` is where everything begins. Objects are named as in the design. What they say is read from the
chain at the protocol's block; what they do is a `Call`, which `.check(account)` tries and `.send(account)` sends.
"""

from catenary.avs import AVS, Average, Payment, SlashRequest, Stake
from catenary.chain import Call, connected, local_account
from catenary.deployment import Deployment
from catenary.errors import CatenaryError, ContractError
from catenary.operator import Operator
from catenary.pool import Payout, Pool, Ticket
from catenary.protocol import Protocol
from catenary.simulate import Simulation, Step
from catenary.staker import Reward, Staker
from catenary.units import ETHER, Unit
from catenary.values import (
    Accepted,
    Allocation,
    Amounts,
    Change,
    Clock,
    Exposure,
    Mandate,
    Position,
    Terms,
    Threat,
)
from catenary.vault import Vault

__all__ = [
    "AVS",
    "ETHER",
    "Accepted",
    "Allocation",
    "Amounts",
    "Average",
    "Call",
    "CatenaryError",
    "Change",
    "Clock",
    "ContractError",
    "Deployment",
    "Exposure",
    "Mandate",
    "Operator",
    "Payment",
    "Payout",
    "Pool",
    "Position",
    "Protocol",
    "Reward",
    "Simulation",
    "SlashRequest",
    "Stake",
    "Staker",
    "Step",
    "Terms",
    "Threat",
    "Ticket",
    "Unit",
    "Vault",
    "connected",
    "local_account",
]
