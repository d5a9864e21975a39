# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""One place that hands out access tokens, renews them, and knows how long they last."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.retry import Backoff
from ansible_collections.hybrid.identity.plugins.module_utils._graph.sign_in_errors import SignInError
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import TransportError

# Renewed this long before the end, so that no request carries a token that dies on the way.
_RENEW_BEFORE = 300.0


class Token(NamedTuple):
    """An access token. ``expires_at``: epoch seconds, ``None`` if it cannot be told."""

    text: str
    expires_at: float | None


class TokenProvider:
    """The current access token, for all workers.

    :param method: how it signs in: ``access_token, certificate, client_secret, federated_token_file, github,
        azure_devops, managed_identity, token_cache``.
    :param acquire: signs in; told ``True`` when a token was refused and no cached one will do.
    :param renewable: whether ``acquire`` can bring a new token later.
    :param patience: tells for how many seconds passing faults of the login service are waited out.
    :param now: epoch seconds. :param clock: monotonic seconds. :param sleep: waits.
    """

    def __init__(
        self,
        method: str,
        acquire: Callable[[bool], Token],
        *,
        renewable: bool = True,
        patience: Callable[[], float] = lambda: 0.0,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.method = method
        self.renewable = renewable
        self._acquire = acquire
        self._patience = patience
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._current: Token | None = None
        self._renew_at = float("inf")

    def token(self) -> str:
        """Return a token that is good for the next request.

        :raises SignInError: when none can be had.
        """
        with self._lock:
            if self._current is None or (self.renewable and self._now() >= self._renew_at):
                return self._renew(False)
            if not self.renewable and self.expires_at is not None and self.expires_at <= self._now():
                raise SignInError("The access token has expired and cannot be renewed. Give a fresh one.")
            return self._current.text

    def renew(self, refused: str) -> str:
        """Return another token than ``refused``, which the service answered with 401.

        Workers whose token was refused at the same time share one renewal.

        :raises SignInError: when none can be had.
        """
        with self._lock:
            if self._current is not None and self._current.text != refused:
                return self._current.text
            if not self.renewable:
                raise SignInError(
                    "Microsoft Graph refused the access token (401), and it cannot be renewed. Check that it was "
                    "issued for this cloud's Graph, and give a fresh one."
                )
            return self._renew(True)

    @property
    def expires_at(self) -> float | None:
        """Epoch seconds at which the current token ends; ``None`` if unknown."""
        return self._current.expires_at if self._current else None

    def ensure_lifetime(self, seconds: float) -> None:
        """Refuse to begin a job of ``seconds`` with a token that ends earlier and cannot be renewed.

        A token whose end cannot be read passes: that it is too short is not known.
        """
        left = self.lifetime()
        if self.expires_at is not None and left < seconds:
            end = datetime.fromtimestamp(self.expires_at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            raise Failure(
                f"The access token ends at {end}, in {max(0, int(left))} seconds; this job may take "
                f"{int(seconds)} seconds, and the token cannot be renewed. Nothing was changed. Give a fresh token, "
                "make the job smaller, or sign in with a certificate, secret, federation or device login."
            )

    def lifetime(self) -> float:
        """Return for how many seconds there will be tokens: without end where they can be renewed, or none is known."""
        self.token()
        return float("inf") if self.renewable or self.expires_at is None else self.expires_at - self._now()

    def claims(self) -> dict[str, Any] | None:
        """Return the current token's claims, for information only; ``None`` if it is not readable."""
        return read_claims(self.token())

    def _renew(self, force: bool) -> str:
        """Sign in. The lock is held: other workers would only ask for the same."""
        began = self._now()
        backoff = Backoff(self._patience, self._clock)
        while True:
            try:
                self._current = self._acquire(force)
                break
            except TransportError as exc:
                wait = backoff.next_wait(exc.retry_after) if exc.retryable else None
                if wait is None:
                    raise
                self._sleep(wait)
        if self._current.expires_at is not None:
            lifetime = self._current.expires_at - began
            self._renew_at = self._current.expires_at - min(_RENEW_BEFORE, lifetime / 10)
        return self._current.text


def read_claims(token: str) -> dict[str, Any] | None:
    """Decode a JWT's claims without any check; ``None`` if the token is opaque."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
