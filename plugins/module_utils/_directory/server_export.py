# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The configuration of an Entra Connect server, as ``Get-ADSyncServerConfiguration -Path`` saves it in a folder.

What it takes: the containers ticked in each domain, the pilot group, the attribute that is the source anchor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple, Optional
from xml.etree import ElementTree
from xml.parsers import expat

from ansible_collections.hybrid.identity.plugins.module_utils._dn import rdns
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.scope import Partition

# The largest part is the schema of a forest, about 2 MB.
_SIZE_LIMIT = 64 << 20
_GROUP_FILTERING = "Microsoft.OptionalFeature.GroupFiltering"


class ServerExport(NamedTuple):
    """What a server is configured for."""

    #: The selected domains of all forests.
    partitions: tuple[Partition, ...]
    #: ``objectGUID``, ``mS-DS-ConsistencyGuid`` or another attribute; ``None``: the export does not say.
    anchor_attribute: Optional[str]
    #: What is sent as the user principal name.
    login_attribute: Optional[str]
    #: Names of rules of the site's own that filter objects.
    filtering_rules: tuple[str, ...]


def read_server_export(path: str) -> ServerExport:
    """Read the folder.

    :raises Failure: with a sentence, when it is none, or holds no connector to AD.
    """
    if not os.path.isdir(os.path.join(path, "Connectors")):
        raise Failure(
            f"sync_scope.server_export: {path} has no folder Connectors. Name the folder that "
            "Get-ADSyncServerConfiguration -Path wrote on the sync server."
        )
    settings = {name: value for root in _documents(path, "GlobalSettings") for name, value in _parameters(root)}
    grouped = settings.get(_GROUP_FILTERING, "").lower() != "false"
    connectors = [
        connector
        for root in _documents(path, "Connectors")
        for connector in root.iter("ma-data")
        if connector.findtext("category", "").strip() == "AD"
    ]
    partitions = tuple(partition for connector in connectors for partition in _partitions(connector, grouped))
    if not partitions:
        raise Failure(
            f"sync_scope.server_export: no connector in {os.path.join(path, 'Connectors')} takes a domain of Active "
            "Directory. Export the configuration of the server that syncs again."
        )
    return ServerExport(
        partitions,
        settings.get("Microsoft.SynchronizationOption.AnchorAttribute") or None,
        settings.get("Microsoft.SynchronizationOption.UPNAttribute") or None,
        tuple(sorted(name for root in _documents(path, "SynchronizationRules") for name in _filtering_rules(root))),
    )


def _partitions(connector: ElementTree.Element, grouped: bool) -> Iterator[Partition]:
    """Yield the selected domains of a forest."""
    group = dict(_parameters(connector)).get("Connector.GroupFilteringGroupDn") if grouped else None
    for partition in connector.iterfind("ma-partition-data/partition"):
        if partition.findtext("selected", "").strip() != "1":
            continue
        containers = {
            kind: tuple(
                rdns(item.text) for item in partition.iterfind(f"filter/containers/{kind}s/{kind}") if item.text
            )
            for kind in ("inclusion", "exclusion")
        }
        yield Partition(
            rdns(partition.findtext("name", "")),
            containers["inclusion"],
            containers["exclusion"],
            rdns(group) if group else None,
        )


def _parameters(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for parameter in root.iter("parameter"):
        yield parameter.get("name", ""), (parameter.text or "").strip()


def _filtering_rules(root: ElementTree.Element) -> Iterator[str]:
    """Yield the names of active rules that are not Microsoft's and keep objects from the cloud."""
    for rule in root.iter("synchronizationRule"):
        own = not rule.findtext("immutable-tag", "").startswith("Microsoft.")
        active = rule.findtext("disabled", "").strip().lower() != "true"
        if own and active and any(item.findtext("dest") == "cloudFiltered" for item in rule.iter("mapping")):
            yield rule.findtext("name", "").strip()


def _documents(path: str, folder: str) -> Iterator[ElementTree.Element]:
    """Yield the root element of each XML file in a folder of the export."""
    whole = os.path.join(path, folder)
    try:
        names = sorted(os.listdir(whole)) if os.path.isdir(whole) else []
        for name in names:
            if name.lower().endswith(".xml"):
                yield _parsed(os.path.join(whole, name))
    except OSError as exc:
        raise Failure(f"sync_scope.server_export: {whole} cannot be read: {exc.strerror}.") from None


def _parsed(path: str) -> ElementTree.Element:
    """Parse a file that may come from anywhere: no document type, so no entities, and no more than a size."""
    if os.path.getsize(path) > _SIZE_LIMIT:
        raise Failure(
            f"sync_scope.server_export: {path} is larger than {_SIZE_LIMIT >> 20} MiB. Is it a sync server's?"
        )
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _no_document_type
    try:
        with open(path, "rb") as file:
            parser.ParseFile(file)
        return builder.close()
    except (expat.ExpatError, _DocumentType) as exc:
        raise Failure(
            f"sync_scope.server_export: {path} is not the XML that a sync server writes ({exc}). Export it again."
        ) from None


class _DocumentType(Exception):
    """A document type declaration, which no export has."""


def _no_document_type(*_declaration: object) -> None:
    raise _DocumentType("it declares a document type")
