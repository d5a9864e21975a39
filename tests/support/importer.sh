#!/usr/bin/env bash
# Imports the built artifact as Galaxy would, and fails on any warning as well as on errors.
# Usage: tests/support/importer.sh ARTIFACT.tar.gz
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
artifact=$(realpath "$1")
PATH=$top/.venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# The importer sets its own collection paths; those of the Makefile would show it a second copy.
unset ANSIBLE_COLLECTIONS_PATH ANSIBLE_CONFIG PYTHONPATH
log=$work/importer.log
if ! python -m galaxy_importer.main "$artifact" > "$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
if grep -E '^(WARNING|ERROR|CRITICAL)' "$log" >&2; then
  echo "galaxy-importer: the artifact imports, but not without the warnings above" >&2
  exit 1
fi
echo "galaxy-importer: $(basename "$artifact") imports without a warning"
