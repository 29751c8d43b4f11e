// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Earnings} from "../../../contracts/libraries/Earnings.sol";
import {FloorOutOfBounds, Floors} from "../../../contracts/libraries/Floors.sol";
import {EpochTooOld, Lanes, LanesLib} from "../../../contracts/libraries/Lanes.sol";
import {pageSize} from "../../../contracts/libraries/Paging.sol";
import {toPoolSharesDown, toVaultSharesDown} from "../../../contracts/libraries/PoolMath.sol";
import {Holding, Record} from "../../../contracts/libraries/ShareSeconds.sol";
import {Epoch, Parts, SlashMath} from "../../../contracts/libraries/SlashMath.sol";
import {Totals} from "../../../contracts/libraries/Totals.sol";
import {VM} from "../Cheats.sol";

contract LibrariesTest {
    Earnings private earnings;
    Record private record;

    // -------------------------------------------------------------------------------------------------------- lanes

    /// Lane 0 is the lowest.
    function _lanes(uint256[5] memory values) private pure returns (Lanes) {
        uint256 all;
        for (uint256 i = 0; i < 5; ++i) {
            all |= values[i] << (16 * i);
        }
        return Lanes.wrap(uint80(all));
    }

    function _assertLanes(Lanes lanes, uint256[5] memory values) private pure {
        VM.assertEq(Lanes.unwrap(lanes), Lanes.unwrap(_lanes(values)));
    }

    function test_lanes__hold_a_number_for_each_epoch() external pure {
        Lanes lanes = _lanes([uint256(1), 2, 3, 4, 65_535]);
        uint256[5] memory values = [uint256(1), 2, 3, 4, 65_535];
        for (uint256 i = 0; i < 5; ++i) {
            VM.assertEq(lanes.lane(i), values[i]);
            VM.assertEq(lanes.valueAt(10, 9 + i), values[i]);
        }
        VM.assertEq(lanes.valueAt(10, 14), 65_535);
        VM.assertEq(lanes.settled(), 65_535);
        VM.assertEq(lanes.peak(), 65_535);
        VM.assertEq(_lanes([uint256(9), 7, 6, 5, 4]).peak(), 7);
    }

    function valueAt(uint256 epoch) external pure returns (uint256) {
        return _lanes([uint256(1), 2, 3, 4, 5]).valueAt(10, epoch);
    }

    function test_lanes__before_the_oldest__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(EpochTooOld.selector, 8, 9));
        this.valueAt(8);
    }

    function test_lanes_later__moves_the_past_out_and_the_last_in() external pure {
        Lanes lanes = _lanes([uint256(1), 2, 3, 4, 5]);
        _assertLanes(lanes.later(0), [uint256(1), 2, 3, 4, 5]);
        _assertLanes(lanes.later(1), [uint256(2), 3, 4, 5, 5]);
        _assertLanes(lanes.later(2), [uint256(3), 4, 5, 5, 5]);
        _assertLanes(lanes.later(3), [uint256(4), 5, 5, 5, 5]);
        _assertLanes(lanes.later(4), [uint256(5), 5, 5, 5, 5]);
        _assertLanes(lanes.later(5), [uint256(5), 5, 5, 5, 5]);
        _assertLanes(lanes.later(1000), [uint256(5), 5, 5, 5, 5]);
    }

    function test_lanes_announce__falls_in_the_third_lane_and_rises_in_the_fourth() external pure {
        _assertLanes(LanesLib.constantly(10).announce(4), [uint256(10), 10, 10, 4, 4]);
        _assertLanes(LanesLib.constantly(10).announce(16), [uint256(10), 10, 10, 10, 16]);
        _assertLanes(LanesLib.constantly(10).announce(10), [uint256(10), 10, 10, 10, 10]);
        _assertLanes(LanesLib.constantly(0).announce(65_535), [uint256(0), 0, 0, 0, 65_535]);
    }

    function test_lanes_announce__pending_rise__gives_way() external pure {
        Lanes rising = LanesLib.constantly(10).announce(16).later(2); // to 16 in the next epoch but one
        _assertLanes(rising, [uint256(10), 10, 16, 16, 16]);
        _assertLanes(rising.announce(4), [uint256(10), 10, 10, 4, 4]);
        _assertLanes(rising.announce(12), [uint256(10), 10, 12, 12, 12]);
        _assertLanes(rising.announce(20), [uint256(10), 10, 16, 16, 20]);
    }

    function test_lanes_announce__pending_fall__stands() external pure {
        Lanes falling = LanesLib.constantly(10).announce(4).later(1); // to 4 in the next epoch
        _assertLanes(falling, [uint256(10), 10, 4, 4, 4]);
        _assertLanes(falling.announce(8), [uint256(10), 10, 4, 4, 8]);
        _assertLanes(falling.announce(12), [uint256(10), 10, 4, 4, 12]);
        _assertLanes(falling.announce(2), [uint256(10), 10, 4, 2, 2]);
    }

    // ------------------------------------------------------------------------------------------------------- totals

    function test_totals_replace__adds_the_new_lanes_and_takes_the_old() external pure {
        Totals memory totals;
        Lanes zero;
        Lanes g = _lanes([uint256(0), 0, 0, 0, 3000]);
        Lanes h = _lanes([uint256(0), 0, 0, 0, 65_535]);
        totals.replace(5, zero, g, zero, h);
        totals.replace(5, zero, g, zero, h);
        VM.assertEq(totals.stamp, 5);
        VM.assertEq(totals.guaranteedAt(7), 0);
        VM.assertEq(totals.guaranteedAt(8), 6000);
        VM.assertEq(totals.elasticAt(4), 0);
        VM.assertEq(totals.elasticAt(7), 0);
        VM.assertEq(totals.elasticAt(8), 131_070);
        VM.assertEq(totals.elasticAt(80), 131_070);

        // One of them is announced to be nothing, in epoch 7: its rise in epoch 8 gives way.
        totals.replace(7, g.later(2), g.later(2).announce(0), h.later(2), h.later(2).announce(0));
        VM.assertEq(totals.stamp, 7);
        VM.assertEq(totals.guaranteedAt(7), 0);
        VM.assertEq(totals.guaranteedAt(8), 3000);
        VM.assertEq(totals.guaranteedAt(9), 3000);
        VM.assertEq(totals.elasticAt(6), 0);
        VM.assertEq(totals.elasticAt(7), 0);
        VM.assertEq(totals.elasticAt(8), 65_535);
        VM.assertEq(totals.elasticAt(10), 65_535);

        totals.replace(70, g, g.announce(0), h, h.announce(1));
        VM.assertEq(totals.elasticAt(69), 65_535);
        VM.assertEq(totals.elasticAt(73), 1);
        VM.assertEq(totals.guaranteedAt(72), 3000);
        VM.assertEq(totals.guaranteedAt(73), 0);
    }

    function test_totals_later__keeps_each_lane_of_the_elastic_sum() external pure {
        Lanes h = _lanes([uint256(1), 2, 3, 4, 5]);
        Lanes zero;
        for (uint24 past = 0; past <= 6; ++past) {
            Totals memory totals;
            totals.replace(10, zero, zero, zero, h);
            totals.replace(10 + past, zero, zero, zero, zero);
            for (uint256 i = 0; i < 5; ++i) {
                uint256 index = past + i > 4 ? 4 : past + i;
                VM.assertEq(totals.elasticAt(9 + past + i), index + 1);
            }
        }
    }

    function elasticAt(uint256 epoch) external pure returns (uint256) {
        Totals memory totals;
        totals.stamp = 10;
        return totals.elasticAt(epoch);
    }

    function test_totals__before_the_oldest__reverts() external {
        VM.assertEq(this.elasticAt(9), 0);
        VM.expectRevert(abi.encodeWithSelector(EpochTooOld.selector, 8, 9));
        this.elasticAt(8);
    }

    function sumOfElastic(uint256 count) external pure returns (uint256) {
        Totals memory totals;
        Lanes zero;
        for (uint256 i = 0; i < count; ++i) {
            totals.replace(1, zero, zero, zero, _lanes([uint256(0), 0, 0, 0, 65_535]));
        }
        return totals.elasticAt(4);
    }

    function test_totals__elastic_sum_beyond_its_bits__reverts() external {
        VM.assertEq(this.sumOfElastic(256), 256 * 65_535);
        VM.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 120, (257 * 65_535) << 96)
        );
        this.sumOfElastic(257);
    }

    // ------------------------------------------------------------------------------------------- paging, pool shares

    function test_page_size__is_what_is_left_of_the_limit() external pure {
        VM.assertEq(pageSize(10, 0, 4), 4);
        VM.assertEq(pageSize(10, 8, 4), 2);
        VM.assertEq(pageSize(10, 10, 4), 0);
        VM.assertEq(pageSize(10, 11, 4), 0);
        VM.assertEq(pageSize(10, 2, type(uint256).max), 8);
    }

    function test_pool_shares__round_down_both_ways() external pure {
        VM.assertEq(toPoolSharesDown(10, 1e18), 10);
        VM.assertEq(toPoolSharesDown(10, 0.3e18), 33);
        VM.assertEq(toVaultSharesDown(33, 0.3e18), 9);
        VM.assertEq(toVaultSharesDown(type(uint256).max, 1e18), type(uint256).max);
    }

    // ------------------------------------------------------------------------------------------------------- floors

    function requireFloor(uint256 floor) external pure {
        Floors.requireFloor(floor);
    }

    function test_floor__within_bounds__is_taken() external view {
        this.requireFloor(16);
        this.requireFloor(59);
    }

    function test_floor__out_of_bounds__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(FloorOutOfBounds.selector, 15));
        this.requireFloor(15);
        VM.expectRevert(abi.encodeWithSelector(FloorOutOfBounds.selector, 60));
        this.requireFloor(60);
    }

    function test_floor__fewer_share_seconds__are_paid_in_proportion() external pure {
        uint256 most = 1 << 32;
        VM.assertEq(Floors.paidDown(1000, most, 16), 1000);
        VM.assertEq(Floors.paidDown(1000, most * 5, 16), 1000);
        VM.assertEq(Floors.paidDown(1000, most - 1, 16), 999);
        VM.assertEq(Floors.paidDown(1000, most / 4, 16), 250);
        VM.assertEq(Floors.paidDown(1000, 0, 16), 0);
        VM.assertEq(Floors.restDown(1000, most, 16), 0);
        VM.assertEq(Floors.restDown(1000, most * 5, 16), 0);
        VM.assertEq(Floors.restDown(1000, most - 1, 16), 0);
        VM.assertEq(Floors.restDown(1000, most / 4, 16), 750);
        VM.assertEq(Floors.restDown(1000, 0, 16), 1000);
    }

    // ----------------------------------------------------------------------------------------------------- earnings

    function test_earnings__add_up_and_keep_one_entry_for_an_epoch() external {
        VM.assertEq(earnings.total(0), 0);
        uint24 count = earnings.add(0, 3, 10);
        VM.assertEq(count, 1);
        count = earnings.add(count, 3, 5);
        VM.assertEq(count, 1);
        count = earnings.add(count, 7, 100);
        VM.assertEq(count, 2);
        VM.assertEq(earnings.total(0), 0);
        VM.assertEq(earnings.total(1), 15);
        VM.assertEq(earnings.total(2), 115);
        VM.assertEq(earnings.entries[0].epoch, 3);
        VM.assertEq(earnings.entries[1].epoch, 7);
    }

    function addEarned(uint256 perShareSecond) external {
        earnings.add(0, 1, perShareSecond);
    }

    function test_earnings__beyond_their_bits__reverts() external {
        this.addEarned(type(uint216).max);
        VM.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 216, 1 << 216));
        this.addEarned(1 << 216);
    }

    /// Whatever the guess, as many as a look at each tells: entries are in even epochs, and each adds 1.
    function test_earnings_around__is_right_with_any_guess() external {
        for (uint24 count = 0; count <= 20; ++count) {
            if (count != 0) VM.assertEq(earnings.add(count - 1, 2 * count, 1), count);
            for (uint24 epoch = 1; epoch <= 2 * count + 2; ++epoch) {
                uint256 earlier = (epoch - 1) / 2 < count ? (epoch - 1) / 2 : count;
                uint256 both = epoch / 2 < count ? epoch / 2 : count;
                for (uint256 guess = 0; guess <= uint256(count) + 2; ++guess) {
                    VM.assertEq(earnings.countBefore(count, guess, epoch), earlier);
                    (uint256 before, uint256 sum, uint256 index) = earnings.around(count, guess, epoch);
                    VM.assertEq(before, earlier);
                    VM.assertEq(sum, both);
                    VM.assertEq(index, earlier);
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ share-seconds

    function _assertHolding(Holding memory h, uint256 shares, uint256 shareSeconds, uint256 epoch, uint256 moves)
        private
        pure
    {
        VM.assertEq(h.shares, shares);
        VM.assertEq(h.shareSeconds, shareSeconds);
        VM.assertEq(h.epoch, epoch);
        VM.assertEq(h.moves, moves);
    }

    function test_share_seconds__nobody_moved__are_none() external view {
        VM.assertEq(record.count(), 0);
        VM.assertEq(record.countAt(9), 0);
        _assertHolding(record.asOf(9), 0, 0, 0, 0);
        VM.assertEq(record.asOf(9).shareSecondsIn(9, 100), 0);
    }

    function test_share_seconds__are_counted_to_the_end_of_the_epoch() external {
        record.move(10, 0, 3, 60, 100);
        _assertHolding(record.last, 10, 600, 3, 0);
        VM.assertEq(record.count(), 1);
        record.move(5, 3, 3, 20, 100);
        _assertHolding(record.last, 12, 640, 3, 0);
        VM.assertEq(record.count(), 1);
        record.move(0, 12, 6, 25, 100);
        _assertHolding(record.last, 0, 900, 6, 1);
        _assertHolding(record.entry(0), 12, 640, 3, 0);
        _assertHolding(record.entry(1), 0, 900, 6, 1);
        VM.assertEq(record.count(), 2);

        VM.assertEq(record.asOf(2).shareSecondsIn(2, 100), 0);
        VM.assertEq(record.asOf(3).shareSecondsIn(3, 100), 640);
        VM.assertEq(record.asOf(4).shareSecondsIn(4, 100), 1200);
        VM.assertEq(record.asOf(5).shareSecondsIn(5, 100), 1200);
        VM.assertEq(record.asOf(6).shareSecondsIn(6, 100), 900);
        VM.assertEq(record.asOf(7).shareSecondsIn(7, 100), 0);
    }

    function test_share_seconds__count_at__is_right_in_every_epoch() external {
        for (uint24 count = 1; count <= 12; ++count) {
            record.move(1, 0, 2 * count, 0, 100);
            VM.assertEq(record.count(), count);
            for (uint256 epoch = 0; epoch <= 2 * uint256(count) + 2; ++epoch) {
                uint256 right = epoch / 2 < count ? epoch / 2 : count;
                VM.assertEq(record.countAt(epoch), right);
                VM.assertEq(record.asOf(epoch).shares, right);
            }
        }
    }

    function move(uint256 added, uint256 left) external {
        record.move(added, 0, 1, left, 100);
    }

    function test_share_seconds__more_shares_than_its_bits__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, 1 << 96));
        this.move(1 << 96, 0);
        VM.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 120, 1 << 120));
        this.move(1 << 90, 1 << 30);
        this.move(type(uint96).max, 1);
        _assertHolding(record.last, type(uint96).max, type(uint96).max, 1, 0);
    }

    // ---------------------------------------------------------------------------------------------------- loss budget

    function _epoch() private pure returns (Epoch memory) {
        // B is 1,000 × 1e4, so that a part of it is its bps times 1,000.
        return Epoch(Parts(1000, 3000, 5000, 2500, 7000), 1e7, 0, 0, 0);
    }

    function _assertSlashable(Epoch memory e, uint256 guaranteed, uint256 elastic, uint256 others) private pure {
        (uint256 g, uint256 h) = e.slashable();
        VM.assertEq(g, guaranteed);
        VM.assertEq(h, elastic);
        VM.assertEq(e.othersElastic(), others);
    }

    function test_slashable__is_the_guaranteed_part_and_the_elastic_one_out_of_what_is_shared() external pure {
        Epoch memory e = _epoch();
        _assertSlashable(e, 1e6, 2.5e6, 2.5e6);
        e.ownGuaranteed = 0.3e6;
        e.ownElastic = 0.8e6;
        e.elasticTaken = 0.8e6;
        _assertSlashable(e, 0.7e6, 1.7e6, 1.7e6);
        e.elasticTaken = 1.8e6;
        _assertSlashable(e, 0.7e6, 0.7e6, 0.7e6);
        e.elasticTaken = 2.5e6;
        _assertSlashable(e, 0.7e6, 0, 0);
        e = _epoch();
        e.parts.elastic = 1000;
        e.parts.allElastic = 1500;
        e.ownElastic = 0.25e6;
        e.elasticTaken = 0.5e6;
        _assertSlashable(e, 1e6, 0.75e6, 0.25e6);
        e.elasticTaken = 1e6;
        _assertSlashable(e, 1e6, 0.75e6, 0);
    }

    function test_part__rounds_down() external pure {
        VM.assertEq(SlashMath.partDown(9999, 1), 0);
        VM.assertEq(SlashMath.partDown(10_000, 1), 1);
        VM.assertEq(SlashMath.partDown(19_999, 1), 1);
        VM.assertEq(SlashMath.floorUp(9999, 1), 9999);
        VM.assertEq(SlashMath.floorUp(10_000, 4000), 6000);
    }

    function _assertSafe(Epoch memory e, Parts memory next, uint256 guaranteed, uint256 elastic) private pure {
        (uint256 g, uint256 h) = e.safe(next);
        VM.assertEq(g, guaranteed);
        VM.assertEq(h, elastic);
    }

    /// Against the formulas of the design.
    function test_safe__is_the_smaller_of_this_epoch_and_the_next() external pure {
        Epoch memory e = _epoch();
        // B' = 0.5·B + 0.1·B = 0.6·B: guaranteed min(0.1, 0.1 × 0.6). Others take all that is shared: no elastic part.
        _assertSafe(e, e.parts, 0.6e6, 0);

        e.parts = Parts(1000, 2000, 5000, 1500, 2500);
        // Now 0.35 − 0.05 is left, enough for 0.2. Next 0.5 − 0.15 − 0.05 leaves 0.3 of 0.6·B, of which it has 0.2.
        _assertSafe(e, e.parts, 0.6e6, 1.2e6);
        // What is smaller in the next epoch counts: g', h' and F', each alone.
        _assertSafe(e, Parts(500, 2000, 5000, 1000, 2500), 0.3e6, 1.2e6);
        _assertSafe(e, Parts(1000, 500, 5000, 1500, 1000), 0.6e6, 0.3e6);
        _assertSafe(e, Parts(1000, 2000, 3000, 1500, 2500), 0.6e6, 0.6e6);
        // What is larger in it does not.
        _assertSafe(e, Parts(2000, 4000, 9000, 2500, 4500), 0.6e6, 1.2e6);
        // Others that are larger in it do.
        _assertSafe(e, Parts(1000, 2000, 5000, 2500, 3500), 0.6e6, 0.6e6);
        _assertSafe(e, Parts(1000, 2000, 5000, 4500, 9000), 0.6e6, 0);

        // Taken of the guaranteed part: B' = 0.5·B + 0.02·B, of which 0.1 is more than the 0.02 left.
        e.ownGuaranteed = 0.8e6;
        _assertSafe(e, e.parts, 0.2e6, 1.04e6);
        // Taken of the elastic part: 0.2 − 0.15 is left now.
        e.ownElastic = 1.5e6;
        e.elasticTaken = 1.6e6;
        _assertSafe(e, e.parts, 0.2e6, 0.5e6);
        // In this epoch others may take 0.2 of 0.35, and it took 0.05: 0.1 is left.
        e.parts.allElastic = 4000;
        e.ownElastic = 0.5e6;
        _assertSafe(e, Parts(1000, 2000, 5000, 1500, 2500), 0.2e6, 1e6);
    }
}
