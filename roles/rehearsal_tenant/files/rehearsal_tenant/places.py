# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a running tenant in its directory, and the lock that tells whether it runs."""

from __future__ import annotations

import fcntl
import os
from typing import Optional

ENV_FILE = "tenant.env"
PID_FILE = "tenant.pid"
LOG_FILE = "tenant.log"


def hold_lock(directory: str) -> Optional[str]:
    """Mark this process as the tenant of the directory for as long as it lives.

    The lock lies on the pid file and dies with the process, so a pid left behind by a crash never points at a stranger.

    :returns: path of the pid file, or None when another process holds it.
    """
    path = os.path.join(directory, PID_FILE)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return path


def running_pid(directory: str) -> Optional[int]:
    """The process that serves this directory, or None."""
    try:
        with open(os.path.join(directory, PID_FILE), encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read().strip() or 0) or None
    except (FileNotFoundError, ValueError):
        pass
    return None
