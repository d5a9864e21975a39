# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant: everything that the doors (sign-in, Graph, control) and the sync engine share."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from .audit_log import SERVICE, Initiator, application, changes_between, object_change
from .clock import TenantClock, parse_rfc3339, rfc3339
from .faults import Faults
from .logs import Log
from .messages import Caller
from .quota import RecentRequests, WriteQuota
from .roles import RoleBook
from .settings import Settings
from .store import DELETED, GONE, LIVE, Store, Stored

if TYPE_CHECKING:
    from .sync_engine import SyncEngine

REQUEST_LOG_LENGTH = 200_000

# The tenant's sync features, as a tenant made after 2016 has them.
FEATURES: dict[str, Optional[bool]] = {
    "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled": False,
    "blockCloudObjectTakeoverThroughHardMatchEnabled": False,
    "blockSoftMatchEnabled": False,
    "bypassDirSyncOverridesEnabled": False,
    "cloudPasswordPolicyForPasswordSyncedUsersEnabled": False,
    "concurrentCredentialUpdateEnabled": False,
    "concurrentOrgIdProvisioningEnabled": False,
    "deviceWritebackEnabled": False,
    "directoryExtensionsEnabled": False,
    "fopeConflictResolutionEnabled": False,
    "groupWriteBackEnabled": False,
    "passwordSyncEnabled": False,
    "passwordWritebackEnabled": False,
    "quarantineUponProxyAddressesConflictEnabled": True,
    "quarantineUponUpnConflictEnabled": True,
    "softMatchOnUpnEnabled": True,
    "synchronizeUpnForManagedUsersEnabled": True,
    "unifiedGroupWritebackEnabled": False,
    "userForcePasswordChangeOnLogonEnabled": False,
    "userWritebackEnabled": False,
}

# What planning, applying, freezing and following a hard match needs, and a look at devices.
DEFAULT_PERMISSIONS = (
    "Application.Read.All",
    "AuditLog.Read.All",
    "Device.Read.All",
    "Domain.Read.All",
    "Group.Read.All",
    "OnPremDirectorySynchronization.Read.All",
    "OrgContact.Read.All",
    "Organization.Read.All",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "RoleManagement.Read.Directory",
    "Synchronization.ReadWrite.All",
    "User-OnPremisesSyncBehavior.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
)


@dataclass
class Client:
    """An app registration: what it may do and how it proves who it is."""

    client_id: str
    display_name: str = "Rehearsal"
    secret: Optional[str] = None
    certificates: tuple[str, ...] = ()
    federated_credentials: tuple[dict[str, Any], ...] = ()
    permissions: tuple[str, ...] = DEFAULT_PERMISSIONS
    delegated_permissions: tuple[str, ...] = DEFAULT_PERMISSIONS
    directory_roles: tuple[str, ...] = ()


@dataclass
class Tenant:
    """State of the simulated tenant. ``seed.py`` fills it."""

    clock: TenantClock
    settings: Settings
    id: str
    display_name: str
    organization: dict[str, Any]
    domains: list[dict[str, Any]]
    features: dict[str, Optional[bool]]
    store: Store
    clients: dict[str, Client]
    roles: RoleBook = field(default_factory=RoleBook)
    notes: list[str] = field(default_factory=list)

    # The synchronization of this tenant; set when it is built, since the two know each other.
    sync: SyncEngine = field(init=False)

    def __post_init__(self) -> None:
        self.quota = WriteQuota(self.settings, self.clock)
        self.log_quota = RecentRequests(self.clock)
        self.provisioning_log = Log()
        self.audit_log = Log()
        self.faults = Faults()
        self.log: deque[dict[str, Any]] = deque(maxlen=REQUEST_LOG_LENGTH)
        # Not for secrets: it shuffles answers, and a rehearsal should run the same way twice.
        self.random = random.Random(self.id)  # noqa: S311

    @property
    def initial_domain(self) -> str:
        """The onmicrosoft.com domain."""
        return next(str(item["id"]) for item in self.domains if item.get("isInitial"))

    def domain(self, name: str) -> Optional[dict[str, Any]]:
        """The domain of that name, verified or not."""
        return next((item for item in self.domains if str(item["id"]).lower() == name.lower()), None)

    def verified(self, principal_name: str) -> bool:
        """Whether the suffix of a UPN or an address is a verified domain."""
        found = self.domain(principal_name.rpartition("@")[2])
        return bool(found and found.get("isVerified"))

    def federated(self, principal_name: str) -> bool:
        """Whether the suffix of a UPN is a federated domain."""
        found = self.domain(principal_name.rpartition("@")[2])
        return bool(found and found.get("authenticationType") == "Federated")

    def list_time(self) -> float:
        """The moment that lists show."""
        return self.clock.now() - float(self.settings.listLagSeconds)

    def id_time(self) -> float:
        """The moment that reads by id show."""
        return self.clock.now() - float(self.settings.idLagSeconds)

    def user(self, id_or_upn: str) -> Optional[Stored]:
        """The live user of that id or UPN as it is now."""
        found = self.store.get(id_or_upn.lower())
        if found is None:
            found = next(
                (item for item in self.store.claimants("userPrincipalName", id_or_upn) if item.container == LIVE), None
            )
        return found if found and found.kind == "user" and found.container == LIVE else None

    def write(
        self, kind: str, body: dict[str, Any], container: str = LIVE, *, by: Initiator, activity: str = ""
    ) -> None:
        """Write an object now, and who did it to the audit log; a write that changes nothing is not told.

        :param activity: what the log calls it, where that does not follow from the change.
        """
        before, now = self.store.get(body["id"]), self.clock.now()
        self.store.put(kind, body["id"], body, container, now)
        containers = (before.container if before else GONE, container)
        changes = changes_between(kind, before.body if before else {}, body)
        if changes or containers[0] != container:
            target = {name: body.get(name) for name in ("id", "displayName", "userPrincipalName")}
            audit = partial(
                object_change,
                by=by,
                kind=kind,
                containers=containers,
                target=target,
                changes=changes,
                activity=activity,
            )
            self.audit_log.write(now, audit)

    def initiator(self, caller: Caller) -> Initiator:
        """Who stands behind a request: the person who signed in, else the app."""
        person = self.store.get(caller.user_id) if caller.user_id else None
        if person:
            return Initiator(user={name: person.body.get(name) for name in ("id", "displayName", "userPrincipalName")})
        return application(caller.client_id, self.clients[caller.client_id].display_name)

    def empty_old_bin(self) -> None:
        """Purge what has been in the recycle bin for too long."""
        limit = self.clock.now() - float(self.settings.deletedRetentionSeconds)
        for kind in ("user", "group"):
            expired = [
                stored
                for stored in self.store.page(kind, DELETED, self.clock.now())
                if parse_rfc3339(stored.body["deletedDateTime"]) < limit
            ]
            for stored in expired:
                self.write(kind, stored.body, GONE, by=SERVICE)

    def timestamp(self) -> str:
        """Now, as Graph writes it."""
        return rfc3339(self.clock.now())
