"""All formats that are read, and how a file finds its own.

Promises that a file is known by its first bytes (and, where a vendor's text has no header, by its name), that the first
format that claims it reads it, and that whatever goes wrong within a reader is a named error with the file. Adding a
format is a module with `claims` and `read`, and a line here.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from hedgerow.core.errors import HedgerowError, did_you_mean, problem
from hedgerow.market.formats import (
    archives,
    captures,
    cboe,
    columnar,
    dbn,
    delimited,
    documents,
    filings,
    fix_log,
    hftbacktest,
    iex,
    itch,
    lean,
    recordings,
    refused,
    replies,
    sbe,
    syndication,
)
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading

Clock: TypeAlias = Literal["ts_event", "ts_init"]


@dataclass(frozen=True)
class Format:
    """A family of files: its name, what it is, whether a file is of it, and how its rows are read.

    clock: the time that never goes backwards within an instrument; None where rows have no order of time.
    """

    name: str
    says: str
    claims: Callable[[Opened], bool]
    read: Callable[[Opened, Reading], Iterator[Rows]]
    clock: Clock | None = None


FORMATS: tuple[Format, ...] = (
    Format("parquet", "Parquet tables", columnar.claims_parquet, columnar.read_parquet, "ts_event"),
    Format("arrow", "Arrow files and streams, Feather", columnar.claims_arrow, columnar.read_arrow, "ts_event"),
    Format("hftbacktest", "hftbacktest events, .npz", hftbacktest.claims, hftbacktest.read, "ts_init"),
    Format("dbn", "Databento Binary Encoding 1 to 3, fragments, DBZ", dbn.claims, dbn.read, "ts_init"),
    Format("capture", "captures of packets: websockets and HTTP that are not encrypted", captures.claims,
           recordings.read_capture, "ts_init"),
    Format("iex", "IEX TOPS and DEEP captures", iex.claims, iex.read, "ts_init"),
    Format("itch", "NASDAQ ITCH 5.0", itch.claims, itch.read, "ts_init"),
    Format("sbe", "Simple Binary Encoding with its schema beside it", sbe.claims, sbe.read),
    Format("recording", "recordings: nanoseconds and a venue's message a line", recordings.claims_stamped,
           recordings.read_stamped, "ts_init"),
    Format("session", "websocket and REST sessions: URLs, seconds, messages", recordings.claims_session,
           recordings.read_session, "ts_init"),
    Format("fix", "FIX messages: logs, market data, acceptance definitions", fix_log.claims, fix_log.read),
    Format("cboe", "CBOE's downloads of delayed option quotes", cboe.claims, cboe.read),
    Format("edgar-index", "EDGAR index files", filings.claims, filings.read),
    Format("binance-archive", "Binance archive CSV", archives.claims_binance, archives.read_binance, "ts_event"),
    Format("lobster", "LOBSTER messages and order books", archives.claims_lobster, archives.read_lobster, "ts_event"),
    Format("lean", "Lean zips: trades, quotes, bars; factor and map files", lean.claims, lean.read, "ts_event"),
    Format("reply", "answers of vendors by name, as feeds deliver them", replies.claims, replies.read, "ts_init"),
    Format("json", "JSON replies and JSON lines: bars, quotes, trades, books, chains", documents.claims,
           documents.read),
    Format("news-feed", "RSS and Atom", syndication.claims, syndication.read),
    Format("no-data", "text, pages, dictionaries, licences: refused", refused.claims, refused.read),
    Format("delimited", "CSV, TSV: any table with a header, Tardis among them", delimited.claims, delimited.read,
           "ts_event"),
)  # fmt: skip


def not_a_file(path: Path) -> str | None:
    """What a path names that is there and holds no bytes of its own, for people; None for a file or a folder."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return f"a link to {path.readlink()}, which is not there" if path.is_symlink() else None
    except OSError as error:
        return f"a link that leads to itself ({error.strerror})" if path.is_symlink() else None
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
             (stat.S_ISBLK, "a device"))  # fmt: skip
    return next((told for is_such, told in kinds if is_such(mode)), None)


def opened(path: Path, expand_max: int | None = None) -> Opened:
    """A file, opened; DATA-014 where there is none, DATA-009 where it is empty."""
    if path.is_dir():
        raise problem("DATA_NOT_FOUND", f"{path} is a folder; name a file in it")
    if (told := not_a_file(path)) is not None:
        raise problem("DATA_NOT_FOUND" if path.is_symlink() and not path.exists() else "DATA_NOT_A_DATASET",
                      f"{path.name} is {told}")  # fmt: skip
    if not path.is_file():
        near = [file.name for file in path.parent.iterdir() if file.is_file()] if path.parent.is_dir() else []
        raise problem("DATA_NOT_FOUND", f"{path}{did_you_mean(path.name, near)}")
    if not path.stat().st_size:
        raise problem("DATA_EMPTY", f"{path.name} has no bytes")
    return Opened(path, None, expand_max)


def recognised(file: Opened) -> Format:
    """The format of a file or of a member of an archive; DATA-010 where none claims it."""
    if not file.head:
        with file.stream() as stream:
            stream.read(1)  # names the damage, where that is why nothing was found
        raise problem("DATA_EMPTY", f"{file.shown} expands to nothing")
    found = next((entry for entry in FORMATS if entry.claims(file)), None)
    if found is None and file.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise problem("DATA_DAMAGED", f"{file.shown} is not UTF-8 text but UTF-16; write it as UTF-8")
    if found is None:
        raise problem("DATA_UNKNOWN_FORMAT", f"{file.shown} begins with {file.head[:16]!r}")
    return found


_OFFICES = {
    "xl/workbook.xml": "a workbook of Excel; save its sheets as CSV",
    "word/document.xml": "a document of Word",
    "META-INF/manifest.xml": "a document of OpenDocument; save its tables as CSV",
}
"""Archives that are documents, by a file that lies within."""


def parts(file: Opened) -> Iterator[tuple[Opened, Format]]:
    """What is to be read of a file, with its format: itself, or the members of a zip archive, one by one."""
    if file.packing != "zip":
        yield file, recognised(file)
        return
    if not file.members:
        raise problem("DATA_EMPTY", f"{file.shown} is an archive without files")
    office = next((told for name, told in _OFFICES.items() if name in file.members), None)
    if office is not None:
        raise problem("DATA_NOT_A_DATASET", f"{file.shown} is {office}")
    for member in file.members:
        inner = file.within(member)
        yield inner, recognised(inner)


def read_rows(file: Opened, form: Format, reading: Reading) -> Iterator[Rows]:
    """The rows of a file in its format; every error is named and tells the file, and the rows before it came first."""
    try:
        yield from form.read(file, reading)
    except HedgerowError as error:
        if file.shown in error.detail:
            raise
        raise problem(error.code, f"{file.shown}: {error.detail}") from None
    except UnicodeEncodeError as error:
        told = f"{error.object[error.start : error.end]!r} is half a character"
        raise problem("DATA_DAMAGED", f"{file.shown}: {told}") from None
    except MemoryError:
        raise problem("DATA_EXPANSION", f"{file.shown} does not fit into memory") from None
    except Exception as error:  # a reader must not end a probe of ten thousand files
        raise problem("DATA_READER", f"{file.shown}, format {form.name}: {type(error).__name__}: {error}") from error
