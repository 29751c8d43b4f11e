// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Floors, MAX_FLOOR, MIN_FLOOR} from "../../contracts/libraries/Floors.sol";
import {Proof} from "./Proof.sol";

/// The arithmetic of rewards. An amount is at most 2^96 - 1, share-seconds of a pool are below 2^118. The floors at both
/// ends and one between stand for the 44: a shift by any number is more than the solvers take.
contract RewardsProofs is Proof {
    function check_lowest_floor__splits_the_amount(uint256 amount, uint256 shareSeconds) external pure {
        splits(amount, shareSeconds, MIN_FLOOR);
    }

    function check_floor_between__splits_the_amount(uint256 amount, uint256 shareSeconds) external pure {
        splits(amount, shareSeconds, 30);
    }

    function check_highest_floor__splits_the_amount(uint256 amount, uint256 shareSeconds) external pure {
        splits(amount, shareSeconds, MAX_FLOOR);
    }

    function splits(uint256 amount, uint256 shareSeconds, uint256 floor) private pure {
        vm.assume(amount < 1 << 96);
        vm.assume(shareSeconds < 1 << 118);
        uint256 paid = Floors.paidDown(amount, shareSeconds, floor);
        uint256 rest = Floors.restDown(amount, shareSeconds, floor);
        assert(paid + rest <= amount);
        assert(amount <= paid + rest + 1);
    }
}
