# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Groups and contacts as Graph has them. They cannot hard match, but they hold addresses, and groups protect people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, with_query
from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import PAGE_SIZE, has_address

CONTACT_SELECT = "id,displayName,mail,proxyAddresses,onPremisesSyncEnabled"
DELETED_GROUP_SELECT = f"{CONTACT_SELECT},mailEnabled,securityEnabled,groupTypes"
GROUP_SELECT = f"{DELETED_GROUP_SELECT},isAssignableToRole,membershipRule,membershipRuleProcessingState"


def list_groups(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield every group; 403 needs Group.Read.All."""
    return client.pages("/groups", {"$select": GROUP_SELECT, "$top": PAGE_SIZE})


def list_role_assignable_groups(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield the groups that roles can be given to: ``id, displayName``; 403 needs Group.Read.All."""
    query = {"$filter": "isAssignableToRole eq true", "$select": "id,displayName", "$top": PAGE_SIZE}
    return client.pages("/groups", query)


def list_deleted_groups(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield the groups in the recycle bin (Microsoft 365 groups; others have none); 403 needs Group.Read.All."""
    path = "/directory/deletedItems/microsoft.graph.group"
    return client.pages(path, {"$select": DELETED_GROUP_SELECT, "$top": PAGE_SIZE})


def list_contacts(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield every organizational contact; 403 needs OrgContact.Read.All."""
    return client.pages("/contacts", {"$select": CONTACT_SELECT, "$top": PAGE_SIZE})


def list_assignable_groups(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield the role-assignable groups: ``id, displayName``; 403 needs Group.Read.All."""
    query = {"$filter": "isAssignableToRole eq true", "$select": "id,displayName", "$top": PAGE_SIZE}
    return client.pages("/groups", query)


def groups_with_address_path(address: str) -> str:
    """Return the path of the groups that have an SMTP address."""
    return with_query("/groups", {"$filter": has_address(address), "$select": CONTACT_SELECT})


def contacts_with_address_path(address: str) -> str:
    """Return the path of the organizational contacts that have an SMTP address."""
    return with_query("/contacts", {"$filter": has_address(address), "$select": CONTACT_SELECT})


def members_path(group_id: str) -> str:
    """Return the path of the ids of a group's direct members, of whatever kind."""
    return _ids_path(group_id, "members")


def owners_path(group_id: str) -> str:
    """Return the path of the ids of a group's owners."""
    return _ids_path(group_id, "owners")


def transitive_members_path(group_id: str) -> str:
    """Return the path of the ids of a group's members, through groups in it as well."""
    return _ids_path(group_id, "transitiveMembers")


def _ids_path(group_id: str, relation: str) -> str:
    return with_query(f"/groups/{quote(group_id)}/{relation}", {"$select": "id", "$top": PAGE_SIZE})
