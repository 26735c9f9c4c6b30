"""From a found key to the API it speaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, Self

from tidegate.errors import NoAnswerError
from tidegate.model.credential import Credential
from tidegate.model.secret import Secret
from tidegate.net.message import Request, Response, Sends
from tidegate.plugins import Page
from tidegate.providers.gcs.json_api import JsonApi
from tidegate.providers.gcs.keys import key_file_fields
from tidegate.providers.gcs.sign import own_token
from tidegate.providers.gcs.xml_api import XmlApi


class Api(Protocol):
    """One of the two APIs, with one credential. Methods that make requests raise `OutOfScopeError`."""

    @property
    def account(self) -> str:
        """What a request to the service itself goes by: a key id, or a project; may be empty."""
        ...

    def flipped(self) -> Self:
        """Return the same with a changed credential, which must be refused."""
        ...

    def ask_buckets(self) -> Request | None:
        """Ask for names of buckets, `None` where there is nothing to ask for."""
        ...

    def ask_list(self, bucket: str, prefix: str = "") -> Request:
        """Ask for one object."""
        ...

    def ask_read(
        self, bucket: str, name: str, start: int = 0, stop: int = 1, version: str = "", *, whole: bool = False
    ) -> Request:
        """Ask for the bytes [start, stop) of an object. whole: without saying so, cut all the same."""
        ...

    def ask_rights(self, bucket: str) -> Request | None:
        """Ask which rights there are, `None` where the API does not tell."""
        ...

    def is_list(self, response: Response) -> bool:
        """Tell whether it is an answer to `ask_list`."""
        ...

    def is_buckets(self, response: Response) -> bool:
        """Tell whether it is an answer to `ask_buckets`."""
        ...

    def first(self, response: Response) -> str:
        """Return the name of the object in an answer to `ask_list`, or an empty text."""
        ...

    def rights(self, response: Response) -> tuple[str, ...] | None:
        """Return the rights in an answer to `ask_rights`; `None` when it is none."""
        ...

    def bucket_names_in(self, response: Response) -> list[str]:
        """Return the names in an answer to `ask_buckets`."""
        ...

    def bucket_names(self) -> Iterator[str]:
        """Yield the names of all buckets. Raises `RequestError`."""
        ...

    def page(self, bucket: str, *, prefix: str, delimited: bool, after: str | None, past: bool) -> Page:
        """List one page. Raises `RequestError`."""
        ...


def api_of(credential: Credential, net: Sends, now: datetime) -> Api:
    """Return how the credential asks. Raises `NoAnswerError` for a key that cannot sign."""
    grant, context = credential.grant, credential.context
    if credential.secret is None:
        return JsonApi(net=net)
    if grant.kind == "service_account_key":
        text = "" if credential.text is None else credential.text.reveal()
        fields = key_file_fields(text)
        email = grant.signer or fields.get("client_email", "")
        if not email:
            raise NoAnswerError("the service account that the key belongs to is not known")
        key_id = fields.get("private_key_id") or context.get("private_key_id", "")
        token = own_token(Secret(_base64(credential.secret.reveal())), email, key_id, now)
        return JsonApi(net=net, project=grant.facts.get("project_id", ""), token=token)
    if grant.kind == "user_credentials":
        raise NoAnswerError("nobody signs in as a person here: who holds the token asks themselves")
    key_id = grant.signer or grant.account or context.get("key_id", "")
    if not key_id:
        raise NoAnswerError("the id that belongs to the secret is not known")
    return XmlApi(net=net, key_id=key_id, secret=credential.secret, now=now)


def _base64(secret: str) -> str:
    """Return the base64 of a private key, whether or not the lines around it are there."""
    return "".join(line.strip() for line in secret.replace("\\n", "\n").splitlines() if "-----" not in line)
