#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_immutable_id
short_description: Plan, set and clear the ImmutableId of Microsoft Entra users
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Pairs AD objects with the users of a tenant, sets each user's ImmutableId (C(onPremisesImmutableId)) so that
    directory sync adopts the user (hard match), or clears it.
  - Check mode is the plan. It reads and decides exactly as a real run does, names every obstacle, and writes nothing to
    the tenant; with O(dest) the plan is a file that a person can review, and O(plan) applies exactly that file.
  - Each target is read again by its id just before it is written, and left alone if it changed. The before-value of
    every write is on disk before the request leaves. Afterwards the user is read until the new value is seen.
  - Ambiguous and unknown users are rows with a reason, never a guess. One bad row never stops the others.
  - C(changed) speaks of the value. Whether sync has taken a user is for M(hybrid.identity.entra_sync_status) to say.
options:
  users:
    description:
      - The users, for small jobs. The same fields and results as with O(src).
      - One of O(users), O(src) and O(plan) is required.
    type: list
    elements: dict
    suboptions:
      user:
        description: Object id or user principal name of the user.
        type: str
        required: true
      immutable_id:
        description:
          - The ImmutableId that the user should have, in base64 as the tenant holds it.
          - With O(state=absent) the value that the user is expected to have; another one is kept.
        type: str
      object_guid:
        description: The same as the objectGUID of the AD object, in any usual spelling.
        type: str
  src:
    description:
      - Files of AD objects or of pairs - what M(hybrid.identity.ad_object_guid) wrote to its O(dest), exports as
        C(ldifde), C(csvde), C(Get-ADUser | Export-Csv), C(ldapsearch) and C(ldbsearch) write them, and lists written by
        hand (CSV or JSON Lines with C(user) and C(immutable_id) or C(object_guid)).
    type: list
    elements: path
  src_format:
    description:
      - Format of O(src). V(auto) tells it from the content of each file; V(pairs) is a list written by hand.
    type: str
    choices: [auto, ldif, csv, jsonl, pairs]
    default: auto
  anchor:
    description:
      - The AD attribute that sync uses as its source anchor, for exports read directly.
      - V(object_guid) also states it for objects whose anchor is not certain, because C(mS-DS-ConsistencyGuid) was not
        read. Without that statement they are blocked as C(anchor_unconfirmed).
      - See M(hybrid.identity.ad_object_guid) for the choices.
    type: str
    choices: [consistency_guid_or_object_guid, object_guid, consistency_guid, attribute]
    default: consistency_guid_or_object_guid
  anchor_attribute:
    description: Name of the attribute for O(anchor=attribute).
    type: str
  plan:
    description:
      - A plan to carry out exactly, written by this module in check mode to its O(dest).
      - A row is struck out by setting its C(approved) to false. A plan of another tenant and a truncated file are
        refused before anything is written.
      - Users that changed since the plan was made are left alone (C(changed_since_plan)).
      - The options that say how to plan (O(state), O(match_by), O(on_existing), O(anchor)) have no effect with it;
        O(protected_users) and O(max_changes) have. In check mode the targets are read again and nothing is written.
    type: path
  state:
    description:
      - V(present) sets the ImmutableId.
      - V(absent) clears it. Where the input names a value, only that value is cleared; a value that is no GUID is
        cleared only if it is named.
    type: str
    choices: [present, absent]
    default: present
  match_by:
    description:
      - How AD objects and users are paired. The first key that finds somebody decides, but a user found by another key
        is not given up for one who merely holds the ImmutableId by now - that is a conflict.
      - A key is a name, which compares like with like, or a dictionary of the two names C(ad) and C(cloud), for example
        C(mail) and C(user_principal_name).
      - The names are V(immutable_id), V(user_principal_name) (the user's name in the tenant against C(login_name)),
        V(mail), V(proxy_address) (the primary address first) and V(id).
      - ImmutableIds are compared with case, names and addresses without.
    type: list
    elements: raw
    default: [immutable_id, user_principal_name]
  on_existing:
    description:
      - What to do with a user that has another ImmutableId. V(keep) leaves it and says so.
      - A value that is no GUID (a custom source anchor) is kept in any case, and so is that of a synced user.
    type: str
    choices: [keep, replace]
    default: keep
  protected_users:
    description:
      - Ids and user principal names of users that are never touched, for example emergency accounts.
      - A name that is no user of the tenant is warned of when a plan is made.
    type: list
    elements: str
    default: []
  max_changes:
    description:
      - The most changes allowed, as a number or a percentage of the rows (V(10%)). If there are more, nothing is
        written and the module fails; check mode warns.
      - The default is 25 without O(plan), and as many as the plan has with it.
    type: str
  journal:
    description:
      - File to which every write is noted before and after, only ever appended to. It must be this tenant's.
      - The default is O(dest) with C(.journal.jsonl) appended, else a new file in a private directory
        (E(HYBRID_IDENTITY_STATE_DIR), else C(hybrid.identity) below E(XDG_STATE_HOME) or C(~/.local/state)).
    type: path
attributes:
  check_mode:
    support: full
    details:
      - Check mode is the plan. It opens no journal.
  diff_mode:
    support: full
    details:
      - Shows at most 100 users.
  idempotent:
    support: full
    details:
      - Also while the reads of the service lag behind its writes, because the journal is trusted before a lagging read.
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.files
  - hybrid.identity.entra
notes:
  - Planning needs C(User.Read.All), writing C(User.ReadWrite.All). Writing users who hold a directory role needs a role
    for the app as well.
  - Pause sync while ImmutableIds are written, see M(hybrid.identity.entra_sync_cycle). An AD object that is exported
    half-way makes a twin that never matches again.
seealso:
  - module: hybrid.identity.ad_object_guid
  - module: hybrid.identity.entra_sync_status
  - module: hybrid.identity.entra_sync_cycle
  - name: When you already have Microsoft Entra ID
    description: How directory sync matches users, by Microsoft.
    link: https://learn.microsoft.com/entra/identity/hybrid/connect/how-to-connect-install-existing-tenant
"""

EXAMPLES = r"""
- name: Gather the AD users
  hybrid.identity.ad_object_guid:
    server: dc1.corp.example.com
    dest: objects.jsonl
    return_limit: 0

- name: Plan
  hybrid.identity.entra_immutable_id:
    src: [objects.jsonl]
    match_by: [immutable_id, user_principal_name, mail]
    dest: plan.jsonl
  check_mode: true
  register: plan

- name: Show what would happen, and what is in the way
  ansible.builtin.debug:
    msg: "{{ plan.summary }}"

- name: Apply exactly that plan
  hybrid.identity.entra_immutable_id:
    plan: plan.jsonl
    dest: result.jsonl

# The file of the classic recipe: ldifde -f export.txt -r "(Userprincipalname=*)" -l "objectGuid, userPrincipalName"
- name: Plan from the bare export, stating that sync uses objectGUID
  hybrid.identity.entra_immutable_id:
    src: [export.txt]
    anchor: object_guid
    dest: plan.jsonl
  check_mode: true

- name: Tie one user by hand
  hybrid.identity.entra_immutable_id:
    users:
      - user: jane@example.com
        object_guid: 96dcc383-2f6e-4fa2-af15-6b4c1119259a

- name: Clear the ImmutableId of a user, if it is that one
  hybrid.identity.entra_immutable_id:
    users:
      - user: jane@example.com
        immutable_id: g8Pclm4vok+vFWtMERklmg==
    state: absent
"""

RETURN = r"""
users:
  description: The rows, those that need attention first, at most O(return_limit) of them.
  returned: success, and on failure once there is a plan
  type: list
  elements: dict
  contains:
    user:
      description: User principal name of the user found, else what the input names.
      type: str
      sample: jane@example.com
    id:
      description: Object id of the user; null when none was found.
      type: str
      sample: 87d349ed-44d7-43e1-9a83-5f2406dee5bd
    on_premises:
      description:
        - Fields of the AD object that identify it (C(distinguished_name, sam_account_name, user_principal_name,
          login_name, mail, display_name, object_guid, object_sid, anchor_source, source)); null when the input named no
          AD object.
      type: dict
      sample: {"distinguished_name": "CN=Jane,OU=Staff,DC=corp,DC=example,DC=com", "sam_account_name": "jane"}
    matched_by:
      description: The key that found the user; null when none was found.
      type: str
      sample: user_principal_name
    evidence:
      description: Every key that was tried, with its value and whom it found, and further obstacles.
      type: list
      elements: dict
      contains:
        key:
          description: The key, or C(also) for a further obstacle, or C(note).
          type: str
          sample: user_principal_name
        value:
          description: The value looked up, or the code of the obstacle.
          type: str
          sample: jane@example.com
        users:
          description: Whom it found, as C(id), C(user_principal_name) and C(deleted).
          type: list
          elements: dict
          sample:
            - id: 87d349ed-44d7-43e1-9a83-5f2406dee5bd
              user_principal_name: jane@example.com
              deleted: false
    before:
      description: The ImmutableId that the user had; null for none.
      type: str
      sample: null
    after:
      description: The ImmutableId that the user should have; null for none, or when it cannot be used.
      type: str
      sample: g8Pclm4vok+vFWtMERklmg==
    action:
      description:
        - C(set) and C(clear) are writes, done or in check mode to be done; C(none) needs nothing.
        - C(blocked), C(conflict), C(ambiguous) and C(not_found) are left alone for the reason given; C(failed) could
          not be read or written.
      type: str
      sample: set
    reason:
      description: Why, as C(code), C(message) and C(remedy); null when there is nothing to say.
      type: dict
      sample:
        code: existing_value_kept
        message: The user has another anchor, "h8Pclm4vok+vFWtMERklmg==".
        remedy: If it is wrong, run with on_existing=replace. If it is right, find the AD object it belongs to.
    effects:
      description: Reserved for what the sync's takeover will change; null.
      type: list
      elements: dict
      sample: null
    approved:
      description: In a plan, true for a row that will be written; set it to false to strike the row out.
      type: bool
      sample: true
    changed:
      description: Whether the value was changed, or in check mode would be.
      type: bool
      sample: true
    error:
      description: >-
        What the service answered, as C(status), C(code), C(message) and C(request_id); null without an error.
      type: dict
      sample: null
problems:
  description: >-
    Entries of O(src) that could not be read, with C(source), C(line), C(value) and C(message), at most O(return_limit).
  returned: success, and on failure once there is a plan
  type: list
  elements: dict
  sample: []
summary:
  description:
    - The number of rows for each action, and C(total).
    - C(reasons) has the number of rows for each reason code, C(unreadable) the number of entries of O(src) that could
      not be read, C(skipped) the number of those that are no users.
    - C(requests) and C(writes) are those sent to Graph, C(throttled_seconds) the time held back by quota or service,
      C(seconds) the time of the task, C(sign_in_method) how the module signed in.
  returned: success, and on failure once there is a plan
  type: dict
  sample:
    set: 212
    clear: 0
    none: 4
    blocked: 3
    conflict: 2
    ambiguous: 1
    not_found: 1
    failed: 0
    total: 223
    reasons: {"anchor_held": 2, "existing_value_kept": 3, "not_found": 1, "several_users": 1}
    skipped: 0
    unreadable: 0
    requests: 16
    writes: 212
    throttled_seconds: 0.0
    seconds: 3.2
    sign_in_method: certificate
dest:
  description:
    - The file with all rows; null without O(dest).
    - If the run ended early, the file with the rows so far, whose name ends in C(.partial), or null if there are none.
  returned: success, and on failure once there is a plan
  type: str
  sample: /srv/hard-match/result.jsonl
journal:
  description: The journal of this run; null when nothing was to be written, and in check mode.
  returned: success, and on failure once there is a plan
  type: str
  sample: /srv/hard-match/result.jsonl.journal.jsonl
too_many_changes:
  description: In check mode, whether O(max_changes) forbids to write this; outside check mode that is a failure.
  returned: success, and on failure once there is a plan
  type: bool
  sample: false
truncated:
  description: Whether RV(users) lacks rows because of O(return_limit).
  returned: success, and on failure once there is a plan
  type: bool
  sample: false
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.immutable_id import (
    ARGUMENTS,
    ONE_OF,
    REQUIRED_IF,
    set_immutable_ids,
)
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job


def main() -> None:
    """Run the job."""
    run_job(ARGUMENTS, set_immutable_ids, required_one_of=ONE_OF, mutually_exclusive=ONE_OF, required_if=REQUIRED_IF)


if __name__ == "__main__":
    main()
