"""The account's other services, which hold nothing: no shares, no queues, no tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from tidegate.lab.http import Response
from tidegate.lab.listing import HEAD
from tidegate.lab.refusals import Refusal

LETTERS: Mapping[str, str] = {"blob": "b", "file": "f", "queue": "q", "table": "t"}
"""Service -> its letter in `ss`."""

_LISTS = {"file": "Shares", "queue": "Queues"}


def empty_list(service: str, path: str, parameters: Mapping[str, str], endpoint: str) -> Response:
    """Answer what lists the shares, queues or tables. Raises `Refusal` for all else: it does not exist."""
    if service in _LISTS and not path and parameters.get("comp") == "list":
        body = (
            f"<EnumerationResults ServiceEndpoint={quoteattr(endpoint)}><{_LISTS[service]} /><NextMarker />"
        )
        return Response(
            status=200,
            headers={"Content-Type": "application/xml"},
            body=HEAD + f"{body}</EnumerationResults>".encode(),
        )
    if service == "table" and path == "Tables":
        body = json.dumps({"odata.metadata": f"{endpoint}$metadata#Tables", "value": []})
        return Response(status=200, headers={"Content-Type": "application/json"}, body=body.encode())
    raise Refusal("ResourceNotFound")
