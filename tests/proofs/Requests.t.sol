// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {ISlashingManager} from "../../contracts/interfaces/ISlashingManager.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {Scene} from "./Scene.sol";

/// A request that is vetoed, taken back or lapsed leaves everything as it was: for any amount, parts, stake and loss, in
/// the `Scene`, with a veto period of one day.
contract RequestProofs is Scene {
    struct Seen {
        uint256 retained;
        uint256 live;
        uint256 leaving;
        uint256 guaranteed;
        uint256 elastic;
        uint256 safeGuaranteed;
        uint256 safeElastic;
        uint256 held;
        bool open;
    }

    function check_veto__leaves_everything_as_it_was(Parts memory p, uint256 amount) external {
        (bytes32 before, ISlashingManager.Request memory r) = open(p, amount);
        slashing.veto(r);
        ended(before, r);
    }

    function check_take_back__leaves_everything_as_it_was(Parts memory p, uint256 amount) external {
        (bytes32 before, ISlashingManager.Request memory r) = open(p, amount);
        slashing.takeBack(r);
        ended(before, r);
    }

    function check_lapse__leaves_everything_as_it_was(Parts memory p, uint256 amount) external {
        (bytes32 before, ISlashingManager.Request memory r) = open(p, amount);
        vm.warp(uint256(r.requestedAt) + 2 days + 1); // veto period and execute window, in the same epoch
        ended(before, r);
    }

    function open(Parts memory p, uint256 amount) private returns (bytes32 before, ISlashingManager.Request memory r) {
        suppose(p);
        begin();
        registry.set(ONE, p);
        registry.setVetoPeriod(1 days);
        before = see();
        ask(ONE, amount);
        r = requested(ONE, amount);
        assert(delegation.hasOpenRequest(OPERATOR, address(vault)));
        assert(slashing.openAmount(r) == amount);
    }

    function ended(bytes32 before, ISlashingManager.Request memory r) private {
        assert(see() == before);
        assert(slashing.openAmount(r) == 0);
        (bool executed,) = address(slashing).call(abi.encodeCall(slashing.execute, (r)));
        assert(!executed);
    }

    /// Everything that a slash could change. Equal hashes are equal contents: Halmos takes hashes to be free of collisions.
    function see() private view returns (bytes32) {
        Seen memory s;
        s.retained = delegation.retained(OPERATOR, address(vault));
        (s.live, s.leaving) = delegation.poolShares(OPERATOR, address(vault));
        (s.guaranteed, s.elastic) = slashing.slashable(ONE, OPERATOR, address(vault));
        (s.safeGuaranteed, s.safeElastic) = slashing.safe(ONE, OPERATOR, address(vault));
        s.held = vault.balanceOf(address(delegation));
        s.open = delegation.hasOpenRequest(OPERATOR, address(vault));
        return keccak256(abi.encode(s));
    }
}
