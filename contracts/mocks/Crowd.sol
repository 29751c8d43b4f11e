// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IStakingVault} from "../interfaces/IStakingVault.sol";
import {Accepted} from "../libraries/Types.sol";
import {TestToken} from "./TestToken.sol";

/// A staker with an address of its own, who stakes once and may start to leave at once.
contract CrowdStaker {
    constructor(IStakingVault vault, address operator, uint256 assets, uint256 leaving) {
        TestToken asset = TestToken(vault.asset());
        asset.mint(address(this), assets);
        asset.approve(address(vault), assets);
        vault.depositAndDelegate(assets, operator, 0, Accepted(10_000, 10_000, 0, true));
        if (leaving != 0) vault.DELEGATION().undelegate(operator, address(vault), leaving);
    }
}

/// Makes many stakers in one transaction, over a `TestToken`.
contract Crowd {
    /// Each of `count` new stakers delegates `assets` to `operator` and undelegates `leaving` of them.
    function join(IStakingVault vault, address operator, uint256 count, uint256 assets, uint256 leaving) external {
        for (uint256 i = 0; i < count; ++i) {
            new CrowdStaker(vault, operator, assets, leaving);
        }
    }
}
