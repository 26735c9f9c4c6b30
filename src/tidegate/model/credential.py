"""What a request is made with: a grant, and the secret behind it."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.model.grant import Grant
from tidegate.model.secret import Secret
from tidegate.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One link, token or key that can be tried; or, without a secret, an address that may be open to anyone.

    Lives in memory only: no report holds one.
    """

    grant: Grant
    text: Secret | None = None
    """The whole match as found, unwrapped: a link with its query, a connection string, a key file."""
    secret: Secret | None = None
    """The signature or key itself, in canonical form; `None` asks without any credential."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What stood beside it: `account`, `key_id`, `endpoint`, … None of it secret."""
    provider: str = ""
    """Which decoder understood it, and so which storage is asked: `azure`, `s3`, `gcs`, `other`."""
    kind: str = ""
    """The rule's `kind`, as in `Sighting`: which of the provider's forms the text is."""

    @property
    def anonymous(self) -> bool:
        """Nothing secret is sent."""
        return self.secret is None
