# Every verb of this project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
REGION ?= sim
RUN := .run
PY := $(RUN)/venv/bin/python
export UV_LINK_MODE ?= copy
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up down test test-deep check lint types contracts unit lab-up lab-down bench manage setup setup-dev \
        requirements messages compose-smoke format

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# -- set-up ---------------------------------------------------------------------------------------------------
$(RUN)/tools/bin/uv:
	@./tools/make-venv $(RUN)/tools
	@$(RUN)/tools/bin/python -m pip install --quiet --disable-pip-version-check uv

$(PY): | $(RUN)/tools/bin/uv
	@./tools/make-venv $(RUN)/venv

$(RUN)/.base: requirements/base.txt | $(PY)
	@test -e $(RUN)/.dev || VIRTUAL_ENV=$(RUN)/venv $(RUN)/tools/bin/uv pip sync --quiet --compile-bytecode requirements/base.txt
	@touch $@

$(RUN)/.dev: requirements/dev.txt | $(PY)
	@VIRTUAL_ENV=$(RUN)/venv $(RUN)/tools/bin/uv pip sync --quiet --compile-bytecode requirements/dev.txt
	@touch $@ $(RUN)/.base

$(RUN)/.messages: $(wildcard locale/*/LC_MESSAGES/django.po) | $(RUN)/.base
	@$(RUN)/venv/bin/pybabel --quiet compile -d locale -D django
	@touch $@

# Wanted, not needed: without them the minutes of drills are pages to print, and no PDF.
$(RUN)/.paper: | $(PY)
	@$(PY) -m lab install paper || echo "The portal makes no PDF without these packages; the rest of it works." >&2
	@touch $@

setup: $(RUN)/.base $(RUN)/.messages ## install what the portal needs, into .run
setup-dev: $(RUN)/.dev $(RUN)/.messages ## install what its tests need too

# -- use ------------------------------------------------------------------------------------------------------
up: setup $(RUN)/.paper ## the portal on http://127.0.0.1:$(PORT); REGION=sim (default) or lab
	@if [ "$(REGION)" = lab ]; then $(PY) -m lab install ceph gateway && $(PY) -m lab.ceph.binding; fi
	@$(PY) -m lab.portal up --region $(REGION) --port $(PORT)

down: ## forget the data of `make up` (both regions); stops what a crashed `up` left
	@for region in sim lab; do if [ -d $(RUN)/portal-$$region ]; then $(PY) -m lab.portal down --region $$region; fi; done

manage: setup ## manage.py in the environment of `make up`: make manage ARGS="issue_token …"
	@$(PY) -m lab.portal manage --region $(REGION) -- $(ARGS)

lab-up: setup-dev ## real Ceph, OpenStack, PostgreSQL and Redis on this machine
	@$(PY) -m lab install ceph gateway paper services openstack
	@$(PY) -m lab.ceph.binding
	@$(PY) -m lab up ceph postgres redis openstack

lab-down: ## end them and remove their data
	@$(PY) -m lab down

# -- proof ----------------------------------------------------------------------------------------------------
check: lint types contracts unit ## lint, types, contracts and unit tests: under three minutes

lint: setup-dev
	@$(RUN)/venv/bin/ruff check .
	@$(RUN)/venv/bin/ruff format --check --quiet .
	@$(RUN)/venv/bin/bandit -q -r mcloud_portal tenants elaastic provisioning gateway --severity-level high
	@$(RUN)/venv/bin/djlint --quiet --lint templates

types: setup-dev
	@$(RUN)/venv/bin/mypy mcloud_portal tenants elaastic provisioning gateway lab

contracts: setup-dev
	@$(RUN)/venv/bin/lint-imports --no-cache > $(RUN)/contracts.txt || (cat $(RUN)/contracts.txt; exit 1)

unit: setup-dev
	@$(RUN)/venv/bin/pytest -m "not real and not browser and not fault and not deep" -n 2 --dist loadfile

test: setup-dev ## everything: real Ceph, OpenStack, PostgreSQL, Redis and a browser included
	@$(PY) -m lab install
	@$(PY) -m lab.ceph.binding
	@./tools/test

test-deep: setup-dev ## every fault case and every operation of the API: under an hour on two cores
	@$(PY) -m lab install ceph gateway services openstack
	@$(PY) -m lab.ceph.binding
	@# Four at a time on two cores: a good part of it waits, for tasks of an emulator and for daemons that start.
	@$(RUN)/venv/bin/pytest -m "deep and not openstack" -n 4 --dist load --maxschedchunk 1
	@$(RUN)/venv/bin/pytest -m "deep and openstack" -n 0

bench: setup-dev ## the figures of bench/README.md
	@$(PY) -m lab install ceph gateway services
	@$(PY) -m lab.ceph.binding
	@$(PY) -m bench

compose-smoke: setup ## build the containers, play the flow, stop (needs a Docker engine)
	@$(PY) -m lab.compose

# -- upkeep ---------------------------------------------------------------------------------------------------
requirements: $(RUN)/tools/bin/uv ## resolve and lock again
	@$(RUN)/tools/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml -o requirements/base.txt
	@$(RUN)/tools/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group dev -o requirements/dev.txt
	@$(RUN)/tools/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/openstack.in -o requirements/openstack.txt

messages: setup-dev ## collect the texts to translate into locale/
	@$(RUN)/venv/bin/python manage.py makemessages -l it -l en --no-obsolete --no-location -i .run

format: setup-dev ## format the code
	@$(RUN)/venv/bin/ruff check --fix --quiet . ; $(RUN)/venv/bin/ruff format --quiet .
