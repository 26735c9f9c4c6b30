"""What an owner may change at the fake Google: keys of service accounts, HMAC keys, a bucket's policy and settings.

Written from the documentation: cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys,
cloud.google.com/storage/docs/json_api/v1 (projects.hmacKeys, buckets). Whoever is no owner is refused.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.gcs_state import VIEW, Bucket, Cloud, compact
from services.gcs_verify import bearer

VIEWER = "roles/storage.objectViewer"
_KEYS = re.compile(r"/v1/projects/-/serviceAccounts/([^/]+)/keys(?:/([\w-]+)(?::(disable|enable))?)?")
_HMAC = re.compile(r"/storage/v1/projects/([\w-]+)/hmacKeys/(\w+)")
_BUCKET = re.compile(r"/storage/v1/b/([^/]+)(/iam)?")


def control(
    cloud: Cloud, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes] | None:
    """Answer a request to the control plane, `None` for one that is none."""
    way = urlsplit(path).path
    iam = headers.get("host", "").lower() == "iam.googleapis.com"
    keys = _KEYS.fullmatch(way) if iam else None
    hmac, bucket = _HMAC.fullmatch(way), _BUCKET.fullmatch(way)
    if keys is None and hmac is None and bucket is None:
        return None
    who = bearer(cloud, headers.get("authorization", "").removeprefix("Bearer "))
    if who is None:
        return _error(401, "Invalid Credentials", "authError")
    if who not in cloud.owners:
        return _error(403, f"{who[15:]} does not have permission.", "forbidden")
    told: Any = json.loads(body) if body else {}
    if keys:
        return _account_keys(cloud, method, keys[1].replace("%40", "@"), keys[2], keys[3])
    if hmac:
        return _hmac(cloud, method, hmac[1], hmac[2], told)
    assert bucket is not None
    held = cloud.buckets.get(bucket[1])
    if held is None:
        return _error(404, "The specified bucket does not exist.", "notFound")
    return _policy(held, method, told) if bucket[2] else _settings(held, method, told)


def _account_keys(
    cloud: Cloud, method: str, email: str, key_id: str | None, deed: str | None
) -> tuple[int, bytes] | None:
    on, off = cloud.accounts.setdefault(email, {}), cloud.disabled.setdefault(email, {})
    every = {**on, **off}
    if key_id is None:
        return 200, compact({"keys": [_key(email, name, off) for name in every]})
    if key_id not in every:
        return _error(404, "Service account key does not exist.", "notFound")
    if method == "POST" and deed:
        taken, given = (on, off) if deed == "disable" else (off, on)
        if key_id in taken:
            given[key_id] = taken.pop(key_id)
        return 200, b"{}"
    if method == "DELETE":
        on.pop(key_id, None)
        off.pop(key_id, None)
        return 200, b"{}"
    pem = every[key_id].public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return 200, compact({**_key(email, key_id, off), "publicKeyData": base64.b64encode(pem).decode()})


def _key(email: str, name: str, off: dict[str, Any]) -> dict[str, Any]:
    told = {
        "name": f"projects/contoso-research/serviceAccounts/{email}/keys/{name}",
        "validAfterTime": "2024-01-02T03:04:05Z",
        "keyType": "USER_MANAGED",
    }
    return told | ({"disabled": True} if name in off else {})


def _hmac(cloud: Cloud, method: str, project: str, key_id: str, told: Any) -> tuple[int, bytes] | None:
    key = cloud.hmac_keys.get(key_id)
    if key is None:
        return _error(404, f"Access ID not found in project '{project}'.", "notFound")
    if method == "PUT":
        key.active = told["state"] == "ACTIVE"
    if method == "DELETE":
        if key.active:
            return _error(400, "Cannot delete keys in 'ACTIVE' state.", "invalid")
        del cloud.hmac_keys[key_id]
        return 204, b""
    return 200, compact(
        {
            "kind": "storage#hmacKeyMetadata",
            "accessId": key_id,
            "projectId": project,
            "serviceAccountEmail": key.email,
            "state": "ACTIVE" if key.active else "INACTIVE",
            "timeCreated": "2024-01-02T03:04:05.678Z",
            "etag": "M42da=",
        }
    )


def _policy(bucket: Bucket, method: str, told: Any) -> tuple[int, bytes] | None:
    if method == "PUT":
        members = {member for binding in told["bindings"] for member in binding["members"]}
        bucket.iam = {member: bucket.iam.get(member, set(VIEW)) for member in members}
    elif method != "GET":
        return None
    bindings = [{"role": VIEWER, "members": sorted(bucket.iam)}] if bucket.iam else []
    return 200, compact({"kind": "storage#policy", "version": 1, "etag": "CAE=", "bindings": bindings})


def _settings(bucket: Bucket, method: str, told: Any) -> tuple[int, bytes] | None:
    if method == "PATCH":
        assert told == {"iamConfiguration": {"publicAccessPrevention": "enforced"}}, "nothing else is changed"
        bucket.prevention = "enforced"
    elif method != "GET":
        return None
    return 200, compact(
        {
            "kind": "storage#bucket",
            "name": bucket.name,
            "iamConfiguration": {
                "publicAccessPrevention": bucket.prevention,
                "uniformBucketLevelAccess": {"enabled": True},
            },
        }
    )


def _error(status: int, message: str, reason: str) -> tuple[int, bytes]:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return status, compact({"error": {"code": status, "message": message, "errors": errors}})
