# `make demo` and `make test` set up what they need first; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := $(BIN)/mswal-bench
READY := $(VENV)/.ready
DEMO := demo
SHELL := bash
.DELETE_ON_ERROR:

.PHONY: help setup demo test bench lint format clean

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## install everything into .venv

# panoptica is a reference in tests only. Its own pins hold numpy, pandas and cc3d back by a major version, which it
# does not need: hence --no-deps; the `dev` extra lists what it imports (plotly, ruamel-yaml, typer).
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mswal-bench needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[train,dev]'
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps panoptica
	mkdir -p .types && ln -sfn .. .types/mswal_bench
	touch $@

# Every step is a command of its own that a user can give; each does nothing where its work is done.
demo: export OMP_NUM_THREADS ?= 1
demo: $(READY) ## phantom data -> train two methods -> predict -> score -> a table and a page
	$(BENCH) data phantom $(DEMO)/data --train 100 --test 40 --size small --seed 0
	$(BENCH) run nnunet-v2 --data $(DEMO)/data --work $(DEMO)/nnunet-v2 --budget demo --fold 0 --device cpu
	$(BENCH) run inception-nnunet --data $(DEMO)/data --work $(DEMO)/inception-nnunet --budget demo --fold 0 --device cpu
	$(BENCH) report $(DEMO)/inception-nnunet/fold-0/inception-nnunet $(DEMO)/nnunet-v2/fold-0/nnunet-v2 \
	    --data $(DEMO)/data --out $(DEMO)/report

test: $(READY) ## run the whole test suite
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist worksteal

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
