"""A folder with something to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.shared import LINK


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A folder with one link that opens a whole account, found by the real scanner."""
    folder = tmp_path / "leaky"
    folder.mkdir()
    (folder / "README.md").write_text(f"Download from\n{LINK}\n")
    return folder
