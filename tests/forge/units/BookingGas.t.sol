// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IRewardsDistributor} from "../../../contracts/interfaces/IRewardsDistributor.sol";
import {VM} from "../Cheats.sol";
import {Mintable, Scene} from "./Scene.sol";

interface GasVm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory);
}

/// How dear strangers and the operator can make a booking.
contract BookingGasTest is Scene {
    uint256 private constant MAX_TRANSACTION = 1 << 24; // EIP-7825 [gas]
    address private constant CAROL = address(0xC0000);

    Mintable private token;

    function setUp() external {
        _openPool(OPERATOR);
        _goTo(2);
        _delegate(ALICE, 60 * ETHER);
        token = _newToken("TestToken.sol:TestToken", abi.encode("Reward", "RWD", 18));
        token.approve(address(rewards), type(uint256).max);
        asset.mint(CAROL, 1e36);
        VM.prank(CAROL);
        asset.approve(address(vault), type(uint256).max);
    }

    function _spent() private view returns (uint256) {
        return GasVm(address(VM)).lastCallGas().gasTotalUsed;
    }

    function _claims() private view returns (IRewardsDistributor.Claim[] memory claims) {
        claims = new IRewardsDistributor.Claim[](1);
        claims[0] = IRewardsDistributor.Claim(OPERATOR, address(vault), token, 0);
    }

    /// @return spent [gas]
    function _claim() private returns (uint256 spent) {
        IRewardsDistributor.Claim[] memory claims = _claims();
        VM.prank(ALICE);
        rewards.claim(ALICE, claims, ALICE);
        return _spent();
    }

    /// A stream of dust in each of the 44 floors.
    function _dust() private {
        for (uint8 floor = 16; floor <= 59; ++floor) {
            rewards.openStream(OPERATOR, address(vault), token, 1e6, floor, 256);
        }
    }

    /// In each epoch a stranger moves dust, and the operator announces another commission.
    function _disturb(uint256 epochs) private {
        for (uint256 e = 3; e < 3 + epochs; ++e) {
            _goTo(e);
            VM.prank(CAROL);
            vault.depositAndDelegate(1, OPERATOR, 0, _anything());
            VM.prank(OPERATOR);
            registry.setMandate(address(vault), 5000, 1000 + e % 2 * 1000);
        }
        _goTo(5 + epochs);
    }

    function test_book__of_ten_disturbed_epochs__fits_into_a_transaction() external {
        _dust();
        _disturb(250);
        for (uint24 e = 12; e < 252; e += 10) {
            rewards.book(OPERATOR, address(vault), token, e);
            VM.assertEq(_spent() < MAX_TRANSACTION, true);
        }
        VM.assertEq(_claim() < MAX_TRANSACTION, true);
    }
}
