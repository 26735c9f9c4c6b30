"""POST forms: a signed policy says what a browser may upload.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tidegate.model.grant import Grant, Permission, Scope
from tidegate.providers._link import read_link
from tidegate.providers._seal import facts_of
from tidegate.providers._time import instant, validity
from tidegate.providers.s3.hosts import read_address
from tidegate.providers.s3.presigned import provider_of
from tidegate.providers.s3.revocation import REVOCATIONS

LONGEST_POLICY = 64 * 1024
"""Characters of a base64 policy that are read."""
LONGEST_FORM = 4 * LONGEST_POLICY
"""Characters of a form that are read."""

_TAG = re.compile(r"<(?:input|form)\b[^<>]{0,70000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]{1,40})\s{0,9}=\s{0,9}["']([^"']*)["']""")
_MEMBER = re.compile(r"""["']([\w-]{1,40})["']\s{0,9}:\s{0,9}["']([^"']*)["']""")


def post_policy(text: str, context: Mapping[str, str], now: datetime) -> Grant | None:
    """Return the grant of a browser upload form: its signed policy names bucket, keys, sizes and end.

    `text` is the form, its fields as a query, or the bare base64 policy, which may stand in `context` too.
    `None` when no policy can be read.
    """
    fields = form_fields(text)
    parts = (context.get("policy", ""), *_policies(text, fields))
    policy = next((read for part in parts if (read := read_policy(part)) is not None), None)
    if policy is None:
        return None
    conditions = policy.get("conditions")
    conditions = conditions if isinstance(conditions, list) else []
    exact, prefix, sizes = _conditions(conditions)
    action = read_address(read_link(fields.get("action") or context.get("endpoint") or ""))
    key = exact.get("key") or prefix
    expires_at = instant(str(policy.get("expiration", "")))
    credential = exact.get("x-amz-credential") or fields.get("x-amz-credential") or context.get("key_id", "")
    key_id = (credential or fields.get("awsaccesskeyid", "")).partition("/")[0]
    warnings = [] if expires_at else ["its policy has no end that can be read"]
    scope = Scope.OBJECT if exact.get("key") else Scope.DIRECTORY if prefix else Scope.CONTAINER
    return Grant(
        provider=provider_of(action, key_id),
        kind="post_policy",
        account=key_id or None,
        container=exact.get("bucket") or action.bucket or context.get("bucket") or None,
        key=key or None,
        endpoint=action.endpoint,
        scope=scope,
        services=("s3",),
        permissions=(Permission.WRITE,),
        matrix={"s3": (Permission.WRITE,)},
        expires_at=expires_at,
        protocols=("https", "http"),
        signer=key_id or None,
        validity=validity(None, expires_at, now),
        revocation=REVOCATIONS["post_policy"],
        facts=facts_of(
            {"expiration": str(policy.get("expiration", "")), "content-length-range": sizes, "key": key}
        ),
        warnings=tuple(warnings),
    )


def form_fields(text: str) -> dict[str, str]:
    """Return the fields of a form as HTML, JSON or query; names in lower case."""
    fields: dict[str, str] = {}
    text = text[:LONGEST_FORM]
    for tag in _TAG.findall(text):
        pairs = {name.lower(): value for name, value in _ATTRIBUTE.findall(tag)}
        if "name" in pairs:
            fields.setdefault(pairs["name"].lower(), pairs.get("value", ""))
        elif "action" in pairs:
            fields.setdefault("action", pairs["action"])
    for name, value in re.findall(
        r"""["']([\w-]{1,40})["']\s*:\s*["']([^"']*)["']""", text[: 4 * LONGEST_POLICY]
    ):
        fields.setdefault("action" if name == "url" else name.lower(), value)
    if not fields and "=" in text:
        fields = {name: values[0] for name, values in read_link(text).values.items()}
    return fields


def read_policy(text: str) -> dict[str, Any] | None:
    """Read a base64 JSON policy, either alphabet, CloudFront's too; `None` when it is none."""
    packed = re.sub(r"\s", "", text)[:LONGEST_POLICY].translate(str.maketrans("-_~", "+=/"))
    try:
        read = json.loads(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _policies(text: str, fields: Mapping[str, str]) -> list[str]:
    """Candidates for the policy, the named field first."""
    named = [fields["policy"]] if fields.get("policy") else []
    return [*named, *re.findall(r"eyJ[A-Za-z0-9+/_=-]{20,65000}", text)[:5]]


def _conditions(conditions: list[Any]) -> tuple[dict[str, str], str, str]:
    """Return (fields that must be exact, prefix of the key, range of sizes)."""
    exact: dict[str, str] = {}
    prefix = sizes = ""
    for each in conditions[:200]:
        if isinstance(each, dict):
            exact.update({str(name).lower(): str(value) for name, value in each.items()})
        elif isinstance(each, list) and len(each) == 3:
            operator, name, value = (str(part) for part in each)
            if operator.lower() == "eq":
                exact[name.lstrip("$").lower()] = value
            elif operator.lower() == "starts-with" and name.lower() == "$key":
                prefix = value
            elif operator.lower() == "content-length-range":
                sizes = f"{name}-{value}"
    return exact, prefix, sizes
