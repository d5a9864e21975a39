"""Write the tables of all codes into docs/reading-a-plan.md, from the one table of codes.

    make docs

``tests/unit/support/test_docs.py`` fails when the page is not what this program writes.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import codes

PAGE = Path(__file__).parents[2] / "docs/reading-a-plan.md"
BEGIN = "<!-- codes: written by make docs from plugins/module_utils/_hard_match/*_codes.py -->"
END = "<!-- end of codes -->"

# The files in the order in which a reader meets their codes, and what the chapter is called. A file that is not named
# here comes last, under the first sentence of its docstring.
CHAPTERS = {
    "match": "Who belongs to whom",
    "user": "Users, before and after the write",
    "status": "What keeps a user from being synced",
    "ad": "What AD itself and the audit log say",
    "sync_server": "What the server of Entra Connect Sync says",
    "other": "Groups, contacts and devices of the tenant",
    "obstacle": "Obstacles",
    "effect": "What the takeover does",
    "provision": "Users provisioned on demand",
    "review": "What a reviewer did",
    "object": "AD objects and their anchors",
    "group": "Groups, contacts and deleted objects of AD",
    "rollback": "Rolling back",
}
_HEAD = ("| Code | What is the matter | What to do |", "| --- | --- | --- |")


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


def chapters() -> list[tuple[str, str]]:
    """Return the title and the source of each file of codes, in the order of the page."""
    folder = Path(codes.__file__).parent
    sources = {path.name[: -len("_codes.py")]: path.read_text("utf-8") for path in sorted(folder.glob("*_codes.py"))}
    known = [(title, sources.pop(name)) for name, title in CHAPTERS.items() if name in sources]
    return known + [(_first_sentence(source), source) for source in sources.values()]


def _first_sentence(source: str) -> str:
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0].partition(". ")[0].rstrip(".")


def tables() -> str:
    """Return the tables of all codes, as Markdown."""
    lines: list[str] = []
    for title, source in chapters():
        lines += ["", f"### {title}"]
        for section in sections(source):
            lines += ["", f"#### {section.title}"] if section.title else []
            lines += ["", *_HEAD, *(_line(codes.CODES[code]) for code in section.codes)]
    return "\n".join([*lines[1:], ""])


def _line(entry: codes.Code) -> str:
    name = f"`{entry.code}`" + (" (may be released)" if entry.releasable else "")
    return f"| {name} | {_cell(entry.message)} | {_cell(entry.remedy)} |"


def _cell(text: str) -> str:
    shown = re.sub(r"\{(\w+)\}", r"‹\1›", text).replace("{{", "{").replace("}}", "}")
    return shown.replace("|", "\\|").replace("<", "&lt;")


def page(text: str) -> str:
    """Return the page with the tables as they are now."""
    before, mark, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{PAGE} has lost the marks of its tables")
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the tables of {len(codes.CODES)} codes to {PAGE}")
