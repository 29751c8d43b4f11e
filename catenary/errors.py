"""
What goes wrong, as exceptions. Their message is one line: what it is, and what to do.

Each error of a contract is a `ContractError` of the same name, with its arguments as `arguments`; its docstring is the
message, filled with them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak
from ethpm_types.abi import ErrorABI

from catenary.contracts import CORE, ORACLE, VAULT, contract_type, words

_STRING, _PANIC = keccak(text="Error(string)")[:4], keccak(text="Panic(uint256)")[:4]


class CatenaryError(Exception):
    """Anything that this package refuses or cannot do."""


class NotConnected(CatenaryError):
    """There is no node, or it stopped answering."""


class NotMined(CatenaryError):
    """A transaction that was sent, and that no block holds so far."""


class WrongNetwork(CatenaryError):
    """The node is of another chain than what it is asked about."""


class DeploymentError(CatenaryError):
    """A deployment file is missing, broken, or of another chain than the node's."""


class BadAmount(CatenaryError):
    """An amount that cannot be read, of another unit, or with too many decimals."""


class UnknownName(CatenaryError):
    """A vault, address or account that there is none of."""


class TransactionFailed(CatenaryError):
    """A transaction that was sent, and failed on the chain."""


class ConfigError(CatenaryError):
    """A config that cannot be used."""


class BadReport(CatenaryError):
    """What is no report of this oracle."""


class NoPrice(CatenaryError):
    """A source, or too many of a feed's, say no price that can be used."""


class JournalError(CatenaryError):
    """The journal of an oracle's node cannot be trusted, or cannot be written: nothing is signed."""


class JournalDamaged(JournalError):
    """It is not known what was signed, or somebody else signs with the key: the node must end."""


class ContractError(CatenaryError):
    """What a contract refused a call with."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments: Mapping[str, Any] = arguments
        super().__init__(" ".join((type(self).__doc__ or "").format_map(arguments).split()))


class UnknownRevert(ContractError):
    """A contract that is not of Catenary refused: {reason}."""


# --- amounts and receivers ---


class AmountOutOfBounds(ContractError):
    """A slash request is for {amount} of `retained`: ask for more than 0 and at most 1e18."""


class ZeroAmount(ContractError):
    """The amount is zero, or rounds to it: name a larger one."""


class ZeroShares(ContractError):
    """The shares are zero, or round to it: name more."""


class ZeroReceiver(ContractError):
    """The receiver is the zero address: name one that can receive."""


class ZeroAddress(ContractError):
    """An address is zero that must not be: name it."""


class FractionTooLarge(ContractError):
    """{fraction} bps is more than the whole: fractions go up to 10,000 bps."""


# --- deposits and exits ---


class TooFewShares(ContractError):
    """The deposit gives {shares} vault shares and you accept no fewer than {minShares}: deposit more or
    accept fewer."""


class SupplyTooLarge(ContractError):
    """The vault would have {supply} shares and can have {max}: deposit less."""


class AssetShort(ContractError):
    """Of {asked} of the asset only {arrived} arrived: it takes a fee on transfers, which no vault accepts."""


class NotNative(ContractError):
    """The asset {asset} of this vault is not WETH, so it takes and gives no ether: deposit the asset."""


class NativeFailed(ContractError):
    """{receiver} refused {assets} wei of ether: name a receiver that takes ether, or take WETH."""


class UnexpectedNative(ContractError):
    """{sender} sent ether to a vault: use a deposit of ether."""


class ERC4626ExceededMaxDeposit(ContractError):
    """A deposit of {assets} is more than the {max} that the vault takes now: its cap is reached, or nothing is taken
    while the protocol is paused."""


class ERC4626ExceededMaxMint(ContractError):
    """{shares} vault shares are more than the {max} that the vault gives now: its cap is reached, or nothing is taken
    while the protocol is paused."""


class ERC4626ExceededMaxRedeem(ContractError):
    """{owner} can redeem {max} vault shares and not {shares}: the rest is delegated; undelegate it first."""


class ERC4626ExceededMaxWithdraw(ContractError):
    """{owner} can withdraw {max} of the asset and not {assets}: the rest is delegated; undelegate it first."""


class ERC20InsufficientAllowance(ContractError):
    """{spender} may move {allowance} and needs {needed}: approve that first."""


class ERC20InsufficientBalance(ContractError):
    """{sender} holds {balance} and needs {needed}: use less, or undelegate and complete first."""


class ERC20InvalidApprover(ContractError):
    """{approver} cannot approve: use another account."""


class ERC20InvalidReceiver(ContractError):
    """{receiver} cannot receive vault shares: name another."""


class ERC20InvalidSender(ContractError):
    """{sender} cannot send vault shares: use another account."""


class ERC20InvalidSpender(ContractError):
    """{spender} cannot be approved: name another."""


class SafeERC20FailedOperation(ContractError):
    """The token {token} refused the transfer: see that it is held, approved and not blocked."""


# --- delegating and leaving ---


class MandateTooLoose(ContractError):
    """The pool's mandate, current or announced, is {mandate}, looser than {accepted}, which you accept: accept it or
    choose another pool."""


class OpenSlashRequest(ContractError):
    """A slash request on the pool of {operator} is open: wait until it has ended, or say that you accept that."""


class PoolSpent(ContractError):
    """The pool of {operator} was slashed to {retained} of 1e18 and can only be left: choose another."""


class InsufficientPoolShares(ContractError):
    """{staker} has {held} pool shares in this pool and not {asked}: name fewer."""


class NoTicket(ContractError):
    """{staker} has no open ticket of epoch {epoch} in this pool: `positions` lists those there are."""


class TicketNotMatured(ContractError):
    """The ticket of epoch {epoch} matures at Unix time {maturesAt}: complete it then."""


class NotCompleter(ContractError):
    """{caller} is not approved to complete and claim for {staker}: the staker can approve it."""


class OnlyToOwner(ContractError):
    """Who acts for {staker} can send to the staker only, not to {receiver}: name the staker as receiver."""


class SignatureExpired(ContractError):
    """The signed delegation was good until Unix time {deadline}: sign another."""


class InvalidSignature(ContractError):
    """The delegation was not signed by {staker}, or something in it was changed: sign it again."""


class InvalidAccountNonce(ContractError):
    """The next nonce of {account} is {currentNonce}: sign with that one."""


class ECDSAInvalidSignature(ContractError):
    """The signature is none: sign again."""


class ECDSAInvalidSignatureLength(ContractError):
    """The signature has {length} bytes and not 65: sign again."""


class ECDSAInvalidSignatureS(ContractError):
    """The signature has a high s, {s}: sign with a library that gives the low one."""


class ERC2612ExpiredSignature(ContractError):
    """The permit was good until Unix time {deadline}: sign another."""


class ERC2612InvalidSigner(ContractError):
    """The permit was signed by {signer} and not by {owner}: sign it again."""


class InvalidShortString(ContractError):
    """A contract holds a broken text: this is a flaw; please report it."""


class StringTooLong(ContractError):
    """The text {str} is too long: take a shorter one."""


# --- operators ---


class OperatorAlreadyRegistered(ContractError):
    """{operator} is registered as an operator already: go on with opening a pool."""


class UnknownOperator(ContractError):
    """{operator} is not registered as an operator: register first."""


class PoolAlreadyOpen(ContractError):
    """The pool of {operator} in {vault} is open already: announce a mandate to change it."""


class UnknownPool(ContractError):
    """{operator} has no pool in {vault}: see that both addresses are right; the operator opens a pool."""


class UnknownVault(ContractError):
    """{vault} is not a listed vault: use one of the protocol's."""


class VetoPeriodTooLong(ContractError):
    """A veto period of {vetoPeriod} s is more than the {max} s there can be: choose a shorter one."""


class VetoPeriodTooShort(ContractError):
    """The AVS has a veto period of {vetoPeriod} s, and the pool accepts none under {min} s: the operator may open
    another pool with another vault, or choose another AVS."""


class LossBudgetExceeded(ContractError):
    """In epoch {epoch} {guaranteed} bps would be guaranteed out of a loss budget of {lossBudget} bps: guarantee less,
    or announce a larger loss budget and wait until it is in force."""


class ElasticWithRecipient(ContractError):
    """AVS {avs} sends slashed stake to a recipient, so it can have no elastic part, and not {elastic} bps: allocate a
    guaranteed part only."""


class NothingAllocated(ContractError):
    """An opt-in needs a part: give a guaranteed or an elastic one."""


class AlreadyOptedIn(ContractError):
    """The pool of {operator} is opted in to AVS {avs}: change its allocation."""


class NotOptedIn(ContractError):
    """The pool of {operator} is not opted in to AVS {avs}: opt in first."""


class NotAdmitted(ContractError):
    """AVS {avs} admits operators one by one, and not {operator} so far: ask its owner."""


class VaultNotCounted(ContractError):
    """AVS {avs} does not count {vault}: choose another vault, or ask its owner."""


# --- AVSs ---


class UnknownAVS(ContractError):
    """There is no AVS {avs}: ids count from 1."""


class ResolverMismatch(ContractError):
    """With a veto period of {vetoPeriod} s the resolver is {resolver}: name a resolver if and only if there is a veto
    period."""


class RecipientIsProtocol(ContractError):
    """{recipient} is a contract of the protocol and cannot receive slashed stake: name another, or none to burn it."""


class NotAVSOwner(ContractError):
    """{caller} is not the owner of AVS {avs}: use the owner's account."""


class AdmissionNotRequired(ContractError):
    """AVS {avs} takes any operator: there is nobody to admit."""


class NotSlasher(ContractError):
    """{caller} is not the slasher of AVS {avs}: use the slasher's account."""


class NotResolver(ContractError):
    """{caller} is not the resolver of AVS {avs}: use the resolver's account."""


class OffenceOutOfWindow(ContractError):
    """An offence at Unix time {offenceAt} cannot be reported at {reportedAt}: it is in the future, or older than
    REPORT_WINDOW."""


class AllocationNotInForce(ContractError):
    """In epoch {epoch}, when the offence was committed, AVS {avs} had no allocation of the pool of {operator}: it
    cannot slash for it."""


class RequestExists(ContractError):
    """The slash request {id} is open already: wait a second, or name other evidence."""


class RequestNotOpen(ContractError):
    """The slash request {id} is not open: it was executed in full, vetoed, taken back, has lapsed, or never was."""


class VetoPeriodOver(ContractError):
    """The veto period of {id} ended at Unix time {endedAt}: it can no longer be vetoed."""


class VetoPeriodRunning(ContractError):
    """The veto period of {id} ends at Unix time {endsAt}: execute it then."""


# --- rewards ---


class EpochNotPayable(ContractError):
    """A payment is for epoch {expected} now, the one just finished, and not for {epoch}: name that one."""


class EpochNotOver(ContractError):
    """Epoch {epoch} is not over: name one that is."""


class EpochsOutOfBounds(ContractError):
    """A stream of {epochs} epochs: name from 1 to 256."""


class FloorOutOfBounds(ContractError):
    """A floor of {floor}: name from 16 to 59."""


class UnknownStream(ContractError):
    """There is no stream {id}: ids count from 1."""


class NotPayer(ContractError):
    """{caller} does not pay stream {id}: use the payer's account."""


class NothingToCancel(ContractError):
    """Stream {id} ends before epoch {until}: there is nothing to cancel."""


class NotSelf(ContractError):
    """{caller} called what only the distributor itself calls: claim instead."""


# --- the protocol ---


class ProtocolPaused(ContractError):
    """The protocol is paused: nothing that adds risk is taken until the owner ends it; exits go on."""


class NotPaused(ContractError):
    """The protocol is not paused: there is nothing to end."""


class NotGuardian(ContractError):
    """{caller} is neither guardian nor owner: use one of their accounts."""


class NotOwner(ContractError):
    """{caller} is not the owner of the protocol: use the owner's account."""


class OwnableUnauthorizedAccount(ContractError):
    """{account} is not the owner of the protocol: use the owner's account."""


class OwnableInvalidOwner(ContractError):
    """{owner} cannot own the protocol: name another."""


class NotRenounceable(ContractError):
    """The protocol keeps an owner: hand it over instead."""


class VaultAlreadyListed(ContractError):
    """{vault} is listed already: there is nothing to do."""


class MiswiredVault(ContractError):
    """{vault} is no vault of this deployment: list one that is wired to it."""


class Miswired(ContractError):
    """The registry {registry} expects this contract elsewhere: deploy with the deployment script."""


class TimingOutOfBounds(ContractError):
    """The registry refuses this timing: {timing}. Its interface says the bounds."""


class DecimalsOutOfBounds(ContractError):
    """The asset has {decimals} decimals: a vault takes from 6 to 18."""


class AlreadySeeded(ContractError):
    """The vault is seeded already: there is nothing to do."""


class NotSeeded(ContractError):
    """The vault is not seeded: seed it first."""


class EpochTooOld(ContractError):
    """Epoch {epoch} is no longer known: ask for {oldest} or later, or for an earlier block."""


class Reentered(ContractError):
    """Code that is not of the protocol called it while it was running: call it when it is done."""


class NotProtocol(ContractError):
    """{caller} is not a contract of the protocol: use what stakers call."""


class NotSlashingManager(ContractError):
    """{caller} is not the SlashingManager: ask for a slash there."""


class AddressEmptyCode(ContractError):
    """{target} is not a contract of this chain: see that the address is right."""


class FailedCall(ContractError):
    """A call to another contract failed and said nothing: see that it is the right one."""


class SafeCastOverflowedUintDowncast(ContractError):
    """The number {value} does not fit into {bits} bits: name a smaller one."""


class SafeCastOverflowedUintToInt(ContractError):
    """The number {value} is too large: name a smaller one."""


class SafeCastOverflowedIntToUint(ContractError):
    """The number {value} is negative where it must not be: this is a flaw; please report it."""


# --- the oracle, and the base of AVSs ---


class AlreadyMember(ContractError):
    """{operator} is a member already: the next snapshot will look at it."""


class FaultKnown(ContractError):
    """The fault of {operator} for feed {feed} in round {round} was proved already: there is nothing more to do."""


class FeedOutOfBounds(ContractError):
    """The feed {feed} has more than 18 decimals, a heartbeat of less than three rounds, a deviation of zero, or a
    quorum that is not from 6,667 to 10,000 bps: change it."""


class FundsTooSmall(ContractError):
    """The oracle has {funds} of its token for rewards and {needed} are due: send it more, or pay fewer operators."""


class InvalidKeyProof(ContractError):
    """The proof is not by {signer} that it signs for {operator}: make it with `catenary-oracle key-proof`."""


class KeyNotInForce(ContractError):
    """{signer} was no operator's key at Unix time {time}: use the key that was in force then."""


class KeyTaken(ContractError):
    """{signer} is or was a key of {operator}, for good: make another key."""


class NoBounty(ContractError):
    """There is no bounty for {reporter}: it was taken, or never earned."""


class NoFault(ContractError):
    """This proves no fault: it takes two different reports of one operator for one round, or one that is older than its
    round."""


class NoKey(ContractError):
    """{operator} has no signing key: set one first."""


class NotDue(ContractError):
    """Feed {feed} was answered at Unix time {updatedAt}, and neither its heartbeat nor its deviation asks for more:
    wait until one does."""


class NotEligible(ContractError):
    """{operator} gives the AVS {stake} vault shares once all that it announced is in force, and it takes {min} and a
    key: have it allocate more, or set a key."""


class NotMedian(ContractError):
    """{price} is not the lower weighted median: of a weight of {weight}, {below} is below it and {upTo} up to it."""


class NotRegistry(ContractError):
    """{caller} is not the registry: opt in there."""


class NotThisAVS(ContractError):
    """AVS {avs} names a hook that is not its own: opt in to the AVS of that contract."""


class NothingToSlash(ContractError):
    """Nothing of {operator} can be slashed now: try again in the next epoch, while the fault can be reported."""


class OperatorsNotAscending(ContractError):
    """The report of {operator} stands after that of {before}: sort them by operator, each once."""


class QuorumMissed(ContractError):
    """The signatures weigh {weight} and a quorum {needed}: gather more."""


class ReportOutOfRound(ContractError):
    """A report is of Unix time {time}, and must be from {begin} to {current}: leave it out."""


class RoundAnswered(ContractError):
    """Round {round} of feed {feed} has its answer: use `submitLate` for reports that it lacks."""


class RoundNotAnswered(ContractError):
    """Round {round} of feed {feed} has no answer: use `submit`."""


class RoundNotCurrent(ContractError):
    """Round {round} is not the current one, {current}: a round is answered while it is, or never."""


class RoundOutOfBounds(ContractError):
    """Rounds of {length} s do not fill an epoch, or are longer than half of the report window: choose another
    length."""


class SetupOutOfBounds(ContractError):
    """The terms {setup} of the AVS are out of bounds: the least stake, the largest share and the penalty are more than
    zero, a share at most 10,000 bps and a penalty at most 1e18, and a share below 10,000 bps takes admission."""


class SnapshotComplete(ContractError):
    """The snapshot of epoch {epoch} is taken: the next one is for the next epoch."""


class SnapshotIncomplete(ContractError):
    """Epoch {epoch} has no snapshot: take it first."""


class SnapshotTooLate(ContractError):
    """The snapshot was taken at Unix time {takenAt}, after the round began at {begin}: wait for the next round."""


class TooManyFeeds(ContractError):
    """There are 120 feeds, and there can be no more: deploy another oracle."""


class VetoNotAllowed(ContractError):
    """A veto period of {vetoPeriod} s is not for an oracle, whose faults are proved: name none."""


class UnknownFeed(ContractError):
    """There is no feed {feed}: ids count from 1."""


def contract_error(data: bytes) -> ContractError:
    """What a call reverted with, by its data."""
    try:
        if data[:4] in _selectors():
            abi = _selectors()[data[:4]]
            names = [str(item.name) for item in abi.inputs]
            error: type[ContractError] = globals()[abi.name]
            return error(**dict(zip(names, words(abi.inputs, data[4:]), strict=True)))
        if data[:4] == _STRING:
            return UnknownRevert(reason=decode(["string"], data[4:])[0])
        if data[:4] == _PANIC:
            return UnknownRevert(reason=f"panic {decode(['uint256'], data[4:])[0]:#x}")
    except DecodingError:
        pass
    return UnknownRevert(reason=f"0x{data.hex()}" if data else "it gave no reason")


@cache
def _selectors() -> dict[bytes, ErrorABI]:
    errors = [abi for name in (*CORE, VAULT, ORACLE) for abi in contract_type(name).errors]
    return {keccak(text=abi.selector)[:4]: abi for abi in errors}
