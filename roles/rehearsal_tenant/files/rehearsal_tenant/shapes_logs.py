# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the entries of the logs look like through Graph, and how they may be filtered."""

from __future__ import annotations

from .shapes import Property, Shape

# "The filters are all case sensitive except for status."
_EXACT = Property("string", frozenset({"eq", "contains"}), by_case=True)
_ONLY_EQUAL = Property("string", frozenset({"eq"}), by_case=True)
_OBJECT = Property("object")
_LIST = Property("collection")

_PROVISIONING: dict[str, Property] = {
    "id": _EXACT,
    "activityDateTime": Property("datetime", frozenset({"eq", "gt", "lt"})),
    "tenantId": _EXACT,
    "jobId": _EXACT,
    "cycleId": _EXACT,
    "changeId": _EXACT,
    "provisioningAction": _EXACT,
    "durationInMilliseconds": Property("number", frozenset({"eq", "gt", "lt"})),
    "servicePrincipal": _OBJECT,
    "sourceSystem": _OBJECT,
    "targetSystem": _OBJECT,
    "initiatedBy": _OBJECT,
    "sourceIdentity": _OBJECT,
    "targetIdentity": _OBJECT,
    "provisioningStatusInfo": _OBJECT,
    "provisioningSteps": _LIST,
    "modifiedProperties": _LIST,
}
_INSIDE = {
    "provisioningStatusInfo/status": Property("string", frozenset({"eq", "contains"})),
    "sourceSystem/displayName": _EXACT,
    "targetSystem/displayName": _EXACT,
    "sourceIdentity/identityType": _EXACT,
    "sourceIdentity/id": _EXACT,
    "sourceIdentity/displayName": _EXACT,
    "targetIdentity/identityType": _EXACT,
    "targetIdentity/id": _EXACT,
    "targetIdentity/displayName": _EXACT,
    "servicePrincipal/id": _ONLY_EQUAL,
    "servicePrincipal/displayName": _ONLY_EQUAL,
}

_SAME = frozenset({"eq"})
_FILTERED_BY_ID = Property("string", _SAME)
_FILTERED_BY_NAME = Property("string", frozenset({"eq", "startswith"}))

_AUDIT: dict[str, Property] = {
    "id": Property("string", _SAME),
    "activityDateTime": Property("datetime", frozenset({"eq", "ge", "le"})),
    "activityDisplayName": _FILTERED_BY_NAME,
    "additionalDetails": _LIST,
    "category": _FILTERED_BY_ID,
    "correlationId": _FILTERED_BY_ID,
    "initiatedBy": _OBJECT,
    "loggedByService": _FILTERED_BY_ID,
    "operationType": Property("string"),
    "result": _FILTERED_BY_ID,
    "resultReason": Property("string"),
    "targetResources": Property("collection", frozenset({"eq", "startswith"})),
}
_INSIDE_AUDIT = {
    "initiatedBy/user/id": _FILTERED_BY_ID,
    "initiatedBy/user/displayName": _FILTERED_BY_ID,
    "initiatedBy/user/userPrincipalName": _FILTERED_BY_NAME,
    "initiatedBy/app/appId": _FILTERED_BY_ID,
    "initiatedBy/app/displayName": _FILTERED_BY_ID,
}


def _log_shape(type_name: str, properties: dict[str, Property], inside: dict[str, Property]) -> Shape:
    """The documentation spells jobId as jobid in filters: names are taken in any case."""
    return Shape(
        type_name,
        tuple(properties),
        properties,
        max_top=1000,
        default_top=1000,
        inside=inside,
        spellings={name.lower(): name for name in (*properties, *inside)},
    )


PROVISIONING = _log_shape("provisioningObjectSummary", _PROVISIONING, _INSIDE)
AUDIT = _log_shape("directoryAudit", _AUDIT, _INSIDE_AUDIT)
