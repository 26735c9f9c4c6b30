"""The one document of a run: to stdout whole or not at all, or to a file in one step."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tidegate.cli import options
from tidegate.cli.speak import forget
from tidegate.errors import UsageError


class Output:
    """Where the document goes. A file is tried for writing before any work is done.

    The file appears by a rename, so that nobody reads half of it and a failed run leaves the old one.
    """

    def __init__(self, file: str | None, color: str) -> None:
        self.file = file
        stream = sys.stdout if file is None else None
        self.colour = options.wants_colour(color, stream)
        self._target = Path()
        self._fresh: Path | None = None

    def __enter__(self) -> Self:
        if self.file is None:
            if sys.stdout is None:
                raise UsageError("standard output is closed", hint="write to a file with -o FILE")
            return self
        self._target = Path(self.file)
        if not self._replaces():
            return self
        # A link is followed: what it points to is replaced, not the link.
        self._target = Path(os.path.realpath(self.file))
        try:
            if self._target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            # Only tried now: a scan of the same folder must not see it.
            self._make().unlink()
        except OSError as error:
            raise self._refused(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._fresh is not None:
            self._fresh.unlink(missing_ok=True)

    def _replaces(self) -> bool:
        """Whether the target is a file, or not there yet; a device or a pipe is only written to."""
        # `os.path` takes what cannot be looked at for missing, where `Path` raises: writing says why.
        target = self._target
        return os.path.isfile(target) or os.path.isdir(target) or not os.path.exists(target)  # noqa: PTH110, PTH112, PTH113

    def _make(self) -> Path:
        """Make an empty file beside the target, readable by its owner alone (as mkstemp does)."""
        import tempfile  # noqa: PLC0415 - only for a file

        handle, name = tempfile.mkstemp(prefix=f".{self._target.name[:100]}.", dir=self._target.parent)
        os.close(handle)
        return Path(name)

    def _refused(self, error: OSError) -> UsageError:
        what = self.file if self.file is not None else "to standard output"
        return UsageError(f"cannot write {what}: {error.strerror or error}", hint="nothing was written")

    def write(self, render: Callable[[TextIO], None], *, unicode: bool) -> None:
        """Render the whole document, then write it; `unicode`: as UTF-8, whatever the stream says."""
        encoding = "utf-8" if unicode or self.file is not None else (sys.stdout.encoding or "utf-8")
        pages = io.BytesIO()
        text = io.TextIOWrapper(pages, encoding, errors="backslashreplace", newline="\n", write_through=True)
        render(text)
        text.flush()
        document = pages.getvalue()
        text.detach()
        try:
            self._put(document)
        except BrokenPipeError:  # the reader has seen enough; what was found still decides the exit code
            forget(sys.stdout)
        except OSError as error:
            if self.file is None:
                forget(sys.stdout)
            raise self._refused(error) from error

    def _put(self, document: bytes) -> None:
        if self.file is None:
            binary = getattr(sys.stdout, "buffer", None)
            if binary is None:  # a text stream that a caller put there
                sys.stdout.write(document.decode(sys.stdout.encoding or "utf-8", "replace"))
            else:
                binary.write(document)
            sys.stdout.flush()
            return
        if not self._replaces():
            with self._target.open("wb") as device:
                device.write(document)
            return
        self._fresh = self._make()
        with self._fresh.open("wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        self._fresh.replace(self._target)
        self._fresh = None
