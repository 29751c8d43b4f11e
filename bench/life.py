"""
The life of a pool, from its first staker until the last one has left.

Every act is kept with its gas. On the way the chain is held against a ledger: each position and ticket, what the
vault's shares add up to, what each exit and each claim pays.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import ape
from ape import project
from ape.contracts import ContractInstance

from bench.crowd import Call, Sent, Staker, read, send
from bench.ledger import Ledger
from bench.row import gas
from bench.rows.rewarding import FLOOR
from bench.rows.slashing import SLASH
from bench.world import ACCEPTED, AMOUNT, COMMISSION, GUARANTEED, Track, World
from deployer.contracts import ZERO_ADDRESS
from tests.helpers.protocol import ASSETS, BURN, DAY

AVSS = 50
AT_ONCE, WITH_VETO, ELASTIC = SLASHERS = ("slash_at_once", "slash_with_veto", "slash_elastic")

Acts = dict[str, list[int]]  # the gas of each, in their order
Sums = dict[str, int]


@dataclass(frozen=True)
class Scene:
    """The world with 50 AVSs that nobody ever opted in to, and three tokens that the payer and the operator hold."""

    world: World
    weth: ContractInstance
    tokens: list[ContractInstance]
    slashers: dict[str, int]  # AVSs, by how they slash
    others: list[int]  # AVSs


def create_scene(w: World) -> Scene:
    def terms(*, veto: bool = False, burns: bool = False) -> tuple[object, ...]:
        recipient = ZERO_ADDRESS if burns else w.recipient
        resolver = w.resolver if veto else ZERO_ADDRESS
        return (w.slasher, DAY if veto else 0, False, recipient, w.stranger, resolver, ZERO_ADDRESS)

    kinds = [terms(), terms(veto=True), *[terms(burns=True)] * (AVSS - 2)]
    first = int(w.registry.avsCount()) + 1
    avss = range(first, first + AVSS)
    w.registry.multicall(
        [w.registry.registerAVS.encode_input(each, "") for each in kinds]
        + [w.registry.setVault.encode_input(avs, w.native, True) for avs in avss],
        sender=w.stranger,
    )
    tokens = [w.asset, *(w.stranger.deploy(project.TestToken, name, name, 18) for name in ("Second", "Third"))]
    for token in tokens:
        token.mint(w.payer, 1_000 * AMOUNT, sender=w.stranger)
        token.mint(w.third_operator, 1, sender=w.stranger)
        token.approve(w.protocol.rewards, 2**256 - 1, sender=w.payer)
    weth = project.TestToken.at(w.native.asset())
    return Scene(w, weth, tokens, dict(zip(SLASHERS, avss, strict=False)), list(avss[len(SLASHERS) :]))


class Life:
    """
    In the vault over WETH. The founder is the pool's first staker and delegates twice. Of the others, half come with
    it and half after the first slashes. The first of the early ones leave with a part, later everyone with the rest.
    """

    def __init__(
        self, scene: Scene, crowd: list[Staker], tickets: int, slashers: Sequence[str], others: int, track: Track
    ) -> None:
        self.scene, self.w, self.track = scene, scene.world, track
        self.operator, self.vault = self.w.third_operator, self.w.native
        self.delegation, self.rewards = self.w.delegation, self.w.protocol.rewards
        self.slashers, self.others = slashers, scene.others[:others]
        self.crowd, self.founder = crowd, crowd[0]
        half = len(crowd) // 2
        self.early, self.late = crowd[1 : 1 + half], crowd[1 + half :]
        self.leavers = (self.early or crowd)[:tickets]
        assert len(self.leavers) == tickets, "so many tickets need more stakers"
        self.ledger = Ledger(self.w.registry.GENESIS(), self.w.registry.EPOCH(), COMMISSION)
        self.foreign = self.vault.balanceOf(self.delegation)  # vault shares delegated to another operator
        self.epoch = self.w.protocol.epoch
        self.acts: Acts = defaultdict(list)
        self.sums: Sums = {}

    def play(self) -> None:
        start = self.epoch + 1  # the mandate is then as old as it can be for what it costs
        self._to(start)
        self._opt_in()
        self._delegate("delegate", [self.founder, *self.early])

        self._to(start + 3)  # the allocations are in force
        for slasher in SLASHERS:
            self._slash(slasher, "slash_first")
        self._delegate("delegate_again", [self.founder])
        self._delegate("delegate", self.late)
        self._pay("pay_first")

        self._to(start + 4)
        self._undelegate("undelegate", self.leavers, [staker.part for staker in self.leavers])
        self._to(start + 4, DAY)
        self._slash(AT_ONCE, AT_ONCE)
        self._pay("pay")

        self._to(start + 5, DAY)
        self._slash(WITH_VETO, WITH_VETO)
        self._pay_at_once("pay_3_tokens")
        self._check_stake("full")

        self._to(start + 6, DAY)
        self._slash(ELASTIC, ELASTIC)
        self._complete("complete", self.leavers, start + 4)
        self._claim()
        self._undelegate("undelegate_all", self.crowd, [self.ledger.positions[each.address] for each in self.crowd])
        self._check_stake("leaving")

        self._to(start + 7, DAY)
        self._slash(AT_ONCE, "slash_left")

        self._to(start + 8)
        self._complete("complete_again", self.leavers, start + 6)
        left = set(self.leavers)
        self._complete("complete_all", [staker for staker in self.crowd if staker not in left], start + 6)
        self._check_stake("end")

    # --- acts ---

    def _to(self, epoch: int, second: int = 0) -> None:
        self.epoch = epoch
        self.w.protocol.to_epoch(epoch, second)

    def _opt_in(self) -> None:
        """The AVSs with a recipient come second, so that the first and the last are alike."""
        elastic = [(self.scene.slashers[ELASTIC], 255, 4_000)] if ELASTIC in self.slashers else []
        plain = [(self.scene.slashers[each], GUARANTEED, 0) for each in (AT_ONCE, WITH_VETO) if each in self.slashers]
        for avs, guaranteed, part in [*elastic, *plain, *((avs, 2, 4_000) for avs in self.others)]:
            receipt = self.w.registry.optIn(avs, self.vault, guaranteed, part, b"", sender=self.operator)
            self.acts["opt_in" if part else "opt_in_plain"].append(gas(receipt))
        opted_in = len(self.slashers) + len(self.others)
        assert self.w.registry.allocationCount(self.operator, self.vault) == opted_in

    def _delegate(self, act: str, stakers: list[Staker]) -> None:
        method = self.vault.depositNativeAndDelegate
        calls = [
            Call(each.address, self.vault, method.encode_input(self.operator, each.amount, ACCEPTED), each.amount)
            for each in stakers
        ]
        for staker, sent in zip(stakers, self._send(act, calls), strict=True):
            self.acts[act].append(sent.gas)
            self.ledger.delegate(staker.address, staker.amount, sent.time)

    def _undelegate(self, act: str, stakers: list[Staker], pool_shares: list[int]) -> None:
        method = self.delegation.undelegate
        calls = [
            Call(each.address, self.delegation, method.encode_input(self.operator, self.vault, shares))
            for each, shares in zip(stakers, pool_shares, strict=True)
        ]
        for staker, shares, sent in zip(stakers, pool_shares, self._send(act, calls), strict=True):
            # What is left is not chosen: a byte of calldata that happens to be zero costs 4 gas instead of 16.
            self.acts[act].append(sent.gas + 12 * (shares.to_bytes(32).count(0) - 24))
            self.ledger.undelegate(staker.address, shares, sent.time, self.epoch)

    def _slash(self, slasher: str, act: str) -> None:
        """An offence of just now, of an AVS that the pool has. What was taken is what was asked for."""
        if slasher not in self.slashers:
            return
        avs, protocol = self.scene.slashers[slasher], self.w.protocol
        amount = 4 * SLASH if slasher == ELASTIC else SLASH  # of the elastic part too
        receipt, request = protocol.request(
            avs, self.operator, self.vault, amount, sender=self.w.slasher, offence_at=self.w.now
        )
        receipts = [receipt]
        if slasher == WITH_VETO:
            ape.chain.mine(timestamp=self.w.now + DAY)
            receipts.append(protocol.slashing.execute(request, sender=self.w.stranger))
        self.acts[act].append(gas(*receipts))
        self.ledger.slash(amount, self.epoch, burns=slasher == ELASTIC)
        assert self.delegation.retained(self.operator, self.vault) == self.ledger.retained

    def _pay(self, act: str) -> None:
        """Each token by itself."""
        for token in self.scene.tokens:
            receipt = self.rewards.pay(token, self.epoch - 1, self._payments(token), sender=self.w.payer)
            self.acts[act].append(gas(receipt))

    def _pay_at_once(self, act: str) -> None:
        method = self.rewards.pay
        calls = [method.encode_input(token, self.epoch - 1, self._payments(token)) for token in self.scene.tokens]
        self.acts[act].append(gas(self.rewards.multicall(calls, sender=self.w.payer)))

    def _payments(self, token: ContractInstance) -> list[tuple[object, ...]]:
        self.ledger.pay(token.address, self.epoch - 1, AMOUNT)
        return [(self.operator, self.vault, AMOUNT, FLOOR)]

    def _complete(self, act: str, stakers: list[Staker], opened: int) -> None:
        """Into assets, which are worth one vault share each: what arrives is what the ledger says."""
        method = self.delegation.complete
        calls = [
            Call(
                each.address,
                self.delegation,
                method.encode_input(self.operator, self.vault, each.address, opened, each.address, ASSETS),
            )
            for each in stakers
        ]
        before = self._balances(self.scene.weth, stakers)
        self.acts[act] += [sent.gas for sent in self._send(act, calls)]
        for staker, had, has in zip(stakers, before, self._balances(self.scene.weth, stakers), strict=True):
            expected = self.ledger.complete(staker.address, opened)
            assert has - had == expected, f"{act}: {staker.address} got {has - had} and not {expected}"

    def _claim(self) -> None:
        """Everyone claims the first token, the operator its commission, and some the other two in one call."""
        first, *others = self.scene.tokens
        staying = self.early[len(self.leavers) :]
        self._send_claims("claim_founder", [self.founder], [first])
        self._send_claims("claim", staying, [first])
        self._send_claims("claim_late", self.late, [first])
        self._send_claims("claim_moved", [each for each in self.leavers if each != self.founder], [first])
        self._send_claims("claim_2_tokens", staying[: len(self.leavers)], others)
        for token in self.scene.tokens:
            receipt = self.rewards.claimCommission(self.vault, token, self.operator, sender=self.operator)
            self.acts["claim_commission"].append(gas(receipt))
            self._check_rewards(token)

    def _send_claims(self, act: str, stakers: list[Staker], tokens: list[ContractInstance]) -> None:
        method = self.rewards.claim
        claims = [(self.operator, self.vault, token, 0) for token in tokens]
        calls = [
            Call(each.address, self.rewards, method.encode_input(each.address, claims, each.address))
            for each in stakers
        ]
        self.acts[act] += [sent.gas for sent in self._send(act, calls)]

    def _send(self, act: str, calls: list[Call]) -> list[Sent]:
        return send(calls, self.track, act)

    def _balances(self, token: ContractInstance, stakers: list[Staker]) -> list[int]:
        return read(token.balanceOf, [(each.address,) for each in stakers], ["uint256"], self.track, "balances")

    # --- what must add up ---

    def _check_stake(self, when: str) -> None:
        """Promises 1 and 8: every position and ticket by itself, and all of them together."""
        ledger, pool = self.ledger, (self.operator, self.vault)
        positions = read(
            self.delegation.position,
            [(*pool, each.address) for each in self.crowd],
            ["uint256", "uint256"],
            self.track,
            "positions",
        )
        for staker, seen in zip(self.crowd, positions, strict=True):
            expected = (ledger.positions[staker.address], ledger.position_value(staker.address))
            assert seen == expected, f"{when}: {staker.address} holds {seen} and not {expected}"
        tickets = read(
            self.delegation.ticket,
            [(*pool, *ticket) for ticket in ledger.tickets],
            ["uint24", "uint256", "uint256", "bool"],
            self.track,
            "tickets",
        )
        for (staker_, opened), (_, *seen, _) in zip(ledger.tickets, tickets, strict=True):
            expected_ = [ledger.tickets[staker_, opened], ledger.ticket_value(staker_, opened)]
            assert seen == expected_, f"{when}: the ticket of {staker_} is {seen} and not {expected_}"

        held = self.vault.balanceOf(self.delegation) - self.foreign
        worth = sum(value for _, value in positions) + sum(value for _, _, value, _ in tickets)
        assert held == ledger.delegated - ledger.withdrawn - ledger.slashed, f"{when}: {held} vault shares are held"
        assert 0 <= held - worth <= ledger.calls, f"{when}: {held} vault shares are held for {worth}"
        assert self.vault.balanceOf(self.w.recipient) == ledger.slashed - ledger.burnt
        assert self.vault.balanceOf(BURN) == self.vault.SEED() + ledger.burnt
        self.sums |= {
            f"{when}: positions": sum(shares != 0 for shares, _ in positions),
            f"{when}: tickets": len(tickets),
            f"{when}: delegated": ledger.delegated,
            f"{when}: withdrawn": ledger.withdrawn,
            f"{when}: slashed": ledger.slashed,
            f"{when}: held": held,
            f"{when}: worth": worth,
            f"{when}: dust": held - worth,
            f"{when}: calls": ledger.calls,
        }

    def _check_rewards(self, token: ContractInstance) -> None:
        """Promise 10: every claim by itself, and all of them together."""
        name, claim = token.symbol(), (self.operator, self.vault, token, 0)
        payments = len(self.ledger.paid[token.address])
        claimed = self._balances(token, self.crowd)
        due = read(
            self.rewards.due,
            [(each.address, [claim]) for each in self.crowd],
            ["uint256[]", "uint256[]"],
            self.track,
            "due",
        )
        for staker, got, ((claimable,), _) in zip(self.crowd, claimed, due, strict=True):
            exact = self.ledger.reward(staker.address, token.address)
            assert 0 <= exact - got - claimable < payments, f"{name}: {staker.address} got {got} and not {exact}"

        paid, commission = payments * AMOUNT, self.ledger.commission(token.address)
        claimable = sum(claimable for (claimable,), _ in due)
        left = token.balanceOf(self.rewards)
        assert token.balanceOf(self.operator) == 1 + commission, f"{name}: the commission is wrong"
        assert left == paid - commission - sum(claimed), f"{name}: {left} are left"
        assert 0 <= left - claimable < payments * len(self.crowd), f"{name}: {left} are left for {claimable}"
        self.sums |= {
            f"{name}: paid": paid,
            f"{name}: commission": commission,
            f"{name}: claimed": sum(claimed),
            f"{name}: claimable": claimable,
            f"{name}: dust": left - claimable,
        }
