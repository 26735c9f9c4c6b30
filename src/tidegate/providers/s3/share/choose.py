"""Whose key signs: that of the environment, else of Amazon's default chain."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from tidegate.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Wish
from tidegate.net.message import Sends, Writes
from tidegate.providers.s3.access import Key
from tidegate.providers.s3.share.hands import S3Hands
from tidegate.providers.s3.where import FIRST_REGION

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION: Final = re.compile(r"[a-z0-9-]{2,40}")


class S3Share:
    """See `tidegate.share.seam.Sharing`."""

    id = "s3"

    def place(self, text: str) -> tuple[str, str, str] | None:
        """Return nothing, bucket and key of `s3://bucket/key`; `None` for other texts."""
        found = re.fullmatch(r"s3://([^/?#]+)(?:/(.*))?", text.strip(), re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        if _BUCKET.fullmatch(found[1]) is None or ".." in found[1]:
            raise UsageError("no bucket has such a name")
        key = found[2] or ""
        if len(key.encode()) > 1024:
            raise UsageError("no object of S3 has so long a name")
        if any(part in (".", "..") for part in key.split("/")):
            raise UsageError(
                "a link to such a name leads elsewhere: browsers and libraries take its dots for folders"
            )
        return "", found[1], key

    def host(self, account: str, container: str) -> tuple[str, str]:  # noqa: ARG002 - buckets are what counts
        return container, f"{container}.s3.amazonaws.com"

    def at_home(self, wish: Wish, link: Secret) -> Secret:  # noqa: ARG002 - the host is signed
        return link

    def hands(
        self, wish: Wish, environment: Mapping[str, str], net: Sends, writer: Writes, *, kind: str = ""
    ) -> S3Hands:
        if kind not in ("", S3Hands.kind):
            raise UsageError("--kind is for Azure's links: those of S3 are presigned")
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or FIRST_REGION
        if _REGION.fullmatch(region) is None:
            raise UsageError("AWS_REGION is no name of a region")
        return S3Hands(wish, _key(environment), region, net, writer)


def _key(environment: Mapping[str, str]) -> Key:
    """Return the key of the environment, else that of Amazon's default chain, if its library is there."""
    key_id, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    token = environment.get("AWS_SESSION_TOKEN", "")
    if not (key_id and secret):
        key_id, secret, token = _chain()
    if not (re.fullmatch(r"[A-Za-z0-9._-]{4,128}", key_id) and re.fullmatch(r"[\x21-\x7e]{8,256}", secret)):
        raise UsageError("the access key that is at hand is none")
    return Key(key_id=key_id, secret=Secret(secret), token=Secret(token) if token else None)


def _chain() -> tuple[str, str, str]:
    none = UsageError(
        "no access key is at hand",
        hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for profiles and roles add 'tidegate[s3]'.",
    )
    try:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - 0.3 s, and only here
        from botocore.session import Session  # noqa: PLC0415
    except ImportError:
        raise none from None
    logging.getLogger("botocore").addHandler(logging.NullHandler())
    try:
        found = Session().get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
    except BotoCoreError:
        frozen = None
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise none
    return str(frozen.access_key), str(frozen.secret_key), str(frozen.token or "")


SHARE = S3Share()
