# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Exports of AD beside a seed: written again as LDIF, with the seed's pseudonyms, and named in the seed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry, EntrySource
from ansible_collections.hybrid.identity.plugins.module_utils._directory.files import read_files
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif_writer import HEAD, ldif_entry
from ansible_collections.hybrid.identity.plugins.module_utils._directory.rows_back import RowEntries
from ansible_collections.hybrid.identity.plugins.module_utils._dn import dns_domain
from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient
from ansible_collections.hybrid.identity.plugins.module_utils._graph.synchronization import all_jobs, get_schema
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tenant import readable
from ansible_collections.hybrid.identity.plugins.module_utils._pseudonyms import AD_ATTRIBUTES, Pseudonyms
from ansible_collections.hybrid.identity.plugins.module_utils._rows import AtomicFile, RowReader


class Exports(NamedTuple):
    """What was written: ``directories`` as a seed has them."""

    paths: list[str]
    directories: list[dict[str, Any]]
    unchecked: list[dict[str, str]]
    warnings: list[str]


def write_exports(client: GraphClient, sources: Sequence[str], dest: str, pseudonyms: Pseudonyms | None) -> Exports:
    """Write each export beside the seed, as ``<seed>.1.ldf`` and so on.

    :param client: tells what Cloud Sync takes of each domain.
    :raises Failure: for an export that would be overwritten, or that names no domain.
    """
    wanted = AD_ATTRIBUTES if pseudonyms else None
    paths, warnings = [], []
    files_of: dict[str, list[str]] = {}
    for number, source in enumerate(read_files(list(sources), wanted=wanted), 1):
        path = f"{os.path.splitext(dest)[0]}.{number}.ldf"
        if any(os.path.realpath(path) == os.path.realpath(one) for one in sources):
            raise Failure(f"exports names {path}, which would be overwritten. Give dest another name.")
        entries: EntrySource = RowEntries(source) if isinstance(source, RowReader) else source
        domain = _write(entries, path, pseudonyms)
        if entries.problems:
            first = entries.problems[0]
            warnings.append(
                f"{len(entries.problems)} entries of {entries.description} could not be read and were left out. The "
                f"first: line {first['line']}: {first['message']}"
            )
        if domain is None:
            raise Failure(f"{entries.description} has no entry that lies in a domain (DC=...). Give an export of AD.")
        paths.append(path)
        files_of.setdefault(domain, []).append(os.path.basename(path))
    scopes = readable(
        lambda: _scopes(client),
        "what Cloud Sync was told to take",
        "Synchronization.Read.All and Application.Read.All",
        refusals=(403, 404),
    )
    directories = [
        {"domain": domain, "ldif": names, **_renamed((scopes.value or {}).get(domain), pseudonyms)}
        for domain, names in files_of.items()
    ]
    return Exports(paths, directories, [scopes.unchecked] if scopes.unchecked else [], warnings)


def _write(entries: EntrySource, path: str, pseudonyms: Pseudonyms | None) -> str | None:
    """Write the entries; return the domain of the first one that has one."""
    domain = None
    with AtomicFile(path) as file:
        file.write(HEAD)
        for entry in entries:
            domain = domain or dns_domain(entry.dn)
            file.write(_written(entry, pseudonyms))
    return domain


def _written(entry: Entry, pseudonyms: Pseudonyms | None) -> bytes:
    if pseudonyms is None:
        return ldif_entry(entry.dn, entry.attributes)
    return ldif_entry(pseudonyms.dn(entry.dn), pseudonyms.ad_attributes(entry.attributes))


def _scopes(client: GraphClient) -> dict[str, dict[str, Any]]:
    """Return the ``scope`` of a directory for each domain that Cloud Sync takes."""
    found = {}
    for job in all_jobs(client):
        rules = get_schema(client, job).get("synchronizationRules") or [{}]
        containers = (rules[0].get("containerFilter") or {}).get("includedContainers") or []
        groups = (rules[0].get("groupFilter") or {}).get("includedGroups") or []
        found[job.domain.lower()] = {"ous": containers, "groups": groups}
    return found


def _renamed(scope: Mapping[str, Any] | None, pseudonyms: Pseudonyms | None) -> dict[str, Any]:
    if scope is None:
        return {}
    rename = pseudonyms.dn if pseudonyms else str
    return {"scope": {kind: [rename(name) for name in names] for kind, names in scope.items()}}
