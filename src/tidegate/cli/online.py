"""What verbs that ask storage share: the scope, the audit log, and the way out made of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli import _state
from tidegate.cli.speak import tell
from tidegate.errors import OutOfScopeError, UsageError

if TYPE_CHECKING:
    from tidegate.api.ways import Ways
    from tidegate.net.transport import Net

SCOPE_FILE = "tidegate.toml"
"""In the current folder; never that of a target, which may be hostile."""


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


def idle(args: argparse.Namespace, why: str, *, others: Sequence[str] = ()) -> None:
    """Check what was said of asking although nothing is asked, and tell that it has no effect, and why.

    others: further options, without values, that say nothing unless something is asked. Raises as `net` does.
    """
    given = [name for name in ("--scope", "--scope-account", "--audit", *others) if _given(args, name)]
    if args.scope is not None:
        from tidegate.net.scope import Scope  # noqa: PLC0415 - only for who names one

        Scope.load(_scope(args) or Path(args.scope))
    if given and not args.quiet:
        tell(f"{why}: {', '.join(given)} had no effect")


def _given(args: argparse.Namespace, option: str) -> bool:
    return getattr(args, option.removeprefix("--").replace("-", "_")) not in (None, False, [])


@contextmanager
def net(args: argparse.Namespace) -> Iterator[Net]:
    """Open the way out. Raises `ConfigError` for a wrong scope file, `UsageError` for a missing one."""
    with _opened(args) as way:
        _keep_interrupt()
        yield way


@contextmanager
def refusing(write: Callable[[Any], None]) -> Iterator[None]:
    """Write what was done of the other targets where one is refused, and refuse it all the same."""
    try:
        yield
    except OutOfScopeError as why:
        if why.done is not None:
            write(why.done)
        raise


def _keep_interrupt() -> None:
    """Put Ctrl-C back to Python, which raises it in the main thread.

    Polars takes it over when it is imported, and while it computes in some other thread an interrupt is lost:
    of four that were sent to a listing of 3 million items two had no effect (polars 2.1).
    """
    import signal  # noqa: PLC0415 - 1 ms, as the next, and only those who ask do
    import threading  # noqa: PLC0415

    in_main = threading.current_thread() is threading.main_thread()  # nobody else may
    if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def ways(args: argparse.Namespace) -> Iterator[Ways]:
    """Open what reads and what writes. Raises as `net` does."""
    from tidegate.api.ways import open_ways  # noqa: PLC0415 - heavy, and not needed for --help

    with open_ways(_scope(args), accounts=args.scope_account, audit=audit(args)) as opened:
        yield opened


def _opened(args: argparse.Namespace) -> AbstractContextManager[Net]:
    from tidegate.api import asking  # noqa: PLC0415 - heavy, and not needed for --help

    return asking.open_net(_scope(args), accounts=args.scope_account, audit=audit(args))


def _scope(args: argparse.Namespace) -> Path | None:
    """Return the scope file, `None` where none is named and none lies here."""
    if args.scope is None:
        return Path(SCOPE_FILE) if os.path.lexists(SCOPE_FILE) else None
    from tidegate.sources.folders import absent  # noqa: PLC0415 - only for who names one

    why = absent(Path(args.scope))
    if why:
        raise UsageError(
            f"there is no scope file {args.scope}: {why}", hint="docs/scope.md shows what is in one."
        )
    return Path(args.scope)


def audit(args: argparse.Namespace) -> Path:
    """Return the audit log's path; its folder is made if it is ours."""
    if args.audit is not None:
        return Path(args.audit)
    try:
        folder = _state.folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (UsageError, OSError) as error:
        raise UsageError(
            "there is no place for the audit log",
            hint="name one with --audit FILE: nothing is sent unrecorded",
        ) from error
    return folder / "audit.jsonl"
