#!/usr/bin/env bash
# The main job end to end on the sample company, against the rehearsal tenant.
# Usage: tests/support/demo.sh [export|samba]     (run it through `make demo` or `make demo AD=samba`)
set -euo pipefail
cd "$(dirname "$0")/../.."
source=${1:-export}

rehearse() { ansible-playbook hybrid.identity.rehearse "$@"; }

case $source in
  export)
    rehearse
    ;;
  samba)
    tests/support/install_samba.sh
    folder=$PWD/.rehearsal/samba
    dc() { /usr/bin/python3 tests/support/samba_dc.py "$1" --dir "$folder" "${@:2}"; }
    trap 'dc stop' EXIT
    environment=$(dc start --people roles/rehearsal_tenant/files/sample_company/export.ldf)
    set -a
    # shellcheck disable=SC1090 # made just now
    source "$environment"
    set +a
    # The tenant's sync reads the same domain controller; the password travels in the environment only.
    rehearse -e "$(cat <<EOF
{"hard_match_source": {},
 "rehearsal_tenant_directories": [
   {"domain": "$SAMBA_DC_REALM",
    "ldap": {"servers": "ldaps://$MICROSOFT_AD_LDAP_SERVER:636", "searchBase": "$SAMBA_DC_BASE",
             "username": "$MICROSOFT_AD_LDAP_USERNAME", "passwordEnvironment": "MICROSOFT_AD_LDAP_PASSWORD",
             "caCert": "$MICROSOFT_AD_LDAP_CA_CERT"}}]}
EOF
)"
    ;;
  *)
    echo "AD must be export or samba, not $source" >&2
    exit 2
    ;;
esac

# Once more, after all that scrolled by.
work=$(find hard-match -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
echo
sed -n '/^$/q; p' "$work/summary.txt"
echo "The whole summary and the files behind it: $work"
