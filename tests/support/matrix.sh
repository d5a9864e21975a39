#!/usr/bin/env bash
# Unit tests and a whole rehearsal of the installed artifact on every supported ansible-core, and the unit tests of the
# module code on the oldest Python. Takes about five minutes; interpreters that are missing are named and passed over.
# Usage: tests/support/matrix.sh     (run it through `make test-slow`)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
collections=$PWD/.build/collections
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

interpreter() { # VERSION: print the path of that Python, from the PATH or from pyenv
  if "python$1" -c '' 2>/dev/null; then
    command -v "python$1"
  elif command -v pyenv >/dev/null; then
    local found
    found=$(pyenv prefix "$(pyenv latest "$1" 2>/dev/null)" 2>/dev/null) && echo "$found/bin/python"
  fi
}

report() { # WHAT LOG RC
  if [ "$3" -eq 0 ]; then echo "$1: passed"; else echo "$1: FAILED"; tail -n 40 "$2"; failed=1; fi
}

run() { # NAME PYTHON REQUIREMENT REHEARSE TESTS...
  local name=$1 python
  python=$(interpreter "$2")
  if [ -z "$python" ]; then echo "$name: there is no Python $2 here"; return; fi
  local bin=$work/$2-$name/bin log=$work/log
  "$python" -m venv "${bin%/bin}"
  if ! "$bin/pip" install --quiet "$3" distlib dnspython -r requirements.txt \
    -r roles/rehearsal_tenant/files/requirements.txt pytest hypothesis responses openapi-core httpx > "$log" 2>&1; then
    report "$name, installing" "$log" 1
    return
  fi
  if [ "$4" = yes ]; then
    (mkdir -p "$work/rehearsal" && cd "$work/rehearsal" && PATH=$bin:$PATH PWD=$PWD ansible-playbook hybrid.identity.rehearse) > "$log" 2>&1
    report "$name on Python $2, the whole rehearsal" "$log" $?
  fi
  PATH=$bin:$PATH PYTHONPATH=$collections "$bin/pytest" -q -p no:cacheprovider "${@:5}" > "$log" 2>&1
  report "$name on Python $2, unit tests" "$log" $?
}

export ANSIBLE_COLLECTIONS_PATH=$collections ANSIBLE_CONFIG=$PWD/ansible.cfg
run ansible-core-2.18 3.11 'ansible-core~=2.18.0' yes tests/unit
run ansible-core-2.19 3.11 'ansible-core~=2.19.0' yes tests/unit
run ansible-core-2.20 3.12 'ansible-core~=2.20.0' yes tests/unit
run ansible-core-2.21 3.13 'ansible-core~=2.21.0' yes tests/unit
run module-code 3.9 ansible-core no tests/unit/plugins/module_utils tests/unit/plugins/filter
exit $failed
