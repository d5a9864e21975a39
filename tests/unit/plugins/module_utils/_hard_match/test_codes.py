# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of codes: whole, used, and fed with what its sentences need."""

from __future__ import annotations

import ast
import importlib
import string
from pathlib import Path

import pytest

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import codes
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES, listed, reason
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.effect_codes import EFFECT_CODES

PLUGINS = Path(codes.__file__).resolve().parents[2]
TABLES = {path.name for path in (PLUGINS / "module_utils" / "_hard_match").glob("*_codes.py")}


def trees():
    for path in sorted(PLUGINS.rglob("*.py")):
        if path.name not in TABLES:
            yield path.relative_to(PLUGINS), ast.parse(path.read_text(encoding="utf-8"))


def calls():
    """Yield (place, codes that the call may name, names of its evidence) for each call of reason()."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reason":
                named = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                yield f"{path}:{node.lineno}", [name for name in named if name in CODES or len(named) == 1], node


def placeholders(code):
    entry = CODES[code]
    return {
        field for text in entry[1:3] for _text, field, _spec, _conversion in string.Formatter().parse(text) if field
    }


def test_no_code_stands_twice():
    tables = [importlib.import_module(f"{codes.__package__}.{name[:-3]}") for name in TABLES]
    rows = [row for table in tables for name, rows in vars(table).items() if name.endswith("_CODES") for row in rows]
    assert sorted(row[0] for row in rows) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_whole_sentences_and_a_source(code):
    entry = CODES[code]
    assert code == code.lower()
    for text in (entry.message, entry.remedy):
        filled = text.format(**dict.fromkeys(placeholders(code), "x"))
        # Some messages end with what the service or another error said.
        assert filled.endswith((".", "?", ": x"))
    assert entry.source


@pytest.mark.parametrize(("place", "names", "call"), list(calls()))
def test_each_reason_given_is_in_the_table_with_its_evidence(place, names, call):
    evidence = {keyword.arg for keyword in call.keywords}
    for name in names:
        assert name in CODES
        assert evidence == placeholders(name)


def test_each_code_is_used_and_each_computed_one_is_known():
    literals = {
        node.value
        for _path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(CODES) - literals == set()
    computed = [place.rpartition(":")[0] for place, names, _call in calls() if not names]
    # A rule of scope carries its code, and so do an effect and a type of export errors. Nothing else computes one, so
    # that the test above sees all evidence.
    assert {Path(path).name for path in computed} == {"scope.py", "effects.py", "sync_server_checks.py"}


@pytest.mark.parametrize("code", [row[0] for row in EFFECT_CODES])
def test_an_effect_needs_no_other_evidence_than_it_has(code):
    assert placeholders(code) <= {"property", "before", "after", "groups"}
    assert CODES[code].releasable


def test_a_reason_shows_its_evidence():
    shown = reason("existing_value_kept", current="{x}", hint="")
    assert set(shown) == {"code", "message", "remedy"}
    assert '"{x}"' in shown["message"]


@pytest.mark.parametrize(("code", "evidence"), [("no_such_code", {}), ("anchor_held", {})])
def test_an_unknown_code_and_missing_evidence_are_defects(code, evidence):
    with pytest.raises(KeyError):
        reason(code, **evidence)


@pytest.mark.parametrize(
    ("names", "shown"),
    [("", ""), ("a", "a"), ("abcde", "a; b; c; d; e"), ("abcdefg", "a; b; c; d; e and 2 more")],
)
def test_of_many_names_the_first_few_are_listed(names, shown):
    assert listed(list(names)) == shown
