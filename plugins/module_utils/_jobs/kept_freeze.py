# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Which Cloud Sync jobs a run has paused, on disk until they are resumed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept import read_kept, write_kept

_KIND = "sync_freeze"
_DAMAGED = (
    "should name the Cloud Sync jobs that an earlier run has paused, and is damaged. Look at the jobs, resume those "
    "that should run, and delete the file."
)


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
    """Return what is kept of a tenant, ``None`` if nothing is.

    :raises Failure: when the file cannot be read: nobody else knows which jobs were running before.
    """
    return read_kept(tenant_id, _KIND, _freeze, _DAMAGED)


def keep_freeze(tenant_id: str, jobs: Iterable[SyncJob], purpose: str | None, since: str | None = None) -> KeptFreeze:
    """Keep which jobs are going to be paused, on disk when this returns.

    :param since: when an earlier run paused them, if this one takes them over.
    """
    kept = tuple(job._replace(data={}) for job in jobs)
    rows = [{"service_principal": job.service_principal, "domain": job.domain, "id": job.id} for job in kept]
    path, since = write_kept(tenant_id, _KIND, since, {"purpose": purpose, "jobs": rows})
    return KeptFreeze(path, since, purpose, kept)


def _freeze(path: str, content: dict[str, Any]) -> KeptFreeze:
    jobs = tuple(SyncJob(job["service_principal"], job["domain"], job["id"], {}) for job in content["jobs"])
    return KeptFreeze(path, content["created"], content["purpose"], jobs)
