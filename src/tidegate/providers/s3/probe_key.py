"""Whether an access key is alive, and what it opens."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from tidegate.errors import OutOfScopeError
from tidegate.model.credential import Credential
from tidegate.model.grant import Permission
from tidegate.model.reach import Reach, State
from tidegate.net.message import Sends
from tidegate.providers.s3.access import Access, Key, needs_token
from tidegate.providers.s3.ask import Heard
from tidegate.providers.s3.buckets import bucket_names, hear_buckets
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.hosts import match_host
from tidegate.providers.s3.probe_open import list_one, object_in, read_one
from tidegate.providers.s3.verdict import reach, told, unasked
from tidegate.providers.s3.where import PARTITIONS, Root, Where

MOST_BUCKETS = 8
"""Buckets that are asked until one is listed and read: enough to prove it, few enough not to be noise."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def probe_key(access: Access, key: Key, credential: Credential, net: Sends, now: datetime) -> Reach:
    """List the buckets, if the scope names the key's id; list, and read one byte, in buckets that it names.

    Raises `OutOfScopeError` when the scope names neither the key's id nor a bucket; `BudgetError`.
    """
    grant = credential.grant
    if needs_token(key):
        reason = (
            "it is a session's, whose token was not seen: without it the service answers as to a dead key"
        )
        return unasked(reason, grant, now)
    service = _root(net, access, key.key_id, "")
    buckets = named_buckets(net, access, credential)
    roots = [root for root in (service, *(_root(net, access, each, each) for each in buckets)) if root]
    if not roots:
        access.where.root(net, key.key_id, "")
    at_endpoint = bool(roots) and roots[0].host is not None
    if not (at_endpoint or access.where.told or grant.provider == "aws"):
        return unasked("nothing says which service it is for; give its address under [endpoints]", grant, now)
    # A key of Amazon's Chinese part is unknown to all others, in the words that a deleted key gets.
    placed = at_endpoint or access.where.told or grant.container is not None
    heard: list[Heard] = []
    if service is not None:
        heard += hear_buckets(net, access, MOST_BUCKETS)
        if not placed and heard[-1].answer.code == "InvalidAccessKeyId":
            heard += _other_partitions(net, access)
            placed = True
        access = heard[-1].access or access
        buckets = _with_listed(net, access, buckets, heard[-1])
    public: list[str] = []
    if not (heard and heard[-1].means in (Means.DEAD, Means.ENDED)):
        asked, public = _in_buckets(net, access, buckets)
        heard += asked
    return _judged(net, access, credential, heard, now, placed=placed, public=public)


def named_buckets(net: Sends, access: Access, credential: Credential) -> list[str]:
    """Return the buckets that may be asked for without having been listed.

    The one that stood beside the key, and those that the scope names without a wildcard.
    """
    beside = credential.grant.container or credential.context.get("bucket")
    wanted = dict.fromkeys([*([beside] if beside else []), *net.named(access.where.provider)])
    return [
        name
        for name in wanted
        if _BUCKET.fullmatch(name)
        and name != credential.grant.account
        and match_host(name) is None
        and _root(net, access, name, name) is not None
    ]


def _root(net: Sends, access: Access, name: str, bucket: str) -> Root | None:
    """Return where to ask, `None` for what the scope does not name."""
    try:
        return access.where.root(net, name, bucket)
    except OutOfScopeError:
        return None


def _with_listed(net: Sends, access: Access, buckets: list[str], listed: Heard) -> list[str]:
    if not listed.given or listed.response is None:
        return buckets
    names = bucket_names(listed.response.body)
    # What it listed is surely its own; what the scope names may have nothing to do with this key.
    mine = [name for name in names if _root(net, access, name, name) is not None]
    return list(dict.fromkeys([*mine, *buckets]))


def _other_partitions(net: Sends, access: Access) -> list[Heard]:
    heard: list[Heard] = []
    for host, region in PARTITIONS[1:]:
        there = replace(access, where=Where(host=host, region=region))
        heard += hear_buckets(net, there, MOST_BUCKETS)
        if heard[-1].answer.code != "InvalidAccessKeyId":
            break
    return heard


def _in_buckets(net: Sends, access: Access, buckets: list[str]) -> tuple[list[Heard], list[str]]:
    """List and read in one bucket after the other until both are proved, or the key turns out to be dead.

    Returns what was heard, and the buckets that anyone may list: what they give proves no right of the key.
    """
    heard: list[Heard] = []
    public: list[str] = []
    for bucket in buckets[:MOST_BUCKETS]:
        control = list_one(net, access.without_key(), bucket, control=True)
        listed = list_one(net, access, bucket)
        open_to_all = control[-1].given and listed[-1].given
        heard += [*control, *(map(_of_anyone, listed) if open_to_all else listed)]
        if open_to_all:
            public.append(bucket)
        if listed[-1].means in (Means.DEAD, Means.ENDED):
            break
        name = object_in(listed[-1])
        if name is None:
            continue
        read = read_one(net, listed[-1].access or access, bucket, name)
        if open_to_all and read[-1].given:
            without = read_one(net, access.without_key(), bucket, name, control=True)
            heard += without
            if without[-1].given:
                heard += map(_of_anyone, read)
                continue
        heard += read
        if read[-1].given:
            break
    return heard, public


def _of_anyone(heard: Heard) -> Heard:
    return replace(heard, answer=replace(heard.answer, permission=None))


def _judged(
    net: Sends,
    access: Access,
    credential: Credential,
    heard: list[Heard],
    now: datetime,
    *,
    placed: bool,
    public: list[str],
) -> Reach:
    grant = credential.grant
    proofs = [each for each in heard if each.given and each.answer.permission is not None]
    if proofs:
        return reach(State.OPEN, _open_words(proofs), heard, grant, now)
    if public:
        reason = (
            f"what the key was given, in {', '.join(public)}, is open to anyone; that it may do more was not"
            " shown"
        )
        return reach(State.UNKNOWN, reason, heard, grant, now)
    if not heard:
        return unasked("the scope names no bucket, and not the id of the key", grant, now)
    mine = next((each for each in reversed(heard) if each.answer.permission is not None), heard[-1])
    if mine.means is Means.ENDED:
        return reach(State.CLOSED, told(mine), heard, grant, now)
    if mine.means is not Means.DEAD:
        return reach(State.UNKNOWN, _unknown_words(mine), heard, grant, now)
    flipped = _ask_again(net, mine.access or access, mine)
    heard = [*heard, flipped]
    if not mine.like(flipped):
        reason = f"{told(mine)}; but with a wrong secret the answer is another one: {told(flipped)}"
        return reach(State.UNKNOWN, reason, heard, grant, now)
    code = mine.answer.code
    if code == "SignatureDoesNotMatch" and not _found_together(credential):
        reason = (
            f"the service knows the key's id, but this secret is not its own ({code}): perhaps wrongly paired"
        )
        return reach(State.UNKNOWN, reason, heard, grant, now)
    if code == "InvalidAccessKeyId" and not placed:
        reason = (
            f"Amazon's main part knows no such key ({code}), but its Chinese and governmental parts were not "
            "asked: name the id of the key in the scope"
        )
        return reach(State.UNKNOWN, reason, heard, grant, now)
    return reach(State.CLOSED, told(mine), heard, grant, now)


def _ask_again(net: Sends, access: Access, mine: Heard) -> Heard:
    """Ask the same with a wrong secret."""
    wrong = access.with_flipped_secret()
    if mine.answer.permission is Permission.LIST_CONTAINERS:
        again = hear_buckets(net, wrong, MOST_BUCKETS)[-1]
    else:
        again = list_one(net, wrong, _bucket_of(mine))[-1]
    answer = replace(again.answer, asked=f"{again.answer.asked} with a wrong secret", permission=None)
    return replace(again, answer=answer)


def _bucket_of(heard: Heard) -> str:
    return heard.answer.asked.rpartition(" ")[2]


def _found_together(credential: Credential) -> bool:
    """Tell whether id and secret stood in one text, so that they were not paired by mere nearness."""
    key_id = credential.context.get("key_id") or credential.grant.account or ""
    return credential.text is not None and bool(key_id) and key_id in credential.text.reveal()


def _open_words(proofs: list[Heard]) -> str:
    proved = {each.answer.permission for each in proofs}
    does = " and ".join(
        words
        for right, words in (
            (Permission.LIST_CONTAINERS, "lists the buckets"),
            (Permission.LIST, "lists"),
            (Permission.READ, "reads"),
        )
        if right in proved
    )
    inside = [each for each in proofs if each.answer.permission is not Permission.LIST_CONTAINERS]
    return f"the key {does}{f' in {_bucket_of(inside[-1])}' if inside else ''}"


def _unknown_words(mine: Heard) -> str:
    if mine.answer.code == "AccessDenied":
        return f"{told(mine)}: the key is alive, but may not do what was tried, or not from here"
    return told(mine)
