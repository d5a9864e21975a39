# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""One writing run per app and tenant at a time: Microsoft counts the write quota for both together, in any process."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from typing import Callable

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import QUOTA_WINDOW
from ansible_collections.hybrid.identity.plugins.module_utils._journal import recent_writes, state_directory
from ansible_collections.hybrid.identity.plugins.module_utils._rows import explained, utc_now

_LONGEST_NOTE = 8192


@contextlib.contextmanager
def sole_writer(client: GraphClient, journal: str, wall_clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Keep other processes of this machine from writing with the same app to the same tenant while the block runs.

    What a run that has just ended has written counts for this one as well. The lock is a file in the private state
    directory; the system lets go of it when the process ends, however it ends.

    :param journal: where this run notes its writes, for whoever is refused.
    :param wall_clock: seconds since 1970, as journals have them.
    :raises Failure: if another process is writing.
    """
    handle = _locked(client)
    try:
        note = {"process": os.getpid(), "since": utc_now(), "journal": os.path.abspath(journal)}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(note).encode(), 0)
        now = wall_clock()
        written = recent_writes(client.tenant_id, (), now - QUOTA_WINDOW, client.options.graph_endpoint)
        client.limiter.count_earlier(now - write.time for write in written.values())
        yield
    finally:
        os.close(handle)


def _locked(client: GraphClient) -> int:
    # A rehearsal may have the id of the real tenant, never its address.
    whose = f"{client.options.graph_endpoint}\n{client.app_id}"
    name = f"{hashlib.sha256(whose.encode()).hexdigest()[:32]}.writer"
    path = os.path.join(state_directory(client.tenant_id), name)
    with explained(path, "written"):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise Failure(
                f"Another run on this machine is writing to tenant {client.tenant_id} as the same app"
                f"{' (' + client.app_id + ')' if client.app_id else ''}{holder}. Microsoft counts the write quota for "
                "both together, so nothing was written here. Wait until it has ended, then run this again. If two "
                "hosts of the inventory stand for one tenant, make them one: several exports are given to it together."
            ) from None
        except OSError:
            os.close(handle)
            raise
    return handle


def _holder(handle: int) -> str:
    """Return what the note says of whoever has the lock; it may just be about to write it."""
    try:
        note = json.loads(os.pread(handle, _LONGEST_NOTE, 0))
        return f": process {note['process']}, since {note['since']}, with the journal {note['journal']}"
    except (ValueError, KeyError, TypeError):
        return ""
