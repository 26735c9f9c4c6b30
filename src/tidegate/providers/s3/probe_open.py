"""Whether a bucket, or an object, is open to anyone."""

from __future__ import annotations

import re
from datetime import datetime

from tidegate.errors import NoAnswerError
from tidegate.model.grant import Grant, Permission, Scope
from tidegate.model.reach import Reach, State
from tidegate.net.message import Sends
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import FIRST_BYTE, Heard, What, hear_by
from tidegate.providers.s3.listing import first_readable
from tidegate.providers.s3.verdict import reach, told, unasked

_ANYONE = re.compile(
    rb"<URI>\s*http://acs\.amazonaws\.com/groups/global/(?:AllUsers|AuthenticatedUsers)\s*</URI>"
)
_GRANT = re.compile(rb"<Grant>(.*?)</Grant>", re.DOTALL)
_PERMISSION = re.compile(rb"<Permission>\s*(WRITE|WRITE_ACP|FULL_CONTROL)\s*</Permission>")


def probe_open(access: Access, grant: Grant, net: Sends, now: datetime) -> Reach:
    """Read one byte of the object that is named, list one name, and read one byte of that.

    Raises `OutOfScopeError`, `BudgetError`.
    """
    bucket = grant.container
    if not bucket:
        return unasked("it names no bucket to ask", grant, now)
    heard: list[Heard] = []
    named = grant.key if grant.scope is Scope.OBJECT else None
    if named:
        heard += read_one(net, access, bucket, named)
    listed = list_one(net, access, bucket, "" if named else grant.key or "")
    heard += listed
    found = object_in(listed[-1])
    if found and not (named and heard[0].given):
        heard += read_one(net, listed[-1].access or access, bucket, found)
    if not any(each.given for each in heard):
        return reach(_shut(heard), _shut_words(heard, named), heard, grant, now)
    acl = _acl(net, listed[-1].access or access, bucket)
    reason = _open_words(heard)
    return reach(State.OPEN, reason, [*heard, *acl], grant, now, also_untried=_writes(acl))


def list_one(
    net: Sends, access: Access, bucket: str, prefix: str = "", *, control: bool = False
) -> list[Heard]:
    """Ask for one name in a bucket."""
    query = {"list-type": "2", "max-keys": "1", "encoding-type": "url"} | (
        {"prefix": prefix} if prefix else {}
    )
    asked = f"list one name in {bucket}{' without the key' if control else ''}"
    return hear_by(
        net,
        access,
        What.NAMES,
        lambda by: by.request(net, asked=asked, bucket=bucket, query=query),
        control=control,
    )


def read_one(net: Sends, access: Access, bucket: str, name: str, *, control: bool = False) -> list[Heard]:
    """Ask for the first byte of an object; of one without content, which has none, for all of it."""
    asked = f"read one byte in {bucket}"
    heard = hear_by(
        net,
        access,
        What.CONTENT,
        lambda by: by.request(
            net, asked=asked, bucket=bucket, name=name, headers={"range": FIRST_BYTE}, max_bytes=4096
        ),
        control=control,
    )
    if heard[-1].answer.status == 416:
        whole = f"read an object without content in {bucket}"
        heard += hear_by(
            net,
            heard[-1].access or access,
            What.CONTENT,
            lambda by: by.request(net, asked=whole, bucket=bucket, name=name, max_bytes=4096),
            control=control,
        )
    return heard


def object_in(listed: Heard) -> str | None:
    """Return the name of an object that a listing gave, `None` when it gave none that can be read."""
    if not listed.given or listed.response is None:
        return None
    try:
        return first_readable(listed.response.body)
    except NoAnswerError:
        return None


def _acl(net: Sends, access: Access, bucket: str) -> list[Heard]:
    """Ask who may do what: the one thing that tells whether anyone may write, without writing."""
    asked = f"read the access list of {bucket}"
    return hear_by(
        net,
        access,
        What.SETTINGS,
        lambda by: by.request(net, asked=asked, bucket=bucket, query={"acl": ""}),
    )


def _writes(acl: list[Heard]) -> set[Permission]:
    """Return what an access list grants to anyone beside reading: stated, never tried."""
    response = acl[-1].response
    if not acl[-1].given or response is None:
        return set()
    granted = {
        word
        for each in _GRANT.findall(response.body)
        if _ANYONE.search(each)
        for word in _PERMISSION.findall(each)
    }
    rights = set()
    if granted & {b"WRITE", b"FULL_CONTROL"}:
        rights |= {Permission.WRITE, Permission.DELETE}
    if granted & {b"WRITE_ACP", b"FULL_CONTROL"}:
        rights.add(Permission.SET_POLICY)
    return rights


def _open_words(heard: list[Heard]) -> str:
    given = {each.answer.permission for each in heard if each.given}
    if Permission.LIST in given and Permission.READ in given:
        return "anyone may list the bucket and read from it"
    if Permission.READ in given:
        return "anyone may read this object; the bucket does not show its names"
    refused = next((each for each in reversed(heard) if each.answer.permission is Permission.READ), None)
    if refused is None:
        return "anyone may list the bucket, which holds nothing that could be read"
    return f"anyone may list the bucket, but not read the object that was tried: {told(refused)}"


def _shut(heard: list[Heard]) -> State:
    """Everything was refused in plain words, or nothing is known."""
    # Only the last of a request and its repetition in another region counts.
    last = {each.answer.permission: each.answer.state for each in heard}
    return State.CLOSED if set(last.values()) == {State.CLOSED} else State.UNKNOWN


def _shut_words(heard: list[Heard], named: str | None) -> str:
    decided = next((each for each in heard if each.answer.state is not State.CLOSED), heard[-1])
    words = told(decided)
    if _shut(heard) is not State.CLOSED:
        return words
    if named:
        return f"nobody gets the object, or a list of names, without a credential: {words}"
    return f"nobody gets a list of names without a credential: {words}; objects of known name may be open"
