# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Whether Cloud Sync was told to take an AD object, as the schema of its job says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._dn import Rdns, dns_domain, is_under, rdns
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason

# What speaks of users, among the kinds of objects that a job carries.
_USERS = frozenset({"user", "inetorgperson"})


class CloudSelection(NamedTuple):
    """What one synchronization rule of a job takes."""

    #: Distinguished names of containers, with all below them; none: every container.
    containers: tuple[Rdns, ...] = ()
    #: Members of groups only, or an attribute filter: that cannot be told from an object's name.
    filtered: bool = False

    def takes(self, dn: Rdns) -> bool | None:
        """Tell whether the object is selected; ``None``: cannot be told."""
        if self.containers and not any(is_under(dn, container) for container in self.containers):
            return False
        return None if self.filtered else True


class CloudSelections:
    """What Cloud Sync takes, by AD domain."""

    def __init__(self, by_domain: Mapping[str, tuple[CloudSelection, ...]] | None = None) -> None:
        """
        :param by_domain: DNS name in lower case -> selections, any of which is enough. ``None``: unknown.
        """
        self._by_domain = dict(by_domain or {})
        #: Whether Cloud Sync is used at all; ``None``: unknown.
        self.in_use: Optional[bool] = None if by_domain is None else bool(by_domain)

    def judge(self, row: Mapping[str, Any]) -> tuple[Optional[bool], list[dict[str, str]]]:
        """Return ``in_scope`` and ``scope_reasons`` of an objects row.

        They are the row's own, unless it says that the selection is unknown and Cloud Sync has a job for its domain.
        """
        in_scope, reasons = row.get("in_scope"), list(row.get("scope_reasons") or ())
        others = [one for one in reasons if one.get("code") != "selection_unknown"]
        if not self._by_domain or in_scope is not None or len(others) == len(reasons):
            return in_scope, reasons
        name = str(row.get("distinguished_name") or "")
        selections = self._by_domain.get(dns_domain(name) or "", ())
        answers = {selection.takes(rdns(name)) for selection in selections}
        if True in answers:
            return None if others else True, others
        if answers == {False}:
            return False, [reason("outside_cloud_sync_containers")]
        return in_scope, reasons


def read_selections(schema: Mapping[str, Any]) -> tuple[CloudSelection, ...]:
    """Read the rules of a job's schema (Graph's ``synchronizationSchema``) that carry users from AD."""
    return tuple(
        _selection(rule, mappings)
        for rule in schema.get("synchronizationRules") or ()
        for mappings in [_mappings_of_users(rule)]
        if mappings
    )


def _mappings_of_users(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        mapping
        for mapping in rule.get("objectMappings") or ()
        if str(mapping.get("sourceObjectName")).lower() in _USERS and mapping.get("enabled") is not False
    ]


def _selection(rule: Mapping[str, Any], mappings: Iterable[Mapping[str, Any]]) -> CloudSelection:
    containers = (rule.get("containerFilter") or {}).get("includedContainers") or ()
    groups = (rule.get("groupFilter") or {}).get("includedGroups") or ()
    return CloudSelection(
        tuple(rdns(container) for container in containers),
        bool(groups) or any(_has_filter(mapping) for mapping in mappings),
    )


def _has_filter(mapping: Mapping[str, Any]) -> bool:
    scope = mapping.get("scope") or {}
    return any(scope.get(kind) for kind in ("groups", "inputFilterGroups", "categoryFilterGroups"))
