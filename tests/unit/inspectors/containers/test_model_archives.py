"""A model file is found in whatever it is packed in, and judged as what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import h5py
import py7zr
import pytest
import zstandard
from packed import PAYLOAD, PLAIN, kinds, seen, tarred, torch_zip, zipped

from tidegate.model.observation import Verdict

MODELS = {"raw": PAYLOAD, "torch": torch_zip(PAYLOAD)}
OTHER = [("readme.txt", b"A model.\n" * 200), ("data/numbers.bin", bytes(range(256)) * 40)]


def _lz4(data: bytes) -> bytes:
    blocks = b"".join(
        (len(piece) | 1 << 31).to_bytes(4, "little") + piece for piece in (data[:50], data[50:]) if piece
    )
    return b"\x04\x22\x4d\x18\x60\x40\x82" + blocks + bytes(4)


def _sevenzip(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(data, name)
    return out.getvalue()


def _zf(data: bytes) -> bytes:
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


STREAMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "lz4": _lz4,
    "zlib": zlib.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "joblib's old ZF": _zf,
    "gzip of several members": lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:]),
}
ARCHIVES: dict[str, Callable[[list[tuple[str, bytes]]], bytes]] = {
    "zip, stored": zipped,
    "zip, deflate": lambda members: zipped(members, zipfile.ZIP_DEFLATED),
    "zip, bzip2": lambda members: zipped(members, zipfile.ZIP_BZIP2),
    "zip, lzma": lambda members: zipped(members, zipfile.ZIP_LZMA),
    "tar, pax": tarred,
    "tar, gnu": lambda members: tarred(members, form=tarfile.GNU_FORMAT),
    "tar, ustar": lambda members: tarred(members, form=tarfile.USTAR_FORMAT),
    "tar.gz": lambda members: tarred(members, "w:gz"),
    "tar.bz2": lambda members: tarred(members, "w:bz2"),
    "tar.xz": lambda members: tarred(members, "w:xz"),
    "tar.zst": lambda members: zstandard.compress(tarred(members)),
    "7z": _sevenzip,
    "zip in a tar in a zip": lambda members: zipped([("a.tar", tarred([("b.zip", zipped(members))]))]),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("packing", STREAMS)
def test_a_payload_is_found_in_every_compressed_stream(packing: str, model: str) -> None:
    # LZ4 stores what it cannot shorten: there the end of an archive shows, and it can be read as one too.
    found = seen(
        STREAMS[packing](zipped([("net", MODELS[model]), ("numbers", bytes(9000))])), "something.bin"
    )
    assert found.verdict is Verdict.DANGEROUS
    assert found.complete
    assert seen(STREAMS[packing](MODELS[model]), "something.bin").verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("packing", ARCHIVES)
def test_a_payload_is_found_in_every_archive(packing: str, model: str) -> None:
    found = seen(ARCHIVES[packing]([*OTHER, ("models/net", MODELS[model])]), "something")
    assert found.verdict is Verdict.DANGEROUS
    assert found.complete
    assert "models/net" in found.observations[0].member


@pytest.mark.parametrize("packing", ARCHIVES)
def test_a_harmless_model_in_an_archive_is_clean_and_raises_no_alarm(packing: str) -> None:
    found = seen(ARCHIVES[packing]([*OTHER, ("models/net.pkl", PLAIN)]))
    assert found.verdict is Verdict.CLEAN
    assert [each for each in found.observations if each.severity.rank > 1] == []


@pytest.mark.parametrize("packing", ARCHIVES)
def test_an_archive_without_a_model_gets_no_verdict(packing: str) -> None:
    found = seen(ARCHIVES[packing](OTHER))
    assert found.verdict is None
    assert found.observations == ()


def test_a_compressed_pickle_concerns_joblib_which_unpacks_it_by_itself() -> None:
    found = seen(zlib.compress(PAYLOAD))
    assert found.kind == "joblib"
    assert found.observations[0].loader == "joblib.load"


def test_bytes_behind_a_compressed_stream_are_told() -> None:
    found = seen(gzip.compress(PLAIN) + b"more")
    assert "trailing_bytes" in kinds(found)


def test_a_compressed_pickle_that_ends_early_is_damaged_and_what_it_did_before_is_seen() -> None:
    squeezed = gzip.compress(PAYLOAD + bytes(range(256)) * 50)
    found = seen(squeezed[:-9])
    assert found.verdict is Verdict.DANGEROUS
    assert seen(gzip.compress(PLAIN)[:-9]).verdict is Verdict.DAMAGED


@pytest.mark.parametrize("name", ["../escape.pkl", "/absolute.pkl", "a/../../b.pkl"])
def test_a_tar_whose_names_lead_out_of_its_folder_is_told(name: str) -> None:
    found = seen(tarred([(name, PLAIN)]))
    assert found.verdict is Verdict.DAMAGED
    assert "path_traversal" in kinds(found)


def test_long_names_of_a_tar_are_read_whole() -> None:
    name = "deep/" * 60 + "net.pkl"
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        assert seen(tarred([(name, PAYLOAD)], form=form)).observations[0].member == name


def test_links_and_folders_in_a_tar_are_passed_over() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "a"),
            (tarfile.LNKTYPE, "b"),
            (tarfile.DIRTYPE, "c"),
            (tarfile.FIFOTYPE, "d"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "net.pkl"
            archive.addfile(info)
        info = tarfile.TarInfo("net.pkl")
        info.size = len(PAYLOAD)
        archive.addfile(info, io.BytesIO(PAYLOAD))
    found = seen(out.getvalue())
    assert found.verdict is Verdict.DANGEROUS
    assert {each.member for each in found.observations} == {"net.pkl"}


def test_an_encrypted_7z_is_damaged_and_not_passed_over() -> None:
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", password="not a secret") as archive:
        archive.writestr(PAYLOAD, "net.pkl")
    found = seen(out.getvalue(), "model.pt")
    assert found.verdict is Verdict.DAMAGED
    assert not found.complete
    assert "mismatch" in kinds(found)


@pytest.mark.parametrize("name", ["model.bin", "model.ckpt", "model.tar"])
@pytest.mark.parametrize("packing", [tarred, _sevenzip, lambda members: _lz4(members[0][1])])
def test_a_harmless_model_in_an_archive_is_clean_whatever_the_archive_is_called(
    packing: Callable[[list[tuple[str, bytes]]], bytes], name: str
) -> None:
    legacy = b"".join(
        pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {}, [])
    )
    for model in (PLAIN, legacy):
        found = seen(packing([("model.pkl", model)]), name)
        assert (found.verdict, [each.summary for each in found.observations]) == (Verdict.CLEAN, [])


def test_a_model_of_keras_that_stands_first_in_a_tar_is_clean_and_no_second_reading_of_the_tar() -> None:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["weights"] = [1.0, 2.0]
    raw = tarred([("model.h5", out.getvalue())], form=tarfile.USTAR_FORMAT)
    assert seen(raw, "models.tar").observations == ()
    # h5py opens the tar as if it were the file in it: asked so, it is judged so, dangerous or not.
    with h5py.File(io.BytesIO(raw), "r") as opened:
        assert list(opened) == ["weights"]
    assert seen(raw, "models.h5").verdict is Verdict.INERT


def test_parameters_of_flax_are_told_by_their_arrays_whatever_the_name() -> None:
    array = b"\x93\x91\x02\xa7float32\xc4\x08" + bytes(8)
    raw = b"\x81\xa7encoder\x81\xa6kernel\xc7" + bytes([len(array)]) + b"\x01" + array
    found = seen(raw, "blob.bin")
    assert (found.kind, found.verdict) == ("flax_msgpack", Verdict.INERT)
