# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress is seen where it helps, and changes nothing else: no result, no standard output, nothing where it is off."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import stat
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import pytest

USER = "ada@example.com"
OTHER = "AAECAwQFBgcICQoLDA0ODw=="
ANCHOR = "ZmVlZGZhY2VjYWZlYmVlZg=="
# The first line of a log comes after ten seconds.
WAIT_SECONDS = 16
ELSEWHERE = '''
DOCUMENTATION = """
name: elsewhere
short_description: Another host, as far as Ansible knows
description: It is this one.
author: Nobody (@nobody)
options: {}
"""
from ansible.plugins.connection.local import Connection as Local

class Connection(Local):
    transport = "elsewhere"
    _remote_is_local = False
'''


@pytest.fixture(scope="module")
def tenant(start_tenant: Callable[..., harness.Tenant]) -> harness.Tenant:
    """A tenant with one user, for whom no sync ever comes."""
    users = [
        {"userPrincipalName": USER, "onPremisesImmutableId": ANCHOR, "onPremisesSyncEnabled": None},
        # Sync is on: somebody has come through it.
        {"userPrincipalName": "grace@example.com", "onPremisesImmutableId": OTHER, "onPremisesSyncEnabled": True},
    ]
    return start_tenant({"users": users, "domains": ["example.com"]})


class Waiting:
    """A playbook that waits in vain for a user's sync, while the test goes on."""

    def __init__(self, folder: Path, tenant: harness.Tenant, terminal: bool = False, **task: Any) -> None:
        folder.mkdir()
        self.folder = folder
        options = {
            "users": [{"user": USER, "immutable_id": ANCHOR}],
            "wait": True,
            "wait_timeout": WAIT_SECONDS,
            "dest": "status.jsonl",
        }
        environment, connection = task.pop("controller", {}), task.pop("connection", "local")
        (folder / "plugins").mkdir()
        (folder / "plugins" / "elsewhere.py").write_text(ELSEWHERE, encoding="utf-8")
        play = harness.local_play([{"name": "wait", "hybrid.identity.entra_sync_status": options, **task}])
        play["connection"] = connection
        (folder / "play.json").write_text(json.dumps([play]), encoding="utf-8")
        self.terminal, inner = pty.openpty() if terminal else (None, None)
        if inner is not None:
            fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 132, 0, 0))
        self._process = subprocess.Popen(
            ["ansible-playbook", "play.json", "-i", "localhost,"],
            env={
                **{name: value for name, value in harness.Playbooks(folder).environment.items() if name != "CI"},
                **tenant.environment,
                "ANSIBLE_CONNECTION_PLUGINS": str(folder / "plugins"),
                "ANSIBLE_ASYNC_DIR": str(folder / "async"),
                "TERM": "xterm",
                **environment,
            },
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if inner is None else inner,
            text=True,
        )
        if inner is not None:
            os.close(inner)

    def tail(self) -> tuple[int, list[dict[str, Any]]]:
        """Return the mode and the lines of the file to be tailed, as soon as it says that somebody is waited for."""
        path = self.folder / "status.jsonl.progress"
        while self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
                if lines and lines[-1]["phase"] == "waiting for the sync":
                    return stat.S_IMODE(path.stat().st_mode), lines
            time.sleep(0.1)
        raise AssertionError(f"there was no file to be tailed: {self._process.communicate()}")

    def screen(self) -> str:
        """Return all that a terminal got."""
        got = b""
        assert self.terminal is not None
        with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
            while data := os.read(self.terminal, 4096):
                got += data
        os.close(self.terminal)
        return got.decode()

    def finish(self) -> tuple[str, str, dict[str, Any]]:
        """Return standard output, standard error, and the task's result."""
        output, errors = self._process.communicate(timeout=harness.PLAYBOOK_SECONDS)
        assert self._process.returncode == 0, output + str(errors)
        assert not list(self.folder.glob("*.progress"))
        lines = (self.folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return output, errors, json.loads(lines[-1])["result"]

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def wait(tmp_path: Path, tenant: harness.Tenant) -> Iterator[Callable[..., Waiting]]:
    """Start such playbooks; none outlives the test."""
    started: list[Waiting] = []

    def start(name: str, **options: Any) -> Waiting:
        started.append(Waiting(tmp_path / name, tenant, **options))
        return started[-1]

    yield start
    for waiting in started:
        waiting.stop()


def lasting(value: Any) -> Any:
    """Return a result without what differs from run to run: durations, counts of requests, and clocks."""
    if isinstance(value, dict):
        volatile = ("seconds", "requests", "throttled_seconds", "service_time", "clock_skew")
        return {name: lasting(item) for name, item in value.items() if name not in volatile}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def test_a_log_gets_lines_on_standard_error_and_nothing_else_changes(wait: Callable[..., Waiting]) -> None:
    shown, quiet = wait("shown"), wait("quiet", controller={"HYBRID_IDENTITY_PROGRESS": "0"})
    mode, lines = shown.tail()
    assert mode == 0o600
    assert {line["module"] for line in lines} == {"entra_sync_status"}
    assert (lines[-1]["done"], lines[-1]["total"], lines[-1]["expected_end"]) == (0, 1, None)
    assert USER not in json.dumps(lines)
    quiet.tail()
    output, errors, result = shown.finish()
    quiet_output, quiet_errors, quiet_result = quiet.finish()
    progress = [line for line in errors.splitlines() if line.startswith("progress: ")]
    assert progress
    assert progress[-1].startswith("progress: [localhost] waiting for the sync, 0/1, ")
    assert "progress: " not in output + quiet_output + quiet_errors
    assert output == quiet_output
    assert lasting(result) == lasting(quiet_result)
    assert result["users"][0]["state"] == "pending"


def test_a_terminal_gets_one_line_that_is_gone_in_the_end(wait: Callable[..., Waiting]) -> None:
    waiting = wait("terminal", terminal=True)
    screen = waiting.screen()
    output, _errors, _result = waiting.finish()
    assert "progress: " not in output
    assert "\rprogress: [localhost] waiting for the sync, 0/1, " in screen
    assert screen.count("progress: ") > 2
    line = screen.partition("\n")[0]
    assert line.endswith("\r")
    assert line.rstrip("\r").rpartition("\r")[2].strip() == ""


def test_nothing_is_shown_elsewhere_or_later(wait: Callable[..., Waiting]) -> None:
    later = wait("later", **{"async": 120, "poll": 2})
    elsewhere = wait("elsewhere", connection="elsewhere")
    for waiting in (later, elsewhere):
        # What is not shown can be tailed all the same.
        waiting.tail()
    for waiting in (later, elsewhere):
        output, errors, result = waiting.finish()
        assert "progress: " not in output + errors
        assert result["users"][0]["state"] == "pending"


def without_the_plugins(folder: Path) -> Path:
    """Return a place where the collection is without its action plugins."""
    copy = folder / "ansible_collections" / "hybrid" / "identity"
    (copy / "plugins").mkdir(parents=True)
    for part in harness.COLLECTION.iterdir():
        if part.name != "plugins":
            (copy / part.name).symlink_to(part)
    for part in (harness.COLLECTION / "plugins").iterdir():
        if part.name != "action":
            (copy / "plugins" / part.name).symlink_to(part)
    return folder


def test_results_are_those_of_the_modules_alone(tmp_path: Path, tenant: harness.Tenant) -> None:
    export = (
        f"dn: CN=Ada,DC=example,DC=com\nobjectClass: user\nuserPrincipalName: ada@example.com\nobjectGUID:: {ANCHOR}\n"
    )
    own_options = {"src": "{{ playbook_dir }}/export.ldf", "anchor": "object_guid"}
    play = harness.local_play(
        [
            {"name": "loop", "hybrid.identity.ad_object_guid": {**own_options, "identities": "{{ item }}"},
             "loop": ["ada@example.com", "nobody@example.com"], "register": "found"},
            {"name": "delegated", "hybrid.identity.ad_object_guid": own_options, "delegate_to": "elsewhere"},
            {"name": "hidden", "hybrid.identity.ad_object_guid": own_options, "no_log": True},
            {"name": "refused", "hybrid.identity.ad_object_guid": {"src": "missing.ldf"}, "ignore_errors": True},
            {"name": "mistyped", "hybrid.identity.ad_object_guid": {"scr": "x"}, "ignore_errors": True},
            {"name": "plan", "hybrid.identity.entra_immutable_id": {**own_options, "on_existing": "replace"},
             "check_mode": True, "diff": True},
            {"name": "later", "hybrid.identity.ad_object_guid": own_options, "async": 60, "poll": 1},
            {"name": "skipped", "hybrid.identity.entra_sync_status": {}, "when": "found is failed"},
        ],
        module_defaults={"group/hybrid.identity.ad": {"return_limit": 1}},
    )  # fmt: skip
    results = []
    for name in ("with", "without"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "export.ldf").write_text(export, encoding="utf-8")
        runner = harness.Playbooks(folder)
        runner.environment["ANSIBLE_ASYNC_DIR"] = str(folder / "async")
        if name == "without":
            runner.environment["ANSIBLE_COLLECTIONS_PATH"] = str(without_the_plugins(folder / "collections"))
        run = runner.run([play], tenant.environment, inventory="localhost,elsewhere,")
        text = json.dumps([lasting(task) for task in run.succeeded().tasks]).replace(str(folder), "FOLDER")
        results.append([drop_job(task) for task in json.loads(text)])
    assert len(results[0]) == 8
    assert results[0] == results[1]


def drop_job(task: dict[str, Any]) -> dict[str, Any]:
    """Leave out what names an asynchronous job."""
    for name in ("ansible_job_id", "results_file", "ansible_async_watchdog_pid"):
        task["result"].pop(name, None)
    return task
