"""git's packs, bundles and loose objects, made by git itself, and ones made to hurt."""

from __future__ import annotations

import hashlib
import io
import os
import random
import subprocess
import tarfile
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from containers import opened, tarred, zipped
from dulwich.pack import create_delta
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.model.document import Tally
from tidegate.sources.unpack import Limits, sniff, unpack
from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.packobjects import Objects

KINDS = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2021-03-01T09:00:00Z",
    "GIT_COMMITTER_DATE": "2021-03-01T09:00:00Z",
    "PATH": os.environ["PATH"],
} | {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada Example"), ("EMAIL", "ada@contoso.example"))
}


def git(root: Path, *arguments: str, data: bytes | None = None) -> bytes:
    run = subprocess.run(
        ["git", *arguments], check=False, cwd=root, env=SETTINGS, input=data, capture_output=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def text(version: int, lines: int = 400) -> bytes:
    """A file of many versions, of which git makes deltas."""
    noise = random.Random(7)
    rows = [b"%032x" % noise.getrandbits(128) for _ in range(lines)]
    rows[version % lines] = b"version %d" % version
    return b"\n".join(rows)


def history(root: Path, versions: int, *options: str) -> Path:
    """A repository with a tag and a file of so many versions, made in one go."""
    root.mkdir()
    git(root, "init", "-q", "-b", "main", *options)
    stream = io.BytesIO()
    for version in range(versions):
        content = text(version)
        stream.write(
            b"commit refs/heads/main\ncommitter A <a@b.example> %d +0000\n" % (1_600_000_000 + version)
        )
        stream.write(b"data 8\nMessage\nM 100644 inline a.txt\ndata %d\n%s\n" % (len(content), content))
    git(root, "fast-import", "--quiet", data=stream.getvalue())
    git(root, "tag", "-a", "v1", "-m", "the tag's message", "main")
    return root


def objects(root: Path, *kinds: str) -> dict[str, bytes]:
    """What git says is there: name -> content."""
    kinds = kinds or ("blob", "commit", "tag")
    listed = git(root, "cat-file", "--batch-check", "--batch-all-objects").decode().split("\n")
    rows = [line.split() for line in listed if line]
    out = git(root, "cat-file", "--batch", data="".join(f"{row[0]}\n" for row in rows).encode())
    found, at = {}, 0
    for oid, kind, size in rows:
        at = out.index(b"\n", at) + 1
        if kind in kinds:
            found[f"{kind} {oid}"] = out[at : at + int(size)]
        at += int(size) + 1
    return found


def packed(root: Path, *options: str) -> bytes:
    """All objects in one pack."""
    names = git(root, "rev-list", "--objects", "--all", "--no-object-names")
    return git(root, "pack-objects", "--stdout", "-q", *options, data=names)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("git") / "repo", 60)


@pytest.mark.parametrize("offsets", [["--delta-base-offset"], []], ids=["by-offset", "by-id"])
def test_every_blob_commit_and_tag_of_a_pack_is_read(repository: Path, offsets: list[str]) -> None:
    data = packed(repository, *offsets)
    assert len(data) < 60_000, "most of it is deltas"
    assert opened(data) == (objects(repository), [])


def test_three_thousand_objects_are_read(tmp_path: Path) -> None:
    root = history(tmp_path / "repo", 1000)
    documents, gaps = opened(packed(root, "--delta-base-offset"))
    assert not gaps
    assert documents == objects(root)
    assert len(documents) + len(objects(root, "tree")) > 3000


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_pack_alone_tells_by_its_checksum_how_objects_are_named(tmp_path: Path, form: str) -> None:
    root = history(tmp_path / "repo", 20, f"--object-format={form}")
    for options in ([], ["--delta-base-offset"]):
        assert opened(packed(root, *options)) == (objects(root), [])


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_bundle_is_read_with_its_header(tmp_path: Path, form: str) -> None:
    root = history(tmp_path / "repo", 20, f"--object-format={form}")
    git(root, "branch", "feature/named")
    git(root, "bundle", "create", "-q", "all.bundle", "--all")
    documents, gaps = opened((root / "all.bundle").read_bytes())
    assert not gaps
    assert b"refs/heads/feature/named" in documents.pop("header")
    assert documents == objects(root)


def test_a_bundle_without_the_base_of_its_deltas_is_a_gap_and_gives_what_it_adds(
    repository: Path, tmp_path: Path
) -> None:
    thin = tmp_path / "thin.bundle"
    git(repository, "bundle", "create", "-q", str(thin), "main~2..main")
    documents, gaps = opened(thin.read_bytes(), "thin.bundle")
    assert sum(name.startswith("commit ") for name in documents) == 2
    (gap,) = gaps
    assert gap.startswith("thin.bundle: ")
    assert "are deltas of others that are not here, such as " in gap
    added = [content for name, content in documents.items() if name.startswith("delta at byte ")]
    assert any(b"version 59" in content for content in added)


def test_a_bundle_that_a_filter_made_is_a_gap() -> None:
    start = b"# v3 git bundle\n@object-format=sha1\n@filter=blob:none\n%s refs/heads/main\n\n" % (b"a" * 40)
    message = b"tree 0\n\nmessage"
    documents, gaps = opened(start + pack(entry("commit", message)))
    assert documents[f"commit {oid(message, 'commit').hex()}"] == message
    assert gaps == ["box: a filter left objects out of this bundle"]


def test_containers_in_a_pack_are_opened(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a.zip").write_bytes(zipped({"in.env": b"KEY=1"}))
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    documents, gaps = opened(tarred({"x.pack": packed(root)}))
    blob = git(root, "rev-parse", "HEAD:a.zip").decode().strip()
    assert documents[f"x.pack!/blob {blob}!/in.env"] == b"KEY=1"
    assert not gaps


@pytest.mark.parametrize("level", range(10))
def test_a_loose_object_is_read_at_every_level_of_compression(level: int) -> None:
    content = b"KEY=1\n" * 50
    data = zlib.compress(b"blob %d\0" % len(content) + content, level)
    assert opened(data) == ({"blob": content}, [])


def test_a_repository_in_an_archive_is_read_loose_and_packed(repository: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    git(tmp_path, "init", "-q", str(loose))
    git(loose, "unpack-objects", "-q", data=packed(repository))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as out:
        out.add(loose / ".git", "copy/.git")
    documents, gaps = opened(archive.getvalue())
    assert not gaps
    names = {
        name.split("objects/", 1)[1].replace("/", "", 1) for name in documents if name.endswith("!/blob")
    }
    assert names == {f"{name.removeprefix('blob ')}!/blob" for name in objects(repository, "blob")}


@pytest.mark.parametrize(
    "start",
    [
        b"x",
        b"x\x9c",
        b"x^2 + y^2 = z^2\n",
        b"x\x01\x02\x03" * 9,
        b"x\xda" + bytes(600),
        zlib.compress(b"no object of git" * 50),
        zlib.compress(b"blob x\0" * 9),
    ],
)
def test_what_only_begins_like_a_loose_object_is_none(start: bytes) -> None:
    assert sniff(start[:512], max(10, len(start))) is None


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_pack_that_ends_early_gives_what_stands_before(repository: Path, part: float) -> None:
    data = packed(repository, "--delta-base-offset")
    documents, gaps = opened(data[: int(len(data) * part)])
    whole = objects(repository)
    sound = {name: content for name, content in documents.items() if " at byte " not in name}
    assert sound
    assert sound.items() <= whole.items()
    assert len(sound) < len(whole)
    assert gaps
    assert "git pack" in gaps[-1]


def header(kind: int, size: int) -> bytes:
    first, size = kind << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes((*out, first))


def entry(kind: str | int, content: bytes, *, size: int | None = None, base: bytes = b"") -> bytes:
    number = KINDS[kind] if isinstance(kind, str) else kind
    stated = len(content) if size is None else size
    return header(number, stated) + base + zlib.compress(content)


def pack(*entries: bytes, count: int | None = None) -> bytes:
    count = len(entries) if count is None else count
    body = b"PACK\0\0\0\2" + count.to_bytes(4, "big") + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def oid(content: bytes, kind: str = "blob") -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).digest()


def delta(base: bytes, target: bytes) -> bytes:
    return b"".join(create_delta(base, target))


def test_a_delta_that_stands_before_its_base_is_read() -> None:
    one, two, three = text(1), text(2), text(3)
    data = pack(
        entry(7, delta(two, three), base=oid(two)),
        entry(7, delta(one, two), base=oid(one)),
        entry("blob", one),
    )
    assert opened(data) == ({f"blob {oid(each).hex()}": each for each in (one, two, three)}, [])


def test_a_circle_of_deltas_is_a_gap() -> None:
    one, two = text(1), text(2)
    data = pack(entry(7, delta(two, one), base=oid(two)), entry(7, delta(one, two), base=oid(one)))
    documents, gaps = opened(data)
    assert all(name.startswith("delta at byte ") for name in documents)
    assert len(gaps) == 1
    assert "2 objects are deltas of others that are not here" in gaps[0]


def test_a_delta_of_itself_or_of_what_is_no_object_is_a_gap() -> None:
    for distance in (b"\0", b"\x05", b"\xff" * 12 + b"\x7f"):
        data = pack(entry("blob", b"KEY=1"), entry(6, delta(b"KEY=1", b"KEY=2"), base=distance))
        documents, gaps = opened(data)
        assert documents == {f"blob {oid(b'KEY=1').hex()}": b"KEY=1"}
        assert gaps == ["box: git pack: the object at byte 26 is damaged: it is a delta of what is no object"]


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def copies(base: int, count: int) -> bytes:
    """A delta that repeats 64 KiB of its base so many times."""
    return varint(base) + varint(count << 16) + b"\x80" * count


SMALL = Limits(total_bytes=64 << 20, ratio_floor=16 << 20, member_bytes=8 << 20, seconds=20)


def test_a_bomb_of_deltas_is_cut_by_what_comes_out() -> None:
    root = bytes(1 << 16)
    bombs = [entry(7, copies(len(root), 120), base=oid(root)) for _ in range(50)]
    tally = Tally()
    data = pack(entry("blob", root), *bombs)
    tracemalloc.start()
    size = sum(len(content) for _, content in unpack("git-pack", data, "b", tally, SMALL))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 20 << 20
    assert peak < 40 << 20
    assert "not read to its end: expands more than" in tally.gaps[-1].reason


@pytest.mark.parametrize("size", [9 << 20, 1 << 40, (1 << 63) + 5])
def test_a_delta_whose_result_is_larger_than_may_be_held_is_not_applied(size: int) -> None:
    root = bytes(1 << 16)
    claim = varint(len(root)) + varint(size) + b"\x80" * 10
    documents, gaps = opened(pack(entry("blob", root), entry(7, claim, base=oid(root))), limits=SMALL)
    assert documents == {f"blob {oid(root).hex()}": root}
    assert any("larger than 8,388,608 bytes" in gap or "its delta is damaged" in gap for gap in gaps)


@pytest.mark.parametrize("size", [0, 3, 5000, 1 << 60])
def test_a_size_that_lies_hides_nothing(size: int) -> None:
    content = b"KEY=1\n" * 100
    documents, gaps = opened(pack(entry("blob", content, size=size), entry("blob", b"next")))
    assert list(documents.values()) == [content, b"next"]
    assert len(gaps) == 1
    assert gaps[0].endswith(f"states {size:,} bytes, holds 600")


def test_objects_that_the_header_does_not_count_are_a_gap() -> None:
    documents, gaps = opened(pack(entry("blob", b"KEY=1"), entry("blob", b"hidden"), count=1))
    assert documents[f"blob {oid(b'KEY=1').hex()}"] == b"KEY=1"
    assert len(gaps) == 1
    assert "bytes follow the objects that it counts" in gaps[0]


def test_what_is_appended_to_a_pack_is_read() -> None:
    documents, gaps = opened(pack(entry("blob", b"KEY=1")) + zipped({"a": b"KEY=2"}))
    assert documents == {f"blob {oid(b'KEY=1').hex()}": b"KEY=1", "<after the end>!/a": b"KEY=2"}
    assert not gaps


def test_damage_ends_it_and_what_stands_before_it_is_read() -> None:
    noise = random.Random(1).randbytes(4000)
    first = entry("blob", b"KEY=1\n" + noise)
    damaged = bytearray(first)
    damaged[3000] ^= 0xFF
    damaged[-4:] = b"\0\0\0\0"
    documents, gaps = opened(pack(entry("blob", b"before"), bytes(damaged), entry("blob", b"after")))
    assert documents[f"blob {oid(b'before').hex()}"] == b"before"
    assert documents["blob at byte 27"].startswith(b"KEY=1\n")
    assert any("the object at byte 27 is damaged" in gap for gap in gaps)


def test_a_large_blob_is_read_in_pieces_and_little_memory_is_held(tmp_path: Path) -> None:
    content = b"0123456789abcdef" * (2 << 20)
    data = pack(entry("blob", content))
    from tidegate.sources.unpack import Reader, leaves  # noqa: PLC0415

    name = f"blob {oid(content).hex()}"
    tracemalloc.start()
    size = 0
    for leaf in leaves("git-pack", Reader(data), len(data), "b", Tally()):
        assert leaf.path == name
        size += leaf.content.skip(1 << 40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == len(content)
    assert peak < 20 << 20


def test_more_bases_than_may_be_held_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from tidegate.sources.unpack import gitpack  # noqa: PLC0415

    monkeypatch.setattr(gitpack, "_HELD", 30_000)
    versions = [text(number) for number in range(31)]
    entries = [entry("blob", versions[0])]
    for number in range(1, 31):
        base = versions[(number - 1) // 2]
        entries.append(entry(7, delta(base, versions[number]), base=oid(base)))
    documents, gaps = opened(pack(*entries))
    assert documents == {f"blob {oid(each).hex()}": each for each in versions}
    assert not gaps


# No container begins with 0xEE.
blobs = st.lists(
    st.binary(max_size=300).map(lambda content: b"\xee" + content), min_size=1, max_size=12, unique=True
)


@settings(max_examples=150, deadline=None)
@given(blobs, st.lists(st.integers(0, 1 << 16), min_size=12, max_size=12), st.randoms(use_true_random=False))
def test_objects_are_read_whichever_of_them_are_deltas_and_in_which_order(
    contents: list[bytes], choices: list[int], order: random.Random
) -> None:
    entries = [entry("blob", contents[0])]
    for number in range(1, len(contents)):
        base = contents[choices[number] % number]
        is_delta = choices[number] & 1
        content = contents[number]
        entries.append(entry(7, delta(base, content), base=oid(base)) if is_delta else entry("blob", content))
    order.shuffle(entries)
    documents, gaps = opened(pack(*entries))
    assert documents == {f"blob {oid(each).hex()}": each for each in contents}
    assert not gaps


SEED = pack(
    entry("blob", text(1, 20)),
    entry(7, delta(text(1, 20), text(2, 20)), base=oid(text(1, 20))),
    entry("commit", b"tree 0\n\nmessage"),
    entry(7, delta(text(2, 20), text(3, 20)), base=oid(text(2, 20))),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=5), st.integers(0, 1 << 16))
def test_a_pack_with_bytes_changed_or_cut_ends_without_an_exception(
    changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(SEED)
    for at, value in changes:
        data[12 + at % (len(data) - 12)] = value
    whole = bytes(data[: max(12, cut % len(data))] if cut % 3 == 0 else data)
    for start, kind in ((b"", "git-pack"), (b"# v2 git bundle\n\n", "git-bundle")):
        tally = Tally()
        documents = list(unpack(kind, start + whole, "x", tally, SMALL))
        assert tally.gaps or len(documents) >= 4


@pytest.mark.parametrize(("stated", "read"), [(1 << 33, 9 << 20), (0, 32 << 20)])
def test_what_states_more_than_may_be_read_is_left_early_and_what_states_less_is_read(
    stated: int, read: int
) -> None:
    content = bytes(32 << 20)
    data = pack(entry("blob", content, size=stated))
    budget = Budget("b", len(data), Tally(), Limits(ratio_floor=64 << 20))
    with suppress(ExhaustedError):
        for _ in Objects(memoryview(data), "sha1", "", budget).whole():
            pass
    assert bool(budget.exhausted) == (stated > len(content))
    assert abs(budget.total - read) <= 1 << 20
