"""The connection to the sync server: local, until the stand-in says that nobody reaches it any more."""

from __future__ import annotations

import json
import os

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: sync_server
short_description: A server that can vanish
description: Runs everything here while the file that CONNECT_SERVER names does not say that the server is unreachable.
author: The hybrid.identity authors
extends_documentation_fragment:
  - connection_pipelining
"""


class Connection(Local):
    """Runs commands here, if the server can be reached when a task begins."""

    transport = "sync_server"

    def _connect(self) -> Connection:
        """Connect: once in a task, so that the task in which the server vanishes still ends."""
        with open(os.environ["CONNECT_SERVER"], encoding="utf-8") as file:
            if not self._connected and json.load(file)["unreachable"]:
                raise AnsibleConnectionFailure("sync1: connection timed out")
        super()._connect()
        return self
