#!/usr/bin/env bash
# What only tests use, where it can be had: other people's verifiers (Go, Node), a browser, and in Java a Kafka broker and
# a FIX engine.
# Debian packages are installed when we are root; what is not there has its tests skipped by name. Changes nothing else.
set -euo pipefail

packages=()
command -v go >/dev/null || packages+=("golang-go")
command -v npm >/dev/null || packages+=("nodejs" "npm")
command -v javac >/dev/null || packages+=("default-jdk-headless")
command -v mvn >/dev/null || packages+=("maven")
{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || packages+=("chromium")
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" ||
    echo "could not install ${packages[*]}; the tests that need them are skipped" >&2
fi

if command -v mvn >/dev/null && [ ! -e .venv/kafka/.whole ]; then
  if mvn -q -B -f tools/kafka.pom.xml dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$PWD/.venv/kafka"; then
    touch .venv/kafka/.whole
  else
    echo "could not fetch Kafka's jars; the tests that need a broker are skipped" >&2
  fi
fi

if command -v mvn >/dev/null && [ ! -e .venv/quickfixj/.whole ]; then
  if mvn -q -B -f tools/quickfixj.pom.xml dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$PWD/.venv/quickfixj"; then
    touch .venv/quickfixj/.whole
  else
    echo "could not fetch QuickFIX/J's jars; the tests that need it are skipped" >&2
  fi
fi
