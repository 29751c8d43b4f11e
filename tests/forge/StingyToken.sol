// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {TestToken} from "../../contracts/mocks/TestToken.sol";

/// Delivers `short` wei less than asked, or nothing.
contract StingyToken is TestToken("Stingy", "STNG", 18) {
    uint256 public short;

    function setShort(uint256 short_) external {
        short = short_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) super._update(from, to, value);
        else super._update(from, to, value > short ? value - short : 0);
    }
}
