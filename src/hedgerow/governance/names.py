"""Names that people choose: plain words, never a way out of the folder they are used in.

Promises: `..`, an absolute path, a separator, a control character is `GOV_PATH` and names the value. Never: touches a
file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hedgerow.core.errors import problem

FILE_STEM_MAX = 64


def plain_name(text: str, what: str) -> str:
    """The name itself, if it could not lead anywhere.

    >>> plain_name("momentum 2", "strategy")
    'momentum 2'
    """
    tricks = {"/", "\\"} & set(text) or any(ord(c) < 32 or ord(c) == 127 for c in text) or text.strip(" .") == ""
    if tricks:
        raise problem("GOV_PATH", f"{what} {text!r}")
    return text


def plain_path(text: str, what: str) -> str:
    """A relative path with `/` whose every part is a plain name.

    >>> plain_path("signals/momentum.py", "artifact file")
    'signals/momentum.py'
    """
    if not text or text.startswith("/") or (len(text) > 1 and text[1] == ":"):
        raise problem("GOV_PATH", f"{what} {text!r}")
    for part in text.split("/"):
        if part != part.strip() or part in ("", ".", ".."):
            raise problem("GOV_PATH", f"{what} {text!r}")
        plain_name(part, what)
    return text


def file_stem(name: str) -> str:
    """The name that a person's or service's files have; letters and digits stay, the rest becomes `-`.

    >>> file_stem("Ada Lovelace")
    'ada-lovelace'
    """
    plain_name(name, "name")
    stem = "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")[:FILE_STEM_MAX]
    if not stem:
        raise problem("GOV_KEY_FILE", f"{name!r} has no letter or digit to name a file by")
    return stem


def check_names(event: Mapping[str, Any]) -> None:
    """Every name in an event that could be used for a file: of its actor, its strategy, its artifact's files."""
    body = event.get("body")
    body = body if isinstance(body, Mapping) else {}
    named = [("actor", event.get("actor")), ("strategy", body.get("strategy"))]
    for what in ("people", "services"):
        rows = body.get(what)
        named += [(what, row.get("name")) for row in rows or () if isinstance(row, Mapping)]
    for what, name in named:
        if isinstance(name, str):
            plain_name(name, what)
    manifest = body.get("manifest")
    content = manifest.get("content", manifest) if isinstance(manifest, Mapping) else None
    files = content.get("files") if isinstance(content, Mapping) else None
    for name in files if isinstance(files, Mapping) else ():
        plain_path(str(name), "artifact file")
