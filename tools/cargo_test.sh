#!/usr/bin/env bash
# Runs all Rust tests and ends with one line that adds up every suite, as cargo words it. The bindings are tested from Python.
# Where no suite ends for LIMIT seconds, the tests that hang are named by their threads and everything is stopped.
set -uo pipefail

LIMIT=${HEDGEROW_SUITE_SECONDS:-600}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
started=$SECONDS

setsid cargo test -q --workspace --exclude hedgerow-py --no-fail-fast > >(tee "$out") 2>&1 &
cargo=$!
trap 'kill -TERM -- "-$cargo" 2>/dev/null; rm -f "$out"' INT TERM
(
  suites=-1 since=$SECONDS
  while sleep 2; do
    ended=$(grep -c '^test result:' "$out")
    if [ "$ended" -ne "$suites" ]; then suites=$ended since=$SECONDS; fi
    if [ $((SECONDS - since)) -ge "$LIMIT" ]; then
      echo "no suite has ended for $LIMIT s; these threads, named after their tests, are still there:"
      for pid in $(pgrep -s "$cargo"); do
        echo "$(tr '\0' ' ' <"/proc/$pid/cmdline"): $(sort -u /proc/"$pid"/task/*/comm | tr '\n' ' ')"
      done
      kill -KILL -- "-$cargo"
      exit
    fi
  done
) &
watch=$!
wait "$cargo"
status=$?
kill "$watch" 2>/dev/null
wait "$watch" 2>/dev/null

awk -v seconds=$((SECONDS - started)) '
  /^test result:/ { suites++; passed += $4; failed += $6; ignored += $8 }
  END {
    printf "test result: %s. %d passed; %d failed; %d ignored; in %d suites; finished in %ds\n",
      failed ? "FAILED" : "ok", passed, failed, ignored, suites, seconds
  }' "$out"
exit "$status"
