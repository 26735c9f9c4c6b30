"""Containers among the blobs of a repository."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from git_repositories import Repo, open_repo, read_source


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"KEY=1")
    return out.getvalue()


MAIL = b"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nS0VZPTI=\n"


def _blobs(path: Path, *, containers: bool) -> dict[object, bytes]:
    source = open_repo(path, containers=containers)
    try:
        documents, tally = read_source(source)
    finally:
        source.close()
    assert not tally.gaps
    return dict(documents)


def test_containers_in_history_are_opened_or_left_closed_as_one_asks(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    program = b"MZ" + bytes(5000) + _zip()
    names = {"box.zip": _zip(), "mail.eml": MAIL, "setup.exe": program}
    for name, content in names.items():
        repo.write(name, content)
    repo.commit("Add")
    oids = {name: bytes.fromhex(repo.git("rev-parse", f"HEAD:{name}")) for name in names}
    closed = _blobs(repo.path, containers=False)
    assert {name: closed[oid] for name, oid in oids.items()} == names
    opened = _blobs(repo.path, containers=True)
    assert opened[oids["box.zip"], "a"] == opened[oids["setup.exe"], "a"] == b"KEY=1"
    assert opened[oids["mail.eml"], "part[1].txt"] == b"KEY=2"
    assert oids["box.zip"] not in opened, "what is clean is read once"
    assert (opened[oids["mail.eml"]], opened[oids["setup.exe"]]) == (MAIL, program)
