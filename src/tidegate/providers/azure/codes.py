"""What the refusals of Azure Storage mean for a credential.

Sources: learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes, …/blob-service-error-codes,
…/sas-error-codes, …/status-and-error-codes2; wording of `AuthenticationErrorDetail` from bodies that users
captured (github.com/microsoft/AzureStorageExplorer issues 3163 and 9054, microsoft/AzureTRE issue 2897,
delta-io/delta-rs issue 910). Azurite's single code: its source, 3.35.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from tidegate.model.reach import State


class Verdict(NamedTuple):
    """What a refusal says."""

    state: State
    """CLOSED only where this very credential is dead; never OPEN."""
    words: str
    certain: bool = False
    """It needs no control: no altered copy would be refused in these words."""
    alive: bool = False
    """The credential was accepted, what it asked for was not."""


_DEAD, _OPEN_QUESTION = State.CLOSED, State.UNKNOWN

_ALIVE = "the signature was accepted, but"

OPEN_TO_NOBODY = Verdict(_OPEN_QUESTION, "it is not open to anyone: the service asks for a credential")
"""Said to who brings none, about an object that may be there or not."""

CODES: Mapping[str, Verdict] = {
    # The credential is accepted, the request is not: sas-error-codes.
    "AuthorizationPermissionMismatch": Verdict(
        _OPEN_QUESTION, f"{_ALIVE} it does not permit this", alive=True
    ),
    "AuthorizationResourceTypeMismatch": Verdict(
        _OPEN_QUESTION, f"{_ALIVE} not for this level (srt) of the account", alive=True
    ),
    "AuthorizationServiceMismatch": Verdict(_OPEN_QUESTION, f"{_ALIVE} not for this service", alive=True),
    "AuthorizationProtocolMismatch": Verdict(_OPEN_QUESTION, f"{_ALIVE} not for this protocol", alive=True),
    "AuthorizationSourceIPMismatch": Verdict(
        _OPEN_QUESTION,
        "it is refused from this address: it works from the addresses it was made for",
        alive=True,
    ),
    "InsufficientAccountPermissions": Verdict(
        _OPEN_QUESTION, "the account itself may not do this now", alive=True
    ),
    # Networks: from elsewhere the same credential may work.
    "AuthorizationFailure": Verdict(
        _OPEN_QUESTION, "the account's network rules, or the kind of request, do not permit it from here"
    ),
    # The account.
    "KeyBasedAuthenticationNotPermitted": Verdict(
        _DEAD,
        "the account accepts no account key and nothing signed by one: shared key access is off "
        "(until it is allowed again)",
        certain=True,
    ),
    "PublicAccessNotPermitted": Verdict(
        _DEAD, "the account permits no anonymous access at all", certain=True
    ),
    "AccountIsDisabled": Verdict(_OPEN_QUESTION, "the account is disabled"),
    "AccountBeingCreated": Verdict(_OPEN_QUESTION, "the account is being created"),
    "AccountRequiresHttps": Verdict(_OPEN_QUESTION, "the account demands https"),
    "FeatureNotSupportedForAccount": Verdict(_OPEN_QUESTION, "this kind of account cannot do that"),
    "FeatureNotYetSupportedForHierarchicalNamespaceAccounts": Verdict(
        _OPEN_QUESTION, "an account with a hierarchical namespace cannot do that"
    ),
    "BlobApiNotYetSupportedForHierarchicalNamespaceAccounts": Verdict(
        _OPEN_QUESTION, "an account with a hierarchical namespace cannot do that"
    ),
    "HierarchicalNamespaceNotEnabled": Verdict(
        _OPEN_QUESTION, "the account has no hierarchical namespace, which this signature needs"
    ),
    # Without a credential.
    "NoAuthenticationInformation": OPEN_TO_NOBODY,
    "AuthenticationRequired": OPEN_TO_NOBODY,
    # Something is not there: the credential may be as good as ever.
    "ContainerNotFound": Verdict(_OPEN_QUESTION, "there is no such container", alive=True),
    "BlobNotFound": Verdict(_OPEN_QUESTION, "there is no such blob", alive=True),
    "FilesystemNotFound": Verdict(_OPEN_QUESTION, "there is no such file system", alive=True),
    "PathNotFound": Verdict(_OPEN_QUESTION, "there is no such path", alive=True),
    "ShareNotFound": Verdict(_OPEN_QUESTION, "there is no such share", alive=True),
    "ParentNotFound": Verdict(_OPEN_QUESTION, "there is no such directory", alive=True),
    "QueueNotFound": Verdict(_OPEN_QUESTION, "there is no such queue", alive=True),
    "TableNotFound": Verdict(_OPEN_QUESTION, "there is no such table", alive=True),
    "ResourceNotFound": Verdict(
        _OPEN_QUESTION, "it is private, or not there: the service does not say which"
    ),
    "ContainerBeingDeleted": Verdict(_OPEN_QUESTION, "the container is being deleted"),
    "ShareBeingDeleted": Verdict(_OPEN_QUESTION, "the share is being deleted"),
    "QueueBeingDeleted": Verdict(_OPEN_QUESTION, "the queue is being deleted"),
    "TableBeingDeleted": Verdict(_OPEN_QUESTION, "the table is being deleted"),
    "ContainerDisabled": Verdict(_OPEN_QUESTION, "the container is disabled"),
    "BlobArchived": Verdict(
        _OPEN_QUESTION, "the blob is in the archive: nobody reads it before it is brought back", alive=True
    ),
    # Ours, or the service's own trouble.
    "InvalidHeaderValue": Verdict(_OPEN_QUESTION, "the service does not know the version of the request"),
    "InvalidQueryParameterValue": Verdict(
        _OPEN_QUESTION, "the service does not know a parameter of the request"
    ),
    "OutOfRangeQueryParameterValue": Verdict(
        _OPEN_QUESTION, "the service does not accept a parameter's value"
    ),
    "UnsupportedQueryParameter": Verdict(
        _OPEN_QUESTION, "the service does not know a parameter of the request"
    ),
    "InvalidAuthenticationInfo": Verdict(_OPEN_QUESTION, "the service could not read the credential"),
    "InvalidUri": Verdict(_OPEN_QUESTION, "the service could not read the address"),
    "ServerBusy": Verdict(_OPEN_QUESTION, "the service was too busy to answer"),
    "InternalError": Verdict(_OPEN_QUESTION, "the service failed"),
    "OperationTimedOut": Verdict(_OPEN_QUESTION, "the service did not finish in time"),
}

_WINDOW = re.compile(
    r"Signature not valid in the specified time frame: "
    r"Start \[([^\]]{0,60})\] - Expiry \[([^\]]{0,60})\] - Current \[([^\]]{0,60})\]"
)

_DETAILS: tuple[tuple[str, Verdict], ...] = (
    (
        "signature did not match",
        Verdict(_DEAD, "its signature is wrong: the key that made it was regenerated, or never made it"),
    ),
    (
        "the mac signature found in the http request",
        Verdict(_DEAD, "the key is wrong: it was regenerated, or is another account's"),
    ),
    (
        "sas identifier cannot be found",
        Verdict(
            _DEAD,
            "the stored access policy it names is gone (a new policy of that name would revive it)",
            certain=True,
        ),
    ),
    (
        "must be after signed start time",
        Verdict(_DEAD, "it ends before it begins", certain=True),
    ),
    (
        "request date header too old",
        Verdict(_OPEN_QUESTION, "this machine's clock differs from the service's by more than 15 minutes"),
    ),
    (
        "not well formed",
        Verdict(_OPEN_QUESTION, "the service could not read its fields: it may have been cut or changed"),
    ),
    (
        "access without signed identifier cannot have time window more than 1 hour",
        Verdict(_DEAD, "of that old version only signatures for an hour are accepted", certain=True),
    ),
)
"""Part of `AuthenticationErrorDetail`, in lower case -> what it means."""

_AZURITE_DEAD = Verdict(
    _DEAD,
    "the emulator refuses it as dead, and does not say why: signature, dates and policy have one code there",
)


_REFUSALS = (400, 401, 403, 409)
"""Statuses with which a credential is refused: under any other, the same code says nothing of it."""


def verdict(
    status: int, code: str, detail: str, *, emulated: bool = False, anonymous: bool = False
) -> Verdict:
    """Say what a refusal means.

    detail: `AuthenticationErrorDetail`, whole or empty. emulated: Azurite answered, whose one code for
    all that is dead means something else on the real service. anonymous: no credential was sent.
    """
    found = _by_code(code, detail, emulated=emulated, anonymous=anonymous)
    dead = found is not None and (found.state is _DEAD or found is OPEN_TO_NOBODY)
    if found is None or (dead and status not in _REFUSALS):
        return Verdict(State.UNKNOWN, _status_words(status))
    return found


def _by_code(code: str, detail: str, *, emulated: bool, anonymous: bool) -> Verdict | None:
    if anonymous and (code == "AuthenticationFailed" or (emulated and code == "AuthorizationFailure")):
        return OPEN_TO_NOBODY
    if code == "AuthenticationFailed":
        return _authentication(detail)
    if emulated and code == "AuthorizationFailure":
        return _AZURITE_DEAD
    return CODES.get(code)


def _authentication(detail: str) -> Verdict:
    window = _WINDOW.search(detail)
    if window:
        return _outside(*(_date(text) for text in window.groups()))
    lower = detail.lower()
    for part, meaning in _DETAILS:
        if part in lower:
            return meaning
    return Verdict(_DEAD, "the service does not accept its signature, and does not say why")


def _outside(start: datetime | None, expiry: datetime | None, current: datetime | None) -> Verdict:
    """Tell a token that has ended from one that has not begun: only the one is dead."""
    if start is not None and current is not None and current < start:
        return Verdict(
            _OPEN_QUESTION,
            f"it is not valid before {start:%Y-%m-%d %H:%M} UTC: then it opens",
            certain=True,
        )
    ended = f"it expired on {expiry:%Y-%m-%d at %H:%M} UTC" if expiry is not None else "it has expired"
    return Verdict(_DEAD, ended, certain=True)


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _status_words(status: int) -> str:
    if 300 <= status < 400:
        return "the service sent it elsewhere, and it was not followed"
    if status == 404:
        return "there is nothing at this address, or nothing that is shown"
    if status in (429, 503):
        return "the service was too busy to answer"
    if status >= 500:
        return "the service failed"
    if status in (401, 403):
        return "the service refused, and did not say why in words we know"
    return f"the service answered {status}, which settles nothing"
