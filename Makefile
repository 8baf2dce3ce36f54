# Two commands matter: `make run` and `make test`. Everything they need is installed by deploy/setup/.
.DEFAULT_GOAL := help
.PHONY: help run codes test check demo bench faults pins clean
MAKEFLAGS += --no-print-directory
# One more than the cores of the smallest machine: a test that waits for a server or a browser leaves its core to another.
PYTEST_WORKERS ?= 3
# Modules are compiled once, and not by each of the many programs that a run and the tests start.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show this list
	@printf 'make ...\n'
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-7s %s\n' $$name "$$text"; done
	@printf '\nEnvironment: PORT (8000; applications on the next two), LDAP_PORT (3890) and MSSP_PORT (8090) with the next of each, PYTHON (python3.11), and the IDP_* settings.\n'

run: ## Install what is missing, start everything on loopback, print READY; Ctrl-C stops it
	@sh deploy/setup/prepare.sh run
	@exec .venv/bin/python -m deploy.run

codes: ## The six digits of the demo accounts with two factors, now
	@exec .venv/bin/python -m deploy.codes

test: ## make check, then the whole test suite with servers of its own
	@$(MAKE) check
	@sh deploy/setup/prepare.sh test
	@exec .venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: ## Format, lint, types, import contracts and the chain of migrations
	@sh deploy/setup/prepare.sh check
	@.venv/bin/ruff check --preview --select E1,E2,E3,W .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python migrations/chain.py

demo: ## A tour without hands: one sign-in, two applications, one sign-out, a document signed by phone
	@sh deploy/setup/prepare.sh run
	@exec .venv/bin/python -m deploy.demo

bench: ## Load figures (docs/performance.md); BASE=<revision> compares two states; BENCH_ARGS="--officers 100000": the mirror
	@sh deploy/setup/prepare.sh bench
	@exec .venv/bin/python -m bench $(if $(BASE),--base $(BASE)) $(BENCH_ARGS)

faults: ## The faults of directory and certification authority at full length, forty minutes (docs/reliability.md); FAULTS_ARGS="--only F-01" chooses
	@sh deploy/setup/prepare.sh bench
	@exec .venv/bin/python -m tests.faults $(FAULTS_ARGS)

pins: ## Compile requirements/*.in to pins with hashes (after a change of *.in)
	@sh deploy/setup/prepare.sh check
	@cd requirements && for name in build runtime pkcs11 samples test; do ../.venv/bin/uv pip compile -q --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --python-version 3.11 $(PINS_ARGS) $$name.in -o $$name.txt || exit 1; done

clean: ## Remove what was installed, built and run here (.venv, var, caches); keys/ stay
	@if [ -e var/run.lock ] && ! flock -n var/run.lock true; then \
		echo 'make run is running in this checkout. Stop it first (Ctrl-C).' >&2; exit 1; fi
	rm -rf .venv var build __pycache__ tests/npm/node_modules .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis .coverage* htmlcov
	find idp clients deploy tests migrations bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	find idp -name '*.mo' -delete
