# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Third-party libraries: the only place that imports them, and one exception that says what is missing where.

``from …_requirements import ldap3`` gives the module, or ``None`` where it is not installed; call :func:`require`
before the first use. Each is imported when it is first asked for: a module that reads files pays for no HTTP library.
"""

from __future__ import annotations

import contextlib
import re
import sys
from importlib import import_module, metadata
from typing import Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure


class _Requirement(NamedTuple):
    module: str
    bound: str
    least: tuple[int, ...]
    below: tuple[int, ...] | None


# Name on PyPI -> name of the module here, and its versions. ldap3 2.10 release candidates send escaped filters
# literally, so that a search matches nothing and says so to nobody.
_REQUIREMENTS = {
    "ldap3": _Requirement("ldap3", ">=2.9.1,<2.10", (2, 9, 1), (2, 10)),
    "msal": _Requirement("msal", ">=1.35", (1, 35), None),
    "requests": _Requirement("requests", ">=2.31", (2, 31), None),
    "gssapi": _Requirement("gssapi", ">=1.8", (1, 8), None),
    "dnspython": _Requirement("dns_resolver", ">=2.2", (2, 2), None),
}


_MODULES = {
    "ldap3": "ldap3",
    "msal": "msal",
    "requests": "requests",
    "gssapi": "gssapi",
    "dns_resolver": "dns.resolver",
}


class MissingRequirement(Failure):
    """A Python library is missing, or its version does not do, for the interpreter that runs this."""


def __getattr__(name: str) -> Any:
    """Import a library at its first use: a module, or ``None`` where it is not installed."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module: Any = None
    # OSError: gssapi is there, the system's Kerberos libraries are not.
    with contextlib.suppress(ImportError, OSError):
        module = import_module(_MODULES[name])
    globals()[name] = module
    return module


def require(*names: str, feature: str) -> None:
    """Refuse to go on without these libraries.

    :param names: names on PyPI: ``ldap3, msal, requests, gssapi, dnspython``.
    :param feature: what needs them, as it ends the sentence "… is needed for".
    :raises MissingRequirement: with the versions that do and the command that installs them.
    """
    problems = {name: problem for name in names for problem in [_problem(name)] if problem}
    if problems:
        packages = " ".join(f"'{name}{_REQUIREMENTS[name].bound}'" for name in problems)
        raise MissingRequirement(
            f"{', '.join(problems.values())}; needed for {feature}. The Python that runs this is {sys.executable}. "
            f"Install with: {sys.executable} -m pip install {packages}"
        )


def _problem(name: str) -> str | None:
    requirement = _REQUIREMENTS[name]
    if getattr(sys.modules[__name__], requirement.module) is None:
        return f"The Python library {name}{requirement.bound} is missing"
    version = _installed_version(name)
    if version is None:
        return None  # vendored by the system without metadata: its version cannot be told, so it is given a try
    numbers = _numbers(version)
    if numbers < requirement.least or (requirement.below is not None and numbers >= requirement.below):
        return f"The Python library {name} has version {version}, and {name}{requirement.bound} is required"
    return None


def _installed_version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release numbers of a version: "2.10.2rc2" is (2, 10, 2)."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()
