# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the tests of decisions: users as Graph shows them, AD objects as rows, and a plan made of both."""

from __future__ import annotations

import uuid

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import immutable_id
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.anchor_mode import AnchorCensus
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.case import Rules, Surroundings
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.claims import Claims
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import CloudIndex, from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.holders import HOLDER_KEYS
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.match_keys import cloud_keys, parse_match_by
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.matching import match
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.plan import decide
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import RoleBook, TenantFacts
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.wish import from_object

TENANT = "example.onmicrosoft.com"
# Nobody has a role, and the domain is in order; nothing else is known.
FACTS = TenantFacts(
    "tenant", roles=RoleBook({}), domains={"example.com": {"isVerified": True, "authenticationType": "Managed"}}
)


def guid(number: int) -> uuid.UUID:
    """Return a version-4 GUID, as AD makes them."""
    return uuid.UUID(f"{number:08x}-1111-4111-8111-111111111111")


def anchor(number: int) -> str:
    return immutable_id(guid(number).bytes_le)


def user_id(number: int) -> str:
    return f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa"


def graph_user(number: int, upn: str | None = None, **properties):
    return {"id": user_id(number), "userPrincipalName": upn or f"u{number}@example.com", **properties}


def user(number: int, upn: str | None = None, *, deleted: bool = False, **properties):
    if deleted:
        upn = user_id(number).replace("-", "") + (upn or f"u{number}@example.com")
    return from_graph(graph_user(number, upn, **properties), deleted=deleted)


def held(number: int, upn: str | None = None, *, value: str | None = None, deleted: bool = False, **properties):
    """Return a user with an anchor: that of the AD object of the same number, or ``value``."""
    return user(number, upn, deleted=deleted, onPremisesImmutableId=value or anchor(number), **properties)


def ad_row(number: int, **fields):
    return {
        "distinguished_name": f"CN=u{number},DC=example,DC=com",
        "user_principal_name": f"u{number}@example.com",
        "login_name": f"u{number}@example.com",
        "object_guid": str(guid(number)),
        "immutable_id": anchor(number),
        "anchor_source": "object_guid",
        "anchor_certain": True,
        "anchor_reason": None,
        "object_sid": f"S-1-5-21-1-2-3-{1000 + number}",
        "in_scope": None,
        "scope_reasons": [],
        **fields,
    }


def plan(
    wishes,
    users,
    match_by=("immutable_id", "user_principal_name"),
    weak_match_by=(),
    *,
    tenant=FACTS,
    lookup=None,
    details=None,
    **rules,
):
    """Return the rows of a plan, through the same steps as the job.

    :param lookup: what is known of every user that was asked for; ``None``: nobody was asked.
    """
    keys = parse_match_by(match_by, weak_match_by)
    index = CloudIndex(users, {*cloud_keys(keys), *HOLDER_KEYS})
    claims, modes = Claims(), AnchorCensus()
    names = tuple(key.name for key in keys if key.finds)
    around = Surroundings(tenant, index, claims, Rules(**rules), names, modes, details)
    found = [match(wish, index, keys) for wish in wishes]
    for number, wish in enumerate(wishes):
        claims.add(number, wish, found[number])
        modes.add(wish, found[number], index)
    return [decide(number, wish, found[number], around, lookup) for number, wish in enumerate(wishes)]


def plan_objects(rows, users, *args, anchor=None, **options):
    wishes = [from_object(row, clear=options.get("clear", False), anchor=anchor) for row in rows]
    return plan(wishes, users, *args, **options)


def said(row):
    """Return what a row decides: its action and the code of its reason."""
    return row["action"], row["reason"] and row["reason"]["code"]


def also(row):
    return [item["value"] for item in row["evidence"] if item["key"] == "also"]


def remarks(row):
    return [item["value"] for item in row["evidence"] if item["key"] == "remark"]
