"""Read an LDIF with one of the readers, and count its entries.

read_ldif.py collection|python-ldap FILE
read_ldif.py ldif FILE FOLDER_OF_THE_PACKAGE
"""

import sys

reader, path = sys.argv[1:3]
count = 0

if reader == "collection":
    from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldif import LdifSource

    for _entry in LdifSource(path):
        count += 1
elif reader == "python-ldap":
    import ldif

    class Counting(ldif.LDIFParser):
        """Counts entries."""

        def handle(self, dn, entry):
            global count
            count += 1

    with open(path, "rb") as file:
        Counting(file).parse()
else:
    sys.path.insert(0, sys.argv[3])
    import ldif

    with open(path, "rb") as file:
        for _dn, _record in ldif.LDIFParser(file).parse():
            count += 1
print(count, "entries")
