# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a plan has to know of a tenant besides its users: one reading, as plain records.

``None`` always means unknown, never "no"; :attr:`TenantFacts.unchecked` names what could not be read, and the
permission that would help.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import smtp_addresses

USER, GROUP, CONTACT = "user", "group", "contact"

# Eligibility for roles (PIM). A tenant without the licence has none: that is an answer, not an unknown.
KNOWN, UNKNOWN, NOT_LICENSED = "known", "unknown", "not_licensed"


class Holder(NamedTuple):
    """An object, of whatever kind, that has a value which must be unique in the tenant."""

    kind: str
    id: str
    name: str
    deleted: bool = False
    synced: Optional[bool] = None

    @property
    def shown(self) -> str:
        """How a person finds it: kind, name and id, and whether it is in the recycle bin."""
        return f"{self.kind} {self.name} ({self.id}){', in the recycle bin' if self.deleted else ''}"


class Role(NamedTuple):
    """A directory role that somebody has."""

    name: str
    template_id: str
    #: Not active, but can be activated (PIM).
    eligible: bool = False
    #: Name of the group that it comes through; ``None`` for a direct assignment.
    group: Optional[str] = None


class RoleBook(NamedTuple):
    """Who has which directory role.

    :ivar roles: user id -> roles, through groups as well; ``None``: assignments cannot be read.
    :ivar eligibility: :data:`KNOWN`, :data:`UNKNOWN` or :data:`NOT_LICENSED`.
    :ivar guarded: user id -> names of the role-assignable groups that the user is a member or owner of, or may become a
        member of (PIM for groups): they are as protected as if they had a role.
    :ivar complete: ``False``: a role was given to a group that may not be looked into, so whoever has none in ``roles``
        may have that one.
    """

    roles: Optional[Mapping[str, tuple[Role, ...]]] = None
    eligibility: str = UNKNOWN
    guarded: Mapping[str, tuple[str, ...]] = {}
    complete: bool = True


def title_of(item: Mapping[str, Any]) -> str:
    """Return how a person calls a group or contact, as Graph returns it."""
    return str(item.get("displayName") or item.get("mail") or item["id"])


def address_entries(
    items: Iterable[Mapping[str, Any]], kind: str, *, deleted: bool = False
) -> Iterator[tuple[str, Holder]]:
    """Yield (address, holder) for each SMTP address of groups or contacts, as Graph returns them."""
    for item in items:
        holder = Holder(kind, item["id"], title_of(item), deleted, item.get("onPremisesSyncEnabled"))
        for address in smtp_addresses([*(item.get("proxyAddresses") or ()), *filter(None, [item.get("mail")])]):
            yield address, holder


class AddressBook:
    """Who has which SMTP address, among groups, contacts and deleted groups; users stand in the ``CloudIndex``."""

    def __init__(self, entries: Iterable[tuple[str, Holder]] = ()) -> None:
        self._holders: dict[str, tuple[Holder, ...]] = {}
        for address, holder in entries:
            self._holders[address] = (*self._holders.get(address, ()), holder)

    def holders(self, address: str) -> tuple[Holder, ...]:
        """Return the holders of an address (lower case, without ``smtp:``)."""
        return self._holders.get(address, ())


class Lookup(NamedTuple):
    """What Graph tells of one user only when asked for that user; read for candidates only."""

    #: ``onPremisesSyncBehavior.isCloudManaged``: the source of authority was moved to the cloud.
    cloud_managed: Optional[bool] = None
    #: beta's ``onPremisesObjectIdentifier``: objectGUID of the AD object that the user was last mapped to.
    object_identifier: Optional[str] = None
    identifier_known: bool = False


class TenantFacts(NamedTuple):
    """The tenant as it was read for a plan."""

    id: str
    #: Graph's ``organization``.
    organization: Optional[Mapping[str, Any]] = None
    #: Domain name in lower case -> Graph's ``domain``.
    domains: Optional[Mapping[str, Mapping[str, Any]]] = None
    #: ``directory/onPremisesSynchronization.features`` by their Graph names.
    features: Optional[Mapping[str, Optional[bool]]] = None
    roles: RoleBook = RoleBook()
    addresses: AddressBook = AddressBook()
    #: User property in lower case (``department``) -> names of dynamic groups whose rule uses it.
    rule_properties: Optional[Mapping[str, Sequence[str]]] = None
    #: Ids of users that ``protected_users`` names through a group.
    protected_members: frozenset[str] = frozenset()
    #: ``{"what", "permission"}`` of everything that stays unknown.
    unchecked: tuple[Mapping[str, str], ...] = ()

    def feature(self, name: str) -> Optional[bool]:
        """Return a flag of the tenant; ``None``: unknown."""
        return None if self.features is None else self.features.get(name)

    def domain_of(self, principal_name: str) -> Optional[Mapping[str, Any]]:
        """Return the domain of a name or address: ``{}`` if the tenant has no such domain, ``None``: unknown."""
        if self.domains is None:
            return None
        return self.domains.get(principal_name.rpartition("@")[2].lower(), {})
