# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What stands in the way of one wish: a table of pure checks, in order of importance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import (
    exported_name,
    is_out_of_scope,
    out_of_scope,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.anchor_mode import (
    CONTRADICTED,
    MIXED,
    PROVEN,
    modes_differ,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import (
    address_held,
    anchor_held,
    held_by,
    name_held,
    sid_held,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.privileged import (
    emergency_account,
    role_by_group,
    role_eligible,
    role_group_member,
    role_held,
    roles_unknown,
    sync_account,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import (
    Wish,
    canonical,
    spelling_hint,
)


def without_user(wish: Wish, found: Match, keys: Iterable[str]) -> Finding:
    """Say why there is not one user for a wish."""
    if found.users:
        users = listed([user.name for user in found.users[:NAMED]], len(found.users))
        return Finding("ambiguous", reason("several_users", key=found.matched_by, value=found.value, users=users))
    if is_out_of_scope(wish):
        return Finding("blocked", out_of_scope(wish.row or {}))
    holders = [user for user in found.holders if not user.deleted]
    if wish.value and holders:
        # Not "nobody": the sync would tie the AD object to the holder.
        return Finding("conflict", held_by(holders))
    gone = found.deleted or [user for user in found.holders if user.deleted]
    if gone:
        return Finding("not_found", reason("user_deleted", holder=", ".join(user.name for user in gone)))
    tried = [f"{item['key']} {item['value']}" for item in found.evidence]
    if not tried:
        return Finding("not_found", reason("no_key", keys=", ".join(keys)))
    return Finding("not_found", reason("not_found", tried=", ".join(tried)))


# Whose it is


def _listed_twice(case: Case) -> Finding | None:
    if case.around.claims.listed_before(case.number, case.wish, case.user):
        return Finding("none", reason("listed_twice"))
    return None


def _protected(case: Case) -> Finding | None:
    names = {case.user.id.lower(), (case.user.user_principal_name or "").lower()}
    return Finding("blocked", reason("protected")) if names & case.around.rules.protected else None


def _protected_by_group(case: Case) -> Finding | None:
    if case.user.id in case.around.tenant.protected_members:
        return Finding("blocked", reason("protected_by_group"))
    return None


def _scope(case: Case) -> Finding | None:
    return Finding("blocked", out_of_scope(case.wish.row or {})) if is_out_of_scope(case.wish) else None


def _same_anchor(case: Case) -> Finding | None:
    others = case.around.claims.same_anchor(case.wish, case.user)
    return Finding("conflict", reason("anchor_duplicate", others=others)) if others else None


def _claimed_twice(case: Case) -> Finding | None:
    rivals = case.around.claims.rivals(case.wish, case.user)
    return Finding("ambiguous", reason("claimed_twice", objects=rivals)) if rivals else None


def _contradicted(case: Case) -> Finding | None:
    """A stronger key says that the AD object or the user belongs to somebody else."""
    found = case.found
    if not found.contradictions:
        return None
    stronger = "; ".join(found.contradictions)
    why = reason("match_contradicted", user=case.user.name, key=found.matched_by, value=found.value, stronger=stronger)
    return Finding("conflict", why)


def _external(case: Case) -> Finding | None:
    if case.user.external and not case.found.explicit:
        return Finding("blocked", reason("external_user", user=case.user.name))
    return None


def _resource(case: Case) -> Finding | None:
    if case.user.resource and not case.found.explicit:
        return Finding("blocked", reason("resource_account", user=case.user.name))
    return None


def _external_beside(case: Case) -> Finding | None:
    """One member fits, and so do externals or resource accounts."""
    found = case.found
    if not found.beside:
        return None
    others = listed([user.name for user in found.beside[:NAMED]], len(found.beside))
    why = reason("external_also_fits", user=case.user.name, key=found.matched_by, value=found.value, others=others)
    return Finding("blocked", why)


def _weak(case: Case) -> Finding | None:
    """Only a key that help desks write and hand on found the user."""
    found = case.found
    if not found.weak:
        return None
    return Finding("blocked", reason("weak_match", user=case.user.name, key=found.matched_by, value=found.value))


# The anchor


def _unusable(case: Case) -> Finding | None:
    return Finding("blocked", case.wish.problem) if case.wish.problem else None


def _mode(case: Case) -> Finding | None:
    """The users that are synced already show that the sync uses another attribute, or may do so."""
    modes = case.around.modes
    if modes is None or case.wish.row is None:
        return None
    if modes.verdict == CONTRADICTED:
        return Finding("blocked", reason("anchor_mode_contradicted", numbers=modes.numbers))
    if modes.verdict == MIXED and modes_differ(case.wish):
        return Finding("blocked", reason("anchor_mode_mixed", numbers=modes.numbers))
    return None


def _unconfirmed(case: Case) -> Finding | None:
    if case.wish.certain or is_proven(case):
        return None
    return Finding("blocked", reason("anchor_unconfirmed"))


def is_proven(case: Case) -> bool:
    """Tell whether synced users prove an anchor that would be a guess without them."""
    return not case.wish.certain and case.around.modes is not None and case.around.modes.verdict == PROVEN


# Whether the user can be taken over, or written


def _synced(case: Case) -> Finding | None:
    if case.user.synced is not True:
        return None
    action = "blocked" if case.around.rules.require_unsynced else None
    return Finding(action, reason("already_synced", current=case.user.immutable_id))


def _left_scope(case: Case) -> Finding | None:
    """Sources disagree whether the anchor of a user that left scope may be changed: it is tried, and said."""
    if case.user.synced is False:
        return Finding(None, reason("left_scope", detail="; the service may refuse the change"))
    return None


def cloud_managed(case: Case) -> Finding | None:
    """The source of authority of the user was moved to the cloud."""
    if case.lookup is not None and case.lookup.cloud_managed is True:
        return Finding("blocked", reason("cloud_managed"))
    return None


def _restricted(case: Case) -> Finding | None:
    return Finding("blocked", reason("management_restricted")) if case.user.restricted is True else None


def identifier_mapped(case: Case) -> Finding | None:
    """The user was mapped to an AD object before. It is compared with objectGUID, whatever the anchor is."""
    current = case.lookup.object_identifier if case.lookup is not None else None
    if not current:
        return None
    guid = (case.wish.row or {}).get("object_guid")
    if guid and guid.lower() == current.lower():
        return Finding(None, reason("identifier_same"))
    expected = f"this one is {guid}" if guid else "which one the row means is not known"
    # Whoever opened the tenant for that has decided; the row still says it.
    opened = case.around.tenant.feature("allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled") is True
    return Finding(None if opened else "blocked", reason("identifier_differs", current=current, expected=expected))


def _existing(case: Case) -> Finding | None:
    """The user has a value already, and it is not the wanted one."""
    current = case.user.immutable_id
    wish, rules = case.wish, case.around.rules
    if not current or (rules.clear and current == wish.expected):
        return None
    hint = spelling_hint(current, wish.held)
    meant = canonical(current)
    if meant is None:
        return Finding("blocked", reason("string_anchor_kept", current=current))
    # To clear a value that differs from the one that was named is never meant.
    if wish.expected is None if rules.clear else rules.replace:
        return None
    if meant == wish.held:
        return Finding("blocked", reason("existing_value_misspelled", current=current, hint=hint))
    return Finding("blocked", reason("existing_value_kept", current=current, hint=hint))


# The domains of the sign-in name


def _federated(case: Case) -> Finding | None:
    """The user's domain now, and the one that it comes to: in either the sign-in depends on the anchor."""
    coming = None if case.around.rules.clear else exported_name(case.wish.row)
    names = [name for name in (case.user.user_principal_name, coming) if name]
    domains = dict.fromkeys(name.rpartition("@")[2].lower() for name in names if _is_federated(case, name))
    return Finding("blocked", reason("federated_domain", domains=", ".join(domains))) if domains else None


def _is_federated(case: Case, name: str) -> bool:
    return (case.around.tenant.domain_of(name) or {}).get("authenticationType") == "Federated"


def _suffix(case: Case) -> Finding | None:
    name = exported_name(case.wish.row)
    domain = case.around.tenant.domain_of(name) if name else None
    if domain is None or domain.get("isVerified") is True:
        return None
    return Finding("blocked", reason("suffix_not_verified", name=name))


DECIDES, SAID, SILENT = "decides", "said", ""


class Check(NamedTuple):
    """One row of the table: a check, and what its finding means for whom."""

    find: Callable[[Case], Optional[Finding]]
    #: The anchor is to be set.
    on_set: str
    #: The anchor is to be cleared.
    on_clear: str
    #: The user has the wanted value, and the sync has not taken it yet.
    on_kept: str
    #: The user has the wanted value and is synced.
    on_synced: str


# The first that decides the row is its reason; the others are shown as evidence. What an administrator has to settle
# first, stands first:
CHECKS = (
    # The row says nothing new.
    Check(_listed_twice, DECIDES, DECIDES, DECIDES, DECIDES),
    # Nobody touches these accounts, so nothing else about them needs to be solved.
    Check(sync_account, DECIDES, DECIDES, SILENT, SILENT),
    Check(emergency_account, DECIDES, DECIDES, SILENT, SILENT),
    Check(_protected, DECIDES, DECIDES, SILENT, SILENT),
    Check(_protected_by_group, DECIDES, DECIDES, SILENT, SILENT),
    # Without a right pair and a right value there is nothing to match.
    Check(_scope, DECIDES, SILENT, SAID, SAID),
    Check(_same_anchor, DECIDES, SILENT, DECIDES, DECIDES),
    Check(_contradicted, DECIDES, DECIDES, DECIDES, SAID),
    Check(_claimed_twice, DECIDES, DECIDES, DECIDES, DECIDES),
    Check(_external, DECIDES, DECIDES, SAID, SILENT),
    Check(_resource, DECIDES, DECIDES, SAID, SILENT),
    Check(_unusable, DECIDES, DECIDES, SILENT, SILENT),
    Check(_mode, DECIDES, SILENT, SAID, SILENT),
    Check(_unconfirmed, DECIDES, SILENT, SILENT, SILENT),
    # A right pair that the service will not let happen: whoever frees values for it works in vain.
    Check(_synced, DECIDES, DECIDES, SILENT, SILENT),
    Check(role_held, DECIDES, DECIDES, SAID, SILENT),
    Check(role_by_group, DECIDES, DECIDES, SAID, SILENT),
    Check(role_eligible, DECIDES, DECIDES, SAID, SILENT),
    Check(role_group_member, DECIDES, DECIDES, SAID, SILENT),
    Check(roles_unknown, DECIDES, DECIDES, SILENT, SILENT),
    Check(cloud_managed, DECIDES, SILENT, SAID, SILENT),
    Check(_restricted, DECIDES, DECIDES, SILENT, SILENT),
    Check(identifier_mapped, DECIDES, SILENT, SAID, SILENT),
    # Others that have to give something up, the anchor before what the sync would bring along.
    Check(anchor_held, DECIDES, SILENT, SAID, SAID),
    Check(sid_held, DECIDES, SILENT, SAID, SILENT),
    Check(name_held, DECIDES, SILENT, SAID, SILENT),
    Check(address_held, DECIDES, SILENT, SAID, SILENT),
    # What the caller can change with an option, or release.
    Check(_existing, DECIDES, DECIDES, SILENT, SILENT),
    Check(_external_beside, DECIDES, DECIDES, SILENT, SILENT),
    Check(_weak, DECIDES, DECIDES, SILENT, SILENT),
    Check(_federated, DECIDES, DECIDES, SILENT, SILENT),
    Check(_suffix, DECIDES, SILENT, SAID, SILENT),
    Check(_left_scope, SAID, SAID, SILENT, SILENT),
)


# Column -> the checks that it asks for, and whether their findings decide.
_ASKED = {
    column: tuple((check.find, weight == DECIDES) for check in CHECKS for weight in [getattr(check, column)] if weight)
    for column in Check._fields[1:]
}


def findings(case: Case) -> list[Finding]:
    """Return what was found, in the order of the table; what is only said has no action."""
    found = []
    for find, decides in _ASKED[_column(case)]:
        finding = find(case)
        if finding is not None:
            found.append(finding if decides else finding._replace(action=None))
    return found


def has_wanted(case: Case) -> bool:
    """Tell whether the user is as wished, so that nothing is to be written."""
    if case.around.rules.clear:
        return not case.user.immutable_id
    return case.wish.value is not None and case.user.immutable_id == case.wish.value


def unchecked(case: Case) -> list[str]:
    """Name what stays unknown of this user although it was asked for; the result says what would help."""
    domains = ["domains"] if case.around.tenant.domains is None and _needs_domains(case) else []
    looked = case.lookup
    if looked is None or case.around.rules.clear:
        return domains
    return [
        *domains,
        *(["onPremisesSyncBehavior.isCloudManaged"] if looked.cloud_managed is None else []),
        *(["onPremisesObjectIdentifier"] if not looked.identifier_known else []),
    ]


def _needs_domains(case: Case) -> bool:
    """Tell whether the domains of the user's names, now and after the sync, say anything about the row."""
    asked = {find for find, _decides in _ASKED[_column(case)]}
    return _federated in asked or (_suffix in asked and exported_name(case.wish.row) is not None)


def _column(case: Case) -> str:
    if not has_wanted(case):
        return "on_clear" if case.around.rules.clear else "on_set"
    return "on_synced" if case.user.synced is True else "on_kept"
