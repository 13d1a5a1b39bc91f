# Everything a person or CI does with the project; it needs python3 >= 3.11 and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help run setup test check chaos fuzz mutate lint format lock sbom bench texts docs clean
help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: $(VENV)/.run  ## Install, migrate and serve on http://127.0.0.1:8000; installing takes a minute or two, once
	$(BIN)/fairlead serve --host $(HOST) --port $(PORT)

setup: $(VENV)/.dev  ## Install everything, development tools included

# Many tests wait for processes, disks and clocks, so even two cores can run four at a time.
RUNS ?= 4
PYTEST := $(BIN)/pytest -n $(RUNS) --dist loadfile --no-loadscope-reorder
# Tests that need a browser, an image, a storm or thousands of guesses are left to `make check`.
test: $(VENV)/.dev  ## Run the tests, RUNS at a time (4); takes five minutes on two cores, less with ONLY=tests/domain
	@echo 'Running the tests takes about five minutes on two cores; ONLY=tests/domain runs some.'
	$(PYTEST) --ignore tests/browser --ignore tests/chaos --ignore tests/test_image.py \
		--ignore tests/entrypoints/http/test_schemathesis.py $(ONLY)

chaos: $(VENV)/.dev  ## Break processes, databases, disks, networks and clocks under load; takes a quarter of an hour
	FAIRLEAD_CHAOS=long $(BIN)/pytest tests/chaos

fuzz: $(VENV)/.dev  ## Make 20,000 requests from the OpenAPI document as each role, and look for slow parsers; takes a quarter of an hour
	FAIRLEAD_FUZZ=long $(BIN)/pytest tests/entrypoints/http/test_schemathesis.py tests/entrypoints/http/test_time.py

mutate: $(VENV)/.dev  ## Change domain/ in every small way and list what no test notices; takes a quarter of an hour
	$(INSTALL) --require-hashes -r requirements-mutate.lock
	$(BIN)/mutmut run
	$(BIN)/mutmut results

lint: $(VENV)/.dev  ## Check style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint  ## Run what CI runs: lint and all tests, with browsers, a short chaos run and the image; takes ten minutes
	@echo 'Running all tests takes about eight minutes on two cores.'
	$(PYTEST)

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## Measure speed; takes twenty minutes, needs wrk
	$(INSTALL) --require-hashes -r requirements-bench.lock
	$(BIN)/python -m benchmarks

# The lock files contain hashes but no index address; UV is any uv on the machine.
UV ?= uv
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-annotate --quiet
lock:  ## Pin the newest releases that pyproject.toml allows
	$(LOCK) --upgrade pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) pyproject.toml -c requirements-dev.lock -o requirements.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock
	$(LOCK) --group mutate -c requirements-dev.lock -o requirements-mutate.lock
	$(LOCK) --group bench -c requirements-dev.lock -o requirements-bench.lock

# Made from the lock file, not from what happens to be installed, so it is the same on every machine.
SBOM ?= build/sbom.json
sbom: $(VENV)/.dev  ## List every runtime package with its hashes, in CycloneDX: build/sbom.json
	@mkdir -p $(dir $(SBOM))
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--of JSON -o $(SBOM) requirements.lock

# Run it to collect new texts, translate them, and run it again to compile them.
BABEL := $(BIN)/pybabel --quiet
LOCALE := entrypoints/console/locale
texts: $(VENV)/.dev  ## Collect the console's texts for translation, and compile what is translated
	$(BABEL) extract -F pyproject.toml -k N_ -k translate -k plural:1,2 --no-location --sort-output \
		--omit-header -o $(LOCALE)/console.pot entrypoints
	$(BABEL) update -D console -d $(LOCALE) -i $(LOCALE)/console.pot --no-fuzzy-matching \
		--no-wrap --ignore-obsolete --ignore-pot-creation-date
	$(BABEL) compile -D console -d $(LOCALE)
	@rm $(LOCALE)/console.pot

docs: $(VENV)/.dev  ## Write the tables of calls and of problems to docs/access.md and docs/reference.md
	$(BIN)/python -m entrypoints.edge.access docs/access.md
	$(BIN)/python -m entrypoints.edge.problem_types docs/reference.md

clean:  ## Remove what the other targets made
	rm -rf $(VENV) mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Without ensurepip, an incomplete venv would be left that looks finished the next time.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not found: install Python 3.11 or newer, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Fairlead needs Python 3.11 or newer, and $(PYTHON) is older: install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'Python cannot make virtual environments here: on Debian and Ubuntu, sudo apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The project itself needs no hash: it is installed from this folder.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
SAY_INSTALLING := @echo 'Installing into $(VENV): a minute or two, once.'
$(VENV)/.run: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	$(SAY_INSTALLING)
	$(INSTALL) --require-hashes -r requirements.lock -r requirements-build.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(SAY_INSTALLING)
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run
