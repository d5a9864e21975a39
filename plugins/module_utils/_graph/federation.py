# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""Federated tokens: where a workload's own identity provider hands them out. Read again for each sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.arguments import Options
from ansible_collections.hybrid.identity.plugins.module_utils._graph.transport import Http

# Set by the Azure tasks of Azure DevOps, and the name Terraform users have.
_SERVICE_CONNECTION = ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID")


def read_file(options: Options) -> str:
    """Return the token in ``federated_token_file``."""
    path = str(options.federated_token_file)
    try:
        with open(path, encoding="utf-8") as file:
            token = file.read().strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        raise Failure(f"The federated token file {path} cannot be read ({reason}).") from None
    if not token:
        raise Failure(f"The federated token file {path} is empty.")
    return token


def on_github(environ: Mapping[str, str]) -> bool:
    """Tell whether a GitHub Actions job may ask for a token."""
    return bool(environ.get("ACTIONS_ID_TOKEN_REQUEST_URL") and environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))


def from_github(options: Options, http: Http, environ: Mapping[str, str]) -> str:
    """Ask GitHub for the job's token. Source: GitHub, "OpenID Connect reference"."""
    url = environ["ACTIONS_ID_TOKEN_REQUEST_URL"]
    url += f"{'&' if '?' in url else '?'}audience={quote(options.federation_audience, safe='')}"
    return _ask(
        http,
        "GET",
        url,
        environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
        field="value",
        remedy="GitHub Actions gave no federated token{}. The job needs the permission 'id-token: write'.",
    )


def on_azure_devops(environ: Mapping[str, str]) -> bool:
    """Tell whether an Azure DevOps job may ask for a token."""
    return bool(environ.get("SYSTEM_OIDCREQUESTURI") and environ.get("SYSTEM_ACCESSTOKEN"))


def from_azure_devops(options: Options, http: Http, environ: Mapping[str, str]) -> str:
    """Ask Azure DevOps for the job's token; for a service connection where its id is in the environment."""
    url = f"{environ['SYSTEM_OIDCREQUESTURI']}?api-version=7.1"
    connection = next(filter(None, map(environ.get, _SERVICE_CONNECTION)), None)
    if connection:
        url += f"&serviceConnectionId={quote(connection, safe='')}"
    return _ask(
        http,
        "POST",
        url,
        environ["SYSTEM_ACCESSTOKEN"],
        field="oidcToken",
        remedy="Azure DevOps gave no federated token{}. System.AccessToken must be mapped to SYSTEM_ACCESSTOKEN in the "
        "step, and the service connection must use workload identity federation.",
    )


def _ask(http: Http, method: str, url: str, job_token: str, *, field: str, remedy: str) -> str:
    if not url.startswith("https://"):
        raise Failure(remedy.format(": its address is not https, and the job's token is sent nowhere else"))
    response = http.request(method, url, token=job_token, headers={"Content-Type": "application/json"})
    try:
        token = response.json()[field]
    except (ValueError, KeyError, TypeError):
        token = None
    if response.status_code >= 400 or not isinstance(token, str) or not token:
        raise Failure(remedy.format(f" (status {response.status_code})"))
    return token
