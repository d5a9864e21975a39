# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which Cloud Sync jobs a run has paused, on disk until they are resumed.

One private file per tenant in the state directory, not in the folder of a run: the next run, which knows nothing of a
killed one, finds it there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._journal import state_directory, state_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile, explained, header

_KIND = "sync_freeze"
_NAME = "sync-freeze.json"


class KeptFreeze(NamedTuple):
    """What stands in the file.

    :ivar since: when the first job was going to be paused (RFC 3339, UTC).
    :ivar purpose: the caller's own words, for a person who finds the jobs paused.
    :ivar jobs: the jobs, without what Graph said of them.
    """

    path: str
    since: str
    purpose: Optional[str]
    jobs: tuple[SyncJob, ...]


def read_freeze(tenant_id: str) -> KeptFreeze | None:
    """Return what is kept of a tenant, ``None`` if nothing is. Who only reads makes no directory for that.

    :raises Failure: when the file cannot be read: nobody else knows which jobs were running before.
    """
    path = os.path.join(state_path(tenant_id), _NAME)
    try:
        with explained(path, "read"), open(path, encoding="utf-8") as file:
            content = json.load(file)
        if content["kind"] == _KIND:
            jobs = tuple(SyncJob(job["service_principal"], job["domain"], job["id"], {}) for job in content["jobs"])
            return KeptFreeze(path, content["created"], content["purpose"], jobs)
    except (ValueError, KeyError, TypeError):
        pass
    except Failure:
        if not os.path.lexists(path):
            return None
        raise
    raise Failure(
        f"{path} should name the Cloud Sync jobs that an earlier run has paused, and is damaged. Look at the jobs, "
        "resume those that should run, and delete the file."
    )


def keep_freeze(tenant_id: str, jobs: Iterable[SyncJob], purpose: str | None, since: str | None = None) -> KeptFreeze:
    """Keep which jobs are going to be paused, on disk when this returns.

    :param since: when an earlier run paused them, if this one takes them over.
    """
    kept = tuple(job._replace(data={}) for job in jobs)
    content: dict[str, Any] = header(_KIND, tenant_id=tenant_id)
    content["created"] = since or content["created"]
    content["purpose"] = purpose
    content["jobs"] = [{"service_principal": job.service_principal, "domain": job.domain, "id": job.id} for job in kept]
    path = os.path.join(state_directory(tenant_id), _NAME)
    with AtomicFile(path) as file:
        file.write(json.dumps(content, indent=2).encode("utf-8") + b"\n")
    return KeptFreeze(path, content["created"], purpose, kept)


def forget_freeze(kept: KeptFreeze) -> None:
    """Delete the file once its jobs run again."""
    with explained(kept.path, "deleted"), contextlib.suppress(FileNotFoundError):
        os.unlink(kept.path)
