// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {WAD} from "./Constants.sol";

/// Vault shares in pool shares: the inverse of `toVaultSharesDown`, so that nobody gains by going in and out.
/// @param retained Not zero [wad].
function toPoolSharesDown(uint256 vaultShares, uint256 retained) pure returns (uint256) {
    return Math.mulDiv(vaultShares, WAD, retained);
}

/// What `part` of pool shares stands for, in vault shares.
/// @param part `retained`, for the value of a claim, or what a slash takes of it [wad].
function toVaultSharesDown(uint256 poolShares, uint256 part) pure returns (uint256) {
    return Math.mulDiv(poolShares, part, WAD);
}
