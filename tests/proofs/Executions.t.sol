// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {WAD} from "../../contracts/libraries/Constants.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {AvsId} from "../../contracts/libraries/Types.sol";
import {AnyEpoch, EpochProof} from "./EpochProof.sol";
import {Scene} from "./Scene.sol";

/// One execution in the real `SlashingManager` and `DelegationManager`, in the `Scene`, without a veto period, after any
/// history of the epoch: what is stored of it is put there, as any numbers that `EpochProof` knows. What the AVS took and
/// what all took of their elastic parts are both of this epoch, where they may be zero, or both of any other. Whether an
/// execution reverts is not asked. That `Epoch.slashable` is the formula says `SlashMathProofs`.
contract ExecutionProofs is Scene, EpochProof {
    /// As `SlashingManager` stores it.
    struct Taken {
        uint24 epoch;
        uint64 guaranteed;
        uint64 elastic;
    }

    /// As `SlashingManager` stores it.
    struct ElasticTaken {
        uint24 epoch;
        uint64 amount;
    }

    uint24 private constant NOW = 3;

    /// The first of an epoch.
    function check_first_execution__grants_what_the_formula_says_and_books_it(
        Parts memory p,
        uint64 base,
        Taken memory own,
        ElasticTaken memory all,
        uint256 amount
    ) external {
        vm.assume(own.epoch != NOW);
        vm.assume(all.epoch != NOW);
        started();
        vm.store(address(delegation), lossesSlot(), bytes32(uint256(1) << 88 | uint256(2) << 64 | base));
        grants(p, base, base, own, all, amount);
    }

    /// A later one.
    function check_execution__grants_what_the_formula_says_and_books_it(
        Parts memory p,
        uint64 base,
        uint64 left,
        uint64 ownGuaranteed,
        uint64 ownElastic,
        uint64 allElastic,
        uint256 amount
    ) external {
        started();
        slashed(base, left);
        grants(p, base, left, Taken(NOW, ownGuaranteed, ownElastic), ElasticTaken(NOW, allElastic), amount);
    }

    function grants(
        Parts memory p,
        uint256 base,
        uint256 left,
        Taken memory own,
        ElasticTaken memory all,
        uint256 amount
    ) private {
        registry.set(ONE, p);
        vm.store(address(slashing), takenSlot(ONE), word(own));
        vm.store(address(slashing), elasticSlot(), word(all));
        vm.assume(left <= base);
        AnyEpoch memory a = stored(p, base);
        (uint256 guaranteed, uint256 elastic) = assumeWithinBounds(a).slashable();
        guaranteed = Math.min(amount, guaranteed);
        unchecked {
            elastic = Math.min(amount - guaranteed, elastic);
        }

        assert(ask(ONE, amount) == guaranteed + elastic);
        unchecked {
            a.ownGuaranteed += guaranteed;
            a.ownElastic += elastic;
        }
        AnyEpoch memory b = stored(p, base);
        assert(both(b.ownGuaranteed, b.ownElastic) == both(a.ownGuaranteed, a.ownElastic));
        assert(both(b.othersGuaranteed, b.othersElastic) == both(a.othersGuaranteed, a.othersElastic));
        assert(delegation.retainedAtEndOf(OPERATOR, address(vault), NOW - 1) == base);
    }

    /// The epoch as it is stored.
    function stored(Parts memory p, uint256 base) private view returns (AnyEpoch memory a) {
        uint256 own = uint256(vm.load(address(slashing), takenSlot(ONE)));
        uint256 all = uint256(vm.load(address(slashing), elasticSlot()));
        uint256 left = delegation.retained(OPERATOR, address(vault));
        (a.parts, a.base) = (p, base);
        if (uint24(own) == NOW) (a.ownGuaranteed, a.ownElastic) = (uint64(own >> 24), uint64(own >> 88));
        uint256 elastic = uint24(all) == NOW ? uint64(all >> 24) : 0;
        unchecked {
            a.othersElastic = elastic - a.ownElastic;
            a.othersGuaranteed = base - left - elastic - a.ownGuaranteed;
        }
    }

    /// In one word, as one question is answered sooner than two.
    function both(uint256 x, uint256 y) private pure returns (uint256) {
        unchecked {
            return x + (y << 128);
        }
    }

    /// Promises 3 and 4: of what this AVS could slash, another's execution takes nothing of the guaranteed part, and of
    /// the elastic part no more than was granted.
    function check_execution_by_another__leaves_the_guaranteed_part(
        Parts memory p,
        Parts memory others,
        uint64 base,
        uint64 left,
        Taken memory own,
        Taken memory other,
        uint64 allElastic,
        uint256 amount
    ) external {
        started();
        slashed(base, left);
        registry.set(ONE, p);
        registry.set(TWO, others);
        (own.epoch, other.epoch) = (NOW, NOW);
        vm.store(address(slashing), takenSlot(ONE), word(own));
        vm.store(address(slashing), takenSlot(TWO), word(other));
        vm.store(address(slashing), elasticSlot(), word(ElasticTaken(NOW, allElastic)));
        assumeValid(p);
        assumeValid(others);
        vm.assume(base <= WAD);
        (uint256 guaranteed, uint256 elastic) = slashing.slashable(ONE, OPERATOR, address(vault));
        uint256 granted = ask(TWO, amount);
        (uint256 guaranteedAfter, uint256 elasticAfter) = slashing.slashable(ONE, OPERATOR, address(vault));
        assert(guaranteedAfter == guaranteed);
        assert(elasticAfter <= elastic && elastic - elasticAfter <= granted);
    }

    /// With shares of other pools in the vault, as any `base` is more than what `begin` left.
    function started() private {
        begin();
        vault.transferFrom(address(0), address(delegation), 100e18);
    }

    function slashed(uint64 base, uint64 left) private {
        vm.store(address(delegation), lossesSlot(), bytes32(uint256(2) << 88 | uint256(NOW) << 64 | left));
        vm.store(address(delegation), historySlot(1), bytes32(uint256(base) << 24 | NOW));
    }

    // -------------------------------------------------------------------------------------------------------- storage

    function ofPool(uint256 slot) private view returns (bytes32) {
        return keccak256(abi.encode(vault, keccak256(abi.encode(OPERATOR, slot))));
    }

    function lossesSlot() private view returns (bytes32) {
        return bytes32(uint256(ofPool(3)) + 2);
    }

    function historySlot(uint256 index) private view returns (bytes32) {
        return keccak256(abi.encode(index, uint256(ofPool(3)) + 4));
    }

    function elasticSlot() private view returns (bytes32) {
        return ofPool(1);
    }

    function word(Taken memory taken) private pure returns (bytes32) {
        return bytes32(uint256(taken.elastic) << 88 | uint256(taken.guaranteed) << 24 | taken.epoch);
    }

    function word(ElasticTaken memory all) private pure returns (bytes32) {
        return bytes32(uint256(all.amount) << 24 | all.epoch);
    }

    function takenSlot(AvsId avs) private view returns (bytes32) {
        return keccak256(abi.encode(avs, ofPool(2)));
    }
}
