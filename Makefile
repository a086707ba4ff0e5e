# The two commands a newcomer types. Each sets up all that it needs, from nothing, into folders git ignores;
# everything but the bootstrap is a tox environment (`.tools/bin/tox list`).

PYTHON ?= python3
TOX := .tools/bin/tox

# Given on make's command line; harness/pipeline/options.py says what they mean.
export FEED VENUE KEEP PORT COUNT SEED BAD_PER_MILLE

.DEFAULT_GOAL := help
.PHONY: help pipeline test tools clean

help:
	@echo "make pipeline   deploy the pipeline on an emulated AWS, replay market data through it, account for every record"
	@echo "                FEED='file ...' | FEED=folder | FEED=-   VENUE=format   KEEP=1   PORT=number"
	@echo "                COUNT=records   SEED=number   BAD_PER_MILLE=0..1000   of the feed that is generated without FEED"
	@echo "make test       run every check: lint, types, the policy gate and its mutants, Spark, and the test suite"
	@echo "make tools      only set up .tools/bin/tox"
	@echo "make clean      delete all that was set up or written"

tools:
	@$(PYTHON) harness/bootstrap.py

# Not through `tox run`: that would keep standard input (FEED=-) from it.
pipeline:
	@rm -f build/pipeline/summary.json
	@$(PYTHON) harness/bootstrap.py spark pipeline
	@.tox/pipeline/bin/python -m harness pipeline

test: tools
	@$(TOX) run

clean:
	rm -rf .tools .tox .cache build .hypothesis .pytest_cache .mypy_cache .ruff_cache
