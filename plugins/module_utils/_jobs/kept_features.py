# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Flags of a tenant as they were before a window was opened, on disk until they are put back."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept import read_kept, write_kept

_KIND = "sync_features"
_DAMAGED = (
    "should hold flags of the tenant as they were before an earlier run, and is damaged. Look at the flags, set them "
    "as they should be, and delete the file."
)


class KeptFeatures(NamedTuple):
    """What stands in the file.

    :ivar since: when the first flag was kept (RFC 3339, UTC).
    :ivar features: flags by their Graph names, as they were; ``None``: the flag had no value.
    """

    path: str
    since: str
    features: dict[str, Optional[bool]]


def read_features(tenant_id: str) -> KeptFeatures | None:
    """Return what is kept of a tenant, ``None`` if nothing is.

    :raises Failure: when the file cannot be read: the values from before are known to nobody else.
    """
    return read_kept(tenant_id, _KIND, _features, _DAMAGED)


def keep_features(tenant_id: str, features: dict[str, Optional[bool]]) -> KeptFeatures:
    """Keep values before they are changed, on disk when this returns.

    Those of a flag that is kept already stay: the older ones are what was there before all changes.
    """
    earlier = read_features(tenant_id)
    if earlier:
        features = {**features, **earlier.features}
    path, since = write_kept(tenant_id, _KIND, earlier.since if earlier else None, {"features": features})
    return KeptFeatures(path, since, features)


def _features(path: str, content: dict[str, Any]) -> KeptFeatures:
    features = content["features"]
    if not all(value in (True, False, None) for value in features.values()):
        raise ValueError
    return KeptFeatures(path, content["created"], features)
