# `make demo` and `make test` set up what they need first; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := $(BIN)/mswal-bench
READY := $(VENV)/.ready
DEMO := demo
METHODS ?= inception-nnunet nnunet-v2
BUDGET ?= demo
# The revision that `make bench` compares scoring with.
SINCE ?= 57f4f89
BOARD_SINCE ?= 67df6e3
RATERS ?= ../shared/data/kits_raters
# That of the setup where there is one: a machine with a GPU and no network has its packages elsewhere.
GPU_PYTHON ?= $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
SHELL := bash
.DELETE_ON_ERROR:

.PHONY: help setup demo leaderboard test test-fast bench gpu-check docs docs-outputs lint release-check format clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## install everything into .venv

# panoptica is a reference in tests only. Its own pins hold numpy, pandas and cc3d back by a major version, which it
# does not need: hence --no-deps; the `dev` extra lists what it imports (plotly, ruamel-yaml, typer).
$(READY): pyproject.toml setup.py constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mswal-bench needs Python 3.11 or newer")'
	@echo "installs some 140 packages into $(VENV): 200 MB to load without a GPU's libraries, in two to five minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -c constraints.txt -e '.[train,nnunet1,dev,docs]'
	$(BIN)/python -m pip install -c constraints.txt --no-deps panoptica
	mkdir -p .types && ln -sfn .. .types/mswal_bench
	touch $@

# Every step is a command that users have too; each does nothing where its work is done.
demo leaderboard: export OMP_NUM_THREADS ?= 1
demo: $(READY) ## draw phantom data, train two methods, predict, score; write a table and a page (METHODS=all: all seven, half an hour)
	@echo "demo 1 of 3: draws 140 phantom CTs, in about half a minute"
	$(BENCH) data phantom $(DEMO)/data --train 100 --test 40 --size tiny --seed 0
	@echo "demo 2 of 3: trains, predicts and scores two methods at a time, a core each, in five to seven minutes for two"
	$(BENCH) launch $(METHODS) --data $(DEMO)/data --work $(DEMO) --budget $(BUDGET) --fold 0 --cases 40 --on local --devices cpu,cpu
	@echo "demo 3 of 3: makes the table and the page"
	set -e; methods="$(METHODS)"; if [ "$$methods" = all ]; then methods=$$($(BENCH) methods --names); fi; \
	for method in $$methods; do predictions="$$predictions $(DEMO)/$$method/fold-0/$$method"; done; \
	set -x; $(BENCH) report $$predictions --data $(DEMO)/data --out $(DEMO)/report

# A submission is begun once; evaluating it again finds its record and does nothing.
SUBMIT = if [ ! -e $(DEMO)/organiser ]; then $(BENCH) results keygen $(DEMO)/organiser; fi; \
    if [ ! -e $$mine/submission.yaml ]; then \
        $(BENCH) submission init $$mine --contact nobody@example.org --author $$authors --affiliation $$authors $$begin; \
    fi; \
    $(BENCH) evaluate $$mine --reference $$labels --results $(DEMO)/results --manifest $$manifest \
        --verified --key $(DEMO)/organiser

leaderboard: demo ## evaluate the demo's runs, and human raters of KiTS23 in RATERS, as submissions; build a board of them
	set -ex; labels=$(DEMO)/data/labelsTs; manifest=$(DEMO)/phantom.json; authors=mswal-bench; \
	$(BENCH) manifest $$labels --track phantom -o $$manifest; \
	for record in $(DEMO)/*/fold-0/record.json; do \
	    run=$$(dirname $$record); mine=$(DEMO)/submissions/$$(basename $$(dirname $$run)); \
	    begin="--track phantom --run $$run"; $(SUBMIT); \
	done
	set -ex; if [ ! -d $(RATERS)/rater1 ]; then echo "no raters in $(RATERS): their track is left out"; exit; fi; \
	labels=$(RATERS)/rater1; manifest=$(DEMO)/raters.json; authors=KiTS23; \
	$(BENCH) manifest $$labels --track kits-raters -o $$manifest; \
	for rater in 2 3; do \
	    mine=$(DEMO)/submissions/rater$$rater; \
	    begin="--track kits-raters --people --method KiTS23-rater$$rater --predictions $(RATERS)/rater$$rater"; $(SUBMIT); \
	done
	$(BENCH) leaderboard build $(DEMO)/results -o $(DEMO)/site

test: $(READY) ## run the whole test suite
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(READY) ## run the tests that neither train nor predict, for daily use
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

bench: $(READY) ## time scoring, ranking and prediction beside other programs; write docs/benchmarks.md (an hour)
	$(BIN)/python -m mswal_bench.tests.speed.benchmark --command "make bench" --out docs/benchmarks.md
	$(BIN)/python -m mswal_bench.tests.speed.since $(SINCE) --out docs/benchmarks.md
	$(BIN)/python -m mswal_bench.tests.speed.ranking --out docs/benchmarks.md
	$(BIN)/python -m mswal_bench.tests.speed.board $(BOARD_SINCE) --out docs/benchmarks.md
	$(BIN)/python -m mswal_bench.tests.speed.model_start --out docs/benchmarks.md
	$(BIN)/python -m mswal_bench.tests.speed.prediction --out docs/benchmarks.md

gpu-check: export PYTHONPATH := $(CURDIR)/.types$(if $(PYTHONPATH),:$(PYTHONPATH))
gpu-check: ## check every method at full size on this machine's GPU, in ten minutes; write docs/benchmarks.md (no network)
	mkdir -p .types && ln -sfn .. .types/mswal_bench
	$(GPU_PYTHON) -m mswal_bench.tests.gpu --command "make gpu-check" --out docs/benchmarks.md

# Warnings are errors, links between pages among them. Nothing is fetched; build/docs/links-elsewhere.txt lists outside links.
docs: $(READY) ## build the documentation site into build/docs
	$(BIN)/python -m sphinx -b html -W --keep-going -n -q -E docs build/docs
	@echo "page: build/docs/index.html"

docs-outputs: $(READY) ## run the commands in the pages and compare what they print (WRITE=1: put it into the pages)
	$(BIN)/python -m mswal_bench.docs.run_pages $(if $(WRITE),--write)

lint: $(READY) ## run the linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

release-check: $(READY) ## check what a release needs: versions, changelog, archives, fresh installations, documentation
	$(BIN)/python -m mswal_bench.tests.release

format: $(READY) ## put the code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove everything that the demo, the tools and the setup made
	rm -rf $(DEMO) $(VENV) .types .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build dist
