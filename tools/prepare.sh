#!/usr/bin/env bash
# Sees to it that this machine can build: Python with venv, a C linker, OpenMP's runtime, stable Rust.
# Debian packages are installed when we are root; otherwise the one command to run is named. Changes nothing else.
# Usage: tools/prepare.sh PYTHON
set -euo pipefail

python=$1

if ! command -v "$python" >/dev/null; then
  echo "no $python here; install Python 3.11 or newer (Debian: apt-get install python3), or say make PYTHON=..." >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "$("$python" --version) is too old; Hedgerow needs Python 3.11 or newer: say make PYTHON=python3.11" >&2
  exit 1
fi

packages=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || packages+=("python3-venv")
# Replicas go over SFTP by the one and are tested against the other.
{ command -v ssh && PATH=$PATH:/usr/sbin command -v sshd; } >/dev/null || packages+=("openssh-client" "openssh-server")
command -v cc >/dev/null || packages+=("gcc" "libc6-dev")
# LightGBM's wheel links against it and does not carry it.
/sbin/ldconfig -p 2>/dev/null | grep -q 'libgomp\.so\.1' || packages+=("libgomp1")

# Opaque strategies run behind bubblewrap; the examples of them are built as WebAssembly and as static programs. The
# packaged rustc (beside the one from rustup) is there for its WebAssembly target.
command -v bwrap >/dev/null || packages+=("bubblewrap")
command -v wasm-ld-14 >/dev/null || command -v wasm-ld >/dev/null || packages+=("clang-14" "lld-14")
[ -d /usr/lib/rustlib/wasm32-unknown-unknown ] || packages+=("rustc" "libstd-rust-dev-wasm32" "lld-14")
command -v make >/dev/null || packages+=("make")

if [ ${#packages[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${packages[*]}"
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive $install
  else
    echo "missing Debian packages; run this once and try again:  sudo $install" >&2
    exit 1
  fi
fi

if ! command -v cargo >/dev/null; then
  echo "no cargo here; install stable Rust with rustup (see the Rust site), then try again" >&2
  exit 1
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -1)" != "$wanted" ]; then
  echo "Rust $found is too old; Hedgerow needs $wanted or newer: rustup update stable" >&2
  exit 1
fi
