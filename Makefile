# `make demo` and `make test` each work alone on a fresh machine: Python 3.11+, git and the package registry; `make test`
# shows pages to Chromium, too, and installs it as a Debian package where it may.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

AZURITE := azurite@3.35.0

.PHONY: demo test check services browser format docs requirements clean help

help: ## say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(READY): requirements/test.txt requirements/docs.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/test.txt \
	  -r requirements/docs.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# Azurite is a program for Node.js; both come from registries, into the environment, whatever the machine has.
$(VENV)/azurite/.ready: $(READY)
	$(BIN)/python tests/services/install_azurite.py $(AZURITE)
	@touch $@

services: $(VENV)/azurite/.ready ## install what the tests start: storage services on loopback

# The page is shown to a real Chromium; Debian and its kin have one, and the tests fail where none is.
browser: ## install Chromium where there is none, and this may install
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  echo "no Chromium, and it cannot be installed from here: install the package chromium" >&2

demo: $(READY) $(VENV)/azurite/.ready ## replay the incident on this machine: repository, account, scan, report
	@$(BIN)/tidegate lab

test: $(READY) check services browser ## everything CI runs
	$(BIN)/python -m pytest -n 2

check: $(READY) ## format, lint, types, layers, rules, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tidegate rules check
	$(BIN)/python docs/generate.py --check

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/generate.py

docs: $(READY) ## build the documentation as a site, into site/
	$(BIN)/python docs/generate.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

requirements: $(READY) ## resolve the pins anew
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links -o requirements/run.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links -o requirements/test.txt requirements/test.in pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links -o requirements/docs.txt requirements/docs.in

clean:
	rm -rf $(VENV) build dist site *.egg-info src/*.egg-info
