// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Caps} from "../../../contracts/libraries/Caps.sol";
import {VM} from "../Cheats.sol";

/// The cap is the largest t that is at most its share of the sum of all min(stake, t).
contract CapsTest {
    /// t and t + 1 tell it all: the sum is concave in t, so whether t fits changes once.
    function _assertLargest(uint256[] memory stakes, uint256 share) private pure {
        uint256 cap = Caps.capDown(stakes, share);
        VM.assertTrue(_fits(stakes, share, cap), "fits");
        VM.assertTrue(!_fits(stakes, share, cap + 1), "is the largest");
    }

    function _fits(uint256[] memory stakes, uint256 share, uint256 t) private pure returns (bool) {
        uint256 sum;
        for (uint256 i = 0; i < stakes.length; ++i) {
            sum += stakes[i] < t ? stakes[i] : t;
        }
        return t * 10_000 <= share * sum;
    }

    function test_cap__of_up_to_four_small_stakes__is_the_largest() external pure {
        uint16[9] memory shares = [1, 1999, 2500, 3333, 3334, 5000, 6667, 9999, 10_000];
        for (uint256 count = 0; count <= 4; ++count) {
            uint256[] memory stakes = new uint256[](count);
            for (uint256 all = 0; all < 6 ** count; ++all) {
                uint256 rest = all;
                for (uint256 i = 0; i < count; ++i) {
                    stakes[i] = rest % 6;
                    rest /= 6;
                }
                for (uint256 i = 0; i < shares.length; ++i) {
                    _assertLargest(stakes, shares[i]);
                }
            }
        }
    }

    function testFuzz_cap__is_the_largest(uint96[8] memory all, uint256 count, uint256 share) external pure {
        uint256[] memory stakes = new uint256[](count % 9);
        for (uint256 i = 0; i < stakes.length; ++i) {
            stakes[i] = all[i];
        }
        _assertLargest(stakes, 1 + share % 10_000);
    }
}
