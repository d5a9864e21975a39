# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The file that says how the server of Entra Connect Sync stands: what the role ``hard_match`` wrote down of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import SyncFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server import (
    ServerFacts,
    server_facts,
)

_WHAT_TO_DO = (
    "Give the connect.json in the folder of a run of the role hard_match with hard_match_sync=connect_sync, or run its "
    "status once more to have a new one."
)


def with_server(sync: SyncFacts, path: str | None) -> SyncFacts:
    """Return what is known of the sync with what the file says.

    :param path: a ``connect.json``; ``None`` adds nothing.
    :raises Failure: when the file cannot be read.
    """
    if path is None:
        return sync
    server = _read(path)
    return sync._replace(server=server, unchecked=(*sync.unchecked, *_unchecked(server)))


def _read(path: str) -> ServerFacts:
    try:
        with open(path, encoding="utf-8") as file:
            return server_facts(json.load(file))
    except OSError as error:
        raise Failure(f"{path}: what the sync server said cannot be read: {error.strerror}. {_WHAT_TO_DO}") from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: this is no text in UTF-8, so no JSON. {_WHAT_TO_DO}") from error
    except json.JSONDecodeError as error:
        raise Failure(f"{path}, line {error.lineno}: this is no JSON ({error.msg}). {_WHAT_TO_DO}") from error
    except ValueError as error:
        raise Failure(f"{path}: this does not say how a sync server stands: {error}. {_WHAT_TO_DO}") from error


def _unchecked(server: ServerFacts) -> tuple[Mapping[str, str], ...]:
    """Name the server among what could not be looked at, when it did not answer."""
    if not server.error:
        return ()
    return (
        {
            "what": f"the sync server {server.name}, asked at {server.asked}: {server.error}",
            "permission": f"a connection to {server.name} and the rights of the local group ADSyncAdmins there",
        },
    )
