# Every target is one line of msgmodule or of a standard tool; none hides a failure.

PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
BIN := .venv/bin

.DELETE_ON_ERROR:
.PHONY: help install install-dev run test security-test fuzz security lint format check-format types architecture generated axe bench-cif torture-cif model lock clean

help: ## Show the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/msgmodule --version
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

install: .venv/installed ## Make .venv with the service in it, from locked requirements

install-dev: .venv/installed-dev ## Add what the tests need to the same .venv

run: .venv/installed ## Set up the embedded default with demo depositions and serve it (PORT=8000)
	$(BIN)/msgmodule db init
	$(BIN)/msgmodule demo
	$(BIN)/msgmodule run --port $(PORT) --workers $(WORKERS)

test: .venv/installed-dev ## Run all tests
	$(BIN)/python -m pytest

security-test: .venv/installed-dev ## Attack the service: what is refused, what is written, what is logged
	$(BIN)/python -m pytest tests/security tests/test_security.py tests/test_headers.py

FUZZ ?= 2000
fuzz: .venv/installed-dev ## Make requests by the OpenAPI document, good and bad, and look at every answer (FUZZ=2000)
	FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/security/test_schema_fuzz.py

security: .venv/installed-dev ## Look for unsafe code, and for known faults of what we install (a list on the network)
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive service admin settings wsgi.py
	$(BIN)/python deploy/audit.py

lint: .venv/installed-dev ## Look for mistakes
	$(BIN)/ruff check .

format: .venv/installed-dev ## Bring the code into its form
	$(BIN)/ruff format .

check-format: .venv/installed-dev ## Say whether the code is in its form
	$(BIN)/ruff format --check .

types: .venv/installed-dev ## Check the types
	$(BIN)/mypy

architecture: .venv/installed-dev ## Check that arrows between rooms never point back
	$(BIN)/lint-imports

generated: .venv/installed-dev ## Make the files again that come from the metric catalogue
	$(BIN)/python deploy/from_catalogue.py

.venv/axe/package/axe.min.js:
	mkdir -p .venv/axe
	npm pack --silent --pack-destination .venv/axe axe-core@4.14.1
	tar -xzf .venv/axe/axe-core-4.14.1.tgz -C .venv/axe
	touch $@

axe: .venv/axe/package/axe.min.js ## Fetch the accessibility checker that the browser tests use, from npm

bench-cif: .venv/installed-dev ## Measure the CIF store beside the legacy class
	cd bench && ../$(BIN)/python cif.py

KILLS ?= 1000
torture-cif: .venv/installed-dev ## Kill writers of one file and look for what is lost (KILLS=1000)
	$(BIN)/python bench/torture_cif.py $(KILLS)

STEPS ?= 10000
model: .venv/installed-dev ## Walk the dual write at random against what was acknowledged (STEPS=10000)
	MODEL_SEED=$${MODEL_SEED:-$$(date +%s)} MODEL_STEPS=$(STEPS) $(BIN)/python -m pytest -q -s tests/storage/test_model.py

lock: .venv/installed-dev ## Choose the versions anew and lock them
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --extra dev pyproject.toml --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv and caches; data under var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
