"""What a ranged read says of the whole object: how long it is, and a mark that changes with it."""

from __future__ import annotations

import pytest
from plain_sends import PlainSends

from tidegate import plugins
from tidegate.net.message import Base, Response
from tidegate.plugins import Container, Told


class AnySends(PlainSends):
    """Answers for every provider."""

    def base(self, provider: str, name: str, service: str, host: str, scheme: str = "https") -> Base:
        return Base(f"{scheme}://{host}")


HEADERS = {"x-ms-request-id": "1", "x-amz-request-id": "1", "etag": '"0x8D1"', "x-goog-generation": "7"}
MARKS = {"azure": '"0x8D1"', "s3": '"0x8D1"', "gcs": "7"}


def read(provider: str, response: Response, start: int = 4, stop: int = 7) -> tuple[bytes, list[Told]]:
    storage = plugins.storage(provider)
    assert storage is not None
    scheme = {"azure": "az://acct/models", "s3": "s3://models", "gcs": "gs://models"}[provider]
    credential = storage.target(scheme)
    assert credential is not None
    told: list[Told] = []
    service = {"azure": "blob"}.get(provider, provider)
    container = Container(service=service, name="models")
    sends = AnySends([response])
    return storage.read(credential, sends, container, "m.bin", start, stop, told=told.append), told


@pytest.mark.parametrize("provider", sorted(MARKS))
@pytest.mark.parametrize(("whole", "size"), [("900", 900), ("*", None)])
def test_size_and_mark_of_the_whole_are_told(provider: str, whole: str, size: int | None) -> None:
    headers = {**HEADERS, "content-range": f"bytes 4-6/{whole}"}
    data, told = read(provider, Response(status=206, headers=headers, body=b"abc"))
    assert data == b"abc"
    assert told == [Told(size_bytes=size, mark=MARKS[provider])]


@pytest.mark.parametrize("provider", sorted(MARKS))
def test_behind_the_end_there_is_nothing_and_nothing_is_told(provider: str) -> None:
    assert read(provider, Response(status=416, headers=HEADERS, body=b"")) == (b"", [])
