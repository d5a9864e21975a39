# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What the server of Entra Connect Sync says about a user: one check each, like those of a diagnosis.

All find nothing where no server was asked. Source of the types of errors: Microsoft Entra Connect, troubleshooting
errors during synchronization.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.standing import Reasons, Subject
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.sync_server import (
    ConnectorObject,
    ServerFacts,
)

#: Older ones are said to have stopped on 2026-09-30.
LEAST_VERSION = (2, 5, 79, 0)

# Types of errors of the export, as the service names them, and the codes that speak of them.
EXPORT_ERRORS = {
    "InvalidHardMatch": "export_hard_match_refused",
    "AttributeUpdateNotAllowed": "export_identifier_locked",
    "InvalidSoftMatch": "export_soft_match_refused",
    "ExistingAdminRoleConflict": "export_role_conflict",
    "ExistingCloudAdminConflict": "export_role_conflict",
    "ObjectTypeMismatch": "export_object_type_mismatch",
    "AttributeValueMustBeUnique": "export_value_taken",
    "QuarantinedAttributeValueMustBeUnique": "export_value_taken",
    "DataValidationFailed": "export_value_refused",
    "IdentityDataValidationFailed": "export_value_refused",
    "FederatedDomainChangeError": "export_federated_domain",
    "LargeObject": "export_too_large",
    "ExceededAllowedLength": "export_too_large",
    "DeletingCloudOnlyObjectNotAllowed": "export_deletion_refused",
}

# Words of the server for the end of a run.
_DELETION_THRESHOLD = "stopped-deletion-threshold-exceeded"
# Ran to its end; what failed are single objects, which have errors of their own.
_RAN = ("success", "completed-")

# Longer evidence says no more.
_SHOWN = 500


def _type_of(text: str) -> str | None:
    """Return the type of an error, which stands somewhere in its text; ``None`` for an unknown one."""
    return next((name for name in EXPORT_ERRORS if re.search(_spelled(name), text, re.IGNORECASE)), None)


def _spelled(name: str) -> str:
    """Return a pattern for a type, which reports show with blanks between its words, too."""
    return r"\b" + re.sub(r"\B(?=[A-Z])", " ?", name) + r"\b"


# The AD object in the connector to Entra ID


def export_failed(subject: Subject) -> Reasons:
    """The service refused the AD object."""
    for server, found in _told(subject):
        if found.export_error:
            kind, detail = _type_of(found.export_error), _shown(found.export_error)
            if kind is None:
                yield reason("export_failed", server=server.name, asked=server.asked, detail=detail)
            else:
                yield reason(EXPORT_ERRORS[kind], kind=kind, server=server.name, asked=server.asked, detail=detail)


def sync_failed(subject: Subject) -> Reasons:
    """A rule of the server failed for the AD object, so it is not exported as it should be."""
    for server, found in _told(subject):
        if found.sync_error:
            detail = _shown(found.sync_error)
            yield reason("sync_rule_failed", server=server.name, asked=server.asked, detail=detail)


def not_in_connector_space(subject: Subject) -> Reasons:
    """Nothing with this anchor is there to be exported."""
    for server, found in _told(subject):
        if found.found is False:
            yield reason("not_in_connector_space", server=server.name, asked=server.asked)


def connector_space_unread(subject: Subject) -> Reasons:
    """Whether it is there could not be read."""
    for server, found in _told(subject):
        if found.found is None:
            yield reason("connector_space_unread", server=server.name, asked=server.asked)


# The server


def export_held(subject: Subject) -> Reasons:
    """Too many deletions hold back the export of everything, matches included."""
    for server in _servers(subject):
        if any(run.result == _DELETION_THRESHOLD for run in server.runs):
            yield reason("export_held", server=server.name, asked=server.asked)


def run_failed(subject: Subject) -> Reasons:
    """A run of the connector to Entra ID broke off."""
    for server in _servers(subject):
        for profile, result in server.runs:
            if result != _DELETION_THRESHOLD and not result.startswith(_RAN):
                yield reason("connector_run_failed", server=server.name, asked=server.asked, run=profile, result=result)


def staging(subject: Subject) -> Reasons:
    """The server exports nothing."""
    for server in _servers(subject):
        if server.staging is True:
            yield reason("staging_server", server=server.name)


def scheduler_suspended(subject: Subject) -> Reasons:
    """A wizard is open."""
    for server in _servers(subject):
        if server.suspended is True:
            yield reason("scheduler_suspended", server=server.name, asked=server.asked)


def scheduler_off(subject: Subject) -> Reasons:
    """No cycle begins by itself."""
    for server in _servers(subject):
        if server.enabled is False:
            by = f", disabled by a run of this collection ({server.frozen})" if server.frozen else ""
            yield reason("scheduler_off", server=server.name, asked=server.asked, by=by)


def version_old(subject: Subject) -> Reasons:
    """The client is one that may have stopped."""
    for server in _servers(subject):
        if server.version and _numbers(server.version) < LEAST_VERSION:
            least = ".".join(map(str, LEAST_VERSION))
            yield reason("connect_version_old", server=server.name, version=server.version, least=least)


def _servers(subject: Subject) -> tuple[ServerFacts, ...]:
    """Return the server, if one was asked."""
    return () if subject.sync.server is None else (subject.sync.server,)


def _told(subject: Subject) -> Iterator[tuple[ServerFacts, ConnectorObject]]:
    """Yield the server with what it says of the user's AD object, if it is anything."""
    anchor = subject.expected.immutable_id or subject.user.immutable_id or ""
    for server in _servers(subject):
        if anchor in server.objects:
            yield server, server.objects[anchor]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} ..."
