// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {TestToken} from "./TestToken.sol";

/// Keeps 1 % of each transfer.
contract FeeToken is TestToken("Fee", "FEE", 18) {
    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        super._update(from, to, value - value / 100);
        super._update(from, address(0), value / 100);
    }
}

/// Delivers `short` wei less than asked.
contract ShortToken is TestToken("Short", "SHRT", 18) {
    uint256 public short;

    function setShort(uint256 short_) external {
        short = short_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, from == address(0) || to == address(0) ? value : value - short);
    }
}

/// Returns nothing from its transfers, as some old tokens do, and has 6 decimals.
contract NoReturnToken {
    uint8 public decimals = 6;

    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Returns false instead of reverting, once told to.
contract FalseToken is TestToken("False", "FLS", 18) {
    bool public failing;

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return failing ? false : super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return failing ? false : super.transferFrom(from, to, amount);
    }
}

/// Moves what it is told to, and then says that it failed, once told to.
contract MovedFalseToken is TestToken("MovedFalse", "MFLS", 18) {
    bool public lying;

    function setLying(bool lying_) external {
        lying = lying_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return super.transfer(to, amount) && !lying;
    }
}

/// Refuses to move anything from or to a blocked address.
contract BlocklistToken is TestToken("Blocklist", "BLK", 18) {
    error Blocked(address account);

    mapping(address account => bool) public blocked;

    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        super._update(from, to, value);
    }
}

/// Refuses to move nothing.
contract NoZeroToken is TestToken("NoZero", "NZ", 18) {
    error NothingToMove();

    function _update(address from, address to, uint256 value) internal override {
        if (value == 0) revert NothingToMove();
        super._update(from, to, value);
    }

    /// Takes everything from `account`, as a slash of the asset itself would.
    function wipe(address account) external {
        super._update(account, address(0), balanceOf(account));
    }
}

/// Calls `target` with `data` in the middle of each transfer, before or after it moves anything, and notes how it went.
contract CallbackToken is TestToken("Callback", "CB", 18) {
    address public target;
    bytes public data;
    bool public afterwards;
    bool public succeeded;
    bytes public result;

    function setCallback(address target_, bytes calldata data_, bool afterwards_) external {
        target = target_;
        data = data_;
        afterwards = afterwards_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (!afterwards) _callBack(from, to);
        super._update(from, to, value);
        if (afterwards) _callBack(from, to);
    }

    function _callBack(address from, address to) private {
        address t = target;
        if (t == address(0) || from == address(0) || to == address(0)) return;
        target = address(0);
        (succeeded, result) = t.call(data);
    }
}

/// Adds 1 % to the balance of `holder` in the middle of each transfer.
contract LazyRebaseToken is TestToken("LazyRebase", "LAZY", 18) {
    address public holder;

    function setHolder(address holder_) external {
        holder = holder_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0)) super._update(address(0), holder, balanceOf(holder) / 100);
    }
}

/// Moves nothing, and tells every balance as it was told to: one number until the next transfer, another one after it.
contract LyingToken {
    uint256 public told;
    uint256 public next;

    function setLies(uint256 told_, uint256 next_) external {
        told = told_;
        next = next_;
    }

    function balanceOf(address) external view returns (uint256) {
        return told;
    }

    function transfer(address, uint256) external returns (bool) {
        told = next;
        return true;
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        told = next;
        return true;
    }
}
