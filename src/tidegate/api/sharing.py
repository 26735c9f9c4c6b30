"""Sharing: links made with care, kept in a ledger without signatures, ended with proof."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidegate import plugins
from tidegate.api.scanning import scan
from tidegate.errors import UsageError
from tidegate.model.finding import Finding
from tidegate.model.report import Report
from tidegate.model.secret import Secret
from tidegate.model.share import Minted, Tried, Wish
from tidegate.net.audit import AuditFile
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.net.writer import Writer
from tidegate.providers.azure.share import SHARE, AzureShare
from tidegate.share import mint, proof
from tidegate.share.ledger import Ledger, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Both ways out, with one scope and one audit log."""

    net: Net
    writer: Writer


@contextmanager
def open_ways(scope: Path | None, *, accounts: Sequence[str], audit: Path) -> Iterator[Ways]:
    """Open what reads and what writes, for `with`; raises as `open_net` does."""
    storage = plugins.storage("azure")
    owners = {"azure": storage.owner} if storage is not None else {}
    named = (Scope.of() if scope is None else Scope.load(scope)).with_names(accounts)
    with closing(AuditFile(audit)) as record, Net(named, owners=owners, audit=record) as net:
        yield Ways(net=net, writer=Writer(named, owners=owners, audit=record, run=net.run))


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who shares with whom, and why."""

    made_by: str
    made_for: str = ""
    reason: str = ""


def create(
    target: str,
    *,
    rights: Sequence[str],
    lives: timedelta,
    ip: str,
    who: Who,
    allow_wide: bool,
    environment: Mapping[str, str],
    ways: Ways,
    ledger: Ledger,
    now: datetime | None = None,
) -> tuple[Share, Minted]:
    """Make a link and write it down, without its signature. The row stands before anything is sent."""
    instant = (now or datetime.now(UTC)).replace(microsecond=0)
    placed = SHARE.place(target)
    if placed is None:
        raise UsageError("no address that can be shared", hint="It is written az://account/container/path.")
    account, container, path = placed
    wish = Wish(
        id=f"sh-{secrets.token_hex(4)}",
        provider="azure",
        account=account,
        container=container,
        path=path,
        rights=tuple(rights),
        ends_at=instant + lives,
        ip=mint.address_range(ip) if ip else "",
    )
    mint.check(wish, instant, reason=who.reason, allow_wide=allow_wide)
    ways.net.base("azure", account, "blob", f"{account}.blob.core.windows.net")  # out of scope: refused here
    key = _key(SHARE, account, environment)
    row = Share(
        id=wish.id,
        state="making",
        created_at=instant.isoformat(),
        ends_at=wish.ends_at.isoformat(),
        provider="azure",
        account=account,
        container=container,
        path=path,
        rights=",".join(rights),
        policy=SHARE.policy(wish),
        made_by=who.made_by,
        made_for=who.made_for,
        reason=who.reason,
        parameters={"sip": wish.ip} if wish.ip else {},
    )
    ledger.add(row)
    minted = SHARE.mint(wish, key, ways.net, ways.writer)
    seen = _seen(minted.link)
    ledger.change(
        wish.id,
        "made",
        state="live",
        kind=minted.kind,
        parameters=minted.parameters,
        fingerprint=seen.fingerprint,
        redacted=seen.redacted,
        revocation=minted.revocation,
    )
    return ledger.one(wish.id), minted


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of revoking."""

    verdict: str
    removed: bool
    """The policy stood until now."""
    probes: tuple[Tried, Tried, Tried]


def revoke(
    share: Share,
    *,
    environment: Mapping[str, str],
    ways: Ways,
    ledger: Ledger,
    wait: Callable[[float], None] = time.sleep,
) -> Ended:
    """Remove what the link hangs on and prove it dead. Can be run again after a crash."""
    key = _key(SHARE, share.account, environment)
    wish = Wish(
        id=share.id,
        provider=share.provider,
        account=share.account,
        container=share.container,
        path=share.path,
        rights=tuple(share.rights.split(",")),
        ends_at=datetime.fromisoformat(share.ends_at),
        ip=share.parameters.get("sip", ""),
    )
    ledger.change(share.id, "revoking", state="revoking")
    removed = SHARE.revoke(wish, share.policy, key, ways.net, ways.writer)
    if "si" not in share.parameters:  # its making was cut off: nobody has ever had the link
        parameters = {
            "sv": "2021-12-02",
            "si": share.policy,
            "sr": "b" if share.path else "c",
            "spr": "https,http",
        }
    else:
        parameters = dict(share.parameters)
        same = _seen(SHARE.again(wish, parameters, key, ways.net)).fingerprint == share.fingerprint
        if not same:
            ledger.change(share.id, f"policy removed: {removed}; not proved, another key signed it")
            unknown = Tried(status=None, code="another key signed it")
            return Ended(verdict=proof.INCONCLUSIVE, removed=removed, probes=(unknown, unknown, unknown))
    waited_s = 0.0
    while True:
        probes = SHARE.probes(wish, parameters, key, ways.net)
        verdict = proof.verdict(*probes, expired=wish.ends_at <= datetime.now(UTC))
        if verdict != proof.ALIVE or waited_s >= SHARE.ends_within_s:
            break
        wait(5.0)
        waited_s += 5.0
    if verdict == proof.DEAD:
        ledger.change(share.id, "proved dead", state="revoked")
    else:
        ledger.change(share.id, f"not proved: {verdict}")
    return Ended(verdict=verdict, removed=removed, probes=probes)


def check(targets: Sequence[str], ledger: Ledger) -> tuple[list[tuple[Share, Finding]], Report]:
    """Scan, offline, and return what the ledger holds of what was found."""
    report = scan(targets)
    known = {each.fingerprint: each for each in ledger.all() if each.fingerprint}
    return [(known[f.fingerprint], f) for f in report.findings if f.fingerprint in known], report


def _key(shares: AzureShare, account: str, environment: Mapping[str, str]) -> Secret:
    key = shares.owner(account, environment)
    if key is None:
        raise UsageError(
            f"no key of {account} is at hand",
            hint="Set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, or AZURE_STORAGE_CONNECTION_STRING.",
        )
    return key


def _seen(link: Secret) -> Finding:
    """Return the link as a scan finds it, so that it is known again."""
    report = scan("-", stdin=io.BytesIO(link.reveal().encode()), jobs=1)
    if not report.findings:
        raise UsageError("the link that was made is not recognised by the scan: it is not handed out")
    return report.findings[0]
