"""The command line: one module a verb. The only package that prints, reads the environment, or exits."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what `typing` would say; it takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130
"""As in `codes`, which an interrupt may keep from being imported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: Ctrl-C is one line, from the first import on."""
    try:
        from tidegate.cli.entry import run  # noqa: PLC0415 - the parser, and all that it imports

        return run(argv)
    except KeyboardInterrupt:
        if argv is None:
            _let_go()
        if sys.stderr is not None:
            _complain()
        return _INTERRUPTED
    finally:
        if argv is None:  # the process is the command's, and there is nothing left to be interrupted
            _let_go()


def _complain() -> None:
    try:
        print("tidegate: interrupted", file=sys.stderr)
    except OSError:  # whoever read it is gone too
        return


def _let_go() -> None:
    """Give Ctrl-C back to the system, which ends a process without a traceback: Python is on its way out."""
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 - `signal` itself takes a hundred times as long

    try:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    except ValueError:  # not in the main thread, which alone may
        return
