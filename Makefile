# Every target calls msgmodule or a standard tool; none hides a failure.

PYTHON ?= python3
PORT ?= 8000
MANUAL_PORT ?= 8001
WORKERS ?= 2
INTERVAL ?= 60
REASON ?= make $@
SOURCE ?= .
BIN := .venv/bin
MSGMODULE := $(BIN)/msgmodule
PYTEST := $(BIN)/python -m pytest
# most tests wait for a disk or a server, so more run at once than there are cores; those of one file stay together, and the
# files keep their order: by default those of few tests come last, some of which take longest
TOGETHER := --numprocesses 4 --dist loadfile --no-loadscope-reorder
# tools of their own, at fixed versions, in environments that uv keeps apart from the service's
UVX := $(BIN)/uvx --quiet
MKDOCS := $(UVX) --from mkdocs==1.6.1 mkdocs
CODE := service admin settings wsgi.py
# what bandit finds there has its reason beside it, which ruff's same rules check
REASONED := B105,B108,B301,B310,B311,B403,B404,B603,B606,B608
KILLS ?= 1000
STEPS ?= 10000
WALKS ?= 20000
DURATION ?= 60
DEPOSITIONS ?= 200
FUZZ ?= 2000

.DELETE_ON_ERROR:
.PHONY: $(shell sed -nE 's/^([a-z0-9-]+):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## Show the targets
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-32s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Installation

.venv/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(MSGMODULE) --version
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

install: .venv/installed ## Make .venv with the service in it, from locked requirements

install-dev: .venv/installed-dev ## Add what the tests need to the same .venv

run: .venv/installed ## Set up the embedded default with demo depositions and serve it (PORT=8000)
	$(MSGMODULE) db init
	$(MSGMODULE) demo
	$(MSGMODULE) run --port $(PORT) --workers $(WORKERS)

##@ Backend configuration

backend-info: .venv/installed ## Show the active profile, its stores and the origin of each setting
	@$(MSGMODULE) backend-info

backend-cif-only: .venv/installed ## Switch to cif-only
	$(MSGMODULE) profile switch cif-only --reason "$(REASON)"

backend-dual-write-cif-read: .venv/installed ## Switch to dual-write-cif-read
	$(MSGMODULE) profile switch dual-write-cif-read --reason "$(REASON)"

backend-dual-write-db-read: .venv/installed ## Switch to dual-write-db-read
	$(MSGMODULE) profile switch dual-write-db-read --reason "$(REASON)"

backend-db-only: .venv/installed ## Switch to db-only
	$(MSGMODULE) profile switch db-only --reason "$(REASON)"

##@ Migration

migration-phase-1: backend-dual-write-cif-read ## Begin phase 1, then show what is still to be copied and the next step
	$(MSGMODULE) profile guide

migration-phase-2: .venv/installed ## Bring the archive in, compare both stores, then begin phase 2
	$(MSGMODULE) import --all
	$(MSGMODULE) verify --all
	$(MSGMODULE) profile switch dual-write-db-read --reason "$(REASON)"

migration-phase-3: backend-db-only ## Begin phase 3; the files stay as they are

backend-migration-guide: .venv/installed ## Show the steps of the migration with the live state of each check
	@$(MSGMODULE) profile guide

##@ Testing

test: .venv/installed-dev ## Run all tests
	$(PYTEST) $(TOGETHER)

test-unit: .venv/installed-dev ## Run the tests that need no database
	$(PYTEST) -m unit

test-integration: .venv/installed-dev ## Run the others; without MariaDB they fail
	CI=true $(PYTEST) -m integration

test-database: .venv/installed-dev ## Run the tests that have a database; without MariaDB they fail
	CI=true $(PYTEST) -m database

test-coverage: .venv/installed-dev ## Measure what the tests run through, and fail below 90 %
	$(BIN)/uv run --no-project --with coverage==7.17.4 coverage run --source service,admin,settings -m pytest
	$(BIN)/uv run --no-project --with coverage==7.17.4 coverage html --directory var/coverage
	$(BIN)/uv run --no-project --with coverage==7.17.4 coverage report --fail-under 90

test-tox: .venv/installed-dev ## Run all tests under every supported Python; one that is missing is a failure
	$(UVX) tox==4.67.15

security-test: .venv/installed-dev ## Attack the service: what is refused, what is written, what is logged
	$(PYTEST) tests/security tests/test_security.py tests/test_headers.py

fuzz: .venv/installed-dev ## Make requests by the OpenAPI document, good and bad, and look at every answer (FUZZ=2000)
	FUZZ=$(FUZZ) $(PYTEST) tests/security/test_schema_fuzz.py

round-trip: .venv/installed-dev ## Take an archive into the database and out again, and compare every row (DEPOSITIONS=2000)
	ROUND_TRIP=$(DEPOSITIONS) $(PYTEST) tests/cli/test_cli_round_trip.py

##@ Validation

validate: ## Validate the integration, look for mistakes and known weaknesses; all of it, whatever fails
	$(MAKE) --keep-going validate-integration lint security

validate-integration: .venv/installed-dev ## Use both stores on a scratch deposition and run the quick tests
	$(MSGMODULE) validate --integration

validate-config: .venv/installed ## Check settings, environment and every profile (and the file .env, where there is one)
	$(MSGMODULE) validate --config $(if $(wildcard .env),--env-file .env)

security: .venv/installed-dev ## Look for weaknesses in the code and in what it stands on
	$(BIN)/bandit --quiet --recursive --skip $(REASONED) $(CODE)
	$(BIN)/python deploy/audit.py

##@ Development

lint: .venv/installed-dev ## Look for mistakes, in code and types
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev ## Bring the code into its form
	$(BIN)/ruff format .

check-format: .venv/installed-dev ## Say whether the code is in its form
	$(BIN)/ruff format --check .

types: .venv/installed-dev ## Check the types
	$(BIN)/mypy

architecture: .venv/installed-dev ## Check that arrows between rooms never point back
	$(BIN)/lint-imports

dev-setup: install-dev validate-config ## Make everything a developer needs, the local database included
	$(MSGMODULE) db init

dev-test: .venv/installed-dev ## Run the quick tests, those of the files, and check the settings
	$(PYTEST) -m unit
	$(PYTEST) tests/storage/cif/test_cif_store.py
	$(MSGMODULE) validate --config

dev-commit: check-format lint test-unit test-database ## Check what is to be committed

generated: .venv/installed-dev ## Make the files again that come from the metric catalogue
	$(BIN)/python deploy/from_catalogue.py

.venv/axe/package/axe.min.js:
	mkdir -p .venv/axe
	npm pack --silent --pack-destination .venv/axe axe-core@4.14.1
	tar -xzf .venv/axe/axe-core-4.14.1.tgz -C .venv/axe
	touch $@

axe: .venv/axe/package/axe.min.js ## Fetch the accessibility checker that the browser tests use, from npm

bench-cif: .venv/installed-dev ## Measure the CIF store beside the legacy class
	$(BIN)/python bench/cif.py

bench-db: .venv/installed-dev ## Measure one change and one read in MariaDB beside SQL written by hand
	PYTHONPATH=tests $(BIN)/python bench/database.py

bench-http: .venv/installed-dev ## Measure requests a second beside handlers written by hand, on MariaDB (needs wrk)
	PYTHONPATH=tests $(BIN)/python bench/http_rates.py

bench-recent: .venv/installed-dev ## Measure the list of recent messages over 100 000 of them in MariaDB
	cd bench && ../$(BIN)/python recent.py

bench-archive: .venv/installed-dev ## Measure import and export beside straight-line programs on MariaDB (DEPOSITIONS=200)
	$(BIN)/python bench/archive.py $(DEPOSITIONS)

outage: .venv/installed-dev ## Serve through a killed and a hanging database, in each profile that has one (DURATION=60)
	PYTHONPATH=tests $(BIN)/python bench/outage.py kill $(DURATION)
	PYTHONPATH=tests $(BIN)/python bench/outage.py hang $(DURATION)

torture: .venv/installed-dev ## Kill workers at random steps of the dual write and look for what is lost (KILLS=1000)
	PYTHONPATH=tests $(BIN)/python bench/torture.py $(KILLS)

torture-cif: .venv/installed-dev ## Kill writers of one file and look for what is lost (KILLS=1000)
	$(BIN)/python bench/torture_cif.py $(KILLS)

model: .venv/installed-dev ## Walk the dual write at random against what was acknowledged (STEPS=10000)
	MODEL_SEED=$${MODEL_SEED:-$$(date +%s)} MODEL_STEPS=$(STEPS) $(BIN)/python -m pytest -q -s tests/storage/test_model.py

walk: .venv/installed-dev ## Walk the dual write at random over stores in memory (WALKS=20000)
	WALKS=$(WALKS) $(BIN)/python -m pytest -q tests/storage/test_chain_walk.py

lock: .venv/installed-dev ## Choose the versions anew and lock them
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --extra dev pyproject.toml --constraint requirements.lock --output-file requirements-dev.lock

clean: ## Remove .venv and caches; data under var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

##@ Documentation

docs: .venv/installed-dev ## Build the manual into var/manual; a broken link is a failure
	$(MKDOCS) build --quiet --strict

serve-docs: docs ## Build the manual, serve it on this machine and print where (MANUAL_PORT=8001)
	$(PYTHON) -u -m http.server --bind 127.0.0.1 --directory var/manual $(MANUAL_PORT)

docs-check: docs ## Build the manual, and compare it with the code and run its examples
	$(PYTEST) tests/docs

docs-generated: .venv/installed-dev ## Make the pages again that come from the code
	$(BIN)/python docs/generate.py

##@ Deployment

DEPLOYMENT = $(ENV) --source $(SOURCE) $(if $(TARGET),--target "$(TARGET)") $(if $(RESTART),--restart "$(RESTART)") \
	$(if $(URL),--url "$(URL)") $(if $(filter yes,$(CONFIRM)),--confirm)

deploy: .venv/installed ## Deploy to ENV (development, staging, production), in TARGET, with RESTART, at URL
	$(MSGMODULE) deploy $(DEPLOYMENT)

deploy-check: .venv/installed ## Check what a deployment is given, before anything is done
	$(MSGMODULE) deploy --check $(DEPLOYMENT)

deploy-dev: ENV = development
deploy-dev: deploy ## Deploy to development

deploy-staging: ENV = staging
deploy-staging: deploy-check test validate deploy ## Check, test, validate, and deploy to staging

deploy-production: ENV = production
deploy-production: deploy-check test validate backup deploy ## Check, test, validate, back up, and deploy to production (CONFIRM=yes)

##@ Feature flags

feature-flags: .venv/installed ## Show the four flags, the circuit breaker and the pooling
	@$(MSGMODULE) feature-flags

feature-flags-enable: .venv/installed ## Switch FLAG on
	$(MSGMODULE) feature-flags enable $(FLAG)

feature-flags-disable: .venv/installed ## Switch FLAG off
	$(MSGMODULE) feature-flags disable $(FLAG)

##@ Monitoring and troubleshooting

health: .venv/installed ## Write, read and remove a probe in every store; exit 1 on any fault
	@$(MSGMODULE) health

status: .venv/installed ## Show profile, epoch, versions, what is behind and the workers
	@$(MSGMODULE) status

monitor: .venv/installed ## Check the health every INTERVAL seconds
	$(MSGMODULE) monitor --interval $(INTERVAL)

troubleshoot: .venv/installed ## Look for what is wrong and say what remedies it
	@$(MSGMODULE) troubleshoot

logs: .venv/installed ## Show the last lines of the service's log file
	@$(MSGMODULE) logs

##@ Backup and restore

backup: .venv/installed ## Write files, rows and state into the new folder BACKUP (var/backup-TIME)
	$(MSGMODULE) backup $(or $(BACKUP),var/backup-$(shell date -u +%Y%m%dT%H%M%SZ))

restore: .venv/installed ## Put the backup in the folder BACKUP into an empty site, or over what it holds (CONFIRM=yes)
	$(MSGMODULE) restore $(BACKUP) $(if $(filter yes,$(CONFIRM)),--confirm)

##@ CI

ci-test: install-dev test validate ## What CI does: install, test, validate

ci-deploy: deploy-check ci-test deploy ## What CI does before it deploys to ENV, and the deployment
