"""One request of a probe: what it is for, and what its answer proves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tidegate.errors import NoAnswerError
from tidegate.model.grant import Permission
from tidegate.model.reach import Answer, State
from tidegate.net.message import Request, Response, Sends
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.codes import Means
from tidegate.providers.s3.faults import Fault, fault_of

FIRST_BYTE = "bytes=0-0"
_STARTS = {"list": rb"ListBucketResult|ListVersionsResult", "buckets": rb"ListAllMyBucketsResult"}
_XML = rb"\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<(?:[A-Za-z0-9]{1,20}:)?"


class What(Enum):
    """What a request asks for, and so what an answer must look like."""

    BUCKETS = "the list of all buckets"
    NAMES = "a list of names"
    CONTENT = "content"
    HEADERS = "size and type, without content"
    SETTINGS = "settings"


_PROVES = {
    What.BUCKETS: Permission.LIST_CONTAINERS,
    What.NAMES: Permission.LIST,
    What.CONTENT: Permission.READ,
    What.HEADERS: Permission.PROPERTIES,
    What.SETTINGS: Permission.PROPERTIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back, judged."""

    means: Means
    answer: Answer
    response: Response | None = None
    fault: Fault | None = None
    access: Access | None = None
    """How it was asked in the end, with the right region."""

    @property
    def given(self) -> bool:
        """It was answered with what was asked for."""
        return self.means is Means.GIVEN

    def like(self, other: Heard) -> bool:
        """Tell whether both were refused in the same way."""
        mine, theirs = self.answer, other.answer
        return (mine.status, mine.code) == (theirs.status, theirs.code)


def hear(net: Sends, request: Request, what: What, *, control: bool = False, anyone: bool = False) -> Heard:
    """Send one request and judge what comes back.

    control: it proves nothing of the credential. anyone: nothing secret was sent, so that a refusal closes an
    address to everyone. Raises `OutOfScopeError`, `BudgetError`.
    """
    permission = None if control else _PROVES[what]
    try:
        response = net.send(request)
    except NoAnswerError as error:
        answer = Answer(
            asked=request.asked,
            permission=permission,
            state=State.UNKNOWN,
            status=None,
            code="",
            words=str(error),
        )
        return Heard(means=Means.UNTOLD, answer=answer)
    fault = None
    if gives(response, what):
        means, state, words, code = Means.GIVEN, State.OPEN, f"answered with {what.value}", ""
    else:
        fault = fault_of(response)
        means, code = fault.meaning.means, fault.code
        words = fault.meaning.words
        if response.status < 300:
            means, words = (
                Means.UNTOLD,
                f"answered, but not with {what.value}: this is no object store's answer",
            )
        state = _state(means, anyone=anyone)
    answer = Answer(
        asked=request.asked,
        permission=permission,
        state=state,
        status=response.status,
        code=code,
        words=words,
    )
    return Heard(means=means, answer=answer, response=response, fault=fault)


def hear_by(
    net: Sends, access: Access, what: What, make: Callable[[Access], Request], *, control: bool = False
) -> list[Heard]:
    """Ask with a key or as anyone, once more if the service says which region or time it expects.

    Returns what was heard, one or two times; the last one counts. Raises `OutOfScopeError`, `BudgetError`.
    """
    anyone = access.key is None
    heard = [_by(access, hear(net, make(access), what, control=control, anyone=anyone))]
    first = heard[0].response
    better = access.corrected(first) if first is not None else None
    if better is not None:
        heard.append(_by(better, hear(net, make(better), what, control=control, anyone=anyone)))
    return heard


def gives(response: Response, what: What) -> bool:
    """Tell whether an answer is what was asked for, and not somebody's error page with status 200."""
    if response.status not in (200, 206):
        return False
    if what in (What.NAMES, What.BUCKETS):
        start = _STARTS["list" if what is What.NAMES else "buckets"]
        return re.match(rb"%s(?:%s)[\s/>]" % (_XML, start), response.body) is not None
    if what is What.SETTINGS:
        return re.match(rb"%s(?!Error|html)[A-Z]|\s*\{" % _XML, response.body) is not None
    if what is What.CONTENT and response.status == 206:
        return response.header("content-range").replace(" ", "").startswith("bytes0-")
    return any(
        response.header(name)
        for name in ("etag", "x-amz-request-id", "x-amz-id-2", "x-amz-version-id", "x-amz-cf-id")
    )


def _by(access: Access, heard: Heard) -> Heard:
    return Heard(
        means=heard.means, answer=heard.answer, response=heard.response, fault=heard.fault, access=access
    )


def _state(means: Means, *, anyone: bool) -> State:
    if means in (Means.DEAD, Means.ENDED):
        return State.CLOSED
    if anyone and means in (Means.DENIED, Means.SUSPENDED):
        return State.CLOSED
    return State.UNKNOWN
