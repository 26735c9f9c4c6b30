"""What a credential permits on paper, the same for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from tidegate.records import dataclass, field


class Permission(StrEnum):
    """An action, in the words of the report. Names follow the clouds' own, where they agree.

    Values are the contract of the JSON output; members are only added.
    """

    READ = "read"
    LIST = "list"
    """Names and sizes of what is inside a container or directory."""
    LIST_CONTAINERS = "list_containers"
    WRITE = "write"
    """Create *and overwrite*, properties, metadata."""
    CREATE = "create"
    """Only what is not there yet."""
    ADD = "add"
    """Append to a blob; add messages or entities."""
    UPDATE = "update"
    PROCESS = "process"
    """Get *and delete* queue messages."""
    DELETE = "delete"
    DELETE_VERSION = "delete_version"
    PERMANENT_DELETE = "permanent_delete"
    """Past soft delete."""
    CREATE_CONTAINERS = "create_containers"
    DELETE_CONTAINERS = "delete_containers"
    TAGS = "tags"
    """Read and write tags."""
    FILTER_BY_TAGS = "filter_by_tags"
    MOVE = "move"
    EXECUTE = "execute"
    """System properties and POSIX access lists of hierarchical accounts."""
    OWNERSHIP = "ownership"
    SET_POLICY = "set_policy"
    """Change access lists, POSIX permissions, policies."""
    IMMUTABILITY = "immutability"
    """Set and remove immutability policies and legal holds."""
    PROPERTIES = "properties"
    """Read the properties and metadata of containers, or the settings of a service; not their contents."""
    SERVICE_SETTINGS = "service_settings"
    """Change the settings of a whole service: CORS, logging, static site."""
    MINT = "mint"
    """Make further links: only keys can."""
    ADMIN = "admin"
    """Anything the identity behind it may do; the credential does not say what."""
    UNKNOWN = "unknown"
    """A letter or operation we do not know: counted as a write, never as nothing."""


class Scope(StrEnum):
    """The widest thing the credential opens."""

    ACCOUNT = "account"
    CONTAINER = "container"
    DIRECTORY = "directory"
    OBJECT = "object"
    UNKNOWN = "unknown"


class Validity(StrEnum):
    """By the dates alone, offline."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNKNOWN = "unknown"
    """The dates are held elsewhere (a stored policy), or the credential has none to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """How the grant is ended, and at what price."""

    means: str
    """What ends it, as an imperative sentence."""
    collateral: str
    """What else dies with it, in plain words."""
    individually: bool
    """It can be ended without ending any other credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one credential, or one open container, permits on paper."""

    provider: str
    """`azure`, `aws`, `gcp` or `other`."""
    kind: str
    """`account_sas`, `service_sas`, `user_delegation_sas`, `account_key`, `presigned_url`, …"""
    account: str | None = None
    """Storage account, access key id or project: whatever the provider puts in charge."""
    container: str | None = None
    """Container, bucket, share, queue or table."""
    key: str | None = None
    """Object name, or directory."""
    endpoint: str | None = None
    """Host (and port) the credential is for, where the text names one."""
    scope: Scope
    services: tuple[str, ...] = ()
    """`blob`, `file`, `queue`, `table` for Azure; `s3`, `gcs`, … elsewhere."""
    permissions: tuple[Permission, ...] = ()
    """What the text claims; sorted as `Permission` declares them. Never what was proved."""
    matrix: Mapping[str, tuple[Permission, ...]] = field(default_factory=dict)
    """service -> what it permits there (`ss` × `srt` × `sp` for an account SAS)."""
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    """`None`: it never ends by itself, or the end is held elsewhere: see `validity`."""
    protocols: tuple[str, ...] = ()
    ip_range: str | None = None
    policy: str | None = None
    """Name of the stored access policy that holds what the text does not."""
    signer: str | None = None
    """Who signed, where the text says: key id, object id, service account."""
    validity: Validity
    revocation: Revocation
    facts: Mapping[str, str] = field(default_factory=dict)
    """The provider's own words: `{"sp": "rwdl", "srt": "sco"}`. Never a signature or key."""
    warnings: tuple[str, ...] = ()
    """Plain sentences on what is wrong or odd about it; contradictions in the text go here."""
