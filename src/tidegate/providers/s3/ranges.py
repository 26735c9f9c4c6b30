"""Checking that what came back are the bytes that were asked for."""

from __future__ import annotations

import re
from collections.abc import Callable

from tidegate.errors import NoAnswerError
from tidegate.net.message import Response
from tidegate.plugins import Told
from tidegate.providers.s3.ask import What, gives
from tidegate.providers.s3.faults import refused


def range_of(
    response: Response, name: str, start: int, stop: int, tell: Callable[[Told], None] | None = None
) -> bytes:
    """Return the bytes that were asked for. Raises `RequestError` for an answer that is not these bytes.

    tell: called with what the answer says of the whole object.
    """
    shown = name[:100]
    if response.status == 416:
        return b""
    if response.status == 200 and gives(response, What.CONTENT):
        if start:
            raise NoAnswerError(
                f"the service knows no ranges: {shown} would have to be read from its beginning"
            )
        _tell(tell, response, response.header("content-length"))
        return response.body[:stop]
    told = re.fullmatch(r"bytes ?(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", response.header("content-range"))
    if response.status != 206 or told is None:
        raise refused(response, f"reading {shown}")
    first, last = int(told[1]), int(told[2])
    if first != start or last >= stop or len(response.body) != last - first + 1:
        raise NoAnswerError(f"the service sent other bytes of {shown} than were asked for")
    whole = stop if told[3] == "*" else int(told[3])
    if last + 1 < min(stop, whole):
        raise NoAnswerError(f"the service sent fewer bytes of {shown} than were asked for")
    _tell(tell, response, told[3])
    return response.body


def _tell(tell: Callable[[Told], None] | None, response: Response, size: str) -> None:
    if tell is not None:
        size_bytes = int(size) if re.fullmatch(r"[0-9]{1,18}", size) else None
        tell(Told(size_bytes=size_bytes, mark=response.header("etag")))
