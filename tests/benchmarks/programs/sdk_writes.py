"""Write the ImmutableId of users one after the other with Microsoft's msgraph-sdk.

    sdk_writes.py FILE

FILE is a list of JSON: ``[id, ImmutableId]``. The address comes from the environment, and a token with it, so that only
the writes are compared.
"""

import asyncio
import json
import os
import ssl
import sys

import httpx
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.user import User
from msgraph_core import GraphClientFactory


class Ready(AccessTokenProvider):
    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return os.environ["HYBRID_IDENTITY_ACCESS_TOKEN"]

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator([])


async def main():
    trust = ssl.create_default_context(cafile=os.environ["HYBRID_IDENTITY_CA_CERT"])
    root = f"{os.environ['HYBRID_IDENTITY_GRAPH_ENDPOINT']}/v1.0"
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(verify=trust, base_url=root))
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Ready()), client=http)
    adapter.base_url = root
    graph = GraphServiceClient(request_adapter=adapter)
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    for user_id, value in pairs:
        await graph.users.by_user_id(user_id).patch(User(on_premises_immutable_id=value))
    print(len(pairs), "written")


asyncio.run(main())
