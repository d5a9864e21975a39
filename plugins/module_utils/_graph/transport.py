# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""HTTPS as the collection does it: certificates verified with each request, one proxy rule, errors as sentences."""

from __future__ import annotations

import ipaddress
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Callable
from urllib.parse import urlsplit

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import Options
from ansible_collections.hybrid.identity.plugins.module_utils._requirements import requests, require

_FIRST_PATIENCE = 10.0


class TransportError(Failure):
    """A request that got no usable answer.

    :ivar retryable: trying again may help.
    :ivar sent: the request may have reached the service.
    :ivar retry_after: seconds the service asked for, if it did.
    :ivar slow: it was sent, and the answer did not come in time.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        sent: bool = True,
        retry_after: float | None = None,
        slow: bool = False,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.sent = sent
        self.retry_after = retry_after
        self.slow = slow


class Http:
    """One session, and so one pool of connections, for all workers of a client.

    Threads come and go with each call of ``batch``, and sessions of their own would begin with a handshake each time.
    What they would share besides the pool is set here once, or switched off: cookies, redirects, ``auth``.
    """

    def __init__(self, options: Options) -> None:
        require("requests", feature="talking to Microsoft Graph")
        self._session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=options.max_workers)
        self._session.mount("https://", adapter)
        # Cookies would be shared between workers, and nothing here needs one.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._verify: str | bool = options.ca_cert or True
        self._proxy = options.proxy
        self._timeout = options.timeout
        self._answered: set[str] = set()
        self._lock = threading.Lock()

    def request(self, method: str, url: str, *, token: str | None = None, **arguments: Any) -> Any:
        """Send one request and return the ``requests.Response``, whatever its status; redirects are not followed.

        :param token: bearer token; it is the caller's duty to send it to its own host only.
        :param arguments: ``headers``, ``params``, ``data`` or ``json`` as in ``requests``.
        :raises TransportError: when there was no answer.
        """
        try:
            response = self._session.request(
                method,
                url,
                auth=_authorization(token),
                # With each request: in a session's own attribute it would be overruled by REQUESTS_CA_BUNDLE.
                verify=self._verify,
                proxies=self._proxies(url),
                timeout=self._timeout,
                allow_redirects=False,
                **arguments,
            )
        except requests.exceptions.RequestException as exc:
            raise self._transport_error(method, url, exc) from None
        with self._lock:
            self._answered.add(_host(url))
        return response

    def patience(self, url: str, retry_time: float) -> float:
        """Return for how many seconds failures of this host are worth waiting out.

        Until it has answered once, the address is more likely wrong than the service in trouble.
        """
        with self._lock:
            return retry_time if _host(url) in self._answered else min(retry_time, _FIRST_PATIENCE)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _proxies(self, url: str) -> dict[str, str | None] | None:
        if self._proxy:
            return {"http": self._proxy, "https": self._proxy}
        if is_loopback(url):
            return {"http": None, "https": None, "all": None}  # beats a proxy of the environment
        return None

    def _transport_error(self, method: str, url: str, exc: Exception) -> TransportError:
        errors = requests.exceptions
        what = f"{method} {_host(url)}{urlsplit(url).path}"
        # Only the innermost reason is shown: it holds neither the URL's query nor a proxy's password.
        reason = _innermost(exc)
        if isinstance(exc, errors.ProxyError):
            return TransportError(
                f"{what} did not get through the proxy: {reason}. Check the option proxy, or HTTPS_PROXY and NO_PROXY "
                "in the environment.",
                retryable=True,
                sent=False,
            )
        if isinstance(exc, errors.SSLError):
            untrusted = (
                "certificate" in type(reason).__name__.lower() or getattr(reason, "verify_code", None) is not None
            )
            return TransportError(
                f"{what}: the server's certificate was not accepted: {reason}. If a private authority signed it, give "
                "that authority's certificate with the option ca_cert (environment: HYBRID_IDENTITY_CA_CERT)."
                if untrusted
                else f"{what}: no secure connection: {reason}.",
                retryable=not untrusted,
                sent=not untrusted,
            )
        if isinstance(exc, errors.Timeout):
            return TransportError(
                f"{what} was not answered within {self._timeout} seconds (option timeout).",
                retryable=True,
                sent=not isinstance(exc, errors.ConnectTimeout),
                slow=not isinstance(exc, errors.ConnectTimeout),
            )
        if isinstance(exc, (errors.ConnectionError, errors.ChunkedEncodingError, errors.ContentDecodingError)):
            never_connected = "NewConnectionError" in _chain(exc) or "NameResolutionError" in _chain(exc)
            return TransportError(
                f"{what}: no connection: {reason}. Check the endpoint, the name service and the network.",
                retryable=True,
                sent=not never_connected,
            )
        return TransportError(f"{what} could not be sent: {type(exc).__name__}: {reason}.", retryable=False, sent=False)


def _authorization(token: str | None) -> Callable[[Any], Any]:
    """Set the header, or see to it that none is set: without an ``auth`` requests would look into ``~/.netrc``."""

    def authorize(prepared: Any) -> Any:
        if token is not None:
            prepared.headers["Authorization"] = f"Bearer {token}"
        return prepared

    return authorize


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def is_loopback(url: str) -> bool:
    """Tell whether a URL is of this machine: ``localhost``, ``127.0.0.1``, ``[::1]``."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _causes(exc: BaseException) -> list[BaseException]:
    """Return the exceptions wrapped in one another by requests and urllib3, outermost first."""
    causes = [exc]
    while True:
        last = causes[-1]
        inside = [getattr(last, "reason", None), *last.args, last.__cause__, last.__context__]
        inner = next((item for item in inside if isinstance(item, BaseException) and item not in causes), None)
        if inner is None:
            return causes
        causes.append(inner)


def _innermost(exc: BaseException) -> BaseException:
    return _causes(exc)[-1]


def _chain(exc: BaseException) -> set[str]:
    return {type(cause).__name__ for cause in _causes(exc)}
