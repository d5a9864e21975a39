# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a running tenant in its directory, and the lock that tells whether it runs."""

from __future__ import annotations

import fcntl
import os
import time
from typing import Optional

ENV_FILE = "tenant.env"
PID_FILE = "tenant.pid"
LOG_FILE = "tenant.log"
_ATTEMPTS, _PAUSE_SECONDS = 5, 0.05


def hold_lock(directory: str) -> bool:
    """Mark this process as the tenant of the directory for as long as it lives; False when another one is.

    The lock lies on the pid file and dies with the process: a pid that is left behind never points at a stranger. So
    the file stays, and nobody has to take it away in the right moment.
    """
    descriptor = os.open(os.path.join(directory, PID_FILE), os.O_RDWR | os.O_CREAT, 0o600)
    # Whoever looks whether a tenant runs holds the lock for an instant.
    for _attempt in range(_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            return True
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
    os.close(descriptor)
    return False


def running_pid(directory: str) -> Optional[int]:
    """The process that serves this directory, or None."""
    try:
        with open(os.path.join(directory, PID_FILE), encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0) or None
    except (FileNotFoundError, ValueError):
        pass
    return None
