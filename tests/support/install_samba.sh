#!/bin/sh
# Installs what tests/support/samba_dc.py needs: Samba's domain controller, the tools to
# question it, and the headers from which pip builds gssapi. Debian and Ubuntu, as root.
#
# Starts no service: the domain controller of the tests is a private one in its own folder.
# Exit code 0: everything is there; 77: this machine cannot have it (the reason is one line).
set -eu

packages="
    samba samba-dsdb-modules samba-vfs-modules winbind python3-samba
    ldap-utils ldb-tools krb5-user libsasl2-modules-gssapi-mit
    libkrb5-dev gcc python3-dev openssl
"
# Newer releases split the domain controller off the samba package.
optional_packages="samba-ad-dc samba-ad-provision"

cannot() {
    echo "Samba is not available: $1"
    exit 77
}

missing() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

command -v apt-get >/dev/null || cannot "this machine has no apt-get"

# shellcheck disable=SC2086 # the lists are words on purpose
if [ -z "$(missing $packages)" ]; then
    echo "Samba is installed: $(samba --version)"
    exit 0
fi

new=$(missing samba)
[ "$(id -u)" -eq 0 ] || cannot "installing it needs root"

# apt starts the daemons of what it installs, which would take ports 389 and 445. A policy of
# our own forbids that for the time of the installation; one that is there already stays.
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then
    trap 'rm -f "$log"' EXIT
else
    trap 'rm -f "$log" "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt() {
    apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        cannot "apt-get $1 failed (its last lines are above)"
    }
}
apt update
for package in $optional_packages; do
    if apt-cache show "$package" >/dev/null 2>&1; then packages="$packages $package"; fi
done
# shellcheck disable=SC2086
apt install --yes --no-install-recommends $packages

# systemd, where there is one, would start them at the next boot. Whoever had Samba before keeps it as it was.
if [ -n "$new" ] && [ -d /run/systemd/system ]; then
    systemctl mask --quiet samba-ad-dc smbd nmbd winbind || true
fi
echo "Samba is installed: $(samba --version)"
