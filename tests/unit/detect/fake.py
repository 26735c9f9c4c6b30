"""Credentials of nobody, each by its number, and what a detector says of a text."""

from __future__ import annotations

import base64
import hashlib

from tidegate.detect.engine import Detector
from tidegate.model.sighting import Sighting


def signature(number: int) -> str:
    """Return a SAS's signature in base64."""
    return base64.b64encode(hashlib.sha256(b"of nobody %d" % number).digest()).decode()


def account_key(number: int) -> str:
    """Return 64 bytes in base64."""
    return base64.b64encode(hashlib.sha512(b"key of nobody %d" % number).digest()).decode()


def token(number: int) -> str:
    """Return a SAS without its address."""
    sig = signature(number).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return f"sv=2022-11-02&sr=c&sp=rl&se=2034-01-01T00:00:00Z&sig={sig}"


def link(number: int, account: str = "contosomodels") -> str:
    """Return a SAS link of a container."""
    return f"https://{account}.blob.core.windows.net/c{number}?{token(number)}"


def alarms(detector: Detector, text: str | bytes) -> list[Sighting]:
    """Return what is no plain address and not suppressed."""
    return [s for s in detector.scan_text(text) if s.suppressed is None and s.kind != "public_url"]


def secrets(detector: Detector, text: str | bytes) -> list[str]:
    """Return the secrets that alarm, in the order of the text."""
    return [s.secret.reveal() for s in alarms(detector, text)]
