"""Objects in S3: a server of its protocol on loopback, with bodies that break off and objects that change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from hedgerow.market.feeds.s3 import S3Files

Make = Callable[..., Any]
BIG = bytes(range(256)) * 4096
FEED = 'kind = "s3"\nurl = "s3://vendor/eod/"'


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a bucket; ours finds the server as the AWS tools do."""
    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="vendor")
    yield client
    for row in client.list_objects_v2(Bucket="vendor").get("Contents", ()):
        client.delete_object(Bucket="vendor", Key=row["Key"])
    client.delete_bucket(Bucket="vendor")
    client.close()


def test_objects_come_once_and_changed_ones_are_restatements(feed: Make, s3: Any) -> None:
    """More of them than a page holds is the client's work; what lies elsewhere in the bucket is not asked for."""
    for name in ("eod/a.csv", "eod/sub/b.csv", "eod/sub/", "other/c.csv"):
        s3.put_object(Bucket="vendor", Key=name, Body=name.encode() if not name.endswith("/") else b"")
    here = feed(FEED)
    assert here.kinds() == [("new", "a.csv"), ("new", "sub/b.csv")]
    assert here.kinds() == []
    s3.put_object(Bucket="vendor", Key="eod/a.csv", Body=b"corrected")
    assert here.kinds() == [("restated", "a.csv")]
    assert here.files()["restated/2/a.csv"] == b"corrected"


@pytest.mark.parametrize("changes", [False, True])
def test_a_body_that_breaks_off_is_gone_on_from_if_it_is_the_same_object(
    feed: Make, s3: Any, monkeypatch: pytest.MonkeyPatch, changes: bool
) -> None:
    """The rest is asked for under the object's tag; if that is another one meanwhile, from the beginning."""
    s3.put_object(Bucket="vendor", Key="eod/big.bin", Body=BIG)
    real, tries = S3Files._chunks, []

    def broken(self: S3Files, name: str, body: Any) -> Any:
        tries.append(name)
        for number, chunk in enumerate(real(self, name, body)):
            if number == 4 and len(tries) == 1:
                if changes:
                    s3.put_object(Bucket="vendor", Key="eod/big.bin", Body=BIG[::-1])
                raise ConnectionResetError("cable")
            yield chunk

    monkeypatch.setattr(S3Files, "_chunks", broken)
    here = feed(FEED)
    assert here.kinds() == [("new", "big.bin")]
    assert here.files() == {"files/big.bin": BIG[::-1] if changes else BIG}


def test_a_bucket_that_is_not_there_is_named(feed: Make, s3: Any) -> None:
    """With what the server said."""
    assert feed('kind = "s3"\nurl = "s3://nobodys/"').codes() == ["FEED_REFUSED"]


def test_a_tricky_key_is_refused_and_hinders_no_other(feed: Make, s3: Any) -> None:
    """A key may be anything; a file's name may not."""
    s3.put_object(Bucket="vendor", Key="eod/../../up.csv", Body=b"x")
    s3.put_object(Bucket="vendor", Key="eod/good.csv", Body=b"good")
    here = feed(FEED)
    assert here.codes() == ["FEED_NAME"]
    assert here.files() == {"files/good.csv": b"good"}
