"""Containers that are left closed: their own bytes are read, and nothing else."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from reading import read

from tidegate.sources.files import open_tree
from tidegate.sources.stdin import open_stream
from tidegate.sources.unpack import Limits

sys.path.insert(0, str(Path(__file__).parents[1] / "unpack"))

from containers import tarred, zipped

BOX = zipped({"a": b"KEY=1"})


def test_a_tree_is_read_without_opening_what_is_in_it(tmp_path: Path) -> None:
    files = {"a.zip": BOX, "large.tar": tarred({"a": b"x" * (3 << 20)}), "b.txt": b"text"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    seen = read(open_tree(tmp_path, label="x", containers=False))
    assert seen.documents == files
    assert seen.tally.coverage.documents == 3


def test_a_stream_is_read_without_being_opened() -> None:
    assert read(open_stream(io.BytesIO(BOX), label="in", containers=False)).documents == {"in": BOX}


def test_programs_and_mails_are_opened_on_disk_and_their_bytes_are_read(tmp_path: Path) -> None:
    mail = b"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nS0VZPTE=\n"
    page = b"#" * (4096 - len(BOX))  # Such a size could be a short read, and takes another way.
    files = {"m.eml": mail, "setup.exe": b"MZ" + bytes(5000) + BOX, "large.exe": b"MZ" + bytes(3 << 20) + BOX}
    files |= {"page.bin": page + BOX, "#": b"#!/bin/sh\n", "x": b"x"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    inner = {f"{name}!/a": b"KEY=1" for name in ("setup.exe", "large.exe", "page.bin")}
    seen = read(open_tree(tmp_path, label="x"))
    assert seen.documents == {**files, **inner, "m.eml!/part[1].txt": b"KEY=1"}
    assert not seen.gaps
    for name in ("m.eml", "setup.exe"):
        seen = read(open_stream(io.BytesIO(files[name]), label="in"))
        assert len(seen.documents) == 2
        assert seen.documents["in"] == files[name]


def test_a_mail_on_a_stream_that_cannot_be_held_is_read_as_text_and_told() -> None:
    """Its own bytes are to be read too, and they pass by only once."""
    mail = b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nS0VZPTE=\n" + b"text\n" * 90_000
    seen = read(open_stream(io.BytesIO(mail), label="in", limits=Limits(member_bytes=1 << 18)))
    assert seen.documents == {"in": mail}
    assert seen.gaps == ["in: mail not opened: larger than 262,144 bytes"]
