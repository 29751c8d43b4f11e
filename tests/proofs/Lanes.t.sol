// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Lanes} from "../../contracts/libraries/Lanes.sol";
import {Proof} from "./Proof.sol";

/// The rule of time, for any number after any history, announced anew in the epoch of lane 1. It is all bits, which
/// yices knows best.
/// @custom:halmos --solver-command yices-smt2
contract LanesProofs is Proof {
    function check_announce__leaves_this_epoch(uint80 any, uint16 value) external pure {
        Lanes before = Lanes.wrap(any);
        Lanes now_ = before.announce(value);
        assert(now_.lane(0) == before.lane(0));
        assert(now_.lane(1) == before.lane(1));
    }

    /// What `check_announcement__leaves_what_is_safe` takes for granted of each number: the next epoch's is no more than
    /// was announced, and no less than the smaller of that and this epoch's.
    function check_announce__calls_off_a_rise_of_the_next_epoch_at_most(uint80 any, uint16 value) external pure {
        Lanes before = Lanes.wrap(any);
        uint256 next = before.announce(value).lane(2);
        assert(next <= before.lane(2));
        assert(next >= Math.min(before.lane(1), before.lane(2)));
    }

    function check_announce__bites_at_the_third_epoch_if_it_falls_and_at_the_fourth_if_it_rises(
        uint80 any,
        uint16 value
    ) external pure {
        Lanes before = Lanes.wrap(any);
        Lanes now_ = before.announce(value);
        assert(now_.lane(3) == Math.min(before.lane(3), value));
        assert(now_.settled() == value);
    }

    function check_later__is_the_same_number(uint80 any) external pure {
        for (uint256 past = 0; past < 6; ++past) {
            Lanes now_ = Lanes.wrap(any).later(past);
            for (uint256 epoch = past; epoch < 8; ++epoch) {
                assert(now_.valueAt(past + 1, epoch) == Lanes.wrap(any).valueAt(1, epoch));
            }
        }
    }
}
