// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {VM} from "./Cheats.sol";
import {Campaign} from "./Invariants.t.sol";
import {Ledger} from "./Ledger.sol";
import {Payers} from "./Payers.sol";
import {Promises} from "./Promises.sol";
import {Kind, World} from "./World.sol";

contract Earning is Promises, Payers {
    constructor(Kind[] memory assets, Kind[] memory tokens) World(assets) Payers(tokens) {}

    function _epochOver(uint256 epoch) internal override(Ledger, Payers) {
        Payers._epochOver(epoch);
    }

    function check() public view override {
        super.check();
        _checkLine();
    }

    function leaveAll() public override {
        super.leaveAll();
        VM.warp(_start(_epoch() + 9)); // after all streams, and two epochs
        _sync();
        _claimAll();
    }
}

/// One plain asset; rewards in a plain token, one that blocks addresses, and one with a fee.
contract RewardsInvariants is Campaign {
    function setUp() external {
        Kind[] memory assets = new Kind[](1);
        Kind[] memory tokens = new Kind[](3);
        (tokens[1], tokens[2]) = (Kind.Blocklist, Kind.Fee);
        core = Promises(VM.deployCode("Rewards.t.sol:Earning", abi.encode(assets, tokens)));
    }

    function _excluded() internal view override returns (bytes4[] memory selectors) {
        selectors = new bytes4[](2);
        selectors[0] = core.leaveAll.selector;
        selectors[1] = core.misbehave.selector; // which a plain asset does not
    }
}
