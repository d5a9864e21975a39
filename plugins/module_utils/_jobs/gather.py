# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The job of ``ad_object_guid``: AD objects from LDAP or files, with their anchors, to rows."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import (
    AD_ARGUMENTS,
    DEFAULT_FILTER,
    string_list,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.identities import Identities
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap import open_directory
from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
    ANCHORS,
    ATTRIBUTE,
    CONSISTENCY_GUID,
    CONSISTENCY_GUID_OR_OBJECT_GUID,
    OBJECT_GUID,
    AnchorSettings,
    anchors_differ,
)
from ansible_collections.hybrid.identity.plugins.module_utils._directory.server_export import (
    ServerExport,
    read_server_export,
)
from ansible_collections.hybrid.identity.plugins.module_utils._dn import dns_domain
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.duplicates import Census, Duplicates
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.objects import (
    DEFAULT_LOGIN_ATTRIBUTE,
    ObjectSource,
    Reading,
    Row,
    common_fields,
    from_directory,
    from_files,
    read_selection,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import Context
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS
from ansible_collections.hybrid.identity.plugins.module_utils._rows import (
    RowReader,
    RowSink,
    dump_line,
    explained,
    header,
)

ARGUMENTS: dict[str, Any] = {
    **AD_ARGUMENTS,
    "src": {"type": "list", "elements": "path"},
    "src_format": {"type": "str", "choices": ["auto", "ldif", "csv", "jsonl"], "default": "auto"},
    "identities": {"type": "raw"},
    "anchor": {"type": "str", "choices": list(ANCHORS), "default": CONSISTENCY_GUID_OR_OBJECT_GUID},
    "anchor_attribute": {"type": "str"},
    "login_attribute": {"type": "str", "default": DEFAULT_LOGIN_ATTRIBUTE},
    "sync_scope": {
        "type": "dict",
        "options": {
            "ous": {"type": "raw"},
            "group": {"type": "str"},
            "filter": {"type": "str"},
            "server_export": {"type": "path"},
        },
    },
    "dest": {"type": "path"},
    "return_limit": {"type": "int", "default": 1000},
}

# A forest has a handful; more than this are mistyped ones.
_SUFFIXES_SHOWN = 100


def gather(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Read the objects, write their rows, and return them.

    :param params: the values of :data:`ARGUMENTS`.
    :return: the module's result, as its documentation describes it.
    """
    started = time.monotonic()
    identities = None
    if params["identities"] is not None:
        identities = Identities(string_list(params["identities"], "identities"))
    sources, domain = _open(params, identities, context)
    fields = common_fields(sources)
    rows: Iterable[Row] = PROGRESS.each("reading objects", (row for source in sources for row in source))
    missing: list[Row] = []
    if identities is not None:
        for row in rows:
            identities.take(row)
        rows, missing = identities.settle()
    description = "; ".join(source.description for source in sources)
    # Whoever reads the file must be able to tell what is not there from what was not asked for.
    absent = None if identities is None else [item["identity"] for item in missing if not item["candidates"]]
    first_line = header("objects", domain=domain, attributes=fields, source=description, missing=absent)
    sink, tally = _publish(rows, first_line, params["dest"], params["return_limit"])
    problems = [problem for source in sources for problem in source.problems]
    summary = {
        **tally.counts(),
        "missing": len(missing),
        "skipped": sum(source.skipped for source in sources),
        "unreadable": len(problems),
        "seconds": round(time.monotonic() - started, 3),
    }
    _warn(summary, description, context)
    return {
        "changed": False,
        "objects": sink.rows,
        "missing": missing,
        "problems": problems[: params["return_limit"]],
        "summary": summary,
        "attributes": sorted(fields),
        "dest": params["dest"],
        "truncated": sink.truncated,
    }


def _open(
    params: dict[str, Any], identities: Identities | None, context: Context
) -> tuple[list[ObjectSource], str | None]:
    """Return the sources to read, and the domain they belong to where that is known."""
    scope = params["sync_scope"] or {}
    server = read_server_export(scope["server_export"]) if scope.get("server_export") else None
    reading = Reading(
        AnchorSettings(params["anchor"], params["anchor_attribute"] if params["anchor"] == ATTRIBUTE else None),
        params["login_attribute"],
        read_selection(scope, server),
    )
    if server:
        _warn_of_contradictions(server, reading, context)
    if params["src"]:
        if params["filter"] != DEFAULT_FILTER:
            context.warn("filter is for LDAP only; what src holds was not filtered.")
        return from_files(params["src"], params["src_format"], reading), None
    filters = None if identities is None else list(identities.filters(params["filter"]))
    directory = open_directory(params, reading.attributes(), context.warn, filters)
    return [from_directory(directory, reading)], dns_domain(directory.base)


def _warn_of_contradictions(server: ServerExport, reading: Reading, context: Context) -> None:
    """Say where the options are not what the sync server is configured for."""
    anchor, configured = reading.anchor, server.anchor_attribute
    if configured and configured.lower() not in _anchor_names(anchor):
        context.warn(
            f"The sync server of server_export uses {configured} as its source anchor, and anchor is {anchor.mode}. "
            "Give the anchor that the server uses: its values are the ones that match."
        )
    login = server.login_attribute
    if login and login.lower() != reading.login_attribute.lower():
        context.warn(
            f"The sync server of server_export sends {login} as the user principal name, and login_attribute is "
            f"{reading.login_attribute}. Give login_attribute: {login}."
        )


def _anchor_names(anchor: AnchorSettings) -> tuple[str, ...]:
    """Return the attributes, in lower case, that a server may name for this choice of an anchor."""
    if anchor.mode == ATTRIBUTE:
        return ((anchor.attribute or "").lower(),)
    return ("objectguid",) if anchor.mode == OBJECT_GUID else ("ms-ds-consistencyguid",)


class _Domain:
    """The AD domain that the rows share, by their distinguished names; ``name`` is ``None`` if they share none."""

    def __init__(self) -> None:
        self.name: str | None = None
        self._ending: str | None = None
        self._mixed = False

    def add(self, row: Row) -> None:
        """Take note of a row."""
        dn = str(row["distinguished_name"] or "").lower()
        # Taking a name apart is slow, and nearly all end alike.
        ending = dn[dn.find(",dc=") :]
        if self._mixed or ending == self._ending:
            return
        name = dns_domain(dn)
        self._mixed = name is None or name != (self.name or name)
        self.name = None if self._mixed else name
        self._ending = ending


class _Tally:
    """Counts the rows written."""

    def __init__(self) -> None:
        self._counts = Counter(
            objects=0,
            anchor_consistency_guid=0,
            anchor_object_guid=0,
            anchor_attribute=0,
            anchor_missing=0,
            anchor_uncertain=0,
            anchors_differ=0,
            in_scope=0,
            out_of_scope=0,
            scope_unknown=0,
            account_state_unread=0,
            repeated=0,
        )
        self._reasons: Counter[str] = Counter()
        self._suffixes: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Count a row."""
        counts = self._counts
        counts["objects"] += 1
        source = row["anchor_source"]
        if row["immutable_id"] is None:
            counts["anchor_missing"] += _matches_by_anchor(row)
        else:
            counts[f"anchor_{source}" if source in (CONSISTENCY_GUID, OBJECT_GUID) else "anchor_attribute"] += 1
        counts["anchor_uncertain"] += row["anchor_certain"] is False
        counts["anchors_differ"] += anchors_differ(row)
        counts[{True: "in_scope", False: "out_of_scope"}.get(row["in_scope"], "scope_unknown")] += 1
        counts["account_state_unread"] += row["enabled"] is None and _matches_by_anchor(row)
        if row["in_scope"] is not False and "@" in (row["login_name"] or ""):
            self._suffixes[row["login_name"].rpartition("@")[2].lower()] += 1
        if row["anchor_reason"]:
            self._reasons[row["anchor_reason"]["code"]] += 1
        self._reasons.update(reason["code"] for reason in row["scope_reasons"])

    def repeat(self) -> None:
        """Count a row that was left out because its object was written already."""
        self._counts["repeated"] += 1

    def counts(self) -> dict[str, Any]:
        """Return the counts, ``reasons`` as code: count, and the most frequent ``login_suffixes`` as domain: count."""
        return {
            **self._counts,
            "reasons": dict(self._reasons.most_common()),
            "login_suffixes": dict(self._suffixes.most_common(_SUFFIXES_SHOWN)),
        }


def _publish(rows: Iterable[Row], first_line: Row, dest: str | None, return_limit: int) -> tuple[RowSink, _Tally]:
    """Write the rows, each anchor once.

    Whether an anchor is unique is known only after the last row, and the rows need not fit into memory: they go to a
    file of their own first, and are gone through again only where something occurred twice.
    """
    name = os.path.realpath(dest) if dest is not None else None
    with explained(dest or "temporary folder", "written"):
        folder = tempfile.TemporaryDirectory(prefix=".hybrid.identity.", dir=name and os.path.dirname(name))
    with folder:
        staged = os.path.join(folder.name, "objects.jsonl")
        census, tally, domain = Census(), _Tally(), _Domain()
        with _sink(first_line, staged, return_limit) as sink:
            for row in rows:
                census.add(row)
                domain.add(row)
                tally.add(row)
                sink.write(row)
        suspects = census.suspects()
        known = {**first_line, "domain": domain.name} if domain.name and "domain" not in first_line else first_line
        if suspects:
            return _rewrite(staged, suspects, known, dest, return_limit)
        if dest is not None and name is not None:
            with explained(dest, "written"):
                os.replace(staged if known is first_line else _with_first_line(staged, known), name)
    return sink, tally


def _with_first_line(staged: str, first_line: Row) -> str:
    """Copy a file of rows under another first line, and return the copy's path."""
    path = f"{staged}.whole"
    with open(staged, "rb") as old, open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        old.readline()
        new.write(dump_line(first_line))
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        os.fsync(new.fileno())
    return path


def _rewrite(
    staged: str, suspects: frozenset[int], first_line: Row, dest: str | None, return_limit: int
) -> tuple[RowSink, _Tally]:
    duplicates, tally = Duplicates(suspects), _Tally()
    reader = RowReader(staged)
    for _line, row in PROGRESS.each("looking for anchors given twice", reader):
        duplicates.collect(row)
    with _sink(first_line, dest, return_limit) as sink:
        for _line, row in PROGRESS.each("writing objects", reader):
            settled = duplicates.settle(row)
            if settled is None:
                tally.repeat()
            else:
                tally.add(settled)
                sink.write(settled)
    return sink, tally


def _sink(first_line: Row, dest: str | None, return_limit: int) -> RowSink:
    return RowSink(first_line, dest, return_limit, importance=_importance)


def _importance(row: Row) -> int:
    return int(row["anchor_reason"] is not None and _matches_by_anchor(row))


def _matches_by_anchor(row: Row) -> bool:
    """Tell a user from a group or contact, which nobody expects to have an anchor."""
    return str(row["object_class"]).lower() not in ("group", "contact")


def _warn(summary: dict[str, Any], description: str, context: Context) -> None:
    if not summary["objects"] and not summary["missing"]:
        context.warn(f"No object was found in {description}. Check the source, search_base and filter.")
    if summary["anchor_uncertain"]:
        context.warn(
            f"{summary['anchor_uncertain']} anchors are uncertain, because the source does not carry "
            "mS-DS-ConsistencyGuid, which sync may prefer to objectGUID. State anchor: object_guid if it does not."
        )
    if summary["anchor_missing"]:
        context.warn(f"{summary['anchor_missing']} users have no usable anchor; anchor_reason says why.")
    swapped = summary["reasons"].get("anchor_looks_byte_swapped")
    if swapped:
        context.warn(f"{swapped} anchors look byte-swapped; anchor_reason names them. They are used as they are.")
    unread = summary["reasons"].get("account_state_unread")
    if unread:
        context.warn(f"{unread} objects show no userAccountControl; can the account read all of their attributes?")
    if summary["unreadable"]:
        context.warn(f"{summary['unreadable']} entries could not be read; problems names them.")
