# `make demo` and `make test` set up what they need first; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := $(BIN)/mswal-bench
READY := $(VENV)/.ready
DEMO := demo
METHODS ?= inception-nnunet nnunet-v2
BUDGET ?= demo
SHELL := bash
.DELETE_ON_ERROR:

.PHONY: help setup demo test test-fast bench lint format clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## install everything into .venv

# panoptica is a reference in tests only. Its own pins hold numpy, pandas and cc3d back by a major version, which it
# does not need: hence --no-deps; the `dev` extra lists what it imports (plotly, ruamel-yaml, typer).
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mswal-bench needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[train,v1,dev]'
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps panoptica
	mkdir -p .types && ln -sfn .. .types/mswal_bench
	touch $@

# Every step is a command of its own that a user can give; each does nothing where its work is done.
demo: export OMP_NUM_THREADS ?= 1
demo: $(READY) ## phantom data -> train two methods -> predict -> score -> a table and a page (METHODS=all: all seven, an hour)
	$(BENCH) data phantom $(DEMO)/data --train 100 --test 40 --size small --seed 0
	set -e; methods="$(METHODS)"; if [ "$$methods" = all ]; then methods=$$($(BENCH) methods --names); fi; \
	for method in $$methods; do \
	    (set -x; $(BENCH) run $$method --data $(DEMO)/data --work $(DEMO)/$$method --budget $(BUDGET) --fold 0 --device cpu); \
	    predictions="$$predictions $(DEMO)/$$method/fold-0/$$method"; \
	done; \
	set -x; $(BENCH) report $$predictions --data $(DEMO)/data --out $(DEMO)/report

test: $(READY) ## run the whole test suite
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(READY) ## run the tests that neither train nor predict, for daily use
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

bench: $(READY) ## time the scorer beside its peers and write docs/benchmarks.md (15 minutes)
	$(BIN)/python -m mswal_bench.tests.speed.benchmark --command "make bench" --out docs/benchmarks.md

lint: $(READY) ## run the linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## put the code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what the demo and the tools left, the environment too
	rm -rf $(DEMO) $(VENV) .types .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build dist
