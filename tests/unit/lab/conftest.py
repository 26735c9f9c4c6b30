"""A small account with every kind of name, and a server for it."""

from __future__ import annotations

from collections.abc import Iterator

import lab_plans
import pytest
from hypothesis import settings

from tidegate.lab.account import Account, make
from tidegate.lab.http import Server
from tidegate.lab.server import serve

settings.register_profile("lab", deadline=None)
settings.load_profile("lab")


@pytest.fixture(scope="session")
def account() -> Account:
    return lab_plans.small()


@pytest.fixture(scope="session")
def real_sized() -> Account:
    return make()


@pytest.fixture
def server(account: Account) -> Iterator[Server]:
    with serve(account) as running:
        yield running
