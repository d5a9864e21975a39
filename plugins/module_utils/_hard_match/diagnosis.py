# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Where one user stands: synced, and if not, why not. A table of pure checks.

All that applies is listed. The decisive reason comes first: the one to deal with first, after which the next may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import (
    ad_checks,
    audit_checks,
    privileged,
    sync_server_checks,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import diagnosis_checks as checks
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_checks import (
    unless_awaited,
    unless_changed,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import Audit
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis_checks import (
    from_plan,
    unless_joined,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import held_by, name_held, sid_held
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacles import (
    cloud_managed,
    identifier_mapped,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    LogEntry,
    Reasons,
    Subject,
    SyncFacts,
)

STATES = ("synced", "pending", "in_cloud", "blocked", "conflict", "not_found", "unknown")

# What the admin centres show.
LABEL_SYNCED = "Synced with Active Directory"
LABEL_CLOUD = "In cloud"

# Said besides, whatever the cause: none of them keeps a user in the cloud by itself.
_NOTES = frozenset(
    {
        "identifier_same",
        "flags_unreadable",
        "selection_unknown",
        "role_group_member",
        "twin_claims",
        "connect_version_old",
        "connector_space_unread",
        "anchor_changed_by",
        "user_changed_by",
        "ad_account_disabled",
        "ad_object_not_found",
        "ad_values_changed",
    }
)

# What Cloud Sync's log calls by words of its own, and which of our findings says the same: then once is enough.
_SAID_BY_THE_LOG = {
    "AttributeUpdateNotAllowed": {"identifier_differs"},
    "AttributeValueMustBeUnique": {"joined_to_twin", "anchor_held", "sid_held", "upn_held", "address_held"},
    "InvalidHardMatch": {"hard_match_blocked", "role_held", "role_by_group", "role_eligible"},
    "NotInScope": {"out_of_scope"},
    "ObjectTypeMismatch": {"address_of_other_kind"},
    "SourceAnchorChanged": {"joined_to_twin"},
    "SourceOfAuthorityCloud": {"cloud_managed"},
}
# What says more of a refusal than the audit log does.
_REFUSALS = frozenset({"sync_refused", "export_failed"}).union(
    sync_server_checks.EXPORT_ERRORS.values(), *_SAID_BY_THE_LOG.values()
)

# What says the same as a reason of a plan, and knows more.
_SAYS_AS_MUCH = {
    "anchor_held": {"anchor_held", "joined_to_twin"},
    "suffix_not_verified": {"suffix_not_verified", "upn_suffix_lost"},
}
# A user without the anchor: why the plan did not write it is the cause behind the cause.
_WITHOUT_ANCHOR = frozenset({"anchor_not_set", "anchor_differs", "ad_anchor_changed"})


_OBJECT_UNCHECKED = {
    "what": "whether the sync took the right AD object, because nothing is known of that one",
    "permission": "reading the users of AD",
}


class Diagnosis(NamedTuple):
    """One of :data:`STATES`, and the reasons, the decisive one first."""

    state: str
    reasons: list[dict[str, str]]


class _Finding(NamedTuple):
    state: str
    reason: dict[str, str]


class Check(NamedTuple):
    """One row of a table: a check, and the state of a user for whom what it finds is decisive."""

    find: Callable[[Subject], Reasons]
    state: str


# Of a user without the flag. The first finding decides, the others are listed after it. They stand in the order in
# which it is safe to mend them: nothing is brought into the scope of sync while another user would be taken, no sync is
# set going before the user has its anchor, and what time may mend comes last.
IN_THE_WAY = (
    Check(ad_checks.gone, "blocked"),
    Check(checks.joined, "conflict"),
    Check(checks.anchor_held, "conflict"),
    Check(checks.left_out, "blocked"),
    Check(checks.anchor_not_set, "in_cloud"),
    Check(ad_checks.anchor_changed, "in_cloud"),
    Check(unless_changed(checks.anchor_differs), "in_cloud"),
    Check(checks.anchor_unconfirmed, "blocked"),
    Check(checks.sync_off, "blocked"),
    Check(checks.takeover_blocked, "blocked"),
    Check(from_plan(privileged.role_held), "blocked"),
    Check(from_plan(privileged.role_by_group), "blocked"),
    Check(from_plan(privileged.role_eligible), "blocked"),
    Check(from_plan(cloud_managed), "blocked"),
    Check(from_plan(identifier_mapped), "blocked"),
    Check(unless_joined(from_plan(sid_held)), "conflict"),
    Check(unless_joined(checks.address_of_other_kind), "conflict"),
    Check(unless_joined(from_plan(name_held)), "conflict"),
    Check(unless_joined(checks.address_of_user), "conflict"),
    Check(checks.sync_refused, "in_cloud"),
    Check(sync_server_checks.export_failed, "in_cloud"),
    Check(sync_server_checks.sync_failed, "in_cloud"),
    Check(audit_checks.sync_attempt_failed, "in_cloud"),
    Check(checks.delete_brake, "pending"),
    Check(sync_server_checks.export_held, "pending"),
    Check(checks.job_quarantined, "pending"),
    Check(sync_server_checks.run_failed, "pending"),
    Check(checks.job_paused, "pending"),
    Check(sync_server_checks.staging, "pending"),
    Check(sync_server_checks.scheduler_suspended, "pending"),
    Check(sync_server_checks.scheduler_off, "pending"),
    Check(sync_server_checks.not_in_connector_space, "in_cloud"),
    Check(checks.sync_stale, "pending"),
    Check(checks.no_cycle_since_write, "pending"),
    Check(unless_joined(checks.anchor_unchecked), "pending"),
    Check(checks.left_scope, "pending"),
    Check(from_plan(identifier_mapped, decides=False), "pending"),
    Check(from_plan(privileged.role_group_member), "pending"),
    Check(checks.twin_claims, "pending"),
    Check(checks.selection_unknown, "pending"),
    Check(checks.flags_unreadable, "pending"),
    Check(sync_server_checks.version_old, "pending"),
    Check(sync_server_checks.connector_space_unread, "pending"),
    Check(audit_checks.anchor_changed_by, "pending"),
    Check(audit_checks.user_changed_by, "pending"),
    Check(ad_checks.values_changed, "pending"),
    Check(ad_checks.account_disabled, "pending"),
    Check(ad_checks.not_found, "pending"),
)

# What is missing from the proof that the sync took the right user, for one with the flag.
PROOF = (
    Check(ad_checks.gone, "conflict"),
    Check(checks.sid_differs, "conflict"),
    Check(ad_checks.anchor_changed, "conflict"),
    Check(unless_changed(checks.anchor_differs), "conflict"),
    Check(checks.anchor_unconfirmed, "blocked"),
    # The next sync will fail as the last one did.
    Check(checks.if_behind(sync_server_checks.export_failed), "conflict"),
    # What the next sync brings cannot be judged before it.
    Check(checks.sync_before_write, "pending"),
    Check(checks.upn_rewritten, "conflict"),
    Check(checks.parked, "conflict"),
    Check(ad_checks.name_awaited, "pending"),
    Check(unless_awaited(checks.upn_differs), "conflict"),
    Check(checks.twin_claims, "conflict"),
    Check(audit_checks.anchor_changed_by, "conflict"),
    Check(checks.sid_missing, "pending"),
)


def diagnose(
    expected: Expectation,
    user: CloudUser | None,
    holders: Sequence[CloudUser],
    sync: SyncFacts,
    twins: Sequence[CloudUser] = (),
    case: Case | None = None,
    logged: LogEntry | None = None,
    audits: Sequence[Audit] = (),
) -> Diagnosis:
    """Say where a user stands.

    :param user: as read; ``None`` when there is no such user.
    :param holders: users, live and deleted, that hold the expected anchor.
    :param twins: see :func:`twins_of`.
    :param case: what roles, groups and look-ups say of the user; ``None``: not read (yet).
    :param logged: what Cloud Sync wrote down of the AD object.
    :param audits: what the audit log says of the user, the newest first.
    """
    others = [holder for holder in holders if user is None or holder.id != user.id]
    if user is None or user.deleted:
        findings = _gone(expected, user, others, audits)
        findings += [_Finding("not_found", why) for why in ad_checks.object_gone(expected)]
    else:
        subject = Subject(expected, user, others, list(twins), sync, case, logged, audits)
        if user.synced is True:
            findings = _found(PROOF, subject)
        else:
            findings = _awaited(_found(IN_THE_WAY, subject), user, logged)
    findings = _with_what_was_told(expected, user, findings)
    if not findings:
        return Diagnosis("synced", [])
    return Diagnosis(findings[0].state, [finding.reason for finding in findings])


def row_of(
    expected: Expectation,
    user: CloudUser | None,
    diagnosis: Diagnosis,
    tenant: SyncFacts,
    error: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the row of one user's status."""
    settled = diagnosis.state in ("synced", "not_found")
    unchecked = [] if settled else [dict(item) for item in tenant.unchecked]
    if diagnosis.state == "synced" and user is not None and checks.object_unknown(expected, user):
        unchecked.append(dict(_OBJECT_UNCHECKED))
    return {
        "user": (user.user_principal_name or user.id) if user else expected.user,
        "id": user.id if user else expected.id,
        "state": diagnosis.state,
        "label": None if user is None or user.deleted else LABEL_SYNCED if user.synced is True else LABEL_CLOUD,
        "reasons": diagnosis.reasons,
        "unchecked": unchecked,
        "immutable_id": user.immutable_id if user else None,
        "expected_immutable_id": expected.immutable_id,
        "last_sync": user.last_sync if user else None,
        "object": dict(expected.row) if expected.row is not None else None,
        "in_ad": expected.in_ad.found if expected.in_ad is not None else None,
        "error": error,
    }


def unreadable(message: str) -> Diagnosis:
    """Return the diagnosis of a user that could not be read."""
    return Diagnosis("unknown", [reason("read_failed", detail=message)])


def _gone(
    expected: Expectation, user: CloudUser | None, others: list[CloudUser], audits: Sequence[Audit]
) -> list[_Finding]:
    live = [holder for holder in others if not holder.deleted]
    if live:
        return [_Finding("conflict", held_by(live))]
    gone = [*([user] if user else []), *others]
    if gone:
        holder = ", ".join(holder.name for holder in gone)
        told = [reason("user_deleted", holder=holder), *audit_checks.deleted_by(audits)]
        return [_Finding("not_found", why) for why in told]
    told = [reason("not_found", tried=expected.user or "nothing to look for"), *audit_checks.deleted_by(audits)]
    return [_Finding("not_found", why) for why in told]


def _found(table: Iterable[Check], subject: Subject) -> list[_Finding]:
    return [_Finding(check.state, why) for check in table for why in check.find(subject)]


def _awaited(findings: list[_Finding], user: CloudUser, logged: LogEntry | None) -> list[_Finding]:
    """Say of a user for whom no cause was found that the sync is awaited; leave out what another cause explains."""
    found = {finding.reason["code"] for finding in findings}
    if logged is not None and found & _SAID_BY_THE_LOG.get(logged.code, set()):
        findings = [finding for finding in findings if finding.reason["code"] != "sync_refused"]
    if found & _REFUSALS:
        findings = [finding for finding in findings if finding.reason["code"] != "sync_attempt_failed"]
    if any(finding.reason["code"] not in _NOTES for finding in findings):
        return findings
    last = f"; the last sync of this user was at {user.last_sync}" if user.last_sync else ""
    return [_Finding("pending", reason("awaiting_sync", detail=last)), *findings]


def _with_what_was_told(expected: Expectation, user: CloudUser | None, findings: list[_Finding]) -> list[_Finding]:
    """Add why the plan did not write this user."""
    told = expected.reason
    if not told or expected.action not in ("blocked", "conflict", "ambiguous", "failed"):
        return findings
    code = str(told.get("code"))
    same = [finding for finding in findings if finding.reason["code"] in _SAYS_AS_MUCH.get(code, {code})]
    without_anchor = bool(findings) and findings[0].reason["code"] in _WITHOUT_ANCHOR
    if same and not without_anchor:
        return findings
    # Without an anchor to look for, only the SID proves that the sync tied the user to this AD object.
    if not same and user is not None and not user.deleted and checks.object_unknown(expected, user):
        findings = [finding for finding in findings if finding.reason["code"] != "anchor_unchecked"]
    elif not findings:
        return []
    rest = [finding for finding in findings if finding not in same]
    # The plan's state: waiting changes nothing about a user whom it does not write.
    state = "blocked" if expected.action in ("blocked", "failed") else "conflict"
    why = same[0].reason if same else {name: str(told.get(name) or "") for name in ("code", "message", "remedy")}
    same = [_Finding(state, why), *same[1:]]
    # Nobody has to exist in the tenant for an object that sync leaves out.
    if not findings or without_anchor or code == "out_of_scope":
        return [*same, *rest]
    return [*rest, *same]
