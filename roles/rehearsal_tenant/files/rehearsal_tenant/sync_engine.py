# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The synchronization: cycles that read AD, decide by ``sync_rules`` and write to the tenant."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any, Optional

from .clock import rfc3339
from .directory import STATES, AdObject, Directory, DirectoryError, Snapshot
from .provisioning_log import Cycle, Job, summary
from .quota import RecentRequests
from .sync_export import Exporter
from .sync_rules import SKIP
from .sync_scope import Selection, built_in_exclusion
from .tenant import Tenant

_NAMESPACE = uuid.UUID("5a6f9c1e-6f6d-4ad4-9f5b-1de6c1b8a6a0")
PAUSE_EVERY = 200  # exports between two looks at other requests
KEPT_CYCLES = 20
SILENT_SINCE = 3 * 86400  # seconds before the start, for an agent that is silent from the start


class SyncError(ValueError):
    """An order to the synchronization that it refuses."""


class Connector:
    """One domain's synchronization: its schedule and what its cycles did."""

    def __init__(self, tenant: Tenant, directory: Directory, owners: dict[str, str]) -> None:
        self._tenant = tenant
        self.directory = directory
        self.id = str(uuid.uuid5(_NAMESPACE, directory.domain))
        self.job_id = f"AD2AADProvisioning.{tenant.id.replace('-', '')}.{self.id}"
        self.staging = directory.staging
        self.requested = False
        self.initial = True
        self.force_deletes = False
        self.paused = self.silent = self.held = False
        self.quarantine: Optional[dict[str, Any]] = None
        self.failures = 0
        self.on_demand = RecentRequests(tenant.clock)
        self.began: Optional[float] = None
        self.next_due = tenant.clock.now() + self.interval
        self.cycles: list[dict[str, Any]] = []
        self._runs = 0
        self._skipped: dict[str, str] = {}
        self.exporter = Exporter(tenant, directory, owners)
        self.put(directory.state)
        if self.silent:
            self.cycles.append(_quiet_cycle(self._next_run_id(), tenant.clock.now() - SILENT_SINCE))

    def put(self, state: str) -> None:
        """Bring the synchronization into one of the states that a directory of the seed can have."""
        self.paused, self.silent, self.held = (state == name for name in ("paused", "silent", "quarantined"))
        self.quarantine = None
        if self.held:
            self._put_into_quarantine("EncounteredQuarantineException")

    def lift_quarantine(self) -> None:
        """What held the job is dealt with; if it is not, the next cycle holds it again."""
        self.quarantine, self.held = None, False

    def _put_into_quarantine(self, reason: str) -> None:
        now = self._tenant.timestamp()
        before = self.quarantine or {"seriesBegan": now, "seriesCount": 0}
        count = before["seriesCount"] + 1
        self.quarantine = {**before, "reason": reason, "currentBegan": now, "seriesCount": count}

    @property
    def interval(self) -> float:
        """Seconds between the starts of two cycles."""
        settings = self._tenant.settings
        return float(settings.cycleIntervalSeconds if self.directory.cloud_sync else settings.connectIntervalSeconds)

    @property
    def running(self) -> bool:
        """Whether a cycle is under way; a paused job finishes the one it is in."""
        return self.began is not None

    def due(self) -> bool:
        """Whether a cycle should start now."""
        if self.running or self.paused or self.silent:
            return False
        return self.requested or (self._tenant.settings.automaticCycles and self._tenant.clock.now() >= self.next_due)

    def begin(self) -> None:
        """A cycle starts; its exports show when it ends."""
        self.began = self._tenant.clock.now()
        self.requested = False
        self.next_due = self.began + self.interval

    def over(self) -> bool:
        """Whether the running cycle has had its time."""
        return self.began is not None and self._tenant.clock.now() >= self.began + self._tenant.settings.cycleSeconds

    async def finish(self) -> dict[str, Any]:
        """Read AD, export, and write down what was done."""
        began = self.began if self.began is not None else self._tenant.clock.now()
        rows: list[dict[str, Any]] = []
        error: Optional[str] = None
        try:
            if self._tenant.organization.get("onPremisesSyncEnabled") is False:
                raise DirectoryError("Directory synchronization is not enabled for this tenant.")
            snapshot = await asyncio.to_thread(self.directory.read)
            rows, error = await self._export(snapshot)
        except DirectoryError as problem:
            error = str(problem)
        self.failures = self.failures + 1 if error else 0
        now = self._tenant.clock.now()
        cycle_id = self._next_run_id()
        self._log(rows, cycle_id, began, now)
        cycle = {
            "id": cycle_id,
            "began": rfc3339(began),
            "ended": rfc3339(now),
            "initial": self.initial,
            "error": error,
            "counts": dict(Counter(row["outcome"] for row in rows)),
            "objects": rows,
        }
        self.cycles = [*self.cycles, cycle][-KEPT_CYCLES:]
        if not error:
            self.initial = False
        if not error and not self.staging:
            self._tenant.organization["onPremisesLastSyncDateTime"] = rfc3339(now)
        self.began = None
        return cycle

    async def _export(self, snapshot: Snapshot) -> tuple[list[dict[str, Any]], Optional[str]]:
        if self.held:
            self._put_into_quarantine("EncounteredQuarantineException")
            return [], "The job is in quarantine until it is restarted: nothing was exported."
        selection = Selection(self.directory, snapshot.objects)
        users = [item for item in snapshot.objects if item.is_user and item.object_guid]
        excluded = {user.dn: built_in_exclusion(user, snapshot.carried) or selection.exclusion(user) for user in users}
        present = {user.object_guid for user in users if excluded[user.dn] is None}
        gone = self.exporter.gone(present)
        threshold = self._tenant.settings.deleteThreshold
        if threshold and len(gone) > threshold and not self.force_deletes:
            self._put_into_quarantine("TooManyDeletes")
            return [], f"{len(gone)} deletions are more than the threshold of {threshold}: nothing was exported."
        self.quarantine = None
        self.force_deletes = False
        if self.staging:
            return [], None
        waits = self._left_for_later(user for user in users if excluded[user.dn] is None)
        rows = [self.exporter.delete(guid) for guid in gone]
        for number, user in enumerate(users):
            if user.object_guid not in waits:
                row = self.exporter.export(user, excluded[user.dn], snapshot.carried, self.initial)
                rows += [row] if row is not None else []
            if number % PAUSE_EVERY == 0:
                await asyncio.sleep(0)
        self._link_managers(users, snapshot, rows)
        return rows, None

    def _left_for_later(self, users: Iterable[AdObject]) -> set[Optional[str]]:
        """Some cycles get through a part of the new objects only, by objectGUID."""
        share = float(self._tenant.settings.exportShare)
        if share >= 1:
            return set()
        new = (user.object_guid for user in users if not self.exporter.connects(user.object_guid))
        return {guid for guid in new if self._tenant.random.random() >= share}

    def _link_managers(self, users: list[AdObject], snapshot: Snapshot, rows: list[dict[str, Any]]) -> None:
        exported = {row["objectGuid"] for row in rows if row["id"]}
        by_dn = {user.dn.lower(): str(user.object_guid) for user in users}
        for user in users:
            if user.object_guid in exported:
                self.exporter.link_manager(user, snapshot, by_dn)

    def _log(self, rows: list[dict[str, Any]], cycle_id: str, began: float, ended: float) -> None:
        """Tell the provisioning log, which Connect Sync does not have. A skip is told once, until it is another one."""
        tenant = self._tenant
        job = Job(self.job_id, self.id, self.directory.domain, tenant.id)
        cycle = Cycle(cycle_id, round((ended - began) * 1000))
        source_id = tenant.settings.provisioningSourceId
        for row in rows:
            changes = row.pop("changes")
            told_before = self._skipped.pop(row["objectGuid"], None)
            if row["outcome"] == SKIP:
                self._skipped[row["objectGuid"]] = row["message"]
            if self.directory.cloud_sync and (self.initial or told_before != row["message"]):
                line = partial(summary, job=job, cycle=cycle, row=row, changes=changes, source_id=source_id)
                tenant.provisioning_log.write(ended, line)

    def provision(self, user: AdObject, carried: frozenset[str]) -> dict[str, Any]:
        """One user on demand: built-in filters apply, the selection does not."""
        now = self._tenant.clock.now()
        row = self.exporter.export(user, built_in_exclusion(user, carried), carried, initial=False)
        if row is None:
            return self.exporter.redundant(user)
        self._log([row], self._next_run_id(), now, now)
        return row

    def _next_run_id(self) -> str:
        """A name for a cycle, or for one user on demand; no two are the same, however fast they follow each other."""
        self._runs += 1
        return str(uuid.uuid5(uuid.UUID(self.id), str(self._runs)))


def _quiet_cycle(cycle_id: str, time: float) -> dict[str, Any]:
    """A cycle of the past that had nothing to do."""
    moment = rfc3339(time)
    quiet = {"error": None, "counts": {}, "objects": []}
    return {"id": cycle_id, "began": moment, "ended": moment, "initial": False, **quiet}


class SyncEngine:
    """All connectors of the tenant."""

    def __init__(self, tenant: Tenant, directories: list[Directory]) -> None:
        self._tenant = tenant
        self._lock = asyncio.Lock()
        owners: dict[str, str] = {}
        self.connectors = [Connector(tenant, directory, owners) for directory in directories]

    async def tick(self) -> None:
        """Start what is due, finish what has run its time."""
        async with self._lock:
            for connector in self.connectors:
                if connector.due():
                    connector.begin()
                if connector.over():
                    await connector.finish()

    async def run_now(self, domain: Optional[str], initial: bool) -> None:
        """One whole cycle at once, of one domain or of all.

        :raises SyncError: when the domain is not known, its job is paused or its agent is silent.
        """
        chosen = self._chosen(domain)
        paused = [item.directory.domain for item in chosen if item.paused]
        if paused:
            raise SyncError(f"The synchronization of {', '.join(paused)} is paused: no cycle runs.")
        silent = [item.directory.domain for item in chosen if item.silent]
        if silent:
            raise SyncError(f"The agent of {', '.join(silent)} does not answer: no cycle runs.")
        async with self._lock:
            for connector in chosen:
                connector.initial = connector.initial or initial
                connector.begin()
                await connector.finish()

    def put(self, domain: Optional[str], state: Optional[str], staging: Optional[bool]) -> None:
        """Change the state of one domain's synchronization, or of all.

        :raises SyncError: when the domain or the state is not known.
        """
        if state not in (None, *STATES):
            raise SyncError(f"A synchronization is {', '.join(STATES)}, not {state!r}.")
        for connector in self._chosen(domain):
            if state is not None:
                connector.put(state)
            if staging is not None:
                connector.staging = staging

    def _chosen(self, domain: Optional[str]) -> list[Connector]:
        chosen = [item for item in self.connectors if domain in (None, item.directory.domain)]
        if not chosen:
            raise SyncError(f"There is no directory {domain!r}; the seed has {self._domains()}.")
        return chosen

    async def provision(self, connector: Connector, dn: str) -> Optional[dict[str, Any]]:
        """One user on demand; None when AD has no user of that DN.

        :raises DirectoryError: when AD cannot be read.
        """
        async with self._lock:
            snapshot = None if connector.directory.ldap else await asyncio.to_thread(connector.directory.read)
            user = await asyncio.to_thread(connector.directory.read_one, dn)
            if user is None or not user.is_user:
                return None
            return connector.provision(user, snapshot.carried if snapshot else frozenset(user.names))

    def report(self) -> dict[str, Any]:
        """Each domain's state and its last cycles, newest last."""
        return {
            "directories": [
                {
                    "domain": item.directory.domain,
                    "engine": item.directory.engine,
                    "paused": item.paused,
                    "silent": item.silent,
                    "staging": item.staging,
                    "quarantine": item.quarantine,
                    "running": item.running,
                    "cycles": item.cycles,
                }
                for item in self.connectors
            ]
        }

    def _domains(self) -> str:
        return ", ".join(item.directory.domain for item in self.connectors) or "none"
