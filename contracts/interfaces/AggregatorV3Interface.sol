// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// How consumers read a price from Chainlink's feeds, and from an `OracleFeed`.
interface AggregatorV3Interface {
    function decimals() external view returns (uint8);

    function description() external view returns (string memory);

    function version() external view returns (uint256);

    /// Reverts with "No data present" if the round has no answer.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// Reverts with "No data present" if no round has an answer. It does not revert if the answer is old.
    function latestRoundData()
        external
        view
        returns (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
