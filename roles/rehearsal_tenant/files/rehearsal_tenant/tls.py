# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority made on the spot, and the server's certificate."""

from __future__ import annotations

import os
from typing import NamedTuple

import trustme


class Certificates(NamedTuple):
    """Paths: what clients trust, and what the server shows (key included, 0600)."""

    authority: str
    server: str


def make_certificates(directory: str) -> Certificates:
    """Make both in ``directory``, over whatever an earlier start left there."""
    authority = trustme.CA(organization_name="Rehearsal tenant")
    server = authority.issue_cert("127.0.0.1", "localhost")
    paths = Certificates(os.path.join(directory, "ca.pem"), os.path.join(directory, "server.pem"))
    authority.cert_pem.write_to_path(paths.authority)
    write_private(paths.server, server.private_key_and_cert_chain_pem.bytes())
    return paths


def write_private(path: str, content: bytes) -> None:
    """Write a file that only its owner reads, at once or not at all."""
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
    os.replace(temporary, path)
