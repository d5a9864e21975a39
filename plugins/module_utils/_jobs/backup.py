# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The backup: all readable properties of every target, on disk before the first write leaves.

A file of :mod:`_rows` of kind ``backup`` beside the journal, with rows ``{"id", "user", "time", "properties"}``;
``properties`` are Graph's, by Graph's names. There is one backup for each journal, which may serve for years of runs. A
run that continues a journal never touches the rows that are there: it adds the users whom the backup lacks, and a
further row for those who are not as their newest row says. So a user's first row is what was there before all writes of
the journal, and the newest one whose ``time`` is before a write is what was there before that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    MANAGER,
    PLAN_PROPERTIES,
    USER_PROPERTIES,
    get_users,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.aftermath import unordered
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES
from ansible_collections.hybrid.identity.plugins.module_utils._journal import is_about
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowError, RowReader, RowSink, header, utc_now

BACKUP = "backup"

# All that one read of a user returns to who may read users (User.Read.All). Not among them, because Graph takes them
# from elsewhere and refuses to combine them (aboutMe, birthday, hireDate, interests, mailboxSettings, mySite,
# pastProjects, preferredName, responsibilities, schools, skills), or because they need further permissions and one
# that is missing fails the whole read (authorizationInfo, customSecurityAttributes, deviceEnrollmentLimit,
# employeeLeaveDateTime, print, signInActivity). Passwords cannot be read at all.
BACKUP_PROPERTIES = (
    *PLAN_PROPERTIES,
    "ageGroup",
    "assignedPlans",
    "consentProvidedForMinor",
    "createdDateTime",
    "employeeHireDate",
    "employeeOrgData",
    "externalUserStateChangeDateTime",
    "identities",
    "imAddresses",
    "lastPasswordChangeDateTime",
    "legalAgeGroupClassification",
    "licenseAssignmentStates",
    MANAGER,
    "otherMails",
    "preferredDataLocation",
    "provisionedPlans",
    "securityIdentifier",
    "serviceProvisioningErrors",
    "signInSessionsValidFromDateTime",
)
# What a select is tried on before it is used for all.
_PROBES = 20
# Answers that a property of the select can be to blame for: not known in this cloud, or not to be read by this app.
_SELECT_REFUSED = (400, 403)


class Backup(NamedTuple):
    """What became of the backup.

    :ivar path: the file; ``None`` when there was nobody to save.
    :ivar unsaved: id -> why a target is in no backup, ``None`` for one that is gone. It must not be written.
    :ivar missing: properties that the service did not want to return together with the others.
    """

    path: Optional[str]
    unsaved: Mapping[str, Optional[GraphError]]
    missing: tuple[str, ...] = ()


def backup_path(journal: str) -> str:
    """Return where the backup of a journal goes: ``x.journal.jsonl`` has ``x.journal.backup.jsonl``."""
    return f"{journal[: -len('.jsonl')] if journal.endswith('.jsonl') else journal}.backup.jsonl"


def save_backup(client: GraphClient, rows: Iterable[Mapping[str, Any]], journal: str) -> Backup:
    """Save every target that is not in the journal's backup yet as it is; complete and on disk when this returns.

    Who has the value already and is in the backup is not saved again: nothing will be written there.

    :param rows: of a plan; those that write name the targets.
    :param journal: path of the journal, whose lock the caller has.
    :raises RowError: when the file cannot be written, or the one that is there is no backup of this tenant.
    """
    path = backup_path(journal)
    service = client.options.graph_endpoint
    earlier = _earlier(path, client.tenant_id, service)
    targets = {row["id"]: row["after"] for row in rows if row["action"] in WRITES}
    if not targets:
        return Backup(path if earlier else None, {})
    properties = _readable(client, list(targets)[:_PROBES])
    # The newest row of a user comes last.
    newest = {row["id"]: _digest(row["properties"], properties) for _line, row in earlier or () if row["id"] in targets}
    carried = set(properties)
    if earlier:
        carried &= set(earlier.header.get("attributes") or ())
    unsaved: dict[str, GraphError | None] = {}
    fields = header(BACKUP, tenant_id=client.tenant_id, attributes=carried, source=service, service=service)
    with RowSink(fields, path, 0) as sink:
        for _line, row in earlier or ():
            sink.write(row)
        bodies = get_users(client, targets, ",".join(properties))
        for user_id, body, error in PROGRESS.each("saving users as they are", bodies, len(targets)):
            if body is None:
                unsaved[user_id] = error
            elif user_id not in newest or (
                body.get("onPremisesImmutableId") != targets[user_id] and _digest(body, properties) != newest[user_id]
            ):
                sink.write(_row(user_id, body))
    return Backup(path, unsaved, tuple(name for name in BACKUP_PROPERTIES if name not in properties))


def _earlier(path: str, tenant_id: str, service: str) -> RowReader | None:
    """Return the backup that is there already."""
    if not os.path.exists(path):
        return None
    reader = RowReader(path, {BACKUP})
    if not is_about(reader.header, tenant_id, service):
        raise RowError(
            f"the backup belongs to tenant {reader.header.get('tenant_id')} of {reader.header.get('source')}, and this "
            f"run writes to {tenant_id} of {service}. Name another journal; its backup is beside it.",
            path,
            1,
        )
    return reader


def _readable(client: GraphClient, ids: list[str]) -> tuple[str, ...]:
    """Return the properties to ask for: all, unless some user can be read without the unusual ones only."""
    refused = [
        user_id
        for user_id, _body, error in get_users(client, ids, ",".join(BACKUP_PROPERTIES))
        if error is not None and error.status in _SELECT_REFUSED
    ]
    plain = get_users(client, refused, ",".join(USER_PROPERTIES))
    return USER_PROPERTIES if any(body is not None for _id, body, _error in plain) else BACKUP_PROPERTIES


def _digest(properties: Mapping[str, Any], names: Iterable[str]) -> bytes:
    """Return what is compared of a user, small enough to keep it for everybody in the file."""
    compared = {name: unordered(properties[name]) for name in names if name in properties}
    return hashlib.sha256(json.dumps(compared, sort_keys=True).encode("ascii")).digest()


def _row(user_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in body.items() if "@" not in name}
    return {"id": user_id, "user": body.get("userPrincipalName"), "time": utc_now(), "properties": properties}
