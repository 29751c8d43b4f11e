// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IAVSBase} from "../interfaces/IAVSBase.sol";
import {IOracleAVS} from "../interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../interfaces/IOracleFeed.sol";
import {BPS, WAD} from "../libraries/Constants.sol";
import {FeedId} from "../libraries/Types.sol";

/// See `IOracleFeed`.
contract OracleFeed is IOracleFeed {
    // ------------------------------------------------------------------------------------------------- immutables

    /// @inheritdoc IOracleFeed
    IOracleAVS public immutable ORACLE;
    /// @inheritdoc IOracleFeed
    FeedId public immutable FEED;

    // ------------------------------------------------------------------------------------------------ constructor

    constructor(IOracleAVS oracle, FeedId feed) {
        oracle.feedOf(feed); // reverts if there is none
        ORACLE = oracle;
        FEED = feed;
    }

    // ------------------------------------------------------------------------------------------------------ views

    /// @inheritdoc AggregatorV3Interface
    function decimals() external view returns (uint8) {
        return ORACLE.feedOf(FEED).decimals;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external view returns (string memory) {
        return ORACLE.descriptionOf(FEED);
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(roundId);
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(ORACLE.latestRound(FEED));
    }

    /// @inheritdoc IOracleFeed
    function costToMove(uint80 roundId) external view returns (Cost memory shares, Cost memory assets) {
        IAVSBase.Snapshot memory snapshot = ORACLE.snapshotOf(ORACLE.epochAt(ORACLE.beginOf(_round(roundId))));
        uint256 penalty = ORACLE.PENALTY();

        // In reports with the weight W of a quorum, any group with W / 2 says what the lower median is. Nobody weighs
        // more than its stake, so the group has at least that stake; no more of it is elastic than there is of all.
        uint256 stake = Math.ceilDiv(snapshot.weight * uint256(ORACLE.feedOf(FEED).quorum), BPS) / 2;
        uint256 guaranteed = Math.saturatingSub(stake, snapshot.elastic);
        shares = Cost(guaranteed * penalty / WAD, (stake - guaranteed) * penalty / WAD); // 96 and 64 bits
        IERC4626 vault = IERC4626(ORACLE.VAULT());
        assets = Cost(vault.convertToAssets(shares.guaranteed), vault.convertToAssets(shares.shared));
    }

    // ---------------------------------------------------------------------------------------------------- private

    /// The one revert that is no custom error: the interface's own words.
    function _read(uint80 roundId) private view returns (uint80, int256, uint256, uint256, uint80) {
        uint48 round = _round(roundId);
        IOracleAVS.Answer memory answer = ORACLE.answerOf(FEED, round);
        if (answer.updatedAt == 0) revert("No data present"); // solhint-disable-line gas-custom-errors
        return (roundId, answer.price, ORACLE.beginOf(round), answer.updatedAt, roundId);
    }

    /// The round of an id; 0, which has no answer, for one that no round has.
    function _round(uint80 roundId) private pure returns (uint48) {
        return roundId > type(uint48).max ? 0 : uint48(roundId);
    }
}
