"""One SeaweedFS and one MiniStack for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from s3_fill import fill

from services.ministack import MiniStack, ministack
from services.s3_fake import S3Fake, running
from services.seaweedfs import SeaweedFS, seaweedfs


@pytest.fixture(scope="session")
def weed() -> Iterator[SeaweedFS]:
    """Return a SeaweedFS with buckets in it: private, public, versioned."""
    with seaweedfs() as service:
        fill(service)
        yield service


@pytest.fixture(scope="session")
def stack() -> Iterator[MiniStack]:
    with ministack() as service:
        yield service


@pytest.fixture
def amazon() -> Iterator[S3Fake]:
    """Return an empty fake of Amazon's own, for one test."""
    with running(S3Fake()) as fake:
        yield fake
