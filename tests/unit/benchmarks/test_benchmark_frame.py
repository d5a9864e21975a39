# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the benchmarks: what it measures of a process, and what the page says. No figure is judged here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from measure import AT_LEAST, Aim, Command, Section, Usage, compare, median, run, thousands, usage_row
from page import render

MACHINE = {
    "cores": 2,
    "memory": "8 GiB",
    "system": "Linux x86_64",
    "python": "3.11.7",
    "ansible-core": "2.19.14",
    "load": "0.1",
    "date": "2026-11-23",
}


def python(code, **more):
    return Command([sys.executable, "-I", "-S", "-c", code], {}, **more)


def page(*sections, quick=False):
    return render({str(n): {"machine": MACHINE, "quick": quick, **each.as_json()} for n, each in enumerate(sections)})


def test_the_memory_of_a_process_is_its_own_or_its_childs():
    """Not that of the one that measures, which may be larger."""
    ballast = bytearray(150 << 20)
    small = run(python("print('hello')"))
    large = run(python("import subprocess, sys; subprocess.run([sys.executable, '-c', 'b = bytearray(90 << 20)'])"))
    assert small.memory < 60
    assert large.memory > 90
    assert small.output == "hello\n"
    del ballast


def test_the_processor_time_of_children_counts():
    burning = "import time\nwhile time.process_time() < 0.2: pass"
    assert run(python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burning!r}])")).cpu >= 0.2


@pytest.mark.parametrize(
    "command", [python("import sys; print('said why'); sys.exit(3)"), python("print('said why')", expected="5 entries")]
)
def test_a_process_that_failed_or_did_nothing_does_not_count(command):
    with pytest.raises(RuntimeError, match="said why"):
        run(command)


def test_commands_take_turns(tmp_path):
    log = tmp_path / "log"
    commands = {name: python(f"open({str(log)!r}, 'a').write({name!r})") for name in "ab"}
    found = compare(commands, 3)
    assert log.read_text() == "ababab"
    assert {name: usage.runs for name, usage in found.items()} == {"a": 3, "b": 3}


def test_medians_are_taken_of_each_number():
    found = median([Usage(1, 9, 5), Usage(2, 8, 50), Usage(30, 7, 6)])
    assert (found.wall, found.cpu, found.memory, found.runs) == (2, 8, 6, 3)


def test_a_row_tells_the_share_of_the_peer():
    assert usage_row("x", Usage(3.0, 2.004, 9.6), Usage(2.0, 1, 1)) == ["x", 3.0, "1.50", 2.0, 10, 1]
    assert usage_row("x", Usage(3.0, 2.0, 9.6))[2] == ""


@pytest.mark.parametrize(
    ("aim", "words"),
    [
        (Aim("a", 1.2, 1.3), "| at most 1.30 × | 1.20 × | met |"),
        (Aim("a", 1.56, 1.3), "| at most 1.30 × | 1.56 × | missed by 20% |"),
        (Aim("a", 3.0, 3, AT_LEAST), "| at least 3 × | 3.00 × | met |"),
        (Aim("a", 2.4, 3, AT_LEAST), "| at least 3 × | 2.40 × | missed by 20% |"),
        (Aim("a", 512.0, 400, unit="MiB"), "| at most 400 MiB | 512.00 MiB | missed by 28% |"),
        (Aim("a", 2.0, 0, unit="writes"), "| at most 0 writes | 2.00 writes | missed by 100% |"),
    ],
)
def test_the_page_says_by_how_much_an_aim_is_missed(aim, words):
    assert words in page(Section("A title", "What it is.", aims=[aim]))


def test_the_page_shows_tables_notes_and_why_something_is_missing():
    measured = Section("One", "What.", ["", "users"], [["a|b", 100_000], ["c", 7]], notes=["A note."])
    text = page(measured, Section("Two", "Else.", skipped="there is no Samba"))
    assert "| a\\|b | 100 000 |" in text
    assert "| --- | ---: |" in text
    assert "A note." in text
    assert "Not measured: there is no Samba." in text
    assert "2 cores with 8 GiB" in text
    assert "quick run" not in text


def test_a_section_measured_elsewhere_says_where():
    found = {
        "one": {"machine": MACHINE, "quick": False, **Section("One", "What.").as_json()},
        "two": {"machine": {**MACHINE, "load": "9.9"}, "quick": False, **Section("Two", "What.").as_json()},
        "three": {"machine": {**MACHINE, "cores": 64}, "quick": False, **Section("Three", "What.").as_json()},
    }
    text = render(found)
    assert text.count("2 cores") == text.count("64 cores") == 1
    assert "load at the start 9.9" in text


def test_a_quick_run_says_that_it_is_one():
    assert "quick run" in page(Section("One", "What."), quick=True)


def test_a_section_survives_its_file():
    section = Section("One", "What.", ["a"], [[1.5]], [Aim("x", 1, 2)], ["n"], None, 3.2)
    assert Section.from_json(section.as_json()) == section


def test_numbers_are_grouped():
    assert thousands(1_234_567) == "1 234 567"
    assert thousands(1234.5) == "1 234.50"
