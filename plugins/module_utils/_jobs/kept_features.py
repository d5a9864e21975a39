# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Flags of a tenant as they were before a window was opened, on disk until they are put back.

One private file per tenant in the state directory, not in the folder of a run: the next run, which knows nothing of a
killed one, finds it there.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._journal import state_directory, state_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile, explained, header

_KIND = "sync_features"
_NAME = "sync-features.json"


class KeptFeatures(NamedTuple):
    """What stands in the file.

    :ivar since: when the first flag was kept (RFC 3339, UTC).
    :ivar features: flags by their Graph names, as they were; ``None``: the flag had no value.
    """

    path: str
    since: str
    features: dict[str, Optional[bool]]


def read_kept(tenant_id: str) -> KeptFeatures | None:
    """Return what is kept of a tenant, ``None`` if nothing is. Who only reads makes no directory for that.

    :raises Failure: when the file cannot be read: the values from before are known to nobody else.
    """
    path = os.path.join(state_path(tenant_id), _NAME)
    try:
        with explained(path, "read"), open(path, encoding="utf-8") as file:
            content = json.load(file)
        if content["kind"] == _KIND and all(value in (True, False, None) for value in content["features"].values()):
            return KeptFeatures(path, content["created"], content["features"])
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    except Failure:
        if not os.path.lexists(path):
            return None
        raise
    raise Failure(
        f"{path} should hold flags of the tenant as they were before an earlier run, and is damaged. Look at the "
        "flags, set them as they should be, and delete the file."
    )


def keep(tenant_id: str, features: dict[str, Optional[bool]]) -> KeptFeatures:
    """Keep values before they are changed, on disk when this returns.

    Those of a flag that is kept already stay: the older ones are what was there before all changes.
    """
    earlier = read_kept(tenant_id)
    content = header(_KIND, tenant_id=tenant_id)
    if earlier:
        content["created"] = earlier.since
    content["features"] = {**features, **(earlier.features if earlier else {})}
    path = os.path.join(state_directory(tenant_id), _NAME)
    with AtomicFile(path) as file:
        file.write(json.dumps(content, indent=2).encode("utf-8") + b"\n")
    return KeptFeatures(path, content["created"], content["features"])


def forget(kept: KeptFeatures) -> None:
    """Delete the file once its values are back."""
    with explained(kept.path, "deleted"), contextlib.suppress(FileNotFoundError):
        os.unlink(kept.path)
