# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What was there before a run changed it for a while, on disk until it is put back.

One private file per tenant in the state directory, not in the folder of a run: the next run, which knows nothing of a
killed one, finds it there.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Callable, TypeVar

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._journal import state_directory, state_path
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile, explained, header

_Kept = TypeVar("_Kept")


def read_kept(tenant_id: str, kind: str, made_of: Callable[[str, dict[str, Any]], _Kept], damaged: str) -> _Kept | None:
    """Return what is kept of a tenant, ``None`` if nothing is. Who only reads makes no directory for that.

    :param made_of: makes it of the path and the content; ValueError, KeyError, TypeError and AttributeError say that
        it cannot.
    :param damaged: what to say, after the path, of a file that holds something else.
    :raises Failure: when the file cannot be read: nobody else knows what was there before.
    """
    path = os.path.join(state_path(tenant_id), _name(kind))
    try:
        with explained(path, "read"), open(path, encoding="utf-8") as file:
            content = json.load(file)
        if content["kind"] == kind:
            return made_of(path, content)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    except Failure:
        if not os.path.lexists(path):
            return None
        raise
    raise Failure(f"{path} {damaged}")


def write_kept(tenant_id: str, kind: str, since: str | None, content: dict[str, Any]) -> tuple[str, str]:
    """Keep something, on disk when this returns; return the path, and since when it is kept (RFC 3339, UTC).

    :param since: as before, if something is kept already.
    """
    first = header(kind, tenant_id=tenant_id)
    since = since or str(first["created"])
    path = os.path.join(state_directory(tenant_id), _name(kind))
    with AtomicFile(path) as file:
        file.write(json.dumps({**first, "created": since, **content}, indent=2).encode("utf-8") + b"\n")
    return path, since


def forget(path: str) -> None:
    """Delete the file once everything is as before."""
    with explained(path, "deleted"), contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _name(kind: str) -> str:
    return f"{kind.replace('_', '-')}.json"
