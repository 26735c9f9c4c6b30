"""What the fake Cloud Storage holds: buckets, objects with their generations, keys, and who may do what."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

READ = ("storage.objects.get",)
VIEW = ("storage.objects.get", "storage.objects.list")
ADMIN = (
    *VIEW,
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.update",
    "storage.buckets.get",
    "storage.buckets.setIamPolicy",
)


@dataclass(slots=True)
class Object:
    """One generation of an object."""

    name: str
    data: bytes
    generation: int
    updated: datetime
    content_type: str = "application/octet-stream"
    storage_class: str = "STANDARD"
    public: bool = False
    """Its own access list lets anybody read it."""
    token: str = ""
    """Firebase's download token."""
    noncurrent: bool = False
    soft_deleted: bool = False

    @property
    def md5(self) -> bytes:
        return hashlib.md5(self.data).digest()

    def resource(self) -> dict[str, Any]:
        """Return what the JSON API says of it."""
        stamp = self.updated.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        told = {
            "kind": "storage#object",
            "name": self.name,
            "generation": str(self.generation),
            "size": str(len(self.data)),
            "updated": stamp,
            "timeCreated": stamp,
            "contentType": self.content_type,
            "storageClass": self.storage_class,
            "etag": base64.b64encode(str(self.generation).encode()).decode(),
            "md5Hash": base64.b64encode(self.md5).decode(),
        }
        return told | ({"timeDeleted": stamp} if self.noncurrent else {})


@dataclass(slots=True)
class Bucket:
    """A bucket, and what whom is allowed in it."""

    name: str
    project: str
    versioned: bool = False
    objects: list[Object] = field(default_factory=list)
    iam: dict[str, set[str]] = field(default_factory=dict)
    """Member (`allUsers`, `serviceAccount:…`) -> rights."""
    requester_pays: bool = False
    billing_off: bool = False
    prevention: str = "inherited"
    """Public access prevention: `enforced` shuts out who does not sign in, whatever else is said."""
    rules: tuple[str, ...] = ()
    """What Firebase's security rules let anybody do: `list`, `get`."""

    def sorted(self, *, versions: bool = False, soft_deleted: bool = False) -> list[Object]:
        """Return what a listing walks over, in the order of names, then of generations."""
        chosen = [
            each
            for each in self.objects
            if each.soft_deleted == soft_deleted and (versions or soft_deleted or not each.noncurrent)
        ]
        return sorted(chosen, key=lambda each: (each.name.encode(), each.generation))

    def get(self, name: str, generation: str = "") -> Object | None:
        """Return the current object of that name, or the generation that is asked for."""
        for each in self.objects:
            current = not each.noncurrent and not each.soft_deleted
            if each.name == name and (str(each.generation) == generation if generation else current):
                return each
        return None


@dataclass(slots=True)
class HmacKey:
    """An HMAC key of a service account."""

    id: str
    secret: str
    email: str
    active: bool = True


@dataclass(slots=True)
class Cloud:
    """The whole service. Tests change it while it is being asked."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    accounts: dict[str, dict[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    """Email -> id -> public key; to delete or disable a key is to take it out."""
    hmac_keys: dict[str, HmacKey] = field(default_factory=dict)
    project_lists: dict[str, set[str]] = field(default_factory=dict)
    """Project -> members that may list its buckets."""
    owners: set[str] = field(default_factory=set)
    """Members that may change keys and buckets."""
    disabled: dict[str, dict[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    """As `accounts`: keys that are switched off, and so sign nothing."""
    broken: int = 0
    """Answer everything with this status: an outage."""
    _generations: Any = field(default_factory=lambda: itertools.count(1_700_000_000_000_000))

    def bucket(self, name: str, project: str = "contoso-research", **told: Any) -> Bucket:
        """Make a bucket."""
        self.buckets[name] = Bucket(name, project, **told)
        return self.buckets[name]

    def put(self, bucket: str, name: str, data: bytes = b"tide", **told: Any) -> Object:
        """Write an object; the one before becomes noncurrent, or is gone."""
        held = self.buckets[bucket]
        old = held.get(name)
        if old is not None:
            if held.versioned:
                old.noncurrent = True
            else:
                held.objects.remove(old)
        made = Object(name, data, next(self._generations), self.now(), **told)
        held.objects.append(made)
        return made

    def allow(self, bucket: str, member: str, rights: Iterable[str]) -> None:
        """Give rights to `allUsers` or a service account."""
        self.buckets[bucket].iam.setdefault(member, set()).update(rights)

    def register(self, key_file: dict[str, str], private: rsa.RSAPrivateKey) -> None:
        """Make a service account's key known, by its file."""
        keys = self.accounts.setdefault(key_file["client_email"], {})
        keys[key_file["private_key_id"]] = private.public_key()

    def may(self, bucket: Bucket, member: str | None, right: str) -> bool:
        """Tell whether somebody (`None`: anybody) has a right."""
        members = ["allUsers"] if member is None else ["allUsers", "allAuthenticatedUsers", member]
        if bucket.prevention == "enforced":
            members = [] if member is None else [member]
        return any(right in bucket.iam.get(each, ()) for each in members)


def compact(value: object) -> bytes:
    """Return JSON as the service writes it."""
    return json.dumps(value, indent=1).encode()
