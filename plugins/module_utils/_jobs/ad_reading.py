# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What AD says now of the objects of those who are followed: files of objects gathered just now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_now import AdReading, laid_over
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.expected import find_expected
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Expectation, SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.status_reading import FEW, read_people
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowReader


def with_ad(client: GraphClient, expectations: Sequence[Expectation], paths: Sequence[str] | None) -> list[Expectation]:
    """Return what is expected of people, with what AD says of their objects.

    :param paths: files of objects; ``None``: AD was not asked.
    :raises RowError: when a file cannot be read.
    """
    if paths is None:
        return list(expectations)
    # Whose AD object is not known may be found by what the user has; for many, the tenant is not listed for that.
    unknown = [expected for expected in expectations if expected.row is None]
    index = read_people(client, unknown, {}) if 0 < len(unknown) <= FEW else CloudIndex([])
    people = [(expected, find_expected(expected, index) if expected.row is None else None) for expected in expectations]
    return laid_over(people, map(_reading, paths))


def with_ad_error(sync: SyncFacts, error: str | None) -> SyncFacts:
    """Return what is known of the sync, with why AD could not be asked."""
    if not error:
        return sync
    item = {"what": f"what AD says of the objects now: {error}", "permission": "reading the users of AD"}
    return sync._replace(unchecked=(*sync.unchecked, item))


def _reading(path: str) -> AdReading:
    reader = RowReader(path, ("objects",))
    attributes = reader.header.get("attributes")
    rows: Iterator[dict[str, object]] = (row for _line, row in reader)
    return AdReading(rows, None if attributes is None else frozenset(attributes), reader.header.get("missing") or ())
