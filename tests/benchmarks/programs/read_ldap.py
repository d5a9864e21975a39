"""Read users over LDAPS with the collection's reader, and count them.

    read_ldap.py BASE

The server and the account come from the environment, as a domain controller of the tests gives them.
"""

import os
import sys

from ansible_collections.hybrid.identity.plugins.module_utils._directory.arguments import AD_ARGUMENTS
from ansible_collections.hybrid.identity.plugins.module_utils._directory.ldap import open_directory
from ansible_collections.hybrid.identity.plugins.module_utils._jobs.objects import Reading

options = {name: argument.get("default") for name, argument in AD_ARGUMENTS.items()}
options |= {
    name.removeprefix("MICROSOFT_AD_LDAP_").lower(): value
    for name, value in os.environ.items()
    if name.startswith("MICROSOFT_AD_LDAP_")
}
options |= {"server": [options["server"]], "search_base": sys.argv[1]}
print(sum(1 for _entry in open_directory(options, Reading().attributes(), print)), "entries")
