"""Which reasons a diagnosis can give, in the order in which it lists them: read from its tables of checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from inspect import getclosurevars
from types import CodeType, FunctionType
from typing import NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._hard_match import diagnosis
from ansible_collections.hybrid.identity.plugins.module_utils._hard_match.codes import CODES

_OURS = diagnosis.__name__.rpartition(".")[0]


class Listed(NamedTuple):
    """A code, and the state of a user for whom it is decisive, if it can be."""

    code: str
    state: str


def in_the_way() -> list[Listed]:
    """Return what may be said of a user whom the sync has not taken, the decisive first."""
    found = _listed(diagnosis.IN_THE_WAY)
    causes = [one for one in found if one.code not in diagnosis._NOTES]
    notes = [Listed(one.code, "said besides") for one in found if one not in causes]
    return [*causes, Listed("awaiting_sync", "pending"), *notes]


def proof() -> list[Listed]:
    """Return what may be said of a user who is synced, and not as expected."""
    return _listed(diagnosis.PROOF)


def nobody() -> list[Listed]:
    """Return what may be said where there is no such user, or none who could be read."""
    gone = [Listed(code, "not_found") for code in codes_of(diagnosis._gone) if code not in codes_of(diagnosis.held_by)]
    return [*gone, *(Listed(code, "unknown") for code in codes_of(diagnosis.unreadable))]


def reasons_of_a_status() -> list[str]:
    """Return all codes, each once."""
    return list(dict.fromkeys(one.code for one in (*in_the_way(), *proof(), *nobody())))


def _listed(table: tuple[diagnosis.Check, ...]) -> list[Listed]:
    """Return the codes of a table: causes where they stand first, what is only said besides where it stands last."""
    found: dict[str, Listed] = {}
    for check in table:
        for code in codes_of(check.find, {id(other.find) for other in table} - {id(check.find)}):
            if code in diagnosis._NOTES:
                found.pop(code, None)
            found.setdefault(code, Listed(code, check.state))
    return list(found.values())


def codes_of(function: object, others: Collection[int] = ()) -> list[str]:
    """Return the codes that a function names, or one of ours that it calls, or that it was made of.

    :param others: ids of functions that are looked at by themselves.
    """
    return list(dict.fromkeys(_codes(function, set(others))))


def _codes(function: object, seen: set[int]) -> Iterator[str]:
    if not isinstance(function, FunctionType) or id(function) in seen or not function.__module__.startswith(_OURS):
        return
    seen.add(id(function))
    yield from (text for text in _texts(function.__code__) if text in CODES)
    names = getclosurevars(function)
    for other in (*names.nonlocals.values(), *names.globals.values()):
        if isinstance(other, dict):
            yield from (code for code in other.values() if code in CODES)
        yield from _codes(other, seen)


def _texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _texts(constant)
