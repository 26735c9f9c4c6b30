"""`tidegate share create/list/revoke/check`: links that can be ended, and are known again when they leak."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli import codes, online
from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.api.sharing import Ways
    from tidegate.share.ledger import Ledger, Share

HELP = "make links that can be ended, list them, end them with proof, find those that leaked"
DESCRIPTION = """\
Make a link to a container or object of Azure that reads only, ends soon, and
hangs on a stored access policy of its own: removing it ends this link alone.
A ledger keeps what was shared, never a signature. The account's key comes from
AZURE_STORAGE_KEY or AZURE_STORAGE_CONNECTION_STRING; the scope file must name
the account."""

_VARIABLES = ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_CONNECTION_STRING")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's own verbs."""
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    make = verbs.add_parser("create", help="make a link and print it, once", allow_abbrev=False)
    make.set_defaults(run=_create)
    make.add_argument("target", metavar="az://ACCOUNT/CONTAINER[/PATH]")
    make.add_argument("--read", action="store_true", help="to read; so it is unless said otherwise")
    make.add_argument("--list", action="store_true", help="to list the container")
    make.add_argument("--write", action="store_true", help="to write")
    make.add_argument("--for", dest="lives", default="7d", metavar="TIME", help="how long: 12h, 7d (7d)")
    make.add_argument(
        "--ip", default="", metavar="ADDRESS", help="only from there: address, range or network"
    )
    make.add_argument("--to", default="", metavar="WHO", help="who gets it, for the ledger")
    make.add_argument("--reason", default="", metavar="TEXT", help="what for, for the ledger")
    make.add_argument("--allow-wide", action="store_true", help="over 30 days, or listing and writing over 7")
    online.add(make)
    shown = verbs.add_parser("list", help="who, what, until when, how it is ended", allow_abbrev=False)
    shown.set_defaults(run=_list)
    end = verbs.add_parser("revoke", help="end one, and prove it dead", allow_abbrev=False)
    end.set_defaults(run=_revoke)
    end.add_argument("id", metavar="ID")
    online.add(end)
    find = verbs.add_parser(
        "check", help="find links of the ledger in repositories and folders", allow_abbrev=False
    )
    find.set_defaults(run=_check)
    find.add_argument("targets", nargs="+", metavar="TARGET")
    for each in (make, shown, end, find):
        each.add_argument(
            "--ledger",
            metavar="WHERE",
            help="the ledger: a file, or postgresql://… (TIDEGATE_LEDGER; ledger.sqlite of the state folder)",
        )
        each.add_argument(
            "--format", choices=("text", "json"), default="text", metavar="F", help="text or json"
        )


def _create(args: argparse.Namespace) -> int:
    from tidegate.api import sharing  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.share import mint  # noqa: PLC0415

    rights = [word for word in ("read", "list", "write") if getattr(args, word)] or ["read"]
    who = sharing.Who(made_by=_user(), made_for=args.to, reason=args.reason)
    with _ledger(args) as ledger, _ways(args) as ways:
        share, minted = sharing.create(
            args.target, rights=rights, lives=mint.lifetime(args.lives), ip=args.ip, who=who,
            allow_wide=args.allow_wide, environment=_environment(), ways=ways, ledger=ledger,
        )  # fmt: skip
    link = minted.link.reveal()
    if args.format == "json":
        print(
            _dumps(
                {"schema": "tidegate-share/1", "link": link, "share": _shown(share), "notes": minted.notes}
            )
        )
        return codes.CLEAN
    print(link)
    for line in (
        f"{share.id}: {share.rights} until {share.ends_at}; ended by {share.revocation}",
        *minted.notes,
    ):
        print(f"tidegate: {line}", file=sys.stderr)
    print(
        f"tidegate: the link is shown this once; end it with: tidegate share revoke {share.id}",
        file=sys.stderr,
    )
    return codes.CLEAN


def _list(args: argparse.Namespace) -> int:
    with _ledger(args) as ledger:
        shares = ledger.all()
    if args.format == "json":
        print(_dumps({"schema": "tidegate-share/1", "shares": [_shown(each) for each in shares]}))
        return codes.CLEAN
    from tidegate.report._escape import safe  # noqa: PLC0415

    for each in shares:
        state = _shown(each)["status"]
        where = "/".join(part for part in (each.account, each.container, each.path) if part)
        print(safe(f"{each.id}  {state:<8}  {each.rights} {where} until {each.ends_at}"))
        told = f"by {each.made_by}" + (f", for {each.made_for}" if each.made_for else "")
        print(safe(f"             {told}" + (f": {each.reason}" if each.reason else "")))
        if state == "making":
            print(f"             its making was cut off; clean up with: tidegate share revoke {each.id}")
        elif state in ("live", "revoking"):
            print(safe(f"             ended by {each.revocation}"))
    if not shares:
        print("nothing was shared")
    return codes.CLEAN


def _revoke(args: argparse.Namespace) -> int:
    from tidegate.api import sharing  # noqa: PLC0415

    with _ledger(args) as ledger, _ways(args) as ways:
        ended = sharing.revoke(ledger.one(args.id), environment=_environment(), ways=ways, ledger=ledger)
    names = ("the link", "a forged copy", "the owner")
    probes = [
        {"with": n, "status": p.status, "code": p.code} for n, p in zip(names, ended.probes, strict=True)
    ]
    if args.format == "json":
        print(_dumps({"schema": "tidegate-share/1", "verdict": ended.verdict, "probes": probes}))
    else:
        print(f"{args.id} is {ended.verdict}" + ("" if ended.removed else " (its policy was gone before)"))
        for each in probes:
            print(f"  {each['with']:<14} {each['status'] or 'no answer'} {each['code']}")
    return codes.CLEAN if ended.verdict == "dead" else codes.INCOMPLETE


def _check(args: argparse.Namespace) -> int:
    from tidegate.api import sharing  # noqa: PLC0415
    from tidegate.report._escape import safe  # noqa: PLC0415

    with _ledger(args) as ledger:
        leaked, report = sharing.check(args.targets, ledger)
    if args.format == "json":
        places = [
            {
                "share": _shown(share),
                "path": at.path,
                "line": at.line,
                "commit": at.commit,
                "target": at.target,
            }
            for share, finding in leaked
            for at in finding.occurrences
        ]
        print(_dumps({"schema": "tidegate-share/1", "leaked": places, "complete": report.complete}))
    else:
        for share, finding in leaked:
            for at in finding.occurrences:
                since = f" since commit {at.commit[:12]}" if at.commit else ""
                print(
                    safe(
                        f"{at.path}:{at.line}  shared link {share.id} ({_shown(share)['status']}) stands there{since}"  # noqa: E501
                    )
                )
        if not leaked:
            print("no shared link stands there")
        for gap in report.gaps:
            print(safe(f"gap  {gap.subject}: {gap.reason}"), file=sys.stderr)
    if leaked:
        return codes.FOUND
    return codes.CLEAN if report.complete else codes.INCOMPLETE


def _shown(share: Share) -> dict[str, str]:
    from datetime import UTC, datetime  # noqa: PLC0415

    names = ("id", "created_at", "ends_at", "provider", "account", "container", "path", "rights", "kind", "policy",  # noqa: E501
             "fingerprint", "redacted", "made_by", "made_for", "reason", "revocation")  # fmt: skip
    return {"status": share.status(datetime.now(UTC)), **{name: getattr(share, name) for name in names}}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}


@contextmanager
def _ledger(args: argparse.Namespace) -> Iterator[Ledger]:
    from tidegate.share.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy and Alembic

    where = args.ledger or os.environ.get("TIDEGATE_LEDGER") or ""
    if not where:
        named = Path(os.environ.get("XDG_STATE_HOME", ""))
        where = str(
            (named if named.is_absolute() else Path.home() / ".local" / "state") / "tidegate/ledger.sqlite"
        )
    with closing(open_ledger(where, password=os.environ.get("PGPASSWORD", ""))) as ledger:
        yield ledger


@contextmanager
def _ways(args: argparse.Namespace) -> Iterator[Ways]:
    from tidegate.api import sharing  # noqa: PLC0415

    file = Path(args.scope or online.SCOPE_FILE)
    if args.scope is not None and not file.is_file():
        raise UsageError(f"there is no scope file {args.scope}", hint="docs/scope.md shows what is in one.")
    scope = file if file.is_file() else None
    with sharing.open_ways(scope, accounts=args.scope_account, audit=online._audit(args)) as ways:
        yield ways


def _dumps(value: object) -> str:
    from tidegate.report._json import dumps  # noqa: PLC0415 - not needed for --help

    return dumps(value, indent=2)
