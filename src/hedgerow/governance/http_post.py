"""One POST to a stranger: plain http or https, with a deadline and a largest answer.

Promises: no redirect is followed, no proxy is used, no more is read than was allowed; what fails is an `OSError` or a
named error. Never: believes what it got.
"""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from hedgerow.core.errors import problem

ANSWER_BYTES_MAX = 64 << 10


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    kind: str
    body: bytes


def post(url: str, body: bytes, kind: str, *, deadline: float) -> Answer:
    """POST `body` of content type `kind`; `deadline` is a moment of `time.monotonic`.

    A URL that is not plain http or https is `CLI_USAGE`; an answer longer than 64 KiB is an `OSError`.
    """
    place, left = _place(url), deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time is left")
    make = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = make(place.hostname or "", place.port, timeout=left)
    try:
        connection.request("POST", place.path or "/", body=body, headers={"Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read(ANSWER_BYTES_MAX + 1)
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if len(data) > ANSWER_BYTES_MAX:
        raise OSError(f"it answered with more than {ANSWER_BYTES_MAX:,} bytes")
    return Answer(answer.status, answer.headers.get_content_type(), data)


def _place(url: str) -> SplitResult:
    try:
        place = urlsplit(url)
        has_port = place.port != 0
    except ValueError:
        raise problem("CLI_USAGE", f"{url!r} is not a URL") from None
    if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment or not has_port:
        raise problem("CLI_USAGE", f"{url!r} is not a plain http or https URL")
    return place
