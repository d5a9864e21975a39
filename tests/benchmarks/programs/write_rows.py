"""Parse an LDIF with python-ldap, and write the same rows that the collection writes, made by its own functions.

    write_rows.py FILE DEST SITE_PACKAGES

What the collection does besides is missing: looking for anchors that occur twice, counting, telling what the file does
not carry. SITE_PACKAGES has what the collection imports.
"""

import sys

import ldif

path, dest, site_packages = sys.argv[1:4]
sys.path.append(site_packages)

from ansible_collections.hybrid.identity.plugins.module_utils._directory.entry import Entry
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.objects import Reading
from ansible_collections.hybrid.identity.plugins.module_utils._rows import RowSink, header

reading = Reading()
count = 0


class Writing(ldif.LDIFParser):
    """Writes a row for each entry."""

    def handle(self, dn, entry):
        """Take an entry."""
        global count
        count += 1
        sink.write(reading.row(Entry(dn, {name.lower(): values for name, values in entry.items()}, path), None))


with RowSink(header("objects"), dest, 0) as sink, open(path, "rb") as file:
    Writing(file).parse()
print(count, "rows")
