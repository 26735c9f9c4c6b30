"""Targets of Cloud Storage, and whose hands serve."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidegate.errors import UsageError
from tidegate.model.secret import Secret
from tidegate.model.share import Wish
from tidegate.net.message import Sends, Writes
from tidegate.providers.gcs.owner import STORAGE_HOST, is_bucket
from tidegate.providers.gcs.share.hands import GcsHands
from tidegate.providers.gcs.share.signers import signer_at_hand


class GcsShare:
    """See `tidegate.share.seam.Sharing`."""

    id = "gcs"

    def place(self, text: str) -> tuple[str, str, str] | None:
        """Return nothing, bucket and name of `gs://bucket/name`; `None` for other texts."""
        found = re.fullmatch(r"gs://([^/?#]+)(?:/(.*))?", text.strip(), re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        if not is_bucket(found[1]):
            raise UsageError("no bucket has such a name")
        name = found[2] or ""
        if len(name.encode()) > 1024:
            raise UsageError("no object of Cloud Storage has so long a name")
        if any(part in (".", "..") for part in name.split("/")):
            raise UsageError(
                "a link to such a name leads elsewhere: browsers and libraries take its dots for folders"
            )
        return "", found[1], name

    def host(self, account: str, container: str) -> tuple[str, str]:  # noqa: ARG002 - buckets are what counts
        return container, STORAGE_HOST

    def at_home(self, wish: Wish, link: Secret) -> Secret:  # noqa: ARG002 - the host is signed
        return link

    def hands(
        self,
        wish: Wish,
        environment: Mapping[str, str],
        net: Sends,
        writer: Writes,  # noqa: ARG002 - nothing is written
        *,
        kind: str = "",
    ) -> GcsHands:
        if kind not in ("", GcsHands.kind):
            raise UsageError("--kind is for Azure's links: those of Google are signed")
        return GcsHands(wish, signer_at_hand(environment), net)


SHARE = GcsShare()
