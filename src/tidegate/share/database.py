"""Where the ledger lies: an SQLite file of this machine, or a PostgreSQL database for a team.

Sources: sqlalche.me, "SQLite: transaction isolation and SAVEPOINT"; postgresql.org/docs, "Advisory locks",
"SSL Support" (`sslmode`) and "Error Codes".
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tidegate.errors import ConfigError
from tidegate.share.tables import NEWEST, STEPS_KNOWN

BUSY_S: Final = 20.0
"""How long one waits for another who writes."""
LOCKED_S: Final = 120.0
"""How long one waits for another who makes or ends a link of the same container: a few requests."""

_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?(?:\+(?P<driver>[a-z0-9]+))?://", re.IGNORECASE)
_LOCAL: Final = ("", "localhost", "127.0.0.1", "::1")
_UPGRADES: Final = 0x7469646567617465
"""Number of the lock under which tables are made; those of containers are drawn from their names."""
_CODES: Final = {
    "28000": "the user is not let in",
    "28P01": "user or password are refused",
    "3D000": "there is no such database",
    "42501": "the user has not the rights",
    "53100": "its disk is full",
    "53300": "it has too many connections",
    "55P03": "somebody else holds it",
    "57014": "it took too long",
}
_SQLITE_WORDS: Final = re.compile(
    r"(?:database or disk is full|attempt to write a readonly database|database is locked|disk I/O error|"
    r"file is not a database|unable to open database file|database disk image is malformed)"
)


def connect(where: str, password: str = "") -> sa.Engine:
    """Return the way to the database, its tables made or brought up to date.

    where: `postgresql://…`, or the path of an SQLite file, which only its owner may read.
    password: for a URL without one. Raises `ConfigError`, in whose words no part of a URL stands.
    """
    try:
        engine = _postgresql(where, password) if _POSTGRESQL.match(where) else _sqlite(where)
        try:
            _bring_up(engine)
        except BaseException:
            engine.dispose()
            raise
    except (SQLAlchemyError, ImportError, OSError) as why:
        raise wrong(why) from None
    return engine


def wrong(why: Exception) -> ConfigError:
    """Say what is the matter in words of ours: those of a driver may hold the password of the URL."""
    origin = getattr(why, "orig", None) or why
    words = type(origin).__name__
    if isinstance(why, ImportError):
        return ConfigError(
            "a ledger in PostgreSQL needs a package that is not there",
            hint="pip install 'tidegate[postgres]'",
        )
    if isinstance(why, ArgumentError | TypeError | ValueError):
        words = "its URL cannot be read"
    told = origin.args[0] if origin.args else ""
    if isinstance(told, dict):  # pg8000: the fields of the server's message
        code = str(told.get("C", ""))
        words = _CODES.get(code, f"PostgreSQL says {code}" if re.fullmatch(r"[0-9A-Z]{5}", code) else words)
    elif found := _SQLITE_WORDS.search(str(told)):
        words = found[0]
    elif type(origin).__name__ == "InterfaceError":
        words = "nobody answers there"
    return ConfigError(
        f"the ledger does not answer as it should: {words}",
        hint="See --ledger and TIDEGATE_LEDGER. What was begun stands in it; tidegate share list shows it.",
    )


@contextmanager
def alone(engine: sa.Engine, name: str) -> Iterator[None]:
    """Keep others, who use the same ledger, out of one container until the block ends.

    Azure writes all policies of a container as one list: who reads, adds and writes at the same time as
    another would undo the other's. Raises `ConfigError` when another holds it for too long.
    """
    if engine.dialect.name == "sqlite":
        with _file_lock(Path(f"{engine.get_execution_options()['file']}.lock")):
            yield
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    try:
        with engine.connect() as at:
            at.execute(sa.text(f"SET lock_timeout = '{int(LOCKED_S)}s'"))
            at.execute(sa.text("SELECT pg_advisory_lock(:n)"), {"n": number})
            at.commit()
            try:
                yield
            finally:
                at.execute(sa.text("SELECT pg_advisory_unlock(:n)"), {"n": number})
                at.execute(sa.text("RESET lock_timeout"))
                at.commit()
    except SQLAlchemyError as why:
        raise wrong(why) from None


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as why:
        raise ConfigError(f"the ledger's lock {path} cannot be opened: {why.strerror}") from None
    try:
        ends_s = time.monotonic() + LOCKED_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > ends_s:
                    raise ConfigError(
                        f"another tidegate has held the ledger for {LOCKED_S:.0f} seconds",
                        hint=f"See who holds {path}; end it, or wait.",
                    ) from None
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)


def _sqlite(where: str) -> sa.Engine:
    if "://" in where:
        raise ConfigError("the ledger is neither a file nor postgresql://…")
    path, reads_only = Path(where), False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
        os.close(handle)
    except OSError as why:
        # Whoever may only read it can still list, and look for what leaked.
        reads_only = why.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and os.access(path, os.R_OK)
        if not reads_only or path.is_symlink():
            raise ConfigError(f"the ledger {path} cannot be opened: {why.strerror}") from None
    name = f"file:{quote(str(path.absolute()))}?mode=ro" if reads_only else str(path)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=name, query={"uri": "true"} if reads_only else {}),
        hide_parameters=True,
        connect_args={"timeout": BUSY_S},
        execution_options={"file": str(path)},
    )
    sa.event.listen(engine, "connect", _by_hand)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _by_hand(connection: Any, _record: Any) -> None:
    # Python's module would begin transactions by its own rules, and none for what makes tables.
    connection.isolation_level = None


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    # Who will write takes its turn at once: a reader that becomes a writer fails where two do so.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(where: str, password: str) -> sa.Engine:
    found = _POSTGRESQL.match(where)
    assert found is not None
    driver = found["driver"] or "pg8000"
    try:
        url = sa.make_url(f"postgresql+{driver}://" + where[found.end() :])
        if password and not url.password:
            url = url.set(password=password)
        options: dict[str, Any] = {}
        if driver == "pg8000":
            url, options = _options(url)
        return sa.create_engine(url, hide_parameters=True, connect_args=options)
    except (ValueError, TypeError) as why:
        raise wrong(why) from None


def _options(url: sa.URL) -> tuple[sa.URL, dict[str, Any]]:
    """Read `host=/folder` and `sslmode` as PostgreSQL's own programs do; TLS beyond this machine."""
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    folder, mode = query.pop("host", ""), query.pop("sslmode", "")
    options: dict[str, Any] = {"timeout": 15, "application_name": "tidegate"}
    if folder.startswith("/"):
        options["unix_sock"] = f"{folder}/.s.PGSQL.{url.port or 5432}"
        return url.set(query=query, host=None, port=None), options
    if mode == "disable" or (not mode and (url.host or "") in _LOCAL):
        return url.set(query=query), options
    context = ssl.create_default_context()
    if mode == "require":  # as there: encrypted, to whoever answers
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif mode not in ("", "verify-full"):
        raise ConfigError("sslmode in the ledger's URL is one of disable, require, verify-full")
    return url.set(query=query), {**options, "ssl_context": context}


def _bring_up(engine: sa.Engine) -> None:
    """Make the tables, or bring them up to date. Raises `ConfigError` for those of a newer Tidegate."""
    if _version(engine) == NEWEST:
        return
    # Only for the first time: 0.2 s.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.execution_options(writes=True).begin() as at:
        if engine.dialect.name == "postgresql":
            at.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _UPGRADES})
        config.attributes["connection"] = at
        command.upgrade(config, NEWEST)


def _version(engine: sa.Engine) -> str:
    """Return the last step that was made, empty before the first."""
    with engine.connect() as at:
        if not sa.inspect(at).has_table("alembic_version"):
            return ""
        found = at.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    version = str(found or "")
    if version and version not in STEPS_KNOWN:
        raise ConfigError(
            f"the ledger was written by a newer Tidegate (its tables are of step {version[:12]!r})",
            hint="Update this one; nothing was changed.",
        )
    return version
