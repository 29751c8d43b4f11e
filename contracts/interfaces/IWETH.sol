// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// What `StakingVault` asks of WETH9.
interface IWETH {
    function deposit() external payable;

    function withdraw(uint256 amount) external;
}
