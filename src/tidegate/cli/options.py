"""Options that several verbs share, and what the environment says about the terminal."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tidegate.errors import ConfigError
from tidegate.modules import modules

SEVERITIES = ("critical", "high", "medium", "low", "info")


def formats() -> list[str]:
    """Return the ids of the report formats by the names of their modules; importing all takes longer."""
    return modules([str(Path(__file__).parent.parent / "report")])


def add_output(parser: argparse.ArgumentParser, choices: list[str]) -> None:
    """Add what decides the form and the place of the one document."""
    group = parser.add_argument_group("output")
    add_form(parser, group, choices)
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write there, readable by you alone, not to stdout"
    )
    add_colour(group)


def add_form(
    parser: argparse.ArgumentParser, group: argparse._ArgumentGroup, choices: Sequence[str], note: str = ""
) -> None:
    """Add the form of the document; `settle_form` says what it is where it was not given."""
    parser.set_defaults(forms=choices)
    group.add_argument(
        "--format",
        choices=choices,
        metavar="F",
        help=f"form of the document; if not said what FILE ends in, else text: %(choices)s{note}",
    )


def settle_form(args: argparse.Namespace) -> None:
    """Choose the form by the end of the file's name where none was given: `-o report.html`."""
    forms: Sequence[str] | None = getattr(args, "forms", None)
    if forms is not None and args.format is None:
        ending = Path(args.output or "").suffix.lower().removeprefix(".")
        form = _ENDINGS.get(ending, ending)
        args.format = form if form in forms else "text"


_ENDINGS = {"md": "markdown"}
"""Endings of forms that are called otherwise."""


def add_colour(group: argparse._ArgumentGroup) -> None:
    """Add when to colour."""
    group.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, minding NO_COLOR, FORCE_COLOR and TERM=dumb",
    )


def add_noise(parser: argparse.ArgumentParser) -> None:
    """Add what is said beside the document."""
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr but errors")
    parser.add_argument("--no-progress", action="store_true", help="no progress line on the terminal")


def add_gate(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    """Add what decides the exit code."""
    group = parser.add_argument_group("exit code")
    said = f"{default} unless said" if default else "without it the exit code is 0"
    group.add_argument(
        "--fail-on", choices=SEVERITIES, default=default, metavar="SEVERITY",
        help=f"exit 1 for findings of this severity or worse ({said}): %(choices)s",
    )  # fmt: skip
    group.add_argument(
        "--exit-zero", action="store_true", help="do not exit 1 for findings; gaps still exit 3"
    )


def target(text: str) -> str:
    """Read a target. An empty one, of a variable that was not set, would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; . is the current folder")
    return text


def positive(text: str) -> int:
    """Read a number of at least 1."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10_000:
        raise argparse.ArgumentTypeError("must be a number from 1 to 9999")
    return int(text)


def count(text: str) -> int:
    """Read a number of at least 1; `10_000` and `10,000` are read too."""
    digits = text.replace("_", "").replace(",", "")
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits[:19]) < 10**15:
        raise argparse.ArgumentTypeError("must be a number of at least 1")
    return int(digits)


def size(text: str) -> int:
    """Read a number of bytes: `500000`, `256MiB`, `1 GB`."""
    found = re.fullmatch(
        r"(\d{1,12}(?:\.\d{1,3})?) ?(?:([KMGT])(i?)B?|B)?", text.strip(), re.ASCII | re.IGNORECASE
    )
    count = 0
    if found is not None:
        power = " KMGT".index((found[2] or " ").upper())
        count = int(float(found[1]) * (1024 if found[3] else 1000) ** power)
    if not 0 < count < 2**50:
        raise argparse.ArgumentTypeError("must be a size such as 256MiB")
    return count


def policy(file: str | None) -> frozenset[str]:
    """Read the names that a team adds to the allow list. Raises `ConfigError`."""
    import tomllib  # noqa: PLC0415 - only with --policy

    if file is None:
        return frozenset()
    try:
        read = tomllib.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason: object = error.strerror if isinstance(error, OSError) else error
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8"
        raise ConfigError(f"cannot read the policy {file}: {reason}") from error
    names = read.pop("allow", None)
    if read or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"{file}: a policy has one key, allow, with a list of names",
            hint="allow = ['mypackage.models.Net']",
        )
    wrong = [name for name in names if not re.fullmatch(r"[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)+", name)]
    if wrong:
        raise ConfigError(
            f"{file}: {wrong[0]!r} is no full name of a class or function",
            hint="Write module and name, without wildcards: what is not named is not allowed.",
        )
    return frozenset(names)


def wants_colour(choice: str, stream: TextIO | None) -> bool:
    """Decide on colour: the option, NO_COLOR, FORCE_COLOR, then whether it is a capable terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):  # no-color.org: set to anything but nothing
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return stream is not None
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the columns of the terminal: COLUMNS, the terminal's own word, or 80."""
    import shutil  # noqa: PLC0415 - 1 ms, and only who is shown text does with it

    return shutil.get_terminal_size((80, 24)).columns


def cache_dir() -> Path | None:
    """Return where compiled patterns may be kept; `None` when there is no home.

    XDG Base Directory Specification: a relative XDG_CACHE_HOME is ignored.
    """
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():
        return named / "tidegate"
    try:
        return Path.home() / ".cache" / "tidegate"
    except RuntimeError:
        return None
