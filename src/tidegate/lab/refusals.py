"""How the service says no: status, code and words.

Sources: learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes, …/blob-service-error-codes;
the body of a refused signature from recorded answers in the test suites of Azure's SDKs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tidegate.lab.listing import HEAD

_UNAUTHORISED = "This request is not authorized to perform this operation"

WORDS: dict[str, tuple[int, str]] = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed"
        " correctly including the signature.",
    ),
    "AuthorizationFailure": (403, f"{_UNAUTHORISED}."),
    "AuthorizationPermissionMismatch": (403, f"{_UNAUTHORISED} using this permission."),
    "AuthorizationProtocolMismatch": (403, f"{_UNAUTHORISED} using this protocol."),
    "AuthorizationResourceTypeMismatch": (403, f"{_UNAUTHORISED} using this resource type."),
    "AuthorizationServiceMismatch": (403, f"{_UNAUTHORISED} using this service."),
    "AuthorizationSourceIPMismatch": (403, f"{_UNAUTHORISED} using this source IP."),
    "BlobArchived": (409, "This operation is not permitted on an archived blob."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
}


class Refusal(Exception):  # noqa: N818 - an answer, no mistake
    """The service's no; never leaves the simulated service."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        """A key of `WORDS`."""
        self.detail = detail
        """What stands in `AuthenticationErrorDetail`; may be empty."""


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal as it is sent."""

    status: int
    body: bytes


def said(refusal: Refusal, request_id: str, now: datetime) -> Said:
    """Write a refusal as the service does."""
    status, words = WORDS[refusal.code]
    when = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    detail = (
        f"<AuthenticationErrorDetail>{escape(refusal.detail)}</AuthenticationErrorDetail>"
        if refusal.detail
        else ""
    )
    message = f"{words}\nRequestId:{request_id}\nTime:{when}"
    body = f"<Error><Code>{refusal.code}</Code><Message>{escape(message)}</Message>{detail}</Error>"
    return Said(status, HEAD + body.encode())
