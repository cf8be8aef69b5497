# make demo   show the app with a synthetic collection (http://localhost:5006)
# make test   everything that has to hold: lint, unit, browser and service tests
# make lint   ruff, mypy, import arrows
# make bench  measure against the peers and print the table
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := .ci/constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)

# `packages` may bring python3-venv, which the environment needs.
.NOTPARALLEL:
.PHONY: demo test lint bench packages clean

demo: $(VENV)/.installed
	$(BIN)/sdcviz demo

test: packages lint
	$(BIN)/python -m pytest -n 2 --dist worksteal tests

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
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
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "sdcviz needs Python 3.11 to 3.13; choose one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "Python's venv is missing; install it with: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
