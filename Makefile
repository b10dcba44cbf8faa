# `make run` and `make test` do their own set-up: a fresh Debian machine needs only make and a network.
.PHONY: help run test lint bench outage floods torture fuzz-api bootstrap bootstrap-dev clean
.DEFAULT_GOAL := help

BIN := .venv/bin
# Tests start hundreds of processes: what Python compiles for one is kept for the next, whatever the environment says of bytecode.
KEEP_COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.venv/compiled
ARGS ?=
# Most end-to-end tests wait for processes, so two more than there are cores; more than five crowd each other's time limits.
WORKERS := $(shell n=$$(nproc); echo $$((n < 4 ? n + 2 : 5)))

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-15s %s\n", $$1, $$2 }'

run: bootstrap ## everything on this machine; options in ARGS, e.g. make run ARGS="--no-simulator"
	@exec $(BIN)/siaga run $(ARGS)

test: bootstrap-dev ## every test, several at once; options of pytest in ARGS, e.g. ARGS="-n0 -k alarm"
	@scripts/test-setup
	@$(KEEP_COMPILED) exec scripts/test $(WORKERS) $(ARGS)

lint: bootstrap-dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: bootstrap-dev ## every measurement into docs/benchmarks.md; alone on the machine; options in ARGS, e.g. ARGS=--soak
	@scripts/test-setup
	@exec $(BIN)/python -m tests.bench $(ARGS)

torture: bootstrap-dev ## processes killed, links cut, the disk filled under load; options in ARGS, e.g. ARGS="--faults 20"
	@scripts/test-setup
	@$(KEEP_COMPILED) exec $(BIN)/python -m tests.torture $(ARGS)

outage: bootstrap-dev ## InfluxDB sink: its server away for two minutes under load, nothing missing at the end
	@scripts/test-setup
	@OUTAGE_S=120 exec $(BIN)/pytest tests/e2e/test_sink.py -k outage $(ARGS)

floods: bootstrap-dev ## the recorded floods end to end, the command center killed 300 times on the way
	@scripts/test-setup
	@$(KEEP_COMPILED) FLOOD_KILLS=300 exec $(BIN)/pytest -n0 tests/e2e/test_floods_end_to_end.py $(ARGS)

fuzz-api: bootstrap-dev ## the API against its own document, longer than in the tests; options in ARGS, e.g. ARGS="--examples 200"
	@exec $(BIN)/python -m tests.contract.api_fuzz $(ARGS)

bootstrap: ## the virtual environment, as far as running needs it
	@scripts/bootstrap

bootstrap-dev: ## the virtual environment with what tests and lint need
	@scripts/bootstrap dev

clean: ## remove what was built or cached; data/ stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
