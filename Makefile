# `make` alone prints help. Two targets matter to a newcomer: `make demo` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 pyproject.toml
SOURCES := shared functions simulator dashboard tests benchmarks
T ?= tests
SEED ?= 7
PARTS := worlds sql rest
TF := terraform -chdir=terraform
CHECKOV := .venv/checkov

.DEFAULT_GOAL := help
.PHONY: $(addprefix tests-,$(PARTS)) help demo demo-check up test unit fuzz fire emulators check audit format lock generated deploy destroy benchmarks clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/.demo ## Run everything against a simulated Strava, no account needed (Ctrl-C stops it)
	@$(BIN)/paceline demo

demo-check: $(BIN)/.demo ## The same, bounded and headless; compares the marts with the simulator
	@$(BIN)/paceline demo --check

up: $(BIN)/.demo ## Run the local service against real Strava (settings: docs/settings.md)
	@$(BIN)/paceline up

test: $(BIN)/.dev ## Pass every test that this machine allows (T=path runs some)
ifeq ($(T),tests)
	@$(MAKE) --no-print-directory --jobs 3 --output-sync $(addprefix tests-,$(PARTS))
else
	@$(BIN)/pytest $(T)
endif

# Three at a time: what waits for a world, what is at work in SQL, and the rest. Each says in the end
# how it went.
tests-worlds: $(BIN)/.dev
	@$(BIN)/pytest tests/chaos tests/e2e

tests-sql: $(BIN)/.dev
	@$(BIN)/pytest tests/sql

tests-rest: $(BIN)/.dev
	@$(BIN)/pytest tests --ignore tests/chaos --ignore tests/e2e --ignore tests/sql

unit: $(BIN)/.dev ## The tests that take milliseconds
	@$(BIN)/pytest tests/unit

fuzz: $(BIN)/.dev ## A minute of odd requests against the simulator
	@SIMULATOR_FUZZ_SECONDS=60 $(BIN)/pytest tests/simulator/test_fuzz.py

fire: $(BIN)/.dev ## The fire test: thousands of events, faults and kill -9; about a quarter of an hour (SEED=7)
	@$(BIN)/python -m tests.chaos.fire --seed $(SEED)

emulators: $(BIN)/.dev ## Google's services on this machine, installed and started (Ctrl-C stops them)
	@$(BIN)/python -m paceline.cli.emulators

check: $(BIN)/.dev ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive terraform; \
	else echo "terraform is not installed: its format was not checked"; fi

audit: $(CHECKOV)/.made ## Look for what Terraform, the image and the workflows should not say
	@$(CHECKOV)/bin/checkov --directory terraform --directory dashboard --directory .github --quiet --compact \
		--framework terraform dockerfile github_actions --skip-download

format: $(BIN)/.dev ## Format the code and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

benchmarks: $(BIN)/.dev ## Measure what the README claims, each against a named baseline
	@for each in benchmarks/*.py; do $(BIN)/python $$each; done

lock: $(BIN)/.uv ## Renew requirements/ from pyproject.toml, and what is generated for Terraform
	@$(COMPILE) --all-extras --output-file requirements/dev.txt $(UPGRADE)
	@$(COMPILE) --extra local --extra dashboard --extra simulator \
		--constraint requirements/dev.txt --output-file requirements/demo.txt
	@$(UV) pip compile requirements/bigquery-emulator.in --quiet --universal --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --python-version 3.13 --output-file requirements/bigquery-emulator.txt
	@$(UV) pip compile requirements/checkov.in --quiet --universal --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate --python-version 3.11 --output-file requirements/checkov.txt
	@$(UV) pip compile requirements/dashboard.in --quiet --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-annotate --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
		--constraint requirements/dev.txt --output-file dashboard/requirements.txt
	@$(MAKE) --no-print-directory generated

generated: $(BIN)/.dev ## Renew what is generated from the code and from sql/: dictionary, bundles, tables, script
	@for step in $$($(BIN)/python -m paceline.cli.bundles --steps); do \
		$(BIN)/python -m paceline.cli.bundles --needs $$step | \
		$(UV) pip compile - --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
			--no-annotate --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
			--constraint requirements/dev.txt --output-file functions/$$step/requirements.txt || exit 1; done
	@$(BIN)/python -m paceline.cli.bundles > terraform/bundles.json
	@$(BIN)/python -m paceline.warehouse --schemas > terraform/tables.json
	@$(BIN)/python -m paceline.warehouse --template > terraform/build_marts.sql
	@$(BIN)/python -m paceline.warehouse --template --full > terraform/compare_marts.sql
	@$(BIN)/python -m paceline.warehouse --dictionary > docs/dictionary.md
	@$(BIN)/python benchmarks/costs.py --write

deploy: ## Deploy to Google Cloud (ENV=dev PROJECT=my-project)
	@test -f terraform/environments/$(ENV).gcs.tfbackend || { echo "Say ENV=dev, stage or prod"; exit 2; }
	@test -n "$(PROJECT)" || { echo "Say PROJECT=my-project"; exit 2; }
	$(TF) init -reconfigure -backend-config=environments/$(ENV).gcs.tfbackend -backend-config=bucket=$(PROJECT)-paceline-state
	$(TF) $(or $(ACTION),apply) -var-file=environments/$(ENV).tfvars -var environment=$(ENV) -var project=$(PROJECT) $(ARGS)

destroy: ## Take everything down again (ENV=dev PROJECT=my-project); Terraform asks first
	@$(MAKE) --no-print-directory deploy ACTION=destroy

clean: ## Remove the environment and everything that was made here
	rm -rf .venv .paceline .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Set-up. Each stamp stands for an environment that agrees with its lock.

$(BIN)/.uv:
	@echo "Setting up .venv ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(BIN)/.demo: $(BIN)/.uv requirements/demo.txt
	@echo "Installing what the demo needs (about 650 MB on disk) ..."
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements/demo.txt
	@$(UV) pip install --quiet --no-deps --editable .
	@touch $@

$(BIN)/.dev: $(BIN)/.uv requirements/dev.txt
	@echo "Installing what the tests need ..."
	@$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(BIN)/.demo

$(CHECKOV)/.made: $(BIN)/.uv requirements/checkov.txt
	@echo "Installing checkov (about 200 MB on disk) ..."
	@$(UV) venv --quiet --clear $(CHECKOV)
	@$(UV) pip install --quiet --require-hashes --python $(CHECKOV)/bin/python -r requirements/checkov.txt
	@touch $@
