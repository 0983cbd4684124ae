"""What scenarios with opaque strategies share: compilers that build them as the guide says."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[..., Path]


def run(words: list[str]) -> None:
    """A compiler's words; what it says is shown where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def build_c(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a strategy in C: `build_c(source, "wasm" or "native", "-DATTACK=1")`; each only once."""
    folder, built = tmp_path_factory.mktemp("built"), {}
    include = root / "crates" / "hedgerow-strategy"
    clang = next((found for name in ("clang", "clang-14") if (found := shutil.which(name))), None)

    def build(source: Path, form: str, *flags: str) -> Path:
        key = (source, form, flags)
        if key not in built:
            out = folder / f"{source.stem}{len(built)}{'.wasm' if form == 'wasm' else ''}"
            common = ["-O2", "-ffp-contract=off", f"-I{include}", *flags, "-o", str(out), str(source)]
            if form == "wasm":
                assert clang is not None, (
                    "clang with wasm-ld is not here; tools/prepare.sh installs clang-14 and lld-14"
                )
                wasm = ["--target=wasm32", "-nostdlib", "-ffreestanding", "-Wl,--no-entry", "-Wl,-s"]
                run([clang, *wasm, *common])
            else:
                run(["cc", "-static", "-s", "-pthread", *common])
            built[key] = out
        return built[key]

    return build
