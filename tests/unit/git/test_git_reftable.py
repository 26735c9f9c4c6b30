from __future__ import annotations

import base64
import shutil
import struct
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from git_repositories import Repo, open_repo, read_source
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Spot
from tidegate.sources.git import reftable
from tidegate.sources.git.reftable import Tables, read_tables

BY_GIT = base64.b64decode(
    """
UkVGVAEAEAAAAAAAAAAAAQAAAAAAAAAKcgABAAAhSEVBRAmd1wZJqFTRubZB3RTqDZPXMGprhAB7cmVmcy9oZWFkcy9saW5r
CA9yZWZzL2hlYWRzL21haW4LIW1haW4DxGYnMXr3MipaZHdEBSokFFtvJOMNWW55L2JyYW5jaC0xBsRmJzF69zIqWmR3RAUq
JBRbbyTjFwkyBsRmJzF69zIqWmR3RAUqJBRbbyTjFwkzBsRmJzF69zIqWmR3RAUqJBRbbyTjBTp0YWdzL3YxBKjTts7K9cWA
URlv1mzC/Q3WdTihxGYnMXr3MipaZHdEBSokFFtvJOMAABwAADcAAmcABGp42mPI9HB1dGH4DwFfj6SpG1Z9N9KKSil3YdVS
EYnOV3k89zqb54qQizu3Od4VecU7+bpBVnYLp2NKooJfYmlJIneiQ5JeakVibkFOauv1BT8qGBhUkzNSk7PzS0usFHLzyzLz
0hXSivJzFXITM/MUSvIVQBbWGXHxcP5+y+Ro87e8KPlt2b3EG6FzeW53LluJzQW4bStnYJBJzs/NzQTaBaEVjBXKM0syFMrz
i1KKgZb8weZ8bBaTZIkRqiV/GbAA0sINaIka1HCNzLzMkszEHE24dYbI1jE0OBalphXrZ6QmphTr52TmZcOi7xs2Z5AcoIxc
3JmguIKZSodoEqdHNInTN5p4GxTzKvWTihLzkjN0DWGB+YNKUSQeaER9I42pbSQDAwsD43YGJgB/XJsHUkVGVAEAEAAAAAAA
AAAAAQAAAAAAAAAKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAJdMtxo=
"""
)
"""A table that git 2.47 wrote."""
MAIN = "c46627317af7322a5a647744052a24145b6f24e3"
Record = tuple[bytes, int, bytes]
"""Key, type, and what follows."""


def number(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def block(records: Sequence[Record]) -> bytes:
    out, before = b"", b""
    for key, kind, value in records:
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), 0)
        out += number(shared) + number(len(key) - shared << 3 | kind) + key[shared:] + value
        before = key
    return out


def table(
    refs: Sequence[Sequence[Record]], logs: Sequence[Sequence[Record]] = (), size: int = 0, version: int = 1
) -> bytes:
    """Write a table of some blocks. size: to which they are filled up; 0: not at all."""
    head = b"REFT" + bytes((version,)) + size.to_bytes(3, "big") + bytes(16) + b"s256" * (version == 2)
    data, tail = head, struct.pack(">3BH", 0, 0, 28, 1)
    for records in refs:
        start = 0 if data == head else len(data)
        body = block(records) + tail
        data += b"r" + (len(data) - start + 4 + len(body)).to_bytes(3, "big") + body
        data += bytes(max(start + size - len(data), 0))
    at = len(data) if logs and refs else 0
    for records in logs:
        body = block(records) + tail
        data += b"g" + (len(body) + 4).to_bytes(3, "big") + zlib.compress(body)
    footer = head + struct.pack(">5Q", 0, 0, 0, at, 0)
    return data + footer + struct.pack(">I", zlib.crc32(footer))


def change(name: bytes, index: int, new: bytes, message: bytes) -> Record:
    said = b"".join(number(len(each)) + each for each in (b"Ada Nauta", b"ada@contoso.example"))
    said += number(1_600_000_000) + struct.pack(">h", -330) + number(len(message)) + message
    return name + b"\0" + (2**64 - 1 - index).to_bytes(8, "big"), 1, bytes(len(new)) + new + said


def read(folder: Path, *written: bytes, width: int = 20) -> tuple[Tables, list[tuple[str, str]]]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for at, data in enumerate(written):
        (folder / f"{at}.ref").write_bytes(data)
    (folder / "tables.list").write_text("".join(f"{at}.ref\n" for at in range(len(written))))
    tables = Tables(width)
    return tables, list(read_tables(folder, tables))


def test_a_table_of_git_is_read_as_git_reads_it(tmp_path: Path) -> None:
    tables, unread = read(tmp_path / "t", BY_GIT)
    assert not unread
    assert {name.decode(): oid.hex() for name, oid in tables.names.items()} == {
        "HEAD": "9dd70649a854d1b9b641dd14ea0d93d7306a6b84",
        "refs/heads/main": MAIN,
        **{f"refs/heads/many/branch-{i}": MAIN for i in (1, 2, 3)},
        "refs/tags/v1": "a8d3b6cecaf5c58051196fd66cc2fd0dd67538a1",
    }
    assert tables.links == {b"refs/heads/link": b"refs/heads/main"}
    assert len(tables.logs) == 11
    old, new = "ed02413cfd777263ed76de61d8559d0cdb89a6a9", MAIN
    line = f"{old} {new} Ada Nauta <a@b.example> 1795718391 +0000\tcommit: commit 3 with words"
    assert line.encode() in tables.logs


@pytest.mark.parametrize("size", [0, 4096])
@pytest.mark.parametrize(("version", "width"), [(1, 20), (2, 32)])
def test_tables_of_many_blocks_are_read_and_later_ones_win(
    tmp_path: Path, size: int, version: int, width: int
) -> None:
    names = [b"refs/heads/branch-%04d" % i for i in range(300)]
    refs = [[(name, 1, number(0) + bytes(width)) for name in names[at : at + 60]] for at in range(0, 300, 60)]
    logs = [[change(name, i, bytes(width), b"made " + name) for i in (9, 8)] for name in names[:40]]
    later = [
        [
            (names[7], 0, number(1)),
            (names[8], 2, number(1) + b"b" * width + b"c" * width),
            (names[9], 3, number(1) + number(len(names[1])) + names[1]),
        ]
    ]
    tables, unread = read(
        tmp_path / "t", table(refs, logs, size, version), table([], logs[:1], size, version),
        table(later, (), size, version), width=width,
    )  # fmt: skip
    assert not unread
    assert tables.names == {name: bytes(width) for name in names if name not in names[7:10]} | {
        names[8]: b"b" * width
    }
    assert tables.links == {names[9]: names[1]}
    assert len(tables.logs) == 82
    assert tables.logs[0].endswith(b"> 1600000000 -0530\tmade " + names[0])


def test_names_and_logs_of_a_repository_with_tables_are_seen_and_placed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit("One", a__txt="a")
    head = repo.commit("Two", a__txt="b")
    git = repo.path / ".git"
    written = table(
        [
            [
                (b"HEAD", 3, number(0) + number(15) + b"refs/heads/main"),
                (b"refs/heads/main", 1, number(0) + bytes.fromhex(head)),
                (b"refs/heads/secret-word", 1, number(0) + bytes.fromhex(first)),
            ]
        ],
        [[change(b"refs/heads/main", 1, bytes.fromhex(first), b"commit: logged-word")]],
    )
    read(git / "reftable", written)
    shutil.rmtree(git / "refs" / "heads")
    shutil.rmtree(git / "logs")
    (git / "HEAD").write_text("ref: refs/heads/.invalid\n")
    config = (
        (git / "config").read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    )
    (git / "config").write_text(config + "[extensions]\n\trefStorage = reftable\n")
    with closing(open_repo(repo.path)) as source:
        assert source.head == head
        found, tally = read_source(source)
        assert not tally.gaps
        by_label = dict(found)
        assert by_label[("refs",)] == b"refs/heads/main\nrefs/heads/secret-word\n"
        assert b"logged-word" in by_label[("logs",)]
        assert by_label[("paths",)] == b"a.txt\n"
        (named,), (logged,) = source.places([Spot(("refs",), 2, 1), Spot(("logs",), 1, 1)], tally)
    assert (named.path, named.commit) == ("<ref name>", first)
    assert (logged.path, logged.commit) == ("<reflog>", first)


def test_what_cannot_be_read_of_tables_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "t"
    tables, unread = read(folder, BY_GIT[:-1], b"", b"REFT\x09" + BY_GIT[5:], BY_GIT)
    assert [Path(what).name for what, _ in unread] == ["0.ref", "1.ref", "2.ref"]
    assert len(tables.names) == 6
    (folder / "tables.list").write_text("../../elsewhere\n0.ref\nnone.ref\n")
    (folder / "0.ref").unlink()
    (folder / "0.ref").symlink_to(folder / "3.ref")
    assert len(list(read_tables(folder, Tables(20)))) == 3
    monkeypatch.setattr(reftable, "MAX_TEXT_BYTES", 500)
    name = b"refs/heads/" + b"n" * 100
    bomb = table([[(name + bytes((i,)), 0, number(0)) for i in range(65, 90)]])
    tables = Tables(20, left=500)
    (folder / "3.ref").write_bytes(bomb)
    (folder / "tables.list").write_text("3.ref\n")
    assert [why for _, why in read_tables(folder, tables)] == [
        "refs that cannot be read: its names and logs are more than 0 MiB"
    ]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(BY_GIT) - 69), byte=st.integers(0, 255), cut=st.integers(0, 40))
def test_a_damaged_table_is_a_gap_or_read_and_nothing_worse(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int
) -> None:
    data = bytearray(BY_GIT)
    data[at] = byte
    del data[at : at + (cut if cut > 30 else 0)]
    tables, unread = read(tmp_path_factory.getbasetemp() / "damaged", bytes(data))
    assert unread or tables.names
