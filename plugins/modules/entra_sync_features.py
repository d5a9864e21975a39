#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_sync_features
short_description: Hold the flags of directory synchronization in a tenant
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Reads the feature flags of a tenant's directory synchronization and brings those that are given to the values
    given. A flag that is not given is left alone, and only flags that differ are sent.
  - Some of them decide whether a hard match can happen at all. They can be opened for a while with O(remember=true),
    and put back with O(state=restored), by another run as well if the first one was killed.
  - Without any flag it only reads.
options:
  state:
    description:
      - V(present) brings the flags given to their values.
      - V(restored) puts back what earlier tasks with O(remember=true) have changed in this tenant. If there is nothing
        to put back, the flags are not even read.
    type: str
    choices: [present, restored]
    default: present
  remember:
    description:
      - Keep the values from before, for O(state=restored). They are on disk before the change is sent, in a private
        file for each tenant in E(HYBRID_IDENTITY_STATE_DIR), else C(hybrid.identity) below E(XDG_STATE_HOME) or
        C(~/.local/state).
      - What is kept already stays, so that opening twice does not forget what was there first.
    type: bool
    default: false
  confirm_permanent:
    description:
      - The flags that may be switched on although they can never be switched off again. Without their names here they
        are refused before anything is sent.
    type: list
    elements: str
    choices:
      - quarantine_upon_proxy_addresses_conflict_enabled
      - quarantine_upon_upn_conflict_enabled
      - soft_match_on_upn_enabled
      - synchronize_upn_for_managed_users_enabled
    default: []
  allow_on_prem_update_of_on_premises_object_identifier_enabled:
    description:
      - Lets the sync take over users who are mapped to another AD object. It lifts a protection, so leave it on only as
        long as it is needed.
    type: bool
  block_cloud_object_takeover_through_hard_match_enabled:
    description:
      - Refuses every hard match of the tenant (C(InvalidHardMatch)). Microsoft advises to keep it on, except while
        users are matched.
    type: bool
  block_soft_match_enabled:
    description:
      - Refuses every soft match, that is by name or address. Microsoft advises to keep it on, except while users are
        matched that way.
    type: bool
  bypass_dir_sync_overrides_enabled:
    description: Lets the mobile numbers of AD win over those that were changed in the cloud.
    type: bool
  cloud_password_policy_for_password_synced_users_enabled:
    description: Applies the password expiry of the cloud to users whose password hash is synchronized.
    type: bool
  concurrent_credential_update_enabled:
    description: Has credentials updated concurrently in the service's own store.
    type: bool
  concurrent_org_id_provisioning_enabled:
    description: Has users made concurrently in the service's own store.
    type: bool
  device_writeback_enabled:
    description: Shows that devices are written back to AD.
    type: bool
  directory_extensions_enabled:
    description: Shows that further attributes of AD are synchronized.
    type: bool
  fope_conflict_resolution_enabled:
    description: Has conflicting addresses of an old mail protection service migrated.
    type: bool
  group_write_back_enabled:
    description: Writes groups back to AD.
    type: bool
  password_sync_enabled:
    description: Shows that password hashes are synchronized.
    type: bool
  password_writeback_enabled:
    description: The service does not use this flag. Whether passwords are written back it does not say.
    type: bool
  quarantine_upon_proxy_addresses_conflict_enabled:
    description: Parks an address that another object has, and syncs the object without it. Permanent once on.
    type: bool
  quarantine_upon_upn_conflict_enabled:
    description: Parks a user principal name that another object has; the user syncs with another. Permanent once on.
    type: bool
  soft_match_on_upn_enabled:
    description: Soft matches by user principal name where no address matches. Permanent once on.
    type: bool
  synchronize_upn_for_managed_users_enabled:
    description: Lets the sync change the user principal name of licensed managed users. Permanent once on.
    type: bool
  unified_group_writeback_enabled:
    description: Writes Microsoft 365 groups back to AD.
    type: bool
  user_force_password_change_on_logon_enabled:
    description: Lets the sync carry over that a user has to change the password.
    type: bool
  user_writeback_enabled:
    description: Shows that users are written back to AD.
    type: bool
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.entra
notes:
  - Microsoft documents these flags for a person who is Global Administrator, with
    C(OnPremDirectorySynchronization.ReadWrite.All) (to read, C(OnPremDirectorySynchronization.Read.All)), and not for
    apps. M(hybrid.identity.entra_device_login) signs such a person in. An app with the same permission is tried.
  - Where the sign-in is refused, the task fails and RV(commands) are what such a person can run instead.
seealso:
  - module: hybrid.identity.entra_device_login
  - module: hybrid.identity.entra_sync_status
  - name: onPremisesDirectorySynchronizationFeature
    description: The flags in Microsoft Graph.
    link: https://learn.microsoft.com/graph/api/resources/onpremisesdirectorysynchronizationfeature
"""

EXAMPLES = r"""
- name: Hold the flags as Microsoft advises
  hybrid.identity.entra_sync_features:
    block_cloud_object_takeover_through_hard_match_enabled: true
    block_soft_match_enabled: true
    allow_on_prem_update_of_on_premises_object_identifier_enabled: false

- name: Switch on what can never be switched off again
  hybrid.identity.entra_sync_features:
    synchronize_upn_for_managed_users_enabled: true
    confirm_permanent: [synchronize_upn_for_managed_users_enabled]

- name: Let hard matches through during one cycle
  block:
    - name: Open
      hybrid.identity.entra_sync_features:
        block_cloud_object_takeover_through_hard_match_enabled: false
        remember: true

    - name: Run a cycle
      hybrid.identity.entra_sync_cycle:
        state: started
        wait: true
  always:
    - name: Put back what was there before
      hybrid.identity.entra_sync_features:
        state: restored

- name: Read the flags
  hybrid.identity.entra_sync_features:
  register: flags
"""

RETURN = r"""
before:
  description:
    - The flags as they were, by the names of the options, those included that this module does not know. Null is a flag
      without a value.
    - Empty if O(state=restored) finds nothing to put back.
  returned: success
  type: dict
  sample:
    block_cloud_object_takeover_through_hard_match_enabled: true
    block_soft_match_enabled: true
after:
  description: The flags as they are at the end of the task, or would be in check mode.
  returned: success
  type: dict
  sample:
    block_cloud_object_takeover_through_hard_match_enabled: false
    block_soft_match_enabled: true
remembered:
  description: What is kept for O(state=restored) at the end of the task; null if nothing is.
  returned: success
  type: dict
  contains: &kept
    since:
      description: When the first of them was kept (RFC 3339, UTC).
      type: str
      sample: "2026-11-23T12:00:00Z"
    features:
      description: The flags as they were then, by the names of the options.
      type: dict
      sample:
        block_cloud_object_takeover_through_hard_match_enabled: true
    path:
      description: The file.
      type: str
      sample: /home/ops/.local/state/hybrid.identity/66666666-7777-8888-9999-000000000000/sync-features.json
restored:
  description: What was kept and has been put back, or would be in check mode; null if nothing was kept.
  returned: success
  type: dict
  contains: *kept
summary:
  description: Counts, and what the run took.
  returned: success
  type: dict
  contains:
    features:
      description: The number of flags read.
      type: int
      sample: 20
    features_changed:
      description: The number of flags changed, or that would be in check mode.
      type: int
      sample: 1
    requests:
      description: HTTP requests sent to Graph.
      type: int
      sample: 4
    writes:
      description: Write requests sent.
      type: int
      sample: 1
    throttled_seconds:
      description: Seconds held back by the service or the quota.
      type: float
      sample: 0.0
    seconds:
      description: Seconds the task took.
      type: float
      sample: 1.2
    sign_in_method:
      description: How the module signed in.
      type: str
      sample: token_cache
by_hand:
  description: The task failed because this sign-in may not read or change the flags; a person can.
  returned: when the flags may not be read or changed
  type: bool
  sample: true
commands:
  description: What a Global Administrator can run in Microsoft Graph PowerShell instead, in this order.
  returned: when the flags may not be read or changed
  type: list
  elements: str
  sample:
    - Connect-MgGraph -TenantId contoso.onmicrosoft.com -Scopes OnPremDirectorySynchronization.ReadWrite.All
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_features import ARGUMENTS, sync_features


def main() -> None:
    """Run the job."""
    run_job(ARGUMENTS, sync_features)


if __name__ == "__main__":
    main()
