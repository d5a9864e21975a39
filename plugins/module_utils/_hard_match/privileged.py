# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Accounts with power over the tenant: the sync's own, those for emergencies, and whoever has a directory role."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Role

_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
_SYNC_ACCOUNTS = "d29b2b05-8046-44ba-8758-1e26182fcf32"
# Of Entra Connect (Sync_SERVER_0123456789ab) and of Cloud Sync.
_SYNC_NAMES = re.compile(r"(sync_[^@]*|adtoaadsyncserviceaccount)@", re.IGNORECASE)


def sync_account(case: Case) -> Finding | None:
    """An account that the sync itself signs in with, by its role or its name."""
    by_role = any(role.template_id == _SYNC_ACCOUNTS for role in _roles(case))
    if by_role or _SYNC_NAMES.match(case.user.user_principal_name or ""):
        return Finding("blocked", reason("sync_account"))
    return None


def emergency_account(case: Case) -> Finding | None:
    """A cloud-only user who is Global Administrator without a group and without activation: perhaps the last way in."""
    if case.user.synced is True:
        return None
    if any(role.template_id == _GLOBAL_ADMINISTRATOR and not role.eligible and not role.group for role in _roles(case)):
        return Finding("blocked", reason("emergency_account"))
    return None


def role_held(case: Case) -> Finding | None:
    """A role of the user's own.

    Sources disagree whether the service minds every role or privileged ones only; so every one counts.
    """
    roles = [role.name for role in _roles(case) if not role.eligible and not role.group]
    return _guarded(case, reason("role_held", roles=listed(roles))) if roles else None


def role_by_group(case: Case) -> Finding | None:
    """A role that comes through a group."""
    roles = [role for role in _roles(case) if not role.eligible and role.group]
    return _guarded(case, reason("role_by_group", roles=_shown(roles))) if roles else None


def role_eligible(case: Case) -> Finding | None:
    """A role that can be activated."""
    roles = [role for role in _roles(case) if role.eligible]
    return _guarded(case, reason("role_eligible", roles=_shown(roles))) if roles else None


def role_group_member(case: Case) -> Finding | None:
    """Member or owner of a role-assignable group, whatever roles that has."""
    groups = case.around.tenant.roles.guarded.get(case.user.id, ())
    return _guarded(case, reason("role_group_member", groups=listed(groups))) if groups else None


def roles_unknown(case: Case) -> Finding | None:
    """Unknown is not "none"."""
    book = case.around.tenant.roles
    if (book.roles is None or not book.complete) and case.around.rules.protect_role_holders:
        return Finding("blocked", reason("roles_unknown"))
    return None


def _roles(case: Case) -> tuple[Role, ...]:
    return (case.around.tenant.roles.roles or {}).get(case.user.id, ())


def _guarded(case: Case, why: dict[str, str]) -> Finding:
    """Protected, unless the caller chose to have role holders tried; then it is said all the same."""
    return Finding("blocked" if case.around.rules.protect_role_holders else None, why)


def _shown(roles: Iterable[Role]) -> str:
    return listed([f"{role.name} through the group {role.group}" if role.group else role.name for role in roles])
