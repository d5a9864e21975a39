# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What may keep the sync from taking a user, one check each. A check yields what it finds: nothing, or reasons.

A check that needs more than the user itself finds nothing where that was not read; what could not be read is named as
unchecked by the job.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Callable, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import AnchorError, immutable_id, parse_guid
from ansible_collections.hybrid.identity.plugins.module_utils._dn import dns_domain
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import (
    exported_addresses,
    exported_name,
    out_of_scope,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Finding
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    ADDRESS,
    CloudUser,
    claimed_by,
    was_rewritten,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import address_held, held_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    JobState,
    Reasons,
    Subject,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import AddressBook
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant_reasons import unreadable_flags
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import canonical, spelling_hint
from ansible_collections.hybrid.identity.plugins.module_utils._rows import parse_time

# The service syncs every 30 minutes (Connect Sync) or less; a day without is an alert of its own.
_STALE_SECONDS = 3 * 3600
_URL_SAFE = str.maketrans("-_", "+/")


def from_plan(check: Callable[[Case], Optional[Finding]], decides: bool = True) -> Callable[[Subject], Reasons]:
    """Return a check of a plan as one of a diagnosis.

    :param decides: take what decides a row of a plan; else take what is only said there.
    """

    def find(subject: Subject) -> Reasons:
        found = check(subject.case) if subject.case is not None else None
        if found is not None and (found.action is not None) is decides:
            yield found.reason

    return find


def unless_joined(check: Callable[[Subject], Reasons]) -> Callable[[Subject], Reasons]:
    """Return a check that has nothing to say where the sync took another user: that one has all values."""
    return lambda subject: iter(()) if joined_twins(subject) else check(subject)


def if_behind(check: Callable[[Subject], Reasons]) -> Callable[[Subject], Reasons]:
    """Return a check that looks only at a user whose last sync is older than the anchor."""
    return lambda subject: check(subject) if any(sync_before_write(subject)) else iter(())


# The AD object and the user that the sync took for it


def left_out(subject: Subject) -> Reasons:
    """The sync leaves the AD object out."""
    if (subject.expected.row or {}).get("in_scope") is False:
        yield out_of_scope(subject.expected.row or {})


def joined(subject: Subject) -> Reasons:
    """The sync has tied the AD object to another user."""
    twins = joined_twins(subject)
    if twins:
        yield reason("joined_to_twin", twins=_shown(subject, twins))


def joined_twins(subject: Subject) -> list[CloudUser]:
    """Return the twins that are tied to the same AD object, as far as that can be told."""
    anchor, sid = subject.expected.immutable_id, str((subject.expected.row or {}).get("object_sid") or "").upper()
    return [
        twin
        for twin in subject.twins
        if (anchor and twin.immutable_id == anchor) or not (sid and twin.sid) or twin.sid.upper() == sid
    ]


def twin_claims(subject: Subject) -> Reasons:
    """Somebody else who is synced would have the user's name or address."""
    others = joined_twins(subject) if subject.user.synced is not True else []
    twins = [twin for twin in subject.twins if twin not in others]
    if twins:
        yield reason("twin_claims", twins=_shown(subject, twins))


def anchor_held(subject: Subject) -> Reasons:
    """Somebody else has the anchor, live or in the recycle bin."""
    others = [user for user in subject.others if user not in joined_twins(subject)]
    if others:
        yield held_by(others)


# The anchor


def anchor_not_set(subject: Subject) -> Reasons:
    """No anchor. Of a user whose AD object is somebody else's already, setting it is not the next thing to do."""
    if not subject.user.immutable_id and not joined_twins(subject):
        yield reason("anchor_not_set")


def anchor_differs(subject: Subject) -> Reasons:
    """Another anchor than the one expected, in value or only in spelling."""
    if has_other_anchor(subject) and not _is_guess(subject):
        current, expected = subject.user.immutable_id or "", subject.expected.immutable_id or ""
        yield reason("anchor_differs", current=current, expected=expected, hint=hint_of(subject))


def anchor_unchecked(subject: Subject) -> Reasons:
    """Some anchor, and nothing to compare it with."""
    if subject.user.immutable_id and subject.expected.immutable_id is None:
        yield reason("anchor_unchecked", current=subject.user.immutable_id)


def anchor_unconfirmed(subject: Subject) -> Reasons:
    """Another anchor than one that was a guess."""
    if has_other_anchor(subject) and _is_guess(subject):
        yield reason("anchor_unconfirmed")


def has_other_anchor(subject: Subject) -> bool:
    """Tell whether the user has another anchor than the expected one, as far as that is certain."""
    current, expected = subject.user.immutable_id, subject.expected.immutable_id
    if subject.user.synced is not True and not current:
        return False
    # An anchor that was a guess proves nothing against the SID.
    in_ad = subject.expected.in_ad
    if subject.user.synced is True and in_ad is not None and in_ad.before is not None and current == in_ad.before:
        # Taken with the anchor that AD gave then.
        return False
    return (
        bool(expected) and current != expected and not (_is_guess(subject) and same_sid(subject.expected, subject.user))
    )


def _is_guess(subject: Subject) -> bool:
    return (subject.expected.row or {}).get("anchor_certain") is False


def hint_of(subject: Subject) -> str:
    """Say what the user's anchor looks like: in which spelling it is, or of which other attribute."""
    current, expected = subject.user.immutable_id or "", subject.expected.immutable_id or ""
    row = subject.expected.row or {}
    others = {"objectGUID": _anchor_of(row.get("object_guid")), "mS-DS-ConsistencyGuid": row.get("consistency_guid")}
    meant = canonical(current.strip())
    for name, value in others.items():
        if value and value == meant != canonical(expected):
            return f" (which is the {name} of the AD object)"
    if current != expected == current.translate(_URL_SAFE):
        return " (which is the expected one in the URL-safe alphabet)"
    return spelling_hint(current, expected)


def _anchor_of(guid: str | None) -> str | None:
    try:
        return immutable_id(parse_guid(guid)) if guid else None
    except AnchorError:
        return None


# Who else has what the sync brings


def address_of_other_kind(subject: Subject) -> Reasons:
    """A group or contact has an address of the AD object."""
    if subject.case is None:
        return
    book = subject.case.around.tenant.addresses
    taken = [
        f"{address} of {holder.shown}"
        for address in exported_addresses(subject.expected.row)
        for holder in book.holders(address)
    ]
    if taken:
        yield reason("address_of_other_kind", holders=listed(taken))


def address_of_user(subject: Subject) -> Reasons:
    """Another user has an address of the AD object."""
    if subject.case is None:
        return
    around = subject.case.around
    users_only = replace(around, tenant=around.tenant._replace(addresses=AddressBook()))
    found = address_held(subject.case._replace(around=users_only))
    if found is not None:
        yield found.reason


# The sync as a whole


def sync_off(subject: Subject) -> Reasons:
    """Directory sync is off for the tenant."""
    if subject.sync.sync_on is False:
        yield reason("tenant_sync_off")


def takeover_blocked(subject: Subject) -> Reasons:
    """The tenant refuses every hard match."""
    if subject.sync.hard_match_blocked is True:
        yield reason("hard_match_blocked")


def delete_brake(subject: Subject) -> Reasons:
    """Too many deletions hold all exports back, matches included."""
    for job in _jobs(subject):
        if job.quarantine == "TooManyDeletes":
            yield reason("delete_brake", domain=job.domain)


def job_quarantined(subject: Subject) -> Reasons:
    """A Cloud Sync job is in quarantine for another reason."""
    for job in _jobs(subject):
        if job.quarantine not in (None, "TooManyDeletes"):
            yield reason("job_quarantined", domain=job.domain, why=job.quarantine)


def job_paused(subject: Subject) -> Reasons:
    """A Cloud Sync job is paused."""
    for job in _jobs(subject):
        if job.paused:
            yield reason("job_paused", domain=job.domain)


def _jobs(subject: Subject) -> list[JobState]:
    """Return the jobs that may carry the AD object: those of its domain, where that is known."""
    domain = dns_domain(str((subject.expected.row or {}).get("distinguished_name") or ""))
    return [job for job in subject.sync.jobs if domain is None or job.domain.lower() == domain]


def sync_stale(subject: Subject) -> Reasons:
    """No sync for hours."""
    sync = subject.sync
    if sync.sync_on and sync.last_sync is not None and sync.now is not None:
        age = sync.now - sync.last_sync
        if age > _STALE_SECONDS:
            yield reason("sync_stale", last_sync=_text(sync.last_sync), hours=int(age // 3600))


def no_cycle_since_write(subject: Subject) -> Reasons:
    """Nothing has synced since the anchor was written."""
    written, last = subject.expected.written, subject.sync.last_sync
    if written is not None and last is not None and last < written and subject.sync.sync_on is not False:
        yield reason("no_cycle_since_write", written=_text(written), last_sync=_text(last))


def sync_refused(subject: Subject) -> Reasons:
    """Cloud Sync has met the AD object, with the anchor that is there now, and did not take it."""
    entry, written = subject.logged, subject.expected.written
    if entry is not None and not entry.taken and (written is None or epoch(entry.time) >= written):
        detail = entry.detail or "The log does not say more."
        yield reason("sync_refused", time=entry.time, word=entry.code, detail=detail)


def left_scope(subject: Subject) -> Reasons:
    """The user was synced, and its AD object left scope."""
    if subject.user.synced is False:
        yield reason("left_scope", detail="")


def flags_unreadable(subject: Subject) -> Reasons:
    """Flags of the tenant that decide over matches are unknown."""
    flags = unreadable_flags(subject.case.around.tenant) if subject.case is not None else []
    if flags:
        yield reason("flags_unreadable", flags=", ".join(flags))


def selection_unknown(subject: Subject) -> Reasons:
    """What the sync was told to take is unknown."""
    row = subject.expected.row
    if subject.case is not None and row is not None and row.get("in_scope") is None:
        told = [one for one in row.get("scope_reasons") or () if one.get("code") == "selection_unknown"]
        if told:
            yield {name: str(told[0].get(name) or "") for name in ("code", "message", "remedy")}


# What is missing from the proof, for a user with the flag


def sid_differs(subject: Subject) -> Reasons:
    """The user is tied to another AD object."""
    if same_sid(subject.expected, subject.user) is False:
        yield reason("sid_differs", current=subject.user.sid, expected=(subject.expected.row or {})["object_sid"])


def sid_missing(subject: Subject) -> Reasons:
    """The SID that would prove it is not there."""
    sid = (subject.expected.row or {}).get("object_sid")
    if sid and not subject.user.sid:
        yield reason("sid_missing", expected=sid)


def same_sid(expected: Expectation, user: CloudUser) -> bool | None:
    """Tell whether the user is tied to the expected AD object; ``None`` when that cannot be told."""
    sid = (expected.row or {}).get("object_sid")
    return sid.upper() == user.sid.upper() if sid and user.sid else None


def object_unknown(expected: Expectation, user: CloudUser) -> bool:
    """Tell whether nothing can show that a synced user is tied to the right AD object: no anchor, and no SID."""
    return expected.immutable_id is None and same_sid(expected, user) is None


def sync_before_write(subject: Subject) -> Reasons:
    """The flag is older than the anchor."""
    written, last = subject.expected.written, subject.user.last_sync
    if written is not None and epoch(last) < written:
        yield reason("sync_before_write", last_sync=last or "never", written=_text(written))


def upn_rewritten(subject: Subject) -> Reasons:
    """The service made up a name, because the right one was taken."""
    sent = _rewritten_from(subject)
    if sent:
        owner = _owners(subject, "UserPrincipalName", sent)
        yield reason("upn_rewritten", current=subject.user.user_principal_name, expected=sent, owner=owner)


def parked(subject: Subject) -> Reasons:
    """Values that the service parked."""
    for name, value in subject.user.parked:
        yield reason("attribute_quarantined", property=name, value=value, owner=_owners(subject, name, value))


def upn_differs(subject: Subject) -> Reasons:
    """Another sign-in name than AD's."""
    current, expected = subject.user.user_principal_name, exported_name(subject.expected.row)
    if not expected or current is None or expected.lower() == current.lower() or _rewritten_from(subject):
        return
    verified = subject.sync.verified_domains
    if verified is None or expected.lower().rpartition("@")[2] in verified:
        yield reason("upn_differs", current=current, expected=expected)
    else:
        yield reason("upn_suffix_lost", current=current, expected=expected)


def _rewritten_from(subject: Subject) -> str | None:
    """Return the name that the service replaced by one of its own making; ``None`` if it did not."""
    sent = exported_name(subject.expected.row) or subject.user.on_premises_name
    return sent if sent and was_rewritten(subject.user.user_principal_name, sent) else None


def _owners(subject: Subject, name: str, value: str) -> str:
    """Name who has a value that the user lacks for it."""
    plain = value.lower().removeprefix("smtp:")
    if subject.case is None:
        return "by another object"
    around = subject.case.around
    keys = ("user_principal_name",) if name == "UserPrincipalName" else (ADDRESS,)
    users = {user.id: user for key in keys for user in around.index.find(key, plain) if user.id != subject.user.id}
    owners = [f"user {user.name}" for user in list(users.values())[: NAMED + 1]]
    if name != "UserPrincipalName":
        owners += [holder.shown for holder in around.tenant.addresses.holders(plain)]
    return f"by {listed(owners)}" if owners else "by an object that was not found"


def _shown(subject: Subject, twins: list[CloudUser]) -> str:
    """Name twins, and what of the user's they claim."""
    own = {(subject.user.user_principal_name or "").lower(), *subject.user.addresses}
    names = []
    for twin in twins[: NAMED + 1]:
        claimed = [value for value in claimed_by(twin) if value in own]
        names.append(twin.name + (f", which claims {' and '.join(claimed)}" if claimed else ""))
    return listed(names, len(twins))


def epoch(text: str | None) -> float:
    """Return a time of Graph in seconds since 1970; what is absent or unreadable lies before everything."""
    try:
        return parse_time(text or "")
    except ValueError:
        return float("-inf")


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
