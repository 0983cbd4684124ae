"""Megabytes that a base installation puts on the disk: a package's files and those of everything it needs.

Run by the Python of the environment in question: `size.py backtesting`, or `size.py --project pyproject.toml src` for a
package that is used where it lies. Standard library and `packaging` only where it is there. Never: counts compiled
`.pyc` files, which differ by what was run.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9._-]+")


def closure(requirements: list[str]) -> dict[str, metadata.Distribution]:
    """The installed distributions that these requirements bring, extras left out."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        named = NAME.match(requirement)
        if named is None or "extra ==" in requirement:
            continue
        name = re.sub(r"[-_.]+", "-", named[0]).lower()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or another Python
        waiting += found[name].requires or []
    return found


def bytes_of(distribution: metadata.Distribution) -> int:
    """Bytes of a distribution's files."""
    paths = (Path(str(distribution.locate_file(file))) for file in distribution.files or [] if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file())


def main(words: list[str]) -> None:
    """Print megabytes and the number of distributions."""
    own = 0
    if words[0] == "--project":
        requirements = tomllib.loads(Path(words[1]).read_text())["project"]["dependencies"]
        files = (path for path in Path(words[2]).rglob("*") if path.suffix != ".pyc" and path.is_file())
        own = sum(path.stat().st_size for path in files)
    else:
        requirements = words
    needed = closure(requirements)
    total = own + sum(bytes_of(distribution) for distribution in needed.values())
    print(total / 1e6, len(needed) + (own > 0))


if __name__ == "__main__":
    main(sys.argv[1:])
