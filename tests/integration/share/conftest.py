"""One PostgreSQL for all tests of this folder, with a database of its own for each."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pg8000.dbapi
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.postgres import PASSWORD, USER, Postgres, postgres

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def database(cluster: Postgres) -> Callable[[], str]:
    """Return what makes a new, empty database and says its name."""

    def make() -> str:
        name = f"ledger{next(_NUMBERS)}"
        with closing(
            pg8000.dbapi.connect(
                USER, password=PASSWORD, host="127.0.0.1", port=cluster.port, database="postgres"
            )
        ) as at:
            at.autocommit = True
            at.cursor().execute(f"CREATE DATABASE {name}")
        return name

    return make
