// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Floors, MAX_FLOOR, MIN_FLOOR} from "../../contracts/libraries/Floors.sol";
import {Proof} from "./Proof.sol";

/// The arithmetic of rewards. An amount is at most 2^96 - 1, share-seconds of a pool are below 2^118. The floors at both
/// ends and one between stand for the 44: a shift by any number is more than the solvers take.
contract RewardsProofs is Proof {
    function check_paid_and_rest__are_the_amount(uint256 amount, uint256 shareSeconds) external pure {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 floor = [MIN_FLOOR, 30, MAX_FLOOR][i];
            (uint256 paid, uint256 rest) = split(amount, shareSeconds, floor);
            assert(paid + rest <= amount);
            assert(amount <= paid + rest + 1);
        }
    }

    function split(uint256 amount, uint256 shareSeconds, uint256 floor) private pure returns (uint256, uint256) {
        vm.assume(amount < 1 << 96);
        vm.assume(shareSeconds < 1 << 118);
        return (Floors.paidDown(amount, shareSeconds, floor), Floors.restDown(amount, shareSeconds, floor));
    }
}
