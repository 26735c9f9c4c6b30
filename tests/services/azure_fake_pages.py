"""The listings of the real services, in their order of elements."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from services.azure_fake_state import MADE, Account, Blob

DATE = format_datetime(MADE, usegmt=True)
START = '\ufeff<?xml version="1.0" encoding="utf-8"?>'


def containers(account: Account, most: int, after: str, record: str, names: Mapping[str, str]) -> str:
    """names: container -> public access level."""
    chosen = sorted(name for name in names if name >= after)
    shown = "".join(
        f'<{record}><Name>{name}</Name><Properties><Last-Modified>{DATE}</Last-Modified><Etag>"0x8D"</Etag>'
        + (f"<PublicAccess>{names[name]}</PublicAccess>" if names[name] else "")
        + f"</Properties></{record}>"
        for name in chosen[:most]
    )
    return _listing(f"{record}s", shown, chosen[most] if len(chosen) > most else "")


def blobs(blobs: list[Blob], query: Mapping[str, str], *, hierarchical: bool) -> str:
    included = query.get("include", "").split(",")
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    chosen = [
        blob
        for blob in blobs
        if blob.name.startswith(prefix)
        and (not blob.snapshot or "snapshots" in included)
        and (blob.current or blob.snapshot or blob.deleted or "versions" in included)
        and (not blob.deleted or "deleted" in included)
    ]
    start, most = int(query.get("marker", "0")), int(query.get("maxresults", "5000"))
    rows: list[str] = []
    seen: set[str] = set()
    position = start
    while position < len(chosen) and len(rows) < most:
        blob = chosen[position]
        position += 1
        name = blob.name + "/" if blob.directory else blob.name
        deeper, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            if deeper not in seen:
                seen.add(deeper)
                rows.append(_prefix(prefix + deeper + delimiter, hierarchical=hierarchical))
            continue
        rows.append(_blob(blob, hierarchical=hierarchical))
    return _listing("Blobs", "".join(rows), str(position) if position < len(chosen) else "")


def _prefix(name: str, *, hierarchical: bool) -> str:
    kept = "<ResourceType>directory</ResourceType><Content-Length>0</Content-Length>"
    properties = f"<Properties>{kept}</Properties>" if hierarchical else ""
    return f"<BlobPrefix><Name>{escape(name)}</Name>{properties}</BlobPrefix>"


def _blob(blob: Blob, *, hierarchical: bool) -> str:
    plain = not any(each in blob.name for each in "\ufffe\uffff")  # XML cannot hold them, the service can
    name = (
        f"<Name>{escape(blob.name)}</Name>"
        if plain
        else f'<Name Encoded="true">{quote(blob.name, safe="")}</Name>'
    )
    md5 = base64.b64encode(hashlib.md5(blob.content).digest()).decode()
    parts = [
        name,
        f"<Snapshot>{blob.snapshot}</Snapshot>" if blob.snapshot else "",
        f"<VersionId>{blob.version}</VersionId>" if blob.version else "",
        "<IsCurrentVersion>true</IsCurrentVersion>" if blob.version and blob.current else "",
        "<Deleted>true</Deleted>" if blob.deleted else "",
        f"<Properties><Creation-Time>{DATE}</Creation-Time><Last-Modified>{DATE}</Last-Modified><Etag>0x8DB</Etag>",
        f"<ResourceType>{'directory' if blob.directory else 'file'}</ResourceType>" if hierarchical else "",
        f"<Content-Length>{len(blob.content)}</Content-Length><Content-Type>{blob.content_type}</Content-Type>",
        "<Content-Encoding /><Content-Language /><Content-CRC64 />",
        f"<Content-MD5>{md5}</Content-MD5>" if blob.content else "<Content-MD5 />",
        f"<Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>{blob.tier}</AccessTier>",
        "<AccessTierInferred>true</AccessTierInferred>" if blob.tier == "Hot" else "",
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>" if not blob.deleted else "",
        "<ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata />",
    ]
    return f"<Blob>{''.join(parts)}</Blob>"


def directory(
    files: Iterable[str], contents: Mapping[str, bytes], path: str, query: Mapping[str, str]
) -> str | None:
    """Return one directory of a share, or `None` when it is not there."""
    above = f"{path}/" if path else ""
    below = sorted({name[len(above) :].partition("/")[:2] for name in files if name.startswith(above)})
    if path and not below:
        return None
    below = [each for each in below if each[0].startswith(query.get("prefix", ""))]
    start, most = int(query.get("marker") or "0"), int(query.get("maxresults", "5000"))
    rows = [
        f"<Directory><Name>{escape(name)}</Name><Properties /></Directory>"
        if deeper
        else f"<File><Name>{escape(name)}</Name><Properties><Content-Length>{len(contents[above + name])}</Content-Length>"
        f"<CreationTime>2026-03-04T05:06:07.1234567Z</CreationTime><Last-Modified>{DATE}</Last-Modified>"
        f'<Etag>"0x8DB"</Etag></Properties></File>'
        for name, deeper in below[start : start + most]
    ]
    return _listing("Entries", "".join(rows), str(start + most) if start + most < len(below) else "")


def paths(blobs: list[Blob], query: Mapping[str, str]) -> tuple[str, str]:
    """Return one page of the data lake's listing, and its continuation."""
    above = query.get("directory", "")
    above = f"{above}/" if above else ""
    deep = query.get("recursive") == "true"
    chosen = [
        blob
        for blob in blobs
        if blob.name.startswith(above) and not blob.deleted and (deep or "/" not in blob.name[len(above) :])
    ]
    start, most = int(query.get("continuation", "0")), int(query.get("maxResults", "5000"))
    rows = [
        {
            "name": blob.name,
            "contentLength": str(len(blob.content)),
            "lastModified": DATE,
            "creationTime": "134170815671234567",
            "etag": "0x8DB",
            **({"isDirectory": "true"} if blob.directory else {}),
        }
        for blob in chosen[start : start + most]
    ]
    return json.dumps({"paths": rows}), str(start + most) if start + most < len(chosen) else ""


def _listing(tag: str, rows: str, marker: str) -> str:
    end = f"<NextMarker>{marker}</NextMarker>" if marker else "<NextMarker />"
    where = 'ServiceEndpoint="https://example.blob.core.windows.net/"'
    return f"{START}<EnumerationResults {where}><{tag}>{rows}</{tag}>{end}</EnumerationResults>"
