// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Proof} from "./Proof.sol";
import {WAD} from "../../contracts/libraries/Constants.sol";
import {toPoolSharesDown, toVaultSharesDown} from "../../contracts/libraries/PoolMath.sol";

contract PoolMathProofs is Proof {
    function check_toVaultSharesDown__rounds_down(uint112 shares, uint64 part) external pure {
        uint256 got = toVaultSharesDown(shares, part);
        uint256 exact = uint256(shares) * part;
        assert(got * WAD <= exact && exact < (got + 1) * WAD);
    }

    function check_toPoolSharesDown__rounds_down(uint96 shares, uint64 retained) external pure {
        vm.assume(retained != 0 && retained <= WAD);
        uint256 got = toPoolSharesDown(shares, retained);
        uint256 exact = uint256(shares) * WAD;
        assert(got * retained <= exact && exact < (got + 1) * retained);
    }

    function check_in_and_out__gains_nothing(uint96 shares, uint64 retained) external pure {
        vm.assume(retained != 0 && retained <= WAD);
        uint256 back = toVaultSharesDown(toPoolSharesDown(shares, retained), retained);
        assert(back <= shares && shares <= back + 1);
    }

    function check_parts_of_a_claim__are_worth_no_more_than_all(uint112 a, uint112 b, uint64 retained) external pure {
        vm.assume(retained <= WAD);
        assert(
            toVaultSharesDown(a, retained) + toVaultSharesDown(b, retained)
                <= toVaultSharesDown(uint256(a) + b, retained)
        );
    }

    function check_slash__leaves_and_moves_no_more_than_there_was(uint112 shares, uint64 retained, uint64 taken)
        external
        pure
    {
        vm.assume(taken <= retained && retained <= WAD);
        uint256 moved = toVaultSharesDown(shares, taken);
        uint256 left = toVaultSharesDown(shares, retained - taken);
        uint256 before = toVaultSharesDown(shares, retained);
        assert(moved + left <= before && before <= moved + left + 1);
    }
}
