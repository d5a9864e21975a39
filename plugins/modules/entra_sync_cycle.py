#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_sync_cycle
short_description: Pause, resume and start Microsoft Entra Cloud Sync, and provision single users
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Pauses and resumes the jobs by which Cloud Sync brings Active Directory to a tenant, starts a cycle, and waits for
    what was asked for. Provisions single users at once, and says step by step what came of it.
  - Sync is paused while ImmutableIds are written, because an AD object that is exported half-way makes a twin that
    never matches again.
  - Entra Connect Sync cannot be reached through Microsoft Graph. On its server C(Set-ADSyncScheduler -SyncCycleEnabled)
    and C(Start-ADSyncSyncCycle) do the same.
options:
  state:
    description:
      - V(started) begins a cycle now, and resumes a paused job unless O(resume=false).
      - V(paused) pauses. A cycle that is under way still ends; O(wait) waits for that.
      - V(resumed) lets a paused job run again.
      - V(restarted) starts anew and reads the whole domain again, which also takes a job out of quarantine.
      - V(restored) resumes what earlier tasks with O(remember=true) have paused in this tenant, and no other job. If
        there is nothing to resume, no job is even read.
      - Without it nothing is asked of the jobs themselves.
    type: str
    choices: [started, paused, resumed, restarted, restored]
  domain:
    description:
      - Only the jobs of this AD domain, by its DNS name. Without it the jobs of all domains of the tenant are meant.
    type: str
  service_principal_id:
    description:
      - Object id of the service principal that owns O(job_id). For jobs that are not found by themselves.
    type: str
  job_id:
    description:
      - Id of one job, for example V(AD2AADProvisioning.<tenant>.<id>).
    type: str
  resume:
    description:
      - Whether O(state=started) and O(state=restarted) resume jobs that are paused. If not, those are left as they are,
        nobody waits for them, and RV(jobs[].reached) is null.
    type: bool
    default: true
  remember:
    description:
      - With O(state=paused) keep which jobs this task pauses, for O(state=restored). It is on disk before the first one
        is paused, in a private file for each tenant in E(HYBRID_IDENTITY_STATE_DIR), else C(hybrid.identity) below
        E(XDG_STATE_HOME) or C(~/.local/state).
      - Jobs that were paused before are not kept, so that they stay paused.
      - If another run has paused them in this way, and was killed or is still at work, the task fails before anything
        is done, unless O(take_over=true).
    type: bool
    default: false
  purpose:
    description:
      - Words to keep with O(remember), for a person who finds the jobs paused; for example the folder of the run.
    type: str
  take_over:
    description:
      - With O(remember) treat jobs that another run has paused as paused by this one, so that O(state=restored) resumes
        them. Only when that run is surely over.
    type: bool
    default: false
  provision:
    description:
      - AD users to provision at once, one by one, after O(state) and O(wait) are done. A string is one distinguished
        name; a list may also hold rows of objects, plan, result and status files, which carry the name.
      - Each is asked of the job of its AD domain. One that is refused stops no other. Cloud Sync lets five users
        through in ten seconds, so a hundred take more than three minutes; for many users start a cycle instead.
      - Cloud Sync ignores its scoping filters here. That a user was provisioned does not show that a cycle selects it.
      - A user is provisioned once; the request is not repeated when its answer is lost. RV(provisioned[].status) is
        V(unknown) then. Raise O(timeout) for an agent that is slow.
    type: raw
  wait:
    description:
      - With O(state=paused) wait until no cycle is under way; with V(started) and V(restarted) until a cycle that began
        after this task has ended.
      - When the time is over the task does not fail; RV(jobs[].reached) is false and a warning says so.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most. Cloud Sync begins a cycle about every two minutes, sometimes every twenty.
    type: int
    default: 900
  wait_interval:
    description: >-
      Longest pause between two looks at a job, in seconds; the first ones are shorter, but never less than a second.
    type: int
    default: 10
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - V(started) and V(restarted) of O(state) begin a cycle each time, and report a change.
      - O(provision) asks each time. Cloud Sync leaves out a user with whom nothing is to be done, which is no change.
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.entra
  - hybrid.identity.progress
notes:
  - The app needs C(Application.Read.All) and C(Synchronization.ReadWrite.All). A person needs the role Hybrid Identity
    Administrator.
  - A warning tells of a job in quarantine, of an agent that does not answer, and of a job that is not paused and has
    ended no cycle for three hours.
  - Microsoft documents O(provision) for the global and the US government clouds. Whether a paused job provisions a user
    is not documented; if it refuses, the row says that it is paused.
seealso:
  - module: hybrid.identity.entra_immutable_id
  - module: hybrid.identity.entra_sync_status
  - name: Cloud Sync through Microsoft Graph
    description: The jobs this module works on.
    link: https://learn.microsoft.com/graph/api/resources/synchronization-overview
"""

EXAMPLES = r"""
- name: Write ImmutableIds while sync is paused
  block:
    - name: Pause, and wait until no cycle is under way
      hybrid.identity.entra_sync_cycle:
        state: paused
        wait: true
        remember: true
      register: frozen
      failed_when: frozen is failed or frozen.jobs | rejectattr('reached') | length > 0

    - name: Write the reviewed plan
      hybrid.identity.entra_immutable_id:
        plan: plan.jsonl
  always:
    - name: Resume what was paused here
      hybrid.identity.entra_sync_cycle:
        state: restored
      when: frozen.remembered is defined and frozen.remembered

- name: Run a cycle of one domain and wait for its end
  hybrid.identity.entra_sync_cycle:
    state: started
    domain: corp.example.com
    wait: true
    wait_timeout: 1800
  register: cycle

- name: Show when it ended
  ansible.builtin.debug:
    msg: "{{ cycle.jobs[0].last_execution.state }} at {{ cycle.jobs[0].last_execution.ended }}"

- name: Provision two users now, after their ImmutableIds were written
  hybrid.identity.entra_sync_cycle:
    provision:
      - CN=Jane Doe,OU=People,DC=corp,DC=example,DC=com
      - CN=John Roe,OU=People,DC=corp,DC=example,DC=com
  register: on_demand

- name: Show how far each came
  ansible.builtin.debug:
    msg: "{{ item.distinguished_name }}: {{ item.status }} {{ item.reason.message | default('') }}"
  loop: "{{ on_demand.provisioned }}"
  loop_control:
    label: "{{ item.distinguished_name }}"

- name: Prove that they are synced
  hybrid.identity.entra_sync_status:
    src: result.jsonl
    wait: true

- name: Resume what a run that was killed has left paused, if there is anything
  hybrid.identity.entra_sync_cycle:
    state: restored
"""

RETURN = r"""
jobs:
  description: The jobs, as they are at the end of the task.
  returned: success
  type: list
  elements: dict
  contains:
    service_principal_id:
      description: Object id of the service principal that owns the job.
      type: str
      sample: 5d2f0a3c-4f6e-4a44-8b7e-2f9a5a1f7f10
    domain:
      description: The AD domain; null when the job was given by its id.
      type: str
      sample: corp.example.com
    id:
      description: The job's id.
      type: str
      sample: AD2AADProvisioning.66666666777788889999000000000000.0b0a5fd5-3d3c-4d4e-9c64-7b8bb11f2c4c
    code:
      description: The state Graph gives - C(NotConfigured), C(NotRun), C(Active), C(Paused) or C(Quarantine).
      type: str
      sample: Active
    paused:
      description: Whether the job is paused.
      type: bool
      sample: false
    reached:
      description:
        - Whether what was asked for has come about, with O(wait) in time.
        - Null where nothing was asked for, and in check mode where something would have been done.
      type: bool
      sample: true
    quarantine:
      description: Why the job is in quarantine; null if it is not.
      type: dict
      contains:
        reason:
          description: Graph's reason.
          type: str
          sample: TooManyDeletes
        code:
          description: The code of the service's error.
          type: str
          sample: TooManyDeletes
        message:
          description: What the service says.
          type: str
          sample: The job is in quarantine.
        next_attempt:
          description: When the service tries again (RFC 3339, UTC).
          type: str
          sample: "2026-11-23T12:30:00Z"
    last_execution:
      description: The last cycle that ended; null if there was none.
      type: dict
      contains:
        state:
          description: How it ended - C(Succeeded), C(Failed) or C(EntryLevelErrors).
          type: str
          sample: Succeeded
        began:
          description: When it began (RFC 3339, UTC).
          type: str
          sample: "2026-11-23T12:00:00Z"
        ended:
          description: When it ended (RFC 3339, UTC).
          type: str
          sample: "2026-11-23T12:01:10Z"
        exported:
          description: The number of objects it exported.
          type: int
          sample: 212
        code:
          description: The code of what went wrong; null if nothing did.
          type: str
          sample: null
        error:
          description: What went wrong; null if nothing did.
          type: str
          sample: null
    last_steady_state:
      description: When the job last had nothing more to do (RFC 3339, UTC); null if never.
      type: str
      sample: "2026-11-23T12:01:10Z"
    seconds_since_cycle:
      description: Seconds from the end of the last cycle to now, by the service's clock; null if none is known.
      type: int
      sample: 95
    agent_silent:
      description:
        - True if the service says that no agent answers. False if a cycle has ended within three hours and the service
          says no such thing. Null if neither is known.
      type: bool
      sample: false
    agent_code:
      description: The service's code for that; null unless RV(jobs[].agent_silent) is true.
      type: str
      sample: null
    changed:
      description: Whether the job was acted on, or would have been in check mode.
      type: bool
      sample: true
provisioned:
  description: What came of each user of O(provision), in their order.
  returned: success, and when a user could not be provisioned
  type: list
  elements: dict
  contains:
    distinguished_name:
      description: The name as it was given.
      type: str
      sample: CN=Jane Doe,OU=People,DC=corp,DC=example,DC=com
    domain:
      description: The AD domain that the name spells; null if it spells none.
      type: str
      sample: corp.example.com
    job_id:
      description: Id of the job that was asked; null if none was.
      type: str
      sample: AD2AADProvisioning.66666666777788889999000000000000.0b0a5fd5-3d3c-4d4e-9c64-7b8bb11f2c4c
    status:
      description:
        - V(provisioned) - Cloud Sync took the object. V(skipped) - it left it out, perhaps because nothing is to be
          done. V(refused) - it did not take it. V(blocked) - nobody could be asked.
        - V(failed) - the request failed, and so does the task. V(unknown) - the answer was lost or is not understood.
          V(planned) - in check mode, that it would be asked.
      type: str
      sample: provisioned
    action:
      description: What was done to the user, such as V(update) or V(create); null if the answer does not say.
      type: str
      sample: update
    id:
      description: Object id of the user in Entra; null if the answer does not say.
      type: str
      sample: 00000000-0000-4000-8000-000000000001
    steps:
      description: How far it came. The attributes that the answer shows are left out.
      type: list
      elements: dict
      contains:
        name:
          description: Graph's name of the step.
          type: str
          sample: EntryExportUpdate
        type:
          description: The kind of step - V(import), V(scoping), V(matching) or V(export).
          type: str
          sample: export
        status:
          description: V(success), V(skipped), V(failure), or V(unknown).
          type: str
          sample: success
        description:
          description: The service's words.
          type: str
          sample: User 'jane.doe@example.com' was updated in Azure Active Directory
        error:
          description: C(code) and C(message) of a step that did not succeed; null otherwise.
          type: dict
    reason:
      description: Why it was not provisioned - C(code), C(message) and C(remedy); null if it was.
      type: dict
    error:
      description: C(status), C(code), C(message) and C(request_id) of a request that failed; null otherwise.
      type: dict
remembered:
  description: What is kept for O(state=restored) now; null if nothing is, or if it was not looked for.
  returned: success
  type: dict
  contains:
    since:
      description: Since when jobs are paused (RFC 3339, UTC).
      type: str
      sample: "2026-11-23T12:00:00Z"
    purpose:
      description: The words given as O(purpose).
      type: str
      sample: files in /srv/hard-match/tenant-20261123T120000Z
    jobs:
      description: The ids of the jobs.
      type: list
      elements: str
      sample: [AD2AADProvisioning.66666666777788889999000000000000.0b0a5fd5-3d3c-4d4e-9c64-7b8bb11f2c4c]
restored:
  description: What O(state=restored) found to resume; null if nothing was kept.
  returned: success
  type: dict
  contains:
    since:
      description: Since when jobs are paused (RFC 3339, UTC).
      type: str
      sample: "2026-11-23T12:00:00Z"
    purpose:
      description: The words given as O(purpose).
      type: str
      sample: files in /srv/hard-match/tenant-20261123T120000Z
    jobs:
      description: The ids of the jobs.
      type: list
      elements: str
      sample: [AD2AADProvisioning.66666666777788889999000000000000.0b0a5fd5-3d3c-4d4e-9c64-7b8bb11f2c4c]
summary:
  description: Counts, and what the run took.
  returned: success
  type: dict
  contains:
    jobs:
      description: The number of jobs.
      type: int
      sample: 1
    paused:
      description: How many of them are paused.
      type: int
      sample: 0
    quarantine:
      description: How many of them are in quarantine.
      type: int
      sample: 0
    provisioned:
      description: How many users were provisioned. C(skipped), C(refused), C(blocked), C(failed), C(unknown) and
        C(planned) count the others.
      type: int
      sample: 2
    requests:
      description: HTTP requests sent to Graph.
      type: int
      sample: 6
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
      sample: 71.4
    sign_in_method:
      description: How the module signed in.
      type: str
      sample: certificate
"""

from ansible_collections.hybrid.identity.plugins.module_utils._jobs.runner import run_job
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.sync_cycle import (
    ARGUMENTS,
    MUTUALLY_EXCLUSIVE,
    REQUIRED_ONE_OF,
    REQUIRED_TOGETHER,
    sync_cycle,
)


def main() -> None:
    """Run the job."""
    run_job(
        ARGUMENTS,
        sync_cycle,
        required_one_of=REQUIRED_ONE_OF,
        required_together=REQUIRED_TOGETHER,
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
    )


if __name__ == "__main__":
    main()
