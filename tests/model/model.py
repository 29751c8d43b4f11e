"""
The whole protocol, literally: `design.md` in integers, and nothing of the contracts. Each step of a history is a method
of its name, which raises `RefusedError` if it must revert; who calls comes first. What the chain must say after each
step is `state`.
"""

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field

from tests.helpers.rule_of_time import Number, total
from tests.model.pool import BPS, WAD, Pool
from tests.model.refused import RefusedError, refuse
from tests.model.rewards import Line, Rewards
from tests.model.tokens import Token, Vault
from tests.model.world import (
    AVSS,
    BEGIN,
    EPOCH,
    EXECUTE_WINDOW,
    FEE_TOKEN,
    LINES,
    MANDATES,
    OPERATORS,
    PAYERS,
    PLENTY,
    POOLS,
    REPORT_WINDOW,
    STAKERS,
    TOKENS,
    VAULTS,
)

Key = tuple[object, ...]
State = dict[Key, tuple[int, ...]]
Accepted = tuple[int, int, int, bool]  # the loosest mandate, and whether requests may be open
Request = tuple[int, str, str, int, int, int, int]  # as `ISlashingManager.Request`, with numbers as evidence
ASSETS, VAULT_SHARES = 0, 2  # IDelegationManager.Payout
MIN_RETAINED = WAD // 1_000
POOL_SHARES = 10**21  # of which the worst case is asked for


@dataclass
class OpenRequests:
    """Those that were opened since all before them had lapsed, and have not ended."""

    requests: set[Request] = field(default_factory=set)
    until: int = -1  # the last second of the last of them

    def any(self, now: int) -> bool:
        return bool(self.requests) and now <= self.until


class Model:
    def __init__(self) -> None:
        self.now = BEGIN
        self.paused = False
        self.vaults = {vault: Vault(vault, STAKERS) for vault in VAULTS}
        self.tokens = {token: Token() for token in TOKENS}
        for token in self.tokens.values():
            for payer in PAYERS:
                token.mint(payer, PLENTY)
        self.pools = {pool: Pool(MANDATES[pool].loss_budget, len(AVSS)) for pool in POOLS}
        self.rewards = Rewards(EPOCH, self.now, {pool: Number(MANDATES[pool].commission) for pool in POOLS})
        self.ever_delegated: set[tuple[str, str]] = set()
        self.completers: set[tuple[str, str]] = set()
        self.admitted: set[tuple[int, str]] = set()
        self.uncounted: set[tuple[int, str]] = set()
        self.tickets: list[tuple[str, str, str, int]] = []  # every one there ever was
        self.requests: list[Request] = []  # likewise
        self.remaining: dict[Request, int] = defaultdict(int)  # that it may still take [wad]
        self.open = {pool: OpenRequests() for pool in POOLS}
        self.left: dict[str, int] = defaultdict(int)  # by divisions by the epochs of a stream [token]

    def after(self, step: tuple[object, ...]) -> str | None:
        """Does the step. If it must revert, nothing changes, and that names the error."""
        name, *arguments = step
        before = deepcopy(self.__dict__)
        try:
            getattr(self, str(name))(*arguments)
        except RefusedError as error:
            self.__dict__ = before
            return str(error)
        return None

    # --- time, and what is outside of the protocol ---

    @property
    def epoch(self) -> int:
        return 1 + self.now // EPOCH

    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.rewards.now = self.now
        for pool in self.pools.values():
            while pool.epoch < self.epoch:
                pool.next_epoch()

    def rebase(self, bps: int) -> None:
        self.vaults["rebasing"].asset.rebase(bps)

    def donate(self, staker: str, vault: str, assets: int) -> None:
        self.vaults[vault].asset.transfer(staker, self.vaults[vault].name, assets)

    # --- guardian and owner ---

    def pause(self) -> None:
        self._require_not_paused()
        self.paused = True

    def unpause(self) -> None:
        refuse("NotPaused", not self.paused)
        self.paused = False

    def _require_not_paused(self) -> None:
        refuse("ProtocolPaused", self.paused)

    # --- stakers ---

    def deposit(self, staker: str, vault: str, assets: int) -> None:
        self._require_not_paused()
        self.vaults[vault].deposit(staker, assets, staker)

    def redeem(self, staker: str, vault: str, shares: int) -> None:
        self.vaults[vault].redeem(staker, shares, staker)

    def deposit_and_delegate(self, staker: str, operator: str, vault: str, assets: int, accepted: Accepted) -> None:
        shares = self.vaults[vault].deposit(staker, assets, "delegation")
        self._delegate(staker, operator, vault, shares, accepted)

    def delegate(self, staker: str, operator: str, vault: str, shares: int, accepted: Accepted) -> None:
        self._delegate(staker, operator, vault, shares, accepted)
        self.vaults[vault].transfer(staker, "delegation", shares)

    def _delegate(self, staker: str, operator: str, vault: str, shares: int, accepted: Accepted) -> None:
        refuse("ZeroShares", shares == 0)
        self._require_not_paused()
        key = operator, vault
        budget, commission, veto_period, open_requests = accepted
        loosest = self._loosest(key)
        too_loose = loosest[0] > budget or loosest[1] > commission or loosest[2] < veto_period
        refuse("MandateTooLoose", too_loose)
        refuse("OpenSlashRequest", not open_requests and self.open[key].any(self.now))
        refuse("PoolSpent", self.pools[key].retained < MIN_RETAINED)
        self.rewards.move(key, staker, self.pools[key].delegate(staker, shares))
        self.ever_delegated.add(key)

    def _loosest(self, pool: tuple[str, str]) -> tuple[int, int, int]:
        """Current or announced."""
        commission = self.rewards.commissions[pool].peak(self.epoch)
        return self.pools[pool].loss_budget.peak(self.epoch), commission, MANDATES[pool].veto_period

    def undelegate(self, staker: str, operator: str, vault: str, pool_shares: int) -> None:
        pool = self.pools[operator, vault]
        refuse("ZeroShares", pool_shares == 0)
        refuse("InsufficientPoolShares", pool_shares > pool.positions.get(staker, 0))
        pool.undelegate(staker, pool_shares)
        self.rewards.move((operator, vault), staker, -pool_shares)
        ticket = (operator, vault, staker, self.epoch)
        if ticket not in self.tickets:
            self.tickets.append(ticket)

    def set_completer(self, staker: str, completer: str, approved: bool) -> None:
        (self.completers.add if approved else self.completers.discard)((staker, completer))

    def complete(
        self, caller: str, operator: str, vault: str, staker: str, epoch: int, receiver: str, payout: int
    ) -> None:
        self._require_for_owner(caller, staker, receiver)
        shares = self._close(operator, vault, staker, epoch)
        if shares == 0:
            return
        if payout == VAULT_SHARES:
            self.vaults[vault].transfer("delegation", receiver, shares)
        else:
            self.vaults[vault].redeem("delegation", shares, receiver)

    def redelegate(
        self, staker: str, operator: str, vault: str, epoch: int, to: str, receiver: str, accepted: Accepted
    ) -> None:
        shares = self._close(operator, vault, staker, epoch)
        if shares != 0:
            self._delegate(receiver, to, vault, shares, accepted)

    def _require_for_owner(self, caller: str, staker: str, receiver: str) -> None:
        refuse("NotCompleter", caller != staker and (staker, caller) not in self.completers)
        refuse("OnlyToOwner", caller != staker and receiver != staker)

    def _close(self, operator: str, vault: str, staker: str, epoch: int) -> int:
        pool = self.pools[operator, vault]
        refuse("NoTicket", (staker, epoch) not in pool.tickets)
        refuse("TicketNotMatured", self.epoch < epoch + 2)
        return pool.complete(staker, epoch)

    # --- operators ---

    def set_mandate(self, operator: str, vault: str, loss_budget: int, commission: int) -> None:
        refuse("FractionTooLarge", max(loss_budget, commission) > BPS)
        key = operator, vault
        at_once = key not in self.ever_delegated
        refuse("LossBudgetExceeded", not self.pools[key].announce_budget(loss_budget, at_once=at_once))
        if at_once:
            self.rewards.commissions[key] = Number(commission)
        else:
            self.rewards.commissions[key].announce(self.epoch, commission)

    def opt_in(self, operator: str, avs: int, vault: str, guaranteed: int, elastic: int) -> None:
        self._require_not_paused()
        terms = AVSS[avs]
        refuse("VaultNotCounted", (avs, vault) in self.uncounted)
        refuse("NotAdmitted", terms.by_admission and (avs, operator) not in self.admitted)
        refuse("AlreadyOptedIn", self._settled(avs, operator, vault) != (0, 0))
        refuse("VetoPeriodTooShort", terms.veto_period < MANDATES[operator, vault].veto_period)
        self._allocate(operator, avs, vault, guaranteed, elastic)

    def allocate(self, operator: str, avs: int, vault: str, guaranteed: int, elastic: int) -> None:
        settled = self._settled(avs, operator, vault)
        refuse("NotOptedIn", settled == (0, 0))
        if guaranteed > settled[0] or elastic > settled[1]:
            self._require_not_paused()
        self._allocate(operator, avs, vault, guaranteed, elastic)

    def _allocate(self, operator: str, avs: int, vault: str, guaranteed: int, elastic: int) -> None:
        refuse("NothingAllocated", guaranteed == elastic == 0)
        refuse("FractionTooLarge", max(guaranteed, elastic) > BPS)
        refuse("ElasticWithRecipient", elastic != 0 and AVSS[avs].recipient is not None)
        refuse("LossBudgetExceeded", not self.pools[operator, vault].announce(avs, guaranteed, elastic))

    def opt_out(self, operator: str, avs: int, vault: str) -> None:
        refuse("NotOptedIn", self._settled(avs, operator, vault) == (0, 0))
        assert self.pools[operator, vault].announce(avs, 0, 0)

    def _settled(self, avs: int, operator: str, vault: str) -> tuple[int, int]:
        """What was announced last."""
        own = self.pools[operator, vault].avss[avs]
        return own.guaranteed.settled, own.elastic.settled

    # --- AVSs ---

    def set_admitted(self, avs: int, operator: str, admitted: bool) -> None:
        refuse("AdmissionNotRequired", not AVSS[avs].by_admission)
        (self.admitted.add if admitted else self.admitted.discard)((avs, operator))

    def set_vault(self, avs: int, vault: str, counts: bool) -> None:
        (self.uncounted.discard if counts else self.uncounted.add)((avs, vault))

    def eject(self, avs: int, operator: str, vault: str) -> None:
        admitted, opted_in = (avs, operator) in self.admitted, self._settled(avs, operator, vault) != (0, 0)
        refuse("NotOptedIn", not admitted and not opted_in)
        self.admitted.discard((avs, operator))
        if opted_in:
            self.opt_out(operator, avs, vault)

    def request(
        self, slasher: str, avs: int, operator: str, vault: str, amount: int, offence_at: int, evidence: int
    ) -> None:
        terms, pool = AVSS[avs], self.pools[operator, vault]
        refuse("OffenceOutOfWindow", not self.now - REPORT_WINDOW <= offence_at <= self.now)
        refuse("NotSlasher", slasher != terms.slasher)
        refuse("AmountOutOfBounds", not 0 < amount <= WAD)
        offence_in = 1 + offence_at // EPOCH
        allocated = pool.avss[avs].guaranteed.at(offence_in) + pool.avss[avs].elastic.at(offence_in)
        refuse("AllocationNotInForce", allocated == 0)
        request = (avs, operator, vault, amount, offence_at, self.now, evidence)
        left = amount
        if terms.veto_period == 0:
            left -= self._execute(request, amount)
        refuse("RequestExists", left > 0 and self.remaining[request] > 0)
        if request not in self.requests:
            self.requests.append(request)
        if left > 0:
            self.remaining[request] = left
            opened = self.open[operator, vault]
            if self.now > opened.until:
                opened.requests.clear()
            opened.requests.add(request)
            opened.until = max(opened.until, self._lapses_at(request))

    def take_back(self, slasher: str, index: int) -> None:
        request = self.requests[index]
        refuse("NotSlasher", slasher != AVSS[request[0]].slasher)
        self._require_open(request)
        self._end(request)

    def veto(self, resolver: str, index: int) -> None:
        request = self.requests[index]
        refuse("NotResolver", resolver != "resolver" or AVSS[request[0]].veto_period == 0)
        self._require_open(request)
        refuse("VetoPeriodOver", self.now >= self._executable_at(request))
        self._end(request)

    def execute(self, caller: str, index: int) -> None:  # noqa: ARG002
        request = self.requests[index]
        self._require_open(request)
        refuse("VetoPeriodRunning", self.now < self._executable_at(request))
        self.remaining[request] -= self._execute(request, self.remaining[request])
        if self.remaining[request] == 0:
            self._end(request)

    def _execute(self, request: Request, amount: int) -> int:
        avs, operator, vault, *_ = request
        guaranteed, elastic, moved = self.pools[operator, vault].slash(avs, amount)
        self.vaults[vault].transfer("delegation", AVSS[avs].recipient or "burn", moved)
        return guaranteed + elastic

    def _end(self, request: Request) -> None:
        self.remaining[request] = 0
        self.open[request[1], request[2]].requests.discard(request)

    def _require_open(self, request: Request) -> None:
        refuse("RequestNotOpen", self._open_amount(request) == 0)

    def _open_amount(self, request: Request) -> int:
        return self.remaining[request] if self.now <= self._lapses_at(request) else 0

    def _executable_at(self, request: Request) -> int:
        return request[5] + AVSS[request[0]].veto_period

    def _lapses_at(self, request: Request) -> int:
        """The last second at which it can be executed."""
        return self._executable_at(request) + EXECUTE_WINDOW

    # --- rewards ---

    def pay(self, payer: str, token: str, epoch: int, payments: list[tuple[str, str, int, int]]) -> None:
        refuse("EpochNotPayable", epoch != self.epoch - 1)
        for operator, vault, amount, floor in payments:
            refuse("FloorOutOfBounds", not 16 <= floor <= 59)
            line = (operator, vault), token
            arrived = self._send(token, payer, "rewards", self.rewards.asked(line, amount, floor))
            if arrived != 0:
                self.rewards.pay(line, arrived)

    def open_stream(
        self, payer: str, operator: str, vault: str, token: str, amount: int, floor: int, epochs: int
    ) -> None:
        refuse("FloorOutOfBounds", not 16 <= floor <= 59)
        refuse("EpochsOutOfBounds", not 1 <= epochs <= 256)
        each, left = divmod(self._send(token, payer, "rewards", amount * epochs), epochs)
        refuse("ZeroAmount", each == 0)
        self.left[token] += left
        self.rewards.open(payer, ((operator, vault), token), each, floor, epochs)

    def cancel_stream(self, payer: str, id_: int) -> None:
        stream = self.rewards.streams[id_]
        refuse("NotPayer", payer != stream.payer)
        refuse("NothingToCancel", stream.until <= self.epoch + 1)
        self._send(stream.line[1], "rewards", payer, self.rewards.cancel(id_))

    def take_rest(self, payer: str, id_: int, limit: int) -> None:
        stream = self.rewards.streams[id_]
        refuse("NotPayer", payer != stream.payer)
        self._send(stream.line[1], "rewards", payer, self.rewards.take_rest(id_, limit))

    def claim(self, caller: str, staker: str, claims: list[tuple[str, str, str, int]], receiver: str) -> None:
        self._require_for_owner(caller, staker, receiver)
        for operator, vault, token, _ in claims:
            self._send(token, "rewards", receiver, self.rewards.claim(staker, ((operator, vault), token)))

    def claim_commission(self, operator: str, vault: str, token: str) -> None:
        self._send(token, "rewards", operator, self.rewards.claim_commission(((operator, vault), token)))

    def book(self, operator: str, vault: str, token: str, epoch: int) -> None:  # noqa: ARG002
        refuse("EpochNotOver", epoch >= self.epoch)

    def _send(self, token: str, sender: str, receiver: str, amount: int) -> int:
        """What arrives."""
        fee = amount // 100 if token == FEE_TOKEN else 0
        self.tokens[token].transfer(sender, receiver, amount - fee)
        self.tokens[token].ledger[sender] -= fee
        return amount - fee

    # --- what the chain must say ---

    def state(self) -> State:
        state: State = {("epoch",): (self.epoch,), ("paused",): (int(self.paused),)}
        for vault in VAULTS:
            state |= self._vault_state(vault)
        for token in TOKENS:
            for holder in ["rewards", *PAYERS, *OPERATORS, *STAKERS]:
                state["balance", token, holder] = (self.tokens[token].balance(holder),)
        for operator, vault in POOLS:
            state |= self._pool_state(operator, vault)
        for operator, vault, staker, epoch in self.tickets:
            state["ticket", operator, vault, staker, epoch] = self._ticket(operator, vault, staker, epoch)
        for index, request in enumerate(self.requests):
            state["open amount", index] = (self._open_amount(request),)
        return state | self._rewards_state()

    def _vault_state(self, name: str) -> State:
        vault = self.vaults[name]
        state: State = {("supply", name): (vault.supply,), ("assets", name): (vault.assets,)}
        for staker in STAKERS:
            state["asset balance", name, staker] = (vault.asset.balance(staker),)
        for holder in ["delegation", "burn", "recipient", *STAKERS]:
            state["shares", name, holder] = (vault.balance(holder),)
        return state

    def _pool_state(self, operator: str, vault: str) -> State:
        key = operator, vault
        pool = self.pools[key]
        state: State = {
            ("retained", *key): (pool.retained,),
            ("pool shares", *key): (pool.live, pool.leaving),
            ("worst case", *key): pool.worst_case(POOL_SHARES),
            ("open request", *key): (int(self.open[key].any(self.now)),),
            ("loosest", *key): self._loosest(key),
        }
        for staker in STAKERS:
            held = pool.positions.get(staker, 0)
            state["position", *key, staker] = (held, held * pool.retained // WAD)
        for avs in range(len(AVSS)):
            state["slashable", avs, *key] = pool.slashable(avs)
            state["safe", avs, *key] = pool.safe(avs)
            state["stake", avs, *key] = self._stake(avs, operator, vault)
            for epoch in (self.epoch + 2, self.epoch + 3):
                state["parts", avs, *key, epoch] = self._parts(avs, pool, epoch)
        return state

    def _stake(self, avs: int, operator: str, vault: str) -> tuple[int, ...]:
        """What it can slash and what is safe, and what others can take, in vault shares and in assets."""
        if (avs, vault) in self.uncounted:
            return (0,) * 10
        pool = self.pools[operator, vault]
        all_shares, others = pool.live + pool.leaving, pool.others_elastic(avs)
        shares = [all_shares * part // WAD for part in pool.slashable(avs)]
        shares += [pool.live * part // WAD for part in pool.safe(avs)] + [all_shares * others // WAD]
        return (*shares, *map(self.vaults[vault].assets_of, shares))

    def _parts(self, avs: int, pool: Pool, epoch: int) -> tuple[int, ...]:
        own = pool.avss[avs]
        guaranteed, elastic = ([getattr(each, part) for each in pool.avss] for part in ("guaranteed", "elastic"))
        return (
            own.guaranteed.at(epoch),
            own.elastic.at(epoch),
            pool.loss_budget.at(epoch),
            total(guaranteed, epoch),
            total(elastic, epoch),
        )

    def _ticket(self, operator: str, vault: str, staker: str, epoch: int) -> tuple[int, ...]:
        """Its value is taken with `retained` as it stood at maturity."""
        pool = self.pools[operator, vault]
        pool_shares = pool.tickets.get((staker, epoch), 0)
        value = pool_shares * pool.ends.get(epoch + 1, pool.retained) // WAD
        return epoch, pool_shares, value, int(self.epoch >= epoch + 2)

    def _rewards_state(self) -> State:
        rewards, state = self.rewards, State()
        for staker in STAKERS:
            claimable = [rewards.due(staker, line, rewards.claimable_until) for line in LINES]
            unclaimed = [rewards.due(staker, line, self.epoch) for line in LINES]
            accruing = [later - now for later, now in zip(unclaimed, claimable, strict=True)]
            state["due", staker] = (*claimable, *accruing)
        for line in LINES:
            state["commission", line] = (rewards.commission(line),)
            state["rate", line] = rewards.streamed(line, self.epoch)
        for id_, stream in rewards.streams.items():
            state["held", id_] = rewards.held(id_)
            state["stream", id_] = (stream.amount, stream.looked, stream.until, stream.floor)
        return state

    # --- promises, which the model is held to or it would be no measure ---

    def broken_promises(self) -> list[str]:
        broken = []
        for (operator, vault), pool in self.pools.items():
            where = f"{operator}/{vault}"
            if pool.held < pool.owed():
                broken.append(f"1: {where} owes {pool.owed()} and holds {pool.held}")
            if pool.retained < pool.base - pool.base * pool.loss_budget.at(self.epoch) // BPS:
                broken.append(f"2: {where} retains {pool.retained} of {pool.base}")
            if pool.deposited != pool.held + pool.withdrawn + pool.slashed:
                broken.append(f"8: {where}")
        for vault in VAULTS:
            held = sum(pool.held for (_, each), pool in self.pools.items() if each == vault)
            if self.vaults[vault].balance("delegation") != held:
                broken.append(f"8: {vault} holds {self.vaults[vault].balance('delegation')}, booked are {held}")
        for token in TOKENS:
            owed, held = self._owed(token), self.tokens[token].balance("rewards")
            if not owed <= held <= owed + self._dust(token):
                broken.append(
                    f"10: of {token} {owed} are owed and {held} there, of which at most {self._dust(token)} dust"
                )
        for staker in STAKERS:
            for line in LINES:
                broken += self._unfair(staker, line)
        return broken

    def _owed(self, token: str) -> int:
        lines = [line for line in LINES if line[1] == token]
        to_stakers = sum(self.rewards.due(staker, line, self.epoch - 1) for staker in STAKERS for line in lines)
        streams = [id_ for id_, stream in self.rewards.streams.items() if stream.line in lines]
        return (
            to_stakers
            + sum(self.rewards.commission(line) for line in lines)
            + sum(sum(self.rewards.held(id_)) for id_ in streams)
        )

    def _dust(self, token: str) -> int:
        """
        What rounding can have left: a wei for each staker's part of a payment and for each of its claims, one for each
        epoch of a stream, and what was not divided by epochs.
        """
        rewards, lines = self.rewards, [line for line in LINES if line[1] == token]
        claims = sum(rewards.claims[staker, line] + 1 for staker in STAKERS for line in lines)
        payments = sum(len(rewards.paid(line, epoch)) for line in lines for epoch in range(self.epoch))
        epochs = sum(each.until - each.begin for each in rewards.streams.values() if each.line in lines)
        return claims + payments * len(STAKERS) + epochs + self.left[token]

    def _unfair(self, staker: str, line: Line) -> list[str]:
        """A staker's part of all that was paid, to 1 wei per payment and claim."""
        rewards, until = self.rewards, self.rewards.claimable_until
        exact, payments = rewards.exactly_earned(staker, line, until)
        short = exact - rewards.claimed[staker, line] - rewards.due(staker, line, until)
        if 0 <= short < payments + rewards.claims[staker, line] + 1:
            return []
        return [f"10: {staker} is {float(short)} short of {line}"]
