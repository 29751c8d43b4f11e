// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {AvsId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {keyProof} from "../Signing.sol";
import {Scene} from "./Scene.sol";

/// Two operators with a pool of 100 ether each, of which 20 % are guaranteed to one AVS and 10 % elastic, in epoch 4. The
/// loss budget is 50 %, so of both 70 % are safe.
abstract contract AVSScene is Scene {
    uint256 internal constant KEY = 0xA;
    uint256 internal constant OTHER_KEY = 0xB;

    IAVSBase internal base;
    AvsId internal avs;

    /// Of an AVS that slashes half of what it can, and lets nobody weigh more than half.
    function _setup() internal view returns (IAVSBase.Setup memory setup) {
        setup.slashing = slashing;
        setup.vault = address(vault);
        setup.owner = AVS_OWNER;
        setup.minStake = 1 ether;
        setup.byAdmission = true;
        setup.maxShare = 5000;
        setup.penalty = 0.5e18;
    }

    /// Opts both operators in to the AVS.
    function _begin(address avs_, bytes32 domain) internal {
        base = IAVSBase(avs_);
        avs = base.AVS();
        _enlist(OTHER_OPERATOR);
        _enter(OPERATOR, KEY, domain);
        _enter(OTHER_OPERATOR, OTHER_KEY, domain);
        _goTo(4);
    }

    function _enter(address operator, uint256 key, bytes32 domain) internal {
        _openPool(operator);
        VM.prank(ALICE);
        vault.depositAndDelegate(100 ether, operator, 0, _anything());
        VM.prank(AVS_OWNER);
        base.setAdmitted(operator, true);
        bytes memory data = abi.encode(VM.addr(key), keyProof(operator, key, domain));
        VM.prank(operator);
        registry.optIn(avs, address(vault), 2000, 1000, data);
    }
}
