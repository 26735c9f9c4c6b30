"""Which bucket a request reaches, by its address alone. Strict: what is not plainly Google's is foreign.

Sources: cloud.google.com/storage/docs/request-endpoints (hosts and forms of addresses),
cloud.google.com/storage/docs/buckets#naming, firebase.google.com/docs/storage/web/download-files.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

STORAGE_HOST: Final = "storage.googleapis.com"
FIREBASE_HOST: Final = "firebasestorage.googleapis.com"

_NAME: Final = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_BUCKET: Final = re.compile(_NAME)
_REGIONAL: Final = r"storage\.[a-z]+-[a-z]+[0-9]+\.rep\.googleapis\.com"
_PATH_HOSTS: Final = re.compile(
    r"(?:storage|storage\.mtls|commondatastorage|storage-download)\.googleapis\.com"
    rf"|storage\.cloud\.google\.com|{_REGIONAL}"
)
_BUCKET_HOSTS: Final = re.compile(
    rf"(?P<bucket>{_NAME})\.(?:(?:storage|commondatastorage|storage-download)\.googleapis\.com|{_REGIONAL})"
)
_API: Final = re.compile(r"/(?:download/)?storage/v1/b(?:/(?P<bucket>[^/]*)(?:/.*)?)?", re.DOTALL)
_API_HOSTS: Final = frozenset({"storage.googleapis.com", "storage.mtls.googleapis.com", "www.googleapis.com"})
_OTHER_APIS: Final = ("/storage/v1", "/download/storage/", "/upload/", "/resumable/", "/batch/", "/batch")
_FIREBASE: Final = re.compile(r"/v0/b/(?P<bucket>[^/]+)(?:/.*)?", re.DOTALL)
_LOOPBACK: Final = re.compile(r"localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
# A server or a library on the way may resolve them, and then another bucket is reached.
_DOTS: Final = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


def owner(url: str, host: str | None) -> str | None:
    """Return the bucket, `""` for the service itself, `None` for any address that is not surely Google's.

    host: the `Host` header, where it differs from the URL's; it decides, as it does for the service.
    """
    try:
        parts = urlsplit(url)
        netloc = parts.netloc if host is None else host
        name, port = _split(netloc)
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or "\\" in url or not url.isascii():
        return None
    path = parts.path or "/"
    if _DOTS.search(path) or not (port in ("", "443", "80") or _LOOPBACK.fullmatch(name)):
        return None
    if name == FIREBASE_HOST:
        return _bucket(found["bucket"]) if (found := _FIREBASE.fullmatch(path)) else None
    if (name in _API_HOSTS or _LOOPBACK.fullmatch(name)) and (found := _API.fullmatch(path)):
        return "" if found["bucket"] is None else _bucket(found["bucket"])
    if path.startswith(_OTHER_APIS):
        return None
    if _PATH_HOSTS.fullmatch(name):
        first = path[1:].partition("/")[0]
        return "" if path == "/" else _bucket(first)
    if _LOOPBACK.fullmatch(name):
        # An emulator on this machine, which only an endpoint of the scope lets anyone ask.
        return "" if path == "/" else _bucket(path[1:].partition("/")[0])
    found = _BUCKET_HOSTS.fullmatch(name)
    return _bucket(found["bucket"]) if found else None


def is_bucket(name: str) -> bool:
    """Tell whether a text can be the name of a bucket; others are never put into an address."""
    return _BUCKET.fullmatch(name) is not None and ".." not in name


def _bucket(name: str) -> str | None:
    return name if is_bucket(name) else None


def _split(netloc: str) -> tuple[str, str]:
    """Return host in lower case and port; a trailing dot stays, and so makes the host a foreign one."""
    name, _, port = netloc.partition(":")
    return name.lower(), port
