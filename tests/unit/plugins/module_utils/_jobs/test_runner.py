# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boundary to Ansible: what a job returns or raises, as the module's JSON."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible.module_utils import basic

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import Limiter
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import as_failure, run_job


@pytest.fixture
def run(monkeypatch):
    """Run a job as a module; return what the module printed."""
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(job):
        output = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", output)
            with pytest.raises(SystemExit):
                run_job({}, job)
        return json.loads(output.getvalue())

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(exc):
    def job(_params, _context):
        raise exc

    return job


def test_a_result_is_returned(run):
    result = run(lambda _params, _context: {"changed": True, "users": []})
    assert result["changed"] is True
    assert result["users"] == []
    assert "failed" not in result


def test_failed_rows_fail_the_module_and_keep_the_result(run):
    result = run(lambda _params, _context: {"changed": True, "failed": True, "msg": "1 of 2 rows failed."})
    assert (result["failed"], result["changed"], result["msg"]) == (True, True, "1 of 2 rows failed.")


def test_a_failure_carries_its_fields(run):
    result = run(raising(Failure("The disk is full.", changed=True, journal="j.jsonl")))
    assert (result["failed"], result["changed"], result["msg"]) == (True, True, "The disk is full.")
    assert result["journal"] == "j.jsonl"


def test_a_failure_changes_nothing_unless_it_says_so(run):
    assert run(raising(Failure("No.")))["changed"] is False


def test_a_defect_shows_where_and_not_what(run):
    secret = "p4ssw0rd"
    result = run(raising(ValueError(secret)))
    assert result["failed"] is True
    assert "ValueError" in result["msg"]
    assert secret not in json.dumps(result)
    with pytest.raises(ValueError, match=secret) as caught:
        raising(ValueError(secret))(None, None)
    failure = as_failure(caught.value)
    assert "test_runner.py" in failure.result["exception"]
    assert secret not in failure.message + failure.result["exception"]


def test_the_signal_with_which_ansible_ends_modules_leaves_things_in_order(run):
    cleaned = []

    def job(_params, _context):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            cleaned.append(True)
        return {}

    result = run(job)
    assert cleaned == [True]
    assert result["failed"] is True
    assert "stopped" in result["msg"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_thread_waits_for_its_turn_when_the_run_is_ended(run, number):
    limiter = Limiter()
    limiter.throttled(300, time.monotonic())

    def turn():
        with limiter.slot():
            pass

    def job(_params, _context):
        with ThreadPoolExecutor(1) as threads:
            threads.submit(turn)
            os.kill(os.getpid(), number)
        return {}

    began = time.monotonic()
    assert "stopped" in run(job)["msg"]
    assert time.monotonic() - began < 150
