"""Credentials inside of other things: archives, office files, databases, mail, pages, images."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import quopri
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

import py7zr
import zstandard

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE, far
from corpus.azure_spelled import b64
from corpus.mint import Sas
from corpus.model import Case, form

EPOCH = (2024, 1, 2, 3, 4, 6)


def held(
    id_: str,
    what: str,
    name: str,
    make: Callable[[Sas], bytes],
    inner: str = "*",
    *,
    lines: tuple[int, int] = (1, 1_000_000),
    signature_has: str = "",
) -> None:
    """Register a form: a link inside a file `name`. `inner` is the rest of the path that must be told."""
    account = "contoso" + id_.lower()

    def build() -> Case:
        sas = mint.first_with(
            lambda seed: mint.container_sas(account, "raw", seed=seed).ordered(PORTAL_SERVICE), signature_has
        )
        want = far("service_sas", account, name + inner, container="raw", lines=lines)
        return Case(files={name: make(sas)}, wants=(want,), secrets=(sas.sig,))

    form(id_, what)(build)


def env(sas: Sas) -> bytes:
    """Return a small settings file with the link on its second line."""
    return f"DEBUG=0\nDATA_URL={sas.url}\n".encode()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip with compressed members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """Return a tar. `mode` as in `tarfile`: `w:bz2` …"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_704_164_646
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def seven(members: Mapping[str, bytes]) -> bytes:
    """Return a 7z."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return out.getvalue()


def gzipped(data: bytes) -> bytes:
    """Return gzip without a time in it."""
    return gzip.compress(data, mtime=0)


def pdf(stream: bytes, extra: str = "") -> bytes:
    """Return a one-page PDF whose page shows a compressed content stream."""
    packed = zlib.compress(stream)
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>" + extra.encode() + b">>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, starts = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        starts.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % s for s in starts)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            table,
            len(out),
        )
    )


def notebook(source: list[str], outputs: list[object]) -> bytes:
    """Return a Jupyter notebook of one cell."""
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": source, "outputs": outputs}
    return json.dumps(
        {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    ).encode()


def docx(runs: list[str]) -> bytes:
    """Return a Word file with one paragraph of several runs."""
    text = "".join(f"<w:r><w:t>{r.replace('&', '&amp;')}</w:t></w:r>" for r in runs)
    body = f'<?xml version="1.0"?><w:document xmlns:w="urn:w"><w:body><w:p>{text}</w:p></w:body></w:document>'
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode()})


def cut(text: str) -> list[str]:
    """Return the text in pieces of 23 characters, as a spelling checker cuts runs."""
    return [text[i : i + 23] for i in range(0, len(text), 23)]


def xlsx(text: str) -> bytes:
    """Return a workbook with one shared string."""
    strings = f'<sst xmlns="urn:x" count="1"><si><t>{text.replace("&", "&amp;")}</t></si></sst>'
    sheet = '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>'
    return zipped({"xl/sharedStrings.xml": strings.encode(), "xl/worksheets/sheet1.xml": sheet.encode()})


def docker_save(layers: list[Mapping[str, bytes]], config: Mapping[str, object]) -> bytes:
    """Return what `docker save` writes: a manifest, a configuration, a folder a layer."""
    names = [mint.seeded(f"layer {n}", 32).hex() for n in range(len(layers))]
    members = {f"{n}/layer.tar": tarred(layer) for n, layer in zip(names, layers, strict=True)}
    members["config.json"] = json.dumps(config).encode()
    members["manifest.json"] = json.dumps(
        [
            {
                "Config": "config.json",
                "RepoTags": ["contoso/app:1"],
                "Layers": [f"{n}/layer.tar" for n in names],
            }
        ]
    ).encode()
    return tarred(members)


def har(body: str) -> bytes:
    """Return a browser's recording whose one answer has its body in base64."""
    content = {"size": len(body), "mimeType": "text/html", "text": b64(body), "encoding": "base64"}
    entry = {"request": {"method": "GET", "url": "https://x.example.org/"}, "response": {"content": content}}
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode()


def mhtml(sas: Sas) -> bytes:
    """Return a page saved by a browser in one file: quoted-printable inside of multipart."""
    page = f'<html><body><p>{"x " * 60}</p><a href="{sas.url.replace("&", "&amp;")}">get</a></body></html>'
    return (
        'From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b0"\r\n\r\n--b0\r\n'
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(page.encode()).decode().replace("\n", "\r\n")
        + "\r\n--b0--\r\n"
    ).encode()


def eml64(sas: Sas) -> bytes:
    """Return a mail whose text is in base64, broken at 76."""
    body = base64.encodebytes(f"Hello all,\r\n\r\nplease take {sas.url}\r\n".encode()).decode()
    return f"From: a@contoso.example\nContent-Transfer-Encoding: base64\n\n{body}\n".encode()


def _again(sas: Sas) -> list[object]:
    inner = json.dumps({"url": sas.url, "rows": 3})
    return [
        {
            "output_type": "execute_result",
            "data": {"text/plain": [repr(inner)]},
            "metadata": {},
            "execution_count": 1,
        }
    ]


def _stream(sas: Sas) -> list[object]:
    return [{"output_type": "stream", "name": "stdout", "text": [f"reading {sas.url}\n", "done\n"]}]


def _shown(sas: Sas) -> bytes:
    return f"BT /F 9 Tf 20 700 Td (Dataset: {sas.url}) Tj ET".encode()


def _annotation(sas: Sas) -> bytes:
    link = f"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI({sas.url})>>>>]"
    return pdf(b"BT /F 9 Tf 20 700 Td (Dataset here) Tj ET", link)


def _layers(sas: Sas) -> bytes:
    gone: dict[str, bytes] = {"app/.wh..env": b""}
    return docker_save([{"etc/os-release": b"ID=x\n"}, {"app/.env": env(sas)}, gone], {"config": {"Env": []}})


def _image_env(sas: Sas) -> bytes:
    return docker_save([{"a": b"b\n"}], {"config": {"Env": ["PATH=/bin", f"DATA={sas.url}"]}})


def _oci(sas: Sas) -> bytes:
    layer = gzipped(tarred({"srv/settings.ini": env(sas)}))
    digest = mint.seeded("oci", 32).hex()
    manifest = {"schemaVersion": 2, "layers": [{"digest": f"sha256:{digest}", "size": len(layer)}]}
    return tarred(
        {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "blobs/sha256/" + mint.seeded("oci manifest", 32).hex(): json.dumps(manifest).encode(),
            "blobs/sha256/" + digest: layer,
        }
    )


def _helm(sas: Sas) -> bytes:
    release = gzipped(json.dumps({"config": {"data": sas.url}, "info": "x" * 400}).encode())
    return f"kind: Secret\ntype: helm.sh/release.v1\ndata:\n  release: {b64(b64(release))}\n".encode()


held(
    "A28",
    "notebook, source cell",
    "a.ipynb",
    lambda s: notebook(["import os\n", f'url = "{s.url}"\n', "run(url)"], []),
)
held("A29", "notebook, output", "a.ipynb", lambda s: notebook(["run()"], _stream(s)))
held("A36", "zip", "a.zip", lambda s: zipped({"conf/.env": env(s)}), "!/conf/.env", lines=(2, 2))
held("A37", "gzip", "app.log.gz", lambda s: gzipped(env(s)), "!/app.log", lines=(2, 2))
held("A38", "PDF, compressed stream", "a.pdf", lambda s: pdf(_shown(s)))
held("X60", "PDF, address of a link", "a.pdf", _annotation)
held(
    "X61",
    "docx, cut into runs",
    "a.docx",
    lambda s: docx(["Data: ", *cut(s.url), " bye"]),
    "!/word/document.xml*",
)
held("X62", "xlsx, shared string", "a.xlsx", lambda s: xlsx(f"see {s.url}"), "!/xl/sharedStrings.xml*")
held(
    "X63",
    "zip in tar.gz",
    "out.tar.gz",
    lambda s: gzipped(tarred({"d/in.zip": zipped({"k/.env": env(s)})})),
    "!/d/in.zip!/k/.env",
    lines=(2, 2),
)
held("X64", "tar.bz2", "a.tar.bz2", lambda s: tarred({"x/.env": env(s)}, "w:bz2"), "!/x/.env", lines=(2, 2))
held("X65", "tar.xz", "a.tar.xz", lambda s: tarred({"x/.env": env(s)}, "w:xz"), "!/x/.env", lines=(2, 2))
held("X66", "xz of one file", "app.log.xz", lambda s: lzma.compress(env(s)), lines=(2, 2))
held("X67", "zst of one file", "app.log.zst", lambda s: zstandard.compress(env(s)), lines=(2, 2))
held("X68", "tar.zst", "a.tzst", lambda s: zstandard.compress(tarred({"x/.env": env(s)})), lines=(2, 2))
held("X69", "bz2 of one file", "app.log.bz2", lambda s: bz2.compress(env(s)), lines=(2, 2))
held("X70", "7z", "a.7z", lambda s: seven({"x/.env": env(s)}), "!/x/.env", lines=(2, 2))
held(
    "X71",
    "an archive whose name says nothing",
    "blob.bin",
    lambda s: zipped({"x/.env": env(s)}),
    "!/x/.env",
    lines=(2, 2),
)
held("X72", "docker save: a layer, the file deleted in a later one", "image.tar", _layers, lines=(2, 2))
held("X73", "docker save: an environment variable of the image", "image.tar", _image_env)
held("X74", "OCI layout: a compressed layer", "image.tar", _oci, lines=(2, 2))
held(
    "X75",
    "HAR with a base64 body",
    "a.har",
    lambda s: har(f'<a href="{s.url.replace("&", "&amp;")}">x</a>'),
    "",
)
held("X76", "MHTML", "page.mhtml", mhtml, "")
held("X77", "mail with base64 text", "a.eml", eml64, "")
held("X78", "notebook, JSON in a text output", "a.ipynb", lambda s: notebook(["r"], _again(s)))
held(
    "X79",
    "a constant of compiled Python",
    "a.pyc",
    lambda s: bytes(16) + marshal.dumps(compile(f"u = {s.url!r}", "a.py", "exec")),
)
held(
    "X80",
    "jar: properties in a zip with escapes",
    "a.jar",
    lambda s: zipped(
        {
            "application.properties": f"a=1\nurl={s.url.replace(':', chr(92) + ':').replace('=', chr(92) + '=')}\n".encode()
        }
    ),
    "!/application.properties",
    lines=(2, 2),
)
held("X81", "base64 of base64 of gzip: a Helm release", "secret.yaml", _helm)
held(
    "X82",
    "two gzip members one after the other",
    "a.log.gz",
    lambda s: gzipped(b"first\n" * 3) + gzipped(env(s)),
)
held(
    "X83",
    "binary with the link between zero bytes",
    "core.bin",
    lambda s: mint.seeded("noise", 4096) + b"\0" + s.url.encode() + b"\0" + mint.seeded("more", 4096),
)
held(
    "X84",
    "a wheel: zip by another name",
    "pkg-1.0-py3-none-any.whl",
    lambda s: zipped({"pkg/__init__.py": f"URL = {s.url!r}\n".encode()}),
    "!/pkg/__init__.py",
    lines=(1, 1),
)
