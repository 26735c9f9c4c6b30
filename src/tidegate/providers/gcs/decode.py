"""The decoder of Google Cloud Storage and Firebase."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.sighting import Sighting
from tidegate.providers._decoder import SealedDecoder
from tidegate.providers._link import MASK, cut, read_link, redact_link
from tidegate.providers.gcs.keys import hmac_key, key_file_fields, service_account_key, user_credentials
from tidegate.providers.gcs.links import HARMLESS, firebase_token, public_url, signed_v2, signed_v4


def _decode(sighting: Sighting, now: datetime) -> Grant | None:
    text, context = sighting.text.reveal(), sighting.context
    if sighting.kind == "hmac_key":
        return hmac_key(context)
    if sighting.kind == "service_account_key":
        return service_account_key(text, context)
    if sighting.kind == "user_credentials":
        return user_credentials(context)
    link = read_link(text)
    if sighting.kind == "public_url":
        return public_url(link)
    return signed_v4(link, now) or signed_v2(link, now) or firebase_token(link)


def _redact(sighting: Sighting) -> str:
    context = sighting.context
    if sighting.kind == "hmac_key":
        return cut(f"HMAC secret {MASK} of {context.get('key_id') or 'an unknown key id'}")
    if sighting.kind == "user_credentials":
        return cut(f"refresh token {MASK} of {context.get('client_id') or 'an unknown application'}")
    if sighting.kind == "service_account_key":
        fields = key_file_fields(sighting.text.reveal())
        owner = fields.get("client_email") or context.get("email") or context.get("project")
        return cut(f"service account key {MASK} of {owner or 'an unknown account'}")
    return redact_link(sighting.text.reveal(), HARMLESS)


DECODER = SealedDecoder("gcs", _decode, _redact)
"""Signed links, HMAC keys, service-account keys, Firebase download tokens, plain bucket addresses."""
