// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSBase} from "../../../contracts/interfaces/IAVSBase.sol";
import {IOracleAVS} from "../../../contracts/interfaces/IOracleAVS.sol";
import {IOracleFeed} from "../../../contracts/interfaces/IOracleFeed.sol";
import {ISlashingManager} from "../../../contracts/interfaces/ISlashingManager.sol";
import {AvsId, FeedId} from "../../../contracts/libraries/Types.sol";
import {VM} from "../Cheats.sol";
import {domainOf, keyProof, sign} from "../Signing.sol";
import {Mintable, Scene} from "../units/Scene.sol";

/// What the attacks on the oracle begin with: one vault, and operators whose pool and key are made in one call.
abstract contract OracleScene is Scene {
    uint48 internal constant ROUND = 1 hours;
    uint96 internal constant MIN_STAKE = 1e15;
    uint96 internal constant REWARD = 100e18;
    uint96 internal constant BOUNTY = 1e18;

    Mintable internal token;

    constructor() {
        token = _newToken("TestToken.sol:TestToken", abi.encode("Reward", "RWD", 18));
        asset.approve(address(vault), type(uint256).max);
    }

    function _setup(uint48 vetoPeriod, uint16 maxShare, uint64 penalty) internal view returns (IAVSBase.Setup memory) {
        return IAVSBase.Setup(
            ISlashingManager(address(slashing)),
            address(vault),
            AVS_OWNER,
            false,
            vetoPeriod,
            vetoPeriod == 0 ? address(0) : RESOLVER,
            address(0),
            MIN_STAKE,
            maxShare,
            penalty,
            ""
        );
    }

    function _newOracle(IAVSBase.Setup memory setup, uint48 round) internal returns (IOracleAVS) {
        return
            IOracleAVS(
                VM.deployCode("OracleAVS.sol:OracleAVS", abi.encode(setup, rewards, token, REWARD, BOUNTY, round))
            );
    }

    function _addFeed(IOracleAVS oracle, uint48 heartbeat) internal returns (FeedId) {
        VM.prank(AVS_OWNER);
        return oracle.addFeed(IOracleAVS.Feed(8, heartbeat, 100, 6667), "ETH / USD");
    }

    function _newReader(IOracleAVS oracle, FeedId feed) internal returns (IOracleFeed) {
        return IOracleFeed(VM.deployCode("OracleFeed.sol:OracleFeed", abi.encode(oracle, feed)));
    }

    function _operator(uint256 key) internal pure returns (address) {
        return VM.addr(key + 1_000_000);
    }

    /// With a loss budget of all, and a key.
    function _enter(IAVSBase avs, uint256 key, uint256 guaranteed, uint256 stake) internal returns (address) {
        return _enter(avs, key, 10_000, guaranteed, 0, stake);
    }

    function _enter(IAVSBase avs, uint256 key, uint256 lossBudget, uint256 guaranteed, uint256 elastic, uint256 stake)
        internal
        returns (address operator)
    {
        operator = _operator(key);
        _enlist(operator);
        VM.prank(operator);
        registry.openPool(address(vault), lossBudget, 0, 0);
        bytes memory data = abi.encode(VM.addr(key), _keyProof(avs, key, operator));
        AvsId id = avs.AVS();
        VM.prank(operator);
        registry.optIn(id, address(vault), guaranteed, elastic, data);
        if (stake != 0) _stake(operator, stake);
    }

    function _stake(address operator, uint256 amount) internal {
        vault.depositAndDelegate(amount, operator, 0, _anything());
    }

    function _name() internal pure virtual returns (string memory) {
        return "Catenary Oracle";
    }

    function _keyProof(IAVSBase avs, uint256 key, address operator) internal view returns (bytes memory) {
        return keyProof(operator, key, domainOf(_name(), address(avs)));
    }

    function _report(IOracleAVS oracle, uint256 key, FeedId feed, uint48 round, int192 price, uint256 time)
        internal
        view
        returns (IOracleAVS.Report memory)
    {
        bytes32 digest = oracle.digestOf(feed, round, price, uint48(time));
        return IOracleAVS.Report(price, uint48(time), sign(key, digest));
    }

    function _now() internal view returns (uint256) {
        return VM.getBlockTimestamp();
    }

    /// Reports of the keys, in the order of their operators.
    function _reports(IOracleAVS oracle, uint256[] memory keys, FeedId feed, uint48 round, int192 price)
        internal
        view
        returns (IOracleAVS.Report[] memory reports)
    {
        for (uint256 i = 1; i < keys.length; ++i) {
            for (uint256 j = i; j > 0 && _operator(keys[j]) < _operator(keys[j - 1]); --j) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
        reports = new IOracleAVS.Report[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            reports[i] = _report(oracle, keys[i], feed, round, price, _now());
        }
    }

    function _one(uint256 key) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](1);
        keys[0] = key;
    }
}
