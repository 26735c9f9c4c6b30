"""User delegation SAS: signed with a key that Entra lends to whoever is signed in, for at most seven days.

Sources: learn.microsoft.com/rest/api/storageservices/get-user-delegation-key (a POST that changes nothing),
…/create-user-delegation-sas (`scid` stands in the storage logs),
…/storage-blob-user-delegation-sas-create-cli ("Revoke a user delegation SAS").
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tidegate.errors import NoAnswerError, NotDoneError
from tidegate.model.secret import Secret
from tidegate.model.share import Ending, Found, Minted
from tidegate.net.message import Write
from tidegate.providers._sharing import LOOKING
from tidegate.providers.azure.ask import API_VERSION
from tidegate.providers.azure.share.hands import SIGNED_VERSION, AzureHands

LONGEST: Final = timedelta(days=7)
_FIELDS: Final = {
    "skoid": "SignedOid",
    "sktid": "SignedTid",
    "skt": "SignedStart",
    "ske": "SignedExpiry",
    "sks": "SignedService",
    "skv": "SignedVersion",
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9:.\-]{1,64}")
_COSTS: Final = (
    "a user delegation link cannot be ended alone: revoking the account's user delegation keys ends every "
    "such link of the account, and taking the signer's role ends all of the signer's"
)


class DelegationHands(AzureHands):
    """Signs with a user delegation key; see `tidegate.share.seam.Hands`."""

    kind = "user_delegation_sas"
    ends_within_s = 65.0
    """Keys are cached by the service; it says no number. Ours: a minute, then the verdict is what it is."""

    _lent: tuple[dict[str, str], Secret] | None = None
    lesser: AzureHands | None = None
    """With a key of the account, where one is at hand."""

    def instead(self) -> AzureHands | None:
        return self.lesser

    def policy(self) -> str:
        return ""

    def find(self, lives: timedelta) -> Found:
        """See that it is there, and borrow the key: a missing right shows before anything is written."""
        found = super().find(lives)
        self._lent = self._borrow(self.now - timedelta(minutes=5), found.ends_at)
        return found

    def looking(self) -> Secret:
        parameters, key = self._signing()
        ends = f"{self.now + LOOKING:%Y-%m-%dT%H:%M:%SZ}"
        wide = {"sp": "r" if self.wish.path else "rl", "se": min(ends, parameters["ske"])}
        return self.link({**self._common(), **wide, **parameters}, key, canonical_host=True)

    def mint(self, found: Found) -> Minted:
        """Sign the link. Nothing is made at the service."""
        lent, key = self._signing()
        parameters = {
            **self._common(),
            "sp": self.letters(),
            "se": f"{found.ends_at:%Y-%m-%dT%H:%M:%SZ}",
            **({"sip": self.wish.ip} if self.wish.ip else {}),
            **lent,
            # In the storage logs this tells the link. Azurite would take it for a wrong signature.
            **({} if self.emulated else {"scid": str(uuid.uuid4())}),
        }
        notes = (
            () if not self.emulated else ("an emulator answers: the link goes without its mark for the logs",)
        )
        return Minted(
            link=self.link(parameters, key),
            kind=self.kind,
            parameters=parameters,
            revocation="revoking the account's user delegation keys: all such links of the account end",
            signer=lent["skoid"],
            notes=notes,
        )

    def again(self, parameters: Mapping[str, str]) -> Secret:
        """Borrow the key for the same time once more; whether it is the same key, the fingerprint tells."""
        start, end = (datetime.fromisoformat(parameters.get(name, "")) for name in ("skt", "ske"))
        _, key = self._borrow(start, end)
        return self.link(parameters, key)

    def end(self, policy: str, parameters: Mapping[str, str]) -> Ending:  # noqa: ARG002 - there is nothing to end alone
        return Ending(done=False, words=_COSTS)

    def _common(self) -> dict[str, str]:
        return {"sv": SIGNED_VERSION, "sr": self.level(), "spr": self.protocols()}

    def _signing(self) -> tuple[dict[str, str], Secret]:
        assert self._lent is not None
        return self._lent

    def _borrow(self, start: datetime, end: datetime) -> tuple[dict[str, str], Secret]:
        bearer = self.owner.access.bearer
        assert bearer is not None
        url = f"{self.base()}/?restype=service&comp=userdelegationkey"
        times = f"<Start>{start:%Y-%m-%dT%H:%M:%SZ}</Start><Expiry>{end:%Y-%m-%dT%H:%M:%SZ}</Expiry>"
        body = f'<?xml version="1.0" encoding="utf-8"?><KeyInfo>{times}</KeyInfo>'
        words = "borrow a user delegation key, which changes nothing"
        self.writer.announce("POST", url)
        response = self.writer.send(
            Write(
                method="POST",
                provider="azure",
                name=self.owner.access.name,
                url=url,
                headers={"x-ms-version": API_VERSION, "Content-Type": "application/xml"},
                secret_headers={"Authorization": Secret(f"Bearer {bearer.reveal()}")},
                body=body.encode(),
                asked=words,
            )
        )
        if response.status != 200:
            code = response.header("x-ms-error-code")
            code = code if re.fullmatch(r"[A-Za-z]{1,80}", code) else "no code"
            if response.status >= 500 or response.status < 400:
                raise NoAnswerError(f"could not {words}: {response.status} {code}")
            hint = "Whoever is signed in needs the role Storage Blob Delegator on the account."
            raise NotDoneError(f"could not {words}: {response.status} {code}", hint=hint)
        text = response.body.decode("utf-8-sig", "replace")
        values = {name: _inside(text, tag) for name, tag in _FIELDS.items()}
        key = _inside(text, "Value")
        if not all(_PLAIN.fullmatch(each) for each in values.values()) or not re.fullmatch(
            r"[A-Za-z0-9+/]{20,200}={0,2}", key
        ):
            raise NoAnswerError(f"could not {words}: the answer is none that is known")
        return values, Secret(key)


def _inside(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]{{1,300}})</{tag}>", text)
    return found[1].strip() if found else ""
