// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {LiquidStakingToken} from "./LiquidStakingToken.sol";

/// Books a rebase that is due only when somebody's allowance is next used, before anything moves.
contract AccruingToken is LiquidStakingToken {
    int256 public due;

    function setDue(int256 bps) external {
        due = bps;
    }

    function _spendAllowance(address owner, address spender, uint256 value) internal override {
        if (due != 0) this.rebase(due);
        due = 0;
        super._spendAllowance(owner, spender, value);
    }
}
