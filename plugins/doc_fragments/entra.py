# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The Entra options, with the environment names that Azure's own tools use where there is one."""

from __future__ import annotations


class ModuleDocFragment:
    """Sign-in, endpoints and pace of a module that speaks to Microsoft Graph."""

    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant to sign in to, as a GUID or as one of its domain names.
      - Needed by all ways to sign in but O(access_token), O(managed_identity) and O(token_cache). If an access token is
        for another tenant than a GUID given here, the run ends before anything is read.
      - If not set, the environment variable E(AZURE_TENANT_ID) is used.
    type: str
  client_id:
    description:
      - Application (client) id of the app registration.
      - Needed by O(certificate_path), O(client_secret) and federation.
      - If not set, the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - A client secret of the app registration; its value, not its id.
      - A secret of fewer than 8 characters is refused, because masking it would damage the results.
      - If not set, the environment variable E(AZURE_CLIENT_SECRET) is used.
    type: str
  certificate_path:
    description:
      - A file with the app's certificate and its private key, as PEM (both in one file) or as PFX (PKCS#12).
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) is used.
    type: path
  certificate_passphrase:
    description:
      - The passphrase of the private key in O(certificate_path), if it is encrypted. It must have 8 characters or more.
      - If not set, the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  federated_token_file:
    description:
      - A file with a token of another identity provider that the app registration trusts (workload identity
        federation). It is read again each time the sign-in is renewed.
      - GitHub Actions and Azure DevOps need no file. Where a job of theirs offers a token
        (E(ACTIONS_ID_TOKEN_REQUEST_URL) with E(ACTIONS_ID_TOKEN_REQUEST_TOKEN), or E(SYSTEM_OIDCREQUESTURI) with
        E(SYSTEM_ACCESSTOKEN) and, for a service connection, E(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID) or
        E(ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID)), a new one is asked for each time.
      - If not set, the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  managed_identity:
    description:
      - Sign in with the managed identity of the Azure machine the module runs on.
      - V(system) is the system-assigned identity. A user-assigned one is named by its client id or by its resource id
        (V(/subscriptions/...)).
      - If not set, the environment variable E(HYBRID_IDENTITY_MANAGED_IDENTITY) is used.
    type: str
  token_cache:
    description:
      - A file with the login of a person, written by M(hybrid.identity.entra_device_login). It is renewed in place and
        must be readable by its owner only (mode 0600).
      - O(tenant_id) and O(client_id) default to those of the login.
      - If not set, the environment variable E(HYBRID_IDENTITY_TOKEN_CACHE) is used.
    type: path
  access_token:
    description:
      - A ready access token for Microsoft Graph. It cannot be renewed, so a run that may outlast it is refused before
        it changes anything, and users are followed no longer than it lasts.
      - If not set, the environment variable E(HYBRID_IDENTITY_ACCESS_TOKEN) is used.
    type: str
  cloud:
    description:
      - The Microsoft cloud the tenant lives in. V(us_gov) is GCC High, V(us_gov_dod) is DoD, V(china) is operated by
        21Vianet; GCC belongs to V(public).
      - If not set, the environment variable E(HYBRID_IDENTITY_CLOUD) is used.
    type: str
    choices:
      - public
      - us_gov
      - us_gov_dod
      - china
    default: public
  login_endpoint:
    description:
      - Address of the login service, V(https://host) or V(https://host:port), instead of the one of O(cloud).
      - If not set, the environment variable E(HYBRID_IDENTITY_LOGIN_ENDPOINT) is used.
    type: str
  graph_endpoint:
    description:
      - Address of Microsoft Graph, V(https://host) or V(https://host:port), instead of the one of O(cloud). The
        token is asked for this address and sent to no other.
      - If not set, the environment variable E(HYBRID_IDENTITY_GRAPH_ENDPOINT) is used.
    type: str
  ca_cert:
    description:
      - A PEM file, or a directory prepared with C(openssl rehash), with the certificates of the authorities to trust
        instead of the built-in ones; for a proxy that inspects traffic, or for a rehearsal tenant.
      - Certificates are always verified.
      - If not set, the environment variable E(HYBRID_IDENTITY_CA_CERT) is used.
    type: path
  proxy:
    description:
      - URL of the proxy for all HTTPS requests, for example V(http://proxy.example.com:3128).
      - If it is not set, the usual E(HTTPS_PROXY) and E(NO_PROXY) apply; loopback addresses are then never reached
        through a proxy.
      - If not set, the environment variable E(HYBRID_IDENTITY_PROXY) is used.
    type: str
  timeout:
    description:
      - Seconds to wait for a connection, and for each answer; from 1 to 3600.
      - If not set, the environment variable E(HYBRID_IDENTITY_TIMEOUT) is used.
    type: int
    default: 60
  max_workers:
    description:
      - How many requests may be under way at once, at most; from 1 to 64. A run begins with four, takes more while all
        goes well and they are of use, and fewer while the service throttles or fails.
      - If not set, the environment variable E(HYBRID_IDENTITY_MAX_WORKERS) is used.
    type: int
    default: 8
  batch_size:
    description:
      - How many reads or writes of single users go into one request, at most; from 1 to 20. Fewer do, for a while, when
        the service does not answer in time.
      - If not set, the environment variable E(HYBRID_IDENTITY_BATCH_SIZE) is used.
    type: int
    default: 20
  write_quota:
    description:
      - How many writes the run may send in 150 seconds. Microsoft allows 3000 per app and tenant; give less where other
        programs write with the same app at the same time.
      - Runs of this collection that follow each other count together. Of two that would write ImmutableIds at the same
        time, with the same app to the same tenant, the second one is refused before it writes, if they run on the same
        machine and as the same user.
      - If not set, the environment variable E(HYBRID_IDENTITY_WRITE_QUOTA) is used.
    type: int
    default: 3000
  retry_time:
    description:
      - For how many seconds a request is repeated while the service throttles it or is out of order, before the request
        counts as failed; from 0 to 86400. Until the service has answered for the first time it is 10 seconds at most.
      - If not set, the environment variable E(HYBRID_IDENTITY_RETRY_TIME) is used.
    type: int
    default: 600
requirements:
  - msal >= 1.35
  - requests >= 2.31
notes:
  - Options may be set once for all modules, with C(module_defaults) of the group C(group/hybrid.identity.entra).
  - An option given in a task or in C(module_defaults) beats the environment. Among the ways to sign in that are left,
    the first in this order is used - O(access_token), O(certificate_path), O(client_secret), federation
    (O(federated_token_file), GitHub Actions, Azure DevOps), O(managed_identity), O(token_cache). The summary names it.
"""
