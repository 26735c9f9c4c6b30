"""`tidegate inspect model.pkl`, in the folder of the file, looked for `/model.pkl`. Found by hand, 2026-11-26."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.cli import main


def test_a_file_of_the_current_folder_needs_no_dot_and_slash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85R.")
    monkeypatch.chdir(tmp_path)
    assert main(["inspect", "--quiet", "model.pkl"]) == 1
    assert "os.system" in capsys.readouterr().out
