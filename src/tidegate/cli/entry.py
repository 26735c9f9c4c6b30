"""The parser, and what becomes of errors. Imports nothing heavy: `--help` and a commit hook start fast."""

from __future__ import annotations

import argparse
import atexit
import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from tidegate.cli import codes
from tidegate.cli.helps import Help
from tidegate.cli.options import settle_form
from tidegate.cli.speak import forget, tell
from tidegate.errors import OutOfScopeError, TidegateError, UsageError
from tidegate.version import VERSION

VERBS = (
    "scan",
    "decode",
    "probe",
    "list",
    "inspect",
    "report",
    "close",
    "share",
    "trace",
    "hook",
    "lab",
    "rules",
    "schema",
)
"""Each is a module beside this one, with `HELP`, `DESCRIPTION`, perhaps `EPILOG`, and `configure`."""


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. A user can cause nothing but `KeyboardInterrupt`."""
    # At the end all goes with the process: looking for garbage takes up to a tenth of a run.
    atexit.register(gc.freeze)
    debug = False
    try:
        args = _asked(sys.argv[1:] if argv is None else argv)
        debug = args.debug
        code: int = args.run(args)
        _flush()
    except OutOfScopeError as error:
        complain(error)
        return codes.REFUSED
    except TidegateError as error:
        complain(error)
        return codes.USAGE
    except BrokenPipeError:
        # Whoever read our errors or progress is gone. Python would complain once more when it flushes.
        forget(sys.stdout)
        forget(sys.stderr)
        return codes.INCOMPLETE
    except Exception as error:  # noqa: BLE001 - a mistake of ours: one line, and no text that was being read
        from tidegate.engine.why import error_words  # noqa: PLC0415 - only errors need it

        tell(error_words(error) + _of_file(error))
        tell(_trace(error) if debug else "to see where: tidegate --debug COMMAND …", "hint")
        return codes.INCOMPLETE
    return code


def complain(error: TidegateError) -> None:
    """Print what is wrong and what to do next."""
    tell(str(error))
    if error.hint:
        tell(error.hint, "hint")


def _asked(argv: Sequence[str]) -> argparse.Namespace:
    try:
        args = parser(argv).parse_args(argv)
    except SystemExit:  # --help or --version was printed
        _flush()
        raise
    settle_form(args)
    return args


def _flush() -> None:
    """Write what is still held back. Raises `UsageError`: else Python would only complain at the very end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        forget(sys.stdout)
    except OSError as error:
        forget(sys.stdout)
        raise UsageError(f"cannot write to standard output: {error.strerror or error}") from error


def _of_file(error: BaseException) -> str:
    """Return which file an error of the system is about, where it says so."""
    name = error.filename if isinstance(error, OSError) else None
    return f": {name}" if isinstance(name, str) else ""


def _trace(error: BaseException) -> str:
    """Return where it went wrong, call by call; never the messages, which may quote a secret."""
    from traceback import extract_tb  # noqa: PLC0415 - only errors need it

    return " < ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(extract_tb(error.__traceback__))
    )


class _Parser(argparse.ArgumentParser):
    """Complains in our form, and never repeats an argument that may be a link."""

    verb = ""
    """The command that was given: of its unknown options the parser of all complains."""

    def error(self, message: str) -> NoReturn:
        from tidegate.cli.complaints import reworded  # noqa: PLC0415 - only errors need it

        whose = f"{self.prog} {self.verb}".rstrip()
        raise UsageError(reworded(message, self), hint=f"see {whose} --help")


def parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser; of a verb alone, which starts faster, where the arguments begin with one."""
    parser = _Parser(
        prog="tidegate",
        description="Find links, tokens and keys to cloud storage, and say what they open.",
        epilog=codes.HELP,
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tidegate {VERSION}")
    parser.add_argument("--debug", action="store_true", help="say where, when Tidegate itself goes wrong")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    first = next((word for word in argv if not word.startswith("-")), "")
    parser.verb = first if first in VERBS else ""
    for name in argv[:1] if argv and argv[0] in VERBS else VERBS:
        verb = import_module(f"tidegate.cli.{name}")
        child = verbs.add_parser(
            name,
            help=verb.HELP,
            description=verb.DESCRIPTION,
            epilog=getattr(verb, "EPILOG", codes.HELP if name in ("scan", "probe") else None),
            formatter_class=Help,
            allow_abbrev=False,
        )
        verb.configure(child)
    return parser
