"""Input that is broken or means harm: a gap with its reason, the rest is read, and nobody takes it for clean."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Answer, Command
from corpus.containers import env, gzipped, tarred, zipped
from corpus.repository import Repository

SAS = mint.container_sas("contosobeside", "raw").ordered(PORTAL_SERVICE)


def told(answer: Answer, name: str) -> list[str]:
    """Return the reasons of the gaps whose subject names `name`; each must have a reason."""
    gaps = answer.report["gaps"]
    assert all(g["stage"] and g["subject"] and g["reason"] for g in gaps), gaps
    return [g["reason"] for g in gaps if name in g["subject"]]


def cut_zip() -> bytes:
    """Return a zip without its end."""
    return zipped({f"{n}.txt": mint.seeded(str(n), 2_000) for n in range(9)})[:9_000]


def bomb() -> bytes:
    """Return a zip of 512 MiB in 512 KiB."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(512):
            member.write(bytes(1 << 20))
    return out.getvalue()


def nested() -> bytes:
    """Return a zip twenty deep."""
    data = b"bottom"
    for _ in range(20):
        data = zipped({"in.zip": data})
    return data


def locked() -> bytes:
    """Return a zip whose one member says that it is encrypted."""
    data = bytearray(zipped({"secret.txt": b"x" * 99}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    return bytes(data)


def wrong_sum() -> bytes:
    """Return gzip whose checksum does not hold."""
    data = bytearray(gzipped(b"text\n" * 500))
    data[-8] ^= 1
    return bytes(data)


BROKEN: dict[str, Callable[[], bytes]] = {
    "cut.zip": cut_zip,
    "bomb.zip": bomb,
    "nested.zip": nested,
    "locked.zip": locked,
    "cut.gz": lambda: gzipped(mint.seeded("gz", 50_000))[:20_000],
    "wrong-sum.gz": wrong_sum,
    "cut.tar": lambda: tarred({"a": mint.seeded("tar", 9_000), "b": b"x"})[:4_000],
    "cut.xz": lambda: b"\xfd7zXZ\0" + mint.seeded("xz", 400),
    "cut.zst": lambda: b"\x28\xb5\x2f\xfd" + mint.seeded("zst", 400),
    "cut.7z": lambda: b"7z\xbc\xaf\x27\x1c" + mint.seeded("7z", 400),
    "cut.pdf": lambda: (
        b"%PDF-1.7\n1 0 obj<</Length 999/Filter/FlateDecode>>stream\n" + zlib.compress(b"x" * 99)[:9]
    ),
    "cut.db": lambda: b"SQLite format 3\0" + mint.seeded("db", 1_000),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_container_is_a_gap_and_its_neighbour_is_read(
    name: str, tidegate: Command, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(BROKEN[name]())
    (tmp_path / "plain.txt").write_text("nothing\n")
    alone = tidegate.scan(tmp_path)
    assert told(alone, name)
    assert alone.code == 3
    assert alone.report["complete"] is False

    (tmp_path / "plain.txt").write_bytes(env(SAS))
    beside = tidegate.scan(tmp_path)
    assert told(beside, name)
    assert [f["grant"]["account"] for f in beside.report["findings"]] == ["contosobeside"]
    assert beside.code == 1


def test_what_stands_before_the_break_of_an_archive_is_found(tidegate: Command, tmp_path: Path) -> None:
    whole = tarred({"conf/.env": env(SAS), "big.bin": mint.seeded("big", 90_000)})
    (tmp_path / "cut.tar").write_bytes(whole[:40_000])
    answer = tidegate.scan(tmp_path)
    assert told(answer, "cut.tar")
    assert answer.code == 1
    assert "cut.tar!/conf/.env" in {o["path"] for o in answer.report["findings"][0]["occurrences"]}


def test_a_file_that_may_not_be_read_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "open.txt").write_text("nothing\n")
    (tmp_path / "closed.txt").write_bytes(env(SAS))
    (tmp_path / "closed.txt").chmod(0)
    answer = tidegate.scan(tmp_path, like_a_user=True)
    assert told(answer, "closed.txt")
    assert answer.code == 3
    assert answer.report["coverage"]["documents"] == 1


def test_a_folder_that_may_not_be_read_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "open.txt").write_text("nothing\n")
    (tmp_path / "closed").mkdir(mode=0)
    answer = tidegate.scan(tmp_path, like_a_user=True)
    (tmp_path / "closed").chmod(0o700)
    assert told(answer, "closed")
    assert answer.code == 3


def test_no_such_path_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    answer = tidegate.scan(tmp_path / "nowhere")
    assert told(answer, "nowhere")
    assert answer.code == 3


def test_no_such_path_does_not_hide_another_target(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "here.env").write_bytes(env(SAS))
    answer = tidegate.scan(tmp_path / "nowhere", tmp_path / "here.env")
    assert told(answer, "nowhere")
    assert answer.code == 1


@pytest.mark.parametrize("data", [b"", b"\n"])
def test_standard_input_without_bytes_is_not_clean(data: bytes, tidegate: Command) -> None:
    answer = tidegate.scan("-", data=data)
    assert answer.code == (0 if data else 3)
    assert answer.report["complete"] is bool(data)


def test_an_empty_folder_is_not_clean(tidegate: Command, tmp_path: Path) -> None:
    answer = tidegate.scan(tmp_path)
    assert answer.code == 3
    assert answer.report["complete"] is False


def test_an_empty_repository_is_not_clean(tidegate: Command, tmp_path: Path) -> None:
    answer = tidegate.scan(Repository(tmp_path / "repo").path)
    assert answer.code == 3


def test_noise_is_read_and_gives_nothing(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "noise.bin").write_bytes(b"\x00" + mint.seeded("noise", 3_000_000))
    answer = tidegate.scan(tmp_path)
    assert answer.report["findings"] == []
    assert answer.report["gaps"] == []
    assert answer.code == 0


def test_a_missing_object_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("gone.txt", mint.seeded("gone", 99).hex(), "Add")
    repository.put("kept.env", env(SAS), "Add")
    oid = repository.git("rev-parse", "HEAD:gone.txt")
    (repository.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    answer = tidegate.scan(repository.path)
    assert told(answer, oid[:12]) or told(answer, "gone.txt")
    assert answer.code == 1
    assert len(answer.report["findings"]) == 1


def test_a_damaged_object_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("bad.txt", mint.seeded("bad", 3_000).hex(), "Add")
    repository.put("kept.env", env(SAS), "Add")
    oid = repository.git("rev-parse", "HEAD:bad.txt")
    file = repository.path / ".git/objects" / oid[:2] / oid[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:700])
    (repository.path / "bad.txt").unlink()
    answer = tidegate.scan(repository.path)
    assert told(answer, oid[:12])
    assert answer.code == 1


def test_a_damaged_pack_is_a_gap(tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    for n in range(20):
        repository.put(f"{n}.txt", mint.seeded(str(n), 3_000).hex(), "Add")
    repository.git("repack", "-adq")
    pack = next((repository.path / ".git/objects/pack").glob("*.pack"))
    data = bytearray(pack.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    pack.chmod(0o600)
    pack.write_bytes(data)
    answer = tidegate.scan(repository.path)
    assert answer.report["gaps"]
    assert answer.code == 3


def test_a_folder_that_only_calls_itself_a_repository_is_not_clean(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    (tmp_path / "a.txt").write_text("x\n")
    answer = tidegate.scan(tmp_path)
    (gap,) = answer.report["gaps"]
    assert gap["reason"].endswith("no such file or directory: /nowhere")
    assert answer.code == 3


@pytest.mark.parametrize("broken", ["pointer", "without HEAD", "empty"])
def test_the_files_of_a_repository_that_cannot_be_opened_are_read_all_the_same(
    broken: str, tidegate: Command, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("a.env", env(SAS), "Add")
    git = repository.path / ".git"
    if broken == "without HEAD":
        (git / "HEAD").unlink()
    else:
        shutil.rmtree(git)
        git.write_text("gitdir: ../elsewhere\n") if broken == "pointer" else git.mkdir()
    answer = tidegate.scan(repository.path)
    (finding,) = answer.report["findings"]
    assert "a.env" in {place["path"] for place in finding["occurrences"]}
    (gap,) = answer.report["gaps"]
    assert "git" in gap["reason"]
    assert answer.code == 1


def test_a_shallow_clone_says_what_it_lacks(tidegate: Command, tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin")
    origin.put("a.env", env(SAS), "Add")
    origin.remove("a.env", "Remove")
    origin.put("b.txt", "b\n", "Go on")
    origin.git("clone", "-q", "--depth", "1", f"file://{origin.path}", str(tmp_path / "shallow"))
    answer = tidegate.scan(tmp_path / "shallow")
    assert any("shallow" in g["reason"] for g in answer.report["gaps"])
    assert answer.code == 3


def test_names_that_mean_harm_are_shown_harmless(tidegate: Command, tmp_path: Path) -> None:
    names = ("a\x1b[2Jb.env", "c\nd.env", "\u202eexe.env", "=cmd|'x'!A1.env", "<script>.env", "x|y`z.env")
    for name in names:
        (tmp_path / name).write_bytes(env(SAS))
    (tmp_path / os.fsdecode(b"\xff\xfe.env")).write_bytes(env(SAS))
    for form in ("text", "json", "csv", "markdown", "sarif", "jsonl"):
        answer = tidegate("scan", "--format", form, tmp_path)
        assert answer.code == 1, answer.err
        assert "\x1b" not in answer.out + answer.err
        assert "\u202e" not in answer.out + answer.err
        report = tidegate.scan(tmp_path).report
    assert len(report["findings"]) == 1
    assert report["findings"][0]["occurrences_total"] == len(names) + 1


def test_what_is_no_file_is_not_opened_and_links_are_not_followed(tidegate: Command, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.env").write_bytes(env(SAS))
    inside = tmp_path / "inside"
    inside.mkdir()
    os.mkfifo(inside / "pipe")
    (inside / "link").symlink_to(outside)
    (inside / "file-link").symlink_to(outside / "a.env")
    (inside / "loop").symlink_to("loop")
    (inside / "self").symlink_to(".")
    (inside / "a.txt").write_text("x\n")
    answer = tidegate.scan(inside, timeout_s=30)
    assert answer.report["findings"] == []
    assert answer.code == 0


def test_an_endless_device_ends(tidegate: Command) -> None:
    answer = tidegate.scan("/dev/zero", timeout_s=30)
    assert answer.code == 3


def test_a_very_deep_folder_is_read_to_its_end(tidegate: Command, tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d" * 20, dir_fd=here)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    with os.fdopen(os.open("deep.env", os.O_WRONLY | os.O_CREAT, dir_fd=here), "wb") as file:
        file.write(env(SAS))
    os.close(here)
    answer = tidegate.scan(tmp_path)
    # Eight thousand characters are more than a path may have: found, or said that it was not read.
    assert answer.code in (1, 3)
    assert answer.report["findings"] or answer.report["gaps"]
