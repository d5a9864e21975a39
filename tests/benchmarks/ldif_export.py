"""An LDIF as ``ldapsearch -LLL`` would write it, of any size, at hundreds of thousands of entries a second."""

from __future__ import annotations

import base64
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import large_directory

_BASE, _REALM = "OU=Large,DC=company,DC=example", "company.example"
# The first thousand of the population hold mistakes that stand in the way of nothing but speed: anchors given twice.
_FIRST, _SHAPES = 1000, 2000
_SAFE = re.compile(rb"(?![ :<])[\x01-\x09\x0b\x0c\x0e-\x7f]*(?<! )")
_WIDTH = 76
_ANCHORS = ("objectGUID", "mS-DS-ConsistencyGuid")
# What such an export shows besides; the same for all, which takes as long to read as anything.
_FURTHER = {
    "accountExpires": b"9223372036854775807",
    "title": "Sachbearbeiter für Größeres".encode(),
    "department": b"Purchasing",
    "company": b"Company Example Ltd",
    "telephoneNumber": b"+49 30 1234567",
    "streetAddress": "Große Straße 1".encode(),
    "postalCode": b"10115",
    "l": b"Berlin",
    "co": b"Germany",
}


def write_export(path: Path, count: int) -> None:
    """Write ``count`` entries; each has anchors of its own."""
    draw = random.Random(7)  # noqa: S311 - made-up values, the same ones every time
    shapes = itertools.cycle(list(_shapes()))
    with open(path, "wb", 1 << 20) as file:
        for number in range(count):
            shape, anchors = next(shapes)
            name = b"user%08d" % number
            values = [base64.b64encode(draw.randbytes(16)) for _anchor in range(anchors)]
            file.write(shape.replace(b"user00000000", name) % tuple(values))


def _shapes() -> Iterator[tuple[bytes, int]]:
    """Yield entries with a place for each anchor, and the number of those."""
    population = large_directory.users(_FIRST + _SHAPES, _BASE, _REALM)
    people = (person for person in population if b"organizationalUnit" not in person[1]["objectClass"])
    for number, (dn, attributes) in enumerate(itertools.islice(people, _FIRST, None), _FIRST + 1):
        classes = [b"top", b"person", b"organizationalPerson", b"user"]
        if attributes["objectClass"] == [b"inetOrgPerson"]:
            classes.append(b"inetOrgPerson")
        shown = {**attributes, "objectClass": classes, **{name: [value] for name, value in _FURTHER.items()}}
        shown |= {"objectSid": [b"\1\5" + bytes(5) + b"\5" + bytes(range(20))], "manager": [dn.encode()]}
        anchors = [name for name in _ANCHORS if shown.pop(name, None)]
        lines = [_line("dn", dn.encode())]
        lines += [_line(name, value) for name, values in shown.items() for value in values]
        text = b"".join(lines).replace(b"%", b"%%").replace(b"user%05d" % number, b"user00000000")
        yield text + b"".join(b"%s:: %%s\n" % name.encode() for name in anchors) + b"\n", len(anchors)


def _line(name: str, value: bytes) -> bytes:
    safe = _SAFE.fullmatch(value)
    line = b"%s%s %s" % (name.encode(), b":" if safe else b"::", value if safe else base64.b64encode(value))
    first, rest = line[:_WIDTH], line[_WIDTH:]
    folded = [rest[at : at + _WIDTH - 1] for at in range(0, len(rest), _WIDTH - 1)]
    return b"\n ".join([first, *folded]) + b"\n"
