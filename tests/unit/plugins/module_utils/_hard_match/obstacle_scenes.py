# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One user with what may be in its way."""

from __future__ import annotations

from hard_match_doubles import (
    FACTS,
    ad_row,
    also,
    anchor,
    graph_user,
    guid,
    held,
    plan_objects,
    user,
    user_id,
)

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.cloud_users import from_graph
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.tenant import (
    GROUP,
    KNOWN,
    AddressBook,
    Holder,
    Lookup,
    Role,
    RoleBook,
)

GLOBAL_ADMINISTRATOR = Role("Global Administrator", "62e90394-69f5-4237-9190-012177145e10")
SYNC_ROLE = Role("Directory Synchronization Accounts", "d29b2b05-8046-44ba-8758-1e26182fcf32")
HELPDESK = Role("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8")
CRITICAL = {"code": "critical_system_object", "message": "It is critical.", "remedy": ""}
OTHER_GUID = str(guid(77))
SALES = Holder(GROUP, "group-1", "Sales")
ALONE = Lookup(cloud_managed=False, object_identifier=None, identifier_known=True)


class Scene:
    """What is particular about one user, so that scenes can be played together."""

    def __init__(self, *codes, row=None, user=None, rows=(), users=(), roles=(), guarded=(), domain=None, **rest):
        self.codes = codes
        self.row, self.user, self.rows, self.users = row or {}, user or {}, list(rows), list(users)
        self.roles, self.guarded, self.domain = tuple(roles), tuple(guarded), domain or {}
        self.facts, self.lookup, self.options = rest.get("facts", {}), rest.get("lookup", {}), rest.get("options", {})

    def __or__(self, other):
        both = Scene()
        for name in ("codes", "rows", "users", "roles", "guarded"):
            setattr(both, name, getattr(self, name) + getattr(other, name))
        for name in ("row", "user", "domain", "facts", "lookup", "options"):
            setattr(both, name, {**getattr(self, name), **getattr(other, name)})
        return both

    def decide(self):
        """Return the row of the plan for the AD object of the scene."""
        facts = FACTS._replace(roles=RoleBook({user_id(1): self.roles}, KNOWN, {user_id(1): self.guarded}))
        if self.domain:
            whole = {"isVerified": True, "authenticationType": "Managed", **self.domain}
            facts = facts._replace(domains={"example.com": whole})
        facts = facts._replace(**self.facts)
        rows = [ad_row(1, **self.row), *self.rows]
        users = [from_graph(graph_user(1, **self.user)), *self.users]
        options = {"match_by": ["immutable_id", "user_principal_name"], **self.options}
        return plan_objects(rows, users, tenant=facts, lookup=ALONE._replace(**self.lookup), **options)[0]


# In the order of importance.
SCENES = {
    "sync account": Scene("sync_account", "role_held", roles=[SYNC_ROLE]),
    "emergency account": Scene("emergency_account", "role_held", roles=[GLOBAL_ADMINISTRATOR]),
    "protected": Scene("protected", options={"protected": frozenset([user_id(1)])}),
    "in a protected group": Scene("protected_by_group", facts={"protected_members": frozenset([user_id(1)])}),
    "out of scope": Scene("out_of_scope", row={"in_scope": False, "scope_reasons": [CRITICAL]}),
    "anchor twice": Scene("anchor_duplicate", rows=[ad_row(2, immutable_id=anchor(1))]),
    "contradicted": Scene(
        "match_contradicted",
        user={"onPremisesSecurityIdentifier": "S-1-5-21-9-9-9-9"},
        options={"match_by": ["on_premises_security_identifier", "immutable_id", "user_principal_name"]},
    ),
    "claimed twice": Scene("claimed_twice", rows=[ad_row(3, login_name="u1@example.com")]),
    "external": Scene("external_user", user={"userType": "Guest"}),
    "resource": Scene("resource_account", user={"isResourceAccount": True}),
    "no anchor": Scene("anchor_missing", row={"immutable_id": None}),
    "another mode": Scene(
        "anchor_mode_contradicted",
        rows=[ad_row(10, consistency_guid=anchor(20), immutable_id=anchor(20))],
        users=[held(10, onPremisesSyncEnabled=True)],
    ),
    "unconfirmed": Scene("anchor_unconfirmed", row={"anchor_certain": False}),
    "synced": Scene("already_synced", user={"onPremisesSyncEnabled": True}),
    "role": Scene("role_held", roles=[HELPDESK]),
    "role through a group": Scene("role_by_group", roles=[HELPDESK._replace(group="Admins")]),
    "role to be activated": Scene("role_eligible", roles=[HELPDESK._replace(eligible=True)]),
    "in a role-assignable group": Scene("role_group_member", guarded=["Admins"]),
    "roles unknown": Scene("roles_unknown", facts={"roles": RoleBook()}),
    "moved to the cloud": Scene("cloud_managed", lookup={"cloud_managed": True}),
    "restricted": Scene("management_restricted", user={"isManagementRestricted": True}),
    "mapped elsewhere": Scene("identifier_differs", lookup={"object_identifier": OTHER_GUID}),
    "anchor held": Scene("anchor_held", users=[held(5, value=anchor(1))]),
    "SID held": Scene("sid_held", users=[user(6, onPremisesSecurityIdentifier="s-1-5-21-1-2-3-1001")]),
    "name held": Scene("upn_held", users=[user(7, "u1@example.com", deleted=True)]),
    "address held": Scene(
        "address_held",
        row={"proxy_addresses": ["SMTP:Sales@example.com"]},
        facts={"addresses": AddressBook([("sales@example.com", SALES)])},
    ),
    "other anchor": Scene("existing_value_kept", user={"onPremisesImmutableId": anchor(9)}),
    "federated": Scene("federated_domain", domain={"authenticationType": "Federated"}),
    "suffix": Scene("suffix_not_verified", domain={"isVerified": False}),
}


def codes_of(row):
    return [row["reason"]["code"], *also(row)]
