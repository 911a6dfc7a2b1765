# Two commands matter: `make start` runs the product, `make test` checks it. Everything stays in this folder.

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
UV := $(shell command -v uv)
VENV := .venv
PY := $(VENV)/bin/python
PROCESSES ?= 3
CHAOS_RUNS ?= 100
BENCH_CUSTOMERS ?= 1000000

RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
MODULES := node_modules/.complete
VENDOR := static/vendor/icons.svg
BROWSER := $(VENV)/.browser
# What the set-up took, for the summary of the start that follows it.
export CRM_SETUP_SECONDS := $(VENV)/setup-seconds

# $(call timed,NAME,COMMAND): run the command and note its seconds.
timed = began=$$(date +%s); $(2) && echo "$(1) $$(( $$(date +%s) - began ))" >> $(CRM_SETUP_SECONDS)
# uv is faster; where it is missing or finds no package index, pip does the same.
install = $(if $(UV),VIRTUAL_ENV=$(VENV) $(UV) pip install -q --require-hashes -r $(1) ||) \
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r $(1)
NPM_QUIET := --silent --no-audit --no-fund --ignore-scripts
lock = uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--no-header --python-version 3.11 --extra embedded

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help start stop services test check lock chaos security-report screenshots bench messages translations clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  CRM_HOME, PORT, CRM_DEMO_CUSTOMERS, DATABASE_URL, REDIS_URL: docs/operations.md"

start: $(RUNTIME) $(VENDOR) translations ## run it: http://127.0.0.1:8000 (PORT, CRM_HOME, CRM_DEMO_CUSTOMERS)
	@$(PY) -m crm.embedded up

stop: $(RUNTIME) ## stop the instance that runs on CRM_HOME
	@$(PY) -m crm.embedded down

services: $(RUNTIME) ## only PostgreSQL and Valkey, with their addresses for your shell
	@$(PY) -m crm.embedded services

test: check $(VENDOR) $(BROWSER) ## everything that CI checks
	$(PY) -m pytest -n $(PROCESSES) -q

check: $(DEV) ## style, types, layers, templates, migrations, translations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint templates --lint --quiet
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --skip-checks
	$(PY) -m crm.source_messages --check
	$(PY) -m crm.embedded.translations --check

lock: ## both lock files anew from pyproject.toml (needs uv)
	$(lock) pyproject.toml -o requirements.lock
	$(lock) --extra dev pyproject.toml -o requirements-dev.lock

chaos: $(DEV) ## kill workers, Valkey and PostgreSQL under load, CHAOS_RUNS times; two editors, 1,000 saves each
	ARCHIVE_SAVES=1000 $(PY) -m pytest tests/archives/test_records.py -k two_editors -q
	CHAOS_RUNS=$(CHAOS_RUNS) $(PY) -m pytest tests/chaos -m chaos -q

security-report: $(DEV) $(VENDOR) ## the permission matrix and its figures in security-report.json
	$(PY) -m pytest -m security -q

screenshots: $(VENDOR) $(BROWSER) translations ## every page of a small demo bank into screenshots/, some into docs/images/
	$(PY) -m tests.pictures

bench: $(DEV) ## night, delta, feed, pages, search, segments, plans and campaign at BENCH_CUSTOMERS customers, on the servers that run
	@for subject in night delta feed pages search segments plans campaign; do \
		$(PY) manage.py bench $$subject --customers $(BENCH_CUSTOMERS) --json || exit 1; done

messages: $(DEV) ## new texts of code and templates into locale/, to be translated there
	@$(PY) -m crm.source_messages --update

translations: $(RUNTIME)
	@$(PY) -m crm.embedded.translations

clean: ## remove what set-up made; data folders stay
	rm -rf $(VENV) node_modules static/vendor security-report.json screenshots .cache
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -f locale/*/LC_MESSAGES/*.mo

$(PY):
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock | $(PY)
	@echo "安装 Python 依赖 / installing Python packages"
	@$(call timed,pip,{ $(call install,requirements.lock); })
	@touch $@

# The packages for development include those of the runtime, so one installation serves both.
$(DEV): requirements-dev.lock requirements.lock | $(PY)
	@echo "安装开发依赖 / installing development packages"
	@$(call timed,pip,{ $(call install,requirements-dev.lock); })
	@touch $(RUNTIME) $@

$(MODULES): package-lock.json package.json | $(PY)
	@command -v npm > /dev/null || { echo "需要 npm（Node.js）/ npm (Node.js) is needed"; exit 1; }
	@echo "安装前端依赖 / installing front-end packages"
	@$(call timed,npm,npm ci --omit=dev $(NPM_QUIET))
	@touch $@

$(VENDOR): $(MODULES) static/icons.txt crm/embedded/assets.py | $(PY)
	@$(call timed,assets,$(PY) -m crm.embedded.assets)

# Two versions of Chromium are development packages of npm; what is there already stays.
$(BROWSER): $(MODULES) | $(DEV)
	@npm install --no-save $(NPM_QUIET)
	@$(PY) -m tests.browser.chromium
	@touch $@
