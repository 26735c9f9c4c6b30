"""Azure's own library as it is used here: its way out, what it answers, and what its refusals mean."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from tidegate.errors import RefusedError, UsageError


def transport(send: Any) -> Any:
    """Return a transport for the library that hands every request to `send`."""
    import requests  # noqa: PLC0415
    import urllib3  # noqa: PLC0415
    from azure.core.pipeline.transport import RequestsTransport  # noqa: PLC0415
    from requests.adapters import BaseAdapter  # noqa: PLC0415

    class Ours(BaseAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> Any:
            body = request.body or b""
            got = send(
                request.method, request.url, request.headers, body.encode() if isinstance(body, str) else body
            )
            held = {
                name: value
                for name, value in got.headers.items()
                if name not in ("content-encoding", "transfer-encoding", "content-length")
            }
            answer = requests.Response()
            answer.status_code = got.status
            answer.headers.update(held)
            answer.raw = urllib3.HTTPResponse(
                body=io.BytesIO(got.body), headers=held, status=got.status, preload_content=False
            )
            answer.url, answer.request = request.url, request
            return answer

        def close(self) -> None:
            return

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Ours())
    session.mount("http://", Ours())
    return RequestsTransport(session=session, session_owner=False)


def missing() -> UsageError:
    """Say that Azure's libraries are not there."""
    return UsageError(
        "Azure's own libraries are not installed, and keys are only changed through them",
        hint="pip install 'tidegate[azure]'",
    )


def nobody() -> UsageError:
    """Say that nobody is signed in."""
    return UsageError(
        "nobody is signed in to Azure on this machine, so that its control plane cannot be asked",
        hint="az login, or set AZURE_CLIENT_ID and what else azure-identity's DefaultAzureCredential reads",
    )


def refused(words: str, status: int, code: str) -> RefusedError:
    """Say that a request was refused, and what helps."""
    return RefusedError(
        f"could not {words}: {status} {code}".strip(), status=status, code=code, hint=hint(status, code)
    )


def hint(status: int, code: str) -> str:
    """Return what helps against a refusal; empty where nothing is known."""
    if code == "ScopeLocked" or status == 409:
        return "Something holds the account, a lock or another change under way: look there, then run again."
    if status == 429:
        return "The control plane has had too many requests: wait a minute, then run again."
    if status in (401, 403):
        return (
            "Sign in as somebody who has the right, or have it given: Storage Account Contributor holds all."
        )
    return ""


def word(code: str) -> str:
    """Return a code that may be shown: letters and digits, else nothing."""
    return code if re.fullmatch(r"[A-Za-z0-9]{1,80}", code) else ""


def code(body: bytes) -> str:
    """Return the code in the body of a refusal; empty where it has none."""
    error = as_object(body).get("error")
    return word(str(error.get("code", ""))) if isinstance(error, dict) else ""


def as_object(body: bytes) -> dict[str, Any]:
    """Return a body as a JSON object; empty when it is none."""
    try:
        read: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
