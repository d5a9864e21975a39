# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the action plugins show progress, and what the module's environment is then."""

from __future__ import annotations

import io
import json
import os
import threading

import pytest
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.plugins.shell.sh import ShellModule
from ansible.utils.display import Display

from ansible_collections.hybrid.identity.plugins.module_utils._progress import FEED_VARIABLE
from ansible_collections.hybrid.identity.plugins.plugin_utils import _progress_action as plugin

RECORD = {
    "time": "2026-11-23T12:00:00Z",
    "phase": "writing",
    "done": 5,
    "total": 10,
    "rate": None,
    "throttled_seconds": 0.0,
    "expected_end": None,
    "seconds": 4.0,
}


class Task:
    """What the plugin looks at."""

    action = "hybrid.identity.entra_immutable_id"
    async_val = 0
    no_log = False
    environment = None


class Connection:
    transport = "local"

    def __init__(self):
        self._shell = ShellModule()


@pytest.fixture
def action():
    return plugin.ProgressAction(Task(), Connection(), None, None, None, None)


class Shown(list):
    """What is handed to the display, ``(text, options)``; ``something`` is set as soon as there is any."""

    def __init__(self):
        super().__init__()
        self.something = threading.Event()

    def add(self, text, **options):
        self.append((text, options))
        self.something.set()


@pytest.fixture
def shown(monkeypatch):
    shown = Shown()
    monkeypatch.setattr(Display, "display", shown.add)
    monkeypatch.setattr(plugin, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(plugin, "_WIDTH", 80)
    monkeypatch.delenv(plugin.SWITCH_VARIABLE, raising=False)
    return shown


def run(action, monkeypatch, module, hosts=("a",)):
    """Run the action; ``module`` is given the path of the feed, ``None`` without one."""

    def run_module(self, _tmp=None, _task_vars=None):
        environment = {}
        self._compute_environment_string(environment)
        feed = environment.get(FEED_VARIABLE)
        module(feed)
        return {"changed": False, "feed": feed}

    monkeypatch.setattr(NormalAction, "run", run_module)
    return action.run(task_vars={"inventory_hostname": "a", "ansible_play_batch": list(hosts)})


def test_progress_is_shown_while_the_module_runs(action, shown, monkeypatch):
    def module(feed):
        assert os.stat(feed).st_mode & 0o777 == 0o600
        with open(feed, "a", encoding="utf-8") as file:
            file.write(json.dumps(RECORD) + "\n")
        assert shown.something.wait(30)

    result = run(action, monkeypatch, module)
    text, options = shown[0]
    assert text == "\rprogress: [a] writing, 5/10, 4 s so far"
    assert options == {"stderr": True, "screen_only": True, "newline": False}
    assert [text for text, _options in shown[1:]] == ["\r" + " " * (len(text) - 1), "\r"]
    assert not os.path.exists(result["feed"])


def test_what_cannot_be_read_does_not_touch_the_task(action, shown, monkeypatch):
    def module(feed):
        with open(feed, "a", encoding="utf-8") as file:
            file.write("no JSON\n")

    assert run(action, monkeypatch, module)["changed"] is False
    assert shown == []


def test_a_task_that_fails_leaves_nothing_behind(action, shown, monkeypatch):
    feeds = []

    def module(feed):
        feeds.append(feed)
        raise RuntimeError("the module cannot be run")

    with pytest.raises(RuntimeError):
        run(action, monkeypatch, module)
    assert not os.path.exists(feeds[0])
    assert "progress" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        ("task", "async_val", 60),
        ("task", "no_log", True),
        ("connection", "transport", "ssh"),
        ("display", "verbosity", -1),
        ("environment", plugin.SWITCH_VARIABLE, "0"),
        ("environment", plugin.SWITCH_VARIABLE, "No"),
    ],
)
def test_progress_is_off(action, shown, monkeypatch, place, name, value):
    if place == "environment":
        monkeypatch.setenv(name, value)
    else:
        target = {"task": action._task, "connection": action._connection, "display": Display()}[place]
        monkeypatch.setattr(target, name, value)
    assert run(action, monkeypatch, lambda feed: None)["feed"] is None
    assert shown == []


def test_the_environment_of_the_task_stays(action, monkeypatch):
    def compute(_self, environment):
        environment.update(A="b")
        return "A=b"

    monkeypatch.setattr(NormalAction, "_compute_environment_string", compute)
    assert action._compute_environment_string() == "A=b"
    action._feed = "/tmp/a feed"
    raw = {}
    assert action._compute_environment_string(raw) == f"A=b {FEED_VARIABLE}='/tmp/a feed'"
    assert raw == {"A": "b", FEED_VARIABLE: "/tmp/a feed"}


@pytest.mark.parametrize("variable", ["CI", "AWX_ISOLATED_DATA_DIR"])
def test_a_log_behind_a_terminal_is_a_log(monkeypatch, variable):
    for name in ("CI", "AWX_ISOLATED_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(os, "get_terminal_size", lambda _number: os.terminal_size((132, 40)))
    monkeypatch.setattr("sys.stderr", type("Stream", (), {"fileno": lambda self: 2})())
    assert plugin._terminal_width() == 132
    monkeypatch.setenv(variable, "true")
    assert plugin._terminal_width() is None


def test_what_is_no_terminal_has_no_width(monkeypatch):
    for name in ("CI", "AWX_ISOLATED_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")
    assert plugin._terminal_width() is None
    monkeypatch.setenv("TERM", "dumb")
    assert plugin._terminal_width() is None
