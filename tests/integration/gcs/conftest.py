"""A fake Cloud Storage of its own for every test, and a `Net` whose scope names it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from gcs_setting import Setting, setting


@pytest.fixture
def gcs() -> Iterator[Setting]:
    """Return the cloud, what it was asked, and the way to it."""
    with setting() as made:
        yield made
