# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a status reads: of a few people only themselves and who may stand in their way, of many one listing; and, of
those alone who are not synced, what explains it.

``batches(n)`` is ``n`` divided by 20, rounded up. Of ``n`` people, 20 or fewer:

=========================================================================  =======================================
Everybody                                                                  ``batches(n)``; who has their values,
                                                                           ``batches(6 * n)`` or so; the recycle bin 1
Those not synced: organization and flags (already read), roles             3, role-assignable groups 1 and their
                                                                           members
... who has their addresses                                                deleted groups 1, batches(2 * addresses)
... source of authority and object identifier                              2 * batches(n)
... Cloud Sync (searched for where none is found, as for plans)            1 + applications; for each job its log,
                                                                           and where the scope is unknown its schema
... who changed them (:mod:`audit_reading`)                                1, of many 10 at most
=========================================================================  =======================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text
from ansible_collections.hybrid.identity.plugins.module_utils._graph.collections import is_refused, read_collections
from ansible_collections.hybrid.identity.plugins.module_utils._graph.groups import (
    contacts_with_address_path,
    groups_with_address_path,
    list_assignable_groups,
    list_contacts,
    list_deleted_groups,
    list_groups,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.logs import list_provisioning
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import (
    SyncJob,
    all_jobs,
    get_schema,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import Reading, readable
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    get_users,
    has_address,
    list_deleted_users,
    users_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_object import (
    exported_addresses,
    exported_name,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_scope import (
    CloudSelection,
    CloudSelections,
    read_selections,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    CloudIndex,
    CloudUser,
    claimed_by,
    from_graph,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis_checks import epoch
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import sharing
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import IMMUTABLE_ID, SID
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import Match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    TWIN_KEYS,
    Expectation,
    JobState,
    LogEntry,
    job_state,
    log_entry,
    log_keys,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    CONTACT,
    GROUP,
    AddressBook,
    Holder,
    Lookup,
    TenantFacts,
    address_entries,
    title_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import Wish
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.lookups import Lookups
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.role_reading import read_roles
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_index, settled
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import format_time

#: So many people are read one by one, in batches; more by one listing of the tenant.
FEW = 20

# One for all, because there may be many.
_SELECTION_UNKNOWN = reason("selection_unknown")

# In so many batches that those that wait for the last one do not matter.
_LOOKED_UP_AT_ONCE = 2000

# What stays unknown where it may not be read, and the permission that would help.
_ASSIGNABLE_CLOSED = ("which groups can hold directory roles", "Group.Read.All")
_GROUPS_CLOSED = ("whether a group has somebody's address", "Group.Read.All")
_CONTACTS_CLOSED = ("whether a contact has somebody's address", "OrgContact.Read.All")
_JOBS = "Synchronization.Read.All and Application.Read.All"
# How far back the log of Cloud Sync is read, and how many entries of a job at most: 10 requests, in 20 seconds.
_LOG_SECONDS = 24 * 3600
_LOG_ENTRIES = 9990
_LOG = "what Cloud Sync wrote down (provisioning log)"
_LOG_CUT_OFF = {
    "what": f"{_LOG}, beyond {_LOG_ENTRIES} entries in 24 hours",
    "permission": "a look at the provisioning log in the admin centre",
}
_PARKED = "onPremisesProvisioningErrors/any(o:o/category eq 'PropertyConflict')"
# What finds the users who have a value. Whether the service filters by SID is contested: where it does not, users are
# listed.
_FILTERS = {
    "address": ("mail eq {}",),
    "name": ("userPrincipalName eq {}", "onPremisesUserPrincipalName eq {}"),
    IMMUTABLE_ID: ("onPremisesImmutableId eq {}",),
    SID: ("onPremisesSecurityIdentifier eq {}",),
}

Person = tuple[Expectation, CloudUser]


class Explanation(NamedTuple):
    """What was read to explain why people are not synced.

    :ivar known: users that were looked up, and are not synced; of others only the owners of values were read.
    """

    around: Surroundings
    known: Mapping[str, Lookup]
    jobs: tuple[JobState, ...]
    selections: CloudSelections
    #: By objectGUID and by distinguished name of the AD object, in lower case.
    log: Mapping[str, LogEntry]
    unchecked: tuple[Mapping[str, str], ...]

    def case(self, expected: Expectation, user: CloudUser) -> Case:
        """Return what is known of one user, for the checks that plans have as well."""
        wish = Wish(expected.user, None, expected.row, expected.immutable_id)
        return Case(0, wish, user, Match([user], None, None, [], [], []), self.around, self.known.get(user.id))

    def logged(self, expected: Expectation) -> LogEntry | None:
        """Return the newest that Cloud Sync wrote down of the AD object."""
        return next((self.log[key] for key in _log_keys(expected) if key in self.log), None)

    def in_scope(self, expected: Expectation) -> Expectation:
        """Return the expectation with what Cloud Sync's selection says of the AD object."""
        row = expected.row
        if row is None or row.get("in_scope") is not None:
            return expected
        # A plan's row does not repeat why the scope is unknown.
        told = list(row.get("scope_reasons") or [_SELECTION_UNKNOWN])
        in_scope, reasons = self.selections.judge({**row, "scope_reasons": told})
        return expected._replace(row={**row, "in_scope": in_scope, "scope_reasons": reasons})


def read_people(
    client: GraphClient, expectations: Sequence[Expectation], written: Mapping[str, RecentWrite]
) -> CloudIndex:
    """Read the users that are asked for and who has what is theirs; of many, list the tenant.

    :param written: the writes that no read has confirmed.
    """
    if not expectations:
        return CloudIndex([])
    found = _read_few(client, expectations, written) if len(expectations) <= FEW else None
    if found is not None:
        return found
    by_id = {expected.id: expected for expected in expectations if expected.id}

    def share(body: Mapping[str, Any]) -> Mapping[str, Any]:
        return sharing(body, by_id[body["id"]]) if body["id"] in by_id else body

    return read_index(client, TWIN_KEYS, written, share=share)


def _read_few(
    client: GraphClient, expectations: Sequence[Expectation], written: Mapping[str, RecentWrite]
) -> CloudIndex | None:
    """Return the users; ``None`` when the service does not answer all questions: a listing answers them too."""
    names = {name for expected in expectations for name in (expected.id, *_names(expected)) if name}
    found: dict[str, CloudUser] = {}
    for _name, body, error in get_users(client, sorted(names)):
        if error is not None:
            return None
        if body is not None:
            found[body["id"]] = settled(from_graph(body), written)
    conditions = _conditions(expectations, list(found.values()))
    answers = read_collections(client, ((condition, users_path(condition)) for condition in conditions))
    for items in answers.values():
        if items.error is not None:
            return None
        # A read by id lags less than one by filter.
        for body in items.values:
            found.setdefault(body["id"], settled(from_graph(body), written))
    gone = [from_graph(body, deleted=True) for body in list_deleted_users(client)]
    return CloudIndex([*found.values(), *gone], TWIN_KEYS)


def _names(expected: Expectation) -> tuple[Any, ...]:
    return (expected.user, (expected.row or {}).get("login_name")) if expected.id is None else ()


def _conditions(expectations: Iterable[Expectation], users: Iterable[CloudUser]) -> list[str]:
    """Return the filters for who else has what these users have or shall have, or would have it."""
    wanted: dict[str, set[Any]] = {"address": set(), "name": set(), IMMUTABLE_ID: set(), SID: set()}
    for user in users:
        wanted["address"].update(user.addresses, claimed_by(user))
        wanted["name"].update([user.user_principal_name], claimed_by(user))
    for expected in expectations:
        row = expected.row or {}
        wanted["address"].update(exported_addresses(row))
        wanted["name"].update([exported_name(row), *_names(expected)])
        wanted[IMMUTABLE_ID].add(expected.immutable_id)
        wanted[SID].add(row.get("object_sid"))
    return [
        _PARKED,
        *(
            template.format(odata_text(value))
            for kind, templates in _FILTERS.items()
            for value in sorted(filter(None, wanted[kind]))
            for template in templates
        ),
        *map(has_address, sorted(wanted["address"])),
    ]


def explain(
    client: GraphClient,
    index: CloudIndex,
    people: Sequence[Person],
    organization: Mapping[str, Any] | None,
    features: Mapping[str, Any] | None,
) -> Explanation:
    """Read what explains why these people are not synced, or not as expected.

    :param organization: as the tenant told it; ``None``: unknown. So are ``features``.
    """
    PROGRESS.begin("reading what explains users")
    waiting = [(expected, user) for expected, user in people if user.synced is not True]
    around = (_some_groups if len(people) <= FEW else _all_groups)(client, people)
    facts = TenantFacts(client.tenant_id, organization, None, features, addresses=AddressBook(around.addresses))
    if not waiting:
        return Explanation(Surroundings(facts, index, Claims()), {}, (), CloudSelections(), {}, around.unchecked)
    roles = read_roles(client, index.user, around.assignable)
    lookups = Lookups(client)
    known = _look_up(lookups, waiting)
    found = _read_jobs(client, organization)
    selections = _read_selections(client, found, waiting)
    jobs = found.value or ()
    log = _read_log(client, jobs, waiting)
    unchecked = (*around.unchecked, *roles.unchecked, *lookups.unchecked, *_unchecked(found, selections, log))
    states = tuple(job_state(job.domain, job.data) for job in jobs)
    facts = facts._replace(roles=roles.book)
    surroundings = Surroundings(facts, index, Claims())
    return Explanation(surroundings, known, states, CloudSelections(selections.value), log.value or {}, unchecked)


def _look_up(lookups: Lookups, people: Sequence[Person]) -> dict[str, Lookup]:
    """Ask about each user; about some at a time, because the answers are larger than what is kept of them."""
    phase = PROGRESS.begin("looking up users", len(people))
    known: dict[str, Lookup] = {}
    # Of most users the same is known.
    same: dict[Lookup, Lookup] = {}
    for start in range(0, len(people), _LOOKED_UP_AT_ONCE):
        some = people[start : start + _LOOKED_UP_AT_ONCE]
        found = lookups.look_up(user.id for _expected, user in some)
        known.update((user_id, same.setdefault(lookup, lookup)) for user_id, lookup in found.items())
        phase.done += len(some)
    return known


class _Around(NamedTuple):
    """Groups and contacts: role-assignable ones by id (``None``: unknown), and who has which address."""

    assignable: Optional[Mapping[str, str]]
    addresses: list[tuple[str, Holder]]
    unchecked: tuple[Mapping[str, str], ...]


def _some_groups(client: GraphClient, people: Iterable[Person]) -> _Around:
    """Ask for the addresses of a few people."""
    assignable = readable(
        lambda: {group["id"]: title_of(group) for group in list_assignable_groups(client)}, *_ASSIGNABLE_CLOSED
    )
    deleted = _deleted_groups(client)
    wanted = sorted(_wanted_addresses(people))
    groups, groups_closed = _with_addresses(client, groups_with_address_path, wanted, GROUP)
    contacts, contacts_closed = _with_addresses(client, contacts_with_address_path, wanted, CONTACT)
    closed = ((groups_closed, _GROUPS_CLOSED), (contacts_closed, _CONTACTS_CLOSED))
    return _Around(
        assignable.value,
        [*groups, *contacts, *(deleted.value or ())],
        (
            *_unchecked(assignable, deleted),
            *({"what": what, "permission": permission} for is_closed, (what, permission) in closed if is_closed),
        ),
    )


def _with_addresses(
    client: GraphClient, path: Callable[[str], str], addresses: Iterable[str], kind: str
) -> tuple[list[tuple[str, Holder]], bool]:
    """Return who of one kind has these addresses, and whether that may not be read."""
    answers = read_collections(client, ((address, path(address)) for address in addresses))
    refused = [is_refused(items) for items in answers.values()]
    return [entry for items in answers.values() for entry in address_entries(items.values, kind)], any(refused)


def _all_groups(client: GraphClient, _people: object) -> _Around:
    """List groups and contacts: for many people that takes fewer requests."""
    groups = readable(lambda: list(list_groups(client)), *_GROUPS_CLOSED)
    deleted = _deleted_groups(client)
    contacts = readable(lambda: list(address_entries(list_contacts(client), CONTACT)), *_CONTACTS_CLOSED)
    assignable = None
    if groups.value is not None:
        assignable = {group["id"]: title_of(group) for group in groups.value if group.get("isAssignableToRole")}
    return _Around(
        assignable,
        [*address_entries(groups.value or (), GROUP), *(deleted.value or ()), *(contacts.value or ())],
        _unchecked(groups, deleted, contacts),
    )


def _deleted_groups(client: GraphClient) -> Reading:
    return readable(
        lambda: list(address_entries(list_deleted_groups(client), GROUP, deleted=True)),
        "addresses of groups in the recycle bin",
        "Group.Read.All",
    )


def _wanted_addresses(people: Iterable[Person]) -> set[str]:
    """Return the addresses whose holders matter: what the sync will bring, and what it could not give."""
    wanted: set[str] = set()
    for expected, user in people:
        wanted.update(exported_addresses(expected.row))
        wanted.update(claimed_by(user))
    return wanted


def _read_jobs(client: GraphClient, organization: Mapping[str, Any] | None) -> Reading:
    what = "the jobs of Cloud Sync: their state, and what they were told to take"
    # A cloud without Cloud Sync answers 404.
    return readable(lambda: all_jobs(client, organization), what, _JOBS, refusals=(403, 404))


def _read_selections(client: GraphClient, jobs: Reading, waiting: Iterable[Person]) -> Reading:
    """Return what the jobs select, by domain, where somebody's scope depends on it."""
    unsure = any(expected.row is not None and expected.row.get("in_scope") is None for expected, _user in waiting)
    if jobs.value is None or not unsure:
        return Reading(None)

    def read() -> dict[str, tuple[CloudSelection, ...]]:
        selections: dict[str, tuple[CloudSelection, ...]] = {}
        for job in jobs.value:
            domain = job.domain.lower()
            selections[domain] = (*selections.get(domain, ()), *read_selections(get_schema(client, job)))
        return selections

    return readable(read, "what the jobs of Cloud Sync were told to take", _JOBS, refusals=(403, 404))


def _read_log(client: GraphClient, jobs: Iterable[SyncJob], waiting: Iterable[Person]) -> Reading:
    """Return the newest entry of each AD object: one query for each job, whoever is asked for."""
    wanted = {key for expected, _user in waiting for key in _log_keys(expected)}
    service_time = client.service_time()
    if not wanted or service_time is None:
        return Reading({})
    since = str(format_time(service_time - _LOG_SECONDS))
    found: dict[str, LogEntry] = {}
    cut_off = False

    def read() -> dict[str, LogEntry]:
        nonlocal cut_off
        for job in jobs:
            entries = list_provisioning(client, job.id, since)
            for body in islice(entries, _LOG_ENTRIES):
                entry = log_entry(body)
                for key in wanted.intersection(log_keys(body)):
                    # In which order the log tells is not documented.
                    found[key] = max(found.get(key, entry), entry, key=lambda known: epoch(known.time))
            cut_off = cut_off or next(entries, None) is not None
        return found

    # A cloud or a licence without this log.
    reading = readable(read, _LOG, "AuditLog.Read.All", refusals=(400, 403, 404))
    return reading if not cut_off else reading._replace(unchecked=_LOG_CUT_OFF)


def _log_keys(expected: Expectation) -> list[str]:
    row = expected.row or {}
    return [str(row[name]).lower() for name in ("object_guid", "distinguished_name") if row.get(name)]


def _unchecked(*readings: Reading) -> tuple[Mapping[str, str], ...]:
    return tuple(reading.unchecked for reading in readings if reading.unchecked)
