"""A stand-in for the one Windows module that the role uses: it answers the role's scripts as a sync server would.

It never runs a script. Which one it was sent it tells by a cmdlet in it; how the server stands is in the JSON file that
CONNECT_SERVER names, and what was asked of it is added there, under ``asked``, and whether the tenant blocked hard
matches then, under ``blocked``. A cycle is one of the rehearsal tenant.
"""

from __future__ import annotations

import json
import os
from typing import Any

import requests
from ansible.module_utils.basic import AnsibleModule

Server = dict[str, Any]
BLOCK = "blockCloudObjectTakeoverThroughHardMatchEnabled"


def answer(server: Server, script: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return which script this is and what the server says to it."""
    if "Set-ADSyncScheduler -SyncCycleEnabled $false" in script:
        server["enabled"] = False
        return "disable", {"done": True}
    if "Set-ADSyncScheduler -SyncCycleEnabled $true" in script:
        server["enabled"] = True
        return "enable", {"done": True}
    if "Start-ADSyncSyncCycle" in script:
        return "start", start(server)
    if "Get-ADSyncCSObject" in script:
        return "results", results(server, parameters)
    if "Get-ADSyncScheduler" in script:
        names = ("staging", "enabled", "suspended", "version")
        return "state", {"done": True, "busy": [], **{name: server[name] for name in names}}
    busy = server["busy"].pop(0) if server["busy"] else []
    return "idle", {"done": not busy, "busy": busy}


def start(server: Server) -> dict[str, Any]:
    """Start a cycle, or refuse as a busy server does."""
    if server["refusals"]:
        return {"done": False, "message": server["refusals"].pop(0), "run": server["runs"]}
    before = server["runs"]
    server["runs"] += 3
    if server["exports"]:
        control("POST", "sync")
    return {"done": True, "message": "", "run": before}


def results(server: Server, parameters: dict[str, Any]) -> dict[str, Any]:
    """Say what came of the cycle, or with -1 of the last one, for objects with an error and those not there."""
    if int(parameters["Run"]) >= server["runs"]:
        return {"done": False, "busy": ["corp.example.com"], "runs": [], "objects": []}
    fine = {"found": True, "export_error": None, "sync_error": None}
    objects = [
        {"immutable_id": anchor, **fine, **server["objects"][anchor]}
        for anchor in parameters["Anchor"]
        if anchor in server["objects"]
    ]
    refused = any(found["export_error"] for found in objects)
    result = server["result"] or ("completed-export-errors" if refused else "success")
    runs = [{"number": server["runs"], "profile": "Export", "result": result, "complete": True}]
    return {"done": True, "busy": [], "runs": runs, "objects": objects}


def control(method: str, order: str) -> Any:
    """Speak to the control door of the rehearsal tenant."""
    answer = requests.request(
        method,
        f"{os.environ['HYBRID_IDENTITY_CONTROL_ENDPOINT']}/_control/{order}",
        json={} if method == "POST" else None,
        verify=os.environ["HYBRID_IDENTITY_CA_CERT"],
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()


def main() -> None:
    """Answer one script."""
    module = AnsibleModule({"script": {"required": True}, "parameters": {"type": "dict", "default": {}}})
    path = os.environ["CONNECT_SERVER"]
    with open(path, encoding="utf-8") as file:
        server = json.load(file)
    name, told = answer(server, module.params["script"], module.params["parameters"])
    server["asked"].append(name)
    server["blocked"][name] = control("GET", "settings")["features"][BLOCK]
    server["unreachable"] = server["unreachable"] or server["vanishes_after"] == name
    with open(path, "w", encoding="utf-8") as file:
        json.dump(server, file)
    failure = server["failures"].get(name)
    if failure:
        module.fail_json(msg=f"Unhandled exception while executing script: {failure}")
    module.exit_json(changed=True, output=[json.dumps(told)])


if __name__ == "__main__":
    main()
