# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Provisioning single AD users through Cloud Sync, at once and one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._dn import Rdns, dns_domain, rdns
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph import synchronization
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.pace import Pace
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import SyncJob
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.provisioned import (
    Provisioned,
    read_answer,
    user_rule,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import job_state
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS

#: What can come of it: Cloud Sync took the object, left it out, or refused it; nothing was asked, because nobody could
#: be; the request failed; it is not known; and in check mode, that it would be asked.
STATUSES = ("provisioned", "skipped", "refused", "blocked", "failed", "unknown", "planned")
_CHANGES = ("provisioned", "unknown", "planned")
# Where the row of a file names the AD object: objects; plan and result; status.
_PLACES = ("on_premises", "object")
_REFUSALS = (401, 403)


class _Way(NamedTuple):
    """How to ask for the objects of a domain, or why that cannot be done."""

    job: SyncJob
    rule: Optional[str] = None
    error: Optional[GraphError] = None


def read_provision(value: Any) -> list[str]:
    """Return the distinguished names of the option ``provision``, each once.

    :param value: one name, or a list of names and of rows of objects, plan, result or status.
    :raises Failure: when it is something else.
    """
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(item, (str, Mapping)) for item in values):
        raise Failure("provision must be a distinguished name, or a list of names or of rows that have one.")
    names: dict[Rdns, str] = {}
    for item in values:
        name = (item if isinstance(item, str) else _name_of(item)).strip()
        names.setdefault(rdns(name), name)
    return list(names.values())


def _name_of(row: Mapping[str, Any]) -> str:
    """Return the row's distinguished name, else what it calls the user by, which is refused later, as a row."""
    places = [row, *(row.get(place) or {} for place in _PLACES)]
    names = [place.get("distinguished_name") for place in places if isinstance(place, Mapping)]
    return str(next((name for name in names if name), None) or row.get("user") or row.get("id") or "A row without one")


class Provisioner:
    """Asks Cloud Sync for one AD object after the other, within the quota.

    :ivar rows: what came of it so far, as the module's documentation describes it.
    """

    def __init__(self, client: GraphClient, pace: Pace, *, check_mode: bool) -> None:
        self._client = client
        self._jobs: Sequence[SyncJob] = ()
        self._pace = pace
        self._check_mode = check_mode
        self._ways: dict[Optional[str], Optional[_Way]] = {}
        self.rows: list[dict[str, Any]] = []

    @property
    def changed(self) -> bool:
        """Whether an object was provisioned, may have been, or would be."""
        return any(row["status"] in _CHANGES for row in self.rows)

    def counts(self) -> dict[str, int]:
        """Return how many rows have which status."""
        found = Counter(row["status"] for row in self.rows)
        return {status: found[status] for status in STATUSES}

    def failure(self) -> dict[str, Any]:
        """Return what makes the task fail: requests that failed, and not what Cloud Sync decided."""
        failed = [row for row in self.rows if row["status"] == "failed"]
        if not failed:
            return {}
        first = failed[0]["reason"]["message"]
        return {"failed": True, "msg": f"{len(failed)} of {len(self.rows)} users could not be provisioned. {first}"}

    def provision(self, names: Sequence[str], jobs: Sequence[SyncJob]) -> None:
        """Ask for the objects of these distinguished names. One that cannot be had keeps no other from being asked for.

        :param jobs: those that may be asked; one that is given by its id serves every domain.
        :raises Failure: when nothing more can be asked of Graph.
        """
        self._jobs = jobs
        for name in PROGRESS.each("provisioning", names, len(names)):
            domain = dns_domain(name)
            self.rows.append({"distinguished_name": name, "domain": domain, **self._outcome(name, domain)})

    def _outcome(self, name: str, domain: str | None) -> dict[str, Any]:
        if domain is None:
            return _row("blocked", reason("provision_no_dn", value=name))
        if domain not in self._ways:
            self._ways[domain] = self._way(domain)
        way = self._ways[domain]
        if way is None:
            others = listed(sorted(job.domain for job in self._jobs))
            return _row("blocked", reason("provision_no_job", domain=domain, others=others))
        if way.error is not None:
            return _failed(way, way.error)
        if way.rule is None:
            return _row("blocked", reason("provision_no_rule", domain=domain), way)
        if self._check_mode:
            return _row("planned", None, way)
        try:
            with self._pace.turn():
                body = synchronization.provision_on_demand(self._client, way.job, way.rule, name)
        except GraphError as exc:
            if exc.status in _REFUSALS:
                # Nobody else of this job will be let through.
                self._ways[domain] = way._replace(error=exc)
            return _failed(way, exc)
        return _answered(way, read_answer(body))

    def _way(self, domain: str) -> _Way | None:
        job = next((job for job in self._jobs if not job.domain or job.domain.lower() == domain), None)
        if job is None:
            return None
        try:
            return _Way(job, user_rule(synchronization.get_schema(self._client, job)))
        except GraphError as exc:
            return _Way(job, error=exc)


def _answered(way: _Way, answer: Provisioned) -> dict[str, Any]:
    return {
        **_row(answer.status, _reason(way.job, answer), way),
        "action": answer.action,
        "id": answer.target,
        "steps": answer.steps,
    }


def _reason(job: SyncJob, answer: Provisioned) -> dict[str, str] | None:
    word, detail = answer.code, answer.message
    if answer.status == "provisioned":
        return None
    if answer.status == "skipped":
        return reason("provision_skipped", word=word, detail=detail)
    if answer.status == "unknown":
        return reason("provision_unclear", detail="the answer of Cloud Sync has no result that is known.")
    return _paused_reason(job, word, detail) or reason("provision_refused", word=word, detail=detail)


def _paused_reason(job: SyncJob, word: str, detail: str) -> dict[str, str] | None:
    """Return the refusal by a job that is paused: whether that is why, the service does not say in one way."""
    if not job_state(job.domain, job.data).paused:
        return None
    return reason("provision_refused_while_paused", domain=job.domain or job.id, word=word, detail=detail)


def _failed(way: _Way, exc: GraphError) -> dict[str, Any]:
    if exc.uncertain:
        row = _row("unknown", reason("provision_unclear", detail=exc.message), way)
    else:
        paused = _paused_reason(way.job, exc.code or str(exc.status), exc.service_message)
        row = _row("failed", paused or reason("provision_failed", detail=exc.message), way)
    return {**row, "error": exc.as_row_error()}


def _row(status: str, why: dict[str, str] | None, way: _Way | None = None) -> dict[str, Any]:
    return {
        "job_id": way.job.id if way else None,
        "status": status,
        "action": None,
        "id": None,
        "steps": [],
        "reason": why,
        "error": None,
    }
