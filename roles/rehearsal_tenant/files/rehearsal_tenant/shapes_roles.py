# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles, their assignments and PIM look like through Graph."""

from __future__ import annotations

from .shapes import Property, Shape

_TEXT = Property("string")
_ID = Property("string", frozenset({"eq", "in"}))
_EXPANDABLE = ("principal", "roleDefinition")

_ROLE_DEFINITION: dict[str, Property] = {
    "id": _ID,
    "description": _TEXT,
    "displayName": Property("string", frozenset({"eq", "in", "startswith"})),
    "isBuiltIn": Property("boolean", frozenset({"eq"})),
    "isEnabled": Property("boolean"),
    "isPrivileged": Property("boolean", frozenset({"eq"}), beta_only=True),
    "resourceScopes": Property("collection"),
    "rolePermissions": Property("collection"),
    "templateId": _ID,
    "version": _TEXT,
}
ROLE_DEFINITION = Shape(
    "unifiedRoleDefinition", tuple(name for name in _ROLE_DEFINITION if name != "isPrivileged"), _ROLE_DEFINITION
)

_ROLE_ASSIGNMENT: dict[str, Property] = {
    "id": _ID,
    "principalId": _ID,
    "directoryScopeId": _ID,
    "roleDefinitionId": _ID,
    **dict.fromkeys(("appScopeId", "condition", "principalOrganizationId"), _TEXT),
}
ROLE_ASSIGNMENT = Shape(
    "unifiedRoleAssignment",
    ("id", "principalId", "directoryScopeId", "roleDefinitionId"),
    _ROLE_ASSIGNMENT,
    expandable=_EXPANDABLE,
)

_INSTANCE: dict[str, Property] = {
    "id": _ID,
    "principalId": _ID,
    "roleDefinitionId": _ID,
    "directoryScopeId": _ID,
    "appScopeId": _TEXT,
    "startDateTime": Property("datetime"),
    "endDateTime": Property("datetime"),
    "memberType": _ID,
}
_ASSIGNMENT_INSTANCE = {
    **_INSTANCE,
    **dict.fromkeys(("assignmentType", "roleAssignmentOriginId", "roleAssignmentScheduleId"), _ID),
}
ASSIGNMENT_INSTANCE = Shape(
    "unifiedRoleAssignmentScheduleInstance",
    tuple(_ASSIGNMENT_INSTANCE),
    _ASSIGNMENT_INSTANCE,
    expandable=_EXPANDABLE,
)
_ELIGIBILITY_INSTANCE = {**_INSTANCE, "roleEligibilityScheduleId": _ID}
ELIGIBILITY_INSTANCE = Shape(
    "unifiedRoleEligibilityScheduleInstance",
    tuple(_ELIGIBILITY_INSTANCE),
    _ELIGIBILITY_INSTANCE,
    expandable=_EXPANDABLE,
)

_GROUP_ELIGIBILITY: dict[str, Property] = {
    "id": _ID,
    "startDateTime": Property("datetime"),
    "endDateTime": Property("datetime"),
    **dict.fromkeys(("accessId", "eligibilityScheduleId", "groupId", "memberType", "principalId"), _ID),
}
GROUP_ELIGIBILITY = Shape(
    "privilegedAccessGroupEligibilityScheduleInstance",
    tuple(_GROUP_ELIGIBILITY),
    _GROUP_ELIGIBILITY,
    expandable=("principal", "group"),
)
