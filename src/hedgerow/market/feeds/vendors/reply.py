"""A vendor's answer as it is delivered: one line of JSON with the bytes that came and, where ccxt read them, the rows.

    {"reply": 1, "vendor": "binance", "kind": "trades", "symbol": "BTC/USDT", "asked_ns": ..., "known_ns": ...,
     "skew_ns": ..., "replies": [{"from": URL, "status": 200, "sha256": ..., "text": "[...]"}], "rows": [...]}

Promises: `text` (or `base64`, where it is not UTF-8) is the vendor's answer to the byte, and `sha256` its digest;
`known_ns` is when the last of it was here. Never: a secret, which `from` leaves out. `formats/replies.py` reads it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One answer as it came: from which address, with which status, when asked for and when here, UTC nanoseconds."""

    url: str
    status: int
    body: bytes
    asked_ns: int
    known_ns: int


@dataclass(frozen=True)
class About:
    """What was asked for, and by how much the vendor's clock is ahead of ours, nanoseconds, where it tells."""

    vendor: str
    kind: str
    symbol: str
    span_ns: int | None = None
    skew_ns: int | None = None


def written(about: About, heard: Sequence[Heard], rows: Sequence[Any] | None = None) -> bytes:
    """The line of an answer.

    >>> line = written(About("fred", "series", "GDP"), [Heard("https://v/", 200, b"{}", 5, 7)])
    >>> json.loads(line)["known_ns"], json.loads(line)["replies"][0]["text"]
    (7, '{}')
    """
    told: dict[str, Any] = {"reply": 1}
    told |= {key: value for key, value in vars(about).items() if value is not None}
    told |= {"asked_ns": min(one.asked_ns for one in heard), "known_ns": max(one.known_ns for one in heard)}
    told["replies"] = [_reply(one) for one in heard]
    if rows is not None:
        told["rows"] = list(rows)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _reply(one: Heard) -> dict[str, Any]:
    told = {"from": one.url, "status": one.status, "sha256": hashlib.sha256(one.body).hexdigest()}
    try:
        return told | {"text": one.body.decode()}
    except UnicodeDecodeError:
        return told | {"base64": base64.b64encode(one.body).decode()}
