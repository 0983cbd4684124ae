"""A replica in S3 or what speaks its protocol, with Object Lock.

Immutable files are put with `If-None-Match: *`, a SHA-256 that the server checks, and a retention in COMPLIANCE mode. A
plain overwrite makes a new version and a delete only a marker, so files are read by the id of their *first* version,
and of checkpoints all versions are looked at: the furthest counts. Credentials, region and endpoint are those of the
AWS tools (`AWS_PROFILE`, `AWS_ENDPOINT_URL_S3`, ...).

Promises: nothing stored is overwritten or shortened by us; who overwrites it elsewhere does not change what we read.
Never: deletes. Source: Amazon S3 API reference, PutObject and ListObjectVersions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hedgerow.core.errors import HedgerowError, problem
from hedgerow.core.s3 import error_code, s3_client
from hedgerow.governance.replicas.layout import wrong

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class _Version:
    id: str
    bytes: int
    etag: str


class S3Target:
    """A bucket, or a folder in one, as a target."""

    def __init__(self, bucket: str, prefix: str, *, retain_days: int = 0, now_ns: int = 0, client: Any = None) -> None:
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._client = s3_client("replicas") if client is None else client
        until = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC) + timedelta(days=retain_days)
        locked = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
        self._lock: dict[str, Any] = locked if retain_days else {}
        self._first: dict[str, _Version] = {}

    def names(self, below: str) -> Mapping[str, int]:
        """Every file below a folder and the length of its first version."""
        for name, version in self._listed(f"{below}/"):
            self._first[name] = version  # newest first, so that the oldest stays
        return {name: version.bytes for name, version in self._first.items() if name.startswith(f"{below}/")}

    def read(self, name: str) -> bytes | None:
        """The first version of a file."""
        if name not in self._first:
            self._first |= {found: version for found, version in self._listed(name) if found == name}
        version = self._first.get(name)
        return None if version is None else self._get(name, version)

    def versions(self, name: str) -> list[bytes]:
        """Every version of a file, newest first."""
        return [self._get(name, version) for found, version in self._listed(name) if found == name]

    def put_once(self, name: str, data: bytes) -> None:
        """Store a file that never changes."""
        if not self._put(name, data, {"IfNoneMatch": "*"}) and self.read(name) != data:
            raise wrong(name, f"{self.url} holds other bytes under this name")

    def settle(self) -> None:
        """An object that was put is kept."""

    def replace(self, name: str, data: bytes, seen: bytes | None) -> None:
        """Store a new version of a file, if the newest one is still the one that was there."""
        newest = next((version for found, version in self._listed(name) if found == name), None)
        condition = {"IfNoneMatch": "*"} if newest is None else {"IfMatch": newest.etag}
        if (newest is None) != (seen is None) or not self._put(name, data, condition):
            raise problem("LOG_FORK", f"{name} in {self.url} was changed by somebody else meanwhile")

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _put(self, name: str, data: bytes, condition: Mapping[str, str]) -> bool:
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=data,
                ChecksumAlgorithm="SHA256",
                **self._lock,
                **condition,
            )
        except Exception as error:
            if error_code(error) in _TAKEN:
                return False
            raise self._problem(name, error) from error
        return True

    def _get(self, name: str, version: _Version) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name, VersionId=version.id)
            return bytes(answer["Body"].read())
        except Exception as error:
            raise self._problem(name, error) from error

    def _listed(self, below: str) -> Iterator[tuple[str, _Version]]:
        """Names and versions below a prefix, each name's newest version first."""
        try:
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + below):
                for row in page.get("Versions", ()):
                    version = _Version(row["VersionId"], row["Size"], row["ETag"])
                    yield row["Key"].removeprefix(self._prefix), version
        except Exception as error:
            raise self._problem(below, error) from error

    def _problem(self, name: str, error: Exception) -> HedgerowError:
        return error if isinstance(error, HedgerowError) else problem("LOG_TARGET", f"{name} in {self.url}: {error}")
