"""Makes credentials as the clouds' own SDKs do, with keys that are hashes of a name: fake, and the same each run."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import quote, unquote

from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import generate_table_sas
from azure.storage.blob import (
    UserDelegationKey,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.filedatalake import generate_directory_sas
from azure.storage.fileshare import generate_share_sas
from azure.storage.queue import generate_queue_sas

FAR = "2051-10-06T09:00:00Z"
"""An end far enough for every test; the one of the 2023 incident."""
PAST = "2024-06-01T00:00:00Z"


def seeded(name: str, size: int) -> bytes:
    """Return `size` bytes that depend on `name` alone."""
    return hashlib.shake_256(b"tidegate corpus\x00" + name.encode()).digest(size)


def letters(name: str, size: int, alphabet: str) -> str:
    """Return `size` characters of `alphabet` that depend on `name` alone."""
    return "".join(alphabet[b % len(alphabet)] for b in seeded(name, size))


def legacy_key(name: str) -> str:
    """Return a storage key of the old kind: 64 bytes in base64, nothing to check."""
    return base64.b64encode(seeded("key " + name, 64)).decode()


def identifiable_key(name: str) -> str:
    """Return a storage key of the kind that carries `+ASt` and a checksum.

    Source: github.com/microsoft/security-utilities, "IdentifiableSecrets": Marvin32 over the first 60
    bytes, seed `Default0`, halves joined by exclusive or, little-endian at the end.
    """
    body = seeded("identifiable " + name, 57) + base64.b64decode("+ASt")
    mixed = marvin32(body, int.from_bytes(b"Default0", "big"))
    return base64.b64encode(body + (mixed >> 32 ^ mixed & 0xFFFFFFFF).to_bytes(4, "little")).decode()


def marvin32(data: bytes, seed: int) -> int:
    """Return the 64 bits of Marvin32: a keyed checksum with two 32-bit halves."""
    low, high = seed & 0xFFFFFFFF, seed >> 32
    whole = len(data) // 4 * 4
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, whole, 4)]
    words += [int.from_bytes(data[whole:] + b"\x80", "little"), 0]
    for word in words:
        low = low + word & 0xFFFFFFFF
        high ^= low
        low = _turn(low, 20) + high & 0xFFFFFFFF
        high = _turn(high, 9) ^ low
        low = _turn(low, 27) + high & 0xFFFFFFFF
        high = _turn(high, 19)
    return high << 32 | low


def _turn(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Sas:
    """A shared access signature and the address it is for."""

    host: str
    path: str = ""
    """With no slash before it; may be empty."""
    query: str

    @property
    def url(self) -> str:
        return f"https://{self.host}/{self.path}?{self.query}"

    @property
    def sig(self) -> str:
        """The decoded signature: what must never be shown."""
        return self.params["sig"]

    @property
    def params(self) -> dict[str, str]:
        """Name -> decoded value."""
        return {n: unquote(v) for n, _, v in (p.partition("=") for p in self.query.split("&"))}

    def ordered(self, order: str = "", *, encode: Callable[[str, str], str] | None = None) -> Sas:
        """Return the same token with the parameters named first in `order`, spelled by `encode(name, value)`."""
        left = self.params
        names = [n for n in order.split() if n in left]
        names += [n for n in left if n not in names]
        spell = encode or portal
        return replace(self, query="&".join(f"{n}={spell(n, left[n])}" for n in names))


def portal(name: str, value: str) -> str:
    """Spell a value as the Azure portal does: times in the clear, the signature escaped."""
    return quote(value, safe=":,/" if name != "sig" else "")


def escaped(_name: str, value: str) -> str:
    """Spell a value as Storage Explorer does: all escaped."""
    return quote(value, safe="")


def raw(_name: str, value: str) -> str:
    """Spell a value as nobody should: not at all."""
    return value


def account_sas(
    account: str, *, sp: str, srt: str = "sco", ss: str = "b", se: str = FAR, seed: str = ""
) -> Sas:
    """Return an account SAS on the blob service's root."""
    query = generate_account_sas(
        account, legacy_key(seed or account), srt, sp, expiry=se, start="2021-10-04T00:00:00Z", services=ss
    )
    return Sas(host=f"{account}.blob.core.windows.net", query=query)


def container_sas(account: str, container: str, *, sp: str = "rl", se: str = FAR, seed: str = "") -> Sas:
    """Return a SAS on one container."""
    query = generate_container_sas(
        account,
        container,
        legacy_key(seed or account),
        permission=sp,
        expiry=se,
        start="2024-01-05T08:00:00Z",
    )
    return Sas(host=f"{account}.blob.core.windows.net", path=container, query=query)


def blob_sas(account: str, container: str, blob: str, *, sp: str = "r", se: str = FAR, seed: str = "") -> Sas:
    """Return a SAS on one blob."""
    key = legacy_key(seed or account)
    query = generate_blob_sas(account, container, blob, account_key=key, permission=sp, expiry=se)
    return Sas(host=f"{account}.blob.core.windows.net", path=f"{container}/{quote(blob)}", query=query)


def policy_sas(account: str, container: str, policy: str) -> Sas:
    """Return a SAS whose rights and end are held by a stored access policy."""
    query = generate_container_sas(account, container, legacy_key(account), policy_id=policy)
    return Sas(host=f"{account}.blob.core.windows.net", path=container, query=query)


def delegation_sas(account: str, container: str, *, sp: str = "rl", se: str, ske: str) -> Sas:
    """Return a SAS signed with a user delegation key that ends at `ske`."""
    key = UserDelegationKey()
    key.signed_oid, key.signed_tid = guid("oid " + account), guid("tid " + account)
    key.signed_start, key.signed_expiry = "2026-11-20T00:00:00Z", ske
    key.signed_service, key.signed_version = "b", "2024-11-04"
    key.value = base64.b64encode(seeded("udk " + account, 32)).decode()
    query = generate_container_sas(account, container, user_delegation_key=key, permission=sp, expiry=se)
    return Sas(host=f"{account}.blob.core.windows.net", path=container, query=query)


def directory_sas(account: str, filesystem: str, directory: str, *, sp: str = "rl") -> Sas:
    """Return a SAS on a directory of a hierarchical account."""
    query = generate_directory_sas(
        account, filesystem, directory, legacy_key(account), permission=sp, expiry=FAR
    )
    return Sas(host=f"{account}.dfs.core.windows.net", path=f"{filesystem}/{directory}", query=query)


def share_sas(account: str, share: str, *, sp: str = "rl") -> Sas:
    """Return a SAS on a file share."""
    query = generate_share_sas(account, share, legacy_key(account), permission=sp, expiry=FAR)
    return Sas(host=f"{account}.file.core.windows.net", path=share, query=query)


def queue_sas(account: str, queue: str, *, sp: str = "rp") -> Sas:
    """Return a SAS on a queue: it has no `sr`."""
    query = generate_queue_sas(account, queue, legacy_key(account), permission=sp, expiry=FAR)
    return Sas(host=f"{account}.queue.core.windows.net", path=queue, query=query)


def table_sas(account: str, table: str, *, sp: str = "ra") -> Sas:
    """Return a SAS on a table: `tn`, and no `sr`."""
    credential = AzureNamedKeyCredential(account, legacy_key(account))
    query = generate_table_sas(credential, table, permission=sp, expiry=FAR)
    return Sas(host=f"{account}.table.core.windows.net", path=table, query=query)


def old_container_sas(account: str, container: str, *, sp: str, se: str) -> Sas:
    """Return a SAS of version 2012-02-12, which no SDK signs any more.

    Source: learn.microsoft.com/rest/api/storageservices/create-service-sas, "Version 2012-02-12".
    """
    to_sign = "\n".join([sp, "", se, f"/{account}/{container}", "", "2012-02-12"])
    return own_sas(account, container, to_sign, {"sv": "2012-02-12", "se": se, "sr": "c", "sp": sp})


def own_sas(account: str, path: str, to_sign: str, params: dict[str, str]) -> Sas:
    """Return a blob SAS over a string-to-sign of our own, for what the SDKs do not make."""
    mac = hmac.new(base64.b64decode(legacy_key(account)), to_sign.encode(), hashlib.sha256)
    parts = {**params, "sig": base64.b64encode(mac.digest()).decode()}
    query = "&".join(f"{n}={portal(n, v)}" for n, v in parts.items())
    return Sas(host=f"{account}.blob.core.windows.net", path=path, query=query)


def guid(name: str) -> str:
    """Return a random-looking GUID of version 4."""
    digits = seeded("guid " + name, 16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


@cache
def first_with(make: Callable[[str], Sas], wanted: Iterable[str]) -> Sas:
    """Return the first token of `make(seed)` whose signature holds all characters `wanted`."""
    for number in range(10_000):
        made = make(f"seed {number}")
        if all(c in made.sig for c in wanted):
            return made
    raise AssertionError("no seed gives such a signature")
