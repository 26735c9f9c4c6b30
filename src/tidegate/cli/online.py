"""What verbs that ask storage share: the scope, the audit log, and the way out made of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.errors import UsageError

if TYPE_CHECKING:
    from tidegate.net.scope import Scope
    from tidegate.net.transport import Net

SCOPE_FILE = "tidegate.toml"
"""In the current folder; never that of a target, which may be hostile."""
PROVIDERS = ("azure", "s3", "gcs")


def add(parser: argparse.ArgumentParser) -> None:
    """Add what decides what may be asked."""
    group = parser.add_argument_group("what may be asked")
    group.add_argument(
        "--scope",
        metavar="FILE",
        help=f"the scope file: what you own or may test ({SCOPE_FILE} of the current folder unless said)",
    )
    group.add_argument(
        "--scope-account",
        action="append",
        default=[],
        metavar="NAME",
        help="also in scope: one account or bucket, or azure:NAME, s3:NAME, gcs:NAME (repeatable)",
    )
    group.add_argument(
        "--audit",
        metavar="FILE",
        help="where every request is recorded, without secrets (audit.jsonl of Tidegate's state folder)",
    )


@contextmanager
def net(args: argparse.Namespace) -> Iterator[Net]:
    """Open the way out. Raises `ConfigError` for a wrong scope file, `UsageError` for a missing one."""
    from tidegate import plugins  # noqa: PLC0415 - heavy, and not needed for --help
    from tidegate.net.audit import AuditFile  # noqa: PLC0415
    from tidegate.net.transport import Net  # noqa: PLC0415

    storages = {name: storage for name in PROVIDERS if (storage := plugins.storage(name)) is not None}
    owners = {name: storage.owner for name, storage in storages.items()}
    scope = _scope(args)
    with closing(AuditFile(_audit(args))) as audit, Net(scope, owners=owners, audit=audit) as way:
        yield way


def _scope(args: argparse.Namespace) -> Scope:
    from tidegate.net.scope import Scope  # noqa: PLC0415

    file = Path(args.scope or SCOPE_FILE)
    if not file.is_file() and args.scope is not None:
        raise UsageError(f"there is no scope file {args.scope}", hint="docs/scope.md shows what is in one.")
    scope = Scope.load(file) if file.is_file() else Scope.of()
    return scope.with_names(args.scope_account)


def _audit(args: argparse.Namespace) -> Path:
    """Return the audit log's path; its folder is made if it is ours. XDG Base Directory Specification."""
    if args.audit is not None:
        return Path(args.audit)
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        folder = (named if named.is_absolute() else Path.home() / ".local" / "state") / "tidegate"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (RuntimeError, OSError) as error:
        raise UsageError(
            "there is no place for the audit log",
            hint="name one with --audit FILE: nothing is sent unrecorded",
        ) from error
    return folder / "audit.jsonl"
