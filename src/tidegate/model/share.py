"""A link that is made on purpose: what is wished for, and what was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tidegate.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody is to be able to do, where, and until when."""

    id: str
    """`sh-` and eight hex digits; the policy made for it carries it in its name."""
    provider: str
    account: str
    """Account; for S3 and Google the bucket."""
    container: str
    path: str = ""
    """Of the one object; empty: the whole container."""
    rights: tuple[str, ...] = ("read",)
    """Of `read`, `list`, `write`."""
    ends_at: datetime
    ip: str = ""
    """An address, or first-last; empty: from anywhere."""

    @property
    def address(self) -> str:
        """As the user named it: `az://account/container/path`."""
        scheme = {"azure": "az", "s3": "s3", "gcs": "gs"}[self.provider]
        parts = (
            (self.account, self.container, self.path)
            if self.provider == "azure"
            else (self.container, self.path)
        )
        return f"{scheme}://" + "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known before a link is made."""

    ends_at: datetime
    """By the service's clock."""
    notes: tuple[str, ...] = ()
    """What whoever shares should know: a clock that is wrong, a container that is open anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A link, and what makes it again with the owner's key, which is all that may be kept of it."""

    link: Secret
    kind: str
    policy: str = ""
    """Name of the stored access policy that it hangs on; empty where there is none."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the link, without the signature."""
    revocation: str
    """How it is ended before its time, and what else that ends."""
    signer: str = ""
    """Id of the key, user or service account that signed; no secret."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What was done to end a link."""

    done: bool
    """What it hung on is gone, or was gone before."""
    words: str
    """What was done; or what would have to be done, and what else that would end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one of the three probes was answered."""

    status: int | None
    """`None`: no answer."""
    code: str
    authentication: bool = False
    """The refusal concerns the signature or what it hangs on, not the address or the network."""
