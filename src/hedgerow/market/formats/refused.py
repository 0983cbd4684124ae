"""Files that are no data: pages, dictionaries, licences, keys, programs. Each is refused with what it is.

Promises that a file is called this only by what its first bytes say; what is merely unknown is said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hedgerow.core.errors import problem
from hedgerow.market.formats.delimited import head_text
from hedgerow.market.formats.opening import Opened
from hedgerow.market.formats.rows import Rows
from hedgerow.market.reading import Reading

_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database; export its tables"),
    (b"\x80\x04\x95", "a Python pickle, which is code and is never opened"),
    (b"\x89HDF", "an HDF5 file; export it to Parquet"),
    (b"ORC", "an ORC file; export it to Parquet"),
    (b"Obj\x01", "an Avro file; export it to Parquet"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"PK\x03\x04", "an archive within an archive; unpack it"),
    (b"PK\x05\x06", "an archive within an archive; unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old document of an office; save its tables as CSV"),
)
_MARKUP = re.compile(r"<\?xml|<!--|<([a-z][\w:.-]*)[ >].*</", re.DOTALL)
_PROSE = (".md", ".rst", ".txt", ".license", ".licence", ".log", "")


def claims(opened: Opened) -> bool:
    """Whether what it is can be told, and it is no data."""
    return what(opened) is not None


def what(opened: Opened) -> str | None:
    """What a file without data is, for people; None where it may be data."""
    head = opened.head
    for sign, name in _SIGNS:
        if head.startswith(sign):
            return name
    if head[257:262] == b"ustar":
        return "a tar archive; unpack it"
    text = head_text(opened)
    if text is None:
        return None
    start = text.lstrip()[:2000].lower()
    if (
        start.startswith(("<!doctype html", "<html", "<head", "<body", "<div", "<p>", "<title"))
        or "<html" in start[:500]
    ):
        return "a page of HTML, for people to read"
    if start.startswith(("<sec-document", "<document>", "<xbrl")) or _MARKUP.match(start):
        return _markup(start)
    if re.fullmatch(r"(?:\d+=\S*\s*)+", text) and text.count("\n") >= 2 and "8=FIX" not in text:
        return "patterns for the fields of FIX messages, not messages"
    return "text for people to read" if _is_prose(text, opened.name) else None


def read(opened: Opened, reading: Reading) -> Iterator[Rows]:
    """Never any rows: DATA-019."""
    raise problem("DATA_NOT_A_DATASET", f"{opened.shown} is {what(opened)}")


def _markup(start: str) -> str:
    if "<fix " in start or "<fix\t" in start:
        return "a dictionary of FIX messages, which the FIX codec reads"
    if "messageschema" in start:
        return "a schema of SBE messages, which is read with the data beside it"
    if "<types>" in start or "<type " in start:
        return "types of an SBE schema, which are read with it"
    return "a document of XML"


def _is_prose(text: str, name: str) -> bool:
    """Whether a text is written for people: words and sentences, hardly a number."""
    suffix = name.lower()[name.rfind(".") :] if "." in name else ""
    if suffix in (".md", ".rst"):
        return True
    if suffix not in _PROSE and not name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "README")):
        return False
    words = re.findall(r"[^\s]+", text[:20_000])
    plain = sum(bool(re.fullmatch(r"[\"'(<*]*[A-Za-z][A-Za-z'’/-]*[.,;:!?)\"'>*]*", word)) for word in words)
    return bool(words) and plain > 0.6 * len(words)
