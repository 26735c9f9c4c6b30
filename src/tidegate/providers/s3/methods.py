"""Which operation a presigned link is for. The method is signed, but it does not stand in the link.

Hints only: what no hint tells is read as larger: it may read, and `Permission.UNKNOWN` counts as a write.
Source: docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.
"""

from __future__ import annotations

from tidegate.model.grant import Permission
from tidegate.providers._link import Link, names

P = Permission

_OPERATIONS: tuple[tuple[str, tuple[P, ...]], ...] = (
    # The JavaScript and Go SDKs name the operation in `x-id`.
    ("getobject", (P.READ,)),
    ("headobject", (P.READ,)),
    ("putobject", (P.WRITE,)),
    ("uploadpart", (P.WRITE,)),
    ("copyobject", (P.WRITE,)),
    ("createmultipartupload", (P.WRITE,)),
    ("completemultipartupload", (P.WRITE,)),
    ("abortmultipartupload", (P.DELETE,)),
    ("deleteobject", (P.DELETE,)),
    ("listobjects", (P.LIST,)),
    ("listbuckets", (P.LIST_CONTAINERS,)),
)
_WRITE_PARAMETERS = ("partnumber", "uploadid", "uploads", "x-amz-acl", "x-amz-storage-class", "x-amz-tagging")
_WRITE_STARTS = names(
    "content-type content-md5 content-length x-amz-acl x-amz-tagging x-amz-meta- x-amz-checksum-crc "
    "x-amz-checksum-sha x-amz-sdk-checksum"
)
"""How signed headers, or parameters in their stead, begin where something is uploaded."""
_POLICY_PARAMETERS = ("acl", "policy", "cors", "lifecycle", "publicaccessblock", "ownershipcontrols")

UNTOLD = (P.READ, P.UNKNOWN)
"""Nothing in the link says for which method it was signed."""


def permissions(link: Link, key: str | None) -> tuple[P, ...]:
    """Return what the link permits as far as its parameters tell."""
    named = link.get("x-id").lower()
    if named:
        return next((rights for prefix, rights in _OPERATIONS if named.startswith(prefix)), UNTOLD)
    headers = link.get("x-amz-signedheaders").lower().split(";")
    if any(link.has(name) for name in _POLICY_PARAMETERS):
        return (P.PROPERTIES, P.UNKNOWN)
    given = (*headers, *link.values)
    if any(link.has(name) for name in _WRITE_PARAMETERS) or any(
        each.startswith(_WRITE_STARTS) for each in given
    ):
        return (P.WRITE,)
    if link.has("x-amz-checksum-mode") or any(name.startswith("response-") for name in link.values):
        return (P.READ,)
    if key is None:
        return (
            (P.LIST,)
            if any(link.has(name) for name in ("list-type", "prefix", "delimiter"))
            else (P.LIST, P.UNKNOWN)
        )
    return UNTOLD
