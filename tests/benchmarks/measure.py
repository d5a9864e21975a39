"""Whole processes measured, and what a benchmark returns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_LAUNCHER = Path(__file__).resolve().parent / "launcher.py"

AT_MOST, AT_LEAST = "at most", "at least"


class Skip(Exception):
    """This machine cannot run the benchmark; the text says why, and what would help."""


@dataclass(frozen=True)
class Command:
    """A process to measure, in just this environment."""

    arguments: Sequence[str | Path]
    environment: Mapping[str, str]
    #: What the process must print for the run to count, if that matters.
    expected: str | None = None


@dataclass(frozen=True)
class Usage:
    """What one run of a process took, its children included, or the medians of several runs."""

    #: Seconds by the clock.
    wall: float
    #: Seconds of processor time, user and system.
    cpu: float
    #: The largest resident memory of any of its processes, in MiB.
    memory: float
    runs: int = 1
    output: str = ""


@dataclass(frozen=True)
class Aim:
    """A measured value beside what it ought to be."""

    what: str
    measured: float
    limit: float
    sense: str = AT_MOST
    unit: str = "×"

    @property
    def missed_by(self) -> float:
        """By which share of the limit the aim is missed; 0: it is met."""
        over = self.measured - self.limit if self.sense == AT_MOST else self.limit - self.measured
        return max(over, 0) / self.limit if self.limit else float(over > 0)


@dataclass
class Section:
    """What a benchmark found, as the page shows it.

    Cells are text, or numbers that the page formats. ``skipped`` says why there are none.
    """

    title: str
    what: str
    columns: list[str] = field(default_factory=list)
    rows: list[list[str | float | int]] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str | None = None
    #: That the whole benchmark took.
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it for a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Section:
        """Return a section that :meth:`as_json` wrote."""
        return cls(**{**values, "aims": [Aim(**aim) for aim in values["aims"]]})


def thousands(number: float | int) -> str:
    """Return a number in groups of three digits, a fraction with two."""
    return (f"{number:,.2f}" if isinstance(number, float) else f"{number:,}").replace(",", " ")


#: The columns that :func:`usage_row` fills.
USAGE_COLUMNS = ["", "seconds", "× the peer's", "CPU seconds", "peak MiB", "runs"]


def usage_row(name: str, usage: Usage, peer: Usage | None = None) -> list[str | float | int]:
    """Return a row of the table: what it took, and its share of what the peer took."""
    share = f"{usage.wall / peer.wall:.2f}" if peer else ""
    return [name, round(usage.wall, 2), share, round(usage.cpu, 2), round(usage.memory), usage.runs]


def run(command: Command) -> Usage:
    """Run a process to its end and measure it.

    :raises RuntimeError: when it fails, or does not print what it must.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        done = subprocess.run(
            [sys.executable, "-I", "-S", _LAUNCHER, report, *map(str, command.arguments)],
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        wall, cpu, memory = map(float, report.read_text(encoding="ascii").split())
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode or (command.expected is not None and command.expected not in text):
        raise RuntimeError(
            f"{Path(str(command.arguments[0])).name} failed, or did not print {command.expected!r}; it printed:\n"
            f"{text[-3000:]}"
        )
    return Usage(wall, cpu, memory / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1, text)


def compare(
    commands: Mapping[str, Command], runs: int, say: Callable[[str], None] = lambda text: None
) -> dict[str, Usage]:
    """Run each command ``runs`` times, in turn, so that what else the machine does meets all alike.

    :return: the medians by the commands' names; ``output`` is the last run's.
    """
    found: dict[str, list[Usage]] = {name: [] for name in commands}
    for number in range(runs):
        for name, command in commands.items():
            found[name].append(run(command))
            say(f"{name}, run {number + 1} of {runs}: {found[name][-1].wall:.1f} s")
    return {name: median(usages) for name, usages in found.items()}


def median(usages: Sequence[Usage]) -> Usage:
    """Return the median of each number."""
    return Usage(
        statistics.median(usage.wall for usage in usages),
        statistics.median(usage.cpu for usage in usages),
        statistics.median(usage.memory for usage in usages),
        len(usages),
        usages[-1].output,
    )
