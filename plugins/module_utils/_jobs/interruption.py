# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Ctrl-C and SIGTERM at a moment when much is under way whose answers somebody has to note."""

from __future__ import annotations

import signal
import threading
from typing import Any, Callable

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """A block that SIGINT and SIGTERM do not break into: they wait until it ends. A second one does not wait.

    ``pending``: one has come, so begin nothing new. Outside the main thread, which alone gets signals, nothing happens.

    :param stop: is called when one comes, to cut short what is waited for.
    :raises KeyboardInterrupt: at the end of the block, if one has come.
    """

    def __init__(self, stop: Callable[[], None] = lambda: None) -> None:
        self.pending = False
        self._stop = stop
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *_details: object) -> None:
        self._give_back()
        if self.pending and exc_type is None:
            raise KeyboardInterrupt

    def _note(self, _number: int, _frame: object) -> None:
        if self.pending:
            self._give_back()
            raise KeyboardInterrupt
        self.pending = True
        self._stop()

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
