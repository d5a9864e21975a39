"""Ask a rehearsal tenant as fast as it answers, with next to no work on this side; print users per second.

    ask_tenant.py SECONDS USERS rows|writes

``rows`` asks for what the module asks when it carries out one row of a reviewed plan: it saves the user, reads it with
what only a single user's read tells, writes, and reads twice. ``writes`` only writes. Twenty users share a batch, and
four connections are kept busy. The address and the account come from the environment, as for the collection.
"""

import http.client
import itertools
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

from ansible_collections.hybrid.identity.plugins.module_utils._graph.users import (
    USER_SELECT,
    beta_path,
    sync_behavior_path,
    user_path,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.backup import BACKUP_PROPERTIES

ITEMS, CONNECTIONS = 20, 4
GRAPH = urllib.parse.urlsplit(os.environ["HYBRID_IDENTITY_GRAPH_ENDPOINT"]).netloc
TRUST = ssl.create_default_context(cafile=os.environ["HYBRID_IDENTITY_CA_CERT"])
SAVED = ",".join(name for name in BACKUP_PROPERTIES if name != "manager")
seconds, users, kind = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def post(connection, path, body, headers):
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} was answered with {answer.status}: {content[:200]!r}")
    return content


def sign_in():
    fields = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": f"https://{GRAPH}/.default",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    content = post(http.client.HTTPSConnection(GRAPH, context=TRUST), path, urllib.parse.urlencode(fields), headers)
    return json.loads(content)["access_token"]


def batches(first):
    """Return (path, body) of each batch for twenty users."""
    ids = [str(uuid.UUID(int=first + number + 1)) for number in range(ITEMS)]

    def reads(path_of, version="v1.0"):
        return batch(version, [{"method": "GET", "url": path_of(one)} for one in ids])

    def batch(version, items):
        numbered = [{"id": str(number), **item} for number, item in enumerate(items)]
        return f"/{version}/$batch", json.dumps({"requests": numbered})

    typed = {"Content-Type": "application/json"}
    bodies = [{"onPremisesImmutableId": one} for one in ids]
    write = batch(
        "v1.0",
        [{"method": "PATCH", "url": user_path(one), "headers": typed, "body": body} for one, body in zip(ids, bodies)],
    )
    if kind == "writes":
        return [write]
    seen = reads(lambda one: f"{user_path(one)}?$select=id,onPremisesImmutableId")
    return [
        reads(lambda one: f"{user_path(one)}?$select={SAVED}&$expand=manager($select=id)"),
        reads(lambda one: f"{user_path(one)}?$select={USER_SELECT}"),
        reads(sync_behavior_path),
        reads(beta_path, "beta"),
        write,
        seen,
        seen,
    ]


def work():
    connection = http.client.HTTPSConnection(GRAPH, context=TRUST)
    while time.monotonic() < ends:
        for path, body in mix[next(turns) % len(mix)]:
            post(connection, path, body, headers)
        done.append(ITEMS)


headers = {"Authorization": f"Bearer {sign_in()}", "Content-Type": "application/json"}
mix = [batches(first) for first in range(0, users - ITEMS + 1, ITEMS)]
turns, done = itertools.count(), []
began = time.monotonic()
ends = began + seconds
threads = [threading.Thread(target=work) for _number in range(CONNECTIONS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({"per_second": sum(done) / (time.monotonic() - began)}))
