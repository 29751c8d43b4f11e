// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {BPS} from "../../contracts/libraries/Constants.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {Scene} from "./Scene.sol";

/// Executions of two AVSs in one epoch, in the real `SlashingManager` and `DelegationManager`, in the `Scene`: for any
/// amounts and any parts that keep Σg ≤ F, without a veto period.
contract ExecutionProofs is Scene {
    struct Any {
        uint256 lossBudget;
        uint256 g;
        uint256 h;
        uint256 otherG;
        uint256 otherH;
    }

    /// One execution grants the smaller of the request and the formula, and `retained` falls by it.
    function check_execution__grants_the_smaller_of_request_and_slashable(Any memory a, uint256 amount) external {
        uint256 base = start(a);
        (uint256 guaranteed, uint256 elastic) = slashing.slashable(ONE, OPERATOR, address(vault));
        uint256 granted = ask(ONE, amount);
        assert(granted == (amount < guaranteed + elastic ? amount : guaranteed + elastic));
        assert(delegation.retained(OPERATOR, address(vault)) == base - granted);
    }

    /// Promise 2.
    function check_two_executions__stay_within_the_loss_budget(Any memory a, uint256 amount, uint256 other) external {
        uint256 base = start(a);
        uint256 granted = ask(ONE, amount) + ask(TWO, other);
        assert(granted * BPS <= base * a.lossBudget);
        assert(delegation.retained(OPERATOR, address(vault)) == base - granted);
    }

    /// Promises 3 and 4.
    function check_execution_by_another__leaves_the_guaranteed_part(Any memory a, uint256 other) external {
        start(a);
        (uint256 guaranteed, uint256 elastic) = slashing.slashable(ONE, OPERATOR, address(vault));
        uint256 taken = ask(TWO, other);
        (uint256 guaranteedAfter, uint256 elasticAfter) = slashing.slashable(ONE, OPERATOR, address(vault));
        assert(guaranteedAfter == guaranteed);
        assert(elasticAfter <= elastic && elastic - elasticAfter <= taken);
    }

    function start(Any memory a) private returns (uint256 base) {
        vm.assume(a.lossBudget <= BPS);
        vm.assume(a.g <= BPS);
        vm.assume(a.h <= BPS);
        vm.assume(a.otherG <= BPS);
        vm.assume(a.otherH <= BPS);
        vm.assume(a.g + a.otherG <= a.lossBudget);
        begin();
        registry.set(ONE, Parts(a.g, a.h, a.lossBudget, a.g + a.otherG, a.h + a.otherH));
        registry.set(TWO, Parts(a.otherG, a.otherH, a.lossBudget, a.g + a.otherG, a.h + a.otherH));
        base = delegation.retained(OPERATOR, address(vault));
    }
}
