// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {FeedId} from "../libraries/Types.sol";
import {AggregatorV3Interface} from "./AggregatorV3Interface.sol";
import {IOracleAVS} from "./IOracleAVS.sol";

/// One feed of an oracle, for consumers that read Chainlink's, with what it costs to move it. It only reads, so anyone
/// may deploy one. Its rounds count up, but not one by one.
///
/// WARNING: `updatedAt` is when an answer came on chain. Its reports may be older, by less than a round.
interface IOracleFeed is AggregatorV3Interface {
    /// Stake, in one unit.
    struct Cost {
        /// At least this much of it is stake that no other AVS can touch.
        uint256 guaranteed;
        /// The rest, which other AVSs may use too.
        uint256 shared;
    }

    function ORACLE() external view returns (IOracleAVS);

    function FEED() external view returns (FeedId);

    /// What the least group that can set the price in a round would lose for a fault: `PENALTY` of half of the weight
    /// of a quorum, as the others of a quorum may be honest, and chosen. Of what weighs in the round's epoch, less who
    /// was struck since; who was struck leaves `guaranteed` no larger. Zero while that epoch has no snapshot.
    ///
    /// WARNING: Ask for the round of the price that you use. Stake of a later epoch does not vouch for it. See
    /// `IOracleAVS` for what is no fault.
    /// @param roundId as `latestRoundData` gives it
    /// @return shares [vault shares]
    /// @return assets [asset]
    function costToMove(uint80 roundId) external view returns (Cost memory shares, Cost memory assets);
}
