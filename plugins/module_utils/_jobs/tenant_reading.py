# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The one reading of a tenant that a plan is made from, and the budget of requests of plans and of applying them.

``pages(n)`` is ``n`` divided by 999, rounded up, at least one; roles come in pages of the service's own size.
``batches(n)`` is ``n`` divided by ``batch_size`` (20), rounded up. What may not be read costs its first request.

==============================================================  ==================================================
What                                                            Requests
==============================================================  ==================================================
users, deleted users                                            pages(users) + pages(deleted users)
users written in the last 15 minutes, by id                     batches(written)
groups, deleted groups, contacts                                pages(groups) + pages(deleted) + pages(contacts)
organization, domains, features                                 3
role definitions, assignments, eligibilities                    3, and 1 for each further page
members, owners, eligible ones of r role-assignable groups      batches(3 * r), batches(2 * r) without PIM's licence
g groups that are eligible for membership, g in protected_users  batches(g) each
Cloud Sync: p applications, their j jobs                        1 + p + j
no such job, and directory sync is on: a applications, of       pages(a) + batches(n)
which n are named as an AD domain could be
look-ups of c candidates, in chunks                             for each chunk 2 * batches(c)
==============================================================  ==================================================

A group with more than 999 members costs one place in a further batch for each further page.

Applying a reviewed plan of ``w`` writes reads no listing of users, only what an approval rests on:

==============================================================  ==================================================
What                                                            Requests
==============================================================  ==================================================
p entries of protected_users; those of them that are no users   batches(p); batches(no users), and their members
role-assignable groups; definitions, assignments, eligibilities  pages(role-assignable groups) + 3
members, owners, eligible ones of r role-assignable groups      batches(3 * r), batches(2 * r) without PIM's licence
backup: whether all properties can be read; the targets         batches(at most 20) + batches(w)
second look; look-ups where the plan could do them              batches(w) + 2 * batches(w)
writes; reads until two in a row show the value                 batches(w) + 2 * batches(w), more while reads lag
==============================================================  ==================================================

Writes go in chunks of 200 or more, each with batches of its own. Who is left alone at one step costs none of the later
ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import read_collections
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    list_contacts,
    list_deleted_groups,
    list_groups,
    transitive_members_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import all_jobs, get_schema
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import (
    Reading,
    get_organization,
    get_sync_features,
    list_domains,
    readable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import MATCH_SELECT, PLAN_SELECT
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_scope import (
    CloudSelection,
    CloudSelections,
    read_selections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.dynamic_rules import properties_used
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    CONTACT,
    GROUP,
    AddressBook,
    Holder,
    TenantFacts,
    address_entries,
    title_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.role_reading import read_roles
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_index
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.user_details import UserDetails
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS


@dataclass(frozen=True)
class TenantReading:
    """What was read. Close ``details`` at the end of the run."""

    facts: TenantFacts
    index: CloudIndex
    #: ``details.of(user_id)``: ``PLAN_PROPERTIES`` of a live user, by their Graph names; of one that was looked up
    #: ``BETA_PROPERTIES`` and ``manager`` (``{"id"}``, or ``None`` for nobody) as well.
    details: UserDetails
    #: ``selections.judge(row)`` -> (in_scope, scope_reasons) of an objects row; other than the row's own only where
    #: nothing but the selection was unknown.
    selections: CloudSelections
    #: Entries of ``protected_users`` that are neither a user nor a group: the job warns of them.
    strangers: tuple[str, ...]
    #: What Graph tells only by id: ``lookups.look_up(ids)``, ``lookups.unchecked``.
    lookups: Lookups


class _Groups(NamedTuple):
    """What a plan needs of all groups; a tenant may have a hundred thousand."""

    addresses: list[tuple[str, Holder]]
    #: Role-assignable ones: id -> name.
    assignable: dict[str, str]
    rule_properties: dict[str, list[str]]
    #: Entry of ``protected_users`` -> ids of the groups that it names.
    named: dict[str, list[str]]


def read_tenant(
    client: GraphClient,
    cloud_keys: Iterable[str],
    written: Mapping[str, RecentWrite],
    protected_users: Collection[str] = (),
) -> TenantReading:
    """Read the tenant once.

    :param cloud_keys: what users are looked up by, see :class:`CloudIndex`.
    :param written: what journals say was written so lately that a listing may not show it.
    :param protected_users: ids and UPNs of users; ids, display names and addresses of groups.
    :raises Failure: when a group that protects its members cannot be read.
    :raises GraphError: when users cannot be read, or for anything but a refusal. What is refused stays unknown.
    """
    details = UserDetails()
    try:
        index = read_index(
            client, cloud_keys, written, select=PLAN_SELECT, select_deleted=MATCH_SELECT, keep=details.add
        )
        PROGRESS.begin("reading groups and contacts")
        nobody = [name for name in sorted(protected_users) if not _is_user(name, index)]
        groups = readable(
            lambda: _read_groups(client, nobody),
            "groups: their addresses, role-assignable ones, the rules of dynamic ones",
            "Group.Read.All",
        )
        deleted_groups = readable(
            lambda: list(address_entries(list_deleted_groups(client), GROUP, deleted=True)),
            "addresses of groups in the recycle bin",
            "Group.Read.All",
        )
        contacts = readable(
            lambda: list(address_entries(list_contacts(client), CONTACT)),
            "addresses of contacts",
            "OrgContact.Read.All",
        )
        organization, features = get_organization(client), get_sync_features(client)
        domains = _domains(client, organization)
        PROGRESS.begin("reading roles")
        roles = read_roles(client, index.user, groups.value.assignable if groups.value else None)
        selections = readable(
            lambda: _selections(client, organization),
            "what Cloud Sync was told to take",
            "Synchronization.Read.All and Application.Read.All",
            # A cloud without Cloud Sync.
            refusals=(403, 404),
        )
        readings = (groups, deleted_groups, contacts, organization, features, domains, selections)
        facts = TenantFacts(
            id=client.tenant_id,
            organization=organization.value,
            domains=domains.value,
            features=None if features.value is None else features.value.get("features"),
            roles=roles.book,
            addresses=AddressBook(
                (
                    *(groups.value.addresses if groups.value else ()),
                    *(deleted_groups.value or ()),
                    *(contacts.value or ()),
                )
            ),
            rule_properties=groups.value.rule_properties if groups.value else None,
            protected_members=_protected_members(client, nobody, groups),
            unchecked=(*(reading.unchecked for reading in readings if reading.unchecked), *roles.unchecked),
        )
    except BaseException:
        details.close()
        raise
    named = groups.value.named if groups.value else {}
    return TenantReading(
        facts,
        index,
        details,
        CloudSelections(selections.value),
        tuple(name for name in nobody if name not in named),
        Lookups(client, details),
    )


def _is_user(name: str, index: CloudIndex) -> bool:
    return bool(index.find("id", name) or index.find("user_principal_name", name))


def _read_groups(client: GraphClient, names: Iterable[str]) -> _Groups:
    wanted = {name.casefold(): name for name in names}
    found = _Groups([], {}, {}, {})
    for group in list_groups(client):
        found.addresses.extend(address_entries([group], GROUP))
        title = title_of(group)
        if group.get("isAssignableToRole"):
            found.assignable[group["id"]] = title
        if group.get("membershipRule") and group.get("membershipRuleProcessingState") != "Paused":
            for name in properties_used(group["membershipRule"]):
                found.rule_properties.setdefault(name, []).append(title)
        for value in {str(group.get(name)).casefold() for name in ("id", "displayName", "mail")} & wanted.keys():
            found.named.setdefault(wanted[value], []).append(group["id"])
    return found


def _protected_members(client: GraphClient, names: Iterable[str], groups: Reading) -> frozenset[str]:
    """Return the ids of all members of the groups that ``protected_users`` names.

    :raises Failure: when one cannot be read: whoever is in it would go unprotected.
    """
    if groups.value is None:
        for name in names:
            raise Failure(
                f"protected_users names {name}, which is no user of the tenant, and groups may not be read to see "
                "whether it is a group. Nothing was written. Grant Group.Read.All, or name users only."
            )
        return frozenset()
    of_group = {group_id: name for name, ids in groups.value.named.items() for group_id in ids}
    members: set[str] = set()
    paths = ((group_id, transitive_members_path(group_id)) for group_id in of_group)
    for group_id, items in read_collections(client, paths).items():
        if items.error is not None:
            raise Failure(
                f"protected_users names the group {of_group[group_id]}, and its members cannot be read. Nothing was "
                f"written. {items.error.message}"
            )
        members.update(item["id"] for item in items.values)
    return frozenset(members)


def _domains(client: GraphClient, organization: Reading) -> Reading:
    """Read the domains by name. Those that are verified the organization names as well."""
    reading = list_domains(client)
    if reading.value is not None:
        return Reading({str(domain["id"]).lower(): domain for domain in reading.value})
    verified = (organization.value or {}).get("verifiedDomains")
    if verified is None:
        return reading
    return Reading(
        {
            str(domain["name"]).lower(): {
                "id": domain["name"],
                "isVerified": True,
                "isDefault": domain.get("isDefault"),
                "isInitial": domain.get("isInitial"),
                "authenticationType": domain.get("type"),
            }
            for domain in verified
        }
    )


def _selections(client: GraphClient, organization: Reading) -> dict[str, tuple[CloudSelection, ...]]:
    found: dict[str, tuple[CloudSelection, ...]] = {}
    for job in all_jobs(client, organization.value):
        domain = job.domain.lower()
        found[domain] = (*found.get(domain, ()), *read_selections(get_schema(client, job)))
    return found
