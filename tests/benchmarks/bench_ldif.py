"""Reading an export."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path

import peers
from bench import Bench
from ldif_export import write_export
from measure import AT_LEAST, USAGE_COLUMNS, Aim, Section, Skip, thousands, usage_row

TITLE = "Gather: a large LDIF"
WHAT = (
    "An export as `ldapsearch -LLL` writes it. The readers count the entries. `ad_object_guid` is a whole playbook "
    "that writes a row for each; the script beside it parses with python-ldap and makes the same rows with the "
    "collection's own functions, without looking for anchors that occur twice."
)

_ENTRIES, _QUICK = 1_000_000, 100_000
_TRIED = (
    "The reader is about three times as fast as python-ldap's, a few hundredths more or less from run to run. Tried, "
    "and kept: blocks between blank lines instead of lines, one look-up for all that a line's name says, joining "
    "folded lines by split(), one call for a base64 value. Not tried yet: strict decoding of base64 in C, which Python "
    "has since 3.11 and which refuses blanks that editors leave."
)


def run(bench: Bench, section: Section) -> None:
    """Measure readers, then what makes rows."""
    count = _QUICK if bench.quick else _ENTRIES
    export = bench.folder / "export.ldf"
    write_export(export, count)
    section.what += f" The export has {thousands(count)} entries in {thousands(export.stat().st_size >> 20)} MiB."
    section.columns = USAGE_COLUMNS
    peers.python()
    _readers(bench, section, export, count)
    _rows(bench, section, export, count)


def _readers(bench: Bench, section: Section, export: Path, count: int) -> None:
    printed = f"{count} entries"
    found = bench.compare(
        {
            "python-ldap": bench.program("read_ldif.py", "python-ldap", export, peer=True, expected=printed),
            "collection": bench.program("read_ldif.py", "collection", export, expected=printed),
        },
        2,
    )
    peer, own = found["python-ldap"], found["collection"]
    section.rows += [usage_row("python-ldap's `ldif.LDIFParser`", peer)]
    try:
        command = bench.program("read_ldif.py", "ldif", export, peers.ldif_package(), peer=True, expected=printed)
        other = bench.compare({"ldif": command}, 1)["ldif"]
        section.rows.append(usage_row("`LDIFParser` of the package ldif", other, peer))
    except Skip as reason:
        section.notes.append(f"The package ldif was not measured: {reason}.")
    section.rows.append(usage_row("the collection's reader", own, peer))
    section.aims.append(Aim("LDIF reader, against the speed of python-ldap's", peer.cpu / own.cpu, 3, AT_LEAST))
    section.notes.append(_TRIED)


def _rows(bench: Bench, section: Section, export: Path, count: int) -> None:
    dest, theirs = bench.folder / "objects.jsonl", bench.folder / "script.jsonl"
    task = {"hybrid.identity.ad_object_guid": {"src": [str(export)], "dest": str(dest), "return_limit": 0}}
    site_packages = sysconfig.get_path("purelib")
    found = bench.compare(
        {
            "script": bench.program(
                "write_rows.py", export, theirs, site_packages, peer=True, expected=f"{count} rows"
            ),
            "task": bench.playbook("task", [task]),
        },
        1,
    )
    _check_same_rows(dest, theirs, count)
    peer, own = found["script"], found["task"]
    section.rows += [
        usage_row("a script with python-ldap's parser that writes the rows", peer),
        usage_row("a playbook with `ad_object_guid` that writes the rows", own, peer),
    ]
    section.aims += [
        Aim("LDIF to rows, whole playbook, against the time of a script with python-ldap", own.wall / peer.wall, 1.0),
        Aim("Peak memory of a gathering playbook", own.memory, 400, unit="MiB"),
    ]


def _check_same_rows(ours: Path, theirs: Path, count: int) -> None:
    """See to it that the script did the same work: every thousandth row is alike but for the line it came from."""
    with open(ours, encoding="utf-8") as one, open(theirs, encoding="utf-8") as other:
        for number, pair in enumerate(zip(one, other)):
            if number and (number % 1000 == 1 or number == count):
                first, second = ({**json.loads(line), "source": None, "scope_reasons": None} for line in pair)
                if first != second:
                    raise RuntimeError(f"the rows differ: {first} and {second}")
