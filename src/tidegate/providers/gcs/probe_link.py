"""Does a link let anyone in? Asked without the signature, with it, and with a changed one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State
from tidegate.net.message import Request, Sends
from tidegate.providers.gcs.answers import is_byte, is_described
from tidegate.providers.gcs.codes import Sense
from tidegate.providers.gcs.link_api import LinkApi, link_api
from tidegate.providers.gcs.trial import Got, Trial, alike
from tidegate.providers.gcs.xml_api import is_list

_READS: Final = frozenset({Permission.READ, Permission.LIST})


def probe_link(credential: Credential, net: Sends, now: datetime) -> Reach:
    """Ask at most five times. Raises `OutOfScopeError`, `BudgetError`."""
    grant = credential.grant
    link = link_api(credential, net)
    trial = Trial(net, now, firebase=link is not None and link.firebase)
    if link is None:
        return trial.reach(
            State.UNKNOWN, "The link names no bucket that could be asked about.", untried=grant.permissions
        )
    if not _READS & set(grant.permissions):
        return trial.reach(
            State.UNKNOWN,
            "The link is signed for a request that writes: granted, not tried.",
            untried=grant.permissions,
        )
    if link.signed_headers:
        names = ", ".join(link.signed_headers)[:80]
        return trial.reach(
            State.UNKNOWN,
            f"The link works only together with headers whose values it does not tell: {names}.",
            untried=grant.permissions,
        )
    return _asked(trial, link, credential)


def _asked(trial: Trial, link: LinkApi, credential: Credential) -> Reach:
    grant = credential.grant
    asked = "list objects" if link.lists else "read one byte"
    right = Permission.LIST if link.lists else Permission.READ
    control = _ask(trial, link.unsigned(), f"{asked}, without the signature", None, anonymous=True)
    got = _ask(trial, link, asked, right)
    if got.open:
        does = "lists objects" if link.lists else "reads the object"
        reason = f"The link {does}."
        if control.open:
            reason = f"The link {does}, and so does anyone without it: the bucket or object is public."
        elif Permission.UNKNOWN in grant.permissions:
            reason = f"The link {does}; it is signed for this one method."
        # A link is signed for one method: one that reads cannot write.
        left = tuple(each for each in grant.permissions if each is not Permission.UNKNOWN)
        return trial.reach(State.OPEN, reason, proved=(right,), untried=left)
    public = " The address itself is open to anyone." if control.open else ""
    if got.sense is Sense.ENDED:
        if grant.starts_at is not None and grant.starts_at > trial.now:
            return trial.reach(
                State.UNKNOWN, f"The link is not valid yet{got.told}.{public}", untried=grant.permissions
            )
        return trial.reach(State.CLOSED, f"The service says that the link has expired{got.told}.{public}")
    status = got.answer.status
    if got.sense is Sense.DEAD or (status is not None and status >= 500):
        changed = _ask(trial, link.flipped(), f"{asked}, with a changed signature", None)
        if got.sense is Sense.DEAD and alike(got, changed):
            return _dead(trial, link, credential, got, public)
        return _undecided(
            trial, credential, f"{_sentence(got)} A changed copy is answered otherwise.{public}"
        )
    return _undecided(trial, credential, _sentence(got) + public)


def _dead(trial: Trial, link: LinkApi, credential: Credential, got: Got, public: str) -> Reach:
    """Close it, unless it may be signed for another method, of which the service says the same."""
    grant = credential.grant
    for_reading = link.firebase or Permission.UNKNOWN not in grant.permissions
    if for_reading or got.answer.code != "SignatureDoesNotMatch":
        return trial.reach(State.CLOSED, _sentence(got) + public)
    if not link.lists:
        described = trial.ask(
            link.ask(method="HEAD"),
            is_described,
            asked="ask for metadata",
            permission=Permission.PROPERTIES,
            so="the object's size and metadata are told",
        )
        if described.open:
            return trial.reach(
                State.OPEN,
                f"The link tells the object's size and metadata; it is signed for HEAD, not to read.{public}",
                proved=(Permission.PROPERTIES,),
            )
    if grant.expires_at is not None and grant.expires_at < trial.now:
        return trial.reach(
            State.CLOSED,
            f"Its time is over by its own dates, and the service does not accept it{got.told}.{public}",
        )
    return _undecided(
        trial,
        credential,
        f"It reads nothing{got.told}: the key behind it is gone, or the text was changed, or it is signed "
        f"for a request that writes, which is not tried.{public}",
    )


def _undecided(trial: Trial, credential: Credential, reason: str) -> Reach:
    return trial.reach(State.UNKNOWN, reason, untried=credential.grant.permissions)


def _ask(
    trial: Trial, link: LinkApi, asked: str, permission: Permission | None, *, anonymous: bool = False
) -> Got:
    def ask(request: Request) -> Got:
        return trial.ask(
            request,
            is_list if link.lists else is_byte,
            asked=asked,
            permission=permission,
            anonymous=anonymous,
            so="a listing comes" if link.lists else "the object's bytes come",
        )

    got = ask(link.ask())
    # An empty object has no first byte; without a range it is sent as it is.
    return ask(link.ask(whole=True)) if got.answer.status == 416 and not link.lists else got


def _sentence(got: Got) -> str:
    words = got.answer.words
    return f"{words[0].upper()}{words[1:]}{got.told}."
