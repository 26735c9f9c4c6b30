"""A value that must never be shown."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Never

_FINGERPRINT_DOMAIN: Final = b"tidegate/secret/1\x00"


class Secret:
    """Holds a credential; no text form of it, nor a pickle made outside a worker pipe, shows it.

    `str`, `repr`, `format`, comparison messages and tracebacks print `Secret(tgf-…)`. The one way
    to the value is `reveal()`, so that every use can be found by searching for that word.
    """

    __slots__ = ("_fingerprint", "_value")
    _value: str
    _fingerprint: str

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("a Secret cannot be changed")

    def reveal(self) -> str:
        """Return the value, for parsing and for requests; never for output."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """`tgf-` and 20 hex digits: the same value has the same fingerprint on every machine.

        A truncated SHA-256 (80 bits) with a domain of its own. The values are signatures and keys
        of 128 bits of entropy and more, so that it cannot be turned back by guessing.
        """
        try:
            return self._fingerprint
        except AttributeError:
            digest = hashlib.sha256(_FINGERPRINT_DOMAIN + self._value.encode("utf-8", "surrogatepass"))
            object.__setattr__(self, "_fingerprint", f"tgf-{digest.hexdigest()[:20]}")
            return self._fingerprint

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine = self._value.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(mine, other._value.encode("utf-8", "surrogatepass"))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return f"Secret({self.fingerprint})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        # Workers of one scan hand sightings to each other through a pipe; nothing writes one to disk.
        return (Secret, (self._value,))
