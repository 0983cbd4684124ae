"""Objects in S3, or what speaks its protocol; credentials, region and endpoint are those of the AWS tools.

Promises: as every transport; what goes on from an offset is bound to the object's tag (`If-Match`). Never: writes.
Source: Amazon S3 API reference, ListObjectsV2 and GetObject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.s3 import error_code, s3_client
from hedgerow.core.settings import Table
from hedgerow.market.feeds.retry import Patience
from hedgerow.market.feeds.transport import CHUNK_BYTES, Answer, Opened, Remote, World

_CHANGED = ("PreconditionFailed", "412", "InvalidRange", "416")
_BUSY = ("SlowDown", "Throttling", "ThrottlingException", "ServiceUnavailable", "503")
_REFUSED = ("AccessDenied", "403", "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")


def settings(table: Table) -> S3Transport:
    """The keys of `kind = "s3"`."""
    url = table.text("url")
    parts = urlsplit(url)
    if url and (parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment):
        table.fault("url", f"{url!r} is not s3://BUCKET/FOLDER/; credentials are those of the AWS tools")
    return S3Transport(parts.netloc, parts.path.strip("/"))


@dataclass(frozen=True)
class S3Transport:
    """A bucket, or a folder in one."""

    bucket: str
    folder: str
    shape: Literal["files"] = "files"
    needs_names: bool = False

    @property
    def origin(self) -> str:
        """The address."""
        return f"s3://{self.bucket}/{self.folder}"

    def open(self, world: World, names: Callable[[], Sequence[str]]) -> S3Files:
        """Get ready to ask."""
        return S3Files(self, s3_client("feeds"))


class S3Files:
    """The objects below a prefix."""

    def __init__(self, transport: S3Transport, client: Any) -> None:
        self._transport, self._client = transport, client
        self._prefix = f"{transport.folder}/" if transport.folder else ""

    def listed(self) -> Iterator[Remote]:
        """Every object; a folder's own marker is none."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._transport.bucket, Prefix=self._prefix
            ):
                for row in page.get("Contents", ()):
                    name = str(row["Key"]).removeprefix(self._prefix)
                    if name and not name.endswith("/"):
                        yield Remote(name, str(row["ETag"]))
        except Exception as error:
            raise self._problem("", error) from error

    def open(self, name: str, *, offset: int = 0, part: str | None = None, known: str | None = None) -> Opened | Answer:
        """An object's bytes."""
        how = {"Range": f"bytes={offset}-", "IfMatch": part} if offset and part else {}
        if known is not None and not how:
            how = {"IfNoneMatch": known}
        try:
            answer = self._client.get_object(Bucket=self._transport.bucket, Key=self._prefix + name, **how)
        except Exception as error:
            code = error_code(error)
            if code in ("304", "NotModified"):
                return Answer.UNCHANGED
            if code in ("NoSuchKey", "404"):
                return Answer.ABSENT
            raise self._problem(name, error) from error
        begin = offset if "ContentRange" in answer else 0
        whole = begin + int(answer["ContentLength"])
        return Opened(str(answer["ETag"]), whole, begin, self._chunks(name, answer["Body"]))

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _chunks(self, name: str, body: Any) -> Iterator[bytes]:
        try:
            yield from body.iter_chunks(CHUNK_BYTES)
        except GeneratorExit:
            raise
        except Exception as error:
            raise problem("FEED_TRUNCATED", f"{name} in {self._transport.origin}: {error}") from None
        finally:
            body.close()

    def _problem(self, name: str, error: Exception) -> Exception:
        if isinstance(error, HedgerowError):
            return error
        says, code = f"{name} in {self._transport.origin}: {error}", error_code(error)
        if code in _BUSY:
            return Patience(0.0, says)
        if code in _CHANGED:
            return problem("FEED_CHANGED", says)
        if code in _REFUSED or type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
            return problem("FEED_REFUSED", says)
        return problem("FEED_UNREACHABLE", says)
