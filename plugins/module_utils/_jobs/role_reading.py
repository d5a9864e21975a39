# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Who has a role, or may take one up: read from roles, PIM, and the role-assignable groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import (
    Items,
    is_refused,
    read_collections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    members_path,
    owners_path,
    transitive_members_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.roles import (
    group_eligibilities_path,
    is_not_licensed,
    list_role_assignments,
    list_role_definitions,
    list_role_eligibilities,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import Reading, readable
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.role_book import (
    AssignableGroup,
    build_role_book,
    guarded_by,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    KNOWN,
    NOT_LICENSED,
    UNKNOWN,
    RoleBook,
)

PIM_UNCHECKED = {
    "what": "who may become a member or owner of a role-assignable group (PIM for groups)",
    "permission": "PrivilegedEligibilitySchedule.Read.AzureADGroup",
}
MEMBERS_UNCHECKED = {"what": "who is a member or owner of a role-assignable group", "permission": "Group.Read.All"}
_HELD_THROUGH_GROUPS = {"what": "who has a directory role through a group", "permission": "Group.Read.All"}
_ELIGIBLE_THROUGH_GROUPS = {
    "what": "who may activate a directory role through a group",
    "permission": "Group.Read.All",
}

_MEMBER, _OWNER, _ELIGIBLE = "member", "owner", "eligible"


class RoleReading(NamedTuple):
    """What was read: the book, and ``{"what", "permission"}`` of what stays unknown."""

    book: RoleBook
    unchecked: tuple[Mapping[str, str], ...]


class _Around(NamedTuple):
    """The role-assignable groups by id; those whose members or owners may not be read; what stays unknown."""

    groups: dict[str, AssignableGroup]
    closed: frozenset[str]
    unchecked: tuple[Mapping[str, str], ...]


def read_roles(
    client: GraphClient, user_of: Callable[[str], object], assignable: Mapping[str, str] | None
) -> RoleReading:
    """Read roles and what leads to them.

    :param user_of: returns ``None`` for an id that is not known to be a user's.
    :param assignable: role-assignable groups, id -> name; ``None``: groups may not be read.
    :raises GraphError: for anything but a refusal.
    """
    assigned = read_assignments(client)
    eligibility, eligible = read_eligibilities(client)
    around = _read_groups(client, user_of, assignable or {}, licensed=eligibility != NOT_LICENSED)
    unchecked: list[Mapping[str, str]] = [one.unchecked for one in (assigned, eligible) if one.unchecked]
    unchecked += around.unchecked
    if assigned.value is None:
        return RoleReading(RoleBook(None, eligibility, guarded_by(around.groups)), tuple(unchecked))
    definitions, assignments = assigned.value
    book = build_role_book(definitions, assignments, eligible.value or [], around.groups, eligibility)

    def is_hidden(assignment: Mapping[str, Any]) -> bool:
        """Tell whether a role was given to a group that may not be looked into."""
        principal = assignment["principalId"]
        # A principal that is no user may be a group or an app, which a tenant whose groups are closed does not tell.
        return principal in around.closed if assignable is not None else user_of(principal) is None

    if any(map(is_hidden, assignments)):
        book = book._replace(complete=False)
        unchecked.append(_HELD_THROUGH_GROUPS)
    if any(map(is_hidden, eligible.value or [])):
        book = book._replace(eligibility=UNKNOWN)
        unchecked.append(_ELIGIBLE_THROUGH_GROUPS)
    return RoleReading(book, tuple(unchecked))


def read_assignments(client: GraphClient) -> Reading:
    """Return the definitions of roles, and who has which, as a pair of lists."""
    return readable(
        lambda: (list(list_role_definitions(client)), list(list_role_assignments(client))),
        "who has a directory role",
        "RoleManagement.Read.Directory",
    )


def read_eligibilities(client: GraphClient) -> tuple[str, Reading]:
    """Return whether PIM is known, unknown or not licensed, and who may activate which role."""
    try:
        reading = readable(
            lambda: list(list_role_eligibilities(client)),
            "who may activate a directory role (PIM)",
            "RoleManagement.Read.Directory",
        )
    except GraphError as exc:
        if not is_not_licensed(exc):
            raise
        return NOT_LICENSED, Reading([])
    return (UNKNOWN if reading.value is None else KNOWN), reading


def _read_groups(
    client: GraphClient, user_of: Callable[[str], object], names: Mapping[str, str], licensed: bool
) -> _Around:
    """Read who is around role-assignable groups, all in the same batches."""
    ways = {_MEMBER: members_path, _OWNER: owners_path, **({_ELIGIBLE: group_eligibilities_path} if licensed else {})}
    paths = (((group_id, way), path(group_id)) for group_id in names for way, path in ways.items())
    found: dict[Any, Items] = read_collections(client, paths)
    closed = frozenset(group_id for (group_id, way), items in found.items() if way != _ELIGIBLE and is_refused(items))
    eligible = {group_id: items for (group_id, way), items in found.items() if way == _ELIGIBLE}
    pim_closed = any(is_pim_closed(items) for items in eligible.values())
    inside = _members_of_groups(client, user_of, eligible.values())
    groups = {
        group_id: AssignableGroup(
            name,
            _ids(found[group_id, _MEMBER]),
            _ids(found[group_id, _OWNER]),
            _eligible(eligible.get(group_id), _MEMBER, inside),
            _eligible(eligible.get(group_id), _OWNER, inside),
        )
        for group_id, name in names.items()
    }
    unknown = ((MEMBERS_UNCHECKED, bool(closed)), (PIM_UNCHECKED, pim_closed or None in inside.values()))
    return _Around(groups, closed, tuple(unchecked for unchecked, is_so in unknown if is_so))


def is_pim_closed(items: Items) -> bool:
    """Tell whether it stays unknown who is eligible for a group.

    What a group that PIM does not manage is answered with is not documented, so a 400 is unknown as well.
    """
    licensed = items.error is None or not is_not_licensed(items.error)
    return licensed and is_refused(items, (400, 403))


def _members_of_groups(
    client: GraphClient, user_of: Callable[[str], object], eligible: Iterable[Items]
) -> dict[str, frozenset[str] | None]:
    """Return who is in the groups among those who are eligible, by group; ``None``: may not be read."""
    principals = {one["principalId"] for items in eligible for one in items.values}
    strangers = sorted(one for one in principals if user_of(one) is None)
    found: dict[Any, Items] = read_collections(client, ((one, transitive_members_path(one)) for one in strangers))
    # An app among them is answered with 404: it has no members.
    return {one: None if is_refused(items) else _ids(items) for one, items in found.items()}


def _eligible(items: Items | None, way: str, inside: Mapping[str, frozenset[str] | None]) -> frozenset[str]:
    principals = {one["principalId"] for one in (items.values if items else ()) if one.get("accessId") == way}
    return frozenset(user for one in principals for user in (one, *(inside.get(one) or ())))


def _ids(items: Items) -> frozenset[str]:
    return frozenset(item["id"] for item in items.values)
