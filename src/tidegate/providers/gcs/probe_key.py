"""What do a key, and anyone, get? Buckets, one listed object, one byte, the rights the service tells of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from tidegate.errors import NoAnswerError, OutOfScopeError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State
from tidegate.net.message import Request, Sends
from tidegate.providers.gcs.access import Api, api_of
from tidegate.providers.gcs.answers import is_byte
from tidegate.providers.gcs.codes import Sense
from tidegate.providers.gcs.firebase_api import FirebaseApi, is_firebase
from tidegate.providers.gcs.json_api import JsonApi
from tidegate.providers.gcs.owner import is_bucket
from tidegate.providers.gcs.trial import Got, Trial, alike, is_skewed

MOST_BUCKETS: Final = 20
"""Buckets that a key is tried on, until one of them lets it list and read."""

PERMISSIONS: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        "storage.buckets.get": Permission.PROPERTIES,
        "storage.buckets.setIamPolicy": Permission.SET_POLICY,
        "storage.buckets.update": Permission.SERVICE_SETTINGS,
        "storage.buckets.delete": Permission.DELETE_CONTAINERS,
        "storage.objects.list": Permission.LIST,
        "storage.objects.get": Permission.READ,
        "storage.objects.create": Permission.CREATE,
        "storage.objects.update": Permission.WRITE,
        "storage.objects.delete": Permission.DELETE,
        "storage.objects.setIamPolicy": Permission.SET_POLICY,
    }
)
"""Google's name of a right -> ours."""


@dataclass(slots=True)
class _Shown:
    """What one or more buckets gave."""

    proved: set[Permission] = field(default_factory=set)
    told: set[Permission] = field(default_factory=set)
    """What the service says that there is, without its having been tried."""
    where: str = ""
    got: list[Got] = field(default_factory=list)


def probe_nobody(credential: Credential, net: Sends, now: datetime) -> Reach:
    """Ask without any credential. Raises `OutOfScopeError`, `BudgetError`."""
    trial = Trial(net, now)
    bucket = credential.grant.container or credential.context.get("bucket", "")
    key = credential.grant.key or ""
    if not is_bucket(bucket):
        return trial.reach(State.UNKNOWN, "The address names no bucket that could be asked about.")
    shown = _Shown()
    _try_bucket(trial, JsonApi(net=net), bucket, key, shown, anonymous=True)
    by = ""
    if not shown.proved and is_firebase(bucket, credential.grant.endpoint):
        trial.firebase = True
        _try_bucket(trial, FirebaseApi(net=net), bucket, key, shown, anonymous=True)
        by = ", by Firebase's security rules"
    told = tuple(shown.told)
    if shown.proved:
        return trial.reach(
            State.OPEN,
            f"Anyone {_verbs(shown.proved)} {bucket}{by}.",
            proved=tuple(shown.proved),
            untried=told,
        )
    if Permission.READ in shown.told or Permission.LIST in shown.told:
        return trial.reach(
            State.UNKNOWN,
            f"The service says that anyone {_verbs(shown.told)} {bucket}, but nothing came that shows it.",
            untried=told,
        )
    if all(got.sense is Sense.NOBODY for got in shown.got):
        single = "" if key else " Single objects may be public all the same; only their names could tell."
        reason = f"The service lets in nobody who does not sign in{shown.got[0].told}.{single}"
        return trial.reach(State.CLOSED, reason, untried=told)
    return trial.reach(State.UNKNOWN, _sentence(shown.got), untried=told)


def probe_key(credential: Credential, net: Sends, now: datetime) -> Reach:
    """Ask with an HMAC key or a service account's key. Raises `OutOfScopeError`, `BudgetError`."""
    trial = Trial(net, now)
    rights = credential.grant.permissions
    try:
        api = api_of(credential, net, now)
    except NoAnswerError as why:
        return trial.reach(State.UNKNOWN, f"Nothing can be asked: {why}.", untried=rights)
    shown = _Shown()
    refused: OutOfScopeError | None = None
    # The scope names keys and projects beside buckets.
    buckets = [name for name in net.named("gcs") if name != api.account]
    buckets += [credential.grant.container or "", credential.context.get("bucket", "")]
    try:
        if request := api.ask_buckets():
            got = trial.ask(
                request,
                api.is_buckets,
                asked="list the buckets",
                permission=Permission.LIST_CONTAINERS,
                so="the names of buckets come",
            )
            if got.sense is Sense.DEAD:
                return _dead(trial, api, got, request, credential)
            shown.got.append(got)
            if got.open and got.response is not None:
                shown.proved.add(Permission.LIST_CONTAINERS)
                buckets += api.bucket_names_in(got.response)
    except OutOfScopeError as why:
        refused = why
        trial.note("list the buckets", "not asked: the scope does not name the key or its project")
    for bucket in _distinct(buckets)[:MOST_BUCKETS]:
        try:
            request = api.ask_list(bucket)
        except OutOfScopeError as why:
            refused = refused or why
            continue
        dead = _try_bucket(trial, api, bucket, "", shown)
        if dead is not None:
            return _dead(trial, api, dead, request, credential)
        if {Permission.LIST, Permission.READ} <= shown.proved:
            break
    if not shown.got and refused is not None:
        raise refused
    return _judged(trial, shown, credential)


def _judged(trial: Trial, shown: _Shown, credential: Credential) -> Reach:
    untried = (*credential.grant.permissions, *shown.told)
    if shown.proved:
        where = f" in {shown.where}" if shown.where else ""
        return trial.reach(
            State.OPEN, f"The key {_verbs(shown.proved)}{where}.", proved=tuple(shown.proved), untried=untried
        )
    if not shown.got:
        reason = "No bucket is known that the key could be tried on: name one in the scope."
    elif any(got.sense is Sense.ALIVE for got in shown.got):
        reason = f"The key is alive, but gets nothing where it was tried{shown.got[-1].told}."
    else:
        reason = _sentence(shown.got)
    return trial.reach(State.UNKNOWN, reason, untried=untried)


def _try_bucket(
    trial: Trial, api: Api, bucket: str, key: str, shown: _Shown, *, anonymous: bool = False
) -> Got | None:
    """List one object, read one byte of it, and ask for rights; return an answer that says it is dead."""
    got = trial.ask(
        api.ask_list(bucket, key),
        api.is_list,
        asked=f"list one object of {bucket}",
        permission=Permission.LIST,
        anonymous=anonymous,
        so="a listing comes",
    )
    if got.sense is Sense.DEAD:
        return got
    shown.got.append(got)
    name = key
    if got.open and got.response is not None:
        shown.proved.add(Permission.LIST)
        shown.where = shown.where or bucket
        name = api.first(got.response) or key
    if name and not name.endswith("/"):
        read = _read(trial, api, bucket, name, anonymous=anonymous)
        if read is not None:
            shown.got.append(read)
            if read.open:
                shown.proved.add(Permission.READ)
                shown.where = bucket
    if request := api.ask_rights(bucket):
        told = trial.ask(
            request,
            lambda response: api.rights(response) is not None,
            asked=f"ask which rights there are on {bucket}",
            permission=None,
            anonymous=anonymous,
        )
        rights = None if told.response is None else api.rights(told.response)
        shown.told |= {PERMISSIONS[right] for right in rights or ()}
    return None


def _read(trial: Trial, api: Api, bucket: str, name: str, *, anonymous: bool) -> Got | None:
    def ask(request: Request) -> Got:
        return trial.ask(
            request,
            is_byte,
            asked="read one byte",
            permission=Permission.READ,
            anonymous=anonymous,
            so="the object's bytes come",
        )

    try:
        got = ask(api.ask_read(bucket, name))
        # An empty object has no first byte; without a range it is sent as it is.
        return ask(api.ask_read(bucket, name, whole=True)) if got.answer.status == 416 else got
    except NoAnswerError as why:
        trial.note("read one byte", str(why))
        return None


def _dead(trial: Trial, api: Api, got: Got, request: Request, credential: Credential) -> Reach:
    """Ask the same with a changed copy: refused alike, it is the key that is refused."""
    if isinstance(api, JsonApi) and is_skewed(got, trial.now):
        return trial.reach(
            State.UNKNOWN,
            f"The clock of this machine is far from the service's, which then refuses any token{got.told}.",
            untried=credential.grant.permissions,
        )
    copy = api.flipped()
    again = copy.ask_list(request.name) if request.name != copy.account else copy.ask_buckets()
    changed = trial.ask(
        again or request, lambda response: response.status == 200, asked="with a changed key", permission=None
    )
    if alike(got, changed):
        return trial.reach(State.CLOSED, _sentence([got]))
    return trial.reach(
        State.UNKNOWN,
        f"{_sentence([got])} A changed copy is answered otherwise.",
        untried=credential.grant.permissions,
    )


def _sentence(got: list[Got]) -> str:
    last = next((each for each in got if not each.open), got[-1])
    words = last.answer.words
    return f"{words[0].upper()}{words[1:]}{last.told}."


def _verbs(rights: Iterable[Permission]) -> str:
    named = {
        Permission.LIST_CONTAINERS: "lists the buckets",
        Permission.LIST: "lists",
        Permission.READ: "reads",
    }
    return " and ".join(words for right, words in named.items() if right in set(rights))


def _distinct(names: Iterable[str]) -> list[str]:
    """Keep the names that can be a bucket's, each once, in order."""
    return [name for name in dict.fromkeys(names) if is_bucket(name)]
