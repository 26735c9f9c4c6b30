"""Keep secrets out of the texts around them: a file, an author or a tag may be named with a token."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tidegate.model.place import Place
from tidegate.model.quoting import percent_encoded
from tidegate.model.report import Gap
from tidegate.model.sighting import Sighting
from tidegate.records import replace

MASKED = "REDACTED"
_PIECE = 16
"""Characters of a secret that must stand together to be one: no secret we know is shorter."""
_STEP = _PIECE // 2
"""Wherever a piece begins, one stretch of so many characters that begins at a multiple of it is within."""
_SIGNATURE = re.compile(
    r"((?:sig|signature|x-amz-signature|x-goog-signature|x-oss-signature|q-signature|token|AccountKey|"
    r"SharedAccessKey)(?:=|%3D))"
    r"[A-Za-z0-9%+/_=~-]{16,}",
    re.IGNORECASE,
)
_ACCOUNT_KEY = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==")
"""A key of an Azure account, given in place of a path."""

_NO_SECRET = frozenset(("public_url", "access_key_id"))
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s]+@")
"""Name and password of an address: a git address often carries a token there."""


def _shared(one: str, other: str) -> int:
    """Count the characters at the beginning that are the same in both."""
    return next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other))


class Mask:
    """Replaces every secret it has learnt, and whatever stands where a signature would."""

    def __init__(self) -> None:
        self._by_start: dict[str, set[str]] = {}
        self._stretches: set[str] = set()
        """Every stretch of half their length in those starts."""
        self._masked: dict[str, str] = {}
        """What was asked before: the same author and path come with every place."""

    def learn(self, sightings: Iterable[Sighting]) -> None:
        """Remember the secrets, as they are and as a link or a file name spells them."""
        self._masked.clear()
        secrets = {each.secret.reveal() for each in sightings if each.kind not in _NO_SECRET}
        for secret in secrets:
            if len(secret) < _PIECE:
                continue
            encoded = percent_encoded(secret)
            quoted = (encoded, encoded.replace("%2F", "/"), encoded.replace("%20", "+"))
            for form in {secret, secret.rstrip("="), *quoted}:
                start = form[:_PIECE]
                self._by_start.setdefault(start, set()).add(form)
                self._stretches.update([start[at : at + _STEP] for at in range(len(start) - _STEP + 1)])

    def text(self, text: str) -> str:
        """Return the text without any secret."""
        if len(text) < _PIECE:
            return text
        known = self._masked.get(text)
        if known is None:
            known = self._without_known(text) if self._by_start else text
            # Looked for first: most are paths, and neither expression begins with anything rare.
            if "://" in known:
                known = _USERINFO.sub(rf"\1{MASKED}@", known)
            if "=" in known or "%3" in known:
                known = _SIGNATURE.sub(rf"\1{MASKED}", known)
                known = _ACCOUNT_KEY.sub(MASKED, known)
            self._masked[text] = known
        return known

    def _without_known(self, text: str) -> str:
        # Each start is looked up once, so that neither many secrets nor many paths make it slow.
        if self._stretches.isdisjoint([text[at : at + _STEP] for at in range(0, len(text), _STEP)]):
            return text
        at = 0
        while at <= len(text) - _PIECE:
            known = self._by_start.get(text[at : at + _PIECE])
            if known is None:
                at += 1
                continue
            # A name that was cut off may end inside of the secret.
            size = max(_shared(form, text[at : at + len(form)]) for form in known)
            text = text[:at] + MASKED + text[at + size :]
            at += len(MASKED)
        return text

    def place(self, place: Place) -> Place:
        """Return the place with its outside texts masked."""
        target, path = self.text(place.target), self.text(place.path)
        author = None if place.author is None else self.text(place.author)
        if (target, path, author) == (place.target, place.path, place.author):
            return place
        return replace(place, target=target, path=path, author=author)

    def gap(self, gap: Gap) -> Gap:
        """Return the gap with its outside texts masked."""
        return replace(gap, subject=self.text(gap.subject), reason=self.text(gap.reason))
