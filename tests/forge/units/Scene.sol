// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAVSRegistry} from "../../../contracts/interfaces/IAVSRegistry.sol";
import {IStakingVault} from "../../../contracts/interfaces/IStakingVault.sol";
import {AvsId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {Deployment} from "../Deployment.sol";

/// A token that anyone can mint.
interface Mintable is IERC20 {
    function mint(address to, uint256 amount) external;
}

/// One vault, one operator, and two stakers who have the asset.
abstract contract Scene is Deployment(1_000_000) {
    address internal constant OTHER_OPERATOR = address(0x80000);
    address internal constant STRANGER = address(0x90000);
    address internal constant ALICE = address(0xA0000);
    address internal constant BOB = address(0xB0000);

    uint256 internal constant ETHER = 1e18;
    uint256 internal constant CAP = 1e27;

    Mintable internal asset;
    IStakingVault internal vault;

    constructor() {
        asset = _newToken("TestToken.sol:TestToken", abi.encode("Asset", "AST", 18));
        vault = _newVault(address(asset), false);
        _openVault(vault);
        _enlist(OPERATOR);
    }

    // ------------------------------------------------------------------------------------------------------- making

    /// Of which the stakers have plenty.
    function _newToken(string memory artifact, bytes memory arguments) internal returns (Mintable token) {
        token = Mintable(VM.deployCode(artifact, arguments));
        token.mint(address(this), 1e36);
        token.mint(ALICE, 1e36);
        token.mint(BOB, 1e36);
    }

    /// Lists and seeds a vault, and lets the stakers in.
    function _openVault(IStakingVault vault_) internal {
        VM.prank(OWNER);
        registry.listVault(address(vault_));
        IERC20 asset_ = IERC20(vault_.asset());
        asset_.approve(address(vault_), type(uint256).max);
        vault_.seed();
        VM.prank(OWNER);
        vault_.setCap(CAP);
        VM.prank(ALICE);
        asset_.approve(address(vault_), type(uint256).max);
        VM.prank(BOB);
        asset_.approve(address(vault_), type(uint256).max);
    }

    function _enlist(address operator) internal {
        VM.prank(operator);
        registry.registerOperator("");
    }

    /// With a loss budget of 50 %, a commission of 10 %, and any veto period.
    function _openPool(address operator) internal {
        VM.prank(operator);
        registry.openPool(address(vault), 5000, 1000, 0);
    }

    function _terms(uint48 vetoPeriod, address recipient) internal pure returns (IAVSRegistry.Terms memory) {
        return IAVSRegistry.Terms(
            SLASHER, vetoPeriod, false, recipient, AVS_OWNER, vetoPeriod == 0 ? address(0) : RESOLVER, address(0)
        );
    }

    /// An AVS that counts the vault.
    function _addAVS(IAVSRegistry.Terms memory terms) internal returns (AvsId avs) {
        avs = registry.registerAVS(terms, "");
        VM.prank(AVS_OWNER);
        registry.setVault(avs, address(vault), true);
    }

    function _optIn(AvsId avs, uint256 guaranteed, uint256 elastic) internal {
        VM.prank(OPERATOR);
        registry.optIn(avs, address(vault), guaranteed, elastic, "");
    }

    /// Stakes and delegates at a price of one vault share for one of the asset.
    function _delegate(address staker, uint256 amount) internal {
        VM.prank(staker);
        vault.depositAndDelegate(amount, OPERATOR, 0, _anything());
    }

    function _undelegate(address staker, uint256 poolShares) internal {
        VM.prank(staker);
        delegation.undelegate(OPERATOR, address(vault), poolShares);
    }

    // --------------------------------------------------------------------------------------------------------- time

    function _goTo(uint256 epoch) internal {
        VM.warp(_start(epoch));
    }
}
