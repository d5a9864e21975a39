# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$batch: 200 hides failures, order means nothing, and inner errors are retried item by item."""

from __future__ import annotations

import itertools
import json
import random
import threading

import pytest
import requests
import responses
from graph_doubles import GRAPH

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.batch import BatchRequest
from ansible_collections.hybrid.identity.plugins.module_utils._graph.tokens import Token, TokenProvider

URL = f"{GRAPH}/v1.0/$batch"


class Batches:
    """A service that answers batches in any order; ``faults`` are what a path answers first."""

    def __init__(self, mock, faults=None, url=URL):
        self.batches = []
        self.faults = faults or {}
        self.tokens = []
        self._random = random.Random(1)  # noqa: S311 (the same order every time)
        self._lock = threading.Lock()
        mock.add_callback(responses.POST, url, self._answer)

    def _answer(self, request):
        items = json.loads(request.body)["requests"]
        with self._lock:
            self.batches.append(items)
            self.tokens.append(request.headers["Authorization"])
            answers = [answer for answer in map(self._item, items) if answer]
            self._random.shuffle(answers)
        return 200, {}, json.dumps({"responses": answers})

    def _item(self, item):
        waiting = self.faults.get(item["url"])
        fault = waiting.pop(0) if waiting else None
        if fault == "missing":
            return None
        if fault:
            status, headers = fault
            body = {"error": {"code": f"code{status}", "message": "m"}}
            return {"id": item["id"], "status": status, "headers": headers, "body": body}
        if item["method"] == "PATCH":
            return {"id": item["id"], "status": 204}
        return {"id": item["id"], "status": 200, "headers": {}, "body": {"url": item["url"]}}

    @property
    def sizes(self):
        return [len(batch) for batch in self.batches]


def gets(count):
    return [BatchRequest("GET", f"/users/{n}", key=n) for n in range(count)]


def patches(count):
    return [BatchRequest("PATCH", f"/users/{n}", {"onPremisesImmutableId": None}, key=n) for n in range(count)]


def test_answers_come_in_the_order_of_the_input(mock, make_client):
    service = Batches(mock)
    answers = list(make_client().batch(gets(45)))
    assert [(one.key, one.status, one.body["url"]) for one in answers] == [(n, 200, f"/users/{n}") for n in range(45)]
    assert service.sizes == [20, 20, 5]
    assert all(len({item["id"].lower() for item in batch}) == len(batch) for batch in service.batches)


def test_many_workers_keep_the_order_too(mock, make_client):
    Batches(mock)
    assert [one.key for one in make_client(max_workers=8, batch_size=3).batch(gets(200))] == list(range(200))


def test_an_item_as_graph_wants_it(mock, make_client):
    service = Batches(mock)
    request = BatchRequest("get", "/users?$count=true", headers={"ConsistencyLevel": "eventual"}, key="k")
    list(make_client().batch([request, *patches(1)]))
    assert service.batches[0] == [
        {"id": "0", "method": "GET", "url": "/users?$count=true", "headers": {"ConsistencyLevel": "eventual"}},
        {
            "id": "1",
            "method": "PATCH",
            "url": "/users/0",
            "headers": {"Content-Type": "application/json"},
            "body": {"onPremisesImmutableId": None},
        },
    ]


def test_nothing_to_send_sends_nothing(mock, make_client):
    service = Batches(mock)
    assert list(make_client().batch([])) == []
    assert service.batches == []


def test_the_beta_version(mock, make_client):
    service = Batches(mock, url=f"{GRAPH}/beta/$batch")
    list(make_client().batch(gets(1), version="beta"))
    assert service.sizes == [1]


def test_a_small_quota_makes_small_batches(mock, make_client):
    service = Batches(mock)
    list(make_client(write_quota=7).batch(patches(6)))
    assert service.sizes == [6]


def test_writes_are_counted_one_by_one(mock, make_client):
    Batches(mock)
    client = make_client()
    list(client.batch([*patches(30), *gets(5)]))
    assert client.stats() == {"requests": 2, "writes": 30, "throttled_seconds": 0}


def test_writes_keep_to_the_quota(mock, make_client, clock):
    Batches(mock)
    list(make_client(write_quota=100).batch(patches(200)))
    assert clock.now - 1000 >= 150


def test_throttled_items_are_sent_again_after_the_longest_wait(mock, make_client, clock):
    service = Batches(
        mock,
        {
            "/users/1": [(429, {"Retry-After": "3.5"})],
            "/users/4": [(429, {"retry-after": "12"})],
            "/users/5": [(429, {})],
        },
    )
    answers = list(make_client().batch(patches(6)))
    assert [one.status for one in answers] == [204] * 6
    assert [item["url"] for item in service.batches[1]] == ["/users/1", "/users/4", "/users/5"]
    assert clock.now == pytest.approx(1012)


def test_an_item_that_stays_throttled_fails_alone(mock, make_client):
    Batches(mock, {"/users/1": [(429, {"Retry-After": "50"})] * 99})
    client = make_client(retry_time=120)
    answers = list(client.batch(patches(3)))
    assert [one.status for one in answers] == [204, 429, 204]
    assert answers[1].error.code == "code429"
    assert "retry_time" in answers[1].error.message


def test_a_refused_item_leaves_the_others_standing(mock, make_client, clock):
    service = Batches(mock, {"/users/1": [(403, {})], "/users/2": [(404, {})], "/users/3": [(400, {})]})
    answers = list(make_client().batch(patches(5)))
    assert [one.status for one in answers] == [204, 403, 404, 400, 204]
    assert [one.error and one.error.as_row_error()["code"] for one in answers] == [
        None,
        "code403",
        "code404",
        "code400",
        None,
    ]
    assert answers[1].error.message.startswith("PATCH /users/1 was answered with 403")
    assert len(service.batches) == 1
    assert clock.sleeps == []


@pytest.mark.parametrize("status", [424, 500, 503, 504])
def test_passing_faults_of_items_are_retried(mock, make_client, status):
    service = Batches(mock, {"/users/1": [(status, {}), (status, {})]})
    assert [one.status for one in make_client().batch(patches(2))] == [204, 204]
    assert service.sizes == [2, 1, 1]


def test_a_post_is_not_repeated_after_a_fault(mock, make_client):
    service = Batches(mock, {"/a": [(503, {})], "/b": [(503, {})], "/c": [(429, {})]})
    requests_ = [
        BatchRequest("POST", "/a", {}, key="a"),
        BatchRequest("POST", "/b", {}, key="b", repeatable=True),
        BatchRequest("POST", "/c", {}, key="c"),
    ]
    answers = list(make_client().batch(requests_))
    assert [one.status for one in answers] == [503, 200, 200]
    assert answers[0].error.uncertain
    assert [item["url"] for item in service.batches[1]] == ["/b", "/c"]


def test_a_missing_answer_is_asked_for_again(mock, make_client):
    service = Batches(mock, {"/users/1": ["missing"]})
    assert [one.status for one in make_client().batch(patches(2))] == [204, 204]
    assert service.sizes == [2, 1]


def test_an_answer_that_stays_missing_is_uncertain(mock, make_client):
    Batches(mock, {"/users/0": ["missing"] * 99})
    (answer,) = make_client(retry_time=5).batch(patches(1))
    assert (answer.status, answer.error.code, answer.error.uncertain) == (None, "missing_response", True)


def test_answers_that_make_no_sense_are_ignored(mock, make_client):
    body = {
        "responses": [
            5,
            {"id": "x", "status": 200},
            {"id": "0"},
            {"id": "0", "status": "204"},
            {"id": "7", "status": 200},
        ]
    }
    mock.post(URL, json=body)
    (answer,) = make_client().batch(patches(1))
    assert (answer.status, answer.error) == (204, None)


def renewable(*texts):
    rest = iter(texts)
    return TokenProvider("client_secret", lambda _force: Token(next(rest), None))


def test_items_whose_token_was_refused_are_sent_once_more_with_a_new_one(mock, make_client):
    service = Batches(mock, {"/users/0": [(401, {})], "/users/1": [(401, {})]})
    assert [one.status for one in make_client(renewable("old", "new")).batch(patches(3))] == [204] * 3
    assert service.tokens == ["Bearer old", "Bearer new"]
    assert service.sizes == [3, 2]


def test_items_that_are_refused_again_fail(mock, make_client):
    Batches(mock, {"/users/0": [(401, {})] * 9})
    answers = list(make_client(renewable("old", "new", "never")).batch(patches(2)))
    assert [one.status for one in answers] == [401, 204]


def test_a_ready_token_that_ends_on_the_way_fails_the_rest_as_rows(mock, make_client):
    service = Batches(mock, {f"/users/{n}": [(401, {})] for n in range(2, 99)})
    answers = list(make_client(batch_size=2).batch(patches(6)))
    assert [one.status for one in answers] == [204, 204, 401, 401, None, None]
    assert answers[5].error.code == "not_sent"
    assert "cannot be renewed" in answers[5].error.message
    assert len(service.batches) == 2


def test_a_service_that_is_gone_fails_the_rest_at_once(mock, make_client, clock):
    Batches(mock)
    client = make_client(batch_size=2, retry_time=100)
    list(client.batch(patches(1)))
    mock.replace(responses.POST, URL, body=requests.ConnectionError("gone"))
    answers = list(client.batch(patches(100)))
    assert [one.error.code for one in answers[:2]] == ["transport", "transport"]
    assert answers[0].error.uncertain
    assert {one.error.code for one in answers[2:]} == {"not_sent"}
    assert not answers[2].error.uncertain
    assert clock.now - 1000 <= 100


def test_a_batch_that_is_refused_as_a_whole_fails_its_items_only(mock, make_client):
    mock.post(URL, status=400, json={"error": {"code": "BadRequest", "message": "m"}})
    Batches(mock)
    answers = list(make_client(batch_size=2).batch(patches(4)))
    assert [one.status for one in answers] == [400, 400, 204, 204]


def test_a_throttled_batch_is_sent_again(mock, make_client, clock):
    mock.post(URL, status=429, headers={"Retry-After": "7"})
    service = Batches(mock)
    assert [one.status for one in make_client().batch(patches(2))] == [204, 204]
    assert service.sizes == [2]
    assert clock.now == pytest.approx(1007)


def test_a_batch_that_is_not_answered_in_time_is_sent_in_halves(mock, make_client):
    mock.post(URL, body=requests.ReadTimeout("slow"))
    mock.post(URL, status=504)
    service = Batches(mock)
    client = make_client()
    answers = list(client.batch([*patches(20), *gets(20)]))
    assert [one.status for one in answers] == [204] * 20 + [200] * 20
    assert service.sizes[0] == 5
    assert sum(service.sizes) == 40
    assert client.batch_size > 5, "it grows again"


def test_a_request_that_is_never_answered_ends_it_and_whatever_was_sent_with_it_is_in_doubt(mock, make_client):
    service = Batches(mock)

    def answer(request):
        if "/users/3" in request.body.decode():
            raise requests.ReadTimeout("slow")
        return service._answer(request)

    mock.replace(responses.CallbackResponse(responses.POST, URL, callback=answer))
    answers = list(make_client(retry_time=30).batch(patches(20)))
    assert [one.status for one in answers[:3]] == [204] * 3
    assert all(one.error.uncertain for one in answers[3:])


def test_what_may_have_been_carried_out_stays_so_when_it_cannot_be_sent_again(mock, make_client):
    mock.post(URL, body=requests.ReadTimeout("slow"))
    mock.post(URL, body=requests.exceptions.SSLError("gone"))
    client = make_client(retry_time=5)
    answers = list(client.batch(patches(4)))
    assert [one.error.uncertain for one in answers] == [True] * 4


def test_a_stopped_client_sends_nothing_more_and_says_what_was_not_sent(mock, make_client):
    service = Batches(mock)
    client = make_client(max_workers=1)

    def answer(request):
        client.stop()
        return service._answer(request)

    mock.replace(responses.CallbackResponse(responses.POST, URL, callback=answer))
    answers = list(client.batch(patches(50)))
    assert [one.status for one in answers] == [204] * 20 + [None] * 30
    assert {(one.error.code, one.error.uncertain) for one in answers[20:]} == {("not_sent", False)}


def test_items_tell_how_near_a_limit_is(mock, make_client, clock):
    """As when somebody else writes with the same app."""
    headers = {"x-ms-throttle-limit-percentage": "0.9"}
    answers = {"responses": [{"id": "0", "status": 204, "headers": headers}]}
    mock.post(URL, json=answers)
    client = make_client()
    list(client.batch(patches(1)))
    began = clock.now
    for _request in range(2):
        list(client.batch(patches(1)))
    assert clock.now > began


def test_a_request_is_read_before_its_batch_leaves(mock, make_client):
    """The journal relies on it: what it writes while the input is read is on disk in time."""
    service = Batches(mock)
    read = []

    def journaled():
        for request in patches(60):
            read.append(request.key)
            yield request

    sent_before_read = []
    original = service._item

    def item(one):
        if int(one["url"].rsplit("/", 1)[1]) not in read:
            sent_before_read.append(one)
        return original(one)

    service._item = item
    list(make_client(max_workers=4, batch_size=5).batch(journaled()))
    assert sent_before_read == []


def test_the_input_is_not_read_far_ahead(mock, make_client):
    Batches(mock)
    read = []

    def endless():
        for n in range(10_000):
            read.append(n)
            yield BatchRequest("GET", f"/users/{n}", key=n)

    answers = make_client(max_workers=2, batch_size=10).batch(endless())
    next(answers)
    answers.close()
    assert len(read) <= 2 * 2 * 10


def test_an_error_of_the_input_is_raised_after_what_was_sent_is_reported(mock, make_client):
    Batches(mock)

    def broken():
        yield from patches(4)
        raise Failure("the journal's disk is full")

    answers = make_client(batch_size=2).batch(broken())
    assert [one.key for one in itertools.islice(answers, 4)] == [0, 1, 2, 3]
    with pytest.raises(Failure, match="disk is full"):
        next(answers)
