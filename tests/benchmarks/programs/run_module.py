"""Run a module of the collection as a process of its own, as Ansible does on the target.

    run_module.py NAME ARGUMENTS RESULT [QUOTA_WINDOW]

ARGUMENTS is a file of JSON, and RESULT gets what the module prints. QUOTA_WINDOW scales the clock of the write quota:
its seconds instead of 150.
"""

import contextlib
import runpy
import sys

from ansible_collections.hybrid.identity.plugins.module_utils._graph import limiter

name, arguments, result, *window = sys.argv[1:]
if window:
    limiter.QUOTA_WINDOW = float(window[0])
sys.argv = [name, arguments]
with open(result, "w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
    runpy.run_module(f"ansible_collections.hybrid.identity.plugins.modules.{name}", run_name="__main__")
