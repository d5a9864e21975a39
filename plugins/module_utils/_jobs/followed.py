# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Those who are asked for: where they stand, and what explains it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.audits import Audit
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import (
    Diagnosis,
    diagnose,
    unreadable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import find_expected
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    LogEntry,
    SyncFacts,
    twins_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.audit_reading import audits_of, read_audits
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import Explanation, Person, explain
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_facts import Tenant
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_by_id
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite


class Followed(NamedTuple):
    """One expectation with what is known of its user; several may be about the same one."""

    expected: Expectation
    user: Optional[CloudUser]
    #: Who else has the anchor. As a tuple, because nobody, as of most users, takes no room then.
    holders: Sequence[CloudUser]
    twins: Sequence[CloudUser]
    error: Optional[GraphError] = None
    #: How many reads in a row have shown the user synced, or gone.
    agreeing: int = 0
    #: What explains it, where the user is not synced as expected. The same one for all: cases of their own take room.
    explanation: Optional[Explanation] = None
    logged: Optional[LogEntry] = None
    audits: Sequence[Audit] = ()


def settling(written: dict[str, RecentWrite]) -> dict[str, RecentWrite]:
    """Return the writes that no read has confirmed: the only ones a listing is not to be trusted about."""
    return {user_id: write for user_id, write in written.items() if write.status == "ok"}


def follow(
    expected: Expectation, index: CloudIndex, written: dict[str, RecentWrite], user: CloudUser | None = None
) -> Followed:
    """Return an expectation with its user, who else has the anchor, and the twins.

    :param user: who is meant, where that is known already.
    """
    user = user or find_expected(expected, index)
    holders = index.find("immutable_id", expected.immutable_id) if expected.immutable_id else []
    write = written.get(user.id) if user else None
    # Only a write of the very value that is waited for, or that is there, tells from when on a sync counts.
    awaited = expected.immutable_id or (user.immutable_id if user else None)
    if write and write.status in ("ok", "confirmed") and awaited and write.after == awaited:
        expected = expected._replace(written=write.service_time or write.time)
    others = (holder for holder in holders if user is None or holder.id != user.id)
    return Followed(expected, user, tuple(others), tuple(twins_of(expected, user, index)))


def follow_all(
    expectations: Iterable[Expectation], index: CloudIndex, written: dict[str, RecentWrite]
) -> list[Followed]:
    """Return all expectations with their users, as :func:`follow` does.

    Writes of theirs that are confirmed are forgotten, for the expectations know them now: there may be many.
    """
    followed = [follow(expected, index, written) for expected in expectations]
    for item in followed:
        write = written.get(item.user.id) if item.user else None
        if item.user and write and write.status == "confirmed":
            del written[item.user.id]
    return followed


def read_again(
    client: GraphClient, followed: list[Followed], tenant: SyncFacts, written: dict[str, RecentWrite]
) -> list[Followed]:
    """Read by id, in batches, those whom the last read does not show synced: listings lag more."""
    doubtful = [
        number
        for number, item in enumerate(followed)
        if item.user is not None and not item.user.deleted and diagnosis_of(item, tenant).state != "synced"
    ]
    followed = list(followed)
    for number, user, error in read_users(client, followed, doubtful, written):
        # A 404 may lag too: what was seen before stands.
        followed[number] = followed[number]._replace(user=user or followed[number].user, error=error)
    return followed


def explain_all(
    client: GraphClient, followed: list[Followed], index: CloudIndex, tenant: Tenant, sync: SyncFacts
) -> tuple[list[Followed], SyncFacts]:
    """Read what explains why users are not synced as expected, or not there any more; nothing, where all are."""
    unclear = [number for number, item in enumerate(followed) if _needs_more(item, sync)]
    followed = list(followed)
    if unclear:
        found = explain(client, index, _people(followed, unclear), tenant.organization, tenant.flags)
        sync = sync._replace(jobs=found.jobs, unchecked=(*sync.unchecked, *found.unchecked))
        for number in unclear:
            followed[number] = _explained(followed[number], found)
    unclear += [number for number, item in enumerate(followed) if item.user is None or item.user.deleted]
    people = [(followed[number].expected, followed[number].user) for number in unclear]
    audits = read_audits(client, people)
    if audits.unchecked is not None:
        sync = sync._replace(unchecked=(*sync.unchecked, audits.unchecked))
    for number, person in zip(unclear, people):
        followed[number] = followed[number]._replace(audits=audits_of(person, audits.value or {}))
    return followed, sync


def diagnosis_of(item: Followed, tenant: SyncFacts) -> Diagnosis:
    if item.error is not None:
        return unreadable(item.error.message)
    case = item.explanation.case(item.expected, item.user) if item.explanation and item.user else None
    return diagnose(item.expected, item.user, item.holders, tenant, item.twins, case, item.logged, item.audits)


def _people(followed: Sequence[Followed], numbers: Iterable[int]) -> list[Person]:
    """Return these users, who are all known, with what is expected of them."""
    return [(followed[number].expected, user) for number in numbers for user in [followed[number].user] if user]


def _needs_more(item: Followed, sync: SyncFacts) -> bool:
    exists = item.user is not None and not item.user.deleted and item.error is None
    return exists and diagnosis_of(item, sync).state != "synced"


def _explained(item: Followed, found: Explanation) -> Followed:
    expected = found.in_scope(item.expected)
    if item.user is None:
        return item
    return item._replace(expected=expected, explanation=found, logged=found.logged(expected))


def read_users(
    client: GraphClient, followed: list[Followed], numbers: Iterable[int], written: dict[str, RecentWrite]
) -> Iterator[tuple[int, Optional[CloudUser], Optional[GraphError]]]:
    """Read the users of these items, each once; yield (number, live user or None, error) for each item."""
    numbers_of: dict[str, list[int]] = {}
    for number in numbers:
        user = followed[number].user
        if user is not None:
            numbers_of.setdefault(user.id, []).append(number)
    for user_id, user, error in read_by_id(client, numbers_of, settling(written)):
        for number in numbers_of[user_id]:
            yield number, user, error
