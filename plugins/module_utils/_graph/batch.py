# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Many requests in few calls: ``$batch``. A batch saves round trips, not quota."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.errors import GraphError, error_from_response
from ansible_collections.hybrid.identity.plugins.module_utils._graph.retry import (
    PASSING_STATUSES,
    is_repeatable,
    retry_after_seconds,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid.identity.plugins.module_utils._graph.client import GraphClient


class BatchRequest(NamedTuple):
    """One request of many.

    :ivar path: below the version, with a leading slash and its query.
    :ivar headers: for example ``ConsistencyLevel``, which a batch itself cannot carry.
    :ivar key: comes back with the answer.
    :ivar repeatable: see :meth:`GraphClient.request`.
    """

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] | None = None
    key: Hashable = None
    repeatable: bool | None = None


class BatchResponse(NamedTuple):
    """The answer to one request: either ``error`` is ``None``, or it says why not."""

    key: Hashable
    status: int | None
    body: Any
    error: GraphError | None


class SlowBatch(GraphError):
    """A batch that was not answered in time; smaller ones may be."""


def run_batches(client: GraphClient, requests: Iterable[BatchRequest], version: str) -> Iterator[BatchResponse]:
    """See :meth:`GraphClient.batch`."""
    workers = client.options.max_workers
    run = _Run(client, version)
    waiting: deque[Future[list[BatchResponse]]] = deque()
    interruption: Exception | None = None
    iterator = iter(requests)
    executor = ThreadPoolExecutor(max_workers=workers)
    try:
        while True:
            try:
                chunk = list(itertools.islice(iterator, client.batch_size))
            except Exception as exc:  # pylint: disable=broad-except
                # What has left is reported before the input's error is raised again.
                interruption = exc
                break
            if not chunk:
                break
            waiting.append(executor.submit(run.send, chunk))
            while waiting and (waiting[0].done() or len(waiting) >= 2 * workers):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
        if interruption is not None:
            raise interruption
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


class _Run:
    """One call of :meth:`GraphClient.batch`: what its workers share."""

    def __init__(self, client: GraphClient, version: str) -> None:
        self._client = client
        self._version = version
        self._lock = threading.Lock()
        self._out_of_reach: str | None = None

    def send(self, chunk: list[BatchRequest]) -> list[BatchResponse]:
        """Send one batch until each of its requests has an answer. Never raises for what the service does."""
        client = self._client
        backoff = client.backoff()
        answers: dict[int, BatchResponse] = {}
        pending = dict(enumerate(chunk))
        renewed = False
        most = len(chunk)
        while pending:
            if self._out_of_reach is not None:
                self._fail(answers, pending, self._not_sent())
                break
            part = dict(itertools.islice(pending.items(), min(most, client.batch_size)))
            rest = {number: request for number, request in pending.items() if number not in part}
            try:
                answer = client.exchange(
                    "POST",
                    f"{client.options.graph_endpoint}/{self._version}/$batch",
                    f"POST /$batch with {len(part)} requests",
                    json={"requests": [_item(number, request) for number, request in part.items()]},
                    items=len(part),
                    writes=sum(request.method.upper() != "GET" for request in part.values()),
                    repeatable=all(is_repeatable(request.method, request.repeatable) for request in part.values()),
                )
            except SlowBatch as exc:
                self._fail(answers, part, exc)
                most = max(1, len(part) // 2)  # whatever others fare with
                continue
            except GraphError as exc:
                if exc.is_of_the_service and exc.code != "not_sent":
                    self._give_up(exc)
                self._fail(answers, part, exc)
                pending = rest
                continue
            except Failure as exc:  # no token any more
                self._give_up(exc)
                self._fail(answers, part, GraphError(exc.message, code="not_sent"))
                pending = rest
                continue
            again = _Again()
            results = _by_number(answer.body)
            for number, request in part.items():
                answers[number] = _read(request, results.get(number), again, number, renewed)
                client.note_limits(results[number][1] if number in results else {})
            pending = {**{number: part[number] for number in again.numbers}, **rest}
            if again.strained:
                client.load.strained(answer.started)
            if again.refused_token and not renewed:
                renewed = True
                try:
                    client.renew_token(answer.token)
                except Failure as exc:
                    self._give_up(exc)
                    pending = rest  # the answers of the others say 401
                    continue
            if again.wait:
                wait = backoff.next_wait(again.retry_after)
                if wait is None:
                    pending = rest  # the answers of the others say why
                    continue
                client.hold_back(wait, answer.started, everybody=again.throttled)
        return [answers[number] for number in range(len(chunk))]

    def _give_up(self, error: Failure) -> None:
        with self._lock:
            self._out_of_reach = self._out_of_reach or error.message

    def _not_sent(self) -> GraphError:
        return GraphError(
            f"Not sent, because an earlier request showed that the service is out of reach: {self._out_of_reach}",
            code="not_sent",
        )

    @staticmethod
    def _fail(answers: dict[int, BatchResponse], part: Mapping[int, BatchRequest], error: GraphError) -> None:
        """Answer requests with an error, unless they were sent before and may have been carried out."""
        for number, request in part.items():
            earlier = answers[number].error if number in answers else None
            if earlier is None or not earlier.uncertain:
                answers[number] = BatchResponse(request.key, error.status, None, error)


class _Again:
    """Which requests of a batch are to be sent again, and when."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.refused_token = False
        self.throttled = False
        self.strained = False
        self.wait = False
        self.retry_after: float | None = None

    def later(self, number: int, retry_after: float | None, status: int | None) -> None:
        """Note one; the longest wait counts for all."""
        self.numbers.append(number)
        self.wait = True
        self.strained = self.strained or status is not None
        self.throttled = self.throttled or status == 429
        if retry_after is not None:
            self.retry_after = max(retry_after, self.retry_after or 0.0)

    def with_new_token(self, number: int) -> None:
        """Note one whose token was refused."""
        self.numbers.append(number)
        self.refused_token = True


def _read(request: BatchRequest, result: Any, again: _Again, number: int, renewed: bool) -> BatchResponse:
    """Read one answer. It stands, unless ``again`` is told to send the request once more."""
    what = f"{request.method.upper()} {request.path.split('?')[0]}"
    if result is None:
        if is_repeatable(request.method, request.repeatable):
            again.later(number, None, None)
        error = GraphError(
            f"{what}: the batch was answered without this request.", code="missing_response", uncertain=True
        )
        return BatchResponse(request.key, None, None, error)
    status, headers, body = result
    if 200 <= status < 300:
        return BatchResponse(request.key, status, body, None)
    if status == 401 and not renewed:
        again.with_new_token(number)
    elif status in (424, 429) or (status in PASSING_STATUSES and is_repeatable(request.method, request.repeatable)):
        # 424: a request of ours depends on no other, so this one was throttled together with its batch.
        again.later(number, retry_after_seconds(headers, time.time()), status)
    return BatchResponse(request.key, status, body, error_from_response(what, status, headers, body))


def _item(number: int, request: BatchRequest) -> dict[str, Any]:
    item: dict[str, Any] = {"id": str(number), "method": request.method.upper(), "url": request.path}
    headers = dict(request.headers or {})
    if request.body is not None:
        headers.setdefault("Content-Type", "application/json")
        item["body"] = request.body
    if headers:
        item["headers"] = headers
    return item


def _by_number(body: Any) -> dict[int, tuple[int, dict[str, str], Any]]:
    """Return (status, headers, body) by the number given as id; the order of a batch's answers means nothing."""
    responses = body.get("responses") if isinstance(body, dict) else None
    found = {}
    for response in responses if isinstance(responses, list) else []:
        if not isinstance(response, dict):
            continue
        try:
            number, status = int(response["id"]), int(response["status"])
        except (KeyError, TypeError, ValueError):
            continue
        headers = response.get("headers")
        found[number] = (status, headers if isinstance(headers, dict) else {}, response.get("body"))
    return found
