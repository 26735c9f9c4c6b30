"""`tidegate hook`: refuse a commit that would bring a link, token or key."""

from __future__ import annotations

import argparse
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import codes, options
from tidegate.cli.speak import say
from tidegate.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.report import Report

HELP = "look at what is staged before it is committed (a hook for git)"
DESCRIPTION = """\
Scan the files that are staged, as the index holds them, and exit 1 when one of
them holds a credential. `tidegate hook install` makes git call it before every
commit; .pre-commit-hooks.yaml offers the same to pre-commit.

A line with the words tidegate:ignore on it, or on the line before, does not
alarm; it is counted. tidegate:ignore[azure-sas] says so of one rule only."""

_OURS = "# tidegate hook"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "action", nargs="?", choices=["run", "install"], default="run", help="run unless said"
    )
    options.add_colour(parser.add_argument_group("output"))
    options.add_gate(parser, default="low")


def run(args: argparse.Namespace) -> int:
    """Scan what is staged; print a line a place."""
    folder = Path.cwd()
    if args.action == "install":
        return _install(folder)
    from tidegate.sources.staged import staged  # noqa: PLC0415 - not needed for --help

    try:
        if not staged(folder):
            _refuse_bare(folder)
            return codes.CLEAN
    except SourceError:
        _hooks(folder)  # says so where this is no repository
        raise
    from tidegate.api import scanning  # noqa: PLC0415
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.model.severity import Severity  # noqa: PLC0415

    report = scanning.scan(".", staged=True, jobs=1, cache_dir=options.cache_dir())
    least = Severity(args.fail_on).rank
    found = any(each.severity.rank >= least for each in report.findings)
    # An empty file is all right to commit.
    gaps = [gap for gap in report.gaps if gap.reason != "there is nothing to read in it"]
    if found or gaps:
        with Output(None, args.color) as out:
            out.write(lambda stream: stream.writelines(_lines(report, least)), unicode=False)
    if found and not args.exit_zero:
        return codes.FOUND
    return codes.INCOMPLETE if gaps else codes.CLEAN


def _lines(report: Report, least: int) -> Iterator[str]:
    from tidegate.report._escape import safe  # noqa: PLC0415

    bad = [each for each in report.findings if each.severity.rank >= least]
    for finding in bad:
        for place in finding.occurrences:
            yield f"{safe(place.path)}:{place.line}  {finding.severity}  {safe(finding.title)}\n"
        yield f"    {safe(finding.reasons[0])}\n" if finding.reasons else ""
    for gap in report.gaps:
        yield f"gap  {safe(gap.subject)}: {safe(gap.reason)}\n"
    if bad:
        yield "Take it out before you commit; where it was shown to anybody already, revoke it.\n"
        yield "A line that is meant to stay: put `tidegate:ignore` and the reason on it.\n"


def _install(folder: Path) -> int:
    """Write .git/hooks/pre-commit, unless another hook is there, or git would never run it."""
    from tidegate.report._escape import safe  # noqa: PLC0415 - not needed for --help

    hooks = _hooks(folder)
    _refuse_bare(folder)
    if hooks.exists() and not hooks.is_dir():
        raise UsageError(
            f"hooks are switched off here: core.hooksPath is {hooks}, which is no folder",
            hint="set core.hooksPath to a folder, or unset it",
        )
    file = hooks / "pre-commit"
    command = f'"{sys.executable}" -m tidegate hook'
    text = f"#!/bin/sh\n{_OURS}: made by `tidegate hook install`\nexec {command}\n"
    try:
        there = file.exists() or file.is_symlink()
        if there and _OURS not in file.read_text(errors="replace"):
            raise UsageError(
                f"{file} is another hook, and stays as it is",
                hint=f"add this line to it: {command} || exit $?",
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(stat.S_IMODE(file.stat().st_mode) | 0o111)
    except OSError as why:
        raise UsageError(f"cannot write {file}: {why.strerror or why}") from why
    say(safe(f"{file} looks at every commit from now on; delete it to end that") + "\n")
    if _ask(folder, "config", "--get", "core.hooksPath"):
        say(
            "core.hooksPath names its folder: every other repository that names it runs this hook too; "
            "it starts the Python of this machine\n"
        )
    return codes.CLEAN


def _refuse_bare(folder: Path) -> None:
    """Raise `UsageError` in a bare repository without work trees of its own: nobody commits there."""
    if _ask(folder, "rev-parse", "--is-bare-repository") != b"true":
        return
    trees = _ask(folder, "worktree", "list", "--porcelain") or b""
    # It lists itself first. Those linked to it share its hooks.
    if trees.count(b"\n\nworktree ") == 0:
        raise UsageError(
            "this repository is bare: nobody commits in it, so that git never runs the hook",
            hint="run it in the clones; what was pushed already `tidegate scan` looks through",
        )


def _hooks(folder: Path) -> Path:
    """Return the folder of hooks. Raises `UsageError` where there is no repository."""
    path = _ask(folder, "rev-parse", "--git-path", "hooks")
    if path is None:
        raise UsageError("this is no git repository", hint="run it inside of one")
    return Path(os.path.normpath(folder / os.fsdecode(path)))


def _ask(folder: Path, *args: str) -> bytes | None:
    """Return what git says of the repository around `folder`; `None` when it has no answer."""
    from tidegate.sources.gitcommand import program  # noqa: PLC0415 - not needed for --help

    done = subprocess.run([program(), *args], cwd=folder, capture_output=True, check=False)
    return None if done.returncode else done.stdout.removesuffix(b"\n")
