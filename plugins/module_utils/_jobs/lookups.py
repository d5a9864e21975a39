# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What Graph tells of a user only when asked for that user: read in batches, for candidates only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    BETA_PROPERTIES,
    beta_path,
    sync_behavior_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import Lookup
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.user_details import UserDetails


class _Question(NamedTuple):
    """One thing to ask of each user."""

    path: Callable[[str], str]
    version: str
    unchecked: Mapping[str, str]


_SYNC_BEHAVIOR = _Question(
    sync_behavior_path,
    "v1.0",
    {
        "what": "whether the source of authority of a user was moved to the cloud",
        "permission": "User-OnPremisesSyncBehavior.ReadWrite.All",
    },
)
_BETA = _Question(
    beta_path,
    "beta",
    {
        "what": "to which AD object a user was last mapped (onPremisesObjectIdentifier, beta); plans and manager",
        "permission": "User.Read.All, and that the app may use beta",
    },
)
# Refused; gone meanwhile; not offered by this cloud or version.
_UNKNOWN = (400, 403, 404, 405, 501)


class Lookups:
    """Asks Graph about single users, and stops asking what is refused for everybody."""

    def __init__(self, client: GraphClient, details: UserDetails | None = None) -> None:
        """
        :param details: are told what else was read of these users.
        """
        self._client = client
        self._details = details
        self._refused: list[_Question] = []
        self._unknown: list[_Question] = []

    @property
    def unchecked(self) -> tuple[Mapping[str, str], ...]:
        """What stayed unknown of anybody so far: ``{"what", "permission"}``."""
        return tuple(question.unchecked for question in self._unknown)

    def look_up(self, ids: Iterable[str]) -> dict[str, Lookup]:
        """Return what is known of each of these users.

        Give many ids at once: they share batches. When everyone of a call was refused, that is not asked again.

        :raises GraphError: for anything but a refusal.
        """
        ids = list(dict.fromkeys(ids))
        with ThreadPoolExecutor(2) as both:
            behaviors, more = both.map(lambda question: self._ask(question, ids), (_SYNC_BEHAVIOR, _BETA))
        if self._details is not None:
            for user, body in more.items():
                read = {name: body[name] for name in BETA_PROPERTIES if name in body}
                self._details.extend(user, {**read, "manager": body.get("manager")})
        return {
            user: Lookup(
                cloud_managed=behaviors.get(user, {}).get("isCloudManaged"),
                object_identifier=more.get(user, {}).get("onPremisesObjectIdentifier"),
                identifier_known="onPremisesObjectIdentifier" in more.get(user, {}),
            )
            for user in ids
        }

    def _ask(self, question: _Question, ids: list[str]) -> dict[str, dict[str, Any]]:
        if not ids or question in self._refused:
            return {}
        found = {}
        refused = 0
        requests = (BatchRequest("GET", question.path(user), key=user) for user in ids)
        for response in self._client.batch(requests, question.version):
            if response.error is None:
                found[str(response.key)] = response.body
            elif response.status in _UNKNOWN:
                refused += response.status == 403
                if question not in self._unknown:
                    self._unknown.append(question)
            else:
                raise response.error
        if refused == len(ids):
            self._refused.append(question)
        return found
