# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_sync_status``: read where users stand, follow those on their way, and say what keeps the rest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import get_organization, get_sync_features
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Case
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, CloudUser
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis import (
    STATES,
    Diagnosis,
    diagnose,
    row_of,
    unreadable,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import (
    expected_of,
    expected_of_pair,
    find_expected,
    is_about_sync,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import Summary
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import (
    Expectation,
    LogEntry,
    SyncFacts,
    twins_of,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import (
    Explanation,
    explain,
    read_people,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import read_by_id
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.wishes import PAIR_OPTIONS
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite, recent_writes
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowReader,
    RowSink,
    format_time,
    header,
    parse_time,
)

Row = dict[str, Any]

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    "users": {"type": "list", "elements": "dict", "options": PAIR_OPTIONS},
    "src": {"type": "list", "elements": "path"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 7200},
    "wait_interval": {"type": "int", "default": 30},
    "dest": {"type": "path"},
    "return_limit": {"type": "int", "default": 1000},
}

REQUIRED_ONE_OF = [("users", "src")]

_KINDS = ("objects", "plan", "result", "journal", "status")
# Older writes were followed by many cycles, or nobody asks any more.
_JOURNALS_SECONDS = 30 * 24 * 3600
# Also the shortest.
_FIRST_PAUSE = 1.0
# What is left to the token for the reads after the last pause.
_LAST_LOOK = 60.0
_AGREEING_READS = 2


class _Followed(NamedTuple):
    """One expectation with what is known of its user; several may be about the same one."""

    expected: Expectation
    user: Optional[CloudUser]
    holders: list[CloudUser]
    twins: list[CloudUser]
    error: Optional[GraphError] = None
    #: How many reads in a row have shown the user synced, or gone.
    agreeing: int = 0
    #: What explains it, where the user is not synced as expected.
    case: Optional[Case] = None
    logged: Optional[LogEntry] = None


def sync_status(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """Read, and with ``wait`` follow, the users.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    with client_of(params) as client:
        written = recent_writes(
            client.tenant_id, _journals(params), now() - _JOURNALS_SECONDS, client.options.graph_endpoint
        )
        expectations = list(_expectations(params, client.tenant_id))
        tenant = _read_tenant(client, now)
        sync = tenant.sync
        index = read_people(client, expectations, _settling(written))
        followed = [_follow(expected, index, written) for expected in expectations]
        followed = _read_again(client, followed, sync, written)
        followed, sync = _explain(client, followed, index, tenant, sync)
        if params["wait"] and not context.check_mode:
            seconds = _seconds_to_wait(client, params["wait_timeout"], context)
            followed = _wait(client, followed, sync, written, params, seconds, clock, sleep)
        summary = Summary(STATES)
        first_line = header("status", tenant_id=client.tenant_id, source=_source(params))
        with RowSink(first_line, params["dest"], params["return_limit"], _importance) as sink:
            for item in followed:
                diagnosis = _diagnosis(item, sync)
                summary.add(diagnosis.state, diagnosis.reasons)
                error = item.error.as_row_error() if item.error is not None else None
                sink.write(row_of(item.expected, item.user, diagnosis, sync, error))
        return {
            "changed": False,
            "users": sink.rows,
            "tenant": {**tenant.shown, "unchecked": list(sync.unchecked)},
            "summary": {
                **summary.as_dict(),
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
            "dest": params["dest"],
            "truncated": sink.truncated,
        }


def _expectations(params: Mapping[str, Any], tenant_id: str) -> Iterator[Expectation]:
    """Yield who is asked for, and what is expected of them: as the files have it, else as the caller named them."""
    asked = [(str(pair["user"]).strip().lower(), pair) for pair in params["users"] or ()]
    known: set[str] = set()
    for expected in _expectations_of_files(params["src"] or (), tenant_id):
        names = _names(expected) & {name for name, _pair in asked}
        known |= names
        if names or params["users"] is None:
            yield expected
    yield from (expected_of_pair(pair) for name, pair in asked if name not in known)


def _names(expected: Expectation) -> set[str]:
    """Return what a person may call the user by."""
    row = expected.row or {}
    names = (expected.id, expected.user, row.get("login_name"), row.get("user_principal_name"))
    return {name.lower() for name in names if name}


def _expectations_of_files(paths: Iterable[str], tenant_id: str) -> Iterator[Expectation]:
    for path in paths:
        reader = RowReader(path, _KINDS)
        owner = reader.header.get("tenant_id")
        if owner and str(owner).lower() != tenant_id.lower():
            raise Failure(f"{path} is about tenant {owner}, and this is {tenant_id}. Sign in to the right tenant.")
        rows: Iterable[Row] = (row for _line, row in reader)
        if reader.header["kind"] == "journal":
            # The newest entry of each user counts.
            rows = {row["id"]: row for row in rows if row.get("id")}.values()
        yield from (expected_of(reader.header["kind"], row) for row in rows if is_about_sync(row))


def _journals(params: Mapping[str, Any]) -> list[str]:
    return [path for path in params["src"] or () if RowReader(path, _KINDS).header["kind"] == "journal"]


def _settling(written: dict[str, RecentWrite]) -> dict[str, RecentWrite]:
    """Return the writes that no read has confirmed: the only ones a listing is not to be trusted about."""
    return {user_id: write for user_id, write in written.items() if write.status == "ok"}


class _Tenant(NamedTuple):
    """What the tenant told of itself: for the diagnosis, for the result, and as it came (``None``: unknown)."""

    sync: SyncFacts
    shown: dict[str, Any]
    organization: Optional[dict[str, Any]]
    flags: Optional[dict[str, Any]]


def _read_tenant(client: GraphClient, now: Callable[[], float]) -> _Tenant:
    organization, features = get_organization(client), get_sync_features(client)
    # At once: the service's clock is that of its newest answer.
    service_time, here = client.service_time(), now()
    unchecked = tuple(reading.unchecked for reading in (organization, features) if reading.unchecked)
    about = organization.value or {}
    permissions = client.permissions()
    flags = (features.value or {}).get("features")
    verified = about.get("verifiedDomains")
    facts = SyncFacts(
        # Never switched on, and switched off, are the same here: nothing will come.
        sync_on=None if organization.value is None else bool(about.get("onPremisesSyncEnabled")),
        hard_match_blocked=(flags or {}).get("blockCloudObjectTakeoverThroughHardMatchEnabled"),
        verified_domains=None if verified is None else frozenset(str(domain["name"]).lower() for domain in verified),
        unchecked=unchecked,
        last_sync=_moment(about.get("onPremisesLastSyncDateTime")),
        now=service_time,
    )
    shown = {
        "id": client.tenant_id,
        "sync_enabled": facts.sync_on,
        "last_sync": about.get("onPremisesLastSyncDateTime"),
        "verified_domains": None if facts.verified_domains is None else sorted(facts.verified_domains),
        "features": flags,
        "permissions": None if permissions is None else sorted(permissions),
        "domains": None if verified is None else [_domain(domain) for domain in verified],
        "token_renewable": client.token_renewable,
        "token_seconds": None if client.lifetime() == float("inf") else max(0, int(client.lifetime())),
        "writes_per_second": round(client.writes_per_second, 2),
        "service_time": None if service_time is None else format_time(service_time),
        "clock_skew": None if service_time is None else round(here - service_time),
    }
    return _Tenant(facts, shown, organization.value, flags)


def _moment(text: str | None) -> float | None:
    """Return a time of Graph in seconds since 1970; its word for never, the year 1, is none."""
    return None if not text or text.startswith("0001-") else parse_time(text)


def _domain(verified: Mapping[str, Any]) -> dict[str, Any]:
    """Return a verified domain as the result shows it."""
    return {
        "name": str(verified["name"]).lower(),
        "authentication": verified.get("type"),
        "is_default": verified.get("isDefault"),
        "is_initial": verified.get("isInitial"),
    }


def _follow(expected: Expectation, index: CloudIndex, written: dict[str, RecentWrite]) -> _Followed:
    user = find_expected(expected, index)
    holders = index.find("immutable_id", expected.immutable_id) if expected.immutable_id else []
    write = written.get(user.id) if user else None
    # Only a write of the very value that is waited for tells from when on a sync counts.
    if write and write.status in ("ok", "confirmed") and write.after == expected.immutable_id:
        expected = expected._replace(written=write.service_time or write.time)
    return _Followed(expected, user, holders, twins_of(expected, user, index))


def _read_again(
    client: GraphClient, followed: list[_Followed], tenant: SyncFacts, written: dict[str, RecentWrite]
) -> list[_Followed]:
    """Read by id, in batches, those whom the last read does not show synced: listings lag more."""
    doubtful = [
        number
        for number, item in enumerate(followed)
        if item.user is not None and not item.user.deleted and _diagnosis(item, tenant).state != "synced"
    ]
    followed = list(followed)
    for number, user, error in _read_users(client, followed, doubtful, written):
        # A 404 may lag too: what was seen before stands.
        followed[number] = followed[number]._replace(user=user or followed[number].user, error=error)
    return followed


def _explain(
    client: GraphClient, followed: list[_Followed], index: CloudIndex, tenant: _Tenant, sync: SyncFacts
) -> tuple[list[_Followed], SyncFacts]:
    """Read what explains why users are not synced as expected; nothing, where all are."""
    unclear = [item for item in followed if _needs_more(item, sync)]
    if not unclear:
        return followed, sync
    people = [(item.expected, item.user) for item in unclear if item.user is not None]
    found = explain(client, index, people, tenant.organization, tenant.flags)
    sync = sync._replace(jobs=found.jobs, unchecked=(*sync.unchecked, *found.unchecked))
    return [_explained(item, found) if _needs_more(item, sync) else item for item in followed], sync


def _needs_more(item: _Followed, sync: SyncFacts) -> bool:
    exists = item.user is not None and not item.user.deleted and item.error is None
    return exists and _diagnosis(item, sync).state != "synced"


def _explained(item: _Followed, found: Explanation) -> _Followed:
    expected = found.in_scope(item.expected)
    if item.user is None:
        return item
    return item._replace(expected=expected, case=found.case(expected, item.user), logged=found.logged(expected))


def _read_users(
    client: GraphClient, followed: list[_Followed], numbers: Iterable[int], written: dict[str, RecentWrite]
) -> Iterator[tuple[int, Optional[CloudUser], Optional[GraphError]]]:
    """Read the users of these items, each once; yield (number, live user or None, error) for each item."""
    numbers_of: dict[str, list[int]] = {}
    for number in numbers:
        user = followed[number].user
        if user is not None:
            numbers_of.setdefault(user.id, []).append(number)
    for user_id, user, error in read_by_id(client, numbers_of, _settling(written)):
        for number in numbers_of[user_id]:
            yield number, user, error


def _seconds_to_wait(client: GraphClient, wanted: float, context: Context) -> float:
    """Return for how long to follow users: no longer than the token lasts, or all of them would end as unknown."""
    left = max(0.0, client.lifetime() - _LAST_LOOK)
    if left < wanted:
        context.warn(
            f"The access token cannot be renewed and ends before wait_timeout ({wanted} s): users are followed for "
            f"{int(left)} seconds. To follow them further, run it again with a fresh token."
        )
    return min(wanted, left)


def _wait(
    client: GraphClient,
    followed: list[_Followed],
    tenant: SyncFacts,
    written: dict[str, RecentWrite],
    params: dict[str, Any],
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> list[_Followed]:
    """Read all who are pending together, again and again, until each was seen synced several times."""
    deadline = clock() + seconds
    pause = _FIRST_PAUSE
    pending = [number for number, item in enumerate(followed) if _is_pending(item, tenant)]
    while pending and clock() < deadline:
        sleep(max(0.0, min(pause, deadline - clock())))
        pause = max(_FIRST_PAUSE, min(pause * 2, params["wait_interval"]))
        for number, user, error in _read_users(client, followed, pending, written):
            item = followed[number]._replace(user=user or followed[number].user, error=error)
            gone = user is None and error is None
            settled = gone or _diagnosis(item, tenant).state == "synced"
            agreeing = item.agreeing + 1 if settled else 0
            if gone and item.user is not None and agreeing >= _AGREEING_READS:
                item = item._replace(user=item.user._replace(deleted=True))
            followed[number] = item._replace(agreeing=agreeing)
        pending = [
            number
            for number in pending
            if _is_pending(followed[number], tenant) or 0 < followed[number].agreeing < _AGREEING_READS
        ]
    return followed


def _is_pending(item: _Followed, tenant: SyncFacts) -> bool:
    return item.user is not None and _diagnosis(item, tenant).state in ("pending", "unknown")


def _diagnosis(item: _Followed, tenant: SyncFacts) -> Diagnosis:
    if item.error is not None:
        return unreadable(item.error.message)
    return diagnose(item.expected, item.user, item.holders, tenant, item.twins, item.case, item.logged)


def _importance(row: Row) -> int:
    return {"synced": 0, "unknown": 3, "blocked": 2}.get(row["state"], 1)


def _source(params: Mapping[str, Any]) -> str:
    return "; ".join([*(params["src"] or ()), *(["users"] if params["users"] is not None else [])])
