#!/usr/bin/env bash
# Runs ansible-test sanity on the committed and uncommitted files of this checkout, in a copy below .build/:
# ansible-test wants a folder named ansible_collections/NAMESPACE/NAME and a git repository around it.
# Usage: tests/support/sanity.sh [ARGUMENT OF ansible-test sanity ...]
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
tree=$top/.build/sanity/ansible_collections/hybrid/identity
PATH=$top/.venv/bin:$PATH

# The copy is kept between runs, for its virtual environments in tests/output are slow to make.
mkdir -p "$tree"
find "$tree" -mindepth 1 -maxdepth 1 ! -name tests ! -name .git -exec rm -rf {} +
find "$tree/tests" -mindepth 1 -maxdepth 1 ! -name output -exec rm -rf {} + 2>/dev/null || true
cd "$top"
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --null -T - -cf - | tar -xf - -C "$tree"
cd "$tree"
[ -d .git ] || git init -q
git add -A

# ansible-test downloads a script that bootstraps pip in its virtual environments. Python brings one of its own, which
# needs no download: put that where ansible-test keeps the script.
internal=$(python -c 'import os, ansible_test._internal as i; print(os.path.dirname(i.__file__))')
pip_version=$(sed -n "s/^ *pip='\([0-9.]*\)',$/\1/p" "$internal/python_requirements.py" | head -n 1)
cache=${ANSIBLE_TEST_CACHE:-$HOME/.ansible/test/cache}
bootstrap=$cache/get_pip_${pip_version//./_}.py
if [ -n "$pip_version" ] && [ ! -e "$bootstrap" ]; then
  mkdir -p "$cache"
  printf 'import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n' > "$bootstrap"
fi

python_version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
exec ansible-test sanity --venv --python "$python_version" --color no "$@"
