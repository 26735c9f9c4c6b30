"""What both kinds of links have in common: where they lead, whether it is there, and the three probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from tidegate.errors import NoAnswerError, OutOfScopeError, RefusedError, RequestError
from tidegate.model.secret import Secret
from tidegate.model.share import Found, Tried, Wish
from tidegate.net.message import Sends, Writes
from tidegate.providers._sharing import OPEN_ANYWAY, OVERWRITES, UNENCRYPTED, clock_notes, is_local
from tidegate.providers.azure import canonical
from tidegate.providers.azure.access import DEFAULT_SUFFIX, Access
from tidegate.providers.azure.ask import Ask, Client, Reply
from tidegate.providers.azure.plan import blob_list_ask

SIGNED_VERSION: Final = "2021-12-02"
_REFUSING_S: Final = 600.0
"""Azure refuses requests whose date is off by more than 15 minutes; beyond 10 it is the likely reason."""
_LETTERS: Final = (("read", "r"), ("write", "w"), ("list", "l"))
_PROVE: Final = "prove whether a shared link is dead"


class AzureHands:
    """Base of both; see `tidegate.share.seam.Hands`."""

    kind = ""
    ends_within_s = 35.0
    """A removed policy may go on for 30 seconds."""
    controls = ("the link", "a forged copy", "the owner")

    def __init__(self, wish: Wish, owner: Client, net: Sends, writer: Writes) -> None:
        self.wish = wish
        self.owner = owner
        self.net = net
        self.writer = writer
        self.emulated = False
        self.now = datetime.now(UTC)
        """By the service's clock, since `find`."""

    def find(self, lives: timedelta) -> Found:
        """See that it is there, and what time it is there."""
        wish = self.wish
        self.base()  # without https, beyond loopback, no token and no signature is sent
        reply = self.owner.ask(self._what(f"find {'the object' if wish.path else 'the container'}"))
        ahead_s = _ahead_s(reply)
        self._judge(reply, ahead_s)
        self.emulated = reply.emulated
        self.now = (datetime.now(UTC) - timedelta(seconds=ahead_s)).replace(microsecond=0)
        notes = clock_notes(ahead_s)
        if not wish.path and "list" not in wish.rights:
            notes.append("the link is for a container: who uses it writes /NAME before the question mark")
        if "write" in wish.rights and wish.path and reply.answered:
            notes.append(OVERWRITES)
        if "read" in wish.rights and self.open_to_anyone():
            notes.append(OPEN_ANYWAY)
        if self.base().startswith("http://"):
            notes.append(UNENCRYPTED)
        return Found(ends_at=self.now + lives, notes=tuple(notes))

    def base(self) -> str:
        """Return the address links begin with. Raises `OutOfScopeError` without https, beyond loopback."""
        url = self.owner.base("blob").url
        if url.startswith("http://") and not is_local(urlsplit(url).hostname or ""):
            raise OutOfScopeError(
                f"the endpoint for {self.wish.account} has no https: no link is made for it"
            )
        return url

    def link(self, parameters: Mapping[str, str], key: Secret, *, canonical_host: bool = False) -> Secret:
        """Return the link that these parameters and this key make. Nothing is sent."""
        target = canonical.Target(account=self.wish.account, path=self._path())
        signature = canonical.sign(canonical.string_to_sign(parameters, target), key.reveal())
        query = "&".join(
            f"{name}={quote(value, safe='')}" for name, value in {**parameters, "sig": signature}.items()
        )
        lists = "&restype=container&comp=list" if not self.wish.path and "list" in self.wish.rights else ""
        base = f"https://{self.wish.account}.blob.{DEFAULT_SUFFIX}" if canonical_host else self.base()
        return Secret(f"{base}/{quote(self._path(), safe='/~')}?{query}{'' if canonical_host else lists}")

    def letters(self) -> str:
        """Return what `sp` holds, in Azure's order."""
        return "".join(letter for right, letter in _LETTERS if right in self.wish.rights)

    def protocols(self) -> str:
        """Return what `spr` holds."""
        return "https,http" if self.base().startswith("http://") else "https"

    def level(self) -> str:
        """Return what `sr` holds."""
        return "b" if self.wish.path else "c"

    def probes(self, link: Secret) -> tuple[Tried, Tried, Tried]:
        """Ask with the link, with a forged copy, and as the owner: reads without content."""
        pairs = dict(parse_qsl(urlsplit(link.reveal()).query, keep_blank_values=True))
        token = {name: value for name, value in pairs.items() if name not in ("sig", "restype", "comp")}
        access = Access(
            account=self.wish.account, front="blob", token=token, signature=Secret(pairs.get("sig", ""))
        )
        shared = replace(self.owner, access=access)
        return self._tried(shared), self._tried(shared.altered()), self._tried(self.owner)

    def beside(self, path: str) -> bool:
        name = f"{self.wish.container}/{path}"
        try:
            return self.owner.ask(
                Ask(service="blob", path=name, method="HEAD", words="see whether there is a safer format")
            ).answered
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def open_to_anyone(self) -> bool:
        """Tell whether it answers without any link."""
        try:
            return (
                self.owner.as_anyone().ask(self._what("see whether anyone may read it", read=True)).answered
            )
        except OutOfScopeError:
            raise
        except RequestError:
            return False

    def unfinished(self, policy: str) -> Secret | None:  # noqa: ARG002 - see the seam
        return None

    def instead(self) -> AzureHands | None:
        return None

    def _path(self) -> str:
        wish = self.wish
        return f"{wish.container}/{wish.path}" if wish.path else wish.container

    def _what(self, words: str, *, read: bool = False) -> Ask:
        """Return the smallest request for what is shared. read: as a link for reading would be used."""
        if self.wish.path:
            return Ask(service="blob", path=self._path(), method="HEAD", words=words)
        if read or self.owner.access.bearer is not None:  # properties need a right that few identities have
            return blob_list_ask(self.wish.container, 1, {}, words)
        return Ask(
            service="blob",
            path=self.wish.container,
            query={"restype": "container"},
            method="HEAD",
            words=words,
        )

    def _judge(self, reply: Reply, ahead_s: float) -> None:
        wish, status = self.wish, reply.response.status
        if reply.answered or (status == 404 and reply.code == "BlobNotFound" and wish.rights == ("write",)):
            return
        thing = "the object" if wish.path else "the container"
        words = f"could not find {thing} that is to be shared: {reply.verdict.words}"
        if status in (429, 500, 502, 503, 504) or 300 <= status < 400:
            raise NoAnswerError(words)
        raise RefusedError(words, status=status, code=reply.code, hint=self._hint(reply, ahead_s))

    def _hint(self, reply: Reply, ahead_s: float) -> str:
        if reply.response.status in (401, 403) and abs(ahead_s) > _REFUSING_S:
            way = "ahead of" if ahead_s > 0 else "behind"
            return f"This machine's clock is {abs(ahead_s) / 60:.0f} minutes {way} the service's: set it."
        if reply.code == "ContainerNotFound":
            return f"There is no container {self.wish.container} in {self.wish.account}."
        if reply.code == "KeyBasedAuthenticationNotPermitted":
            return "The account takes no keys: sign in with Entra (pip install 'tidegate[azure]'; az login)."
        if reply.response.status in (401, 403):
            if self.owner.access.bearer is None:
                return "The owner is whose key stands in AZURE_STORAGE_KEY: is it a key of this account?"
            return "Whoever is signed in needs Storage Blob Data Reader there, and Storage Blob Delegator."
        return ""

    def _tried(self, client: Client) -> Tried:
        try:
            reply = client.ask(self._what(_PROVE, read=True))
        except OutOfScopeError:
            raise
        except RequestError:
            return Tried(status=None, code="")
        status = reply.response.status
        # Codes of Azure for a signature that is none; Azurite has AuthorizationFailure beside.
        dead = reply.code in ("AuthenticationFailed", "InvalidAuthenticationInfo") or (
            reply.emulated and reply.code == "AuthorizationFailure"
        )
        return Tried(status=status, code=reply.code, authentication=status in (401, 403) and dead)


def _ahead_s(reply: Reply) -> float:
    """Return by how much this machine's clock is ahead."""
    try:
        told = parsedate_to_datetime(reply.response.header("date"))
        return (datetime.now(UTC) - told).total_seconds()
    except (ValueError, TypeError):
        return 0.0
