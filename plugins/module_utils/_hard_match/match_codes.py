# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What can be said of a pair: whether the user is the one that the AD object means.

Part of the table in :mod:`codes`, which says what the columns are.
"""

from __future__ import annotations

from typing import Union

_GRAPH_USER = "Microsoft Graph: user resource"
_OURS = "Rule of this collection"

MATCH_CODES: tuple[Union[tuple[str, str, str, str], tuple[str, str, str, str, bool]], ...] = (
    (
        "match_contradicted",
        "{user} fits by {key} {value}, but a stronger key contradicts it: {stronger}.",
        "Find out who is meant, and name the pair in map. If a deleted user is in the way and nobody needs it, purge "
        "it.",
        _OURS,
    ),
    (
        "weak_match",
        "{user} was found by {key} {value} alone. Such values are often given to somebody else later.",
        "Make sure that both are the same person; then set approved to true in this row of the plan, or name the pair "
        "in map.",
        _OURS,
        True,
    ),
    (
        "external_user",
        "The user that fits is external, a guest or somebody who was invited: {user}.",
        "External users are not tied to AD objects unawares. If it is meant, name the user by its id, in users or in "
        "map.",
        _GRAPH_USER,
    ),
    (
        "resource_account",
        "The user that fits is a resource account, such as a room or a call queue: {user}.",
        "Resource accounts are not tied to AD objects unawares. If it is meant, name it by its id, in users or in map.",
        _GRAPH_USER,
    ),
    (
        "external_also_fits",
        "{user} is the only member that fits {key} {value}, but external users or resource accounts fit as well: "
        "{others}.",
        "If the member is meant, set approved to true in this row of the plan; otherwise name the right pair in map, "
        "by id.",
        _OURS,
        True,
    ),
)
