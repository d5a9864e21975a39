# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the directory's audit log says of people who are not synced: one query for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.logs import list_audits
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import Reading, readable
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import Audit, by_user
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time

_DAY = 24 * 3600
# Of one user the log is read for as long as every licence keeps it. Of all it is read since the oldest write that is
# asked about, and 10 requests' worth at most: 20 seconds of the quota.
_KEPT = 7 * _DAY
_ENTRIES = 9990
_PERMISSION = "AuditLog.Read.All (documented together with Directory.Read.All)"


Person = tuple[Expectation, Optional[CloudUser]]


def read_audits(client: GraphClient, people: Sequence[Person]) -> Reading:
    """Return what the log says of each user: a mapping from id, or name, in lower case to :class:`Audit` rows.

    :param people: who is not synced as expected, or not there any more.
    """
    now = client.service_time()
    alone = next(iter(_names(*people[0])), None) if len(people) == 1 else None
    # Whoever never had an anchor, and was given none by us, waits for a plan: no log says more.
    asked = people if alone else [person for person in people if _has_past(*person)]
    if not asked or now is None:
        return Reading({})
    oldest = [now - _DAY if expected.written is None else expected.written for expected, _user in asked]
    since = str(format_time(min([*oldest, *([now - _KEPT] if alone else [])])))
    wanted = {name for person in asked for name in _names(*person)}

    def read() -> dict[str, list[Audit]]:
        return by_user(islice(list_audits(client, since, alone), _ENTRIES), wanted)

    # A cloud or a licence without this log.
    return readable(read, "who changed the users (directory audit log)", _PERMISSION, refusals=(400, 403, 404))


def audits_of(person: Person, audits: dict[str, list[Audit]]) -> list[Audit]:
    """Return what the log says of a user."""
    return next((audits[name] for name in _names(*person) if name in audits), [])


def _names(expected: Expectation, user: CloudUser | None) -> list[str]:
    """Return by what the log may call a user, the id first; of one who is purged only the id leads to it."""
    names = (expected.id,) if user is None else (user.id, user.user_principal_name)
    return [name.lower() for name in names if name]


def _has_past(expected: Expectation, user: CloudUser | None) -> bool:
    if user is None:
        return expected.id is not None
    return user.deleted or bool(user.immutable_id) or expected.written is not None
