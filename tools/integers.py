"""
An SMT solver for Halmos: `halmos --solver-command "python tools/integers.py"`.

The queries of Halmos are about words of 256 bits. What is multiplied and divided there is far from overflowing, which
no solver of bit vectors sees. So each word becomes an integer with a range: where the range shows that nothing wraps,
there is no modulus, and what is left is asked of z3 and cvc5, as arithmetic of integers, at once; the first to answer
counts. The translation is exact, except that a term it does not know becomes any word. So "unsat" needs no more; "sat"
is only said after the counterexample was checked in the query as it was given.
"""

import multiprocessing as mp
import re
import sys
from functools import reduce
from itertools import permutations
from pathlib import Path

import z3

DIVISIONS = {z3.Z3_OP_BUDIV, z3.Z3_OP_BUDIV_I}
REMAINDERS = {z3.Z3_OP_BUREM, z3.Z3_OP_BUREM_I}
COMPARISONS = {
    z3.Z3_OP_ULEQ: lambda x, y: x <= y,
    z3.Z3_OP_ULT: lambda x, y: x < y,
    z3.Z3_OP_UGEQ: lambda x, y: x >= y,
    z3.Z3_OP_UGT: lambda x, y: x > y,
}
SIGNED_COMPARISONS = {
    z3.Z3_OP_SLEQ: lambda x, y: x <= y,
    z3.Z3_OP_SLT: lambda x, y: x < y,
    z3.Z3_OP_SGEQ: lambda x, y: x >= y,
    z3.Z3_OP_SGT: lambda x, y: x > y,
}


class Number:
    """An integer term with its range."""

    def __init__(self, term: z3.ArithRef, low: int, high: int, parts: "list[tuple[int, Number]] | None" = None) -> None:
        self.low, self.high = low, high
        self.term = z3.IntVal(low) if low == high else term
        self.parts = parts or [(1, self)]  # that it is the sum of


class Translation:
    """A query as arithmetic of integers."""

    def __init__(self, query: list[z3.BoolRef]) -> None:
        self.words: dict[int, Number] = {}
        self.booleans: dict[int, z3.BoolRef] = {}
        self.quotients: dict[tuple[int, int], tuple[Number, Number]] = {}
        self.products: dict[tuple[int, ...], Number] = {}
        self.factors: dict[int, list[Number]] = {}  # by product
        self.pairs: list[tuple[Number, Number, Number]] = []  # product and factors
        self.kept: list[z3.AstRef] = []  # keeps ids from being used again
        self.facts: list[z3.BoolRef] = []
        self.variables: list[tuple[z3.BitVecRef, Number]] = []
        self.linear = z3.SolverFor("QF_LIA")  # knows the query so far, but not what a product is
        self.linear.set("rlimit", 1_000_000)  # not time: answers do not depend on what else runs
        conjuncts = [each for given in query for each in conjuncts_of(given)]
        self.bounds = bounds(conjuncts)
        self.assertions: list[z3.BoolRef] = []
        for each in conjuncts:
            if each.decl().kind() == z3.Z3_OP_ULEQ and is_variable(x := each.arg(0)) and x.get_id() not in self.words:
                high = self.word(each.arg(1)).high
                if x.get_id() not in self.words:
                    self.bounds[x.get_id()] = (0, min(high, self.bounds.get(x.get_id(), (0, high))[1]))
            translated = self.boolean(each)
            self.assertions.append(translated)
            self.linear.add(translated)
        self.assertions += self.facts

    # --- words ---

    def word(self, term: z3.BitVecRef) -> Number:
        key = term.get_id()
        if key not in self.words:
            self.kept.append(term)
            self.words[key] = self._word(term)
        return self.words[key]

    def _word(self, t: z3.BitVecRef) -> Number:
        kind, bits, name = t.decl().kind(), t.size(), t.decl().name()
        if kind == z3.Z3_OP_BNUM:
            return constant(t.as_long())
        if kind == z3.Z3_OP_ITE:
            return self.choice(self.boolean(t.arg(0)), self.word(t.arg(1)), self.word(t.arg(2)))
        if kind == z3.Z3_OP_BADD:
            return self.wrapped(self.sum([self.signed_if_near(each) for each in t.children()]), bits)
        if kind == z3.Z3_OP_BSUB:
            first, *rest = (self.word(each) for each in t.children())
            return self.wrapped(self.sum([first, *(self.scaled(each, -1) for each in rest)]), bits)
        if kind == z3.Z3_OP_BNEG:
            return self.wrapped(self.scaled(self.word(t.arg(0)), -1), bits)
        if kind == z3.Z3_OP_BNOT:
            return self.sum([constant((1 << bits) - 1), self.scaled(self.word(t.arg(0)), -1)])
        if (chosen := if_or_zero(t)) is not None:
            condition, of = chosen
            if (less := subtrahend(condition)) is not None and condition.arg(0).eq(of):
                x, y = self.word(condition.arg(1)), self.word(less)
                return Number(
                    z3.If(y.term <= x.term, x.term - y.term, 0), max(0, x.low - y.high), max(0, x.high - y.low)
                )
            return self.choice(self.boolean(condition), self.word(of), constant(0))
        if kind == z3.Z3_OP_BXOR and (found_ := self.ternary(of_xor(t))) is not None:
            return found_
        if kind == z3.Z3_OP_BMUL or name.startswith("f_evm_bvmul"):
            return self.wrapped(self.product([self.signed_if_near(each) for each in t.children()]), bits)
        if kind in DIVISIONS or name.startswith("f_evm_bvudiv"):
            zero = 0 if name.startswith("f_evm") else (1 << bits) - 1
            return self.division(t, 0, constant(zero))
        if kind in REMAINDERS or name.startswith("f_evm_bvurem"):
            zero_ = constant(0) if name.startswith("f_evm") else self.word(t.arg(0))
            return self.division(t, 1, zero_)
        if kind == z3.Z3_OP_ZERO_EXT:
            return self.word(t.arg(0))
        if kind == z3.Z3_OP_CONCAT:
            parts, shift, found = [], 0, t.children()
            for each in reversed(found):
                parts.append(self.scaled(self.word(each), 1 << shift))
                shift += each.size()
            return self.sum(parts)
        if kind == z3.Z3_OP_EXTRACT:
            high, low = t.params()
            return self.bits(self.word(t.arg(0)), high, low)
        if kind == z3.Z3_OP_BLSHR and z3.is_bv_value(t.arg(1)):
            return self.quotient(self.word(t.arg(0)), constant(1 << t.arg(1).as_long()))[0]
        if kind == z3.Z3_OP_BSHL and z3.is_bv_value(t.arg(1)):
            return self.wrapped(self.scaled(self.word(t.arg(0)), 1 << t.arg(1).as_long()), bits)
        if kind == z3.Z3_OP_BAND and t.num_args() == 2 and z3.is_bv_value(t.arg(0)):
            mask = t.arg(0).as_long()
            low = (mask & -mask).bit_length() - 1
            if mask and (mask >> low) & ((mask >> low) + 1) == 0:
                return self.scaled(self.bits(self.word(t.arg(1)), mask.bit_length() - 1, low), 1 << low)
        return self.any_word(t)

    def ternary(self, terms: list[z3.BitVecRef]) -> Number | None:
        """An exclusive or as OpenZeppelin's `ternary` makes it: b ^ ((a ^ b) * condition)."""
        if len(terms) < 2:
            return self.word(terms[0]) if terms else constant(0)
        for index, each in enumerate(terms):
            if (chosen := if_or_zero(each)) is None:
                continue
            rest = terms[:index] + terms[index + 1 :]
            of = of_xor(chosen[1])
            both = list(of)
            for other in rest:  # twice the same is nothing
                found = [at for at, x in enumerate(both) if same(x, other)]
                if found:
                    del both[found[0]]
                else:
                    both.append(other)
            if len(both) < len(rest) + len(of) and (x := self.ternary(both)) and (y := self.ternary(rest)):
                return self.choice(self.boolean(chosen[0]), x, y)
        return None

    def any_word(self, t: z3.BitVecRef) -> Number:
        low, high = self.bounds.get(t.get_id(), (0, (1 << t.size()) - 1))
        number = self.fresh("word", low, high)
        self.variables.append((t, number))
        return number

    def fresh(self, name: str, low: int, high: int) -> Number:
        term = z3.FreshInt(name)
        self.fact(term >= low)
        self.fact(term <= high)
        return Number(term, low, high)

    def fact(self, fact: z3.BoolRef, linear: bool = True) -> None:
        self.facts.append(fact)
        if linear:
            self.linear.add(fact)

    def certain(self, claim: z3.BoolRef) -> bool:
        """Whether the query so far implies it, as far as is seen without looking into products."""
        return bool(self.linear.check(z3.Not(claim)) == z3.unsat)

    # --- arithmetic ---

    def signed_if_near(self, t: z3.BitVecRef) -> Number:
        """A factor or addend, with -1 for the largest word: it makes no difference before wrapping."""
        if z3.is_bv_value(t) and t.as_long() >= 1 << (t.size() - 1):
            return constant(t.as_long() - (1 << t.size()))
        if t.decl().kind() == z3.Z3_OP_BMUL and z3.is_bv_value(t.arg(0)) and t.arg(0).as_long() >> (t.size() - 1):
            return self.product([self.signed_if_near(each) for each in t.children()])
        return self.word(t)

    def sum(self, numbers: list[Number]) -> Number:
        moving = [each for each in numbers if each.low != each.high]
        rest = sum(each.low for each in numbers if each.low == each.high)
        low, high = sum(each.low for each in numbers), sum(each.high for each in numbers)
        term = z3.Sum([each.term for each in moving] + ([z3.IntVal(rest)] if rest or not moving else []))
        parts = [part for each in numbers for part in each.parts]
        return Number(moving[0].term if len(moving) == 1 and not rest else term, low, high, parts)

    def scaled(self, number: Number, by: int) -> Number:
        low, high = sorted([number.low * by, number.high * by])
        parts = [(times * by, each) for times, each in number.parts]
        return Number(number.term if by == 1 else number.term * by, low, high, parts)

    def product(self, numbers: list[Number]) -> Number:
        scale = 1
        factors = []
        for each in numbers:
            if each.low == each.high:
                scale *= each.low
            else:
                factors.append(each)
        if not factors:
            return constant(scale)
        factors.sort(key=lambda each: each.term.get_id())
        self.kept += [each.term for each in factors]
        key = tuple(each.term.get_id() for each in factors)
        if key not in self.products:
            result = factors[0]
            for each in factors[1:]:
                result = self.product_of_two(result, each)
            self.products[key] = result
        return self.scaled(self.products[key], scale)

    def product_of_two(self, x: Number, y: Number) -> Number:
        ends = [a * b for a in (x.low, x.high) for b in (y.low, y.high)]
        named = self.fresh("product", min(ends), max(ends))
        if len(x.parts) > 1 or len(y.parts) > 1:
            terms = [self.scaled(self.product([b, d]), a * c) for a, b in x.parts for c, d in y.parts]
            self.fact(named.term == self.sum(terms).term)
        else:
            self.fact(named.term == x.term * y.term, linear=False)
        self.factors[named.term.get_id()] = [x, y]
        self.kept.append(named.term)
        self.pairs.append((named, x, y))
        return named

    def lemmas(self, factor_in_common: bool) -> list[z3.BoolRef]:
        """That a product is at most another if both its factors are at most those of the other."""
        found = []
        positive = [each for each in self.pairs if each[1].low >= 0 and each[2].low >= 0]
        for (p, a, b), (q, c, d) in permutations(positive, 2):
            for x, y in ((a, b), (b, a)):
                if not factor_in_common or x.term.eq(c.term) or y.term.eq(d.term):
                    found.append(z3.Implies(z3.And(x.term <= c.term, y.term <= d.term), p.term <= q.term))
        return found

    def quotient(self, x: Number, y: Number) -> tuple[Number, Number]:
        """Quotient and remainder, of which neither is negative, for a divisor that is not zero."""
        if x.high < y.low:
            return constant(0), x
        if x.low == x.high and y.low == y.high:
            return constant(x.low // y.low), constant(x.low % y.low)
        if y.low == y.high == 1:
            return x, constant(0)
        factors = self.factors.get(x.term.get_id(), [])
        if len(factors) == 2 and (left := [each for each in factors if not each.term.eq(y.term)]) and len(left) == 1:
            return left[0], constant(0)
        key = (x.term.get_id(), y.term.get_id())
        if key not in self.quotients:
            self.kept += [x.term, y.term]
            least = max(y.low, 1)
            q = self.fresh("quotient", x.low // max(y.high, 1), x.high // least)
            r = self.fresh("remainder", 0, min(x.high, max(y.high, 1) - 1))
            division = z3.And(x.term == self.product([q, y]).term + r.term, r.term < y.term)
            self.fact(division if y.low else z3.Implies(y.term > 0, division))
            self.quotients[key] = q, r
        return self.quotients[key]

    def division(self, t: z3.BitVecRef, which: int, of_zero: Number) -> Number:
        x, y = self.word(t.arg(0)), self.word(t.arg(1))
        if y.high == 0:
            return of_zero
        result = self.quotient(x, y)[which]
        return result if y.low else self.choice(y.term == 0, of_zero, result)

    def bits(self, x: Number, high: int, low: int) -> Number:
        if x.high >= 1 << (high + 1):
            x = self.quotient(x, constant(1 << (high + 1)))[1]
        return self.quotient(x, constant(1 << low))[0] if low else x

    def wrapped(self, x: Number, bits: int) -> Number:
        size = 1 << bits
        least, most = x.low // size, x.high // size
        if least == most:
            return self.sum([x, constant(-least * size)]) if least else x
        if least <= 0 <= most and self.certain(z3.And(x.term >= 0, x.term < size)):
            return Number(x.term, max(x.low, 0), min(x.high, size - 1), x.parts if len(x.parts) > 1 else None)
        if most - least == 1:
            split = most * size
            term = z3.If(x.term < split, x.term - least * size, x.term - split)
        else:
            times = self.fresh("wraps", least, most)
            result = self.fresh("wrapped", 0, size - 1)
            self.fact(x.term == times.term * size + result.term)
            term = result.term
        return Number(term, 0, size - 1)

    def choice(self, condition: z3.BoolRef, x: Number, y: Number) -> Number:
        if z3.is_true(condition) or z3.is_false(condition):
            return x if z3.is_true(condition) else y
        return Number(z3.If(condition, x.term, y.term), min(x.low, y.low), max(x.high, y.high))

    # --- booleans ---

    def boolean(self, term: z3.BoolRef) -> z3.BoolRef:
        key = term.get_id()
        if key not in self.booleans:
            self.kept.append(term)
            self.booleans[key] = self._boolean(term)
        return self.booleans[key]

    def _boolean(self, t: z3.BoolRef) -> z3.BoolRef:
        kind = t.decl().kind()
        if z3.is_true(t) or z3.is_false(t):
            return t
        if (less := subtrahend(t)) is not None:
            return compared(COMPARISONS[kind], self.word(less), self.word(t.arg(1)))
        if kind in COMPARISONS:
            return compared(COMPARISONS[kind], self.word(t.arg(0)), self.word(t.arg(1)))
        if kind in SIGNED_COMPARISONS:
            x, y = (self.signed(each) for each in t.children())
            return compared(SIGNED_COMPARISONS[kind], x, y)
        if kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT) and t.num_args() == 2 and z3.is_bv(t.arg(0)):
            x, y = self.sides(t)
            if x.high < y.low or y.high < x.low:
                return z3.BoolVal(kind == z3.Z3_OP_DISTINCT)
            same = z3.BoolVal(True) if x.low == x.high == y.low == y.high else x.term == y.term
            return same if kind == z3.Z3_OP_EQ else z3.Not(same)
        if kind in (z3.Z3_OP_AND, z3.Z3_OP_OR, z3.Z3_OP_NOT, z3.Z3_OP_IMPLIES, z3.Z3_OP_ITE, z3.Z3_OP_XOR) or (
            kind == z3.Z3_OP_EQ and z3.is_bool(t.arg(0))
        ):
            return z3.simplify(t.decl()(*(self.boolean(each) for each in t.children())))
        if z3.is_const(t):
            return t
        return z3.FreshBool("boolean")

    def sides(self, t: z3.BoolRef) -> list[Number]:
        """Of an equation. z3 moves parts of an exclusive or to the other side."""
        for each in t.children():
            if (chosen := if_or_zero(each)) is None or chosen[1].decl().kind() != z3.Z3_OP_BXOR:
                continue
            if (whole := self.ternary([part for side in t.children() for part in of_xor(side)])) is not None:
                return [whole, constant(0)]
        return [self.word(each) for each in t.children()]

    def signed(self, t: z3.BitVecRef) -> Number:
        x, size = self.word(t), 1 << t.size()
        if x.high < size // 2:
            return x
        return Number(z3.If(x.term < size // 2, x.term, x.term - size), -size // 2, size // 2 - 1)


def of_xor(t: z3.BitVecRef) -> list[z3.BitVecRef]:
    return [each for child in t.children() for each in of_xor(child)] if t.decl().kind() == z3.Z3_OP_BXOR else [t]


def same(x: z3.BitVecRef, y: z3.BitVecRef) -> bool:
    return bool(x.eq(y) or z3.simplify(x).eq(z3.simplify(y)))


def if_or_zero(t: z3.BitVecRef) -> tuple[z3.BoolRef, z3.BitVecRef] | None:
    """`t` as a word that counts only under a condition: as its product with 1 or 0, or some bits of that."""
    if t.decl().kind() == z3.Z3_OP_EXTRACT and (chosen := if_or_zero(t.arg(0))) is not None:
        return chosen[0], reduce(lambda x, y: x ^ y, (z3.Extract(*t.params(), each) for each in of_xor(chosen[1])))
    if (t.decl().kind() != z3.Z3_OP_BMUL and not t.decl().name().startswith("f_evm_bvmul")) or t.num_args() != 2:
        return None
    for x, y in (t.children(), t.children()[::-1]):
        if x.decl().kind() == z3.Z3_OP_ITE and z3.is_bv_value(x.arg(1)) and z3.is_bv_value(x.arg(2)):
            values = x.arg(1).as_long(), x.arg(2).as_long()
            if values == (1, 0):
                return x.arg(0), y
            if values == (0, 1):
                return z3.Not(x.arg(0)), y
    return None


def subtrahend(t: z3.BoolRef) -> z3.BitVecRef | None:
    """`b`, if `t` asks whether `a - b` is at most `a`, which is whether `b` is."""
    if t.decl().kind() != z3.Z3_OP_ULEQ or t.arg(0).decl().kind() != z3.Z3_OP_BADD:
        return None
    rest = t.arg(0).children()
    for each in t.arg(1).children() if t.arg(1).decl().kind() == z3.Z3_OP_BADD else [t.arg(1)]:
        found = [index for index, other in enumerate(rest) if other.eq(each)]
        if not found:
            return None
        del rest[found[0]]
    taken = [each.arg(1) for each in rest if is_negative(each)]
    if not taken:
        return None
    minus = z3.BitVecVal(-1, rest[0].size())
    return reduce(lambda x, y: x + y, taken + [minus * each for each in rest if not is_negative(each)])


def is_negative(t: z3.BitVecRef) -> bool:
    """Whether `t` is -1 times something, as z3 states what is taken away."""
    if t.decl().kind() != z3.Z3_OP_BMUL or t.num_args() != 2 or not z3.is_bv_value(t.arg(0)):
        return False
    return bool(t.arg(0).as_long() == (1 << t.size()) - 1)


def constant(value: int) -> Number:
    return Number(z3.IntVal(value), value, value)


def compared(by: object, x: Number, y: Number) -> z3.BoolRef:
    at_ends = {by(a, b) for a in (x.low, x.high) for b in (y.low, y.high)}  # type: ignore[operator]
    return z3.BoolVal(at_ends.pop()) if len(at_ends) == 1 else by(x.term, y.term)  # type: ignore[operator]


def conjuncts_of(term: z3.BoolRef) -> list[z3.BoolRef]:
    return [each for child in term.children() for each in conjuncts_of(child)] if z3.is_and(term) else [term]


def bounds(conjuncts: list[z3.BoolRef]) -> dict[int, tuple[int, int]]:
    """Ranges of variables that the query states as Halmos does: `x = 0 . x[k:0]`, `x[n:k] = 0`, `x[k:0] <= c`."""
    highest: dict[int, int] = {}
    sizes: dict[int, int] = {}

    def limit(x: z3.BitVecRef, high: int) -> None:
        highest[x.get_id()] = min(high, highest.get(x.get_id(), high))
        sizes[x.get_id()] = x.size()

    def low_bits(t: z3.AstRef) -> tuple[z3.BitVecRef, int] | None:
        """`x[k:0]`, with or without zeros before it."""
        if t.decl().kind() == z3.Z3_OP_CONCAT and t.num_args() == 2 and z3.is_bv_value(t.arg(0)):
            return low_bits(t.arg(1)) if t.arg(0).as_long() == 0 else None
        if t.decl().kind() == z3.Z3_OP_EXTRACT and t.params()[1] == 0 and is_variable(t.arg(0)):
            return t.arg(0), t.params()[0] + 1
        return (t, t.size()) if is_variable(t) else None

    for _ in range(2):  # the second kind of statement needs what the first says
        for each in conjuncts:
            if z3.is_eq(each) and z3.is_bv(each.arg(0)):
                for x, y in (each.children(), each.children()[::-1]):
                    if is_variable(x) and (found := low_bits(y)) and found[0].eq(x) and found[1] < x.size():
                        limit(x, (1 << found[1]) - 1)
                    if z3.is_bv_value(y) and y.as_long() == 0 and x.decl().kind() == z3.Z3_OP_EXTRACT:
                        high, low = x.params()
                        of = x.arg(0)
                        if is_variable(of) and high + 1 >= highest.get(of.get_id(), (1 << of.size()) - 1).bit_length():
                            limit(of, (1 << low) - 1)
            most = at_most(each)
            if most is not None and (found := low_bits(most[0])):
                x, width = found
                if highest.get(x.get_id(), (1 << x.size()) - 1) < 1 << width:
                    limit(x, most[1])
    return {key: (0, high) for key, high in highest.items()}


def at_most(t: z3.BoolRef) -> tuple[z3.BitVecRef, int] | None:
    """`x` and `c`, if `t` says that `x` is at most the constant `c`."""
    if z3.is_not(t) and t.arg(0).decl().kind() == z3.Z3_OP_ULEQ and z3.is_bv_value(t.arg(0).arg(0)):
        least = t.arg(0).arg(0).as_long()
        return (t.arg(0).arg(1), least - 1) if least else None
    if t.decl().kind() == z3.Z3_OP_ULEQ and z3.is_bv_value(t.arg(1)):
        return t.arg(0), t.arg(1).as_long()
    return None


def is_variable(t: z3.AstRef) -> bool:
    return bool(z3.is_bv(t) and z3.is_const(t) and t.decl().kind() == z3.Z3_OP_UNINTERPRETED)


# ------------------------------------------------------------------------------------------------------------ solvers


def by_z3(problem: str, answers: "mp.Queue[tuple[str, dict[str, int]]]") -> None:
    solver = z3.SolverFor("QF_NIA")
    solver.from_string(problem)
    result = str(solver.check())
    model = {}
    if result == "sat":
        model = {str(each): solver.model()[each].as_long() for each in solver.model() if each.range() == z3.IntSort()}
    answers.put((result, model))


def by_cvc5(problem: str, answers: "mp.Queue[tuple[str, dict[str, int]]]") -> None:
    import cvc5  # takes half a second, which most queries do not need

    solver = cvc5.Solver()
    solver.setOption("produce-models", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, "(set-logic QF_NIA)\n" + problem, "problem")
    names = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        said = str(command.invoke(solver, names)).strip()
    model = {}
    if said == "sat":
        model = {
            str(each): solver.getValue(each).getIntegerValue()
            for each in names.getDeclaredTerms()
            if each.getSort().isInteger()
        }
    answers.put((said, model))


def solve(query: list[z3.BoolRef]) -> tuple[str, list[tuple[z3.BitVecRef, int]]]:
    """ "unsat", "sat" with a counterexample, or "unknown"."""
    translation = Translation(query)
    lemmas = translation.lemmas(True)
    translation.linear.set("rlimit", 20_000_000)
    for more in (lemmas, translation.lemmas(False)):
        translation.linear.add(*more)
        if translation.linear.check() == z3.unsat:
            return "unsat", []
    solver = z3.Solver()
    solver.add(*translation.assertions, *lemmas)
    if any(z3.is_false(each) for each in solver.assertions()):
        return "unsat", []
    # z3 names fresh constants word!1, which cvc5 wants quoted: it is, by z3.
    problem = solver.to_smt2()
    answers: mp.Queue[tuple[str, dict[str, int]]] = mp.Queue()
    at_work = [mp.Process(target=by, args=(problem, answers), daemon=True) for by in (by_z3, by_cvc5)]
    for each in at_work:
        each.start()
    for _ in at_work:
        result, model = answers.get()
        if result == "unsat":
            return result, []
        if result == "sat":
            values = [(t, model.get(str(n.term), n.low)) for t, n in translation.variables if is_variable(t)]
            check = z3.Solver()
            check.set("timeout", 10_000)
            check.add(*query, *(t == value for t, value in values))
            if check.check() == z3.sat:
                return result, values
    return "unknown", []


def main() -> None:
    # In a first query Halmos leaves open what multiplication and division are; here they always are what they are.
    text = re.sub(
        r"\(declare-fun f_evm_bvmul_(\d+) .*\)",
        r"(define-fun f_evm_bvmul_\1 ((x (_ BitVec \1)) (y (_ BitVec \1))) (_ BitVec \1) (bvmul x y))",
        Path(sys.argv[1]).read_text(),
    )
    text = re.sub(
        r"\(declare-fun f_evm_(bvudiv|bvurem|bvsdiv|bvsrem)_(\d+) .*\)",
        r"(define-fun f_evm_\1_\2 ((x (_ BitVec \2)) (y (_ BitVec \2))) (_ BitVec \2)"
        r" (ite (= y (_ bv0 \2)) (_ bv0 \2) (\1 x y)))",
        text,
    )
    result, values = solve(list(z3.parse_smt2_string(text)))
    sys.stdout.write(result + "\n")
    for t, value in values:
        sys.stdout.write(f"(define-fun {t} () (_ BitVec {t.size()}) (_ bv{value} {t.size()}))\n")


if __name__ == "__main__":
    main()
