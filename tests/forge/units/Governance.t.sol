// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IGovernance} from "../../../contracts/interfaces/IGovernance.sol";
import {VM} from "../Cheats.sol";
import {Scene} from "./Scene.sol";

/// Says that it belongs to another registry, or with none at all that it cannot say.
contract StrangeVault {
    error Nowhere();

    address private immutable OTHER;

    constructor(address other) {
        OTHER = other;
    }

    function REGISTRY() external view returns (address) {
        if (OTHER == address(0)) revert Nowhere();
        return OTHER;
    }
}

contract GovernanceTest is Scene {
    function _notOwner(address who) private {
        VM.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, who));
        VM.prank(who);
    }

    // -------------------------------------------------------------------------------------------------- constructor

    function test_constructor__any_part_missing__reverts() external {
        address x = address(1);
        address[3][3] memory parts = [[address(0), x, x], [x, address(0), x], [x, x, address(0)]];
        for (uint256 i = 0; i < 3; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IGovernance.ZeroAddress.selector));
            _newRegistry(_timing(), parts[i][0], parts[i][1], parts[i][2]);
        }
    }

    function test_constructor__sets_the_guardian_and_the_parts() external {
        VM.expectEmit(VM.computeCreateAddress(address(this), VM.getNonce(address(this))));
        emit IGovernance.GuardianSet(GUARDIAN);
        IGovernance made = _newRegistry(_timing(), address(1), address(2), address(3));

        VM.assertEq(made.guardian(), GUARDIAN);
        VM.assertEq(address(made.DELEGATION()), address(1));
        VM.assertEq(address(made.SLASHING()), address(2));
        VM.assertEq(address(made.REWARDS()), address(3));
        VM.assertEq(Ownable(address(made)).owner(), OWNER);
        VM.assertEq(made.paused(), false);
    }

    // -------------------------------------------------------------------------------------------------------- vaults

    function test_list_vault__by_another__reverts() external {
        address fresh = address(_newVault(address(asset), false));
        _notOwner(GUARDIAN);
        registry.listVault(fresh);
    }

    function test_list_vault__takes_the_next_place() external {
        address fresh = address(_newVault(address(asset), false));
        VM.assertEq(registry.hasVault(fresh), false);
        VM.expectEmit(address(registry));
        emit IGovernance.VaultListed(fresh, 1);
        VM.prank(OWNER);
        registry.listVault(fresh);

        VM.assertEq(registry.hasVault(fresh), true);
        VM.assertEq(registry.vaultCount(), 2);
        address[] memory page = registry.vaults(0, 9);
        VM.assertEq(page.length, 2);
        VM.assertEq(page[0], address(vault));
        VM.assertEq(page[1], fresh);
        page = registry.vaults(1, 1);
        VM.assertEq(page.length, 1);
        VM.assertEq(page[0], fresh);
        VM.assertEq(registry.vaults(2, 1).length, 0);
        VM.assertEq(registry.vaults(3, 1).length, 0);
    }

    function test_list_vault__twice__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IGovernance.VaultAlreadyListed.selector, address(vault)));
        VM.prank(OWNER);
        registry.listVault(address(vault));
    }

    function test_list_vault__what_is_no_vault_of_this_registry__reverts() external {
        address[8] memory wrong = [
            address(registry),
            address(delegation),
            address(slashing),
            address(rewards),
            address(asset),
            STRANGER,
            address(new StrangeVault(address(0))),
            address(new StrangeVault(STRANGER))
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            VM.expectRevert(abi.encodeWithSelector(IGovernance.MiswiredVault.selector, wrong[i]));
            VM.prank(OWNER);
            registry.listVault(wrong[i]);
        }
    }

    // ------------------------------------------------------------------------------------------- guardian and pauses

    function test_set_guardian__by_another__reverts() external {
        _notOwner(GUARDIAN);
        registry.setGuardian(STRANGER);
    }

    function test_set_guardian__replaces_the_guardian() external {
        VM.expectEmit(address(registry));
        emit IGovernance.GuardianSet(STRANGER);
        VM.prank(OWNER);
        registry.setGuardian(STRANGER);
        VM.assertEq(registry.guardian(), STRANGER);

        VM.expectRevert(abi.encodeWithSelector(IGovernance.NotGuardian.selector, GUARDIAN));
        VM.prank(GUARDIAN);
        registry.pause();
    }

    function test_pause__by_guardian_or_owner__pauses() external {
        address[2] memory who = [GUARDIAN, OWNER];
        for (uint256 i = 0; i < 2; ++i) {
            VM.expectEmit(address(registry));
            emit IGovernance.Paused(who[i]);
            VM.prank(who[i]);
            registry.pause();
            VM.assertEq(registry.paused(), true);

            VM.expectEmit(address(registry));
            emit IGovernance.Unpaused();
            VM.prank(OWNER);
            registry.unpause();
            VM.assertEq(registry.paused(), false);
        }
    }

    function test_pause__by_another__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IGovernance.NotGuardian.selector, STRANGER));
        VM.prank(STRANGER);
        registry.pause();
    }

    function test_pause__twice__reverts() external {
        VM.startPrank(GUARDIAN);
        registry.pause();
        VM.expectRevert(abi.encodeWithSelector(IGovernance.ProtocolPaused.selector));
        registry.pause();
    }

    function test_unpause__not_paused__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IGovernance.NotPaused.selector));
        VM.prank(OWNER);
        registry.unpause();
    }

    function test_unpause__by_the_guardian__reverts() external {
        VM.prank(GUARDIAN);
        registry.pause();
        _notOwner(GUARDIAN);
        registry.unpause();
    }

    // ----------------------------------------------------------------------------------------------------- ownership

    function test_renounce_ownership__reverts() external {
        VM.expectRevert(abi.encodeWithSelector(IGovernance.NotRenounceable.selector));
        VM.prank(OWNER);
        Ownable(address(registry)).renounceOwnership();
    }

    function test_ownership__passes_when_it_is_accepted() external {
        Ownable2Step owned = Ownable2Step(address(registry));
        VM.prank(OWNER);
        owned.transferOwnership(ALICE);
        VM.assertEq(owned.owner(), OWNER);
        VM.prank(ALICE);
        owned.acceptOwnership();
        VM.assertEq(owned.owner(), ALICE);
    }
}
