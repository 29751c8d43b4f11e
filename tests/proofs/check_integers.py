"""The translation of `tools/integers.py` says what z3 says of the words. It runs with `make proofs`, where z3 is."""

import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import z3

from tools.integers import Translation, solve

BITS = 4
VARIABLES = [z3.BitVec(name, BITS) for name in "abc"]


class Formulas:
    """Random ones, also in the forms that the optimizer, OpenZeppelin and Halmos give them."""

    def __init__(self, seed: int, known: bool) -> None:
        self.random = random.Random(seed)
        self.known = known  # only what is translated exactly

    def word(self, depth: int) -> z3.BitVecRef:
        if depth == 0 or self.random.random() < 0.1:
            constant = z3.BitVecVal(self.random.choice([0, 1, 2, 3, 8, 14, 15]), BITS)
            return constant if self.random.random() < 0.3 else self.random.choice(VARIABLES)
        x, y, z = (self.word(depth - 1) for _ in range(3))
        by = self.random.randrange(BITS + 1)
        low = self.random.randrange(BITS)
        condition = self.condition(depth - 1)
        one = z3.If(condition, z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS))
        most = z3.BitVecVal(15, BITS)
        less = x + most * y
        less_two = x + most * y + z
        wide = z3.ZeroExt(BITS, x) * z3.ZeroExt(BITS, y)
        terms = [
            *(x + y, x - y, x * y, x + y + z, x * y * z, -x, ~x, x * (y + z), (x + y) * z),
            *(z3.UDiv(x, y), z3.URem(x, y), z3.UDiv(x * y, y), z3.UDiv(x * y, z), z3.UDiv(x, z3.BitVecVal(by, BITS))),
            z3.If(y == 0, z3.BitVecVal(0, BITS), z3.UDiv(x, y)),
            *(z3.LShR(x, by), x << by, z3.BitVecVal(self.random.choice([1, 2, 6, 7, 12, 15]), BITS) & x),
            z3.Extract(BITS - 1, 0, z3.Concat(x, y)),
            z3.Extract(low + BITS - 1, low, z3.Concat(x, y)),
            z3.Concat(z3.Extract(1, 0, x), z3.Extract(3, 2, y)),
            *(z3.Extract(BITS - 1, 0, wide), z3.Extract(2 * BITS - 1, BITS, wide)),  # both words of `mul512`
            *(z3.If(condition, x, y), x * one, one * x),
            y ^ ((x ^ y) * one),  # `ternary`
            z3.ZeroExt(1, z3.Extract(BITS - 2, 0, y) ^ z3.Extract(BITS - 2, 0, (x ^ y) * one)),
            less * z3.If(z3.ULE(less, x), z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS)),  # `saturatingSub`
            less_two * z3.If(z3.ULE(less_two, x), z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS)),
        ]
        if not self.known:
            terms += [x / y, z3.SRem(x, y), x << y, z3.LShR(x, y), x >> y, x & y, x | y, x ^ y]
        return self.random.choice(terms)

    def condition(self, depth: int) -> z3.BoolRef:
        x, y, z = (self.word(depth) for _ in range(3))
        one = z3.If(self.random.choice([z3.ULE(x, y), z3.ULE(y, x)]), z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS))
        compared = self.random.choice(
            [
                *(z3.ULE(x, y), z3.ULT(x, y), z3.UGE(x, y), z3.UGT(x, y), x <= y, x < y, x >= y, x > y, x == y, x != y),
                z3.ULE(x + z3.BitVecVal(15, BITS) * y, x),  # whether x - y does not wrap
                z3.ULE(x + z3.BitVecVal(15, BITS) * y + z, x),
                z3.ULE(x + z, x),
                (x ^ y) * one == y,  # whether a ternary is zero
            ]
        )
        if depth == 0 or self.random.random() < 0.5:
            return compared
        other = self.condition(depth - 1)
        return self.random.choice(
            [
                *(z3.And(compared, other), z3.Or(compared, other), z3.Not(compared), z3.Xor(compared, other)),
                *(z3.Implies(compared, other), compared == other),
            ]
        )

    def bound(self) -> z3.BoolRef:
        """As Halmos states one."""
        x = self.random.choice(VARIABLES)
        bits = self.random.randrange(1, BITS)
        low = z3.Concat(z3.BitVecVal(0, BITS - bits), z3.Extract(bits - 1, 0, x))
        return self.random.choice(
            [
                *(x == low, low == x, z3.Extract(BITS - 1, bits, x) == 0),
                z3.ULE(x, z3.BitVecVal(self.random.randrange(16), BITS)),
                z3.Not(z3.ULE(z3.BitVecVal(self.random.randrange(16), BITS), x)),
                z3.ULE(low, z3.BitVecVal(self.random.randrange(16), BITS)),
                z3.ULE(x, self.random.choice(VARIABLES)),
            ]
        )

    def query(self, depth: int = 2) -> list[z3.BoolRef]:
        found = [self.bound() for _ in range(self.random.randrange(4))]
        found += [self.condition(depth) for _ in range(self.random.randrange(1, 4))]
        # Simplified, some are of the forms that it does not know.
        return found if self.known else [z3.simplify(each) for each in found]


def holds(query: list[z3.BoolRef], values: list[int]) -> bool:
    given = [(x, z3.BitVecVal(value, BITS)) for x, value in zip(VARIABLES, values, strict=True)]
    return bool(z3.is_true(z3.simplify(z3.substitute(z3.And(*query), *given))))


def said(query: list[z3.BoolRef]) -> str:
    solver = z3.Solver()
    solver.add(*query)
    return str(solver.check())


class Integers(unittest.TestCase):
    def test_translation__of_words_at_random__holds_exactly_where_the_query_does(self) -> None:
        self.compare(range(200), known=True)

    def test_translation__of_what_it_does_not_know__holds_where_the_query_does(self) -> None:
        self.compare(range(1_000, 1_100), known=False)

    def compare(self, seeds: range, known: bool) -> None:
        where = {True: 0, False: 0}
        for seed in seeds:
            formulas = Formulas(seed, known)
            query = formulas.query()
            translation = Translation(query)
            solver = z3.Solver()
            solver.add(*translation.assertions, *translation.lemmas(True), *translation.lemmas(False))
            points = [[formulas.random.randrange(16) for _ in VARIABLES] for _ in range(200)]
            points = [each for each in points if holds(query, each)][:5] + points[:5]  # few hold by chance
            for values in points:
                at = dict(zip([x.get_id() for x in VARIABLES], values, strict=True))
                result = solver.check(*(n.term == at[t.get_id()] for t, n in translation.variables if t.get_id() in at))
                expected = holds(query, values)
                where[expected] += 1
                if known or expected:
                    assert str(result) == ("sat" if expected else "unsat"), f"seed {seed} at {values}"
        assert min(where.values()) > len(seeds)

    def test_solve__at_random__answers_as_z3_does(self) -> None:
        answers = {"sat": 0, "unsat": 0}
        for seed in range(2_000, 2_030):
            query = Formulas(seed, known=True).query(1)  # deeper ones take long
            expected = said(query)
            answers[expected] += 1
            result, values = solve(query)
            assert result == expected, f"seed {seed}"
            assert said([*query, *(t == value for t, value in values)]) == result, f"seed {seed}"
        assert min(answers.values()) > 2

    def test_solve__of_what_it_does_not_know__never_answers_otherwise(self) -> None:
        for seed in range(3_000, 3_015):
            query = Formulas(seed, known=False).query(1)
            assert solve(query)[0] in {said(query), "unknown"}, f"seed {seed}"

    def test_main__takes_what_halmos_leaves_open_for_what_it_is_in_the_evm(self) -> None:
        for name, result in (("bvmul", 6), ("bvudiv", 1), ("bvurem", 1)):
            assert self.answer(f"(= (f_evm_{name}_256 x y) (_ bv{result} 256))", 3, 2) == "sat"
            assert self.answer(f"(not (= (f_evm_{name}_256 x y) (_ bv{result} 256)))", 3, 2) == "unsat"
            assert self.answer(f"(not (= (f_evm_{name}_256 x y) (_ bv0 256)))", 3, 0) == "unsat"

    def answer(self, claim: str, x: int, y: int) -> str:
        declared = ""
        for name in ("bvmul", "bvudiv", "bvurem"):
            words = "(_ BitVec 256)"
            declared += f"(declare-fun f_evm_{name}_256 ({words} {words}) {words})\n"
        for name, value in (("x", x), ("y", y)):
            declared += f"(declare-fun {name} () (_ BitVec 256))\n(assert (= {name} (_ bv{value} 256)))\n"
        with tempfile.TemporaryDirectory() as folder:
            query = Path(folder) / "query.smt2"
            query.write_text(f"{declared}(assert {claim})\n(check-sat)\n")
            run = subprocess.run(
                [sys.executable, "tools/integers.py", str(query)], capture_output=True, text=True, check=True
            )
        return run.stdout.split()[0]


if __name__ == "__main__":
    unittest.main()
