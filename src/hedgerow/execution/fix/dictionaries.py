"""A folder of data dictionaries in QuickFIX's XML form, by version.

Promises: a dictionary is read once, when it is first asked for; `.xml` and `.xml.gz` are the same. Never: a dictionary
of another version in the place of one that is not there.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from hedgerow import _core
from hedgerow.core.errors import named_errors, problem

VERSIONS = {
    "FIX.4.0": "FIX40",
    "FIX.4.1": "FIX41",
    "FIX.4.2": "FIX42",
    "FIX.4.3": "FIX43",
    "FIX.4.4": "FIX44",
    "FIX.5.0": "FIX50",
    "FIX.5.0SP1": "FIX50SP1",
    "FIX.5.0SP2": "FIX50SP2",
    "FIXT.1.1": "FIXT11",
}
"""Versions and the names of their files in QuickFIX's distribution."""

APPL_VER_IDS = {"2": "FIX.4.0", "3": "FIX.4.1", "4": "FIX.4.2", "5": "FIX.4.3", "6": "FIX.4.4"} | {
    "7": "FIX.5.0",
    "8": "FIX.5.0SP1",
    "9": "FIX.5.0SP2",
}
"""What ApplVerID (1128) and DefaultApplVerID (1137) call versions."""

_UNPACKED_MAX = 64 << 20


class Dictionaries:
    """The data dictionaries of a folder, named as QuickFIX names them (`FIX44.xml`, `FIX50SP2.xml.gz`)."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise problem("WIRE_DICTIONARY", f"{folder} is no folder")
        self.folder = folder
        self._read: dict[str, _core.FixDictionary] = {}

    def of(self, version: str) -> _core.FixDictionary:
        """The dictionary of a version such as `FIX.4.4`; raises `WireError` where none can be read."""
        if version not in self._read:
            self._read[version] = read_dictionary(self._path(version))
        return self._read[version]

    def has(self, version: str) -> bool:
        """Whether the folder has a dictionary of this version."""
        return version in VERSIONS and any(path.exists() for path in self._paths(version))

    def _paths(self, version: str) -> tuple[Path, Path]:
        name = VERSIONS[version]
        return self.folder / f"{name}.xml", self.folder / f"{name}.xml.gz"

    def _path(self, version: str) -> Path:
        if version not in VERSIONS:
            raise problem("WIRE_DICTIONARY", f"version '{version}'; known: {', '.join(VERSIONS)}")
        for path in self._paths(version):
            if path.exists():
                return path
        raise problem("WIRE_DICTIONARY", f"no {VERSIONS[version]}.xml in {self.folder}")


def read_dictionary(path: Path) -> _core.FixDictionary:
    """Read one data dictionary, packed with gzip or not; raises `WireError`."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                raw = file.read(_UNPACKED_MAX)
        else:
            raw = path.read_bytes()
        text = raw.decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise problem("WIRE_DICTIONARY", f"{path}: {error}") from error
    with named_errors():
        return _core.FixDictionary(text)
