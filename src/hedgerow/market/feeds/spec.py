"""A feed's specification: one TOML file that says what comes from whom, how, when, and what is expected of it.

Promises: what is read is complete and within its limits, or `FEED_SPEC` names the file and every key that is wrong with
its value and its limit; `sha256` names the very bytes that were read. Never: holds a secret (it names environment
variables), opens a connection.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hedgerow.core.errors import problem
from hedgerow.core.settings import Table, refuse
from hedgerow.market.feeds.retry import Retries
from hedgerow.market.feeds.schedule import Expected, Schedule
from hedgerow.market.feeds.transport import Transport, read_transport
from hedgerow.market.feeds.vendors import read_vendor

ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Checksums by the length of their hexadecimal form."""
VENDOR_FORMAT = "reply"
"""What vendors by name deliver: see `vendors/reply.py`."""


@dataclass(frozen=True)
class Checksums:
    """Where the vendor publishes checksums: in a file beside each, or in one for a folder; empty is nowhere."""

    sidecar: str = ""
    manifest: str = ""

    @classmethod
    def read(cls, table: Table) -> Checksums:
        """The table `[checksums]`."""
        found = cls(sidecar=table.text("sidecar", ""), manifest=table.text("manifest", ""))
        if found.sidecar and found.manifest:
            table.fault("manifest", "there is a `sidecar` too; say one of them")
        table.done()
        return found

    def place_of(self, name: str) -> str | None:
        """The name of the file that holds a file's checksum.

        >>> Checksums(sidecar=".CHECKSUM").place_of("eod/a.zip"), Checksums(manifest="SHA256SUMS").place_of("eod/a.zip")
        ('eod/a.zip.CHECKSUM', 'eod/SHA256SUMS')
        """
        if self.sidecar:
            return name + self.sidecar
        folder, slash, _ = name.rpartition("/")
        return f"{folder}{slash}{self.manifest}" if self.manifest else None

    def is_one(self, name: str) -> bool:
        """Whether a file holds checksums."""
        last = name.rpartition("/")[2]
        return bool(self.sidecar and name.endswith(self.sidecar)) or bool(self.manifest and last == self.manifest)


@dataclass(frozen=True)
class Limits:
    """Quotas: a feed never takes more than this, in bytes and files, and never faster."""

    file_bytes_max: int
    run_bytes_max: int
    run_files_max: int
    landing_bytes_max: int
    disk_free_bytes_min: int
    bytes_per_second_max: int
    attempt_s_max: float

    @classmethod
    def read(cls, table: Table) -> Limits:
        """The table `[limits]`."""
        found = cls(
            file_bytes_max=table.size("file_bytes_max", "10 GB"),
            run_bytes_max=table.size("run_bytes_max", "100 GB"),
            run_files_max=table.whole("run_files_max", 100_000, 1, 10**9),
            landing_bytes_max=table.size("landing_bytes_max", "1 TB"),
            disk_free_bytes_min=table.size("disk_free_bytes_min", "1 GB"),
            bytes_per_second_max=table.size("bytes_per_second_max", "0"),
            attempt_s_max=table.span_s("attempt_max", "1h", least_s=0.001),
        )
        table.done()
        return found


@dataclass(frozen=True)
class Spec:
    """A feed as it was specified."""

    name: str
    vendor: str
    format: str
    match: tuple[str, ...]
    transport: Transport
    schedule: Schedule
    expected: Expected
    retries: Retries
    checksums: Checksums
    limits: Limits
    sha256: str
    source: bytes

    def wanted(self, now_ns: int, known: Collection[str]) -> list[str]:
        """Names that are asked for at a moment, where the other side cannot be asked for a list."""
        return list(self.expected.wanted(now_ns, self.schedule, known))


def read_spec(path: str | Path) -> Spec:
    """Read a specification; `FEED_SPEC` names every key that is wrong."""
    place = Path(path)
    try:
        source = place.read_bytes()
    except OSError as error:
        raise problem("FEED_SPEC", f"{place}: {error.strerror}") from None
    return parse_spec(source, str(place))


def parse_spec(source: bytes, place: str) -> Spec:
    """A specification from its bytes; `place` is its name in errors."""
    try:
        rows = tomllib.loads(source.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise problem("FEED_SPEC", f"{place} is not TOML: {error}") from None
    faults: list[str] = []
    top = Table(rows, "", faults)
    name = top.text("name")
    if name and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        top.fault("name", f"{name!r} is not up to 64 of a-z, 0-9, _ and -, beginning with a letter or a digit")
    vendor, match, way = top.text("vendor"), top.texts("match"), top.table("transport")
    named = bool(vendor) and not way.has("kind")
    form = top.text("format", ("recording" if top.flag("stream", False) else VENDOR_FORMAT) if named else None)
    schedule, expected = Schedule.read(top.table("schedule")), Expected.read(top.table("expected"))
    retries, checksums = Retries.read(top.table("retries")), Checksums.read(top.table("checksums"))
    limits = Limits.read(top.table("limits"))
    transport = read_vendor(vendor, top, way) if named else read_transport(way)
    top.done()
    if transport is not None and transport.needs_names and not expected.files:
        top.fault("[expected] files", "is missing: this transport cannot list, so name what to ask for")
    refuse("FEED_SPEC", place, faults)
    assert transport is not None
    digest = hashlib.sha256(source).hexdigest()
    return Spec(
        name, vendor, form, match, transport, schedule, expected, retries, checksums, limits, digest, source
    )  # fmt: skip
