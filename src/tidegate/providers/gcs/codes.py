"""What the codes of Cloud Storage mean for a credential.

Sources: cloud.google.com/storage/docs/xml-api/reference-status and …/docs/json_api/v1/status-codes (names),
and error bodies that people quoted in public, as noted. None was seen by us on the real service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from tidegate.net.message import Response
from tidegate.providers.gcs.faults import Fault


class Sense(Enum):
    """What an answer that is not what was asked says of the credential."""

    ENDED = "ended"
    """Its time is over, in these words: needs no further proof."""
    DEAD = "dead"
    """It is not accepted. Counts only if a copy with a changed signature is refused alike."""
    ALIVE = "alive"
    """It was accepted, and does not permit this: a role can be given back, so that it is not closed."""
    NOBODY = "nobody"
    """Nobody gets this without signing in."""
    UNCLEAR = "unclear"
    """It tells nothing of the credential."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """How an answer is read."""

    sense: Sense
    words: str
    """Continues `The service …`, without the code."""


_ENDED, _DEAD, _ALIVE, _NOBODY, _UNCLEAR = (
    Sense.ENDED, Sense.DEAD, Sense.ALIVE, Sense.NOBODY, Sense.UNCLEAR,
)  # fmt: skip

_PAYS: Final = Meaning(_UNCLEAR, "wants a project that pays for the request; that is not tried")
_BILLING: Final = Meaning(_UNCLEAR, "serves nothing, as the billing account behind the project is off")
_QUOTA: Final = Meaning(_UNCLEAR, "is asked too often, by us or by others")
_LACKS: Final = Meaning(_ALIVE, "accepts the signature, but its owner has no right to this")
_INCOMPLETE: Final = Meaning(_UNCLEAR, "cannot read the request: the link is not whole")
_SWITCHED_OFF: Final = Meaning(_UNCLEAR, "says that the storage API is switched off in the project")
_ENCRYPTED: Final = Meaning(_UNCLEAR, "cannot decrypt the object: its encryption key is off or not sent")

_STATUSES: Final = (400, 401, 403)
"""The only statuses with which a credential is refused; the codes of any other answer say nothing of it."""

CODES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        # 400 with `Request signature expired at: …` in the details; quoted in many public test fixtures.
        "ExpiredToken": Meaning(_ENDED, "says that it has expired"),
        # 403. Also what a link says whose key is gone: github.com/googleapis/nodejs-storage/issues/244.
        "SignatureDoesNotMatch": Meaning(
            _DEAD, "does not accept the signature: the key behind it is gone, or the text was changed"
        ),
        # 403 `The User Id you provided does not exist in our records`: github.com/…/gsutil/issues/314.
        "InvalidAccessKeyId": Meaning(_DEAD, "does not know its key id or account"),
        "InvalidSecurity": Meaning(_DEAD, "says that the credentials are not valid"),
        "AccessDenied": _LACKS,
        "AuthenticationRequired": Meaning(_NOBODY, "lets in nobody who does not sign in"),
        "RequestTimeTooSkewed": Meaning(_UNCLEAR, "says that the clock of this machine is wrong"),
        "UserProjectMissing": _PAYS,
        "UserProjectRequired": _PAYS,
        "UserProjectAccessDenied": _PAYS,
        "UserProjectInvalid": _PAYS,
        "userProjectMissing": _PAYS,
        # 403 `The billing account for the owning project is disabled in state closed`: before any check of
        # the credential, as public objects answer so too.
        "UserProjectAccountProblem": _BILLING,
        "AccountProblem": _BILLING,
        "accountDisabled": _BILLING,
        # VPC Service Controls judge where the request comes from.
        "SecurityPolicyViolated": Meaning(_UNCLEAR, "refuses requests from this network"),
        "vpcServiceControls": Meaning(_UNCLEAR, "refuses requests from this network"),
        "InsufficientQuota": _QUOTA,
        "RateLimitExceeded": _QUOTA,
        "rateLimitExceeded": _QUOTA,
        "userRateLimitExceeded": _QUOTA,
        "quotaExceeded": _QUOTA,
        "dailyLimitExceeded": _QUOTA,
        "CloudKmsDisabledKey": _ENCRYPTED,
        "CloudKmsEncryptionKeyNotFound": _ENCRYPTED,
        "CloudKmsDecryptionKeyNotFound": _ENCRYPTED,
        "ResourceIsEncryptedWithCustomerEncryptionKey": _ENCRYPTED,
        "AuthorizationQueryParametersError": _INCOMPLETE,
        "InvalidArgument": _INCOMPLETE,
        "InvalidURI": _INCOMPLETE,
        "MalformedSecurityHeader": _INCOMPLETE,
        "MissingSecurityHeader": _INCOMPLETE,
        # JSON, 401 `Invalid Credentials`: an unknown, disabled or deleted key, or a wrong signature.
        "authError": Meaning(_DEAD, "does not accept the key: it is deleted, disabled, or not the account's"),
        "UNAUTHENTICATED": Meaning(
            _DEAD, "does not accept the key: it is deleted, disabled, or not the account's"
        ),
        # Reasons in `details`: github.com/googleapis/googleapis, google/api/error_reason.proto.
        "ACCOUNT_STATE_INVALID": Meaning(_DEAD, "says that the service account is disabled or deleted"),
        "ACCESS_TOKEN_EXPIRED": Meaning(_UNCLEAR, "says that the clock of this machine is wrong"),
        "CONSUMER_SUSPENDED": Meaning(_UNCLEAR, "says that the project is suspended"),
        "BILLING_DISABLED": _BILLING,
        "SECURITY_POLICY_VIOLATED": Meaning(_UNCLEAR, "refuses requests from this network"),
        "ACCESS_TOKEN_TYPE_UNSUPPORTED": Meaning(_UNCLEAR, "does not take a token signed by the key itself"),
        # JSON, 401 `Anonymous caller does not have storage.objects.list access`.
        "required": Meaning(_NOBODY, "lets in nobody who does not sign in"),
        "forbidden": _LACKS,
        "insufficientPermissions": _LACKS,
        "PERMISSION_DENIED": _LACKS,
        "accessNotConfigured": _SWITCHED_OFF,
        "SERVICE_DISABLED": _SWITCHED_OFF,
    }
)
"""Code, or `reason` of the JSON API -> what it means."""

_ABSENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "NoSuchBucket": "knows no bucket of this name: anyone may create it",
        "NoSuchKey": "knows no object of this name",
    }
)


def meaning(response: Response, said: Fault, *, anonymous: bool, firebase: bool = False) -> Meaning:
    """Judge an answer that is not what was asked for."""
    status = response.status
    if status not in _STATUSES:
        return Meaning(_UNCLEAR, _by_status(status, said))
    known = CODES.get(said.code)
    if status == 400 and said.code == "required" and "requester pays" in said.message:
        return _PAYS
    # Firebase gives no code: `{"error": {"code": 403, "message": "Permission denied."}}`,
    # github.com/thisbejim/Pyrebase/issues/218.
    if firebase and status == 403 and said.message.startswith("Permission denied"):
        known = Meaning(_DEAD, "does not accept the token: it was revoked, or the object is gone")
        if anonymous:
            return Meaning(_NOBODY, "lets in nobody who does not sign in")
    # Without a credential there is nothing that could be dead or alive, and an accepted one is not anonymous.
    nobody = said.message.startswith("Anonymous caller") or "Anonymous caller does not have" in said.message
    if anonymous:
        refused = nobody or (known is not None and known.sense is _NOBODY)
        if refused:
            return Meaning(_NOBODY, "lets in nobody who does not sign in")
        if known is not None and known.sense is _UNCLEAR:
            return known
        return Meaning(_UNCLEAR, "refuses, and does not say why")
    if nobody or (known is not None and known.sense is _NOBODY):
        return Meaning(_UNCLEAR, "did not look at the credential")
    return known or Meaning(_UNCLEAR, "refuses, with a code that is not known here")


def _by_status(status: int, said: Fault) -> str:
    if status == 404:
        return _ABSENT.get(said.code, "finds nothing at this address")
    if 200 <= status < 300:
        return "answers, but not with what was asked for"
    if 300 <= status < 400:
        return "sends elsewhere, which is not followed"
    if status == 429:
        return "is asked too often, by us or by others"
    if status >= 500:
        return "has an error of its own"
    return "refuses, which says nothing of the credential"
