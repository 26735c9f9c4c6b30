"""Sharing of Cloud Storage: signed links, which end with the key that signed them."""

from tidegate.providers.gcs.share.choose import SHARE

__all__ = ["SHARE"]
