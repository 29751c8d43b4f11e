"""Workers that are kept busy with orders until there are no more."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from tools.mutants.orders import Order, Outcome
from tools.mutants.project import PROJECT, STATE

Task = TypeVar("Task")
PASSED = ("HOME", "PATH", "SOLCX_BINARY_PATH", "APE_DATA_FOLDER")  # Ape reads all there are again and again
GRACE = 120.0  # beyond the limits of the tests [s]


class Worker:
    def __init__(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        with (STATE / f"worker{number}.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools.mutants.session", str(theirs.fileno())],
                cwd=PROJECT,
                env={name: os.environ[name] for name in PASSED if name in os.environ},
                pass_fds=[theirs.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.tests: list[str] = self.connection.recv()
        self.deadline = 0.0

    def send(self, order: Order) -> None:
        self.deadline = time.monotonic() + sum(order.limits) + GRACE
        self.connection.send(order)

    def stop(self) -> None:
        if self.process.poll() is None:
            try:
                self.connection.send(None)
                self.process.wait(30)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        self.connection.close()


class Crew(Generic[Task]):
    """`count` workers. One that dies or hangs is replaced, and its task answered with None."""

    def __init__(self, count: int) -> None:
        self.workers = [Worker(number) for number in range(count)]
        self.tests = self.workers[0].tests

    def work(
        self, tasks: Iterator[Task], order: Callable[[Task], Order]
    ) -> Iterator[tuple[Task, Order, Outcome | None]]:
        busy: dict[int, tuple[Task, Order]] = {}

        def next_one(number: int) -> None:
            task = next(tasks, None)
            if task is not None:
                busy[number] = (task, order(task))
                self.workers[number].send(busy[number][1])

        for number in range(len(self.workers)):
            next_one(number)
        while busy:
            ready = wait([self.workers[number].connection for number in busy], timeout=5)
            for number in list(busy):
                worker = self.workers[number]
                outcome: Outcome | None = None
                if worker.connection in ready:
                    try:
                        outcome = worker.connection.recv()
                    except EOFError:
                        self._replace(number)
                elif time.monotonic() > worker.deadline:
                    self._replace(number)
                else:
                    continue
                done = busy.pop(number)
                next_one(number)
                yield *done, outcome

    def _replace(self, number: int) -> None:
        self.workers[number].process.kill()
        self.workers[number].connection.close()
        self.workers[number] = Worker(number)

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()
