// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {IOracleFeed} from "../interfaces/IOracleFeed.sol";

/// How to read a feed: a price that is old, or worth more to corrupt than it costs, is none.
contract PriceConsumer {
    IOracleFeed public immutable FEED;
    uint256 public immutable MAX_AGE; // the feed's heartbeat, or a little more [s]

    error PriceNotPositive(int256 price);
    error PriceTooOld(uint256 updatedAt);
    error PriceTooCheap(uint256 cost, uint256 atRisk);

    constructor(IOracleFeed feed, uint256 maxAge) {
        (FEED, MAX_AGE) = (feed, maxAge);
    }

    /// @param atRisk What a wrong price could take from those who rely on this one [asset of the oracle's vault].
    function price(uint256 atRisk) external view returns (uint256) {
        (uint80 round, int256 answer,, uint256 updatedAt,) = FEED.latestRoundData();
        if (answer <= 0) revert PriceNotPositive(answer);
        if (block.timestamp > updatedAt + MAX_AGE) revert PriceTooOld(updatedAt);
        (, IOracleFeed.Cost memory cost) = FEED.costToMove(round);
        if (cost.guaranteed < atRisk) revert PriceTooCheap(cost.guaranteed, atRisk);
        return uint256(answer);
    }
}
