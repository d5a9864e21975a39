# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection.
"""What a module says about check mode, diff mode, idempotence and its action group."""

from __future__ import annotations


class ModuleDocFragment:
    """``attributes`` for all modules; a module adds its own ``support`` where it differs."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed, or needs changing in C(check_mode), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode with the same arguments, the second run reports no change.
  platform:
    description: Target OS/families that can be operated against.
    platforms: posix
    support: full
"""

    # For modules that only read.
    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module never changes anything but its own output file, so it does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing that could be shown as a difference.
  idempotent:
    support: full
    details:
      - This module never reports a change.
"""

    GROUP_AD = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/hybrid.identity.ad) in C(module_defaults) to set the LDAP options once for all modules.
    support: full
    membership:
      - hybrid.identity.ad
"""

    GROUP_ENTRA = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/hybrid.identity.entra) in C(module_defaults) to set the Entra options once for all modules.
    support: full
    membership:
      - hybrid.identity.entra
"""
