# On a fresh Debian with Python, git and make, these two are all that is needed:
#   make demo    a Jupyter server with batch jobs to try; leave it running
#   make test    everything that CI checks
# The rest: lint front unit contract integration real e2e docs (the parts of test), bench, soak,
# pictures, clean. What browsers load is built while installing, with a node from PyPI.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# more of pyproject.toml's extras to install: make EXTRAS=,kerberos (it compiles against libkrb5-dev)
EXTRAS ?=
# what `make test` runs, in this order; the time of each is printed
PARTS := lint front unit contract integration real e2e docs
# what the installed front end is made of: changed, it is built and installed again
FRONT := $(shell find labextension -type f -not -path '*/node_modules/*' -not -path '*/lib/*')

.PHONY: demo test $(PARTS) bench pictures soak clean
.DEFAULT_GOAL := test

demo: $(VENV)/.demo
	$(BIN)/jupyter arp demo

test: $(VENV)/.dev
	@times=""; for part in $(PARTS); do \
	  start=$$(date +%s); \
	  echo "== $$part"; \
	  $(MAKE) --no-print-directory $$part || exit 1; \
	  times="$$times$$(printf '%6d s  %s' $$(($$(date +%s) - start)) $$part)\n"; \
	done; printf "Passed:\n$$times"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy arp_nb tests benchmarks docs
	$(BIN)/lint-imports

# side by side; of the real ones only two groups, see tests/real/conftest.py
unit contract integration: $(VENV)/.dev
	$(BIN)/python -m pytest -q --durations=5 --numprocesses=2 tests/$@

real: $(VENV)/.dev
	$(BIN)/python -m pytest -q --durations=5 --numprocesses=2 --dist=loadgroup tests/$@

e2e: $(VENV)/.dev
	$(BIN)/python -m pytest -q --durations=5 tests/$@

# the TypeScript: its types, and its tests
front: $(VENV)/.dev
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" npm run --silent check
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" npm run --silent test

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH)

# those of README and docs, from real jobs in a real browser
pictures: $(VENV)/.dev
	$(BIN)/python -m docs.pictures

soak: $(VENV)/.dev
	$(BIN)/python -m pytest -q -m soak --timeout 7200 tests

clean:
	rm -rf $(VENV) labextension/node_modules labextension/lib arp_nb/labextension \
	  arp_nb/widgets/static docs/_build docs/api .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# installed once, and again when what is needed changes
$(VENV)/.demo $(VENV)/.dev: pyproject.toml $(FRONT) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(@:$(VENV)/.%=%)$(EXTRAS)]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo \
	  "There is no $(PYTHON). On Debian: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo \
	  "This Python cannot make virtual environments. On Debian: sudo apt-get install python3-venv"; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)
