// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IOracleFeed} from "../interfaces/IOracleFeed.sol";

/// Reads a price as consumers of Chainlink's feeds do; only `priceWorth` knows more than that interface.
contract PriceConsumer {
    AggregatorV3Interface public immutable FEED;
    uint256 public immutable MAX_AGE;

    error InvalidPrice(int256 price);
    error RoundNotComplete(uint80 round);
    error StalePrice(uint256 updatedAt);
    error CheapToMove(uint256 cost, uint256 value);

    constructor(AggregatorV3Interface feed, uint256 maxAge) {
        FEED = feed;
        MAX_AGE = maxAge;
    }

    /// In 18 decimals.
    function price() public view returns (uint256) {
        (uint80 round, int256 answer,, uint256 updatedAt, uint80 answeredInRound) = FEED.latestRoundData();
        if (updatedAt == 0 || answeredInRound < round) revert RoundNotComplete(round);
        if (answer <= 0) revert InvalidPrice(answer);
        if (block.timestamp - updatedAt > MAX_AGE) revert StalePrice(updatedAt);
        return uint256(answer) * 10 ** (18 - FEED.decimals());
    }

    /// The price, if it costs at least `value` of stake that no other AVS can touch to move it [asset].
    function priceWorth(uint256 value) external view returns (uint256) {
        (, IOracleFeed.Cost memory cost) = IOracleFeed(address(FEED)).costToMove();
        if (cost.guaranteed < value) revert CheapToMove(cost.guaranteed, value);
        return price();
    }
}
