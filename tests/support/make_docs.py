"""Write the tables of all codes into the guides, from the one table of codes.

    make docs

Codes of a plan stand in docs/reading-a-plan.md, by what they speak of. Those of a status stand in
docs/still-in-cloud.md, in the order in which a diagnosis lists them. ``tests/unit/support/test_docs.py`` fails when a
page is not what this program writes.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection
from pathlib import Path
from typing import Callable, NamedTuple

import status_reasons

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import codes

DOCS = Path(__file__).parents[2] / "docs"
BEGIN = "<!-- codes: written by make docs from plugins/module_utils/_hard_match/*_codes.py -->"
END = "<!-- end of codes -->"

# The files in the order in which a reader meets their codes, and what the chapter is called. A file that is named in
# neither comes last in the guide to plans, under the first sentence of its docstring.
PLAN_CHAPTERS = {
    "match": "Who belongs to whom",
    "user": "Users, before and after the write",
    "obstacle": "Obstacles",
    "effect": "What the takeover does",
    "review": "What a reviewer did",
    "object": "AD objects and their anchors",
    "group": "Groups, contacts and deleted objects of AD",
    "rollback": "Rolling back",
}
# What a status says besides the reasons of its diagnosis, which have tables of their own.
STATUS_CHAPTERS = {
    "status": "What keeps a user from being synced",
    "ad": "What AD itself and the audit log say",
    "sync_server": "What the server of Entra Connect Sync says",
    "provision": "Users provisioned on demand",
    "other": "Groups, contacts and devices of the tenant",
    "aftermath": "What the takeover changed",
}
_HEAD = ("| Code | What is the matter | What to do |", "| --- | --- | --- |")
_STATUS_HEAD = ("| Code | State | What is the matter | What to do | Where it is documented |", "| --- " * 5 + "|")


class Section(NamedTuple):
    """Codes that stand together: in one file, under one comment."""

    title: str
    codes: list[str]


def sections(source: str) -> list[Section]:
    """Return the sections of a file of codes: a comment between rows begins one; what precedes it has no title."""
    tree = ast.parse(source)
    headings = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and token.start[1] == 4
    }
    found = [Section("", [])]
    for row_line, code in _rows(tree):
        for line in sorted(line for line in headings if line < row_line):
            found.append(Section(headings.pop(line), []))
        found[-1].codes.append(code)
    return [section for section in found if section.codes]


def _rows(tree: ast.Module) -> list[tuple[int, str]]:
    """Return line and code of the rows of the table, in order: tuples whose first item is a code."""
    tables = [node.value for node in tree.body if isinstance(node, (ast.AnnAssign, ast.Assign)) and node.value]
    return [
        (row.lineno, str(row.elts[0].value))
        for table in tables
        if isinstance(table, ast.Tuple)
        for row in table.elts
        if isinstance(row, ast.Tuple) and isinstance(row.elts[0], ast.Constant)
    ]


def chapters(named: dict[str, str], others: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the title and the source of each file of codes, in the order of the page.

    :param others: the chapters of the other page; ``None``: this page has no files that nobody named.
    """
    folder = Path(codes.__file__).parent
    sources = {path.name[: -len("_codes.py")]: path.read_text("utf-8") for path in sorted(folder.glob("*_codes.py"))}
    known = [(title, sources.pop(name)) for name, title in named.items() if name in sources]
    rest = [] if others is None else [source for name, source in sources.items() if name not in others]
    return known + [(_first_sentence(source), source) for source in rest]


def _first_sentence(source: str) -> str:
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0].partition(". ")[0].rstrip(".")


def plan_tables() -> str:
    """Return the tables of the codes of plans, as Markdown."""
    return _tables(chapters(PLAN_CHAPTERS, STATUS_CHAPTERS))


def status_tables() -> str:
    """Return the tables of the codes of a status, as Markdown."""
    lines: list[str] = []
    for title, listed in (
        ("The sync has not taken the user", status_reasons.in_the_way()),
        ("The user is synced, and not as expected", status_reasons.proof()),
        ("There is no such user", status_reasons.nobody()),
    ):
        lines += ["", f"### {title}", "", *_STATUS_HEAD, *map(_status_line, listed)]
    shown = set(status_reasons.reasons_of_a_status())
    return "\n".join([*lines[1:], ""]) + _tables(chapters(STATUS_CHAPTERS), shown)


def _tables(found: list[tuple[str, str]], shown: Collection[str] = ()) -> str:
    """Return the tables of the codes in some files, but for those that are shown already."""
    lines: list[str] = []
    for title, source in found:
        left = [Section(one.title, [code for code in one.codes if code not in shown]) for one in sections(source)]
        if any(section.codes for section in left):
            lines += ["", f"### {title}"]
        for section in left:
            if section.codes:
                lines += ["", f"#### {section.title}"] if section.title else []
                lines += ["", *_HEAD, *(_line(codes.CODES[code]) for code in section.codes)]
    return "\n".join([*lines[0 if shown else 1 :], ""]) if lines else ""


def _line(entry: codes.Code) -> str:
    name = f"`{entry.code}`" + (" (may be released)" if entry.releasable else "")
    return f"| {name} | {_cell(entry.message)} | {_cell(entry.remedy)} |"


def _status_line(listed: status_reasons.Listed) -> str:
    entry = codes.CODES[listed.code]
    state = listed.state.replace("_", " ")
    return f"| `{entry.code}` | {state} | {_cell(entry.message)} | {_cell(entry.remedy)} | {_cell(entry.source)} |"


def _cell(text: str) -> str:
    shown = re.sub(r"\{(\w+)\}", r"‹\1›", text).replace("{{", "{").replace("}}", "}")
    return shown.replace("|", "\\|").replace("<", "&lt;")


PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "reading-a-plan.md": plan_tables,
    DOCS / "still-in-cloud.md": status_tables,
}


def page(path: Path) -> str:
    """Return the page with its tables as they are now."""
    before, mark, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{path} has lost the marks of its tables")
    return f"{before}{BEGIN}\n\n{PAGES[path]()}\n{END}{after}"


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(path), encoding="utf-8")
    print(f"wrote the tables of {len(codes.CODES)} codes to {' and '.join(path.name for path in PAGES)}")
