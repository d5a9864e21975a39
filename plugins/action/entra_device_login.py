# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device login on the controller, where somebody sees the prompt while the task waits."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.hybrid.identity.plugins.module_utils._errors import Failure
from ansible_collections.hybrid.identity.plugins.module_utils._graph.device_login import (
    DEVICE_LOGIN_ARGUMENTS,
    device_login,
)


class ActionModule(ActionBase):
    """Sign a person in to Microsoft Entra; documented with the module of the same name."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """See :func:`device_login`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        params = self.validate_argument_spec(DEVICE_LOGIN_ARGUMENTS)[1]
        try:
            result.update(device_login(params, self._task.check_mode, Display().display))
        except Failure as exc:
            result.update(failed=True, changed=False, msg=exc.message)
        return result
