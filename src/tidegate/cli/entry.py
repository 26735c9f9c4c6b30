"""The parser, and what becomes of errors. Imports nothing heavy: `--help` and a commit hook start fast."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from tidegate.cli import codes
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
        args = parser(sys.argv[1:] if argv is None else argv).parse_args(argv)
        debug = args.debug
        code: int = args.run(args)
    except OutOfScopeError as error:
        complain(error)
        return codes.REFUSED
    except TidegateError as error:
        complain(error)
        return codes.USAGE
    except BrokenPipeError:
        # Whoever read our errors or progress is gone. Python would complain once more when it flushes.
        _forget(sys.stdout)
        _forget(sys.stderr)
        return codes.INCOMPLETE
    except Exception as error:  # noqa: BLE001 - a mistake of ours: one line, and no text that was being read
        from tidegate.engine.why import error_words  # noqa: PLC0415 - only errors need it

        _say(error_words(error))
        _say(_trace(error) if debug else "to see where: tidegate --debug COMMAND …", prefix="hint")
        return codes.INCOMPLETE
    return code


def complain(error: TidegateError) -> None:
    """Print what is wrong and what to do next. Names in it may come from scanned content."""
    _say(str(error))
    if error.hint:
        _say(error.hint, prefix="hint")


def _trace(error: BaseException) -> str:
    """Return where it went wrong, call by call; never the messages, which may quote a secret."""
    from traceback import extract_tb  # noqa: PLC0415 - only errors need it

    return " < ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(extract_tb(error.__traceback__))
    )


def _say(text: str, *, prefix: str = "tidegate") -> None:
    if sys.stderr is not None:
        from tidegate.report._escape import safe  # noqa: PLC0415 - only errors need it

        print(f"{prefix}: {safe(text)}", file=sys.stderr)


def _forget(stream: Any) -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (AttributeError, OSError, ValueError):  # closed, or not a file: nothing will be flushed to it
        return


class _Parser(argparse.ArgumentParser):
    """Complains in our form, and never repeats an argument that may be a link."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(_without_values(message), hint=f"see {self.prog} --help")


def _without_values(message: str) -> str:
    if message.startswith("unrecognized arguments: "):
        names = [word.split("=")[0] for word in message.split()[2:] if re.match(r"--?[a-z]", word)]
        return f"no such option: {', '.join(names)}" if names else "more arguments than the command takes"
    if "invalid choice: " in message:
        given = re.search(r"invalid choice: '([a-z][a-z0-9-]{0,20})' ", message)
        known = re.search(r"\(choose from (.*)\)", message)
        what = f"no such choice: {given.group(1)}" if given else "no such command or choice"
        return f"{what}; there are {known.group(1).replace(chr(39), '')}" if known else what
    return message


def parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser; of a verb alone, which starts faster, where the arguments begin with one."""
    parser = _Parser(
        prog="tidegate",
        description="Find links, tokens and keys to cloud storage, and say what they open.",
        epilog=codes.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"tidegate {VERSION}")
    parser.add_argument("--debug", action="store_true", help="say where, when Tidegate itself goes wrong")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in argv[:1] if argv and argv[0] in VERBS else VERBS:
        verb = import_module(f"tidegate.cli.{name}")
        child = verbs.add_parser(
            name,
            help=verb.HELP,
            description=verb.DESCRIPTION,
            epilog=getattr(verb, "EPILOG", codes.HELP if name in ("scan", "probe") else None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        verb.configure(child)
    return parser
