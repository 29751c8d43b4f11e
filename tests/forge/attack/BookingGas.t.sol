// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IRewardsDistributor} from "../../../contracts/interfaces/IRewardsDistributor.sol";
import {StreamId} from "../../../contracts/libraries/Types.sol";
import {Mintable, VM} from "../units/Cheats.sol";
import {Scene} from "../units/Scene.sol";

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

/// How dear strangers and the operator can make a claim. Run with --isolate: each call is a transaction of its own.
contract BookingGasTest is Scene {
    event Cost(string what, uint256 gas);

    uint256 private constant MAX_TRANSACTION = 1 << 24; // EIP-7825 [gas]
    address private constant CAROL = address(0xC0000);
    uint256 private constant ETHER = 1e18;

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

    function _claim(string memory what) private {
        IRewardsDistributor.Claim[] memory claims = _claims();
        VM.prank(ALICE);
        rewards.claim(ALICE, claims, ALICE);
        emit Cost(what, _spent());
    }

    function _dust(uint8 to, uint24 epochs) private returns (uint256 spent) {
        for (uint8 f = 16; f <= to; ++f) {
            rewards.openStream(OPERATOR, address(vault), token, 1e6, f, epochs);
            spent += _spent();
        }
    }

    /// The attacker and the operator do what they can in each epoch.
    function _epochs(uint256 count, bool moves, bool announces) private returns (uint256 spent) {
        uint256 from = 3;
        for (uint256 e = from; e < from + count; ++e) {
            _goTo(e);
            if (moves) {
                VM.prank(CAROL);
                vault.depositAndDelegate(1, OPERATOR, 0, _anything());
                spent += _spent();
            }
            if (announces) {
                VM.prank(OPERATOR);
                registry.setMandate(address(vault), 5000, 1000 + e % 2 * 1000);
                spent += _spent();
            }
        }
        _goTo(from + count + 2);
    }

    function _case(string memory what, uint8 floors, uint256 count, bool moves, bool announces) private {
        uint256 spent = _dust(floors, 256);
        emit Cost("attacker: streams", spent);
        emit Cost("attacker: epochs", _epochs(count, moves, announces));
        _claim(what);
    }

    function test_one_floor_52() external {
        _case("claim", 16, 52, false, false);
    }

    function test_all_floors_52() external {
        _case("claim", 59, 52, false, false);
    }

    function test_all_floors_moves_52() external {
        _case("claim", 59, 52, true, false);
    }

    function test_all_floors_moves_announcements_52() external {
        _case("claim", 59, 52, true, true);
    }

    function test_all_floors_moves_announcements_250() external {
        _case("claim", 59, 250, true, true);
    }

    function test_all_floors_moves_announcements_250_in_parts() external {
        _dust(59, 256);
        _epochs(250, true, true);
        uint256 worst;
        for (uint24 e = 12; e < 252; e += 10) {
            rewards.book(OPERATOR, address(vault), token, e);
            if (_spent() > worst) worst = _spent();
        }
        emit Cost("worst part of 10 epochs", worst);
        VM.assertEq(worst < 3_000_000, true);
        _claim("claim");
        VM.assertEq(_spent() < MAX_TRANSACTION, true);
    }

    /// Streams that begin or end in every epoch, by opening and cancelling: each leaves a bit behind.
    function test_changes_in_each_epoch_40() external {
        uint256 spent;
        uint256 id;
        for (uint24 n = 2; n < 42; ++n) {
            for (uint8 f = 16; f <= 59; ++f) {
                rewards.openStream(OPERATOR, address(vault), token, 1, f, n);
                spent += _spent();
                ++id;
            }
        }
        emit Cost("attacker: streams", spent);
        _goTo(44);
        _claim("claim");
    }
}
