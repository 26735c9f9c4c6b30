"""Sharing of S3: presigned links, and a bucket policy that ends one."""

from tidegate.providers.s3.share.choose import SHARE

__all__ = ["SHARE"]
