"""A package of Python as bytes: one archive, the same for the same files, without anything that was not written.

Promises: names in order, times zero, nothing compressed, so equal folders give equal bytes on every machine; a path
that leads out of the archive is refused. Never: follows a link.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from hedgerow.core.errors import problem
from hedgerow.governance.artifact import files_of

PACKAGE_BYTES_MAX = 16 * 1024 * 1024
_UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, OSError, EOFError)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_folder(folder: Path) -> bytes:
    """The archive of a folder's files; `GOV_ARTIFACT` for a link, an empty folder or one that is too large."""
    files = {name: file.read_bytes() for name, file in files_of(folder).items()}
    total = sum(map(len, files.values()))
    if total > PACKAGE_BYTES_MAX:
        raise problem("GOV_ARTIFACT", f"{folder} holds {total:,} bytes, at most {PACKAGE_BYTES_MAX:,}")
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
                if name.startswith("/") or "\\" in name or ".." in parts:
                    raise problem("GOV_ARTIFACT", f"{name!r} is no name of a file in a package")
            if len(set(names)) < len(names):
                raise problem("GOV_ARTIFACT", "two files of the archive have one name")
            return {name: archive.read(name) for name in names if not name.endswith("/")}
    except _UNREADABLE as error:
        raise problem("GOV_ARTIFACT", f"the archive cannot be read: {error}") from None
