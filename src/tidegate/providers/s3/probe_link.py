"""Whether a presigned link is alive: it is sent as it was signed, and only to read."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.reach import Reach, State
from tidegate.net.message import Request, Sends
from tidegate.providers.s3.ask import FIRST_BYTE, Heard, What, hear
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.signed import SignedLink
from tidegate.providers.s3.verdict import reach, told, unasked

_REFUSAL_BYTES = 4096
"""A whole refusal fits; of content no more is read, even from a server that knows no ranges."""
_ASKED = {
    What.BUCKETS: "list the buckets",
    What.NAMES: "list names",
    What.CONTENT: "read one byte",
    What.HEADERS: "read size and type",
    What.SETTINGS: "read settings",
}

_DOES = {
    What.BUCKETS: "lists the buckets",
    What.NAMES: "lists the bucket",
    What.CONTENT: "reads the object",
    What.HEADERS: "tells size and type of the object, not its content",
    What.SETTINGS: "reads settings",
}


def probe_link(link: SignedLink, grant: Grant, net: Sends, now: datetime) -> Reach:
    """Ask without the signature, with it, and, when it is refused, with a wrong one.

    A link for writing is asked to read: what refuses the key refuses it for that too, and nothing is written.
    Raises `OutOfScopeError`, `BudgetError`.
    """
    if link.missing_headers:
        names = ", ".join(link.missing_headers[:5])
        return unasked(
            f"it was signed together with headers that it does not hold ({names}): not tried", grant, now
        )
    what = _what(link)
    control = hear(net, _unsigned(link, net, what), what, control=True, anyone=True)
    heard = [control, *_signed(link, net, what)]
    mine = heard[-1]
    if _may_be_for_head(link, mine, what):
        request = link.request(net, asked="read size and type", method="HEAD", max_bytes=_REFUSAL_BYTES)
        head = hear(net, request, What.HEADERS)
        heard.append(head)
        mine = head if head.given else mine
    if mine.given:
        one = link.version != 0
        what = What.HEADERS if mine.answer.asked.startswith(_ASKED[What.HEADERS]) else what
        return reach(
            State.OPEN, _open_words(what, control, told=link.told), heard, grant, now, one_method=one
        )
    ended = grant.expires_at is not None and grant.expires_at < now
    # No flipped copy after words about time: they are about this link.
    if mine.means is Means.ENDED:
        return reach(State.CLOSED, _and_control(told(mine), control), heard, grant, now)
    if mine.means in (Means.DEAD, Means.BUSY):
        flipped = hear(net, _flipped(link, net, what), what, control=True)
        heard.append(flipped)
        state, reason = _judged(link, mine, flipped)
    else:
        state, reason = State.UNKNOWN, _unknown_words(mine)
    if ended and grant.expires_at is not None and mine.means in (Means.DEAD, Means.DENIED):
        state = State.CLOSED
        reason = (
            f"it ended on {grant.expires_at:%Y-%m-%d %H:%M} UTC, and the service refuses it: {told(mine)}"
        )
    return reach(state, _and_control(reason, control), heard, grant, now)


def _what(link: SignedLink) -> What:
    if link.method == "HEAD":
        return What.HEADERS
    if link.of_settings:
        return What.SETTINGS
    if link.name or link.version == 0:
        return What.CONTENT
    return What.NAMES if link.bucket else What.BUCKETS


def _signed(link: SignedLink, net: Sends, what: What) -> list[Heard]:
    """Ask with the link; an object without content, which has no first byte, once more without a range."""
    asked = _ASKED[what] if link.reads else f"{_ASKED[what]}, with a link for writing"
    # Of version 2 the signature does not cover the parameters of a listing, so that one name is enough.
    more = {"max-keys": "1"} if link.version == 2 and what is What.NAMES else None
    first = FIRST_BYTE if what is What.CONTENT else ""
    limit = _REFUSAL_BYTES if what is What.CONTENT else 1 << 16
    request = link.request(net, asked=asked, more=more, byte_range=first, max_bytes=limit)
    heard = [hear(net, request, what)]
    if first and heard[0].answer.status == 416:
        request = link.request(net, asked="read an object without content", max_bytes=_REFUSAL_BYTES)
        heard.append(hear(net, request, what))
    return heard


def _unsigned(link: SignedLink, net: Sends, what: What) -> Request:
    first = FIRST_BYTE if what is What.CONTENT else ""
    return link.unsigned(
        net, asked=f"{_ASKED[what]} without the link", byte_range=first, max_bytes=_REFUSAL_BYTES
    )


def _flipped(link: SignedLink, net: Sends, what: What) -> Request:
    first = FIRST_BYTE if what is What.CONTENT else ""
    asked = f"{_ASKED[what]} with a wrong signature"
    return link.request(net, asked=asked, flip=True, byte_range=first, max_bytes=_REFUSAL_BYTES)


def _may_be_for_head(link: SignedLink, heard: Heard, what: What) -> bool:
    mismatch = heard.answer.code == "SignatureDoesNotMatch"
    return mismatch and not link.told and link.method == "GET" and what in (What.CONTENT, What.NAMES)


def _judged(link: SignedLink, mine: Heard, flipped: Heard) -> tuple[State, str]:
    words = told(mine)
    if mine.means is Means.BUSY:
        if flipped.means is Means.DEAD:
            return (
                State.UNKNOWN,
                f"{words}, though a wrong signature is refused: the link got further than that",
            )
        return State.UNKNOWN, words
    if not mine.like(flipped):
        return (
            State.UNKNOWN,
            f"{words}; but a copy with a wrong signature is answered otherwise: {told(flipped)}",
        )
    if mine.answer.code == "SignatureDoesNotMatch" and not (link.told and link.reads):
        return State.UNKNOWN, (
            f"it does not read ({mine.answer.code}): its text was changed, or it is signed for writing or "
            "deleting, which is granted, not tried"
        )
    return State.CLOSED, words


def _open_words(what: What, control: Heard, *, told: bool) -> str:
    if control.given:
        return f"the link {_DOES[what]}, and so does anyone without it: what it opens is public"
    return f"the link {_DOES[what]}{'' if told else '; it is signed for this one method'}"


def _unknown_words(mine: Heard) -> str:
    if mine.means is Means.DENIED and mine.answer.code != "Unauthorized":
        return f"{told(mine)}: its key is alive, but may not do this, or not from here"
    return told(mine)


def _and_control(reason: str, control: Heard) -> str:
    return f"{reason}; but anyone may read the same without it" if control.given else reason
