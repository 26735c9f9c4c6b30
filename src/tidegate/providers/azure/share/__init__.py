"""Sharing of Azure's containers and blobs: by user delegation, or by a stored access policy of its own."""

from tidegate.providers.azure.share.choose import SHARE

__all__ = ["SHARE"]
