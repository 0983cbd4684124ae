#!/usr/bin/env bash
# Runs all Rust tests and ends with one line that adds up every suite, as cargo words it. The bindings are tested from Python.
set -uo pipefail

out=$(mktemp)
trap 'rm -f "$out"' EXIT
started=$SECONDS
cargo test -q --workspace --exclude hedgerow-py --no-fail-fast 2>&1 | tee "$out"
status=${PIPESTATUS[0]}
awk -v seconds=$((SECONDS - started)) '
  /^test result:/ { suites++; passed += $4; failed += $6; ignored += $8 }
  END {
    printf "test result: %s. %d passed; %d failed; %d ignored; in %d suites; finished in %ds\n",
      failed ? "FAILED" : "ok", passed, failed, ignored, suites, seconds
  }' "$out"
exit "$status"
