"""What lies in a repository is read once, by whichever way it is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Command
from corpus.containers import env
from corpus.repository import Repository

SAS = mint.container_sas("contosoonce", "raw").ordered(PORTAL_SERVICE)


@pytest.mark.parametrize("target", ["outer", "."])
def test_a_submodule_is_read_once(target: str, tidegate: Command, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "elsewhere/inner")
    inner.put("a.env", env(SAS), "Add")
    inner.remove("a.env", "Remove")
    outer = Repository(tmp_path / "tree/outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    outer.commit("Add a submodule")
    answer = tidegate.scan(target, cwd=tmp_path / "tree")
    assert answer.report["gaps"] == []
    (finding,) = answer.report["findings"]
    prefix = "" if target == "outer" else "outer/"
    assert [place["path"] for place in finding["occurrences"]] == [f"{prefix}sub/a.env"]
    assert answer.report["coverage"]["commits"] == 3


@pytest.mark.parametrize(("options", "path"), [((), "<git config>"), (("--no-history",), ".git/config")])
def test_the_configuration_of_a_repository_is_read_once(
    options: tuple[str, ...], path: str, tidegate: Command, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("README.md", "clean\n", "Add")
    repository.git("remote", "add", "storage", SAS.url)
    (finding,) = tidegate.scan(*options, repository.path).report["findings"]
    assert [place["path"] for place in finding["occurrences"]] == [path]


def test_objects_copied_without_their_repository_are_read(tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("a.env", env(SAS), "Add")
    (repository.path / ".git/objects").rename(tmp_path / "copied")
    answer = tidegate.scan(tmp_path / "copied")
    assert [finding["grant"]["account"] for finding in answer.report["findings"]] == ["contosoonce"]
    assert answer.report["gaps"] == []
