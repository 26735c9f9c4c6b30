"""Containers can be left closed: by the command and by the library, for every kind of target."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import tidegate as library
from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Command
from corpus.containers import env, zipped
from corpus.repository import Repository

SAS = mint.container_sas("contosoclosed", "raw").ordered(PORTAL_SERVICE)
BOX = zipped({"conf/.env": env(SAS)})


def _paths(findings: list[dict[str, object]]) -> list[object]:
    return [place["path"] for finding in findings for place in finding["occurrences"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["folder", "repository", "file", "-"])
def test_no_containers_opens_nothing(kind: str, tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.put("a.zip", BOX, "Add")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.zip").write_bytes(BOX)
    target = {"file": "folder/a.zip"}.get(kind, kind)
    given = BOX if kind == "-" else b""
    opened = tidegate("scan", "--format", "json", target, cwd=tmp_path, data=given)
    assert _paths(opened.report["findings"])
    assert all(str(path).endswith("!/conf/.env") for path in _paths(opened.report["findings"]))
    closed = tidegate("scan", "--format", "json", "--no-containers", target, cwd=tmp_path, data=given)
    assert closed.code == 0
    assert closed.report["findings"] == closed.report["gaps"] == []
    assert closed.report["coverage"]["bytes"] >= len(BOX)


def test_the_library_leaves_them_closed_too(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(BOX)
    (tmp_path / "b.env").write_bytes(env(SAS))
    for containers, count in ((True, 2), (False, 1)):
        report = library.scan(str(tmp_path), containers=containers, jobs=1)
        assert sum(len(finding.occurrences) for finding in report.findings) == count
    assert not library.scan("-", stdin=io.BytesIO(BOX), containers=False, jobs=1).findings
