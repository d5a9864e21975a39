# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into a Graph handler and what comes out: the same for a plain request and for an item of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for."""

    client_id: str
    permissions: frozenset[str]
    directory_roles: frozenset[str]
    user_id: Optional[str] = None

    @property
    def delegated(self) -> bool:
        """Whether a person signed in."""
        return self.user_id is not None


@dataclass
class GraphRequest:
    """A request after sign-in; ``path`` is relative to the version, header names are lower-case.

    ``typed`` is false for a body that does not say it is JSON.
    """

    method: str
    version: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    caller: Caller
    root: str
    typed: bool = True
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def advanced(self) -> bool:
        """Whether the header that asks for advanced queries is there."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"


@dataclass
class Reply:
    """An answer; a body of None is no body at all."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
