"""Laws over the whole corpus: what is found does not depend on how it is carried, and no secret comes out."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Command
from corpus.forms import ALL
from corpus.judge import leaks
from corpus.repository import Repository

SECRETS = sorted({s for form in ALL for s in form.build().secrets})
FORMATS = ("text", "json", "jsonl", "sarif", "markdown", "csv")


def ids(tidegate: Command, *args: str | Path, data: bytes = b"") -> set[str]:
    """Return the ids of all findings of a scan, plain addresses left out."""
    report = tidegate.scan(*args, data=data).report
    return {f["id"] for f in report["findings"] if f["grant"]["kind"] != "anonymous"}


@pytest.fixture(scope="module")
def together(tidegate: Command, corpus_folder: Path) -> set[str]:
    """Return what one scan of the folder finds."""
    return ids(tidegate, corpus_folder)


def test_the_forms_scanned_together_give_what_they_give_alone(together: set[str]) -> None:
    # Three key files share one private key, because making another takes a second.
    shared = sum(len(f.build().wants) for f in ALL if f.id in {"G04", "G05", "G07"}) - 1
    wanted = sum(len(f.build().wants) for f in ALL)
    assert wanted - shared <= len(together) <= wanted


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_second_run_finds_the_same(
    jobs: str, together: set[str], tidegate: Command, corpus_folder: Path
) -> None:
    assert ids(tidegate, "--jobs", jobs, corpus_folder) == together


def test_a_deleted_history_gives_what_the_folder_gave(
    together: set[str], tidegate: Command, corpus_folder: Path, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "repo")
    for file in corpus_folder.rglob("*"):
        if file.is_file():
            repository.write(str(file.relative_to(corpus_folder)), file.read_bytes())
    repository.commit("Add all")
    repository.git("rm", "-rq", ".")
    repository.put("README.md", "clean\n", "Remove all")
    repository.git("gc", "-q")
    assert ids(tidegate, repository.path) == together


def test_a_compressed_archive_gives_what_the_folder_gave(
    together: set[str], tidegate: Command, corpus_folder: Path, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(corpus_folder, "all")
    assert ids(tidegate, tmp_path / "all.tar.gz") == together


def test_an_archive_on_standard_input_gives_what_the_folder_gave(
    together: set[str], tidegate: Command, corpus_folder: Path
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(corpus_folder, "all")
    assert ids(tidegate, "-", data=out.getvalue()) == together


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_of_output_shows_a_secret(form: str, tidegate: Command, corpus_folder: Path) -> None:
    answer = tidegate("scan", "--format", form, corpus_folder)
    assert answer.code == 1
    assert answer.out
    assert leaks(SECRETS, answer.out + answer.err) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_suppressed_shows_no_secret_either(form: str, tidegate: Command, corpus_folder: Path) -> None:
    answer = tidegate("scan", "--include-suppressed", "--format", form, corpus_folder)
    assert answer.code == 1
    assert leaks(SECRETS, answer.out + answer.err) == []


def test_a_secret_in_a_name_is_not_shown(tidegate: Command, tmp_path: Path) -> None:
    sas = mint.container_sas("contosonames", "raw").ordered(PORTAL_SERVICE, encode=mint.escaped)
    folder = tmp_path / f"raw?{sas.query}"
    folder.mkdir()
    (folder / "x.txt").write_text(f"see {sas.url}\n")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(8))
    for form in FORMATS:
        answer = tidegate("scan", "--format", form, folder.parent)
        assert answer.code == 1
        assert leaks([sas.sig, sas.params["sig"]], answer.out + answer.err) == [], form
        named = tidegate("scan", "--format", form, folder)
        assert leaks([sas.sig], named.out + named.err) == [], form


def test_the_order_of_files_does_not_matter(tidegate: Command, tmp_path: Path) -> None:
    sas = mint.container_sas("contosoorder", "raw").ordered(PORTAL_SERVICE)
    for folder, names in (("a", "12"), ("b", "21")):
        (tmp_path / folder).mkdir()
        for name, text in zip(names, (sas.url, f"AZURE_STORAGE_SAS_TOKEN={sas.query}"), strict=True):
            (tmp_path / folder / name).write_text(text)
    first, second = (tidegate.scan(tmp_path / f).report["findings"] for f in "ab")
    assert [f["id"] for f in first] == [f["id"] for f in second]
    assert len(first) == 1
    assert first[0]["grant"]["account"] == "contosoorder"


def test_one_credential_now_and_before_is_one_finding_with_its_first_commit(
    tidegate: Command, tmp_path: Path
) -> None:
    sas = mint.container_sas("contosofirstseen", "raw").ordered(PORTAL_SERVICE)
    repository = Repository(tmp_path / "repo")
    repository.put("README.md", "# Data\n", "Begin")
    ada = "Ada First <ada@contoso.example>"
    repository.write("docs/data.md", f"\n\nget {sas.url}\n")
    first = repository.commit("Say where the data is", author=ada)
    repository.put("README.md", f"# Data\n\n{sas.url.replace('&', '&amp;')}\n", "Copy it to the front page")
    repository.remove("docs/data.md", "One place is enough")
    repository.put("README.md", f"# Data of ours\n\n{sas.url.replace('&', '&amp;')}\n", "Rephrase")

    report = tidegate.scan(repository.path).report

    assert len(report["findings"]) == 1
    places = {o["path"]: o for o in report["findings"][0]["occurrences"] if o["commit"]}
    old = places["docs/data.md"]
    assert (old["commit"], old["author"], old["committed_at"]) == (first, ada, repository.when(first))
    assert (old["line"], old["column"], old["in_head"]) == (3, 5, False)
    assert places["README.md"]["in_head"] is True
    assert report["findings"][0]["occurrences"][0]["path"] == "README.md"
    assert report["coverage"]["commits"] == 5


def test_a_rewritten_history_that_still_holds_the_object_is_not_clean(
    tidegate: Command, tmp_path: Path
) -> None:
    sas = mint.container_sas("contosoamended", "raw").ordered(PORTAL_SERVICE)
    repository = Repository(tmp_path / "repo")
    repository.put("a.env", f"URL={sas.url}\n", "Add")
    repository.write("a.env", "URL=\n")
    repository.git("commit", "-aq", "--amend", "-m", "Add")
    repository.git("reflog", "expire", "--expire=now", "--all")
    answer = tidegate.scan(repository.path)
    assert answer.code == 1
    assert [f["grant"]["account"] for f in answer.report["findings"]] == ["contosoamended"]


def test_scanning_changes_nothing_in_the_target(tidegate: Command, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.put("a.txt", "x\n", "Add")
    before = {p: (os.lstat(p).st_mtime_ns, os.lstat(p).st_size) for p in sorted(repository.path.rglob("*"))}
    tidegate.scan(repository.path)
    assert {
        p: (os.lstat(p).st_mtime_ns, os.lstat(p).st_size) for p in sorted(repository.path.rglob("*"))
    } == before
