# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The LDAP options, named as in microsoft.ad so that who knows one collection knows both."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection, sign-in and search of a module that speaks LDAP to Active Directory."""

    DOCUMENTATION = r"""
options:
  server:
    description:
      - Host names of domain controllers, tried in this order until one can be reached.
      - The next one is tried only when a server cannot be reached or its certificate is not trusted; refused
        credentials end the run at once, so that no account is locked out.
      - With TLS the name must be one that the server's certificate carries; with Kerberos it must be the server's full
        host name.
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_SERVER) is used, with commas between several.
    type: list
    elements: str
  domain:
    description:
      - DNS name of the domain whose controllers are looked up in DNS (C(_ldap._tcp.dc._msdcs.<domain>)) when O(server)
        is not set.
      - Needs the Python library C(dnspython).
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_DOMAIN) is used.
    type: str
  port:
    description:
      - TCP port. Defaults to V(636) with O(tls_mode=ldaps), else to V(389).
      - The Global Catalog ports V(3268) and V(3269) are refused, because the Global Catalog does not hold
        C(mS-DS-ConsistencyGuid) and would make every object look as if it had none.
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_PORT) is used.
    type: int
  tls_mode:
    description:
      - How the connection is encrypted. Certificates are always verified, and so is the host name.
      - V(ldaps) speaks TLS from the first byte.
      - V(start_tls) switches to TLS on the plain port before signing in.
      - V(none) does not encrypt. With O(auth_protocol=simple) the password then crosses the network in clear text; most
        domains refuse it.
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_TLS_MODE) is used.
    type: str
    choices:
      - ldaps
      - start_tls
      - none
    default: ldaps
  auth_protocol:
    description:
      - How to sign in.
      - V(simple) sends O(username) and O(password).
      - V(kerberos) uses the Kerberos ticket of whoever runs the task (SASL GSSAPI). Get one with C(kinit) first;
        O(password) is not used. Needs the Python library C(gssapi).
      - The default is V(simple) when O(username) is given, else V(kerberos).
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_AUTH_PROTOCOL) is used.
    type: str
    choices:
      - simple
      - kerberos
  username:
    description:
      - User principal name (C(reader@example.com)), distinguished name or C(DOMAIN\user) to sign in with.
      - With O(auth_protocol=kerberos) the principal to pick from the credential cache; leave it out to use the default
        one.
      - The account needs no rights beyond reading users, including C(mS-DS-ConsistencyGuid) and C(userAccountControl).
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_USERNAME) is used.
    type: str
  password:
    description:
      - Password of O(username).
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_PASSWORD) is used.
    type: str
  ca_cert:
    description:
      - PEM file with the certificates to trust, a folder of such files, or the PEM text itself.
      - Without it the certificates that the machine's Python trusts are used.
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_CA_CERT) is used.
    type: path
  connection_timeout:
    description:
      - Seconds to wait for a connection to a server.
      - If not set, the environment variable E(MICROSOFT_AD_LDAP_CONNECTION_TIMEOUT) is used.
    type: int
    default: 10
  read_timeout:
    description:
      - Seconds to wait for each answer of the server, the TLS handshake included.
      - Active Directory itself gives up on a query after 120 seconds.
    type: int
    default: 150
  search_base:
    description:
      - Distinguished name below which to search. A string is one name, a list is several.
      - Without it the whole domain of the server is searched.
    type: raw
  search_scope:
    description:
      - How deep to search below O(search_base).
    type: str
    choices:
      - base
      - one_level
      - subtree
    default: subtree
  filter:
    description:
      - LDAP filter that selects the objects.
      - The default finds every user, with or without a user principal name, disabled ones and those of class
        C(inetOrgPerson) included. It finds neither contacts, which cannot be hard matched, nor computers.
      - Do not filter on C(mS-DS-ConsistencyGuid); it is not indexed, and the server would read the whole domain.
    type: str
    default: "(&(objectCategory=person)(objectClass=user))"
requirements:
  - ldap3 >= 2.9.1, < 2.10
  - gssapi, for O(auth_protocol=kerberos)
  - dnspython, for O(domain)
"""
