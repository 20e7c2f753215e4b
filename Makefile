# make demo    a venue, an engine and a strategy on this machine, nothing to configure
# make test    the tests
# make check   everything that a change must pass
# make format  lays the code out
#
# Each works in a fresh checkout: the first makes .venv and installs into it, later ones start at once.

PYTHON ?= python3
BIN := .venv/bin
ENVIRONMENT := .venv/.environment
INSTALLED := .venv/.installed
TEST_INSTALLED := .venv/.installed-test
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check check-static format

demo: $(INSTALLED)
	$(BIN)/oms demo

test: $(TEST_INSTALLED)
	$(BIN)/python -m tools.compile_kernels > /dev/null
	$(BIN)/pytest

check: check-static
	$(BIN)/python -m tools.compile_kernels > /dev/null
	$(BIN)/pytest

check-static: $(TEST_INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.tidy

format: $(TEST_INSTALLED)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

$(INSTALLED): $(ENVIRONMENT) pyproject.toml
	$(PIP_INSTALL) -e .
	@touch $@

$(TEST_INSTALLED): $(ENVIRONMENT) pyproject.toml
	$(PIP_INSTALL) -e '.[test]'
	@touch $(INSTALLED) $@

# Some distributions ship Python without ensurepip; then the pip of PYTHON installs one.
$(ENVIRONMENT):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@touch $@
