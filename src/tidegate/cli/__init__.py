"""The command line: one module a verb. The only package that prints, reads the environment, or exits."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what `typing` would say; it takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130
"""As in `codes`, which an interrupt may keep from being imported."""
_NEW_OBJECTS = 10_000
"""After so many the interpreter looks for circular garbage, of which there is little. After its own 700 that
takes 5 % of a scan."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: Ctrl-C is one line, from the first import on."""
    try:
        if argv is None:
            _heed()
            import gc  # noqa: PLC0415 - until here an interrupt would be answered by Python

            gc.set_threshold(_NEW_OBJECTS, 20, 20)
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


def _heed() -> None:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does: what it holds in temporary folders is removed.

    Others' clones and listings lie there. What was told to be ignored, as by `nohup`, stays ignored.
    """
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 - as below

    def end(number: int, _: object) -> None:
        _signal.signal(number, _signal.SIG_DFL)  # the second one ends it at once
        raise SystemExit(128 + number)

    try:
        for each in (_signal.SIGTERM, _signal.SIGHUP):
            if _signal.getsignal(each) == _signal.SIG_DFL:
                _signal.signal(each, end)
    except ValueError:  # not in the main thread, which alone may
        return


def _complain() -> None:
    try:
        print("tidegate: interrupted", file=sys.stderr)
    except OSError:  # whoever read it is gone too
        return


def _let_go() -> None:
    """Give Ctrl-C back to the system, which ends a process without a traceback: Python is on its way out."""
    import _signal  # noqa: PLC0415 - `signal` itself takes a hundred times as long

    try:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    except ValueError:  # not in the main thread, which alone may
        return
