"""The ledger in both of its databases: what is kept, who waits for whom, what is said when it fails."""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.postgres import PASSWORD, Postgres
from tidegate.errors import ConfigError, UsageError
from tidegate.share.ledger import Ledger, Share, open_ledger

ROW = Share(
    id="sh-00000000",
    state="making",
    created_at="2026-01-01T00:00:00+00:00",
    ends_at="2026-01-08T00:00:00+00:00",
    provider="azure",
    account="tgcontoso",
    container="models",
    path="übung/日本.bin",
    rights="read",
)


@dataclass
class Place:
    """Where a ledger is, as `--ledger` names it."""

    where: str
    password: str = ""

    def open(self) -> Ledger:
        return open_ledger(self.where, password=self.password)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(str(tmp_path / "state %20/ledger.sqlite"))
    make: Callable[[], str] = request.getfixturevalue("database")
    cluster: Postgres = request.getfixturevalue("cluster")
    return Place(cluster.url(make()), PASSWORD)


def test_what_is_written_is_read_again_newest_first(place: Place) -> None:
    with closing(place.open()) as ledger:
        ledger.add(ROW)
        ledger.add(replace(ROW, id="sh-00000001", created_at="2026-01-02T00:00:00+00:00"))
        ledger.change(ROW.id, "made", state="live", parameters={"si": "p"}, signer="key1")
    with closing(place.open()) as ledger:
        assert [each.id for each in ledger.all()] == ["sh-00000001", ROW.id]
        made = replace(ROW, state="live", parameters={"si": "p"}, signer="key1")
        assert ledger.one(ROW.id) == made
        assert ledger.steps(ROW.id) == ["began", "made"]
        with pytest.raises(UsageError, match="no share of this id"):
            ledger.one("sh-ffffffff")


def test_a_step_without_a_change_is_noted(place: Place) -> None:
    with closing(place.open()) as ledger:
        ledger.add(ROW)
        ledger.change(ROW.id, "not proved: still alive")
        assert ledger.steps(ROW.id) == ["began", "not proved: still alive"]
        assert ledger.one(ROW.id) == ROW


def test_a_signature_is_refused_before_it_is_written(place: Place) -> None:
    with closing(place.open()) as ledger:
        ledger.add(ROW)
        with pytest.raises(ValueError, match="signature"):
            ledger.change(ROW.id, "made", parameters={"X-Amz-Signature": "0" * 64})
        with pytest.raises(ValueError, match="signature"):
            replace(ROW, parameters={"sig": "x"})


def test_many_that_open_an_empty_ledger_at_once_make_its_tables_once(place: Place) -> None:
    together = threading.Barrier(4)

    def begin(n: int) -> None:
        together.wait()
        with closing(place.open()) as ledger:
            for k in range(3):
                ledger.add(replace(ROW, id=f"sh-{n:04}{k:04}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    with closing(place.open()) as ledger:
        assert len(ledger.all()) == 12


def test_one_waits_while_another_is_in_the_same_container_and_not_for_other_ones(place: Place) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with closing(place.open()) as ledger, ledger.alone(ROW):
            inside.set()
            ledger.add(ROW)  # the lock does not keep its holder from writing
            time.sleep(0.3)
            order.append("first")

    def second() -> None:
        inside.wait()
        with closing(place.open()) as ledger, ledger.alone(replace(ROW, id="sh-00000002", path="")):
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda act: act(), (first, second)))
    assert order == ["first", "second"]


def test_a_ledger_of_the_first_step_is_brought_up_and_keeps_its_rows(place: Place) -> None:
    with closing(place.open()) as ledger:
        ledger.add(ROW)
        with ledger._engine.execution_options(writes=True).begin() as at:
            for column in ("signer", "manifest"):
                at.execute(sa.text(f"ALTER TABLE shares DROP COLUMN {column}"))
            at.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with closing(place.open()) as ledger:
        assert ledger.all() == [ROW]


def test_a_ledger_of_a_newer_tidegate_is_left_alone(place: Place) -> None:
    with closing(place.open()) as ledger, ledger._engine.execution_options(writes=True).begin() as at:
        at.execute(sa.text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(ConfigError, match="newer Tidegate") as refused:
        place.open()
    assert "Update this one" in refused.value.hint


# pg8000 leaves its socket to the garbage collector when it is refused.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_postgresql_refuses_is_said_without_a_part_of_the_url(cluster: Postgres) -> None:
    cases = [
        (cluster.url().replace("@", ":wrong-hush@"), "user or password are refused"),
        (cluster.url("absent"), "there is no such database"),
        ("postgresql://tide:hush@127.0.0.1:1/x", "nobody answers there"),
        ("postgresql://tide:hush@127.0.0.1:port/x", "its URL cannot be read"),
        ("postgresql+mysql9://tide:hush@127.0.0.1/x", "URL|does not answer|not there"),
        ("mysql://tide:hush@127.0.0.1/x", "neither a file nor postgresql"),
    ]
    for where, words in cases:
        with pytest.raises(ConfigError, match=words) as refused:
            open_ledger(where, password=PASSWORD)
        said = f"{refused.value} {refused.value.hint}"
        assert "hush" not in said
        assert PASSWORD not in said
    gc.collect()


# pg8000 leaves its socket to the garbage collector when it is refused.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_beyond_this_machine_the_way_to_postgresql_is_encrypted(cluster: Postgres) -> None:
    # The server has no certificate: to ask for one is to be refused.
    with pytest.raises(ConfigError):
        open_ledger(cluster.url() + "?sslmode=verify-full", password=PASSWORD)
    with pytest.raises(ConfigError, match="sslmode"):
        open_ledger(cluster.url() + "?sslmode=maybe", password=PASSWORD)
    gc.collect()


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"no database at all, " * 100)
    with pytest.raises(ConfigError, match="file is not a database"):
        open_ledger(str(file))
    with pytest.raises(ConfigError, match="cannot be opened: Is a directory"):
        open_ledger(str(tmp_path))
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_ledger(str(tmp_path / "link"))


def test_who_may_only_read_a_ledger_lists_and_is_told_when_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a %20b?c.sqlite"
    with closing(open_ledger(str(file))) as ledger:
        ledger.add(ROW)
    really = os.open

    def refused(path: str, flags: int, *rest: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return really(path, flags, *rest)

    monkeypatch.setattr(os, "open", refused)  # root, who runs tests in containers, may write everywhere
    with closing(open_ledger(str(file))) as ledger:
        assert ledger.all() == [ROW]
        with pytest.raises(ConfigError, match="attempt to write a readonly database"):
            ledger.change(ROW.id, "revoking", state="revoking")
        with (
            pytest.raises(ConfigError, match=r"lock /.*c\.sqlite\.lock cannot be opened: Permission denied"),
            ledger.alone(ROW),
        ):
            pass
    with pytest.raises(ConfigError, match="cannot be opened: Permission denied"):
        open_ledger(str(tmp_path / "absent.sqlite"))


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    with closing(open_ledger(str(tmp_path / "ledger.sqlite"))) as ledger:
        ledger.add(ROW)

        def full(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute(
                f"PRAGMA max_page_count = {(tmp_path / 'ledger.sqlite').stat().st_size // 4096}"
            )

        sa.event.listen(ledger._engine, "connect", full)
        ledger.close()
        with pytest.raises(ConfigError, match="database or disk is full"):
            ledger.add(replace(ROW, id="sh-00000003", reason="long " * 4000))
        assert ledger.all() == [ROW]
        assert ledger.steps("sh-00000003") == []
