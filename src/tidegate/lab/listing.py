"""Pages of a listing as the service writes them, 5,000 blobs in some milliseconds.

Order of elements and spelling as the real service has them: taken from the recorded answers in the test
suites of Azure's SDKs (azure-sdk-for-js, sdk/storage/storage-blob/recordings), versions 2020-08-04 and later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from tidegate.lab import noise
from tidegate.lab.container import Blobs, Container, Listing
from tidegate.lab.noise import U64, Bytes
from tidegate.lab.stretch import Kind, Stretch

HEAD = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>'
"""The service begins with a byte order mark."""

_DAY_S = 86_400
_FIRST_DAY = date(2010, 1, 1)
_BASE64 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)


def http_date(instant: datetime) -> str:
    """Write `Mon, 28 Jun 2021 05:51:04 GMT`, whatever the language of the machine."""
    return f"{_day(instant.date())}{instant:%H:%M:%S} GMT"


def tier_xml(kind: Kind, tier: str) -> str:
    """Write what a listing tells of the tier: page and append blobs of ordinary accounts have none."""
    if kind.blob_type != "BlockBlob":
        return ""
    told = "<AccessTierInferred>true</AccessTierInferred>" if tier == "Hot" else _moved(kind)
    return f"<AccessTier>{tier}</AccessTier>{told}"


def tier_moved(kind: Kind) -> datetime:
    """Return when a rule of the account moved this kind's blobs to their tier: after their last change."""
    return datetime(kind.until + 1, 2, 1, 1, 30, tzinfo=UTC)


def blobs(stretch: Stretch, start: int, stop: int) -> bytearray:
    """Write blobs [start, stop) of a stretch."""
    at = np.arange(start, stop, dtype=np.uint64)
    told, kind = stretch.columns(at), stretch.kind
    tiers = _rows([tier_xml(kind, tier) for tier in kind.tiers])
    sequence = (
        "<x-ms-blob-sequence-number>0</x-ms-blob-sequence-number>" if kind.blob_type == "PageBlob" else ""
    )
    md5 = "<Content-MD5 />" if told.md5 is None else "<Content-MD5>"
    parts: Sequence[str | Bytes] = (
        "<Blob><Name>",
        stretch.names.rows(at, escaped=True),
        "</Name><Properties><Creation-Time>",
        _dates(told.created),
        "</Creation-Time><Last-Modified>",
        _dates(told.modified),
        "</Last-Modified><Etag>0x",
        _upper_hex(told.ticks),
        "</Etag><Content-Length>",
        _plain(told.sizes.astype(np.uint64)),
        f"</Content-Length><Content-Type>{escape(kind.content_type)}</Content-Type>"
        f"<Content-Encoding /><Content-Language /><Content-CRC64 />{md5}",
        *(() if told.md5 is None else (_base64(told.md5), "</Content-MD5>")),
        f"<Cache-Control /><Content-Disposition />{sequence}<BlobType>{kind.blob_type}</BlobType>",
        tiers[told.tiers],
        "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true"
        "</ServerEncrypted></Properties><OrMetadata /></Blob>",
    )
    # All rows are equally long; what is shorter is filled with NUL, which then goes.
    wide = [_rows([part])[0] if isinstance(part, str) else part for part in parts]
    ends = np.cumsum([part.shape[-1] for part in wide]).tolist()
    text = bytearray(len(at) * ends[-1])
    page = np.frombuffer(text, np.uint8).reshape(len(at), -1)
    for part, end in zip(wide, ends, strict=True):
        page[:, end - part.shape[-1] : end] = part
    return text.translate(None, b"\0")


def page(
    container: Container,
    listing: Listing,
    *,
    endpoint: str,
    asked: Mapping[str, str],
    marker: str,
) -> bytes:
    """Write one page. asked: what the request said of `Prefix`, `Marker`, `MaxResults`, `Delimiter`."""
    echoed = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in asked.items() if value)
    parts: list[bytes | bytearray] = [
        HEAD,
        f"<EnumerationResults ServiceEndpoint={quoteattr(endpoint)}"
        f" ContainerName={quoteattr(container.name)}>{echoed}<Blobs>".encode(),
    ]
    for entry in listing.entries:
        if isinstance(entry, Blobs):
            parts += [blobs(*cut) for cut in container.cut(entry.start, entry.stop)]
        else:
            parts.append(f"<BlobPrefix><Name>{escape(entry.decode())}</Name></BlobPrefix>".encode())
    parts.append(b"</Blobs>" + next_marker(marker) + b"</EnumerationResults>")
    return b"".join(parts)


def containers(found: Sequence[Container], *, endpoint: str, asked: Mapping[str, str], marker: str) -> bytes:
    """Write a page of containers. asked: as for `page`."""
    echoed = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in asked.items() if value)
    entries = "".join(map(_container, found))
    head = f"<EnumerationResults ServiceEndpoint={quoteattr(endpoint)}>{echoed}<Containers>"
    return HEAD + f"{head}{entries}</Containers>".encode() + next_marker(marker) + b"</EnumerationResults>"


def _container(container: Container) -> str:
    public = f"<PublicAccess>{container.public}</PublicAccess>" if container.public else ""
    return (
        f"<Container><Name>{escape(container.name)}</Name><Properties>"
        f"<Last-Modified>{http_date(datetime.fromtimestamp(container.modified, UTC))}</Last-Modified>"
        f'<Etag>"{container_etag(container)}"</Etag><LeaseStatus>unlocked</LeaseStatus>'
        f"<LeaseState>available</LeaseState>{public}<DefaultEncryptionScope>$account-encryption-key"
        "</DefaultEncryptionScope><DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>"
        "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>"
        "<ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled>"
        "</Properties></Container>"
    )


def container_etag(container: Container) -> str:
    """Return the ETag of a container: its last change in ticks, as that of a blob."""
    return f"0x{container.modified * 10_000_000 + 621_355_968_000_000_000:X}"


def next_marker(marker: str) -> bytes:
    """Write the element that ends a page."""
    return f"<NextMarker>{escape(marker)}</NextMarker>".encode() if marker else b"<NextMarker />"


def _moved(kind: Kind) -> str:
    return f"<AccessTierChangeTime>{http_date(tier_moved(kind))}</AccessTierChangeTime>"


def _rows(texts: Sequence[str]) -> Bytes:
    encoded = np.array([text.encode() for text in texts], dtype=np.bytes_)
    return encoded.view(np.uint8).reshape(len(texts), -1)


def _dates(seconds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Bytes:
    days, clock = _calendar()
    day, rest = np.divmod(seconds - _epoch_s(), _DAY_S)
    return np.concatenate([days[day], clock[rest]], axis=1)


@cache
def _calendar() -> tuple[Bytes, Bytes]:
    """Return one row for each day from 2010 to 2049, and one for each second of a day."""
    days = [_day(_FIRST_DAY + timedelta(days=n)) for n in range(40 * 365)]
    clock = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02} GMT" for s in range(_DAY_S)]
    return _rows(days), _rows(clock)


def _epoch_s() -> int:
    return (_FIRST_DAY - date(1970, 1, 1)).days * _DAY_S


def _day(day: date) -> str:
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[day.month - 1]
    return f"{name}, {day.day:02} {month} {day.year} "


def _upper_hex(values: U64) -> Bytes:
    text = noise.digits(values, 15, 16)
    return np.where(text >= ord("a"), text - np.uint8(32), text)


def _plain(values: U64) -> Bytes:
    """Write numbers without leading zeros: those become NUL."""
    width = len(str(int(values.max())))
    text = noise.digits(values, width, 10)
    leading = np.logical_and.accumulate(text[:, :-1] == ord("0"), axis=1)
    text[:, :-1][leading] = 0
    return text


def _base64(raw: Bytes) -> Bytes:
    """raw: (n, 16).  Returns (n, 24)."""
    padded = np.zeros((len(raw), 18), np.uint32)
    padded[:, :16] = raw
    three = padded[:, 0::3] << 16 | padded[:, 1::3] << 8 | padded[:, 2::3]
    text = np.empty((len(raw), 24), np.uint8)
    for at, shift in enumerate((18, 12, 6, 0)):
        text[:, at::4] = _BASE64[three >> shift & 63]
    text[:, 22:] = ord("=")
    return text
