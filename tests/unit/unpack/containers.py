"""Making containers, sound ones by the standard library and real tools, hostile ones by hand."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

from tidegate.model.document import Tally
from tidegate.sources.unpack import Limits, sniff, unpack

Files = Mapping[str, bytes]


def opened(
    data: bytes, path: str = "box", limits: Limits | None = None
) -> tuple[dict[str, bytes], list[str]]:
    """Return the documents and the gaps, as `subject: reason`."""
    kind = sniff(data[:512], len(data))
    assert kind is not None, "not taken for a container"
    tally = Tally()
    documents = list(unpack(kind, data, path, tally, limits))
    assert len({name for name, _ in documents}) == len(documents), "two documents of one name"
    return dict(documents), [f"{gap.subject}: {gap.reason}" for gap in tally.gaps]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: Files, mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def member(name: bytes, content: bytes, *, method: int = 8, flags: int = 0, **claims: int) -> bytes:
    """One zip member with a local header that may lie: `crc`, `packed`, `size`."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(content) + squeeze.flush() if method == 8 else content
    stated = {"crc": zlib.crc32(content), "packed": len(packed), "size": len(content)} | claims
    numbers = stated["crc"], stated["packed"], stated["size"], len(name), 0
    return struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, flags, method, 0, 0, *numbers) + name + packed


def listed(
    name: bytes, content: bytes, offset: int, *, method: int = 8, flags: int = 0, **claims: int
) -> bytes:
    """The directory's entry for `member` at `offset`."""
    packed = len(member(b"", content, method=method)) - 30
    stated = {"crc": zlib.crc32(content), "packed": packed, "size": len(content)} | claims
    numbers = stated["crc"], stated["packed"], stated["size"], len(name), 0, 0, 0, 0, 0, offset
    return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, flags, method, 0, 0, *numbers) + name


def closed(body: bytes, directory: bytes, count: int) -> bytes:
    """A whole zip of members and directory."""
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def layer(files: Files) -> bytes:
    return tarred(files)


def docker_save(layers: list[bytes], config: dict[str, object]) -> bytes:
    """What `docker image save` wrote until version 24: the manifest comes last."""
    names = [f"{number:064x}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": "c" * 64 + ".json", "RepoTags": ["contoso/models:1"], "Layers": names}]
    files = dict(zip(names, layers, strict=True))
    files["c" * 64 + ".json"] = json.dumps(config).encode()
    files["manifest.json"] = json.dumps(manifest).encode()
    return tarred(files)


def oci_layout(layers: list[bytes], config: dict[str, object]) -> bytes:
    """An OCI image layout in a tar, index of an index included."""
    import hashlib  # noqa: PLC0415

    files: dict[str, bytes] = {}

    def blob(data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        files[f"blobs/sha256/{digest}"] = data
        return {"digest": f"sha256:{digest}", "size": len(data)}

    manifest = {"config": blob(json.dumps(config).encode()), "layers": [blob(each) for each in layers]}
    inner = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode())]}
    files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    files["index.json"] = json.dumps({"manifests": [blob(json.dumps(inner).encode())]}).encode()
    return tarred(files)


def pdf(content: bytes, *, packed: bool = True, uri: str = "https://example.org/") -> bytes:
    """A document of one page that shows `content`, and has one link."""
    stream = zlib.compress(content) if packed else content
    how = b"/Filter /FlateDecode " if packed else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [6 0 R]"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< %s/Length %d >>\nstream\n%s\nendstream" % (how, len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>" % uri.encode(),
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 7\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)
