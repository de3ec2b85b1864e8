# Footnote. `make help` lists the commands; `make demo` is the one to start with.

PYTHON ?= python3
# Empty: FOOTNOTE_PORT from the environment or .env, else 8000
PORT ?=
# More arguments for the command: make test ARGS="-k pdf"
ARGS ?=

BIN := .venv/bin
PY := $(BIN)/python
UV_VERSION := 0.13.9
WITH_PORT = $(if $(PORT),FOOTNOTE_PORT=$(PORT))

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-phoenix demo serve test fuzz soak faults check secrets audit format docs bench peers eval gate screenshots lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv and install what the app needs
	@$(PYTHON) requirements/install.py runtime

setup-dev: ## … and what tests and checks need
	@$(PYTHON) requirements/install.py dev

PHOENIX := .venv-phoenix
setup-phoenix: $(PHOENIX)/installed ## … and Phoenix, for the test that exports traces to it

$(PHOENIX)/installed: requirements/phoenix.lock
	@rm -rf $(PHOENIX)
	@$(PYTHON) -m venv $(PHOENIX)
	@$(PHOENIX)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# `exec`: the server itself gets Ctrl-C and TERM, not a shell around it.
demo: setup ## ingest the sample documents and serve on 127.0.0.1 (PORT=8123)
	@$(WITH_PORT) exec $(BIN)/footnote demo $(ARGS)

serve: setup ## serve what is in the data directory
	@$(WITH_PORT) exec $(BIN)/footnote serve $(ARGS)

test: setup-dev ## run the whole test suite
	@exec $(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

fuzz: setup-dev ## damaged files through every parser, nonsense to every endpoint (ARGS="--count 50000")
	@exec $(PY) -m tests.fuzz $(ARGS)

soak: setup-dev ## a server under mixed load, watched for growth (ARGS="--minutes 30")
	@exec $(PY) -m tests.soak $(ARGS)

faults: setup-dev ## 50 kills of ingests, 20 of a server under load, and all other faults
	@FAULTS_FULL=1 FAULTS_RESTORE_KILLS=20 exec $(PY) -m pytest tests/faults -s $(ARGS)

check: setup-dev ## lint, types, import rules, templates, locks, sample documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint app/web/templates
	$(PY) requirements/lock.py --check
	$(PY) -m pip --quiet check
	$(PY) -m ingest.sample.generate --check
	@$(MAKE) --no-print-directory secrets audit
	@echo "All checks passed."

# Keys by their form; passwords by their name are ruff's to find (S105 to S107).
NOT_SCANNED := ^(ingest/sample/|evals/reports/|evals/sweeps/|app/web/static/|prd/images/)|^\.secrets\.baseline$$|\.(lock|png|ico|woff2|svg|jsonl)$$
secrets: setup-dev ## look for keys and passwords in what would be committed
	@git ls-files -co --exclude-standard | grep -vE '$(NOT_SCANNED)' \
		| xargs -d '\n' $(BIN)/detect-secrets-hook --baseline .secrets.baseline

audit: setup-dev ## look for known vulnerabilities in locked packages (needs pypi.org or osv.dev)
	@$(PY) requirements/audit.py

format: setup-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup-dev ## write the tables in README and ARCHITECTURE from the code
	@exec $(PY) -m tests.project.docs

bench: setup-dev ## measure speed beside LangChain + Chroma's quickstart
	@exec $(BIN)/footnote bench $(ARGS)

PEERS := .venv-peers/llamaindex/installed .venv-peers/haystack/installed .venv-peers/txtai/installed
peers: $(PEERS) ## make environments for the toolkits that `footnote bench peers` compares with

.venv-peers/%/installed: requirements/peers/%.txt
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check torch==$$(cat requirements/torch.version)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

eval: setup-dev ## measure answers on golden questions
	@exec $(BIN)/footnote eval $(ARGS)

gate: setup-dev ## hold the golden questions against prd/metrics.yaml and the baseline
	@exec $(BIN)/footnote eval --gate --no-keep $(ARGS)

screenshots: setup-dev ## take the README's pictures again (needs chromium)
	@exec $(PY) -m tests.project.screenshots $(ARGS)

lock: setup-dev ## resolve pyproject.toml into requirements/*.lock (ARGS=--upgrade for newer)
	@$(PY) -m pip install --quiet uv==$(UV_VERSION)
	$(PY) requirements/lock.py $(ARGS)

clean: ## remove caches and build output; keeps .venv and data
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find app ingest evals tests requirements -name __pycache__ -type d -prune -exec rm -rf {} +
