"""Run a process and write what it took: ``launcher.py REPORT PROGRAM [ARGUMENT ...]``.

A process that starts another one lends it its own size for a moment, and the system takes that for the new one's peak.
So a process is started from this small one, which does nothing else.
"""

import os
import sys
import time

started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_child, status, usage = os.wait4(child, 0)  # its usage, and that of the children it waited for
wall = time.perf_counter() - started
with open(sys.argv[1], "w", encoding="ascii") as report:
    report.write(f"{wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status) and 1)
