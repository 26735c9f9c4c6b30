"""The cloud of the tests: buckets of a made-up company, its keys, and links signed by Google's own library."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from google.cloud.storage import _signing
from google.oauth2 import service_account

from corpus import mint_clouds as mint
from services.gcs_fake import GcsFake, running
from services.gcs_state import ADMIN, VIEW, Cloud, HmacKey
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.reach import Reach
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget, Limits
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.gcs import PLUGIN
from tidegate.providers.gcs.storage import STORAGE

HOST = "https://storage.googleapis.com"
BUCKET = "contoso-media"
SIGNER = "serviceAccount:signer@contoso-research.iam.gserviceaccount.com"
QUICK = Limits(request_s=3, attempt_s=1, attempts=2, first_wait_s=0.01)


@dataclass(slots=True)
class Setting:
    """One cloud, and the way to it."""

    cloud: Cloud
    fake: GcsFake
    audit: Memory
    net: Net
    key_file: dict[str, str] = field(default_factory=lambda: mint.service_account_json("signer"))

    def probe(self, credential: Credential) -> Reach:
        return STORAGE.probe(credential, self.net, datetime.now(UTC))

    def rotate(self) -> None:
        """Delete the key that signed everything."""
        self.cloud.accounts[self.key_file["client_email"]].clear()


@contextmanager
def setting(*names: str) -> Iterator[Setting]:
    """Open a cloud with one bucket of three objects, which `signer` may read and list."""
    cloud = Cloud()
    key_file = mint.service_account_json("signer")
    cloud.register(key_file, mint.rsa_key("gcp"))
    cloud.bucket(BUCKET)
    cloud.put(BUCKET, "2026/film.mp4", b"ebb and flow")
    cloud.put(BUCKET, "2026/empty.txt", b"", content_type="text/plain")
    cloud.put(BUCKET, "2025/notes.txt", b"low tide", content_type="text/plain", storage_class="ARCHIVE")
    cloud.allow(BUCKET, SIGNER, VIEW)
    key_id, secret = mint.hmac_pair("live")
    cloud.hmac_keys[key_id] = HmacKey(key_id, secret, key_file["client_email"])
    scope_names = names or (BUCKET, "contoso-*", key_id, "contoso-research")
    audit = Memory()
    with running(cloud) as fake:
        scope = Scope.of(
            gcs=scope_names, endpoints={"gcs": fake.url}, budget=Budget(requests_per_second=10_000)
        )
        with Net(scope, owners={"gcs": STORAGE.owner}, audit=audit, limits=QUICK) as net:
            yield Setting(cloud, fake, audit, net, key_file)


def v4(
    path: str = f"/{BUCKET}/2026/film.mp4",
    *,
    method: str = "GET",
    seconds: int = 3600,
    at: datetime | None = None,
    host: str = HOST,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    **more: str,
) -> str:
    """Sign a link with Google's library."""
    credentials = service_account.Credentials.from_service_account_info(mint.service_account_json("signer"))
    made: str = _signing.generate_signed_url_v4(
        credentials,
        path,
        seconds,
        api_access_endpoint=host,
        method=method,
        headers=headers,
        query_parameters=query,
        _request_timestamp=(at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ"),
        **more,
    )
    return made


def v2(path: str = f"/{BUCKET}/2026/film.mp4", *, method: str = "GET", seconds: int = 3600) -> str:
    """Sign a link of the old form with Google's library."""
    credentials = service_account.Credentials.from_service_account_info(mint.service_account_json("signer"))
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    made: str = _signing.generate_signed_url_v2(
        credentials, path, end, api_access_endpoint=HOST, method=method
    )
    return made


def v4_hmac(path: str = f"/{BUCKET}/2026/film.mp4", name: str = "live") -> str:
    """Sign a link with an HMAC key, which Google's library does not do."""
    key_id, secret = mint.hmac_pair(name)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/auto/storage/goog4_request"
    query = (
        f"X-Goog-Algorithm=GOOG4-HMAC-SHA256&X-Goog-Credential={quote(f'{key_id}/{scope}', safe='')}"
        f"&X-Goog-Date={stamp}&X-Goog-Expires=600&X-Goog-SignedHeaders=host"
    )
    canonical = f"GET\n{path}\n{query}\nhost:storage.googleapis.com\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"GOOG4" + secret.encode()
    for part in (*scope.split("/"), f"GOOG4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"{HOST}{path}?{query}&X-Goog-Signature={key.hex()}"


def link(text: str, kind: str = "signed_v4") -> Credential:
    """Return a link as the detector and the decoder hand it on."""
    parameter = {"signed_v4": "X-Goog-Signature=", "signed_v2": "Signature=", "firebase_token": "token="}[
        kind
    ]
    secret = text.rpartition(parameter)[2].partition("&")[0]
    return credential(kind, text, secret)


def service_key(key_file: dict[str, str]) -> Credential:
    """Return a key file as the detector and the decoder hand it on: from `private_key` on, the rest beside."""
    pem = key_file["private_key"]
    body = "".join(pem.split("\n")[1:-2]).rstrip("=")
    text = f'private_key": {json.dumps(pem)}'
    return credential(
        "service_account_key",
        text,
        body,
        email=key_file["client_email"],
        project=key_file["project_id"],
        private_key_id=key_file["private_key_id"],
    )


def hmac_key(name: str = "live", **context: str) -> Credential:
    """Return an HMAC pair as the detector and the decoder hand it on."""
    key_id, secret = mint.hmac_pair(name)
    return credential("hmac_key", f"{key_id} {secret}", secret, key_id=key_id, **context)


def credential(kind: str, text: str, secret: str, **context: str) -> Credential:
    """Decode a sighting."""
    sighting = Sighting(
        rule=f"gcs-{kind}",
        provider="gcs",
        kind=kind,
        text=Secret(text),
        secret=Secret(secret),
        context=context,
        spot=Spot("README.md", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    assert grant is not None
    return Credential(grant=grant, text=sighting.text, secret=sighting.secret, context=context, kind=kind)


def target(text: str) -> Credential:
    """Return an open address."""
    found = STORAGE.target(text)
    assert found is not None
    return found


__all__ = ["ADMIN", "VIEW"]
