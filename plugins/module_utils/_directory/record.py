# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""One AD object as a row of ``objects``: readable values, and the anchor that sync will give it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import (
    GUID_LENGTH,
    guid_text,
    immutable_id,
    looks_byte_swapped,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.flow import SYNCED_ATTRIBUTES

CONSISTENCY_GUID_OR_OBJECT_GUID = "consistency_guid_or_object_guid"
OBJECT_GUID = "object_guid"
CONSISTENCY_GUID = "consistency_guid"
ATTRIBUTE = "attribute"
ANCHORS = (CONSISTENCY_GUID_OR_OBJECT_GUID, OBJECT_GUID, CONSISTENCY_GUID, ATTRIBUTE)

#: Row field -> the AD attribute it shows.
FIELDS = {
    "object_class": "objectClass",
    "sam_account_name": "sAMAccountName",
    "user_principal_name": "userPrincipalName",
    "mail": "mail",
    "mail_nickname": "mailNickname",
    "proxy_addresses": "proxyAddresses",
    "target_address": "targetAddress",
    "employee_id": "employeeID",
    "display_name": "displayName",
    "object_guid": "objectGUID",
    "consistency_guid": "mS-DS-ConsistencyGuid",
    "object_sid": "objectSid",
    "enabled": "userAccountControl",
    "password_last_set": "pwdLastSet",
    "msexch_recipient_type_details": "msExchRecipientTypeDetails",
    "msexch_mailbox_guid": "msExchMailboxGuid",
}

#: What of an object stands in the field ``synced_attributes``: what sync sends and no other field shows, and what tells
#: how its owner will sign in.
FURTHER = (*SYNCED_ATTRIBUTES, "accountExpires", "userAccountControl")

_ALWAYS_CARRIED = frozenset(
    (
        "distinguished_name",
        "immutable_id",
        "anchor_source",
        "anchor_certain",
        "anchor_reason",
        "source",
    )
)
_ACCOUNT_DISABLED = 0x2
_FURTHER = {name.lower(): name for name in FURTHER}
# What only the filters built into sync look at.
_SCOPE_ATTRIBUTES = ("isCriticalSystemObject", "adminDescription", "isDeleted", "groupType")
_NEVER = (0, (1 << 63) - 1)
# Attributes of octet string syntax that a site might choose as its anchor. Sync encodes these in base64 and takes any
# other value as the text it is; guessing from the bytes would turn one value in a million into the wrong anchor.
_BINARY = frozenset(
    (
        "objectguid",
        "ms-ds-consistencyguid",
        "objectsid",
        "msexchmailboxguid",
        "msexcharchiveguid",
        "usersmimecertificate",
    )
)
# In UTC, as all of AD's times; an aware one would take twice as long to format.
_FILETIME_EPOCH = datetime(1601, 1, 1)  # noqa: DTZ001


class AnchorSettings(NamedTuple):
    """Which AD attribute sync uses as its anchor: one of :data:`ANCHORS`, and the name where that is ``attribute``."""

    mode: str = CONSISTENCY_GUID_OR_OBJECT_GUID
    attribute: Optional[str] = None


class Anchor(NamedTuple):
    """The anchor of one object.

    ``immutable_id`` is None where there is no usable one, and ``reason`` (``{"code", "message", "remedy"}``) says why.
    With an ``immutable_id``, ``reason`` is a warning. ``certain`` is None where there is no anchor, and false where the
    attribute that would take precedence was not read.
    """

    immutable_id: Optional[str]
    source: Optional[str]
    certain: Optional[bool]
    reason: Optional[dict[str, str]]


def to_row(
    entry: Entry, carried: frozenset[str] | None, anchor: AnchorSettings, login_attribute: str = "userPrincipalName"
) -> dict[str, Any]:
    """Return the row of an object; ``in_scope`` is left unknown.

    :param carried: lower-case names of the attributes that the source carried; None for all.
    :param login_attribute: the AD attribute that sync sends as the cloud user principal name.
    """
    values = entry.attributes
    no_user = _no_user(values, carried)
    found = _no_anchor(no_user) if no_user else decide_anchor(values, carried, anchor)
    return {
        "distinguished_name": entry.dn,
        "object_class": _last_text(values.get("objectclass")),
        "sam_account_name": _text(values.get("samaccountname")),
        "user_principal_name": _text(values.get("userprincipalname")),
        "login_name": _text(values.get(login_attribute.lower())),
        "mail": _text(values.get("mail")),
        "mail_nickname": _text(values.get("mailnickname")),
        "proxy_addresses": [_decode(value) for value in values.get("proxyaddresses") or ()],
        "target_address": _text(values.get("targetaddress")),
        "employee_id": _text(values.get("employeeid")),
        "display_name": _text(values.get("displayname")),
        "object_guid": _guid(values.get("objectguid")),
        "consistency_guid": _base64(values.get("ms-ds-consistencyguid")),
        "immutable_id": found.immutable_id,
        "anchor_source": found.source,
        "anchor_certain": found.certain,
        "anchor_reason": found.reason,
        "object_sid": _sid(values.get("objectsid")),
        "enabled": _enabled(values.get("useraccountcontrol")),
        "password_last_set": _time(values.get("pwdlastset")),
        "msexch_recipient_type_details": _integer(values.get("msexchrecipienttypedetails")),
        "msexch_mailbox_guid": _guid(values.get("msexchmailboxguid")),
        "synced_attributes": None if no_user else _synced_attributes(values),
        "in_scope": None,
        "scope_reasons": [],
        "source": entry.source if entry.line is None else f"{entry.source}:{entry.line}",
    }


def wanted_attributes(anchor: AnchorSettings, login_attribute: str, more: Iterable[str] = ()) -> list[str]:
    """Return the AD attributes to ask a server for: those of a row, of the scope rules, and ``more``."""
    names = [*FIELDS.values(), *FURTHER, *_SCOPE_ATTRIBUTES, login_attribute, *more]
    if anchor.attribute:
        names.append(anchor.attribute)
    return list({name.lower(): name for name in reversed(names)}.values())[::-1]


def carried_fields(carried: frozenset[str] | None, login_attribute: str) -> set[str]:
    """Return the row fields whose ``null`` means "has no value" when a source carried these attributes.

    Of an attribute below ``synced_attributes`` that is ``synced_attributes.title``, for example.
    """
    fields = {f"synced_attributes.{name}" for name in FURTHER if carried is None or name.lower() in carried}
    fields |= {field for field, name in FIELDS.items() if carried is None or name.lower() in carried}
    if carried is None or login_attribute.lower() in carried:
        fields.add("login_name")
    return fields | _ALWAYS_CARRIED


def decide_anchor(values: dict[str, list[bytes]], carried: frozenset[str] | None, settings: AnchorSettings) -> Anchor:
    """Return the anchor that sync gives an object with these raw values."""
    if settings.mode == ATTRIBUTE:
        return _attribute_anchor(values, carried, settings.attribute or "")
    consistency = values.get("ms-ds-consistencyguid") or []
    known = carried is None or "ms-ds-consistencyguid" in carried
    if settings.mode != OBJECT_GUID and consistency and consistency[0]:
        return _guid_anchor(consistency[0], CONSISTENCY_GUID, "mS-DS-ConsistencyGuid")
    if settings.mode == CONSISTENCY_GUID:
        return _no_anchor(reason("consistency_guid_empty" if known else "consistency_guid_unread"))
    object_guid = values.get("objectguid") or []
    if not object_guid:
        return _no_anchor(reason("no_object_guid"))
    found = _guid_anchor(object_guid[0], OBJECT_GUID, "objectGUID")
    if found.immutable_id and settings.mode != OBJECT_GUID and not known:
        return found._replace(certain=False)
    return found


def anchors_differ(row: dict[str, Any]) -> bool:
    """Tell whether the choice between mS-DS-ConsistencyGuid and objectGUID matters for a row."""
    if row["consistency_guid"] is None or row["object_guid"] is None:
        return False
    return bool(row["consistency_guid"] != immutable_id(uuid.UUID(row["object_guid"]).bytes_le))


def _no_user(values: dict[str, list[bytes]], carried: frozenset[str] | None) -> dict[str, str] | None:
    """Say of a group or contact what takes the place of a hard match; ``None`` for what may be a user."""
    classes = {value.lower() for value in values.get("objectclass", ())}
    if b"contact" in classes:
        return reason("contact_by_address")
    if b"group" not in classes:
        return None
    no_mail = not values.get("mail") and not values.get("proxyaddresses")
    known = carried is None or {"mail", "proxyaddresses"} <= carried
    return reason("group_without_address" if no_mail and known else "group_by_address")


def _synced_attributes(values: dict[str, list[bytes]]) -> dict[str, Any]:
    """Return what sync sends besides the fields of a row, by LDAP name; what has no value is left out."""
    found = {_FURTHER[key]: _READERS.get(key, _one_or_more)(values[key]) for key in values if key in _FURTHER}
    return {name: value for name, value in found.items() if value is not None} if None in found.values() else found


def _guid_anchor(raw: bytes, source: str, name: str) -> Anchor:
    if len(raw) != GUID_LENGTH:
        return _no_anchor(
            reason(
                "object_guid_wrong_length" if source == OBJECT_GUID else "consistency_guid_wrong_length",
                length=len(raw),
                base64=immutable_id(raw),
            )
        )
    if not any(raw):
        return _no_anchor(reason("object_guid_all_zero" if source == OBJECT_GUID else "consistency_guid_all_zero"))
    warning = None
    if looks_byte_swapped(raw):
        warning = reason("anchor_looks_byte_swapped", attribute=name, guid=guid_text(raw), swapped=uuid.UUID(bytes=raw))
    return Anchor(immutable_id(raw), source, True, warning)


def _attribute_anchor(values: dict[str, list[bytes]], carried: frozenset[str] | None, name: str) -> Anchor:
    found = values.get(name.lower()) or []
    if not found or not found[0]:
        if carried is not None and name.lower() not in carried:
            return _no_anchor(reason("anchor_attribute_unread", attribute=name))
        return _no_anchor(reason("anchor_attribute_empty", attribute=name))
    if len(found) > 1:
        return _no_anchor(reason("anchor_attribute_many_values", attribute=name, count=len(found)))
    if name.lower() in _BINARY:
        return Anchor(immutable_id(found[0]), name, True, None)
    try:
        return Anchor(found[0].decode("utf-8"), name, True, None)
    except UnicodeDecodeError:
        return _no_anchor(reason("anchor_attribute_no_text", attribute=name))


def _no_anchor(why: dict[str, str]) -> Anchor:
    return Anchor(None, None, None, why)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _text(values: list[bytes] | None) -> str | None:
    return values[0].decode("utf-8", "replace") or None if values else None


def _last_text(values: list[bytes] | None) -> str | None:
    """Return the most specific object class: AD lists them from the root down."""
    return _decode(values[-1]) if values else None


def _base64(values: list[bytes] | None) -> str | None:
    return immutable_id(values[0]) if values and values[0] else None


def _guid(values: list[bytes] | None) -> str | None:
    return guid_text(values[0]) if values and len(values[0]) == GUID_LENGTH else None


def _integer(values: list[bytes] | None) -> int | None:
    try:
        return int(values[0]) if values else None
    except ValueError:
        return None


def _enabled(values: list[bytes] | None) -> bool | None:
    flags = _integer(values)
    return None if flags is None else not flags & _ACCOUNT_DISABLED


def _time(values: list[bytes] | None) -> str | None:
    """Return a FILETIME (100 ns since 1601) as RFC 3339 text; 0 is 1601-01-01, AD's "must be changed"."""
    ticks = _integer(values)
    if ticks is None or not 0 <= ticks < 1 << 61:
        return None
    return (_FILETIME_EPOCH + timedelta(seconds=ticks // 10_000_000)).isoformat() + "Z"


def _one_or_more(values: list[bytes]) -> str | list[str] | None:
    if len(values) == 1:
        return values[0].decode("utf-8", "replace") or None
    return [_decode(value) for value in values] or None


def _expiry(values: list[bytes]) -> str | None:
    """Return when an account expires; None: never."""
    return None if _integer(values) in _NEVER else _time(values)


_READERS: dict[str, Callable[[list[bytes]], Any]] = {"accountexpires": _expiry, "useraccountcontrol": _integer}


def _sid(values: list[bytes] | None) -> str | None:
    """Return a security identifier as ``S-1-…`` text ([MS-DTYP] 2.4.2)."""
    raw = values[0] if values else b""
    if len(raw) < 8 or len(raw) != 8 + 4 * raw[1]:
        return None
    parts = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4)]
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])
