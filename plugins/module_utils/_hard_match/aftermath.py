# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What became of a user since its backup: which values were replaced, emptied or filled, and what the plan said of it.

Values present in AD replace the cloud's in the first cycle after a match, values empty in AD empty them in the second.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effects import CHANGES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.flow import (
    CODE,
    EXTENSION_ATTRIBUTES,
    FLOWS,
    REFERENCE,
)

#: ``{"property", "kind", "before", "after", "predicted"}``: a Graph property, one of :data:`KINDS`, its values, of a
#: list only what left it and what joined it, and whether the plan said so (``None``: it says nothing of this user).
Change = dict[str, Any]

#: Emptied; replaced, or a part of it lost; filled, with nothing lost.
KINDS = ("blanked", "changed", "added")
_LOSSES = ("blanked", "changed")

#: Properties of a backup that are not compared.
NOT_COMPARED = frozenset(
    (
        # Who it is.
        "id",
        # What this collection writes, and the marks of the sync: the state of the user judges them.
        "onPremisesImmutableId",
        "onPremisesSyncEnabled",
        "onPremisesLastSyncDateTime",
        "onPremisesSecurityIdentifier",
        "onPremisesSamAccountName",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesUserPrincipalName",
        "onPremisesProvisioningErrors",
        # They follow assignedLicenses, and services touch them at any time.
        "assignedPlans",
        "provisionedPlans",
        "licenseAssignmentStates",
        "serviceProvisioningErrors",
        # Sign-ins, and the revocation of them, which a new password brings along.
        "signInActivity",
        "signInSessionsValidFromDateTime",
        # Secret. No backup has it.
        "passwordProfile",
    )
)

_PROXY_ADDRESSES = "proxyAddresses"
# Spelled otherwise they are the same.
_CASELESS = frozenset(
    ("userPrincipalName", "mail", "otherMails", "imAddresses", *(flow.graph for flow in FLOWS if flow.kind == CODE))
)
# Of another object its id is compared.
_REFERENCES = frozenset(flow.graph for flow in FLOWS if flow.kind == REFERENCE)
# A value that is no other answer than none.
_LIKE_NONE = {"showInAddressList": True, "isManagementRestricted": False, "isResourceAccount": False}

_PASSWORD = ("lastPasswordChangeDateTime", "passwordPolicies")
# What changes along with what an effect names: by its code, and by its property.
_ALONG_WITH_CODE = {
    "password_will_change": _PASSWORD,
    "password_may_change": _PASSWORD,
    "password_must_change": _PASSWORD,
    "password_random": _PASSWORD,
    # Groups give licences.
    "dynamic_group_attribute": ("assignedLicenses",),
}
_ALONG_WITH_PROPERTY = {
    # A mailbox has its owner's sign-in name for an address.
    "userPrincipalName": (_PROXY_ADDRESSES, "imAddresses"),
    "mail": (_PROXY_ADDRESSES,),
}


class Comparison(NamedTuple):
    """What became of one user, and the properties of its backup that could not be read again."""

    changes: list[Change]
    unread: list[str]


def compare(before: Mapping[str, Any], now: Mapping[str, Any], told: Collection[str] | None = None) -> Comparison:
    """Compare a user with its backup.

    :param before: Graph properties of the backup. :param now: the same, read now.
    :param told: see :func:`told_by`.
    """
    changes = []
    for name, old, new in _pairs(before, now):
        found = _difference(name, old, new)
        if found is not None:
            changes.append({"property": name, **found, "predicted": None if told is None else name in told})
    return Comparison(changes, [name for name in compared(before) if name not in now])


def compared(before: Iterable[str]) -> list[str]:
    """Return the properties of a backup that are compared."""
    return [name for name in before if name not in NOT_COMPARED]


def told_by(effects: Iterable[Mapping[str, Any]] | None) -> tuple[str, ...] | None:
    """Return the properties that the effects of a row of a plan say will change; ``None``: nothing is said of them."""
    if effects is None:
        return None
    names: set[str] = set()
    for effect in effects:
        code, name = effect.get("code"), effect.get("property")
        names.update(_ALONG_WITH_CODE.get(str(code), ()))
        if code in CHANGES and name:
            names.update((name, *_ALONG_WITH_PROPERTY.get(name, ())))
    return tuple(sorted(names))


def unordered(value: Any) -> Any:
    """Return a value of Graph's so that the order in which it lists things is no difference."""
    if isinstance(value, dict):
        return {name: unordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted(json.dumps(unordered(item), sort_keys=True) for item in value)
    return value


class Tally:
    """Counts of what became of users."""

    def __init__(self) -> None:
        self._users: Counter[str] = Counter()
        self._properties: dict[str, Counter[str]] = {}

    def add(self, changes: Sequence[Change] | None) -> None:
        """Count one user that the sync has taken; ``None`` could not be compared."""
        if changes is None:
            self._users["not_compared"] += 1
            return
        self._users["compared"] += 1
        kinds = {change["kind"] for change in changes}
        self._users["changed"] += not kinds.isdisjoint(_LOSSES)
        self._users["blanked"] += "blanked" in kinds
        self._users["unpredicted"] += has_unpredicted(changes)
        for change in changes:
            self._properties.setdefault(change["property"], Counter())[change["kind"]] += 1

    def as_dict(self) -> dict[str, Any]:
        """``{"compared", "changed", "blanked", "unpredicted", "not_compared"}``, numbers of users, and ``properties``:
        ``{property: {kind: users}}``."""
        names = ("compared", "changed", "blanked", "unpredicted", "not_compared")
        properties = {name: {kind: counts[kind] for kind in KINDS} for name, counts in sorted(self._properties.items())}
        return {**{name: self._users[name] for name in names}, "properties": properties}


def has_unpredicted(changes: Iterable[Change]) -> bool:
    """Tell whether something was replaced or emptied of which the plan did not speak."""
    return any(change["predicted"] is False and change["kind"] in _LOSSES for change in changes)


def has_losses(changes: Iterable[Change]) -> bool:
    """Tell whether something was replaced or emptied."""
    return any(change["kind"] in _LOSSES for change in changes)


def _pairs(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield what may differ, a property or a part of one: name, value before, value now."""
    for name in compared(before):
        # Nearly all of them are alike.
        if name not in now or before[name] == now[name]:
            continue
        old, new = before[name], now[name]
        if name in _REFERENCES:
            yield name, (old or {}).get("id"), (new or {}).get("id")
        elif isinstance(old, Mapping) or isinstance(new, Mapping):
            # Extension attributes are known by their own names.
            prefix = "" if name == EXTENSION_ATTRIBUTES else f"{name}."
            old, new = old or {}, new or {}
            for inner in dict.fromkeys((*old, *new)):
                yield f"{prefix}{inner}", old.get(inner), new.get(inner)
        else:
            yield name, old, new


def _difference(name: str, old: Any, new: Any) -> dict[str, Any] | None:
    """Return ``kind``, ``before`` and ``after``; ``None`` for no difference."""
    if isinstance(old, list) or isinstance(new, list):
        before, after = _items(name, old), _items(name, new)
        gone = [item for key, item in before.items() if key not in after]
        come = [item for key, item in after.items() if key not in before]
        if not gone and not come:
            return None
        return {"kind": "blanked" if not after else "changed" if gone else "added", "before": gone, "after": come}
    old, new = _value(name, old), _value(name, new)
    if _folded(name, old) == _folded(name, new):
        return None
    return {"kind": "blanked" if new is None else "added" if old is None else "changed", "before": old, "after": new}


def _value(name: str, value: Any) -> Any:
    return None if value in (None, "", {}) or (name in _LIKE_NONE and value is _LIKE_NONE[name]) else value


def _folded(name: str, value: Any) -> Any:
    return value.casefold() if name in _CASELESS and isinstance(value, str) else value


def _items(name: str, values: Any) -> dict[str, Any]:
    """Return the members of a list by what tells them apart, in an order of their own."""
    found = {_key(name, item): item for item in values or () if not _is_sign_in_name(name, item)}
    return dict(sorted(found.items()))


def _key(name: str, item: Any) -> str:
    if isinstance(item, str):
        if name == _PROXY_ADDRESSES:
            # Capitals before the colon mark the primary address; behind it they mean nothing.
            kind, colon, address = item.partition(":")
            return f"{kind}{colon}{address.casefold()}"
        return str(_folded(name, item))
    return json.dumps(unordered(item), sort_keys=True)


def _is_sign_in_name(name: str, item: Any) -> bool:
    """Tell whether a member of ``identities`` only repeats the user principal name."""
    return name == "identities" and isinstance(item, Mapping) and item.get("signInType") == "userPrincipalName"
