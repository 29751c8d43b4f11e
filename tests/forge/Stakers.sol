// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {IDelegationManager} from "../../contracts/interfaces/IDelegationManager.sol";
import {Accepted} from "../../contracts/libraries/Types.sol";
import {BlocklistToken, FalseToken} from "../../contracts/mocks/WeirdTokens.sol";
import {Acting} from "./Acting.sol";
import {Mintable, VM} from "./Cheats.sol";
import {Kind} from "./World.sol";

/// Many stakers, of whom the first is hostile: it donates, squeezes others in and tries for what is theirs.
abstract contract Stakers is Acting {
    // --------------------------------------------------------------------------------------------------- going in

    function deposit(uint256 pool, uint256 who, uint256 amount) external acting {
        IStakingVault vault = _pick(pool).vault;
        _deposit(vault, _staker(who), _fund(vault, _staker(who), amount));
    }

    function delegate(uint256 pool, uint256 who, uint256 part, uint256 limits) external acting {
        Pool storage p = _pick(pool);
        who = _holder(p.vault, who);
        uint256 shares = _partOf(p.vault.balanceOf(_staker(who)), part);
        VM.assume(shares != 0);
        Accepted memory accepted = limits % 4 == 0 ? _asIs(p, limits / 4) : _anything();
        bytes memory result = _act(
            _staker(who),
            address(delegation),
            abi.encodeCall(delegation.delegateShares, (p.operator, address(p.vault), shares, accepted))
        );
        uint256 e = _epoch();
        _hold(7, p.lossBudget.peak(e) <= accepted.lossBudget, "delegated under a larger loss budget than accepted");
        _hold(7, p.commission.peak(e) <= accepted.commission, "delegated under a larger commission than accepted");
        _hold(7, accepted.openRequests || !_hasOpenRequest(), "delegated under an open request unasked");
        _delegated(p, _staker(who), shares, abi.decode(result, (uint256)));
        _settle(p, 1);
    }

    function depositAndDelegate(uint256 pool, uint256 who, uint256 amount) external acting {
        Pool storage p = _pick(pool);
        address staker = _staker(who);
        amount = _fund(p.vault, staker, amount);
        uint256 worth = p.vault.totalAssets();
        bytes memory result = _act(
            staker, address(p.vault), abi.encodeCall(p.vault.depositAndDelegate, (amount, p.operator, 0, _anything()))
        );
        (uint256 shares, uint256 poolShares) = abi.decode(result, (uint256, uint256));
        minted[p.vault] += shares;
        _entryIsFair(p.vault, shares, p.vault.totalAssets() - worth);
        _delegated(p, staker, shares, poolShares);
        _settle(p, 1);
    }

    function mint(uint256 pool, uint256 who, uint256 amount) external acting {
        IStakingVault vault = _pick(pool).vault;
        uint256 shares = vault.previewDeposit(_fund(vault, _staker(who), amount));
        uint256 worth = vault.totalAssets();
        _act(_staker(who), address(vault), abi.encodeCall(vault.mint, (shares, _staker(who))));
        minted[vault] += shares;
        _entryIsFair(vault, shares, vault.totalAssets() - worth);
    }

    // -------------------------------------------------------------------------------------------------- going out

    function undelegate(uint256 pool, uint256 who, uint256 part) external acting {
        Pool storage p = _pick(pool);
        for (uint256 i = 0; i < STAKERS && p.shares[_staker(who)] == 0; ++i) {
            who = who % STAKERS + 1;
        }
        address staker = _staker(who);
        uint256 shares = _partOf(p.shares[staker], part);
        VM.assume(shares != 0);
        // Promise 9: whatever others did, who is in can start to leave.
        (bool ok,) = _try(
            staker, address(delegation), abi.encodeCall(delegation.undelegate, (p.operator, address(p.vault), shares))
        );
        _hold(9, ok, "an undelegation was refused");
        _undelegated(p, staker, shares);
        _settle(p, 0);
    }

    function complete(uint256 pool, uint256 ticket, bool toAssets, bool byCompleter) external acting {
        Pool storage p = _pick(pool);
        ticket = _ticket(p, ticket);
        address staker = p.open[ticket].staker;
        uint256 epoch = p.open[ticket].epoch;
        address caller = byCompleter ? COMPLETER : staker;
        bool allowed = caller == staker || delegation.isCompleter(staker, COMPLETER);
        bool matured = epoch + 2 <= _epoch();
        IDelegationManager.Payout payout =
            toAssets ? IDelegationManager.Payout.Assets : IDelegationManager.Payout.VaultShares;

        uint256 before = p.vault.balanceOf(staker);
        (bool ok, bytes memory result) = _try(
            caller,
            address(delegation),
            abi.encodeCall(delegation.complete, (p.operator, address(p.vault), staker, uint24(epoch), staker, payout))
        );
        _hold(6, !ok || matured, "a ticket completed before it matured");
        _hold(9, !ok || allowed, "a stranger completed a ticket");
        _hold(
            9,
            ok || !matured || !allowed || (toAssets && _refuses(p.vault, staker)),
            "a matured ticket did not complete"
        );
        VM.assume(ok);

        uint256 shares = _completed(p, ticket, abi.decode(result, (uint256)));
        if (toAssets) burnt[p.vault] += shares;
        else _hold(9, p.vault.balanceOf(staker) == before + shares, "a ticket paid less than it is worth");
        _settle(p, 1);
    }

    function redelegate(uint256 pool, uint256 ticket, uint256 who) external acting {
        Pool storage p = _pick(pool);
        ticket = _ticket(p, ticket);
        address staker = p.open[ticket].staker;
        uint256 from = touched;
        uint256 index = who % 2 == 0 ? from : from ^ 1; // the other operator's pool of the vault
        Pool storage to = pools[index];
        bytes memory result = _act(
            staker,
            address(delegation),
            abi.encodeCall(
                delegation.redelegate,
                (p.operator, address(p.vault), uint24(p.open[ticket].epoch), to.operator, _staker(who / 2), _anything())
            )
        );
        uint256 shares = p.tickets[staker][p.open[ticket].epoch] * _retainedFor(p, p.open[ticket].epoch) / WAD;
        _hold(6, abi.decode(result, (uint256)) == shares * WAD / to.retained, "a ticket moved at another value");
        _completed(p, ticket, shares);
        if (shares != 0) _delegated(to, _staker(who / 2), shares, abi.decode(result, (uint256)));
        _settle(p, index == from ? 2 : 1);
        if (index != from) _settle(to, 1);
        touched = index;
    }

    function redeem(uint256 pool, uint256 who, uint256 part) external acting {
        IStakingVault vault = _pick(pool).vault;
        address staker = _staker(_holder(vault, who));
        _redeem(vault, staker, _partOf(vault.balanceOf(staker), part));
    }

    function withdraw(uint256 pool, uint256 who, uint256 part) external acting {
        IStakingVault vault = _pick(pool).vault;
        address staker = _staker(_holder(vault, who));
        uint256 assets = _partOf(vault.maxWithdraw(staker), part);
        VM.assume(assets != 0);
        uint256 supply = vault.totalSupply();
        uint256 held = vault.totalAssets();
        (bool ok, bytes memory result) =
            _try(staker, address(vault), abi.encodeCall(vault.withdraw, (assets, staker, staker)));
        _hold(9, ok || _refuses(vault, staker), "undelegated shares could not be withdrawn");
        VM.assume(ok);
        uint256 shares = abi.decode(result, (uint256));
        burnt[vault] += shares;
        _hold(11, assets <= shares * (held + 1) / (supply + 1), "a withdrawal took too much");
    }

    // ------------------------------------------------------------------------------------------------ what else

    function transferShares(uint256 pool, uint256 who, uint256 to, uint256 part) external acting {
        IStakingVault vault = _pick(pool).vault;
        who = _holder(vault, who);
        uint256 shares = _partOf(vault.balanceOf(_staker(who)), part);
        _act(_staker(who), address(vault), abi.encodeCall(vault.transfer, (_staker(to), shares)));
    }

    function setCompleter(uint256 who, bool approved) external acting {
        _act(_staker(who), address(delegation), abi.encodeCall(delegation.setCompleter, (COMPLETER, approved)));
    }

    // -------------------------------------------------------------------------------------------------- hostility

    /// Vault shares or assets, to where they are nobody's.
    function donate(uint256 pool, uint256 part, bool assets) external acting {
        IStakingVault vault = _pick(pool).vault;
        if (assets) {
            _mint(vault, address(vault), _partOf(vault.totalAssets() / 4, part));
            return;
        }
        uint256 shares = _partOf(vault.balanceOf(HOSTILE_STAKER), part);
        _act(HOSTILE_STAKER, address(vault), abi.encodeCall(vault.transfer, (address(delegation), shares)));
        donated[vault] += shares;
    }

    /// Promise 11: in and out at once, around a donation and somebody else's deposit.
    function squeeze(uint256 pool, uint256 amount, uint256 donation, uint256 other) external acting {
        IStakingVault vault = _pick(pool).vault;
        VM.assume(kindOf[vault.asset()] != Kind.Rebasing); // which rounds by itself
        amount = _fund(vault, HOSTILE_STAKER, amount);
        donation = _partOf(vault.totalAssets() / 4, donation);
        uint256 shares = _deposit(vault, HOSTILE_STAKER, amount);
        _mint(vault, address(vault), donation);
        _deposit(vault, _staker(1), _fund(vault, _staker(1), other));
        bytes memory result = _act(
            HOSTILE_STAKER, address(vault), abi.encodeCall(vault.redeem, (shares, HOSTILE_STAKER, HOSTILE_STAKER))
        );
        burnt[vault] += shares;
        // A wei for each rounding: of the deposit's price, and of the other's deposit, which stays in the vault.
        uint256 gained = abi.decode(result, (uint256));
        _hold(11, gained <= amount + donation + vault.totalAssets() / vault.totalSupply() + 2, "a squeeze gained");
    }

    /// Promise 11: two deposits give no more shares than one.
    function split(uint256 pool, uint256 amount, uint256 first) external acting {
        IStakingVault vault = _pick(pool).vault;
        VM.assume(kindOf[vault.asset()] != Kind.Rebasing); // which rounds by itself
        amount = _fund(vault, HOSTILE_STAKER, amount);
        first = _partOf(amount, first);
        VM.assume(first < amount);
        uint256 snapshot = VM.snapshotState();
        uint256 whole = _deposit(vault, HOSTILE_STAKER, amount);
        VM.revertToStateAndDelete(snapshot);
        uint256 parts = _deposit(vault, HOSTILE_STAKER, first) + _deposit(vault, HOSTILE_STAKER, amount - first);
        // The rest of the first one's rounding raises the price of the second.
        _hold(11, parts <= whole, "a split deposit gained");
    }

    /// Somebody who was never approved, for a ticket of somebody else, to itself.
    function steal(uint256 pool, uint256 ticket, uint256 who) external acting {
        Pool storage p = _pick(pool);
        VM.assume(p.open.length != 0);
        TicketRef storage t = p.open[ticket % p.open.length];
        address thief = who % 2 == 0 ? HOSTILE_STAKER : COMPLETER;
        VM.assume(thief != t.staker);
        (bool ok,) = _try(
            thief,
            address(delegation),
            abi.encodeCall(
                delegation.complete,
                (p.operator, address(p.vault), t.staker, uint24(t.epoch), thief, IDelegationManager.Payout.VaultShares)
            )
        );
        _hold(9, !ok, "a ticket was stolen");
    }

    // ----------------------------------------------------------------------------------------------------- private

    /// Somebody with vault shares, if there is anybody.
    function _holder(IStakingVault vault, uint256 who) private view returns (uint256) {
        for (uint256 i = 0; i < STAKERS && vault.balanceOf(_staker(who)) == 0; ++i) {
            who = who % STAKERS + 1;
        }
        return who;
    }

    /// Mostly one that has matured.
    function _ticket(Pool storage p, uint256 seed) private view returns (uint256 ticket) {
        uint256 count = p.open.length;
        VM.assume(count != 0);
        for (uint256 i = 0; i < count; ++i) {
            ticket = (seed % count + i) % count;
            if (seed % 8 == 0 || p.open[ticket].epoch + 2 <= _epoch()) return ticket;
        }
    }

    function _mint(IStakingVault vault, address to, uint256 amount) internal {
        _act(to, vault.asset(), abi.encodeCall(Mintable.mint, (to, amount)));
    }

    /// From a wei to a million tokens.
    function _fund(IStakingVault vault, address staker, uint256 amount) internal returns (uint256) {
        uint256 unit = kindOf[vault.asset()] == Kind.NoReturn ? 1e6 : 1e18;
        amount = amount % 8 == 0 ? 1 + amount / 8 % 1000 : 1 + amount / 8 % (1e6 * unit);
        _mint(vault, staker, amount + 2);
        return amount;
    }

    /// The mandate as it is and is announced to be, or 1 bps less.
    function _asIs(Pool storage p, uint256 seed) private view returns (Accepted memory) {
        uint256 lossBudget = p.lossBudget.peak(_epoch());
        uint256 commission = p.commission.peak(_epoch());
        if (seed % 4 == 0 && lossBudget != 0) --lossBudget;
        if (seed % 4 == 1 && commission != 0) --commission;
        return Accepted(uint16(lossBudget), uint16(commission), 0, seed % 8 < 4);
    }

    function _hasOpenRequest() private view returns (bool) {
        for (uint256 i = 0; i < requests.length; ++i) {
            OpenRequest storage o = requests[i];
            if (o.pool == touched && o.remaining != 0 && _now() <= o.lapses) return true;
        }
        return false;
    }

    /// Whether the asset, not the protocol, refuses to pay out.
    function _refuses(IStakingVault vault, address to) internal view returns (bool) {
        address asset = vault.asset();
        if (kindOf[asset] == Kind.False) return FalseToken(asset).failing();
        if (kindOf[asset] != Kind.Blocklist) return false;
        return BlocklistToken(asset).blocked(address(vault)) || BlocklistToken(asset).blocked(to);
    }

    function _redeem(IStakingVault vault, address staker, uint256 shares) internal {
        VM.assume(shares != 0);
        uint256 supply = vault.totalSupply();
        uint256 assets = vault.totalAssets();
        (bool ok, bytes memory result) =
            _try(staker, address(vault), abi.encodeCall(vault.redeem, (shares, staker, staker)));
        _hold(9, ok || _refuses(vault, staker), "undelegated shares did not redeem");
        VM.assume(ok);
        burnt[vault] += shares;
        _hold(11, abi.decode(result, (uint256)) <= shares * (assets + 1) / (supply + 1), "a redemption took too much");
    }

    function _deposit(IStakingVault vault, address staker, uint256 amount) private returns (uint256 shares) {
        uint256 worth = vault.totalAssets();
        bytes memory result = _act(staker, address(vault), abi.encodeCall(vault.deposit, (amount, staker)));
        shares = abi.decode(result, (uint256));
        minted[vault] += shares;
        uint256 arrived = vault.totalAssets() - worth;
        _hold(11, arrived + 2 >= amount, "a fee on transfer was taken");
        _entryIsFair(vault, shares, arrived);
    }

    /// Promise 11: shares are never worth more than what arrived for them.
    function _entryIsFair(IStakingVault vault, uint256 shares, uint256 arrived) private view {
        _hold(11, vault.previewRedeem(shares) <= arrived, "a deposit gained");
    }

    function _delegated(Pool storage p, address staker, uint256 shares, uint256 poolShares) private {
        _hold(11, poolShares * p.retained <= shares * WAD, "a delegation gained");
        p.everDelegated = true;
        p.entered += shares;
        p.shares[staker] += poolShares;
    }

    function _undelegated(Pool storage p, address staker, uint256 shares) internal {
        uint256 e = _epoch();
        if (p.tickets[staker][e] == 0) p.open.push(TicketRef(staker, e));
        p.shares[staker] -= shares;
        p.tickets[staker][e] += shares;
        // Promise 2: who leaves faces the budgets of two epochs.
        uint256 base = p.base[e] - _part(p.base[e], p.lossBudget.valueAt(e));
        p.floors[staker][e] = base - _part(base, p.lossBudget.valueAt(e + 1));
    }

    /// What a ticket is worth in the ledger, and takes it out.
    function _completed(Pool storage p, uint256 ticket, uint256 told) internal returns (uint256 shares) {
        TicketRef memory t = p.open[ticket];
        uint256 poolShares = p.tickets[t.staker][t.epoch];
        shares = poolShares * p.base[t.epoch + 2] / WAD;
        _hold(6, told == shares, "a ticket is not worth what it was when it matured");
        _hold(2, shares >= poolShares * p.floors[t.staker][t.epoch] / WAD, "a ticket lost more than two budgets");
        p.withdrawn += shares;
        p.tickets[t.staker][t.epoch] = 0;
        p.open[ticket] = p.open[p.open.length - 1];
        p.open.pop();
    }
}
