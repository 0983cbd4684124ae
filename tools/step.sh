#!/usr/bin/env bash
# Runs one step of the Makefile quietly: its name, then ok and the seconds; on failure the step's whole output.
# Usage: tools/step.sh [--closing REGEX] NAME COMMAND...   (--closing: also show the output's lines that match)
set -uo pipefail

closing=""
if [ "$1" = "--closing" ]; then
  closing=$2
  shift 2
fi
name=$1
shift

mkdir -p .venv/log
log=.venv/log/${name//[^A-Za-z0-9]/-}.log
started=$SECONDS
printf '%-34s ' "$name"
if "$@" >"$log" 2>&1 </dev/null; then
  printf 'ok %4ds\n' $((SECONDS - started))
  if [ -n "$closing" ]; then grep -E "$closing" "$log" || true; fi
else
  status=$?
  printf 'FAILED (exit %d) after %ds; %s says:\n' "$status" $((SECONDS - started)) "$log"
  cat "$log"
  printf '\n%s FAILED: %s\n' "$name" "$*"
  exit "$status"
fi
