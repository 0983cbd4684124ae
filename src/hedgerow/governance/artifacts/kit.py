"""The authors' kit: folders to begin from, in each form and language, with everything they build against.

Promises: what is written builds and runs as it is; nothing that exists is written over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from hedgerow import _core
from hedgerow.core.errors import problem

Language = Literal["rust", "c", "python"]

_RUST_WASM = """\
# Builds {name}.wasm with any rustc that has the target wasm32-unknown-unknown (Debian: rustc, libstd-rust-dev-wasm32).
TARGET := wasm32-unknown-unknown
has_target = $(wildcard $(shell $(1) --print sysroot 2>/dev/null)/lib/rustlib/$(TARGET)/lib)
RUSTC ?= $(firstword $(foreach r,rustc /usr/bin/rustc,$(if $(call has_target,$(r)),$(r))) rustc)
LINK := --extern hedgerow_strategy=build/libhedgerow_strategy.rlib
FLAGS := --edition 2021 --target $(TARGET) -C opt-level=3 -C panic=abort --remap-path-prefix $(CURDIR)=.

{name}.wasm: strategy.rs $(wildcard hedgerow-strategy/src/*.rs)
\t$(RUSTC) $(FLAGS) --crate-name hedgerow_strategy --crate-type rlib --out-dir build hedgerow-strategy/src/lib.rs
\t$(RUSTC) $(FLAGS) --crate-name strategy --crate-type cdylib -C lto=fat -C strip=symbols $(LINK) -o $@ strategy.rs
"""
_RUST_NATIVE = """\
# Builds {name}, a static program, with any rustc from 1.63.
RUSTC ?= rustc
STATIC := -C target-feature=+crt-static -C strip=symbols
LINK := --extern hedgerow_strategy=build/libhedgerow_strategy.rlib
FLAGS := --edition 2021 -C opt-level=3 -C panic=abort --remap-path-prefix $(CURDIR)=.

{name}: strategy.rs $(wildcard hedgerow-strategy/src/*.rs)
\t$(RUSTC) $(FLAGS) --crate-name hedgerow_strategy --crate-type rlib --out-dir build hedgerow-strategy/src/lib.rs
\t$(RUSTC) $(FLAGS) --crate-name strategy $(STATIC) -C lto=fat $(LINK) -o $@ strategy.rs
"""
_C_WASM = """\
# Builds {name}.wasm (Debian: clang-14, lld-14; any clang with wasm-ld will do).
CLANG ?= $(firstword $(shell for c in clang clang-19 clang-16 clang-14; do command -v $$c; done) clang)
FLAGS := -O2 -nostdlib -ffreestanding -ffp-contract=off -Wall

{name}.wasm: strategy.c hedgerow_strategy.h
\t$(CLANG) --target=wasm32 $(FLAGS) -Wl,--no-entry -Wl,-s -o $@ strategy.c
"""
_C_NATIVE = """\
# Builds {name}, a static program.
CC ?= cc

{name}: strategy.c hedgerow_strategy.h
\t$(CC) -O2 -ffp-contract=off -Wall -static -s -o $@ strategy.c
"""


def new_strategy(folder: str | Path, form: Literal["wasm", "native", "python"], language: Language) -> list[Path]:
    """Write a strategy to begin from into a new folder; returns its files. The folder's name is the strategy's.

    Raises CLI_EXISTS where the folder is already, RUN_CONFIG for a name or a language that cannot be.
    """
    folder = Path(folder)
    name = folder.name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", name):
        raise problem("RUN_CONFIG", f"name {name!r}; use letters, digits, - and _, a letter first")
    if (form == "python") != (language == "python"):
        raise problem("RUN_CONFIG", f"form {form} in {language}; wasm and native are in rust or c, python in python")
    if folder.exists():
        raise problem("CLI_EXISTS", str(folder))
    files = _files(name, form, language)
    folder.mkdir(parents=True)
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [folder / place for place in files]


def _files(name: str, form: str, language: str) -> dict[str, str]:
    kit = dict(_core.authoring_kit())
    if language == "python":
        return {"strategy.py": kit["example.py"]}
    if language == "c":
        makefile = _C_WASM if form == "wasm" else _C_NATIVE
        return {
            "Makefile": makefile.replace("{name}", name),
            "strategy.c": kit["example.c"],
            "hedgerow_strategy.h": kit["hedgerow_strategy.h"],
        }
    makefile = _RUST_WASM if form == "wasm" else _RUST_NATIVE
    crate = {place: text for place, text in kit.items() if place.startswith("hedgerow-strategy/")}
    return {"Makefile": makefile.replace("{name}", name), "strategy.rs": kit["example.rs"], **crate}
