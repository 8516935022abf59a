# Everything that is done with this repository, each with its set-up. `make` alone lists it.
#
#   PYTHON    the interpreter of the virtual environment   (python3, or a newer one on PATH)
#   VENV      where the virtual environment is made        (.venv)
#   LOG       where `make bench` keeps its results         (log)
#   USERS     how many `make million` brings               (1000000)
#   RATE      how many of them a second                    (8500)
#   TESTS     what `make test` runs                        (tests)
#   LANES     how many tests it runs at once               (2; they wait more than they work)

VENV  ?= .venv
LOG   ?= log
USERS ?= 1000000
RATE  ?= 8500
TESTS ?= tests
LANES ?= 2
BIN   := $(VENV)/bin
SDK   := tests/sdk/node_modules

# Nothing here, test or benchmark, may ever reach a host other than this one.
export PYTSUNG_LOOPBACK_ONLY := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help bench million test check lint format conformance clean

help:  ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bench: $(VENV)/.installed  ## 20,000 WebSocket users against the bundled server, in a minute
	@limit=$$(ulimit -Hn); [ "$$limit" = unlimited ] || [ "$$limit" -ge 16384 ] || \
		echo "ulimit -Hn is $$limit: workers take fewer users each, and more of them are started."
	@$(BIN)/pytsung -f examples/bench.xml -l $(LOG) --target start

million: $(VENV)/.installed  ## a million WebSocket users and their server on this machine; USERS=100000 for less
	@$(BIN)/python -m bench.million --users $(USERS) --rate $(RATE) --log $(LOG)

test: $(VENV)/.installed-test $(SDK)/.installed  ## run the tests
	@.ci/debian-packages tmux tsung libtemplate-perl gnuplot-nox chromium openssh-server iproute2 redis-server prometheus shellcheck ncat openssl socat munin-node snmpd
	$(BIN)/python -m pytest --numprocesses $(LANES) --no-loadscope-reorder $(TESTS)

check: lint test  ## everything a change must pass: format, lint, types, imports, tests

lint: $(VENV)/.installed-check  ## format, lint, strict types, import order
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-check  ## put the code into its form
	$(BIN)/ruff check --select I --fix
	$(BIN)/ruff format

conformance: $(VENV)/.installed-test  ## third-party suites: the Autobahn test suite, for minutes
	$(BIN)/python -m pytest -m conformance -rA $(TESTS)

clean:  ## remove all that was made here, but for results of `make bench`
	rm -rf $(VENV) $(SDK) build dist .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the virtual environment, once, and again when pyproject.toml changes ---------------------

$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	@echo "Installing pytsung into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"  # the first that knows --group
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml | $(VENV)/.installed
	@echo "Installing what '$*' needs into $(VENV) ..."
	@$(BIN)/pip install --quiet --editable . --group $*
	@touch $@ $(VENV)/.installed

# Appwrite's SDK, a client in the server's tests. Without npm they are skipped, and say so.
$(SDK)/.installed: tests/sdk/package-lock.json
	@if command -v npm >/dev/null; then \
		echo "Installing Appwrite's SDK for the tests ..."; \
		npm ci --prefix tests/sdk --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	else \
		echo "npm is missing, and what needs it is skipped: install Node.js 18 or newer." >&2; \
	fi

$(BIN)/pip:
	@.ci/make-venv $(VENV) $(PYTHON)
