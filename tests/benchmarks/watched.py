"""A run watched from outside while it goes on: every process of it, by what it is, and ways to interrupt it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from measure import Skip

# Seconds between two looks at all processes, and at the condition that is waited for.
_INTERVAL, _POLL = 0.5, 0.1
_MODULE = re.compile(r"AnsiballZ_(\w+)")
_TICKS = os.sysconf("SC_CLK_TCK")
# For what a process is asked to end by itself.
_PATIENCE = 120.0


@dataclass
class Seen:
    """One process, as it was when it was looked at last."""

    #: The module it runs, else the name of its program.
    what: str
    began: float
    ended: float
    #: Seconds of processor time, user and system.
    cpu: float = 0.0
    #: Its largest resident memory so far, in MiB.
    memory: float = 0.0


class Watched:
    """A started command and everything that it starts.

    :param output: file that takes what it prints.
    :raises Skip: where processes cannot be looked at.
    """

    def __init__(
        self, command: Iterable[str | Path], environment: Mapping[str, str], folder: Path, output: Path
    ) -> None:
        if not Path("/proc/self/status").exists():
            raise Skip(f"the memory of a running process is read from /proc, which {sys.platform} does not have")
        self._began = time.monotonic()
        # By process and its start, because numbers are given again.
        self._seen: dict[tuple[int, str], Seen] = {}
        with open(output, "wb") as file:
            self.process = subprocess.Popen(
                [*map(str, command)],
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def seen(self) -> list[Seen]:
        """All processes there were, in the order of their start."""
        return sorted(self._seen.values(), key=lambda seen: seen.began)

    def wait(self, until: Callable[[], bool] = lambda: False, seconds: float = 7200) -> bool:
        """Wait for a condition or for the end; tell whether the run goes on.

        :raises RuntimeError: when the time is over.
        """
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and not until():
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"nothing came of it in {seconds:.0f} seconds")
            time.sleep(_POLL)
        return self.process.poll() is None

    def interrupt(self) -> None:
        """Press Ctrl-C: the terminal signals its foreground processes, and everybody has time to end."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.wait(seconds=_PATIENCE)
        deadline = time.monotonic() + _PATIENCE
        while self._living() and time.monotonic() < deadline:
            time.sleep(_INTERVAL)
        self.kill()

    def kill(self) -> None:
        """End all of it at once, as a lost machine would."""
        for pid in [self.process.pid, *self._living()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.finish()

    def finish(self) -> int:
        """Wait for the end, and return the exit code."""
        code = self.process.wait()
        self._thread.join()
        return code

    def _living(self) -> list[int]:
        """Those of its processes that are there now; who has lost its parent belongs to it still."""
        stats = ((pid, began, _stat(pid)) for pid, began in list(self._seen))
        return [pid for pid, began, fields in stats if fields and fields[19] == began and fields[0] != "Z"]

    def _watch(self) -> None:
        while self.process.poll() is None or self._living():
            self._look()
            time.sleep(_INTERVAL)

    def _look(self) -> None:
        stats = {int(entry): _stat(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
        children: dict[int, list[int]] = {}
        for pid, fields in stats.items():
            if fields:
                children.setdefault(int(fields[1]), []).append(pid)
        mine = [self.process.pid, *(pid for pid, began in self._seen if stats.get(pid, [])[19:20] == [began])]
        found: dict[int, None] = {}
        while mine:
            pid = mine.pop()
            if pid not in found:
                found[pid] = None
                mine += children.get(pid, [])
        now = time.monotonic() - self._began
        for pid in found:
            if stats.get(pid):
                self._note(pid, stats[pid], now)

    def _note(self, pid: int, fields: list[str], now: float) -> None:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:  # it has ended meanwhile
            return
        seen = self._seen.setdefault((pid, fields[19]), Seen("", now, now))
        seen.ended = now
        seen.cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        # As the program of an interpreter; shells around it name it too.
        module = _MODULE.search("".join(command[1:2]))
        # A process that is about to become another one has the other's name first.
        seen.what = module[1] if module else seen.what or _program(command)
        memory = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        seen.memory = max(seen.memory, int(memory[1]) / 1024 if memory else 0.0)


def _stat(pid: int) -> list[str]:
    """The fields of a process after its name, beginning with its state; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _program(command: list[str]) -> str:
    names = [os.path.basename(part) for part in command[:2]]
    return names[1] if len(names) > 1 and names[0].startswith("python") else names[0]
