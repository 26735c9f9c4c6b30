"""The marks with which a listing goes on: opaque to clients, spelled as the service spells them.

Source of the form: recorded answers in the test suites of Azure's SDKs.
"""

from __future__ import annotations

import base64
import binascii
import re

from tidegate.lab.refusals import Refusal

_FORM = re.compile(r"2!(\d{1,5})!([A-Za-z0-9+/-]+)")
_END = b"!000028!9999-12-31T23:59:59.9999999Z!"


def write(name: bytes) -> str:
    """Return the mark of a page that begins with this name."""
    text = base64.b64encode(b"%06d!%b%b" % (len(name), name, _END)).decode("ascii").replace("=", "-")
    return f"2!{len(text)}!{text}"


def read(mark: str) -> bytes:
    """Return the name in a mark; an empty mark is the beginning. Raises `Refusal`."""
    if not mark:
        return b""
    found = _FORM.fullmatch(mark)
    if found is None or int(found[1]) != len(found[2]):
        raise Refusal("InvalidQueryParameterValue")
    try:
        inner = base64.b64decode(found[2].replace("-", "="), validate=True)
    except binascii.Error:
        raise Refusal("InvalidQueryParameterValue") from None
    length, _, rest = inner.partition(b"!")
    if not length.isdigit() or rest[int(length) :] != _END:
        raise Refusal("InvalidQueryParameterValue")
    return rest[: int(length)]
