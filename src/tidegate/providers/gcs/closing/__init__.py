"""How Google's credentials and open buckets are ended: the key that signed, or what lets anyone in."""

from __future__ import annotations

from tidegate.providers.gcs.closing.closer import CLOSING

__all__ = ["CLOSING"]
