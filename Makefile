# Hedgerow: what can be done here. `make` prints the map.
#
# Promises: every target may be run again and reuses what is there; nothing is written outside this folder (and the
# package caches of pip and cargo); a step prints its name and seconds, and its output only when it fails.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STEP := @tools/step.sh
LOCK := requirements/lock.txt
OUT ?= demo-out

RUST_SOURCES := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help demo test check bench docs stubs lock clean test-rust test-python

help: ## this map
	@echo "Hedgerow: one command runs the whole fund, one command passes the tests."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.13 chooses the interpreter, OUT=DIR the folder of the demo."

demo: $(VENV)/.built ## build, install, run the whole fund on real prices, and show where the report lies
	@$(BIN)/hedgerow demo --out $(OUT)

test: $(VENV)/.built test-rust test-python ## everything needed, then all tests (Rust, Python, coverage)

test-rust: $(VENV)/.installed
	$(STEP) "Rust tests: build" cargo test -q --workspace --exclude hedgerow-py --no-run
	$(STEP) --closing 'in [0-9]+ suites;' "Rust tests: run" tools/cargo_test.sh

test-python: $(VENV)/.built $(VENV)/.guests
	$(STEP) --closing '^(TOTAL|=+ .*passed)' "Python tests" \
		$(BIN)/pytest -n auto --maxprocesses 8 --cov --cov-report=term

check: $(VENV)/.built ## style, types, layers, fresh stubs and pages, tidiness, the wheel
	$(STEP) "ruff: lint" $(BIN)/ruff check --no-cache .
	$(STEP) "ruff: format" $(BIN)/ruff format --no-cache --check .
	$(STEP) "mypy: strict" $(BIN)/mypy
	$(STEP) "import-linter: layers" $(BIN)/lint-imports --no-cache
	$(STEP) "rustfmt" cargo fmt --all --check
	$(STEP) "clippy: no warnings" cargo clippy -q --workspace --all-targets -- -D warnings
	@cp Cargo.lock bench/rust/Cargo.lock
	$(STEP) "the measuring program compiles" cargo check -q --manifest-path bench/rust/Cargo.toml --target-dir target/bench
	$(STEP) "stubs are fresh" $(BIN)/python tools/print_stubs.py --check
	$(STEP) "generated pages are fresh" $(BIN)/python tools/print_docs.py --check
	$(STEP) "tidy" $(BIN)/python tools/tidy.py
	$(STEP) "the wheel is one and whole" $(BIN)/python tools/check_wheel.py

bench: $(VENV)/.built ## what must stay fast, beside floors and peers: one JSON line a figure
	@$(BIN)/python bench/run.py

docs: $(VENV)/.built ## print the generated pages, build the site into site/
	$(STEP) "print generated pages" $(BIN)/python tools/print_docs.py
	$(STEP) "build the site" $(BIN)/mkdocs build -q --strict
	@echo "open site/index.html"

stubs: $(VENV)/.installed ## print src/hedgerow/_core.pyi from the bindings
	$(STEP) "print stubs" $(BIN)/python tools/print_stubs.py

lock: $(VENV)/.installed ## resolve all dependencies anew into requirements/lock.txt
	$(STEP) "resolve and lock" $(BIN)/python tools/print_lock.py

clean: ## remove everything that was built or installed here
	rm -rf $(VENV) target site demo-out .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find src -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per stage; a later stage is repeated only when what it was made from has changed.
$(VENV)/.made: tools/prepare.sh
	@tools/prepare.sh $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.guests: $(VENV)/.made tools/prepare_tests.sh
	$(STEP) "verifiers and a browser" tools/prepare_tests.sh
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(LOCK)
	$(STEP) "install locked dependencies" $(BIN)/pip install -q -r $(LOCK)
	@touch $@

# The Python sources are used where they lie; only a change of Rust or of the package's description builds again.
$(VENV)/.built: $(VENV)/.installed $(RUST_SOURCES) pyproject.toml
	$(STEP) "build the core" env -u CONDA_PREFIX VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop -q --release --locked
	@touch $@
