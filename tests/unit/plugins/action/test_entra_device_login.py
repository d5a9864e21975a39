# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin runs on the controller, shows the prompt while it waits, and turns failures into results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.hybrid.identity.plugins.action import entra_device_login as plugin
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure


class Task:
    """What the plugin looks at."""

    action = "hybrid.identity.entra_device_login"
    async_val = 0
    check_mode = True
    diff = False

    def __init__(self, args):
        self.args = args


@pytest.fixture
def run(monkeypatch):
    def call(login, **args):
        monkeypatch.setattr(plugin, "device_login", login)
        connection = type("Connection", (), {"_shell": type("Shell", (), {"tmpdir": None})()})()
        action = plugin.ActionModule(Task(args), connection, None, None, None, None)
        return action.run(task_vars={})

    return call


def test_arguments_and_check_mode_reach_the_login(run, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant-of-the-environment")
    seen = {}

    def login(params, check_mode, show):
        seen.update(params=params, check_mode=check_mode, show=show)
        return {"changed": True, "username": "ada@contoso.com"}

    result = run(login, token_cache="/tmp/x", login_timeout="5")
    assert (result["changed"], result["username"]) == (True, "ada@contoso.com")
    assert seen["check_mode"] is True
    assert seen["params"]["tenant_id"] == "tenant-of-the-environment"
    assert seen["params"]["login_timeout"] == 5
    assert seen["params"]["force"] is False
    assert seen["show"].__self__.__class__.__name__ == "Display"


def test_a_failure_is_a_result(run):
    def login(*_arguments):
        raise Failure("It was declined.")

    result = run(login)
    assert (result["failed"], result["changed"], result["msg"]) == (True, False, "It was declined.")


def test_the_module_itself_says_where_it_runs():
    module = Path(plugin.__file__).parents[1] / "modules" / "entra_device_login.py"
    done = subprocess.run(
        [sys.executable, str(module)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {}}),
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        check=False,
    )
    answer = json.loads(done.stdout)
    assert answer["failed"] is True
    assert "controller" in answer["msg"]
