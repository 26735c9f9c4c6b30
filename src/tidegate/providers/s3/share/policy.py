"""The bucket policy that ends a presigned link: one statement, which closes one object to all such links.

Sources: docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html (`s3:authType`),
…/API/API_PutBucketPolicy.html, …/IAM/latest/UserGuide/reference_policies_variables.html (`${*}`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from tidegate.errors import NoAnswerError, NotDoneError, RefusedError, RequestError, UsageError
from tidegate.model.share import Wish
from tidegate.net.message import Request, Response, Sends, Write, Writes
from tidegate.providers.s3.access import Access
from tidegate.providers.s3.ask import What, hear_by
from tidegate.providers.s3.faults import fault_of
from tidegate.providers.s3.sigv4 import plain_query, signed_headers

ACTIONS: Final = {"read": "s3:GetObject", "list": "s3:ListBucket", "write": "s3:PutObject"}
MOST_BYTES: Final = 20 << 10
"""Amazon's limit of a bucket policy."""
_WILD: Final = re.compile(r"[*?$]")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"))
_RIGHTS: Final = "It needs s3:GetBucketPolicy and s3:PutBucketPolicy on the bucket; nothing was changed."


def deny(access: Access, wish: Wish, net: Sends, writer: Writes) -> str:
    """Add the statement to the bucket's policy, whose other statements stay, and return its name.

    Raises `RequestError`, `UsageError`. Amazon has no condition for this write: that it holds is read back.
    """
    wanted = statement(access, wish)
    for _ in range(2):
        before = _read(access, wish, net)
        statements = before.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        if wanted in statements:
            return str(wanted["Sid"])
        kept = [
            each for each in statements if not (isinstance(each, dict) and each.get("Sid") == wanted["Sid"])
        ]
        _put({"Version": "2012-10-17", **before, "Statement": [*kept, wanted]}, access, wish, net, writer)
    if wanted in _read(access, wish, net).get("Statement", []):
        return str(wanted["Sid"])
    raise NoAnswerError(
        "the bucket's policy does not hold what was written to it",
        hint="Somebody else changed it: try again.",
    )


def statement(access: Access, wish: Wish) -> dict[str, Any]:
    """Return the statement that closes what a wish names to everybody who does not sign by header."""
    right = wish.rights[0]
    region = access.where.region
    partition = next((name for begin, name in _PARTITIONS if region.startswith(begin)), "aws")
    # In a policy `*`, `?` and `$` of a name would stand for others; `${*}` stands for itself.
    name = _WILD.sub(lambda found: f"${{{found[0]}}}", wish.path)
    tail = f"/{name}" if right != "list" else ""
    return {
        "Sid": "Tidegate" + "".join(part.capitalize() for part in wish.id.split("-")),
        "Effect": "Deny",
        "Principal": "*",
        "Action": ACTIONS[right],
        "Resource": f"arn:{partition}:s3:::{wish.container}{tail}",
        # Not "equals REST-QUERY-STRING": SeaweedFS 4.48 sets the key for requests signed by header alone.
        "Condition": {"StringNotEquals": {"s3:authType": "REST-HEADER"}},
    }


def _read(access: Access, wish: Wish, net: Sends) -> dict[str, Any]:
    """Return the bucket's policy, empty where it has none."""
    words = "read the bucket's policy"

    def make(by: Access) -> Request:
        return by.request(net, asked=words, bucket=wish.container, query={"policy": ""})

    heard = hear_by(net, access, What.SETTINGS, make)[-1]
    response = heard.response
    if response is None:
        raise NoAnswerError(f"could not {words}: {heard.answer.words}")
    if response.status == 404 and heard.answer.code == "NoSuchBucketPolicy":
        return {}
    if response.status != 200:
        raise RefusedError(
            f"could not {words}: {heard.answer.words}",
            status=response.status,
            code=heard.answer.code,
            hint=_RIGHTS,
        )
    try:
        found = json.loads(response.body) if len(response.body) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("Statement", []), list | dict):
        raise NoAnswerError(f"could not {words}: the answer is none that is known")
    return found


def _put(policy: Mapping[str, Any], access: Access, wish: Wish, net: Sends, writer: Writes) -> None:
    assert access.key is not None
    body = json.dumps(policy, separators=(",", ":")).encode()
    if len(body) > MOST_BYTES:
        raise UsageError(
            "the bucket's policy would be longer than the service takes: nothing was changed",
            hint="Remove statements of Tidegate whose links are over.",
        )
    words = f"deny presigned links to what was shared as {wish.id}"
    root = access.where.root(net, wish.container, wish.container)
    url = f"{root.url}/?{plain_query({'policy': ''})}"
    headers, secret = signed_headers(
        "PUT",
        url,
        root.host or urlsplit(url).netloc,
        key_id=access.key.key_id,
        secret=access.key.secret,
        token=access.key.token,
        region=access.where.region,
        at=datetime.now(UTC) + access.ahead,
        payload=hashlib.sha256(body).hexdigest(),
    )
    writer.announce("PUT", url)
    response = writer.send(
        Write(
            method="PUT",
            provider="s3",
            name=wish.container,
            url=url,
            headers={**headers, "Content-Type": "application/json"},
            secret_headers=secret,
            body=body,
            host=root.host,
            asked=words,
        )
    )
    if response.status not in (200, 204):
        raise _not_done(response, words)


def _not_done(response: Response, words: str) -> RequestError:
    fault = fault_of(response)
    if response.status >= 500 or response.status < 400:
        return NoAnswerError(f"could not {words}: {fault.words}", hint="It may have been done: try again.")
    return NotDoneError(f"could not {words}: {fault.words}", hint=_RIGHTS)
