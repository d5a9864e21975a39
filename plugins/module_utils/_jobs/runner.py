# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""The one boundary between Ansible and the jobs: arguments in, result out, exceptions to sentences."""

from __future__ import annotations

import signal
import traceback
from typing import Any, Callable, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.limiter import stop_all
from ansible_collections.hybrid.identity.plugins.module_utils._progress import PROGRESS, reporting


class Context(NamedTuple):
    """What a job may know of Ansible."""

    check_mode: bool
    diff_mode: bool
    warn: Callable[[str], None]


def as_failure(exc: BaseException) -> Failure:
    """Return what ended a run as a sentence."""
    if isinstance(exc, Failure):
        return exc
    if isinstance(exc, KeyboardInterrupt):
        return Failure("The run was stopped (SIGINT or SIGTERM). Run it again: what is done is not done twice.")
    # A defect of ours. The traceback shows code lines, never local values, so it holds no secret; the exception's own
    # text may, so only its type is named.
    return Failure(
        f"Unexpected {type(exc).__name__} in hybrid.identity. Please report it with the traceback.",
        exception="".join(traceback.format_tb(exc.__traceback__)),
    )


def _end(_number: int, _frame: object) -> None:
    """End the run: files and journals are left in order, as after any exception, and threads wait for no turn."""
    stop_all()
    raise KeyboardInterrupt


def run_job(
    argument_spec: dict[str, Any],
    job: Callable[[dict[str, Any], Context], dict[str, Any]],
    **module_options: Any,
) -> None:
    """Run ``job(params, context)`` as an Ansible module.

    The job returns the result fields. With ``failed: True`` and ``msg`` among them the module fails and still carries
    the rest; a :class:`Failure` does the same with the fields it brings. Ctrl-C and SIGTERM end it like a failure.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **module_options)
    context = Context(
        check_mode=module.check_mode,
        diff_mode=module._diff,  # pylint: disable=protected-access
        warn=module.warn,
    )
    name = module._name.rpartition(".")[2]  # pylint: disable=protected-access
    try:
        with reporting(PROGRESS, name, module.params):
            result = job(module.params, context)
    except (Exception, KeyboardInterrupt) as exc:  # pylint: disable=broad-except
        failure = as_failure(exc)
        module.fail_json(msg=failure.message, **{"changed": False, **failure.result})
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
