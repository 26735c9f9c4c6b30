"""Files with hostile names, scanned for real: every document stays harmless and whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from report.samples import HOSTILE

from cli.shared import LINK
from tidegate.cli import main
from tidegate.plugins import Reporter, load

FORMS = sorted(load(Reporter, "tidegate.report"))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for number, name in enumerate(HOSTILE):
        link = LINK.replace("contosomodels", f"contoso{number}").replace(
            "sig=Zm9", f"sig=Z{chr(97 + number)}9"
        )
        (folder / name.replace("/", "_")).write_text(link + "\n")
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_come_out_visible_and_obey_nobody(
    form: str, hostile: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(hostile), "--format", form]) == 1
    out, err = capfd.readouterr()
    assert out.replace("\n", "").isprintable()
    assert err == ""
    assert "##vso[" not in out
    assert not any(line.strip().startswith("::") for line in out.splitlines())
    for number in range(len(HOSTILE)):
        assert f"contoso{number}" in out
