"""Lines of logs: which service wrote them, and what they say.

Sources: learn.microsoft.com "Storage Analytics log format", "StorageBlobLogs"; docs.aws.amazon.com "Amazon S3
server access log format", "CloudTrail record contents"; cloud.google.com "Cloud Audit Logs overview".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tidegate.trace.use import Use, count, deed_of, instant, without_port
from tidegate.trace.wanted import Wanted

_ANALYTICS: Final = re.compile(rb"[12]\.0;\d{4}-\d\d-\d\dT")
_S3: Final = re.compile(
    r"\S+ (?P<bucket>\S+) \[(?P<at>[^\]]+)\] (?P<address>\S+) (?P<requester>\S+) \S+ (?P<operation>\S+) "
    r'(?P<key>\S+) (?:"(?P<request>(?:[^"\\]|\\.|"(?! ))*)"|-) (?P<status>\d+|-) \S+ (?P<out>\S+) '
    r"\S+ \S+ \S+ "
    r'(?:"(?:[^"\\]|\\.|"(?! ))*"|-) (?:"(?P<agent>(?:[^"\\]|\\.|"(?! ))*)"|-)'
)
_S3_START: Final = re.compile(rb"[0-9a-f]{32,80} [a-z0-9.-]{3,63} \[\d\d/[A-Z][a-z]{2}/\d{4}:")


class CutLineError(ValueError):
    """A line that its format does not allow: cut, or made to confuse."""


Reader = Callable[[str, Wanted], Iterator[Use]]
"""Yields what a line, or a document, says of the credential. Raises `CutLineError`."""


def reader_of(start: bytes) -> tuple[str, Reader] | None:
    """Return name and reader of the format a file begins with; `None` when it is no log we know."""
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _ANALYTICS.match(start):
        return "Azure Storage Analytics", _analytics
    if _S3_START.match(start):
        return "S3 server access log", _s3
    if start.startswith((b"{", b"[")):
        return "JSON", _json
    return None


def _analytics(line: str, wanted: Wanted) -> Iterator[Use]:
    cells = _semicolons(line)
    if len(cells) < 28:
        raise CutLineError(f"{len(cells)} fields, where there should be at least 30")
    if not wanted.fits_url(cells[11].replace("&amp;", "&")):
        return
    yield Use(
        at=instant(cells[1]),
        operation=cells[2],
        deed=deed_of(cells[2]),
        succeeded=cells[4].startswith("2"),
        address=without_port(cells[15]),
        agent=cells[27],
        item=cells[12].lstrip("/"),
        bytes_out=count(cells[20]),
        bytes_in=count(cells[21]),
    )


def _semicolons(line: str) -> list[str]:
    """Split at semicolons; inside of double quotes they are text."""
    if '"' not in line:
        return line.split(";")
    return [cell.strip('"') for cell in re.findall(r'(?:^|;)("[^"]*"|[^;]*)', line)]


def _s3(line: str, wanted: Wanted) -> Iterator[Use]:
    found = _S3.match(line)
    if found is None:
        raise CutLineError("not the fields of a server access log")
    if not (wanted.fits_key(found["requester"]) or wanted.fits_key(found["request"] or "")):
        return
    try:
        at: datetime | None = datetime.strptime(found["at"], "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        at = None
    yield Use(
        at=at,
        operation=found["operation"],
        deed=deed_of(found["operation"]),
        succeeded=found["status"].startswith("2"),
        address=found["address"],
        agent=found["agent"] or "",
        item=f"{found['bucket']}/{found['key']}",
        bytes_out=count(found["out"]),
    )


def _json(line: str, wanted: Wanted) -> Iterator[Use]:
    told = _loaded(line.strip().rstrip(","))
    for record in _records(told):
        use = of_azure(record, wanted) or _cloudtrail(record, wanted) or _google(record, wanted)
        if use is not None:
            yield use


def _loaded(line: str) -> Any:
    """Read a line: a record, a document, or a record of an array that has one a line."""
    try:
        return json.loads(line)
    except RecursionError as why:
        raise CutLineError("nested too deep") from why
    except ValueError:
        try:
            return json.loads(line.removeprefix("[").removesuffix("]"))
        except (ValueError, RecursionError) as why:
            raise CutLineError("no whole JSON on one line") from why


def _records(told: Any) -> Iterator[dict[str, Any]]:
    """Yield the records of a line or a document: alone, in a list, under `Records` or `records`."""
    if isinstance(told, dict):
        inner = next(
            (told[name] for name in ("Records", "records") if isinstance(told.get(name), list)), None
        )
        told = [told] if inner is None else inner
    if isinstance(told, list):
        yield from (each for each in told if isinstance(each, dict))


def of_azure(record: Mapping[str, Any], wanted: Wanted) -> Use | None:
    """Read a record of StorageBlobLogs, streamed by diagnostic settings or exported from Log Analytics."""
    properties, identity = _part(record, "properties"), _part(record, "identity")
    operation = _text(record, "operationName", "OperationName")
    told = _text(identity, "tokenHash") or _text(record, "AuthenticationHash")
    uri = _text(record, "uri", "Uri")
    if not operation or not (told or uri):
        return None
    if not (wanted.fits_hash(told) if told and wanted.hashes else wanted.fits_url(uri)):
        return None
    return Use(
        at=instant(_text(record, "time", "TimeGenerated")),
        operation=operation,
        deed=deed_of(operation),
        succeeded=_text(record, "statusCode", "StatusCode").startswith("2"),
        address=without_port(_text(record, "callerIpAddress", "CallerIpAddress")),
        agent=_text(properties, "userAgentHeader") or _text(record, "UserAgentHeader"),
        item=(_text(properties, "objectKey") or _text(record, "ObjectKey")).lstrip("/"),
        bytes_out=count(_text(properties, "responseBodySize") or _text(record, "ResponseBodySize")),
        bytes_in=count(_text(properties, "requestBodySize") or _text(record, "RequestBodySize")),
    )


def _cloudtrail(record: dict[str, Any], wanted: Wanted) -> Use | None:
    identity, asked = _part(record, "userIdentity"), _part(record, "requestParameters")
    operation = _text(record, "eventName")
    if not operation or not wanted.fits_key(f"{_text(identity, 'accessKeyId')} {_text(identity, 'arn')}"):
        return None
    more = _part(record, "additionalEventData")
    return Use(
        at=instant(_text(record, "eventTime")),
        operation=operation,
        deed=deed_of(operation),
        succeeded=not _text(record, "errorCode"),
        address=_text(record, "sourceIPAddress"),
        agent=_text(record, "userAgent").strip("[]"),
        item="/".join(filter(None, (_text(asked, "bucketName"), _text(asked, "key")))),
        bytes_out=count(_text(more, "bytesTransferredOut").partition(".")[0]),
        bytes_in=count(_text(more, "bytesTransferredIn").partition(".")[0]),
    )


def _google(record: dict[str, Any], wanted: Wanted) -> Use | None:
    payload = _part(record, "protoPayload")
    who, how = _part(payload, "authenticationInfo"), _part(payload, "requestMetadata")
    operation = _text(payload, "methodName")
    names = f"{_text(who, 'principalEmail')} {_text(who, 'serviceAccountKeyName')}"
    if not operation or not wanted.fits_key(names):
        return None
    resource = _text(payload, "resourceName")
    return Use(
        at=instant(_text(record, "timestamp")),
        operation=operation,
        deed=deed_of(operation),
        succeeded=not _part(payload, "status").get("code"),
        address=_text(how, "callerIp"),
        agent=_text(how, "callerSuppliedUserAgent"),
        item=resource.removeprefix("projects/_/buckets/").replace("/objects/", "/", 1),
    )


def _part(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _text(record: Mapping[str, Any], *names: str) -> str:
    found = next((record[name] for name in names if record.get(name) is not None), "")
    return found if isinstance(found, str) else str(found) if isinstance(found, int) else ""
