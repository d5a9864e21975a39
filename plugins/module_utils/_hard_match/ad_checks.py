# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What AD says now, as checks of a diagnosis: the object is gone, or gives another anchor than the one expected."""

from __future__ import annotations

from typing import Callable

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis_checks import (
    has_other_anchor,
    hint_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, Reasons, Subject

_ATTRIBUTES = {"object_guid": "objectGUID", "consistency_guid": "mS-DS-ConsistencyGuid"}


def object_gone(expected: Expectation) -> Reasons:
    """AD was asked for the object by its objectGUID, and has none."""
    if expected.in_ad is not None and expected.in_ad.gone:
        yield reason("ad_object_gone", guid=(expected.row or {}).get("object_guid"))


def gone(subject: Subject) -> Reasons:
    """The object of a user is gone."""
    return object_gone(subject.expected)


def not_found(subject: Subject) -> Reasons:
    """AD was read, and what was read has no object of the user."""
    in_ad, row = subject.expected.in_ad, subject.expected.row or {}
    if in_ad is not None and not in_ad.found and not in_ad.gone:
        names = (row.get("object_guid"), subject.expected.user, subject.user.user_principal_name)
        yield reason("ad_object_not_found", tried=", ".join(dict.fromkeys(str(name) for name in names if name)))


def anchor_changed(subject: Subject) -> Reasons:
    """AD gives the object another anchor than the one that was expected, and the user does not have it."""
    in_ad, row = subject.expected.in_ad, subject.expected.row or {}
    if in_ad is None or in_ad.before is None or (subject.user.immutable_id and not has_other_anchor(subject)):
        return
    current, anchor = subject.user.immutable_id, subject.expected.immutable_id or ""
    source = str(row.get("anchor_source"))
    yield reason(
        "ad_anchor_changed",
        anchor=anchor,
        attribute=_ATTRIBUTES.get(source, source),
        expected=in_ad.before,
        current=f'"{current}"' if current else "none",
        hint=hint_of(subject) if current else "",
    )


def unless_changed(check: Callable[[Subject], Reasons]) -> Callable[[Subject], Reasons]:
    """Return a check that has nothing to say where AD has changed the anchor: that says it all."""
    return lambda subject: iter(()) if any(anchor_changed(subject)) else check(subject)


def name_awaited(subject: Subject) -> Reasons:
    """The sign-in name was changed in AD, and the user still has the former one: the next sync brings the new one."""
    if _has_former_name(subject):
        yield from values_changed(subject)


def unless_awaited(check: Callable[[Subject], Reasons]) -> Callable[[Subject], Reasons]:
    """Return a check that has nothing to say of a name that the next sync brings."""
    return lambda subject: iter(()) if _has_former_name(subject) else check(subject)


def _has_former_name(subject: Subject) -> bool:
    in_ad, current = subject.expected.in_ad, subject.user.user_principal_name
    return bool(in_ad and in_ad.former_name and current and in_ad.former_name.lower() == current.lower())


def values_changed(subject: Subject) -> Reasons:
    """Names, addresses or the place of the object were changed in AD."""
    in_ad = subject.expected.in_ad
    if in_ad is not None and in_ad.changes:
        yield reason("ad_values_changed", changes="; ".join(in_ad.changes))


def account_disabled(subject: Subject) -> Reasons:
    """The account is disabled in AD."""
    if subject.expected.in_ad is not None and (subject.expected.row or {}).get("enabled") is False:
        yield reason("ad_account_disabled")
