# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Where one user stands: synced, and if not, why not. Pure checks over what was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import out_of_scope
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import held_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import spelling_hint
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time

STATES = ("synced", "pending", "in_cloud", "blocked", "conflict", "not_found", "unknown")

# What the admin centres show.
LABEL_SYNCED = "Synced with Active Directory"
LABEL_CLOUD = "In cloud"


class Expectation(NamedTuple):
    """Who is followed, and what proves that the sync took the right user."""

    #: Id or UPN as the input names it.
    user: Optional[str]
    id: Optional[str] = None
    immutable_id: Optional[str] = None
    #: Fields of the AD object; those used are login_name, object_sid, in_scope, scope_reasons.
    row: Optional[Mapping[str, Any]] = None
    #: What a plan or result said of the user: its action and reason.
    action: Optional[str] = None
    reason: Optional[Mapping[str, Any]] = None
    #: When the anchor was written, by the service's clock, in seconds since 1970.
    written: Optional[float] = None


class SyncFacts(NamedTuple):
    """What the tenant says of its sync; ``None`` is unknown."""

    sync_on: Optional[bool] = None
    hard_match_blocked: Optional[bool] = None
    verified_domains: Optional[frozenset[str]] = None
    #: What could not be read, ``{"what", "permission"}``.
    unchecked: tuple[Mapping[str, str], ...] = ()


class Diagnosis(NamedTuple):
    """One of :data:`STATES`, and the reasons, the decisive one first."""

    state: str
    reasons: list[dict[str, str]]


class _Finding(NamedTuple):
    state: str
    reason: dict[str, str]


def diagnose(expected: Expectation, user: CloudUser | None, holders: list[CloudUser], tenant: SyncFacts) -> Diagnosis:
    """Say where a user stands.

    :param user: as read; ``None`` when there is no such user.
    :param holders: users, live and deleted, that hold the expected anchor.
    """
    others = [holder for holder in holders if user is None or holder.id != user.id]
    if user is None or user.deleted:
        findings = _gone(expected, user, others)
    elif user.synced is True:
        findings = _proof(expected, user, tenant)
    else:
        findings = _in_the_way(expected, user, others, tenant)
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
    unsettled = diagnosis.state not in ("synced", "not_found")
    return {
        "user": (user.user_principal_name or user.id) if user else expected.user,
        "id": user.id if user else expected.id,
        "state": diagnosis.state,
        "label": None if user is None or user.deleted else LABEL_SYNCED if user.synced is True else LABEL_CLOUD,
        "reasons": diagnosis.reasons,
        "unchecked": [dict(item) for item in tenant.unchecked] if unsettled else [],
        "immutable_id": user.immutable_id if user else None,
        "expected_immutable_id": expected.immutable_id,
        "last_sync": user.last_sync if user else None,
        "object": dict(expected.row) if expected.row is not None else None,
        "error": error,
    }


def unreadable(message: str) -> Diagnosis:
    """Return the diagnosis of a user that could not be read."""
    return Diagnosis("unknown", [reason("read_failed", detail=message)])


def _gone(expected: Expectation, user: CloudUser | None, others: list[CloudUser]) -> list[_Finding]:
    live = [holder for holder in others if not holder.deleted]
    if live:
        return [_Finding("conflict", held_by(live))]
    gone = [*([user] if user else []), *others]
    if gone:
        holder = ", ".join(holder.name for holder in gone)
        return [_Finding("not_found", reason("user_deleted", holder=holder))]
    return [_Finding("not_found", reason("not_found", tried=expected.user or "nothing to look for"))]


def _proof(expected: Expectation, user: CloudUser, tenant: SyncFacts) -> list[_Finding]:
    """Return what is missing from the proof that the right user was taken."""
    row = expected.row or {}
    findings = []
    tied = _same_sid(expected, user)
    if tied is False:
        findings.append(_Finding("conflict", reason("sid_differs", current=user.sid, expected=row["object_sid"])))
    # An anchor that was a guess proves nothing against the SID.
    guess = row.get("anchor_certain") is False
    if expected.immutable_id and user.immutable_id != expected.immutable_id and not (guess and tied):
        findings.append(_anchor_differs(expected, user, "conflict"))
    # What the next sync brings cannot be judged before it.
    if expected.written is not None and _epoch(user.last_sync) < expected.written:
        why = reason("sync_before_write", last_sync=user.last_sync or "never", written=_text(expected.written))
        findings.append(_Finding("pending", why))
    for attribute, value in user.parked:
        findings.append(_Finding("conflict", reason("attribute_quarantined", property=attribute, value=value)))
    name = row.get("login_name")
    if name and _name_differs(name, user.user_principal_name, tenant.verified_domains):
        why = reason("upn_differs", current=user.user_principal_name, expected=name)
        findings.append(_Finding("conflict", why))
    return findings


def _in_the_way(expected: Expectation, user: CloudUser, others: list[CloudUser], tenant: SyncFacts) -> list[_Finding]:
    """Return why a user is in the cloud still."""
    findings = []
    if (expected.row or {}).get("in_scope") is False:
        findings.append(_Finding("blocked", out_of_scope(expected.row or {})))
    if others:
        findings.append(_Finding("conflict", held_by(others)))
    if not user.immutable_id:
        findings.append(_Finding("in_cloud", reason("anchor_not_set")))
    elif expected.immutable_id and user.immutable_id != expected.immutable_id:
        findings.append(_anchor_differs(expected, user, "in_cloud"))
    if tenant.sync_on is False:
        findings.append(_Finding("blocked", reason("tenant_sync_off")))
    if tenant.hard_match_blocked is True:
        findings.append(_Finding("blocked", reason("hard_match_blocked")))
    if user.synced is False:
        findings.append(_Finding("pending", reason("left_scope", detail="")))
    if not findings:
        last = f"; the last sync of this user was at {user.last_sync}" if user.last_sync else ""
        findings.append(_Finding("pending", reason("awaiting_sync", detail=last)))
    return findings


def _with_what_was_told(expected: Expectation, user: CloudUser | None, findings: list[_Finding]) -> list[_Finding]:
    """Add why the plan did not write this user."""
    told = expected.reason
    if not told or expected.action not in ("blocked", "conflict", "ambiguous", "failed"):
        return findings
    if any(finding.reason["code"] == told.get("code") for finding in findings):
        return findings
    # Without an anchor to look for, only the SID proves that the sync tied the user to this AD object.
    unproven = (
        expected.immutable_id is None and user is not None and not user.deleted and _same_sid(expected, user) is None
    )
    if unproven:
        findings = [finding for finding in findings if finding.reason["code"] != "awaiting_sync"]
    elif not findings:
        return []
    state = "blocked" if expected.action in ("blocked", "failed") else "conflict"
    cause = _Finding(state, {name: str(told.get(name) or "") for name in ("code", "message", "remedy")})
    # For a user without the anchor it is the cause behind the cause. And nobody has to exist in the tenant for an
    # object that sync leaves out.
    if not findings or findings[0].state == "in_cloud" or told.get("code") == "out_of_scope":
        return [cause, *findings]
    return [*findings, cause]


def _anchor_differs(expected: Expectation, user: CloudUser, state: str) -> _Finding:
    if (expected.row or {}).get("anchor_certain") is False:
        return _Finding("blocked", reason("anchor_unconfirmed"))
    hint = spelling_hint(user.immutable_id or "", expected.immutable_id)
    why = reason("anchor_differs", current=user.immutable_id, expected=expected.immutable_id, hint=hint)
    return _Finding(state, why)


def _same_sid(expected: Expectation, user: CloudUser) -> bool | None:
    """Tell whether the user is tied to the expected AD object; ``None`` when that cannot be told."""
    sid = (expected.row or {}).get("object_sid")
    return sid.upper() == user.sid.upper() if sid and user.sid else None


def _name_differs(expected: str, current: str | None, verified: frozenset[str] | None) -> bool:
    """Compare sign-in names. A suffix that the tenant has not verified cannot have been taken over."""
    if current is None or expected.lower() == current.lower():
        return False
    suffix = expected.lower().rpartition("@")[2]
    if verified is None:
        return suffix == current.lower().rpartition("@")[2]
    return suffix in verified


def _epoch(text: str | None) -> float:
    """Return a time of Graph in seconds since 1970; what is absent or unreadable lies before everything."""
    try:
        return parse_time(text or "")
    except ValueError:
        return float("-inf")


def _text(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
