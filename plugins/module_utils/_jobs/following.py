# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Following users who are on their way, across as many cycles of the sync as it takes.

While many are followed, a look asks the feed of the tenant for what changed: one request, however many they are. The
last word about each has a read by id, 20 in a request. Up to 20 users, and all of them where there is no feed, are read
by id at each look.

What explains a user takes requests for each one, so it is read of those only who are left: when they are few, when a
sync has run that nobody moved with, and at the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Callable, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import UserFeed
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import (
    CloudIndex,
    CloudUser,
    changed_by,
    from_graph,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.diagnosis_checks import epoch
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import find_expected, sharing
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.followed import (
    Followed,
    diagnosis_of,
    explain_all,
    follow,
    follow_all,
    read_again,
    read_users,
    settling,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import FEW, read_people
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_facts import Tenant
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_users import LAG_SECONDS, settled
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS

# Also the shortest.
_FIRST_PAUSE = 1.0
# What is left to the token for the reads after the last pause.
_LAST_LOOK = 60.0
_AGREEING_READS = 2
# For so long nobody may have moved before it is read what keeps those who are left: of few that is cheap.
_QUIET_SECONDS = 120.0
_QUIET_SECONDS_OF_FEW = 15.0

Facts = tuple[Tenant, SyncFacts]


class Watch:
    """The users of one run, as their states change.

    :param read_facts: reads what the tenant says of itself.
    :param interval: the longest pause between two looks, in seconds.
    """

    _followed: list[Followed]
    _tenant: Tenant
    _sync: SyncFacts

    def __init__(
        self,
        client: GraphClient,
        written: dict[str, RecentWrite],
        read_facts: Callable[[], Facts],
        interval: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._written = written
        self._read_facts = read_facts
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._feed: Optional[UserFeed] = None
        self._index = CloudIndex([])
        self._numbers: dict[str, list[int]] = {}
        # Numbers of those who are waited for, and, of these, of those whose newest read is not enough.
        self._pending: set[int] = set()
        self._doubtful: set[int] = set()
        # Whether the state and the reasons of those who are left were read, and whether anything was read since.
        self._counted = False
        self._looked = False
        # When somebody moved last, and when it was asked last whether a sync has run since.
        self._moved = self._asked = clock()
        # The same, and the newest write, by the service's clock.
        self._moved_there = self._written_there = 0.0

    def follow(self, expectations: list[Expectation], facts: Facts, seconds: float) -> tuple[list[Followed], Facts]:
        """Read where the users stand, and go on until nobody is on the way, or the time is over.

        :param facts: as ``read_facts`` returned them just now.
        :returns: where they stand and why, and what the tenant says of itself, as of the end.
        """
        deadline = self._clock() + seconds
        self._begin(expectations, facts)
        pause = _FIRST_PAUSE
        while self._pending and self._clock() < deadline:
            if self._should_count():
                self._count()
                continue
            # Anew: what is read in between has phases of its own.
            waiting = PROGRESS.begin("waiting for the sync", len(self._followed), waiting=True)
            waiting.done = len(self._followed) - len(self._pending)
            self._sleep(min(pause, deadline - self._clock()))
            pause = max(_FIRST_PAUSE, min(pause * 2, self._interval))
            self._look()
        if self._looked or not self._counted:
            self._tenant, self._sync = self._read_facts() if self._looked else (self._tenant, self._sync)
            self._count()
        return self._followed, (self._tenant, self._sync)

    def _begin(self, expectations: list[Expectation], facts: Facts) -> None:
        self._tenant, self._sync = facts
        # Before the listing, so that what changes in between is told.
        self._feed = UserFeed(self._client) if len(expectations) > FEW else None
        self._index = read_people(self._client, expectations, settling(self._written))
        self._followed = follow_all(expectations, self._index, self._written)
        self._note_users()
        for number, item in enumerate(self._followed):
            if item.user is not None and self._is_fresh(item.user) and self._is_synced(number):
                self._followed[number] = item._replace(agreeing=1)
                self._doubtful.add(number)
        self._pending |= self._doubtful
        self._written_there = max((item.expected.written or 0.0 for item in self._followed), default=0.0)
        self._moved_there = self._written_there
        self._read(self._pending if len(self._pending) <= FEW else self._doubtful)

    def _note_users(self) -> None:
        """Note who has become known, and follow those of them who are on the way."""
        known = {number for numbers in self._numbers.values() for number in numbers}
        for number, item in enumerate(self._followed):
            if item.user is not None and number not in known:
                self._numbers.setdefault(item.user.id, []).append(number)
                if self._is_on_the_way(number):
                    self._pending.add(number)

    def _is_fresh(self, user: CloudUser) -> bool:
        """Tell whether the user was synced so lately that another read may not show it yet."""
        return self._sync.now is not None and epoch(user.last_sync) > self._sync.now - LAG_SECONDS

    # A look

    def _look(self) -> None:
        self._looked = True
        count = len(self._pending)
        # No request is saved by asking the feed about a few, and it lags more.
        if len(self._pending) <= FEW or not self._catch_up():
            self._read(self._pending)
        else:
            self._read(self._doubtful)
        if len(self._pending) != count:
            self._moved, self._moved_there = self._clock(), self._client.service_time() or 0.0

    def _catch_up(self) -> bool:
        """Take in what the feed tells; return whether that is all there is to know."""
        return self._feed is not None and self._feed.is_open and self._feed.tell(self._take_change)

    def _take_change(self, body: Mapping[str, Any]) -> None:
        known = self._index.user(body["id"])
        if known is None and "@removed" in body:
            # One who came and went unseen.
            return
        for number in self._numbers.get(body["id"], ())[:1]:
            body = sharing(body, self._followed[number].expected)
        user = settled(changed_by(known, body), self._written) if known is not None else from_graph(body)
        user = self._indexed(user)
        for number in self._numbers.get(user.id, ()):
            self._take(number, None if user.deleted else user, None)

    def _indexed(self, user: CloudUser) -> CloudUser:
        """Put a user into the index as it is now; return what is there, so that each user is in memory once."""
        known = self._index.user(user.id)
        if known == user:
            return known
        self._index.replace(user)
        return user

    def _read(self, numbers: Iterable[int]) -> None:
        for number, user, error in read_users(self._client, self._followed, sorted(numbers), self._written):
            self._take(number, user and self._indexed(user), error)

    def _take(self, number: int, user: CloudUser | None, error: GraphError | None) -> None:
        """Take one reading of a user; ``None`` without an error is somebody who is not there."""
        item = self._followed[number]
        if item.agreeing >= _AGREEING_READS or item.user is None:
            return
        gone = user is None and error is None
        item = self._in_its_place(item._replace(user=user or item.user, error=error))
        state = diagnosis_of(item, self._sync).state
        agreeing = item.agreeing + 1 if gone or state == "synced" else 0
        if gone and agreeing >= _AGREEING_READS and item.user is not None:
            item = item._replace(user=item.user._replace(deleted=True))
        self._followed[number] = item._replace(agreeing=agreeing)
        if agreeing >= _AGREEING_READS or not (agreeing or state in ("pending", "unknown")):
            self._pending.discard(number)
            self._doubtful.discard(number)
            return
        self._pending.add(number)
        # Also while a read by id does not show what the feed has told: nobody will tell again.
        if agreeing or error is not None:
            self._doubtful.add(number)

    def _in_its_place(self, item: Followed) -> Followed:
        """Return an item with who else has what is the user's, as of now."""
        around = follow(item.expected, self._index, self._written, item.user)
        return item._replace(holders=around.holders, twins=around.twins)

    # Who is left, and what keeps them

    def _should_count(self) -> bool:
        if self._counted:
            return False
        quiet = self._clock() - self._moved
        if len(self._pending) <= FEW:
            return quiet >= _QUIET_SECONDS_OF_FEW or len(self._followed) <= FEW
        if min(quiet, self._clock() - self._asked) < _QUIET_SECONDS:
            return False
        self._asked = self._clock()
        self._tenant, self._sync = self._read_facts()
        last = self._sync.last_sync
        # A sync that finds nothing to do may not be noted. After a while without reads that lag, one since the writes
        # is enough, and the reads by id find whom neither listing nor feed has shown.
        return last is None or last >= (self._moved_there if quiet < LAG_SECONDS else self._written_there)

    def _count(self) -> None:
        """Read once more where those stand who were not seen synced often enough, and what keeps them."""
        if self._looked:
            if not self._catch_up():
                expectations = [item.expected for item in self._followed]
                self._index = read_people(self._client, expectations, settling(self._written))
            self._followed = [self._as_of_now(item) for item in self._followed]
            self._note_users()
        everybody = range(len(self._followed))
        left = [number for number in everybody if number in self._pending or not self._is_synced(number)]
        self._followed = read_again(self._client, self._followed, self._sync, self._written)
        # One read is not enough.
        self._read(number for number in left if self._is_synced(number))
        self._followed, self._sync = explain_all(self._client, self._followed, self._index, self._tenant, self._sync)
        self._pending = {number for number in self._pending if self._is_on_the_way(number)}
        self._doubtful &= self._pending
        self._counted, self._looked = True, False

    def _is_on_the_way(self, number: int) -> bool:
        return diagnosis_of(self._followed[number], self._sync).state in ("pending", "unknown")

    def _is_synced(self, number: int) -> bool:
        return diagnosis_of(self._followed[number], self._sync).state == "synced"

    def _as_of_now(self, item: Followed) -> Followed:
        user = item.user or find_expected(item.expected, self._index)
        return self._in_its_place(item._replace(user=user))


def seconds_to_wait(client: GraphClient, wanted: float, context: Context) -> float:
    """Return for how long to follow users: no longer than the token lasts, or all of them would end as unknown."""
    left = max(0.0, client.lifetime() - _LAST_LOOK)
    if left < wanted:
        context.warn(
            f"The access token cannot be renewed and ends before wait_timeout ({wanted} s): users are followed for "
            f"{int(left)} seconds. To follow them further, run it again with a fresh token."
        )
    return min(wanted, left)
