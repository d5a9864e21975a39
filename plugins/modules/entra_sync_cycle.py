#!/usr/bin/python
# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_sync_cycle
short_description: Pause, resume and start Microsoft Entra Cloud Sync
version_added: 1.0.0
author:
  - The hybrid.identity authors (@hybrid-identity)
description:
  - Pauses and resumes the jobs by which Cloud Sync brings Active Directory to a tenant, starts a cycle, and waits for
    what was asked for.
  - Sync is paused while ImmutableIds are written, because an AD object that is exported half-way makes a twin that
    never matches again.
  - Entra Connect Sync cannot be reached through Microsoft Graph. On its server C(Set-ADSyncScheduler -SyncCycleEnabled)
    and C(Start-ADSyncSyncCycle) do the same.
options:
  state:
    description:
      - V(started) begins a cycle now, and resumes a paused job.
      - V(paused) pauses. A cycle that is under way still ends; O(wait) waits for that.
      - V(resumed) lets a paused job run again.
      - V(restarted) starts anew and reads the whole domain again, which also takes a job out of quarantine.
    type: str
    choices: [started, paused, resumed, restarted]
    required: true
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
extends_documentation_fragment:
  - hybrid.identity.attributes
  - hybrid.identity.attributes.group_entra
  - hybrid.identity.entra
notes:
  - The app needs C(Application.Read.All) and C(Synchronization.ReadWrite.All). A person needs the role Hybrid Identity
    Administrator.
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
      register: frozen
      failed_when: frozen is failed or frozen.jobs | rejectattr('reached') | length > 0

    - name: Write the reviewed plan
      hybrid.identity.entra_immutable_id:
        plan: plan.jsonl
  always:
    - name: Resume
      hybrid.identity.entra_sync_cycle:
        state: resumed

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
        - Null in check mode where something would have been done.
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
        error:
          description: What went wrong; null if nothing did.
          type: str
          sample: null
    last_steady_state:
      description: When the job last had nothing more to do (RFC 3339, UTC); null if never.
      type: str
      sample: "2026-11-23T12:01:10Z"
    changed:
      description: Whether the job was acted on, or would have been in check mode.
      type: bool
      sample: true
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
    REQUIRED_TOGETHER,
    sync_cycle,
)


def main() -> None:
    """Run the job."""
    run_job(ARGUMENTS, sync_cycle, required_together=REQUIRED_TOGETHER, mutually_exclusive=MUTUALLY_EXCLUSIVE)


if __name__ == "__main__":
    main()
