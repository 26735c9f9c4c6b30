"""Whether an answer is what was asked for, and what to raise when it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tidegate.errors import NoAnswerError, RefusedError
from tidegate.net.message import Response
from tidegate.providers.gcs.codes import meaning
from tidegate.providers.gcs.faults import fault

_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_OF_OBJECTS: Final = ("x-goog-hash", "x-goog-generation", "x-goog-stored-content-length")
"""Headers that the service sends with the bytes of an object, and no proxy or start page does."""


def range_header(start: int, stop: int) -> Mapping[str, str]:
    """Return the header that asks for the bytes [start, stop)."""
    return {"range": f"bytes={start}-{stop - 1}"}


def is_answer(response: Response) -> bool:
    """Tell whether a request was granted; what it brought is looked at where it is read."""
    return response.status == 200


def is_byte(response: Response) -> bool:
    """Tell whether it is the first byte of an object, or the beginning of one that was sent whole."""
    if response.status == 206:
        found = _RANGE.fullmatch(response.header("content-range"))
        return found is not None and found.group(1, 2) == ("0", "0") and len(response.body) == 1
    return response.status == 200 and any(response.header(name) for name in _OF_OBJECTS)


def is_described(response: Response) -> bool:
    """Tell whether it answers a HEAD: size and metadata of an object."""
    return response.status == 200 and any(response.header(name) for name in _OF_OBJECTS)


def bytes_of(response: Response, start: int, stop: int) -> bytes:
    """Return the bytes [start, stop) from the answer to a ranged read, fewer only at the object's end.

    Raises `RefusedError`; `NoAnswerError` for an answer that is cut off or is another part of the object.
    """
    if response.status == 416:
        return b""
    if response.status == 200 and is_described(response):
        # Compressed objects are unpacked by the service, and then it sends all of them.
        if start:
            raise NoAnswerError("the service sends the object only as a whole")
        return response.body[:stop]
    if response.status != 206:
        raise refusal(response, "read an object")
    found = _RANGE.fullmatch(response.header("content-range"))
    if found is None or int(found[1]) != start or not start <= int(found[2]) < stop:
        raise NoAnswerError("the service sends another part of the object than was asked for")
    if len(response.body) != int(found[2]) - start + 1:
        raise NoAnswerError("the object's part was cut off")
    if int(found[2]) + 1 < stop and found[3] != str(int(found[2]) + 1):
        raise NoAnswerError("the service sends less of the object than was asked for")
    return response.body


def total_bytes(response: Response) -> int | None:
    """Return the size of the object that a ranged read tells of."""
    found = _RANGE.fullmatch(response.header("content-range"))
    text = found[3] if found else response.header("x-goog-stored-content-length")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def expect(response: Response, wanted: Callable[[Response], bool], doing: str) -> bytes:
    """Return the body of what was asked for. Raises `RefusedError`, or `NoAnswerError` for anything odd."""
    if wanted(response):
        if response.truncated:
            raise NoAnswerError(f"the answer to the request to {doing} is longer than the service makes them")
        return response.body
    raise refusal(response, doing)


def refusal(response: Response, doing: str) -> RefusedError | NoAnswerError:
    """Return what to raise for an answer that is not what was asked for."""
    said = fault(response)
    words = meaning(response, said, anonymous="Anonymous caller" in said.message).words
    code = f" ({said.code})" if said.code else ""
    if response.status < 400:
        return NoAnswerError(f"asked to {doing}, the service {words}")
    return RefusedError(
        f"asked to {doing}, the service {words}{code}", status=response.status, code=said.code
    )
