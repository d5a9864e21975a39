# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""onPremisesSyncBehavior: whether the source of authority of a user, group or contact is the cloud."""

from __future__ import annotations

from .errors import bad_request, denied, not_found
from .messages import GraphRequest, Reply
from .store import LIVE, Stored
from .tenant import Tenant

_ROLES = frozenset({"Global Administrator", "Hybrid Identity Administrator"})
# What the audit log calls the move to the cloud, and the way back.
_ACTIVITIES = {
    True: "Change Source of Authority from AD to cloud",
    False: "Undo changes to Source of Authority from AD DS to cloud",
}
_CONTEXTS = {"user": "users", "group": "groups", "contact": "contacts"}


def get_behavior(tenant: Tenant, request: GraphRequest, kind: str) -> Reply:
    """GET …/{id}/onPremisesSyncBehavior."""
    found = _object(tenant, request, kind)
    context = f"{request.root}/{request.version}/$metadata#{_CONTEXTS[kind]}('{found.id}')/onPremisesSyncBehavior"
    return Reply(
        200, {"@odata.context": f"{context}/$entity", "id": found.id, "isCloudManaged": is_cloud_managed(found)}
    )


def patch_behavior(tenant: Tenant, request: GraphRequest, kind: str) -> Reply:
    """PATCH …/{id}/onPremisesSyncBehavior: 204.

    To the cloud: the object is not synced any more, and sync skips it. Back: it waits for the next cycle.
    """
    found = _object(tenant, request, kind)
    wanted = request.body.get("isCloudManaged") if isinstance(request.body, dict) else None
    if not isinstance(wanted, bool):
        raise bad_request("Property 'isCloudManaged' must be true or false.")
    managed = is_cloud_managed(found)
    # What the service says to the conversion of an object that was never synced is not documented; it makes no sense.
    if wanted and not managed and found.body.get("onPremisesSyncEnabled") is not True:
        raise bad_request("Only an object that is synced from on-premises can be converted.")
    if wanted != managed:
        changed = {"onPremisesSyncBehavior": {"isCloudManaged": wanted}, "onPremisesSyncEnabled": None}
        by = tenant.initiator(request.caller)
        tenant.write(kind, {**found.body, **changed}, by=by, activity=_ACTIVITIES[wanted])
    return Reply(204)


def is_cloud_managed(stored: Stored) -> bool:
    """Whether the source of authority was moved to the cloud; sync then leaves the object alone."""
    return (stored.body.get("onPremisesSyncBehavior") or {}).get("isCloudManaged") is True


def _object(tenant: Tenant, request: GraphRequest, kind: str) -> Stored:
    if request.caller.delegated and not request.caller.directory_roles & _ROLES:
        raise denied()
    wanted = request.parameters["id"]
    found = tenant.user(wanted) if kind == "user" else tenant.store.get(wanted.lower(), tenant.id_time())
    if found is None or found.kind != kind or found.container != LIVE:
        raise not_found(wanted)
    return found
