# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Reading until a write is seen: what was written is confirmed, and what a killed run left open is settled."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Callable, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import get_users
from ansible_collections.hybrid.identity.plugins.module_utils._journal import RecentWrite

# For so long a write is looked for before it counts as not seen.
CONFIRM_SECONDS = 120.0
# A replica that lags may answer after one that does not, so one agreeing read proves little.
_AGREEING_READS = 2
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_ANCHOR_SELECT = "id,onPremisesImmutableId"


def out_of_reach(error: GraphError | None) -> bool:
    """Tell whether an error says that the service cannot be reached: no further request makes sense."""
    return error is not None and error.code in ("transport", "not_sent")


class Confirmation:
    """Reads by id, which lag less than lists.

    :param wall_clock: seconds since 1970, as journals have them.
    :param stopped: whether nobody wants to know any more.
    """

    def __init__(
        self,
        client: GraphClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._wall_clock = wall_clock
        self._stopped = stopped

    def unseen(self, awaited: Mapping[str, Optional[str]], seconds: float = CONFIRM_SECONDS) -> set[str]:
        """Read until several reads in a row show the awaited values; return the ids of those not seen in time."""
        left = dict(awaited)
        agreeing = dict.fromkeys(left, 0)
        deadline = self._clock() + seconds
        pause = _FIRST_PAUSE
        while left:
            lost = False
            for user_id, body, error in get_users(self._client, list(left), _ANCHOR_SELECT):
                lost = lost or out_of_reach(error)
                seen = body is not None and (body.get("onPremisesImmutableId") or None) == left[user_id]
                agreeing[user_id] = agreeing[user_id] + 1 if seen else 0
                if agreeing[user_id] >= _AGREEING_READS:
                    del left[user_id]
            remaining = deadline - self._clock()
            if lost or remaining <= 0 or self._stopped():
                break
            if left:
                self._sleep(min(pause, remaining))
                pause = min(pause * 2, _LONGEST_PAUSE)
        return set(left)

    def settle(self, ids: Iterable[str], written: dict[str, RecentWrite]) -> None:
        """Wait for the writes of which a run that was killed a moment ago did not see the answer.

        Such a write may have been carried out, or be under way still, while reads show the old value: whoever trusted
        them would write it once more.

        :param written: the newest that journals say of each user. What turns out to have been written is noted there as
            if the service had said so.
        """
        now = self._wall_clock()
        ages = {
            user_id: max(now - written[user_id].time, 0.0)
            for user_id in ids
            if user_id in written and written[user_id].status == "unconfirmed"
        }
        young = [user_id for user_id, age in ages.items() if age < CONFIRM_SECONDS]
        if not young:
            return
        longest = CONFIRM_SECONDS - min(ages[user_id] for user_id in young)
        unseen = self.unseen({user_id: written[user_id].after for user_id in young}, longest)
        for user_id in young:
            if user_id not in unseen:
                written[user_id] = written[user_id]._replace(status="ok")
