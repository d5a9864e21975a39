# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who belongs to which group: as the seed says it, or as the rule of a dynamic group computes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from .dynamic_rules import Rule, RuleError, read_rule
from .store import LIVE, Stored
from .tenant import Tenant


def is_dynamic(group: Stored) -> bool:
    """Whether a rule decides who is a member."""
    return "DynamicMembership" in (group.body.get("groupTypes") or ())


def rule_of(group: Stored) -> Optional[Rule]:
    """The rule of a dynamic group, when it is one that can be rehearsed and is not paused."""
    if not is_dynamic(group) or group.body.get("membershipRuleProcessingState") == "Paused":
        return None
    try:
        return read_rule(str(group.body.get("membershipRule") or ""))
    except RuleError:
        return None


def members_of(tenant: Tenant, group: Stored) -> list[Stored]:
    """Direct members that are not deleted."""
    rule = rule_of(group)
    if rule is None:
        return _live(tenant, group.body.get("members") or ())
    return [user for user in tenant.store.page("user", LIVE, tenant.list_time()) if rule(user.body)]


def owners_of(tenant: Tenant, group: Stored) -> list[Stored]:
    """Owners that are not deleted."""
    return _live(tenant, group.body.get("owners") or ())


def transitive_members_of(tenant: Tenant, group: Stored) -> list[Stored]:
    """Direct members and those of nested groups, each once."""
    found: dict[str, Stored] = {}
    waiting = [group]
    while waiting:
        for member in members_of(tenant, waiting.pop()):
            if member.id not in found and member.id != group.id:
                found[member.id] = member
                if member.kind == "group":
                    waiting.append(member)
    return list(found.values())


def groups_of(tenant: Tenant, member: Stored, transitive: bool) -> list[Stored]:
    """The groups that an object is a member of."""
    groups = list(tenant.store.page("group", LIVE, tenant.list_time()))
    found: dict[str, Stored] = {}
    waiting = [member]
    while waiting:
        inner = waiting.pop()
        for group in groups:
            if group.id not in found and _holds(group, inner):
                found[group.id] = group
                if transitive:
                    waiting.append(group)
    return list(found.values())


def _holds(group: Stored, member: Stored) -> bool:
    rule = rule_of(group)
    if rule is not None:
        return member.kind == "user" and rule(member.body)
    return member.id in (group.body.get("members") or ())


def _live(tenant: Tenant, ids: Iterable[str]) -> list[Stored]:
    return [item for item in _found(tenant, ids) if item.container == LIVE]


def _found(tenant: Tenant, ids: Iterable[str]) -> Iterator[Stored]:
    for object_id in ids:
        stored = tenant.store.get(object_id)
        if stored:
            yield stored
