"""One Azurite for all tests of this folder, filled once; and a `Net` of its own for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from azure_fill import fill
from azure_setting import ACCOUNT, ENTRA_ACCOUNT, ROTATED_ACCOUNT, Setting, setting
from closing_setting import CLOSING_ACCOUNT

from services.azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Return the emulator: accounts with containers, a queue and a table."""
    with Azurite.of(ACCOUNT, ROTATED_ACCOUNT, CLOSING_ACCOUNT) as running:
        fill(running, ACCOUNT)
        fill(running, ROTATED_ACCOUNT)
        fill(running, CLOSING_ACCOUNT)
        yield running


@pytest.fixture
def azure(azurite: Azurite) -> Iterator[Setting]:
    """Return the emulator, and the way to it."""
    with setting(azurite) as made:
        yield made


@pytest.fixture(scope="session")
def azurite_with_entra() -> Iterator[Azurite]:
    """Return an emulator behind https that accepts Entra tokens."""
    with Azurite.of(ENTRA_ACCOUNT, https=True) as running:
        fill(running, ENTRA_ACCOUNT)
        yield running


@pytest.fixture
def entra(azurite_with_entra: Azurite) -> Iterator[Setting]:
    with setting(azurite_with_entra) as made:
        yield made
