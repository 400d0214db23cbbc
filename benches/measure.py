"""Runs commands in turn and keeps what each took."""

import os
import random
import statistics
import time
from dataclasses import dataclass, field


@dataclass
class Command:
    """One line of the table: what runs, where, and what it took."""

    group: str
    name: str
    program: str
    arguments: list[str]
    folder: str
    steps: int = 1
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    kilobytes: list[int] = field(default_factory=list)

    def median(self):
        return statistics.median(self.seconds)

    def processor_median(self):
        """Seconds of processor time: what a busy machine disturbs less than the clock on the wall."""
        return statistics.median(self.processor)

    def memory(self):
        """Megabytes at the peak; a child is never told less than the process that started it had, about 15 MB."""
        return statistics.median(self.kilobytes) / 1024

    def forget(self):
        for kept in (self.seconds, self.processor, self.kilobytes):
            kept.clear()

    def run(self, environment):
        """Runs once with no input and no place for output."""
        os.chdir(self.folder)
        nothing = os.devnull
        streams = [(os.POSIX_SPAWN_OPEN, number, nothing, os.O_RDWR, 0) for number in range(3)]
        started = time.perf_counter()
        child = os.posix_spawn(self.program, [os.path.basename(self.program), *self.arguments], environment, file_actions=streams)
        _, status, used = os.wait4(child, 0)
        self.seconds.append(time.perf_counter() - started)
        self.processor.append(used.ru_utime + used.ru_stime)
        self.kilobytes.append(used.ru_maxrss)
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            raise SystemExit(f"{self.program} {' '.join(self.arguments)} in {self.folder} ended with {code}; a run that failed is no figure")


def interleaved(commands, runs, environment):
    """Goes round all commands, in a new order each time, so that what disturbs the machine disturbs all of them.

    The first round warms the caches and is not kept.
    """
    order = random.Random(1)
    for round_ in range(runs + 1):
        for command in order.sample(commands, len(commands)):
            command.run(environment)
        if round_ == 0:
            for command in commands:
                command.forget()
