// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IStakingVault} from "../../contracts/interfaces/IStakingVault.sol";
import {IDelegationManager} from "../../contracts/interfaces/IDelegationManager.sol";
import {AvsId} from "../../contracts/libraries/Types.sol";
import {CallbackToken} from "../../contracts/mocks/WeirdTokens.sol";
import {VM} from "./Cheats.sol";
import {Ledger} from "./Ledger.sol";
import {Operators} from "./Operators.sol";
import {Payers} from "./Payers.sol";
import {Slashers} from "./Slashers.sol";
import {Stakers} from "./Stakers.sol";
import {Surroundings} from "./Surroundings.sol";
import {Kind, World} from "./World.sol";

/// What holds after every call, for the pool that it was about. Promise 12 is that the chain is in its first second
/// when the first call comes.
contract Promises is Stakers, Operators, Slashers, Payers, Surroundings {
    constructor(Kind[] memory assets, Kind[] memory rewardTokens) World(assets, rewardTokens) {}

    function _epochOver(uint256 epoch) internal override(Ledger, Payers) {
        Payers._epochOver(epoch);
    }

    /// After every call: of the pool that it was about, and of one staker, AVS and ticket of it after the other.
    function check() public view {
        Pool storage p = pools[touched];
        _checkSolvency(p);
        _checkLoss(p);
        _checkParts(p);
        _checkReliances(p);
        _checkTickets(p);
        _checkVault(p.vault);
        _checkLine();
        _checkLock();
    }

    // ------------------------------------------------------------------------------------------------ by promises

    /// 1, and that the contracts see each position as the ledger does.
    function _checkSolvency(Pool storage p) private view {
        _hold(1, delegation.retained(p.operator, address(p.vault)) == p.retained, "retained");
        (uint256 live, uint256 leaving) = delegation.poolShares(p.operator, address(p.vault));
        _hold(1, live == _live(p), "the live pool shares");
        _hold(5, leaving == _leaving(p), "the open tickets");
        address staker = _staker(turn);
        uint256 shares = p.shares[staker];
        (uint256 held, uint256 value) = delegation.position(p.operator, address(p.vault), staker);
        _hold(1, held == shares && value == shares * p.retained / WAD, "a position");
    }

    /// 2: at most F·B in this epoch.
    function _checkLoss(Pool storage p) private view {
        uint256 base = p.base[_epoch()];
        _hold(2, base - p.retained <= _part(base, p.lossBudget.valueAt(_epoch())), "more than F of B was lost");
        (, uint256 thisEpoch,) = slashing.worstCase(p.operator, address(p.vault), WAD);
        _hold(2, p.retained >= thisEpoch, "the worst case was undercut");
    }

    /// 3 and 4: what an AVS can slash does not depend on the others, but for the elastic part.
    function _checkParts(Pool storage p) private view {
        uint256 e = _epoch();
        uint256 s = 1 + turn % AVSS;
        uint256 shared = _shared(p);
        (uint256 guaranteed, uint256 elastic) = _slashable(p, s, shared);
        (uint256 g, uint256 h) = slashing.slashable(AvsId.wrap(uint32(s)), p.operator, address(p.vault));
        _hold(3, g == guaranteed, "a guaranteed part");
        _hold(4, h == elastic, "an elastic part");
        uint256 elasticTaken;
        for (s = 1; s <= AVSS; ++s) {
            elasticTaken += p.uh[s][e];
        }
        _hold(4, elasticTaken <= shared, "elastic parts reached into guaranteed ones");
    }

    /// 5: for an offence of then, what was safe can still be slashed, less what the AVS took itself since.
    function _checkReliances(Pool storage p) private view {
        for (uint256 s = 1; s <= AVSS; ++s) {
            for (uint256 i = 0; i < 2; ++i) {
                Reliance storage r = p.reliances[s][i];
                if (r.since == 0 || _now() > r.since + EPOCH) continue;
                (uint256 guaranteed, uint256 elastic) = _slashable(p, s, _shared(p));
                uint256 own = p.taken[s] - r.taken;
                _hold(5, own != 0 || guaranteed >= r.guaranteed, "a safe guaranteed part was taken");
                _hold(5, own != 0 || elastic >= r.elastic, "a safe elastic part was taken");
                // A wei where the AVS took a part of it and the rest is rounded anew.
                _hold(5, own + guaranteed + elastic + 1 >= r.guaranteed + r.elastic, "what was safe was taken");
            }
        }
    }

    /// 5 and 6: a ticket bears what was slashed up to its maturity, and nothing after it.
    function _checkTickets(Pool storage p) private view {
        if (p.open.length == 0) return;
        TicketRef storage t = p.open[turn % p.open.length];
        IDelegationManager.Ticket memory told =
            delegation.ticket(p.operator, address(p.vault), t.staker, uint24(t.epoch));
        uint256 shares = p.tickets[t.staker][t.epoch];
        bool matured = _epoch() >= t.epoch + 2;
        _hold(5, told.poolShares == shares && told.matured == matured, "a ticket");
        _hold(matured ? 6 : 5, told.value == shares * _retainedFor(p, t.epoch) / WAD, "a ticket's value");
    }

    /// 8: every vault share is somewhere, and what the `DelegationManager` holds is what is booked.
    function _checkVault(IStakingVault vault) private view {
        uint256 booked = donated[vault];
        for (uint256 i = 0; i < pools.length; ++i) {
            if (address(pools[i].vault) == address(vault)) booked += _held(pools[i]);
        }
        _hold(8, vault.balanceOf(address(delegation)) == booked, "the vault shares held are not those booked");
        uint256 supply = vault.SEED() + minted[vault] - burnt[vault];
        _hold(8, vault.totalSupply() == supply, "the supply is not what was deposited and not withdrawn");
        uint256 sum = vault.balanceOf(address(delegation)) + vault.balanceOf(DEAD) + vault.balanceOf(RECIPIENT)
            + vault.balanceOf(HOSTILE_OPERATOR);
        for (uint256 i = 0; i < STAKERS; ++i) {
            sum += vault.balanceOf(_staker(i));
        }
        _hold(8, sum == supply, "vault shares are somewhere else");
    }

    /// Nothing that moves stake or rewards could be called by a hook or a token.
    function _checkLock() private view {
        _hold(0, !hook.succeeded(), "a hook could call back");
        if (HOSTILE_STAKER.code.length == 0) return;
        _hold(0, !CallbackToken(HOSTILE_STAKER).succeeded(), "a token could call back");
    }

    // ------------------------------------------------------------------------------------------------- at the end

    /// 9 and 10, after a run: while all is paused everybody leaves from every pool, whatever state it is in, redeems
    /// what the asset lets go, and claims.
    function leaveAll() external {
        over = true;
        if (!registry.paused()) _act(OWNER, address(registry), abi.encodeCall(registry.pause, ()));
        _sync();
        for (uint256 i = 0; i < pools.length; ++i) {
            touched = i;
            this.check();
            for (uint256 s = 0; s < STAKERS; ++s) {
                _leave(pools[i], _staker(s));
            }
        }
        VM.warp(_start(_epoch() + 2));
        _sync();
        for (uint256 i = 0; i < pools.length; ++i) {
            touched = i;
            _completeAll(pools[i]);
            this.check();
            _hold(1, _live(pools[i]) + _leaving(pools[i]) == 0, "somebody is still in");
            for (uint256 s = 0; s < STAKERS; ++s) {
                uint256 shares = pools[i].vault.balanceOf(_staker(s));
                if (shares != 0 && !_refuses(pools[i].vault, _staker(s))) _redeem(pools[i].vault, _staker(s), shares);
            }
            this.check();
        }
        _cancelAll();
        VM.warp(_start(_epoch() + 9)); // after all streams, and two epochs
        _sync();
        _claimAll();
    }

    function _leave(Pool storage p, address staker) private {
        uint256 shares = p.shares[staker];
        if (shares == 0) return;
        (bool ok,) = _try(
            staker, address(delegation), abi.encodeCall(delegation.undelegate, (p.operator, address(p.vault), shares))
        );
        _hold(9, ok, "a staker could not leave");
        _undelegated(p, staker, shares);
    }

    function _completeAll(Pool storage p) private {
        while (p.open.length != 0) {
            TicketRef memory t = p.open[p.open.length - 1];
            (bool ok, bytes memory result) = _try(
                t.staker,
                address(delegation),
                abi.encodeCall(
                    delegation.complete,
                    (
                        p.operator,
                        address(p.vault),
                        t.staker,
                        uint24(t.epoch),
                        t.staker,
                        IDelegationManager.Payout.VaultShares
                    )
                )
            );
            _hold(9, ok, "a ticket could not be completed");
            _completed(p, p.open.length - 1, abi.decode(result, (uint256)));
            _settle(p, 1);
        }
    }
}
