# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The one exception that ends a whole run."""

from __future__ import annotations

from typing import Any


class Failure(Exception):
    """A whole-run error: one sentence that says what was tried, what answered, and what to do.

    Everything below the modules raises this or a subclass; only ``_jobs/runner.py`` turns it into ``fail_json``.
    One bad row is never a Failure: it becomes a row with a reason.

    :param message: the sentence; it must hold no secret.
    :param result: further result fields, for example ``summary``, ``dest``, ``journal``, ``changed``.
    """

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.message = message
        self.result = result
