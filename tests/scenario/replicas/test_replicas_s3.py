"""Replicas on S3: a server on loopback that keeps versions, Object Lock and conditional puts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hedgerow import _core
from hedgerow.cli.main import run
from hedgerow.core.errors import LogError
from hedgerow.governance.replicas import open_target, prove_site, replicate, restore

NOW_NS = 1_900_000_000_000_000_000
BUCKET = "replicas"


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an empty bucket with Object Lock; ours finds the server as the AWS tools do."""
    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    yield client
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{s3_endpoint}/moto-api/reset", method="POST")).close()
    client.close()
    while OPENED:
        OPENED.pop().close()


OPENED: list[Any] = []


def target(path: str = "", days: int = 30) -> Any:
    """The bucket, or a folder in it."""
    OPENED.append(open_target(f"s3://{BUCKET}/{path}?retain_days={days}", now_ns=NOW_NS))
    return OPENED[-1]


def test_a_replica_on_s3_is_locked_and_gives_the_site_back(sites: Any, tmp_path: Path, s3: Any) -> None:
    """Every object has its retention and cannot be deleted, even by version; the restored log has the signed root."""
    site = sites.write(tmp_path / "site", 40)
    (row,) = replicate(prove_site(site), [target("fund")])
    assert row.error is None
    versions = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert len(versions) == row.files_sent
    for version in versions:
        held = s3.head_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
        assert held["ObjectLockMode"] == "COMPLIANCE"
        assert b"ZEBRA" not in s3.get_object(Bucket=BUCKET, Key=version["Key"])["Body"].read()
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    (log,) = restore(target("fund"), tmp_path / "new")
    assert log.root == _core.verify_log(tmp_path / "new")["root"] == _core.verify_log(site)["root"]


def test_overwrites_deletes_and_an_old_checkpoint_put_back_change_nothing_for_us(
    sites: Any, tmp_path: Path, s3: Any
) -> None:
    """The first version of a file counts, the furthest of the checkpoints, and a delete marker hides nothing."""
    site = sites.write(tmp_path / "site", 20)
    replicate(prove_site(site), [target()])
    old = s3.get_object(Bucket=BUCKET, Key="journal/checkpoint")["Body"].read()
    sites.write(site, 40)
    replicate(prove_site(site), [target()])
    s3.put_object(Bucket=BUCKET, Key="journal/checkpoint", Body=old)
    s3.put_object(Bucket=BUCKET, Key="journal/tile/0/000.p/40", Body=b"forged")
    s3.delete_object(Bucket=BUCKET, Key="journal/tile/entries/000.p/40")
    (log,) = restore(target(), tmp_path / "new")
    assert log.entries == 40
    (row,) = replicate(prove_site(site), [target()], read_back=True)
    assert (row.error, row.files_sent) == (None, 0)


def test_a_rollback_and_a_fork_are_refused_on_s3(sites: Any, tmp_path: Path, s3: Any) -> None:
    """A shorter log and another history add no version."""
    replicate(prove_site(sites.write(tmp_path / "site", 40)), [target()])
    before = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    for name, size, salt, code in (("old", 20, 0, "LOG_ROLLBACK"), ("fork", 60, 1, "LOG_FORK")):
        (row,) = replicate(prove_site(sites.write(tmp_path / name, size, salt=salt)), [target()])
        assert row.error is not None
        assert row.error.row.name == code
        assert run(["replicate", str(tmp_path / name), f"s3://{BUCKET}"]) == 15
    assert s3.list_object_versions(Bucket=BUCKET)["Versions"] == before


def test_a_file_is_put_once_even_if_another_was_quicker(s3: Any) -> None:
    """If-None-Match refuses the second put; the same bytes are fine, others are an error."""
    place = target()
    s3.put_object(Bucket=BUCKET, Key="journal/tile/0/000", Body=b"first")
    place.put_once("journal/tile/0/000", b"first")
    with pytest.raises(LogError, match="other bytes"):
        place.put_once("journal/tile/0/000", b"second")
    assert len(s3.list_object_versions(Bucket=BUCKET)["Versions"]) == 1


def test_a_checkpoint_changed_by_another_meanwhile_is_not_replaced(s3: Any) -> None:
    """A checkpoint where none was seen, and none where one was, are somebody else's doing."""
    place = target()
    place.replace("journal/checkpoint", b"one", None)
    place.replace("journal/checkpoint", b"two", b"one")
    assert place.versions("journal/checkpoint") == [b"two", b"one"]
    with pytest.raises(LogError, match="somebody else"):
        place.replace("journal/checkpoint", b"three", None)
    with pytest.raises(LogError, match="somebody else"):
        place.replace("governance/checkpoint", b"three", b"two")


def test_a_bucket_that_is_not_there_and_a_bad_retention_are_named(sites: Any, tmp_path: Path, s3: Any) -> None:
    """LOG_TARGET for the one, usage for the other."""
    site = sites.write(tmp_path / "site", 20)
    assert run(["replicate", str(site), "s3://nowhere-at-all"]) == 15
    assert run(["replicate", str(site), f"s3://{BUCKET}?retain_days=long"]) == 2
