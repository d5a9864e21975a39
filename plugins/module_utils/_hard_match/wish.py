# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What one row of input asks for: this AD object or this value, for that user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import (
    AnchorError,
    byte_swapped,
    immutable_id,
    looks_byte_swapped,
    parse_guid,
    read_immutable_id,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason

# Fields of an objects row that tell a person, and the verification after the sync, which AD object is meant.
IDENTIFYING = (
    "distinguished_name",
    "sam_account_name",
    "user_principal_name",
    "login_name",
    "mail",
    "proxy_addresses",
    "display_name",
    "object_guid",
    "object_sid",
    "anchor_source",
    "anchor_certain",
    "in_scope",
    "source",
)

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Any other anchor_source is the name of an attribute, whose text is taken as it is.
_GUID_SOURCES = ("object_guid", "consistency_guid")
# Microsoft Graph's user resource names these two.
_FORBIDDEN = frozenset("$_")


class Wish(NamedTuple):
    """One row of input, understood."""

    #: What the input names: a user's id or UPN, else the AD object's sign-in name or distinguished name.
    label: Optional[str]
    #: Object id or UPN of the user, where the caller named one.
    user: Optional[str]
    #: The row of objects it comes from.
    row: Optional[Mapping[str, Any]]
    #: The ImmutableId that the user should have; None means none.
    value: Optional[str]
    #: For clearing: the ImmutableId that the user is expected to have; None means any.
    expected: Optional[str] = None
    #: Why the value cannot be used.
    problem: Optional[dict[str, str]] = None
    #: Something to know about the value that is no obstacle.
    note: Optional[str] = None
    #: The wave that the row belongs to.
    wave: Optional[str] = None

    @property
    def held(self) -> str | None:
        """The ImmutableId that this row ties the user to, whether it is to be set or cleared."""
        return self.value or self.expected

    @property
    def subject(self) -> str:
        """How a person finds the row: the AD object, or the user as named."""
        if self.row is not None:
            return str(self.row.get("distinguished_name") or self.row.get("object_guid") or self.label)
        return str(self.user)

    def identity(self, user_id: str | None) -> str:
        """Return what two rows about the same thing have in common: the AD object, else the user."""
        if self.row is not None:
            return str(self.row.get("object_guid") or self.subject)
        return user_id or self.subject.lower()

    @property
    def certain(self) -> bool:
        """Whether the anchor is known to be the one that the sync will send."""
        return self.row is None or self.row.get("anchor_certain") is True

    @property
    def on_premises(self) -> dict[str, Any] | None:
        """The identifying fields of the AD object, and why sync leaves it out, if it does."""
        if self.row is None:
            return None
        left_out = {"scope_reasons": self.row.get("scope_reasons")} if self.row.get("in_scope") is False else {}
        return {**{name: self.row.get(name) for name in IDENTIFYING}, **left_out}


def is_object_id(text: str) -> bool:
    """Tell an object id from a user principal name."""
    return bool(_GUID.fullmatch(text))


def from_object(row: Mapping[str, Any], *, clear: bool = False, anchor: str | None = None) -> Wish:
    """Read a row of ``objects``.

    :param clear: the anchor shall be removed instead of set.
    :param anchor: ``object_guid`` states that the sync of this tenant uses ``objectGUID``, whatever the row says.
    """
    problem = None
    if anchor == "object_guid":
        row, problem = _stated(row)
    value = row.get("immutable_id")
    if problem is None:
        problem = _objection(row, value)
    label = row.get("login_name") or row.get("user_principal_name") or row.get("distinguished_name")
    if clear:
        return Wish(label, None, row, None, expected=value, problem=None if value else problem)
    return Wish(label, None, row, value if problem is None else None, problem=problem, note=_oddity(value))


def from_pair(pair: Mapping[str, Any], *, clear: bool = False) -> Wish:
    """Read ``user`` with ``immutable_id`` or ``object_guid``, as a person wrote it."""
    wish = _wanted(pair, clear)
    return wish._replace(wave=str(pair.get("wave") or "").strip() or None)


def canonical(text: str) -> str | None:
    """Return the ImmutableId of the GUID that ``text`` spells in any way, or ``None`` when it spells none."""
    try:
        return immutable_id(parse_guid(text))
    except AnchorError:
        return None


def spelling_hint(current: str, wanted: str | None) -> str:
    """Say what is odd about a value in a tenant; an empty string when nothing is."""
    hints = []
    if current != current.strip():
        hints.append("with blanks around it")
    raw = read_immutable_id(current.strip()).raw
    if raw is None and canonical(current):
        hints.append("which is a GUID, but not in base64")
    if raw is not None and wanted is not None:
        other = read_immutable_id(wanted).raw
        if other is not None and byte_swapped(raw) == other:
            hints.append("which is the expected GUID in the wrong byte order")
    return f" ({', '.join(hints)})" if hints else ""


def _wanted(pair: Mapping[str, Any], clear: bool) -> Wish:
    user = str(pair["user"]).strip()
    value, problem, note = _given_value(pair)
    if clear:
        if pair.get("object_guid"):
            # A GUID that cannot be read names some value; without the problem, any value would be cleared.
            return Wish(user, user, None, None, expected=value, problem=problem, note=note)
        # A string anchor may be cleared by naming it exactly, and in no other way.
        named = str(pair.get("immutable_id") or "").strip()
        return Wish(user, user, None, None, expected=value or named or None, note=note)
    return Wish(user, user, None, value if problem is None else None, problem=problem, note=note)


def _stated(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str] | None]:
    """Take ``objectGUID`` as the anchor, because the caller states that the sync does."""
    guid = row.get("object_guid")
    if not guid:
        blank = {**row, "immutable_id": None}
        return blank, reason("anchor_missing", detail="the source did not carry objectGUID")
    try:
        value = immutable_id(parse_guid(guid))
    except AnchorError as exc:
        return {**row, "immutable_id": None}, reason("anchor_invalid", detail=exc.message)
    return {**row, "immutable_id": value, "anchor_source": "object_guid", "anchor_certain": True}, None


def _objection(row: Mapping[str, Any], value: str | None) -> dict[str, str] | None:
    """Say why the anchor of an objects row cannot be used; ``None`` when it can."""
    if not value:
        # Whoever read the object knows best.
        told = row.get("anchor_reason")
        if isinstance(told, Mapping) and told.get("message"):
            return {name: str(told.get(name) or "") for name in ("code", "message", "remedy")}
        return reason("anchor_missing", detail="the source gave neither mS-DS-ConsistencyGuid nor objectGUID")
    if value != value.strip():
        return reason("anchor_invalid", detail=f'"{value}" has blanks around it.')
    if set(value) & _FORBIDDEN:
        return reason("anchor_forbidden_characters", given=value)
    raw = read_immutable_id(value).raw
    if raw is not None and not any(raw):
        return reason("anchor_zero")
    if raw is None and row.get("anchor_source") in (None, *_GUID_SOURCES):
        return reason("anchor_is_string", given=value)
    return None


def _given_value(pair: Mapping[str, Any]) -> tuple[str | None, dict[str, str] | None, str | None]:
    """Return the wanted ImmutableId, the reason against it, and a note."""
    given, guid = str(pair.get("immutable_id") or ""), pair.get("object_guid")
    stripped = given.strip()
    if guid:
        try:
            value = immutable_id(parse_guid(guid))
        except AnchorError as exc:
            return None, _anchor_reason(exc), None
        if stripped not in ("", value):
            detail = f'immutable_id "{stripped}" and object_guid {guid} (that is "{value}") contradict each other.'
            return None, reason("anchor_invalid", detail=detail), None
        return value, None, _oddity(value)
    if not stripped:
        return None, reason("anchor_missing", detail="the row gives neither immutable_id nor object_guid"), None
    note = None if given == stripped else "blanks around the given immutable_id were left out"
    raw = read_immutable_id(stripped).raw
    if raw is not None:
        if not any(raw):
            return None, reason("anchor_zero"), note
        return stripped, None, "; ".join(filter(None, (note, _oddity(stripped)))) or None
    try:
        proper = parse_guid(stripped)
    except AnchorError as exc:
        if _looks_like_a_guid(stripped, exc):
            return None, _anchor_reason(exc), note
        if set(stripped) & _FORBIDDEN:
            return None, reason("anchor_forbidden_characters", given=stripped), note
        return None, reason("anchor_is_string", given=stripped), note
    return None, reason("anchor_misspelled", given=stripped, proper=immutable_id(proper)), note


def _looks_like_a_guid(text: str, error: AnchorError) -> bool:
    """Tell a damaged GUID from a string anchor (an employee number, a mail address)."""
    return text.endswith("=") or error.code in ("all_zero", "ambiguous_hex", "missing_padding", "url_safe_base64")


def _anchor_reason(error: AnchorError) -> dict[str, str]:
    return reason("anchor_zero") if error.code == "all_zero" else reason("anchor_invalid", detail=error.message)


def _oddity(value: str | None) -> str | None:
    """Say what is strange about a value that is used all the same."""
    raw = read_immutable_id(value or "").raw
    if raw is None or not looks_byte_swapped(raw):
        return None
    return f"{value} looks byte-swapped: it is a version-4 GUID only with its first fields the other way round"
