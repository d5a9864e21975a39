# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exporting one AD user: gather the facts, let ``sync_rules`` decide, write what follows."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Optional

from . import sync_rules
from .audit_log import Change, Initiator, account, application, changes_between, refused_change
from .directory import AdObject, Directory, Snapshot
from .store import DELETED, LIVE, Stored
from .sync_addresses import addresses, primary_address
from .sync_rules import Candidate, Decision, Facts
from .sync_takeover import counts, keeps_name, name_is_address, name_of, taken_over
from .tenant import Tenant

_NAMESPACE = uuid.UUID("3c0f5f1a-4f0a-4a35-8c1d-0a8a353d1a0c")


class Link(NamedTuple):
    """A connected object: the user of the tenant, its anchor, what was last exported, and how often."""

    user_id: str
    anchor: str
    digest: str
    exports: int


class Exporter:
    """Connects the users of one domain with those of the tenant."""

    def __init__(self, tenant: Tenant, directory: Directory, owners: dict[str, str]) -> None:
        """
        :param owners: objectGUID by id of the user it is connected to, over all domains; kept up to date here.
        """
        self._tenant = tenant
        self._directory = directory
        self._owners = owners
        self._links: dict[str, Link] = {}

    @property
    def connected(self) -> int:
        """How many objects are connected."""
        return len(self._links)

    def connects(self, guid: Optional[str]) -> bool:
        """Whether the object of that objectGUID is connected."""
        return guid in self._links

    def gone(self, present: set[Optional[str]]) -> list[str]:
        """Connected objects that are not in scope any more, by objectGUID."""
        return [guid for guid in self._links if guid not in present]

    def delete(self, guid: str) -> dict[str, Any]:
        """Leaving scope: the user goes to the recycle bin, keeps its anchor, and is no longer synced."""
        link = self._links[guid]
        self._disconnect(guid)
        found = self._tenant.store.get(link.user_id)
        if found is None or found.container != LIVE:
            decision = Decision("skip", "Gone", "The user is not in the tenant any more.", link.user_id)
            return _row(guid, None, "", decision)
        after = {**found.body, "onPremisesSyncEnabled": False, "deletedDateTime": self._tenant.timestamp()}
        self._tenant.write("user", after, DELETED, by=self._initiator())
        decision = Decision("delete", "Deleted", "The object left the scope.", link.user_id)
        return _row(
            guid, None, str(after.get("displayName") or ""), decision, changes_between("user", found.body, after)
        )

    def export(
        self, user: AdObject, excluded: Optional[str], carried: frozenset[str], initial: bool
    ) -> Optional[dict[str, Any]]:
        """One user. None when it is connected and there is nothing new to say."""
        guid = str(user.object_guid)
        link = self._live_link(guid)
        digest = _digest(user)
        # The second export blanks; after that only changes are exported.
        if link and excluded is None and not initial and link.digest == digest and link.exports >= 2:
            return None
        anchor = anchor_of(user, self._directory)
        decision = sync_rules.decide(self._facts(user, guid, anchor, link, excluded))
        if anchor is None or decision.outcome in (sync_rules.SKIP, sync_rules.REFUSE):
            if decision.outcome == sync_rules.REFUSE and self._tenant.settings.refusalsAudited:
                self._tell_of_refusal(user, decision)
            named = f"{decision.message} ({excluded})" if excluded else decision.message
            return _row(guid, user.dn, _display_name(user), decision._replace(message=named))
        before, body = self._write(user, decision, anchor, carried, link)
        self._links[guid] = Link(body["id"], anchor, digest, link.exports + 1 if link else 1)
        self._owners[body["id"]] = guid
        decision = decision._replace(target=body["id"])
        return _row(guid, user.dn, _display_name(user), decision, changes_between("user", before, body))

    def redundant(self, user: AdObject) -> dict[str, Any]:
        """A connected user with nothing new to say."""
        link = self._links[str(user.object_guid)]
        message = "The state of the user in both the source and target systems already match."
        decision = Decision(sync_rules.SKIP, "RedundantExport", message, link.user_id)
        return _row(str(user.object_guid), user.dn, _display_name(user), decision)

    def _tell_of_refusal(self, user: AdObject, decision: Decision) -> None:
        """Write a refused update to the audit log, under the user that was not taken, if there is one."""
        tenant = self._tenant
        found = tenant.store.get(decision.target) if decision.target else None
        target = found.body if found else {"displayName": _display_name(user)}
        why = f"{decision.code}: {decision.message}"
        tenant.audit_log.write(
            tenant.clock.now(), partial(refused_change, by=self._initiator(), target=target, why=why)
        )

    def _initiator(self) -> Initiator:
        """As whom the client writes: an account for Cloud Sync and older Connect clients, an app for newer ones."""
        domain = self._tenant.initial_domain
        if self._directory.cloud_sync:
            return account("ADToAADSyncServiceAccount", domain)
        host = f"SYNC01_{uuid.uuid5(_NAMESPACE, self._directory.domain).hex[:12]}"
        if self._tenant.settings.connectIdentity == "account":
            return account(f"Sync_{host}", domain)
        app_id = str(uuid.uuid5(_NAMESPACE, f"{self._directory.domain} app"))
        return application(app_id, f"ConnectSyncProvisioning_{host}")

    def _live_link(self, guid: str) -> Optional[Link]:
        """The connection; it is broken when someone deleted the user in the tenant."""
        link = self._links.get(guid)
        found = self._tenant.store.get(link.user_id) if link else None
        if link and (found is None or found.container != LIVE):
            self._disconnect(guid)
            return None
        return link

    def _disconnect(self, guid: str) -> None:
        self._owners.pop(self._links.pop(guid).user_id, None)

    def _facts(
        self, user: AdObject, guid: str, anchor: Optional[str], link: Optional[Link], excluded: Optional[str]
    ) -> Facts:
        tenant, features = self._tenant, self._tenant.features
        store = tenant.store
        connected = store.get(link.user_id) if link else None
        upn = name_of(tenant, self._directory, user)
        known = Facts(
            object_guid=guid,
            anchor=anchor,
            excluded_by=excluded,
            connected=self._candidate(connected),
            connected_anchor=link.anchor if link else None,
            federated_domain=self._federated_domain(upn, {}),
            hard_match_blocked=bool(features["blockCloudObjectTakeoverThroughHardMatchEnabled"]),
        )
        if connected:
            # Connected objects never match again: whom they would match is not asked.
            return known
        by_anchor = [
            item for item in (store.claimants("onPremisesImmutableId", anchor) if anchor else []) if item.kind == "user"
        ]
        by_address = self._holders(self._matching_addresses(user))
        by_any_address = self._holders(addresses(user))
        by_sid = store.claimants("onPremisesSecurityIdentifier", user.sid) if user.sid else []
        by_name = [item for item in store.claimants("userPrincipalName", upn) if item.container == LIVE]
        return replace(
            known,
            anchor_holder=self._candidate(_first(by_anchor, LIVE)),
            deleted_holder=self._candidate(_first(by_anchor, DELETED)),
            name_holder=self._candidate(_first(by_name, LIVE)),
            address_holder=self._candidate(_first(by_address, LIVE)),
            name_is_address=name_is_address(tenant, upn, by_anchor[0].body if by_anchor else {}),
            other_kind_holder=self._candidate(next((item for item in by_any_address if item.kind != "user"), None)),
            address_owners=frozenset(item.id for item in by_any_address if item.kind == "user"),
            sid_holder=self._candidate(_first(by_sid, LIVE) or _first(by_sid, DELETED)),
            soft_match_blocked=bool(features["blockSoftMatchEnabled"]),
            matches_on_name=self._matches_on_name(),
            takes_over_identifier=bool(features["allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled"]),
            bypass_lifts_role_check=tenant.settings.bypassLiftsRoleCheck,
            identifier_must_be_empty=tenant.settings.objectIdentifierCheck == "set",
            quarantines=bool(features["quarantineUponUpnConflictEnabled"]),
            quarantines_addresses=bool(features["quarantineUponProxyAddressesConflictEnabled"]),
        )

    def _matches_on_name(self) -> bool:
        on = bool(self._tenant.features["softMatchOnUpnEnabled"])
        return on and (not self._directory.cloud_sync or self._tenant.settings.cloudSyncSoftMatchOnUpn)

    def _matching_addresses(self, user: AdObject) -> list[str]:
        """The addresses by which a soft match goes."""
        if self._tenant.settings.softMatchAddresses == "all":
            return addresses(user)
        primary = primary_address(user)
        return [f"smtp:{primary}"] if primary else []

    def _holders(self, wanted: list[str]) -> list[Stored]:
        """Objects of any kind that hold one of the addresses."""
        found = [item for value in wanted for item in self._tenant.store.claimants("proxyAddresses", value)]
        return [item for item in found if counts(self._tenant, item, "proxyAddresses")]

    def _candidate(self, stored: Optional[Stored]) -> Optional[Candidate]:
        if stored is None:
            return None
        body = stored.body
        behavior = body.get("onPremisesSyncBehavior") or {}
        return Candidate(
            id=stored.id,
            kind=stored.kind,
            anchor=body.get("onPremisesImmutableId"),
            synced=body.get("onPremisesSyncEnabled") is True,
            cloud_managed=behavior.get("isCloudManaged") is True,
            federated_domain=self._federated_domain(str(body.get("userPrincipalName", "")), body),
            holds_role=self._holds_role(stored),
            object_identifier=body.get("onPremisesObjectIdentifier"),
            connected_to=self._owners.get(stored.id),
        )

    def _federated_domain(self, name: str, before: Mapping[str, Any]) -> Optional[str]:
        """The domain of a name that will change, if it is a federated one."""
        leaves = self._tenant.federated(name) and not keeps_name(self._tenant, before)
        return name.rpartition("@")[2].lower() if leaves else None

    def _holds_role(self, stored: Stored) -> bool:
        settings = self._tenant.settings
        return self._tenant.roles.blocks_match(
            stored.id,
            any_role=settings.roleCheck == "any",
            with_eligible=settings.pimLicensed,
            guarded=settings.roleGroupsBlockMatch,
        )

    def _write(
        self, user: AdObject, decision: Decision, anchor: str, carried: frozenset[str], link: Optional[Link]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The user before and after; nothing before for one that is made now."""
        own = decision.outcome in (sync_rules.CREATE, sync_rules.QUARANTINE)
        found = None if own else self._tenant.store.get(str(decision.target))
        before = found.body if found else {}
        when = self._tenant.settings.emptyAttributes
        empties = when == "first_cycle" or (when == "second_cycle" and link is not None)
        body = taken_over(
            self._tenant,
            self._directory,
            user,
            before,
            anchor,
            carried,
            empties,
        )
        self._tenant.write("user", body, by=self._initiator())
        return before, body

    def link_manager(self, user: AdObject, snapshot: Snapshot, by_dn: Mapping[str, str]) -> None:
        """References come last: whom they name may have been exported after the user."""
        link = self._links.get(str(user.object_guid))
        found = self._tenant.store.get(link.user_id) if link else None
        if found is None or "manager" not in snapshot.carried:
            return
        manager = self._links.get(by_dn.get((user.text("manager") or "").lower(), ""))
        wanted = manager.user_id if manager else None
        if wanted is None and (user.text("manager") or (link and link.exports < 2)):
            return
        if found.body.get("manager") != wanted:
            self._tenant.write("user", {**found.body, "manager": wanted}, by=self._initiator())


def anchor_of(user: AdObject, directory: Directory) -> Optional[str]:
    """The source anchor by the directory's mode: base64 of bytes, a string as it is."""
    if directory.anchor == "attribute":
        return user.text(directory.anchor_attribute)
    guid, consistency = user.raw("objectGUID"), user.raw("mS-DS-ConsistencyGuid")
    raw = {
        "object_guid": guid,
        "consistency_guid": consistency,
        "consistency_guid_or_object_guid": consistency or guid,
    }[directory.anchor]
    return base64.b64encode(raw).decode() if raw else None


def _first(objects: list[Stored], container: str) -> Optional[Stored]:
    return next((item for item in objects if item.container == container and item.kind == "user"), None)


def _digest(user: AdObject) -> str:
    content = sorted((name, user.all(name)) for name in user.names)
    return hashlib.sha256(repr((user.dn, content)).encode()).hexdigest()


def _display_name(user: AdObject) -> str:
    return user.text("displayName") or user.text("cn") or user.dn


def _row(
    guid: str, dn: Optional[str], display_name: str, decision: Decision, changes: tuple[Change, ...] = ()
) -> dict[str, Any]:
    """A line of the cycle's report; what was changed goes to the log only."""
    return {
        "objectGuid": guid,
        "distinguishedName": dn,
        "displayName": display_name,
        "outcome": decision.outcome,
        "code": decision.code,
        "message": decision.message,
        "id": decision.target,
        "changes": changes,
    }
