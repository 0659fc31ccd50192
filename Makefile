# `make run` is all it takes: it needs Python 3.11 or newer and nothing else.
# PYTHON=/path/to/python3.12 chooses one; DATABASE_URL, CELERY_BROKER_URL and CACHE_URL replace the embedded services.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))) python3)
VENV := .venv/bin

.PHONY: run up test check audit bench drill docs venv

run: venv  ## everything, with the demo configuration and the CRM sandbox
	@LEADOPS_DEMO=$${LEADOPS_DEMO:-1} exec $(VENV)/python manage.py up

up: venv  ## everything, without the demo
	@exec $(VENV)/python manage.py up

test: venv
	@exec $(VENV)/python -m pytest

check: venv
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

audit: venv  ## known vulnerabilities, committed secrets, and the list of what we are made of (build/sbom.json)
	@exec $(VENV)/python .ci/audit.py

bench: venv
	@exec $(VENV)/python -m benchmarks

drill: venv  ## kills and faults under load, checked by a stranger; DRILL=medium or DRILL=long for more
	@exec $(VENV)/python -m tests.drills --size $(or $(DRILL),short)

docs: venv  ## what is written from the code
	$(VENV)/python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn
	$(VENV)/python manage.py exception_guide > docs/exceptions.md

venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "leadops needs Python 3.11 or newer: install one, or name it with make $(MAKECMDGOALS) PYTHON=/path/to/python3."; exit 1; } >&2
	@$(PYTHON) leadops/launcher/bootstrap.py
