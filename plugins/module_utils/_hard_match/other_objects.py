# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Where one group, contact or device stands, and what kind of match is possible for it.

Only users hard match. Source: Microsoft Entra Connect, when you already have Microsoft Entra ID ("Other objects than
users"), and Microsoft Entra, how device registration works.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import smtp_addresses
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import NAMED, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import LABEL_CLOUD, LABEL_SYNCED
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import CONTACT, GROUP, Holder, title_of

DEVICE = "device"
STATES = ("synced", "pending", "in_cloud", "conflict", "not_found", "unknown")

# What the admin centres call the ways to join.
_JOINED = {
    "ServerAd": "Microsoft Entra hybrid joined",
    "AzureAd": "Microsoft Entra joined",
    "Workplace": "Microsoft Entra registered",
}
# What a row shows of each kind, besides what all have: its name there, and Graph's.
_DETAILS: Mapping[str, Mapping[str, str]] = {
    GROUP: {
        "mail": "mail",
        "mail_enabled": "mailEnabled",
        "security_enabled": "securityEnabled",
        "group_types": "groupTypes",
        "sam_account_name": "onPremisesSamAccountName",
    },
    CONTACT: {"mail": "mail"},
    DEVICE: {
        "device_id": "deviceId",
        "trust_type": "trustType",
        "operating_system": "operatingSystem",
        "enabled": "accountEnabled",
        "managed": "isManaged",
        "last_sign_in": "approximateLastSignInDateTime",
    },
}
# What an errorDetail of XML says to a person.
_DESCRIPTION = re.compile(r"<(?:\w+:)?ErrorDescription>(.*?)</", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")

Reason = dict[str, str]
Found = Iterator[Reason]
Body = Mapping[str, Any]


class Surroundings(NamedTuple):
    """What is known around the objects; ``None`` is unknown."""

    sync_on: Optional[bool] = None
    soft_match_blocked: Optional[bool] = None
    #: Ids of those whose source of authority was moved to the cloud, as far as that can be read.
    cloud_managed: frozenset[str] = frozenset()
    #: SMTP address in lower case -> who has it, among users, groups and contacts.
    owners: Mapping[str, Sequence[Holder]] = {}
    #: SMTP address in lower case -> synced objects for which the service parked it.
    claimants: Mapping[str, Sequence[Holder]] = {}


class Subject(NamedTuple):
    """One object, as Graph has it, and what is around it."""

    kind: str
    body: Body
    around: Surroundings

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its SMTP addresses in lower case, the primary one first."""
        return addresses_of(self.body)


class Verdict(NamedTuple):
    """One of :data:`STATES`, and the reasons, the decisive one first."""

    state: str
    reasons: list[Reason]


class Check(NamedTuple):
    """One row of a table: a check, and the state of an object for which what it finds is decisive.

    Without a state the finding is only said.
    """

    find: Callable[[Subject], Iterable[Reason]]
    state: Optional[str] = None


def addresses_of(body: Body) -> tuple[str, ...]:
    """Return the SMTP addresses of an object in lower case, the primary one first."""
    return smtp_addresses([*(body.get("proxyAddresses") or ()), *filter(None, [body.get("mail")])])


def parked_values(body: Body) -> list[tuple[str, str]]:
    """Return (property, value) of what the service parked for being taken."""
    return [
        (str(error.get("propertyCausingError") or error.get("category")), str(error.get("value")))
        for error in body.get("onPremisesProvisioningErrors") or ()
    ]


def parked_address(value: str) -> str:
    """Return a parked value as addresses are compared."""
    return value.lower().removeprefix("smtp:")


def holder_of(kind: str, body: Body) -> Holder:
    """Return an object as evidence for a sentence."""
    return Holder(kind, body["id"], str(body.get("userPrincipalName") or title_of(body)))


# Checks


def parked(subject: Subject) -> Found:
    """The service could not give it a value."""
    for name, value in parked_values(subject.body):
        owners = [
            owner for owner in subject.around.owners.get(parked_address(value), ()) if owner.id != subject.body["id"]
        ]
        owner = f"by {listed([one.shown for one in owners])}" if owners else "by an object that was not found"
        yield reason("attribute_quarantined", property=name, value=value, owner=owner)


def service_errors(subject: Subject) -> Found:
    """A service, such as Exchange Online, could not take it."""
    for error in subject.body.get("serviceProvisioningErrors") or ():
        if error.get("isResolved") is not True:
            # exchange/contoso: the service, and which of its instances.
            service = str(error.get("serviceInstance") or "of an unknown name").partition("/")[0]
            detail = _in_words(str(error.get("errorDetail") or "it does not say which."))
            yield reason("service_error", service=service, kind=subject.kind, detail=detail)


def twin(subject: Subject) -> Found:
    """Perhaps the sync did not match the AD object with this one, and made another of the same kind."""
    twins = {
        other.id: other
        for address in subject.addresses
        for other in subject.around.claimants.get(address, ())
        if other.kind == subject.kind
    }
    if twins:
        shown = [other.shown for other in list(twins.values())[: NAMED + 1]]
        yield reason("object_twin", kind=subject.kind, twins=listed(shown, len(twins)))


def cloud_managed(subject: Subject) -> Found:
    """The cloud owns it since its source of authority was moved."""
    if subject.body["id"] in subject.around.cloud_managed:
        yield reason("object_cloud_managed", kind=subject.kind)


def left_scope(subject: Subject) -> Found:
    """It was synced once."""
    if subject.body.get("onPremisesSyncEnabled") is False:
        last = subject.body.get("onPremisesLastSyncDateTime") or "an unknown time"
        yield reason("object_left_scope", kind=subject.kind, last_sync=last)


def sync_off(subject: Subject) -> Found:
    """Nothing is synced."""
    if subject.around.sync_on is False:
        yield reason("tenant_sync_off")


def if_new(check: Callable[[Subject], Found]) -> Callable[[Subject], Found]:
    """Return a check for an object that the sync has never had: one that it had is not matched anew."""

    def find(subject: Subject) -> Found:
        if not (any(cloud_managed(subject)) or any(left_scope(subject))):
            yield from check(subject)

    return find


def soft_match_blocked(subject: Subject) -> Found:
    """The only match that it knows is blocked."""
    if subject.around.soft_match_blocked is True and (subject.kind == DEVICE or _match_address(subject)):
        yield reason("object_match_blocked", kind=subject.kind)


def role_assignable(subject: Subject) -> Found:
    """Directory roles can be given to it."""
    if subject.body.get("isAssignableToRole") is True:
        yield reason("group_role_assignable")


def group_match(subject: Subject) -> Found:
    """What a group can match by."""
    address = _match_address(subject)
    if address:
        yield reason("group_matches_by_address", address=address)
    else:
        yield reason("group_matches_nothing")


def contact_match(subject: Subject) -> Found:
    """What a contact can match by."""
    address = _match_address(subject)
    if address:
        yield reason("contact_matches_by_address", address=address)
    else:
        yield reason("contact_matches_nothing")


def _match_address(subject: Subject) -> str | None:
    """Return the primary address of an object that takes mail."""
    takes_mail = subject.body.get("mailEnabled") is not False
    return subject.addresses[0] if takes_mail and subject.addresses else None


def device_match(subject: Subject) -> Found:
    """How a device comes to be synced."""
    trust = subject.body.get("trustType")
    if trust == "ServerAd":
        yield reason("device_not_synced", device_id=subject.body.get("deviceId") or "unknown")
    else:
        yield reason("device_needs_hybrid_join", joined=_JOINED.get(str(trust), "joined in a way that is not known"))


def not_registered(subject: Subject) -> Found:
    """The computer was synced and has no key of its own yet. Source: Microsoft Entra, pending devices."""
    keys = subject.body.get("alternativeSecurityIds")
    if subject.body.get("trustType") == "ServerAd" and keys is not None and not keys:
        yield reason("device_not_registered")


# What an object is told that the sync does not write, by its kind. The first finding with a state decides, and all are
# listed in this order.
_NOT_SYNCED = (
    Check(twin, "conflict"),
    Check(cloud_managed),
    Check(left_scope),
    Check(sync_off),
    Check(if_new(soft_match_blocked)),
)
NOT_SYNCED: Mapping[str, tuple[Check, ...]] = {
    GROUP: (*_NOT_SYNCED, Check(role_assignable), Check(if_new(group_match)), Check(service_errors)),
    CONTACT: (*_NOT_SYNCED, Check(if_new(contact_match)), Check(service_errors)),
    DEVICE: (Check(left_scope), Check(sync_off), Check(if_new(soft_match_blocked)), Check(if_new(device_match))),
}
# And one that the sync writes.
SYNCED: Mapping[str, tuple[Check, ...]] = {
    GROUP: (Check(parked, "conflict"), Check(service_errors)),
    CONTACT: (Check(parked, "conflict"), Check(service_errors)),
    DEVICE: (Check(not_registered, "pending"),),
}
KINDS = tuple(SYNCED)


def judge(subject: Subject) -> Verdict:
    """Say where an object stands."""
    synced = is_synced(subject.body)
    table = (SYNCED if synced else NOT_SYNCED)[subject.kind]
    findings = [(check, why) for check in table for why in check.find(subject)]
    decisive = next((check.state for check, _why in findings if check.state), None)
    return Verdict(decisive or ("synced" if synced else "in_cloud"), [why for _check, why in findings])


def is_synced(body: Body) -> bool:
    """Tell whether the sync writes an object."""
    return body.get("onPremisesSyncEnabled") is True


def ambiguous(kind: str, name: str, bodies: Sequence[Body]) -> Verdict:
    """Return the verdict on a name that several objects have: nobody guesses."""
    shown = [_candidate_title(kind, body) for body in bodies[: NAMED + 1]]
    why = reason("object_ambiguous", name=name, count=len(bodies), kind=kind, candidates=listed(shown, len(bodies)))
    return Verdict("unknown", [why])


def missing(kind: str, name: str, deleted: Sequence[Body] = ()) -> Verdict:
    """Return the verdict on a name that no object has.

    :param deleted: those in the recycle bin that fit.
    """
    if deleted:
        shown = [holder_of(kind, body).shown for body in deleted[: NAMED + 1]]
        return Verdict("not_found", [reason("object_deleted", kind=kind, candidates=listed(shown, len(deleted)))])
    return Verdict("not_found", [reason("object_not_found", kind=kind, name=name)])


def unread(kind: str, detail: str) -> Verdict:
    """Return the verdict on what could not be read."""
    return Verdict("unknown", [reason("object_unread", kind=kind, detail=detail)])


def fits(body: Body, name: str) -> bool:
    """Tell whether an object of the recycle bin is called by a name, or has it as its id or address."""
    names = (body["id"], body.get("displayName"), *addresses_of(body))
    return name.lower() in {str(one).lower() for one in names if one}


def row_of(
    kind: str,
    name: str,
    body: Body | None,
    verdict: Verdict,
    unchecked: Iterable[Mapping[str, str]] = (),
    candidates: Iterable[Body] = (),
    error: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the row of one object.

    :param body: as Graph has it; ``None``: there is none, or it is not clear which.
    """
    seen = body or {}
    return {
        "kind": kind,
        "name": name,
        "id": seen.get("id"),
        "display_name": seen.get("displayName"),
        "state": verdict.state,
        "label": _label(kind, body),
        "reasons": verdict.reasons,
        "unchecked": [dict(item) for item in unchecked],
        "last_sync": seen.get("onPremisesLastSyncDateTime"),
        "security_identifier": seen.get("onPremisesSecurityIdentifier"),
        "details": None if body is None else {ours: seen.get(theirs) for ours, theirs in _DETAILS[kind].items()},
        "candidates": [_candidate(kind, one) for one in candidates],
        "error": error,
    }


def _label(kind: str, body: Body | None) -> str | None:
    if body is None:
        return None
    if kind == DEVICE:
        return _JOINED.get(str(body.get("trustType")))
    return LABEL_SYNCED if is_synced(body) else LABEL_CLOUD


def _candidate(kind: str, body: Body) -> dict[str, Any]:
    """Return what tells an object from others of the same name."""
    told_by = {"device_id": "deviceId", "trust_type": "trustType"} if kind == DEVICE else {"mail": "mail"}
    return {
        "id": body["id"],
        "display_name": body.get("displayName"),
        **{ours: body.get(theirs) for ours, theirs in told_by.items()},
    }


def _candidate_title(kind: str, body: Body) -> str:
    """Name one of several objects of the same name."""
    told = _JOINED.get(str(body.get("trustType"))) if kind == DEVICE else body.get("mail")
    return f"{title_of(body)} ({body['id']}{', ' + told if told else ''})"


def _in_words(detail: str) -> str:
    """Return what a service said without its XML."""
    found = _DESCRIPTION.findall(detail) or [detail]
    plain = " ".join(html.unescape(_TAG.sub(" ", " ".join(found))).split())
    return plain if plain.endswith((".", "?", "!")) else f"{plain}."
