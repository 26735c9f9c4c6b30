"""The decoder of what belongs to none of the three large clouds."""

from __future__ import annotations

from datetime import datetime

from tidegate.model.grant import Grant
from tidegate.model.sighting import Sighting
from tidegate.providers._decoder import SealedDecoder
from tidegate.providers._link import MASK, cut, read_link, redact_link
from tidegate.providers.other.shares import share_link, shown_path
from tidegate.providers.other.signed import HARMLESS, alibaba_oss, tencent_cos
from tidegate.providers.other.tokens import (
    access_token,
    alibaba_key,
    alibaba_key_id,
    b2_key,
    huggingface_token,
    private_key,
)


def _decode(sighting: Sighting, now: datetime) -> Grant | None:
    text, context = sighting.text.reveal(), sighting.context
    match sighting.kind:
        case "huggingface_token":
            return huggingface_token(text, context)
        case "access_token":
            return access_token(context)
        case "b2_key":
            return b2_key(context)
        case "access_key":
            return alibaba_key(context)
        case "access_key_id":
            return alibaba_key_id(context.get("key_id") or text.strip()[:128])
        case "private_key":
            return private_key(text)
        case "share_link":
            return share_link(read_link(text))
        case "alibaba_oss" | "tencent_cos":
            link = read_link(text)
            return alibaba_oss(link, now) or tencent_cos(link, now)
        case _:
            return None


def _redact(sighting: Sighting) -> str:
    text = sighting.text.reveal()
    match sighting.kind:
        case "huggingface_token":
            return f"Hugging Face token {MASK}"
        case "access_token":
            return f"token {MASK}"
        case "b2_key":
            return cut(
                f"B2 application key {MASK} of {sighting.context.get('key_id') or 'an unknown key id'}"
            )
        case "access_key":
            return cut(f"AccessKey secret {MASK} of {sighting.context.get('key_id') or 'an unknown key id'}")
        case "access_key_id":
            return cut(sighting.context.get("key_id") or text.strip()[:128])
        case "private_key":
            return f"private key {MASK}"
        case "share_link":
            return redact_link(text, frozenset({"usp", "e", "dl"}), shown_path)
        case _:
            return redact_link(text, HARMLESS)


DECODER = SealedDecoder("other", _decode, _redact)
"""Hugging Face, share links, Alibaba Cloud, Tencent COS, Backblaze B2, private keys."""
