# Two commands do everything on a fresh machine (Python 3.10+, a compiler, the package registries):
#   make demo    watch EdgeFace find, judge, enrol, identify and verify faces through its own socket
#   make test    the whole test suite
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# hnswlib comes as source and would compile for this very CPU; a portable build also runs after a move.
export HNSWLIB_NO_NATIVE ?= 1

.PHONY: demo test lint format bench train test-training docs clean clients install

$(BIN)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "EdgeFace needs Python 3.10 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,demo]'
	touch $@

demo: $(BIN)/.installed  ## Every stage on two portraits; writes out/demo.png
	$(BIN)/edgeface demo --out out/demo.png

# The vendors' own Python clients, as published, each in a folder of its own (two are versions of one package).
CLIENTS := baidu-aip-4.16.13 baidu-aip-2.0.0.1 qcloud_image-1.0.0
$(VENV)/clients/%: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ \
		"$$(echo '$*' | sed 's/-\([0-9.]*\)$$/==\1/')"
	touch $@

clients: $(CLIENTS:%=$(VENV)/clients/%)  ## For the tests of the cloud dialects

test: $(BIN)/.installed clients  ## All tests; those that need EDGEFACE_EVAL_DATA are skipped, visibly, without it
	$(BIN)/python -m pytest

lint: $(BIN)/.installed  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(BIN)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BIN)/.installed  ## Every stage, the socket and the gallery, with the peers that are installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks --json out/bench.json

docs: $(BIN)/.installed  ## Regenerate the generated documents (a test compares them with the committed ones)
	$(BIN)/python -m edgeface.reference docs
	$(BIN)/python -m tests.contract.render docs/dialects

$(BIN)/.train-installed: $(BIN)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[train]'
	touch $@

# make train ROLE=embedder DATA=/pictures TEACHERS=/teacher-models [WORK=out/training]
WORK ?= out/training
train: $(BIN)/.train-installed
	@test -n "$(ROLE)" -a -n "$(DATA)" -a -n "$(TEACHERS)" || \
		{ echo "usage: make train ROLE=detector|landmarks|quality|embedder DATA=DIR TEACHERS=DIR"; exit 2; }
	$(BIN)/python -m training.$(ROLE).train --config training/$(ROLE)/config.toml \
		--data "$(DATA)" --teachers "$(TEACHERS)" --work "$(WORK)/$(ROLE)" --resume

test-training: $(BIN)/.train-installed  ## The training tests, which need PyTorch
	$(BIN)/python -m pytest tests/training

install:  ## On a Raspberry Pi, Jetson or Debian machine, as root: environment, units, key, configuration
	PYTHON=$(PYTHON) sh systemd/install.sh

clean:
	rm -rf $(VENV) build out *.egg-info .mypy_cache .ruff_cache .pytest_cache
