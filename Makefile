# Two commands do everything on a machine with Python 3.11+ and make:
#   make demo   make test
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check up bench lock setup clean

demo: setup
	@$(BIN)/plantain demo

up: setup
	@$(BIN)/plantain up

test: check
	@$(BIN)/python -m tests.report
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine -q
	@$(BIN)/python -m tests.coverage_bars

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m tests.terraform

bench: setup
	$(BIN)/python -m bench

lock: setup
	$(BIN)/python -m tests.lock

setup: $(READY)

# The lock files are the whole truth: nothing is resolved on the user's machine.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Plantain needs Python 3.11 or newer; call make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) .plantain .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
