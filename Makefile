# make demo   show the app with a synthetic collection (http://localhost:5006)
# make test   everything that has to hold: lint, unit, browser and service tests
# make lint   ruff, mypy, import arrows
# make bench  measure against the peers and print the table
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := .ci/constraints.txt
# Compiled afterwards, by all processors; pip uses one. Some packages hold files that don't compile.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c $(CONSTRAINTS)
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib >/dev/null 2>&1 || true

# `packages` may bring python3-venv, which the environment needs.
.NOTPARALLEL:
.PHONY: demo test lint style types bench packages clean

demo: $(VENV)/.installed
	$(BIN)/sdcviz demo

test: packages style
	@.ci/tests

lint: style types

style: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-test
	$(BIN)/python tests/benchmarks

packages:
	@PYTHON=$(PYTHON) .ci/packages

clean:
	rm -rf $(VENV) build dist *.egg-info

# An environment is used again until what it was made from changes.
$(VENV)/.installed: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[animation]'
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[test]'
	@$(COMPILE)
	@touch $@ $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "sdcviz needs Python 3.11 to 3.13; choose one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "Python's venv is missing; install it with: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
