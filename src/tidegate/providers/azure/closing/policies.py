"""What stands on a container, share, queue or table: its stored access policies, and who may read unasked.

Setting them replaces all of them: they are read first, written back whole, and only if nobody changed them in
between. Sources: learn.microsoft.com/rest/api/storageservices/get-container-acl, …/set-container-acl,
…/set-share-acl, …/set-queue-acl, …/set-table-acl, …/define-stored-access-policy.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from tidegate.errors import NoAnswerError, NotDoneError
from tidegate.model.closing import Call
from tidegate.model.secret import Secret
from tidegate.net.message import Write, Writes
from tidegate.providers.azure.ask import API_VERSION, TABLE_VERSION, Ask, Client
from tidegate.providers.azure.sharedkey import authorization

ENDED = "2000-01-01T00:00:00Z"
"""What a shortened policy ends at: long ago, whatever the clocks say."""

_QUERY = {
    "blob": "restype=container&comp=acl",
    "file": "restype=share&comp=acl",
    "queue": "comp=acl",
    "table": "comp=acl",
}
_POLICY = re.compile(r"<SignedIdentifier>(.*?)</SignedIdentifier>", re.DOTALL)
_MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One stored access policy. Times are as the service wrote them; an empty field is not set."""

    name: str
    starts: str = ""
    expires: str = ""
    permissions: str = ""
    raw: str = ""
    """As the service wrote it, and as it is written back when it does not change."""

    @property
    def xml(self) -> str:
        """As it is sent."""
        if self.raw:
            return self.raw
        inside = "".join(
            f"<{tag}>{escape(value)}</{tag}>"
            for tag, value in (
                ("Start", self.starts),
                ("Expiry", self.expires),
                ("Permission", self.permissions),
            )
            if value
        )
        held = f"<Id>{escape(self.name)}</Id><AccessPolicy>{inside}</AccessPolicy>"
        return f"<SignedIdentifier>{held}</SignedIdentifier>"

    @property
    def canonical(self) -> tuple[str, str, str, str]:
        """The same for the same policy, however the service writes its times."""
        return self.name, _instant(self.starts), _instant(self.expires), "".join(sorted(self.permissions))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All that stands on one container, share, queue or table."""

    policies: tuple[Policy, ...]
    public: str = ""
    """What anyone may do: `container`, `blob`, or empty for nothing."""
    changed: str = ""
    """`Last-Modified`, for a condition; empty where the service gives none."""
    told_at: str = ""
    """`Date` of the answer; empty for Azurite's, which repeats the last change there."""

    @property
    def state(self) -> str:
        """In the words of `Step.before`."""
        digest = hashlib.sha256(repr(sorted(each.canonical for each in self.policies)).encode()).hexdigest()[
            :16
        ]
        return f"open to anyone: {self.public or 'no'}; {len(self.policies)} policies {digest}"

    def policy(self, name: str) -> Policy | None:
        """Return the policy of that name."""
        return next((each for each in self.policies if each.name == name), None)

    def without(self, name: str) -> Held:
        """Return it without one policy."""
        return replace(self, policies=tuple(each for each in self.policies if each.name != name))

    def ended(self, name: str) -> Held:
        """Return it with one policy that ended long ago."""
        return replace(
            self,
            policies=tuple(
                replace(each, starts="", expires=ENDED, raw="") if each.name == name else each
                for each in self.policies
            ),
        )

    def private(self) -> Held:
        """Return it open to nobody."""
        return replace(self, public="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """The container, share, queue or table that it stands on."""

    service: str
    name: str

    @property
    def words(self) -> str:
        """For people: `the container models`."""
        word = {"blob": "container", "file": "share"}.get(self.service, self.service)
        return f"the {word} {self.name}"


def read(client: Client, thing: Thing) -> Held:
    """Read it, as the owner. Raises `RequestError`."""
    query = dict(part.split("=") for part in _QUERY[thing.service].split("&"))
    response = client.demand(
        Ask(
            service=thing.service,
            path=thing.name,
            query=query,
            max_bytes=_MOST_BYTES,
            words=f"read the policies of {thing.words}",
        )
    )
    return parsed(response.body, response.headers)


def parsed(body: bytes, headers: Mapping[str, str]) -> Held:
    """Read an answer. Raises `NoAnswerError` for one that is not understood to the last policy."""
    text = body.decode("utf-8-sig", "replace")
    found = _POLICY.findall(text)
    if "<!" in text or text.count("<SignedIdentifier>") != len(found):
        raise NoAnswerError("could not read the stored policies: the answer is none that is known")
    policies = tuple(
        Policy(
            name=_inside(each, "Id"),
            starts=_inside(each, "Start"),
            expires=_inside(each, "Expiry"),
            permissions=_inside(each, "Permission"),
            raw=f"<SignedIdentifier>{each}</SignedIdentifier>",
        )
        for each in found
    )
    return Held(
        policies=policies,
        public=headers.get("x-ms-blob-public-access", ""),
        changed=headers.get("last-modified", ""),
        told_at="" if headers.get("server", "").startswith("Azurite") else headers.get("date", ""),
    )


def call(client: Client, thing: Thing, held: Held) -> Call:
    """Return the request that makes it so, as the audit log will show it."""
    url = f"{client.base(thing.service).url}/{quote(thing.name, safe='$')}?{_QUERY[thing.service]}"
    named = "".join(policy.xml for policy in held.policies)
    body = f'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>{named}</SignedIdentifiers>'
    public = (("x-ms-blob-public-access", held.public),) if held.public else ()
    return Call(method="PUT", url=url, body=body, headers=public)


def put(client: Client, thing: Thing, planned: Call, changed: str, writer: Writes, words: str) -> None:
    """Send it, once, on condition that nothing changed since it was read.

    changed: `Held.changed` of that reading. Raises `NotDoneError`, `NoAnswerError`.
    """
    access, key = client.access, client.access.key
    assert key is not None
    assert access.account is not None
    body = planned.body.encode()
    table = thing.service == "table"
    headers = {
        "x-ms-version": TABLE_VERSION if table else API_VERSION,
        "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
        **({} if table else {"Content-Type": "application/xml"}),  # a table's signature has no place for it
        **dict(planned.headers),
    }
    if changed and thing.service == "blob":
        headers["If-Unmodified-Since"] = changed
    signed = _signed(access.account, key, planned.url, headers, len(body), table=table)
    writer.announce("PUT", planned.url)
    response = writer.send(
        Write(
            method="PUT",
            provider="azure",
            name=access.name,
            url=planned.url,
            headers=headers,
            secret_headers={"Authorization": signed},
            body=body,
            asked=words,
        )
    )
    if response.status in (200, 201, 204):
        return
    code = response.header("x-ms-error-code")
    said = f"{response.status} {code if re.fullmatch(r'[A-Za-z]{1,80}', code) else ''}".strip()
    if response.status >= 500 or response.status < 400:
        raise NoAnswerError(f"could not {words}: {said}; it may have been done")
    hint = "Somebody else changed it at the same time: make a new plan." if response.status == 412 else ""
    raise NotDoneError(said, hint=hint)


def _signed(
    account: str, key: Secret, url: str, headers: Mapping[str, str], length: int, *, table: bool
) -> Secret:
    if not table:
        return authorization(account, key, "PUT", url, {**headers, "Content-Length": str(length)})
    return authorization(account, key, "PUT", url, headers, table=True)


def _inside(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def _instant(text: str) -> str:
    """Return a time without trailing zeros of its fraction; a text that is none as it is."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d))?(?:\.(\d*))?)?Z?", text.strip())
    if found is None:
        return text
    fraction = (found[4] or "").rstrip("0")
    return f"{found[1]}T{found[2] or '00:00'}:{found[3] or '00'}" + (f".{fraction}" if fraction else "") + "Z"
