# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Microsoft Graph for the rest of the collection: one client per tenant, and the only sender of requests."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple
from urllib.parse import quote, urlsplit

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import Options, read_options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.auth import token_provider
from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import (
    BatchRequest,
    BatchResponse,
    SlowBatch,
    run_batches,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, error_from_response
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import QUOTA_WINDOW, Limiter
from ansible_collections.hybrid.identity.plugins.module_utils._graph.load import Load
from ansible_collections.hybrid.identity.plugins.module_utils._graph.pace import Pace
from ansible_collections.hybrid.identity.plugins.module_utils._graph.retry import (
    PASSING_STATUSES,
    Backoff,
    http_date,
    is_repeatable,
    retry_after_seconds,
    used_share,
)
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import TokenProvider
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http, TransportError
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS

_GATEWAY_TIMEOUT = 504
# Graph's quota for reading logs, per app and tenant. Source: Microsoft Graph, "Service-specific throttling limits".
_LOG_LIMIT, _LOG_WINDOW = 5, 10.0
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Answer(NamedTuple):
    """A good answer. ``body`` is decoded JSON or ``None``; ``token`` and ``started`` tell how the request went out."""

    status: int
    body: Any
    token: str
    started: float


class GraphClient:
    """A signed-in client. Use it as a context manager; its methods may be called from several threads.

    Get one from :func:`connect`.
    """

    def __init__(
        self,
        options: Options,
        http: Http,
        tokens: TokenProvider,
        limiter: Limiter,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.options = options
        self.limiter = limiter
        self.load = Load(options.max_workers, options.batch_size, clock)
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._sleep = sleep or limiter.sleep
        self._jitter = jitter
        self._log_pace = Pace(_LOG_LIMIT, _LOG_WINDOW, clock, limiter.wait)
        self._lock = threading.Lock()
        self._requests = 0
        self._writes = 0
        self._service_time: float | None = None
        self._tenant_id: str | None = None

    def __enter__(self) -> GraphClient:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def stop(self) -> None:
        """Send nothing more; what is under way is still answered. A signal handler may call this."""
        self.limiter.stop()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    # What a run reports and asks about its sign-in

    @property
    def sign_in_method(self) -> str:
        """How the client signed in; the names are those of :class:`TokenProvider`."""
        return self._tokens.method

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID in lower case: as the token says, else as given, else as the tenant itself says."""
        if self._tenant_id is None:
            claimed = (self._tokens.claims() or {}).get("tid")
            given = self.options.tenant_id
            if isinstance(claimed, str) and _GUID.fullmatch(claimed):
                self._tenant_id = claimed.lower()
            elif given and _GUID.fullmatch(given):
                self._tenant_id = given.lower()
            else:
                organizations = self.get("/organization", {"$select": "id"}).get("value") or [{}]
                self._tenant_id = str(organizations[0].get("id") or given or "").lower()
        return self._tenant_id

    @property
    def app_id(self) -> str:
        """The app that signs in, in lower case: as the token says, else as given; empty if neither does."""
        claims = self._tokens.claims() or {}
        return str(claims.get("appid") or claims.get("azp") or self.options.client_id or "").lower()

    def permissions(self) -> set[str] | None:
        """Return the permissions in the token: app roles, or a person's scopes; ``None`` if it is not readable."""
        claims = self._tokens.claims()
        if claims is None:
            return None
        return {*(claims.get("roles") or []), *str(claims.get("scp") or "").split()}

    def ensure_lifetime(self, seconds: float) -> None:
        """Refuse a job of ``seconds`` that the token will not survive; see :class:`TokenProvider`."""
        self._tokens.ensure_lifetime(seconds)

    def lifetime(self) -> float:
        """Return for how many seconds requests can be sent; see :class:`TokenProvider`."""
        return self._tokens.lifetime()

    @property
    def token_renewable(self) -> bool:
        """Whether a new token can be had when this one ends."""
        return self._tokens.renewable

    @property
    def writes_per_second(self) -> float:
        """The pace that the write quota allows in a long run."""
        return self.limiter.capacity / QUOTA_WINDOW

    def stats(self) -> dict[str, Any]:
        """Return ``requests`` (HTTP requests sent to Graph; a batch is one), ``writes`` (write requests sent, each
        item of a batch counted, repetitions too) and ``throttled_seconds`` (held back by the service or the quota)."""
        with self._lock:
            return {
                "requests": self._requests,
                "writes": self._writes,
                "throttled_seconds": round(self.limiter.throttled_seconds, 1),
            }

    def service_time(self) -> float | None:
        """Return the service's own clock as of its newest answer: epoch seconds; ``None`` before the first."""
        return self._service_time

    # Requests

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        version: str = "v1.0",
    ) -> dict[str, Any]:
        """Return one JSON object.

        :param path: below the version, with a leading slash.
        :raises GraphError: when Graph refused or did not answer.
        """
        return self.request("GET", path, params=params, headers=headers, version=version) or {}

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        version: str = "v1.0",
        repeatable: bool | None = None,
    ) -> dict[str, Any] | None:
        """Send one request; return the JSON object it was answered with, if any.

        :param repeatable: whether it may be sent again although the first may have been carried out. By default all
            but POST.
        :raises GraphError: when Graph refused or did not answer.
        """
        method = method.upper()
        answer = self.exchange(
            method,
            self._url(path, params, version),
            f"{method} {path}",
            json=json,
            headers=headers,
            writes=0 if method == "GET" else 1,
            repeatable=is_repeatable(method, repeatable),
        )
        return answer.body if isinstance(answer.body, dict) else None

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        version: str = "v1.0",
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of a collection, page after page; the headers go with each page.

        :raises GraphError: as in :meth:`get`.
        :raises Failure: when the next page lies on another host, or has been read already.
        """
        for body in self._bodies(path, self._url(path, params, version), headers):
            yield from body["value"]

    def log_pages(self, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the items of a log as :meth:`pages` does, no faster than the quota of logs; in one thread at a time."""
        for body in self._bodies(path, self._url(path, params, "v1.0"), None, self._log_pace.turn):
            yield from body["value"]

    def delta(
        self, path: str, link: str | None, params: Mapping[str, Any], take: Callable[[dict[str, Any]], None]
    ) -> str:
        """Hand ``take`` what changed in a collection since ``link`` was given; return the link for the next time.

        Of an object that changed there may be no more than its id and the properties that changed; of one that went,
        its id and ``@removed``. Changes may be told twice. Source: Microsoft Graph, "Use delta query to track changes".

        :param link: what this method returned the last time; ``None`` begins anew, with ``params``.
        :raises GraphError: as in :meth:`get`; a link that is too old is 400 or 410.
        :raises Failure: when a link leads to another host.
        """
        body: dict[str, Any] = {}
        for body in self._bodies(path, link or self._url(path, params, "v1.0"), {"Prefer": "return=minimal"}):
            for item in body["value"]:
                take(item)
        following = body.get("@odata.deltaLink")
        if not following:
            raise Failure(
                f"GET {path} was answered without a link to later changes. Is graph_endpoint Microsoft Graph?"
            )
        self._check_origin(path, following)
        return str(following)

    @property
    def batch_size(self) -> int:
        """How many requests the next batch may hold."""
        return min(self.load.batch_size, self.limiter.capacity)

    def batch(self, requests: Iterable[BatchRequest], version: str = "v1.0") -> Iterator[BatchResponse]:
        """Send many requests in ``$batch`` calls on several threads; yield their answers in the order of the input.

        ``requests`` is read by the calling thread, some batches ahead; no request leaves before it was read. Two
        requests for the same object may be carried out in either order. Nothing is raised for a request that fails:
        its answer carries the error. When the service is out of reach, the rest is answered with ``not_sent``.
        """
        return run_batches(self, requests, version)

    # For batch.py

    def exchange(
        self,
        method: str,
        url: str,
        what: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        items: int = 1,
        writes: int = 0,
        repeatable: bool = True,
    ) -> Answer:
        """Send one HTTP request until it is answered well, refused for good, or ``retry_time`` is over.

        :param url: complete, on the configured host.
        :param what: the request as an error calls it.
        :param items: how many requests it holds, if it is a batch; ``writes`` of them are writes.
        :raises SlowBatch: when there was no answer in time, and smaller batches are worth a try.
        """
        backoff = self.backoff()
        renewed = doubtful = False
        while True:
            retry_after = None
            slow = False
            try:
                with self.limiter.slot(writes), self.load.turn() as started:
                    # Not before: the wait for the turn may be longer than a token lasts.
                    token = self._tokens.token()
                    self._count(writes)
                    response = self._http.request(method, url, token=token, json=json, headers=headers)
            except TransportError as exc:
                error = GraphError(exc.message, code="transport", uncertain=exc.sent)
                passing = exc.retryable and (repeatable or not exc.sent)
                slow = exc.slow
                response = None
            except GraphError as exc:  # told to stop
                exc.uncertain = doubtful
                raise
            if response is not None:
                self._note_time(response.headers)
                self.note_limits(response.headers)
                status = response.status_code
                if 200 <= status < 300:
                    self.load.answered(items)
                    return Answer(status, _json(response), token, started)
                if status == 401 and not renewed:
                    renewed = True
                    self._tokens.renew(token)
                    continue
                retry_after = retry_after_seconds(response.headers, time.time())
                passing = status == 429 or (status in PASSING_STATUSES and repeatable)
                slow = status == _GATEWAY_TIMEOUT
                error = error_from_response(what, status, response.headers, _json(response))
            # An earlier attempt may have been carried out, whatever became of this one.
            doubtful = error.uncertain = error.uncertain or (doubtful and error.is_of_the_service)
            if passing:
                self.load.strained(started)
            if passing and slow and self.load.too_slow(items):
                raise SlowBatch(error.message, status=error.status, code=error.code, uncertain=error.uncertain)
            wait = backoff.next_wait(retry_after) if passing else None
            if wait is None:
                raise error
            self.hold_back(wait, started, everybody=error.status == 429 or retry_after is not None)

    def backoff(self) -> Backoff:
        """Return the waits for one call."""
        options = self.options
        return Backoff(
            lambda: self._http.patience(options.graph_endpoint, options.retry_time), self._clock, self._jitter
        )

    def hold_back(self, wait: float, started: float, *, everybody: bool) -> None:
        """Wait before a repetition; with ``everybody`` all other workers wait as well, at their next request."""
        if everybody:
            self.limiter.throttled(wait, started)
        else:
            self._sleep(wait)

    def note_limits(self, headers: Mapping[str, str]) -> None:
        """Learn from the headers of an answer, or of an item of a batch, how near a limit is."""
        share = used_share(headers)
        if share is not None:
            self.limiter.told(share)

    def renew_token(self, refused: str) -> None:
        """See to it that the next request carries another token."""
        self._tokens.renew(refused)

    def _url(self, path: str, params: Mapping[str, Any] | None, version: str) -> str:
        return f"{self.options.graph_endpoint}/{version}{with_query(path, params)}"

    def _bodies(
        self,
        path: str,
        url: str | None,
        headers: Mapping[str, str] | None,
        turn: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> Iterator[dict[str, Any]]:
        """Yield page after page of a collection."""
        seen: set[str] = set()
        while url:
            seen.add(url)
            with turn():
                body = self.exchange("GET", url, f"GET {path}", headers=headers).body
            if not isinstance(body, dict) or not isinstance(body.get("value"), list):
                raise Failure(f"GET {path} was answered without a list of values. Is graph_endpoint Microsoft Graph?")
            yield body
            url = body.get("@odata.nextLink")
            if url:
                self._check_origin(path, url)
            if url in seen:
                raise Failure(f"GET {path}: the service named a page it had already sent as the next one. Try again.")

    def _check_origin(self, path: str, url: str) -> None:
        if _origin(url) != _origin(self.options.graph_endpoint):
            raise Failure(
                f"GET {path}: the next page lies on another host, and the token is sent to "
                f"{self.options.graph_endpoint} only. Check graph_endpoint and cloud. It is: {url.split('?')[0]}"
            )

    def _count(self, writes: int) -> None:
        with self._lock:
            self._requests += 1
            self._writes += writes

    def _note_time(self, headers: Mapping[str, str]) -> None:
        date = http_date(headers.get("Date", ""))
        if date is not None:
            with self._lock:
                self._service_time = max(date, self._service_time or date)


def connect(params: Mapping[str, Any]) -> GraphClient:
    """Sign in with module parameters declared by ``ENTRA_ARGUMENTS``.

    :raises Failure: when an option is unusable, a library is missing, or the sign-in fails.
    """
    options = read_options(params)
    http = Http(options)
    tokens = token_provider(options, http)
    tokens.token()
    claimed = str((tokens.claims() or {}).get("tid") or "")
    given = options.tenant_id or ""
    if _GUID.fullmatch(claimed) and _GUID.fullmatch(given) and claimed.lower() != given.lower():
        raise Failure(
            f"The access token is for tenant {claimed}, but tenant_id is {given}. Nothing was read or changed. Give a "
            "token of the tenant you mean."
        )
    limiter = Limiter(options.write_quota)
    PROGRESS.throttled = lambda: limiter.throttled_seconds
    return GraphClient(options, http, tokens, limiter)


def with_query(path: str, params: Mapping[str, Any] | None = None) -> str:
    """Append a query; every value is percent-encoded, so that base64 (``+ / =``) survives."""
    if not params:
        return path
    pairs = (f"{name}={quote(str(value), safe=_QUERY_SAFE)}" for name, value in params.items())
    return f"{path}?{'&'.join(pairs)}"


def odata_text(value: str) -> str:
    """Return a string literal for ``$filter``."""
    return "'" + value.replace("'", "''") + "'"


_QUERY_SAFE = "$,()'"


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or 443
    except ValueError:  # no URL at all
        return None


def _json(response: Any) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None
