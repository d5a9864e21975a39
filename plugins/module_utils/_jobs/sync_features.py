# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``entra_sync_features``: hold the flags of directory synchronization; put back what a window changed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import ENTRA_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient, connect
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import get_sync_features, set_sync_features
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept import forget
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.kept_features import (
    KeptFeatures,
    keep_features,
    read_features,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context, as_failure

# onPremisesDirectorySynchronizationFeature of Graph v1.0.
FEATURES = (
    "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled",
    "blockCloudObjectTakeoverThroughHardMatchEnabled",
    "blockSoftMatchEnabled",
    "bypassDirSyncOverridesEnabled",
    "cloudPasswordPolicyForPasswordSyncedUsersEnabled",
    "concurrentCredentialUpdateEnabled",
    "concurrentOrgIdProvisioningEnabled",
    "deviceWritebackEnabled",
    "directoryExtensionsEnabled",
    "fopeConflictResolutionEnabled",
    "groupWriteBackEnabled",
    "passwordSyncEnabled",
    "passwordWritebackEnabled",
    "quarantineUponProxyAddressesConflictEnabled",
    "quarantineUponUpnConflictEnabled",
    "softMatchOnUpnEnabled",
    "synchronizeUpnForManagedUsersEnabled",
    "unifiedGroupWritebackEnabled",
    "userForcePasswordChangeOnLogonEnabled",
    "userWritebackEnabled",
)

# Once on, always on (Set-EntraDirSyncFeature; for the quarantine, "duplicate attribute resiliency").
PERMANENT = (
    "quarantineUponProxyAddressesConflictEnabled",
    "quarantineUponUpnConflictEnabled",
    "softMatchOnUpnEnabled",
    "synchronizeUpnForManagedUsersEnabled",
)

# For so long a change is looked for before it counts as not seen.
_CONFIRM_SECONDS = 120.0
# A replica that lags may answer after one that does not, so one agreeing read proves little.
_AGREEING_READS = 2
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0

_READ = "OnPremDirectorySynchronization.Read.All"
_WRITE = "OnPremDirectorySynchronization.ReadWrite.All"
_REFUSALS = (401, 403, 404, 405)
_POWERSHELL_CLOUDS = {"us_gov": "USGov", "us_gov_dod": "USGovDoD", "china": "China"}

Flags = Mapping[str, Optional[bool]]


def option_of(feature: str) -> str:
    """Return a flag's Graph name in snake case: the option and the key of results."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", feature).lower()


_FEATURE_OF = {option_of(feature): feature for feature in FEATURES}

ARGUMENTS: dict[str, Any] = {
    **ENTRA_ARGUMENTS,
    # Some of the names speak of passwords; none of the values is one.
    **{option: {"type": "bool", "no_log": False} for option in _FEATURE_OF},
    "state": {"type": "str", "choices": ["present", "restored"], "default": "present"},
    "remember": {"type": "bool", "default": False},
    "confirm_permanent": {
        "type": "list",
        "elements": "str",
        "choices": [option_of(feature) for feature in PERMANENT],
        "default": [],
    },
}


class _Settings(NamedTuple):
    """``directory/onPremisesSynchronization`` as it was read."""

    id: str
    flags: Flags


def sync_features(
    params: dict[str, Any],
    context: Context,
    *,
    client_of: Callable[[dict[str, Any]], GraphClient] = connect,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Bring the flags to the values asked for.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    began = clock()
    wanted = {feature: params[option] for option, feature in _FEATURE_OF.items() if params[option] is not None}
    restores = params["state"] == "restored"
    if restores and wanted:
        raise Failure("state=restored puts back what is kept, so no flag can be given with it. Nothing was changed.")
    with client_of(params) as client:
        kept = read_features(client.tenant_id)
        if restores and kept:
            # A flag without a value cannot be asked for; off is what it stands for.
            wanted = {feature: value is True for feature, value in kept.features.items()}
        before: Flags = {}
        changes: dict[str, bool] = {}
        if kept or not restores:
            settings = _read(client, wanted, params["cloud"])
            before = settings.flags
            changes = {name: value for name, value in wanted.items() if before.get(name) is not value}
            _refuse_permanent(changes, before, params["confirm_permanent"])
            if changes:
                _check_permission(client, changes, params["cloud"])
        after: Flags = {**before, **changes}
        if not context.check_mode:
            if changes:
                if params["remember"]:
                    kept = keep_features(client.tenant_id, {name: before.get(name) for name in changes})
                after = _change(client, settings.id, changes, params["cloud"], clock, sleep)
            if restores and kept:
                forget(kept.path)
        result = {
            "changed": bool(changes),
            "before": _shown(before),
            "after": _shown(after),
            "restored": _kept_row(kept) if restores else None,
            "remembered": None if restores and not context.check_mode else _kept_row(kept),
            "summary": {
                "features": len(before),
                "features_changed": len(changes),
                **client.stats(),
                "seconds": round(clock() - began, 3),
                "sign_in_method": client.sign_in_method,
            },
        }
    if context.diff_mode:
        result["diff"] = {"before": _lines(before, changes), "after": _lines(after, changes)}
    return result


def _read(client: GraphClient, wanted: Mapping[str, bool], cloud: str) -> _Settings:
    """Read all flags.

    :raises Failure: when they may not be read, with the commands by which a person can do it all the same.
    """
    value = get_sync_features(client).value
    flags = None if value is None else value.get("features")
    if flags is None:
        raise Failure(
            "The flags of directory synchronization cannot be read with this sign-in. Nothing was changed. Microsoft "
            "documents this for a person who is Global Administrator, not for apps: sign in as one with the device "
            f"code (ansible-playbook hybrid.identity.login), with {_WRITE if wanted else _READ}, and give token_cache. "
            f"Or let such a person run: {_joined(client, wanted, cloud)}",
            **_by_hand(client, wanted, cloud),
        )
    return _Settings(str(value.get("id") or client.tenant_id), flags)


def _refuse_permanent(changes: Mapping[str, bool], before: Flags, confirmed: list[str]) -> None:
    """Refuse what cannot be undone, or be done at all.

    :raises Failure: before anything is sent.
    """
    stuck = [option_of(name) for name, value in changes.items() if name in PERMANENT and not value and before.get(name)]
    if stuck:
        raise Failure(
            f"{', '.join(stuck)}: once on, this cannot be switched off. Nothing was changed. Leave it out of the task."
        )
    unconfirmed = [
        option_of(name)
        for name, value in changes.items()
        if name in PERMANENT and value and option_of(name) not in confirmed
    ]
    if unconfirmed:
        raise Failure(
            f"{', '.join(unconfirmed)}: once on, this cannot be switched off again. Nothing was changed. If that is "
            "meant, name it in confirm_permanent as well."
        )


def _check_permission(client: GraphClient, changes: Mapping[str, bool], cloud: str) -> None:
    """See before anything is written, and in check mode, what the token does not allow.

    :raises Failure: with the commands for a person.
    """
    permissions = client.permissions()
    if permissions is not None and _WRITE not in permissions:
        raise _refused(client, changes, cloud, f"the token lacks {_WRITE}")


def _change(
    client: GraphClient,
    settings_id: str,
    changes: Mapping[str, bool],
    cloud: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Flags:
    """Send the changes; return all flags once several reads in a row show them.

    :raises Failure: when the service refuses, or reads do not show it in time.
    """
    try:
        set_sync_features(client, settings_id, changes)
    except GraphError as exc:
        if exc.status in _REFUSALS:
            raise _refused(client, changes, cloud, exc.message) from None
        exc.result["changed"] = exc.uncertain
        raise
    try:
        return _confirmed(client, changes, cloud, clock, sleep)
    except (Failure, KeyboardInterrupt) as exc:
        failure = as_failure(exc)
        failure.result["changed"] = True
        raise failure from None


def _confirmed(
    client: GraphClient,
    changes: Mapping[str, bool],
    cloud: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Flags:
    deadline = clock() + _CONFIRM_SECONDS
    pause = _FIRST_PAUSE
    agreeing = 0
    while True:
        flags = _read(client, changes, cloud).flags
        unseen = [option_of(name) for name, value in changes.items() if flags.get(name) is not value]
        agreeing = 0 if unseen else agreeing + 1
        if agreeing >= _AGREEING_READS:
            return flags
        remaining = deadline - clock()
        if remaining <= 0:
            raise Failure(
                f"The service accepted the change of {', '.join(unseen or map(option_of, changes))}, and after "
                f"{_CONFIRM_SECONDS:.0f} seconds its reads still show the old value. Run the task again, and look at "
                "the flags before you rely on them."
            )
        sleep(min(pause, remaining))
        pause = min(pause * 2, _LONGEST_PAUSE)


def _refused(client: GraphClient, changes: Mapping[str, bool], cloud: str, why: str) -> Failure:
    return Failure(
        f"The flags of directory synchronization may not be changed with this sign-in: {why.rstrip('. ')}. Microsoft "
        "documents this for a person who is Global Administrator, not for apps: sign in as one with the device code "
        f"(ansible-playbook hybrid.identity.login), with {_WRITE}, and give token_cache. Or let such a person run: "
        f"{_joined(client, changes, cloud)}",
        **_by_hand(client, changes, cloud),
    )


def _by_hand(client: GraphClient, wanted: Mapping[str, bool], cloud: str) -> dict[str, Any]:
    """Return result fields of a failure after which a person has to go on."""
    return {"by_hand": True, "commands": _commands(client, wanted, cloud)}


def _joined(client: GraphClient, wanted: Mapping[str, bool], cloud: str) -> str:
    return "; ".join(_commands(client, wanted, cloud))


def _commands(client: GraphClient, wanted: Mapping[str, bool], cloud: str) -> list[str]:
    """Return what does the same in Microsoft Graph PowerShell.

    As plain requests: its own cmdlets know the newest flags only in the newest version.
    """
    environment = f" -Environment {_POWERSHELL_CLOUDS[cloud]}" if cloud in _POWERSHELL_CLOUDS else ""
    uri = f"{client.options.graph_endpoint}/v1.0/directory/onPremisesSynchronization"
    commands = [
        f"Connect-MgGraph{environment} -TenantId {client.tenant_id} -Scopes {_WRITE if wanted else _READ}",
        f"(Invoke-MgGraphRequest -Method GET -Uri '{uri}').value.features",
    ]
    if wanted:
        body = json.dumps({"features": dict(wanted)})
        commands.append(
            f"Invoke-MgGraphRequest -Method PATCH -Uri '{uri}/{client.tenant_id}' -ContentType 'application/json' "
            f"-Body '{body}'"
        )
    return commands


def _shown(flags: Flags) -> dict[str, Optional[bool]]:
    """Return flags by their options; those this collection does not know yet, too."""
    return {option_of(name): flags[name] for name in sorted(flags)}


def _kept_row(kept: KeptFeatures | None) -> dict[str, Any] | None:
    return kept and {"since": kept.since, "features": _shown(kept.features), "path": kept.path}


def _lines(flags: Flags, changes: Mapping[str, bool]) -> str:
    return "".join(f"{option_of(name)}: {json.dumps(flags.get(name))}\n" for name in sorted(changes))
