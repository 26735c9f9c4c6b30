"""Folders and files: what is read, what is left, and what is said about it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import Seen, read

from tidegate.errors import SourceError
from tidegate.model.document import Spot, Tally
from tidegate.plugins import Source
from tidegate.sources.files import TreeSource, open_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "unpack"))

from containers import pdf, tarred, zipped


def plant(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def look(root: Path, **options: object) -> Seen:
    return read(open_tree(root, label=str(root), **options))  # type: ignore[arg-type]


def test_every_file_is_one_document_and_all_are_counted(tmp_path: Path) -> None:
    files = {"a.txt": b"one\n", "d/e/f.txt": b"two", ".hidden/.env": b"KEY=1", "d/größe": b"3"}
    seen = look(plant(tmp_path, {**files, "empty": b""}))
    assert seen.documents == files
    assert seen.tally.coverage.documents == 5
    assert seen.tally.coverage.bytes == sum(map(len, files.values()))
    assert seen.batches == 1, "small files share a batch"
    assert not seen.gaps


def test_a_tree_is_a_source_and_says_where_a_spot_is(tmp_path: Path) -> None:
    source: Source = open_tree(plant(tmp_path, {"d/a": b"x"}), label="here")
    place = source.places([Spot("d/a", 3, 7)], Tally())[0][0]
    assert (place.source, place.target, place.path, place.line, place.column) == ("tree", "here", "d/a", 3, 7)


def test_a_single_file_is_a_tree_of_one(tmp_path: Path) -> None:
    assert look(plant(tmp_path, {"a.txt": b"one"}) / "a.txt").documents == {"a.txt": b"one"}


def test_between_two_documents_stands_a_line_end(tmp_path: Path) -> None:
    source = open_tree(plant(tmp_path, {f"{n}": b"word" for n in range(9)}), label="x")
    (shard,) = source.shards(1, Tally())
    (batch,) = source.batches(shard, Tally())
    assert {bytes(batch.data)[stop : stop + 1] for stop in batch.ends} <= {b"\n", b""}


def test_links_are_not_followed_and_special_files_not_opened(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"secret": b"no"})
    root = plant(tmp_path / "root", {"a": b"yes"})
    (root / "file-link").symlink_to(outside / "secret")
    (root / "folder-link").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = Path.cwd()
        os.chdir(root)
        sock.bind("socket")
        os.chdir(here)
        assert look(root).documents == {"a": b"yes"}
    (tmp_path / "to-root").symlink_to(root)
    assert look(tmp_path / "to-root").documents == {"a": b"yes"}, "the target itself may be a link"


def test_a_file_that_is_swapped_for_a_link_or_a_fifo_is_a_gap_and_not_a_hang(tmp_path: Path) -> None:
    root = plant(tmp_path, {"link": b"1", "fifo": b"2", "gone": b"3", "stays": b"4"})
    source = open_tree(root, label="x")
    tally = Tally()
    (shard,) = source.shards(1, tally)
    for name in ("link", "fifo", "gone"):
        (root / name).unlink()
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "fifo")
    labels = [label for batch in source.batches(shard, tally) for label in batch.labels]
    assert labels == ["stays"]
    assert {gap.subject for gap in tally.gaps} >= {"link", "gone"}


def test_what_may_not_be_read_is_a_gap_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a/locked": b"1", "closed/x": b"2", "open": b"3"})
    (root / "a/locked").chmod(0)
    (root / "closed").chmod(0)
    with _nobody(root):
        seen = look(root)
    (root / "closed").chmod(0o755)
    assert seen.documents == {"open": b"3"}
    assert sorted(seen.gaps) == ["a/locked: permission denied", "closed: permission denied"]


@contextmanager
def _nobody(root: Path) -> Iterator[None]:
    """Root may read everything: be somebody else meanwhile."""
    if os.geteuid():
        yield
        return
    for each in (root, *root.parents):
        if any("pytest" in part for part in each.parts):
            each.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_names_that_are_no_utf8_are_read_and_shown_escaped(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    with open(name, "wb") as file:  # noqa: PTH123
        file.write(b"x")
    assert look(tmp_path).documents == {"caf\\xe9": b"x"}


def test_a_tree_deeper_than_the_stack_is_walked(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open("deep", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, b"deep")
    os.close(file)
    os.close(here)
    seen = look(tmp_path)
    assert list(seen.documents.values()) == [b"deep"]
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_no_such_path_and_no_file_are_refused_with_a_hint(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none", tmp_path / "fifo", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(SourceError) as refused:
            open_tree(path, label="it")
        assert refused.value.hint


def test_containers_are_opened_and_their_packed_bytes_left_out(tmp_path: Path) -> None:
    inner = {"conf/.env": b"KEY=1\n"}
    plant(tmp_path, {"a.zip": zipped(inner), "named.txt": tarred(inner), "b.tgz": tarred(inner, "w:gz")})
    seen = look(tmp_path)
    assert seen.documents == {f"{box}!/conf/.env": b"KEY=1\n" for box in ("a.zip", "named.txt", "b.tgz")}
    assert seen.tally.coverage.documents == 3


def test_a_damaged_container_and_a_pdf_are_read_raw_as_well(tmp_path: Path) -> None:
    cut = zipped({"a": b"KEY=1\n", "b": os.urandom(900)})[:400]
    plant(tmp_path, {"cut.zip": cut, "a.pdf": pdf(b"BT /F1 9 Tf (KEY=2) Tj ET", packed=False)})
    seen = look(tmp_path)
    assert seen.documents["cut.zip!/a"] == b"KEY=1\n"
    assert seen.documents["cut.zip"] == cut
    assert b"KEY=2" in seen.documents["a.pdf"]
    assert seen.documents["a.pdf!/page 1"] == b"KEY=2"
    assert seen.gaps


@pytest.mark.parametrize("pad", [0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 200_000])
def test_files_around_the_sizes_of_pages_and_buffers_are_whole(tmp_path: Path, pad: int) -> None:
    files = {"a": b"a" * pad, "b": b"line\n" * (pad // 5), "c": b"KEY=1", "d": b"\n" * pad}
    seen = look(plant(tmp_path, files), buffer_bytes=65536)
    assert seen.documents == {name: content for name, content in files.items() if content}
    assert seen.tally.coverage.bytes == sum(map(len, files.values()))


def test_a_window_of_a_large_file_ends_behind_a_line(tmp_path: Path) -> None:
    lines = b"".join(b"%07d the quick brown fox\n" % number for number in range(10_000))
    seen = look(plant(tmp_path, {"a": lines}), buffer_bytes=65536)
    assert seen.documents == {"a": lines}
    assert len(seen.windows) > 4
    assert all(data.endswith(b"\n") for _, data, _ in seen.windows)
    assert all(data[:7].isdigit() for _, data, _ in seen.windows), "and starts with one"
    assert {label for label, _, _ in seen.windows} == {"a"}


def test_a_line_longer_than_a_window_is_cut_between_words_and_keeps_its_columns(tmp_path: Path) -> None:
    content = b"first\n" + b'{"some": "json", ' * 20_000 + b"\nlast\n"
    seen = look(plant(tmp_path, {"min.js": content}), buffer_bytes=65536)
    assert seen.documents == {"min.js": content}
    assert all(data[-1:] in b' \n"{,' for _, data, _ in seen.windows)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(max_size=400), max_size=6),
    st.lists(st.tuples(st.integers(1, 3000), st.sampled_from([b"\n", b"", b" ", b"x" * 700 + b"\n"])), max_size=20),
    st.integers(7, 13),
)  # fmt: skip
def test_the_size_of_the_buffer_never_changes_what_is_seen(
    tmp_path_factory: pytest.TempPathFactory, small: list[bytes], lines: list[tuple[int, bytes]], bits: int
) -> None:
    root = tmp_path_factory.mktemp("tree")
    files = {f"{n}": b"." + content for n, content in enumerate(small)}
    files["large"] = b"L" + b"".join(b"%d," % n * n + end for n, end in lines)
    files["box.zip"] = zipped({"in": files["large"]})
    plant(root, files)
    whole, cut = look(root), look(root, buffer_bytes=1 << bits)
    assert cut.documents == whole.documents
    assert cut.tally.coverage == whole.tally.coverage


def test_shards_hold_every_file_once_and_there_are_some_for_every_worker(tmp_path: Path) -> None:
    plant(tmp_path, {f"d{n % 7}/{n}": b"%d" % n for n in range(900)})
    source = open_tree(tmp_path, label="x")
    shards = list(source.shards(4, Tally()))
    names = [f"{folder}/{name}" for shard in shards for folder, files in shard for name in files]
    assert sorted(names) == sorted(f"d{n % 7}/{n}" for n in range(900))
    assert len(shards) >= 4


def _count(task: tuple[TreeSource, object]) -> int:
    source, shard = task
    return sum(len(batch.starts) for batch in source.batches(shard, Tally()))  # type: ignore[arg-type]


def test_a_source_goes_to_another_process(tmp_path: Path) -> None:
    source = open_tree(plant(tmp_path, {f"{n}": b"x" for n in range(200)}), label="x")
    read(source)
    assert pickle.loads(pickle.dumps(source)).target == "x"
    tasks = [(source, shard) for shard in source.shards(2, Tally())]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert sum(pool.map(_count, tasks)) == 200


def test_a_shard_is_told_by_whole_names_of_its_files(tmp_path: Path) -> None:
    root = plant(tmp_path, {f"docs/{n}.txt": b"x" for n in range(9)} | {"keys.txt": b"x"})
    (shard,) = open_tree(root, label="x").shards(1, Tally())
    told = str(pickle.loads(pickle.dumps(shard)))
    assert told.startswith("keys.txt, docs/")
    assert told.endswith(".txt, … (10 files in all)")
    (alone,) = open_tree(root / "keys.txt", label="x").shards(1, Tally())
    assert str(alone) == "keys.txt"


def git(root: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=root, check=True, capture_output=True)


def test_repositories_are_noted_and_what_their_source_reads_is_left_out(tmp_path: Path) -> None:
    for name in ("work", "deep/down/other"):
        plant(tmp_path / name, {"a.txt": b"a"})
        git(tmp_path / name, "init", "-q")
        git(tmp_path / name, "add", ".")
        git(tmp_path / name, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", "--bare", "work", "bare.git")
    plant(tmp_path, {"work/.git/objects/ab/hidden.txt": b"not an object", "nothing/HEAD": b"x"})
    plant(tmp_path, {"work/.git/hooks/index.env": b"no text to the git source"})
    source = open_tree(tmp_path, label="x")
    seen = read(source)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in source.repositories) == [
        "bare.git", "deep/down/other", "work",
    ]  # fmt: skip
    objects = [path for path in seen.documents if "/objects/" in path and "/info/" not in path]
    assert objects == ["work/.git/objects/ab/hidden.txt"], "what only lies among objects is read"
    assert "work/.git/config" not in seen.documents
    assert "work/.git/config" in look(tmp_path, skip_git_texts=False).documents
    assert {"work/.git/hooks/index.env", "work/.git/index", "nothing/HEAD"} <= seen.documents.keys()
    assert len(look(tmp_path, skip_git=False).documents) > len(seen.documents)


def test_ignore_files_of_the_tree_count_only_on_request(tmp_path: Path) -> None:
    files = {
        ".gitignore": b"*.log\n/build/\n",
        "a.log": b"1",
        "build/x": b"2",
        "sub/build/y": b"3",
        "b": b"4",
    }
    files["sub/.gitignore"] = b"!keep.log\n"
    files |= {"sub/keep.log": b"5", "sub/drop.log": b"6"}
    plant(tmp_path, files)
    assert set(look(tmp_path).documents) == set(files)
    source = open_tree(tmp_path, label="x", gitignore=True)
    assert set(read(source).documents) == set(files) - {"a.log", "build/x", "sub/drop.log"}
    assert source.ignored == 3
    excluded = look(tmp_path, exclude=["sub", "b"])
    assert set(excluded.documents) == {".gitignore", "a.log", "build/x"}


def test_the_ignore_rules_are_those_of_git(tmp_path: Path) -> None:
    patterns = [
        "*.log", "!important.log", "/top", "doc/*.txt", "**/cache", "a/**/z", "dir/", "wild?[0-9]", "neg[!a-c]",
        "end/**", "\\#hash", "\\!bang", "trail\\ ", "# comment", "", "esc\\*", "**foo", "x/y",
    ]  # fmt: skip
    names = [
        "a.log", "important.log", "s/a.log", "top", "s/top", "doc/a.txt", "doc/s/a.txt", "s/doc/a.txt", "cache/f",
        "s/t/cache/f", "a/z", "a/b/z", "a/b/c/z", "dir/f", "s/dir/f", "wildx1", "wildxx", "nega", "negd", "end/a/b",
        "#hash", "!bang", "trail ", "trail", "esc*", "escx", "barfoo", "x/y", "s/x/y",
    ]  # fmt: skip
    plant(tmp_path, dict.fromkeys(names, b"x") | {".gitignore": "\n".join(patterns).encode()})
    git(tmp_path, "init", "-q")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    wanted = set(listed.stdout.decode().split("\0")) - {""}
    seen = {path for path in look(tmp_path, gitignore=True).documents if not path.startswith(".git/")}
    assert seen == wanted


def test_a_pattern_made_to_be_slow_is_not(tmp_path: Path) -> None:
    plant(tmp_path, {"a" * 200: b"x", ".gitignore": b"*a" * 40 + b"b\n[\n\\\n"})
    assert len(look(tmp_path, gitignore=True).documents) == 2
