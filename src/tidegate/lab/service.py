"""The read-only part of the Blob service's REST interface, over a simulated account.

List Containers, List Blobs, Get Blob, the properties of blob, container, service and account; all else is
refused. Addresses may have the account in the path, as emulators do, with or without the service before it
(`/blob/account/container`), or in the host name.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tidegate.lab import listing, marks, properties
from tidegate.lab.access import Asked, Operation, check_anonymous, check_sas
from tidegate.lab.account import Account
from tidegate.lab.container import Container
from tidegate.lab.http import Request, Response
from tidegate.lab.others import LETTERS, empty_list
from tidegate.lab.refusals import Refusal, said
from tidegate.lab.shared_key import check_key

LONGEST_PAGE = 5000
_VERSION = "2021-12-02"
_PIECE = 1 << 20
_HOST = re.compile(r"(?P<account>[a-z0-9]{3,24})\.(?P<service>blob|file|queue|table)\.")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class BlobService:
    """Answers requests to one account. Nothing changes it, so any number of threads may ask."""

    account: Account
    clock: Callable[[], datetime] = _now
    https: bool = False
    """Take requests for encrypted ones, as a service behind a proxy does: links with `spr=https` work."""
    latency_s: float = 0
    """Wait so long before every answer."""

    def answer(self, request: Request) -> Response:
        """Answer one request, whatever it is."""
        if self.latency_s:
            time.sleep(self.latency_s)
        request_id = str(uuid.uuid4())
        try:
            response = self._answer(request)
        except Refusal as refusal:
            told = said(refusal, request_id, self.clock())
            headers = {"Content-Type": "application/xml", "x-ms-error-code": refusal.code}
            response = Response(status=told.status, headers=headers, body=told.body)
        echoed = request.headers.get("x-ms-client-request-id")
        return replace(
            response,
            headers={
                "Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
                "x-ms-request-id": request_id,
                **({"x-ms-client-request-id": echoed} if echoed else {}),
                "x-ms-version": request.headers.get("x-ms-version", _VERSION),
                "Date": listing.http_date(self.clock()),
                **response.headers,
            },
        )

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise Refusal("UnsupportedHttpVerb")
        parameters = _parameters(request)
        service, path, endpoint = self._path(request)
        name, _, key = path.partition("/")
        container = self.account.container(name) if name and service == "blob" else None
        asked = Asked(
            service=service,
            operation=_operation(parameters, name, key) if service == "blob" else _of_others(service),
            path=path,
            container=container,
            parameters=parameters,
            https=self.https,
            address=request.address,
        )
        self._check(request, asked)
        if service != "blob":
            return empty_list(service, path, parameters, endpoint)
        match asked.operation:
            case Operation.LIST_CONTAINERS:
                return self._list_containers(parameters, endpoint)
            case Operation.ACCOUNT_INFORMATION:
                return Response(status=200, headers=properties.ACCOUNT)
            case Operation.SERVICE_PROPERTIES:
                return _xml(properties.SERVICE)
        if container is None:
            raise Refusal("ContainerNotFound")
        match asked.operation:
            case Operation.LIST_BLOBS:
                return _list_blobs(container, parameters, endpoint)
            case Operation.CONTAINER_PROPERTIES:
                return Response(status=200, headers=properties.of_container(container))
            case Operation.CONTAINER_ACL:
                return _xml(properties.NO_POLICIES, properties.of_container(container))
        return _blob(container, key, request)

    def _path(self, request: Request) -> tuple[str, str, str]:
        """Return the service, the path in it, decoded, and its address."""
        host, name = request.headers.get("host", ""), self.account.name
        found = _HOST.match(host.lower())
        if found and found["account"] == name:
            return found["service"], request.path, f"http://{host}/"
        before, slash, path = request.path.partition("/")
        service = before if before in LETTERS and before != name else ""
        account, _, path = path.partition("/") if service else (before, slash, path)
        if account != name:
            raise Refusal("ResourceNotFound")
        return service or "blob", path, f"http://{host}/{service}{'/' if service else ''}{account}/"

    def _check(self, request: Request, asked: Asked) -> None:
        if "authorization" in request.headers:
            check_key(
                self.account,
                request.method,
                request.raw_path,
                request.parameters,
                request.headers,
                self.clock(),
            )
        elif "sig" in asked.parameters:
            check_sas(self.account, asked, self.clock())
        else:
            check_anonymous(self.account, asked)

    def _list_containers(self, parameters: Mapping[str, str], endpoint: str) -> Response:
        limit, prefix = _limit(parameters), parameters.get("prefix", "")
        after = marks.read(parameters.get("marker", "")).decode("utf-8", "replace")
        begin = after.removeprefix(f"/{self.account.name}/")
        found = [
            each for each in self.account.containers if each.name.startswith(prefix) and each.name >= begin
        ]
        more = found[limit].name if len(found) > limit else None
        marker = marks.write(f"/{self.account.name}/{more}".encode()) if more else ""
        asked = _asked(parameters, "prefix", "marker", "maxresults")
        return _xml(listing.containers(found[:limit], endpoint=endpoint, asked=asked, marker=marker))


def _list_blobs(container: Container, parameters: Mapping[str, str], endpoint: str) -> Response:
    found = container.listing(
        _limit(parameters),
        prefix=parameters.get("prefix", "").encode("utf-8", "replace"),
        delimiter=parameters.get("delimiter", "").encode("utf-8", "replace"),
        after=marks.read(parameters.get("marker", "")),
    )
    asked = _asked(parameters, "prefix", "marker", "maxresults", "delimiter")
    marker = "" if found.after is None else marks.write(found.after)
    return _xml(listing.page(container, found, endpoint=endpoint, asked=asked, marker=marker))


def _blob(container: Container, key: str, request: Request) -> Response:
    number = container.number(key.encode("utf-8", "replace"))
    if number is None:
        raise Refusal("BlobNotFound")
    stretch, at = container.place(number)
    told = properties.of_blob(stretch, at)
    if request.headers.get("if-match", "*") not in ("*", told.headers["ETag"]):
        raise Refusal("ConditionNotMet")
    if request.method == "HEAD":
        return Response(status=200, headers=told.head_headers, length=told.size_bytes)
    if told.tier == "Archive":
        raise Refusal("BlobArchived")
    asked = request.headers.get("x-ms-range") or request.headers.get("range")
    start, stop = properties.asked_range(asked, told.size_bytes) if asked else (0, told.size_bytes)
    headers = dict(told.headers)
    if asked:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{told.size_bytes}"
        if md5 := headers.pop("Content-MD5", None):
            headers["x-ms-blob-content-md5"] = md5

    def pieces() -> Iterator[bytes]:
        for begin in range(start, stop, _PIECE):
            yield stretch.read(at, begin, min(stop, begin + _PIECE))

    return Response(status=206 if asked else 200, headers=headers, body=pieces(), length=stop - start)


def _parameters(request: Request) -> dict[str, str]:
    """Return the query; of repeated parameters the first. A blank in a signature was a plus."""
    found: dict[str, str] = {}
    for name, value in request.parameters:
        found.setdefault(name.lower(), value.replace(" ", "+") if name.lower() == "sig" else value)
    return found


def _operation(parameters: Mapping[str, str], container: str, key: str) -> Operation:
    restype, comp = parameters.get("restype", ""), parameters.get("comp", "")
    if (restype, comp) == ("account", "properties"):
        return Operation.ACCOUNT_INFORMATION
    if key and not restype and not comp:
        return Operation.READ_BLOB
    if container and not key:
        known = {
            ("container", "list"): Operation.LIST_BLOBS,
            ("container", ""): Operation.CONTAINER_PROPERTIES,
            ("container", "metadata"): Operation.CONTAINER_PROPERTIES,
            ("container", "acl"): Operation.CONTAINER_ACL,
        }
        # A name without a container lies in the container `$root`, which this account has not.
        return known.get((restype, comp), Operation.READ_BLOB)
    if not container and (restype, comp) == ("", "list"):
        return Operation.LIST_CONTAINERS
    if not container and (restype, comp) == ("service", "properties"):
        return Operation.SERVICE_PROPERTIES
    raise Refusal("InvalidQueryParameterValue")


def _of_others(service: str) -> Operation:
    # Tables are listed at the level of containers.
    return Operation.LIST_TABLES if service == "table" else Operation.LIST_CONTAINERS


def _limit(parameters: Mapping[str, str]) -> int:
    text = parameters.get("maxresults", str(LONGEST_PAGE))
    if not (text.isascii() and text.isdigit()):
        raise Refusal("InvalidQueryParameterValue")
    if int(text) < 1:
        raise Refusal("OutOfRangeQueryParameterValue")
    return min(int(text), LONGEST_PAGE)


def _asked(parameters: Mapping[str, str], *names: str) -> dict[str, str]:
    written = {"prefix": "Prefix", "marker": "Marker", "maxresults": "MaxResults", "delimiter": "Delimiter"}
    return {written[name]: parameters.get(name, "") for name in names}


def _xml(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status=200, headers={"Content-Type": "application/xml", **(headers or {})}, body=body, chunked=True
    )
