# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a diagnosis looks at: who is followed, what the tenant says of its sync, and what was read of the one user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import Audit
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    ADDRESS,
    CLAIMED,
    CloudIndex,
    CloudUser,
    values_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import IMMUTABLE_ID, SID
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server import ServerFacts

#: What a check of a diagnosis yields: nothing, or reasons as :func:`codes.reason` makes them.
Reasons = Iterator[dict[str, str]]

#: The keys of the index of users, besides those that are always there, by which twins are found.
TWIN_KEYS = (ADDRESS, SID, CLAIMED)


class InAd(NamedTuple):
    """What AD said of an object just now; the expectation's row has its values."""

    found: bool
    #: It was asked for by its objectGUID, and is not there.
    gone: bool = False
    #: The anchor that was expected, where AD gives another one.
    before: Optional[str] = None
    #: What else differs from what was known, in words.
    changes: tuple[str, ...] = ()
    #: The sign-in name that was known, where AD has another one.
    former_name: Optional[str] = None


class Expectation(NamedTuple):
    """Who is followed, and what proves that the sync took the right user."""

    #: Id or UPN as the input names it.
    user: Optional[str]
    id: Optional[str] = None
    immutable_id: Optional[str] = None
    #: Fields of the AD object; those used are login_name, object_sid, in_scope, scope_reasons, and its addresses.
    row: Optional[Mapping[str, Any]] = None
    #: What a plan or result said of the user: its action and reason.
    action: Optional[str] = None
    reason: Optional[Mapping[str, Any]] = None
    #: When the anchor was written, by the service's clock, in seconds since 1970.
    written: Optional[float] = None
    #: What AD itself said; ``None``: it was not read.
    in_ad: Optional[InAd] = None


class JobState(NamedTuple):
    """A Cloud Sync job: its AD domain, whether it is paused, and why it is in quarantine, if it is."""

    domain: str
    paused: bool = False
    quarantine: Optional[str] = None


class SyncFacts(NamedTuple):
    """What the tenant says of its sync; ``None`` is unknown."""

    sync_on: Optional[bool] = None
    hard_match_blocked: Optional[bool] = None
    verified_domains: Optional[frozenset[str]] = None
    #: What could not be read, ``{"what", "permission"}``.
    unchecked: tuple[Mapping[str, str], ...] = ()
    #: When any sync last ran, and the service's clock as of that reading, in seconds since 1970.
    last_sync: Optional[float] = None
    now: Optional[float] = None
    #: Cloud Sync's jobs; none were read for those who are synced.
    jobs: tuple[JobState, ...] = ()
    #: What the server of Entra Connect Sync said; ``None``: it was not asked.
    server: Optional[ServerFacts] = None


class LogEntry(NamedTuple):
    """The newest that Cloud Sync wrote down of an AD object: when, whether it took it, else the code and why not."""

    time: str
    taken: bool
    code: str = ""
    detail: str = ""


class Subject(NamedTuple):
    """One user under diagnosis."""

    expected: Expectation
    user: CloudUser
    #: Other users, live and deleted, that hold the expected anchor.
    others: list[CloudUser]
    #: Other users that the sync took, and that have or claim what is this one's.
    twins: list[CloudUser]
    sync: SyncFacts
    #: What roles, groups and look-ups say; ``None``: not read.
    case: Optional[Case] = None
    #: What Cloud Sync's log says; ``None``: nothing, or not read.
    logged: Optional[LogEntry] = None
    #: What the directory's audit log says of the user, the newest first.
    audits: Sequence[Audit] = ()


def log_entry(body: Mapping[str, Any]) -> LogEntry:
    """Read Graph's ``provisioningObjectSummary``."""
    status = body.get("provisioningStatusInfo") or {}
    error = status.get("errorInformation") or {}
    return LogEntry(
        str(body.get("activityDateTime")),
        str(status.get("status")).lower() not in ("failure", "skipped"),
        str(error.get("errorCode") or "no code is given"),
        str(error.get("reason") or ""),
    )


def log_keys(body: Mapping[str, Any]) -> list[str]:
    """Return what names the AD object of an entry, in lower case: objectGUID and distinguished name."""
    source = body.get("sourceIdentity") or {}
    details = source.get("details") or {}
    names = (source.get("id"), details.get("objectGUID"), details.get("distinguishedName"))
    return [str(name).lower() for name in names if name]


def job_state(domain: str, data: Mapping[str, Any]) -> JobState:
    """Read Graph's ``synchronizationJob``. Source: Microsoft Graph, synchronizationStatus and synchronizationQuarantine
    resources."""
    status = data.get("status") or {}
    schedule = (data.get("schedule") or {}).get("state")
    # In quarantine the code says only that; the schedule says whether the job was paused besides.
    paused = status.get("code") == "Paused" or schedule in ("Disabled", "Paused")
    quarantine = status.get("quarantine")
    return JobState(domain, paused, str(quarantine.get("reason") or "no reason is given") if quarantine else None)


def twins_of(expected: Expectation, user: CloudUser | None, index: CloudIndex) -> list[CloudUser]:
    """Return the synced users that are tied to the AD object that is expected of this user, or claim its values."""
    row = expected.row or {}
    keys = [(IMMUTABLE_ID, expected.immutable_id), (SID, row.get("object_sid"))]
    if user is not None:
        own = dict.fromkeys([*values_of(user, "user_principal_name"), *values_of(user, ADDRESS)])
        keys += [(CLAIMED, value) for value in own]
    found = {other.id: other for key, value in keys if value for other in index.find(key, value)}
    return [
        other
        for other in found.values()
        if other.synced is True and not other.deleted and (user is None or other.id != user.id)
    ]
