#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_tenant_seed
short_description: Write a tenant down, to rehearse a hard match on a copy of it
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Reads all of a tenant that decides a hard match, and writes it as a seed for the role
    P(hybrid.identity.rehearsal_tenant#role) - users, the recycle bin, groups, contacts, domains, roles and who is
    eligible for them, and the flags of directory sync.
  - Changes nothing in the tenant.
  - What may not be read is left out and named in RV(unchecked). In a seed, what is missing is unknown, not empty; the
    rehearsal tenant says what it cannot rehearse.
  - With O(pseudonyms) the seed can leave the company. Everybody gets another name; domain names, object ids, SIDs,
    GUIDs, countries, licences and times stay.
options:
  dest:
    description:
      - File to write the seed to, as JSON. It appears under its name only when it is whole, readable by its owner only.
      - Writing it does not count as a change, and it is written in check mode as well.
    type: path
    required: true
  pseudonyms:
    description:
      - Replace names, user names, the part of addresses before the C(@), telephone numbers, streets, cities,
        departments, titles, employee numbers, extension attributes, names of groups and containers, and the values in
        rules of dynamic groups.
      - Equal values get equal pseudonyms, in the seed and in O(exports), so that everything matches as before.
    type: bool
    default: false
  key_file:
    description:
      - File with the key of the pseudonyms. One that is not there is made, with a fresh key, readable by its owner
        alone. The same key gives the same pseudonyms.
      - Keep it to yourself. Whoever has it can find out whether a name that they guess is in the seed.
      - The default is O(dest) with C(.key) appended.
    type: path
  exports:
    description:
      - Exports of AD - LDIF, CSV, or the O(dest) of M(hybrid.identity.ad_object_guid). Each is written again as LDIF
        beside O(dest), with the same pseudonyms, and the seed names it in C(directories), with what Cloud Sync was told
        to take of its domain.
      - With O(pseudonyms), attributes that this collection does not know are left out.
    type: list
    elements: path
    default: []
  members_of:
    description:
      - Groups, by id, display name or address, whose members the seed shall have, for example because
        O(hybrid.identity.entra_immutable_id#module:protected_users) names them. Those of role-assignable groups are
        always read.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.read_only
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.entra
notes:
  - The app needs C(User.Read.All). A whole seed needs C(Organization.Read.All), C(Domain.Read.All), C(Group.Read.All),
    C(OrgContact.Read.All), C(RoleManagement.Read.Directory), C(PrivilegedEligibilitySchedule.Read.AzureADGroup),
    C(OnPremDirectorySynchronization.Read.All), C(User-OnPremisesSyncBehavior.ReadWrite.All), and with O(exports)
    C(Synchronization.Read.All) and C(Application.Read.All) as well.
  - A seed without pseudonyms is a copy of the directory. Treat it so.
seealso:
  - module: hybrid.identity.entra_immutable_id
  - module: hybrid.identity.ad_object_guid
"""

EXAMPLES = r"""
- name: Write the tenant down, with the AD export that belongs to it
  hybrid.identity.entra_tenant_seed:
    dest: tenant.json
    exports: [export.ldf]
  register: seed

- name: Say what cannot be rehearsed with it
  ansible.builtin.debug:
    msg: "Not in the seed: {{ item.what }} (needs {{ item.permission }})"
  loop: "{{ seed.unchecked }}"

- name: Write a seed that can be shown to others
  hybrid.identity.entra_tenant_seed:
    dest: tenant.json
    pseudonyms: true
    key_file: ~/.config/hybrid.identity/pseudonyms.key
    exports: [export.ldf]
"""

RETURN = r"""
dest:
  description: The file with the seed.
  returned: success
  type: str
  sample: tenant.json
exports:
  description: The LDIF files beside it, in the order of O(exports).
  returned: success
  type: list
  elements: str
  sample: [tenant.1.ldf]
key_file:
  description: The file with the key of the pseudonyms; null without pseudonyms.
  returned: success
  type: str
  sample: tenant.json.key
unchecked:
  description: What may not be read and is not in the seed, as C(what) and the C(permission) that would allow it.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What is missing.
      type: str
      sample: addresses of contacts
    permission:
      description: What the app needs for it.
      type: str
      sample: OrgContact.Read.All
summary:
  description:
    - The number of C(users), C(deleted_users), C(groups), C(deleted_groups), C(contacts) and C(roles) in the seed.
    - C(requests) and C(writes) are those sent to Graph, C(throttled_seconds) the time held back by quota or service,
      C(seconds) the time of the task, C(sign_in_method) how the module signed in.
  returned: success
  type: dict
  sample:
    users: 1200
    deleted_users: 14
    groups: 310
    deleted_groups: 2
    contacts: 40
    roles: 12
    requests: 131
    writes: 0
    throttled_seconds: 0.0
    seconds: 21.406
    sign_in_method: client_secret
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.tenant_seed import ARGUMENTS, write_seed


def main() -> None:
    """Run the module."""
    run_job(ARGUMENTS, write_seed)


if __name__ == "__main__":
    main()
