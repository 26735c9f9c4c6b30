"""Sharing: links made with care, kept in a ledger without signatures, ended with proof."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tidegate.api.scanning import scan
from tidegate.api.ways import Ways
from tidegate.errors import NotDoneError, RefusedError, RequestError, UsageError
from tidegate.model.finding import Finding
from tidegate.model.report import Report
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Tried, Wish
from tidegate.providers._sharing import OPEN_STILL
from tidegate.share import manifest, mint, proof, seam
from tidegate.share.ledger import Ledger, Share
from tidegate.share.look import MAX_READ, Looked, as_found, look

__all__ = ["Ended", "Made", "Order", "Who", "check", "create", "revoke"]

_UNTRIED = Tried(status=None, code="not asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who shares with whom, and why."""

    made_by: str
    made_for: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to share."""

    target: str
    """`az://account/container/path`, `s3://bucket/key`, `gs://bucket/name`."""
    rights: Sequence[str] = ("read",)
    """Of `read`, `list`, `write`."""
    lives: timedelta = mint.USUAL
    ip: str = ""
    """An address, a range or a network; empty: from anywhere."""
    who: Who
    allow_wide: bool = False
    kind: str = ""
    """Of the link, as `Grant.kind`; empty: the safest that serves."""
    max_read: int = MAX_READ
    """Bytes that may be read for the checksums; 0: nothing is read, and no model is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A link that was made."""

    share: Share
    minted: Minted
    looked: Looked | None
    """`None`: nothing was read."""
    notes: tuple[str, ...]
    """What whoever shares must know, most important first."""

    @property
    def manifest(self) -> str:
        """The list of checksums, for `sha256sum -c`; empty when nothing was read."""
        return "" if self.looked is None else manifest.text(self.looked.sums)


def create(
    order: Order,
    *,
    environment: Mapping[str, str],
    ways: Ways,
    ledger: Ledger,
    now: datetime | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Made:
    """Make a link and write it down, without its signature. The row stands before anything is made.

    What is shared is read first; `tell` hears of what takes long. Raises `UnsafeError` when a model in it
    would harm whoever loads it.
    """
    instant = (now or datetime.now(UTC)).replace(microsecond=0)
    provider, wish = _wish(order, instant)
    mint.check(wish, instant, reason=order.who.reason, allow_wide=order.allow_wide)
    name, host = provider.host(wish.account, wish.container)
    ways.net.base(
        provider.id, name, provider.id if provider.id != "azure" else "blob", host
    )  # or out of scope
    hands = provider.hands(wish, environment, ways.net, ways.writer, kind=order.kind)
    hands, found = _found(hands, order.lives)
    looked, warnings = _looked(hands, wish, order.max_read, ways, instant, tell)
    row = _row(replace(wish, ends_at=found.ends_at), order.who, instant, hands.policy())
    with ledger.alone(row):
        ledger.add(row)
        minted = _minted(hands, found, ledger, row)
    made = Made(share=row, minted=minted, looked=looked, notes=(*warnings, *found.notes, *minted.notes))
    _, redacted = as_found(minted.link, provider.id, instant)
    ledger.change(
        row.id,
        "made",
        state="live",
        kind=minted.kind,
        parameters=minted.parameters,
        fingerprint=_fingerprint(minted.link, provider.id),
        redacted=redacted,
        revocation=minted.revocation,
        signer=minted.signer,
        manifest=manifest.digest(made.manifest) if made.manifest else "",
    )
    return replace(made, share=ledger.one(row.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of revoking."""

    verdict: str
    """`dead`, `still alive`, `denied but not proven`, `inconclusive`."""
    closed: bool
    """It is dead by proof; or it is refused and its own time is over; or nobody ever had it."""
    words: tuple[str, ...]
    """What was done, and what is left to do."""
    probes: tuple[Tried, Tried, Tried] = (_UNTRIED, _UNTRIED, _UNTRIED)
    controls: tuple[str, str, str] = ("the link", "a forged copy", "the owner")
    others: tuple[str, ...] = field(default=())
    """Ids of other live links of the ledger that would end with it."""


def revoke(
    share: Share,
    *,
    environment: Mapping[str, str],
    ways: Ways,
    ledger: Ledger,
    link: Secret | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Ended:
    """End a link and prove it dead. Can be run again after a crash.

    link: itself, for one that cannot be made again, because another key is at hand now.
    """
    if not share.kind and not share.policy:
        ledger.change(share.id, "nothing was made of it", state="revoked")
        return Ended(
            verdict=proof.DEAD, closed=True, words=("its making was cut off: nobody ever had the link",)
        )
    if link is not None and _fingerprint(link, share.provider) != share.fingerprint:
        raise UsageError(f"the link that was given is not that of {share.id}")
    wish = wish_of(share)
    provider = seam.sharing(share.provider)
    hands = provider.hands(wish, environment, ways.net, ways.writer, kind=share.kind or "service_sas")
    text = link if link is not None else made_again(hands, share)
    # Proved dead once, a link stays so in the ledger, whatever cannot be asked today.
    ledger.change(share.id, "revoking", **_state(share, "revoking"))
    with ledger.alone(share):
        ending = hands.end(share.policy, share.parameters)
    if text is None:
        words = (ending.words, "not proved: the link cannot be made again with the credentials at hand")
        ledger.change(share.id, "; ".join(words))
        return Ended(verdict=proof.INCONCLUSIVE, closed=False, words=words)
    ended = _proved(hands, text, ending, wish, wait)
    if not ending.done and not ended.closed:
        ended = replace(ended, others=tied(share, ledger))
    ledger.change(
        share.id,
        f"{ending.words}; {ended.verdict}",
        **({"state": "revoked"} if ended.closed else {} if ending.done else _state(share, "live")),
    )
    return ended


def _state(share: Share, state: str) -> dict[str, str]:
    return {} if share.state == "revoked" else {"state": state}


def check(
    targets: Sequence[str], ledger: Ledger, *, cache_dir: Path | None = None
) -> tuple[list[tuple[Share, Finding]], Report]:
    """Scan, offline, and return what the ledger holds of what was found. cache_dir: as for `scan`."""
    report = scan(targets, cache_dir=cache_dir)
    known = {each.fingerprint: each for each in ledger.all() if each.fingerprint}
    return [(known[f.fingerprint], f) for f in report.findings if f.fingerprint in known], report


def _wish(order: Order, instant: datetime) -> tuple[seam.Sharing, Wish]:
    provider, (account, container, path) = seam.place(order.target)
    wish = Wish(
        id=f"sh-{secrets.token_hex(4)}",
        provider=provider.id,
        account=account,
        container=container,
        path=path,
        rights=tuple(order.rights),
        ends_at=instant + order.lives,
        ip=mint.address_range(order.ip) if order.ip else "",
    )
    return provider, wish


def _found(hands: seam.Hands, lives: timedelta) -> tuple[seam.Hands, Found]:
    """See that it is there; with the lesser hands, where there are any, when the better ones are refused."""
    try:
        return hands, hands.find(lives)
    except (RefusedError, NotDoneError) as why:
        instead = hands.instead()
        if instead is None:
            raise
        found = instead.find(lives)
        note = f"made with a key of the account, because whoever is signed in was refused ({why})"
        return instead, replace(found, notes=(note, *found.notes))


def _looked(
    hands: seam.Hands,
    wish: Wish,
    max_read: int,
    ways: Ways,
    instant: datetime,
    tell: Callable[[str], None],
) -> tuple[Looked | None, list[str]]:
    """Read what is shared, and return it with what to warn of. Raises `UnsafeError`."""
    if not max_read or "read" not in wish.rights:
        return None, []
    looked = look(
        hands.looking(),
        wish.provider,
        ways.net,
        instant,
        single=bool(wish.path),
        max_read=max_read,
        tell=tell,
    )
    offer = looked.offer(wish.path, hands.beside)
    looked.refuse(offer)
    return looked, [*looked.warnings(), *([offer] if offer else ())]


def _row(wish: Wish, who: Who, instant: datetime, policy: str) -> Share:
    return Share(
        id=wish.id,
        state="making",
        created_at=instant.isoformat(),
        ends_at=wish.ends_at.isoformat(),
        provider=wish.provider,
        account=wish.account,
        container=wish.container,
        path=wish.path,
        rights=",".join(wish.rights),
        policy=policy,
        made_by=who.made_by,
        made_for=who.made_for,
        reason=who.reason,
        parameters={"sip": wish.ip} if wish.ip else {},
    )


def wish_of(share: Share) -> Wish:
    return Wish(
        id=share.id,
        provider=share.provider,
        account=share.account,
        container=share.container,
        path=share.path,
        rights=tuple(share.rights.split(",")),
        ends_at=datetime.fromisoformat(share.ends_at),
        ip=share.parameters.get("sip", ""),
    )


def _minted(hands: seam.Hands, found: Found, ledger: Ledger, row: Share) -> Minted:
    """Make the link; note it when it was surely not made."""
    try:
        return hands.mint(found)
    except (NotDoneError, UsageError) as why:
        ledger.change(row.id, f"not made: {why}", state="failed")
        if isinstance(why, UsageError) and (over := _over(row, ledger)):
            ids = ", ".join(over)
            why.hint = f"Over by their own time, and in the way: {ids}. tidegate share revoke ID removes one."
        raise


def _over(row: Share, ledger: Ledger) -> list[str]:
    """Return the ids of shares of the same container that ended by themselves, and whose policies stand."""
    now = datetime.now(UTC)
    place = (row.provider, row.account, row.container)
    return [
        each.id
        for each in ledger.all()
        if each.policy
        and each.status(now) == "ended"
        and (each.provider, each.account, each.container) == place
    ]


def made_again(hands: seam.Hands, share: Share) -> Secret | None:
    """Return the link, made again, or `None` when what is at hand now makes another one."""
    if not share.kind:  # its making was cut off: nobody has ever had it, but its policy may stand
        return hands.unfinished(share.policy)
    try:
        link = hands.again(share.parameters)
    except (RequestError, ValueError):
        return None
    return link if _fingerprint(link, share.provider) == share.fingerprint else None


def _proved(
    hands: seam.Hands, link: Secret, ending: Ending, wish: Wish, wait: Callable[[float], None]
) -> Ended:
    waited_s = 0.0
    while True:
        probes = hands.probes(link)
        expired = wish.ends_at <= datetime.now(UTC)
        verdict = proof.verdict(*probes, expired=expired)
        if verdict != proof.ALIVE or not ending.done or waited_s >= hands.ends_within_s:
            break
        if hands.open_to_anyone():
            words = (ending.words, OPEN_STILL)
            return Ended(
                verdict=proof.INCONCLUSIVE, closed=False, words=words, probes=probes, controls=hands.controls
            )
        wait(5.0)
        waited_s += 5.0
    over = expired and verdict == proof.NOT_PROVEN and probes[0].status in (400, 401, 403)
    words = (ending.words, *(("its own time is over",) if over else ()))
    return Ended(
        verdict=verdict,
        closed=verdict == proof.DEAD or over,
        words=words,
        probes=probes,
        controls=hands.controls,
    )


def tied(share: Share, ledger: Ledger) -> tuple[str, ...]:
    """Return the ids of other live links that hang on what this one hangs on: the account, or the signer."""
    now = datetime.now(UTC)

    def alike(other: Share) -> bool:
        same = other.account == share.account if share.provider == "azure" else other.signer == share.signer
        return same and other.kind == share.kind and other.provider == share.provider

    return tuple(
        each.id
        for each in ledger.all()
        if each.id != share.id and each.status(now) in ("live", "revoking") and alike(each)
    )


def _fingerprint(link: Secret, provider: str) -> str:
    secret = as_found(link, provider, datetime.now(UTC))[0].secret
    return "" if secret is None else secret.fingerprint
