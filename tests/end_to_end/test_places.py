"""Line and column are right wherever a credential stands, and nothing is read across the border of two files."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus import mint
from corpus.azure_kinds import PORTAL_SERVICE
from corpus.command import Command
from corpus.repository import Repository

SAS = mint.container_sas("contosoplace", "raw").ordered(PORTAL_SERVICE)
MIB = 1 << 20
BORDERS = [size * MIB + shift for size in (1, 2, 4, 8) for shift in (-150, -60, -1, 0, 1)]


def places(tidegate: Command, folder: Path) -> list[tuple[str, int, int]]:
    """Return path, line and column of the one finding that a folder has."""
    findings = tidegate.scan(folder).report["findings"]
    assert len(findings) == 1
    return [(o["path"], o["line"], o["column"]) for o in findings[0]["occurrences"]]


def test_a_link_is_placed_right_around_every_likely_border(tidegate: Command, tmp_path: Path) -> None:
    # Lines of 64 bytes: what lies before the link says on which line and column it stands.
    wanted = []
    for offset in BORDERS:
        before = (b"x" * 63 + b"\n") * (offset // 64) + b"y" * (offset % 64 - 1) + b" " * (offset % 64 > 0)
        (tmp_path / f"{offset}.txt").write_bytes(before + SAS.url.encode() + b"\n" + b"z" * 70_000)
        wanted.append((f"{offset}.txt", offset // 64 + 1, offset % 64 + 1))
    assert sorted(places(tidegate, tmp_path)) == sorted(wanted)


def test_a_link_in_one_endless_line_is_placed_right(tidegate: Command, tmp_path: Path) -> None:
    wanted = []
    for offset in BORDERS:
        (tmp_path / f"{offset}.js").write_bytes(b";" * offset + SAS.url.encode() + b'"' + b";" * 70_000)
        wanted.append((f"{offset}.js", 1, offset + 1))
    assert sorted(places(tidegate, tmp_path)) == sorted(wanted)


def test_a_link_is_placed_right_in_a_long_standard_input(tidegate: Command) -> None:
    for offset in BORDERS:
        lines, rest = divmod(offset, 64)
        data = (b"x" * 63 + b"\n") * lines + b" " * rest + SAS.url.encode() + b"\n" + b"z" * 70_000
        place = tidegate.scan("-", data=data).report["findings"][0]["occurrences"][0]
        assert (place["line"], place["column"]) == (lines + 1, rest + 1), offset


@pytest.mark.parametrize("cut", [-40, -20, -8])
def test_two_files_are_not_read_as_one(cut: int, tidegate: Command, tmp_path: Path) -> None:
    # Files are laid one after the other in memory; the second half of a link stays in its own file.
    for number in range(0, 40, 2):
        (tmp_path / f"{number:02}").write_text(SAS.url[:cut])
        (tmp_path / f"{number + 1:02}").write_text(SAS.url[cut:])
    halves = {f["secret"]["fingerprint"] for f in tidegate.scan(tmp_path).report["findings"]}
    (tmp_path / "whole").write_text(SAS.url)
    (whole,) = tidegate.scan(tmp_path / "whole").report["findings"]
    assert whole["secret"]["fingerprint"] not in halves


def test_an_account_is_not_taken_from_another_file(tidegate: Command, tmp_path: Path) -> None:
    (tmp_path / "1.env").write_text("AZURE_STORAGE_ACCOUNT=contosoneighbour\n")
    (tmp_path / "2.env").write_text(f"AZURE_STORAGE_SAS_TOKEN={SAS.query}\n")
    (tmp_path / "3.env").write_text("AZURE_STORAGE_ACCOUNT=contosoneighbour\n")
    found = tidegate.scan(tmp_path).report["findings"]
    assert [f["grant"]["account"] for f in found] == [None]


def test_every_place_is_told_once(tidegate: Command, tmp_path: Path) -> None:
    text = "\n".join(f"{n} {SAS.url}" for n in range(50))
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "b.txt").write_text(text)
    finding = tidegate.scan(tmp_path).report["findings"][0]
    seen = [(o["path"], o["line"]) for o in finding["occurrences"]]
    assert len(seen) == len(set(seen))
    assert finding["occurrences_total"] == 100


def test_a_thousand_tokens_in_one_file_are_a_thousand_findings(tidegate: Command, tmp_path: Path) -> None:
    links = (
        mint.container_sas("contosomass", "raw", seed=str(n)).ordered(PORTAL_SERVICE).url
        for n in range(1_000)
    )
    (tmp_path / "a.txt").write_text("\n".join(links))
    report = tidegate.scan(tmp_path).report
    assert report["gaps"] == []
    assert sorted(f["occurrences"][0]["line"] for f in report["findings"]) == list(range(1, 1_001))


@pytest.mark.parametrize("days", [0, -3], ids=["same second", "clock set back"])
def test_the_first_commit_is_the_first_of_the_history_not_of_the_clock(
    days: int, tidegate: Command, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "repo")
    first = repository.put("README.md", f"see {SAS.url}\n", "Add the link")
    for number in range(6):
        repository.commits += days - 1
        repository.put("README.md", f"see {SAS.url}\n" + "more\n" * (number + 1), "Say more")
    (finding,) = tidegate.scan(repository.path).report["findings"]
    (place,) = finding["occurrences"]
    assert (place["commit"], place["versions"]) == (first, 7)
