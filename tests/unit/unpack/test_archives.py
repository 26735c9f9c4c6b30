"""Archives as people make them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import py7zr
import pytest
import zstandard
from containers import Files, docker_save, layer, oci_layout, opened, tarred, zipped

from tidegate.sources.unpack import Limits, sniff

FILES: Files = {
    "conf/.env": b"KEY=1\n" * 500,
    "notes/größe.txt": b"text\n",
    "big.bin": bytes(range(256)) * 4000,
}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_member_of_a_zip_is_read(method: int) -> None:
    assert opened(zipped(FILES, method)) == (FILES, [])


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_member_of_a_tar_is_read_however_it_is_packed(mode: str, form: int) -> None:
    long = {"d/" * 40 + "x" * 90: b"deep\n"} if form == tarfile.USTAR_FORMAT else {"é" * 300: b"long\n"}
    assert opened(tarred(FILES | long, mode, form), "a.tar") == (FILES | long, [])


def test_a_tar_older_than_its_magic_number_is_one() -> None:
    data = bytearray(tarred({"a": b"old\n"}, form=tarfile.USTAR_FORMAT))
    data[257:265] = bytes(8)
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    assert sniff(data[:512], len(data)) == "tar"
    assert opened(bytes(data)) == ({"a": b"old\n"}, [])


def test_two_tars_one_behind_the_other_are_both_read() -> None:
    assert opened(tarred({"a": b"1"}) + tarred({"b": b"2"})) == ({"a": b"1", "b": b"2"}, [])


def test_links_in_a_tar_are_not_followed_and_do_not_disturb() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("odd" + kind.decode())
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("after")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"ok"))
    assert opened(out.getvalue()) == ({"after": b"ok"}, [])


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [
        (gzip.compress, "gz"),
        (bz2.compress, "bz2"),
        (lzma.compress, "xz"),
        (zstandard.compress, "zst"),
        (partial(lzma.compress, format=lzma.FORMAT_ALONE), "lzma"),
    ],
)
def test_a_packed_file_gives_the_file_all_its_streams_joined(pack: object, suffix: str) -> None:
    assert callable(pack)
    data = pack(b"first\n" * 1000) + pack(b"second\n")
    assert opened(data, f"logs/app.log.{suffix}") == ({"app.log": b"first\n" * 1000 + b"second\n"}, [])


def test_a_zst_may_begin_with_a_frame_to_skip() -> None:
    frame = b"\x5a\x2a\x4d\x18\x04\x00\x00\x00abcd"
    assert opened(frame + zstandard.compress(b"text"), "a.zst") == ({"a": b"text"}, [])


def test_what_follows_a_packed_stream_is_a_document_too() -> None:
    assert opened(gzip.compress(b"one") + bytes(700) + b"trailing", "a.gz") == (
        {"a": b"one", "<after the end>": b"trailing"},
        [],
    )


LZMA = [{"id": py7zr.FILTER_LZMA}]
CHAINS = {
    "default": None,
    "lzma": LZMA,
    "x86 and lzma": [{"id": py7zr.FILTER_X86}, *LZMA],
    "delta and lzma2": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2}],
    "copy": [{"id": py7zr.FILTER_COPY}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "zstd": [{"id": py7zr.FILTER_ZSTD}],
}


@pytest.mark.parametrize("chain", CHAINS)
def test_every_member_of_a_7z_is_read(chain: str) -> None:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=CHAINS[chain]) as archive:
        for name, content in {**FILES, "empty": b""}.items():
            archive.writestr(content, name)
    assert opened(out.getvalue()) == (FILES, [])


@pytest.mark.parametrize("hidden", [False, True])
def test_an_encrypted_7z_is_a_gap(hidden: bool) -> None:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password="fabricated", header_encryption=hidden) as archive:
        archive.writestr(b"text", "a")
    documents, gaps = opened(out.getvalue())
    assert not documents
    assert "encrypted" in gaps[0]


def test_a_debian_package_is_read_through_all_its_layers(tmp_path: Path) -> None:
    for name, files in {
        "control.tar.gz": {"control": b"Package: a\n"},
        "data.tar.xz": {"etc/a": b"K=1\n"},
    }.items():
        (tmp_path / name).write_bytes(tarred(files, "w:" + name[-2:]))
    (tmp_path / "debian-binary").write_bytes(b"2.0\n")
    (tmp_path / ("long-name-" * 5)).write_bytes(b"odd")
    names = ["debian-binary", "control.tar.gz", "data.tar.xz", "long-name-" * 5]
    subprocess.run(["ar", "rc", "a.deb", *names], cwd=tmp_path, check=True, capture_output=True)
    documents, gaps = opened((tmp_path / "a.deb").read_bytes())
    assert documents == {
        "debian-binary": b"2.0\n",
        "control.tar.gz!/control": b"Package: a\n",
        "data.tar.xz!/etc/a": b"K=1\n",
        "long-name-" * 5: b"odd",
    }
    assert not gaps


def test_a_zip_written_as_a_stream_by_a_real_tool_is_sound(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"streamed\n" * 9999)
    tool = shutil.which("zip")
    if tool is None:  # The same with the standard library, which also puts sizes behind the members.
        out = _Unseekable()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
            archive.writestr("a.txt", b"streamed\n" * 9999)
        data = bytes(out.data)
    else:
        command = "cat a.txt | zip -q - a.txt | cat"
        data = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True).stdout
    assert opened(data) == ({"a.txt": b"streamed\n" * 9999}, [])


class _Unseekable(io.RawIOBase):
    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def test_a_program_in_front_of_a_zip_does_not_hide_it() -> None:
    data = zipped({"a": b"1" * 100})
    assert opened(b"PK\x03\x04"[:0] + data)[0] == {"a": b"1" * 100}
    documents, _ = opened(gzip.compress(zipped({"x": b"in"})), "p.gz")
    assert documents == {"p!/x": b"in"}


def test_nested_containers_are_opened_down_to_the_bound_and_no_further() -> None:
    data, path = b"treasure", ["f"]
    for level in range(8):
        data = zipped({path[0]: data})
        path.insert(0, f"{level}.zip")
    documents, gaps = opened(data, limits=Limits(depth=4))
    (name,) = documents
    assert name.count("!/") == 3
    assert sniff(documents[name], len(documents[name])) == "zip", "what is not opened is read as it is"
    assert gaps == [f"box!/{name}: not opened: nested deeper than 4"]
    assert list(opened(data, limits=Limits(depth=9))[0].values()) == [b"treasure"]


def test_a_saved_container_image_names_its_layers_and_keeps_what_was_deleted() -> None:
    layers = [layer({"app/.env": b"SECRET=1\n"}), layer({"app/.wh..env": b"", "app/main.py": b"pass\n"})]
    documents, gaps = opened(docker_save(layers, {"config": {"Env": ["TOKEN=2"]}}))
    assert documents["layer[0]!/app/.env"] == b"SECRET=1\n"
    assert documents["layer[1]!/app/main.py"] == b"pass\n"
    assert b"TOKEN=2" in documents["config.json"]
    assert not gaps


def test_an_oci_layout_names_its_layers_even_when_all_of_it_is_packed() -> None:
    layers = [gzip.compress(layer({"a": b"1"})), zstandard.compress(layer({"b": b"2"}))]
    image = oci_layout(layers, {"history": [{"created_by": "RUN curl x"}]})
    for data in (image, gzip.compress(image)):
        documents, gaps = opened(data, "image.tar.gz")
        assert documents["layer[0]!/a"] == b"1"
        assert documents["layer[1]!/b"] == b"2"
        assert b"curl" in documents["config.json"]
        assert not gaps


def test_kinds_without_a_free_reader_are_gaps_and_not_silence() -> None:
    assert "rar" in opened(b"Rar!\x1a\x07\x01\x00" + bytes(600))[1][0]
    assert "lz4" in opened(b"\x04\x22\x4d\x18" + bytes(600))[1][0]
    assert "RPM" in opened(b"\xed\xab\xee\xdb" + bytes(600))[1][0]
    assert "cabinets" in opened(b"MSCF" + bytes(600))[1][0]
    assert ".Z" in opened(b"\x1f\x9d\x90" + bytes(600))[1][0]
