#!/usr/bin/env bash
# What only tests use, where it can be had: other people's verifiers (Go, Node) and a browser.
# Debian packages are installed when we are root; what is not there has its tests skipped by name. Changes nothing else.
set -euo pipefail

packages=()
command -v go >/dev/null || packages+=("golang-go")
command -v npm >/dev/null || packages+=("nodejs" "npm")
{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || packages+=("chromium")
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" ||
    echo "could not install ${packages[*]}; the tests that need them are skipped" >&2
fi
