"""A small Cloud Storage on the loopback: checks signatures, expiry and rights, and answers as the real one does.

The emulators that can be installed check nothing. Bodies of errors are those that people quoted in public; what
is not known of the real service: what it says of a date that is yet to come, and of an inactive HMAC key.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from services.gcs_control import control
from services.gcs_state import Bucket, Cloud, Object, compact
from services.gcs_verify import RefusedRequestError, bearer, signer

Answer = tuple[int, dict[str, str], bytes]
XML = {"content-type": "application/xml; charset=UTF-8"}
JSON = {"content-type": "application/json; charset=UTF-8"}
OBJECT_WORDS = "access to the Google Cloud Storage object. Permission 'storage.objects.get' denied on resource (or it may not exist)."
BUCKET_WORDS = "access to the Google Cloud Storage bucket. Permission '{right}' denied on resource (or it may not exist)."


@dataclass(slots=True)
class GcsFake:
    """The running server."""

    cloud: Cloud
    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query of every request."""


@contextmanager
def running(cloud: Cloud) -> Iterator[GcsFake]:
    """Serve on a free port of the loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    fake = GcsFake(cloud, f"http://127.0.0.1:{server.server_port}")
    server.fake = fake  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        fake: GcsFake = self.server.fake  # type: ignore[attr-defined]
        fake.asked.append((self.command, self.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            status, told, body = answer(fake.cloud, self.command, self.path, headers)
        except RefusedRequestError as why:
            status, told, body = why.status, XML, _error(why)
        self.send_response_only(status)
        told = {"date": format_datetime(fake.cloud.now(), usegmt=True), "server": "UploadServer", **told}
        for name, value in {"content-length": str(len(body)), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self) -> None:
        fake: GcsFake = self.server.fake  # type: ignore[attr-defined]
        fake.asked.append((self.command, self.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        found = control(fake.cloud, self.command, self.path, headers, body)
        if found is None:
            self.send_error(405)
            return
        self.send_response_only(found[0])
        date = format_datetime(fake.cloud.now(), usegmt=True)
        for name, value in {"content-length": str(len(found[1])), "date": date, **JSON}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(found[1])

    do_HEAD = do_GET  # noqa: N815 -- the base class looks for these names
    do_PUT = do_POST = do_DELETE = do_PATCH = do_OPTIONS = _refuse  # noqa: N815

    def log_message(self, *_: Any) -> None:
        return


def answer(cloud: Cloud, method: str, path: str, headers: dict[str, str]) -> Answer:
    """Answer one request. Raises `RefusedRequestError`."""
    if cloud.broken:
        return cloud.broken, {"content-type": "text/html"}, b"<html><title>Error</title></html>"
    host = headers.get("host", "").lower()
    found = control(cloud, method, path, headers, b"")
    if found is not None:
        return found[0], JSON, found[1]
    if host == "firebasestorage.googleapis.com":
        return _firebase(cloud, path, headers)
    if urlsplit(path).path.startswith(("/storage/v1/", "/download/storage/v1/")):
        return _json(cloud, path, headers)
    return _xml(cloud, method, host, path, headers)


def _json(cloud: Cloud, path: str, headers: dict[str, str]) -> Answer:
    who = None
    if "authorization" in headers:
        who = bearer(cloud, headers["authorization"].removeprefix("Bearer "))
        if who is None:
            return _json_error(401, "Invalid Credentials", "authError", location="Authorization")
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    segments = parts.path.removeprefix("/download").removeprefix("/storage/v1/b").strip("/").split("/")
    if segments == [""]:
        if who is None:
            return _json_error(401, "Login Required", "required", location="Authorization")
        if who not in cloud.project_lists.get(query.get("project", ""), set()):
            words = f"{who[15:]} does not have storage.buckets.list access to the Google Cloud project."
            return _json_error(403, words, "forbidden")
        names = sorted(b.name for b in cloud.buckets.values() if b.project == query["project"])
        return 200, JSON, _json_buckets(names, query)
    bucket = cloud.buckets.get(segments[0])
    if bucket is None:
        return _json_error(404, "The specified bucket does not exist.", "notFound")
    if bucket.billing_off:
        words = "The billing account for the owning project is disabled in state absent"
        return _json_error(403, words, "accountDisabled")
    if bucket.requester_pays:
        words = "Bucket is a requester pays bucket but no user project provided."
        return _json_error(400, words, "required")
    if segments[1:] == ["iam", "testPermissions"]:
        wanted = parse_qs(parts.query).get("permissions", [])
        given = [right for right in wanted if cloud.may(bucket, who, right)]
        told = {"kind": "storage#testIamPermissionsResponse"} | ({"permissions": given} if given else {})
        return 200, JSON, compact(told)
    caller = "Anonymous caller" if who is None else who[15:]
    if segments[1:] == ["o"]:
        if not cloud.may(bucket, who, "storage.objects.list"):
            words = f"{caller} does not have storage.objects.list {BUCKET_WORDS.format(right='storage.objects.list')}"
            return _json_denied(words, who)
        return 200, JSON, _json_list(bucket, query)
    found = bucket.get(unquote(segments[2]), query.get("generation", ""))
    public = found is not None and found.public
    if not public and not cloud.may(bucket, who, "storage.objects.get"):
        return _json_denied(f"{caller} does not have storage.objects.get {OBJECT_WORDS}", who)
    if found is None:
        return _json_error(404, f"No such object: {bucket.name}/{unquote(segments[2])}", "notFound")
    if query.get("alt") != "media":
        return 200, JSON, compact(found.resource())
    return _media(found, headers)


def _json_buckets(names: list[str], query: dict[str, str]) -> bytes:
    begin = int(query.get("pageToken", "0"))
    stop = begin + int(query.get("maxResults", "1000"))
    told: dict[str, Any] = {
        "kind": "storage#buckets",
        "items": [{"name": name} for name in names[begin:stop]],
    }
    return compact(told | ({"nextPageToken": str(stop)} if stop < len(names) else {}))


def _json_list(bucket: Bucket, query: dict[str, str]) -> bytes:
    objects = bucket.sorted(
        versions=query.get("versions") == "true", soft_deleted=query.get("softDeleted") == "true"
    )
    after = tuple(json.loads(base64.b64decode(query["pageToken"]))) if "pageToken" in query else None
    entries = [
        entry
        for entry in _entries(objects, query.get("prefix", ""), query.get("delimiter", ""))
        if entry[0] >= query.get("startOffset", "") and (after is None or entry[:2] > after)
    ]
    limit = min(1000, int(query.get("maxResults", "1000")))
    page = entries[:limit]
    told: dict[str, Any] = {"kind": "storage#objects"}
    if prefixes := [name for name, _, held in page if held is None]:
        told["prefixes"] = prefixes
    if items := [held.resource() for _, _, held in page if held is not None]:
        asked = re.search(r"items\(([^)]*)\)", query.get("fields", ""))
        keep = asked[1].split(",") if asked else None
        told["items"] = [{k: v for k, v in i.items() if keep is None or k in keep} for i in items]
    if len(entries) > limit:
        told["nextPageToken"] = base64.b64encode(json.dumps(page[-1][:2]).encode()).decode()
    return compact(told)


def _entries(objects: list[Object], prefix: str, delimiter: str) -> list[tuple[str, int, Object | None]]:
    entries: list[tuple[str, int, Object | None]] = []
    for each in objects:
        if not each.name.startswith(prefix):
            continue
        head, found, _ = each.name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if not found:
            entries.append((each.name, each.generation, each))
        elif not entries or entries[-1][0] != prefix + head + found or entries[-1][2] is not None:
            entries.append((prefix + head + found, 0, None))
    return entries


def _media(found: Object, headers: dict[str, str]) -> Answer:
    told = {
        "content-type": found.content_type,
        "etag": f'"{found.md5.hex()}"',
        "last-modified": format_datetime(found.updated, usegmt=True),
        "x-goog-generation": str(found.generation),
        "x-goog-hash": f"crc32c=AAAAAA==,md5={base64.b64encode(found.md5).decode()}",
        "x-goog-storage-class": found.storage_class,
        "x-goog-stored-content-length": str(len(found.data)),
        "accept-ranges": "bytes",
    }
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("range", ""))
    if wanted is None:
        return 200, told, found.data
    start, stop = int(wanted[1]), min(int(wanted[2]) + 1, len(found.data))
    if start >= len(found.data):
        why = RefusedRequestError(416, "InvalidRange", "The requested range cannot be satisfied.")
        return 416, XML, _error(why)
    told["content-range"] = f"bytes {start}-{stop - 1}/{len(found.data)}"
    return 206, told, found.data[start:stop]


def _xml(cloud: Cloud, method: str, host: str, path: str, headers: dict[str, str]) -> Answer:
    who = signer(cloud, method, path, headers)
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    virtual = re.fullmatch(r"(.+)\.storage\.googleapis\.com", host)
    name, _, key = (f"{virtual[1]}{parts.path}" if virtual else parts.path[1:]).partition("/")
    if not name:
        if who is None:
            raise RefusedRequestError(401, "AuthenticationRequired", "Authentication required.")
        return _xml_buckets(cloud, who)
    bucket = cloud.buckets.get(name)
    if bucket is None:
        raise RefusedRequestError(404, "NoSuchBucket", "The specified bucket does not exist.")
    if bucket.billing_off:
        raise RefusedRequestError(
            403,
            "UserProjectAccountProblem",
            "The project to be billed is associated with an absent billing account.",
            "The billing account for the owning project is disabled in state absent",
        )
    if bucket.requester_pays:
        words = "Bucket is requester pays bucket but no user project provided."
        raise RefusedRequestError(400, "UserProjectMissing", words)
    caller = "Anonymous caller" if who is None else who[15:]
    if not key:
        if not cloud.may(bucket, who, "storage.objects.list"):
            words = f"{caller} does not have storage.objects.list {BUCKET_WORDS.format(right='storage.objects.list')}"
            raise RefusedRequestError(403, "AccessDenied", "Access denied.", words)
        return 200, XML, _xml_list(bucket, query)
    found = bucket.get(unquote(key), query.get("generation", ""))
    if not (found is not None and found.public) and not cloud.may(bucket, who, "storage.objects.get"):
        words = f"{caller} does not have storage.objects.get {OBJECT_WORDS}"
        raise RefusedRequestError(403, "AccessDenied", "Access denied.", words)
    if found is None:
        words = f"No such object: {name}/{unquote(key)}"
        raise RefusedRequestError(404, "NoSuchKey", "The specified key does not exist.", words)
    return _media(found, headers)


def _xml_buckets(cloud: Cloud, who: str) -> Answer:
    projects = [project for project, members in cloud.project_lists.items() if who in members]
    if not projects:
        words = f"{who[15:]} does not have storage.buckets.list access to the Google Cloud project."
        raise RefusedRequestError(403, "AccessDenied", "Access denied.", words)
    names = sorted(bucket.name for bucket in cloud.buckets.values() if bucket.project in projects)
    buckets = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names)
    inner = f"<Owner><ID>0</ID></Owner><Buckets>{buckets}</Buckets>"
    return 200, XML, _document("ListAllMyBucketsResult", inner)


def _xml_list(bucket: Bucket, query: dict[str, str]) -> bytes:
    def spelled(name: str) -> str:
        return quote(name, safe="/") if query.get("encoding-type") == "url" else escape(name)

    versions = "versions" in query
    after = (query.get("marker", ""), int(query.get("generation-marker") or (1 << 62)))
    entries = _entries(bucket.sorted(versions=versions), query.get("prefix", ""), query.get("delimiter", ""))
    entries = [e for e in entries if not after[0] or e[:2] > after]
    limit = min(1000, int(query.get("max-keys", "1000")))
    page = entries[:limit]
    inner = [f"<Name>{bucket.name}</Name><Prefix>{spelled(query.get('prefix', ''))}</Prefix>"]
    if query.get("encoding-type") == "url":
        inner.append("<EncodingType>url</EncodingType>")
    inner.append(f"<IsTruncated>{str(len(entries) > limit).lower()}</IsTruncated>")
    for name, generation, held in page:
        if held is None:
            inner.append(f"<CommonPrefixes><Prefix>{spelled(name)}</Prefix></CommonPrefixes>")
            continue
        stamp = held.resource()["updated"]
        tag = "Version" if versions else "Contents"
        latest = f"<IsLatest>{str(not held.noncurrent).lower()}</IsLatest>" if versions else ""
        inner.append(
            f"<{tag}><Key>{spelled(name)}</Key><Generation>{generation}</Generation>{latest}"
            f"<MetaGeneration>1</MetaGeneration><LastModified>{stamp}</LastModified>"
            f'<ETag>"{held.md5.hex()}"</ETag><Size>{len(held.data)}</Size>'
            f"<StorageClass>{held.storage_class}</StorageClass></{tag}>"
        )
    return _document("ListBucketResult", "".join(inner))


def _firebase(cloud: Cloud, path: str, headers: dict[str, str]) -> Answer:
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = re.fullmatch(r"/v0/b/([^/]+)/o(?:/([^/]+))?", parts.path)
    bucket = cloud.buckets.get(found[1]) if found else None
    if bucket and found and not found[2] and "list" in bucket.rules:
        return 200, JSON, _firebase_list(bucket, query)
    held = bucket.get(unquote(found[2])) if bucket and found and found[2] else None
    allowed = (
        held is not None
        and bucket is not None
        and ("get" in bucket.rules or bool(held.token and query.get("token") == held.token))
    )
    if held is None or not allowed:
        return 403, JSON, compact({"error": {"code": 403, "message": "Permission denied."}})
    return _media(held, headers)


def _firebase_list(bucket: Bucket, query: dict[str, str]) -> bytes:
    entries = _entries(bucket.sorted(), query.get("prefix", ""), query.get("delimiter", ""))
    begin = int(query.get("pageToken", "0"))
    stop = begin + int(query["maxResults"])
    page = entries[begin:stop]
    told: dict[str, Any] = {
        "prefixes": [name for name, _, held in page if held is None],
        "items": [{"name": name, "bucket": bucket.name} for name, _, held in page if held is not None],
    }
    return compact(told | ({"nextPageToken": str(stop)} if stop < len(entries) else {}))


def _json_error(status: int, message: str, reason: str, *, location: str = "") -> Answer:
    where = {"locationType": "header", "location": location} if location else {}
    errors = [{"message": message, "domain": "global", "reason": reason, **where}]
    return status, JSON, compact({"error": {"code": status, "message": message, "errors": errors}})


def _json_denied(words: str, who: str | None) -> Answer:
    if who is None:
        return _json_error(401, words, "required", location="Authorization")
    return _json_error(403, words, "forbidden")


def _error(why: RefusedRequestError) -> bytes:
    details = f"<Details>{escape(why.details)}</Details>" if why.details else ""
    return _document(
        "Error", f"<Code>{why.code}</Code><Message>{escape(why.message)}</Message>{details}", plain=True
    )


def _document(root: str, inner: str, *, plain: bool = False) -> bytes:
    space = "" if plain else " xmlns='http://doc.s3.amazonaws.com/2006-03-01'"
    return f"<?xml version='1.0' encoding='UTF-8'?><{root}{space}>{inner}</{root}>".encode()
