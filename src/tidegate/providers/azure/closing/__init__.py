"""How Azure's credentials are ended: by their stored policy, their key, or for all at once."""

from __future__ import annotations

from tidegate.providers.azure.closing.closer import CLOSING

__all__ = ["CLOSING"]
