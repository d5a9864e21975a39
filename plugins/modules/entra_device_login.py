#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_device_login
short_description: Sign a person in to Microsoft Entra once, for later runs
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Shows an address and a code on the controller, waits until a person has opened the address in a browser of their own
    and entered the code, and keeps the login in the file O(token_cache).
  - The other modules use and renew that login through their option O(token_cache). This is the way for what only a
    person's token may do, for example reading the tenant's synchronization features.
  - Password and second factor are typed into Microsoft's own page. No token is shown or returned.
  - If the file holds a login that still works, nobody is asked and nothing changes.
  - Runs on the controller, whatever host the task is for. The task's C(environment) has no effect on it.
options:
  scopes:
    description:
      - Delegated Microsoft Graph permissions to ask for, for example V(OnPremDirectorySynchronization.Read.All). The
        person is asked to consent to those that were not granted before.
      - An empty list asks for everything that was consented to already.
    type: list
    elements: str
    default: []
  login_timeout:
    description:
      - Seconds to wait for the person. The service itself usually gives 900.
    type: int
    default: 900
  force:
    description:
      - Sign in even if the file holds a login that still works, for example as somebody else or with other O(scopes).
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - Says whether somebody would be asked; sends nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    description: Runs on the controller.
    support: full
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.entra
notes:
  - O(tenant_id), O(client_id) and O(token_cache) are needed. The app registration must allow public client flows.
  - Of the ways to sign in only this one is used; options that belong to others are ignored.
  - The file holds tokens in clear text, with mode 0600; its folder is made if it is missing. Keep it out of backups and
    version control, and delete it when the work is done.
seealso:
  - module: hybrid.identity.entra_sync_status
"""

EXAMPLES = r"""
- name: Sign in for the migration weekend
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Ask for a person's login
      hybrid.identity.entra_device_login:
        tenant_id: contoso.onmicrosoft.com
        client_id: 11111111-2222-3333-4444-555555555555
        token_cache: ~/.config/hybrid.identity/contoso.json
        scopes:
          - User.ReadWrite.All
          - OnPremDirectorySynchronization.Read.All
      register: login

    - name: Say who it is
      ansible.builtin.debug:
        msg: "{{ login.username }} is signed in to {{ login.tenant_id }}."
"""

RETURN = r"""
msg:
  description: What happened, or in check mode would happen.
  returned: always
  type: str
  sample: ada@contoso.com has signed in.
username:
  description: The person's sign-in name; null when nobody is signed in yet (check mode).
  returned: success
  type: str
  sample: ada@contoso.com
tenant_id:
  description: The tenant of the login.
  returned: success
  type: str
  sample: 66666666-7777-8888-9999-000000000000
token_cache:
  description: The file with the login.
  returned: success
  type: str
  sample: /home/ada/.config/hybrid.identity/contoso.json
expires:
  description: When the current access token ends (RFC 3339, UTC). Later runs renew it; null in check mode.
  returned: success
  type: str
  sample: "2026-11-23T13:00:00Z"
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hybrid.identity.plugins.module_utils._graph.device_login import DEVICE_LOGIN_ARGUMENTS


def main() -> None:
    """Refuse: the action plugin of the same name does the work, where somebody can see the prompt."""
    module = AnsibleModule(argument_spec=DEVICE_LOGIN_ARGUMENTS, supports_check_mode=True)
    module.fail_json(
        msg="entra_device_login runs on the controller only. Call it as hybrid.identity.entra_device_login in a task."
    )


if __name__ == "__main__":
    main()
