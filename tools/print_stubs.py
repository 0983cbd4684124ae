"""Print src/hedgerow/_core.pyi from the bindings themselves; with --check, say whether it is stale.

PyO3 writes the signatures into a build made for introspection and maturin reads them back; what PyO3 cannot describe
(the exception, NumPy's names) is added here. Never: it changes the installed extension.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "src" / "hedgerow" / "_core.pyi"
HEAD = "# Printed by `make stubs` from crates/hedgerow-py; do not edit.\n"
# `create_exception!` leaves nothing to introspect, so PyO3 marks the module as incomplete at this line.
INCOMPLETE = "def __getattr__(name: str) -> Incomplete: ...\n"
EXCEPTION = '''\
class CoreProblem(Exception):
    """A named error from the core."""

    args: tuple[int, str]
    """Code number, detail."""
'''


def generated() -> str:
    """What maturin prints for the bindings as they are."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["maturin", "generate-stubs", "-q", "-F", "stubs", "-o", folder]
        # A target of its own: the same crates with other features would evict the tests' build, and back.
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "stubs"
        subprocess.run(words, cwd=ROOT, check=True, env=os.environ | {"CARGO_TARGET_DIR": str(target)})
        (path,) = Path(folder).rglob("*.pyi")
        return path.read_text()


# What PyO3 leaves open, as (pattern, what it means).
OPEN_TYPES = (
    (r"\bIncomplete\b", "typing.Any"),
    (r"\bdict\b(?!\[)", "dict[str, typing.Any]"),
    (r"\blist\b(?!\[)", "list[typing.Any]"),
    (r"\btuple\b(?!\[)", "tuple[typing.Any, ...]"),
    (r"(\*{1,2}\w+)(?=[,)])", r"\1: typing.Any"),
    # A type given as text in #[pyo3(signature)] comes back quoted.
    (r"""(->|:) "([\w.\[\], |]+)\"""", r"\1 \2"),
)


def completed(text: str) -> str:
    """The stub with the exception declared, open types closed, NumPy imported, and formatted."""
    if INCOMPLETE not in text:
        raise SystemExit("PyO3 now describes the whole module: remove INCOMPLETE from tools/print_stubs.py")
    text = text.replace(INCOMPLETE, EXCEPTION)
    lines = []
    for line in text.splitlines():
        if re.match(r" *(def |@)|    [a-z_]+: |\w+: ", line):
            for pattern, meaning in OPEN_TYPES:
                line = re.sub(pattern, meaning, line)
        lines.append(line)
    imports = "import numpy\nimport numpy.typing\nimport typing\n"
    return HEAD + formatted("\n".join(lines).replace("\nfrom ", "\n" + imports + "from ", 1) + "\n")


def formatted(text: str) -> str:
    """The text in the repository's style, unused imports removed."""
    common = ["-q", "--no-cache", "--isolated", "--line-length", "120", "--stdin-filename", STUB.name, "-"]
    for words in (["check", "--fix-only", "--select", "F401,I,PYI"], ["format"]):
        done = subprocess.run(["ruff", *words, *common], input=text, check=True, capture_output=True, text=True)
        text = done.stdout
    return text


def main(words: list[str]) -> int:
    """Write the stub, or with --check compare it."""
    text = completed(generated())
    if "--check" not in words:
        STUB.write_text(text)
    elif not STUB.exists() or STUB.read_text() != text:
        print("src/hedgerow/_core.pyi is stale; run `make stubs` and commit it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
