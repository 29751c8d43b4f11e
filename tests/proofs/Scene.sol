// SPDX-License-Identifier: MIT
pragma solidity 0.8.36;

import {DelegationManager} from "../../contracts/DelegationManager.sol";
import {SlashingManager} from "../../contracts/SlashingManager.sol";
import {IAVSRegistry} from "../../contracts/interfaces/IAVSRegistry.sol";
import {ISlashingManager} from "../../contracts/interfaces/ISlashingManager.sol";
import {BURN} from "../../contracts/libraries/Constants.sol";
import {Parts} from "../../contracts/libraries/SlashMath.sol";
import {Accepted, AvsId} from "../../contracts/libraries/Types.sol";
import {Proof} from "./Proof.sol";

/// Says what the registry would: any parts that keep Σg ≤ F.
contract AnyRegistry {
    uint48 public constant GENESIS = 1_000_000;
    uint48 public constant EPOCH = 7 days;
    uint48 public constant REPORT_WINDOW = 4 days;
    uint48 public constant EXECUTE_WINDOW = 1 days;
    address public constant REWARDS = address(0x4e3a4d5);

    address public immutable SLASHER = msg.sender;
    uint48 public vetoPeriod;
    mapping(AvsId => Parts) private _parts;

    function set(AvsId avs, Parts calldata parts) external {
        _parts[avs] = parts;
    }

    function setVetoPeriod(uint48 vetoPeriod_) external {
        vetoPeriod = vetoPeriod_;
    }

    // Halmos gives the contracts of a test consecutive addresses; the contracts themselves check that these are right.
    function DELEGATION() public view returns (address) {
        return address(uint160(address(this)) + 1);
    }

    function SLASHING() public view returns (address) {
        return address(uint160(address(this)) + 2);
    }

    function checkConsent(address, address, Accepted calldata) external view {}

    function partsAt(AvsId avs, address, address, uint24) external view returns (Parts memory) {
        return _parts[avs];
    }

    function allocationAt(AvsId avs, address, address, uint24) external view returns (uint256, uint256) {
        return (_parts[avs].guaranteed, _parts[avs].elastic);
    }

    function termsToSlash(AvsId avs, address, address, uint24)
        external
        view
        returns (address, uint48, address, uint256, uint256)
    {
        return (SLASHER, vetoPeriod, address(0), _parts[avs].guaranteed, _parts[avs].elastic);
    }

    function terms(AvsId) external view returns (IAVSRegistry.Terms memory t) {
        (t.slasher, t.resolver, t.vetoPeriod) = (SLASHER, SLASHER, vetoPeriod);
    }
}

/// Vault shares, of which only transfers matter here. It lets nobody move more than there is.
contract AnyVault {
    mapping(address => uint256) public balanceOf;

    function transferFrom(address, address to, uint256 shares) external returns (bool) {
        balanceOf[to] += shares;
        return true;
    }

    function transfer(address to, uint256 shares) external returns (bool) {
        balanceOf[msg.sender] -= shares;
        balanceOf[to] += shares;
        return true;
    }
}

/// The real `DelegationManager` and `SlashingManager`, as they are deployed, in epoch 3 of a pool that lost 30 % and
/// 1 wei in epoch 2. Concrete: the clock, that loss, the stake of one staker without open tickets, two AVSs.
abstract contract Scene is Proof {
    address internal constant OPERATOR = address(0x09e4a704);
    AvsId internal constant ONE = AvsId.wrap(1);
    AvsId internal constant TWO = AvsId.wrap(2);

    AnyRegistry internal registry;
    DelegationManager internal delegation;
    SlashingManager internal slashing;
    AnyVault internal vault;

    function setUp() public {
        vm.warp(1_000_000);
        registry = new AnyRegistry();
        delegation = new DelegationManager(IAVSRegistry(address(registry)));
        slashing = new SlashingManager(IAVSRegistry(address(registry)));
        vault = new AnyVault();
    }

    function begin() internal {
        delegation.delegateShares(OPERATOR, address(vault), 100e18 + 7, Accepted(0, 0, 0, false));
        vm.warp(1_000_000 + 7 days);
        vm.prank(address(slashing));
        delegation.slash(OPERATOR, address(vault), 0.3e18 + 1, BURN);
        vm.warp(1_000_000 + 14 days);
    }

    function ask(AvsId avs, uint256 amount) internal returns (uint256 granted) {
        (, granted) = slashing.request(avs, OPERATOR, address(vault), amount, clock(), 0, "");
    }

    function requested(AvsId avs, uint256 amount) internal view returns (ISlashingManager.Request memory) {
        return ISlashingManager.Request(avs, OPERATOR, address(vault), amount, clock(), clock(), 0);
    }

    function clock() internal pure returns (uint48) {
        return uint48(1_000_000 + 14 days);
    }

    function suppose(Parts memory p) internal pure {
        vm.assume(p.lossBudget <= 10_000);
        vm.assume(p.allGuaranteed <= p.lossBudget);
        vm.assume(p.guaranteed <= p.allGuaranteed);
        vm.assume(p.elastic <= 10_000);
        vm.assume(p.allElastic < 1 << 24);
        vm.assume(p.elastic <= p.allElastic);
    }
}
