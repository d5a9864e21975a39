"""Writes every task's result as one JSON line to the file named by TASK_RESULTS_FILE, for the integration tests."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_results
type: notification
short_description: Writes task results to a file
description: Each line holds host, task, action, status and result of one task on one host.
"""


class CallbackModule(CallbackBase):
    """Results as the tests want them: complete, in order, without reading the screen."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_results"
    CALLBACK_NEEDS_ENABLED = True

    def _write(self, status: str, task_result: Any) -> None:
        # ansible-core 2.19 gave the private names public ones.
        public = hasattr(task_result, "result")
        task = task_result.task if public else task_result._task
        host = task_result.host if public else task_result._host
        result = task_result.result if public else task_result._result
        line = {
            "host": host.get_name(),
            "task": task.get_name(),
            "action": task.action,
            "status": status,
            # Not every ansible-core says so in the result itself.
            "result": {**result, "failed": True} if status == "failed" else result,
        }
        with open(os.environ["TASK_RESULTS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any, **_more: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, **_more: Any) -> None:
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: Any, **_more: Any) -> None:
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any, **_more: Any) -> None:
        self._write("unreachable", result)
