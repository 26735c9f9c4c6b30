"""What the error codes of S3 and of what speaks its language mean for a credential.

Sources, by letter:
A docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, "List of error codes";
C developers.cloudflare.com/r2/api/error-codes;
K docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html;
L docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, "S3 Object Lambda";
N github.com/noobaa/noobaa-core/pull/8493;
W docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Means(Enum):
    """What an answer says about the credential it was made with."""

    GIVEN = "what was asked for came back"
    DEAD = "this credential is refused as such"
    ENDED = "its time is over"
    EARLY = "its time has not come"
    DENIED = "it is known, and may not do this; or nobody may who has none"
    SUSPENDED = "everybody is refused, whatever they show"
    ABSENT = "there is nothing of that name"
    ELSEWHERE = "another address is responsible"
    ARCHIVED = "it may read, but the object has to be brought back from an archive first"
    BUSY = "the service cannot answer now"
    UNFIT = "the request was not one that this service takes"
    UNTOLD = "nothing that tells anything"


class Known(NamedTuple):
    """One code."""

    means: Means
    words: str
    source: str
    """A letter of the module's docstring, or `measured`."""


M = Means
CODES: Mapping[str, Known] = {
    # The credential itself.
    "InvalidAccessKeyId": Known(
        M.DEAD, "the service knows no such key: deleted, deactivated, or of another service", "A"
    ),
    "SignatureDoesNotMatch": Known(
        M.DEAD, "the signature does not fit: altered, made with another secret, or for another request", "A"
    ),
    "InvalidToken": Known(M.DEAD, "its session token is malformed or no longer valid", "A"),
    "InvalidSecurity": Known(M.DEAD, "the security credentials are not valid", "A"),
    "InvalidKey": Known(M.DEAD, "the distribution no longer knows the public key that it names", "W"),
    "ExpiredToken": Known(M.ENDED, "its session token has expired", "A"),
    "TokenRefreshRequired": Known(M.ENDED, "its session token has to be made anew", "A"),
    "ExpiredRequest": Known(M.ENDED, "the link has expired", "C"),
    "RequestExpired": Known(M.ENDED, "the link has expired", "N"),
    # What it may do. The refusal may come from an address range or a condition as well: nothing is dead.
    "AccessDenied": Known(M.DENIED, "access is denied", "A"),
    "Unauthorized": Known(M.DENIED, "no valid credential was shown", "C"),
    "AllAccessDisabled": Known(
        M.SUSPENDED, "all access to this resource has been switched off by the provider", "A"
    ),
    "AccountProblem": Known(M.SUSPENDED, "the provider has a problem with the account", "A"),
    "NotSignedUp": Known(M.SUSPENDED, "the account is not signed up for the service", "A"),
    "NotEntitled": Known(M.SUSPENDED, "the account is not entitled to the service", "C"),
    "InvalidPayer": Known(M.SUSPENDED, "the account has been disabled", "A"),
    "InvalidObjectState": Known(M.ARCHIVED, "reading is allowed, but the object is archived", "A"),
    "KMS.DisabledException": Known(
        M.ARCHIVED, "reading is allowed, but the key that decrypts the object is switched off", "K"
    ),
    "KMS.KMSInvalidStateException": Known(
        M.ARCHIVED, "reading is allowed, but the key that decrypts the object cannot be used", "K"
    ),
    "LambdaPermissionError": Known(M.DENIED, "it may not call the function behind this access point", "L"),
    "LambdaInvalidResponse": Known(
        M.UNTOLD, "the function behind this access point answered nothing usable", "L"
    ),
    "LambdaRuntimeError": Known(M.UNTOLD, "the function behind this access point failed", "L"),
    "LambdaTimeout": Known(M.BUSY, "the function behind this access point took too long", "L"),
    # Names.
    "NoSuchBucket": Known(M.ABSENT, "there is no such bucket", "A"),
    "NoSuchKey": Known(M.ABSENT, "there is no such object", "A"),
    "NoSuchVersion": Known(M.ABSENT, "there is no such version", "A"),
    "NoSuchWebsiteConfiguration": Known(M.ABSENT, "the bucket is no website", "A"),
    "NoSuchAccessPoint": Known(M.ABSENT, "there is no such access point", "A"),
    # Addresses.
    "PermanentRedirect": Known(M.ELSEWHERE, "the bucket is in another region", "A"),
    "TemporaryRedirect": Known(M.ELSEWHERE, "the bucket is for now served from another address", "A"),
    "Redirect": Known(M.ELSEWHERE, "the bucket is for now served from another address", "A"),
    "IllegalLocationConstraintException": Known(M.ELSEWHERE, "the bucket is in another region", "A"),
    "AuthorizationHeaderMalformed": Known(
        M.ELSEWHERE, "the request was signed for another region, or its signature is malformed", "A"
    ),
    "AuthorizationQueryParametersError": Known(
        M.UNFIT, "the parameters of its signature are wrong: the region, or its length of life", "A"
    ),
    # The service, the clock, the request.
    "RequestTimeTooSkewed": Known(
        M.UNFIT, "the clock here and the clock of the service differ by more than 15 minutes", "A"
    ),
    "SlowDown": Known(M.BUSY, "the service asks to go slower", "A"),
    "ServiceUnavailable": Known(M.BUSY, "the service cannot answer now", "A"),
    "InternalError": Known(M.BUSY, "the service failed inside", "A"),
    "RequestTimeout": Known(M.BUSY, "the service waited too long", "A"),
    "NotImplemented": Known(M.UNFIT, "the service does not know this request", "A"),
    "MethodNotAllowed": Known(M.UNFIT, "the service does not take this request here", "A"),
    "InvalidRequest": Known(
        M.UNFIT, "the service does not take this request; perhaps not this kind of signature", "A"
    ),
    "InvalidArgument": Known(M.UNFIT, "the service does not take a parameter of this request", "A"),
    "InvalidRange": Known(M.UNFIT, "the object is shorter than the range", "A"),
    "InvalidBucketName": Known(M.UNFIT, "no bucket can have this name", "A"),
    "InvalidURI": Known(M.UNFIT, "the service cannot read this address", "A"),
    "MissingKey": Known(M.UNFIT, "the distribution wants a signed link", "W"),
}
"""Code -> what it means. Cloudflare's `Unauthorized` is weak: it also says that nothing was shown."""

_MESSAGES: tuple[tuple[str, str, Known], ...] = (
    # Amazon, MinIO, SeaweedFS and Alibaba write so; some end it with a full stop.
    ("AccessDenied", "request has expired", Known(M.ENDED, "the link has expired", "measured")),
    # github.com/minio/minio/issues/2638 and github.com/dmjio/s3-signer/issues/16 hold captured ones.
    ("AccessDenied", "request is not yet valid", Known(M.EARLY, "the link is not yet valid", "A")),
    ("AccessDenied", "explicit deny", Known(M.DENIED, "a policy denies it explicitly", "A")),
    ("AccessDenied", "kms", Known(M.DENIED, "it may not use the key that decrypts the object", "K")),
    (
        "InvalidArgument",
        "x-amz-security-token",
        Known(M.UNFIT, "the service takes no session token in a link", "C"),
    ),
    (
        "InvalidRequest",
        "authorization mechanism",
        Known(M.UNFIT, "this region takes no signatures of version 2", "A"),
    ),
)
"""Code, what its message holds in lower case, what both together mean: the first that fits."""


_REFUSALS = (400, 401, 403)
"""Statuses with which a credential is refused: under any other, the same code says nothing of it."""
_OF_REFUSALS = (M.DEAD, M.ENDED, M.DENIED, M.SUSPENDED)


def known(status: int, code: str, message: str) -> Known:
    """Return what an answer that gave nothing means: by its code, else by its status."""
    meaning = _by_code(code, message)
    if meaning is not None and (status in _REFUSALS or meaning.means not in _OF_REFUSALS):
        return meaning
    if status in (301, 302, 303, 307, 308):
        return Known(M.ELSEWHERE, "the service points to another address, which is not followed", "measured")
    if status == 429 or status >= 500:
        return Known(M.BUSY, "the service cannot answer now", "measured")
    if code:
        return Known(M.UNTOLD, "refused with a code that tells nothing here", "measured")
    if status in (401, 403):
        return Known(M.UNTOLD, "refused without a reason", "measured")
    if status == 404:
        return Known(M.ABSENT, "there is nothing of that name", "measured")
    return Known(M.UNTOLD, "this is no answer of an object store", "measured")


def _by_code(code: str, message: str) -> Known | None:
    said = message.lower()
    for name, part, meaning in _MESSAGES:
        if code == name and part in said:
            return meaning
    return CODES.get(code)
