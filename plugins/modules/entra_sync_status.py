#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_sync_status
short_description: Say whether users are "Synced with Active Directory", and if not, why
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Reads where users of a tenant stand, and with O(wait) follows all of them together until directory sync has taken
    them or the time is over.
  - The words of the admin centres are no proof. A user counts as synced only if the flag C(onPremisesSyncEnabled) is
    true, the ImmutableId is the expected one, SID and sign-in name are those of the AD object where they are known,
    nothing is parked for being taken, and, for a user whose ImmutableId was just written, the last sync came after the
    write.
  - For everybody else all reasons are given, the decisive one first, each with a remedy - a wrong anchor, another user
    that the sync took instead, holders of the anchor, the SID, the name or an address, directory roles, the source of
    authority, a mapping to another AD object, flags of the tenant, the scope, the jobs of Cloud Sync and its log, who
    changed the user (audit log), and with O(ad_objects) what AD says by now. What could not be read is named with the
    permission that would allow it.
  - With O(backup) it says what the takeover has changed and emptied.
  - Groups, contacts and devices can be asked for as well - their state and errors, and what kind of match is possible
    for them, since only users hard match. They are read once, and not followed.
  - Up to 20 users are read one by one, with whoever has what is theirs; for more, the tenant is listed once. What
    explains a user is read only if somebody is not synced as expected.
options:
  users:
    description:
      - The users, for small jobs. The same fields and results as with O(src).
      - One of O(users), O(src), O(groups), O(contacts) and O(devices) is required. With users and files, of the files
        only these users are looked at, with what the files expect of them; who is in none of the files is looked at as
        without them.
    type: list
    elements: dict
    suboptions:
      user:
        description: Object id or user principal name of the user.
        type: str
        required: true
      immutable_id:
        description:
          - The ImmutableId that the user should have. Without it, and with nothing known of the AD object, any value
            will do; of a synced user RV(users[].unchecked) says so.
        type: str
      object_guid:
        description: The same as the objectGUID of the AD object, in any usual spelling.
        type: str
  src:
    description:
      - Files with the users - the O(dest) of M(hybrid.identity.ad_object_guid), M(hybrid.identity.entra_immutable_id)
        (plan, result or journal) or of this module.
      - Left out are rows of users whom no AD object claims, and those outside of a wave.
    type: list
    elements: path
  groups:
    description:
      - Groups of the tenant, each by its object id, display name, an address, or the sAMAccountName of its AD group.
      - A name that several groups have is not guessed about. Its row is C(unknown) and names them all; so it is with
        O(contacts) and O(devices).
    type: list
    elements: str
  contacts:
    description: Organizational contacts, each by its object id, an address, or the display name.
    type: list
    elements: str
  devices:
    description:
      - Devices, each by its object id, its device id, or the display name. The device id of a hybrid joined device is
        the objectGUID of its computer in AD.
    type: list
    elements: str
  ad_objects:
    description:
      - Files of objects that were gathered just now (O(dest) of M(hybrid.identity.ad_object_guid)), so that the answer
        takes AD as it is and not as a plan remembers it. What they say of the object of a user counts instead of what
        O(src) knows of it - its anchor, its names and addresses, whether sync takes it.
      - An object is found by its objectGUID; for a user of whom no object is known, by the ImmutableId that is
        expected, by the name, and (for up to 20 such users) by what the user has. An object that was asked for by its
        objectGUID (O(hybrid.identity.ad_object_guid#module:identities)) and is not there counts as gone; what was not
        read stays as it was known.
    type: list
    elements: path
  ad_error:
    description: Why AD could not be read just now, where that was tried; named in C(unchecked).
    type: str
  sync_server:
    description:
      - File that says how the server of Entra Connect Sync stands, and what came of its last export - the
        C(connect.json) in the folder of a run of the role P(hybrid.identity.hard_match#role) with
        C(hard_match_sync=connect_sync).
      - What it says joins the reasons of those who are not synced. Microsoft Graph does not show that server.
    type: path
  backup:
    description:
      - Backups that M(hybrid.identity.entra_immutable_id) has written before the first write, beside its journal
        (RV(hybrid.identity.entra_immutable_id#module:backup)). Users who are in them and whom the sync has taken are
        compared with them, property by property, and RV(users[].changes) says what became of them. Who is in several
        of them is compared with the newest row.
      - Ask after a further cycle. What AD has replaces what the cloud had in the first cycle after the match; what is
        empty in AD is emptied in the second, and before that a user looks better than it will be. Reads lag moments
        behind a cycle.
      - It says what is different, whoever changed it. Not compared are the marks of the sync (C(onPremises*)), service
        plans, and times of sign-ins. A password cannot be read; a new one shows as C(lastPasswordChangeDateTime).
    type: list
    elements: path
  wait:
    description:
      - Follow those who are on their way, across as many cycles of the sync as it takes, until each was seen synced by
        two reads in a row. In check mode nobody is waited for.
      - More than 20 users are not read again and again. The tenant is listed once, each look asks it what has changed
        since (a delta query), and who became synced is read once more by id, 20 in a request. Where the tenant does not
        tell changes, all who are on their way are read by id, 20 in a request.
      - At the end of the time everybody who is not synced is read once more, with what explains it. Those on their way
        stay C(pending); that is no failure.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to follow them at most; fewer, with a warning, where the access token ends before and cannot be renewed.
    type: int
    default: 7200
  wait_interval:
    description:
      - Longest pause between two looks at all who are pending, in seconds; the first ones are shorter, but never less
        than a second.
    type: int
    default: 30
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.read_only
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.files
  - hybrid.identity.entra
  - hybrid.identity.progress
notes:
  - The app needs C(User.Read.All) and C(Organization.Read.All). The flags of the tenant
    (C(OnPremDirectorySynchronization.Read.All)) are documented for a signed-in Global Administrator only; where they
    cannot be read they are unknown.
  - Groups, contacts and devices need C(Group.Read.All), C(OrgContact.Read.All) and C(Device.Read.All). Whether the
    source of authority of a group or contact was moved is read with C(Group-OnPremisesSyncBehavior.ReadWrite.All) and
    C(Contacts-OnPremisesSyncBehavior.ReadWrite.All).
  - To explain, it also reads with C(RoleManagement.Read.Directory), C(Group.Read.All), C(OrgContact.Read.All),
    C(User-OnPremisesSyncBehavior.ReadWrite.All), C(AuditLog.Read.All), and for Cloud Sync C(Application.Read.All) and
    C(Synchronization.Read.All). Each of them may be missing.
  - The audit log is read for a day, or since the oldest write that O(src) tells of; for a single user for a week.
seealso:
  - module: hybrid.identity.entra_immutable_id
  - module: hybrid.identity.entra_sync_cycle
  - name: Troubleshooting errors during synchronization
    description: What keeps directory sync from taking a user, by Microsoft.
    link: https://learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-sync-errors
"""

EXAMPLES = r"""
- name: Ask about one person
  hybrid.identity.entra_sync_status:
    users:
      - user: jane@example.com
  register: status

- name: Say it in plain words
  ansible.builtin.debug:
    msg: "{{ status.users[0].label }}: {{ status.users[0].reasons | map(attribute='message') | join(' ') }}"

- name: Say what the takeover has changed and emptied
  hybrid.identity.entra_sync_status:
    src: [result.jsonl]
    backup: [result.journal.backup.jsonl]
    dest: status.jsonl
  register: status

- name: Fail if somebody lost a value of which the plan did not speak
  ansible.builtin.assert:
    that: status.summary.comparison.unpredicted == 0
    fail_msg: "{{ status.summary.comparison.properties }}"

- name: Ask about a group, a contact and a device
  hybrid.identity.entra_sync_status:
    groups: [sales@example.com]
    contacts: [partner@fabrikam.com]
    devices: [LAPTOP1]
  register: others

- name: Say what kind of match is possible for them
  ansible.builtin.debug:
    msg: "{{ item.kind }} {{ item.name }}: {{ item.reasons | map(attribute='message') | join(' ') }}"
  loop: "{{ others.objects }}"

- name: Follow everybody of a run for an hour
  hybrid.identity.entra_sync_status:
    src: [result.jsonl]
    wait: true
    wait_timeout: 3600
    dest: status.jsonl
    return_limit: 20
  register: status

- name: Fail if somebody is left
  ansible.builtin.assert:
    that: status.summary.synced == status.summary.total
    fail_msg: "{{ status.summary.reasons }}"
"""

RETURN = r"""
users:
  description: One row for each entry of the input, those who are not synced first, at most O(return_limit) of them.
  returned: success
  type: list
  elements: dict
  contains:
    user:
      description: User principal name of the user, else what the input names.
      type: str
      sample: jane@example.com
    id:
      description: Object id of the user; null when there is none.
      type: str
      sample: 87d349ed-44d7-43e1-9a83-5f2406dee5bd
    state:
      description:
        - C(synced) is proven. C(pending) may come with the next cycles. C(in_cloud) stays there for a reason that was
          found; C(blocked) is kept by a rule; C(conflict) has another object in its way; C(not_found) does not exist;
          C(unknown) could not be read.
      type: str
      sample: pending
    label:
      description: What the admin centres show - C(Synced with Active Directory) or C(In cloud); null for no user.
      type: str
      sample: In cloud
    reasons:
      description: Everything that keeps the user from being synced, the decisive reason first.
      type: list
      elements: dict
      contains:
        code:
          description: Name of the reason.
          type: str
          sample: awaiting_sync
        message:
          description: What is the matter.
          type: str
          sample: The anchor is in place; the sync has not taken the user yet.
        remedy:
          description: What to do.
          type: str
          sample: Wait for a sync cycle, or start one.
    unchecked:
      description: What could not be looked at, as C(what) and the C(permission) that would allow it.
      type: list
      elements: dict
      sample: []
    immutable_id:
      description: The ImmutableId that the user has; null for none.
      type: str
      sample: g8Pclm4vok+vFWtMERklmg==
    expected_immutable_id:
      description: The one that the user should have; null when that is not known.
      type: str
      sample: g8Pclm4vok+vFWtMERklmg==
    last_sync:
      description: When sync last wrote the user (RFC 3339, UTC); null for never.
      type: str
      sample: null
    object:
      description: Fields of the AD object, as AD or the input has them; else null.
      type: dict
      sample: {"login_name": "jane@example.com", "object_sid": "S-1-5-21-1-2-3-1104"}
    in_ad:
      description: Whether the object was found in O(ad_objects); null without that option.
      type: bool
      sample: null
    changes:
      description:
        - What became of the user since its backup. An empty list is no difference; null is not compared, because no
          O(backup) has the user, the sync has not taken it, or it could not be read (RV(users[].unchecked) says so).
      type: list
      elements: dict
      contains:
        property:
          description: Name of the property in Graph. Extension attributes are told one by one.
          type: str
          sample: mobilePhone
        kind:
          description:
            - C(blanked) has no value any more, C(changed) has another one or has lost a part of it, C(added) has gained
              and lost nothing.
          type: str
          sample: blanked
        before:
          description: The value in the backup; of a list what is not in it any more.
          type: raw
          sample: +1 555 0100
        after:
          description: The value now; of a list what was not in it before.
          type: raw
          sample: null
        predicted:
          description:
            - Whether the C(effects) of the plan or result in O(src) name it; null where they say nothing of this user.
              What AD adds to a list of addresses they do not name.
          type: bool
          sample: true
    error:
      description: >-
        What the service answered, as C(status), C(code), C(message) and C(request_id); null without an error.
      type: dict
      sample: null
objects:
  description:
    - One row for each of O(groups), O(contacts) and O(devices), in this order. They are not in O(dest), and
      O(return_limit) does not count for them.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: C(group), C(contact) or C(device).
      type: str
      sample: group
    name:
      description: What was asked for.
      type: str
      sample: sales@example.com
    id:
      description: Object id; null when there is none, or it is not clear which is meant.
      type: str
      sample: 2f3a8d04-70e4-4a57-a2a3-2f5f0d8f5a01
    display_name:
      description: Display name.
      type: str
      sample: Sales
    state:
      description:
        - C(synced) is written by the sync. C(pending) is a computer that was synced and has not registered itself.
          C(in_cloud) is not written by the sync; C(conflict) has another object in its way; C(not_found) does not
          exist; C(unknown) could not be read, or several objects have that name.
      type: str
      sample: in_cloud
    label:
      description:
        - What the admin centres show - C(Synced with Active Directory) or C(In cloud), of a device how it is joined;
          null for no object.
      type: str
      sample: In cloud
    reasons:
      description:
        - What keeps it from being synced, the decisive reason first; what kind of match is possible for an object that
          was never synced; and errors, those of services included.
      type: list
      elements: dict
      sample:
        - code: group_matches_nothing
          message: >-
            A group without mail cannot be matched, neither hard nor softly: the sync makes a new group.
          remedy: Let the sync make the new group, and move members and permissions to it.
    unchecked:
      description: What could not be looked at, as C(what) and the C(permission) that would allow it.
      type: list
      elements: dict
      sample: []
    last_sync:
      description: When sync last wrote it (RFC 3339, UTC); null for never.
      type: str
      sample: null
    security_identifier:
      description: SID of its AD object as of the last sync; null for contacts, and for none.
      type: str
      sample: null
    details:
      description:
        - Of a group C(mail), C(mail_enabled), C(security_enabled), C(group_types) and C(sam_account_name); of a contact
          C(mail); of a device C(device_id), C(trust_type), C(operating_system), C(enabled), C(managed) and
          C(last_sign_in). Null without an id.
      type: dict
      sample: {"mail": null, "mail_enabled": false, "security_enabled": true, "group_types": []}
    candidates:
      description: All objects that have the name, where these are several, with C(id) and what tells them apart.
      type: list
      elements: dict
      sample: []
    error:
      description: >-
        What the service answered, as C(status), C(code), C(message) and C(request_id); null without an error.
      type: dict
      sample: null
tenant:
  description: What was read of the tenant.
  returned: success
  type: dict
  contains:
    id:
      description: The tenant's id.
      type: str
      sample: 66666666-7777-8888-9999-000000000000
    sync_enabled:
      description: Whether directory sync is on; null when unknown.
      type: bool
      sample: true
    last_sync:
      description: When any sync last ran (RFC 3339, UTC); null when never or unknown.
      type: str
      sample: "2026-11-23T12:01:10Z"
    verified_domains:
      description: The verified domains; null when unknown.
      type: list
      elements: str
      sample: [example.com, example.onmicrosoft.com]
    features:
      description: The sync flags of the tenant by their Graph names; null when unknown.
      type: dict
      sample: {"blockCloudObjectTakeoverThroughHardMatchEnabled": false, "blockSoftMatchEnabled": false}
    permissions:
      description: The permissions of the token; null when it cannot be read.
      type: list
      elements: str
      sample: [Organization.Read.All, User.Read.All]
    unchecked:
      description: What could not be read, as C(what) and the C(permission) that would allow it.
      type: list
      elements: dict
      sample: []
    domains:
      description: The verified domains once more, with what is known of each; null when unknown.
      type: list
      elements: dict
      contains:
        name:
          description: The domain, in lower case.
          type: str
          sample: example.com
        authentication:
          description: C(Managed) or C(Federated).
          type: str
          sample: Managed
        is_default:
          description: Whether new users get it.
          type: bool
          sample: true
        is_initial:
          description: Whether it is the C(onmicrosoft.com) domain that the tenant was made with.
          type: bool
          sample: false
    token_renewable:
      description: Whether a new token can be had when the access token ends.
      type: bool
      sample: true
    token_seconds:
      description: Seconds that the access token lasts; null when it is renewed, or its end cannot be told.
      type: int
      sample: null
    writes_per_second:
      description: The number of users that a long run may write in a second, by the option O(write_quota).
      type: float
      sample: 19.6
    service_time:
      description: The service's clock as of its newest answer (RFC 3339, UTC); null when it did not say.
      type: str
      sample: "2026-11-23T12:03:20Z"
    clock_skew:
      description: Seconds that this machine's clock is ahead of the service's; negative when behind; null when unknown.
      type: int
      sample: 0
summary:
  description:
    - The number of users in each state, and C(total). C(reasons) has the number of users for each reason code.
    - C(comparison), null without O(backup), has numbers of users whom the sync has taken - C(compared) and
      C(not_compared), those who had something replaced or emptied (C(changed)), emptied (C(blanked)), and either of
      them against the plan (C(unpredicted)); and for each of C(properties) the number of users of each kind of change.
    - C(objects) has the same numbers of groups, contacts and devices together.
    - C(requests) and C(writes) are those sent to Graph, C(throttled_seconds) the time held back by quota or service,
      C(seconds) the time of the task, C(sign_in_method) how the module signed in.
  returned: success
  type: dict
  sample:
    synced: 211
    pending: 0
    in_cloud: 3
    blocked: 4
    conflict: 3
    not_found: 2
    unknown: 0
    total: 223
    reasons: {"anchor_held": 3, "out_of_scope": 4}
    comparison:
      compared: 211
      changed: 180
      blanked: 12
      unpredicted: 1
      not_compared: 0
      properties: {"mobilePhone": {"blanked": 12, "changed": 0, "added": 0}}
    objects:
      synced: 1
      pending: 0
      in_cloud: 2
      conflict: 0
      not_found: 0
      unknown: 0
      total: 3
      reasons: {"device_needs_hybrid_join": 1, "group_matches_by_address": 1}
    requests: 40
    writes: 0
    throttled_seconds: 0.0
    seconds: 12.5
    sign_in_method: certificate
dest:
  description: The file with all rows; null without O(dest).
  returned: success
  type: str
  sample: /srv/hard-match/status.jsonl
truncated:
  description: Whether RV(users) lacks rows because of O(return_limit).
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_status import (
    ARGUMENTS,
    REQUIRED_ONE_OF,
    sync_status,
)


def main() -> None:
    """Run the job."""
    run_job(ARGUMENTS, sync_status, required_one_of=REQUIRED_ONE_OF)


if __name__ == "__main__":
    main()
