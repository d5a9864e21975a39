# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The backup: all readable properties of every target, on disk before the first write leaves.

A file of :mod:`_rows` of kind ``backup`` beside the journal, with one row ``{"id", "user", "time", "properties"}`` for
each target; ``properties`` are Graph's, by Graph's names. There is one backup for each journal: a run that continues a
journal adds the users that the backup lacks, and never touches those it has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    PLAN_PROPERTIES,
    USER_PROPERTIES,
    get_users,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import WRITES
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
    """Save every target that is not in the journal's backup yet; complete and on disk when this returns.

    :param rows: of a plan; those that write name the targets.
    :param journal: path of the journal, whose lock the caller has.
    :raises RowError: when the file cannot be written, or the one that is there is no backup of this tenant.
    """
    path = backup_path(journal)
    earlier = _earlier(path, client.tenant_id)
    known = {row["id"] for _line, row in earlier} if earlier else set()
    targets = [row["id"] for row in rows if row["action"] in WRITES and row["id"] not in known]
    if not targets:
        return Backup(path if earlier else None, {})
    properties = _readable(client, targets[:_PROBES])
    carried = set(properties)
    if earlier:
        carried &= set(earlier.header.get("attributes") or ())
    unsaved: dict[str, GraphError | None] = {}
    fields = header(BACKUP, tenant_id=client.tenant_id, attributes=carried, source=client.options.graph_endpoint)
    with RowSink(fields, path, 0) as sink:
        for _line, row in earlier or ():
            sink.write(row)
        for user_id, body, error in get_users(client, targets, ",".join(properties)):
            if body is None:
                unsaved[user_id] = error
            else:
                sink.write(_row(user_id, body))
    return Backup(path, unsaved, tuple(name for name in BACKUP_PROPERTIES if name not in properties))


def _earlier(path: str, tenant_id: str) -> RowReader | None:
    """Return the backup that is there already."""
    if not os.path.exists(path):
        return None
    reader = RowReader(path, {BACKUP})
    if str(reader.header.get("tenant_id")).lower() != tenant_id.lower():
        raise RowError(
            f"the backup belongs to tenant {reader.header.get('tenant_id')}, and this is {tenant_id}. Name another "
            "journal; its backup is beside it.",
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


def _row(user_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in body.items() if not name.startswith("@")}
    return {"id": user_id, "user": body.get("userPrincipalName"), "time": utc_now(), "properties": properties}
