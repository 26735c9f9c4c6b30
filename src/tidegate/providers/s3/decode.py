"""The decoder of Amazon S3 and of what speaks its language."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.sighting import Sighting
from tidegate.providers._decoder import SealedDecoder
from tidegate.providers._link import MASK, cut, read_link, redact_link
from tidegate.providers.s3.forms import post_policy
from tidegate.providers.s3.keys import access_key, access_key_id, cloudfront, public_url
from tidegate.providers.s3.presigned import HARMLESS, presigned_v2, presigned_v4


def _decode(sighting: Sighting, now: datetime) -> Grant | None:
    text, context = sighting.text.reveal(), sighting.context
    if sighting.kind == "access_key":
        return access_key(context)
    if sighting.kind == "access_key_id":
        return access_key_id(context.get("key_id") or text.strip()[:128])
    if sighting.kind == "post_policy":
        return post_policy(text, context, now)
    link = read_link(text)
    if sighting.kind == "public_url":
        return public_url(link)
    return presigned_v4(link, now) or presigned_v2(link, now) or cloudfront(link, now)


def _redact(sighting: Sighting) -> str:
    key_id = sighting.context.get("key_id", "")
    named = f" of {key_id}" if key_id else ""
    if sighting.kind == "access_key":
        return cut(f"secret access key {MASK}{named}")
    if sighting.kind == "post_policy":
        return cut(f"POST policy, signature {MASK}{named}")
    if sighting.kind == "access_key_id":
        return cut(key_id or sighting.text.reveal().strip()[:128])
    return redact_link(sighting.text.reveal(), HARMLESS)


DECODER = SealedDecoder("s3", _decode, _redact)
"""Presigned links, POST forms, access keys, CloudFront links, plain bucket addresses."""
