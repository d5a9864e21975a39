"""People of any number, as an export of AD and as the users of a tenant."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

DOMAIN = "large.example"


def name(number: int) -> str:
    """Return the user principal name of a person."""
    return f"user{number:07}@{DOMAIN}"


def _guid(number: int) -> uuid.UUID:
    return uuid.UUID(int=number, version=4)


def anchor(number: int) -> str:
    """Return a person's ImmutableId."""
    return base64.b64encode(_guid(number).bytes_le).decode()


def write_export(path: Path, count: int) -> None:
    """Write people as ``ldapsearch`` shows them, in the order of their numbers."""
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            account = f"user{number:07}"
            file.write(
                f"dn: CN={account},OU=Large,DC=large,DC=example\nobjectClass: top\nobjectClass: person\n"
                f"objectClass: organizationalPerson\nobjectClass: user\nsAMAccountName: {account}\n"
                f"userPrincipalName: {account}@{DOMAIN}\nmail: {account}@{DOMAIN}\nuserAccountControl: 512\n"
                f"proxyAddresses: SMTP:{account}@{DOMAIN}\ndisplayName: Person {number}\n"
                f"objectGUID:: {anchor(number)}\n\n"
            )


def write_seed(path: Path, head: Mapping[str, Any], people: Iterable[Mapping[str, Any]]) -> None:
    """Write a tenant user by user: a million of them would take gigabytes here beside those of the tenant.

    :param head: the seed without its users.
    """
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "users": [')
        for number, user in enumerate(people):
            file.write((",\n" if number else "") + json.dumps(user))
        file.write("]}\n")


def users(count: int, tied_from: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the users of a tenant; those from ``tied_from`` on have their anchor and are synchronized already."""
    for number in range(count):
        tied = tied_from is not None and number >= tied_from
        yield {
            "id": str(uuid.UUID(int=number + 1)),
            "userPrincipalName": name(number),
            "mail": name(number),
            "displayName": f"Person {number}",
            "accountEnabled": True,
            "proxyAddresses": [f"SMTP:{name(number)}"],
            "onPremisesImmutableId": anchor(number) if tied else None,
            "onPremisesSyncEnabled": True if tied else None,
        }
