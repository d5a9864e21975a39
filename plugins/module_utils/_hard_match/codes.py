# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Every reason a row can carry, in one table: what is the matter, what to do, and where that is known from.

Documentation and tests are generated from :data:`CODES`, so a code exists once. Its rows stand in several files, by
what they speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.ad_codes import AD_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effect_codes import EFFECT_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.group_codes import GROUP_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_codes import MATCH_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.object_codes import OBJECT_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.obstacle_codes import OBSTACLE_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.other_codes import OTHER_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.provision_codes import PROVISION_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.review_codes import REVIEW_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.rollback_codes import ROLLBACK_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.status_codes import STATUS_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server_codes import SYNC_SERVER_CODES
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.user_codes import USER_CODES

#: A message that names everybody would grow with the company.
NAMED = 5


class Code(NamedTuple):
    """One reason.

    ``message`` and ``remedy`` are sentences with ``{placeholders}`` for the evidence. ``source`` names the product page
    or the rule of this collection that the statement rests on. ``releasable``: a reviewer may release a row that this
    blocks, by approving it.
    """

    code: str
    message: str
    remedy: str
    source: str
    releasable: bool = False


CODES: dict[str, Code] = {
    row[0]: Code(*row)
    for row in (
        *OBJECT_CODES,
        *GROUP_CODES,
        *EFFECT_CODES,
        *USER_CODES,
        *MATCH_CODES,
        *OBSTACLE_CODES,
        *REVIEW_CODES,
        *ROLLBACK_CODES,
        *STATUS_CODES,
        *OTHER_CODES,
        *AD_CODES,
        *PROVISION_CODES,
        *SYNC_SERVER_CODES,
    )
}
RELEASABLE = frozenset(entry.code for entry in CODES.values() if entry.releasable)


def reason(code: str, **evidence: Any) -> dict[str, str]:
    """Return the ``reason`` of a row: ``code, message, remedy``.

    :param evidence: values for the placeholders of the code's sentences.
    :raises KeyError: for an unknown code or missing evidence, which is a defect of the caller.
    """
    entry = CODES[code]
    return {
        "code": code,
        "message": entry.message.format(**evidence),
        "remedy": entry.remedy.format(**evidence),
    }


def listed(names: Sequence[str], total: int | None = None) -> str:
    """Return names as evidence for a sentence; of many, the first few and how many more there are.

    :param total: how many there are, where ``names`` are only the first few.
    """
    more = (len(names) if total is None else total) - NAMED
    return "; ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
