"""Amazon's own client, for filling the services that tests ask, and for signing links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config


@contextmanager
def client(
    service: str,
    endpoint: str,
    key_id: str,
    secret: str,
    *,
    version: str = "s3v4",
    style: str = "path",
    token: str | None = None,
) -> Iterator[Any]:
    """Give a client that is closed afterwards. version: of S3 signatures, `s3v4` or `s3` (2)."""
    made = boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name="us-east-1",
        config=Config(
            signature_version=version if service == "s3" else None,
            s3={"addressing_style": style},
            retries={"max_attempts": 2},
        ),
    )
    try:
        yield made
    finally:
        made.close()
