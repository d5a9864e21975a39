# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the directory's audit log says of a user: who changed it, and which attempts of the sync failed.

Source: Microsoft Graph, directoryAudit, targetResource and modifiedProperty resources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Optional

# Accounts of Entra Connect and of Cloud Sync, and the app of newer Connect clients.
_SYNC = re.compile(r"(sync_[^@]*|adtoaadsyncserviceaccount)@|connectsyncprovisioning_", re.IGNORECASE)
#: What the log calls onPremisesImmutableId.
ANCHOR = "SourceAnchor"


class Audit(NamedTuple):
    """One line of the log about one user."""

    time: str
    #: User principal name, else the name of the app.
    actor: str
    by_sync: bool
    #: As the log calls it, such as "Update user"; and what kind of change that is: Add, Update, Delete, Restore.
    activity: str
    operation: str
    failed: bool
    detail: str
    #: Name of a property -> its value before and after, as text; nothing is the empty text.
    changes: Mapping[str, tuple[str, str]]


def by_user(bodies: Iterable[Mapping[str, Any]], wanted: Collection[str]) -> dict[str, list[Audit]]:
    """Return the lines about these users, in the order of the log.

    :param bodies: Graph's ``directoryAudit``, the newest first.
    :param wanted: ids and user principal names, in lower case.
    :return: by id, or by name where a line has no id: a user that could not be made has none.
    """
    found: dict[str, list[Audit]] = {}
    for body in bodies:
        for target in body.get("targetResources") or ():
            key = str(target.get("id") or target.get("userPrincipalName") or "").lower()
            if key in wanted:
                found.setdefault(key, []).append(_audit(body, target))
    return found


def _audit(body: Mapping[str, Any], target: Mapping[str, Any]) -> Audit:
    actor = _actor(body.get("initiatedBy") or {})
    changes = {
        str(item.get("displayName")): (_text(item.get("oldValue")), _text(item.get("newValue")))
        for item in target.get("modifiedProperties") or ()
    }
    return Audit(
        time=str(body.get("activityDateTime")),
        actor=actor or "somebody who is not named",
        by_sync=bool(_SYNC.match(actor)),
        activity=str(body.get("activityDisplayName")),
        operation=str(body.get("operationType")),
        failed=str(body.get("result")).lower() in ("failure", "timeout"),
        detail=str(body.get("resultReason") or ""),
        changes=changes,
    )


def _actor(by: Mapping[str, Any]) -> str:
    user, app = by.get("user") or {}, by.get("app") or {}
    names = (user.get("userPrincipalName"), user.get("displayName"), app.get("displayName"), app.get("appId"))
    return str(next(filter(None, names), ""))


def _text(value: Optional[str]) -> str:
    """Return a value of the log, which is JSON inside a text and nearly always a list, as people read it."""
    try:
        read = json.loads(value or "[]")
    except ValueError:
        return str(value)
    values = read if isinstance(read, list) else [read]
    return ", ".join(item if isinstance(item, str) else json.dumps(item) for item in values if item is not None)
