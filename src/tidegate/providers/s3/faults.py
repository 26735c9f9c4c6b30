"""Reading what a service says when it does not give what was asked for."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tidegate.errors import RefusedError
from tidegate.net.message import Response
from tidegate.providers.s3.codes import Known, known

_LONGEST = 16 * 1024
"""Bytes of a refusal that are looked at; real ones have fewer than 2,000."""
_ROOT = re.compile(rb"\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<Error[\s>]")
_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9_.]{1,80})\s*</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]{0,2000})</Message>")
_REGION = re.compile(rb"<Region>\s*([a-z0-9-]{2,40})\s*</Region>")
_EXPECTING = re.compile(r"expecting '([a-z0-9-]{2,40})'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A refusal, taken apart."""

    status: int
    code: str
    """The service's own; empty where it gave none, or answered with something that is no error of S3."""
    meaning: Known
    region: str
    """Where the service says that the bucket is; may be empty."""

    @property
    def words(self) -> str:
        """What it means, with the code."""
        told = self.code or f"HTTP {self.status}"
        return f"{self.meaning.words} ({told})"


def fault_of(response: Response) -> Fault:
    """Read a refusal. The body is the service's, and hostile: only short, plain values are taken from it."""
    body = response.body[:_LONGEST]
    code = message = region = ""
    if _ROOT.match(body):
        code, message, region = (_first(each, body) for each in (_CODE, _MESSAGE, _REGION))
    told = response.header("x-amz-bucket-region")
    if re.fullmatch(r"[a-z0-9-]{2,40}", told):
        region = told
    elif not region and (expected := _EXPECTING.search(message)):
        region = expected[1]
    return Fault(
        status=response.status, code=code, meaning=known(response.status, code, message), region=region
    )


def refused(response: Response, what: str) -> RefusedError:
    """Make the error that says what was refused and why."""
    fault = fault_of(response)
    return RefusedError(f"{what}: {fault.words}", status=fault.status, code=fault.code)


def time_in(response: Response, header: str) -> datetime | None:
    """Return the UTC time in a header such as `date`, `None` when it holds none that can be read."""
    try:
        told = parsedate_to_datetime(response.header(header))
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _first(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""
