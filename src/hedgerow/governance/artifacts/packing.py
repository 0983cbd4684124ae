"""A package of Python as bytes: one archive, the same for the same files, without anything that was not written.

Promises: names in order, times zero, nothing compressed, so equal folders give equal bytes on every machine; a path
that leads out of the archive is refused. Never: follows a link.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath

from hedgerow.core.errors import problem

PACKAGE_BYTES_MAX = 16 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({"__pycache__", ".git"})


def pack_folder(folder: Path) -> bytes:
    """The archive of a folder's files; `GOV_ARTIFACT` for a link, an empty folder or one that is too large."""
    files = {}
    for item in sorted(folder.rglob("*")):
        relative = item.relative_to(folder)
        if _LEFT_OUT & set(relative.parts) or item.suffix == ".pyc":
            continue
        if item.is_symlink():
            raise problem("GOV_ARTIFACT", f"{item} is a link; what it points to would not be part of the artifact")
        if item.is_file():
            files[relative.as_posix()] = item.read_bytes()
    total = sum(map(len, files.values()))
    if not files or total > PACKAGE_BYTES_MAX:
        raise problem(
            "GOV_ARTIFACT", f"{folder} holds {total:,} bytes in {len(files)} files; 1 to {PACKAGE_BYTES_MAX:,}"
        )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(files):
            packed.writestr(zipfile.ZipInfo(name, _EPOCH), files[name])
    return held.getvalue()


def unpack(packed: bytes) -> dict[str, bytes]:
    """An archive's files by name; `GOV_ARTIFACT` for one that cannot be read, lies about a size or leads outside."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > PACKAGE_BYTES_MAX:
                raise problem("GOV_ARTIFACT", f"the archive holds more than {PACKAGE_BYTES_MAX:,} bytes")
            names = archive.namelist()
            for name in names:
                parts = PurePosixPath(name).parts
                if name.startswith("/") or "\\" in name or ".." in parts or names.count(name) > 1:
                    raise problem("GOV_ARTIFACT", f"{name!r} is no name of a file in a package")
            return {name: archive.read(name) for name in names if not name.endswith("/")}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise problem("GOV_ARTIFACT", f"the archive cannot be read: {error}") from None
