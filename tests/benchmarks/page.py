"""The results as a page."""

from __future__ import annotations

import textwrap
from typing import Any

from measure import Aim, Section, thousands

_HEAD = """\
# Benchmarks

`make bench` measures and writes this page. Every figure stands beside its peer's from the same run, because seconds say
as much about the machine as about the program: compare within a table only. Processes are measured whole, start-up
included, with their children: seconds by the clock, seconds of processor time, and the largest memory of any of them;
medians where there were several runs. What takes minutes is run once, as the tables say.
"""
_QUICK = """
**This was a quick run**, small and each process once: it shows that everything runs, and no figure of it says much.
"""


def render(found: dict[str, dict[str, Any]]) -> str:
    """Return the page.

    :param found: what ``results.json`` holds: a benchmark's name -> its section, with ``machine`` and ``quick``.
    """
    sections = []
    for values in found.values():
        fields = {name: value for name, value in values.items() if name not in ("machine", "quick")}
        sections.append((Section.from_json(fields), values["machine"]))
    parts = [_HEAD]
    if any(values["quick"] for values in found.values()):
        parts.append(_QUICK)
    aims = [aim for section, _machine in sections for aim in section.aims]
    if sections:
        limit = 5 if any(values["quick"] for values in found.values()) else 40
        minutes = sum(section.seconds for section, _machine in sections) / 60
        aims.append(Aim("All that is on this page: time to measure it", minutes, limit, unit="min"))
        parts.append("\n## The aims\n\n" + _table(["Aim", "", "Measured", ""], [_aim_row(aim) for aim in aims]))
    parts.insert(1, f"\n{_paragraph(_machine(sections[0][1]))}\n" if sections else "")
    parts += [_section(section, machine, sections[0][1]) for section, machine in sections]
    return "".join(parts)


def _section(section: Section, machine: dict[str, Any], usual: dict[str, Any]) -> str:
    when = f"Measured on {machine['date']} in {section.seconds:.0f} seconds; load at the start {machine['load']}."
    if _machine(machine) != _machine(usual):
        when += f" {_machine(machine)}"
    text = f"\n## {section.title}\n\n{_paragraph(section.what)}\n"
    text += f"\n{_paragraph(f'Not measured: {section.skipped}.' if section.skipped else when)}\n"
    if section.rows:
        text += "\n" + _table(section.columns, section.rows)
    return text + "".join(f"\n{_paragraph(note)}\n" for note in section.notes)


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"The machine has {machine['cores']} cores with {machine['memory']} of memory ({machine['system']}, Python "
        f"{machine['python']}, ansible-core {machine['ansible-core']})."
    )


def _aim_row(aim: Aim) -> list[str | float | int]:
    verdict = "met" if not aim.missed_by else f"missed by {aim.missed_by:.0%}"
    return [
        aim.what,
        f"{aim.sense} {_cell(aim.limit)} {aim.unit}",
        f"{_cell(round(aim.measured, 2))} {aim.unit}",
        verdict,
    ]


def _table(columns: list[str], rows: list[list[str | float | int]]) -> str:
    numeric = [all(isinstance(row[index], (int, float)) for row in rows) for index in range(len(columns))]
    lines = [
        columns,
        ["---:" if is_number else "---" for is_number in numeric],
        *([_cell(c) for c in row] for row in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _cell(value: str | float | int) -> str:
    return value.replace("|", "\\|") if isinstance(value, str) else thousands(value)
