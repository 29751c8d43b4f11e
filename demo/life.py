"""
The steps of a life. Each sends a transaction, tells the ledger, tells the reader what changed, and holds every
promise against what the chain then says.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ape.api import ReceiptAPI

from demo import promises
from demo.ledger import BPS, WAD, Exit, Ledger, PoolKey, Vault
from demo.observation import Observation
from demo.output import Output, amount, fraction, part, percent
from demo.promises import Finding
from demo.world import BURNT, DAY, LST, OWNER, PAYS_IN, TERMS, TOKENS, WETH, World, read, terms_on_chain

if TYPE_CHECKING:
    from demo.quotes import Quotes

ANY_COMMISSION = BPS
NO_MINIMUM = 0  # of vault shares for a deposit
EVIDENCE = b"\x11" * 32  # its hash
FLOOR = 40  # a payer's limit: 4^40 share-seconds, 2 pool shares for a week, get the whole. Here all pools have more.
ALL = 100  # entries of a page
TOLERANCE = 2  # what a rebasing asset may deliver less than asked [wei]


class Payout(IntEnum):
    """`IDelegationManager.Payout`"""

    ASSETS = 0
    NATIVE = 1


class BrokenPromiseError(Exception):
    """The chain did not do what was promised."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings


@dataclass(frozen=True)
class Step:
    epoch: int
    text: str
    checks: int


@dataclass(frozen=True)
class Request:
    """A slash request that is open, and how the chain names it."""

    avs: str
    pool: PoolKey
    amount: int  # of retained [wad]
    on_chain: tuple[Any, ...]


class Life:
    """A world, what it must come to, and what was told and checked so far."""

    def __init__(self, world: World, output: Output) -> None:
        self.world = world
        self.output = output
        self.ledger = Ledger()
        self.ledger.vaults = {WETH: Vault(), LST: Vault()}
        self.steps: list[Step] = []
        self.paid: dict[Exit, int] = {}  # [asset]
        self.redeemed: dict[str, int] = {}  # by stakers who never delegated [vault shares]
        self.base_yield: Counter[str] = Counter()  # by staker [lsETH]
        self.streams: dict[tuple[str, PoolKey], int] = {}  # by AVS and pool: id
        self.checks: Counter[str] = Counter()
        self.quotes: Quotes  # once it is there
        self._seen: Observation | None = None

    # --- time ---

    def to_epoch(self, epoch: int) -> None:
        self.world.node.move_to(self.world.start_of(epoch))
        self.ledger.enter(epoch)

    def wait(self, seconds: int) -> None:
        """Within the epoch."""
        self.world.node.move_to(self.world.node.now + seconds)

    # --- operators and AVSs ---

    def register_operator(self, name: str, meaning: str) -> None:
        self._registry.registerOperator("", sender=self._person(name))
        self.tell(f"operator {name} registers: {meaning}")

    def open_pool(self, key: PoolKey, loss_budget: int, commission: int, veto: int) -> None:
        self._registry.openPool(self._vault(key), loss_budget, commission, veto, sender=self._person(key.operator))
        self.ledger.open_pool(key, loss_budget, commission)
        kept = self.ledger.pools[key].kept_at_least(1, 2)
        self.tell(
            f"{key} opens: loss budget {percent(loss_budget)}, leavers keep ≥ {percent(int(BPS * kept))}, "
            f"commission {percent(commission)}, veto ≥ {_days(veto)}"
        )

    def register_avs(self, name: str, meaning: str) -> None:
        sender = self._person(name)
        self._registry.registerAVS(terms_on_chain(self.world, name), "", sender=sender)
        for vault in self.world.vaults.values():
            self._registry.setVault(self.world.avs(name), vault, True, sender=sender)
        self.tell(f"AVS {name} registers: {meaning}")

    def admit(self, avs: str, operator: str) -> None:
        self._registry.setAdmitted(self.world.avs(avs), self._person(operator), True, sender=self._person(avs))
        self.tell(f"{avs} admits {operator}")

    def opt_in(self, key: PoolKey, avs: str, guaranteed: int, elastic: int, data: bytes = b"") -> None:
        """With `data` for the AVS's hook."""
        self._registry.optIn(
            self.world.avs(avs), self._vault(key), guaranteed, elastic, data, sender=self._person(key.operator)
        )
        self.ledger.allocate(key, avs, guaranteed, elastic)
        self.tell(
            f"{key} gives {avs}: guaranteed 0 → {percent(guaranteed)}, elastic 0 → {percent(elastic)}, "
            f"from epoch {self.ledger.epoch + 3} on"
        )

    def opt_out(self, key: PoolKey, avs: str) -> None:
        self._registry.optOut(self.world.avs(avs), self._vault(key), sender=self._person(key.operator))
        allocation, epoch = self.ledger.pools[key].allocations[avs], self.ledger.epoch
        guaranteed, elastic = allocation.guaranteed.at(epoch), allocation.elastic.at(epoch)
        self.ledger.allocate(key, avs, 0, 0)
        self.tell(
            f"{key} opts out of {avs}, from epoch {epoch + 2} on: guaranteed {percent(guaranteed)} → 0, "
            f"elastic {percent(elastic)} → 0"
        )

    # --- stakers ---

    def stake(self, staker: str, key: PoolKey, assets: int) -> None:
        """Deposits and delegates in one call."""
        accepted = (self.ledger.pools[key].loss_budget.at(self.ledger.epoch), ANY_COMMISSION, 0, False)
        vault, sender = self._vault(key), self._person(staker)
        before = self._totals(key.vault)
        if key.vault == WETH:
            receipt = vault.depositNativeAndDelegate(
                self._person(key.operator), NO_MINIMUM, accepted, value=assets, sender=sender
            )
        else:
            receipt = vault.depositAndDelegate(assets, self._person(key.operator), NO_MINIMUM, accepted, sender=sender)
        shares = self._deposited(staker, key.vault, before)
        live = self.ledger.pools[key].live
        self.ledger.delegate(key, staker, shares, self._at(receipt))
        self.tell(
            f"{staker} stakes {amount(assets)} {_coin(key.vault)} with {key}, in one call: "
            f"pool {amount(live)} → {amount(self.ledger.pools[key].live)} pool shares"
        )

    def deposit(self, staker: str, assets: int) -> None:
        before = self._totals(WETH)
        self.world.vaults[WETH].depositNative(self._person(staker), value=assets, sender=self._person(staker))
        self._deposited(staker, WETH, before)
        self.tell(f"{staker} deposits {amount(assets)} ETH and delegates nothing: vault shares 0.00 → {amount(assets)}")

    def undelegate(self, staker: str, key: PoolKey, percentage: int = 100) -> None:
        pool = self.ledger.pools[key]
        held = pool.positions[staker]
        shares = held * percentage // 100
        receipt = self.world.core.delegation.undelegate(
            self._person(key.operator), self._vault(key), shares, sender=self._person(staker)
        )
        self.ledger.undelegate(key, staker, shares, self._at(receipt))
        epoch = self.ledger.epoch
        self.tell(
            f"{staker} leaves {key}: {amount(held)} → {amount(held - shares)} pool shares, worth "
            f"{amount(pool.worth(shares))}, out after epoch {epoch + 1}"
        )

    def complete(self, staker: str, key: PoolKey, opened: int) -> None:
        """Into ether or the asset."""
        vault, person = self.world.vaults[key.vault], self._person(staker)
        before = self._balance(key.vault, staker)
        ended = self.ledger.complete(key, staker, opened)
        due = self._price(key.vault, ended.received)
        payout = Payout.NATIVE if key.vault == WETH else Payout.ASSETS
        receipt = self.world.core.delegation.complete(
            self._person(key.operator), vault, person, opened, person, payout, sender=person
        )
        arrived = self._withdraw(staker, key.vault, ended.received, before, due, receipt)
        self.paid[ended] = due
        self.tell(
            f"{staker} completes a ticket of {key}: {amount(ended.value_at_opening)} → "
            f"{amount(ended.received)} shares, paid as {amount(due)} {_coin(key.vault)}",
            arrived,
            *promises.check_exit(ended),
        )

    def redelegate(self, staker: str, key: PoolKey, opened: int, to: PoolKey) -> None:
        """A matured ticket into another pool of the vault."""
        ended = self.ledger.complete(key, staker, opened)
        accepted = (self.ledger.pools[to].loss_budget.at(self.ledger.epoch), ANY_COMMISSION, 0, False)
        person = self._person(staker)
        receipt = self.world.core.delegation.redelegate(
            self._person(key.operator),
            self._vault(key),
            opened,
            self._person(to.operator),
            person,
            accepted,
            sender=person,
        )
        self.ledger.delegate(to, staker, ended.received, self._at(receipt))
        self.tell(
            f"{staker} moves a ticket of {key} to {to}: {amount(ended.value_at_opening)} → "
            f"{amount(ended.received)} shares",
            *promises.check_exit(ended),
        )

    def redeem(self, staker: str) -> None:
        """Vault shares that were never delegated, into ether."""
        shares = self.ledger.vaults[WETH].held[staker]
        person = self._person(staker)
        before, due = self._balance(WETH, staker), self._price(WETH, shares)
        receipt = self.world.vaults[WETH].redeemNative(shares, person, person, sender=person)
        arrived = self._withdraw(staker, WETH, shares, before, due, receipt)
        self.redeemed[staker] = shares
        self.tell(f"{staker} redeems at once: {amount(shares)} → 0.00 vault shares, paid as {amount(due)} ETH", arrived)

    # --- slashing ---

    def slash(self, avs: str, key: PoolKey, asked: int) -> Request:
        """By an AVS without a veto period: executed at once."""
        request, receipt = self._request(avs, key, asked)
        self._slashed(request, receipt, f"{avs} asks {part(asked)} of {key}, gets")
        return request

    def request(self, avs: str, key: PoolKey, asked: int) -> Request:
        """By an AVS with a veto period: nothing happens yet."""
        request, _ = self._request(avs, key, asked)
        retained = fraction(self.ledger.pools[key].retained)
        self.tell(
            f"{avs} asks {part(asked)} of {key}, with {_days(TERMS[avs].veto)} to veto it: "
            f"retained {retained} → {retained}"
        )
        return request

    def veto(self, request: Request) -> None:
        resolver = str(TERMS[request.avs].resolver)
        self._slashing.veto(request.on_chain, sender=self._person(resolver))
        left = int(self._slashing.openAmount(request.on_chain))
        retained = fraction(self.ledger.pools[request.pool].retained)
        self.tell(
            f"{resolver} vetoes it: open {part(request.amount)} → {part(left)}, retained {retained} → {retained}",
            promises.equal(promises.FORMULAS, "open after a veto", left, 0),
        )

    def execute(self, request: Request, by: str) -> None:
        receipt = self._slashing.execute(request.on_chain, sender=self._person(by))
        self._slashed(request, receipt, f"{by} executes it, {request.avs} gets")

    def lapse(self, request: Request) -> None:
        """Lets the time of a request run out."""
        before = int(self._slashing.openAmount(request.on_chain))
        self.wait(int(self._registry.EXECUTE_WINDOW()) + 1)
        left = int(self._slashing.openAmount(request.on_chain))
        self.tell(
            f"what {request.avs} did not get lapses a day later, with no call: open {part(before)} → {part(left)}",
            promises.equal(promises.FORMULAS, "open after its time", left, 0),
        )

    def still_there(self, key: PoolKey, before: Observation, hostile: str) -> None:
        """Tells what the other AVSs' guaranteed parts were before somebody struck, and are now."""
        now = self.seen.pools[key].slashable
        parts = [
            f"{avs} {fraction(guaranteed)} → {fraction(now[avs][0])}"
            for avs, (guaranteed, _) in before.pools[key].slashable.items()
            if avs != hostile
        ]
        self.tell(f"guaranteed still: {', '.join(parts)}")

    # --- rewards ---

    def earn(self, bps: int) -> None:
        """The liquid staking token earns its base yield, restaked or not."""
        vault, exact = self.world.vaults[LST], self.ledger.earn(LST, bps)
        worth = [(vault.convertToAssets, (self.ledger.shares_of(LST, staker),)) for staker in exact]
        worth.append((vault.convertToAssets, (WAD,)))
        *before, price_before = read(vault, worth)
        self.world.assets[LST].rebase(bps, sender=self._person(OWNER))
        *after, price = read(vault, worth)
        earned = {staker: now - was for staker, was, now in zip(exact, before, after, strict=True)}
        self.base_yield.update(earned)
        self.tell(
            f"{LST} earns {percent(bps)} of base yield while restaked: a vault share {fraction(price_before)} → "
            f"{fraction(price)} {LST}",
            *(promises.check_base_yield(staker, earned[staker], exact[staker]) for staker in exact),
        )

    def pay(self, avs: str, total: int) -> None:
        """Pays for the epoch just finished, by what was guaranteed to the AVS in it on average: one view, one call."""
        token, epoch = PAYS_IN[avs], self.ledger.epoch - 1
        places = self.world.places(self.ledger)
        names = {place: key for key, place in places.items()}
        page = self._slashing.averages(self.world.avs(avs), 0, ALL)
        averages = {names[each.operator, each.vault]: each.guaranteed for each in page}
        paid = {key: total * average // sum(averages.values()) for key, average in averages.items()}
        payments = [(*places[key], own, FLOOR) for key, own in paid.items()]
        self._rewards.pay(self.world.tokens[token], epoch, payments, sender=self._person(avs))
        for key, own in paid.items():
            self.ledger.pay(key, token, own, [epoch])
        self.tell(
            f"{avs} pays for epoch {epoch} by stake: "
            + ", ".join(f"{money(own, token)} to {key}" for key, own in paid.items()),
            *(
                promises.equal(
                    promises.FORMULAS,
                    f"guaranteed to {avs} by {key} on average",
                    average,
                    self.ledger.pools[key].average_guaranteed(avs, epoch),
                )
                for key, average in averages.items()
            ),
        )

    def open_stream(self, avs: str, key: PoolKey, each: int, epochs: int) -> None:
        token, first = PAYS_IN[avs], self.ledger.epoch + 1
        self._rewards.openStream(
            self._person(key.operator),
            self._vault(key),
            self.world.tokens[token],
            each,
            FLOOR,
            epochs,
            sender=self._person(avs),
        )
        self.streams[avs, key] = int(self._rewards.streamCount())
        self.ledger.pay(key, token, each, range(first, first + epochs))
        self.tell(
            f"{avs} streams {money(each, token)} an epoch to {key}, epochs {first} to {first + epochs - 1}: "
            f"funded 0.00 → {amount(each * epochs, TOKENS[token])}"
        )

    def cancel_stream(self, avs: str, key: PoolKey) -> None:
        token, payer = PAYS_IN[avs], self._person(avs)
        due = self.ledger.cancel(key, token)
        [returned] = self._arrived(
            avs, [token], lambda: self._rewards.cancelStream(self.streams[avs, key], payer, sender=payer)
        )
        self.tell(
            f"{avs} cancels its stream to {key}: ends with epoch {self.ledger.epoch}, returned 0.00 → "
            f"{money(returned, token)}",
            promises.equal(promises.REWARDS_ADD_UP, f"{token} returned to {avs}", returned, due),
        )

    def claim(self, staker: str, key: PoolKey, by: str | None = None) -> None:
        """All rewards of a pool, by the staker or by somebody whom the staker approves."""
        person, sender = self._person(staker), self._person(by or staker)
        if by:
            self.world.core.delegation.setCompleter(sender, True, sender=person)
        lines, until = self.ledger.lines_of(key), self.ledger.epoch - 2
        what = [(self._person(key.operator), self._vault(key), self.world.tokens[token], 0) for token in lines]
        got = self._arrived(staker, lines, lambda: self._rewards.claim(person, what, person, sender=sender))
        for line, own in zip(lines.values(), got, strict=True):
            line.claimed[staker] += own
        self.tell(
            f"{f'{by}, approved, claims for {staker}' if by else f'{staker} claims'} from {key}: {_sums(lines, got)}",
            *(
                promises.check_part((key, token), line, staker, until, line.claimed[staker])
                for token, line in lines.items()
            ),
        )

    def claim_commission(self, key: PoolKey) -> None:
        operator, lines, until = self._person(key.operator), self.ledger.lines_of(key), self.ledger.epoch - 1
        what = [
            self._rewards.claimCommission.encode_input(self._vault(key), self.world.tokens[token], operator)
            for token in lines
        ]
        got = self._arrived(key.operator, lines, lambda: self._rewards.multicall(what, sender=operator))
        for line, own in zip(lines.values(), got, strict=True):
            line.commission_claimed += own
        self.tell(
            f"{key.operator} claims its commission from {key}: {_sums(lines, got)}",
            *(
                promises.check_commission((key, token), line, until, line.commission_claimed)
                for token, line in lines.items()
            ),
        )

    # --- the rest ---

    def pause(self, by: str) -> None:
        self._registry.pause(sender=self._person(by))
        self.tell(f"the {by} pauses deposits, delegations and opt-ins: paused no → yes")

    def tell(self, text: str, *findings: Finding, by: str | None = None) -> None:
        """Ends a step, of an AVS if `by` names one: holds every promise against the chain, and tells the reader."""
        seen = self.world.observe(self.ledger)
        found = [*findings, *promises.check(self.ledger, seen, self._seen, by)]
        self._seen = seen
        self.checks.update(finding.promise for finding in found)
        self.steps.append(Step(self.ledger.epoch, text, len(found)))
        self.output.step(self.ledger.epoch, text)
        broken = [finding for finding in found if not finding.kept]
        if broken:
            raise BrokenPromiseError(broken)

    # --- private ---

    @property
    def seen(self) -> Observation:
        """What the chain said after the last step."""
        assert self._seen is not None
        return self._seen

    @property
    def _registry(self) -> Any:
        return self.world.core.registry

    @property
    def _slashing(self) -> Any:
        return self.world.core.slashing

    @property
    def _rewards(self) -> Any:
        return self.world.core.rewards

    def _at(self, receipt: ReceiptAPI) -> int:
        """[s] since epoch 1 began."""
        return int(receipt.timestamp) - self.world.start_of(1)

    def _person(self, name: str) -> Any:
        return self.world.people[name]

    def _vault(self, key: PoolKey) -> Any:
        return self.world.vaults[key.vault]

    def _totals(self, vault: str) -> tuple[int, int]:
        """Assets held and vault shares, with one virtual of each, as ERC-4626 prices them."""
        contract = self.world.vaults[vault]
        return int(self.world.assets[vault].balanceOf(contract)) + 1, int(contract.totalSupply()) + 1

    def _price(self, vault: str, shares: int) -> int:
        """What vault shares are worth [asset]."""
        held, supply = self._totals(vault)
        return shares * held // supply

    def _deposited(self, staker: str, vault: str, before: tuple[int, int]) -> int:
        """Books the vault shares for the assets that arrived, of which a rebasing one may deliver a wei less."""
        held, supply = before
        shares = (self._totals(vault)[0] - held) * supply // held
        self.ledger.deposit(vault, staker, shares)
        return shares

    def _withdraw(self, staker: str, vault: str, shares: int, before: int, due: int, receipt: ReceiptAPI) -> Finding:
        """Books vault shares as redeemed into assets, and says whether these arrived."""
        self.ledger.withdraw(vault, staker, shares)
        fees = int(receipt.total_fees_paid) if vault == WETH else 0
        arrived = self._balance(vault, staker) + fees - before
        kept = due - (0 if vault == WETH else TOLERANCE) <= arrived <= due
        return Finding(promises.FREE_EXIT, f"{staker} is paid", kept, f"{arrived} arrived, {due} were due")

    def _balance(self, vault: str, name: str) -> int:
        """Of what the vault pays out [asset]."""
        person = self._person(name)
        return (
            self.world.node.balance(person.address)
            if vault == WETH
            else int(self.world.assets[vault].balanceOf(person))
        )

    def _arrived(self, name: str, tokens: Iterable[str], send: Callable[[], Any]) -> list[int]:
        """What of each of `tokens` a transaction brings."""
        person = self._person(name)
        before = [self.world.balance(token, person) for token in tokens]
        send()
        return [self.world.balance(token, person) - was for token, was in zip(tokens, before, strict=True)]

    def _request(self, avs: str, key: PoolKey, asked: int) -> tuple[Request, ReceiptAPI]:
        """For an offence of just now."""
        avs_id, operator, vault = self.world.avs(avs), self._person(key.operator), self._vault(key)
        offence_at = self.world.node.now
        receipt = self._slashing.request(
            avs_id, operator, vault, asked, offence_at, EVIDENCE, "", sender=self._person(avs)
        )
        on_chain = (avs_id, operator.address, vault.address, asked, offence_at, receipt.timestamp, EVIDENCE)
        return Request(avs, key, asked, on_chain), receipt

    def _slashed(self, request: Request, receipt: ReceiptAPI, who: str) -> None:
        """Tells of a slash that was just executed."""
        pool, receiver = self.ledger.pools[request.pool], TERMS[request.avs].receiver
        before = pool.retained
        granted, moved = self.ledger.slash(request.pool, request.avs, request.amount, receiver)
        [log] = receipt.decode_logs(self._slashing.Slashed)
        self.tell(
            f"{who} {part(granted)}: retained {fraction(before)} → {fraction(pool.retained)}, {amount(moved)} "
            + (receiver if receiver == BURNT else f"to {receiver}"),
            promises.equal(
                promises.FORMULAS,
                f"{request.avs}'s slash of {request.pool} as emitted",
                (log.guaranteed + log.elastic, log.shares),
                (granted, moved),
            ),
            by=request.avs,
        )


def _days(seconds: int) -> str:
    days = seconds // DAY
    return f"{days} day{'s' if days != 1 else ''}"


def money(wei: int, token: str) -> str:
    return f"{amount(wei, TOKENS[token])} {token}"


def _sums(tokens: Iterable[str], amounts: Iterable[int]) -> str:
    return " and ".join(money(wei, token) for token, wei in zip(tokens, amounts, strict=True) if wei)


def _coin(vault: str) -> str:
    return "ETH" if vault == WETH else vault
