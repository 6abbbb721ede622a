# `make test` is all a newcomer needs. No target but `peers` changes anything outside this folder.

PYTHON ?= python3
VENV ?= .venv
PYTHONS ?= python3.11 python3.12 python3.13
JOBS ?= auto
# Neighbours stay together, and with them what a module makes once for all its tests.
SPREAD = -n $(JOBS) --dist worksteal
DEMO ?=
BIN := $(VENV)/bin
FAST := not long and not lab
LAB := $(if $(filter-out 0,$(shell id -u)),unshare -Urnm)

# Without byte code every run compiles three hundred test files again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check cover suite lab interop long pythons wheel bench mutants explore mutation docs peers venv clean

test: check cover suite ## everything that needs no root and little time
	@$(BIN)/python -m tests.capabilities --missing

demo: ## a real SIP call with ICE on this machine, heard, measured and drawn
	@$(PYTHON) .ci/bootstrap.py .venv-demo demo
	@.venv-demo/bin/sipice demo $(DEMO)

venv: ## the virtual environment; nothing to do when it is there
	@$(PYTHON) .ci/bootstrap.py $(VENV)

check: venv ## style, types, import directions, architecture, generated pages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_conformance.py

cover: venv ## every branch of sdp is reached by its own tests, without luck and without foreign files
	SIPICE_TRACES=none SIPICE_PROFILE=cover $(BIN)/coverage run --source=sdp -m pytest -q tests/sdp
	$(BIN)/coverage report --fail-under=100 --show-missing --skip-covered

suite: venv ## all fast tests
	$(BIN)/python -m pytest $(SPREAD) -m "$(FAST)"

lab: venv ## the tests in network namespaces; without root in a namespace of users
	$(LAB) $(BIN)/python -m pytest -m lab

interop: venv ## every peer, both roles, behind NATs; writes docs/interop.md
	$(LAB) $(BIN)/python -m tests.interop

long: venv ## what takes too long for every change: more examples, longer runs
	SIPICE_PROFILE=long $(BIN)/python -m pytest $(SPREAD) -m "not lab"
	$(BIN)/python -m tests.mutation

pythons: ## the suite on each interpreter of PYTHONS
	@failed=; for python in $(PYTHONS); do \
		$(MAKE) --no-print-directory suite PYTHON=$$python VENV=.venv-$$(basename $$python) \
			|| failed="$$failed $$python"; \
	done; test -z "$$failed" || { echo "pythons: failed on$$failed"; exit 1; }

wheel: venv ## the suite against the built wheel, in an environment without extras
	@$(BIN)/python .ci/wheel.py

bench: venv ## all benchmarks, one table
	@$(BIN)/python -m benchmarks

mutants: venv ## the seeded faults: each must be noticed by a test of its RFC row
	@test ! -d tests/mutants || $(BIN)/python -m tests.mutants

explore: venv ## two small agents in all that may befall them; writes docs/explorer.md
	$(BIN)/python -m tests.explorer --write

mutation: venv ## general mutants of sipice.ice, drawn by lot; writes docs/mutation.md
	$(BIN)/python -m tests.mutation --write

docs: venv ## write the generated pages again
	$(BIN)/python -m tests.conformance
	$(BIN)/python -m tests.lintdoc
	$(BIN)/python -m tests.recorddoc

peers: ## install the foreign programs that some tests talk to (root)
	@$(PYTHON) .ci/peers.py

clean:
	rm -rf .venv .venv-* .venv.* .peers .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .coverage build dist
	find sdp sipice tests benchmarks -name __pycache__ -prune -exec rm -r {} +
