# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything about the tenant that can be set, in one table.

A setting with a ``question`` is a fact about the real service that documentation and practice leave open. Its values
are the possible answers: a rehearsal runs under one of them, says which, and a careful user runs it under both.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional


class Setting(NamedTuple):
    """One setting: its default, what it may be, what it does, and the open question it answers, if any."""

    default: Any
    allowed: Any
    meaning: str
    question: Optional[str] = None


class SettingError(ValueError):
    """A setting that does not exist or a value that it cannot have."""


SECONDS = "seconds"
COUNT = "count"
SHARE = "share"
YES_NO = (True, False)

SETTINGS: dict[str, Setting] = {
    "listLagSeconds": Setting(0, SECONDS, "Lists, filters and delta show the tenant of so many seconds ago."),
    "idLagSeconds": Setting(0, SECONDS, "A read by id shows the object of so many seconds ago."),
    "latencySeconds": Setting(0, SECONDS, "How long each HTTP request to Graph takes at least; a batch is one."),
    "tokenLifetimeSeconds": Setting(3599, SECONDS, "Lifetime of an access token."),
    "writeQuota": Setting(3000, COUNT, "Writes per client within writeQuotaWindowSeconds; 0 lifts the quota."),
    "writeQuotaWindowSeconds": Setting(150, SECONDS, "Window of the write quota."),
    "logQuota": Setting(5, COUNT, "Reads of logs per client within logQuotaWindowSeconds; 0 lifts the quota."),
    "logQuotaWindowSeconds": Setting(10, SECONDS, "Window of the quota for logs."),
    "logDelaySeconds": Setting(0, SECONDS, "What happened shows in the logs so many seconds later."),
    "retryAfter": Setting("integer", ("integer", "decimal", "date"), "How Retry-After is written in a 429."),
    "deltaTokenLifetimeSeconds": Setting(604800, SECONDS, "After that a delta token is refused."),
    "deletedRetentionSeconds": Setting(2592000, SECONDS, "After that the recycle bin purges an object."),
    "automaticCycles": Setting(True, YES_NO, "Whether sync cycles start by themselves when they are due."),
    "cycleIntervalSeconds": Setting(120, SECONDS, "Time between the starts of two Cloud Sync cycles."),
    "connectIntervalSeconds": Setting(1800, SECONDS, "Time between the starts of two Connect Sync cycles."),
    "cycleSeconds": Setting(1, SECONDS, "How long a cycle is seen to run; its exports show when it ends."),
    "exportShare": Setting(1, SHARE, "Part of the new objects, picked at random, that one cycle gets through."),
    "deleteThreshold": Setting(500, COUNT, "More deletions than this in one cycle stop the whole export; 0 lifts it."),
    "deviceLoginAs": Setting(
        "", str, "User principal name that approves every device code by itself; empty: /devicelogin asks a person."
    ),
    "patchFormerlySynced": Setting(
        "accept",
        ("accept", "refuse"),
        "PATCH of the anchor of a user with onPremisesSyncEnabled false.",
        "May the anchor of a user that left sync scope be changed?",
    ),
    "patchSameValueOnSynced": Setting(
        "refuse",
        ("accept", "refuse"),
        "PATCH of a synced user's anchor with the value it already has.",
        "Is writing the same anchor to a synced user an error?",
    ),
    "deletedHolderConflicts": Setting(
        True,
        YES_NO,
        "Whether a soft-deleted user that holds the anchor makes the PATCH fail with ObjectConflict.",
        "Does a holder in the recycle bin block the write?",
    ),
    "roleCheck": Setting(
        "privileged",
        ("privileged", "any"),
        "Which directory roles protect a user from a hard match.",
        "Does any role block a hard match, or only privileged ones?",
    ),
    "bypassLiftsRoleCheck": Setting(
        False,
        YES_NO,
        "Whether allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled also lifts the role check.",
        "Does the tenant bypass also let role holders be matched?",
    ),
    "objectIdentifierCheck": Setting(
        "set",
        ("set", "differs"),
        "When onPremisesObjectIdentifier of the target blocks a hard match.",
        "Must the identifier be empty, or only not name another object?",
    ),
    "objectIdentifierRead": Setting(
        "shown",
        ("shown", "with_permission", "hidden"),
        "Whether beta shows onPremisesObjectIdentifier: always, with the permission to clear it, or never.",
        "Who may read the object identifier of a user?",
    ),
    "objectIdentifierClearNeeds": Setting(
        "User-OnPremisesSyncBehavior.ReadWrite.All",
        ("User-OnPremisesSyncBehavior.ReadWrite.All", "User.ReadWrite.All"),
        "PATCH of onPremisesObjectIdentifier to null: with that permission alone, or User.ReadWrite.All too.",
        "Does clearing the object identifier also need User.ReadWrite.All?",
    ),
    "roleGroupsBlockMatch": Setting(
        False,
        YES_NO,
        "Whether a member or owner of a role-assignable group is refused whatever role the group has.",
        "Does a role-assignable group block a hard match by itself?",
    ),
    "pimLicensed": Setting(
        True, YES_NO, "Whether the tenant has the licence for PIM; else eligibility is refused and does not count."
    ),
    "appOnlySyncFeatures": Setting(
        "accept",
        ("accept", "refuse"),
        "Reads of directory/onPremisesSynchronization with an application permission.",
        "May an app without a user read the tenant's sync features?",
    ),
    "federatedAnchorSet": Setting(
        "accept",
        ("accept", "refuse"),
        "PATCH of the anchor of a user whose UPN is in a federated domain.",
        "May the anchor of a federated user be set?",
    ),
    "federatedAnchorClear": Setting(
        "refuse",
        ("accept", "refuse"),
        "PATCH of the anchor of a federated user to null.",
        "May the anchor of a federated user be cleared?",
    ),
    "delegatedAnchorNeeds": Setting(
        "User.ReadWrite.All",
        ("User.ReadWrite.All", "Directory.AccessAsUser.All"),
        "Permission that a delegated write of the anchor needs.",
        "Do delegated writes of the anchor also need Directory.AccessAsUser.All?",
    ),
    "anchorFilter": Setting(
        "default",
        ("default", "advanced"),
        "Whether $filter on onPremisesImmutableId needs the advanced mode.",
        "Is a filter on the anchor an advanced query?",
    ),
    "sidFilter": Setting(
        "default",
        ("default", "advanced", "refuse"),
        "How $filter on onPremisesSecurityIdentifier is taken.",
        "May users be filtered by SID?",
    ),
    "emptyAnchor": Setting(
        "refuse",
        ("refuse", "ignore"),
        'PATCH of the anchor with "" (which never clears it).',
        "Is an empty anchor an error, or is it taken and ignored?",
    ),
    "deltaExpired": Setting(
        "400", ("400", "410"), "Status for an expired delta token.", "How is an expired delta token refused?"
    ),
    "jobTemplate": Setting(
        "AD2AADProvisioning",
        ("AD2AADProvisioning", "ADDCInPassthrough"),
        "templateId of Cloud Sync jobs (their ids start with AD2AADProvisioning either way).",
        "Which template id does a Cloud Sync job show?",
    ),
    "onDemandWhilePaused": Setting(
        "accept",
        ("accept", "refuse"),
        "What a paused Cloud Sync job does with a user that is to be provisioned on demand.",
        "May a user be provisioned on demand while the job is paused?",
    ),
    "provisioningSourceId": Setting(
        "object_guid",
        ("object_guid", "distinguished_name"),
        "sourceIdentity/id of an AD object in the provisioning log.",
        "By what does the provisioning log name an AD object?",
    ),
    "connectIdentity": Setting(
        "account", ("account", "application"), "As whom Connect Sync stands in the audit log: newer clients use an app."
    ),
    "refusalsAudited": Setting(
        False,
        YES_NO,
        "Whether the audit log has what the tenant refused to a sync, as failed updates with the reason.",
        "Does the audit log show refused exports?",
    ),
    "softMatchAddresses": Setting(
        "primary",
        ("primary", "all"),
        "Which SMTP addresses take part in a soft match.",
        "Do secondary addresses soft-match?",
    ),
    "cloudSyncSoftMatchOnUpn": Setting(
        True,
        YES_NO,
        "Whether Cloud Sync soft-matches on the user principal name.",
        "Does Cloud Sync match on UPN, or on the address only?",
    ),
    "deletedAddressesHeld": Setting(
        "groups",
        ("groups", "all", "none"),
        "Which soft-deleted objects still hold their addresses against a synced user.",
        "Do addresses of soft-deleted groups, or users, conflict?",
    ),
    "addressTakesName": Setting(
        False,
        YES_NO,
        "Whether a new sign-in name that another object has as an address is taken, as if it were its name.",
        "May a sign-in name be an address of somebody else?",
    ),
    "givenAddresses": Setting(
        "licensed",
        ("licensed", "always"),
        "Who keeps the addresses of the sign-in name and of the initial domain that are not in AD.",
        "Are these addresses lost for a user without an Exchange Online licence?",
    ),
    "emptyAttributes": Setting(
        "second_cycle",
        ("second_cycle", "first_cycle", "kept"),
        "When an attribute that is empty in AD empties the property of the user.",
        "Does the cycle after the match blank what AD does not have?",
    ),
    "quarantinedUpn": Setting(
        "plus",
        ("plus", "bare"),
        "Quarantined UPN: prefix+1234@… or prefix1234@….",
        "Is there a plus sign in a quarantined UPN?",
    ),
}


class Settings:
    """The values in force, read as attributes: ``settings.listLagSeconds``."""

    def __init__(self) -> None:
        self._values = {name: setting.default for name, setting in SETTINGS.items()}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def update(self, changes: dict[str, Any]) -> None:
        """Change several settings, or none of them.

        :raises SettingError: when one is unknown or has a value that it cannot have.
        """
        for name, value in changes.items():
            if name not in SETTINGS:
                raise SettingError(f"There is no setting {name!r}; there are {', '.join(sorted(SETTINGS))}.")
            _check(name, value)
        self._values.update(changes)

    def as_dict(self) -> dict[str, Any]:
        """All settings."""
        return dict(self._values)

    def assumptions(self) -> list[dict[str, Any]]:
        """The open questions and the answers this rehearsal assumes."""
        return [
            {
                "setting": name,
                "question": setting.question,
                "assumed": self._values[name],
                "answers": list(setting.allowed),
            }
            for name, setting in SETTINGS.items()
            if setting.question
        ]


def _check(name: str, value: Any) -> None:
    allowed = SETTINGS[name].allowed
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if allowed == SECONDS:
        good, wanted = number and value >= 0, "a number of seconds, 0 or more"
    elif allowed == COUNT:
        good, wanted = number and int(value) == value and value >= 0, "a whole number, 0 or more"
    elif allowed == SHARE:
        good, wanted = number and 0 <= value <= 1, "a number from 0 to 1"
    elif allowed is str:
        good, wanted = isinstance(value, str), "text"
    else:
        good = any(value is item or (value == item and isinstance(value, str)) for item in allowed)
        wanted = "one of " + ", ".join(map(repr, allowed))
    if not good:
        raise SettingError(f"Setting {name} is {value!r}; it must be {wanted}.")


def as_markdown() -> str:
    """The table of the README; ``python -m rehearsal_tenant.settings`` prints it."""
    rows = ["| Setting | Default | Values | What it does | Open question |", "| --- | --- | --- | --- | --- |"]
    for name, setting in SETTINGS.items():
        default = _code(setting.default) if setting.default != "" else "empty"
        rows.append(f"| `{name}` | {default} | {_values(setting)} | {setting.meaning} | {setting.question or ''} |")
    return "\n".join(rows)


def _values(setting: Setting) -> str:
    words = {SECONDS: "seconds", COUNT: "number", SHARE: "0 to 1", str: "text"}
    if isinstance(setting.allowed, tuple):
        return ", ".join(_code(value) for value in setting.allowed)
    return words[setting.allowed]


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


if __name__ == "__main__":
    print(as_markdown())
