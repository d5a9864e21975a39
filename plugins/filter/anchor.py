# Copyright (c) 2026, The hybrid.identity authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters ``guid_to_immutable_id`` and ``immutable_id_to_guid``; the YAML files beside document them."""

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ansible_collections.hybrid.identity.plugins.module_utils._anchor import (
    AnchorError,
    guid_text,
    immutable_id,
    looks_byte_swapped,
    parse_guid,
)


def guid_to_immutable_id(value: Any) -> str:
    """Return the ImmutableId of a GUID in any spelling."""
    return immutable_id(_parse(value, "guid_to_immutable_id"))


def immutable_id_to_guid(value: Any) -> str:
    """Return the dashed, lower-case GUID of an ImmutableId, or of a GUID in any other spelling."""
    return guid_text(_parse(value, "immutable_id_to_guid"))


def _parse(value: Any, name: str) -> bytes:
    try:
        raw = parse_guid(value)
    except AnchorError as exc:
        raise AnsibleFilterError(f"hybrid.identity.{name}: {exc.message}") from exc
    if looks_byte_swapped(raw):
        Display().warning(
            f"hybrid.identity.{name}: {guid_text(raw)} looks byte-swapped: it is a version-4 GUID, as Active Directory "
            "makes them, only with its first three fields the other way round. It is used as it is; compare it with "
            "objectGUID in the directory."
        )
    return raw


class FilterModule:
    """What Ansible looks for in a file of filters."""

    def filters(self) -> dict[str, Callable[[Any], str]]:
        """Return the filters by name."""
        return {
            "guid_to_immutable_id": guid_to_immutable_id,
            "immutable_id_to_guid": immutable_id_to_guid,
        }
