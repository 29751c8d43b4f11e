// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAVSHook} from "../interfaces/IAVSHook.sol";
import {AvsId} from "../libraries/Types.sol";

/// Notes what it was told.
contract RecordingHook is IAVSHook {
    event Told(AvsId avs, address operator, address vault, uint256 guaranteed, uint256 elastic, bytes data);

    function onOptIn(
        AvsId avs,
        address operator,
        address vault,
        uint256 guaranteed,
        uint256 elastic,
        bytes calldata data
    ) external {
        emit Told(avs, operator, vault, guaranteed, elastic, data);
    }
}

/// Does whatever harm it can: by its mode it refuses, burns all gas, returns a bomb of data, or calls back.
contract HostileHook is IAVSHook {
    enum Mode {
        Accept,
        Refuse,
        BurnGas,
        ReturnBomb,
        CallBack
    }

    error Refused();

    Mode public mode;
    address public target;
    bytes public data;
    bytes public result;
    bool public succeeded;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setCallback(address target_, bytes calldata data_) external {
        mode = Mode.CallBack;
        target = target_;
        data = data_;
    }

    function onOptIn(AvsId, address, address, uint256, uint256, bytes calldata) external {
        if (mode == Mode.Refuse) revert Refused();
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.ReturnBomb) {
            assembly {
                revert(0, 1000000)
            }
        }
        if (mode == Mode.CallBack) (succeeded, result) = target.call(data);
    }
}
