"""S3, or what speaks its protocol: one way to get a client, and to read its errors.

Credentials, region and endpoint are those of the AWS tools (`AWS_PROFILE`, `AWS_ENDPOINT_URL_S3`, ...).

Promises: without boto3, `CLI_MISSING` names the extra that brings it. Never: holds a credential.
"""

from __future__ import annotations

from typing import Any

from hedgerow.core.errors import problem


def s3_client(extra: str) -> Any:
    """A client that tries again what may be tried again; `extra` is the one that brings boto3."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise problem("CLI_MISSING", f"boto3, which speaks to S3: pip install 'hedgerow[{extra}]'") from None
    settings = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=60)
    return boto3.client("s3", config=settings)


def error_code(error: Exception) -> str:
    """What S3 calls an error; empty where it is none of S3's.

    >>> error_code(OSError("cable"))
    ''
    """
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
