# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Entra decides about an object that a sync client exports: one table, the first row that holds wins.

Matching is decided only for an object that is not connected yet (an Add). Order: anchor (hard match), then user
principal name or primary SMTP address (soft match), else a new user. Refusals carry the codes of Entra's sync errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional

# What happens to the exported object.
SKIP = "skip"  # nothing, and no error
UPDATE = "update"  # already connected, or found again by its anchor: attributes flow
HARD_MATCH = "hard_match"
SOFT_MATCH = "soft_match"
REVIVE = "revive"  # the soft-deleted user comes back and is connected
CREATE = "create"
QUARANTINE = "quarantine"  # a second user is created; conflicting values are parked
REFUSE = "refuse"  # an export error


@dataclass(frozen=True)
class Candidate:
    """An object of the tenant that shares a value with the exported one."""

    id: str
    kind: str = "user"
    anchor: Optional[str] = None
    synced: bool = False
    cloud_managed: bool = False
    holds_role: bool = False
    object_identifier: Optional[str] = None
    connected_to: Optional[str] = None  # objectGUID of the AD object that owns it
    federated_domain: Optional[str] = None  # of its sign-in name, if that follows AD's


@dataclass(frozen=True)
class Facts:
    """All that the decision rests on."""

    object_guid: Optional[str]
    anchor: Optional[str]
    excluded_by: Optional[str] = None
    connected: Optional[Candidate] = None
    connected_anchor: Optional[str] = None
    anchor_holder: Optional[Candidate] = None
    deleted_holder: Optional[Candidate] = None
    name_holder: Optional[Candidate] = None
    address_holder: Optional[Candidate] = None
    other_kind_holder: Optional[Candidate] = None
    name_is_address: bool = False  # of somebody else, and so taken (contested)
    sid_holder: Optional[Candidate] = None
    hard_match_blocked: bool = False
    soft_match_blocked: bool = False
    matches_on_name: bool = True
    takes_over_identifier: bool = False  # allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled
    bypass_lifts_role_check: bool = False
    identifier_must_be_empty: bool = True
    address_owners: frozenset[str] = frozenset()  # live users that hold any of the object's addresses
    federated_domain: Optional[str] = None  # of the sign-in name that AD sends
    quarantines: bool = True
    quarantines_addresses: bool = True

    @property
    def soft_targets(self) -> list[Candidate]:
        """Users that a soft match would take: at most one if all is well."""
        found = {}
        if self.name_holder and self.matches_on_name:
            found[self.name_holder.id] = self.name_holder
        if self.address_holder:
            found[self.address_holder.id] = self.address_holder
        return list(found.values())

    @property
    def soft_target(self) -> Optional[Candidate]:
        """The one user of a soft match."""
        return self.soft_targets[0] if len(self.soft_targets) == 1 else None

    @property
    def matched_ids(self) -> set[str]:
        """Ids of whom the object would become; a value that they hold is no conflict."""
        by_anchor = self.deleted_holder or self.anchor_holder
        return {item.id for item in (by_anchor or self.soft_target,) if item}

    def federation_changes(self, candidate: Optional[Candidate]) -> bool:
        """Whether the sign-in name would move between two federated domains, which takes two steps."""
        before = candidate.federated_domain if candidate else None
        return None not in (before, self.federated_domain) and before != self.federated_domain

    def role_blocks(self, candidate: Candidate) -> bool:
        """Whether a role of the target stops a hard match."""
        return candidate.holds_role and not (self.takes_over_identifier and self.bypass_lifts_role_check)

    def identifier_blocks(self, candidate: Candidate) -> bool:
        """Whether the target is already mapped to an AD object."""
        identifier = candidate.object_identifier
        if identifier is None or self.takes_over_identifier:
            return False
        return self.identifier_must_be_empty or identifier != self.object_guid


class Decision(NamedTuple):
    """What happens, to which object of the tenant, and under which code."""

    outcome: str
    code: str
    message: str
    target: Optional[str] = None


class Rule(NamedTuple):
    """One row: when it holds, what happens, the code, the sentence, and the object that is meant."""

    when: Callable[[Facts], object]
    outcome: str
    code: str
    message: str
    target: Callable[[Facts], Optional[Candidate]] = lambda facts: None


_HARD_MATCH_REFUSED = "Another cloud created object with the same source anchor already exists in Microsoft Entra ID."
_HARDENED = "Hard match operation blocked due to security hardening. Review OnPremisesObjectIdentifier mapping."
_SOFT_MATCH_REFUSED = "The user principal name or primary address belongs to a user that has another source anchor."
_FEDERATION = "The sign-in name cannot move from one federated domain to another."
_CONFLICT = "A unique value of this object is already held by another object."


def _connected(facts: Facts) -> Optional[Candidate]:
    return facts.connected


def _holder(facts: Facts) -> Optional[Candidate]:
    return facts.anchor_holder


def _deleted(facts: Facts) -> Optional[Candidate]:
    return facts.deleted_holder


def _soft(facts: Facts) -> Optional[Candidate]:
    return facts.soft_target


def _sid(facts: Facts) -> Optional[Candidate]:
    return facts.sid_holder


def _sid_taken(facts: Facts) -> bool:
    return facts.sid_holder is not None and facts.sid_holder.id not in facts.matched_ids


def _name_taken(facts: Facts) -> bool:
    held = facts.name_holder is not None and facts.name_holder.id not in facts.matched_ids
    return held or facts.name_is_address


def _addresses_taken(facts: Facts) -> bool:
    return bool(facts.address_owners - facts.matched_ids)


def _soft_conflict(facts: Facts) -> bool:
    """A target with another anchor, a synced one, or two different targets."""
    return len(facts.soft_targets) > 1 or any(item.anchor or item.synced for item in facts.soft_targets)


RULES: tuple[Rule, ...] = (
    # In scope at all?
    Rule(lambda f: f.excluded_by, SKIP, "NotInScope", "A filter keeps the object out."),
    Rule(lambda f: f.anchor is None, SKIP, "NoSourceAnchor", "The object has no value for the source anchor."),
    # Connected objects never match again.
    Rule(
        lambda f: f.connected and f.connected_anchor != f.anchor,
        REFUSE, "SourceAnchorChanged", "SourceAnchor attribute has changed.", _connected,
    ),
    Rule(
        lambda f: f.connected and f.connected.cloud_managed,
        SKIP, "SourceOfAuthorityCloud", "The source of authority of the user is the cloud.", _connected,
    ),
    Rule(
        lambda f: f.connected and not f.connected.synced and f.hard_match_blocked,
        REFUSE, "InvalidHardMatch", _HARD_MATCH_REFUSED, _connected,
    ),
    Rule(
        lambda f: f.federation_changes(f.connected),
        REFUSE, "FederatedDomainChangeError", _FEDERATION, _connected,
    ),
    Rule(lambda f: f.connected, UPDATE, "Connected", "The object is connected.", _connected),
    # A soft-deleted twin wins over the live user.
    Rule(
        lambda f: f.deleted_holder and (f.deleted_holder.holds_role or f.hard_match_blocked),
        REFUSE, "InvalidHardMatch", _HARD_MATCH_REFUSED, _deleted,
    ),
    Rule(
        lambda f: f.deleted_holder and not _sid_taken(f),
        REVIVE, "Revived", "A soft-deleted user with this anchor was brought back.", _deleted,
    ),
    # Hard match.
    Rule(
        lambda f: f.anchor_holder and f.anchor_holder.connected_to not in (None, f.object_guid),
        REFUSE, "AttributeValueMustBeUnique", "The source anchor belongs to another connected object.", _holder,
    ),
    Rule(
        lambda f: f.anchor_holder and f.anchor_holder.cloud_managed,
        SKIP, "SourceOfAuthorityCloud", "The source of authority of the user is the cloud.", _holder,
    ),
    Rule(
        lambda f: f.anchor_holder and f.anchor_holder.synced,
        UPDATE, "Connected", "The synced user with this anchor was found again.", _holder,
    ),
    Rule(
        lambda f: f.anchor_holder and (f.hard_match_blocked or f.role_blocks(f.anchor_holder)),
        REFUSE, "InvalidHardMatch", _HARD_MATCH_REFUSED, _holder,
    ),
    Rule(
        lambda f: f.anchor_holder and f.identifier_blocks(f.anchor_holder),
        REFUSE, "AttributeUpdateNotAllowed", _HARDENED, _holder,
    ),
    Rule(
        _sid_taken,
        REFUSE, "AttributeValueMustBeUnique", "OnPremiseSecurityIdentifier is held by another user.", _sid,
    ),
    Rule(
        lambda f: f.other_kind_holder,
        REFUSE, "ObjectTypeMismatch", "An address belongs to an object of another type.", lambda f: f.other_kind_holder,
    ),
    Rule(
        lambda f: f.anchor_holder and _name_taken(f) and not f.quarantines,
        REFUSE, "AttributeValueMustBeUnique", _CONFLICT, lambda f: f.name_holder,
    ),
    Rule(
        lambda f: f.anchor_holder and _addresses_taken(f) and not f.quarantines_addresses,
        REFUSE, "AttributeValueMustBeUnique", _CONFLICT,
    ),
    Rule(
        lambda f: f.federation_changes(f.anchor_holder),
        REFUSE, "FederatedDomainChangeError", _FEDERATION, _holder,
    ),
    Rule(_holder, HARD_MATCH, "HardMatch", "Matched by source anchor.", _holder),
    # Soft match.
    Rule(
        lambda f: _soft_conflict(f) and not f.quarantines,
        REFUSE, "InvalidSoftMatch", _SOFT_MATCH_REFUSED, lambda f: f.soft_targets[0],
    ),
    Rule(_soft_conflict, QUARANTINE, "InvalidSoftMatch", _SOFT_MATCH_REFUSED, lambda f: f.soft_targets[0]),
    Rule(
        lambda f: _addresses_taken(f) and not f.quarantines_addresses,
        REFUSE, "AttributeValueMustBeUnique", _CONFLICT,
    ),
    Rule(
        lambda f: f.soft_target and f.soft_target.cloud_managed,
        SKIP, "SourceOfAuthorityCloud", "The source of authority of the user is the cloud.", _soft,
    ),
    Rule(
        lambda f: f.soft_target and f.soft_target.holds_role,
        QUARANTINE, "ExistingAdminRoleConflict", "A soft match never takes the holder of a role.", _soft,
    ),
    Rule(
        lambda f: f.soft_target and f.soft_match_blocked,
        QUARANTINE, "InvalidSoftMatch", "Soft match is blocked in this tenant.", _soft,
    ),
    Rule(
        lambda f: f.federation_changes(f.soft_target),
        REFUSE, "FederatedDomainChangeError", _FEDERATION, _soft,
    ),
    Rule(_soft, SOFT_MATCH, "SoftMatch", "Matched by user principal name or primary address.", _soft),
    # A new user.
    Rule(
        lambda f: _name_taken(f) and not f.quarantines,
        REFUSE, "AttributeValueMustBeUnique", _CONFLICT, lambda f: f.name_holder,
    ),
    Rule(_name_taken, QUARANTINE, "AttributeValueMustBeUnique", _CONFLICT, lambda f: f.name_holder),
    Rule(lambda f: True, CREATE, "Created", "No user matched: a new one was made."),
)  # fmt: skip


def decide(facts: Facts) -> Decision:
    """The first row of the table that holds."""
    rule = next(rule for rule in RULES if rule.when(facts))
    target = rule.target(facts)
    return Decision(rule.outcome, rule.code, rule.message, target.id if target else None)
