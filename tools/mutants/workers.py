"""Workers that are kept busy with orders until there are no more."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from tools.mutants.orders import CHECK, Order, Outcome
from tools.mutants.project import PROJECT, STATE

Task = TypeVar("Task")
PASSED = ("HOME", "PATH", "SOLCX_BINARY_PATH", "APE_DATA_FOLDER")  # Ape reads all there are again and again
GRACE = 60.0  # beyond the limit of a test [s]


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
        self.running = ""
        self.limits = dict(zip(order.tests, order.limits, strict=True))
        self.deadline = time.monotonic() + GRACE
        self.connection.send(order)

    def receive(self) -> Outcome | None:
        """The outcome; None if it says which test it begins with."""
        message: Outcome | str = self.connection.recv()
        if isinstance(message, Outcome):
            return message
        limit = CHECK if message == self.running else self.limits[message]  # the second time with no mutant on
        self.running, self.deadline = message, time.monotonic() + limit + GRACE
        return None

    def stop(self) -> None:
        if self.process.poll() is None:
            try:
                self.connection.send(None)
                self.process.wait(30)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        self.connection.close()


class Crew(Generic[Task]):
    """
    `count` workers. One that dies or hangs is replaced, and its task answered with None. One that hangs is given one
    more try, on the new worker; if that hangs, too, the test in which it does has failed.
    """

    def __init__(self, count: int) -> None:
        self.workers = [Worker(number) for number in range(count)]
        self.tests = self.workers[0].tests

    def work(
        self, tasks: Iterator[Task], order: Callable[[Task], Order]
    ) -> Iterator[tuple[Task, Order, Outcome | None]]:
        busy: dict[int, tuple[Task, Order]] = {}
        hung: set[int] = set()  # those whose task made another worker hang

        def next_one(number: int) -> None:
            hung.discard(number)
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
                        outcome = worker.receive()
                        if outcome is None:
                            continue
                    except EOFError:
                        self._replace(number)
                elif time.monotonic() > worker.deadline:
                    self._replace(number)
                    if number not in hung:
                        hung.add(number)
                        self.workers[number].send(busy[number][1])
                        continue
                    outcome = Outcome(worker.running, "hangs")
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
