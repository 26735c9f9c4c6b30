"""`tidegate share create/list/revoke/check`: links that can be ended, and are known again when they leak."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli import _state, codes, online, options
from tidegate.cli.helps import Help
from tidegate.cli.speak import say, tell
from tidegate.errors import UnsafeError, UsageError

if TYPE_CHECKING:
    from tidegate.api.sharing import Ended, Made
    from tidegate.api.ways import Ways
    from tidegate.model.finding import Finding
    from tidegate.model.secret import Secret
    from tidegate.share.ledger import Ledger, Share

HELP = "make links that can be ended, list them, end them with proof, find those that leaked"
DESCRIPTION = """\
Make a link to a container or object of Azure, S3 or Google that reads only and
ends soon: on Azure by user delegation when you are signed in, else on a stored
access policy of its own; on S3 and Google a presigned link. What is shared is
read once: you get a list of checksums, and a model that would run code is
refused. A ledger keeps what was shared, never a signature. The scope file must
name the account or bucket. See docs/share.md."""

_CREATE = """\
Make one link and print it, alone, on standard output: it is shown this once, and
kept nowhere. What it opens is read first: its checksums go into a file, and where
a model among it would run code no link is made. Whoever makes it must be signed in
as the owner, and the scope file must name the account or bucket.

exit codes:
  0    the link was made
  1    no link was made: what it would open runs code when it is loaded
  2    the command, a file or a setting is wrong
  3    the link was made, but its checksums could not be kept
  4    refused: out of scope or not authorised"""

_LIST = """\
List the links of the ledger: who made each for whom, what it opens, until when,
how it is ended, and what became of it. Offline: nothing is asked."""

_REVOKE = """\
End one link of the ledger and prove it dead: the link itself is refused, a copy
with one character changed is refused in the same way, and its owner is served.
What cannot be ended alone is told, with what would end with it (--wide).

exit codes:
  0    ended and proved
  2    the command, a file or a setting is wrong
  3    not ended, or the answers prove nothing yet
  4    refused: out of scope or not authorised"""

_CHECK_FOR = """\
Scan repositories, folders and files for links of the ledger, by their
fingerprints: the ledger holds no signature. Offline: nothing is asked.

exit codes:
  0    none of them stands there, or only such as have ended
  1    one stands there that is not ended
  2    the command, a file or a setting is wrong
  3    none was seen, but something was not read"""

_PREFIXES = ("AZURE_", "AWS_", "GOOGLE_", "GS_", "IDENTITY_", "MSI_")
_KINDS = {"user-delegation": "user_delegation_sas", "policy": "service_sas"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's own verbs."""
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    make = _verb(verbs, "create", "make a link and print it, once", _CREATE)
    make.set_defaults(run=_create)
    _configure_create(make)
    shown = _verb(verbs, "list", "who, what, until when, how it is ended", _LIST)
    shown.set_defaults(run=_list)
    end = _verb(verbs, "revoke", "end one, and prove it dead", _REVOKE)
    end.set_defaults(run=_revoke)
    end.add_argument("id", metavar="ID", help="as `share create` and `share list` say it")
    end.add_argument(
        "--link",
        metavar="FILE",
        help="the link itself, - for standard input: where it cannot be made again, because its key is gone",
    )
    end.add_argument(
        "--wide",
        action="store_true",
        help="for a link that cannot be ended alone: show the plan that ends all that hang on its key",
    )
    end.add_argument("--yes", metavar="HASH", help="with --wide: carry out the plan that was looked at")
    end.add_argument(
        "--state", metavar="DIR", help="where such plans and journals are kept (closings of the state folder)"
    )
    online.add(end)
    find = _verb(verbs, "check", "find links of the ledger in repositories and folders", _CHECK_FOR)
    find.set_defaults(run=_check)
    find.add_argument(
        "targets", nargs="+", type=options.target, metavar="TARGET", help="a repository, a folder or a file"
    )
    for each in (make, shown, end, find):
        each.add_argument(
            "--ledger",
            metavar="WHERE",
            help="the ledger: a file, or postgresql://… (TIDEGATE_LEDGER; ledger.sqlite of the state folder)",
        )
        formats = ("text", "json", "csv") if each is shown else ("text", "json")
        each.add_argument("--format", choices=formats, default="text", metavar="F", help=", ".join(formats))


def _verb(verbs: Any, name: str, in_short: str, description: str) -> argparse.ArgumentParser:
    text, _, exits = description.partition("\n\nexit codes:")
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=in_short,
        description=text,
        epilog=f"exit codes:{exits}" if exits else None,
        formatter_class=Help,
        allow_abbrev=False,
    )
    return parser


def _configure_create(make: argparse.ArgumentParser) -> None:
    make.add_argument(
        "target", metavar="TARGET", help="az://ACCOUNT/CONTAINER[/PATH], s3://BUCKET/KEY or gs://BUCKET/NAME"
    )
    make.add_argument("--read", action="store_true", help="to read; so it is unless said otherwise")
    make.add_argument("--list", action="store_true", help="to list the container, bucket or prefix")
    make.add_argument("--write", action="store_true", help="to write")
    make.add_argument("--for", dest="lives", default="7d", metavar="TIME", help="how long: 12h, 7d (7d)")
    make.add_argument(
        "--ip", default="", metavar="ADDRESS", help="only from there: address, range or network (Azure)"
    )
    make.add_argument("--to", default="", metavar="WHO", help="who gets it, for the ledger")
    make.add_argument("--reason", default="", metavar="TEXT", help="what for, for the ledger")
    make.add_argument("--allow-wide", action="store_true", help="over 30 days, or listing and writing over 7")
    make.add_argument(
        "--kind",
        choices=tuple(_KINDS),
        metavar="KIND",
        help="of Azure's links: user-delegation, policy (the first that serves)",
    )
    make.add_argument(
        "--manifest", metavar="FILE", help="where the checksums go (ID.sha256 of the current folder)"
    )
    make.add_argument(
        "--no-manifest", action="store_true", help="read nothing: no checksums, and no model is judged"
    )
    make.add_argument(
        "--max-read", type=options.size, metavar="SIZE", help="read at most so much for it (4GiB unless said)"
    )
    online.add(make)


def _create(args: argparse.Namespace) -> int:
    from tidegate.api import sharing  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.share import look, mint  # noqa: PLC0415

    _listened()
    rights = [word for word in ("read", "list", "write") if getattr(args, word)] or ["read"]
    order = sharing.Order(
        target=args.target,
        rights=rights,
        lives=mint.lifetime(args.lives),
        ip=args.ip,
        who=sharing.Who(made_by=_user(), made_for=args.to, reason=args.reason),
        allow_wide=args.allow_wide,
        kind=_KINDS.get(args.kind or "", ""),
        max_read=0 if args.no_manifest else args.max_read or look.MAX_READ,
    )
    if order.max_read and "read" in rights:
        _writable(args.manifest)
    try:
        with _state.ledger(args.ledger) as ledger, online.ways(args) as ways:
            made = sharing.create(order, environment=_environment(), ways=ways, ledger=ledger, tell=tell)
    except UnsafeError as why:
        tell(str(why))
        tell(why.hint, "hint")
        return codes.FOUND
    file, code = _keep(made, args.manifest)
    _print_made(made, file, as_json=args.format == "json")
    return code


def _print_made(made: Made, file: str, *, as_json: bool) -> None:
    from tidegate.cli import _shares  # noqa: PLC0415

    share = made.share
    try:
        if as_json:
            return say(_dumps(_shares.made(made, file)), unicode=True)
        say(f"{made.minted.link.reveal()}\n")
    except UsageError as why:
        raise UsageError(
            f"{share.id} was made, and nobody has seen its link: {why}",
            hint=f"end it with: tidegate share revoke {share.id}",
        ) from None
    tell(f"{share.id}: {share.rights} until {_shares.when(share.ends_at)}; ended by {share.revocation}")
    for note in made.notes:
        tell(note)
    if made.looked is not None and file:
        files, size = len(made.looked.sums), made.looked.size_bytes
        tell(
            f"checksums of {files:,} file{'' if files == 1 else 's'} ({size:,} bytes) in {file}; "
            f"whoever gets them checks with: sha256sum -c {file}"
        )
    elif "read" in share.rights.split(","):
        tell("nothing was read: there are no checksums, and no model was judged")
    tell(f"the link is shown this once; end it with: tidegate share revoke {share.id}")
    return None


def _listened() -> None:
    """See before a link is made that it can be shown. Raises `UsageError`."""
    if sys.stdout is None:
        raise UsageError("standard output is closed, where the link goes", hint="nothing was made")


def _writable(file: str | None) -> None:
    """See before anything is made that the checksums can be kept. Raises `UsageError`."""
    if file == "-":
        raise UsageError("standard output holds the link alone", hint="Name a file with --manifest.")
    if file is not None and os.path.lexists(file):
        raise UsageError(f"{file} is there already: nothing is written over it")
    folder = Path(file or ".").parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(
            f"nothing can be written to {folder}, where the checksums go",
            hint="Name a file with --manifest, or give --no-manifest.",
        )


def _keep(made: Made, file: str | None) -> tuple[str, int]:
    """Write the checksums beside; the link stands whatever becomes of them."""
    if made.looked is None:
        return "", codes.CLEAN
    path = Path(file or f"{made.share.id}.sha256")
    try:
        with path.open("x", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
            out.write(made.manifest)
    except OSError as why:
        tell(f"the checksums could not be written to {path}: {why.strerror}")
        return "", codes.INCOMPLETE
    return str(path), codes.CLEAN


def _list(args: argparse.Namespace) -> int:
    from tidegate.cli import _shares  # noqa: PLC0415

    shares: list[Share] = []
    if _state.has_ledger(args.ledger):
        with _state.ledger(args.ledger) as ledger:
            shares = ledger.all()
    if args.format == "json":
        rows = [_shares.row(each) for each in shares]
        say(_dumps({"schema": "tidegate-share/1", "shares": rows}), unicode=True)
    elif args.format == "csv":
        say(_shares.table(shares), unicode=True)
    else:
        say(_shares.cards(shares) + "\n")
    return codes.CLEAN


def _revoke(args: argparse.Namespace) -> int:
    from tidegate.api import sharing  # noqa: PLC0415
    from tidegate.cli import _shares  # noqa: PLC0415

    if args.yes and not args.wide:
        raise UsageError("--yes belongs to --wide")
    link = _given(args.link)
    _state.has_ledger(args.ledger)
    with _state.ledger(args.ledger) as ledger, online.ways(args) as ways:
        share = ledger.one(args.id)
        if args.wide:
            ended = _wide(args, share, link, ways, ledger)
        else:
            ended = sharing.revoke(share, environment=_environment(), ways=ways, ledger=ledger, link=link)
    if args.format == "json":
        say(_dumps(_shares.ended(args.id, ended)), unicode=True)
    else:
        say("".join(f"{line}\n" for line in _ended_lines(args.id, ended)))
    return codes.CLEAN if ended.closed else codes.INCOMPLETE


def _wide(args: argparse.Namespace, share: Share, link: Secret | None, ways: Ways, ledger: Ledger) -> Ended:
    """Show the plans; or carry out the one that was looked at."""
    from tidegate.api import closing as api  # noqa: PLC0415
    from tidegate.api import sharing, sharing_wide  # noqa: PLC0415
    from tidegate.close import words  # noqa: PLC0415
    from tidegate.close.store import Store  # noqa: PLC0415

    store = Store(Path(args.state) if args.state else _state.folder() / "closings")
    wide = sharing_wide.consider(
        share, environment=_environment(), ways=ways, ledger=ledger, store=store, link=link
    )
    if args.yes:
        plan = api.agreed(wide.case, args.yes)
        return sharing_wide.end(wide, share, plan, ledger, tell=tell)
    study = wide.case.study
    assert study is not None
    lines = list(words.study_lines(study, width=options.width()))
    if args.format == "json":
        for line in lines:
            tell(line)
    else:
        say("".join(f"{_safe(line)}\n" for line in lines))
    hashes = [
        f"{plan.way}: tidegate share revoke {share.id} --wide --yes {plan.hash}" for plan in study.plans
    ]
    told = ("nothing was changed", *(hashes or ("there is no plan: see what is missing",)))
    others = (*(other.id for other, _ in wide.others), *wide.unproved)
    return sharing.Ended(verdict="still alive", closed=False, words=told, others=others)


def _safe(text: str) -> str:
    from tidegate.report._escape import safe  # noqa: PLC0415

    return safe(text)


def _ended_lines(share_id: str, ended: Ended) -> Iterator[str]:
    from tidegate.report._escape import safe  # noqa: PLC0415

    yield f"{share_id} is {ended.verdict}: {safe('; '.join(ended.words))}"
    if all(each.status is None and each.code == "not asked" for each in ended.probes):
        return
    for name, each in zip(ended.controls, ended.probes, strict=True):
        yield f"  {name:<22} {each.status or 'no answer'} {each.code}".rstrip()
    if ended.others:
        count = len(ended.others)
        shown = ", ".join(ended.others[:8]) + (", …" if count > 8 else "")
        yield f"  {count} other live link{'' if count == 1 else 's'} of the ledger would end with it: {shown}"


def _given(file: str | None) -> Secret | None:
    """Read the link from a file or standard input: everybody on the machine can see a command line."""
    from tidegate.model.secret import Secret  # noqa: PLC0415

    if file is None:
        return None
    if file == "-":
        from tidegate.cli.stdin import credential  # noqa: PLC0415

        return Secret(credential())
    try:
        text = Path(file).read_text(encoding="utf-8")[: 1 << 16]
    except (OSError, UnicodeDecodeError) as why:
        reason = why.strerror if isinstance(why, OSError) else "it is not UTF-8"
        raise UsageError(f"the file with the link cannot be read: {reason}") from None
    if not text.strip():
        raise UsageError("no link was given")
    return Secret(text.strip())


def _check(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415

    from tidegate.api import sharing  # noqa: PLC0415
    from tidegate.cli import _shares  # noqa: PLC0415

    _state.has_ledger(args.ledger)
    with _state.ledger(args.ledger) as ledger:
        leaked, report = sharing.check(args.targets, ledger, cache_dir=options.cache_dir())
    if args.format == "json":
        places: list[dict[str, Any]] = [
            {
                "share": _shares.row(share),
                "path": at.path,
                "line": at.line,
                "commit": at.commit,
                "target": at.target,
            }
            for share, finding in leaked
            for at in finding.occurrences
        ]
        document = {"schema": "tidegate-share/1", "leaked": places, "complete": report.complete}
        say(_dumps(document), unicode=True)
    else:
        say("".join(f"{line}\n" for line in _leaked_lines(leaked, complete=report.complete)))
        for gap in report.gaps:
            tell(f"{gap.subject}: {gap.reason}", "gap")
    now = datetime.now(UTC)
    if any(share.status(now) not in ("revoked", "ended") for share, _ in leaked):
        return codes.FOUND
    return codes.CLEAN if report.complete else codes.INCOMPLETE


def _leaked_lines(leaked: Sequence[tuple[Share, Finding]], *, complete: bool) -> Iterator[str]:
    from datetime import UTC, datetime  # noqa: PLC0415

    from tidegate.report._escape import safe  # noqa: PLC0415

    for share, finding in leaked:
        status = share.status(datetime.now(UTC))
        for at in finding.occurrences:
            since = f" since commit {at.commit[:12]}" if at.commit else ""
            yield safe(f"{at.path}:{at.line}  shared link {share.id} ({status}) stands there{since}")
        if status in ("live", "revoking"):
            yield f"    end it with: tidegate share revoke {share.id}"
    if not leaked:
        yield (
            "no shared link stands there"
            if complete
            else "no shared link was seen there, but not all was read"
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _environment() -> dict[str, str]:
    """Return what says who the owner is; the clouds' own libraries read the same for themselves."""
    return {name: value for name, value in os.environ.items() if value and name.startswith(_PREFIXES)} | {
        "HOME": os.path.expanduser("~")  # noqa: PTH111 - `Path.home` raises where there is none
    }


def _dumps(value: object) -> str:
    from tidegate.report._json import dumps  # noqa: PLC0415 - not needed for --help

    return dumps(value, indent=2) + "\n"
