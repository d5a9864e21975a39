# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who is to be left alone, read by itself: for a plan that was made earlier, and for journals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import (
    GraphClient,
    odata_text,
    with_query,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import read_collections
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    list_role_assignable_groups,
    transitive_members_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import readable
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import get_users
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import RoleBook
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import is_object_id
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.role_reading import read_roles


class Protection(NamedTuple):
    """What the names stand for.

    :ivar members: ids of the members of the groups among them, through groups in these as well.
    :ivar strangers: names of nobody in the tenant.
    """

    members: frozenset[str]
    strangers: tuple[str, ...]


def read_protection(client: GraphClient, names: Iterable[str]) -> Protection:
    """Read users and groups by their names: a request for each batch of them, and the members of each group.

    :param names: ids and UPNs of users; ids, display names and addresses of groups.
    :raises Failure: when it cannot be read whether a name is that of a group, or who is in it: whoever that is would go
        unprotected.
    """
    wanted = sorted({name.strip() for name in names} - {""})
    nobody = []
    for name, body, error in get_users(client, wanted, "id"):
        # 400: no user could have such a name.
        if error is not None and error.status != 400:
            raise _unreadable(name, error)
        if body is None:
            nobody.append(name)
    named = read_collections(client, ((name, _named(name)) for name in nobody))
    groups: dict[str, str] = {}
    for key, found in named.items():
        if found.error is not None:
            raise _unreadable(str(key), found.error)
        groups.update((group["id"], str(key)) for group in found.values)
    members: set[str] = set()
    paths = ((group_id, transitive_members_path(group_id)) for group_id in groups)
    for key, found in read_collections(client, paths).items():
        if found.error is not None:
            raise _unreadable(groups[str(key)], found.error)
        members.update(member["id"].lower() for member in found.values)
    known = set(groups.values())
    return Protection(frozenset(members), tuple(name for name in nobody if name not in known))


def read_role_book(client: GraphClient, targets: Iterable[str]) -> RoleBook:
    """Read who has power over the tenant by now.

    :param targets: ids of users. Who else is a user is not known, and read as if it were a group.
    :raises GraphError: for anything but a refusal.
    """
    groups = readable(
        lambda: {group["id"]: str(group.get("displayName")) for group in list_role_assignable_groups(client)},
        "role-assignable groups",
        "Group.Read.All",
    )
    users = dict.fromkeys(targets, True)
    return read_roles(client, users.get, groups.value).book


def _named(name: str) -> str:
    text = odata_text(name)
    condition = f"id eq {text}" if is_object_id(name) else f"displayName eq {text} or mail eq {text}"
    return with_query("/groups", {"$filter": condition, "$select": "id"})


def _unreadable(name: str, error: GraphError) -> Failure:
    return Failure(
        f"protected_users names {name}, and it cannot be read whether that is a user or a group, or who is in it. "
        f"Nothing was written. Grant User.Read.All and, for groups, Group.Read.All. {error.message}"
    )
