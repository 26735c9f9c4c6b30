"""Service SAS that hang on a stored access policy made for them: removing it ends them, and nothing else.

Sources: learn.microsoft.com/rest/api/storageservices/define-stored-access-policy (five policies a container,
up to 30 seconds until one takes effect), …/set-container-acl (all policies are one list; it takes
`If-Unmodified-Since` and no other condition), …/get-container-acl.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from tidegate.errors import NoAnswerError, NotDoneError, UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted, Wish
from tidegate.net.message import Sends, Write, Writes
from tidegate.providers.azure.ask import API_VERSION, Ask, Client
from tidegate.providers.azure.share.hands import LOOKING, SIGNED_VERSION, AzureHands
from tidegate.providers.azure.sharedkey import authorization

MOST_POLICIES: Final = 5
_TRIES: Final = 4
"""Of a change that somebody else's came before: refused as such, it was surely not made."""
_POLICY: Final = re.compile(r"<SignedIdentifier>.*?</SignedIdentifier>", re.DOTALL)
_REVOCATION: Final = "removing the stored access policy {policy}: no other link ends with it"


class PolicyHands(AzureHands):
    """Signs with an account key; see `tidegate.share.seam.Hands`."""

    kind = "service_sas"

    def __init__(
        self,
        wish: Wish,
        owner: Client,
        net: Sends,
        writer: Writes,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(wish, owner, net, writer)
        key = owner.access.key
        assert key is not None
        self._key = key
        self._wait = wait

    def policy(self) -> str:
        return f"tidegate-{self.wish.id}"

    def looking(self) -> Secret:
        ends = f"{self.now + LOOKING:%Y-%m-%dT%H:%M:%SZ}"
        parameters = {
            "sv": SIGNED_VERSION,
            "sp": "r" if self.wish.path else "rl",
            "se": ends,
            "sr": self.level(),
            "spr": self.protocols(),
        }
        return self.link(parameters, self._key, canonical_host=True)

    def mint(self, found: Found) -> Minted:
        """Make the policy, then the link."""
        policy, container = self.policy(), self.wish.container

        def more(policies: list[str]) -> list[str]:
            if len(policies) >= MOST_POLICIES:
                raise UsageError(
                    f"{container} has {len(policies)} stored access policies, and no more are allowed",
                    hint="Revoke a share of it (tidegate share list), or remove a policy that nobody needs.",
                )
            if any(f"<Id>{policy}</Id>" in each for each in policies):  # it would bring dead links to life
                raise UsageError(f"there is a policy {policy} already: nothing was made", hint="Try again.")
            return [*policies, _xml(policy, found.ends_at, self.letters())]

        self._change(more, f"make the policy {policy}")
        parameters = {
            "sv": SIGNED_VERSION,
            "si": policy,
            "sr": self.level(),
            "spr": self.protocols(),
            **({"sip": self.wish.ip} if self.wish.ip else {}),
        }
        return Minted(
            link=self.again(parameters),
            kind=self.kind,
            policy=policy,
            parameters=parameters,
            revocation=_REVOCATION.format(policy=policy),
            signer=f"a key of {self.wish.account}",
        )

    def unfinished(self, policy: str) -> Secret | None:
        return self.again({"sv": SIGNED_VERSION, "si": policy, "sr": self.level(), "spr": self.protocols()})

    def again(self, parameters: Mapping[str, str]) -> Secret:
        return self.link(parameters, self._key)

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:  # noqa: ARG002 - the policy is all
        """Remove the policy."""

        def without(policies: list[str]) -> list[str] | None:
            left = [each for each in policies if f"<Id>{policy}</Id>" not in each]
            return left if len(left) != len(policies) else None

        removed = self._change(without, f"remove the policy {policy}")
        return Ending(
            done=True,
            words=f"the policy {policy} was removed" if removed else f"the policy {policy} was gone before",
        )

    def _change(self, make: Callable[[list[str]], list[str] | None], words: str) -> bool:
        """Read all policies, and write what `make` makes of them; `False` when it makes `None`.

        The service knows only whole seconds: a change within the second of the last one would not be
        noticed, so that one waits for it to pass. A write that the condition stops was not done, and begins
        anew.
        """
        for tried in range(1, _TRIES + 1):
            policies, headers = self._read()
            if _same_second(headers):
                self._wait(1.1)
                policies, headers = self._read()
            wanted = make(policies)
            if wanted is None:
                return False
            if self._put(wanted, headers, words, last=tried == _TRIES):
                return True
        return False  # never reached: the last try raises

    def _read(self) -> tuple[list[str], Mapping[str, str]]:
        """Return the policies that stand, each as the service wrote it, and the answer's headers."""
        ask = Ask(
            service="blob",
            path=self.wish.container,
            query={"restype": "container", "comp": "acl"},
            words="read the container's policies",
        )
        response = self.owner.demand(ask)
        text = response.body.decode("utf-8-sig", "replace")
        found = _POLICY.findall(text)
        if "<!" in text or text.count("<SignedIdentifier>") != len(found):
            raise NoAnswerError("could not read the container's policies: the answer is none that is known")
        return found, response.headers

    def _put(self, policies: list[str], headers: Mapping[str, str], words: str, *, last: bool) -> bool:
        """Write the whole list back: public access as it was, and only if nobody changed it in between."""
        access = self.owner.access
        url = f"{self.base()}/{self.wish.container}?restype=container&comp=acl"
        inside = "".join(policies)
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>{inside}</SignedIdentifiers>'.encode()
        )
        sent = {
            "x-ms-version": API_VERSION,
            "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
            "Content-Type": "application/xml",
        }
        if headers.get("x-ms-blob-public-access"):
            sent["x-ms-blob-public-access"] = headers["x-ms-blob-public-access"]
        if headers.get("last-modified"):
            sent["If-Unmodified-Since"] = headers["last-modified"]
        signed = authorization(
            self.wish.account, self._key, "PUT", url, {**sent, "Content-Length": str(len(body))}
        )
        self.writer.announce("PUT", url)
        response = self.writer.send(
            Write(
                method="PUT",
                provider="azure",
                name=access.name,
                url=url,
                headers=sent,
                secret_headers={"Authorization": signed},
                body=body,
                asked=words,
            )
        )
        if response.status == 200:
            return True
        code = response.header("x-ms-error-code")
        code = code if re.fullmatch(r"[A-Za-z]{1,80}", code) else "no code"
        if response.status == 412 and not last:
            return False
        if response.status >= 500 or response.status < 400:
            raise NoAnswerError(
                f"could not {words}: {response.status} {code}",
                hint="It may have been done: tidegate share list shows what was begun.",
            )
        hint = "Others go on changing it: try again." if response.status == 412 else ""
        raise NotDoneError(f"could not {words}: {response.status} {code}", hint=hint)


def _xml(policy: str, ends_at: datetime, letters: str) -> str:
    ends = ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    inside = f"<Expiry>{ends}</Expiry><Permission>{letters}</Permission>"
    return f"<SignedIdentifier><Id>{policy}</Id><AccessPolicy>{inside}</AccessPolicy></SignedIdentifier>"


def _same_second(headers: Mapping[str, str]) -> bool:
    """Tell whether the last change may have been in this very second of the service."""
    try:
        told, changed = (parsedate_to_datetime(headers.get(name, "")) for name in ("date", "last-modified"))
    except (ValueError, TypeError):
        return False
    if headers.get("server", "").startswith("Azurite"):  # whose `Date` is that of the last change
        told = datetime.now(UTC)
    return abs(told - changed) < timedelta(seconds=1)
