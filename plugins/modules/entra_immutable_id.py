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
    directory sync adopts the user (hard match), or clears it, or puts back what was there before.
  - Check mode is the plan. It reads and decides exactly as a real run does, names every obstacle and everything that
    the takeover changes, and writes nothing to the tenant. With O(dest) the plan is a file that a person can review,
    with a table beside it that opens in a spreadsheet; O(plan) applies exactly that file.
  - Each target is read again by its id just before it is written, and left alone if it changed. All readable properties
    of the targets are saved before the first write, and the before-value of every write is on disk before its request
    leaves. Afterwards the user is read until the new value is seen.
  - Ambiguous and unknown users are rows with a reason, never a guess. One bad row never stops the others.
  - C(changed) speaks of the value. Whether sync has taken a user is for M(hybrid.identity.entra_sync_status) to say.
options:
  users:
    description:
      - The users, for small jobs. The same fields and results as with O(src).
      - One of O(users), O(src), O(plan) and O(restore) is required.
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
      wave:
        description: The wave that the user belongs to, see O(wave).
        type: str
  src:
    description:
      - Files of AD objects or of pairs - what M(hybrid.identity.ad_object_guid) wrote to its O(dest), exports as
        C(ldifde), C(csvde), C(Get-ADUser | Export-Csv), C(ldapsearch) and C(ldbsearch) write them, and lists written by
        hand (CSV or JSON Lines with C(user) and C(immutable_id) or C(object_guid), and perhaps C(wave)).
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
      - A reviewer edits the JSON Lines, not the table beside it. C("approved":false) in a row strikes it out, and so
        does deleting its line. C("approved":true) releases a row whose C(action) is C(blocked), if an approval can
        release it from everything that blocks it - effects of the takeover (O(block_effects)), a pair found by a weak
        key, a federated or unverified domain. Any other blocked row stays blocked and says so. C(wave) may be filled
        in.
      - A plan of another tenant, one older than O(max_age), one of an older format, one edited in any other way, and a
        truncated file are refused before anything is written.
      - So is a plan that was made at another Microsoft Graph endpoint (C(service) in its first line), such as that of a
        rehearsal. The other way round, a plan for the real tenant may be tried on a rehearsal tenant on this machine (a
        loopback address), with a warning.
      - Users that changed since the plan was made are left alone (C(changed_since_plan)). Compared are the
        ImmutableId, the name and RV(users[].seen). Those who are still to be written after that are asked about one by
        one, where the plan could do so, whether they were moved to the cloud or mapped to another AD object.
      - The options that say how to plan (O(state), O(match_by), O(weak_match_by), O(map), O(on_existing), O(anchor),
        O(block_effects), O(require_unsynced), O(unclaimed)) have no effect with it; O(protected_users),
        O(protect_role_holders), O(max_changes) and O(wave), O(offset) and O(limit) have. In check mode the targets are
        read again and nothing is written.
    type: path
  max_age:
    description:
      - How old O(plan) may be, in seconds or with a unit (V(90m), V(12h), V(7d)). Holders of names and addresses are as
        they were when it was made.
      - A plan that says it was made more than an hour from now is refused whatever this is.
    type: str
    default: 7d
  restore:
    description:
      - Journals of earlier runs, whose writes are to be undone. Each user gets back the value that it had before the
        first write that these journals know of; their order does not matter, the times of their entries count.
      - A user that somebody else has changed since is left alone (C(changed_since_write)), and so is one that sync has
        taken by now (C(restore_needs_undo)), because the service refuses to change the ImmutableId of a synced user.
      - Restoring writes a journal of its own and can be undone like any other run. O(protected_users), O(max_changes)
        (by default as many as the journals say), O(wave), O(offset) and O(limit) apply; check mode shows what would be
        done.
      - Only the ImmutableId is put back. What sync changed in a user it took, passwords above all, no journal brings
        back.
      - Directory roles are not looked at, so O(protect_role_holders) has no effect. Whom the service does not let this
        sign-in write is C(failed) (C(write_forbidden)).
    type: list
    elements: path
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
      - How AD objects and users are paired, the strongest key first. The first key that finds a live user decides. What
        every key found is shown in the row's C(evidence).
      - A key is a name, which compares like with like; or a dictionary of C(ad) and C(cloud), which name the two sides,
        for example C(mail) and C(user_principal_name).
      - The names are V(map) (the pairs of O(map)), V(immutable_id) (whoever has the wanted value by now),
        V(user_principal_name) (the user's name in the tenant against C(login_name), which is what sync sends as the
        name, and not against AD's own), V(on_premises_security_identifier) (against C(object_sid)), V(mail),
        V(proxy_address) (the primary address first) and V(id).
      - V(employee_id), V(sam_account_name), V(mail_nickname) and V(display_name), and pairs with one of them, are weak;
        help desks write them and give them out again. They only confirm a pair that another key found, and C(evidence)
        says whether they agree; see O(weak_match_by).
      - A dictionary may also have C(rewrite), which turns domains of AD into domains of the tenant before the two are
        compared. Then the key is C(key), one of the names, or C(ad) and C(cloud). V(corp.local) stands for that domain
        only, V(.corp.local) for all domains below it; these keep what is before, if the new domain begins with a dot as
        well (V(.example.com)). The longest domain that fits is taken. C(evidence) shows both values.
      - ImmutableIds are compared with case, everything else without.
      - Several users that fit the deciding key are C(ambiguous), and so is one user that several AD objects claim. All
        candidates are named.
      - A stronger key contradicts a pair (C(match_contradicted)) if it finds only deleted or external users, if the map
        says otherwise, or if it is V(on_premises_security_identifier) and the two differ.
      - External users and resource accounts are never picked, unless somebody names them by their id in O(users) or
        O(map). If one fits as well as a member does, the row waits for approval (C(external_also_fits)).
    type: list
    elements: raw
    default: [immutable_id, user_principal_name]
  weak_match_by:
    description:
      - Keys to try where none of O(match_by) finds anybody, written as there, for example V(employee_id).
      - A pair found by them alone is blocked (C(weak_match)) until somebody approves its row in the plan.
      - A strong key named here, instead of in O(match_by), needs approval as well.
    type: list
    elements: raw
    default: []
  map:
    description:
      - A list of pairs that somebody has decided, as CSV (with comma, semicolon or tab) or JSON Lines. Its columns are
        C(user), an id or user principal name, and one or more of C(object_guid), C(distinguished_name), C(object_sid),
        C(user_principal_name) (AD's own) and C(sam_account_name), of which each line names its AD object by exactly
        one; C(wave) may name a wave. Other columns are ignored.
      - It is the strongest key unless O(match_by) puts V(map) elsewhere. It has no effect on users named by hand.
      - Lines that contradict each other, name nobody in the tenant or no object of the input are in RV(problems) with
        their numbers. Their objects are not matched by other keys instead.
    type: path
  unclaimed:
    description:
      - Whether to add a row for every user of the tenant that no AD object of the input claims, at the end of the plan.
      - Such rows write nothing, and O(max_changes) does not count them.
    type: bool
    default: false
  on_existing:
    description:
      - What to do with a user that has another ImmutableId. V(keep) leaves it and says so.
      - A value that is no GUID (a custom source anchor) is kept in any case, and so is that of a synced user.
    type: str
    choices: [keep, replace]
    default: keep
  protected_users:
    description:
      - Users that are never touched, for example emergency accounts - ids and user principal names of users, and ids,
        names or addresses of groups, whose members are protected, also those in groups inside of them.
      - Members are read in every run, also when a plan is applied. If they cannot be read, the module fails.
      - Accounts of directory synchronization and cloud-only accounts that hold Global Administrator of their own are
        protected in any case.
      - A name that is nobody in the tenant is warned of.
    type: list
    elements: str
    default: []
  protect_role_holders:
    description:
      - Whether users are left alone who hold a directory role, directly or through a group, can activate one (PIM), or
        are members or owners of a role-assignable group. The service refuses to hard match them, and often the write
        itself. The first remedy is to keep such an account in the cloud only.
      - Where roles cannot be read, every row is blocked (C(roles_unknown)) until this is V(false).
      - Roles are read again when a plan is applied. Whoever has power by then that the plan does not show is left alone
        (C(changed_since_plan)); if roles cannot be read then, that is warned of.
    type: bool
    default: true
  require_unsynced:
    description:
      - Whether a user is blocked that is synced already with another ImmutableId. The service refuses such a write;
        with V(false) it is tried all the same.
    type: bool
    default: true
  block_effects:
    description:
      - Effects of the takeover that block a row until somebody approves it in the plan. An empty list blocks none.
      - V(enabled_unknown), V(expiry_unknown), V(password_change_unknown) and V(mailbox_unknown) say what a source that
        does not carry the attribute leaves open. They block nothing unless they are named here.
      - The guide to reading a plan explains every code.
    type: list
    elements: str
    choices:
      - user_disabled
      - user_enabled
      - shared_mailbox_enabled
      - account_expired
      - enabled_unknown
      - expiry_unknown
      - sign_in_name_changed
      - sign_in_name_kept
      - primary_address_lost
      - primary_address_changed
      - address_lost
      - mailbox_in_danger
      - mailbox_unknown
      - password_will_change
      - password_may_change
      - password_must_change
      - password_change_unknown
      - password_random
      - password_not_synced
      - dynamic_group_attribute
      - overwritten
      - blanked
      - not_carried
    default: [user_disabled, sign_in_name_changed, primary_address_lost, password_must_change]
  max_changes:
    description:
      - The most changes allowed, as a number or a percentage of the rows (V(10%)). If there are more, nothing is
        written and the module fails; check mode warns.
      - The default is 25 without O(plan) and O(restore), and as many as the plan or the journals have with them.
    type: str
  wave:
    description:
      - Write only the rows that belong to this wave, so that a pilot group goes first. A row's wave is the column
        C(wave) of O(map) or of a list of pairs, or what a reviewer wrote into the field C(wave) of its row in the plan.
      - Rows outside are C(none) with the code C(outside_wave).
    type: str
  offset:
    description:
      - Leave out so many rows that would be written before the first one that is, in the order of the plan.
      - Make the plan without waves and apply it wave by wave. The rows that write then stay the same and in the same
        places, so that O(offset=20) goes on where O(limit=20) ended. A run without O(plan) plans anew each time, and
        what was written before needs no write any more.
    type: int
    default: 0
  limit:
    description:
      - Write at most so many rows.
    type: int
  journal:
    description:
      - File to which every write is noted before and after, only ever appended to. It must be this tenant's.
      - The default is O(dest) with C(.journal.jsonl) appended, else a new file in a private directory
        (E(HYBRID_IDENTITY_STATE_DIR), else C(hybrid.identity) below E(XDG_STATE_HOME) or C(~/.local/state)).
      - A run that was killed is continued by running it again with the same journal. What is known to be written is not
        written twice; what the killed run left open is looked for first, for at most two minutes after it was sent.
      - The backup of all targets is written beside it, see RV(backup).
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
  - hybrid.identity.progress
notes:
  - "Permissions to plan at all: C(User.Read.All), C(Organization.Read.All) and C(RoleManagement.Read.Directory)."
  - "Permissions to plan fully, besides: C(Group.Read.All), C(OrgContact.Read.All), C(Domain.Read.All),
    C(PrivilegedEligibilitySchedule.Read.AzureADGroup), C(User-OnPremisesSyncBehavior.ReadWrite.All),
    C(OnPremDirectorySynchronization.Read.All), C(Synchronization.Read.All), C(Application.Read.All). What may not be
    read is unknown, never assumed, and RV(tenant.unchecked) names it."
  - "Permissions to apply: C(User.ReadWrite.All). Writing users who hold a directory role needs a role for the app as
    well."
  - Pause sync while ImmutableIds are written, see M(hybrid.identity.entra_sync_cycle). An AD object that is exported
    half-way makes a twin that never matches again. RV(summary.in_scope) says how many of the users to be written sync
    would take already.
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

# Now read plan.csv in a spreadsheet, and edit plan.jsonl: "approved":false strikes a row out, "approved":true releases
# a blocked one, and "wave":"pilot" puts it into the wave of that name.

- name: Release one row whose user will get another sign-in name
  ansible.builtin.replace:
    path: plan.jsonl
    regexp: '^(\{"user":"jane@example\.com",.*"action":"blocked",.*"approved":)null'
    replace: '\1true'

- name: Apply exactly that plan, the pilot group first
  hybrid.identity.entra_immutable_id:
    plan: plan.jsonl
    wave: pilot
    dest: pilot.jsonl

- name: Apply the rest of it; the pilot group needs nothing any more
  hybrid.identity.entra_immutable_id:
    plan: plan.jsonl
    protected_users: [breakglass@example.com, Administrators in the cloud]
    dest: result.jsonl

- name: Put back what both runs changed
  hybrid.identity.entra_immutable_id:
    restore:
      - result.jsonl.journal.jsonl
      - pilot.jsonl.journal.jsonl
    dest: restored.jsonl

- name: Plan with pairs that somebody decided, and employee numbers where nothing else fits
  hybrid.identity.entra_immutable_id:
    src: [objects.jsonl]
    map: pairs.csv
    match_by:
      - immutable_id
      - key: user_principal_name
        rewrite:
          corp.local: example.com
      - on_premises_security_identifier
      - proxy_address
    weak_match_by: [employee_id]
    unclaimed: true
    dest: plan.jsonl
  check_mode: true

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
          login_name, mail, proxy_addresses, display_name, object_guid, object_sid, anchor_source, anchor_certain,
          source)), and C(in_scope), whether sync takes it, where null is unknown; null when the input named no AD
          object. Of one that sync leaves out also C(scope_reasons), why.
      type: dict
      sample: {"distinguished_name": "CN=Jane,OU=Staff,DC=corp,DC=example,DC=com", "sam_account_name": "jane"}
    matched_by:
      description: The key that found the user; null when none was found.
      type: str
      sample: user_principal_name
    evidence:
      description: Every key that was tried, with its value and whom it found, and what else bears on the row.
      type: list
      elements: dict
      contains:
        key:
          description:
            - The key.
            - Else C(also) for a further obstacle, C(remark) for something worth knowing, C(unchecked) for what could
              not be read, C(note), C(anchor_mode) for what proves an anchor, C(journal) for a write that is put back.
          type: str
          sample: user_principal_name
        value:
          description: The value looked up, or the code of an obstacle or remark, or a text.
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
      description:
        - What changes or is lost when sync takes the user, the gravest first.
        - Null where it was not looked at, because nothing is to be written or something stands in the way that no
          approval releases.
      type: list
      elements: dict
      contains:
        code:
          description:
            - C(overwritten) is replaced by AD's value in the first cycle, C(blanked) is emptied by the second one,
              because AD is known to have no value, and C(not_carried) is unknown, because the source lacks the
              attribute, or no user is known for the manager whom AD names.
            - O(block_effects) lists the others.
          type: str
          sample: overwritten
        property:
          description: The property by its Graph name; null where none is meant.
          type: str
          sample: department
        before:
          description: The value in the tenant.
          type: raw
          sample: Sales
        after:
          description: The value in AD.
          type: raw
          sample: Marketing
        groups:
          description: With C(dynamic_group_attribute), the groups whose rules use the property, 25 at most.
          type: list
          elements: str
          returned: with C(dynamic_group_attribute)
          sample: [All of Marketing]
        more:
          description: How many further groups there are.
          type: int
          returned: when there are more than 25
    approved:
      description:
        - In a plan, true for a row that will be written; set it to false to strike the row out.
        - Null for all others. Where C(action) is C(blocked), set it to true to release the row, if its codes allow
          that.
      type: bool
      sample: true
    wave:
      description: The wave that the row belongs to; null for none.
      type: str
      sample: pilot
    seen:
      description:
        - What else of the user a review rests on, as it was when the plan was made; a user for whom one of these
          changed is left alone. Null when none was found.
        - C(cloud_managed) and C(object_identifier) (C(isCloudManaged) and C(onPremisesObjectIdentifier) of Graph) are
          there only if they could be read.
      type: dict
      sample:
        synced: null
        enabled: true
        primary_address: jane@example.com
        external: false
        resource: false
        restricted: false
        cloud_managed: false
        object_identifier: null
    seal:
      description:
        - In the file of a plan and in check mode, a checksum over who is written with what and why, by which a slip of
          an editor is noticed when the plan is applied; it is no protection against forgery.
      type: str
      returned: in check mode
      sample: 5f1c0d6a9b3e4712
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
    Entries of O(src) that could not be read and lines of O(map) that cannot be used, with C(source), C(line), C(value)
    and C(message), at most O(return_limit).
  returned: success, and on failure once there is a plan
  type: list
  elements: dict
  sample: []
at_risk:
  description: >-
    Names of users that are written and that sync takes, or may take, at most O(return_limit). Unless the sync is
    paused, it takes them by name or address before, or makes second users of them.
  returned: success, and on failure once there is a plan
  type: list
  elements: str
  sample: [jane@example.com]
tenant:
  description: >-
    What the tenant as a whole says about hard matches; it blocks no row. Null with O(plan) and O(restore), which do not
    ask.
  returned: success, and on failure once there is a plan
  type: dict
  contains:
    id:
      description: The tenant's id.
      type: str
      sample: 66666666-7777-8888-9999-000000000000
    reasons:
      description: What will keep users from being matched, as C(code), C(message) and C(remedy).
      type: list
      elements: dict
      sample: []
    unchecked:
      description: What stays unknown, as C(what), and the C(permission) that would help.
      type: list
      elements: dict
      sample:
        - what: addresses of contacts
          permission: OrgContact.Read.All
summary:
  description:
    - The number of rows for each action, and C(total).
    - C(reasons) has the number of rows for each reason code, C(unreadable) the number of entries in RV(problems),
      C(skipped) the number of entries of exports that are no users, C(struck_out) the number of rows that a reviewer
      struck out or deleted.
    - C(in_scope) says of the rows that are written whether sync takes their AD objects.
    - C(anchor_modes) says how many users that are synced already have an ImmutableId that fits only C(object_guid) of
      their AD object, only its C(consistency_guid), C(both) or C(neither); C(consistency_guid_unread) counts those that
      fit objectGUID where C(mS-DS-ConsistencyGuid) was not read. Null with O(plan) and O(restore).
    - C(requests) and C(writes) are those sent to Graph, C(throttled_seconds) the time held back by quota or service,
      C(seconds) the time of the task, C(sign_in_method) how the module signed in.
  returned: success, and on failure once there is a plan
  type: dict
  contains:
    in_scope:
      description: Rows that are written, by whether sync takes their AD objects.
      type: dict
      sample: {"true": 180, "false": 0, "unknown": 32}
    anchor_modes:
      description: Users that are synced already, by the value that their ImmutableId fits.
      type: dict
      sample: {"object_guid": 41, "consistency_guid": 0, "both": 7, "neither": 0, "consistency_guid_unread": 0}
    effects:
      description: Effects of the takeover, with the number of users of rows that are written or may be released.
      type: dict
      sample: {"password_will_change": 212, "overwritten": 40}
    releasable:
      description: Blocked rows that somebody may release by approving them.
      type: int
      sample: 2
    struck_out:
      description: Rows that a reviewer struck out or deleted.
      type: int
      sample: 0
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
    in_scope: {"true": 180, "false": 0, "unknown": 32}
    effects: {"password_will_change": 212, "overwritten": 40}
    releasable: 2
    struck_out: 0
    anchor_modes: {"object_guid": 41, "consistency_guid": 0, "both": 7, "neither": 0, "consistency_guid_unread": 0}
    skipped: 0
    unreadable: 0
    requests: 52
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
csv:
  description:
    - In check mode, the table of the plan for people, beside O(dest) and with C(.csv) in place of its ending; null
      without O(dest). Its column C(releasable) says which rows an approval would release. It is for reading only.
  returned: success, and on failure once there is a plan
  type: str
  sample: /srv/hard-match/plan.csv
journal:
  description: The journal of this run; null when nothing was to be written, and in check mode.
  returned: success, and on failure once there is a plan
  type: str
  sample: /srv/hard-match/result.jsonl.journal.jsonl
backup:
  description:
    - The file with all readable properties of every target as they were before each write, beside the journal;
      null when nothing was to be written, and in check mode. A target that is not in it is not written.
    - A run that continues a journal leaves the rows of its backup as they are, and adds the users whom it lacks. A user
      who is to be written and is not as its newest row says gets a further one, so that each write has a row from
      before it; C(time) says when each was read.
    - It is JSON Lines, each with C(id), C(user), C(time) and C(properties). Not in it is what Graph returns only by
      itself (C(aboutMe), C(mySite), C(skills), C(birthday) and the like, C(mailboxSettings)), what needs further
      permissions (C(signInActivity), C(customSecurityAttributes), C(authorizationInfo), C(employeeLeaveDateTime)),
      and passwords.
  returned: success, and on failure once there is a plan
  type: str
  sample: /srv/hard-match/result.jsonl.journal.backup.jsonl
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
