# Everything this project does, each by one command. `make help` lists them.
# The artifact is built and installed below .build/, and demo and tests run that copy: what ships is what is tested.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

# ansible-core 2.18 and newer need Python 3.11 on the controller: the first interpreter that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
COLLECTIONS := $(CURDIR)/.build/collections
INSTALLED := .build/collections/ansible_collections/hybrid/identity/MANIFEST.json
TENANT := $(COLLECTIONS)/ansible_collections/hybrid/identity/roles/rehearsal_tenant/files
TENANT_REQUIREMENTS := roles/rehearsal_tenant/files/requirements.txt
# How many processes tests run in: auto is one for each core, 0 is this one.
PROCESSES := auto

# Nothing of the caller's own Ansible may decide what is tested.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(COLLECTIONS)
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(COLLECTIONS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SOURCES := $(shell find galaxy.yml README.md LICENSE CHANGELOG.* requirements.txt bindep.txt changelogs docs meta plugins \
	roles playbooks tests/config.yml -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: help build demo bench docs test lint tenant artifact-list test-slow test-unit test-integration samba clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s "$$(printf '\t')"

build: $(INSTALLED) ## build the artifact and install it below .build/ (the default)

$(VENV)/.runtime: requirements.txt tests/requirements-ansible.txt $(TENANT_REQUIREMENTS)
	@test -n "$(PYTHON)" || { echo "hybrid.identity: no Python 3.11 or newer found; name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "hybrid.identity: $(PYTHON) has no venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "making $(VENV) with Ansible and its libraries; this takes about half a minute"
	@$(BIN)/pip install --quiet -r tests/requirements-ansible.txt -r requirements.txt -r $(TENANT_REQUIREMENTS)
	@touch $@

$(VENV)/.tests: tests/requirements.txt $(VENV)/.runtime
	@echo "installing what tests and linters need; this takes about half a minute"
	@$(BIN)/pip install --quiet -r tests/requirements.txt
	@touch $@

$(INSTALLED): $(SOURCES) $(VENV)/.runtime
	@rm -rf .build/artifact $(COLLECTIONS); mkdir -p .build
	@$(BIN)/ansible-galaxy collection build --force --output-path .build/artifact > .build/build.log || { cat .build/build.log >&2; exit 1; }
	@$(BIN)/ansible-galaxy collection install --no-deps --offline -p $(COLLECTIONS) .build/artifact/*.tar.gz > .build/build.log || { cat .build/build.log >&2; exit 1; }
	@touch $@
	@echo "built and installed: $$(ls .build/artifact/*.tar.gz)"

demo: $(INSTALLED) ## the main job end to end on a sample company (AD=samba: from a real AD server)
	@tests/support/demo.sh $(or $(AD),export)

tenant: $(INSTALLED) ## start the rehearsal tenant by itself (SEED=file.json PORT=8443); Ctrl-C stops it
	PYTHONPATH=$(TENANT) python -m rehearsal_tenant --port $(or $(PORT),0) --dir .rehearsal \
	  --seed $(or $(SEED),$(TENANT)/sample_company/tenant.json)

lint: $(INSTALLED) $(VENV)/.tests ## ruff, mypy, shellcheck, ansible-lint (production), ansible-test sanity, galaxy-importer
	ruff check .
	ruff format --check .
	cd $(COLLECTIONS) && mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache -p ansible_collections.hybrid.identity.plugins.module_utils
	shellcheck .ci/run tests/support/*.sh
	ansible-lint
	tests/support/sanity.sh > .build/sanity.log 2>&1 || { grep -v -e '^Collecting' -e '^  ' .build/sanity.log >&2; exit 1; }
	@echo "ansible-test sanity: passed, with no ignore file"
	tests/support/importer.sh .build/artifact/*.tar.gz

test: test-unit test-integration ## every test: units, then modules, role and playbooks against real servers

test-unit: $(INSTALLED) $(VENV)/.tests ## unit tests of the installed copy
	pytest -n $(PROCESSES) --dist worksteal tests/unit

test-integration: $(INSTALLED) $(VENV)/.tests samba ## through ansible-playbook, against the rehearsal tenant and a real Samba AD
	pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder tests/integration

test-slow: $(INSTALLED) ## units and a rehearsal on ansible-core 2.18 to 2.21, module code on Python 3.9
	tests/support/matrix.sh

bench: $(INSTALLED) .build/peers/.made ## benchmarks beside their peers, into docs/benchmarks.md (QUICK=1: small, ONLY="gather ldif": some)
	python tests/benchmarks/run.py $(if $(QUICK),--quick) $(ONLY)

.build/peers/.made: tests/benchmarks/requirements.txt tests/benchmarks/peers.py $(VENV)/.runtime
	@echo "installing what the benchmarks compare with; this takes about half a minute"
	@python tests/benchmarks/peers.py
	@touch $@

docs: $(INSTALLED) ## write the tables of all codes into the guides
	python tests/support/make_docs.py

guide: $(INSTALLED) ## run what docs/still-in-cloud.md shows, and write there what it prints now
	python tests/support/still_in_cloud.py

artifact-list: $(INSTALLED) ## write tests/artifact.txt, the list of what ships, from the artifact
	tar tzf .build/artifact/*.tar.gz | grep -v '/$$' | LC_ALL=C sort > tests/artifact.txt

samba: $(VENV)/.tests ## install Samba's AD domain controller and Kerberos, where this machine lets us
	@tests/support/install_samba.sh || test $$? -eq 77
	@python -c 'import gssapi' 2>/dev/null || ! command -v krb5-config >/dev/null || $(BIN)/pip install --quiet gssapi \
	  || echo "gssapi could not be built, so Kerberos cannot be tested"

clean: ## remove everything that make made; hard-match/, the work folders of runs, stays
	rm -rf .build .cache .rehearsal .venv tests/output
