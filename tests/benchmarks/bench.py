"""What a benchmark is given: the installed collection, a folder, peers, and ways to run playbooks."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import harness
import peers
from measure import Command, Skip, Usage, compare

PROGRAMS = Path(__file__).resolve().parent / "programs"


class Bench:
    """One benchmark's surroundings.

    :param quick: fewer and smaller: to see that everything runs, not to quote.
    :param folder: the benchmark's own, which goes when it is done.
    """

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.quick = quick
        self.folder = folder
        self.python = Path(sys.executable)
        self.ansible_playbook = self.python.parent / "ansible-playbook"

    @staticmethod
    def say(text: str) -> None:
        """Tell who waits what goes on."""
        print(f"  {text}", file=sys.stderr, flush=True)

    def compare(self, commands: Mapping[str, Command], runs: int) -> dict[str, Usage]:
        """Run commands in turn and return the medians."""
        return compare(commands, 1 if self.quick else runs, self.say)

    def program(
        self,
        name: str,
        *arguments: object,
        peer: bool | str = False,
        environment: Mapping[str, str] | None = None,
        expected: str | None = None,
    ) -> Command:
        """Return one of ``programs/``, on the collection's interpreter or on the peers'.

        :param peer: the package of the peer, or true for python-ldap.
        """
        python = peers.python(*([peer] if isinstance(peer, str) else [])) if peer else self.python
        surroundings = {**harness.clean_environment(), "PYTHONPATH": str(harness.COLLECTIONS), **(environment or {})}
        return Command([python, PROGRAMS / name, *map(str, arguments)], surroundings, expected)

    def module(
        self,
        name: str,
        arguments: Mapping[str, Any],
        environment: Mapping[str, str],
        window: float | None = None,
        runs: int = 1,
    ) -> tuple[Usage, dict[str, Any]]:
        """Run a module as a process of its own, and return what that took, and the module's last result.

        :param arguments: ``_ansible_check_mode`` may be among them.
        :param window: seconds of the write quota's window, to scale its clock down.
        :param runs: how often, for the medians; once in a quick run.
        """
        given, result = self.folder / f"{name}.arguments", self.folder / f"{name}.result"
        given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}), encoding="utf-8")
        scale = () if window is None else (window,)
        try:
            command = self.program("run_module.py", name, given, result, *scale, environment=environment)
            usage = self.compare({name: command}, runs)[name]
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{result.read_text(encoding='utf-8')[-3000:]}") from None
        return usage, json.loads(result.read_text(encoding="utf-8"))

    def playbook(
        self,
        name: str,
        tasks: list[dict[str, Any]],
        environment: Mapping[str, str] | None = None,
        *,
        peer: bool = False,
    ) -> Command:
        """Return a whole playbook of tasks on localhost; with ``peer`` their modules run on the peers' interpreter."""
        play = harness.local_play(tasks)
        collections = [str(harness.COLLECTIONS)]
        if peer:
            play["vars"]["ansible_python_interpreter"] = str(peers.python())
            collections.append(str(peers.collections()))
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps([play]), encoding="utf-8")
        surroundings = harness.Playbooks(self.folder).environment | {"ANSIBLE_COLLECTIONS_PATH": ":".join(collections)}
        del surroundings["ANSIBLE_CALLBACKS_ENABLED"]  # which writes every result to a file
        return Command(
            [self.ansible_playbook, path, "-i", "localhost,"],
            {**surroundings, **(environment or {})},
            expected="failed=0",
        )

    @contextlib.contextmanager
    def tenant(self, seed: Mapping[str, Any] | Path) -> Iterator[harness.Tenant]:
        """Have a rehearsal tenant."""
        tenant = harness.Tenant.start(self.folder / "tenant", seed)
        try:
            yield tenant
        finally:
            tenant.stop()

    @contextlib.contextmanager
    def domain_controller(self, *arguments: object) -> Iterator[harness.DomainController]:
        """Have a Samba domain controller; its directory is made once and kept.

        :param arguments: of ``samba_dc.py start``.
        :raises Skip: where there can be none.
        """
        if not Path(harness.SYSTEM_PYTHON).exists():
            raise Skip(f"there is no {harness.SYSTEM_PYTHON}, which Samba's bindings need")
        script = [harness.SYSTEM_PYTHON, str(harness.SUPPORT / "samba_dc.py")]
        folder = ["--dir", str(self.folder / "samba")]
        self.say("starting a Samba domain controller; making its directory, the first time, takes minutes")
        try:
            done = subprocess.run(
                [*script, "start", *folder, *map(str, arguments)],
                env=harness.clean_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise Skip(done.stderr.strip().rpartition("Samba domain controller: ")[2])
            yield harness.DomainController(Path(done.stdout.strip()))
        finally:
            subprocess.run([*script, "stop", *folder], check=True, timeout=60)
