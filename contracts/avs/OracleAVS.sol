// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IOracleAVS} from "../interfaces/IOracleAVS.sol";
import {IRewardsDistributor} from "../interfaces/IRewardsDistributor.sol";
import {BPS} from "../libraries/Constants.sol";
import {MIN_FLOOR} from "../libraries/Floors.sol";
import {FeedId} from "../libraries/Types.sol";
import {AVSBase} from "./AVSBase.sol";

/// See `IOracleAVS`.
contract OracleAVS is IOracleAVS, AVSBase {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------------ types

    struct StoredFeed {
        Feed terms;
        uint48 latestRound;
        ShortString description;
        mapping(uint48 round => Answer) answers;
    }

    /// What reports weigh [vault shares].
    struct Tally {
        uint256 below; // reports below the price
        uint256 upTo; // reports up to the price
        uint256 weight; // all reports
    }

    // -------------------------------------------------------------------------------------------------- constants

    bytes32 private constant REPORT_TYPEHASH = keccak256("Report(uint32 feed,uint48 round,int192 price,uint48 time)");

    uint256 private constant MAX_FEEDS = 120; // a bit for each in `Credit.feeds`

    uint8 private constant MAX_DECIMALS = 18;

    // By how much a block that is built late can be early [s].
    uint256 private constant GRACE = 1 minutes;

    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IOracleAVS
    IRewardsDistributor public immutable REWARDS;
    /// @inheritdoc IOracleAVS
    IERC20 public immutable TOKEN;
    /// @inheritdoc IOracleAVS
    uint96 public immutable REWARD;
    /// @inheritdoc IOracleAVS
    uint96 public immutable BOUNTY;
    /// @inheritdoc IOracleAVS
    uint48 public immutable ROUND;

    // ---------------------------------------------------------------------------------------------------- storage

    /// @inheritdoc IOracleAVS
    uint256 public feedCount;

    mapping(FeedId => StoredFeed) private _feeds;

    mapping(address operator => Credit) private _credits;

    /// @inheritdoc IOracleAVS
    mapping(uint24 epoch => uint256) public reportsIn;

    /// @inheritdoc IOracleAVS
    mapping(FeedId => mapping(uint48 round => mapping(address operator => mapping(bool premature => bool)))) public
        isKnownFault;

    /// @inheritdoc IOracleAVS
    mapping(address reporter => uint256) public bountyOf;

    uint256 private _owed; // all bounties [token]

    // ------------------------------------------------------------------------------------------------ constructor

    /// @param rewards Through which operators are paid.
    /// @param token Of rewards and bounties.
    /// @param reward For each epoch [token].
    /// @param bounty For a proof [token].
    /// @param roundLength A whole number of them is an epoch [s].
    constructor(
        Setup memory setup,
        IRewardsDistributor rewards,
        IERC20 token,
        uint96 reward,
        uint96 bounty,
        uint48 roundLength
    ) AVSBase("Catenary Oracle", setup) {
        if (setup.vetoPeriod != 0) revert VetoNotAllowed(setup.vetoPeriod);
        // What is signed late in a round is still reported in time, as its offence counts from the round's first
        // second.
        if (roundLength == 0 || roundLength > REGISTRY.REPORT_WINDOW() / 2 || EPOCH % roundLength != 0) {
            revert RoundOutOfBounds(roundLength);
        }
        REWARDS = rewards;
        TOKEN = token;
        REWARD = reward;
        BOUNTY = bounty;
        ROUND = roundLength;
        token.forceApprove(address(rewards), type(uint256).max); // it pulls what its caller pays, and nothing else
    }

    // ------------------------------------------------------------------------------------------------------ owner

    /// @inheritdoc IOracleAVS
    function addFeed(Feed calldata terms, string calldata description) external onlyOwner returns (FeedId feed) {
        if (
            terms.decimals > MAX_DECIMALS || terms.heartbeat < 3 * uint256(ROUND) || terms.deviation == 0
                || 3 * uint256(terms.quorum) < 2 * BPS || terms.quorum > BPS
        ) revert FeedOutOfBounds(terms);
        if (feedCount == MAX_FEEDS) revert TooManyFeeds();

        feed = FeedId.wrap(uint32(++feedCount)); // at most MAX_FEEDS
        StoredFeed storage f = _feeds[feed];
        f.terms = terms;
        f.description = ShortStrings.toShortString(description);
        emit FeedAdded(feed, terms, description);
    }

    // ----------------------------------------------------------------------------------------- anyone, in a round

    /// @inheritdoc IOracleAVS
    function submit(FeedId feed, uint48 round, int192 price, Report[] calldata reports) external {
        uint48 begin = _requireCurrent(round);
        StoredFeed storage f = _requireFeed(feed);
        if (f.latestRound == round) revert RoundAnswered(feed, round);
        uint24 e = epoch();
        uint48 takenAt = _requireSnapshot(e).takenAt;
        if (takenAt >= begin) revert SnapshotTooLate(takenAt, begin);
        if (!_isDue(f, round, price)) revert NotDue(feed, f.answers[f.latestRound].updatedAt);

        Tally memory t = _count(feed, round, begin, price, reports);
        _requireWeight(e, t.weight, f.terms.quorum);
        if (2 * t.below >= t.weight || 2 * t.upTo < t.weight) revert NotMedian(price, t.below, t.upTo, t.weight);

        f.latestRound = round;
        f.answers[round] = Answer(price, clock());
        emit Answered(feed, round, price, t.weight, msg.sender);
    }

    /// @inheritdoc IOracleAVS
    function submitLate(FeedId feed, uint48 round, Report[] calldata reports) external {
        uint48 begin = _requireCurrent(round);
        if (_requireFeed(feed).latestRound != round) revert RoundNotAnswered(feed, round);

        _count(feed, round, begin, 0, reports);
    }

    // ------------------------------------------------------------------------------------ anyone, when it is over

    /// @inheritdoc IOracleAVS
    function pay(address[] calldata operators) external {
        uint24 last = epoch() - 1;
        IRewardsDistributor.Payment[] memory payments = new IRewardsDistributor.Payment[](operators.length);
        uint256 sum;
        for (uint256 i = 0; i < operators.length; ++i) {
            address operator = operators[i];
            uint96 amount = _dueDown(operator, last);
            payments[i] = IRewardsDistributor.Payment(operator, VAULT, amount, _floorDown(last, operator));
            sum += amount;
            Credit storage credit = _credits[operator];
            if (credit.epoch == last) credit.reports = 0;
            else credit.before = 0;
        }
        uint256 available = funds();
        if (sum > available) revert FundsTooSmall(available, sum);

        REWARDS.pay(TOKEN, last, payments);
    }

    /// @inheritdoc IOracleAVS
    function proveEquivocation(FeedId feed, uint48 round, Report calldata a, Report calldata b) external {
        uint256 begin = _beginOf(round);
        if (begin > block.timestamp) revert NoFault();
        uint48 offenceAt = uint48(begin); // no later than `clock()`
        address operator = _reporter(feed, round, offenceAt, a);
        bool same = a.price == b.price && a.time == b.time;
        if (same || operator != _reporter(feed, round, offenceAt, b)) revert NoFault();

        _punish(feed, round, operator, offenceAt, false);
    }

    /// @inheritdoc IOracleAVS
    function provePremature(FeedId feed, uint48 round, Report calldata report) external {
        uint256 begin = _beginOf(round);
        if (begin <= block.timestamp + GRACE && begin <= report.time) revert NoFault();
        uint48 offenceAt = uint48(Math.min(begin, block.timestamp)); // no later than `clock()`

        _punish(feed, round, _reporter(feed, round, offenceAt, report), offenceAt, true);
    }

    /// @inheritdoc IOracleAVS
    function takeBounty(address receiver) external returns (uint256 amount) {
        if (receiver == address(0)) revert ZeroReceiver();
        amount = bountyOf[msg.sender];
        if (amount == 0) revert NoBounty(msg.sender);

        bountyOf[msg.sender] = 0;
        _owed -= amount;
        emit BountyTaken(msg.sender, receiver, amount);
        TOKEN.safeTransfer(receiver, amount);
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IOracleAVS
    function currentRound() public view returns (uint48) {
        return 1 + (clock() - GENESIS) / ROUND;
    }

    /// @inheritdoc IOracleAVS
    function beginOf(uint48 round) external view returns (uint48) {
        return _beginOf(round).toUint48();
    }

    /// @inheritdoc IOracleAVS
    function feedOf(FeedId feed) external view returns (Feed memory) {
        return _requireFeed(feed).terms;
    }

    /// @inheritdoc IOracleAVS
    function descriptionOf(FeedId feed) external view returns (string memory) {
        return ShortStrings.toString(_requireFeed(feed).description);
    }

    /// @inheritdoc IOracleAVS
    function latestRound(FeedId feed) external view returns (uint48) {
        return _requireFeed(feed).latestRound;
    }

    /// @inheritdoc IOracleAVS
    function answerOf(FeedId feed, uint48 round) external view returns (Answer memory) {
        return _requireFeed(feed).answers[round];
    }

    /// @inheritdoc IOracleAVS
    function isDue(FeedId feed, int192 price) external view returns (bool) {
        StoredFeed storage f = _requireFeed(feed);
        uint48 round = currentRound();
        return f.latestRound != round && _isDue(f, round, price);
    }

    /// @inheritdoc IOracleAVS
    function digestOf(FeedId feed, uint48 round, int192 price, uint48 time) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REPORT_TYPEHASH, feed, round, price, time)));
    }

    /// @inheritdoc IOracleAVS
    function creditOf(address operator) external view returns (Credit memory) {
        return _credits[operator];
    }

    /// @inheritdoc IOracleAVS
    function dueTo(address operator) external view returns (uint256) {
        return _dueDown(operator, epoch() - 1);
    }

    /// @inheritdoc IOracleAVS
    function funds() public view returns (uint256) {
        return Math.saturatingSub(TOKEN.balanceOf(address(this)), _owed);
    }

    // ---------------------------------------------------------------------------------------------------- private

    function _requireFeed(FeedId feed) private view returns (StoredFeed storage f) {
        f = _feeds[feed];
        if (f.terms.heartbeat == 0) revert UnknownFeed(feed);
    }

    function _requireCurrent(uint48 round) private view returns (uint48 begin) {
        uint48 current = currentRound();
        if (round != current) revert RoundNotCurrent(round, current);
        return uint48(_beginOf(round)); // not after `clock()`
    }

    /// Not narrowed, as a report can be for any round [s, Unix time].
    function _beginOf(uint48 round) private view returns (uint256) {
        return uint256(GENESIS) + uint256(round) * ROUND - ROUND;
    }

    /// The next round may be the first of an epoch, which has no snapshot before it, and the one after it be answered
    /// in its last second. While there is no answer, any price has moved by enough from none.
    function _isDue(StoredFeed storage f, uint48 round, int192 price) private view returns (bool) {
        Answer memory last = f.answers[f.latestRound];
        if (_beginOf(round) + 3 * uint256(ROUND) > uint256(last.updatedAt) + f.terms.heartbeat) return true;
        uint256 moved = SignedMath.abs(int256(price) - last.price); // of 192 bits
        return moved * BPS >= SignedMath.abs(last.price) * f.terms.deviation;
    }

    /// The operator that signed a report, whose key was in force at `time`.
    function _reporter(FeedId feed, uint48 round, uint48 time, Report calldata r) private view returns (address) {
        return _operatorOf(digestOf(feed, round, r.price, r.time), time, r.signature);
    }

    /// Credits the reports, and adds up their weights.
    function _count(FeedId feed, uint48 round, uint48 begin, int192 price, Report[] calldata reports)
        private
        returns (Tally memory t)
    {
        uint24 e = epoch();
        address operator;
        for (uint256 i = 0; i < reports.length; ++i) {
            Report calldata r = reports[i];
            if (r.time < begin || r.time > block.timestamp) revert ReportOutOfRound(r.time, begin, clock());
            operator = _requireAscending(operator, _reporter(feed, round, begin, r));
            uint256 w = weightOf(e, operator);
            t.weight += w;
            if (r.price < price) t.below += w;
            if (r.price <= price) t.upTo += w;
            if (w != 0) _credit(e, feed, round, operator, w);
            emit Reported(feed, round, operator, r.price, r.time);
        }
    }

    /// Counts a report of an operator, once per feed and round: reports are only taken for the current one.
    function _credit(uint24 e, FeedId feed, uint48 round, address operator, uint256 weight) private {
        Credit memory credit = _credits[operator];
        if (credit.epoch != e) {
            credit.before = credit.epoch + 1 == e ? credit.reports : 0;
            (credit.epoch, credit.reports) = (e, 0);
        }
        if (credit.round != round) (credit.round, credit.feeds) = (round, 0);
        uint120 bit = uint120(1 << (FeedId.unwrap(feed) - 1)); // feeds are at most 120
        if (credit.feeds & bit != 0) return;

        credit.feeds |= bit;
        ++credit.reports; // less than 2^22 seconds in an epoch, and 2^7 feeds
        _credits[operator] = credit;
        reportsIn[e] += weight;
    }

    /// What an operator is to get for `last`, the epoch just finished [token].
    function _dueDown(address operator, uint24 last) private view returns (uint96) {
        Credit memory credit = _credits[operator];
        uint256 reports = credit.epoch == last ? credit.reports : credit.epoch == last + 1 ? credit.before : 0;
        if (reports == 0) return 0;
        // 96, 32 and 96 bits; at most REWARD, as the operator's reports times its weight are a part of all.
        return uint96(REWARD * reports * weightOf(last, operator) / reportsIn[last]);
    }

    /// The floor of a payment: what the operator weighed, or up to a quarter of it, for all of the epoch.
    function _floorDown(uint24 last, address operator) private view returns (uint8) {
        uint256 floor = Math.log2(weightOf(last, operator) * EPOCH) / 2; // share-seconds: 96 and 22 bits
        return uint8(Math.max(floor, MIN_FLOOR)); // at most 58
    }

    /// Slashes an operator for its fault in a round, once for each kind.
    /// @param offenceAt When the round began, or now if it has not: the operator has no say in it [s, Unix time].
    function _punish(FeedId feed, uint48 round, address operator, uint48 offenceAt, bool premature) private {
        _requireFeed(feed);
        if (isKnownFault[feed][round][operator][premature]) revert FaultKnown(feed, round, operator);
        isKnownFault[feed][round][operator][premature] = true;

        uint256 bounty = weightOf(epochAt(offenceAt), operator) == 0 ? 0 : BOUNTY;
        bountyOf[msg.sender] += bounty;
        _owed += bounty;
        emit FaultProved(feed, round, operator, msg.sender, bounty);
        _slash(operator, offenceAt, keccak256(msg.data), ""); // the call is the evidence
    }
}
