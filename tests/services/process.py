"""A service in a process of its own, with a folder that goes with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.ports import listening_beyond_loopback

STARTS_WITHIN_S = 90.0
"""A loaded machine with two cores takes 15."""


class Service:
    """A running program of the environment, listening on loopback only."""

    def __init__(
        self, program: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.folder = folder
        path = Path(sys.prefix) / "bin" / program
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: install what requirements/ pins for the tests")
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [path, *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; then make sure that it listens on loopback only.

        Raises `RuntimeError` with the end of its log when it stops, takes too long, or listens elsewhere.
        """
        ends_s = time.monotonic() + STARTS_WITHIN_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > ends_s:
                raise RuntimeError(f"it did not start:\n{self._tail()}")
            time.sleep(0.05)
        beyond = listening_beyond_loopback(self._process.pid)
        if beyond:
            raise RuntimeError(f"it listens beyond loopback: {', '.join(beyond)}")

    def stop(self) -> None:
        """End it and its children, at once: nothing it holds is kept."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def _tail(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


@contextlib.contextmanager
def own_folder(name: str):
    """Give a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"tidegate-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
