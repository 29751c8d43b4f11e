"""
Mutation testing: `make mutants`.

Changes the contracts one operator, constant, condition, bound, statement, modifier or argument at a time and runs the
tests that reach the change, until one fails. What survives is a test that is missing or a change that changes nothing;
`equivalent.json` says of each of the latter why. The last result of each file is committed in `result.json`: a run
with `--only` mutates the files that it names, quicker to compile, and replaces theirs. Those of the AVSs come from

    make mutants ARGS="--only contracts/avs/*.sol contracts/examples/*.sol contracts/libraries/BLS.sol \\
        contracts/libraries/Caps.sol --tests tests/avs/"

Why not a maintained tool: slither-mutate, Gambit, Vertigo and the like compile once for each mutant, and one compile of
these contracts takes about a minute here (via-IR, a JavaScript compiler): 3,200 mutants would take days. Here all of
them are compiled at once, each asleep until the chain's coinbase names it (see `schemata`), and the tests go on in the
same session on the same node (see `session`): seconds a mutant.

Which tests reach a mutant is recorded once, from traces. Fixtures that deploy are made with no mutant on; a mutant that
survives and is reached by such a fixture is tried again with fixtures of its own. A kill counts only if the test passes
once more with no mutant on. Not mutated: mocks, interfaces, OpenZeppelin, assembly (but deleted), initial values of
constants that other constants are made of. Left out of the tests: `catenary`, `demo`, `deployment`, `bench`, `docs`,
`tools` (slow, on nodes of their own, or without contracts), `model` and `slashing/test_safe_search.py` (random
histories: minutes each). Tests of more than three seconds come last.

State is kept in `.mutants/`: a run that was interrupted goes on where it stopped, and one with new tests tries those
on the survivors only.
"""

import argparse
import hashlib
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tools.mutants.orders import COVER, Order, Outcome
from tools.mutants.project import STATE, prepare
from tools.mutants.schemata import Mutant, Schemata
from tools.mutants.solidity import ROOT, project_sources
from tools.mutants.workers import Crew

HERE = Path(__file__).parent
EQUIVALENT, RESULT = HERE / "equivalent.json", HERE / "result.json"
T = TypeVar("T")
SLOW = 3.0  # [s]
HOME = {  # the folder of the tests of a contract or of what it is made of
    "StakingVault": "vault",
    "DelegationManager": "delegation",
    "ShareSeconds": "delegation",
    "PoolMath": "delegation",
    "SlashingManager": "slashing",
    "SlashMath": "slashing",
    "RewardsDistributor": "rewards",
    "Earnings": "rewards",
    "Floors": "rewards",
    **dict.fromkeys(("AVSBase", "BLSQuorum", "OracleAVS", "OracleFeed", "Notary", "BLS", "Caps"), "avs"),
}


@dataclass
class Reach:
    """What one test reaches with no mutant on."""

    version: str
    seconds: float
    mutants: list[int]


@dataclass
class Verdict:
    key: str
    killed: bool
    by: str = ""
    why: str = ""
    tried: list[str] = field(default_factory=list)  # versions of the tests that it survived
    fresh: bool = False  # whether fixtures of its own were tried, too


class Run:
    def __init__(self, schemata: Schemata, digest: str, scope: str) -> None:
        self.scope = scope  # which tests take part
        self.mutants = schemata.mutants
        self.untyped = schemata.untyped
        self.folder = STATE / digest
        self.folder.mkdir(exist_ok=True)
        self.console = Console()
        self.reach: dict[str, Reach] = {}
        self.fixtures: set[int] = set()
        self.verdicts: dict[str, Verdict] = {}
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)  # of tests, by function and by file
        for line in _lines(self.folder / "verdicts.jsonl"):
            self.learn(Verdict(**json.loads(line)))
        path = self.folder / "reach.json"
        if path.is_file():
            stored = json.loads(path.read_text())
            self.reach = {name: Reach(**each) for name, each in stored["tests"].items()}
            self.fixtures = set(stored["fixtures"])

    # --- what tests reach ---

    def cover(self, crew: Crew[str]) -> None:
        """Runs each new or changed test once, with no mutant on."""
        self.reach = {name: self.reach[name] for name in crew.tests if name in self.reach}
        new = [name for name in crew.tests if name not in self.reach or self.reach[name].version != version(name)]
        new = [name for name in new if name.startswith(self.scope)]
        with self._progress() as progress:
            bar = progress.add_task("tests with no mutant on", total=len(new), note="")
            for name, _, outcome in crew.work(iter(new), lambda name: Order(COVER, [name], [600.0])):
                progress.advance(bar)
                if outcome and outcome.reached and outcome.failed and outcome.sound:
                    # It has too little gas or time to be traced: it may reach whatever its folder is for.
                    home = {number for number, mutant in self.mutants.items() if f"/{_home(mutant)}/" in name}
                    self.reach[name] = Reach(version(name), outcome.seconds[0], sorted(outcome.reached[0] | home))
                    continue
                if outcome is None or outcome.failed:
                    self.reach.pop(name, None)
                    self.console.print(f"left out, as it fails with no mutant on: {name}: {outcome and outcome.why}")
                    continue
                self.reach[name] = Reach(version(name), outcome.seconds[0], sorted(outcome.reached[0]))
                self.fixtures |= outcome.fixtures
                if len(self.reach) % 100 == 0:
                    self._store_reach()
        self._store_reach()

    def _store_reach(self) -> None:
        tests = {name: asdict(reach) for name, reach in self.reach.items()}
        (self.folder / "reach.json").write_text(json.dumps({"tests": tests, "fixtures": sorted(self.fixtures)}))

    # --- mutants ---

    def learn(self, verdict: Verdict) -> None:
        self.verdicts[verdict.key] = verdict
        if verdict.killed:
            file, function = verdict.key.split("|")[:2]
            self.kills[f"{file}|{function}"][verdict.by] += 1
            self.kills[file][verdict.by] += 1

    def tests(self, mutant: Mutant, fresh: bool) -> list[str]:
        """Those that could see it, the likeliest and quickest first."""
        if fresh:
            names = [name for name in self.reach if name.startswith(f"tests/{_home(mutant)}/")]
            names = [name for name in names if self.reach[name].seconds < SLOW]
        else:
            tried = set(self.verdicts[mutant.key].tried) if mutant.key in self.verdicts else set()
            names = [name for name in self._reaching()[mutant.id] if version(name) not in tried]
        near, far = self.kills[f"{mutant.file}|{mutant.function}"], self.kills[mutant.file]

        def rank(name: str) -> tuple[bool, float]:
            reach = self.reach[name]
            worth = (20 * near[name] + far[name] + 1) / (reach.seconds * (20 + len(reach.mutants)))
            return reach.seconds > SLOW, -worth

        return sorted(names, key=rank)

    def _reaching(self) -> dict[int, list[str]]:
        if not hasattr(self, "_by_mutant"):
            self._by_mutant: dict[int, list[str]] = defaultdict(list)
            for name, reach in self.reach.items():
                if name.startswith(self.scope):
                    for number in reach.mutants:
                        self._by_mutant[number].append(name)
        return self._by_mutant

    def order(self, task: tuple[Mutant, bool]) -> Order:
        mutant, fresh = task
        tests = self.tests(mutant, fresh)
        return Order(mutant.id, tests, [20 + 20 * self.reach[name].seconds for name in tests], fresh)

    def pending(self, wanted: list[Mutant]) -> list[tuple[Mutant, bool]]:
        """
        What is to be run: first with the common fixtures, then survivors that these reach with their own. Those that
        are said to change nothing take longest, all their tests, and come last.
        """
        first = [(mutant, False) for mutant in wanted if not self._is_killed(mutant) and self._is_new(mutant)]
        alone = [mutant for mutant in wanted if mutant.id in self.fixtures or not self._reaching()[mutant.id]]
        tasks = first + [(mutant, True) for mutant in alone]
        reasons = _reasons()
        return sorted(tasks, key=lambda task: (task[0].key in reasons, task[0].key in self.verdicts))

    def _is_killed(self, mutant: Mutant) -> bool:
        return mutant.key in self.verdicts and self.verdicts[mutant.key].killed

    def _is_new(self, mutant: Mutant) -> bool:
        return mutant.key not in self.verdicts or bool(self.tests(mutant, False))

    def kill(self, crew: Crew[tuple[Mutant, bool]], wanted: list[Mutant], loud: bool) -> None:
        tasks = self.pending(wanted)

        def due() -> Iterator[tuple[Mutant, bool]]:
            for mutant, fresh in tasks:
                verdict = self.verdicts.get(mutant.key)
                if fresh and verdict and (verdict.killed or verdict.fresh):
                    progress.advance(bar)
                    continue
                yield mutant, fresh

        with self._progress() as progress, (self.folder / "verdicts.jsonl").open("a") as file:
            bar = progress.add_task("mutants", total=len(tasks), note="")
            for (mutant, fresh), order, outcome in crew.work(due(), self.order):
                verdict = self.judge(mutant, fresh, order, outcome)
                self.learn(verdict)
                file.write(json.dumps(asdict(verdict)) + "\n")
                file.flush()
                survivors = sum(not each.killed for each in self.verdicts.values())
                progress.update(bar, advance=1, note=f"{survivors} survive")
                if loud or not verdict.killed:
                    self.console.print(self.told(mutant, verdict), markup=False, highlight=False, soft_wrap=True)

    def judge(self, mutant: Mutant, fresh: bool, order: Order, outcome: Outcome | None) -> Verdict:
        old = self.verdicts.get(mutant.key)
        tried = old.tried if old else []
        if outcome is None:
            return Verdict(mutant.key, False, why="the worker died", tried=tried, fresh=fresh)
        if outcome.failed and outcome.sound:
            return Verdict(mutant.key, True, outcome.failed, outcome.why, fresh=fresh)
        if outcome.failed:
            self.console.print(f"fails with no mutant on, too: {outcome.failed}", markup=False)
        tried = tried if fresh else tried + [version(name) for name in order.tests[: len(outcome.seconds)]]
        return Verdict(mutant.key, False, why=outcome.why, tried=tried, fresh=fresh or bool(old and old.fresh))

    # --- what is shown ---

    def told(self, mutant: Mutant, verdict: Verdict) -> str:
        fate = f"killed by {verdict.by}: {verdict.why}" if verdict.killed else f"SURVIVES {len(verdict.tried)} tests"
        change = f"- {mutant.before}\n+ {mutant.after}"
        return f"{mutant.id} {mutant.file}:{mutant.line} {mutant.function} ({mutant.kind}) {fate}\n{change}\n"

    def summary(self) -> bool:
        """Writes the result, and tells whether all survivors are explained."""
        reasons = _reasons()
        files: dict[str, Counter[str]] = defaultdict(Counter)
        survivors = []
        for mutant in self.mutants.values():
            verdict = self.verdicts.get(mutant.key)
            reason = reasons.get(mutant.key, "")
            fate = "pending" if verdict is None else "killed" if verdict.killed else "survived"
            files[mutant.file].update(["mutants", fate])
            if fate == "survived":
                files[mutant.file].update(["equivalent"] if reason else [])
                survivors.append({"at": f"{mutant.file}:{mutant.line}", "key": mutant.key, "equivalent": reason})
        stored = json.loads(RESULT.read_text())
        columns = ["mutants", "killed", "survived", "equivalent", "pending"]
        measured = {file: {column: counts[column] for column in columns} for file, counts in files.items()}
        rows: dict[str, dict[str, int]] = dict(sorted((stored["files"] | measured).items()))
        total = {column: sum(row[column] for row in rows.values()) for column in columns}
        untyped = [f"{mutant.file}:{mutant.line}: {mutant.before}" for mutant in self.untyped]
        result = {
            "total": total,
            "files": rows,
            "not_type_checked": _merged(stored["not_type_checked"], untyped, files, str),
            "survivors": _merged(stored["survivors"], survivors, files, lambda survivor: survivor["at"]),
        }
        RESULT.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
        self.console.print(f"{'':40}" + "".join(f"{column:>12}" for column in columns), soft_wrap=True)
        for file, counts in [*rows.items(), ("all", total)]:
            row = "".join(f"{count:12,}" for count in counts.values())
            self.console.print(f"{file:40}{row}", highlight=False, soft_wrap=True)
        judged = total["killed"] + total["survived"]
        if judged:
            self.console.print(f"killed: {total['killed'] / judged:.1%}")
        return total["survived"] == total["equivalent"]

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        return Progress(*columns, TextColumn("{task.fields[note]}"), console=self.console)


def _reasons() -> dict[str, str]:
    """Why survivors change nothing."""
    reasons: dict[str, str] = json.loads(EQUIVALENT.read_text())
    return reasons


def _merged(stored: list[T], new: list[T], measured: Container[str], place: Callable[[T], str]) -> list[T]:
    """Those of the files just measured are replaced; by file."""

    def file(each: T) -> str:
        return place(each).split(":")[0]

    return sorted([each for each in stored if file(each) not in measured] + new, key=file)


def _home(mutant: Mutant) -> str:
    return HOME.get(Path(mutant.file).stem, "registry")


@cache
def version(test: str) -> str:
    """Names a test as its file stands."""
    return f"{test}#{_hash(test.split('::')[0])}"


@cache
def _hash(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:8]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def main() -> int:
    sources = project_sources()
    own = [file for file in sources if not file.startswith("contracts/mocks/")]
    parser = argparse.ArgumentParser(prog="mutants", description="Mutation testing of the contracts.")
    parser.add_argument(
        "--only", metavar="FILE", nargs="+", choices=own, default=own, help="the mutants of these files"
    )
    parser.add_argument("--id", type=int, help="one mutant, with the change and the test that kills it")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants at random")
    parser.add_argument("--tests", default="tests/", metavar="FOLDER", help="with the tests of one folder only")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="write the result of what was run so far")
    arguments = parser.parse_args()

    schemata = Schemata(sources, arguments.only)
    run = Run(schemata, prepare(schemata.rendered()), arguments.tests)
    wanted = list(run.mutants.values())
    if arguments.id:
        wanted = [run.mutants[arguments.id]]
        run.verdicts.pop(wanted[0].key, None)
    if arguments.sample:
        wanted = random.Random(0).sample(wanted, min(arguments.sample, len(wanted)))
    if not arguments.report:
        crew: Crew[object] = Crew(1 if arguments.id else arguments.workers)
        try:
            run.cover(crew)  # type: ignore[arg-type]
            run.kill(crew, wanted, loud=bool(arguments.id))  # type: ignore[arg-type]
        finally:
            crew.stop()
    return 0 if run.summary() else 1


if __name__ == "__main__":
    sys.exit(main())
