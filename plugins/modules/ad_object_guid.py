#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ad_object_guid
short_description: Gather Active Directory users with the GUID that becomes their ImmutableId
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Reads users from Active Directory over LDAP, or from exports of it (C(ldifde), C(csvde), C(Get-ADUser | Export-Csv),
    C(ldapsearch), C(ldbsearch)), and returns for each the GUIDs, the ImmutableId that directory sync will give it, and
    what is needed to find its user in Microsoft Entra ID.
  - It changes nothing. A wrong search base, a refused sign-in, an untrusted certificate and attributes that the account
    may not read are errors, never an empty result.
  - The anchor is never guessed. Where C(mS-DS-ConsistencyGuid) was not read, RV(objects[].anchor_certain) is V(false)
    until O(anchor=object_guid) is stated.
extends_documentation_fragment:
  - hybrid.identity.ldap
  - hybrid.identity.files
  - hybrid.identity.attributes
  - hybrid.identity.attributes.read_only
  - hybrid.identity.attributes.group_ad
  - hybrid.identity.progress
options:
  src:
    description:
      - Export files to read instead of a directory; one for each domain, for example.
      - The LDAP options are not used then, whether given or taken from the environment.
      - An attribute that a file does not show for any object counts as unknown, not as empty; see RV(attributes).
      - Of an export, users, groups and contacts are taken, and objects whose class it does not show. A group or contact
        cannot be hard matched; RV(objects[].anchor_reason) says what it can do.
    type: list
    elements: path
  src_format:
    description:
      - Format of O(src).
      - V(auto) tells it from the content of each file.
      - V(ldif) is what C(ldifde), C(ldapsearch) and C(ldbsearch) write.
      - V(csv) is what C(csvde) or C(Get-ADUser | Export-Csv) write.
      - V(jsonl) is what this module writes to O(dest). Its rows keep the anchors and scopes that they have.
    type: str
    choices:
      - auto
      - ldif
      - csv
      - jsonl
    default: auto
  identities:
    description:
      - Only these objects, each named by its distinguished name, objectGUID in any spelling, SID, user principal name,
        mail address or sAMAccountName. A string is one name, a list is several.
      - A name that no object has, or more than one, is reported in RV(missing).
    type: raw
  anchor:
    description:
      - The AD attribute that sync uses as its source anchor.
      - V(consistency_guid_or_object_guid) is right for Cloud Sync and for Entra Connect when it uses
        C(mS-DS-ConsistencyGuid), as it does by default.
      - V(object_guid) is right for Entra Connect when it uses C(objectGUID).
      - V(consistency_guid) takes C(mS-DS-ConsistencyGuid) only, and leaves objects without it without an anchor.
      - V(attribute) takes O(anchor_attribute). A string is used as it is, a GUID or SID in base64.
    type: str
    choices:
      - consistency_guid_or_object_guid
      - object_guid
      - consistency_guid
      - attribute
    default: consistency_guid_or_object_guid
  anchor_attribute:
    description:
      - Name of the attribute for O(anchor=attribute), C(employeeID) for example.
    type: str
  login_attribute:
    description:
      - The AD attribute that sync sends as the user principal name in Entra ID; C(mail) with an alternate login ID.
    type: str
    default: userPrincipalName
  sync_scope:
    description:
      - Which objects the sync was told to take. All conditions given must hold.
      - AD does not show this. Without it, RV(objects[].in_scope) is at best unknown.
      - To judge every built-in filter, the source must carry the attributes that they look at, as LDAP does.
    type: dict
    suboptions:
      ous:
        description:
          - Distinguished names of the selected organizational units and containers; those below are included.
          - A string is one name, a list is several.
        type: raw
      group:
        description:
          - Distinguished name of the group whose direct members are synced.
        type: str
      filter:
        description:
          - LDAP filter of the objects that are synced. It is evaluated by this module.
        type: str
      server_export:
        description:
          - Folder with the saved configuration of an Entra Connect server, which C(Get-ADSyncServerConfiguration -Path)
            writes there.
          - The domains and containers ticked in it, and its pilot group, are the selection; of containers within each
            other, the nearest to an object decides. Where rules of the site's own leave objects out, it stays unknown
            whether the others are taken.
          - A warning says where O(anchor) or O(login_attribute) is not what the server is configured for.
        type: path
seealso:
  - module: hybrid.identity.entra_immutable_id
  - module: hybrid.identity.entra_sync_status
  - plugin: hybrid.identity.guid_to_immutable_id
    plugin_type: filter
  - name: Microsoft Entra Connect design concepts
    description: How sync chooses its source anchor.
    link: https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-design-concepts
notes:
  - Run it where the directory can be reached; it need not be a domain member, nor Windows.
  - An anchor that is not 16 bytes, all zero, or that more than one object has, is not used.
    RV(objects[].anchor_reason) says so, and the other objects are not affected.
"""

EXAMPLES = r"""
- name: Read all users of a domain over LDAPS
  hybrid.identity.ad_object_guid:
    server: dc1.example.com
    username: reader@example.com
    password: "{{ reader_password }}"
    ca_cert: /etc/pki/tls/certs/example-ca.pem
    dest: objects.jsonl
    return_limit: 0
  register: gathered

- name: Show what was found
  ansible.builtin.debug:
    var: gathered.summary

- name: Read with the Kerberos ticket of whoever runs this, from the nearest domain controller, one department only
  hybrid.identity.ad_object_guid:
    domain: example.com
    auth_protocol: kerberos
    search_base: OU=Sales,DC=example,DC=com
    sync_scope:
      ous:
        - OU=Sales,DC=example,DC=com
        - OU=Support,DC=example,DC=com
  register: sales

# The classic recipe, run on a domain controller, and its output as it is:
#   ldifde -f export.txt -r "(Userprincipalname=*)" -l "objectGuid, userPrincipalName"
# It shows no mS-DS-ConsistencyGuid, so it has to be stated that sync uses objectGUID.
- name: Read the export of the classic recipe
  hybrid.identity.ad_object_guid:
    src: export.txt
    anchor: object_guid
  register: exported

- name: Show who gets which ImmutableId
  ansible.builtin.debug:
    msg: "{{ item.user_principal_name }} {{ item.immutable_id }}"
  loop: "{{ exported.objects }}"
  loop_control:
    label: "{{ item.distinguished_name }}"

- name: Read the exports of two domains together, so that an anchor used in both is found
  hybrid.identity.ad_object_guid:
    src:
      - emea.ldf
      - apac.ldf
    dest: objects.jsonl
  register: both

- name: Take the selection from the saved configuration of the sync server
  hybrid.identity.ad_object_guid:
    domain: example.com
    auth_protocol: kerberos
    sync_scope:
      server_export: exported/sync-server
    dest: objects.jsonl
  register: in_scope

- name: Look up two people
  hybrid.identity.ad_object_guid:
    server:
      - dc1.example.com
      - dc2.example.com
    username: reader@example.com
    password: "{{ reader_password }}"
    identities:
      - jane@example.com
      - CN=Doe\, John,OU=Sales,DC=example,DC=com
  register: people
  failed_when: people is failed or people.missing | length > 0
"""

RETURN = r"""
objects:
  description:
    - The objects, at most O(return_limit); those with an RV(objects[].anchor_reason) come first.
    - Every row has every field. A field without a value is V(null), or an empty list; whether that means "has no value"
      or "not known" is told by RV(attributes).
  returned: success
  type: list
  elements: dict
  contains:
    distinguished_name:
      description: Distinguished name.
      returned: always
      type: str
      sample: CN=Jane Doe,OU=Sales,DC=example,DC=com
    object_class:
      description: The most specific object class.
      returned: always
      type: str
      sample: user
    sam_account_name:
      description: C(sAMAccountName).
      returned: always
      type: str
      sample: jane
    user_principal_name:
      description: C(userPrincipalName) in AD.
      returned: always
      type: str
      sample: jane@example.com
    login_name:
      description: Value of O(login_attribute), which sync sends as the user principal name in Entra ID.
      returned: always
      type: str
      sample: jane@example.com
    mail:
      description: C(mail).
      returned: always
      type: str
      sample: jane.doe@example.com
    mail_nickname:
      description: C(mailNickname).
      returned: always
      type: str
      sample: jane.doe
    proxy_addresses:
      description: C(proxyAddresses), as AD has them; the primary address has C(SMTP) in capitals.
      returned: always
      type: list
      elements: str
      sample:
        - SMTP:jane.doe@example.com
        - smtp:jane@example.com
    target_address:
      description: C(targetAddress).
      returned: always
      type: str
      sample: SMTP:jane.doe@example.onmicrosoft.com
    employee_id:
      description: C(employeeID).
      returned: always
      type: str
      sample: "10042"
    display_name:
      description: C(displayName).
      returned: always
      type: str
      sample: Jane Doe
    object_guid:
      description: C(objectGUID) as dashed text in lower case.
      returned: always
      type: str
      sample: 96dcc383-2f6e-4fa2-af15-6b4c1119259a
    consistency_guid:
      description: C(mS-DS-ConsistencyGuid), base64 of its bytes, whatever they are.
      returned: always
      type: str
      sample: g8Pclm4vok+vFWtMERklmg==
    immutable_id:
      description: The anchor that sync gives this object; V(null) if there is no usable one.
      returned: always
      type: str
      sample: g8Pclm4vok+vFWtMERklmg==
    anchor_source:
      description:
        - Where RV(objects[].immutable_id) comes from, V(consistency_guid), V(object_guid), or the name of an attribute.
      returned: always
      type: str
      sample: object_guid
    anchor_certain:
      description:
        - V(false) if the source does not carry the attribute that takes precedence over RV(objects[].anchor_source).
        - V(null) if there is no anchor.
      returned: always
      type: bool
      sample: true
    anchor_reason:
      description:
        - Why there is no anchor, or, when there is one, what is suspicious about it.
      returned: always
      type: dict
      contains:
        code:
          description: Code that does not change between releases.
          returned: always
          type: str
          sample: consistency_guid_wrong_length
        message:
          description: What is the matter.
          returned: always
          type: str
          sample: mS-DS-ConsistencyGuid holds 8 bytes, and a GUID has 16.
        remedy:
          description: What to do.
          returned: always
          type: str
          sample: Correct it in AD.
    object_sid:
      description: C(objectSid) as text.
      returned: always
      type: str
      sample: S-1-5-21-1004336348-1177238915-682003330-1104
    enabled:
      description: Whether the account is enabled.
      returned: always
      type: bool
      sample: true
    password_last_set:
      description:
        - When the password was set. The year 1601, AD's zero, means that it must be changed at the next sign-in.
      returned: always
      type: str
      sample: "2026-03-01T08:30:00Z"
    msexch_recipient_type_details:
      description: C(msExchRecipientTypeDetails).
      returned: always
      type: int
      sample: 2147483648
    msexch_mailbox_guid:
      description: C(msExchMailboxGuid) as dashed text.
      returned: always
      type: str
      sample: 5f1b0ab5-31a5-4f3c-9d43-0e3f2a4f7c11
    synced_attributes:
      description:
        - What sync sends to the cloud user besides the fields above, by LDAP name, as far as the object has a value
          (C(title), C(department), C(extensionAttribute1) and so on), with C(accountExpires) (RFC 3339; absent if
          never) and C(userAccountControl).
        - An attribute that is absent has no value if RV(attributes) names it, as C(synced_attributes.title) for
          example; else it is not known.
        - V(null) for groups and contacts.
      returned: always
      type: dict
      sample:
        givenName: Jane
        department: Sales
        userAccountControl: 512
    in_scope:
      description:
        - V(false) if a filter built into sync, or O(sync_scope), keeps the object out; V(true) if O(sync_scope) was
          given and takes it; V(null) if that is not known.
      returned: always
      type: bool
      sample: true
    scope_reasons:
      description: Why RV(objects[].in_scope) is not V(true).
      returned: always
      type: list
      elements: dict
      contains:
        code:
          description: Code that does not change between releases.
          returned: always
          type: str
          sample: critical_system_object
        message:
          description: What is the matter.
          returned: always
          type: str
          sample: isCriticalSystemObject is TRUE.
        remedy:
          description: What to do.
          returned: always
          type: str
          sample: Leave it out.
    source:
      description: Where the object was read, with the line for a file.
      returned: always
      type: str
      sample: export.txt:12
missing:
  description: The O(identities) that stand for no object, or for more than one.
  returned: success
  type: list
  elements: dict
  contains:
    identity:
      description: The name as given.
      returned: always
      type: str
      sample: jane@example.com
    reason:
      description:
        - Why it was not found, with C(code) (V(identity_not_found) or V(identity_ambiguous)), C(message) and C(remedy).
      returned: always
      type: dict
      sample:
        code: identity_not_found
        message: No object is called "jane@example.com".
        remedy: Check the spelling.
    candidates:
      description: The objects that the name may mean, with their identifying fields.
      returned: always
      type: list
      elements: dict
      sample: []
problems:
  description: Entries of a file that could not be read, at most O(return_limit). The others are not affected.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: The file.
      returned: always
      type: str
      sample: export.csv
    line:
      description: The line.
      returned: always
      type: int
      sample: 14
    value:
      description: The value that could not be read.
      returned: always
      type: str
      sample: g8PclmYvok
    message:
      description: What is wrong with it.
      returned: always
      type: str
      sample: The value is no base64.
summary:
  description: Counts.
  returned: success
  type: dict
  contains:
    objects:
      description: Objects written and returned.
      returned: always
      type: int
      sample: 204
    anchor_consistency_guid:
      description: Objects whose anchor is C(mS-DS-ConsistencyGuid).
      returned: always
      type: int
      sample: 12
    anchor_object_guid:
      description: Objects whose anchor is C(objectGUID).
      returned: always
      type: int
      sample: 190
    anchor_attribute:
      description: Objects whose anchor is O(anchor_attribute).
      returned: always
      type: int
      sample: 0
    anchor_missing:
      description: Users without a usable anchor.
      returned: always
      type: int
      sample: 2
    anchor_uncertain:
      description: Objects whose anchor is not certain.
      returned: always
      type: int
      sample: 0
    anchors_differ:
      description:
        - Objects whose C(mS-DS-ConsistencyGuid) is not their C(objectGUID), so that the choice of O(anchor) matters.
      returned: always
      type: int
      sample: 3
    in_scope:
      description: Objects that sync takes.
      returned: always
      type: int
      sample: 180
    out_of_scope:
      description: Objects that sync does not take.
      returned: always
      type: int
      sample: 4
    scope_unknown:
      description: Objects of which that is not known.
      returned: always
      type: int
      sample: 20
    account_state_unread:
      description: Objects that show no C(userAccountControl), because they have none or it could not be read.
      returned: always
      type: int
      sample: 0
    repeated:
      description: Objects that were read again and left out.
      returned: always
      type: int
      sample: 0
    missing:
      description: Length of RV(missing).
      returned: always
      type: int
      sample: 0
    skipped:
      description: Entries of O(src) left out because they are neither user, group nor contact.
      returned: always
      type: int
      sample: 31
    unreadable:
      description: Entries of O(src) that could not be read.
      returned: always
      type: int
      sample: 0
    reasons:
      description: How often each code occurs in RV(objects[].anchor_reason) and RV(objects[].scope_reasons).
      returned: always
      type: dict
      sample:
        critical_system_object: 3
        consistency_guid_wrong_length: 1
    login_suffixes:
      description: The suffixes of RV(objects[].login_name) and how many objects that sync may take have each.
      returned: always
      type: dict
      sample:
        example.com: 201
    seconds:
      description: How long it took.
      returned: always
      type: float
      sample: 1.2
attributes:
  description:
    - Fields of RV(objects) that every source carried. A V(null) of one of these means that the object has no value; a
      V(null) of any other field means that the value is not known.
    - Of what stands below RV(objects[].synced_attributes), each attribute is named by itself.
  returned: success
  type: list
  elements: str
  sample:
    - distinguished_name
    - immutable_id
    - object_guid
    - synced_attributes.department
    - user_principal_name
dest:
  description: The file written, V(null) if none was asked for.
  returned: success
  type: str
  sample: objects.jsonl
truncated:
  description: Whether RV(objects) lacks some of the objects because of O(return_limit).
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.gather import ARGUMENTS, gather
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job


def main() -> None:
    """Run the module."""
    run_job(ARGUMENTS, gather, required_if=[("anchor", "attribute", ["anchor_attribute"])])


if __name__ == "__main__":
    main()
