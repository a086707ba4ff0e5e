# The two main commands. Each sets up what it needs in folders that git ignores; everything but the bootstrap is a tox
# environment (`.tools/bin/tox list`).

PYTHON ?= python3
TOX := .tools/bin/tox

# Options on make's command line, documented in harness/pipeline/options.py.
export FEED VENUE KEEP PORT COUNT SEED BAD_PER_MILLE FAULTS PIPELINE_PATIENCE

.DEFAULT_GOAL := help
.PHONY: help pipeline test nightly tools clean
# The nightly run's seed: the date, so that each night differs and can be repeated.
HYPOTHESIS_SEED ?= $(shell date +%Y%m%d)

help:
	@echo "make pipeline   deploy the pipeline on an emulated AWS, replay market data through it, account for every record"
	@echo "                FEED='file ...' | FEED=folder | FEED=-   VENUE=format   KEEP=1   PORT=number"
	@echo "                COUNT=records   SEED=number   BAD_PER_MILLE=0..1000   for the generated feed, without FEED"
	@echo "                FAULTS=seed   throttles, kills and duplicate deliveries on purpose"
	@echo "make test       run every check: lint, types, the policy gate and its mutants, Spark, and the test suite"
	@echo "                MUTANTS_SAMPLE=number   of mutants, 1200 of all by default; 0 for all"
	@echo "make nightly    run every long profile: all mutants, 2,000 examples a property, all moments of an interrupt, whole captures, a million records"
	@echo "                HYPOTHESIS_SEED=number   PIPELINE_PATIENCE=3 triples all time limits, as in the other commands"
	@echo "make tools      only set up .tools/bin/tox"
	@echo "make clean      delete everything that was set up or written"

tools:
	@$(PYTHON) harness/bootstrap.py

# Not through `tox run`, which does not pass standard input (FEED=-).
pipeline:
	@rm -f build/pipeline/summary.json
	@$(PYTHON) harness/bootstrap.py spark pipeline
	@.tox/pipeline/bin/python -m harness pipeline

# How many mutants are judged (0: all, as each night), and shows the timings even after a failure.
test: export MUTANTS_SAMPLE ?= 1200
test: tools
	@rm -rf build/tests build/coverage
	@$(TOX) run; code=$$?; .tools/bin/python harness/timings.py; exit $$code

# TOXENV=unit,spark runs only these of them.
nightly: export HYPOTHESIS_PROFILE := nightly
nightly: export HYPOTHESIS_SEED := $(HYPOTHESIS_SEED)
nightly: tools
	@rm -rf build/tests build/coverage
	@$(TOX) run $(if $(TOXENV),-e $(TOXENV),-m nightly); code=$$?; \
	.tools/bin/python harness/timings.py; echo "profile: nightly, seed: $$HYPOTHESIS_SEED"; exit $$code

clean:
	rm -rf .tools .tox .cache build .hypothesis .pytest_cache .mypy_cache .ruff_cache
