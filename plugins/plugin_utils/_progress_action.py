# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the action plugins of long modules share: they run the module as usual, and meanwhile show how far it is."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from ansible import constants
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.hybrid.identity.plugins.module_utils._progress import FEED_VARIABLE
from ansible_collections.hybrid.identity.plugins.plugin_utils._progress_lines import Lines

SWITCH_VARIABLE = "HYBRID_IDENTITY_PROGRESS"

_OFF = ("0", "false", "no", "off")
# Logs that are behind a pseudo-terminal all the same: ansible-runner (AWX, Automation Platform) and CI services.
_LOGS = ("AWX_ISOLATED_DATA_DIR", "CI")
_LOOK_SECONDS = 0.5
# Of a terminal that does not tell.
_USUAL_WIDTH = 80


def _terminal_width() -> int | None:
    """Return the width of the terminal that standard error is, ``None`` if it is none."""
    if os.environ.get("TERM", "dumb") == "dumb" or any(os.environ.get(name) for name in _LOGS):
        return None
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError, AttributeError):
        return None


# Ansible imports action plugins before it starts the workers, and there standard error leads nowhere (ansible-core
# 2.19). Where it does not, lines stay, as in a log.
_WIDTH = _terminal_width()


class ProgressAction(NormalAction):
    """Runs the module of the same name, with lines on standard error meanwhile. The result is the module's."""

    _feed: str | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module."""
        with contextlib.ExitStack() as stack:
            if self._is_shown():
                stack.enter_context(self._showing(task_vars or {}))
            result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _is_shown(self) -> bool:
        return not (
            self._task.async_val
            or self._task.no_log
            or self._connection.transport != "local"
            or Display().verbosity < 0
            or os.environ.get(SWITCH_VARIABLE, "").strip().lower() in _OFF
        )

    def _compute_environment_string(self, raw_environment_out: dict[str, Any] | None = None) -> str:
        """Tell the module where to write, without a trace in the task or its arguments."""
        environment: dict[str, Any] = {} if raw_environment_out is None else raw_environment_out
        text: str = super()._compute_environment_string(environment)
        if self._feed is None:
            return text
        environment[FEED_VARIABLE] = self._feed
        prefix: str = self._connection._shell.env_prefix(**environment)  # pylint: disable=protected-access
        return prefix

    @contextlib.contextmanager
    def _showing(self, task_vars: dict[str, Any]) -> Iterator[None]:
        """Show lines while the block lasts."""
        # There Ansible itself removes what a killed task leaves.
        with tempfile.NamedTemporaryFile(suffix=".progress", dir=constants.DEFAULT_LOCAL_TMP) as file:
            self._feed = file.name
            # The lines of several hosts would overwrite each other.
            width = _WIDTH if len(task_vars.get("ansible_play_batch") or ()) <= 1 else None
            lines = Lines(file.name, f"progress: [{task_vars.get('inventory_hostname')}]", _show, width)
            over = threading.Event()
            thread = threading.Thread(target=_watch, args=(lines, over), name="progress", daemon=True)
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()
                lines.end()


def _watch(lines: Lines, over: threading.Event) -> None:
    began = time.monotonic()
    # Nothing that goes wrong here may touch the task.
    with contextlib.suppress(Exception):
        while not over.wait(_LOOK_SECONDS):
            lines.look(time.monotonic() - began)


def _show(text: str, ends: bool) -> None:
    """Hand a text to the one process that writes; not to the log file, which would get each rewritten line."""
    Display().display(text, stderr=True, screen_only=True, newline=ends)
