# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Directory roles as Graph has them: who holds one, and who may take one up (PIM)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, odata_text, with_query
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError

_DIRECTORY = "/roleManagement/directory"
# The code of the 400 that a tenant without PIM's licence answers.
_NO_LICENCE = "AadPremiumLicenseRequired"


def list_role_definitions(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield all roles: ``id, displayName, templateId, isBuiltIn``; 403 needs RoleManagement.Read.Directory."""
    return client.pages(f"{_DIRECTORY}/roleDefinitions", {"$select": "id,displayName,templateId,isBuiltIn"})


def list_role_assignments(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield the active assignments, activated ones among them: ``principalId`` (a user, group or app) and
    ``roleDefinitionId``; 403 needs RoleManagement.Read.Directory."""
    return client.pages(f"{_DIRECTORY}/roleAssignments", {"$select": "id,principalId,roleDefinitionId"})


def list_role_eligibilities(client: GraphClient) -> Iterator[dict[str, Any]]:
    """Yield who may activate which role, as :func:`list_role_assignments`; 403 needs RoleManagement.Read.Directory.

    :raises GraphError: also for a tenant without the licence, see :func:`is_not_licensed`.
    """
    path = f"{_DIRECTORY}/roleEligibilityScheduleInstances"
    return client.pages(path, {"$select": "id,principalId,roleDefinitionId"})


def group_eligibilities_path(group_id: str) -> str:
    """Return the path of who may become a member or owner of a group (PIM for groups): ``principalId, accessId``.

    The service answers only for one group or one principal at a time. 403 needs
    PrivilegedEligibilitySchedule.Read.AzureADGroup. Source: Microsoft Graph, "List eligibilityScheduleInstances".
    """
    path = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
    return with_query(path, {"$filter": f"groupId eq {odata_text(group_id)}"})


def is_not_licensed(error: GraphError) -> bool:
    """Tell whether the tenant has no licence for PIM. Then nobody is eligible: that is an answer, not an unknown."""
    return error.code == _NO_LICENCE
