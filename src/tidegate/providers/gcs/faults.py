"""What the service says when it does not give what was asked: its code and its words, from XML or JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from tidegate.net.message import Response
from tidegate.providers.gcs.xmltree import XmlError, read_xml

LONGEST_FAULT: Final = 64 * 1024
"""Bytes of an error body that are read; a real one has up to about 2,000 (with the string to sign)."""


ROOM: Final = 16 * 1024
"""Bytes of an answer that are taken in any case: a byte is asked for, but a refusal is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error body."""

    code: str = ""
    """`SignatureDoesNotMatch` (XML), or the `reason` of JSON, e.g. `authError`; empty without any."""
    message: str = ""
    """Message and details, for looking into; never for output, as it may repeat the request."""


def fault(response: Response) -> Fault:
    """Read the error body; one that is neither XML nor JSON of the service is an empty fault."""
    body = response.body[:LONGEST_FAULT].strip()
    if body.startswith(b"<"):
        return _from_xml(body)
    if body.startswith(b"{"):
        return _from_json(body)
    return Fault()


def _from_xml(body: bytes) -> Fault:
    try:
        root = read_xml(body)
    except XmlError:
        return Fault()
    if root.name != "Error":
        return Fault()
    return Fault(code=_code(root.get("Code")), message=f"{root.get('Message')} {root.get('Details')}".strip())


def _from_json(body: bytes) -> Fault:
    error = as_object(body).get("error")
    if not isinstance(error, dict):
        return Fault()
    # `details` is the most exact, where it is there; `status` the least.
    told = [*_reasons(error.get("details")), *_reasons(error.get("errors")), error.get("status")]
    message = error.get("message")
    return Fault(
        code=next((code for each in told if isinstance(each, str) and (code := _code(each))), ""),
        message=message if isinstance(message, str) else "",
    )


def _reasons(listed: Any) -> list[Any]:
    if not isinstance(listed, list):
        return []
    return [each["reason"] for each in listed if isinstance(each, dict) and "reason" in each]


def as_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body, or an empty one: hostile depth, numbers and bytes included."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _code(text: str) -> str:
    """Codes are words: whatever else stands there is not repeated."""
    text = text.strip()
    return text if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,60}", text) else ""
