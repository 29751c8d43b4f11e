// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

// One, for computed fractions [wad].
uint256 constant WAD = 1e18;

// One, for fractions that people choose [bps].
uint256 constant BPS = 1e4;

// Holder of burnt and of locked vault shares. They stay in the supply.
address constant BURN = 0x000000000000000000000000000000000000dEaD;
