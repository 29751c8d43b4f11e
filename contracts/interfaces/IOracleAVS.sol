// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FeedId} from "../libraries/Types.sol";
import {IAVSBase} from "./IAVSBase.sol";
import {IRewardsDistributor} from "./IRewardsDistributor.sol";

/// Prices that operators report and restaked stake weighs.
///
/// Time is cut into rounds of `ROUND` seconds, the same for all feeds. In a round each operator may sign one report per
/// feed. Whoever collects reports of a quorum submits them in the same round, and their weighted median is its answer.
/// What operators weigh was read before the round began.
///
/// Two different reports of an operator for one round, and a report that is older than its round, are faults. Their
/// signatures prove them, to anyone and by anyone, and nobody can veto what is proved. A price far from the median is
/// none: nothing on chain proves it.
///
/// WARNING: A feed costs what `IOracleFeed.costToMove` says only if those who move it commit a fault that can be
/// proved. A group that holds half of a quorum and reports the same wrong price commits none.
interface IOracleAVS is IAVSBase {
    /// What is fixed for a feed when it is added.
    struct Feed {
        /// Of its price, at most 18.
        uint8 decimals;
        /// An answer is due when otherwise the one before might become older than this; at least three rounds [s].
        uint48 heartbeat;
        /// An answer is due when it differs from the one before by this part of it; not zero [bps].
        uint16 deviation;
        /// Of the weight of all operators, what must report; from 6,667 to 10,000 [bps].
        uint16 quorum;
    }

    /// What an operator signs, EIP-712: `Report(uint32 feed,uint48 round,int192 price,uint48 time)`.
    struct Report {
        /// [10^-decimals]
        int192 price;
        /// When it was the price, within the round [s, Unix time].
        uint48 time;
        bytes signature;
    }

    struct Answer {
        /// [10^-decimals]
        int192 price;
        /// 0 if the round has no answer [s, Unix time].
        uint48 updatedAt;
    }

    /// What counted of an operator's reports.
    struct Credit {
        uint24 epoch;
        /// Reports in `epoch`.
        uint32 reports;
        /// Reports in the epoch before it, until they are paid.
        uint32 before;
        /// The last round with a report.
        uint48 round;
        /// The feeds with a report in it, a bit for each.
        uint120 feeds;
    }

    event FeedAdded(FeedId indexed feed, Feed terms, string description);
    /// @param weight Of the reports that made the price [vault shares].
    event Answered(FeedId indexed feed, uint48 indexed round, int192 price, uint256 weight, address submitter);
    event Reported(FeedId indexed feed, uint48 indexed round, address indexed operator, int192 price, uint48 time);
    event FaultProved(
        FeedId indexed feed, uint48 indexed round, address indexed operator, address reporter, uint256 bounty
    );
    event BountyTaken(address indexed reporter, address receiver, uint256 amount);

    error RoundOutOfBounds(uint48 length);
    error VetoNotAllowed(uint48 vetoPeriod);
    error FeedOutOfBounds(Feed feed);
    error TooManyFeeds();
    error UnknownFeed(FeedId feed);
    error RoundNotCurrent(uint48 round, uint48 current);
    error RoundAnswered(FeedId feed, uint48 round);
    error RoundNotAnswered(FeedId feed, uint48 round);
    error SnapshotTooLate(uint48 takenAt, uint48 begin);
    error ReportOutOfRound(uint48 time, uint48 begin, uint48 current);
    error NotMedian(int192 price, uint256 below, uint256 upTo, uint256 weight);
    error NotDue(FeedId feed, uint48 updatedAt);
    error NoFault();
    error FaultKnown(FeedId feed, uint48 round, address operator);
    error FundsTooSmall(uint256 funds, uint256 needed);
    error NoBounty(address reporter);
    error ZeroReceiver();

    // --- owner ---

    /// Adds a feed, for good. At most 120. Only the owner.
    /// @param description As consumers of Chainlink's feeds know it, "ETH / USD"; at most 31 bytes.
    function addFeed(Feed calldata terms, string calldata description) external returns (FeedId feed);

    // --- anyone ---

    /// Answers the current round of a feed, if that is due.
    /// @param price Lower weighted median of the reports: those below it have less than half of their weight, those up
    /// to it at least half [10^-decimals].
    /// @param reports Of a quorum, in strictly ascending order of operators.
    function submit(FeedId feed, uint48 round, int192 price, Report[] calldata reports) external;

    /// Credits reports that the answer of the current round was made without, in the same order.
    function submitLate(FeedId feed, uint48 round, Report[] calldata reports) external;

    /// Pays operators for what they reported in the epoch just finished, out of the AVS's funds: of `REWARD`, their
    /// part of all reports, by weight. Whoever was paid, did not report or was struck gets nothing; who is struck later
    /// keeps what it got.
    function pay(address[] calldata operators) external;

    /// Proves that an operator signed two different reports for one round, and has it slashed.
    /// @dev NoFault if the round has not begun, the operators differ or the reports do not; KeyNotInForce unless both
    /// keys were when the round began.
    function proveEquivocation(FeedId feed, uint48 round, Report calldata a, Report calldata b) external;

    /// Proves that an operator signed a report for a round that begins in more than a minute, or with a time before it,
    /// and has it slashed.
    ///
    /// WARNING: A block that comes late has an early timestamp, so reports of the next round can be in it: hence the
    /// minute.
    /// @dev NoFault if it is neither; KeyNotInForce unless the key is now, or was when the round began. A report by a key
    /// that is replaced before its round counts for nothing.
    function provePremature(FeedId feed, uint48 round, Report calldata report) external;

    /// Sends the caller its bounties.
    function takeBounty(address receiver) external returns (uint256 amount);

    // --- views ---

    function REWARDS() external view returns (IRewardsDistributor);

    /// Of rewards and bounties. Whoever funds the AVS sends it here.
    function TOKEN() external view returns (IERC20);

    /// For all operators, in each epoch in which there are reports [token].
    function REWARD() external view returns (uint96);

    /// For the first proof against an operator with weight, of each epoch's faults [token].
    ///
    /// WARNING: It must be worth far less than `PENALTY` of `MIN_STAKE`, or operators earn by proving their own faults.
    /// So they do if what is slashed goes to a recipient that gives it back.
    function BOUNTY() external view returns (uint96);

    /// Length of a round, at most half of the report window; a whole number of them is an epoch [s].
    function ROUND() external view returns (uint48);

    /// The round of now, counted from 1.
    function currentRound() external view returns (uint48);

    /// The first second of a round [s, Unix time].
    function beginOf(uint48 round) external view returns (uint48);

    function feedCount() external view returns (uint256);

    function feedOf(FeedId feed) external view returns (Feed memory);

    function descriptionOf(FeedId feed) external view returns (string memory);

    /// The last round with an answer; 0 if there is none.
    function latestRound(FeedId feed) external view returns (uint48);

    function answerOf(FeedId feed, uint48 round) external view returns (Answer memory);

    /// Whether an answer of `price` is due in the current round.
    function isDue(FeedId feed, int192 price) external view returns (bool);

    function digestOf(FeedId feed, uint48 round, int192 price, uint48 time) external view returns (bytes32);

    function creditOf(address operator) external view returns (Credit memory);

    /// What the operator would get from `pay` now [token].
    function dueTo(address operator) external view returns (uint256);

    /// All reports of an epoch, each times the weight of its operator [vault shares].
    function reportsIn(uint24 epoch) external view returns (uint256);

    /// Whether a fault of the operator was proved.
    /// @param premature Of which kind: else an equivocation.
    function isKnownFault(FeedId feed, uint48 round, address operator, bool premature) external view returns (bool);

    /// [token]
    function bountyOf(address reporter) external view returns (uint256);

    /// What is there for rewards and bounties, less the bounties that are owed [token].
    function funds() external view returns (uint256);
}
