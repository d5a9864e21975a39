# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on order: the answers of a bad day, given to the requests that a rehearsal names."""

from __future__ import annotations

import re
from typing import Any, Optional

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "method": str,
    "path": str,
    "client": str,
    "skip": int,
    "times": int,
    "status": int,
    "code": str,
    "message": str,
    "headers": dict,
    "when": str,
    "drop": bool,
    "delaySeconds": (int, float),
}


class FaultError(ValueError):
    """An order for a fault that makes no sense."""


class Fault:
    """One order: which requests (method, path as a regular expression, client), how many, and what they get.

    ``skip`` lets so many of them pass first, ``times`` says how many are hit then.

    ``when: before`` refuses without doing anything; ``when: after`` does the work and then spoils the answer, which is
    how a write comes to be unconfirmed. ``drop`` cuts the connection (not for items of a batch).
    """

    def __init__(self, order: dict[str, Any]) -> None:
        for name, value in order.items():
            if name not in _FIELDS:
                raise FaultError(f"A fault has no field {name!r}; it has {', '.join(sorted(_FIELDS))}.")
            if not isinstance(value, _FIELDS[name]):
                raise FaultError(f"Field {name!r} of a fault cannot be {value!r}.")
        if order.get("when", "before") not in ("before", "after"):
            raise FaultError("Field 'when' of a fault is 'before' or 'after'.")
        if not ("status" in order or "drop" in order or "delaySeconds" in order):
            raise FaultError("A fault needs 'status', 'drop' or 'delaySeconds'.")
        self.order = order
        self._path = re.compile(order.get("path", ""))
        self._skip = int(order.get("skip", 0))
        self.left = int(order.get("times", 1))

    def hits(self, method: str, path: str, client: Optional[str], version: str) -> bool:
        """Whether this request is meant; counts it when it is."""
        # As handlers see it (users/…) or as the log of requests shows it (/v1.0/users/…).
        if self.left <= 0 or not (self._path.search(path) or self._path.search(f"/{version}/{path}")):
            return False
        if self.order.get("method", method) != method or self.order.get("client", client) != client:
            return False
        if self._skip:
            self._skip -= 1
            return False
        self.left -= 1
        return True

    @property
    def after(self) -> bool:
        """Whether the work is done before the answer is spoilt."""
        return bool(self.order.get("when") == "after")


class Faults:
    """All orders, in the order in which they came."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def add(self, order: dict[str, Any]) -> None:
        """
        :raises FaultError: when the order makes no sense.
        """
        try:
            self._orders.append(Fault(order))
        except re.error as error:
            raise FaultError(f"Field 'path' of a fault is no regular expression: {error}.") from None

    def clear(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    def find(self, method: str, path: str, client: Optional[str], version: str) -> Optional[Fault]:
        """The fault for this request, if one was ordered."""
        found = next((fault for fault in self._orders if fault.hits(method, path, client, version)), None)
        self._orders = [fault for fault in self._orders if fault.left > 0]
        return found

    def as_list(self) -> list[dict[str, Any]]:
        """The orders still open."""
        return [{**fault.order, "times": fault.left} for fault in self._orders]
